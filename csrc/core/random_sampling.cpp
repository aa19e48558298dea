// Rejection samplers and multinomial: the parts of the random stream that take an uncertain number of words, or
// weights.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/random.h"

namespace chainrule {
namespace {

// W. Hoermann, "The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and
// Economics 12 (1993), algorithm PTRS.
double poisson_large(Generator& gen, double rate) {
    const double b = 0.931 + 2.53 * std::sqrt(rate);
    const double a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    const double accept = 0.9277 - 3.6224 / (b - 2);
    const double log_rate = std::log(rate);
    for (;;) {
        const double u = gen.uniform53() - 0.5;
        const double v = gen.uniform53();
        const double us = 0.5 - std::fabs(u);
        const double k = std::floor((2 * a / us + b) * u + rate + 0.43);
        if (us >= 0.07 && v <= accept) return k;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        const double left = std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b);
        if (left <= -rate + k * log_rate - std::lgamma(k + 1)) return k;
    }
}

// D. Knuth, "The Art of Computer Programming", volume 2, section 3.4.1: uniforms are multiplied until they fall below
// e^-rate.
double poisson_small(Generator& gen, double rate) {
    const double limit = std::exp(-rate);
    double count = 0.0;
    for (double product = gen.uniform53(); product > limit; product *= gen.uniform53()) count += 1.0;
    return count;
}

// G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000). The float constants
// and the order of the roundings are PyTorch's.
template <class T> double standard_gamma(Generator& gen, T alpha) {
    double scale = 1.0;
    if (alpha < 1) {
        if (alpha == 0) return 0.0;
        scale = std::pow(1.0 - gen.uniform53(), static_cast<double>(T(1) / alpha));
        alpha += T(1);
    }
    const double d = alpha - static_cast<T>(1.0f / 3.0f);
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
        double x, y;
        do {
            x = gen.normal();
            y = 1.0 + c * x;
        } while (y <= 0.0);
        const double v = y * y * y;
        const double u = 1.0 - gen.uniform53();
        const double xx = x * x;
        if (u < 1.0 - static_cast<double>(0.0331f) * xx * xx) return scale * d * v;
        if (std::log(u) < 0.5 * xx + d * (1.0 - v + std::log(v))) return scale * d * v;
    }
}

// The part of log(k!) that Stirling's formula (k + 1/2) log(k + 1) - (k + 1) + log(2 pi) / 2 leaves.
double stirling_rest(double k) {
    static constexpr double small[] = {
        0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509,  0.01664469118982119,
        0.01387612882307075, 0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.00833056343336287};
    if (k <= 9) return small[static_cast<int>(k)];
    const double square = (k + 1) * (k + 1);
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

// W. Hoermann, "The generation of binomial random variates", J. Stat. Comput. Simul. 46 (1993), algorithm BTRS; for
// p <= 1/2 and n p >= 10.
double binomial_large(Generator& gen, double n, double p) {
    const double spread = std::sqrt(n * p * (1 - p));
    const double b = 1.15 + 2.53 * spread;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double c = n * p + 0.5;
    const double accept = 0.92 - 4.2 / b;
    const double odds = p / (1 - p);
    const double alpha = (2.83 + 5.1 / b) * spread;
    const double m = std::floor((n + 1) * p);
    for (;;) {
        const double u = gen.uniform53() - 0.5;
        double v = gen.uniform53();
        const double us = 0.5 - std::fabs(u);
        const double k = std::floor((2 * a / us + b) * u + c);
        if (us >= 0.07 && v <= accept) return k;
        if (k < 0 || k > n) continue;
        v = std::log(v * alpha / (a / (us * us) + b));
        const double bound = (m + 0.5) * std::log((m + 1) / (odds * (n - m + 1))) +
                             (n + 1) * std::log((n - m + 1) / (n - k + 1)) +
                             (k + 0.5) * std::log(odds * (n - k + 1) / (k + 1)) + stirling_rest(m) +
                             stirling_rest(n - m) - stirling_rest(k) - stirling_rest(n - k);
        if (v <= bound) return k;
    }
}

// L. Devroye, "Non-uniform random variate generation" (1986), section X.4.3: geometric waiting times are added until
// they pass n.
double binomial_small(Generator& gen, double n, double p) {
    const double log_failure = std::log1p(-p);
    double trials = 0.0, successes = 0.0;
    for (;;) {
        trials += std::ceil(std::log(gen.uniform53()) / log_failure);
        if (trials > n) return successes;
        successes += 1.0;
    }
}

double binomial(Generator& gen, double n, double p) {
    if (n <= 0.0 || p <= 0.0) return 0.0;
    if (p >= 1.0) return n;
    if (p > 0.5) return n - binomial(gen, n, 1.0 - p);
    return n * p >= 10.0 ? binomial_large(gen, n, p) : binomial_small(gen, n, p);
}

template <class T> const char* check_weights(const T* weights, int64_t rows, int64_t categories) {
    for (int64_t row = 0; row < rows; ++row) {
        const T* w = weights + row * categories;
        bool positive = false;
        for (int64_t i = 0; i < categories; ++i) {
            if (!(w[i] >= 0 && w[i] <= std::numeric_limits<T>::max())) return "weights must be finite and not negative";
            positive |= w[i] > 0;
        }
        if (!positive) return "the weights of a row must not all be zero";
    }
    return nullptr;
}

template <class T>
void sample_with_replacement(Generator& gen, int64_t* out, const T* weights, int64_t categories, int64_t samples,
                             std::vector<T>& cumulated) {
    T sum = 0;
    for (int64_t i = 0; i < categories; ++i) cumulated[i] = sum += weights[i];
    for (T& c : cumulated) c /= sum;
    cumulated.back() = 1;
    for (int64_t i = 0; i < samples; ++i) {
        const double u = gen.uniform53();
        const auto found = std::lower_bound(cumulated.begin(), cumulated.end(), u, [](T c, double v) { return c < v; });
        out[i] = found - cumulated.begin();
    }
}

// The `samples` largest, in PyTorch's order among equals: the same two ways of sorting, chosen by the same rule.
template <class T>
void take_largest(int64_t* out, const T* scores, int64_t categories, int64_t samples,
                  std::vector<std::pair<T, int64_t>>& order) {
    for (int64_t i = 0; i < categories; ++i) order[i] = {scores[i], i};
    const auto larger = [](const auto& a, const auto& b) {
        return (std::isnan(a.first) && !std::isnan(b.first)) || a.first > b.first;
    };
    if (samples * 64 <= categories) {
        std::partial_sort(order.begin(), order.begin() + samples, order.end(), larger);
    } else {
        std::nth_element(order.begin(), order.begin() + samples - 1, order.end(), larger);
        std::sort(order.begin(), order.begin() + samples - 1, larger);
    }
    for (int64_t i = 0; i < samples; ++i) out[i] = order[i].second;
}

// P. Efraimidis, P. Spirakis, "Weighted random sampling with a reservoir" (2006): the largest of weight / exponential.
template <class T>
void sample_without_replacement(Generator& gen, int64_t* out, const T* weights, int64_t rows, int64_t categories,
                                int64_t samples) {
    std::vector<T> scores(static_cast<size_t>(rows * categories));
    fill_exponential(gen, scores.data(), rows * categories);
    for (int64_t i = 0; i < rows * categories; ++i) scores[i] = weights[i] / scores[i];
    std::vector<std::pair<T, int64_t>> order(samples > 1 ? static_cast<size_t>(categories) : 0);
    for (int64_t row = 0; row < rows; ++row) {
        const T* s = scores.data() + row * categories;
        if (samples == 1) {
            out[row] = std::max_element(s, s + categories) - s;
        } else {
            take_largest(out + row * samples, s, categories, samples, order);
        }
    }
}

}  // namespace

template <class T> void fill_poisson(Generator& gen, T* out, int64_t n, const T* rate) {
    std::lock_guard lock(gen.mutex());
    for (int64_t i = 0; i < n; ++i) {
        const double r = static_cast<double>(rate[i]);
        out[i] = static_cast<T>(r >= 10 ? poisson_large(gen, r) : r == 0 ? 0.0 : poisson_small(gen, r));
    }
}

template <class T> void fill_standard_gamma(Generator& gen, T* out, int64_t n, const T* alpha) {
    std::lock_guard lock(gen.mutex());
    for (int64_t i = 0; i < n; ++i) {
        out[i] = std::max(std::numeric_limits<T>::min(), static_cast<T>(standard_gamma(gen, alpha[i])));
    }
}

template <class T> void fill_binomial(Generator& gen, T* out, int64_t n, const T* count, const T* probability) {
    std::lock_guard lock(gen.mutex());
    for (int64_t i = 0; i < n; ++i) {
        out[i] = static_cast<T>(binomial(gen, static_cast<double>(count[i]), static_cast<double>(probability[i])));
    }
}

template <class T>
const char* fill_multinomial(Generator& gen, int64_t* out, const T* weights, int64_t rows, int64_t categories,
                             int64_t samples, bool replacement) {
    if (const char* reason = check_weights(weights, rows, categories)) return reason;
    if (!replacement || samples == 1) {  // one draw is the same either way: PyTorch takes the exponential race for both
        sample_without_replacement(gen, out, weights, rows, categories, samples);
        return nullptr;
    }
    std::lock_guard lock(gen.mutex());
    std::vector<T> cumulated(static_cast<size_t>(categories));
    for (int64_t row = 0; row < rows; ++row) {
        sample_with_replacement(gen, out + row * samples, weights + row * categories, categories, samples, cumulated);
    }
    return nullptr;
}

template void fill_poisson(Generator&, float*, int64_t, const float*);
template void fill_poisson(Generator&, double*, int64_t, const double*);
template void fill_standard_gamma(Generator&, float*, int64_t, const float*);
template void fill_standard_gamma(Generator&, double*, int64_t, const double*);
template void fill_binomial(Generator&, float*, int64_t, const float*, const float*);
template void fill_binomial(Generator&, double*, int64_t, const double*, const double*);
template const char* fill_multinomial(Generator&, int64_t*, const float*, int64_t, int64_t, int64_t, bool);
template const char* fill_multinomial(Generator&, int64_t*, const double*, int64_t, int64_t, int64_t, bool);

}  // namespace chainrule
