// Sums, means, products and truth over axes.

#include "autograd/elementwise.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {

using kernels::Reduce;

namespace {

// Common shape rule; the result's dtype is the kernel's.
void infer_reduce(InferCtx& c) {
    const ReduceAttrs& a = c.attr<ReduceAttrs>();
    const Tensor& x = c.input(0);
    Reduce kind = static_cast<Reduce>(c.op.kernel);
    DType dtype = wide(x.dtype());
    if (kind == Reduce::Any || kind == Reduce::All) dtype = DType::Bool;
    else if (is_integral(dtype)) dtype = DType::Int64;
    c.set(0, reduced_shape(x.shape(), a.axes, a.keepdim), dtype);
}

void eval_reduce(EvalCtx& c) {
    reduce_into(static_cast<Reduce>(c.op.kernel), c.input(0), c.attr<ReduceAttrs>().axes, c.out());
}

Tensor as_dtype(const Args& a, int i) {
    return a.given(i) ? cast(a.tensor(0), a.dtype(i, DType::Float32)) : a.tensor(0);
}

// Sums of small integers are int64, unless another dtype is asked for.
void ret_as_dtype(Args& a, int i, const Tensor& y) { a.ret(a.given(i) ? cast(y, a.dtype(i, DType::Float32)) : y); }

// PyTorch's two names: 0 for the sum of everything, 1 for a sum along axes.
OpDef renamed(OpDef op, const char* grad_name) {
    op.grad_name = grad_name;
    return op;
}

}  // namespace

// ---- sum: y = sum of x over axes; the gradient is repeated along them ----
const OpDef sum_op = {
    .name = "sum",
    .grad_name = "SumBackward1",
    .infer = infer_reduce,
    .eval = eval_reduce,
    .vjp = [](VjpCtx& c) { c.set(0, spread(c.grad(), c.input_shape(0), c.attr<ReduceAttrs>(), c.create_graph())); },
    .kernel = static_cast<uint32_t>(Reduce::Sum),
    .reads_narrow = true,
    .keep_shape = 1,
    .attr_bytes = sizeof(ReduceAttrs),
    .describe = describe_attrs<ReduceAttrs>,
};
const OpDef sum_all_op = renamed(sum_op, "SumBackward0");
Tensor sum(const Tensor& x, const Dims& axes, bool keepdim) {
    return run_with(axes.empty() ? sum_all_op : sum_op, ReduceAttrs{axis_bits("sum", axes, x.ndim()), keepdim}, x);
}
const Register sum_fn({"sum",
                       kMethod | kFunction,
                       R"(Sum of the elements, over all axes or over those given.

    y = sum_i x_i,  dx_i = dy

Sums are cascaded in fixed blocks, so the error grows with the logarithm of the number of elements, and the result is bitwise the
same for any number of threads.

Args:
    input: tensor of any shape; bools and integers are summed as int64.
    dim: an axis or several; None for all.
    keepdim: keep the summed axes with size 1.
    dtype: converts the input first.

Returns:
    Tensor without the summed axes.

Example:
    >>> chainrule.sum(chainrule.tensor([[1., 2.], [3., 4.]]), dim=0)
    tensor([4., 6.])
)",
                       {{"sum(Tensor input, ints dim=None, bool keepdim=False, *, Dtype dtype=None)", [](Args& a) {
                             Tensor x = as_dtype(a, 3);
                             ret_as_dtype(a, 3,
                                          run_with(a.given(1) ? sum_op : sum_all_op,
                                                   ReduceAttrs{axis_bits(a, 1, x.ndim()), a.flag(2)}, x));
                         }}}});

// ---- mean: y = sum of x / n ----
const OpDef mean_op = {
    .name = "mean",
    .grad_name = "MeanBackward1",
    .infer =
        [](InferCtx& c) {
            check<TypeError>(is_floating(c.input(0).dtype()), "mean: the input must be floating, got ",
                             c.input(0).dtype(), ". Convert it with .float() or pass dtype=chainrule.float32.");
            infer_reduce(c);
        },
    .eval =
        [](EvalCtx& c) {
            eval_reduce(c);
            double n = static_cast<double>(reduced_count(c.input(0).shape(), c.attr<ReduceAttrs>().axes));
            const Tensor in[2] = {c.out(), scalar_tensor(n, c.out().dtype())};
            auto divide =
                kernels::kernels().binary[static_cast<int>(kernels::Binary::Div)][static_cast<int>(c.out().dtype())];
            apply_loop(divide, c.out(), in, 2, nullptr);
        },
    .vjp =
        [](VjpCtx& c) {
            const ReduceAttrs& a = c.attr<ReduceAttrs>();
            const Dims& shape = c.input_shape(0);
            int64_t n = reduced_count(shape, a.axes);
            Tensor share = n > 0 ? c.grad() / static_cast<double>(n) : c.grad();
            c.set(0, spread(share, shape, a, c.create_graph()));
        },
    .kernel = static_cast<uint32_t>(Reduce::Sum),
    .reads_narrow = true,
    .keep_shape = 1,
    .attr_bytes = sizeof(ReduceAttrs),
    .describe = describe_attrs<ReduceAttrs>,
};
const OpDef mean_all_op = renamed(mean_op, "MeanBackward0");
Tensor mean(const Tensor& x, const Dims& axes, bool keepdim) {
    return run_with(axes.empty() ? mean_all_op : mean_op, ReduceAttrs{axis_bits("mean", axes, x.ndim()), keepdim}, x);
}
const Register mean_fn({"mean",
                        kMethod | kFunction,
                        R"(Mean of the elements, over all axes or over those given.

    y = 1/n sum_i x_i,  dx_i = dy / n

The mean of no elements is NaN.

Args:
    input: floating tensor of any shape.
    dim: an axis or several; None for all.
    keepdim: keep the averaged axes with size 1.
    dtype: converts the input first.

Returns:
    Tensor without the averaged axes.

Raises:
    TypeError: if the input is not floating and no dtype is given.

Example:
    >>> chainrule.mean(chainrule.tensor([[1., 2.], [3., 4.]]), dim=1)
    tensor([1.5000, 3.5000])
)",
                        {{"mean(Tensor input, ints dim=None, bool keepdim=False, *, Dtype dtype=None)", [](Args& a) {
                              Tensor x = as_dtype(a, 3);
                              a.ret(run_with(a.given(1) ? mean_op : mean_all_op,
                                             ReduceAttrs{axis_bits(a, 1, x.ndim()), a.flag(2)}, x));
                          }}}});

// ---- nansum: the sum of what is not NaN ----
namespace {
// Of floats, where there is no graph; with one, a mask and a sum.
const OpDef sum_numbers_op = {
    .name = "nansum",
    .grad_name = "NansumBackward0",
    .infer = infer_reduce,
    .eval = eval_reduce,
    .kernel = static_cast<uint32_t>(Reduce::SumNumbers),
    .reads_narrow = true,
    .attr_bytes = sizeof(ReduceAttrs),
    .describe = describe_attrs<ReduceAttrs>,
};
Tensor sum_numbers(const Tensor& x, const ReduceAttrs& a) {
    if (!is_floating(x.dtype())) return run_with(sum_op, a, x);
    if (nothing_recorded({x})) return run_with(sum_numbers_op, a, x);
    return run_with(sum_op, a, masked_out(isnan(x), x));
}
}  // namespace
const Register nansum_fn({"nansum",
                          kMethod | kFunction,
                          R"(Sum of the elements that are not NaN; those get no gradient.

Args:
    input, dim, keepdim, dtype: as for sum().

Example:
    >>> chainrule.nansum(chainrule.tensor([1., float('nan'), 2.]))
    tensor(3.)
)",
                          {{"nansum(Tensor input, ints dim=None, bool keepdim=False, *, Dtype dtype=None)",
                            [](Args& a) {
                                Tensor x = as_dtype(a, 3);
                                ret_as_dtype(a, 3, sum_numbers(x, ReduceAttrs{axis_bits(a, 1, x.ndim()), a.flag(2)}));
                            }}}});
const Register nanmean_fn({"nanmean",
                           kMethod | kFunction,
                           R"(Mean of the elements that are not NaN; those get no gradient.

Args:
    input, dim, keepdim, dtype: as for mean().

Example:
    >>> chainrule.nanmean(chainrule.tensor([1., float('nan'), 2.]))
    tensor(1.5000)
)",
                           {{"nanmean(Tensor input, ints dim=None, bool keepdim=False, *, Dtype dtype=None)",
                             [](Args& a) {
                                 Tensor x = as_dtype(a, 3);
                                 check<TypeError>(is_floating(x.dtype()), "nanmean: the input must be floating, got ",
                                                  x.dtype(), ". Convert it with .float().");
                                 ReduceAttrs attrs{axis_bits(a, 1, x.ndim()), a.flag(2)};
                                 Tensor count = run_with(sum_op, attrs, logical_not(isnan(x)));
                                 a.ret(sum_numbers(x, attrs) / count);
                             }}}});

// ---- prod: the product; its gradient is the product of the others ----
namespace {

// The product along an axis, as a tree of multiplications, and the product of the others for each element: exact to any order, also
// where there are zeros. The axis keeps size 1 in `whole`.
struct ProductTree {
    Tensor whole, others;
};

ProductTree product_tree(const Tensor& x, int axis) {
    std::vector<Tensor> levels{x};
    while (levels.back().size(axis) > 1) {
        const Tensor& level = levels.back();
        int64_t n = level.size(axis), half = n / 2;
        Tensor pairs = narrow(level, axis, 0, half) * narrow(level, axis, half, half);
        levels.push_back(n % 2 ? cat({pairs, narrow(level, axis, n - 1, 1)}, axis) : pairs);
    }
    Tensor others = ones_like(detach(levels.back()));
    for (size_t i = levels.size() - 1; i-- > 0;) {
        const Tensor& level = levels[i];
        int64_t n = level.size(axis), half = n / 2;
        Tensor above = narrow(others, axis, 0, half);
        std::vector<Tensor> parts{above * narrow(level, axis, half, half), above * narrow(level, axis, 0, half)};
        if (n % 2) parts.push_back(narrow(others, axis, half, 1));
        others = cat(parts, axis);
    }
    return {levels.back(), others};
}

Tensor product_of_others(const Tensor& x, uint32_t axes) {
    Tensor level = x, others;
    for (int d = 0; d < x.ndim(); ++d) {
        if (!(axes >> d & 1)) continue;
        ProductTree tree = product_tree(level, d);
        others = others ? others * tree.others : tree.others;
        level = tree.whole;
    }
    return others ? others : ones_like(detach(x));
}

bool has_zero(const Tensor& t) {
    Tensor all = empty({}, DType::Bool);
    reduce_into(Reduce::All, t, (1u << t.ndim()) - 1, all);
    return !*all.data<bool>();
}

}  // namespace

const OpDef prod_op = {
    .name = "prod",
    .grad_name = "ProdBackward0",
    .infer = infer_reduce,
    .eval = eval_reduce,
    .vjp =
        [](VjpCtx& c) {
            const ReduceAttrs& a = c.attr<ReduceAttrs>();
            Tensor x = c.input(0);
            if (x.numel() == 0) {
                c.set(0, zeros(x.shape(), x.dtype()));
                return;
            }
            if (!c.create_graph() && !has_zero(x)) {
                Tensor y = c.output();
                c.set(0, spread(c.grad() * y, x.shape(), a, false) / x);
                return;
            }
            c.set(0, spread(c.grad(), x.shape(), a, c.create_graph()) * product_of_others(x, a.axes));
        },
    .kernel = static_cast<uint32_t>(Reduce::Prod),
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(ReduceAttrs),
    .describe = describe_attrs<ReduceAttrs>,
};
Tensor prod(const Tensor& x, const Dims& axes, bool keepdim) {
    return run_with(prod_op, ReduceAttrs{axis_bits("prod", axes, x.ndim()), keepdim}, x);
}
const Register prod_fn({"prod",
                        kMethod | kFunction,
                        R"(Product of the elements, over all axes or over one.

    y = prod_i x_i,  dx_i = dy prod_{j != i} x_j  (right also where elements are 0)

Args:
    input: tensor of any shape; bools and integers are multiplied as int64.
    dim: an axis; None for all.
    keepdim: keep the axis with size 1.
    dtype: converts the input first.

Example:
    >>> chainrule.prod(chainrule.tensor([2., 3., 4.]))
    tensor(24.)
)",
                        {{"prod(Tensor input, ints dim=None, bool keepdim=False, *, Dtype dtype=None)", [](Args& a) {
                              Tensor x = as_dtype(a, 3);
                              ret_as_dtype(a, 3,
                                           run_with(prod_op, ReduceAttrs{axis_bits(a, 1, x.ndim()), a.flag(2)}, x));
                          }}}});

// ---- any, all: truth over axes ----
const OpDef any_op = {
    .name = "any",
    .grad_name = "",
    .infer = infer_reduce,
    .eval = eval_reduce,
    .kernel = static_cast<uint32_t>(Reduce::Any),
    .attr_bytes = sizeof(ReduceAttrs),
    .describe = describe_attrs<ReduceAttrs>,
};
const OpDef all_op = {
    .name = "all",
    .grad_name = "",
    .infer = infer_reduce,
    .eval = eval_reduce,
    .kernel = static_cast<uint32_t>(Reduce::All),
    .attr_bytes = sizeof(ReduceAttrs),
    .describe = describe_attrs<ReduceAttrs>,
};

namespace {

template <const OpDef& op> void call_truth(Args& a) {
    const Tensor& x = a.tensor(0);
    bool none = a.given(1) && a.ints(1).empty();  // dim=(): the truth of each element
    Tensor y = run_with(op, ReduceAttrs{none ? 0 : axis_bits(a, 1, x.ndim()), a.flag(2)}, x);
    a.ret(x.dtype() == DType::UInt8 ? cast(y, DType::UInt8) : y);  // as PyTorch: uint8 was once its bool
}

}  // namespace

const Register any_fn({"any",
                       kMethod | kFunction | kNoGradient | kExactOut,
                       R"(True where some element is not 0, over all axes or over those given.

Args:
    input: tensor of any shape and dtype. NaN counts as true.
    dim: an axis or several; None for all, () for none.
    keepdim: keep the axes with size 1.

Returns:
    Bool tensor (uint8 for a uint8 input).

Example:
    >>> chainrule.any(chainrule.tensor([False, True]))
    tensor(True)
)",
                       {{"any(Tensor input, ints dim=None, bool keepdim=False)", call_truth<any_op>}}});
const Register all_fn({"all",
                       kMethod | kFunction | kNoGradient | kExactOut,
                       R"(True where no element is 0, over all axes or over those given.

Args:
    input: tensor of any shape and dtype. NaN counts as true.
    dim: an axis or several; None for all, () for none.
    keepdim: keep the axes with size 1.

Returns:
    Bool tensor (uint8 for a uint8 input).

Example:
    >>> chainrule.all(chainrule.tensor([False, True]))
    tensor(False)
)",
                       {{"all(Tensor input, ints dim=None, bool keepdim=False)", call_truth<all_op>}}});

const Register count_nonzero_fn({"count_nonzero",
                                 kMethod | kFunction | kNoGradient,
                                 R"(Number of elements that are not 0.

Args:
    input: tensor of any shape and dtype.
    dim: an axis or several; None for all.

Returns:
    int64 tensor.

Example:
    >>> chainrule.count_nonzero(chainrule.tensor([0., 3., 4.]))
    tensor(2)
)",
                                 {{"count_nonzero(Tensor input, ints dim=None)", [](Args& a) {
                                       const Tensor& x = a.tensor(0);
                                       a.ret(run_with(sum_op, ReduceAttrs{axis_bits(a, 1, x.ndim()), false},
                                                      ne(x, number(0, x))));
                                   }}}});

}  // namespace chainrule
