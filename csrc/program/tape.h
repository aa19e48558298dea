// Tape: what a thread's operations and backward walks did, in order.
#pragma once

#include <string>
#include <vector>

#include "autograd/recorder.h"

namespace chainrule {

class Tape final : public Recorder {
  public:
    enum class Kind : uint8_t { Operation, Begin, Gradient, End };

    struct Entry {
        Kind kind;
        const OpDef* op = nullptr;
        std::vector<char> attrs;
        std::vector<Tensor> inputs, outputs;  // Begin: outputs are the gradients; Gradient: outputs[0]
        Ref<NodeBase> node;
        uint64_t sequence = 0;  // of the node, 0 without one
        int input = 0;          // Gradient: of which
        int64_t start = 0, end = 0;
        std::string scope;
    };

    // values: entries hold tensors and attributes, else names and times alone. nodes: each node that is made, and the walk
    // over it, leave what they saw on the node itself (Recorded), for as long as it lives.
    Tape(bool entries, bool values, bool nodes) : entries_wanted_(entries), values_(values), nodes_(nodes) {}

    void ran(const Operation& operation) override;
    void node_begins(Node* node, const Ref<TensorImpl>* grads) override;
    void gradient(Node* node, int input, const Tensor& grad) override;
    void node_ends(Node* node) override;
    bool keeps_gradients() const override { return values_ || nodes_; }

    std::vector<Entry> entries;
    std::string scope;  // the module that runs, written into each entry

  private:
    Entry& add(Kind kind, const OpDef* op, Node* node);
    bool entries_wanted_, values_, nodes_;
    std::vector<int64_t> starts_;  // of nodes that have begun: a walk may run inside another
};

}  // namespace chainrule
