#include "ops/reduce_rules.h"

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/reduction.h"
#include "ops/ops.h"
#include "ops/visit.h"

namespace chainrule {

uint32_t axis_bits(const char* op, const Dims& axes, int ndim) {
    if (axes.empty()) return (1u << ndim) - 1;
    uint32_t bits = 0;
    for (int64_t axis : axes) {
        int d = normalize_axis(op, axis, ndim);
        check<ValueError>(ndim == 0 || !(bits >> d & 1), op, ": an axis may be given once, got ", axes, " for ", ndim,
                          " dimensions.");
        if (ndim > 0) bits |= 1u << d;
    }
    return bits;
}

uint32_t axis_bits(const Args& a, int dim, int ndim) {
    return a.given(dim) ? axis_bits(a.name, a.ints(dim), ndim) : (1u << ndim) - 1;
}

Dims axes_of(uint32_t bits, int ndim) {
    Dims axes;
    for (int d = 0; d < ndim; ++d)
        if (bits >> d & 1) axes.push(d);
    return axes;
}

Dims reduced_shape(const Dims& shape, uint32_t axes, bool keepdim) {
    Dims out;
    for (int d = 0; d < shape.n; ++d) {
        if (!(axes >> d & 1)) out.push(shape[d]);
        else if (keepdim) out.push(1);
    }
    return out;
}

int64_t reduced_count(const Dims& shape, uint32_t axes) {
    int64_t n = 1;
    for (int d = 0; d < shape.n; ++d)
        if (axes >> d & 1) n *= shape[d];
    return n;
}

Tensor spread(const Tensor& t, const Dims& shape, const ReduceAttrs& attrs, bool recorded) {
    if (recorded) {
        Dims kept = reduced_shape(shape, attrs.axes, true);
        return expand(t.shape() == kept ? t : reshape(t, kept), shape);
    }
    Dims strides;
    strides.n = shape.n;
    for (int d = 0, from = 0; d < shape.n; ++d) {
        bool reduced = attrs.axes >> d & 1;
        strides[d] = reduced ? 0 : t.stride(from);
        if (!reduced || attrs.keepdim) ++from;
    }
    return alias(t, shape, strides, 0);
}

void reduce_into(kernels::Reduce kind, const Tensor& x, uint32_t axes, const Tensor& out) {
    Unlock unlock(x.numel());
    kernels::reduce(kind, x.dtype(), x.data(), x.shape(), x.strides(), axes, out.data());
}

AroundAxis::AroundAxis(const Dims& shape, int axis) {
    for (int d = 0; d < shape.n; ++d) (d < axis ? outer : d == axis ? n : inner) *= shape[d];
}

Tensor contiguous_data(const Tensor& t) {
    if (t.is_contiguous()) return t;
    Tensor copy = empty(t.shape(), t.dtype());
    copy_data(copy, t);
    return copy;
}

namespace {

Tensor moved_last(const Tensor& t, int axis) {
    Dims shape = t.shape(), strides = t.strides();
    shape.erase(axis);
    strides.erase(axis);
    shape.push(t.size(axis));
    strides.push(t.stride(axis));
    return alias(t, shape, strides, 0);
}

bool is_last(const Tensor& t, int axis) { return t.ndim() == 0 || axis == t.ndim() - 1; }

}  // namespace

Tensor axis_last_data(const Tensor& t, int axis) { return contiguous_data(is_last(t, axis) ? t : moved_last(t, axis)); }

void store_axis_last(const Tensor& out, const Tensor& rows, int axis) {
    copy_data(is_last(out, axis) ? out : moved_last(out, axis), rows);
}

namespace {

struct AlongAttrs {
    int axis;
    int64_t size;  // along the axis: of put_along's result, of take_along's input
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("size", size);
    }
};

// Calls move(long position, short position) for each index; long and short are the positions in the tensors that have `size` and
// index.size(axis) elements along the axis.
template <class F> void each_along(const Tensor& index, const AlongAttrs& a, const F& move) {
    AroundAxis s(index.shape(), a.axis);
    const int64_t* at = index.data<int64_t>();
    int64_t row = s.n * s.inner;
    parallel_for(s.outer, row > 0 ? kGrain / row + 1 : s.outer, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o)
            for (int64_t j = 0; j < s.n; ++j)
                for (int64_t i = 0; i < s.inner; ++i) {
                    int64_t from = o * row + j * s.inner + i;
                    move((o * a.size + at[from]) * s.inner + i, from);
                }
    });
}

extern const OpDef take_along_op;

const OpDef put_along_op = {
    .name = "put_along",
    .grad_name = "PutAlongBackward0",
    .infer =
        [](InferCtx& c) {
            Dims shape = c.input(0).shape();
            const AlongAttrs& a = c.attr<AlongAttrs>();
            if (shape.n > 0) shape[a.axis] = a.size;
            c.set(0, shape, c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            Tensor values = contiguous_data(c.input(0)), index = contiguous_data(c.input(1));
            zero_data(c.out());
            visit_bytes(values.dtype(), [&](auto zero) {
                using T = decltype(zero);
                const T* in = values.data<T>();
                T* out = c.out().data<T>();
                Unlock unlock(values.numel());
                each_along(index, c.attr<AlongAttrs>(), [&](int64_t to, int64_t from) { out[to] = in[from]; });
            });
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(take_along_op, c.attr<AlongAttrs>(), c.grad(), c.input(1))); },
    .save_input = {0, 1},
    .attr_bytes = sizeof(AlongAttrs),
    .describe = describe_attrs<AlongAttrs>,
};

const OpDef take_along_op = {
    .name = "take_along",
    .grad_name = "TakeAlongBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(1).shape(), c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            Tensor x = contiguous_data(c.input(0)), index = contiguous_data(c.input(1));
            visit_bytes(x.dtype(), [&](auto zero) {
                using T = decltype(zero);
                const T* in = x.data<T>();
                T* out = c.out().data<T>();
                Unlock unlock(index.numel());
                each_along(index, c.attr<AlongAttrs>(), [&](int64_t from, int64_t to) { out[to] = in[from]; });
            });
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(put_along_op, c.attr<AlongAttrs>(), c.grad(), c.input(1))); },
    .save_input = {0, 1},
    .attr_bytes = sizeof(AlongAttrs),
    .describe = describe_attrs<AlongAttrs>,
};

}  // namespace

Tensor take_along(const Tensor& x, const Tensor& index, int axis) {
    return run_with(take_along_op, AlongAttrs{axis, x.ndim() ? x.size(axis) : 1}, x, index);
}

Tensor put_along(const Tensor& values, const Tensor& index, int axis, int64_t size) {
    return run_with(put_along_op, AlongAttrs{axis, size}, values, index);
}

void set_chosen_grad(VjpCtx& c, int axis) {
    const Dims& shape = c.input_shape(0);
    Tensor g = c.grad(), index = detach(c.output(1));
    if (g.ndim() < shape.n) {  // the axis is gone
        g = unsqueeze(g, axis);
        index = unsqueeze(index, axis);
    }
    c.set(0, put_along(g, index, axis, shape.n ? shape[axis] : 1));
}

}  // namespace chainrule
