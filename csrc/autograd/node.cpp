#include "autograd/node.h"

#include <chrono>
#include <cstring>
#include <mutex>
#include <new>

#include "autograd/basic_ops.h"
#include "autograd/elementwise.h"
#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/recorder.h"
#include "autograd/saved_hooks.h"
#include "core/allocator.h"

namespace chainrule {

#ifdef __SANITIZE_ADDRESS__
[[gnu::no_sanitize("undefined")]] bool& grad_mode() {
    static thread_local bool enabled = true;
    return enabled;
}
[[gnu::no_sanitize("undefined")]] Recorder*& recorder() {
    static thread_local Recorder* current = nullptr;
    return current;
}
[[gnu::no_sanitize("undefined")]] Packer*& packer() {
    static thread_local Packer* current = nullptr;
    return current;
}
#else
constinit thread_local bool grad_mode_flag = true;
constinit thread_local Recorder* recorder_pointer = nullptr;
constinit thread_local Packer* packer_pointer = nullptr;
#endif

int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

namespace {

// Every node gets the next number, so a consumer's is above its producers'. Accumulators have 0: they come last.
constinit thread_local Node* doomed __attribute__((tls_model("initial-exec"))) = nullptr;
constinit thread_local bool draining __attribute__((tls_model("initial-exec"))) = false;
Counter g_live_nodes{0};
Counter g_next_seq{1};

constexpr size_t align16(size_t n) { return (n + 15) & ~size_t{15}; }

size_t attr_offset(uint32_t n_inputs, uint32_t n_outputs) {
    return align16(sizeof(Node) + n_inputs * sizeof(Edge) + (n_inputs + n_outputs) * sizeof(Saved) +
                   n_outputs * sizeof(Ref<TensorImpl>));
}

void free_node(Node* node) {
    size_t bytes = attr_offset(node->n_inputs, node->n_outputs) + node->attr_bytes;
    node->release_saved();
    for (uint32_t k = 0; k < node->n_outputs; ++k) node->grads()[k].~Ref();
    if (node->op->destroy_attrs) node->op->destroy_attrs(node->attrs());
    node->~Node();
    deallocate(node, bytes);
    --g_live_nodes;
}

}  // namespace

int64_t live_nodes() { return g_live_nodes; }
uint64_t next_sequence() { return static_cast<uint64_t>(static_cast<int64_t>(g_next_seq)); }

Ref<NodeBase> Node::create(const OpDef& op, uint32_t n_inputs, uint32_t n_outputs, const void* attrs,
                           uint32_t attr_bytes) {
    void* memory = allocate(attr_offset(n_inputs, n_outputs) + attr_bytes);
    Node* node = new (memory) Node;
    node->op = &op;
    node->seq = static_cast<uint64_t>(g_next_seq++);
    node->n_inputs = n_inputs;
    node->n_outputs = n_outputs;
    node->attr_bytes = attr_bytes;
    for (uint32_t i = 0; i < n_inputs; ++i) new (&node->edges()[i]) Edge;
    for (uint32_t i = 0; i < node->n_saved(); ++i) new (&node->saved()[i]) Saved;
    for (uint32_t k = 0; k < n_outputs; ++k) new (&node->grads()[k]) Ref<TensorImpl>;
    if (attr_bytes) std::memcpy(node->attrs(), attrs, attr_bytes);
    if (anomaly_mode && source_line) node->extra().where = source_line();
    ++g_live_nodes;
    return Ref<NodeBase>(node);
}

void* Node::attrs() { return reinterpret_cast<char*>(this) + attr_offset(n_inputs, n_outputs); }

NodeExtras& Node::extra() {
    if (!extras) extras = std::make_unique<NodeExtras>();
    return *extras;
}

void Node::release_saved() {
    for (uint32_t i = 0; i < n_saved(); ++i) saved()[i].tensor.reset();
    for (uint32_t i = 0; i < n_inputs; ++i) edges()[i].node.reset();
    if (op->release_attrs) op->release_attrs(attrs());
}

// Note [Destruction]: a graph may be a chain of millions of nodes. A node whose count reaches zero while another is being freed
// is put on a list instead, so the depth of the call stack does not grow with the graph.
void NodeBase::destroy(NodeBase* base) {
    Node* node = static_cast<Node*>(base);
    node->pass = reinterpret_cast<Pass*>(doomed);
    doomed = node;
    if (draining) return;
    draining = true;
    while (doomed) {
        Node* next = doomed;
        doomed = reinterpret_cast<Node*>(next->pass);
        free_node(next);
    }
    draining = false;
}

void NodeBase::forget(NodeBase* base, TensorImpl* tensor) {
    Node* node = static_cast<Node*>(base);
    if (node->extras) std::erase_if(node->extras->retained, [tensor](const auto& r) { return r.tensor == tensor; });
}

static const OpDef accumulate_op = {.name = "accumulate_grad", .grad_name = "AccumulateGrad"};

Node* accumulator(const Tensor& leaf) {
    if (NodeBase* found = leaf->accumulator.load()) return static_cast<Node*>(found);
    Ref<NodeBase> fresh = Node::create(accumulate_op, 0, 1, nullptr, 0);
    as_node(fresh)->seq = 0;
    fresh->owner = leaf.get();
    return static_cast<Node*>(leaf->accumulator.publish(std::move(fresh)));
}

#ifdef CHAINRULE_ATOMIC_REFCOUNT
namespace {
std::mutex leaf_mutex;
}

LeafLock::LeafLock(const Node* node) : held_(node->is_accumulator()) {
    if (held_) leaf_mutex.lock();
}

LeafLock::~LeafLock() {
    if (held_) leaf_mutex.unlock();
}
#endif

Edge gradient_edge(const Tensor& t) {
    if (t.stale_view()) refresh_view(t);
    if (t->node) return {t->node, t->output_nr};
    if (NodeBase* found = t->accumulator.load()) return {Ref<NodeBase>(found), 0};
    if (!t->requires_grad) return {};
    return {Ref<NodeBase>(accumulator(t)), 0};
}

Node* grad_fn(const Tensor& t) {
    if (t.stale_view()) refresh_view(t);
    return as_node(t->node);
}

namespace {

// Note [Packed values]: what a packer keeps lies in a node of this operation, which a tensor of the value's shape, without memory,
// holds in the place of the value. The node's one edge is the value's place in the graph.
struct PackedAttrs {
    PackedValue* value;
};

const OpDef packed_op = {
    .name = "packed",
    .grad_name = "Packed",
    .attr_bytes = sizeof(PackedAttrs),
    .destroy_attrs = [](void* attrs) { delete static_cast<PackedAttrs*>(attrs)->value; },
};

Tensor pack(const Tensor& t, const Edge& edge) {
    std::unique_ptr<PackedValue> value;
    {
        GradMode off(false);
        uint32_t before = t.version();
        value = packer()->pack(alias(t));
        check<RuntimeError>(t.version() == before, "saved_tensors_hooks: the pack hook has changed the value of shape ",
                            t.shape(), " in place. Change a clone of it.");
    }
    PackedAttrs attrs{value.get()};
    Ref<NodeBase> holder = Node::create(packed_op, 1, 0, &attrs, sizeof(attrs));
    value.release();
    as_node(holder)->edges()[0] = edge;
    Tensor stub(TensorImpl::create());
    stub->dtype = t.dtype();
    set_geometry(stub.get(), t.shape(), t.strides());
    stub->node = holder;
    return stub;
}

bool is_packed(const Tensor& saved) { return !saved->storage && saved->node && as_node(saved->node)->op == &packed_op; }

Tensor unpack(const Node* node, const Tensor& stub) {
    Node* holder = as_node(stub->node);
    Tensor value = unpacked_before(node, stub);
    if (!value) {
        GradMode off(false);
        value = static_cast<PackedAttrs*>(holder->attrs())->value->unpack();
        remember_unpacked(node, stub, value);
    }
    check<ValueError>(value.dtype() == stub.dtype() && value.shape() == stub.shape(), node->op->grad_name,
                      ": the unpack hook must give back what was packed, a ", stub.dtype(), " tensor of shape ",
                      stub.shape(), ", got ", value.dtype(), " of shape ", value.shape());
    // Rules rely on the strides that they saw when the value was saved.
    if (!(value.strides() == stub.strides())) {
        Tensor same = empty_strided(stub.shape(), stub.strides(), stub.dtype());
        copy_data(same, value);
        value = same;
    }
    Tensor t = alias(value);
    const Edge& edge = holder->edges()[0];
    if (!edge.node) return t;
    if (as_node(edge.node)->is_accumulator()) {
        t->accumulator = edge.node;
        t->requires_grad = true;
    } else {
        t->node = edge.node;
        t->output_nr = edge.nr;
    }
    return t;
}

}  // namespace

void save_value(Saved& slot, const Tensor& t, bool is_output) {
    if (packer()) [[unlikely]] {
        slot.tensor = pack(t, !is_output && t.requires_grad() ? gradient_edge(t) : Edge()).ref();
        return;
    }
    Tensor kept = alias(t);
    if (!is_output && t.requires_grad()) {
        Edge e = gradient_edge(t);
        if (t->node) {
            kept->node = e.node;
            kept->output_nr = e.nr;
        } else {
            kept->accumulator = e.node;
            kept->requires_grad = true;
        }
    }
    slot.version = t.version();
    slot.tensor = kept.ref();
}

Tensor unpack_saved(const Node* node, const Saved& slot, const char* role, bool as_leaf) {
    if (!slot.tensor)
        fail<RuntimeError>(node->op->grad_name, ": the saved ", role,
                           " is gone. This is a bug in the operation's gradient rule.");
    Tensor t(slot.tensor);
    if (is_packed(t)) [[unlikely]]
        return unpack(node, t);
    if (t->storage && t.version() != slot.version)
        fail<RuntimeError>(node->op->grad_name, ": a ", t.dtype(), " tensor of shape ", t.shape(),
                           " that the gradient needs (saved ", role, ") has been modified in place: it is at version ",
                           t.version(), ", expected version ", slot.version,
                           ". Clone it before the in-place change, or use the out-of-place operation.");
    // A leaf comes back as itself while it lives and is still the same memory and shape.
    if (!as_leaf || !t->accumulator || !t->accumulator->owner) return t;
    Tensor leaf(t->accumulator->owner);
    return same_layout(leaf, t) ? leaf : t;
}

void retain_grad(const Tensor& t) {
    check<RuntimeError>(t.requires_grad(), "retain_grad: the tensor does not require a gradient");
    Node* node = grad_fn(t);
    if (!node || t->retains_grad) return;
    t->retains_grad = true;
    node->extra().retained.push_back({t->output_nr, t.get()});
}

namespace {
Counter g_next_hook{1};
}

int64_t next_hook_id() { return g_next_hook++; }

int64_t add_hook(const Tensor& t, NodeExtras::Hook hook) {
    Edge e = gradient_edge(t);
    check<RuntimeError>(static_cast<bool>(e.node), "register_hook: the tensor does not require a gradient");
    int64_t id = next_hook_id();
    LeafLock lock(as_node(e.node));
    as_node(e.node)->extra().hooks.push_back({e.nr, id, std::move(hook)});
    return id;
}

void remove_hook(Node* node, int64_t id) {
    LeafLock lock(node);
    if (!node->extras) return;
    auto is_meant = [id](const auto& h) { return h.first == id; };
    NodeExtras& x = *node->extras;
    std::erase_if(x.hooks, [id](const auto& h) { return h.id == id; });
    std::erase_if(x.post_accumulate, is_meant);
    std::erase_if(x.before, is_meant);
    std::erase_if(x.after, is_meant);
    std::erase_if(x.callables, is_meant);
}

void remove_all_hooks(Node* node) {
    if (!node->extras) return;
    NodeExtras taken;  // what the hooks held may reach this node while it goes
    NodeExtras& x = *node->extras;
    x.callables.clear();
    std::swap(taken.hooks, x.hooks);
    std::swap(taken.post_accumulate, x.post_accumulate);
    std::swap(taken.before, x.before);
    std::swap(taken.after, x.after);
}

}  // namespace chainrule
