// Affine maps of the last axis, as one node.

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/blas.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

using kernels::Reduce;

constexpr int64_t kNear = 1 << 12;  // elements that stay in the first cache

// All leading axes as rows. Values only.
Tensor as_rows(const Tensor& t) {
    if (t.ndim() == 2) return t;
    int64_t cols = t.size(t.ndim() - 1);
    int64_t rows = 1;
    for (int d = 0; d + 1 < t.ndim(); ++d) rows *= t.size(d);
    return alias(contiguous_data(t), {rows, cols}, {cols, 1}, 0);
}

// Bias and activation, either of which may be absent; by pieces that the second finds near.
void finish(const Tensor& y, const Tensor& bias, const OpDef* activation) {
    Tensor b = bias ? contiguous_data(bias) : bias;
    int64_t n = y.size(1), rows = y.size(0), item = static_cast<int64_t>(y.item_size());
    if (n == 0) return;
    const int dtype = static_cast<int>(y.dtype());
    kernels::AddBias add = kernels::kernels().add_bias[dtype];
    kernels::Loop act = activation ? kernels::kernels().unary[activation->kernel][dtype] : nullptr;
    const int64_t strides[] = {item, item};
    char* out = y.data();
    const char* values = b ? b.data() : nullptr;
    const int64_t piece = act && values ? kNear / n + 1 : rows;
    Unlock unlock(y.numel());
    parallel_for(rows, kGrain / n + 1, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r += piece) {
            const int64_t count = std::min(piece, end - r);
            char* at = out + r * n * item;
            if (values) add(at, values, count, n, n);
            char* const both[] = {at, at};
            if (act) act(both, strides, count * n, nullptr);
        }
    });
}

void check_linear(const Tensor& x, const Tensor& w, const Tensor& b) {
    check<ValueError>(w.ndim() == 2 && x.ndim() >= 1,
                      "linear: the weight must have shape (out, in) and the input (..., in), got weight ", w.shape(),
                      " and input ", x.shape(), ".");
    check<TypeError>(x.dtype() != DType::Bool && x.dtype() == w.dtype() && (!b || b.dtype() == w.dtype()),
                     "linear: input, weight and bias must have one number dtype, got input ", x.dtype(), " and weight ",
                     w.dtype(), ". Convert the input, e.g. with .to(chainrule.", w.dtype(), ").");
    int64_t in = x.size(x.ndim() - 1), out = w.size(0);
    check<ValueError>(in == w.size(1), "linear: the input's last axis must match the weight's, got ", x.shape(),
                      " and weight ", w.shape(), " (", in, " != ", w.size(1), ").");
    check<ValueError>(!b || (b.ndim() == 1 && b.size(0) == out), "linear: the bias must have shape (", out, ",), got ",
                      b ? b.shape() : Dims(), ".");
}

void infer_linear(InferCtx& c) {
    const Tensor &x = c.input(0), &w = c.input(1);
    check_linear(x, w, c.input(2));
    int64_t in = w.size(1), out = w.size(0);
    Dims shape = x.shape();
    shape[shape.n - 1] = out;
    int64_t rows = 1;
    for (int d = 0; d + 1 < x.ndim(); ++d) rows *= x.size(d);
    check<ValueError>(kernels::blas_fits(rows) && kernels::blas_fits(in) && kernels::blas_fits(out),
                      "linear: matrix dimensions must be below 2^31, got ", x.shape(), " and weight ", w.shape(), ".");
    c.set(0, shape, x.dtype());
}

// One row: dot products with the weight's rows, bias and all, as fast as the weight can be read.
void one_row(const Tensor& x, const Tensor& w, const Tensor& bias, const Tensor& y) {
    int64_t out = w.size(0), in = w.size(1), item = static_cast<int64_t>(y.item_size());
    Tensor b = bias ? contiguous_data(bias) : bias;
    const char *weight = w.data(), *add = b ? b.data() : nullptr;
    kernels::RowDots dots = kernels::kernels().row_dots[static_cast<int>(y.dtype())];
    Unlock unlock(out * in / 4);  // a number of the weight takes a quarter of a simple step
    parallel_for(out, kGrain / (in + 1) + 1, [&](int64_t from, int64_t to) {
        dots(weight + from * w.stride(0) * item, w.stride(0), x.data(), add ? add + from * item : nullptr,
             y.data() + from * item, to - from, in);
    });
}

void eval_activated(EvalCtx& c, const OpDef* activation) {
    Tensor x = as_rows(c.input(0)), y = as_rows(c.out()), bias = c.input(2);
    const Tensor& w = c.input(1);
    if (y.size(0) == 1 && w.stride(1) == 1 && x.stride(1) == 1 && y.stride(1) == 1) {
        one_row(x, w, bias, y);
        bias = Tensor();
    } else {
        multiply(x, false, w, true, y);
    }
    if (bias || activation) finish(y, bias, activation);
}

void eval_linear(EvalCtx& c) { eval_activated(c, nullptr); }

void vjp_recorded(VjpCtx& c) {
    const Tensor& g = c.grad();
    int64_t out = g.size(g.ndim() - 1), rows = 1;
    for (int d = 0; d + 1 < g.ndim(); ++d) rows *= g.size(d);
    Tensor flat = reshape(g, {rows, out});
    if (c.wants(2)) c.set(2, sum(flat, {0}));
    if (c.wants(0)) {
        Tensor w = c.input(1);
        Dims shape = g.shape();
        shape[shape.n - 1] = w.size(1);
        c.set(0, reshape(mm(flat, w), shape));
    }
    if (c.wants(1)) {
        Tensor x = c.input(0);
        c.set(1, mm(flat, reshape(x, {rows, x.size(x.ndim() - 1)}), true, false));
    }
}

// dX = dY W, dW = dY^T X, db = the column sums of dY; added into a gradient that is there already where it may be. The bias
// comes first, as in PyTorch: that is the order of the parameters' hooks.
void vjp_linear(VjpCtx& c) {
    if (c.create_graph()) {
        vjp_recorded(c);
        return;
    }
    const Tensor& g = c.grad();
    Tensor flat = as_rows(g);
    if (c.wants(2)) {
        Tensor db = empty({flat.size(1)}, g.dtype());
        reduce_into(Reduce::Sum, flat, 1, db);
        c.set(2, std::move(db));
    }
    if (c.wants(1)) {
        Tensor x = as_rows(c.input(0));
        if (Tensor held = c.owned_buffer(1)) {
            multiply(flat, true, x, false, held, 1);
        } else {
            Tensor dw = empty({flat.size(1), x.size(1)}, g.dtype());
            multiply(flat, true, x, false, dw);
            c.set(1, std::move(dw));
        }
    }
    if (c.wants(0)) {
        Tensor w = c.input(1);
        if (Tensor held = c.owned_buffer(0)) {
            multiply(flat, false, w, false, as_rows(held), 1);
            return;
        }
        Dims shape = g.shape();
        shape[shape.n - 1] = w.size(1);
        Tensor dx = empty(shape, g.dtype());
        multiply(flat, false, w, false, as_rows(dx));
        c.set(0, std::move(dx));
    }
}

}  // namespace

// ---- linear: y = x W^T + b ----
const OpDef linear_op = {
    .name = "linear",
    .grad_name = "AddmmBackward0",
    .infer = infer_linear,
    .eval = eval_linear,
    .vjp = vjp_linear,
    .save_input = {2, 1},
};
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    if (is_floating(x.dtype())) return run(linear_op, x, weight, bias);
    check_linear(x, weight, bias);  // integers: exact, without gradient
    Tensor y = matmul(x, transpose(weight, 0, 1));
    return bias ? y + bias : y;
}

struct ActivatedAttrs {
    const OpDef* activation;
};
// Linear and an activation as one operation, which has no gradient rule: of networks that only answer.
const OpDef linear_activated_op = {
    .name = "linear",
    .grad_name = "",
    .infer = infer_linear,
    .eval = [](EvalCtx& c) { eval_activated(c, c.attr<ActivatedAttrs>().activation); },
    .attr_bytes = sizeof(ActivatedAttrs),
};
Tensor linear_activated(const Tensor& x, const Tensor& weight, const Tensor& bias, const OpDef& activation) {
    return run_with(linear_activated_op, ActivatedAttrs{&activation}, x, weight, bias);
}

const Register linear_fn({"linear",
                          kNN,
                          R"(Affine map of the last axis.

    y = x W^T + b,  dx = dy W,  dW = dy^T x,  db = sum dy

Args:
    input: (..., in) tensor.
    weight: (out, in) tensor.
    bias: (out,) tensor or None.

Returns:
    (..., out) tensor.

Raises:
    ValueError: if the shapes don't fit.
    TypeError: if the dtypes differ.

Example:
    >>> F.linear(chainrule.ones(1, 2), chainrule.tensor([[1., 2.]]), chainrule.tensor([10.]))
    tensor([[13.]])
)",
                          {{"linear(Tensor input, Tensor weight, Tensor bias=None)",
                            [](Args& a) { a.ret(linear(a.tensor(0), a.tensor(1), a.tensor(2))); }}}});

// ---- bilinear: y_o = x1^T W_o x2 + b_o ----
const Register bilinear_fn(
    {"bilinear",
     kNN | kFunction,
     R"(Bilinear map of two inputs' last axes.

    y_o = sum_ij x1_i W_oij x2_j + b_o

Args:
    input1: (..., in1) tensor.
    input2: (..., in2) tensor with the same leading axes.
    weight: (out, in1, in2) tensor.
    bias: (out,) tensor or None.

Returns:
    (..., out) tensor.
)",
     {{"bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor bias=None)", [](Args& a) {
           const Tensor &x1 = a.tensor(0), &x2 = a.tensor(1), &w = a.tensor(2), &b = a.tensor(3);
           check<ValueError>(w.ndim() == 3 && x1.ndim() >= 1 && x2.ndim() == x1.ndim() &&
                                 x1.size(x1.ndim() - 1) == w.size(1) && x2.size(x2.ndim() - 1) == w.size(2),
                             "bilinear: inputs (..., in1) and (..., in2) must fit a weight (out, in1, in2), got ",
                             x1.shape(), ", ", x2.shape(), " and ", w.shape(), ".");
           // (.., 1, out, in1) times x1, then the sum with x2.
           Tensor first = linear(x1, reshape(transpose(w, 1, 2), {w.size(0) * w.size(2), w.size(1)}), Tensor());
           Tensor y = sum(unflatten(first, -1, {w.size(0), w.size(2)}) * unsqueeze(x2, -2), {-1});
           y = cast(y, x1.dtype());  // sums of small integers are int64
           a.ret(b ? y + b : y);
       }}}});

}  // namespace chainrule
