// What the families of elementwise operations share: checks against the kernel table, fast forms for a Python number as
// operand, and the in-place form of functions that are made of several operations.
#pragma once

#include "autograd/elementwise.h"
#include "ops/ops.h"
#include "ops/registry.h"

namespace chainrule {

// add(x, alpha, y) and addcmul(x, value, y, z), as programs of old write them: the number goes to its place of today.
void number_to_end(Args& a);
template <void (*call)(Args&)> void call_old_order(Args& a) {
    number_to_end(a);
    call(a);
}

constexpr uint32_t kUnaryFlags = kMethod | kFunction | kInplace;

constexpr uint32_t kernel_of(kernels::Unary k) { return static_cast<uint32_t>(k); }
constexpr uint32_t kernel_of(kernels::Binary k) { return static_cast<uint32_t>(k); }
constexpr uint32_t kernel_of(kernels::Ternary k) { return static_cast<uint32_t>(k); }
constexpr uint32_t kernel_of(kernels::Compare k) { return static_cast<uint32_t>(k); }
constexpr uint32_t kernel_of(kernels::Predicate k) { return static_cast<uint32_t>(k); }

// As infer_elementwise; TypeError where the operation has no kernel for the (promoted) dtype.
void infer_unary(InferCtx& c);
void infer_binary(InferCtx& c);
void infer_ternary(InferCtx& c);
// The same for integer division: ValueError for a divisor of 0.
void infer_division(InferCtx& c);

// Floating functions of one number, whose gradient is made from the saved input, or from the saved output. grad_kernel is
// the fused first-order gradient, where there is one.
constexpr OpDef function_by_input(const char* name, const char* grad_name, kernels::Unary kernel, void (*vjp)(VjpCtx&),
                                  kernels::Binary grad_kernel = kernels::Binary::Count) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_floating,
        .eval = eval_unary,
        .vjp = vjp,
        .kernel = kernel_of(kernel),
        .grad_kernel = kernel_of(grad_kernel),
        .promotion = Promotion::Float,
        .elementwise = true,
        .save_input = {1},
    };
}
constexpr OpDef function_by_output(const char* name, const char* grad_name, kernels::Unary kernel, void (*vjp)(VjpCtx&),
                                   kernels::Binary grad_kernel = kernels::Binary::Count) {
    OpDef op = function_by_input(name, grad_name, kernel, vjp, grad_kernel);
    op.save_input[0] = 0;
    op.save_output[0] = 1;
    return op;
}

// Whether no graph and no recorder sees what is done with these tensors (some may be null): several steps may then be one.
bool nothing_recorded(std::initializer_list<Tensor> tensors);

// Functions that are constant by pieces: floor, sign...
void zero_gradient(VjpCtx& c);
constexpr OpDef constant_by_pieces(const char* name, const char* grad_name, kernels::Unary kernel) {
    return {
        .name = name,
        .grad_name = grad_name,
        .infer = infer_unary,
        .eval = eval_unary,
        .vjp = zero_gradient,
        .kernel = kernel_of(kernel),
        .elementwise = true,
    };
}

// An operand that was a Python number, kept as an attribute: no second tensor, nothing saved.
struct NumberAttr {
    double value;
    void visit(AttrVisitor& v) const { v("value", value); }
};
// Binary kernels with the number as second or first operand.
void eval_number_second(EvalCtx& c);
void eval_number_first(EvalCtx& c);

double number_value(const Tensor& t);  // of a tensor with one element
// True if `number` was a Python number that takes x's floating dtype.
inline bool takes_number(const Tensor& x, const Tensor& number) {
    return number->wrapped_number && is_floating(x.dtype()) && !x->wrapped_number;
}

// The dtype in which both meet (PyTorch's result_type).
DType result_type(const Tensor& a, const Tensor& b);

// Runs operations as Args does, never in place: so that one function serves C++ and the registry.
struct Direct {
    template <class... T> Tensor run(const OpDef& op, const T&... inputs) const {
        return chainrule::run(op, inputs...);
    }
    template <class A, class... T> Tensor run_with(const OpDef& op, A attrs, const T&... inputs) const {
        return chainrule::run_with(op, attrs, inputs...);
    }
};

// The same in place: the first input is written.
struct InPlace {
    template <class... T> Tensor run(const OpDef& op, const T&... inputs) const {
        const Tensor in[] = {inputs...};
        return dispatch_inplace(op, in, sizeof...(T), nullptr);
    }
    template <class A, class... T> Tensor run_with(const OpDef& op, A attrs, const T&... inputs) const {
        const Tensor in[] = {inputs...};
        return dispatch_inplace(op, in, sizeof...(T), &attrs);
    }
};

// Registry calls of operations with no options.
template <const OpDef& op> void call_unary(Args& a) { a.ret(a.run(op, a.tensor(0))); }
template <const OpDef& op> void call_binary(Args& a) { a.ret(a.run(op, a.tensor(0), a.tensor(1))); }

// Functions made of several operations. Called in place, they work on a copy of self (operations inside may save it), and
// `finish` writes the result into self.
Tensor self_or_copy(Args& a);
void finish(Args& a, const Tensor& result);

}  // namespace chainrule
