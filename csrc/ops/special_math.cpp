#include "ops/special_math.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/stirling.h"

namespace chainrule::special_math {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSqrt2 = 1.41421356237309504880;
constexpr double kSqrt2Pi = 2.50662827463100050242;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

}  // namespace

// I_n(x) for whole n >= 0. Up to some size the power series, all of whose terms have one sign; then the asymptotic series, whose terms
// shrink below the rounding there (Abramowitz and Stegun 9.6.10 and 9.7.1). Where float's digits are enough, what a term is multiplied by
// lies in a table: divisions took most of the time, but round less.
namespace {

struct BesselSeries {
    static constexpr int kTerms = 64, kOrders = 3;
    double power[kOrders][kTerms]{};       // of (x / 2)^2
    double asymptotic[kOrders][kTerms]{};  // of 1 / x

    constexpr BesselSeries() {
        for (int n = 0; n < kOrders; ++n)
            for (int k = 1; k < kTerms; ++k) {
                power[n][k] = 1.0 / (k * (k + n));
                asymptotic[n][k] = ((2 * k - 1) * (2 * k - 1) - 4 * n * n) / (8.0 * k);
            }
    }
};
constexpr BesselSeries kBessel;

bool is_coarse(double precision) { return precision > 1e-15; }
bool has_power_series(int64_t n, double a, double precision) {
    return a <= (is_coarse(precision) ? 15 : 30) + static_cast<double>(n) * static_cast<double>(n);
}
double bessel_power(int64_t n, double a, double precision) {
    const double order = static_cast<double>(n), half = a / 2, square = half * half;
    double term = 1;
    for (int64_t k = 1; k <= n; ++k) term *= half / static_cast<double>(k);
    double sum = term;
    int k = 1;
    if (is_coarse(precision) && n < BesselSeries::kOrders)
        for (; k < BesselSeries::kTerms && term > sum * precision; ++k) sum += term *= square * kBessel.power[n][k];
    for (; term > sum * precision; ++k) sum += term *= half / k * (half / (k + order));
    return sum;
}
// Without the factor e^a.
double bessel_asymptotic(int64_t n, double a, double precision) {
    const double order = static_cast<double>(n), inverse = 1 / a;
    const bool listed = is_coarse(precision) && n < BesselSeries::kOrders;
    double term = 1, sum = 1;
    for (int k = 1; std::abs(term) > precision && k < 30; ++k) {
        const double odd = 2 * k - 1;
        sum += term *= listed ? kBessel.asymptotic[n][k] * inverse : (odd * odd - 4 * order * order) / (8 * a * k);
    }
    return sum / (kSqrt2Pi * std::sqrt(a));
}

}  // namespace

double scaled_bessel(int64_t n, double x, double precision) {
    const double a = std::abs(x);
    if (x != x) return x;
    if (std::isinf(x)) return 0;
    const double y = has_power_series(n, a, precision) ? bessel_power(n, a, precision) * std::exp(-a)
                                                       : bessel_asymptotic(n, a, precision);
    return n % 2 == 1 && x < 0 ? -y : y;
}
double bessel(int64_t n, double x, double precision) {
    const double a = std::abs(x);
    if (x != x) return x;
    if (std::isinf(x)) return n % 2 == 1 ? x : kInfinity;
    double y;
    if (has_power_series(n, a, precision)) {
        y = bessel_power(n, a, precision);
    } else {
        const double half = std::exp(a / 2);  // e^a may overflow where the product does not
        y = bessel_asymptotic(n, a, precision) * half * half;
    }
    return n % 2 == 1 && x < 0 ? -y : y;
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

namespace {

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

}  // namespace

double gammainc(double a, double x) { return incomplete_gamma(a, x, false); }
double gammaincc(double a, double x) { return incomplete_gamma(a, x, true); }

namespace {

// x^(a - 1) / Gamma(a) at 0; also for a < 0, which derivatives of the density ask for. Gamma is infinite at 0, -1, ... and
// changes its sign there.
double density_at_zero(double a) {
    if (std::isnan(a)) return kNan;
    if (a >= 1) return a == 1 ? 1 : 0;
    if (a == std::floor(a)) return 0;
    return std::fmod(std::floor(a), 2) == 0 ? kInfinity : -kInfinity;
}

}  // namespace

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

namespace {

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

}  // namespace

double polygamma(int64_t n, double x) {
    if (n == 1) return trigamma(x);
    double order = static_cast<double>(n);
    return (n % 2 ? 1 : -1) * std::tgamma(order + 1) * zeta(order + 1, x);
}

}  // namespace chainrule::special_math
