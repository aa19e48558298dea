// Index of the extreme value; cumulative sums and products
#include "kernels/isa/entries.h"
#include "kernels/isa/loops.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <bool kMax, class T> CHAINRULE_INLINE bool better(T x, T best) { return kMax ? x > best : x < best; }

template <int kSize> struct IndexType {  // as wide as the elements, so that both fill the same number of vectors
    using type = uint32_t;
};
template <> struct IndexType<8> {
    using type = uint64_t;
};

// First NaN, else first extreme value.
template <bool kMax, class T> CHAINRULE_INLINE int64_t find_extreme(const T* in, int64_t n, int64_t stride) {
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

// Long contiguous rows: each lane keeps its best value and where it was, then the lanes are compared.
constexpr int64_t kSpan = 64;
template <bool kMax, class T> CHAINRULE_INLINE int64_t find_in_long_row(const T* in, int64_t n) {
    using Index = typename IndexType<sizeof(T)>::type;
    constexpr int64_t lanes = kLanes<T>;
    alignas(64) T best[lanes];
    alignas(64) Index at[lanes];
    for (int64_t j = 0; j < lanes; ++j) best[j] = in[j], at[j] = static_cast<Index>(j);
    const int64_t whole = n / lanes * lanes;
    for (int64_t i = lanes; i < whole; i += lanes) {
        const Index base = static_cast<Index>(i);
#pragma omp simd
        for (int64_t j = 0; j < lanes; ++j) {
            const T x = in[i + j], b = best[j];
            const bool take = better<kMax>(x, b) | ((x != x) & (b == b));
            best[j] = take ? x : b;
            at[j] = take ? static_cast<Index>(base + static_cast<Index>(j)) : at[j];
        }
    }
    T top = best[0];
    int64_t where = static_cast<int64_t>(at[0]);
    const auto offer = [&](T x, int64_t index) {
        const bool tie = x == top || (x != x && top != top);
        if (better<kMax>(x, top) || (x != x && top == top) || (tie && index < where)) top = x, where = index;
    };
    for (int64_t j = 1; j < lanes; ++j) offer(best[j], static_cast<int64_t>(at[j]));
    for (int64_t i = whole; i < n; ++i) offer(in[i], i);
    return where;
}

template <class T> struct ScanType {  // float accumulates in double, integers wrap around
    using type = uint64_t;
};
template <> struct ScanType<float> {
    using type = double;
};
template <> struct ScanType<double> {
    using type = double;
};
template <class T> struct ByteFor {
    using type = T;
};
template <> struct ByteFor<bool> {
    using type = uint8_t;
};

}  // namespace

template <bool kMax, class T>
void arg_reduce(const void* in, void* value, int64_t* index, int64_t outer, int64_t n, int64_t outer_stride,
                int64_t stride) {
    using In = typename ByteFor<T>::type;
    const In* from = static_cast<const In*>(in);
    for (int64_t i = 0; i < outer; ++i) {
        const In* row = from + i * outer_stride;
        const bool is_long = stride == 1 && n >= kSpan && n < (int64_t{1} << 32);
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
