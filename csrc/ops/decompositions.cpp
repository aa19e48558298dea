// The operations that LAPACK computes, with their gradients: linalg.cpp makes the public functions of them.
//
// Matrices are brought into LAPACK's order (by columns) by a copy; batches are a loop. Gradient rules are written in
// operations, so they can be differentiated again.
// Source of the rules: Giles, "Collected matrix derivative results for forward and reverse mode AD", 2008; PyTorch's notes.

#include <cmath>
#include <vector>

#include "autograd/grad_mode.h"
#include "kernels/blas.h"
#include "kernels/lapack.h"
#include "ops/linalg.h"
#include "ops/matrices.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"

namespace chainrule {

void check_matrices(const char* op, const Tensor& a) {
    check<ValueError>(a.ndim() >= 2, op, ": a matrix or a batch of matrices is required, got shape ", a.shape(), ".");
    check<TypeError>(is_floating(a.dtype()), op, ": the input must be floating, got ", a.dtype(),
                     ". Convert it with .float().");
    check<ValueError>(kernels::blas_fits(a.size(a.ndim() - 1)) && kernels::blas_fits(a.size(a.ndim() - 2)), op,
                      ": matrix dimensions must be below 2^31, got ", a.shape(), ".");
}

void check_square(const char* op, const Tensor& a) {
    check_matrices(op, a);
    check<ValueError>(a.size(a.ndim() - 1) == a.size(a.ndim() - 2), op, ": square matrices are required, got shape ",
                      a.shape(), ".");
}

// ---- inv: Y = A^-1, dA = -Y^T dY Y^T ----
namespace {
const OpDef inv_op = {
    .name = "linalg.inv",
    .grad_name = "LinalgInvExBackward0",
    .infer =
        [](InferCtx& c) {
            check_square(c.op.name, c.input(0));
            c.set(0, c.input(0).shape(), c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor a = c.input(0), work = columns_of(a);
            int64_t n = rows_of(a);
            std::vector<int> pivots(static_cast<size_t>(n));
            each_matrix(a, [&](auto zero, int64_t i) {
                auto* m = work.data<decltype(zero)>() + i * n * n;
                bool ok = kernels::lu(n, n, m, pivots.data()) == 0 && kernels::inverse_of_lu(n, m, pivots.data()) == 0;
                if (!ok) no_result(c.op.name, "is singular and has no inverse", a, i);
            });
            copy_data(c.out(), flipped(work));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor y = mT(c.output());
            c.set(0, neg(matmul(matmul(y, c.grad()), y)));
        },
    .save_output = {1},
};

// X of A X = B: the kernels read both as matrices of one floating type.
void infer_solution(InferCtx& c) {
    check_square(c.op.name, c.input(0));
    check_same_dtype(c.op.name, c.input(0), c.input(1));
    c.set(0, c.input(1).shape(), c.input(1).dtype());
}

// ---- solve: A X = B, dB = A^-T dX, dA = -dB X^T ----
const OpDef solve_op = {
    .name = "linalg.solve",
    .grad_name = "LinalgSolveExBackward0",
    .infer = infer_solution,
    .eval =
        [](EvalCtx& c) {
            Tensor a = c.input(0), work = columns_of(a), x = columns_of(c.input(1));
            int64_t n = rows_of(a), k = cols_of(c.input(1));
            std::vector<int> pivots(static_cast<size_t>(n));
            each_matrix(a, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                T* m = work.data<T>() + i * n * n;
                if (kernels::lu(n, n, m, pivots.data()) != 0)
                    no_result(c.op.name, "is singular, so there is no single solution", a, i);
                kernels::solve_lu(n, k, m, pivots.data(), x.data<T>() + i * n * k);
            });
            copy_data(c.out(), flipped(x));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor db = solve(mT(c.input(0)), c.grad());
            if (c.wants(0)) c.set(0, neg(matmul(db, mT(c.output()))));
            c.set(1, db);
        },
    .save_input = {3},
    .save_output = {1},
};

// ---- solve_triangular: the same with a triangular A ----
struct TriangleAttrs {
    bool upper, unit;
    void visit(AttrVisitor& v) const {
        v("upper", upper);
        v("unit", unit);
    }
};
const OpDef solve_triangular_op = {
    .name = "linalg.solve_triangular",
    .grad_name = "LinalgSolveTriangularBackward0",
    .infer = infer_solution,
    .eval =
        [](EvalCtx& c) {
            TriangleAttrs at = c.attr<TriangleAttrs>();
            Tensor a = contiguous_data(c.input(0)), x = c.out();
            copy_data(x, c.input(1));
            int64_t n = rows_of(a), k = cols_of(x);
            if (x.numel() == 0) return;
            each_matrix(a, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                kernels::solve_triangular(at.upper, at.unit, n, k, a.data<T>() + i * n * n, x.data<T>() + i * n * k);
            });
        },
    .vjp =
        [](VjpCtx& c) {
            TriangleAttrs at = c.attr<TriangleAttrs>();
            Tensor db = solve_triangular(mT(c.input(0)), c.grad(), !at.upper, at.unit);
            if (c.wants(0)) {
                Tensor da = neg(matmul(db, mT(c.output())));
                c.set(0, at.upper ? triu(da, at.unit) : tril(da, -static_cast<int64_t>(at.unit)));
            }
            c.set(1, db);
        },
    .save_input = {3},
    .save_output = {1},
    .attr_bytes = sizeof(TriangleAttrs),
    .describe = describe_attrs<TriangleAttrs>,
};

// ---- det and slogdet, from an LU decomposition ----
template <class T> struct SignLog {
    T sign = 1, log = 0, product = 1;
};
template <class T> SignLog<T> determinant(T* a, int64_t n, std::vector<int>& pivots) {
    SignLog<T> out;
    kernels::lu(n, n, a, pivots.data());
    for (int64_t j = 0; j < n; ++j) {
        T d = a[j * n + j];
        bool swapped = pivots[static_cast<size_t>(j)] != j + 1;
        out.product *= swapped ? -d : d;
        out.sign *= swapped ? -T(1) : T(1);
        out.sign *= d > 0 ? T(1) : d < 0 ? -T(1) : d;  // 0 and NaN stay
        out.log += std::log(std::abs(d));
    }
    return out;
}

bool all_nonzero(const Tensor& t) {
    Tensor out = empty({}, DType::Bool);
    reduce_into(kernels::Reduce::All, t, (1u << t.ndim()) - 1, out);
    return *out.data<bool>();
}

// The matrix of cofactors, also of a singular matrix: det(U) det(V^T) U diag(products of the other singular values) V^T.
Tensor cofactors(const Tensor& a) {
    Svd d = svd(a);
    int64_t n = rows_of(a);
    Tensor one = unit_matrix(n, DType::Bool);
    Tensor others = prod(where(one, number(1, d.s), row(d.s)), {-1});
    Tensor sign = detach(det(detach(d.u)) * det(detach(d.vh)));
    return matmul(d.u * row(others), d.vh) * column(column(sign));
}

const OpDef det_op = {
    .name = "linalg.det",
    .grad_name = "LinalgDetBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_square(c.op.name, a);
            Dims shape = a.shape();
            shape.n -= 2;
            c.set(0, shape, a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor work = columns_of(c.input(0));
            int64_t n = rows_of(work);
            std::vector<int> pivots(static_cast<size_t>(n));
            each_matrix(work, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                c.out().data<T>()[i] = determinant(work.data<T>() + i * n * n, n, pivots).product;
            });
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor a = c.input(0), d = c.output();
            const Tensor& g = c.grad();
            if (!all_nonzero(d)) c.set(0, column(column(g)) * cofactors(a));
            else c.set(0, column(column(g * d)) * mT(inv(a)));
        },
    .save_input = {1},
    .save_output = {1},
};

const OpDef slogdet_op = {
    .name = "linalg.slogdet",
    .grad_name = "LinalgSlogdetBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_square(c.op.name, a);
            Dims shape = a.shape();
            shape.n -= 2;
            for (int k = 0; k < 2; ++k) c.set(k, shape, a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor work = columns_of(c.input(0));
            int64_t n = rows_of(work);
            std::vector<int> pivots(static_cast<size_t>(n));
            each_matrix(work, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                SignLog<T> d = determinant(work.data<T>() + i * n * n, n, pivots);
                c.out(0).data<T>()[i] = d.sign;
                c.out(1).data<T>()[i] = d.log;
            });
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor a = c.input(0);
            if (c.has_grad(1)) c.set(0, column(column(c.grad(1))) * mT(inv(a)));
            else c.set(0, zeros_like(a));
        },
    .save_input = {1},
};

// ---- cholesky: A = L L^T; dA = the symmetric part of L^-T phi(L^T dL) L^-1, phi: lower triangle, half the diagonal ----
const OpDef cholesky_op = {
    .name = "linalg.cholesky",
    .grad_name = "LinalgCholeskyExBackward0",
    .infer =
        [](InferCtx& c) {
            check_square(c.op.name, c.input(0));
            c.set(0, c.input(0).shape(), c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor a = c.input(0), work = columns_of(a);
            int64_t n = rows_of(a);
            each_matrix(a, [&](auto zero, int64_t i) {
                if (kernels::cholesky(n, work.data<decltype(zero)>() + i * n * n) != 0)
                    no_result(c.op.name, "is not positive definite", a, i);
            });
            GradMode off(false);
            copy_data(c.out(), tril(flipped(work)));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor l = c.output(), x = tril(matmul(mT(l), c.grad()));
            Tensor phi = x - diag_embed(diagonal(x, 0, -2, -1)) * 0.5;
            Tensor y = solve_triangular(mT(l), phi, true);
            Tensor s = solve_triangular(mT(l), mT(y), true);
            c.set(0, (s + mT(s)) * 0.5);
        },
    .save_output = {1},
};

// ---- qr: A = Q R ----
struct QrAttrs {
    bool complete;
    void visit(AttrVisitor& v) const { v("complete", complete); }
};

// dA = (dQ + Q copyltu(M)) R^-T with M = R dR^T - dQ^T Q, copyltu: the lower triangle mirrored. For m >= n.
Tensor qr_grad(const Tensor& q, const Tensor& r, const Tensor& dq, const Tensor& dr) {
    Tensor m = matmul(r, mT(dr)) - matmul(mT(dq), q);
    Tensor lower = tril(m, -1);
    Tensor rhs = dq + matmul(q, lower + mT(lower) + diag_embed(diagonal(m, 0, -2, -1)));
    return mT(solve_triangular(r, mT(rhs), true));
}

void vjp_qr(VjpCtx& c) {
    Tensor q = c.output(0), r = c.output(1);
    int64_t m = rows_of(q), k = cols_of(q), n = cols_of(r);
    check<RuntimeError>(!c.attr<QrAttrs>().complete || m <= n,
                        "linalg.qr: there is no gradient for mode 'complete' with more rows than columns: Q's last "
                        "columns are arbitrary. Use mode 'reduced'.");
    Tensor dq = c.has_grad(0) ? c.grad(0) : zeros_like(detach(q)),
           dr = c.has_grad(1) ? c.grad(1) : zeros_like(detach(r));
    if (m >= n) {
        c.set(0, qr_grad(q, r, dq, dr));
        return;
    }
    // A = Q [U V], A = [X Y]: V = Q^T Y.
    Tensor y = narrow(c.input(0), -1, k, n - k), dv = narrow(dr, -1, k, n - k);
    Tensor dx = qr_grad(q, narrow(r, -1, 0, k), dq + matmul(y, mT(dv)), narrow(dr, -1, 0, k));
    c.set(0, cat({dx, matmul(q, dv)}, -1));
}

const OpDef qr_op = {
    .name = "linalg.qr",
    .grad_name = "LinalgQrBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_matrices(c.op.name, a);
            int64_t m = rows_of(a), n = cols_of(a), k = c.attr<QrAttrs>().complete ? m : least(m, n);
            c.set(0, with_matrix(a, m, k), a.dtype());
            c.set(1, with_matrix(a, k, n), a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor a = c.input(0), work = columns_of(a), q = columns_of(c.out(0)), r = columns_of(c.out(1));
            int64_t m = rows_of(a), n = cols_of(a), k = cols_of(c.out(0)), reflectors = least(m, n);
            zero_data(q);
            each_matrix(a, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                T *from = work.data<T>() + i * m * n, *to = q.data<T>() + i * m * k, *up = r.data<T>() + i * k * n;
                std::vector<T> tau(static_cast<size_t>(reflectors + 1));
                kernels::qr(m, n, from, tau.data());
                for (int64_t j = 0; j < n; ++j)
                    for (int64_t l = 0; l < k; ++l) up[j * k + l] = l <= j ? from[j * m + l] : T(0);
                for (int64_t j = 0; j < m * least(n, k); ++j) to[j] = from[j];
                kernels::q_of_reflectors(m, k, reflectors, to, tau.data());
            });
            copy_data(c.out(0), flipped(q));
            copy_data(c.out(1), flipped(r));
        },
    .vjp = vjp_qr,
    .save_input = {1},
    .save_output = {1, 1},
    .attr_bytes = sizeof(QrAttrs),
    .describe = describe_attrs<QrAttrs>,
};
}  // namespace

Tensor inv(const Tensor& a) { return run(inv_op, a); }
Tensor solve(const Tensor& a, const Tensor& b) { return run(solve_op, a, b); }
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool unit) {
    return run_with(solve_triangular_op, TriangleAttrs{upper, unit}, a, b);
}
Tensor det(const Tensor& a) { return run(det_op, a); }
LogDet slogdet(const Tensor& a) {
    Tensor out[2];
    dispatch(slogdet_op, &a, 1, nullptr, out, 2);
    return {out[0], out[1]};
}
Tensor cholesky(const Tensor& a) { return run(cholesky_op, a); }
Qr qr(const Tensor& a, bool complete) {
    Tensor out[2];
    QrAttrs attrs{complete};
    dispatch(qr_op, &a, 1, &attrs, out, 2);
    return {out[0], out[1]};
}

}  // namespace chainrule
