#pragma once

#include "autograd/node.h"
#include "bind/tensor_object.h"

namespace chainrule {

struct NodeHandle {
    Ref<NodeBase> ref;
    Node* get() const { return static_cast<Node*>(ref.get()); }
};

py::object node_object(const Ref<NodeBase>& ref);  // None for none
void add_node_properties(py::class_<NodeHandle>& node);
void bind_program(py::module_& m);

}  // namespace chainrule
