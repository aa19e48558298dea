// Runs a one-dimensional loop over operands of any common shape: merges axes, orders them by the output's memory, splits the
// work over threads.
#pragma once

#include "core/dims.h"
#include "kernels/kernels.h"

namespace chainrule::kernels {

inline constexpr int kMaxOperands = 4;
// Elements a chunk: small enough to balance, large enough that a thread is worth waking.
inline constexpr int64_t kElementGrain = 1 << 15;

struct Operands {
    int n = 0;  // operand 0 is the output
    Dims shape;
    char* ptr[kMaxOperands];
    Dims strides[kMaxOperands];  // bytes; 0 where the operand is broadcast
};

void iterate(Loop loop, const Operands& operands, const double* param);
// All operands flat: n elements, byte strides.
void iterate_flat(Loop loop, int n_operands, char* const* ptr, const int64_t* stride, int64_t n, const double* param);

// Copies operand 1 to operand 0 where the one is contiguous along another axis than the other; false, with nothing done, where
// that is not so. `item` is the size of an element.
bool copy_transposed(Transpose transpose, const Operands& operands, int64_t item);

}  // namespace chainrule::kernels
