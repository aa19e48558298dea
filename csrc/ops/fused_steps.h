// Numbers at equal distances, each computed with one rounding: start + step k as a fused multiply-add. Where the processor has the
// instruction, the loops use it several elements at a time; the library's function, used elsewhere, gives the same bits.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/cpu.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define CHAINRULE_WITH_FMA [[gnu::target("avx2,fma")]]
#else
#define CHAINRULE_WITH_FMA
#endif

namespace chainrule {

inline bool has_fma() { return chosen_isa() >= Isa::V3; }

// a + s k with one rounding in float64; in float32 the sum in double has digits to spare.
[[gnu::always_inline]] inline double step_from(double, double a, double s, int64_t k) {
    return std::fma(s, static_cast<double>(k), a);
}
[[gnu::always_inline]] inline double step_from(float, double a, double s, int64_t k) {
    return a + s * static_cast<double>(k);
}

// Blocks of 32 bytes, the first at place `first`: its first number is rounded, the others are counted from it.
template <class T>
[[gnu::always_inline]] inline void blocks_body(T* out, double a, double s, int64_t first, int64_t blocks) {
    constexpr int64_t lanes = 32 / sizeof(T);
    for (int64_t b = 0; b < blocks; ++b) {
        T base = static_cast<T>(step_from(T(0), a, s, first + b * lanes));
        for (int64_t j = 0; j < lanes; ++j) out[b * lanes + j] = static_cast<T>(step_from(T(0), base, s, j));
    }
}
CHAINRULE_WITH_FMA inline void blocks_fma(double* out, double a, double s, int64_t first, int64_t blocks) {
    blocks_body(out, a, s, first, blocks);
}
inline void arithmetic_blocks(double* out, double a, double s, int64_t first, int64_t blocks) {
    (has_fma() ? blocks_fma : blocks_body<double>)(out, a, s, first, blocks);
}
inline void arithmetic_blocks(float* out, double a, double s, int64_t first, int64_t blocks) {
    blocks_body(out, a, s, first, blocks);  // without the instruction: product and sum are rounded apart
}

// out[i] = a + s (first + by i). The inner loop has a fixed length so that it is made of vectors.
template <class T>
[[gnu::always_inline]] inline void points_body(T* out, T a, T s, int64_t first, int64_t by, int64_t n) {
    constexpr int32_t block = 16;
    int64_t i = 0;
    for (; i + block <= n && first + n < INT32_MAX; i += block) {
        int32_t from = static_cast<int32_t>(first + by * i), step = static_cast<int32_t>(by);
        for (int32_t j = 0; j < block; ++j) out[i + j] = std::fma(s, static_cast<T>(from + step * j), a);
    }
    for (; i < n; ++i) out[i] = std::fma(s, static_cast<T>(first + by * i), a);
}
template <class T> CHAINRULE_WITH_FMA void points_fma(T* out, T a, T s, int64_t first, int64_t by, int64_t n) {
    points_body(out, a, s, first, by, n);
}
template <class T> void points(T* out, T a, T s, int64_t first, int64_t by, int64_t n) {
    if (has_fma()) points_fma(out, a, s, first, by, n);
    else points_body(out, a, s, first, by, n);
}

}  // namespace chainrule
