// Normalisation over the last axes: layer norm and RMS norm, each one node that keeps its statistics.

#include <vector>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

struct RowNormAttrs {
    double eps;
    int axes;      // how many of the last axes are one row
    bool centred;  // the mean is taken off (layer norm)
    bool weighted = false;
    void visit(AttrVisitor& v) const {
        v("eps", eps);
        v("axes", axes);
        v("centred", centred);
        v("weighted", weighted);
    }
};

constexpr int64_t kBlock = 64;      // rows whose weight gradients are added in the element type
constexpr int64_t kMaxPieces = 16;  // of the rows, each with its own weight gradients

struct RowShape {
    int64_t rows = 1, n = 1;
    RowShape(const Dims& shape, int axes) {
        for (int d = 0; d < shape.n; ++d) (d < shape.n - axes ? rows : n) *= shape[d];
    }
};

int type_index(const Tensor& t) { return static_cast<int>(t.dtype()); }

void check_parameter(const char* op, const char* name, const Tensor& p, const Tensor& x, const Dims& shape) {
    if (!p) return;
    check<ValueError>(p.shape() == shape, op, ": the ", name, " must have shape ", shape, ", got ", p.shape(), ".");
    check<TypeError>(p.dtype() == x.dtype(), op, ": input and ", name, " must have one dtype, got ", x.dtype(), " and ",
                     p.dtype(), ". Convert the input, e.g. with .to(chainrule.", p.dtype(), ").");
}

void infer_rows(InferCtx& c) {
    RowNormAttrs& a = c.attr<RowNormAttrs>();
    const Tensor& x = c.input(0);
    a.weighted = static_cast<bool>(c.input(1));
    check<TypeError>(is_floating(x.dtype()), c.op.name, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float().");
    Dims last;
    for (int d = x.ndim() - a.axes; d < x.ndim(); ++d) last.push(x.size(d));
    check_parameter(c.op.name, "weight", c.input(1), x, last);
    check_parameter(c.op.name, "bias", c.input(2), x, last);
    c.set(0, x.shape(), x.dtype());
    c.set(1, {a.centred ? 2 : 1, RowShape(x.shape(), a.axes).rows}, x.dtype());  // 1/std, then means
}

Tensor row_major(const Tensor& t) { return t ? contiguous_data(t) : t; }
const char* data_or_null(const Tensor& t) { return t ? t.data() : nullptr; }

void eval_rows(EvalCtx& c) {
    const RowNormAttrs& a = c.attr<RowNormAttrs>();
    RowShape s(c.input(0).shape(), a.axes);
    if (c.out().numel() == 0) {
        zero_data(c.out(1));
        return;
    }
    Tensor x = contiguous_data(c.input(0)), w = row_major(c.input(1)), b = row_major(c.input(2));
    int64_t item = static_cast<int64_t>(x.item_size()), step = s.n * item;
    kernels::NormRows f = kernels::kernels().norm_rows[type_index(x)];
    const char *in = x.data(), *weight = data_or_null(w), *bias = data_or_null(b);
    char *out = c.out().data(), *rstd = c.out(1).data(), *mean = a.centred ? rstd + s.rows * item : nullptr;
    Unlock unlock(x.numel());
    parallel_for(s.rows, kGrain / s.n + 1, [&](int64_t from, int64_t to) {
        f(in + from * step, weight, bias, out + from * step, mean ? mean + from * item : nullptr, rstd + from * item,
          to - from, s.n, a.eps);
    });
}

// The gradient of a parameter of x's last axes: n sums of each piece, which lie 2 n apart, added up.
template <class T> Tensor joined_pieces(const Tensor& x, int axes, const double* sums, int64_t pieces, int64_t n) {
    Dims shape;
    for (int d = x.ndim() - axes; d < x.ndim(); ++d) shape.push(x.size(d));
    Tensor out = empty(shape, x.dtype());
    for (int64_t i = 0; i < n; ++i) {
        double total = 0;
        for (int64_t p = 0; p < pieces; ++p) total += sums[p * 2 * n + i];
        out.data<T>()[i] = static_cast<T>(total);
    }
    return out;
}

// All gradients in one pass over the rows. The rows are cut into few pieces; each adds up its weight gradients, by blocks.
void fused_rows_grad(VjpCtx& c) {
    const RowNormAttrs& a = c.attr<RowNormAttrs>();
    Tensor x = contiguous_data(c.input(0)), g = contiguous_data(c.grad()), stats = c.output(1);
    bool parameters = c.wants(1) || c.wants(2);
    Tensor w = a.weighted && c.wants(0) ? row_major(c.input(1)) : Tensor();
    RowShape s(x.shape(), a.axes);
    Tensor dx = c.wants(0) ? empty(x.shape(), x.dtype()) : Tensor();
    int64_t grain = kGrain / (s.n + 1) + 1;
    if (parameters && grain < (s.rows + kMaxPieces - 1) / kMaxPieces) grain = (s.rows + kMaxPieces - 1) / kMaxPieces;
    int64_t pieces = (s.rows + grain - 1) / grain;
    Tensor room = empty({parameters ? pieces : 0, 2, s.n}, x.dtype());
    std::vector<double> sums(parameters ? static_cast<size_t>(pieces * 2 * s.n) : 0);
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        kernels::NormRowsGrad f = kernels::kernels().norm_rows_grad[type_index(x)];
        const T *in = x.data<T>(), *grad = g.data<T>(), *rstd = stats.data<T>(), *weight = w ? w.data<T>() : nullptr;
        const T* mean = a.centred ? rstd + s.rows : nullptr;
        T *to = dx ? dx.data<T>() : nullptr, *parts = parameters ? room.data<T>() : nullptr;
        {
            Unlock unlock(x.numel());
            parallel_for(s.rows, grain, [&](int64_t begin, int64_t end) {
                T* part = parts ? parts + begin / grain * 2 * s.n : nullptr;
                double* sum = parts ? sums.data() + begin / grain * 2 * s.n : nullptr;
                for (int64_t r = begin; r < end; r += kBlock) {
                    for (int64_t i = 0; part && i < 2 * s.n; ++i) part[i] = T(0);
                    f(grad + r * s.n, in + r * s.n, weight, mean ? mean + r : nullptr, rstd + r,
                      to ? to + r * s.n : nullptr, part, part ? part + s.n : nullptr,
                      end - r < kBlock ? end - r : kBlock, s.n);
                    for (int64_t i = 0; part && i < 2 * s.n; ++i) sum[i] += static_cast<double>(part[i]);
                }
            });
        }
        for (int k = 1; k <= 2; ++k)
            if (c.wants(k)) c.set(k, joined_pieces<T>(x, a.axes, sums.data() + (k - 1) * s.n, pieces, s.n));
    });
    if (dx) c.set(0, std::move(dx));
}

// The same in operations, from the input alone, so that it can be differentiated again.
void recorded_rows_grad(VjpCtx& c) {
    const RowNormAttrs& a = c.attr<RowNormAttrs>();
    Tensor x = c.input(0), g = c.grad();
    Dims last, lead;
    for (int d = 0; d < x.ndim(); ++d) (d < x.ndim() - a.axes ? lead : last).push(d);
    Tensor centred = a.centred ? x - mean(x, last, true) : x;
    Tensor rstd = rsqrt(mean(square(centred), last, true) + a.eps);
    Tensor z = centred * rstd;
    auto over_rows = [&](const Tensor& t) { return lead.n ? sum(t, lead) : t; };
    if (c.wants(2)) c.set(2, over_rows(g));
    if (c.wants(1)) c.set(1, over_rows(g * z));
    if (!c.wants(0)) return;
    Tensor w = a.weighted ? c.input(1) : Tensor(), h = w ? g * w : g;
    Tensor dx = h - z * mean(h * z, last, true);
    if (a.centred) dx = dx - mean(h, last, true);
    c.set(0, dx * rstd);
}

void vjp_rows(VjpCtx& c) {
    if (c.create_graph()) recorded_rows_grad(c);
    else fused_rows_grad(c);
}

constexpr OpDef row_norm_op(const char* name, const char* grad_name) {
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer_rows, .eval = eval_rows, .vjp = vjp_rows};
    op.save_input[0] = 7;
    op.save_input[1] = 1;
    op.save_output[1] = 7;
    op.attr_bytes = sizeof(RowNormAttrs);
    op.describe = describe_attrs<RowNormAttrs>;
    return op;
}

const OpDef layer_norm_op = row_norm_op("layer_norm", "NativeLayerNormBackward0");
const OpDef rms_norm_op = row_norm_op("rms_norm", "RmsNormBackward0");

Tensor run_rows(const OpDef& op, const Tensor& x, const Dims& shape, const Tensor& w, const Tensor& b, double eps) {
    bool fits = shape.n > 0 && x.ndim() >= shape.n;
    for (int d = 0; fits && d < shape.n; ++d) fits = x.size(x.ndim() - shape.n + d) == shape[d];
    check<ValueError>(fits, op.name, ": the input's last axes must be normalized_shape ", shape, ", got shape ",
                      x.shape(), ".");
    RowNormAttrs attrs{eps, shape.n, &op == &layer_norm_op};
    const Tensor in[3] = {x, w, b};
    Tensor out[2];
    dispatch(op, in, 3, &attrs, out, 2);
    return out[0];
}

}  // namespace

// ---- layer_norm: y = (x - mean) / sqrt(var + eps) w + b ----
const Register layer_norm_fn(
    {"layer_norm",
     kFunction | kNN,
     R"(Layer normalisation: mean 0 and variance 1 over the last axes, then times weight plus bias.

    z = (x - mean) / sqrt(var + eps),  y = z w + b
    dx = (h - mean(h) - z mean(h z)) / sqrt(var + eps)  with h = dy w,  dw = sum dy z,  db = sum dy

Args:
    input: (..., *normalized_shape) floating tensor.
    normalized_shape: the sizes of the last axes, over which mean and (biased) variance are taken.
    weight, bias: tensors of normalized_shape, or None.
    eps: added to the variance.

Returns:
    Tensor of the input's shape.

Raises:
    ValueError: if the input's last axes are not normalized_shape.
    TypeError: if the dtypes differ or aren't floating.

Example:
    >>> F.layer_norm(chainrule.tensor([[1., 3.], [0., 8.]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])

Source: Ba et al., "Layer normalization", 2016.
)",
     {{"layer_norm(Tensor input, ints normalized_shape, Tensor weight=None, Tensor bias=None, float eps=1e-05)",
       [](Args& a) { a.ret(run_rows(layer_norm_op, a.tensor(0), a.ints(1), a.tensor(2), a.tensor(3), a.real(4))); }}}});

// ---- rms_norm: y = x / sqrt(mean(x^2) + eps) w ----
const Register rms_norm_fn(
    {"rms_norm",
     kFunction | kNN,
     R"(RMS normalisation: mean square 1 over the last axes, then times weight.

    z = x / sqrt(mean(x^2) + eps),  y = z w
    dx = (h - z mean(h z)) / sqrt(mean(x^2) + eps)  with h = dy w,  dw = sum dy z

Args:
    input: (..., *normalized_shape) floating tensor.
    normalized_shape: the sizes of the last axes.
    weight: tensor of normalized_shape, or None.
    eps: added to the mean square; None for the dtype's rounding unit.

Returns:
    Tensor of the input's shape.

Example:
    >>> F.rms_norm(chainrule.tensor([3., -3.]), (2,))
    tensor([ 1., -1.])

Source: Zhang and Sennrich, "Root mean square layer normalization", 2019.
)",
     {{"rms_norm(Tensor input, ints normalized_shape, Tensor weight=None, float eps=None)", [](Args& a) {
           double unit = a.tensor(0).dtype() == DType::Float64 ? 0x1p-52 : 0x1p-23;
           a.ret(run_rows(rms_norm_op, a.tensor(0), a.ints(1), a.tensor(2), Tensor(), a.real(3, unit)));
       }}}});

// ---- normalize: y = x / max(|x|_p, eps) ----
const Register normalize_fn(
    {"normalize",
     kNN,
     R"(Vectors along an axis, divided by their norm.

    y = x / max(|x|_p, eps)

Args:
    input: floating tensor.
    p: order of the norm.
    dim: axis.
    eps: the least divisor.
    out: a tensor of the input's shape that takes the result.

Returns:
    Tensor of the input's shape.

Raises:
    ValueError: out has another shape.

Example:
    >>> F.normalize(chainrule.tensor([3., 4.]), dim=0)
    tensor([0.6000, 0.8000])
)",
     {{"normalize(Tensor input, float p=2.0, ints dim=1, float eps=1e-12, Tensor out=None)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           Tensor length = norm(x, a.real(1), a.ints(2), true);
           Tensor y = x / maximum(length, number(a.real(3), length));
           Tensor out = a.tensor(4);
           check<ValueError>(!out || out.shape() == y.shape(), "normalize: out must have the shape ", y.shape(),
                             ", got ", out ? out.shape() : y.shape(), ".");
           a.ret(out ? copy_(out, y) : y);
       }}}});

}  // namespace chainrule
