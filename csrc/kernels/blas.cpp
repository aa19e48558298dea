#include "kernels/blas.h"

#include <cstdio>
#include <cstdlib>

#include "kernels/openblas.h"

namespace chainrule::kernels {
namespace {

int narrow(int64_t size) {
    if (!blas_fits(size)) {
        std::fprintf(stderr, "chainrule: a matrix dimension below 2^31 is required, got %lld.\n",
                     static_cast<long long>(size));
        std::abort();
    }
    return static_cast<int>(size);
}

CBLAS_TRANSPOSE transpose(bool trans) { return trans ? CblasTrans : CblasNoTrans; }

}  // namespace

// Python loads OpenBLAS with OPENBLAS_NUM_THREADS=1. A C++ program may not have, so say it again before the first
// call. (This starts no thread; it keeps OpenBLAS from using those it has.)
void blas_on_one_thread() noexcept {
    static const bool done = [] {
        if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
        return true;
    }();
    static_cast<void>(done);
}

void sgemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda,
           const float* b, int64_t ldb, float beta, float* c, int64_t ldc) noexcept {
    blas_on_one_thread();
    cblas_sgemm(CblasRowMajor, transpose(trans_a), transpose(trans_b), narrow(m), narrow(n), narrow(k), alpha, a,
                narrow(lda), b, narrow(ldb), beta, c, narrow(ldc));
}

void dgemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, double alpha, const double* a, int64_t lda,
           const double* b, int64_t ldb, double beta, double* c, int64_t ldc) noexcept {
    blas_on_one_thread();
    cblas_dgemm(CblasRowMajor, transpose(trans_a), transpose(trans_b), narrow(m), narrow(n), narrow(k), alpha, a,
                narrow(lda), b, narrow(ldb), beta, c, narrow(ldc));
}

void sgemv(bool trans_a, int64_t m, int64_t n, float alpha, const float* a, int64_t lda, const float* x, int64_t incx,
           float beta, float* y, int64_t incy) noexcept {
    blas_on_one_thread();
    cblas_sgemv(CblasRowMajor, transpose(trans_a), narrow(m), narrow(n), alpha, a, narrow(lda), x, narrow(incx), beta,
                y, narrow(incy));
}

void dgemv(bool trans_a, int64_t m, int64_t n, double alpha, const double* a, int64_t lda, const double* x,
           int64_t incx, double beta, double* y, int64_t incy) noexcept {
    blas_on_one_thread();
    cblas_dgemv(CblasRowMajor, transpose(trans_a), narrow(m), narrow(n), alpha, a, narrow(lda), x, narrow(incx), beta,
                y, narrow(incy));
}

std::string blas_version() {
    // "OpenBLAS 0.3.34 DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64": the second word.
    const std::string config = openblas_get_config();
    const size_t begin = config.find(' ');
    if (begin == std::string::npos) return config;
    return config.substr(begin + 1, config.find(' ', begin + 1) - begin - 1);
}

bool blas_cuts_freely(bool is_double) noexcept {
    // Another version may add up in another order (0.3.21 does).
    static const bool measured = blas_version().starts_with("0.3.34");
    static const std::string core = blas_kernel();
    return measured && core == (is_double ? "Haswell" : "SkylakeX");
}

bool blas_has_small_kernels() noexcept {
    static const bool has = [] {
        const std::string core = blas_kernel();
        return core == "SkylakeX" || core == "Cooperlake" || core == "SapphireRapids";
    }();
    return has;
}

std::string blas_kernel() { return openblas_get_corename(); }

int blas_threads() { return openblas_get_num_threads(); }

}  // namespace chainrule::kernels
