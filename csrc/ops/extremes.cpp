// Largest and smallest elements and where they are.

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/kernels.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {

using kernels::Reduce;

namespace {

void check_not_empty(const char* op, const Dims& shape, uint32_t axes) {
    for (int d = 0; d < shape.n; ++d)
        check<ValueError>(!(axes >> d & 1) || shape[d] != 0, op, ": no elements to choose from, got shape ", shape,
                          " (axis ", d, " is empty).");
}

// ---- over any axes: ties share the gradient evenly ----

void infer_extreme(InferCtx& c) {
    const ReduceAttrs& a = c.attr<ReduceAttrs>();
    const Tensor& x = c.input(0);
    check_not_empty(c.op.name, x.shape(), a.axes);
    c.set(0, reduced_shape(x.shape(), a.axes, a.keepdim), wide(x.dtype()));
}

void eval_extreme(EvalCtx& c) {
    reduce_into(static_cast<Reduce>(c.op.kernel), c.input(0), c.attr<ReduceAttrs>().axes, c.out());
}

bool any_nan(const Tensor& t) {
    Tensor found = empty({}, DType::Bool), each = isnan(detach(t));
    reduce_into(Reduce::Any, each, (1u << t.ndim()) - 1, found);
    return *found.data<bool>();
}

// Where x has the extreme value, NaN among NaN included.
Tensor tied(const Tensor& x, const Tensor& extreme, bool nan) {
    Tensor mask = eq(x, extreme);
    return nan ? logical_or(mask, logical_and(isnan(x), isnan(extreme))) : mask;
}

void vjp_extreme(VjpCtx& c) {
    const ReduceAttrs& a = c.attr<ReduceAttrs>();
    Tensor x = c.input(0), y = c.output();
    Tensor mask = tied(detach(x), spread(detach(y), x.shape(), a, false), any_nan(y));
    Tensor count = cast(sum(mask, axes_of(a.axes, x.ndim()), a.keepdim), x.dtype());
    if (a.axes == 0) count = ones_like(y);
    c.set(0, masked_mul(mask, spread(c.grad() / count, x.shape(), a, c.create_graph())));
}

constexpr OpDef extreme_op(const char* name, const char* grad_name, Reduce kind) {
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer_extreme, .eval = eval_extreme, .vjp = vjp_extreme};
    op.kernel = static_cast<uint32_t>(kind);
    op.reads_narrow = true;
    op.save_input[0] = 1;
    op.save_output[0] = 1;
    op.attr_bytes = sizeof(ReduceAttrs);
    op.describe = describe_attrs<ReduceAttrs>;
    return op;
}

template <const OpDef& op> void call_extreme(Args& a) {
    const Tensor& x = a.tensor(0);
    a.ret(run_with(op, ReduceAttrs{axis_bits(a, 1, x.ndim()), a.flag(2)}, x));
}

template <const OpDef& op> void call_whole(Args& a) {
    const Tensor& x = a.tensor(0);
    a.ret(run_with(op, ReduceAttrs{(1u << x.ndim()) - 1, false}, x));
}

// ---- along one axis, with the index: the gradient goes to the element that was returned ----

struct AxisAttrs {
    int axis;
    bool keepdim, largest;
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("keepdim", keepdim);
        v("largest", largest);
    }
};

kernels::ArgReduce arg_kernel(DType t, bool largest) {
    const kernels::Table& k = kernels::kernels();
    return (largest ? k.argmax : k.argmin)[static_cast<int>(t)];
}

// values may be null.
void find_along(const Tensor& x, int axis, bool largest, char* values, int64_t* index) {
    AroundAxis s(x.shape(), axis);
    if (s.outer * s.inner == 0) return;  // no results
    Tensor source = contiguous_data(x);
    kernels::ArgReduce find = arg_kernel(x.dtype(), largest);
    int64_t item = static_cast<int64_t>(x.item_size());
    const char* in = source.data();
    Unlock unlock(x.numel());
    auto run = [&](int64_t o, int64_t first, int64_t count, int64_t outer_stride, int64_t stride) {
        int64_t out = o * s.inner + first;
        find(in + (o * s.n * s.inner + first * outer_stride) * item, values ? values + out * item : nullptr,
             index + out, count, s.n, outer_stride, stride);
    };
    int64_t grain = kGrain / (s.n > 0 ? s.n : 1) + 1;
    if (s.inner == 1) {
        parallel_for(s.outer, grain, [&](int64_t begin, int64_t end) { run(begin, 0, end - begin, s.n, 1); });
        return;
    }
    parallel_for(s.outer, grain / s.inner + 1, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o) run(o, 0, s.inner, 1, s.inner);
    });
}

void infer_axis(InferCtx& c) {
    const AxisAttrs& a = c.attr<AxisAttrs>();
    const Tensor& x = c.input(0);
    check<TypeError>(arg_kernel(x.dtype(), a.largest) != nullptr, c.op.name, ": not defined for ", x.dtype(),
                     " tensors. Convert the input, e.g. with .int().");
    uint32_t bit = x.ndim() ? 1u << a.axis : 0;
    check_not_empty(c.op.name, x.shape(), bit);
    c.set(0, reduced_shape(x.shape(), bit, a.keepdim), x.dtype());
    c.set(1, c.out[0].shape, DType::Int64);
}

void eval_axis(EvalCtx& c) {
    const AxisAttrs& a = c.attr<AxisAttrs>();
    find_along(c.input(0), a.axis, a.largest, c.out(0).data(), c.out(1).data<int64_t>());
}

void vjp_axis(VjpCtx& c) { set_chosen_grad(c, c.attr<AxisAttrs>().axis); }

constexpr OpDef axis_op(const char* name, const char* grad_name) {
    OpDef op = {.name = name, .grad_name = grad_name, .infer = infer_axis, .eval = eval_axis, .vjp = vjp_axis};
    op.save_output[1] = 1;
    op.keep_shape = 1;
    op.attr_bytes = sizeof(AxisAttrs);
    op.describe = describe_attrs<AxisAttrs>;
    return op;
}

template <const OpDef& op> void call_axis(Args& a, bool largest, const char* const* fields) {
    const Tensor& x = a.tensor(0);
    AxisAttrs attrs{normalize_axis(a.name, a.integer(1), x.ndim()), a.flag(2), largest};
    Tensor out[2];
    dispatch(op, &x, 1, &attrs, out, 2);
    a.ret_tuple({out[0], out[1]}, fields);
}

// ---- the index alone ----

const OpDef arg_extreme_op = {
    .name = "argmax",
    .grad_name = "",
    .infer =
        [](InferCtx& c) {
            infer_axis(c);
            c.out[0].dtype = DType::Int64;
        },
    .eval =
        [](EvalCtx& c) {
            const AxisAttrs& a = c.attr<AxisAttrs>();
            find_along(c.input(0), a.axis, a.largest, nullptr, c.out().data<int64_t>());
        },
    .attr_bytes = sizeof(AxisAttrs),
    .describe = describe_attrs<AxisAttrs>,
};

Tensor arg_extreme(Args& a, bool largest) {
    const Tensor& x = a.tensor(0);
    if (a.given(1)) {
        int axis = normalize_axis(a.name, a.integer(1), x.ndim());
        check_not_empty(a.name, x.shape(), x.ndim() ? 1u << axis : 0);
        return run_with(arg_extreme_op, AxisAttrs{axis, a.flag(2), largest}, x);
    }
    check<ValueError>(x.numel() > 0, a.name, ": no elements to choose from, got shape ", x.shape(), ".");
    Tensor index = run_with(arg_extreme_op, AxisAttrs{0, false, largest}, reshape(detach(x), {x.numel()}));
    return a.flag(2) ? reshape(index, reduced_shape(x.shape(), (1u << x.ndim()) - 1, true)) : index;
}

constexpr const char* kMaxFields[] = {"max", "values", "indices", nullptr};
constexpr const char* kMinFields[] = {"min", "values", "indices", nullptr};

}  // namespace

const OpDef amax_op = extreme_op("amax", "AmaxBackward0", Reduce::Max);
const OpDef amin_op = extreme_op("amin", "AminBackward0", Reduce::Min);
const OpDef max_op = extreme_op("max", "MaxBackward1", Reduce::Max);
const OpDef min_op = extreme_op("min", "MinBackward1", Reduce::Min);
const OpDef max_dim_op = axis_op("max", "MaxBackward0");
const OpDef min_dim_op = axis_op("min", "MinBackward0");

Tensor amax(const Tensor& x, const Dims& axes, bool keepdim) {
    return run_with(amax_op, ReduceAttrs{axis_bits("amax", axes, x.ndim()), keepdim}, x);
}
Tensor amin(const Tensor& x, const Dims& axes, bool keepdim) {
    return run_with(amin_op, ReduceAttrs{axis_bits("amin", axes, x.ndim()), keepdim}, x);
}

const Register amax_fn({"amax",
                        kMethod | kFunction | kExactOut,
                        R"(Largest element over axes; tied elements share the gradient evenly.

    y = max_i x_i,  dx_i = dy [x_i = y] / #{j: x_j = y}

Args:
    input: tensor, not empty along the axes. NaN wins.
    dim: an axis or several; none for all.
    keepdim: keep the axes with size 1.

Raises:
    ValueError: if there is nothing to choose from.

Example:
    >>> chainrule.amax(chainrule.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([5., 7.])
)",
                        {{"amax(Tensor input, ints dim=None, bool keepdim=False)", call_extreme<amax_op>}}});

const Register amin_fn({"amin",
                        kMethod | kFunction | kExactOut,
                        R"(Smallest element over axes; tied elements share the gradient evenly.

    y = min_i x_i,  dx_i = dy [x_i = y] / #{j: x_j = y}

Args:
    input: tensor, not empty along the axes. NaN wins.
    dim: an axis or several; none for all.
    keepdim: keep the axes with size 1.

Raises:
    ValueError: if there is nothing to choose from.

Example:
    >>> chainrule.amin(chainrule.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([1., 2.])
)",
                        {{"amin(Tensor input, ints dim=None, bool keepdim=False)", call_extreme<amin_op>}}});

const Register max_fn(
    {"max",
     kMethod | kFunction,
     R"(Largest element of all, along an axis with its index, or of two tensors.

max(input): the largest element; tied elements share the gradient evenly.
max(input, dim): values and indices of the first largest element along an axis; the gradient goes to that element alone.
max(input, other): as maximum(input, other).

Args:
    input: tensor, not empty. NaN wins.
    dim: axis.
    keepdim: keep the axis with size 1.

Returns:
    Tensor, or a named tuple (values, indices).

Raises:
    ValueError: if there is nothing to choose from.

Example:
    >>> chainrule.max(chainrule.tensor([1., 7., 2.]))
    tensor(7.)
    >>> chainrule.max(chainrule.tensor([[1., 7., 2.]]), dim=1).indices
    tensor([1])
)",
     {{"max(Tensor input)", call_whole<max_op>},
      {"max(Tensor input, int dim, bool keepdim=False)", [](Args& a) { call_axis<max_dim_op>(a, true, kMaxFields); }},
      {"max(Tensor input, Tensor other)", [](Args& a) { a.ret(maximum(a.tensor(0), a.tensor(1))); }}}});

const Register min_fn(
    {"min",
     kMethod | kFunction,
     R"(Smallest element of all, along an axis with its index, or of two tensors.

min(input): the smallest element; tied elements share the gradient evenly.
min(input, dim): values and indices of the first smallest element along an axis; the gradient goes to that element alone.
min(input, other): as minimum(input, other).

Args:
    input: tensor, not empty. NaN wins.
    dim: axis.
    keepdim: keep the axis with size 1.

Returns:
    Tensor, or a named tuple (values, indices).

Raises:
    ValueError: if there is nothing to choose from.

Example:
    >>> chainrule.min(chainrule.tensor([4., 7., 2.]))
    tensor(2.)
)",
     {{"min(Tensor input)", call_whole<min_op>},
      {"min(Tensor input, int dim, bool keepdim=False)", [](Args& a) { call_axis<min_dim_op>(a, false, kMinFields); }},
      {"min(Tensor input, Tensor other)", [](Args& a) { a.ret(minimum(a.tensor(0), a.tensor(1))); }}}});

const Register argmax_fn({"argmax",
                          kMethod | kFunction | kNoGradient | kExactOut,
                          R"(Index of the first largest element, of all or along an axis.

Args:
    input: tensor, not empty. NaN wins.
    dim: axis; None for the index into the flattened tensor.
    keepdim: keep the axis with size 1.

Returns:
    int64 tensor.

Example:
    >>> chainrule.argmax(chainrule.tensor([[1., 7., 2.], [3., 0., 0.]]), dim=1)
    tensor([1, 0])
)",
                          {{"argmax(Tensor input, int dim=None, bool keepdim=False)",
                            [](Args& a) { a.ret(arg_extreme(a, true)); }}}});

const Register argmin_fn({"argmin",
                          kMethod | kFunction | kNoGradient | kExactOut,
                          R"(Index of the first smallest element, of all or along an axis.

Args:
    input: tensor, not empty. NaN wins.
    dim: axis; None for the index into the flattened tensor.
    keepdim: keep the axis with size 1.

Returns:
    int64 tensor.

Example:
    >>> chainrule.argmin(chainrule.tensor([[1., 7., 2.], [3., 0., 0.]]), dim=1)
    tensor([0, 1])
)",
                          {{"argmin(Tensor input, int dim=None, bool keepdim=False)",
                            [](Args& a) { a.ret(arg_extreme(a, false)); }}}});

}  // namespace chainrule
