// Steps of optimizers that work on whole matrices: Adafactor and Muon.

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/grad_mode.h"
#include "ops/forms.h"
#include "ops/optim.h"
#include "ops/optim_checks.h"

namespace chainrule {
namespace {

double root_mean_square(const Tensor& x) { return x.numel() ? std::sqrt(number_value(mean(square(x)))) : 0; }

// x moves towards y by a part of the way.
void move_towards(const Tensor& x, const Tensor& y, double part) { copy_(x, x + (y - x) * part); }

void shrink(const Tensor& p, double decay) {
    if (decay != 0) copy_(p, p * (1 - decay));
}

// ---- Adafactor: Shazeer and Stern 2018, with PyTorch's place for epsilon ----

void check_factor(const Tensor& factor, const Tensor& p, int axis_from_end) {
    Dims shape = p.shape();
    shape[shape.n - axis_from_end] = 1;
    check<ValueError>(factor && factor.shape() == shape && factor.dtype() == p.dtype(),
                      "adafactor_step: a parameter of "
                      "shape ",
                      p.shape(), " needs a factor of shape ", shape, " and its dtype.");
}

void check_adafactor(const std::vector<Tensor>& params, const AdafactorState& s) {
    const char* op = "adafactor_step";
    check_numbers(op, "step", s.steps, params.size());
    check_count(op, "row_var", s.row_vars.size(), params.size());
    check_count(op, "col_var", s.col_vars.size(), params.size());
    check_count(op, "variance", s.variances.size(), params.size());
    for (size_t i = 0; i < params.size(); ++i) {
        const Tensor& p = params[i];
        if (!p->grad) continue;
        check_param(op, p);
        if (p.ndim() > 1) {
            check_factor(s.row_vars[i], p, 1);
            check_factor(s.col_vars[i], p, 2);
        } else {
            check<ValueError>(static_cast<bool>(s.variances[i]), op, ": a parameter of shape ", p.shape(),
                              " needs a variance.");
            check_state(op, "variance", s.variances[i], p);
        }
    }
}

// The estimate of the squared gradient, from what is kept of it.
Tensor squared_gradient(const Tensor& grad, const Tensor& row, const Tensor& col, const Tensor& all, double part,
                        double eps) {
    Tensor now = square(grad);
    if (grad.ndim() < 2) {
        move_towards(all, now, part);
        return all;
    }
    move_towards(row, mean(now, {-1}, true), part);
    move_towards(col, mean(now, {-2}, true), part);
    return matmul(row, col) / clamp(mean(row, {-2}, true), eps, std::numeric_limits<double>::infinity());
}

double epsilon_of(DType t) {
    if (is_narrow(t)) return t == DType::Float16 ? 0x1p-10 : 0x1p-7;
    return t == DType::Float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
}

}  // namespace

void adafactor_step(const std::vector<Tensor>& params, const AdafactorState& s, const AdafactorOptions& o) {
    check_adafactor(params, s);
    GradMode off(false);
    for (size_t i = 0; i < params.size(); ++i) {
        if (!params[i]->grad) continue;
        const Tensor p = detach(params[i]);
        Tensor grad = detach(Tensor(params[i]->grad));
        if (o.maximize) grad = neg(grad);
        float& age = *s.steps[i].data<float>();
        age += 1;
        const double eps1 = o.eps1.value_or(epsilon_of(p.dtype())), t = age;
        const double rate = std::max(o.eps2, root_mean_square(p)) * std::min(o.lr, 1 / std::sqrt(t));
        shrink(p, o.lr * o.weight_decay);
        Tensor v =
            squared_gradient(grad, s.row_vars[i], s.col_vars[i], s.variances[i], std::pow(t, o.beta2_decay), eps1);
        Tensor update = rsqrt(clamp(v, eps1 * eps1, std::numeric_limits<double>::infinity())) * grad;
        copy_(p, p - update * (rate / std::max(1.0, root_mean_square(update) / o.d)));
    }
}

// ---- Muon: Jordan et al. 2024 ----

namespace {

// About U V' of x = U S V': each step pulls all singular values towards 1.
Tensor orthogonalized(const Tensor& x, const MuonOptions& o) {
    const auto [a, b, c] = o.coefficients;
    const bool tall = x.size(0) > x.size(1);
    Tensor y = tall ? transpose_all(x) : x;
    y = y / std::max(number_value(norm(y)), o.eps);
    for (int64_t k = 0; k < o.steps; ++k) {
        Tensor gram = mm(y, y, false, true);
        y = y * a + mm(gram * b + mm(gram, gram) * c, y);
    }
    return tall ? transpose_all(y) : y;
}

void check_muon(const std::vector<Tensor>& params, const std::vector<Tensor>& buffers,
                const std::vector<double>& lr_ratios) {
    check_count("muon_step", "momentum buffer", buffers.size(), params.size());
    check_count("muon_step", "ratio", lr_ratios.size(), params.size());
    for (size_t i = 0; i < params.size(); ++i) {
        if (!params[i]->grad) continue;
        check_param("muon_step", params[i]);
        check<ValueError>(params[i].ndim() == 2 && buffers[i],
                          "muon_step: a parameter must be a matrix with a buffer, got shape ", params[i].shape(), ".");
        check_state("muon_step", "momentum_buffer", buffers[i], params[i]);
    }
}

}  // namespace

void muon_step(const std::vector<Tensor>& params, const std::vector<Tensor>& buffers,
               const std::vector<double>& lr_ratios, const MuonOptions& o) {
    check_muon(params, buffers, lr_ratios);
    GradMode off(false);
    for (size_t i = 0; i < params.size(); ++i) {
        if (!params[i]->grad) continue;
        const Tensor p = detach(params[i]), grad = detach(Tensor(params[i]->grad)), &buffer = buffers[i];
        move_towards(buffer, grad, 1 - o.momentum);
        Tensor update = orthogonalized(o.nesterov ? grad + (buffer - grad) * o.momentum : buffer, o);
        shrink(p, o.lr * o.weight_decay);
        copy_(p, p - update * (o.lr * lr_ratios[i]));
    }
}

}  // namespace chainrule
