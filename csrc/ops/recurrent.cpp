// Recurrent layers: RNN, LSTM, GRU over a whole sequence, in one direction, as one operation. The input is multiplied by its
// weights for all steps at once; what remains for a step is one product with the state and one pass over the gates. The gradient runs
// back through the steps and then makes each weight gradient in one product.
//
// Hochreiter and Schmidhuber, "Long short-term memory", 1997; Cho et al., "Learning phrase representations using RNN
// encoder-decoder", 2014; projected state: Sak et al., "Long short-term memory based recurrent neural network architectures", 2014.

#include "ops/recurrent.h"

#include <algorithm>
#include <cstring>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/blas.h"
#include "kernels/gemm.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/step_product.h"

namespace chainrule {

int64_t gate_count(Recurrent kind) { return kind == Recurrent::Lstm ? 4 : kind == Recurrent::Gru ? 3 : 1; }

namespace {

enum Input { kX, kWih, kWhh, kH0, kC0, kWhr, kSizes, kBih, kBhh, kInputs };
enum Output { kH, kGates, kCell };  // kCell: of a single step of the LSTM; a layer keeps c behind the gates

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

constexpr int64_t kStepWork = 1 << 14;

bool is_plain(Recurrent kind) { return kind == Recurrent::Tanh || kind == Recurrent::Relu; }
bool own_cell(const RecurrentAttrs& a) { return a.cell && a.kind == Recurrent::Lstm; }

// Sizes: x (rows, in), weights (gates, in) and (gates, out), state (batch, out) and c (batch, size).
struct Sizes {
    int64_t rows, batch, in, size, out, gates;
    int64_t kept;  // columns of what is kept for the gradient
    Sizes(const RecurrentAttrs& a, const Dims& x, int64_t first, int64_t hidden_rows, int64_t hidden_cols) {
        in = x[x.n - 1];
        batch = a.packed ? first : x[x.n - 2];
        rows = x.n == 3 ? x[0] * x[1] : x[0];
        gates = hidden_rows;
        size = gates / gate_count(a.kind);
        out = hidden_cols;
        kept = is_plain(a.kind) ? 0 : a.kind == Recurrent::Lstm && !a.cell ? 5 * size : 4 * size;
    }
};

int64_t first_size(const RecurrentAttrs& a, const Tensor& sizes) { return a.packed ? sizes.data<int64_t>()[0] : 0; }

// Rows [at, at + count) of one step, in the order of computing. The first `known` of them go on from the rows at `before`, the others
// from the initial state.
struct Step {
    int64_t at, count, known, before;
};

std::vector<Step> steps_of(const RecurrentAttrs& a, const Sizes& s, const Tensor& batch_sizes) {
    int64_t n = a.packed ? batch_sizes.numel() : s.batch ? s.rows / s.batch : 0, at = 0;
    const int64_t* counts = a.packed ? batch_sizes.data<int64_t>() : nullptr;
    std::vector<Step> steps(static_cast<size_t>(n));
    for (int64_t t = 0; t < n; ++t) {
        int64_t count = counts ? counts[t] : s.batch;
        steps[static_cast<size_t>(a.reverse ? n - 1 - t : t)] = {at, count, 0, 0};
        at += count;
    }
    for (size_t t = 1; t < steps.size(); ++t) {
        steps[t].known = std::min(steps[t].count, steps[t - 1].count);
        steps[t].before = steps[t - 1].at;
    }
    return steps;
}

// ---- checks ----

void check_weight(const char* op, const char* name, const Tensor& t, const Tensor& x, const Dims& shape) {
    check<ValueError>(t.shape() == shape, op, ": ", name, " must have shape ", shape, ", got ", t.shape(), ".");
    check<TypeError>(t.dtype() == x.dtype(), op, ": input and ", name, " must have one dtype, got ", x.dtype(), " and ",
                     t.dtype(), ". Convert the input, e.g. with .to(chainrule.", t.dtype(), ").");
}

void check_batch_sizes(const char* op, const Tensor& sizes, const Tensor& x) {
    check<TypeError>(sizes.dtype() == DType::Int64, op, ": batch_sizes must be int64, got ", sizes.dtype(), ".");
    check<ValueError>(sizes.ndim() == 1 && sizes.numel() > 0 && sizes.is_contiguous(), op,
                      ": batch_sizes must be a contiguous tensor of one axis, one number a step, got shape ",
                      sizes.shape(), ".");
    const int64_t* n = sizes.data<int64_t>();
    int64_t total = 0;
    for (int64_t t = 0; t < sizes.numel(); ++t) {
        check<ValueError>(n[t] > 0 && (t == 0 || n[t] <= n[t - 1]), op,
                          ": batch_sizes must be positive and must not rise, got ", n[t], " at step ", t, ".");
        total += n[t];
    }
    check<ValueError>(total == x.size(0), op, ": batch_sizes must add up to the input's rows, got ", total,
                      " for shape ", x.shape(), ".");
}

void infer(InferCtx& c) {
    const RecurrentAttrs& a = c.attr<RecurrentAttrs>();
    const Tensor &x = c.input(kX), &w_ih = c.input(kWih), &w_hh = c.input(kWhh);
    const char* op = c.op.name;
    check<TypeError>(is_floating(x.dtype()), op, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float().");
    check<ValueError>(x.ndim() == (a.packed || a.cell ? 2 : 3), op, ": the input must have shape ",
                      a.cell     ? "(batch, features)"
                      : a.packed ? "(sum of batch_sizes, features)"
                                 : "(steps, batch, features)",
                      ", got ", x.shape(), ".");
    check<ValueError>(a.packed || a.cell || x.size(0) > 0, op, ": at least one step is needed, got shape ", x.shape(),
                      ".");
    if (a.packed) check_batch_sizes(op, c.input(kSizes), x);
    int64_t times = gate_count(a.kind);
    check<ValueError>(w_hh.ndim() == 2 && w_hh.size(0) % times == 0, op, ": the hidden weight must have shape (", times,
                      " * hidden_size, hidden_size), got ", w_hh.shape(), ".");
    Sizes s(a, x.shape(), first_size(a, c.input(kSizes)), w_hh.size(0), w_hh.size(1));
    check<ValueError>(kernels::blas_fits(s.rows) && kernels::blas_fits(s.in) && kernels::blas_fits(s.gates), op,
                      ": sizes must be below 2^31, got input ", x.shape(), " and hidden weight ", w_hh.shape(), ".");
    check_weight(op, "the input weight", w_ih, x, {s.gates, s.in});
    check_weight(op, "the hidden weight", w_hh, x, {s.gates, a.projected ? s.out : s.size});
    if (a.projected) check_weight(op, "the projection weight", c.input(kWhr), x, {s.out, s.size});
    if (c.input(kBih)) check_weight(op, "the input bias", c.input(kBih), x, {s.gates});
    if (c.input(kBhh)) check_weight(op, "the hidden bias", c.input(kBhh), x, {s.gates});
    if (a.has_h0) check_weight(op, "the initial h of a layer", c.input(kH0), x, {s.batch, s.out});
    if (a.has_c0) check_weight(op, "the initial c of a layer", c.input(kC0), x, {s.batch, s.size});
    Dims shape = x.shape();
    shape[shape.n - 1] = s.out;
    c.set(kH, shape, x.dtype());
    if (!is_plain(a.kind)) c.set(kGates, {s.rows, s.kept}, x.dtype());
    if (own_cell(a)) c.set(kCell, {s.batch, s.size}, x.dtype());
}

// ---- values ----

// c (m, n) = beta c + op(a) op(b)
void product(DType dtype, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const void* a, int64_t lda,
             const void* b, int64_t ldb, void* c, int64_t ldc, double beta) {
    constexpr int64_t one = 1;  // BLAS refuses 0
    kernels::Gemm g{dtype, trans_a, trans_b, m, n, k, std::max(lda, one), std::max(ldb, one), std::max(ldc, one)};
    g.beta = beta;
    kernels::gemm(g, a, b, c);
}

// The sum of both biases, or zeros; for the GRU of r, z, and n's two halves.
Tensor joined_bias(const RecurrentAttrs& a, const Sizes& s, const Tensor& b_ih, const Tensor& b_hh, DType dtype) {
    int64_t width = a.kind == Recurrent::Gru ? 4 * s.size : s.gates;
    Tensor out = zeros({width}, dtype);
    if (a.kind != Recurrent::Gru) {
        if (b_ih) add_data(out, b_ih);
        if (b_hh) add_data(out, b_hh);
        return out;
    }
    auto piece = [](const Tensor& t, int64_t from, int64_t n) { return alias(contiguous_data(t), {n}, {1}, from); };
    if (b_ih) add_data(piece(out, 0, 3 * s.size), b_ih);
    if (b_hh) add_data(piece(out, 0, 2 * s.size), piece(b_hh, 0, 2 * s.size));
    if (b_hh) add_data(piece(out, 3 * s.size, s.size), piece(b_hh, 2 * s.size, s.size));
    return out;
}

// Calls f(first row of the step, rows, where their state lies) for those that go on and those that begin.
template <class F> void each_part(const Step& t, const Part& states, const Part& initial, const F& f) {
    if (t.known > 0) f(int64_t{0}, t.known, Part{states.row(t.before), states.ld, states.item});
    if (t.known == t.count) return;
    if (!initial.data) f(t.known, t.count - t.known, Part{nullptr, 0, states.item});
    else f(t.known, t.count - t.known, Part{initial.row(t.known), initial.ld, states.item});
}

void eval(EvalCtx& c) {
    const RecurrentAttrs& a = c.attr<RecurrentAttrs>();
    Tensor x = contiguous_data(c.input(kX)), w_ih = contiguous_data(c.input(kWih)),
           w_hh = contiguous_data(c.input(kWhh));
    Sizes s(a, x.shape(), first_size(a, c.input(kSizes)), w_hh.size(0), w_hh.size(1));
    DType dtype = x.dtype();
    bool gru = a.kind == Recurrent::Gru, lstm = a.kind == Recurrent::Lstm;
    int64_t item = static_cast<int64_t>(x.item_size());
    Tensor h0 = a.has_h0 ? contiguous_data(c.input(kH0)) : Tensor(),
           c0 = a.has_c0 ? contiguous_data(c.input(kC0)) : Tensor();
    Tensor w_hr = a.projected ? contiguous_data(c.input(kWhr)) : Tensor();
    Tensor bias = joined_bias(a, s, c.input(kBih), c.input(kBhh), dtype), nothing = zeros({s.size}, dtype);
    Tensor hidden = empty({gru ? s.batch : 0, 3 * s.size}, dtype),
           wide = empty({a.projected ? s.batch : 0, s.size}, dtype);
    std::vector<Step> steps = steps_of(a, s, c.input(kSizes));

    Part h = part(c.out(kH), s.out), first_h = a.has_h0 ? part(h0, s.out) : Part();
    Part gates = is_plain(a.kind) ? h : part(c.out(kGates), s.kept);
    Part cell = !lstm ? Part() : a.cell ? part(c.out(kCell), s.size) : part(c.out(kGates), s.kept, 4 * s.size);
    Part first_c = a.has_c0 ? part(c0, s.size) : Part();
    char *to_hidden = gru ? hidden.data() : nullptr, *to_wide = a.projected ? wide.data() : nullptr;
    kernels::RecurrentCell step = kernels::kernels().recurrent[static_cast<int>(a.kind)][static_cast<int>(dtype)];

    // By tiles, W x of a step comes with its W h; the GRU needs them apart.
    bool tiled = steps.size() >= 4 && StepProduct::suits(dtype, s.batch, 4, s.gates);
    int64_t in = gru ? 0 : s.in;  // columns of x in the product of a step
    StepProduct by_tiles;
    if (tiled) {
        by_tiles = StepProduct(dtype, s.batch, in + s.out, s.gates);
        if (in) by_tiles.take(w_ih, true, 0);
        by_tiles.take(w_hh, true, in);
    }
    Part inputs = part(x, s.in);

    Unlock unlock(s.rows * s.gates);
    if (!tiled || gru)
        product(dtype, false, true, s.rows, s.gates, s.in, x.data(), s.in, w_ih.data(), s.in, gates.data, gates.ld, 0);
    for (const Step& t : steps) {
        each_part(t, h, first_h, [&](int64_t from, int64_t n, const Part& before) {
            char* to = gru ? to_hidden + from * s.gates * item : gates.row(t.at + from);
            if (tiled && (before.data || !gru))
                by_tiles.run(n, {inputs.row(t.at + from), s.in, item}, in, before, before.data ? s.out : 0, to,
                             gru ? s.gates : gates.ld);
            else if (before.data)
                product(dtype, false, true, n, s.gates, s.out, before.data, before.ld, w_hh.data(), s.out, to,
                        gru ? s.gates : gates.ld, gru ? 0 : 1);
            else if (gru) std::memset(to, 0, static_cast<size_t>(n * s.gates * item));
        });
        each_part(t, gru ? h : cell, gru ? first_h : first_c, [&](int64_t from, int64_t n, const Part& before) {
            parallel_for(n, kStepWork / (s.size + 1) + 1, [&](int64_t begin, int64_t end) {
                int64_t r = from + begin;
                char* out = to_wide ? to_wide + r * s.size * item : h.row(t.at + r);
                step({gru ? to_hidden + r * s.gates * item : nullptr, bias.data(),
                      before.data ? before.row(begin) : nothing.data(), gates.row(t.at + r),
                      lstm ? cell.row(t.at + r) : nullptr, out, end - begin, s.size, gates.ld, before.ld, cell.ld,
                      s.size});
            });
        });
        if (a.projected)
            product(dtype, false, true, t.count, s.out, s.size, to_wide, s.size, w_hr.data(), s.size, h.row(t.at),
                    s.out, 0);
    }
}

// ---- gradient, values only ----

// The state before each row, gathered: [rows, out]. Only for packed sequences, whose states don't lie one behind the other.
Tensor states_before(const Sizes& s, const std::vector<Step>& steps, const Tensor& h, const Tensor& h0) {
    Tensor out = zeros({s.rows, s.out}, h.dtype());
    int64_t bytes = s.out * static_cast<int64_t>(h.item_size());
    for (const Step& t : steps)
        each_part(t, part(h, s.out), h0 ? part(h0, s.out) : Part(), [&](int64_t from, int64_t n, const Part& before) {
            if (before.data)
                std::memcpy(out.data() + (t.at + from) * bytes, before.data, static_cast<size_t>(n * bytes));
        });
    return out;
}

// The gradient of weight i is a^T b over k rows (from row a_at and b_at), in one or two pieces: added to a gradient that is there already
// where it may be.
class WeightGradient {
  public:
    WeightGradient(VjpCtx& c, int i, int64_t rows, int64_t cols, DType dtype) : c_(c), i_(i), rows_(rows), cols_(cols) {
        held_ = c.owned_buffer(i);
        started_ = in_place_ = static_cast<bool>(held_);
        if (!in_place_) held_ = empty({rows, cols}, dtype);
    }
    void add(const Tensor& a, int64_t a_at, const Tensor& b, int64_t b_at, int64_t k) {
        if (k == 0) return;
        int64_t item = static_cast<int64_t>(held_.item_size());
        Unlock unlock(rows_ * cols_ / 8 * k);
        product(held_.dtype(), true, false, rows_, cols_, k, a.data() + a_at * rows_ * item, rows_,
                b.data() + b_at * cols_ * item, cols_, held_.data(), cols_, started_ ? 1 : 0);
        started_ = true;
    }
    void done() {
        if (!started_) zero_data(held_);
        if (!in_place_) c_.set(i_, std::move(held_));
    }

  private:
    VjpCtx& c_;
    int i_;
    int64_t rows_, cols_;
    Tensor held_;
    bool started_, in_place_;
};

struct Gradients {
    Tensor hidden, input;    // of W h + b and of W x + b, [rows, gates]; one tensor but for the GRU
    Tensor h0, c0;           // [batch, out], [batch, size]
    Tensor projected, wide;  // gradient of the projected h, [rows, out], and o tanh(c), [rows, size]
};

// Runs back through the steps.
Gradients run_back(VjpCtx& c, const RecurrentAttrs& a, const Sizes& s, const std::vector<Step>& steps, const Tensor& h,
                   const Tensor& gates_kept, const Tensor& h0, const Tensor& c0) {
    bool gru = a.kind == Recurrent::Gru, lstm = a.kind == Recurrent::Lstm, plain = is_plain(a.kind);
    Tensor w_hh = contiguous_data(c.input(kWhh)), w_hr = a.projected ? contiguous_data(c.input(kWhr)) : Tensor();
    DType dtype = w_hh.dtype();
    int64_t item = static_cast<int64_t>(w_hh.item_size());
    Tensor up = c.has_grad(kH) ? contiguous_data(c.grad(kH)) : Tensor();
    Tensor extra = !plain && c.has_grad(kGates) ? contiguous_data(c.grad(kGates)) : Tensor();
    Gradients g;
    g.hidden = empty({s.rows, s.gates}, dtype);
    g.input = gru ? empty({s.rows, s.gates}, dtype) : g.hidden;
    g.h0 = zeros({s.batch, s.out}, dtype);
    if (lstm) g.c0 = zeros({s.batch, s.size}, dtype);
    if (own_cell(a) && c.has_grad(kCell)) copy_data(g.c0, c.grad(kCell));
    if (a.projected) g.projected = empty({s.rows, s.out}, dtype);
    Tensor wide = empty({a.projected ? s.batch : 0, s.size}, dtype), nothing = zeros({std::max(s.size, s.out)}, dtype);
    if (extra && own_cell(a)) {  // the kernel wants the gradient of c behind those of the gates
        Tensor padded = zeros({s.rows, 5 * s.size}, dtype);
        add_data(alias(padded, {s.rows, 4 * s.size}, {5 * s.size, 1}, 0), extra);
        extra = padded;
    }

    Part states = gru               ? part(h, s.out)
                  : lstm && !a.cell ? part(gates_kept, s.kept, 4 * s.size)
                                    : Part{nullptr, 0, item};
    Part initial = gru && h0 ? part(h0, s.out) : lstm && c0 ? part(c0, s.size) : Part();
    Part kept = plain ? part(h, s.out) : part(gates_kept, s.kept);
    Part ups = up ? part(up, s.out) : Part{nothing.data(), 0, item},
         extras = extra ? part(extra, extra.size(1)) : Part();
    Part to_hidden = part(g.hidden, s.gates), to_input = part(g.input, s.gates), carry_h = part(g.h0, s.out);
    Part carry_c = lstm ? part(g.c0, s.size) : Part(), to_projected = a.projected ? part(g.projected, s.out) : Part();
    kernels::RecurrentGrad step = kernels::kernels().recurrent_grad[static_cast<int>(a.kind)][static_cast<int>(dtype)];
    kernels::Loop add = kernels::kernels().binary[static_cast<int>(kernels::Binary::Add)][static_cast<int>(dtype)];
    bool wants_start = a.has_h0 && c.wants(kH0);
    bool tiled = lstm && steps.size() >= 4 && StepProduct::suits(dtype, s.batch, 16, s.out) && s.gates >= 256;
    StepProduct by_tiles;
    if (tiled) by_tiles = StepProduct(dtype, s.batch, s.gates, s.out);
    if (tiled) by_tiles.take(w_hh, false, 0);

    Unlock unlock(s.rows * s.gates);
    for (size_t k = steps.size(); k-- > 0;) {
        const Step& t = steps[k];
        Part from_above = ups.ld ? Part{ups.row(t.at), ups.ld, item} : ups, from_later = carry_h;
        if (a.projected) {  // h = W_hr (o tanh(c)): the gradient of h, then of what is in brackets
            char* sum = to_projected.row(t.at);
            for (int64_t r = 0; r < t.count; ++r) {
                char* const at[3] = {to_projected.row(t.at + r), carry_h.row(r), from_above.row(r)};
                const int64_t stride[3] = {item, item, item};
                add(at, stride, s.out, nullptr);
            }
            product(dtype, false, false, t.count, s.size, s.out, sum, s.out, w_hr.data(), s.size, wide.data(), s.size,
                    0);
            from_above = {nothing.data(), 0, item};
            from_later = part(wide, s.size);
        }
        each_part(t, states, initial, [&](int64_t from, int64_t n, const Part& before) {
            parallel_for(n, kStepWork / (s.size + 1) + 1, [&](int64_t begin, int64_t end) {
                int64_t r = from + begin, row = t.at + r;
                step({kept.row(row), before.data ? before.row(begin) : nothing.data(), from_above.row(r),
                      extras.data ? extras.row(row) : nullptr, from_later.row(r), lstm ? carry_c.row(r) : nullptr,
                      to_hidden.row(row), to_input.row(row), end - begin, s.size, kept.ld, before.ld, from_above.ld,
                      extras.ld});
            });
        });
        int64_t n = wants_start ? t.count : t.known;
        if (n > 0 && tiled)
            by_tiles.run(n, {to_hidden.row(t.at), s.gates, item}, s.gates, Part(), 0, carry_h.data, s.out);
        else if (n > 0)
            product(dtype, false, false, n, s.out, s.gates, to_hidden.row(t.at), s.gates, w_hh.data(), s.out,
                    carry_h.data, s.out, gru ? 1 : 0);
    }
    return g;
}

void set_biases(VjpCtx& c, const Gradients& g) {
    auto sum_rows = [](const Tensor& grads) {
        Tensor db = empty({grads.size(1)}, grads.dtype());
        reduce_into(kernels::Reduce::Sum, grads, 1, db);
        return db;
    };
    if (!c.wants(kBih) && !c.wants(kBhh)) return;
    Tensor db_ih = sum_rows(g.input), db_hh;
    if (c.wants(kBhh) && !g.hidden.is_same(g.input)) {
        db_hh = sum_rows(g.hidden);
    } else if (c.wants(kBhh)) {  // the same numbers, but each leaf may keep its own
        db_hh = empty(db_ih.shape(), db_ih.dtype());
        copy_data(db_hh, db_ih);
    }
    c.set(kBih, std::move(db_ih));
    if (db_hh) c.set(kBhh, std::move(db_hh));
}

void fused_gradient(VjpCtx& c) {
    const RecurrentAttrs& a = c.attr<RecurrentAttrs>();
    Tensor w_hh = c.input(kWhh);
    DType dtype = w_hh.dtype();
    Tensor sizes = a.packed ? c.input(kSizes) : Tensor();
    Sizes s(a, c.input_shape(kX), first_size(a, sizes), w_hh.size(0), w_hh.size(1));
    std::vector<Step> steps = steps_of(a, s, sizes);
    Tensor h = own_cell(a) ? Tensor() : c.output(kH), kept = is_plain(a.kind) ? Tensor() : c.output(kGates);
    Tensor h0 = a.has_h0 ? contiguous_data(c.input(kH0)) : Tensor(),
           c0 = a.has_c0 ? contiguous_data(c.input(kC0)) : Tensor();
    Gradients g = run_back(c, a, s, steps, h, kept, h0, c0);

    if (c.wants(kX)) {
        Tensor w_ih = contiguous_data(c.input(kWih)), dx = empty(c.input_shape(kX), dtype);
        {
            Unlock unlock(s.rows * s.gates);
            product(dtype, false, false, s.rows, s.in, s.gates, g.input.data(), s.gates, w_ih.data(), s.in, dx.data(),
                    s.in, 0);
        }
        c.set(kX, std::move(dx));
    }
    if (c.wants(kWih)) {
        WeightGradient dw(c, kWih, s.gates, s.in, dtype);
        dw.add(g.input, 0, contiguous_data(c.input(kX)), 0, s.rows);
        dw.done();
    }
    if (c.wants(kWhh)) {
        WeightGradient dw(c, kWhh, s.gates, s.out, dtype);
        if (a.packed) {
            dw.add(g.hidden, 0, states_before(s, steps, h, h0), 0, s.rows);
        } else {
            int64_t later = s.rows - s.batch;  // rows with a step before them
            if (h0) dw.add(g.hidden, a.reverse ? later : 0, h0, 0, s.batch);
            if (later > 0) dw.add(g.hidden, a.reverse ? 0 : s.batch, h, a.reverse ? s.batch : 0, later);
        }
        dw.done();
    }
    if (a.projected && c.wants(kWhr)) {
        auto column = [&](int64_t k) { return alias(kept, {s.rows, s.size}, {s.kept, 1}, k * s.size); };
        WeightGradient dw(c, kWhr, s.out, s.size, dtype);
        dw.add(g.projected, 0, tanh(column(4)) * column(3), 0, s.rows);
        dw.done();
    }
    set_biases(c, g);
    if (c.wants(kH0)) c.set(kH0, std::move(g.h0));
    if (c.wants(kC0)) c.set(kC0, std::move(g.c0));
}

// ---- gradient in operations, so that it can be differentiated again ----

Tensor rows_of(const Tensor& t, int64_t from, int64_t count) {
    return from == 0 && t.size(0) == count ? t : narrow(t, 0, from, count);
}
Tensor columns_of(const Tensor& t, int64_t k, int64_t size) { return narrow(t, 1, k * size, size); }
Tensor plus(const Tensor& a, const Tensor& b) { return !a ? b : !b ? a : a + b; }
Tensor times_slope(const Tensor& grad, const Tensor& y, bool is_tanh) {  // of tanh or sigmoid, from its value
    return is_tanh ? grad * (1.0 - y * y) : grad * (y * (1.0 - y));
}

// The gradient carried from later steps: rows of sequences that ended with this step get zeros.
Tensor with_rows(const Tensor& t, int64_t count) {
    if (!t || t.size(0) == count) return t;
    return cat({t, zeros({count - t.size(0), t.size(1)}, t.dtype())});
}

struct RecordedGradient {
    RecordedGradient(const RecurrentAttrs& attrs, const Sizes& sizes) : a(attrs), s(sizes) {}

    const RecurrentAttrs& a;
    Sizes s;
    Tensor h, kept, w_hh, w_hr, h0, c0;
    Tensor up, extra;
    Tensor carry_h, carry_c;
    // By step, from the last to the first.
    std::vector<Tensor> hidden, input, before, projected, wide, start_h, start_c;

    Tensor state_before(const Tensor& states, const Tensor& initial, const Step& t, int64_t width) const {
        std::vector<Tensor> parts;
        if (t.known > 0) parts.push_back(rows_of(states, t.before, t.known));
        if (t.known < t.count)
            parts.push_back(initial ? rows_of(initial, t.known, t.count - t.known)
                                    : zeros({t.count - t.known, width}, w_hh.dtype()));
        return parts.size() == 1 ? parts[0] : cat(parts);
    }

    void step(const Step& t) {
        Tensor dh = plus(up ? rows_of(up, t.at, t.count) : Tensor(), with_rows(carry_h, t.count));
        if (!dh) dh = zeros({t.count, s.out}, w_hh.dtype());
        before.push_back(state_before(h, h0, t, s.out));
        if (a.projected) {
            projected.push_back(dh);
            dh = mm(dh, w_hr);
        }
        if (a.kind == Recurrent::Lstm) lstm(t, dh);
        else if (a.kind == Recurrent::Gru) gru(t, dh);
        else plain(t, dh);
    }

    Tensor gate(const Step& t, int64_t k) const { return columns_of(rows_of(kept, t.at, t.count), k, s.size); }
    Tensor with_extra(const Step& t, int64_t k, const Tensor& grad) const {
        return extra && extra.size(1) > k * s.size ? grad + columns_of(rows_of(extra, t.at, t.count), k, s.size) : grad;
    }

    void pass_back(const Step& t, const Tensor& dh, const Tensor& dc) {
        auto split = [&](const Tensor& grad, Tensor& carry, std::vector<Tensor>& start) {
            if (!grad) return;
            if (t.known < t.count) start.push_back(narrow(grad, 0, t.known, t.count - t.known));
            carry = t.known > 0 ? rows_of(grad, 0, t.known) : Tensor();
        };
        split(dh, carry_h, start_h);
        split(dc, carry_c, start_c);
    }

    void plain(const Step& t, const Tensor& dh) {
        Tensor y = rows_of(h, t.at, t.count);
        Tensor grad = a.kind == Recurrent::Tanh ? times_slope(dh, y, true) : masked_out(le(y, number(0, y)), dh);
        hidden.push_back(grad);
        input.push_back(grad);
        pass_back(t, mm(grad, w_hh), Tensor());
    }

    void lstm(const Step& t, const Tensor& dh) {
        Tensor i = gate(t, 0), f = gate(t, 1), g = gate(t, 2), o = gate(t, 3);
        Tensor past = state_before(a.cell ? Tensor() : columns_of(kept, 4, s.size), c0, t, s.size);
        Tensor y = tanh(f * past + i * g);
        if (a.projected) wide.push_back(o * y);
        Tensor dc = plus(with_extra(t, 4, dh * o * (1.0 - y * y)), with_rows(carry_c, t.count));
        Tensor grad =
            cat({times_slope(with_extra(t, 0, dc * g), i, false), times_slope(with_extra(t, 1, dc * past), f, false),
                 times_slope(with_extra(t, 2, dc * i), g, true), times_slope(with_extra(t, 3, dh * y), o, false)},
                1);
        hidden.push_back(grad);
        input.push_back(grad);
        pass_back(t, mm(grad, w_hh), dc * f);
    }

    void gru(const Step& t, const Tensor& dh) {
        Tensor r = gate(t, 0), z = gate(t, 1), n = gate(t, 2), inner = gate(t, 3), past = before.back();
        Tensor dn = times_slope(with_extra(t, 2, dh * (1.0 - z)), n, true);
        Tensor dz = times_slope(with_extra(t, 1, dh * (past - n)), z, false);
        Tensor dr = times_slope(with_extra(t, 0, dn * inner), r, false);
        hidden.push_back(cat({dr, dz, with_extra(t, 3, dn * r)}, 1));
        input.push_back(cat({dr, dz, dn}, 1));
        pass_back(t, mm(hidden.back(), w_hh) + dh * z, Tensor());
    }

    // Pieces by step, put in the order of their rows.
    Tensor in_order(std::vector<Tensor>& parts) const {
        if (!a.reverse) std::reverse(parts.begin(), parts.end());
        return parts.size() == 1 ? parts[0] : cat(parts);
    }
    static Tensor start(std::vector<Tensor>& parts) {  // sequences that begin last were met first
        std::reverse(parts.begin(), parts.end());
        return parts.size() == 1 ? parts[0] : cat(parts);
    }
};

void recorded_gradient(VjpCtx& c) {
    const RecurrentAttrs& a = c.attr<RecurrentAttrs>();
    Tensor w_hh = c.input(kWhh), sizes = a.packed ? c.input(kSizes) : Tensor();
    Sizes s(a, c.input_shape(kX), first_size(a, sizes), w_hh.size(0), w_hh.size(1));
    if (s.rows == 0) {
        fused_gradient(c);  // nothing to differentiate
        return;
    }
    auto flat = [&](const Tensor& t, int64_t width) { return reshape(t, {s.rows, width}); };
    RecordedGradient g(a, s);
    g.w_hh = w_hh;
    if (!own_cell(a)) g.h = flat(c.output(kH), s.out);
    if (!is_plain(a.kind)) g.kept = c.output(kGates);
    if (a.projected) g.w_hr = c.input(kWhr);
    if (a.has_h0) g.h0 = c.input(kH0);
    if (a.has_c0) g.c0 = c.input(kC0);
    if (c.has_grad(kH)) g.up = flat(c.grad(kH), s.out);
    if (!is_plain(a.kind) && c.has_grad(kGates)) g.extra = c.grad(kGates);
    if (own_cell(a) && c.has_grad(kCell)) g.carry_c = c.grad(kCell);
    std::vector<Step> steps = steps_of(a, s, sizes);
    for (size_t k = steps.size(); k-- > 0;) g.step(steps[k]);

    Tensor input = g.in_order(g.input), hidden = g.in_order(g.hidden);
    if (c.wants(kX)) c.set(kX, reshape(mm(input, c.input(kWih)), c.input_shape(kX)));
    if (c.wants(kWih)) c.set(kWih, mm(input, flat(c.input(kX), s.in), true, false));
    if (c.wants(kWhh)) c.set(kWhh, mm(hidden, g.in_order(g.before), true, false));
    if (a.projected && c.wants(kWhr)) c.set(kWhr, mm(g.in_order(g.projected), g.in_order(g.wide), true, false));
    if (c.wants(kBih)) c.set(kBih, sum(input, {0}));
    if (c.wants(kBhh)) c.set(kBhh, sum(hidden, {0}));
    if (c.wants(kH0)) c.set(kH0, RecordedGradient::start(g.start_h));
    if (c.wants(kC0)) c.set(kC0, RecordedGradient::start(g.start_c));
}

void vjp(VjpCtx& c) {
    if (c.create_graph()) recorded_gradient(c);
    else fused_gradient(c);
}

// What is saved does not depend on the kind: an input that is not there costs nothing.
constexpr OpDef recurrent_op(const char* name, const char* grad_name, bool own_cell = false) {
    constexpr uint16_t all = (1 << kInputs) - 1;
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer, .eval = eval, .vjp = vjp};
    op.save_input[kX] = 1 << kWih;
    op.save_input[kWih] = 1 << kX;
    for (int i : {kWhh, kH0, kC0, kWhr, kSizes}) op.save_input[i] = all;
    op.save_output[kH] = own_cell ? 0 : all;
    op.save_output[kGates] = all;
    op.keep_shape = 1 << kX;
    op.attr_bytes = sizeof(RecurrentAttrs);
    op.describe = describe_attrs<RecurrentAttrs>;
    return op;
}

// ---- the operations ----
const OpDef rnn_tanh_op = recurrent_op("rnn_tanh", "RnnTanhBackward0");
const OpDef rnn_relu_op = recurrent_op("rnn_relu", "RnnReluBackward0");
const OpDef lstm_op = recurrent_op("lstm", "LstmBackward0");
const OpDef gru_op = recurrent_op("gru", "GruBackward0");
const OpDef rnn_tanh_cell_op = recurrent_op("rnn_tanh_cell", "RnnTanhCellBackward0");
const OpDef rnn_relu_cell_op = recurrent_op("rnn_relu_cell", "RnnReluCellBackward0");
const OpDef lstm_cell_op = recurrent_op("lstm_cell", "LstmCellBackward0", true);
const OpDef gru_cell_op = recurrent_op("gru_cell", "GruCellBackward0");

const OpDef& op_of(Recurrent kind, bool cell) {
    switch (kind) {
        case Recurrent::Tanh: return cell ? rnn_tanh_cell_op : rnn_tanh_op;
        case Recurrent::Relu: return cell ? rnn_relu_cell_op : rnn_relu_op;
        case Recurrent::Lstm: return cell ? lstm_cell_op : lstm_op;
        default: return cell ? gru_cell_op : gru_op;
    }
}

}  // namespace

RecurrentResult recurrent_layer(Recurrent kind, const Tensor& x, const Tensor& batch_sizes, const Tensor& h0,
                                const Tensor& c0, const RecurrentWeights& w, bool reverse) {
    RecurrentAttrs attrs{.kind = kind,
                         .reverse = reverse,
                         .cell = false,
                         .has_h0 = static_cast<bool>(h0),
                         .has_c0 = static_cast<bool>(c0),
                         .projected = static_cast<bool>(w.w_hr),
                         .packed = static_cast<bool>(batch_sizes)};
    const Tensor in[kInputs] = {x, w.w_ih, w.w_hh, h0, c0, w.w_hr, batch_sizes, w.b_ih, w.b_hh};
    Tensor out[2];
    dispatch(op_of(kind, false), in, kInputs, &attrs, out, is_plain(kind) ? 1 : 2);
    if (kind != Recurrent::Lstm) return {out[kH], Tensor()};
    int64_t size = w.w_hh.size(0) / 4;
    return {out[kH], narrow(out[kGates], 1, 4 * size, size)};
}

RecurrentResult recurrent_cell(Recurrent kind, const Tensor& x, const Tensor& h0, const Tensor& c0,
                               const RecurrentWeights& w) {
    RecurrentAttrs attrs{.kind = kind,
                         .reverse = false,
                         .cell = true,
                         .has_h0 = static_cast<bool>(h0),
                         .has_c0 = static_cast<bool>(c0),
                         .projected = false,
                         .packed = false};
    const Tensor in[kInputs] = {x, w.w_ih, w.w_hh, h0, c0, Tensor(), Tensor(), w.b_ih, w.b_hh};
    Tensor out[3];
    dispatch(op_of(kind, true), in, kInputs, &attrs, out, kind == Recurrent::Lstm ? 3 : is_plain(kind) ? 1 : 2);
    return {out[kH], out[kCell]};
}

}  // namespace chainrule
