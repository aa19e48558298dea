#include "bind/layer.h"

#include <unordered_map>

#include "autograd/grad_mode.h"
#include "autograd/recorder.h"
#include "bind/arguments.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

constexpr Py_ssize_t kMostNames = 14;
constexpr size_t kRemembered = 256;

std::unordered_map<PyObject*, const Layer*>& all_layers() {
    static auto* const all = new std::unordered_map<PyObject*, const Layer*>;
    return *all;
}

// Layers in front of the map, each at the place that its forward's address says: a call costs a few instructions.
const Layer* remembered[kRemembered] = {};
const Layer*& place_of(PyObject* forward) {
    return remembered[reinterpret_cast<uintptr_t>(forward) / 16 % kRemembered];
}

void make_layer(py::object forward, py::object function, py::tuple names) {
    static PyObject* const linear = find_function("linear").object;
    auto* layer = new Layer{forward.inc_ref().ptr(), function.inc_ref().ptr(), names.inc_ref().ptr()};
    layer->linear = function.ptr() == linear && names.size() == 2;
    for (const char* name : {"relu", "sigmoid", "tanh"})
        if (function.ptr() == find_function(name).object && names.size() <= 1)
            layer->activation = plain_activation(name);
    all_layers()[forward.ptr()] = layer;
}

// Tensors that go to an operation without conversion: no narrow ones, no integers.
bool goes_directly(PyObject* o) {
    if (!is_tensor(o)) return false;
    DType t = impl_of(o)->dtype;
    return t == DType::Float32 || t == DType::Float64;
}

// The tensors of a linear layer. False: something else stands in their place.
struct LinearInputs {
    Tensor x, weight, bias;

    bool take(const Layer& layer, PyObject* attributes, PyObject* input) {
        PyObject* w = PyDict_GetItemWithError(attributes, PyTuple_GET_ITEM(layer.names, 0));
        PyObject* b = PyDict_GetItemWithError(attributes, PyTuple_GET_ITEM(layer.names, 1));
        if (!w || !b || !goes_directly(input) || !goes_directly(w) || (b != Py_None && !goes_directly(b))) return false;
        x = tensor_of(input);
        weight = tensor_of(w);
        if (b != Py_None) bias = tensor_of(b);
        return true;
    }
    bool recorded() const {
        return grad_mode() && (x.requires_grad() || weight.requires_grad() || (bias && bias.requires_grad()));
    }
};

PyObject* call_directly(const Layer& layer, PyObject* attributes, PyObject* input) {
    if (layer.linear) {
        LinearInputs in;
        return in.take(layer, attributes, input) ? wrap(linear(in.x, in.weight, in.bias)) : nullptr;
    }
    if (!goes_directly(input)) return nullptr;
    if (PyTuple_GET_SIZE(layer.names)) {
        PyObject* inplace = PyDict_GetItemWithError(attributes, PyTuple_GET_ITEM(layer.names, 0));
        if (inplace != Py_False) return nullptr;
    }
    return wrap(chainrule::run(*layer.activation, tensor_of(input)));
}

}  // namespace

const Layer* find_layer(PyObject* forward) {
    const Layer*& place = place_of(forward);
    if (place && place->forward == forward) return place;
    auto found = all_layers().find(forward);
    if (found == all_layers().end()) return nullptr;
    return place = found->second;
}

PyObject* call_layer(const Layer& layer, PyObject* attributes, PyObject* input) {
    if (layer.linear || layer.activation)
        if (PyObject* result = call_directly(layer, attributes, input)) return result;
    if (PyErr_Occurred()) return nullptr;
    Py_ssize_t count = PyTuple_GET_SIZE(layer.names);
    PyObject* args[kMostNames + 2];
    args[1] = input;
    for (Py_ssize_t i = 0; i < count; ++i) {
        args[i + 2] = PyDict_GetItemWithError(attributes, PyTuple_GET_ITEM(layer.names, i));
        if (!args[i + 2]) return nullptr;
    }
    // The callee may drop the attributes that it was given.
    for (Py_ssize_t i = 0; i < count; ++i) Py_INCREF(args[i + 2]);
    PyObject* result = PyObject_Vectorcall(layer.function, args + 1,
                                           static_cast<size_t>(count + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    for (Py_ssize_t i = 0; i < count; ++i) Py_DECREF(args[i + 2]);
    return result;
}

PyObject* call_activated(const Layer& linear, PyObject* attributes, const Layer& activation, PyObject* input) {
    LinearInputs in;
    if (recorder() || !in.take(linear, attributes, input) || in.recorded()) return nullptr;
    return wrap(linear_activated(in.x, in.weight, in.bias, *activation.activation));
}

void bind_layers(py::module_& m) {
    m.attr("MOST_ATTRIBUTES") = kMostNames;
    m.def("make_layer", &make_layer, py::arg("forward"), py::arg("function"), py::arg("names"),
          "A module of this forward is called as function(input, *attributes of these names).");
}

}  // namespace chainrule
