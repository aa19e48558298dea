// Convolution and its adjoints as products of matrices: windows are laid out as columns block by block and multiplied at once.
// Blocks depend on the shapes alone and each is written by one thread, so results are the same for any number of threads.

#include <algorithm>
#include <cstring>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/blas.h"
#include "kernels/gemm.h"
#include "ops/conv_shape.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

using kernels::col2im;
using kernels::im2col;
using kernels::thread_scratch;
using kernels::Windows;

// A block of columns: about this many rows (channels times kernel) and columns, so that it stays in the second cache.
constexpr int64_t kBlockRows = 320, kBlockCols = 256;
constexpr double kPieceFlops = 4e5;  // of a thread's piece, at least

enum Slot { Columns, Staging };

template <class T> T* scratch(Slot slot, int64_t n) {
    return static_cast<T*>(thread_scratch(slot, static_cast<size_t>(n) * sizeof(T)));
}

template <class T>
void product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
             int64_t ldc, T beta = 1) {
    constexpr DType type = sizeof(T) == 4 ? DType::Float32 : DType::Float64;
    kernels::gemm_serial({type, ta, tb, m, n, k, lda, ldb, ldc, 1, static_cast<double>(beta)}, a, b, c);
}

// Rows that begin with a cache line, and at an odd number of lines from each other: with a power of two few places of the first cache
// would serve them all.
int64_t padded(int64_t n) { return ((n + 15) / 16 | 1) * 16; }

// Sizes that all three need. Channels are counted in one group.
struct Plan {
    Windows w;
    int64_t batch, groups, channels, filters, taps, in, out;
    int64_t channel_block;  // channels whose windows are laid out together
    int64_t cols;           // windows laid out together, of one sample or of several
    // The same for the weight's gradient, where they are summed over: whole planes if a block has few rows.
    int64_t weight_cols;

    Plan(const ConvAttrs& a, const Tensor& x, const Tensor& weight)
        : w(a.w),
          batch(x.size(0)),
          groups(a.groups),
          channels(weight.size(1)),
          filters(weight.size(0) / a.groups),
          taps(a.w.kernel_size()),
          in(a.w.in_size()),
          out(a.w.out_size()) {
        channel_block = std::clamp<int64_t>(kBlockRows / std::max<int64_t>(taps, 1), 1, std::max<int64_t>(channels, 1));
        cols = block_cols();
        weight_cols = std::min(out, kBlockCols * std::max<int64_t>(kBlockRows / std::max<int64_t>(block_rows(), 1), 1));
    }
    // Blocks of about one size, of whole lines where those are short.
    int64_t block_cols() const {
        int64_t blocks = std::max<int64_t>((out + kBlockCols - 1) / kBlockCols, 1),
                unit = w.out[2] <= kBlockCols ? w.out[2] : 16;
        int64_t each = (out + blocks - 1) / blocks;
        return std::min(out, (each + unit - 1) / std::max<int64_t>(unit, 1) * unit);
    }
    int64_t block_rows() const { return channel_block * taps; }
    int64_t channel_blocks() const { return (channels + channel_block - 1) / channel_block; }
    int64_t col_blocks() const { return (out + cols - 1) / cols; }
    int64_t block_channels(int64_t i) const { return std::min(channel_block, channels - i * channel_block); }
    bool empty() const { return batch == 0 || groups * filters == 0 || out == 0; }
    double flops() const {
        return 2.0 * static_cast<double>(batch * groups * filters) * static_cast<double>(channels * taps) *
               static_cast<double>(out);
    }
    int64_t grain(int64_t units) const {
        double each = flops() / static_cast<double>(units) + 1;
        return each >= kPieceFlops ? 1 : static_cast<int64_t>(kPieceFlops / each) + 1;
    }
};

// Several samples with few windows each share one product, whose result is then put where it belongs. A weight's gradient, which is
// put nowhere, gains sooner.
constexpr int64_t kFewWindows = 64, kFewForWeight = kBlockCols / 2;

template <class T> struct Forward {
    const Plan& p;
    const T *x, *weight, *bias;
    T* y;

    void add_bias(T* to, int64_t group, int64_t cols, int64_t ld) const {
        for (int64_t f = 0; bias && f < p.filters; ++f) {
            T *row = to + f * ld, more = bias[group * p.filters + f];
            for (int64_t i = 0; i < cols; ++i) row[i] += more;
        }
    }

    // Windows first..last of one sample.
    void single(int64_t sample, int64_t group, int64_t first, int64_t last) const {
        int64_t rows = p.channels * p.taps, n = last - first;
        T* to = y + (sample * p.groups + group) * p.filters * p.out + first;
        const T* from = x + (sample * p.groups + group) * p.channels * p.in;
        const T* filter = weight + group * p.filters * rows;
        if (p.w.is_identity() || rows == 0) {
            product(false, false, p.filters, n, rows, filter, rows, from + first, p.in, to, p.out, T(0));
            add_bias(to, group, n, p.out);
            return;
        }
        for (int64_t b = 0; b < p.channel_blocks(); ++b) {
            int64_t c = b * p.channel_block, some = p.block_channels(b);
            T* col = scratch<T>(Columns, p.block_rows() * padded(p.cols));
            im2col(p.w, from + c * p.in, some, first, last, col, padded(n));
            product(false, false, p.filters, n, some * p.taps, filter + c * p.taps, rows, col, padded(n), to, p.out,
                    T(b > 0));
        }
        add_bias(to, group, n, p.out);
    }

    // All windows of several samples.
    void several(int64_t first, int64_t count, int64_t group) const {
        int64_t rows = p.channels * p.taps, n = count * p.out;
        T *col = scratch<T>(Columns, p.block_rows() * padded(n)), *staged = scratch<T>(Staging, p.filters * n);
        if (rows == 0) std::fill_n(staged, p.filters * n, T(0));
        for (int64_t b = 0; b < p.channel_blocks(); ++b) {
            int64_t c = b * p.channel_block, some = p.block_channels(b);
            for (int64_t s = 0; s < count; ++s)
                im2col(p.w, x + (((first + s) * p.groups + group) * p.channels + c) * p.in, some, 0, p.out,
                       col + s * p.out, padded(n));
            product(false, false, p.filters, n, some * p.taps, weight + group * p.filters * rows + c * p.taps, rows,
                    col, padded(n), staged, n, T(b > 0));
        }
        add_bias(staged, group, n, n);
        for (int64_t s = 0; s < count; ++s)
            for (int64_t f = 0; f < p.filters; ++f)
                std::memcpy(y + (((first + s) * p.groups + group) * p.filters + f) * p.out, staged + f * n + s * p.out,
                            static_cast<size_t>(p.out) * sizeof(T));
    }

    void run() const {
        if (p.out < kFewWindows) {
            int64_t count = std::min(p.batch, std::max<int64_t>(kBlockCols / p.out, 1));
            int64_t parts = (p.batch + count - 1) / count, units = parts * p.groups;
            parallel_for(units, p.grain(units), [&](int64_t begin, int64_t end) {
                for (int64_t u = begin; u < end; ++u) {
                    int64_t first = u / p.groups * count;
                    several(first, std::min(count, p.batch - first), u % p.groups);
                }
            });
            return;
        }
        int64_t blocks = p.col_blocks(), units = p.batch * p.groups * blocks;
        parallel_for(units, p.grain(units), [&](int64_t begin, int64_t end) {
            for (int64_t u = begin; u < end; ++u) {
                int64_t first = u % blocks * p.cols, sample = u / blocks;
                single(sample / p.groups, sample % p.groups, first, std::min(p.out, first + p.cols));
            }
        });
    }
};

template <class T> struct BackwardInput {
    const Plan& p;
    const T *y, *weight, *bias;
    T* x;

    // One block of channels of one sample: nothing else writes there.
    void block(int64_t sample, int64_t group, int64_t b) const {
        int64_t rows = p.channels * p.taps, c = b * p.channel_block, some = p.block_channels(b);
        T* to = x + ((sample * p.groups + group) * p.channels + c) * p.in;
        const T* from = y + (sample * p.groups + group) * p.filters * p.out;
        const T* filter = weight + group * p.filters * rows + c * p.taps;
        for (int64_t i = 0; i < some; ++i)
            std::fill_n(to + i * p.in, p.in, bias ? bias[group * p.channels + c + i] : T(0));
        if (p.filters == 0) return;
        if (p.w.is_identity()) {
            product(true, false, some, p.out, p.filters, filter, rows, from, p.out, to, p.in);
            return;
        }
        T* col = scratch<T>(Columns, p.block_rows() * p.cols);
        for (int64_t first = 0; first < p.out; first += p.cols) {
            int64_t last = std::min(p.out, first + p.cols), n = last - first;
            product(true, false, some * p.taps, n, p.filters, filter, rows, from + first, p.out, col, n, T(0));
            col2im(p.w, col, some, first, last, to, n);
        }
    }

    void run() const {
        int64_t blocks = p.channel_blocks(), units = p.batch * p.groups * blocks;
        parallel_for(units, p.grain(units), [&](int64_t begin, int64_t end) {
            for (int64_t u = begin; u < end; ++u) block(u / blocks / p.groups, u / blocks % p.groups, u % blocks);
        });
    }
};

template <class T> struct BackwardWeight {
    const Plan& p;
    const T *x, *y;
    T* weight;

    // Adds the windows of samples first..last, for one block of channels.
    void block(int64_t first, int64_t last, int64_t group, int64_t b, T* sum) const {
        int64_t rows = p.channels * p.taps, c = b * p.channel_block, some = p.block_channels(b), k = some * p.taps;
        T* to = sum + group * p.filters * rows + c * p.taps;
        for (int64_t f = 0; f < p.filters; ++f) std::fill_n(to + f * rows, k, T(0));
        if (p.out <= kFewForWeight) {
            several(first, last, group, c, some, to);
            return;
        }
        for (int64_t s = first; s < last; ++s) {
            const T* from = x + ((s * p.groups + group) * p.channels + c) * p.in;
            const T* grad = y + (s * p.groups + group) * p.filters * p.out;
            if (p.w.is_identity()) {
                product(false, true, p.filters, k, p.out, grad, p.out, from, p.in, to, rows);
                continue;
            }
            T* col = scratch<T>(Columns, p.block_rows() * p.weight_cols);
            for (int64_t at = 0; at < p.out; at += p.weight_cols) {
                int64_t n = std::min(p.weight_cols, p.out - at);
                im2col(p.w, from, some, at, at + n, col, n);
                product(false, true, p.filters, k, n, grad + at, p.out, col, n, to, rows);
            }
        }
    }

    // Few windows a sample: those of several samples side by side.
    void several(int64_t first, int64_t last, int64_t group, int64_t c, int64_t some, T* to) const {
        int64_t count = std::max<int64_t>(kBlockCols / p.out, 1), width = count * p.out;
        T *col = scratch<T>(Columns, some * p.taps * width), *grads = scratch<T>(Staging, p.filters * width);
        for (int64_t s = first; s < last; s += count) {
            int64_t here = std::min(count, last - s), n = here * p.out;
            for (int64_t i = 0; i < here; ++i) {
                int64_t at = (s + i) * p.groups + group;
                im2col(p.w, x + (at * p.channels + c) * p.in, some, 0, p.out, col + i * p.out, n);
                for (int64_t f = 0; f < p.filters; ++f)
                    std::memcpy(grads + f * n + i * p.out, y + (at * p.filters + f) * p.out,
                                static_cast<size_t>(p.out) * sizeof(T));
            }
            product(false, true, p.filters, some * p.taps, n, grads, n, col, n, to, p.channels * p.taps);
        }
    }

    // Chunks of the batch go into sums of their own, which are added in order.
    int64_t chunks() const {
        int64_t size = p.groups * p.filters * p.channels * p.taps;
        int64_t most = std::max<int64_t>((int64_t{1} << 20) / std::max<int64_t>(size, 1), 1);
        double worth = p.flops() / kPieceFlops;
        int64_t wanted = worth < 2 ? 1 : worth > 16 ? 16 : static_cast<int64_t>(worth);
        return std::clamp<int64_t>(std::min(wanted, most), 1, std::max<int64_t>(p.batch, 1));
    }

    void run(DType dtype) const {
        int64_t size = p.groups * p.filters * p.channels * p.taps, parts = chunks();
        int64_t blocks = p.channel_blocks(), units = parts * p.groups * blocks;
        Tensor room = chainrule::empty({parts - 1, size}, dtype);
        T* sums = room.data<T>();
        Unlock unlock(static_cast<int64_t>(p.flops()));
        parallel_for(units, p.grain(units), [&](int64_t begin, int64_t end) {
            for (int64_t u = begin; u < end; ++u) {
                int64_t part = u / blocks / p.groups;
                T* sum = part == 0 ? weight : sums + (part - 1) * size;
                block(part * p.batch / parts, (part + 1) * p.batch / parts, u / blocks % p.groups, u % blocks, sum);
            }
        });
        constexpr int64_t kSumGrain = 1 << 14;
        parallel_for(size, kSumGrain, [&](int64_t begin, int64_t end) {
            for (int64_t part = 0; part + 1 < parts; ++part)
                for (int64_t i = begin; i < end; ++i) weight[i] += sums[part * size + i];
        });
    }
};

// The weight for the adjoint of a convolution with stride 1, which is one itself: axes of channels exchanged, kernels reversed.
template <class T> void flip(const Plan& p, const T* weight, T* flipped) {
    for (int64_t g = 0; g < p.groups; ++g)
        for (int64_t c = 0; c < p.channels; ++c)
            for (int64_t f = 0; f < p.filters; ++f) {
                const T* from = weight + ((g * p.filters + f) * p.channels + c) * p.taps;
                T* to = flipped + ((g * p.channels + c) * p.filters + f) * p.taps;
                for (int64_t k = 0; k < p.taps; ++k) to[k] = from[p.taps - 1 - k];
            }
}

bool has_unit_stride(const Windows& w) { return w.stride[0] == 1 && w.stride[1] == 1 && w.stride[2] == 1; }

ConvAttrs flipped_attrs(const ConvAttrs& a) {
    ConvAttrs f = a;
    for (int d = 0; d < 3; ++d) {
        f.w.in[d] = a.w.out[d];
        f.w.out[d] = a.w.in[d];
        f.w.pad[d] = reach(a.w, d) - 1 - a.w.pad[d];
    }
    return f;
}

// Inputs whose places leave the same remainder by the stride see the same elements of a kernel: they are a convolution with stride 1
// of their own. One axis of it: input q stride + remainder - pad is sum_t w[remainder + t stride] y[q - t].
struct Phase {
    int64_t taps, first, count;  // elements of the kernel, first input, number of inputs
    int64_t pad;

    Phase(const Windows& w, int axis, int64_t remainder) {
        int64_t s = w.stride[axis], q = std::max<int64_t>(0, (w.pad[axis] - remainder + s - 1) / s);
        taps = w.kernel[axis] > remainder ? (w.kernel[axis] - remainder + s - 1) / s : 0;
        first = q * s + remainder - w.pad[axis];
        count = w.in[axis] > first ? (w.in[axis] - first + s - 1) / s : 0;
        pad = taps - 1 - q;
    }
};

// The weight of a phase: axes of channels exchanged, the kernel's elements of the remainders in reverse order.
template <class T> void pick(const Plan& p, const int64_t* remainder, const Phase* phase, const T* weight, T* picked) {
    const Windows& w = p.w;
    auto element = [&](int axis, int64_t t) { return remainder[axis] + (phase[axis].taps - 1 - t) * w.stride[axis]; };
    for (int64_t g = 0; g < p.groups; ++g)
        for (int64_t c = 0; c < p.channels; ++c)
            for (int64_t f = 0; f < p.filters; ++f) {
                const T* from = weight + ((g * p.filters + f) * p.channels + c) * p.taps;
                for (int64_t i = 0; i < phase[0].taps; ++i)
                    for (int64_t j = 0; j < phase[1].taps; ++j)
                        for (int64_t k = 0; k < phase[2].taps; ++k)
                            *picked++ =
                                from[(element(0, i) * w.kernel[1] + element(1, j)) * w.kernel[2] + element(2, k)];
            }
}

bool has_phases(const ConvAttrs& a, const Plan& p) {
    const Windows& w = a.w;
    for (int d = 0; d < 3; ++d)
        if (w.dilation[d] != 1 || w.stride[d] > w.kernel[d]) return false;
    return w.stride[0] * w.stride[1] * w.stride[2] <= 8 && p.flops() > kPieceFlops;
}

void backward_by_phases(const ConvAttrs& a, const Plan& p, const Tensor& y, const Tensor& weight, const Tensor& bias,
                        const Tensor& x) {
    const Windows& w = a.w;
    for (int64_t u = 0; u < w.stride[0] * w.stride[1] * w.stride[2]; ++u) {
        const int64_t remainder[3] = {u / (w.stride[1] * w.stride[2]), u / w.stride[2] % w.stride[1], u % w.stride[2]};
        const Phase phase[3] = {Phase(w, 0, remainder[0]), Phase(w, 1, remainder[1]), Phase(w, 2, remainder[2])};
        ConvAttrs part = a;
        for (int d = 0; d < 3; ++d) {
            part.w.in[d] = w.out[d];
            part.w.out[d] = phase[d].count;
            part.w.kernel[d] = phase[d].taps;
            part.w.stride[d] = 1;
            part.w.pad[d] = phase[d].pad;
        }
        if (part.w.out_size() == 0) continue;
        Tensor picked = empty({p.groups * p.channels, p.filters, part.w.kernel_size()}, x.dtype());
        visit_floating(x.dtype(), [&](auto zero) {
            using T = decltype(zero);
            pick(p, remainder, phase, weight.data<T>(), picked.data<T>());
        });
        Tensor values =
            empty({p.batch, p.groups * p.channels, phase[0].count, phase[1].count, phase[2].count}, x.dtype());
        conv_forward(part, y, picked, bias, values);
        const int64_t plane = w.in[1] * w.in[2];
        Dims strides = {p.groups * p.channels * p.in, p.in, w.stride[0] * plane, w.stride[1] * w.in[2], w.stride[2]};
        int64_t at = phase[0].first * plane + phase[1].first * w.in[2] + phase[2].first;
        copy_data(alias(x, values.shape(), strides, at), values);
    }
}

// With kernels for small products a matrix of windows pays where it is the input itself or many filters read each window; with few,
// or a stride, laying it out takes longer than it saves.
bool multiplies(const ConvAttrs& a, const Plan& p) {
    if (!kernels::blas_has_small_kernels() || p.filters < 16) return false;
    return a.w.is_identity() || std::min(p.filters, p.channels) >= 128;
}

}  // namespace

void conv_forward(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
    Plan p(a, x, weight);
    if (p.empty()) return;
    if (is_depthwise(a, weight) && depthwise_suits(a)) return depthwise_forward(a, x, weight, bias, y);
    if (!multiplies(a, p) && conv_direct(a, x, weight, bias, y)) return;
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        Forward<T> f{p, x.data<T>(), weight.data<T>(), bias ? bias.data<T>() : nullptr, y.data<T>()};
        Unlock unlock(static_cast<int64_t>(p.flops()));
        f.run();
    });
}

void conv_backward_input(const ConvAttrs& a, const Tensor& y, const Tensor& weight, const Tensor& bias,
                         const Tensor& x) {
    if (x.numel() == 0) return;
    if (!has_unit_stride(a.w) && is_depthwise(a, weight)) return depthwise_backward_input(a, y, weight, bias, x);
    Plan p(a, x, weight);
    if (has_unit_stride(a.w) && !a.w.is_identity() && p.out > 0 && p.filters > 0) {
        Tensor flipped = empty({p.groups * p.channels, p.filters, p.taps}, x.dtype());
        visit_floating(x.dtype(), [&](auto zero) {
            using T = decltype(zero);
            flip(p, weight.data<T>(), flipped.data<T>());
        });
        conv_forward(flipped_attrs(a), y, flipped, bias, x);
        return;
    }
    if (!has_unit_stride(a.w) && has_phases(a, p)) return backward_by_phases(a, p, y, weight, bias, x);
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        BackwardInput<T> f{p, y.data<T>(), weight.data<T>(), bias ? bias.data<T>() : nullptr, x.data<T>()};
        Unlock unlock(static_cast<int64_t>(p.flops()));
        f.run();
    });
}

void conv_backward_weight(const ConvAttrs& a, const Tensor& x, const Tensor& y, const Tensor& weight) {
    Plan p(a, x, weight);
    if (weight.numel() == 0) return;
    if (p.empty()) {
        zero_data(weight);
        return;
    }
    if (is_depthwise(a, weight) && (!has_unit_stride(a.w) || depthwise_suits(a)))
        return depthwise_backward_weight(a, x, y, weight);
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        BackwardWeight<T>{p, x.data<T>(), y.data<T>(), weight.data<T>()}.run(x.dtype());
    });
}

}  // namespace chainrule
