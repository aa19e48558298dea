// Windows as columns and back; interpolation along an axis; channels exchanged with positions.

#include <algorithm>
#include <cmath>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/conv_shape.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/visit.h"

namespace chainrule {

// ---- unfold and fold: im2col and its adjoint col2im ----
namespace {

extern const OpDef fold_op;

template <class F> void each_sample(const ConvAttrs& a, int64_t batch, int64_t work, const F& f) {
    Unlock unlock(batch * work);
    parallel_for(batch, (1 << 14) / (work + 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n) f(n, a.w.out_size());
    });
}

// Input (N, C, H, W), output (N, C taps, windows).
const OpDef unfold_op = {
    .name = "unfold",
    .grad_name = "Im2ColBackward0",
    .infer =
        [](InferCtx& c) {
            const ConvAttrs& a = c.attr<ConvAttrs>();
            const Tensor& x = c.input(0);
            check<TypeError>(is_floating(x.dtype()), "unfold: the input must be floating, got ", x.dtype(), ".");
            c.set(0, {x.size(0), x.size(1) * a.w.kernel_size(), a.w.out_size()}, x.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            const ConvAttrs& a = c.attr<ConvAttrs>();
            Tensor x = contiguous_data(c.input(0));
            int64_t channels = x.size(1), size = channels * a.w.in_size(), cols = c.out().size(1) * c.out().size(2);
            visit_floating(x.dtype(), [&](auto zero) {
                using T = decltype(zero);
                const T* in = x.data<T>();
                T* out = c.out().data<T>();
                each_sample(a, x.size(0), cols, [&](int64_t n, int64_t windows) {
                    kernels::im2col(a.w, in + n * size, channels, 0, windows, out + n * cols, windows);
                });
            });
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(fold_op, c.attr<ConvAttrs>(), c.grad())); },
    .attr_bytes = sizeof(ConvAttrs),
    .describe = describe_attrs<ConvAttrs>,
};

const OpDef fold_op = {
    .name = "fold",
    .grad_name = "Col2ImBackward0",
    .infer =
        [](InferCtx& c) {
            const ConvAttrs& a = c.attr<ConvAttrs>();
            const Tensor& x = c.input(0);
            check<TypeError>(is_floating(x.dtype()), "fold: the input must be floating, got ", x.dtype(), ".");
            Dims shape = {x.size(0), x.size(1) / a.w.kernel_size()};
            push_axes(shape, a.w.in, a.dims);
            c.set(0, shape, x.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            const ConvAttrs& a = c.attr<ConvAttrs>();
            Tensor x = contiguous_data(c.input(0));
            int64_t channels = c.out().size(1), size = channels * a.w.in_size(), cols = x.size(1) * x.size(2);
            visit_floating(x.dtype(), [&](auto zero) {
                using T = decltype(zero);
                const T* in = x.data<T>();
                T* out = c.out().data<T>();
                each_sample(a, x.size(0), cols, [&](int64_t n, int64_t windows) {
                    std::fill_n(out + n * size, size, T(0));
                    kernels::col2im(a.w, in + n * cols, channels, 0, windows, out + n * size, windows);
                });
            });
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(unfold_op, c.attr<ConvAttrs>(), c.grad())); },
    .attr_bytes = sizeof(ConvAttrs),
    .describe = describe_attrs<ConvAttrs>,
};

// Arguments from `first` on: kernel_size, dilation, padding, stride. `plane` ends with the image's sizes.
ConvAttrs unfold_attrs(const Args& a, int first, const Dims& plane) {
    Dims kernel = per_axis(a.name, "kernel_size", a.ints(first), 2, 1);
    Dims dilation = per_axis(a.name, "dilation", a.ints(first + 1), 2, 1);
    Dims pad = per_axis(a.name, "padding", a.ints(first + 2), 2, 0),
         stride = per_axis(a.name, "stride", a.ints(first + 3), 2, 1);
    ConvAttrs attrs{2, 1, windows_of(plane, kernel, stride, pad, dilation)};
    for (int d = 0; d < 3; ++d) {
        int64_t room = attrs.w.in[d] + 2 * attrs.w.pad[d] - reach(attrs.w, d);
        check<ValueError>(room >= 0, a.name, ": the kernel must fit into the padded image, got image ", plane,
                          ", kernel_size ", kernel, ", dilation ", dilation, " and padding ", pad, ".");
        attrs.w.out[d] = room / attrs.w.stride[d] + 1;
    }
    return attrs;
}

void call_unfold(Args& a) {
    const Tensor& x = a.tensor(0);
    check<ValueError>(x.ndim() == 3 || x.ndim() == 4, a.name, ": the input must have 3 or 4 axes, got shape ",
                      x.shape(), ".");
    ConvAttrs attrs = unfold_attrs(a, 1, {x.size(x.ndim() - 2), x.size(x.ndim() - 1)});
    Tensor numbers = x.dtype() == DType::Bool ? cast(x, DType::Float32) : x;
    Tensor y = cast(run_with(unfold_op, attrs, x.ndim() == 4 ? numbers : unsqueeze(numbers, 0)), x.dtype());
    a.ret(x.ndim() == 4 ? y : squeeze(y, 0));
}

void call_fold(Args& a) {
    const Tensor& x = a.tensor(0);
    check<ValueError>(x.ndim() == 2 || x.ndim() == 3, a.name, ": the input must have 2 or 3 axes, got shape ",
                      x.shape(), ".");
    ConvAttrs attrs = unfold_attrs(a, 2, per_axis(a.name, "output_size", a.ints(1), 2, 1));
    int64_t rows = x.size(x.ndim() - 2), windows = x.size(x.ndim() - 1);
    check<ValueError>(rows % attrs.w.kernel_size() == 0 && windows == attrs.w.out_size(), a.name,
                      ": the input must have a multiple of ", attrs.w.kernel_size(), " rows and ", attrs.w.out_size(),
                      " columns, got shape ", x.shape(), ".");
    Tensor y = run_with(fold_op, attrs, x.ndim() == 3 ? x : unsqueeze(x, 0));
    a.ret(x.ndim() == 3 ? y : squeeze(y, 0));
}

}  // namespace
const Register unfold_fn({"unfold",
                          kNN,
                          R"(The windows of images as columns.

Args:
    input: (N, C, H, W) or (C, H, W) floating tensor.
    kernel_size, dilation, padding, stride: of the windows, as in conv2d; one number or two.

Returns:
    (N, C KH KW, windows) tensor, or without N.

Raises:
    ValueError: a window that doesn't fit.

Example:
    >>> F.unfold(chainrule.arange(4.).reshape(1, 1, 2, 2), (1, 2))
    tensor([[[0., 2.],
             [1., 3.]]])
)",
                          {{"unfold(Tensor input, ints kernel_size, ints dilation=1, ints padding=0, ints stride=1)",
                            call_unfold}}});
const Register fold_fn(
    {"fold",
     kNN,
     R"(Images from windows: the adjoint of unfold. Where windows overlap their elements are added.

Args:
    input: (N, C KH KW, windows) or (C KH KW, windows) floating tensor.
    output_size: (H, W) of the images.
    kernel_size, dilation, padding, stride: of the windows, as in conv2d; one number or two.

Returns:
    (N, C, H, W) tensor, or without N.

Raises:
    ValueError: sizes that don't fit.

Example:
    >>> F.fold(chainrule.ones(1, 2, 2), (1, 3), (1, 2))
    tensor([[[[1., 2., 1.]]]])
)",
     {{"fold(Tensor input, ints output_size, ints kernel_size, ints dilation=1, ints padding=0, ints stride=1)",
       call_fold}}});

// ---- resample_axis: each output element is a weighted sum of a few input elements along one axis ----
namespace {

enum class Resample { Nearest, NearestExact, Linear, Cubic };

struct ResampleAttrs {
    int axis;
    Resample mode;
    int64_t in, out;
    bool align;
    double scale;            // input elements an output element
    bool antialias = false;  // a smaller result is made of wider means
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("mode", mode);
        v("in", in);
        v("out", out);
        v("align", align);
        v("scale", scale);
        v("antialias", antialias);
    }
};

struct Tap {
    int64_t at;  // -1: none
    double weight;
};

int taps_of(Resample mode) { return mode == Resample::Linear ? 2 : mode == Resample::Cubic ? 4 : 1; }

// How far the antialiasing filter reaches, in input elements.
double filter_reach(const ResampleAttrs& a) { return (a.mode == Resample::Linear ? 1 : 2) * std::max(a.scale, 1.0); }
int taps_of(const ResampleAttrs& a) {
    return a.antialias ? 2 * static_cast<int>(std::ceil(filter_reach(a))) + 1 : taps_of(a.mode);
}

// Keys' cubic convolution kernel.
double cubic(double x, double a = -0.75) {
    x = std::abs(x);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

// The kernel widened by the scale, with weights that sum to 1. Here a = -0.5, as in Pillow, whose method this is.
void set_antialias_taps(const ResampleAttrs& a, int64_t o, Tap* tap) {
    double reach = filter_reach(a), center = (static_cast<double>(o) + 0.5) * a.scale, total = 0;
    int64_t first = std::max<int64_t>(static_cast<int64_t>(center - reach + 0.5), 0);
    int64_t end = std::min(static_cast<int64_t>(center + reach + 0.5), a.in);
    int taps = taps_of(a);
    for (int k = 0; k < taps; ++k) {
        double x = (static_cast<double>(first + k) - center + 0.5) / std::max(a.scale, 1.0);
        double weight = a.mode == Resample::Cubic ? cubic(x, -0.5) : std::max(1 - std::abs(x), 0.0);
        tap[k] = first + k < end ? Tap{first + k, weight} : Tap{-1, 0};
        total += tap[k].weight;
    }
    for (int k = 0; k < taps && total != 0; ++k) tap[k].weight /= total;
}

// T: coordinates are rounded as PyTorch rounds them.
template <class T> void set_taps(const ResampleAttrs& a, int64_t o, Tap* tap) {
    if (a.antialias) return set_antialias_taps(a, o, tap);
    auto within = [&](int64_t i) { return std::clamp<int64_t>(i, 0, a.in - 1); };
    T scale = static_cast<T>(a.scale), at = static_cast<T>(o);
    if (a.mode == Resample::Nearest || a.mode == Resample::NearestExact) {
        float shifted = a.mode == Resample::Nearest ? static_cast<float>(o) : static_cast<float>(o) + 0.5f;
        tap[0] = {within(static_cast<int64_t>(std::floor(shifted * static_cast<float>(a.scale)))), 1};
        return;
    }
    T position = a.align ? at * scale : (at + T(0.5)) * scale - T(0.5);
    if (a.mode == Resample::Linear) {
        position = std::max(position, T(0));
        int64_t i = within(static_cast<int64_t>(position));
        double part = static_cast<double>(position - static_cast<T>(i));
        tap[0] = {i, 1 - part};
        tap[1] = {within(i + 1), part};
        return;
    }
    T base = std::floor(position);
    for (int k = 0; k < 4; ++k)
        tap[k] = {within(static_cast<int64_t>(base) + k - 1), cubic(static_cast<double>(position - base) + 1 - k)};
}

template <class T> const Tap* all_taps(const ResampleAttrs& a) {
    int taps = taps_of(a);
    Tap* tap = static_cast<Tap*>(kernels::thread_scratch(2, static_cast<size_t>(a.out * taps) * sizeof(Tap)));
    for (int64_t o = 0; o < a.out; ++o) set_taps<T>(a, o, tap + o * taps);
    return tap;
}

// f(number of the line or of the matrix of rows) for all before the axis.
template <class F> void each_outer(const ResampleAttrs& a, const AroundAxis& s, const F& f) {
    int64_t work = a.out * s.inner * taps_of(a);
    Unlock unlock(s.outer * work);
    parallel_for(s.outer, (1 << 14) / (work + 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n) f(n);
    });
}

// Each row of y as the weighted sum of rows of x; kTaps 0: of any number.
template <int kTaps, class T>
void resample_rows(const ResampleAttrs& a, const Tap* tap, const T* x, T* y, int64_t width) {
    const int taps = kTaps > 0 ? kTaps : taps_of(a);
    for (int64_t o = 0; o < a.out; ++o, tap += taps) {
        T* to = y + o * width;
        if constexpr (kTaps == 1) {
            std::copy_n(x + tap->at * width, width, to);
        } else if constexpr (kTaps == 2) {
            const T *r0 = x + tap[0].at * width, *r1 = x + tap[1].at * width;
            const T w0 = static_cast<T>(tap[0].weight), w1 = static_cast<T>(tap[1].weight);
            for (int64_t i = 0; i < width; ++i) to[i] = w0 * r0[i] + w1 * r1[i];
        } else {
            std::fill_n(to, width, T(0));
            for (int k = 0; k < taps; ++k) {
                if (tap[k].at < 0) continue;
                const T* row = x + tap[k].at * width;
                const T w = static_cast<T>(tap[k].weight);
                for (int64_t i = 0; i < width; ++i) to[i] += w * row[i];
            }
        }
    }
}
// The same for rows of one element.
template <int kTaps, class T> void resample_line(const ResampleAttrs& a, const Tap* tap, const T* x, T* y) {
    const int taps = kTaps > 0 ? kTaps : taps_of(a);
    for (int64_t o = 0; o < a.out; ++o, tap += taps) {
        if constexpr (kTaps == 1) {
            y[o] = x[tap->at];
            continue;
        }
        T sum = 0;
        for (int k = 0; k < taps; ++k)
            if (kTaps > 0 || tap[k].at >= 0) sum += static_cast<T>(tap[k].weight) * x[tap[k].at];
        y[o] = sum;
    }
}
template <int kTaps, class T>
void resample_all(const ResampleAttrs& a, const AroundAxis& s, const Tap* tap, const T* x, T* y) {
    each_outer(a, s, [&](int64_t n) {
        const T* from = x + n * a.in * s.inner;
        T* to = y + n * a.out * s.inner;
        if (s.inner == 1) resample_line<kTaps>(a, tap, from, to);
        else resample_rows<kTaps>(a, tap, from, to, s.inner);
    });
}

// The adjoint: each row of g is added, weighted, to the rows that it was made of.
template <class T> void spread_all(const ResampleAttrs& a, const AroundAxis& s, const Tap* tap, const T* g, T* x) {
    const int taps = taps_of(a);
    each_outer(a, s, [&](int64_t n) {
        T* to = x + n * a.in * s.inner;
        const T* from = g + n * a.out * s.inner;
        std::fill_n(to, a.in * s.inner, T(0));
        for (int64_t o = 0; o < a.out; ++o)
            for (int k = 0; k < taps; ++k) {
                const Tap& t = tap[o * taps + k];
                if (t.at < 0) continue;
                const T w = static_cast<T>(t.weight);
                if (s.inner == 1) {
                    to[t.at] += w * from[o];
                    continue;
                }
                T* row = to + t.at * s.inner;
                const T* add = from + o * s.inner;
                for (int64_t i = 0; i < s.inner; ++i) row[i] += w * add[i];
            }
    });
}

extern const OpDef resample_adjoint_op;

void infer_resample(InferCtx& c, int64_t size) {
    Dims shape = c.input(0).shape();
    shape[c.attr<ResampleAttrs>().axis] = size;
    c.set(0, shape, c.input(0).dtype());
}

template <bool kAdjoint> void eval_resample(EvalCtx& c) {
    const ResampleAttrs& a = c.attr<ResampleAttrs>();
    Tensor x = contiguous_data(c.input(0));
    if (c.out().numel() == 0) return;
    if (x.numel() == 0) return zero_data(c.out());  // and no table of taps: an axis may be too long for one
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* from = x.data<T>();
        T* to = c.out().data<T>();
        AroundAxis s(x.shape(), a.axis);
        const Tap* tap = all_taps<T>(a);
        if (kAdjoint) return spread_all(a, s, tap, from, to);
        switch (taps_of(a)) {
            case 1: return resample_all<1>(a, s, tap, from, to);
            case 2: return resample_all<2>(a, s, tap, from, to);
            case 4: return resample_all<4>(a, s, tap, from, to);
            default: resample_all<0>(a, s, tap, from, to);
        }
    });
}

const OpDef resample_op = {
    .name = "resample_axis",
    .grad_name = "ResampleAxisBackward0",
    .infer = [](InferCtx& c) { infer_resample(c, c.attr<ResampleAttrs>().out); },
    .eval = eval_resample<false>,
    .vjp = [](VjpCtx& c) { c.set(0, run_with(resample_adjoint_op, c.attr<ResampleAttrs>(), c.grad())); },
    .attr_bytes = sizeof(ResampleAttrs),
    .describe = describe_attrs<ResampleAttrs>,
};

const OpDef resample_adjoint_op = {
    .name = "resample_axis_adjoint",
    .grad_name = "ResampleAxisAdjointBackward0",
    .infer = [](InferCtx& c) { infer_resample(c, c.attr<ResampleAttrs>().in); },
    .eval = eval_resample<true>,
    .vjp = [](VjpCtx& c) { c.set(0, run_with(resample_op, c.attr<ResampleAttrs>(), c.grad())); },
    .attr_bytes = sizeof(ResampleAttrs),
    .describe = describe_attrs<ResampleAttrs>,
};

Resample resample_mode(const char* op, std::string_view mode) {
    if (mode == "nearest") return Resample::Nearest;
    if (mode == "nearest-exact") return Resample::NearestExact;
    if (mode == "linear") return Resample::Linear;
    check<ValueError>(mode == "cubic", op,
                      ": mode must be \"nearest\", \"nearest-exact\", \"linear\" or \"cubic\", got \"", mode, "\".");
    return Resample::Cubic;
}

void call_resample(Args& a) {
    const Tensor& x = a.tensor(0);
    int axis = normalize_axis(a.name, a.integer(1), x.ndim());
    check<TypeError>(is_floating(x.dtype()), a.name, ": the input must be floating, got ", x.dtype(), ".");
    check<ValueError>(x.ndim() > 0 && x.size(axis) > 0 && a.integer(2) > 0, a.name,
                      ": sizes must be positive, got shape ", x.shape(), ", axis ", axis, " and size ", a.integer(2),
                      ".");
    ResampleAttrs r{axis, resample_mode(a.name, a.text(3)), x.size(axis), a.integer(2), a.flag(4), 0, a.flag(6)};
    check<ValueError>(!r.antialias || r.mode == Resample::Linear || r.mode == Resample::Cubic, a.name,
                      ": antialias is for the modes \"linear\" and \"cubic\", got \"", a.text(3), "\".");
    double in = static_cast<double>(r.in), out = static_cast<double>(r.out);
    if (r.align) r.scale = r.out > 1 ? (in - 1) / (out - 1) : 0;
    else r.scale = a.given(5) ? a.real(5) : in / out;
    a.ret(run_with(resample_op, r, x));
}

}  // namespace
const Register resample_fn(
    {"resample_axis",
     kNN,
     R"(Another number of elements along one axis: what interpolate does, one axis after the other.

Output element i lies at (i + 1/2) scale - 1/2 in the input, or at i (in - 1) / (size - 1) with align_corners.

Args:
    input: floating tensor.
    dim: axis.
    size: its new size.
    mode: "nearest", "nearest-exact", "linear" or "cubic" (Keys' kernel with a = -0.75).
    align_corners: first and last elements keep their places.
    scale: input elements an output element; in / size unless given.
    antialias: where the result is smaller, each element is a mean over as many more: "linear" and "cubic" (a = -0.5) alone.

Returns:
    Tensor with `size` elements along the axis.

Example:
    >>> F.resample_axis(chainrule.tensor([0., 1.]), 0, 3, align_corners=True)
    tensor([0.0000, 0.5000, 1.0000])

Source: Keys, "Cubic convolution interpolation for digital image processing", 1981.
)",
     {{"resample_axis(Tensor input, int dim, int size, str mode='linear', bool align_corners=False, "
       "float scale=None, bool antialias=False)",
       call_resample}}});

// ---- pixel_shuffle, pixel_unshuffle, channel_shuffle: reordered elements ----
namespace {

Dims leading(const Tensor& x, int axes) {
    Dims d;
    for (int i = 0; i < x.ndim() - axes; ++i) d.push(x.size(i));
    return d;
}

Tensor regroup(const Tensor& x, Dims lead, std::initializer_list<int64_t> sizes, std::initializer_list<int> order,
               std::initializer_list<int64_t> result) {
    Dims split = lead, axes;
    for (int i = 0; i < lead.n; ++i) axes.push(i);
    for (int i : order) axes.push(lead.n + i);
    for (int64_t n : sizes) split.push(n);
    for (int64_t n : result) lead.push(n);
    return reshape(permute(reshape(x, split), axes), lead);
}

void call_pixel_shuffle(Args& a) {
    const Tensor& x = a.tensor(0);
    int64_t r = a.integer(1);
    check<ValueError>(x.ndim() >= 3 && r > 0 && r < 1 << 15 && x.size(x.ndim() - 3) % (r * r) == 0, a.name,
                      ": channels must be a multiple of upscale_factor squared, got shape ", x.shape(), " and ", r,
                      ".");
    int64_t c = x.size(x.ndim() - 3) / (r * r), h = x.size(x.ndim() - 2), w = x.size(x.ndim() - 1);
    a.ret(regroup(x, leading(x, 3), {c, r, r, h, w}, {0, 3, 1, 4, 2}, {c, h * r, w * r}));
}

void call_pixel_unshuffle(Args& a) {
    const Tensor& x = a.tensor(0);
    int64_t r = a.integer(1);
    bool ok = x.ndim() >= 3 && r > 0 && r < 1 << 15;
    check<ValueError>(ok && x.size(x.ndim() - 2) % r == 0 && x.size(x.ndim() - 1) % r == 0, a.name,
                      ": height and width must be multiples of downscale_factor, got shape ", x.shape(), " and ", r,
                      ".");
    int64_t c = x.size(x.ndim() - 3), h = x.size(x.ndim() - 2) / r, w = x.size(x.ndim() - 1) / r;
    a.ret(regroup(x, leading(x, 3), {c, h, r, w, r}, {0, 2, 4, 1, 3}, {c * r * r, h, w}));
}

void call_channel_shuffle(Args& a) {
    const Tensor& x = a.tensor(0);
    int64_t g = a.integer(1);
    check<ValueError>(x.ndim() >= 3 && g > 0 && x.size(1) % g == 0, a.name,
                      ": groups must divide the channels (axis 1), got shape ", x.shape(), " and ", g, " groups.");
    int64_t rest = 1;
    for (int d = 2; d < x.ndim(); ++d) rest *= x.size(d);
    Tensor y = regroup(x, {x.size(0)}, {g, x.size(1) / g, rest}, {1, 0, 2}, {x.size(1), rest});
    a.ret(reshape(y, x.shape()));
}

}  // namespace
const Register pixel_shuffle_fn({"pixel_shuffle",
                                 kNN | kFunction,
                                 R"(Channels become positions: (*, C r^2, H, W) to (*, C, H r, W r).

Args:
    input: tensor with three axes or more.
    upscale_factor: r.

Returns:
    Tensor.

Example:
    >>> F.pixel_shuffle(chainrule.arange(4.).reshape(1, 4, 1, 1), 2)
    tensor([[[[0., 1.],
              [2., 3.]]]])

Source: Shi et al., "Real-time single image and video super-resolution", 2016.
)",
                                 {{"pixel_shuffle(Tensor input, int upscale_factor)", call_pixel_shuffle}}});
const Register pixel_unshuffle_fn(
    {"pixel_unshuffle",
     kNN | kFunction,
     R"(Positions become channels: (*, C, H r, W r) to (*, C r^2, H, W). The inverse of pixel_shuffle.

Args:
    input: tensor with three axes or more.
    downscale_factor: r.

Returns:
    Tensor.

Example:
    >>> F.pixel_unshuffle(chainrule.arange(4.).reshape(1, 1, 2, 2), 2).flatten()
    tensor([0., 1., 2., 3.])
)",
     {{"pixel_unshuffle(Tensor input, int downscale_factor)", call_pixel_unshuffle}}});
const Register channel_shuffle_fn(
    {"channel_shuffle",
     kNN | kFunction,
     R"(Channels of several groups are mixed: channel i of group g goes to place i groups + g.

Args:
    input: (N, C, ...) tensor.
    groups: divides C.

Returns:
    Tensor of the input's shape.

Example:
    >>> F.channel_shuffle(chainrule.arange(4.).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])

Source: Zhang et al., "ShuffleNet", 2017.
)",
     {{"channel_shuffle(Tensor input, int groups)", call_channel_shuffle}}});

}  // namespace chainrule
