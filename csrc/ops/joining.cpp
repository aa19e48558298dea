// Tensors put together: cat, stack and their relatives, repeated tensors, grids.

#include <algorithm>

#include "autograd/elementwise.h"
#include "ops/index_core.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"

namespace chainrule {
namespace {

// A vector of no elements joins anything (PyTorch's legacy rule).
bool is_nothing(const Tensor& t) { return t.ndim() == 1 && t.numel() == 0; }

int first_counted(const InferCtx& c) {
    for (int i = 0; i < c.n_inputs; ++i)
        if (!is_nothing(c.input(i))) return i;
    return 0;
}

void infer_cat(InferCtx& c) {
    const Tensor& first = c.input(first_counted(c));
    check<ValueError>(first.ndim() > 0, "cat: tensors without axes can't be joined. Use stack().");
    int axis = normalize_axis("cat", c.attr<int64_t>(), first.ndim());
    c.attr<int64_t>() = axis;
    Dims shape = first.shape();
    shape[axis] = 0;
    for (int i = 0; i < c.n_inputs; ++i) {
        const Tensor& t = c.input(i);
        if (is_nothing(t)) continue;
        bool fits = t.ndim() == shape.n;
        for (int d = 0; fits && d < shape.n; ++d) fits = d == axis || t.size(d) == shape[d];
        if (!fits)
            fail<ValueError>("cat: sizes must match except along axis ", axis, ", got ", first.shape(), " and ",
                             t.shape(), " (tensor ", i, ").");
        shape[axis] = checked_sum("cat", shape[axis], t.size(axis));
    }
    c.set(0, shape, first.dtype());
}

// Part i of the joined tensor g, whose place along the axis begins at `at`.
Tensor joined_part(const Tensor& g, int axis, int64_t at, int64_t size) {
    Dims shape = g.shape();
    shape[axis] = size;
    return alias(g, shape, g.strides(), size ? at * g.stride(axis) : 0);
}

void eval_cat(EvalCtx& c) {
    int axis = static_cast<int>(c.attr<int64_t>());
    int64_t at = 0;
    for (int i = 0; i < c.n_inputs; ++i) {
        const Tensor& t = c.input(i);
        if (is_nothing(t)) continue;
        copy_data(joined_part(c.out(), axis, at, t.size(axis)), t);
        at += t.size(axis);
    }
}

void vjp_cat(VjpCtx& c) {
    int64_t axis = c.attr<int64_t>(), at = 0;
    for (int i = 0; i < c.n_inputs(); ++i) {
        const Dims& shape = c.input_shape(i);
        if (shape.n == 1 && shape[0] == 0) continue;
        int64_t size = shape[static_cast<int>(axis)];
        if (c.wants(i))
            c.set(i, c.create_graph() ? narrow(c.grad(), axis, at, size)
                                      : joined_part(c.grad(), static_cast<int>(axis), at, size));
        at += size;
    }
}

}  // namespace

// ---- cat: one after the other along an axis that exists ----
const OpDef cat_op = {
    .name = "cat",
    .grad_name = "CatBackward0",
    .infer = infer_cat,
    .eval = eval_cat,
    .vjp = vjp_cat,
    .promotion = Promotion::Common,
    .variadic = true,
    .keep_shape = 1,
    .attr_bytes = sizeof(int64_t),
    .describe = describe_attrs<int64_t>,
};
namespace {
Tensor run_variadic(const OpDef& op, const std::vector<Tensor>& tensors, int64_t axis) {
    check<ValueError>(!tensors.empty(), op.name, ": at least one tensor is needed, got none");
    Tensor out;
    dispatch(op, tensors.data(), static_cast<int>(tensors.size()), &axis, &out);
    return out;
}
}  // namespace
Tensor cat(const std::vector<Tensor>& tensors, int64_t axis) { return run_variadic(cat_op, tensors, axis); }
namespace {
constexpr const char* kCatDoc = R"(Joins tensors along an axis that they have.

Args:
    tensors: a sequence; sizes must be equal except along dim. Dtypes are promoted.
    dim: the axis.

Raises:
    ValueError: shapes that don't fit, or no tensors.

Example:
    >>> chainrule.cat([chainrule.tensor([1, 2]), chainrule.tensor([3])])
    tensor([1, 2, 3])
)";
void call_cat(Args& a) { a.ret(cat(a.tensors(0), a.integer(1, 0))); }
}  // namespace
const Register cat_fn({"cat", kFunction, kCatDoc, {{"cat(Tensors tensors, int dim=0)", call_cat}}});
const Register concat_fn({"concat", kFunction, kCatDoc, {{"concat(Tensors tensors, int dim=0)", call_cat}}});
const Register concatenate_fn(
    {"concatenate", kFunction, kCatDoc, {{"concatenate(Tensors tensors, int dim=0)", call_cat}}});

// ---- stack: side by side along a new axis ----
const OpDef stack_op = {
    .name = "stack",
    .grad_name = "StackBackward0",
    .infer =
        [](InferCtx& c) {
            Dims shape = c.input(0).shape();
            for (int i = 1; i < c.n_inputs; ++i)
                if (!(c.input(i).shape() == shape))
                    fail<ValueError>("stack: all tensors must have the same shape, got ", shape, " and ",
                                     c.input(i).shape(), " (tensor ", i, ").");
            int axis = normalize_axis("stack", c.attr<int64_t>(), shape.n + 1);
            c.attr<int64_t>() = axis;
            shape.insert(axis, c.n_inputs);
            c.set(0, shape, c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            int axis = static_cast<int>(c.attr<int64_t>());
            Dims shape = c.out().shape(), strides = c.out().strides();
            int64_t step = strides[axis];
            shape.erase(axis);
            strides.erase(axis);
            for (int i = 0; i < c.n_inputs; ++i) copy_data(alias(c.out(), shape, strides, i * step), c.input(i));
        },
    .vjp =
        [](VjpCtx& c) {
            int axis = static_cast<int>(c.attr<int64_t>());
            const Tensor& g = c.grad();
            Dims shape = g.shape(), strides = g.strides();
            shape.erase(axis);
            strides.erase(axis);
            for (int i = 0; i < c.n_inputs(); ++i)
                if (c.wants(i))
                    c.set(i, c.create_graph() ? select(g, axis, i) : alias(g, shape, strides, i * g.stride(axis)));
        },
    .promotion = Promotion::Common,
    .variadic = true,
    .attr_bytes = sizeof(int64_t),
    .describe = describe_attrs<int64_t>,
};
Tensor stack(const std::vector<Tensor>& tensors, int64_t axis) { return run_variadic(stack_op, tensors, axis); }
const Register stack_fn({"stack",
                         kFunction,
                         R"(Joins tensors of one shape along a new axis.

Args:
    tensors: a sequence of tensors of the same shape. Dtypes are promoted.
    dim: where the new axis stands in the result.

Example:
    >>> chainrule.stack([chainrule.tensor([1, 2]), chainrule.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
)",
                         {{"stack(Tensors tensors, int dim=0)",
                           [](Args& a) { a.ret(stack(a.tensors(0), a.integer(1, 0))); }}}});

// ---- atleast_1d, 2d, 3d; hstack, vstack, dstack, column_stack ----
namespace {
Tensor at_least(const Tensor& x, int ndim) {
    if (ndim == 1) return x.ndim() >= 1 ? x : reshape(x, {1});
    if (ndim == 2) return x.ndim() >= 2 ? x : reshape(x, {1, x.numel()});
    if (x.ndim() >= 3) return x;
    return x.ndim() == 2 ? unsqueeze(x, 2) : reshape(x, {1, x.numel(), 1});
}
std::vector<Tensor> all_at_least(const std::vector<Tensor>& tensors, int ndim) {
    std::vector<Tensor> out;
    for (const Tensor& t : tensors) out.push_back(at_least(t, ndim));
    return out;
}
template <int ndim> void call_at_least(Args& a) { a.ret(at_least(a.tensor(0), ndim)); }
template <int ndim> void call_all_at_least(Args& a) { a.ret_tuple(all_at_least(a.tensors(0), ndim)); }
Tensor hstack(const std::vector<Tensor>& tensors) {
    std::vector<Tensor> parts = all_at_least(tensors, 1);
    return cat(parts, !parts.empty() && parts[0].ndim() == 1 ? 0 : 1);
}
Tensor column_stack(const std::vector<Tensor>& tensors) {
    std::vector<Tensor> parts;
    for (const Tensor& t : tensors) parts.push_back(t.ndim() <= 1 ? reshape(t, {t.numel(), 1}) : t);
    return hstack(parts);
}
}  // namespace
const Register atleast_1d_fn({"atleast_1d",
                              kFunction,
                              R"(Tensors with at least 1 axis: a number becomes a vector.

Example:
    >>> chainrule.atleast_1d(chainrule.tensor(1.))
    tensor([1.])
)",
                              {{"atleast_1d(Tensor input)", call_at_least<1>},
                               {"atleast_1d(VarTensors tensors)", call_all_at_least<1>}}});
const Register atleast_2d_fn({"atleast_2d",
                              kFunction,
                              R"(Tensors with at least 2 axes; new ones stand in front.

Example:
    >>> chainrule.atleast_2d(chainrule.tensor([1., 2.]))
    tensor([[1., 2.]])
)",
                              {{"atleast_2d(Tensor input)", call_at_least<2>},
                               {"atleast_2d(VarTensors tensors)", call_all_at_least<2>}}});
const Register atleast_3d_fn({"atleast_3d",
                              kFunction,
                              R"(Tensors with at least 3 axes.

Example:
    >>> chainrule.atleast_3d(chainrule.ones(2, 3)).shape
    chainrule.Size([2, 3, 1])
)",
                              {{"atleast_3d(Tensor input)", call_at_least<3>},
                               {"atleast_3d(VarTensors tensors)", call_all_at_least<3>}}});
const Register hstack_fn({"hstack",
                          kFunction,
                          R"(Joins along axis 1 (vectors: along axis 0).

Example:
    >>> chainrule.hstack([chainrule.ones(2, 1), chainrule.zeros(2, 1)])
    tensor([[1., 0.],
            [1., 0.]])
)",
                          {{"hstack(Tensors tensors)", [](Args& a) { a.ret(hstack(a.tensors(0))); }}}});
namespace {
constexpr const char* kVstackDoc = R"(Joins along axis 0; vectors become rows.

Example:
    >>> chainrule.vstack([chainrule.ones(2), chainrule.zeros(2)])
    tensor([[1., 1.],
            [0., 0.]])
)";
void call_vstack(Args& a) { a.ret(cat(all_at_least(a.tensors(0), 2), 0)); }
}  // namespace
const Register vstack_fn({"vstack", kFunction, kVstackDoc, {{"vstack(Tensors tensors)", call_vstack}}});
const Register row_stack_fn({"row_stack", kFunction, kVstackDoc, {{"row_stack(Tensors tensors)", call_vstack}}});
const Register dstack_fn({"dstack",
                          kFunction,
                          R"(Joins along axis 2.

Example:
    >>> chainrule.dstack([chainrule.ones(2), chainrule.zeros(2)]).shape
    chainrule.Size([1, 2, 2])
)",
                          {{"dstack(Tensors tensors)",
                            [](Args& a) { a.ret(cat(all_at_least(a.tensors(0), 3), 2)); }}}});
const Register column_stack_fn({"column_stack",
                                kFunction,
                                R"(Joins along axis 1; vectors become columns.

Example:
    >>> chainrule.column_stack([chainrule.ones(2), chainrule.zeros(2)])
    tensor([[1., 0.],
            [1., 0.]])
)",
                                {{"column_stack(Tensors tensors)",
                                  [](Args& a) { a.ret(column_stack(a.tensors(0))); }}}});

// ---- repeat, tile, repeat_interleave ----
Tensor repeat(const Tensor& x, const Dims& times) {
    check<ValueError>(times.n >= x.ndim(), "repeat: as many numbers as axes are needed at least, got ", times,
                      " for shape ", x.shape());
    // (r, s) is read as r blocks of s: a new axis of size r beside each axis that needs one, repeated without copying, then merged.
    Dims split, expanded, merged;
    int lead = times.n - x.ndim();
    for (int d = 0; d < times.n; ++d) {
        int64_t size = d < lead ? 1 : x.size(d - lead), r = times[d];
        check<ValueError>(r >= 0, "repeat: numbers must be non-negative, got ", times);
        if (r != 1 && size != 1) {
            split.push(1);
            expanded.push(r);
        }
        split.push(size);
        expanded.push(size == 1 ? r : size);
        merged.push(checked_numel("repeat", {size, r}));
    }
    checked_numel("repeat", merged);
    return reshape(clone(expand_to(reshape(x, split), expanded)), merged);
}
const Register repeat_fn({"repeat",
                          kMethod,
                          R"(The tensor several times along each axis, copied.

Args:
    repeats: one number for each axis; additional ones in front make new axes.

Example:
    >>> chainrule.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
)",
                          {{"repeat(Tensor input, size repeats)",
                            [](Args& a) { a.ret(repeat(a.tensor(0), a.ints(1))); }}}});
const Register tile_fn({"tile",
                        kMethod | kFunction,
                        R"(As repeat(), but too few numbers are filled up with ones in front.

Example:
    >>> chainrule.tensor([[1, 2]]).tile(2)
    tensor([[1, 2, 1, 2]])
)",
                        {{"tile(Tensor input, size dims)", [](Args& a) {
                              Dims times = a.ints(1);
                              while (times.n < a.tensor(0).ndim()) times.insert(0, 1);
                              a.ret(repeat(a.tensor(0), times));
                          }}}});

namespace {
// 0 repeats[0] times, 1 repeats[1] times, ...
Tensor interleaved_positions(const Tensor& repeats, int64_t n) {
    check<TypeError>(repeats.dtype() == DType::Int32 || repeats.dtype() == DType::Int64,
                     "repeat_interleave: repeats must be int32 or int64, got ", repeats.dtype());
    check<ValueError>(repeats.ndim() <= 1 && (repeats.numel() == 1 || repeats.numel() == n),
                      "repeat_interleave: repeats must be one number or a vector of ", n, " numbers, got shape ",
                      repeats.shape());
    Tensor counts = contiguous(cast(repeats, DType::Int64));
    const int64_t* r = counts.data<int64_t>();
    int64_t total = 0, step = repeats.numel() == 1 ? 0 : 1;
    for (int64_t i = 0; i < n; ++i) {
        check<ValueError>(r[i * step] >= 0, "repeat_interleave: repeats must be non-negative, got ", r[i * step]);
        total = checked_sum("repeat_interleave", total, r[i * step]);
    }
    Tensor out = empty({total}, DType::Int64);
    int64_t* p = out.data<int64_t>();
    for (int64_t i = 0; i < n; ++i)
        for (int64_t k = 0; k < r[i * step]; ++k) *p++ = i;
    return out;
}
void call_repeat_interleave(Args& a) {
    Tensor x = a.tensor(0), repeats = a.tensor(1);
    if (!a.given(2)) x = reshape(x, {-1});
    int axis = normalize_axis("repeat_interleave", a.integer(2, 0), x.ndim());
    if (x.ndim() == 0) x = reshape(x, {1});
    check<ValueError>(!a.given(3) || repeats.numel() == 1 || repeats.ndim() == 1,
                      "repeat_interleave: repeats must be a vector, got shape ", repeats.shape());
    a.ret(index_select(x, axis, interleaved_positions(repeats, x.size(axis))));
}
}  // namespace
const Register repeat_interleave_fn(
    {"repeat_interleave",
     kMethod | kFunction,
     R"(Each element several times in a row.

Args:
    repeats: a number, or one for each position along dim.
    dim: the axis; the flattened tensor unless given.

Example:
    >>> chainrule.tensor([1, 2]).repeat_interleave(2)
    tensor([1, 1, 2, 2])
    >>> chainrule.tensor([1, 2]).repeat_interleave(chainrule.tensor([0, 3]))
    tensor([2, 2, 2])
)",
     {{"repeat_interleave(Tensor input, Tensor repeats, int dim=None, *, int output_size=None)",
       call_repeat_interleave},
      {"repeat_interleave(Tensor repeats, *, int output_size=None)",
       [](Args& a) { a.ret(interleaved_positions(a.tensor(0), a.tensor(0).numel())); }}}});

// ---- meshgrid, broadcast_tensors, cartesian_prod ----
std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors) {
    Dims shape;
    for (const Tensor& t : tensors) shape = broadcast_shapes("broadcast_tensors", shape, t.shape());
    std::vector<Tensor> out;
    for (const Tensor& t : tensors) out.push_back(expand(t, shape));
    return out;
}
const Register broadcast_tensors_fn({"broadcast_tensors",
                                     kFunction,
                                     R"(Views of the tensors, broadcast to their common shape.

Example:
    >>> a, b = chainrule.broadcast_tensors(chainrule.zeros(2, 1), chainrule.zeros(3))
    >>> a.shape, b.shape
    (chainrule.Size([2, 3]), chainrule.Size([2, 3]))
)",
                                     {{"broadcast_tensors(VarTensors tensors)",
                                       [](Args& a) { a.ret_tuple(broadcast_tensors(a.tensors(0))); }}}});

std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, bool xy) {
    int n = static_cast<int>(tensors.size());
    std::vector<Tensor> columns;
    for (int i = 0; i < n; ++i) {
        const Tensor& t = tensors[static_cast<size_t>(i)];
        check<ValueError>(t.ndim() <= 1, "meshgrid: all tensors must be vectors, got shape ", t.shape());
        check<TypeError>(t.dtype() == tensors[0].dtype(), "meshgrid: all tensors must have one dtype, got ",
                         tensors[0].dtype(), " and ", t.dtype(), ".");
        int axis = xy && n >= 2 && i < 2 ? 1 - i : i;
        Dims shape;
        for (int d = 0; d < n; ++d) shape.push(d == axis ? t.numel() : 1);
        columns.push_back(reshape(t, shape));
    }
    return broadcast_tensors(columns);
}
const Register meshgrid_fn({"meshgrid",
                            kFunction,
                            R"(Coordinates of a grid: tensor i varies along axis i alone.

Args:
    tensors: vectors.
    indexing: "ij", or "xy" to exchange the first two axes as for pictures.

Example:
    >>> x, y = chainrule.meshgrid(chainrule.tensor([1, 2]), chainrule.tensor([3, 4]), indexing="ij")
    >>> x
    tensor([[1, 1],
            [2, 2]])
)",
                            {{"meshgrid(VarTensors tensors, *, str indexing=None)", [](Args& a) {
                                  std::string_view way = a.given(1) ? a.text(1) : "ij";
                                  check<ValueError>(way == "ij" || way == "xy",
                                                    "meshgrid: indexing must be \"ij\" or \"xy\", got \"", way, "\"");
                                  a.ret_tuple(meshgrid(a.tensors(0), way == "xy"));
                              }}}});
const Register cartesian_prod_fn({"cartesian_prod",
                                  kFunction,
                                  R"(All combinations of the elements of vectors, one a row.

Example:
    >>> chainrule.cartesian_prod(chainrule.tensor([1, 2]), chainrule.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
)",
                                  {{"cartesian_prod(VarTensors tensors)", [](Args& a) {
                                        if (a.tensors(0).size() == 1) return a.ret(a.tensors(0)[0]);
                                        std::vector<Tensor> columns;
                                        for (const Tensor& t : meshgrid(a.tensors(0), false))
                                            columns.push_back(reshape(t, {-1}));
                                        a.ret(stack(columns, 1));
                                    }}}});

}  // namespace chainrule
