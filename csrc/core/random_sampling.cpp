// Rejection samplers and multinomial: the parts of the random stream that take an uncertain number of words, or
// weights.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/random.h"
#include "core/stirling.h"

namespace chainrule {
namespace {

// The transformation in Hoermann's rejection methods: a uniform u on (-1/2, 1/2) becomes (2 a / edge + b) u, edge = 1/2 - |u|,
// nearly of the wanted distribution; its slope by u is the hat under which a candidate is accepted or not.
struct Transform {
    double a, b;
    static double edge(double u) { return 0.5 - std::fabs(u); }
    double operator()(double u) const { return (2 * a / edge(u) + b) * u; }
    double slope(double u) const { return a / (edge(u) * edge(u)) + b; }
};
// Away from the edges nearly all candidates are right: without looking at the distribution.
bool accepted_at_once(double u, double v, double limit) { return Transform::edge(u) >= 0.07 && v <= limit; }

// W. Hoermann, "The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and
// Economics 12 (1993), algorithm PTRS.
double poisson_large(Generator& gen, double rate) {
    const double width = 0.931 + 2.53 * std::sqrt(rate);
    const Transform transform{-0.059 + 0.02483 * width, width};
    const double log_scale = std::log(1.1239 + 1.1328 / (width - 3.4)), log_rate = std::log(rate);
    const double limit = 0.9277 - 3.6224 / (width - 2);
    for (;;) {
        const double u = gen.uniform53() - 0.5, v = gen.uniform53(), edge = Transform::edge(u);
        const double count = std::floor(transform(u) + rate + 0.43);
        if (accepted_at_once(u, v, limit)) return count;
        if (count < 0 || (edge < 0.013 && v > edge)) continue;
        const double log_probability = count * log_rate - rate - std::lgamma(count + 1);
        if (std::log(v) + log_scale - std::log(transform.slope(u)) <= log_probability) return count;
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

// d is the shape less 1/3, z normal, cube = (1 + z / sqrt(9 d))^3, u uniform. The first bound spares most logarithms.
bool accepts_cube(double d, double z, double cube, double u) {
    const double z2 = z * z;
    return u < 1 - static_cast<double>(0.0331f) * z2 * z2 || std::log(u) < 0.5 * z2 + d * (1 - cube + std::log(cube));
}

// G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000): d times the cube of a normal
// variable about 1, for shapes of 1 or more; `factor` times that, multiplied in PyTorch's order. Its constants are floats.
template <class T> double gamma_by_cubes(Generator& gen, T shape, double factor) {
    const double d = shape - static_cast<T>(1.0f / 3.0f), spread = 1 / std::sqrt(9 * d);
    for (;;) {
        const double z = gen.normal(), root = 1 + spread * z;
        if (root <= 0) continue;
        const double cube = root * root * root;
        if (accepts_cube(d, z, cube, 1 - gen.uniform53())) return factor * d * cube;
    }
}

// Smaller shapes: Gamma(shape) is Gamma(shape + 1) times a uniform to the power of 1 / shape.
template <class T> double standard_gamma(Generator& gen, T shape) {
    if (shape == 0) return 0;
    if (shape >= 1) return gamma_by_cubes(gen, shape, 1);
    const double factor = std::pow(1 - gen.uniform53(), static_cast<double>(T(1) / shape));
    return gamma_by_cubes(gen, shape + T(1), factor);
}

// ln of P(k) / P(mode) for k successes in n trials. Of ln k! = (k + 1/2) ln(k + 1) - k + rest the linear terms cancel; the others
// are grouped so that each is as small as the distance of k from the mode.
double log_relative_probability(double k, double mode, double n, double odds) {
    const auto falls = [](double at, double from) { return (at + 0.5) * std::log((from + 1) / (at + 1)); };
    const auto rest = [](double of) { return stirling_rest(of + 1); };
    const double step = odds * (n - mode + 1) / (mode + 1);
    return falls(k, mode) + falls(n - k, n - mode) + (k - mode) * std::log(step) + rest(mode) - rest(k) +
           rest(n - mode) - rest(n - k);
}

// W. Hoermann, "The generation of binomial random variates", J. Stat. Comput. Simul. 46 (1993), algorithm BTRS; for
// p <= 1/2 and n p >= 10. Products of count and probability are of the data's type, as PyTorch's; all else is double.
template <class T> double binomial_large(Generator& gen, T n, T p) {
    const double deviation = std::sqrt(n * p * (1 - p)), width = 1.15 + 2.53 * deviation;
    const Transform transform{-0.0873 + 0.0248 * width + 0.01 * p, width};
    const double scale = (2.83 + 5.1 / width) * deviation;  // of the hat, where P(mode) is 1
    const double limit = 0.92 - 4.2 / width;
    const double middle = n * p + 0.5, mode = std::floor((n + 1) * p);
    for (;;) {
        const double u = gen.uniform53() - 0.5, v = gen.uniform53();
        const double successes = std::floor(transform(u) + middle);
        if (accepted_at_once(u, v, limit)) return successes;
        if (successes < 0 || successes > n) continue;
        const double height = v * scale / transform.slope(u);
        if (std::log(height) <= log_relative_probability(successes, mode, n, p / (1 - p))) return successes;
    }
}

// L. Devroye, "Non-uniform random variate generation" (1986), section X.4.3: geometric waiting times are added until
// they pass n.
template <class T> double binomial_small(Generator& gen, T n, T p) {
    const double log_failure = std::log1p(-p);
    double trials = 0.0, successes = 0.0;
    for (;;) {
        trials += std::ceil(std::log(gen.uniform53()) / log_failure);
        if (trials > n) return successes;
        successes += 1.0;
    }
}

template <class T> double binomial(Generator& gen, T n, T p) {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > T(0.5)) return n - binomial<T>(gen, n, 1 - p);
    return n * p >= 10 ? binomial_large<T>(gen, n, p) : binomial_small<T>(gen, n, p);
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
        out[i] = static_cast<T>(binomial<T>(gen, count[i], probability[i]));
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
