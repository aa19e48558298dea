// Positions and classes: nonzero, one_hot, searchsorted. Integer results, no gradients.

#include <algorithm>
#include <limits>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/index_core.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {

// ---- nonzero, argwhere ----
namespace {
// Coordinates of row-major positions: column d of the result belongs to axis d.
Tensor coordinates_of(const Tensor& positions, const Dims& shape) {
    int64_t n = positions.numel(), ndim = shape.n;
    Tensor out = empty({n, ndim}, DType::Int64);
    const int64_t* p = positions.data<int64_t>();
    int64_t* o = out.data<int64_t>();
    if (ndim == 0 || n == 0) return out;
    int64_t line = shape.back(),
            begin = -line;  // the line along the last axis that begins here: its coordinates are known
    Dims at = shape;
    for (int64_t i = 0; i < n; ++i) {
        if (p[i] - begin >= line) {
            int64_t rest = p[i] / line;
            begin = rest * line;
            for (int d = shape.n - 2; d >= 0; --d) {
                at[d] = rest % shape[d];
                rest /= shape[d];
            }
        }
        for (int d = 0; d + 1 < shape.n; ++d) o[i * ndim + d] = at[d];
        o[i * ndim + ndim - 1] = p[i] - begin;
    }
    return out;
}
}  // namespace
Tensor nonzero(const Tensor& x) { return coordinates_of(true_positions(x), x.shape()); }
std::vector<Tensor> nonzero_tuple(const Tensor& x) {
    Tensor v = x.ndim() == 0 ? reshape(x, {1}) : x, all = nonzero(v);
    std::vector<Tensor> columns;
    for (int d = 0; d < v.ndim(); ++d) columns.push_back(clone(select(all, 1, d)));
    return columns;
}
const Register nonzero_fn({"nonzero",
                           kMethod | kFunction | kNoGradient | kExactOut,
                           R"(The positions of elements that aren't 0, in row-major order.

Args:
    as_tuple: give one vector for each axis, as x[...] takes them, instead of a matrix.

Returns:
    int64 tensor (count, axes), or a tuple.

Example:
    >>> chainrule.nonzero(chainrule.tensor([0, 5, 7]))
    tensor([[1],
            [2]])
)",
                           {{"nonzero(Tensor input, *, bool as_tuple=False)", [](Args& a) {
                                 if (a.flag(1)) return a.ret_tuple(nonzero_tuple(a.tensor(0)));
                                 a.ret(nonzero(a.tensor(0)));
                             }}}});
const Register argwhere_fn({"argwhere",
                            kMethod | kFunction | kNoGradient | kExactOut,
                            R"(The positions of elements that aren't 0: (count, axes).

Example:
    >>> chainrule.argwhere(chainrule.tensor([0, 5]))
    tensor([[1]])
)",
                            {{"argwhere(Tensor input)", [](Args& a) { a.ret(nonzero(a.tensor(0))); }}}});

// ---- one_hot ----
Tensor one_hot(const Tensor& x, int64_t classes) {
    check<TypeError>(is_integral(x.dtype()) && x.dtype() != DType::Bool, "one_hot: labels must be integers, got ",
                     x.dtype());
    check<ValueError>(classes >= -1 && classes != 0,
                      "one_hot: num_classes must be positive, or -1 for the largest label + 1, got ", classes);
    check<ValueError>(classes > 0 || x.numel() > 0, "one_hot: num_classes must be given where there are no labels");
    Tensor labels = contiguous(cast(x, DType::Int64));
    const int64_t* v = labels.data<int64_t>();
    if (classes < 0) {
        const int64_t largest = std::max<int64_t>(*std::max_element(v, v + labels.numel()), 0);
        check<ValueError>(largest < std::numeric_limits<int64_t>::max(),
                          "one_hot: no number of classes holds the label ", largest);
        classes = largest + 1;
    }
    labels = checked_index("one_hot", labels, classes, x.ndim(), false);
    v = labels.data<int64_t>();
    Dims shape = x.shape();
    shape.push(classes);
    checked_numel("one_hot", shape);
    Tensor out = zeros(shape, DType::Int64);
    int64_t* o = out.data<int64_t>();
    for (int64_t i = 0; i < labels.numel(); ++i) o[i * classes + v[i]] = 1;
    return out;
}
const Register one_hot_fn({"one_hot",
                           kNN | kNoGradient,
                           R"(Labels as vectors of 0 with a single 1.

Args:
    input: integer labels of any shape (*).
    num_classes: C; the largest label + 1 unless given.

Returns:
    int64 tensor (*, C).

Raises:
    IndexError: a label outside [0, C).

Example:
    >>> F.one_hot(chainrule.tensor([0, 2]), 3)
    tensor([[1, 0, 0],
            [0, 0, 1]])
)",
                           {{"one_hot(Tensor input, int num_classes=-1)",
                             [](Args& a) { a.ret(one_hot(a.tensor(0), a.integer(1, -1))); }}}});

// ---- searchsorted, bucketize: where values belong in an ordered sequence ----
namespace {

// The first position whose element is not less than value (right: is greater). NaN belongs behind all. Without a branch on what was
// found: half of them would be guessed wrong.
template <bool right, class T> int64_t position_of(const T* sorted, const int64_t* order, int64_t n, T value) {
    auto before = [&](int64_t i) {
        T at = order ? sorted[order[i]] : sorted[i];
        return right ? !(at > value) : !(at >= value);
    };
    int64_t low = 0;
    for (; n > 1; n -= n / 2) low += before(low + n / 2 - 1) ? n / 2 : 0;
    return n == 1 && before(low) ? low + 1 : low;
}

struct SearchOptions {
    bool right, int32;
    Tensor sorter;
};

SearchOptions read_options(const Args& a, int at) {
    SearchOptions o{a.flag(at + 1), a.flag(at), Tensor()};
    return o;
}

Tensor search(const char* op, const Tensor& sorted, const Tensor& values, const SearchOptions& o) {
    check<ValueError>(sorted.ndim() >= 1, op, ": the ordered sequence must have an axis, got shape ()");
    bool rows = sorted.ndim() > 1;
    bool fits = !rows || sorted.ndim() == values.ndim();
    for (int d = 0; fits && rows && d + 1 < sorted.ndim(); ++d) fits = sorted.size(d) == values.size(d);
    check<ValueError>(fits, op,
                      ": the sequence must be a vector or have the values' sizes except along the last axis, got ",
                      sorted.shape(), " and ", values.shape(), ".");
    DType dtype = values->wrapped_number ? sorted.dtype() : promote(sorted.dtype(), values.dtype());
    if (values->wrapped_number && is_floating(values.dtype()) && !is_floating(dtype)) dtype = default_dtype();
    Tensor s = contiguous(cast(detach(sorted), dtype)), v = contiguous(cast(detach(values), dtype)), order;
    int64_t n = sorted.shape().back(), per_row = rows ? values.shape().back() : values.numel();
    if (o.sorter) {
        check<ValueError>(o.sorter.shape() == sorted.shape(), op, ": sorter must have the sequence's shape ",
                          sorted.shape(), ", got ", o.sorter.shape());
        order = checked_index(op, o.sorter, n, sorted.ndim() - 1, false);
    }
    Tensor out = empty(values.shape(), DType::Int64);
    int64_t* to = out.data<int64_t>();
    Unlock unlock(values.numel());
    visit(dtype, [&](auto zero) {
        using T = decltype(zero);
        parallel_for(values.numel(), 1 << 12, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                int64_t row = rows ? i / per_row * n : 0;
                const T* sequence = s.data<T>() + row;
                const T value = v.data<T>()[i];
                const int64_t* places = order ? order.data<int64_t>() + row : nullptr;
                to[i] = o.right ? position_of<true>(sequence, places, n, value)
                                : position_of<false>(sequence, places, n, value);
            }
        });
    });
    return out;
}

}  // namespace
const Register searchsorted_fn({"searchsorted",
                                kFunction | kNoGradient | kExactOut,
                                R"(Where values belong in an ordered sequence so that it stays ordered.

Args:
    sorted_sequence: (n,), or with the values' leading axes; ascending along the last axis.
    input: values.
    right: behind equal elements instead of before them; the same as side="right".
    sorter: the order in which sorted_sequence is ascending.

Returns:
    int64 (or int32) tensor in the shape of the values.

Example:
    >>> chainrule.searchsorted(chainrule.tensor([1., 3., 5.]), chainrule.tensor([3., 4.]))
    tensor([1, 2])
)",
                                {{"searchsorted(Tensor sorted_sequence, Tensor input, *, bool out_int32=False, bool "
                                  "right=False, str side=None, Tensor sorter=None)",
                                  [](Args& a) {
                                      SearchOptions o = read_options(a, 2);
                                      if (a.given(4)) {
                                          check<ValueError>(a.text(4) == "left" || a.text(4) == "right",
                                                            "searchsorted: side must be \"left\" or \"right\", got \"",
                                                            a.text(4), "\"");
                                          check<ValueError>(!(a.text(4) == "left" && o.right),
                                                            "searchsorted: side=\"left\" contradicts right=True");
                                          o.right = a.text(4) == "right";
                                      }
                                      o.sorter = a.tensor(5);
                                      Tensor out = search("searchsorted", a.tensor(0), a.tensor(1), o);
                                      a.ret(o.int32 ? cast(out, DType::Int32) : out);
                                  }}}});
const Register bucketize_fn(
    {"bucketize",
     kFunction | kNoGradient | kExactOut,
     R"(The number of the bucket of each value, between ascending boundaries.

Example:
    >>> chainrule.bucketize(chainrule.tensor([0., 2., 9.]), chainrule.tensor([1., 5.]))
    tensor([0, 1, 2])
)",
     {{"bucketize(Tensor input, Tensor boundaries, *, bool out_int32=False, bool right=False)", [](Args& a) {
           check<ValueError>(a.tensor(1).ndim() == 1, "bucketize: boundaries must be a vector, got shape ",
                             a.tensor(1).shape());
           Tensor out = search("bucketize", a.tensor(1), a.tensor(0), read_options(a, 2));
           a.ret(a.flag(2) ? cast(out, DType::Int32) : out);
       }}}});

}  // namespace chainrule
