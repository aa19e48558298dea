// Singular values and eigenvalues, and what is made of them: pseudo-inverse, least squares.
//
// Gradient rules are written in operations, so they can be differentiated again.

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/grad_mode.h"
#include "kernels/lapack.h"
#include "ops/linalg.h"
#include "ops/matrices.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"

namespace chainrule {
namespace {

// ---- svd: A = U diag(s) V^T. The second output holds s as its first column, then V^T ----
struct SvdAttrs {
    bool full;
    void visit(AttrVisitor& v) const { v("full", full); }
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
    Tensor one = unit_matrix(n, DType::Bool);
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
    if (k == 0) return;  // a matrix without elements
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
                T *to = packed.data<T>() + i * h * (n + 1), *from = work.data<T>() + i * m * n;
                if (k == 0) {  // no elements: the full factors are identities
                    std::fill(to, to + h * (n + 1), T(0));
                    for (int64_t j = 0; j < h; ++j) to[j * (n + 2) + 1] = 1;
                    for (int64_t j = 0; j < m * w; ++j) u.data<T>()[i * m * w + j] = j % (m + 1) == 0 ? T(1) : T(0);
                    return;
                }
                std::vector<T> s(static_cast<size_t>(h + 1)), vt(static_cast<size_t>(h * n + 1));
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
    .describe = describe_attrs<SvdAttrs>,
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
    void visit(AttrVisitor& v) const { v("upper", upper); }
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
    .describe = describe_attrs<EighAttrs>,
};

// ---- pinv: P = A^+ ----
struct PinvAttrs {
    double rtol, atol;
    void visit(AttrVisitor& v) const {
        v("rtol", rtol);
        v("atol", atol);
    }
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
    .describe = describe_attrs<PinvAttrs>,
};

// ---- symmetric matrices whose lower triangles are given. The gradient is that of the whole matrix, as if it were any. ----
const OpDef symmetric_op = {
    .name = "symmetric",
    .grad_name = "SymmetricBackward0",
    .infer =
        [](InferCtx& c) {
            check_square(c.op.name, c.input(0));
            c.set(0, c.input(0).shape(), c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            GradMode off(false);
            Tensor x = detach(c.input(0));
            copy_data(c.out(), tril(x) + mT(tril(x, -1)));
        },
    .vjp = [](VjpCtx& c) { c.set(0, c.grad()); },
};

// ---- lstsq: the X of least |A X - B|; its rule is that of A^+ B ----
struct LeastSquaresAttrs {
    double rcond;
    void visit(AttrVisitor& v) const { v("rcond", rcond); }
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
    .describe = describe_attrs<LeastSquaresAttrs>,
};
}  // namespace

Tensor symmetric(const Tensor& lower) { return run(symmetric_op, lower); }
Tensor svdvals(const Tensor& a) { return run(svdvals_op, a); }
Tensor pinv(const Tensor& a, double rtol, double atol) { return run_with(pinv_op, PinvAttrs{rtol, atol}, a); }

namespace {
template <class A> void run_two(const OpDef& op, A attrs, const Tensor& a, Tensor* out) {
    dispatch(op, &a, 1, &attrs, out, 2);
}
}  // namespace

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
