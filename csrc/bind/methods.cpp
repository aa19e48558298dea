// Attributes and methods of Tensor that are not operations of the registry.

#include <cstring>

#include "autograd/elementwise.h"
#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "bind/autograd.h"
#include "bind/convert.h"
#include "bind/sparse_gradient.h"
#include "bind/tensor_object.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

// ---- attributes ----

PyObject* get_shape(PyObject* o, void*) {
    return guarded([&] { return to_size(impl_of(o)->shape); });
}
PyObject* get_ndim(PyObject* o, void*) { return PyLong_FromLong(impl_of(o)->shape.n); }
PyObject* get_dtype(PyObject* o, void*) { return Py_NewRef(dtype_object(impl_of(o)->dtype)); }
PyObject* get_requires_grad(PyObject* o, void*) { return PyBool_FromLong(tensor_of(o).requires_grad()); }
PyObject* get_is_leaf(PyObject* o, void*) { return PyBool_FromLong(tensor_of(o).is_leaf()); }
PyObject* get_grad(PyObject* o, void*) {
    return guarded([&]() -> PyObject* {
        const TensorImpl* t = impl_of(o);
        if (!t->grad && t->node && !t->retains_grad &&
            PyErr_WarnEx(PyExc_UserWarning,
                         "grad: this tensor is not a leaf, so backward() does not fill its .grad. Call retain_grad() "
                         "on it before.",
                         1) < 0)
            throw py::error_already_set();
        return wrap(Tensor(t->grad));
    });
}
PyObject* get_grad_silently(PyObject* o, void*) {
    return guarded([&] { return wrap(Tensor(impl_of(o)->grad)); });
}
PyObject* get_grad_fn(PyObject* o, void*) {
    return guarded([&] { return grad_fn_object(tensor_of(o)).release().ptr(); });
}
// Shares memory, has no history. Its writes are counted with the tensor's, so a gradient that they spoil raises.
PyObject* get_data(PyObject* o, void*) {
    return guarded([&] { return wrap(alias(tensor_of(o))); });
}
PyObject* get_version(PyObject* o, void*) { return PyLong_FromUnsignedLong(tensor_of(o).version()); }
PyObject* get_base(PyObject* o, void*) {
    return guarded([&] { return wrap(Tensor(impl_of(o)->base)); });
}
PyObject* get_retains_grad(PyObject* o, void*) { return PyBool_FromLong(impl_of(o)->retains_grad); }
PyObject* get_output_nr(PyObject* o, void*) { return PyLong_FromUnsignedLong(impl_of(o)->output_nr); }
PyObject* get_itemsize(PyObject* o, void*) { return PyLong_FromSize_t(item_size(impl_of(o)->dtype)); }
PyObject* get_nbytes(PyObject* o, void*) {
    return PyLong_FromLongLong(impl_of(o)->numel * static_cast<int64_t>(item_size(impl_of(o)->dtype)));
}
PyObject* get_storage_nbytes(PyObject* o, void*) { return PyLong_FromSize_t(impl_of(o)->storage->bytes); }
PyObject* get_device(PyObject*, void*) {
    return guarded([] {
        static PyObject* cpu = py::module_::import("chainrule._core").attr("device")("cpu").release().ptr();
        return Py_NewRef(cpu);
    });
}
PyObject* get_true(PyObject*, void*) { Py_RETURN_TRUE; }
PyObject* get_false(PyObject*, void*) { Py_RETURN_FALSE; }
PyObject* get_self(PyObject* o, void*) { return Py_NewRef(o); }
template <Tensor (*f)(const Tensor&)> PyObject* get_view(PyObject* o, void*) {
    return guarded([&] { return wrap(f(tensor_of(o))); });
}

int failed(PyObject* done) {
    Py_XDECREF(done);
    return done ? 0 : -1;
}

int set_requires_grad(PyObject* o, PyObject* value, void*) {
    return failed(guarded([&]() -> PyObject* {
        check<TypeError>(value != nullptr, "requires_grad cannot be deleted");
        bool on = is_true(value);
        Tensor t = tensor_of(o);
        check<RuntimeError>(t.is_leaf() || on,
                            "requires_grad: only a leaf can be set to False, this tensor has a history. Use detach().");
        check<RuntimeError>(!on || is_floating(t.dtype()),
                            "requires_grad: only floating tensors can require a gradient, got ", t.dtype(),
                            ". Convert it with .float().");
        if (t.is_leaf()) t->requires_grad = on;
        Py_RETURN_NONE;
    }));
}

int set_grad(PyObject* o, PyObject* value, void*) {
    return failed(guarded([&]() -> PyObject* {
        Tensor t = tensor_of(o);
        if (!value || value == Py_None) {
            t->grad.reset();
            Py_RETURN_NONE;
        }
        Tensor g;
        if (!to_gradient(value, &g))
            fail<TypeError>("grad: a tensor or None is required, got ", Py_TYPE(value)->tp_name);
        check<ValueError>(!g.is_same(t), "grad: a tensor cannot be its own gradient");
        check<ValueError>(g.shape() == t.shape(), "grad: the gradient must have the tensor's shape ", t.shape(),
                          ", got ", g.shape());
        check<TypeError>(g.dtype() == t.dtype(), "grad: the gradient must have the tensor's dtype ", t.dtype(),
                         ", got ", g.dtype());
        t->grad = g.ref();
        Py_RETURN_NONE;
    }));
}

// x.data = y: x takes y's memory and shape. What was saved before keeps the old memory.
int set_data(PyObject* o, PyObject* value, void*) {
    return failed(guarded([&]() -> PyObject* {
        check<TypeError>(value && is_tensor(value), "data: a tensor is required");
        Tensor t = tensor_of(o), v = tensor_of(value);
        check<TypeError>(is_floating(v.dtype()) || !t.requires_grad(),
                         "data: a tensor that requires a gradient must stay floating, got ", v.dtype());
        t->storage = v->storage;
        t->data = v->data;
        t->dtype = v->dtype;
        t->base.reset();
        set_geometry(t.get(), v.shape(), v.strides());
        Py_RETURN_NONE;
    }));
}

PyGetSetDef getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {"shape", get_shape, nullptr, "The size of each axis.", nullptr},
    {"ndim", get_ndim, nullptr, "The number of axes.", nullptr},
    {"dtype", get_dtype, nullptr, "The type of the elements.", nullptr},
    {"device", get_device, nullptr, "Always cpu.", nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad, "Whether a gradient is computed for this tensor.", nullptr},
    {"is_leaf", get_is_leaf, nullptr, "Whether it was made by the user rather than by a recorded operation.", nullptr},
    {"grad", get_grad, set_grad, "The gradient that backward() has added up, or None.", nullptr},
    {"_grad", get_grad_silently, set_grad, nullptr, nullptr},
    {"grad_fn", get_grad_fn, nullptr, "The operation that made it, or None.", nullptr},
    {"data", get_data, set_data, "The same memory without history.", nullptr},
    {"_version", get_version, nullptr, "How often the memory was written in place.", nullptr},
    {"_base", get_base, nullptr, "Of a view: the tensor that it is a view of.", nullptr},
    {"retains_grad", get_retains_grad, nullptr, "Whether retain_grad() was called.", nullptr},
    {"output_nr", get_output_nr, nullptr, nullptr, nullptr},
    {"itemsize", get_itemsize, nullptr, "Bytes an element.", nullptr},
    {"nbytes", get_nbytes, nullptr, "Bytes of all elements.", nullptr},
    {"_storage_nbytes", get_storage_nbytes, nullptr, "Bytes of the whole memory, of which a view shows a part.",
     nullptr},
    {"is_cpu", get_true, nullptr, nullptr, nullptr},
    {"is_cuda", get_false, nullptr, nullptr, nullptr},
    {"is_meta", get_false, nullptr, nullptr, nullptr},
    {"is_mps", get_false, nullptr, nullptr, nullptr},
    {"is_sparse", get_false, nullptr, nullptr, nullptr},
    {"is_quantized", get_false, nullptr, nullptr, nullptr},
    {"is_nested", get_false, nullptr, nullptr, nullptr},
    {"T", get_view<transpose_all>, nullptr, "The axes in reverse order.", nullptr},
    {"mT", get_view<transpose_matrices>, nullptr, "The last two axes swapped.", nullptr},
    {"mH", get_view<transpose_matrices>, nullptr, "The last two axes swapped: of real tensors the same as mT.",
     nullptr},
    {"H", get_view<adjoint>, nullptr, "The transpose of a matrix.", nullptr},
    {"real", get_self, nullptr, "The tensor itself, as there are no complex tensors.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

// ---- methods ----

PyObject* item(PyObject* o, PyObject*) {
    return guarded([&] {
        Tensor t = tensor_of(o);
        check<ValueError>(t.numel() == 1, "item: only a tensor of one element is a number, got shape ", t.shape(),
                          ". Use tolist().");
        return to_number(t);
    });
}

PyObject* tolist(PyObject* o, PyObject*) {
    return guarded([&] { return to_list(tensor_of(o)); });
}

PyObject* dim(PyObject* o, PyObject*) { return get_ndim(o, nullptr); }

PyObject* numel(PyObject* o, PyObject*) { return PyLong_FromLongLong(impl_of(o)->numel); }

PyObject* element_size(PyObject* o, PyObject*) { return get_itemsize(o, nullptr); }

PyObject* size(PyObject* o, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
    return guarded([&]() -> PyObject* {
        Py_ssize_t given = nargs + (kwnames ? PyTuple_GET_SIZE(kwnames) : 0);
        check<TypeError>(given <= 1, "size: at most one axis is taken");
        if (given == 0 || args[0] == Py_None) return to_size(impl_of(o)->shape);
        int64_t axis;
        check<TypeError>(to_int(args[0], &axis), "size: the axis must be an integer");
        check<IndexError>(impl_of(o)->shape.n > 0, "size: a 0-d tensor has no axes");
        return PyLong_FromLongLong(impl_of(o)->shape[normalize_axis("size", axis, impl_of(o)->shape.n)]);
    });
}

PyObject* stride(PyObject* o, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
    return guarded([&]() -> PyObject* {
        const Dims& s = impl_of(o)->strides;
        Py_ssize_t named = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
        check<TypeError>(nargs + named <= 1 && (named == 0 || text_of(PyTuple_GET_ITEM(kwnames, 0)) == "dim"),
                         "stride: the only argument is dim");
        if (nargs + named == 1 && args[0] != Py_None) {
            int64_t axis;
            check<TypeError>(to_int(args[0], &axis), "stride: the axis must be an integer");
            return PyLong_FromLongLong(s[normalize_axis("stride", axis, s.n)]);
        }
        py::tuple out(static_cast<size_t>(s.n));
        for (int d = 0; d < s.n; ++d) out[static_cast<size_t>(d)] = s[d];
        return out.release().ptr();
    });
}

PyObject* is_contiguous_method(PyObject* o, PyObject* const*, Py_ssize_t, PyObject*) {
    return PyBool_FromLong(impl_of(o)->contiguous);
}

PyObject* requires_grad_(PyObject* o, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
    return guarded([&]() -> PyObject* {
        Py_ssize_t named = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
        check<TypeError>(nargs + named <= 1, "requires_grad_: at most 1 argument is taken, got ", nargs + named);
        check<TypeError>(named == 0 || text_of(PyTuple_GET_ITEM(kwnames, 0)) == "requires_grad",
                         "requires_grad_: the only argument is requires_grad");
        if (set_requires_grad(o, nargs + named > 0 ? args[0] : Py_True, nullptr) < 0) throw py::error_already_set();
        return Py_NewRef(o);
    });
}

PyObject* iterate(PyObject* o) {
    return guarded([&]() -> PyObject* {
        Tensor t = tensor_of(o);
        check<TypeError>(t.ndim() > 0, "iter: a 0-d tensor cannot be iterated over");
        py::list rows;
        for (const Tensor& row : unbind(t, 0)) rows.append(row);
        return PyObject_GetIter(rows.ptr());
    });
}

Tensor convert_to(const Tensor& t, py::handle what, bool copy) {
    DType dtype = t.dtype();
    if (is_tensor(what.ptr())) dtype = tensor_of(what.ptr()).dtype();
    else if (!what.is_none() && !to_dtype(what.ptr(), &dtype)) check_device(what.ptr());
    if (dtype != t.dtype()) return cast(t, dtype);
    return copy ? clone(t) : t;
}

// to(dtype), to(device), to(device, dtype), to(other); copy=, non_blocking=, memory_format= are taken.
py::object to(py::object self, py::args args, py::kwargs kwargs) {
    Tensor t = tensor_of(self.ptr()), result = t;
    bool copy = false;
    for (auto& item : kwargs) {
        std::string name = py::cast<std::string>(item.first);
        if (name == "copy") copy = is_true(item.second.ptr());
        else if (name == "dtype" || name == "device" || name == "other")
            result = convert_to(result, item.second, false);
        else if (name != "non_blocking" && name != "memory_format")
            throw py::type_error("to: unknown argument " + name);
    }
    for (size_t i = 0; i < args.size(); ++i) {
        py::handle a = args[i];
        if (PyBool_Check(a.ptr())) {
            if (i + 1 == args.size() && i > 1) copy = is_true(a.ptr());
            continue;
        }
        result = convert_to(result, a, false);
    }
    if (copy && result.is_same(t)) result = clone(t);
    return result.is_same(t) ? self : py::cast(result);
}

template <DType dtype> PyObject* convert_method(PyObject* o, PyObject* const*, Py_ssize_t, PyObject*) {
    return guarded([&] { return impl_of(o)->dtype == dtype ? Py_NewRef(o) : wrap(cast(tensor_of(o), dtype)); });
}

PyObject* same(PyObject* o, PyObject* const*, Py_ssize_t, PyObject*) { return Py_NewRef(o); }

PyObject* no_cuda(PyObject*, PyObject* const*, Py_ssize_t, PyObject*) {
    PyErr_SetString(PyExc_RuntimeError,
                    "cuda: chainrule computes on the CPU only. Guard it with cuda.is_available(), which is False.");
    return nullptr;
}

py::object numpy(py::object self, bool force) {
    Tensor t = tensor_of(self.ptr());
    check<RuntimeError>(force || !t.requires_grad() || !grad_mode(),
                        "numpy: a tensor that requires a gradient would lose it in NumPy. Use .detach().numpy().");
    return py::reinterpret_steal<py::object>(to_array(t, self.ptr()));
}

py::object array(py::object self, py::object dtype, py::object copy) {
    py::object a = numpy(self, false);
    bool always = !copy.is_none() && is_true(copy.ptr()), never = !copy.is_none() && !always;
    if (!dtype.is_none()) {
        py::object converted = a.attr("astype")(dtype, py::arg("copy") = false);
        if (never && !converted.is(a))
            throw py::value_error("__array__: another dtype needs a copy, and copy=False was given");
        a = converted;
    }
    return always ? a.attr("copy")() : a;
}

PyTypeObject* tensor_subclass(const char* name, py::handle cls) {
    auto* type = reinterpret_cast<PyTypeObject*>(cls.ptr());
    check<TypeError>(PyType_Check(cls.ptr()) && PyType_IsSubtype(type, tensor_type), name,
                     ": a subclass of Tensor is required, got ", Py_TYPE(cls.ptr())->tp_name);
    return type;
}

// A view, so that gradients pass.
py::object as_subclass(const Tensor& t, py::handle cls) {
    PyTypeObject* type = tensor_subclass("as_subclass", cls);
    return py::reinterpret_steal<py::object>(wrap_as(type, view(t, t.shape())));
}

py::object make_subclass(py::handle cls, const Tensor& data, bool requires_grad) {
    PyTypeObject* type = tensor_subclass("_make_subclass", cls);
    check<RuntimeError>(!requires_grad || is_floating(data.dtype()),
                        "Parameter: only floating tensors can require a gradient, got ", data.dtype(),
                        ". Pass requires_grad=False.");
    Tensor t = alias(data);
    t->requires_grad = requires_grad;
    return py::reinterpret_steal<py::object>(wrap_as(type, t));
}

PyMethodDef methods[] = {
    {"item", item, METH_NOARGS, "item()\n\nThe value of a tensor of one element, as a Python number."},
    {"tolist", tolist, METH_NOARGS, "tolist()\n\nThe values as nested lists of Python numbers."},
    {"dim", dim, METH_NOARGS, "dim()\n\nThe number of axes."},
    {"ndimension", dim, METH_NOARGS, "ndimension()\n\nThe number of axes."},
    {"numel", numel, METH_NOARGS, "numel()\n\nThe number of elements."},
    {"nelement", numel, METH_NOARGS, "nelement()\n\nThe number of elements."},
    {"element_size", element_size, METH_NOARGS, "element_size()\n\nBytes an element."},
    {"size", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(size)), METH_FASTCALL | METH_KEYWORDS,
     "size(dim=None)\n\nThe shape, or the size of one axis."},
    {"stride", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(stride)), METH_FASTCALL | METH_KEYWORDS,
     "stride(dim=None)\n\nStrides in elements."},
    {"is_contiguous", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(is_contiguous_method)),
     METH_FASTCALL | METH_KEYWORDS, "is_contiguous()\n\nWhether the elements lie in row-major order."},
    {"requires_grad_", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(requires_grad_)),
     METH_FASTCALL | METH_KEYWORDS, "requires_grad_(requires_grad=True)\n\nSets requires_grad and returns the tensor."},
    {"backward", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(tensor_backward)), METH_FASTCALL | METH_KEYWORDS,
     "backward(gradient=None, retain_graph=None, create_graph=False, inputs=None)\n\nAdds the gradient of this tensor "
     "to the .grad of "
     "every leaf that it was computed from."},
    {"float", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Float32>)),
     METH_FASTCALL | METH_KEYWORDS, "float()\n\nAs float32."},
    {"double", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Float64>)),
     METH_FASTCALL | METH_KEYWORDS, "double()\n\nAs float64."},
    {"long", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Int64>)),
     METH_FASTCALL | METH_KEYWORDS, "long()\n\nAs int64."},
    {"int", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Int32>)),
     METH_FASTCALL | METH_KEYWORDS, "int()\n\nAs int32."},
    {"bool", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Bool>)),
     METH_FASTCALL | METH_KEYWORDS, "bool()\n\nAs bool."},
    {"byte", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::UInt8>)),
     METH_FASTCALL | METH_KEYWORDS, "byte()\n\nAs uint8."},
    {"half", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Float16>)),
     METH_FASTCALL | METH_KEYWORDS, "half()\n\nAs float16."},
    {"bfloat16", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::BFloat16>)),
     METH_FASTCALL | METH_KEYWORDS, "bfloat16()\n\nAs bfloat16."},
    {"char", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Int8>)),
     METH_FASTCALL | METH_KEYWORDS, "char()\n\nAs int8."},
    {"short", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(convert_method<DType::Int16>)),
     METH_FASTCALL | METH_KEYWORDS, "short()\n\nAs int16."},
    {"cpu", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(same)), METH_FASTCALL | METH_KEYWORDS,
     "cpu()\n\nThe tensor itself."},
    {"pin_memory", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(same)), METH_FASTCALL | METH_KEYWORDS,
     "pin_memory()\n\nThe tensor itself."},
    {"cuda", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(no_cuda)), METH_FASTCALL | METH_KEYWORDS,
     "cuda()\n\nAlways an error: there is only the CPU."},
    {nullptr, nullptr, 0, nullptr},
};

template <class F> void method(const char* name, F f, const char* doc = "") {
    py::handle type(reinterpret_cast<PyObject*>(tensor_type));
    type.attr(name) = py::cpp_function(f, py::name(name), py::is_method(type), py::doc(doc));
}

template <class F, class... Extra> void method_with(const char* name, F f, const char* doc, const Extra&... extra) {
    py::handle type(reinterpret_cast<PyObject*>(tensor_type));
    type.attr(name) = py::cpp_function(f, py::name(name), py::is_method(type), py::doc(doc), extra...);
}

}  // namespace

void add_attribute_slots(std::vector<PyType_Slot>& slots) {
    slots.push_back({Py_tp_getset, getset});
    slots.push_back({Py_tp_methods, methods});
    slots.push_back({Py_tp_iter, reinterpret_cast<void*>(iterate)});
}

void add_tensor_methods() {
    py::handle type(reinterpret_cast<PyObject*>(tensor_type));
    type.attr("__array_priority__") = 1000;
    method(
        "data_ptr", [](const Tensor& t) { return reinterpret_cast<uintptr_t>(t.data()); },
        "The address of the first element.");
    method(
        "storage_offset",
        [](const Tensor& t) {
            return (t.data() - static_cast<char*>(t->storage->data)) / static_cast<int64_t>(t.item_size());
        },
        "Elements between the start of the memory and the first element.");
    method("is_floating_point", [](const Tensor& t) { return is_floating(t.dtype()); });
    method("is_complex", [](const Tensor&) { return false; });
    method("is_signed", [](const Tensor& t) { return is_signed(t.dtype()); });
    method(
        "retain_grad", [](const Tensor& t) { retain_grad(t); },
        "Keep the gradient of a tensor that is not a leaf in its .grad.");
    method_with("register_hook", &register_hook,
                "Calls hook(grad) when the gradient of this tensor is complete; what it returns, if not None, replaces "
                "the gradient.",
                py::arg("hook"));
    method_with("register_post_accumulate_grad_hook", &register_post_accumulate,
                "Calls hook(leaf) after its .grad was updated.", py::arg("hook"));
    method("to", &to,
           "to(dtype) / to(device) / to(other)\n\nThe tensor in another dtype; itself where nothing is to do.");
    method("type_as", [](const Tensor& t, const Tensor& other) { return cast(t, other.dtype()); });
    method_with("numpy", &numpy, "numpy(*, force=False)\n\nA NumPy array that shares the memory.", py::kw_only(),
                py::arg("force") = false);
    method_with("__array__", &array, "", py::arg("dtype") = py::none(), py::arg("copy") = py::none());
    method_with("as_subclass", &as_subclass,
                "as_subclass(cls)\n\nA view of this tensor that is an instance of a subclass of Tensor.",
                py::arg("cls"));
    type.attr("_make_subclass") = py::staticmethod(
        py::cpp_function(&make_subclass, py::arg("cls"), py::arg("data"), py::arg("require_grad") = false));
}

}  // namespace chainrule
