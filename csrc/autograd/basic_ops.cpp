#include "autograd/basic_ops.h"

#include <cstring>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "core/unlock.h"
#include "kernels/reduction.h"

namespace chainrule {

// add: z = x + y; both gradients are the output's.
const OpDef add_op = {
    .name = "add",
    .grad_name = "AddBackward0",
    .infer = infer_elementwise,
    .eval = eval_binary,
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad());
            if (c.wants(1)) c.set(1, c.grad());
        },
    .kernel = static_cast<uint32_t>(kernels::Binary::Add),
    .promotion = Promotion::Common,
    .broadcast = true,
    .elementwise = true,
};

// cast: the same values in another dtype.
const OpDef cast_op = {
    .name = "to",
    .grad_name = "ToCopyBackward0",
    .infer =
        [](InferCtx& c) {
            infer_elementwise(c);
            c.out[0].dtype = c.attr<CastAttrs>().dtype;
        },
    .eval = [](EvalCtx& c) { copy_data(c.out(), c.input(0)); },
    .vjp = [](VjpCtx& c) { c.set(0, cast(c.grad(), c.input_dtype(0))); },
    .any_dtype = true,
    .keep_shape = 1,
    .attr_bytes = sizeof(CastAttrs),
    .describe = describe_attrs<CastAttrs>,
};

const OpDef clone_op = {
    .name = "clone",
    .grad_name = "CloneBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(0).shape(), c.input(0).dtype()); },
    .eval = [](EvalCtx& c) { copy_data(c.out(), c.input(0)); },
    .vjp = [](VjpCtx& c) { c.set(0, c.grad()); },
    .any_dtype = true,
};

// copy_: self becomes the source's values; all gradient goes to the source.
const OpDef copy_op = {
    .name = "copy_",
    .grad_name = "CopyBackwards",
    .infer =
        [](InferCtx& c) {
            const Dims& shape = c.input(0).shape();
            if (!(broadcast_shapes("copy_", shape, c.input(1).shape()) == shape))
                fail<ValueError>("copy_: the source must broadcast to shape ", shape, ", got ", c.input(1).shape());
            c.set(0, shape, c.input(0).dtype());
        },
    .eval = [](EvalCtx& c) { copy_data(c.out(), c.input(1)); },
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, zeros(c.grad().shape(), c.grad().dtype()));
            if (c.wants(1)) c.set(1, sum_to(cast(c.grad(), c.input_dtype(1)), c.input_shape(1)));
        },
    .elementwise = true,
    .any_dtype = true,
    .keep_shape = 2,
};

// expand: repeats along new or size-1 axes without copying.
const OpDef expand_op = {
    .name = "expand",
    .grad_name = "ExpandBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& t = c.input(0);
            const Dims& shape = c.attr<Dims>();
            int lead = shape.n - t.ndim();
            bool ok = lead >= 0;
            Dims strides;
            strides.n = shape.n;
            for (int d = shape.n - 1; ok && d >= 0; --d) {
                int64_t own = d < lead ? 1 : t.size(d - lead);
                ok = own == shape[d] || own == 1;
                bool repeats = own != shape[d] || d == shape.n - 1;  // a new axis of size 1 steps over the next one
                strides[d] = d >= lead && own == shape[d] ? t.stride(d - lead)
                             : repeats                    ? 0
                                                          : shape[d + 1] * strides[d + 1];
            }
            check<ValueError>(ok, "expand: shape ", t.shape(), " does not expand to ", shape,
                              ". Only axes of size 1 can grow.");
            checked_numel("expand", shape);
            c.set_view(shape, strides, 0);
        },
    .vjp = [](VjpCtx& c) { c.set(0, sum_to(c.grad(), c.input_shape(0))); },
    .keep_shape = 1,
    .attr_bytes = sizeof(Dims),
    .describe = describe_attrs<Dims>,
};

// sum_to: sums over the axes along which expand would repeat.
const OpDef sum_to_op = {
    .name = "sum_to_size",
    .grad_name = "SumToSizeBackward0",
    .infer =
        [](InferCtx& c) {
            const Dims &from = c.input(0).shape(), &to = c.attr<Dims>();
            check<ValueError>(to.n <= from.n && broadcast_shapes("sum_to_size", from, to) == from,
                              "sum_to_size: shape ", to, " does not expand to ", from);
            c.set(0, to, c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            const Tensor& in = c.input(0);
            const Dims& to = c.out().shape();
            int lead = in.ndim() - to.n;
            uint32_t axes = 0;
            for (int d = 0; d < in.ndim(); ++d)
                if (d < lead || (to[d - lead] == 1 && in.size(d) != 1)) axes |= 1u << d;
            DType wide = kernels::reduced_dtype(kernels::Reduce::Sum, in.dtype());
            Tensor sums = wide == in.dtype() ? c.out() : empty(to, wide);
            {
                Unlock unlock(in.numel());
                kernels::reduce(kernels::Reduce::Sum, in.dtype(), in.data(), in.shape(), in.strides(), axes,
                                sums.data());
            }
            if (wide != in.dtype()) copy_data(c.out(), sums);
        },
    .vjp = [](VjpCtx& c) { c.set(0, expand(c.grad(), c.input_shape(0))); },
    .keep_shape = 1,
    .attr_bytes = sizeof(Dims),
    .describe = describe_attrs<Dims>,
};

// as_strided is internal: geometries come from views that exist, so they lie inside the base.
const OpDef as_strided_op = {
    .name = "as_strided",
    .grad_name = "AsStridedBackward0",
    .infer =
        [](InferCtx& c) {
            const Geometry& g = c.attr<Geometry>();
            c.set_view(g.shape, g.strides, g.offset);
        },
    .vjp =
        [](VjpCtx& c) {
            const Geometry& g = c.attr<Geometry>();
            Dims base = c.input_shape(0);
            // Gradients are row-major where the base is; a base with its own strides keeps them.
            Dims strides = c.input_strides(0);
            if (!c.create_graph() && is_contiguous(base, strides)) {
                c.add_into(0, g.shape, g.strides, g.offset, c.grad());
                return;
            }
            c.set(0, run_with(as_strided_embed_op, EmbedAttrs{g, base, strides}, c.grad()));
        },
    .keep_shape = 1,
    .attr_bytes = sizeof(Geometry),
    .describe = describe_attrs<Geometry>,
};

// The adjoint of as_strided: zeros of the base's shape with the part's gradient added where it lies.
const OpDef as_strided_embed_op = {
    .name = "as_strided_embed",
    .grad_name = "AsStridedEmbedBackward0",
    .infer =
        [](InferCtx& c) {
            EmbedAttrs& a = c.attr<EmbedAttrs>();
            c.set(0, a.shape, c.input(0).dtype());
            c.out[0].strides = a.strides;
            c.out[0].has_strides = true;
        },
    .eval =
        [](EvalCtx& c) {
            const EmbedAttrs& a = c.attr<EmbedAttrs>();
            zero_data(c.out());
            Tensor part = alias(c.out(), a.part.shape, a.part.strides, a.part.offset);
            add_data(part, c.input(0));
        },
    .vjp =
        [](VjpCtx& c) {
            const EmbedAttrs& a = c.attr<EmbedAttrs>();
            Tensor g = c.grad();
            // The geometry counts in the base's strides: give the gradient the same layout first.
            if (!(g.strides() == a.strides)) {
                Tensor laid = run_with(as_strided_embed_op, EmbedAttrs{{a.shape, a.strides, 0}, a.shape, a.strides}, g);
                g = laid;
            }
            c.set(0, run_with(as_strided_op, a.part, g));
        },
    .any_dtype = true,
    .attr_bytes = sizeof(EmbedAttrs),
    .describe = describe_attrs<EmbedAttrs>,
};

// The base after a view of it was written: everything but the part comes from the old base.
const OpDef as_strided_scatter_op = {
    .name = "as_strided_scatter",
    .grad_name = "CopySlices",
    .infer = [](InferCtx& c) { c.set(0, c.input(0).shape(), c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            const Geometry& g = c.attr<Geometry>();
            copy_data(c.out(), c.input(0));
            copy_data(alias(c.out(), g.shape, g.strides, g.offset), c.input(1));
        },
    .vjp =
        [](VjpCtx& c) {
            const Geometry& a = c.attr<Geometry>();
            Dims base = c.input_shape(0), strides = c.input_strides(0);
            Tensor g = c.grad();
            if (!(g.strides() == strides))
                g = run_with(as_strided_embed_op, EmbedAttrs{{base, strides, 0}, base, strides}, g);
            Tensor part = run_with(as_strided_op, a, g);
            if (c.wants(1)) c.set(1, clone(part));
            if (!c.wants(0)) return;
            if (!c.create_graph()) {
                Tensor rest = empty_strided(base, strides, g.dtype());
                copy_data(rest, g);
                zero_data(alias(rest, a.shape, a.strides, a.offset));
                c.set(0, rest);
                return;
            }
            c.set(0, run_with(as_strided_scatter_op, a, g, zeros(a.shape, g.dtype())));
        },
    .any_dtype = true,
    .keep_shape = 1,
    .attr_bytes = sizeof(Geometry),
    .describe = describe_attrs<Geometry>,
};

Tensor cast(const Tensor& t, DType dtype) { return t.dtype() == dtype ? t : run_with(cast_op, CastAttrs{dtype}, t); }

Tensor clone(const Tensor& t) { return run(clone_op, t); }

Tensor expand(const Tensor& t, const Dims& shape) { return t.shape() == shape ? t : run_with(expand_op, shape, t); }

Tensor sum_to(const Tensor& t, const Dims& shape) { return t.shape() == shape ? t : run_with(sum_to_op, shape, t); }

Tensor as_strided(const Tensor& t, const Dims& shape, const Dims& strides, int64_t offset) {
    return run_with(as_strided_op, Geometry{shape, strides, offset}, t);
}

Tensor zeros(const Dims& shape, DType dtype) {
    Tensor t = empty(shape, dtype);
    zero_data(t);
    return t;
}

namespace {

Geometry geometry_of(const Tensor& view, const Tensor& base) {
    int64_t item = static_cast<int64_t>(base.item_size());
    return {view.shape(), view.strides(), (view.data() - base.data()) / item};
}

// A shape without data, for a node that needs no more.
void keep_shape(Node* node, int i, const Tensor& t) {
    Tensor shape_only(TensorImpl::create());
    shape_only->dtype = t.dtype();
    set_geometry(shape_only.get(), t.shape(), t.strides());
    node->saved()[i].tensor = shape_only.ref();
}

// False after set_(), resize_() or `base.data = ...` has given the base other memory or less of it.
bool lies_within(const Tensor& view, const Tensor& base) {
    if (!(view->storage == base->storage)) return false;
    int64_t item = static_cast<int64_t>(view.item_size()), view_end = 1, base_end = 1;
    for (int d = 0; d < view.ndim(); ++d) view_end += (view.size(d) - 1) * view.stride(d);
    for (int d = 0; d < base.ndim(); ++d) base_end += (base.size(d) - 1) * base.stride(d);
    return view.numel() == 0 ||
           (view.data() >= base.data() && view.data() + view_end * item <= base.data() + base_end * item);
}

// Gives t its place in the graph. A gradient that it is to retain is the new place's from now on.
void move_node(const Tensor& t, Ref<NodeBase> node, uint32_t nr = 0) {
    bool retained = t->retains_grad;
    if (retained) NodeBase::forget(t->node.get(), t.get());
    t->retains_grad = false;
    t->node = std::move(node);
    t->output_nr = nr;
    if (retained && t->node) retain_grad(t);
}

}  // namespace

void refresh_view(const Tensor& view) {
    Tensor base(view->base);
    check<RuntimeError>(!(view->no_grad_view && view->node), view->node ? as_node(view->node)->op->name : "",
                        ": its output of shape ", view.shape(),
                        " is a view of a tensor that has been changed in place since. Return a clone from forward.");
    view->epoch = base->epoch;
    if (view->no_grad_view || !lies_within(view, base)) return;
    Edge e = gradient_edge(base);
    if (!e.node) return move_node(view, nullptr);
    Geometry g = geometry_of(view, base);
    Ref<NodeBase> ref = Node::create(as_strided_op, 1, 1, &g, sizeof(g));
    as_node(ref)->edges()[0] = e;
    keep_shape(as_node(ref), 0, base);
    move_node(view, std::move(ref));
}

void refresh_views(const Tensor* inputs, size_t n) {
    for (size_t i = 0; i < n; ++i)
        if (inputs[i] && inputs[i].stale_view()) refresh_view(inputs[i]);
}

void rebase_history(const Tensor& self, const Ref<NodeBase>& node, uint32_t nr) {
    if (!self->base || !lies_within(self, Tensor(self->base))) {
        move_node(self, node, nr);
        ++self->epoch;
        return;
    }
    Tensor base(self->base);
    Geometry g = geometry_of(self, base);
    Ref<NodeBase> scatter = Node::create(as_strided_scatter_op, 2, 1, &g, sizeof(g));
    Node* s = as_node(scatter);
    s->edges()[0] = gradient_edge(base);
    s->edges()[1] = {node, nr};
    keep_shape(s, 0, base);
    keep_shape(s, 1, self);
    move_node(base, std::move(scatter));
    ++base->epoch;
    refresh_view(self);
}

void check_inplace(const char* op, const Tensor& self, bool recording) {
    check<RuntimeError>(!self->storage->read_only, op, ": the tensor's memory is read-only. Clone it first.");
    check<RuntimeError>(
        !has_internal_overlap(self), op, ": a tensor of shape ", self.shape(), " and strides ", self.strides(),
        " holds some element more than once (it was expanded) and cannot be written in place. Clone it first.");
    if (!grad_mode()) return;
    check<RuntimeError>(!(self->requires_grad && !self->node), op,
                        ": a leaf tensor that requires a gradient cannot be changed in place. Use no_grad(), or the "
                        "out-of-place form.");
    if (!self->base) return;
    const TensorImpl& base = *self->base;
    check<RuntimeError>(
        !(base.requires_grad && !base.node), op,
        ": a view of a leaf tensor that requires a gradient cannot be changed in place. Use no_grad().");
    check<RuntimeError>(!(recording && self->no_grad_view), op,
                        ": this view was taken under no_grad() and has no history; it cannot be changed in place where "
                        "gradients are recorded.");
}

}  // namespace chainrule
