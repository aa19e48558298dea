// Reductions over blocks of lanes. The order of additions is fixed by the count of elements alone: neither alignment nor
// strides nor the instruction set change it.
#pragma once

#include <cstdint>

#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

struct SumJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) {
        if constexpr (T(0.5) != T(0)) return a + b;
        else return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    }
};
struct ProdJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) {
        if constexpr (T(0.5) != T(0)) return a * b;
        else return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    }
};
struct MaxJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) {
        return (a > b) | (a != a) ? a : b;  // NaN wins
    }
};
struct MinJoin {
    template <class T> CHAINRULE_INLINE static T join(T a, T b) { return (a < b) | (a != a) ? a : b; }
};

// lane[0] = all lanes joined, by halves.
template <class Join, int kWidth, class T> CHAINRULE_INLINE T fold_lanes(T* lane) {
    if constexpr (kWidth > 1) {
#pragma omp simd
        for (int j = 0; j < kWidth / 2; ++j) lane[j] = Join::join(lane[j], lane[j + kWidth / 2]);
        return fold_lanes<Join, kWidth / 2>(lane);
    } else {
        return lane[0];
    }
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
