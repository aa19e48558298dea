// What is made of decompositions: solutions, condition numbers, matrix exponentials, products of reflectors, tensor
// equations.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "kernels/lapack.h"
#include "ops/forms.h"
#include "ops/linalg.h"
#include "ops/matrices.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

Tensor like_batch(const Tensor& t, const Tensor& matrix) {
    return expand(matrix, with_matrix(t, rows_of(matrix), cols_of(matrix)));
}

// ---- lu_solve: A = P L U, packed as lu_factor gives it ----

// A X = B by P^T, L^-1 and U^-1; X A = B from the transposed equation; adjoint: A^T.
Tensor lu_solve(const char* op, const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left, bool adjoint) {
    check_square(op, lu);
    Tensor exchanges = checked_pivots(op, lu, pivots);
    check_matrices(op, b);
    check<TypeError>(lu.dtype() == b.dtype(), op, ": LU and B must have one dtype, got ", lu.dtype(), " and ",
                     b.dtype(), ".");
    if (!left) return mT(lu_solve(op, lu, exchanges, mT(b), true, !adjoint));
    check<ValueError>(rows_of(b) == rows_of(lu), op, ": LU and B must fit, got shapes ", lu.shape(), " and ", b.shape(),
                      " (", rows_of(lu), " != ", rows_of(b), ").");
    Tensor p = permutation(lu, exchanges);
    Dims batch = broadcast_shapes(op, batch_of(lu), batch_of(b));
    Tensor a = with_batch(lu, batch), x = with_batch(b, batch);
    if (!adjoint) return solve_triangular(triu(a), solve_triangular(tril(a), matmul(mT(p), x), false, true), true);
    Tensor y = solve_triangular(mT(triu(a)), x, false);
    return matmul(p, solve_triangular(mT(tril(a)), y, true, true));
}

// ---- cond ----
double order_of(const Args& a) {
    double p = a.real(1);
    check<ValueError>(std::abs(p) == 1 || std::abs(p) == 2 || std::isinf(p), a.name,
                      ": p must be 1, -1, 2, -2, inf, -inf, 'fro' or 'nuc', got ", p, ".");
    return p;
}
Tensor largest_sum(const Tensor& a, double p) {
    Tensor sums = sum(abs(a), {std::abs(p) == 1 ? -2 : -1});
    return p > 0 ? amax(sums, {-1}) : amin(sums, {-1});
}
// |A| |A^-1|; inf for singular matrices.
template <class Norm> Tensor condition(const char* op, const Tensor& a, const Norm& norm_of) {
    check_square(op, a);
    if (rows_of(a) == 0) return sum(abs(a), {-2, -1});
    // The determinant itself may underflow: eye(120) * 1e-3. Its sign is NaN where elements are.
    Tensor singular = ne(abs(slogdet(detach(a)).sign), scalar_tensor(1, a.dtype()));
    Tensor safe = where(column(column(singular)), unit_matrix(rows_of(a), a.dtype()), a);
    Tensor value = norm_of(a) * norm_of(inv(safe));
    return where(singular, number(std::numeric_limits<double>::infinity(), value), value);
}
void call_cond(Args& a) {
    const Tensor& x = a.tensor(0);
    check_matrices("linalg.cond", x);
    double p = a.given(1) ? order_of(a) : 2;
    if (std::abs(p) == 2) {
        Tensor s = svdvals(x);
        int64_t k = s.size(s.ndim() - 1);
        check<ValueError>(k > 0, "linalg.cond: the matrices must have elements, got shape ", x.shape(), ".");
        Tensor most = select(s, -1, 0), fewest = select(s, -1, k - 1);
        return a.ret(p > 0 ? most / fewest : fewest / most);
    }
    a.ret(condition("linalg.cond", x, [&](const Tensor& t) { return largest_sum(t, p); }));
}
void call_cond_named(Args& a) {
    std::string p(a.text(1));
    check<ValueError>(p == "fro" || p == "nuc", "linalg.cond: p must be a number, 'fro' or 'nuc', got '", p, "'.");
    a.ret(condition("linalg.cond", a.tensor(0), [&](const Tensor& t) {
        return p == "fro" ? norm(t, 2, {-2, -1}) : nuclear_norm("linalg.cond", t, {-2, -1}, false);
    }));
}

// ---- matrix_exp: Pade's approximant of degree 13 of A / 2^s, squared s times (Higham, 2005) ----
Tensor matrix_exp(const char* op, const Tensor& a) {
    check_square(op, a);
    if (a.numel() == 0) return clone(a);
    constexpr double b[] = {64764752532480000.,
                            32382376266240000.,
                            7771770303897600.,
                            1187353796428800.,
                            129060195264000.,
                            10559470521600.,
                            670442572800.,
                            33522128640.,
                            1323241920.,
                            40840800.,
                            960960.,
                            16380.,
                            182.,
                            1.};
    double size = number_value(amax(largest_sum(detach(a), 1)));
    int squarings = std::isfinite(size) && size > 5.37 ? static_cast<int>(std::ceil(std::log2(size / 5.37))) : 0;
    Tensor x = a * std::ldexp(1.0, -squarings), one = like_batch(a, unit_matrix(rows_of(a), a.dtype()));
    Tensor x2 = matmul(x, x), x4 = matmul(x2, x2), x6 = matmul(x4, x2);
    Tensor odd = matmul(x6, x6 * b[13] + x4 * b[11] + x2 * b[9]) + x6 * b[7] + x4 * b[5] + x2 * b[3] + one * b[1];
    Tensor even = matmul(x6, x6 * b[12] + x4 * b[10] + x2 * b[8]) + x6 * b[6] + x4 * b[4] + x2 * b[2] + one * b[0];
    odd = matmul(x, odd);
    Tensor y = solve(even - odd, even + odd);
    for (int i = 0; i < squarings; ++i) y = matmul(y, y);
    return y;
}

// ---- householder_product: the first columns of the product of (1 - tau v v^T) ----
Tensor householder_product(const char* op, const Tensor& a, const Tensor& tau) {
    check_matrices(op, a);
    int64_t m = rows_of(a), n = cols_of(a), k = tau.ndim() ? tau.size(tau.ndim() - 1) : -1;
    check<ValueError>(m >= n && k >= 0 && k <= n && tau.shape() == with_vector(a, k) && tau.dtype() == a.dtype(), op,
                      ": (..., m, n) reflectors with m >= n and (..., k) factors of one dtype with k <= n are "
                      "required, got ",
                      a.shape(), " and ", tau.shape(), ".");
    Tensor one = unit_matrix(m, a.dtype()), q = like_batch(a, narrow(one, -1, 0, n));
    for (int64_t j = k - 1; j >= 0; --j) {
        Tensor below = narrow(narrow(a, -1, j, 1), -2, j + 1, m - j - 1), top = narrow(one, -1, j, 1);
        Tensor v = like_batch(a, narrow(top, -2, 0, j + 1));
        v = cat({v, below}, -2);
        q = q - matmul(v * column(narrow(tau, -1, j, 1)), matmul(mT(v), q));
    }
    return q;
}

// ---- tensorinv, tensorsolve: matrices of grouped axes ----
Dims part_of(const Dims& shape, int from, int to) {
    Dims out;
    for (int d = from; d < to; ++d) out.push(shape[d]);
    return out;
}
void call_tensorinv(Args& a) {
    const Tensor& x = a.tensor(0);
    int64_t cut = a.integer(1, 2);
    check<ValueError>(cut > 0 && cut <= x.ndim(), "linalg.tensorinv: ind must be from 1 to the number of axes, got ",
                      cut, " for shape ", x.shape(), ".");
    Dims rows = part_of(x.shape(), 0, static_cast<int>(cut)),
         cols = part_of(x.shape(), static_cast<int>(cut), x.ndim());
    check<ValueError>(numel_of(rows) == numel_of(cols),
                      "linalg.tensorinv: the first ind axes must have as many elements as the others, got ", rows,
                      " and ", cols, ".");
    Dims shape = cols;
    for (int64_t size : rows) shape.push(size);
    a.ret(reshape(inv(reshape(x, {numel_of(rows), numel_of(cols)})), shape));
}
void call_tensorsolve(Args& a) {
    Tensor x = a.tensor(0);
    const Tensor& b = a.tensor(1);
    if (a.given(2)) {
        Dims from = a.ints(2), to;
        for (int i = 0; i < from.n; ++i) to.push(x.ndim() - from.n + i);
        x = movedim(x, from, to);
    }
    Dims shape = part_of(x.shape(), std::min(b.ndim(), x.ndim()), x.ndim());
    check<ValueError>(numel_of(shape) == b.numel() && x.numel() == b.numel() * b.numel(),
                      "linalg.tensorsolve: A must have B's elements and as many unknowns, got shapes ",
                      a.tensor(0).shape(), " and ", b.shape(), ".");
    check<TypeError>(is_floating(x.dtype()) && x.dtype() == b.dtype(),
                     "linalg.tensorsolve: A and B must have one floating dtype, got ", x.dtype(), " and ", b.dtype(),
                     ".");
    a.ret(reshape(solve(reshape(x, {b.numel(), b.numel()}), reshape(b, {b.numel(), 1})), shape));
}

// ---- cholesky_solve, cholesky_inverse ----
Tensor cholesky_solve(const char* op, const Tensor& b, const Tensor& factor, bool upper) {
    check_square(op, factor);
    check_matrices(op, b);
    check<ValueError>(b.dtype() == factor.dtype() && rows_of(b) == rows_of(factor), op,
                      ": B and the factor must have one dtype and as many rows, got ", b.shape(), " and ",
                      factor.shape(), ".");
    Dims batch = broadcast_shapes(op, batch_of(factor), batch_of(b));
    Tensor l = with_batch(upper ? mT(triu(factor)) : tril(factor), batch);
    return solve_triangular(mT(l), solve_triangular(l, with_batch(b, batch), false), true);
}

}  // namespace

const Register linalg_lu_solve_fn(
    {"linalg_lu_solve",
     kFunction,
     R"(Solution X of A X = B from the LU decomposition of A.

Args:
    LU, pivots: as linalg.lu_factor() gives them; (..., n, n) and (..., n).
    B: (..., n, k) tensor.
    left: False for X A = B.
    adjoint: A^T in place of A.

Returns:
    Tensor of B's shape (batch axes broadcast).

Example:
    >>> LU, pivots = chainrule.linalg.lu_factor(chainrule.tensor([[1., 2.], [4., 4.]]))
    >>> chainrule.linalg.lu_solve(LU, pivots, chainrule.tensor([[3.], [8.]]))
    tensor([[1.],
            [1.]])
)",
     {{"linalg_lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True, bool adjoint=False)", [](Args& a) {
           a.ret(lu_solve("linalg.lu_solve", a.tensor(0), a.tensor(1), a.tensor(2), a.flag(3, true), a.flag(4)));
       }}}});
const Register lu_solve_fn({"lu_solve",
                            kFunction | kMethod,
                            R"(Solution X of A X = B from the LU decomposition of A; see linalg.lu_solve().

Args:
    b: (..., n, k) tensor.
    LU_data, LU_pivots: as linalg.lu_factor() gives them.
)",
                            {{"lu_solve(Tensor b, Tensor LU_data, Tensor LU_pivots)", [](Args& a) {
                                  a.ret(lu_solve("lu_solve", a.tensor(1), a.tensor(2), a.tensor(0), true, false));
                              }}}});
const Register linalg_cond_fn({"linalg_cond",
                               kFunction,
                               R"(Condition number of matrices.

    |A| |A^-1|; for p = 2 the largest singular value over the smallest, for p = -2 the inverse of that

Args:
    A: (..., m, n) floating tensor; square unless p is 2, -2 or None.
    p: order of the matrix norm, as for linalg.matrix_norm(); None is 2.

Returns:
    (...,) tensor; inf for singular matrices.

Example:
    >>> chainrule.linalg.cond(chainrule.tensor([[4., 0.], [0., 2.]]))
    tensor(2.)
)",
                               {{"linalg_cond(Tensor A, Number p=None)", call_cond},
                                {"linalg_cond(Tensor A, str p)", call_cond_named}}});
namespace {
constexpr const char* kMatrixExpDoc = R"(Exponential of square matrices.

    e^A = sum over k of A^k / k!

Args:
    A: (..., n, n) floating tensor.

Returns:
    Tensor of the same shape.

Example:
    >>> chainrule.matrix_exp(chainrule.tensor([[0., 1.], [0., 0.]]))
    tensor([[1., 1.],
            [0., 1.]])

Source: Higham, "The scaling and squaring method for the matrix exponential revisited", 2005.
)";
}  // namespace
const Register linalg_matrix_exp_fn(
    {"linalg_matrix_exp", kFunction, kMatrixExpDoc, {{"linalg_matrix_exp(Tensor A)", [](Args& a) {
                                                          a.ret(matrix_exp("linalg.matrix_exp", a.tensor(0)));
                                                      }}}});
const Register matrix_exp_fn({"matrix_exp", kFunction | kMethod, kMatrixExpDoc, {{"matrix_exp(Tensor A)", [](Args& a) {
                                                                                      a.ret(matrix_exp(
                                                                                          "linalg.matrix_exp",
                                                                                          a.tensor(0)));
                                                                                  }}}});
const Register linalg_householder_product_fn({"linalg_householder_product",
                                              kFunction,
                                              R"(The first columns of a product of Householder reflections.

    H_1 H_2 ... H_k,  H_i = 1 - tau_i v_i v_i^T,  v_i: 0 above row i, 1 in it, below it column i of A

Args:
    A: (..., m, n) floating tensor, m >= n.
    tau: (..., k) tensor, k <= n.

Returns:
    (..., m, n) tensor.

Example:
    >>> chainrule.linalg.householder_product(chainrule.zeros(2, 1), chainrule.tensor([2.]))
    tensor([[-1.],
            [ 0.]])
)",
                                              {{"linalg_householder_product(Tensor A, Tensor tau)", [](Args& a) {
                                                    a.ret(householder_product("linalg.householder_product", a.tensor(0),
                                                                              a.tensor(1)));
                                                }}}});
const Register linalg_tensorinv_fn({"linalg_tensorinv",
                                    kFunction,
                                    R"(The inverse for tensordot: tensordot(tensorinv(A, ind), A, ind) is an identity.

Args:
    A: floating tensor; the product of the first `ind` sizes is that of the others.
    ind: how many axes count as rows.

Returns:
    Tensor with the other axes first.

Example:
    >>> chainrule.linalg.tensorinv(chainrule.eye(4).view(2, 2, 4)).shape
    chainrule.Size([4, 2, 2])
)",
                                    {{"linalg_tensorinv(Tensor A, int ind=2)", call_tensorinv}}});
const Register linalg_tensorsolve_fn({"linalg_tensorsolve",
                                      kFunction,
                                      R"(The X for which tensordot(A, X, X.ndim) is B.

Args:
    A: floating tensor of shape B.shape + X.shape, with as many elements of X as of B.
    B: tensor.
    dims: axes of A that are moved to the end first.

Returns:
    X.

Example:
    >>> chainrule.linalg.tensorsolve(chainrule.eye(4).view(2, 2, 4), chainrule.ones(2, 2))
    tensor([1., 1., 1., 1.])
)",
                                      {{"linalg_tensorsolve(Tensor A, Tensor B, ints dims=None)", call_tensorsolve}}});
const Register cholesky_solve_fn({"cholesky_solve",
                                  kFunction | kMethod,
                                  R"(Solution X of A X = B from the Cholesky factor of A.

    A = L L^T, or U^T U

Args:
    B: (..., n, k) tensor.
    L: (..., n, n) factor.
    upper: it is an upper triangle.

Example:
    >>> L = chainrule.linalg.cholesky(chainrule.tensor([[4., 2.], [2., 2.]]))
    >>> chainrule.cholesky_solve(chainrule.tensor([[6.], [4.]]), L)
    tensor([[1.],
            [1.]])
)",
                                  {{"cholesky_solve(Tensor B, Tensor L, bool upper=False)", [](Args& a) {
                                        a.ret(cholesky_solve("cholesky_solve", a.tensor(0), a.tensor(1), a.flag(2)));
                                    }}}});
const Register cholesky_inverse_fn({"cholesky_inverse",
                                    kFunction | kMethod,
                                    R"(Inverse of A from its Cholesky factor.

    A = L L^T, or U^T U

Args:
    L: (..., n, n) factor.
    upper: it is an upper triangle.

Example:
    >>> chainrule.cholesky_inverse(chainrule.tensor([[2., 0.], [0., 1.]]))
    tensor([[0.2500, 0.0000],
            [0.0000, 1.0000]])
)",
                                    {{"cholesky_inverse(Tensor L, bool upper=False)", [](Args& a) {
                                          const Tensor& l = a.tensor(0);
                                          check_square("cholesky_inverse", l);
                                          Tensor one = like_batch(l, unit_matrix(rows_of(l), l.dtype()));
                                          a.ret(cholesky_solve("cholesky_inverse", one, l, a.flag(1)));
                                      }}}});

}  // namespace chainrule
