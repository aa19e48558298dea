// Narrow dtypes (float16, bfloat16, int8, int16) are stored as they are and computed in their wide partner: inputs are cast,
// the operation runs wide, its result is rounded once. So there are kernels for six dtypes alone. The shared elementwise forms do
// this piece by piece in the first cache; their nodes save narrow inputs, and the engine widens for rules of several steps.
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

// Is the evaluation one of the shared elementwise forms?
bool is_loop(const OpDef& op);

// An elementwise form on narrow inputs of one dtype, whose evaluation takes them as they are. Not where the output is saved, as its
// digits are needed (except ReLU's, which is only compared with 0), nor under a recorder, whose programs have no such form.
bool runs_narrow(const OpDef& op, const Tensor* inputs, int n);

// Of such an operation: each gradient is one step, so that the rule may run on narrow tensors and round but once.
bool one_step_rule(const OpDef& op);

// dispatch without a look at narrow inputs (autograd/dispatch.cpp).
void dispatch_as_it_is(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs,
                       int n_outputs);

// dispatch and dispatch_inplace of other operations on narrow inputs.
void dispatch_narrow(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs, int n_outputs);
Tensor dispatch_inplace_narrow(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs);

}  // namespace chainrule
