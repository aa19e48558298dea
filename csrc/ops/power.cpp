// Powers, in three forms: of a tensor with a number, of two tensors, of a number with a tensor.

#include <cmath>

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

// ---- pow with a number as exponent: y = x^e; the gradient for e = 0 is 0, also at x = 0 ----
const OpDef pow_number_op = {
    .name = "pow",
    .grad_name = "PowBackward0",
    .infer = infer_unary,
    .eval = eval_unary,
    .vjp =
        [](VjpCtx& c) {
            double e = c.attr<NumberAttr>().value;
            if (e == 0) c.set(0, zeros_like(c.grad()));
            else if (!fused_unary_grad(c)) c.set(0, c.grad() * (pow(c.input(0), e - 1) * e));
        },
    .kernel = kernel_of(Unary::PowScalar),
    .grad_kernel = kernel_of(Binary::PowScalarGrad),
    .elementwise = true,
    .save_input = {1},
    .attr_bytes = sizeof(NumberAttr),
    .describe = describe_attrs<NumberAttr>,
};

// ---- pow of two tensors: z = x^y ----
// The two singular gradients are avoided by skipping, not by multiplying 0 with inf: d/dx x^0 at x = 0, and d/dy 0^y for
// y >= 0, are 0. The unused values are replaced before the function, so that higher derivatives stay finite too.
Tensor pow_base_grad(const Tensor& grad, const Tensor& x, const Tensor& y) {
    Tensor zero = scalar_tensor(0, x.dtype()), one = scalar_tensor(1, x.dtype());
    Tensor skip = logical_and(eq(y, zero), logical_not(gt(abs(x), zero)));
    return masked_out(skip, grad * (y * pow(where(skip, one, x), add(y, -1))));
}
Tensor pow_exponent_grad(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& z) {
    Tensor zero = scalar_tensor(0, x.dtype()), one = scalar_tensor(1, x.dtype());
    Tensor skip = logical_and(eq(x, zero), ge(y, zero));
    return masked_out(skip, grad * (z * log(where(skip, one, x))));
}
const OpDef pow_op = {
    .name = "pow",
    .grad_name = "PowBackward1",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            Tensor x = c.input(0), y = c.input(1);
            if (c.wants(0)) c.set(0, pow_base_grad(c.grad(), x, y));
            if (!c.wants(1)) return;
            // 2^y and the like: nothing is to be skipped.
            const bool plain = !c.create_graph() && x.numel() == 1 && number_value(x) > 0;
            if (plain) c.set(1, c.grad() * (c.output() * log(x)));
            else c.set(1, pow_exponent_grad(c.grad(), x, y, c.output()));
        },
    .kernel = kernel_of(Binary::Pow),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {3, 3},
    .save_output = {2},
};

namespace {

template <class Runner> Tensor pow_in(Runner&& r, const Tensor& x, const Tensor& y) {
    if (takes_number(x, y)) return r.run_with(pow_number_op, NumberAttr{number_value(y)}, x);
    if (y->wrapped_number && !is_floating(x.dtype()) && !is_floating(y.dtype()))
        check<ValueError>(number_value(y) >= 0, "pow: an integer tensor takes no negative integer exponent, got ",
                          number_value(y), ". Convert the tensor with .float().");
    return r.run(pow_op, x, y);
}

}  // namespace

Tensor pow(const Tensor& x, const Tensor& y) { return pow_in(Direct(), x, y); }
Tensor pow(const Tensor& x, double exponent) {
    return is_floating(x.dtype()) ? run_with(pow_number_op, NumberAttr{exponent}, x)
                                  : run(pow_op, x, number(exponent, x));
}
const Register pow_fn({"pow",
                       kUnaryFlags,
                       R"(Power of a tensor or number with a tensor or number as exponent.

    z = x^y,  dx = dz y x^(y - 1),  dy = dz z ln x

The gradient of x^0 for x is 0 everywhere, that of 0^y for y is 0 where y >= 0.

Args:
    input: tensor or number.
    exponent: tensor or number; the shapes broadcast.

Raises:
    ValueError: a negative integer as exponent of an integer tensor.

Example:
    >>> chainrule.pow(chainrule.tensor([1., 2., 3.]), 2)
    tensor([1., 4., 9.])
)",
                       {{"pow(Tensor input, Tensor exponent)",
                         [](Args& a) { a.ret(pow_in(a, a.tensor(0), a.tensor(1))); }}}});

const Register float_power_fn({"float_power",
                               kUnaryFlags,
                               R"(Power computed and returned in float64.

    z = x^y

Args:
    input: tensor or number.
    exponent: tensor or number; the shapes broadcast.

Example:
    >>> chainrule.float_power(chainrule.tensor([1, 2]), -1)
    tensor([1.0000, 0.5000], dtype=chainrule.float64)
)",
                               {{"float_power(Tensor input, Tensor exponent)", [](Args& a) {
                                     check<TypeError>(!a.inplace || a.tensor(0).dtype() == DType::Float64, a.name,
                                                      ": a tensor written in place must be float64, got ",
                                                      a.tensor(0).dtype());
                                     Tensor x = cast(self_or_copy(a), DType::Float64);
                                     finish(a, pow(x, cast(a.tensor(1), DType::Float64)));
                                 }}}});

}  // namespace chainrule
