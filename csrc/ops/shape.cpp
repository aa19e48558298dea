// Views that keep every element: other shapes, and copies made where a view cannot be.

#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"

namespace chainrule {

Dims resolve_shape(const char* op, const Dims& wanted, const Dims& from) {
    Dims shape = wanted;
    int64_t numel = numel_of(from), known = 1;
    int unknown = -1;
    for (int d = 0; d < shape.n; ++d) {
        if (shape[d] == -1) {
            check<ValueError>(unknown < 0, op, ": at most one size may be -1, got ", wanted);
            unknown = d;
            continue;
        }
        bool ok = shape[d] >= 0 && !__builtin_mul_overflow(known, shape[d], &known);
        check<ValueError>(
            ok, op, ": sizes must be non-negative (or one of them -1) and their product must fit int64, got ", wanted);
    }
    if (unknown >= 0) {
        check<ValueError>(known > 0, op, ": -1 can't be worked out beside a size of 0, got ", wanted, " for ", from);
        shape[unknown] = numel / known;
        known *= shape[unknown];
    }
    check<ValueError>(known == numel, op, ": the element counts must match, got ", from, " (", numel, " elements) to ",
                      wanted, ".");
    return shape;
}

bool view_strides(const Dims& shape, const Dims& strides, const Dims& to, Dims& out) {
    out = contiguous_strides(to);
    if (is_contiguous(shape, strides)) return true;
    // Axes that follow each other without a gap merge into blocks; each new axis must lie within one block.
    Dims size, step;
    for (int d = 0; d < shape.n; ++d) {
        if (shape[d] == 1) continue;
        if (size.n && step[size.n - 1] == shape[d] * strides[d]) {
            size[size.n - 1] *= shape[d];
            step[size.n - 1] = strides[d];
        } else {
            size.push(shape[d]);
            step.push(strides[d]);
        }
    }
    int block = size.n - 1;
    int64_t inside = 1;
    for (int d = to.n - 1; d >= 0; --d) {
        if (to[d] == 1) continue;
        if (block < 0) return false;
        out[d] = step[block] * inside;
        inside *= to[d];
        if (size[block] % inside != 0) return false;
        if (size[block] != inside) continue;
        --block;
        inside = 1;
    }
    return true;
}

namespace {

// The gradient seen in another shape. Without a history it shares memory and nothing else, so that who gets it may own it.
Tensor grad_in_shape(VjpCtx& c, const Dims& shape) {
    Dims strides;
    const Tensor& g = c.grad();
    if (!c.create_graph() && view_strides(g.shape(), g.strides(), shape, strides)) return alias(g, shape, strides, 0);
    return reshape(g, shape);
}

void infer_view(InferCtx& c) {
    Dims& shape = c.attr<Dims>();
    const Tensor& t = c.input(0);
    shape = resolve_shape("view", shape, t.shape());
    Dims strides;
    if (!view_strides(t.shape(), t.strides(), shape, strides))
        fail<ValueError>("view: shape ", t.shape(), " with strides ", t.strides(), " can't be seen as ", shape,
                         " without a copy. Use reshape(), or contiguous() first.");
    c.set_view(shape, strides, 0);
}

}  // namespace

void reshape_vjp(VjpCtx& c) { c.set(0, grad_in_shape(c, c.input_shape(0))); }

// ---- view: the same memory in another shape ----
const OpDef view_op = {
    .name = "view",
    .grad_name = "ViewBackward0",
    .infer = infer_view,
    .vjp = reshape_vjp,
    .keep_shape = 1,
    .attr_bytes = sizeof(Dims),
    .describe = describe_attrs<Dims>,
};
Tensor view(const Tensor& x, const Dims& shape) { return run_with(view_op, shape, x); }
namespace {
// A bool is a byte that is 0 or 1; other bytes read as bool would be neither true nor false.
void check_truths(const Tensor& x) {
    GradMode off(false);
    check<TypeError>(x.dtype() == DType::UInt8, "view: bytes of ", x.dtype(), " cannot be read as bool. Use != 0.");
    bool fits = x.numel() == 0 || *reinterpret_cast<const uint8_t*>(amax(x).data()) <= 1;
    check<ValueError>(fits, "view: bytes other than 0 and 1 cannot be read as bool. Use != 0.");
}
// The same bytes read as another dtype; of another size, the last axis grows or shrinks.
Tensor view_of_bits(const Tensor& x, DType dtype) {
    check<RuntimeError>(!grad_mode() || !x.requires_grad(), "view: there is no gradient through the bits of ",
                        x.dtype(), " read as ", dtype, ". Use .to() to convert the values, or detach() first.");
    if (dtype == DType::Bool && x.dtype() != DType::Bool) check_truths(x);
    int64_t from = static_cast<int64_t>(item_size(x.dtype())), to = static_cast<int64_t>(item_size(dtype));
    Dims shape = x.shape(), strides = x.strides();
    if (from != to) {
        int last = x.ndim() - 1;
        check<ValueError>(last >= 0 && (x.size(last) <= 1 || x.stride(last) == 1) && x.size(last) * from % to == 0,
                          "view: elements of ", to, " bytes must fill the last axis, whose elements of ", from,
                          " bytes must be neighbours, got shape ", x.shape(), " and strides ", x.strides(), ".");
        shape[last] = x.size(last) * from / to;
        for (int d = 0; d < last; ++d) {
            check<ValueError>(x.stride(d) * from % to == 0, "view: strides must be multiples of ", to, " bytes, got ",
                              x.strides(), ".");
            strides[d] = x.stride(d) * from / to;
        }
        strides[last] = 1;
        check<ValueError>(reinterpret_cast<uintptr_t>(x.data()) % static_cast<uintptr_t>(to) == 0,
                          "view: the first element must lie at a multiple of ", to, " bytes.");
    }
    Tensor y = alias(x);
    y->dtype = dtype;
    set_geometry(y.get(), shape, strides);
    return y;
}
}  // namespace
const Register view_fn({"view",
                        kMethod,
                        R"(The same elements in another shape, sharing memory.

Args:
    size: the new sizes; one of them may be -1 and is then worked out.
    dtype: instead: read the same bytes as elements of this dtype.

Raises:
    ValueError: the counts of elements differ, or the memory's layout needs a copy (use reshape).

Example:
    >>> chainrule.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
)",
                        {{"view(Tensor input, size size)", [](Args& a) { a.ret(view(a.tensor(0), a.ints(1))); }},
                         {"view(Tensor input, Dtype dtype)",
                          [](Args& a) { a.ret(view_of_bits(a.tensor(0), a.dtype(1, DType::Float32))); }}}});

const Register view_as_fn({"view_as",
                           kMethod,
                           R"(view() in the shape of another tensor.

Example:
    >>> chainrule.arange(4).view_as(chainrule.zeros(2, 2)).shape
    chainrule.Size([2, 2])
)",
                           {{"view_as(Tensor input, Tensor other)",
                             [](Args& a) { a.ret(view(a.tensor(0), a.tensor(1).shape())); }}}});

// ---- reshape: a view where the layout allows one, otherwise a copy ----
Tensor reshape(const Tensor& x, const Dims& shape) {
    Dims to = resolve_shape("reshape", shape, x.shape()), strides;
    if (view_strides(x.shape(), x.strides(), to, strides)) return view(x, to);
    Tensor copy = view(clone(x), to);
    copy->base.reset();  // nobody else sees the clone's memory
    return copy;
}
const Register reshape_fn({"reshape",
                           kMethod | kFunction,
                           R"(The same elements, in row-major order, in another shape.

Shares memory where the layout allows, otherwise copies.

Args:
    shape: the new sizes; one of them may be -1 and is then worked out.

Raises:
    ValueError: the counts of elements differ.

Example:
    >>> chainrule.reshape(chainrule.arange(6), (3, 2))
    tensor([[0, 1],
            [2, 3],
            [4, 5]])
)",
                           {{"reshape(Tensor input, size shape)",
                             [](Args& a) { a.ret(reshape(a.tensor(0), a.ints(1))); }}}});

const Register reshape_as_fn({"reshape_as",
                              kMethod,
                              R"(reshape() to the shape of another tensor.

Example:
    >>> chainrule.arange(4).reshape_as(chainrule.zeros(2, 2)).shape
    chainrule.Size([2, 2])
)",
                              {{"reshape_as(Tensor input, Tensor other)",
                                [](Args& a) { a.ret(reshape(a.tensor(0), a.tensor(1).shape())); }}}});

// ---- flatten, unflatten, ravel ----
Tensor flatten(const Tensor& x, int64_t start, int64_t end) {
    if (x.ndim() == 0) return reshape(x, {1});
    int a = normalize_axis("flatten", start, x.ndim()), b = normalize_axis("flatten", end, x.ndim());
    check<ValueError>(a <= b, "flatten: start_dim must not come after end_dim, got ", start, " and ", end,
                      " for shape ", x.shape());
    if (a == b) return x;
    Dims shape;
    int64_t merged = 1;
    for (int d = 0; d < x.ndim(); ++d) {
        if (d >= a && d <= b) merged *= x.size(d);
        if (d == b) shape.push(merged);
        if (d < a || d > b) shape.push(x.size(d));
    }
    return reshape(x, shape);
}
const Register flatten_fn({"flatten",
                           kMethod | kFunction,
                           R"(Merges the axes from start_dim to end_dim into one.

Example:
    >>> chainrule.zeros(2, 3, 4).flatten(1).shape
    chainrule.Size([2, 12])
)",
                           {{"flatten(Tensor input, int start_dim=0, int end_dim=-1)",
                             [](Args& a) { a.ret(flatten(a.tensor(0), a.integer(1, 0), a.integer(2, -1))); }}}});

Tensor unflatten(const Tensor& x, int64_t axis, const Dims& sizes) {
    int d = normalize_axis("unflatten", axis, x.ndim());
    check<ValueError>(x.ndim() > 0 && sizes.n > 0, "unflatten: needs an axis and at least one size, got shape ",
                      x.shape(), " and sizes ", sizes);
    Dims parts = resolve_shape("unflatten", sizes, {x.size(d)}), shape;
    for (int i = 0; i < d; ++i) shape.push(x.size(i));
    for (int64_t s : parts) shape.push(s);
    for (int i = d + 1; i < x.ndim(); ++i) shape.push(x.size(i));
    return reshape(x, shape);
}
const Register unflatten_fn({"unflatten",
                             kMethod | kFunction,
                             R"(Splits one axis into several.

Args:
    dim: the axis to split.
    sizes: its new sizes, whose product is the old one; one may be -1.

Example:
    >>> chainrule.zeros(2, 12).unflatten(1, (3, -1)).shape
    chainrule.Size([2, 3, 4])
)",
                             {{"unflatten(Tensor input, int dim, ints sizes)",
                               [](Args& a) { a.ret(unflatten(a.tensor(0), a.integer(1), a.ints(2))); }}}});

const Register ravel_fn({"ravel",
                         kMethod | kFunction,
                         R"(All elements in one axis, one beside the other; a view where they lie so.

Example:
    >>> chainrule.ravel(chainrule.ones(2, 2))
    tensor([1., 1., 1., 1.])
)",
                         {{"ravel(Tensor input)",
                           [](Args& a) { a.ret(contiguous(reshape(a.tensor(0), {a.tensor(0).numel()}))); }}}});

// ---- squeeze, unsqueeze: axes of size 1 leave or come ----
namespace {
void infer_squeeze(InferCtx& c) {
    uint32_t axes = c.attr<uint32_t>();
    const Tensor& t = c.input(0);
    Dims shape, strides;
    for (int d = 0; d < t.ndim(); ++d) {
        if (axes >> d & 1 && t.size(d) == 1) continue;
        shape.push(t.size(d));
        strides.push(t.stride(d));
    }
    c.set_view(shape, strides, 0);
}
}  // namespace
const OpDef squeeze_op = {
    .name = "squeeze",
    .grad_name = "SqueezeBackward1",
    .infer = infer_squeeze,
    .vjp = reshape_vjp,
    .keep_shape = 1,
    .attr_bytes = sizeof(uint32_t),
    .describe = describe_attrs<uint32_t>,
};
Tensor squeeze(const Tensor& x) { return run_with(squeeze_op, ~uint32_t{0}, x); }
Tensor squeeze(const Tensor& x, int64_t axis) {
    return run_with(squeeze_op, uint32_t{1} << normalize_axis("squeeze", axis, x.ndim()), x);
}
namespace {
Tensor squeeze_axes(const Tensor& x, const Dims& axes) {
    uint32_t mask = 0;
    for (int64_t axis : axes) mask |= uint32_t{1} << normalize_axis("squeeze", axis, x.ndim());
    return run_with(squeeze_op, mask, x);
}
}  // namespace
const Register squeeze_fn({"squeeze",
                           kMethod | kFunction,
                           R"(Drops axes of size 1: all of them, or those named.

Args:
    dim: one axis or several; a named axis whose size isn't 1 stays.

Example:
    >>> chainrule.zeros(1, 3, 1).squeeze().shape
    chainrule.Size([3])
    >>> chainrule.zeros(1, 3, 1).squeeze(0).shape
    chainrule.Size([3, 1])
)",
                           {{"squeeze(Tensor input, ints dim=None)", [](Args& a) {
                                 a.ret(a.given(1) ? squeeze_axes(a.tensor(0), a.ints(1)) : squeeze(a.tensor(0)));
                             }}}});

const OpDef unsqueeze_op = {
    .name = "unsqueeze",
    .grad_name = "UnsqueezeBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor& t = c.input(0);
            int axis = normalize_axis("unsqueeze", c.attr<int64_t>(), t.ndim() + 1);
            Dims shape = t.shape(), strides = t.strides();
            strides.insert(axis, axis < t.ndim() ? t.size(axis) * t.stride(axis) : 1);
            shape.insert(axis, 1);
            c.set_view(shape, strides, 0);
        },
    .vjp = reshape_vjp,
    .keep_shape = 1,
    .attr_bytes = sizeof(int64_t),
    .describe = describe_attrs<int64_t>,
};
Tensor unsqueeze(const Tensor& x, int64_t axis) { return run_with(unsqueeze_op, axis, x); }
const Register unsqueeze_fn({"unsqueeze",
                             kMethod | kFunction,
                             R"(Inserts an axis of size 1.

Args:
    dim: where the new axis stands in the result, in [-ndim - 1, ndim].

Example:
    >>> chainrule.zeros(3).unsqueeze(-1).shape
    chainrule.Size([3, 1])
)",
                             {{"unsqueeze(Tensor input, int dim)",
                               [](Args& a) { a.ret(unsqueeze(a.tensor(0), a.integer(1))); }}}});

// ---- expand: repeats along new or size-1 axes without copying (its OpDef stands in autograd/basic_ops.cpp) ----
Tensor expand_to(const Tensor& x, const Dims& sizes) {
    Dims shape = sizes;
    int lead = shape.n - x.ndim();
    for (int d = 0; d < shape.n; ++d) {
        if (shape[d] == -1 && d >= lead) shape[d] = x.size(d - lead);
        check<ValueError>(shape[d] >= 0, "expand: sizes must be non-negative, and -1 keeps an axis that exists, got ",
                          sizes, " for shape ", x.shape());
    }
    checked_numel("expand", shape);
    return run_with(expand_op, shape, x);
}
const Register expand_fn({"expand",
                          kMethod,
                          R"(Repeats along axes of size 1, and along new leading axes, without copying.

The gradient is summed over what was repeated. The result can't be written in place: its elements share memory.

Args:
    size: the new sizes; -1 keeps a size.

Example:
    >>> chainrule.tensor([[1.], [2.]]).expand(-1, 3)
    tensor([[1., 1., 1.],
            [2., 2., 2.]])
)",
                          {{"expand(Tensor input, size size, *, bool implicit=False)",
                            [](Args& a) { a.ret(expand_to(a.tensor(0), a.ints(1))); }}}});

const Register expand_as_fn({"expand_as",
                             kMethod,
                             R"(expand() to the shape of another tensor.

Example:
    >>> chainrule.ones(1, 2).expand_as(chainrule.zeros(3, 2)).shape
    chainrule.Size([3, 2])
)",
                             {{"expand_as(Tensor input, Tensor other)",
                               [](Args& a) { a.ret(expand_to(a.tensor(0), a.tensor(1).shape())); }}}});

const Register broadcast_to_fn({"broadcast_to",
                                kMethod | kFunction,
                                R"(Broadcasts to a shape, as arithmetic does; shares memory.

Example:
    >>> chainrule.broadcast_to(chainrule.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
)",
                                {{"broadcast_to(Tensor input, size size)",
                                  [](Args& a) { a.ret(expand_to(a.tensor(0), a.ints(1))); }}}});

// ---- contiguous, clone, detach ----
Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : clone(x); }
const Register contiguous_fn({"contiguous",
                              kMethod,
                              R"(The tensor itself if it lies row-major in memory, otherwise such a copy.

Example:
    >>> chainrule.zeros(2, 3).t().contiguous().stride()
    (2, 1)
)",
                              {{"contiguous(Tensor input, *, any memory_format=None)",
                                [](Args& a) { a.ret(contiguous(a.tensor(0))); }}}});

const Register clone_fn({"clone",
                         kMethod | kFunction,
                         R"(A copy in memory of its own; gradients flow through it.

Example:
    >>> x = chainrule.zeros(2)
    >>> y = x.clone()
    >>> _ = y.fill_(1.)
    >>> x
    tensor([0., 0.])
)",
                         {{"clone(Tensor input, *, any memory_format=None)",
                           [](Args& a) { a.ret(clone(a.tensor(0))); }}}});

Tensor detach(const Tensor& x) {
    Tensor t = alias(x);
    t->wrapped_number = false;
    return t;
}
const Register detach_fn({"detach",
                          kMethod | kFunction | kNoGradient,
                          R"(The same memory without history: no gradient flows back.

Example:
    >>> x = chainrule.ones(1, requires_grad=True)
    >>> x.detach().requires_grad
    False
)",
                          {{"detach(Tensor input)", [](Args& a) { a.ret(detach(a.tensor(0))); }}}});

const Register detach_inplace_fn({"detach",
                                  kInplaceOnly | kNoGradient,
                                  R"(Takes the tensor out of its graph; it becomes a leaf.

Raises:
    RuntimeError: the tensor is a view (its history is its base's). Use detach().

Example:
    >>> y = chainrule.ones(1, requires_grad=True) * 2
    >>> y.detach_().is_leaf
    True
)",
                                  {{"detach_(Tensor input)", [](Args& a) {
                                        const Tensor& t = a.tensor(0);
                                        check<RuntimeError>(
                                            !t->base || !t.requires_grad(),
                                            "detach_: a view can't be detached in place. Use detach().");
                                        if (t->retains_grad && t->node) NodeBase::forget(t->node.get(), t.get());
                                        t->retains_grad = false;
                                        t->node.reset();
                                        t->output_nr = 0;
                                        t->requires_grad = false;
                                        a.ret(t);
                                    }}}});

const Register real_fn({"real",
                        kFunction,
                        R"(The real part: the tensor itself, as there are no complex tensors.

Example:
    >>> chainrule.real(chainrule.tensor([1., 2.]))
    tensor([1., 2.])
)",
                        {{"real(Tensor input)", [](Args& a) { a.ret(a.tensor(0)); }}}});

}  // namespace chainrule
