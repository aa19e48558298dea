// Functions of two tensors beyond arithmetic.

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;

constexpr uint32_t kMathFlags = kMethod | kFunction | kInplace;

// ---- atan2: the angle of the point (x, y) ----
const OpDef atan2_op = {
    .name = "atan2",
    .grad_name = "Atan2Backward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            // At the origin, where the angle is not defined, the gradient is 0.
            Tensor y = c.input(0), x = c.input(1), length2 = square(y) + square(x);
            Tensor origin = eq(length2, scalar_tensor(0, x.dtype()));
            Tensor scaled = c.grad() / where(origin, scalar_tensor(1, x.dtype()), length2);
            if (c.wants(0)) c.set(0, scaled * x);
            if (c.wants(1)) c.set(1, neg(scaled) * y);
        },
    .kernel = kernel_of(Binary::Atan2),
    .promotion = Promotion::Float,
    .broadcast = true,
    .elementwise = true,
    .save_input = {3, 3},
};
constexpr const char* kAtan2Doc = R"(Angle in radians, in (-pi, pi], between the x axis and the point (other, input).

    z = atan2(y, x),  dy = dz x / (x^2 + y^2),  dx = -dz y / (x^2 + y^2); both 0 at the origin

Args:
    input: tensor or number, y.
    other: tensor or number, x; the shapes broadcast.

Example:
    >>> chainrule.atan2(chainrule.tensor([1., -1.]), chainrule.tensor([1., 1.]))
    tensor([ 0.7854, -0.7854])
)";
const Register atan2_fn(
    {"atan2", kMathFlags, kAtan2Doc, {{"atan2(Tensor input, Tensor other)", call_binary<atan2_op>}}});
const Register arctan2_fn(
    {"arctan2", kMathFlags, kAtan2Doc, {{"arctan2(Tensor input, Tensor other)", call_binary<atan2_op>}}});

// ---- hypot: z = sqrt(x^2 + y^2) ----
const OpDef hypot_op = {
    .name = "hypot",
    .grad_name = "HypotBackward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad() * (c.input(0) / c.output()));
            if (c.wants(1)) c.set(1, c.grad() * (c.input(1) / c.output()));
        },
    .kernel = kernel_of(Binary::Hypot),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {1, 2},
    .save_output = {3},
};
const Register hypot_fn({"hypot",
                         kMathFlags,
                         R"(Length of the hypotenuse, without overflow on the way.

    z = sqrt(x^2 + y^2),  dx = dz x / z,  dy = dz y / z

Args:
    input: floating tensor.
    other: floating tensor or number; the shapes broadcast.

Example:
    >>> chainrule.hypot(chainrule.tensor([3.]), chainrule.tensor([4.]))
    tensor([5.])
)",
                         {{"hypot(Tensor input, Tensor other)", call_binary<hypot_op>}}});

// ---- xlogy: z = x ln y, 0 at x = 0; the gradient for x is ln y there too ----
const OpDef xlogy_op = {
    .name = "xlogy",
    .grad_name = "XlogyBackward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            Tensor x = c.input(0), y = c.input(1);
            if (c.wants(0)) {
                Tensor zero = scalar_tensor(0, x.dtype());
                Tensor skip = logical_and(eq(x, zero), le(y, zero));
                c.set(0, c.grad() * log(where(skip, scalar_tensor(1, x.dtype()), y)));
            }
            if (c.wants(1)) c.set(1, c.grad() * x / y);
        },
    .kernel = kernel_of(Binary::Xlogy),
    .promotion = Promotion::Float,
    .broadcast = true,
    .elementwise = true,
    .save_input = {3, 3},
};
const Register xlogy_fn({"xlogy",
                         kMathFlags,
                         R"(Product of x with the logarithm of y; 0 where x = 0, unless y is nan.

    z = x ln y,  dx = dz ln y (0 where x = 0 and y <= 0),  dy = dz x / y

Args:
    input: tensor or number, x.
    other: tensor or number, y; the shapes broadcast.

Example:
    >>> chainrule.xlogy(chainrule.tensor([0., 2.]), chainrule.tensor([0., 3.]))
    tensor([0.0000, 2.1972])
)",
                         {{"xlogy(Tensor input, Tensor other)", call_binary<xlogy_op>}}});

// ---- copysign: |x| with the sign of y; gradient 0 at x = 0 ----
const OpDef copysign_op = {
    .name = "copysign",
    .grad_name = "CopysignBackward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad() * (sign(c.input(0)) * sign(c.output())));
            if (c.wants(1)) c.set(1, zeros_like(c.grad()));
        },
    .kernel = kernel_of(Binary::Copysign),
    .promotion = Promotion::Float,
    .broadcast = true,
    .elementwise = true,
    .save_input = {1},
    .save_output = {1},
};
const Register copysign_fn({"copysign",
                            kMathFlags,
                            R"(The size of x with the sign of y, also that of -0.

    z = |x| sign(y),  dx = dz sign(x) sign(y) (0 at x = 0),  dy = 0

Args:
    input: tensor or number, x.
    other: tensor or number, y; the shapes broadcast.

Example:
    >>> chainrule.copysign(chainrule.tensor([1., -2.]), -1)
    tensor([-1., -2.])
)",
                            {{"copysign(Tensor input, Tensor other)", call_binary<copysign_op>}}});

// ---- logaddexp: z = ln(e^x + e^y) ----
const OpDef logaddexp_op = {
    .name = "logaddexp",
    .grad_name = "LogaddexpBackward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            Tensor x = c.input(0), y = c.input(1);
            if (c.wants(0)) c.set(0, c.grad() * sigmoid(x - y));
            if (c.wants(1)) c.set(1, c.grad() * sigmoid(y - x));
        },
    .kernel = kernel_of(Binary::Logaddexp),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {3, 3},
};
Tensor logaddexp(const Tensor& a, const Tensor& b) { return run(logaddexp_op, a, b); }
const Register logaddexp_fn({"logaddexp",
                             kMethod | kFunction,
                             R"(Logarithm of the sum of two exponentials, without overflow on the way.

    z = ln(e^x + e^y),  dx = dz / (1 + e^(y - x)),  dy = dz / (1 + e^(x - y))

Args:
    input: floating tensor, x.
    other: floating tensor or number, y; the shapes broadcast.

Example:
    >>> chainrule.logaddexp(chainrule.tensor([0., -500.]), chainrule.tensor([0., -600.]))
    tensor([   0.6931, -500.0000])
)",
                             {{"logaddexp(Tensor input, Tensor other)", call_binary<logaddexp_op>}}});

// ---- nextafter: the next number towards y ----
const OpDef nextafter_op = {
    .name = "nextafter",
    .grad_name = "NextafterBackward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, masked_mul(ne(detach(c.input(0)), detach(c.input(1))), c.grad()));
            if (c.wants(1)) c.set(1, zeros_like(c.grad()));
        },
    .kernel = kernel_of(Binary::Nextafter),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {1, 1},
};
const Register nextafter_fn({"nextafter",
                             kMathFlags,
                             R"(The floating number next to x in the direction of y.

    dx = dz where x and y differ, else 0;  dy = 0

Args:
    input: floating tensor, x.
    other: floating tensor, y; the shapes broadcast.

Example:
    >>> float(chainrule.nextafter(chainrule.tensor(1.), chainrule.tensor(2.)) - 1)
    1.1920928955078125e-07
)",
                             {{"nextafter(Tensor input, Tensor other)", call_binary<nextafter_op>}}});

// ---- heaviside, step: 0 below 0, 1 above ----
const OpDef heaviside_op = {
    .name = "heaviside",
    .grad_name = "HeavisideBackward0",
    .infer = infer_elementwise,
    .eval =
        [](EvalCtx& c) {
            DType t = c.input(0).dtype();
            const Tensor& x = c.input(0);
            Tensor zero = scalar_tensor(0, t), at_zero = eq(x, zero);
            copy_data(c.out(), gt(x, zero));
            const Tensor in[3] = {at_zero, c.input(1), c.out()};
            apply_loop(kernels::kernels().where[static_cast<int>(t)], c.out(), in, 3, nullptr);
        },
    .vjp = zero_gradient,
    .promotion = Promotion::Common,
    .broadcast = true,
};
const Register heaviside_fn({"heaviside",
                             kMathFlags,
                             R"(Heaviside's step function. Its gradient is 0 everywhere.

    z = 0 where x < 0, values where x = 0, 1 where x > 0

Args:
    input: tensor or number, x.
    values: tensor or number for x = 0; the shapes broadcast.

Example:
    >>> chainrule.heaviside(chainrule.tensor([-1., 0., 2.]), chainrule.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
)",
                             {{"heaviside(Tensor input, Tensor values)", call_binary<heaviside_op>}}});

const OpDef step_op = {
    .name = "step",
    .grad_name = "StepBackward0",
    .infer = infer_elementwise,
    .eval = [](EvalCtx& c) { copy_data(c.out(), gt(c.input(0), scalar_tensor(0, c.input(0).dtype()))); },
    .vjp = zero_gradient,
};
const Register step_fn({"step",
                        kFunction | kNN,
                        R"(Threshold unit: 1 above 0, else 0. Its gradient is 0 everywhere.

    y = 1 where x > 0, else 0

Args:
    input: tensor of any shape.

Example:
    >>> chainrule.nn.functional.step(chainrule.tensor([-1., 0., 2.]))
    tensor([0., 0., 1.])
)",
                        {{"step(Tensor input)", call_unary<step_op>}}});

}  // namespace chainrule
