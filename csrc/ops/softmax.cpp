// Softmax and its logarithm, log-sum-exp.

#include <algorithm>
#include <cstring>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "core/warn.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

struct SoftmaxAttrs {
    int axis;
    void visit(AttrVisitor& v) const { v("axis", axis); }
};

bool rows_lie_flat(const Tensor& t, int axis) { return t.is_contiguous() && (t.ndim() == 0 || axis == t.ndim() - 1); }

struct Rows {
    int64_t rows, n, bytes;
    Rows(const Tensor& t, int axis) : n(t.ndim() ? t.size(axis) : 1) {
        rows = n > 0 ? t.numel() / n : 0;
        bytes = n * static_cast<int64_t>(t.item_size());
    }
    int64_t grain() const { return n > 0 ? kGrain / n + 1 : 1; }
};

void map_rows(kernels::RowMap f, const Tensor& in, const Tensor& out, int axis) {
    Rows s(in, axis);
    const char* from = in.data();
    char* to = out.data();
    Unlock unlock(in.numel());
    parallel_for(s.rows, s.grain(), [&](int64_t begin, int64_t end) {
        f(from + begin * s.bytes, to + begin * s.bytes, end - begin, s.n);
    });
}

void map_rows_grad(kernels::RowMapGrad f, const Tensor& grad, const Tensor& y, const Tensor& out, int64_t n) {
    int64_t rows = n > 0 ? y.numel() / n : 0, bytes = n * static_cast<int64_t>(y.item_size());
    const char *g = grad.data(), *values = y.data();
    char* to = out.data();
    Unlock unlock(y.numel());
    parallel_for(rows, n > 0 ? kGrain / n + 1 : 1, [&](int64_t begin, int64_t end) {
        f(g + begin * bytes, values + begin * bytes, to + begin * bytes, end - begin, n);
    });
}

// An axis before others: loops over neighbouring columns, a strip of them at a time, so that its rows stay in the cache.
constexpr int64_t kLeastWidth = 16, kMostWidth = 512;

struct Strip {
    int64_t n, ld, at, width;  // rows, elements from one to the next, the first one's place, columns
};

bool wide(const Tensor& t, int axis) {
    return t.is_contiguous() && t.ndim() > 0 && AroundAxis(t.shape(), axis).inner >= kLeastWidth;
}

// work(strip) for all columns of a row-major tensor.
template <class F> void by_strips(const Tensor& t, int axis, const F& work) {
    if (t.numel() == 0) return;
    AroundAxis a(t.shape(), axis);
    int64_t width = std::clamp<int64_t>(kGrain / a.n, 128, kMostWidth), strips = std::max<int64_t>(1, a.inner / width);
    Unlock unlock(t.numel());
    parallel_for(a.outer * strips, kGrain / (a.n * width) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t k = begin; k < end; ++k) {
            int64_t strip = k % strips, first = strip * width;
            // The last one takes the rest: fewer columns than a vector cannot be worked on alone.
            int64_t count = strip + 1 < strips ? width : a.inner - first;
            work(Strip{a.n, a.inner, k / strips * a.n * a.inner + first, count});
        }
    });
}

template <bool kLog> void eval_softmax(EvalCtx& c) {
    int axis = c.attr<SoftmaxAttrs>().axis;
    const Tensor& x = c.input(0);
    const auto& table = kLog ? kernels::kernels().log_softmax : kernels::kernels().softmax;
    kernels::RowMap f = table[static_cast<int>(x.dtype())];
    if (rows_lie_flat(x, axis)) return map_rows(f, x, c.out(), axis);
    if (wide(x, axis)) {
        const auto& columns = kLog ? kernels::kernels().log_softmax_columns : kernels::kernels().softmax_columns;
        kernels::ColumnMap run = columns[static_cast<int>(x.dtype())];
        const int64_t item = static_cast<int64_t>(x.item_size());
        const char* from = x.data();
        char* to = c.out().data();
        return by_strips(x, axis,
                         [=](const Strip& s) { run(from + s.at * item, to + s.at * item, s.n, s.width, s.ld); });
    }
    Tensor rows = axis_last_data(x, axis), result = empty(rows.shape(), x.dtype());
    map_rows(f, rows, result, rows.ndim() ? rows.ndim() - 1 : 0);
    store_axis_last(c.out(), result, axis);
}

template <bool kLog> Tensor softmax_grad(const Tensor& grad, const Tensor& y, int axis) {
    const auto& table = kLog ? kernels::kernels().log_softmax_grad : kernels::kernels().softmax_grad;
    kernels::RowMapGrad f = table[static_cast<int>(y.dtype())];
    Tensor g = contiguous_data(grad), out = empty(y.shape(), y.dtype());
    int64_t n = y.ndim() ? y.size(axis) : 1;
    if (rows_lie_flat(y, axis)) {
        map_rows_grad(f, g, y, out, n);
    } else if (wide(y, axis)) {
        const auto& columns =
            kLog ? kernels::kernels().log_softmax_columns_grad : kernels::kernels().softmax_columns_grad;
        kernels::ColumnMapGrad run = columns[static_cast<int>(y.dtype())];
        const int64_t item = static_cast<int64_t>(y.item_size());
        const char *grads = g.data(), *values = y.data();
        char* to = out.data();
        by_strips(y, axis, [=](const Strip& s) {
            run(grads + s.at * item, values + s.at * item, to + s.at * item, s.n, s.width, s.ld);
        });
    } else {
        Tensor grads = axis_last_data(g, axis), values = axis_last_data(y, axis),
               rows = empty(values.shape(), y.dtype());
        map_rows_grad(f, grads, values, rows, n);
        store_axis_last(out, rows, axis);
    }
    return out;
}

void infer_softmax(InferCtx& c) {
    const Tensor& x = c.input(0);
    check<TypeError>(is_floating(x.dtype()), c.op.name, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float() or pass dtype=chainrule.float32.");
    c.set(0, x.shape(), x.dtype());
}

Tensor call(const Args& a, const OpDef& op) {
    const Tensor& x = a.tensor(0);
    SoftmaxAttrs attrs{normalize_axis(a.name, a.integer(1), x.ndim())};
    return run_with(op, attrs, a.given(2) ? cast(x, a.dtype(2, x.dtype())) : x);
}

// dim=None: PyTorch's old guess, axis 0 for 0, 1 and 3 dimensions, else 1.
int64_t axis_or_guess(const Args& a) {
    if (a.given(1)) return a.integer(1);
    warn(concat("Implicit dimension choice for ", a.name,
                " has been deprecated. Change the call to include dim=X as an argument."));
    int n = a.tensor(0).ndim();
    return n == 0 || n == 1 || n == 3 ? 0 : 1;
}

// The functions of nn.functional: name(input, dim=None, _stacklevel=3, dtype=None).
Tensor call_nn(const Args& a, const OpDef& op, Tensor (*first)(const Tensor&) = nullptr) {
    Tensor x = a.given(3) ? cast(a.tensor(0), a.dtype(3, a.tensor(0).dtype())) : a.tensor(0);
    SoftmaxAttrs attrs{normalize_axis(a.name, axis_or_guess(a), x.ndim())};
    return run_with(op, attrs, first ? first(x) : x);
}

}  // namespace

// ---- softmax: y = e^x / sum e^x ----
const OpDef softmax_op = {
    .name = "softmax",
    .grad_name = "SoftmaxBackward0",
    .infer = infer_softmax,
    .eval = eval_softmax<false>,
    .vjp =
        [](VjpCtx& c) {
            if (!c.create_graph()) {
                c.set(0, softmax_grad<false>(c.grad(), c.output(), c.attr<SoftmaxAttrs>().axis));
                return;
            }
            Tensor y = c.output(), weighted = c.grad() * y;
            c.set(0, weighted - y * sum(weighted, {c.attr<SoftmaxAttrs>().axis}, true));
        },
    .save_output = {1},
    .attr_bytes = sizeof(SoftmaxAttrs),
    .describe = describe_attrs<SoftmaxAttrs>,
};
Tensor softmax(const Tensor& x, int64_t axis) {
    return run_with(softmax_op, SoftmaxAttrs{normalize_axis("softmax", axis, x.ndim())}, x);
}
const Register softmax_fn({"softmax",
                           kMethod | kFunction,
                           R"(Softmax along an axis: positive values that sum to 1.

    y_i = e^(x_i) / sum_j e^(x_j),  dx_i = y_i (dy_i - sum_j dy_j y_j)

The largest element is subtracted first, so large inputs don't overflow. A row of -inf alone gives NaN.

Args:
    input: floating tensor.
    dim: axis.
    dtype: converts the input first.

Returns:
    Tensor of the input's shape.

Example:
    >>> chainrule.softmax(chainrule.tensor([0., 0.]), dim=0)
    tensor([0.5000, 0.5000])
)",
                           {{"softmax(Tensor input, int dim, Dtype dtype=None)",
                             [](Args& a) { a.ret(call(a, softmax_op)); }}}});
const Register nn_softmax_fn(
    {"softmax",
     kNN,
     R"(Softmax along an axis: positive values that sum to 1. chainrule.softmax() holds the formula.

Args:
    input: floating tensor.
    dim: axis; left out, it is guessed with a warning.
    dtype: converts the input first.

Example:
    >>> F.softmax(chainrule.tensor([0., 0.]), dim=0)
    tensor([0.5000, 0.5000])
)",
     {{"softmax(Tensor input, int dim=None, int _stacklevel=3, Dtype dtype=None)",
       [](Args& a) { a.ret(call_nn(a, softmax_op)); }}}});
const Register softmin_fn({"softmin",
                           kNN,
                           R"(Softmax of the negative input along an axis.

    y_i = e^(-x_i) / sum_j e^(-x_j)

Args:
    input: floating tensor.
    dim: axis.
    dtype: converts the input first.

Example:
    >>> F.softmin(chainrule.tensor([0., 0.]), dim=0)
    tensor([0.5000, 0.5000])
)",
                           {{"softmin(Tensor input, int dim=None, int _stacklevel=3, Dtype dtype=None)",
                             [](Args& a) { a.ret(call_nn(a, softmax_op, neg)); }}}});

// ---- log_softmax: y = x - log sum e^x ----
const OpDef log_softmax_op = {
    .name = "log_softmax",
    .grad_name = "LogSoftmaxBackward0",
    .infer = infer_softmax,
    .eval = eval_softmax<true>,
    .vjp =
        [](VjpCtx& c) {
            if (!c.create_graph()) {
                c.set(0, softmax_grad<true>(c.grad(), c.output(), c.attr<SoftmaxAttrs>().axis));
                return;
            }
            c.set(0, c.grad() - exp(c.output()) * sum(c.grad(), {c.attr<SoftmaxAttrs>().axis}, true));
        },
    .save_output = {1},
    .attr_bytes = sizeof(SoftmaxAttrs),
    .describe = describe_attrs<SoftmaxAttrs>,
};
Tensor log_softmax(const Tensor& x, int64_t axis) {
    return run_with(log_softmax_op, SoftmaxAttrs{normalize_axis("log_softmax", axis, x.ndim())}, x);
}
const Register log_softmax_fn({"log_softmax",
                               kMethod | kFunction,
                               R"(Logarithm of the softmax along an axis, without its rounding.

    y_i = x_i - log sum_j e^(x_j),  dx_i = dy_i - e^(y_i) sum_j dy_j

Args:
    input: floating tensor.
    dim: axis.
    dtype: converts the input first.

Returns:
    Tensor of the input's shape.

Example:
    >>> chainrule.log_softmax(chainrule.tensor([0., 0.]), dim=0)
    tensor([-0.6931, -0.6931])
)",
                               {{"log_softmax(Tensor input, int dim, Dtype dtype=None)",
                                 [](Args& a) { a.ret(call(a, log_softmax_op)); }}}});
const Register nn_log_softmax_fn({"log_softmax",
                                  kNN,
                                  R"(Logarithm of the softmax along an axis. chainrule.log_softmax() holds the formula.

Args:
    input: floating tensor.
    dim: axis; left out, it is guessed with a warning.
    dtype: converts the input first.

Example:
    >>> F.log_softmax(chainrule.tensor([0., 0.]), dim=0)
    tensor([-0.6931, -0.6931])
)",
                                  {{"log_softmax(Tensor input, int dim=None, int _stacklevel=3, Dtype dtype=None)",
                                    [](Args& a) { a.ret(call_nn(a, log_softmax_op)); }}}});

// ---- logsumexp: y = log sum e^x ----
const OpDef logsumexp_op = {
    .name = "logsumexp",
    .grad_name = "LogsumexpBackward0",
    .infer =
        [](InferCtx& c) {
            const ReduceAttrs& a = c.attr<ReduceAttrs>();
            c.set(0, reduced_shape(c.input(0).shape(), a.axes, a.keepdim), c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            GradMode off(false);
            const ReduceAttrs& a = c.attr<ReduceAttrs>();
            Tensor x = detach(c.input(0));
            Dims axes = axes_of(a.axes, x.ndim());
            if (a.axes == 0 || reduced_count(x.shape(), a.axes) == 0) {
                copy_data(c.out(), a.axes == 0 ? x : scalar_tensor(-__builtin_inf(), x.dtype()));
                return;
            }
            // An infinite maximum is not subtracted: inf - inf would be NaN.
            Tensor top = amax(x, axes, true);
            top = masked_mul(isfinite(top), top);
            Tensor y = log(sum(exp(x - top), axes, true)) + top;
            copy_data(c.out(), reshape(y, c.out().shape()));
        },
    .vjp =
        [](VjpCtx& c) {
            const ReduceAttrs& a = c.attr<ReduceAttrs>();
            Tensor x = c.input(0);
            Tensor y = spread(c.output(), x.shape(), a, c.create_graph()),
                   g = spread(c.grad(), x.shape(), a, c.create_graph());
            c.set(0, g * exp(x - y));
        },
    .promotion = Promotion::Float,
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(ReduceAttrs),
    .describe = describe_attrs<ReduceAttrs>,
};
Tensor logsumexp(const Tensor& x, const Dims& axes, bool keepdim) {
    return run_with(logsumexp_op, ReduceAttrs{axis_bits("logsumexp", axes, x.ndim()), keepdim}, x);
}
const Register logsumexp_fn({"logsumexp",
                             kMethod | kFunction,
                             R"(Logarithm of the sum of exponentials over axes, without overflow.

    y = log sum_i e^(x_i),  dx_i = dy e^(x_i - y)

Args:
    input: tensor; integers are converted to the default floating dtype.
    dim: an axis or several.
    keepdim: keep the axes with size 1.

Example:
    >>> chainrule.logsumexp(chainrule.tensor([0., 0.]), dim=0)
    tensor(0.6931)
)",
                             {{"logsumexp(Tensor input, ints dim, bool keepdim=False)", [](Args& a) {
                                   const Tensor& x = a.tensor(0);
                                   a.ret(run_with(logsumexp_op, ReduceAttrs{axis_bits(a, 1, x.ndim()), a.flag(2)}, x));
                               }}}});

}  // namespace chainrule
