// What drawing random tensors is made of: fillings, which write n numbers at a pointer, and the checks of their arguments.
#pragma once

#include <type_traits>

#include "autograd/elementwise.h"
#include "core/unlock.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "ops/visit.h"

namespace chainrule {

// A filling writes numel numbers at a pointer, in the order of addresses. Narrow numbers are drawn wide and rounded, as PyTorch
// does; where it has rules of its own for them, the functions say so.
template <class F> void fill_dense(const Tensor& t, F fill) {
    if (t.numel() == 0) return;
    if (is_narrow(t.dtype())) {
        Tensor drawn = empty_strided(t.shape(), t.strides(), wide(t.dtype()));
        fill_dense(drawn, fill);
        return copy_data(t, drawn);
    }
    Unlock unlock(t.numel());
    visit(t.dtype(), [&](auto zero) { fill(t.data<decltype(zero)>(), t.numel()); });
}

// A generic lambda over element types that is called for floating ones alone.
template <class F> auto floats_only(F fill) {
    return [fill](auto* out, int64_t n) {
        if constexpr (std::is_floating_point_v<std::remove_pointer_t<decltype(out)>>) fill(out, n);
    };
}
template <class F> auto numbers_only(F fill) {
    return [fill](auto* out, int64_t n) {
        if constexpr (!std::is_same_v<std::remove_pointer_t<decltype(out)>, bool>) fill(out, n);
    };
}

// Integers on [low, high).
inline auto integers(Generator& gen, int64_t low, int64_t high) {
    return [&gen, low, high](auto* out, int64_t n) {
        using T = std::remove_pointer_t<decltype(out)>;
        int64_t from = low, to = high;
        if constexpr (std::is_floating_point_v<T>) randint_bounds<T>(from, to);
        fill_randint(gen, out, n, from, to);
    };
}

// Uniform on [from, to): narrow numbers that rounding brings up to `to` become `from`, as in PyTorch.
void draw_uniform(Generator& gen, const Tensor& t, double from = 0, double to = 1);
// Standard normal numbers times std plus mean. dense_path: as PyTorch draws contiguous tensors, in blocks of 16; the last block
// of a narrow tensor is drawn at once, that of a wide one a second time.
void draw_normal(Generator& gen, const Tensor& t, bool dense_path, double mean = 0, double std = 1);
// TypeError unless the tensor is floating.
void check_floating(const char* name, const Tensor& t);
// ValueError unless low < high and the dtype holds [low, high).
void check_bounds(const char* name, int64_t low, int64_t high, DType dtype);

template <class P> void check_probabilities(const char* name, const P* p, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
        check<ValueError>(p[i] >= 0 && p[i] <= 1, name, ": probabilities must be in [0, 1], got ", p[i]);
}

}  // namespace chainrule
