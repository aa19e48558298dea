#include "bind/tensor_object.h"

#include <pybind11/pybind11.h>
#include <structmember.h>

#include "autograd/node.h"
#include "bind/convert.h"
#include "bind/function.h"
#include "bind/indexing.h"
#include "bind/operators.h"
#include "bind/sparse_gradient.h"

namespace chainrule {

PyTypeObject* tensor_type = nullptr;

namespace {

PyObject* allocate_object(PyTypeObject* type, const Tensor& t) {
    PyObject* o = type->tp_alloc(type, 0);
    if (!o) throw py::error_already_set();
    t->retain();
    reinterpret_cast<TensorObject*>(o)->impl = t.get();
    if (!t->python) t->python = o;
    return o;
}

void tensor_dealloc(PyObject* o) {
    auto* self = reinterpret_cast<TensorObject*>(o);
    PyObject_GC_UnTrack(o);
    if (self->weakrefs) PyObject_ClearWeakRefs(o);
    Py_CLEAR(self->dict);
    if (TensorImpl* impl = self->impl) {
        self->impl = nullptr;
        if (impl->python == o) impl->python = nullptr;
        Ref<TensorImpl> last(impl);
        impl->drop();
    }
    PyTypeObject* type = Py_TYPE(o);
    type->tp_free(o);
    Py_DECREF(type);
}

// Note [Cycles through a node]: a Function's ctx may hold its own output, a hook the tensor that it is registered on. That loop runs
// through C++ handles, which the collector cannot see; it is followed only where each handle on the way is the only one, so that
// nothing is counted twice.
Node* sole_node(const TensorImpl* t) {
    if (!t || t->use_count() != 1) return nullptr;
    const Ref<NodeBase>& node = t->node ? t->node : t->accumulator;
    return node && node->use_count() == 1 ? as_node(node) : nullptr;
}

int tensor_traverse(PyObject* o, visitproc visit, void* arg) {
    auto* self = reinterpret_cast<TensorObject*>(o);
    Py_VISIT(Py_TYPE(o));
    Py_VISIT(self->dict);
    Node* node = sole_node(self->impl);
    return node ? traverse_node(node, visit, arg) : 0;
}

int tensor_clear(PyObject* o) {
    auto* self = reinterpret_cast<TensorObject*>(o);
    Py_CLEAR(self->dict);
    if (Node* node = sole_node(self->impl)) clear_node(node);
    return 0;
}

PyObject* tensor_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
    return guarded([&] { return wrap_as(type, legacy_tensor(args, kwargs)); });
}

Py_ssize_t tensor_length(PyObject* o) {
    const TensorImpl* t = impl_of(o);
    if (t->shape.n == 0) {
        PyErr_SetString(PyExc_TypeError, "len(): a 0-d tensor has no length");
        return -1;
    }
    return t->shape[0];
}

// By identity, so that tensors can be keys; == compares elements.
Py_hash_t tensor_hash(PyObject* o) { return static_cast<Py_hash_t>(reinterpret_cast<uintptr_t>(o) >> 4); }

PyMemberDef members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(TensorObject, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(TensorObject, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

}  // namespace

PyObject* wrap(const Tensor& t) {
    if (!t) Py_RETURN_NONE;
    if (t->python) return Py_NewRef(static_cast<PyObject*>(t->python));
    if (entries_of(t)) return sparse_object(t);
    return allocate_object(tensor_type, t);
}

PyObject* wrap_as(PyTypeObject* type, const Tensor& t) { return allocate_object(type, t); }

void make_tensor_type(py::module_& m) {
    std::vector<PyType_Slot> slots = {
        {Py_tp_new, reinterpret_cast<void*>(tensor_new)},
        {Py_tp_dealloc, reinterpret_cast<void*>(tensor_dealloc)},
        {Py_tp_traverse, reinterpret_cast<void*>(tensor_traverse)},
        {Py_tp_clear, reinterpret_cast<void*>(tensor_clear)},
        {Py_tp_members, members},
        {Py_tp_hash, reinterpret_cast<void*>(tensor_hash)},
        {Py_mp_length, reinterpret_cast<void*>(tensor_length)},
        {Py_sq_length, reinterpret_cast<void*>(tensor_length)},
        {Py_mp_subscript, reinterpret_cast<void*>(tensor_getitem)},
        {Py_mp_ass_subscript, reinterpret_cast<void*>(tensor_setitem)},
        {Py_tp_doc,
         const_cast<char*>(
             "A multi-dimensional array that remembers how it was computed.\n\nMake one with chainrule.tensor, "
             "zeros, randn, ...; see there.")},
    };
    add_operator_slots(slots);
    add_attribute_slots(slots);
    slots.push_back({0, nullptr});
    PyType_Spec spec = {"chainrule.Tensor", sizeof(TensorObject), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
    PyObject* type = PyType_FromSpec(&spec);
    if (!type) throw py::error_already_set();
    tensor_type = reinterpret_cast<PyTypeObject*>(type);
    m.attr("Tensor") = py::handle(type);
    add_tensor_methods();
}

}  // namespace chainrule
