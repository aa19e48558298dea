#include "kernels/iterate.h"

#include <utility>

#include "core/parallel.h"

namespace chainrule::kernels {
namespace {

// Axes sorted so that the output's memory is walked forwards, then neighbours merged where every operand allows it.
Operands simplified(const Operands& in) {
    Operands o = in;
    Dims order = o.strides[0];
    for (int d = 0; d < order.n; ++d) order[d] = order[d] < 0 ? -order[d] : order[d];
    for (int i = 1; i < o.shape.n; ++i)
        for (int j = i; j > 0 && order[j] > order[j - 1]; --j) {
            std::swap(order.v[j], order.v[j - 1]);
            std::swap(o.shape.v[j], o.shape.v[j - 1]);
            for (int k = 0; k < o.n; ++k) std::swap(o.strides[k].v[j], o.strides[k].v[j - 1]);
        }
    int last = -1;
    for (int d = 0; d < o.shape.n; ++d) {
        if (o.shape[d] == 1) continue;
        bool merge = last >= 0;
        for (int k = 0; merge && k < o.n; ++k) merge = o.strides[k][last] == o.strides[k][d] * o.shape[d];
        if (merge) {
            o.shape[last] *= o.shape[d];
        } else {
            ++last;
            o.shape[last] = o.shape[d];
        }
        for (int k = 0; k < o.n; ++k) o.strides[k].v[last] = o.strides[k][d];
    }
    o.shape.n = last + 1;
    return o;
}

// Outer positions [begin, end) of the walk, the last axis by the loop.
void walk(Loop loop, const Operands& o, int64_t begin, int64_t end, const double* param) {
    int outer = o.shape.n - 1;
    int64_t inner = o.shape[outer];
    int64_t stride[kMaxOperands], index[kMaxDims];
    char* ptr[kMaxOperands];
    for (int k = 0; k < o.n; ++k) {
        stride[k] = o.strides[k][outer];
        ptr[k] = o.ptr[k];
    }
    int64_t rest = begin;
    for (int d = outer - 1; d >= 0; --d) {
        index[d] = rest % o.shape[d];
        rest /= o.shape[d];
        for (int k = 0; k < o.n; ++k) ptr[k] += index[d] * o.strides[k][d];
    }
    // `steps` along the last of the outer axes, which do not leave it.
    auto advance = [&](int64_t steps) {
        for (int d = outer - 1; d >= 0; --d, steps = 1) {
            for (int k = 0; k < o.n; ++k) ptr[k] += steps * o.strides[k][d];
            if ((index[d] += steps) < o.shape[d]) break;
            for (int k = 0; k < o.n; ++k) ptr[k] -= o.shape[d] * o.strides[k][d];
            index[d] = 0;
        }
    };
    // A few elements are not worth a call: the loop goes along the axis before, a stretch of it that stays in the cache.
    constexpr int64_t kFew = 4, kStretch = 512;
    const bool across = inner <= kFew && o.shape[outer - 1] >= 8 * inner;
    if (!across) {
        for (int64_t i = begin; i < end; ++i) {
            loop(ptr, stride, inner, param);
            advance(1);
        }
        return;
    }
    int64_t next[kMaxOperands];
    for (int k = 0; k < o.n; ++k) next[k] = o.strides[k][outer - 1];
    for (int64_t i = begin, steps; i < end; i += steps) {
        steps = end - i < kStretch ? end - i : kStretch;
        const int64_t left = o.shape[outer - 1] - index[outer - 1];
        if (left < steps) steps = left;
        for (int64_t j = 0; j < inner; ++j) {
            char* at[kMaxOperands];
            for (int k = 0; k < o.n; ++k) at[k] = ptr[k] + j * stride[k];
            loop(at, next, steps, param);
        }
        advance(steps);
    }
}

// Twice the usual: work that is hardly more than one chunk, say 4 x 96 x 96, is not worth waking a thread.
constexpr int64_t kChunk = 2 * kElementGrain;

}  // namespace

void iterate_flat(Loop loop, int n_operands, char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    if (n <= kChunk) {
        if (n > 0) loop(ptr, stride, n, param);
        return;
    }
    parallel_for(n, kChunk, [&](int64_t begin, int64_t end) {
        char* at[kMaxOperands];
        for (int k = 0; k < n_operands; ++k) at[k] = ptr[k] + begin * stride[k];
        loop(at, stride, end - begin, param);
    });
}

void iterate(Loop loop, const Operands& operands, const double* param) {
    for (int64_t d : operands.shape)
        if (d == 0) return;
    Operands o = simplified(operands);
    if (o.shape.n <= 1) {
        int64_t stride[kMaxOperands];
        for (int k = 0; k < o.n; ++k) stride[k] = o.shape.n ? o.strides[k][0] : 0;
        iterate_flat(loop, o.n, o.ptr, stride, o.shape.n ? o.shape[0] : 1, param);
        return;
    }
    int64_t outer = 1, inner = o.shape.back();
    for (int d = 0; d + 1 < o.shape.n; ++d) outer *= o.shape[d];
    int64_t grain = kChunk / inner;
    parallel_for(outer, grain > 0 ? grain : 1, [&](int64_t begin, int64_t end) { walk(loop, o, begin, end, param); });
}

namespace {

// The axis of operand 1 whose elements are neighbours, or -1.
int contiguous_axis(const Operands& o, int64_t item) {
    for (int d = 0; d < o.shape.n; ++d)
        if (o.strides[1][d] == item) return d;
    return -1;
}

// Neighbours that operand 1 reads backwards are read forwards, and written backwards.
void read_forwards(Operands& o, int64_t item) {
    for (int d = 0; d + 1 < o.shape.n; ++d) {
        if (o.strides[1][d] != -item) continue;
        for (int k = 0; k < 2; ++k) {
            o.ptr[k] += (o.shape[d] - 1) * o.strides[k][d];
            o.strides[k][d] = -o.strides[k][d];
        }
    }
}

constexpr int64_t kBlock = 64;  // rows and columns whose pages the processor keeps at hand

}  // namespace

bool copy_transposed(Transpose transpose, const Operands& operands, int64_t item) {
    Operands o = simplified(operands);
    read_forwards(o, item);
    int cols = o.shape.n - 1, rows = contiguous_axis(o, item);
    if (cols < 1 || rows < 0 || rows == cols || o.strides[0][cols] != item) return false;
    if (o.strides[1][cols] == 0) return false;  // repeated elements are filled in faster
    int64_t n_rows = o.shape[rows], n_cols = o.shape[cols];
    if (n_rows < 4 || n_cols < 4) return false;
    const int64_t ld_out = o.strides[0][rows], ld_in = o.strides[1][cols];
    const int64_t strips = (n_cols + kBlock - 1) / kBlock, outer = numel_of(o.shape) / (n_rows * n_cols);
    auto strip = [&](int64_t at) {
        int64_t rest = at / strips, first = at % strips * kBlock;
        char *out = o.ptr[0] + first * item, *in = o.ptr[1] + first * ld_in;
        for (int d = cols - 1; d >= 0; --d) {
            if (d == rows) continue;
            int64_t i = rest % o.shape[d];
            rest /= o.shape[d];
            out += i * o.strides[0][d];
            in += i * o.strides[1][d];
        }
        int64_t wide = n_cols - first < kBlock ? n_cols - first : kBlock;
        for (int64_t r = 0; r < n_rows; r += kBlock) {
            int64_t high = n_rows - r < kBlock ? n_rows - r : kBlock;
            transpose(in + r * item, ld_in / item, out + r * ld_out, ld_out / item, high, wide);
        }
    };
    int64_t grain = kChunk / (n_rows * (strips > 1 ? kBlock : n_cols));
    parallel_for(outer * strips, grain > 0 ? grain : 1, [&](int64_t begin, int64_t end) {
        for (int64_t at = begin; at < end; ++at) strip(at);
    });
    return true;
}

}  // namespace chainrule::kernels
