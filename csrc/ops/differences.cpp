// Differences and integrals along an axis, and the norm of parts bounded.

#include "autograd/elementwise.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

Tensor ends_joined(const Tensor& x, const Tensor& before, const Tensor& after, int axis) {
    std::vector<Tensor> parts;
    if (before) parts.push_back(before);
    parts.push_back(x);
    if (after) parts.push_back(after);
    return parts.size() == 1 ? x : cat(parts, axis);
}

Tensor differences(Tensor x, int64_t times, int axis) {
    for (; times > 0 && x.size(axis) > 0; --times) {
        int64_t left = x.size(axis) > 0 ? x.size(axis) - 1 : 0;
        Tensor later = narrow(x, axis, x.size(axis) - left, left), sooner = narrow(x, axis, 0, left);
        x = x.dtype() == DType::Bool ? bitwise_xor(later, sooner) : later - sooner;
    }
    return x;
}

// t[1:] and t[:-1] along an axis, summed.
Tensor neighbours_added(const Tensor& t, int axis) {
    int64_t n = t.size(axis);
    return narrow(t, axis, 1, n - 1) + narrow(t, axis, 0, n - 1);
}

// The points of the axis, in a shape that broadcasts with y.
Tensor points_along(const Tensor& x, const Tensor& y, int axis) {
    if (x.ndim() != 1 || y.ndim() == 1) return x;
    check<ValueError>(x.size(0) == y.size(axis), "trapezoid: x must have one point for each element along dim, got ",
                      x.size(0), " points for shape ", y.shape(), " along axis ", axis, ".");
    Dims shape;
    for (int d = 0; d < y.ndim(); ++d) shape.push(d == axis ? x.size(0) : 1);
    return reshape(x, shape);
}

int trapezoid_axis(Args& a, int dim) {
    check<ValueError>(a.tensor(0).ndim() > 0, "trapezoid: y must have at least one axis, got shape ",
                      a.tensor(0).shape(), ".");
    return normalize_axis("trapezoid", a.integer(dim, -1), a.tensor(0).ndim());
}

Tensor nothing_to_integrate(const Tensor& y, int axis) {
    return zeros(reduced_shape(y.shape(), 1u << axis, false), is_floating(y.dtype()) ? y.dtype() : DType::Float32);
}

}  // namespace

const Register diff_fn(
    {"diff",
     kMethod | kFunction,
     R"(Differences of neighbours along an axis.

    y_k = x_{k+1} - x_k, n times over; for bools whether they differ

Args:
    input: tensor with at least one axis.
    n: how many times.
    dim: axis.
    prepend, append: tensors joined to the input's ends first, or None.

Example:
    >>> chainrule.diff(chainrule.tensor([1., 3., 2.]))
    tensor([ 2., -1.])
)",
     {{"diff(Tensor input, int n=1, int dim=-1, Tensor prepend=None, Tensor append=None)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           int64_t times = a.integer(1, 1);
           check<ValueError>(x.ndim() > 0, "diff: the input must have at least one axis, got shape ", x.shape(), ".");
           check<ValueError>(times >= 0, "diff: n must not be negative, got ", times, ".");
           int axis = normalize_axis("diff", a.integer(2, -1), x.ndim());
           Tensor line = ends_joined(x, a.tensor(3), a.tensor(4), axis);
           a.ret(times == 0 ? clone(x) : differences(line, times, axis));
       }}}});

namespace {
// (x_{k+1} - x_k) (y_k + y_{k+1}) / 2 for all k; the points are given by argument 1, as a tensor or as a distance.
Tensor trapezoids(Args& a, const Tensor& y, int axis) {
    if (a.args[1].kind != Arg::TensorArg) return neighbours_added(y, axis) * (a.real(1, 1) * 0.5);
    Tensor x = points_along(a.tensor(1), y, axis);
    int along = axis - y.ndim() + x.ndim();
    check<ValueError>(along >= 0 && x.size(along) == y.size(axis), a.name, ": x must have the points of y's axis ",
                      axis, ", got shape ", x.shape(), " for ", y.shape(), ".");
    return differences(x, 1, along) * neighbours_added(y, axis) * 0.5;
}
void call_trapezoid(Args& a) {
    const Tensor& y = a.tensor(0);
    int axis = trapezoid_axis(a, 2);
    if (y.size(axis) == 0) return a.ret(nothing_to_integrate(y, axis));
    if (a.args[1].kind != Arg::TensorArg && is_floating(y.dtype())) {  // equal distances: half of each end is taken off
        Tensor ends = select(y, axis, 0) + select(y, axis, y.size(axis) - 1);
        return a.ret((sum(y, {axis - y.ndim()}) - ends * 0.5) * a.real(1, 1));
    }
    a.ret(sum(trapezoids(a, y, axis), {axis - y.ndim()}));
}
void call_cumulative_trapezoid(Args& a) {
    const Tensor& y = a.tensor(0);
    int axis = trapezoid_axis(a, 2);
    if (y.size(axis) == 0) return a.ret(clone(y));
    a.ret(cumsum(trapezoids(a, y, axis), axis - y.ndim()));
}
constexpr const char* kTrapezoidDoc = R"(Integral along an axis by the trapezoidal rule.

    sum_k (x_{k+1} - x_k) (y_k + y_{k+1}) / 2,  with dx for x_{k+1} - x_k where x is not given

Args:
    y: values at the points.
    x: the points: 1-D, or of a shape that broadcasts with y's.
    dx: distance of the points, if they are evenly spaced.
    dim: axis.

Example:
    >>> chainrule.trapezoid(chainrule.tensor([1., 5., 10.]))
    tensor(10.5000)
)";
}  // namespace
const Register trapezoid_fn({"trapezoid",
                             kFunction,
                             kTrapezoidDoc,
                             {{"trapezoid(Tensor y, Tensor x, *, int dim=-1)", call_trapezoid},
                              {"trapezoid(Tensor y, *, Number dx=1, int dim=-1)", call_trapezoid}}});
const Register trapz_fn({"trapz",
                         kFunction,
                         kTrapezoidDoc,
                         {{"trapz(Tensor y, Tensor x, *, int dim=-1)", call_trapezoid},
                          {"trapz(Tensor y, *, Number dx=1, int dim=-1)", call_trapezoid}}});
const Register cumulative_trapezoid_fn(
    {"cumulative_trapezoid",
     kFunction,
     R"(Integrals from the first point to each later one by the trapezoidal rule; see trapezoid().

Args:
    y: values at the points.
    x: the points: 1-D, or of a shape that broadcasts with y's.
    dx: distance of the points, if they are evenly spaced.
    dim: axis; it loses one position.

Example:
    >>> chainrule.cumulative_trapezoid(chainrule.tensor([1., 5., 10.]))
    tensor([ 3.0000, 10.5000])
)",
     {{"cumulative_trapezoid(Tensor y, Tensor x, *, int dim=-1)", call_cumulative_trapezoid},
      {"cumulative_trapezoid(Tensor y, *, Number dx=1, int dim=-1)", call_cumulative_trapezoid}}});

// ---- gradient: derivatives from differences, of second order ----
namespace {
Tensor along_axis(const Tensor& t, const Tensor& like, int axis) {
    Dims shape;
    for (int d = 0; d < like.ndim(); ++d) shape.push(d == axis ? t.numel() : 1);
    return reshape(t, shape);
}
// h: the distances of neighbours, along the axis. Inside the parabola through three points (Fornberg, 1988); at the ends the line
// through two, or the parabola again.
Tensor slope(const Tensor& y, const Tensor& h, int axis, int64_t edge_order, bool even) {
    int64_t n = y.size(axis);
    auto at = [&](const Tensor& t, int64_t from, int64_t length) {
        return narrow(t, axis, from < 0 ? from + t.size(axis) : from, length);
    };
    Tensor steps = differences(y, 1, axis) / h;  // slopes of the lines
    Tensor h0 = at(h, 0, n - 2), h1 = at(h, 1, n - 2), s0 = at(steps, 0, n - 2), s1 = at(steps, 1, n - 2);
    // At even distances the middle point has no weight, which keeps infinite values there from making NaN.
    Tensor inside = (even ? at(y, 2, n - 2) - at(y, 0, n - 2) : h1 * s0 + h0 * s1) / (h0 + h1);
    Tensor first = at(steps, 0, 1), last = at(steps, -1, 1);
    if (edge_order == 2) {
        Tensor a0 = at(h, 0, 1), a1 = at(h, 1, 1), b0 = at(h, -2, 1), b1 = at(h, -1, 1);
        first = first - (at(steps, 1, 1) - first) * a0 / (a0 + a1);
        last = last + (last - at(steps, -2, 1)) * b1 / (b0 + b1);
    }
    return cat({first, inside, last}, axis);
}
// spacing: one for all axes, or one for each.
void call_gradient(Args& a, const std::vector<Tensor>& spacing, bool for_all) {
    Tensor x = a.tensor(0);
    if (!is_floating(x.dtype())) x = cast(x, default_dtype());
    int64_t order = a.integer(3, 1);
    check<ValueError>(order == 1 || order == 2, "gradient: edge_order must be 1 or 2, got ", order, ".");
    Dims axes = a.given(2) ? a.ints(2) : axes_of((1u << x.ndim()) - 1, x.ndim());
    axis_bits("gradient", axes, x.ndim());
    check<ValueError>(for_all || spacing.size() == static_cast<size_t>(axes.n),
                      "gradient: spacing must be one number, or a tensor for each of ", axes.n, " axes, got ",
                      spacing.size(), ".");
    std::vector<Tensor> out;
    for (int i = 0; i < axes.n; ++i) {
        int axis = normalize_axis("gradient", axes[i], x.ndim());
        int64_t n = x.size(axis);
        check<ValueError>(n > order, "gradient: more than ", order, " points are required along axis ", axis,
                          ", got shape ", x.shape(), ".");
        Tensor h = spacing[for_all ? 0 : static_cast<size_t>(i)];
        bool even = h.ndim() == 0;
        if (even) {
            h = expand(cast(h, x.dtype()), {n - 1});
        } else {
            check<ValueError>(h.ndim() == 1 && h.size(0) == n, "gradient: the points of axis ", axis,
                              " must be a vector of ", n, ", got shape ", h.shape(), ".");
            h = differences(cast(h, x.dtype()), 1, 0);
        }
        out.push_back(slope(x, along_axis(h, x, axis), axis, order, even));
    }
    a.ret_list(out);
}
}  // namespace
const Register gradient_fn(
    {"gradient",
     kFunction,
     R"(Derivatives of sampled functions from differences, of second order inside.

    y'_k = (h_k s_{k-1} + h_{k-1} s_k) / (h_{k-1} + h_k),  s_k = (y_{k+1} - y_k) / h_k,  h_k = x_{k+1} - x_k

Args:
    input: values, tensor.
    spacing: the distance of the points, or for each axis a distance or a vector of the points.
    dim: an axis or several; None for all.
    edge_order: 1 or 2, of the derivatives at both ends.

Returns:
    Tuple of one tensor for each axis.

Example:
    >>> chainrule.gradient(chainrule.tensor([0., 1., 4., 9.]))
    (tensor([1., 2., 4., 5.]),)

Source: Fornberg, "Generation of finite difference formulas on arbitrarily spaced grids", 1988.
)",
     {{"gradient(Tensor input, *, Number spacing=1, ints dim=None, int edge_order=1)",
       [](Args& a) { call_gradient(a, {scalar_tensor(a.given(1) ? a.number(1) : Scalar(1), DType::Float64)}, true); }},
      {"gradient(Tensor input, *, Tensors spacing, ints dim=None, int edge_order=1)",
       [](Args& a) { call_gradient(a, a.tensors(1), false); }}}});

const Register renorm_fn({"renorm",
                          kMethod | kFunction | kInplace,
                          R"(Scales down each part along an axis whose norm exceeds a bound.

    y_i = x_i maxnorm / (|x_i|_p + 1e-7) where |x_i|_p > maxnorm, else x_i

Args:
    input: floating tensor with at least two axes.
    p: order of the norm.
    dim: axis along which the parts lie.
    maxnorm: the bound.

Example:
    >>> chainrule.renorm(chainrule.tensor([[3., 4.], [0., 1.]]), p=2, dim=0, maxnorm=1)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
)",
                          {{"renorm(Tensor input, Number p, int dim, Number maxnorm)", [](Args& a) {
                                Tensor x = self_or_copy(a);
                                double p = a.real(1), bound = a.real(3);
                                check<ValueError>(x.ndim() >= 2,
                                                  "renorm: the input must have at least two axes, got shape ",
                                                  x.shape(), ".");
                                check<ValueError>(p > 0 && bound >= 0,
                                                  "renorm: p must be positive and maxnorm not negative, got p ", p,
                                                  " and maxnorm ", bound, ".");
                                int axis = normalize_axis("renorm", a.integer(2), x.ndim());
                                uint32_t others = ((1u << x.ndim()) - 1) & ~(1u << axis);
                                Tensor size = norm(x, p, axes_of(others, x.ndim()), true);
                                Tensor scale = where(gt(detach(size), number(bound, size)), bound / (size + 1e-7),
                                                     number(1, size));
                                finish(a, x * scale);
                            }}}});

}  // namespace chainrule
