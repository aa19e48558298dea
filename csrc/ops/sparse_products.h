// Products with a sparse matrix (rows, columns), given by its values and their places (2, entries), which are not checked.
#pragma once

#include "core/tensor.h"

namespace chainrule {

// The matrix, or its transpose, times dense.
Tensor sparse_product(const Tensor& values, const Tensor& places, int64_t rows, int64_t columns, bool transposed,
                      const Tensor& dense);
// The entries of a times b transposed at these places.
Tensor sampled_product(const Tensor& a, const Tensor& b, const Tensor& places);

}  // namespace chainrule
