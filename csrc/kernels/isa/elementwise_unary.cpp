// out = f(x)
#include "kernels/isa/entries.h"
#include "kernels/isa/formulas.h"
#include "kernels/isa/gamma.h"
#include "kernels/isa/loops.h"
#include "kernels/isa/pow.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

constexpr int param_count(Unary op) {
    using enum Unary;
    if (one_of(op, Elu, NanToNum)) return 3;
    if (one_of(op, Softplus, Clamp, Threshold, Logit)) return 2;
    return one_of(op, LeakyRelu, Softshrink, Hardshrink, AddScalar, MulScalar, PowScalar) ? 1 : 0;
}

// Operations made of math.h's functions; the others are a few exact instructions or calls of libm.
constexpr bool is_padded(Unary op, bool is_double) {
    using enum Unary;
    if (one_of(op, Exp, Exp2, Expm1, Log, Log1p, Log2, Log10, Asin, Acos, Atan, Sinh, Cosh, Asinh, Acosh, Atanh, Erf,
               Erfc, Erfinv, Sinc, Sigmoid, LogSigmoid, Tanh, Silu, Mish, Gelu, GeluTanh, GeluSigmoid, Softplus, Elu,
               Logit))
        return true;
    return !is_double && one_of(op, Lgamma, Digamma);
}

template <Unary op, class T> CHAINRULE_INLINE T apply_simple(T x, const Params<T>& p) {
    using enum Unary;
    if constexpr (op == Copy) return x;
    else if constexpr (op == Neg) return -x;
    else if constexpr (op == Abs) return abs_(x);
    else if constexpr (op == Sign) return sign_(x);
    else if constexpr (op == Square) return x * x;
    else if constexpr (op == Sqrt) return m_sqrt(x);
    else if constexpr (op == Rsqrt) return T(1) / m_sqrt(x);
    else if constexpr (op == Reciprocal) return T(1) / x;
    else if constexpr (op == Floor) return m_floor(x);
    else if constexpr (op == Ceil) return m_ceil(x);
    else if constexpr (op == Round) return m_rint(x);
    else if constexpr (op == Trunc) return m_trunc(x);
    else if constexpr (op == Frac) return x - m_trunc(x);
    else if constexpr (op == Relu) return clamp_low(x, T(0));
    else if constexpr (op == Softsign) return x / (T(1) + abs_(x));
    else if constexpr (op == HardSigmoid) return relu6(x + T(3)) / T(6);
    else if constexpr (op == HardSwish) return x * relu6(x + T(3)) / T(6);
    else if constexpr (op == LeakyRelu) return x > T(0) ? x : x * p.a;
    else if constexpr (op == Clamp) return clamp_high(clamp_low(x, p.a), p.b);
    else if constexpr (op == Softshrink) return x > p.a ? x - p.a : (x < -p.a ? x + p.a : x * T(0));
    else if constexpr (op == Hardshrink) return x >= -p.a && x <= p.a ? T(0) : x;
    else if constexpr (op == Threshold) return x <= p.a ? p.b : x;
    else if constexpr (op == NanToNum) {
        T y = is_nan(x) ? p.a : x;
        y = x == Fp<T>::kInf ? p.b : y;
        return x == -Fp<T>::kInf ? p.c : y;
    } else if constexpr (op == AddScalar) return x + p.a;
    else return x * p.a;  // MulScalar
}

template <Unary op, class T> CHAINRULE_INLINE T apply_padded(T x, const Params<T>& p) {
    using enum Unary;
    if constexpr (op == Exp) return exp_(x);
    else if constexpr (op == Exp2) return exp2_(x);
    else if constexpr (op == Expm1) return expm1_(x);
    else if constexpr (op == Log) return log_(x);
    else if constexpr (op == Log1p) return log1p_(x);
    else if constexpr (op == Log2) return log2_(x);
    else if constexpr (op == Log10) return log10_(x);
    else if constexpr (op == Asin) return asin_(x);
    else if constexpr (op == Acos) return acos_(x);
    else if constexpr (op == Atan) return atan_(x);
    else if constexpr (op == Sinh) return sinh_(x);
    else if constexpr (op == Cosh) return cosh_(x);
    else if constexpr (op == Asinh) return asinh_(x);
    else if constexpr (op == Acosh) return acosh_(x);
    else if constexpr (op == Atanh) return atanh_(x);
    else if constexpr (op == Erf) return erf_(x);
    else if constexpr (op == Erfc) return erfc_(x);
    else if constexpr (op == Erfinv) return erfinv_(x);
    else if constexpr (op == Lgamma) return lgamma_(x);
    else if constexpr (op == Digamma) return digamma_(x);
    else if constexpr (op == Sinc) return sinc_(x);
    else if constexpr (op == Sigmoid) return sigmoid_(x);
    else if constexpr (op == LogSigmoid) return log_sigmoid(x);
    else if constexpr (op == Tanh) return tanh_(x);
    else if constexpr (op == Silu) return silu_(x);
    else if constexpr (op == Mish) return mish_(x);
    else if constexpr (op == Gelu) return gelu_(x);
    else if constexpr (op == GeluTanh) return gelu_tanh(x);
    else if constexpr (op == GeluSigmoid) return gelu_sigmoid(x);
    else if constexpr (op == Logit) return logit_(clamp_high(clamp_low(x, p.a), p.b));
    else if constexpr (op == Softplus) return x * p.a > p.b ? x : softplus_(x * p.a) / p.a;
    else return x > T(0) ? p.b * x : p.b * p.a * expm1_(p.c * x);  // Elu
}

// One element at a time through the C library.
template <Unary op, class T> CHAINRULE_INLINE T apply_libm(T x) {
    using enum Unary;
    if constexpr (op == Sin) return m_sin(x);
    else if constexpr (op == Cos) return m_cos(x);
    else if constexpr (op == Tan) return m_tan(x);
    else if constexpr (op == Lgamma) return static_cast<T>(lgamma_double(x));
    else return static_cast<T>(digamma_double(x));  // Digamma
}
constexpr bool is_trig(Unary op) { return one_of(op, Unary::Sin, Unary::Cos, Unary::Tan); }

template <Unary op, class T> void padded_core(char* const* ptr, int64_t n, const double* param) {
    const Params<T> p(param, param_count(op));
    core1<T>(ptr, n, [p](T x) { return apply_padded<op, T>(x, p); });
}

// sin, cos and tan: vectors with an element beyond the reach of the fast reduction are redone by libm, element for
// element.
template <Unary op, class T> CHAINRULE_INLINE T trig_reduced(T x) {
    if constexpr (op == Unary::Sin) return sin_reduced(x);
    else if constexpr (op == Unary::Cos) return cos_reduced(x);
    else return tan_reduced(x);
}
template <Unary op, class T> void trig_core(char* const* ptr, int64_t n, const double*) {
    T* out = reinterpret_cast<T*>(ptr[0]);
    const T* in = reinterpret_cast<const T*>(ptr[1]);
    constexpr int64_t lanes = kLanes<T>;
    for (int64_t i = 0; i < n; i += lanes) {
        T x[lanes];
        typename Fp<T>::Bits far = 0;  // as wide as the elements: one vector holds all
#pragma omp simd reduction(| : far)
        for (int64_t j = 0; j < lanes; ++j) {
            x[j] = in[i + j];
            far |= abs_(x[j]) > kTrigLimit<T>;
        }
#pragma omp simd
        for (int64_t j = 0; j < lanes; ++j) out[i + j] = trig_reduced<op>(x[j]);
        if (far == 0) continue;
        for (int64_t j = 0; j < lanes; ++j)
            if (abs_(x[j]) > kTrigLimit<T>) out[i + j] = apply_libm<op>(x[j]);
    }
}

template <class T> void pow_core(char* const* ptr, int64_t n, const double* param) {
    const PowExponent<T> k = pow_exponent(static_cast<T>(param[0]));
    core1<T>(ptr, n, [k](T x) { return pow_finite(x, k); });
}

// Exponents that have a formula of their own; the rest goes through pow.
template <class T> CHAINRULE_INLINE bool simple_power(char* const* ptr, const int64_t* stride, int64_t n, double e) {
    if (e == 0.0) map1<T, T>(ptr, stride, n, [](T) { return T(1); });
    else if (e == 1.0) map1<T, T>(ptr, stride, n, [](T x) { return x; });
    else if (e == 2.0) map1<T, T>(ptr, stride, n, [](T x) { return x * x; });
    else if (e == 3.0) map1<T, T>(ptr, stride, n, [](T x) { return x * x * x; });
    else if (e == 0.5) map1<T, T>(ptr, stride, n, [](T x) { return m_sqrt(x); });
    else if (e == -0.5) map1<T, T>(ptr, stride, n, [](T x) { return T(1) / m_sqrt(x); });
    else if (e == -1.0) map1<T, T>(ptr, stride, n, [](T x) { return T(1) / x; });
    else if (e == -2.0) map1<T, T>(ptr, stride, n, [](T x) { return T(1) / (x * x); });
    else return false;
    return true;
}

template <Unary op, class T>
CHAINRULE_INLINE void float_loop(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    using enum Unary;
    constexpr bool is_double = sizeof(T) == 8;
    if constexpr (op == PowScalar) {
        const T e = static_cast<T>(param[0]);
        if (simple_power<T>(ptr, stride, n, param[0])) return;
        if (abs_(e - e) != T(0)) map1<T, T>(ptr, stride, n, [e](T x) { return m_pow(x, e); });
        else run_padded<T, 1>(pow_core<T>, ptr, stride, n, param);
        return;
    }
    if constexpr (is_padded(op, is_double)) {
        run_padded<T, 1>(padded_core<op, T>, ptr, stride, n, param);
    } else if constexpr (is_trig(op)) {
        run_padded<T, 1>(trig_core<op, T>, ptr, stride, n, param);
    } else if constexpr (one_of(op, Lgamma, Digamma)) {
        map1<T, T>(ptr, stride, n, [](T x) { return apply_libm<op, T>(x); });
    } else {
        const Params<T> p(param, param_count(op));
        map1<T, T>(ptr, stride, n, [p](T x) { return apply_simple<op, T>(x, p); });
    }
}

// x^e with wrap-around, by squaring. Negative exponents: 1 / x^|e| rounded to zero.
template <class T> CHAINRULE_INLINE T int_power(T x, int64_t e) {
    if (e < 0)
        return x == T(1) ? T(1)
                         : (x == static_cast<T>(-1) && static_cast<T>(-1) < T(0) ? (e % 2 != 0 ? x : T(1)) : T(0));
    uint64_t result = 1, base = static_cast<uint64_t>(x);
    for (; e > 0; e >>= 1, base *= base)
        if ((e & 1) != 0) result *= base;
    return static_cast<T>(result);
}

template <Unary op, class T>
CHAINRULE_INLINE void int_loop(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    using enum Unary;
    constexpr int count = param_count(op);
    // Numbers that are added or multiplied wrap around; bounds saturate.
    const uint64_t wrapped = count > 0 ? static_cast<uint64_t>(saturate<int64_t>(param[0])) : 0;
    const T low = count > 0 ? saturate<T>(param[0]) : T(0), high = count > 1 ? saturate<T>(param[1]) : T(0);
    const int64_t exponent = static_cast<int64_t>(wrapped);
    map1<T, T>(ptr, stride, n, [=](T x) -> T {
        const uint64_t u = static_cast<uint64_t>(x);
        if constexpr (op == Neg) return static_cast<T>(uint64_t{0} - u);
        else if constexpr (op == Abs) return x < T(0) ? static_cast<T>(uint64_t{0} - u) : x;
        else if constexpr (op == Sign) return static_cast<T>((x > T(0)) - (x < T(0)));
        else if constexpr (op == Square) return static_cast<T>(u * u);
        else if constexpr (op == BitwiseNot) return static_cast<T>(~u);
        else if constexpr (op == Relu) return x > T(0) ? x : T(0);
        else if constexpr (op == Clamp) return x < low ? (low < high ? low : high) : (x > high ? high : x);
        else if constexpr (op == Threshold) return x <= low ? high : x;
        else if constexpr (op == AddScalar) return static_cast<T>(u + wrapped);
        else if constexpr (op == MulScalar) return static_cast<T>(u * wrapped);
        else if constexpr (op == PowScalar) return int_power(x, exponent);
        else if constexpr (op == Frac) return T(0);
        else return x;  // Copy, Floor, Ceil, Round, Trunc
    });
}

template <class T> CHAINRULE_INLINE void copy(char* const* ptr, const int64_t* stride, int64_t n) {
    constexpr int64_t size = sizeof(T);
    if (stride[0] == size && stride[1] == size) __builtin_memmove(ptr[0], ptr[1], static_cast<size_t>(n * size));
    else map1<T, T>(ptr, stride, n, [](T x) { return x; });
}

}  // namespace

template <Unary op, class T> void unary(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    using enum Unary;
    if constexpr (op == BitwiseNot && kIsBool<T>) {  // bool
        map1<uint8_t, uint8_t>(ptr, stride, n, [](uint8_t x) -> uint8_t { return x == 0; });
    } else if constexpr (kIsBool<T>) {
        copy<uint8_t>(ptr, stride, n);  // Copy, Sign, Abs and Square of 0 and 1
    } else if constexpr (op == Copy) {
        copy<T>(ptr, stride, n);
    } else if constexpr (kIsFloat<T>) {
        float_loop<op, T>(ptr, stride, n, param);
    } else {
        int_loop<op, T>(ptr, stride, n, param);
    }
}

namespace {
constexpr Keep<Loop, static_cast<int>(Unary::Count)> make() {
    Keep<Loop, static_cast<int>(Unary::Count)> keep;
    fill_all<UnaryEntry, Unary>(keep.at);
    return keep;
}
[[gnu::used]] constexpr auto kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
