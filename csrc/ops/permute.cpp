// Views in another order of axes.

#include <utility>

#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"

namespace chainrule {
namespace {

// Attributes of all operations here: axis d of the result is axis order[d] of the input.
Dims permuted(const Dims& values, const Dims& order) {
    Dims out;
    for (int64_t d : order) out.push(values[static_cast<int>(d)]);
    return out;
}

Dims inverse_order(const Dims& order) {
    Dims inverse = order;
    for (int d = 0; d < order.n; ++d) inverse[static_cast<int>(order[d])] = d;
    return inverse;
}

Dims identity_order(int ndim) {
    Dims order;
    for (int d = 0; d < ndim; ++d) order.push(d);
    return order;
}

void infer_order(InferCtx& c) {
    const Dims& order = c.attr<Dims>();
    c.set_view(permuted(c.input(0).shape(), order), permuted(c.input(0).strides(), order), 0);
}

void vjp_order(VjpCtx& c) {
    Dims back = inverse_order(c.attr<Dims>());
    const Tensor& g = c.grad();
    if (c.create_graph()) c.set(0, run_with(c.op(), back, g));
    else c.set(0, alias(g, permuted(g.shape(), back), permuted(g.strides(), back), 0));
}

Dims swapped(const char* op, int ndim, int64_t a, int64_t b) {
    int i = normalize_axis(op, a, ndim), j = normalize_axis(op, b, ndim);
    Dims order = identity_order(ndim);
    if (ndim > 0) std::swap(order[i], order[j]);
    return order;
}

Dims checked_order(const char* op, const Dims& axes, const Tensor& x) {
    check<ValueError>(axes.n == x.ndim(), op, ": every axis must be named once, got ", axes, " for shape ", x.shape());
    Dims order;
    uint32_t seen = 0;
    for (int64_t axis : axes) {
        int d = normalize_axis(op, axis, x.ndim());
        check<ValueError>(!(seen >> d & 1), op, ": every axis must be named once, got ", axes, " for shape ",
                          x.shape());
        seen |= 1u << d;
        order.push(d);
    }
    return order;
}

}  // namespace

// ---- permute: axes in any order ----
const OpDef permute_op = {
    .name = "permute",
    .grad_name = "PermuteBackward0",
    .infer = infer_order,
    .vjp = vjp_order,
    .attr_bytes = sizeof(Dims),
    .describe = describe_attrs<Dims>,
};
Tensor permute(const Tensor& x, const Dims& axes) { return run_with(permute_op, checked_order("permute", axes, x), x); }
const Register permute_fn({"permute",
                           kMethod | kFunction,
                           R"(A view with the axes in another order.

Args:
    dims: axis d of the result is axis dims[d] of the input.

Example:
    >>> chainrule.zeros(2, 3, 4).permute(2, 0, 1).shape
    chainrule.Size([4, 2, 3])
)",
                           {{"permute(Tensor input, size dims)",
                             [](Args& a) { a.ret(permute(a.tensor(0), a.ints(1))); }}}});

// ---- transpose: two axes change places ----
const OpDef transpose_op = {
    .name = "transpose",
    .grad_name = "TransposeBackward0",
    .infer = infer_order,
    .vjp = vjp_order,
    .attr_bytes = sizeof(Dims),
    .describe = describe_attrs<Dims>,
};
Tensor transpose(const Tensor& x, int64_t a, int64_t b) {
    return run_with(transpose_op, swapped("transpose", x.ndim(), a, b), x);
}
namespace {
constexpr const char* kTransposeDoc = R"(A view with two axes exchanged.

Example:
    >>> chainrule.zeros(2, 3, 4).transpose(0, 2).shape
    chainrule.Size([4, 3, 2])
)";
void call_transpose(Args& a) { a.ret(transpose(a.tensor(0), a.integer(1), a.integer(2))); }
}  // namespace
const Register transpose_fn({"transpose",
                             kMethod | kFunction,
                             kTransposeDoc,
                             {{"transpose(Tensor input, int dim0, int dim1)", call_transpose}}});
const Register swapaxes_fn({"swapaxes",
                            kMethod | kFunction,
                            kTransposeDoc,
                            {{"swapaxes(Tensor input, int axis0, int axis1)", call_transpose}}});
const Register swapdims_fn(
    {"swapdims", kMethod | kFunction, kTransposeDoc, {{"swapdims(Tensor input, int dim0, int dim1)", call_transpose}}});

// ---- t: the transpose of a matrix ----
const OpDef t_op = {
    .name = "t",
    .grad_name = "TBackward0",
    .infer = infer_order,
    .vjp = vjp_order,
    .attr_bytes = sizeof(Dims),
    .describe = describe_attrs<Dims>,
};
namespace {
Tensor t(const Tensor& x) {
    check<ValueError>(x.ndim() <= 2, "t: the tensor must have at most 2 axes, got shape ", x.shape(),
                      ". Use transpose() or mT.");
    return x.ndim() < 2 ? run_with(t_op, identity_order(x.ndim()), x) : run_with(t_op, Dims{1, 0}, x);
}
}  // namespace
const Register t_fn({"t",
                     kMethod | kFunction,
                     R"(The transpose of a matrix, as a view; vectors and numbers stay as they are.

Example:
    >>> chainrule.zeros(2, 3).t().shape
    chainrule.Size([3, 2])
)",
                     {{"t(Tensor input)", [](Args& a) { a.ret(t(a.tensor(0))); }}}});

// x.T, x.H and x.mT
Tensor transpose_all(const Tensor& x) {
    Dims order;
    for (int d = x.ndim() - 1; d >= 0; --d) order.push(d);
    return run_with(permute_op, order, x);
}
Tensor transpose_matrices(const Tensor& x) {
    check<ValueError>(x.ndim() >= 2, "mT: the tensor must have at least 2 axes, got shape ", x.shape());
    return transpose(x, -2, -1);
}
Tensor adjoint(const Tensor& x) {
    check<ValueError>(x.ndim() == 2 || x.ndim() == 0, "H: the tensor must be a matrix, got shape ", x.shape(),
                      ". Use mT.");
    return x.ndim() == 0 ? x : transpose(x, 0, 1);
}
const Register adjoint_fn({"adjoint",
                           kMethod | kFunction,
                           R"(The last two axes exchanged (there are no complex tensors).

Example:
    >>> chainrule.adjoint(chainrule.zeros(5, 2, 3)).shape
    chainrule.Size([5, 3, 2])
)",
                           {{"adjoint(Tensor input)", [](Args& a) { a.ret(transpose_matrices(a.tensor(0))); }}}});

// ---- movedim: some axes to new places, the others keep their order ----
Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination) {
    check<ValueError>(source.n == destination.n, "movedim: as many sources as destinations are needed, got ", source,
                      " and ", destination);
    Dims order;
    order.n = x.ndim();
    uint32_t taken = 0, filled = 0;
    for (int i = 0; i < source.n; ++i) {
        int from = normalize_axis("movedim", source[i], x.ndim()),
            to = normalize_axis("movedim", destination[i], x.ndim());
        check<ValueError>(!(taken >> from & 1) && !(filled >> to & 1), "movedim: axes must not repeat, got ", source,
                          " and ", destination);
        taken |= 1u << from;
        filled |= 1u << to;
        if (x.ndim() > 0) order[to] = from;
    }
    int next = 0;
    for (int d = 0; d < x.ndim(); ++d) {
        if (filled >> d & 1) continue;
        while (taken >> next & 1) ++next;
        order[d] = next++;
    }
    return run_with(permute_op, order, x);
}
namespace {
constexpr const char* kMovedimDoc = R"(Moves axes to new places; the others keep their order.

Args:
    source: one axis or several.
    destination: where they stand in the result.

Example:
    >>> chainrule.zeros(2, 3, 4).movedim(0, -1).shape
    chainrule.Size([3, 4, 2])
)";
void call_movedim(Args& a) { a.ret(movedim(a.tensor(0), a.ints(1), a.ints(2))); }
}  // namespace
const Register movedim_fn({"movedim",
                           kMethod | kFunction,
                           kMovedimDoc,
                           {{"movedim(Tensor input, ints source, ints destination)", call_movedim}}});
const Register moveaxis_fn({"moveaxis",
                            kMethod | kFunction,
                            kMovedimDoc,
                            {{"moveaxis(Tensor input, ints source, ints destination)", call_movedim}}});

// ---- unsqueeze_, squeeze_, transpose_, t_: the tensor itself takes on the view's shape; nothing is written ----
Tensor become(const char* op, const Tensor& self, const Tensor& view) {
    check<RuntimeError>(
        self->node || !self->requires_grad, op,
        ": the shape of a leaf tensor that requires a gradient can't be changed in place. Use the form without _.");
    check<RuntimeError>(!self->retains_grad, op,
                        ": the tensor retains its gradient, whose shape would change. Use the form without _.");
    self->data = view->data;
    set_geometry(self.get(), view.shape(), view.strides());
    self->node = view->node;
    self->output_nr = view->output_nr;
    return self;
}
const Register unsqueeze_inplace_fn({"unsqueeze",
                                     kInplaceOnly,
                                     R"(unsqueeze() of the tensor itself.

Example:
    >>> chainrule.zeros(3).unsqueeze_(0).shape
    chainrule.Size([1, 3])
)",
                                     {{"unsqueeze_(Tensor input, int dim)", [](Args& a) {
                                           a.ret(
                                               become("unsqueeze_", a.tensor(0), unsqueeze(a.tensor(0), a.integer(1))));
                                       }}}});
const Register squeeze_inplace_fn({"squeeze",
                                   kInplaceOnly,
                                   R"(squeeze() of the tensor itself.

Example:
    >>> chainrule.zeros(1, 3).squeeze_().shape
    chainrule.Size([3])
)",
                                   {{"squeeze_(Tensor input, int dim=None)", [](Args& a) {
                                         const Tensor& x = a.tensor(0);
                                         a.ret(
                                             become("squeeze_", x, a.given(1) ? squeeze(x, a.integer(1)) : squeeze(x)));
                                     }}}});
namespace {
void call_transpose_inplace(Args& a) {
    a.ret(become(a.name, a.tensor(0), transpose(a.tensor(0), a.integer(1), a.integer(2))));
}
}  // namespace
const Register transpose_inplace_fn({"transpose",
                                     kInplaceOnly,
                                     R"(transpose() of the tensor itself.

Example:
    >>> chainrule.zeros(2, 3).transpose_(0, 1).shape
    chainrule.Size([3, 2])
)",
                                     {{"transpose_(Tensor input, int dim0, int dim1)", call_transpose_inplace}}});
const Register swapaxes_inplace_fn({"swapaxes",
                                    kInplaceOnly,
                                    "transpose_() by NumPy's name.",
                                    {{"swapaxes_(Tensor input, int axis0, int axis1)", call_transpose_inplace}}});
const Register swapdims_inplace_fn({"swapdims",
                                    kInplaceOnly,
                                    "transpose_() by another name.",
                                    {{"swapdims_(Tensor input, int dim0, int dim1)", call_transpose_inplace}}});
const Register t_inplace_fn({"t",
                             kInplaceOnly,
                             R"(t() of the tensor itself.

Example:
    >>> chainrule.zeros(2, 3).t_().shape
    chainrule.Size([3, 2])
)",
                             {{"t_(Tensor input)",
                               [](Args& a) { a.ret(become("t_", a.tensor(0), t(a.tensor(0)))); }}}});

}  // namespace chainrule
