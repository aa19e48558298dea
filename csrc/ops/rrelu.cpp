// The rectifier whose slope below 0 is random. Xu et al., "Empirical evaluation of rectified activations in convolutional
// network", arXiv:1505.00853 (2015).

#include <cmath>
#include <vector>

#include "ops/draw.h"
#include "ops/forms.h"
#include "ops/reduce_rules.h"

namespace chainrule {
namespace {

// 1 where x is positive, else a slope drawn from [lower, upper): one number for each such element, in row-major order.
Tensor drawn_slopes(const Tensor& input, double lower, double upper) {
    Tensor x = contiguous_data(input), slopes = empty(x.shape(), x.dtype());
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* in = x.data<T>();
        T* out = slopes.data<T>();
        int64_t n = x.numel(), count = 0;
        for (int64_t i = 0; i < n; ++i) count += in[i] <= 0;
        std::vector<double> drawn(static_cast<size_t>(count));
        if (count > 0) fill_uniform(default_generator(), drawn.data(), count, lower, upper);
        const double* next = drawn.data();
        for (int64_t i = 0; i < n; ++i) out[i] = in[i] <= 0 ? static_cast<T>(*next++) : T(1);
    });
    return slopes;
}

}  // namespace

const Register rrelu_fn(
    {"rrelu",
     kFunction | kNN | kInplace,
     R"(Rectifier with a random slope below 0.

    y = x for x > 0, else s x;  training: s uniform on [lower, upper) for each element, else s = (lower + upper) / 2

Args:
    input: floating tensor.
    lower, upper: bounds of the slope.
    training: draw the slopes.
    inplace: write into input.

Raises:
    ValueError: if lower exceeds upper or a bound is not finite.

Example:
    >>> chainrule.rrelu(chainrule.tensor([1., -2.]), 0.25, 0.75)
    tensor([ 1., -1.])

Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.
)",
     {{"rrelu(Tensor input, float lower=0.125, float upper=0.3333333333333333, bool training=False, "
       "bool inplace=False)",
       [](Args& a) {
           double lower = a.real(1, 0.125), upper = a.real(2, 1.0 / 3);
           check<ValueError>(lower <= upper && std::isfinite(lower) && std::isfinite(upper),
                             "rrelu: lower must not exceed upper and both be finite, got ", lower, " and ", upper, ".");
           check_floating("rrelu", a.tensor(0));
           a.inplace = a.inplace || a.flag(4);
           Tensor x = self_or_copy(a);
           if (a.flag(3)) return finish(a, x * drawn_slopes(x, lower, upper));
           finish(a, where(gt(detach(x), number(0, x)), x, x * ((lower + upper) / 2)));
       }}}});

}  // namespace chainrule
