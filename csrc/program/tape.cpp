#include "program/tape.h"

#include <cstring>

#include "autograd/elementwise.h"

namespace chainrule {
namespace {

constexpr int64_t kCopied = 1 << 12;  // up to so many elements survive a later change in place

// The value without its history. A large one is not copied: the version tells whether it has changed since.
Saved kept(const Tensor& t) {
    Saved slot;
    if (!t || !t->storage) return slot;
    if (t.numel() <= kCopied) {
        Tensor copy = empty(t.shape(), t.dtype());
        copy_data(copy, t);
        slot.tensor = copy.ref();
    } else {
        slot.tensor = alias(t).ref();
    }
    slot.version = Tensor(slot.tensor).version();
    return slot;
}

Recorded& recorded(Node* node) {
    NodeExtras& extra = node->extra();
    if (!extra.recorded) extra.recorded = std::make_unique<Recorded>();
    return *extra.recorded;
}

}  // namespace

Tape::Entry& Tape::add(Kind kind, const OpDef* op, Node* node) {
    Entry& e = entries.emplace_back();
    e.kind = kind;
    e.op = op;
    e.sequence = node ? node->seq : 0;
    e.scope = scope;
    if (values_ && node) e.node = Ref<NodeBase>(node);
    return e;
}

void Tape::ran(const Operation& o) {
    int64_t end = steady_ns();
    if (nodes_ && o.node) {
        Recorded& r = recorded(o.node);
        r.scope = scope;
        r.edges.assign(o.node->edges(), o.node->edges() + o.node->n_inputs);
        for (int i = 0; i < o.n_inputs; ++i) {
            const Tensor& t = o.inputs[i];
            r.inputs.push_back(kept(t));
            bool constant = t && t->storage && !r.edges[static_cast<size_t>(i)].node;
            r.given.push_back(constant ? Saved{alias(t).ref(), t.version()} : Saved());
        }
        for (int k = 0; k < o.n_outputs; ++k) r.outputs.push_back(kept(o.outputs[k]));
    }
    if (!entries_wanted_) return;
    Entry& e = add(Kind::Operation, &o.op, o.node);
    e.start = o.start;
    e.end = end;
    if (!values_) return;
    e.inputs.assign(o.inputs, o.inputs + o.n_inputs);
    e.outputs.assign(o.outputs, o.outputs + o.n_outputs);
    if (o.attrs && o.op.attr_bytes) {
        e.attrs.resize(o.op.attr_bytes);
        std::memcpy(e.attrs.data(), o.attrs, o.op.attr_bytes);
    }
}

void Tape::node_begins(Node* node, const Ref<TensorImpl>* grads) {
    if (nodes_ && node->extras && node->extras->recorded) {
        Recorded& r = *node->extras->recorded;
        r.grad_outputs.clear();
        r.grad_inputs.assign(node->n_inputs, Saved());
        for (uint32_t k = 0; k < node->n_outputs; ++k) r.grad_outputs.push_back(kept(Tensor(grads[k])));
    }
    if (!node->is_accumulator()) starts_.push_back(steady_ns());
    if (!entries_wanted_ || !values_) return;
    Entry& e = add(Kind::Begin, node->op, node);
    for (uint32_t k = 0; k < node->n_outputs; ++k) e.outputs.emplace_back(grads[k]);
}

void Tape::gradient(Node* node, int input, const Tensor& grad) {
    if (nodes_ && node->extras && node->extras->recorded)
        node->extras->recorded->grad_inputs.at(static_cast<size_t>(input)) = kept(grad);
    if (!entries_wanted_ || !values_) return;
    Entry& e = add(Kind::Gradient, node->op, node);
    e.input = input;
    e.outputs.push_back(grad);
}

void Tape::node_ends(Node* node) {
    int64_t start = starts_.empty() ? steady_ns() : starts_.back();  // empty: begun before the tape
    if (!starts_.empty()) starts_.pop_back();
    if (!entries_wanted_) return;
    Entry& e = add(Kind::End, node->op, node);
    e.start = start;
    e.end = steady_ns();
}

}  // namespace chainrule
