// Linear algebra: the public functions, made of the decompositions.

#include <limits>
#include <string>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "ops/linalg.h"
#include "ops/matrices.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

double rounding_unit(const Tensor& t) { return t.dtype() == DType::Float64 ? 0x1p-52 : 0x1p-23; }
double default_rtol(const Tensor& t) {
    return rounding_unit(t) * static_cast<double>(rows_of(t) > cols_of(t) ? rows_of(t) : cols_of(t));
}

constexpr const char* kSvdFields[] = {"linalg_svd", "U", "S", "Vh", nullptr};
constexpr const char* kOldSvdFields[] = {"svd", "U", "S", "V", nullptr};
constexpr const char* kQrFields[] = {"linalg_qr", "Q", "R", nullptr};
constexpr const char* kEighFields[] = {"linalg_eigh", "eigenvalues", "eigenvectors", nullptr};
constexpr const char* kSlogdetFields[] = {"linalg_slogdet", "sign", "logabsdet", nullptr};
constexpr const char* kLstsqFields[] = {"linalg_lstsq", "solution", "residuals", "rank", "singular_values", nullptr};

// b is a vector (or a batch of vectors with a's batch axes) if its shape says so, as in PyTorch.
bool is_vector(const Tensor& a, const Tensor& b) {
    if (b.ndim() == 1) return true;
    Dims expected = a.shape();
    expected.n -= 1;
    return a.ndim() - 1 == b.ndim() && b.shape() == expected;
}

Tensor solve_checked(const char* op, const Tensor& a, const Tensor& b, bool left) {
    check_square(op, a);
    check_same_dtype(op, a, b);
    bool vector = left && is_vector(a, b);
    check<ValueError>(b.ndim() >= 1 && (vector || b.ndim() >= 2), op, ": B must be a vector or matrices, got shape ",
                      b.shape(), ".");
    Tensor rhs = vector ? unsqueeze(b, -1) : b;
    int64_t n = left ? rows_of(rhs) : cols_of(rhs);
    check<ValueError>(n == cols_of(a), op, ": A and B must fit, got shapes ", a.shape(), " and ", b.shape(), " (",
                      cols_of(a), " != ", n, ").");
    Dims batch = broadcast_shapes(op, batch_of(a), batch_of(rhs));
    Tensor wide_a = with_batch(a, batch), wide_b = with_batch(rhs, batch);
    if (!left) return transpose(solve(transpose(wide_a, -2, -1), transpose(wide_b, -2, -1)), -2, -1);
    Tensor x = solve(wide_a, wide_b);
    return vector ? squeeze(x, -1) : x;
}

Tensor triangular_checked(const char* op, const Tensor& a, const Tensor& b, bool upper, bool left, bool unit) {
    check_square(op, a);
    check_matrices(op, b);
    check_same_dtype(op, a, b);
    int64_t n = left ? rows_of(b) : cols_of(b);
    check<ValueError>(n == cols_of(a), op, ": A and B must fit, got shapes ", a.shape(), " and ", b.shape(), " (",
                      cols_of(a), " != ", n, ").");
    Dims batch = broadcast_shapes(op, batch_of(a), batch_of(b));
    Tensor wide_a = with_batch(a, batch), wide_b = with_batch(b, batch);
    if (left) return solve_triangular(wide_a, wide_b, upper, unit);
    return transpose(solve_triangular(transpose(wide_a, -2, -1), transpose(wide_b, -2, -1), !upper, unit), -2, -1);
}

Tensor cholesky_checked(const Tensor& a, bool upper) {
    if (upper) return transpose(cholesky(transpose(a, -2, -1)), -2, -1);
    return cholesky(a);
}

bool reads_upper(const Args& a, int i) {
    std::string text(a.text(i));
    check<ValueError>(text == "L" || text == "U" || text == "l" || text == "u", a.name,
                      ": UPLO must be 'L' or 'U', got '", text, "'.");
    return text == "U" || text == "u";
}

void call_qr(Args& a) {
    std::string mode(a.text(1));
    check<ValueError>(mode == "reduced" || mode == "complete" || mode == "r",
                      "linalg.qr: mode must be 'reduced', 'complete' or 'r', got '", mode, "'.");
    Qr d = qr(a.tensor(0), mode == "complete");
    if (mode == "r") d.q = empty({0}, d.r.dtype());
    a.ret_tuple({d.q, d.r}, kQrFields);
}

Tensor from_lower(const char* op, const Tensor& x) {
    check_square(op, x);
    return symmetric(x);
}

Tensor matrix_rank(const Args& a) {
    GradMode off(false);
    check_matrices("linalg.matrix_rank", a.tensor(0));
    Tensor x = a.flag(3) ? from_lower("linalg.matrix_rank", a.tensor(0)) : a.tensor(0);
    double atol = a.real(1, 0), rtol = a.real(2, a.given(1) && atol > 0 ? 0 : default_rtol(x));
    Tensor s = svdvals(detach(x));
    if (s.size(s.ndim() - 1) == 0) return sum(cast(s, DType::Int64), {-1});
    Tensor cut = amax(s, {-1}, true) * rtol;
    return sum(gt(s, maximum(cut, number(atol, cut))), {-1});
}

void call_lstsq(Args& a) {
    const Tensor &x = a.tensor(0), &y = a.tensor(1);
    check_matrices("linalg.lstsq", x);
    check_same_dtype("linalg.lstsq", x, y);
    bool vector = x.ndim() > 1 && y.ndim() == x.ndim() - 1;
    Tensor b = vector ? unsqueeze(y, -1) : y;
    check<ValueError>(b.ndim() >= 2 && rows_of(b) == rows_of(x),
                      "linalg.lstsq: A and B must have as many rows, got shapes ", x.shape(), " and ", y.shape(), ".");
    Dims batch = broadcast_shapes("linalg.lstsq", batch_of(x), batch_of(b));
    Tensor wide = with_batch(x, batch), right = with_batch(b, batch);
    LeastSquares d = least_squares(wide, right, a.real(2, default_rtol(x)));
    std::string_view driver = a.given(3) ? a.text(3) : "gelsy";
    Tensor residuals = empty({0}, x.dtype()), singular = empty({0}, x.dtype());
    bool determined = true;
    for (int64_t i = 0; i < d.rank.numel(); ++i) determined = determined && d.rank.data<int64_t>()[i] == cols_of(x);
    if (rows_of(x) > cols_of(x) && determined && driver != "gelsy")
        residuals = sum(square(matmul(wide, d.solution) - right), {-2});
    if (vector && residuals.ndim() > 1) residuals = squeeze(residuals, -1);
    if (driver == "gelsd" || driver == "gelss") singular = svdvals(detach(wide));
    Tensor solution = vector ? squeeze(d.solution, -1) : d.solution;
    Tensor rank = driver == "gels" ? empty({0}, DType::Int64) : d.rank;
    a.ret_tuple({solution, residuals, rank, singular}, kLstsqFields);
}

void call_svd(Args& a) {
    Svd d = svd(a.tensor(0), a.flag(1, true));
    a.ret_tuple({d.u, d.s, d.vh}, kSvdFields);
}

}  // namespace

constexpr const char* kInvDoc = R"(Inverse of square matrices.

    Y = A^-1,  dA = -Y^T dY Y^T

Args:
    input: (..., n, n) floating tensor.

Returns:
    Tensor of the same shape.

Raises:
    RuntimeError: for a singular matrix, with its number in the batch.

Example:
    >>> chainrule.linalg.inv(chainrule.tensor([[2., 2.], [0., 4.]]))
    tensor([[ 0.5000, -0.2500],
            [ 0.0000,  0.2500]])
)";
const Register linalg_inv_fn({"linalg_inv", kFunction, kInvDoc, {{"linalg_inv(Tensor input)", [](Args& a) {
                                                                      a.ret(inv(a.tensor(0)));
                                                                  }}}});
const Register inverse_fn({"inverse", kFunction | kMethod, kInvDoc, {{"inverse(Tensor input)", [](Args& a) {
                                                                          a.ret(inv(a.tensor(0)));
                                                                      }}}});
constexpr const char* kDetDoc = R"(Determinant of square matrices.

    d = det A,  dA = dd d A^-T  (the matrix of cofactors where d is 0)

Args:
    input: (..., n, n) floating tensor.

Returns:
    (...,) tensor.

Example:
    >>> chainrule.linalg.det(chainrule.tensor([[2., 1.], [0., 4.]]))
    tensor(8.)
)";
const Register linalg_det_fn({"linalg_det", kFunction, kDetDoc, {{"linalg_det(Tensor input)", [](Args& a) {
                                                                      a.ret(det(a.tensor(0)));
                                                                  }}}});
const Register det_fn({"det", kFunction | kMethod, kDetDoc, {{"det(Tensor input)", [](Args& a) {
                                                                  a.ret(det(a.tensor(0)));
                                                              }}}});
constexpr const char* kSlogdetDoc = R"(Sign and logarithm of the absolute value of the determinant, without overflow.

    dA = dlogabsdet A^-T

Args:
    input: (..., n, n) floating tensor.

Returns:
    Named tuple (sign, logabsdet); of a singular matrix 0 and -inf.

Example:
    >>> chainrule.linalg.slogdet(chainrule.tensor([[1., 0.], [0., -1.]])).sign
    tensor(-1.)
)";
const Register linalg_slogdet_fn(
    {"linalg_slogdet", kFunction, kSlogdetDoc, {{"linalg_slogdet(Tensor input)", [](Args& a) {
                                                     LogDet d = slogdet(a.tensor(0));
                                                     a.ret_tuple({d.sign, d.logabsdet}, kSlogdetFields);
                                                 }}}});
const Register slogdet_fn({"slogdet", kFunction | kMethod, kSlogdetDoc, {{"slogdet(Tensor input)", [](Args& a) {
                                                                              LogDet d = slogdet(a.tensor(0));
                                                                              a.ret_tuple({d.sign, d.logabsdet},
                                                                                          kSlogdetFields);
                                                                          }}}});
const Register logdet_fn(
    {"logdet",
     kFunction | kMethod,
     R"(Logarithm of the determinant of square matrices; NaN where that is negative, -inf where it is 0.

Args:
    input: (..., n, n) floating tensor.

Returns:
    (...,) tensor.

Example:
    >>> chainrule.logdet(chainrule.tensor([[1., 0.], [0., 1.]]))
    tensor(0.)
)",
     {{"logdet(Tensor input)", [](Args& a) {
           LogDet d = slogdet(a.tensor(0));
           Tensor bad = lt(detach(d.sign), number(0, d.sign));
           a.ret(where(bad, number(std::numeric_limits<double>::quiet_NaN(), d.logabsdet), d.logabsdet));
       }}}});
const Register linalg_solve_fn({"linalg_solve",
                                kFunction,
                                R"(Solution X of A X = B.

    dB = A^-T dX,  dA = -dB X^T

Args:
    A: (..., n, n) floating tensor.
    B: (..., n, k) tensor, or (..., n) for vectors: one axis, or A's shape without the last axis.
    left: False for X A = B.

Returns:
    Tensor of B's shape (batch axes broadcast).

Raises:
    RuntimeError: for a singular matrix, with its number in the batch.

Example:
    >>> chainrule.linalg.solve(chainrule.tensor([[2., 0.], [0., 4.]]), chainrule.tensor([1., 1.]))
    tensor([0.5000, 0.2500])
)",
                                {{"linalg_solve(Tensor A, Tensor B, *, bool left=True)", [](Args& a) {
                                      a.ret(solve_checked("linalg.solve", a.tensor(0), a.tensor(1), a.flag(2, true)));
                                  }}}});
const Register linalg_solve_triangular_fn(
    {"linalg_solve_triangular",
     kFunction,
     R"(Solution X of A X = B with a triangular A; the other triangle is not read.

    dB = A^-T dX,  dA = the triangle of -dB X^T

Args:
    input: A, a (..., n, n) floating tensor.
    B: (..., n, k) tensor.
    upper: whether A is an upper triangle.
    left: False for X A = B.
    unitriangular: the diagonal counts as 1 and is not read.

Returns:
    Tensor of B's shape (batch axes broadcast). A zero on the diagonal gives inf.

Example:
    >>> chainrule.linalg.solve_triangular(chainrule.tensor([[2., 1.], [0., 4.]]), chainrule.ones(2, 1), upper=True)
    tensor([[0.3750],
            [0.2500]])
)",
     {{"linalg_solve_triangular(Tensor input, Tensor B, *, bool upper, bool left=True, bool unitriangular=False)",
       [](Args& a) {
           a.ret(triangular_checked("linalg.solve_triangular", a.tensor(0), a.tensor(1), a.flag(2), a.flag(3, true),
                                    a.flag(4)));
       }}}});
const Register linalg_cholesky_fn(
    {"linalg_cholesky",
     kFunction,
     R"(Cholesky decomposition of symmetric positive definite matrices; one triangle is read.

    A = L L^T,  dA = sym(L^-T phi(L^T dL) L^-1),  phi: the lower triangle with half the diagonal

Args:
    input: (..., n, n) floating tensor.
    upper: return L^T, of the upper triangle.

Returns:
    Lower (or upper) triangular tensor of the input's shape.

Raises:
    RuntimeError: for a matrix that is not positive definite, with its number in the batch.

Example:
    >>> chainrule.linalg.cholesky(chainrule.tensor([[4., 2.], [2., 2.]]))
    tensor([[2., 0.],
            [1., 1.]])
)",
     {{"linalg_cholesky(Tensor input, *, bool upper=False)",
       [](Args& a) { a.ret(cholesky_checked(a.tensor(0), a.flag(1))); }}}});
const Register cholesky_fn(
    {"cholesky",
     kFunction | kMethod,
     R"(Cholesky decomposition of symmetric positive definite matrices: another name for linalg.cholesky().

Args:
    input: (..., n, n) floating tensor.
    upper: return the upper triangle.

Example:
    >>> chainrule.cholesky(chainrule.tensor([[4., 2.], [2., 2.]]))
    tensor([[2., 0.],
            [1., 1.]])
)",
     {{"cholesky(Tensor input, bool upper=False)", [](Args& a) { a.ret(cholesky_checked(a.tensor(0), a.flag(1))); }}}});
const Register linalg_qr_fn({"linalg_qr",
                             kFunction,
                             R"(QR decomposition: orthonormal columns times an upper triangle.

    A = Q R

Args:
    A: (..., m, n) floating tensor.
    mode: 'reduced' (Q is (m, k), k = min(m, n)), 'complete' (Q is (m, m)) or 'r' (Q is empty).

Returns:
    Named tuple (Q, R).

Example:
    >>> Q, R = chainrule.linalg.qr(chainrule.tensor([[3., 1.], [4., 2.]]))
    >>> chainrule.allclose(Q @ R, chainrule.tensor([[3., 1.], [4., 2.]]), atol=1e-5)
    True

Source: Roberts and Roberts, "QR and LQ decomposition matrix backpropagation algorithms", 2020 (gradient).
)",
                             {{"linalg_qr(Tensor A, str mode='reduced')", [](Args& a) { call_qr(a); }}}});
const Register qr_fn({"qr",
                      kFunction | kMethod,
                      R"(QR decomposition; see linalg.qr().

Args:
    input: (..., m, n) floating tensor.
    some: False for the complete Q.

Returns:
    Named tuple (Q, R).
)",
                      {{"qr(Tensor input, bool some=True)", [](Args& a) {
                            Qr d = qr(a.tensor(0), !a.flag(1, true));
                            a.ret_tuple({d.q, d.r}, kQrFields);
                        }}}});
const Register linalg_svd_fn({"linalg_svd",
                              kFunction,
                              R"(Singular value decomposition.

    A = U diag(S) Vh,  singular values from the largest to the smallest

The gradient through U and Vh is finite only where no two singular values are equal; that of S alone is U diag(dS) Vh.

Args:
    A: (..., m, n) floating tensor.
    full_matrices: U is (m, m) and Vh (n, n); else (m, k) and (k, n) with k = min(m, n).

Returns:
    Named tuple (U, S, Vh).

Raises:
    RuntimeError: if a matrix is not finite or the iteration doesn't converge, with the matrix's number in the batch.

Example:
    >>> chainrule.linalg.svd(chainrule.tensor([[3., 0.], [0., 4.]])).S
    tensor([4., 3.])

Source: Townsend, "Differentiating the singular value decomposition", 2016.
)",
                              {{"linalg_svd(Tensor A, bool full_matrices=True)", [](Args& a) { call_svd(a); }}}});
void values_alone(Args& a) {
    const Tensor& x = a.tensor(0);
    Tensor s = svdvals(x);
    int last = x.ndim() - 1;
    auto square = [&](int axis) {
        Dims shape = x.shape();
        shape[last - 1] = shape[last] = x.size(axis);
        return zeros(shape, x.dtype());
    };
    a.ret_tuple({square(last - 1), s, square(last)}, kOldSvdFields);
}

const Register svd_fn({"svd",
                       kFunction | kMethod,
                       R"(Singular value decomposition A = U diag(S) V^T; see linalg.svd(), which returns V^T.

Args:
    input: (..., m, n) floating tensor.
    some: False for the full U and V.
    compute_uv: False for the singular values alone; U and V are then square and zero.

Returns:
    Named tuple (U, S, V).

Example:
    >>> chainrule.svd(chainrule.tensor([[3., 0.], [0., 4.]])).S
    tensor([4., 3.])
)",
                       {{"svd(Tensor input, bool some=True, bool compute_uv=True)", [](Args& a) {
                             if (!a.flag(2, true)) return values_alone(a);
                             Svd d = svd(a.tensor(0), !a.flag(1, true));
                             a.ret_tuple({d.u, d.s, transpose(d.vh, -2, -1)}, kOldSvdFields);
                         }}}});
const Register linalg_svdvals_fn({"linalg_svdvals",
                                  kFunction,
                                  R"(Singular values, from the largest to the smallest.

    dA = U diag(dS) V^T

Args:
    A: (..., m, n) floating tensor.

Returns:
    (..., min(m, n)) tensor.

Example:
    >>> chainrule.linalg.svdvals(chainrule.tensor([[3., 0.], [0., 4.]]))
    tensor([4., 3.])
)",
                                  {{"linalg_svdvals(Tensor A)", [](Args& a) { a.ret(svdvals(a.tensor(0))); }}}});
const Register linalg_eigh_fn({"linalg_eigh",
                               kFunction,
                               R"(Eigenvalues and eigenvectors of symmetric matrices; one triangle is read.

    A = V diag(w) V^T,  dA = V (diag(dw) + (V^T dV) / E) V^T,  E_ij = w_j - w_i

Args:
    A: (..., n, n) floating tensor.
    UPLO: 'L' reads the lower triangle, 'U' the upper one.

Returns:
    Named tuple (eigenvalues, eigenvectors): rising values, vectors as columns.

Example:
    >>> chainrule.linalg.eigh(chainrule.tensor([[2., 0.], [0., 1.]])).eigenvalues
    tensor([1., 2.])
)",
                               {{"linalg_eigh(Tensor A, str UPLO='L')", [](Args& a) {
                                     Eigh d = eigh(a.tensor(0), reads_upper(a, 1));
                                     a.ret_tuple({d.values, d.vectors}, kEighFields);
                                 }}}});
const Register linalg_eigvalsh_fn({"linalg_eigvalsh",
                                   kFunction,
                                   R"(Eigenvalues of symmetric matrices, rising; one triangle is read.

    dA = V diag(dw) V^T

Args:
    A: (..., n, n) floating tensor.
    UPLO: 'L' reads the lower triangle, 'U' the upper one.

Returns:
    (..., n) tensor.

Example:
    >>> chainrule.linalg.eigvalsh(chainrule.tensor([[2., 0.], [0., 1.]]))
    tensor([1., 2.])
)",
                                   {{"linalg_eigvalsh(Tensor A, str UPLO='L')",
                                     [](Args& a) { a.ret(eigh(a.tensor(0), reads_upper(a, 1)).values); }}}});
const Register linalg_lstsq_fn(
    {"linalg_lstsq",
     kFunction,
     R"(Least squares: the X for which |A X - B| is least, and of those the smallest.

    X = A^+ B

Args:
    A: (..., m, n) floating tensor.
    B: (..., m, k) tensor, or (..., m) for vectors.
    rcond: what counts as rank: relative to the largest; None for the rounding unit times max(m, n).
    driver: what is given, by the names of LAPACK's drivers: 'gelsy' (the default) the rank; 'gels' the residuals;
        'gelsd' and 'gelss' both and the singular values. The solution is always that of gelsy.

Returns:
    Named tuple (solution, residuals, rank, singular_values); residuals, the squared length of each column of A X - B, only
    where m > n and the rank is full. What is not given is empty.
)",
     {{"linalg_lstsq(Tensor A, Tensor B, float rcond=None, *, str driver=None)", [](Args& a) {
           check<ValueError>(!a.given(3) || a.text(3).substr(0, 4) == "gels",
                             "linalg.lstsq: driver must be None, 'gelsy', 'gelsd', 'gelss' or 'gels', got '",
                             std::string(a.text(3)), "'.");
           call_lstsq(a);
       }}}});
const Register linalg_pinv_fn({"linalg_pinv",
                               kFunction,
                               R"(Pseudo-inverse (Moore and Penrose).

    A^+ = V diag(1/s) U^T over the singular values above max(atol, rtol max s)

Args:
    input: (..., m, n) floating tensor.
    atol, rtol: bounds below which a singular value counts as 0; by default 0 and the rounding unit times max(m, n).
    hermitian: the matrices are symmetric; the lower triangle is read.

Returns:
    (..., n, m) tensor.

Example:
    >>> chainrule.linalg.pinv(chainrule.tensor([[2., 0.], [0., 0.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])

Source: Golub and Pereyra, "The differentiation of pseudo-inverses", 1973 (gradient).
)",
                               {{"linalg_pinv(Tensor input, *, float atol=None, float rtol=None, bool hermitian=False)",
                                 [](Args& a) {
                                     check_matrices("linalg.pinv", a.tensor(0));
                                     double atol = a.real(1, 0);
                                     Tensor x = a.flag(3) ? from_lower("linalg.pinv", a.tensor(0)) : a.tensor(0);
                                     a.ret(pinv(x, a.real(2, atol > 0 ? 0 : default_rtol(x)), atol));
                                 }}}});
const Register pinverse_fn({"pinverse",
                            kFunction | kMethod,
                            R"(Pseudo-inverse (Moore and Penrose).

    A^+ = V diag(1/s) U^T over the singular values above max(atol, rtol max s)

Args:
    input: (..., m, n) floating tensor.
    atol, rtol: bounds below which a singular value counts as 0; by default 0 and the rounding unit times max(m, n).

Returns:
    (..., n, m) tensor.

Example:
    >>> chainrule.pinverse(chainrule.tensor([[2., 0.], [0., 0.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])

Source: Golub and Pereyra, "The differentiation of pseudo-inverses", 1973 (gradient).
)",
                            {{"pinverse(Tensor input, float atol=None, float rtol=None)", [](Args& a) {
                                  check_matrices("linalg.pinv", a.tensor(0));
                                  double atol = a.real(1, 0);
                                  a.ret(pinv(a.tensor(0), a.real(2, atol > 0 ? 0 : default_rtol(a.tensor(0))), atol));
                              }}}});
const Register linalg_matrix_rank_fn(
    {"linalg_matrix_rank",
     kFunction | kNoGradient,
     R"(Rank: the number of singular values above max(atol, rtol max s).

Args:
    A: (..., m, n) floating tensor.
    atol, rtol: bounds below which a singular value counts as 0; by default 0 and the rounding unit times max(m, n).

Returns:
    (...,) int64 tensor.

Example:
    >>> chainrule.linalg.matrix_rank(chainrule.ones(2, 2))
    tensor(1)
)",
     {{"linalg_matrix_rank(Tensor A, *, float atol=None, float rtol=None, bool hermitian=False)",
       [](Args& a) { a.ret(matrix_rank(a)); }}}});
}  // namespace chainrule
