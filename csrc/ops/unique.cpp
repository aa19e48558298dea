// The different elements of a tensor, or the different slices along an axis.

#include <algorithm>
#include <numeric>
#include <vector>

#include "autograd/elementwise.h"
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
    std::vector<int64_t> first, count;  // of each group: its first row in `order`, how many rows it has
    Tensor inverse;                     // of each row: its group
};

// Neighbours in `order` that are equal make a group. NaN equals nothing.
Groups group_rows(const Rows& r, const std::vector<int64_t>& order) {
    Groups g;
    g.inverse = empty({r.count}, DType::Int64);
    visit(r.data.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* data = r.data.data<T>();
        const T* last = nullptr;
        for (int64_t at : order) {
            const T* row = data + at * r.width;
            if (!last || !std::equal(row, row + r.width, last)) {
                g.first.push_back(at);
                g.count.push_back(0);
            }
            last = row;
            ++g.count.back();
            g.inverse.data<int64_t>()[at] = static_cast<int64_t>(g.count.size()) - 1;
        }
    });
    return g;
}

std::vector<int64_t> order_of(const Rows& r, bool sorted) {
    std::vector<int64_t> order(static_cast<size_t>(r.count));
    std::iota(order.begin(), order.end(), int64_t{0});
    if (!sorted) return order;
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

// sorted: groups are made of all equal rows, else only of neighbours.
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
    Groups g = group_rows(r, order_of(r, sorted));
    Tensor first = vector_of(g.first);
    std::vector<Tensor> parts{a.given(dim) ? index_select(x, axis, first) : take(x, first)};
    if (with_inverse) parts.push_back(a.given(dim) ? g.inverse : reshape(g.inverse, a.tensor(0).shape()));
    if (with_counts) parts.push_back(vector_of(g.count));
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
