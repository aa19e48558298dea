// Running sums and products.

#include <algorithm>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

struct CumulativeAttrs {
    int axis;
    bool reverse;  // from the end
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("reverse", reverse);
    }
};

void infer_cumulative(InferCtx& c) {
    const Tensor& x = c.input(0);
    check<TypeError>(x.dtype() == DType::Int64 || is_floating(x.dtype()), c.op.name, ": not defined for ", x.dtype(),
                     ".");
    c.set(0, x.shape(), x.dtype());
}

// Short rows: turned, so that many are walked side by side, and turned back.
constexpr int64_t kRows = 64, kShort = 64;
void cumulate_rows(kernels::Cumulate f, kernels::Transpose transpose, const char* in, char* out, int64_t rows,
                   int64_t n, int64_t item, bool reverse) {
    parallel_for(rows / kRows, kGrain / (n * kRows) + 1, [&](int64_t begin, int64_t end) {
        alignas(64) char turned[kRows * kShort * 8], sums[kRows * kShort * 8];
        const int64_t start = reverse ? (n - 1) * kRows * item : 0;
        for (int64_t r = begin; r < end; ++r) {
            const int64_t at = r * kRows * n * item;
            transpose(in + at, n, turned, kRows, n, kRows);
            f(turned + start, sums + start, n, reverse ? -kRows : kRows, kRows);
            transpose(sums, kRows, out + at, n, kRows, n);
        }
    });
}

void cumulate(kernels::Cumulate f, const Tensor& in, const Tensor& out, const CumulativeAttrs& a) {
    Tensor x = contiguous_data(in);
    AroundAxis s(x.shape(), x.ndim() ? a.axis : 0);
    int64_t item = static_cast<int64_t>(x.item_size());
    int64_t step = a.reverse ? -s.inner : s.inner, start = a.reverse ? (s.n - 1) * s.inner : 0;
    const char* from = x.data();
    char* to = out.data();
    if (x.numel() == 0) return;
    const kernels::Transpose transpose = kernels::kernels().transpose[static_cast<int>(x.dtype())];
    if (transpose && s.inner == 1 && s.n >= 4 && s.n <= kShort && s.outer >= kRows) {
        Unlock unlock(x.numel());
        const int64_t rows = s.outer / kRows * kRows;
        cumulate_rows(f, transpose, from, to, rows, s.n, item, a.reverse);
        from += rows * s.n * item;
        to += rows * s.n * item;
        s.outer -= rows;
    }
    // Lines that lie side by side are walked together, a few cache lines of them at a time.
    constexpr int64_t kWidth = 128;
    const int64_t strips = (s.inner + kWidth - 1) / kWidth;
    Unlock unlock(x.numel());
    parallel_for(s.outer * strips, kGrain / (s.n * std::min(s.inner, kWidth)) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
            const int64_t first = r % strips * kWidth;
            const int64_t at = (r / strips * s.n * s.inner + first + start) * item;
            f(from + at, to + at, s.n, step, std::min(kWidth, s.inner - first));
        }
    });
}

// Bools and integers accumulate in int64.
Tensor widened(Args& a) {
    Tensor x = self_or_copy(a);
    if (a.given(2)) x = cast(x, a.dtype(2, DType::Float32));
    bool keep = a.given(2) && x.dtype() == DType::Bool;
    return is_integral(x.dtype()) && !keep ? cast(x, DType::Int64) : x;
}
// The dtype asked for: the low bits of an int64 are what fewer bits would have held.
Tensor narrowed(Args& a, const Tensor& y) { return a.given(2) ? cast(y, a.dtype(2, DType::Float32)) : y; }

}  // namespace

// ---- cumsum: y_k = sum of x_j over j <= k ----
const OpDef cumsum_op = {
    .name = "cumsum",
    .grad_name = "CumsumBackward0",
    .infer = infer_cumulative,
    .eval =
        [](EvalCtx& c) {
            cumulate(kernels::kernels().cumsum[static_cast<int>(c.out().dtype())], c.input(0), c.out(),
                     c.attr<CumulativeAttrs>());
        },
    .vjp =
        [](VjpCtx& c) {
            CumulativeAttrs a = c.attr<CumulativeAttrs>();
            c.set(0, run_with(c.op(), CumulativeAttrs{a.axis, !a.reverse}, c.grad()));
        },
    .attr_bytes = sizeof(CumulativeAttrs),
    .describe = describe_attrs<CumulativeAttrs>,
};
Tensor cumsum(const Tensor& x, int64_t axis, bool reverse) {
    return run_with(cumsum_op, CumulativeAttrs{normalize_axis("cumsum", axis, x.ndim()), reverse}, x);
}
const Register cumsum_fn({"cumsum",
                          kMethod | kFunction | kInplace,
                          R"(Running sum along an axis.

    y_k = sum_{j <= k} x_j,  dx_j = sum_{k >= j} dy_k

Args:
    input: tensor; bools and integers are summed as int64.
    dim: axis.
    dtype: converts the input first.

Example:
    >>> chainrule.cumsum(chainrule.tensor([1., 2., 3.]), dim=0)
    tensor([1., 3., 6.])
)",
                          {{"cumsum(Tensor input, int dim, *, Dtype dtype=None)", [](Args& a) {
                                Tensor x = widened(a);
                                int axis = normalize_axis(a.name, a.integer(1), x.ndim());
                                finish(a, narrowed(a, run_with(cumsum_op, CumulativeAttrs{axis, false}, x)));
                            }}}});

// ---- cumprod: y_k = product of x_j over j <= k ----
namespace {

bool has_zero(const Tensor& x) {
    Tensor all = empty({}, DType::Bool);
    reduce_into(kernels::Reduce::All, x, (1u << x.ndim()) - 1, all);
    return !*all.data<bool>();
}

// For each j: the running products from j on with x_j left out, weighted and summed. Quadratic, but right where there are zeros.
Tensor cumprod_grad_with_zeros(const Tensor& g, const Tensor& x, int axis) {
    std::vector<Tensor> parts;
    int64_t n = x.size(axis);
    for (int64_t j = 0; j < n; ++j) {
        Tensor without = ones_like(detach(narrow(x, axis, j, 1)));
        if (j > 0) without = narrow(cumprod(narrow(x, axis, 0, j), axis), axis, j - 1, 1);
        Tensor products = without;
        if (j + 1 < n) products = cat({without, without * cumprod(narrow(x, axis, j + 1, n - j - 1), axis)}, axis);
        parts.push_back(sum(products * narrow(g, axis, j, n - j), {axis}, true));
    }
    return cat(parts, axis);
}

}  // namespace

const OpDef cumprod_op = {
    .name = "cumprod",
    .grad_name = "CumprodBackward0",
    .infer = infer_cumulative,
    .eval =
        [](EvalCtx& c) {
            cumulate(kernels::kernels().cumprod[static_cast<int>(c.out().dtype())], c.input(0), c.out(),
                     c.attr<CumulativeAttrs>());
        },
    .vjp =
        [](VjpCtx& c) {
            int axis = c.attr<CumulativeAttrs>().axis;
            Tensor x = c.input(0);
            if (x.ndim() == 0 || x.numel() == 0) c.set(0, c.grad());
            else if (has_zero(x)) c.set(0, cumprod_grad_with_zeros(c.grad(), x, axis));
            else c.set(0, cumsum(c.grad() * c.output(), axis, true) / x);
        },
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(CumulativeAttrs),
    .describe = describe_attrs<CumulativeAttrs>,
};
Tensor cumprod(const Tensor& x, int64_t axis) {
    return run_with(cumprod_op, CumulativeAttrs{normalize_axis("cumprod", axis, x.ndim()), false}, x);
}
const Register cumprod_fn({"cumprod",
                           kMethod | kFunction | kInplace,
                           R"(Running product along an axis.

    y_k = prod_{j <= k} x_j,  dx_j = sum_{k >= j} dy_k prod_{i <= k, i != j} x_i  (right also where elements are 0)

Args:
    input: tensor; bools and integers are multiplied as int64.
    dim: axis.
    dtype: converts the input first.

Example:
    >>> chainrule.cumprod(chainrule.tensor([1., 2., 3.]), dim=0)
    tensor([1., 2., 6.])
)",
                           {{"cumprod(Tensor input, int dim, *, Dtype dtype=None)", [](Args& a) {
                                 Tensor x = widened(a);
                                 int axis = normalize_axis(a.name, a.integer(1), x.ndim());
                                 finish(a, narrowed(a, run_with(cumprod_op, CumulativeAttrs{axis, false}, x)));
                             }}}});

}  // namespace chainrule
