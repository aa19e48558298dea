// Views of a part: slices, single positions, diagonals, windows, and lists of slices.

#include <algorithm>

#include "autograd/elementwise.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"

namespace chainrule {
namespace {

int existing_axis(const char* op, int64_t axis, const Tensor& x) {
    check<IndexError>(x.ndim() > 0, op, ": a tensor with no axes has no parts, got shape ()");
    return normalize_axis(op, axis, x.ndim());
}

// Parts beyond the elements of an axis are empty, but each is a tensor, and memory ends.
constexpr int64_t kMostEmptyParts = 1 << 20;

// ---- select: one position along an axis ----
struct SelectAttrs {
    int64_t axis, index;
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("index", index);
    }
};
Geometry selected(const SelectAttrs& a, const Dims& shape, const Dims& strides) {
    int axis = static_cast<int>(a.axis);
    Geometry g{shape, strides, a.index * strides[axis]};
    g.shape.erase(axis);
    g.strides.erase(axis);
    return g;
}

// ---- slice: positions start, start + step, ... ----
struct SliceAttrs {
    int64_t axis, start, length, step;
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("start", start);
        v("length", length);
        v("step", step);
    }
};
Geometry sliced(const SliceAttrs& a, const Dims& shape, const Dims& strides) {
    int axis = static_cast<int>(a.axis);
    Geometry g{shape, strides, a.length ? a.start * strides[axis] : 0};
    g.shape[axis] = a.length;
    // A step too large for any stride leaves one element at most, whose stride is never used.
    if (__builtin_mul_overflow(strides[axis], a.step, &g.strides[axis])) g.strides[axis] = strides[axis];
    return g;
}

// ---- diagonal: the axes a and b become one, last axis ----
struct DiagonalAttrs {
    int64_t offset, a, b;
    void visit(AttrVisitor& v) const {
        v("offset", offset);
        v("a", a);
        v("b", b);
    }
};
Geometry diagonal_part(const DiagonalAttrs& d, const Dims& shape, const Dims& strides) {
    int a = static_cast<int>(d.a), b = static_cast<int>(d.b);
    int64_t rows = shape[a] - std::max<int64_t>(-d.offset, 0), columns = shape[b] - std::max<int64_t>(d.offset, 0);
    int64_t length = std::max<int64_t>(std::min(rows, columns), 0);
    Geometry g{shape, strides, 0};
    if (length > 0) g.offset = d.offset >= 0 ? d.offset * strides[b] : -d.offset * strides[a];
    int64_t step = strides[a] + strides[b];
    for (int axis : {std::max(a, b), std::min(a, b)}) {
        g.shape.erase(axis);
        g.strides.erase(axis);
    }
    g.shape.push(length);
    g.strides.push(step);
    return g;
}

// ---- unfold: windows along an axis; their elements stand in a new last axis ----
struct UnfoldAttrs {
    int64_t axis, size, step;
    Dims shape;  // of the input, for the adjoint
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("size", size);
        v("step", step);
        v("shape", shape);
    }
};
Geometry windows(const UnfoldAttrs& u, const Dims& shape, const Dims& strides) {
    int axis = static_cast<int>(u.axis);
    Geometry g{shape, strides, 0};
    int64_t own = shape.n ? strides[axis] : 1;
    if (shape.n) {
        g.shape[axis] = (shape[axis] - u.size) / u.step + 1;
        g.strides[axis] *= u.step;
    }
    g.shape.push(u.size);
    g.strides.push(own);
    return g;
}
// Element i of each window: no two of these reach the same element.
Geometry window_element(const UnfoldAttrs& u, const Dims& shape, const Dims& strides, int64_t i) {
    Geometry g = windows(u, shape, strides);
    g.offset = i * g.strides.back();
    --g.shape.n;
    --g.strides.n;
    return g;
}

}  // namespace

const OpDef select_op = {
    .name = "select",
    .grad_name = "SelectBackward0",
    .infer = infer_part<SelectAttrs, selected>,
    .vjp = vjp_part<SelectAttrs, selected>,
    .keep_shape = 1,
    .attr_bytes = sizeof(SelectAttrs),
    .describe = describe_attrs<SelectAttrs>,
};
Tensor select(const Tensor& x, int64_t axis, int64_t index) {
    int d = existing_axis("select", axis, x);
    int64_t n = x.size(d);
    if (index < -n || index >= n)
        fail<IndexError>("select: index ", index, " is out of bounds for axis ", d, " with size ", n, " (shape ",
                         x.shape(), ")");
    return run_with(select_op, SelectAttrs{d, index < 0 ? index + n : index}, x);
}
const Register select_fn({"select",
                          kMethod | kFunction,
                          R"(A view of one position along an axis, which goes away.

Args:
    dim: the axis.
    index: the position; negative counts from the end.

Raises:
    IndexError: the position does not exist.

Example:
    >>> chainrule.tensor([[1, 2], [3, 4]]).select(1, 0)
    tensor([1, 3])
)",
                          {{"select(Tensor input, int dim, int index)",
                            [](Args& a) { a.ret(select(a.tensor(0), a.integer(1), a.integer(2))); }}}});

const OpDef slice_op = {
    .name = "slice",
    .grad_name = "SliceBackward0",
    .infer = infer_part<SliceAttrs, sliced>,
    .vjp = vjp_part<SliceAttrs, sliced>,
    .keep_shape = 1,
    .attr_bytes = sizeof(SliceAttrs),
    .describe = describe_attrs<SliceAttrs>,
};
// start and stop as in x[start:stop:step]: negative ones count from the end, those beyond the ends are cut.
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step) {
    int d = existing_axis("slice", axis, x);
    check<ValueError>(step > 0, "slice: the step must be positive, got ", step, ". Use flip() to reverse.");
    int64_t n = x.size(d);
    auto clipped = [n](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + n : i, 0, n); };
    start = clipped(start);
    stop = std::max(clipped(stop), start);
    return run_with(slice_op, SliceAttrs{d, start, (stop - start) / step + ((stop - start) % step != 0), step}, x);
}

Tensor narrow(const Tensor& x, int64_t axis, int64_t start, int64_t length) {
    int d = existing_axis("narrow", axis, x);
    int64_t n = x.size(d), from = start < 0 ? start + n : start;
    if (from < 0 || from > n || length < 0 || length > n - from)
        fail<IndexError>("narrow: start ", start, " and length ", length, " must lie within axis ", d, " of size ", n,
                         " (shape ", x.shape(), ")");
    return run_with(slice_op, SliceAttrs{d, from, length, 1}, x);
}
const Register narrow_fn({"narrow",
                          kMethod | kFunction,
                          R"(A view of `length` positions of an axis, from `start` on.

Example:
    >>> chainrule.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
)",
                          {{"narrow(Tensor input, int dim, int start, int length)",
                            [](Args& a) { a.ret(narrow(a.tensor(0), a.integer(1), a.integer(2), a.integer(3))); }}}});

const OpDef diagonal_op = {
    .name = "diagonal",
    .grad_name = "DiagonalBackward0",
    .infer = infer_part<DiagonalAttrs, diagonal_part>,
    .vjp = vjp_part<DiagonalAttrs, diagonal_part>,
    .keep_shape = 1,
    .attr_bytes = sizeof(DiagonalAttrs),
    .describe = describe_attrs<DiagonalAttrs>,
};
Tensor diagonal(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
    check<ValueError>(x.ndim() >= 2, "diagonal: the tensor must have at least 2 axes, got shape ", x.shape());
    int a = normalize_axis("diagonal", axis1, x.ndim()), b = normalize_axis("diagonal", axis2, x.ndim());
    check<ValueError>(a != b, "diagonal: the two axes must differ, got ", axis1, " and ", axis2);
    int64_t limit = std::max(x.size(a), x.size(b));
    return run_with(diagonal_op, DiagonalAttrs{std::clamp(offset, -limit, limit), a, b}, x);
}
const Register diagonal_fn({"diagonal",
                            kMethod | kFunction,
                            R"(A view of a diagonal, which becomes the last axis.

Args:
    offset: 0 the main diagonal, above it positive, below it negative.
    dim1, dim2: the axes of the matrices.

Example:
    >>> chainrule.arange(9).view(3, 3).diagonal(1)
    tensor([1, 5])
)",
                            {{"diagonal(Tensor input, int offset=0, int dim1=0, int dim2=1)", [](Args& a) {
                                  a.ret(diagonal(a.tensor(0), a.integer(1, 0), a.integer(2, 0), a.integer(3, 1)));
                              }}}});

extern const OpDef unfold_op;
// The adjoint of unfold: every window's elements added where they came from.
const OpDef unfold_backward_op = {
    .name = "unfold_backward",
    .grad_name = "UnfoldBackwardBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.attr<UnfoldAttrs>().shape, c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            const UnfoldAttrs& u = c.attr<UnfoldAttrs>();
            const Tensor &out = c.out(), &g = c.input(0);
            zero_data(out);
            Dims shape = g.shape(), strides = g.strides();
            int64_t last = strides.back();
            --shape.n;
            --strides.n;
            for (int64_t i = 0; i < u.size; ++i) {
                Geometry to = window_element(u, out.shape(), out.strides(), i);
                add_data(alias(out, to.shape, to.strides, to.offset), alias(g, shape, strides, i * last));
            }
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(unfold_op, c.attr<UnfoldAttrs>(), c.grad())); },
    .attr_bytes = sizeof(UnfoldAttrs),
    .describe = describe_attrs<UnfoldAttrs>,
};
const OpDef unfold_op = {
    .name = "unfold",
    .grad_name = "UnfoldBackward0",
    .infer = infer_part<UnfoldAttrs, windows>,
    .vjp = [](VjpCtx& c) { c.set(0, run_with(unfold_backward_op, c.attr<UnfoldAttrs>(), c.grad())); },
    .attr_bytes = sizeof(UnfoldAttrs),
    .describe = describe_attrs<UnfoldAttrs>,
};
Tensor unfold_windows(const Tensor& x, int64_t axis, int64_t size, int64_t step) {
    int d = normalize_axis("unfold", axis, x.ndim());
    int64_t n = x.ndim() ? x.size(d) : 1;
    check<ValueError>(size >= 0 && size <= n && step > 0, "unfold: size must be in [0, ", n,
                      "] and step positive, got size ", size, " and step ", step, " for shape ", x.shape());
    return run_with(unfold_op, UnfoldAttrs{d, size, step, x.shape()}, x);
}
const Register unfold_fn({"unfold",
                          kMethod,
                          R"(A view of all windows along an axis; their elements stand in a new last axis.

Args:
    dimension: the axis.
    size: the length of a window.
    step: from one window's start to the next.

Example:
    >>> chainrule.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
)",
                          {{"unfold(Tensor input, int dimension, int size, int step)", [](Args& a) {
                                a.ret(unfold_windows(a.tensor(0), a.integer(1), a.integer(2), a.integer(3)));
                            }}}});

// ---- lists of parts ----
namespace {
std::vector<Tensor> split_by_sizes(const Tensor& x, const Tensor& sizes, int64_t axis) {
    int d = existing_axis("split", axis, x);
    const int64_t n = sizes.numel(), *size = sizes.data<int64_t>();
    int64_t rest = x.size(d);
    for (int64_t i = 0; i < n; ++i) {
        check<ValueError>(size[i] >= 0, "split: sizes must be non-negative, got ", size[i], " at ", i, ".");
        check<ValueError>(size[i] <= rest, "split: the sizes must add up to ", x.size(d), " (axis ", d, " of shape ",
                          x.shape(), "), but ", size[i], " at ", i, " is more than the ", rest, " left.");
        rest -= size[i];
    }
    check<ValueError>(rest == 0, "split: the sizes must add up to ", x.size(d), " (axis ", d, " of shape ", x.shape(),
                      "), got ", x.size(d) - rest, ".");
    std::vector<Tensor> parts;
    for (int64_t i = 0, at = 0; i < n; at += size[i++]) parts.push_back(narrow(x, d, at, size[i]));
    return parts;
}
}  // namespace

std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t axis) {
    int d = existing_axis("split", axis, x);
    int64_t n = x.size(d);
    check<ValueError>(size > 0 || (size == 0 && n == 0), "split: the size of a part must be positive, got ", size);
    std::vector<Tensor> parts;
    for (int64_t at = 0; at < n; at += size) parts.push_back(narrow(x, d, at, std::min(size, n - at)));
    if (n == 0) parts.push_back(narrow(x, d, 0, 0));
    return parts;
}
const Register split_fn({"split",
                         kMethod | kFunction,
                         R"(Cuts an axis into parts, which are views.

Args:
    split_size_or_sections: the size of a part (the last one may be smaller), or all sizes.
    dim: the axis.

Returns:
    tuple of tensors.

Example:
    >>> chainrule.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
)",
                         {{"split(Tensor input, int split_size_or_sections, int dim=0)",
                           [](Args& a) { a.ret_tuple(split(a.tensor(0), a.integer(1), a.integer(2, 0))); }},
                          {"split(Tensor input, list split_size_or_sections, int dim=0)",
                           [](Args& a) { a.ret_tuple(split_by_sizes(a.tensor(0), a.tensor(1), a.integer(2, 0))); }},
                          {"split(Tensor input, int split_size, int dim=0)",
                           [](Args& a) { a.ret_tuple(split(a.tensor(0), a.integer(1), a.integer(2, 0))); }},
                          {"split(Tensor input, list split_size, int dim=0)",
                           [](Args& a) { a.ret_tuple(split_by_sizes(a.tensor(0), a.tensor(1), a.integer(2, 0))); }}}});

std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis) {
    check<ValueError>(chunks > 0, "chunk: the number of chunks must be positive, got ", chunks);
    int d = existing_axis("chunk", axis, x);
    int64_t n = x.size(d);
    check<ValueError>(n > 0 || chunks <= kMostEmptyParts, "chunk: at most ", kMostEmptyParts,
                      " chunks of an axis of size 0 can be made, got ", chunks, ".");
    if (n == 0) return std::vector<Tensor>(static_cast<size_t>(chunks), narrow(x, d, 0, 0));
    return split(x, (n - 1) / chunks + 1, d);
}
const Register chunk_fn({"chunk",
                         kMethod | kFunction,
                         R"(Cuts an axis into at most `chunks` parts of equal size; the last may be smaller.

Example:
    >>> chainrule.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
)",
                         {{"chunk(Tensor input, int chunks, int dim=0)",
                           [](Args& a) { a.ret_tuple(chunk(a.tensor(0), a.integer(1), a.integer(2, 0))); }}}});

std::vector<Tensor> unbind(const Tensor& x, int64_t axis) {
    int d = existing_axis("unbind", axis, x);
    std::vector<Tensor> parts;
    for (int64_t i = 0; i < x.size(d); ++i) parts.push_back(run_with(select_op, SelectAttrs{d, i}, x));
    return parts;
}
const Register unbind_fn({"unbind",
                          kMethod | kFunction,
                          R"(All positions along an axis, as a tuple of views without it.

Example:
    >>> chainrule.tensor([[1, 2], [3, 4]]).unbind()
    (tensor([1, 2]), tensor([3, 4]))
)",
                          {{"unbind(Tensor input, int dim=0)",
                            [](Args& a) { a.ret_tuple(unbind(a.tensor(0), a.integer(1, 0))); }}}});

namespace {
std::vector<Tensor> sections(const Tensor& x, int64_t n, int64_t axis) {
    check<ValueError>(n > 0, "tensor_split: the number of sections must be positive, got ", n);
    int d = existing_axis("tensor_split", axis, x);
    const int64_t most = std::max(x.size(d), kMostEmptyParts);
    check<ValueError>(n <= most, "tensor_split: at most ", most, " sections of an axis of size ", x.size(d),
                      " can be made, got ", n, ".");
    std::vector<Tensor> parts;
    int64_t small = x.size(d) / n, larger = x.size(d) % n, at = 0;
    for (int64_t i = 0; i < n; ++i) {
        int64_t length = small + (i < larger);
        parts.push_back(narrow(x, d, at, length));
        at += length;
    }
    return parts;
}
// at: int64 vector, row-major.
std::vector<Tensor> cut_at(const Tensor& x, const Tensor& at, int64_t axis) {
    std::vector<Tensor> parts;
    int64_t from = 0;
    for (int64_t i = 0; i < at.numel(); ++i) {
        int64_t to = at.data<int64_t>()[i];
        parts.push_back(slice(x, axis, from, to, 1));
        from = to;
    }
    parts.push_back(slice(x, axis, from, INT64_MAX, 1));
    return parts;
}
std::vector<Tensor> cut_by_tensor(const Args& a) {
    const Tensor& at = a.tensor(1);
    check<TypeError>(at.dtype() == DType::Int64, "tensor_split: indices_or_sections must be int64, got ", at.dtype());
    check<ValueError>(at.ndim() <= 1, "tensor_split: indices_or_sections must be a number or a vector, got shape ",
                      at.shape());
    Tensor values = contiguous(detach(at));
    if (at.ndim() == 0) return sections(a.tensor(0), *values.data<int64_t>(), a.integer(2, 0));
    return cut_at(a.tensor(0), values, a.integer(2, 0));
}
}  // namespace
const Register tensor_split_fn({"tensor_split",
                                kMethod | kFunction,
                                R"(Cuts an axis into sections whose sizes differ by at most 1, or at indices.

Args:
    indices_or_sections: the number of sections, or the positions where they begin.
    dim: the axis.

Example:
    >>> chainrule.arange(5).tensor_split(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    >>> chainrule.arange(5).tensor_split((1, 3))
    (tensor([0]), tensor([1, 2]), tensor([3, 4]))
)",
                                {{"tensor_split(Tensor input, int indices_or_sections, int dim=0)",
                                  [](Args& a) { a.ret_tuple(sections(a.tensor(0), a.integer(1), a.integer(2, 0))); }},
                                 {"tensor_split(Tensor input, list indices_or_sections, int dim=0)",
                                  [](Args& a) { a.ret_tuple(cut_at(a.tensor(0), a.tensor(1), a.integer(2, 0))); }},
                                 {"tensor_split(Tensor input, Tensor indices_or_sections, int dim=0)",
                                  [](Args& a) { a.ret_tuple(cut_by_tensor(a)); }}}});

namespace {
// hsplit, vsplit and dsplit cut axis `axis` of tensors with at least that many axes.
template <int64_t axis> int64_t stacked_axis(const char* op, const Tensor& x) {
    int64_t needed = axis == 1 ? 1 : axis == 0 ? 2 : axis + 1;
    check<ValueError>(x.ndim() >= needed, op, ": the tensor must have at least ", needed, " axes, got shape ",
                      x.shape());
    return axis == 1 && x.ndim() == 1 ? 0 : axis;
}
template <int64_t axis> void call_sections(Args& a) {
    const Tensor& x = a.tensor(0);
    int64_t d = stacked_axis<axis>(a.name, x), n = a.integer(1);
    check<ValueError>(n > 0 && x.size(static_cast<int>(d)) % n == 0, a.name, ": the axis of size ",
                      x.size(static_cast<int>(d)), " cannot be cut into ", n,
                      " equal sections. Use tensor_split(), or name the indices.");
    a.ret_tuple(sections(x, n, d));
}
template <int64_t axis> void call_cut_at(Args& a) {
    a.ret_tuple(cut_at(a.tensor(0), a.tensor(1), stacked_axis<axis>(a.name, a.tensor(0))));
}
}  // namespace
const Register hsplit_fn({"hsplit",
                          kMethod | kFunction,
                          R"(tensor_split() along axis 1 (axis 0 of a vector), into equal sections or at indices.

Example:
    >>> [p.shape for p in chainrule.zeros(2, 4).hsplit(2)]
    [chainrule.Size([2, 2]), chainrule.Size([2, 2])]
)",
                          {{"hsplit(Tensor input, int sections)", call_sections<1>},
                           {"hsplit(Tensor input, list indices)", call_cut_at<1>}}});
const Register vsplit_fn({"vsplit",
                          kMethod | kFunction,
                          R"(tensor_split() along axis 0, into equal sections or at indices.

Example:
    >>> [p.shape for p in chainrule.zeros(4, 2).vsplit(2)]
    [chainrule.Size([2, 2]), chainrule.Size([2, 2])]
)",
                          {{"vsplit(Tensor input, int sections)", call_sections<0>},
                           {"vsplit(Tensor input, list indices)", call_cut_at<0>}}});
const Register dsplit_fn({"dsplit",
                          kMethod | kFunction,
                          R"(tensor_split() along axis 2, into equal sections or at indices.

Example:
    >>> [p.shape for p in chainrule.zeros(1, 2, 4).dsplit(2)]
    [chainrule.Size([1, 2, 2]), chainrule.Size([1, 2, 2])]
)",
                          {{"dsplit(Tensor input, int sections)", call_sections<2>},
                           {"dsplit(Tensor input, list indices)", call_cut_at<2>}}});

}  // namespace chainrule
