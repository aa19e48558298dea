// Convolutions whose channels are each on their own. Forward: each plane is copied between zeros, sorted by the remainders of a stride;
// an output's inputs are then the same distances away everywhere, and outputs are summed as one long line, those between two rows for
// nothing. Very large planes with a stride, and its gradients: as sums over the kernel's elements, row by row, since a matrix of windows
// would be read once for each element that is laid out.

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/kernels.h"
#include "ops/conv_shape.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

// f(kernel element, its first input element of an output row, that row's first output element, how many): of one plane.
template <class F> void for_rows(const kernels::Windows& w, const F& f) {
    const int64_t* k = w.kernel;
    for (int64_t tap = 0; tap < w.kernel_size(); ++tap) {
        const int64_t at[3] = {tap / (k[1] * k[2]), tap / k[2] % k[1], tap % k[2]};
        int64_t from[3], low[3], high[3];  // input position of output 0, and the outputs whose input exists
        for (int d = 0; d < 3; ++d) {
            from[d] = at[d] * w.dilation[d] - w.pad[d];
            const int64_t s = w.stride[d], last = w.in[d] - 1 - from[d];
            low[d] = from[d] < 0 ? (-from[d] + s - 1) / s : 0;
            high[d] = last < 0 ? 0 : std::min(w.out[d], last / s + 1);
        }
        if (low[2] >= high[2]) continue;
        for (int64_t i = low[0]; i < high[0]; ++i)
            for (int64_t j = low[1]; j < high[1]; ++j) {
                const int64_t x = from[0] + i * w.stride[0], y = from[1] + j * w.stride[1];
                f(tap, (x * w.in[1] + y) * w.in[2] + from[2] + low[2] * w.stride[2],
                  (i * w.out[1] + j) * w.out[2] + low[2], high[2] - low[2]);
            }
    }
}

// work(plane of the output) for all of them.
template <class F> void for_planes(const ConvAttrs& a, int64_t planes, const F& work) {
    const int64_t each = a.w.out_size() * a.w.kernel_size() + a.w.in_size() + 1;
    Unlock unlock(planes * each);
    parallel_for(planes, kGrain / each + 1, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) work(p);
    });
}

// A short row is copied sooner than memcpy is called: 16 bytes at a time, the last ones ending with the row.
template <class T> void copy_row(T* to, const T* from, int64_t n) {
    constexpr int64_t piece = 16 / sizeof(T), most = 12 * piece;
    if (n < piece || n > most) {
        std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
        return;
    }
    for (int64_t i = 0; i + piece <= n; i += piece) std::memcpy(to + i, from + i, 16);
    std::memcpy(to + n - piece, from + n - piece, 16);
}

bool has_stride(const kernels::Windows& w) { return w.stride[0] > 1 || w.stride[1] > 1 || w.stride[2] > 1; }

// A plane between zeros, or with a stride one for each remainder of the places.
struct Padded {
    const kernels::Windows& w;
    int64_t size[3], part = 1, total, taps, flat;  // part: elements of one remainder; flat: outputs of the long line
    std::vector<int64_t> at;                       // how far the kernel's elements are away
    bool plain;                                    // without a stride

    explicit Padded(const kernels::Windows& windows) : w(windows), taps(w.kernel_size()), plain(!has_stride(w)) {
        for (int d = 0; d < 3; ++d) part *= size[d] = w.out[d] + (reach(w, d) - 1) / w.stride[d];
        total = part * w.stride[0] * w.stride[1] * w.stride[2];
        flat = ((w.out[0] - 1) * size[1] + w.out[1] - 1) * size[2] + w.out[2];
        for (int64_t i = 0; i < w.kernel[0]; ++i)
            for (int64_t j = 0; j < w.kernel[1]; ++j)
                for (int64_t k = 0; k < w.kernel[2]; ++k)
                    at.push_back(line_at(i * w.dilation[0], j * w.dilation[1]) + place_in_line(k * w.dilation[2]));
    }

    // Where row j of plane i, counted from the first zeros, begins in the copy, and how far from there element k lies.
    int64_t line_at(int64_t i, int64_t j) const {
        const int64_t* s = w.stride;
        return (i % s[0] * s[1] + j % s[1]) * s[2] * part + (i / s[0] * size[1] + j / s[1]) * size[2];
    }
    int64_t place_in_line(int64_t k) const { return k % w.stride[2] * part + k / w.stride[2]; }

    template <class T> static T* zeros(int slot, int64_t n) {
        const size_t bytes = static_cast<size_t>(n + kPast) * sizeof(T);
        return static_cast<T*>(std::memset(kernels::thread_scratch(slot, bytes), 0, bytes));
    }
    static constexpr int64_t kPast = 16;  // elements that a vector may be read beyond the end

    // The plane's rows into the copy, whose margins are and stay zeros.
    template <class T> void copy(const T* plane, T* to) const {
        int64_t low[3], high[3];
        for (int d = 0; d < 3; ++d) {
            low[d] = std::max<int64_t>(0, -w.pad[d]);
            high[d] = std::min(w.in[d], size[d] * w.stride[d] - w.pad[d]);
        }
        for (int64_t i = low[0]; i < high[0]; ++i) {
            const T* from = plane + (i * w.in[1] + low[1]) * w.in[2];
            if (plain) {
                T* out = to + line_at(i + w.pad[0], low[1] + w.pad[1]) + low[2] + w.pad[2];
                for (int64_t j = low[1]; j < high[1]; ++j, from += w.in[2], out += size[2])
                    copy_row(out, from + low[2], high[2] - low[2]);
                continue;
            }
            for (int64_t j = low[1]; j < high[1]; ++j, from += w.in[2])
                copy_line(from, low[2], high[2], to + line_at(i + w.pad[0], j + w.pad[1]));
        }
    }
    template <class T> void copy_line(const T* from, int64_t low, int64_t high, T* to) const {
        const int64_t step = w.stride[2];
        for (int64_t k = low; k < std::min(high, low + step); ++k) {
            T* out = to + place_in_line(k + w.pad[2]);
            const int64_t n = (high - k + step - 1) / step;
            if (step == 1) copy_row(out, from + k, n);
            else if (step == 2)
                for (int64_t c = 0; c < n; ++c) out[c] = from[k + 2 * c];
            else
                for (int64_t c = 0; c < n; ++c) out[c] = from[k + step * c];
        }
    }

    // f(row of the output plane, its place in the long line)
    template <class F> void for_lines(const F& f) const {
        for (int64_t i = 0; i < w.out[0]; ++i)
            for (int64_t j = 0; j < w.out[1]; ++j) f(i * w.out[1] + j, (i * size[1] + j) * size[2]);
    }
};

constexpr int64_t kLargestPlane = 1 << 19;  // that is copied
constexpr int64_t kLongRow = 48;            // outputs: enough for rows to be summed one by one

bool copies_suit(const kernels::Windows& w) { return Padded(w).total <= kLargestPlane; }

// Sums of n outputs by tiles of the direct convolution, with one filter; the last vector ends with the last output.
void sum_line(kernels::ConvTiles run, kernels::ConvTile& t, int64_t lanes, int64_t n) {
    const int64_t most = kernels::kernels().conv_vectors, vectors = (n + lanes - 1) / lanes;
    t.count = static_cast<int>(std::min(lanes, n));
    for (int64_t v = 0; v < vectors; v += t.vectors) {
        const int64_t left = vectors - v;
        t.vectors = static_cast<int>(left == 4 && most == 3 ? 2 : std::min(left, most));
        int64_t places[8];
        for (int i = 0; i < t.vectors; ++i) places[i] = std::max<int64_t>(std::min((v + i) * lanes, n - lanes), 0);
        t.in_at = t.out_at = places;
        run(t);
    }
}

template <class T>
void forward_by_copies(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
    const Padded p(a.w);
    const kernels::Table& table = kernels::kernels();
    const kernels::ConvTiles run = table.conv_tile[static_cast<int>(x.dtype())];
    const int64_t planes = x.size(0) * a.groups, each = a.w.out_size() * p.taps + p.total, width = a.w.out[2];
    const int64_t lanes = table.conv_vector_bytes / static_cast<int64_t>(sizeof(T));
    Tensor packed = empty({a.groups * p.taps, kernels::kConvFilters}, x.dtype());
    for (int64_t i = 0; i < a.groups * p.taps; ++i) packed.data<T>()[i * kernels::kConvFilters] = weight.data<T>()[i];
    Unlock unlock(planes * each);
    parallel_for(planes, kGrain / each + 1, [&](int64_t begin, int64_t end) {
        T *copy = Padded::zeros<T>(0, p.total), *line = Padded::zeros<T>(1, width < kLongRow ? p.flat : 0);
        for (int64_t plane = begin; plane < end; ++plane) {
            const int64_t channel = plane % a.groups;
            T* to = y.data<T>() + plane * a.w.out_size();
            p.copy(x.data<T>() + plane * a.w.in_size(), copy);
            kernels::ConvTile t{};
            t.x = copy;
            t.w = packed.data<T>() + channel * p.taps * kernels::kConvFilters;
            t.bias = bias ? bias.data<T>() + channel : nullptr;
            t.y = line;
            t.taps = p.at.data();
            t.n_taps = p.taps;
            t.filters = 1;
            if (width < kLongRow) {
                sum_line(run, t, lanes, p.flat);
                p.for_lines([&](int64_t row, int64_t place) { copy_row(to + row * width, line + place, width); });
                continue;
            }
            p.for_lines([&](int64_t row, int64_t place) {
                t.x = copy + place;
                t.y = to + row * width;
                sum_line(run, t, lanes, width);
            });
        }
    });
}

}  // namespace

bool is_depthwise(const ConvAttrs& a, const Tensor& weight) {
    return a.groups > 1 && weight.size(1) == 1 && weight.size(0) == a.groups;
}

bool depthwise_suits(const ConvAttrs& a) { return has_stride(a.w) || copies_suit(a.w); }

void depthwise_forward(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        if (copies_suit(a.w)) return forward_by_copies<T>(a, x, weight, bias, y);
        const int64_t step = a.w.stride[2], taps = a.w.kernel_size();
        for_planes(a, x.size(0) * a.groups, [&](int64_t plane) {
            const int64_t channel = plane % a.groups;
            const T *from = x.data<T>() + plane * a.w.in_size(), *w = weight.data<T>() + channel * taps;
            T* to = y.data<T>() + plane * a.w.out_size();
            std::fill_n(to, a.w.out_size(), bias ? bias.data<T>()[channel] : T(0));
            for_rows(a.w, [&](int64_t tap, int64_t in, int64_t out, int64_t n) {
                const T factor = w[tap], *read = from + in;
                T* row = to + out;
                if (step == 2)
                    for (int64_t i = 0; i < n; ++i) row[i] += factor * read[2 * i];
                else
                    for (int64_t i = 0; i < n; ++i) row[i] += factor * read[i * step];
            });
        });
    });
}

void depthwise_backward_input(const ConvAttrs& a, const Tensor& y, const Tensor& weight, const Tensor& bias,
                              const Tensor& x) {
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const int64_t step = a.w.stride[2], taps = a.w.kernel_size();
        for_planes(a, x.size(0) * a.groups, [&](int64_t plane) {
            const int64_t channel = plane % a.groups;
            const T *from = y.data<T>() + plane * a.w.out_size(), *w = weight.data<T>() + channel * taps;
            T* to = x.data<T>() + plane * a.w.in_size();
            std::fill_n(to, a.w.in_size(), bias ? bias.data<T>()[channel] : T(0));
            for_rows(a.w, [&](int64_t tap, int64_t in, int64_t out, int64_t n) {
                const T factor = w[tap], *read = from + out;
                T* row = to + in;
                for (int64_t i = 0; i < n; ++i) row[i * step] += factor * read[i];
            });
        });
    });
}

namespace {

// The gradient of one channel's weight, kernel element by kernel element.
template <class T> void weight_by_rows(const ConvAttrs& a, const Tensor& x, const Tensor& y, int64_t channel, T* to) {
    const int64_t step = a.w.stride[2];
    std::fill_n(to, a.w.kernel_size(), T(0));
    for (int64_t n = 0; n < x.size(0); ++n) {
        const int64_t plane = n * a.groups + channel;
        const T *from = x.data<T>() + plane * a.w.in_size(), *g = y.data<T>() + plane * a.w.out_size();
        for_rows(a.w, [&](int64_t tap, int64_t in, int64_t out, int64_t count) {
            const T *read = from + in, *grad = g + out;
            T even = 0, odd = 0;
            int64_t i = 0;
            for (; i + 2 <= count; i += 2) {
                even += read[i * step] * grad[i];
                odd += read[(i + 1) * step] * grad[i + 1];
            }
            if (i < count) even += read[i * step] * grad[i];
            to[tap] += even + odd;
        });
    }
}

// The same by copies: gradients lie in long lines, zeros between their rows, and are multiplied by the copies at the distance of each
// kernel element. What those hold beside the zeros must be finite: where the result is not, it is computed again row by row.
template <class T> class WeightByCopies {
  public:
    explicit WeightByCopies(const Padded& padded)
        : p_(padded), at_once_(std::max<int64_t>(kBytes / static_cast<int64_t>(sizeof(T)) / padded.total, 1)) {
        const int64_t most = rounded(at_once_ * p_.total);
        copies_ = Padded::zeros<T>(0, most + *std::max_element(p_.at.begin(), p_.at.end()));
        lines_ = Padded::zeros<T>(1, most);
    }

    // False where a sum is not finite.
    bool run(const ConvAttrs& a, const Tensor& x, const Tensor& y, int64_t channel, T* to) const {
        const auto dots = kernels::kernels().row_dots[static_cast<int>(x.dtype())];
        std::fill_n(to, p_.taps, T(0));
        for (int64_t first = 0; first < x.size(0); first += at_once_) {
            const int64_t count = std::min(at_once_, x.size(0) - first), used = count * p_.total;
            for (int64_t s = 0; s < count; ++s) {
                const int64_t plane = (first + s) * a.groups + channel;
                p_.copy(x.data<T>() + plane * a.w.in_size(), copies_ + s * p_.total);
                spread(y.data<T>() + plane * a.w.out_size(), lines_ + s * p_.total);
            }
            std::fill_n(lines_ + used, rounded(used) - used, T(0));
            for (int64_t tap = 0; tap < p_.taps; ++tap) {
                T sum;
                dots(copies_ + p_.at[static_cast<size_t>(tap)], 0, lines_, nullptr, &sum, 1, rounded(used));
                to[tap] += sum;
            }
        }
        return std::all_of(to, to + p_.taps, [](T v) { return v - v == 0; });
    }

  private:
    static constexpr int64_t kBytes = 16 << 10, kWhole = 64;  // of one buffer; elements that dots are made of
    static int64_t rounded(int64_t n) { return (n + kWhole - 1) / kWhole * kWhole; }
    void spread(const T* from, T* to) const {
        const int64_t width = p_.w.out[2];
        p_.for_lines([&](int64_t row, int64_t place) { copy_row(to + place, from + row * width, width); });
    }

    const Padded& p_;
    int64_t at_once_;  // planes
    T *copies_, *lines_;
};

}  // namespace

void depthwise_backward_weight(const ConvAttrs& a, const Tensor& x, const Tensor& y, const Tensor& weight) {
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const int64_t taps = a.w.kernel_size(), each = x.size(0) * a.w.out_size() * taps + 1;
        const bool copies = copies_suit(a.w);
        const Padded p(a.w);
        Unlock unlock(a.groups * each);
        parallel_for(a.groups, kGrain / each + 1, [&](int64_t begin, int64_t end) {
            if (!copies) {
                for (int64_t c = begin; c < end; ++c) weight_by_rows(a, x, y, c, weight.data<T>() + c * taps);
                return;
            }
            const WeightByCopies<T> by_copies(p);
            for (int64_t c = begin; c < end; ++c) {
                T* to = weight.data<T>() + c * taps;
                if (!by_copies.run(a, x, y, c, to)) weight_by_rows(a, x, y, c, to);
            }
        });
    });
}

}  // namespace chainrule
