// Pooling: operations on planes (the last one to three axes), each with its adjoint.
#pragma once

#include "ops/conv_shape.h"

namespace chainrule {

struct PoolAttrs {
    int dims;
    kernels::Windows w;
    bool adaptive = false;  // windows from i in / out to (i + 1) in / out, rounded outwards; else by w
    bool count_pad = true;  // averages: padding counts as elements
    int64_t divisor = 0;    // averages: this instead of the number of elements, unless 0
    void visit(AttrVisitor& v) const {
        visit_windows(w, dims, v);
        v("adaptive", adaptive);
        v("count_pad", count_pad);
        v("divisor", divisor);
    }
};

struct Pooled {
    Tensor values, indices;  // indices: positions in the plane
};
Pooled max_pool(const Tensor& x, const PoolAttrs& a);
Tensor avg_pool(const Tensor& x, const PoolAttrs& a);
// Zero planes of the sizes w.in with values at the indices; of equal indices the last value counts.
Tensor unpool(const Tensor& values, const Tensor& indices, const PoolAttrs& a);

}  // namespace chainrule
