// Reading and writing at positions that a tensor names.

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/number_range.h"
#include "ops/index_core.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/sparse_gradient.h"
#include "ops/visit.h"

namespace chainrule {

extern const OpDef index_op;
extern const OpDef index_put_op;
extern const OpDef index_embed_op;

namespace {

IndexAttrs with_skip(IndexAttrs a, int64_t skip, int64_t grad_skip) {
    a.skip = skip;
    a.grad_skip = grad_skip;
    return a;
}

// ---- index: x at positions (x, linear). The gradient is added up where it came from. ----
void infer_index(InferCtx& c) { c.set(0, indexed_shape(c.attr<IndexAttrs>(), c.input(1).shape()), c.input(0).dtype()); }
void eval_index(EvalCtx& c) { read_indexed(c.attr<IndexAttrs>(), c.input(0), c.input(1), c.out()); }
// How often each position occurs in the whole index.
Tensor occurrences(const Tensor& linear, int64_t size, DType dtype) {
    std::vector<int64_t> count(static_cast<size_t>(size));
    const int64_t* at = linear.data<int64_t>();
    for (int64_t i = 0; i < linear.numel(); ++i) ++count[static_cast<size_t>(at[i])];
    Tensor out = empty(linear.shape(), DType::Int64);
    for (int64_t i = 0; i < linear.numel(); ++i) out.data<int64_t>()[i] = count[static_cast<size_t>(at[i])];
    return cast(out, dtype);
}
void vjp_index(VjpCtx& c) {
    if (!c.wants(0)) return;
    IndexAttrs a = c.attr<IndexAttrs>();
    a = with_skip(a, a.grad_skip, a.grad_skip);
    Tensor linear = c.input(1), buffer = c.create_graph() ? Tensor() : c.owned_buffer(0), g = c.grad();
    if (a.by_frequency) g = g / unsqueeze(occurrences(linear, a.shape[0], g.dtype()), -1);
    if (buffer) write_indexed(a, buffer, linear, g, true);
    else c.set(0, run_with(index_embed_op, a, g, linear));
}

Tensor read(const OpDef& op, const Tensor& x, const IndexPlan& plan) {
    return run_with(op, plan.attrs, x, plan.linear);
}

// Value in the shape that x has at the positions; leading axes of size 1 don't count.
Tensor fitted(const char* op, const Tensor& value, const Dims& shape, DType dtype) {
    Tensor v = cast(value, dtype);
    while (v.ndim() > shape.n && v.size(0) == 1) v = squeeze(v, 0);
    bool ok = v.ndim() <= shape.n;
    for (int d = 0; ok && d < v.ndim(); ++d) ok = v.size(d) == 1 || v.size(d) == shape[shape.n - v.ndim() + d];
    check<ValueError>(ok, op, ": the value must broadcast to the indexed shape ", shape, ", got ", value.shape(), ".");
    return expand(v, shape);
}

struct Write {
    IndexPlan plan;
    Tensor value;
};
Write plan_write(const char* op, const Tensor& self, IndexPlan plan, const Tensor& value, bool accumulate) {
    plan.attrs.accumulate = accumulate;
    Tensor v = fitted(op, value, indexed_shape(plan.attrs, plan.linear.shape()), self.dtype());
    if (may_overlap(v, self)) v = clone(v);
    if (may_overlap(plan.linear, self)) plan.linear = clone(plan.linear);
    return {plan, v};
}
Tensor write_inplace(const Tensor& self, Write w) {
    const Tensor in[] = {self, w.value, w.plan.linear};
    return dispatch_inplace(index_put_op, in, 3, &w.plan.attrs);
}
// The registry's form: into a new tensor, or into self where it was called with an underscore.
void ret_written(Args& a, const Write& w) {
    a.ret(a.run_with(index_put_op, w.plan.attrs, a.tensor(0), w.value, w.plan.linear));
}

}  // namespace

const OpDef index_op = {
    .name = "index",
    .grad_name = "IndexBackward0",
    .infer = infer_index,
    .eval = eval_index,
    .vjp = vjp_index,
    .save_input = {0, 1},
    .attr_bytes = sizeof(IndexAttrs),
    .describe = describe_attrs<IndexAttrs>,
};

// The adjoint of index: zeros of x's shape with values added at the positions (values, linear).
const OpDef index_embed_op = {
    .name = "index_embed",
    .grad_name = "IndexEmbedBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.attr<IndexAttrs>().shape, c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            zero_data(c.out());
            write_indexed(c.attr<IndexAttrs>(), c.out(), c.input(1), c.input(0), true);
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(index_op, c.attr<IndexAttrs>(), c.grad(), c.input(1))); },
    .save_input = {0, 1},
    .attr_bytes = sizeof(IndexAttrs),
    .describe = describe_attrs<IndexAttrs>,
};

// ---- index_put: x with values put at positions, or added to them (x, value, linear). May write into x itself. ----
const OpDef index_put_op = {
    .name = "index_put",
    .grad_name = "IndexPutBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(0).shape(), c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            const IndexAttrs& a = c.attr<IndexAttrs>();
            if (!same_layout(c.out(), c.input(0))) copy_data(c.out(), c.input(0));
            write_indexed(a, c.out(), c.input(2), c.input(1), a.accumulate);
        },
    .vjp =
        [](VjpCtx& c) {
            const IndexAttrs& a = c.attr<IndexAttrs>();
            Tensor linear = c.input(2);
            if (c.wants(1)) c.set(1, run_with(index_op, a, c.grad(), linear));
            if (!c.wants(0)) return;
            if (a.accumulate) return c.set(0, c.grad());
            Tensor nothing = expand(scalar_tensor(0, c.grad().dtype()), indexed_shape(a, linear.shape()));
            c.set(0, run_with(index_put_op, a, c.grad(), nothing, linear));
        },
    .elementwise = true,
    .save_input = {0, 0, 3},
    .attr_bytes = sizeof(IndexAttrs),
    .describe = describe_attrs<IndexAttrs>,
};

Tensor index(const Tensor& x, const std::vector<Tensor>& indices) {
    return read(index_op, x, plan_index("index", x, indices));
}

Tensor index_put_(const Tensor& self, const std::vector<Tensor>& indices, const Tensor& value, bool accumulate) {
    // x[mask] = number needs no positions.
    bool one_mask =
        indices.size() == 1 && indices[0] && indices[0].dtype() == DType::Bool && !accumulate && value.numel() == 1;
    if (one_mask && indices[0].ndim() <= self.ndim() && indices[0].ndim() > 0) {
        Tensor mask = indices[0];
        bool fits = true;
        for (int d = 0; d < mask.ndim(); ++d) fits = fits && mask.size(d) == self.size(d);
        if (fits && !may_overlap(mask, self)) {
            while (mask.ndim() < self.ndim()) mask = unsqueeze(mask, -1);
            const Tensor in[] = {self, mask, reshape(cast(value, self.dtype()), {})};
            return dispatch_inplace(masked_fill_op, in, 3, nullptr);
        }
    }
    return write_inplace(self,
                         plan_write("index_put_", self, plan_index("index_put_", self, indices), value, accumulate));
}

namespace {
// In the registry's form index tensors follow each other; here each stands at its axis.
std::vector<Tensor> by_axis(const std::vector<Tensor>& indices) {
    std::vector<Tensor> out;
    for (const Tensor& t : indices) {
        out.push_back(t);
        if (!t) continue;
        int covers = t.dtype() == DType::Bool || t.dtype() == DType::UInt8 ? t.ndim() : 1;
        for (int d = 1; d < covers; ++d) out.emplace_back();
    }
    return out;
}
}  // namespace
const Register index_put_fn(
    {"index_put",
     kMethod | kFunction | kInplace,
     R"(Puts values at positions that index tensors name.

Args:
    indices: a sequence of index tensors, for the first axes, or None for a whole one; they broadcast together.
    values: broadcast to the indexed shape.
    accumulate: add instead; equal positions then add up.

Example:
    >>> i = chainrule.tensor([0, 2])
    >>> chainrule.zeros(3).index_put((i,), chainrule.tensor(1.))
    tensor([1., 0., 1.])
)",
     {{"index_put(Tensor input, Indices indices, Tensor values, bool accumulate=False)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           ret_written(a, plan_write("index_put", x, plan_index("index_put", x, by_axis(a.tensors(1))), a.tensor(2),
                                     a.flag(3)));
       }}}});

// ---- index_select: positions along one axis ----
const OpDef index_select_op = {
    .name = "index_select",
    .grad_name = "IndexSelectBackward0",
    .infer = infer_index,
    .eval = eval_index,
    .vjp = vjp_index,
    .save_input = {0, 1},
    .attr_bytes = sizeof(IndexAttrs),
    .describe = describe_attrs<IndexAttrs>,
};
namespace {
// The axis of an index that must be a vector; a tensor without axes counts as one of size 1.
IndexPlan plan_vector(const char* op, const Tensor& x, int64_t axis, const Tensor& index) {
    check<ValueError>(index.ndim() <= 1, op, ": the index must be a vector, got shape ", index.shape());
    return plan_axis(op, x, normalize_axis(op, axis, x.ndim()), index.ndim() == 0 ? reshape(index, {1}) : index, false);
}
}  // namespace
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& index) {
    if (x.ndim() == 0) return reshape(index_select(reshape(x, {1}), axis, index), {});
    return read(index_select_op, x, plan_vector("index_select", x, axis, index));
}
const Register index_select_fn({"index_select",
                                kMethod | kFunction | kExactOut,
                                R"(The positions along an axis that a vector names; gradients add up.

Args:
    dim: the axis.
    index: vector of positions, int64 or another integer dtype.

Raises:
    IndexError: a position out of bounds.

Example:
    >>> chainrule.tensor([[1., 2., 3.]]).index_select(1, chainrule.tensor([2, 0]))
    tensor([[3., 1.]])
)",
                                {{"index_select(Tensor input, int dim, Tensor index)",
                                  [](Args& a) { a.ret(index_select(a.tensor(0), a.integer(1), a.tensor(2))); }}}});

// ---- index_add, index_copy, index_fill: writing along one axis ----
namespace {
void write_axis(Args& a, const char* op, const Tensor& index, const Tensor& source, bool accumulate) {
    const Tensor x = a.tensor(0);
    if (x.ndim() == 0) {  // as a vector of one element
        a.args[0].tensor = unsqueeze(x, 0);
        write_axis(a, op, index, source, accumulate);
        a.ret(a.inplace ? x : squeeze(a.value, 0));
        return;
    }
    IndexPlan plan = plan_vector(op, x, a.integer(1), index);
    Dims shape = indexed_shape(plan.attrs, plan.linear.shape());
    check<ValueError>(source.ndim() == 0 || source.shape() == shape, op, ": the source must have shape ", shape,
                      ", got ", source.shape());
    check<TypeError>(source->wrapped_number || source.dtype() == x.dtype(), op,
                     ": the source must have the tensor's dtype ", x.dtype(), ", got ", source.dtype());
    ret_written(a, plan_write(op, x, plan, source, accumulate));
}

// Each position once: the gradient of the one value that fills them counts a position as often as it is named.
Tensor distinct(const Tensor& index, int64_t size) {
    Tensor positions = contiguous(cast(index, DType::Int64));
    std::vector<int64_t> found(positions.data<int64_t>(), positions.data<int64_t>() + positions.numel());
    for (int64_t& at : found) at += at < 0 ? size : 0;
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    Tensor once = empty({static_cast<int64_t>(found.size())}, DType::Int64);
    std::copy(found.begin(), found.end(), once.data<int64_t>());
    return once;
}
}  // namespace
const Register index_add_fn({"index_add",
                             kMethod | kFunction | kInplace,
                             R"(Adds slices of a source to the positions along an axis.

    out[index[i]] += alpha source[i]  (along dim); equal positions add up

Args:
    dim: the axis.
    index: vector of positions.
    source: its size along dim is the length of index.
    alpha: a factor.

Example:
    >>> chainrule.zeros(3).index_add(0, chainrule.tensor([0, 0, 2]), chainrule.ones(3))
    tensor([2., 0., 1.])
)",
                             {{"index_add(Tensor input, int dim, Tensor index, Tensor source, *, Number alpha=1)",
                               [](Args& a) {
                                   Tensor source = a.tensor(3);
                                   if (a.given(4) && a.real(4) != 1)
                                       source = mul(source, scalar_tensor(a.number(4), dtype_of(a.number(4)), true));
                                   write_axis(a, "index_add", a.tensor(2), source, true);
                               }}}});
const Register index_copy_fn({"index_copy",
                              kMethod | kFunction | kInplace,
                              R"(Puts slices of a source at the positions along an axis.

Example:
    >>> chainrule.zeros(3).index_copy(0, chainrule.tensor([2]), chainrule.ones(1))
    tensor([0., 0., 1.])
)",
                              {{"index_copy(Tensor input, int dim, Tensor index, Tensor source)",
                                [](Args& a) { write_axis(a, "index_copy", a.tensor(2), a.tensor(3), false); }}}});
const Register index_fill_fn({"index_fill",
                              kMethod | kFunction | kInplace,
                              R"(Puts one value at the positions along an axis.

Example:
    >>> chainrule.zeros(3).index_fill(0, chainrule.tensor([0, 2]), 5.)
    tensor([5., 0., 5.])
)",
                              {{"index_fill(Tensor input, int dim, Tensor index, Tensor value)", [](Args& a) {
                                    check<ValueError>(
                                        a.tensor(3).ndim() == 0,
                                        "index_fill: the value must be a number or a 0-d tensor, got shape ",
                                        a.tensor(3).shape());
                                    const Tensor &x = a.tensor(0), &index = a.tensor(2), &value = a.tensor(3);
                                    check_fits("index_fill", value, x.dtype());
                                    bool whole = index.dtype() == DType::Int64 || index.dtype() == DType::Int32;
                                    bool once = value.requires_grad() && whole && index.ndim() == 1 && x.ndim() > 0;
                                    int64_t axis = once ? normalize_axis(a.name, a.integer(1), x.ndim()) : 0;
                                    write_axis(a, "index_fill", once ? distinct(index, x.size(axis)) : index,
                                               cast(value, x.dtype()), false);
                                }}}});

// ---- take, masked_select, masked_scatter: positions in the flattened tensor ----
Tensor take(const Tensor& x, const Tensor& positions) {
    Tensor flat = reshape(x, {-1});
    return read(index_op, flat, plan_axis("take", flat, 0, positions, true));
}
const Register take_fn({"take",
                        kMethod | kFunction | kExactOut,
                        R"(Elements at positions of the flattened tensor, in the shape of the index.

Example:
    >>> chainrule.tensor([[1., 2.], [3., 4.]]).take(chainrule.tensor([0, 3]))
    tensor([1., 4.])
)",
                        {{"take(Tensor input, Tensor index)",
                          [](Args& a) { a.ret(take(a.tensor(0), a.tensor(1))); }}}});

// ---- put: the way back of take ----
const Register put_fn({"put",
                       kMethod | kFunction | kInplace,
                       R"(Puts values at positions of the flattened tensor.

Args:
    index: positions, integers; negative ones count from the end.
    source: as many values, of the tensor's dtype.
    accumulate: add instead; equal positions then add up.

Example:
    >>> chainrule.zeros(2, 2).put(chainrule.tensor([0, 3]), chainrule.tensor([1., 2.]))
    tensor([[1., 0.],
            [0., 2.]])
)",
                       {{"put(Tensor input, Tensor index, Tensor source, bool accumulate=False)", [](Args& a) {
                             const Tensor x = a.tensor(0), source = a.tensor(2);
                             check<TypeError>(source.dtype() == x.dtype(),
                                              "put: the source must have the tensor's dtype ", x.dtype(), ", got ",
                                              source.dtype());
                             check<ValueError>(source.numel() == a.tensor(1).numel(),
                                               "put: as many values as positions are required, got ", source.shape(),
                                               " and ", a.tensor(1).shape());
                             if (source.numel() == 0) return a.ret(a.inplace ? x : clone(x));
                             Tensor at = checked_index("put", a.tensor(1), x.numel(), 0, true);
                             Tensor values = reshape(source, a.tensor(1).shape());
                             if (x.ndim() > 0) {
                                 IndexPlan plan;  // all axes are indexed, by positions in row-major order
                                 plan.attrs.axes = (2u << (x.ndim() - 1)) - 1;
                                 plan.attrs.place = 0;
                                 plan.attrs.shape = x.shape();
                                 plan.linear = at;
                                 return ret_written(a, plan_write("put", x, plan, values, a.flag(3)));
                             }
                             a.args[0].tensor = unsqueeze(x, 0);
                             ret_written(a, plan_write("put", a.tensor(0), plan_axis("put", a.tensor(0), 0, at, true),
                                                       values, a.flag(3)));
                             a.ret(a.inplace ? x : squeeze(a.value, 0));
                         }}}});

namespace {
// x and mask broadcast together, x flattened, and the positions where the mask is True.
IndexPlan plan_mask(const char* op, const Tensor& x, const Tensor& mask, Tensor* flat) {
    check<TypeError>(mask.dtype() == DType::Bool, op, ": the mask must be bool, got ", mask.dtype());
    Dims shape = broadcast_shapes(op, x.shape(), mask.shape());
    *flat = reshape(expand(x, shape), {-1});
    IndexPlan plan;
    plan.attrs.axes = 1;
    plan.attrs.shape = flat->shape();
    plan.linear = true_positions(expand(mask, shape));
    return plan;
}
}  // namespace
const Register masked_select_fn({"masked_select",
                                 kMethod | kFunction,
                                 R"(The elements where a mask is True, as a vector.

Args:
    mask: bool tensor that broadcasts with input.

Example:
    >>> chainrule.tensor([1., 2., 3.]).masked_select(chainrule.tensor([True, False, True]))
    tensor([1., 3.])
)",
                                 {{"masked_select(Tensor input, Tensor mask)", [](Args& a) {
                                       Tensor flat;
                                       IndexPlan plan = plan_mask("masked_select", a.tensor(0), a.tensor(1), &flat);
                                       a.ret(read(index_op, flat, plan));
                                   }}}});
const Register masked_scatter_fn(
    {"masked_scatter",
     kMethod | kFunction | kInplace,
     R"(Puts a source's elements, in order, where a mask is True.

Example:
    >>> m = chainrule.tensor([True, False, True])
    >>> chainrule.zeros(3).masked_scatter(m, chainrule.tensor([5., 6.]))
    tensor([5., 0., 6.])
)",
     {{"masked_scatter(Tensor input, Tensor mask, Tensor source)", [](Args& a) {
           Tensor flat, x = a.tensor(0);
           IndexPlan plan = plan_mask("masked_scatter", x, a.tensor(1), &flat);
           int64_t n = plan.linear.numel();
           check<ValueError>(a.tensor(2).numel() >= n, "masked_scatter: the mask is True at ", n,
                             " places, but the source has only ", a.tensor(2).numel(), " elements");
           Tensor source = narrow(reshape(a.tensor(2), {-1}), 0, 0, n);
           if (!a.inplace) {
               Write w = plan_write("masked_scatter", flat, plan, source, false);
               Tensor y = run_with(index_put_op, w.plan.attrs, flat, w.value, w.plan.linear);
               return a.ret(reshape(y, broadcast_shapes("masked_scatter", x.shape(), a.tensor(1).shape())));
           }
           a.ret(index_put_(x, {expand(a.tensor(1), x.shape())}, source, false));
       }}}});

// ---- embedding: rows of a weight matrix; the row padding_idx receives no gradient ----
namespace {
void vjp_embedding(VjpCtx& c) {
    const IndexAttrs& a = c.attr<IndexAttrs>();
    if (!a.sparse || !c.wants(0) || !takes_sparse(c, 0)) return vjp_index(c);
    c.set(0, rows_gradient(a.shape, c.input(1), c.grad(), a.grad_skip));
}
}  // namespace
const OpDef embedding_op = {
    .name = "embedding",
    .grad_name = "EmbeddingBackward0",
    .infer = infer_index,
    .eval = eval_index,
    .vjp = vjp_embedding,
    .save_input = {0, 1},
    .attr_bytes = sizeof(IndexAttrs),
    .describe = describe_attrs<IndexAttrs>,
};
namespace {
IndexPlan plan_embedding(const Tensor& input, const Tensor& weight, int64_t padding_idx) {
    check<ValueError>(weight.ndim() == 2, "embedding: the weight must have shape (rows, features), got ",
                      weight.shape());
    check<IndexError>(padding_idx < weight.size(0), "embedding: padding_idx ", padding_idx, " is out of bounds for ",
                      weight.size(0), " rows");
    IndexPlan plan = plan_axis("embedding", weight, 0, input, false);
    plan.attrs.grad_skip = padding_idx;
    return plan;
}

// Scales the rows that are used down to a norm of at most max_norm, in place and unrecorded.
void renormalize(const Tensor& weight, const Tensor& rows, double max_norm, double p) {
    check<ValueError>(p > 0, "embedding: norm_type must be positive, got ", p);
    check<ValueError>(weight.is_contiguous(), "embedding: max_norm needs a contiguous weight");
    GradMode off(false);
    check_inplace("embedding", weight, false);
    int64_t width = weight.size(1);
    visit_floating(weight.dtype(), [&](auto zero) {
        using T = decltype(zero);
        for (int64_t i = 0; i < rows.numel(); ++i) {
            T* row = weight.data<T>() + rows.data<int64_t>()[i] * width;
            double norm = 0;
            for (int64_t j = 0; j < width; ++j) {
                double x = std::abs(static_cast<double>(row[j]));
                norm = std::isinf(p) ? std::max(norm, x) : norm + std::pow(x, p);
            }
            if (!std::isinf(p)) norm = std::pow(norm, 1 / p);
            // A row that occurs again is within the norm by then.
            if (norm > max_norm)
                for (int64_t j = 0; j < width; ++j) row[j] = static_cast<T>(row[j] * (max_norm / (norm + 1e-7)));
        }
    });
    bump_version(weight);
}
}  // namespace
Tensor embedding(const Tensor& input, const Tensor& weight, int64_t padding_idx) {
    return read(embedding_op, weight, plan_embedding(input, weight, padding_idx));
}
const Register embedding_fn(
    {"embedding",
     kNN,
     R"(Rows of a weight matrix, chosen by numbers.

    y[i] = weight[input[i]]

Args:
    input: integer tensor of any shape (*).
    weight: (rows, features).
    padding_idx: this row receives no gradient; negative counts from the end.
    max_norm: rows that are used are first scaled down in place to this norm_type-norm.
    scale_grad_by_freq: divide the gradient of a row by how often it occurs in input.
    sparse: the .grad of a weight that is a leaf is a sparse tensor of the rows used, one entry for each number in
        input but padding_idx. Other weights get dense gradients. Not together with scale_grad_by_freq.

Returns:
    (*, features).

Raises:
    IndexError: a number out of bounds; the message names it, its place and the bound.

Example:
    >>> F.embedding(chainrule.tensor([1, 0]), chainrule.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
)",
     {{"embedding(Tensor input, Tensor weight, int padding_idx=None, float max_norm=None, float norm_type=2.0, "
       "bool scale_grad_by_freq=False, bool sparse=False)",
       [](Args& a) {
           const Tensor &input = a.tensor(0), &weight = a.tensor(1);
           int64_t padding = -1, rows = weight.ndim() ? weight.size(0) : 0;
           if (a.given(2)) {
               padding = a.integer(2) < 0 ? a.integer(2) + rows : a.integer(2);
               check<IndexError>(padding >= 0 && padding < rows, "embedding: padding_idx ", a.integer(2),
                                 " is out of bounds for ", rows, " rows");
           }
           IndexPlan plan = plan_embedding(input, weight, padding);
           plan.attrs.by_frequency = a.flag(5);
           plan.attrs.sparse = a.flag(6);
           check<RuntimeError>(!(a.flag(5) && a.flag(6) && grad_mode() && weight.requires_grad()),
                               "embedding: scale_grad_by_freq is not for sparse gradients. Use sparse=False.");
           check<TypeError>(is_floating(weight.dtype()) || !a.given(3),
                            "embedding: max_norm needs a floating weight, got ", weight.dtype());
           if (a.given(3)) renormalize(weight, plan.linear, a.real(3), a.real(4, 2.0));
           a.ret(read(embedding_op, weight, plan));
       }}}});

}  // namespace chainrule
