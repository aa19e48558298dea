// The activations and what their gradients share, in terms of math.h. Float and double alike.
#pragma once

#include "kernels/isa/libm.h"
#include "kernels/isa/math.h"

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

CHAINRULE_INLINE float erf_of(float x) { return erf_(x); }
CHAINRULE_INLINE double erf_of(double x) { return m_erf(x); }

// Phi(x), the distribution function of the standard normal
template <class T> CHAINRULE_INLINE T normal_cdf(T x) {
    return T(0.5) * (T(1) + erf_of(x * T(0.70710678118654752440)));
}
// 1 / sqrt(2 pi) exp(-x^2 / 2)
template <class T> CHAINRULE_INLINE T normal_pdf(T x) { return T(0.39894228040143267794) * exp_(T(-0.5) * x * x); }
// tanh(u) = 2 sigmoid(2u) - 1 turns gelu's tanh form into x sigmoid(2u), 2u = 2 sqrt(2/pi) (x + 0.044715 x^3)
template <class T> CHAINRULE_INLINE T gelu_tanh_argument(T x) {
    return T(1.5957691216057308) * mul_add(T(0.044715) * x * x, x, x);
}
// tanh(softplus(x)) = e (e + 2) / (e (e + 2) + 2), e = exp(x); 1 to the last bit long before e^2 overflows
template <class T> CHAINRULE_INLINE T tanh_softplus(T x) {
    T e = exp_(clamp_high(x, T(40))), w = e * (e + T(2));
    return w / (w + T(2));
}
template <class T> CHAINRULE_INLINE T softplus_(T x) { return log1p_(exp_(x)); }
template <class T> CHAINRULE_INLINE T log_sigmoid(T x) { return (x < T(0) ? x : T(0)) - log1p_(exp_minus_abs(x)); }
template <class T> CHAINRULE_INLINE T sign_(T x) {
    T y = x < T(0) ? T(-1) : T(0);  // NaN gives 0, as PyTorch
    return x > T(0) ? T(1) : y;
}
template <class T> CHAINRULE_INLINE T relu6(T x) { return clamp_high(clamp_low(x, T(0)), T(6)); }

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
