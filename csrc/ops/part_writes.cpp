// Copies of a tensor with a part replaced; parts by strides; sums back to a smaller shape.

#include <algorithm>

#include "autograd/basic_ops.h"
#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/number_range.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"

namespace chainrule {
namespace {

// A copy of x whose part is the source; `part` gives the part as a view.
template <class F> Tensor with_part(const char* op, const Tensor& x, const Tensor& source, const F& part) {
    Tensor y = clone(x), place = part(y);
    check<ValueError>(source.shape() == place.shape(), op, ": the source must have the part's shape ", place.shape(),
                      ", got ", source.shape(), ".");
    copy_(place, source);
    return y;
}

}  // namespace

const Register diagonal_scatter_fn(
    {"diagonal_scatter",
     kMethod | kFunction,
     R"(A copy with a diagonal replaced.

Args:
    src: the diagonal's elements, of the shape of input.diagonal(offset, dim1, dim2).
    offset, dim1, dim2: which diagonal, as for diagonal().

Example:
    >>> chainrule.zeros(2, 2).diagonal_scatter(chainrule.tensor([1., 2.]))
    tensor([[1., 0.],
            [0., 2.]])
)",
     {{"diagonal_scatter(Tensor input, Tensor src, int offset=0, int dim1=0, int dim2=1)", [](Args& a) {
           a.ret(with_part("diagonal_scatter", a.tensor(0), a.tensor(1),
                           [&](const Tensor& y) { return diagonal(y, a.integer(2), a.integer(3), a.integer(4)); }));
       }}}});
const Register select_scatter_fn({"select_scatter",
                                  kMethod | kFunction,
                                  R"(A copy with one position along an axis replaced.

Args:
    src: of the shape of input.select(dim, index).
    dim: axis.
    index: position.

Example:
    >>> chainrule.zeros(2, 2).select_scatter(chainrule.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
)",
                                  {{"select_scatter(Tensor input, Tensor src, int dim, int index)", [](Args& a) {
                                        a.ret(with_part(
                                            "select_scatter", a.tensor(0), a.tensor(1),
                                            [&](const Tensor& y) { return select(y, a.integer(2), a.integer(3)); }));
                                    }}}});
const Register slice_scatter_fn(
    {"slice_scatter",
     kMethod | kFunction,
     R"(A copy with a slice along an axis replaced.

Args:
    src: of the slice's shape.
    dim: axis.
    start, end, step: the slice; None is the whole axis.

Example:
    >>> chainrule.zeros(4).slice_scatter(chainrule.ones(2), 0, 1, 3)
    tensor([0., 1., 1., 0.])
)",
     {{"slice_scatter(Tensor input, Tensor src, int dim=0, int start=None, int end=None, int step=1)", [](Args& a) {
           a.ret(with_part("slice_scatter", a.tensor(0), a.tensor(1), [&](const Tensor& y) {
               return slice(y, a.integer(2), a.integer(3, 0), a.integer(4, INT64_MAX), a.integer(5, 1));
           }));
       }}}});

const Register fill_diagonal_fn(
    {"fill_diagonal",
     kInplaceOnly,
     R"(Sets the main diagonal to one value.

Args:
    fill_value: number.
    wrap: of a tall matrix, begin again after a row between.

Example:
    >>> chainrule.zeros(2, 2).fill_diagonal_(1.)
    tensor([[1., 0.],
            [0., 1.]])
)",
     {{"fill_diagonal_(Tensor input, Number fill_value, bool wrap=False)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           check<ValueError>(x.ndim() >= 2, "fill_diagonal_: at least 2 axes are required, got shape ", x.shape(), ".");
           int64_t least = x.size(0), step = 0;
           for (int d = 0; d < x.ndim(); ++d) {
               check<ValueError>(x.ndim() == 2 || x.size(d) == x.size(0),
                                 "fill_diagonal_: more than 2 axes must have one size, got shape ", x.shape(), ".");
               least = std::min(least, x.size(d));
               step += x.stride(d);
           }
           check_fits("fill_diagonal_", a.number(1), x.dtype());
           Tensor value = scalar_tensor(a.number(1), x.dtype());
           fill_(as_strided(x, {least}, {step}, 0), value);
           int64_t columns = x.size(1);
           if (a.flag(2) && x.ndim() == 2)
               for (int64_t row = columns + 1; row < x.size(0); row += columns + 1)
                   fill_(as_strided(x, {std::min(columns, x.size(0) - row)}, {step}, row * x.stride(0)), value);
           a.ret(x);
       }}}});

// ---- as_strided: memory seen by any strides ----
namespace {
void call_as_strided(Args& a) {
    const Tensor& x = a.tensor(0);
    const Dims &shape = a.ints(1), &strides = a.ints(2);
    check<ValueError>(shape.n == strides.n, "as_strided: as many sizes as strides are required, got ", shape, " and ",
                      strides, ".");
    int64_t item = static_cast<int64_t>(x.item_size());
    int64_t own = (x.data() - static_cast<char*>(x->storage->data)) / item, offset = a.integer(3, own), last = offset,
            span = 0;
    bool empty_view = checked_numel("as_strided", shape) == 0, countable = true;
    for (int d = 0; d < shape.n; ++d) {
        check<ValueError>(strides[d] >= 0, "as_strided: strides must not be negative, got ", strides, ".");
        if (!empty_view)
            countable = !__builtin_mul_overflow(shape[d] - 1, strides[d], &span) &&
                        !__builtin_add_overflow(last, span, &last) && countable;
    }
    int64_t room = static_cast<int64_t>(x->storage->bytes) / item;
    check<ValueError>(offset >= 0 && (empty_view || (countable && last < room)), "as_strided: size ", shape,
                      ", strides ", strides, " and offset ", offset, " reach outside of a storage of ", room,
                      " elements.");
    // No element, no place: an address beyond the memory may not even be formed.
    if (empty_view) offset = std::min(offset, std::max(room, own));
    const bool recorded = grad_mode() && x.requires_grad();
    // A view with history must lie inside the tensor: the gradient has the tensor's elements and no others.
    bool inside = x.is_contiguous() && offset >= own && (empty_view || last - own < x.numel());
    check<ValueError>(
        inside || !recorded,
        "as_strided: a gradient needs a contiguous tensor that holds all elements of the view, got shape ", x.shape(),
        ", strides ", x.strides(), ", and elements ", offset - own, " to ", last - own,
        ". Use contiguous() or detach() first.");
    Tensor y = inside ? as_strided(x, shape, strides, offset - own) : alias(x, shape, strides, offset - own);
    if (!recorded || !has_internal_overlap(y)) return a.ret(y);
    // Where elements occur several times their gradients add up: read by their positions instead, a copy.
    Tensor positions = scalar_tensor(offset - own, DType::Int64);
    for (int d = 0; d < shape.n; ++d) {
        Tensor steps = empty({shape[d]}, DType::Int64);
        for (int64_t i = 0; i < shape[d]; ++i) steps.data<int64_t>()[i] = i * strides[d];
        positions = unsqueeze(positions, -1) + steps;
    }
    a.ret(take(x, positions));
}
}  // namespace
const Register as_strided_fn({"as_strided",
                              kMethod | kFunction,
                              R"(The tensor's memory seen with other sizes and strides.

Args:
    size, stride: of the view, in elements.
    storage_offset: of its first element, from the beginning of the memory; the tensor's own unless given.

Returns:
    A view; a copy where elements overlap and a gradient is wanted.

Raises:
    ValueError: a view that would reach outside of the memory.

Example:
    >>> chainrule.arange(4).as_strided((3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
)",
                              {{"as_strided(Tensor input, ints size, ints stride, int storage_offset=None)",
                                call_as_strided}}});

const Register as_strided_inplace_fn(
    {"as_strided",
     kInplaceOnly,
     R"(as_strided() of the tensor itself.

Raises:
    RuntimeError: elements would overlap where a gradient is wanted.

Example:
    >>> chainrule.arange(4).as_strided_((2, 2), (1, 2))
    tensor([[0, 2],
            [1, 3]])
)",
     {{"as_strided_(Tensor input, ints size, ints stride, int storage_offset=None)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           call_as_strided(a);
           check<RuntimeError>(
               a.value->storage.get() == x->storage.get(),
               "as_strided_: elements would overlap, which has no gradient in place. Use as_strided().");
           a.ret(become("as_strided_", x, a.value));
       }}}});

const Register sum_to_size_fn({"sum_to_size",
                               kMethod,
                               R"(Summed to a shape that broadcasts to the tensor's: the adjoint of expand().

Args:
    size: the shape.

Example:
    >>> chainrule.ones(2, 3).sum_to_size(2, 1)
    tensor([[3.],
            [3.]])
)",
                               {{"sum_to_size(Tensor input, size size)", [](Args& a) {
                                     Dims both;
                                     bool fits = broadcasts(a.ints(1), a.tensor(0).shape(), &both);
                                     check<ValueError>(fits && both == a.tensor(0).shape(), "sum_to_size: size ",
                                                       a.ints(1), " must broadcast to the tensor's shape ",
                                                       a.tensor(0).shape(), ".");
                                     const Tensor& x = a.tensor(0);
                                     bool wider = is_integral(x.dtype()) && !(a.ints(1) == x.shape());  // as sum() does
                                     a.ret(sum_to(wider ? cast(x, DType::Int64) : x, a.ints(1)));
                                 }}}});

}  // namespace chainrule
