// Direct convolution of volumes, images and sequences. A plane of a volume's output is that of an image whose channels are the
// planes of the input that it sees. A strip of the padded input is copied once, then every tile of filters and outputs is
// summed in registers over all taps, reading neighbouring outputs' inputs as vectors. For a stride, columns of the copy are sorted by
// their remainder, so that outputs still have neighbouring inputs. Rows too short for vectors are joined: then there is a copy for
// each column of the kernel, shifted and cut to the output's width, so that the end of a row is followed by the next (and rows are
// sorted by the remainder of their stride).

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
// Small samples are taken together, up to so many vectors, while so many units are left for the threads.
constexpr int64_t kVectorsOfUnit = 12, kUnits = 8;

struct DirectPlan {
    Windows w;
    int64_t groups, channels, filters, taps, panels;
    int64_t layers;  // planes of the input that a plane of the output sees
    int64_t lanes;
    bool joined;
    int64_t phase, line;            // elements of one remainder's columns, and of one row of the copy
    int64_t rows, in_rows, strips;  // output rows of a strip, rows of its copy
    int64_t row_phase, channel;     // rows of one remainder (where joined), elements of the copy of a layer
    int64_t samples;                // of a unit; planes of the output, where it is a volume

    DirectPlan(const ConvAttrs& a, int64_t group_channels, int64_t group_filters, int64_t batch, int64_t size)
        : w(a.w),
          groups(a.groups),
          channels(group_channels),
          filters(group_filters),
          taps(a.w.kernel_size()),
          panels((group_filters + kConvFilters - 1) / kConvFilters),
          layers(group_channels * a.w.kernel[0]),
          lanes(kernels::kernels().conv_vector_bytes / size) {
        joined = vectors(w.out[1], true) * 5 <= vectors(w.out[1], false) * 4;
        phase = joined ? w.out[2] : std::max(w.out[2], lanes) + (w.kernel[2] - 1) * w.dilation[2] / w.stride[2] + 1;
        line = phase * (joined ? w.kernel[2] : w.stride[2]);
        int64_t row_bytes = std::max<int64_t>(layers * line * size, 1);
        int64_t fits = std::max<int64_t>((kStripBytes / row_bytes - reach(w, 1)) / w.stride[1] + 1, 1);
        strips = (w.out[1] + fits - 1) / fits;
        rows = (w.out[1] + strips - 1) / strips;
        in_rows = (rows - 1) * w.stride[1] + reach(w, 1);
        row_phase = (in_rows + w.stride[1] - 1) / w.stride[1];
        channel = (joined ? row_phase * w.stride[1] : in_rows) * line;
        samples = 1;
        if (joined && strips == 1) {
            int64_t planes = batch * w.out[0], room = kStripBytes / std::max<int64_t>(layers * channel * size, 1);
            int64_t most = std::min({room, kVectorsOfUnit / vectors(rows, true), planes * groups / kUnits});
            samples = std::clamp<int64_t>(most, 1, std::max<int64_t>(planes, 1));
        }
    }
    // Vectors of so many rows of one sample's outputs.
    int64_t vectors(int64_t of_rows, bool join) const {
        if (join) return (of_rows * w.out[2] + lanes - 1) / lanes;
        return of_rows * ((w.out[2] + lanes - 1) / lanes);
    }
    // Worth it where vectors are mostly full.
    bool suits(int64_t size) const {
        bool full = joined ? rows * w.out[2] * 8 >= vectors(rows, true) * lanes * 5 : w.out[2] * 8 >= lanes * 5;
        return filters > 0 && full && layers * channel * size <= kLargestStrip && layers > 0;
    }
    // Where the copy holds the input of a tap, seen from an output's place.
    int64_t tap_at(int64_t c, int64_t row, int64_t e) const {
        int64_t down = row * w.dilation[1], across = e * w.dilation[2], step = w.stride[2];
        if (!joined) return (c * in_rows + down) * line + across % step * phase + across / step;
        int64_t shifted = (e * w.stride[1] + down % w.stride[1]) * row_phase + down / w.stride[1];
        return c * channel + shifted * phase;
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

    // Rows of the padded input that the strip of an output's plane sees, for all channels of a group.
    void copy_strip(const T* from, int64_t plane, int64_t first_row, T* strip) const {
        const Windows& w = p.w;
        for (int64_t c = 0; c < p.channels; ++c, from += w.in_size())
            for (int64_t a = 0; a < w.kernel[0]; ++a, strip += p.channel) {
                int64_t depth = plane * w.stride[0] - w.pad[0] + a * w.dilation[0];
                const T* layer = from + depth * w.in[1] * w.in[2];
                if (depth < 0 || depth >= w.in[0]) std::fill_n(strip, p.channel, T(0));
                else if (p.joined) copy_joined(layer, first_row, strip);
                else copy_channel(layer, first_row, strip);
            }
    }
    void copy_channel(const T* from, int64_t first_row, T* to) const {
        const Windows& w = p.w;
        for (int64_t r = 0; r < p.in_rows; ++r, to += p.line) {
            int64_t row = first_row * w.stride[1] - w.pad[1] + r;
            if (row < 0 || row >= w.in[1]) std::fill_n(to, p.line, T(0));
            else
                for (int64_t f = 0; f < w.stride[2]; ++f)
                    Columns(p, f - w.pad[2]).copy(from + row * w.in[2], to + f * p.phase);
        }
    }
    void copy_joined(const T* from, int64_t first_row, T* to) const {
        const Windows& w = p.w;
        for (int64_t e = 0; e < w.kernel[2]; ++e) {
            const Columns columns(p, e * w.dilation[2] - w.pad[2]);
            for (int64_t f = 0; f < w.stride[1]; ++f) {
                int64_t above = first_row * w.stride[1] - w.pad[1] + f;
                for (int64_t r = 0; r < p.row_phase; ++r, to += p.phase) {
                    int64_t row = above + r * w.stride[1];
                    if (row < 0 || row >= w.in[1]) std::fill_n(to, p.phase, T(0));
                    else columns.copy(from + row * w.in[2], to);
                }
            }
        }
    }
    // Column i of the copy holds input i s + shift; low and high: those that are there.
    struct Columns {
        int64_t s, shift, low, high, phase;
        Columns(const DirectPlan& p, int64_t by) : s(p.w.stride[2]), shift(by), phase(p.phase) {
            const int64_t size = p.w.in[2];
            low = std::clamp<int64_t>(shift >= 0 ? 0 : (-shift + s - 1) / s, 0, phase);
            high = std::clamp<int64_t>(size > shift ? (size - shift + s - 1) / s : 0, low, phase);
        }
        void copy(const T* from, T* to) const {
            for (int64_t i = 0; i < low; ++i) to[i] = 0;
            if (s == 1) std::memcpy(to + low, from + low + shift, static_cast<size_t>(high - low) * sizeof(T));
            else if (s == 2)
                for (int64_t i = low; i < high; ++i) to[i] = from[2 * i + shift];
            else
                for (int64_t i = low; i < high; ++i) to[i] = from[i * s + shift];
            for (int64_t i = high; i < phase; ++i) to[i] = 0;
        }
    };

    // Vector v of a strip's outputs: where it reads in the copy and writes in the plane. The last one of a row (joined: of all
    // rows) ends with it: some outputs are computed twice.
    void place(int64_t v, int64_t first_row, int64_t rows, int64_t* in_at, int64_t* out_at) const {
        if (p.joined) {
            *in_at = std::max<int64_t>(std::min(v * p.lanes, rows * p.w.out[2] - p.lanes), 0);
            *out_at = first_row * p.w.out[2] + *in_at;
            return;
        }
        int64_t a_row = p.vectors(1, false), row = v / a_row;
        int64_t col = std::max<int64_t>(std::min(v % a_row * p.lanes, p.w.out[2] - p.lanes), 0);
        *in_at = row * p.w.stride[1] * p.line + col;
        *out_at = (first_row + row) * p.w.out[2] + col;
    }

    // All filters, panel by panel, at the vectors that the tile names. to: the plane of the first one.
    void run_panels(kernels::ConvTile t, int64_t group, T* to) const {
        const kernels::ConvTiles run =
            kernels::kernels().conv_tile[static_cast<int>(sizeof(T) == 4 ? DType::Float32 : DType::Float64)];
        for (int64_t panel = 0; panel < p.panels; ++panel) {
            int64_t f = panel * kConvFilters;
            t.w = packed + (group * p.panels + panel) * t.n_taps * kConvFilters;
            t.bias = bias ? bias + group * p.filters + f : nullptr;
            t.y = to + f * t.ldy;
            t.filters = static_cast<int>(std::min<int64_t>(kConvFilters, p.filters - f));
            run(t);
        }
    }

    // The strip's copies of some planes, counted through all samples, one behind the other, and a vector more, as the last one of a row may be read beyond what
    // counts.
    T* copies(int64_t first, int64_t count, int64_t group, int64_t first_row) const {
        int64_t copied = p.layers * p.channel, depth = p.w.out[0];
        size_t bytes = static_cast<size_t>(count * copied + p.lanes) * sizeof(T);
        T* to = static_cast<T*>(kernels::thread_scratch(0, bytes));
        for (int64_t s = 0; s < count; ++s) {
            int64_t at = (first + s) / depth * p.groups + group;
            copy_strip(x + at * p.channels * p.w.in_size(), (first + s) % depth, first_row, to + s * copied);
        }
        return to;
    }

    // A strip of some planes.
    void strip(int64_t first_plane, int64_t count, int64_t group, int64_t number) const {
        int64_t first = number * p.rows, rows = std::min(p.rows, p.w.out[1] - first);
        if (rows <= 0) return;
        int64_t in_at[8], out_at[8], volume = p.groups * p.filters * p.w.out_size(), depth = p.w.out[0];
        kernels::ConvTile t;
        t.x = copies(first_plane, count, group, first);
        t.taps = taps;
        t.in_at = in_at;
        t.out_at = out_at;
        t.n_taps = p.channels * p.taps;
        t.ldy = p.w.out_size();
        t.count = static_cast<int>(std::min(p.lanes, p.joined ? rows * p.w.out[2] : p.w.out[2]));
        int64_t most = kernels::kernels().conv_vectors, each = p.vectors(rows, p.joined), total = count * each;
        for (int64_t v = 0; v < total; v += t.vectors) {
            // Four vectors are two and two, not three and one.
            int64_t left = total - v;
            t.vectors = static_cast<int>(left == 4 && most == 3 ? 2 : std::min(left, most));
            for (int i = 0; i < t.vectors; ++i) {
                int64_t s = (v + i) / each, plane = first_plane + s;
                place((v + i) % each, first, rows, &in_at[i], &out_at[i]);
                in_at[i] += s * p.layers * p.channel;
                out_at[i] += plane / depth * volume + plane % depth * p.w.out[1] * p.w.out[2];
            }
            run_panels(t, group, y + group * p.filters * p.w.out_size());
        }
    }
};

}  // namespace

bool conv_direct(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
    int64_t size = static_cast<int64_t>(x.item_size());
    DirectPlan p(a, weight.size(1), weight.size(0) / a.groups, x.size(0), size);
    if (!p.suits(size)) return false;
    int64_t k = p.channels * p.taps;
    Tensor packed = empty({p.groups * p.panels * k * kConvFilters}, x.dtype()), places = empty({k}, DType::Int64);
    int64_t* taps = places.data<int64_t>();
    for (int64_t c = 0, i = 0; c < p.layers; ++c)
        for (int64_t r = 0; r < p.w.kernel[1]; ++r)
            for (int64_t e = 0; e < p.w.kernel[2]; ++e, ++i) taps[i] = p.tap_at(c, r, e);
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        pack(p, weight.data<T>(), packed.data<T>());
        Direct<T> d{p, x.data<T>(), packed.data<T>(), bias ? bias.data<T>() : nullptr, y.data<T>(), taps};
        int64_t planes = x.size(0) * p.w.out[0], parts = (planes + p.samples - 1) / p.samples;
        int64_t units = parts * p.groups * p.strips;
        double flops = 2.0 * static_cast<double>(y.numel()) * static_cast<double>(k),
               each = flops / static_cast<double>(units + 1) + 1;
        Unlock unlock(static_cast<int64_t>(flops));
        parallel_for(units, static_cast<int64_t>(4e5 / each) + 1, [&](int64_t begin, int64_t end) {
            for (int64_t u = begin; u < end; ++u) {
                int64_t first = u / p.strips / p.groups * p.samples, count = std::min(p.samples, planes - first);
                d.strip(first, count, u / p.strips % p.groups, u % p.strips);
            }
        });
    });
    return true;
}

}  // namespace chainrule
