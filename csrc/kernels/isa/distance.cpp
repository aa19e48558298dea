// Distances between points of two sets, by their differences, so that near points keep all digits; and the sums of weighted
// differences that are the gradient. Sums stay in registers, as in a matrix product.
#include "kernels/distance.h"

#include <cstring>

#include "kernels/isa/lanes.h"
#include "kernels/isa/libm.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T> constexpr int kWidth = kRegisterBytes / static_cast<int>(sizeof(T));
template <class T> constexpr int64_t kColumns = kDistanceBytes / static_cast<int64_t>(sizeof(T));
template <class T> using Vector = typename Lanes<T, kWidth<T>>::type;
constexpr int kVectors = 4;
constexpr int kMostRows = kRegisterBytes == 64 ? 4 : 2;  // that are summed together: as many as the registers hold

template <class T> CHAINRULE_INLINE Vector<T> vector_at(const T* from) {
    Vector<T> v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

// squares[r][c] = |a row r - point c|^2 for kVectors registers of points
template <class T, int kRows> CHAINRULE_INLINE void squares_tile(const T* a, const T* points, T* squares, int64_t d) {
    Vector<T> sum[kRows][kVectors] = {};
    for (int64_t k = 0; k < d; ++k, points += kColumns<T>)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
            const Vector<T> point = vector_at(points + v * kWidth<T>);
#pragma GCC unroll 4
            for (int r = 0; r < kRows; ++r) {
                const Vector<T> apart = a[r * d + k] - point;
                sum[r][v] += apart * apart;
            }
        }
    for (int r = 0; r < kRows; ++r) std::memcpy(squares + r * kColumns<T>, sum[r], sizeof sum[r]);
}

template <class T, int kRows>
CHAINRULE_INLINE void panel_distances(const T* a, const T* panel, T* out, int64_t n, int64_t count, int64_t d) {
    T squares[kRows * kColumns<T>];
    for (int64_t c = 0; c < count; c += kVectors * kWidth<T>) squares_tile<T, kRows>(a, panel + c, squares + c, d);
    for (int r = 0; r < kRows; ++r) {
        const T* row = squares + r * kColumns<T>;
        T* to = out + r * n;
#pragma omp simd
        for (int64_t c = 0; c < count; ++c) to[c] = m_sqrt(row[c]);
    }
}

// sum[r][k] of w[r][c] (a[r][k] - point c[k]) over all points
template <class T, int kRows, int kAxes>
CHAINRULE_INLINE void sums_tile(const T* w, const T* a, const T* panels, T* out, int64_t n, int64_t d) {
    Vector<T> sum[kRows][kAxes] = {};
    for (int64_t first = 0; first < n; first += kColumns<T>, panels += d * kColumns<T>) {
        const int64_t count = n - first < kColumns<T> ? n - first : kColumns<T>;
        for (int64_t c = 0; c < count; c += kWidth<T>) {
            Vector<T> weight[kRows] = {};
            const int64_t left = count - c < kWidth<T> ? count - c : kWidth<T>;
            for (int r = 0; r < kRows; ++r)
                if (left == kWidth<T>) weight[r] = vector_at(w + r * n + first + c);
                else std::memcpy(&weight[r], w + r * n + first + c, static_cast<size_t>(left) * sizeof(T));
#pragma GCC unroll 4
            for (int k = 0; k < kAxes; ++k) {
                const Vector<T> point = vector_at(panels + k * kColumns<T> + c);
#pragma GCC unroll 4
                for (int r = 0; r < kRows; ++r) sum[r][k] -= weight[r] * (point - a[r * d + k]);
            }
        }
    }
    for (int r = 0; r < kRows; ++r)
        for (int k = 0; k < kAxes; ++k) out[r * d + k] = fold_to<SumJoin, 1, kWidth<T>, T>(sum[r][k])[0];
}

template <class T, int kRows>
CHAINRULE_INLINE void row_sums(const T* w, const T* a, const T* panels, T* out, int64_t n, int64_t d) {
    int64_t k = 0;
    for (; k + 4 <= d; k += 4) sums_tile<T, kRows, 4>(w, a + k, panels + k * kColumns<T>, out + k, n, d);
    for (; k < d; ++k) sums_tile<T, kRows, 1>(w, a + k, panels + k * kColumns<T>, out + k, n, d);
}

}  // namespace

template <class T>
void distances(const void* a_data, const void* panels_data, void* out_data, int64_t rows, int64_t n, int64_t d) {
    const T *a = static_cast<const T*>(a_data), *panel = static_cast<const T*>(panels_data);
    T* out = static_cast<T*>(out_data);
    // A panel stays in the first cache while the rows pass by.
    for (int64_t first = 0; first < n; first += kColumns<T>, panel += d * kColumns<T>) {
        const int64_t count = n - first < kColumns<T> ? n - first : kColumns<T>;
        int64_t r = 0;
        for (; r + kMostRows <= rows; r += kMostRows)
            panel_distances<T, kMostRows>(a + r * d, panel, out + r * n + first, n, count, d);
        for (; r < rows; ++r) panel_distances<T, 1>(a + r * d, panel, out + r * n + first, n, count, d);
    }
}

template <class T>
void distance_sums(const void* w_data, const void* a_data, const void* panels_data, void* out_data, int64_t rows,
                   int64_t n, int64_t d) {
    const T *w = static_cast<const T*>(w_data), *a = static_cast<const T*>(a_data),
            *panels = static_cast<const T*>(panels_data);
    T* out = static_cast<T*>(out_data);
    int64_t r = 0;
    for (; r + kMostRows <= rows; r += kMostRows)
        row_sums<T, kMostRows>(w + r * n, a + r * d, panels, out + r * d, n, d);
    for (; r < rows; ++r) row_sums<T, 1>(w + r * n, a + r * d, panels, out + r * d, n, d);
}

extern const DistanceTable distance_table;
constinit const DistanceTable distance_table = [] {
    DistanceTable t{};
    t.distances[static_cast<int>(DType::Float32)] = distances<float>;
    t.distances[static_cast<int>(DType::Float64)] = distances<double>;
    t.sums[static_cast<int>(DType::Float32)] = distance_sums<float>;
    t.sums[static_cast<int>(DType::Float64)] = distance_sums<double>;
    return t;
}();

}  // namespace chainrule::kernels::CHAINRULE_ISA
