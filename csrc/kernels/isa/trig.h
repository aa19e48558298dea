// Circular and hyperbolic functions and their inverses (tanh is in math.h). Float, and double where the formula serves both.
#pragma once

#include "kernels/isa/libm.h"
#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// sin and cos of |x| <= kTrigLimit.
template <class T> constexpr T kTrigLimit = sizeof(T) == 4 ? T(1.0e6) : T(1.0e5);
template <class T> struct TrigParts {
    T s, c;
    typename Fp<T>::Bits quadrant;
};
// Float: the reduction runs in double with pi/2 in two parts: n times the first is exact.
CHAINRULE_INLINE TrigParts<float> trig_parts(float x) {
    double shifted = mul_add(static_cast<double>(x), 0x1.45f306dc9c883p-1, 0x1.8p52), n = shifted - 0x1.8p52;
    double d = mul_add(-n, 0x1.0b4611a626331p-34, mul_add(-n, 0x1.921fb54400000p+0, static_cast<double>(x)));
    float r = static_cast<float>(d), z = r * r;
    float s = mul_add(r * z, poly(z, -0x1.555556p-3f, 0x1.111176p-7f, -0x1.a05b94p-13f, 0x1.7cc4e2p-19f), r);
    s = copysign_(s, r);
    float c = mul_add(z * z, poly(z, 0x1.555556p-5f, -0x1.6c1760p-10f, 0x1.a0739ep-16f, -0x1.36838ep-22f),
                      mul_add(z, -0.5f, 1.0f));
    return {s, c, static_cast<uint32_t>(__builtin_bit_cast(uint64_t, shifted))};
}
// Double: x - n pi/2 = r + rest with pi/2 in three parts. n times the first two is exact, and so is the first difference; where
// the second is not, its rest is. sin and cos come as a large term and a small one: s + s_low, c + c_low.
struct TrigPairs {
    double s, s_low, c, c_low;
    uint64_t quadrant;
};
CHAINRULE_INLINE TrigPairs trig_pairs(double x) {
    double shifted = mul_add(x, 0x1.45f306dc9c883p-1, Fp<double>::kRound), n = shifted - Fp<double>::kRound;
    double d = mul_add(-n, 0x1.921fb54440000p+0, x), part = n * 0x1.68c234c4c0000p-39, r = d - part;
    double rest = mul_add(-n, 0x1.98a2e03707345p-77, (d - r) - part), z = r * r, half = 0.5 * z, flat = 1.0 - half;
    double s = poly(z, -0x1.5555555555548p-3, 0x1.111111110f75ep-7, -0x1.a01a019bf2523p-13, 0x1.71de355f3628cp-19,
                    -0x1.ae5e549c421c4p-26, 0x1.5d8e4234a0139p-33);
    double c = poly(z, 0x1.555555555554bp-5, -0x1.6c16c16c15017p-10, 0x1.a01a019c8f66bp-16, -0x1.27e4f7f1c1054p-22,
                    0x1.1ee9dbec7010ap-29, -0x1.8fa6917123386p-37);
    return {r, mul_add(r * z, s, rest * flat), flat, mul_add(z * z, c, mul_add(-r, rest, (1.0 - flat) - half)),
            bits_of(shifted)};
}
CHAINRULE_INLINE TrigParts<double> trig_parts(double x) {
    TrigPairs t = trig_pairs(x);
    return {copysign_(t.s + t.s_low, t.s), t.c + t.c_low, t.quadrant};
}

template <class T> CHAINRULE_INLINE T sin_reduced(T x) {
    auto [s, c, q] = trig_parts(x);
    T y = (q & 1) != 0 ? c : s;
    return from_bits<T>(bits_of(y) ^ ((q & 2) << (8 * sizeof(T) - 2)));
}
template <class T> CHAINRULE_INLINE T cos_reduced(T x) {
    auto [s, c, q] = trig_parts(x);
    T y = (q & 1) != 0 ? s : c;
    return from_bits<T>(bits_of(y) ^ (((q + 1) & 2) << (8 * sizeof(T) - 2)));
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

// The quotient of two pairs
CHAINRULE_INLINE double tan_reduced(double x) {
    TrigPairs t = trig_pairs(x);
    bool odd = (t.quadrant & 1) != 0;
    double s = t.s + t.s_low, c = t.c + t.c_low, s_low = (t.s - s) + t.s_low, c_low = (t.c - c) + t.c_low;
    double up = odd ? -c : s, up_low = odd ? -c_low : s_low, down = odd ? s : c, down_low = odd ? s_low : c_low;
    double inverse = 1.0 / down, y = up * inverse;
    double more = (residual(up, y, down) + (up_low - y * down_low)) * inverse;
    return x == 0.0 ? x : y + more;
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

// (asin(x) - x) / x^3 again, relative error of asin 1.5e-17
CHAINRULE_INLINE double asin_poly(double z) {
    return poly(z, 0x1.555555555539p-3, 0x1.333333336e80fp-4, 0x1.6db6db427a4f9p-5, 0x1.f1c72c38fb295p-6,
                0x1.6e89f4401af12p-6, 0x1.1c6be1a66c286p-6, 0x1.c6fdc1ad0a76dp-7, 0x1.8ec2fc9502512p-7,
                0x1.abcf5d71aea62p-8, 0x1.3ff4a924fe515p-6, -0x1.09d327898dbf7p-6, 0x1.056d6c4746a5dp-5);
}
constexpr double kHalfPiHigh = 0x1.921fb54442d18p+0, kHalfPiLow = 0x1.1a62633145c07p-54;
// b + y + rest, where |b| >= |y| or b is 0
CHAINRULE_INLINE double add_pair(double b, double y, double rest) {
    double sum = b + y;
    return sum + (((b - sum) + y) + rest);
}
// asin(|x|) = r + tail, or where far, asin(sqrt((1 - |x|) / 2))
struct AsinPair {
    bool far;
    double r, tail;
};
CHAINRULE_INLINE AsinPair asin_pair(double x) {
    double a = abs_(x);
    bool far = a > 0.5;
    double z = far ? 0.5 - 0.5 * a : a * a, root = __builtin_sqrt(z), r = far ? root : a;
    double lost = residual(z, root, root) / clamp_low(root + root, 0x1p-500);
    return {far, r, mul_add(r * z, asin_poly(z), far ? lost : 0.0)};
}
CHAINRULE_INLINE double asin_(double x) {
    auto [far, r, tail] = asin_pair(x);
    double y = add_pair(far ? kHalfPiHigh : 0.0, far ? -2.0 * r : r, far ? mul_add(-2.0, tail, kHalfPiLow) : tail);
    return copysign_(y, x);
}
CHAINRULE_INLINE double acos_(double x) {
    auto [far, r, tail] = asin_pair(x);
    bool negative = x < 0.0;
    double base = far ? (negative ? 2.0 : 0.0) : 1.0;  // in pi / 2
    double scale = far ? 2.0 : 1.0;
    scale = negative == far ? -scale : scale;
    return add_pair(base * kHalfPiHigh, scale * r, mul_add(scale, tail, base * kHalfPiLow));
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

// atan(low / high) for 0 <= low <= high, which are neither huge nor tiny: beyond tan(pi / 8) as pi / 4 +
// atan((low - high) / (low + high)); the quotient as a pair. `swapped` takes the result from pi / 2, `mirrored` from pi.
CHAINRULE_INLINE double atan_quotient(double low, double high, bool swapped, bool mirrored) {
    bool middle = low > 0.41421356237309504880 * high;
    double less = low - high, more = low + high;
    double less_low = (-high - less) + low, more_low = (high - more) + low;
    double up = middle ? less : low, up_low = middle ? less_low : 0.0;
    double down = middle ? more : high, down_low = middle ? more_low : 0.0;
    double inverse = 1.0 / down, q = up * inverse, z = q * q;
    double q_low = (residual(up, q, down) + (up_low - q * down_low)) * inverse;
    double p = poly(z, -0x1.555555555553dp-2, 0x1.999999999586dp-3, -0x1.24924922ad6edp-3, 0x1.c71c70e613401p-4,
                    -0x1.745cf8dcacc2cp-4, 0x1.3b11191f75b4cp-4, -0x1.10ebb86a779eap-4, 0x1.df0f4dc53386ap-5,
                    -0x1.9cd2cc3bcaa6cp-5, 0x1.37d5d6ce4ab2ep-5, -0x1.256ae1c81b21ep-6);
    double tail = mul_add(q * z, p, q_low), base = middle ? 1.0 : 0.0, sign = swapped ? -1.0 : 1.0;
    base = swapped ? 2.0 - base : base;
    base = mirrored ? 4.0 - base : base;  // in pi / 4, whose first part times 3 is exact
    sign = mirrored ? -sign : sign;
    return add_pair(base * 0x1.921fb54442d18p-1, sign * q, mul_add(sign, tail, base * 0x1.1a62633145c07p-55));
}
CHAINRULE_INLINE double atan_(double x) {
    double a = abs_(x);
    bool far = a > 1.0;
    a = a == Fp<double>::kInf ? 0x1p1000 : a;
    return copysign_(atan_quotient(far ? 1.0 : a, far ? a : 1.0, far, false), x);
}
CHAINRULE_INLINE double atan2_(double y, double x) {
    constexpr double inf = Fp<double>::kInf;
    double a = abs_(y), b = abs_(x), low = a < b ? a : b, high = a < b ? b : a;
    double scale = high < 0x1p-900 ? 0x1p100 : 1.0;
    scale = high > 0x1p1000 ? 0x1p-100 : scale;
    low = high == inf ? (low == inf ? 1.0 : 0.0) : low * scale;
    high = (high == inf) | (high == 0.0) ? 1.0 : high * scale;
    double r = atan_quotient(low, high, a > b, copysign_(1.0, x) < 0.0);
    return is_nan(x) | is_nan(y) ? Fp<double>::kNan : copysign_(r, y);
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
