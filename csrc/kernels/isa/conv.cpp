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

template <class T, int kVectors> void tile_of(const ConvTile& t) {
    using V = typename VectorOf<T>::type;
    V sum[kConvFilters][kVectors];
    const T *x = static_cast<const T*>(t.x), *w = static_cast<const T*>(t.w), *bias = static_cast<const T*>(t.bias);
    for (int f = 0; f < kConvFilters; ++f)
        for (int v = 0; v < kVectors; ++v) sum[f][v] = (bias && f < t.filters ? bias[f] : T(0)) - V{};
    const T* from[kVectors];
    for (int v = 0; v < kVectors; ++v) from[v] = x + t.in_at[v];
    for (int64_t k = 0; k < t.n_taps; ++k, w += kConvFilters) {
        V here[kVectors];
        for (int v = 0; v < kVectors; ++v) std::memcpy(&here[v], from[v] + t.taps[k], sizeof(V));
#pragma GCC unroll 8
        for (int f = 0; f < kConvFilters; ++f)
            for (int v = 0; v < kVectors; ++v) sum[f][v] += (w[f] - V{}) * here[v];
    }
    T* y = static_cast<T*>(t.y);
    size_t bytes = static_cast<size_t>(t.count) * sizeof(T);
    for (int f = 0; f < t.filters; ++f)
        for (int v = 0; v < kVectors; ++v) {
            T* to = y + f * t.ldy + t.out_at[v];
            if (bytes == sizeof(V)) std::memcpy(to, &sum[f][v], sizeof(V));
            else std::memcpy(to, &sum[f][v], bytes);
        }
}

}  // namespace

template <class T> void conv_tile(const ConvTile& t) {
    switch (t.vectors) {
        case 1: tile_of<T, 1>(t); break;
        case 2: tile_of<T, kConvVectors >= 2 ? 2 : 1>(t); break;
        default: tile_of<T, kConvVectors>(t); break;
    }
}

namespace {

// Instantiates what the table takes the address of.
constexpr Table make() {
    Table keep{};
    fill_conv(keep);
    return keep;
}
[[maybe_unused]] constexpr Table kKeep = make();

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
