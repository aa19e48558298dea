#include "bind/convert.h"

#include <pybind11/numpy.h>

#include <cstring>

#include "autograd/elementwise.h"
#include "core/narrow_bits.h"
#include "core/number_range.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

PyTypeObject* g_size_type = nullptr;

// ---- numbers ----

bool is_numpy_bool(PyObject* o) {
    const char* name = Py_TYPE(o)->tp_name;
    return std::strcmp(name, "numpy.bool") == 0 || std::strcmp(name, "numpy.bool_") == 0;
}

// ---- arrays ----

py::dtype numpy_dtype(DType t) {
    static const char* names[kAllDTypes] = {"?", "u1", "i4", "i8", "f4", "f8", "f2", "", "i1", "i2"};
    check<TypeError>(t != DType::BFloat16, "numpy: NumPy has no bfloat16. Convert the tensor with .float() first.");
    return py::dtype(names[static_cast<int>(t)]);
}

DType checked_dtype(const py::array& a) {
    DType t;
    if (!numpy_type(a.dtype().kind(), a.dtype().itemsize(), &t))
        fail<TypeError>(
            "from_numpy: arrays of float64, float32, float16, int64, int32, int16, int8, uint8 and bool are supported, "
            "got ",
            std::string(py::str(a.dtype())), ". Convert it with .astype(...).");
    return t;
}

void release_array(void* owner) {
    if (Py_IsInitialized()) Py_DECREF(static_cast<PyObject*>(owner));
}

Dims shape_of(const py::array& a) {
    Dims shape;
    check<ValueError>(a.ndim() <= kMaxDims, "from_numpy: at most ", kMaxDims, " dimensions are supported, got ",
                      a.ndim());
    for (py::ssize_t d = 0; d < a.ndim(); ++d) shape.push(a.shape(d));
    return shape;
}

// Strides in elements; false where the memory can't be taken as it is.
bool usable_strides(const py::array& a, Dims* out) {
    py::ssize_t item = a.itemsize();
    if (reinterpret_cast<uintptr_t>(a.data()) % static_cast<size_t>(item)) return false;
    out->n = 0;
    for (py::ssize_t d = 0; d < a.ndim(); ++d) {
        py::ssize_t s = a.strides(d);
        if (s % item || (s < 0 && a.shape(d) > 1)) return false;
        out->push(a.shape(d) > 1 ? s / item : (s < 0 ? 1 : s / item));
    }
    return true;
}

bool native_order(const py::array& a) {
    char order = a.dtype().byteorder();
    return order == '=' || order == '|' || order == (std::endian::native == std::endian::little ? '<' : '>');
}

py::array plain_copy(const py::array& a) {
    py::object native = a.dtype().attr("newbyteorder")("=");
    return py::module_::import("numpy").attr("array")(a, py::arg("dtype") = native, py::arg("order") = "C",
                                                      py::arg("copy") = true);
}

// ---- nested lists ----

bool is_list(PyObject* o) { return PyList_Check(o) || PyTuple_Check(o) || PyRange_Check(o); }

// The items of a sequence. A number's own __float__ or __index__ may change the list that it stands in, so each item is held
// and looked for anew.
class Items {
  public:
    explicit Items(PyObject* o) : fast_(py::reinterpret_steal<py::object>(PySequence_Fast(o, ""))) {
        if (!fast_) throw py::error_already_set();
    }
    Py_ssize_t size() const { return PySequence_Fast_GET_SIZE(fast_.ptr()); }
    py::object operator[](Py_ssize_t i) const {
        check<RuntimeError>(i < size(), "tensor: a list changed its length while it was read");
        return py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(fast_.ptr(), i));
    }

  private:
    py::object fast_;
};

struct NestedShape {
    Dims shape;
    bool some = false;          // a number was seen
    DType dtype = DType::Bool;  // of those seen: tensors and NumPy's scalars bring their own
};

// The dtype that a number brings: its own, or that of its kind.
DType dtype_of_number(PyObject* o, Scalar value) {
    DType own = dtype_of(value);
    if (PyFloat_CheckExact(o) || PyLong_CheckExact(o) || PyBool_Check(o)) return own;
    if (is_tensor(o)) return impl_of(o)->dtype;
    if (py::hasattr(o, "dtype")) to_dtype(py::getattr(o, "dtype").ptr(), &own);
    return own;
}

// A number on its way into a dtype, or null where it brings its own: a floating one takes integers of any size.
bool to_scalar_for(PyObject* o, const DType* dtype, Scalar* out) {
    if (!dtype || !is_floating(*dtype) || !PyLong_CheckExact(o)) return to_scalar(o, out);
    double d = PyLong_AsDouble(o);
    if (d == -1.0 && PyErr_Occurred()) throw py::error_already_set();
    *out = Scalar(d);
    return true;
}

void measure(PyObject* o, int depth, NestedShape& out, const DType* dtype) {
    if (!is_list(o)) {
        if (depth != out.shape.n)
            fail<ValueError>("tensor: the nested sequence is ragged: a number where a sequence of length ",
                             out.shape[depth], " was expected");
        return;
    }
    Items items(o);
    Py_ssize_t n = items.size();
    check<ValueError>(depth < out.shape.n && n == out.shape[depth],
                      "tensor: the nested sequence is ragged: expected a sequence of length ",
                      depth < out.shape.n ? out.shape[depth] : 0, " at depth ", depth, ", got ",
                      depth < out.shape.n ? "length " : "a sequence of length ", n);
    for (Py_ssize_t i = 0; i < n; ++i) {
        py::object item = items[i];
        if (depth + 1 < out.shape.n || is_list(item.ptr())) {
            measure(item.ptr(), depth + 1, out, dtype);
            continue;
        }
        Scalar s;
        if (!to_scalar_for(item.ptr(), dtype, &s))
            fail<TypeError>("tensor: the data must be numbers, got ", Py_TYPE(item.ptr())->tp_name);
        DType own = dtype_of_number(item.ptr(), s);
        out.dtype = out.some ? promote(out.dtype, own) : own;
        out.some = true;
    }
}

// Deeper than any tensor (a list may hold itself) nothing is looked for.
bool holds_arrays(PyObject* o, int depth = 0) {
    if (!is_list(o)) return is_array(o) || (is_tensor(o) && impl_of(o)->shape.n > 0);
    if (PyRange_Check(o) || depth > kMaxDims) return false;
    Items items(o);
    for (Py_ssize_t i = 0; i < items.size(); ++i)
        if (holds_arrays(items[i].ptr(), depth + 1)) return true;
    return false;
}

template <class T> void fill_nested(PyObject* o, T*& at, const T* end, DType dtype) {
    if (is_list(o)) {
        Items items(o);
        for (Py_ssize_t i = 0; i < items.size(); ++i) fill_nested(items[i].ptr(), at, end, dtype);
        return;
    }
    Scalar s;
    check<RuntimeError>(at < end && to_scalar_for(o, &dtype, &s), "tensor: the data changed while it was read");
    check_fits("tensor", s, dtype);
    *at++ = s.is_float() ? static_cast<T>(s.d) : static_cast<T>(s.i);
}

template <class T> void fill_tensor(PyObject* data, const Tensor& t, DType dtype) {
    T* at = t.data<T>();
    const T* end = at + t.numel();
    fill_nested(data, at, end, dtype);
    check<RuntimeError>(at == end, "tensor: the data changed while it was read");
}

Tensor converted(const Tensor& t, const DType* dtype, bool copy) {
    if (dtype && *dtype != t.dtype()) {
        Tensor out = empty(t.shape(), *dtype);
        copy_data(out, t);
        return out;
    }
    if (!copy) return t;
    Tensor out = empty(t.shape(), t.dtype());
    copy_data(out, t);
    return out;
}

Tensor tensor_from_list(PyObject* data, const DType* dtype) {
    NestedShape s;
    for (py::object o = py::reinterpret_borrow<py::object>(data); is_list(o.ptr());) {
        Items items(o.ptr());
        s.shape.push(items.size());
        if (items.size() == 0) break;
        o = items[0];
    }
    measure(data, 0, s, dtype);
    DType asked = dtype ? *dtype : s.some ? s.dtype : default_dtype();
    Tensor t = empty(s.shape, wide(asked));
    switch (t.dtype()) {
        case DType::Bool: fill_tensor<bool>(data, t, asked); break;
        case DType::UInt8: fill_tensor<uint8_t>(data, t, asked); break;
        case DType::Int32: fill_tensor<int32_t>(data, t, asked); break;
        case DType::Int64: fill_tensor<int64_t>(data, t, asked); break;
        case DType::Float32: fill_tensor<float>(data, t, asked); break;
        default: fill_tensor<double>(data, t, asked); break;
    }
    return converted(t, &asked, false);
}

// A sequence that holds tensors with axes or arrays: each element converted, then stacked.
Tensor tensor_from_parts(PyObject* data, const DType* dtype) {
    std::vector<Tensor> parts;
    Items items(data);
    if (Py_EnterRecursiveCall(" in tensor()")) throw py::error_already_set();  // a list may hold itself
    try {
        for (Py_ssize_t i = 0; i < items.size(); ++i) parts.push_back(tensor_from_data(items[i].ptr(), dtype));
    } catch (...) {
        Py_LeaveRecursiveCall();
        throw;
    }
    Py_LeaveRecursiveCall();
    return stack(parts, 0);
}

}  // namespace

bool is_array(PyObject* o) { return py::isinstance<py::array>(o); }

bool to_int(PyObject* o, int64_t* out) {
    if (!PyLong_Check(o)) {
        if (!PyIndex_Check(o)) return false;
        if (is_tensor(o) && (impl_of(o)->numel != 1 || is_floating(impl_of(o)->dtype))) return false;
        if (!is_tensor(o) && is_array(o) && py::reinterpret_borrow<py::array>(o).ndim() > 0) return false;
        py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(o));
        if (!index) {
            PyErr_Clear();
            return false;
        }
        return to_int(index.ptr(), out);
    }
    int overflow;
    *out = PyLong_AsLongLongAndOverflow(o, &overflow);
    check<ValueError>(!overflow, "integer argument: ", std::string(py::str(py::handle(o))), " does not fit an int64");
    return true;
}

bool to_scalar(PyObject* o, Scalar* out) {
    if (PyFloat_Check(o)) {
        *out = Scalar(PyFloat_AS_DOUBLE(o));
        return true;
    }
    if (PyBool_Check(o)) {
        *out = Scalar(o == Py_True);
        return true;
    }
    if (PyLong_Check(o)) {
        int64_t i;
        to_int(o, &i);
        *out = Scalar(i);
        return true;
    }
    if (is_tensor(o)) {
        Tensor t = tensor_of(o);
        if (t.numel() != 1) return false;
        py::object n = py::reinterpret_steal<py::object>(to_number(t));
        return to_scalar(n.ptr(), out);
    }
    if (o == Py_None || PyUnicode_Check(o)) return false;
    if (is_numpy_bool(o)) {
        *out = Scalar(PyObject_IsTrue(o) == 1);
        return true;
    }
    if (is_array(o) && py::reinterpret_borrow<py::array>(o).size() != 1) return false;
    int64_t i;
    if (to_int(o, &i)) {
        *out = Scalar(i);
        return true;
    }
    if (!Py_TYPE(o)->tp_as_number || !Py_TYPE(o)->tp_as_number->nb_float) return false;
    double d = PyFloat_AsDouble(o);
    if (d == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        return false;
    }
    *out = Scalar(d);
    return true;
}

bool to_tensor(PyObject* o, Tensor* out) {
    if (is_tensor(o)) {
        *out = tensor_of(o);
        return true;
    }
    if (PyFloat_CheckExact(o)) {
        *out = scalar_tensor(Scalar(PyFloat_AS_DOUBLE(o)), DType::Float64, true);
        return true;
    }
    if (PyUnicode_Check(o) || o == Py_None || is_list(o)) return false;
    if (is_array(o)) {
        *out = tensor_from_array(o, true);
        return true;
    }
    Scalar s;
    if (!to_scalar(o, &s)) return false;
    // A number is kept exactly; promotion makes it the other operand's dtype.
    *out = scalar_tensor(s, s.is_float() ? DType::Float64 : s.kind == Scalar::Bool ? DType::Bool : DType::Int64, true);
    return true;
}

Tensor tensor_from_array(PyObject* o, bool share) {
    py::array a = py::reinterpret_borrow<py::array>(o);
    DType dtype = checked_dtype(a);
    Dims shape = shape_of(a), strides;
    if (!native_order(a) || !usable_strides(a, &strides)) {
        a = plain_copy(a);
        check<ValueError>(usable_strides(a, &strides), "from_numpy: this array's memory layout is not supported");
    }
    void* data = const_cast<void*>(a.data());
    auto storage = Storage::wrap(data, static_cast<size_t>(a.nbytes()), release_array, a.inc_ref().ptr());
    storage->read_only = !a.writeable();
    Tensor t(TensorImpl::create());
    t->dtype = dtype;
    t->storage = storage;
    t->data = static_cast<char*>(data);
    set_geometry(t.get(), shape, strides);
    return share ? t : converted(t, nullptr, true);
}

Tensor tensor_from_data(PyObject* data, const DType* dtype) {
    if (is_tensor(data)) return converted(tensor_of(data), dtype, true);
    if (is_array(data)) return converted(tensor_from_array(data, true), dtype, true);
    if (is_list(data)) return holds_arrays(data) ? tensor_from_parts(data, dtype) : tensor_from_list(data, dtype);
    Scalar s;
    if (to_scalar_for(data, dtype, &s)) {
        DType own = dtype ? *dtype : dtype_of_number(data, s);
        check_fits("tensor", s, own);
        return scalar_tensor(s, own);
    }
    if (PySequence_Check(data) && !PyUnicode_Check(data)) {
        py::object list = py::reinterpret_steal<py::object>(PySequence_List(data));
        if (!list) throw py::error_already_set();
        return tensor_from_data(list.ptr(), dtype);
    }
    if (py::hasattr(data, "__array__")) {
        py::object array = py::module_::import("numpy").attr("asarray")(py::handle(data));
        return tensor_from_data(array.ptr(), dtype);
    }
    fail<TypeError>("tensor: the data must be a number, a (nested) sequence, an array or a tensor, got ",
                    Py_TYPE(data)->tp_name);
}

// Tensor(2, 3): uninitialised, of that size; Tensor([1, 2]): of the default dtype. PyTorch's old constructor.
Tensor legacy_tensor(PyObject* args, PyObject* kwargs) {
    check<TypeError>(!kwargs || PyDict_Size(kwargs) == 0 || PyDict_GetItemString(kwargs, "device"),
                     "Tensor: no keyword arguments are taken. Use tensor(data, dtype=...).");
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    DType dtype = default_dtype();
    if (n == 0) return empty({0}, dtype);
    PyObject* first = PyTuple_GET_ITEM(args, 0);
    if (n == 1 && (is_array(first) || !PyIndex_Check(first))) {  // an array has __index__ too
        if (is_tensor(first)) return alias(tensor_of(first));
        if (Py_TYPE(first) == g_size_type) {
            Dims shape;
            for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(first); ++i)
                shape.push(PyLong_AsLongLong(PyTuple_GET_ITEM(first, i)));
            return empty(shape, dtype);
        }
        return tensor_from_data(first, &dtype);
    }
    if (n == 1 && is_tensor(first)) return alias(tensor_of(first));
    Dims shape;
    for (Py_ssize_t i = 0; i < n; ++i) {
        int64_t size;
        check<TypeError>(to_int(PyTuple_GET_ITEM(args, i), &size), "Tensor: sizes must be integers, got ",
                         Py_TYPE(PyTuple_GET_ITEM(args, i))->tp_name);
        shape.push(size);
    }
    return empty(shape, dtype);
}

PyObject* to_array(const Tensor& t, PyObject* owner) {
    std::vector<py::ssize_t> shape(t.shape().begin(), t.shape().end()), strides;
    int64_t item = static_cast<int64_t>(t.item_size()), step;
    // Where no step is ever made (no elements, or one along an axis) the stride may be beyond int64.
    for (int64_t s : t.strides())
        strides.push_back(t.numel() > 0 && !__builtin_mul_overflow(s, item, &step) ? step : item);
    py::array a(numpy_dtype(t.dtype()), shape, strides, t.data(), py::handle(owner));
    if (t->storage->read_only) a.attr("flags").attr("writeable") = false;
    return a.release().ptr();
}

namespace {
template <DType t> auto widened(const void* p) {
    typename NarrowBits<t>::Bits bits;
    std::memcpy(&bits, p, sizeof bits);
    return NarrowBits<t>::widen(bits);
}
}  // namespace

PyObject* to_number(const Tensor& t) {
    const void* p = t.data();
    switch (t.dtype()) {
        case DType::Bool: return PyBool_FromLong(*static_cast<const uint8_t*>(p));
        case DType::UInt8: return given(PyLong_FromLong(*static_cast<const uint8_t*>(p)));
        case DType::Int32: return given(PyLong_FromLong(*static_cast<const int32_t*>(p)));
        case DType::Int64: return given(PyLong_FromLongLong(*static_cast<const int64_t*>(p)));
        case DType::Float32: return given(PyFloat_FromDouble(static_cast<double>(*static_cast<const float*>(p))));
        case DType::Float64: return given(PyFloat_FromDouble(*static_cast<const double*>(p)));
        case DType::Float16: return given(PyFloat_FromDouble(static_cast<double>(widened<DType::Float16>(p))));
        case DType::BFloat16: return given(PyFloat_FromDouble(static_cast<double>(widened<DType::BFloat16>(p))));
        case DType::Int8: return given(PyLong_FromLong(widened<DType::Int8>(p)));
        case DType::Int16: return given(PyLong_FromLong(widened<DType::Int16>(p)));
    }
    return nullptr;
}

namespace {

PyObject* list_level(const Tensor& t, int depth, const char* data) {
    if (depth == t.ndim()) {
        Tensor element(TensorImpl::create());
        element->dtype = t.dtype();
        element->data = const_cast<char*>(data);
        return to_number(element);
    }
    py::object list = py::reinterpret_steal<py::object>(given(PyList_New(t.size(depth))));
    int64_t step = t.size(depth) > 1 ? t.stride(depth) * static_cast<int64_t>(t.item_size()) : 0;
    for (int64_t i = 0; i < t.size(depth); ++i)
        PyList_SET_ITEM(list.ptr(), i, list_level(t, depth + 1, data + i * step));
    return list.release().ptr();
}

}  // namespace

PyObject* to_list(const Tensor& t) { return list_level(t, 0, t.data()); }

PyObject* to_size(const Dims& d) {
    py::object size = py::reinterpret_steal<py::object>(given(g_size_type->tp_alloc(g_size_type, d.n)));
    for (int i = 0; i < d.n; ++i) PyTuple_SET_ITEM(size.ptr(), i, given(PyLong_FromLongLong(d[i])));
    return size.release().ptr();
}

namespace {

Tensor finished(Tensor t, bool requires_grad) {
    if (requires_grad) {
        check<RuntimeError>(is_floating(t.dtype()), "tensor: only floating tensors can require a gradient, got ",
                            t.dtype());
        t->requires_grad = true;
    }
    return t;
}

}  // namespace

void bind_convert(py::module_& m) {
    py::object size = py::module_::import("chainrule._size").attr("Size");
    g_size_type = reinterpret_cast<PyTypeObject*>(size.inc_ref().ptr());
    m.attr("Size") = size;
    m.def(
        "tensor",
        [](py::object data, py::object dtype, py::object device, bool requires_grad, bool) {
            check_device(device.ptr());
            DType t;
            bool given = !dtype.is_none();
            check<TypeError>(!given || to_dtype(dtype.ptr(), &t), "tensor: unknown dtype ",
                             std::string(py::str(dtype)));
            return finished(tensor_from_data(data.ptr(), given ? &t : nullptr), requires_grad);
        },
        py::arg("data"), py::kw_only(), py::arg("dtype") = py::none(), py::arg("device") = py::none(),
        py::arg("requires_grad") = false, py::arg("pin_memory") = false,
        "tensor(data, *, dtype=None, device=None, requires_grad=False)\n\nA new tensor with a copy of the data: a "
        "number, a nested sequence, an "
        "array or a tensor.");
    m.def(
        "as_tensor",
        [](py::object data, py::object dtype, py::object device) {
            check_device(device.ptr());
            DType t;
            bool given = !dtype.is_none();
            check<TypeError>(!given || to_dtype(dtype.ptr(), &t), "as_tensor: unknown dtype ",
                             std::string(py::str(dtype)));
            if (is_tensor(data.ptr())) return given ? cast(tensor_of(data.ptr()), t) : tensor_of(data.ptr());
            if (is_array(data.ptr()))
                return converted(tensor_from_array(data.ptr(), true), given ? &t : nullptr, false);
            return tensor_from_data(data.ptr(), given ? &t : nullptr);
        },
        py::arg("data"), py::arg("dtype") = py::none(), py::arg("device") = py::none(),
        "as_tensor(data, dtype=None, device=None)\n\nA tensor of the data, sharing its memory where that is possible.");
    m.def(
        "from_numpy",
        [](py::object array) {
            check<TypeError>(is_array(array.ptr()), "from_numpy: a NumPy array is required, got ",
                             Py_TYPE(array.ptr())->tp_name);
            return tensor_from_array(array.ptr(), true);
        },
        py::arg("ndarray"),
        "from_numpy(ndarray)\n\nA tensor that shares the array's memory (an array with negative strides or foreign "
        "byte order is copied). "
        "Writes on NumPy's side are not seen by the checks of saved values.");
    m.def("set_default_dtype", [](py::object d) {
        DType t;
        check<TypeError>(to_dtype(d.ptr(), &t), "set_default_dtype: unknown dtype ", std::string(py::str(d)));
        set_default_dtype(t);
    });
    m.def("get_default_dtype", [] { return py::reinterpret_borrow<py::object>(dtype_object(default_dtype())); });
    m.def("_to_dtype", [](py::object o) -> py::object {
        DType t;
        if (!to_dtype(o.ptr(), &t)) return py::none();
        return py::reinterpret_borrow<py::object>(dtype_object(t));
    });
}

}  // namespace chainrule
