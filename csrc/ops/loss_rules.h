// What the losses share: reductions, options, shapes.
#pragma once

#include <string_view>

#include "core/tensor.h"
#include "ops/registry.h"

namespace chainrule {

enum class Reduction : uint8_t { None, Mean, Sum };

Reduction parse_reduction(const char* op, std::string_view name);
// The arguments `reduction`, and PyTorch's older size_average and reduce, which win where they are given.
Reduction reduction_of(const Args& a, int reduction, int size_average, int reduce);
Tensor reduce_loss(const Tensor& loss, Reduction reduction);

// Input and target of equal shapes, or broadcast to one: a warning where one side grows, a ValueError where both would.
// Also converts both to their common floating dtype.
struct LossPair {
    Tensor input, target;
};
LossPair loss_pair(const char* op, const Tensor& input, const Tensor& target);

// IndexError unless each label is in [0, classes) or ignore_index. Says the value and its row.
void check_labels(const char* op, const Tensor& labels, int64_t classes, int64_t ignore_index);
// TypeError unless the labels are int64 (or uint8, as PyTorch allows); gives int64.
Tensor labels_of(const char* op, const Tensor& target);
// The weight of each class: shape and dtype as the logits want them; no gradient.
void check_class_weight(const char* op, const Tensor& weight, const Tensor& logits, int64_t classes);

Tensor cross_entropy(const Tensor& logits, const Tensor& target, const Tensor& weight, Reduction reduction,
                     int64_t ignore_index, double label_smoothing);
Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction);

}  // namespace chainrule
