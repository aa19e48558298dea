// The LU decomposition with row exchanges, packed into one matrix and taken apart again.

#include <algorithm>
#include <vector>

#include "kernels/lapack.h"
#include "ops/linalg.h"
#include "ops/matrices.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

constexpr const char* kLuFields[] = {"linalg_lu", "P", "L", "U", nullptr};
constexpr const char* kLuFactorFields[] = {"linalg_lu_factor", "LU", "pivots", nullptr};
constexpr const char* kUnpackFields[] = {"lu_unpack", "P", "L", "U", nullptr};

// ---- the rows of A that the pivots exchange: P with A = P L U ----
const OpDef permutation_op = {
    .name = "lu_unpack",
    .grad_name = nullptr,
    .infer =
        [](InferCtx& c) {
            int64_t m = rows_of(c.input(0));
            c.set(0, with_matrix(c.input(0), m, m), c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor pivots = contiguous_data(c.input(1)), out = c.out();
            int64_t m = rows_of(out), k = pivots.size(pivots.ndim() - 1);
            zero_data(out);
            each_matrix(out, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                const int32_t* swaps = pivots.data<int32_t>() + i * k;
                T* p = out.data<T>() + i * m * m;
                std::vector<int64_t> order(static_cast<size_t>(m));
                for (int64_t j = 0; j < m; ++j) order[static_cast<size_t>(j)] = j;
                for (int64_t j = 0; j < k; ++j)
                    std::swap(order[static_cast<size_t>(j)], order[static_cast<size_t>(swaps[j] - 1)]);
                for (int64_t j = 0; j < m; ++j) p[order[static_cast<size_t>(j)] * m + j] = T(1);
            });
        },
};

}  // namespace

Tensor permutation(const Tensor& lu, const Tensor& pivots) { return run(permutation_op, detach(lu), pivots); }

Tensor checked_pivots(const char* op, const Tensor& lu, const Tensor& pivots) {
    check_matrices(op, lu);
    Dims expected = with_vector(lu, least(rows_of(lu), cols_of(lu)));
    check<ValueError>(is_integral(pivots.dtype()) && pivots.dtype() != DType::Bool && pivots.shape() == expected, op,
                      ": pivots must be integers of shape ", expected, ", got ", pivots.dtype(), " of shape ",
                      pivots.shape(), ". They are made by linalg.lu_factor().");
    Tensor rows = contiguous_data(cast(pivots, DType::Int64));
    for (int64_t i = 0; i < rows.numel(); ++i) {
        int64_t row_number = rows.data<int64_t>()[i];
        check<ValueError>(row_number >= 1 && row_number <= rows_of(lu), op, ": pivots must lie in 1 to ", rows_of(lu),
                          ", got ", row_number, ".");
    }
    return cast(rows, DType::Int32);
}

namespace {

struct Parts {
    Tensor l, u;
};

// L is (m, k) with ones on its diagonal, U (k, n), k = min(m, n).
Parts parts_of(const Tensor& lu) {
    int64_t m = rows_of(lu), n = cols_of(lu), k = least(m, n);
    Tensor one = unit_matrix(k, lu.dtype());
    Tensor below = tril(narrow(lu, -1, 0, k), -1);
    Tensor l = m > k ? cat({narrow(below, -2, 0, k) + one, narrow(below, -2, k, m - k)}, -2) : below + one;
    return {l, triu(narrow(lu, -2, 0, k), 0)};
}

// With G the gradient of the packed matrix, dL its part below the diagonal, dU the rest, for square matrices:
//   dA = P L^-T (tril(L^T dL, -1) + triu(dU U^T)) U^-T
// The columns of a wide matrix beyond the square are A2 = P L U2: dA2 = P L^-T dU2, and dL loses L^-T dU2 U2^T.
// The rows of a tall one are L2 = A2 U^-1: dA2 = dL2 U^-T, and dU loses L2^T dL2 U^-T.
void vjp_lu(VjpCtx& c) {
    Tensor lu = c.output(0), g = c.grad(0);
    int64_t m = rows_of(lu), n = cols_of(lu), k = least(m, n);
    Tensor square = narrow(narrow(lu, -2, 0, k), -1, 0, k);
    Tensor inner = narrow(narrow(g, -2, 0, k), -1, 0, k);
    Tensor lower = tril(square, -1) + unit_matrix(k, lu.dtype()), upper = triu(square, 0);
    Tensor lower_t = mT(lower);
    auto by_lower = [&](const Tensor& t) { return solve_triangular(lower_t, t, true, true); };  // L^-T t
    auto by_upper = [&](const Tensor& t) { return mT(solve_triangular(upper, mT(t), true)); };  // t U^-T
    Tensor dl = tril(inner, -1), du = triu(inner, 0), beyond;
    if (n > k) {
        Tensor u2 = narrow(lu, -1, k, n - k);
        beyond = by_lower(narrow(g, -1, k, n - k));
        dl = tril(dl - matmul(beyond, mT(u2)), -1);
    } else if (m > k) {
        Tensor l2 = narrow(lu, -2, k, m - k);
        beyond = by_upper(narrow(g, -2, k, m - k));
        du = triu(du - matmul(mT(l2), beyond), 0);
    }
    Tensor middle = tril(matmul(lower_t, dl), -1) + triu(matmul(du, mT(upper)), 0);
    Tensor da = by_upper(by_lower(middle));
    if (n > k) da = cat({da, beyond}, -1);
    if (m > k) da = cat({da, beyond}, -2);
    c.set(0, matmul(permutation(lu, c.output(1)), da));
}

const OpDef lu_factor_op = {
    .name = "linalg.lu_factor",
    .grad_name = "LinalgLuFactorExBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_matrices(c.op.name, a);
            c.set(0, a.shape(), a.dtype());
            c.set(1, with_vector(a, least(rows_of(a), cols_of(a))), DType::Int32);
        },
    .eval =
        [](EvalCtx& c) {
            Tensor a = c.input(0), work = columns_of(a), pivots = c.out(1);
            int64_t m = rows_of(a), n = cols_of(a), k = least(m, n);
            each_matrix(a, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                std::vector<int> exchanged(static_cast<size_t>(k + 1));
                kernels::lu(m, n, work.data<T>() + i * m * n, exchanged.data());
                for (int64_t j = 0; j < k; ++j) pivots.data<int32_t>()[i * k + j] = exchanged[static_cast<size_t>(j)];
            });
            copy_data(c.out(0), flipped(work));
        },
    .vjp = vjp_lu,
    .save_output = {1, 1},
};

struct Packed {
    Tensor lu, pivots;
};

Packed lu_factor(const Tensor& a) {
    Tensor out[2];
    dispatch(lu_factor_op, &a, 1, nullptr, out, 2);
    return {out[0], out[1]};
}

void only_pivoted(Args& a, size_t at) {
    check<ValueError>(a.flag(at, true), a.name,
                      ": without row exchanges there is no LU decomposition here. Leave pivot=True.");
}

void call_unpack(Args& a) {
    const Tensor& lu = a.tensor(0);
    Tensor pivots = checked_pivots(a.name, lu, a.tensor(1));
    Parts parts = parts_of(lu);
    a.ret_tuple({permutation(lu, pivots), parts.l, parts.u}, kUnpackFields);
}

// For each matrix the number, from 1, of the first zero on U's diagonal; 0 where there is none.
Tensor first_zero_pivots(const Tensor& packed) {
    Tensor lu = contiguous(packed);
    int64_t cols = lu.size(lu.ndim() - 1), k = std::min(lu.size(lu.ndim() - 2), cols);
    int64_t matrix = lu.size(lu.ndim() - 2) * cols;
    Dims batch = lu.shape();
    batch.n -= 2;
    Tensor infos = empty(batch, DType::Int32);
    visit_floating(lu.dtype(), [&](auto zero) {
        using T = decltype(zero);
        for (int64_t b = 0; b < infos.numel(); ++b) {
            const T* u = lu.data<T>() + b * matrix;
            int64_t i = 0;
            while (i < k && u[i * (cols + 1)] != 0) ++i;
            infos.data<int32_t>()[b] = i < k ? static_cast<int32_t>(i + 1) : 0;
        }
    });
    return infos;
}

// What is packed is there to solve with: a zero on U's diagonal is an error, as PyTorch's.
void give_factors(Args& a, const char* name, const Packed& packed) {
    Tensor infos = first_zero_pivots(packed.lu);
    for (int64_t i = 0; i < infos.numel(); ++i)
        if (infos.data<int32_t>()[i] != 0)
            no_result(name, "has a zero on the diagonal of U, so nothing can be solved with it (see linalg.lu)",
                      a.tensor(0), i);
    a.ret_tuple({packed.lu, packed.pivots}, kLuFactorFields);
}

void call_lu_factor(Args& a) {
    only_pivoted(a, 1);
    give_factors(a, lu_factor_op.name, lu_factor(a.tensor(0)));
}

void call_lu(Args& a) {
    only_pivoted(a, 1);
    Packed packed = lu_factor(a.tensor(0));
    if (a.flag(2)) a.ret_tuple({packed.lu, packed.pivots, first_zero_pivots(packed.lu)});
    else give_factors(a, a.name, packed);
}
}  // namespace

const Register linalg_lu_factor_fn(
    {"linalg_lu_factor",
     kFunction,
     R"(LU decomposition with row exchanges, packed: U on and above the diagonal, L below.

    A = P L U

Args:
    A: (..., m, n) floating tensor.
    pivot: True; there is none without row exchanges.

Returns:
    Named tuple (LU, pivots): row i was exchanged with row pivots[i] - 1, one after the other (int32).

Raises:
    RuntimeError: for a matrix with a zero on the diagonal of U, with its number in the batch. linalg.lu() takes it.

Example:
    >>> LU, pivots = chainrule.linalg.lu_factor(chainrule.tensor([[1., 2.], [2., 2.]]))
    >>> LU, pivots
    (tensor([[2.0000, 2.0000],
            [0.5000, 1.0000]]), tensor([2, 2], dtype=chainrule.int32))

Source: Golub and Van Loan, "Matrix Computations", 3.4; the gradient follows from dA = P (dL U + L dU).
)",
     {{"linalg_lu_factor(Tensor A, *, bool pivot=True)", call_lu_factor}}});
const Register linalg_lu_fn({"linalg_lu",
                             kFunction,
                             R"(LU decomposition with row exchanges: A = P L U.

Args:
    A: (..., m, n) floating tensor.
    pivot: True; there is none without row exchanges.

Returns:
    Named tuple (P, L, U): a permutation (m, m), lower triangle (m, k) with ones on its diagonal, upper triangle (k, n).

Example:
    >>> P, L, U = chainrule.linalg.lu(chainrule.tensor([[1., 2.], [2., 2.]]))
    >>> P @ L @ U
    tensor([[1., 2.],
            [2., 2.]])
)",
                             {{"linalg_lu(Tensor A, *, bool pivot=True)", [](Args& a) {
                                   only_pivoted(a, 1);
                                   Packed packed = lu_factor(a.tensor(0));
                                   Parts parts = parts_of(packed.lu);
                                   a.ret_tuple({permutation(packed.lu, packed.pivots), parts.l, parts.u}, kLuFields);
                               }}}});
const Register lu_fn({"lu",
                      kFunction | kMethod,
                      R"(LU decomposition, packed; the older name of linalg.lu_factor().

Args:
    pivot: True; there is none without row exchanges.
    get_infos: gives for each matrix also the number, from 1, of the first zero on the diagonal of U, or 0.

Returns:
    Named tuple (LU, pivots), or with infos a tuple of three.

Raises:
    RuntimeError: without infos, for a matrix with a zero on the diagonal of U, with its number in the batch.
)",
                      {{"lu(Tensor input, bool pivot=True, bool get_infos=False)", call_lu}}});
const Register lu_unpack_fn({"lu_unpack",
                             kFunction,
                             R"(P, L and U of a packed LU decomposition.

Args:
    LU_data: (..., m, n), the first result of linalg.lu_factor().
    LU_pivots: (..., min(m, n)), the second one.

Returns:
    Named tuple (P, L, U).

Raises:
    ValueError: pivots that do not fit the matrix.

Example:
    >>> A = chainrule.tensor([[1., 2.], [2., 2.]])
    >>> P, L, U = chainrule.lu_unpack(*A.lu())
    >>> L
    tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]])
)",
                             {{"lu_unpack(Tensor LU_data, Tensor LU_pivots)", call_unpack}}});
}  // namespace chainrule
