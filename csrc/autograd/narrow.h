// Narrow dtypes (float16, bfloat16, int8, int16) are stored as they are and computed in their wide partner: inputs are cast,
// the operation runs wide, its result is rounded once. So there are kernels for six dtypes alone.
#pragma once

#include <vector>

#include "autograd/op_def.h"

namespace chainrule {

inline bool any_narrow(const Tensor* inputs, int n) {
    for (int i = 0; i < n; ++i)
        if (inputs[i] && is_narrow(inputs[i].dtype())) return true;
    return is_narrow(default_dtype());
}

// The dtype of a result that came out as `result` where narrow inputs were computed wide: the inputs' own common dtype where
// that is narrow and computed as `result` (argmax stays int64, the quotient of int8 float32).
DType narrowed_dtype(DType result, const Tensor* inputs, int n);

// An operation that takes narrow dtypes as they are: a view, or one whose evaluation only copies elements.
inline bool takes_narrow(const OpDef& op) { return op.any_dtype || !op.eval; }

// dispatch and dispatch_inplace of operations on narrow inputs.
void dispatch_narrow(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs, int n_outputs);
Tensor dispatch_inplace_narrow(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs);

}  // namespace chainrule
