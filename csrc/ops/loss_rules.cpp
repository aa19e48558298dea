#include "ops/loss_rules.h"

#include "autograd/elementwise.h"
#include "core/warn.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"

namespace chainrule {

Reduction parse_reduction(const char* op, std::string_view name) {
    if (name == "mean") return Reduction::Mean;
    if (name == "sum") return Reduction::Sum;
    check<ValueError>(name == "none", op, ": reduction must be 'none', 'mean' or 'sum', got '", std::string(name),
                      "'.");
    return Reduction::None;
}

Reduction reduction_of(const Args& a, int reduction, int size_average, int reduce) {
    if (a.given(size_average) || a.given(reduce)) {
        warn("size_average and reduce are deprecated: use reduction='none', 'mean' or 'sum'.");
        if (!a.flag(reduce, true)) return Reduction::None;
        return a.flag(size_average, true) ? Reduction::Mean : Reduction::Sum;
    }
    return a.given(reduction) ? parse_reduction(a.name, a.text(reduction)) : Reduction::Mean;
}

Tensor reduce_loss(const Tensor& loss, Reduction reduction) {
    if (reduction == Reduction::None) return loss;
    return reduction == Reduction::Mean ? mean(loss) : sum(loss);
}

LossPair loss_pair(const char* op, const Tensor& input, const Tensor& target) {
    DType dtype = promote(input.dtype(), target.dtype());
    check<TypeError>(is_floating(dtype), op, ": input and target must be floating, got ", input.dtype(), " and ",
                     target.dtype(), ". Convert them with .float().");
    LossPair p{cast(input, dtype), cast(target, dtype)};
    if (input.shape() == target.shape()) return p;
    Dims shape = broadcast_shapes(op, input.shape(), target.shape());
    check<ValueError>(shape == input.shape() || shape == target.shape(), op,
                      ": input and target must have one shape, got ", input.shape(), " and ", target.shape(),
                      ", which would broadcast to ", shape,
                      ". Reshape one of them, e.g. with .squeeze(-1) or .unsqueeze(-1).");
    warn(concat(op, ": the target's shape ", target.shape(), " differs from the input's ", input.shape(),
                "; one of them is repeated, which may not be what you mean. Give both one shape."));
    p.input = expand(p.input, shape);
    p.target = expand(p.target, shape);
    return p;
}

void check_labels(const char* op, const Tensor& labels, int64_t classes, int64_t ignore_index) {
    const int64_t* value = labels.data<int64_t>();
    int64_t step = labels.ndim() == 1 ? labels.stride(0) : 1;
    for (int64_t i = 0, n = labels.numel(); i < n; ++i) {
        int64_t label = value[i * step];
        if (static_cast<uint64_t>(label) >= static_cast<uint64_t>(classes) && label != ignore_index) [[unlikely]]
            fail<IndexError>(op, ": target must be in [0, ", classes, "), got ", label, " at row ", i, ".");
    }
}

Tensor labels_of(const char* op, const Tensor& target) {
    if (target.dtype() == DType::Int64) return target;
    check<TypeError>(target.dtype() == DType::UInt8, op, ": class indices must be int64, got a ", target.dtype(),
                     " target of shape ", target.shape(), ". Convert it with .long().");
    return cast(target, DType::Int64);
}

void check_class_weight(const char* op, const Tensor& weight, const Tensor& logits, int64_t classes) {
    if (!weight) return;
    check<ValueError>(weight.ndim() == 1 && weight.size(0) == classes, op,
                      ": the weight must have one entry for each class, shape (", classes, ",), got ", weight.shape(),
                      ".");
    check<TypeError>(weight.dtype() == logits.dtype(), op, ": weight and input must have one dtype, got ",
                     weight.dtype(), " and ", logits.dtype(), ".");
    check<RuntimeError>(!weight.requires_grad(), op, ": not differentiable by the weight. Pass weight.detach().");
}

}  // namespace chainrule
