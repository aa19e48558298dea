// Greatest common divisors, powers of two, membership and positions: operations whose results are integers or scaled by 2^n.

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "ops/each_number.h"
#include "ops/forms.h"
#include "ops/index_core.h"
#include "ops/reduce_rules.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

constexpr uint32_t kIntegerFlags = kMethod | kFunction | kInplace | kNoGradient;

// ---- gcd, lcm ----

template <class T> T divisor(T a, T b) {
    using U = std::make_unsigned_t<T>;
    auto size = [](T x) { return x < T(0) ? U(0) - static_cast<U>(x) : static_cast<U>(x); };
    U x = size(a), y = size(b);
    while (y != 0 && std::max(x, y) >> 31 >> 1 != 0) x = std::exchange(y, x % y);
    if (y == 0) return static_cast<T>(x);
    uint32_t u = static_cast<uint32_t>(x),
             v = static_cast<uint32_t>(y);  // half as wide, divided in a third of the time
    while (v != 0) u = std::exchange(v, u % v);
    return static_cast<T>(u);
}
template <class T> T multiple(T a, T b) {
    T g = divisor(a, b);
    if (g == 0) return 0;
    using U = std::make_unsigned_t<T>;  // wraps around where it is too large
    T product = static_cast<T>(static_cast<U>(a / g) * static_cast<U>(b));
    return product < T(0) ? static_cast<T>(U(0) - static_cast<U>(product)) : product;
}

template <bool kMultiple> void eval_divisors(EvalCtx& c) {
    visit(c.out().dtype(), [&](auto zero) {
        using T = decltype(zero);
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
            each_number_of<T>(c, [](T a, T b) { return kMultiple ? multiple(a, b) : divisor(a, b); });
    });
}
constexpr OpDef on_integers(const char* name, void (*eval)(EvalCtx&)) {
    return {
        .name = name,
        .grad_name = "",
        .infer =
            [](InferCtx& c) {
                check<TypeError>(is_integral(c.input(0).dtype()) && c.input(0).dtype() != DType::Bool, c.op.name,
                                 ": both inputs must be integers, got ", c.input(0).dtype(), ".");
                infer_elementwise(c);
            },
        .eval = eval,
        .promotion = Promotion::Common,
        .broadcast = true,
    };
}
constexpr OpDef gcd_op = on_integers("gcd", eval_divisors<false>);
constexpr OpDef lcm_op = on_integers("lcm", eval_divisors<true>);

}  // namespace
const Register gcd_fn({"gcd",
                       kIntegerFlags,
                       R"(Greatest common divisor of two integers, not negative; gcd(0, 0) = 0.

Args:
    input, other: integer tensors or numbers; the shapes broadcast.

Example:
    >>> chainrule.gcd(chainrule.tensor([6, 10]), chainrule.tensor([4, 15]))
    tensor([2, 5])
)",
                       {{"gcd(Tensor input, Tensor other)", call_binary<gcd_op>}}});
const Register lcm_fn({"lcm",
                       kIntegerFlags,
                       R"(Least common multiple of two integers, not negative; 0 where one of them is 0.

Args:
    input, other: integer tensors or numbers; the shapes broadcast.

Example:
    >>> chainrule.lcm(chainrule.tensor([6, 10]), chainrule.tensor([4, 15]))
    tensor([12, 30])
)",
                       {{"lcm(Tensor input, Tensor other)", call_binary<lcm_op>}}});

// ---- frexp, ldexp, logaddexp2: powers of two ----
namespace {
constexpr const char* kFrexpFields[] = {"frexp", "mantissa", "exponent", nullptr};

Tensor power_of_two(const Tensor& exponent) { return pow(number(2, exponent), exponent); }

const OpDef frexp_op = {
    .name = "frexp",
    .grad_name = "FrexpBackward0",
    .infer =
        [](InferCtx& c) {
            check<TypeError>(is_floating(c.input(0).dtype()), "frexp: the input must be floating, got ",
                             c.input(0).dtype(), ".");
            c.set(0, c.input(0).shape(), c.input(0).dtype());
            c.set(1, c.input(0).shape(), DType::Int32);
        },
    .eval =
        [](EvalCtx& c) {
            Tensor x = contiguous_data(c.input(0));
            visit_floating(x.dtype(), [&](auto zero) {
                using T = decltype(zero);
                for (int64_t i = 0; i < x.numel(); ++i) {
                    int exponent = 0;  // also of inf and nan
                    T mantissa = std::frexp(x.data<T>()[i], &exponent);
                    c.out(0).data<T>()[i] = mantissa;
                    c.out(1).data<int32_t>()[i] = std::isfinite(mantissa) ? exponent : 0;
                }
            });
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor exponent = c.output(1);
            if (c.has_grad(0)) c.set(0, c.grad(0) * power_of_two(neg(cast(exponent, c.grad(0).dtype()))));
        },
    .save_output = {0, 1},
};
}  // namespace
const Register frexp_fn({"frexp",
                         kMethod | kFunction,
                         R"(Mantissa and exponent of numbers.

    x = mantissa 2^exponent,  1/2 <= |mantissa| < 1;  dx = dmantissa 2^-exponent

Args:
    input: floating tensor.

Returns:
    Named tuple (mantissa, exponent), the exponent int32; of inf and nan the exponent is 0.

Example:
    >>> chainrule.frexp(chainrule.tensor([3., 1.])).mantissa
    tensor([0.7500, 0.5000])
)",
                         {{"frexp(Tensor input)", [](Args& a) {
                               Tensor out[2];
                               const Tensor in[1] = {a.tensor(0)};
                               dispatch(frexp_op, in, 1, nullptr, out, 2);
                               a.ret_tuple({out[0], out[1]}, kFrexpFields);
                           }}}});
const Register ldexp_fn({"ldexp",
                         kUnaryFlags,
                         R"(Product with a power of two.

    z = x 2^y

Args:
    input: tensor, x.
    other: tensor or number, y; the shapes broadcast.

Example:
    >>> chainrule.ldexp(chainrule.tensor([3.]), chainrule.tensor([0, 4]))
    tensor([ 3., 48.])
)",
                         {{"ldexp(Tensor input, Tensor other)", [](Args& a) {
                               Tensor y = a.tensor(1);
                               if (!is_floating(y.dtype())) y = cast(y, default_dtype());
                               finish(a, self_or_copy(a) * power_of_two(y));
                           }}}});
const Register logaddexp2_fn({"logaddexp2",
                              kMethod | kFunction,
                              R"(Logarithm, to the base 2, of the sum of two powers of 2.

    z = log2(2^x + 2^y),  dx = dz / (1 + 2^(y - x)),  dy = dz / (1 + 2^(x - y))

Args:
    input, other: floating tensors; the shapes broadcast.

Example:
    >>> chainrule.logaddexp2(chainrule.tensor([0., -500.]), chainrule.tensor([0., -500.]))
    tensor([   1.0000, -499.0000])
)",
                              {{"logaddexp2(Tensor input, Tensor other)", [](Args& a) {
                                    constexpr double ln2 = 0.693147180559945309417;
                                    a.ret(logaddexp(a.tensor(0) * ln2, a.tensor(1) * ln2) * (1 / ln2));
                                }}}});

// ---- isin: is each element one of some others? ----
namespace {
Tensor isin(const Tensor& elements, const Tensor& among, bool invert) {
    DType dtype = result_type(elements, among);
    Tensor x = contiguous_data(cast(detach(elements), dtype)), set = clone(reshape(cast(detach(among), dtype), {-1}));
    Tensor out = empty(elements.shape(), DType::Bool);
    visit(dtype, [&](auto zero) {
        using T = decltype(zero);
        // NaN is no element of anything, itself included.
        T* end = std::remove_if(set.data<T>(), set.data<T>() + set.numel(), [](T v) { return v != v; });
        std::sort(set.data<T>(), end);
        for (int64_t i = 0; i < x.numel(); ++i) {
            T v = x.data<T>()[i];
            bool found = v == v && std::binary_search(set.data<T>(), end, v);
            out.data<bool>()[i] = found != invert;
        }
    });
    return out;
}
}  // namespace
const Register isin_fn({"isin",
                        kFunction | kNoGradient,
                        R"(Whether each element is one of some others.

Args:
    elements: tensor or number.
    test_elements: tensor or number.
    assume_unique: accepted; it makes no difference.
    invert: whether each is none of them.

Returns:
    bool tensor of the shape of `elements`.

Example:
    >>> chainrule.isin(chainrule.tensor([1, 2, 3]), chainrule.tensor([3, 1]))
    tensor([ True, False,  True])
)",
                        {{"isin(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False)",
                          [](Args& a) { a.ret(isin(a.tensor(0), a.tensor(1), a.flag(3))); }}}});

// ---- unravel_index: positions in the flattened tensor as coordinates ----
const Register unravel_index_fn({"unravel_index",
                                 kFunction | kNoGradient,
                                 R"(Coordinates from positions in a flattened tensor.

Args:
    indices: integer tensor of positions; negative ones count from the end.
    shape: of the tensor.

Returns:
    Tuple of one int64 tensor for each axis, of the indices' shape.

Raises:
    IndexError: a position outside of the tensor.

Example:
    >>> chainrule.unravel_index(chainrule.tensor([4]), (2, 3))
    (tensor([1]), tensor([1]))
)",
                                 {{"unravel_index(Tensor indices, ints shape)", [](Args& a) {
                                       const Dims& shape = a.ints(1);
                                       int64_t n = checked_numel("unravel_index", shape);
                                       Tensor at = checked_index("unravel_index", a.tensor(0), n, 0, true);
                                       std::vector<Tensor> parts(static_cast<size_t>(shape.n));
                                       for (int d = shape.n - 1; d >= 0; --d) {
                                           Tensor size = scalar_tensor(shape[d], DType::Int64);
                                           parts[static_cast<size_t>(d)] = remainder(at, size);
                                           at = floor_divide(at, size);
                                       }
                                       a.ret_tuple(parts);
                                   }}}});

}  // namespace chainrule
