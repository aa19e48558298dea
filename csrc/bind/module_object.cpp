// Note [How a module is called]
// module(x) is most often forward(self, x) of a class whose forward is one operation on x and some attributes. In Python the
// two frames and the attribute look-ups of such a layer cost more than a small layer's arithmetic. So calling stands here:
// - A module with hooks goes to its _call_with_hooks; every module does while there are hooks of all modules.
// - A forward made by nn.modules.module.calls(function, *names) is not run: the function is called with the input and the
//   attributes of those names. A class that writes its own forward, an instance that was given one, keyword arguments and
//   attributes that are not in the instance's __dict__ take the next way. The two give the same.
// - linear and the plain activations on tensors go to the operation at once, without a search for the signature that fits.
//   Where nothing is recorded, call_in_turn makes one operation of a linear layer and the activation behind it.
// - Otherwise forward is looked up and called.
//
// Note [Log of calls]: a picture frames what ran in a module's forward. Which nodes those are is told by their numbers: a
// call made those from `begin` up to `end`. The log holds the last calls that made any; writing it costs a few instructions,
// asking each operation for its module would cost more. It owns nothing: an address in it is compared, never followed.
#include "bind/module_object.h"

#include "autograd/node.h"
#include "autograd/recorder.h"
#include "bind/layer.h"
#include "bind/tensor_object.h"

namespace chainrule {
namespace {

bool all_hooked = false;   // whether there are hooks of all modules
bool some_hooked = false;  // whether any module has ever been given a hook of its own: until then none is asked
PyObject* name_hooked = nullptr;
PyObject* name_forward = nullptr;
PyObject* name_call_with_hooks = nullptr;

bool is_hooked(PyObject* attributes) {
    if (all_hooked) return true;
    if (!some_hooked) return false;
    PyObject* hooked = PyDict_GetItemWithError(attributes, name_hooked);
    return hooked && is_true(hooked);
}

// What a module without hooks comes down to when it is called with one argument; null: its own forward is to be called.
const Layer* layer_of(PyObject* module, PyObject* attributes) {
    if (PyDict_GetItemWithError(attributes, name_forward)) return nullptr;
    PyObject* forward = _PyType_Lookup(Py_TYPE(module), name_forward);
    return forward ? find_layer(forward) : nullptr;
}

PyObject* call_forward(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwargs) {
    py::object forward = py::reinterpret_steal<py::object>(PyObject_GetAttr(self, name_forward));
    if (!forward) return nullptr;
    return PyObject_VectorcallDict(forward.ptr(), args, static_cast<size_t>(count), kwargs);
}

PyObject* call_with_hooks(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwargs) {
    py::tuple positional(static_cast<size_t>(count));
    for (Py_ssize_t i = 0; i < count; ++i) PyTuple_SET_ITEM(positional.ptr(), i, Py_NewRef(args[i]));
    py::dict named = kwargs ? py::reinterpret_borrow<py::dict>(kwargs) : py::dict();
    return PyObject_CallMethodObjArgs(self, name_call_with_hooks, positional.ptr(), named.ptr(), nullptr);
}

struct Call {
    PyObject* module;
    uint64_t begin;
    uint32_t nodes, thread;
};

constexpr uint64_t kLoggedCalls = 1024;  // they stay in the first-level cache
Call logged[kLoggedCalls];               // guarded by the interpreter's lock
uint64_t n_logged = 0;

// Each thread has its recorder in a place of its own, which is cheaper to ask for than the thread's number.
uint32_t this_thread() { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(&recorder()) >> 4); }

inline PyObject* run(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwargs) {
    py::object attributes = py::reinterpret_steal<py::object>(PyObject_GenericGetDict(self, nullptr));
    if (!attributes) return nullptr;
    if (is_hooked(attributes.ptr())) return call_with_hooks(self, args, count, kwargs);
    bool plain = count == 1 && (!kwargs || PyDict_GET_SIZE(kwargs) == 0);
    if (plain && !PyErr_Occurred())
        if (const Layer* layer = layer_of(self, attributes.ptr()))
            if (PyObject* result = call_layer(*layer, attributes.ptr(), args[0])) return result;
    if (PyErr_Occurred()) return nullptr;
    return call_forward(self, args, count, kwargs);
}

PyObject* call(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* kwargs) {
    uint64_t begin = next_sequence();
    PyObject* result = run(self, args, count, kwargs);
    uint64_t nodes = next_sequence() - begin;
    if (nodes) logged[n_logged++ % kLoggedCalls] = {self, begin, static_cast<uint32_t>(nodes), this_thread()};
    return result;
}

// (id, begin, end) of this thread's calls in the log as they ended, and the number from which on the log lacks none.
py::tuple module_calls() {
    py::list calls;
    uint64_t oldest = n_logged > kLoggedCalls ? n_logged - kLoggedCalls : 0;
    for (uint64_t i = oldest; i < n_logged; ++i) {
        const Call& c = logged[i % kLoggedCalls];
        if (c.thread == this_thread())
            calls.append(py::make_tuple(reinterpret_cast<size_t>(c.module), c.begin, c.begin + c.nodes));
    }
    const Call& first = logged[oldest % kLoggedCalls];
    return py::make_tuple(calls, oldest ? first.begin + first.nodes : 0);
}

PyObject* type_call(PyObject* self, PyObject* args, PyObject* kwargs) {
    return guarded([&] { return call(self, &PyTuple_GET_ITEM(args, 0), PyTuple_GET_SIZE(args), kwargs); });
}

PyObject* call_one(PyObject* module, PyObject* input) {
    if (Py_TYPE(module)->tp_call != type_call) return PyObject_CallOneArg(module, input);
    if (Py_EnterRecursiveCall(" while calling a module")) return nullptr;
    PyObject* result = call(module, &input, 1, nullptr);
    Py_LeaveRecursiveCall();
    return result;
}

// The layer of a module that is called in the way that stands here.
const Layer* plain_layer(PyObject* module, py::object* attributes) {
    if (Py_TYPE(module)->tp_call != type_call) return nullptr;
    *attributes = py::reinterpret_steal<py::object>(PyObject_GenericGetDict(module, nullptr));
    if (!*attributes || is_hooked(attributes->ptr())) return nullptr;
    return layer_of(module, attributes->ptr());
}

// A module and the one behind it in one operation. Null without an error set: they have to be called one by one.
PyObject* call_two(PyObject* module, PyObject* next, PyObject* input) {
    py::object attributes, next_attributes;
    const Layer *first = plain_layer(module, &attributes), *second = nullptr;
    if (first && first->linear) second = plain_layer(next, &next_attributes);
    if (!second || !second->activation || PyErr_Occurred()) return nullptr;
    return call_activated(*first, attributes.ptr(), *second, input);
}

// call_in_turn(input, modules): each module on what the one before gave.
PyObject* call_in_turn(PyObject*, PyObject* const* args, Py_ssize_t count) {
    return guarded([&]() -> PyObject* {
        if (count != 2 || !PyDict_Check(args[1])) {
            PyErr_SetString(PyExc_TypeError, "call_in_turn: an input and a dict of modules are required");
            return nullptr;
        }
        PyObject *modules = args[1], *item = nullptr, *next = nullptr;
        py::object value = py::reinterpret_borrow<py::object>(args[0]);
        Py_ssize_t position = 0, size = PyDict_GET_SIZE(modules);
        while (PyDict_Next(modules, &position, nullptr, &item)) {
            Py_ssize_t behind = position;
            if (PyDict_Next(modules, &behind, nullptr, &next)) {
                if (PyObject* result = call_two(item, next, value.ptr())) {
                    value = py::reinterpret_steal<py::object>(result);
                    position = behind;
                    continue;
                }
                if (PyErr_Occurred()) return nullptr;
            }
            py::object module = py::reinterpret_borrow<py::object>(item);
            value = py::reinterpret_steal<py::object>(call_one(item, value.ptr()));
            if (!value) return nullptr;
            if (PyDict_GET_SIZE(modules) != size) {
                PyErr_SetString(PyExc_RuntimeError, "Sequential: a module was added or removed during the call");
                return nullptr;
            }
        }
        return value.release().ptr();
    });
}

PyObject* intern(const char* text) {
    PyObject* s = PyUnicode_InternFromString(text);
    if (!s) throw py::error_already_set();
    return s;
}

PyMethodDef in_turn = {"call_in_turn", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(call_in_turn)),
                       METH_FASTCALL, "call_in_turn(input, modules)\n\nCalls each module on what the one before gave."};

}  // namespace

void bind_module_object(py::module_& m) {
    name_hooked = intern("_hooked");
    name_forward = intern("forward");
    name_call_with_hooks = intern("_call_with_hooks");
    PyType_Slot slots[] = {
        {Py_tp_doc, const_cast<char*>("The base of nn.Module: calling it calls forward, and its hooks.")},
        {Py_tp_call, reinterpret_cast<void*>(type_call)},
        {0, nullptr},
    };
    PyType_Spec spec = {"chainrule._core.ModuleBase", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                        slots};
    PyObject* type = PyType_FromSpec(&spec);
    if (!type) throw py::error_already_set();
    m.attr("ModuleBase") = py::reinterpret_steal<py::object>(type);
    m.def(
        "module_calls", &module_calls,
        "The thread's last calls of modules that made nodes, as they ended: (id(module), first sequence number, end); "
        "and the number from which on none is missing.");
    m.def(
        "set_modules_hooked", [](bool hooked) { all_hooked = hooked; }, py::arg("hooked"),
        "Whether there are hooks of all modules.");
    m.def("expect_hooked_modules", [] { some_hooked = true; }, "From now on modules are asked for hooks of their own.");
    PyObject* function = PyCFunction_New(&in_turn, nullptr);
    if (!function) throw py::error_already_set();
    m.attr("call_in_turn") = py::reinterpret_steal<py::object>(function);
}

}  // namespace chainrule
