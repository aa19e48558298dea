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

// Columns side by side, a strip of them at a time: as above, row by row.
constexpr int64_t kStrip = 128;
template <bool kMax, class T>
CHAINRULE_INLINE void find_in_columns(const T* in, int64_t n, int64_t width, int64_t ld, int64_t* index) {
    using Index = typename IndexType<sizeof(T)>::type;
    alignas(64) T best[kStrip];
    alignas(64) Index at[kStrip];
    for (int64_t j = 0; j < width; ++j) best[j] = in[j], at[j] = 0;
    for (int64_t i = 1; i < n; ++i) {
        const T* row = in + i * ld;
        const Index here = static_cast<Index>(i);
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) {
            const T x = row[j], b = best[j];
            const bool take = better<kMax>(x, b) | ((x != x) & (b == b));
            best[j] = take ? x : b;
            at[j] = take ? here : at[j];
        }
    }
    for (int64_t j = 0; j < width; ++j) index[j] = static_cast<int64_t>(at[j]);
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
    const bool columns = outer_stride == 1 && stride != 1 && outer >= 4 && n < (int64_t{1} << 32);
    if (columns)
        for (int64_t i = 0; i < outer; i += kStrip)
            find_in_columns<kMax>(from + i, n, outer - i < kStrip ? outer - i : kStrip, stride, index + i);
    for (int64_t i = 0; i < outer; ++i) {
        const In* row = from + i * outer_stride;
        if (columns) {
            if (value != nullptr) static_cast<In*>(value)[i] = row[index[i] * stride];
            continue;
        }
        const bool is_long = stride == 1 && n >= kSpan && n < (int64_t{1} << 32);
        const int64_t at = is_long ? find_in_long_row<kMax>(row, n) : find_extreme<kMax>(row, n, stride);
        index[i] = at;
        if (value != nullptr) static_cast<In*>(value)[i] = row[at * stride];
    }
}

namespace {
template <bool kProd, class Acc> CHAINRULE_INLINE Acc joined(Acc acc, Acc x) { return kProd ? acc * x : acc + x; }
template <class T, class Acc> CHAINRULE_INLINE typename ByteFor<T>::type stored(Acc acc) {
    using V = typename ByteFor<T>::type;
    return kIsBool<T> ? V(acc != Acc(0)) : static_cast<V>(acc);
}
}  // namespace

template <bool kProd, class T> void cumulate(const void* in, void* out, int64_t n, int64_t stride, int64_t cols) {
    using V = typename ByteFor<T>::type;
    using Acc = typename ScanType<V>::type;
    const V* from = static_cast<const V*>(in);
    V* to = static_cast<V*>(out);
    if (cols == 1) {
        Acc acc = kProd ? Acc(1) : Acc(0);
        for (int64_t i = 0; i < n; ++i) {
            acc = joined<kProd>(acc, static_cast<Acc>(from[i * stride]));
            to[i * stride] = stored<T>(acc);
        }
        return;
    }
    for (int64_t first = 0; first < cols; first += kStrip) {
        const int64_t width = cols - first < kStrip ? cols - first : kStrip;
        alignas(64) Acc acc[kStrip];
        for (int64_t j = 0; j < width; ++j) acc[j] = kProd ? Acc(1) : Acc(0);
        for (int64_t i = 0; i < n; ++i) {
            const V* x = from + first + i * stride;
            V* y = to + first + i * stride;
#pragma omp simd
            for (int64_t j = 0; j < width; ++j) {
                acc[j] = joined<kProd>(acc[j], static_cast<Acc>(x[j]));
                y[j] = stored<T>(acc[j]);
            }
        }
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
