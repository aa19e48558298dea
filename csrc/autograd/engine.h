// The backward walk.
#pragma once

#include <vector>

#include "autograd/node.h"

namespace chainrule {

struct BackwardOptions {
    bool retain_graph = false;
    bool create_graph = false;
    bool accumulate = true;  // into leaves' .grad; false: return the gradients of `inputs`
    bool allow_unused = false;
    bool sparse = true;                    // leaves take sparse gradients
    bool observe = false;                  // neither leaves nor retained gradients change: for a recorder alone
    uint64_t max_nodes = uint64_t{0} - 1;  // the walk stops after so many nodes
};

// Gradients of `roots` (with `root_grads`, undefined entries meaning one for a scalar). With accumulate, adds to the .grad of every
// leaf reached, or only of `inputs` where given, once the whole walk has succeeded; otherwise returns the gradients of `inputs`.
std::vector<Tensor> run_backward(const char* name, const std::vector<Tensor>& roots,
                                 const std::vector<Tensor>& root_grads, const std::vector<Tensor>& inputs,
                                 const BackwardOptions& options);

// Of the walk that runs in this thread. Its store is the host's: made on demand, it goes with the walk. Null where none runs.
std::shared_ptr<void>* walk_store();
extern void (*walk_ends)(std::shared_ptr<void>& store);  // called once the walk has succeeded, where it has a store
bool walk_has_targets();                                 // it computes nothing but the gradients of `inputs`
// Which of the edges it still meets. Asked before any of them has been met.
std::vector<bool> walk_will_meet(const std::vector<Edge>& edges);

// A rule that asks twice for a packed value of its node unpacks it once. `stub` stands for the value; undefined: not yet unpacked.
Tensor unpacked_before(const Node* node, const Tensor& stub);
void remember_unpacked(const Node* node, const Tensor& stub, const Tensor& value);

// Called between nodes; throws to stop the walk (the binding checks for Ctrl-C here).
extern void (*interrupt_check)();
// Called with a node whose gradient rule threw, and with the tensor's first non-finite gradient under anomaly mode.
extern bool anomaly_mode, anomaly_checks_values;
// Gives the user's source line of the operation being recorded, under anomaly mode.
extern std::string (*source_line)();

}  // namespace chainrule
