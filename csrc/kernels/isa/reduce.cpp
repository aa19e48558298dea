// Reductions along rows and down columns. Both are one algorithm: eight rows of lanes are joined as a tree, and the results
// of these blocks are joined pairwise like the carries of a binary counter, so the error grows with the logarithm of n.
#include "kernels/isa/entries.h"
#include "kernels/isa/lanes.h"
#include "kernels/isa/loops.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

constexpr int kRows = 8;     // rows in a block
constexpr int kLevels = 36;  // 2^36 blocks
constexpr int kLaneCount = 64;
constexpr int64_t kBlock = kLaneCount * kRows;

template <Reduce op, class T> struct Rule;  // In: what lies in memory. Acc: what is accumulated. Out: what is written.

template <class T> struct SumType {
    using type = int64_t;
};
template <> struct SumType<float> {
    using type = float;
};
template <> struct SumType<double> {
    using type = double;
};
template <class T> struct ByteFor {
    using type = T;
};
template <> struct ByteFor<bool> {
    using type = uint8_t;
};

template <class T, class AccType, class JoinType> struct RuleBase : JoinType {
    using In = typename ByteFor<T>::type;
    using Acc = AccType;
    using Out = AccType;
    using Join = JoinType;
    static constexpr bool kSelects = !is_same<JoinType, SumJoin> && !is_same<JoinType, ProdJoin>;
    // Otherwise any order gives the same result, and pairs gain nothing.
    static constexpr bool kRounds = !kSelects && (is_same<Acc, float> || is_same<Acc, double>);
    // A register of In can be loaded as it is. Extremes of floats have loops of their own.
    static constexpr bool kInRegisters =
        is_same<In, Acc> && (!kSelects || (!is_same<In, float> && !is_same<In, double>));
    CHAINRULE_INLINE static Acc load(In x) { return static_cast<Acc>(x); }
    template <class V> CHAINRULE_INLINE static V load_register(V x) { return x; }
};
template <class T> struct Rule<Reduce::Sum, T> : RuleBase<T, typename SumType<T>::type, SumJoin> {
    static constexpr typename SumType<T>::type identity = 0;
};
template <class T> struct Rule<Reduce::Prod, T> : RuleBase<T, typename SumType<T>::type, ProdJoin> {
    static constexpr typename SumType<T>::type identity = 1;
};
// The first element serves as identity (a row is not empty): it changes nothing, also when it is NaN.
template <class T> struct Rule<Reduce::Max, T> : RuleBase<T, typename ByteFor<T>::type, MaxJoin> {
    static constexpr typename ByteFor<T>::type identity = 0;
};
template <class T> struct Rule<Reduce::Min, T> : RuleBase<T, typename ByteFor<T>::type, MinJoin> {
    static constexpr typename ByteFor<T>::type identity = 0;
};
template <class T> struct Rule<Reduce::Any, T> : RuleBase<T, uint8_t, MaxJoin> {
    static constexpr bool kInRegisters = false;
    static constexpr uint8_t identity = 0;
    CHAINRULE_INLINE static uint8_t load(typename ByteFor<T>::type x) { return x != 0; }
};
template <class T> struct Rule<Reduce::All, T> : RuleBase<T, uint8_t, MinJoin> {
    static constexpr bool kInRegisters = false;
    static constexpr uint8_t identity = 1;
    CHAINRULE_INLINE static uint8_t load(typename ByteFor<T>::type x) { return x != 0; }
};
template <class T> struct Rule<Reduce::SumAbs, T> : RuleBase<T, T, SumJoin> {
    static constexpr T identity = 0;
    static constexpr bool kInRegisters = false;
    CHAINRULE_INLINE static T load(T x) { return abs_(x); }
};
template <class T> struct Rule<Reduce::SumSquares, T> : RuleBase<T, T, SumJoin> {
    static constexpr T identity = 0;
    CHAINRULE_INLINE static T load(T x) { return x * x; }
    template <class V> CHAINRULE_INLINE static V load_register(V x) { return x * x; }
};

template <class T> struct Rule<Reduce::SumNumbers, T> : RuleBase<T, T, SumJoin> {
    static constexpr T identity = 0;
    CHAINRULE_INLINE static T load(T x) { return x == x ? x : T(0); }
    template <class V> CHAINRULE_INLINE static V load_register(V x) { return x == x ? x : V{}; }
};

constexpr bool has_identity(Reduce op) { return op != Reduce::Max && op != Reduce::Min; }

template <class R> CHAINRULE_INLINE void join_row(typename R::Acc* acc, const typename R::In* in, int64_t width) {
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) acc[j] = R::join(acc[j], R::load(in[j]));
}

// acc[j] = the eight rows in[.. + j] joined
template <class R>
CHAINRULE_INLINE void join_rows(typename R::Acc* acc, const typename R::In* in, int64_t row_stride, int64_t width) {
    using J = typename R::Join;
    if constexpr (R::kSelects) {  // exact in any order; a tree of selections would not be vectorised
        for (int64_t j = 0; j < width; ++j) acc[j] = R::load(in[j]);
        for (int r = 1; r < kRows; ++r) join_row<R>(acc, in + r * row_stride, width);
        return;
    }
    const typename R::In *r0 = in, *r1 = r0 + row_stride, *r2 = r1 + row_stride, *r3 = r2 + row_stride,
                         *r4 = r3 + row_stride, *r5 = r4 + row_stride, *r6 = r5 + row_stride, *r7 = r6 + row_stride;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) {
        auto a = J::join(J::join(R::load(r0[j]), R::load(r1[j])), J::join(R::load(r2[j]), R::load(r3[j])));
        auto b = J::join(J::join(R::load(r4[j]), R::load(r5[j])), J::join(R::load(r6[j]), R::load(r7[j])));
        acc[j] = J::join(a, b);
    }
}

// The same of eight rows of kLaneCount elements without gaps, read from front to back: beyond the second cache the
// processor fetches ahead of such a walk only (sums of 2^20 floats: 95 instead of 80 GB/s, of 2^24 19 instead of 14).
template <class R> struct Registers {
    using Acc = typename R::Acc;
    using Item = decltype([] {
        if constexpr (is_same<Acc, int64_t> && !R::kSelects) return uint64_t{};  // sums and products wrap
        else return Acc{};
    }());
    static constexpr int kItems = kRegisterBytes / sizeof(Acc);
    static constexpr int kMost = kRegisterBytes == 64 ? 8 : 4;  // held at once
    static constexpr int kCount = kLaneCount / kItems < kMost ? kLaneCount / kItems : kMost;
    using type = typename Lanes<Item, kItems>::type;
    CHAINRULE_INLINE static type load(const void* from) {
        type v;
        __builtin_memcpy(&v, from, sizeof v);
        return v;
    }
};
// Loads are not moved across it: the compiler would read row 7 first.
CHAINRULE_INLINE void keep_order() { asm volatile("" ::: "memory"); }

template <class R> CHAINRULE_INLINE void join_block(typename R::Acc* acc, const typename R::In* in) {
    if constexpr (!R::kInRegisters) {
        join_rows<R>(acc, in, kLaneCount, kLaneCount);
    } else {
        using G = Registers<R>;
        using V = typename G::type;
        using J = typename R::Join;
        constexpr int n = G::kItems, count = G::kCount;
        for (int at = 0; at < kLaneCount; at += n * count) {
            auto read_two = [&](int r, V* sum) {
                const auto *row = in + r * kLaneCount + at, *next = row + kLaneCount;
#pragma GCC unroll 8
                for (int k = 0; k < count; ++k) sum[k] = R::load_register(G::load(row + k * n));
                keep_order();
#pragma GCC unroll 8
                for (int k = 0; k < count; ++k) sum[k] = J::join(sum[k], R::load_register(G::load(next + k * n)));
                keep_order();
            };
            auto join = [](V* to, const V* from) {
#pragma GCC unroll 8
                for (int k = 0; k < count; ++k) to[k] = J::join(to[k], from[k]);
            };
            V first[count], second[count], pair[count];
            read_two(0, first);
            read_two(2, pair);
            join(first, pair);
            read_two(4, second);
            read_two(6, pair);
            join(second, pair);
            join(first, second);
#pragma GCC unroll 8
            for (int k = 0; k < count; ++k) __builtin_memcpy(acc + at + k * n, &first[k], sizeof(V));
        }
    }
}
template <class R> CHAINRULE_INLINE void join_into(typename R::Acc* to, const typename R::Acc* from, int64_t width) {
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) to[j] = R::join(to[j], from[j]);
}
// b = a joined with b
template <class R> CHAINRULE_INLINE void join_before(const typename R::Acc* a, typename R::Acc* b, int64_t width) {
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) b[j] = R::join(a[j], b[j]);
}
// Pairwise sums of blocks: level k holds the sum of 2^k blocks where bit k of `count` is set.
template <class R, int kWidth> struct Cascade {
    using Acc = typename R::Acc;
    alignas(64) Acc level[kLevels][kWidth];
    alignas(64) Acc block[kWidth];
    uint64_t count = 0;

    // Where the next block goes.
    CHAINRULE_INLINE Acc* next() { return (count & 1) != 0 ? block : level[0]; }
    // Takes what was written there.
    CHAINRULE_INLINE void push(int64_t width) {
        int k = 0;
        for (; (count >> k & 1) != 0; ++k) join_before<R>(level[k], block, width);
        if (k > 0) __builtin_memcpy(level[k], block, static_cast<size_t>(width) * sizeof(Acc));
        ++count;
    }
    // All blocks, and what `acc` holds before.
    CHAINRULE_INLINE void finish(Acc* acc, int64_t width) {
        for (int k = 0; count >> k != 0; ++k)
            if ((count >> k & 1) != 0) join_into<R>(acc, level[k], width);
    }
};

// The same where the order does not matter: one sum of all blocks.
template <class R, int kWidth> struct Running {
    using Acc = typename R::Acc;
    alignas(64) Acc total[kWidth];
    alignas(64) Acc block[kWidth];
    bool any = false;

    CHAINRULE_INLINE Acc* next() { return block; }
    CHAINRULE_INLINE void push(int64_t width) {
        if (any) join_into<R>(total, block, width);
        else __builtin_memcpy(total, block, static_cast<size_t>(width) * sizeof(Acc));
        any = true;
    }
    CHAINRULE_INLINE void finish(Acc* acc, int64_t width) {
        if (any) join_into<R>(acc, total, width);
    }
};
template <class R, int kWidth, bool kRounds = R::kRounds> struct Blocks : Cascade<R, kWidth> {};
template <class R, int kWidth> struct Blocks<R, kWidth, false> : Running<R, kWidth> {};

constexpr int64_t kShort = 24;  // below: four scalar accumulators

// Whether a row is first looked at as if it held no NaN (see pick_of_row).
template <class R>
constexpr bool kPicks = R::kSelects && (is_same<typename R::Acc, float> || is_same<typename R::Acc, double>);

// A short row: four accumulators.
template <class R>
CHAINRULE_INLINE typename R::Acc reduce_short(const typename R::In* in, int64_t n, int64_t stride,
                                              typename R::Acc start) {
    typename R::Acc a0 = start, a1 = start, a2 = start, a3 = start;
    int64_t i = 0;
    if constexpr (!is_same<typename R::Acc, float> && !is_same<typename R::Acc, double>) {
        // Integers need no fixed order; GCC 12 turns the four accumulators below into wrong code for them.
        for (; i < n; ++i) a0 = R::join(a0, R::load(in[i * stride]));
        return a0;
    }
    if constexpr (kPicks<R>) {  // extremes, where no element is NaN
        typename R::Acc low = start, high = start, sum_low = 0, sum_high = 0;
        for (; i + 2 <= n; i += 2) {
            const auto x = in[i * stride], y = in[(i + 1) * stride];
            low = R::pick(low, x), high = R::pick(high, y);
            sum_low += x, sum_high += y;
        }
        if (i < n) low = R::pick(low, in[i * stride]), sum_low += in[i * stride];
        const auto sum = sum_low + sum_high;
        if (sum == sum) return R::pick(low, high);
        i = 0;
    }
    for (; i + 4 <= n; i += 4) {
        a0 = R::join(a0, R::load(in[i * stride]));
        a1 = R::join(a1, R::load(in[(i + 1) * stride]));
        a2 = R::join(a2, R::load(in[(i + 2) * stride]));
        a3 = R::join(a3, R::load(in[(i + 3) * stride]));
    }
    for (; i < n; ++i) a0 = R::join(a0, R::load(in[i * stride]));
    return R::join(R::join(a0, a1), R::join(a2, a3));
}

template <class T>
[[gnu::noinline]] void copy_strided(T* __restrict to, const T* __restrict from, int64_t n, int64_t stride) {
#pragma GCC unroll 4
    for (int64_t i = 0; i < n; ++i, from += stride) to[i] = *from;
}

template <class R, int64_t kMost = kBlock> struct RowReader {  // contiguous pieces of a strided row
    const typename R::In* in;
    int64_t stride;
    typename R::In buffer[kMost];  // left as it is: clearing it would cost as much as a row of 512
    CHAINRULE_INLINE RowReader(const typename R::In* from, int64_t step) : in(from), stride(step) {}
    CHAINRULE_INLINE const typename R::In* get(int64_t from, int64_t n) {
        if (stride == 1) return in + from;
        copy_strided(buffer, in + from * stride, n, stride);
        return buffer;
    }
};

// Rows below two times the lanes: 16 lanes.
template <class R>
[[gnu::noinline]] typename R::Acc reduce_medium(const typename R::In* in, int64_t n, int64_t stride,
                                                typename R::Acc start) {
    constexpr int lanes = 16;
    RowReader<R, 2 * kLaneCount> reader(in, stride);
    const typename R::In* row = reader.get(0, n);
    alignas(64) typename R::Acc acc[lanes];
    for (int j = 0; j < lanes; ++j) acc[j] = start;
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) join_row<R>(acc, row + i, lanes);
    for (int j = 0; i + j < n; ++j) acc[j] = R::join(acc[j], R::load(row[i + j]));
    return fold_lanes<typename R::Join, lanes>(acc);
}

// A few blocks are added one after the other, many by pairs.
template <class R>
[[gnu::noinline]] typename R::Acc reduce_blocks(const typename R::In* in, int64_t n, int64_t stride,
                                                typename R::Acc start) {
    RowReader<R> row(in, stride);
    alignas(64) typename R::Acc acc[kLaneCount], block[kLaneCount];
    for (int j = 0; j < kLaneCount; ++j) acc[j] = start;
    int64_t i = 0;
    for (; i + kBlock <= n; i += kBlock) {
        join_block<R>(block, row.get(i, kBlock));
        join_into<R>(acc, block, kLaneCount);
    }
    const typename R::In* rest = row.get(i, n - i);
    for (; i + kLaneCount <= n; i += kLaneCount, rest += kLaneCount) join_row<R>(acc, rest, kLaneCount);
    join_row<R>(acc, rest, n - i);
    return fold_lanes<typename R::Join, kLaneCount>(acc);
}

template <class R>
[[gnu::noinline]] typename R::Acc reduce_long(const typename R::In* in, int64_t n, int64_t stride,
                                              typename R::Acc start) {
    using Acc = typename R::Acc;
    RowReader<R> row(in, stride);
    Cascade<R, kLaneCount> cascade;
    alignas(64) Acc acc[kLaneCount];
    for (int j = 0; j < kLaneCount; ++j) acc[j] = start;
    int64_t i = 0;
    for (; i + kBlock <= n; i += kBlock) {
        join_block<R>(cascade.next(), row.get(i, kBlock));
        cascade.push(kLaneCount);
    }
    const typename R::In* rest = row.get(i, n - i);
    for (; i + kLaneCount <= n; i += kLaneCount, rest += kLaneCount) join_row<R>(acc, rest, kLaneCount);
    join_row<R>(acc, rest, n - i);
    cascade.finish(acc, kLaneCount);
    return fold_lanes<typename R::Join, kLaneCount>(acc);
}

// Extremes of floating numbers where there is no NaN: one instruction a vector instead of four, and one to see whether there is
// a NaN: it stays in a sum. (So does what comes of infinities of both signs: such a row is looked at again, too.) The order is
// that of the other loops, of equal elements (0 and -0) the last of a lane counts.
template <class R>
CHAINRULE_INLINE void pick_row(typename R::Acc* acc, typename R::Acc* sum, const typename R::In* in, int64_t width) {
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) {
        acc[j] = R::Join::pick(acc[j], in[j]);
        sum[j] += in[j];
    }
}
template <class R>
CHAINRULE_INLINE void pick_rows(typename R::Acc* acc, typename R::Acc* sum, const typename R::In* in,
                                int64_t row_stride, int64_t width) {
    using J = typename R::Join;
    const typename R::In *r0 = in, *r1 = r0 + row_stride, *r2 = r1 + row_stride, *r3 = r2 + row_stride,
                         *r4 = r3 + row_stride, *r5 = r4 + row_stride, *r6 = r5 + row_stride, *r7 = r6 + row_stride;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) {
        const auto x0 = r0[j], x1 = r1[j], x2 = r2[j], x3 = r3[j], x4 = r4[j], x5 = r5[j], x6 = r6[j], x7 = r7[j];
        const auto low = J::pick(J::pick(J::pick(J::pick(acc[j], x0), x1), x2), x3);
        acc[j] = J::pick(J::pick(J::pick(J::pick(low, x4), x5), x6), x7);
        sum[j] += ((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7));
    }
}
template <class R> CHAINRULE_INLINE bool any_nan(const typename R::Acc* sum, int64_t width) {
    int any = 0;
#pragma omp simd reduction(| : any)
    for (int64_t j = 0; j < width; ++j) any |= sum[j] != sum[j];
    return any != 0;
}

// False if there is a NaN; then `out` is left.
template <class R> [[gnu::noinline]] bool pick_of_row(const typename R::In* in, int64_t n, typename R::Acc* out) {
    alignas(64) typename R::Acc acc[kLaneCount], sum[kLaneCount];
    for (int j = 0; j < kLaneCount; ++j) acc[j] = in[0], sum[j] = 0;
    int64_t i = 0;
    if constexpr (kRegisterBytes == 64) {  // enough of them for all lanes
        using G = Registers<R>;
        using V = typename G::type;
        constexpr int n_lanes = G::kItems, count = kLaneCount / n_lanes;
        V top[count], total[count];
#pragma GCC unroll 8
        for (int k = 0; k < count; ++k) {
            top[k] = G::load(acc);
            total[k] = G::load(sum);
        }
        for (; i + kLaneCount <= n; i += kLaneCount) {
#pragma GCC unroll 8
            for (int k = 0; k < count; ++k) {
                const V x = G::load(in + i + k * n_lanes);
                top[k] = R::Join::pick(top[k], x);
                total[k] += x;
            }
        }
        __builtin_memcpy(acc, top, sizeof top);
        __builtin_memcpy(sum, total, sizeof total);
    } else {
        for (; i + kBlock <= n; i += kBlock) pick_rows<R>(acc, sum, in + i, kLaneCount, kLaneCount);
        for (; i + kLaneCount <= n; i += kLaneCount) pick_row<R>(acc, sum, in + i, kLaneCount);
    }
    pick_row<R>(acc, sum, in + i, n - i);
    if (any_nan<R>(sum, kLaneCount)) return false;
    *out = fold_lanes<typename R::Join, kLaneCount>(acc);
    return true;
}

template <Reduce op, class R>
CHAINRULE_INLINE typename R::Acc reduce_row(const typename R::In* in, int64_t n, int64_t stride) {
    const typename R::Acc start = has_identity(op) ? R::identity : R::load(in[0]);
    if (n < kShort) return reduce_short<R>(in, n, stride, start);
    if (n < 2 * kLaneCount) return reduce_medium<R>(in, n, stride, start);
    if constexpr (kPicks<R>) {
        typename R::Acc picked;
        if (stride == 1 && n >= kBlock && pick_of_row<R>(in, n, &picked)) return picked;
    }
    if constexpr (R::kRounds)
        if (n >= 8 * kBlock) return reduce_long<R>(in, n, stride, start);
    return reduce_blocks<R>(in, n, stride, start);
}

// Columns [0, width) of a matrix, width <= kTile.
template <class Acc> constexpr int kTile = 1024 / sizeof(Acc);
template <class R>
[[gnu::noinline]] bool pick_of_tile(const typename R::In* in, typename R::Out* out, int64_t n, int64_t width,
                                    int64_t row_stride) {
    alignas(64) typename R::Acc acc[kTile<typename R::Acc>], sum[kTile<typename R::Acc>];
    for (int64_t j = 0; j < width; ++j) acc[j] = in[j], sum[j] = 0;
    int64_t i = 0;
    for (; i + kRows <= n; i += kRows) pick_rows<R>(acc, sum, in + i * row_stride, row_stride, width);
    for (; i < n; ++i) pick_row<R>(acc, sum, in + i * row_stride, width);
    if (any_nan<R>(sum, width)) return false;
    for (int64_t j = 0; j < width; ++j) out[j] = acc[j];
    return true;
}
template <Reduce op, class R>
[[gnu::noinline]] void reduce_tile(const typename R::In* in, typename R::Out* out, int64_t n, int64_t width,
                                   int64_t row_stride) {
    using Acc = typename R::Acc;
    if constexpr (kPicks<R>)
        if (pick_of_tile<R>(in, out, n, width, row_stride)) return;
    Blocks<R, kTile<Acc>> cascade;
    alignas(64) Acc acc[kTile<Acc>];
    for (int64_t j = 0; j < width; ++j) acc[j] = has_identity(op) ? R::identity : R::load(in[j]);
    int64_t i = 0;
    [[maybe_unused]] const bool dense = width == kLaneCount && row_stride == kLaneCount;
    if constexpr (!R::kSelects)
        for (; i + kRows <= n; i += kRows) {
            if (dense) join_block<R>(cascade.next(), in + i * row_stride);
            else join_rows<R>(cascade.next(), in + i * row_stride, row_stride, width);
            cascade.push(width);
        }
    for (; i < n; ++i) join_row<R>(acc, in + i * row_stride, width);
    cascade.finish(acc, width);
    for (int64_t j = 0; j < width; ++j) out[j] = acc[j];
}

}  // namespace

template <Reduce op, class T>
void reduce_rows(const void* in, void* out, int64_t outer, int64_t n, int64_t outer_stride, int64_t stride) {
    using R = Rule<op, T>;
    const auto* from = static_cast<const typename R::In*>(in);
    auto* to = static_cast<typename R::Out*>(out);
    for (int64_t i = 0; i < outer; ++i) to[i] = reduce_row<op, R>(from + i * outer_stride, n, stride);
}

template <Reduce op, class T>
void reduce_columns(const void* in, void* out, int64_t n, int64_t cols, int64_t row_stride) {
    using R = Rule<op, T>;
    const auto* from = static_cast<const typename R::In*>(in);
    auto* to = static_cast<typename R::Out*>(out);
    constexpr int64_t tile = kTile<typename R::Acc>;
    for (int64_t j = 0; j < cols; j += tile)
        reduce_tile<op, R>(from + j, to + j, n, cols - j < tile ? cols - j : tile, row_stride);
}

namespace {
struct Kept {
    Keep<ReduceRows, static_cast<int>(Reduce::Count)> rows;
    Keep<ReduceColumns, static_cast<int>(Reduce::Count)> columns;
};
constexpr Kept make() {
    Kept keep;
    fill_all<ReduceRowsEntry, Reduce>(keep.rows.at);
    fill_all<ReduceColumnsEntry, Reduce>(keep.columns.at);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
