// Matrix products on row-major data, on our own threads. Results are bitwise the same for any number of threads: where the work is
// cut depends on the sizes alone (OpenBLAS chooses its kernels by size), unless cuts are known not to matter.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace chainrule::kernels {

// C = alpha op(A) op(B) + beta C: op(A) is m x k, op(B) k x n, C m x n. lda, ldb, ldc: distances between rows as stored. With beta = 0
// the old C is not read. m, n and k may be 0. Floats by OpenBLAS (sizes that blas_fits), integers by plain loops.
struct Gemm {
    DType dtype;
    bool trans_a, trans_b;
    int64_t m, n, k;
    int64_t lda, ldb, ldc;
    double alpha = 1, beta = 0;
};

void gemm(const Gemm& g, const void* a, const void* b, void* c);
void gemm_serial(const Gemm& g, const void* a, const void* b,
                 void* c);  // on the calling thread, for pieces of other work

// `count` products of one geometry. offset(i, ...) sets where the matrices of product i begin, in bytes from a, b and c.
struct BatchOffsets {
    int64_t a, b, c;
};
using BatchOffset = BatchOffsets (*)(const void* context, int64_t i);
void gemm_batched(const Gemm& g, int64_t count, const void* a, const void* b, void* c, BatchOffset offset,
                  const void* context);

// The sum of x[i] y[i]; strides in elements. Fixed chunks, so the same for any number of threads.
void dot(DType dtype, int64_t n, const void* x, int64_t incx, const void* y, int64_t incy, void* out);

}  // namespace chainrule::kernels
