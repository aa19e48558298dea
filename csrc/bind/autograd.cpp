// backward, grad, grad mode, hooks, and nodes as Python sees them.

#include "bind/autograd.h"

#include <unordered_map>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/saved_hooks.h"
#include "bind/convert.h"
#include "bind/function.h"
#include "bind/program.h"
#include "bind/sparse_gradient.h"
#include "ops/ops.h"
#include "ops/sparse_gradient.h"

namespace chainrule {

namespace {

// A place in the graph: a tensor without memory stands for it. Equal where the place is.
struct EdgeTarget {
    Tensor stub;
};

constexpr int64_t kUnknown = -1;  // the only size of a stub whose shape nobody knows

Tensor edge_stub(const Edge& edge, const Dims& shape, const Dims& strides, DType dtype) {
    Tensor stub(TensorImpl::create());
    stub->dtype = dtype;
    if (shape.n == 1 && shape[0] == kUnknown) {
        stub->shape = shape;
        stub->strides = strides;
        stub->numel = kUnknown;
    } else {
        set_geometry(stub.get(), shape, strides);
    }
    if (as_node(edge.node)->is_accumulator()) {
        stub->accumulator = edge.node;
        stub->requires_grad = true;
    } else {
        stub->node = edge.node;
        stub->output_nr = edge.nr;
    }
    return stub;
}

EdgeTarget edge_target(const Tensor& t) {
    check<RuntimeError>(t.requires_grad(), "get_gradient_edge: the tensor of shape ", t.shape(),
                        " does not require a gradient, so there is no edge to it.");
    return {edge_stub(gradient_edge(t), t.shape(), t.strides(), t.dtype())};
}

// autograd.graph.GradientEdge: (node, output_nr, ownership_token), the last an EdgeTarget where get_gradient_edge made it.
bool is_edge(py::handle o) { return PyTuple_Check(o.ptr()) && py::hasattr(o, "ownership_token"); }

Tensor stub_of(py::handle edge, const char* what) {
    py::object token = edge.attr("ownership_token");
    if (py::isinstance<EdgeTarget>(token)) return token.cast<EdgeTarget&>().stub;
    py::object node = edge.attr("node");
    check<TypeError>(py::isinstance<NodeHandle>(node), what, ": an edge's node must be a graph node, got ",
                     Py_TYPE(node.ptr())->tp_name);
    Ref<NodeBase> ref = node.cast<NodeHandle&>().ref;
    int64_t nr = edge.attr("output_nr").cast<int64_t>();
    check<IndexError>(nr >= 0 && nr < as_node(ref)->n_outputs, what, ": ", as_node(ref)->op->grad_name, " has ",
                      as_node(ref)->n_outputs, " outputs, got the edge of output ", nr);
    if (as_node(ref)->is_accumulator() && ref->owner) return Tensor(ref->owner);
    return edge_stub({ref, static_cast<uint32_t>(nr)}, Dims{kUnknown}, Dims{1}, DType::Float32);
}

}  // namespace

std::vector<Tensor> tensors_of(const py::list& list, const char* what) {
    std::vector<Tensor> out;
    out.reserve(list.size());
    for (py::handle h : list) {
        if (h.is_none()) {
            out.emplace_back();
            continue;
        }
        if (is_tensor(h.ptr())) out.push_back(tensor_of(h.ptr()));
        else if (is_edge(h)) out.push_back(stub_of(h, what));
        else fail<TypeError>(what, ": tensors are required, got ", Py_TYPE(h.ptr())->tp_name);
    }
    return out;
}

namespace {

struct HookHandle {
    Ref<NodeBase> node;
    int64_t id;
};

// One tensor, none, or any iterable of them.
std::vector<Tensor> tensor_list(py::handle o, const char* what) {
    if (o.is_none()) return {};
    if (is_tensor(o.ptr())) return {tensor_of(o.ptr())};
    if (is_edge(o)) return {stub_of(o, what)};
    return tensors_of(py::list(py::reinterpret_borrow<py::object>(o)), what);
}

std::vector<Tensor> all_tensors(py::handle o, const char* what) {
    std::vector<Tensor> found = tensor_list(o, what);
    for (const Tensor& t : found)
        check<TypeError>(static_cast<bool>(t), what, ": tensors are required, got None among them");
    return found;
}

void backward(py::object tensors, py::object grads, py::object retain, bool create_graph, py::object inputs) {
    BackwardOptions o;
    o.create_graph = create_graph;
    o.retain_graph = retain.is_none() ? create_graph : is_true(retain.ptr());
    std::vector<Tensor> targets = all_tensors(inputs, "backward");
    check<ValueError>(inputs.is_none() || !targets.empty(), "backward: inputs must not be empty");
    run_backward("backward", all_tensors(tensors, "backward"), tensor_list(grads, "backward"), targets, o);
}

py::tuple grad(py::object outputs, py::object inputs, py::object grad_outputs, py::object retain, bool create_graph,
               py::object allow_unused, bool materialize, bool sparse) {
    BackwardOptions o;
    o.accumulate = false;
    o.sparse = sparse;
    o.create_graph = create_graph;
    o.retain_graph = retain.is_none() ? create_graph : is_true(retain.ptr());
    bool allow = allow_unused.is_none() ? materialize : is_true(allow_unused.ptr());
    std::vector<Tensor> xs = all_tensors(inputs, "grad");
    check<ValueError>(!xs.empty(), "grad: inputs must not be empty");
    std::vector<Tensor> found =
        run_backward("grad", all_tensors(outputs, "grad"), tensor_list(grad_outputs, "grad"), xs, o);
    py::tuple result(xs.size());
    for (size_t i = 0; i < xs.size(); ++i) {
        if (!found[i] && materialize) {
            check<ValueError>(xs[i].numel() >= 0,
                              "grad: materialize_grads needs the shape of an edge that is not used. Make the edge with "
                              "get_gradient_edge().");
            found[i] = zeros(xs[i].shape(), xs[i].dtype());
            found[i]->requires_grad = create_graph;  // so that it can be differentiated again, to zeros
        }
        check<RuntimeError>(found[i] || allow, "grad: input ", i, " (shape ", xs[i].shape(),
                            ") was not used in the graph of the outputs. Pass allow_unused=True to get None for it.");
        result[i] = found[i];
    }
    return result;
}

py::tuple next_functions(const NodeHandle& h) {
    py::list out;
    Node* node = h.get();
    for (uint32_t i = 0; i < node->n_inputs; ++i) {
        const Edge& e = node->edges()[i];
        if (e.node) out.append(py::make_tuple(node_object(e.node), e.nr));
        else out.append(py::make_tuple(py::none(), 0));
    }
    return py::tuple(out);
}

// A Python callable as a hook; it lives and dies under the GIL.
using Callable = std::shared_ptr<py::object>;

// The handle comes first, and room for the callable: where there is no memory for them, no hook must stay.
template <class Add> py::object add_callable(const Ref<NodeBase>& node, py::object hook, Add add) {
    py::object handle = py::cast(HookHandle{});
    auto call = std::make_shared<py::object>(std::move(hook));
    auto& callables = as_node(node)->extra().callables;
    callables.reserve(callables.size() + 1);
    int64_t id = add(call);
    callables.emplace_back(id, call->ptr());
    handle.cast<HookHandle&>() = {node, id};
    return handle;
}

py::tuple tuple_of(const NodeExtras::Tensors& tensors) {
    py::tuple out(tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) out[i] = tensors[i];
    return out;
}

// A gradient that a hook gave back. A sparse one stays so only in place of another: its way is a leaf's then.
Tensor replacement(const py::object& given, const Tensor& before, const char* hook) {
    if (given.is_none()) return Tensor();
    Tensor found;
    if (!to_gradient(given.ptr(), &found))
        fail<TypeError>(hook, ": the hook must return tensors or None, got ", Py_TYPE(given.ptr())->tp_name);
    return entries_of(found) && !(before && entries_of(before)) ? dense_gradient(found) : found;
}

// What a node's hook gave back, if anything: as many gradients, of the same shapes.
void replace(NodeExtras::Tensors& tensors, const py::object& given, const char* hook) {
    if (given.is_none()) return;
    Tensor one;
    py::list parts;
    if (to_gradient(given.ptr(), &one)) parts.append(given);
    else parts = py::list(given);
    std::vector<Tensor> found;
    for (size_t i = 0; i < parts.size(); ++i)
        found.push_back(replacement(parts[i], i < tensors.size() ? tensors[i] : Tensor(), hook));
    check<ValueError>(found.size() == tensors.size(), hook, ": the hook must return None or ", tensors.size(),
                      " gradients, got ", found.size());
    for (size_t i = 0; i < found.size(); ++i)
        check<ValueError>(!found[i] || !tensors[i] || found[i].shape() == tensors[i].shape(), hook,
                          ": the hook returned a gradient of shape ", found[i] ? found[i].shape() : Dims(),
                          " for one of shape ", tensors[i] ? tensors[i].shape() : Dims());
    tensors = std::move(found);
}

py::object register_node_hook(const NodeHandle& h, py::object hook) {
    return add_callable(h.ref, std::move(hook), [&](const Callable& call) {
        int64_t id = next_hook_id();
        h.get()->extra().after.emplace_back(
            id, [call](NodeExtras::Tensors& inputs, const NodeExtras::Tensors& outputs) {
                replace(inputs, (*call)(tuple_of(inputs), tuple_of(outputs)), "register_hook");
            });
        return id;
    });
}

py::object register_node_prehook(const NodeHandle& h, py::object hook) {
    return add_callable(h.ref, std::move(hook), [&](const Callable& call) {
        int64_t id = next_hook_id();
        h.get()->extra().before.emplace_back(id, [call](NodeExtras::Tensors& outputs) {
            replace(outputs, (*call)(tuple_of(outputs)), "register_prehook");
        });
        return id;
    });
}

// saved_tensors_hooks: two Python callables.
class PythonPacker final : public Packer {
  public:
    PythonPacker(py::object pack, py::object unpack) : pack_(std::move(pack)), unpack_(std::move(unpack)) {}
    std::unique_ptr<PackedValue> pack(const Tensor& value) override {
        return std::make_unique<Value>(pack_(value), unpack_);
    }

  private:
    struct Value final : PackedValue {
        Value(py::object packed, py::object unpack) : packed(std::move(packed)), call(std::move(unpack)) {}
        Tensor unpack() override {
            py::object given = call(packed);
            check<TypeError>(is_tensor(given.ptr()), "saved_tensors_hooks: the unpack hook must return a tensor, got ",
                             Py_TYPE(given.ptr())->tp_name);
            return tensor_of(given.ptr());
        }
        py::object packed, call;
    };
    py::object pack_, unpack_;
};

// Those of this thread's blocks, the innermost last.
thread_local std::vector<std::unique_ptr<PythonPacker>> packers;

void push_packer(py::object pack, py::object unpack) {
    packers.push_back(std::make_unique<PythonPacker>(std::move(pack), std::move(unpack)));
    packer() = packers.back().get();
}

void pop_packer() {
    check<RuntimeError>(!packers.empty(), "saved_tensors_hooks: no block is open");
    std::unique_ptr<PythonPacker> last = std::move(packers.back());
    packers.pop_back();
    packer() = packers.empty() ? nullptr : packers.back().get();
}

// A class for each name, so that type(t.grad_fn).__name__ says what the node is.
py::handle node_type(const char* grad_name) {
    static auto* types = new std::unordered_map<std::string, PyObject*>;
    PyObject*& made = (*types)[grad_name];
    if (!made) {
        py::dict space;
        space["__slots__"] = py::tuple();
        space["__module__"] = "chainrule.autograd.graph";
        py::object base = py::type::of<NodeHandle>();
        made = py::handle(reinterpret_cast<PyObject*>(&PyType_Type))(grad_name, py::make_tuple(base), space)
                   .release()
                   .ptr();
    }
    return made;
}

// Note [Cycles through a node] in tensor_object.cpp.
Node* sole_node(PyObject* o) {
    if (!py::detail::is_holder_constructed(o)) return nullptr;
    Node* node = py::cast<NodeHandle&>(py::handle(o)).get();
    return node && node->use_count() == 1 ? node : nullptr;
}

void make_collectable(PyHeapTypeObject* heap_type) {
    check_memory(heap_type);
    PyTypeObject* type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = [](PyObject* o, visitproc visit, void* arg) {
        Py_VISIT(Py_TYPE(o));
        Node* node = sole_node(o);
        return node ? traverse_node(node, visit, arg) : 0;
    };
    type->tp_clear = [](PyObject* o) {
        if (Node* node = sole_node(o)) clear_node(node);
        return 0;
    };
}

void check_signals() {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

std::string python_line() {
    PyFrameObject* frame = PyEval_GetFrame();
    if (!frame) return "an unknown place";
    py::object code = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetCode(frame)));
    std::string file = py::cast<std::string>(code.attr("co_filename"));
    // The user's line, not the package's.
    py::object f = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(frame));
    while (!f.is_none()) {
        file = py::cast<std::string>(f.attr("f_code").attr("co_filename"));
        if (file.find("/chainrule/") == std::string::npos || file.find("/chainrule/examples/") != std::string::npos)
            break;
        py::object back = f.attr("f_back");
        if (back.is_none()) break;
        f = back;
    }
    return file + ":" + std::to_string(py::cast<int>(f.attr("f_lineno")));
}

// What a user keeps with a node: it stays as long as the node does.
py::object metadata(const NodeHandle& h) {
    std::shared_ptr<void>& kept = h.get()->extra().metadata;
    if (!kept) kept = std::make_shared<py::object>(py::dict());
    return *static_cast<py::object*>(kept.get());
}

// The dict of the walk that runs in this thread: what is put there lives as long as the walk.
py::object walk_dict() {
    std::shared_ptr<void>* store = walk_store();
    if (!store) return py::none();
    if (!*store) *store = std::make_shared<py::object>(py::dict());
    return *static_cast<py::object*>(store->get());
}

// What waits for the end of the walk: functions without arguments, under the key "callbacks".
void run_callbacks(std::shared_ptr<void>& store) {
    py::dict dict = *static_cast<py::object*>(store.get());
    while (dict.contains("callbacks")) {  // one may queue more
        py::list callbacks = dict.attr("pop")("callbacks");
        for (py::handle call : callbacks) call();
    }
}

py::list will_meet(const py::object& tensors) {
    std::vector<Edge> edges;
    for (const Tensor& t : all_tensors(tensors, "register_multi_grad_hook")) edges.push_back(gradient_edge(t));
    py::list out;
    for (bool met : walk_will_meet(edges)) out.append(met);
    return out;
}

// Saved value i, inputs first, as the gradient rule sees it: an output with its history. None where it is not kept.
py::object saved_value(const NodeHandle& h, uint32_t i) {
    Node* node = h.get();
    check<IndexError>(i < node->n_saved(), node->op->grad_name, ": there is no saved value ", i);
    if (node->freed)
        fail<RuntimeError>(node->op->grad_name,
                           ": the saved values were freed by an earlier backward(). Pass retain_graph=True to it.");
    const Saved& slot = node->saved()[i];
    if (!slot.tensor || (!slot.tensor->storage && !slot.tensor->node)) return py::none();
    bool is_output = i >= node->n_inputs;
    Tensor t = unpack_saved(node, slot, is_output ? "output" : "input");
    if (!is_output) return py::cast(t);
    t = alias(t);
    t->node = h.ref;
    t->output_nr = i - node->n_inputs;
    return py::cast(t);
}

// A user's node answers for its context: what forward has set on ctx is read from grad_fn.
py::object context_attribute(const NodeHandle& h, const char* name) {
    if (std::string_view(name).starts_with("_saved_") || std::string_view(name).starts_with("_raw_saved_"))
        return py::module_::import("chainrule.autograd._saved_fields").attr("field")(node_object(h.ref), name);
    PyObject* ctx = function_context(h.get());
    if (ctx && name[0] != '_') {
        if (PyObject* value = PyObject_GetAttrString(ctx, name)) return py::reinterpret_steal<py::object>(value);
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) throw py::error_already_set();
        PyErr_Clear();
    }
    throw py::attribute_error(std::string(h.get()->op->grad_name) + ": there is no attribute '" + name + "'.");
}

}  // namespace

// The nodes that Python holds; the objects are not counted here.
static std::unordered_map<Node*, PyObject*>& listed_nodes() {
    static auto* nodes = new std::unordered_map<Node*, PyObject*>;
    return *nodes;
}

NodeHandle::~NodeHandle() {
    if (is_listed) listed_nodes().erase(get());
}

py::object node_object(const Ref<NodeBase>& ref) {
    if (!ref) return py::none();
    auto found = listed_nodes().find(as_node(ref));
    if (found != listed_nodes().end()) return py::reinterpret_borrow<py::object>(found->second);
    py::object made = py::cast(NodeHandle(ref));
    NodeHandle& handle = made.cast<NodeHandle&>();
    made.attr("__class__") = node_type(as_node(ref)->op->grad_name);
    handle.is_listed = true;  // before it is: where there is no memory for that, nothing must stay
    listed_nodes()[as_node(ref)] = made.ptr();
    return made;
}

py::object grad_fn_object(const Tensor& t) { return node_object(Ref<NodeBase>(grad_fn(t))); }

py::object register_hook(const Tensor& t, py::object hook) {
    check<RuntimeError>(t.requires_grad(), "register_hook: the tensor does not require a gradient");
    return add_callable(gradient_edge(t).node, std::move(hook), [&](const Callable& call) {
        return add_hook(t, [call](const Tensor& g) {
            py::object result = (*call)(g);
            return result.is_none() ? Tensor() : replacement(result, g, "register_hook");
        });
    });
}

py::object register_post_accumulate(const Tensor& t, py::object hook) {
    check<RuntimeError>(t->requires_grad && !t->node,
                        "register_post_accumulate_grad_hook: a leaf that requires a gradient is needed");
    Ref<NodeBase> node(accumulator(t));
    return add_callable(node, std::move(hook), [&](const Callable& call) {
        int64_t id = next_hook_id();
        as_node(node)->extra().post_accumulate.emplace_back(id, [call](const Tensor& leaf) {
            check<RuntimeError>(
                (*call)(leaf).is_none(),
                "register_post_accumulate_grad_hook: the hook must return None. Change leaf.grad in it.");
        });
        return id;
    });
}

PyObject* tensor_backward(PyObject* self, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
    return guarded([&]() -> PyObject* {
        Tensor gradient;
        std::vector<Tensor> inputs;
        BackwardOptions o;
        bool retain_given = false;
        auto take = [&](std::string_view n, PyObject* value) {
            if (n == "gradient") {
                if (value != Py_None && !to_tensor(value, &gradient))
                    fail<TypeError>("backward: gradient must be a tensor or None, got ", Py_TYPE(value)->tp_name);
            } else if (n == "retain_graph") {
                retain_given = value != Py_None;
                o.retain_graph = retain_given && is_true(value);
            } else if (n == "create_graph") {
                o.create_graph = is_true(value);
            } else if (n == "inputs") {
                inputs = all_tensors(value, "backward");
                check<ValueError>(value == Py_None || !inputs.empty(), "backward: inputs must not be empty");
            } else {
                fail<TypeError>("backward: unknown argument ", n);
            }
        };
        static const char* order[] = {"gradient", "retain_graph", "create_graph", "inputs"};
        check<TypeError>(nargs <= 4, "backward: at most 4 arguments are taken, got ", nargs);
        for (Py_ssize_t i = 0; i < nargs; ++i) take(order[i], args[i]);
        for (Py_ssize_t k = 0; kwnames && k < PyTuple_GET_SIZE(kwnames); ++k)
            take(text_of(PyTuple_GET_ITEM(kwnames, k)), args[nargs + k]);
        if (!retain_given) o.retain_graph = o.create_graph;
        run_backward("backward", {tensor_of(self)}, {gradient}, inputs, o);
        Py_RETURN_NONE;
    });
}

void bind_autograd(py::module_& m) {
    interrupt_check = check_signals;
    source_line = python_line;
    walk_ends = run_callbacks;

    py::class_<NodeHandle> node(m, "Node", "A recorded operation.", py::custom_type_setup(make_collectable));
    add_node_properties(node);
    node.def(
            "name", [](const NodeHandle& h) { return h.get()->op->grad_name; },
            "The name of the gradient rule, e.g. 'MulBackward0'.")
        .def_property_readonly("op_name", [](const NodeHandle& h) { return h.get()->op->name; })
        .def_property_readonly("next_functions", &next_functions,
                               "The nodes whose gradients this one computes: (node, output number) for each input.")
        .def_property_readonly("variable",
                               [](const NodeHandle& h) {
                                   Node* n = h.get();
                                   if (!n->is_accumulator())
                                       throw py::attribute_error("variable: only AccumulateGrad has one");
                                   return n->owner ? Tensor(n->owner) : Tensor();
                               })
        .def("register_hook", &register_node_hook, py::arg("fn"),
             "Calls fn(grad_inputs, grad_outputs) after the gradient rule; what it returns, if not None, replaces "
             "grad_inputs.")
        .def("register_prehook", &register_node_prehook, py::arg("fn"),
             "Calls fn(grad_outputs) before the gradient rule; what it returns, if not None, replaces them.")
        .def_property_readonly("metadata", &metadata, "A dict for the user, kept with the node.")
        .def(
            "_keeps",
            [](const NodeHandle& h, uint32_t i) {
                const Saved* slot = i < h.get()->n_saved() ? &h.get()->saved()[i] : nullptr;
                return slot && slot->tensor && (slot->tensor->storage || slot->tensor->node);
            },
            py::arg("number"), "Whether saved value i, inputs first, is there with its data.")
        .def("_saved_value", &saved_value, py::arg("number"))
        .def("__dir__",
             [](py::object self) {
                 return py::module_::import("chainrule.autograd._saved_fields").attr("directory")(self);
             })
        .def_property_readonly("_sequence_nr", [](const NodeHandle& h) { return h.get()->seq; })
        .def("__getattr__", &context_attribute)
        .def("__eq__",
             [](const NodeHandle& a, py::object b) {
                 return py::isinstance<NodeHandle>(b) && b.cast<NodeHandle&>().get() == a.get();
             })
        .def("__hash__", [](const NodeHandle& h) { return reinterpret_cast<size_t>(h.get()) >> 4; })
        .def("__repr__", [](const NodeHandle& h) {
            char address[32];
            std::snprintf(address, sizeof(address), "%p", static_cast<void*>(h.get()));
            return std::string("<") + h.get()->op->grad_name + " object at " + address + ">";
        });
    py::class_<HookHandle>(m, "RemovableHandle", "Takes a hook off again.", memory_checked())
        .def("remove",
             [](HookHandle& h) {
                 if (h.node) remove_hook(as_node(h.node), h.id);
             })
        .def("__enter__", [](py::object h) { return h; })
        .def("__exit__", [](HookHandle& h, py::args) {
            if (h.node) remove_hook(as_node(h.node), h.id);
        });

    py::class_<EdgeTarget>(m, "EdgeTarget", "A place in the graph, with the shape and dtype of the tensor there.",
                           memory_checked())
        .def_property_readonly("node", [](const EdgeTarget& e) { return node_object(gradient_edge(e.stub).node); })
        .def_property_readonly("output_nr", [](const EdgeTarget& e) { return gradient_edge(e.stub).nr; })
        .def("__eq__",
             [](const EdgeTarget& a, py::object b) {
                 if (!py::isinstance<EdgeTarget>(b)) return false;
                 Edge mine = gradient_edge(a.stub), other = gradient_edge(b.cast<EdgeTarget&>().stub);
                 return mine.node.get() == other.node.get() && mine.nr == other.nr;
             })
        .def("__hash__",
             [](const EdgeTarget& e) { return reinterpret_cast<size_t>(gradient_edge(e.stub).node.get()) >> 4; });
    m.def("_edge_target", &edge_target, py::arg("tensor"));
    m.def("_walk_dict", &walk_dict);
    m.def("_walk_has_targets", &walk_has_targets);
    m.def("_walk_will_meet", &will_meet, py::arg("tensors"));
    m.def("_push_packer", &push_packer, py::arg("pack"), py::arg("unpack"));
    m.def("_pop_packer", &pop_packer);
    m.def("_bump_version", [](const Tensor& t) { bump_version(t); }, py::arg("tensor"));
    m.def("is_grad_enabled", [] { return grad_mode(); }, "Whether operations are recorded in this thread.");
    m.def("set_grad_enabled", [](bool enabled) { grad_mode() = enabled; }, py::arg("mode"));
    m.def("is_anomaly_enabled", [] { return anomaly_mode; });
    m.def("is_anomaly_check_nan_enabled", [] { return anomaly_checks_values; });
    m.def(
        "set_anomaly_enabled",
        [](bool enabled, bool check_nan) {
            anomaly_mode = enabled;
            anomaly_checks_values = check_nan;
        },
        py::arg("mode"), py::arg("check_nan") = true);
    m.def("backward", &backward, py::arg("tensors"), py::arg("grad_tensors") = py::none(),
          py::arg("retain_graph") = py::none(), py::arg("create_graph") = false, py::arg("inputs") = py::none(),
          "Adds the gradients of the tensors to the .grad of the leaves.");
    m.def("grad", &grad, py::arg("outputs"), py::arg("inputs"), py::arg("grad_outputs") = py::none(),
          py::arg("retain_graph") = py::none(), py::arg("create_graph") = false, py::arg("allow_unused") = py::none(),
          py::arg("materialize_grads") = false, py::arg("sparse") = false,
          "The gradients of the outputs with respect to the inputs, as a tuple.");
    bind_dual_guard(m);
    m.def("live_tensors", &live_tensors, "How many tensors exist.");
    m.def("live_nodes", &live_nodes, "How many graph nodes exist.");
}

}  // namespace chainrule
