// The different elements of a tensor, or the different slices along an axis.

#include <algorithm>
#include <numeric>
#include <vector>

#include "autograd/elementwise.h"
#include "ops/counting.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/sort_keys.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

// What is told apart: `count` rows of `width` elements, row-major.
struct Rows {
    Tensor data;
    int64_t count, width;
};

// Rows in lexicographic order, NaN last; ties keep their order.
template <class T> struct RowBefore {
    const T* data;
    int64_t width;
    bool operator()(int64_t a, int64_t b) const {
        const T *x = data + a * width, *y = data + b * width;
        for (int64_t i = 0; i < width; ++i) {
            bool nx = x[i] != x[i], ny = y[i] != y[i];
            if (nx != ny) return ny;
            if (!nx && x[i] != y[i]) return x[i] < y[i];
        }
        return a < b;
    }
};

struct Groups {
    Tensor first, count,
        inverse;    // of each group: its first row in the order, how many rows it has; of each row: its group
    Tensor values;  // of each group, where they are at hand
};

// Neighbours in `order` (null: as they lie) that are equal make a group. NaN equals nothing.
Groups group_rows(const Rows& r, const int64_t* order, bool with_inverse) {
    const int64_t n = r.count;
    Tensor first = empty({n + 1}, DType::Int64), begin = empty({n + 1}, DType::Int64), inverse;
    if (with_inverse) inverse = empty({n}, DType::Int64);
    int64_t *rows = first.data<int64_t>(), *begins = begin.data<int64_t>(), groups = 0;
    int64_t* group_of = with_inverse ? inverse.data<int64_t>() : nullptr;
    visit(r.data.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* data = r.data.data<T>();
        auto group = [&](const auto& differ) {
            for (int64_t i = 0, last = 0; i < n; ++i) {
                const int64_t at = order ? order[i] : i;
                // Written each time, kept where a group begins: no branch to guess.
                rows[groups] = at;
                begins[groups] = i;
                groups += i == 0 || differ(data, last, at);
                if (group_of) group_of[at] = groups - 1;
                last = at;
            }
        };
        if (r.width == 1) group([](const T* x, int64_t a, int64_t b) { return !(x[a] == x[b]); });
        else
            group([&](const T* x, int64_t a, int64_t b) {
                return !std::equal(x + a * r.width, x + (a + 1) * r.width, x + b * r.width);
            });
    });
    begins[groups] = n;
    Tensor count = empty({groups}, DType::Int64);
    for (int64_t k = 0; k < groups; ++k) count.data<int64_t>()[k] = begins[k + 1] - begins[k];
    return {clone(narrow(first, 0, 0, groups)), count, inverse, Tensor()};
}

// Integers of a range not much larger than their number are counted instead of sorted; `groups` is left where they aren't.
bool count_groups(const Rows& r, bool with_inverse, Groups* groups) {
    if (r.width != 1 || r.count == 0 || !is_integral(r.data.dtype())) return false;
    Tensor x = cast(r.data, DType::Int64);
    const int64_t* v = x.data<int64_t>();
    const IntegerRange range = range_of(v, r.count);
    const int64_t size = range.size();
    if (size / 4 > r.count) return false;
    std::vector<int64_t> counts(static_cast<size_t>(size));
    count_integers(v, r.count, range.low, size, counts.data());
    const int64_t n = size - std::count(counts.begin(), counts.end(), int64_t{0});
    Tensor values = empty({n}, DType::Int64), count = empty({n}, DType::Int64);
    int64_t group = 0;
    for (int64_t k = 0; k < size; ++k) {
        int64_t& c = counts[static_cast<size_t>(k)];
        if (c == 0) continue;
        values.data<int64_t>()[group] = range.low + k;
        count.data<int64_t>()[group] = c;
        c = group++;  // from here on, the group of this number
    }
    if (with_inverse) {
        groups->inverse = empty({r.count}, DType::Int64);
        int64_t* to = groups->inverse.data<int64_t>();
        for (int64_t i = 0; i < r.count; ++i) to[i] = counts[static_cast<size_t>(v[i] - range.low)];
    }
    groups->values = cast(values, r.data.dtype());
    groups->count = count;
    return true;
}

std::vector<int64_t> sorted_order(const Rows& r) {
    std::vector<int64_t> order(static_cast<size_t>(r.count));
    std::iota(order.begin(), order.end(), int64_t{0});
    visit(r.data.dtype(), [&](auto zero) {
        using T = decltype(zero);
        if (r.width != 1) {
            std::sort(order.begin(), order.end(), RowBefore<T>{r.data.data<T>(), r.width});
            return;
        }
        visit_entry<T>(r.count, [&](auto kind) {
            using Entry = decltype(kind);
            std::vector<Entry> entries(2 * order.size());
            fill_entries(r.data.data<T>(), r.count, false, entries.data());
            sort_entries(entries.data(), entries.data() + r.count, r.count);
            for (size_t i = 0; i < order.size(); ++i) order[i] = entries[i].at();
        });
    });
    return order;
}

// All equal rows make a group where sorted, else only neighbours.
Groups groups_of(const Rows& r, bool sorted, bool with_inverse) {
    Groups groups;
    if (!sorted) return group_rows(r, nullptr, with_inverse);
    if (count_groups(r, with_inverse, &groups)) return groups;
    if (r.width == 1 && !with_inverse) {  // places are not asked for: the numbers alone are sorted
        Rows ordered{sort_values(reshape(r.data, {r.count}), 0), r.count, 1};
        groups = group_rows(ordered, nullptr, false);
        groups.values = take(ordered.data, groups.first);
        return groups;
    }
    return group_rows(r, sorted_order(r).data(), with_inverse);
}

void ret_unique(Args& a, bool sorted, bool with_inverse, bool with_counts, int dim) {
    Tensor x = detach(a.tensor(0));
    Rows r{contiguous(x), x.numel(), 1};
    int axis = 0;
    if (a.given(dim)) {
        if (x.ndim() == 0) x = reshape(x, {1});
        axis = normalize_axis(a.name, a.integer(dim), x.ndim());
        int64_t n = x.size(axis), others = 1;
        for (int d = 0; d < x.ndim(); ++d) others *= d == axis ? 1 : x.size(d);
        check<ValueError>(n == 0 || others > 0, a.name, ": slices without elements cannot be told apart, got shape ",
                          x.shape(), " and dim ", axis, ".");
        r = {contiguous(movedim(x, {axis}, {0})), n, others};
    }
    Groups g = groups_of(r, sorted, with_inverse);
    if (!g.values) g.values = a.given(dim) ? index_select(x, axis, g.first) : take(x, g.first);
    else if (a.given(dim)) {
        Dims shape = x.shape();
        shape[axis] = g.values.numel();
        g.values = reshape(g.values, shape);
    }
    std::vector<Tensor> parts{g.values};
    if (with_inverse) parts.push_back(a.given(dim) ? g.inverse : reshape(g.inverse, a.tensor(0).shape()));
    if (with_counts) parts.push_back(g.count);
    if (parts.size() == 1) a.ret(parts[0]);
    else a.ret_tuple(parts);
}

}  // namespace

const Register unique_fn(
    {"unique",
     kMethod | kFunction | kNoGradient,
     R"(The different elements, or the different slices along an axis, in ascending order.

Args:
    input: tensor.
    sorted: accepted; the result is always sorted, slices by their first elements, then by the next.
    return_inverse: also the index among them of each input element (in the input's shape) or slice.
    return_counts: also how often each occurs.
    dim: the axis along which slices are told apart; None takes single elements.

Returns:
    Tensor, or a tuple of the parts asked for.

Example:
    >>> chainrule.unique(chainrule.tensor([3, 1, 3]))
    tensor([1, 3])
    >>> chainrule.unique(chainrule.tensor([[3, 1], [0, 2], [3, 1]]), dim=0)
    tensor([[0, 2],
            [3, 1]])
)",
     {{"unique(Tensor input, bool sorted=True, bool return_inverse=False, bool return_counts=False, int dim=None)",
       [](Args& a) { ret_unique(a, true, a.flag(2), a.flag(3), 4); }}}});
const Register unique_consecutive_fn(
    {"unique_consecutive",
     kMethod | kFunction | kNoGradient,
     R"(The elements, or slices along an axis, without those that equal their neighbour before.

Args:
    input: tensor.
    return_inverse: also the index among them of each input element (in the input's shape) or slice.
    return_counts: also how many neighbours each stands for.
    dim: the axis along which slices are compared; None takes single elements.

Returns:
    Tensor, or a tuple of the parts asked for.

Example:
    >>> chainrule.unique_consecutive(chainrule.tensor([3, 3, 1, 3]))
    tensor([3, 1, 3])
)",
     {{"unique_consecutive(Tensor input, bool return_inverse=False, bool return_counts=False, int dim=None)",
       [](Args& a) { ret_unique(a, false, a.flag(1), a.flag(2), 3); }}}});

}  // namespace chainrule
