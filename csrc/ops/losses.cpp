// Losses of regression, and binary cross-entropy.

#include <algorithm>
#include <limits>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/forms.h"
#include "ops/loss_rules.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

using kernels::Binary;
using kernels::Unary;

constexpr int64_t kBlock = 1 << 10;  // elements whose difference stays in the first cache

double mean_scale(Reduction reduction, int64_t n) {
    return reduction == Reduction::Mean ? 1.0 / static_cast<double>(n) : 1.0;
}

// Kernels for the elements of one dtype, on contiguous pieces.
struct Pieces {
    int dtype;
    int64_t item;
    explicit Pieces(const Tensor& t) : dtype(static_cast<int>(t.dtype())), item(static_cast<int64_t>(t.item_size())) {}

    void unary(Unary op, char* out, char* x, int64_t n, const double* param = nullptr) const {
        char* const ptr[2] = {out, x};
        const int64_t stride[2] = {item, item};
        kernels::kernels().unary[static_cast<int>(op)][dtype](ptr, stride, n, param);
    }
    void binary(Binary op, char* out, char* x, char* y, int64_t n, const double* param = nullptr) const {
        char* const ptr[3] = {out, x, y};
        const int64_t stride[3] = {item, item, item};
        kernels::kernels().binary[static_cast<int>(op)][dtype](ptr, stride, n, param);
    }
    void reduce(kernels::Reduce kind, const char* x, char* out, int64_t n) const {
        kernels::kernels().reduce_rows[static_cast<int>(kind)][dtype](x, out, 1, n, 0, 1);
    }
};

// work(pieces, block, difference, offset in bytes, count) for each block of x - t, which work may overwrite.
template <class F> void for_differences(const Tensor& x, const Tensor& t, const F& work) {
    const Pieces pieces(x);
    const int64_t n = x.numel();
    char *a = x.data(), *b = t.data();
    Unlock unlock(n);
    parallel_for((n + kBlock - 1) / kBlock, kGrain / kBlock, [&](int64_t begin, int64_t end) {
        alignas(64) char difference[kBlock * sizeof(double)];
        for (int64_t i = begin; i < end; ++i) {
            const int64_t count = std::min(kBlock, n - i * kBlock), at = i * kBlock * pieces.item;
            pieces.binary(Binary::Sub, difference, a + at, b + at, count);
            work(pieces, i, difference, at, count);
        }
    });
}

void scale_number(const Tensor& t, double factor) {
    if (t.dtype() == DType::Float32) *t.data<float>() = static_cast<float>(*t.data<float>() * factor);
    else *t.data<double>() *= factor;
}

// Sums of one block each, work(pieces, difference, count, sum), combined pairwise by the sum's own kernel.
template <class F> void sum_of_differences(const Tensor& x, const Tensor& t, const Tensor& out, const F& work) {
    const Pieces pieces(x);
    const int64_t blocks = (x.numel() + kBlock - 1) / kBlock;
    alignas(64) char few[512];
    Tensor many;
    if (blocks * pieces.item > static_cast<int64_t>(sizeof(few))) many = empty({blocks}, x.dtype());
    char* partial = many ? many.data() : few;
    for_differences(x, t, [&](const Pieces& p, int64_t i, char* difference, int64_t, int64_t count) {
        work(p, difference, count, partial + i * p.item);
    });
    pieces.reduce(kernels::Reduce::Sum, partial, out.data(), blocks);
}

double number_of(const Tensor& t) { return t.dtype() == DType::Float32 ? *t.data<float>() : *t.data<double>(); }

// The gradients of a loss that is a number: slope(pieces, out, difference, count, factor) writes factor times the loss's
// derivative by the difference; the target's gradient is the opposite.
template <class F> void set_slopes(VjpCtx& c, Reduction reduction, const F& slope) {
    Tensor x = contiguous_data(c.input(0)), t = contiguous_data(c.input(1));
    const double factor = number_of(c.grad()) * mean_scale(reduction, x.numel());
    for (int i = 0; i < 2; ++i) {
        if (!c.wants(i)) continue;
        Tensor d = empty(x.shape(), x.dtype());
        char* to = d.data();
        for_differences(x, t, [&](const Pieces& p, int64_t, char* difference, int64_t at, int64_t count) {
            slope(p, to + at, difference, count, i ? -factor : factor);
        });
        c.set(i, std::move(d));
    }
}
// The same by operations, from the derivative by the difference.
void set_slopes_recorded(VjpCtx& c, Reduction reduction, const Tensor& slope) {
    Tensor d = slope * (c.grad() * mean_scale(reduction, slope.numel()));
    c.set(0, d);
    if (c.wants(1)) c.set(1, -d);
}

// ---- mse_loss, l1_loss: mean or sum of (x - t)^2, of |x - t|, as one node ----

struct PairAttrs {
    Reduction reduction;
    void visit(AttrVisitor& v) const { v("reduction", reduction); }
};

template <kernels::Reduce kind> void eval_pair(EvalCtx& c) {
    Tensor x = contiguous_data(c.input(0)), t = contiguous_data(c.input(1));
    sum_of_differences(x, t, c.out(), [](const Pieces& p, char* difference, int64_t count, char* sum) {
        p.reduce(kind, difference, sum, count);
    });
    scale_number(c.out(), mean_scale(c.attr<PairAttrs>().reduction, x.numel()));
}

void vjp_mse(VjpCtx& c) {
    const Reduction reduction = c.attr<PairAttrs>().reduction;
    if (c.create_graph()) return set_slopes_recorded(c, reduction, (c.input(0) - c.input(1)) * 2);
    set_slopes(c, reduction, [](const Pieces& p, char* out, char* difference, int64_t count, double factor) {
        factor *= 2;
        p.unary(Unary::MulScalar, out, difference, count, &factor);
    });
}
void vjp_l1(VjpCtx& c) {
    const Reduction reduction = c.attr<PairAttrs>().reduction;
    if (c.create_graph()) return set_slopes_recorded(c, reduction, sign(c.input(0) - c.input(1)));
    set_slopes(c, reduction, [](const Pieces& p, char* out, char* difference, int64_t count, double factor) {
        p.unary(Unary::Sign, difference, difference, count);
        p.unary(Unary::MulScalar, out, difference, count, &factor);
    });
}

constexpr OpDef pair_op(const char* name, const char* grad_name, void (*eval)(EvalCtx&), void (*vjp)(VjpCtx&)) {
    OpDef op = {.name = name, .grad_name = grad_name, .eval = eval, .vjp = vjp};
    op.infer = [](InferCtx& c) { c.set(0, {}, c.input(0).dtype()); };
    op.save_input[0] = op.save_input[1] = 3;
    op.attr_bytes = sizeof(PairAttrs);
    op.describe = describe_attrs<PairAttrs>;
    return op;
}
constexpr OpDef mse_op = pair_op("mse_loss", "MseLossBackward0", eval_pair<kernels::Reduce::SumSquares>, vjp_mse);
constexpr OpDef l1_op = pair_op("l1_loss", "L1LossBackward0", eval_pair<kernels::Reduce::SumAbs>, vjp_l1);

Tensor weighted(const Tensor& loss, const Tensor& weight) { return weight ? loss * weight : loss; }

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
    bool plain = input.shape() == target.shape() && input.dtype() == target.dtype() && is_floating(input.dtype());
    LossPair p = plain ? LossPair{input, target} : loss_pair("mse_loss", input, target);
    if (reduction == Reduction::None) return square(p.input - p.target);
    return run_with(mse_op, PairAttrs{reduction}, p.input, p.target);
}
Tensor mse_loss(const Tensor& input, const Tensor& target) { return mse_loss(input, target, Reduction::Mean); }
const Register mse_loss_fn({"mse_loss",
                            kNN,
                            R"(Mean squared error.

    loss = 1/n sum_i (x_i - t_i)^2,  dx_i = 2 dloss (x_i - t_i) / n

Args:
    input, target: floating tensors of one shape. Where one is repeated to the other's shape a warning says so.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
    weight: weight of each element, or None.

Raises:
    ValueError: if both would be repeated, e.g. (N, 1) and (N,).

Example:
    >>> F.mse_loss(chainrule.tensor([1., 2.]), chainrule.tensor([0., 0.]))
    tensor(2.5000)
)",
                            {{"mse_loss(Tensor input, Tensor target, bool size_average=None, bool reduce=None, str "
                              "reduction='mean', Tensor weight=None)",
                              [](Args& a) {
                                  Reduction r = reduction_of(a, 4, 2, 3);
                                  if (!a.given(5)) {
                                      a.ret(mse_loss(a.tensor(0), a.tensor(1), r));
                                      return;
                                  }
                                  // The weighted mean divides by the weights' sum, as PyTorch's.
                                  Tensor loss = mse_loss(a.tensor(0), a.tensor(1), Reduction::None) * a.tensor(5);
                                  a.ret(r == Reduction::Mean ? sum(loss) / sum(expand(a.tensor(5), loss.shape()))
                                                             : reduce_loss(loss, r));
                              }}}});

// ---- l1_loss ----
const Register l1_loss_fn(
    {"l1_loss",
     kNN,
     R"(Mean absolute error.

    loss = 1/n sum_i |x_i - t_i|,  dx_i = dloss sign(x_i - t_i) / n

Args:
    input, target: floating tensors of one shape.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.

Raises:
    ValueError: if both would be repeated, e.g. (N, 1) and (N,).

Example:
    >>> F.l1_loss(chainrule.tensor([1., 2.]), chainrule.tensor([0., 0.]))
    tensor(1.5000)
)",
     {{"l1_loss(Tensor input, Tensor target, bool size_average=None, bool reduce=None, str reduction='mean')",
       [](Args& a) {
           const Reduction r = reduction_of(a, 4, 2, 3);
           LossPair p = loss_pair("l1_loss", a.tensor(0), a.tensor(1));
           a.ret(r == Reduction::None ? abs(p.input - p.target) : run_with(l1_op, PairAttrs{r}, p.input, p.target));
       }}}});

// ---- smooth_l1_loss, huber_loss: quadratic near 0, linear outside ----
namespace {

struct HuberAttrs {
    double delta, scale;
    Reduction reduction;
    void visit(AttrVisitor& v) const {
        v("delta", delta);
        v("scale", scale);
        v("reduction", reduction);
    }
};

// Turns differences d into the factors of the loss scale c (d - c / 2), c = d limited to [-delta, delta]: d - c / 2 in their
// place, scale c in `slope`: it is at most 1 where scale is 1 / delta, however small delta is.
void huber_factors(const Pieces& p, const HuberAttrs& a, char* difference, char* slope, int64_t n) {
    const double bounds[2] = {-a.delta, a.delta}, half = -0.5;
    p.unary(Unary::Clamp, slope, difference, n, bounds);
    p.binary(Binary::AddScaled, difference, difference, slope, n, &half);
    if (a.scale != 1) p.unary(Unary::MulScalar, slope, slope, n, &a.scale);
}

void eval_huber(EvalCtx& c) {
    const HuberAttrs& a = c.attr<HuberAttrs>();
    if (a.reduction == Reduction::None) {
        const double numbers[2] = {a.delta, a.scale};
        const kernels::Loop loop =
            kernels::kernels().binary[static_cast<int>(Binary::Huber)][static_cast<int>(c.out().dtype())];
        return apply_loop(loop, c.out(), c.inputs, 2, numbers);
    }
    Tensor x = contiguous_data(c.input(0)), t = contiguous_data(c.input(1));
    kernels::RowDots dots = kernels::kernels().row_dots[static_cast<int>(x.dtype())];
    sum_of_differences(x, t, c.out(), [&](const Pieces& p, char* difference, int64_t count, char* sum) {
        alignas(64) char slope[kBlock * sizeof(double)];
        huber_factors(p, a, difference, slope, count);
        dots(difference, count, slope, nullptr, sum, 1, count);
    });
    scale_number(c.out(), mean_scale(a.reduction, x.numel()));
}

// The gradients of a loss that is a tensor, each in one pass.
void set_huber_grads(VjpCtx& c, const HuberAttrs& a) {
    const Tensor in[3] = {c.grad(), c.input(0), c.input(1)};
    const int dtype = static_cast<int>(c.grad().dtype());
    for (int i = 0; i < 2; ++i) {
        if (!c.wants(i)) continue;
        const double numbers[2] = {a.delta, i ? -a.scale : a.scale};
        Tensor d = empty(in[1].shape(), in[1].dtype());
        apply_loop(kernels::kernels().ternary[static_cast<int>(kernels::Ternary::HuberGrad)][dtype], d, in, 3, numbers);
        c.set(i, std::move(d));
    }
}

void vjp_huber(VjpCtx& c) {
    const HuberAttrs& a = c.attr<HuberAttrs>();
    if (!c.create_graph() && a.reduction == Reduction::None) return set_huber_grads(c, a);
    if (c.create_graph()) {
        Tensor slope = clamp(c.input(0) - c.input(1), -a.delta, a.delta);
        return set_slopes_recorded(c, a.reduction, a.scale == 1 ? slope : slope * a.scale);
    }
    set_slopes(c, a.reduction, [&](const Pieces& p, char* out, char* difference, int64_t count, double factor) {
        const double bounds[2] = {-a.delta, a.delta};
        p.unary(Unary::Clamp, difference, difference, count, bounds);
        if (a.scale != 1) p.unary(Unary::MulScalar, difference, difference, count, &a.scale);
        p.unary(Unary::MulScalar, out, difference, count, &factor);
    });
}

// d^2 / 2 where |d| < delta, delta (|d| - delta / 2) outside, d = x - t; times scale; its sum or mean unless reduction is None.
const OpDef huber_op = {
    .name = "huber_loss",
    .grad_name = "HuberLossBackward0",
    .infer =
        [](InferCtx& c) {
            const bool each = c.attr<HuberAttrs>().reduction == Reduction::None;
            c.set(0, each ? c.input(0).shape() : Dims{}, c.input(0).dtype());
        },
    .eval = eval_huber,
    .vjp = vjp_huber,
    .save_input = {3, 3},
    .attr_bytes = sizeof(HuberAttrs),
    .describe = describe_attrs<HuberAttrs>,
};

Tensor smooth_l1(const LossPair& p, double beta, Reduction reduction) {
    double smallest =
        p.input.dtype() == DType::Float32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
    if (beta == 0) return reduce_loss(abs(p.input - p.target), reduction);
    // The inverse of a smaller bound would be infinite. Values change by less than the smallest normal number.
    beta = std::max(beta, smallest);
    return run_with(huber_op, HuberAttrs{beta, 1 / beta, reduction}, p.input, p.target);
}

}  // namespace

const Register smooth_l1_loss_fn({"smooth_l1_loss",
                                  kNN,
                                  R"(Squared error below a bound, absolute error above.

    loss_i = d_i^2 / (2 beta) where |d_i| < beta, else |d_i| - beta / 2,  d = x - t

Args:
    input, target: floating tensors of one shape.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
    beta: the bound; 0 gives l1_loss.

Example:
    >>> F.smooth_l1_loss(chainrule.tensor([0.5, 3.]), chainrule.tensor([0., 0.]), reduction='none')
    tensor([0.1250, 2.5000])
)",
                                  {{"smooth_l1_loss(Tensor input, Tensor target, bool size_average=None, bool "
                                    "reduce=None, str reduction='mean', float beta=1.0)",
                                    [](Args& a) {
                                        double beta = a.real(5, 1);
                                        check<ValueError>(beta >= 0, "smooth_l1_loss: beta must not be negative, got ",
                                                          beta, ".");
                                        LossPair p = loss_pair("smooth_l1_loss", a.tensor(0), a.tensor(1));
                                        a.ret(smooth_l1(p, beta, reduction_of(a, 4, 2, 3)));
                                    }}}});

const Register huber_loss_fn(
    {"huber_loss",
     kNN,
     R"(Huber's loss: squared error below a bound, absolute error above.

    loss_i = d_i^2 / 2 where |d_i| <= delta, else delta (|d_i| - delta / 2),  d = x - t

Args:
    input, target: floating tensors of one shape.
    reduction: 'none', 'mean' or 'sum'.
    delta: the bound, above 0.
    weight: weight of each element, or None.

Example:
    >>> F.huber_loss(chainrule.tensor([0.5, 3.]), chainrule.tensor([0., 0.]), reduction='none')
    tensor([0.1250, 2.5000])
)",
     {{"huber_loss(Tensor input, Tensor target, str reduction='mean', float delta=1.0, Tensor weight=None)",
       [](Args& a) {
           double delta = a.real(3, 1);
           check<ValueError>(delta > 0, "huber_loss: delta must be above 0, got ", delta, ".");
           LossPair p = loss_pair("huber_loss", a.tensor(0), a.tensor(1));
           Reduction r = a.given(2) ? parse_reduction(a.name, a.text(2)) : Reduction::Mean;
           if (!a.given(4)) return a.ret(run_with(huber_op, HuberAttrs{delta, 1, r}, p.input, p.target));
           Tensor loss = run_with(huber_op, HuberAttrs{delta, 1, Reduction::None}, p.input, p.target) * a.tensor(4);
           a.ret(r == Reduction::Mean && a.given(4) ? sum(loss) / sum(expand(a.tensor(4), loss.shape()))
                                                    : reduce_loss(loss, r));
       }}}});

// ---- binary_cross_entropy ----
namespace {

void check_probabilities(const Tensor& x) {
    if (x.numel() == 0) return;
    Tensor low = amin(detach(x)), high = amax(detach(x));
    double lo = number_value(low), hi = number_value(high);  // of any dtype: the operation itself refuses integers
    check<ValueError>(!(lo < 0) && !(hi > 1), "binary_cross_entropy: the input must be in [0, 1], got values from ", lo,
                      " to ", hi, ". For logits use binary_cross_entropy_with_logits().");
}

void check_one_shape(const char* op, const Tensor& input, const Tensor& target) {
    check<ValueError>(input.shape() == target.shape(), op, ": input and target must have one shape, got ",
                      input.shape(), " and ", target.shape(),
                      ". Reshape one of them, e.g. with .squeeze(-1) or .unsqueeze(-1).");
}

Tensor clamped_log(const Tensor& x) { return clamp(log(x), -100, __builtin_inf()); }

}  // namespace

const OpDef binary_cross_entropy_op = {
    .name = "binary_cross_entropy",
    .grad_name = "BinaryCrossEntropyBackward0",
    .infer = infer_floating,
    .eval =
        [](EvalCtx& c) {
            Tensor p = detach(c.input(0)), t = detach(c.input(1));
            copy_data(c.out(), -(t * clamped_log(p) + (1.0 - t) * clamped_log(1.0 - p)));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor p = c.input(0), t = c.input(1);
            if (c.wants(0)) c.set(0, c.grad() * (p - t) / clamp(p * (1.0 - p), 1e-12, __builtin_inf()));
            if (c.wants(1)) c.set(1, c.grad() * (clamped_log(1.0 - p) - clamped_log(p)));
        },
    .promotion = Promotion::Common,
    .save_input = {3, 3},
};
const Register binary_cross_entropy_fn({"binary_cross_entropy",
                                        kNN,
                                        R"(Binary cross-entropy of probabilities.

    loss_i = -w_i (t_i log p_i + (1 - t_i) log(1 - p_i)), with each logarithm held above -100

Args:
    input: probabilities in [0, 1].
    target: tensor of the same shape, values in [0, 1].
    weight: tensor that broadcasts, or None.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.

Raises:
    ValueError: if the shapes differ or the input leaves [0, 1].

Example:
    >>> F.binary_cross_entropy(chainrule.tensor([0.5]), chainrule.tensor([1.]))
    tensor(0.6931)

Source: PyTorch documentation, torch.nn.BCELoss.
)",
                                        {{"binary_cross_entropy(Tensor input, Tensor target, Tensor weight=None, bool "
                                          "size_average=None, bool reduce=None, "
                                          "str reduction='mean')",
                                          [](Args& a) {
                                              check_one_shape(a.name, a.tensor(0), a.tensor(1));
                                              check_probabilities(a.tensor(0));
                                              Tensor loss = run(binary_cross_entropy_op, a.tensor(0), a.tensor(1));
                                              a.ret(reduce_loss(weighted(loss, a.tensor(2)), reduction_of(a, 5, 3, 4)));
                                          }}}});

// ---- binary_cross_entropy_with_logits: with a = 1 + (w - 1) t, the loss (1 - t) x + a log(1 + e^-x) ----
namespace {

Tensor positive_factor(const Tensor& t, const Tensor& pos_weight) { return (pos_weight - 1.0) * t + 1.0; }

// log(1 + e^-x); values only.
Tensor tail_values(const Tensor& x) {
    Tensor y = empty(x.shape(), x.dtype());
    apply_loop(kernels::kernels().unary[static_cast<int>(kernels::Unary::LogSigmoid)][static_cast<int>(x.dtype())], y,
               &x, 1, nullptr);
    return -y;
}

}  // namespace

const OpDef bce_logits_op = {
    .name = "binary_cross_entropy_with_logits",
    .grad_name = "BinaryCrossEntropyWithLogitsBackward0",
    .infer = infer_floating,
    .eval =
        [](EvalCtx& c) {
            if (c.n_inputs == 2) {
                int d = static_cast<int>(c.out().dtype());
                apply_loop(kernels::kernels().binary[static_cast<int>(Binary::BceLogits)][d], c.out(), c.inputs, 2,
                           nullptr);
                return;
            }
            Tensor x = detach(c.input(0)), t = detach(c.input(1));
            copy_data(c.out(), (1.0 - t) * x + positive_factor(t, detach(c.input(2))) * tail_values(x));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor x = c.input(0), t = c.input(1), g = c.grad();
            bool factor = c.n_inputs() > 2;
            if (c.wants(0)) {
                // Without a factor (1 - t) - sigmoid(-x) is sigmoid(x) - t, which does not cancel for large x.
                Tensor d = factor ? (1.0 - t) - positive_factor(t, c.input(2)) * sigmoid(-x) : sigmoid(x) - t;
                c.set(0, g * d);
            }
            if (c.wants(1)) c.set(1, g * (factor ? (c.input(2) - 1.0) * softplus(-x) - x : -x));
            if (factor && c.wants(2)) c.set(2, g * t * softplus(-x));
        },
    .promotion = Promotion::Common,
    .broadcast = true,
    .save_input = {7, 7, 7},
};
const Register bce_logits_fn({"binary_cross_entropy_with_logits",
                              kNN,
                              R"(Binary cross-entropy of logits, without overflow.

    loss_i = -w_i (p t_i log sigmoid(x_i) + (1 - t_i) log(1 - sigmoid(x_i))),  dx = dloss (sigmoid(x) - t) for p = 1

Args:
    input: logits.
    target: tensor of the same shape, values in [0, 1].
    weight: tensor that broadcasts, or None.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
    pos_weight: weight p of positive examples, broadcasts; or None.

Raises:
    ValueError: if the shapes differ.

Example:
    >>> F.binary_cross_entropy_with_logits(chainrule.tensor([0.]), chainrule.tensor([1.]))
    tensor(0.6931)

Source: PyTorch documentation, torch.nn.BCEWithLogitsLoss.
)",
                              {{"binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor weight=None, "
                                "bool size_average=None, bool reduce=None, "
                                "str reduction='mean', Tensor pos_weight=None)",
                                [](Args& a) {
                                    const Tensor &x = a.tensor(0), &t = a.tensor(1), &factor = a.tensor(6);
                                    check_one_shape(a.name, x, t);
                                    if (factor)
                                        check<ValueError>(
                                            broadcast_shapes(a.name, x.shape(), factor.shape()) == x.shape(), a.name,
                                            ": pos_weight must broadcast to the input's shape ", x.shape(), ", got ",
                                            factor.shape(), ".");
                                    Tensor loss = factor ? run(bce_logits_op, x, t, factor) : run(bce_logits_op, x, t);
                                    a.ret(reduce_loss(weighted(loss, a.tensor(2)), reduction_of(a, 5, 3, 4)));
                                }}}});

}  // namespace chainrule
