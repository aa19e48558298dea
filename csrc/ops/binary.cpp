// Arithmetic of two tensors: sums, products, quotients, the larger and the smaller.

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

constexpr uint32_t kBinaryFlags = kMethod | kFunction | kInplace;

// A number that is the first operand.
void describe_first(const void* attrs, AttrVisitor& v) { v("first", static_cast<const NumberAttr*>(attrs)->value); }

// ---- add: z = x + alpha y (add_op itself stands in autograd/basic_ops.cpp) ----
constexpr OpDef add_number_named(const char* name, const char* grad_name) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_unary,
        .eval = eval_unary,
        .vjp = [](VjpCtx& c) { c.set(0, c.grad()); },
        .kernel = kernel_of(Unary::AddScalar),
        .elementwise = true,
        .attr_bytes = sizeof(NumberAttr),
        .describe = describe_attrs<NumberAttr>,
    };
}
constexpr OpDef add_scaled_named(const char* name, const char* grad_name) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_binary,
        .eval = eval_binary,
        .vjp =
            [](VjpCtx& c) {
                if (c.wants(0)) c.set(0, c.grad());
                if (c.wants(1)) c.set(1, mul(c.grad(), c.attr<NumberAttr>().value));
            },
        .kernel = kernel_of(Binary::AddScaled),
        .promotion = Promotion::Common,
        .broadcast = true,
        .elementwise = true,
        .attr_bytes = sizeof(NumberAttr),
        .describe = describe_attrs<NumberAttr>,
    };
}
constexpr OpDef add_number_op = add_number_named("add", "AddBackward0");
constexpr OpDef add_scaled_op = add_scaled_named("add", "AddBackward0");

namespace {

template <class Runner> Tensor add_in(Runner&& r, const Tensor& a, const Tensor& b) {
    if (takes_number(a, b)) return r.run_with(add_number_op, NumberAttr{number_value(b)}, a);
    if (takes_number(b, a)) return r.run_with(add_number_op, NumberAttr{number_value(a)}, b);
    return r.run(add_op, a, b);
}

double alpha_of(const Args& a) {
    bool truths = a.tensor(0).dtype() == DType::Bool && a.tensor(1).dtype() == DType::Bool;
    check<TypeError>(truths || !a.given(2) || a.number(2).kind != Scalar::Bool, a.name,
                     ": alpha must be a number, got a bool.");
    bool floats = is_floating(a.tensor(0).dtype()) || is_floating(a.tensor(1).dtype());
    check<TypeError>(floats || !a.given(2) || !a.number(2).is_float(), a.name,
                     ": alpha must be an integer for integer tensors, got ", a.real(2, 1));
    return a.real(2, 1);
}

void call_add(Args& a) {
    const Tensor &x = a.tensor(0), &y = a.tensor(1);
    double alpha = alpha_of(a);
    bool truths = x.dtype() == DType::Bool && y.dtype() == DType::Bool;
    if (truths && alpha == 0) a.ret(add_in(a, x, zeros_like(y)));
    else if (truths || alpha == 1) a.ret(add_in(a, x, y));
    else a.ret(a.run_with(add_scaled_op, NumberAttr{alpha}, x, y));
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return add_in(Direct(), a, b); }
Tensor add_(const Tensor& a, const Tensor& b) { return add_in(InPlace(), a, b); }
Tensor add(const Tensor& a, double b) {
    return is_floating(a.dtype()) ? run_with(add_number_op, NumberAttr{b}, a) : run(add_op, a, number(b, a));
}
const Register add_fn({"add",
                       kBinaryFlags,
                       R"(Sum of two tensors, of which the second may be scaled.

    z = x + alpha y,  dx = dz,  dy = alpha dz

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.
    alpha: number, default 1.

Example:
    >>> chainrule.add(chainrule.tensor([1., 2.]), chainrule.tensor([10., 20.]), alpha=0.5)
    tensor([ 6., 12.])
)",
                       {{"add(Tensor input, Tensor other, *, Number alpha=1)", call_add},
                        {"add(Tensor input, Number alpha, Tensor other)", call_old_order<call_add>}}});

// ---- sub: z = x - alpha y ----
void infer_sub(InferCtx& c) {
    check<TypeError>(c.input(0).dtype() != DType::Bool, c.op.name,
                     ": bool tensors have no difference, got two of them. Use logical_xor() or ^.");
    infer_binary(c);
}
const OpDef sub_op = {
    .name = "sub",
    .grad_name = "SubBackward0",
    .infer = infer_sub,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad());
            if (c.wants(1)) c.set(1, neg(c.grad()));
        },
    .kernel = kernel_of(Binary::Sub),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
};
constexpr OpDef sub_number_op = add_number_named("sub", "SubBackward0");
constexpr OpDef sub_scaled_op = add_scaled_named("sub", "SubBackward0");
const OpDef rsub_number_op = {
    .name = "rsub",
    .grad_name = "RsubBackward1",
    .infer = infer_unary,
    .eval = eval_number_first,
    .vjp = [](VjpCtx& c) { c.set(0, neg(c.grad())); },
    .kernel = kernel_of(Binary::Sub),
    .elementwise = true,
    .attr_bytes = sizeof(NumberAttr),
    .describe = describe_first,
};

namespace {

template <class Runner> Tensor sub_in(Runner&& r, const Tensor& a, const Tensor& b) {
    check<TypeError>(a.dtype() != DType::Bool && b.dtype() != DType::Bool, "sub: bools have no difference, got ",
                     a.dtype(), " and ", b.dtype(), ". Use logical_not(), logical_xor() or ^.");
    if (takes_number(a, b)) return r.run_with(sub_number_op, NumberAttr{-number_value(b)}, a);
    if (takes_number(b, a)) return r.run_with(rsub_number_op, NumberAttr{number_value(a)}, b);
    return r.run(sub_op, a, b);
}

Tensor sub_scaled_in(Args& a, const Tensor& x, const Tensor& y) {
    double alpha = alpha_of(a);
    if (alpha == 1) return sub_in(a, x, y);
    check<TypeError>(x.dtype() != DType::Bool || y.dtype() != DType::Bool, a.name,
                     ": bool tensors have no difference, got two of them. Use logical_xor() or ^.");
    return a.run_with(sub_scaled_op, NumberAttr{-alpha}, x, y);
}
void call_sub(Args& a) { a.ret(sub_scaled_in(a, a.tensor(0), a.tensor(1))); }
constexpr const char* kSubDoc = R"(Difference of two tensors, of which the second may be scaled.

    z = x - alpha y,  dx = dz,  dy = -alpha dz

Args:
    input: tensor or number, not bool.
    other: tensor or number; the shapes broadcast.
    alpha: number, default 1.

Example:
    >>> chainrule.sub(chainrule.tensor([1., 2.]), chainrule.tensor([10., 20.]))
    tensor([ -9., -18.])
)";

}  // namespace

Tensor sub(const Tensor& a, const Tensor& b) { return sub_in(Direct(), a, b); }
Tensor sub_(const Tensor& a, const Tensor& b) { return sub_in(InPlace(), a, b); }
const Register sub_fn({"sub",
                       kBinaryFlags,
                       kSubDoc,
                       {{"sub(Tensor input, Tensor other, *, Number alpha=1)", call_sub},
                        {"sub(Tensor input, Number alpha, Tensor other)", call_old_order<call_sub>}}});
const Register subtract_fn(
    {"subtract", kBinaryFlags, kSubDoc, {{"subtract(Tensor input, Tensor other, *, Number alpha=1)", call_sub}}});
const Register rsub_fn({"rsub",
                        kFunction,
                        R"(Difference with the operands exchanged.

    z = other - alpha input

Args:
    input: tensor or number, not bool.
    other: tensor or number; the shapes broadcast.
    alpha: number, default 1.

Example:
    >>> chainrule.rsub(chainrule.tensor([1., 2.]), 10)
    tensor([9., 8.])
)",
                        {{"rsub(Tensor input, Tensor other, *, Number alpha=1)",
                          [](Args& a) { a.ret(sub_scaled_in(a, a.tensor(1), a.tensor(0))); }}}});

// ---- mul: z = x y ----
const OpDef mul_op = {
    .name = "mul",
    .grad_name = "MulBackward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (plain_product_grads(c)) return;
            if (c.wants(0)) c.set(0, c.grad() * c.input(1));
            if (c.wants(1)) c.set(1, c.grad() * c.input(0));
        },
    .kernel = kernel_of(Binary::Mul),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {2, 1},
};
const OpDef mul_number_op = {
    .name = "mul",
    .grad_name = "MulBackward0",
    .infer = infer_unary,
    .eval = eval_unary,
    .vjp = [](VjpCtx& c) { c.set(0, mul(c.grad(), c.attr<NumberAttr>().value)); },
    .kernel = kernel_of(Unary::MulScalar),
    .elementwise = true,
    .attr_bytes = sizeof(NumberAttr),
    .describe = describe_attrs<NumberAttr>,
};

namespace {

template <class Runner> Tensor mul_in(Runner&& r, const Tensor& a, const Tensor& b) {
    if (takes_number(a, b)) return r.run_with(mul_number_op, NumberAttr{number_value(b)}, a);
    if (takes_number(b, a)) return r.run_with(mul_number_op, NumberAttr{number_value(a)}, b);
    return r.run(mul_op, a, b);
}
void call_mul(Args& a) { a.ret(mul_in(a, a.tensor(0), a.tensor(1))); }
constexpr const char* kMulDoc = R"(Product of two tensors, element by element.

    z = x y,  dx = dz y,  dy = dz x

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Example:
    >>> chainrule.mul(chainrule.tensor([1., 2.]), chainrule.tensor([[3.], [4.]]))
    tensor([[3., 6.],
            [4., 8.]])
)";

}  // namespace

Tensor mul(const Tensor& a, const Tensor& b) { return mul_in(Direct(), a, b); }
Tensor mul_(const Tensor& a, const Tensor& b) { return mul_in(InPlace(), a, b); }
Tensor mul(const Tensor& a, double b) {
    return is_floating(a.dtype()) ? run_with(mul_number_op, NumberAttr{b}, a) : run(mul_op, a, number(b, a));
}
const Register mul_fn({"mul", kBinaryFlags, kMulDoc, {{"mul(Tensor input, Tensor other)", call_mul}}});
const Register multiply_fn({"multiply", kBinaryFlags, kMulDoc, {{"multiply(Tensor input, Tensor other)", call_mul}}});

// ---- div: z = x / y ----
const OpDef div_op = {
    .name = "div",
    .grad_name = "DivBackward0",
    .infer = infer_binary,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            Tensor y = c.input(1);
            if (c.wants(0)) c.set(0, c.grad() / y);
            if (c.wants(1)) c.set(1, neg(c.grad()) * (c.input(0) / y / y));
        },
    .kernel = kernel_of(Binary::Div),
    .promotion = Promotion::Float,
    .broadcast = true,
    .elementwise = true,
    .save_input = {2, 3},
};
const OpDef div_number_op = {
    .name = "div",
    .grad_name = "DivBackward0",
    .infer = infer_floating,
    .eval = eval_number_second,
    .vjp = [](VjpCtx& c) { c.set(0, run_with(c.op(), c.attr<NumberAttr>(), c.grad())); },
    .kernel = kernel_of(Binary::Div),
    .promotion = Promotion::Float,
    .elementwise = true,
    .attr_bytes = sizeof(NumberAttr),
    .describe = describe_attrs<NumberAttr>,
};
const OpDef rdiv_number_op = {
    .name = "div",
    .grad_name = "DivBackward0",
    .infer = infer_floating,
    .eval = eval_number_first,
    .vjp = [](VjpCtx& c) { c.set(0, neg(c.grad()) * (c.output() / c.input(0))); },
    .kernel = kernel_of(Binary::Div),
    .promotion = Promotion::Float,
    .elementwise = true,
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(NumberAttr),
    .describe = describe_first,
};

namespace {

// Those who write the graph down learn which way it is rounded: 1 towards zero, 2 down.
template <Binary kernel> void describe_rounding(const void*, AttrVisitor& v) {
    v("rounding", kernel == Binary::TruncDiv ? 1 : 2);
}
// Quotients that are whole numbers: constant by pieces, so their gradient is 0.
template <Binary kernel> constexpr OpDef whole_quotient(const char* name, const char* grad_name) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_division,
        .eval = eval_binary,
        .vjp = zero_gradient,
        .kernel = kernel_of(kernel),
        .promotion = Promotion::Common,
        .broadcast = true,
        .elementwise = true,
        .describe = describe_rounding<kernel>,
    };
}
constexpr OpDef div_trunc_op = whole_quotient<Binary::TruncDiv>("div", "DivBackward2");
constexpr OpDef div_floor_op = whole_quotient<Binary::FloorDiv>("div", "DivBackward2");
constexpr OpDef floor_divide_op = whole_quotient<Binary::FloorDiv>("floor_divide", "FloorDivideBackward0");

template <class Runner> Tensor div_in(Runner&& r, const Tensor& a, const Tensor& b) {
    if (takes_number(a, b)) return r.run_with(div_number_op, NumberAttr{number_value(b)}, a);
    if (takes_number(b, a)) return r.run_with(rdiv_number_op, NumberAttr{number_value(a)}, b);
    return r.run(div_op, a, b);
}
void call_div(Args& a) {
    if (!a.given(2)) {
        a.ret(div_in(a, a.tensor(0), a.tensor(1)));
        return;
    }
    std::string_view mode = a.text(2);
    check<ValueError>(mode == "trunc" || mode == "floor", a.name,
                      ": rounding_mode must be None, 'trunc' or 'floor', got '", mode, "'");
    a.ret(a.run(mode == "trunc" ? div_trunc_op : div_floor_op, a.tensor(0), a.tensor(1)));
}
constexpr const char* kDivDoc =
    R"(Quotient of two tensors; integers are divided as floats unless a rounding mode is given.

    z = x / y,  dx = dz / y,  dy = -dz x / y^2

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.
    rounding_mode: None; 'trunc' rounds towards 0 and 'floor' down: they keep integers, and their gradient is 0.

Raises:
    ValueError: an integer divisor is 0 and a rounding mode is given.

Example:
    >>> chainrule.div(chainrule.tensor([1, -3]), 2)
    tensor([ 0.5000, -1.5000])
    >>> chainrule.div(chainrule.tensor([1, -3]), 2, rounding_mode='floor')
    tensor([ 0, -2])
)";

}  // namespace

Tensor div(const Tensor& a, const Tensor& b) { return div_in(Direct(), a, b); }
Tensor div_(const Tensor& a, const Tensor& b) { return div_in(InPlace(), a, b); }
Tensor div(const Tensor& a, double b) { return run_with(div_number_op, NumberAttr{b}, a); }
Tensor div(double a, const Tensor& b) { return run_with(rdiv_number_op, NumberAttr{a}, b); }
const Register div_fn(
    {"div", kBinaryFlags, kDivDoc, {{"div(Tensor input, Tensor other, *, str rounding_mode=None)", call_div}}});
const Register divide_fn(
    {"divide", kBinaryFlags, kDivDoc, {{"divide(Tensor input, Tensor other, *, str rounding_mode=None)", call_div}}});
const Register true_divide_fn({"true_divide",
                               kBinaryFlags,
                               R"(Quotient of two tensors, always floating: div() without a rounding mode.

    z = x / y

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Example:
    >>> chainrule.true_divide(chainrule.tensor([1, 3]), 2)
    tensor([0.5000, 1.5000])
)",
                               {{"true_divide(Tensor input, Tensor other)",
                                 [](Args& a) { a.ret(div_in(a, a.tensor(0), a.tensor(1))); }}}});
Tensor floor_divide(const Tensor& a, const Tensor& b) { return run(floor_divide_op, a, b); }
const Register floor_divide_fn({"floor_divide",
                                kBinaryFlags,
                                R"(Quotient rounded down to a whole number; its gradient is 0.

    z = floor(x / y)

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Raises:
    ValueError: an integer divisor is 0.

Example:
    >>> chainrule.floor_divide(chainrule.tensor([7, -7]), 2)
    tensor([ 3, -4])
)",
                                {{"floor_divide(Tensor input, Tensor other)", call_binary<floor_divide_op>}}});

// ---- remainder: z = x - y floor(x / y), with the sign of y ----
const OpDef remainder_op = {
    .name = "remainder",
    .grad_name = "RemainderBackward0",
    .infer = infer_division,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad());
            if (c.wants(1)) c.set(1, neg(c.grad()) * run(div_floor_op, c.input(0), c.input(1)));
        },
    .kernel = kernel_of(Binary::Remainder),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {2, 2},
};
Tensor remainder(const Tensor& a, const Tensor& b) { return run(remainder_op, a, b); }
const Register remainder_fn({"remainder",
                             kBinaryFlags,
                             R"(Remainder of a division, with the divisor's sign, as Python's %.

    z = x - y floor(x / y),  dx = dz,  dy = -dz floor(x / y)

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Raises:
    ValueError: an integer divisor is 0.

Example:
    >>> chainrule.remainder(chainrule.tensor([5., -5.]), 3)
    tensor([2., 1.])
)",
                             {{"remainder(Tensor input, Tensor other)", call_binary<remainder_op>}}});

// ---- fmod: z = x - y trunc(x / y), with the sign of x ----
const OpDef fmod_op = {
    .name = "fmod",
    .grad_name = "FmodBackward0",
    .infer = infer_division,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad());
            if (c.wants(1)) c.set(1, neg(c.grad()) * run(div_trunc_op, c.input(0), c.input(1)));
        },
    .kernel = kernel_of(Binary::Fmod),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {2, 2},
};
const Register fmod_fn({"fmod",
                        kBinaryFlags,
                        R"(Remainder of a division, with the dividend's sign, as C's fmod.

    z = x - y trunc(x / y),  dx = dz,  dy = -dz trunc(x / y)

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Raises:
    ValueError: an integer divisor is 0.

Example:
    >>> chainrule.fmod(chainrule.tensor([5., -5.]), 3)
    tensor([ 2., -2.])
)",
                        {{"fmod(Tensor input, Tensor other)", call_binary<fmod_op>}}});

// ---- maximum, minimum: equal operands share the gradient half and half ----
namespace {

// The part of the gradient for an operand: all where it won, half at a tie. A NaN lets it pass to both.
Tensor share(const Tensor& grad, const Tensor& lost, const Tensor& tie) {
    return where(tie, mul(grad, 0.5), masked_out(lost, grad));
}
void maximum_vjp(VjpCtx& c) {
    Tensor a = c.input(0), b = c.input(1), tie = eq(a, b);
    if (c.wants(0)) c.set(0, share(c.grad(), lt(a, b), tie));
    if (c.wants(1)) c.set(1, share(c.grad(), gt(a, b), tie));
}
void minimum_vjp(VjpCtx& c) {
    Tensor a = c.input(0), b = c.input(1), tie = eq(a, b);
    if (c.wants(0)) c.set(0, share(c.grad(), gt(a, b), tie));
    if (c.wants(1)) c.set(1, share(c.grad(), lt(a, b), tie));
}
// fmax, fmin: the operand that was taken gets all; the first one at a tie.
void fmax_vjp(VjpCtx& c) {
    Tensor a = c.input(0), b = c.input(1), first = logical_or(ge(a, b), isnan(b));
    if (c.wants(0)) c.set(0, masked_mul(first, c.grad()));
    if (c.wants(1)) c.set(1, masked_out(first, c.grad()));
}
void fmin_vjp(VjpCtx& c) {
    Tensor a = c.input(0), b = c.input(1), first = logical_or(le(a, b), isnan(b));
    if (c.wants(0)) c.set(0, masked_mul(first, c.grad()));
    if (c.wants(1)) c.set(1, masked_out(first, c.grad()));
}
constexpr OpDef extreme(const char* name, const char* grad_name, Binary kernel, void (*vjp)(VjpCtx&)) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_binary,
        .eval = eval_binary,
        .vjp = vjp,
        .kernel = kernel_of(kernel),
        .promotion = Promotion::Common,
        .broadcast = true,
        .elementwise = true,
        .save_input = {3, 3},
    };
}

}  // namespace

constexpr OpDef maximum_op = extreme("maximum", "MaximumBackward0", Binary::Maximum, maximum_vjp);
Tensor maximum(const Tensor& a, const Tensor& b) { return run(maximum_op, a, b); }
const Register maximum_fn({"maximum",
                           kMethod | kFunction,
                           R"(The larger of two tensors, element by element; nan if one is nan.

    z = max(x, y); the gradient goes to the larger one, half to each where they are equal

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Example:
    >>> chainrule.maximum(chainrule.tensor([1., 5.]), chainrule.tensor([3., 2.]))
    tensor([3., 5.])
)",
                           {{"maximum(Tensor input, Tensor other)", call_binary<maximum_op>}}});

constexpr OpDef minimum_op = extreme("minimum", "MinimumBackward0", Binary::Minimum, minimum_vjp);
Tensor minimum(const Tensor& a, const Tensor& b) { return run(minimum_op, a, b); }
const Register minimum_fn({"minimum",
                           kMethod | kFunction,
                           R"(The smaller of two tensors, element by element; nan if one is nan.

    z = min(x, y); the gradient goes to the smaller one, half to each where they are equal

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Example:
    >>> chainrule.minimum(chainrule.tensor([1., 5.]), chainrule.tensor([3., 2.]))
    tensor([1., 2.])
)",
                           {{"minimum(Tensor input, Tensor other)", call_binary<minimum_op>}}});

constexpr OpDef fmax_op = extreme("fmax", "FmaxBackward0", Binary::Fmax, fmax_vjp);
const Register fmax_fn({"fmax",
                        kMethod | kFunction,
                        R"(The larger of two tensors, ignoring nan where only one is nan.

    z = max(x, y); the gradient goes to the one taken, to input where they are equal

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Example:
    >>> chainrule.fmax(chainrule.tensor([1., float('nan')]), chainrule.tensor([3., 2.]))
    tensor([3., 2.])
)",
                        {{"fmax(Tensor input, Tensor other)", call_binary<fmax_op>}}});

constexpr OpDef fmin_op = extreme("fmin", "FminBackward0", Binary::Fmin, fmin_vjp);
const Register fmin_fn({"fmin",
                        kMethod | kFunction,
                        R"(The smaller of two tensors, ignoring nan where only one is nan.

    z = min(x, y); the gradient goes to the one taken, to input where they are equal

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Example:
    >>> chainrule.fmin(chainrule.tensor([1., float('nan')]), chainrule.tensor([3., 2.]))
    tensor([1., 2.])
)",
                        {{"fmin(Tensor input, Tensor other)", call_binary<fmin_op>}}});

}  // namespace chainrule
