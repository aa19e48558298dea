// Transposed copies: out[r][c] = in[c][r]. Square tiles are turned in registers, since a loop would read or write one
// element of each cache line; tiles follow each other down a strip of columns, so that the lines of a strip stay cached.
#include "kernels/isa/entries.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// Elements are moved as they are, hence unsigned integers. Vectors of 32 bytes on every instruction set.
template <class T> struct Vector {
    static constexpr int kLanes = 32 / sizeof(T);
    typedef T type __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
};
template <class T> using Lanes = typename Vector<T>::type;

// Round `step` of a butterfly: rows i and i + step exchange their off-diagonal blocks of `step` lanes.
template <int step, class T> void exchange(Lanes<T>& a, Lanes<T>& b) {
    typedef T Index __attribute__((vector_size(32)));
    constexpr int n = Vector<T>::kLanes;
    Index low, high;
    for (int i = 0; i < n; ++i) {
        bool upper = (i / step) % 2;
        low[i] = static_cast<T>(upper ? n + i - step : i);
        high[i] = static_cast<T>(upper ? n + i : i + step);
    }
    Lanes<T> x = __builtin_shuffle(a, b, low), y = __builtin_shuffle(a, b, high);
    a = x;
    b = y;
}

template <int step, class T> void rounds(Lanes<T>* rows) {
    if constexpr (step < Vector<T>::kLanes) {
        for (int i = 0; i < Vector<T>::kLanes; ++i)
            if ((i / step) % 2 == 0) exchange<step, T>(rows[i], rows[i + step]);
        rounds<2 * step, T>(rows);
    }
}

template <class T> void tile(const T* in, int64_t ld_in, T* out, int64_t ld_out) {
    constexpr int n = Vector<T>::kLanes;
    Lanes<T> rows[n];
    for (int i = 0; i < n; ++i) rows[i] = *reinterpret_cast<const Lanes<T>*>(in + i * ld_in);
    rounds<1, T>(rows);
    for (int i = 0; i < n; ++i) *reinterpret_cast<Lanes<T>*>(out + i * ld_out) = rows[i];
}

}  // namespace

template <class T>
void transpose(const void* from, int64_t ld_in, void* to, int64_t ld_out, int64_t rows, int64_t cols) {
    constexpr int n = Vector<T>::kLanes, strip = 2 * n;  // a strip is one cache line of the output wide
    const T* in = static_cast<const T*>(from);
    T* out = static_cast<T*>(to);
    int64_t whole_rows = rows / n * n, whole_cols = cols / n * n;
    for (int64_t begin = 0; begin < whole_cols; begin += strip) {
        int64_t end = begin + strip < whole_cols ? begin + strip : whole_cols;
        for (int64_t r = 0; r < whole_rows; r += n)
            for (int64_t c = begin; c < end; c += n) tile(in + c * ld_in + r, ld_in, out + r * ld_out + c, ld_out);
        for (int64_t r = whole_rows; r < rows; ++r)
            for (int64_t c = begin; c < end; ++c) out[r * ld_out + c] = in[c * ld_in + r];
    }
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = whole_cols; c < cols; ++c) out[r * ld_out + c] = in[c * ld_in + r];
}

template void transpose<uint32_t>(const void*, int64_t, void*, int64_t, int64_t, int64_t);
template void transpose<uint64_t>(const void*, int64_t, void*, int64_t, int64_t, int64_t);

}  // namespace chainrule::kernels::CHAINRULE_ISA
