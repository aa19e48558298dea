// Products with a sparse matrix: a row's sums stay in registers while its entries go by.
#include "kernels/isa/entries.h"
#include "kernels/isa/lanes.h"
#include "kernels/isa/loops.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// As many lanes as one register holds.
template <class T> constexpr int kOneRegister = kRegisterBytes / static_cast<int>(sizeof(T));

// Columns [0, count width) of one row of the product, `dense` and `out` being moved to the first of them.
template <int width, int count, class T>
CHAINRULE_INLINE void row_block(const int64_t* columns, const T* values, int64_t entries, const T* dense, T* out,
                                int64_t n) {
    using V = typename Lanes<T, width>::type;
    V sum[count] = {};
    for (int64_t e = 0; e < entries; ++e) {
        const T* x = dense + columns[e] * n;
        const T value = values[e];
        for (int k = 0; k < count; ++k) {
            V here;
            __builtin_memcpy(&here, x + k * width, sizeof here);
            sum[k] += value * here;
        }
    }
    for (int k = 0; k < count; ++k) __builtin_memcpy(out + k * width, &sum[k], sizeof(V));
}

// Rows shorter than a register, by halves.
template <int width, class T>
CHAINRULE_INLINE void row_rest(const int64_t* columns, const T* values, int64_t entries, const T* dense, T* out,
                               int64_t n, int64_t left) {
    if constexpr (width >= 1) {
        if (left & width) {
            row_block<width, 1>(columns, values, entries, dense, out, n);
            dense += width;
            out += width;
        }
        row_rest<width / 2>(columns, values, entries, dense, out, n, left);
    }
}

}  // namespace

template <class T>
void sparse_rows(const int64_t* starts, const int64_t* columns, const void* values, const void* dense, void* out,
                 int64_t first, int64_t end, int64_t n) {
    constexpr int width = kOneRegister<T>;
    for (int64_t r = first; r < end; ++r) {
        const int64_t entries = starts[r + 1] - starts[r];
        const int64_t* column = columns + starts[r];
        const T *value = static_cast<const T*>(values) + starts[r], *x = static_cast<const T*>(dense);
        T* y = static_cast<T*>(out) + r * n;
        int64_t j = 0;
        for (; j + 4 * width <= n; j += 4 * width) row_block<width, 4>(column, value, entries, x + j, y + j, n);
        for (; j + width <= n; j += width) row_block<width, 1>(column, value, entries, x + j, y + j, n);
        // The last register of a row may hold columns that were done before: they come out the same.
        if (n < width) row_rest<width / 2>(column, value, entries, x, y, n, n);
        else if (j < n) row_block<width, 1>(column, value, entries, x + n - width, y + n - width, n);
    }
}

template <class T>
void sampled_dots(const int64_t* rows, const int64_t* columns, const void* a, const void* b, void* out, int64_t count,
                  int64_t n) {
    for (int64_t e = 0; e < count; ++e) {  // 16 sums on all instruction sets, so that they round alike
        const T *x = static_cast<const T*>(a) + rows[e] * n, *y = static_cast<const T*>(b) + columns[e] * n;
        T rest = T(0);
        int64_t j = 0;
        if (n >= 16) {
            alignas(64) T sum[16] = {};
            for (; j + 16 <= n; j += 16) {
#pragma omp simd
                for (int k = 0; k < 16; ++k) sum[k] += x[j + k] * y[j + k];
            }
            rest = fold_lanes<SumJoin, 16>(sum);
        }
        for (; j < n; ++j) rest += x[j] * y[j];
        static_cast<T*>(out)[e] = rest;
    }
}

namespace {
struct Kept {
    SparseRows sparse_rows[kNumDTypes]{};
    SampledDots sampled_dots[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_sparse(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
