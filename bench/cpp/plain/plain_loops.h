// Straight loops as one would write them for one processor, compiled for it: what the kernels are measured against.
#pragma once

#include <cstdint>

namespace plain {

using Loop = void (*)(const float* a, const float* b, float* out, int64_t n);

void add(const float* a, const float* b, float* out, int64_t n);
void mul(const float* a, const float* b, float* out, int64_t n);
void relu(const float* a, const float* unused, float* out, int64_t n);
void relu_grad(const float* grad, const float* output, float* out, int64_t n);
void square_grad(const float* grad, const float* input, float* out, int64_t n);

}  // namespace plain
