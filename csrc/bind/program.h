#pragma once

#include "autograd/node.h"
#include "bind/tensor_object.h"

namespace chainrule {

// What Python holds of a node. One object for each node, while it lives: t.grad_fn is t.grad_fn.
struct NodeHandle {
    explicit NodeHandle(Ref<NodeBase> node) : ref(std::move(node)) {}
    NodeHandle(const NodeHandle& other) : ref(other.ref) {}
    NodeHandle& operator=(const NodeHandle&) = delete;
    ~NodeHandle();
    Node* get() const { return static_cast<Node*>(ref.get()); }

    Ref<NodeBase> ref;
    bool is_listed = false;  // the object that node_object() gives
};

py::object node_object(const Ref<NodeBase>& ref);  // None for none
void add_node_properties(py::class_<NodeHandle>& node);
void bind_program(py::module_& m);

}  // namespace chainrule
