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

constexpr int64_t kColumns = 256;  // at a time: their sums and numbers stay in the nearest cache
constexpr int64_t kRowsAtOnce = 8;

template <class T> struct Numbers {  // those of some columns, in the data's dtype
    alignas(64) T at[kColumns];
    CHAINRULE_INLINE Numbers(const double* from, int64_t n) {
        for (int64_t j = 0; j < n; ++j) at[j] = static_cast<T>(from[j]);
    }
};

// sums[j] = the sum over r of f(r, j), j < width: eight rows as a tree, these in double.
template <class T, class F> CHAINRULE_INLINE void sum_columns(int64_t rows, int64_t width, double* sums, F f) {
    for (int64_t j = 0; j < width; ++j) sums[j] = 0;
    int64_t r = 0;
    for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce) {
#pragma omp simd
        for (int64_t j = 0; j < width; ++j)
            sums[j] += ((f(r, j) + f(r + 1, j)) + (f(r + 2, j) + f(r + 3, j))) +
                       ((f(r + 4, j) + f(r + 5, j)) + (f(r + 6, j) + f(r + 7, j)));
    }
    for (; r < rows; ++r) {
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) sums[j] += f(r, j);
    }
}

CHAINRULE_INLINE int64_t columns_from(const Columns& at, int64_t c) {
    return at.n - c < kColumns ? at.n - c : kColumns;
}

}  // namespace

template <class T> void column_sums(const void* in, const Columns& at, double* sums) {
    for (int64_t c = 0; c < at.n; c += kColumns) {
        const T* x = static_cast<const T*>(in) + c;
        const int64_t ld = at.ld;
        sum_columns<T>(at.rows, columns_from(at, c), sums + c, [=](int64_t r, int64_t j) { return x[r * ld + j]; });
    }
}

template <class T> void column_squares(const void* in, const Columns& at, const double* shift, double* sums) {
    for (int64_t c = 0; c < at.n; c += kColumns) {
        const int64_t width = columns_from(at, c);
        const T* x = static_cast<const T*>(in) + c;
        const Numbers<T> shifts(shift + c, width);
        const T* m = shifts.at;
        const int64_t ld = at.ld;
        sum_columns<T>(at.rows, width, sums + c, [=](int64_t r, int64_t j) {
            const T d = x[r * ld + j] - m[j];
            return d * d;
        });
    }
}

template <class T>
void column_products(const void* grad, const void* in, const Columns& at, const double* shift, double* sums_g,
                     double* sums_gx) {
    for (int64_t c = 0; c < at.n; c += kColumns) {
        const int64_t width = columns_from(at, c);
        const T *g = static_cast<const T*>(grad) + c, *x = static_cast<const T*>(in) + c;
        const Numbers<T> shifts(shift + c, width);
        const T* m = shifts.at;
        const int64_t ld = at.ld;
        sum_columns<T>(at.rows, width, sums_g + c, [=](int64_t r, int64_t j) { return g[r * ld + j]; });
        sum_columns<T>(at.rows, width, sums_gx + c,
                       [=](int64_t r, int64_t j) { return g[r * ld + j] * (x[r * ld + j] - m[j]); });
    }
}

template <class T>
void column_affine(const void* in, void* out, const Columns& at, const double* shift, const double* scale,
                   const double* add) {
    for (int64_t c = 0; c < at.n; c += kColumns) {
        const int64_t width = columns_from(at, c);
        const Numbers<T> m(shift + c, width), a(scale + c, width), b(add + c, width);
        for (int64_t r = 0; r < at.rows; ++r) {
            const T* x = static_cast<const T*>(in) + r * at.ld + c;
            T* y = static_cast<T*>(out) + r * at.ld + c;
#pragma omp simd
            for (int64_t j = 0; j < width; ++j) y[j] = (x[j] - m.at[j]) * a.at[j] + b.at[j];
        }
    }
}

template <class T>
void column_grad(const void* grad, const void* in, void* out, const Columns& at, const double* shift, const double* a,
                 const double* b, const double* c) {
    for (int64_t from = 0; from < at.n; from += kColumns) {
        const int64_t width = columns_from(at, from);
        const Numbers<T> m(shift + from, width), p(a + from, width), q(b + from, width), s(c + from, width);
        for (int64_t r = 0; r < at.rows; ++r) {
            const int64_t begin = r * at.ld + from;
            const T *g = static_cast<const T*>(grad) + begin, *x = static_cast<const T*>(in) + begin;
            T* dx = static_cast<T*>(out) + begin;
#pragma omp simd
            for (int64_t j = 0; j < width; ++j) dx[j] = p.at[j] * g[j] + q.at[j] * (x[j] - m.at[j]) + s.at[j];
        }
    }
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
    ColumnSums column_sums[kNumDTypes]{};
    ColumnSquares column_squares[kNumDTypes]{};
    ColumnProducts column_products[kNumDTypes]{};
    ColumnAffine column_affine[kNumDTypes]{};
    ColumnGrad column_grad[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_normalize(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
