// Variance, standard deviation and norms.

#include <cmath>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/warn.h"
#include "ops/linalg.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

using kernels::Reduce;

struct VarAttrs {
    ReduceAttrs reduce;
    double correction;
    void visit(AttrVisitor& v) const {
        v("reduce", reduce);
        v("correction", correction);
    }
};

double freedom(const Dims& shape, const VarAttrs& a) {
    double n = static_cast<double>(reduced_count(shape, a.reduce.axes)) - a.correction;
    return n > 0 ? n : 0;
}

void infer_var(InferCtx& c) {
    const VarAttrs& a = c.attr<VarAttrs>();
    const Tensor& x = c.input(0);
    check<TypeError>(is_floating(x.dtype()), c.op.name, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float().");
    c.set(0, reduced_shape(x.shape(), a.reduce.axes, a.reduce.keepdim), x.dtype());
}

// Two passes: deviations from the mean, then their squares. The mean is rounded: what the deviations have in common is taken out
// of the sum again (Chan, Golub and LeVeque 1983, the corrected two-pass algorithm), so that equal elements have the variance 0.
void eval_var(EvalCtx& c) {
    GradMode off(false);
    const VarAttrs& a = c.attr<VarAttrs>();
    Tensor x = detach(c.input(0));
    const Dims axes = axes_of(a.reduce.axes, x.ndim());
    Tensor d = a.reduce.axes ? x - mean(x, axes, true) : zeros_like(x);
    reduce_into(Reduce::SumSquares, d, a.reduce.axes, c.out());
    if (a.reduce.axes) {
        Tensor rest = mean(d, axes, a.reduce.keepdim);
        Tensor common = rest * rest * static_cast<double>(reduced_count(x.shape(), a.reduce.axes));
        copy_data(c.out(), maximum(c.out() - common, number(0, common)));
    }
    copy_data(c.out(), c.out() / freedom(x.shape(), a));
}

// The gradient of the variance by x: 2 (x - mean) / (n - correction) times g.
Tensor var_grad(const Tensor& g, const Tensor& x, const VarAttrs& a, bool recorded) {
    Tensor d = a.reduce.axes ? x - mean(x, axes_of(a.reduce.axes, x.ndim()), true) : x - x;
    return d * spread(g * (2 / freedom(x.shape(), a)), x.shape(), a.reduce, recorded);
}

}  // namespace

// ---- var ----
const OpDef var_op = {
    .name = "var",
    .grad_name = "VarBackward0",
    .infer = infer_var,
    .eval = eval_var,
    .vjp = [](VjpCtx& c) { c.set(0, var_grad(c.grad(), c.input(0), c.attr<VarAttrs>(), c.create_graph())); },
    .save_input = {1},
    .attr_bytes = sizeof(VarAttrs),
    .describe = describe_attrs<VarAttrs>,
};

// ---- std; the gradient where it is 0 is 0 ----
const OpDef std_op = {
    .name = "std",
    .grad_name = "StdBackward0",
    .infer = infer_var,
    .eval =
        [](EvalCtx& c) {
            eval_var(c);
            copy_data(c.out(), sqrt(detach(c.out())));
        },
    .vjp =
        [](VjpCtx& c) {
            Tensor y = c.output();
            Tensor g = masked_out(eq(detach(y), number(0, y)), c.grad() / (y * 2));
            c.set(0, var_grad(g, c.input(0), c.attr<VarAttrs>(), c.create_graph()));
        },
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(VarAttrs),
    .describe = describe_attrs<VarAttrs>,
};

Tensor var(const Tensor& x, const Dims& axes, double correction, bool keepdim) {
    return run_with(var_op, VarAttrs{{axis_bits("var", axes, x.ndim()), keepdim}, correction}, x);
}
Tensor standard_deviation(const Tensor& x, const Dims& axes, double correction, bool keepdim) {
    return run_with(std_op, VarAttrs{{axis_bits("std", axes, x.ndim()), keepdim}, correction}, x);
}

namespace {

// The three forms of the arguments: (unbiased), (dim, unbiased, keepdim), (dim, correction, keepdim).
template <const OpDef& op, bool with_mean>
void spread_of(Args& a, const Tensor& x, uint32_t axes, double correction, bool keepdim) {
    VarAttrs attrs{{axes, keepdim}, correction};
    if (freedom(x.shape(), attrs) <= 0)
        warn(concat(a.name, ": ", reduced_count(x.shape(), axes), " elements and a correction of ", correction,
                    " leave no degrees of freedom: the result is not finite."));
    Tensor y = run_with(op, attrs, x);
    if (!with_mean) {
        a.ret(y);
        return;
    }
    a.ret_tuple({y, axes ? mean(x, axes_of(axes, x.ndim()), keepdim) : x});
}

template <const OpDef& op, bool with_mean = false> void call_unbiased(Args& a) {
    // A lone number is `unbiased` if it is a bool, else the axis.
    if (a.number(1).kind == Scalar::Bool) {
        spread_of<op, with_mean>(a, a.tensor(0), (1u << a.tensor(0).ndim()) - 1, a.flag(1), false);
        return;
    }
    check<TypeError>(a.number(1).kind == Scalar::Int, a.name, ": dim must be an integer, got ", a.real(1), ".");
    spread_of<op, with_mean>(a, a.tensor(0), axis_bits(a.name, {a.integer(1)}, a.tensor(0).ndim()), 1, false);
}
template <const OpDef& op, bool with_mean = false> void call_dim_unbiased(Args& a) {
    spread_of<op, with_mean>(a, a.tensor(0), axis_bits(a, 1, a.tensor(0).ndim()), a.flag(2, true), a.flag(3));
}
template <const OpDef& op, bool with_mean = false> void call_correction(Args& a) {
    spread_of<op, with_mean>(a, a.tensor(0), axis_bits(a, 1, a.tensor(0).ndim()), a.real(2, 1), a.flag(3));
}

}  // namespace

const Register var_fn(
    {"var",
     kMethod | kFunction,
     R"(Variance, over all axes or over those given.

    y = 1/(n - correction) sum_i (x_i - mean)^2

Args:
    input: floating tensor.
    dim: an axis or several; None for all.
    correction: 1 (the default) for a sample's unbiased variance, 0 for a population's.
    unbiased: older form: True is correction 1, False 0.
    keepdim: keep the axes with size 1.

Example:
    >>> chainrule.var(chainrule.tensor([1., 2., 3.]))
    tensor(1.)
)",
     {{"var(Tensor input, Number unbiased)", call_unbiased<var_op>},
      {"var(Tensor input, ints dim=None, bool unbiased=True, bool keepdim=False)", call_dim_unbiased<var_op>},
      {"var(Tensor input, ints dim=None, *, Number correction=None, bool keepdim=False)", call_correction<var_op>}}});

const Register std_fn(
    {"std",
     kMethod | kFunction,
     R"(Standard deviation, over all axes or over those given; its gradient at 0 is 0.

    y = sqrt(var(x))

Args:
    input, dim, correction, unbiased, keepdim: as for var().

Example:
    >>> chainrule.std(chainrule.tensor([1., 2., 3.]))
    tensor(1.)
)",
     {{"std(Tensor input, Number unbiased)", call_unbiased<std_op>},
      {"std(Tensor input, ints dim=None, bool unbiased=True, bool keepdim=False)", call_dim_unbiased<std_op>},
      {"std(Tensor input, ints dim=None, *, Number correction=None, bool keepdim=False)", call_correction<std_op>}}});

const Register var_mean_fn({"var_mean",
                            kFunction,
                            R"(Variance and mean, over all axes or over those given.

Args:
    input, dim, correction, unbiased, keepdim: as for var().

Returns:
    Tuple (var, mean).
)",
                            {{"var_mean(Tensor input, Number unbiased)", call_unbiased<var_op, true>},
                             {"var_mean(Tensor input, ints dim=None, bool unbiased=True, bool keepdim=False)",
                              call_dim_unbiased<var_op, true>},
                             {"var_mean(Tensor input, ints dim=None, *, Number correction=None, bool keepdim=False)",
                              call_correction<var_op, true>}}});

const Register std_mean_fn({"std_mean",
                            kFunction,
                            R"(Standard deviation and mean, over all axes or over those given.

Args:
    input, dim, correction, unbiased, keepdim: as for var().

Returns:
    Tuple (std, mean).
)",
                            {{"std_mean(Tensor input, Number unbiased)", call_unbiased<std_op, true>},
                             {"std_mean(Tensor input, ints dim=None, bool unbiased=True, bool keepdim=False)",
                              call_dim_unbiased<std_op, true>},
                             {"std_mean(Tensor input, ints dim=None, *, Number correction=None, bool keepdim=False)",
                              call_correction<std_op, true>}}});

// ---- norm: (sum |x|^p)^(1/p); the gradient at 0 is 0 ----
namespace {

struct NormAttrs {
    ReduceAttrs reduce;
    double p;
    void visit(AttrVisitor& v) const {
        v("reduce", reduce);
        v("p", p);
    }
};

Tensor norm_values(const Tensor& x, const NormAttrs& a) {
    Dims axes = axes_of(a.reduce.axes, x.ndim());
    if (a.reduce.axes == 0) return a.p == 0 ? cast(ne(x, number(0, x)), x.dtype()) : abs(x);
    bool keep = a.reduce.keepdim;
    if (std::isinf(a.p)) return a.p > 0 ? amax(abs(x), axes, keep) : amin(abs(x), axes, keep);
    if (a.p == 0) return cast(sum(ne(x, number(0, x)), axes, keep), x.dtype());
    if (a.p == 1) return sum(abs(x), axes, keep);
    return pow(sum(pow(abs(x), a.p), axes, keep), 1 / a.p);
}

Tensor zero_mask(const Tensor& t) { return eq(detach(t), number(0, t)); }

void vjp_norm(VjpCtx& c) {
    const NormAttrs& a = c.attr<NormAttrs>();
    Tensor x = c.input(0), y = c.output();
    bool recorded = c.create_graph();
    auto wide = [&](const Tensor& t) { return spread(t, x.shape(), a.reduce, recorded); };
    const Tensor& g = c.grad();
    if (a.p == 0) {
        c.set(0, zeros_like(x));
    } else if (a.p == 1) {
        c.set(0, sign(x) * wide(g));
    } else if (std::isinf(a.p)) {
        Tensor mask = eq(abs(detach(x)), spread(detach(y), x.shape(), a.reduce, false));
        Tensor count = a.reduce.axes ? cast(sum(mask, axes_of(a.reduce.axes, x.ndim()), a.reduce.keepdim), x.dtype())
                                     : ones_like(y);
        c.set(0, sign(x) * masked_mul(mask, wide(g / count)));
    } else if (a.p == 2) {
        c.set(0, x * wide(masked_out(zero_mask(y), g / y)));
    } else if (a.p < 2) {
        Tensor direction = masked_out(zero_mask(x), sign(x) * pow(abs(x), a.p - 1));
        c.set(0, direction * wide(masked_out(zero_mask(y), g / pow(y, a.p - 1))));
    } else {
        c.set(0, x * pow(abs(x), a.p - 2) * wide(masked_out(zero_mask(y), g / pow(y, a.p - 1))));
    }
}

}  // namespace

const OpDef norm_op = {
    .name = "norm",
    .grad_name = "LinalgVectorNormBackward0",
    .infer =
        [](InferCtx& c) {
            const NormAttrs& a = c.attr<NormAttrs>();
            const Tensor& x = c.input(0);
            check<TypeError>(is_floating(x.dtype()), "norm: the input must be floating, got ", x.dtype(),
                             ". Convert it with .float().");
            check<ValueError>(!std::isinf(a.p) || reduced_count(x.shape(), a.reduce.axes) > 0, "norm: a norm of order ",
                              a.p, " needs elements, got shape ", x.shape(), ".");
            c.set(0, reduced_shape(x.shape(), a.reduce.axes, a.reduce.keepdim), wide(x.dtype()));
        },
    .eval =
        [](EvalCtx& c) {
            GradMode off(false);
            const NormAttrs& a = c.attr<NormAttrs>();
            if (a.p == 2) {
                reduce_into(Reduce::SumSquares, c.input(0), a.reduce.axes, c.out());
                copy_data(c.out(), sqrt(detach(c.out())));
            } else {
                const Tensor& x = c.input(0);
                copy_data(c.out(), norm_values(is_narrow(x.dtype()) ? widened_data(x) : detach(x), a));
            }
        },
    .vjp = vjp_norm,
    .reads_narrow = true,
    .save_input = {1},
    .save_output = {1},
    .attr_bytes = sizeof(NormAttrs),
    .describe = describe_attrs<NormAttrs>,
};
Tensor norm(const Tensor& x, double p, const Dims& axes, bool keepdim) {
    return run_with(norm_op, NormAttrs{{axis_bits("norm", axes, x.ndim()), keepdim}, p}, x);
}

namespace {

void call_norm(Args& a, double p) {
    Tensor x = a.given(4) ? cast(a.tensor(0), a.dtype(4, DType::Float32)) : a.tensor(0);
    a.ret(run_with(norm_op, NormAttrs{{axis_bits(a, 2, x.ndim()), a.flag(3)}, p}, x));
}

void call_nuclear_norm(Args& a) {
    Tensor x = a.given(4) ? cast(a.tensor(0), a.dtype(4, DType::Float32)) : a.tensor(0);
    check<ValueError>(a.given(2) || x.ndim() == 2, "norm: 'nuc' without dim takes a matrix, got shape ", x.shape(),
                      ". Name the two axes.");
    a.ret(nuclear_norm("norm", x, a.given(2) ? a.ints(2) : Dims{0, 1}, a.flag(3)));
}

}  // namespace

const Register norm_fn({"norm",
                        kMethod | kFunction,
                        R"(Norm of vectors, over all axes or over those given; its gradient at 0 is 0.

    y = (sum_i |x_i|^p)^(1/p),  for p = inf the largest |x_i|, for p = -inf the smallest, for p = 0 the number of x_i that aren't 0
    p = 2: dx_i = dy x_i / y

Args:
    input: floating tensor.
    p: order; 'fro' is 2, 'nuc' the sum of a matrix's singular values.
    dim: an axis or several; None for all.
    keepdim: keep the axes with size 1.
    dtype: converts the input first.

Example:
    >>> chainrule.norm(chainrule.tensor([3., 4.]))
    tensor(5.)
)",
                        {{"norm(Tensor input, Number p=2, ints dim=None, bool keepdim=False, Dtype dtype=None)",
                          [](Args& a) { call_norm(a, a.real(1, 2)); }},
                         {"norm(Tensor input, str p, ints dim=None, bool keepdim=False, Dtype dtype=None)",
                          [](Args& a) {
                              if (a.text(1) == "nuc") return call_nuclear_norm(a);
                              check<ValueError>(a.text(1) == "fro", "norm: p must be a number, 'fro' or 'nuc', got '",
                                                std::string(a.text(1)), "'.");
                              call_norm(a, 2);
                          }}}});

const Register dist_fn({"dist",
                        kMethod | kFunction,
                        R"(Norm of the difference of two tensors.

    y = |input - other|_p

Args:
    input, other: tensors that broadcast.
    p: order.

Example:
    >>> chainrule.dist(chainrule.tensor([3., 4.]), chainrule.zeros(2))
    tensor(5.)
)",
                        {{"dist(Tensor input, Tensor other, Number p=2)",
                          [](Args& a) { a.ret(norm(a.tensor(0) - a.tensor(1), a.real(2, 2), {}, false)); }}}});

}  // namespace chainrule
