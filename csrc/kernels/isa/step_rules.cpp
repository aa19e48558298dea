// Optimizer steps, one element at a time: torch.optim's RMSprop, Adagrad, Adadelta, Adamax, NAdam, RAdam and Rprop, in the order of
// operations of its single-tensor implementations.
#include "kernels/isa/entries.h"
#include "kernels/isa/libm.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// The numbers of a step in the element type. `shrunk` is the parameter after decoupled decay, `slope` the direction up, with decay.
template <class T> struct Numbers {
    T sign, decay, shrink, k[kMaxStepNumbers];
    explicit Numbers(const RuleStep& s)
        : sign(s.maximize ? T(-1) : T(1)), decay(static_cast<T>(s.weight_decay)), shrink(static_cast<T>(s.shrink)) {
        for (int i = 0; i < kMaxStepNumbers; ++i) k[i] = static_cast<T>(s.k[i]);
    }
    CHAINRULE_INLINE T shrunk(T p) const { return p * shrink; }
    CHAINRULE_INLINE T slope(T p, T g) const { return mul_add(decay, p, sign * g); }
};

// beta v + (1 - beta) d^2
template <class T> CHAINRULE_INLINE T mean_square(T beta, T rest, T v, T d) { return mul_add(rest * d, d, beta * v); }

template <bool kCentered, bool kMomentum, class T>
CHAINRULE_INLINE void rms_prop(T* p, const T* g, T* square, T* mean, T* buffer, int64_t n, const RuleStep& s) {
    const Numbers<T> c(s);
    const T lr = c.k[0], alpha = c.k[1], eps = c.k[2], momentum = c.k[3], rest = static_cast<T>(1.0 - s.k[1]);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T d = c.slope(p[i], g[i]), v = mean_square(alpha, rest, square[i], d);
        T spread = v;
        square[i] = v;
        if (kCentered) {
            const T m = mul_add(rest, d - mean[i], mean[i]);
            mean[i] = m;
            spread = mul_add(-m, m, v);
        }
        const T scaled = d / (m_sqrt(spread) + eps);
        if (kMomentum) {
            const T b = mul_add(momentum, buffer[i], scaled);
            buffer[i] = b;
            p[i] = mul_add(-lr, b, p[i]);
        } else {
            p[i] = mul_add(-lr, scaled, p[i]);
        }
    }
}

template <class T> CHAINRULE_INLINE void adagrad(T* p, const T* g, T* sum, int64_t n, const RuleStep& s) {
    const Numbers<T> c(s);
    const T rate = c.k[0], eps = c.k[1];
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T d = c.slope(p[i], g[i]), total = mul_add(d, d, sum[i]);
        sum[i] = total;
        p[i] = mul_add(-rate, d / (m_sqrt(total) + eps), p[i]);
    }
}

template <class T> CHAINRULE_INLINE void adadelta(T* p, const T* g, T* square, T* steps, int64_t n, const RuleStep& s) {
    const Numbers<T> c(s);
    const T lr = c.k[0], rho = c.k[1], eps = c.k[2], rest = static_cast<T>(1.0 - s.k[1]);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T d = c.slope(p[i], g[i]), v = mean_square(rho, rest, square[i], d);
        const T delta = m_sqrt(steps[i] + eps) / m_sqrt(v + eps) * d;
        square[i] = v;
        steps[i] = mean_square(rho, rest, steps[i], delta);
        p[i] = mul_add(-lr, delta, p[i]);
    }
}

template <class T> CHAINRULE_INLINE void adamax(T* p, const T* g, T* mean, T* largest, int64_t n, const RuleStep& s) {
    const Numbers<T> c(s);
    const T beta2 = c.k[1], eps = c.k[2], rate = c.k[3], rest = static_cast<T>(1.0 - s.k[0]);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T d = c.slope(p[i], g[i]), m = mul_add(rest, d - mean[i], mean[i]);
        const T old = beta2 * largest[i], now = abs_(d) + eps;
        const T top = old > now || is_nan(old) ? old : now;
        mean[i] = m;
        largest[i] = top;
        p[i] = mul_add(-rate, m / top, p[i]);
    }
}

template <class T> CHAINRULE_INLINE void nadam(T* p, const T* g, T* mean, T* square, int64_t n, const RuleStep& s) {
    const Numbers<T> c(s);
    const T beta2 = c.k[1], eps = c.k[2], left = c.k[3], of_slope = c.k[4], of_mean = c.k[5];
    const T rest1 = static_cast<T>(1.0 - s.k[0]), rest2 = static_cast<T>(1.0 - s.k[1]);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T w = c.shrunk(p[i]), d = c.slope(w, g[i]);
        const T m = mul_add(rest1, d - mean[i], mean[i]), v = mean_square(beta2, rest2, square[i], d);
        const T scale = m_sqrt(v / left) + eps;
        mean[i] = m;
        square[i] = v;
        p[i] = w - of_slope * (d / scale) - of_mean * (m / scale);
    }
}

template <bool kRectified, class T>
CHAINRULE_INLINE void radam(T* p, const T* g, T* mean, T* square, int64_t n, const RuleStep& s) {
    const Numbers<T> c(s);
    const T beta2 = c.k[1], eps = c.k[2], rate = c.k[3];
    const T rest1 = static_cast<T>(1.0 - s.k[0]), rest2 = static_cast<T>(1.0 - s.k[1]);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T w = c.shrunk(p[i]), d = c.slope(w, g[i]);
        const T m = mul_add(rest1, d - mean[i], mean[i]), v = mean_square(beta2, rest2, square[i], d);
        mean[i] = m;
        square[i] = v;
        p[i] = mul_add(-rate, kRectified ? m / (m_sqrt(v) + eps) : m, w);
    }
}

template <class T> CHAINRULE_INLINE void rprop(T* p, const T* g, T* before, T* size, int64_t n, const RuleStep& s) {
    const Numbers<T> c(s);
    const T shrink = c.k[0], grow = c.k[1], least = c.k[2], most = c.k[3];
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T d = c.slope(p[i], g[i]), agreement = d * before[i];
        const T factor = agreement > T(0) ? grow : agreement < T(0) ? shrink : T(1);
        const T step = clamp_high(clamp_low(size[i] * factor, least), most), now = agreement < T(0) ? T(0) : d;
        before[i] = now;
        size[i] = step;
        p[i] -= now > T(0) ? step : now < T(0) ? -step : now;
    }
}

}  // namespace

template <StepRule rule, class T>
void step_rule(void* param, const void* grad, void* const* state, int64_t n, const RuleStep& s) {
    T *p = static_cast<T*>(param), *a = static_cast<T*>(state[0]), *b = static_cast<T*>(state[1]),
      *c = static_cast<T*>(state[2]);
    const T* g = static_cast<const T*>(grad);
    if constexpr (rule == StepRule::RmsProp) {
        if (b && c) rms_prop<true, true>(p, g, a, b, c, n, s);
        else if (b) rms_prop<true, false>(p, g, a, b, c, n, s);
        else if (c) rms_prop<false, true>(p, g, a, b, c, n, s);
        else rms_prop<false, false>(p, g, a, b, c, n, s);
    } else if constexpr (rule == StepRule::Adagrad) {
        adagrad(p, g, a, n, s);
    } else if constexpr (rule == StepRule::Adadelta) {
        adadelta(p, g, a, b, n, s);
    } else if constexpr (rule == StepRule::Adamax) {
        adamax(p, g, a, b, n, s);
    } else if constexpr (rule == StepRule::NAdam) {
        nadam(p, g, a, b, n, s);
    } else if constexpr (rule == StepRule::RAdam) {
        if (s.k[4] != 0) radam<true>(p, g, a, b, n, s);
        else radam<false>(p, g, a, b, n, s);
    } else {
        rprop(p, g, a, b, n, s);
    }
}

namespace {
struct Kept {
    OptimizerStep step_rule[static_cast<int>(StepRule::Count)][kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_step_rules(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
