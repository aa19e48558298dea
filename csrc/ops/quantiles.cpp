// Quantiles, histograms, and both extremes at once.

#include <cmath>
#include <string>

#include "autograd/elementwise.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

// ---- quantiles ----

enum class Between : uint8_t { Linear, Lower, Higher, Midpoint, Nearest };

Between between_named(const char* op, std::string_view name) {
    constexpr const char* kNames[] = {"linear", "lower", "higher", "midpoint", "nearest"};
    for (size_t i = 0; i < std::size(kNames); ++i)
        if (name == kNames[i]) return static_cast<Between>(i);
    fail<ValueError>(op, ": interpolation must be linear, lower, higher, midpoint or nearest, got ", std::string(name),
                     ".");
}

// The ranks as indices, by floor, ceil or round (half to even).
Tensor indices_of(const Tensor& ranks, double (*rounded)(double)) {
    Tensor from = contiguous_data(ranks), out = empty(ranks.shape(), DType::Int64);
    visit_floating(from.dtype(), [&](auto zero) {
        using T = decltype(zero);
        for (int64_t i = 0; i < from.numel(); ++i)
            out.data<int64_t>()[i] = static_cast<int64_t>(rounded(from.data<T>()[i]));
    });
    return out;
}
double down(double x) { return std::floor(x); }
double up(double x) { return std::ceil(x); }
double near(double x) { return std::nearbyint(x); }

// Places of the quantiles q (1-D) among sorted numbers (last axis): shape (..., len(q)). NaN comes last there: it is left out,
// or else makes all places those of a NaN.
Tensor ranks_of(const Tensor& sorted, const Tensor& q, bool skip_nan) {
    int64_t n = sorted.size(sorted.ndim() - 1);
    Tensor values = detach(sorted);
    if (skip_nan) {
        Tensor count = cast(sum(logical_not(isnan(values)), {-1}, true), sorted.dtype());
        return q * maximum(count - 1, number(0, count));
    }
    Tensor last = number(static_cast<double>(n - 1), sorted);
    return where(isnan(narrow(values, -1, n - 1, 1)), last, q * last);
}

Tensor between_ranks(const Tensor& sorted, const Tensor& ranks, Between how) {
    auto at = [&](double (*rounded)(double)) { return gather(sorted, -1, indices_of(ranks, rounded)); };
    if (how == Between::Lower) return at(down);
    if (how == Between::Higher) return at(up);
    if (how == Between::Nearest) return at(near);
    Tensor low = at(down), high = at(up), gap = high - low;
    if (how == Between::Midpoint) return low + gap * 0.5;
    Tensor weight = ranks - cast(indices_of(ranks, down), ranks.dtype());
    // From the nearer end, as PyTorch's lerp.
    return where(lt(detach(weight), number(0.5, weight)), low + weight * gap, high - (1 - weight) * gap);
}

void check_quantile(const char* op, const Tensor& x, const Tensor& q, int axis) {
    check<TypeError>(is_floating(x.dtype()), op, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float().");
    check<TypeError>(q.dtype() == x.dtype(), op, ": q must have the input's dtype ", x.dtype(), ", got ", q.dtype(),
                     ".");
    check<ValueError>(q.ndim() <= 1, op, ": q must be a number or a 1-D tensor, got shape ", q.shape(), ".");
    check<ValueError>(x.numel() > 0 && (x.ndim() == 0 || x.size(axis) > 0), op,
                      ": no elements to choose from, got shape ", x.shape(), ".");
    Tensor values = contiguous_data(cast(detach(q), DType::Float64));
    for (int64_t i = 0; i < values.numel(); ++i) {
        double p = values.data<double>()[i];
        check<ValueError>(p >= 0 && p <= 1, op, ": q must be in [0, 1], got ", p, ".");
    }
}

void call_quantile(Args& a, bool skip_nan) {
    const Tensor& x = a.tensor(0);
    Tensor q = a.tensor(1)->wrapped_number ? cast(a.tensor(1), x.dtype()) : a.tensor(1);
    Between how = between_named(a.name, a.text(4));
    bool keepdim = a.flag(3), whole = !a.given(2);
    int axis = whole ? 0 : normalize_axis(a.name, a.integer(2), x.ndim());
    check_quantile(a.name, x, q, axis);
    Tensor line = whole || x.ndim() == 0 ? reshape(x, {x.numel()}) : movedim(x, {axis}, {-1});
    Tensor sorted = sort_values(line, -1);
    Tensor y = between_ranks(sorted, ranks_of(sorted, reshape(q, {q.numel()}), skip_nan), how);
    y = q.ndim() ? movedim(y, {-1}, {0}) : squeeze(y, -1);
    if (!keepdim || x.ndim() == 0) return a.ret(y);
    if (!whole) return a.ret(unsqueeze(y, axis + q.ndim()));
    Dims shape = q.shape();
    for (int d = 0; d < x.ndim(); ++d) shape.push(1);
    a.ret(reshape(y, shape));
}

// ---- histogram ----

template <class T> void count_bins(const Tensor& x, double low, double high, const Tensor& out) {
    T first = static_cast<T>(low), last = static_cast<T>(high);
    int64_t bins = out.numel();
    for (int64_t i = 0; i < x.numel(); ++i) {
        T v = x.data<T>()[i];
        if (!(v >= first && v <= last)) continue;
        int64_t bin = static_cast<int64_t>((v - first) * static_cast<T>(bins) / (last - first));
        out.data<T>()[bin < bins ? bin : bins - 1] += 1;
    }
}

constexpr const char* kAminmaxFields[] = {"aminmax", "min", "max", nullptr};

}  // namespace

const Register quantile_fn(
    {"quantile",
     kMethod | kFunction,
     R"(Quantiles, of all elements or along an axis.

    y = the element at place q (n - 1) in sorted order; between two elements a and b, with f the place's fraction:
    linear a + f (b - a), lower a, higher b, midpoint (a + b) / 2, nearest the closer (the even place where both are)

Args:
    input: floating tensor, not empty. NaN wins.
    q: a number in [0, 1], or a 1-D tensor of them with the input's dtype.
    dim: axis; None for all elements.
    keepdim: keep the axis with size 1.
    interpolation: 'linear', 'lower', 'higher', 'midpoint' or 'nearest'.

Returns:
    Tensor; a 1-D q adds an axis at the front.

Raises:
    ValueError: if q is outside [0, 1] or there is nothing to choose from.

Example:
    >>> chainrule.quantile(chainrule.tensor([3., 1., 2.]), 0.25)
    tensor(1.5000)
)",
     {{"quantile(Tensor input, Tensor q, int dim=None, bool keepdim=False, *, str interpolation='linear')",
       [](Args& a) { call_quantile(a, false); }}}});

const Register nanquantile_fn(
    {"nanquantile",
     kMethod | kFunction,
     R"(Quantiles of the elements that are not NaN.

Args:
    input, q, dim, keepdim, interpolation: as for quantile().

Example:
    >>> chainrule.nanquantile(chainrule.tensor([3., float('nan'), 2.]), 0.5)
    tensor(2.5000)
)",
     {{"nanquantile(Tensor input, Tensor q, int dim=None, bool keepdim=False, *, str interpolation='linear')",
       [](Args& a) { call_quantile(a, true); }}}});

const Register histc_fn({"histc",
                         kMethod | kFunction | kNoGradient,
                         R"(How many elements lie in each of some equal intervals.

Args:
    input: floating tensor. NaN and elements outside are not counted.
    bins: number of intervals.
    min, max: the range, both ends included; both equal means the range of the input.

Returns:
    1-D tensor of the input's dtype with `bins` counts.

Raises:
    ValueError: if bins is not positive, max is less than min, or the range is not finite.

Example:
    >>> chainrule.histc(chainrule.tensor([1., 2., 1.]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
)",
                         {{"histc(Tensor input, int bins=100, Number min=0, Number max=0)", [](Args& a) {
                               Tensor x = contiguous_data(a.tensor(0));
                               int64_t bins = a.integer(1, 100);
                               double low = a.real(2), high = a.real(3);
                               check<TypeError>(is_floating(x.dtype()), "histc: the input must be floating, got ",
                                                x.dtype(), ". Convert it with .float().");
                               check<ValueError>(bins > 0, "histc: bins must be positive, got ", bins, ".");
                               if (low == high && x.numel() > 0) {
                                   low = number_value(amin(x));
                                   high = number_value(amax(x));
                               }
                               check<ValueError>(std::isfinite(low) && std::isfinite(high),
                                                 "histc: the range must be finite, got [", low, ", ", high, "].");
                               check<ValueError>(low <= high, "histc: max must not be less than min, got min ", low,
                                                 " and max ", high, ".");
                               if (low == high) {
                                   low -= 1;
                                   high += 1;
                               }
                               Tensor out = zeros({bins}, x.dtype());
                               if (x.dtype() == DType::Float32) count_bins<float>(x, low, high, out);
                               else count_bins<double>(x, low, high, out);
                               a.ret(out);
                           }}}});

const Register aminmax_fn(
    {"aminmax",
     kMethod | kFunction,
     R"(Smallest and largest element, of all or along an axis; tied elements share the gradient evenly.

Args:
    input: tensor, not empty. NaN wins.
    dim: axis; None for all elements.
    keepdim: keep the axis with size 1.

Returns:
    Named tuple (min, max).

Example:
    >>> chainrule.aminmax(chainrule.tensor([3., 1., 2.])).max
    tensor(3.)
)",
     {{"aminmax(Tensor input, *, int dim=None, bool keepdim=False)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           Dims axes;
           if (a.given(1)) axes.push(normalize_axis("aminmax", a.integer(1), x.ndim()));
           if (x.ndim() == 0) axes.n = 0;
           a.ret_tuple({amin(x, axes, a.flag(2)), amax(x, axes, a.flag(2))}, kAminmaxFields);
       }}}});

}  // namespace chainrule
