// Tapes, and the graph laid open for Python: what a node's attributes, inputs and outputs are, as far as they are known.

#include "bind/program.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <unordered_set>

#include "autograd/basic_ops.h"
#include "autograd/elementwise.h"
#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "bind/convert.h"
#include "program/tape.h"

namespace chainrule {
namespace {

class ToDict final : public AttrVisitor {
  public:
    py::dict dict;
    void number(const char* name, Scalar value) override {
        if (value.kind == Scalar::Bool) dict[name] = py::bool_(value.i != 0);
        else if (value.kind == Scalar::Int) dict[name] = py::int_(value.i);
        else dict[name] = py::float_(value.d);
    }
    void list(const char* name, const Dims& value) override {
        py::tuple t(static_cast<size_t>(value.n));
        for (int i = 0; i < value.n; ++i) t[static_cast<size_t>(i)] = value[i];
        dict[name] = t;
    }
    void dtype(const char* name, DType value) override {
        dict[name] = py::reinterpret_borrow<py::object>(dtype_object(value));
    }
};

py::dict attributes(const OpDef& op, const void* attrs) {
    ToDict out;
    if (op.describe && (attrs || op.attr_bytes == 0)) op.describe(attrs, out);
    return out.dict;
}

const Recorded* recorded(Node* node) { return node->extras ? node->extras->recorded.get() : nullptr; }

// A freed node has lost its edges; one that a recorder saw still knows them.
const Edge& edge_of(Node* node, uint32_t i) {
    const Recorded* r = recorded(node);
    return node->freed && r ? r->edges[i] : node->edges()[i];
}

// Without history, whoever changed it since; None where it is not kept, or no longer what it was.
py::object value_of(const Saved& slot) {
    if (!slot.tensor || !slot.tensor->storage || slot.tensor->storage->version != slot.version) return py::none();
    return py::cast(alias(Tensor(slot.tensor)));
}

py::list values_of(const std::vector<Saved>& slots) {
    py::list out;
    for (const Saved& s : slots) out.append(value_of(s));
    return out;
}

py::list saved_values(const NodeHandle& h, bool outputs) {
    Node* node = h.get();
    uint32_t first = outputs ? node->n_inputs : 0, n = outputs ? node->n_outputs : node->n_inputs;
    if (const Recorded* r = recorded(node)) {
        const std::vector<Saved>& seen = outputs ? r->outputs : r->inputs;
        if (seen.size() == n) return values_of(seen);
    }
    py::list out;
    for (uint32_t i = 0; i < n; ++i) out.append(value_of(node->saved()[first + i]));
    return out;
}

// (address, version) of each input without history that a recorder saw, as the caller had it; else None.
py::list given_memory(const NodeHandle& h) {
    py::list out;
    if (const Recorded* r = recorded(h.get())) {
        for (const Saved& s : r->given) {
            if (s.tensor) out.append(py::make_tuple(reinterpret_cast<size_t>(Tensor(s.tensor).data()), s.version));
            else out.append(py::none());
        }
    }
    return out;
}

// What the node itself keeps for its gradient rule, in the memory in which the rule will see it.
py::list kept_values(const NodeHandle& h) {
    py::list out;
    for (uint32_t i = 0; i < h.get()->n_saved(); ++i) {
        const Saved& s = h.get()->saved()[i];
        out.append(s.tensor && s.tensor->storage ? py::cast(alias(Tensor(s.tensor))) : py::none());
    }
    return out;
}

// (shape, dtype, strides) of each input that the node kept, with or without data.
py::list input_kinds(const NodeHandle& h) {
    py::list out;
    for (uint32_t i = 0; i < h.get()->n_inputs; ++i) {
        const Saved& s = h.get()->saved()[i];
        if (!s.tensor) {
            out.append(py::none());
            continue;
        }
        out.append(py::make_tuple(py::reinterpret_steal<py::object>(to_size(s.tensor->shape)),
                                  py::reinterpret_borrow<py::object>(dtype_object(s.tensor->dtype)),
                                  py::reinterpret_steal<py::object>(to_size(s.tensor->strides))));
    }
    return out;
}

// (address, bytes) of each memory that a node keeps alive: several nodes may keep the same one.
py::list saved_storages(const NodeHandle& h) {
    py::list out;
    Node* node = h.get();
    for (uint32_t i = 0; i < node->n_saved(); ++i) {
        const Saved& s = node->saved()[i];
        if (s.tensor && s.tensor->storage)
            out.append(py::make_tuple(reinterpret_cast<size_t>(s.tensor->storage->data), s.tensor->storage->bytes));
    }
    return out;
}

// The operation once more, on these inputs: for values that nobody kept.
py::list replay(const NodeHandle& h, const py::list& given) {
    Node* node = h.get();
    check<RuntimeError>(node->op->infer != nullptr, node->op->grad_name, ": cannot be run from the graph alone");
    check<ValueError>(given.size() == node->n_inputs, "replay: ", node->op->name, " takes ", node->n_inputs,
                      " inputs, got ", given.size());
    GradMode off(false);
    RecorderChange hidden(nullptr);
    std::vector<Tensor> inputs;
    for (uint32_t i = 0; i < node->n_inputs; ++i) {
        py::handle o = given[i];
        check<TypeError>(is_tensor(o.ptr()), "replay: tensors are required, got ", Py_TYPE(o.ptr())->tp_name);
        Tensor t = tensor_of(o.ptr());
        const Saved& s = node->saved()[i];
        // Geometries count in the strides of the original.
        if (s.tensor && s.tensor->shape == t.shape() && !(s.tensor->strides == t.strides())) {
            Tensor laid = empty_strided(s.tensor->shape, s.tensor->strides, t.dtype());
            copy_data(laid, t);
            t = laid;
        }
        inputs.push_back(t);
    }
    alignas(16) char attrs[kMaxAttrBytes];
    std::copy_n(static_cast<const char*>(node->attrs()), node->attr_bytes, attrs);
    Tensor outputs[kMaxOutputs];
    dispatch(*node->op, inputs.data(), static_cast<int>(inputs.size()), attrs, outputs, node->n_outputs);
    py::list out;
    for (uint32_t k = 0; k < node->n_outputs; ++k) out.append(outputs[k]);
    return out;
}

// The first `limit` nodes in the order of a backward walk, leaves left out, and how many there are in all.
py::tuple graph_nodes(const std::vector<Tensor>& roots, size_t limit) {
    auto earlier = [](const Ref<NodeBase>& a, const Ref<NodeBase>& b) { return as_node(a)->seq < as_node(b)->seq; };
    std::unordered_set<Node*> seen;
    std::vector<Ref<NodeBase>> heap;
    auto visit = [&](const Ref<NodeBase>& ref) {
        if (!ref || as_node(ref)->is_accumulator() || !seen.insert(as_node(ref)).second) return;
        heap.push_back(ref);
        std::push_heap(heap.begin(), heap.end(), earlier);
    };
    for (const Tensor& t : roots) visit(gradient_edge(t).node);
    py::list first;
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), earlier);
        Ref<NodeBase> ref = std::move(heap.back());
        heap.pop_back();
        Node* node = as_node(ref);
        if (first.size() < limit) first.append(node_object(ref));
        for (uint32_t i = 0; i < node->n_inputs; ++i) visit(edge_of(node, i).node);
    }
    return py::make_tuple(first, seen.size());
}

void walk(const std::vector<Tensor>& roots, const std::vector<Tensor>& grads, bool create_graph, uint64_t max_nodes) {
    BackwardOptions o;
    o.accumulate = false;
    o.observe = true;
    o.retain_graph = true;
    o.create_graph = create_graph;
    o.max_nodes = max_nodes;
    run_backward("backward", roots, grads, {}, o);
}

// The Python object of a tape: it may be made the thread's recorder, and is taken off again before it goes.
struct TapeObject {
    Tape tape;
    Recorder* before = nullptr;
    bool running = false;
    TapeObject(bool entries, bool values, bool nodes) : tape(entries, values, nodes) {}
    ~TapeObject() { stop(); }
    void start() {
        check<RuntimeError>(!running, "tape: it runs already");
        before = recorder();
        recorder() = &tape;
        running = true;
    }
    void stop() {
        if (!running) return;
        running = false;
        if (recorder() == &tape) recorder() = before;
    }
};

const char* kind_name(Tape::Kind k) {
    switch (k) {
        case Tape::Kind::Operation: return "operation";
        case Tape::Kind::Begin: return "begin";
        case Tape::Kind::Gradient: return "gradient";
        default: return "end";
    }
}

}  // namespace

void add_node_properties(py::class_<NodeHandle>& node) {
    node.def_property_readonly(
            "attributes", [](const NodeHandle& h) { return attributes(*h.get()->op, h.get()->attrs()); },
            "The operation's attributes by name.")
        .def_property_readonly("is_leaf", [](const NodeHandle& h) { return h.get()->is_accumulator(); })
        .def_property_readonly("freed", [](const NodeHandle& h) { return h.get()->freed; })
        .def_property_readonly("is_recorded", [](const NodeHandle& h) { return recorded(h.get()) != nullptr; })
        .def_property_readonly(
            "scope",
            [](const NodeHandle& h) {
                const Recorded* r = recorded(h.get());
                return r ? r->scope : std::string();
            },
            "The module that ran when it was recorded.")
        .def_property_readonly("n_outputs", [](const NodeHandle& h) { return static_cast<int>(h.get()->n_outputs); })
        .def_property_readonly(
            "inputs", [](const NodeHandle& h) { return saved_values(h, false); },
            "The inputs' values, None where the node has not kept one.")
        .def_property_readonly("outputs", [](const NodeHandle& h) { return saved_values(h, true); })
        .def_property_readonly("input_kinds", &input_kinds)
        .def_property_readonly("given_memory", &given_memory,
                               "(address, version) of recorded inputs without history, as the caller had them.")
        .def_property_readonly("kept", &kept_values, "What the gradient rule will see: inputs, then outputs.")
        .def_property_readonly(
            "saved_storages", &saved_storages,
            "(address, bytes) of each memory that it keeps; untyped_storage().data_ptr() is a tensor's.")
        .def_property_readonly("edges",
                               [](const NodeHandle& h) {
                                   py::list out;
                                   for (uint32_t i = 0; i < h.get()->n_inputs; ++i) {
                                       const Edge& e = edge_of(h.get(), i);
                                       out.append(py::make_tuple(node_object(e.node), e.nr));
                                   }
                                   return out;
                               })
        .def_property_readonly("grad_outputs",
                               [](const NodeHandle& h) {
                                   const Recorded* r = recorded(h.get());
                                   return r ? values_of(r->grad_outputs) : py::list();
                               })
        .def_property_readonly("grad_inputs",
                               [](const NodeHandle& h) {
                                   const Recorded* r = recorded(h.get());
                                   return r ? values_of(r->grad_inputs) : py::list();
                               })
        .def("replay", &replay, py::arg("inputs"), "The operation's outputs for these inputs, without history.");
}

void bind_program(py::module_& m) {
    py::class_<Tape::Entry>(m, "TapeEntry", "One event on a tape.", memory_checked())
        .def_property_readonly("kind", [](const Tape::Entry& e) { return kind_name(e.kind); })
        .def_property_readonly("op", [](const Tape::Entry& e) { return e.op->name; })
        .def_property_readonly("grad_name", [](const Tape::Entry& e) { return e.op->grad_name; })
        .def_property_readonly(
            "attributes",
            [](const Tape::Entry& e) { return attributes(*e.op, e.attrs.empty() ? nullptr : e.attrs.data()); })
        .def_property_readonly("inputs", [](const Tape::Entry& e) { return e.inputs; })
        .def_property_readonly("outputs", [](const Tape::Entry& e) { return e.outputs; })
        .def_property_readonly("node", [](const Tape::Entry& e) { return node_object(e.node); })
        .def_readonly("sequence_nr", &Tape::Entry::sequence)
        .def_readonly("input", &Tape::Entry::input)
        .def_readonly("start", &Tape::Entry::start)
        .def_readonly("end", &Tape::Entry::end)
        .def_readonly("scope", &Tape::Entry::scope);
    py::class_<TapeObject>(m, "Tape", "Records the thread's operations and backward walks.", memory_checked())
        .def(
            "__init__",
            [](py::detail::value_and_holder& place, bool entries, bool values, bool nodes) {
                construct(place, std::make_unique<TapeObject>(entries, values, nodes));
            },
            py::detail::is_new_style_constructor(), py::kw_only(), py::arg("entries") = true, py::arg("values") = true,
            py::arg("nodes") = false)
        .def("start", &TapeObject::start)
        .def("stop", &TapeObject::stop)
        .def("clear", [](TapeObject& t) { t.tape.entries.clear(); })
        .def("__len__", [](const TapeObject& t) { return t.tape.entries.size(); })
        .def_property_readonly("entries", [](const TapeObject& t) { return t.tape.entries; })
        .def_property(
            "scope", [](const TapeObject& t) { return t.tape.scope; },
            [](TapeObject& t, std::string scope) { t.tape.scope = std::move(scope); });
    m.def("graph_nodes", &graph_nodes, py::arg("roots"), py::arg("limit"),
          "The first nodes of the graph in the order of a backward walk, and how many there are.");
    m.def("observed_walk", &walk, py::arg("roots"), py::arg("grads"), py::arg("create_graph") = false,
          py::arg("max_nodes") = ~uint64_t{0}, "A backward walk that changes no gradient, for a tape to see.");
    m.def(
        "tensor_identity",
        [](const Tensor& t) {
            return py::make_tuple(reinterpret_cast<size_t>(t.get()), reinterpret_cast<size_t>(t.data()));
        },
        py::arg("tensor"), "Addresses of the tensor and of its first element.");
}

}  // namespace chainrule
