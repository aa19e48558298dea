#include "ops/optim.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/reduction.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/optim_checks.h"
#include "ops/reduce_rules.h"
#include "ops/sparse_gradient.h"

namespace chainrule {
namespace {

using kernels::Reduce;

int index_of(DType t) { return static_cast<int>(t); }

// A state that holds nothing yet gets an undefined entry a parameter.
void begin(std::vector<Tensor>& state, size_t params) {
    if (state.empty()) state.resize(params);
}

// A tensor to be changed, as row-major memory: itself, or a copy that is written back.
class Target {
  public:
    Target() = default;
    ~Target() {
        if (rows_ && !rows_.is_same(*original_)) copy_data(*original_, rows_);
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    char* open(const Tensor& t) {
        original_ = &t;
        rows_ = contiguous_data(t);
        return rows_.data();
    }

  private:
    const Tensor* original_ = nullptr;
    Tensor rows_;
};

constexpr int kMaxStates = kernels::kMaxStepStates;

// Calls step(p, gradient, states, n) on pieces of one parameter and of its states; null where a state is not kept. Narrow ones
// step as wide copies.
template <class F> void step_one(const Tensor& p, const Tensor* const (&states)[kMaxStates], const F& step) {
    if (is_narrow(p.dtype())) {
        Tensor param = widened_data(p), copies[kMaxStates];
        param->grad = widened_data(Tensor(p->grad)).ref();
        const Tensor* used[kMaxStates] = {};
        for (int k = 0; k < kMaxStates; ++k) {
            if (!states[k] || !*states[k]) continue;
            copies[k] = widened_data(*states[k]);
            used[k] = &copies[k];
        }
        step_one(param, used, step);
        for (int k = 0; k < kMaxStates; ++k)
            if (used[k]) copy_data(*states[k], copies[k]);
        copy_data(p, param);
        return bump_version(p);
    }
    Tensor grad = contiguous_data(Tensor(p->grad));
    Target param, kept[kMaxStates];
    char *x = param.open(p), *g = grad.data(), *s[kMaxStates] = {};
    for (int k = 0; k < kMaxStates; ++k)
        if (states[k] && *states[k]) s[k] = kept[k].open(*states[k]);
    int64_t item = static_cast<int64_t>(p.item_size()), n = p.numel();
    {
        Unlock unlock(n);
        parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
            int64_t at = begin * item;
            void* parts[kMaxStates];
            for (int k = 0; k < kMaxStates; ++k) parts[k] = s[k] ? s[k] + at : nullptr;
            step(x + at, g + at, parts, end - begin);
        });
    }
    bump_version(p);
}

void sgd_one(const Tensor& p, const Tensor& buffer, const kernels::SgdStep& step) {
    kernels::Sgd f = kernels::kernels().sgd[index_of(wide(p.dtype()))];
    step_one(p, {&buffer}, [&](char* x, char* g, void** s, int64_t n) { f(x, g, s[0], n, step); });
}

// The parameter's memory with its gradient in dense form, for a step that changes all rows or knows no other.
Tensor with_dense_gradient(const Tensor& p) {
    GradMode off(false);
    Tensor same = alias(p);
    same->grad = dense_gradient(Tensor(p->grad)).ref();
    return same;
}

void check_sparse_step(const char* op, const Tensor& p, double weight_decay) {
    check<RuntimeError>(!entries_of(p->grad.get()) || weight_decay == 0, op,
                        ": weight_decay is not for sparse gradients, which a parameter of shape ", p.shape(),
                        " has: rows without a gradient would not decay.");
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
    kernels::Adam f = kernels::kernels().adam[index_of(wide(p.dtype()))];
    step_one(p, {&m, &v, &top}, [&](char* x, char* g, void** s, int64_t n) { f(x, g, s[0], s[1], s[2], n, step); });
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
        check_param("sgd_step", params[i], true);
        check_sparse_step("sgd_step", params[i], o.weight_decay);
        if (keeps_buffers) check_state("sgd_step", "momentum_buffer", momentum_buffers[i], params[i]);
    }
    kernels::SgdStep step{o.lr, o.momentum, o.dampening, o.weight_decay, o.nesterov, o.maximize, false};
    Tensor none;
    for (size_t i = 0; i < params.size(); ++i) {
        const Tensor& p = params[i];
        if (!p->grad) continue;
        bool sparse = entries_of(p->grad.get()) != nullptr;
        if (!keeps_buffers) {
            if (sparse && !is_narrow(p.dtype())) add_entries(p, Tensor(p->grad), o.maximize ? o.lr : -o.lr);
            else sgd_one(sparse ? with_dense_gradient(p) : p, none, step);
            continue;
        }
        step.first = !momentum_buffers[i];
        if (step.first) momentum_buffers[i] = empty(p.shape(), p.dtype());
        sgd_one(sparse ? with_dense_gradient(p) : p, momentum_buffers[i], step);
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

namespace {

using kernels::RuleStep;
using kernels::StepRule;

// What one step of one parameter needs, from the options (in the order of the comments) and its age t.
struct Rule {
    const char* name;
    StepRule kernel;
    int states, options, numbers;  // numbers: of each parameter, one in each list
    void (*prepare)(RuleStep& s, const double* o, double lr, double t, float* const* numbers);
    // The step in operations, where there is no kernel: of a parameter and its state.
    void (*in_operations)(const Tensor& p, const Tensor& state, const RuleStep& s) = nullptr;
    // That of a parameter with a sparse gradient.
    void (*sparse)(const Tensor& p, const Tensor& state, const RuleStep& s) = nullptr;
};

void set_numbers(RuleStep& s, std::initializer_list<double> numbers) { std::copy(numbers.begin(), numbers.end(), s.k); }

void prepare_rms_prop(RuleStep& s, const double* o, double lr, double, float* const*) {
    set_numbers(s, {lr, o[0], o[1], o[2]});
}
void prepare_adagrad(RuleStep& s, const double* o, double lr, double t, float* const*) {
    set_numbers(s, {lr / (1 + (t - 1) * o[0]), o[1]});
}
void prepare_adadelta(RuleStep& s, const double* o, double lr, double, float* const*) {
    set_numbers(s, {lr, o[0], o[1]});
}
void prepare_adamax(RuleStep& s, const double* o, double lr, double t, float* const*) {
    set_numbers(s, {o[0], o[1], o[2], lr / (1 - std::pow(o[0], t))});
}
// The momentum schedule of Dozat 2016; its product so far is kept in float32, as PyTorch keeps it.
void prepare_nadam(RuleStep& s, const double* o, double lr, double t, float* const* numbers) {
    float* product = numbers[0];
    auto momentum = [&](double age) { return o[0] * (1 - 0.5 * std::pow(0.96, age * o[3])); };
    double now = momentum(t), next = momentum(t + 1);
    *product = static_cast<float>(*product * now);
    double so_far = *product;
    set_numbers(
        s, {o[0], o[1], o[2], 1 - std::pow(o[1], t), lr * (1 - now) / (1 - so_far), lr * next / (1 - so_far * next)});
}
// Liu et al. 2019: while the variance of the step is unknown, exp_avg alone.
void prepare_radam(RuleStep& s, const double* o, double lr, double t, float* const*) {
    double rate = lr / (1 - std::pow(o[0], t)), power = std::pow(o[1], t), left = 1 - power;
    double limit = 2 / (1 - o[1]) - 1, length = limit - 2 * t * power / left;
    bool rectified = length > 5;
    if (rectified) rate *= std::sqrt(left * (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
    set_numbers(s, {o[0], o[1], o[2], rate, rectified ? 1.0 : 0.0});
}
void prepare_rprop(RuleStep& s, const double* o, double, double, float* const*) {
    set_numbers(s, {o[0], o[1], o[2], o[3]});
}
// Polyak and Juditsky 1992. The rate and the weight of the newest value come from the step before, kept in float32 as PyTorch
// keeps them.
void prepare_asgd(RuleStep& s, const double* o, double lr, double t, float* const* numbers) {
    float &eta = *numbers[0], &mu = *numbers[1];
    set_numbers(s, {1 - o[0] * eta, eta, mu});
    eta = static_cast<float>(lr / std::pow(1 + o[0] * lr * t, o[1]));
    mu = static_cast<float>(1 / std::max(1.0, t - o[2]));
}

void asgd(const Tensor& param, const Tensor& average, const RuleStep& s) {
    GradMode off(false);
    Tensor p = detach(param), d = detach(Tensor(param->grad));
    if (s.maximize) d = neg(d);
    if (s.weight_decay != 0) d = d + p * s.weight_decay;
    copy_(p, p * s.k[0] - d * s.k[1]);
    copy_(average, s.k[2] == 1 ? p : average + (p - average) * s.k[2]);
}

// In the rows that have a gradient: in others the sum and the parameter stay as they are.
void adagrad_rows(const Tensor& param, const Tensor& sum, const RuleStep& s) {
    GradMode off(false);
    Tensor grad = coalesced(Tensor(param->grad)), g(entries_of(grad)->values);
    std::vector<Tensor> at = places(grad);
    Tensor total = index(sum, at) + g * g;
    index_put_(sum, at, total, false);
    index_put_(detach(param), at, g / (sqrt(total) + s.k[1]) * (s.maximize ? s.k[0] : -s.k[0]), true);
}

constexpr Rule kRules[] = {
    {"RMSprop", StepRule::RmsProp, 3, 3, 0, prepare_rms_prop},                        // alpha, eps, momentum
    {"Adagrad", StepRule::Adagrad, 1, 2, 0, prepare_adagrad, nullptr, adagrad_rows},  // lr_decay, eps
    {"Adadelta", StepRule::Adadelta, 2, 2, 0, prepare_adadelta},                      // rho, eps
    {"Adamax", StepRule::Adamax, 2, 3, 0, prepare_adamax},                            // beta1, beta2, eps
    {"NAdam", StepRule::NAdam, 2, 4, 1, prepare_nadam},      // beta1, beta2, eps, momentum_decay
    {"RAdam", StepRule::RAdam, 2, 3, 0, prepare_radam},      // beta1, beta2, eps
    {"Rprop", StepRule::Rprop, 2, 4, 0, prepare_rprop},      // eta minus, eta plus, least and largest step
    {"ASGD", StepRule::Count, 1, 3, 2, prepare_asgd, asgd},  // lambd, alpha, t0
};

const Rule& rule_named(std::string_view name) {
    for (const Rule& r : kRules)
        if (name == r.name) return r;
    fail<ValueError>("step_rule: there is no optimizer ", name, ".");
}

void check_rule(const Rule& r, const std::vector<Tensor>& params, const RuleState& state, const RuleOptions& o) {
    check_numbers(r.name, "step", state.steps, params.size());
    for (int k = 0; k < r.numbers; ++k) check_numbers(r.name, "number", state.numbers[k], params.size());
    check<ValueError>(o.numbers.size() == static_cast<size_t>(r.options), r.name, ": ", r.options,
                      " options are needed, got ", o.numbers.size(), ".");
    for (size_t k = 0; k < static_cast<size_t>(r.states); ++k)
        if (!state.states[k].empty() || k == 0) check_count(r.name, "state", state.states[k].size(), params.size());
    for (size_t i = 0; i < params.size(); ++i) {
        if (!params[i]->grad) continue;
        check_param(r.name, params[i], r.sparse != nullptr);
        check_sparse_step(r.name, params[i], o.weight_decay);
        for (const std::vector<Tensor>& list : state.states)
            if (!list.empty()) check_state(r.name, "of the optimizer", list[i], params[i]);
    }
}

}  // namespace

void rule_step(std::string_view name, const std::vector<Tensor>& params, const RuleState& state, const RuleOptions& o) {
    const Rule& r = rule_named(name);
    check_rule(r, params, state, o);
    RuleStep step{o.decoupled ? 0 : o.weight_decay, o.decoupled ? 1 - o.lr * o.weight_decay : 1, o.maximize, {}};
    double age = -1;
    for (size_t i = 0; i < params.size(); ++i) {
        const Tensor& p = params[i];
        if (!p->grad) continue;
        float& t = *state.steps[i].data<float>();
        t += 1;
        if (r.numbers || static_cast<double>(t) != age) {  // parameters of one age share what is made of it
            age = t;
            float* numbers[kMaxRuleNumbers] = {};
            for (int k = 0; k < r.numbers; ++k) numbers[k] = state.numbers[k][i].data<float>();
            r.prepare(step, o.numbers.data(), o.lr, age, numbers);
        }
        bool sparse = entries_of(p->grad.get()) != nullptr;
        if (sparse && !is_narrow(p.dtype())) {
            r.sparse(p, state.states[0][i], step);
            continue;
        }
        if (r.in_operations) {
            r.in_operations(p, state.states[0][i], step);
            continue;
        }
        const Tensor* kept[kMaxStates] = {};
        for (int k = 0; k < kMaxStates; ++k)
            if (!state.states[k].empty()) kept[k] = &state.states[k][i];
        kernels::OptimizerStep f = kernels::kernels().step_rule[static_cast<int>(r.kernel)][index_of(wide(p.dtype()))];
        step_one(sparse ? with_dense_gradient(p) : p, kept,
                 [&](char* x, char* g, void** s, int64_t n) { f(x, g, s, n, step); });
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
        if (entries_of(g)) {  // no entries
            const Entries& e = current_entries(g);
            Dims shape = e.values->shape;
            shape[0] = 0;
            set_entries(g, empty({e.indices->shape[0], 0}, DType::Int64), empty(shape, g.dtype()));
        } else if (g->node)
            p->grad = zeros(g.shape(), g.dtype()).ref();  // a recorded gradient keeps its history for others
        else {
            zero_data(g);
            bump_version(g);
        }
    }
}

namespace {

// Sum of |x|^p, or the largest |x| for p = inf.
double norm_part(const Tensor& t, double p) {
    uint32_t axes = (1u << t.ndim()) - 1;
    if (std::isinf(p)) return t.numel() ? number_value(p > 0 ? amax(abs(t)) : amin(abs(t))) : 0;
    Tensor out = empty({}, t.dtype());
    if (p == 1 || p == 2) reduce_into(p == 1 ? Reduce::SumAbs : Reduce::SumSquares, t, axes, out);
    else if (p == 0) return number_value(cast(sum(ne(t, number(0, t))), DType::Float64));
    else out = sum(pow(abs(t), p));
    return number_value(out);
}

std::vector<Tensor> gradients(const char* op, const std::vector<Tensor>& params) {
    std::vector<Tensor> grads;
    for (const Tensor& p : params) {
        if (!p->grad) continue;
        check<RuntimeError>(!entries_of(p->grad.get()), op, ": dense gradients are required, a parameter of shape ",
                            p.shape(), " has a sparse one. Set p.grad = p.grad.to_dense() first.");
        grads.push_back(Tensor(p->grad));
    }
    return grads;
}

void change_in_place(const char* op, const Tensor& t, kernels::Unary kind, const double* param) {
    check<RuntimeError>(!t->storage->read_only && !has_internal_overlap(t), op, ": a gradient of shape ", t.shape(),
                        " cannot be written in place.");
    Tensor x = is_narrow(t.dtype()) ? widened_data(t) : t;
    apply_loop(kernels::kernels().unary[static_cast<int>(kind)][index_of(x.dtype())], x, &x, 1, param);
    if (!x.is_same(t)) copy_data(t, x);
    bump_version(t);
}

}  // namespace

Tensor total_norm(const char* op, const std::vector<Tensor>& tensors, double norm_type, bool error_if_nonfinite) {
    GradMode off(false);
    double total = 0;
    bool first = true;
    for (const Tensor& t : tensors) {
        check<TypeError>(is_floating(t.dtype()), op, ": tensors must be floating, got ", t.dtype(), ".");
        double part = norm_part(is_narrow(t.dtype()) ? widened_data(t) : detach(t), norm_type);
        if (norm_type == 0) total += part != 0;  // the norms' own norm of order 0
        else if (!std::isinf(norm_type)) total += part;
        else if (first || std::isnan(part) || (norm_type > 0 ? part > total : part < total)) total = part;
        first = false;
    }
    if (!std::isinf(norm_type) && norm_type != 0)
        total = norm_type == 2 ? std::sqrt(total) : std::pow(total, 1 / norm_type);
    check<RuntimeError>(!error_if_nonfinite || std::isfinite(total), op, ": the total norm of order ", norm_type,
                        " is not finite (", total, "). Look for the cause with autograd.detect_anomaly().");
    return scalar_tensor(total, tensors.empty() ? default_dtype() : tensors[0].dtype());
}

Tensor clip_grad_norm(const std::vector<Tensor>& params, double max_norm, double norm_type, bool error_if_nonfinite) {
    std::vector<Tensor> grads = gradients("clip_grad_norm_", params);
    Tensor total = total_norm("clip_grad_norm_", grads, norm_type, error_if_nonfinite);
    double factor = max_norm / (number_value(total) + 1e-6);
    if (factor > 1) factor = 1;  // NaN stays
    if (factor == 1) return total;
    for (const Tensor& g : grads) change_in_place("clip_grad_norm_", g, kernels::Unary::MulScalar, &factor);
    return total;
}

void clip_grad_value(const std::vector<Tensor>& params, double clip_value) {
    const double bounds[2] = {-clip_value, clip_value};
    for (const Tensor& g : gradients("clip_grad_value_", params))
        change_in_place("clip_grad_value_", g, kernels::Unary::Clamp, bounds);
}

}  // namespace chainrule
