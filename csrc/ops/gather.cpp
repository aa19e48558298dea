// gather and scatter: an index tensor says for each element where along one axis it comes from or goes to.

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "autograd/elementwise.h"
#include "core/number_range.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/forms.h"
#include "ops/index_core.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {

extern const OpDef gather_op;
extern const OpDef scatter_op;
extern const OpDef scatter_add_op;

namespace {

// The walk over an index tensor and the two tensors that it joins: x, where the index names places along `axis`, and y, of the index's
// shape. The innermost loop runs along the last axis. Offsets and steps in elements.
struct GatherWalk {
    int axis, last;
    Dims outer;  // the index's shape with 1 for `axis` and `last`
    Dims index_strides, x_strides, y_strides;
    int64_t along, inner;                         // sizes of `axis`, and of `last` where that is another axis
    int64_t index_step[2], x_step[2], y_step[2];  // along `axis`, along `last`

    GatherWalk(int axis_, const Tensor& index, const Tensor& x, const Tensor& y)
        : axis(axis_), last(std::max(index.ndim() - 1, 0)), outer(index.shape()) {
        index_strides = index.strides();
        x_strides = x.strides();
        y_strides = y.strides();
        bool two = last > axis;
        along = outer.n ? outer[axis] : 1;
        inner = two ? outer[last] : 1;
        auto steps = [&](const Dims& strides, int64_t* to) {
            to[0] = outer.n ? strides[axis] : 0;
            to[1] = two ? strides[last] : 0;
        };
        steps(index_strides, index_step);
        steps(x_strides, x_step);
        steps(y_strides, y_step);
        if (outer.n) outer[axis] = outer[last] = 1;
    }

    // One index for a whole row of neighbours: an index that was expanded along the last axis.
    bool takes_rows() const { return inner > 1 && index_step[1] == 0 && x_step[1] == 1 && y_step[1] == 1; }

    // body(index offset, x offset, y offset, first, end): the inner positions [first, end) of all places along the axis. Two calls never
    // reach the same element of x, so threads may share them out and the result does not depend on how.
    template <class F> void run(const F& body) const {
        int64_t n = numel_of(outer), work = std::max<int64_t>(along * inner, 1);
        if (n == 1) {
            int64_t grain = work < kGrain ? inner : std::max<int64_t>(16, inner / num_threads() + 1);
            parallel_for(inner, grain, [&](int64_t begin, int64_t end) { body(0, 0, 0, begin, end); });
            return;
        }
        parallel_for(n, std::max<int64_t>(1, kGrain / work), [&](int64_t begin, int64_t end) {
            for (int64_t k = begin; k < end; ++k) {
                int64_t rest = k, io = 0, xo = 0, yo = 0;
                for (int d = outer.n - 1; d >= 0; --d) {
                    if (outer[d] == 1) continue;
                    int64_t at = rest % outer[d];
                    rest /= outer[d];
                    io += at * index_strides[d];
                    xo += at * x_strides[d];
                    yo += at * y_strides[d];
                }
                body(io, xo, yo, 0, inner);
            }
        });
    }
};

// step(x[at[j] x_step + j x_along], y[j y_step]) for j < n in order. A function of its own, whose few pointers stay in registers.
template <class T, class F>
[[gnu::noinline]] void step_line(const int64_t* at, int64_t at_step, T* x, int64_t x_step, int64_t x_along, T* y,
                                 int64_t y_step, int64_t n, F step) {
    if (at_step == 1 && y_step == 1 && x_step == 1 && x_along == 0) {
        for (int64_t j = 0; j < n; ++j) step(x[at[j]], y[j]);
    } else if (at_step == 1 && y_step == 1 && x_along == 1) {
        for (int64_t j = 0; j < n; ++j) step(x[at[j] * x_step + j], y[j]);
    } else {
        for (int64_t j = 0; j < n; ++j) step(x[at[j * at_step] * x_step + j * x_along], y[j * y_step]);
    }
}

// Calls step(x element, y element) for each index, along the axis in order.
template <class T, class F> void walk_elements(const GatherWalk& w, const int64_t* index, T* x, T* y, const F& step) {
    w.run([&](int64_t io, int64_t xo, int64_t yo, int64_t first, int64_t end) {
        const int64_t* at = index + io;
        T *from = x + xo, *to = y + yo;
        if (w.inner == 1) {
            step_line(at, w.index_step[0], from, w.x_step[0], 0, to, w.y_step[0], w.along, step);
            return;
        }
        for (int64_t j = 0; j < w.along; ++j)
            step_line(at + j * w.index_step[0] + first * w.index_step[1], w.index_step[1], from + first * w.x_step[1],
                      w.x_step[0], w.x_step[1], to + j * w.y_step[0] + first * w.y_step[1], w.y_step[1], end - first,
                      step);
    });
}

// The same where whole rows are copied.
void gather_rows(const GatherWalk& w, const int64_t* index, const Tensor& x, const Tensor& y) {
    int64_t item = static_cast<int64_t>(x.item_size());
    const char* from = x.data();
    char* to = y.data();
    w.run([&](int64_t io, int64_t xo, int64_t yo, int64_t first, int64_t end) {
        for (int64_t j = 0; j < w.along; ++j) {
            int64_t source = xo + index[io + j * w.index_step[0]] * w.x_step[0] + first;
            std::memcpy(to + (yo + j * w.y_step[0] + first) * item, from + source * item,
                        static_cast<size_t>((end - first) * item));
        }
    });
}

// y[..., j, ...] = x[..., index[..., j, ...], ...]
void gather_data(int axis, const Tensor& x, const Tensor& index, const Tensor& y) {
    if (y.numel() == 0) return;
    Unlock unlock(y.numel());
    GatherWalk walk(axis, index, x, y);
    if (walk.takes_rows()) return gather_rows(walk, index.data<int64_t>(), x, y);
    visit_bytes(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        walk_elements(walk, index.data<int64_t>(), x.data<T>(), y.data<T>(), [](const T& from, T& to) { to = from; });
    });
}

// x[..., index[..., j, ...], ...] = rule(old, y[..., j, ...]), in the order of j.
template <class F> void scatter_data(int axis, const Tensor& x, const Tensor& index, const Tensor& y, const F& rule) {
    if (index.numel() == 0) return;
    Unlock unlock(index.numel());
    GatherWalk walk(axis, index, x, y);
    visit(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        walk_elements(walk, index.data<int64_t>(), x.data<T>(), y.data<T>(),
                      [&](T& to, const T& from) { to = static_cast<T>(rule(to, from)); });
    });
}

struct GatherAttrs {
    int64_t axis;
    Dims shape;  // of x
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("shape", shape);
    }
};

// The index, checked; its sizes must not exceed x's except along the axis.
Tensor line_index(const char* op, const Tensor& x, int axis, const Tensor& index) {
    bool fits = std::max(index.ndim(), 1) == std::max(x.ndim(), 1);
    for (int d = 0; fits && d < index.ndim() && x.ndim(); ++d) fits = d == axis || index.size(d) <= x.size(d);
    check<ValueError>(fits || index.numel() == 0, op,
                      ": the index must have as many axes as the tensor and, except along axis ", axis,
                      ", sizes no larger, got index ", index.shape(), " and tensor ", x.shape(), ".");
    return checked_index(op, index, x.ndim() ? x.size(axis) : 1, axis, false, true);
}

}  // namespace

// ---- gather: y = x at index along an axis; gradients of equal positions add up (x, index) ----
const OpDef gather_op = {
    .name = "gather",
    .grad_name = "GatherBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(1).shape(), c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) { gather_data(static_cast<int>(c.attr<GatherAttrs>().axis), c.input(0), c.input(1), c.out()); },
    .vjp =
        [](VjpCtx& c) {
            GatherAttrs a = c.attr<GatherAttrs>();
            if (c.wants(0))
                c.set(0, run_with(scatter_add_op, a, zeros(a.shape, c.grad().dtype()), c.grad(), c.input(1)));
        },
    .save_input = {0, 1},
    .attr_bytes = sizeof(GatherAttrs),
    .describe = describe_attrs<GatherAttrs>,
};
Tensor gather(const Tensor& x, int64_t axis, const Tensor& index) {
    int d = normalize_axis("gather", axis, x.ndim());
    return run_with(gather_op, GatherAttrs{d, x.shape()}, x, line_index("gather", x, d, index));
}
const Register gather_fn({"gather",
                          kMethod | kFunction | kExactOut,
                          R"(Elements along an axis, chosen by an index for each place.

    out[i][j] = input[i][index[i][j]]  (dim = 1)

Args:
    dim: the axis.
    index: integers; as many axes as input, and no larger except along dim.

Raises:
    IndexError: an index out of bounds; the message names it, its place and the bound.

Example:
    >>> chainrule.tensor([[1., 2.], [3., 4.]]).gather(1, chainrule.tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
)",
                          {{"gather(Tensor input, int dim, Tensor index, *, bool sparse_grad=False)",
                            [](Args& a) { a.ret(gather(a.tensor(0), a.integer(1), a.tensor(2))); }}}});

// ---- scatter: x with source's elements put at index along an axis (x, source, index). May write into x itself. ----
namespace {
void infer_scatter(InferCtx& c) { c.set(0, c.input(0).shape(), c.input(0).dtype()); }
template <class F> void eval_scatter(EvalCtx& c, const F& rule) {
    if (!same_layout(c.out(), c.input(0))) copy_data(c.out(), c.input(0));
    scatter_data(static_cast<int>(c.attr<GatherAttrs>().axis), c.out(), c.input(2), c.input(1), rule);
}
}  // namespace
const OpDef scatter_op = {
    .name = "scatter",
    .grad_name = "ScatterBackward0",
    .infer = infer_scatter,
    .eval = [](EvalCtx& c) { eval_scatter(c, [](auto, auto value) { return value; }); },
    .vjp =
        [](VjpCtx& c) {
            const GatherAttrs& a = c.attr<GatherAttrs>();
            Tensor index = c.input(2);
            if (c.wants(0)) {
                Tensor nothing = expand(scalar_tensor(0, c.grad().dtype()), index.shape());
                c.set(0, run_with(scatter_op, a, c.grad(), nothing, index));
            }
            if (c.wants(1)) c.set(1, run_with(gather_op, a, c.grad(), index));
        },
    .elementwise = true,
    .save_input = {0, 0, 3},
    .attr_bytes = sizeof(GatherAttrs),
    .describe = describe_attrs<GatherAttrs>,
};
const OpDef scatter_add_op = {
    .name = "scatter_add",
    .grad_name = "ScatterAddBackward0",
    .infer = infer_scatter,
    .eval =
        [](EvalCtx& c) {
            eval_scatter(c, [](auto old, auto value) {
                if constexpr (std::is_same_v<decltype(old), bool>) return old || value;
                else return old + value;
            });
        },
    .vjp =
        [](VjpCtx& c) {
            if (c.wants(0)) c.set(0, c.grad());
            if (c.wants(1)) c.set(1, run_with(gather_op, c.attr<GatherAttrs>(), c.grad(), c.input(2)));
        },
    .elementwise = true,
    .save_input = {0, 0, 2},
    .attr_bytes = sizeof(GatherAttrs),
    .describe = describe_attrs<GatherAttrs>,
};

namespace {

// The part of the source that the index reaches.
Tensor reached(const char* op, const Tensor& source, const Tensor& index, DType dtype) {
    if (source.ndim() == 0 && index.ndim() > 0) return expand(cast(source, dtype), index.shape());
    check<TypeError>(source.dtype() == dtype, op, ": the source must have the tensor's dtype ", dtype, ", got ",
                     source.dtype());
    bool fits = source.ndim() == index.ndim();
    for (int d = 0; fits && d < index.ndim(); ++d) fits = index.size(d) <= source.size(d);
    check<ValueError>(fits, op, ": the index must be no larger than the source along any axis, got index ",
                      index.shape(), " and source ", source.shape(), ".");
    Tensor part = source;
    for (int d = 0; d < index.ndim(); ++d)
        if (index.size(d) != part.size(d)) part = narrow(part, d, 0, index.size(d));
    return part;
}

struct Scatter {
    GatherAttrs attrs;
    Tensor source, index;
};
Scatter plan_scatter(const char* op, const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
    int d = normalize_axis(op, axis, x.ndim());
    Scatter s{{d, x.shape()}, Tensor(), line_index(op, x, d, index)};
    s.source = reached(op, source->wrapped_number ? cast(source, x.dtype()) : source, index, x.dtype());
    if (may_overlap(s.source, x)) s.source = clone(s.source);
    if (may_overlap(s.index, x)) s.index = clone(s.index);
    return s;
}
void ret_scattered(Args& a, const OpDef& op, const char* name) {
    Scatter s = plan_scatter(name, a.tensor(0), a.integer(1), a.tensor(2), a.tensor(3));
    if (s.index.numel() == 0 && s.index.ndim() != a.tensor(0).ndim())
        return a.ret(a.inplace ? a.tensor(0) : clone(a.tensor(0)));
    a.ret(a.run_with(op, s.attrs, a.tensor(0), s.source, s.index));
}
void ret_combined(Args& a, std::string_view reduce, bool include_self);
void call_scatter(Args& a) {
    if (a.tensor(3)) check_fits("scatter", a.tensor(3), a.tensor(0).dtype());
    if (!a.given(4)) return ret_scattered(a, scatter_op, "scatter");
    check<ValueError>(a.text(4) == "add" || a.text(4) == "multiply",
                      "scatter: reduce must be \"add\" or \"multiply\" here, got \"", a.text(4),
                      "\". Use scatter_reduce().");
    if (a.text(4) == "multiply") return ret_combined(a, "prod", true);
    ret_scattered(a, scatter_add_op, "scatter");
}

}  // namespace
Tensor scatter(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
    Scatter s = plan_scatter("scatter", x, axis, index, source);
    return run_with(scatter_op, s.attrs, x, s.source, s.index);
}
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
    Scatter s = plan_scatter("scatter_add", x, axis, index, source);
    return run_with(scatter_add_op, s.attrs, x, s.source, s.index);
}
const Register scatter_fn(
    {"scatter",
     kMethod | kFunction | kInplace,
     R"(Puts elements at places along an axis that an index names.

    out[i][index[i][j]] = src[i][j]  (dim = 1); of equal places the last one stays

Args:
    dim: the axis.
    index: integers; no larger than src, and no larger than input except along dim.
    src or value: a tensor, or one number for all places.
    reduce: "add" or "multiply" combines with the elements that are there instead.

Example:
    >>> chainrule.zeros(2, 3).scatter(1, chainrule.tensor([[2], [0]]), 1.)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
)",
     {{"scatter(Tensor input, int dim, Tensor index, Tensor src, *, str reduce=None)", call_scatter},
      {"scatter(Tensor input, int dim, Tensor index, Number value, *, str reduce=None)", [](Args& a) {
           check_fits("scatter", a.number(3), a.tensor(0).dtype());
           a.args[3].tensor = scalar_tensor(a.number(3), a.tensor(0).dtype());
           call_scatter(a);
       }}}});
const Register scatter_add_fn({"scatter_add",
                               kMethod | kFunction | kInplace,
                               R"(Adds elements at places along an axis that an index names.

    out[i][index[i][j]] += src[i][j]  (dim = 1); equal places add up, in order

Example:
    >>> chainrule.zeros(3).scatter_add(0, chainrule.tensor([0, 0, 2]), chainrule.ones(3))
    tensor([2., 0., 1.])
)",
                               {{"scatter_add(Tensor input, int dim, Tensor index, Tensor src)",
                                 [](Args& a) { ret_scattered(a, scatter_add_op, "scatter_add"); }}}});

// ---- scatter_reduce: products and extremes of x and the source's elements at index (x, source, index) ----
namespace {

enum class Combine : int64_t { Prod, Max, Min };
struct CombineAttrs {
    GatherAttrs place;
    Combine how;
    void visit(AttrVisitor& v) const {
        v("place", place);
        v("how", how);
    }
};
// Without branches: which of two numbers is larger can't be guessed.
template <Combine how, class T> T combined(T old, T value) {
    if constexpr (how == Combine::Prod) return static_cast<T>(old * value);
    else if constexpr (how == Combine::Max) return (old > value) | (old != old) ? old : value;
    else return (old < value) | (old != old) ? old : value;
}
// The same where one index serves a whole row of neighbours.
void combine_rows(const GatherWalk& w, kernels::Binary how, const Tensor& out, const Tensor& at, const Tensor& source) {
    const kernels::Loop step = kernels::kernels().binary[static_cast<int>(how)][static_cast<int>(out.dtype())];
    Unlock unlock(source.numel());
    const int64_t item = static_cast<int64_t>(out.item_size()), steps[] = {item, item, item};
    w.run([&](int64_t io, int64_t xo, int64_t yo, int64_t first, int64_t end) {
        for (int64_t j = 0; j < w.along; ++j) {
            char* to = out.data() + (xo + at.data<int64_t>()[io + j * w.index_step[0]] * w.x_step[0] + first) * item;
            char* const rows[] = {to, to, source.data() + (yo + j * w.y_step[0] + first) * item};
            step(rows, steps, end - first, nullptr);
        }
    });
}
template <Combine how> void combine(const Tensor& out, const Tensor& index, const Tensor& source, int axis) {
    const GatherWalk walk(axis, index, out, source);
    if (walk.takes_rows() && walk.inner >= 16) {
        constexpr kernels::Binary loops[] = {kernels::Binary::Mul, kernels::Binary::Maximum, kernels::Binary::Minimum};
        return combine_rows(walk, loops[static_cast<int>(how)], out, index, source);
    }
    scatter_data(axis, out, index, source, [](auto old, auto value) { return combined<how>(old, value); });
}

Tensor gathered(const Tensor& x, const CombineAttrs& a, const Tensor& index) {
    return run_with(gather_op, a.place, x, index);
}
Tensor added(const Tensor& x, const Tensor& source, const CombineAttrs& a, const Tensor& index) {
    return run_with(scatter_add_op, a.place, x, source, index);
}

// Tied elements share the gradient evenly.
void vjp_extremes(VjpCtx& c) {
    const CombineAttrs& a = c.attr<CombineAttrs>();
    Tensor index = c.input(2), y = detach(c.output());
    Tensor own = eq(detach(c.input(0)), y), other = eq(detach(c.input(1)), gathered(y, a, index));
    Tensor g = c.grad() / added(cast(own, y.dtype()), cast(other, y.dtype()), a, index);
    if (c.wants(0)) c.set(0, masked_mul(own, g));
    if (c.wants(1)) c.set(1, masked_mul(other, gathered(g, a, index)));
}

// The product of the others: the result divided by the element, or where that is 0 the product with 1 in its place.
void vjp_products(VjpCtx& c) {
    const CombineAttrs& a = c.attr<CombineAttrs>();
    Tensor g = c.grad(), x = c.input(0), source = c.input(1), index = c.input(2), one = number(1, x);
    auto is_zero = [](const Tensor& t) { return eq(detach(t), number(0, t)); };
    if (c.wants(0)) {
        Tensor nonzero = where(is_zero(x), one, x);
        c.set(0, g * run_with(c.op(), a, nonzero, source, index) / nonzero);
    }
    if (!c.wants(1)) return;
    Tensor zero = is_zero(source), count = added(zeros_like(detach(x)), cast(zero, x.dtype()), a, index);
    Tensor lone = logical_and(zero, eq(gathered(count, a, index), one));
    check<RuntimeError>(!c.create_graph() || count.numel() == 0 || number_value(amax(count)) <= 1,
                        "scatter_reduce: products have no second derivative here where several zeros of src meet.");
    Tensor others = run_with(c.op(), a, x, where(lone, one, source), index);
    Tensor quotient = gathered(g * c.output(), a, index) / where(zero, one, source);
    c.set(1, where(lone, gathered(g * others, a, index), quotient));
}

const OpDef scatter_reduce_op = {
    .name = "scatter_reduce",
    .grad_name = "ScatterReduceBackward0",
    .infer = infer_scatter,
    .eval =
        [](EvalCtx& c) {
            const CombineAttrs& a = c.attr<CombineAttrs>();
            if (!same_layout(c.out(), c.input(0))) copy_data(c.out(), c.input(0));
            const auto run = a.how == Combine::Prod  ? combine<Combine::Prod>
                             : a.how == Combine::Max ? combine<Combine::Max>
                                                     : combine<Combine::Min>;
            run(c.out(), c.input(2), c.input(1), static_cast<int>(a.place.axis));
        },
    .vjp =
        [](VjpCtx& c) {
            if (c.attr<CombineAttrs>().how == Combine::Prod) vjp_products(c);
            else vjp_extremes(c);
        },
    .save_input = {3, 3, 3},
    .save_output = {3},
    .attr_bytes = sizeof(CombineAttrs),
    .describe = describe_attrs<CombineAttrs>,
};

// What leaves any element as it is.
Tensor neutral(std::string_view reduce, DType t) {
    return visit(t, [&](auto zero) {
        using T = decltype(zero);
        using L = std::numeric_limits<T>;
        T low = L::has_infinity ? static_cast<T>(-L::infinity()) : L::lowest();
        T high = L::has_infinity ? L::infinity() : L::max();
        T value = reduce == "amax" ? low : reduce == "amin" ? high : static_cast<T>(reduce == "prod");
        Tensor out = empty({}, t);
        *out.data<T>() = value;
        return out;
    });
}

Tensor scatter_means(const Tensor& base, const Scatter& s, bool include_self) {
    Tensor ones = expand(scalar_tensor(1, base.dtype()), s.index.shape());
    Tensor count = ones_like(detach(base));
    if (!include_self)
        count = run_with(scatter_op, s.attrs, count, expand(scalar_tensor(0, base.dtype()), s.index.shape()), s.index);
    count = run_with(scatter_add_op, s.attrs, count, ones, s.index);
    Tensor total = run_with(scatter_add_op, s.attrs, base, s.source, s.index);
    return is_floating(base.dtype()) ? total / count : floor_divide(total, count);
}

void call_scatter_reduce(Args& a) {
    std::string_view reduce = a.text(4);
    bool known = reduce == "sum" || reduce == "prod" || reduce == "mean" || reduce == "amax" || reduce == "amin";
    check<ValueError>(known, a.name, ": reduce must be sum, prod, mean, amax or amin, got ", std::string(reduce), ".");
    ret_combined(a, reduce, a.flag(5, true));
}

void ret_combined(Args& a, std::string_view reduce, bool include_self) {
    Tensor x = self_or_copy(a);
    Scatter s = plan_scatter(a.name, x, a.integer(1), a.tensor(2), a.tensor(3));
    if (s.index.numel() == 0) return finish(a, a.inplace ? x : clone(x));
    Tensor base = x;
    if (!include_self)
        base = run_with(scatter_op, s.attrs, x, expand(neutral(reduce, x.dtype()), s.index.shape()), s.index);
    if (reduce == "sum") return finish(a, run_with(scatter_add_op, s.attrs, base, s.source, s.index));
    if (reduce == "mean") return finish(a, scatter_means(base, s, include_self));
    Combine how = reduce == "prod" ? Combine::Prod : reduce == "amax" ? Combine::Max : Combine::Min;
    finish(a, run_with(scatter_reduce_op, CombineAttrs{s.attrs, how}, base, s.source, s.index));
}

}  // namespace
const Register scatter_reduce_fn(
    {"scatter_reduce",
     kMethod | kFunction | kInplace,
     R"(Combines elements at places along an axis that an index names.

    out[i][index[i][j]] = reduce over j of src[i][j], and of input there unless include_self is False  (dim = 1)

Args:
    dim: the axis.
    index: integers; no larger than src, and no larger than input except along dim.
    src: tensor of the input's dtype.
    reduce: "sum", "prod", "mean", "amax" or "amin"; elements tied for an extreme share the gradient evenly.
    include_self: whether the input's elements take part. Those that no index names stay in any case.

Raises:
    ValueError: an unknown reduce.

Example:
    >>> x, index = chainrule.zeros(2), chainrule.tensor([0, 0, 1])
    >>> x.scatter_reduce(0, index, chainrule.tensor([1., 3., 2.]), "amax")
    tensor([3., 2.])
)",
     {{"scatter_reduce(Tensor input, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True)",
       call_scatter_reduce}}});

// ---- index_reduce: the same for slices: one index for each ----
namespace {
void call_index_reduce(Args& a) {
    check<ValueError>(a.text(4) != "sum", a.name,
                      ": reduce must be prod, mean, amax or amin, got sum. Use index_add().");
    Tensor x = a.tensor(0), source = a.tensor(3), index = a.tensor(2);
    check<ValueError>(index.ndim() <= 1, a.name, ": the index must be a vector, got shape ", index.shape(), ".");
    int axis = normalize_axis(a.name, a.integer(1), x.ndim());
    bool fits = source.ndim() == x.ndim() && (x.ndim() > 0 || index.numel() == 1);
    for (int d = 0; fits && d < x.ndim(); ++d) fits = source.size(d) == (d == axis ? index.numel() : x.size(d));
    check<ValueError>(fits, a.name, ": the source must have the tensor's sizes, and along axis ", axis,
                      " the index's length, got source ", source.shape(), ", tensor ", x.shape(), " and index ",
                      index.shape(), ".");
    Dims shape = x.shape();
    for (int d = 0; d < shape.n; ++d) shape[d] = d == axis ? index.numel() : 1;
    index = reshape(index, shape);
    a.args[2].tensor = x.ndim() ? expand(index, source.shape()) : reshape(index, {});
    call_scatter_reduce(a);
}
}  // namespace
const Register index_reduce_fn(
    {"index_reduce",
     kMethod | kFunction | kInplace,
     R"(Combines slices of a source with those at the positions along an axis.

    out[index[i]] = reduce of source[i], over equal positions, and of input there unless include_self is False  (along dim)

Args:
    dim: the axis.
    index: vector of positions.
    source: its size along dim is the length of index.
    reduce: "prod", "mean", "amax" or "amin".
    include_self: whether the input's elements take part.

Example:
    >>> x, index = chainrule.zeros(2), chainrule.tensor([0, 0])
    >>> x.index_reduce(0, index, chainrule.tensor([1., 3.]), "amax")
    tensor([3., 0.])
)",
     {{"index_reduce(Tensor input, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True)",
       call_index_reduce}}});

// ---- take_along_dim: gather with broadcasting ----
Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis) {
    check<ValueError>(x.ndim() == indices.ndim(),
                      "take_along_dim: the index must have as many axes as the tensor, got ", indices.shape(), " and ",
                      x.shape());
    int d = normalize_axis("take_along_dim", axis, x.ndim());
    if (x.ndim() == 0) return gather(x, d, indices);
    Dims xs = x.shape(), is = indices.shape();
    int64_t along = is[d], size = xs[d];
    xs[d] = is[d] = 1;
    Dims shape = broadcast_shapes("take_along_dim", xs, is), index_shape = shape;
    shape[d] = size;
    index_shape[d] = along;
    Tensor index = checked_index("take_along_dim", indices, size, d, true);
    return gather(expand(x, shape), d, contiguous(expand(index, index_shape)));
}
const Register take_along_dim_fn({"take_along_dim",
                                  kMethod | kFunction,
                                  R"(gather() whose index broadcasts with the tensor.

Example:
    >>> x = chainrule.tensor([[3., 1.], [2., 4.]])
    >>> chainrule.take_along_dim(x, x.argmax(1, keepdim=True), 1)
    tensor([[3.],
            [4.]])
)",
                                  {{"take_along_dim(Tensor input, Tensor indices, int dim=None)", [](Args& a) {
                                        if (a.given(2))
                                            return a.ret(take_along_dim(a.tensor(0), a.tensor(1), a.integer(2)));
                                        a.ret(
                                            take_along_dim(reshape(a.tensor(0), {-1}), reshape(a.tensor(1), {-1}), 0));
                                    }}}});

}  // namespace chainrule
