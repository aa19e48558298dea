// Index of the extreme value; cumulative sums and products
#include "kernels/isa/entries.h"
#include "kernels/isa/loops.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <bool kMax, class T>
CHAINRULE_INLINE bool better(T x, T best) {
    return kMax ? x > best : x < best;
}

// First NaN, else first extreme value.
template <bool kMax, class T>
CHAINRULE_INLINE int64_t find_extreme(const T* in, int64_t n, int64_t stride) {
    T best = in[0];
    int64_t at = 0;
    if (best != best) return 0;
    for (int64_t j = 1; j < n; ++j) {
        const T x = in[j * stride];
        if (x != x) return j;
        if (better<kMax>(x, best)) best = x, at = j;
    }
    return at;
}

// Long contiguous rows: which block of kSpan improves on all before it is a question for vectors; the search inside the
// last such block is done once.
constexpr int64_t kSpan = 256;
template <bool kMax, class T>
CHAINRULE_INLINE int64_t find_in_long_row(const T* in, int64_t n) {
    T best = in[0];
    int64_t block = 0, i = 0;
    for (; i + kSpan <= n; i += kSpan) {
        int improves = 0;
#pragma omp simd reduction(| : improves)
        for (int64_t j = 0; j < kSpan; ++j) improves |= better<kMax>(in[i + j], best) | (in[i + j] != in[i + j]);
        if (improves == 0) continue;
        block = i;
        best = in[i + find_extreme<kMax>(in + i, kSpan, 1)];
        if (best != best) break;
    }
    int64_t at = block + find_extreme<kMax>(in + block, kSpan, 1);
    if (in[at] != in[at] || i == n) return at;
    int64_t rest = i + find_extreme<kMax>(in + i, n - i, 1);
    return better<kMax>(in[rest], in[at]) || in[rest] != in[rest] ? rest : at;
}

template <class T>
struct ScanType {  // float accumulates in double, integers wrap around
    using type = uint64_t;
};
template <> struct ScanType<float> { using type = double; };
template <> struct ScanType<double> { using type = double; };
template <class T>
struct ByteFor {
    using type = T;
};
template <> struct ByteFor<bool> { using type = uint8_t; };

}  // namespace

template <bool kMax, class T>
void arg_reduce(const void* in, void* value, int64_t* index, int64_t outer, int64_t n, int64_t outer_stride, int64_t stride) {
    using In = typename ByteFor<T>::type;
    const In* from = static_cast<const In*>(in);
    for (int64_t i = 0; i < outer; ++i) {
        const In* row = from + i * outer_stride;
        const bool is_long = stride == 1 && n >= kSpan;
        const int64_t at = is_long ? find_in_long_row<kMax>(row, n) : find_extreme<kMax>(row, n, stride);
        index[i] = at;
        if (value != nullptr) static_cast<In*>(value)[i] = row[at * stride];
    }
}

template <bool kProd, class T>
void cumulate(const void* in, void* out, int64_t n, int64_t in_stride, int64_t out_stride) {
    using V = typename ByteFor<T>::type;
    using Acc = typename ScanType<V>::type;
    const V* from = static_cast<const V*>(in);
    V* to = static_cast<V*>(out);
    Acc acc = kProd ? Acc(1) : Acc(0);
    for (int64_t i = 0; i < n; ++i) {
        const Acc x = static_cast<Acc>(from[i * in_stride]);
        acc = kProd ? acc * x : acc + x;
        to[i * out_stride] = kIsBool<T> ? V(acc != Acc(0)) : static_cast<V>(acc);
    }
}

namespace {
struct Kept {
    ArgReduce argmax[kNumDTypes]{}, argmin[kNumDTypes]{};
    Cumulate cumsum[kNumDTypes]{}, cumprod[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_scans(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
