// Convolutions of integers: exact, one product of matrices for each element of the kernel. They carry no gradient.

#include <algorithm>

#include "autograd/elementwise.h"
#include "ops/conv_shape.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

// Calls f(position in the kernel along each axis) for all elements of the kernel.
template <class F> void each_kernel_element(const kernels::Windows& w, const F& f) {
    int64_t k[3];
    for (k[0] = 0; k[0] < w.kernel[0]; ++k[0])
        for (k[1] = 0; k[1] < w.kernel[1]; ++k[1])
            for (k[2] = 0; k[2] < w.kernel[2]; ++k[2]) f(k);
}

// The elements that one element of the kernel meets, of planes that include their padding: a view.
Tensor met(Tensor planes, const ConvAttrs& a, const int64_t* k) {
    for (int i = 0; i < a.dims; ++i) {
        int d = 3 - a.dims + i;
        int64_t first = k[d] * a.w.dilation[d];
        planes = slice(planes, 2 + i, first, first + (a.w.out[d] - 1) * a.w.stride[d] + 1, a.w.stride[d]);
    }
    return planes;
}

Tensor group_of(const Tensor& t, int axis, int64_t group, int64_t groups) {
    int64_t n = t.size(axis) / groups;
    return narrow(t, axis, group * n, n);
}

Tensor kernel_element(const Tensor& weight, const ConvAttrs& a, const int64_t* k) {
    Tensor w = weight;
    for (int i = a.dims - 1; i >= 0; --i) w = select(w, 2 + i, k[3 - a.dims + i]);
    return w;
}

// The padded size along axis d: what the windows reach, and at least the planes themselves.
int64_t padded_size(const ConvAttrs& a, int d) {
    return std::max((a.w.out[d] - 1) * a.w.stride[d] + reach(a.w, d), a.w.pad[d] + a.w.in[d]);
}

Tensor inside_padding(Tensor planes, const ConvAttrs& a) {
    for (int i = 0; i < a.dims; ++i) {
        int d = 3 - a.dims + i;
        planes = narrow(planes, 2 + i, a.w.pad[d], a.w.in[d]);
    }
    return planes;
}

Tensor padded_zeros(const ConvAttrs& a, int64_t batch, int64_t channels, DType dtype) {
    Dims shape = {batch, channels};
    for (int d = 3 - a.dims; d < 3; ++d) shape.push(padded_size(a, d));
    return zeros(shape, dtype);
}

Tensor with_bias(const Tensor& y, const Tensor& bias, int dims) {
    if (!bias) return y;
    Dims shape = {bias.size(0)};
    for (int d = 0; d < dims; ++d) shape.push(1);
    return y + reshape(bias, shape);
}

}  // namespace

Tensor conv_integers(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvAttrs& a) {
    Tensor padded = padded_zeros(a, x.size(0), x.size(1), x.dtype());
    copy_(inside_padding(padded, a), x);
    Dims shape = {x.size(0), weight.size(0)};
    push_axes(shape, a.w.out, a.dims);
    Tensor y = zeros(shape, x.dtype());
    each_kernel_element(a.w, [&](const int64_t* k) {
        Tensor elements = flatten(met(padded, a, k), 2), w = kernel_element(weight, a, k);
        for (int64_t g = 0; g < a.groups; ++g) {
            Tensor part = group_of(y, 1, g, a.groups);
            Tensor product = matmul(group_of(w, 0, g, a.groups), group_of(elements, 1, g, a.groups));
            add_(part, reshape(product, part.shape()));
        }
    });
    return with_bias(y, bias, a.dims);
}

Tensor conv_input_integers(const Tensor& y, const Tensor& weight, const Tensor& bias, const ConvAttrs& a) {
    Tensor padded = padded_zeros(a, y.size(0), weight.size(1) * a.groups, y.dtype());
    Tensor columns = flatten(y, 2);
    each_kernel_element(a.w, [&](const int64_t* k) {
        Tensor w = kernel_element(weight, a, k);
        for (int64_t g = 0; g < a.groups; ++g) {
            Tensor part = met(group_of(padded, 1, g, a.groups), a, k);
            Tensor product = matmul(transpose(group_of(w, 0, g, a.groups), 0, 1), group_of(columns, 1, g, a.groups));
            add_(part, reshape(product, part.shape()));
        }
    });
    return with_bias(contiguous(inside_padding(padded, a)), bias, a.dims);
}

}  // namespace chainrule
