// What the reductions share: axes, shapes, the way of a gradient back to the input's shape, and picking along an axis.
#pragma once

#include "autograd/op_def.h"
#include "kernels/kernels.h"
#include "ops/registry.h"

namespace chainrule {

struct ReduceAttrs {
    uint32_t axes;  // bit d: axis d is reduced
    bool keepdim;
    void visit(AttrVisitor& v) const {
        v("axes", axes);
        v("keepdim", keepdim);
    }
};

// Bits of the axes; none given means all. IndexError out of range, ValueError for one given twice.
uint32_t axis_bits(const char* op, const Dims& axes, int ndim);
// The same for an argument `ints dim=None`.
uint32_t axis_bits(const Args& a, int dim, int ndim);
Dims axes_of(uint32_t bits, int ndim);
Dims reduced_shape(const Dims& shape, uint32_t axes, bool keepdim);
int64_t reduced_count(const Dims& shape, uint32_t axes);

// A reduced tensor, seen in the input's shape (an expanded view): the adjoint of a sum.
Tensor spread(const Tensor& t, const Dims& shape, const ReduceAttrs& attrs, bool recorded);

// Values only: reduces x into out (row-major, of the kernel's result type).
void reduce_into(kernels::Reduce kind, const Tensor& x, uint32_t axes, const Tensor& out);

// Seen as (outer, n, inner) around one axis of a row-major tensor.
struct AroundAxis {
    int64_t outer = 1, n = 1, inner = 1;
    AroundAxis(const Dims& shape, int axis);
};

// out[.., j, ..] = x[.., index[.., j, ..], ..] along an axis; and its adjoint, zeros of `size` along the axis with the values put in.
// The indices along the axis are distinct.
Tensor take_along(const Tensor& x, const Tensor& index, int axis);
Tensor put_along(const Tensor& values, const Tensor& index, int axis, int64_t size);
// Sets the gradient of an operation that chose elements along an axis: output 0 has them, output 1 their indices.
void set_chosen_grad(VjpCtx& c, int axis);

// Row-major data, without history: the tensor itself or a copy.
Tensor contiguous_data(const Tensor& t);
// Row-major data with the axis moved last, and back: for kernels that want contiguous rows. No history.
Tensor axis_last_data(const Tensor& t, int axis);
void store_axis_last(const Tensor& out, const Tensor& rows, int axis);

}  // namespace chainrule
