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
    for (; times > 0; --times) {
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

const Register trapezoid_fn({"trapezoid",
                             kFunction,
                             R"(Integral along an axis by the trapezoidal rule.

    sum_k (x_{k+1} - x_k) (y_k + y_{k+1}) / 2,  with dx for x_{k+1} - x_k where x is not given

Args:
    y: values at the points.
    x: the points: 1-D, or of a shape that broadcasts with y's.
    dx: distance of the points, if they are evenly spaced.
    dim: axis.

Example:
    >>> chainrule.trapezoid(chainrule.tensor([1., 5., 10.]))
    tensor(10.5000)
)",
                             {{"trapezoid(Tensor y, Tensor x, *, int dim=-1)",
                               [](Args& a) {
                                   const Tensor& y = a.tensor(0);
                                   int axis = trapezoid_axis(a, 2);
                                   if (y.size(axis) == 0) return a.ret(nothing_to_integrate(y, axis));
                                   Tensor x = points_along(a.tensor(1), y, axis);
                                   int along = axis - y.ndim() + x.ndim();
                                   check<ValueError>(along >= 0 && x.size(along) == y.size(axis),
                                                     "trapezoid: x must have the points of y's axis ", axis,
                                                     ", got shape ", x.shape(), " for ", y.shape(), ".");
                                   Tensor width = differences(x, 1, along);
                                   a.ret(sum(width * neighbours_added(y, axis), {axis - y.ndim()}) * 0.5);
                               }},
                              {"trapezoid(Tensor y, *, Number dx=1, int dim=-1)", [](Args& a) {
                                   const Tensor& y = a.tensor(0);
                                   int axis = trapezoid_axis(a, 2);
                                   if (y.size(axis) == 0) return a.ret(nothing_to_integrate(y, axis));
                                   a.ret(sum(neighbours_added(y, axis), {axis}) * (a.real(1, 1) / 2));
                               }}}});

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
