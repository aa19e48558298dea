// What the world sees of recurrent.cpp: stacks of layers, bidirectional, with dropout between them; and cells.

#include <deque>
#include <string>

#include "core/check.h"
#include "ops/ops.h"
#include "ops/recurrent.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

struct Stack {
    const char* name;
    Recurrent kind;
    bool biased;
    int64_t layers;
    double dropout;
    bool training, bidirectional;
    const std::vector<Tensor>* params;
    bool projected = false;

    int64_t directions() const { return bidirectional ? 2 : 1; }
    size_t per_layer() const { return 2 + (biased ? 2 : 0) + (projected ? 1 : 0); }
    RecurrentWeights weights(int64_t row) const {
        const Tensor* p = params->data() + static_cast<size_t>(row) * per_layer();
        RecurrentWeights w{p[0], p[1], Tensor(), Tensor(), Tensor()};
        if (biased) w.b_ih = p[2], w.b_hh = p[3];
        if (projected) w.w_hr = p[biased ? 4 : 2];
        return w;
    }
};

void check_stack(Stack& s, const Tensor& h, const Tensor& c) {
    check<ValueError>(s.layers > 0, s.name, ": num_layers must be at least 1, got ", s.layers, ".");
    check<ValueError>(s.layers < int64_t{1} << 32, s.name, ": num_layers is too large, got ", s.layers, ".");
    check<ValueError>(s.dropout >= 0 && s.dropout <= 1, s.name, ": dropout must be in [0, 1], got ", s.dropout, ".");
    size_t rows = static_cast<size_t>(s.layers * s.directions()), n = s.params->size();
    if (s.kind == Recurrent::Lstm) s.projected = n == rows * (s.per_layer() + 1);
    check<ValueError>(n == rows * s.per_layer(), s.name, ": ", rows * s.per_layer(), " parameters are needed, ",
                      s.per_layer(), " for each layer and direction, got ", n, ".");
    for (const Tensor& t : {h, c})
        check<ValueError>(!t || (t.ndim() == 3 && t.size(0) == static_cast<int64_t>(rows)), s.name,
                          ": an initial state must have shape (", rows,
                          ", batch, size), a row for each layer and direction, got ", t ? t.shape() : Dims(), ".");
    for (size_t i = 0; i < n; i += s.per_layer())
        for (size_t k = i; k < i + 2; ++k)
            check<ValueError>((*s.params)[k].ndim() == 2, s.name, ": weights must have 2 axes, got shape ",
                              (*s.params)[k].shape(), ".");
}

// The row of each packed sequence's last element, in the order of the batch.
Tensor last_rows(const Tensor& batch_sizes) {
    const int64_t* n = batch_sizes.data<int64_t>();
    Tensor rows = empty({n[0]}, DType::Int64);
    for (int64_t t = 0, at = 0; t < batch_sizes.numel(); at += n[t++])
        for (int64_t i = 0; i < n[t]; ++i) rows.data<int64_t>()[i] = at + i;
    return rows;
}

// The last state of a direction from the states of all steps (steps, batch, size), or packed (rows, size) with their last rows.
Tensor last_state(const Tensor& states, const Tensor& last, int64_t batch, bool reverse) {
    if (!last) {
        int64_t steps = states.size(0);
        return states.ndim() == 3 ? select(states, 0, reverse ? 0 : steps - 1)
                                  : narrow(states, 0, reverse ? 0 : steps - batch, batch);
    }
    return reverse ? narrow(states, 0, 0, last.numel()) : index_select(states, 0, last);
}

// x (steps, batch, features), or packed. Output, last h and, for the LSTM, last c.
std::vector<Tensor> run_stack(Stack& s, Tensor x, const Tensor& batch_sizes, const Tensor& h0, const Tensor& c0) {
    check_stack(s, h0, c0);
    check<ValueError>(x.ndim() == (batch_sizes ? 2 : 3), s.name, ": the input must have shape ",
                      batch_sizes ? "(sum of batch_sizes, features)" : "(steps, batch, features)", ", got ", x.shape(),
                      ".");
    std::vector<Tensor> last_h, last_c;
    Tensor last;  // rows, known when the first layer has checked batch_sizes
    for (int64_t layer = 0; layer < s.layers; ++layer) {
        std::vector<Tensor> outputs;
        for (int64_t direction = 0; direction < s.directions(); ++direction) {
            int64_t row = layer * s.directions() + direction;
            bool reverse = direction == 1;
            RecurrentResult r = recurrent_layer(s.kind, x, batch_sizes, h0 ? select(h0, 0, row) : h0,
                                                c0 ? select(c0, 0, row) : c0, s.weights(row), reverse);
            outputs.push_back(r.h);
            if (batch_sizes && !last) last = last_rows(batch_sizes);
            last_h.push_back(last_state(r.h, last, 0, reverse));
            if (r.c) last_c.push_back(last_state(r.c, last, x.size(1), reverse));
        }
        x = outputs.size() == 1 ? outputs[0] : cat(outputs, -1);
        // Time comes first here, so that dropout draws its random numbers in PyTorch's order.
        if (s.training && s.dropout > 0 && layer + 1 < s.layers) x = dropout(x, s.dropout);
    }
    std::vector<Tensor> out{x, stack(last_h)};
    if (!last_c.empty()) out.push_back(stack(last_c));
    return out;
}

// The initial state of a call: one tensor, a sequence of them, or an empty sequence for zeros.
void take_state(const Args& a, int i, Recurrent kind, Tensor& h, Tensor& c) {
    if (a.args[static_cast<size_t>(i)].kind == Arg::TensorArg) {
        h = a.tensor(i);
        return;
    }
    const std::vector<Tensor>& parts = a.tensors(i);
    size_t wanted = kind == Recurrent::Lstm ? 2 : 1;
    check<ValueError>(parts.empty() || parts.size() == wanted, a.name, ": the initial state must be ",
                      wanted == 2 ? "(h, c)" : "(h,)", " or () for zeros, got ", parts.size(), " tensors.");
    if (parts.empty()) return;
    h = parts[0];
    if (wanted == 2) c = parts[1];
}

Stack stack_of(const Args& a, Recurrent kind, int params) {
    return {a.name,
            kind,
            a.flag(params + 1),
            a.integer(params + 2),
            a.real(params + 3),
            a.flag(params + 4),
            a.flag(params + 5),
            &a.tensors(params)};
}

template <Recurrent kind> void call_padded(Args& a) {
    Tensor h, c;
    take_state(a, 1, kind, h, c);
    Stack s = stack_of(a, kind, 2);
    bool batch_first = a.flag(8);
    Tensor x = a.tensor(0);
    if (batch_first && x.ndim() == 3) x = transpose(x, 0, 1);
    std::vector<Tensor> out = run_stack(s, x, Tensor(), h, c);
    if (batch_first) out[0] = transpose(out[0], 0, 1);
    a.ret_tuple(std::move(out));
}

template <Recurrent kind> void call_packed(Args& a) {
    Tensor h, c;
    take_state(a, 2, kind, h, c);
    Stack s = stack_of(a, kind, 3);
    Tensor sizes = a.tensor(1);
    check<ValueError>(sizes.ndim() == 1 && sizes.numel() > 0, a.name,
                      ": batch_sizes must have one axis and a number a step, got shape ", sizes.shape(), ".");
    a.ret_tuple(run_stack(s, a.tensor(0), contiguous(sizes), h, c));
}

template <Recurrent kind> void call_cell(Args& a) {
    Tensor h, c;
    take_state(a, 1, kind, h, c);
    RecurrentWeights w{a.tensor(2), a.tensor(3), a.tensor(4), a.tensor(5), Tensor()};
    Tensor x = a.tensor(0);
    bool batched = x.ndim() != 1;
    auto rows = [&](const Tensor& t) { return t && !batched ? unsqueeze(t, 0) : t; };
    check<ValueError>(w.w_ih.ndim() == 2 && w.w_hh.ndim() == 2, a.name, ": weights must have 2 axes, got shapes ",
                      w.w_ih.shape(), " and ", w.w_hh.shape(), ".");
    RecurrentResult r = recurrent_cell(kind, rows(x), rows(h), rows(c), w);
    if (!batched) r = {squeeze(r.h, 0), r.c ? squeeze(r.c, 0) : r.c};
    if (kind == Recurrent::Lstm) a.ret_tuple({r.h, r.c});
    else a.ret(r.h);
}

// The signatures are PyTorch's; beside its one tensor, a sequence of states is taken, of which () means zeros. Packed forms come
// first: their second argument must be a tensor.
const char* kept(std::string text) {
    static std::deque<std::string> texts;  // grows without moving what it holds
    return texts.emplace_back(std::move(text)).c_str();
}

template <Recurrent kind> FunctionDef layer_function(const char* name, const char* doc) {
    const std::string rest =
        " hx, Tensors params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional";
    FunctionDef def{name, kFunction, doc, {}};
    for (const char* type : kind == Recurrent::Lstm ? std::vector<const char*>{"Tensors"}
                                                    : std::vector<const char*>{"Tensor", "Tensors"}) {
        def.overloads.push_back(
            {kept(std::string(name) + "(Tensor data, Tensor batch_sizes, " + type + rest + ")"), call_packed<kind>});
        def.overloads.push_back(
            {kept(std::string(name) + "(Tensor input, " + type + rest + ", bool batch_first)"), call_padded<kind>});
    }
    return def;
}

template <Recurrent kind> FunctionDef cell_function(const char* name, const char* doc) {
    const std::string rest = " hx, Tensor w_ih, Tensor w_hh, Tensor b_ih=None, Tensor b_hh=None)";
    FunctionDef def{name, kFunction, doc, {}};
    for (const char* type :
         kind == Recurrent::Lstm ? std::vector<const char*>{"Tensors"} : std::vector<const char*>{"Tensor", "Tensors"})
        def.overloads.push_back({kept(std::string(name) + "(Tensor input, " + type + rest), call_cell<kind>});
    return def;
}

}  // namespace

// ---- layers ----
const Register lstm_fn(layer_function<Recurrent::Lstm>("lstm", R"(Layers of LSTM over a sequence: what nn.LSTM computes.

    i, f, o = sigmoid(W x_t + b + W' h_(t-1) + b'),  g = tanh(the same), each with rows of its own
    c_t = f c_(t-1) + i g,  h_t = o tanh(c_t)        (with a projection: h_t = W_hr (o tanh(c_t)))

Args:
    input: (steps, batch, features), or (batch, steps, features) where batch_first.
    data, batch_sizes: for it, the parts of a packed sequence.
    hx: (h, c), each (layers * directions, batch, size); () for zeros.
    params: for each layer and direction w_ih (4 H, F), w_hh (4 H, H), b_ih, b_hh (4 H) where has_biases, and w_hr (P, H)
        of a projection; rows in the order i, f, g, o.
    dropout: between layers, where train.

Returns:
    output, last h, last c.

Raises:
    ValueError: if shapes or the number of parameters don't fit.
    TypeError: if the dtypes differ or aren't floating.

Example:
    >>> lstm = chainrule.nn.LSTM(3, 4)
    >>> output, h, c = chainrule.lstm(chainrule.ones(5, 2, 3), (), lstm.all_weights[0], True, 1, 0.0, False, False, False)
    >>> output.shape
    chainrule.Size([5, 2, 4])

Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; PyTorch, torch.nn.LSTM.
)"));
const Register gru_fn(layer_function<Recurrent::Gru>("gru", R"(Layers of GRU over a sequence: what nn.GRU computes.

    r, z = sigmoid(W x_t + b + W' h_(t-1) + b'), each with rows of its own
    n = tanh(W_n x_t + b_n + r (W'_n h_(t-1) + b'_n)),  h_t = (1 - z) n + z h_(t-1)

Args:
    input: (steps, batch, features), or (batch, steps, features) where batch_first.
    data, batch_sizes: for it, the parts of a packed sequence.
    hx: (layers * directions, batch, H); () for zeros.
    params: for each layer and direction w_ih (3 H, F), w_hh (3 H, H) and, where has_biases, b_ih, b_hh (3 H); rows in the
        order r, z, n.
    dropout: between layers, where train.

Returns:
    output, last h.

Example:
    >>> gru = chainrule.nn.GRU(3, 4)
    >>> output, h = chainrule.gru(chainrule.ones(5, 2, 3), (), gru.all_weights[0], True, 1, 0.0, False, False, False)
    >>> h.shape
    chainrule.Size([1, 2, 4])

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014; PyTorch, torch.nn.GRU.
)"));
const Register rnn_tanh_fn(layer_function<Recurrent::Tanh>("rnn_tanh", R"(Layers of the plain recurrent net with tanh.

    h_t = tanh(W x_t + b + W' h_(t-1) + b')

Args and Returns: as gru(), with weights (H, F) and (H, H) and biases (H).

Example:
    >>> rnn = chainrule.nn.RNN(3, 4)
    >>> output, h = chainrule.rnn_tanh(chainrule.ones(5, 2, 3), (), rnn.all_weights[0], True, 1, 0.0, False, False, False)
    >>> output.shape
    chainrule.Size([5, 2, 4])

Source: Elman, "Finding structure in time", 1990; PyTorch, torch.nn.RNN.
)"));
const Register rnn_relu_fn(layer_function<Recurrent::Relu>("rnn_relu", R"(rnn_tanh() with relu for tanh.

    h_t = max(0, W x_t + b + W' h_(t-1) + b')

Example:
    >>> rnn = chainrule.nn.RNN(3, 4, nonlinearity="relu")
    >>> output, h = chainrule.rnn_relu(chainrule.ones(5, 2, 3), (), rnn.all_weights[0], True, 1, 0.0, False, False, False)
    >>> output.shape
    chainrule.Size([5, 2, 4])
)"));

// ---- one step ----
const Register lstm_cell_fn(cell_function<Recurrent::Lstm>("lstm_cell", R"(One step of an LSTM; the formula is lstm()'s.

Args:
    input: (batch, F) or (F,).
    hx: (h, c), each (batch, H) or (H,); () for zeros.
    w_ih, w_hh, b_ih, b_hh: (4 H, F), (4 H, H), (4 H,) twice or None.

Returns:
    The new h and c.

Example:
    >>> cell = chainrule.nn.LSTMCell(3, 4)
    >>> h, c = chainrule.lstm_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    >>> h.shape
    chainrule.Size([2, 4])
)"));
const Register gru_cell_fn(cell_function<Recurrent::Gru>("gru_cell", R"(One step of a GRU; the formula is gru()'s.

Args:
    input: (batch, F) or (F,).
    hx: (batch, H) or (H,); () for zeros.
    w_ih, w_hh, b_ih, b_hh: (3 H, F), (3 H, H), (3 H,) twice or None.

Returns:
    The new h.

Example:
    >>> cell = chainrule.nn.GRUCell(3, 4)
    >>> chainrule.gru_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh).shape
    chainrule.Size([2, 4])
)"));
const Register rnn_tanh_cell_fn(cell_function<Recurrent::Tanh>("rnn_tanh_cell", R"(One step of rnn_tanh().

    h' = tanh(W x + b + W' h + b')

Example:
    >>> cell = chainrule.nn.RNNCell(3, 4)
    >>> chainrule.rnn_tanh_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh).shape
    chainrule.Size([2, 4])
)"));
const Register rnn_relu_cell_fn(cell_function<Recurrent::Relu>("rnn_relu_cell", R"(One step of rnn_relu().

    h' = max(0, W x + b + W' h + b')

Example:
    >>> cell = chainrule.nn.RNNCell(3, 4, nonlinearity="relu")
    >>> chainrule.rnn_relu_cell(chainrule.ones(2, 3), (), cell.weight_ih, cell.weight_hh).shape
    chainrule.Size([2, 4])
)"));

}  // namespace chainrule
