// Images read between their elements. The coordinates of a block of places become positions and weights, which lie side by
// side in the first cache; then each channel is read at all of them.
#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "kernels/isa/entries.h"
#include "kernels/isa/lanes.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

constexpr int kPlaces = 256;  // of a block

// f(j) for j < n and on to the end of a group, so that there is one loop of whole vectors. Arrays have room for it.
constexpr int kGroup = 64;
template <class F> CHAINRULE_INLINE void each(int n, F f) {
    for (int first = 0; first < n; first += kGroup) {
#pragma omp simd
        for (int j = 0; j < kGroup; ++j) f(first + j);
    }
}

CHAINRULE_INLINE float floor_(float x) { return __builtin_floorf(x); }
CHAINRULE_INLINE double floor_(double x) { return __builtin_floor(x); }
CHAINRULE_INLINE float round_(float x) { return __builtin_nearbyintf(x); }
CHAINRULE_INLINE double round_(double x) { return __builtin_nearbyint(x); }

// One axis of a block: where the coordinates lie on it, in elements, and how fast they move there.
template <class T> struct AxisPlaces {
    alignas(64) T x[kPlaces];
    alignas(64) T slope[kPlaces];
    alignas(64) int32_t low[kPlaces], high[kPlaces];  // the elements at both sides; -1: there is none
};

// Taps of a block: elements of a plane (-1: outside) and their weights.
template <class T, bool kNearest> struct Taps {
    static constexpr int kCount = kNearest ? 1 : 4;
    alignas(64) int32_t at[kCount][kPlaces];
    alignas(64) T weight[kCount][kPlaces];
};

template <class T> [[gnu::noinline]] void mirror(AxisPlaces<T>& a, T low, T high, int n) {
    const T span = high - low;
    if (span <= 0) {
        return each(n, [&](int j) { a.x[j] *= 0, a.slope[j] = 0; });
    }
    each(n, [&](int j) {
        const T from = a.x[j] - low, far = abs_(from), turns = floor_(far / span), rest = far - turns * span;
        const bool back = turns - 2 * floor_(turns / 2) != 0;
        a.x[j] = back ? high - rest : rest + low;
        a.slope[j] = (from < 0) != back ? -a.slope[j] : a.slope[j];
    });
}

// Places of every second coordinate, brought inside as the padding says. NaN stays.
template <class T>
void place_axis(AxisPlaces<T>& a, const GridSample& s, int64_t elements, const T* coordinate, int n) {
    const T size = static_cast<T>(elements), last = size - 1, slope = s.align ? last / 2 : size / 2;
    if (s.align) {
        each(n, [&](int j) { a.x[j] = (coordinate[2 * j] + 1) * slope; });
    } else {
        each(n, [&](int j) { a.x[j] = ((coordinate[2 * j] + 1) * size - 1) / 2; });
    }
    each(n, [&](int j) { a.slope[j] = slope; });
    if (s.outside == Outside::Zeros) return;
    if (s.outside == Outside::Reflection) mirror(a, s.align ? T(0) : T(-0.5), s.align ? last : last + T(0.5), n);
    each(n, [&](int j) {
        const T x = a.x[j], above = x <= 0 ? T(0) : x;
        a.slope[j] = (x > 0) & (x < last) ? a.slope[j] : T(0);
        a.x[j] = above >= last ? last : above;
    });
}

// The element at a whole number, of n. The last one's number is rounded in T, so that the comparison is one of integers.
template <class T> CHAINRULE_INLINE int32_t element(T place, int32_t n) {
    const int32_t i = static_cast<int32_t>((place >= 0) & (place < T(int64_t{1} << 31)) ? place : T(-1));
    return i < n ? i : -1;
}
CHAINRULE_INLINE int32_t in_plane(int32_t y, int32_t x, int32_t width) { return (y | x) < 0 ? -1 : y * width + x; }

template <class T>
void nearest_taps(const AxisPlaces<T>& y, const AxisPlaces<T>& x, const GridSample& s, int n, Taps<T, true>& taps) {
    const int32_t height = static_cast<int32_t>(s.height), width = static_cast<int32_t>(s.width);
    each(n, [&](int j) {
        taps.at[0][j] = in_plane(element(round_(y.x[j]), height), element(round_(x.x[j]), width), width);
        taps.weight[0][j] = 1;
    });
}

// x becomes the part of an element beyond the lower one.
template <class T> [[gnu::noinline]] void split(AxisPlaces<T>& a, int64_t elements, int n) {
    const int32_t count = static_cast<int32_t>(elements);
    each(n, [&](int j) {
        const T low = floor_(a.x[j]);
        a.low[j] = element(low, count);
        a.high[j] = element(low + 1, count);
        a.x[j] -= low;
    });
}
template <class T>
void linear_taps(AxisPlaces<T>& y, AxisPlaces<T>& x, const GridSample& s, int n, Taps<T, false>& taps) {
    split(y, s.height, n);
    split(x, s.width, n);
    const int32_t width = static_cast<int32_t>(s.width);
    each(n, [&](int j) {
        taps.at[0][j] = in_plane(y.low[j], x.low[j], width);
        taps.at[1][j] = in_plane(y.low[j], x.high[j], width);
        taps.at[2][j] = in_plane(y.high[j], x.low[j], width);
        taps.at[3][j] = in_plane(y.high[j], x.high[j], width);
    });
    each(n, [&](int j) {
        const T right = x.x[j], left = 1 - right, below = y.x[j], above = 1 - below;
        taps.weight[0][j] = above * left;
        taps.weight[1][j] = above * right;
        taps.weight[2][j] = below * left;
        taps.weight[3][j] = below * right;
    });
}

template <class T, bool kNearest> struct Block {
    alignas(64) T grid[2 * kPlaces];  // the coordinates; then their gradients
    AxisPlaces<T> y, x;
    Taps<T, kNearest> taps;
    [[gnu::noinline]] void place(const GridSample& s, const T* coordinates, int n) {
        for (int j = n; j % kGroup != 0; ++j) grid[2 * j] = grid[2 * j + 1] = 0;
        __builtin_memcpy(grid, coordinates, static_cast<size_t>(n) * 2 * sizeof(T));
        place_axis(x, s, s.width, grid, n);
        place_axis(y, s, s.height, grid + 1, n);
        if constexpr (kNearest) nearest_taps(y, x, s, n, taps);
        else linear_taps(y, x, s, n, taps);
    }
};

template <class T> CHAINRULE_INLINE T value(const T* plane, int32_t at) {
    const T there = plane[at < 0 ? 0 : at];
    return at < 0 ? T(0) : there;
}

// The same for as many lanes as a register holds. The compiler makes no gathers of such a loop.
template <class T> constexpr int kLanes = kRegisterBytes / static_cast<int>(sizeof(T));
template <class T> using Values = typename Lanes<T, kLanes<T>>::type;
#if defined(__AVX512F__)
CHAINRULE_INLINE Values<float> values(const float* plane, const int32_t* at) {
    const __m512i i = _mm512_loadu_si512(at);
    return (Values<float>)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), _mm512_cmpge_epi32_mask(i, __m512i{}), i, plane,
                                                   4);
}
CHAINRULE_INLINE Values<double> values(const double* plane, const int32_t* at) {
    const __m256i i = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    return (Values<double>)_mm512_mask_i32gather_pd(_mm512_setzero_pd(), _mm256_cmpge_epi32_mask(i, __m256i{}), i,
                                                    plane, 8);
}
#elif defined(__AVX2__)
CHAINRULE_INLINE Values<float> values(const float* plane, const int32_t* at) {
    const __m256i i = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    return (Values<float>)_mm256_mask_i32gather_ps(__m256{}, plane, i, (__m256)~i, 4);
}
CHAINRULE_INLINE Values<double> values(const double* plane, const int32_t* at) {
    const __m128i i = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return (Values<double>)_mm256_mask_i32gather_pd(__m256d{}, plane, i, (__m256d)_mm256_cvtepi32_epi64(~i), 8);
}
#else
template <class T> CHAINRULE_INLINE Values<T> values(const T* plane, const int32_t* at) {
    Values<T> out{};
    for (int k = 0; k < kLanes<T>; ++k) out[k] = value(plane, at[k]);
    return out;
}
#endif
template <class T> CHAINRULE_INLINE Values<T> load(const T* from) {
    Values<T> v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}
template <class T> CHAINRULE_INLINE void store(T* to, Values<T> v) { __builtin_memcpy(to, &v, sizeof v); }

template <class T, bool kNearest> void read(const T* plane, const Taps<T, kNearest>& taps, int n, T* out) {
    int j = 0;
    for (; j + kLanes<T> <= n; j += kLanes<T>) {
        Values<T> sum = values(plane, &taps.at[0][j]);
        if constexpr (!kNearest) {
            sum *= load(&taps.weight[0][j]);
#pragma GCC unroll 4
            for (int t = 1; t < taps.kCount; ++t) sum += load(&taps.weight[t][j]) * values(plane, &taps.at[t][j]);
        }
        store(out + j, sum);
    }
    for (; j < n; ++j) {
        T sum = taps.weight[0][j] * value(plane, taps.at[0][j]);
#pragma GCC unroll 4
        for (int t = 1; t < taps.kCount; ++t) sum += taps.weight[t][j] * value(plane, taps.at[t][j]);
        out[j] = sum;
    }
}

template <class T, bool kNearest> void add_to_plane(const T* g, const Taps<T, kNearest>& taps, int n, T* plane) {
    for (int j = 0; j < n; ++j)
#pragma GCC unroll 4
        for (int t = 0; t < taps.kCount; ++t) {
            const int32_t at = taps.at[t][j];
            if (at >= 0) plane[at] += g[j] * taps.weight[t][j];
        }
}

// Gradients of the weights.
template <class T> struct Dots {
    alignas(64) T of[4][kPlaces];
    void clear(int n) {
        for (auto& dots : of) each(n, [&](int j) { dots[j] = 0; });
    }
    void add(const T* g, const T* plane, const Taps<T, false>& taps, int n) {
        int j = 0;
        for (; j + kLanes<T> <= n; j += kLanes<T>)
#pragma GCC unroll 4
            for (int t = 0; t < 4; ++t) store(&of[t][j], load(&of[t][j]) + load(g + j) * values(plane, &taps.at[t][j]));
        for (; j < n; ++j)
#pragma GCC unroll 4
            for (int t = 0; t < 4; ++t) of[t][j] += g[j] * value(plane, taps.at[t][j]);
    }
};

template <class T> void grid_grad(Block<T, false>& b, const Dots<T>& dots, int n, T* to) {
    T* __restrict out = b.grid;
    each(n, [&](int j) {
        const T right = b.x.x[j], left = 1 - right, below = b.y.x[j], above = 1 - below;
        const T sx = b.x.slope[j], sy = b.y.slope[j];
        const T a = dots.of[0][j], c = dots.of[1][j], d = dots.of[2][j], e = dots.of[3][j];
        out[2 * j] = above * -sx * a + above * sx * c + below * -sx * d + below * sx * e;
        out[2 * j + 1] = -sy * left * a + -sy * right * c + sy * left * d + sy * right * e;
    });
    __builtin_memcpy(to, out, static_cast<size_t>(n) * 2 * sizeof(T));
}

template <class T, bool kNearest> void sample(const GridSample& s, const T* grid, int64_t places, T* out) {
    Block<T, kNearest> block;
    const T* images = static_cast<const T*>(s.images);
    for (int64_t first = 0; first < places; first += kPlaces) {
        const int n = static_cast<int>(places - first < kPlaces ? places - first : kPlaces);
        block.place(s, grid + 2 * first, n);
        for (int64_t c = 0; c < s.channels; ++c)
            read(images + c * s.height * s.width, block.taps, n, out + c * s.out_plane + first);
    }
}

template <class T, bool kNearest>
void sample_grad(const GridSample& s, const T* grid, int64_t places, const T* grad, T* dx, T* dgrid) {
    Block<T, kNearest> block;
    [[maybe_unused]] Dots<T> dots;
    const T* images = static_cast<const T*>(s.images);
    const int64_t plane = s.height * s.width;
    for (int64_t first = 0; first < places; first += kPlaces) {
        const int n = static_cast<int>(places - first < kPlaces ? places - first : kPlaces);
        block.place(s, grid + 2 * first, n);
        if constexpr (!kNearest)
            if (dgrid) dots.clear(n);
        for (int64_t c = 0; c < s.channels; ++c) {
            const T* g = grad + c * s.out_plane + first;
            if constexpr (!kNearest)
                if (dgrid) dots.add(g, images + c * plane, block.taps, n);
            if (dx) add_to_plane(g, block.taps, n, dx + c * plane);
        }
        if constexpr (!kNearest)
            if (dgrid) grid_grad(block, dots, n, dgrid + 2 * first);
    }
}

}  // namespace

template <class T> void sample_grid(const GridSample& s, const void* grid, int64_t places, void* out) {
    const auto run = s.nearest ? sample<T, true> : sample<T, false>;
    run(s, static_cast<const T*>(grid), places, static_cast<T*>(out));
}
template <class T>
void sample_grid_grad(const GridSample& s, const void* grid, int64_t places, const void* grad, void* dx, void* dgrid) {
    const auto run = s.nearest ? sample_grad<T, true> : sample_grad<T, false>;
    run(s, static_cast<const T*>(grid), places, static_cast<const T*>(grad), static_cast<T*>(dx),
        static_cast<T*>(dgrid));
}

namespace {
struct Kept {
    SampleGrid sample_grid[kNumDTypes]{};
    SampleGridGrad sample_grid_grad[kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_sample(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
