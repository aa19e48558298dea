#include "ops/narrow.h"

#include <algorithm>
#include <string>

#include "autograd/basic_ops.h"
#include "autograd/grad_mode.h"
#include "core/number_range.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

template <size_t n> bool listed(const std::string_view (&names)[n], std::string_view name) {
    return std::binary_search(std::begin(names), std::end(names), name);
}

// Views, copies and functions of copies: their results may share memory with an argument, so no argument is converted for them.
// clang-format off
constexpr std::string_view kTakesNarrow[] = {
    "adjoint", "as_strided", "atleast_1d", "atleast_2d", "atleast_3d", "bernoulli_", "broadcast_tensors",
    "broadcast_to", "cat", "cauchy_", "chunk", "clone", "concat", "concatenate", "contiguous", "copy", "detach",
    "diagonal", "dsplit", "einsum", "empty", "empty_like", "expand", "expand_as", "exponential_", "fill", "flatten",
    "geometric_", "hsplit", "inner", "log_normal_", "meshgrid", "moveaxis", "movedim", "nan_to_num", "narrow", "new_empty", "normal_",
    "permute", "positive", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "random_",
    "randperm", "ravel", "real", "reshape", "reshape_as", "resize", "select", "set", "split", "squeeze", "stack",
    "swapaxes", "swapdims", "t", "tensor_split", "tensordot", "transpose", "unbind", "unflatten", "unfold", "uniform_",
    "unsqueeze", "view", "view_as", "vsplit", "zero",
};

// One operation of a shared elementwise form, however it is called: autograd/narrow.h sees to its dtypes.
constexpr std::string_view kOneOperation[] = {
    "abs", "absolute", "acos", "acosh", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin",
    "asinh", "atan", "atanh", "ceil", "cos", "cosh", "div", "divide", "eq", "erf", "erfc", "erfinv", "exp", "exp2",
    "expm1", "floor", "ge", "gelu", "greater", "greater_equal", "gt", "hardsigmoid", "hardswish", "isfinite", "isinf",
    "isnan", "le", "leaky_relu", "less", "less_equal", "log", "log10", "log1p", "log2", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logsigmoid", "lt", "maximum", "minimum", "mish", "mul", "multiply", "ne", "neg",
    "negative", "not_equal", "reciprocal", "relu", "rsqrt", "rsub", "sigmoid", "sign", "signbit", "silu", "sin", "sinc",
    "sinh", "softplus", "softsign", "sqrt", "square", "sub", "subtract", "tan", "tanh", "threshold", "true_divide",
    "trunc",
};

// One operation that reads narrow elements and gives a wide result (OpDef::reads_narrow).
constexpr std::string_view kReductions[] = {"amax", "amin", "mean", "nansum", "norm", "sum"};

// Functions of tensors whose floating dtypes must be equal: checked before narrow ones are converted.
constexpr std::string_view kOneDtype[] = {
    "_grid_sample",
    "_sampled_mm", "_sparse_mm", "addbmm", "addmm", "addmv", "addr", "allclose", "baddbmm", "batch_norm", "bilinear",
    "bmm", "cartesian_prod", "chain_matmul", "cholesky_solve", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "cross_entropy", "dot", "einsum", "group_norm", "gru", "gru_cell", "index_add", "index_copy",
    "index_reduce", "instance_norm", "isclose", "layer_norm", "linalg_householder_product", "linalg_lstsq",
    "linalg_lu_solve", "linalg_multi_dot", "linalg_solve", "linalg_solve_triangular", "linalg_tensorsolve", "linear",
    "lstm", "lstm_cell", "lu_solve", "matmul", "mm", "mv", "nanquantile", "nll_loss", "prelu", "put", "quantile",
    "rms_norm", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "scatter", "scatter_add", "scatter_reduce",
    "vdot",
};
// clang-format on

// Functions whose results are places, in a dtype that the narrow arguments have no part in.
constexpr std::string_view kPlaces[] = {"bucketize", "searchsorted"};

void check_one_dtype(const char* name, const std::vector<Tensor>& tensors) {
    DType first = DType::Bool;
    for (const Tensor& t : tensors) {
        if (!t || t->wrapped_number || !is_floating(t.dtype())) continue;
        if (first == DType::Bool) first = t.dtype();
        check<TypeError>(t.dtype() == first, name, ": the floating inputs must have one dtype, got ", first, " and ",
                         t.dtype(), ". Convert one with .to().");
    }
}

// Functions that store a number as it is given: it must fit the narrow dtype, not the one in which the function runs.
constexpr std::string_view kStoresNumber[] = {
    "fill_diagonal", "full", "full_like",     "index_fill", "masked_fill",
    "new_full",      "pad",  "scalar_tensor", "scatter",    "where",
};

// The arguments of one call, converted for it.
class Wide {
  public:
    explicit Wide(Args& a) : a_(a) {
        each([&](Tensor& t) { given_.push_back(t); });
        DType named = DType::Bool;
        for (size_t i = 0; i < a.args.size(); ++i)
            if (a.args[i].kind == Arg::Dtype) {
                has_dtype_ = true;
                named = a.args[i].dtype;
            }
        dtype_ = named;
    }

    const std::vector<Tensor>& given() const { return given_; }

    // For messages: a narrow dtype of the call.
    DType narrow() const {
        for (const Tensor& t : given_)
            if (t && is_narrow(t.dtype())) return t.dtype();
        return is_narrow(dtype_) ? dtype_ : default_dtype();
    }

    void check_numbers() const {
        DType stored = has_dtype_ ? dtype_ : narrow();
        for (size_t i = 0; i < a_.args.size(); ++i) {
            const Arg& arg = a_.args[i];
            if (arg.kind == Arg::Number) check_fits(a_.name, arg.number, stored);
            if (arg.kind == Arg::TensorArg && arg.tensor) check_fits(a_.name, arg.tensor, stored);
        }
    }

    void convert() {
        for (size_t i = 0; i < a_.args.size(); ++i)
            if (a_.args[i].kind == Arg::Dtype) a_.args[i].dtype = wide(dtype_);
        each([&](Tensor& t) {
            t = t ? cast(t, wide(t.dtype())) : t;
            used_.push_back(t);
            versions_.push_back(t ? t.version() : 0);
        });
    }

    // What the function changed in place goes back: self of an in-place form, running statistics.
    void write_back() const {
        for (size_t i = 0; i < used_.size(); ++i) {
            if (used_[i].is_same(given_[i]) || !used_[i] || used_[i].version() == versions_[i]) continue;
            const Tensor both[] = {given_[i], used_[i]};
            dispatch_inplace(copy_op, both, 2, nullptr);
        }
    }

    Tensor result(const Tensor& t) const {
        if (!t) return t;
        for (size_t i = 0; i < used_.size(); ++i)
            if (t.is_same(used_[i])) return given_[i];
        DType dtype = !has_dtype_ ? narrowed_dtype(t.dtype(), given_.data(), static_cast<int>(given_.size()))
                      : wide(dtype_) == t.dtype() ? dtype_
                                                  : t.dtype();
        if (!t->requires_grad) return cast(t, dtype);
        Tensor leaf = cast(alias(t), dtype);  // zeros(3, dtype=float16, requires_grad=True)
        leaf->requires_grad = true;
        return leaf;
    }

  private:
    template <class F> void each(F f) {
        for (size_t i = 0; i < a_.args.size(); ++i) {
            Arg& arg = a_.args[i];
            if (arg.kind == Arg::TensorArg) f(arg.tensor);
            if (arg.kind == Arg::Tensors)
                for (Tensor& t : a_.tensors_slots[arg.slot]) f(t);
        }
    }

    Args& a_;
    std::vector<Tensor> given_, used_;
    std::vector<uint32_t> versions_;
    bool has_dtype_ = false;
    DType dtype_ = DType::Bool;
};

bool reads_narrow(const Args& a) {
    if (!listed(kReductions, a.name) || !a.args[0].tensor || !is_narrow(a.args[0].tensor.dtype())) return false;
    for (size_t i = 1; i < a.args.size(); ++i)  // neither another dtype nor the nuclear norm
        if (a.args[i].kind == Arg::Dtype || a.args[i].kind == Arg::Str) return false;
    return true;
}

}  // namespace

void fail_narrow(DType t) { fail<TypeError>("there is no computation in ", t, ". Convert the tensor with .to()."); }

void call_narrow(void (*call)(Args&), Args& a) {
    std::string_view name = a.name;
    bool inplace = name.back() == '_' && !name.starts_with("_");
    if (inplace) name.remove_suffix(1);
    Wide arguments(a);
    const std::vector<Tensor>& given = arguments.given();
    if (listed(kOneDtype, name)) check_one_dtype(a.name, given);
    if (listed(kTakesNarrow, name) || listed(kTakesNarrow, a.name) || listed(kOneOperation, name)) return call(a);
    if (reads_narrow(a)) return call(a);
    if (listed(kStoresNumber, name)) arguments.check_numbers();
    if (inplace && !given.empty()) {
        bool recording =
            std::any_of(given.begin(), given.end(), [](const Tensor& t) { return t && t.requires_grad(); });
        check_inplace(a.name, given[0], recording && grad_mode());
    }
    {
        WideDefault guard;
        arguments.convert();
        try {
            call(a);
        } catch (const TypeError& error) {
            fail<TypeError>(error.what(), " (", arguments.narrow(), " is computed as ", wide(arguments.narrow()), ".)");
        }
    }
    arguments.write_back();
    if (listed(kPlaces, name)) return;
    a.value = arguments.result(a.value);
    for (Tensor& t : a.values) t = arguments.result(t);
}

}  // namespace chainrule
