#include "bind/function.h"

#include <string>
#include <unordered_map>
#include <vector>

#include "autograd/basic_ops.h"
#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

// What ctx.save_for_backward keeps: packed with versions, so that a change in place is seen. An output is kept without its history.
struct SavedTensors {
    std::vector<Saved> slots;
    std::vector<int> output_nr;  // -1: not an output
    Node* node = nullptr;        // not counted: the node owns the context that owns this
    bool freed = false;
};

struct FunctionState {
    PyObject* cls;
    PyObject* ctx;
    std::shared_ptr<SavedTensors> saved;
    std::vector<std::pair<Dims, DType>> outputs;
    bool materialize = true;
};

struct FunctionAttrs {
    FunctionState* state;
};

FunctionState* state_of(Node* node) { return static_cast<FunctionAttrs*>(node->attrs())->state; }

py::tuple unpack(SavedTensors& s) {
    if (s.freed)
        fail<RuntimeError>(
            s.node ? s.node->op->grad_name : "Function",
            ": the saved tensors were freed by an earlier backward(). Pass retain_graph=True to the first one.");
    py::tuple out(s.slots.size());
    for (size_t i = 0; i < s.slots.size(); ++i) {
        if (!s.slots[i].tensor) {
            out[i] = py::none();
            continue;
        }
        Tensor t = unpack_saved(s.node, s.slots[i], s.output_nr[i] < 0 ? "tensor" : "output");
        if (s.output_nr[i] >= 0) {
            Tensor linked = alias(t);
            if (s.node) {
                linked->node = Ref<NodeBase>(s.node);
                linked->output_nr = static_cast<uint32_t>(s.output_nr[i]);
            }
            t = linked;
        }
        out[i] = t;
    }
    return out;
}

void destroy_state(void* attrs) {
    FunctionState* s = static_cast<FunctionAttrs*>(attrs)->state;
    if (s->saved) {
        s->saved->node = nullptr;
        s->saved->freed = true;
    }
    if (Py_IsInitialized()) {
        Py_XDECREF(s->ctx);
        Py_XDECREF(s->cls);
    }
    delete s;
}

void release_state(void* attrs) {
    FunctionState* s = static_cast<FunctionAttrs*>(attrs)->state;
    if (!s->saved) return;
    s->saved->slots.clear();
    s->saved->freed = true;
}

Tensor fitted(Node* node, int i, Tensor grad, const char* name) {
    const TensorImpl& input = *node->saved()[i].tensor;
    if (!(grad.shape() == input.shape)) {
        bool fits = grad.ndim() >= input.shape.n;
        for (int d = 0; fits && d < input.shape.n; ++d) {
            int64_t mine = input.shape[input.shape.n - 1 - d], given = grad.size(grad.ndim() - 1 - d);
            fits = mine == given || mine == 1;
        }
        check<RuntimeError>(fits, name, ": backward returned a gradient of shape ", grad.shape(), " for input ", i,
                            " of shape ", input.shape);
        grad = sum_to(grad, input.shape);
    }
    return cast(grad, input.dtype);
}

void function_vjp(VjpCtx& c) {
    Node* node = c.node();
    FunctionState* s = state_of(node);
    py::tuple grads(s->outputs.size());
    for (size_t k = 0; k < s->outputs.size(); ++k) {
        int nr = static_cast<int>(k);
        if (c.has_grad(nr)) grads[k] = c.grad(nr);
        else if (s->materialize && is_floating(s->outputs[k].second))
            grads[k] = zeros(s->outputs[k].first, s->outputs[k].second);
        else grads[k] = py::none();
    }
    py::object result = py::handle(s->cls).attr("_call_backward")(py::handle(s->ctx), grads);
    py::tuple given = py::reinterpret_borrow<py::tuple>(result);
    for (int i = 0; i < c.n_inputs(); ++i) {
        if (!node->edges()[i].node || !c.wants(i)) continue;
        py::handle g = given[static_cast<size_t>(i)];
        if (g.is_none()) continue;
        check<TypeError>(is_tensor(g.ptr()), node->op->grad_name, ": backward must return dense tensors or None, got ",
                         Py_TYPE(g.ptr())->tp_name, " for input ", i, ".");
        c.set(i, fitted(node, i, tensor_of(g.ptr()), node->op->grad_name));
    }
}

// One OpDef for each Function class, never freed: nodes point to it.
const OpDef& op_for(py::handle cls) {
    struct Entry {
        std::string name, grad_name;
        OpDef op;
    };
    static auto* entries = new std::unordered_map<PyObject*, Entry*>;
    std::string name = py::cast<std::string>(cls.attr("__name__"));
    Entry*& e = (*entries)[cls.ptr()];
    if (!e || e->name != name) {
        e = new Entry{name, name + "Backward", {}};
        e->op.name = e->name.c_str();
        e->op.grad_name = e->grad_name.c_str();
        e->op.vjp = function_vjp;
        e->op.destroy_attrs = destroy_state;
        e->op.release_attrs = release_state;
        e->op.attr_bytes = sizeof(FunctionAttrs);
    }
    return e->op;
}

// What the node needs of its inputs. Taken before forward runs, which may change an input in place.
struct Taken {
    Edge edge;
    Tensor kind;  // shape and dtype, without data
};

std::vector<Taken> take(const std::vector<Tensor>& inputs) {
    refresh_views(inputs.data(), inputs.size());
    std::vector<Taken> taken(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i]) continue;
        if (is_floating(inputs[i].dtype())) taken[i].edge = gradient_edge(inputs[i]);
        Tensor kind(TensorImpl::create());
        kind->dtype = inputs[i].dtype();
        set_geometry(kind.get(), inputs[i].shape(), inputs[i].strides());
        taken[i].kind = kind;
    }
    return taken;
}

Ref<NodeBase> make_node(const OpDef& op, const std::vector<Taken>& taken, size_t n_outputs, FunctionState* state) {
    FunctionAttrs attrs{state};
    Ref<NodeBase> ref =
        Node::create(op, static_cast<uint32_t>(taken.size()), static_cast<uint32_t>(n_outputs), &attrs, sizeof(attrs));
    Node* node = as_node(ref);
    for (size_t i = 0; i < taken.size(); ++i) {
        node->edges()[i] = taken[i].edge;
        if (taken[i].kind) node->saved()[i].tensor = taken[i].kind.ref();
    }
    return ref;
}

bool contains(const py::tuple& t, PyObject* o) {
    for (py::handle h : t)
        if (h.ptr() == o) return true;
    return false;
}

// An output gets its place in the graph. One that is an input, unchanged, comes back as an alias of it.
py::object attach(py::handle output, const Ref<NodeBase>& node, uint32_t nr, const std::vector<Tensor>& inputs,
                  bool dirty) {
    Tensor t = tensor_of(output.ptr());
    bool is_input = false;
    for (const Tensor& in : inputs) is_input = is_input || (in && in.is_same(t));
    if (dirty) {
        check_inplace(as_node(node)->op->name, t, true);
        rebase_history(t, node, nr);
        return py::reinterpret_borrow<py::object>(output);
    }
    if (is_input || t->requires_grad || t->node) {
        t = alias(t);
        output = py::handle();
    }
    t->node = node;
    t->output_nr = nr;
    return output ? py::reinterpret_borrow<py::object>(output) : py::reinterpret_steal<py::object>(wrap(t));
}

void pack(FunctionState* s, const py::tuple& to_save, const std::vector<py::object>& outputs, Node* node) {
    s->saved = std::make_shared<SavedTensors>();
    s->saved->node = node;
    s->saved->slots.resize(to_save.size());
    s->saved->output_nr.assign(to_save.size(), -1);
    for (size_t i = 0; i < to_save.size(); ++i) {
        py::handle h = to_save[i];
        if (h.is_none()) continue;
        check<TypeError>(is_tensor(h.ptr()), "save_for_backward: tensors are required, got ", Py_TYPE(h.ptr())->tp_name,
                         ".");
        for (size_t k = 0; k < outputs.size(); ++k)
            if (outputs[k].ptr() == h.ptr()) s->saved->output_nr[i] = static_cast<int>(k);
        save_value(s->saved->slots[i], tensor_of(h.ptr()), s->saved->output_nr[i] >= 0);
    }
    if (!to_save.empty()) node->has_saved = true;
    py::handle(s->ctx).attr("_saved") = py::cast(s->saved);
    py::handle(s->ctx).attr("_to_save") = py::tuple();
}

// The result of forward as what the node has computed.
py::object record(const py::object& cls, const py::object& ctx, const py::object& result,
                  const std::vector<Tensor>& inputs, const std::vector<Taken>& taken) {
    bool single = !py::isinstance<py::tuple>(result) && !py::isinstance<py::list>(result);
    py::tuple outputs = single ? py::make_tuple(result) : py::tuple(result);
    py::tuple dirty = ctx.attr("_dirty"), fixed = ctx.attr("_non_differentiable"), to_save = ctx.attr("_to_save");
    bool materialize = ctx.attr("_materialize_grads").cast<bool>();
    const OpDef& op = op_for(cls);
    auto* state = new FunctionState{cls.inc_ref().ptr(), ctx.inc_ref().ptr(), nullptr, {}, materialize};
    Ref<NodeBase> node = make_node(op, taken, outputs.size(), state);
    std::vector<py::object> attached;
    for (size_t k = 0; k < outputs.size(); ++k) {
        py::object o = outputs[k];
        Tensor t = is_tensor(o.ptr()) ? tensor_of(o.ptr()) : Tensor();
        state->outputs.push_back(t ? std::pair{t.shape(), t.dtype()} : std::pair{Dims(), DType::Bool});
        if (t && is_floating(t.dtype()) && !contains(fixed, o.ptr()))
            o = attach(o, node, static_cast<uint32_t>(k), inputs, contains(dirty, o.ptr()));
        attached.push_back(o);
    }
    pack(state, to_save, attached, as_node(node));
    if (single) return attached[0];
    py::tuple out(attached.size());
    for (size_t k = 0; k < attached.size(); ++k) out[k] = attached[k];
    return out;
}

py::object apply_function(py::object cls, py::tuple args) {
    std::vector<Tensor> inputs(args.size());
    py::tuple needs(args.size());
    bool any = false;
    for (size_t i = 0; i < args.size(); ++i) {
        py::handle h = args[i];
        if (is_tensor(h.ptr())) inputs[i] = tensor_of(h.ptr());
        bool wanted = inputs[i] && inputs[i].requires_grad();
        needs[i] = py::bool_(wanted);
        any = any || wanted;
    }
    bool recording = any && grad_mode();
    py::object ctx = cls.attr("_new_ctx")();
    ctx.attr("needs_input_grad") = needs;
    std::vector<Taken> taken;
    if (recording) taken = take(inputs);
    py::object result;
    {
        GradMode off(false);
        struct Running {
            Running() { ++function_forwards(); }
            ~Running() { --function_forwards(); }
        } running;
        result = cls.attr("_call_forward")(ctx, args);
    }
    return recording ? record(cls, ctx, result, inputs, taken) : result;
}

}  // namespace

int& function_forwards() {
    static thread_local int running = 0;
    return running;
}

PyObject* function_context(Node* node) { return node->op->vjp == function_vjp ? state_of(node)->ctx : nullptr; }

int traverse_node(Node* node, visitproc visit, void* arg) {
    if (node->op->vjp == function_vjp) Py_VISIT(state_of(node)->ctx);
    if (!node->extras) return 0;
    if (node->extras->metadata) Py_VISIT(static_cast<py::object*>(node->extras->metadata.get())->ptr());
    for (auto& [id, callable] : node->extras->callables) Py_VISIT(static_cast<PyObject*>(callable));
    return 0;
}

void clear_node(Node* node) {
    if (node->op->vjp == function_vjp) Py_CLEAR(state_of(node)->ctx);
    remove_all_hooks(node);
    if (!node->extras) return;
    std::shared_ptr<void> taken;
    std::swap(taken, node->extras->metadata);
}

void bind_function(py::module_& m) {
    py::class_<SavedTensors, std::shared_ptr<SavedTensors>>(
        m, "SavedTensors", "Tensors that a Function keeps for its backward.", memory_checked())
        .def("unpack", &unpack, "The tensors; an error if one was changed in place or freed since.");
    m.def("apply_function", &apply_function, py::arg("cls"), py::arg("args"), "Runs a Function and records it.");
}

}  // namespace chainrule
