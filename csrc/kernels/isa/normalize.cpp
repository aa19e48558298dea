// Normalisation: of rows (layer and RMS norm), and the pieces of that of channels (batch, group and instance norm)
#include <cmath>

#include "kernels/isa/entries.h"
#include "kernels/isa/rows.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T, class F> CHAINRULE_INLINE T row_sum(int64_t n, F f) {
    return n <= kSerialSum ? sum_short_row<T>(n, f) : sum_row<T>(n, f);
}

template <class T> CHAINRULE_INLINE void scale_row(const T* x, const T* w, const T* b, T* y, int64_t n, T m, T r) {
    if (w && b) {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) * r * w[i] + b[i];
    } else if (w) {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) * r * w[i];
    } else if (b) {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) * r + b[i];
    } else {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) * r;
    }
}

// With h = dy w and z = (x - m) r:  dx = r (h - mean(h) - z mean(h z)); without a mean taken off, the middle term is absent.
template <class T>
CHAINRULE_INLINE void grad_norm_row(const T* g, const T* x, const T* w, T* dx, int64_t n, T m, T r, bool centred) {
    const T count = static_cast<T>(n);
    T mean_h = T(0), mean_hz;
    if (w) {
        if (centred) mean_h = row_sum<T>(n, [=](int64_t i) { return g[i] * w[i]; }) / count;
        mean_hz = row_sum<T>(n, [=](int64_t i) { return g[i] * w[i] * (x[i] - m); }) * r / count;
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) dx[i] = r * (g[i] * w[i] - mean_h - (x[i] - m) * r * mean_hz);
    } else {
        if (centred) mean_h = row_sum<T>(n, [=](int64_t i) { return g[i]; }) / count;
        mean_hz = row_sum<T>(n, [=](int64_t i) { return g[i] * (x[i] - m); }) * r / count;
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) dx[i] = r * (g[i] - mean_h - (x[i] - m) * r * mean_hz);
    }
}

template <class T> CHAINRULE_INLINE void add_row_grads(const T* g, const T* x, T* dw, T* db, int64_t n, T m, T r) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        dw[i] += g[i] * ((x[i] - m) * r);
        db[i] += g[i];
    }
}

}  // namespace

template <class T>
void norm_rows(const void* in, const void* weight, const void* bias, void* out, void* mean, void* rstd, int64_t rows,
               int64_t n, double eps) {
    const T *w = static_cast<const T*>(weight), *b = static_cast<const T*>(bias);
    T *means = static_cast<T*>(mean), *rstds = static_cast<T*>(rstd);
    const T count = static_cast<T>(n);
    for (int64_t r = 0; r < rows; ++r) {
        const T* x = static_cast<const T*>(in) + r * n;
        T m = T(0);
        if (means) means[r] = m = row_sum<T>(n, [=](int64_t i) { return x[i]; }) / count;
        const T squares = row_sum<T>(n, [=](int64_t i) { return (x[i] - m) * (x[i] - m); });
        rstds[r] = T(1) / std::sqrt(squares / count + static_cast<T>(eps));
        scale_row(x, w, b, static_cast<T*>(out) + r * n, n, m, rstds[r]);
    }
}

template <class T>
void norm_rows_grad(const void* grad, const void* in, const void* weight, const void* mean, const void* rstd, void* dx,
                    void* dweight, void* dbias, int64_t rows, int64_t n) {
    const T *w = static_cast<const T*>(weight), *means = static_cast<const T*>(mean);
    const T* rstds = static_cast<const T*>(rstd);
    for (int64_t r = 0; r < rows; ++r) {
        const T *g = static_cast<const T*>(grad) + r * n, *x = static_cast<const T*>(in) + r * n;
        const T m = means ? means[r] : T(0);
        if (dx) grad_norm_row(g, x, w, static_cast<T*>(dx) + r * n, n, m, rstds[r], means != nullptr);
        if (dweight) add_row_grads(g, x, static_cast<T*>(dweight), static_cast<T*>(dbias), n, m, rstds[r]);
    }
}

template <class T> double span_sum(const void* in, int64_t n) {
    const T* x = static_cast<const T*>(in);
    return row_sum<T>(n, [=](int64_t i) { return x[i]; });
}

template <class T> double span_squares(const void* in, int64_t n, double shift) {
    const T *x = static_cast<const T*>(in), m = static_cast<T>(shift);
    return row_sum<T>(n, [=](int64_t i) { return (x[i] - m) * (x[i] - m); });
}

template <class T> void span_products(const void* grad, const void* in, int64_t n, double shift, double* sums) {
    const T *g = static_cast<const T*>(grad), *x = static_cast<const T*>(in), m = static_cast<T>(shift);
    sums[0] = row_sum<T>(n, [=](int64_t i) { return g[i]; });
    sums[1] = row_sum<T>(n, [=](int64_t i) { return g[i] * (x[i] - m); });
}

template <class T> void span_affine(const void* in, void* out, int64_t n, double shift, double scale, double add) {
    const T *x = static_cast<const T*>(in), m = static_cast<T>(shift);
    T* y = static_cast<T*>(out);
    const T a = static_cast<T>(scale), b = static_cast<T>(add);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) * a + b;
}

template <class T>
void span_grad(const void* grad, const void* in, void* out, int64_t n, double shift, double a, double b, double c) {
    const T *g = static_cast<const T*>(grad), *x = static_cast<const T*>(in);
    T* dx = static_cast<T*>(out);
    const T m = static_cast<T>(shift), p = static_cast<T>(a), q = static_cast<T>(b), s = static_cast<T>(c);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) dx[i] = p * g[i] + q * (x[i] - m) + s;
}

namespace {
struct Kept {
    NormRows norm_rows[kNumDTypes]{};
    NormRowsGrad norm_rows_grad[kNumDTypes]{};
    SpanSum span_sum[kNumDTypes]{};
    SpanSquares span_squares[kNumDTypes]{};
    SpanProducts span_products[kNumDTypes]{};
    SpanAffine span_affine[kNumDTypes]{};
    SpanGrad span_grad[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_normalize(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
