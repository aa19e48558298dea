// What indexing by tensors is made of: one linear index, and loops that move elements by it.
//
// Any number of index tensors and masks becomes one int64 tensor of positions in the row-major space of the indexed axes,
// checked once. Operations and their gradients then need one loop to read and one to write.
#pragma once

#include <vector>

#include "autograd/op_def.h"

namespace chainrule {

struct IndexAttrs {
    uint32_t axes = 0;       // bit d: axis d of x is indexed
    int32_t place = 0;       // how many kept axes stand before those of the index in the result
    int64_t skip = -1;       // this position reads as 0 and is not written
    int64_t grad_skip = -1;  // skip in the gradient
    bool accumulate = false;
    bool by_frequency = false;  // the gradient of a position is divided by how often it occurs
    bool sparse = false;        // a leaf's gradient is a sparse one
    Dims shape;                 // of x
    void visit(AttrVisitor& v) const {
        v("axes", axes);
        v("place", place);
        v("skip", skip);
        v("grad_skip", grad_skip);
        v("accumulate", accumulate);
        v("by_frequency", by_frequency);
        v("sparse", sparse);
        v("shape", shape);
    }
};

struct IndexPlan {
    IndexAttrs attrs;
    Tensor linear;
};

// indices[d] belongs to axis d; a mask of k axes covers the next k - 1 entries too, which are undefined. Other undefined entries
// keep their axis. IndexError where an index is out of bounds, a mask does not fit, or there are too many.
IndexPlan plan_index(const char* op, const Tensor& x, const std::vector<Tensor>& indices);
// One axis, indexed by a tensor of any shape.
IndexPlan plan_axis(const char* op, const Tensor& x, int axis, const Tensor& index, bool negative_allowed);
Dims indexed_shape(const IndexAttrs& a, const Dims& index);

// int64, without negative numbers, and contiguous unless any layout will do; IndexError names the value, its place and the bound.
Tensor checked_index(const char* op, const Tensor& index, int64_t size, int axis, bool negative_allowed,
                     bool any_layout = false);
// Positions of the True (nonzero) elements in row-major order.
Tensor true_positions(const Tensor& mask);

// out = x at the positions.
void read_indexed(const IndexAttrs& a, const Tensor& x, const Tensor& linear, const Tensor& out);
// x at the positions = value, or += value. Of equal positions the last value stays; sums are made in the order of the index.
// The result does not depend on the number of threads.
void write_indexed(const IndexAttrs& a, const Tensor& x, const Tensor& linear, const Tensor& value, bool accumulate);

}  // namespace chainrule
