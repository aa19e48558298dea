// The operations that LAPACK computes, with their gradients: linalg.cpp makes the public functions of them.
//
// Matrices are brought into LAPACK's order (by columns) by a copy; batches are a loop. Gradient rules are written in
// operations, so they can be differentiated again.
// Source of the rules: Giles, "Collected matrix derivative results for forward and reverse mode AD", 2008; PyTorch's notes.

#include <cmath>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/unlock.h"
#include "kernels/blas.h"
#include "kernels/lapack.h"
#include "ops/linalg.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/visit.h"

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

namespace {

int64_t rows_of(const Tensor& t) { return t.size(t.ndim() - 2); }
int64_t cols_of(const Tensor& t) { return t.size(t.ndim() - 1); }
int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t batches(const Tensor& t) {
    int64_t n = 1;
    for (int d = 0; d + 2 < t.ndim(); ++d) n *= t.size(d);
    return n;
}

Dims with_matrix(const Tensor& like, int64_t rows, int64_t cols) {
    Dims shape = like.shape();
    shape[shape.n - 2] = rows;
    shape[shape.n - 1] = cols;
    return shape;
}

Dims with_vector(const Tensor& like, int64_t n) {
    Dims shape = like.shape();
    shape.erase(shape.n - 1);
    shape[shape.n - 1] = n;
    return shape;
}

// The same memory with the last two axes exchanged. No history.
Tensor flipped(const Tensor& t) {
    Dims shape = t.shape(), strides = t.strides();
    std::swap(shape[shape.n - 1], shape[shape.n - 2]);
    std::swap(strides[strides.n - 1], strides[strides.n - 2]);
    return alias(t, shape, strides, 0);
}

// A copy that lies by columns, as a tensor of the transposed shape.
Tensor columns_of(const Tensor& t) {
    Tensor from = flipped(t), copy = empty(from.shape(), t.dtype());
    copy_data(copy, from);
    return copy;
}

[[noreturn]] void no_result(const char* op, const char* why, const Tensor& a, int64_t i) {
    if (a.ndim() == 2) fail<LinAlgError>(op, ": the matrix of shape ", a.shape(), " ", why, ".");
    fail<LinAlgError>(op, ": matrix ", i, " of the batch of shape ", a.shape(), " ", why, ".");
}

Tensor mT(const Tensor& t) { return transpose(t, -2, -1); }
Tensor column(const Tensor& t) { return unsqueeze(t, -1); }
Tensor row(const Tensor& t) { return unsqueeze(t, -2); }

// Calls f(matrix number) for a batch, with the type of the elements.
template <class F> void each_matrix(const Tensor& a, const F& f) {
    visit_floating(a.dtype(), [&](auto zero) {
        Unlock unlock(a.numel() * rows_of(a));
        for (int64_t i = 0, n = batches(a); i < n; ++i) f(zero, i);
    });
}

}  // namespace

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

// ---- solve: A X = B, dB = A^-T dX, dA = -dB X^T ----
const OpDef solve_op = {
    .name = "linalg.solve",
    .grad_name = "LinalgSolveExBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(1).shape(), c.input(1).dtype()); },
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
};
const OpDef solve_triangular_op = {
    .name = "linalg.solve_triangular",
    .grad_name = "LinalgSolveTriangularBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(1).shape(), c.input(1).dtype()); },
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
    Tensor one = diag_embed(full({n}, Scalar(true), DType::Bool));
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
};

// ---- svd: A = U diag(s) V^T. The second output holds s as its first column, then V^T ----
struct SvdAttrs {
    bool full;
};

bool any_nonzero(const Tensor& t) {
    Tensor any = empty({}, DType::Bool);
    reduce_into(kernels::Reduce::Any, t, (1u << t.ndim()) - 1, any);
    return *any.data<bool>();
}

Tensor skew(const Tensor& x) { return x - mT(x); }

// 1 / (x_j - x_i) off the diagonal, 0 on it.
Tensor inverse_gaps(const Tensor& x) {
    Tensor gaps = row(x) - column(x);
    int64_t n = x.size(x.ndim() - 1);
    Tensor one = diag_embed(full({n}, Scalar(true), DType::Bool));
    return masked_out(one, 1 / (gaps + cast(one, x.dtype())));
}

// E_ij = s_j^2 - s_i^2;  dA = U (skew(U^T dU) / E S + S skew(V^T dV) / E + diag(ds)) V^T
//                            + (1 - U U^T) dU S^-1 V^T + U S^-1 dV^T (1 - V V^T)
Tensor svd_grad(const Tensor& u, const Tensor& s, const Tensor& vh, const Tensor& du, const Tensor& ds,
                const Tensor& dvh) {
    Tensor middle = diag_embed(ds ? ds : zeros_like(detach(s)));
    if (!du && !dvh) return matmul(u * row(ds), vh);
    Tensor gaps = inverse_gaps(square(s));
    if (du) middle = middle + skew(matmul(mT(u), du)) * gaps * row(s);
    if (dvh) middle = middle + column(s) * (skew(matmul(vh, mT(dvh))) * gaps);
    Tensor left = matmul(u, middle);
    if (du && rows_of(u) > cols_of(u)) left = left + (du - matmul(u, matmul(mT(u), du))) / row(s);
    Tensor da = matmul(left, vh);
    if (dvh && cols_of(vh) > rows_of(vh)) da = da + matmul(u, (dvh - matmul(matmul(dvh, mT(vh)), vh)) / column(s));
    return da;
}

void vjp_svd(VjpCtx& c) {
    Tensor u = c.output(0), packed = c.output(1);
    int64_t m = rows_of(u), n = cols_of(packed) - 1, k = least(m, n);
    // The columns of U and the rows of V^T beyond k are arbitrary.
    bool beyond = (c.has_grad(0) && any_nonzero(narrow(c.grad(0), -1, k, cols_of(u) - k))) ||
                  (c.has_grad(1) && any_nonzero(narrow(c.grad(1), -2, k, rows_of(packed) - k)));
    check<RuntimeError>(!beyond,
                        "linalg.svd: there is no gradient through the last columns of U or rows of Vh that "
                        "full_matrices=True adds: they are arbitrary. Use full_matrices=False.");
    auto part = [&](const Tensor& t, int64_t from, int64_t width) {
        return narrow(narrow(t, -2, 0, k), -1, from, width);
    };
    Tensor du = c.has_grad(0) ? narrow(c.grad(0), -1, 0, k) : Tensor(), ds, dvh;
    if (c.has_grad(1)) {
        ds = squeeze(part(c.grad(1), 0, 1), -1);
        dvh = part(c.grad(1), 1, n);
        // Singular values alone: no division by their gaps.
        if (!c.create_graph() && !du && !any_nonzero(dvh)) dvh.reset();
    }
    c.set(0, svd_grad(narrow(u, -1, 0, k), squeeze(part(packed, 0, 1), -1), part(packed, 1, n), du, ds, dvh));
}

const OpDef svd_op = {
    .name = "linalg.svd",
    .grad_name = "LinalgSvdBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_matrices(c.op.name, a);
            int64_t m = rows_of(a), n = cols_of(a), k = least(m, n);
            bool full = c.attr<SvdAttrs>().full;
            c.set(0, with_matrix(a, m, full ? m : k), a.dtype());
            c.set(1, with_matrix(a, full ? n : k, n + 1), a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            bool full = c.attr<SvdAttrs>().full;
            Tensor a = c.input(0), work = columns_of(a), u = columns_of(c.out(0)), packed = c.out(1);
            int64_t m = rows_of(a), n = cols_of(a), k = least(m, n), h = rows_of(packed), w = cols_of(c.out(0));
            each_matrix(a, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                std::vector<T> s(static_cast<size_t>(h + 1)), vt(static_cast<size_t>(h * n + 1));
                T *to = packed.data<T>() + i * h * (n + 1), *from = work.data<T>() + i * m * n;
                for (int64_t j = 0; j < m * n; ++j)
                    if (!std::isfinite(from[j])) no_result(c.op.name, "has an element that is not finite", a, i);
                if (kernels::svd(full, m, n, from, s.data(), u.data<T>() + i * m * w, vt.data()) != 0)
                    no_result(c.op.name, "did not converge", a, i);
                for (int64_t r = 0; r < h; ++r) {
                    to[r * (n + 1)] = r < k ? s[static_cast<size_t>(r)] : T(0);
                    for (int64_t j = 0; j < n; ++j) to[r * (n + 1) + 1 + j] = vt[static_cast<size_t>(j * h + r)];
                }
            });
            copy_data(c.out(0), flipped(u));
        },
    .vjp = vjp_svd,
    .save_output = {1, 1},
    .attr_bytes = sizeof(SvdAttrs),
};

// ---- svdvals: s alone, dA = U diag(ds) V^T, right also where singular values are equal ----
const OpDef svdvals_op = {
    .name = "linalg.svdvals",
    .grad_name = "LinalgSvdvalsBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_matrices(c.op.name, a);
            c.set(0, with_vector(a, least(rows_of(a), cols_of(a))), a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            GradMode off(false);
            copy_data(c.out(), svd(detach(c.input(0))).s);
        },
    .vjp =
        [](VjpCtx& c) {
            Svd d = svd(c.input(0));
            c.set(0, matmul(d.u * row(c.grad()), d.vh));
        },
    .save_input = {1},
};

// ---- eigh: A = V diag(w) V^T;  dA = V (diag(dw) + sym(V^T dV / E)) V^T, E_ij = w_j - w_i ----
struct EighAttrs {
    bool upper;
};
const OpDef eigh_op = {
    .name = "linalg.eigh",
    .grad_name = "LinalgEighBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_square(c.op.name, a);
            c.set(0, with_vector(a, rows_of(a)), a.dtype());
            c.set(1, a.shape(), a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor a = c.input(0), work = columns_of(a);
            int64_t n = rows_of(a);
            each_matrix(a, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                if (n > 0 && kernels::eigh(c.attr<EighAttrs>().upper, n, work.data<T>() + i * n * n,
                                           c.out(0).data<T>() + i * n) != 0)
                    no_result(c.op.name, "did not converge", a, i);
            });
            copy_data(c.out(1), flipped(work));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor w = c.output(0), v = c.output(1);
            if (!c.has_grad(1)) {
                c.set(0, matmul(v * row(c.grad(0)), mT(v)));
                return;
            }
            Tensor middle = matmul(mT(v), c.grad(1)) * inverse_gaps(w);
            if (c.has_grad(0)) middle = middle + diag_embed(c.grad(0));
            c.set(0, matmul(matmul(v, (middle + mT(middle)) * 0.5), mT(v)));
        },
    .save_output = {1, 1},
    .attr_bytes = sizeof(EighAttrs),
};

// ---- pinv: P = A^+ ----
struct PinvAttrs {
    double rtol, atol;
};

// Golub and Pereyra, 1973: dA = -P^T dP P^T + (1 - A P) dP^T P P^T + P^T P dP^T (1 - P A)
Tensor pinv_grad(const Tensor& p, const Tensor& a, const Tensor& dp) {
    Tensor pt = mT(p), dpt = mT(dp);
    Tensor x = matmul(dpt, matmul(p, pt)), y = matmul(matmul(pt, p), dpt);
    return x - matmul(a, matmul(p, x)) + y - matmul(matmul(y, p), a) - matmul(matmul(pt, dp), pt);
}

const OpDef pinv_op = {
    .name = "linalg.pinv",
    .grad_name = "LinalgPinvBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& a = c.input(0);
            check_matrices(c.op.name, a);
            c.set(0, with_matrix(a, cols_of(a), rows_of(a)), a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            GradMode off(false);
            const PinvAttrs& at = c.attr<PinvAttrs>();
            if (c.out().numel() == 0) return;
            Svd d = svd(detach(c.input(0)));
            Tensor cut = amax(d.s, {-1}, true) * at.rtol;
            Tensor kept = gt(d.s, maximum(cut, number(at.atol, cut)));
            Tensor inverse = masked_mul(kept, 1 / d.s);
            copy_data(c.out(), matmul(mT(d.vh) * row(inverse), mT(d.u)));
        },
    .vjp = [](VjpCtx& c) { c.set(0, pinv_grad(c.output(), c.input(0), c.grad())); },
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(PinvAttrs),
};

// ---- lstsq: the X of least |A X - B|; its rule is that of A^+ B ----
struct LeastSquaresAttrs {
    double rcond;
};
const OpDef lstsq_op = {
    .name = "linalg.lstsq",
    .grad_name = "LinalgLstsqBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor &a = c.input(0), &b = c.input(1);
            c.set(0, with_matrix(a, cols_of(a), cols_of(b)), a.dtype());
            Dims batch = a.shape();
            batch.n -= 2;
            c.set(1, batch, DType::Int64);
        },
    .eval =
        [](EvalCtx& c) {
            Tensor a = c.input(0), b = c.input(1), work = columns_of(a), x = columns_of(c.out());
            int64_t m = rows_of(a), n = cols_of(a), k = cols_of(b), h = m > n ? m : n;
            Tensor from = columns_of(b);
            each_matrix(a, [&](auto zero, int64_t i) {
                using T = decltype(zero);
                std::vector<T> both(static_cast<size_t>(h * k + 1));
                const T* in = from.data<T>() + i * m * k;
                for (int64_t j = 0; j < k; ++j)
                    for (int64_t r = 0; r < m; ++r) both[static_cast<size_t>(j * h + r)] = in[j * m + r];
                int rank = 0;
                kernels::least_squares(m, n, k, work.data<T>() + i * m * n, both.data(),
                                       c.attr<LeastSquaresAttrs>().rcond, &rank);
                c.out(1).data<int64_t>()[i] = rank;
                for (int64_t j = 0; j < k; ++j)
                    for (int64_t r = 0; r < n; ++r)
                        x.data<T>()[i * n * k + j * n + r] = both[static_cast<size_t>(j * h + r)];
            });
            copy_data(c.out(), flipped(x));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor a = c.input(0), b = c.input(1), g = c.grad();
            Tensor p = pinv(a, c.attr<LeastSquaresAttrs>().rcond, 0);
            if (c.wants(0)) c.set(0, pinv_grad(p, a, matmul(g, mT(b))));
            if (c.wants(1)) c.set(1, matmul(mT(p), g));
        },
    .save_input = {3, 3},
    .attr_bytes = sizeof(LeastSquaresAttrs),
};
}  // namespace

Tensor inv(const Tensor& a) { return run(inv_op, a); }
Tensor solve(const Tensor& a, const Tensor& b) { return run(solve_op, a, b); }
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool unit) {
    return run_with(solve_triangular_op, TriangleAttrs{upper, unit}, a, b);
}
Tensor det(const Tensor& a) { return run(det_op, a); }
Tensor cholesky(const Tensor& a) { return run(cholesky_op, a); }
Tensor svdvals(const Tensor& a) { return run(svdvals_op, a); }
Tensor pinv(const Tensor& a, double rtol, double atol) { return run_with(pinv_op, PinvAttrs{rtol, atol}, a); }

namespace {
template <class A> void run_two(const OpDef& op, A attrs, const Tensor& a, Tensor* out) {
    dispatch(op, &a, 1, &attrs, out, 2);
}
}  // namespace

LogDet slogdet(const Tensor& a) {
    Tensor out[2];
    dispatch(slogdet_op, &a, 1, nullptr, out, 2);
    return {out[0], out[1]};
}
Qr qr(const Tensor& a, bool complete) {
    Tensor out[2];
    run_two(qr_op, QrAttrs{complete}, a, out);
    return {out[0], out[1]};
}
Svd svd(const Tensor& a, bool full_matrices) {
    Tensor out[2];
    run_two(svd_op, SvdAttrs{full_matrices}, a, out);
    int64_t n = cols_of(a), k = least(rows_of(a), n);
    Tensor s = contiguous(squeeze(narrow(narrow(out[1], -2, 0, k), -1, 0, 1), -1));
    return {out[0], s, contiguous(narrow(out[1], -1, 1, n))};
}
Eigh eigh(const Tensor& a, bool upper) {
    Tensor out[2];
    run_two(eigh_op, EighAttrs{upper}, a, out);
    return {out[0], out[1]};
}
LeastSquares least_squares(const Tensor& a, const Tensor& b, double rcond) {
    const Tensor in[2] = {a, b};
    Tensor out[2];
    LeastSquaresAttrs attrs{rcond};
    dispatch(lstsq_op, in, 2, &attrs, out, 2);
    return {out[0], out[1]};
}

}  // namespace chainrule
