// Dropout. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).

#include <cmath>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/iterate.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "ops/registry.h"
#include "ops/view_rules.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

// out = x * (kept ? scale : 0)
template <class T> void drop_loop(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    const T scale = static_cast<T>(param[0]);
    for (int64_t i = 0; i < n; ++i) {
        T x = *reinterpret_cast<const T*>(ptr[1] + i * stride[1]);
        bool kept = *reinterpret_cast<const bool*>(ptr[2] + i * stride[2]);
        *reinterpret_cast<T*>(ptr[0] + i * stride[0]) = x * (kept ? scale : T(0));
    }
}

// True with probability 1 - p, drawn in the order of x's memory. Nothing is drawn where all are dropped.
Tensor kept_mask(const Dims& shape, const Dims& strides, double p) {
    Tensor mask = empty_strided(shape, strides, DType::Bool);
    if (mask.numel() == 0) return mask;
    if (p == 1) {
        zero_data(mask);
        return mask;
    }
    Unlock unlock(mask.numel());
    fill_bernoulli(default_generator(), mask.data<bool>(), mask.numel(), 1 - p);
    return mask;
}

double checked_rate(const Args& a) {
    double p = a.real(1, 0.5);
    check<ValueError>(p >= 0 && p <= 1, a.name, ": p must be in [0, 1], got ", p);
    return p;
}

}  // namespace

extern const OpDef dropout_op;
// ---- dropout: x times a random mask, scaled so that the mean stays; the mask is kept as bool ----
const OpDef dropout_op = {
    .name = "dropout",
    .grad_name = "DropoutBackward0",
    .infer =
        [](InferCtx& c) {
            check<TypeError>(is_floating(c.input(0).dtype()), "dropout: the input must be floating, got ",
                             c.input(0).dtype());
            infer_elementwise(c);
        },
    .eval =
        [](EvalCtx& c) {
            auto loop = c.out().dtype() == DType::Float32 ? drop_loop<float> : drop_loop<double>;
            apply_loop(loop, c.out(), c.inputs, 2, static_cast<const double*>(c.attrs));
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(dropout_op, c.attr<double>(), c.grad(), c.input(1))); },
    .broadcast = true,
    .elementwise = true,
    .save_input = {0, 1},
    .attr_bytes = sizeof(double),
    .describe = describe_attrs<double>,
};
namespace {
double kept_scale(double p, DType dtype) {
    return p == 1 ? 0 : dtype == DType::Float32 ? 1.0f / static_cast<float>(1 - p) : 1 / (1 - p);
}
Tensor drop(Args& a, const Dims& mask_shape, const Dims& mask_strides) {
    double p = checked_rate(a);
    if (!a.flag(2, true) || p == 0) return a.tensor(0);
    Tensor mask = kept_mask(mask_shape, mask_strides, p);
    double scale = kept_scale(p, a.tensor(0).dtype());
    const Tensor in[] = {a.tensor(0), mask};
    if (a.flag(3)) return dispatch_inplace(dropout_op, in, 2, &scale);
    return run_with(dropout_op, scale, in[0], in[1]);
}
void call_dropout(Args& a) { a.ret(drop(a, a.tensor(0).shape(), dense_strides(a.tensor(0)))); }
}  // namespace
Tensor dropout(const Tensor& x, double p) {
    return run_with(dropout_op, kept_scale(p, x.dtype()), x, kept_mask(x.shape(), dense_strides(x), p));
}
const Register dropout_fn({"dropout",
                           kFunction | kNN,
                           R"(Sets elements to 0 at random, with probability p, and scales the others.

    y = x m / (1 - p),  m = 1 with probability 1 - p, otherwise 0

Args:
    p: the probability of 0.
    training: False gives the input back.
    inplace: write into the input.

Example:
    >>> F.dropout(chainrule.ones(3), 0.)
    tensor([1., 1., 1.])
)",
                           {{"dropout(Tensor input, float p=0.5, bool training=True, bool inplace=False)",
                             call_dropout}}});

namespace {
// Whole channels: one draw for each (sample, channel).
template <int spatial> void call_feature_dropout(Args& a) {
    const Tensor& x = a.tensor(0);
    // As PyTorch: dropout1d is strict, the others are not. dropout2d takes a 3-D input for (samples, channels, length);
    // dropout3d takes any but a 5-D one for a single sample.
    if constexpr (spatial == 1)
        check<ValueError>(x.ndim() == 2 || x.ndim() == 3, a.name, ": the input must have 2 or 3 axes, got shape ",
                          x.shape());
    else check<ValueError>(x.ndim() >= 4 - spatial, a.name, ": the input has too few axes, got shape ", x.shape());
    Dims shape = x.shape();
    int kept = x.ndim() == spatial + 2 || spatial == 2 ? 2 : 1;
    for (int d = kept; d < shape.n; ++d) shape[d] = 1;
    a.ret(drop(a, shape, contiguous_strides(shape)));
}
}  // namespace
const Register dropout1d_fn({"dropout1d",
                             kNN,
                             R"(Sets whole channels of (samples, channels, length) to 0 at random and scales the others.

Example:
    >>> F.dropout1d(chainrule.ones(1, 2, 3), 0.).shape
    chainrule.Size([1, 2, 3])
)",
                             {{"dropout1d(Tensor input, float p=0.5, bool training=True, bool inplace=False)",
                               call_feature_dropout<1>}}});
const Register dropout2d_fn(
    {"dropout2d",
     kNN,
     R"(Sets whole channels of (samples, channels, height, width) to 0 at random and scales the others.

Example:
    >>> F.dropout2d(chainrule.ones(1, 2, 3, 3), 0.).shape
    chainrule.Size([1, 2, 3, 3])
)",
     {{"dropout2d(Tensor input, float p=0.5, bool training=True, bool inplace=False)", call_feature_dropout<2>}}});
const Register dropout3d_fn(
    {"dropout3d",
     kNN,
     R"(Sets whole channels of (samples, channels, d, h, w) to 0 at random and scales the others.

Example:
    >>> F.dropout3d(chainrule.ones(1, 2, 3, 3, 3), 0.).shape
    chainrule.Size([1, 2, 3, 3, 3])
)",
     {{"dropout3d(Tensor input, float p=0.5, bool training=True, bool inplace=False)", call_feature_dropout<3>}}});

// ---- alpha_dropout: keeps the mean and variance of SELU's outputs ----
namespace {
Tensor alpha_drop(Args& a, const Dims& mask_shape, const Dims& mask_strides) {
    const Tensor& x = a.tensor(0);
    double p = checked_rate(a);
    if (!a.flag(2, false) || p == 0) return x;
    if (p == 1) return x * 0;
    constexpr double alpha = 1.7580993408473766;  // lambda alpha of SELU
    Tensor mask = kept_mask(mask_shape, mask_strides, p);
    double scale = 1 / std::sqrt((alpha * alpha * p + 1) * (1 - p));
    Tensor kept = cast(mask, x.dtype());
    Tensor shift = (kept - 1.0) * (alpha * scale) + alpha * scale * p;
    return x * (kept * scale) + shift;
}
}  // namespace
const Register alpha_dropout_fn({"alpha_dropout",
                                 kFunction | kNN,
                                 R"(Dropout for SELU networks: dropped elements take SELU's lower limit.

    y = a (x m + alpha' (m - 1)) + b, which keeps mean 0 and variance 1

Source:
    Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.

Example:
    >>> F.alpha_dropout(chainrule.ones(3), 0.5, training=False)
    tensor([1., 1., 1.])
)",
                                 {{"alpha_dropout(Tensor input, float p=0.5, bool training=False, bool inplace=False)",
                                   [](Args& a) {
                                       Tensor y = alpha_drop(a, a.tensor(0).shape(), dense_strides(a.tensor(0)));
                                       a.ret(a.flag(3) && !y.is_same(a.tensor(0)) ? copy_(a.tensor(0), y) : y);
                                   }}}});
const Register feature_alpha_dropout_fn(
    {"feature_alpha_dropout",
     kFunction | kNN,
     R"(alpha_dropout() of whole channels.

Example:
    >>> F.feature_alpha_dropout(chainrule.ones(1, 2, 3), 0.5, training=False).shape
    chainrule.Size([1, 2, 3])
)",
     {{"feature_alpha_dropout(Tensor input, float p=0.5, bool training=False, bool inplace=False)", [](Args& a) {
           Dims shape = a.tensor(0).shape();
           check<ValueError>(shape.n >= 2 || !a.flag(2, false), a.name,
                             ": the input must have at least 2 axes, got shape ", shape);
           for (int d = 2; d < shape.n; ++d) shape[d] = 1;
           Tensor y = alpha_drop(a, shape, contiguous_strides(shape));
           a.ret(a.flag(3) && !y.is_same(a.tensor(0)) ? copy_(a.tensor(0), y) : y);
       }}}});

}  // namespace chainrule
