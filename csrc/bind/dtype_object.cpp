#include "bind/dtype_object.h"

#include <pybind11/numpy.h>

#include "bind/convert.h"
#include "core/check.h"

namespace chainrule {
namespace {

PyObject* g_dtypes[kAllDTypes];

struct DTypeBox {
    DType value;
};
struct DeviceBox {
    std::string type;
    int index;  // -1: none
};

bool dtype_of(const py::dtype& d, DType* out) { return numpy_type(d.kind(), d.itemsize(), out); }

}  // namespace

bool numpy_type(char kind, py::ssize_t size, DType* out) {
    if (kind == 'b' && size == 1) *out = DType::Bool;
    else if (kind == 'u' && size == 1) *out = DType::UInt8;
    else if (kind == 'i' && size == 4) *out = DType::Int32;
    else if (kind == 'i' && size == 8) *out = DType::Int64;
    else if (kind == 'f' && size == 4) *out = DType::Float32;
    else if (kind == 'f' && size == 8) *out = DType::Float64;
    else if (kind == 'f' && size == 2) *out = DType::Float16;
    else if (kind == 'i' && size == 1) *out = DType::Int8;
    else if (kind == 'i' && size == 2) *out = DType::Int16;
    else return false;
    return true;
}

PyObject* dtype_object(DType t) { return g_dtypes[static_cast<int>(t)]; }

bool to_dtype(PyObject* o, DType* out) {
    for (int i = 0; i < kAllDTypes; ++i)
        if (o == g_dtypes[i]) {
            *out = static_cast<DType>(i);
            return true;
        }
    if (o == reinterpret_cast<PyObject*>(&PyFloat_Type)) *out = DType::Float64;
    else if (o == reinterpret_cast<PyObject*>(&PyLong_Type)) *out = DType::Int64;
    else if (o == reinterpret_cast<PyObject*>(&PyBool_Type)) *out = DType::Bool;
    else if (py::isinstance<py::dtype>(o)) return dtype_of(py::reinterpret_borrow<py::dtype>(o), out);
    else if (PyType_Check(o) && py::hasattr(o, "dtype") &&
             !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(o), tensor_type)) {
        try {
            return dtype_of(py::dtype::from_args(py::reinterpret_borrow<py::object>(o)), out);
        } catch (py::error_already_set&) {
            return false;
        }
    } else {
        return false;
    }
    return true;
}

void check_device(PyObject* o) {
    if (!o || o == Py_None) return;
    std::string type;
    if (PyUnicode_Check(o)) type = text_of(o);
    else if (py::isinstance<DeviceBox>(o)) type = py::cast<DeviceBox&>(o).type;
    else if (PyLong_Check(o)) type = "cuda";
    else fail<TypeError>("device: a string or a device is required, got ", Py_TYPE(o)->tp_name);
    check<RuntimeError>(type == "cpu" || type.rfind("cpu:", 0) == 0 || type == "meta_cpu",
                        "device: chainrule computes on the CPU only, got '", type, "'. Use device='cpu'.");
}

namespace {

int device_number(PyObject* o) {
    int64_t number;
    check<TypeError>(PyLong_Check(o), "device: the index must be an int, got ", Py_TYPE(o)->tp_name);
    check<ValueError>(to_int(o, &number) && number >= 0 && number < 128, "device: the index must lie in [0, 127], got ",
                      py::repr(o).cast<std::string>());
    return static_cast<int>(number);
}

// "type", "type:index", or an index alone, which means CUDA's.
DeviceBox device_of(PyObject* o) {
    if (PyLong_Check(o)) return {"cuda", device_number(o)};
    check<TypeError>(PyUnicode_Check(o), "device: a string, an int or a device is required, got ", Py_TYPE(o)->tp_name);
    std::string type(text_of(o));
    size_t colon = type.find(':');
    if (colon == std::string::npos) return {type, -1};
    std::string number = type.substr(colon + 1);
    check<ValueError>(
        !number.empty() && number.size() < 4 && number.find_first_not_of("0123456789") == std::string::npos,
        "device: 'type' or 'type:index' is required, got '", type, "'.");
    return {type.substr(0, colon), std::stoi(number)};
}

}  // namespace

void bind_dtypes(py::module_& m) {
    py::class_<DTypeBox> cls(m, "dtype", "The type of a tensor's elements.", memory_checked());
    cls.def("__repr__", [](const DTypeBox& d) { return std::string("chainrule.") + dtype_name(d.value); })
        .def("__reduce__", [](const DTypeBox& d) { return dtype_name(d.value); })
        .def("__copy__", [](py::object d) { return d; })
        .def("__deepcopy__", [](py::object d, py::object) { return d; })
        .def_property_readonly("name", [](const DTypeBox& d) { return dtype_name(d.value); })
        .def_property_readonly("is_floating_point", [](const DTypeBox& d) { return is_floating(d.value); })
        .def_property_readonly("is_complex", [](const DTypeBox&) { return false; })
        .def_property_readonly("is_signed", [](const DTypeBox& d) { return is_signed(d.value); })
        .def_property_readonly("itemsize", [](const DTypeBox& d) { return item_size(d.value); });
    cls.attr("__module__") = "chainrule";
    for (int i = 0; i < kAllDTypes; ++i) {
        py::object o = py::cast(DTypeBox{static_cast<DType>(i)});
        m.attr(dtype_name(static_cast<DType>(i))) = o;
        g_dtypes[i] = o.release().ptr();
    }
    m.attr("float") = m.attr("float32");
    m.attr("double") = m.attr("float64");
    m.attr("int") = m.attr("int32");
    m.attr("long") = m.attr("int64");
    m.attr("half") = m.attr("float16");
    m.attr("short") = m.attr("int16");

    py::class_<DeviceBox> device(m, "device", "Where a tensor lives: chainrule computes on the CPU.", memory_checked());
    device
        .def(
            "__init__",
            [](py::detail::value_and_holder& place, py::object type, py::object index) {
                bool given = py::isinstance<DeviceBox>(type);
                DeviceBox d = given ? type.cast<DeviceBox>() : device_of(type.ptr());
                if (!given && !index.is_none()) d.index = device_number(index.ptr());
                construct(place, std::make_unique<DeviceBox>(d));
            },
            py::detail::is_new_style_constructor(), py::arg("type") = "cpu", py::arg("index") = py::none())
        .def_property_readonly("type", [](const DeviceBox& d) { return d.type; })
        .def_property_readonly("index",
                               [](const DeviceBox& d) -> py::object {
                                   return d.index < 0 ? py::object(py::none()) : py::object(py::int_(d.index));
                               })
        .def("__repr__",
             [](const DeviceBox& d) {
                 return "device(type='" + d.type + "'" + (d.index < 0 ? "" : ", index=" + std::to_string(d.index)) +
                        ")";
             })
        .def("__str__", [](const DeviceBox& d) { return d.type + (d.index < 0 ? "" : ":" + std::to_string(d.index)); })
        .def("__eq__",
             [](const DeviceBox& d, py::object o) {
                 return py::isinstance<DeviceBox>(o) && o.cast<DeviceBox&>().type == d.type &&
                        o.cast<DeviceBox&>().index == d.index;
             })
        .def("__hash__",
             [](const DeviceBox& d) { return std::hash<std::string>()(d.type) + static_cast<size_t>(d.index); })
        .def("__enter__", [](py::object d) { return d; })
        .def("__exit__", [](py::object, py::args) {})
        .def("__reduce__", [](const DeviceBox& d) {
            return py::make_tuple(
                py::module_::import("chainrule").attr("device"),
                py::make_tuple(d.type, d.index < 0 ? py::object(py::none()) : py::object(py::int_(d.index))));
        });
    device.attr("__module__") = "chainrule";
}

}  // namespace chainrule
