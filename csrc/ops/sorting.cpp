// Sorting and selection along an axis. NaN is the largest value, as in PyTorch.

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/counting.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/sort_keys.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

enum class Order : uint8_t { Sort, Top, Kth, Median, Mode };

struct SortAttrs {
    int axis;
    bool descending;
    bool keepdim;  // of Kth, Median and Mode: one element stays along the axis
    Order order;
    int64_t k;      // Top: how many; Kth: which, from 0
    bool skip_nan;  // Median: among the others
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("descending", descending);
        v("keepdim", keepdim);
        v("order", order);
        v("k", k);
        v("skip_nan", skip_nan);
    }
};

template <class T> bool is_nan(T x) { return x != x; }

// From the sorted order of a row: the last place of the smallest of the values that occur most often.
template <class T, class Entry> int64_t most_frequent(const T* row, int64_t n, const Entry* sorted) {
    int64_t best = 0, most = 0, count = 0;
    for (int64_t i = 0; i < n; ++i) {
        ++count;
        if (i + 1 < n && row[sorted[i + 1].at()] == row[sorted[i].at()]) continue;
        if (count > most) {
            most = count;
            best = i;
        }
        count = 0;
    }
    return best;
}

// The place of the median of a row; a NaN's place where there is one that is not to be skipped.
template <class T, class Entry> int64_t median_at(const T* row, int64_t n, bool skip_nan, Entry* entries) {
    int64_t valid = n, first_nan = n;
    for (int64_t i = n - 1; i >= 0; --i)
        if (is_nan(row[i])) --valid, first_nan = i;
    if (valid < n && (!skip_nan || valid == 0)) return first_nan;
    std::nth_element(entries, entries + (valid - 1) / 2, entries + n);
    return entries[(valid - 1) / 2].at();
}

// The entries wanted of one row of n come first; gives the place of the single one for Kth, Median and Mode.
template <class T, class Entry> int64_t select_row(const T* row, int64_t n, const SortAttrs& a, Entry* entries) {
    fill_entries(row, n, a.descending, entries);
    switch (a.order) {
        case Order::Sort: sort_entries(entries, entries + n, n); return 0;
        case Order::Mode: sort_entries(entries, entries + n, n); return entries[most_frequent(row, n, entries)].at();
        case Order::Top: std::partial_sort(entries, entries + a.k, entries + n); return 0;
        case Order::Kth: std::nth_element(entries, entries + a.k, entries + n); return entries[a.k].at();
        default: return median_at(row, n, a.skip_nan, entries);
    }
}

int64_t kept_along(const SortAttrs& a, int64_t n) {
    return a.order == Order::Sort ? n : a.order == Order::Top ? a.k : 1;
}

void infer_sort(InferCtx& c) {
    const SortAttrs& a = c.attr<SortAttrs>();
    Dims shape = c.input(0).shape();
    if (shape.n > 0) {
        bool drops = a.order != Order::Sort && a.order != Order::Top && !a.keepdim;
        if (drops) shape.erase(a.axis);
        else shape[a.axis] = kept_along(a, shape[a.axis]);
    } else if (a.order == Order::Top && a.k == 0) {
        shape.push(0);
    }
    c.set(0, shape, c.input(0).dtype());
    c.set(1, shape, DType::Int64);
}

void eval_sort(EvalCtx& c) {
    const SortAttrs& a = c.attr<SortAttrs>();
    Tensor x = contiguous_data(c.input(0));
    AroundAxis s(x.shape(), a.axis);
    int64_t kept = kept_along(a, s.n), rows = s.outer * s.inner;
    if (c.out(0).numel() == 0) return;
    visit(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* in = x.data<T>();
        T* values = c.out(0).data<T>();
        int64_t* indices = c.out(1).data<int64_t>();
        int64_t grain = (5 << 13) / (s.n + 1) + 1, chunks = (rows + grain - 1) / grain;
        bool single = a.order != Order::Sort && a.order != Order::Top;
        Tensor rows_copy = s.inner == 1 ? Tensor() : empty({chunks, s.n}, x.dtype());
        T* copies = rows_copy ? rows_copy.data<T>() : nullptr;
        visit_entry<T>(s.n, [&](auto kind) {
            using Entry = decltype(kind);
            constexpr int64_t words = sizeof(Entry) / sizeof(int64_t);
            Tensor scratch = empty({chunks, 2 * s.n * words}, DType::Int64);
            Unlock unlock(x.numel());
            parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
                auto* entries = reinterpret_cast<Entry*>(scratch.data<int64_t>() + begin / grain * 2 * s.n * words);
                for (int64_t r = begin; r < end; ++r) {
                    int64_t outer = r / s.inner, column = r % s.inner;
                    const T* row = in + r * s.n;
                    if (copies) {
                        T* copy = copies + begin / grain * s.n;
                        for (int64_t j = 0; j < s.n; ++j) copy[j] = in[(outer * s.n + j) * s.inner + column];
                        row = copy;
                    }
                    int64_t chosen = select_row(row, s.n, a, entries);
                    for (int64_t j = 0; j < kept; ++j) {
                        int64_t at = (outer * kept + j) * s.inner + column, from = single ? chosen : entries[j].at();
                        values[at] = row[from];
                        indices[at] = from;
                    }
                }
            });
        });
    });
}

void vjp_sort(VjpCtx& c) { set_chosen_grad(c, c.attr<SortAttrs>().axis); }

constexpr OpDef sort_op_of(const char* name, const char* grad_name) {
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer_sort, .eval = eval_sort, .vjp = vjp_sort};
    op.save_output[1] = 1;
    op.keep_shape = 1;
    op.attr_bytes = sizeof(SortAttrs);
    op.describe = describe_attrs<SortAttrs>;
    return op;
}

constexpr OpDef sort_op = sort_op_of("sort", "SortBackward0");
constexpr OpDef topk_op = sort_op_of("topk", "TopkBackward0");
constexpr OpDef kthvalue_op = sort_op_of("kthvalue", "KthvalueBackward0");
constexpr OpDef median_op = sort_op_of("median", "MedianBackward0");
constexpr OpDef mode_op = sort_op_of("mode", "ModeBackward0");

struct Pair {
    Tensor values, indices;
};

Pair run_pair(const OpDef& op, const Tensor& x, SortAttrs attrs) {
    Tensor out[2];
    dispatch(op, &x, 1, &attrs, out, 2);
    return {out[0], out[1]};
}

void check_some(const char* op, const Tensor& x, int axis) {
    check<ValueError>(x.ndim() == 0 || x.size(axis) > 0, op, ": no elements to choose from, got shape ", x.shape(),
                      ".");
}

Pair sorted(Args& a, int dim, bool descending) {
    const Tensor& x = a.tensor(0);
    return run_pair(sort_op, x,
                    {normalize_axis(a.name, a.integer(dim, -1), x.ndim()), descending, true, Order::Sort, 0, false});
}

constexpr const char* kSortFields[] = {"sort", "values", "indices", nullptr};
constexpr const char* kTopkFields[] = {"topk", "values", "indices", nullptr};
constexpr const char* kKthFields[] = {"kthvalue", "values", "indices", nullptr};
constexpr const char* kMedianFields[] = {"median", "values", "indices", nullptr};
constexpr const char* kModeFields[] = {"mode", "values", "indices", nullptr};
constexpr const char* kNanmedianFields[] = {"nanmedian", "values", "indices", nullptr};

void call_median(Args& a, bool skip_nan, const char* const* fields) {
    const Tensor& x = a.tensor(0);
    int axis = normalize_axis(a.name, a.integer(1), x.ndim());
    check_some(a.name, x, axis);
    Pair p = run_pair(median_op, x, {axis, false, a.flag(2), Order::Median, 0, skip_nan});
    a.ret_tuple({p.values, p.indices}, fields);
}

// Of all elements: those that are equal to it share the gradient evenly.
const OpDef median_all_op = {
    .name = "median",
    .grad_name = "MedianBackward1",
    .infer =
        [](InferCtx& c) {
            const Tensor& x = c.input(0);
            check<ValueError>(x.numel() > 0 || is_floating(x.dtype()), c.op.name,
                              ": no elements to choose from, got shape ", x.shape(), ".");
            c.set(0, {}, x.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            GradMode off(false);
            const Tensor& x = c.input(0);
            SortAttrs attrs{0, false, false, Order::Median, 0, c.attr<bool>()};
            bool some = x.numel() > 0;
            copy_data(c.out(), some ? run_pair(median_op, reshape(detach(x), {x.numel()}), attrs).values
                                    : scalar_tensor(std::nan(""), x.dtype()));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor x = detach(c.input(0)), y = detach(c.output());
            Tensor same = logical_or(eq(x, y), logical_and(isnan(x), isnan(y)));
            c.set(0, masked_mul(same, expand_to(c.grad() / cast(sum(same), y.dtype()), x.shape())));
        },
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(bool),
    .describe = describe_attrs<bool>,
};

template <bool skip_nan> void call_whole_median(Args& a) { a.ret(run_with(median_all_op, skip_nan, a.tensor(0))); }

}  // namespace

// ---- sort ----
Tensor sort_values(const Tensor& x, int64_t axis) {
    return run_pair(sort_op, x, {normalize_axis("sort", axis, x.ndim()), false, true, Order::Sort, 0, false}).values;
}
const Register sort_fn({"sort",
                        kMethod | kFunction,
                        R"(Sorts along an axis. Equal elements keep their order; NaN counts as the largest.

Args:
    input: tensor.
    dim: axis.
    descending: largest first.
    stable: accepted; the sort is always stable.

Returns:
    Named tuple (values, indices).

Example:
    >>> chainrule.sort(chainrule.tensor([3., 1., 2.])).indices
    tensor([1, 2, 0])
)",
                        {{"sort(Tensor input, int dim=-1, bool descending=False, bool stable=None)", [](Args& a) {
                              Pair p = sorted(a, 1, a.flag(2));
                              a.ret_tuple({p.values, p.indices}, kSortFields);
                          }}}});

const Register argsort_fn({"argsort",
                           kMethod | kFunction | kNoGradient | kExactOut,
                           R"(The indices that sort along an axis.

Args:
    input: tensor.
    dim: axis.
    descending: largest first.
    stable: accepted; the sort is always stable.

Returns:
    int64 tensor.

Example:
    >>> chainrule.argsort(chainrule.tensor([3., 1., 2.]))
    tensor([1, 2, 0])
)",
                           {{"argsort(Tensor input, int dim=-1, bool descending=False, bool stable=False)",
                             [](Args& a) { a.ret(detach(sorted(a, 1, a.flag(2)).indices)); }}}});

const Register msort_fn({"msort",
                         kMethod | kFunction,
                         R"(Sorts along the first axis.

Args:
    input: tensor.

Example:
    >>> chainrule.msort(chainrule.tensor([3., 1., 2.]))
    tensor([1., 2., 3.])
)",
                         {{"msort(Tensor input)", [](Args& a) {
                               a.ret(run_pair(sort_op, a.tensor(0), {0, false, true, Order::Sort, 0, false}).values);
                           }}}});

// ---- topk ----
const Register topk_fn({"topk",
                        kMethod | kFunction,
                        R"(The k largest (or smallest) elements along an axis, in order.

Args:
    input: tensor.
    k: how many.
    dim: axis.
    largest: False for the smallest.
    sorted: accepted; the result is always in order.

Returns:
    Named tuple (values, indices).

Raises:
    ValueError: if the axis has fewer than k elements.

Example:
    >>> chainrule.topk(chainrule.tensor([3., 1., 2.]), 2).values
    tensor([3., 2.])
)",
                        {{"topk(Tensor input, int k, int dim=-1, bool largest=True, bool sorted=True)", [](Args& a) {
                              const Tensor& x = a.tensor(0);
                              int axis = normalize_axis("topk", a.integer(2, -1), x.ndim());
                              int64_t k = a.integer(1), n = x.ndim() ? x.size(axis) : 1;
                              check<ValueError>(k >= 0 && k <= n, "topk: k must be in [0, ", n, "] for shape ",
                                                x.shape(), " along axis ", axis, ", got ", k, ".");
                              Pair p = run_pair(topk_op, x, {axis, a.flag(3, true), true, Order::Top, k, false});
                              a.ret_tuple({p.values, p.indices}, kTopkFields);
                          }}}});

// ---- kthvalue, median ----
const Register kthvalue_fn({"kthvalue",
                            kMethod | kFunction,
                            R"(The k-th smallest element along an axis; k counts from 1.

Args:
    input: tensor.
    k: which.
    dim: axis.
    keepdim: keep the axis with size 1.

Returns:
    Named tuple (values, indices).

Example:
    >>> chainrule.kthvalue(chainrule.tensor([3., 1., 2.]), 2).values
    tensor(2.)
)",
                            {{"kthvalue(Tensor input, int k, int dim=-1, bool keepdim=False)", [](Args& a) {
                                  const Tensor& x = a.tensor(0);
                                  int axis = normalize_axis("kthvalue", a.integer(2, -1), x.ndim());
                                  int64_t k = a.integer(1), n = x.ndim() ? x.size(axis) : 1;
                                  check<ValueError>(k >= 1 && k <= n, "kthvalue: k must be in [1, ", n, "] for shape ",
                                                    x.shape(), " along axis ", axis, ", got ", k, ".");
                                  Pair p = run_pair(kthvalue_op, x, {axis, false, a.flag(3), Order::Kth, k - 1, false});
                                  a.ret_tuple({p.values, p.indices}, kKthFields);
                              }}}});

const Register median_fn({"median",
                          kMethod | kFunction,
                          R"(Median: the lower of the two middle elements where their number is even.

Args:
    input: tensor; of no elements at all the median is NaN. NaN wins.
    dim: axis; without it, of all elements.
    keepdim: keep the axis with size 1.

Returns:
    Tensor, or with dim a named tuple (values, indices). With dim the gradient goes to the element that is
    returned, without it evenly to all that are equal to it.

Example:
    >>> chainrule.median(chainrule.tensor([3., 1., 2.]))
    tensor(2.)
)",
                          {{"median(Tensor input)", call_whole_median<false>},
                           {"median(Tensor input, int dim, bool keepdim=False)",
                            [](Args& a) { call_median(a, false, kMedianFields); }}}});

const Register nanmedian_fn({"nanmedian",
                             kMethod | kFunction,
                             R"(Median of the elements that are not NaN.

Args:
    input, dim, keepdim: as for median().

Example:
    >>> chainrule.nanmedian(chainrule.tensor([3., float('nan'), 2.]))
    tensor(2.)
)",
                             {{"nanmedian(Tensor input)", call_whole_median<true>},
                              {"nanmedian(Tensor input, int dim, bool keepdim=False)",
                               [](Args& a) { call_median(a, true, kNanmedianFields); }}}});

const Register mode_fn({"mode",
                        kMethod | kFunction,
                        R"(The value that occurs most often along an axis; the smallest of several.

Args:
    input: tensor.
    dim: axis.
    keepdim: keep the axis with size 1.

Returns:
    Named tuple (values, indices); the index is that of its last place, which takes the gradient.

Example:
    >>> chainrule.mode(chainrule.tensor([3., 1., 3.])).values
    tensor(3.)
)",
                        {{"mode(Tensor input, int dim=-1, bool keepdim=False)", [](Args& a) {
                              const Tensor& x = a.tensor(0);
                              int axis = normalize_axis("mode", a.integer(1, -1), x.ndim());
                              check_some("mode", x, axis);
                              Pair p = run_pair(mode_op, x, {axis, false, a.flag(2), Order::Mode, 0, false});
                              a.ret_tuple({p.values, p.indices}, kModeFields);
                          }}}});

// ---- counting ----
const Register bincount_fn(
    {"bincount",
     kMethod | kFunction | kNoGradient,
     R"(How often each non-negative integer occurs.

Args:
    input: 1-D tensor of integers, not negative.
    weights: tensor of the same shape, added up instead of counted; or None.
    minlength: smallest length of the result.

Returns:
    int64 tensor of length max(input) + 1 or more; with weights float64 (float32 for float32 weights).

Example:
    >>> chainrule.bincount(chainrule.tensor([0, 2, 2]))
    tensor([1, 0, 2])
)",
     {{"bincount(Tensor input, Tensor weights=None, int minlength=0)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           check<TypeError>(is_integral(x.dtype()) && x.dtype() != DType::Bool,
                            "bincount: the input must hold integers, got ", x.dtype(), ".");
           check<ValueError>(x.ndim() == 1 && a.integer(2) >= 0,
                             "bincount: a 1-D input and a minlength of 0 or more are required, got shape ", x.shape(),
                             " and ", a.integer(2), ".");
           Tensor at = contiguous_data(cast(detach(x), DType::Int64));
           int64_t n = a.integer(2), count = at.numel();
           const int64_t* index = at.data<int64_t>();
           IntegerRange range = count > 0 ? range_of(index, count) : IntegerRange{0, -1};
           if (range.low < 0) {
               int64_t i = std::find_if(index, index + count, [](int64_t v) { return v < 0; }) - index;
               fail<ValueError>("bincount: the input must not be negative, got ", index[i], " at ", i, ".");
           }
           check<ValueError>(range.high < INT64_MAX, "bincount: ", range.high, " is too large.");
           n = std::max(n, range.high + 1);
           if (!a.given(1)) {
               Tensor out = zeros({n}, DType::Int64);
               count_integers(index, count, 0, n, out.data<int64_t>());
               a.ret(out);
               return;
           }
           check<ValueError>(a.tensor(1).shape() == x.shape(), "bincount: weights must have the input's shape ",
                             x.shape(), ", got ", a.tensor(1).shape(), ".");
           DType dtype = a.tensor(1).dtype() == DType::Float32 ? DType::Float32 : DType::Float64;
           Tensor weights = contiguous_data(cast(detach(a.tensor(1)), dtype)), out = zeros({n}, dtype);
           visit_floating(dtype, [&](auto zero) {
               using T = decltype(zero);
               for (int64_t i = 0; i < count; ++i) out.data<T>()[index[i]] += weights.data<T>()[i];
           });
           a.ret(out);
       }}}});

}  // namespace chainrule
