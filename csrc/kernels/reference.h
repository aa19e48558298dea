// Every kernel once more, naive and obviously right: one element at a time, in double or int64, by the C++ library. Tests
// compare the fast ones with these; nothing else includes this file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>
#include <vector>

#include "kernels/kernels.h"

namespace chainrule::kernels::reference {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = std::numbers::pi;

inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
inline double softplus(double x) { return x > 40 ? x : std::log1p(std::exp(x)); }
inline double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
inline double normal_pdf(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * kPi); }
inline double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
inline double keep_nan(double x, double y) { return std::isnan(x) ? x : y; }

// Bisection on erf / erfc.
inline double erfinv(double x) {
    if (std::isnan(x) || std::fabs(x) > 1) return kNan;
    if (std::fabs(x) == 1) return std::copysign(kInf, x);
    double low = 0, high = 6, a = std::fabs(x);
    for (int i = 0; i < 200; ++i) {
        const double mid = (low + high) / 2;
        const bool below = a < 0.5 ? std::erf(mid) < a : std::erfc(mid) > 1 - a;
        (below ? low : high) = mid;
    }
    return std::copysign(a < 1e-8 ? a * std::sqrt(kPi) / 2 : (low + high) / 2, x);
}
inline double digamma(double x) {
    if (x == 0) return std::copysign(kInf, -x);
    if (x < 0 && x == std::floor(x)) return kNan;
    if (x < 0) return digamma(1 - x) - kPi / std::tan(kPi * (x - std::trunc(x)));
    if (std::isinf(x)) return x;
    double shift = 0;
    for (; x < 30; x += 1) shift += 1 / x;
    const double z = 1 / (x * x);
    return std::log(x) - 0.5 / x - z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z / 240))) - shift;
}

inline double unary(Unary op, double x, const double* p) {
    switch (op) {
        case Unary::Copy: return x;
        case Unary::Neg: return -x;
        case Unary::Abs: return std::fabs(x);
        case Unary::Sign: return sign(x);
        case Unary::Square: return x * x;
        case Unary::Sqrt: return std::sqrt(x);
        case Unary::Rsqrt: return 1 / std::sqrt(x);
        case Unary::Reciprocal: return 1 / x;
        case Unary::Exp: return std::exp(x);
        case Unary::Exp2: return std::exp2(x);
        case Unary::Expm1: return std::expm1(x);
        case Unary::Log: return std::log(x);
        case Unary::Log1p: return std::log1p(x);
        case Unary::Log2: return std::log2(x);
        case Unary::Log10: return std::log10(x);
        case Unary::Sin: return std::sin(x);
        case Unary::Cos: return std::cos(x);
        case Unary::Tan: return std::tan(x);
        case Unary::Asin: return std::asin(x);
        case Unary::Acos: return std::acos(x);
        case Unary::Atan: return std::atan(x);
        case Unary::Sinh: return std::sinh(x);
        case Unary::Cosh: return std::cosh(x);
        case Unary::Asinh: return std::asinh(x);
        case Unary::Acosh: return std::acosh(x);
        case Unary::Atanh: return std::atanh(x);
        case Unary::Erf: return std::erf(x);
        case Unary::Erfc: return std::erfc(x);
        case Unary::Erfinv: return erfinv(x);
        case Unary::Lgamma: return std::lgamma(x);
        case Unary::Digamma: return digamma(x);
        case Unary::Sinc: return x == 0 ? 1 : std::sin(kPi * x) / (kPi * x);
        case Unary::Floor: return std::floor(x);
        case Unary::Ceil: return std::ceil(x);
        case Unary::Round: return std::nearbyint(x);
        case Unary::Trunc: return std::trunc(x);
        case Unary::Frac: return x - std::trunc(x);
        case Unary::Sigmoid: return sigmoid(x);
        case Unary::LogSigmoid: return keep_nan(x, x > 0 ? -std::log1p(std::exp(-x)) : x - std::log1p(std::exp(x)));
        case Unary::Tanh: return std::tanh(x);
        case Unary::Relu: return x < 0 ? 0 : x;
        case Unary::Silu: return x * sigmoid(x);
        case Unary::Mish: return x * std::tanh(softplus(x));
        case Unary::Gelu: return x * normal_cdf(x);
        case Unary::GeluTanh: return 0.5 * x * (1 + std::tanh(std::sqrt(2 / kPi) * (x + 0.044715 * x * x * x)));
        case Unary::GeluSigmoid: return x * sigmoid(1.702 * x);
        case Unary::Softsign: return x / (1 + std::fabs(x));
        case Unary::HardSigmoid: return keep_nan(x, std::clamp(x + 3, 0.0, 6.0) / 6);
        case Unary::HardSwish: return keep_nan(x, x * std::clamp(x + 3, 0.0, 6.0) / 6);
        case Unary::Softplus: return x * p[0] > p[1] ? x : std::log1p(std::exp(x * p[0])) / p[0];
        case Unary::Elu: return x > 0 ? p[1] * x : p[1] * p[0] * std::expm1(p[2] * x);
        case Unary::LeakyRelu: return x > 0 ? x : p[0] * x;
        case Unary::Clamp: return keep_nan(x, std::min(std::max(x, p[0]), p[1]));
        case Unary::Softshrink: return x > p[0] ? x - p[0] : x < -p[0] ? x + p[0] : x * 0;
        case Unary::Hardshrink: return std::fabs(x) <= p[0] ? 0 : x;
        case Unary::Threshold: return x <= p[0] ? p[1] : x;
        case Unary::AddScalar: return x + p[0];
        case Unary::MulScalar: return x * p[0];
        case Unary::PowScalar: return std::pow(x, p[0]);
        case Unary::Logit: {
            const double z = keep_nan(x, std::min(std::max(x, p[0]), p[1]));
            return z > 0.25 && z < 0.75 ? std::log1p((2 * z - 1) / (1 - z)) : std::log(z / (1 - z));
        }
        case Unary::NanToNum: return std::isnan(x) ? p[0] : x == kInf ? p[1] : x == -kInf ? p[2] : x;
        default: return kNan;
    }
}

// `single`: the operation rounds to float along the way where the result depends on it (nextafter, floor_divide).
inline double binary(Binary op, double a, double b, const double* p, bool single) {
    switch (op) {
        case Binary::Add: return a + b;
        case Binary::Sub: return a - b;
        case Binary::Mul: return a * b;
        case Binary::Div: return a / b;
        case Binary::TruncDiv:
            return single ? std::trunc(static_cast<float>(a) / static_cast<float>(b)) : std::trunc(a / b);
        case Binary::Fmod: return std::fmod(a, b);
        case Binary::Remainder: {
            const double m = std::fmod(a, b);
            if (m == 0 || (m < 0) == (b < 0)) return m;
            return m + b;
        }
        case Binary::FloorDiv: {
            if (b == 0) return a / b;
            const double m = std::fmod(a, b), q = std::round((a - m) / b);
            return m != 0 && (m < 0) != (b < 0) ? q - 1 : q;
        }
        case Binary::Pow: return std::pow(a, b);
        case Binary::Maximum: return std::isnan(a) || std::isnan(b) ? kNan : std::max(a, b);
        case Binary::Minimum: return std::isnan(a) || std::isnan(b) ? kNan : std::min(a, b);
        case Binary::Fmax: return std::fmax(a, b);
        case Binary::Fmin: return std::fmin(a, b);
        case Binary::Atan2: return std::atan2(a, b);
        case Binary::Hypot: return std::hypot(a, b);
        case Binary::Xlogy: return std::isnan(b) ? kNan : a == 0 ? 0 : a * std::log(b);
        case Binary::Copysign: return std::copysign(a, b);
        case Binary::Nextafter:
            return single ? std::nextafter(static_cast<float>(a), static_cast<float>(b)) : std::nextafter(a, b);
        case Binary::Logaddexp:
            if (std::isinf(a) && a == b) return a;
            return keep_nan(a + b, std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b))));
        case Binary::BceLogits:
            return keep_nan(a + b, (1 - b) * a + std::max(-a, 0.0) + std::log1p(std::exp(-std::fabs(a))));
        case Binary::AddScaled: return a + p[0] * b;
        case Binary::Huber: {
            const double d = a - b, c = keep_nan(d, std::clamp(d, -p[0], p[0]));
            return p[1] * c * (d - c / 2);
        }
        case Binary::Prelu: return a > 0 ? a : a * b;
        case Binary::ReluGrad: return b <= 0 ? 0 : a;
        case Binary::SigmoidGrad: return a * b * (1 - b);
        case Binary::TanhGrad: return a * (1 - b * b);
        case Binary::SqrtGrad: return a / (2 * b);
        case Binary::RsqrtGrad: return -0.5 * a * (b * b * b);
        case Binary::ReciprocalGrad: return -a * (b * b);
        case Binary::AbsGrad: return a * sign(b);
        case Binary::SquareGrad: return a * (2 * b);
        case Binary::LogGrad: return a / b;
        case Binary::Log1pGrad: return a / (1 + b);
        case Binary::SinGrad: return a * std::cos(b);
        case Binary::CosGrad: return -a * std::sin(b);
        case Binary::ErfGrad: return a * (2 / std::sqrt(kPi) * std::exp(-b * b));
        case Binary::LogSigmoidGrad: return a * sigmoid(-b);
        case Binary::SiluGrad: return a * (sigmoid(b) * (1 + b * (1 - sigmoid(b))));
        case Binary::MishGrad: {
            const double t = std::tanh(softplus(b));
            return a * (t + b * (1 - t * t) * sigmoid(b));
        }
        case Binary::GeluGrad: return a * (normal_cdf(b) + b * normal_pdf(b));
        case Binary::GeluTanhGrad: {
            const double c = std::sqrt(2 / kPi), t = std::tanh(c * (b + 0.044715 * b * b * b));
            return a * (0.5 * (1 + t) + 0.5 * b * (1 - t * t) * c * (1 + 3 * 0.044715 * b * b));
        }
        case Binary::GeluSigmoidGrad: {
            const double s = sigmoid(1.702 * b);
            return a * (s * (1 + 1.702 * b * (1 - s)));
        }
        case Binary::SoftsignGrad: return a / ((1 + std::fabs(b)) * (1 + std::fabs(b)));
        case Binary::HardSigmoidGrad: return b > -3 && b < 3 ? a / 6 : 0;
        case Binary::HardSwishGrad: return b <= -3 ? 0 : b < 3 ? a * (b / 3 + 0.5) : a;
        case Binary::SoftplusGrad: return b * p[0] > p[1] ? a : a * sigmoid(b * p[0]);
        case Binary::EluGrad: return b > 0 ? a * p[1] : a * p[1] * p[0] * p[2] * std::exp(p[2] * b);
        case Binary::LeakyReluGrad: return b > 0 ? a : a * p[0];
        case Binary::ClampGrad: return (b <= p[0] && p[0] != -kInf) || (b >= p[1] && p[1] != kInf) ? 0 : a;
        case Binary::ShrinkGrad: return std::fabs(b) <= p[0] ? 0 : a;
        case Binary::ThresholdGrad: return b <= p[0] ? 0 : a;
        case Binary::TanGrad: return a * (1 + b * b);
        case Binary::AsinGrad: return a / std::sqrt((1 - b) * (1 + b));
        case Binary::AcosGrad: return -a / std::sqrt((1 - b) * (1 + b));
        case Binary::AtanGrad: return a / (1 + b * b);
        case Binary::SinhGrad: return a * std::cosh(b);
        case Binary::CoshGrad: return a * std::sinh(b);
        case Binary::AsinhGrad: return a / std::hypot(1, b);
        case Binary::AcoshGrad: return a / std::sqrt((b - 1) * (b + 1));
        case Binary::AtanhGrad: return a / ((1 - b) * (1 + b));
        case Binary::SincGrad: {
            const double u = kPi * b;
            if (std::fabs(b) < 0.01) return a * kPi * u * (u * u / 30 - 1.0 / 3);
            return a * ((std::cos(u) - std::sin(u) / u) / b);
        }
        case Binary::ErfcGrad: return -a * (2 / std::sqrt(kPi) * std::exp(-b * b));
        case Binary::ErfinvGrad: return a * (std::sqrt(kPi) / 2 * std::exp(b * b));
        case Binary::Exp2Grad: return a * std::log(2.0) * b;
        case Binary::Expm1Grad: return a * std::exp(b);
        case Binary::Log2Grad: return a / (b * std::log(2.0));
        case Binary::Log10Grad: return a / (b * std::log(10.0));
        case Binary::LogitGrad:
            if (p[0] == -kInf) return b < 0 || b > 1 ? kNan : a / (b * (1 - b));
            return b < p[0] || b > p[1] ? 0 : a / (b * (1 - b));
        case Binary::PowScalarGrad: return p[0] == 0 ? 0 : a * (p[0] * std::pow(b, p[0] - 1));
        default: return kNan;
    }
}

inline double ternary(Ternary op, double a, double b, double c, const double* p) {
    switch (op) {
        case Ternary::Addcmul: return a + p[0] * b * c;
        case Ternary::Addcdiv: return a + p[0] * b / c;
        case Ternary::Lerp: return std::fabs(c) < 0.5 ? a + c * (b - a) : b - (1 - c) * (b - a);
        case Ternary::Clamp:
            return std::isnan(a) || std::isnan(b) || std::isnan(c) ? kNan : std::min(std::max(a, b), c);
        case Ternary::HuberGrad: return a * (p[1] * keep_nan(b - c, std::clamp(b - c, -p[0], p[0])));
        default: return kNan;
    }
}

// y[r][j] = |a row r - point j|; sums[r][k] = sum_j w[r][j] (a[r][k] - point j[k]) and the sum of the terms' sizes.
template <class T>
void distances(const T* a, const T* points, const T* w, double* y, double* sums, double* sizes, int64_t rows, int64_t n,
               int64_t d) {
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t j = 0; j < n; ++j) {
            double squares = 0;
            for (int64_t k = 0; k < d; ++k) {
                const double apart = static_cast<double>(a[r * d + k]) - static_cast<double>(points[j * d + k]);
                squares += apart * apart;
                sums[r * d + k] += static_cast<double>(w[r * n + j]) * apart;
                sizes[r * d + k] += std::fabs(static_cast<double>(w[r * n + j]) * apart);
            }
            y[r * n + j] = std::sqrt(squares);
        }
}

// Integers: T's range, wrap-around by unsigned arithmetic.
template <class T> T unary_int(Unary op, T x, const double* p) {
    const int64_t v = static_cast<int64_t>(x), a = p != nullptr ? static_cast<int64_t>(p[0]) : 0;
    const uint64_t u = static_cast<uint64_t>(v);
    switch (op) {
        case Unary::Neg: return static_cast<T>(-u);
        case Unary::Abs: return v < 0 ? static_cast<T>(-u) : x;
        case Unary::Sign: return static_cast<T>((v > 0) - (v < 0));
        case Unary::Square: return static_cast<T>(u * u);
        case Unary::BitwiseNot: return std::is_same_v<T, bool> ? static_cast<T>(!x) : static_cast<T>(~u);
        case Unary::Relu: return v > 0 ? x : T(0);
        case Unary::Clamp: return static_cast<T>(std::min(std::max(static_cast<double>(v), p[0]), p[1]));
        case Unary::Threshold: return static_cast<double>(v) <= p[0] ? static_cast<T>(p[1]) : x;
        case Unary::AddScalar: return static_cast<T>(u + static_cast<uint64_t>(a));
        case Unary::MulScalar: return static_cast<T>(u * static_cast<uint64_t>(a));
        case Unary::PowScalar: {
            uint64_t result = 1;
            for (int64_t i = 0; i < a; ++i) result *= u;
            return static_cast<T>(result);
        }
        case Unary::Frac: return T(0);
        default: return x;
    }
}

template <class T> T binary_int(Binary op, T x, T y, const double* p) {
    const int64_t a = static_cast<int64_t>(x), b = static_cast<int64_t>(y), bits = 8 * static_cast<int64_t>(sizeof(T));
    const uint64_t u = static_cast<uint64_t>(a), v = static_cast<uint64_t>(b);
    const bool overflows = b == -1 && a == std::numeric_limits<int64_t>::min();
    const int64_t q = b == 0 ? 0 : overflows ? a : a / b, m = b == 0 || overflows ? 0 : a % b;
    const bool apart = m != 0 && (m < 0) != (b < 0);
    switch (op) {
        case Binary::Add: return std::is_same_v<T, bool> ? static_cast<T>(a | b) : static_cast<T>(u + v);
        case Binary::Sub: return static_cast<T>(u - v);
        case Binary::Mul: return static_cast<T>(u * v);
        case Binary::TruncDiv: return static_cast<T>(q);
        case Binary::FloorDiv: return static_cast<T>(apart ? q - 1 : q);
        case Binary::Fmod: return static_cast<T>(m);
        case Binary::Remainder: return static_cast<T>(apart ? m + b : m);
        case Binary::Pow: {
            if (b < 0) return static_cast<T>(a == 1 ? 1 : a == -1 ? (b % 2 != 0 ? -1 : 1) : 0);
            uint64_t result = 1;
            for (uint64_t i = 0; i < v % 4096; ++i) result *= u;  // the tests use small exponents
            return static_cast<T>(result);
        }
        case Binary::Maximum:
        case Binary::Fmax: return std::max(x, y);
        case Binary::Minimum:
        case Binary::Fmin: return std::min(x, y);
        case Binary::BitAnd: return static_cast<T>(a & b);
        case Binary::BitOr: return static_cast<T>(a | b);
        case Binary::BitXor: return static_cast<T>(a ^ b);
        case Binary::ShiftLeft: return b < 0 || b >= bits ? T(0) : static_cast<T>(u << b);
        case Binary::ShiftRight: return b < 0 || b >= bits ? static_cast<T>(a < 0 ? -1 : 0) : static_cast<T>(a >> b);
        case Binary::AddScaled: return static_cast<T>(u + static_cast<uint64_t>(static_cast<int64_t>(p[0])) * v);
        default: return T(0);
    }
}

template <class T> bool compare(Compare op, T a, T b) {
    switch (op) {
        case Compare::Eq: return a == b;
        case Compare::Ne: return a != b;
        case Compare::Lt: return a < b;
        case Compare::Le: return a <= b;
        case Compare::Gt: return a > b;
        case Compare::Ge: return a >= b;
        case Compare::LogicalAnd: return a != T(0) && b != T(0);
        case Compare::LogicalOr: return a != T(0) || b != T(0);
        default: return (a != T(0)) != (b != T(0));
    }
}

template <class T> bool predicate(Predicate op, T x) {
    const double v = static_cast<double>(x);
    switch (op) {
        case Predicate::LogicalNot: return x == T(0);
        case Predicate::IsNan: return std::isnan(v);
        case Predicate::IsInf: return std::isinf(v);
        case Predicate::IsFinite: return std::isfinite(v);
        default: return std::signbit(v);
    }
}

// Float to integer saturates and maps NaN to 0; uint8 takes the low byte of the int64.
template <class From, class To> To cast(From x) {
    if constexpr (std::is_same_v<To, bool>) return x != From(0);
    else if constexpr (!std::is_floating_point_v<From> || std::is_floating_point_v<To>) return static_cast<To>(x);
    else if constexpr (sizeof(To) == 1) return static_cast<To>(cast<From, int64_t>(x));
    else {
        const double limit = std::ldexp(1.0, 8 * sizeof(To) - 1), v = x;
        if (std::isnan(v)) return To(0);
        if (v >= limit) return std::numeric_limits<To>::max();
        if (v < -limit) return std::numeric_limits<To>::min();
        return static_cast<To>(v);
    }
}

// Floats: in long double. NaN anywhere gives NaN.
inline long double reduce(Reduce op, const std::vector<double>& x) {
    long double acc = op == Reduce::Prod || op == Reduce::All ? 1
                      : op == Reduce::Max                     ? -kInf
                      : op == Reduce::Min                     ? kInf
                                                              : 0;
    for (const double v : x) {
        switch (op) {
            case Reduce::Sum: acc += v; break;
            case Reduce::Prod: acc *= v; break;
            case Reduce::Max: acc = std::isnan(v) || v > acc ? v : acc; break;
            case Reduce::Min: acc = std::isnan(v) || v < acc ? v : acc; break;
            case Reduce::Any: acc = acc != 0 || v != 0; break;
            case Reduce::All: acc = acc != 0 && v != 0; break;
            case Reduce::SumAbs: acc += std::fabs(v); break;
            case Reduce::SumNumbers: acc += std::isnan(v) ? 0 : v; break;
            default: acc += static_cast<long double>(v) * v;
        }
    }
    return acc;
}

// lse - x[c] for every c of a row, in long double and without cancellation: with the largest x at t it is
// (x[t] - x[c]) + log(1 + the sum of exp(x[k] - x[t]) over the other k), two terms that are not negative.
inline std::vector<long double> minus_log_softmax(const std::vector<double>& x) {
    const auto top = std::max_element(x.begin(), x.end());
    long double others = 0;
    for (auto k = x.begin(); k != x.end(); ++k)
        if (k != top) others += std::exp(static_cast<long double>(*k) - *top);
    std::vector<long double> out;
    for (const double v : x) out.push_back(static_cast<long double>(*top) - v + std::log1p(others));
    return out;
}

struct LossRow {
    double loss;
    std::vector<double> grad;
};
// loss and its gradient for one row; label < 0: ignored
inline LossRow cross_entropy(const std::vector<double>& x, int64_t label, const std::vector<double>& weight,
                             double eps) {
    const size_t n = x.size();
    LossRow row{0, std::vector<double>(n, 0.0)};
    if (label < 0) return row;
    const std::vector<long double> nll = minus_log_softmax(x);
    std::vector<long double> share(n);
    long double loss = 0, shares = 0;
    for (size_t c = 0; c < n; ++c) {
        const long double smooth = static_cast<long double>(eps) / static_cast<long double>(n);
        share[c] = weight[c] * (smooth + (c == static_cast<size_t>(label) ? 1 - static_cast<long double>(eps) : 0));
        shares += share[c];
        loss += share[c] == 0 ? 0 : share[c] * nll[c];
    }
    row.loss = static_cast<double>(loss);
    for (size_t k = 0; k < n; ++k) row.grad[k] = static_cast<double>(shares * std::exp(-nll[k]) - share[k]);
    return row;
}

// One element of torch.optim.SGD and Adam.
struct Slot {
    double p, g, m, v, top;
};
inline void sgd(Slot& s, const SgdStep& k, bool has_buffer) {
    double d = (k.maximize ? -s.g : s.g) + k.weight_decay * s.p;
    if (has_buffer) {
        s.m = k.first ? d : k.momentum * s.m + (1 - k.dampening) * d;
        d = k.nesterov ? d + k.momentum * s.m : s.m;
    }
    s.p -= k.lr * d;
}
inline void adam(Slot& s, const AdamStep& k) {
    double g = k.maximize ? -s.g : s.g;
    if (k.decoupled) s.p *= 1 - k.lr * k.weight_decay;
    else g += k.weight_decay * s.p;
    s.m = k.beta1 * s.m + (1 - k.beta1) * g;
    s.v = k.beta2 * s.v + (1 - k.beta2) * g * g;
    s.top = std::max(s.top, s.v);
    s.p -= k.step_size * s.m / (std::sqrt(k.amsgrad ? s.top : s.v) / k.bias_correction2_sqrt + k.eps);
}

// One element of the other optimizers: param, gradient and up to three states (a, b, c), NaN where not kept.
struct RuleSlot {
    double p, g, a, b, c;
};
inline void step_rule(StepRule rule, RuleSlot& s, const RuleStep& o) {
    const double* k = o.k;
    s.p *= o.shrink;
    double d = (o.maximize ? -s.g : s.g) + o.weight_decay * s.p;
    auto average = [](double& mean, double beta, double value) { mean = beta * mean + (1 - beta) * value; };
    switch (rule) {
        case StepRule::RmsProp: {
            average(s.a, k[1], d * d);
            double spread = s.a;
            if (!std::isnan(s.b)) {
                average(s.b, k[1], d);
                spread -= s.b * s.b;
            }
            double step = d / (std::sqrt(spread) + k[2]);
            if (!std::isnan(s.c)) step = s.c = k[3] * s.c + step;
            s.p -= k[0] * step;
            break;
        }
        case StepRule::Adagrad:
            s.a += d * d;
            s.p -= k[0] * d / (std::sqrt(s.a) + k[1]);
            break;
        case StepRule::Adadelta: {
            average(s.a, k[1], d * d);
            double delta = std::sqrt(s.b + k[2]) / std::sqrt(s.a + k[2]) * d;
            average(s.b, k[1], delta * delta);
            s.p -= k[0] * delta;
            break;
        }
        case StepRule::Adamax:
            average(s.a, k[0], d);
            s.b = std::max(k[1] * s.b, std::fabs(d) + k[2]);
            s.p -= k[3] * s.a / s.b;
            break;
        case StepRule::NAdam: {
            average(s.a, k[0], d);
            average(s.b, k[1], d * d);
            double scale = std::sqrt(s.b / k[3]) + k[2];
            s.p -= k[4] * d / scale + k[5] * s.a / scale;
            break;
        }
        case StepRule::RAdam:
            average(s.a, k[0], d);
            average(s.b, k[1], d * d);
            s.p -= k[3] * (k[4] != 0 ? s.a / (std::sqrt(s.b) + k[2]) : s.a);
            break;
        default: {
            double agreement = d * s.a;
            s.b = std::clamp(s.b * (agreement > 0 ? k[1] : agreement < 0 ? k[0] : 1), k[2], k[3]);
            s.a = agreement < 0 ? 0 : d;
            s.p -= sign(s.a) * s.b;
        }
    }
}

// One unit of one step of a recurrent layer. x: W x of its gates (for the others than GRU with W h added), hidden: the GRU's
// W h; gates: what the kernel leaves there.
struct RecurrentUnit {
    double gates[4], cell, output;
};
inline RecurrentUnit recurrent(Recurrent kind, const double* x, const double* hidden, const double* bias,
                               double before) {
    RecurrentUnit u{};
    switch (kind) {
        case Recurrent::Tanh: u.output = std::tanh(x[0] + bias[0]); break;
        case Recurrent::Relu: u.output = std::max(x[0] + bias[0], 0.0); break;
        case Recurrent::Lstm:
            for (int k = 0; k < 4; ++k) u.gates[k] = k == 2 ? std::tanh(x[k] + bias[k]) : sigmoid(x[k] + bias[k]);
            u.cell = u.gates[1] * before + u.gates[0] * u.gates[2];
            u.output = u.gates[3] * std::tanh(u.cell);
            break;
        default:
            for (int k = 0; k < 2; ++k) u.gates[k] = sigmoid(x[k] + hidden[k] + bias[k]);
            u.gates[3] = hidden[2] + bias[3];
            u.gates[2] = std::tanh(x[2] + bias[2] + u.gates[0] * u.gates[3]);
            u.output = (1 - u.gates[1]) * u.gates[2] + u.gates[1] * before;
    }
    return u;
}

}  // namespace chainrule::kernels::reference
