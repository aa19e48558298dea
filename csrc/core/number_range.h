// Whether a Python number fits an integer dtype. Where one is stored, one that does not is an error: it would wrap around.
#pragma once

#include "core/scalar.h"
#include "core/tensor.h"

namespace chainrule {

// A negative integer fits an unsigned dtype if its absolute value does: -1 is 255, as in PyTorch. Floating dtypes take all.
void check_fits(const char* op, Scalar value, DType dtype);
// The same for a tensor that stands for a Python number; others are converted as tensors are, and wrap.
void check_fits(const char* op, const Tensor& value, DType dtype);

}  // namespace chainrule
