// Optimizer steps and gradient clipping over all parameters at once. Parameters without a gradient are left alone; shapes and dtypes
// are checked before anything is changed.
#pragma once

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

// RMSprop, Adagrad, Adadelta, Adamax, NAdam, RAdam and Rprop, by that name. One tensor a parameter in each list, of its shape;
// which states and numbers a rule has, and in what order, says its row in optim.cpp. A list may be empty where the
// state is optional (RMSprop). steps and NAdam's products: 0-d float32.
struct RuleState {
    std::vector<Tensor> states[3];
    std::vector<Tensor> steps, products;
};
struct RuleOptions {
    double lr = 1e-3, weight_decay = 0;
    bool decoupled = false, maximize = false;
    std::vector<double> numbers;
};
void rule_step(std::string_view name, const std::vector<Tensor>& params, const RuleState& state,
               const RuleOptions& options);

// Gradients are dropped, or filled with 0.
void zero_grad(const std::vector<Tensor>& params, bool set_to_none = true);

// Scales all gradients so that their joint norm is at most max_norm; gives the norm before.
Tensor clip_grad_norm(const std::vector<Tensor>& params, double max_norm, double norm_type = 2,
                      bool error_if_nonfinite = false);
Tensor total_norm(const char* op, const std::vector<Tensor>& tensors, double norm_type, bool error_if_nonfinite);
void clip_grad_value(const std::vector<Tensor>& params, double clip_value);

}  // namespace chainrule
