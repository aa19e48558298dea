// Elements in other places: flipped, rolled, triangles, diagonals, padding.

#include <algorithm>
#include <cstring>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/move.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"
#include "ops/visit.h"

namespace chainrule {
namespace {
uint32_t axis_mask(const char* op, const Dims& axes, int ndim) {
    uint32_t mask = 0;
    for (int64_t axis : axes) {
        uint32_t bit = 1u << normalize_axis(op, axis, ndim);
        check<ValueError>(!(mask & bit), op, ": axes must not repeat, got ", axes);
        mask |= bit;
    }
    return mask;
}
}  // namespace

namespace {
// to[i] = from[n - 1 - i], a cache line at a time: a loop of fixed length is made of vectors.
template <class T> void reverse_row(const T* from, T* to, int64_t n) {
    constexpr int64_t block = 64 / sizeof(T);
    int64_t i = 0;
    for (; i + block <= n; i += block) {
        T part[block];
        for (int64_t j = 0; j < block; ++j) part[j] = from[n - 1 - i - j];
        std::memcpy(to + i, part, sizeof(part));
    }
    for (; i < n; ++i) to[i] = from[n - 1 - i];
}

// x's rows backwards, the last axis being among the flipped ones and its elements neighbours.
void reverse_rows(const Tensor& x, uint32_t axes, const Tensor& y) {
    int last = x.ndim() - 1;
    int64_t n = x.size(last);
    auto start = [&](int64_t row) {
        int64_t at = 0;
        for (int d = last - 1; d >= 0; --d) {
            int64_t i = row % x.size(d);
            row /= x.size(d);
            at += (axes >> d & 1 ? x.size(d) - 1 - i : i) * x.stride(d);
        }
        return at;
    };
    Unlock unlock(x.numel());
    visit_bytes(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        parallel_for(x.numel() / n, std::max<int64_t>(1, (1 << 15) / n), [&](int64_t begin, int64_t end) {
            for (int64_t r = begin; r < end; ++r) reverse_row(x.data<T>() + start(r), y.data<T>() + r * n, n);
        });
    });
}
}  // namespace

// ---- flip: some axes backwards, copied ----
extern const OpDef flip_op;
namespace {
// A large tensor whose axes lie in another order in memory is reversed in that order, which the result keeps (as PyTorch's does).
Tensor flip_masked(const Tensor& x, uint32_t mask) {
    constexpr int64_t kLarge = 1 << 14;
    if (x.numel() < kLarge || x.is_contiguous() || !(dense_strides(x) == x.strides()))
        return run_with(flip_op, mask, x);
    Dims order, place;
    for (int d = 0; d < x.ndim(); ++d) order.push(d);
    std::stable_sort(&order[0], &order[0] + order.n, [&](int64_t a, int64_t b) {
        return x.stride(static_cast<int>(a)) > x.stride(static_cast<int>(b));
    });
    place = order;
    uint32_t moved = 0;
    for (int d = 0; d < x.ndim(); ++d) {
        place[static_cast<int>(order[d])] = d;
        moved |= (mask >> order[d] & 1) << d;
    }
    return permute(run_with(flip_op, moved, permute(x, order)), place);
}
}  // namespace
const OpDef flip_op = {
    .name = "flip",
    .grad_name = "FlipBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(0).shape(), c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            const Tensor& x = c.input(0);
            if (x.numel() == 0) return;
            int last = x.ndim() - 1;
            if (last >= 0 && c.attr<uint32_t>() >> last & 1 && x.stride(last) == 1)
                return reverse_rows(x, c.attr<uint32_t>(), c.out());
            Dims strides = x.strides();
            int64_t offset = 0;
            for (int d = 0; d < x.ndim(); ++d) {
                if (!(c.attr<uint32_t>() >> d & 1)) continue;
                offset += (x.size(d) - 1) * x.stride(d);
                strides[d] = -strides[d];
            }
            copy_data(c.out(), alias(x, x.shape(), strides, offset));
        },
    .vjp = [](VjpCtx& c) { c.set(0, flip_masked(c.grad(), c.attr<uint32_t>())); },
    .attr_bytes = sizeof(uint32_t),
    .describe = describe_attrs<uint32_t>,
};
Tensor flip(const Tensor& x, const Dims& axes) { return flip_masked(x, axis_mask("flip", axes, x.ndim())); }
const Register flip_fn({"flip",
                        kMethod | kFunction,
                        R"(Reverses the order along the given axes; a copy.

Example:
    >>> chainrule.flip(chainrule.arange(3), (0,))
    tensor([2, 1, 0])
)",
                        {{"flip(Tensor input, size dims)", [](Args& a) { a.ret(flip(a.tensor(0), a.ints(1))); }}}});
const Register fliplr_fn({"fliplr",
                          kMethod | kFunction,
                          R"(flip() along axis 1.

Example:
    >>> chainrule.fliplr(chainrule.tensor([[1, 2]]))
    tensor([[2, 1]])
)",
                          {{"fliplr(Tensor input)", [](Args& a) {
                                check<ValueError>(a.tensor(0).ndim() >= 2,
                                                  "fliplr: the tensor must have at least 2 axes, got shape ",
                                                  a.tensor(0).shape());
                                a.ret(flip(a.tensor(0), {1}));
                            }}}});
const Register flipud_fn({"flipud",
                          kMethod | kFunction,
                          R"(flip() along axis 0.

Example:
    >>> chainrule.flipud(chainrule.tensor([1, 2]))
    tensor([2, 1])
)",
                          {{"flipud(Tensor input)", [](Args& a) {
                                check<ValueError>(a.tensor(0).ndim() >= 1,
                                                  "flipud: the tensor must have at least 1 axis, got shape ()");
                                a.ret(flip(a.tensor(0), {0}));
                            }}}});
const Register rot90_fn({"rot90",
                         kMethod | kFunction,
                         R"(Turns a plane by k times 90 degrees, from the first axis towards the second.

Example:
    >>> chainrule.rot90(chainrule.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
)",
                         {{"rot90(Tensor input, int k=1, ints dims=(0, 1))", [](Args& a) {
                               const Tensor& x = a.tensor(0);
                               Dims axes = a.ints(2);
                               check<ValueError>(axes.n == 2, "rot90: two axes are needed, got ", axes);
                               check<ValueError>(x.ndim() >= 2,
                                                 "rot90: the tensor must have at least 2 axes, got shape ", x.shape());
                               axis_mask("rot90", axes, x.ndim());
                               switch (a.integer(1, 1) & 3) {
                                   case 1: return a.ret(transpose(flip(x, {axes[1]}), axes[0], axes[1]));
                                   case 2: return a.ret(flip(x, axes));
                                   case 3: return a.ret(transpose(flip(x, {axes[0]}), axes[0], axes[1]));
                                   default: return a.ret(clone(x));
                               }
                           }}}});

// ---- roll: shifted along an axis; what leaves at the end comes in at the beginning ----
namespace {
struct RollAttrs {
    int64_t axis, shift;
    void visit(AttrVisitor& v) const {
        v("axis", axis);
        v("shift", shift);
    }
};

// Both parts of a line follow each other, while its memory is at hand.
void roll_lines(const Tensor& x, const Tensor& y, int axis, int64_t shift) {
    int64_t bytes = static_cast<int64_t>(x.item_size()), n = x.size(axis);
    for (int d = axis + 1; d < x.ndim(); ++d) bytes *= x.size(d);
    const size_t back = static_cast<size_t>(shift * bytes), line = static_cast<size_t>(n * bytes);
    Unlock unlock(x.numel());
    parallel_for(x.numel() * static_cast<int64_t>(x.item_size()) / (n * bytes), (1 << 17) / (n * bytes) + 1,
                 [&](int64_t begin, int64_t end) {
                     for (int64_t r = begin; r < end; ++r) {
                         const char* from = x.data() + static_cast<size_t>(r) * line;
                         char* to = y.data() + static_cast<size_t>(r) * line;
                         kernels::move_bytes(to + back, from, line - back);
                         kernels::move_bytes(to, from + (line - back), back);
                     }
                 });
}
}  // namespace
extern const OpDef roll_op;
const OpDef roll_op = {
    .name = "roll",
    .grad_name = "RollBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(0).shape(), c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            const Tensor &x = c.input(0), &y = c.out();
            if (x.numel() == 0) return;
            auto [axis, shift] = c.attr<RollAttrs>();
            int d = static_cast<int>(axis);
            if (d > 0 && x.is_contiguous()) return roll_lines(x, y, d, shift);
            auto move = [&](int64_t from, int64_t to, int64_t length) {
                Dims shape = x.shape();
                shape[d] = length;
                if (length)
                    copy_data(alias(y, shape, y.strides(), to * y.stride(d)),
                              alias(x, shape, x.strides(), from * x.stride(d)));
            };
            move(0, shift, x.size(d) - shift);
            move(x.size(d) - shift, 0, shift);
        },
    .vjp =
        [](VjpCtx& c) {
            auto [axis, shift] = c.attr<RollAttrs>();
            int64_t n = c.grad().size(static_cast<int>(axis));
            c.set(0, run_with(roll_op, RollAttrs{axis, shift ? n - shift : 0}, c.grad()));
        },
    .attr_bytes = sizeof(RollAttrs),
    .describe = describe_attrs<RollAttrs>,
};
namespace {
Tensor roll_axis(const Tensor& x, int64_t shift, int axis) {
    int64_t n = std::max<int64_t>(x.size(axis), 1);
    return run_with(roll_op, RollAttrs{axis, (shift % n + n) % n}, x);
}
}  // namespace
const Register roll_fn({"roll",
                        kMethod | kFunction,
                        R"(Shifts along axes; elements that leave at one end come in at the other.

Args:
    shifts: how far, one number or one for each axis.
    dims: the axes; the flattened tensor unless given.

Example:
    >>> chainrule.roll(chainrule.arange(4), 1)
    tensor([3, 0, 1, 2])
)",
                        {{"roll(Tensor input, ints shifts, ints dims=None)", [](Args& a) {
                              Tensor x = a.tensor(0);
                              const Dims& shifts = a.ints(1);
                              if (!a.given(2) || a.ints(2).n == 0) {
                                  check<ValueError>(shifts.n == 1,
                                                    "roll: one shift is needed where no axes are given, got ", shifts);
                                  return a.ret(reshape(roll_axis(reshape(x, {-1}), shifts[0], 0), x.shape()));
                              }
                              const Dims& axes = a.ints(2);
                              check<ValueError>(shifts.n == axes.n, "roll: as many shifts as axes are needed, got ",
                                                shifts, " and ", axes);
                              check<IndexError>(x.ndim() > 0, "roll: a tensor without axes can't be rolled along one");
                              for (int i = 0; i < axes.n; ++i)
                                  x = roll_axis(x, shifts[i], normalize_axis("roll", axes[i], x.ndim()));
                              a.ret(x);
                          }}}});

// ---- tril, triu: what is not in the triangle is 0 ----
namespace {
struct TriangleAttrs {
    int64_t diagonal;
    bool lower;
    void visit(AttrVisitor& v) const {
        v("diagonal", diagonal);
        v("lower", lower);
    }
};
void infer_triangle(InferCtx& c) {
    check<ValueError>(c.input(0).ndim() >= 2, c.attr<TriangleAttrs>().lower ? "tril" : "triu",
                      ": the tensor must have at least 2 axes, got shape ", c.input(0).shape());
    c.set(0, c.input(0).shape(), c.input(0).dtype());
}
void eval_triangle(EvalCtx& c) {
    auto [diagonal, lower] = c.attr<TriangleAttrs>();
    const Tensor& y = c.out();
    if (y.numel() == 0) return;
    copy_data(y, c.input(0));
    int64_t rows = y.size(y.ndim() - 2), columns = y.size(y.ndim() - 1), item = static_cast<int64_t>(y.item_size());
    char* data = y.data();
    Unlock unlock(y.numel());
    parallel_for(y.numel() / columns, std::max<int64_t>(1, (1 << 14) / columns), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
            int64_t edge = std::clamp<int64_t>(r % rows + diagonal + (lower ? 1 : 0), 0, columns);
            int64_t from = lower ? edge : 0, to = lower ? columns : edge;
            std::memset(data + (r * columns + from) * item, 0, static_cast<size_t>((to - from) * item));
        }
    });
}
}  // namespace
extern const OpDef tril_op;
extern const OpDef triu_op;
const OpDef tril_op = {
    .name = "tril",
    .grad_name = "TrilBackward0",
    .infer = infer_triangle,
    .eval = eval_triangle,
    .vjp = [](VjpCtx& c) { c.set(0, run_with(tril_op, c.attr<TriangleAttrs>(), c.grad())); },
    .attr_bytes = sizeof(TriangleAttrs),
    .describe = describe_attrs<TriangleAttrs>,
};
const OpDef triu_op = {
    .name = "triu",
    .grad_name = "TriuBackward0",
    .infer = infer_triangle,
    .eval = eval_triangle,
    .vjp = [](VjpCtx& c) { c.set(0, run_with(triu_op, c.attr<TriangleAttrs>(), c.grad())); },
    .attr_bytes = sizeof(TriangleAttrs),
    .describe = describe_attrs<TriangleAttrs>,
};
namespace {
// Beyond the matrix nothing changes; cut there, so that adding can't overflow.
int64_t near_diagonal(int64_t d) { return std::clamp<int64_t>(d, -(int64_t{1} << 60), int64_t{1} << 60); }
}  // namespace
Tensor tril(const Tensor& x, int64_t diagonal) {
    return run_with(tril_op, TriangleAttrs{near_diagonal(diagonal), true}, x);
}
Tensor triu(const Tensor& x, int64_t diagonal) {
    return run_with(triu_op, TriangleAttrs{near_diagonal(diagonal), false}, x);
}
const Register tril_fn({"tril",
                        kMethod | kFunction | kInplace,
                        R"(The lower triangle of matrices; the rest is 0.

Args:
    diagonal: the last diagonal kept; 0 is the main one, above it positive.

Example:
    >>> chainrule.ones(2, 2).tril()
    tensor([[1., 0.],
            [1., 1.]])
)",
                        {{"tril(Tensor input, int diagonal=0)", [](Args& a) {
                              a.ret(a.run_with(tril_op, TriangleAttrs{near_diagonal(a.integer(1, 0)), true},
                                               a.tensor(0)));
                          }}}});
const Register triu_fn({"triu",
                        kMethod | kFunction | kInplace,
                        R"(The upper triangle of matrices; the rest is 0.

Args:
    diagonal: the first diagonal kept; 0 is the main one, above it positive.

Example:
    >>> chainrule.ones(2, 2).triu(1)
    tensor([[0., 1.],
            [0., 0.]])
)",
                        {{"triu(Tensor input, int diagonal=0)", [](Args& a) {
                              a.ret(a.run_with(triu_op, TriangleAttrs{near_diagonal(a.integer(1, 0)), false},
                                               a.tensor(0)));
                          }}}});

// ---- diag_embed: the last axis becomes a diagonal; diag: vector to matrix or back ----
namespace {
struct DiagEmbedAttrs {
    int64_t offset, a, b;  // axes of the result
    void visit(AttrVisitor& v) const {
        v("offset", offset);
        v("a", a);
        v("b", b);
    }
};
}  // namespace
const OpDef diag_embed_op = {
    .name = "diag_embed",
    .grad_name = "DiagEmbedBackward0",
    .infer =
        [](InferCtx& c) {
            const DiagEmbedAttrs& e = c.attr<DiagEmbedAttrs>();
            Dims shape = c.input(0).shape();
            int64_t n = shape.back() + std::abs(e.offset);
            --shape.n;
            for (int64_t axis : {std::min(e.a, e.b), std::max(e.a, e.b)}) shape.insert(static_cast<int>(axis), n);
            checked_numel("diag_embed", shape);
            c.set(0, shape, c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            auto [offset, a, b] = c.attr<DiagEmbedAttrs>();
            const Tensor& y = c.out();
            zero_data(y);
            if (c.input(0).numel() == 0) return;
            Dims strides = y.strides();
            int64_t sa = strides[static_cast<int>(a)], sb = strides[static_cast<int>(b)];
            strides.erase(static_cast<int>(std::max(a, b)));
            strides.erase(static_cast<int>(std::min(a, b)));
            strides.push(sa + sb);
            copy_data(alias(y, c.input(0).shape(), strides, offset >= 0 ? offset * sb : -offset * sa), c.input(0));
        },
    .vjp =
        [](VjpCtx& c) {
            auto [offset, a, b] = c.attr<DiagEmbedAttrs>();
            c.set(0, diagonal(c.grad(), offset, a, b));
        },
    .attr_bytes = sizeof(DiagEmbedAttrs),
    .describe = describe_attrs<DiagEmbedAttrs>,
};
Tensor diag_embed(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
    check<ValueError>(x.ndim() >= 1, "diag_embed: the tensor must have at least 1 axis, got shape ()");
    check<ValueError>(offset > -(int64_t{1} << 40) && offset < int64_t{1} << 40,
                      "diag_embed: offset is too large, got ", offset);
    int a = normalize_axis("diag_embed", axis1, x.ndim() + 1), b = normalize_axis("diag_embed", axis2, x.ndim() + 1);
    check<ValueError>(a != b, "diag_embed: the two axes must differ, got ", axis1, " and ", axis2);
    return run_with(diag_embed_op, DiagEmbedAttrs{offset, a, b}, x);
}
const Register diag_embed_fn({"diag_embed",
                              kMethod | kFunction,
                              R"(Matrices with the last axis on a diagonal and 0 elsewhere.

Args:
    offset: 0 the main diagonal, above it positive, below it negative.
    dim1, dim2: the axes of the matrices in the result.

Example:
    >>> chainrule.diag_embed(chainrule.tensor([1., 2.]))
    tensor([[1., 0.],
            [0., 2.]])
)",
                              {{"diag_embed(Tensor input, int offset=0, int dim1=-2, int dim2=-1)", [](Args& a) {
                                    a.ret(diag_embed(a.tensor(0), a.integer(1, 0), a.integer(2, -2), a.integer(3, -1)));
                                }}}});
const Register diag_fn({"diag",
                        kMethod | kFunction,
                        R"(A matrix with a vector on a diagonal, or the diagonal of a matrix as a vector.

Example:
    >>> chainrule.diag(chainrule.tensor([1., 2.]))
    tensor([[1., 0.],
            [0., 2.]])
    >>> chainrule.diag(chainrule.tensor([[1., 2.], [3., 4.]]))
    tensor([1., 4.])
)",
                        {{"diag(Tensor input, int diagonal=0)", [](Args& a) {
                              const Tensor& x = a.tensor(0);
                              check<ValueError>(x.ndim() == 1 || x.ndim() == 2,
                                                "diag: the tensor must have 1 or 2 axes, got shape ", x.shape());
                              a.ret(x.ndim() == 1 ? diag_embed(x, a.integer(1, 0))
                                                  : clone(diagonal(x, a.integer(1, 0))));
                          }}}});

}  // namespace chainrule
