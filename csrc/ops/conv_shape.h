// What convolutions, pooling and unfold share: arguments for each spatial axis, and the geometry of windows.
#pragma once

#include "kernels/im2col.h"
#include "ops/registry.h"

namespace chainrule {

// The last `dims` entries of each list.
void visit_windows(const kernels::Windows& w, int dims, AttrVisitor& v);

struct ConvAttrs {
    int dims;  // spatial axes of the tensors: the last `dims` entries of `w` count
    int64_t groups;
    kernels::Windows w;
    void visit(AttrVisitor& v) const {
        v("groups", groups);
        visit_windows(w, dims, v);
    }
};

// One number for all axes or one for each; ValueError otherwise, or where one is below `least`.
Dims per_axis(const char* op, const char* what, const Dims& given, int dims, int64_t least);

// The geometry of windows over `shape`'s last `dims` axes: in, kernel, stride, dilation and pad are set, out is 1.
kernels::Windows windows_of(const Dims& shape, const Dims& kernel, const Dims& stride, const Dims& pad,
                            const Dims& dilation);
// Extent of a kernel along axis d of w (0 to 2).
inline int64_t reach(const kernels::Windows& w, int d) { return w.dilation[d] * (w.kernel[d] - 1) + 1; }
// Appends the spatial sizes `of` (w.in or w.out).
void push_axes(Dims& shape, const int64_t* of, int dims);

// The three faces of L(x, w, y) = <y, conv(x, w)>: its derivatives by y, x and w.
Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvAttrs& a);
Tensor conv_input(const Tensor& y, const Tensor& weight, const Tensor& bias, const ConvAttrs& a);
Tensor conv_weight(const Tensor& x, const Tensor& y, const ConvAttrs& a);

// The first two for integers, which have no gradients.
Tensor conv_integers(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvAttrs& a);
Tensor conv_input_integers(const Tensor& y, const Tensor& weight, const Tensor& bias, const ConvAttrs& a);

// Values only, row-major data.
// The direct way; false where it does not suit the sizes.
bool conv_direct(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y);
// Each channel on its own: sums over the kernel's elements.
bool is_depthwise(const ConvAttrs& a, const Tensor& weight);
bool depthwise_suits(const ConvAttrs& a);  // for depthwise_forward; the gradients' forms are for a stride
void depthwise_forward(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y);
void depthwise_backward_input(const ConvAttrs& a, const Tensor& y, const Tensor& weight, const Tensor& bias,
                              const Tensor& x);
void depthwise_backward_weight(const ConvAttrs& a, const Tensor& x, const Tensor& y, const Tensor& weight);
void conv_forward(const ConvAttrs& a, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y);
void conv_backward_input(const ConvAttrs& a, const Tensor& y, const Tensor& weight, const Tensor& bias,
                         const Tensor& x);
void conv_backward_weight(const ConvAttrs& a, const Tensor& x, const Tensor& y, const Tensor& weight);

}  // namespace chainrule
