// The user's own node: autograd.Function.
#pragma once

#include "autograd/node.h"
#include "bind/tensor_object.h"

namespace chainrule {

void bind_function(py::module_& m);
int& function_forwards();                // how many forwards of Functions run in this thread
PyObject* function_context(Node* node);  // borrowed; null if the node is none of the user's
// For the garbage collector: what a node holds of Python, a Function's context and the callables of hooks. For nodes with one owner.
int traverse_node(Node* node, visitproc visit, void* arg);
void clear_node(Node* node);

}  // namespace chainrule
