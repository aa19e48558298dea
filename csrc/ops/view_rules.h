// What the view operations share: geometry of reshapes and of parts, and their gradients.
#pragma once

#include "autograd/basic_ops.h"
#include "autograd/op_def.h"

namespace chainrule {

// The shape asked for, with -1 filled in. ValueError where the element counts differ.
Dims resolve_shape(const char* op, const Dims& wanted, const Dims& from);
// Strides under which memory laid out as (shape, strides) reads as `to`; false where that needs a copy.
bool view_strides(const Dims& shape, const Dims& strides, const Dims& to, Dims& out);
// The row-major or permuted layout without holes whose axes are in the order of t's strides (PyTorch's preserve_format).
Dims dense_strides(const Tensor& t);

// The tensor itself takes on the geometry and history of a view of its memory; nothing is written.
Tensor become(const char* op, const Tensor& self, const Tensor& view);

// The gradient of a view that keeps all elements in their order: the same gradient in the input's shape.
void reshape_vjp(VjpCtx& c);

// A view of a part: `part` gives its geometry within an input of a shape and strides. The gradient is added where the part lies;
// where it is recorded, it is zeros with the part inside.
template <class A, Geometry (*part)(const A&, const Dims&, const Dims&)> void infer_part(InferCtx& c) {
    Geometry g = part(c.attr<A>(), c.input(0).shape(), c.input(0).strides());
    c.set_view(g.shape, g.strides, g.offset);
}

template <class A, Geometry (*part)(const A&, const Dims&, const Dims&)> void vjp_part(VjpCtx& c) {
    const Dims& shape = c.input_shape(0);
    Dims strides = contiguous_strides(shape);
    Geometry g = part(c.attr<A>(), shape, strides);
    if (c.create_graph()) c.set(0, run_with(as_strided_embed_op, EmbedAttrs{g, shape, strides}, c.grad()));
    else c.add_into(0, g.shape, g.strides, g.offset, c.grad());
}

}  // namespace chainrule
