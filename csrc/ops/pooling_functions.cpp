// The functions of pooling: arguments, checks, documentation.

#include "autograd/elementwise.h"
#include "ops/ops.h"
#include "ops/pooling_rules.h"
#include "ops/reduce_rules.h"

namespace chainrule {
namespace {

void check_axes(const char* op, const Tensor& x, int dims) {
    check<ValueError>(x.ndim() == dims + 1 || x.ndim() == dims + 2, op, ": the input must have ", dims + 1, " or ",
                      dims + 2, " axes, got shape ", x.shape(), ".");
    for (int d = x.ndim() - dims - 1; d < x.ndim(); ++d)
        check<ValueError>(x.size(d) > 0, op, ": only the batch may be empty, got shape ", x.shape(), ".");
}

// Windows from kernel_size and stride, arguments `first` and the next; an absent stride is the kernel's size.
PoolAttrs pool_windows(const Args& a, int dims, int first, const Dims& padding, const Dims& dilation) {
    const Tensor& x = a.tensor(0);
    check_axes(a.name, x, dims);
    Dims kernel = per_axis(a.name, "kernel_size", a.ints(first), dims, 1);
    bool steps = a.given(first + 1) && a.ints(first + 1).n > 0;
    Dims stride = steps ? per_axis(a.name, "stride", a.ints(first + 1), dims, 1) : kernel;
    Dims pad = per_axis(a.name, "padding", padding, dims, 0);
    return {dims, windows_of(x.shape(), kernel, stride, pad, per_axis(a.name, "dilation", dilation, dims, 1))};
}

// The same with the number of windows.
PoolAttrs pool_attrs(const Args& a, int dims, int first, const Dims& padding, const Dims& dilation, bool ceil) {
    PoolAttrs p = pool_windows(a, dims, first, padding, dilation);
    kernels::Windows& w = p.w;
    for (int d = 0; d < 3; ++d) {
        check<ValueError>(2 * w.pad[d] <= w.kernel[d], a.name,
                          ": padding must be at most half of kernel_size, got padding ", padding, " for kernel_size ",
                          a.ints(first), ".");
        int64_t room = w.in[d] + 2 * w.pad[d] - reach(w, d);
        check<ValueError>(room >= 0 || (ceil && room + w.stride[d] > 0), a.name,
                          ": the kernel must fit into the padded input, got shape ", a.tensor(0).shape(),
                          ", kernel_size ", a.ints(first), " and padding ", padding, ".");
        w.out[d] = (room + (ceil ? w.stride[d] - 1 : 0)) / w.stride[d] + 1;
        // A last window must begin inside the input or the padding before it.
        if (ceil && (w.out[d] - 1) * w.stride[d] >= w.in[d] + w.pad[d]) --w.out[d];
    }
    return p;
}

PoolAttrs adaptive_attrs(const Args& a, int dims) {
    const Tensor& x = a.tensor(0);
    check_axes(a.name, x, dims);
    Dims ones = per_axis(a.name, "output_size", {1}, dims, 0), zeros = per_axis(a.name, "output_size", {0}, dims, 0);
    Dims wanted = a.ints(1);  // -1 where None was given: as it is
    if (wanted.n == 1 && wanted[0] == -1)
        while (wanted.n < dims) wanted.push(-1);
    if (wanted.n == dims)
        for (int d = 0; d < dims; ++d)
            if (wanted[d] == -1) wanted[d] = x.size(x.ndim() - dims + d);
    Dims out = per_axis(a.name, "output_size", wanted, dims, 0);
    PoolAttrs p{dims, windows_of(x.shape(), ones, ones, zeros, ones), true};
    for (int d = 0; d < dims; ++d) p.w.out[3 - dims + d] = out[d];
    return p;
}

void ret_pooled(Args& a, const Pooled& p, bool with_indices) {
    if (with_indices) a.ret_tuple({p.values, p.indices});
    else a.ret(p.values);
}

template <int dims> void call_max_pool(Args& a) {
    ret_pooled(a, max_pool(a.tensor(0), pool_attrs(a, dims, 1, a.ints(3), a.ints(4), a.flag(5))), a.flag(6));
}

template <int dims> void call_avg_pool(Args& a) {
    PoolAttrs p = pool_attrs(a, dims, 1, a.ints(3), {1}, a.flag(4));
    p.count_pad = a.flag(5);
    if (dims > 1 && a.given(6)) {
        p.divisor = a.integer(6);
        check<ValueError>(p.divisor != 0, a.name, ": divisor_override must not be 0.");
    }
    a.ret(avg_pool(a.tensor(0), p));
}

template <int dims> void call_adaptive_max_pool(Args& a) {
    ret_pooled(a, max_pool(a.tensor(0), adaptive_attrs(a, dims)), a.flag(2));
}

template <int dims> void call_adaptive_avg_pool(Args& a) { a.ret(avg_pool(a.tensor(0), adaptive_attrs(a, dims))); }

// (sum of x^p over the window)^(1/p), with the sign that PyTorch gives to a negative sum.
template <int dims> void call_lp_pool(Args& a) {
    double p = a.real(1);
    PoolAttrs attrs = pool_attrs(a, dims, 2, {0}, {1}, a.flag(4));
    // Their average times the size of a whole window, also where the window is cut at the edge.
    Tensor mean = avg_pool(pow(a.tensor(0), p), attrs);
    Tensor total = mul(mul(sign(mean), relu(abs(mean))), static_cast<double>(attrs.w.kernel_size()));
    a.ret(pow(total, 1 / p));
}

template <int dims> void call_max_unpool(Args& a) {
    const Tensor &x = a.tensor(0), &index = a.tensor(1);
    PoolAttrs p = pool_windows(a, dims, 2, a.ints(4), {1});
    check<ValueError>(x.shape() == index.shape(), a.name, ": indices must have the input's shape, got ", x.shape(),
                      " and ", index.shape(), ".");
    check<TypeError>(index.dtype() == DType::Int64 && is_floating(x.dtype()), a.name,
                     ": a floating input and int64 indices are required, got ", x.dtype(), " and ", index.dtype(), ".");
    Dims size = a.given(5) ? a.ints(5) : Dims();
    check<ValueError>(size.n == 0 || size.n == dims || size.n == x.ndim(), a.name, ": output_size must have ", dims,
                      " or ", x.ndim(), " numbers, got ", size, ".");
    for (int d = 0; d < 3; ++d) {
        kernels::Windows& w = p.w;
        w.out[d] = w.in[d];
        w.in[d] = (w.out[d] - 1) * w.stride[d] - 2 * w.pad[d] + w.kernel[d];
        if (size.n > 0 && d >= 3 - dims) {
            int64_t asked = size[size.n - 3 + d];
            check<ValueError>(std::abs(asked - w.in[d]) < w.stride[d], a.name,
                              ": output_size must be nearer than the stride ", w.stride[d], " to ", w.in[d], ", got ",
                              size, ".");
            w.in[d] = asked;
        }
        check<ValueError>(w.in[d] > 0, a.name, ": the output would have size ", w.in[d], ", got shape ", x.shape(),
                          ".");
    }
    Tensor flat = contiguous_data(index);
    for (int64_t i = 0; i < flat.numel(); ++i)
        check<IndexError>(flat.data<int64_t>()[i] >= 0 && flat.data<int64_t>()[i] < p.w.in_size(), a.name,
                          ": indices must be positions in planes of ", p.w.in_size(), " elements, got ",
                          flat.data<int64_t>()[i], ".");
    a.ret(unpool(x, index, p));
}

}  // namespace

// ---- max_pool1d, max_pool2d, max_pool3d ----
constexpr const char* kMaxPoolDoc =
    R"(Largest element of each window. NaN counts as largest; the gradient goes to the first maximum.

Args:
    input: floating tensor (N, C, ...) or (C, ...) with 1, 2 or 3 axes to pool, as the name says.
    kernel_size: of the window, one number or one for each axis. So are stride, padding and dilation.
    stride: step from window to window; the kernel's size unless given.
    padding: elements on both sides that are never the largest; at most half of the kernel.
    dilation: step from element to element of a window.
    ceil_mode: windows that reach over the end count too, if they begin before it.
    return_indices: give the positions of the maxima in their plane as well.

Returns:
    Tensor, or (values, indices).

Raises:
    ValueError: a window that doesn't fit.

Example:
    >>> F.max_pool2d(chainrule.arange(4.).reshape(1, 1, 2, 2), 2)
    tensor([[[[3.]]]])
)";
const Register max_pool1d_fn({"max_pool1d",
                              kNN,
                              kMaxPoolDoc,
                              {{"max_pool1d(Tensor input, ints kernel_size, ints stride=None, ints padding=0, ints "
                                "dilation=1, bool ceil_mode=False, bool return_indices=False)",
                                call_max_pool<1>}}});
const Register max_pool2d_fn({"max_pool2d",
                              kNN,
                              kMaxPoolDoc,
                              {{"max_pool2d(Tensor input, ints kernel_size, ints stride=None, ints padding=0, ints "
                                "dilation=1, bool ceil_mode=False, bool return_indices=False)",
                                call_max_pool<2>}}});
const Register max_pool3d_fn({"max_pool3d",
                              kNN,
                              kMaxPoolDoc,
                              {{"max_pool3d(Tensor input, ints kernel_size, ints stride=None, ints padding=0, ints "
                                "dilation=1, bool ceil_mode=False, bool return_indices=False)",
                                call_max_pool<3>}}});

// ---- avg_pool1d, avg_pool2d, avg_pool3d ----
constexpr const char* kAvgPoolDoc = R"(Mean of each window.

Args:
    input: floating tensor (N, C, ...) or (C, ...) with 1, 2 or 3 axes to pool, as the name says.
    kernel_size: of the window, one number or one for each axis. So are stride and padding.
    stride: step from window to window; the kernel's size unless given.
    padding: zeros on both sides; at most half of the kernel.
    ceil_mode: windows that reach over the end count too, if they begin before it.
    count_include_pad: divide by the whole window's size, zeros included; False: by the elements inside the input.
    divisor_override: (not avg_pool1d) divide by this instead; not 0.

Returns:
    Tensor.

Raises:
    ValueError: a window that doesn't fit.

Example:
    >>> F.avg_pool2d(chainrule.arange(4.).reshape(1, 1, 2, 2), 2)
    tensor([[[[1.5000]]]])
)";
const Register avg_pool1d_fn({"avg_pool1d",
                              kNN,
                              kAvgPoolDoc,
                              {{"avg_pool1d(Tensor input, ints kernel_size, ints stride=None, ints padding=0, bool "
                                "ceil_mode=False, bool count_include_pad=True)",
                                call_avg_pool<1>}}});
const Register avg_pool2d_fn({"avg_pool2d",
                              kNN,
                              kAvgPoolDoc,
                              {{"avg_pool2d(Tensor input, ints kernel_size, ints stride=None, ints padding=0, bool "
                                "ceil_mode=False, bool count_include_pad=True, int divisor_override=None)",
                                call_avg_pool<2>}}});
const Register avg_pool3d_fn({"avg_pool3d",
                              kNN,
                              kAvgPoolDoc,
                              {{"avg_pool3d(Tensor input, ints kernel_size, ints stride=None, ints padding=0, bool "
                                "ceil_mode=False, bool count_include_pad=True, int divisor_override=None)",
                                call_avg_pool<3>}}});

// ---- adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d ----
constexpr const char* kAdaptiveMaxPoolDoc =
    R"(Largest element of windows that cut each axis into as many parts as asked for.

    window i of k, of an axis of n elements: floor(i n / k) up to ceil((i + 1) n / k)

Args:
    input: floating tensor (N, C, ...) or (C, ...) with 1, 2 or 3 axes to pool, as the name says.
    output_size: one number or one for each axis, at least 0; None keeps the size.
    return_indices: give the positions of the maxima in their plane as well.

Returns:
    Tensor of that size, or (values, indices).

Example:
    >>> F.adaptive_max_pool2d(chainrule.arange(4.).reshape(1, 1, 2, 2), 1)
    tensor([[[[3.]]]])
)";
const Register adaptive_max_pool1d_fn(
    {"adaptive_max_pool1d",
     kNN,
     kAdaptiveMaxPoolDoc,
     {{"adaptive_max_pool1d(Tensor input, sizes output_size, bool return_indices=False)", call_adaptive_max_pool<1>}}});
const Register adaptive_max_pool2d_fn(
    {"adaptive_max_pool2d",
     kNN,
     kAdaptiveMaxPoolDoc,
     {{"adaptive_max_pool2d(Tensor input, sizes output_size, bool return_indices=False)", call_adaptive_max_pool<2>}}});
const Register adaptive_max_pool3d_fn(
    {"adaptive_max_pool3d",
     kNN,
     kAdaptiveMaxPoolDoc,
     {{"adaptive_max_pool3d(Tensor input, sizes output_size, bool return_indices=False)", call_adaptive_max_pool<3>}}});

// ---- adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d ----
constexpr const char* kAdaptiveAvgPoolDoc = R"(Mean of windows that cut each axis into as many parts as asked for.

    window i of k, of an axis of n elements: floor(i n / k) up to ceil((i + 1) n / k)

Args:
    input: floating tensor (N, C, ...) or (C, ...) with 1, 2 or 3 axes to pool, as the name says.
    output_size: one number or one for each axis, at least 0; None keeps the size.

Returns:
    Tensor of that size.

Example:
    >>> F.adaptive_avg_pool2d(chainrule.arange(4.).reshape(1, 1, 2, 2), 1)
    tensor([[[[1.5000]]]])
)";
const Register adaptive_avg_pool1d_fn({"adaptive_avg_pool1d",
                                       kNN,
                                       kAdaptiveAvgPoolDoc,
                                       {{"adaptive_avg_pool1d(Tensor input, sizes output_size)",
                                         call_adaptive_avg_pool<1>}}});
const Register adaptive_avg_pool2d_fn({"adaptive_avg_pool2d",
                                       kNN,
                                       kAdaptiveAvgPoolDoc,
                                       {{"adaptive_avg_pool2d(Tensor input, sizes output_size)",
                                         call_adaptive_avg_pool<2>}}});
const Register adaptive_avg_pool3d_fn({"adaptive_avg_pool3d",
                                       kNN,
                                       kAdaptiveAvgPoolDoc,
                                       {{"adaptive_avg_pool3d(Tensor input, sizes output_size)",
                                         call_adaptive_avg_pool<3>}}});

// ---- max_unpool1d, max_unpool2d, max_unpool3d ----
constexpr const char* kMaxUnpoolDoc = R"(Puts values where max_pool found them, zeros elsewhere.

Args:
    input: values as max_pool gives them.
    indices: int64 tensor of the same shape.
    kernel_size, stride, padding: of the pooling.
    output_size: of the pooling's input, where it does not follow from the others.

Returns:
    Tensor.

Raises:
    IndexError: an index outside of the plane.

Example:
    >>> values, indices = F.max_pool2d(chainrule.arange(4.).reshape(1, 1, 2, 2), 2, return_indices=True)
    >>> F.max_unpool2d(values, indices, 2).sum()
    tensor(3.)
)";
const Register max_unpool1d_fn({"max_unpool1d",
                                kNN,
                                kMaxUnpoolDoc,
                                {{"max_unpool1d(Tensor input, Tensor indices, ints kernel_size, ints stride=None, ints "
                                  "padding=0, ints output_size=None)",
                                  call_max_unpool<1>}}});
const Register max_unpool2d_fn({"max_unpool2d",
                                kNN,
                                kMaxUnpoolDoc,
                                {{"max_unpool2d(Tensor input, Tensor indices, ints kernel_size, ints stride=None, ints "
                                  "padding=0, ints output_size=None)",
                                  call_max_unpool<2>}}});
const Register max_unpool3d_fn({"max_unpool3d",
                                kNN,
                                kMaxUnpoolDoc,
                                {{"max_unpool3d(Tensor input, Tensor indices, ints kernel_size, ints stride=None, ints "
                                  "padding=0, ints output_size=None)",
                                  call_max_unpool<3>}}});

// ---- lp_pool1d, lp_pool2d, lp_pool3d ----
constexpr const char* kLpPoolDoc = R"(Power mean without the division: (sum of x^p over the window)^(1/p).

Args:
    input: floating tensor (N, C, ...) or (C, ...) with 1, 2 or 3 axes to pool, as the name says.
    norm_type: p.
    kernel_size: of the window.
    stride: step from window to window; the kernel's size unless given.
    ceil_mode: windows that reach over the end count too, if they begin before it.

Returns:
    Tensor.

Example:
    >>> F.lp_pool2d(chainrule.arange(4.).reshape(1, 1, 2, 2), 1, 2)
    tensor([[[[6.]]]])
)";
const Register lp_pool1d_fn(
    {"lp_pool1d",
     kNN,
     kLpPoolDoc,
     {{"lp_pool1d(Tensor input, float norm_type, ints kernel_size, ints stride=None, bool ceil_mode=False)",
       call_lp_pool<1>}}});
const Register lp_pool2d_fn(
    {"lp_pool2d",
     kNN,
     kLpPoolDoc,
     {{"lp_pool2d(Tensor input, float norm_type, ints kernel_size, ints stride=None, bool ceil_mode=False)",
       call_lp_pool<2>}}});
const Register lp_pool3d_fn(
    {"lp_pool3d",
     kNN,
     kLpPoolDoc,
     {{"lp_pool3d(Tensor input, float norm_type, ints kernel_size, ints stride=None, bool ceil_mode=False)",
       call_lp_pool<3>}}});

}  // namespace chainrule
