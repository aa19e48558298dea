// out = f(a, b) and out = f(a, b, c)
#include "kernels/isa/entries.h"
#include "kernels/isa/formulas.h"
#include "kernels/isa/loops.h"
#include "kernels/isa/pow.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

constexpr bool is_padded(Binary op) {
    using enum Binary;
    return one_of(op, Logaddexp, BceLogits, Xlogy, Pow, Atan2, Hypot);
}
constexpr bool is_modular(Binary op) { return one_of(op, Binary::Fmod, Binary::Remainder, Binary::FloorDiv); }

// From m = fmod(a, b): the remainder with the sign of b, and Python's quotient as PyTorch computes it: exact through the
// remainder, not through floor(a / b).
template <class T> CHAINRULE_INLINE T python_remainder(T m, T b) {
    T other = m + b;
    return (m != T(0)) & ((b < T(0)) != (m < T(0))) ? other : m;
}
template <class T> CHAINRULE_INLINE T python_quotient(T m, T a, T b) {
    T q = (a - m) / b, less = q - T(1);
    q = (m != T(0)) & ((b < T(0)) != (m < T(0))) ? less : q;
    T f = m_floor(q), up = f + T(1), plain = a / b;
    f = q - f > T(0.5) ? up : f;
    f = q == T(0) ? copysign_(T(0), plain) : f;
    return b == T(0) ? plain : f;
}
template <Binary op, class T> CHAINRULE_INLINE T from_fmod(T m, T a, T b) {
    if constexpr (op == Binary::Fmod) return m;
    else if constexpr (op == Binary::Remainder) return python_remainder(m, b);
    else return python_quotient(m, a, b);
}
template <class T> CHAINRULE_INLINE T logaddexp(T a, T b) {
    T high = a < b ? b : a, y = high + log1p_unit(exp_minus_abs(a - b));
    return a == b && abs_(a) == Fp<T>::kInf ? a : y;
}
CHAINRULE_INLINE float hypot_(float a, float b) {
    double x = a, y = b;
    float r = static_cast<float>(m_sqrt(x * x + y * y));
    constexpr float inf = Fp<float>::kInf;
    return (abs_(a) == inf) | (abs_(b) == inf) ? inf : r;
}
// sqrt(a^2 + b^2), the sum of squares as a pair; scaled where squares would over- or underflow.
CHAINRULE_INLINE double hypot_(double x, double y) {
    constexpr double inf = Fp<double>::kInf;
    double a = abs_(x), b = abs_(y), high = a < b ? b : a, low = a < b ? a : b;
    double scale = high < 0x1p-400 ? 0x1p600 : 1.0, back = high < 0x1p-400 ? 0x1p-600 : 1.0;
    scale = high > 0x1p500 ? 0x1p-600 : scale;
    back = high > 0x1p500 ? 0x1p600 : back;
    high *= scale;
    low *= scale;
    double p = high * high, q = low * low, sum = p + q;
    double rest = ((p - sum) + q) + (product_rest(high, high, p) + product_rest(low, low, q));
    double r = __builtin_sqrt(sum);
    r += (residual(sum, r, r) + rest) / clamp_low(r + r, 0x1p-500);
    return (a == inf) | (b == inf) ? inf : r * back;
}
template <class T> CHAINRULE_INLINE T xlogy(T a, T b) {
    T y = a * log_(b);
    return a == T(0) && !is_nan(b) ? T(0) : y;
}

// The bits of floats rise with their magnitude, across exponents and up to infinity.
template <class T> CHAINRULE_INLINE T nextafter_(T a, T b) {
    using Bits = typename Fp<T>::Bits;
    const Bits bits = bits_of(a), up = bits + Bits(1), down = bits - Bits(1);
    T y = from_bits<T>((a < b) == (a > T(0)) ? up : down);
    y = a == T(0) ? copysign_(from_bits<T>(Bits(1)), b) : y;
    y = a == b ? b : y;
    return is_nan(a) | is_nan(b) ? a + b : y;
}
template <class T> CHAINRULE_INLINE T within(T d, T delta) { return clamp_high(clamp_low(d, -delta), delta); }
template <class T> CHAINRULE_INLINE T huber(T d, T delta, T scale) {
    T c = within(d, delta);
    return scale * c * mul_add(T(-0.5), c, d);
}

template <Binary op, class T> CHAINRULE_INLINE T apply_float(T a, T b, T alpha) {
    using enum Binary;
    if constexpr (op == Add) return a + b;
    else if constexpr (op == Sub) return a - b;
    else if constexpr (op == Mul) return a * b;
    else if constexpr (op == Div) return a / b;
    else if constexpr (op == TruncDiv) return m_trunc(a / b);
    else if constexpr (op == Pow) return pow_(a, b);
    else if constexpr (op == Maximum) return (a > b) | is_nan(a) ? a : b;
    else if constexpr (op == Minimum) return (a < b) | is_nan(a) ? a : b;
    else if constexpr (op == Fmax) return (a >= b) | is_nan(b) ? a : b;
    else if constexpr (op == Fmin) return (a <= b) | is_nan(b) ? a : b;
    else if constexpr (op == Atan2) return atan2_(a, b);
    else if constexpr (op == Hypot) return hypot_(a, b);
    else if constexpr (op == Xlogy) return xlogy(a, b);
    else if constexpr (op == Copysign) return copysign_(a, b);
    else if constexpr (op == Nextafter) return nextafter_(a, b);
    else if constexpr (op == Prelu) return a > T(0) ? a : a * b;
    else if constexpr (op == Logaddexp) return logaddexp(a, b);
    else if constexpr (op == BceLogits) return (T(1) - b) * a - log_sigmoid(a);
    else return mul_add(alpha, b, a);  // AddScaled
}

template <Binary op, class T> void padded_core(char* const* ptr, int64_t n, const double*) {
    core2<T>(ptr, n, [](T a, T b) { return apply_float<op, T>(a, b, T(0)); });
}

// fmod where the quotient and the operands are far from the ends of their range. Float: in double a / b is never rounded up to
// an integer and its product with b is exact.
CHAINRULE_INLINE bool fmod_far(float a, float b) { return !(abs_(a / b) < 0x1p24f); }
CHAINRULE_INLINE float fmod_near(float a, float b) {
    const double x = a, y = b, q = m_trunc(x / y);
    const float rest = static_cast<float>(x - q * y);
    return copysign_(q == 0.0 ? a : rest, a);
}
// Double: where the quotient was rounded up, the rest has the other sign and lacks b; both sums are exact.
CHAINRULE_INLINE bool fmod_far(double a, double b) {
    return !(abs_(a / b) < 0x1p52) | (abs_(a) > 0x1p1000) | ((abs_(a) < 0x1p-900) & (a != 0.0));
}
CHAINRULE_INLINE double fmod_near(double a, double b) {
    const double x = abs_(a), y = abs_(b), q = m_trunc(x / y), rest = residual(x, q, y), more = rest + y;
    return copysign_(q == 0.0 ? x : (rest < 0.0 ? more : rest), a);
}
// Vectors with a far pair (or a NaN) are redone by libm, element for element.
template <Binary op, class T> void modular_core(char* const* ptr, int64_t n, const double*) {
    T* out = reinterpret_cast<T*>(ptr[0]);
    const T *in_a = reinterpret_cast<const T*>(ptr[1]), *in_b = reinterpret_cast<const T*>(ptr[2]);
    constexpr int64_t lanes = kLanes<T>;
    for (int64_t i = 0; i < n; i += lanes) {
        T a[lanes], b[lanes];
        typename Fp<T>::Bits far = 0;  // as wide as the elements: one vector holds all
#pragma omp simd reduction(| : far)
        for (int64_t j = 0; j < lanes; ++j) {
            a[j] = in_a[i + j];
            b[j] = in_b[i + j];
            far |= fmod_far(a[j], b[j]);
        }
#pragma omp simd
        for (int64_t j = 0; j < lanes; ++j) out[i + j] = from_fmod<op>(fmod_near(a[j], b[j]), a[j], b[j]);
        if (far == 0) continue;
        for (int64_t j = 0; j < lanes; ++j)
            if (fmod_far(a[j], b[j])) out[i + j] = from_fmod<op>(m_fmod(a[j], b[j]), a[j], b[j]);
    }
}

// Division without traps: by zero gives 0, the smallest number by -1 wraps around.
template <class T> CHAINRULE_INLINE T trunc_div(T a, T b) {
    if (b == T(0)) return T(0);
    if (b == static_cast<T>(-1) && static_cast<T>(-1) < T(0))
        return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(a));
    return static_cast<T>(a / b);
}
template <class T> CHAINRULE_INLINE T int_fmod(T a, T b) {
    if (b == T(0) || (b == static_cast<T>(-1) && static_cast<T>(-1) < T(0))) return T(0);
    return static_cast<T>(a % b);
}
template <class T> CHAINRULE_INLINE T int_pow(T x, T e) {
    if (e < T(0)) return x == T(1) ? T(1) : (x == static_cast<T>(-1) ? (e % T(2) != T(0) ? x : T(1)) : T(0));
    uint64_t result = 1, base = static_cast<uint64_t>(x), left = static_cast<uint64_t>(e);
    for (; left > 0; left >>= 1, base *= base)
        if ((left & 1) != 0) result *= base;
    return static_cast<T>(result);
}
// Shifts beyond the width: 0 to the left, the sign to the right; a negative count counts as beyond.
template <class T> CHAINRULE_INLINE T shift_left(T a, T b) {
    constexpr uint64_t width = 8 * sizeof(T);
    const uint64_t count = static_cast<uint64_t>(b);
    return count >= width ? T(0) : static_cast<T>(static_cast<uint64_t>(a) << (count & 63));
}
template <class T> CHAINRULE_INLINE T shift_right(T a, T b) {
    constexpr uint64_t width = 8 * sizeof(T);
    const uint64_t count = static_cast<uint64_t>(b);
    return count >= width ? static_cast<T>(a < T(0) ? -1 : 0) : static_cast<T>(a >> (count & (width - 1)));
}

template <Binary op, class T> CHAINRULE_INLINE T apply_int(T a, T b, uint64_t alpha) {
    using enum Binary;
    const uint64_t u = static_cast<uint64_t>(a), v = static_cast<uint64_t>(b);
    if constexpr (op == Add) return static_cast<T>(u + v);
    else if constexpr (op == Sub) return static_cast<T>(u - v);
    else if constexpr (op == Mul) return static_cast<T>(u * v);
    else if constexpr (op == TruncDiv) return trunc_div(a, b);
    else if constexpr (op == Fmod) return int_fmod(a, b);
    else if constexpr (op == FloorDiv) {
        const T m = int_fmod(a, b), q = trunc_div(a, b);
        return m != T(0) && (b < T(0)) != (m < T(0)) ? static_cast<T>(q - T(1)) : q;
    } else if constexpr (op == Remainder) {
        const T m = int_fmod(a, b);
        return m != T(0) && (b < T(0)) != (m < T(0)) ? static_cast<T>(m + b) : m;
    } else if constexpr (op == Pow) return int_pow(a, b);
    else if constexpr (op == Maximum || op == Fmax) return a > b ? a : b;
    else if constexpr (op == Minimum || op == Fmin) return a < b ? a : b;
    else if constexpr (op == BitAnd) return static_cast<T>(u & v);
    else if constexpr (op == BitOr) return static_cast<T>(u | v);
    else if constexpr (op == BitXor) return static_cast<T>(u ^ v);
    else if constexpr (op == ShiftLeft) return shift_left(a, b);
    else if constexpr (op == ShiftRight) return shift_right(a, b);
    else return static_cast<T>(u + alpha * v);  // AddScaled
}

// Integers within 2^52 of 0: in double a quotient never rounds up to the next integer, which is at least 1 / |b| away. Vectors with
// another number, or a division that has a rule of its own, go element for element.
constexpr bool is_division(Binary op) { return is_modular(op) || op == Binary::TruncDiv; }
CHAINRULE_INLINE bool divides_alone(int32_t, int32_t b) { return (b == 0) | (b == -1); }
CHAINRULE_INLINE bool divides_alone(int64_t a, int64_t b) {
    constexpr uint64_t shift = uint64_t{1} << 52;
    return (((static_cast<uint64_t>(a) + shift) | (static_cast<uint64_t>(b) + shift)) >> 53 != 0) | (b == 0);
}
template <Binary op, class T> CHAINRULE_INLINE T quotient_or_rest(T a, T b) {
    const T q = static_cast<T>(static_cast<double>(a) / static_cast<double>(b)), m = a - q * b;
    const T other = (m != T(0)) & ((b < T(0)) != (m < T(0))) ? T(1) : T(0);
    if constexpr (op == Binary::TruncDiv) return q;
    else if constexpr (op == Binary::Fmod) return m;
    else if constexpr (op == Binary::FloorDiv) return q - other;
    else return m + other * b;
}
template <Binary op, class T> void division_core(char* const* ptr, int64_t n, const double*) {
    T* out = reinterpret_cast<T*>(ptr[0]);
    const T *in_a = reinterpret_cast<const T*>(ptr[1]), *in_b = reinterpret_cast<const T*>(ptr[2]);
    constexpr int64_t lanes = kLanes<T>;
    for (int64_t i = 0; i < n; i += lanes) {
        T a[lanes], b[lanes];
        T alone = 0;
#pragma omp simd reduction(| : alone)
        for (int64_t j = 0; j < lanes; ++j) {
            a[j] = in_a[i + j];
            b[j] = in_b[i + j];
            alone |= divides_alone(a[j], b[j]);
        }
        if (alone != 0) {
            for (int64_t j = 0; j < lanes; ++j) out[i + j] = apply_int<op>(a[j], b[j], 0);
            continue;
        }
#pragma omp simd
        for (int64_t j = 0; j < lanes; ++j) out[i + j] = quotient_or_rest<op>(a[j], b[j]);
    }
}

// What an operation on bool is on bytes of 0 and 1.
constexpr Binary on_bytes(Binary op) {
    using enum Binary;
    if (one_of(op, Add, Maximum, Fmax)) return BitOr;
    if (one_of(op, Mul, Minimum, Fmin)) return BitAnd;
    return op;
}

// torch.lerp: from the nearer end, so that weights 0 and 1 give the ends themselves.
template <class T> CHAINRULE_INLINE T lerp(T a, T b, T w) {
    T d = b - a;
    return abs_(w) < T(0.5) ? mul_add(w, d, a) : mul_add(-d, T(1) - w, b);
}
template <class T> CHAINRULE_INLINE T clamp_between(T x, T low, T high) {
    T y = (x < low) | (low != low) ? low : x;
    return ((y > high) | (high != high)) & (y == y) ? high : y;
}

}  // namespace

template <Binary op, class T> void binary(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    if constexpr (kIsBool<T>) {
        binary<on_bytes(op), uint8_t>(ptr, stride, n, param);
    } else if constexpr (kIsFloat<T>) {
        const T alpha = op == Binary::AddScaled ? static_cast<T>(param[0]) : T(0);
        if constexpr (is_modular(op)) run_padded<T, 2>(modular_core<op, T>, ptr, stride, n, param);
        else if constexpr (is_padded(op)) run_padded<T, 2>(padded_core<op, T>, ptr, stride, n, param);
        else if constexpr (op == Binary::Huber) {
            const T delta = static_cast<T>(param[0]), scale = static_cast<T>(param[1]);
            map2<T, T>(ptr, stride, n, [delta, scale](T a, T b) { return huber(a - b, delta, scale); });
        } else map2<T, T>(ptr, stride, n, [alpha](T a, T b) { return apply_float<op, T>(a, b, alpha); });
    } else if constexpr (is_division(op) && sizeof(T) >= 4) {
        run_padded<T, 2>(division_core<op, T>, ptr, stride, n, param);
    } else {
        const uint64_t alpha = op == Binary::AddScaled ? static_cast<uint64_t>(saturate<int64_t>(param[0])) : 0;
        map2<T, T>(ptr, stride, n, [alpha](T a, T b) { return apply_int<op, T>(a, b, alpha); });
    }
}

template <Ternary op, class T> void ternary(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    using enum Ternary;
    if constexpr (op == Clamp) {
        map3<T, T, T>(ptr, stride, n, [](T x, T low, T high) { return clamp_between(x, low, high); });
    } else if constexpr (op == Lerp) {
        map3<T, T, T>(ptr, stride, n, [](T a, T b, T w) { return lerp(a, b, w); });
    } else if constexpr (op == HuberGrad) {
        const T delta = static_cast<T>(param[0]), scale = static_cast<T>(param[1]);
        map3<T, T, T>(ptr, stride, n, [delta, scale](T g, T x, T t) { return g * (scale * within(x - t, delta)); });
    } else if constexpr (op == Addcdiv) {
        const T value = static_cast<T>(param[0]);
        map3<T, T, T>(ptr, stride, n, [value](T a, T b, T c) { return a + value * b / c; });
    } else if constexpr (kIsFloat<T>) {
        const T value = static_cast<T>(param[0]);
        map3<T, T, T>(ptr, stride, n, [value](T a, T b, T c) { return mul_add(value * b, c, a); });
    } else {
        const uint64_t value = static_cast<uint64_t>(saturate<int64_t>(param[0]));
        map3<T, T, T>(ptr, stride, n, [value](T a, T b, T c) {
            return static_cast<T>(static_cast<uint64_t>(a) +
                                  value * static_cast<uint64_t>(b) * static_cast<uint64_t>(c));
        });
    }
}

namespace {
struct Kept {
    Keep<Loop, static_cast<int>(Binary::Count)> binary;
    Keep<Loop, static_cast<int>(Ternary::Count)> ternary;
};
constexpr Kept make() {
    Kept keep;
    fill_all<BinaryEntry, Binary>(keep.binary.at);
    fill_all<TernaryEntry, Ternary>(keep.ternary.at);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
