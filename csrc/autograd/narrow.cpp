#include "autograd/narrow.h"

#include "autograd/basic_ops.h"
#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "autograd/recorder.h"

namespace chainrule {
namespace {

std::vector<Tensor> widened(const Tensor* inputs, int n) {
    std::vector<Tensor> out(inputs, inputs + n);
    for (Tensor& t : out)
        if (t) t = cast(t, wide(t.dtype()));
    return out;
}

// Which of the inputs of an operation without promotion gives the result its dtype: the first that is computed in it.
DType first_dtype(DType result, const Tensor* inputs, int n) {
    for (int i = 0; i < n; ++i)
        if (inputs[i] && wide(inputs[i].dtype()) == result) return inputs[i].dtype();
    return result;
}

bool is_relu(const OpDef& op) { return op.grad_kernel == static_cast<uint32_t>(kernels::Binary::ReluGrad); }

}  // namespace

bool runs_narrow(const OpDef& op, const Tensor* inputs, int n) {
    if (!is_loop(op) || recorder()) return false;
    const DType t = inputs[0].dtype();
    bool wanted = false;
    for (int i = 0; i < n; ++i) {
        if (!inputs[i] || inputs[i].dtype() != t) return false;
        wanted = wanted || inputs[i].requires_grad();
    }
    if (!is_narrow(t)) return false;
    return !op.save_output[0] || is_relu(op) || !(wanted && grad_mode());
}

bool one_step_rule(const OpDef& op) {
    if (op.eval == eval_unary) {
        const auto kernel = static_cast<kernels::Unary>(op.kernel);
        const bool fused = op.grad_kernel > 0 && op.grad_kernel < static_cast<uint32_t>(kernels::Binary::Count);
        return fused || kernel == kernels::Unary::Neg || kernel == kernels::Unary::AddScalar ||
               kernel == kernels::Unary::MulScalar;
    }
    const auto kernel = static_cast<kernels::Binary>(op.kernel);
    return op.eval == eval_binary && (kernel == kernels::Binary::Add || kernel == kernels::Binary::Sub ||
                                      kernel == kernels::Binary::AddScaled || kernel == kernels::Binary::Mul);
}

DType narrowed_dtype(DType result, const Tensor* inputs, int n) {
    if (result != DType::Float32 && result != DType::Int32) return result;
    DType common = common_dtype(inputs, n, result);
    if (is_floating(result) && !is_floating(common)) common = default_dtype();
    return wide(common) == result ? common : result;
}

void dispatch_narrow(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs, int n_outputs) {
    {
        WideDefault guard;
        if (op.reads_narrow && is_narrow(inputs[0].dtype()) && !recorder()) {
            dispatch_as_it_is(op, inputs, n_inputs, attrs, outputs, n_outputs);
        } else {
            std::vector<Tensor> in = widened(inputs, n_inputs);
            dispatch(op, in.data(), n_inputs, attrs, outputs, n_outputs);
        }
    }
    auto dtype_of = op.promotion == Promotion::None ? first_dtype : narrowed_dtype;
    for (int k = 0; k < n_outputs; ++k) outputs[k] = cast(outputs[k], dtype_of(outputs[k].dtype(), inputs, n_inputs));
}

Tensor dispatch_inplace_narrow(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs) {
    Tensor self = inputs[0];
    bool recording = false;
    for (int i = 0; i < n_inputs; ++i) recording = recording || (inputs[i] && inputs[i].requires_grad());
    check_inplace(op.name, self, recording && grad_mode() && op.vjp && is_floating(self.dtype()));
    Tensor result;
    {
        WideDefault guard;
        std::vector<Tensor> in = widened(inputs, n_inputs);
        result = dispatch_inplace(op, in.data(), n_inputs, attrs);
    }
    if (!is_narrow(self.dtype())) return self;
    const Tensor both[] = {self, result};
    return dispatch_inplace(copy_op, both, 2, nullptr);
}

}  // namespace chainrule
