// Activation functions. Most have a fused first-order gradient; the composed rule serves higher derivatives.

#include <cmath>

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

namespace {

// Functions of nn.functional take `inplace` as their last argument.
template <const OpDef& op> void call_inplace(Args& a) {
    a.inplace = a.inplace || a.flag(1);
    a.ret(a.run(op, a.tensor(0)));
}

}  // namespace

// ---- sigmoid: y = 1 / (1 + e^-x) ----
const OpDef sigmoid_op = {
    .name = "sigmoid",
    .grad_name = "SigmoidBackward0",
    .infer = infer_floating,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (!fused_unary_grad(c)) c.set(0, c.grad() * c.output() * (1.0 - c.output()));
        },
    .kernel = kernel_of(Unary::Sigmoid),
    .grad_kernel = kernel_of(Binary::SigmoidGrad),
    .promotion = Promotion::Float,
    .elementwise = true,
    .save_output = {1},
};
Tensor sigmoid(const Tensor& x) { return run(sigmoid_op, x); }
const Register sigmoid_fn({"sigmoid",
                           kUnaryFlags | kNN,
                           R"(Logistic function of each element.

    y = 1 / (1 + e^-x),  dx = dy y (1 - y)

Args:
    input: tensor of any shape.

Example:
    >>> chainrule.sigmoid(chainrule.tensor([0., 2.]))
    tensor([0.5000, 0.8808])
)",
                           {{"sigmoid(Tensor input)", call_unary<sigmoid_op>}}});

// ---- tanh ----
const OpDef tanh_op = {
    .name = "tanh",
    .grad_name = "TanhBackward0",
    .infer = infer_floating,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (!fused_unary_grad(c)) c.set(0, c.grad() * (1.0 - square(c.output())));
        },
    .kernel = kernel_of(Unary::Tanh),
    .grad_kernel = kernel_of(Binary::TanhGrad),
    .promotion = Promotion::Float,
    .elementwise = true,
    .save_output = {1},
};
Tensor tanh(const Tensor& x) { return run(tanh_op, x); }
const Register tanh_fn({"tanh",
                        kUnaryFlags | kNN,
                        R"(Hyperbolic tangent of each element.

    y = (e^x - e^-x) / (e^x + e^-x),  dx = dy (1 - y^2)

Args:
    input: tensor of any shape.

Example:
    >>> chainrule.tanh(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.7616])
)",
                        {{"tanh(Tensor input)", call_unary<tanh_op>}}});

// ---- relu: y = max(x, 0); gradient 0 at 0 ----
const OpDef relu_op = {
    .name = "relu",
    .grad_name = "ReluBackward0",
    .infer = infer_unary,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (fused_unary_grad(c)) return;
            Tensor y = c.output();
            c.set(0, masked_out(le(y, scalar_tensor(0, y.dtype())), c.grad()));
        },
    .kernel = kernel_of(Unary::Relu),
    .grad_kernel = kernel_of(Binary::ReluGrad),
    .elementwise = true,
    .save_output = {1},
};
Tensor relu(const Tensor& x) { return run(relu_op, x); }
constexpr const char* kReluDoc = R"(Rectified linear unit; gradient 0 at 0, nan stays nan.

    y = max(x, 0),  dx = dy where y > 0, else 0

Args:
    input: tensor of any shape.
    inplace: write into input.

Example:
    >>> chainrule.relu(chainrule.tensor([-1., 2.]))
    tensor([0., 2.])
)";
const Register relu_fn(
    {"relu", kUnaryFlags | kNN, kReluDoc, {{"relu(Tensor input, bool inplace=False)", call_inplace<relu_op>}}});

const OpDef* plain_activation(std::string_view name) {
    for (const OpDef* op : {&relu_op, &sigmoid_op, &tanh_op})
        if (name == op->name) return op;
    return nullptr;
}

// ---- functions whose attributes are one number: leaky_relu, softshrink, hardshrink ----
namespace {

constexpr OpDef with_number(const char* name, const char* grad_name, Unary kernel, void (*vjp)(VjpCtx&),
                            Binary grad_kernel) {
    OpDef op = function_by_input(name, grad_name, kernel, vjp, grad_kernel);
    op.promotion = Promotion::None;
    op.attr_bytes = sizeof(NumberAttr);
    op.describe = describe_attrs<NumberAttr>;
    return op;
}
// The same without attributes, for functions that take floating tensors only.
constexpr OpDef floats_only(const char* name, const char* grad_name, Unary kernel, void (*vjp)(VjpCtx&),
                            Binary grad_kernel) {
    OpDef op = function_by_input(name, grad_name, kernel, vjp, grad_kernel);
    op.promotion = Promotion::None;
    return op;
}
Tensor like(double value, const Tensor& x) { return scalar_tensor(value, x.dtype()); }

}  // namespace

constexpr OpDef leaky_relu_op = with_number(
    "leaky_relu", "LeakyReluBackward0", Unary::LeakyRelu,
    [](VjpCtx& c) {
        if (fused_unary_grad(c)) return;
        Tensor x = c.input(0);
        c.set(0, where(gt(x, like(0, x)), c.grad(), c.grad() * c.attr<NumberAttr>().value));
    },
    Binary::LeakyReluGrad);
const Register leaky_relu_fn({"leaky_relu",
                              kNN | kInplace,
                              R"(ReLU with a small slope below 0.

    y = x where x > 0, else negative_slope x

Args:
    input: floating tensor of any shape.
    negative_slope: number, default 0.01.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.leaky_relu(chainrule.tensor([-2., 2.]), 0.1)
    tensor([-0.2000,  2.0000])
)",
                              {{"leaky_relu(Tensor input, float negative_slope=0.01, bool inplace=False)", [](Args& a) {
                                    a.inplace = a.inplace || a.flag(2);
                                    a.ret(a.run_with(leaky_relu_op, NumberAttr{a.real(1, 0.01)}, a.tensor(0)));
                                }}}});

// Soft and hard shrinkage share their gradient: that of the identity outside [-lambda, lambda], 0 inside.
void shrink_vjp(VjpCtx& c) {
    if (fused_unary_grad(c)) return;
    Tensor x = c.input(0);
    double lambda = c.attr<NumberAttr>().value;
    c.set(0, masked_out(logical_and(ge(x, like(-lambda, x)), le(x, like(lambda, x))), c.grad()));
}
constexpr OpDef softshrink_op =
    with_number("softshrink", "SoftshrinkBackward0", Unary::Softshrink, shrink_vjp, Binary::ShrinkGrad);
const Register softshrink_fn({"softshrink",
                              kNN,
                              R"(Moves each element towards 0 by lambd, and no further.

    y = x - lambd where x > lambd, x + lambd where x < -lambd, else 0

Args:
    input: floating tensor of any shape.
    lambd: number, not negative, default 0.5.

Example:
    >>> chainrule.nn.functional.softshrink(chainrule.tensor([-2., 0.3, 1.]))
    tensor([-1.5000,  0.0000,  0.5000])
)",
                              {{"softshrink(Tensor input, float lambd=0.5)", [](Args& a) {
                                    double lambda = a.real(1, 0.5);
                                    check<ValueError>(lambda >= 0, "softshrink: lambd must not be negative, got ",
                                                      lambda);
                                    a.ret(a.run_with(softshrink_op, NumberAttr{lambda}, a.tensor(0)));
                                }}}});
constexpr OpDef hardshrink_op =
    with_number("hardshrink", "HardshrinkBackward0", Unary::Hardshrink, shrink_vjp, Binary::ShrinkGrad);
const Register hardshrink_fn({"hardshrink",
                              kMethod | kFunction | kNN,
                              R"(Sets elements between -lambd and lambd to 0.

    y = 0 where -lambd <= x <= lambd, else x

Args:
    input: floating tensor of any shape.
    lambd: number, default 0.5.

Example:
    >>> chainrule.nn.functional.hardshrink(chainrule.tensor([-2., 0.3, 1.]))
    tensor([-2.,  0.,  1.])
)",
                              {{"hardshrink(Tensor input, float lambd=0.5)", [](Args& a) {
                                    a.ret(a.run_with(hardshrink_op, NumberAttr{a.real(1, 0.5)}, a.tensor(0)));
                                }}}});

// ---- tanhshrink: x - tanh x ----
const Register tanhshrink_fn({"tanhshrink",
                              kNN,
                              R"(What tanh takes away.

    y = x - tanh x

Args:
    input: tensor of any shape.

Example:
    >>> chainrule.nn.functional.tanhshrink(chainrule.tensor([0., 2.]))
    tensor([0.0000, 1.0360])
)",
                              {{"tanhshrink(Tensor input)", [](Args& a) { a.ret(a.tensor(0) - tanh(a.tensor(0))); }}}});

// ---- threshold: x above it, else a value ----
struct ThresholdAttrs {
    double threshold, value;
    void visit(AttrVisitor& v) const {
        v("threshold", threshold);
        v("value", value);
    }
};
const OpDef threshold_op = {
    .name = "threshold",
    .grad_name = "ThresholdBackward0",
    .infer = infer_unary,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (fused_unary_grad(c)) return;
            Tensor x = c.input(0);
            c.set(0, masked_out(le(x, like(c.attr<ThresholdAttrs>().threshold, x)), c.grad()));
        },
    .kernel = kernel_of(Unary::Threshold),
    .grad_kernel = kernel_of(Binary::ThresholdGrad),
    .elementwise = true,
    .save_input = {1},
    .attr_bytes = sizeof(ThresholdAttrs),
    .describe = describe_attrs<ThresholdAttrs>,
};
const Register threshold_fn({"threshold",
                             kFunction | kNN | kInplace,
                             R"(Replaces what does not exceed a threshold.

    y = x where x > threshold, else value

Args:
    input: tensor of any shape.
    threshold: number.
    value: number.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.threshold(chainrule.tensor([-1., 2.]), 0.5, 9)
    tensor([9., 2.])
)",
                             {{"threshold(Tensor input, Number threshold, Number value, bool inplace=False)",
                               [](Args& a) {
                                   a.inplace = a.inplace || a.flag(3);
                                   a.ret(a.run_with(threshold_op, ThresholdAttrs{a.real(1), a.real(2)}, a.tensor(0)));
                               }}}});

// ---- elu, selu, celu: scale x above 0, scale alpha (e^(input_scale x) - 1) below ----
struct EluAttrs {
    double alpha, scale, input_scale;
    void visit(AttrVisitor& v) const {
        v("alpha", alpha);
        v("scale", scale);
        v("input_scale", input_scale);
    }
};
void elu_vjp(VjpCtx& c) {
    if (fused_unary_grad(c)) return;
    EluAttrs a = c.attr<EluAttrs>();
    Tensor x = c.input(0), above = gt(x, like(0, x));
    // Positive x is taken out before exp, which it could overflow.
    Tensor below = exp(masked_out(above, x) * a.input_scale) * (a.alpha * a.scale * a.input_scale);
    c.set(0, where(above, c.grad() * a.scale, c.grad() * below));
}
constexpr OpDef elu_named(const char* name, const char* grad_name) {
    OpDef op = floats_only(name, grad_name, Unary::Elu, elu_vjp, Binary::EluGrad);
    op.attr_bytes = sizeof(EluAttrs);
    op.describe = describe_attrs<EluAttrs>;
    return op;
}
constexpr OpDef elu_op = elu_named("elu", "EluBackward0");
constexpr OpDef selu_op = elu_named("selu", "EluBackward0");
constexpr OpDef celu_op = elu_named("celu", "CeluBackward0");
constexpr EluAttrs kSelu = {1.6732632423543772848, 1.0507009873554804934, 1.0};
const Register elu_fn({"elu",
                       kNN | kInplace,
                       R"(Exponential linear unit.

    y = x where x > 0, else alpha (e^x - 1)

Args:
    input: floating tensor of any shape.
    alpha: number, default 1.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.elu(chainrule.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])

Source: Clevert, Unterthiner, Hochreiter, Fast and Accurate Deep Network Learning by ELUs (2015).
)",
                       {{"elu(Tensor input, float alpha=1.0, bool inplace=False)", [](Args& a) {
                             a.inplace = a.inplace || a.flag(2);
                             a.ret(a.run_with(elu_op, EluAttrs{a.real(1, 1), 1, 1}, a.tensor(0)));
                         }}}});
const Register selu_fn({"selu",
                        kFunction | kNN | kInplace,
                        R"(Self-normalising exponential linear unit.

    y = scale x where x > 0, else scale alpha (e^x - 1); alpha = 1.67326324, scale = 1.05070099

Args:
    input: floating tensor of any shape.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.selu(chainrule.tensor([-1., 2.]))
    tensor([-1.1113,  2.1014])

Source: Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks (2017).
)",
                        {{"selu(Tensor input, bool inplace=False)", [](Args& a) {
                              a.inplace = a.inplace || a.flag(1);
                              a.ret(a.run_with(selu_op, kSelu, a.tensor(0)));
                          }}}});
const Register celu_fn({"celu",
                        kFunction | kNN | kInplace,
                        R"(Exponential linear unit with a continuous derivative.

    y = x where x > 0, else alpha (e^(x / alpha) - 1)

Args:
    input: floating tensor of any shape.
    alpha: number, not 0, default 1.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.celu(chainrule.tensor([-1., 2.]), 2.0)
    tensor([-0.7869,  2.0000])

Source: Barron, Continuously Differentiable Exponential Linear Units (2017).
)",
                        {{"celu(Tensor input, float alpha=1.0, bool inplace=False)", [](Args& a) {
                              double alpha = a.real(1, 1);
                              check<ValueError>(alpha != 0, "celu: alpha must not be 0, got 0");
                              a.inplace = a.inplace || a.flag(2);
                              a.ret(a.run_with(celu_op, EluAttrs{alpha, 1, 1 / alpha}, a.tensor(0)));
                          }}}});

}  // namespace chainrule
