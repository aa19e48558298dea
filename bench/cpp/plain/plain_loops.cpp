#include "plain/plain_loops.h"

namespace plain {
namespace {
template <class F> inline void each(const float* a, const float* b, float* out, int64_t n, F f) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
}
}  // namespace

void add(const float* a, const float* b, float* out, int64_t n) {
    each(a, b, out, n, [](float x, float y) { return x + y; });
}
void mul(const float* a, const float* b, float* out, int64_t n) {
    each(a, b, out, n, [](float x, float y) { return x * y; });
}
void relu(const float* a, const float*, float* out, int64_t n) {
    each(a, a, out, n, [](float x, float) { return x > 0 ? x : 0; });
}
void relu_grad(const float* grad, const float* output, float* out, int64_t n) {
    each(grad, output, out, n, [](float g, float y) { return y > 0 ? g : 0; });
}
void square_grad(const float* grad, const float* input, float* out, int64_t n) {
    each(grad, input, out, n, [](float g, float x) { return 2 * g * x; });
}

}  // namespace plain
