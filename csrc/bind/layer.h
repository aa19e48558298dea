// Modules whose forward is one function of the input and some attributes: what nn.modules.module.calls makes.
#pragma once

#include "autograd/op_def.h"
#include "bind/tensor_object.h"

namespace chainrule {

// Held for good, as its class most often is.
struct Layer {
    PyObject *forward, *function, *names;
    bool linear = false;                // function is linear(input, weight, bias)
    const OpDef* activation = nullptr;  // function is this operation, of (input) or of (input, inplace)
};

// Null: forward is an ordinary function.
const Layer* find_layer(PyObject* forward);

// The function's result. Null without an error set: an attribute is not in the dict.
PyObject* call_layer(const Layer& layer, PyObject* attributes, PyObject* input);

// A linear layer and the activation behind it as one operation. Null without an error set: they have to be called one by one, as
// where something is recorded.
PyObject* call_activated(const Layer& linear, PyObject* attributes, const Layer& activation, PyObject* input);

void bind_layers(py::module_& m);

}  // namespace chainrule
