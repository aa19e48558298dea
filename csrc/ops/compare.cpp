// Comparison, logic and tests of single values. Results are bool and carry no graph.

#include <limits>

#include "autograd/grad_mode.h"
#include "kernels/reduction.h"
#include "ops/forms.h"

namespace chainrule {

using kernels::Compare;
using kernels::Predicate;

namespace {

constexpr uint32_t kCompareFlags = kMethod | kFunction | kInplace | kNoGradient;

constexpr OpDef comparison(const char* name, Compare kernel) {
    return {
        .name = name,
        .grad_name = "",
        .infer = infer_bool,
        .eval = eval_compare,
        .kernel = kernel_of(kernel),
        .promotion = Promotion::Common,
        .broadcast = true,
        .elementwise = true,
    };
}
constexpr OpDef predicate(const char* name, Predicate kernel) {
    return {
        .name = name,
        .grad_name = "",
        .infer = infer_bool,
        .eval = eval_predicate,
        .kernel = kernel_of(kernel),
        .elementwise = true,
    };
}

// In place the answer is written as 0 or 1, and nothing of self's history remains.
template <const OpDef& op> void call_comparison(Args& a) { finish(a, run(op, a.tensor(0), a.tensor(1))); }
template <const OpDef& op> void call_predicate(Args& a) { finish(a, run(op, a.tensor(0))); }

// True if every element is.
bool all_true(const Tensor& t) {
    bool result = true;
    kernels::reduce(kernels::Reduce::All, t.dtype(), t.data(), t.shape(), t.strides(), (1u << t.ndim()) - 1, &result);
    return result;
}

}  // namespace

// ---- eq, ne, lt, le, gt, ge ----
constexpr OpDef eq_op = comparison("eq", Compare::Eq);
constexpr OpDef ne_op = comparison("ne", Compare::Ne);
constexpr OpDef lt_op = comparison("lt", Compare::Lt);
constexpr OpDef le_op = comparison("le", Compare::Le);
constexpr OpDef gt_op = comparison("gt", Compare::Gt);
constexpr OpDef ge_op = comparison("ge", Compare::Ge);

Tensor eq(const Tensor& a, const Tensor& b) { return run(eq_op, a, b); }
Tensor ne(const Tensor& a, const Tensor& b) { return run(ne_op, a, b); }
Tensor lt(const Tensor& a, const Tensor& b) { return run(lt_op, a, b); }
Tensor le(const Tensor& a, const Tensor& b) { return run(le_op, a, b); }
Tensor gt(const Tensor& a, const Tensor& b) { return run(gt_op, a, b); }
Tensor ge(const Tensor& a, const Tensor& b) { return run(ge_op, a, b); }

constexpr const char* kEqDoc = R"(True where two tensors are equal; nan equals nothing.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.eq(chainrule.tensor([1, 2]), 2)
    tensor([False,  True])
)";
const Register eq_fn({"eq", kCompareFlags, kEqDoc, {{"eq(Tensor input, Tensor other)", call_comparison<eq_op>}}});

constexpr const char* kNeDoc = R"(True where two tensors differ; nan differs from everything.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.ne(chainrule.tensor([1, 2]), 2)
    tensor([ True, False])
)";
const Register ne_fn({"ne", kCompareFlags, kNeDoc, {{"ne(Tensor input, Tensor other)", call_comparison<ne_op>}}});
const Register not_equal_fn(
    {"not_equal", kCompareFlags, kNeDoc, {{"not_equal(Tensor input, Tensor other)", call_comparison<ne_op>}}});

constexpr const char* kLtDoc = R"(True where input < other.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.lt(chainrule.tensor([1, 2, 3]), 2)
    tensor([ True, False, False])
)";
const Register lt_fn({"lt", kCompareFlags, kLtDoc, {{"lt(Tensor input, Tensor other)", call_comparison<lt_op>}}});
const Register less_fn({"less", kCompareFlags, kLtDoc, {{"less(Tensor input, Tensor other)", call_comparison<lt_op>}}});

constexpr const char* kLeDoc = R"(True where input <= other.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.le(chainrule.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
)";
const Register le_fn({"le", kCompareFlags, kLeDoc, {{"le(Tensor input, Tensor other)", call_comparison<le_op>}}});
const Register less_equal_fn(
    {"less_equal", kCompareFlags, kLeDoc, {{"less_equal(Tensor input, Tensor other)", call_comparison<le_op>}}});

constexpr const char* kGtDoc = R"(True where input > other.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.gt(chainrule.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
)";
const Register gt_fn({"gt", kCompareFlags, kGtDoc, {{"gt(Tensor input, Tensor other)", call_comparison<gt_op>}}});
const Register greater_fn(
    {"greater", kCompareFlags, kGtDoc, {{"greater(Tensor input, Tensor other)", call_comparison<gt_op>}}});

constexpr const char* kGeDoc = R"(True where input >= other.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.ge(chainrule.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
)";
const Register ge_fn({"ge", kCompareFlags, kGeDoc, {{"ge(Tensor input, Tensor other)", call_comparison<ge_op>}}});
const Register greater_equal_fn(
    {"greater_equal", kCompareFlags, kGeDoc, {{"greater_equal(Tensor input, Tensor other)", call_comparison<ge_op>}}});

// ---- logical_and, logical_or, logical_xor, logical_not: nonzero counts as True ----
constexpr OpDef logical_and_op = comparison("logical_and", Compare::LogicalAnd);
constexpr OpDef logical_or_op = comparison("logical_or", Compare::LogicalOr);
constexpr OpDef logical_xor_op = comparison("logical_xor", Compare::LogicalXor);
constexpr OpDef logical_not_op = predicate("logical_not", Predicate::LogicalNot);

Tensor logical_and(const Tensor& a, const Tensor& b) { return run(logical_and_op, a, b); }
Tensor logical_or(const Tensor& a, const Tensor& b) { return run(logical_or_op, a, b); }
Tensor logical_not(const Tensor& x) { return run(logical_not_op, x); }
const Register logical_and_fn({"logical_and",
                               kCompareFlags,
                               R"(True where both are nonzero.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.logical_and(chainrule.tensor([0, 1, 2]), chainrule.tensor([1, 0, 3]))
    tensor([False, False,  True])
)",
                               {{"logical_and(Tensor input, Tensor other)", call_comparison<logical_and_op>}}});
const Register logical_or_fn({"logical_or",
                              kCompareFlags,
                              R"(True where at least one is nonzero.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.logical_or(chainrule.tensor([0, 0, 2]), chainrule.tensor([1, 0, 3]))
    tensor([ True, False,  True])
)",
                              {{"logical_or(Tensor input, Tensor other)", call_comparison<logical_or_op>}}});
const Register logical_xor_fn({"logical_xor",
                               kCompareFlags,
                               R"(True where exactly one is nonzero.

Args:
    input: tensor or number.
    other: tensor or number; the shapes broadcast.

Returns:
    bool tensor.

Example:
    >>> chainrule.logical_xor(chainrule.tensor([0, 0, 2]), chainrule.tensor([1, 0, 3]))
    tensor([ True, False, False])
)",
                               {{"logical_xor(Tensor input, Tensor other)", call_comparison<logical_xor_op>}}});
const Register logical_not_fn({"logical_not",
                               kCompareFlags,
                               R"(True where the input is 0.

Args:
    input: tensor of any shape and dtype.

Returns:
    bool tensor.

Example:
    >>> chainrule.logical_not(chainrule.tensor([0., 0.5]))
    tensor([ True, False])
)",
                               {{"logical_not(Tensor input)", call_predicate<logical_not_op>}}});

// ---- isnan, isinf, isfinite, signbit ----
constexpr uint32_t kTestFlags = kMethod | kFunction | kNoGradient;
constexpr OpDef isnan_op = predicate("isnan", Predicate::IsNan);
constexpr OpDef isinf_op = predicate("isinf", Predicate::IsInf);
constexpr OpDef isfinite_op = predicate("isfinite", Predicate::IsFinite);
constexpr OpDef signbit_op = predicate("signbit", Predicate::Signbit);

Tensor isnan(const Tensor& x) { return run(isnan_op, x); }
Tensor isfinite(const Tensor& x) { return run(isfinite_op, x); }
const Register isnan_fn({"isnan",
                         kTestFlags,
                         R"(True where the input is nan.

Example:
    >>> chainrule.isnan(chainrule.tensor([1., float('nan')]))
    tensor([False,  True])
)",
                         {{"isnan(Tensor input)", call_predicate<isnan_op>}}});
const Register isinf_fn({"isinf",
                         kTestFlags,
                         R"(True where the input is inf or -inf.

Example:
    >>> chainrule.isinf(chainrule.tensor([1., float('-inf')]))
    tensor([False,  True])
)",
                         {{"isinf(Tensor input)", call_predicate<isinf_op>}}});
const Register isfinite_fn({"isfinite",
                            kTestFlags,
                            R"(True where the input is neither nan nor inf nor -inf.

Example:
    >>> chainrule.isfinite(chainrule.tensor([1., float('inf'), float('nan')]))
    tensor([ True, False, False])
)",
                            {{"isfinite(Tensor input)", call_predicate<isfinite_op>}}});
const Register signbit_fn({"signbit",
                           kTestFlags,
                           R"(True where the sign bit is set: negative numbers and -0.

Example:
    >>> chainrule.signbit(chainrule.tensor([1., -0., -2.]))
    tensor([False,  True,  True])
)",
                           {{"signbit(Tensor input)", call_predicate<signbit_op>}}});

namespace {
void call_is_signed_inf(Args& a, double inf) {
    Tensor x = a.tensor(0);
    a.ret(eq(x, scalar_tensor(inf, is_floating(x.dtype()) ? x.dtype() : default_dtype())));
}
}  // namespace
const Register isposinf_fn({"isposinf",
                            kTestFlags,
                            R"(True where the input is inf.

Example:
    >>> chainrule.isposinf(chainrule.tensor([float('inf'), float('-inf'), 1.]))
    tensor([ True, False, False])
)",
                            {{"isposinf(Tensor input)",
                              [](Args& a) { call_is_signed_inf(a, std::numeric_limits<double>::infinity()); }}}});
const Register isneginf_fn({"isneginf",
                            kTestFlags,
                            R"(True where the input is -inf.

Example:
    >>> chainrule.isneginf(chainrule.tensor([float('inf'), float('-inf'), 1.]))
    tensor([False,  True, False])
)",
                            {{"isneginf(Tensor input)",
                              [](Args& a) { call_is_signed_inf(a, -std::numeric_limits<double>::infinity()); }}}});

// ---- isclose, allclose, equal ----
namespace {

struct Closeness {
    double rtol, atol;
    bool equal_nan;
};

Tensor is_close(const char* name, const Tensor& a, const Tensor& b, const Closeness& c) {
    check<ValueError>(c.rtol >= 0 && c.atol >= 0, name, ": rtol and atol must not be negative, got ", c.rtol, " and ",
                      c.atol);
    check<TypeError>(a.dtype() == b.dtype() || a->wrapped_number || b->wrapped_number, name,
                     ": both inputs must have the same dtype, got ", a.dtype(), " and ", b.dtype());
    GradMode off(false);
    Tensor same = eq(a, b);
    if (c.equal_nan) same = logical_or(same, logical_and(isnan(a), isnan(b)));
    if (c.rtol == 0 && c.atol == 0) return same;  // exact for large integers too
    DType t = result_type(a, b);
    if (!is_floating(t)) t = DType::Float64;
    Tensor x = cast(a, t), y = cast(b, t);
    Tensor error = abs(x - y), allowed = add(mul(abs(y), c.rtol), c.atol);
    return logical_or(same, logical_and(isfinite(error), le(error, allowed)));
}
Closeness closeness_of(const Args& a) { return {a.real(2, 1e-5), a.real(3, 1e-8), a.flag(4)}; }

}  // namespace

const Register isclose_fn(
    {"isclose",
     kTestFlags,
     R"(True where two tensors are equal within a tolerance.

    |input - other| <= atol + rtol |other|

Args:
    input: tensor.
    other: tensor of the same dtype; the shapes broadcast.
    rtol: relative tolerance, default 1e-5.
    atol: absolute tolerance, default 1e-8.
    equal_nan: count two nan as equal.

Returns:
    bool tensor.

Example:
    >>> chainrule.isclose(chainrule.tensor([1., 2.]), chainrule.tensor([1., 2.1]))
    tensor([ True, False])
)",
     {{"isclose(Tensor input, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False)",
       [](Args& a) { a.ret(is_close(a.name, a.tensor(0), a.tensor(1), closeness_of(a))); }}}});
const Register allclose_fn(
    {"allclose",
     kTestFlags,
     R"(Whether two tensors are equal everywhere within a tolerance.

    |input - other| <= atol + rtol |other|

Args:
    input: tensor.
    other: tensor of the same dtype; the shapes broadcast.
    rtol: relative tolerance, default 1e-5.
    atol: absolute tolerance, default 1e-8.
    equal_nan: count two nan as equal.

Returns:
    bool.

Example:
    >>> chainrule.allclose(chainrule.tensor([1., 2.]), chainrule.tensor([1., 2.0000001]))
    True
)",
     {{"allclose(Tensor input, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False)",
       [](Args& a) { a.ret_bool(all_true(is_close(a.name, a.tensor(0), a.tensor(1), closeness_of(a)))); }}}});
const Register equal_fn({"equal",
                         kTestFlags,
                         R"(Whether two tensors have the same shape and equal elements.

Args:
    input: tensor.
    other: tensor.

Returns:
    bool.

Example:
    >>> chainrule.equal(chainrule.tensor([1, 2]), chainrule.tensor([1, 2]))
    True
)",
                         {{"equal(Tensor input, Tensor other)", [](Args& a) {
                               const Tensor &x = a.tensor(0), &y = a.tensor(1);
                               a.ret_bool(x.shape() == y.shape() && all_true(eq(x, y)));
                           }}}});

}  // namespace chainrule
