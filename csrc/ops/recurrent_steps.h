// What the two sides of a recurrent layer share, recurrent.cpp (checks, values) and recurrent_gradient.cpp: its inputs and sizes,
// and the steps in the order of computing.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/gemm.h"
#include "ops/recurrent.h"
#include "ops/step_product.h"

namespace chainrule {

enum RecurrentInput { kX, kWih, kWhh, kH0, kC0, kWhr, kSizes, kBih, kBhh, kInputs };
enum RecurrentOutput { kH, kGates, kCell };  // kCell: of a single step of the LSTM; a layer keeps c behind the gates

struct RecurrentAttrs {
    Recurrent kind;
    bool reverse;
    bool cell;  // one step, of x [batch, in]; the LSTM's c is an output of its own then
    bool has_h0, has_c0, projected, packed;
    void visit(AttrVisitor& v) const {
        v("kind", kind);
        v("reverse", reverse);
        v("cell", cell);
    }
};

inline bool is_plain(Recurrent kind) { return kind == Recurrent::Tanh || kind == Recurrent::Relu; }
inline bool own_cell(const RecurrentAttrs& a) { return a.cell && a.kind == Recurrent::Lstm; }

// Sizes: x (rows, in), weights (gates, in) and (gates, out), state (batch, out) and c (batch, size).
struct RecurrentSizes {
    int64_t rows, batch, in, size, out, gates;
    int64_t kept;  // columns of what is kept for the gradient
    RecurrentSizes(const RecurrentAttrs& a, const Dims& x, int64_t first, int64_t hidden_rows, int64_t hidden_cols) {
        in = x[x.n - 1];
        batch = a.packed ? first : x[x.n - 2];
        rows = x.n == 3 ? x[0] * x[1] : x[0];
        gates = hidden_rows;
        size = gates / gate_count(a.kind);
        out = hidden_cols;
        kept = is_plain(a.kind) ? 0 : a.kind == Recurrent::Lstm && !a.cell ? 5 * size : 4 * size;
    }
};

inline int64_t first_size(const RecurrentAttrs& a, const Tensor& sizes) {
    return a.packed ? sizes.data<int64_t>()[0] : 0;
}

// Rows [at, at + count) of one step, in the order of computing. The first `known` of them go on from the rows at `before`, the others
// from the initial state.
struct RecurrentStep {
    int64_t at, count, known, before;
};

std::vector<RecurrentStep> steps_of(const RecurrentAttrs& a, const RecurrentSizes& s, const Tensor& batch_sizes);

constexpr int64_t kStepWork = 1 << 14;  // units of a step for a thread

// c (m, n) = beta c + op(a) op(b)
inline void product(DType dtype, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const void* a,
                    int64_t lda, const void* b, int64_t ldb, void* c, int64_t ldc, double beta) {
    constexpr int64_t one = 1;  // BLAS refuses 0
    kernels::Gemm g{dtype, trans_a, trans_b, m, n, k, std::max(lda, one), std::max(ldb, one), std::max(ldc, one)};
    g.beta = beta;
    kernels::gemm(g, a, b, c);
}

// Calls f(first row of the step, rows, where their state lies) for those that go on and those that begin.
template <class F> void each_part(const RecurrentStep& t, const Part& states, const Part& initial, const F& f) {
    if (t.known > 0) f(int64_t{0}, t.known, Part{states.row(t.before), states.ld, states.item});
    if (t.known == t.count) return;
    if (!initial.data) f(t.known, t.count - t.known, Part{nullptr, 0, states.item});
    else f(t.known, t.count - t.known, Part{initial.row(t.known), initial.ld, states.item});
}

// The gradient rule.
void recurrent_vjp(VjpCtx& c);

}  // namespace chainrule
