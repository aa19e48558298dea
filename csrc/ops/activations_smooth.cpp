// Smooth activation functions, and those made of other operations: gelu, silu, mish, softplus, hard ones, prelu, glu, maxout.

#include <cmath>

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

namespace {

constexpr OpDef activation(const char* name, const char* grad_name, Unary kernel, void (*vjp)(VjpCtx&),
                           Binary grad_kernel) {
    OpDef op = function_by_input(name, grad_name, kernel, vjp, grad_kernel);
    op.promotion = Promotion::None;
    return op;
}
Tensor like(double value, const Tensor& x) { return scalar_tensor(value, x.dtype()); }
template <const OpDef& op> void call_inplace(Args& a) {
    a.inplace = a.inplace || a.flag(1);
    a.ret(a.run(op, a.tensor(0)));
}

}  // namespace

// ---- silu: y = x sigmoid(x) ----
constexpr OpDef silu_op = activation(
    "silu", "SiluBackward0", Unary::Silu,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        Tensor x = c.input(0), s = sigmoid(x);
        c.set(0, c.grad() * (s * (x * (1.0 - s) + 1.0)));
    },
    Binary::SiluGrad);
const Register silu_fn({"silu",
                        kNN | kInplace,
                        R"(Sigmoid linear unit, also called swish.

    y = x s,  dx = dy s (1 + x (1 - s)) with s = sigmoid(x)

Args:
    input: floating tensor of any shape.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.silu(chainrule.tensor([-1., 2.]))
    tensor([-0.2689,  1.7616])

Source: Elfwing, Uchibe, Doya, Sigmoid-Weighted Linear Units (2017).
)",
                        {{"silu(Tensor input, bool inplace=False)", call_inplace<silu_op>}}});

// ---- mish: y = x tanh(softplus(x)) ----
constexpr OpDef mish_op = activation(
    "mish", "MishBackward0", Unary::Mish,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        Tensor x = c.input(0), t = tanh(softplus(x));
        c.set(0, c.grad() * (t + x * sigmoid(x) * (1.0 - square(t))));
    },
    Binary::MishGrad);
const Register mish_fn({"mish",
                        kNN | kInplace,
                        R"(Mish, a smooth function like silu.

    y = x t,  dx = dy (t + x sigmoid(x) (1 - t^2)) with t = tanh(ln(1 + e^x))

Args:
    input: floating tensor of any shape.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.mish(chainrule.tensor([-1., 2.]))
    tensor([-0.3034,  1.9440])

Source: Misra, Mish: A Self Regularized Non-Monotonic Activation Function (2019).
)",
                        {{"mish(Tensor input, bool inplace=False)", call_inplace<mish_op>}}});

// ---- gelu in three forms ----
// y = x Phi(x); Phi through erfc, which keeps its digits for negative x.
constexpr OpDef gelu_op = activation(
    "gelu", "GeluBackward0", Unary::Gelu,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        Tensor x = c.input(0);
        Tensor cdf = erfc(x * -0.70710678118654752440) * 0.5;
        Tensor pdf = exp(square(x) * -0.5) * 0.39894228040143267794;
        c.set(0, c.grad() * (cdf + x * pdf));
    },
    Binary::GeluGrad);
// Which approximation, for those who write the graph down: 1 tanh, 2 sigmoid.
template <int kWhich> constexpr OpDef approximate(OpDef op) {
    op.describe = [](const void*, AttrVisitor& v) { v("approximate", kWhich); };
    return op;
}
// y = x sigmoid(u), where 1 + tanh(v) = 2 sigmoid(2 v): u = 2 sqrt(2 / pi) (x + 0.044715 x^3)
constexpr OpDef gelu_tanh_op = approximate<1>(activation(
    "gelu", "GeluBackward0", Unary::GeluTanh,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        constexpr double slope = 1.59576912160573071176, cubic = 0.044715;
        Tensor x = c.input(0), x2 = square(x);
        Tensor s = sigmoid(x * (x2 * (slope * cubic) + slope));
        c.set(0, c.grad() * (s + x * s * (1.0 - s) * (x2 * (3 * slope * cubic) + slope)));
    },
    Binary::GeluTanhGrad));
// y = x sigmoid(1.702 x)
constexpr OpDef gelu_sigmoid_op = approximate<2>(activation(
    "gelu", "GeluBackward0", Unary::GeluSigmoid,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        Tensor x = c.input(0), s = sigmoid(x * 1.702);
        c.set(0, c.grad() * (s * (x * 1.702 * (1.0 - s) + 1.0)));
    },
    Binary::GeluSigmoidGrad));
const Register gelu_fn({"gelu",
                        kNN,
                        R"(Gaussian error linear unit, in three forms.

    none:    y = x Phi(x) = x (1 + erf(x / sqrt(2))) / 2
    tanh:    y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
    sigmoid: y = x sigmoid(1.702 x)

Args:
    input: floating tensor of any shape.
    approximate: 'none' (default), 'tanh' or 'sigmoid' (not in PyTorch).

Example:
    >>> chainrule.nn.functional.gelu(chainrule.tensor([-1., 2.]))
    tensor([-0.1587,  1.9545])

Source: Hendrycks, Gimpel, Gaussian Error Linear Units (2016).
)",
                        {{"gelu(Tensor input, *, str approximate='none')", [](Args& a) {
                              std::string_view form = a.given(1) ? a.text(1) : "none";
                              check<ValueError>(form == "none" || form == "tanh" || form == "sigmoid",
                                                "gelu: approximate must be 'none', 'tanh' or 'sigmoid', got '", form,
                                                "'");
                              const OpDef& op = form == "none"   ? gelu_op
                                                : form == "tanh" ? gelu_tanh_op
                                                                 : gelu_sigmoid_op;
                              a.ret(a.run(op, a.tensor(0)));
                          }}}});

// ---- softplus: y = ln(1 + e^(beta x)) / beta, x itself where beta x > threshold ----
struct SoftplusAttrs {
    double beta, threshold;
    void visit(AttrVisitor& v) const {
        v("beta", beta);
        v("threshold", threshold);
    }
};
constexpr OpDef make_softplus() {
    OpDef op = activation(
        "softplus", "SoftplusBackward0", Unary::Softplus,
        [](VjpCtx& c) {
            if (fused_unary_grad(c)) return;
            SoftplusAttrs a = c.attr<SoftplusAttrs>();
            Tensor z = c.input(0) * a.beta;
            c.set(0, where(gt(z, like(a.threshold, z)), c.grad(), c.grad() * sigmoid(z)));
        },
        Binary::SoftplusGrad);
    op.attr_bytes = sizeof(SoftplusAttrs);
    op.describe = describe_attrs<SoftplusAttrs>;
    return op;
}
constexpr OpDef softplus_op = make_softplus();
Tensor softplus(const Tensor& x, double beta, double threshold) {
    return run_with(softplus_op, SoftplusAttrs{beta, threshold}, x);
}
const Register softplus_fn({"softplus",
                            kNN,
                            R"(A smooth ReLU.

    y = ln(1 + e^(beta x)) / beta; x itself where beta x > threshold,  dx = dy sigmoid(beta x)

Args:
    input: floating tensor of any shape.
    beta: number, not 0, default 1.
    threshold: number, default 20.

Example:
    >>> chainrule.nn.functional.softplus(chainrule.tensor([0., 2.]))
    tensor([0.6931, 2.1269])
)",
                            {{"softplus(Tensor input, float beta=1.0, float threshold=20.0)", [](Args& a) {
                                  SoftplusAttrs attrs = {a.real(1, 1), a.real(2, 20)};
                                  check<ValueError>(attrs.beta != 0, "softplus: beta must not be 0, got 0");
                                  a.ret(a.run_with(softplus_op, attrs, a.tensor(0)));
                              }}}});

// ---- softsign: y = x / (1 + |x|) ----
constexpr OpDef softsign_op = activation(
    "softsign", "SoftsignBackward0", Unary::Softsign,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() / square(abs(c.input(0)) + 1.0));
    },
    Binary::SoftsignGrad);
const Register softsign_fn({"softsign",
                            kNN,
                            R"(A function like tanh with slower ends.

    y = x / (1 + |x|),  dx = dy / (1 + |x|)^2

Args:
    input: tensor of any shape; integers are converted to the default dtype.

Example:
    >>> chainrule.nn.functional.softsign(chainrule.tensor([-1., 3.]))
    tensor([-0.5000,  0.7500])
)",
                            {{"softsign(Tensor input)", [](Args& a) {
                                  const Tensor& x = a.tensor(0);
                                  a.ret(run(softsign_op, is_floating(x.dtype()) ? x : cast(x, default_dtype())));
                              }}}});

// ---- logsigmoid: y = ln sigmoid(x) ----
constexpr OpDef logsigmoid_op = activation(
    "logsigmoid", "LogSigmoidBackward0", Unary::LogSigmoid,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * sigmoid(neg(c.input(0))));
    },
    Binary::LogSigmoidGrad);
const Register logsigmoid_fn({"logsigmoid",
                              kNN,
                              R"(Logarithm of the sigmoid, without overflow for large negative x.

    y = -ln(1 + e^-x),  dx = dy sigmoid(-x)

Args:
    input: floating tensor of any shape.

Example:
    >>> chainrule.nn.functional.logsigmoid(chainrule.tensor([0., -100.]))
    tensor([  -0.6931, -100.0000])
)",
                              {{"logsigmoid(Tensor input)", call_unary<logsigmoid_op>}}});

// ---- hardsigmoid, hardswish: straight pieces between -3 and 3 ----
constexpr OpDef hardsigmoid_op = activation(
    "hardsigmoid", "HardsigmoidBackward0", Unary::HardSigmoid,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        Tensor x = c.input(0);
        c.set(0, masked_mul(logical_and(gt(x, like(-3, x)), lt(x, like(3, x))), c.grad() / 6.0));
    },
    Binary::HardSigmoidGrad);
const Register hardsigmoid_fn({"hardsigmoid",
                               kNN | kInplace,
                               R"(The sigmoid in three straight pieces; gradient 0 at -3 and at 3.

    y = min(max(x + 3, 0), 6) / 6

Args:
    input: floating tensor of any shape.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.hardsigmoid(chainrule.tensor([-4., 0., 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
)",
                               {{"hardsigmoid(Tensor input, bool inplace=False)", call_inplace<hardsigmoid_op>}}});

constexpr OpDef hardswish_op = activation(
    "hardswish", "HardswishBackward0", Unary::HardSwish,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        Tensor x = c.input(0);
        Tensor middle = where(lt(x, like(3, x)), c.grad() * (x / 3.0 + 0.5), c.grad());
        c.set(0, masked_out(le(x, like(-3, x)), middle));
    },
    Binary::HardSwishGrad);
const Register hardswish_fn({"hardswish",
                             kNN | kInplace,
                             R"(The silu made of straight pieces.

    y = x min(max(x + 3, 0), 6) / 6

Args:
    input: floating tensor of any shape.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.hardswish(chainrule.tensor([-4., 1., 4.]))
    tensor([-0.0000,  0.6667,  4.0000])

Source: Howard and others, Searching for MobileNetV3 (2019).
)",
                             {{"hardswish(Tensor input, bool inplace=False)", call_inplace<hardswish_op>}}});

// ---- prelu: y = x where x > 0, else w x with learned weights ----
const OpDef prelu_op = {
    .name = "prelu",
    .grad_name = "PreluKernelBackward0",
    .infer = infer_floating,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            Tensor x = c.input(0), above = gt(x, like(0, x));
            if (c.wants(0)) c.set(0, where(above, c.grad(), c.grad() * c.input(1)));
            if (c.wants(1)) c.set(1, masked_out(above, c.grad() * x));
        },
    .kernel = kernel_of(Binary::Prelu),
    .broadcast = true,
    .elementwise = true,
    .save_input = {3, 1},
};
Tensor prelu(const Tensor& x, const Tensor& weight) {
    check<TypeError>(x.dtype() == weight.dtype(), "prelu: input and weight must have the same dtype, got ", x.dtype(),
                     " and ", weight.dtype());
    if (weight.numel() == 1) return run(prelu_op, x, reshape(weight, {}));
    int64_t channels = x.ndim() > 1 ? x.size(1) : 1;
    check<ValueError>(
        weight.ndim() == 1 && weight.numel() == channels,
        "prelu: weight must have one element, or one for each of the input's channels (axis 1), got shapes ",
        weight.shape(), " and ", x.shape());
    Dims shape = {channels};
    for (int i = 2; i < x.ndim(); ++i) shape.push(1);
    return run(prelu_op, x, reshape(weight, shape));
}
const Register prelu_fn({"prelu",
                         kMethod | kFunction | kNN,
                         R"(Leaky ReLU with learned slopes.

    y = x where x > 0, else w x

Args:
    input: floating tensor; with several weights, axis 1 counts channels.
    weight: tensor of one element, or of one for each channel.

Example:
    >>> chainrule.nn.functional.prelu(chainrule.tensor([-2., 3.]), chainrule.tensor([0.25]))
    tensor([-0.5000,  3.0000])

Source: He, Zhang, Ren, Sun, Delving Deep into Rectifiers (2015).
)",
                         {{"prelu(Tensor input, Tensor weight)",
                           [](Args& a) { a.ret(prelu(a.tensor(0), a.tensor(1))); }}}});

// ---- glu: the first half times the sigmoid of the second ----
const Register glu_fn({"glu",
                       kNN,
                       R"(Gated linear unit: one half of the input opens the other.

    y = a sigmoid(b), where a and b are the two halves along dim

Args:
    input: floating tensor; its size along dim is even.
    dim: axis to halve, default -1.

Example:
    >>> chainrule.nn.functional.glu(chainrule.tensor([1., 2., 0., 0.]))
    tensor([0.5000, 1.0000])

Source: Dauphin, Fan, Auli, Grangier, Language Modeling with Gated Convolutional Networks (2016).
)",
                       {{"glu(Tensor input, int dim=-1)", [](Args& a) {
                             const Tensor& x = a.tensor(0);
                             check<ValueError>(x.ndim() > 0, "glu: the input must have an axis to halve, got shape ()");
                             int axis = normalize_axis("glu", a.integer(1, -1), x.ndim());
                             int64_t half = x.size(axis) / 2;
                             check<ValueError>(x.size(axis) % 2 == 0, "glu: the size along axis ", axis,
                                               " must be even, got shape ", x.shape());
                             a.ret(narrow(x, axis, 0, half) * sigmoid(narrow(x, axis, half, half)));
                         }}}});

// ---- maxout: the largest of each group ----
const Register maxout_fn({"maxout",
                          kFunction | kNN,
                          R"(The largest of each group of neighbours along an axis.

    y[i] = max over k < groups of x[groups i + k]; elements that are equally large share the gradient

Args:
    input: tensor.
    groups: size of a group; divides the size along dim.
    dim: axis, default 1.

Example:
    >>> chainrule.nn.functional.maxout(chainrule.tensor([[1., 5., 3., 2.]]), 2)
    tensor([[5., 3.]])

Source: Goodfellow, Warde-Farley, Mirza, Courville, Bengio, Maxout Networks (2013).
)",
                          {{"maxout(Tensor input, int groups, int dim=1)", [](Args& a) {
                                const Tensor& x = a.tensor(0);
                                int64_t groups = a.integer(1);
                                int axis = normalize_axis("maxout", a.integer(2, 1), x.ndim());
                                check<ValueError>(x.ndim() > 0 && groups > 0 && x.size(axis) % groups == 0,
                                                  "maxout: groups must be positive and divide the size along axis ",
                                                  axis, ", got groups ", groups, " and shape ", x.shape());
                                Dims split = x.shape();
                                split[axis] = x.size(axis) / groups;
                                split.insert(axis + 1, groups);
                                a.ret(amax(reshape(x, split), {axis + 1}));
                            }}}});

}  // namespace chainrule
