// Circular and hyperbolic functions and their inverses (tanh is in activations.cpp).

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

// ---- sin, cos, tan ----
constexpr OpDef sin_op = function_by_input(
    "sin", "SinBackward0", Unary::Sin,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * cos(c.input(0)));
    },
    Binary::SinGrad);
Tensor sin(const Tensor& x) { return run(sin_op, x); }
const Register sin_fn({"sin",
                       kUnaryFlags,
                       R"(Sine of each element, in radians.

    y = sin x,  dx = dy cos x

Example:
    >>> chainrule.sin(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.8415])
)",
                       {{"sin(Tensor input)", call_unary<sin_op>}}});

constexpr OpDef cos_op = function_by_input(
    "cos", "CosBackward0", Unary::Cos,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, neg(c.grad()) * sin(c.input(0)));
    },
    Binary::CosGrad);
Tensor cos(const Tensor& x) { return run(cos_op, x); }
const Register cos_fn({"cos",
                       kUnaryFlags,
                       R"(Cosine of each element, in radians.

    y = cos x,  dx = -dy sin x

Example:
    >>> chainrule.cos(chainrule.tensor([0., 1.]))
    tensor([1.0000, 0.5403])
)",
                       {{"cos(Tensor input)", call_unary<cos_op>}}});

constexpr OpDef tan_op = function_by_output(
    "tan", "TanBackward0", Unary::Tan,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * (square(c.output()) + 1.0));
    },
    Binary::TanGrad);
const Register tan_fn({"tan",
                       kUnaryFlags,
                       R"(Tangent of each element, in radians.

    y = tan x,  dx = dy (1 + y^2)

Example:
    >>> chainrule.tan(chainrule.tensor([0., 1.]))
    tensor([0.0000, 1.5574])
)",
                       {{"tan(Tensor input)", call_unary<tan_op>}}});

// ---- asin, acos, atan ----
constexpr OpDef asin_op = function_by_input(
    "asin", "AsinBackward0", Unary::Asin,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * rsqrt(1.0 - square(c.input(0))));
    },
    Binary::AsinGrad);
constexpr const char* kAsinDoc = R"(Inverse sine, in radians; nan outside [-1, 1].

    y = arcsin x,  dx = dy / sqrt(1 - x^2)

Example:
    >>> chainrule.asin(chainrule.tensor([0., 1.]))
    tensor([0.0000, 1.5708])
)";
const Register asin_fn({"asin", kUnaryFlags, kAsinDoc, {{"asin(Tensor input)", call_unary<asin_op>}}});
const Register arcsin_fn({"arcsin", kUnaryFlags, kAsinDoc, {{"arcsin(Tensor input)", call_unary<asin_op>}}});

constexpr OpDef acos_op = function_by_input(
    "acos", "AcosBackward0", Unary::Acos,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, neg(c.grad()) * rsqrt(1.0 - square(c.input(0))));
    },
    Binary::AcosGrad);
constexpr const char* kAcosDoc = R"(Inverse cosine, in radians; nan outside [-1, 1].

    y = arccos x,  dx = -dy / sqrt(1 - x^2)

Example:
    >>> chainrule.acos(chainrule.tensor([0., 1.]))
    tensor([1.5708, 0.0000])
)";
const Register acos_fn({"acos", kUnaryFlags, kAcosDoc, {{"acos(Tensor input)", call_unary<acos_op>}}});
const Register arccos_fn({"arccos", kUnaryFlags, kAcosDoc, {{"arccos(Tensor input)", call_unary<acos_op>}}});

constexpr OpDef atan_op = function_by_input(
    "atan", "AtanBackward0", Unary::Atan,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() / (square(c.input(0)) + 1.0));
    },
    Binary::AtanGrad);
constexpr const char* kAtanDoc = R"(Inverse tangent, in radians.

    y = arctan x,  dx = dy / (1 + x^2)

Example:
    >>> chainrule.atan(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.7854])
)";
const Register atan_fn({"atan", kUnaryFlags, kAtanDoc, {{"atan(Tensor input)", call_unary<atan_op>}}});
const Register arctan_fn({"arctan", kUnaryFlags, kAtanDoc, {{"arctan(Tensor input)", call_unary<atan_op>}}});

// ---- sinh, cosh ----
constexpr OpDef sinh_op = function_by_input(
    "sinh", "SinhBackward0", Unary::Sinh,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * cosh(c.input(0)));
    },
    Binary::SinhGrad);
Tensor sinh(const Tensor& x) { return run(sinh_op, x); }
const Register sinh_fn({"sinh",
                        kUnaryFlags,
                        R"(Hyperbolic sine.

    y = (e^x - e^-x) / 2,  dx = dy cosh x

Example:
    >>> chainrule.sinh(chainrule.tensor([0., 1.]))
    tensor([0.0000, 1.1752])
)",
                        {{"sinh(Tensor input)", call_unary<sinh_op>}}});

constexpr OpDef cosh_op = function_by_input(
    "cosh", "CoshBackward0", Unary::Cosh,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * sinh(c.input(0)));
    },
    Binary::CoshGrad);
Tensor cosh(const Tensor& x) { return run(cosh_op, x); }
const Register cosh_fn({"cosh",
                        kUnaryFlags,
                        R"(Hyperbolic cosine.

    y = (e^x + e^-x) / 2,  dx = dy sinh x

Example:
    >>> chainrule.cosh(chainrule.tensor([0., 1.]))
    tensor([1.0000, 1.5431])
)",
                        {{"cosh(Tensor input)", call_unary<cosh_op>}}});

// ---- asinh, acosh, atanh ----
constexpr OpDef asinh_op = function_by_input(
    "asinh", "AsinhBackward0", Unary::Asinh,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * rsqrt(square(c.input(0)) + 1.0));
    },
    Binary::AsinhGrad);
constexpr const char* kAsinhDoc = R"(Inverse hyperbolic sine.

    y = arsinh x,  dx = dy / sqrt(x^2 + 1)

Example:
    >>> chainrule.asinh(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.8814])
)";
const Register asinh_fn({"asinh", kUnaryFlags, kAsinhDoc, {{"asinh(Tensor input)", call_unary<asinh_op>}}});
const Register arcsinh_fn({"arcsinh", kUnaryFlags, kAsinhDoc, {{"arcsinh(Tensor input)", call_unary<asinh_op>}}});

constexpr OpDef acosh_op = function_by_input(
    "acosh", "AcoshBackward0", Unary::Acosh,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * rsqrt(square(c.input(0)) - 1.0));
    },
    Binary::AcoshGrad);
constexpr const char* kAcoshDoc = R"(Inverse hyperbolic cosine; nan below 1.

    y = arcosh x,  dx = dy / sqrt(x^2 - 1)

Example:
    >>> chainrule.acosh(chainrule.tensor([1., 2.]))
    tensor([0.0000, 1.3170])
)";
const Register acosh_fn({"acosh", kUnaryFlags, kAcoshDoc, {{"acosh(Tensor input)", call_unary<acosh_op>}}});
const Register arccosh_fn({"arccosh", kUnaryFlags, kAcoshDoc, {{"arccosh(Tensor input)", call_unary<acosh_op>}}});

constexpr OpDef atanh_op = function_by_input(
    "atanh", "AtanhBackward0", Unary::Atanh,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() / (1.0 - square(c.input(0))));
    },
    Binary::AtanhGrad);
constexpr const char* kAtanhDoc = R"(Inverse hyperbolic tangent; nan outside [-1, 1].

    y = artanh x,  dx = dy / (1 - x^2)

Example:
    >>> chainrule.atanh(chainrule.tensor([0., 0.5]))
    tensor([0.0000, 0.5493])
)";
const Register atanh_fn({"atanh", kUnaryFlags, kAtanhDoc, {{"atanh(Tensor input)", call_unary<atanh_op>}}});
const Register arctanh_fn({"arctanh", kUnaryFlags, kAtanhDoc, {{"arctanh(Tensor input)", call_unary<atanh_op>}}});

}  // namespace chainrule
