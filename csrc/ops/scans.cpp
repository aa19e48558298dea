// Running extremes and running log-sum-exp.

#include <algorithm>
#include <limits>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/kernels.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

struct ScanAttrs {
    int axis;
    bool flag;  // cummax and cummin: the largest; logcumsumexp: from the end
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("flag", flag);
    }
};

// Lines that are walked together, element by element: neighbours, or along the last axis, rows.
struct Lines {
    int64_t start, n, step;  // elements of a line lie `step` apart
    int64_t count, apart;    // so many lines, so far apart
};
constexpr int64_t kWidth = 64;

// Calls body(Lines) for all lines along the axis, up to kWidth at a time.
template <class F> void for_each_lines(const Tensor& x, int axis, const F& body) {
    if (x.numel() == 0) return;
    AroundAxis s(x.shape(), axis);
    const bool rows = s.inner == 1;
    const int64_t lines = rows ? s.outer : s.inner, strips = (lines + kWidth - 1) / kWidth;
    Unlock unlock(x.numel());
    parallel_for(rows ? strips : s.outer * strips, kGrain / (s.n * kWidth) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
            int64_t first = r % strips * kWidth, count = std::min(kWidth, lines - first);
            if (rows) body(Lines{first * s.n, s.n, 1, count, s.n});
            else body(Lines{r / strips * s.n * s.inner + first, s.n, s.inner, count, 1});
        }
    });
}

// ---- running extremes: of equal elements the last one is named; a NaN stays ----

void infer_running(InferCtx& c) {
    c.set(0, c.input(0).shape(), c.input(0).dtype());
    c.set(1, c.input(0).shape(), DType::Int64);
}

template <bool largest, class T> void run_line(const T* in, T* values, int64_t* indices, int64_t n) {
    T best = in[0];
    int64_t where = 0;
    for (int64_t i = 0; i < n; ++i) {
        T v = in[i];
        // Most elements change nothing: a branch that is foreseen costs less than a choice.
        if (largest ? v < best : v > best) [[likely]] {
        } else if ((largest ? v >= best : v <= best) || v != v) {
            best = v;
            where = i;
        }
        values[i] = best;
        indices[i] = where;
    }
}
// Neighbouring lines: each row from the one before.
template <bool largest, class T> void run_lines(const T* in, T* values, int64_t* indices, const Lines& l) {
    std::copy_n(in, l.count, values);
    std::fill_n(indices, l.count, 0);
    for (int64_t i = 1; i < l.n; ++i) {
        const T *v = in + i * l.step, *best = values + (i - 1) * l.step;
        const int64_t* where = indices + (i - 1) * l.step;
        T* next = values + i * l.step;
        int64_t* place = indices + i * l.step;
        for (int64_t j = 0; j < l.count; ++j) {
            bool take = (largest ? v[j] >= best[j] : v[j] <= best[j]) | (v[j] != v[j]);
            next[j] = take ? v[j] : best[j];
            place[j] = take ? i : where[j];
        }
    }
}
template <bool largest, class T> void running(const Tensor& x, int axis, T* values, int64_t* indices) {
    for_each_lines(x, axis, [&](const Lines& l) {
        const T* in = x.data<T>() + l.start;
        if (l.step > 1) return run_lines<largest>(in, values + l.start, indices + l.start, l);
        for (int64_t r = 0; r < l.count; ++r)
            run_line<largest>(in + r * l.n, values + l.start + r * l.n, indices + l.start + r * l.n, l.n);
    });
}

void eval_running(EvalCtx& c) {
    const ScanAttrs& a = c.attr<ScanAttrs>();
    Tensor x = contiguous_data(c.input(0));
    visit(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* values = c.out(0).data<T>();
        int64_t* indices = c.out(1).data<int64_t>();
        if (a.flag) running<true>(x, a.axis, values, indices);
        else running<false>(x, a.axis, values, indices);
    });
}

void vjp_running(VjpCtx& c) {
    const Dims& shape = c.input_shape(0);
    if (shape.n == 0) return c.set(0, c.grad());
    c.set(0, scatter_add(zeros(shape, c.grad().dtype()), c.attr<ScanAttrs>().axis, detach(c.output(1)), c.grad()));
}

constexpr OpDef running_op(const char* name, const char* grad_name) {
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer_running, .eval = eval_running, .vjp = vjp_running};
    op.save_output[1] = 1;
    op.keep_shape = 1;
    op.attr_bytes = sizeof(ScanAttrs);
    op.describe = describe_attrs<ScanAttrs>;
    return op;
}

constexpr OpDef cummax_op = running_op("cummax", "CummaxBackward0");
constexpr OpDef cummin_op = running_op("cummin", "CumminBackward0");
constexpr const char* kCummaxFields[] = {"cummax", "values", "indices", nullptr};
constexpr const char* kCumminFields[] = {"cummin", "values", "indices", nullptr};

void call_running(Args& a, const OpDef& op, bool largest, const char* const* fields) {
    const Tensor& x = a.tensor(0);
    ScanAttrs attrs{normalize_axis(a.name, a.integer(1), x.ndim()), largest};
    Tensor out[2];
    dispatch(op, &x, 1, &attrs, out, 2);
    a.ret_tuple({out[0], out[1]}, fields);
}

// ---- logcumsumexp ----

void eval_logcumsumexp(EvalCtx& c) {
    const ScanAttrs& a = c.attr<ScanAttrs>();
    Tensor x = contiguous_data(c.input(0));
    const kernels::Loop add =
        kernels::kernels().binary[static_cast<int>(kernels::Binary::Logaddexp)][static_cast<int>(x.dtype())];
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* in = x.data<T>();
        T* out = c.out().data<T>();
        for_each_lines(x, a.axis, [&](const Lines& l) {
            T total[kWidth], fresh[kWidth];
            char* const ptr[3] = {reinterpret_cast<char*>(total), reinterpret_cast<char*>(total),
                                  reinterpret_cast<char*>(fresh)};
            const int64_t stride[3] = {sizeof(T), sizeof(T), sizeof(T)};
            for (int64_t i = 0; i < l.n; ++i) {
                const int64_t at = l.start + (a.flag ? l.n - 1 - i : i) * l.step;
                T* to = i == 0 ? total : fresh;
                for (int64_t j = 0; j < l.count; ++j) to[j] = in[at + j * l.apart];
                if (i > 0) add(ptr, stride, l.count, nullptr);
                for (int64_t j = 0; j < l.count; ++j) out[at + j * l.apart] = total[j];
            }
        });
    });
}

// e^x_j sum_{k >= j} |g_k| e^-y_k over the places of the mask, in logarithms so that nothing overflows.
Tensor signed_part(const OpDef& op, const Tensor& g, const Tensor& mask, const Tensor& x, const Tensor& y,
                   const ScanAttrs& a) {
    double lowest =
        x.dtype() == DType::Float32 ? std::numeric_limits<float>::lowest() : std::numeric_limits<double>::lowest();
    Tensor size = log(where(mask, abs(g), number(1, g)));
    Tensor logs = where(mask, size - y, number(lowest, g));
    return exp(run_with(op, ScanAttrs{a.axis, !a.flag}, logs) + x);
}

}  // namespace

const Register cummax_fn({"cummax",
                          kMethod | kFunction,
                          R"(Running maximum along an axis, and where it is.

    y_k = max_{j <= k} x_j

Args:
    input: tensor. NaN wins.
    dim: axis.

Returns:
    Named tuple (values, indices); of equal elements the last one is named, and takes the gradient.

Example:
    >>> chainrule.cummax(chainrule.tensor([1., 3., 2.]), dim=0).values
    tensor([1., 3., 3.])
)",
                          {{"cummax(Tensor input, int dim)",
                            [](Args& a) { call_running(a, cummax_op, true, kCummaxFields); }}}});

const Register cummin_fn({"cummin",
                          kMethod | kFunction,
                          R"(Running minimum along an axis, and where it is.

    y_k = min_{j <= k} x_j

Args:
    input: tensor. NaN wins.
    dim: axis.

Returns:
    Named tuple (values, indices); of equal elements the last one is named, and takes the gradient.

Example:
    >>> chainrule.cummin(chainrule.tensor([2., 3., 1.]), dim=0).indices
    tensor([0, 0, 2])
)",
                          {{"cummin(Tensor input, int dim)",
                            [](Args& a) { call_running(a, cummin_op, false, kCumminFields); }}}});

const OpDef logcumsumexp_op = {
    .name = "logcumsumexp",
    .grad_name = "LogcumsumexpBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& x = c.input(0);
            check<TypeError>(is_floating(x.dtype()), "logcumsumexp: the input must be floating, got ", x.dtype(),
                             ". Convert it with .float().");
            c.set(0, x.shape(), x.dtype());
        },
    .eval = eval_logcumsumexp,
    .vjp =
        [](VjpCtx& c) {
            const ScanAttrs& a = c.attr<ScanAttrs>();
            Tensor g = c.grad(), x = c.input(0), y = c.output(), none = number(0, g);
            Tensor positive = signed_part(c.op(), g, gt(detach(g), none), x, y, a);
            Tensor negative = signed_part(c.op(), g, lt(detach(g), none), x, y, a);
            c.set(0, positive - negative);
        },
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(ScanAttrs),
    .describe = describe_attrs<ScanAttrs>,
};
const Register logcumsumexp_fn({"logcumsumexp",
                                kMethod | kFunction,
                                R"(Logarithm of the running sum of exponentials along an axis.

    y_k = log sum_{j <= k} exp(x_j),  dx_j = sum_{k >= j} dy_k exp(x_j - y_k)

Args:
    input: floating tensor.
    dim: axis.

Example:
    >>> chainrule.logcumsumexp(chainrule.tensor([0., 0.]), dim=0).exp()
    tensor([1., 2.])
)",
                                {{"logcumsumexp(Tensor input, int dim)", [](Args& a) {
                                      const Tensor& x = a.tensor(0);
                                      ScanAttrs attrs{normalize_axis(a.name, a.integer(1), x.ndim()), false};
                                      a.ret(run_with(logcumsumexp_op, attrs, x));
                                  }}}});

}  // namespace chainrule
