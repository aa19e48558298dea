// Direct convolution of images and sequences: a strip of the padded input is copied once, then every tile of filters and outputs is
// summed in registers over all taps, reading neighbouring outputs' inputs as vectors. For a stride, columns of the copy are sorted by
// their remainder, so that outputs still have neighbouring inputs.

#include <algorithm>
#include <cstring>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/kernels.h"
#include "ops/conv_shape.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

using kernels::kConvFilters;
using kernels::Windows;

constexpr int64_t kStripBytes = 384 << 10;  // of a strip's copy: it stays in the second cache
constexpr int64_t kLargestStrip = 16 << 20;

struct DirectPlan {
    Windows w;
    int64_t groups, channels, filters, taps, panels;
    int64_t lanes, vectors_a_row, count;
    int64_t phase, line;            // elements of one remainder's columns, and of one row of the copy
    int64_t rows, in_rows, strips;  // output rows of a strip, rows of its copy

    DirectPlan(const ConvAttrs& a, int64_t group_channels, int64_t group_filters, int64_t size)
        : w(a.w),
          groups(a.groups),
          channels(group_channels),
          filters(group_filters),
          taps(a.w.kernel_size()),
          panels((group_filters + kConvFilters - 1) / kConvFilters),
          lanes(kernels::kernels().conv_vector_bytes / size),
          vectors_a_row((a.w.out[2] + lanes - 1) / lanes),
          count(std::min(lanes, a.w.out[2])) {
        phase = std::max(w.out[2], lanes) + (w.kernel[2] - 1) * w.dilation[2] / w.stride[2] + 1;
        line = phase * w.stride[2];
        int64_t row_bytes = std::max<int64_t>(channels * line * size, 1);
        int64_t fits = std::max<int64_t>((kStripBytes / row_bytes - reach(w, 1)) / w.stride[1] + 1, 1);
        strips = (w.out[1] + fits - 1) / fits;
        rows = (w.out[1] + strips - 1) / strips;
        in_rows = (rows - 1) * w.stride[1] + reach(w, 1);
    }
    // Worth it where vectors are mostly full.
    bool suits(int64_t size) const {
        bool plane = w.in[0] == 1 && w.out[0] == 1 && w.kernel[0] == 1 && w.pad[0] == 0;
        return plane && filters > 0 && w.out[2] * 8 >= lanes * 5 && channels * in_rows * line * size <= kLargestStrip &&
               channels > 0;
    }
};

// [panel][channel, tap][filter of the panel], zeros where there is no filter.
template <class T> void pack(const DirectPlan& p, const T* weight, T* packed) {
    int64_t k = p.channels * p.taps;
    for (int64_t panel = 0; panel < p.groups * p.panels; ++panel) {
        int64_t first = panel % p.panels * kConvFilters;
        const T* from = weight + (panel / p.panels * p.filters + first) * k;
        T* to = packed + panel * k * kConvFilters;
        for (int64_t f = 0; f < kConvFilters; ++f)
            for (int64_t i = 0; i < k; ++i) to[i * kConvFilters + f] = first + f < p.filters ? from[f * k + i] : T(0);
    }
}

template <class T> struct Direct {
    const DirectPlan& p;
    const T *x, *packed, *bias;
    T* y;
    const int64_t* taps;

    // Rows of the padded input that the strip sees, for all channels of a group.
    void copy_strip(const T* from, int64_t first_row, T* strip) const {
        const Windows& w = p.w;
        for (int64_t c = 0; c < p.channels; ++c)
            for (int64_t r = 0; r < p.in_rows; ++r) {
                T* to = strip + (c * p.in_rows + r) * p.line;
                int64_t row = first_row * w.stride[1] - w.pad[1] + r;
                if (row < 0 || row >= w.in[1]) std::fill_n(to, p.line, T(0));
                else copy_row(from + (c * w.in[1] + row) * w.in[2], to);
            }
    }
    void copy_row(const T* from, T* to) const {
        int64_t s = p.w.stride[2], size = p.w.in[2];
        for (int64_t f = 0; f < s; ++f, to += p.phase) {
            // Column i holds input i s + shift.
            int64_t shift = f - p.w.pad[2];
            int64_t low = std::clamp<int64_t>(shift >= 0 ? 0 : (-shift + s - 1) / s, 0, p.phase);
            int64_t high = std::clamp<int64_t>(size > shift ? (size - shift + s - 1) / s : 0, low, p.phase);
            for (int64_t i = 0; i < low; ++i) to[i] = 0;
            if (s == 1) std::memcpy(to + low, from + low + shift, static_cast<size_t>(high - low) * sizeof(T));
            else
                for (int64_t i = low; i < high; ++i) to[i] = from[i * s + shift];
            for (int64_t i = high; i < p.phase; ++i) to[i] = 0;
        }
    }

    void strip(int64_t sample, int64_t group, int64_t number) const {
        int64_t first = number * p.rows, rows = std::min(p.rows, p.w.out[1] - first), k = p.channels * p.taps;
        if (rows <= 0) return;
        // A vector more, as the last one of a row may be read beyond what counts.
        size_t bytes = static_cast<size_t>(p.channels * p.in_rows * p.line + p.lanes) * sizeof(T);
        T* copy = static_cast<T*>(kernels::thread_scratch(0, bytes));
        copy_strip(x + (sample * p.groups + group) * p.channels * p.w.in_size(), first, copy);
        kernels::ConvTile t;
        int64_t in_at[8], out_at[8];
        t.x = copy;
        t.taps = taps;
        t.in_at = in_at;
        t.out_at = out_at;
        t.n_taps = k;
        t.ldy = p.w.out_size();
        t.count = static_cast<int>(p.count);
        const kernels::ConvTiles run =
            kernels::kernels().conv_tile[static_cast<int>(sizeof(T) == 4 ? DType::Float32 : DType::Float64)];
        int64_t most = kernels::kernels().conv_vectors, total = rows * p.vectors_a_row;
        T* to = y + (sample * p.groups + group) * p.filters * p.w.out_size();
        for (int64_t v = 0; v < total; v += t.vectors) {
            // Four vectors are two and two, not three and one.
            int64_t left = total - v;
            t.vectors = static_cast<int>(left == 4 && most == 3 ? 2 : std::min(left, most));
            for (int i = 0; i < t.vectors; ++i) {
                int64_t row = (v + i) / p.vectors_a_row;
                // The last vector of a row ends with it: some outputs are computed twice.
                int64_t col = std::max<int64_t>(std::min((v + i) % p.vectors_a_row * p.lanes, p.w.out[2] - p.lanes), 0);
                in_at[i] = row * p.w.stride[1] * p.line + col;
                out_at[i] = (first + row) * p.w.out[2] + col;
            }
            for (int64_t panel = 0; panel < p.panels; ++panel) {
                int64_t f = panel * kConvFilters;
                t.w = packed + (group * p.panels + panel) * k * kConvFilters;
                t.bias = bias ? bias + group * p.filters + f : nullptr;
                t.y = to + f * t.ldy;
                t.filters = static_cast<int>(std::min<int64_t>(kConvFilters, p.filters - f));
                run(t);
            }
        }
    }
};

}  // namespace

bool conv_direct(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
    int64_t size = static_cast<int64_t>(x.item_size());
    DirectPlan p(a, weight.size(1), weight.size(0) / a.groups, size);
    if (!p.suits(size)) return false;
    int64_t k = p.channels * p.taps;
    Tensor packed = empty({p.groups * p.panels * k * kConvFilters}, x.dtype()), places = empty({k}, DType::Int64);
    int64_t* taps = places.data<int64_t>();
    for (int64_t c = 0, i = 0; c < p.channels; ++c)
        for (int64_t r = 0; r < p.w.kernel[1]; ++r)
            for (int64_t e = 0; e < p.w.kernel[2]; ++e, ++i) {
                int64_t col = e * p.w.dilation[2], step = p.w.stride[2];
                taps[i] = (c * p.in_rows + r * p.w.dilation[1]) * p.line + col % step * p.phase + col / step;
            }
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        pack(p, weight.data<T>(), packed.data<T>());
        Direct<T> d{p, x.data<T>(), packed.data<T>(), bias ? bias.data<T>() : nullptr, y.data<T>(), taps};
        int64_t units = x.size(0) * p.groups * p.strips;
        double flops = 2.0 * static_cast<double>(y.numel()) * static_cast<double>(k),
               each = flops / static_cast<double>(units + 1) + 1;
        Unlock unlock(static_cast<int64_t>(flops));
        parallel_for(units, static_cast<int64_t>(4e5 / each) + 1, [&](int64_t begin, int64_t end) {
            for (int64_t u = begin; u < end; ++u)
                d.strip(u / p.strips / p.groups, u / p.strips % p.groups, u % p.strips);
        });
    });
    return true;
}

}  // namespace chainrule
