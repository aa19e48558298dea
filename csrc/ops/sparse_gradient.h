// Sparse gradients in operations: Note [Sparse gradients] in autograd/sparse_gradient.h.
#pragma once

#include <vector>

#include "autograd/sparse_gradient.h"

namespace chainrule {

// All elements, with the values' history.
Tensor dense_gradient(const Tensor& sparse);
// Each place once, in order; without history.
Tensor coalesced(const Tensor& sparse);
// dense += factor * sparse, in place.
void add_entries(const Tensor& dense, const Tensor& sparse, double factor);
// The index tensor of each sparse axis.
std::vector<Tensor> places(const Tensor& sparse);
// Of the rows of a table (embedding): the gradient g of those that `rows` names, but for the row `skip`.
Tensor rows_gradient(const Dims& shape, const Tensor& rows, const Tensor& g, int64_t skip);

}  // namespace chainrule
