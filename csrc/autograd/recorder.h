// A recorder sees its thread's operations and backward walks as they run. Pictures, profiles and flat programs are made from it.
#pragma once

#include "autograd/node.h"

namespace chainrule {

// An operation that has just run.
struct Operation {
    const OpDef& op;
    const Tensor* inputs;  // as it took them: converted and expanded; of one in place, input 0 as it was before
    int n_inputs;
    const void* attrs;
    const Tensor* outputs;
    int n_outputs;
    Node* node;     // null where no gradient is recorded
    int64_t start;  // nanoseconds of the steady clock
};

class Recorder {
  public:
    virtual ~Recorder() = default;
    virtual void ran(const Operation& operation) = 0;
    // A backward walk: the node's output gradients are complete, an input's gradient was found, the rule is done. A leaf
    // only begins.
    virtual void node_begins(Node* node, const Ref<TensorImpl>* grads) = 0;
    virtual void gradient(Node* node, int input, const Tensor& grad) = 0;
    virtual void node_ends(Node* node) = 0;
    // Each gradient must stay as it is: none is added into the memory of another.
    virtual bool keeps_gradients() const = 0;
};

// The thread's recorder, or null.
#ifdef __SANITIZE_ADDRESS__
Recorder*& recorder();  // a function for the reason that grad_mode() is one
#else
extern constinit thread_local Recorder* recorder_pointer __attribute__((tls_model("initial-exec")));
inline Recorder*& recorder() { return recorder_pointer; }
#endif

// Changes the thread's recorder for a time: what an operation runs inside itself is not seen.
class RecorderChange {
  public:
    explicit RecorderChange(Recorder* now) : before_(recorder()) { recorder() = now; }
    ~RecorderChange() { recorder() = before_; }
    RecorderChange(const RecorderChange&) = delete;
    RecorderChange& operator=(const RecorderChange&) = delete;

  private:
    Recorder* before_;
};

int64_t steady_ns();

}  // namespace chainrule
