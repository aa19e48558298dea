// Tensors put together of several: blocks, combinations, powers side by side; inner products and distances of pairs.

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "autograd/basic_ops.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

Tensor block_diag(const std::vector<Tensor>& tensors) {
    std::vector<Tensor> rows;
    int64_t columns = 0, at = 0;
    auto matrix = [](const Tensor& t) {
        check<ValueError>(t.ndim() <= 2, "block_diag: tensors of at most 2 axes are required, got shape ", t.shape(),
                          ".");
        return t.ndim() == 2 ? t : reshape(t, {1, t.numel()});
    };
    for (const Tensor& t : tensors) columns = checked_sum("block_diag", columns, matrix(t).size(1));
    for (const Tensor& t : tensors) {
        Tensor m = matrix(t);
        rows.push_back(pad_constant(m, {at, columns - at - m.size(1)}, Scalar(0)));
        at += m.size(1);
    }
    return cat(rows, 0);
}

// How many choices of r out of n there are; the largest number where they are more than any memory holds.
int64_t count_choices(int64_t n, int64_t r, bool repeated) {
    constexpr int64_t most = std::numeric_limits<int64_t>::max();
    if (repeated && r > most - n) return most;
    const int64_t from = repeated ? n + r - 1 : n, few = std::min(r, from - r);
    int64_t count = 1;
    for (int64_t i = 1; i <= few; ++i) {
        if (count > most / (from - few + i)) return most;
        count = count * (from - few + i) / i;
    }
    return count;
}

// All ascending choices of r positions out of n in lexicographic order, the rows of a (choices, r) tensor; r > 0.
Tensor choices(int64_t n, int64_t r, bool repeated) {
    if (n == 0 || (!repeated && r > n)) return empty({0, r}, DType::Int64);
    Tensor all = empty({count_choices(n, r, repeated), r}, DType::Int64);
    int64_t* row = all.data<int64_t>();
    std::vector<int64_t> now(static_cast<size_t>(r));
    int64_t step = repeated ? 0 : 1;
    auto highest = [&](int64_t i) { return repeated ? n - 1 : n - r + i; };
    for (int64_t i = 0; i < r; ++i) now[static_cast<size_t>(i)] = i * step;
    for (;;) {
        row = std::copy(now.begin(), now.end(), row);
        int64_t i = r - 1;
        while (i >= 0 && now[static_cast<size_t>(i)] == highest(i)) --i;
        if (i < 0) return all;
        ++now[static_cast<size_t>(i)];
        for (int64_t k = i + 1; k < r; ++k) now[static_cast<size_t>(k)] = now[static_cast<size_t>(k - 1)] + step;
    }
}

Tensor vander(const char* op, const Tensor& x, int64_t n, bool increasing) {
    check<ValueError>(n >= 0, op, ": N must not be negative, got ", n, ".");
    Tensor exponents = empty({n}, DType::Int64);
    for (int64_t i = 0; i < n; ++i) exponents.data<int64_t>()[i] = increasing ? i : n - 1 - i;
    Tensor base = is_floating(x.dtype()) ? x : cast(x, DType::Int64);
    return pow(unsqueeze(base, -1), cast(exponents, base.dtype()));
}

}  // namespace

const Register block_diag_fn({"block_diag",
                              kFunction,
                              R"(A matrix with the given ones along its diagonal, and zeros elsewhere.

Args:
    tensors: of at most two axes; vectors are rows.

Example:
    >>> chainrule.block_diag(chainrule.tensor([[1, 2]]), chainrule.tensor(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
)",
                              {{"block_diag(VarTensors tensors)", [](Args& a) { a.ret(block_diag(a.tensors(0))); }},
                               {"block_diag()", [](Args& a) { a.ret(empty({1, 0}, default_dtype())); }}}});
const Register combinations_fn({"combinations",
                                kFunction,
                                R"(All choices of r elements of a vector, in the order of itertools.combinations.

Args:
    input: vector.
    r: how many; 0 or more.
    with_replacement: the same element may be chosen again.

Returns:
    (choices, r) tensor.

Example:
    >>> chainrule.combinations(chainrule.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
)",
                                {{"combinations(Tensor input, int r=2, bool with_replacement=False)", [](Args& a) {
                                      const Tensor& x = a.tensor(0);
                                      int64_t r = a.integer(1, 2);
                                      check<ValueError>(
                                          x.ndim() == 1 && r >= 0,
                                          "combinations: a vector and r of 0 or more are required, got shape ",
                                          x.shape(), " and ", r, ".");
                                      if (r == 0) return a.ret(empty({0}, x.dtype()));
                                      a.ret(take(x, choices(x.numel(), r, a.flag(2))));
                                  }}}});
const Register vander_fn({"vander",
                          kFunction,
                          R"(The powers of a vector's elements as columns, the highest first.

    V_ij = x_i^(N - 1 - j)

Args:
    x: vector.
    N: number of columns; the vector's length unless given.
    increasing: the lowest power first.

Example:
    >>> chainrule.vander(chainrule.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
)",
                          {{"vander(Tensor x, int N=None, bool increasing=False)", [](Args& a) {
                                const Tensor& x = a.tensor(0);
                                check<ValueError>(x.ndim() == 1, "vander: a vector is required, got shape ", x.shape(),
                                                  ".");
                                a.ret(vander("vander", x, a.integer(1, x.numel()), a.flag(2)));
                            }}}});
const Register linalg_vander_fn({"linalg_vander",
                                 kFunction,
                                 R"(The powers of vectors' elements as columns, the lowest first.

    V_ij = x_i^j

Args:
    x: (..., n) tensor.
    N: number of columns, n unless given.

Returns:
    (..., n, N) tensor.

Example:
    >>> chainrule.linalg.vander(chainrule.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [1, 2, 4],
            [1, 3, 9]])
)",
                                 {{"linalg_vander(Tensor x, *, int N=None)", [](Args& a) {
                                       Tensor x = a.tensor(0);
                                       if (x.ndim() == 0) x = reshape(x, {1});
                                       check<ValueError>(!a.given(1) || a.integer(1) > 1,
                                                         "linalg.vander: N must be at least 2, got ", a.integer(1, 2),
                                                         ".");
                                       a.ret(vander("linalg.vander", x, a.integer(1, x.size(x.ndim() - 1)), true));
                                   }}}});
const Register diagflat_fn({"diagflat",
                            kFunction | kMethod,
                            R"(A matrix with all elements on a diagonal.

Args:
    input: tensor; it is flattened.
    offset: which diagonal; above the main one positive.

Example:
    >>> chainrule.diagflat(chainrule.tensor([[1, 2]]))
    tensor([[1, 0],
            [0, 2]])
)",
                            {{"diagflat(Tensor input, int offset=0)",
                              [](Args& a) { a.ret(diag_embed(reshape(a.tensor(0), {-1}), a.integer(1, 0))); }}}});
const Register inner_fn({"inner",
                         kFunction | kMethod,
                         R"(Products summed over the last axes of both tensors; of numbers the plain product.

    C_(i.. j..) = sum_k A_(i..k) B_(j..k)

Args:
    input, other: tensors of one dtype whose last axes have one size.

Example:
    >>> chainrule.inner(chainrule.tensor([1., 2.]), chainrule.tensor([[3., 4.], [5., 6.]]))
    tensor([11., 17.])
)",
                         {{"inner(Tensor input, Tensor other)", [](Args& a) {
                               const Tensor &x = a.tensor(0), &y = a.tensor(1);
                               if (x.ndim() == 0 || y.ndim() == 0) return a.ret(x * y);
                               int64_t k = x.size(x.ndim() - 1), other = y.size(y.ndim() - 1);
                               check<ValueError>(k == other, "inner: the last axes must have one size, got ", x.shape(),
                                                 " and ", y.shape(), " (", k, " != ", other, ").");
                               Dims shape = x.shape();
                               --shape.n;
                               int64_t rows = numel_of(shape);
                               for (int d = 0; d + 1 < y.ndim(); ++d) shape.push(y.size(d));
                               int64_t columns = k ? y.numel() / k : numel_of(shape) / std::max<int64_t>(rows, 1);
                               Tensor product =
                                   matmul(reshape(x, {rows, k}), transpose(reshape(y, {columns, k}), 0, 1));
                               a.ret(reshape(product, shape));
                           }}}});
const Register pdist_fn({"pdist",
                         kFunction | kNN,
                         R"(Distances between all pairs of the points of one set: (0, 1), (0, 2), ... (1, 2), ...

    y = |x_i - x_j|_p;  the gradient at distance 0 is 0

Args:
    input: (n, d) floating tensor.
    p: order of the norm.

Returns:
    (n (n - 1) / 2,) tensor.

Example:
    >>> chainrule.pdist(chainrule.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
)",
                         {{"pdist(Tensor input, float p=2.0)", [](Args& a) {
                               const Tensor& x = a.tensor(0);
                               check<ValueError>(x.ndim() == 2 && a.real(1, 2) >= 0,
                                                 "pdist: points (n, d) and p of 0 or more are required, got shape ",
                                                 x.shape(), " and ", a.real(1, 2), ".");
                               Tensor pairs = choices(x.size(0), 2, false);
                               auto ends = [&](int64_t k) { return index_select(x, 0, select(pairs, 1, k)); };
                               a.ret(norm(ends(0) - ends(1), a.real(1, 2), {-1}));
                           }}}});

}  // namespace chainrule
