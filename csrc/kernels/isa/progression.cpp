// Numbers at equal distances.
#include "kernels/isa/entries.h"
#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

CHAINRULE_INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
CHAINRULE_INLINE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }

// In float32 the sum in double has digits to spare.
CHAINRULE_INLINE double step_from(double, double a, double s, int64_t k) { return fused(s, static_cast<double>(k), a); }
CHAINRULE_INLINE double step_from(float, double a, double s, int64_t k) { return a + s * static_cast<double>(k); }

}  // namespace

// The inner loop has a fixed length and 32-bit counters so that it is made of vectors.
template <class T> void points(void* to, double start, double step, int64_t first, int64_t by, int64_t n) {
    constexpr int32_t block = 16;
    T *out = static_cast<T*>(to), a = static_cast<T>(start), s = static_cast<T>(step);
    int64_t i = 0;
    for (; i + block <= n && first + n < INT32_MAX; i += block) {
        int32_t from = static_cast<int32_t>(first + by * i), stride = static_cast<int32_t>(by);
        for (int32_t j = 0; j < block; ++j) out[i + j] = fused(s, static_cast<T>(from + stride * j), a);
    }
    for (; i < n; ++i) out[i] = fused(s, static_cast<T>(first + by * i), a);
}

template <class T> void progression(void* to, double a, double s, int64_t first, int64_t, int64_t blocks) {
    constexpr int64_t lanes = 32 / sizeof(T);
    T* out = static_cast<T*>(to);
    for (int64_t b = 0; b < blocks; ++b) {
        T base = static_cast<T>(step_from(T(0), a, s, first + b * lanes));
        for (int64_t j = 0; j < lanes; ++j) out[b * lanes + j] = static_cast<T>(step_from(T(0), base, s, j));
    }
}

template void points<float>(void*, double, double, int64_t, int64_t, int64_t);
template void points<double>(void*, double, double, int64_t, int64_t, int64_t);
template void progression<float>(void*, double, double, int64_t, int64_t, int64_t);
template void progression<double>(void*, double, double, int64_t, int64_t, int64_t);

}  // namespace chainrule::kernels::CHAINRULE_ISA
