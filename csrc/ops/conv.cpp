// Convolutions. L(x, w, y) = <y, conv(x, w)> is linear in each of x, w and y; its three derivatives are the three operations here,
// and the gradients of each are the other two. So every order of gradient is there.

#include "autograd/elementwise.h"
#include "kernels/blas.h"
#include "ops/conv_shape.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"

namespace chainrule {

Dims per_axis(const char* op, const char* what, const Dims& given, int dims, int64_t least) {
    check<ValueError>(given.n == 1 || given.n == dims, op, ": ", what, " must be one number or ", dims, ", got ", given,
                      ".");
    Dims out;
    for (int d = 0; d < dims; ++d) out.push(given[given.n == 1 ? 0 : d]);
    for (int64_t x : out)
        check<ValueError>(x >= least && x < int64_t{1} << 31, op, ": ", what, " must be at least ", least,
                          " and below 2^31, got ", given, ".");
    return out;
}

void visit_windows(const kernels::Windows& w, int dims, AttrVisitor& v) {
    const std::pair<const char*, const int64_t*> lists[] = {
        {"in", w.in},         {"out", w.out},           {"kernel", w.kernel},
        {"stride", w.stride}, {"dilation", w.dilation}, {"pad", w.pad}};
    for (auto& [name, sizes] : lists) {
        Dims d;
        push_axes(d, sizes, dims);
        v(name, d);
    }
}

kernels::Windows windows_of(const Dims& shape, const Dims& kernel, const Dims& stride, const Dims& pad,
                            const Dims& dilation) {
    kernels::Windows w;
    int first = 3 - kernel.n;
    for (int d = 0; d < 3; ++d) {
        int i = d - first;
        w.in[d] = i < 0 ? 1 : shape[shape.n - kernel.n + i];
        w.kernel[d] = i < 0 ? 1 : kernel[i];
        w.stride[d] = i < 0 ? 1 : stride[i];
        w.pad[d] = i < 0 ? 0 : pad[i];
        w.dilation[d] = i < 0 ? 1 : dilation[i];
        w.out[d] = 1;
    }
    return w;
}

void push_axes(Dims& shape, const int64_t* of, int dims) {
    for (int d = 3 - dims; d < 3; ++d) shape.push(of[d]);
}

namespace {

// Shapes were checked by the callers below, who know the function's name; dtypes are checked here.
void check_dtypes(const InferCtx& c) {
    const Tensor &a = c.input(0), &b = c.input(1);
    bool has_bias = c.n_inputs > 2 && c.input(2);
    check<TypeError>(is_floating(a.dtype()) && a.dtype() == b.dtype() && (!has_bias || c.input(2).dtype() == a.dtype()),
                     c.op.name, ": input, weight and bias must have one number dtype, got ", a.dtype(), " and ",
                     b.dtype(), ". Convert the input, e.g. with .to(chainrule.", b.dtype(), ").");
    const ConvAttrs& attrs = c.attr<ConvAttrs>();
    const kernels::Windows& w = attrs.w;
    bool fits = kernels::blas_fits(w.in_size()) && kernels::blas_fits(w.out_size());
    for (int i = 0; i < 2; ++i)
        fits =
            fits && kernels::blas_fits(w.kernel_size() * c.input(i).size(1)) && kernels::blas_fits(c.input(i).size(0));
    check<ValueError>(fits, c.op.name, ": sizes must be below 2^31, got ", a.shape(), " and ", b.shape(), ".");
}

Tensor optional_data(const Tensor& t) { return t ? contiguous_data(t) : t; }

// The sum over all axes but the channels'.
Tensor bias_gradient(const Tensor& y) {
    Dims axes = {0};
    for (int d = 2; d < y.ndim(); ++d) axes.push(d);
    return sum(y, axes);
}

void infer_conv(InferCtx& c) {
    check_dtypes(c);
    const ConvAttrs& a = c.attr<ConvAttrs>();
    Dims shape = {c.input(0).size(0), c.input(1).size(0)};
    push_axes(shape, a.w.out, a.dims);
    c.set(0, shape, c.input(0).dtype());
}

void infer_conv_input(InferCtx& c) {
    check_dtypes(c);
    const ConvAttrs& a = c.attr<ConvAttrs>();
    Dims shape = {c.input(0).size(0), c.input(1).size(1) * a.groups};
    push_axes(shape, a.w.in, a.dims);
    c.set(0, shape, c.input(0).dtype());
}

void infer_conv_weight(InferCtx& c) {
    check_dtypes(c);
    const ConvAttrs& a = c.attr<ConvAttrs>();
    Dims shape = {c.input(1).size(1), c.input(0).size(1) / a.groups};
    push_axes(shape, a.w.kernel, a.dims);
    c.set(0, shape, c.input(0).dtype());
}

// y = conv(x, w) + b:  dx = conv_input(dy, w), dw = conv_weight(x, dy), db = sum dy
const OpDef conv_op = {
    .name = "conv",
    .grad_name = "ConvolutionBackward0",
    .infer = infer_conv,
    .eval =
        [](EvalCtx& c) {
            conv_forward(c.attr<ConvAttrs>(), contiguous_data(c.input(0)), contiguous_data(c.input(1)),
                         optional_data(c.input(2)), c.out());
        },
    .vjp =
        [](VjpCtx& c) {
            const ConvAttrs& a = c.attr<ConvAttrs>();
            const Tensor& g = c.grad();
            if (c.wants(0)) c.set(0, conv_input(g, c.input(1), Tensor(), a));
            if (c.wants(1)) c.set(1, conv_weight(c.input(0), g, a));
            if (c.wants(2)) c.set(2, bias_gradient(g));
        },
    .save_input = {2, 1},
    .attr_bytes = sizeof(ConvAttrs),
    .describe = describe_attrs<ConvAttrs>,
};

// x = conv_input(y, w) + b:  dy = conv(dx, w), dw = conv_weight(dx, y), db = sum dx
const OpDef conv_input_op = {
    .name = "conv_transpose",
    .grad_name = "ConvolutionBackward0",
    .infer = infer_conv_input,
    .eval =
        [](EvalCtx& c) {
            conv_backward_input(c.attr<ConvAttrs>(), contiguous_data(c.input(0)), contiguous_data(c.input(1)),
                                optional_data(c.input(2)), c.out());
        },
    .vjp =
        [](VjpCtx& c) {
            const ConvAttrs& a = c.attr<ConvAttrs>();
            const Tensor& g = c.grad();
            if (c.wants(0)) c.set(0, conv(g, c.input(1), Tensor(), a));
            if (c.wants(1)) c.set(1, conv_weight(g, c.input(0), a));
            if (c.wants(2)) c.set(2, bias_gradient(g));
        },
    .save_input = {2, 1},
    .attr_bytes = sizeof(ConvAttrs),
    .describe = describe_attrs<ConvAttrs>,
};

// w = conv_weight(x, y):  dx = conv_input(y, dw), dy = conv(x, dw)
const OpDef conv_weight_op = {
    .name = "conv_weight",
    .grad_name = "ConvolutionWeightBackward0",
    .infer = infer_conv_weight,
    .eval =
        [](EvalCtx& c) {
            conv_backward_weight(c.attr<ConvAttrs>(), contiguous_data(c.input(0)), contiguous_data(c.input(1)),
                                 c.out());
        },
    .vjp =
        [](VjpCtx& c) {
            const ConvAttrs& a = c.attr<ConvAttrs>();
            const Tensor& g = c.grad();
            if (c.wants(0)) c.set(0, conv_input(c.input(1), g, Tensor(), a));
            if (c.wants(1)) c.set(1, conv(c.input(0), g, Tensor(), a));
        },
    .save_input = {2, 1},
    .attr_bytes = sizeof(ConvAttrs),
    .describe = describe_attrs<ConvAttrs>,
};

bool are_integers(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    DType t = x.dtype();
    return is_integral(t) && t != DType::Bool && weight.dtype() == t && (!bias || bias.dtype() == t);
}

}  // namespace

Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvAttrs& a) {
    if (are_integers(x, weight, bias)) return conv_integers(x, weight, bias, a);
    return run_with(conv_op, a, x, weight, bias);
}
Tensor conv_input(const Tensor& y, const Tensor& weight, const Tensor& bias, const ConvAttrs& a) {
    if (are_integers(y, weight, bias)) return conv_input_integers(y, weight, bias, a);
    return run_with(conv_input_op, a, y, weight, bias);
}
Tensor conv_weight(const Tensor& x, const Tensor& y, const ConvAttrs& a) { return run_with(conv_weight_op, a, x, y); }

namespace {

// Checks that the forward and the transposed form share; gives the number of channels that a weight's bias must have.
void check_operands(const char* op, const Tensor& x, const Tensor& w, const Tensor& b, int dims, int64_t groups,
                    bool transposed) {
    check<ValueError>((x.ndim() == dims + 1 || x.ndim() == dims + 2) && w.ndim() == dims + 2, op,
                      ": the input must have ", dims + 1, " or ", dims + 2, " axes and the weight ", dims + 2,
                      ", got input ", x.shape(), " and weight ", w.shape(), ".");
    check<ValueError>(groups >= 1 && w.size(0) % groups == 0, op, ": groups must divide the weight's first axis, got ",
                      groups, " groups and weight ", w.shape(), ".");
    int64_t channels = x.size(x.ndim() - dims - 1), wanted = transposed ? w.size(0) : w.size(1) * groups;
    check<ValueError>(channels == wanted, op, ": the input must have ", wanted, " channels, got input ", x.shape(),
                      ", weight ", w.shape(), " and ", groups, groups == 1 ? " group." : " groups.");
    int64_t out = transposed ? w.size(1) * groups : w.size(0);
    check<ValueError>(!b || (b.ndim() == 1 && b.size(0) == out), op, ": the bias must have shape (", out, ",), got ",
                      b ? b.shape() : Dims(), ".");
    for (int d = 2; d < w.ndim(); ++d)
        check<ValueError>(w.size(d) > 0, op, ": the kernel must not be empty, got weight ", w.shape(), ".");
}

Dims kernel_sizes(const Tensor& w) {
    Dims k;
    for (int d = 2; d < w.ndim(); ++d) k.push(w.size(d));
    return k;
}

// Runs f on a batch: an input without the batch's axis gets one for the time of the call.
template <class F> Tensor batched(const Tensor& x, int dims, const F& f) {
    if (x.ndim() == dims + 2) return f(x);
    return squeeze(f(unsqueeze(x, 0)), 0);
}

// Sets w.out from what is padded in all along each axis.
void set_out(const char* op, kernels::Windows& w, const int64_t* total_pad, const Tensor& x, const Tensor& weight) {
    for (int d = 0; d < 3; ++d) {
        int64_t room = w.in[d] + total_pad[d] - reach(w, d);
        check<ValueError>(room >= 0, op, ": the kernel must fit into the padded input, got input ", x.shape(),
                          ", weight ", weight.shape(), " and ", total_pad[d], " of padding.");
        w.out[d] = room / w.stride[d] + 1;
    }
}

template <int dims> void call_conv(Args& a) {
    const Tensor &x = a.tensor(0), &w = a.tensor(1), &b = a.tensor(2);
    check_operands(a.name, x, w, b, dims, a.integer(6), false);
    Dims stride = per_axis(a.name, "stride", a.ints(3), dims, 1),
         dilation = per_axis(a.name, "dilation", a.ints(5), dims, 1);
    bool by_name = a.args[4].kind == Arg::Str;
    Dims pad = by_name ? per_axis(a.name, "padding", {0}, dims, 0) : per_axis(a.name, "padding", a.ints(4), dims, 0);
    ConvAttrs attrs{dims, a.integer(6), windows_of(x.shape(), kernel_sizes(w), stride, pad, dilation)};
    int64_t total[3];
    bool same = by_name && a.text(4) == "same";
    check<ValueError>(!by_name || same || a.text(4) == "valid", a.name,
                      ": padding must be numbers, \"valid\" or \"same\", got \"", by_name ? a.text(4) : "", "\".");
    for (int d = 0; d < 3; ++d) {
        check<ValueError>(!same || attrs.w.stride[d] == 1, a.name, ": padding \"same\" needs stride 1, got ", stride,
                          ".");
        total[d] = same ? reach(attrs.w, d) - 1 : 2 * attrs.w.pad[d];
        attrs.w.pad[d] = total[d] / 2;
    }
    set_out(a.name, attrs.w, total, x, w);
    a.ret(batched(x, dims, [&](const Tensor& batch) { return conv(batch, w, b, attrs); }));
}

template <int dims> void call_conv_transpose(Args& a) {
    const Tensor &x = a.tensor(0), &w = a.tensor(1), &b = a.tensor(2);
    check_operands(a.name, x, w, b, dims, a.integer(6), true);
    Dims stride = per_axis(a.name, "stride", a.ints(3), dims, 1),
         dilation = per_axis(a.name, "dilation", a.ints(7), dims, 1);
    Dims pad = per_axis(a.name, "padding", a.ints(4), dims, 0),
         more = per_axis(a.name, "output_padding", a.ints(5), dims, 0);
    ConvAttrs attrs{dims, a.integer(6), windows_of(x.shape(), kernel_sizes(w), stride, pad, dilation)};
    kernels::Windows& g = attrs.w;
    for (int d = 0; d < 3; ++d) {
        // What came in is the convolution's output; its input is what we make.
        int64_t extra = d < 3 - dims ? 0 : more[d - 3 + dims];
        check<ValueError>(extra < g.stride[d] || extra < g.dilation[d] || extra == 0, a.name,
                          ": output_padding must be smaller than stride or dilation, got ", more, " with stride ",
                          stride, " and dilation ", dilation, ".");
        g.out[d] = g.in[d];
        g.in[d] = (g.out[d] - 1) * g.stride[d] - 2 * g.pad[d] + reach(g, d) + extra;
        check<ValueError>(g.in[d] >= (g.out[d] > 0), a.name, ": the output would have size ", g.in[d], ", got input ",
                          x.shape(), ", weight ", w.shape(), " and padding ", pad, ".");
    }
    a.ret(batched(x, dims, [&](const Tensor& batch) { return conv_input(batch, w, b, attrs); }));
}

}  // namespace

// ---- conv1d, conv2d, conv3d ----
const Register conv1d_fn({"conv1d",
                          kNN | kFunction,
                          R"(Convolution (cross-correlation) of a sequence.

    y[n, o, i] = b[o] + sum_{c, k} w[o, c, k] x[n, c, i stride - padding + k dilation]

Elements outside the input count as 0.

Args:
    input: (N, C, L) or (C, L) tensor.
    weight: (O, C / groups, K) tensor.
    bias: (O,) tensor or None.
    stride: step from window to window.
    padding: zeros on both sides, or "valid" (none) or "same" (as many as keep the length; stride 1).
    dilation: step from element to element of a window.
    groups: channels are cut into so many groups; each filter sees its own alone.

Returns:
    (N, O, L') or (O, L') tensor, L' = (L + 2 padding - dilation (K - 1) - 1) // stride + 1.

Raises:
    ValueError: shapes that don't fit.
    TypeError: dtypes that differ.

Example:
    >>> F.conv1d(chainrule.tensor([[[1., 2., 4., 8.]]]), chainrule.tensor([[[-1., 1.]]]))
    tensor([[[1., 2., 4.]]])
)",
                          {{"conv1d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, ints padding=0, "
                            "ints dilation=1, int groups=1)",
                            call_conv<1>},
                           {"conv1d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, str padding='valid', "
                            "ints dilation=1, int groups=1)",
                            call_conv<1>}}});

const Register conv2d_fn({"conv2d",
                          kNN | kFunction,
                          R"(Convolution (cross-correlation) of images.

    y[n, o, i, j] = b[o] + sum_{c, k, l} w[o, c, k, l] x[n, c, i stride - padding + k dilation, j stride - padding + l dilation]

Elements outside the input count as 0. Options are one number, or one for each axis.

Args:
    input: (N, C, H, W) or (C, H, W) tensor.
    weight: (O, C / groups, KH, KW) tensor.
    bias: (O,) tensor or None.
    stride: step from window to window.
    padding: zeros on both sides, or "valid" (none) or "same" (as many as keep the size; stride 1).
    dilation: step from element to element of a window.
    groups: channels are cut into so many groups; each filter sees its own alone.

Returns:
    (N, O, H', W') or (O, H', W') tensor.

Raises:
    ValueError: shapes that don't fit.
    TypeError: dtypes that differ.

Example:
    >>> F.conv2d(chainrule.ones(1, 1, 3, 3), chainrule.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
)",
                          {{"conv2d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, ints padding=0, "
                            "ints dilation=1, int groups=1)",
                            call_conv<2>},
                           {"conv2d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, str padding='valid', "
                            "ints dilation=1, int groups=1)",
                            call_conv<2>}}});

const Register conv3d_fn({"conv3d",
                          kNN | kFunction,
                          R"(Convolution (cross-correlation) of volumes. As conv2d, with one axis more.

Args:
    input: (N, C, D, H, W) or (C, D, H, W) tensor.
    weight: (O, C / groups, KD, KH, KW) tensor.
    bias: (O,) tensor or None.
    stride: step from window to window.
    padding: zeros on both sides, or "valid" (none) or "same" (as many as keep the size; stride 1).
    dilation: step from element to element of a window.
    groups: channels are cut into so many groups; each filter sees its own alone.

Returns:
    (N, O, D', H', W') or (O, D', H', W') tensor.

Example:
    >>> F.conv3d(chainrule.ones(1, 1, 2, 2, 2), chainrule.ones(1, 1, 2, 2, 2))
    tensor([[[[[8.]]]]])
)",
                          {{"conv3d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, ints padding=0, "
                            "ints dilation=1, int groups=1)",
                            call_conv<3>},
                           {"conv3d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, str padding='valid', "
                            "ints dilation=1, int groups=1)",
                            call_conv<3>}}});

// ---- conv_transpose1d, conv_transpose2d, conv_transpose3d: the adjoint of conv in its input ----
const Register conv_transpose1d_fn(
    {"conv_transpose1d",
     kNN | kFunction,
     R"(Transposed convolution of a sequence: the adjoint of conv1d, as in its gradient by the input.

    y[n, o, i stride - padding + k dilation] += w[c, o, k] x[n, c, i],  then + b[o]

Args:
    input: (N, C, L) or (C, L) tensor.
    weight: (C, O / groups, K) tensor.
    bias: (O,) tensor or None.
    stride, padding, dilation, groups: of the convolution whose adjoint this is.
    output_padding: added to the output's size on one side.

Returns:
    (N, O, L') or (O, L') tensor, L' = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.

Example:
    >>> F.conv_transpose1d(chainrule.tensor([[[1., 2.]]]), chainrule.tensor([[[1., 1.]]]), stride=2)
    tensor([[[1., 1., 2., 2.]]])
)",
     {{"conv_transpose1d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, ints padding=0, "
       "ints output_padding=0, int groups=1, ints dilation=1)",
       call_conv_transpose<1>}}});

const Register conv_transpose2d_fn(
    {"conv_transpose2d",
     kNN | kFunction,
     R"(Transposed convolution of images: the adjoint of conv2d, as in its gradient by the input.

Args:
    input: (N, C, H, W) or (C, H, W) tensor.
    weight: (C, O / groups, KH, KW) tensor.
    bias: (O,) tensor or None.
    stride, padding, dilation, groups: of the convolution whose adjoint this is.
    output_padding: added to the output's size on one side.

Returns:
    (N, O, H', W') or (O, H', W') tensor.

Example:
    >>> F.conv_transpose2d(chainrule.ones(1, 1, 2, 2), chainrule.ones(1, 1, 2, 2))
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
)",
     {{"conv_transpose2d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, ints padding=0, "
       "ints output_padding=0, int groups=1, ints dilation=1)",
       call_conv_transpose<2>}}});

const Register conv_transpose3d_fn(
    {"conv_transpose3d",
     kNN | kFunction,
     R"(Transposed convolution of volumes: the adjoint of conv3d, as in its gradient by the input.

Args:
    input: (N, C, D, H, W) or (C, D, H, W) tensor.
    weight: (C, O / groups, KD, KH, KW) tensor.
    bias: (O,) tensor or None.
    stride, padding, dilation, groups: of the convolution whose adjoint this is.
    output_padding: added to the output's size on one side.

Returns:
    (N, O, D', H', W') or (O, D', H', W') tensor.

Example:
    >>> F.conv_transpose3d(chainrule.ones(1, 1, 1, 1, 2), chainrule.ones(1, 1, 1, 1, 2))
    tensor([[[[[1., 2., 1.]]]]])
)",
     {{"conv_transpose3d(Tensor input, Tensor weight, Tensor bias=None, ints stride=1, ints padding=0, "
       "ints output_padding=0, int groups=1, ints dilation=1)",
       call_conv_transpose<3>}}});

}  // namespace chainrule
