// Special functions that others differentiate to.
#pragma once

#include "core/tensor.h"

namespace chainrule {

Tensor polygamma(int64_t n, const Tensor& x);  // the n-th derivative of digamma, n >= 0

}  // namespace chainrule
