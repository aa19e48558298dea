// Logic on the bits of integers, and on bool as a single bit. Not differentiable.

#include "ops/forms.h"

namespace chainrule {

using kernels::Binary;
using kernels::Unary;

namespace {

constexpr uint32_t kBitFlags = kMethod | kFunction | kInplace | kNoGradient;

void infer_bits(InferCtx& c) {
    check<TypeError>(is_integral(c.input(0).dtype()), c.op.name, ": inputs must be integers or bool, got ",
                     c.input(0).dtype());
    infer_binary(c);
}
constexpr OpDef on_bits(const char* name, Binary kernel) {
    return {
        .name = name,
        .grad_name = "",
        .infer = infer_bits,
        .eval = eval_binary,
        .kernel = kernel_of(kernel),
        .promotion = Promotion::Common,
        .broadcast = true,
        .elementwise = true,
    };
}

}  // namespace

// ---- bitwise_and, bitwise_or, bitwise_xor ----
constexpr OpDef bitwise_and_op = on_bits("bitwise_and", Binary::BitAnd);
constexpr OpDef bitwise_or_op = on_bits("bitwise_or", Binary::BitOr);
constexpr OpDef bitwise_xor_op = on_bits("bitwise_xor", Binary::BitXor);

Tensor bitwise_and(const Tensor& a, const Tensor& b) { return run(bitwise_and_op, a, b); }
Tensor bitwise_or(const Tensor& a, const Tensor& b) { return run(bitwise_or_op, a, b); }
Tensor bitwise_xor(const Tensor& a, const Tensor& b) { return run(bitwise_xor_op, a, b); }
const Register bitwise_and_fn({"bitwise_and",
                               kBitFlags,
                               R"(Bitwise and of integers; logical and of bool tensors.

Args:
    input: integer or bool tensor, or number.
    other: the same; the shapes broadcast.

Example:
    >>> chainrule.bitwise_and(chainrule.tensor([6, 5]), 3)
    tensor([2, 1])
)",
                               {{"bitwise_and(Tensor input, Tensor other)", call_binary<bitwise_and_op>}}});
const Register bitwise_or_fn({"bitwise_or",
                              kBitFlags,
                              R"(Bitwise or of integers; logical or of bool tensors.

Args:
    input: integer or bool tensor, or number.
    other: the same; the shapes broadcast.

Example:
    >>> chainrule.bitwise_or(chainrule.tensor([6, 5]), 3)
    tensor([7, 7])
)",
                              {{"bitwise_or(Tensor input, Tensor other)", call_binary<bitwise_or_op>}}});
const Register bitwise_xor_fn({"bitwise_xor",
                               kBitFlags,
                               R"(Bitwise exclusive or of integers; logical one of bool tensors.

Args:
    input: integer or bool tensor, or number.
    other: the same; the shapes broadcast.

Example:
    >>> chainrule.bitwise_xor(chainrule.tensor([6, 5]), 3)
    tensor([5, 6])
)",
                               {{"bitwise_xor(Tensor input, Tensor other)", call_binary<bitwise_xor_op>}}});

// ---- bitwise_not ----
const OpDef bitwise_not_op = {
    .name = "bitwise_not",
    .grad_name = "",
    .infer =
        [](InferCtx& c) {
            check<TypeError>(is_integral(c.input(0).dtype()), "bitwise_not: the input must be integer or bool, got ",
                             c.input(0).dtype());
            infer_unary(c);
        },
    .eval = eval_unary,
    .kernel = kernel_of(Unary::BitwiseNot),
    .elementwise = true,
};
Tensor bitwise_not(const Tensor& x) { return run(bitwise_not_op, x); }
const Register bitwise_not_fn({"bitwise_not",
                               kBitFlags,
                               R"(Bitwise not of integers; logical not of bool tensors.

Args:
    input: integer or bool tensor.

Example:
    >>> chainrule.bitwise_not(chainrule.tensor([0, 5]))
    tensor([-1, -6])
)",
                               {{"bitwise_not(Tensor input)", call_unary<bitwise_not_op>}}});

// ---- shifts ----
constexpr OpDef left_shift_op = on_bits("bitwise_left_shift", Binary::ShiftLeft);
constexpr OpDef right_shift_op = on_bits("bitwise_right_shift", Binary::ShiftRight);

Tensor bitwise_left_shift(const Tensor& a, const Tensor& b) { return run(left_shift_op, a, b); }
Tensor bitwise_right_shift(const Tensor& a, const Tensor& b) { return run(right_shift_op, a, b); }
const Register left_shift_fn({"bitwise_left_shift",
                              kBitFlags,
                              R"(Shifts the bits of integers to the left; 0 beyond the width.

    z = x 2^y

Args:
    input: integer tensor or number.
    other: the number of places; the shapes broadcast.

Example:
    >>> chainrule.bitwise_left_shift(chainrule.tensor([1, 3]), 2)
    tensor([ 4, 12])
)",
                              {{"bitwise_left_shift(Tensor input, Tensor other)", call_binary<left_shift_op>}}});
const Register right_shift_fn({"bitwise_right_shift",
                               kBitFlags,
                               R"(Shifts the bits of integers to the right, keeping the sign.

    z = floor(x / 2^y)

Args:
    input: integer tensor or number.
    other: the number of places; the shapes broadcast.

Example:
    >>> chainrule.bitwise_right_shift(chainrule.tensor([5, -5]), 1)
    tensor([ 2, -3])
)",
                               {{"bitwise_right_shift(Tensor input, Tensor other)", call_binary<right_shift_op>}}});

}  // namespace chainrule
