// Elementwise functions of one tensor: arithmetic, powers, exponentials, logarithms.

#include <cmath>
#include <limits>

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

// ---- neg: y = -x ----
const OpDef neg_op = {
    .name = "neg",
    .grad_name = "NegBackward0",
    .infer =
        [](InferCtx& c) {
            check<TypeError>(c.input(0).dtype() != DType::Bool,
                             "neg: a bool tensor has no negative. Use logical_not() or ~.");
            infer_elementwise(c);
        },
    .eval = eval_unary,
    .vjp = [](VjpCtx& c) { c.set(0, -c.grad()); },
    .kernel = kernel_of(Unary::Neg),
    .elementwise = true,
};
Tensor neg(const Tensor& x) { return run(neg_op, x); }
const Register neg_fn({"neg",
                       kUnaryFlags,
                       R"(Negative of each element.

    y = -x,  dx = -dy

Args:
    input: tensor of any shape, not bool.

Example:
    >>> chainrule.neg(chainrule.tensor([1., -2.]))
    tensor([-1.,  2.])
)",
                       {{"neg(Tensor input)", call_unary<neg_op>}}});

const Register negative_fn({"negative",
                            kUnaryFlags,
                            R"(Negative of each element, as neg().

Example:
    >>> chainrule.negative(chainrule.tensor([1., -2.]))
    tensor([-1.,  2.])
)",
                            {{"negative(Tensor input)", call_unary<neg_op>}}});

// ---- abs: y = |x|, gradient 0 at 0 ----
const OpDef abs_op = {
    .name = "abs",
    .grad_name = "AbsBackward0",
    .infer = infer_unary,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (!fused_unary_grad(c)) c.set(0, c.grad() * sign(c.input(0)));
        },
    .kernel = kernel_of(Unary::Abs),
    .grad_kernel = kernel_of(Binary::AbsGrad),
    .elementwise = true,
    .save_input = {1},
};
Tensor abs(const Tensor& x) { return run(abs_op, x); }
const Register abs_fn({"abs",
                       kUnaryFlags,
                       R"(Absolute value of each element; the gradient at 0 is 0.

    y = |x|,  dx = dy sign(x)

Example:
    >>> chainrule.abs(chainrule.tensor([1., -2.]))
    tensor([1., 2.])
)",
                       {{"abs(Tensor input)", call_unary<abs_op>}}});

const Register absolute_fn({"absolute",
                            kUnaryFlags,
                            R"(Absolute value of each element, as abs(); the gradient at 0 is 0.

Example:
    >>> chainrule.absolute(chainrule.tensor([1., -2.]))
    tensor([1., 2.])
)",
                            {{"absolute(Tensor input)", call_unary<abs_op>}}});

// ---- exp: y = e^x ----
const OpDef exp_op = {
    .name = "exp",
    .grad_name = "ExpBackward0",
    .infer = infer_floating,
    .eval = eval_unary,
    .vjp = [](VjpCtx& c) { c.set(0, c.grad() * c.output()); },
    .kernel = kernel_of(Unary::Exp),
    .promotion = Promotion::Float,
    .elementwise = true,
    .save_output = {1},
};
Tensor exp(const Tensor& x) { return run(exp_op, x); }
const Register exp_fn({"exp",
                       kUnaryFlags,
                       R"(Exponential of each element.

    y = e^x,  dx = dy y

Example:
    >>> chainrule.exp(chainrule.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
)",
                       {{"exp(Tensor input)", call_unary<exp_op>}}});

// ---- log: y = ln x ----
const OpDef log_op = {
    .name = "log",
    .grad_name = "LogBackward0",
    .infer = infer_floating,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (!fused_unary_grad(c)) c.set(0, c.grad() / c.input(0));
        },
    .kernel = kernel_of(Unary::Log),
    .grad_kernel = kernel_of(Binary::LogGrad),
    .promotion = Promotion::Float,
    .elementwise = true,
    .save_input = {1},
};
Tensor log(const Tensor& x) { return run(log_op, x); }
const Register log_fn({"log",
                       kUnaryFlags,
                       R"(Natural logarithm of each element; -inf at 0, NaN below.

    y = ln x,  dx = dy / x

Example:
    >>> chainrule.log(chainrule.tensor([1., 2.7182817]))
    tensor([0., 1.])
)",
                       {{"log(Tensor input)", call_unary<log_op>}}});

// ---- sqrt: y = x^(1/2); the gradient at 0 is inf ----
const OpDef sqrt_op = {
    .name = "sqrt",
    .grad_name = "SqrtBackward0",
    .infer = infer_floating,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (!fused_unary_grad(c)) c.set(0, c.grad() / (c.output() * 2));
        },
    .kernel = kernel_of(Unary::Sqrt),
    .grad_kernel = kernel_of(Binary::SqrtGrad),
    .promotion = Promotion::Float,
    .elementwise = true,
    .save_output = {1},
};
Tensor sqrt(const Tensor& x) { return run(sqrt_op, x); }
const Register sqrt_fn({"sqrt",
                        kUnaryFlags,
                        R"(Square root of each element; the gradient at 0 is inf.

    y = sqrt(x),  dx = dy / (2 y)

Example:
    >>> chainrule.sqrt(chainrule.tensor([4., 9.]))
    tensor([2., 3.])
)",
                        {{"sqrt(Tensor input)", call_unary<sqrt_op>}}});

// ---- square: y = x^2 ----
const OpDef square_op = {
    .name = "square",
    .grad_name = "PowBackward0",
    .infer = infer_unary,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            if (!fused_unary_grad(c)) c.set(0, c.grad() * c.input(0) * 2);
        },
    .kernel = kernel_of(Unary::Square),
    .grad_kernel = kernel_of(Binary::SquareGrad),
    .elementwise = true,
    .save_input = {1},
};
Tensor square(const Tensor& x) { return run(square_op, x); }
const Register square_fn({"square",
                          kUnaryFlags,
                          R"(Square of each element.

    y = x^2,  dx = 2 x dy

Example:
    >>> chainrule.square(chainrule.tensor([3., -2.]))
    tensor([9., 4.])
)",
                          {{"square(Tensor input)", [](Args& a) {
                                if (a.tensor(0).dtype() == DType::Bool)
                                    finish(a, run(square_op, cast(a.tensor(0), DType::Int64)));
                                else a.ret(a.run(square_op, a.tensor(0)));
                            }}}});

// ---- sign, sgn: -1, 0 or 1; the gradient is 0 everywhere ----
constexpr OpDef sign_op = constant_by_pieces("sign", "SignBackward0", Unary::Sign);
constexpr OpDef sgn_op = constant_by_pieces("sgn", "SgnBackward0", Unary::Sign);
Tensor sign(const Tensor& x) { return run(sign_op, x); }
const Register sign_fn({"sign",
                        kUnaryFlags,
                        R"(Sign of each element: -1, 0 or 1. Its gradient is 0 everywhere.

Example:
    >>> chainrule.sign(chainrule.tensor([3., 0., -2.]))
    tensor([ 1.,  0., -1.])
)",
                        {{"sign(Tensor input)", call_unary<sign_op>}}});

const Register sgn_fn({"sgn",
                       kUnaryFlags,
                       R"(Sign of each element: -1, 0 or 1, as sign() for real numbers. Its gradient is 0 everywhere.

Example:
    >>> chainrule.sgn(chainrule.tensor([3., 0., -2.]))
    tensor([ 1.,  0., -1.])
)",
                       {{"sgn(Tensor input)", call_unary<sgn_op>}}});

// ---- positive: x itself ----
const Register positive_fn({"positive",
                            kMethod | kFunction,
                            R"(The input itself: +x.

Args:
    input: tensor of any shape, not bool.

Example:
    >>> chainrule.positive(chainrule.tensor([1., -2.]))
    tensor([ 1., -2.])
)",
                            {{"positive(Tensor input)", [](Args& a) {
                                  check<TypeError>(a.tensor(0).dtype() != DType::Bool,
                                                   "positive: the input must not be bool, got bool");
                                  a.ret(a.tensor(0));
                              }}}});

// ---- rsqrt: y = x^(-1/2) ----
constexpr OpDef rsqrt_op = function_by_output(
    "rsqrt", "RsqrtBackward0", Unary::Rsqrt,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * (c.output() * square(c.output()) * -0.5));
    },
    Binary::RsqrtGrad);
Tensor rsqrt(const Tensor& x) { return run(rsqrt_op, x); }
const Register rsqrt_fn({"rsqrt",
                         kUnaryFlags,
                         R"(Reciprocal of the square root.

    y = 1 / sqrt(x),  dx = -dy y^3 / 2

Example:
    >>> chainrule.rsqrt(chainrule.tensor([4., 1.]))
    tensor([0.5000, 1.0000])
)",
                         {{"rsqrt(Tensor input)", call_unary<rsqrt_op>}}});

// ---- reciprocal: y = 1 / x ----
constexpr OpDef reciprocal_op = function_by_output(
    "reciprocal", "ReciprocalBackward0", Unary::Reciprocal,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, neg(c.grad()) * square(c.output()));
    },
    Binary::ReciprocalGrad);
const Register reciprocal_fn({"reciprocal",
                              kUnaryFlags,
                              R"(Reciprocal of each element.

    y = 1 / x,  dx = -dy y^2

Example:
    >>> chainrule.reciprocal(chainrule.tensor([4., -1.]))
    tensor([ 0.2500, -1.0000])
)",
                              {{"reciprocal(Tensor input)", call_unary<reciprocal_op>}}});

// ---- exp2, expm1 ----
constexpr double kLn2 = 0.693147180559945309417;
constexpr double kLn10 = 2.30258509299404568402;

constexpr OpDef exp2_op = function_by_output(
    "exp2", "Exp2Backward0", Unary::Exp2,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * c.output() * kLn2);
    },
    Binary::Exp2Grad);
const Register exp2_fn({"exp2",
                        kUnaryFlags,
                        R"(Power of two with each element as exponent.

    y = 2^x,  dx = dy y ln 2

Example:
    >>> chainrule.exp2(chainrule.tensor([3., -1.]))
    tensor([8.0000, 0.5000])
)",
                        {{"exp2(Tensor input)", call_unary<exp2_op>}}});

constexpr OpDef expm1_op = function_by_input(
    "expm1", "Expm1Backward0", Unary::Expm1,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * exp(c.input(0)));
    },
    Binary::Expm1Grad);
const Register expm1_fn({"expm1",
                         kUnaryFlags,
                         R"(Exponential minus 1, exact for small x too.

    y = e^x - 1,  dx = dy e^x

Example:
    >>> chainrule.expm1(chainrule.tensor([0., 1.]))
    tensor([0.0000, 1.7183])
)",
                         {{"expm1(Tensor input)", call_unary<expm1_op>}}});

// ---- log1p, log2, log10 ----
constexpr OpDef log1p_op = function_by_input(
    "log1p", "Log1PBackward0", Unary::Log1p,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() / (c.input(0) + 1.0));
    },
    Binary::Log1pGrad);
Tensor log1p(const Tensor& x) { return run(log1p_op, x); }
const Register log1p_fn({"log1p",
                         kUnaryFlags,
                         R"(Natural logarithm of 1 + x, exact for small x too.

    y = ln(1 + x),  dx = dy / (1 + x)

Example:
    >>> chainrule.log1p(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.6931])
)",
                         {{"log1p(Tensor input)", call_unary<log1p_op>}}});

constexpr OpDef log2_op = function_by_input(
    "log2", "Log2Backward0", Unary::Log2,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() / (c.input(0) * kLn2));
    },
    Binary::Log2Grad);
const Register log2_fn({"log2",
                        kUnaryFlags,
                        R"(Logarithm to base 2.

    y = log2 x,  dx = dy / (x ln 2)

Example:
    >>> chainrule.log2(chainrule.tensor([8., 0.5]))
    tensor([ 3., -1.])
)",
                        {{"log2(Tensor input)", call_unary<log2_op>}}});

constexpr OpDef log10_op = function_by_input(
    "log10", "Log10Backward0", Unary::Log10,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() / (c.input(0) * kLn10));
    },
    Binary::Log10Grad);
const Register log10_fn({"log10",
                         kUnaryFlags,
                         R"(Logarithm to base 10.

    y = log10 x,  dx = dy / (x ln 10)

Example:
    >>> chainrule.log10(chainrule.tensor([100., 0.1]))
    tensor([ 2., -1.])
)",
                         {{"log10(Tensor input)", call_unary<log10_op>}}});

// ---- deg2rad, rad2deg: a fixed factor ----
constexpr double kDegree = 0.0174532925199432957692;

constexpr OpDef scaled_named(const char* name, const char* grad_name) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_floating,
        .eval = eval_unary,
        .vjp = [](VjpCtx& c) { c.set(0, mul(c.grad(), c.attr<NumberAttr>().value)); },
        .kernel = kernel_of(Unary::MulScalar),
        .promotion = Promotion::Float,
        .elementwise = true,
        .attr_bytes = sizeof(NumberAttr),
        .describe = describe_attrs<NumberAttr>,
    };
}
constexpr OpDef deg2rad_op = scaled_named("deg2rad", "Deg2RadBackward0");
constexpr OpDef rad2deg_op = scaled_named("rad2deg", "Rad2DegBackward0");
const Register deg2rad_fn({"deg2rad",
                           kUnaryFlags,
                           R"(Degrees to radians.

    y = x pi / 180

Example:
    >>> chainrule.deg2rad(chainrule.tensor([180., 90.]))
    tensor([3.1416, 1.5708])
)",
                           {{"deg2rad(Tensor input)",
                             [](Args& a) { a.ret(a.run_with(deg2rad_op, NumberAttr{kDegree}, a.tensor(0))); }}}});
const Register rad2deg_fn({"rad2deg",
                           kUnaryFlags,
                           R"(Radians to degrees.

    y = x 180 / pi

Example:
    >>> chainrule.rad2deg(chainrule.tensor([0.5]))
    tensor([28.6479])
)",
                           {{"rad2deg(Tensor input)",
                             [](Args& a) { a.ret(a.run_with(rad2deg_op, NumberAttr{1 / kDegree}, a.tensor(0))); }}}});

// ---- nan_to_num: replaces what is not finite; gradient 0 there ----
struct Replacements {
    double nan, posinf, neginf;
    void visit(AttrVisitor& v) const {
        v("nan", nan);
        v("posinf", posinf);
        v("neginf", neginf);
    }
};
const OpDef nan_to_num_op = {
    .name = "nan_to_num",
    .grad_name = "NanToNumBackward0",
    .infer = infer_elementwise,
    .eval = eval_unary,
    .vjp = [](VjpCtx& c) { c.set(0, masked_mul(isfinite(c.input(0)), c.grad())); },
    .kernel = kernel_of(Unary::NanToNum),
    .elementwise = true,
    .save_input = {1},
    .attr_bytes = sizeof(Replacements),
    .describe = describe_attrs<Replacements>,
};
const Register nan_to_num_fn(
    {"nan_to_num",
     kUnaryFlags,
     R"(Replaces nan, inf and -inf by numbers; the gradient there is 0.

Args:
    input: tensor of any shape. Integers are returned as they are.
    nan: number for nan, default 0.
    posinf: number for inf; default the largest number of the dtype.
    neginf: number for -inf; default the lowest number of the dtype.

Example:
    >>> chainrule.nan_to_num(chainrule.tensor([1., float('nan'), float('inf')]), posinf=9)
    tensor([1., 0., 9.])
)",
     {{"nan_to_num(Tensor input, Number nan=None, Number posinf=None, Number neginf=None)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           if (!is_floating(x.dtype())) {
               a.ret(a.inplace ? x : clone(x));
               return;
           }
           double largest = x.dtype() == DType::Float16    ? 65504
                            : x.dtype() == DType::BFloat16 ? 0x1.fep127
                            : x.dtype() == DType::Float32  ? static_cast<double>(std::numeric_limits<float>::max())
                                                           : std::numeric_limits<double>::max();
           a.ret(a.run_with(nan_to_num_op, Replacements{a.real(1, 0), a.real(2, largest), a.real(3, -largest)}, x));
       }}}});

}  // namespace chainrule
