#include "kernels/im2col.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/check.h"
#include "kernels/kernels.h"
#include "kernels/move.h"

namespace chainrule::kernels {

bool Windows::is_identity() const {
    for (int d = 0; d < 3; ++d)
        if (kernel[d] != 1 || stride[d] != 1 || pad[d] != 0 || in[d] != out[d]) return false;
    return true;
}

namespace {

// Output positions along one axis whose input position o * stride + shift lies in [0, size).
struct Range {
    int64_t low, high;
};
Range inside(int64_t size, int64_t out, int64_t stride, int64_t shift) {
    int64_t low = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    int64_t high = size - shift <= 0 ? 0 : (size - shift + stride - 1) / stride;
    low = std::min(low, out);
    return {low, std::max(low, std::min(high, out))};
}

// Calls row(kernel row, column of its first window, first and last window in the row, valid range, input offset of window 0 or
// -1 for a row that lies outside) for each row of the matrix and each row of windows in it.
template <class F> void each_row(const Windows& w, int64_t channels, int64_t first, int64_t last, const F& row) {
    int64_t width = w.out[2], k = 0;
    for (int64_t c = 0; c < channels; ++c)
        for (int64_t a = 0; a < w.kernel[0]; ++a)
            for (int64_t b = 0; b < w.kernel[1]; ++b)
                for (int64_t e = 0; e < w.kernel[2]; ++e, ++k) {
                    int64_t shift = e * w.dilation[2] - w.pad[2];
                    Range valid = inside(w.in[2], width, w.stride[2], shift);
                    for (int64_t p = first; p < last;) {
                        int64_t line = p / width, from = p - line * width, to = std::min(width, from + last - p);
                        int64_t i = line / w.out[1] * w.stride[0] - w.pad[0] + a * w.dilation[0];
                        int64_t j = line % w.out[1] * w.stride[1] - w.pad[1] + b * w.dilation[1];
                        bool there = i >= 0 && i < w.in[0] && j >= 0 && j < w.in[1];
                        Range r = {from, from};
                        if (there) r = {std::clamp(valid.low, from, to), std::clamp(valid.high, from, to)};
                        int64_t at = ((c * w.in[0] + i) * w.in[1] + j) * w.in[2] + shift;
                        row(k, p - first, from, to, r, at);
                        p += to - from;
                    }
                }
}

// Whole lines of windows, one for each input: a row of the matrix is a part of the planes, moved.
bool moves_planes(const Windows& w, int64_t first, int64_t last) {
    return w.out[2] > 0 && first % w.out[2] == 0 && last % w.out[2] == 0 && w.stride[0] == 1 && w.stride[1] == 1 &&
           w.stride[2] == 1 && w.in[2] == w.out[2];
}

// out[row, col] = x[from + row + down, col + across] for so many lines, 0 outside. The lines that are there are copied in one piece,
// then what came from the end of another line is cleared.
template <class T>
void move_lines(const Windows& w, const T* x, int64_t from, int64_t count, int64_t down, int64_t across, T* out) {
    int64_t width = w.out[2], left = std::min(std::max<int64_t>(-across, 0), width);
    int64_t right = std::min(std::max<int64_t>(across, 0), width);
    Range lines = inside(w.in[1], count, 1, from + down);
    int64_t begin = lines.low * width, end = lines.high * width;
    std::fill_n(out, begin, T(0));
    std::fill_n(out + end, count * width - end, T(0));
    int64_t copied = end - begin - left - right;
    if (left + right < width && copied > 0)
        move_bytes(out + begin + left, x + begin + (from + down) * width + (across > 0 ? across : 0),
                   static_cast<size_t>(copied) * sizeof(T));
    for (T* line = out + begin; line < out + end; line += width) {
        for (int64_t i = 0; i < left; ++i) line[i] = 0;
        for (int64_t i = width - right; i < width; ++i) line[i] = 0;
    }
}

// The same for lines first to last of all planes' lines.
template <class T>
void move_planes(const Windows& w, const T* x, int64_t first, int64_t last, int64_t deeper, int64_t down,
                 int64_t across, T* out) {
    for (int64_t line = first; line < last;) {
        int64_t plane = line / w.out[1], from = line % w.out[1], count = std::min(w.out[1] - from, last - line);
        int64_t source = plane + deeper;
        if (source < 0 || source >= w.in[0]) std::fill_n(out, count * w.out[2], T(0));
        else move_lines(w, x + source * w.in[1] * w.in[2], from, count, down, across, out);
        out += count * w.out[2];
        line += count;
    }
}

template <class T> constexpr DType type_of() { return sizeof(T) == 4 ? DType::Float32 : DType::Float64; }

}  // namespace

template <class T>
void im2col(const Windows& w, const T* x, int64_t channels, int64_t first, int64_t last, T* col, int64_t ld) {
    if (moves_planes(w, first, last)) {
        for (int64_t c = 0; c < channels; ++c, x += w.in_size())
            for (int64_t a = 0; a < w.kernel[0]; ++a)
                for (int64_t b = 0; b < w.kernel[1]; ++b)
                    for (int64_t e = 0; e < w.kernel[2]; ++e, col += ld)
                        move_planes(w, x, first / w.out[2], last / w.out[2], a * w.dilation[0] - w.pad[0],
                                    b * w.dilation[1] - w.pad[1], e * w.dilation[2] - w.pad[2], col);
        return;
    }
    int64_t step = w.stride[2];
    each_row(w, channels, first, last, [&](int64_t k, int64_t at, int64_t from, int64_t to, Range r, int64_t source) {
        T* out = col + k * ld + at - from;
        for (int64_t o = from; o < r.low; ++o) out[o] = 0;
        if (step == 1) {
            if (r.high > r.low)
                move_bytes(out + r.low, x + source + r.low, static_cast<size_t>(r.high - r.low) * sizeof(T));
        } else {
            for (int64_t o = r.low; o < r.high; ++o) out[o] = x[source + o * step];
        }
        for (int64_t o = r.high; o < to; ++o) out[o] = 0;
    });
}

template <class T>
void col2im(const Windows& w, const T* col, int64_t channels, int64_t first, int64_t last, T* x, int64_t ld) {
    constexpr int64_t size = sizeof(T);
    Loop add = kernels().binary[static_cast<int>(Binary::Add)][static_cast<int>(type_of<T>())];
    int64_t strides[3] = {w.stride[2] * size, w.stride[2] * size, size};
    each_row(w, channels, first, last, [&](int64_t k, int64_t at, int64_t from, int64_t, Range r, int64_t source) {
        if (r.high <= r.low) return;
        T* to = x + source + r.low * w.stride[2];
        const T* values = col + k * ld + at - from + r.low;
        char* ptr[3] = {reinterpret_cast<char*>(to), reinterpret_cast<char*>(to),
                        const_cast<char*>(reinterpret_cast<const char*>(values))};
        add(ptr, strides, r.high - r.low, nullptr);
    });
}

template void im2col(const Windows&, const float*, int64_t, int64_t, int64_t, float*, int64_t);
template void im2col(const Windows&, const double*, int64_t, int64_t, int64_t, double*, int64_t);
template void col2im(const Windows&, const float*, int64_t, int64_t, int64_t, float*, int64_t);
template void col2im(const Windows&, const double*, int64_t, int64_t, int64_t, double*, int64_t);

namespace {

struct Scratch {
    void* data = nullptr;
    size_t bytes = 0;
    ~Scratch() { std::free(data); }
};
thread_local Scratch scratch[4];

}  // namespace

void* thread_scratch(int slot, size_t bytes) {
    Scratch& s = scratch[slot];
    if (s.bytes < bytes) {
        std::free(s.data);
        s.bytes = 0;
        s.data = std::aligned_alloc(64, (bytes + 4095) / 4096 * 4096);
        if (!s.data) fail<OutOfMemory>("scratch memory: the system has no ", bytes, " bytes");
        s.bytes = (bytes + 4095) / 4096 * 4096;
    }
    return s.data;
}

}  // namespace chainrule::kernels
