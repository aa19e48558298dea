// Overwriting a tensor: fill_, zero_, copy_, and other memory for it: set_, resize_.

#include "autograd/elementwise.h"
#include "core/number_range.h"
#include "ops/ops.h"
#include "ops/registry.h"

namespace chainrule {

// ---- fill_: every element becomes one value, whose gradient is the sum of all ----
const OpDef fill_op = {
    .name = "fill",
    .grad_name = "FillBackward0",
    .infer =
        [](InferCtx& c) {
            check<ValueError>(c.input(1).ndim() == 0,
                              "fill_: the value must be a number or a tensor without axes, got shape ",
                              c.input(1).shape());
            c.set(0, c.input(0).shape(), c.input(0).dtype());
        },
    .eval = [](EvalCtx& c) { copy_data(c.out(), c.input(1)); },
    .vjp = [](VjpCtx& c) { c.set(1, sum_to(cast(c.grad(), c.input_dtype(1)), {})); },
    .elementwise = true,
    .any_dtype = true,
    .keep_shape = 2,
};
Tensor fill_(const Tensor& self, const Tensor& value) {
    check_fits("fill_", value, self.dtype());
    // One value for all: an expanded tensor may take it, once for each element that is there.
    Dims shape = self.shape();
    for (int d = 0; d < shape.n; ++d)
        if (self.stride(d) == 0 && shape[d] > 1) shape[d] = 1;
    bool expanded = !(shape == self.shape());
    const Tensor in[] = {expanded ? as_strided(self, shape, self.strides(), 0) : self, value};
    dispatch_inplace(fill_op, in, 2, nullptr);
    return self;
}
const Register fill_fn({"fill",
                        kInplaceOnly,
                        R"(Sets every element to one value.

Args:
    value: a number, or a tensor without axes (gradients flow to it).

Example:
    >>> chainrule.empty(2).fill_(3.)
    tensor([3., 3.])
)",
                        {{"fill_(Tensor input, Tensor value)",
                          [](Args& a) { a.ret(fill_(a.tensor(0), a.tensor(1))); }}}});

Tensor zero_(const Tensor& self) { return fill_(self, scalar_tensor(0, self.dtype())); }
const Register zero_fn({"zero",
                        kInplaceOnly,
                        R"(Sets every element to 0.

Example:
    >>> chainrule.ones(2).zero_()
    tensor([0., 0.])
)",
                        {{"zero_(Tensor input)", [](Args& a) { a.ret(zero_(a.tensor(0))); }}}});

// ---- copy_: the elements of another tensor, which broadcasts and is converted (its OpDef stands in autograd/basic_ops.cpp) ----
Tensor copy_(const Tensor& self, const Tensor& source) {
    const Tensor in[] = {self, source};
    return dispatch_inplace(copy_op, in, 2, nullptr);
}
const Register copy_fn({"copy",
                        kInplaceOnly,
                        R"(Takes the elements of another tensor, which is broadcast and converted.

Args:
    src: the source; gradients flow to it.

Example:
    >>> chainrule.zeros(2).copy_(chainrule.tensor([1, 2]))
    tensor([1., 2.])
)",
                        {{"copy_(Tensor input, Tensor src, bool non_blocking=False)",
                          [](Args& a) { a.ret(copy_(a.tensor(0), a.tensor(1))); }}}});

// ---- set_, resize_: a tensor without history gets other memory or another shape ----
namespace {
void check_free(const char* op, const Tensor& t) {
    check<RuntimeError>(!t.requires_grad() && !t->base, op,
                        ": the tensor must have no history and be no view, got shape ", t.shape(),
                        ". Use the form that returns a new tensor, or detach() first.");
}
}  // namespace
const Register set_fn({"set",
                       kInplaceOnly,
                       R"(Makes the tensor share the memory and shape of another one.

Example:
    >>> chainrule.zeros(2).set_(chainrule.ones(3))
    tensor([1., 1., 1.])
)",
                       {{"set_(Tensor input, Tensor source)", [](Args& a) {
                             const Tensor &t = a.tensor(0), &source = a.tensor(1);
                             check_free("set_", t);
                             check<TypeError>(t.dtype() == source.dtype(), "set_: the dtypes must be equal, got ",
                                              t.dtype(), " and ", source.dtype());
                             t->storage = source->storage;
                             t->data = source->data;
                             set_geometry(t.get(), source.shape(), source.strides());
                             a.ret(t);
                         }}}});
const Register resize_fn({"resize",
                          kInplaceOnly,
                          R"(Gives the tensor another shape, row-major; new elements have arbitrary values.

A view shares the memory of its base for as long as that is large enough.

Example:
    >>> chainrule.ones(4).resize_(2, 2).shape
    chainrule.Size([2, 2])
)",
                          {{"resize_(Tensor input, size size, *, any memory_format=None)", [](Args& a) {
                                const Tensor& t = a.tensor(0);
                                check<RuntimeError>(!t.requires_grad(),
                                                    "resize_: the tensor must have no history, got shape ", t.shape(),
                                                    ". Use the form that returns a new tensor, or detach() first.");
                                if (a.ints(1) == t.shape()) return a.ret(t);
                                const Dims& shape = a.ints(1);
                                int64_t n = checked_numel("resize_", shape);
                                int64_t room = (static_cast<char*>(t->storage->data) + t->storage->bytes - t.data()) /
                                               static_cast<int64_t>(t.item_size());
                                if (n > room) {
                                    Tensor larger = empty(shape, t.dtype());
                                    copy_data(alias(larger, t.shape(), contiguous_strides(t.shape()), 0), t);
                                    t->storage = larger->storage;
                                    t->data = larger->data;
                                }
                                t->base.reset();  // the view that it was does not hold all of these elements
                                set_geometry(t.get(), shape, contiguous_strides(shape));
                                a.ret(t);
                            }}}});

}  // namespace chainrule
