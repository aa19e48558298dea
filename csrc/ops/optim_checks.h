// What the steps of all optimizers ask of parameters and states before anything is changed.
#pragma once

#include <vector>

#include "autograd/sparse_gradient.h"
#include "ops/ops.h"

namespace chainrule {

// sparse_taken: by an optimizer whose steps know sparse gradients.
inline void check_param(const char* op, const Tensor& p, bool sparse_taken = false) {
    check<TypeError>(is_floating(p.dtype()), op, ": parameters must be floating, got ", p.dtype(), ".");
    check<RuntimeError>(!p->storage->read_only, op, ": a parameter of shape ", p.shape(),
                        " has read-only memory. Clone it first.");
    check<RuntimeError>(!has_internal_overlap(p), op, ": a parameter of shape ", p.shape(),
                        " is an expanded tensor. Clone it first.");
    const TensorImpl& g = *p->grad;
    check<RuntimeError>(sparse_taken || !entries_of(&g), op,
                        ": does not support sparse gradients, which a parameter of shape ", p.shape(),
                        " has. SGD, Adagrad and SparseAdam do; embedding(sparse=False) gives dense ones.");
    check<ValueError>(g.shape == p.shape(), op, ": a gradient must have its parameter's shape ", p.shape(), ", got ",
                      g.shape, ".");
    check<TypeError>(g.dtype == p.dtype(), op, ": a gradient must have its parameter's dtype ", p.dtype(), ", got ",
                     g.dtype, ".");
}

inline void check_state(const char* op, const char* what, const Tensor& state, const Tensor& p) {
    if (!state) return;
    check<ValueError>(state.shape() == p.shape() && state.dtype() == p.dtype(), op, ": the state ", what,
                      " must match its parameter (", p.shape(), ", ", p.dtype(), "), got ", state.shape(), ", ",
                      state.dtype(), ".");
}

inline void check_count(const char* op, const char* what, size_t n, size_t params) {
    check<ValueError>(n == params, op, ": one ", what, " a parameter is needed, got ", n, " for ", params, ".");
}

inline void check_numbers(const char* op, const char* what, const std::vector<Tensor>& numbers, size_t params) {
    check_count(op, what, numbers.size(), params);
    for (const Tensor& t : numbers)
        check<ValueError>(t && t.numel() == 1 && t.dtype() == DType::Float32 && !t->storage->read_only, op, ": a ",
                          what, " must be one float32 number.");
}

}  // namespace chainrule
