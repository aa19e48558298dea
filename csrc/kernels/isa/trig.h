// Circular and hyperbolic functions and their inverses (tanh is in math.h). Float, and double where the formula serves both.
#pragma once

#include "kernels/isa/libm.h"
#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// sin and cos of a float with |x| <= kTrigLimit. The reduction runs in double with pi/2 in two parts: n times the first is exact.
constexpr float kTrigLimit = 1.0e6f;
struct TrigParts {
    float s, c;
    uint32_t quadrant;
};
CHAINRULE_INLINE TrigParts trig_parts(float x) {
    double shifted = mul_add(static_cast<double>(x), 0x1.45f306dc9c883p-1, 0x1.8p52), n = shifted - 0x1.8p52;
    double d = mul_add(-n, 0x1.0b4611a626331p-34, mul_add(-n, 0x1.921fb54400000p+0, static_cast<double>(x)));
    float r = static_cast<float>(d), z = r * r;
    float s = mul_add(r * z, poly(z, -0x1.555556p-3f, 0x1.111176p-7f, -0x1.a05b94p-13f, 0x1.7cc4e2p-19f), r);
    s = copysign_(s, r);
    float c = mul_add(z * z, poly(z, 0x1.555556p-5f, -0x1.6c1760p-10f, 0x1.a0739ep-16f, -0x1.36838ep-22f),
                      mul_add(z, -0.5f, 1.0f));
    return {s, c, static_cast<uint32_t>(__builtin_bit_cast(uint64_t, shifted))};
}
CHAINRULE_INLINE float sin_reduced(float x) {
    auto [s, c, q] = trig_parts(x);
    float y = (q & 1) != 0 ? c : s;
    return from_bits<float>(bits_of(y) ^ ((q & 2) << 30));
}
CHAINRULE_INLINE float cos_reduced(float x) {
    auto [s, c, q] = trig_parts(x);
    float y = (q & 1) != 0 ? s : c;
    return from_bits<float>(bits_of(y) ^ (((q + 1) & 2) << 30));
}

// In double, so that neither tan nor 1 + tan^2 loses more than a rounding.
CHAINRULE_INLINE float tan_reduced(float x) {
    double shifted = mul_add(static_cast<double>(x), 0x1.45f306dc9c883p-1, 0x1.8p52), n = shifted - 0x1.8p52;
    double d = mul_add(-n, 0x1.0b4611a626331p-34, mul_add(-n, 0x1.921fb54400000p+0, static_cast<double>(x))), z = d * d;
    double s = mul_add(d * z, poly(z, -0x1.555556p-3, 0x1.111176p-7, -0x1.a05b94p-13, 0x1.7cc4e2p-19), d);
    double c =
        mul_add(z * z, poly(z, 0x1.555556p-5, -0x1.6c1760p-10, 0x1.a0739ep-16, -0x1.36838ep-22), mul_add(z, -0.5, 1.0));
    bool odd = (__builtin_bit_cast(uint64_t, shifted) & 1) != 0;
    return copysign_(static_cast<float>((odd ? c : s) / (odd ? s : c)), static_cast<float>(odd ? -d : d));
}

constexpr float kHalfPi = 0x1.921fb6p+0f, kHalfPiRest = -0x1.777a5cp-25f;

// (asin(x) - x) / x^3 with z = x^2 <= 1/4, relative error of asin 4.9e-9
CHAINRULE_INLINE float asin_poly(float z) {
    return poly(z, 0x1.5555c8p-3f, 0x1.330204p-4f, 0x1.747bb8p-5f, 0x1.8c3e56p-6f, 0x1.595c52p-5f);
}
// Beyond 1/2 through asin(x) = pi / 2 - 2 asin(sqrt((1 - x) / 2)), where 1 - x is exact.
struct AsinParts {
    bool far;
    float y;  // asin(|x|), or where far, asin(sqrt((1 - |x|) / 2))
};
CHAINRULE_INLINE AsinParts asin_parts(float x) {
    float a = abs_(x);
    bool far = a > 0.5f;
    float z = far ? 0.5f - 0.5f * a : a * a, r = far ? __builtin_sqrtf(z) : a;
    return {far, mul_add(r * z, asin_poly(z), r)};
}
CHAINRULE_INLINE float asin_(float x) {
    auto [far, y] = asin_parts(x);
    return copysign_(far ? kHalfPi - mul_add(2.0f, y, -kHalfPiRest) : y, x);
}
CHAINRULE_INLINE float acos_(float x) {
    auto [far, y] = asin_parts(x);
    float near = kHalfPi - (copysign_(y, x) - kHalfPiRest);
    float beyond = x < 0.0f ? 2.0f * kHalfPi - (y + y - 2.0f * kHalfPiRest) : y + y;
    return far ? beyond : near;
}

// atan of a quotient in [0, 1], relative error 2.6e-9
CHAINRULE_INLINE float atan_unit(float t) {
    float z = t * t;
    float p = poly(z, -0x1.55553ep-2f, 0x1.9991e4p-3f, -0x1.242086p-3f, 0x1.c08c50p-4f, -0x1.580932p-4f, 0x1.da2ac4p-5f,
                   -0x1.fd80dap-6f, 0x1.6429e6p-7f, -0x1.d3682ap-10f);
    return mul_add(t * z, p, t);
}
CHAINRULE_INLINE float atan_(float x) {
    float a = abs_(x);
    bool far = a > 1.0f;
    float y = atan_unit(far ? 1.0f / a : a);
    return copysign_(far ? kHalfPi - (y - kHalfPiRest) : y, x);
}
CHAINRULE_INLINE float atan2_(float y, float x) {
    float a = abs_(y), b = abs_(x), low = a < b ? a : b, high = a < b ? b : a;
    float t = low / high;
    t = high == 0.0f ? 0.0f : t;
    t = low == Fp<float>::kInf ? 1.0f : t;
    float r = atan_unit(t);
    r = a > b ? kHalfPi - (r - kHalfPiRest) : r;
    r = copysign_(1.0f, x) < 0.0f ? 2.0f * kHalfPi - (r - 2.0f * kHalfPiRest) : r;
    return is_nan(x) | is_nan(y) ? Fp<float>::kNan : copysign_(r, y);
}

// sin(pi d) for |d| <= 1/2
CHAINRULE_INLINE float sin_pi(float d) {
    float z = d * d;
    float p = poly(z, -0x1.4abbcep+2f, 0x1.466ba8p+1f, -0x1.32ccb0p-1f, 0x1.4f6cdap-4f, -0x1.bbd5e0p-8f);
    return mul_add(d, 0x1.921fb6p+1f, d * mul_add(z, p, -0x1.777a5cp-24f));
}
CHAINRULE_INLINE double sin_pi(double d) {
    double z = d * d;
    double p = poly(z, -0x1.4abbce625be53p+2, 0x1.466bc6775ab22p+1, -0x1.32d2cce62e8c1p-1, 0x1.50783489b2995p-4,
                    -0x1.e3075126625cbp-8, 0x1.e8f4bf97e3ca3p-12, -0x1.6fcfd2444e510p-16, 0x1.b3e8d2bb53d4cp-21,
                    -0x1.415902158e32bp-25);
    return mul_add(d, 0x1.921fb54442d18p+1, d * mul_add(z, p, 0x1.1a62633145c07p-53));
}
// sin(pi x) / (pi x); the distance d to the nearest integer is exact, so the zeros are right
template <class T> CHAINRULE_INLINE T sinc_(T x) {
    T n = m_rint(x), half = n * T(0.5), s = sin_pi(x - n);
    T y = (m_rint(half) != half ? -s : s) / (T(kPi) * x);
    return x == T(0) ? T(1) : y;
}

// cos(pi d) for |d| <= 1/2, and (cos(pi d) - sin(pi d) / (pi d)) / d^2 as a function of d^2
CHAINRULE_INLINE float cos_pi(float d) {
    float z = d * d;
    return mul_add(z, poly(z, -0x1.3bd3ccp+2f, 0x1.03c1d4p+2f, -0x1.55cd26p+0f, 0x1.e0a1e2p-3f, -0x1.889fc6p-6f), 1.0f);
}
CHAINRULE_INLINE double cos_pi(double d) {
    double z = d * d;
    double p = poly(z, -0x1.3bd3cc9be45dep+2, 0x1.03c1f081b5a96p+2, -0x1.55d3c7e3ca056p+0, 0x1.e1f50687c8537p-3,
                    -0x1.a6d1f223f586dp-6, 0x1.f9d35377fad67p-10, -0x1.b6d46e50def92p-14, 0x1.1eda8001f2b76p-18,
                    -0x1.dc48dc24ad17ep-24);
    return mul_add(z, p, 1.0);
}
CHAINRULE_INLINE float sinc_slope_poly(float z) {
    return poly(z, -0x1.a51a66p+1f, 0x1.9f9ca0p+1f, -0x1.24fb24p+0f, 0x1.ab847ap-3f, -0x1.687b3cp-6f);
}
CHAINRULE_INLINE double sinc_slope_poly(double z) {
    return poly(z, -0x1.a51a6625307d3p+1, 0x1.9f9cb402bc428p+1, -0x1.24feab55878abp+0, 0x1.ac6805cc82cd4p-3,
                -0x1.8061c3ff16e1ep-6, 0x1.d2e9f68326e7dp-10, -0x1.996c47d99b5a3p-14, 0x1.07da432bd84eap-18,
                -0x1.a0845d23ce96fp-27);
}
// sinc'(x) = (cos(pi x) - sinc(x)) / x
template <class T> CHAINRULE_INLINE T sinc_slope(T x) {
    T n = m_rint(x), half = n * T(0.5), d = x - n;
    T y = (cos_pi(d) - sin_pi(d) / (T(kPi) * x)) / x;
    y = m_rint(half) != half ? -y : y;
    return abs_(x) <= T(0.5) ? x * sinc_slope_poly(x * x) : y;
}

// (e^a - 1) / 4 for a >= 0: a quarter does not overflow before sinh and cosh do.
template <class T> CHAINRULE_INLINE T expm1_quarter(T a) {
    using F = Fp<T>;
    auto [n, r, scaled] = exp_split(a);
    T q = mul_add(r * r, F::exp_poly(r), r), s = exp_scale<T>(scaled - 2);
    T y = mul_add(q, s, s - T(0.25));
    return a > F::kExpHigh + T(0.6) ? F::kInf : y;
}
// With t = e^a - 1, a = |x|: sinh(a) = (t + t / (t + 1)) / 2 and cosh(a) = ((t + 1) + 1 / (t + 1)) / 2.
template <class T> CHAINRULE_INLINE T sinh_(T x) {
    T q = expm1_quarter(abs_(x)), h = q + q;
    T y = h + h / (T(4) * q + T(1));
    return copysign_(h == Fp<T>::kInf ? h : y, x);
}
template <class T> CHAINRULE_INLINE T cosh_(T x) {
    T q = expm1_quarter(abs_(x));
    return (q + q) + (T(0.5) + T(0.5) / (T(4) * q + T(1)));
}

constexpr double kLn2 = 0.693147180559945309417, kLn10 = 2.30258509299404568402;

// Beyond kFar the square would overflow, and 1 is nothing beside it.
template <class T> constexpr T kFar = T(0x1p60);
// log(a + sqrt(a^2 + 1)) = log1p(a + a^2 / (1 + sqrt(a^2 + 1)))
template <class T> CHAINRULE_INLINE T asinh_(T x) {
    T a = abs_(x), z = a * a;
    bool far = a > kFar<T>;
    T u = a + z / (T(1) + m_sqrt(z + T(1)));
    return copysign_(log1p_(far ? a : u) + (far ? T(kLn2) : T(0)), x);
}
// log(x + sqrt(x^2 - 1)) = log1p(t + sqrt(2 t + t^2)), t = x - 1
template <class T> CHAINRULE_INLINE T acosh_(T x) {
    T t = x - T(1);
    bool far = x > kFar<T>;
    T u = t + m_sqrt(mul_add(t, t, t + t));
    T y = log1p_(far ? x : u) + (far ? T(kLn2) : T(0));
    return x < T(1) ? Fp<T>::kNan : y;
}
// log((1 + a) / (1 - a)) / 2 = log1p(2 a / (1 - a)) / 2
template <class T> CHAINRULE_INLINE T atanh_(T x) {
    T a = abs_(x);
    return copysign_(T(0.5) * log1p_((a + a) / (T(1) - a)), x);
}

// Derivatives, with differences of squares as products, and without squares that overflow.
template <class T> CHAINRULE_INLINE T asin_slope(T x) { return T(1) / m_sqrt((T(1) - x) * (T(1) + x)); }
template <class T> CHAINRULE_INLINE T atan_slope(T x) {
    T a = abs_(x), r = T(1) / (a > kFar<T> ? a : mul_add(a, a, T(1)));
    return a > kFar<T> ? r * r : r;
}
template <class T> CHAINRULE_INLINE T asinh_slope(T x) {
    T a = abs_(x);
    return T(1) / (a > kFar<T> ? a : m_sqrt(mul_add(a, a, T(1))));
}
template <class T> CHAINRULE_INLINE T acosh_slope(T x) {
    return T(1) / (x > kFar<T> ? x : m_sqrt((x - T(1)) * (x + T(1))));
}
template <class T> CHAINRULE_INLINE T atanh_slope(T x) { return T(1) / ((T(1) - x) * (T(1) + x)); }

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
