// Steps of recurrent layers: gates and state in one pass, and their gradients. Elman 1990 (tanh, relu); Hochreiter and
// Schmidhuber 1997 with the forget gate of Gers et al. 2000 (LSTM); Cho et al. 2014 in cuDNN's form (GRU).
#include "kernels/isa/entries.h"
#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T> const T* row(const void* p, int64_t r, int64_t ld) { return static_cast<const T*>(p) + r * ld; }
template <class T> T* row(void* p, int64_t r, int64_t ld) { return static_cast<T*>(p) + r * ld; }

template <bool kRelu, class T> CHAINRULE_INLINE void plain_row(T* x, const T* bias, T* out, int64_t n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
        const T v = x[j] + bias[j];
        out[j] = kRelu ? (v < T(0) ? T(0) : v) : tanh_(v);
    }
}

template <class T>
CHAINRULE_INLINE void lstm_row(T* gates, const T* bias, const T* before, T* cell, T* out, int64_t n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
        const T i = sigmoid_(gates[j] + bias[j]), f = sigmoid_(gates[n + j] + bias[n + j]);
        const T g = tanh_(gates[2 * n + j] + bias[2 * n + j]), o = sigmoid_(gates[3 * n + j] + bias[3 * n + j]);
        const T c = mul_add(f, before[j], i * g);
        gates[j] = i;
        gates[n + j] = f;
        gates[2 * n + j] = g;
        gates[3 * n + j] = o;
        cell[j] = c;
        out[j] = o * tanh_(c);
    }
}

template <class T>
CHAINRULE_INLINE void gru_row(T* gates, const T* hidden, const T* bias, const T* before, T* out, int64_t n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
        const T r = sigmoid_(gates[j] + hidden[j] + bias[j]);
        const T z = sigmoid_(gates[n + j] + hidden[n + j] + bias[n + j]);
        const T inner = hidden[2 * n + j] + bias[3 * n + j];
        const T m = tanh_(mul_add(r, inner, gates[2 * n + j] + bias[2 * n + j]));
        gates[j] = r;
        gates[n + j] = z;
        gates[2 * n + j] = m;
        gates[3 * n + j] = inner;
        out[j] = mul_add(z, before[j] - m, m);
    }
}

template <bool kRelu, class T>
CHAINRULE_INLINE void plain_grad_row(const T* out, const T* up, const T* carry, T* grad, int64_t n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
        const T d = up[j] + carry[j], y = out[j];
        grad[j] = kRelu ? (y <= T(0) ? T(0) : d) : d * (T(1) - y * y);
    }
}

template <bool kExtra, class T>
CHAINRULE_INLINE void lstm_grad_row(const T* gates, const T* before, const T* up, const T* extra, const T* carry_h,
                                    T* carry_c, T* grad, int64_t n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
        const T i = gates[j], f = gates[n + j], g = gates[2 * n + j], o = gates[3 * n + j], p = before[j];
        const T t = tanh_(mul_add(f, p, i * g)), dh = up[j] + carry_h[j];
        T dc = mul_add(dh * o, T(1) - t * t, carry_c[j]);
        if (kExtra) dc += extra[4 * n + j];
        T di = dc * g, df = dc * p, dg = dc * i, d_o = dh * t;
        if (kExtra) di += extra[j], df += extra[n + j], dg += extra[2 * n + j], d_o += extra[3 * n + j];
        carry_c[j] = dc * f;
        grad[j] = di * (i * (T(1) - i));
        grad[n + j] = df * (f * (T(1) - f));
        grad[2 * n + j] = dg * (T(1) - g * g);
        grad[3 * n + j] = d_o * (o * (T(1) - o));
    }
}

template <bool kExtra, class T>
CHAINRULE_INLINE void gru_grad_row(const T* gates, const T* before, const T* up, const T* extra, T* carry, T* hidden,
                                   T* input, int64_t n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
        const T r = gates[j], z = gates[n + j], m = gates[2 * n + j], inner = gates[3 * n + j];
        const T dh = up[j] + carry[j];
        T dm = dh * (T(1) - z), dz = dh * (before[j] - m);
        if (kExtra) dm += extra[2 * n + j], dz += extra[n + j];
        dm *= T(1) - m * m;
        T dr = dm * inner, d_inner = dm * r;
        if (kExtra) dr += extra[j], d_inner += extra[3 * n + j];
        dr *= r * (T(1) - r);
        dz *= z * (T(1) - z);
        carry[j] = dh * z;
        hidden[j] = input[j] = dr;
        hidden[n + j] = input[n + j] = dz;
        hidden[2 * n + j] = d_inner;
        input[2 * n + j] = dm;
    }
}

}  // namespace

template <Recurrent kind, class T> void recurrent(const RecurrentStep& s) {
    const T* bias = static_cast<const T*>(s.bias);
    for (int64_t r = 0; r < s.rows; ++r) {
        T *gates = row<T>(s.gates, r, s.ld_gates), *out = row<T>(s.output, r, s.ld_output);
        if constexpr (kind == Recurrent::Lstm)
            lstm_row(gates, bias, row<T>(s.state, r, s.ld_state), row<T>(s.cell, r, s.ld_cell), out, s.size);
        else if constexpr (kind == Recurrent::Gru)
            gru_row(gates, row<T>(s.hidden, r, 3 * s.size), bias, row<T>(s.state, r, s.ld_state), out, s.size);
        else plain_row<kind == Recurrent::Relu>(gates, bias, out, s.size);
    }
}

template <Recurrent kind, class T> void recurrent_grad(const RecurrentGradStep& s) {
    const int64_t n = s.size;
    for (int64_t r = 0; r < s.rows; ++r) {
        const T *gates = row<T>(s.gates, r, s.ld_gates), *up = row<T>(s.grad_output, r, s.ld_grad_output);
        T* carry = row<T>(s.carry_h, r, n);
        if constexpr (kind == Recurrent::Tanh || kind == Recurrent::Relu) {
            plain_grad_row<kind == Recurrent::Relu>(gates, up, carry, row<T>(s.grad_hidden, r, n), n);
        } else {
            const T* before = row<T>(s.state, r, s.ld_state);
            const T* extra = s.grad_gates ? row<T>(s.grad_gates, r, s.ld_grad_gates) : nullptr;
            if constexpr (kind == Recurrent::Lstm) {
                T *carry_c = row<T>(s.carry_c, r, n), *grad = row<T>(s.grad_hidden, r, 4 * n);
                if (extra) lstm_grad_row<true>(gates, before, up, extra, carry, carry_c, grad, n);
                else lstm_grad_row<false>(gates, before, up, extra, carry, carry_c, grad, n);
            } else {
                T *hidden = row<T>(s.grad_hidden, r, 3 * n), *input = row<T>(s.grad_input, r, 3 * n);
                if (extra) gru_grad_row<true>(gates, before, up, extra, carry, hidden, input, n);
                else gru_grad_row<false>(gates, before, up, extra, carry, hidden, input, n);
            }
        }
    }
}

namespace {
struct Kept {
    RecurrentCell recurrent[static_cast<int>(Recurrent::Count)][kNumDTypes]{};
    RecurrentGrad recurrent_grad[static_cast<int>(Recurrent::Count)][kNumDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_recurrent(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
