// The user's own node: autograd.Function.
#pragma once

#include "autograd/node.h"
#include "bind/tensor_object.h"

namespace chainrule {

void bind_function(py::module_& m);
PyObject* function_context(Node* node);  // borrowed; null if the node is none of the user's
int traverse_function_node(Node* node, visitproc visit, void* arg);
void clear_function_node(Node* node);

}  // namespace chainrule
