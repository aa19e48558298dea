// First-order gradients of the unary operations: g is the gradient of the output, s the saved output or input.
// At kinks: relu, abs, clamp and hardtanh give 0, as PyTorch does (clamp since 2.14).
#include "kernels/isa/entries.h"
#include "kernels/isa/formulas.h"
#include "kernels/isa/loops.h"
#include "kernels/isa/pow.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

constexpr int param_count(Binary op) {
    using enum Binary;
    if (op == EluGrad) return 3;
    if (one_of(op, SoftplusGrad, ClampGrad, LogitGrad)) return 2;
    return one_of(op, LeakyReluGrad, ShrinkGrad, ThresholdGrad, PowScalarGrad) ? 1 : 0;
}
constexpr bool is_padded(Binary op) {
    using enum Binary;
    return one_of(op, ErfGrad, LogSigmoidGrad, SiluGrad, MishGrad, GeluGrad, GeluTanhGrad, GeluSigmoidGrad,
                  SoftplusGrad, EluGrad, SinhGrad, CoshGrad, SincGrad, ErfcGrad, ErfinvGrad, Expm1Grad);
}

template <Binary op, class T> CHAINRULE_INLINE T apply_padded(T g, T s, const Params<T>& p) {
    using enum Binary;
    if constexpr (op == ErfGrad) return erf_grad(g, s);
    else if constexpr (op == ErfcGrad) return erf_grad(-g, s);
    else if constexpr (op == ErfinvGrad) return g * T(0.88622692545275801365) * exp_square(s);
    else if constexpr (op == SinhGrad) return g * cosh_(s);
    else if constexpr (op == CoshGrad) return g * sinh_(s);
    else if constexpr (op == SincGrad) return g * sinc_slope(s);
    else if constexpr (op == Expm1Grad) return g * exp_(s);
    else if constexpr (op == LogSigmoidGrad) return g * sigmoid_(-s);
    else if constexpr (op == SiluGrad) return silu_grad(g, s);
    else if constexpr (op == MishGrad) return mish_grad(g, s);
    else if constexpr (op == GeluGrad) return gelu_grad(g, s);
    else if constexpr (op == GeluTanhGrad) return gelu_tanh_grad(g, s);
    else if constexpr (op == GeluSigmoidGrad) return gelu_sigmoid_grad(g, s);
    else if constexpr (op == SoftplusGrad) return s * p.a > p.b ? g : g * sigmoid_(s * p.a);
    else return s > T(0) ? g * p.b : g * (p.b * p.a * p.c) * exp_(p.c * s);  // EluGrad
}

template <Binary op, class T> CHAINRULE_INLINE T apply_simple(T g, T s, const Params<T>& p) {
    using enum Binary;
    if constexpr (op == ReluGrad) return s <= T(0) ? T(0) : g;
    else if constexpr (op == SigmoidGrad) return g * (T(1) - s) * s;
    else if constexpr (op == TanhGrad) return g * mul_add(-s, s, T(1));
    else if constexpr (op == SqrtGrad) return g / (s + s);
    else if constexpr (op == RsqrtGrad) return g * (T(-0.5) * s * (s * s));
    else if constexpr (op == ReciprocalGrad) return -g * (s * s);
    else if constexpr (op == AbsGrad) return g * sign_(s);
    else if constexpr (op == SquareGrad) return g * (s + s);
    else if constexpr (op == LogGrad) return g / s;
    else if constexpr (op == Log2Grad) return g * T(1 / kLn2) / s;
    else if constexpr (op == Log10Grad) return g * T(1 / kLn10) / s;
    else if constexpr (op == Exp2Grad) return g * T(kLn2) * s;
    else if constexpr (op == TanGrad) return g * mul_add(s, s, T(1));
    else if constexpr (op == AsinGrad) return g * asin_slope(s);
    else if constexpr (op == AcosGrad) return -g * asin_slope(s);
    else if constexpr (op == AtanGrad) return g * atan_slope(s);
    else if constexpr (op == AsinhGrad) return g * asinh_slope(s);
    else if constexpr (op == AcoshGrad) return g * acosh_slope(s);
    else if constexpr (op == AtanhGrad) return g * atanh_slope(s);
    else if constexpr (op == Log1pGrad) return g / (s + T(1));
    else if constexpr (op == SoftsignGrad) {
        T d = T(1) + abs_(s);
        return g / (d * d);
    } else if constexpr (op == HardSigmoidGrad) return s > T(-3) && s < T(3) ? g / T(6) : T(0);
    else if constexpr (op == HardSwishGrad) return s <= T(-3) ? T(0) : (s < T(3) ? g * (s / T(3) + T(0.5)) : g);
    else if constexpr (op == LeakyReluGrad) return s > T(0) ? g : g * p.a;
    else if constexpr (op == ClampGrad) return s <= p.a || s >= p.b ? T(0) : g;
    else if constexpr (op == LogitGrad) return s < p.a || s > p.b ? p.c : g / (s * (T(1) - s));
    else if constexpr (op == ShrinkGrad) return s >= -p.a && s <= p.a ? T(0) : g;
    else return s <= p.a ? T(0) : g;  // ThresholdGrad
}

template <Binary op, class T> void padded_core(char* const* ptr, int64_t n, const double* param) {
    const Params<T> p(param, param_count(op));
    core2<T>(ptr, n, [p](T g, T s) { return apply_padded<op, T>(g, s, p); });
}

// g sin(x) or g cos(x); far arguments as in elementwise_unary.cpp.
template <bool kSin, class T> void trig_core(char* const* ptr, int64_t n, const double*) {
    T* out = reinterpret_cast<T*>(ptr[0]);
    const T *grad = reinterpret_cast<const T*>(ptr[1]), *in = reinterpret_cast<const T*>(ptr[2]);
    constexpr int64_t lanes = kLanes<T>;
    for (int64_t i = 0; i < n; i += lanes) {
        T x[lanes], g[lanes];
        typename Fp<T>::Bits far = 0;  // as wide as the elements: one vector holds all
#pragma omp simd reduction(| : far)
        for (int64_t j = 0; j < lanes; ++j) {
            x[j] = in[i + j];
            g[j] = kSin ? -grad[i + j] : grad[i + j];
            far |= abs_(x[j]) > kTrigLimit<T>;
        }
#pragma omp simd
        for (int64_t j = 0; j < lanes; ++j) out[i + j] = g[j] * (kSin ? sin_reduced(x[j]) : cos_reduced(x[j]));
        if (far == 0) continue;
        for (int64_t j = 0; j < lanes; ++j)
            if (abs_(x[j]) > kTrigLimit<T>) out[i + j] = g[j] * (kSin ? m_sin(x[j]) : m_cos(x[j]));
    }
}

template <class T> void pow_core(char* const* ptr, int64_t n, const double* param) {
    const T e = static_cast<T>(param[0]);
    const PowExponent<T> less = pow_exponent(static_cast<T>(param[0] - 1.0));
    core2<T>(ptr, n, [=](T g, T x) { return g * (e * pow_finite(x, less)); });
}
template <class T>
CHAINRULE_INLINE void power_gradient(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    const double e = param[0];
    const T k = static_cast<T>(e);
    if (e == 0.0) map2<T, T>(ptr, stride, n, [](T, T) { return T(0); });
    else if (e == 1.0) map2<T, T>(ptr, stride, n, [](T g, T) { return g; });
    else if (e == 2.0) map2<T, T>(ptr, stride, n, [](T g, T x) { return g * (x + x); });
    else if (e == 3.0) map2<T, T>(ptr, stride, n, [](T g, T x) { return g * (T(3) * (x * x)); });
    else if (e == 0.5) map2<T, T>(ptr, stride, n, [](T g, T x) { return g * (T(0.5) / m_sqrt(x)); });
    else if (e == -1.0) map2<T, T>(ptr, stride, n, [](T g, T x) { return g * (T(-1) / (x * x)); });
    else if (e - e != 0.0)
        map2<T, T>(ptr, stride, n, [=](T g, T x) { return g * (k * m_pow(x, static_cast<T>(e - 1.0))); });
    else run_padded<T, 2>(pow_core<T>, ptr, stride, n, param);
}

template <Binary op, class T>
CHAINRULE_INLINE void run_gradient(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    using enum Binary;
    if constexpr (op == PowScalarGrad) {
        power_gradient<T>(ptr, stride, n, param);
    } else if constexpr (op == SinGrad || op == CosGrad) {
        run_padded<T, 2>(trig_core<op == CosGrad, T>, ptr, stride, n, param);
    } else if constexpr (is_padded(op)) {
        run_padded<T, 2>(padded_core<op, T>, ptr, stride, n, param);
    } else {
        Params<T> p(param, param_count(op));
        if constexpr (op == ClampGrad) {  // no bound: not even inf is at it
            if (p.a == -Fp<T>::kInf) p.a = Fp<T>::kNan;
            if (p.b == Fp<T>::kInf) p.b = Fp<T>::kNan;
        }
        if constexpr (op == LogitGrad)
            if (p.a == -Fp<T>::kInf) p.a = T(0), p.b = T(1), p.c = Fp<T>::kNan;
        map2<T, T>(ptr, stride, n, [p](T g, T s) { return apply_simple<op, T>(g, s, p); });
    }
}

}  // namespace

template <Binary op, class T> void gradient(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    run_gradient<op, T>(ptr, stride, n, param);
}

namespace {
constexpr Keep<Loop, static_cast<int>(Binary::Count)> make() {
    Keep<Loop, static_cast<int>(Binary::Count)> keep;
    fill<BinaryEntry, Binary, static_cast<int>(Binary::ReluGrad), static_cast<int>(Binary::Count)>(keep.at);
    return keep;
}
[[gnu::used]] constexpr auto kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
