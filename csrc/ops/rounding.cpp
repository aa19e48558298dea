// Rounding. These functions are constant by pieces: their gradient is 0 everywhere.

#include <cmath>

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

// ---- floor, ceil, trunc ----
constexpr OpDef floor_op = constant_by_pieces("floor", "FloorBackward0", Unary::Floor);
const Register floor_fn({"floor",
                         kUnaryFlags,
                         R"(Largest whole number not above each element. Its gradient is 0.

Example:
    >>> chainrule.floor(chainrule.tensor([1.7, -1.2]))
    tensor([ 1., -2.])
)",
                         {{"floor(Tensor input)", call_unary<floor_op>}}});

constexpr OpDef ceil_op = constant_by_pieces("ceil", "CeilBackward0", Unary::Ceil);
const Register ceil_fn({"ceil",
                        kUnaryFlags,
                        R"(Smallest whole number not below each element. Its gradient is 0.

Example:
    >>> chainrule.ceil(chainrule.tensor([1.2, -1.7]))
    tensor([ 2., -1.])
)",
                        {{"ceil(Tensor input)", call_unary<ceil_op>}}});

constexpr OpDef trunc_op = constant_by_pieces("trunc", "TruncBackward0", Unary::Trunc);
const Register trunc_fn({"trunc",
                         kUnaryFlags,
                         R"(Each element without its fraction, rounded towards 0. Its gradient is 0.

Example:
    >>> chainrule.trunc(chainrule.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
)",
                         {{"trunc(Tensor input)", call_unary<trunc_op>}}});
const Register fix_fn({"fix",
                       kUnaryFlags,
                       R"(Each element rounded towards 0, as trunc(). Its gradient is 0.

Example:
    >>> chainrule.fix(chainrule.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
)",
                       {{"fix(Tensor input)", call_unary<trunc_op>}}});

// ---- round: half to even, to a number of decimals ----
constexpr OpDef round_op = constant_by_pieces("round", "RoundBackward0", Unary::Round);

struct Decimals {
    int64_t decimals;
    void visit(AttrVisitor& v) const { v("decimals", decimals); }
};
// With n decimals: round(x 10^n) / 10^n; with a negative n the other way about, so that the power of ten is exact.
const OpDef round_decimals_op = {
    .name = "round",
    .grad_name = "RoundBackward1",
    .infer = infer_floating,
    .eval =
        [](EvalCtx& c) {
            const kernels::Table& table = kernels::kernels();
            DType t = c.input(0).dtype();
            int64_t decimals = c.attr<Decimals>().decimals;
            Tensor ten = scalar_tensor(std::pow(10.0, std::abs(static_cast<double>(decimals))), t);
            auto scale = [&](Binary kernel, const Tensor& x) {
                const Tensor in[2] = {x, ten};
                apply_loop(table.binary[static_cast<int>(kernel)][static_cast<int>(t)], c.out(), in, 2, nullptr);
            };
            scale(decimals > 0 ? Binary::Mul : Binary::Div, c.input(0));
            apply_loop(table.unary[static_cast<int>(Unary::Round)][static_cast<int>(t)], c.out(), &c.out(), 1, nullptr);
            scale(decimals > 0 ? Binary::Div : Binary::Mul, c.out());
        },
    .vjp = zero_gradient,
    .elementwise = true,
    .attr_bytes = sizeof(Decimals),
    .describe = describe_attrs<Decimals>,
};
const Register round_fn(
    {"round",
     kUnaryFlags,
     R"(Each element rounded to the nearest number of some decimals, halves to even. Its gradient is 0.

Args:
    input: tensor of any shape; floating if decimals is not 0.
    decimals: number of digits kept behind the point; negative: before it. Default 0.

Example:
    >>> chainrule.round(chainrule.tensor([0.5, 1.5, -2.7]))
    tensor([ 0.,  2., -3.])
    >>> chainrule.round(chainrule.tensor([1.2345]), decimals=2)
    tensor([1.2300])
)",
     {{"round(Tensor input, *, int decimals=0)", [](Args& a) {
           int64_t decimals = a.integer(1);
           if (decimals == 0) a.ret(a.run(round_op, a.tensor(0)));
           else a.ret(a.run_with(round_decimals_op, Decimals{decimals}, a.tensor(0)));
       }}}});

// ---- frac: x - trunc(x); its gradient is 1 ----
const OpDef frac_op = {
    .name = "frac",
    .grad_name = "FracBackward0",
    .infer = infer_unary,
    .eval = eval_unary,
    .vjp = [](VjpCtx& c) { c.set(0, c.grad()); },
    .kernel = kernel_of(Unary::Frac),
    .elementwise = true,
};
const Register frac_fn({"frac",
                        kUnaryFlags,
                        R"(The fraction of each element, with its sign.

    y = x - trunc(x),  dx = dy

Example:
    >>> chainrule.frac(chainrule.tensor([1.5, -2.25]))
    tensor([ 0.5000, -0.2500])
)",
                        {{"frac(Tensor input)", call_unary<frac_op>}}});

}  // namespace chainrule
