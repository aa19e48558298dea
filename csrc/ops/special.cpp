// Special functions: the error function and its kin, gamma functions, sinc and logit.

#include <cmath>
#include <limits>

#include "ops/forms.h"
#include "ops/special.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

constexpr double kPi = 3.14159265358979323846;
constexpr double kTwoOverSqrtPi = 1.12837916709551257390;

// ---- erf, erfc, erfinv ----
constexpr OpDef erf_op = function_by_input(
    "erf", "ErfBackward0", Unary::Erf,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * (exp(neg(square(c.input(0)))) * kTwoOverSqrtPi));
    },
    Binary::ErfGrad);
Tensor erf(const Tensor& x) { return run(erf_op, x); }
const Register erf_fn({"erf",
                       kUnaryFlags,
                       R"(Error function.

    y = 2 / sqrt(pi) integral from 0 to x of e^(-t^2) dt,  dx = dy 2 / sqrt(pi) e^(-x^2)

Example:
    >>> chainrule.erf(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.8427])
)",
                       {{"erf(Tensor input)", call_unary<erf_op>}}});

constexpr OpDef erfc_op = function_by_input(
    "erfc", "ErfcBackward0", Unary::Erfc,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * (exp(neg(square(c.input(0)))) * -kTwoOverSqrtPi));
    },
    Binary::ErfcGrad);
Tensor erfc(const Tensor& x) { return run(erfc_op, x); }
const Register erfc_fn({"erfc",
                        kUnaryFlags,
                        R"(Complement of the error function, exact for large x too.

    y = 1 - erf(x),  dx = -dy 2 / sqrt(pi) e^(-x^2)

Example:
    >>> chainrule.erfc(chainrule.tensor([0., 1.]))
    tensor([1.0000, 0.1573])
)",
                        {{"erfc(Tensor input)", call_unary<erfc_op>}}});

constexpr OpDef erfinv_op = function_by_output(
    "erfinv", "ErfinvBackward0", Unary::Erfinv,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * (exp(square(c.output())) * (1 / kTwoOverSqrtPi)));
    },
    Binary::ErfinvGrad);
const Register erfinv_fn({"erfinv",
                          kUnaryFlags,
                          R"(Inverse of the error function; +-inf at +-1, nan beyond.

    erf(y) = x,  dx = dy sqrt(pi) / 2 e^(y^2)

Example:
    >>> chainrule.erfinv(chainrule.tensor([0., 0.5]))
    tensor([0.0000, 0.4769])
)",
                          {{"erfinv(Tensor input)", call_unary<erfinv_op>}}});

// ---- lgamma, digamma ----
constexpr OpDef lgamma_op = function_by_input("lgamma", "LgammaBackward0", Unary::Lgamma,
                                              [](VjpCtx& c) { c.set(0, c.grad() * digamma(c.input(0))); });
Tensor lgamma(const Tensor& x) { return run(lgamma_op, x); }
const Register lgamma_fn({"lgamma",
                          kUnaryFlags,
                          R"(Logarithm of the absolute value of the gamma function.

    y = ln |Gamma(x)|,  dx = dy digamma(x)

Example:
    >>> chainrule.lgamma(chainrule.tensor([1., 4.]))
    tensor([0.0000, 1.7918])
)",
                          {{"lgamma(Tensor input)", call_unary<lgamma_op>}}});

constexpr OpDef digamma_op = function_by_input("digamma", "DigammaBackward0", Unary::Digamma,
                                               [](VjpCtx& c) { c.set(0, c.grad() * polygamma(1, c.input(0))); });
Tensor digamma(const Tensor& x) { return run(digamma_op, x); }
const Register digamma_fn({"digamma",
                           kUnaryFlags,
                           R"(Logarithmic derivative of the gamma function.

    y = d/dx ln Gamma(x),  dx = dy polygamma(1, x)

Example:
    >>> chainrule.digamma(chainrule.tensor([1., 2.]))
    tensor([-0.5772,  0.4228])
)",
                           {{"digamma(Tensor input)", call_unary<digamma_op>}}});

// ---- sinc: y = sin(pi x) / (pi x), 1 at 0 ----
namespace {

// sinc'(x) = pi (cos u - sin u / u) / u with u = pi x. Near 0 that cancels; there the series
// sum over k >= 1 of (-1)^k 2k / (2k + 1)! u^(2k - 1) is right, and so are its derivatives.
Tensor sinc_slope(const Tensor& x) {
    Tensor u = x * kPi;
    Tensor near = lt(abs(u), scalar_tensor(1, x.dtype()));
    Tensor one = scalar_tensor(1, x.dtype()), zero = scalar_tensor(0, x.dtype());
    Tensor far_u = where(near, one, u), near_u = where(near, u, zero), v = square(near_u);
    double factor = 1, terms[10];
    for (int k = 1; k <= 10; ++k) {
        factor *= -1.0 / ((2.0 * k) * (2.0 * k + 1));
        terms[k - 1] = factor * 2 * k;
    }
    Tensor series = v * terms[9] + terms[8];
    for (int k = 7; k >= 0; --k) series = series * v + terms[k];
    return where(near, series * near_u, (cos(far_u) - sin(far_u) / far_u) / far_u) * kPi;
}

}  // namespace

constexpr OpDef sinc_op = function_by_input(
    "sinc", "SincBackward0", Unary::Sinc,
    [](VjpCtx& c) {
        if (!fused_unary_grad(c)) c.set(0, c.grad() * sinc_slope(c.input(0)));
    },
    Binary::SincGrad);
const Register sinc_fn({"sinc",
                        kUnaryFlags,
                        R"(Normalised sinc function; 1 at 0.

    y = sin(pi x) / (pi x),  dx = dy (cos(pi x) - y) / x

Example:
    >>> chainrule.sinc(chainrule.tensor([0., 0.5]))
    tensor([1.0000, 0.6366])
)",
                        {{"sinc(Tensor input)", call_unary<sinc_op>}}});

// ---- logit: y = ln(x / (1 - x)) ----
struct LogitAttrs {
    double low, high;  // infinite without eps
    void visit(AttrVisitor& v) const {
        v("low", low);
        v("high", high);
    }
};
constexpr OpDef make_logit() {
    OpDef op = function_by_input(
        "logit", "LogitBackward0", Unary::Logit,
        [](VjpCtx& c) {
            if (fused_unary_grad(c)) return;
            // Beyond the limits: 0 where the value is limited, nan where it is nan itself.
            LogitAttrs a = c.attr<LogitAttrs>();
            bool limited = a.low >= 0;
            Tensor x = c.input(0), slope = c.grad() / (x * (1.0 - x));
            Tensor beyond = logical_or(lt(x, scalar_tensor(limited ? a.low : 0, x.dtype())),
                                       gt(x, scalar_tensor(limited ? a.high : 1, x.dtype())));
            c.set(0, where(beyond, scalar_tensor(limited ? 0.0 : std::nan(""), x.dtype()), slope));
        },
        Binary::LogitGrad);
    op.attr_bytes = sizeof(LogitAttrs);
    op.describe = describe_attrs<LogitAttrs>;
    return op;
}
constexpr OpDef logit_op = make_logit();
const Register logit_fn({"logit",
                         kUnaryFlags,
                         R"(Inverse of the sigmoid.

    y = ln(x / (1 - x)),  dx = dy / (x (1 - x)); with eps, x is first limited to [eps, 1 - eps]

Args:
    input: tensor of any shape.
    eps: number in [0, 0.5], or None: values outside [0, 1] then give nan.

Example:
    >>> chainrule.logit(chainrule.tensor([0.5, 0.9]))
    tensor([0.0000, 2.1972])
)",
                         {{"logit(Tensor input, float eps=None)", [](Args& a) {
                               constexpr double inf = std::numeric_limits<double>::infinity();
                               double eps = a.real(1, -1);
                               LogitAttrs attrs = eps < 0 ? LogitAttrs{-inf, inf} : LogitAttrs{eps, 1 - eps};
                               a.ret(a.run_with(logit_op, attrs, a.tensor(0)));
                           }}}});

}  // namespace chainrule
