// Optimizer steps: torch.optim.SGD, Adam and AdamW, with PyTorch's order of operations (its single-tensor implementations).
#include "kernels/isa/entries.h"
#include "kernels/isa/libm.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T> struct SgdNumbers {
    T lr, momentum, keep, weight_decay, sign;
    explicit SgdNumbers(const SgdStep& s)
        : lr(static_cast<T>(s.lr)),
          momentum(static_cast<T>(s.momentum)),
          keep(static_cast<T>(1.0 - s.dampening)),
          weight_decay(static_cast<T>(s.weight_decay)),
          sign(s.maximize ? T(-1) : T(1)) {}
};

template <class T> CHAINRULE_INLINE void sgd_plain(T* p, const T* g, int64_t n, const SgdNumbers<T>& k) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) p[i] = mul_add(-k.lr, mul_add(k.weight_decay, p[i], k.sign * g[i]), p[i]);
}

// first: the buffer is the gradient itself. kNesterov: the step looks one momentum ahead.
template <bool kNesterov, bool kFirst, class T>
CHAINRULE_INLINE void sgd_momentum(T* p, const T* g, T* buffer, int64_t n, const SgdNumbers<T>& k) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T d = mul_add(k.weight_decay, p[i], k.sign * g[i]);
        const T b = kFirst ? d : mul_add(k.keep, d, k.momentum * buffer[i]);
        buffer[i] = b;
        p[i] = mul_add(-k.lr, kNesterov ? mul_add(k.momentum, b, d) : b, p[i]);
    }
}

template <class T> struct AdamNumbers {
    T beta1_rest, beta2, beta2_rest, eps, step_size, weight_decay, shrink, correction, sign;
    explicit AdamNumbers(const AdamStep& s)
        : beta1_rest(static_cast<T>(1.0 - s.beta1)),
          beta2(static_cast<T>(s.beta2)),
          beta2_rest(static_cast<T>(1.0 - s.beta2)),
          eps(static_cast<T>(s.eps)),
          step_size(static_cast<T>(-s.step_size)),
          weight_decay(s.decoupled ? T(0) : static_cast<T>(s.weight_decay)),
          shrink(s.decoupled ? static_cast<T>(1.0 - s.lr * s.weight_decay) : T(1)),
          correction(static_cast<T>(1.0 / s.bias_correction2_sqrt)),
          sign(s.maximize ? T(-1) : T(1)) {}
};

// m + (1 - beta1) (d - m) is torch.lerp for weights below 1/2; beta1 < 1/2 is the mirror image of it, equal but for rounding.
template <bool kAmsgrad, class T>
CHAINRULE_INLINE void adam_loop(T* p, const T* g, T* m, T* v, T* max_v, int64_t n, const AdamNumbers<T>& k) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
        const T w = p[i] * k.shrink, d = mul_add(k.weight_decay, w, k.sign * g[i]);
        const T mean = mul_add(k.beta1_rest, d - m[i], m[i]);
        const T square = mul_add(k.beta2_rest * d, d, k.beta2 * v[i]);
        m[i] = mean;
        v[i] = square;
        T used = square;
        if (kAmsgrad) {
            used = max_v[i] > square || is_nan(max_v[i]) ? max_v[i] : square;
            max_v[i] = used;
        }
        p[i] = mul_add(k.step_size, mean / mul_add(m_sqrt(used), k.correction, k.eps), w);
    }
}

}  // namespace

template <class T> void sgd(void* p, const void* g, void* buffer, int64_t n, const SgdStep& s) {
    T *to = static_cast<T*>(p), *b = static_cast<T*>(buffer);
    const T* from = static_cast<const T*>(g);
    const SgdNumbers<T> k(s);
    if (b == nullptr) sgd_plain(to, from, n, k);
    else if (s.first && s.nesterov) sgd_momentum<true, true>(to, from, b, n, k);
    else if (s.first) sgd_momentum<false, true>(to, from, b, n, k);
    else if (s.nesterov) sgd_momentum<true, false>(to, from, b, n, k);
    else sgd_momentum<false, false>(to, from, b, n, k);
}

template <class T> void adam(void* p, const void* g, void* m, void* v, void* max_v, int64_t n, const AdamStep& s) {
    const AdamNumbers<T> k(s);
    T *w = static_cast<T*>(p), *m1 = static_cast<T*>(m), *m2 = static_cast<T*>(v), *top = static_cast<T*>(max_v);
    const T* from = static_cast<const T*>(g);
    if (top != nullptr) adam_loop<true>(w, from, m1, m2, top, n, k);
    else adam_loop<false>(w, from, m1, m2, top, n, k);
}

namespace {
struct Kept {
    Sgd sgd[kNumDTypes]{};
    Adam adam[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_optimizers(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
