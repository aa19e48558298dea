// A registered function as a Python object: callable by vectorcall, and a method where it stands on Tensor (the interpreter
// then passes the tensor as the first argument without making a bound method).

#include "bind/arguments.h"

#include <pybind11/pybind11.h>
#include <structmember.h>

#include <cstring>
#include <utility>

#include "bind/convert.h"

namespace chainrule {
namespace {

struct OpFunction {
    PyObject_HEAD vectorcallfunc call;
    const BoundFunction* f;
    PyObject* doc;
    PyObject* dict;  // what programs write on a function: fastai marks nn.functional.relu so; made when first used
};

PyTypeObject* op_function_type = nullptr;

PyObject* op_call(PyObject* self, PyObject* const* args, size_t nargsf, PyObject* kwnames) {
    return guarded([&] {
        return call_function(*reinterpret_cast<OpFunction*>(self)->f, args, PyVectorcall_NARGS(nargsf), kwnames);
    });
}

PyObject* op_get(PyObject* self, PyObject* instance, PyObject*) {
    if (!instance || instance == Py_None) return Py_NewRef(self);
    return PyMethod_New(self, instance);
}

PyObject* op_repr(PyObject* self) {
    return PyUnicode_FromFormat("<function chainrule.%s>", reinterpret_cast<OpFunction*>(self)->f->name.c_str());
}

PyObject* op_name(PyObject* self, void*) {
    return PyUnicode_FromString(reinterpret_cast<OpFunction*>(self)->f->name.c_str());
}

PyObject* op_doc(PyObject* self, void*) { return Py_NewRef(reinterpret_cast<OpFunction*>(self)->doc); }

// Where a function stands, and its name there: linalg_norm is chainrule.linalg.norm.
std::pair<const char*, const char*> public_place(PyObject* self) {
    const BoundFunction& f = *reinterpret_cast<OpFunction*>(self)->f;
    const char* name = f.name.c_str();
    if (f.name.starts_with("linalg_")) return {"chainrule.linalg", name + std::strlen("linalg_")};
    if (f.name.starts_with("special_")) return {"chainrule.special", name + std::strlen("special_")};
    bool only_nn = (f.def->flags & kNN) && !(f.def->flags & (kFunction | kMethod));
    return {only_nn ? "chainrule.nn.functional" : "chainrule", name};
}

PyObject* op_module(PyObject* self, void*) { return PyUnicode_FromString(public_place(self).first); }
PyObject* op_qualname(PyObject* self, void*) { return PyUnicode_FromString(public_place(self).second); }

PyObject* op_signature(PyObject* self, void*) {
    return PyUnicode_FromString(reinterpret_cast<OpFunction*>(self)->f->signatures[0].text.c_str());
}

// Functions are found again by name, in __module__.
PyObject* op_reduce(PyObject* self, PyObject*) { return op_qualname(self, nullptr); }

PyGetSetDef getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {"__name__", op_name, nullptr, nullptr, nullptr},
    {"__qualname__", op_qualname, nullptr, nullptr, nullptr},
    {"__doc__", op_doc, nullptr, nullptr, nullptr},
    {"__module__", op_module, nullptr, nullptr, nullptr},
    {"signature", op_signature, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};
PyMethodDef methods[] = {
    {"__reduce__", op_reduce, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OpFunction, call), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(OpFunction, dict), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

void make_type() {
    PyType_Slot slots[] = {
        {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
        {Py_tp_descr_get, reinterpret_cast<void*>(op_get)},
        {Py_tp_repr, reinterpret_cast<void*>(op_repr)},
        {Py_tp_getset, getset},
        {Py_tp_methods, methods},
        {Py_tp_members, members},
        {0, nullptr},
    };
    PyType_Spec spec = {"chainrule.Function", sizeof(OpFunction), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR, slots};
    op_function_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
    if (!op_function_type) throw py::error_already_set();
}

py::object make_function(BoundFunction& f) {
    auto* o = PyObject_New(OpFunction, op_function_type);
    if (!o) throw py::error_already_set();
    o->call = op_call;
    o->f = &f;
    o->dict = nullptr;
    f.object = reinterpret_cast<PyObject*>(o);
    std::string doc;
    for (const Signature& s : f.signatures) doc += s.text + "\n";
    doc += "\n" + std::string(f.inplace ? "In-place form. " : "") + f.def->doc;
    o->doc = PyUnicode_FromString(doc.c_str());
    return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(o));
}

py::list registry_list() {
    py::list out;
    for (const FunctionDef& def : registry()) {
        py::dict d;
        d["name"] = def.name;
        py::list signatures;
        for (const Overload& o : def.overloads) signatures.append(o.signature);
        d["signatures"] = signatures;
        d["signature"] = signatures[0];
        d["doc"] = def.doc;
        d["method"] = (def.flags & (kMethod | kInplaceOnly)) != 0;
        d["function"] = (def.flags & kFunction) != 0;
        d["nn"] = (def.flags & kNN) != 0;
        d["inplace"] = (def.flags & (kInplace | kInplaceOnly)) != 0;
        d["inplace_only"] = (def.flags & kInplaceOnly) != 0;
        d["differentiable"] = (def.flags & kNoGradient) == 0;
        out.append(d);
    }
    return out;
}

}  // namespace

void bind_functions(py::module_& m) {
    make_type();
    py::module_ nn = m.def_submodule("_nn", "Functions of chainrule.nn.functional.");
    py::handle tensor(reinterpret_cast<PyObject*>(tensor_type));
    for (BoundFunction* f : bound_functions()) {
        py::object o = make_function(*f);
        uint32_t flags = f->def->flags;
        const char* name = f->name.c_str();
        if (flags & kNN) nn.attr(name) = o;
        if (flags & (kMethod | kInplaceOnly)) tensor.attr(name) = o;
        if (flags & kFunction) m.attr(name) = o;
    }
    m.def("_set_package_name", &set_package_name);
    m.def("registry", &registry_list,
          "The registered operations, a dict each: name, signatures, doc, and where they stand.");
}

}  // namespace chainrule
