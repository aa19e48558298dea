// The backward walk: a heap of nodes that have received a gradient, ordered by sequence number.
//
// Note [Order]: a consumer is created after its producers, so numbers fall along every path. When a node is the largest in the heap,
// everything that could still send it a gradient is done: its gradient is complete. One pass, no recursion, no counting.
// Accumulators have number 0 and are kept apart until the end: leaves change only if the whole walk succeeded.
// For walks in several threads see Note [Threads] in node.h.

#include "autograd/engine.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "autograd/basic_ops.h"
#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "autograd/narrow.h"
#include "autograd/recorder.h"
#include "autograd/sparse_gradient.h"
#include "core/unlock.h"

namespace chainrule {

void (*interrupt_check)() = nullptr;
void (*walk_ends)(std::shared_ptr<void>&) = nullptr;
bool anomaly_mode = false, anomaly_checks_values = true;
std::string (*source_line)() = nullptr;

namespace {

// Other threads may be walking to the same leaves.
#ifdef CHAINRULE_ATOMIC_REFCOUNT
constexpr bool kSharedLeaves = true;
#else
constexpr bool kSharedLeaves = false;
#endif

bool shared(const Node* node) { return kSharedLeaves && node->is_accumulator(); }

// Walks that have marked nodes and are not yet over, of the threads that may share a graph with this one.
#ifdef CHAINRULE_ATOMIC_REFCOUNT
thread_local int marking_walks = 0;
#else
int marking_walks = 0;
#endif

uint64_t next_mark() {
    static std::atomic<uint64_t> n{0};
    return n.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

// One walk. Gradients on their way lie in the nodes' own slots; a node that another active walk holds (a backward inside a
// backward over the same graph, or another thread's), or that is shared with other threads, gets slots of this walk. So do
// marks: only a walk that begins when no other is marking writes them on the nodes.
class Pass {
  public:
    explicit Pass(const BackwardOptions& options) : options_(options) {}
    ~Pass() {
        for (auto& ref : heap_) release(as_node(ref));
        for (auto& ref : leaves_) release(as_node(ref));
        if (pruned_) --marking_walks;
    }

    void receive(const Edge& edge, Tensor grad);
    void prune(const std::vector<Tensor>& roots, const std::vector<Edge>& targets);
    void walk(std::vector<Tensor>* captured, const std::vector<Edge>& targets);
    bool needs(const Edge& e) const { return e.node && (!pruned_ || mark_of(as_node(e.node)) == mark_ + 1); }
    bool holds(Node* node) const { return node->pass == this || (!side_.empty() && side_.count(node)); }
    Ref<TensorImpl>* slots(Node* node) { return node->pass == this ? node->grads() : side_.at(node).data(); }
    bool create_graph() const { return options_.create_graph; }
    bool takes_sparse() const { return options_.sparse; }
    // From a node's rule: the gradient of its input i.
    void deliver(Node* node, int i, Tensor grad);
    bool collects() const { return collected_ != nullptr; }
    // A saved value as the node's rule takes it.
    Tensor for_rule(Tensor t) const { return narrow_ != DType::Bool && t ? cast(t, wide(t.dtype())) : t; }
    void add_to(const Tensor& tensor, const Tensor& grad);
    static bool keeps_gradients() { return recorder() && recorder()->keeps_gradients(); }
    bool pruned() const { return pruned_; }
    std::vector<bool> will_meet(const std::vector<Edge>& edges) const;

    std::shared_ptr<void> store;                      // see walk_store
    std::vector<std::pair<Tensor, Tensor>> unpacked;  // of the node whose rule runs: (stub, value)
    Node* running = nullptr;                          // its hooks, then its rule

  private:
    uint64_t mark_of(Node* node) const {
        if (!own_marks_ && !shared(node)) return node->mark;
        auto found = marks_.find(node);
        return found == marks_.end() ? 0 : found->second;
    }
    void mark(Node* node, uint64_t value) { (own_marks_ || shared(node) ? marks_[node] : node->mark) = value; }
    void claim(const Ref<NodeBase>& ref);
    void release(Node* node);
    void run_hooks(Node* node);
    void capture(Node* node, std::vector<Tensor>& captured, const std::vector<Edge>& targets);
    void run_node(Node* node);
    void run_rule(Node* node);
    void run_vjp(Node* node, VjpCtx& ctx);
    void check_anomaly(Node* node);
    void accumulate(Node* leaf);

    BackwardOptions options_;
    std::vector<Ref<NodeBase>> heap_;
    std::vector<Ref<NodeBase>> leaves_;
    std::unordered_map<Node*, std::vector<Ref<TensorImpl>>> side_;
    std::unordered_map<Node*, uint64_t> marks_;  // those that do not lie on the nodes
    // A hooked node's input gradients, held back until its hooks have seen them.
    std::vector<Tensor>* collected_ = nullptr;
    DType narrow_ = DType::Bool;  // of the node whose rule runs on wide tensors instead
    bool pruned_ = false, own_marks_ = false;
    uint64_t mark_ = 0;
};

namespace {

bool later(const Ref<NodeBase>& a, const Ref<NodeBase>& b) { return as_node(a)->seq < as_node(b)->seq; }

// The walk that runs in this thread, for VjpCtx.
constinit thread_local Pass* current_pass __attribute__((tls_model("initial-exec"))) = nullptr;

struct CurrentPass {
    Pass* before;
    explicit CurrentPass(Pass* p) : before(current_pass) { current_pass = p; }
    ~CurrentPass() { current_pass = before; }
};

}  // namespace

void Pass::claim(const Ref<NodeBase>& ref) {
    Node* node = as_node(ref);
    if (holds(node)) return;
    if (node->pass || shared(node)) side_.emplace(node, std::vector<Ref<TensorImpl>>(node->n_outputs));
    else node->pass = this;
    if (node->is_accumulator()) {
        leaves_.push_back(ref);
        return;
    }
    heap_.push_back(ref);
    std::push_heap(heap_.begin(), heap_.end(), later);
}

void Pass::release(Node* node) {
    if (node->pass != this) {
        side_.erase(node);
        return;
    }
    for (uint32_t k = 0; k < node->n_outputs; ++k) node->grads()[k].reset();
    node->pass = nullptr;
}

void Pass::receive(const Edge& edge, Tensor grad) {
    claim(edge.node);
    Ref<TensorImpl>& slot = slots(as_node(edge.node))[edge.nr];
    if (!slot) {
        slot = std::move(grad).ref();
        return;
    }
    Tensor sum(slot);
    slot.reset();
    if (entries_of(sum) || entries_of(grad)) {
        slot = sparse_rules->sum(sum, grad).ref();
        return;
    }
    // An expanded gradient (of a sum) holds elements once for many places.
    bool ours = !options_.create_graph && !keeps_gradients() && exclusively_owned(sum) && !has_internal_overlap(sum) &&
                sum.dtype() == grad.dtype();
    if (ours) add_data(sum, grad);
    else sum = run(add_op, sum, grad);
    slot = sum.ref();
}

// Marks the nodes on a path from a root to a target, so that the walk computes nothing else.
void Pass::prune(const std::vector<Tensor>& roots, const std::vector<Edge>& targets) {
    pruned_ = true;
    own_marks_ = marking_walks++ > 0;
    mark_ = next_mark() << 1;  // visited; + 1: needed
    std::vector<Node*> stack, order;
    auto visit = [&](const Ref<NodeBase>& ref) {
        Node* n = as_node(ref);
        if (!n || mark_of(n) == mark_) return;
        mark(n, mark_);
        stack.push_back(n);
        order.push_back(n);
    };
    for (const Tensor& r : roots) visit(gradient_edge(r).node);
    while (!stack.empty()) {
        Node* n = stack.back();
        stack.pop_back();
        for (uint32_t i = 0; i < n->n_inputs; ++i) visit(n->edges()[i].node);
    }
    // A node freed by an earlier walk has lost its edges: it is taken for needed, so that the walk says so.
    for (Node* n : order)
        if (n->freed) mark(n, mark_ + 1);
    for (const Edge& t : targets)
        if (t.node && mark_of(as_node(t.node)) == mark_) mark(as_node(t.node), mark_ + 1);
    std::sort(order.begin(), order.end(), [](Node* a, Node* b) { return a->seq < b->seq; });
    for (Node* n : order)
        for (uint32_t i = 0; i < n->n_inputs && mark_of(n) == mark_; ++i)
            if (n->edges()[i].node && mark_of(as_node(n->edges()[i].node)) == mark_ + 1) mark(n, mark_ + 1);
}

void Pass::run_hooks(Node* node) {
    std::vector<NodeExtras::TensorHook> hooks;  // a copy: a hook may remove itself
    {
        LeafLock lock(node);
        if (!node->extras) return;
        hooks = node->extras->hooks;
    }
    Ref<TensorImpl>* grads = slots(node);
    for (auto& h : hooks) {
        if (!grads[h.output_nr]) continue;
        Tensor old(grads[h.output_nr]);
        Tensor replaced = h.call(old);
        if (!replaced) continue;
        check<ValueError>(replaced.shape() == old.shape(), "register_hook: the hook returned a gradient of shape ",
                          replaced.shape(), " for one of shape ", old.shape());
        slots(node)[h.output_nr] = replaced.ref();
    }
    if (options_.observe) return;
    KeepLock keep;  // as in add_to
    for (auto& r : node->extras->retained) {
        Tensor g(slots(node)[r.output_nr]);
        if (!g) continue;
        Tensor held(r.tensor->grad);
        r.tensor->grad = (held ? run(add_op, held, g) : create_graph() ? g : clone(g)).ref();
    }
}

void Pass::capture(Node* node, std::vector<Tensor>& captured, const std::vector<Edge>& targets) {
    for (size_t i = 0; i < targets.size(); ++i)
        if (targets[i].node.get() == node) captured[i] = Tensor(slots(node)[targets[i].nr]);
}

std::vector<bool> Pass::will_meet(const std::vector<Edge>& edges) const {
    std::vector<bool> found(edges.size());
    if (pruned_) {
        for (size_t i = 0; i < edges.size(); ++i) found[i] = needs(edges[i]);
        return found;
    }
    std::unordered_set<Node*> seen;
    std::vector<Node*> stack;
    auto visit = [&](Node* node) {
        if (node && seen.insert(node).second) stack.push_back(node);
    };
    if (running) visit(running);
    for (auto& ref : heap_) visit(as_node(ref));
    for (auto& ref : leaves_) visit(as_node(ref));
    while (!stack.empty()) {
        Node* node = stack.back();
        stack.pop_back();
        for (uint32_t i = 0; i < node->n_inputs; ++i) visit(as_node(node->edges()[i].node));
    }
    for (size_t i = 0; i < edges.size(); ++i) found[i] = seen.count(as_node(edges[i].node)) > 0;
    return found;
}

void Pass::check_anomaly(Node* node) {
    for (uint32_t i = 0; i < node->n_inputs; ++i) {
        const Edge& e = node->edges()[i];
        if (!needs(e) || !holds(as_node(e.node))) continue;
        Tensor g(slots(as_node(e.node))[e.nr]);
        if (g && entries_of(g)) g = Tensor(current_entries(g).values);
        if (!g || !is_floating(g.dtype())) continue;
        if (is_narrow(g.dtype())) g = widened_data(g);
        Tensor finite = empty({}, DType::Bool), each = empty(g.shape(), DType::Bool);
        apply_loop(
            kernels::kernels().predicate[static_cast<int>(kernels::Predicate::IsFinite)][static_cast<int>(g.dtype())],
            each, &g, 1, nullptr);
        for (int64_t k = 0; k < each.numel(); ++k)
            if (!each.data<bool>()[k])
                fail<RuntimeError>(
                    node->op->grad_name, ": the gradient of input ", i, " (shape ", g.shape(),
                    ") is not finite. The operation was recorded at ",
                    node->extras && !node->extras->where.empty() ? node->extras->where : "an unknown place",
                    ". If a where() hides the cause, guard the function's argument as well.");
    }
}

void Pass::run_node(Node* node) {
    if (node->freed)
        fail<RuntimeError>("backward: the saved values of ", node->op->grad_name,
                           " were freed by an earlier backward(). Pass retain_graph=True to the first one; if a state "
                           "is carried between "
                           "steps, detach it; if losses share a graph, sum them and call backward() once.");
    run_rule(node);
    unpacked.clear();
    if (recorder()) recorder()->node_ends(node);
    if (anomaly_mode && anomaly_checks_values) check_anomaly(node);
    if (!options_.retain_graph && node->has_saved) {
        node->freed = true;
        node->release_saved();
    }
}

// Narrow tensors (autograd/narrow.h): a rule that rounds more than once runs on wide ones, what it gives is rounded in deliver().
void Pass::run_vjp(Node* node, VjpCtx& ctx) {
    Ref<TensorImpl>& slot = slots(node)[0];
    const bool widens =
        slot && is_narrow(slot->dtype) && is_loop(*node->op) && (create_graph() || !one_step_rule(*node->op));
    const bool read_narrow = node->op->reads_narrow && node->saved()[0].tensor && is_narrow(ctx.input_dtype(0));
    if (!widens && !read_narrow) return node->op->vjp(ctx);
    struct Rounding {
        DType& narrow;
        ~Rounding() { narrow = DType::Bool; }
    } rounding{narrow_};
    if (read_narrow) {
        narrow_ = ctx.input_dtype(0);
        return node->op->vjp(ctx);
    }
    narrow_ = slot->dtype;
    slot = cast(Tensor(slot), wide(narrow_)).ref();
    node->op->vjp(ctx);
}

// The gradient rule, between the node's own hooks where it has any.
void Pass::run_rule(Node* node) {
    VjpCtx ctx(node, this, options_.create_graph);
    if (!node->extras || (node->extras->before.empty() && node->extras->after.empty())) {
        run_vjp(node, ctx);
        return;
    }
    auto before = node->extras->before;  // copies: a hook may remove itself
    auto after = node->extras->after;
    NodeExtras::Tensors grad_outputs(node->n_outputs), grad_inputs(node->n_inputs);
    for (uint32_t k = 0; k < node->n_outputs; ++k) grad_outputs[k] = Tensor(slots(node)[k]);
    for (auto& h : before) h.second(grad_outputs);
    for (uint32_t k = 0; k < node->n_outputs; ++k) slots(node)[k] = grad_outputs[k].ref();
    struct Collecting {
        Pass* pass;
        Collecting(Pass* p, std::vector<Tensor>* into) : pass(p) { p->collected_ = into; }
        ~Collecting() { pass->collected_ = nullptr; }
    };
    {
        Collecting collecting(this, &grad_inputs);
        run_vjp(node, ctx);
    }
    for (auto& h : after) h.second(grad_inputs, grad_outputs);
    for (uint32_t i = 0; i < node->n_inputs; ++i)
        if (grad_inputs[i] && needs(node->edges()[i])) receive(node->edges()[i], std::move(grad_inputs[i]));
}

void Pass::deliver(Node* node, int i, Tensor grad) {
    if (narrow_ != DType::Bool) grad = cast(grad, narrow_);
    if (!collected_) return receive(node->edges()[i], std::move(grad));
    Tensor& held = (*collected_)[static_cast<size_t>(i)];
    if (!held) held = std::move(grad);
    else held = entries_of(held) || entries_of(grad) ? sparse_rules->sum(held, grad) : run(add_op, held, grad);
}

void Pass::accumulate(Node* leaf) {
    Tensor grad(slots(leaf)[0]);
    slots(leaf)[0].reset();
    if (!leaf->owner || !grad) return;
    Tensor owner(leaf->owner);
    if (!owner->requires_grad) return;  // frozen since the forward pass
    decltype(NodeExtras::post_accumulate) hooks;
    decltype(NodeExtras::before) before;
    decltype(NodeExtras::after) after;
    {
        LeafLock lock(leaf);
        if (leaf->extras) {
            hooks = leaf->extras->post_accumulate;
            before = leaf->extras->before;
            after = leaf->extras->after;
        }
        if (before.empty()) add_to(owner, grad);
    }
    if (!before.empty()) {
        NodeExtras::Tensors grads{std::move(grad)};
        for (auto& h : before) h.second(grads);
        grad = std::move(grads[0]);
        if (!grad) return;
        LeafLock lock(leaf);
        add_to(owner, grad);
    }
    for (auto& h : hooks) h.second(owner);
    NodeExtras::Tensors none;
    for (auto& h : after) h.second(none, {grad});
}

void Pass::add_to(const Tensor& leaf, const Tensor& grad) {
    KeepLock keep;  // another thread may add to the same leaf: neither part may be lost
    Tensor held(leaf->grad);
    if (entries_of(grad) || (held && entries_of(held))) {
        leaf->grad = sparse_rules->accumulated(held, grad, options_.create_graph).ref();
    } else if (!held) {
        bool ours = exclusively_owned(grad) && grad.is_contiguous();
        leaf->grad = (options_.create_graph || ours ? grad : clone(grad)).ref();
    } else if (options_.create_graph || held->storage->read_only || has_internal_overlap(held)) {
        leaf->grad = run(add_op, held, grad).ref();
    } else {
        add_data(held, grad);
        bump_version(held);
    }
}

void Pass::walk(std::vector<Tensor>* captured, const std::vector<Edge>& targets) {
    CurrentPass current(this);
    GradMode mode(options_.create_graph);
    constexpr int64_t kBetweenChecks = 64;  // small nodes; a large one counts as several: Ctrl-C is answered soon
    int64_t since_check = 0;
    uint64_t count = 0;
    while (!heap_.empty() && count < options_.max_nodes) {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        Ref<NodeBase> ref = std::move(heap_.back());
        heap_.pop_back();
        Node* node = as_node(ref);
        struct Done {
            Pass* pass;
            Node* node;
            ~Done() { pass->release(node); }
        } done{this, node};
        running = node;
        if (node->extras) run_hooks(node);
        if (captured) capture(node, *captured, targets);
        if (recorder()) recorder()->node_begins(node, slots(node));
        const Ref<TensorImpl>& gradient = slots(node)[0];
        since_check += 1 + (gradient ? gradient->numel >> 12 : 0);
        bool any = !pruned_ || node->freed;
        for (uint32_t i = 0; !any && i < node->n_inputs; ++i) any = needs(node->edges()[i]);
        if (any) run_node(node);
        ++count;
        if (since_check >= kBetweenChecks && interrupt_check) {
            since_check = 0;
            interrupt_check();
        }
    }
    running = nullptr;
    for (auto& ref : leaves_) run_hooks(as_node(ref));
    for (auto& ref : leaves_)
        if (recorder()) recorder()->node_begins(as_node(ref), slots(as_node(ref)));
    for (auto& ref : leaves_) {
        if (captured) capture(as_node(ref), *captured, targets);
        if (options_.accumulate) accumulate(as_node(ref));
    }
    if (store && walk_ends) walk_ends(store);
}

namespace {

Tensor initial_gradient(const char* name, const Tensor& root, const Tensor& given) {
    check<RuntimeError>(root.requires_grad(), name, ": the tensor (shape ", root.shape(), ", ", root.dtype(),
                        ") does not require a gradient and has no graph: ",
                        !is_floating(root.dtype())
                            ? "it is not floating."
                            : "it was made under no_grad(), detached, or from data alone. Set requires_grad on the "
                              "parameters before the forward pass.");
    check<ValueError>(
        root->numel >= 0, name,
        ": an edge made of a node and a number does not know its shape. Make it with get_gradient_edge().");
    if (given) {
        check<ValueError>(given.shape() == root.shape(), name, ": the gradient must have the tensor's shape ",
                          root.shape(), ", got ", given.shape());
        return cast(given, root.dtype());
    }
    check<RuntimeError>(root.numel() == 1, name,
                        ": a gradient can be made implicitly for a single value only, got shape ", root.shape(),
                        ". Reduce it, e.g. with .sum(), or pass gradient=.");
    Tensor one = empty(root.shape(), root.dtype());
    copy_data(one, scalar_tensor(1, root.dtype()));
    return one;
}

}  // namespace

std::vector<Tensor> run_backward(const char* name, const std::vector<Tensor>& roots,
                                 const std::vector<Tensor>& root_grads, const std::vector<Tensor>& inputs,
                                 const BackwardOptions& options) {
    std::vector<Tensor> grads(roots.size());
    for (size_t i = 0; i < roots.size(); ++i) {
        GradMode mode(options.create_graph);
        grads[i] = initial_gradient(name, roots[i], i < root_grads.size() ? root_grads[i] : Tensor());
    }
    std::vector<Edge> targets;
    for (const Tensor& x : inputs) {
        check<RuntimeError>(x.requires_grad(), name, ": one of the inputs (shape ", x.shape(),
                            ") does not require a gradient");
        targets.push_back(gradient_edge(x));
    }
    std::vector<Tensor> captured(inputs.size());
    Pass pass(options);
    if (!inputs.empty()) pass.prune(roots, targets);
    for (size_t i = 0; i < roots.size(); ++i) {
        Edge e = gradient_edge(roots[i]);
        if (pass.needs(e)) pass.receive(e, std::move(grads[i]));
    }
    pass.walk(inputs.empty() ? nullptr : &captured, targets);
    // Leaves have their gradients now; values inside the graph, named as inputs, get theirs. An edge has no place for one.
    for (size_t i = 0; options.accumulate && i < inputs.size(); ++i)
        if (captured[i] && inputs[i]->storage && !inputs[i].is_leaf() && !inputs[i]->retains_grad)
            pass.add_to(inputs[i], captured[i]);
    return captured;
}

std::shared_ptr<void>* walk_store() { return current_pass ? &current_pass->store : nullptr; }

bool walk_has_targets() { return current_pass && current_pass->pruned(); }

std::vector<bool> walk_will_meet(const std::vector<Edge>& edges) {
    return current_pass ? current_pass->will_meet(edges) : std::vector<bool>(edges.size());
}

Tensor unpacked_before(const Node* node, const Tensor& stub) {
    if (!current_pass || current_pass->running != node) return Tensor();
    for (auto& [known, value] : current_pass->unpacked)
        if (known.is_same(stub)) return value;
    return Tensor();
}

void remember_unpacked(const Node* node, const Tensor& stub, const Tensor& value) {
    if (current_pass && current_pass->running == node) current_pass->unpacked.emplace_back(stub, value);
}

// ---- what a gradient rule sees ----

namespace {
const Tensor& as_tensor(const Ref<TensorImpl>& ref) {
    static_assert(sizeof(Tensor) == sizeof(Ref<TensorImpl>));
    return reinterpret_cast<const Tensor&>(ref);
}
}  // namespace

bool VjpCtx::wants(int i) const { return pass_->needs(node_->edges()[i]); }

bool takes_sparse(const VjpCtx& c, int i) {
    const Node* target = as_node(c.node()->edges()[i].node);
    return target && target->is_accumulator() && current_pass->takes_sparse() && !recorder();
}

bool VjpCtx::has_grad(int k) const { return static_cast<bool>(pass_->slots(node_)[k]); }

const Tensor& VjpCtx::grad(int k) const { return as_tensor(pass_->slots(node_)[k]); }

Tensor VjpCtx::input(int i) const {
    return pass_->for_rule(unpack_saved(node_, node_->saved()[i], "input", create_graph_));
}

Tensor VjpCtx::output(int j) const {
    Tensor t = unpack_saved(node_, node_->saved()[node_->n_inputs + static_cast<uint32_t>(j)], "output");
    if (!create_graph_) return pass_->for_rule(t);
    Tensor linked = alias(t);
    linked->node = Ref<NodeBase>(node_);
    linked->output_nr = static_cast<uint32_t>(j);
    return pass_->for_rule(linked);
}

const Dims& VjpCtx::input_shape(int i) const { return node_->saved()[i].tensor->shape; }

const Dims& VjpCtx::input_strides(int i) const { return node_->saved()[i].tensor->strides; }

DType VjpCtx::input_dtype(int i) const { return node_->saved()[i].tensor->dtype; }

int VjpCtx::n_inputs() const { return static_cast<int>(node_->n_inputs); }

const void* VjpCtx::attr_data() const { return node_->attrs(); }

const OpDef& VjpCtx::op() const { return *node_->op; }

void VjpCtx::set(int i, Tensor grad) {
    if (!grad || !wants(i)) return;
    if (Recorder* r = recorder()) r->gradient(node_, i, grad);
    pass_->deliver(node_, i, std::move(grad));
}

void VjpCtx::add_into(int i, const Dims& shape, const Dims& strides, int64_t offset, const Tensor& grad) {
    if (!wants(i)) return;
    Tensor buffer = owned_buffer(i);
    if (!buffer) {
        Tensor fresh = zeros(input_shape(i), grad.dtype());
        add_data(alias(fresh, shape, strides, offset), grad);
        if (Recorder* r = recorder()) r->gradient(node_, i, fresh);
        pass_->deliver(node_, i, std::move(fresh));
        return;
    }
    add_data(alias(buffer, shape, strides, offset), grad);
}

Tensor VjpCtx::owned_buffer(int i) const {
    const Edge& edge = node_->edges()[i];
    Node* target = as_node(edge.node);
    if (!target || !pass_->holds(target) || pass_->collects() || Pass::keeps_gradients()) return Tensor();
    const Tensor& held = as_tensor(pass_->slots(target)[edge.nr]);
    if (!held || entries_of(held) || !exclusively_owned(held) || !held.is_contiguous()) return Tensor();
    return held;
}

}  // namespace chainrule
