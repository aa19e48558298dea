// A tile of a direct convolution: sums stay in registers, the input is read where it lies.
#include <cstring>

#include "kernels/isa/entries.h"
#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T> struct VectorOf;
template <> struct VectorOf<float> {
    typedef float type __attribute__((vector_size(kConvBytes)));
};
template <> struct VectorOf<double> {
    typedef double type __attribute__((vector_size(kConvBytes)));
};

// So many terms are added one after the other, then their sum to that of the terms before: the error of a chain grows with its root.
constexpr int64_t kChain = 128;

template <class T, int kVectors, int kFilters> void tile_of(const ConvTile& t) {
    using V = typename VectorOf<T>::type;
    V sum[kFilters][kVectors], total[kFilters][kVectors];
    const T *x = static_cast<const T*>(t.x), *w = static_cast<const T*>(t.w), *bias = static_cast<const T*>(t.bias);
    for (int f = 0; f < kFilters; ++f)
        for (int v = 0; v < kVectors; ++v) sum[f][v] = (bias && f < t.filters ? bias[f] : T(0)) - V{};
    const T* from[kVectors];
    for (int v = 0; v < kVectors; ++v) from[v] = x + t.in_at[v];
    for (int64_t first = 0; first == 0 || first < t.n_taps; first += kChain) {
        const int64_t end = t.n_taps - first > kChain ? first + kChain : t.n_taps;
        for (int64_t k = first; k < end; ++k, w += kConvFilters) {
            V here[kVectors];
            for (int v = 0; v < kVectors; ++v) std::memcpy(&here[v], from[v] + t.taps[k], sizeof(V));
#pragma GCC unroll 8
            for (int f = 0; f < kFilters; ++f)
                for (int v = 0; v < kVectors; ++v) sum[f][v] += (w[f] - V{}) * here[v];
        }
        if (t.n_taps <= kChain) break;
        for (int f = 0; f < kFilters; ++f)
            for (int v = 0; v < kVectors; ++v) {
                total[f][v] = first > 0 ? total[f][v] + sum[f][v] : sum[f][v];
                sum[f][v] = V{};
            }
    }
    if (t.n_taps > kChain) std::memcpy(sum, total, sizeof sum);
    T* y = static_cast<T*>(t.y);
    size_t bytes = static_cast<size_t>(t.count) * sizeof(T);
    for (int f = 0; f < t.filters; ++f)
        for (int v = 0; v < kVectors; ++v) {
            T* to = y + f * t.ldy + t.out_at[v];
            if (bytes == sizeof(V)) std::memcpy(to, &sum[f][v], sizeof(V));
            else std::memcpy(to, &sum[f][v], bytes);
        }
}

template <class T, int kVectors> void by_filters(const ConvTile& t) {
    if (t.filters <= 1) tile_of<T, kVectors, 1>(t);
    else if (t.filters <= 2) tile_of<T, kVectors, 2>(t);
    else if (t.filters <= 4) tile_of<T, kVectors, 4>(t);
    else if (t.filters <= 6) tile_of<T, kVectors, 6>(t);
    else tile_of<T, kVectors, kConvFilters>(t);
}

}  // namespace

template <class T> void conv_tile(const ConvTile& t) {
    switch (t.vectors) {
        case 1: by_filters<T, 1>(t); break;
        case 2: by_filters<T, kConvVectors >= 2 ? 2 : 1>(t); break;
        default: by_filters<T, kConvVectors>(t); break;
    }
}

namespace {

// Instantiates what the table takes the address of.
struct Kept {
    ConvTiles conv_tile[kNumDTypes]{};
    int conv_vector_bytes = 0, conv_vectors = 0;
};
constexpr Kept make() {
    Kept keep;
    fill_conv(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
