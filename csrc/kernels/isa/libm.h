// Scalar functions: one set of names for float and double in front of the C library's, and the few that it lacks. Built-ins
// rather than <cmath>, whose inline templates would be shared between instruction sets.
#pragma once

#include <math.h>

#include <cstdint>

#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

#define CHAINRULE_LIBM1(name)                                                   \
    CHAINRULE_INLINE float m_##name(float x) { return __builtin_##name##f(x); } \
    CHAINRULE_INLINE double m_##name(double x) { return __builtin_##name(x); }
#define CHAINRULE_LIBM2(name)                                                               \
    CHAINRULE_INLINE float m_##name(float x, float y) { return __builtin_##name##f(x, y); } \
    CHAINRULE_INLINE double m_##name(double x, double y) { return __builtin_##name(x, y); }

CHAINRULE_LIBM1(sqrt)
CHAINRULE_LIBM1(sin)
CHAINRULE_LIBM1(cos)
CHAINRULE_LIBM1(tan)
CHAINRULE_LIBM1(floor)
CHAINRULE_LIBM1(ceil)
CHAINRULE_LIBM1(rint)
CHAINRULE_LIBM1(trunc)
CHAINRULE_LIBM2(pow)
CHAINRULE_LIBM2(fmod)
CHAINRULE_LIBM2(nextafter)

constexpr double kPi = 3.14159265358979323846;

// lgamma writes the global `signgam`, a race between threads; the _r form of glibc and the BSDs does not.
inline double lgamma_double(double x) {
#if defined(__GLIBC__) || defined(__APPLE__) || defined(__FreeBSD__)
    int sign = 0;
    return ::lgamma_r(x, &sign);
#else
    return __builtin_lgamma(x);
#endif
}

// Psi by its recurrence up to x >= 10, then the asymptotic series; reflection below 0 (Abramowitz and Stegun 6.3.5, 6.3.7,
// 6.3.18). At 0 the limit from the side of the sign, at negative integers NaN, as PyTorch has it.
inline double digamma_double(double x) {
    if (x == 0.0) return __builtin_copysign(__builtin_inf(), -x);
    double result = 0.0;
    if (x < 0.0) {
        if (x == __builtin_floor(x)) return __builtin_nan("");
        result = -kPi / __builtin_tan(kPi * (x - __builtin_rint(x)));
        x = 1.0 - x;
    }
    for (; x < 10.0; x += 1.0) result -= 1.0 / x;
    double z = 1.0 / (x * x);
    double series = z * poly(z, 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12);
    return result + __builtin_log(x) - 0.5 / x - series;
}

// Doubles (parameters) as integers: rounded to zero, kept in range, NaN gives 0.
template <class T> inline T saturate(double x) {
    constexpr bool is_signed = static_cast<T>(-1) < T(0);
    constexpr int bits = 8 * sizeof(T) - (is_signed ? 1 : 0);
    constexpr uint64_t limit = uint64_t{1} << bits;
    constexpr T max = static_cast<T>(limit - 1), min = is_signed ? static_cast<T>(-max - 1) : T(0);
    if (x >= static_cast<double>(limit)) return max;
    if (x >= static_cast<double>(min)) return static_cast<T>(x);
    return x < 0.0 ? min : T(0);
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
