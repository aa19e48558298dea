// Node: one recorded operation. It stands apart from the tensors, so an edge keeps no data alive.
//
// Note [Ownership]: a tensor owns its node, a node owns its edges (towards the leaves) and its saved values. A saved value is
// an alias of the data with its own edge, never the user's tensor, so neither `x.grad` nor a retained gradient can close a
// cycle. An accumulator points back to its leaf without counting. Do not store a counted handle to a node's own output.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/op_def.h"

namespace chainrule {

struct Edge {
    Ref<NodeBase> node;  // null: no gradient wanted
    uint32_t nr = 0;
};

struct Saved {
    Ref<TensorImpl> tensor;  // null: not saved; no storage: shape only
    uint32_t version = 0;
};

// What a recorder saw of the node, as data without history: it outlives the saved values, which a walk frees.
struct Recorded {
    std::vector<Edge> edges;
    std::vector<Saved> inputs, outputs, grad_outputs, grad_inputs;
    std::vector<Saved> given;  // inputs without history themselves, where `inputs` has copies: which memory they are
    std::string scope;         // the module that ran
};

// Rare: kept out of the node, so that an operation without hooks does not pay.
struct NodeExtras {
    using Hook = std::function<Tensor(const Tensor&)>;  // returns a replacement or an undefined tensor
    struct TensorHook {
        uint32_t output_nr;
        int64_t id;
        Hook call;
    };
    struct Retained {
        uint32_t output_nr;
        TensorImpl* tensor;  // not counted; unregistered when the tensor goes
    };
    // Hooks of the node itself, before its rule and after it: they may replace what they are given.
    using Tensors = std::vector<Tensor>;
    using Before = std::function<void(Tensors& grad_outputs)>;
    using After = std::function<void(Tensors& grad_inputs, const Tensors& grad_outputs)>;
    std::vector<TensorHook> hooks;
    std::vector<Retained> retained;
    std::vector<std::pair<int64_t, std::function<void(const Tensor&)>>> post_accumulate;
    std::vector<std::pair<int64_t, Before>> before;
    std::vector<std::pair<int64_t, After>> after;
    std::shared_ptr<void> metadata;  // the host's: what its user keeps with the node
    // The host's objects that the hooks hold, not counted: for its garbage collector.
    std::vector<std::pair<int64_t, void*>> callables;
    std::unique_ptr<Recorded> recorded;
    std::string where;  // the user's source line, under detect_anomaly
};

class Pass;

struct Node : NodeBase {
    const OpDef* op;
    uint64_t seq;          // falls along every path from outputs to leaves
    Pass* pass = nullptr;  // the backward walk that holds gradients in `grads`
    uint64_t mark = 0;     // walk id and need, for pruned walks
    uint32_t n_inputs, n_outputs;
    bool freed = false;      // saved values are gone after a backward without retain_graph
    bool has_saved = false;  // some data is kept: a node without any survives a walk, as it costs nothing
    std::unique_ptr<NodeExtras> extras;
    uint32_t attr_bytes;

    // Behind the header lie: edges, saved (inputs, then outputs), gradients of the outputs, attributes.
    Edge* edges() { return reinterpret_cast<Edge*>(this + 1); }
    Saved* saved() { return reinterpret_cast<Saved*>(edges() + n_inputs); }
    uint32_t n_saved() const { return n_inputs + n_outputs; }
    Ref<TensorImpl>* grads() { return reinterpret_cast<Ref<TensorImpl>*>(saved() + n_saved()); }
    void* attrs();
    bool is_accumulator() const { return seq == 0; }
    NodeExtras& extra();

    static Ref<NodeBase> create(const OpDef& op, uint32_t n_inputs, uint32_t n_outputs, const void* attrs,
                                uint32_t attr_bytes);
    void release_saved();  // saved values and edges go; the node stays as "freed"
};

inline Node* as_node(const Ref<NodeBase>& n) { return static_cast<Node*>(n.get()); }

// Where a gradient for t goes: its node, or a leaf's accumulator (made on demand). Null where t needs none.
Edge gradient_edge(const Tensor& t);
// t.grad_fn, brought up to date for a view whose base has changed in place.
Node* grad_fn(const Tensor& t);
// The leaf's accumulator.
Node* accumulator(const Tensor& leaf);

// Note [Threads]: a program built with CHAINRULE_ATOMIC_REFCOUNT may walk separate graphs in several threads at once, also
// graphs that end in the same leaves (a shared model). Only accumulators are shared then, so only they are guarded: their
// creation (Ref::publish), hooks and the leaf's gradient (this lock), and a walk keeps its marks and gradients of them to itself.
// A leaf must outlive the walks of other threads. In the extension the GIL guards all this, kept while a leaf is added to (KeepLock).
class LeafLock {
  public:
#ifdef CHAINRULE_ATOMIC_REFCOUNT
    explicit LeafLock(const Node* node);  // holds nothing unless node is an accumulator
    ~LeafLock();

  private:
    bool held_;
#else
    explicit LeafLock(const Node*) {}
    ~LeafLock() {}
#endif
    LeafLock(const LeafLock&) = delete;
    LeafLock& operator=(const LeafLock&) = delete;
};

// Keeps a value for the gradient rule; an output is kept without its history.
void save_value(Saved& slot, const Tensor& t, bool is_output);
// Checks the version and gives the value back; `node` and nr are attached for a saved output when recording.
// A saved leaf comes back as itself where `as_leaf`, else as data with its place in the graph.
Tensor unpack_saved(const Node* node, const Saved& slot, const char* role, bool as_leaf = true);

// Hooks on a tensor's gradient. Returns an id for removal.
int64_t add_hook(const Tensor& t, NodeExtras::Hook hook);
int64_t next_hook_id();
void remove_hook(Node* node, int64_t id);
void remove_all_hooks(Node* node);
void retain_grad(const Tensor& t);

int64_t live_nodes();
uint64_t next_sequence();  // the number that the next node gets

}  // namespace chainrule
