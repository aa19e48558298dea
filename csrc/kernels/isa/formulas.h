// The activations and their gradients, in terms of math.h. Float and double alike.
#pragma once

#include "kernels/isa/erf.h"
#include "kernels/isa/math.h"
#include "kernels/isa/trig.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// The numbers of an operation, converted once per call.
template <class T> struct Params {
    T a{}, b{}, c{};
    Params() = default;
    Params(const double* p, int count)
        : a(count > 0 ? static_cast<T>(p[0]) : T(0)),
          b(count > 1 ? static_cast<T>(p[1]) : T(0)),
          c(count > 2 ? static_cast<T>(p[2]) : T(0)) {}
};

// x sigmoid(v + rest); the last factor is applied last, so that a subnormal sigmoid costs x times it no digits.
template <class T> CHAINRULE_INLINE T times_sigmoid(T x, T v, T rest) {
    T a = -abs_(v);
    T e = a < kLiftLow<T> ? T(0) : lifted(exp_factor(a, v < T(0) ? rest : -rest));
    T y = x * (v < T(0) ? e : T(1)) / mul_add(e, kDrop<T>, T(1));
    return v < T(0) ? y * kDrop<T> : y;
}
template <class T> CHAINRULE_INLINE T silu_(T x) { return times_sigmoid(x, x, T(0)); }
// g (s + u' x s (1 - s)), s = sigmoid(v + rest), slope = u' x: with e = e^-|v| it is g (1 + e + slope e) / (1 + e)^2 for
// v >= 0 and g e (1 + e + slope) / (1 + e)^2 below.
template <class T> CHAINRULE_INLINE T times_sigmoid_grad(T g, T slope, T v, T rest) {
    T a = -abs_(v);
    T e = a < kLiftLow<T> ? T(0) : lifted(exp_factor(a, v < T(0) ? rest : -rest)), low = e * kDrop<T>;
    T den = T(1) + low, lost = low - (den - T(1));
    T up = v < T(0) ? e * ((den + slope) + lost) : mul_add(slope, low, den);
    T y = g * (up / (den * den));
    y = v < T(0) ? y * kDrop<T> : y;
    return a < kLiftLow<T> ? (v < T(0) ? g * T(0) : g) : y;
}
template <class T> CHAINRULE_INLINE T silu_grad(T g, T x) { return times_sigmoid_grad(g, x, x, T(0)); }

// A number and what its rounding took away.
template <class T> struct Pair {
    T high, rest;
};
// tanh(u) = 2 sigmoid(2u) - 1 turns gelu's tanh form into x sigmoid(2u), 2u = x (c + 0.044715 c x^2), c = 2 sqrt(2/pi)
template <class T> CHAINRULE_INLINE Pair<T> gelu_tanh_argument(T x) {
    constexpr double c = 1.5957691216057307117597842397376, d = 0.07135481627260025077;
    constexpr T c_rest = sizeof(T) == 4 ? T(c - double(T(c))) : T(-0x1.cbc0d30ebfd15p-54);
    constexpr T d_rest = sizeof(T) == 4 ? T(d - double(T(d))) : T(-0x1.6c843a29d1c70p-61);
    T z = x * x, w = T(d) * z, s = T(c) + w;
    T lost = (T(c) - s) + w;  // one of two forms is exact, whichever term is larger
    lost = w > T(c) ? (w - s) + T(c) : lost;
    lost += product_rest(T(d), z, w) + mul_add(T(d), product_rest(x, x, z), mul_add(d_rest, z, c_rest));
    T v = x * s;
    return {v, mul_add(x, lost, product_rest(x, s, v))};
}
template <class T> CHAINRULE_INLINE T gelu_tanh(T x) {
    auto [v, rest] = gelu_tanh_argument(x);
    return times_sigmoid(x, v, rest);
}
template <class T> CHAINRULE_INLINE T gelu_tanh_grad(T g, T x) {
    auto [v, rest] = gelu_tanh_argument(x);
    T slope = x * (T(1.5957691216057307) * mul_add(T(3 * 0.044715) * x, x, T(1)));
    return times_sigmoid_grad(g, slope, v, rest);
}
template <class T> CHAINRULE_INLINE Pair<T> gelu_sigmoid_argument(T x) {
    constexpr T c = T(1.702), rest = sizeof(T) == 4 ? T(1.702 - double(c)) : T(0x1.89374bc6a7efap-55);
    T v = c * x;
    return {v, mul_add(rest, x, product_rest(c, x, v))};
}
template <class T> CHAINRULE_INLINE T gelu_sigmoid(T x) {
    auto [v, rest] = gelu_sigmoid_argument(x);
    return times_sigmoid(x, v, rest);
}
template <class T> CHAINRULE_INLINE T gelu_sigmoid_grad(T g, T x) {
    auto [v, rest] = gelu_sigmoid_argument(x);
    return times_sigmoid_grad(g, v, v, rest);
}

// x tanh(softplus(x)) = x e (e + 2) / (e (e + 2) + 2), e = exp(x), and x itself from kMishOne on
template <class T> constexpr T kMishOne = sizeof(T) == 4 ? T(12) : T(24);
template <class T> CHAINRULE_INLINE T mish_(T x) {
    T l = x < kLiftLow<T> ? T(0) : lifted(exp_factor(x)), e = l * kDrop<T>;
    T y = x * l * ((e + T(2)) / mul_add(e, e + T(2), T(2))) * kDrop<T>;
    return x > kMishOne<T> ? x : y;
}
// e w / d^2 with w = 4 (x + 1) + 4 e^2 + e^3 + e (4 x + 6) and d = e (e + 2) + 2 (Misra, 2019)
template <class T> CHAINRULE_INLINE T mish_grad(T g, T x) {
    T l = x < kLiftLow<T> ? T(0) : lifted(exp_factor(x)), e = l * kDrop<T>;
    T x4 = T(4) * x, d = mul_add(e, e + T(2), T(2));
    T w = mul_add(e, mul_add(e, e + T(4), x4 + T(6)), x4 + T(4));
    T y = g * (l * (w / (d * d))) * kDrop<T>;
    y = x < kLiftLow<T> ? g * T(0) : y;
    return x > kMishOne<T> ? g : y;
}

template <class T> CHAINRULE_INLINE T softplus_(T x) { return clamp_low(x, T(0)) + log1p_unit(exp_minus_abs(x)); }
template <class T> CHAINRULE_INLINE T log_sigmoid(T x) { return clamp_high(x, T(0)) - log1p_unit(exp_minus_abs(x)); }

// log(x / (1 - x)). Between 1/4 and 3/4 the quotient is 1 + (2 x - 1) / (1 - x), where 2 x - 1 is exact.
template <class T> CHAINRULE_INLINE T logit_(T x) {
    using F = Fp<T>;
    bool middle = (x >= T(0.25)) & (x <= T(0.75));
    T q = (middle ? x + x - T(1) : x) / (T(1) - x);
    T u = middle ? T(1) + q : q, rest = middle ? q - (u - T(1)) : T(0);
    bool tiny = u < F::kMinNormal;
    auto [e, m] = log_split(tiny ? u * F::kUnsub : u);
    T scale = exp_scale<T>(bits_of(F::kRound - clamp_high(e, T(1))));
    e = tiny ? e - T(F::kMantissa) : e;
    return log_edges(u, log_parts(e, mul_add(rest, scale, m - T(1))));
}
template <class T> CHAINRULE_INLINE T sign_(T x) {
    T y = x < T(0) ? T(-1) : T(0);  // NaN gives 0, as PyTorch
    return x > T(0) ? T(1) : y;
}
template <class T> CHAINRULE_INLINE T relu6(T x) { return clamp_high(clamp_low(x, T(0)), T(6)); }

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
