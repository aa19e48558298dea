// Optimizer steps and gradient clipping over all parameters at once. Parameters without a gradient are left alone; shapes and dtypes
// are checked before anything is changed.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace chainrule {

struct SgdOptions {
    double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false, maximize = false;
};
// One buffer a parameter, or none yet; undefined buffers are made at their first use.
void sgd_step(const std::vector<Tensor>& params, std::vector<Tensor>& momentum_buffers, const SgdOptions& options);

struct AdamOptions {
    double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
    bool decoupled = false;  // AdamW: the decay acts on the parameter, not on the gradient
    bool amsgrad = false, maximize = false;
};
// One entry a parameter, or none yet: moments of its shape, steps 0-d float32. Undefined entries are made at their first use.
struct AdamState {
    std::vector<Tensor> exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps;
};
void adam_step(const std::vector<Tensor>& params, AdamState& state, const AdamOptions& options);

// RMSprop, Adagrad, Adadelta, Adamax, NAdam, RAdam, Rprop and ASGD, by that name. One tensor a parameter in each list, of its shape;
// which states and numbers a rule has, and in what order, says its row in optim.cpp. A list may be empty where the
// state is optional (RMSprop). steps, and what NAdam (its products) and ASGD (eta, mu) keep: 0-d float32.
constexpr int kMaxRuleNumbers = 2;
struct RuleState {
    std::vector<Tensor> states[3];
    std::vector<Tensor> steps, numbers[kMaxRuleNumbers];
};
struct RuleOptions {
    double lr = 1e-3, weight_decay = 0;
    bool decoupled = false, maximize = false;
    std::vector<double> numbers;
};
void rule_step(std::string_view name, const std::vector<Tensor>& params, const RuleState& state,
               const RuleOptions& options);

// Adafactor: a matrix's squared gradients are kept as the means of its rows and columns, (..., n, 1) and (..., 1, m); those of
// vectors and numbers as they are. Of the two kinds a parameter has one; the other's entry is undefined.
struct AdafactorState {
    std::vector<Tensor> row_vars, col_vars, variances, steps;
};
struct AdafactorOptions {
    double lr = 1e-2, beta2_decay = -0.8, weight_decay = 0;
    std::optional<double> eps1;  // none: the parameter's dtype's epsilon
    double eps2 = 1e-3, d = 1;
    bool maximize = false;
};
void adafactor_step(const std::vector<Tensor>& params, const AdafactorState& state, const AdafactorOptions& options);

// Muon, of matrices only: momentum made orthogonal by Newton-Schulz steps a X + (b X X' + c (X X')^2) X. lr_ratio multiplies lr for
// the update, not for the decay; one a parameter.
struct MuonOptions {
    double lr = 1e-3, weight_decay = 0.1, momentum = 0.95;
    bool nesterov = true;
    double coefficients[3] = {3.4445, -4.7750, 2.0315};
    double eps = 1e-7;
    int64_t steps = 5;
};
void muon_step(const std::vector<Tensor>& params, const std::vector<Tensor>& momentum_buffers,
               const std::vector<double>& lr_ratios, const MuonOptions& options);

// Gradients are dropped, or filled with 0.
void zero_grad(const std::vector<Tensor>& params, bool set_to_none = true);

// Scales all gradients so that their joint norm is at most max_norm; gives the norm before.
Tensor clip_grad_norm(const std::vector<Tensor>& params, double max_norm, double norm_type = 2,
                      bool error_if_nonfinite = false);
Tensor total_norm(const char* op, const std::vector<Tensor>& tensors, double norm_type, bool error_if_nonfinite);
void clip_grad_value(const std::vector<Tensor>& params, double clip_value);

}  // namespace chainrule
