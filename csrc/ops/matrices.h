// What the decompositions share: sizes, LAPACK's order (by columns), loops over a batch.
#pragma once

#include <utility>

#include "autograd/elementwise.h"
#include "core/unlock.h"
#include "ops/ops.h"
#include "ops/visit.h"

namespace chainrule {

inline int64_t rows_of(const Tensor& t) { return t.size(t.ndim() - 2); }
inline int64_t cols_of(const Tensor& t) { return t.size(t.ndim() - 1); }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

inline int64_t batches(const Tensor& t) {
    int64_t n = 1;
    for (int d = 0; d + 2 < t.ndim(); ++d) n *= t.size(d);
    return n;
}

inline Dims with_matrix(const Tensor& like, int64_t rows, int64_t cols) {
    Dims shape = like.shape();
    shape[shape.n - 2] = rows;
    shape[shape.n - 1] = cols;
    return shape;
}

inline Dims batch_of(const Tensor& t) {
    Dims shape = t.shape();
    shape.n -= 2;
    return shape;
}

// The matrices repeated over a batch to which their own broadcasts.
inline Tensor with_batch(const Tensor& t, const Dims& batch) {
    Dims shape = batch;
    shape.push(rows_of(t));
    shape.push(cols_of(t));
    return expand(t, shape);
}

inline Dims with_vector(const Tensor& like, int64_t n) {
    Dims shape = like.shape();
    shape.erase(shape.n - 1);
    shape[shape.n - 1] = n;
    return shape;
}

// The same memory with the last two axes exchanged. No history.
inline Tensor flipped(const Tensor& t) {
    Dims shape = t.shape(), strides = t.strides();
    std::swap(shape[shape.n - 1], shape[shape.n - 2]);
    std::swap(strides[strides.n - 1], strides[strides.n - 2]);
    return alias(t, shape, strides, 0);
}

// A copy that lies by columns, as a tensor of the transposed shape.
inline Tensor columns_of(const Tensor& t) {
    Tensor from = flipped(t), copy = empty(from.shape(), t.dtype());
    copy_data(copy, from);
    return copy;
}

[[noreturn]] inline void no_result(const char* op, const char* why, const Tensor& a, int64_t i) {
    if (a.ndim() == 2) fail<LinAlgError>(op, ": the matrix of shape ", a.shape(), " ", why, ".");
    fail<LinAlgError>(op, ": matrix ", i, " of the batch of shape ", a.shape(), " ", why, ".");
}

inline Tensor unit_matrix(int64_t n, DType dtype) { return diag_embed(full({n}, Scalar(1.0), dtype)); }
inline Tensor mT(const Tensor& t) { return transpose(t, -2, -1); }
inline Tensor column(const Tensor& t) { return unsqueeze(t, -1); }
inline Tensor row(const Tensor& t) { return unsqueeze(t, -2); }

// Calls f(matrix number) for a batch, with the type of the elements.
template <class F> void each_matrix(const Tensor& a, const F& f) {
    visit_floating(a.dtype(), [&](auto zero) {
        Unlock unlock(a.numel() * rows_of(a));
        for (int64_t i = 0, n = batches(a); i < n; ++i) f(zero, i);
    });
}

}  // namespace chainrule
