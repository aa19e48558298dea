// Losses of distributions, margins and rankings, made of other operations.

#include "autograd/elementwise.h"
#include "core/warn.h"
#include "ops/loss_rules.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

Tensor zero_like_number(const Tensor& x) { return number(0, x); }

// max(x, 0) with gradient 0 at 0, as clamp_min(0) of a margin.
Tensor hinge(const Tensor& x) { return relu(x); }

void check_floating(const char* op, const Tensor& x) {
    check<TypeError>(is_floating(x.dtype()), op, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float().");
}

void check_same_shape(const char* op, const Tensor& input, const Tensor& target) {
    check<ValueError>(input.shape() == target.shape(), op, ": input and target must have one shape, got ",
                      input.shape(), " and ", target.shape(), ".");
}

// x log x, 0 at 0.
Tensor entropy_terms(const Tensor& t) {
    Tensor zero = eq(detach(t), zero_like_number(t));
    return masked_out(zero, t * log(where(zero, ones_like(detach(t)), t)));
}

Tensor norm_last(const Tensor& x, double p, double eps, bool keepdim) {
    Tensor d = x + eps;
    return p == 2 ? sqrt(sum(square(d), {-1}, keepdim)) : pow(sum(pow(abs(d), p), {-1}, keepdim), 1 / p);
}

}  // namespace

// ---- kl_div: t (log t - x) ----
const Register kl_div_fn({"kl_div",
                          kNN,
                          R"(Kullback-Leibler divergence; the input holds log-probabilities.

    loss_i = t_i (log t_i - x_i);  with log_target: e^(t_i) (t_i - x_i)

Args:
    input: log-probabilities.
    target: probabilities (or their logarithms) of the same shape.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' (over all elements), 'batchmean' (the sum over the number of rows; the mathematical value) or 'sum'.
    log_target: the target holds logarithms.

Example:
    >>> F.kl_div(chainrule.tensor([[-1., -1.]]), chainrule.tensor([[0.5, 0.5]]), reduction='batchmean')
    tensor(0.3069)

Source: PyTorch documentation, torch.nn.KLDivLoss.
)",
                          {{"kl_div(Tensor input, Tensor target, bool size_average=None, bool reduce=None, str "
                            "reduction='mean', bool log_target=False)",
                            [](Args& a) {
                                LossPair p = loss_pair("kl_div", a.tensor(0), a.tensor(1));
                                const Tensor &x = p.input, &t = p.target;
                                Tensor loss = a.flag(5) ? exp(t) * (t - x) : entropy_terms(t) - t * x;
                                bool by_rows = a.given(4) && a.text(4) == "batchmean" && !a.given(2) && !a.given(3);
                                if (by_rows) a.ret(sum(loss) / static_cast<double>(x.ndim() ? x.size(0) : 1));
                                else a.ret(reduce_loss(loss, reduction_of(a, 4, 2, 3)));
                                if (!a.given(2) && !a.given(3) && (!a.given(4) || a.text(4) == "mean"))
                                    warn(
                                        "kl_div: reduction='mean' divides by the number of elements, where the "
                                        "divergence is the sum over the number of rows: reduction='batchmean'.");
                            }}}});

// ---- poisson_nll_loss, gaussian_nll_loss ----
const Register poisson_nll_fn({"poisson_nll_loss",
                               kNN | kFunction,
                               R"(Negative log-likelihood of counts under a Poisson distribution.

    loss_i = e^(x_i) - t_i x_i;  without log_input: x_i - t_i log(x_i + eps)

With `full`, Stirling's term t log t - t + log(2 pi t) / 2 is added where t > 1.

Args:
    input: expectations, or their logarithms.
    target: counts.
    log_input, full: see above.
    size_average, reduce: deprecated.
    eps: keeps the logarithm finite.
    reduction: 'none', 'mean' or 'sum'.
)",
                               {{"poisson_nll_loss(Tensor input, Tensor target, bool log_input=True, bool full=False, "
                                 "bool size_average=None, float eps=1e-8, "
                                 "bool reduce=None, str reduction='mean')",
                                 [](Args& a) {
                                     const Tensor &x = a.tensor(0), &t = a.tensor(1);
                                     Tensor loss = a.flag(2, true) ? exp(x) - t * x : x - t * log(x + a.real(5, 1e-8));
                                     if (a.flag(3)) {
                                         Tensor stirling = t * log(t) - t + log(t * (2 * 3.141592653589793)) * 0.5;
                                         loss = loss + masked_mul(gt(t, number(1, t)), stirling);
                                     }
                                     a.ret(reduce_loss(loss, reduction_of(a, 7, 4, 6)));
                                 }}}});
const Register gaussian_nll_fn({"gaussian_nll_loss",
                                kNN,
                                R"(Negative log-likelihood under a normal distribution of given variance.

    loss_i = (log max(v_i, eps) + (x_i - t_i)^2 / max(v_i, eps)) / 2   (+ log(2 pi) / 2 with `full`)

Args:
    input: means.
    target: tensor of the same shape.
    var: variances, of the input's shape, with a last axis of 1, or without it.
    full: add the constant.
    eps: smallest variance; it passes no gradient.
    reduction: 'none', 'mean' or 'sum'.
)",
                                {{"gaussian_nll_loss(Tensor input, Tensor target, Tensor var, bool full=False, float "
                                  "eps=1e-6, str reduction='mean')",
                                  [](Args& a) {
                                      const Tensor &x = a.tensor(0), &t = a.tensor(1);
                                      Tensor var = a.tensor(2);
                                      double eps = a.real(4, 1e-6);
                                      if (var.ndim() + 1 == x.ndim()) var = unsqueeze(var, -1);
                                      check<ValueError>(broadcast_shapes(a.name, x.shape(), var.shape()) == x.shape(),
                                                        a.name, ": var must broadcast to the input's shape ", x.shape(),
                                                        ", got ", a.tensor(2).shape(), ".");
                                      if (var.numel()) {
                                          double least = cast(amin(detach(var)), DType::Float64).data<double>()[0];
                                          check<ValueError>(!(least < 0), a.name,
                                                            ": var must hold no negative numbers, got ", least, ".");
                                      }
                                      Tensor low = lt(detach(var), number(eps, var));
                                      // The variance is held above eps for the values alone, as in PyTorch: its gradient passes.
                                      Tensor held = var + masked_mul(low, eps - detach(var));
                                      Tensor loss = (log(held) + square(x - t) / held) * 0.5;
                                      if (a.flag(3)) loss = loss + 0.9189385332046727;
                                      a.ret(reduce_loss(
                                          loss, a.given(5) ? parse_reduction(a.name, a.text(5)) : Reduction::Mean));
                                  }}}});

// ---- soft_margin_loss: log(1 + e^(-t x)) ----
const Register soft_margin_fn(
    {"soft_margin_loss",
     kNN,
     R"(Logistic loss of targets -1 and 1.

    loss_i = log(1 + e^(-t_i x_i))

Args:
    input: tensor.
    target: tensor of the same shape, -1 or 1.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
)",
     {{"soft_margin_loss(Tensor input, Tensor target, bool size_average=None, bool reduce=None, str reduction='mean')",
       [](Args& a) {
           check_same_shape(a.name, a.tensor(0), a.tensor(1));
           a.ret(reduce_loss(softplus(-(a.tensor(1) * a.tensor(0))), reduction_of(a, 4, 2, 3)));
       }}}});

// ---- hinge_embedding_loss ----
const Register hinge_embedding_fn({"hinge_embedding_loss",
                                   kNN | kFunction,
                                   R"(Distance where the target is 1, margin minus distance where it is -1.

    loss_i = x_i where t_i = 1, max(0, margin - x_i) where t_i = -1

Args:
    input: distances.
    target: tensor of the same shape, -1 or 1.
    margin: number.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
)",
                                   {{"hinge_embedding_loss(Tensor input, Tensor target, float margin=1.0, bool "
                                     "size_average=None, bool reduce=None, str reduction='mean')",
                                     [](Args& a) {
                                         const Tensor &x = a.tensor(0), &t = a.tensor(1);
                                         check<TypeError>(is_floating(x.dtype()), a.name,
                                                          ": the input must be floating, got ", x.dtype(), ".");
                                         Tensor far = masked_out(eq(t, number(1, t)), hinge(a.real(2, 1) - x)),
                                                near = masked_out(eq(t, number(-1, t)), x);
                                         a.ret(reduce_loss(far + near, reduction_of(a, 5, 3, 4)));
                                     }}}});

// ---- margin_ranking_loss: max(0, -t (x1 - x2) + margin) ----
const Register margin_ranking_fn({"margin_ranking_loss",
                                  kNN | kFunction,
                                  R"(Ranking of two inputs by a margin.

    loss_i = max(0, -t_i (x1_i - x2_i) + margin)

Args:
    input1, input2: tensors.
    target: 1 where the first shall be larger, -1 where the second.
    margin: number.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
)",
                                  {{"margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float "
                                    "margin=0.0, bool size_average=None, bool reduce=None, "
                                    "str reduction='mean')",
                                    [](Args& a) {
                                        const Tensor &x1 = a.tensor(0), &x2 = a.tensor(1), &t = a.tensor(2);
                                        check<ValueError>(x1.ndim() == x2.ndim() && x1.ndim() == t.ndim(), a.name,
                                                          ": inputs and target must have as many dimensions, got ",
                                                          x1.shape(), ", ", x2.shape(), " and ", t.shape(), ".");
                                        a.ret(reduce_loss(hinge(-t * (x1 - x2) + a.real(3)), reduction_of(a, 6, 4, 5)));
                                    }}}});

// ---- multi_margin_loss: 1/C sum over c != t of w[t] max(0, margin - x[t] + x[c])^p ----
const Register multi_margin_fn({"multi_margin_loss",
                                kNN,
                                R"(Hinge loss of several classes.

    loss_n = 1/C sum_{c != t_n} w[t_n] max(0, margin - x_n[t_n] + x_n[c])^p

Args:
    input: (N, C) or (C,) scores.
    target: int64 class indices, (N,) or ().
    p: 1 or 2.
    margin: number.
    weight: weight of each class, (C,), or None.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.

Raises:
    IndexError: if a class index is out of range.

Example:
    >>> F.multi_margin_loss(chainrule.tensor([[0.1, 0.2, 0.4, 0.8]]), chainrule.tensor([3]))
    tensor(0.3250)

Source: PyTorch documentation, torch.nn.MultiMarginLoss.
)",
                                {{"multi_margin_loss(Tensor input, Tensor target, int p=1, float margin=1.0, Tensor "
                                  "weight=None, bool size_average=None, "
                                  "bool reduce=None, str reduction='mean')",
                                  [](Args& a) {
                                      Tensor x = a.tensor(0), t = labels_of(a.name, a.tensor(1));
                                      int64_t p = a.integer(2, 1);
                                      check_floating(a.name, x);
                                      check<ValueError>(p == 1 || p == 2, a.name, ": p must be 1 or 2, got ", p, ".");
                                      bool single = x.ndim() <= 1;
                                      if (single) {
                                          x = reshape(x, {1, x.numel()});
                                          t = reshape(t, {t.numel()});
                                      }
                                      check<ValueError>(x.ndim() == 2 && t.ndim() == 1 && t.size(0) == x.size(0),
                                                        a.name, ": input (N, C) and target (N,) are required, got ",
                                                        a.tensor(0).shape(), " and ", a.tensor(1).shape(), ".");
                                      int64_t classes = x.size(1);
                                      check_labels(a.name, t, classes, -1);
                                      for (int64_t i = 0; i < t.numel(); ++i)
                                          check<IndexError>(t.data<int64_t>()[i * t.stride(0)] >= 0, a.name,
                                                            ": target must be in [0, ", classes, "), got -1 at row ", i,
                                                            ".");
                                      check_class_weight(a.name, a.tensor(4), x, classes);
                                      Tensor column = unsqueeze(t, 1), own = take_along(x, column, 1);
                                      Tensor gap = hinge((a.real(3, 1) - own) + x);
                                      if (p == 2) gap = square(gap);
                                      Tensor mine = put_along(cast(ones_like(column), DType::Bool), column, 1, classes);
                                      gap = masked_out(mine, gap);
                                      if (a.given(4))
                                          gap =
                                              gap * take_along(expand(unsqueeze(a.tensor(4), 0), x.shape()), column, 1);
                                      Tensor loss = sum(gap, {1}) / static_cast<double>(classes);
                                      Reduction r = reduction_of(a, 7, 5, 6);
                                      a.ret(r == Reduction::None && single ? reshape(loss, a.tensor(1).shape())
                                                                           : reduce_loss(loss, r));
                                  }}}});

// ---- multilabel_soft_margin_loss ----
const Register multilabel_soft_margin_fn({"multilabel_soft_margin_loss",
                                          kNN,
                                          R"(Binary cross-entropy of logits, averaged over the classes.

    loss_n = -1/C sum_c w_c (t_nc log sigmoid(x_nc) + (1 - t_nc) log sigmoid(-x_nc))

Args:
    input: (N, C) or (C,) logits.
    target: tensor of the same shape, 0 or 1.
    weight: tensor that broadcasts, or None.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
)",
                                          {{"multilabel_soft_margin_loss(Tensor input, Tensor target, Tensor "
                                            "weight=None, bool size_average=None, bool reduce=None, "
                                            "str reduction='mean')",
                                            [](Args& a) {
                                                const Tensor &x = a.tensor(0), &t = a.tensor(1);
                                                check_same_shape(a.name, x, t);
                                                Tensor loss = t * softplus(-x) + (1.0 - t) * softplus(x);
                                                if (a.given(2)) loss = loss * a.tensor(2);
                                                a.ret(reduce_loss(mean(loss, {-1}), reduction_of(a, 5, 3, 4)));
                                            }}}});

// ---- multilabel_margin_loss: targets are class lists that end at -1 ----
const Register multilabel_margin_fn(
    {"multilabel_margin_loss",
     kNN,
     R"(Hinge loss between the classes that are listed and the others.

    loss_n = 1/C sum over listed j, unlisted i of max(0, 1 - (x_n[j] - x_n[i])); a class listed twice counts twice

Args:
    input: (N, C) or (C,) scores.
    target: int64 tensor of the same shape: class indices, then -1.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.

Source: PyTorch documentation, torch.nn.MultiLabelMarginLoss.
)",
     {{"multilabel_margin_loss(Tensor input, Tensor target, bool size_average=None, bool reduce=None, str "
       "reduction='mean')",
       [](Args& a) {
           Tensor x = a.tensor(0), t = labels_of(a.name, a.tensor(1));
           check_floating(a.name, x);
           check_same_shape(a.name, x, t);
           bool single = x.ndim() <= 1;
           if (single) {
               x = reshape(x, {1, x.numel()});
               t = reshape(t, {1, t.numel()});
           }
           check<ValueError>(x.ndim() == 2, a.name, ": input and target must have shape (N, C) or (C,), got ",
                             a.tensor(0).shape(), ".");
           int64_t rows = x.size(0), classes = x.size(1);
           Tensor listed = zeros(x.shape(), DType::Bool), labels = contiguous_data(detach(t));
           Tensor count = zeros(x.shape(), DType::Float64);  // a class listed twice counts twice
           for (int64_t r = 0; r < rows; ++r)
               for (int64_t c = 0; c < classes; ++c) {
                   int64_t label = labels.data<int64_t>()[r * classes + c];
                   if (label == -1) break;
                   check<IndexError>(label >= 0 && label < classes, a.name, ": target must be in [0, ", classes,
                                     "), got ", label, " at row ", r, ".");
                   listed.data<bool>()[r * classes + label] = true;
                   count.data<double>()[r * classes + label] += 1;
               }
           // [n, j, i]: j listed, i not
           Tensor gap = hinge((1.0 - unsqueeze(x, 2)) + unsqueeze(x, 1));
           Tensor pairs = logical_and(unsqueeze(listed, 2), logical_not(unsqueeze(listed, 1)));
           Tensor counted = masked_mul(pairs, gap) * unsqueeze(cast(count, x.dtype()), 2);
           Tensor loss = sum(counted, {1, 2}) / static_cast<double>(classes);
           Reduction r = reduction_of(a, 4, 2, 3);
           a.ret(r == Reduction::None && single ? reshape(loss, {}) : reduce_loss(loss, r));
       }}}});

// ---- distances and similarities ----
Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t axis, double eps) {
    Dims shape = broadcast_shapes("cosine_similarity", x1.shape(), x2.shape());
    check_floating("cosine_similarity", x1);
    Dims axes{normalize_axis("cosine_similarity", axis, shape.n)};
    Tensor a = expand(x1, shape), b = expand(x2, shape);
    auto held = [&](const Tensor& x) {
        Tensor n = norm(x, 2, axes, true);  // its gradient at 0 is 0
        // It is held above eps for the values alone, as in PyTorch: its gradient passes.
        return n + masked_mul(lt(detach(n), number(eps, n)), eps - detach(n));
    };
    return sum((a / held(a)) * (b / held(b)), axes);
}
const Register cosine_similarity_fn(
    {"cosine_similarity",
     kNN | kFunction,
     R"(Cosine of the angle between vectors along an axis.

    y = x1 . x2 / (max(|x1|, eps) max(|x2|, eps))

Args:
    x1, x2: tensors that broadcast.
    dim: axis of the vectors.
    eps: smallest norm.

Example:
    >>> F.cosine_similarity(chainrule.tensor([[3., 4.]]), chainrule.tensor([[3., 4.]]))
    tensor([1.])
)",
     {{"cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-8)",
       [](Args& a) { a.ret(cosine_similarity(a.tensor(0), a.tensor(1), a.integer(2, 1), a.real(3, 1e-8))); }}}});

const Register cosine_embedding_fn(
    {"cosine_embedding_loss",
     kNN | kFunction,
     R"(1 - cosine where the target is 1, its excess over a margin where it is -1.

    loss = 1 - cos(x1, x2) where t = 1, max(0, cos(x1, x2) - margin) where t = -1

Args:
    input1, input2: (N, D) or (D,) tensors.
    target: (N,) or () tensor, -1 or 1.
    margin: number.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
)",
     {{"cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float "
       "margin=0.0, bool size_average=None, bool reduce=None, "
       "str reduction='mean')",
       [](Args& a) {
           const Tensor& t = a.tensor(2);
           bool single = t.ndim() == 0;
           for (int i = 0; i < 2; ++i)
               check<ValueError>(t.ndim() <= 1 && a.tensor(i).ndim() == (single ? 1 : 2), a.name,
                                 ": inputs (N, D) with a target (N,), or (D,) with (), "
                                 "are required, got ",
                                 a.tensor(0).shape(), ", ", a.tensor(1).shape(), " and ", t.shape(), ".");
           // PyTorch's epsilon here is added to the squared norms.
           auto squares = [&](const Tensor& x, const Tensor& y) { return sum(x * y, {-1}); };
           Tensor x = a.tensor(0), y = a.tensor(1);
           Tensor cosine = squares(x, y) / sqrt((squares(x, x) + 1e-12) * (squares(y, y) + 1e-12));
           Tensor near = masked_mul(eq(t, number(1, t)), 1.0 - cosine);
           Tensor far = masked_mul(eq(t, number(-1, t)), hinge(cosine - a.real(3)));
           a.ret(reduce_loss(near + far, reduction_of(a, 6, 4, 5)));
       }}}});

const Register pairwise_distance_fn(
    {"pairwise_distance",
     kNN | kFunction,
     R"(Distance of vectors along the last axis.

    y = |x1 - x2 + eps|_p

Args:
    x1, x2: tensors that broadcast.
    p: order of the norm.
    eps: keeps the gradient finite where the vectors are equal.
    keepdim: keep the last axis with size 1.
)",
     {{"pairwise_distance(Tensor x1, Tensor x2, float p=2.0, float eps=1e-6, bool keepdim=False)",
       [](Args& a) { a.ret(norm_last(a.tensor(0) - a.tensor(1), a.real(2, 2), a.real(3, 1e-6), a.flag(4))); }}}});

const Register triplet_margin_fn({"triplet_margin_loss",
                                  kNN | kFunction,
                                  R"(Distance to a positive example against that to a negative one.

    loss = max(0, d(anchor, positive) - d(anchor, negative) + margin),  d(x, y) = |x - y + eps|_p

Args:
    anchor, positive, negative: (N, D) or (D,) tensors.
    margin: number above 0.
    p: order of the norm.
    eps: keeps the gradient finite.
    swap: take the smaller of the negative's distances to anchor and positive.
    size_average, reduce: deprecated.
    reduction: 'none', 'mean' or 'sum'.
)",
                                  {{"triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float "
                                    "margin=1.0, float p=2, float eps=1e-6, bool swap=False, "
                                    "bool size_average=None, bool reduce=None, str reduction='mean')",
                                    [](Args& a) {
                                        const Tensor &x = a.tensor(0), &near = a.tensor(1), &far = a.tensor(2);
                                        double p = a.real(4, 2), eps = a.real(5, 1e-6);
                                        check<ValueError>(x.ndim() == near.ndim() && x.ndim() == far.ndim(), a.name,
                                                          ": all inputs must have as many dimensions, got ", x.shape(),
                                                          ", ", near.shape(), " and ", far.shape(), ".");
                                        check<ValueError>(a.real(3, 1) > 0, a.name,
                                                          ": margin must be greater than 0, got ", a.real(3, 1), ".");
                                        Tensor d_far = norm_last(x - far, p, eps, false);
                                        if (a.flag(6)) d_far = minimum(d_far, norm_last(near - far, p, eps, false));
                                        a.ret(reduce_loss(
                                            hinge(norm_last(x - near, p, eps, false) - d_far + a.real(3, 1)),
                                            reduction_of(a, 9, 7, 8)));
                                    }}}});

}  // namespace chainrule
