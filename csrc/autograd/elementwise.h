// The shared forms of elementwise operations: their rules and evaluation, driven by the kernel number in the OpDef.
#pragma once

#include "autograd/op_def.h"
#include "kernels/kernels.h"

namespace chainrule {

// Shape rules. All broadcast; the dtype is the (promoted) inputs'.
void infer_elementwise(InferCtx& c);
void infer_floating(InferCtx& c);  // the same, and the dtype must be floating
void infer_bool(InferCtx& c);      // output bool
// NumPy's broadcasting of the inputs' shapes; ValueError names the operation and both shapes.
Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b);
// The same for callers with a message of their own: false where they don't broadcast.
bool broadcasts(const Dims& a, const Dims& b, Dims* out);

void eval_unary(EvalCtx& c);
void eval_binary(EvalCtx& c);
void eval_ternary(EvalCtx& c);
void eval_compare(EvalCtx& c);
void eval_predicate(EvalCtx& c);

// Runs a loop over out and inputs of shapes that broadcast to out's. Attributes of these operations are doubles: param.
void apply_loop(kernels::Loop loop, const Tensor& out, const Tensor* inputs, int n_inputs, const double* param);

// Unary operations: the first-order gradient in one kernel, kernels::Binary(op.grad_kernel) of (grad, saved value). False where
// the gradient is recorded: the rule then goes on in operations.
bool fused_unary_grad(VjpCtx& c);
// The same for z = x y: dx = dz y, dy = dz x, the last of them in dz's memory where nobody else holds it.
bool plain_product_grads(VjpCtx& c);

// Data only, no history.
void copy_data(const Tensor& dst, const Tensor& src);  // converts and broadcasts
void add_data(const Tensor& dst, const Tensor& src);   // dst += src, same dtype
void zero_data(const Tensor& t);
Tensor widened_data(const Tensor& t);  // a copy in the wide partner of its dtype

}  // namespace chainrule
