// Convolution windows as columns of a matrix, a block at a time, so that a convolution is a product of matrices without the whole
// matrix ever being in memory. Up to three spatial axes; missing ones have size 1 and come first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule::kernels {

struct Windows {
    int64_t in[3], out[3];  // spatial sizes
    int64_t kernel[3], stride[3], dilation[3];
    int64_t pad[3];  // before the first element; may be negative. What is needed behind follows from `out`.

    int64_t in_size() const { return in[0] * in[1] * in[2]; }
    int64_t out_size() const { return out[0] * out[1] * out[2]; }
    int64_t kernel_size() const { return kernel[0] * kernel[1] * kernel[2]; }
    // Each window is one element and they are all elements in order: the matrix is the input itself.
    bool is_identity() const;
};

// col[(c, k), p - first] = x[c, position of window p at kernel element k] or 0 outside, for channels c < channels and windows
// first <= p < last. x: (channels, in); rows of col are ld elements apart.
template <class T>
void im2col(const Windows& w, const T* x, int64_t channels, int64_t first, int64_t last, T* col, int64_t ld);
// The adjoint: adds each element of col to the element of x that it came from.
template <class T>
void col2im(const Windows& w, const T* col, int64_t channels, int64_t first, int64_t last, T* x, int64_t ld);

// Memory of the calling thread that stays for the next call, at least `bytes`, aligned to 64. Each slot is a block of its own.
// Ends the process where there is none: it is asked for inside parallel regions.
void* thread_scratch(int slot, size_t bytes);

}  // namespace chainrule::kernels
