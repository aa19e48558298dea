// Kernels for distances between points. They serve one operation, so they have a table of their own, beside the one in kernels.h.
#pragma once

#include "kernels/kernels.h"

namespace chainrule::kernels {

// Points of d numbers: `a` has rows of them, the n others lie in panels of kDistanceBytes side by side, so panel p has d rows of
// columns; the last one may be read as a whole.
//   out[r n + j] = |a row r - point j|, r < rows
inline constexpr int64_t kDistanceBytes = 256;
using Distances = void (*)(const void* a, const void* panels, void* out, int64_t rows, int64_t n, int64_t d);
//   out[r d + k] = sum_j w[r n + j] (a[r d + k] - k-th number of point j)
using DistanceSums = void (*)(const void* w, const void* a, const void* panels, void* out, int64_t rows, int64_t n,
                              int64_t d);

struct DistanceTable {
    Distances distances[kNumDTypes];
    DistanceSums sums[kNumDTypes];
};

// Of the instruction set of `table`.
const DistanceTable& distance_kernels(const Table& table = kernels());

}  // namespace chainrule::kernels
