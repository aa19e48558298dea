// The gradient of recurrent layers, twice: of values alone, back through the steps in place; and in operations, so that it can be
// differentiated again.

#include <cstring>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/ops.h"
#include "ops/recurrent_steps.h"
#include "ops/reduce_rules.h"

namespace chainrule {
namespace {

// ---- values only ----

// The state before each row, gathered: [rows, out]. Only for packed sequences, whose states don't lie one behind the other.
Tensor states_before(const RecurrentSizes& s, const std::vector<RecurrentStep>& steps, const Tensor& h,
                     const Tensor& h0) {
    Tensor out = zeros({s.rows, s.out}, h.dtype());
    int64_t bytes = s.out * static_cast<int64_t>(h.item_size());
    for (const RecurrentStep& t : steps)
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
class Backward {
  public:
    Backward(VjpCtx& c, const RecurrentAttrs& a, const RecurrentSizes& s, const Tensor& h, const Tensor& gates_kept,
             const Tensor& h0, const Tensor& c0);
    Gradients run(const std::vector<RecurrentStep>& steps, bool wants_start) {
        tiled_ = lstm_ && steps.size() >= 4 && StepProduct::suits(dtype_, s_.batch, 16, s_.out) && s_.gates >= 256;
        if (tiled_) {
            by_tiles_ = StepProduct(dtype_, s_.batch, s_.gates, s_.out);
            by_tiles_.take(w_hh_, false, 0);
        }
        Unlock unlock(s_.rows * s_.gates);
        for (size_t k = steps.size(); k-- > 0;) {
            const RecurrentStep& t = steps[k];
            Part above = ups_.ld ? Part{ups_.row(t.at), ups_.ld, ups_.item} : ups_, later = carry_h_;
            if (a_.projected) through_projection(t, &above, &later);
            through_gates(t, above, later);
            carry(wants_start ? t.count : t.known, t);
        }
        return std::move(g_);
    }

  private:
    // h = W_hr (o tanh(c)): the gradient of h, then of what is in brackets.
    void through_projection(const RecurrentStep& t, Part* above, Part* later) {
        for (int64_t r = 0; r < t.count; ++r) {
            char* const at[3] = {projected_.row(t.at + r), carry_h_.row(r), above->row(r)};
            const int64_t stride[3] = {ups_.item, ups_.item, ups_.item};
            add_(at, stride, s_.out, nullptr);
        }
        product(dtype_, false, false, t.count, s_.size, s_.out, projected_.row(t.at), s_.out, w_hr_.data(), s_.size,
                wide_.data(), s_.size, 0);
        *above = {nothing_.data(), 0, ups_.item};
        *later = part(wide_, s_.size);
    }

    void through_gates(const RecurrentStep& t, const Part& above, const Part& later) {
        each_part(t, states_, initial_, [&](int64_t from, int64_t n, const Part& before) {
            parallel_for(n, kStepWork / (s_.size + 1) + 1, [&](int64_t begin, int64_t end) {
                int64_t r = from + begin, row = t.at + r;
                step_({kept_.row(row), before.data ? before.row(begin) : nothing_.data(), above.row(r),
                       extras_.data ? extras_.row(row) : nullptr, later.row(r), lstm_ ? carry_c_.row(r) : nullptr,
                       hidden_.row(row), input_.row(row), end - begin, s_.size, kept_.ld, before.ld, above.ld,
                       extras_.ld});
            });
        });
    }

    // To the states before, of n rows.
    void carry(int64_t n, const RecurrentStep& t) {
        if (n == 0) return;
        if (tiled_)
            by_tiles_.run(n, {hidden_.row(t.at), s_.gates, ups_.item}, s_.gates, Part(), 0, carry_h_.data, s_.out);
        else
            product(dtype_, false, false, n, s_.out, s_.gates, hidden_.row(t.at), s_.gates, w_hh_.data(), s_.out,
                    carry_h_.data, s_.out, gru_ ? 1 : 0);
    }

    void allocate(VjpCtx& c);

    const RecurrentAttrs& a_;
    const RecurrentSizes& s_;
    bool gru_, lstm_, tiled_ = false;
    Tensor w_hh_, w_hr_, up_, extra_, wide_, nothing_;
    DType dtype_;
    Gradients g_;
    Part states_, initial_, kept_, ups_, extras_, hidden_, input_, carry_h_, carry_c_, projected_;
    kernels::RecurrentGrad step_;
    kernels::Loop add_;
    StepProduct by_tiles_;
};

Backward::Backward(VjpCtx& c, const RecurrentAttrs& a, const RecurrentSizes& s, const Tensor& h,
                   const Tensor& gates_kept, const Tensor& h0, const Tensor& c0)
    : a_(a),
      s_(s),
      gru_(a.kind == Recurrent::Gru),
      lstm_(a.kind == Recurrent::Lstm),
      w_hh_(contiguous_data(c.input(kWhh))),
      dtype_(w_hh_.dtype()),
      step_(kernels::kernels().recurrent_grad[static_cast<int>(a.kind)][static_cast<int>(dtype_)]),
      add_(kernels::kernels().binary[static_cast<int>(kernels::Binary::Add)][static_cast<int>(dtype_)]) {
    allocate(c);
    const int64_t item = static_cast<int64_t>(w_hh_.item_size());
    const bool plain = is_plain(a.kind);
    states_ = gru_ ? part(h, s.out) : lstm_ && !a.cell ? part(gates_kept, s.kept, 4 * s.size) : Part{nullptr, 0, item};
    initial_ = gru_ && h0 ? part(h0, s.out) : lstm_ && c0 ? part(c0, s.size) : Part();
    kept_ = plain ? part(h, s.out) : part(gates_kept, s.kept);
    ups_ = up_ ? part(up_, s.out) : Part{nothing_.data(), 0, item};
    extras_ = extra_ ? part(extra_, extra_.size(1)) : Part();
    hidden_ = part(g_.hidden, s.gates);
    input_ = part(g_.input, s.gates);
    carry_h_ = part(g_.h0, s.out);
    if (lstm_) carry_c_ = part(g_.c0, s.size);
    if (a.projected) projected_ = part(g_.projected, s.out);
}

// The gradients that come in, and room for those that go out.
void Backward::allocate(VjpCtx& c) {
    if (a_.projected) w_hr_ = contiguous_data(c.input(kWhr));
    if (c.has_grad(kH)) up_ = contiguous_data(c.grad(kH));
    if (!is_plain(a_.kind) && c.has_grad(kGates)) extra_ = contiguous_data(c.grad(kGates));
    if (extra_ && own_cell(a_)) {  // the kernel wants the gradient of c behind those of the gates
        Tensor padded = zeros({s_.rows, 5 * s_.size}, dtype_);
        add_data(alias(padded, {s_.rows, 4 * s_.size}, {5 * s_.size, 1}, 0), extra_);
        extra_ = padded;
    }
    g_.hidden = empty({s_.rows, s_.gates}, dtype_);
    g_.input = gru_ ? empty({s_.rows, s_.gates}, dtype_) : g_.hidden;
    g_.h0 = zeros({s_.batch, s_.out}, dtype_);
    if (lstm_) g_.c0 = zeros({s_.batch, s_.size}, dtype_);
    if (own_cell(a_) && c.has_grad(kCell)) copy_data(g_.c0, c.grad(kCell));
    if (a_.projected) g_.projected = empty({s_.rows, s_.out}, dtype_);
    wide_ = empty({a_.projected ? s_.batch : 0, s_.size}, dtype_);
    nothing_ = zeros({std::max(s_.size, s_.out)}, dtype_);
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

void set_input(VjpCtx& c, const RecurrentSizes& s, const Tensor& grad) {
    if (!c.wants(kX)) return;
    Tensor w_ih = contiguous_data(c.input(kWih)), dx = empty(c.input_shape(kX), grad.dtype());
    {
        Unlock unlock(s.rows * s.gates);
        product(grad.dtype(), false, false, s.rows, s.in, s.gates, grad.data(), s.gates, w_ih.data(), s.in, dx.data(),
                s.in, 0);
    }
    c.set(kX, std::move(dx));
}

// Of W_hh: the gates' gradients times the states before.
void set_hidden_weight(VjpCtx& c, const RecurrentAttrs& a, const RecurrentSizes& s,
                       const std::vector<RecurrentStep>& steps, const Tensor& grad, const Tensor& h, const Tensor& h0) {
    if (!c.wants(kWhh)) return;
    WeightGradient dw(c, kWhh, s.gates, s.out, grad.dtype());
    if (a.packed) {
        dw.add(grad, 0, states_before(s, steps, h, h0), 0, s.rows);
    } else {
        int64_t later = s.rows - s.batch;  // rows with a step before them
        if (h0) dw.add(grad, a.reverse ? later : 0, h0, 0, s.batch);
        if (later > 0) dw.add(grad, a.reverse ? 0 : s.batch, h, a.reverse ? s.batch : 0, later);
    }
    dw.done();
}

void fused_gradient(VjpCtx& c) {
    const RecurrentAttrs& a = c.attr<RecurrentAttrs>();
    Tensor w_hh = c.input(kWhh), sizes = a.packed ? c.input(kSizes) : Tensor();
    DType dtype = w_hh.dtype();
    RecurrentSizes s(a, c.input_shape(kX), first_size(a, sizes), w_hh.size(0), w_hh.size(1));
    std::vector<RecurrentStep> steps = steps_of(a, s, sizes);
    Tensor h = own_cell(a) ? Tensor() : c.output(kH), kept = is_plain(a.kind) ? Tensor() : c.output(kGates);
    Tensor h0 = a.has_h0 ? contiguous_data(c.input(kH0)) : Tensor(),
           c0 = a.has_c0 ? contiguous_data(c.input(kC0)) : Tensor();
    Gradients g = Backward(c, a, s, h, kept, h0, c0).run(steps, a.has_h0 && c.wants(kH0));

    set_input(c, s, g.input);
    if (c.wants(kWih)) {
        WeightGradient dw(c, kWih, s.gates, s.in, dtype);
        dw.add(g.input, 0, contiguous_data(c.input(kX)), 0, s.rows);
        dw.done();
    }
    set_hidden_weight(c, a, s, steps, g.hidden, h, h0);
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

// ---- in operations ----

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
    RecordedGradient(const RecurrentAttrs& attrs, const RecurrentSizes& sizes) : a(attrs), s(sizes) {}

    const RecurrentAttrs& a;
    RecurrentSizes s;
    Tensor h, kept, w_hh, w_hr, h0, c0;
    Tensor up, extra;
    Tensor carry_h, carry_c;
    // By step, from the last to the first.
    std::vector<Tensor> hidden, input, before, projected, wide, start_h, start_c;

    Tensor state_before(const Tensor& states, const Tensor& initial, const RecurrentStep& t, int64_t width) const {
        std::vector<Tensor> parts;
        if (t.known > 0) parts.push_back(rows_of(states, t.before, t.known));
        if (t.known < t.count)
            parts.push_back(initial ? rows_of(initial, t.known, t.count - t.known)
                                    : zeros({t.count - t.known, width}, w_hh.dtype()));
        return parts.size() == 1 ? parts[0] : cat(parts);
    }

    void step(const RecurrentStep& t) {
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

    Tensor gate(const RecurrentStep& t, int64_t k) const { return columns_of(rows_of(kept, t.at, t.count), k, s.size); }
    Tensor with_extra(const RecurrentStep& t, int64_t k, const Tensor& grad) const {
        return extra && extra.size(1) > k * s.size ? grad + columns_of(rows_of(extra, t.at, t.count), k, s.size) : grad;
    }

    void pass_back(const RecurrentStep& t, const Tensor& dh, const Tensor& dc) {
        auto split = [&](const Tensor& grad, Tensor& carry, std::vector<Tensor>& start) {
            if (!grad) return;
            if (t.known < t.count) start.push_back(narrow(grad, 0, t.known, t.count - t.known));
            carry = t.known > 0 ? rows_of(grad, 0, t.known) : Tensor();
        };
        split(dh, carry_h, start_h);
        split(dc, carry_c, start_c);
    }

    void plain(const RecurrentStep& t, const Tensor& dh) {
        Tensor y = rows_of(h, t.at, t.count);
        Tensor grad = a.kind == Recurrent::Tanh ? times_slope(dh, y, true) : masked_out(le(y, number(0, y)), dh);
        hidden.push_back(grad);
        input.push_back(grad);
        pass_back(t, mm(grad, w_hh), Tensor());
    }

    void lstm(const RecurrentStep& t, const Tensor& dh) {
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

    void gru(const RecurrentStep& t, const Tensor& dh) {
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
    RecurrentSizes s(a, c.input_shape(kX), first_size(a, sizes), w_hh.size(0), w_hh.size(1));
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
    std::vector<RecurrentStep> steps = steps_of(a, s, sizes);
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

}  // namespace

void recurrent_vjp(VjpCtx& c) {
    if (c.create_graph()) recorded_gradient(c);
    else fused_gradient(c);
}

}  // namespace chainrule
