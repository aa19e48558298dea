// Optimizer steps: one call over all parameters.

#include <pybind11/stl.h>

#include <array>
#include <optional>

#include "bind/autograd.h"
#include "ops/optim.h"

namespace chainrule {
namespace {

// Of these none may be missing.
std::vector<Tensor> parameters_of(const py::list& list, const char* op) {
    for (py::handle h : list) check<TypeError>(!h.is_none(), op, ": parameters must be tensors, got None.");
    return tensors_of(list, op);
}

void sgd_step_(const py::list& params, py::list buffers, double lr, double momentum, double dampening,
               double weight_decay, bool nesterov, bool maximize) {
    std::vector<Tensor> b = tensors_of(buffers, "sgd");
    sgd_step(parameters_of(params, "sgd"), b, {lr, momentum, dampening, weight_decay, nesterov, maximize});
    for (size_t i = 0; i < b.size(); ++i)
        if (b[i] && py::handle(buffers[i]).is_none()) buffers[i] = b[i];
}

void adam_step_(const py::list& params, const py::list& exp_avgs, const py::list& exp_avg_sqs,
                const py::list& max_exp_avg_sqs, const py::list& steps, double lr, double beta1, double beta2,
                double eps, double weight_decay, bool decoupled, bool amsgrad, bool maximize) {
    AdamState state{tensors_of(exp_avgs, "adam"), tensors_of(exp_avg_sqs, "adam"), tensors_of(max_exp_avg_sqs, "adam"),
                    tensors_of(steps, "adam")};
    adam_step(parameters_of(params, "adam"), state,
              {lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize});
}

void rule_step_(const char* name, const py::list& params, const py::list& states, const py::list& steps,
                const py::list& kept, double lr, double weight_decay, bool decoupled, bool maximize,
                std::vector<double> numbers) {
    RuleState state;
    check<ValueError>(states.size() <= std::size(state.states) && kept.size() <= std::size(state.numbers), name,
                      ": too many lists of states");
    for (size_t k = 0; k < states.size(); ++k) state.states[k] = tensors_of(py::list(states[k]), name);
    state.steps = tensors_of(steps, name);
    for (size_t k = 0; k < kept.size(); ++k) state.numbers[k] = tensors_of(py::list(kept[k]), name);
    rule_step(name, parameters_of(params, name), state, {lr, weight_decay, decoupled, maximize, std::move(numbers)});
}

void adafactor_step_(const py::list& params, const py::list& row_vars, const py::list& col_vars,
                     const py::list& variances, const py::list& steps, double lr, double beta2_decay,
                     double weight_decay, std::optional<double> eps1, double eps2, double d, bool maximize) {
    const char* op = "adafactor";
    AdafactorState state{tensors_of(row_vars, op), tensors_of(col_vars, op), tensors_of(variances, op),
                         tensors_of(steps, op)};
    adafactor_step(parameters_of(params, op), state, {lr, beta2_decay, weight_decay, eps1, eps2, d, maximize});
}

void muon_step_(const py::list& params, const py::list& buffers, const std::vector<double>& lr_ratios, double lr,
                double weight_decay, double momentum, bool nesterov, std::array<double, 3> coefficients, double eps,
                int64_t steps) {
    auto [a, b, c] = coefficients;
    muon_step(parameters_of(params, "muon"), tensors_of(buffers, "muon"), lr_ratios,
              {lr, weight_decay, momentum, nesterov, {a, b, c}, eps, steps});
}

py::list list_of(const py::object& o) {
    if (py::isinstance<py::list>(o)) return py::reinterpret_borrow<py::list>(o);
    if (is_tensor(o.ptr())) {
        py::list one;
        one.append(o);
        return one;
    }
    return py::list(o);
}

}  // namespace

void bind_optim(py::module_& m) {
    m.def("sgd_step_", &sgd_step_);
    m.def("adam_step_", &adam_step_);
    m.def("rule_step_", &rule_step_);
    m.def("adafactor_step_", &adafactor_step_);
    m.def("muon_step_", &muon_step_);
    m.def(
        "zero_grad_",
        [](const py::object& params, bool set_to_none) {
            zero_grad(parameters_of(list_of(params), "zero_grad"), set_to_none);
        },
        py::arg("params"), py::arg("set_to_none") = true);
    m.def(
        "clip_grad_norm_",
        [](const py::object& params, double max_norm, double norm_type, bool error_if_nonfinite) {
            return clip_grad_norm(parameters_of(list_of(params), "clip_grad_norm_"), max_norm, norm_type,
                                  error_if_nonfinite);
        },
        py::arg("params"), py::arg("max_norm"), py::arg("norm_type") = 2.0, py::arg("error_if_nonfinite") = false);
    m.def("total_norm", [](const py::object& tensors, double norm_type, bool error_if_nonfinite) {
        return total_norm("get_total_norm", parameters_of(list_of(tensors), "get_total_norm"), norm_type,
                          error_if_nonfinite);
    });
    m.def(
        "clip_grad_value_",
        [](const py::object& params, double clip) {
            clip_grad_value(parameters_of(list_of(params), "clip_grad_value_"), clip);
        },
        py::arg("params"), py::arg("clip_value"));
}

}  // namespace chainrule
