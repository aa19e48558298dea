#include "ops/optim.h"

#include <cmath>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/reduction.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"

namespace chainrule {
namespace {

using kernels::Reduce;

constexpr int64_t kStepGrain = 1 << 14;

int index_of(DType t) { return static_cast<int>(t); }

void check_param(const char* op, const Tensor& p) {
    check<TypeError>(is_floating(p.dtype()), op, ": parameters must be floating, got ", p.dtype(), ".");
    check<RuntimeError>(!p->storage->read_only, op, ": a parameter of shape ", p.shape(),
                        " has read-only memory. Clone it first.");
    check<RuntimeError>(!has_internal_overlap(p), op, ": a parameter of shape ", p.shape(),
                        " is an expanded tensor. Clone it first.");
    const TensorImpl& g = *p->grad;
    check<ValueError>(g.shape == p.shape(), op, ": a gradient must have its parameter's shape ", p.shape(), ", got ",
                      g.shape, ".");
    check<TypeError>(g.dtype == p.dtype(), op, ": a gradient must have its parameter's dtype ", p.dtype(), ", got ",
                     g.dtype, ".");
}

// A state that holds nothing yet gets an undefined entry a parameter.
void begin(std::vector<Tensor>& state, size_t params) {
    if (state.empty()) state.resize(params);
}

void check_state(const char* op, const char* what, const Tensor& state, const Tensor& p) {
    if (!state) return;
    check<ValueError>(state.shape() == p.shape() && state.dtype() == p.dtype(), op, ": the state ", what,
                      " must match its parameter (", p.shape(), ", ", p.dtype(), "), got ", state.shape(), ", ",
                      state.dtype(), ".");
}

void check_count(const char* op, const char* what, size_t n, size_t params) {
    check<ValueError>(n == params, op, ": one ", what, " a parameter is needed, got ", n, " for ", params, ".");
}

// A tensor to be changed, as row-major memory: itself, or a copy that is written back.
class Target {
  public:
    explicit Target(const Tensor& t) : original_(t), rows_(contiguous_data(t)) {}
    ~Target() {
        if (!rows_.is_same(original_)) copy_data(original_, rows_);
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    char* data() const { return rows_.data(); }

  private:
    const Tensor& original_;
    Tensor rows_;
};

void sgd_one(const Tensor& p, const Tensor& buffer, const kernels::SgdStep& step) {
    Tensor grad = contiguous_data(Tensor(p->grad));
    Target param(p);
    Tensor state = buffer ? contiguous_data(buffer) : Tensor();
    kernels::Sgd f = kernels::kernels().sgd[index_of(p.dtype())];
    char *x = param.data(), *g = grad.data(), *b = state ? state.data() : nullptr;
    int64_t item = static_cast<int64_t>(p.item_size()), n = p.numel();
    {
        Unlock unlock(n);
        parallel_for(n, kStepGrain, [&](int64_t begin, int64_t end) {
            f(x + begin * item, g + begin * item, b ? b + begin * item : nullptr, end - begin, step);
        });
    }
    if (buffer && !state.is_same(buffer)) copy_data(buffer, state);
    bump_version(p);
}

// 1 - beta^t, worked out once for parameters of the same age.
struct Corrections {
    double step = -1, first = 0, second_sqrt = 0;
    void at(double t, const AdamOptions& o) {
        if (t == step) return;
        step = t;
        first = 1 - std::pow(o.beta1, t);
        second_sqrt = std::sqrt(1 - std::pow(o.beta2, t));
    }
};

void adam_one(const Tensor& p, const Tensor& m, const Tensor& v, const Tensor& top, const kernels::AdamStep& step) {
    Tensor grad = contiguous_data(Tensor(p->grad));
    Target param(p), first(m), second(v);
    Tensor none;
    Tensor top_rows = top ? contiguous_data(top) : none;
    kernels::Adam f = kernels::kernels().adam[index_of(p.dtype())];
    char *x = param.data(), *g = grad.data(), *a = first.data(), *b = second.data(),
         *c = top ? top_rows.data() : nullptr;
    int64_t item = static_cast<int64_t>(p.item_size()), n = p.numel();
    {
        Unlock unlock(n);
        parallel_for(n, kStepGrain, [&](int64_t begin, int64_t end) {
            int64_t at = begin * item;
            f(x + at, g + at, a + at, b + at, c ? c + at : nullptr, end - begin, step);
        });
    }
    if (top && !top_rows.is_same(top)) copy_data(top, top_rows);
    bump_version(p);
}

void make_zeros(Tensor& state, const Tensor& p) {
    if (!state) state = zeros(p.shape(), p.dtype());
}

void check_adam(const std::vector<Tensor>& params, const AdamState& s, const AdamOptions& o) {
    const char* op = "adam_step";
    check_count(op, "exp_avg", s.exp_avgs.size(), params.size());
    check_count(op, "exp_avg_sq", s.exp_avg_sqs.size(), params.size());
    check_count(op, "step", s.steps.size(), params.size());
    if (o.amsgrad) check_count(op, "max_exp_avg_sq", s.max_exp_avg_sqs.size(), params.size());
    for (size_t i = 0; i < params.size(); ++i) {
        const Tensor& p = params[i];
        if (!p->grad) continue;
        check_param(op, p);
        check_state(op, "exp_avg", s.exp_avgs[i], p);
        check_state(op, "exp_avg_sq", s.exp_avg_sqs[i], p);
        if (o.amsgrad) check_state(op, "max_exp_avg_sq", s.max_exp_avg_sqs[i], p);
        const Tensor& t = s.steps[i];
        check<ValueError>(!t || (t.numel() == 1 && t.dtype() == DType::Float32), op,
                          ": a step must be one float32 number.");
    }
}

}  // namespace

void sgd_step(const std::vector<Tensor>& params, std::vector<Tensor>& momentum_buffers, const SgdOptions& o) {
    bool keeps_buffers = o.momentum != 0;
    if (keeps_buffers) begin(momentum_buffers, params.size());
    if (keeps_buffers) check_count("sgd_step", "momentum buffer", momentum_buffers.size(), params.size());
    for (size_t i = 0; i < params.size(); ++i) {
        if (!params[i]->grad) continue;
        check_param("sgd_step", params[i]);
        if (keeps_buffers) check_state("sgd_step", "momentum_buffer", momentum_buffers[i], params[i]);
    }
    kernels::SgdStep step{o.lr, o.momentum, o.dampening, o.weight_decay, o.nesterov, o.maximize, false};
    Tensor none;
    for (size_t i = 0; i < params.size(); ++i) {
        const Tensor& p = params[i];
        if (!p->grad) continue;
        if (!keeps_buffers) {
            sgd_one(p, none, step);
            continue;
        }
        step.first = !momentum_buffers[i];
        if (step.first) momentum_buffers[i] = empty(p.shape(), p.dtype());
        sgd_one(p, momentum_buffers[i], step);
    }
}

void adam_step(const std::vector<Tensor>& params, AdamState& s, const AdamOptions& o) {
    for (std::vector<Tensor>* state : {&s.exp_avgs, &s.exp_avg_sqs, &s.steps}) begin(*state, params.size());
    if (o.amsgrad) begin(s.max_exp_avg_sqs, params.size());
    check_adam(params, s, o);
    Corrections corrections;
    kernels::AdamStep step{0, o.beta1, o.beta2, o.eps, o.lr, o.weight_decay, 1, o.decoupled, o.amsgrad, o.maximize};
    Tensor none;
    for (size_t i = 0; i < params.size(); ++i) {
        const Tensor& p = params[i];
        if (!p->grad) continue;
        make_zeros(s.exp_avgs[i], p);
        make_zeros(s.exp_avg_sqs[i], p);
        if (o.amsgrad) make_zeros(s.max_exp_avg_sqs[i], p);
        if (!s.steps[i]) s.steps[i] = scalar_tensor(0.0, DType::Float32);
        float& age = *s.steps[i].data<float>();
        age += 1;
        corrections.at(age, o);
        step.step_size = o.lr / corrections.first;
        step.bias_correction2_sqrt = corrections.second_sqrt;
        adam_one(p, s.exp_avgs[i], s.exp_avg_sqs[i], o.amsgrad ? s.max_exp_avg_sqs[i] : none, step);
    }
}

void zero_grad(const std::vector<Tensor>& params, bool set_to_none) {
    for (const Tensor& p : params) {
        if (!p->grad) continue;
        if (set_to_none) {
            p->grad.reset();
            continue;
        }
        Tensor g(p->grad);
        if (g->node) p->grad = zeros(g.shape(), g.dtype()).ref();  // a recorded gradient keeps its history for others
        else {
            zero_data(g);
            bump_version(g);
        }
    }
}

namespace {

double value_of(const Tensor& t) { return t.dtype() == DType::Float32 ? *t.data<float>() : *t.data<double>(); }

// Sum of |x|^p, or the largest |x| for p = inf.
double norm_part(const Tensor& t, double p) {
    uint32_t axes = (1u << t.ndim()) - 1;
    if (std::isinf(p)) return t.numel() ? value_of(p > 0 ? amax(abs(t)) : amin(abs(t))) : 0;
    Tensor out = empty({}, t.dtype());
    if (p == 1 || p == 2) reduce_into(p == 1 ? Reduce::SumAbs : Reduce::SumSquares, t, axes, out);
    else if (p == 0) return value_of(cast(sum(ne(t, number(0, t))), DType::Float64));
    else out = sum(pow(abs(t), p));
    return value_of(out);
}

std::vector<Tensor> gradients(const std::vector<Tensor>& params) {
    std::vector<Tensor> grads;
    for (const Tensor& p : params)
        if (p->grad) grads.push_back(Tensor(p->grad));
    return grads;
}

void change_in_place(const char* op, const Tensor& t, kernels::Unary kind, const double* param) {
    check<RuntimeError>(!t->storage->read_only && !has_internal_overlap(t), op, ": a gradient of shape ", t.shape(),
                        " cannot be written in place.");
    apply_loop(kernels::kernels().unary[static_cast<int>(kind)][index_of(t.dtype())], t, &t, 1, param);
    bump_version(t);
}

}  // namespace

Tensor total_norm(const std::vector<Tensor>& tensors, double norm_type, bool error_if_nonfinite) {
    GradMode off(false);
    double total = 0;
    bool first = true;
    for (const Tensor& t : tensors) {
        check<TypeError>(is_floating(t.dtype()), "get_total_norm: tensors must be floating, got ", t.dtype(), ".");
        double part = norm_part(detach(t), norm_type);
        if (norm_type == 0) total += part != 0;  // the norms' own norm of order 0
        else if (!std::isinf(norm_type)) total += part;
        else if (first || std::isnan(part) || (norm_type > 0 ? part > total : part < total)) total = part;
        first = false;
    }
    if (!std::isinf(norm_type) && norm_type != 0)
        total = norm_type == 2 ? std::sqrt(total) : std::pow(total, 1 / norm_type);
    check<RuntimeError>(!error_if_nonfinite || std::isfinite(total), "clip_grad_norm_: the total norm of order ",
                        norm_type, " is not finite (", total, "). Look for the cause with autograd.detect_anomaly().");
    return scalar_tensor(total, tensors.empty() ? default_dtype() : tensors[0].dtype());
}

Tensor clip_grad_norm(const std::vector<Tensor>& params, double max_norm, double norm_type, bool error_if_nonfinite) {
    std::vector<Tensor> grads = gradients(params);
    Tensor total = total_norm(grads, norm_type, error_if_nonfinite);
    double factor = max_norm / (value_of(total) + 1e-6);
    if (factor > 1) factor = 1;  // NaN stays
    if (factor == 1) return total;
    for (const Tensor& g : grads) change_in_place("clip_grad_norm_", g, kernels::Unary::MulScalar, &factor);
    return total;
}

void clip_grad_value(const std::vector<Tensor>& params, double clip_value) {
    const double bounds[2] = {-clip_value, clip_value};
    for (const Tensor& g : gradients(params)) change_in_place("clip_grad_value_", g, kernels::Unary::Clamp, bounds);
}

}  // namespace chainrule
