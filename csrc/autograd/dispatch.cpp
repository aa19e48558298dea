// dispatch: promote, infer, expand, allocate, evaluate, record.

#include "autograd/basic_ops.h"
#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "autograd/narrow.h"
#include "autograd/node.h"
#include "autograd/recorder.h"

namespace chainrule {
namespace {

// Inputs that dispatch may replace (converted, expanded); on the stack while few.
class Inputs {
  public:
    Inputs(const Tensor* inputs, int n) : original_(inputs), n_(n) {}
    const Tensor* data() const { return copied_ ? copied_ : original_; }
    const Tensor& operator[](int i) const { return data()[i]; }
    void replace(int i, Tensor t) {
        if (!copied_) {
            if (n_ > kLocal) {
                heap_.assign(original_, original_ + n_);
                copied_ = heap_.data();
            } else {
                for (int k = 0; k < n_; ++k) local_[k] = original_[k];
                copied_ = local_;
            }
        }
        copied_[i] = std::move(t);
    }

  private:
    static constexpr int kLocal = 4;
    const Tensor* original_;
    Tensor* copied_ = nullptr;
    Tensor local_[kLocal];
    std::vector<Tensor> heap_;
    int n_;
};

}  // namespace

// PyTorch's rule: a tensor with axes outranks a 0-d one, and that a Python number, unless of a lower category.
DType common_dtype(const Tensor* inputs, int n, DType widest) {
    struct Group {
        bool any = false;
        DType dtype = DType::Bool;
        void add(DType t) {
            dtype = any ? promote(dtype, t) : t;
            any = true;
        }
    } dims, zero_dim, numbers;
    for (int i = 0; i < n; ++i) {
        const Tensor& t = inputs[i];
        if (!t || wide(t.dtype()) > widest) continue;
        (t->wrapped_number ? numbers : t.ndim() == 0 ? zero_dim : dims).add(t.dtype());
    }
    auto raise = [](Group strong, const Group& weak, bool is_number) {
        if (!weak.any) return strong;
        if (strong.any && category(weak.dtype) <= category(strong.dtype)) return strong;
        DType lifted = is_number && is_floating(weak.dtype) ? default_dtype() : weak.dtype;
        Group out;
        out.any = true;
        out.dtype = strong.any ? promote(strong.dtype, lifted) : lifted;
        return out;
    };
    Group g = raise(raise(dims, zero_dim, false), numbers, true);
    return g.dtype;
}

namespace {

Scalar value_of(const Tensor& number) {
    switch (number.dtype()) {
        case DType::Bool: return Scalar(*number.data<bool>());
        case DType::Int64: return Scalar(*number.data<int64_t>());
        case DType::Float64: return Scalar(*number.data<double>());
        default: fail<TypeError>("promotion: a Python number is bool, int64 or float64, got ", number.dtype());
    }
}

void promote_inputs(const OpDef& op, Inputs& in, int n) {
    DType first = in[0].dtype();
    bool same = true;
    for (int i = 1; i < n; ++i) same = same && in[i].dtype() == first;
    DType common = same ? first : common_dtype(in.data(), n);
    if (op.promotion == Promotion::Float && !is_floating(common)) common = default_dtype();
    if (same && common == first) return;
    for (int i = 0; i < n; ++i)
        if (in[i].dtype() != common) {
            in.replace(i, in[i]->wrapped_number ? scalar_tensor(value_of(in[i]), common, true) : cast(in[i], common));
        }
}

bool any_requires_grad(const Tensor* inputs, int n) {
    for (int i = 0; i < n; ++i)
        if (inputs[i] && inputs[i].requires_grad() && is_floating(inputs[i].dtype())) return true;
    return false;
}

// A broadcast input whose gradient is wanted passes through expand, whose rule sums the gradient back.
void expand_inputs(Inputs& in, int n, const Dims& shape) {
    for (int i = 0; i < n; ++i)
        if (in[i].requires_grad() && !(in[i].shape() == shape)) in.replace(i, expand(in[i], shape));
}

void keep_input_shape(Saved& slot, const Tensor& t) {
    Tensor shape_only(TensorImpl::create());
    shape_only->dtype = t.dtype();
    set_geometry(shape_only.get(), t.shape(), t.strides());
    slot.tensor = shape_only.ref();
}

void save_inputs(const OpDef& op, Node* node, const Tensor* in, int n, uint32_t wanted) {
    for (int i = 0; i < n; ++i) {
        if (!in[i]) continue;
        if (op.variadic || i >= kMaxSavedInputs) {
            if (op.keep_shape) keep_input_shape(node->saved()[i], in[i]);
        } else if (op.save_input[i] & wanted) {
            save_value(node->saved()[i], in[i], false);
            node->has_saved = true;
        } else if (op.keep_shape >> i & 1) {
            keep_input_shape(node->saved()[i], in[i]);
        }
    }
}

Ref<NodeBase> record(const OpDef& op, const Tensor* in, int n, const void* attrs, int n_outputs) {
    refresh_views(in, static_cast<size_t>(n));
    Ref<NodeBase> ref =
        Node::create(op, static_cast<uint32_t>(n), static_cast<uint32_t>(n_outputs), attrs, op.attr_bytes);
    Node* node = as_node(ref);
    uint32_t wanted = 0;
    for (int i = 0; i < n; ++i) {
        if (!in[i] || !is_floating(in[i].dtype())) continue;
        node->edges()[i] = gradient_edge(in[i]);
        if (node->edges()[i].node) wanted |= 1u << (i < 31 ? i : 31);
    }
    save_inputs(op, node, in, n, wanted);
    return ref;
}

uint32_t wanted_mask(Node* node) {
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < node->n_inputs; ++i)
        if (node->edges()[i].node) wanted |= 1u << (i < 31 ? i : 31);
    return wanted;
}

void save_outputs(const OpDef& op, Node* node, const Tensor* outputs, int n_outputs) {
    uint32_t wanted = wanted_mask(node);
    for (int k = 0; k < n_outputs && k < 2; ++k)
        if (op.save_output[k] & wanted) {
            save_value(node->saved()[node->n_inputs + static_cast<uint32_t>(k)], outputs[k], true);
            node->has_saved = true;
        }
}

Tensor make_view(const OutSpec& spec, const Tensor& source) {
    Tensor out = alias(source, spec.shape, spec.strides, spec.offset);
    out->base = source->base ? source->base : source.ref();
    if (source.stale_view()) refresh_view(source);
    out->epoch = out->base->epoch;
    out->no_grad_view = source->no_grad_view || (!grad_mode() && source.requires_grad());
    return out;
}

}  // namespace

namespace {

// Under a recorder, what the evaluation runs inside itself is not seen.
template <bool watched> void evaluate(const OpDef& op, EvalCtx& c) {
    if constexpr (watched) {
        RecorderChange hidden(nullptr);
        op.eval(c);
    } else {
        op.eval(c);
    }
}

// Only the elementwise forms make narrow results: the way there leads through dispatch_narrow.
void check_result(const OpDef& op, DType result) {
    check<TypeError>(!is_narrow(result) || takes_narrow(op) || is_loop(op), op.name, ": a result of ", result,
                     " is not computed directly. Compute in ", wide(result), " and convert it with .to().");
}

template <bool watched>
void dispatch_as(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs, int n_outputs) {
    Inputs in(inputs, n_inputs);
    if (op.promotion != Promotion::None) promote_inputs(op, in, n_inputs);
    InferCtx infer{op, in.data(), n_inputs, attrs, {}, n_outputs};
    op.infer(infer);
    check_result(op, infer.out[0].dtype);
    bool recording = grad_mode() && op.vjp && any_requires_grad(in.data(), n_inputs);
    if (recording && op.broadcast) expand_inputs(in, n_inputs, infer.out[0].shape);
    int64_t start = watched ? steady_ns() : 0;
    if (!op.eval) {
        outputs[0] = make_view(infer.out[0], in[0]);
    } else {
        for (int k = 0; k < n_outputs; ++k) {
            const OutSpec& s = infer.out[k];
            outputs[k] = s.has_strides ? empty_strided(s.shape, s.strides, s.dtype) : empty(s.shape, s.dtype);
        }
        EvalCtx eval{op, in.data(), n_inputs, outputs, n_outputs, attrs};
        evaluate<watched>(op, eval);
    }
    Ref<NodeBase> node;
    if (recording) {
        node = record(op, in.data(), n_inputs, attrs, n_outputs);
        for (int k = 0; k < n_outputs; ++k) {
            if (!is_floating(outputs[k].dtype())) continue;
            outputs[k]->node = node;
            outputs[k]->output_nr = static_cast<uint32_t>(k);
        }
        if (op.save_output[0] | op.save_output[1]) save_outputs(op, as_node(node), outputs, n_outputs);
    }
    if constexpr (watched) recorder()->ran({op, in.data(), n_inputs, attrs, outputs, n_outputs, as_node(node), start});
}

}  // namespace

namespace {
bool goes_wide(const OpDef& op, const Tensor* inputs, int n) {
    return any_narrow(inputs, n) && !takes_narrow(op) && !runs_narrow(op, inputs, n);
}
}  // namespace

void dispatch_as_it_is(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs,
                       int n_outputs) {
    dispatch_as<false>(op, inputs, n_inputs, attrs, outputs, n_outputs);
}

void dispatch(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs, int n_outputs) {
    if (goes_wide(op, inputs, n_inputs)) [[unlikely]]
        dispatch_narrow(op, inputs, n_inputs, attrs, outputs, n_outputs);
    else if (recorder()) [[unlikely]] dispatch_as<true>(op, inputs, n_inputs, attrs, outputs, n_outputs);
    else dispatch_as<false>(op, inputs, n_inputs, attrs, outputs, n_outputs);
}

namespace {

// The values of self before an in-place change, with self's place in the graph.
Tensor old_values(const Tensor& self) {
    Edge e = gradient_edge(self);
    Tensor old = empty(self.shape(), self.dtype());
    copy_data(old, self);
    if (self->node) {
        old->node = e.node;
        old->output_nr = e.nr;
    }
    return old;
}

bool writes_in_place(const OpDef& op, const Inputs& in, int n, const Tensor& self, const OutSpec& out) {
    if (!op.elementwise || out.dtype != self.dtype() || !(out.shape == self.shape())) return false;
    for (int i = 1; i < n; ++i)
        if (in[i] && may_overlap(in[i], self) && !same_layout(in[i], self)) return false;
    return true;
}

template <bool watched> Tensor dispatch_inplace_as(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs) {
    Tensor self = inputs[0];
    Inputs in(inputs, n_inputs);
    if (op.promotion != Promotion::None) promote_inputs(op, in, n_inputs);
    InferCtx infer{op, in.data(), n_inputs, attrs, {}, 1};
    op.infer(infer);
    const OutSpec& out = infer.out[0];
    check_result(op, out.dtype);
    check<ValueError>(out.shape == self.shape(), op.name, "_: the result has shape ", out.shape,
                      ", which does not fit in place into shape ", self.shape());
    check<TypeError>(category(out.dtype) <= category(self.dtype()), op.name, "_: the result is ", out.dtype,
                     " and cannot be stored in place in a ", self.dtype(), " tensor");
    bool recording = grad_mode() && op.vjp && is_floating(self.dtype()) && any_requires_grad(in.data(), n_inputs);
    check_inplace(op.name, self, recording);
    int64_t start = watched ? steady_ns() : 0;
    if (watched || (recording && op.save_input[0] && in[0].is_same(self))) in.replace(0, old_values(self));
    if (recording && op.broadcast) expand_inputs(in, n_inputs, out.shape);
    Ref<NodeBase> node;
    if (recording) node = record(op, in.data(), n_inputs, attrs, 1);

    if (writes_in_place(op, in, n_inputs, self, out)) {
        EvalCtx eval{op, in.data(), n_inputs, &self, 1, attrs};
        evaluate<watched>(op, eval);
    } else {
        Tensor fresh = empty(out.shape, out.dtype);
        EvalCtx eval{op, in.data(), n_inputs, &fresh, 1, attrs};
        evaluate<watched>(op, eval);
        copy_data(self, fresh);
    }
    bump_version(self);
    if (recording) {
        if (op.save_output[0]) save_outputs(op, as_node(node), &self, 1);
        rebase_history(self, node);
    }
    if constexpr (watched) recorder()->ran({op, in.data(), n_inputs, attrs, &self, 1, as_node(node), start});
    return self;
}

}  // namespace

Tensor dispatch_inplace(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs) {
    if (goes_wide(op, inputs, n_inputs)) [[unlikely]]
        return dispatch_inplace_narrow(op, inputs, n_inputs, attrs);
    return recorder() ? dispatch_inplace_as<true>(op, inputs, n_inputs, attrs)
                      : dispatch_inplace_as<false>(op, inputs, n_inputs, attrs);
}

}  // namespace chainrule
