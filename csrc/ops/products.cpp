// Products of matrices and vectors, norms and distances.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/elementwise.h"
#include "ops/linalg.h"
#include "ops/matrices.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

Tensor matrix_power(const char* op, Tensor a, int64_t n) {
    check_square(op, a);
    uint64_t power = n < 0 ? -static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
    if (n < 0) a = inv(a);
    if (power == 0) {
        Tensor one = unit_matrix(rows_of(a), a.dtype());
        return contiguous(expand(one, a.shape()));
    }
    Tensor out;
    for (;; a = matmul(a, a)) {  // by squares
        if (power & 1) out = out ? matmul(out, a) : a;
        power >>= 1;
        if (power == 0) return out;
    }
}

// The cheapest order of a chain of products, by dynamic programming (Cormen et al., "Introduction to algorithms", 15.2).
Tensor multi_dot(const char* op, std::vector<Tensor> t) {
    size_t n = t.size();
    check<ValueError>(n >= 1, op, ": at least one matrix is required, got none.");
    if (n == 1) return t[0];
    bool first = t[0].ndim() == 1, last = t[n - 1].ndim() == 1;
    if (first) t[0] = unsqueeze(t[0], 0);
    if (last) t[n - 1] = unsqueeze(t[n - 1], 1);
    for (size_t i = 0; i < n; ++i)
        check<ValueError>(t[i].ndim() == 2 && (i == 0 || t[i - 1].size(1) == t[i].size(0)), op,
                          ": matrices that fit one another are required, got shape ", t[i].shape(), " as number ", i,
                          ".");
    std::vector<std::vector<double>> cost(n, std::vector<double>(n));
    std::vector<std::vector<size_t>> cut(n, std::vector<size_t>(n));
    for (size_t length = 2; length <= n; ++length)
        for (size_t i = 0; i + length <= n; ++i) {
            size_t j = i + length - 1;
            cost[i][j] = std::numeric_limits<double>::infinity();
            for (size_t k = i; k < j; ++k) {
                double c = cost[i][k] + cost[k + 1][j] +
                           static_cast<double>(t[i].size(0)) * static_cast<double>(t[k].size(1)) *
                               static_cast<double>(t[j].size(1));
                if (c < cost[i][j]) cost[i][j] = c, cut[i][j] = k;
            }
        }
    auto product = [&](const auto& self, size_t i, size_t j) -> Tensor {
        if (i == j) return t[i];
        return matmul(self(self, i, cut[i][j]), self(self, cut[i][j] + 1, j));
    };
    Tensor out = product(product, 0, n - 1);
    if (last) out = squeeze(out, 1);
    return first ? squeeze(out, 0) : out;
}

Tensor kron(const Tensor& a, const Tensor& b) {
    int n = a.ndim() > b.ndim() ? a.ndim() : b.ndim();
    Dims wide_a, wide_b, out;
    for (int d = 0; d < n; ++d) {
        int da = d - (n - a.ndim()), db = d - (n - b.ndim());
        int64_t size_a = da < 0 ? 1 : a.size(da), size_b = db < 0 ? 1 : b.size(db);
        wide_a.push(size_a);
        wide_a.push(1);
        wide_b.push(1);
        wide_b.push(size_b);
        out.push(checked_numel("kron", {size_a, size_b}));
    }
    return reshape(reshape(a, wide_a) * reshape(b, wide_b), out);
}

Tensor cross(const char* op, const Tensor& a, const Tensor& b, int64_t axis) {
    Dims shape = broadcast_shapes(op, a.shape(), b.shape());
    int d = normalize_axis(op, axis, shape.n);
    check<ValueError>(a.ndim() == b.ndim() && shape.n > 0 && a.size(d) == 3 && b.size(d) == 3, op,
                      ": both inputs must have size 3 along the axis, got ", a.shape(), " and ", b.shape(), ", axis ",
                      axis, ".");
    std::vector<Tensor> x = unbind(expand(a, shape), d), y = unbind(expand(b, shape), d);
    return stack({x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]}, d);
}

// Without an axis: the first of size 3.
int64_t cross_axis(const Args& a) {
    if (a.given(2)) return a.integer(2);
    const Tensor& x = a.tensor(0);
    for (int d = 0; d < x.ndim(); ++d)
        if (x.size(d) == 3) return d;
    fail<ValueError>("cross: an axis of size 3 is required, got shapes ", x.shape(), " and ", a.tensor(1).shape(), ".");
}

// A vector norm over axes (all where none are given).
Tensor vector_norm(const Tensor& x, double p, const Dims& axes, bool keepdim) { return norm(x, p, axes, keepdim); }

// The two axes of a matrix norm brought last.
Tensor matrices_last(const char* op, const Tensor& x, const Dims& axes) {
    check<ValueError>(axes.n == 2 && x.ndim() >= 2, op, ": a matrix norm takes two axes of at least two, got dim ",
                      axes, " and shape ", x.shape(), ".");
    int a = normalize_axis(op, axes[0], x.ndim()), b = normalize_axis(op, axes[1], x.ndim());
    check<ValueError>(a != b, op, ": the two axes must differ, got dim ", axes, ".");
    return movedim(x, {a, b}, {-2, -1});
}

Tensor kept(const char* op, Tensor y, const Tensor& x, const Dims& axes, bool keepdim) {
    if (!keepdim) return y;
    int64_t a = normalize_axis(op, axes[0], x.ndim()), b = normalize_axis(op, axes[1], x.ndim());
    return unsqueeze(unsqueeze(y, a < b ? a : b), a < b ? b : a);
}

Tensor matrix_norm(const char* op, const Tensor& x, double p, const Dims& axes, bool keepdim) {
    Tensor m = matrices_last(op, x, axes), y;
    double size = std::abs(p);
    check<ValueError>(size == 1 || size == 2 || std::isinf(size), op,
                      ": the order of a matrix norm must be 1, -1, 2, -2, inf, -inf, 'fro' or 'nuc', got ", p, ".");
    if (size == 2) y = svdvals(m);
    else y = sum(abs(m), {size == 1 ? -2 : -1});
    y = p > 0 ? amax(y, {-1}) : amin(y, {-1});
    return kept(op, y, x, axes, keepdim);
}
Tensor matrix_norm(const char* op, const Tensor& x, const std::string& p, const Dims& axes, bool keepdim) {
    check<ValueError>(p == "fro" || p == "nuc", op, ": the order of a norm must be a number, 'fro' or 'nuc', got '", p,
                      "'.");
    Tensor m = matrices_last(op, x, axes);
    Tensor y = p == "fro" ? norm(m, 2, {-2, -1}) : sum(svdvals(m), {-1});
    return kept(op, y, x, axes, keepdim);
}

}  // namespace
Tensor nuclear_norm(const char* op, const Tensor& x, const Dims& axes, bool keepdim) {
    return matrix_norm(op, x, "nuc", axes, keepdim);
}
namespace {

Tensor converted(const Args& a, int dtype) {
    return a.given(dtype) ? cast(a.tensor(0), a.dtype(dtype, DType::Float32)) : a.tensor(0);
}
Dims axes_or(const Args& a, int i, const Dims& otherwise) { return a.given(i) ? a.ints(i) : otherwise; }

void call_norm(Args& a) {
    Tensor x = converted(a, 4);
    Dims axes = axes_or(a, 2, {});
    bool matrix = a.given(1) && (axes.n == 2 || (axes.n == 0 && x.ndim() == 2));
    check<ValueError>(!a.given(1) || axes.n <= 2,
                      "linalg.norm: a norm of a given order takes one or two axes, got dim ", axes, ".");
    check<ValueError>(!a.given(1) || axes.n > 0 || x.ndim() <= 2,
                      "linalg.norm: a norm of a given order without dim takes one or two dimensions, got shape ",
                      x.shape(), ".");
    if (matrix) a.ret(matrix_norm("linalg.norm", x, a.real(1), axes.n ? axes : Dims{0, 1}, a.flag(3)));
    else a.ret(vector_norm(x, a.real(1, 2), axes, a.flag(3)));
}

}  // namespace

const Register linalg_norm_fn(
    {"linalg_norm",
     kFunction,
     R"(Norm of vectors or matrices.

    no ord: sqrt(sum x^2).  Vectors: (sum |x|^ord)^(1/ord).  Matrices: 'fro' sqrt(sum x^2), 'nuc' the sum of the singular values,
    2 and -2 the largest and smallest singular value, 1 and -1 of the column sums of |x|, inf and -inf of the row sums

Args:
    A: floating tensor.
    ord: order. With two axes (or a matrix without dim) that of a matrix norm.
    dim: an axis or two; None for all.
    keepdim: keep the axes with size 1.
    dtype: converts the input first.

Example:
    >>> chainrule.linalg.norm(chainrule.tensor([3., 4.]))
    tensor(5.)
)",
     {{"linalg_norm(Tensor A, Number ord=None, ints dim=None, bool keepdim=False, *, Dtype dtype=None)",
       [](Args& a) { call_norm(a); }},
      {"linalg_norm(Tensor A, str ord, ints dim=None, bool keepdim=False, *, Dtype dtype=None)", [](Args& a) {
           a.ret(
               matrix_norm("linalg.norm", converted(a, 4), std::string(a.text(1)), axes_or(a, 2, {-2, -1}), a.flag(3)));
       }}}});
const Register linalg_vector_norm_fn(
    {"linalg_vector_norm",
     kFunction,
     R"(Norm of vectors, over all axes or over those given; see norm().

    y = (sum |x|^ord)^(1/ord)

Args:
    x: floating tensor.
    ord: order.
    dim: an axis or several; None for all.
    keepdim: keep the axes with size 1.
    dtype: converts the input first.

Example:
    >>> chainrule.linalg.vector_norm(chainrule.tensor([3., 4.]), 1)
    tensor(7.)
)",
     {{"linalg_vector_norm(Tensor x, Number ord=2, ints dim=None, bool keepdim=False, *, Dtype dtype=None)",
       [](Args& a) { a.ret(vector_norm(converted(a, 4), a.real(1, 2), axes_or(a, 2, {}), a.flag(3))); }}}});
const Register linalg_matrix_norm_fn(
    {"linalg_matrix_norm",
     kFunction,
     R"(Norm of matrices; see linalg.norm().

Args:
    A: (..., m, n) floating tensor.
    ord: 'fro', 'nuc', 1, -1, 2, -2, inf or -inf.
    dim: the two axes.
    keepdim: keep the axes with size 1.
    dtype: converts the input first.

Example:
    >>> chainrule.linalg.matrix_norm(chainrule.tensor([[3., 0.], [0., 4.]]))
    tensor(5.)
)",
     {{"linalg_matrix_norm(Tensor A, str ord='fro', ints dim=(-2, -1), bool keepdim=False, *, Dtype dtype=None)",
       [](Args& a) {
           a.ret(matrix_norm("linalg.matrix_norm", converted(a, 4), std::string(a.text(1)), a.ints(2), a.flag(3)));
       }},
      {"linalg_matrix_norm(Tensor A, Number ord, ints dim=(-2, -1), bool keepdim=False, *, Dtype dtype=None)",
       [](Args& a) { a.ret(matrix_norm("linalg.matrix_norm", converted(a, 4), a.real(1), a.ints(2), a.flag(3))); }}}});
constexpr const char* kMatrixPowerDoc =
    R"(Power of square matrices, by repeated squaring; a negative one takes the inverse first.

Args:
    input: (..., n, n) floating tensor.
    n: exponent.

Returns:
    Tensor of the input's shape.

Example:
    >>> chainrule.linalg.matrix_power(chainrule.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
)";
const Register linalg_matrix_power_fn({"linalg_matrix_power",
                                       kFunction,
                                       kMatrixPowerDoc,
                                       {{"linalg_matrix_power(Tensor input, int n)", [](Args& a) {
                                             a.ret(matrix_power("linalg.matrix_power", a.tensor(0), a.integer(1)));
                                         }}}});
const Register matrix_power_fn({"matrix_power",
                                kFunction | kMethod,
                                kMatrixPowerDoc,
                                {{"matrix_power(Tensor input, int n)", [](Args& a) {
                                      a.ret(matrix_power("linalg.matrix_power", a.tensor(0), a.integer(1)));
                                  }}}});
const Register linalg_multi_dot_fn({"linalg_multi_dot",
                                    kFunction,
                                    R"(Product of several matrices, in the cheapest order.

Args:
    tensors: matrices that fit one another; the first and the last may be vectors.

Example:
    >>> chainrule.linalg.multi_dot([chainrule.ones(2, 3), chainrule.ones(3, 4), chainrule.ones(4, 1)])
    tensor([[12.],
            [12.]])
)",
                                    {{"linalg_multi_dot(Tensors tensors)",
                                      [](Args& a) { a.ret(multi_dot("linalg.multi_dot", a.tensors(0))); }}}});
const Register chain_matmul_fn({"chain_matmul",
                                kFunction,
                                R"(Product of several matrices, in the cheapest order; see linalg.multi_dot().

Args:
    matrices: matrices that fit one another.

Example:
    >>> chainrule.chain_matmul(chainrule.ones(2, 3), chainrule.ones(3, 1))
    tensor([[3.],
            [3.]])
)",
                                {{"chain_matmul(VarTensors matrices)",
                                  [](Args& a) { a.ret(multi_dot("chain_matmul", a.tensors(0))); }}}});
const Register kron_fn({"kron",
                        kFunction | kMethod,
                        R"(Kronecker product: each element of the first tensor times the whole second one.

    C_(i k)(j l) = A_ij B_kl

Args:
    input, other: tensors of any number of axes.

Example:
    >>> chainrule.kron(chainrule.tensor([1., 2.]), chainrule.tensor([1., 10.]))
    tensor([ 1., 10.,  2., 20.])
)",
                        {{"kron(Tensor input, Tensor other)",
                          [](Args& a) { a.ret(kron(a.tensor(0), a.tensor(1))); }}}});
const Register trace_fn({"trace",
                         kFunction | kMethod,
                         R"(Sum of a matrix's diagonal.

Args:
    input: (m, n) tensor.

Example:
    >>> chainrule.trace(chainrule.tensor([[1., 2.], [3., 4.]]))
    tensor(5.)
)",
                         {{"trace(Tensor input)", [](Args& a) {
                               check<ValueError>(a.tensor(0).ndim() == 2, "trace: a matrix is required, got shape ",
                                                 a.tensor(0).shape(), ".");
                               a.ret(sum(diagonal(a.tensor(0)), {}));
                           }}}});
const Register cross_fn({"cross",
                         kFunction | kMethod,
                         R"(Cross product of vectors of three elements.

    c_i = a_(i+1) b_(i+2) - a_(i+2) b_(i+1)

Args:
    input, other: tensors that broadcast, of size 3 along the axis.
    dim: axis; None for the first of size 3.

Example:
    >>> chainrule.cross(chainrule.tensor([1., 0., 0.]), chainrule.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
)",
                         {{"cross(Tensor input, Tensor other, int dim=None)",
                           [](Args& a) { a.ret(cross("cross", a.tensor(0), a.tensor(1), cross_axis(a))); }}}});
const Register linalg_cross_fn({"linalg_cross",
                                kFunction,
                                R"(Cross product of vectors of three elements.

    c_i = a_(i+1) b_(i+2) - a_(i+2) b_(i+1)

Args:
    input, other: tensors that broadcast, of size 3 along the axis.
    dim: axis; the last.

Example:
    >>> chainrule.linalg.cross(chainrule.tensor([1., 0., 0.]), chainrule.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
)",
                                {{"linalg_cross(Tensor input, Tensor other, *, int dim=-1)", [](Args& a) {
                                      a.ret(cross("linalg.cross", a.tensor(0), a.tensor(1), a.integer(2)));
                                  }}}});
const Register linalg_vecdot_fn({"linalg_vecdot",
                                 kFunction,
                                 R"(Inner products of vectors along an axis.

    s = sum_i x_i y_i

Args:
    x, y: tensors that broadcast.
    dim: axis.

Example:
    >>> chainrule.linalg.vecdot(chainrule.tensor([[1., 2.]]), chainrule.tensor([[3., 4.]]))
    tensor([11.])
)",
                                 {{"linalg_vecdot(Tensor x, Tensor y, *, int dim=-1)",
                                   [](Args& a) { a.ret(sum(a.tensor(0) * a.tensor(1), {a.integer(2)})); }}}});
}  // namespace chainrule
