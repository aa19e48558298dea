// Choosing between values: where, masks, clamp, and the fused lerp, addcmul and addcdiv.

#include <cmath>
#include <limits>

#include "core/number_range.h"
#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Ternary;
using kernels::Unary;

// ---- masked_mul: mask ? x : 0, also where x is not finite ----
const OpDef masked_mul_op = {
    .name = "masked_mul",
    .grad_name = "MaskedMulBackward0",
    .infer =
        [](InferCtx& c) {
            infer_elementwise(c);
            c.out[0].dtype = c.input(1).dtype();
        },
    .eval =
        [](EvalCtx& c) {
            apply_loop(kernels::kernels().masked_mul[static_cast<int>(c.input(1).dtype())], c.out(), c.inputs, 2,
                       nullptr);
        },
    .vjp = [](VjpCtx& c) { c.set(1, masked_mul(c.input(0), c.grad())); },
    .broadcast = true,
    .elementwise = true,
    .save_input = {2},
};
Tensor masked_mul(const Tensor& mask, const Tensor& x) { return run(masked_mul_op, mask, x); }

// ---- where: condition ? a : b ----
const OpDef where_op = {
    .name = "where",
    .grad_name = "WhereBackward0",
    .infer =
        [](InferCtx& c) {
            check<TypeError>(c.input(0).dtype() == DType::Bool, "where: the condition must be bool, got ",
                             c.input(0).dtype(), ". Compare it with something, or convert it with .bool().");
            infer_elementwise(c);
            c.out[0].dtype = c.input(1).dtype();
        },
    .eval =
        [](EvalCtx& c) {
            apply_loop(kernels::kernels().where[static_cast<int>(c.input(1).dtype())], c.out(), c.inputs, 3, nullptr);
        },
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(1)) c.set(1, masked_mul(c.input(0), c.grad()));
            if (c.wants(2)) c.set(2, masked_out(c.input(0), c.grad()));
        },
    .broadcast = true,
    .elementwise = true,
    .save_input = {6},
};
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
    if (a.dtype() == b.dtype() && !(a->wrapped_number && b->wrapped_number)) return run(where_op, condition, a, b);
    DType t = result_type(a, b);
    check_fits("where", a, t);
    check_fits("where", b, t);
    return run(where_op, condition, cast(a, t), cast(b, t));
}
Tensor masked_out(const Tensor& mask, const Tensor& x) { return where(mask, scalar_tensor(0, x.dtype()), x); }
const Register where_fn({"where",
                         kFunction,
                         R"(Chooses from two tensors, element by element.

    y = condition ? input : other,  dinput = condition ? dy : 0,  dother = condition ? 0 : dy

The branch that is not chosen gets gradient 0 here, but where it was computed from a value at which its own derivative is not
finite, 0 times that is nan. Make such values harmless before the function, not only behind it:
    where(x > 0, log(where(x > 0, x, 1)), 0)

Args:
    condition: bool tensor. uint8 is taken too, as nonzero.
    input: tensor or number.
    other: tensor or number. All three broadcast.

Returns:
    tensor; of the condition alone, the tuple of its nonzero positions, as nonzero(as_tuple=True) gives it.

Example:
    >>> chainrule.where(chainrule.tensor([True, False]), chainrule.tensor([1., 2.]), 0)
    tensor([1., 0.])
)",
                         {{"where(Tensor condition, Tensor input, Tensor other)",
                           [](Args& a) {
                               const Tensor& mask = a.tensor(0);
                               a.ret(where(mask.dtype() == DType::UInt8 ? cast(mask, DType::Bool) : mask, a.tensor(1),
                                           a.tensor(2)));
                           }},
                          {"where(Tensor condition)", [](Args& a) { a.ret_tuple(nonzero_tuple(a.tensor(0))); }}}});

// ---- masked_fill: mask ? value : x ----
const OpDef masked_fill_op = {
    .name = "masked_fill",
    .grad_name = "MaskedFillBackward0",
    .infer =
        [](InferCtx& c) {
            check<TypeError>(c.input(1).dtype() == DType::Bool, "masked_fill: the mask must be bool, got ",
                             c.input(1).dtype(), ". Convert it with .bool().");
            check<ValueError>(c.input(2).ndim() == 0,
                              "masked_fill: the value must be a number or a 0-d tensor, got shape ",
                              c.input(2).shape());
            infer_elementwise(c);
        },
    .eval =
        [](EvalCtx& c) {
            const Tensor in[3] = {c.input(1), c.input(2), c.input(0)};
            apply_loop(kernels::kernels().where[static_cast<int>(c.input(0).dtype())], c.out(), in, 3, nullptr);
        },
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, masked_out(c.input(1), c.grad()));
            if (c.wants(2)) c.set(2, sum_to(masked_mul(c.input(1), c.grad()), {}));
        },
    .elementwise = true,
    .save_input = {0, 5},
    .keep_shape = 1,
};
const Register masked_fill_fn({"masked_fill",
                               kUnaryFlags,
                               R"(Fills the elements where a mask is True with one value.

    y = mask ? value : x,  dx = mask ? 0 : dy

Args:
    input: tensor of any shape.
    mask: bool tensor that broadcasts with input.
    value: number or 0-d tensor; takes input's dtype.

Example:
    >>> chainrule.tensor([1., 2.]).masked_fill(chainrule.tensor([True, False]), -1)
    tensor([-1.,  2.])
)",
                               {{"masked_fill(Tensor input, Tensor mask, Tensor value)", [](Args& a) {
                                     Tensor x = a.tensor(0), value = a.tensor(2);
                                     const Tensor& mask = a.tensor(1);
                                     check_fits("masked_fill", value, x.dtype());
                                     if (!a.inplace)
                                         x = expand(x, broadcast_shapes("masked_fill", x.shape(), mask.shape()));
                                     a.ret(a.run(masked_fill_op, x, mask, cast(value, x.dtype())));
                                 }}}});

// ---- clamp: min(max(x, low), high); gradient 0 at and beyond the bounds ----
struct Bounds {
    double low, high;
    void visit(AttrVisitor& v) const {
        v("low", low);
        v("high", high);
    }
};

void clamp_vjp(VjpCtx& c) {
    if (fused_unary_grad(c)) return;
    Bounds b = c.attr<Bounds>();
    Tensor x = c.input(0), grad = c.grad();
    // Negated, so that a NaN lets the gradient pass, as PyTorch has it. An infinite bound is none: not even inf is at it.
    if (std::isfinite(b.low)) grad = masked_out(le(x, scalar_tensor(b.low, x.dtype())), grad);
    if (std::isfinite(b.high)) grad = masked_out(ge(x, scalar_tensor(b.high, x.dtype())), grad);
    c.set(0, grad);
}
constexpr OpDef clamp_named(const char* name, const char* grad_name) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_unary,
        .eval = eval_unary,
        .vjp = clamp_vjp,
        .kernel = kernel_of(Unary::Clamp),
        .grad_kernel = kernel_of(Binary::ClampGrad),
        .elementwise = true,
        .save_input = {1},
        .attr_bytes = sizeof(Bounds),
        .describe = describe_attrs<Bounds>,
    };
}
constexpr OpDef clamp_op = clamp_named("clamp", "ClampBackward1");
constexpr OpDef clamp_min_op = clamp_named("clamp_min", "ClampMinBackward0");
constexpr OpDef clamp_max_op = clamp_named("clamp_max", "ClampMaxBackward0");
constexpr OpDef hardtanh_op = clamp_named("hardtanh", "HardtanhBackward0");

Tensor clamp(const Tensor& x, double low, double high) { return run_with(clamp_op, Bounds{low, high}, x); }

namespace {

// Numbers as bounds stay attributes. An integer tensor with a floating bound becomes floating.
template <const OpDef& op> void clamp_numbers(Args& a, const Tensor& low, const Tensor& high) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    Bounds b = {low ? number_value(low) : -inf, high ? number_value(high) : inf};
    if (std::isnan(b.low) || std::isnan(b.high)) b.low = b.high = std::numeric_limits<double>::quiet_NaN();
    Tensor x = a.tensor(0);
    for (const Tensor& bound : {low, high})
        if (bound) x = cast(x, result_type(x, bound));
    if (x.is_same(a.tensor(0))) a.ret(a.run_with(op, b, x));
    else finish(a, run_with(op, b, x));
}

// Tensors as bounds: the forward of maximum and minimum, but at a tie the gradient is x's alone. A NaN lets it pass to x.
void at_least_vjp(VjpCtx& c) {
    Tensor below = lt(c.input(0), c.input(1));
    if (c.wants(0)) c.set(0, masked_out(below, c.grad()));
    if (c.wants(1)) c.set(1, masked_mul(below, c.grad()));
}
void at_most_vjp(VjpCtx& c) {
    Tensor above = gt(c.input(0), c.input(1));
    if (c.wants(0)) c.set(0, masked_out(above, c.grad()));
    if (c.wants(1)) c.set(1, masked_mul(above, c.grad()));
}
constexpr OpDef bounded(const char* name, const char* grad_name, Binary kernel, void (*vjp)(VjpCtx&)) {
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
constexpr OpDef at_least_op = bounded("clamp_min", "ClampMinBackward1", Binary::Maximum, at_least_vjp);
constexpr OpDef at_most_op = bounded("clamp_max", "ClampMaxBackward1", Binary::Minimum, at_most_vjp);

// Both at once, where there is no graph.
constexpr OpDef between_op = {
    .name = "clamp",
    .grad_name = "ClampBackward0",
    .infer = infer_ternary,
    .eval = eval_ternary,
    .kernel = kernel_of(Ternary::Clamp),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
};

void clamp_tensors(Args& a, const Tensor& low, const Tensor& high) {
    for (const Tensor& bound : {low, high})
        if (bound) broadcast_shapes(a.name, a.tensor(0).shape(), bound.shape());
    if (low && high && !a.inplace && nothing_recorded({a.tensor(0), low, high}))
        return a.ret(run(between_op, a.tensor(0), low, high));
    Tensor x = self_or_copy(a);
    if (low) x = run(at_least_op, x, low);
    if (high) x = run(at_most_op, x, high);
    finish(a, x);
}

template <const OpDef& op> void clamp_in(Args& a, const Tensor& low, const Tensor& high) {
    if ((!low || low->wrapped_number) && (!high || high->wrapped_number)) clamp_numbers<op>(a, low, high);
    else clamp_tensors(a, low, high);
}
void call_clamp(Args& a) {
    check<ValueError>(a.given(1) || a.given(2), a.name, ": at least one of min and max must be given, got neither");
    clamp_in<clamp_op>(a, a.tensor(1), a.tensor(2));
}
constexpr const char* kClampDoc = R"(Limits each element to the range from min to max.

    y = min(max(x, min), max),  dx = dy strictly between the bounds, 0 elsewhere

With tensors as bounds, the gradient is x's where x is equal to a bound, and the bound's beyond it. If min > max, the result
is max.

Args:
    input: tensor of any shape.
    min: number or tensor, optional.
    max: number or tensor, optional.

Raises:
    ValueError: neither bound is given.

Example:
    >>> chainrule.clamp(chainrule.tensor([-2., 0.5, 3.]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
)";

}  // namespace

const Register clamp_fn(
    {"clamp", kUnaryFlags, kClampDoc, {{"clamp(Tensor input, Tensor min=None, Tensor max=None)", call_clamp}}});
const Register clip_fn(
    {"clip", kUnaryFlags, kClampDoc, {{"clip(Tensor input, Tensor min=None, Tensor max=None)", call_clamp}}});
const Register clamp_min_fn({"clamp_min",
                             kUnaryFlags,
                             R"(Limits each element from below: clamp(input, min=min).

    y = max(x, min)

Args:
    input: tensor of any shape.
    min: number or tensor.

Example:
    >>> chainrule.clamp_min(chainrule.tensor([-2., 3.]), 0)
    tensor([0., 3.])
)",
                             {{"clamp_min(Tensor input, Tensor min)",
                               [](Args& a) { clamp_in<clamp_min_op>(a, a.tensor(1), Tensor()); }}}});
const Register clamp_max_fn({"clamp_max",
                             kUnaryFlags,
                             R"(Limits each element from above: clamp(input, max=max).

    y = min(x, max)

Args:
    input: tensor of any shape.
    max: number or tensor.

Example:
    >>> chainrule.clamp_max(chainrule.tensor([-2., 3.]), 0)
    tensor([-2.,  0.])
)",
                             {{"clamp_max(Tensor input, Tensor max)",
                               [](Args& a) { clamp_in<clamp_max_op>(a, Tensor(), a.tensor(1)); }}}});

// ---- hardtanh, relu6: clamp under their own names ----
const Register hardtanh_fn(
    {"hardtanh",
     kNN | kInplace,
     R"(Linear between two bounds, constant outside; gradient 0 at the bounds.

    y = min(max(x, min_val), max_val)

Args:
    input: tensor of any shape.
    min_val: lower bound, default -1.
    max_val: upper bound, default 1, above min_val.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.hardtanh(chainrule.tensor([-2., 0.5, 3.]))
    tensor([-1.0000,  0.5000,  1.0000])
)",
     {{"hardtanh(Tensor input, Number min_val=-1.0, Number max_val=1.0, bool inplace=False)", [](Args& a) {
           check<ValueError>(a.real(1, -1) <= a.real(2, 1), "hardtanh: min_val must not exceed max_val, got ",
                             a.real(1, -1), " and ", a.real(2, 1));
           a.inplace = a.inplace || a.flag(3);
           a.ret(a.run_with(hardtanh_op, Bounds{a.real(1, -1), a.real(2, 1)}, a.tensor(0)));
       }}}});
const Register relu6_fn({"relu6",
                         kNN | kInplace,
                         R"(ReLU with an upper bound of 6; gradient 0 at 0 and at 6.

    y = min(max(x, 0), 6)

Args:
    input: tensor of any shape.
    inplace: write into input.

Example:
    >>> chainrule.nn.functional.relu6(chainrule.tensor([-1., 3., 8.]))
    tensor([0., 3., 6.])
)",
                         {{"relu6(Tensor input, bool inplace=False)", [](Args& a) {
                               a.inplace = a.inplace || a.flag(1);
                               a.ret(a.run_with(hardtanh_op, Bounds{0, 6}, a.tensor(0)));
                           }}}});

// ---- lerp: from a to b by weight w ----
const OpDef lerp_op = {
    .name = "lerp",
    .grad_name = "LerpBackward0",
    .infer = infer_ternary,
    .eval = eval_ternary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad() * (1.0 - c.input(2)));
            if (c.wants(1)) c.set(1, c.grad() * c.input(2));
            if (c.wants(2)) c.set(2, c.grad() * (c.input(1) - c.input(0)));
        },
    .kernel = kernel_of(Ternary::Lerp),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {4, 4, 3},
};
const Register lerp_fn({"lerp",
                        kUnaryFlags,
                        R"(Linear interpolation between two tensors.

    y = input + weight (end - input)

Args:
    input: floating tensor, the value at weight 0.
    end: floating tensor, the value at weight 1.
    weight: number or tensor. All broadcast.

Example:
    >>> chainrule.lerp(chainrule.tensor([0., 2.]), chainrule.tensor([1., 4.]), 0.5)
    tensor([0.5000, 3.0000])
)",
                        {{"lerp(Tensor input, Tensor end, Tensor weight)",
                          [](Args& a) { a.ret(a.run(lerp_op, a.tensor(0), a.tensor(1), a.tensor(2))); }}}});

// ---- addcmul: a + value b c ----
const OpDef addcmul_op = {
    .name = "addcmul",
    .grad_name = "AddcmulBackward0",
    .infer = infer_ternary,
    .eval = eval_ternary,
    .vjp =
        [](VjpCtx& c) {
            double value = c.attr<NumberAttr>().value;
            if (c.wants(0)) c.set(0, c.grad());
            if (c.wants(1)) c.set(1, c.grad() * c.input(2) * value);
            if (c.wants(2)) c.set(2, c.grad() * c.input(1) * value);
        },
    .kernel = kernel_of(Ternary::Addcmul),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {0, 4, 2},
    .attr_bytes = sizeof(NumberAttr),
    .describe = describe_attrs<NumberAttr>,
};
namespace {
void call_addcmul(Args& a) {
    a.ret(a.run_with(addcmul_op, NumberAttr{a.real(3, 1)}, a.tensor(0), a.tensor(1), a.tensor(2)));
}
}  // namespace
const Register addcmul_fn({"addcmul",
                           kUnaryFlags,
                           R"(Adds a scaled product of two tensors.

    y = input + value tensor1 tensor2

Args:
    input, tensor1, tensor2: tensors that broadcast.
    value: number, default 1.

Example:
    >>> chainrule.addcmul(chainrule.tensor([1.]), chainrule.tensor([2.]), chainrule.tensor([3.]), value=0.5)
    tensor([4.])
)",
                           {{"addcmul(Tensor input, Tensor tensor1, Tensor tensor2, *, Number value=1)", call_addcmul},
                            {"addcmul(Tensor input, Number value, Tensor tensor1, Tensor tensor2)",
                             call_old_order<call_addcmul>}}});

// ---- addcdiv: a + value b / c ----
const OpDef addcdiv_op = {
    .name = "addcdiv",
    .grad_name = "AddcdivBackward0",
    .infer = infer_ternary,
    .eval = eval_ternary,
    .vjp =
        [](VjpCtx& c) {
            double value = c.attr<NumberAttr>().value;
            if (c.wants(0)) c.set(0, c.grad());
            if (c.wants(1)) c.set(1, c.grad() * value / c.input(2));
            if (c.wants(2)) c.set(2, c.grad() * -value * (c.input(1) / square(c.input(2))));
        },
    .kernel = kernel_of(Ternary::Addcdiv),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
    .save_input = {0, 4, 6},
    .attr_bytes = sizeof(NumberAttr),
    .describe = describe_attrs<NumberAttr>,
};
namespace {
void call_addcdiv(Args& a) {
    a.ret(a.run_with(addcdiv_op, NumberAttr{a.real(3, 1)}, a.tensor(0), a.tensor(1), a.tensor(2)));
}
}  // namespace
const Register addcdiv_fn({"addcdiv",
                           kUnaryFlags,
                           R"(Adds a scaled quotient of two tensors.

    y = input + value tensor1 / tensor2

Args:
    input, tensor1, tensor2: floating tensors that broadcast.
    value: number, default 1.

Example:
    >>> chainrule.addcdiv(chainrule.tensor([1.]), chainrule.tensor([3.]), chainrule.tensor([2.]))
    tensor([2.5000])
)",
                           {{"addcdiv(Tensor input, Tensor tensor1, Tensor tensor2, *, Number value=1)", call_addcdiv},
                            {"addcdiv(Tensor input, Number value, Tensor tensor1, Tensor tensor2)",
                             call_old_order<call_addcdiv>}}});

}  // namespace chainrule
