// softmax and log_softmax with their gradients; bias and activation in one pass
#include "kernels/isa/rows.h"

#include <cstring>

#include "kernels/isa/entries.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <bool kLog, class T> CHAINRULE_INLINE void softmax_group(const T* in, T* out, int64_t rows, int64_t n) {
    Group<T> group;
    alignas(64) T m[kGroup], sum[kGroup];
    group.load(in, rows, n);
    group.max(m);
    if (kLog) {
        group.template exp<false>(m, sum);
        for (int64_t r = 0; r < kGroup; ++r) sum[r] = log_(sum[r]);
        for (int64_t c = 0; c < n; ++c) {
#pragma omp simd
            for (int64_t r = 0; r < kGroup; ++r) group.at[c][r] = (group.at[c][r] - m[r]) - sum[r];
        }
    } else {
        group.template exp<true>(m, sum);
        for (int64_t r = 0; r < kGroup; ++r) sum[r] = T(1) / sum[r];
        for (int64_t c = 0; c < n; ++c) {
#pragma omp simd
            for (int64_t r = 0; r < kGroup; ++r) group.at[c][r] *= sum[r];
        }
    }
    group.store(out);
}

template <class T> CHAINRULE_INLINE void softmax_medium(const T* in, T* out, int64_t n) {
    PaddedRow<T> row(in, n);
    const T factor = T(1) / exp_block<true>(row.at, row.at, row.size, row.max());
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] = row.at[i] * factor;
}
// Several rows, up to kGroup: one logarithm alone takes as long as one of a whole vector.
template <class T> CHAINRULE_INLINE void log_softmax_medium(const T* in, T* out, int64_t rows, int64_t n) {
    alignas(64) T top[kGroup], total[kGroup];
    for (int64_t r = rows; r < kGroup; ++r) total[r] = T(1);
    for (int64_t r = 0; r < rows; ++r) {
        PaddedRow<T> row(in + r * n, n);
        top[r] = row.max();
        total[r] = exp_block<false>(row.at, row.at, row.size, top[r]);
    }
#pragma omp simd
    for (int64_t r = 0; r < kGroup; ++r) total[r] = log_(total[r]);
    for (int64_t r = 0; r < rows; ++r) {
        const T m = top[r], log_total = total[r];
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[r * n + i] = (in[r * n + i] - m) - log_total;
    }
}

template <bool kLog, class T> CHAINRULE_INLINE void softmax_row(const T* in, T* out, int64_t n) {
    const T m = row_max(in, n);
    const double total = exp_row<!kLog>(in, out, n, m);
    const T log_total = log_(static_cast<T>(total)), factor = static_cast<T>(1.0 / total);
    if (kLog) {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = (in[i] - m) - log_total;
    } else {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] *= factor;
    }
}

template <bool kLog, class T> CHAINRULE_INLINE void grad_row(const T* g, const T* y, T* out, int64_t n) {
    const auto term = [=](int64_t i) { return kLog ? g[i] : g[i] * y[i]; };
    const T sum = n <= kSerialSum ? sum_short_row<T>(n, term) : sum_row<T>(n, term);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] = y[i] * (g[i] - sum);
}
template <class T> void log_grad_core(const T* g, const T* y, T* out, int64_t n, T sum) {
    n &= -kLanes<T>;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] = mul_add(-exp_(y[i]), sum, g[i]);
}
template <class T> CHAINRULE_INLINE void log_grad_row(const T* g, const T* y, T* out, int64_t n) {
    const auto term = [=](int64_t i) { return g[i]; };
    const T sum = n <= kSerialSum ? sum_short_row<T>(n, term) : sum_row<T>(n, term);
    const int64_t whole = n / kLanes<T> * kLanes<T>;
    if (whole > 0) log_grad_core(g, y, out, whole, sum);
    if (whole == n) return;
    alignas(64) T tail[2][kLanes<T>] = {};
    for (int64_t j = 0; whole + j < n; ++j) tail[0][j] = g[whole + j], tail[1][j] = y[whole + j];
    log_grad_core(tail[0], tail[1], tail[0], kLanes<T>, sum);
    for (int64_t j = 0; whole + j < n; ++j) out[whole + j] = tail[0][j];
}

}  // namespace

template <bool kLog, class T> void softmax(const void* in, void* out, int64_t rows, int64_t n) {
    const T* from = static_cast<const T*>(in);
    T* to = static_cast<T*>(out);
    if (n == 0) return;
    if (goes_in_group<T>(n)) {
        for (int64_t r = 0; r < rows; r += kGroup)
            softmax_group<kLog>(from + r * n, to + r * n, rows - r < kGroup ? rows - r : kGroup, n);
    } else if (n <= kMediumRow) {
        if (kLog)
            for (int64_t r = 0; r < rows; r += kGroup)
                log_softmax_medium(from + r * n, to + r * n, rows - r < kGroup ? rows - r : kGroup, n);
        else
            for (int64_t r = 0; r < rows; ++r) softmax_medium(from + r * n, to + r * n, n);
    } else {
        for (int64_t r = 0; r < rows; ++r) softmax_row<kLog>(from + r * n, to + r * n, n);
    }
}

template <bool kLog, class T>
void softmax_grad(const void* grad, const void* output, void* out, int64_t rows, int64_t n) {
    const T *g = static_cast<const T*>(grad), *y = static_cast<const T*>(output);
    T* to = static_cast<T*>(out);
    for (int64_t i = 0; i < rows * n; i += n) {
        if constexpr (kLog) log_grad_row(g + i, y + i, to + i, n);
        else grad_row<false>(g + i, y + i, to + i, n);
    }
}

namespace {

// The columns [0, vectors kLanes) of a matrix. Sums in blocks of rows: their error stays small however many rows there are.
constexpr int64_t kRowBlock = 32;
template <class T, int64_t width, class F> CHAINRULE_INLINE void sum_columns(T* sum, int64_t n, F add_row) {
    alignas(64) T block[width];
    for (int64_t j = 0; j < width; ++j) sum[j] = T(0);
    for (int64_t first = 0; first < n; first += kRowBlock) {
        const int64_t end = n - first < kRowBlock ? n : first + kRowBlock;
        for (int64_t j = 0; j < width; ++j) block[j] = T(0);
        for (int64_t i = first; i < end; ++i) add_row(i, block);
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) sum[j] += block[j];
    }
}

template <bool kLog, int vectors, class T>
[[gnu::noinline]] void softmax_strip(const T* in, T* out, int64_t n, int64_t ld) {
    constexpr int64_t width = vectors * kLanes<T>;
    alignas(64) T top[width], sum[width];
    for (int64_t j = 0; j < width; ++j) top[j] = -Fp<T>::kInf;
    for (int64_t i = 0; i < n; ++i) {
        const T* x = in + i * ld;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) top[j] = x[j] > top[j] ? x[j] : top[j];
    }
    sum_columns<T, width>(sum, n, [=, &top](int64_t i, T* block) {
        const T* x = in + i * ld;
        T* y = out + i * ld;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) {
            const T e = exp_neg(x[j] - top[j]);
            if (!kLog) y[j] = e;
            block[j] += e;
        }
    });
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) sum[j] = kLog ? log_(sum[j]) : T(1) / sum[j];
    for (int64_t i = 0; i < n; ++i) {
        const T* x = in + i * ld;
        T* y = out + i * ld;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) y[j] = kLog ? (x[j] - top[j]) - sum[j] : y[j] * sum[j];
    }
}

template <bool kLog, int vectors, class T>
[[gnu::noinline]] void softmax_grad_strip(const T* grad, const T* output, T* out, int64_t n, int64_t ld) {
    constexpr int64_t width = vectors * kLanes<T>;
    alignas(64) T sum[width];
    sum_columns<T, width>(sum, n, [=](int64_t i, T* block) {
        const T *g = grad + i * ld, *y = output + i * ld;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) block[j] += kLog ? g[j] : g[j] * y[j];
    });
    for (int64_t i = 0; i < n; ++i) {
        const T *g = grad + i * ld, *y = output + i * ld;
        T* dx = out + i * ld;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) dx[j] = kLog ? mul_add(-exp_(y[j]), sum[j], g[j]) : y[j] * (g[j] - sum[j]);
    }
}

// Strips of four vectors or one; the last one reaches back over columns that are done, which gives them the same numbers again.
template <class T, class F> CHAINRULE_INLINE void for_strips(int64_t cols, F work) {
    constexpr int64_t one = kLanes<T>, four = 4 * one;
    int64_t c = 0;
    for (; c + four <= cols; c += four) work(c, true);
    for (; c < cols; c += one) work(c + one <= cols ? c : cols - one, false);
}

}  // namespace

template <bool kLog, class T> void softmax_columns(const void* in, void* out, int64_t n, int64_t cols, int64_t ld) {
    const T* from = static_cast<const T*>(in);
    T* to = static_cast<T*>(out);
    for_strips<T>(cols, [=](int64_t c, bool wide) {
        if (wide) softmax_strip<kLog, 4>(from + c, to + c, n, ld);
        else softmax_strip<kLog, 1>(from + c, to + c, n, ld);
    });
}

template <bool kLog, class T>
void softmax_columns_grad(const void* grad, const void* output, void* out, int64_t n, int64_t cols, int64_t ld) {
    const T *g = static_cast<const T*>(grad), *y = static_cast<const T*>(output);
    T* to = static_cast<T*>(out);
    for_strips<T>(cols, [=](int64_t c, bool wide) {
        if (wide) softmax_grad_strip<kLog, 4>(g + c, y + c, to + c, n, ld);
        else softmax_grad_strip<kLog, 1>(g + c, y + c, to + c, n, ld);
    });
}

template <class T> void add_bias(void* x, const void* bias, int64_t rows, int64_t n, int64_t ld) {
    const T* add = static_cast<const T*>(bias);
    for (int64_t r = 0; r < rows; ++r) {
        T* row = static_cast<T*>(x) + r * ld;
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) row[i] += add[i];
    }
}

namespace {

// What does not fill the lanes; apart, so that the loop beside it keeps the registers.
template <int rows, class T> [[gnu::noinline]] void add_rest(const T* w, int64_t ld, const T* x, int64_t k, T* to) {
    for (int r = 0; r < rows; ++r)
        for (int64_t j = 0; j < k; ++j) to[r] = mul_add(w[r * ld + j], x[j], to[r]);
}

// Dot products of several neighbouring rows with x, which is read once for all of them.
template <int rows, class T>
CHAINRULE_INLINE void dots_of(const T* w, int64_t ld, const T* x, const T* bias, T* y, int64_t k) {
    alignas(64) T sum[rows][kLanes<T>] = {};
    int64_t i = 0;
    for (; i + kLanes<T> <= k; i += kLanes<T>)
        for (int r = 0; r < rows; ++r) {
#pragma omp simd
            for (int64_t j = 0; j < kLanes<T>; ++j) sum[r][j] = mul_add(w[r * ld + i + j], x[i + j], sum[r][j]);
        }
    T rest[rows] = {};
    if (bias != nullptr) std::memcpy(rest, bias, sizeof rest);
    if (i < k) add_rest<rows>(w + i, ld, x + i, k - i, rest);
    if constexpr (rows == 4 && sizeof(T) == 4) {
        auto joined = fold_four<SumJoin, kLanes<T>>(sum);
        for (int r = 0; r < rows; ++r) y[r] = joined[r] + rest[r];
        return;
    }
    for (int r = 0; r < rows; ++r) y[r] = fold_lanes<SumJoin, static_cast<int>(kLanes<T>)>(sum[r]) + rest[r];
}

}  // namespace

template <class T>
void row_dots(const void* w, int64_t ld, const void* x, const void* bias, void* y, int64_t rows, int64_t k) {
    constexpr int64_t kAtOnce = 4;
    const T *matrix = static_cast<const T*>(w), *vector = static_cast<const T*>(x), *add = static_cast<const T*>(bias);
    T* to = static_cast<T*>(y);
    int64_t r = 0;
    for (; r + kAtOnce <= rows; r += kAtOnce)
        dots_of<kAtOnce>(matrix + r * ld, ld, vector, add != nullptr ? add + r : add, to + r, k);
    for (; r < rows; ++r) dots_of<1>(matrix + r * ld, ld, vector, add != nullptr ? add + r : add, to + r, k);
}

namespace {
struct Kept {
    RowMap softmax[kNumDTypes]{}, log_softmax[kNumDTypes]{};
    RowMapGrad softmax_grad[kNumDTypes]{}, log_softmax_grad[kNumDTypes]{};
    ColumnMap softmax_columns[kNumDTypes]{}, log_softmax_columns[kNumDTypes]{};
    ColumnMapGrad softmax_columns_grad[kNumDTypes]{}, log_softmax_columns_grad[kNumDTypes]{};
    RowDots row_dots[kNumDTypes]{};
    AddBias add_bias[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_rows(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
