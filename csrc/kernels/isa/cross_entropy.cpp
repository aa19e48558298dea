// Cross-entropy from logits and class indices, fused. With m the largest logit of a row and S = sum exp(x - m):
//   lse - x[label] = (m - x[label]) + log S, both terms >= 0, so nothing cancels; where x[label] is the largest, log S is
//   log1p of the sum of the other terms, which keeps losses far below the rounding of 1.
#include "kernels/isa/entries.h"
#include "kernels/isa/rows.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T> struct Loss {
    const T* weight;  // or null
    int64_t classes;
    double smoothing;

    CHAINRULE_INLINE T weight_of(int64_t c) const { return weight != nullptr ? weight[c] : T(1); }
    // w[label] (1 - eps) base + eps / classes sum_c w[c] (lse - x[c])
    CHAINRULE_INLINE T combine(T base, int64_t label, T sum_all) const {
        if (smoothing == 0.0) return weight != nullptr ? weight[label] * base : base;
        return static_cast<T>(1.0 - smoothing) * weight_of(label) * base +
               static_cast<T>(smoothing / classes) * sum_all;
    }
    // sum_c w[c] ((m - x[c]) + log S)
    CHAINRULE_INLINE T smooth_sum(const T* x, T m, T log_sum) const {
        if (smoothing == 0.0) return T(0);
        double total = 0.0;
        for (int64_t c = 0; c < classes; ++c) total += weight_of(c) * ((m - x[c]) + log_sum);
        return static_cast<T>(total);
    }
    CHAINRULE_INLINE double weight_sum() const {
        double total = 0.0;
        for (int64_t c = 0; c < classes; ++c) total += weight_of(c);
        return total;
    }
};

template <class T>
CHAINRULE_INLINE void loss_group(const T* x, const int64_t* labels, const Loss<T>& rule, T* loss, T* lse, int64_t rows,
                                 int64_t ignore_index) {
    const int64_t n = rule.classes;
    Group<T> group;
    alignas(64) T m[kGroup], others[kGroup], own[kGroup], base[kGroup], log_sum[kGroup], out[kGroup];
    alignas(64) int32_t label[kGroup] = {};
    group.load(x, rows, n);
    group.max(m);
    for (int64_t r = 0; r < rows; ++r) label[r] = labels[r] == ignore_index ? 0 : static_cast<int32_t>(labels[r]);
    for (int64_t r = 0; r < kGroup; ++r) others[r] = own[r] = T(0);
    for (int64_t c = 0; c < n; ++c) {
        const int32_t here = static_cast<int32_t>(c);
#pragma omp simd
        for (int64_t r = 0; r < kGroup; ++r) {
            const T v = group.at[c][r], e = exp_neg(v - m[r]);
            others[r] += label[r] == here ? T(0) : e;
            own[r] = label[r] == here ? v : own[r];
        }
    }
#pragma omp simd
    for (int64_t r = 0; r < kGroup; ++r) {
        const T distance = m[r] - own[r], log_s = log_(others[r] + exp_neg(-distance));
        base[r] = distance + (own[r] == m[r] ? log1p_(others[r]) : log_s);
        log_sum[r] = log_s;
        out[r] = m[r] + log_s;
    }
    for (int64_t r = 0; r < rows; ++r) {
        lse[r] = out[r];
        const T all = rule.smooth_sum(x + r * n, m[r], log_sum[r]);
        loss[r] = labels[r] == ignore_index ? T(0) : rule.combine(base[r], label[r], all);
    }
}

template <class T>
CHAINRULE_INLINE void loss_row(const T* x, int64_t label, bool ignored, const Loss<T>& rule, T* loss, T* lse) {
    const int64_t n = rule.classes;
    const int64_t at = ignored ? 0 : label;
    T* none = nullptr;
    T m;
    double others;
    if (n <= kMediumRow) {
        PaddedRow<T> row(x, n);
        m = row.max();
        row.at[at] = -Fp<T>::kInf;
        others = exp_block<false>(row.at, row.at, row.size, m);
    } else {
        m = row_max(x, n);
        others = exp_row<false>(x, none, at, m) + exp_row<false>(x + at + 1, none, n - at - 1, m);
    }
    const T distance = m - x[at], log_s = log_(static_cast<T>(others + exp_neg(-distance)));
    const T base = distance + (x[at] == m ? log1p_(static_cast<T>(others)) : log_s);
    *lse = m + log_s;
    *loss = ignored ? T(0) : rule.combine(base, at, rule.smooth_sum(x, m, log_s));
}

// The gradient of row r is a p[c] - b [c = label] - d w[c].
template <class T> struct GradRow {
    T a, b, d;
    int64_t label;
};

// out = a exp(x - shift), all operands as long as n elements, a multiple of kLanes
template <class T> [[gnu::noinline]] void scaled_exp(const T* x, const T* shift, const T* a, T* out, int64_t n) {
    n &= -kLanes<T>;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] = a[i] * exp_neg(x[i] - shift[i]);
}

// Where lse is large its rounding shows in p; dividing by the sum of the row, which should be 1, takes that out.
constexpr double kLargeLse = 16.0;

// Short rows stay as they lie: a group of them is one run of elements, and what belongs to a row is spread over it.
template <class T>
CHAINRULE_INLINE void grad_group(const T* x, const T* lse, const GradRow<T>* row, T* out, int64_t rows, int64_t n) {
    alignas(64) T shift[kGroup * kShortRow + kShortRow], a[kGroup * kShortRow + kShortRow];
    for (int64_t r = 0; r < rows; ++r) {
        const T s = lse[r], w = row[r].a;
        // Whole vectors; what they write too much belongs to the next row, which comes next.
        for (int64_t c = 0; c < n; c += kGroup)
            for (int64_t j = 0; j < kGroup; ++j) shift[r * n + c + j] = s, a[r * n + c + j] = w;
    }
    const int64_t size = rows * n, whole = size / kLanes<T> * kLanes<T>;
    if (whole > 0) scaled_exp(x, shift, a, out, whole);
    if (whole < size) {
        alignas(64) T tail[kLanes<T>] = {};
        for (int64_t i = whole; i < size; ++i) tail[i - whole] = x[i];
        scaled_exp(tail, shift + whole, a + whole, tail, kLanes<T>);
        for (int64_t i = whole; i < size; ++i) out[i] = tail[i - whole];
    }
    for (int64_t r = 0; r < rows; ++r) {
        T* to = out + r * n;
        if (row[r].label < 0) {
            for (int64_t c = 0; c < n; ++c) to[c] = T(0);
            continue;
        }
        if (abs_(lse[r]) >= T(kLargeLse)) {
            T sum = T(0);
            for (int64_t c = 0; c < n; ++c) sum += to[c];
            const T factor = row[r].a == T(0) ? T(1) : row[r].a / sum;
            for (int64_t c = 0; c < n; ++c) to[c] *= factor;
        }
        to[row[r].label] -= row[r].b;
    }
}

template <class T> CHAINRULE_INLINE void grad_one(const T* x, T lse, const GradRow<T>& row, T* out, int64_t n) {
    if (row.label < 0) {
        for (int64_t c = 0; c < n; ++c) out[c] = T(0);
        return;
    }
    if (n <= kMediumRow) {
        PaddedRow<T> p(x, n);
        const T a = row.a / exp_block<true>(p.at, p.at, p.size, lse);
#pragma omp simd
        for (int64_t c = 0; c < n; ++c) out[c] = p.at[c] * a;
    } else {
        const double sum = exp_row<true>(x, out, n, lse);
        const T a = static_cast<T>(row.a / sum);
#pragma omp simd
        for (int64_t c = 0; c < n; ++c) out[c] *= a;
    }
    out[row.label] -= row.b;
}

}  // namespace

template <class T>
void cross_entropy(const void* logits, const int64_t* labels, const void* weight, void* loss, void* lse, int64_t rows,
                   int64_t classes, int64_t ignore_index, double label_smoothing) {
    const T* x = static_cast<const T*>(logits);
    T *to = static_cast<T*>(loss), *norm = static_cast<T*>(lse);
    const Loss<T> rule{static_cast<const T*>(weight), classes, label_smoothing};
    if (classes <= kShortRow) {
        for (int64_t r = 0; r < rows; r += kGroup)
            loss_group(x + r * classes, labels + r, rule, to + r, norm + r, rows - r < kGroup ? rows - r : kGroup,
                       ignore_index);
    } else {
        for (int64_t r = 0; r < rows; ++r)
            loss_row(x + r * classes, labels[r], labels[r] == ignore_index, rule, to + r, norm + r);
    }
}

template <class T>
void cross_entropy_grad(const void* logits, const int64_t* labels, const void* weight, const void* lse,
                        const void* grad_loss, int64_t grad_stride, double scale, void* grad_logits, int64_t rows,
                        int64_t classes, int64_t ignore_index, double label_smoothing) {
    const T *x = static_cast<const T*>(logits), *norm = static_cast<const T*>(lse),
            *g = static_cast<const T*>(grad_loss);
    T* out = static_cast<T*>(grad_logits);
    const Loss<T> rule{static_cast<const T*>(weight), classes, label_smoothing};
    const double spread = label_smoothing / static_cast<double>(classes);
    const double all = label_smoothing == 0.0 ? 0.0 : spread * rule.weight_sum();
    const bool is_short = classes <= kShortRow;
    GradRow<T> row[kGroup];
    for (int64_t r = 0; r < rows; r += kGroup) {
        const int64_t count = rows - r < kGroup ? rows - r : kGroup;
        for (int64_t k = 0; k < count; ++k) {
            const int64_t label = labels[r + k] == ignore_index ? -1 : labels[r + k];
            const double s = g[(r + k) * grad_stride] * scale;
            const double b = label < 0 ? 0.0 : (1.0 - label_smoothing) * rule.weight_of(label);
            row[k] = {static_cast<T>(s * (b + all)), static_cast<T>(s * b), static_cast<T>(s * spread), label};
        }
        if (is_short) grad_group(x + r * classes, norm + r, row, out + r * classes, count, classes);
        for (int64_t k = 0; k < count; ++k) {
            T* to = out + (r + k) * classes;
            if (!is_short) grad_one(x + (r + k) * classes, norm[r + k], row[k], to, classes);
            if (label_smoothing == 0.0 || row[k].label < 0) continue;
            for (int64_t c = 0; c < classes; ++c) to[c] -= row[k].d * rule.weight_of(c);
        }
    }
}

namespace {
struct Kept {
    CrossEntropy cross_entropy[kNumDTypes]{};
    CrossEntropyGrad cross_entropy_grad[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_cross_entropy(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
