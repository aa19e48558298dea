// Reduces a strided array over any set of axes with the kernels' row and column forms. Chunks are fixed by the shape, so the
// result does not depend on the number of threads.
#pragma once

#include "core/dims.h"
#include "kernels/kernels.h"

namespace chainrule::kernels {

// The element type that a reduction of `in` accumulates in and yields.
DType reduced_dtype(Reduce kind, DType in);

// out: contiguous over the kept axes, in their order. Bit d of `axes` says that axis d is reduced.
void reduce(Reduce kind, DType dtype, const void* in, const Dims& shape, const Dims& strides, uint32_t axes, void* out);

}  // namespace chainrule::kernels
