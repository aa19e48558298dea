#include "ops/forms.h"

#include <utility>

#include "core/warn.h"

#include "autograd/grad_mode.h"
#include "autograd/recorder.h"
#include "kernels/reduction.h"

namespace chainrule {

namespace {

void check_kernel(const InferCtx& c, const kernels::Loop* loops) {
    DType t = c.input(0).dtype();
    check<TypeError>(loops[static_cast<int>(wide(t))] != nullptr, c.op.name, ": not defined for ", t,
                     " tensors. Convert the input to another dtype with .to().");
}

}  // namespace

void infer_unary(InferCtx& c) {
    check_kernel(c, kernels::kernels().unary[c.op.kernel]);
    infer_elementwise(c);
}

void infer_binary(InferCtx& c) {
    check_kernel(c, kernels::kernels().binary[c.op.kernel]);
    infer_elementwise(c);
}

void infer_ternary(InferCtx& c) {
    check_kernel(c, kernels::kernels().ternary[c.op.kernel]);
    infer_elementwise(c);
}

void infer_division(InferCtx& c) {
    infer_binary(c);
    if (is_floating(c.input(1).dtype())) return;
    const Tensor divisor = is_narrow(c.input(1).dtype()) ? widened_data(c.input(1)) : c.input(1);
    bool nonzero = true;
    kernels::reduce(kernels::Reduce::All, divisor.dtype(), divisor.data(), divisor.shape(), divisor.strides(),
                    (1u << divisor.ndim()) - 1, &nonzero);
    check<ValueError>(nonzero, c.op.name, ": an integer divisor must not be 0, got 0 in a ", divisor.dtype(),
                      " tensor of shape ", divisor.shape(), ". Floating tensors give inf or nan.");
}

void zero_gradient(VjpCtx& c) {
    for (int i = 0; i < c.n_inputs(); ++i)
        if (c.wants(i)) c.set(i, zeros_like(c.grad()));
}

void eval_number_second(EvalCtx& c) {
    DType t = c.input(0).dtype();
    const Tensor in[2] = {c.input(0), scalar_tensor(c.attr<NumberAttr>().value, t)};
    apply_loop(kernels::kernels().binary[c.op.kernel][static_cast<int>(t)], c.out(), in, 2, nullptr);
}

void eval_number_first(EvalCtx& c) {
    DType t = c.input(0).dtype();
    const Tensor in[2] = {scalar_tensor(c.attr<NumberAttr>().value, t), c.input(0)};
    apply_loop(kernels::kernels().binary[c.op.kernel][static_cast<int>(t)], c.out(), in, 2, nullptr);
}

bool nothing_recorded(std::initializer_list<Tensor> tensors) {
    if (recorder()) return false;
    if (!grad_mode()) return true;
    for (const Tensor& t : tensors)
        if (t && t.requires_grad()) return false;
    return true;
}

double number_value(const Tensor& t) {
    switch (t.dtype()) {
        case DType::Bool:
        case DType::UInt8: return *t.data<uint8_t>();
        case DType::Int32: return *t.data<int32_t>();
        case DType::Int64: return static_cast<double>(*t.data<int64_t>());
        case DType::Float32: return *t.data<float>();
        case DType::Float64: return *t.data<double>();
        default: return number_value(widened_data(t));
    }
}

DType result_type(const Tensor& a, const Tensor& b) {
    const Tensor both[] = {a, b};
    return common_dtype(both, 2);
}

Tensor self_or_copy(Args& a) {
    const Tensor& self = a.tensor(0);
    return a.inplace && grad_mode() && self.requires_grad() ? clone(self) : self;
}

void finish(Args& a, const Tensor& result) {
    if (!a.inplace) {
        a.ret(result);
        return;
    }
    const Tensor& self = a.tensor(0);
    check<TypeError>(category(result.dtype()) <= category(self.dtype()), a.name, ": the result is ", result.dtype(),
                     " and cannot be stored in place in a ", self.dtype(), " tensor");
    a.ret(a.run(copy_op, self, result));
}

void number_to_end(Args& a) {
    warn(concat(a.name, ": a number before the tensors is deprecated. Pass it by name, as ",
                a.args.size() == 3 ? "alpha" : "value", "=."));
    for (size_t i = 1; i + 1 < a.args.size(); ++i) std::swap(a.args[i], a.args[i + 1]);
}

}  // namespace chainrule
