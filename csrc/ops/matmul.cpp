// Products of matrices and vectors.

#include "core/unlock.h"
#include "kernels/blas.h"
#include "kernels/gemm.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

int64_t rows_of(const Tensor& t) { return t.size(t.ndim() - 2); }
int64_t cols_of(const Tensor& t) { return t.size(t.ndim() - 1); }
int64_t at_least_1(int64_t n) { return n > 1 ? n : 1; }

// Can BLAS read the last two axes, by rows or by columns, and at what distance?
bool blas_layout(const Tensor& t, bool& by_columns, int64_t& ld) {
    int64_t rows = rows_of(t), cols = cols_of(t), row_step = t.stride(t.ndim() - 2), col_step = t.stride(t.ndim() - 1);
    if ((col_step == 1 || cols <= 1) && (rows <= 1 || row_step >= at_least_1(cols))) {
        by_columns = false;
        ld = rows <= 1 ? at_least_1(cols) : row_step;
    } else if ((row_step == 1 || rows <= 1) && (cols <= 1 || col_step >= at_least_1(rows))) {
        by_columns = true;
        ld = cols <= 1 ? at_least_1(rows) : col_step;
    } else {
        return false;
    }
    return kernels::blas_fits(ld);
}

struct Operand {
    Tensor tensor;
    bool transpose;
    int64_t ld;
    Operand(const Tensor& t, bool transposed) : tensor(t) {
        bool by_columns = false;
        if (!blas_layout(t, by_columns, ld)) {
            tensor = contiguous_data(t);
            ld = at_least_1(cols_of(t));
            by_columns = false;
        }
        transpose = transposed != by_columns;
    }
};

struct Batch {
    const Tensor *a, *b, *c;
};

int64_t batch_offset(const Tensor& t, int64_t i) {
    int64_t at = 0;
    for (int d = t.ndim() - 3; d >= 0; --d) {
        at += i % t.size(d) * t.stride(d);
        i /= t.size(d);
    }
    return at * static_cast<int64_t>(t.item_size());
}

kernels::BatchOffsets offsets(const void* context, int64_t i) {
    const Batch& batch = *static_cast<const Batch*>(context);
    return {batch_offset(*batch.a, i), batch_offset(*batch.b, i), batch_offset(*batch.c, i)};
}

}  // namespace

void multiply(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b, const Tensor& c, double beta) {
    Operand x(a, transpose_a), y(b, transpose_b);
    kernels::Gemm g{c.dtype(),  x.transpose, y.transpose,
                    rows_of(c), cols_of(c),  transpose_a ? rows_of(a) : cols_of(a),
                    x.ld,       y.ld,        at_least_1(cols_of(c))};
    g.beta = beta;
    const Batch batch{&x.tensor, &y.tensor, &c};
    Unlock unlock(c.numel() / 8 * g.k);
    if (c.ndim() == 2) {
        kernels::gemm(g, x.tensor.data(), y.tensor.data(), c.data());
        return;
    }
    int64_t per_product = g.m * g.n;
    if (per_product == 0) return;
    kernels::gemm_batched(g, c.numel() / per_product, x.tensor.data(), y.tensor.data(), c.data(), offsets, &batch);
}

void check_same_dtype(const char* op, const Tensor& a, const Tensor& b) {
    check<TypeError>(a.dtype() == b.dtype(), op, ": both operands must have one dtype, got ", a.dtype(), " and ",
                     b.dtype(), ". Convert one of them, e.g. with .to(chainrule.", promote(a.dtype(), b.dtype()), ").");
    check<TypeError>(a.dtype() != DType::Bool, op, ": not defined for bool tensors. Convert them, e.g. with .float().");
}

void check_inner(const char* op, int64_t a_inner, int64_t b_inner, const Dims& a, const Dims& b) {
    check<ValueError>(a_inner == b_inner, op, ": inner dimensions must match, got ", a, " @ ", b, " (", a_inner,
                      " != ", b_inner, ").");
}

// ---- mm: C = op(A) op(B), for single matrices and for batches with the same axes before them ----
namespace {

void infer_product(InferCtx& c) {
    MatAttrs& at = c.attr<MatAttrs>();
    const Tensor &a = c.input(0), &b = c.input(1);
    check_same_dtype(c.op.name, a, b);
    int64_t m = at.transpose_a ? cols_of(a) : rows_of(a), k = at.transpose_a ? rows_of(a) : cols_of(a);
    int64_t n = at.transpose_b ? rows_of(b) : cols_of(b), k_b = at.transpose_b ? cols_of(b) : rows_of(b);
    check_inner(c.op.name, k, k_b, a.shape(), b.shape());
    check<ValueError>(kernels::blas_fits(m) && kernels::blas_fits(n) && kernels::blas_fits(k), c.op.name,
                      ": matrix dimensions must be below 2^31, got ", a.shape(), " @ ", b.shape(), ".");
    int64_t ld;
    if (!a.is_contiguous() && !blas_layout(a, at.a_by_columns, ld)) at.a_by_columns = false;
    if (!b.is_contiguous() && !blas_layout(b, at.b_by_columns, ld)) at.b_by_columns = false;
    Dims shape = a.shape();
    shape[shape.n - 2] = m;
    shape[shape.n - 1] = n;
    c.set(0, shape, a.dtype());
}

void eval_product(EvalCtx& c) {
    const MatAttrs& at = c.attr<MatAttrs>();
    multiply(c.input(0), at.transpose_a, c.input(1), at.transpose_b, c.out());
}

Tensor product(const OpDef& op, const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
    return run_with(op, MatAttrs{transpose_a, transpose_b, false, false}, a, b);
}

// The gradient of input i is op(x) op(y); `shape` is the input's.
void set_product(VjpCtx& c, int i, const Tensor& x, bool tx, const Tensor& y, bool ty, bool by_columns) {
    if (c.create_graph()) {
        c.set(i, product(c.op(), x, y, tx, ty));
        return;
    }
    if (Tensor held = c.owned_buffer(i)) {
        multiply(x, tx, y, ty, held, 1);
        return;
    }
    Dims shape = x.shape();
    int64_t m = tx ? cols_of(x) : rows_of(x), n = ty ? rows_of(y) : cols_of(y);
    shape[shape.n - 2] = by_columns ? n : m;
    shape[shape.n - 1] = by_columns ? m : n;
    Tensor out = empty(shape, x.dtype());
    if (!by_columns) {
        multiply(x, tx, y, ty, out);
        c.set(i, out);
        return;
    }
    multiply(y, !ty, x, !tx, out);
    Dims strides = out.strides();
    std::swap(shape.v[shape.n - 2], shape.v[shape.n - 1]);
    std::swap(strides.v[shape.n - 2], strides.v[shape.n - 1]);
    c.set(i, alias(out, shape, strides, 0));
}

void vjp_product(VjpCtx& c) {
    const MatAttrs& at = c.attr<MatAttrs>();
    const Tensor& g = c.grad();
    if (c.wants(0)) {
        Tensor b = c.input(1);
        if (at.transpose_a) set_product(c, 0, b, at.transpose_b, g, true, at.a_by_columns);
        else set_product(c, 0, g, false, b, !at.transpose_b, at.a_by_columns);
    }
    if (c.wants(1)) {
        Tensor a = c.input(0);
        if (at.transpose_b) set_product(c, 1, g, true, a, at.transpose_a, at.b_by_columns);
        else set_product(c, 1, a, !at.transpose_a, g, false, at.b_by_columns);
    }
}

constexpr OpDef product_op(const char* name, const char* grad_name) {
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer_product, .eval = eval_product, .vjp = vjp_product};
    op.save_input[0] = 2;
    op.save_input[1] = 1;
    op.attr_bytes = sizeof(MatAttrs);
    op.describe = describe_attrs<MatAttrs>;
    return op;
}

void check_ndim(const char* op, const Tensor& a, const Tensor& b, int na, int nb) {
    check<ValueError>(a.ndim() == na && b.ndim() == nb, op, ": operands must have ", na, " and ", nb,
                      " dimensions, got ", a.shape(), " and ", b.shape(), ". matmul() takes any.");
}

}  // namespace

const OpDef mm_op = product_op("mm", "MmBackward0");
const OpDef bmm_op = product_op("bmm", "BmmBackward0");

Tensor mm(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
    check_ndim("mm", a, b, 2, 2);
    return product(mm_op, a, b, transpose_a, transpose_b);
}
const Register mm_fn({"mm",
                      kMethod | kFunction,
                      R"(Product of two matrices.

    C = A B,  dA = dC B^T,  dB = A^T dC

Args:
    input: (m, k) tensor.
    mat2: (k, n) tensor of the same dtype.

Returns:
    (m, n) tensor.

Example:
    >>> chainrule.mm(chainrule.ones(2, 3), chainrule.ones(3, 1))
    tensor([[3.],
            [3.]])
)",
                      {{"mm(Tensor input, Tensor mat2)", [](Args& a) { a.ret(mm(a.tensor(0), a.tensor(1))); }}}});

Tensor bmm(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
    return product(bmm_op, a, b, transpose_a, transpose_b);
}
namespace {
Tensor bmm_checked(const char* op, const Tensor& a, const Tensor& b) {
    check_ndim(op, a, b, 3, 3);
    check<ValueError>(a.size(0) == b.size(0), op, ": both operands must have the same number of matrices, got ",
                      a.shape(), " and ", b.shape(), " (", a.size(0), " != ", b.size(0), ").");
    return bmm(a, b);
}
}  // namespace
const Register bmm_fn({"bmm",
                       kMethod | kFunction,
                       R"(Products of two batches of matrices.

    C_i = A_i B_i

Args:
    input: (b, m, k) tensor.
    mat2: (b, k, n) tensor of the same dtype.

Returns:
    (b, m, n) tensor.

Example:
    >>> chainrule.bmm(chainrule.ones(5, 2, 3), chainrule.ones(5, 3, 4)).shape
    chainrule.Size([5, 2, 4])
)",
                       {{"bmm(Tensor input, Tensor mat2)",
                         [](Args& a) { a.ret(bmm_checked("bmm", a.tensor(0), a.tensor(1))); }}}});

// ---- mv: y = op(A) x ----
namespace {

struct MvAttrs {
    bool transpose;
    void visit(AttrVisitor& v) const { v("transpose", transpose); }
};

Tensor as_column(const Tensor& v) { return alias(v, {v.size(0), 1}, {v.stride(0), 1}, 0); }

}  // namespace

const OpDef mv_op = {
    .name = "mv",
    .grad_name = "MvBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor &a = c.input(0), &x = c.input(1);
            check_same_dtype(c.op.name, a, x);
            bool t = c.attr<MvAttrs>().transpose;
            check_inner(c.op.name, a.size(t ? 0 : 1), x.size(0), a.shape(), x.shape());
            check<ValueError>(kernels::blas_fits(a.size(0)) && kernels::blas_fits(a.size(1)), c.op.name,
                              ": matrix dimensions must be below 2^31, got ", a.shape(), ".");
            c.set(0, {a.size(t ? 1 : 0)}, a.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            multiply(c.input(0), c.attr<MvAttrs>().transpose, as_column(c.input(1)), false, as_column(c.out()));
        },
    .vjp =
        [](VjpCtx& c) {
            MvAttrs at = c.attr<MvAttrs>();
            const Tensor& g = c.grad();
            if (c.wants(0)) {
                Tensor x = c.input(1);
                c.set(0, at.transpose ? outer(x, g) : outer(g, x));
            }
            if (c.wants(1)) c.set(1, run_with(mv_op, MvAttrs{!at.transpose}, c.input(0), g));
        },
    .save_input = {2, 1},
    .attr_bytes = sizeof(MvAttrs),
    .describe = describe_attrs<MvAttrs>,
};

Tensor mv(const Tensor& a, const Tensor& x, bool transpose) {
    check_ndim("mv", a, x, 2, 1);
    return run_with(mv_op, MvAttrs{transpose}, a, x);
}
const Register mv_fn({"mv",
                      kMethod | kFunction,
                      R"(Product of a matrix and a vector.

    y = A x,  dA = dy x^T,  dx = A^T dy

Args:
    input: (m, k) tensor.
    vec: (k,) tensor of the same dtype.

Returns:
    (m,) tensor.

Example:
    >>> chainrule.mv(chainrule.ones(2, 3), chainrule.ones(3))
    tensor([3., 3.])
)",
                      {{"mv(Tensor input, Tensor vec)", [](Args& a) { a.ret(mv(a.tensor(0), a.tensor(1))); }}}});

// ---- dot: s = sum_i x_i y_i ----
const OpDef dot_op = {
    .name = "dot",
    .grad_name = "DotBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor &x = c.input(0), &y = c.input(1);
            check_same_dtype(c.op.name, x, y);
            check_inner(c.op.name, x.size(0), y.size(0), x.shape(), y.shape());
            c.set(0, {}, x.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            // A broadcast or reversed vector is copied: BLAS wants positive steps.
            auto steps = [](const Tensor& t) {
                return t.stride(0) > 0 && kernels::blas_fits(t.stride(0)) ? t : contiguous_data(t);
            };
            Tensor x = steps(c.input(0)), y = steps(c.input(1));
            Unlock unlock(x.numel());
            kernels::dot(x.dtype(), x.size(0), x.data(), x.stride(0), y.data(), y.stride(0), c.out().data());
        },
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad() * c.input(1));
            if (c.wants(1)) c.set(1, c.grad() * c.input(0));
        },
    .save_input = {2, 1},
};

Tensor dot(const Tensor& x, const Tensor& y) {
    check_ndim("dot", x, y, 1, 1);
    return run(dot_op, x, y);
}
const Register dot_fn({"dot",
                       kMethod | kFunction,
                       R"(Inner product of two vectors.

    s = sum_i x_i y_i,  dx = ds y,  dy = ds x

Args:
    input, tensor: (n,) tensors of one dtype.

Returns:
    0-d tensor.

Example:
    >>> chainrule.dot(chainrule.tensor([2., 3.]), chainrule.tensor([2., 1.]))
    tensor(7.)
)",
                       {{"dot(Tensor input, Tensor tensor)", [](Args& a) { a.ret(dot(a.tensor(0), a.tensor(1))); }}}});
const Register vdot_fn({"vdot",
                        kMethod | kFunction,
                        R"(Inner product of two vectors, as dot().

Args:
    input, other: (n,) tensors of one dtype.

Example:
    >>> chainrule.vdot(chainrule.tensor([2., 3.]), chainrule.tensor([2., 1.]))
    tensor(7.)
)",
                        {{"vdot(Tensor input, Tensor other)", [](Args& a) { a.ret(dot(a.tensor(0), a.tensor(1))); }}}});

// ---- outer: the matrix x_i y_j ----
Tensor outer(const Tensor& x, const Tensor& y) {
    check_ndim("outer", x, y, 1, 1);
    return unsqueeze(x, 1) * y;
}
const Register outer_fn({"outer",
                         kMethod | kFunction,
                         R"(Outer product of two vectors.

    Z_ij = x_i y_j

Args:
    input: (m,) tensor.
    vec2: (n,) tensor.

Returns:
    (m, n) tensor.

Example:
    >>> chainrule.outer(chainrule.tensor([1., 2.]), chainrule.tensor([3., 4.]))
    tensor([[3., 4.],
            [6., 8.]])
)",
                         {{"outer(Tensor input, Tensor vec2)",
                           [](Args& a) { a.ret(outer(a.tensor(0), a.tensor(1))); }}}});
const Register ger_fn({"ger",
                       kMethod | kFunction,
                       R"(Outer product of two vectors: another name for outer().
)",
                       {{"ger(Tensor input, Tensor vec2)", [](Args& a) { a.ret(outer(a.tensor(0), a.tensor(1))); }}}});

}  // namespace chainrule
