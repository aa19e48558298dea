// The user's own node: autograd.Function.
#pragma once

#include "autograd/node.h"
#include "bind/tensor_object.h"

namespace chainrule {

void bind_function(py::module_& m);
int traverse_function_node(Node* node, visitproc visit, void* arg);
void clear_function_node(Node* node);

}  // namespace chainrule
