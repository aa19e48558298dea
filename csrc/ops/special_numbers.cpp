// Special functions that are computed number by number, in double: Bessel functions of an imaginary argument, the normal
// distribution's integrals, incomplete gamma functions, Hurwitz's zeta and polygamma functions.
//
// The gradients are written in operations, so that there are derivatives of any order.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/stirling.h"
#include "ops/each_number.h"
#include "ops/forms.h"
#include "ops/special.h"

namespace chainrule {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSqrt2 = 1.41421356237309504880;
constexpr double kSqrt2Pi = 2.50662827463100050242;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// ---- the numbers ----

// e^-|x| I_n(x) for whole n >= 0. Up to 30 + n^2 the power series, all of whose terms have one sign; then the asymptotic series,
// whose terms shrink below the rounding there (Abramowitz and Stegun 9.6.10 and 9.7.1).
double scaled_bessel(int64_t n, double x) {
    double a = std::abs(x), order = static_cast<double>(n), term = 1, sum;
    if (x != x) return x;
    if (std::isinf(x)) return 0;
    if (a <= 30 + order * order) {
        for (int64_t k = 1; k <= n; ++k) term *= a / 2 / static_cast<double>(k);
        sum = term;
        for (int k = 1; term > sum * 1e-17; ++k) sum += term *= a / 2 / k * (a / 2 / (k + order));
        sum *= std::exp(-a);
    } else {
        sum = 1;
        for (int k = 1; std::abs(term) > 1e-17 && k < 30; ++k) {
            double odd = 2 * k - 1;
            sum += term *= (odd * odd - 4 * order * order) / (8 * a * k);
        }
        sum /= kSqrt2Pi * std::sqrt(a);
    }
    return n % 2 == 1 && x < 0 ? -sum : sum;
}
double bessel(int64_t n, double x) {
    double scaled = scaled_bessel(n, x),
           half = std::exp(std::abs(x) / 2);  // e^|x| may overflow where the product does not
    if (std::isinf(x)) return n % 2 == 1 ? x : kInfinity;
    return scaled * half * half;
}

// e^(x^2) erfc(x). From 5 on the continued fraction of erfc (Abramowitz and Stegun 7.1.14), from its 60th step backwards.
double erfcx(double x) {
    if (x < 5) return std::exp(x * x) * std::erfc(x);
    double tail = 0;
    for (int k = 60; k > 0; --k) tail = k / 2.0 / (x + tail);
    return 1 / (std::sqrt(kPi) * (x + tail));
}

double log_ndtr(double x) {
    double z = -x / kSqrt2;
    return x < -1 ? std::log(erfcx(z) / 2) - z * z : std::log1p(-std::erfc(-z) / 2);
}

// The x at which the normal distribution's integral is p: a first value of four digits (Abramowitz and Stegun 26.2.23) made exact
// by Halley's method; in the tail by Newton's for the logarithm, as the integral itself loses its digits there, and in the middle
// by the integral from 0, which loses none at p = 1/2.
double ndtri(double p) {
    if (!(p >= 0 && p <= 1)) return kNan;
    if (p == 0 || p == 1) return p == 0 ? -kInfinity : kInfinity;
    if (p == 0.5) return 0;
    if (p > 0.5) return -ndtri(1 - p);  // 1 - p is exact here
    double log_p = std::log(p), t = std::sqrt(-2 * log_p);
    double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for (int i = 0; i < 3; ++i) {
        if (p < 1e-3) {
            x -= (log_ndtr(x) - log_p) * erfcx(-x / kSqrt2) * std::sqrt(kPi / 2);
            continue;
        }
        double off = p > 0.25 ? std::erf(x / kSqrt2) / 2 - (p - 0.5) : std::erfc(-x / kSqrt2) / 2 - p;
        double error = off * std::sqrt(2 * kPi) * std::exp(x * x / 2);
        x -= error / (1 + x * error / 2);
    }
    return x;
}

double entropy_term(double x) { return x > 0 ? -x * std::log(x) : x == 0 ? 0 : x != x ? x : -kInfinity; }

// Hurwitz's zeta function, sum over k >= 0 of (k + q)^-s: the first terms, then the formula of Euler and Maclaurin for the others
// (Abramowitz and Stegun 23.1.30), with Bernoulli's numbers over factorials.
double zeta(double s, double q) {
    if (s != s || q != q || s < 1) return kNan;
    if (s == 1) return kInfinity;
    if (q <= 0) {
        if (q == std::floor(q)) return kInfinity;
        if (s != std::floor(s)) return kNan;
        // The negative terms, by their sizes, are the difference of two positive series.
        double n = std::ceil(-q), r = 1 - (q + n), sign_of = std::fmod(s, 2) == 0 ? 1 : -1;
        return zeta(s, q + n) + sign_of * (zeta(s, r) - zeta(s, r + n));
    }
    constexpr double kBernoulli[] = {1.0 / 12,
                                     -1.0 / 720,
                                     1.0 / 30240,
                                     -1.0 / 1209600,
                                     1.0 / 47900160,
                                     -691.0 / 1307674368000,
                                     1.0 / 74724249600,
                                     -3617.0 / 10670622842880000,
                                     43867.0 / 5109094217170944000};
    double sum = 0;
    for (int k = 0; k < 12 || q < 12; ++k, q += 1) {
        double term = std::pow(q, -s);
        sum += term;
        if (std::abs(term) < std::abs(sum) * 1e-20) return sum;
    }
    double power = std::pow(q, -s);
    sum += power * q / (s - 1) + power / 2;
    double factor = s * power / q;
    for (int i = 0; i < 9; ++i) {
        sum += kBernoulli[i] * factor;
        factor *= (s + 2 * i + 1) * (s + 2 * i + 2) / (q * q);
    }
    return sum;
}

// ---- incomplete gamma functions ----

double zeta_minus_one(int k) { return zeta(k, 2); }  // 2^-k + 3^-k + ...

// ln Gamma(1 + a) for |a| <= 1/2, exact also where 1 + a is not (Abramowitz and Stegun 6.1.33).
double lgamma_of_1_plus(double a) {
    constexpr int kTerms = 30;
    static const std::array<double, kTerms> coefficients = [] {
        std::array<double, kTerms> c{};
        for (int k = 2; k < kTerms; ++k) c[static_cast<size_t>(k)] = (k % 2 ? -1 : 1) * zeta_minus_one(k) / k;
        return c;
    }();
    constexpr double kOneMinusEuler = 0.42278433509846713939;
    double series = 0;
    for (size_t k = kTerms - 1; k >= 2; --k) series = (series + coefficients[k]) * a;
    return (series + kOneMinusEuler) * a - std::log1p(a);
}

// mu - ln(1 + mu) where x = a (1 + mu): without cancellation near 0 by the series of atanh(mu / (2 + mu)).
double distance(double a, double x) {
    double mu = (x - a) / a;
    if (!(std::abs(mu) < 0.75)) return mu - std::log(x / a);
    double r = mu / (2 + mu), r2 = r * r, power = r * r2, sum = 0;
    for (int k = 3; std::abs(power) > kEpsilon / 16 * std::abs(sum); k += 2, power *= r2) sum += power / k;
    return r * mu - 2 * sum;
}

constexpr double kLargeShape = 20;

// x^a e^-x / Gamma(a + 1).
double gamma_front(double a, double x) {
    if (a < kLargeShape) return std::exp(a * std::log(x) - x - std::lgamma(a + 1));
    return std::exp(-a * distance(a, x) - stirling_rest(a)) / (kSqrt2Pi * std::sqrt(a));
}

// The coefficients f_n of eta / mu in powers of eta, where eta^2 / 2 = mu - ln(1 + mu): with mu = sum m_n eta^n, the equation
// mu mu' = eta (1 + mu) gives m_n, and (eta / mu) (mu / eta) = 1 then f_n.
constexpr int kTemmeTerms = 36;
constexpr std::array<double, kTemmeTerms> temme_coefficients() {
    std::array<double, kTemmeTerms + 1> m{};
    std::array<double, kTemmeTerms> f{};
    m[1] = 1;
    for (size_t n = 2; n <= kTemmeTerms; ++n) {
        m[n] = m[n - 1] / static_cast<double>(n + 1);
        for (size_t i = 2; i < n; ++i) m[n] -= m[i] * m[n + 1 - i] / 2;
    }
    f[0] = 1;
    for (size_t n = 1; n < kTemmeTerms; ++n)
        for (size_t i = 1; i <= n; ++i) f[n] -= m[i + 1] * f[n - i];
    return f;
}

// P or Q for a >= 20 and x near a, uniformly: Q = erfc(eta sqrt(a / 2)) / 2 + R, P = erfc(-eta sqrt(a / 2)) / 2 - R with
//   R = e^(-a eta^2 / 2) / sqrt(2 pi a) S(eta),  S = sum of b_n eta^n / (1 + b_1 / a),  b_(n-1) = f_n + (n + 1) b_(n+1) / a,
// which is what R' leaves of Q' (DLMF 8.12; Temme, "On the computation of the incomplete gamma function ratios for large values
// of the parameters", 1987).
double gamma_uniform(double a, double x, bool upper) {
    static constexpr std::array<double, kTemmeTerms> f = temme_coefficients();
    double half_square = distance(a, x), eta = std::copysign(std::sqrt(2 * half_square), x - a);
    double b[kTemmeTerms + 1] = {}, sum = 0;
    for (int n = kTemmeTerms - 1; n >= 1; --n) b[n - 1] = f[static_cast<size_t>(n)] + (n + 1) * b[n + 1] / a;
    for (int n = kTemmeTerms - 1; n >= 0; --n) sum = sum * eta + b[n];
    double rest = std::exp(-a * half_square) / (kSqrt2Pi * std::sqrt(a)) * sum / (1 + b[1] / a);
    double z = std::copysign(std::sqrt(a * half_square), x - a);
    return upper ? std::erfc(z) / 2 + rest : std::erfc(-z) / 2 - rest;
}

// P or Q for a <= 1/2 and x <= 3/2: with p = x^a / Gamma(1 + a) and s = a sum over k >= 1 of (-x)^k / (k! (k + a)), P = p (1 + s)
// (Abramowitz and Stegun 6.5.29), Q = (1 - p) - p s: exact where a is small and P near 1.
double gamma_small(double a, double x, bool upper) {
    double power = 1, s = 0;
    for (int k = 1; k < 40; ++k) {
        power *= -x / k;
        s += power / (k + a);
    }
    s *= a;
    double log_p = a * std::log(x) - lgamma_of_1_plus(a);
    return upper ? -std::expm1(log_p) - std::exp(log_p) * s : std::exp(log_p) * (1 + s);
}

// P by its power series, all of whose terms are positive (Abramowitz and Stegun 6.5.29).
double gamma_series(double a, double x) {
    double term = 1, sum = 1;
    for (int k = 1; term > sum * kEpsilon / 4; ++k) sum += term *= x / (a + k);
    return std::min(gamma_front(a, x) * sum, 1.0);
}

// Q by its continued fraction, by Lentz's method (Abramowitz and Stegun 6.5.31); nan if it does not converge.
double gamma_fraction(double a, double x) {
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int k = 1; k < 10000; ++k) {
        double factor = -k * (k - a);
        b += 2;
        d = 1 / (factor * d + b);
        c = b + factor / c;
        h *= d * c;
        if (std::abs(d * c - 1) < kEpsilon) return std::min(gamma_front(a, x) * a * h, 1.0);
    }
    return kNan;
}

// The regularised incomplete gamma functions P (lower) and Q (upper) = 1 - P.
double incomplete_gamma(double a, double x, bool upper) {
    if (!(a >= 0 && x >= 0)) return kNan;
    if (a == 0) return x == 0 ? kNan : upper ? 0 : 1;
    if (x == 0) return upper ? 1 : 0;
    if (std::isinf(a)) return std::isinf(x) ? kNan : upper ? 1 : 0;
    if (std::isinf(x)) return upper ? 0 : 1;
    if (a >= kLargeShape && x > 0.3 * a && x < 2.35 * a) return gamma_uniform(a, x, upper);  // |eta| < 1
    if (a <= 0.5 && x <= 1.5) return gamma_small(a, x, upper);
    if (x < a + 1) return upper ? 1 - gamma_series(a, x) : gamma_series(a, x);
    return upper ? gamma_fraction(a, x) : 1 - gamma_fraction(a, x);
}
double gammainc(double a, double x) { return incomplete_gamma(a, x, false); }
double gammaincc(double a, double x) { return incomplete_gamma(a, x, true); }

// x^(a - 1) / Gamma(a) at 0; also for a < 0, which derivatives of the density ask for. Gamma is infinite at 0, -1, ... and
// changes its sign there.
double density_at_zero(double a) {
    if (std::isnan(a)) return kNan;
    if (a >= 1) return a == 1 ? 1 : 0;
    if (a == std::floor(a)) return 0;
    return std::fmod(std::floor(a), 2) == 0 ? kInfinity : -kInfinity;
}

// x^(a - 1) e^-x / Gamma(a), the derivative of P by x.
double gamma_density(double a, double x) {
    if (x == 0) return density_at_zero(a);
    if (!(a >= 0 && x >= 0)) return kNan;
    if (std::isinf(x)) return std::isinf(a) ? kNan : 0;
    if (std::isinf(a)) return 0;
    // x^a may underflow where x^(a - 1) does not.
    if (a < kLargeShape || x < a / 1000) return std::exp((a - 1) * std::log(x) - x - std::lgamma(a));
    return gamma_front(a, x) * (a / x);
}

// The derivative of digamma, sum over k >= 0 of (x + k)^-2: reflection below 1/2, ten steps of the recurrence, then the asymptotic
// series, whose next term is below 1e-17 from 10 on (Abramowitz and Stegun 6.4.7, 6.4.6 and 6.4.12).
double trigamma(double x) {
    if (x < 0.5) {
        double sine = std::sin(kPi * (x - std::round(x)));
        return kPi * kPi / (sine * sine) - trigamma(1 - x);
    }
    double sum = 0;
    for (int k = 0; k < 10; ++k, x += 1) sum += 1 / (x * x);
    double w = 1 / x, w2 = w * w;
    double series = 1.0 / 42 - w2 * (1.0 / 30 - w2 * (5.0 / 66 - w2 * (691.0 / 2730 - w2 * (7.0 / 6))));
    return sum + w + w2 / 2 + w * w2 * (1.0 / 6 - w2 * (1.0 / 30 - w2 * series));
}

double polygamma_at(int64_t n, double x) {
    if (n == 1) return trigamma(x);
    double order = static_cast<double>(n);
    return (n % 2 ? 1 : -1) * std::tgamma(order + 1) * zeta(order + 1, x);
}

double xlog1py_at(double x, double y) { return x == 0 && y == y ? 0 : x * std::log1p(y); }

// ---- evaluation ----

template <double (*f)(double)> void eval_one(EvalCtx& c) {
    each_number(c, [](double x, double) { return f(x); });
}
template <double (*f)(double, double)> void eval_two(EvalCtx& c) {
    each_number(c, [](double x, double y) { return f(x, y); });
}

constexpr OpDef of_one(const char* name, const char* grad_name, void (*eval)(EvalCtx&), void (*vjp)(VjpCtx&)) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_floating,
        .eval = eval,
        .vjp = vjp,
        .promotion = Promotion::Float,
        .save_input = {1},
    };
}
constexpr OpDef of_two(const char* name, const char* grad_name, void (*eval)(EvalCtx&), void (*vjp)(VjpCtx&)) {
    OpDef op = of_one(name, grad_name, eval, vjp);
    op.broadcast = true;
    op.save_input[0] = op.save_input[1] = 3;
    return op;
}

Tensor is_zero(const Tensor& x) { return eq(detach(x), number(0, x)); }

}  // namespace

// ---- i0, i1, i0e, i1e: modified Bessel functions of the first kind. Those of higher order make the derivatives ----
namespace {
struct OrderAttr {
    int64_t n;
    void visit(AttrVisitor& v) const { v("n", n); }
};
template <double (*f)(int64_t, double)> void eval_order(EvalCtx& c) {
    int64_t n = c.attr<OrderAttr>().n;
    each_number(c, [n](double x, double) { return f(n, x); });
}
constexpr OpDef of_order(const char* name, const char* grad_name, void (*eval)(EvalCtx&), void (*vjp)(VjpCtx&)) {
    OpDef op = of_one(name, grad_name, eval, vjp);
    op.attr_bytes = sizeof(OrderAttr);
    op.describe = describe_attrs<OrderAttr>;
    return op;
}
template <int64_t n, double (*f)(int64_t, double)> double at_order(double x) { return f(n, x); }

Tensor bessel(int64_t n, const Tensor& x);
Tensor scaled_bessel(int64_t n, const Tensor& x);
// I_n' = (I_(n-1) + I_(n+1)) / 2, of I_0 I_1; exact at 0, where I_1(x) / x is not (Abramowitz and Stegun 9.6.26).
Tensor slope_of_bessel(int64_t n, const Tensor& x) {
    return n == 0 ? bessel(1, x) : (bessel(n - 1, x) + bessel(n + 1, x)) * 0.5;
}
Tensor slope_of_scaled(int64_t n, const Tensor& x, const Tensor& y) {
    Tensor slope = n == 0 ? scaled_bessel(1, x) : (scaled_bessel(n - 1, x) + scaled_bessel(n + 1, x)) * 0.5;
    return slope - sign(x) * y;
}
template <int64_t n> void vjp_bessel(VjpCtx& c) { c.set(0, c.grad() * slope_of_bessel(n, c.input(0))); }
template <int64_t n> void vjp_scaled(VjpCtx& c) {
    c.set(0, c.grad() * slope_of_scaled(n, c.input(0), scaled_bessel(n, c.input(0))));
}
const OpDef bessel_op = of_order("bessel_i", "BesselIBackward0", eval_order<bessel>, [](VjpCtx& c) {
    c.set(0, c.grad() * slope_of_bessel(c.attr<OrderAttr>().n, c.input(0)));
});
const OpDef scaled_bessel_op = of_order("bessel_ie", "BesselIEBackward0", eval_order<scaled_bessel>, [](VjpCtx& c) {
    int64_t n = c.attr<OrderAttr>().n;
    c.set(0, c.grad() * slope_of_scaled(n, c.input(0), scaled_bessel(n, c.input(0))));
});
}  // namespace
const OpDef i0_op = of_one("i0", "I0Backward0", eval_one<at_order<0, bessel>>, vjp_bessel<0>);
const OpDef i1_op = of_one("i1", "SpecialI1Backward0", eval_one<at_order<1, bessel>>, vjp_bessel<1>);
const OpDef i0e_op = of_one("i0e", "SpecialI0EBackward0", eval_one<at_order<0, scaled_bessel>>, vjp_scaled<0>);
const OpDef i1e_op = of_one("i1e", "SpecialI1EBackward0", eval_one<at_order<1, scaled_bessel>>, vjp_scaled<1>);
namespace {
Tensor bessel(int64_t n, const Tensor& x) {
    return n == 0 ? run(i0_op, x) : n == 1 ? run(i1_op, x) : run_with(bessel_op, OrderAttr{n}, x);
}
Tensor scaled_bessel(int64_t n, const Tensor& x) {
    return n == 0 ? run(i0e_op, x) : n == 1 ? run(i1e_op, x) : run_with(scaled_bessel_op, OrderAttr{n}, x);
}
}  // namespace
const Register i0_fn({"i0",
                      kUnaryFlags,
                      R"(Modified Bessel function of the first kind, of order 0.

    y = sum over k of (x^2 / 4)^k / k!^2,  dx = dy i1(x)

Example:
    >>> chainrule.i0(chainrule.tensor([0., 1.]))
    tensor([1.0000, 1.2661])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 9.6 and 9.7.
)",
                      {{"i0(Tensor input)", call_unary<i0_op>}}});
const Register special_i1_fn({"special_i1",
                              kFunction,
                              R"(Modified Bessel function of the first kind, of order 1.

    y = x / 2 sum over k of (x^2 / 4)^k / (k! (k + 1)!),  dx = dy (i0(x) - y / x) = dy (i0(x) + I_2(x)) / 2

Example:
    >>> chainrule.special.i1(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.5652])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 9.6 and 9.7.
)",
                              {{"special_i1(Tensor input)", call_unary<i1_op>}}});
const Register special_i0e_fn({"special_i0e",
                               kFunction,
                               R"(i0(x) e^-|x|: without overflow.

Example:
    >>> chainrule.special.i0e(chainrule.tensor([0., 1000.]))
    tensor([1.0000, 0.0126])
)",
                               {{"special_i0e(Tensor input)", call_unary<i0e_op>}}});
const Register special_i1e_fn({"special_i1e",
                               kFunction,
                               R"(i1(x) e^-|x|: without overflow.

Example:
    >>> chainrule.special.i1e(chainrule.tensor([0., 1000.]))
    tensor([0.0000, 0.0126])
)",
                               {{"special_i1e(Tensor input)", call_unary<i1e_op>}}});

// ---- erfcx, ndtr, log_ndtr, ndtri: the normal distribution ----
const OpDef erfcx_op = of_one("erfcx", "SpecialErfcxBackward0", eval_one<erfcx>, [](VjpCtx& c) {
    Tensor x = c.input(0);
    c.set(0, c.grad() * (x * run(c.op(), x) * 2.0 - 2 / std::sqrt(kPi)));
});
const Register special_erfcx_fn({"special_erfcx",
                                 kFunction,
                                 R"(The complement of the error function without its decay.

    y = e^(x^2) erfc(x),  dx = dy (2 x y - 2 / sqrt(pi))

Example:
    >>> chainrule.special.erfcx(chainrule.tensor([0., 100.]))
    tensor([1.0000, 0.0056])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 7.1.
)",
                                 {{"special_erfcx(Tensor input)", call_unary<erfcx_op>}}});
const Register special_ndtr_fn({"special_ndtr",
                                kFunction,
                                R"(The integral of the standard normal density from -inf to x.

    y = erfc(-x / sqrt(2)) / 2,  dx = dy e^(-x^2 / 2) / sqrt(2 pi)

Example:
    >>> chainrule.special.ndtr(chainrule.tensor([0., 1.]))
    tensor([0.5000, 0.8413])
)",
                                {{"special_ndtr(Tensor input)",
                                  [](Args& a) { a.ret(erfc(a.tensor(0) * (-1 / kSqrt2)) * 0.5); }}}});
const OpDef log_ndtr_op = of_one("log_ndtr", "SpecialLogNdtrBackward0", eval_one<log_ndtr>, [](VjpCtx& c) {
    c.set(0, c.grad() / run(erfcx_op, c.input(0) * (-1 / kSqrt2)) * std::sqrt(2 / kPi));
});
const Register special_log_ndtr_fn({"special_log_ndtr",
                                    kFunction,
                                    R"(Logarithm of ndtr(), exact also far below 0.

    y = ln ndtr(x),  dx = dy sqrt(2 / pi) / erfcx(-x / sqrt(2))

Example:
    >>> chainrule.special.log_ndtr(chainrule.tensor([0., -100.]))
    tensor([-6.9315e-01, -5.0055e+03])
)",
                                    {{"special_log_ndtr(Tensor input)", call_unary<log_ndtr_op>}}});
constexpr OpDef make_ndtri() {
    OpDef op = of_one("ndtri", "SpecialNdtriBackward0", eval_one<ndtri>,
                      [](VjpCtx& c) { c.set(0, c.grad() * (exp(square(c.output()) * 0.5) * std::sqrt(2 * kPi))); });
    op.save_input[0] = 0;
    op.save_output[0] = 1;
    return op;
}
const OpDef ndtri_op = make_ndtri();
const Register special_ndtri_fn({"special_ndtri",
                                 kFunction,
                                 R"(The inverse of ndtr(): -inf at 0, inf at 1, nan beyond.

    ndtr(y) = x,  dx = dy sqrt(2 pi) e^(y^2 / 2)

Example:
    >>> chainrule.special.ndtri(chainrule.tensor([0.5, 0.975]))
    tensor([0.0000, 1.9600])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 26.2.23 (first value), refined by Halley's method.
)",
                                 {{"special_ndtri(Tensor input)", call_unary<ndtri_op>}}});

// ---- entr, xlog1py ----
const OpDef entr_op = of_one("entr", "SpecialEntrBackward0", eval_one<entropy_term>,
                             [](VjpCtx& c) { c.set(0, c.grad() * (neg(log(c.input(0))) - 1.0)); });
const Register special_entr_fn({"special_entr",
                                kFunction,
                                R"(Summands of an entropy.

    y = -x ln x, 0 at x = 0, -inf below,  dx = dy (-ln x - 1)

Example:
    >>> chainrule.special.entr(chainrule.tensor([0., 0.5]))
    tensor([0.0000, 0.3466])
)",
                                {{"special_entr(Tensor input)", call_unary<entr_op>}}});
const OpDef xlog1py_op = of_two("xlog1py", "SpecialXlog1PyBackward0", eval_two<xlog1py_at>, [](VjpCtx& c) {
    Tensor x = c.input(0), y = c.input(1);
    if (c.wants(0)) {
        Tensor skip = logical_and(is_zero(x), le(detach(y), number(-1, y)));
        c.set(0, c.grad() * log1p(where(skip, number(0, y), y)));
    }
    if (c.wants(1)) c.set(1, c.grad() * x / (y + 1.0));
});
const Register special_xlog1py_fn({"special_xlog1py",
                                   kFunction,
                                   R"(Product of x with ln(1 + y); 0 where x = 0, unless y is nan.

    z = x ln(1 + y),  dx = dz ln(1 + y) (0 where x = 0 and y <= -1),  dy = dz x / (1 + y)

Args:
    input, other: tensors or numbers; the shapes broadcast.

Example:
    >>> chainrule.special.xlog1py(chainrule.tensor([0., 2.]), chainrule.tensor([-1., 3.]))
    tensor([0.0000, 2.7726])
)",
                                   {{"special_xlog1py(Tensor input, Tensor other)", call_binary<xlog1py_op>}}});

// ---- gammainc, gammaincc: the incomplete gamma functions; the gradient is that by x ----
namespace {
void no_gradient_of_shape(const VjpCtx& c) {
    check<RuntimeError>(!c.wants(0), c.op().name, ": there is no gradient for the first argument. detach() it.");
}
// p(a, x)' = p(a, x) ((a - 1) / x - 1); at 0, where the two factors may be 0 and infinite, it is p(a - 1, x) - p(a, x).
const OpDef gamma_density_op = of_two("gamma_density", "GammaDensityBackward0", eval_two<gamma_density>, [](VjpCtx& c) {
    no_gradient_of_shape(c);
    Tensor a = c.input(0), x = c.input(1), at_zero = eq(detach(x), number(0, x));
    Tensor inside = where(at_zero, ones_like(x), x), zero = masked_mul(at_zero, x);
    Tensor slope = run(c.op(), a, inside) * ((a - 1.0) / inside - 1.0);
    c.set(1, c.grad() * where(at_zero, run(c.op(), a - 1.0, zero) - run(c.op(), a, zero), slope));
});
void gamma_slope(VjpCtx& c, double sign_of) {
    no_gradient_of_shape(c);
    c.set(1, c.grad() * run(gamma_density_op, c.input(0), c.input(1)) * sign_of);
}
}  // namespace
const OpDef gammainc_op =
    of_two("gammainc", "IgammaBackward0", eval_two<gammainc>, [](VjpCtx& c) { gamma_slope(c, 1); });
const OpDef gammaincc_op =
    of_two("gammaincc", "IgammacBackward0", eval_two<gammaincc>, [](VjpCtx& c) { gamma_slope(c, -1); });
const Register igamma_fn({"igamma",
                          kUnaryFlags,
                          R"(Lower incomplete gamma function, regularised.

    y = 1 / Gamma(a) integral from 0 to x of t^(a-1) e^-t dt,  dx = dy x^(a-1) e^-x / Gamma(a); none for a

Args:
    input: a, not negative.
    other: x, not negative; the shapes broadcast.

Example:
    >>> chainrule.igamma(chainrule.tensor([1., 4.]), chainrule.tensor([1., 4.]))
    tensor([0.6321, 0.5665])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 6.5; for large a near x DLMF 8.12.
)",
                          {{"igamma(Tensor input, Tensor other)", call_binary<gammainc_op>}}});
const Register igammac_fn({"igammac",
                           kUnaryFlags,
                           R"(Upper incomplete gamma function, regularised: 1 - igamma(a, x) without cancellation.

Args:
    input: a, not negative.
    other: x, not negative; the shapes broadcast.

Example:
    >>> chainrule.igammac(chainrule.tensor([1., 4.]), chainrule.tensor([1., 4.]))
    tensor([0.3679, 0.4335])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 6.5; for large a near x DLMF 8.12.
)",
                           {{"igammac(Tensor input, Tensor other)", call_binary<gammaincc_op>}}});

// ---- zeta, polygamma, mvlgamma ----
const OpDef zeta_op = of_two("zeta", "SpecialZetaBackward0", eval_two<zeta>, [](VjpCtx& c) {
    check<RuntimeError>(!c.wants(0), "zeta: there is no gradient for the first argument. detach() it.");
    Tensor s = c.input(0);
    c.set(1, c.grad() * neg(s) * run(c.op(), s + 1.0, c.input(1)));
});
const Register special_zeta_fn({"special_zeta",
                                kFunction,
                                R"(Hurwitz's zeta function.

    y = sum over k >= 0 of (k + q)^-s,  dq = -dy s zeta(s + 1, q); none for s

Args:
    input: s, more than 1 (1 gives inf).
    other: q; the shapes broadcast.

Example:
    >>> chainrule.special.zeta(chainrule.tensor(2.), chainrule.tensor(1.))
    tensor(1.6449)

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 23.1.30.
)",
                                {{"special_zeta(Tensor input, Tensor other)", call_binary<zeta_op>}}});
namespace {
const OpDef polygamma_op = of_order("polygamma", "PolygammaBackward0", eval_order<polygamma_at>, [](VjpCtx& c) {
    int64_t n = c.attr<OrderAttr>().n;
    // The last order is followed by none; near it orders with the same sign have the same values.
    c.set(0, c.grad() * polygamma(n < std::numeric_limits<int64_t>::max() ? n + 1 : n - 1, c.input(0)));
});
}  // namespace
Tensor polygamma(int64_t n, const Tensor& x) { return n == 0 ? digamma(x) : run_with(polygamma_op, OrderAttr{n}, x); }
namespace {
Tensor checked_polygamma(int64_t n, const Tensor& x) {
    check<ValueError>(n >= 0, "polygamma: the order n must not be negative, got ", n, ".");
    return polygamma(n, x);
}
}  // namespace
const Register polygamma_fn({"polygamma",
                             kFunction,
                             R"(The n-th derivative of the digamma function.

    y = d^n/dx^n digamma(x) = (-1)^(n+1) n! zeta(n + 1, x),  dx = dy polygamma(n + 1, x)

Args:
    n: order, 0 or more.
    input: tensor.

Example:
    >>> chainrule.polygamma(1, chainrule.tensor([1., 0.5]))
    tensor([1.6449, 4.9348])
)",
                             {{"polygamma(int n, Tensor input)",
                               [](Args& a) { a.ret(checked_polygamma(a.integer(0), a.tensor(1))); }}}});
namespace {
Tensor mvlgamma(const Tensor& x, int64_t p) {
    check<ValueError>(p >= 1, "mvlgamma: p must be at least 1, got ", p, ".");
    Tensor halves = empty({p}, x.dtype());
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        for (int64_t j = 0; j < p; ++j) halves.data<T>()[j] = static_cast<T>(j) / 2;
    });
    double count = static_cast<double>(p);
    return sum(lgamma(unsqueeze(x, -1) - halves), {-1}) + count * (count - 1) / 4 * std::log(kPi);
}
}  // namespace
const Register mvlgamma_fn({"mvlgamma",
                            kMethod | kFunction,
                            R"(Logarithm of the multivariate gamma function.

    y = p (p - 1) / 4 ln pi + sum over j < p of lgamma(x - j / 2)

Args:
    input: tensor; all elements more than (p - 1) / 2.
    p: dimensions.

Example:
    >>> chainrule.mvlgamma(chainrule.tensor([2., 3.]), 2)
    tensor([0.4516, 1.5502])

Source: Muirhead, "Aspects of multivariate statistical theory", 1982.
)",
                            {{"mvlgamma(Tensor input, int p)", [](Args& a) {
                                  Tensor x = a.tensor(0);
                                  if (!is_floating(x.dtype())) x = cast(x, default_dtype());
                                  a.ret(mvlgamma(x, a.integer(1)));
                              }}}});

}  // namespace chainrule
