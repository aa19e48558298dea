// Special functions that are computed number by number, by special_math.h. The gradients are written in operations, so that there are
// derivatives of any order.

#include <cmath>
#include <limits>

#include "ops/each_number.h"
#include "ops/forms.h"
#include "ops/special.h"
#include "ops/special_math.h"

namespace chainrule {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSqrt2 = 1.41421356237309504880;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double entropy_term(double x) { return x > 0 ? -x * std::log(x) : x == 0 ? 0 : x != x ? x : -kInfinity; }
double xlog1py_at(double x, double y) { return x == 0 && y == y ? 0 : x * std::log1p(y); }

template <double (*f)(double)> void eval_one(EvalCtx& c) {
    each_number(c, [](double x, double) { return f(x); });
}
template <double (*f)(double, double)> void eval_two(EvalCtx& c) {
    each_number(c, [](double x, double y) { return f(x, y); });
}

constexpr OpDef of_one(const char* name, const char* grad_name, void (*eval)(EvalCtx&), void (*vjp)(VjpCtx&)) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_floating,
        .eval = eval,
        .vjp = vjp,
        .promotion = Promotion::Float,
        .save_input = {1},
    };
}
constexpr OpDef of_two(const char* name, const char* grad_name, void (*eval)(EvalCtx&), void (*vjp)(VjpCtx&)) {
    OpDef op = of_one(name, grad_name, eval, vjp);
    op.broadcast = true;
    op.save_input[0] = op.save_input[1] = 3;
    return op;
}

Tensor is_zero(const Tensor& x) { return eq(detach(x), number(0, x)); }

}  // namespace

// ---- i0, i1, i0e, i1e: modified Bessel functions of the first kind. Those of higher order make the derivatives ----
namespace {
struct OrderAttr {
    int64_t n;
    void visit(AttrVisitor& v) const { v("n", n); }
};
template <double (*f)(int64_t, double)> void eval_order(EvalCtx& c) {
    int64_t n = c.attr<OrderAttr>().n;
    each_number(c, [n](double x, double) { return f(n, x); });
}
using Bessel = double (*)(int64_t, double, double);
template <Bessel f> void eval_bessel(EvalCtx& c, int64_t n) {
    const double precision = c.out().dtype() == DType::Float64 ? 1e-17 : 1e-12;
    each_number(c, [n, precision](double x, double) { return f(n, x, precision); });
}
template <Bessel f> void eval_any_order(EvalCtx& c) { eval_bessel<f>(c, c.attr<OrderAttr>().n); }
template <int64_t n, Bessel f> void eval_at_order(EvalCtx& c) { eval_bessel<f>(c, n); }
constexpr OpDef of_order(const char* name, const char* grad_name, void (*eval)(EvalCtx&), void (*vjp)(VjpCtx&)) {
    OpDef op = of_one(name, grad_name, eval, vjp);
    op.attr_bytes = sizeof(OrderAttr);
    op.describe = describe_attrs<OrderAttr>;
    return op;
}
Tensor bessel(int64_t n, const Tensor& x);
Tensor scaled_bessel(int64_t n, const Tensor& x);
// I_n' = (I_(n-1) + I_(n+1)) / 2, of I_0 I_1; exact at 0, where I_1(x) / x is not (Abramowitz and Stegun 9.6.26).
Tensor slope_of_bessel(int64_t n, const Tensor& x) {
    return n == 0 ? bessel(1, x) : (bessel(n - 1, x) + bessel(n + 1, x)) * 0.5;
}
Tensor slope_of_scaled(int64_t n, const Tensor& x, const Tensor& y) {
    Tensor slope = n == 0 ? scaled_bessel(1, x) : (scaled_bessel(n - 1, x) + scaled_bessel(n + 1, x)) * 0.5;
    return slope - sign(x) * y;
}
template <int64_t n> void vjp_bessel(VjpCtx& c) { c.set(0, c.grad() * slope_of_bessel(n, c.input(0))); }
template <int64_t n> void vjp_scaled(VjpCtx& c) {
    c.set(0, c.grad() * slope_of_scaled(n, c.input(0), scaled_bessel(n, c.input(0))));
}
const OpDef bessel_op = of_order("bessel_i", "BesselIBackward0", eval_any_order<special_math::bessel>, [](VjpCtx& c) {
    c.set(0, c.grad() * slope_of_bessel(c.attr<OrderAttr>().n, c.input(0)));
});
const OpDef scaled_bessel_op =
    of_order("bessel_ie", "BesselIEBackward0", eval_any_order<special_math::scaled_bessel>, [](VjpCtx& c) {
        int64_t n = c.attr<OrderAttr>().n;
        c.set(0, c.grad() * slope_of_scaled(n, c.input(0), scaled_bessel(n, c.input(0))));
    });
}  // namespace
const OpDef i0_op = of_one("i0", "I0Backward0", eval_at_order<0, special_math::bessel>, vjp_bessel<0>);
const OpDef i1_op = of_one("i1", "SpecialI1Backward0", eval_at_order<1, special_math::bessel>, vjp_bessel<1>);
const OpDef i0e_op = of_one("i0e", "SpecialI0EBackward0", eval_at_order<0, special_math::scaled_bessel>, vjp_scaled<0>);
const OpDef i1e_op = of_one("i1e", "SpecialI1EBackward0", eval_at_order<1, special_math::scaled_bessel>, vjp_scaled<1>);
namespace {
Tensor bessel(int64_t n, const Tensor& x) {
    return n == 0 ? run(i0_op, x) : n == 1 ? run(i1_op, x) : run_with(bessel_op, OrderAttr{n}, x);
}
Tensor scaled_bessel(int64_t n, const Tensor& x) {
    return n == 0 ? run(i0e_op, x) : n == 1 ? run(i1e_op, x) : run_with(scaled_bessel_op, OrderAttr{n}, x);
}
}  // namespace
const Register i0_fn({"i0",
                      kUnaryFlags,
                      R"(Modified Bessel function of the first kind, of order 0.

    y = sum over k of (x^2 / 4)^k / k!^2,  dx = dy i1(x)

Example:
    >>> chainrule.i0(chainrule.tensor([0., 1.]))
    tensor([1.0000, 1.2661])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 9.6 and 9.7.
)",
                      {{"i0(Tensor input)", call_unary<i0_op>}}});
const Register special_i1_fn({"special_i1",
                              kFunction,
                              R"(Modified Bessel function of the first kind, of order 1.

    y = x / 2 sum over k of (x^2 / 4)^k / (k! (k + 1)!),  dx = dy (i0(x) - y / x) = dy (i0(x) + I_2(x)) / 2

Example:
    >>> chainrule.special.i1(chainrule.tensor([0., 1.]))
    tensor([0.0000, 0.5652])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 9.6 and 9.7.
)",
                              {{"special_i1(Tensor input)", call_unary<i1_op>}}});
const Register special_i0e_fn({"special_i0e",
                               kFunction,
                               R"(i0(x) e^-|x|: without overflow.

Example:
    >>> chainrule.special.i0e(chainrule.tensor([0., 1000.]))
    tensor([1.0000, 0.0126])
)",
                               {{"special_i0e(Tensor input)", call_unary<i0e_op>}}});
const Register special_i1e_fn({"special_i1e",
                               kFunction,
                               R"(i1(x) e^-|x|: without overflow.

Example:
    >>> chainrule.special.i1e(chainrule.tensor([0., 1000.]))
    tensor([0.0000, 0.0126])
)",
                               {{"special_i1e(Tensor input)", call_unary<i1e_op>}}});

// ---- erfcx, ndtr, log_ndtr, ndtri: the normal distribution ----
const OpDef erfcx_op = of_one("erfcx", "SpecialErfcxBackward0", eval_one<special_math::erfcx>, [](VjpCtx& c) {
    Tensor x = c.input(0);
    c.set(0, c.grad() * (x * run(c.op(), x) * 2.0 - 2 / std::sqrt(kPi)));
});
const Register special_erfcx_fn({"special_erfcx",
                                 kFunction,
                                 R"(The complement of the error function without its decay.

    y = e^(x^2) erfc(x),  dx = dy (2 x y - 2 / sqrt(pi))

Example:
    >>> chainrule.special.erfcx(chainrule.tensor([0., 100.]))
    tensor([1.0000, 0.0056])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 7.1.
)",
                                 {{"special_erfcx(Tensor input)", call_unary<erfcx_op>}}});
const Register special_ndtr_fn({"special_ndtr",
                                kFunction,
                                R"(The integral of the standard normal density from -inf to x.

    y = erfc(-x / sqrt(2)) / 2,  dx = dy e^(-x^2 / 2) / sqrt(2 pi)

Example:
    >>> chainrule.special.ndtr(chainrule.tensor([0., 1.]))
    tensor([0.5000, 0.8413])
)",
                                {{"special_ndtr(Tensor input)",
                                  [](Args& a) { a.ret(erfc(a.tensor(0) * (-1 / kSqrt2)) * 0.5); }}}});
const OpDef log_ndtr_op =
    of_one("log_ndtr", "SpecialLogNdtrBackward0", eval_one<special_math::log_ndtr>,
           [](VjpCtx& c) { c.set(0, c.grad() / run(erfcx_op, c.input(0) * (-1 / kSqrt2)) * std::sqrt(2 / kPi)); });
const Register special_log_ndtr_fn({"special_log_ndtr",
                                    kFunction,
                                    R"(Logarithm of ndtr(), exact also far below 0.

    y = ln ndtr(x),  dx = dy sqrt(2 / pi) / erfcx(-x / sqrt(2))

Example:
    >>> chainrule.special.log_ndtr(chainrule.tensor([0., -100.]))
    tensor([-6.9315e-01, -5.0055e+03])
)",
                                    {{"special_log_ndtr(Tensor input)", call_unary<log_ndtr_op>}}});
constexpr OpDef make_ndtri() {
    OpDef op = of_one("ndtri", "SpecialNdtriBackward0", eval_one<special_math::ndtri>,
                      [](VjpCtx& c) { c.set(0, c.grad() * (exp(square(c.output()) * 0.5) * std::sqrt(2 * kPi))); });
    op.save_input[0] = 0;
    op.save_output[0] = 1;
    return op;
}
const OpDef ndtri_op = make_ndtri();
const Register special_ndtri_fn({"special_ndtri",
                                 kFunction,
                                 R"(The inverse of ndtr(): -inf at 0, inf at 1, nan beyond.

    ndtr(y) = x,  dx = dy sqrt(2 pi) e^(y^2 / 2)

Example:
    >>> chainrule.special.ndtri(chainrule.tensor([0.5, 0.975]))
    tensor([0.0000, 1.9600])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 26.2.23 (first value), refined by Halley's method.
)",
                                 {{"special_ndtri(Tensor input)", call_unary<ndtri_op>}}});

// ---- entr, xlog1py ----
const OpDef entr_op = of_one("entr", "SpecialEntrBackward0", eval_one<entropy_term>,
                             [](VjpCtx& c) { c.set(0, c.grad() * (neg(log(c.input(0))) - 1.0)); });
const Register special_entr_fn({"special_entr",
                                kFunction,
                                R"(Summands of an entropy.

    y = -x ln x, 0 at x = 0, -inf below,  dx = dy (-ln x - 1)

Example:
    >>> chainrule.special.entr(chainrule.tensor([0., 0.5]))
    tensor([0.0000, 0.3466])
)",
                                {{"special_entr(Tensor input)", call_unary<entr_op>}}});
const OpDef xlog1py_op = of_two("xlog1py", "SpecialXlog1PyBackward0", eval_two<xlog1py_at>, [](VjpCtx& c) {
    Tensor x = c.input(0), y = c.input(1);
    if (c.wants(0)) {
        Tensor skip = logical_and(is_zero(x), le(detach(y), number(-1, y)));
        c.set(0, c.grad() * log1p(where(skip, number(0, y), y)));
    }
    if (c.wants(1)) c.set(1, c.grad() * x / (y + 1.0));
});
const Register special_xlog1py_fn({"special_xlog1py",
                                   kFunction,
                                   R"(Product of x with ln(1 + y); 0 where x = 0, unless y is nan.

    z = x ln(1 + y),  dx = dz ln(1 + y) (0 where x = 0 and y <= -1),  dy = dz x / (1 + y)

Args:
    input, other: tensors or numbers; the shapes broadcast.

Example:
    >>> chainrule.special.xlog1py(chainrule.tensor([0., 2.]), chainrule.tensor([-1., 3.]))
    tensor([0.0000, 2.7726])
)",
                                   {{"special_xlog1py(Tensor input, Tensor other)", call_binary<xlog1py_op>}}});

// ---- gammainc, gammaincc: the incomplete gamma functions; the gradient is that by x ----
namespace {
void no_gradient_of_shape(const VjpCtx& c) {
    check<RuntimeError>(!c.wants(0), c.op().name, ": there is no gradient for the first argument. detach() it.");
}
// p(a, x)' = p(a, x) ((a - 1) / x - 1); at 0, where the two factors may be 0 and infinite, it is p(a - 1, x) - p(a, x).
const OpDef gamma_density_op =
    of_two("gamma_density", "GammaDensityBackward0", eval_two<special_math::gamma_density>, [](VjpCtx& c) {
        no_gradient_of_shape(c);
        Tensor a = c.input(0), x = c.input(1), at_zero = eq(detach(x), number(0, x));
        Tensor inside = where(at_zero, ones_like(x), x), zero = masked_mul(at_zero, x);
        Tensor slope = run(c.op(), a, inside) * ((a - 1.0) / inside - 1.0);
        c.set(1, c.grad() * where(at_zero, run(c.op(), a - 1.0, zero) - run(c.op(), a, zero), slope));
    });
void gamma_slope(VjpCtx& c, double sign_of) {
    no_gradient_of_shape(c);
    c.set(1, c.grad() * run(gamma_density_op, c.input(0), c.input(1)) * sign_of);
}
}  // namespace
const OpDef gammainc_op =
    of_two("gammainc", "IgammaBackward0", eval_two<special_math::gammainc>, [](VjpCtx& c) { gamma_slope(c, 1); });
const OpDef gammaincc_op =
    of_two("gammaincc", "IgammacBackward0", eval_two<special_math::gammaincc>, [](VjpCtx& c) { gamma_slope(c, -1); });
const Register igamma_fn({"igamma",
                          kUnaryFlags,
                          R"(Lower incomplete gamma function, regularised.

    y = 1 / Gamma(a) integral from 0 to x of t^(a-1) e^-t dt,  dx = dy x^(a-1) e^-x / Gamma(a); none for a

Args:
    input: a, not negative.
    other: x, not negative; the shapes broadcast.

Example:
    >>> chainrule.igamma(chainrule.tensor([1., 4.]), chainrule.tensor([1., 4.]))
    tensor([0.6321, 0.5665])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 6.5; for large a near x DLMF 8.12.
)",
                          {{"igamma(Tensor input, Tensor other)", call_binary<gammainc_op>}}});
const Register igammac_fn({"igammac",
                           kUnaryFlags,
                           R"(Upper incomplete gamma function, regularised: 1 - igamma(a, x) without cancellation.

Args:
    input: a, not negative.
    other: x, not negative; the shapes broadcast.

Example:
    >>> chainrule.igammac(chainrule.tensor([1., 4.]), chainrule.tensor([1., 4.]))
    tensor([0.3679, 0.4335])

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 6.5; for large a near x DLMF 8.12.
)",
                           {{"igammac(Tensor input, Tensor other)", call_binary<gammaincc_op>}}});

// ---- zeta, polygamma, mvlgamma ----
const OpDef zeta_op = of_two("zeta", "SpecialZetaBackward0", eval_two<special_math::zeta>, [](VjpCtx& c) {
    check<RuntimeError>(!c.wants(0), "zeta: there is no gradient for the first argument. detach() it.");
    Tensor s = c.input(0);
    c.set(1, c.grad() * neg(s) * run(c.op(), s + 1.0, c.input(1)));
});
const Register special_zeta_fn({"special_zeta",
                                kFunction,
                                R"(Hurwitz's zeta function.

    y = sum over k >= 0 of (k + q)^-s,  dq = -dy s zeta(s + 1, q); none for s

Args:
    input: s, more than 1 (1 gives inf).
    other: q; the shapes broadcast.

Example:
    >>> chainrule.special.zeta(chainrule.tensor(2.), chainrule.tensor(1.))
    tensor(1.6449)

Source: Abramowitz and Stegun, "Handbook of mathematical functions", 23.1.30.
)",
                                {{"special_zeta(Tensor input, Tensor other)", call_binary<zeta_op>}}});
namespace {
const OpDef polygamma_op =
    of_order("polygamma", "PolygammaBackward0", eval_order<special_math::polygamma>, [](VjpCtx& c) {
        int64_t n = c.attr<OrderAttr>().n;
        // The last order is followed by none; near it orders with the same sign have the same values.
        c.set(0, c.grad() * polygamma(n < std::numeric_limits<int64_t>::max() ? n + 1 : n - 1, c.input(0)));
    });
}  // namespace
Tensor polygamma(int64_t n, const Tensor& x) { return n == 0 ? digamma(x) : run_with(polygamma_op, OrderAttr{n}, x); }
namespace {
Tensor checked_polygamma(int64_t n, const Tensor& x) {
    check<ValueError>(n >= 0, "polygamma: the order n must not be negative, got ", n, ".");
    return polygamma(n, x);
}
}  // namespace
const Register polygamma_fn({"polygamma",
                             kFunction,
                             R"(The n-th derivative of the digamma function.

    y = d^n/dx^n digamma(x) = (-1)^(n+1) n! zeta(n + 1, x),  dx = dy polygamma(n + 1, x)

Args:
    n: order, 0 or more.
    input: tensor.

Example:
    >>> chainrule.polygamma(1, chainrule.tensor([1., 0.5]))
    tensor([1.6449, 4.9348])
)",
                             {{"polygamma(int n, Tensor input)",
                               [](Args& a) { a.ret(checked_polygamma(a.integer(0), a.tensor(1))); }}}});
namespace {
Tensor mvlgamma(const Tensor& x, int64_t p) {
    check<ValueError>(p >= 1, "mvlgamma: p must be at least 1, got ", p, ".");
    Tensor halves = empty({p}, x.dtype());
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        for (int64_t j = 0; j < p; ++j) halves.data<T>()[j] = static_cast<T>(j) / 2;
    });
    double count = static_cast<double>(p);
    return sum(lgamma(unsqueeze(x, -1) - halves), {-1}) + count * (count - 1) / 4 * std::log(kPi);
}
}  // namespace
const Register mvlgamma_fn({"mvlgamma",
                            kMethod | kFunction,
                            R"(Logarithm of the multivariate gamma function.

    y = p (p - 1) / 4 ln pi + sum over j < p of lgamma(x - j / 2)

Args:
    input: tensor; all elements more than (p - 1) / 2.
    p: dimensions.

Example:
    >>> chainrule.mvlgamma(chainrule.tensor([2., 3.]), 2)
    tensor([0.4516, 1.5502])

Source: Muirhead, "Aspects of multivariate statistical theory", 1982.
)",
                            {{"mvlgamma(Tensor input, int p)", [](Args& a) {
                                  Tensor x = a.tensor(0);
                                  if (!is_floating(x.dtype())) x = cast(x, default_dtype());
                                  a.ret(mvlgamma(x, a.integer(1)));
                              }}}});

}  // namespace chainrule
