// Reductions over blocks of lanes. The order of additions is fixed by the count of elements alone: neither alignment nor
// strides nor the instruction set change it.
#pragma once

#include <cstdint>

#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T> constexpr bool kWraps = false;  // integers: overflow is not an error
template <> constexpr bool kWraps<uint8_t> = true;
template <> constexpr bool kWraps<int32_t> = true;
template <> constexpr bool kWraps<int64_t> = true;

struct SumJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) {
        if constexpr (kWraps<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
        else return a + b;
    }
};
struct ProdJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) {
        if constexpr (kWraps<T>) return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
        else return a * b;
    }
};
struct MaxJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) {
        return (a > b) | (a != a) ? a : b;  // NaN wins
    }
    template <class T> CHAINRULE_INLINE static T pick(T a, T b) { return a > b ? a : b; }  // of numbers that are none
};
struct MinJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) { return (a < b) | (a != a) ? a : b; }
    template <class T> CHAINRULE_INLINE static T pick(T a, T b) { return a < b ? a : b; }
};

#if defined(__AVX512F__)
constexpr int kRegisterBytes = 64;
#elif defined(__AVX__)
constexpr int kRegisterBytes = 32;
#else
constexpr int kRegisterBytes = 16;
#endif
template <class T, int n> struct Lanes {
    typedef T type __attribute__((vector_size(n * sizeof(T))));
};

// The lanes of a register joined, by halves, until `last` of them are left; without a way through memory.
template <class Join, int last, int n, class T>
CHAINRULE_INLINE typename Lanes<T, last>::type fold_to(typename Lanes<T, n>::type v) {
    if constexpr (n == last) {
        return v;
    } else {
        typename Lanes<T, n / 2>::type low, high;
        __builtin_memcpy(&low, &v, sizeof low);
        __builtin_memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
        return fold_to<Join, last, n / 2, T>(Join::join(low, high));
    }
}
// The same for lanes in memory, which are overwritten.
template <class Join, int last, int n, class T> CHAINRULE_INLINE typename Lanes<T, last>::type fold_lanes_to(T* lane) {
    if constexpr (n > last && (kWraps<T> || n * static_cast<int>(sizeof(T)) > kRegisterBytes)) {
#pragma omp simd
        for (int j = 0; j < n / 2; ++j) lane[j] = Join::join(lane[j], lane[j + n / 2]);
        return fold_lanes_to<Join, last, n / 2>(lane);
    } else {
        typename Lanes<T, n>::type all;
        __builtin_memcpy(&all, lane, sizeof all);
        return fold_to<Join, last, n, T>(all);
    }
}
template <class Join, int n, class T> CHAINRULE_INLINE T fold_lanes(T* lane) {
    return fold_lanes_to<Join, 1, n>(lane)[0];
}

// fold_lanes of four rows at once, their results side by side: the last two steps take a third of what they take one by one.
template <class Join, int n> CHAINRULE_INLINE Lanes<float, 4>::type fold_four(float (*lane)[n]) {
    typedef int Index __attribute__((vector_size(16)));
    constexpr Index kLow = {0, 1, 4, 5}, kHigh = {2, 3, 6, 7}, kEven = {0, 2, 4, 6}, kOdd = {1, 3, 5, 7};
    auto a = fold_lanes_to<Join, 4, n>(lane[0]), b = fold_lanes_to<Join, 4, n>(lane[1]);
    auto c = fold_lanes_to<Join, 4, n>(lane[2]), d = fold_lanes_to<Join, 4, n>(lane[3]);
    auto ab = Join::join(__builtin_shuffle(a, b, kLow), __builtin_shuffle(a, b, kHigh));
    auto cd = Join::join(__builtin_shuffle(c, d, kLow), __builtin_shuffle(c, d, kHigh));
    return Join::join(__builtin_shuffle(ab, cd, kEven), __builtin_shuffle(ab, cd, kOdd));
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
