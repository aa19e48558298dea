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

// All lanes of a register joined, by halves, without a way through memory.
template <class Join, int n, class T> CHAINRULE_INLINE T fold_register(typename Lanes<T, n>::type v) {
    if constexpr (n == 1) {
        return v[0];
    } else {
        typename Lanes<T, n / 2>::type low, high;
        __builtin_memcpy(&low, &v, sizeof low);
        __builtin_memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
        return fold_register<Join, n / 2, T>(Join::join(low, high));
    }
}
// All lanes joined, by halves; `lane` is overwritten.
template <class Join, int kWidth, class T> CHAINRULE_INLINE T fold_lanes(T* lane) {
    if constexpr (kWidth == 1) {
        return lane[0];
    } else if constexpr (kWraps<T> || kWidth * static_cast<int>(sizeof(T)) > kRegisterBytes) {
#pragma omp simd
        for (int j = 0; j < kWidth / 2; ++j) lane[j] = Join::join(lane[j], lane[j + kWidth / 2]);
        return fold_lanes<Join, kWidth / 2>(lane);
    } else {
        typename Lanes<T, kWidth>::type all;
        __builtin_memcpy(&all, lane, sizeof all);
        return fold_register<Join, kWidth, T>(all);
    }
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
