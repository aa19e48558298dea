// Cross-entropy from logits, and the negative log-likelihood.

#include "autograd/elementwise.h"
#include "autograd/node.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/loss_rules.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

struct CrossEntropyAttrs {
    int64_t ignore_index;
    double label_smoothing;
    Reduction reduction;
    void visit(AttrVisitor& v) const {
        v("ignore_index", ignore_index);
        v("label_smoothing", label_smoothing);
        v("reduction", reduction);
    }
};

template <class T> double weight_total(const int64_t* labels, const T* weight, int64_t n, int64_t ignore_index) {
    double total = 0;
    for (int64_t i = 0; i < n; ++i)
        if (labels[i] != ignore_index) total += weight ? static_cast<double>(weight[labels[i]]) : 1;
    return total;
}

// What a mean divides by: the weights of the rows that count.
double denominator(const Tensor& labels, const Tensor& weight, DType dtype, int64_t ignore_index) {
    const int64_t* at = labels.data<int64_t>();
    return visit_floating(dtype, [&](auto zero) {
        using T = decltype(zero);
        return weight_total(at, weight ? weight.data<T>() : nullptr, labels.numel(), ignore_index);
    });
}

void set_number(const Tensor& t, double value) {
    if (t.dtype() == DType::Float32) *t.data<float>() = static_cast<float>(value);
    else *t.data<double>() = value;
}
double get_number(const Tensor& t) { return t.dtype() == DType::Float32 ? *t.data<float>() : *t.data<double>(); }

Tensor optional_data(const Tensor& t) { return t ? contiguous_data(t) : t; }

Tensor optional_input(const VjpCtx& c, int i) {
    return c.node()->saved()[i].tensor ? contiguous_data(c.input(i)) : Tensor();
}

// Output 1 holds the rows' log-sum-exps for the gradient.
void infer_cross_entropy(InferCtx& c) {
    const CrossEntropyAttrs& a = c.attr<CrossEntropyAttrs>();
    const Tensor &x = c.input(0), &labels = c.input(1);
    check_labels("cross_entropy", labels, x.size(1), a.ignore_index);
    c.set(0, a.reduction == Reduction::None ? labels.shape() : Dims(), x.dtype());
    c.set(1, labels.shape(), x.dtype());
}

// Small batches keep their rows' losses on the stack.
class RowLosses {
  public:
    RowLosses(int64_t rows, DType dtype) {
        if (rows * static_cast<int64_t>(item_size(dtype)) > static_cast<int64_t>(sizeof(local_)))
            heap_ = empty({rows}, dtype);
    }
    char* data() { return heap_ ? heap_.data() : local_; }

  private:
    alignas(64) char local_[2048];
    Tensor heap_;
};

void eval_cross_entropy(EvalCtx& c) {
    const CrossEntropyAttrs& a = c.attr<CrossEntropyAttrs>();
    Tensor x = contiguous_data(c.input(0)), labels = contiguous_data(c.input(1)), weight = optional_data(c.input(2));
    int64_t rows = x.size(0), classes = x.size(1), item = static_cast<int64_t>(x.item_size());
    bool reduced = a.reduction != Reduction::None;
    RowLosses losses(reduced ? rows : 0, x.dtype());
    char* loss = reduced ? losses.data() : c.out(0).data();
    const char *logits = x.data(), *w = weight ? weight.data() : nullptr;
    const int64_t* at = labels.data<int64_t>();
    char* lse = c.out(1).data();
    const kernels::Table& k = kernels::kernels();
    int t = static_cast<int>(x.dtype());
    {
        Unlock unlock(x.numel());
        parallel_for(rows, kGrain / (classes + 1) + 1, [&](int64_t begin, int64_t end) {
            k.cross_entropy[t](logits + begin * classes * item, at + begin, w, loss + begin * item, lse + begin * item,
                               end - begin, classes, a.ignore_index, a.label_smoothing);
        });
        if (reduced) k.reduce_rows[static_cast<int>(kernels::Reduce::Sum)][t](loss, c.out(0).data(), 1, rows, 0, 1);
    }
    if (a.reduction == Reduction::Mean)
        set_number(c.out(0), get_number(c.out(0)) / denominator(labels, weight, x.dtype(), a.ignore_index));
}

// In operations, to any order. Row r: A_r softmax(x_r) - B_r, where B_r spreads the row's weight over the classes and A_r is its sum.
void vjp_recorded(VjpCtx& c, const Tensor& labels, const Tensor& weight, double scale) {
    const CrossEntropyAttrs& a = c.attr<CrossEntropyAttrs>();
    Tensor x = c.input(0);
    int64_t rows = x.size(0), classes = x.size(1);
    Tensor target = zeros(x.shape(), x.dtype());
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* w = weight ? weight.data<T>() : nullptr;
        for (int64_t r = 0; r < rows; ++r) {
            int64_t label = labels.data<int64_t>()[r];
            if (label == a.ignore_index) continue;
            T* row = target.data<T>() + r * classes;
            for (int64_t k = 0; a.label_smoothing != 0 && k < classes; ++k)
                row[k] = static_cast<T>(a.label_smoothing / static_cast<double>(classes) *
                                        (w ? static_cast<double>(w[k]) : 1));
            row[label] += static_cast<T>((1 - a.label_smoothing) * (w ? static_cast<double>(w[label]) : 1));
        }
    });
    Tensor g = c.grad().ndim() ? unsqueeze(c.grad(), 1) : c.grad();
    Tensor d = softmax(x, 1) * sum(target, {1}, true) - target;
    c.set(0, d * (g * scale));
}

void vjp_cross_entropy(VjpCtx& c) {
    const CrossEntropyAttrs& a = c.attr<CrossEntropyAttrs>();
    Tensor labels = contiguous_data(c.input(1)), weight = optional_input(c, 2);
    const Tensor& g = c.grad();
    double scale = 1;
    if (a.reduction == Reduction::Mean) {
        double total = denominator(labels, weight, g.dtype(), a.ignore_index);
        // All rows ignored: the loss is NaN, but nothing depends on the logits.
        scale = total != 0 ? 1 / total : 0;
    }
    if (c.create_graph()) {
        vjp_recorded(c, labels, weight, scale);
        return;
    }
    Tensor x = contiguous_data(c.input(0)), lse = c.output(1), grads = contiguous_data(g),
           out = empty(x.shape(), x.dtype());
    int64_t rows = x.size(0), classes = x.size(1), item = static_cast<int64_t>(x.item_size());
    int64_t step = grads.ndim() ? 1 : 0;
    kernels::CrossEntropyGrad f = kernels::kernels().cross_entropy_grad[static_cast<int>(x.dtype())];
    const char *logits = x.data(), *w = weight ? weight.data() : nullptr, *norm = lse.data(), *dy = grads.data();
    const int64_t* at = labels.data<int64_t>();
    char* dx = out.data();
    {
        Unlock unlock(x.numel());
        parallel_for(rows, kGrain / (classes + 1) + 1, [&](int64_t begin, int64_t end) {
            f(logits + begin * classes * item, at + begin, w, norm + begin * item, dy + begin * step * item, step,
              scale, dx + begin * classes * item, end - begin, classes, a.ignore_index, a.label_smoothing);
        });
    }
    c.set(0, std::move(out));
}

}  // namespace

const OpDef cross_entropy_op = {
    .name = "cross_entropy",
    .grad_name = "NllLossBackward0",
    .infer = infer_cross_entropy,
    .eval = eval_cross_entropy,
    .vjp = vjp_cross_entropy,
    .save_input = {1, 1, 1},
    .save_output = {0, 1},
    .attr_bytes = sizeof(CrossEntropyAttrs),
    .describe = describe_attrs<CrossEntropyAttrs>,
};

namespace {

Tensor run_cross_entropy(const Tensor& x, const Tensor& labels, const Tensor& weight, CrossEntropyAttrs attrs) {
    const Tensor in[3] = {x, labels, weight};
    Tensor out[2];
    dispatch(cross_entropy_op, in, 3, &attrs, out, 2);
    return out[0];
}

// (N, C, d1, ...) to (N d1 ..., C); a single sample (C,) to (1, C).
Tensor classes_last(const Tensor& x) {
    if (x.ndim() == 2) return x;
    if (x.ndim() == 1) return unsqueeze(x, 0);
    Tensor moved = movedim(x, {1}, {-1});
    int64_t rows = 1;
    for (int d = 0; d + 1 < moved.ndim(); ++d) rows *= moved.size(d);
    return reshape(moved, {rows, x.size(1)});
}

// The shape that class indices must have beside an input: without the class axis.
Dims label_shape(const Dims& input) {
    Dims shape = input;
    shape.erase(input.n == 1 ? 0 : 1);
    return shape;
}

void check_input(const char* op, const Tensor& x) {
    check<TypeError>(is_floating(x.dtype()), op, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float().");
    check<ValueError>(x.ndim() >= 1, op, ": the input must have shape (C,), (N, C) or (N, C, d1, ...), got ", x.shape(),
                      ".");
}

void check_label_shape(const char* op, const Tensor& x, const Tensor& target) {
    Dims wanted = label_shape(x.shape());
    check<ValueError>(target.shape() == wanted, op, ": class indices must have shape ", wanted,
                      " for an input of shape ", x.shape(), ", got ", target.shape(), ".");
}

// Targets given as probabilities.
Tensor soft_cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, double smoothing,
                          Reduction reduction) {
    check<ValueError>(target.shape() == x.shape(), "cross_entropy: probability targets must have the input's shape ",
                      x.shape(), ", got ", target.shape(), ".");
    int axis = x.ndim() == 1 ? 0 : 1;
    int64_t classes = x.size(axis);
    Tensor p = cast(target, x.dtype());
    if (smoothing != 0) p = p * (1 - smoothing) + smoothing / static_cast<double>(classes);
    Tensor weighted = log_softmax(x, axis) * p;
    if (weight) {
        Dims shape;
        for (int d = 0; d < x.ndim(); ++d) shape.push(d == axis ? classes : 1);
        weighted = weighted * reshape(weight, shape);
    }
    Tensor loss = -sum(weighted, {axis});
    if (reduction == Reduction::None) return loss;
    Tensor total = sum(loss);
    return reduction == Reduction::Sum ? total : total / static_cast<double>(loss.numel());
}

Tensor hard_cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, const CrossEntropyAttrs& attrs) {
    Tensor labels = labels_of("cross_entropy", target);
    check_label_shape("cross_entropy", x, labels);
    if (x.ndim() == 2) return run_cross_entropy(x, labels, weight, attrs);
    Tensor loss = run_cross_entropy(classes_last(x), reshape(labels, {labels.numel()}), weight, attrs);
    return attrs.reduction == Reduction::None ? reshape(loss, target.shape()) : loss;
}

}  // namespace

// ---- cross_entropy ----
Tensor cross_entropy(const Tensor& logits, const Tensor& target, const Tensor& weight, Reduction reduction,
                     int64_t ignore_index, double label_smoothing) {
    check_input("cross_entropy", logits);
    check<ValueError>(label_smoothing >= 0 && label_smoothing <= 1,
                      "cross_entropy: label_smoothing must be in [0, 1], got ", label_smoothing, ".");
    check_class_weight("cross_entropy", weight, logits, logits.size(logits.ndim() == 1 ? 0 : 1));
    if (is_floating(target.dtype()) && (target.shape() == logits.shape() || target.ndim() == logits.ndim())) {
        check<RuntimeError>(ignore_index < 0,
                            "cross_entropy: ignore_index is for class indices; the target has class "
                            "probabilities, and ignore_index is ",
                            ignore_index, ".");
        return soft_cross_entropy(logits, target, weight, label_smoothing, reduction);
    }
    return hard_cross_entropy(logits, target, weight, {ignore_index, label_smoothing, reduction});
}
Tensor cross_entropy(const Tensor& logits, const Tensor& target) {
    return cross_entropy(logits, target, Tensor(), Reduction::Mean, -100, 0);
}
const Register cross_entropy_fn({"cross_entropy",
                                 kNN,
                                 R"(Cross-entropy of logits with class indices or probabilities.

    loss_n = -w[t_n] log softmax(x_n)[t_n]                       (indices)
    loss_n = -sum_c w[c] t_nc log softmax(x_n)[c]                (probabilities)
    dx_n = dloss_n w[t_n] (softmax(x_n) - onehot(t_n))

With label smoothing e the target is (1 - e) onehot + e / C. The mean divides by the sum of the weights of the rows that count (class
indices) or by the number of rows (probabilities). If every row is ignored, the mean is NaN and its gradient 0.

Args:
    input: logits of shape (C,), (N, C) or (N, C, d1, ...).
    target: int64 class indices of shape (), (N,) or (N, d1, ...); or floating probabilities of the input's shape.
    weight: weight of each class, (C,), or None.
    size_average, reduce: deprecated.
    ignore_index: a target that counts for nothing; of class indices only.
    reduction: 'none', 'mean' or 'sum'.
    label_smoothing: in [0, 1].

Returns:
    0-d tensor; with reduction='none' a tensor of the target's shape without classes.

Raises:
    IndexError: if a class index is out of range, before anything is computed.
    ValueError: if shapes don't fit.
    TypeError: if the indices aren't int64 or the input isn't floating.
    RuntimeError: if an ignore_index of 0 or more meets probabilities.

Example:
    >>> F.cross_entropy(chainrule.tensor([[2., 2.]]), chainrule.tensor([1]))
    tensor(0.6931)

Source: PyTorch documentation, torch.nn.CrossEntropyLoss.
)",
                                 {{"cross_entropy(Tensor input, Tensor target, Tensor weight=None, bool "
                                   "size_average=None, int ignore_index=-100, bool reduce=None, "
                                   "str reduction='mean', float label_smoothing=0.0)",
                                   [](Args& a) {
                                       a.ret(cross_entropy(a.tensor(0), a.tensor(1), a.tensor(2),
                                                           reduction_of(a, 6, 3, 5), a.integer(4, -100), a.real(7)));
                                   }}}});

// ---- nll_loss: -w[t] x[t] ----
namespace {

// -w[t_r] at (r, t_r), 0 elsewhere and in ignored rows.
Tensor negative_choice(const Tensor& x, const Tensor& labels, const Tensor& weight, int64_t ignore_index) {
    Tensor choice = zeros(x.shape(), x.dtype());
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* w = weight ? weight.data<T>() : nullptr;
        const int64_t* at = labels.data<int64_t>();
        for (int64_t r = 0, n = labels.numel(); r < n; ++r)
            if (at[r] != ignore_index) choice.data<T>()[r * x.size(1) + at[r]] = w ? -w[at[r]] : T(-1);
    });
    return choice;
}

// One loss a row; the operation is linear, and so is its gradient.
const OpDef nll_rows_op = {
    .name = "nll_loss",
    .grad_name = "NllLossBackward0",
    .infer =
        [](InferCtx& c) {
            check_labels("nll_loss", c.input(1), c.input(0).size(1), c.attr<CrossEntropyAttrs>().ignore_index);
            c.set(0, c.input(1).shape(), c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor x = contiguous_data(c.input(0)), labels = contiguous_data(c.input(1)),
                   weight = optional_data(c.input(2));
            int64_t ignore = c.attr<CrossEntropyAttrs>().ignore_index, classes = x.size(1);
            visit_floating(x.dtype(), [&](auto zero) {
                using T = decltype(zero);
                const int64_t* at = labels.data<int64_t>();
                const T* w = weight ? weight.data<T>() : nullptr;
                for (int64_t r = 0, n = labels.numel(); r < n; ++r) {
                    bool counts = at[r] != ignore;
                    c.out().data<T>()[r] = counts ? -x.data<T>()[r * classes + at[r]] * (w ? w[at[r]] : T(1)) : T(0);
                }
            });
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor x = c.input(0), labels = contiguous_data(c.input(1)), weight = optional_input(c, 2);
            c.set(0, negative_choice(x, labels, weight, c.attr<CrossEntropyAttrs>().ignore_index) *
                         unsqueeze(c.grad(), 1));
        },
    .save_input = {1, 1, 1},
    .attr_bytes = sizeof(CrossEntropyAttrs),
    .describe = describe_attrs<CrossEntropyAttrs>,
};

Tensor nll_loss(const Tensor& x, const Tensor& target, const Tensor& weight, Reduction reduction,
                int64_t ignore_index) {
    check_input("nll_loss", x);
    check_class_weight("nll_loss", weight, x, x.size(x.ndim() == 1 ? 0 : 1));
    Tensor labels = labels_of("nll_loss", target);
    check_label_shape("nll_loss", x, labels);
    Tensor flat = reshape(labels, {labels.numel()});
    Tensor losses = run_with(nll_rows_op, CrossEntropyAttrs{ignore_index, 0, reduction}, classes_last(x), flat, weight);
    if (reduction == Reduction::None) return reshape(losses, target.shape());
    if (reduction == Reduction::Sum) return sum(losses);
    double total = denominator(contiguous_data(flat), optional_data(weight), x.dtype(), ignore_index);
    if (total != 0) return sum(losses) / total;
    return sum(losses) + static_cast<double>(__builtin_nanf(""));  // NaN, with gradient 0
}

}  // namespace

const Register nll_loss_fn({"nll_loss",
                            kNN,
                            R"(Negative log-likelihood of class indices under log-probabilities.

    loss_n = -w[t_n] x_n[t_n]

Args:
    input: log-probabilities of shape (C,), (N, C) or (N, C, d1, ...).
    target: int64 class indices of shape (), (N,) or (N, d1, ...).
    weight: weight of each class, (C,), or None.
    size_average, reduce: deprecated.
    ignore_index: a target that counts for nothing.
    reduction: 'none', 'mean' (by the weights' sum) or 'sum'.

Raises:
    IndexError: if a class index is out of range.

Example:
    >>> F.nll_loss(chainrule.tensor([[-1., -2.]]), chainrule.tensor([1]))
    tensor(2.)

Source: PyTorch documentation, torch.nn.NLLLoss.
)",
                            {{"nll_loss(Tensor input, Tensor target, Tensor weight=None, bool size_average=None, int "
                              "ignore_index=-100, bool reduce=None, "
                              "str reduction='mean')",
                              [](Args& a) {
                                  a.ret(nll_loss(a.tensor(0), a.tensor(1), a.tensor(2), reduction_of(a, 6, 3, 5),
                                                 a.integer(4, -100)));
                              }}}});

}  // namespace chainrule
