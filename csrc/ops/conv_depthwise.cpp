// Convolutions whose channels are each on their own, with a stride: as sums over the kernel's elements, row by row, since a
// matrix of windows would be read once for each element that is laid out.

#include <algorithm>

#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/conv_shape.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

// f(kernel element, its first input element of an output row, that row's first output element, how many): of one plane.
template <class F> void for_rows(const kernels::Windows& w, const F& f) {
    const int64_t* k = w.kernel;
    for (int64_t tap = 0; tap < w.kernel_size(); ++tap) {
        const int64_t at[3] = {tap / (k[1] * k[2]), tap / k[2] % k[1], tap % k[2]};
        int64_t from[3], low[3], high[3];  // input position of output 0, and the outputs whose input exists
        for (int d = 0; d < 3; ++d) {
            from[d] = at[d] * w.dilation[d] - w.pad[d];
            const int64_t s = w.stride[d], last = w.in[d] - 1 - from[d];
            low[d] = from[d] < 0 ? (-from[d] + s - 1) / s : 0;
            high[d] = last < 0 ? 0 : std::min(w.out[d], last / s + 1);
        }
        if (low[2] >= high[2]) continue;
        for (int64_t i = low[0]; i < high[0]; ++i)
            for (int64_t j = low[1]; j < high[1]; ++j) {
                const int64_t x = from[0] + i * w.stride[0], y = from[1] + j * w.stride[1];
                f(tap, (x * w.in[1] + y) * w.in[2] + from[2] + low[2] * w.stride[2],
                  (i * w.out[1] + j) * w.out[2] + low[2], high[2] - low[2]);
            }
    }
}

// work(plane of the output) for all of them.
template <class F> void for_planes(const ConvAttrs& a, int64_t planes, const F& work) {
    const int64_t each = a.w.out_size() * a.w.kernel_size() + a.w.in_size() + 1;
    Unlock unlock(planes * each);
    parallel_for(planes, kGrain / each + 1, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) work(p);
    });
}

}  // namespace

bool is_depthwise(const ConvAttrs& a, const Tensor& weight) {
    const bool strided = a.w.stride[0] > 1 || a.w.stride[1] > 1 || a.w.stride[2] > 1;
    return strided && a.groups > 1 && weight.size(1) == 1 && weight.size(0) == a.groups;
}

void depthwise_forward(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const int64_t step = a.w.stride[2], taps = a.w.kernel_size();
        for_planes(a, x.size(0) * a.groups, [&](int64_t plane) {
            const int64_t channel = plane % a.groups;
            const T *from = x.data<T>() + plane * a.w.in_size(), *w = weight.data<T>() + channel * taps;
            T* to = y.data<T>() + plane * a.w.out_size();
            std::fill_n(to, a.w.out_size(), bias ? bias.data<T>()[channel] : T(0));
            for_rows(a.w, [&](int64_t tap, int64_t in, int64_t out, int64_t n) {
                const T factor = w[tap], *read = from + in;
                T* row = to + out;
                if (step == 2)
                    for (int64_t i = 0; i < n; ++i) row[i] += factor * read[2 * i];
                else
                    for (int64_t i = 0; i < n; ++i) row[i] += factor * read[i * step];
            });
        });
    });
}

void depthwise_backward_input(const ConvAttrs& a, const Tensor& y, const Tensor& weight, const Tensor& bias,
                              const Tensor& x) {
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const int64_t step = a.w.stride[2], taps = a.w.kernel_size();
        for_planes(a, x.size(0) * a.groups, [&](int64_t plane) {
            const int64_t channel = plane % a.groups;
            const T *from = y.data<T>() + plane * a.w.out_size(), *w = weight.data<T>() + channel * taps;
            T* to = x.data<T>() + plane * a.w.in_size();
            std::fill_n(to, a.w.in_size(), bias ? bias.data<T>()[channel] : T(0));
            for_rows(a.w, [&](int64_t tap, int64_t in, int64_t out, int64_t n) {
                const T factor = w[tap], *read = from + out;
                T* row = to + in;
                for (int64_t i = 0; i < n; ++i) row[i * step] += factor * read[i];
            });
        });
    });
}

void depthwise_backward_weight(const ConvAttrs& a, const Tensor& x, const Tensor& y, const Tensor& weight) {
    visit_floating(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const int64_t step = a.w.stride[2], taps = a.w.kernel_size(), batch = x.size(0);
        const int64_t each = batch * a.w.out_size() * taps + 1;
        Unlock unlock(a.groups * each);
        parallel_for(a.groups, kGrain / each + 1, [&](int64_t begin, int64_t end) {
            for (int64_t channel = begin; channel < end; ++channel) {
                T* to = weight.data<T>() + channel * taps;
                std::fill_n(to, taps, T(0));
                for (int64_t n = 0; n < batch; ++n) {
                    const int64_t plane = n * a.groups + channel;
                    const T *from = x.data<T>() + plane * a.w.in_size(), *g = y.data<T>() + plane * a.w.out_size();
                    for_rows(a.w, [&](int64_t tap, int64_t in, int64_t out, int64_t count) {
                        const T *read = from + in, *grad = g + out;
                        T even = 0, odd = 0;
                        int64_t i = 0;
                        for (; i + 2 <= count; i += 2) {
                            even += read[i * step] * grad[i];
                            odd += read[(i + 1) * step] * grad[i + 1];
                        }
                        if (i < count) even += read[i * step] * grad[i];
                        to[tap] += even + odd;
                    });
                }
            }
        });
    });
}

}  // namespace chainrule
