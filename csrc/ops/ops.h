// The operations as C++ functions: a C++ program can build and train a net with these, and gradient rules are written in them.
#pragma once

#include <string_view>
#include <vector>

#include "autograd/basic_ops.h"
#include "autograd/op_def.h"
#include "core/tensor.h"

namespace chainrule {

// creation
Tensor zeros_like(const Tensor& t);
Tensor ones_like(const Tensor& t);
Tensor full(const Dims& shape, Scalar value, DType dtype);
Tensor vector_of(const std::vector<int64_t>& numbers);  // int64
Tensor number(double value, const Tensor& like);        // a weak 0-d tensor, as a Python number is

// elementwise
Tensor neg(const Tensor& x);
Tensor abs(const Tensor& x);
Tensor sign(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor square(const Tensor& x);
Tensor rsqrt(const Tensor& x);
Tensor log1p(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor sinh(const Tensor& x);
Tensor cosh(const Tensor& x);
Tensor erf(const Tensor& x);
Tensor erfc(const Tensor& x);
Tensor lgamma(const Tensor& x);
Tensor digamma(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor relu(const Tensor& x);
Tensor softplus(const Tensor& x, double beta = 1, double threshold = 20);
Tensor add(const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, double b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, double b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, double b);
Tensor div(double a, const Tensor& b);
Tensor pow(const Tensor& a, const Tensor& b);
Tensor pow(const Tensor& a, double exponent);
Tensor logaddexp(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor clamp(const Tensor& x, double low, double high);
Tensor masked_mul(const Tensor& mask, const Tensor& x);  // mask ? x : 0, also where x is not finite
Tensor masked_out(const Tensor& mask, const Tensor& x);  // mask ? 0 : x
Tensor eq(const Tensor& a, const Tensor& b);
Tensor ne(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor le(const Tensor& a, const Tensor& b);
Tensor gt(const Tensor& a, const Tensor& b);
Tensor ge(const Tensor& a, const Tensor& b);
Tensor floor_divide(const Tensor& a, const Tensor& b);
Tensor remainder(const Tensor& a, const Tensor& b);
Tensor bitwise_and(const Tensor& a, const Tensor& b);
Tensor bitwise_or(const Tensor& a, const Tensor& b);
Tensor bitwise_xor(const Tensor& a, const Tensor& b);
Tensor bitwise_left_shift(const Tensor& a, const Tensor& b);
Tensor bitwise_right_shift(const Tensor& a, const Tensor& b);
Tensor bitwise_not(const Tensor& x);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& x);
Tensor isnan(const Tensor& x);
Tensor isfinite(const Tensor& x);

// the same, written into a
Tensor add_(const Tensor& a, const Tensor& b);
Tensor sub_(const Tensor& a, const Tensor& b);
Tensor mul_(const Tensor& a, const Tensor& b);
Tensor div_(const Tensor& a, const Tensor& b);
extern const OpDef masked_fill_op;  // self, mask, value of self's dtype, 0-d
extern const OpDef sub_op;
extern const OpDef mul_op;
extern const OpDef div_op;

// reductions; axes empty: all
Tensor sum(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor mean(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor amax(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor prod(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor var(const Tensor& x, const Dims& axes = {}, double correction = 1, bool keepdim = false);
Tensor standard_deviation(const Tensor& x, const Dims& axes = {}, double correction = 1, bool keepdim = false);
Tensor norm(const Tensor& x, double p = 2, const Dims& axes = {}, bool keepdim = false);
Tensor cumsum(const Tensor& x, int64_t axis, bool reverse = false);
Tensor cumprod(const Tensor& x, int64_t axis);
Tensor sort_values(const Tensor& x, int64_t axis);  // ascending, NaN last

// shape
Tensor reshape(const Tensor& x, const Dims& shape);
Tensor view(const Tensor& x, const Dims& shape);
Tensor flatten(const Tensor& x, int64_t start = 0, int64_t end = -1);
Tensor unflatten(const Tensor& x, int64_t axis, const Dims& sizes);
Tensor expand_to(const Tensor& x, const Dims& sizes);  // -1 keeps a size
Tensor transpose(const Tensor& x, int64_t a, int64_t b);
Tensor transpose_all(const Tensor& x);       // x.T
Tensor transpose_matrices(const Tensor& x);  // x.mT
Tensor adjoint(const Tensor& x);             // x.H
Tensor permute(const Tensor& x, const Dims& axes);
Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination);
Tensor unsqueeze(const Tensor& x, int64_t axis);
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int64_t axis);
Tensor contiguous(const Tensor& x);
Tensor detach(const Tensor& x);
Tensor narrow(const Tensor& x, int64_t axis, int64_t start, int64_t length);
Tensor select(const Tensor& x, int64_t axis, int64_t index);
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step);  // as x[start:stop:step]
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t axis1 = 0, int64_t axis2 = 1);
Tensor unfold_windows(const Tensor& x, int64_t axis, int64_t size, int64_t step);  // Tensor.unfold
std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t axis);
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis);
std::vector<Tensor> unbind(const Tensor& x, int64_t axis = 0);

// in place
Tensor fill_(const Tensor& self, const Tensor& value);
Tensor zero_(const Tensor& self);
Tensor copy_(const Tensor& self, const Tensor& source);

// indexing. indices[d] belongs to axis d: an index tensor, undefined for the whole axis, or a mask, which covers k entries.
Tensor index(const Tensor& x, const std::vector<Tensor>& indices);
extern const OpDef masked_fill_op;  // x, mask, value (0-d, of x's dtype): the in-place form of x[mask] = value
Tensor index_put_(const Tensor& self, const std::vector<Tensor>& indices, const Tensor& value, bool accumulate = false);
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& index);
Tensor take(const Tensor& x, const Tensor& positions);
Tensor embedding(const Tensor& input, const Tensor& weight, int64_t padding_idx = -1);
Tensor gather(const Tensor& x, int64_t axis, const Tensor& index);
Tensor scatter(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);
Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis);
Tensor one_hot(const Tensor& x, int64_t classes = -1);
Tensor nonzero(const Tensor& x);
std::vector<Tensor> nonzero_tuple(const Tensor& x);

// joining
Tensor cat(const std::vector<Tensor>& tensors, int64_t axis = 0);
Tensor stack(const std::vector<Tensor>& tensors, int64_t axis = 0);
Tensor repeat(const Tensor& x, const Dims& times);
Tensor flip(const Tensor& x, const Dims& axes);
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);
Tensor diag_embed(const Tensor& x, int64_t offset = 0, int64_t axis1 = -2, int64_t axis2 = -1);
Tensor pad_constant(const Tensor& x, const Dims& pads, Scalar value);  // pads: (before, after) of the last axis first
std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors);
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, bool xy = false);

// linear algebra
Tensor matmul(const Tensor& a, const Tensor& b);
Tensor mm(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);
Tensor mv(const Tensor& a, const Tensor& x, bool transpose = false);
Tensor dot(const Tensor& x, const Tensor& y);
Tensor outer(const Tensor& x, const Tensor& y);
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);
// activation(linear(x, weight, bias)), bit for bit, of which nothing is recorded.
Tensor linear_activated(const Tensor& x, const Tensor& weight, const Tensor& bias, const OpDef& activation);
// The activation of this name, if it is one kernel without numbers: relu, sigmoid, tanh. Null if it is not.
const OpDef* plain_activation(std::string_view name);
Tensor dropout(const Tensor& x, double p);  // as in training

// softmax and losses
Tensor softmax(const Tensor& x, int64_t axis);
Tensor log_softmax(const Tensor& x, int64_t axis);
Tensor logsumexp(const Tensor& x, const Dims& axes, bool keepdim = false);
Tensor cross_entropy(const Tensor& logits, const Tensor& target);
Tensor mse_loss(const Tensor& input, const Tensor& target);

inline Tensor operator-(const Tensor& x) { return neg(x); }
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, double b) { return add(a, -b); }
inline Tensor operator-(double a, const Tensor& b) { return sub(number(a, b), b); }
inline Tensor operator*(const Tensor& a, double b) { return mul(a, b); }
inline Tensor operator*(double a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(const Tensor& a, double b) { return div(a, b); }
inline Tensor operator/(double a, const Tensor& b) { return div(a, b); }

}  // namespace chainrule
