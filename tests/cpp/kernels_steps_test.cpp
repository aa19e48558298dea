// Steps of recurrent layers and of optimizers, in every table that this processor can run, against kernels/reference.h. Gradients
// are compared with central differences of the reference.
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "kernels/reference.h"
#include "kernels_check.h"

using namespace chainrule;
using namespace chainrule::kernels;
using namespace chainrule::kernels::test;
namespace ref = chainrule::kernels::reference;

namespace {

std::mt19937 random_bits(7);

template <class T> std::vector<T> uniform_vector(int64_t n, double low, double high) {
    std::uniform_real_distribution<double> draw(low, high);
    std::vector<T> v(static_cast<size_t>(n));
    for (T& x : v) x = static_cast<T>(draw(random_bits));
    return v;
}

template <class T> bool near(double got, double want, double relative, double absolute) {
    return std::fabs(got - want) <= std::numeric_limits<T>::epsilon() * (relative * std::fabs(want) + absolute);
}

template <class T> std::string label(const Table& t, const char* what, int k) {
    return std::string(t.isa) + " " + what + " " + std::to_string(k) + " " + dtype_name(DTypeOf<T>::value);
}

// One step over three rows of `size` units, with everything that a step may take.
template <class T> struct Layer {
    static constexpr int64_t rows = 3;
    Recurrent kind;
    int64_t size, gates, left;  // left: columns that the kernel leaves for the gradient
    std::vector<T> x, hidden, bias, before, up, carry_h, carry_c, extra;

    Layer(Recurrent k, int64_t n) : kind(k), size(n) {
        const bool lstm = k == Recurrent::Lstm, gru = k == Recurrent::Gru;
        gates = lstm ? 4 : gru ? 3 : 1;
        left = lstm ? 5 : gru ? 4 : 1;
        auto fill = [&](int64_t columns) { return uniform_vector<T>(rows * columns * size, -2, 2); };
        x = fill(left), hidden = fill(3), bias = uniform_vector<T>(4 * size, -1, 1), before = fill(1);
        up = fill(1), carry_h = fill(1), carry_c = fill(1), extra = fill(left);
    }

    // The arguments of unit j of row r.
    void inputs(const std::vector<T>& from, int64_t r, int64_t j, double* w, double* h) const {
        for (int64_t k = 0; k < gates; ++k) w[k] = from[static_cast<size_t>((r * left + k) * size + j)];
        for (int64_t k = 0; k < 3; ++k) h[k] = hidden[static_cast<size_t>((r * 3 + k) * size + j)];
    }
    ref::RecurrentUnit unit(int64_t j, const double* w, const double* h, double state) const {
        double b[4];
        for (int64_t k = 0; k < 4; ++k) b[k] = bias[static_cast<size_t>(k * size + j)];
        return ref::recurrent(kind, w, h, b, state);
    }
};

// The loss whose gradient the kernel makes: dh h + dc c + extra . gates.
template <class T>
double loss(const Layer<T>& l, int64_t r, int64_t j, const double* w, const double* h, double state, bool with_extra) {
    const ref::RecurrentUnit u = l.unit(j, w, h, state);
    const size_t at = static_cast<size_t>(r * l.size + j);
    double sum = (static_cast<double>(l.up[at]) + l.carry_h[at]) * u.output;
    if (l.kind == Recurrent::Lstm) sum += l.carry_c[at] * u.cell;
    for (int64_t k = 0; with_extra && k < l.left && l.left > 1; ++k)
        sum += l.extra[static_cast<size_t>((r * l.left + k) * l.size + j)] * (k == 4 ? u.cell : u.gates[k]);
    return sum;
}

template <class T> void check_gradient(const Table& t, const Layer<T>& l, const std::vector<T>& inputs) {
    const int type = static_cast<int>(DTypeOf<T>::value), kind = static_cast<int>(l.kind);
    const int64_t n = l.size, rows = l.rows, left = l.left;
    const bool gru = l.kind == Recurrent::Gru, lstm = l.kind == Recurrent::Lstm;
    for (const bool with_extra : {false, true}) {
        std::vector<T> carry_h = l.carry_h, carry_c = l.carry_c, d_hidden(static_cast<size_t>(rows * l.gates * n)),
                       d_input(d_hidden.size());
        t.recurrent_grad[kind][type]({l.x.data(), l.before.data(), l.up.data(), with_extra ? l.extra.data() : nullptr,
                                      carry_h.data(), carry_c.data(), d_hidden.data(), d_input.data(), rows, n,
                                      left * n, n, n, left * n});
        bool ok = true;
        const double step = 1e-5, loose = sizeof(T) == 8 ? 1e7 : 64;  // the error of the differences
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t j = 0; j < n; ++j) {
                double w[4] = {}, h[3];
                l.inputs(inputs, r, j, w, h);
                const size_t at = static_cast<size_t>(r * n + j);
                double state = l.before[at];
                auto slope = [&](double& x) {
                    const double old = x;
                    x = old + step;
                    const double high = loss(l, r, j, w, h, state, with_extra);
                    x = old - step;
                    const double low = loss(l, r, j, w, h, state, with_extra);
                    x = old;
                    return (high - low) / (2 * step);
                };
                for (int64_t k = 0; k < l.gates; ++k) {
                    const size_t to = static_cast<size_t>((r * l.gates + k) * n + j);
                    ok &= near<T>((gru ? d_input : d_hidden)[to], slope(w[k]), loose, loose);
                    if (gru) ok &= near<T>(d_hidden[to], slope(h[k]), loose, loose);
                }
                if (gru) ok &= near<T>(carry_h[at], slope(state), loose, loose);
                if (lstm) ok &= near<T>(carry_c[at], slope(state), loose, loose);
            }
        expect(ok, label<T>(t, with_extra ? "recurrent_grad with gates" : "recurrent_grad", kind));
    }
}

template <class T> void check_step(const Table& t, Layer<T>& l) {
    const int type = static_cast<int>(DTypeOf<T>::value), k = static_cast<int>(l.kind);
    const int64_t n = l.size, rows = l.rows;
    std::vector<T> gates = l.x, output(static_cast<size_t>(rows * n)), cell(static_cast<size_t>(rows * n));
    t.recurrent[k][type]({l.hidden.data(), l.bias.data(), l.before.data(), gates.data(), cell.data(), output.data(),
                          rows, n, l.left * n, n, n, n});
    bool ok = true;
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t j = 0; j < n; ++j) {
            const size_t at = static_cast<size_t>(r * n + j);
            double w[4] = {}, h[3];
            l.inputs(l.x, r, j, w, h);
            const ref::RecurrentUnit u = l.unit(j, w, h, l.before[at]);
            ok &= near<T>(output[at], u.output, 8, 8);
            if (l.kind == Recurrent::Lstm) ok &= near<T>(cell[at], u.cell, 8, 8);
            for (int64_t g = 0; g < 4 && l.left > 1; ++g)
                ok &= near<T>(gates[static_cast<size_t>((r * l.left + g) * n + j)], u.gates[g], 8, 8);
        }
    expect(ok, label<T>(t, "recurrent", k));
    if (l.left == 1) gates = output;
    l.x.swap(gates);  // from here on what was left; `gates` has the inputs
    check_gradient(t, l, gates);
}

template <class T> void check_rules(const Table& t) {
    const double numbers[][kMaxStepNumbers] = {{0.01, 0.9, 1e-6, 0.8},
                                               {0.1, 1e-8},
                                               {0.5, 0.9, 1e-5},
                                               {0.9, 0.99, 1e-6, 0.02},
                                               {0.9, 0.99, 1e-6, 0.3, 0.01, 0.02},
                                               {0.9, 0.99, 1e-6, 0.02, 1},
                                               {0.5, 1.2, 1e-3, 0.7}};
    for (int k = 0; k < static_cast<int>(StepRule::Count); ++k)
        for (const int flags : {0, 1, 2, 3, 4, 5, 6, 7})
            for (const int64_t n : {1, 7, 67}) {
                const StepRule rule = static_cast<StepRule>(k);
                RuleStep step{flags & 1 ? 0.1 : 0.0, flags & 2 ? 0.97 : 1.0, (flags & 4) != 0, {}};
                std::copy(std::begin(numbers[k]), std::end(numbers[k]), step.k);
                if (rule == StepRule::RAdam && flags & 1) step.k[4] = 0;
                if (rule == StepRule::RmsProp || rule == StepRule::Adagrad || rule == StepRule::Adadelta ||
                    rule == StepRule::Adamax || rule == StepRule::Rprop)
                    step.shrink = 1;
                const bool optional[2] = {rule != StepRule::RmsProp || (flags & 2) != 0, (flags & 4) != 0};
                std::vector<T> p = uniform_vector<T>(n, -1, 1), g = uniform_vector<T>(n, -1, 1);
                std::vector<T> a = uniform_vector<T>(n, 0.5, 1), b = uniform_vector<T>(n, 0, 0.5),
                               c = uniform_vector<T>(n, -1, 1);
                if (rule == StepRule::Rprop)
                    for (size_t i = 0; i < a.size(); i += 2) a[i] = i % 4 ? T(0) : -a[i];
                std::vector<ref::RuleSlot> slots;
                for (size_t i = 0; i < p.size(); ++i) {
                    slots.push_back({p[i], g[i], a[i], optional[0] ? b[i] : ref::kNan, optional[1] ? c[i] : ref::kNan});
                    ref::step_rule(rule, slots[i], step);
                }
                void* state[kMaxStepStates] = {a.data(), optional[0] ? b.data() : nullptr,
                                               optional[1] ? c.data() : nullptr};
                t.step_rule[k][static_cast<int>(DTypeOf<T>::value)](p.data(), g.data(), state, n, step);
                bool ok = true;
                for (size_t i = 0; i < p.size(); ++i) {
                    ok &= near<T>(p[i], slots[i].p, 8, 8) && near<T>(a[i], slots[i].a, 8, 8);
                    if (optional[0]) ok &= near<T>(b[i], slots[i].b, 8, 8);
                    if (optional[1]) ok &= near<T>(c[i], rule == StepRule::RmsProp ? slots[i].c : c[i], 8, 8);
                }
                expect(ok, label<T>(t, "step_rule", k) + " flags " + std::to_string(flags));
            }
}

template <class T> void check_all(const Table& t) {
    for (int k = 0; k < static_cast<int>(Recurrent::Count); ++k)
        for (const int64_t size : {1, 7, 16, 33}) {
            Layer<T> layer(static_cast<Recurrent>(k), size);
            check_step(t, layer);
        }
    check_rules<T>(t);
}

}  // namespace

int main() {
    const std::vector<const Table*> tables = usable_tables();
    for (const Table* t : tables) check_all<float>(*t), check_all<double>(*t);
    return report();
}
