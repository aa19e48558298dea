// New tensors: constants, sequences, identity.

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/elementwise.h"
#include "core/number_range.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "core/warn.h"
#include "kernels/kernels.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"
#include "ops/visit.h"

namespace chainrule {

// The tail of every signature here. device, layout, pin_memory and memory_format say nothing on the CPU.
#define CHAINRULE_OPTIONS \
    "*, Dtype dtype=None, any layout=None, any device=None, any pin_memory=None, bool requires_grad=False"
#define CHAINRULE_LIKE_OPTIONS CHAINRULE_OPTIONS ", any memory_format=None"

namespace {

constexpr int kRequiresGrad = 4;  // from the dtype's place in CHAINRULE_OPTIONS

DType wanted_dtype(Args& a, int at, DType otherwise) {
    DType dtype = a.dtype(at, otherwise);
    check<RuntimeError>(!a.flag(at + kRequiresGrad) || is_floating(dtype), a.name,
                        ": only floating tensors can require gradients, got ", dtype,
                        ". Give dtype=float32 or leave requires_grad out.");
    return dtype;
}

void ret_created(Args& a, int at, const Tensor& t) {
    t->requires_grad = a.flag(at + kRequiresGrad);
    a.ret(t);
}

Tensor filled(Tensor t, Scalar value) {
    check_fits("full", value, t.dtype());
    copy_data(t, scalar_tensor(value, t.dtype()));
    return t;
}

Tensor new_empty(Args& a, const Dims& shape, DType dtype) {
    checked_numel(a.name, shape);
    return empty(shape, dtype);
}

// In the dtype and memory layout of another tensor.
Tensor empty_like(const Tensor& t, DType dtype) { return empty_strided(t.shape(), dense_strides(t), dtype); }

// out[i] = value(i), computed in T.
template <class F> Tensor sequence(int64_t n, DType dtype, F value) {
    Tensor t = empty({n}, dtype);
    Unlock unlock(n);
    visit(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* out = t.data<T>();
        parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) out[i] = static_cast<T>(value(i));
        });
    });
    return t;
}

}  // namespace

Dims dense_strides(const Tensor& t) {
    if (t.is_contiguous()) return contiguous_strides(t.shape());
    // Axes from the innermost on. A stride of 0 (an expanded axis) says nothing about the order.
    Dims order;
    for (int d = t.ndim() - 1; d >= 0; --d) order.push(d);
    auto after = [&](int64_t a, int64_t b) {  // a must lie further out than b
        int64_t x = std::abs(t.stride(static_cast<int>(a))), y = std::abs(t.stride(static_cast<int>(b)));
        if (x == 0 || y == 0) return 0;
        if (x != y) return x > y ? 1 : -1;
        return t.size(static_cast<int>(a)) > t.size(static_cast<int>(b)) ? 1 : 0;
    };
    for (int i = 1; i < order.n; ++i)
        for (int moving = i, j = i - 1; j >= 0; --j) {
            int way = after(order[j], order[moving]);
            if (way < 0) break;
            if (way == 0) continue;
            std::swap(order[j], order[moving]);
            moving = j;
        }
    Dims strides = t.shape();
    int64_t step = 1;
    for (int64_t axis : order) {
        int d = static_cast<int>(axis);
        strides[d] = step;
        step *= std::max<int64_t>(t.size(d), 1);
    }
    return strides;
}

// ---- C++ forms ----
Tensor zeros_like(const Tensor& t) {
    Tensor z = empty_like(t, t.dtype());
    zero_data(z);
    return z;
}
Tensor ones_like(const Tensor& t) { return filled(empty_like(t, t.dtype()), 1); }
Tensor full(const Dims& shape, Scalar value, DType dtype) { return filled(empty(shape, dtype), value); }
Tensor vector_of(const std::vector<int64_t>& numbers) {
    Tensor t = empty({static_cast<int64_t>(numbers.size())}, DType::Int64);
    std::copy(numbers.begin(), numbers.end(), t.data<int64_t>());
    return t;
}
Tensor number(double value, const Tensor& like) {
    return scalar_tensor(value, is_floating(like.dtype()) ? like.dtype() : default_dtype(), true);
}

// ---- zeros, ones, full, empty ----
const Register zeros_fn({"zeros",
                         kFunction,
                         R"(A tensor of zeros.

Args:
    size: the sizes, as numbers or one sequence.
    dtype: float32 unless given (see set_default_dtype).
    requires_grad: record what is computed with it.

Example:
    >>> chainrule.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
)",
                         {{"zeros(size size, " CHAINRULE_OPTIONS ")", [](Args& a) {
                               Tensor t = new_empty(a, a.ints(0), wanted_dtype(a, 1, default_dtype()));
                               zero_data(t);
                               ret_created(a, 1, t);
                           }}}});
const Register ones_fn({"ones",
                        kFunction,
                        R"(A tensor of ones.

Example:
    >>> chainrule.ones(2)
    tensor([1., 1.])
)",
                        {{"ones(size size, " CHAINRULE_OPTIONS ")", [](Args& a) {
                              ret_created(a, 1,
                                          filled(new_empty(a, a.ints(0), wanted_dtype(a, 1, default_dtype())), 1));
                          }}}});
const Register full_fn({"full",
                        kFunction,
                        R"(A tensor filled with one number.

Args:
    size: the sizes.
    fill_value: the number; its type gives the dtype unless dtype is given.

Example:
    >>> chainrule.full((2,), 7)
    tensor([7, 7])
)",
                        {{"full(ints size, Number fill_value, " CHAINRULE_OPTIONS ")", [](Args& a) {
                              ret_created(a, 2,
                                          filled(new_empty(a, a.ints(0), wanted_dtype(a, 2, dtype_of(a.number(1)))),
                                                 a.number(1)));
                          }}}});
const Register empty_fn({"empty",
                         kFunction,
                         R"(A tensor whose memory isn't filled: its values are arbitrary.

Example:
    >>> chainrule.empty(2, 3).shape
    chainrule.Size([2, 3])
)",
                         {{"empty(size size, " CHAINRULE_OPTIONS ", any memory_format=None)", [](Args& a) {
                               ret_created(a, 1, new_empty(a, a.ints(0), wanted_dtype(a, 1, default_dtype())));
                           }}}});
const Register scalar_tensor_fn({"scalar_tensor",
                                 kFunction,
                                 R"(A tensor without axes that holds a number.

Example:
    >>> chainrule.scalar_tensor(2)
    tensor(2.)
)",
                                 {{"scalar_tensor(Number s, " CHAINRULE_OPTIONS ")", [](Args& a) {
                                       DType dtype = wanted_dtype(a, 1, default_dtype());
                                       check_fits("scalar_tensor", a.number(0), dtype);
                                       ret_created(a, 1, scalar_tensor(a.number(0), dtype));
                                   }}}});

// ---- *_like: in the shape, dtype and layout of another tensor ----
const Register zeros_like_fn({"zeros_like",
                              kFunction,
                              R"(Zeros in the shape and dtype of a tensor.

Example:
    >>> chainrule.zeros_like(chainrule.tensor([1, 2]))
    tensor([0, 0])
)",
                              {{"zeros_like(Tensor input, " CHAINRULE_LIKE_OPTIONS ")", [](Args& a) {
                                    Tensor t = empty_like(a.tensor(0), wanted_dtype(a, 1, a.tensor(0).dtype()));
                                    zero_data(t);
                                    ret_created(a, 1, t);
                                }}}});
const Register ones_like_fn({"ones_like",
                             kFunction,
                             R"(Ones in the shape and dtype of a tensor.

Example:
    >>> chainrule.ones_like(chainrule.tensor([1, 2]))
    tensor([1, 1])
)",
                             {{"ones_like(Tensor input, " CHAINRULE_LIKE_OPTIONS ")", [](Args& a) {
                                   ret_created(
                                       a, 1,
                                       filled(empty_like(a.tensor(0), wanted_dtype(a, 1, a.tensor(0).dtype())), 1));
                               }}}});
const Register full_like_fn({"full_like",
                             kFunction,
                             R"(One number everywhere, in the shape and dtype of a tensor.

Example:
    >>> chainrule.full_like(chainrule.tensor([1., 2.]), 7)
    tensor([7., 7.])
)",
                             {{"full_like(Tensor input, Number fill_value, " CHAINRULE_LIKE_OPTIONS ")", [](Args& a) {
                                   ret_created(a, 2,
                                               filled(empty_like(a.tensor(0), wanted_dtype(a, 2, a.tensor(0).dtype())),
                                                      a.number(1)));
                               }}}});
const Register empty_like_fn({"empty_like",
                              kFunction,
                              R"(Unfilled memory in the shape and dtype of a tensor.

Example:
    >>> chainrule.empty_like(chainrule.zeros(2, 3)).shape
    chainrule.Size([2, 3])
)",
                              {{"empty_like(Tensor input, " CHAINRULE_LIKE_OPTIONS ")", [](Args& a) {
                                    ret_created(a, 1, empty_like(a.tensor(0), wanted_dtype(a, 1, a.tensor(0).dtype())));
                                }}}});

// ---- Tensor.new_*: the dtype of a tensor, another shape ----
const Register new_zeros_fn({"new_zeros",
                             kMethod,
                             R"(Zeros of the given shape in this tensor's dtype.

Example:
    >>> chainrule.tensor([1, 2]).new_zeros(3)
    tensor([0, 0, 0])
)",
                             {{"new_zeros(Tensor input, size size, " CHAINRULE_OPTIONS ")", [](Args& a) {
                                   Tensor t = new_empty(a, a.ints(1), wanted_dtype(a, 2, a.tensor(0).dtype()));
                                   zero_data(t);
                                   ret_created(a, 2, t);
                               }}}});
const Register new_ones_fn({"new_ones",
                            kMethod,
                            R"(Ones of the given shape in this tensor's dtype.

Example:
    >>> chainrule.tensor([1, 2]).new_ones(3)
    tensor([1, 1, 1])
)",
                            {{"new_ones(Tensor input, size size, " CHAINRULE_OPTIONS ")", [](Args& a) {
                                  ret_created(
                                      a, 2,
                                      filled(new_empty(a, a.ints(1), wanted_dtype(a, 2, a.tensor(0).dtype())), 1));
                              }}}});
const Register new_full_fn(
    {"new_full",
     kMethod,
     R"(One number everywhere, of the given shape in this tensor's dtype.

Example:
    >>> chainrule.tensor([1., 2.]).new_full((3,), 5)
    tensor([5., 5., 5.])
)",
     {{"new_full(Tensor input, ints size, Number fill_value, " CHAINRULE_OPTIONS ")", [](Args& a) {
           ret_created(a, 3, filled(new_empty(a, a.ints(1), wanted_dtype(a, 3, a.tensor(0).dtype())), a.number(2)));
       }}}});
const Register new_empty_fn({"new_empty",
                             kMethod,
                             R"(Unfilled memory of the given shape in this tensor's dtype.

Example:
    >>> chainrule.tensor([1., 2.]).new_empty(2, 2).shape
    chainrule.Size([2, 2])
)",
                             {{"new_empty(Tensor input, size size, " CHAINRULE_OPTIONS ")", [](Args& a) {
                                   ret_created(a, 2, new_empty(a, a.ints(1), wanted_dtype(a, 2, a.tensor(0).dtype())));
                               }}}});

// ---- arange, range ----
namespace {

// The count of start, start + step, ... before end (or up to it), as PyTorch computes it: in double.
int64_t steps_between(const char* op, Scalar start, Scalar end, Scalar step, bool inclusive) {
    double a = start.to_double(), b = end.to_double(), s = step.to_double();
    check<ValueError>(std::isfinite(a) && std::isfinite(b) && std::isfinite(s) && s != 0, op,
                      ": start and end must be finite and step finite and not 0, got ", a, ", ", b, ", ", s);
    check<ValueError>((s > 0) ? b >= a : b <= a, op, ": the sign of step must lead from start to end, got ", a, ", ", b,
                      ", ", s);
    double n = inclusive ? std::floor((b - a) / s) + 1 : std::ceil((b - a) / s);
    check<ValueError>(n < 9.0e18, op, ": too many elements, from ", a, " to ", b, " by ", s);
    return static_cast<int64_t>(n);
}

// PyTorch's numbers to the last bit: 32 bytes at a time, the first of them rounded and the others counted from it; what does not fill
// 64 bytes one by one.
template <class T> Tensor stepped(double a, double s, int64_t n, DType dtype) {
    constexpr int64_t lanes = 32 / sizeof(T);
    int64_t whole = n / (2 * lanes) * 2;
    Tensor t = empty({n}, dtype);
    T* out = t.data<T>();
    kernels::Progression blocks = kernels::kernels().progression[static_cast<int>(dtype)];
    Unlock unlock(n);
    parallel_for(whole, kGrain / lanes,
                 [&](int64_t begin, int64_t end) { blocks(out + begin * lanes, a, s, begin * lanes, 1, end - begin); });
    for (int64_t i = whole * lanes; i < n; ++i) {
        double k = static_cast<double>(i);
        out[i] = static_cast<T>(sizeof(T) == 8 ? std::fma(s, k, a) : a + s * k);
    }
    return t;
}

Tensor arithmetic(Scalar start, Scalar step, int64_t n, DType dtype) {
    if (dtype == DType::Float32) return stepped<float>(start.to_double(), step.to_double(), n, dtype);
    if (dtype == DType::Float64) return stepped<double>(start.to_double(), step.to_double(), n, dtype);
    int64_t a = start.to_int(), s = step.to_int();
    if (s == 1 && dtype == DType::Int32 && a > INT32_MIN && a + n < INT32_MAX) {  // vectors of 32 bits
        const int32_t first = static_cast<int32_t>(a);
        return sequence(n, dtype, [=](int64_t i) { return first + static_cast<int32_t>(i); });
    }
    if (s == 1) return sequence(n, dtype, [=](int64_t i) { return a + i; });
    return sequence(n, dtype, [=](int64_t i) { return a + s * i; });
}

void call_arange(Args& a, Scalar start, Scalar end, Scalar step, int at) {
    bool real = start.is_float() || end.is_float() || step.is_float();
    DType dtype = wanted_dtype(a, at, real ? default_dtype() : DType::Int64);
    check<TypeError>(dtype != DType::Bool, "arange: the dtype must be a number type, got bool");
    if (dtype == DType::Int64 && real) {  // PyTorch cuts the bounds off before it counts
        steps_between("arange", start, end, step, false);
        start = start.to_int();
        end = end.to_int();
        step = step.to_int();
    }
    int64_t n = steps_between("arange", start, end, step, false);
    ret_created(a, at, arithmetic(start, step, n, dtype));
}

}  // namespace
const Register arange_fn({"arange",
                          kFunction,
                          R"(Numbers from start up to, not including, end.

    out[i] = start + i step,  i < ceil((end - start) / step)

Args:
    start, end, step: numbers; int64 unless one of them is a float.

Example:
    >>> chainrule.arange(4)
    tensor([0, 1, 2, 3])
    >>> chainrule.arange(1, 2, 0.25)
    tensor([1.0000, 1.2500, 1.5000, 1.7500])
)",
                          {{"arange(Number end, " CHAINRULE_OPTIONS ")",
                            [](Args& a) { call_arange(a, 0, a.number(0), 1, 1); }},
                           {"arange(Number start, Number end, Number step=1, " CHAINRULE_OPTIONS ")", [](Args& a) {
                                call_arange(a, a.number(0), a.number(1), a.given(2) ? a.number(2) : Scalar(1), 3);
                            }}}});
const Register range_fn(
    {"range",
     kFunction,
     R"(Numbers from start up to and including end: deprecated, and warned about; arange() leaves out the end.

Example:
    >>> chainrule.range(1, 3)
    tensor([1., 2., 3.])
)",
     {{"range(Number start, Number end, Number step=1, " CHAINRULE_OPTIONS ")", [](Args& a) {
           warn("range is deprecated, as its end is included. Use arange(), which leaves it out.");
           Scalar step = a.given(2) ? a.number(2) : Scalar(1);
           DType dtype = wanted_dtype(a, 3, default_dtype());
           int64_t n = steps_between("range", a.number(0), a.number(1), step, true);
           ret_created(a, 3, arithmetic(a.number(0), step, n, dtype));
       }}}});

// ---- linspace, logspace: both ends included, computed from the nearer end ----
namespace {
template <class T> Tensor line(double start, double end, int64_t steps, DType dtype) {
    T a = static_cast<T>(start), b = static_cast<T>(end), step = steps > 1 ? (b - a) / static_cast<T>(steps - 1) : T(0);
    Tensor t = empty({steps}, dtype);
    T* out = t.data<T>();
    int64_t half = steps == 1 ? 1 : steps / 2;
    kernels::Progression points = kernels::kernels().points[static_cast<int>(dtype)];
    Unlock unlock(steps);
    parallel_for(half, kGrain,
                 [&](int64_t begin, int64_t end) { points(out + begin, a, step, begin, 1, end - begin); });
    parallel_for(steps - half, kGrain, [&](int64_t begin, int64_t end) {
        points(out + half + begin, b, -step, steps - 1 - half - begin, -1, end - begin);
    });
    return t;
}

template <class F> Tensor spaced(const char* op, double start, double end, int64_t steps, DType dtype, F map) {
    check<ValueError>(steps >= 0, op, ": the number of steps must be non-negative, got ", steps);
    if (!is_floating(dtype)) {  // as in PyTorch: the ends are integers first
        start = std::trunc(start);
        end = std::trunc(end);
    }
    auto fill = [&](auto zero) {
        using T = decltype(zero);
        T a = static_cast<T>(start), b = static_cast<T>(end);
        T step = steps > 1 ? (b - a) / static_cast<T>(steps - 1) : T(0);
        return sequence(steps, dtype, [=](int64_t i) {
            T x = i < steps / 2 || steps == 1 ? std::fma(step, static_cast<T>(i), a)
                                              : std::fma(-step, static_cast<T>(steps - 1 - i), b);
            return map(x);
        });
    };
    return dtype == DType::Float32 ? fill(float{}) : fill(double{});
}

Tensor linspace(double start, double end, int64_t steps, DType dtype) {
    if (steps < 0 || !is_floating(dtype)) return spaced("linspace", start, end, steps, dtype, [](auto x) { return x; });
    return dtype == DType::Float32 ? line<float>(start, end, steps, dtype) : line<double>(start, end, steps, dtype);
}
}  // namespace
const Register linspace_fn({"linspace",
                            kFunction,
                            R"(`steps` numbers at equal distances, both ends included.

    out[i] = start + i (end - start) / (steps - 1)

Example:
    >>> chainrule.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
)",
                            {{"linspace(Number start, Number end, int steps, " CHAINRULE_OPTIONS ")", [](Args& a) {
                                  DType dtype = wanted_dtype(a, 3, default_dtype());
                                  ret_created(a, 3, linspace(a.real(0), a.real(1), a.integer(2), dtype));
                              }}}});
const Register logspace_fn(
    {"logspace",
     kFunction,
     R"(`steps` numbers at equal ratios, from base^start to base^end.

Example:
    >>> chainrule.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
)",
     {{"logspace(Number start, Number end, int steps, float base=10.0, " CHAINRULE_OPTIONS ")", [](Args& a) {
           DType dtype = wanted_dtype(a, 4, default_dtype());
           double base = a.real(3, 10.0);
           ret_created(a, 4, spaced("logspace", a.real(0), a.real(1), a.integer(2), dtype, [base](auto x) {
                           return std::pow(static_cast<decltype(x)>(base), x);
                       }));
       }}}});

// ---- eye ----
const Register eye_fn({"eye",
                       kFunction,
                       R"(Ones on the main diagonal, zeros elsewhere.

Args:
    n: rows.
    m: columns; n unless given.

Example:
    >>> chainrule.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
)",
                       {{"eye(int n, int m=None, " CHAINRULE_OPTIONS ")", [](Args& a) {
                             int64_t n = a.integer(0), m = a.integer(1, n);
                             Tensor t = new_empty(a, {n, m}, wanted_dtype(a, 2, default_dtype()));
                             zero_data(t);
                             filled(alias(t, {std::min(n, m)}, {m + 1}, 0), 1);
                             ret_created(a, 2, t);
                         }}}});

// ---- tril_indices, triu_indices ----
namespace {
using Wide = __int128;  // sums of row lengths overflow 64 bits before they are refused

Wide clamped(Wide x, int64_t most) { return x < 0 ? 0 : x > most ? most : x; }

// Sum of clamped(i + shift, columns) over 0 <= i < rows.
Wide sum_of_clamped(int64_t rows, int64_t columns, Wide shift) {
    Wide from = clamped(-shift, rows),
         to = clamped(columns - shift, rows);  // between them a row is one longer than the last
    return (to - from) * (2 * shift + from + to - 1) / 2 + (rows - to) * columns;
}

Tensor triangle_indices(Args& a, bool lower) {
    int64_t rows = a.integer(0), columns = a.integer(1), offset = a.integer(2, 0);
    check<ValueError>(rows >= 0 && columns >= 0, a.name, ": row and col must be non-negative, got ", rows, " and ",
                      columns);
    constexpr int64_t kMost = int64_t{1} << 60;
    Wide below = rows < kMost && columns < kMost ? sum_of_clamped(rows, columns, Wide{offset} + lower) : Wide{kMost};
    Wide count = lower ? below : Wide{rows} * columns - below;
    if (rows >= kMost || columns >= kMost || count >= kMost)
        fail<OutOfMemory>(a.name, ": the indices of a triangle of ", rows, " rows and ", columns,
                          " columns need more bytes than any memory has.");
    const int64_t n = static_cast<int64_t>(count);
    Tensor t = empty({2, n}, DType::Int64);
    int64_t *row = t.data<int64_t>(), *column = row + n;
    // Only rows that have indices: from -offset on, or up to columns - offset.
    int64_t begin = static_cast<int64_t>(lower ? clamped(-Wide{offset}, rows) : 0);
    int64_t end = static_cast<int64_t>(lower ? Wide{rows} : clamped(Wide{columns} - offset, rows));
    for (int64_t i = begin; n > 0 && i < end; ++i) {
        int64_t edge = static_cast<int64_t>(clamped(Wide{i} + offset + lower, columns));
        for (int64_t j = lower ? 0 : edge; j < (lower ? edge : columns); ++j) {
            *row++ = i;
            *column++ = j;
        }
    }
    return cast(t, a.dtype(3, DType::Int64));
}
}  // namespace
const Register tril_indices_fn(
    {"tril_indices",
     kFunction,
     R"(Indices of the lower triangle of a (row, col) matrix: shape (2, count).

Example:
    >>> chainrule.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
)",
     {{"tril_indices(int row, int col, int offset=0, *, Dtype dtype=None, any device=None, any layout=None)",
       [](Args& a) { a.ret(triangle_indices(a, true)); }}}});
const Register triu_indices_fn(
    {"triu_indices",
     kFunction,
     R"(Indices of the upper triangle of a (row, col) matrix: shape (2, count).

Example:
    >>> chainrule.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
)",
     {{"triu_indices(int row, int col, int offset=0, *, Dtype dtype=None, any device=None, any layout=None)",
       [](Args& a) { a.ret(triangle_indices(a, false)); }}}});

}  // namespace chainrule
