// Pieces of softmax and cross-entropy: along one long row, or down a group of short rows that are held transposed, one lane
// a row.
#pragma once

#include "kernels/isa/lanes.h"
#include "kernels/isa/loops.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

constexpr int64_t kShortRow = 64;   // rows up to this length may be handled in groups
constexpr int64_t kGroup = 16;      // rows in a group
constexpr int64_t kSerialSum = 23;  // rows up to this length are summed one element after the other

// Of a row alone, whole vectors take half the time that a row with a rest takes; from 33 elements on they beat a group.
template <class T> CHAINRULE_INLINE bool goes_in_group(int64_t n) { return n <= 32 || (n < 48 && n % kLanes<T> != 0); }

// Largest element; NaN is passed over (the exponentials that follow carry it).
template <class T> [[gnu::noinline]] T row_max(const T* x, int64_t n) {
    constexpr int64_t wide = 4 * kLanes<T>;
    alignas(64) T m[wide];
    for (int64_t j = 0; j < wide; ++j) m[j] = -Fp<T>::kInf;
    int64_t i = 0;
    for (; i + wide <= n; i += wide) {
#pragma omp simd
        for (int64_t j = 0; j < wide; ++j) m[j] = x[i + j] > m[j] ? x[i + j] : m[j];
    }
    for (int64_t j = 0; i + j < n; ++j) m[j] = x[i + j] > m[j] ? x[i + j] : m[j];
    return fold_lanes<MaxJoin, static_cast<int>(wide)>(m);
}

// Sum of exp(x - shift) over whole vectors; the terms are written to out where kStore.
template <bool kStore, class T> [[gnu::noinline]] T exp_block(const T* x, T* out, int64_t n, T shift) {
    alignas(64) T sum[kLanes<T>] = {};
    for (int64_t i = 0; i < n; i += kLanes<T>) {
#pragma omp simd
        for (int64_t j = 0; j < kLanes<T>; ++j) {
            const T e = exp_neg(x[i + j] - shift);
            if (kStore) out[i + j] = e;
            sum[j] += e;
        }
    }
    return fold_lanes<SumJoin, static_cast<int>(kLanes<T>)>(sum);
}

// The same over a row of any length: in pieces, whose sums are added in double.
template <bool kStore, class T> [[gnu::noinline]] double exp_row(const T* x, T* out, int64_t n, T shift) {
    double total = 0.0;
    int64_t i = 0;
    while (n - i >= kLanes<T>) {
        const int64_t left = (n - i) / kLanes<T> * kLanes<T>, m = left < 2 * kChunk ? left : 2 * kChunk;
        total += exp_block<kStore>(x + i, out + i, m, shift);
        i += m;
    }
    if (i == n) return total;
    alignas(64) T tail[kLanes<T>];
    for (int64_t j = 0; j < kLanes<T>; ++j) tail[j] = i + j < n ? x[i + j] : -Fp<T>::kInf;
    total += exp_block<true>(tail, tail, kLanes<T>, shift);
    if (kStore)
        for (int64_t j = 0; i + j < n; ++j) out[i + j] = tail[j];
    return total;
}

// A row of medium length in whole vectors, the last one filled up with -inf.
constexpr int64_t kMediumRow = 256;
template <class T> struct PaddedRow {
    alignas(64) T at[kMediumRow];
    int64_t size;

    CHAINRULE_INLINE PaddedRow(const T* x, int64_t n) : size((n + kLanes<T> - 1) & -kLanes<T>) {
        for (int64_t j = size - kLanes<T>; j < size; ++j) at[j] = -Fp<T>::kInf;
        __builtin_memcpy(at, x, static_cast<size_t>(n) * sizeof(T));
    }
    // As row_max.
    CHAINRULE_INLINE T max() const {
        alignas(64) T m[kLanes<T>];
        for (int64_t j = 0; j < kLanes<T>; ++j) m[j] = -Fp<T>::kInf;
        for (int64_t i = 0; i < size; i += kLanes<T>) {
#pragma omp simd
            for (int64_t j = 0; j < kLanes<T>; ++j) m[j] = at[i + j] > m[j] ? at[i + j] : m[j];
        }
        return fold_lanes<MaxJoin, static_cast<int>(kLanes<T>)>(m);
    }
};

// Sum of f(i) over a row, in pieces as in exp_row.
template <class T, class F> CHAINRULE_INLINE T sum_row(int64_t n, F f) {
    double total = 0.0;
    alignas(64) T sum[4 * kLanes<T>];
    constexpr int64_t wide = 4 * kLanes<T>;
    for (int64_t from = 0; from < n; from += 8 * wide) {
        const int64_t end = n - from < 8 * wide ? n : from + 8 * wide;
        for (int64_t j = 0; j < wide; ++j) sum[j] = T(0);
        int64_t i = from;
        for (; i + wide <= end; i += wide) {
#pragma omp simd
            for (int64_t j = 0; j < wide; ++j) sum[j] += f(i + j);
        }
        alignas(64) T last[kLanes<T>] = {};
        for (; i + kLanes<T> <= end; i += kLanes<T>) {
#pragma omp simd
            for (int64_t j = 0; j < kLanes<T>; ++j) last[j] += f(i + j);
        }
        T rest = T(0);
        for (; i < end; ++i) rest += f(i);
        if (end - from >= wide) rest += fold_lanes<SumJoin, static_cast<int>(wide)>(sum);
        total += fold_lanes<SumJoin, static_cast<int>(kLanes<T>)>(last) + rest;
    }
    return static_cast<T>(total);
}
template <class T, class F> CHAINRULE_INLINE T sum_short_row(int64_t n, F f) {
    T sum = T(0);
    for (int64_t i = 0; i < n; ++i) sum += f(i);
    return sum;
}

// Up to kGroup short rows, transposed: at[c][r].
template <class T> struct Group {
    alignas(64) T at[kShortRow][kGroup];
    int64_t rows, n;

    CHAINRULE_INLINE void load(const T* x, int64_t count, int64_t length) {
        rows = count;
        n = length;
        if (rows < kGroup)
            for (int64_t c = 0; c < n; ++c)
                for (int64_t r = rows; r < kGroup; ++r) at[c][r] = T(0);
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t c = 0; c < n; ++c) at[c][r] = x[r * n + c];
    }
    CHAINRULE_INLINE void store(T* out) const {
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t c = 0; c < n; ++c) out[r * n + c] = at[c][r];
    }
    CHAINRULE_INLINE void max(T* m) const {
        for (int64_t r = 0; r < kGroup; ++r) m[r] = at[0][r];
        for (int64_t c = 1; c < n; ++c) {
#pragma omp simd
            for (int64_t r = 0; r < kGroup; ++r) m[r] = at[c][r] > m[r] ? at[c][r] : m[r];
        }
    }
    // sum gets the sums of exp(x - shift), which replace the elements where kStore.
    template <bool kStore> CHAINRULE_INLINE void exp(const T* shift, T* sum) {
        for (int64_t r = 0; r < kGroup; ++r) sum[r] = T(0);
        for (int64_t c = 0; c < n; ++c) {
#pragma omp simd
            for (int64_t r = 0; r < kGroup; ++r) {
                const T e = exp_neg(at[c][r] - shift[r]);
                if (kStore) at[c][r] = e;
                sum[r] += e;
            }
        }
    }
};

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
