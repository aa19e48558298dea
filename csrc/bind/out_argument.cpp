#include "bind/out_argument.h"

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "bind/convert.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

py::object steal(PyObject* o) {
    if (!o) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(o);
}

int kind_of(DType t) { return t == DType::Bool ? 0 : is_floating(t) ? 2 : 1; }

// The tensors given as out, one for each result.
std::vector<Tensor> targets_of(const BoundFunction& f, PyObject* out) {
    std::vector<Tensor> targets;
    if (is_tensor(out)) {
        targets.push_back(tensor_of(out));
    } else {
        check<TypeError>(PyTuple_Check(out) || PyList_Check(out), f.name,
                         ": out must be a tensor or a tuple of tensors, got ", Py_TYPE(out)->tp_name);
        for (py::handle item : py::reinterpret_borrow<py::object>(out)) {
            check<TypeError>(is_tensor(item.ptr()), f.name, ": out must hold tensors, got ",
                             Py_TYPE(item.ptr())->tp_name);
            targets.push_back(tensor_of(item.ptr()));
        }
    }
    for (const Tensor& target : targets)
        check<RuntimeError>(!(target.requires_grad() && grad_mode()), f.name,
                            ": out= has no gradient, but the tensor given requires one. Use the form without "
                            "out=, or no_grad().");
    return targets;
}

std::vector<Tensor> results_of(const BoundFunction& f, PyObject* result) {
    std::vector<Tensor> results;
    if (is_tensor(result)) {
        results.push_back(tensor_of(result));
    } else if (PyTuple_Check(result)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(result); ++i)
            results.push_back(tensor_of(PyTuple_GET_ITEM(result, i)));
    } else {
        fail<TypeError>(f.name, ": out= is for functions that return tensors, and this one returns ",
                        Py_TYPE(result)->tp_name);
    }
    return results;
}

// All checks before the first write, so that a call that is refused leaves every target as it was.
void check_fits(const BoundFunction& f, const Tensor& result, const Tensor& target, bool exact) {
    check<RuntimeError>(!result.requires_grad(), f.name,
                        ": out= has no gradient, but one of the arguments requires one. Use the form without out=, "
                        "detach() or no_grad().");
    bool fits =
        exact ? result.dtype() == target.dtype() || (result.dtype() == DType::Bool && target.dtype() == DType::UInt8)
              : kind_of(result.dtype()) <= kind_of(target.dtype());
    check<RuntimeError>(fits, f.name, ": a result of ", result.dtype(), " does not go into out= of ", target.dtype());
    check<RuntimeError>(result.shape() == target.shape() || !target->base, f.name,
                        ": out= is a view, which cannot change its shape, ", target.shape(), ", to the result's, ",
                        result.shape());
}

void write(const BoundFunction& f, const Tensor& result, const Tensor& target) {
    if (result.shape() == target.shape()) {
        copy_(target, result);
        return;
    }
    if (target.numel() > 0) {
        std::string message = concat(f.name, ": out= had the shape ", target.shape(), " and takes the result's, ",
                                     result.shape(), ". Give a tensor of that shape, or an empty one.");
        if (PyErr_WarnEx(PyExc_UserWarning, message.c_str(), 1) < 0) throw py::error_already_set();
    }
    Tensor fresh = empty(result.shape(), target.dtype());
    copy_data(fresh, result);
    target->storage = fresh->storage;
    target->data = fresh->data;
    set_geometry(target.get(), fresh.shape(), fresh.strides());
}

bool takes_dtype(const BoundFunction& f) {
    for (const Signature& s : f.signatures)
        for (const Param& p : s.params)
            if (p.type == Param::Dtype && p.name == "dtype") return true;
    return false;
}

bool names_dtype(PyObject* kwnames, PyObject* const* values) {
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(kwnames); ++k)
        if (text_of(PyTuple_GET_ITEM(kwnames, k)) == "dtype") return values[k] != Py_None;
    return false;
}

// The arguments without out=; `dtype` is added where it is given.
struct Call {
    std::vector<PyObject*> values;
    py::object names;

    Call(PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames, Py_ssize_t place, PyObject* dtype)
        : values(args, args + nargs) {
        py::list left;
        for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(kwnames); ++k) {
            if (k == place) continue;
            left.append(py::handle(PyTuple_GET_ITEM(kwnames, k)));
            values.push_back(args[nargs + k]);
        }
        if (dtype) {
            left.append(steal(PyUnicode_InternFromString("dtype")));
            values.push_back(dtype);
        }
        names = steal(PyList_AsTuple(left.ptr()));
    }
};

// A sum or a new tensor is computed in the dtype of out=, where the call names no other.
py::object call_without(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames,
                        Py_ssize_t place, const Tensor& first) {
    if (takes_dtype(f)) {
        Call typed(args, nargs, kwnames, place, dtype_object(first.dtype()));
        if (fits(f, typed.values.data(), nargs, typed.names.ptr()))
            return steal(call_function(f, typed.values.data(), nargs, typed.names.ptr()));
    }
    Call plain(args, nargs, kwnames, place, nullptr);
    return steal(call_function(f, plain.values.data(), nargs, plain.names.ptr()));
}

// A tuple of the result's type, named fields and all, that holds the targets.
PyObject* same_tuple(PyObject* result, const std::vector<Tensor>& targets) {
    bool plain = PyTuple_CheckExact(result);
    auto size = static_cast<Py_ssize_t>(targets.size());
    py::object t = steal(plain ? PyTuple_New(size) : PyStructSequence_New(Py_TYPE(result)));
    for (Py_ssize_t i = 0; i < size; ++i) PyTuple_SET_ITEM(t.ptr(), i, wrap(targets[static_cast<size_t>(i)]));
    return t.release().ptr();
}

}  // namespace

Py_ssize_t place_of_out(PyObject* kwnames, PyObject* const* values) {
    for (Py_ssize_t k = 0; kwnames && k < PyTuple_GET_SIZE(kwnames); ++k)
        if (text_of(PyTuple_GET_ITEM(kwnames, k)) == "out") return values[k] ? k : -1;
    return -1;
}

PyObject* call_into(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames,
                    Py_ssize_t place) {
    PyObject* out = args[nargs + place];
    if (out == Py_None) {
        Call plain(args, nargs, kwnames, place, nullptr);
        return call_function(f, plain.values.data(), nargs, plain.names.ptr());
    }
    std::vector<Tensor> targets = targets_of(f, out);
    check<TypeError>(!targets.empty(), f.name, ": out is empty");
    py::object result = call_without(f, args, nargs, kwnames, place, targets[0]);
    std::vector<Tensor> results = results_of(f, result.ptr());
    check<TypeError>(results.size() == targets.size(), f.name, ": out must hold ", results.size(), " tensors, got ",
                     targets.size());
    bool exact =
        (f.def->flags & kExactOut) || results.size() > 1 || (takes_dtype(f) && names_dtype(kwnames, args + nargs));
    for (size_t i = 0; i < results.size(); ++i) check_fits(f, results[i], targets[i], exact);
    for (size_t i = 0; i < results.size(); ++i) write(f, results[i], targets[i]);
    return is_tensor(result.ptr()) ? wrap(targets[0]) : same_tuple(result.ptr(), targets);
}

}  // namespace chainrule
