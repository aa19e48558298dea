// Matrix products by OpenBLAS on row-major data, on the calling thread alone: our own threads call it on blocks.
#pragma once

#include <cstdint>
#include <string>

namespace chainrule::kernels {

// C = alpha op(A) op(B) + beta C, with op(A) of m x k, op(B) of k x n and C of m x n; lda, ldb and ldc are the
// distances between rows as stored. With beta = 0 the old C is not read. Every size must fit in 31 bits: see blas_fits.
void sgemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda,
           const float* b, int64_t ldb, float beta, float* c, int64_t ldc) noexcept;
void dgemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, double alpha, const double* a, int64_t lda,
           const double* b, int64_t ldb, double beta, double* c, int64_t ldc) noexcept;

// y = alpha op(A) x + beta y, where A as stored has m rows and n columns.
void sgemv(bool trans_a, int64_t m, int64_t n, float alpha, const float* a, int64_t lda, const float* x, int64_t incx,
           float beta, float* y, int64_t incy) noexcept;
void dgemv(bool trans_a, int64_t m, int64_t n, double alpha, const double* a, int64_t lda, const double* x,
           int64_t incx, double beta, double* y, int64_t incy) noexcept;

// True if OpenBLAS, which counts in 32 bits, can take this size. The routines above end the program on one it cannot,
// rather than compute something else; so ask while there is still a chance to raise an error.
constexpr bool blas_fits(int64_t size) { return size >= 0 && size <= INT32_MAX; }

// Note [Products that may be cut anywhere]
// OpenBLAS adds up an element's terms in the same order wherever it stands, for some of its kernels: measured over shapes,
// transposes and cuts (float32 for SkylakeX, the kernels of all AVX-512 processors; float64 for Haswell). With the others a
// cut changes the last bits, as with other versions. True where a product may be cut at any multiple of 16.
bool blas_cuts_freely(bool is_double) noexcept;

// Has OpenBLAS chosen kernels for AVX-512? It multiplies small matrices by kernels of their own then.
bool blas_has_small_kernels() noexcept;

// Must come before any call of OpenBLAS: the routines above see to it, and lapack.cpp.
void blas_on_one_thread() noexcept;

std::string blas_version();  // as OpenBLAS states it
std::string blas_kernel();   // the processor family it chose its kernels for
int blas_threads();          // 1

}  // namespace chainrule::kernels
