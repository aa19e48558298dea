// Padding: with a constant, or from the tensor itself.

#include <algorithm>
#include <vector>

#include "autograd/elementwise.h"
#include "core/number_range.h"
#include "ops/ops.h"
#include "ops/registry.h"

namespace chainrule {

// ---- constant_pad_nd: wider by `before` and `after` on each axis (narrower where negative); its adjoint is the opposite pad ----
namespace {
struct PadAttrs {
    Dims before, after;
    Scalar value;
    void visit(AttrVisitor& v) const {
        v("before", before);
        v("after", after);
        v("value", value);
    }
};
Dims padded_shape(const Dims& shape, const PadAttrs& p) {
    Dims out = shape;
    for (int d = 0; d < shape.n; ++d) {
        int64_t size = 0;
        bool ok = !__builtin_add_overflow(shape[d], p.before[d], &size) &&
                  !__builtin_add_overflow(size, p.after[d], &size) && size >= 0;
        check<ValueError>(ok, "pad: sizes must stay non-negative, got shape ", shape, " with ", p.before[d],
                          " before and ", p.after[d], " after axis ", d, ".");
        out[d] = size;
    }
    checked_numel("pad", out);
    return out;
}
void eval_pad(EvalCtx& c) {
    const PadAttrs& p = c.attr<PadAttrs>();
    const Tensor &x = c.input(0), &y = c.out();
    Dims shape = x.shape();
    int64_t from = 0, to = 0;
    bool wider = false;
    for (int d = 0; d < shape.n; ++d) {
        shape[d] += std::min<int64_t>(p.before[d], 0) + std::min<int64_t>(p.after[d], 0);
        from += std::max<int64_t>(-p.before[d], 0) * x.stride(d);
        to += std::max<int64_t>(p.before[d], 0) * y.stride(d);
        wider = wider || p.before[d] > 0 || p.after[d] > 0;
    }
    if (wider) copy_data(y, scalar_tensor(p.value, y.dtype()));
    for (int64_t s : shape)
        if (s <= 0) return;
    copy_data(alias(y, shape, y.strides(), to), alias(x, shape, x.strides(), from));
}
}  // namespace
extern const OpDef constant_pad_op;
const OpDef constant_pad_op = {
    .name = "pad",
    .grad_name = "ConstantPadNdBackward0",
    .infer = [](InferCtx& c) { c.set(0, padded_shape(c.input(0).shape(), c.attr<PadAttrs>()), c.input(0).dtype()); },
    .eval = eval_pad,
    .vjp =
        [](VjpCtx& c) {
            PadAttrs p = c.attr<PadAttrs>();
            for (int d = 0; d < p.before.n; ++d) {
                p.before[d] = -p.before[d];
                p.after[d] = -p.after[d];
            }
            p.value = 0;
            c.set(0, run_with(constant_pad_op, p, c.grad()));
        },
    .attr_bytes = sizeof(PadAttrs),
    .describe = describe_attrs<PadAttrs>,
};

namespace {
// pads: (before, after) of the last axis, then of the one before it, ...
PadAttrs read_pads(const Tensor& x, const Dims& pads) {
    check<ValueError>(pads.n % 2 == 0 && pads.n / 2 <= x.ndim(),
                      "pad: a pair of numbers is needed for each padded axis, got ", pads, " for shape ", x.shape());
    PadAttrs p;
    p.before.n = p.after.n = x.ndim();
    for (int d = 0; d < x.ndim(); ++d) {
        int k = 2 * (x.ndim() - 1 - d);
        p.before[d] = k < pads.n ? pads[k] : 0;
        p.after[d] = k < pads.n ? pads[k + 1] : 0;
        // Far beyond any tensor: refused before a negative of it is formed.
        int64_t limit = int64_t{1} << 60;
        check<ValueError>(std::abs(p.before[d] / 2) < limit && std::abs(p.after[d] / 2) < limit,
                          "pad: numbers are too large, got ", pads);
    }
    return p;
}

enum class PadMode { Reflect, Replicate, Circular };

// Where position i (maybe outside) of an axis of size n takes its element.
int64_t source_position(PadMode mode, int64_t i, int64_t n) {
    switch (mode) {
        case PadMode::Reflect: return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
        case PadMode::Replicate: return std::clamp<int64_t>(i, 0, n - 1);
        default: return (i % n + n) % n;
    }
}

// The positions of an axis of size n, `before` and `after` wider.
std::vector<int64_t> source_positions(PadMode mode, int64_t n, int64_t before, int64_t after) {
    std::vector<int64_t> from(static_cast<size_t>(n + before + after));
    for (size_t i = 0; i < from.size(); ++i) from[i] = source_position(mode, static_cast<int64_t>(i) - before, n);
    return from;
}

void check_pad(const Tensor& x, int d, int64_t before, int64_t after, PadMode mode) {
    int64_t n = x.size(d), most = std::max(before, after);
    check<ValueError>(most <= 0 || n > 0, "pad: axis ", d, " of shape ", x.shape(), " has nothing to pad with.");
    check<ValueError>(mode != PadMode::Reflect || most < n,
                      "pad: with reflect the padding must be smaller than the axis, got ", most, " for axis ", d,
                      " of shape ", x.shape(), ".");
    check<ValueError>(mode != PadMode::Circular || most <= n,
                      "pad: with circular the padding must not exceed the axis, got ", most, " for axis ", d,
                      " of shape ", x.shape(), ".");
    check<ValueError>(n + before + after >= 0, "pad: sizes must stay non-negative, got shape ", x.shape(), " with ",
                      before, " before and ", after, " after axis ", d, ".");
}

Tensor pad_axis(const Tensor& x, int d, int64_t before, int64_t after, PadMode mode) {
    if (before == 0 && after == 0) return x;
    if (mode == PadMode::Circular && std::min(before, after) < 0 && std::max(before, after) > 0) {
        // What is cut away is not there to come round again.
        Tensor cut = pad_axis(x, d, std::min<int64_t>(before, 0), std::min<int64_t>(after, 0), mode);
        return pad_axis(cut, d, std::max<int64_t>(before, 0), std::max<int64_t>(after, 0), mode);
    }
    check_pad(x, d, before, after, mode);
    int64_t length = x.size(d) + before + after;
    if (std::max(before, after) <= 0) return narrow(x, d, -before, length);
    Tensor index = empty({length}, DType::Int64);
    std::ranges::copy(source_positions(mode, x.size(d), before, after), index.data<int64_t>());
    return index_select(x, d, index);
}

// The last two axes wider, in one pass: many planes share one index of their elements.
Tensor pad_planes(const Tensor& x, const PadAttrs& p, PadMode mode) {
    int a = x.ndim() - 2, b = x.ndim() - 1;
    for (int d : {a, b}) check_pad(x, d, p.before[d], p.after[d], mode);
    std::vector<int64_t> rows = source_positions(mode, x.size(a), p.before[a], p.after[a]);
    std::vector<int64_t> columns = source_positions(mode, x.size(b), p.before[b], p.after[b]);
    Tensor index = empty({static_cast<int64_t>(rows.size() * columns.size())}, DType::Int64);
    int64_t* at = index.data<int64_t>();
    for (int64_t row : rows)
        for (int64_t column : columns) *at++ = row * x.size(b) + column;
    Dims shape = x.shape();
    shape[a] = static_cast<int64_t>(rows.size());
    shape[b] = static_cast<int64_t>(columns.size());
    return reshape(index_select(flatten(x, a, b), a, index), shape);
}

Tensor pad_from_itself(const Tensor& x, const Dims& pads, std::string_view mode) {
    PadMode m = mode == "reflect" ? PadMode::Reflect : mode == "replicate" ? PadMode::Replicate : PadMode::Circular;
    check<ValueError>(mode == "reflect" || mode == "replicate" || mode == "circular",
                      "pad: mode must be \"constant\", \"reflect\", \"replicate\" or \"circular\", got \"", mode, "\"");
    PadAttrs p = read_pads(x, pads);
    padded_shape(x.shape(), p);
    int axes = pads.n / 2;
    check<ValueError>(x.ndim() == axes + 1 || x.ndim() == axes + 2, "pad: with ", mode, " and ", axes,
                      " padded axes the tensor must have ", axes + 1, " or ", axes + 2, " axes, got shape ", x.shape(),
                      ".");
    int64_t planes = 1;
    for (int d = 0; d < x.ndim() - axes; ++d) planes *= x.size(d);
    bool wider = axes == 2 && x.is_contiguous() && x.numel() > 0, cut = true;
    for (int d = x.ndim() - axes; d < x.ndim(); ++d) {
        wider = wider && p.before[d] >= 0 && p.after[d] >= 0;
        cut = cut && p.before[d] <= 0 && p.after[d] <= 0;
    }
    if (wider && planes >= 16) return pad_planes(x, p, m);
    Tensor y = x;
    for (int d = x.ndim() - axes; d < x.ndim(); ++d) y = pad_axis(y, d, p.before[d], p.after[d], m);
    return cut ? clone(y) : y;  // what is only cut would be a view of x
}
}  // namespace

Tensor pad_constant(const Tensor& x, const Dims& pads, Scalar value) {
    PadAttrs p = read_pads(x, pads);
    check_fits("pad", value, x.dtype());
    p.value = value;
    return run_with(constant_pad_op, p, x);
}
const Register pad_fn({"pad",
                       kNN,
                       R"(Pads axes, from the last one backwards; negative numbers cut.

Args:
    pad: (before, after) of the last axis, then of the one before it, and so on.
    mode: "constant", "reflect" (without the edge), "replicate" (the edge) or "circular". The last three pad the last 1 to 3 axes of
        a tensor with one or two axes more.
    value: of the constant; 0 unless given.

Raises:
    ValueError: sizes that would be negative, or padding that the axis cannot supply.

Example:
    >>> F.pad(chainrule.tensor([1, 2]), (1, 2))
    tensor([0, 1, 2, 0, 0])
    >>> F.pad(chainrule.tensor([[1, 2, 3]]), (2, 1), mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2]])
)",
                       {{"pad(Tensor input, ints pad, str mode='constant', Number value=None)", [](Args& a) {
                             if (a.text(2) == "constant")
                                 return a.ret(
                                     pad_constant(a.tensor(0), a.ints(1), a.given(3) ? a.number(3) : Scalar(0)));
                             a.ret(pad_from_itself(a.tensor(0), a.ints(1), a.text(2)));
                         }}}});

}  // namespace chainrule
