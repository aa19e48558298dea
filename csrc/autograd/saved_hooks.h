// Who keeps the values that nodes save: by default the nodes; under saved_tensors_hooks whoever the user says.
#pragma once

#include <memory>

#include "core/tensor.h"

namespace chainrule {

// Stands in a node for a saved value.
class PackedValue {
  public:
    virtual ~PackedValue() = default;
    virtual Tensor unpack() = 0;
};

class Packer {
  public:
    virtual ~Packer() = default;
    virtual std::unique_ptr<PackedValue> pack(const Tensor& value) = 0;
};

// The thread's packer, or null.
#ifdef __SANITIZE_ADDRESS__
Packer*& packer();  // a function for the reason that grad_mode() is one
#else
extern constinit thread_local Packer* packer_pointer __attribute__((tls_model("initial-exec")));
inline Packer*& packer() { return packer_pointer; }
#endif

}  // namespace chainrule
