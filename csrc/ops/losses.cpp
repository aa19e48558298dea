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

// ---- mse_loss: mean or sum of (x - t)^2 as one node ----

struct MseAttrs {
    Reduction reduction;
    void visit(AttrVisitor& v) const { v("reduction", reduction); }
};

constexpr int64_t kBlock = 1 << 10;  // elements whose difference stays in the first cache

double mse_scale(Reduction reduction, int64_t n) {
    return reduction == Reduction::Mean ? 1.0 / static_cast<double>(n) : 1.0;
}

// Sums of squares of one stretch each, combined pairwise by the sum's own kernel.
void squared_error(const Tensor& x, const Tensor& t, const Tensor& out) {
    const kernels::Table& k = kernels::kernels();
    int d = static_cast<int>(x.dtype());
    int64_t n = x.numel(), item = static_cast<int64_t>(x.item_size()), blocks = (n + kBlock - 1) / kBlock;
    kernels::Loop sub = k.binary[static_cast<int>(Binary::Sub)][d];
    kernels::ReduceRows squares = k.reduce_rows[static_cast<int>(kernels::Reduce::SumSquares)][d];
    alignas(64) char few[512];
    Tensor many;
    if (blocks * item > static_cast<int64_t>(sizeof(few))) many = empty({blocks}, x.dtype());
    char* partial = many ? many.data() : few;
    char *a = x.data(), *b = t.data();
    Unlock unlock(n);
    parallel_for(blocks, kGrain / kBlock, [&](int64_t begin, int64_t end) {
        alignas(64) char difference[kBlock * sizeof(double)];
        for (int64_t i = begin; i < end; ++i) {
            int64_t first = i * kBlock, count = n - first < kBlock ? n - first : kBlock;
            char* const ptr[3] = {difference, a + first * item, b + first * item};
            const int64_t stride[3] = {item, item, item};
            sub(ptr, stride, count, nullptr);
            squares(difference, partial + i * item, 1, count, 0, 1);
        }
    });
    k.reduce_rows[static_cast<int>(kernels::Reduce::Sum)][d](partial, out.data(), 1, blocks, 0, 1);
}

void scale_number(const Tensor& t, double factor) {
    if (t.dtype() == DType::Float32) *t.data<float>() = static_cast<float>(*t.data<float>() * factor);
    else *t.data<double>() *= factor;
}

double number_of(const Tensor& t) { return t.dtype() == DType::Float32 ? *t.data<float>() : *t.data<double>(); }

// out = factor (x - t)
void scaled_difference(const Tensor& x, const Tensor& t, double factor, const Tensor& out) {
    const kernels::Table& k = kernels::kernels();
    int d = static_cast<int>(x.dtype());
    int64_t item = static_cast<int64_t>(x.item_size());
    kernels::Loop sub = k.binary[static_cast<int>(Binary::Sub)][d],
                  scale = k.unary[static_cast<int>(kernels::Unary::MulScalar)][d];
    char *a = x.data(), *b = t.data(), *to = out.data();
    Unlock unlock(x.numel());
    parallel_for(x.numel(), kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t first = begin; first < end; first += kBlock) {
            int64_t count = end - first < kBlock ? end - first : kBlock;
            char* const ptr[3] = {to + first * item, a + first * item, b + first * item};
            const int64_t stride[3] = {item, item, item};
            sub(ptr, stride, count, nullptr);
            char* const again[2] = {ptr[0], ptr[0]};
            scale(again, stride, count, &factor);
        }
    });
}

const OpDef mse_op = {
    .name = "mse_loss",
    .grad_name = "MseLossBackward0",
    .infer = [](InferCtx& c) { c.set(0, {}, c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            Tensor x = contiguous_data(c.input(0)), t = contiguous_data(c.input(1));
            squared_error(x, t, c.out());
            scale_number(c.out(), mse_scale(c.attr<MseAttrs>().reduction, x.numel()));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor x = c.input(0), t = c.input(1);
            double factor = 2 * mse_scale(c.attr<MseAttrs>().reduction, x.numel());
            if (c.create_graph()) {
                Tensor d = (x - t) * (c.grad() * factor);
                c.set(0, d);
                if (c.wants(1)) c.set(1, -d);
                return;
            }
            factor *= number_of(c.grad());
            Tensor a = contiguous_data(x), b = contiguous_data(t);
            for (int i = 0; i < 2; ++i) {
                if (!c.wants(i)) continue;
                Tensor d = empty(a.shape(), a.dtype());
                scaled_difference(a, b, i ? -factor : factor, d);
                c.set(i, std::move(d));
            }
        },
    .save_input = {3, 3},
    .attr_bytes = sizeof(MseAttrs),
    .describe = describe_attrs<MseAttrs>,
};

// The difference of a checked pair.
Tensor difference(const char* op, const Tensor& input, const Tensor& target) {
    LossPair p = loss_pair(op, input, target);
    return p.input - p.target;
}

Tensor weighted(const Tensor& loss, const Tensor& weight) { return weight ? loss * weight : loss; }

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
    bool plain = input.shape() == target.shape() && input.dtype() == target.dtype() && is_floating(input.dtype());
    LossPair p = plain ? LossPair{input, target} : loss_pair("mse_loss", input, target);
    if (reduction == Reduction::None) return square(p.input - p.target);
    return run_with(mse_op, MseAttrs{reduction}, p.input, p.target);
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
           Tensor d = difference("l1_loss", a.tensor(0), a.tensor(1));
           a.ret(reduce_loss(abs(d), reduction_of(a, 4, 2, 3)));
       }}}});

// ---- smooth_l1_loss, huber_loss: quadratic near 0, linear outside ----
namespace {

struct HuberAttrs {
    double delta, scale;
    void visit(AttrVisitor& v) const {
        v("delta", delta);
        v("scale", scale);
    }
};

// scale c (d - c / 2) with c = d limited to [-delta, delta], in pieces that stay in the cache. scale c first: it is at most 1
// where scale is 1 / delta, however small delta is.
void huber(const Tensor& d, const HuberAttrs& a, const Tensor& out) {
    constexpr int64_t kPiece = 1 << 11;
    const kernels::Table& table = kernels::kernels();
    int type = static_cast<int>(d.dtype());
    auto unary = [&](Unary op) { return table.unary[static_cast<int>(op)][type]; };
    auto binary = [&](Binary op) { return table.binary[static_cast<int>(op)][type]; };
    const double bounds[2] = {-a.delta, a.delta}, half = -0.5;
    const int64_t item = static_cast<int64_t>(d.item_size()), stride[3] = {item, item, item};
    char *from = d.data(), *to = out.data();
    Unlock unlock(d.numel());
    parallel_for(d.numel(), 16 * kPiece, [&](int64_t begin, int64_t end) {
        alignas(64) char buffer[kPiece * sizeof(double)];
        for (int64_t i = begin; i < end; i += kPiece) {
            const int64_t n = std::min(kPiece, end - i);
            char *in = from + i * item, *y = to + i * item;
            char* const limit[2] = {buffer, in};
            char* const rest[3] = {y, in, buffer};
            char* const product[3] = {y, y, buffer};
            char* const slope[2] = {buffer, buffer};
            unary(Unary::Clamp)(limit, stride, n, bounds);
            binary(Binary::AddScaled)(rest, stride, n, &half);
            if (a.scale != 1) unary(Unary::MulScalar)(slope, stride, n, &a.scale);
            binary(Binary::Mul)(product, stride, n, nullptr);
        }
    });
}

// d^2 / 2 where |d| < delta, delta (|d| - delta / 2) outside; times scale.
const OpDef huber_op = {
    .name = "huber_loss",
    .grad_name = "HuberLossBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(0).shape(), c.input(0).dtype()); },
    .eval = [](EvalCtx& c) { huber(contiguous_data(c.input(0)), c.attr<HuberAttrs>(), c.out()); },
    .vjp =
        [](VjpCtx& c) {
            const HuberAttrs& a = c.attr<HuberAttrs>();
            Tensor slope = clamp(c.input(0), -a.delta, a.delta);
            c.set(0, c.grad() * (a.scale == 1 ? slope : slope * a.scale));
        },
    .save_input = {1},
    .attr_bytes = sizeof(HuberAttrs),
    .describe = describe_attrs<HuberAttrs>,
};

Tensor smooth_l1(const Tensor& d, double beta) {
    double smallest =
        d.dtype() == DType::Float32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
    if (beta == 0) return abs(d);
    // The inverse of a smaller bound would be infinite. Values change by less than the smallest normal number.
    beta = std::max(beta, smallest);
    return run_with(huber_op, HuberAttrs{beta, 1 / beta}, d);
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
                                        Tensor d = difference("smooth_l1_loss", a.tensor(0), a.tensor(1));
                                        a.ret(reduce_loss(smooth_l1(d, beta), reduction_of(a, 4, 2, 3)));
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
           Tensor d = difference("huber_loss", a.tensor(0), a.tensor(1));
           Tensor loss = weighted(run_with(huber_op, HuberAttrs{delta, 1}, d), a.tensor(4));
           Reduction r = a.given(2) ? parse_reduction(a.name, a.text(2)) : Reduction::Mean;
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
