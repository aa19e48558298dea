// x^y = 2^(y log2 |x|), then the cases of C's pow.
#pragma once

#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// What pow needs to know of its exponent: the sign bit if it is an odd integer, NaN if it is not an integer (-0 changes no result).
template <class T> struct PowExponent {
    T y;
    typename Fp<T>::Bits odd;
    T fraction;
};
CHAINRULE_INLINE float floor_(float x) { return __builtin_floorf(x); }
CHAINRULE_INLINE double floor_(double x) { return __builtin_floor(x); }
template <class T> CHAINRULE_INLINE PowExponent<T> pow_exponent(T y) {
    using Bits = typename Fp<T>::Bits;
    T half = y * T(0.5);
    bool integer = floor_(y) == y;
    return {y, integer && floor_(half) != half ? Bits{1} << (8 * sizeof(T) - 1) : Bits{0},
            integer ? -T(0) : Fp<T>::kNan};
}

// |x|^y of floats, in double (log2 to 1e-13, exp2 to 5e-11). Error below 0.51 ulp.
CHAINRULE_INLINE float pow_magnitude(float x, float y) {
    constexpr double inf = __builtin_inf();
    double a = abs_(static_cast<double>(x)), w = y;
    auto [e, m] = log_split(a);
    double f = m - 1.0, s = f / (2.0 + f), z = s * s;
    double tail = poly(z, 0x1.555555562899ep-1, 0x1.9999968a632b0p-2, 0x1.24941fff58d8dp-2, 0x1.c6261c7af4ba7p-3,
                       0x1.916213569cbf7p-3);
    double log2 = mul_add(mul_add(s * z, tail, s + s), 0x1.71547652b82fep+0, e);
    log2 = a < inf ? log2 : a;
    log2 = a == 0.0 ? -inf : log2;
    double t = w * log2;
    double shifted = t + 0x1.8p52, r = t - (shifted - 0x1.8p52);
    double p = poly(r, 1.0, 0x1.62e42fef7abfbp-1, 0x1.ebfbe07c4b2dbp-3, 0x1.c6b08df5f189cp-5, 0x1.3b29ef6743c56p-7,
                    0x1.5d8721ebc318ap-10, 0x1.445fc8c3a2881p-13, 0x1.00f242cdd62e3p-16);
    p *= exp_scale<double>(__builtin_bit_cast(uint64_t, shifted));
    p = t < -200.0 ? 0.0 : p;
    p = t > 200.0 ? inf : p;
    return static_cast<float>(p);
}

// log a = high + low for a > 0, relative error 2^-68: 2 s + 2/3 s^3 + s^5 p(s^2), s = f / (2 + f), with all but p in pairs of
// numbers (T. J. Dekker, 1971).
struct LogPair {
    double high, low;
};
CHAINRULE_INLINE LogPair log_pair(double a) {
    using F = Fp<double>;
    auto [e, m] = log_split_any(a);
    double f = m - 1.0, den = m + 1.0, den_low = m - (den - 1.0), inverse = 1.0 / den;
    double s = f * inverse, s_low = (residual(f, s, den) - s * den_low) * inverse;
    double z = s * s, z_low = product_rest(s, s, z) + (s + s) * s_low;
    double p = z * z *
               poly(z, 0x1.9999999999996p-2, 0x1.2492492492f4bp-2, 0x1.c71c71c59796ap-3, 0x1.745d1828c79ebp-3,
                    0x1.3b1364f1016b4p-3, 0x1.1120692f23eb7p-3, 0x1.de3e60660581fp-4, 0x1.eabe236a2827ep-4);
    constexpr double third = 0x1.5555555555555p-1, third_low = 0x1.5555555555555p-55;  // of 2
    double t = z * third, t_low = product_rest(z, third, t) + mul_add(z, third_low, z_low * third);
    double u = t + p, u_low = ((t - u) + p) + t_low;
    double w = s * u, w_low = product_rest(s, u, w) + mul_add(s, u_low, s_low * u);
    double two = s + s, l = two + w, l_low = ((two - l) + w) + (s_low + s_low + w_low);
    double base = e * F::kLn2Hi, high = base + l;
    return {high, ((base - high) + l) + mul_add(e, F::kLn2Lo, l_low)};
}
// |x|^y of doubles. Error below 0.55 ulp.
CHAINRULE_INLINE double pow_magnitude(double x, double y) {
    using F = Fp<double>;
    double a = abs_(x);
    auto [log, low] = log_pair(a);
    log = a < F::kInf ? log : a;
    log = a == 0.0 ? -F::kInf : log;
    double t = y * log, rest = mul_add(y, low, product_rest(y, log, t));
    auto [n, r, scaled] = exp_split(t);
    double v = r + rest, v_low = (r - v) + rest, one = 1.0 + v, lost = (1.0 - one) + v;
    double p = one + (lost + mul_add(v * v, F::exp_poly(v), v_low));
    p = scale_by(p, scaled);
    p = t < F::kExpLow ? 0.0 : p;
    return t > F::kExpHigh ? F::kInf : p;
}

// For finite y.
template <class T> CHAINRULE_INLINE T pow_finite(T x, PowExponent<T> k) {
    T y = from_bits<T>(bits_of(pow_magnitude(x, k.y)) ^ (bits_of(x) & k.odd));
    return (x < T(0)) & (x > -Fp<T>::kInf) ? y + k.fraction : y;
}
template <class T> CHAINRULE_INLINE T pow_(T x, T y) {
    T result = pow_finite(x, pow_exponent(y));
    bool one = (y == T(0)) | (x == T(1)) | ((x == T(-1)) & (abs_(y) == Fp<T>::kInf));
    return one ? T(1) : result;
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
