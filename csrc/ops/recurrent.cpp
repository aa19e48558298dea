// Recurrent layers: RNN, LSTM, GRU over a whole sequence, in one direction, as one operation. The input is multiplied by its
// weights for all steps at once; what remains for a step is one product with the state and one pass over the gates. The gradient runs
// back through the steps and then makes each weight gradient in one product.
//
// Hochreiter and Schmidhuber, "Long short-term memory", 1997; Cho et al., "Learning phrase representations using RNN
// encoder-decoder", 2014; projected state: Sak et al., "Long short-term memory based recurrent neural network architectures", 2014.

#include "ops/recurrent.h"

#include <cstring>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/blas.h"
#include "ops/ops.h"
#include "ops/recurrent_steps.h"
#include "ops/reduce_rules.h"

namespace chainrule {

int64_t gate_count(Recurrent kind) { return kind == Recurrent::Lstm ? 4 : kind == Recurrent::Gru ? 3 : 1; }

std::vector<RecurrentStep> steps_of(const RecurrentAttrs& a, const RecurrentSizes& s, const Tensor& batch_sizes) {
    int64_t n = a.packed ? batch_sizes.numel() : s.batch ? s.rows / s.batch : 0, at = 0;
    const int64_t* counts = a.packed ? batch_sizes.data<int64_t>() : nullptr;
    std::vector<RecurrentStep> steps(static_cast<size_t>(n));
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

namespace {

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
    RecurrentSizes s(a, x.shape(), first_size(a, c.input(kSizes)), w_hh.size(0), w_hh.size(1));
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

// The sum of both biases, or zeros; for the GRU of r, z, and n's two halves.
Tensor joined_bias(const RecurrentAttrs& a, const RecurrentSizes& s, const Tensor& b_ih, const Tensor& b_hh,
                   DType dtype) {
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

// The values, step by step.
class Forward {
  public:
    explicit Forward(EvalCtx& c);
    void run() {
        Unlock unlock(s_.rows * s_.gates);
        if (!tiled_ || gru_)  // W x of all steps
            product(dtype_, false, true, s_.rows, s_.gates, s_.in, inputs_.data, s_.in, w_ih_.data(), s_.in,
                    gates_.data, gates_.ld, 0);
        for (const RecurrentStep& t : steps_) {
            add_state_product(t);
            advance(t);
            if (a_.projected) project(t);
        }
    }

  private:
    // W h, added to W x, or beside it for the GRU; by tiles both at once.
    void add_state_product(const RecurrentStep& t) {
        each_part(t, h_, first_h_, [&](int64_t from, int64_t n, const Part& before) {
            char* to = gru_ ? hidden_.row(from) : gates_.row(t.at + from);
            int64_t ld = gru_ ? s_.gates : gates_.ld;
            if (tiled_ && (before.data || !gru_))
                by_tiles_.run(n, {inputs_.row(t.at + from), s_.in, inputs_.item}, tiled_in_, before,
                              before.data ? s_.out : 0, to, ld);
            else if (before.data)
                product(dtype_, false, true, n, s_.gates, s_.out, before.data, before.ld, w_hh_.data(), s_.out, to, ld,
                        gru_ ? 0 : 1);
            else if (gru_) std::memset(to, 0, static_cast<size_t>(n * s_.gates * inputs_.item));
        });
    }

    // Gates, c and h of the step.
    void advance(const RecurrentStep& t) {
        each_part(t, gru_ ? h_ : cell_, gru_ ? first_h_ : first_c_, [&](int64_t from, int64_t n, const Part& before) {
            parallel_for(n, kStepWork / (s_.size + 1) + 1, [&](int64_t begin, int64_t end) {
                int64_t r = from + begin;
                char* out = a_.projected ? wide_.row(r) : h_.row(t.at + r);
                step_({gru_ ? hidden_.row(r) : nullptr, bias_.data(), before.data ? before.row(begin) : nothing_.data(),
                       gates_.row(t.at + r), lstm_ ? cell_.row(t.at + r) : nullptr, out, end - begin, s_.size,
                       gates_.ld, before.ld, cell_.ld, s_.size});
            });
        });
    }

    void project(const RecurrentStep& t) {
        product(dtype_, false, true, t.count, s_.out, s_.size, wide_.data, s_.size, w_hr_.data(), s_.size, h_.row(t.at),
                s_.out, 0);
    }

    const RecurrentAttrs& a_;
    Tensor x_, w_ih_, w_hh_, h0_, c0_, w_hr_;
    RecurrentSizes s_;
    DType dtype_;
    bool gru_, lstm_;
    Tensor bias_, nothing_, hidden_rows_, wide_rows_;
    std::vector<RecurrentStep> steps_;
    Part inputs_, h_, first_h_, gates_, cell_, first_c_, hidden_, wide_;
    kernels::RecurrentCell step_;
    bool tiled_;
    int64_t tiled_in_ = 0;  // columns of x in the product of a step
    StepProduct by_tiles_;
};

Tensor dense(const Tensor& t) { return t ? contiguous_data(t) : Tensor(); }

Forward::Forward(EvalCtx& c)
    : a_(c.attr<RecurrentAttrs>()),
      x_(dense(c.input(kX))),
      w_ih_(dense(c.input(kWih))),
      w_hh_(dense(c.input(kWhh))),
      h0_(dense(c.input(kH0))),
      c0_(dense(c.input(kC0))),
      w_hr_(dense(c.input(kWhr))),
      s_(a_, x_.shape(), first_size(a_, c.input(kSizes)), w_hh_.size(0), w_hh_.size(1)),
      dtype_(x_.dtype()),
      gru_(a_.kind == Recurrent::Gru),
      lstm_(a_.kind == Recurrent::Lstm),
      bias_(joined_bias(a_, s_, c.input(kBih), c.input(kBhh), dtype_)),
      nothing_(zeros({s_.size}, dtype_)),
      hidden_rows_(empty({gru_ ? s_.batch : 0, 3 * s_.size}, dtype_)),
      wide_rows_(empty({a_.projected ? s_.batch : 0, s_.size}, dtype_)),
      steps_(steps_of(a_, s_, c.input(kSizes))),
      inputs_(part(x_, s_.in)),
      h_(part(c.out(kH), s_.out)),
      gates_(is_plain(a_.kind) ? h_ : part(c.out(kGates), s_.kept)),
      hidden_(part(hidden_rows_, s_.gates)),
      wide_(part(wide_rows_, s_.size)),
      step_(kernels::kernels().recurrent[static_cast<int>(a_.kind)][static_cast<int>(dtype_)]),
      tiled_(steps_.size() >= 4 && StepProduct::suits(dtype_, s_.batch, 4, s_.gates)) {
    if (h0_) first_h_ = part(h0_, s_.out);
    if (c0_) first_c_ = part(c0_, s_.size);
    if (lstm_) cell_ = a_.cell ? part(c.out(kCell), s_.size) : part(c.out(kGates), s_.kept, 4 * s_.size);
    if (!tiled_) return;
    // W x of a step comes with its W h; the GRU needs them apart.
    tiled_in_ = gru_ ? 0 : s_.in;
    by_tiles_ = StepProduct(dtype_, s_.batch, tiled_in_ + s_.out, s_.gates);
    if (tiled_in_) by_tiles_.take(w_ih_, true, 0);
    by_tiles_.take(w_hh_, true, tiled_in_);
}

void eval(EvalCtx& c) { Forward(c).run(); }

// What is saved does not depend on the kind: an input that is not there costs nothing.
constexpr OpDef recurrent_op(const char* name, const char* grad_name, bool own_cell = false) {
    constexpr uint16_t all = (1 << kInputs) - 1;
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer, .eval = eval, .vjp = recurrent_vjp};
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
