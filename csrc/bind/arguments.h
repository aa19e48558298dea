// Calls of registered functions: the signatures parsed once, the arguments of each call checked and converted.
#pragma once

#include <string>
#include <vector>

#include "bind/tensor_object.h"
#include "ops/registry.h"

namespace chainrule {

struct Param {
    enum Type : uint8_t {
        Tensor,
        Number,
        Int,
        Float,
        Bool,
        Ints,
        Sizes,  // ints of at least 0, in which None stands for "as it is": -1
        List,   // ints of any number, an int64 vector
        Size,
        Dtype,
        Str,
        Tensors,
        VarTensors,
        Indices,
        Generator,
        Any
    } type;
    bool optional = false;  // None is taken
    bool has_default = false;
    bool keyword_only = false;
    bool refuses_tensors = false;  // integers where another signature has a tensor: max(x, other)
    std::string name, default_text;
    PyObject* interned = nullptr;
    Arg default_value;
    Dims default_ints;
};

struct Signature {
    std::string text;
    std::vector<Param> params;
    int n_positional = 0;
    void (*call)(Args&) = nullptr;
};

// One name under which a registered function is called.
struct BoundFunction {
    std::string name;
    const FunctionDef* def = nullptr;
    bool inplace = false;
    std::vector<Signature> signatures;
    PyObject* object = nullptr;  // the Python function
};

// All names of all functions, made once.
const std::vector<BoundFunction*>& bound_functions();
const BoundFunction& find_function(const char* name);

PyObject* call_function(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames);
// Whether some signature takes these arguments.
bool fits(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames);
// What the call left in Args, as a Python object.
PyObject* give_back(Args& args);
// The name before return_types, where named tuples print themselves.
void set_package_name(const std::string& name);

void bind_functions(py::module_& m);

}  // namespace chainrule
