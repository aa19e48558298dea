// Maxima and averages over windows.

#include "ops/pooling_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

// A window along one axis, cut to the input, and how many elements it has when padding counts.
struct Span {
    int64_t low, high, step, padded;
};

Span span(const PoolAttrs& a, int d, int64_t o) {
    const kernels::Windows& w = a.w;
    if (a.adaptive) {
        int64_t low = o * w.in[d] / w.out[d], high = ((o + 1) * w.in[d] + w.out[d] - 1) / w.out[d];
        return {low, high, 1, high - low};
    }
    int64_t start = o * w.stride[d] - w.pad[d], end = start + reach(w, d), step = w.dilation[d];
    int64_t padded = std::min(end, w.in[d] + w.pad[d]) - start;
    int64_t low = start >= 0 ? start : start + (-start + step - 1) / step * step;
    return {low, std::min(end, w.in[d]), step, padded};
}

// The windows of all three axes, one axis after the other, in the calling thread's scratch memory.
struct Spans {
    const Span* axis[3] = {};
    Spans(const PoolAttrs& a, int64_t planes) {
        if (planes == 0) return;  // an adaptive size may be beyond any memory where there is nothing to pool
        int64_t n = a.w.out[0] + a.w.out[1] + a.w.out[2];
        Span* s = static_cast<Span*>(kernels::thread_scratch(2, static_cast<size_t>(n) * sizeof(Span)));
        for (int d = 0; d < 3; ++d) {
            axis[d] = s;
            for (int64_t o = 0; o < a.w.out[d]; ++o) *s++ = span(a, d, o);
        }
    }
};

// Calls f(plane, output position, window along each axis) for all outputs of planes begin..end.
template <class F> void each_window(const PoolAttrs& a, const Spans& s, int64_t begin, int64_t end, const F& f) {
    for (int64_t plane = begin; plane < end; ++plane)
        for (int64_t i = 0, p = 0; i < a.w.out[0]; ++i)
            for (int64_t j = 0; j < a.w.out[1]; ++j)
                for (int64_t k = 0; k < a.w.out[2]; ++k, ++p) f(plane, p, s.axis[0][i], s.axis[1][j], s.axis[2][k]);
}

// f(where a line of the plane begins) for all lines of a window.
template <class F> void each_line(const PoolAttrs& a, const Span& i, const Span& j, const F& f) {
    for (int64_t x = i.low; x < i.high; x += i.step)
        for (int64_t y = j.low; y < j.high; y += j.step) f((x * a.w.in[1] + y) * a.w.in[2]);
}
template <class F> void each_element(const PoolAttrs& a, const Span& i, const Span& j, const Span& k, const F& f) {
    each_line(a, i, j, [&](int64_t line) {
        for (int64_t z = k.low; z < k.high; z += k.step) f(line + z);
    });
}

// Four sums, so that an addition need not wait for the one before.
template <class Sum, class T>
Sum window_sum(const PoolAttrs& a, const T* plane, const Span& i, const Span& j, const Span& k) {
    Sum part[4] = {};
    each_line(a, i, j, [&](int64_t line) {
        int64_t z = k.low;
        const int64_t step = k.step;
        for (; z + 3 * step < k.high; z += 4 * step)
            for (int64_t n = 0; n < 4; ++n) part[n] += plane[line + z + n * step];
        for (; z < k.high; z += step) part[0] += plane[line + z];
    });
    return (part[0] + part[1]) + (part[2] + part[3]);
}

constexpr int64_t kPlaneWork = 1 << 14;
template <class F> void over_planes(const PoolAttrs& a, int64_t planes, const F& f) {
    int64_t work = std::max(a.w.in_size(), a.w.out_size()) + 1;
    Unlock unlock(planes * work);
    parallel_for(planes, kPlaneWork / work + 1, f);
}

int64_t planes_of(const Tensor& t, int dims) {
    int64_t n = 1;
    for (int d = 0; d < t.ndim() - dims; ++d) n *= t.size(d);
    return n;
}

Dims with_axes(const Tensor& t, int dims, const int64_t* sizes) {
    Dims shape;
    for (int d = 0; d < t.ndim() - dims; ++d) shape.push(t.size(d));
    push_axes(shape, sizes, dims);
    return shape;
}

void check_number(const InferCtx& c) {
    check<TypeError>(c.input(0).dtype() != DType::Bool, c.op.name, ": the input must hold numbers, got ",
                     c.input(0).dtype(), ". Convert it with .float().");
}

// The smallest value, with which a maximum begins.
template <class T> T lowest() {
    if constexpr (std::is_floating_point_v<T>) return -static_cast<T>(INFINITY);
    else return std::numeric_limits<T>::lowest();
}

// The usual case, windows of 2 x 2 side by side: without branches.
bool is_two_by_two(const PoolAttrs& a) {
    if (a.adaptive || a.w.in[0] != 1) return false;
    for (int d = 1; d < 3; ++d)
        if (a.w.kernel[d] != 2 || a.w.stride[d] != 2 || a.w.pad[d] != 0 || a.w.dilation[d] != 1 ||
            a.w.out[d] * 2 > a.w.in[d])
            return false;
    return a.w.kernel[0] == 1 && a.w.pad[0] == 0;
}

template <class T> inline void take_larger(T v, int64_t at, T& best, int64_t& index) {
    bool better = (v > best) | (v != v);
    best = better ? v : best;
    index = better ? at : index;
}

template <class T> void max_two_by_two(const PoolAttrs& a, const T* x, T* y, int64_t* index) {
    int64_t width = a.w.in[2], out = a.w.out[2];
    for (int64_t i = 0; i < a.w.out[1]; ++i) {
        const T *upper = x + 2 * i * width, *lower = upper + width;
        for (int64_t j = 0; j < out; ++j) {
            T best = upper[2 * j];
            int64_t at = 2 * i * width + 2 * j, found = at;
            take_larger(upper[2 * j + 1], at + 1, best, found);
            take_larger(lower[2 * j], at + width, best, found);
            take_larger(lower[2 * j + 1], at + width + 1, best, found);
            y[i * out + j] = best;
            index[i * out + j] = found;
        }
    }
}

void eval_max(EvalCtx& c) {
    const PoolAttrs& a = c.attr<PoolAttrs>();
    Tensor x = contiguous_data(c.input(0));
    visit(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* in = x.data<T>();
        T* y = c.out().data<T>();
        int64_t *index = c.out(1).data<int64_t>(), size = a.w.in_size(), count = a.w.out_size();
        bool simple = is_two_by_two(a);
        Spans spans(a, planes_of(x, a.dims));
        over_planes(a, planes_of(x, a.dims), [&](int64_t begin, int64_t end) {
            if (simple) {
                for (int64_t p = begin; p < end; ++p)
                    max_two_by_two(a, in + p * size, y + p * count, index + p * count);
                return;
            }
            each_window(a, spans, begin, end,
                        [&](int64_t plane, int64_t p, const Span& i, const Span& j, const Span& k) {
                            const T* from = in + plane * size;
                            T best = lowest<T>();
                            int64_t found = (i.low * a.w.in[1] + j.low) * a.w.in[2] + k.low;
                            each_element(a, i, j, k, [&](int64_t at) { take_larger(from[at], at, best, found); });
                            y[plane * count + p] = best;
                            index[plane * count + p] = found;
                        });
        });
    });
}

extern const OpDef pool_take_op;
extern const OpDef avg_spread_op;

// ---- pool_put: planes of zeros, values added at the indices. Its adjoint is pool_take. ----
template <bool kAdd> void eval_put(EvalCtx& c) {
    const PoolAttrs& a = c.attr<PoolAttrs>();
    Tensor values = contiguous_data(c.input(0)), index = contiguous_data(c.input(1));
    visit_floating(values.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const T* v = values.data<T>();
        const int64_t* at = index.data<int64_t>();
        T* x = c.out().data<T>();
        int64_t size = a.w.in_size(), count = a.w.out_size();
        over_planes(a, planes_of(values, a.dims), [&](int64_t begin, int64_t end) {
            std::fill_n(x + begin * size, (end - begin) * size, T(0));
            for (int64_t plane = begin; plane < end; ++plane)
                for (int64_t p = plane * count; p < (plane + 1) * count; ++p) {
                    if constexpr (kAdd) x[plane * size + at[p]] += v[p];
                    else x[plane * size + at[p]] = v[p];
                }
        });
    });
}

void infer_put(InferCtx& c) {
    const PoolAttrs& a = c.attr<PoolAttrs>();
    c.set(0, with_axes(c.input(0), a.dims, a.w.in), c.input(0).dtype());
}

void vjp_put(VjpCtx& c) { c.set(0, run_with(pool_take_op, c.attr<PoolAttrs>(), c.grad(), c.input(1))); }

const OpDef pool_put_op = {
    .name = "pool_put",
    .grad_name = "PoolPutBackward0",
    .infer = infer_put,
    .eval = eval_put<true>,
    .vjp = vjp_put,
    .save_input = {0, 1},
    .attr_bytes = sizeof(PoolAttrs),
    .describe = describe_attrs<PoolAttrs>,
};

const OpDef pool_take_op = {
    .name = "pool_take",
    .grad_name = "PoolTakeBackward0",
    .infer = [](InferCtx& c) { c.set(0, c.input(1).shape(), c.input(0).dtype()); },
    .eval =
        [](EvalCtx& c) {
            const PoolAttrs& a = c.attr<PoolAttrs>();
            Tensor x = contiguous_data(c.input(0)), index = contiguous_data(c.input(1));
            visit_floating(x.dtype(), [&](auto zero) {
                using T = decltype(zero);
                const T* in = x.data<T>();
                const int64_t* at = index.data<int64_t>();
                T* y = c.out().data<T>();
                int64_t size = a.w.in_size(), count = a.w.out_size();
                over_planes(a, planes_of(x, a.dims), [&](int64_t begin, int64_t end) {
                    for (int64_t plane = begin; plane < end; ++plane)
                        for (int64_t p = plane * count; p < (plane + 1) * count; ++p) y[p] = in[plane * size + at[p]];
                });
            });
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(pool_put_op, c.attr<PoolAttrs>(), c.grad(), c.input(1))); },
    .save_input = {0, 1},
    .attr_bytes = sizeof(PoolAttrs),
    .describe = describe_attrs<PoolAttrs>,
};

// ---- max_unpool ----
const OpDef unpool_op = {
    .name = "max_unpool",
    .grad_name = "MaxUnpoolBackward0",
    .infer = infer_put,
    .eval = eval_put<false>,
    .vjp = vjp_put,
    .save_input = {0, 1},
    .attr_bytes = sizeof(PoolAttrs),
    .describe = describe_attrs<PoolAttrs>,
};

// ---- max_pool: the gradient goes to the first maximum of each window ----
const OpDef max_pool_op = {
    .name = "max_pool",
    .grad_name = "MaxPoolWithIndicesBackward0",
    .infer =
        [](InferCtx& c) {
            check_number(c);
            const PoolAttrs& a = c.attr<PoolAttrs>();
            Dims shape = with_axes(c.input(0), a.dims, a.w.out);
            c.set(0, shape, c.input(0).dtype());
            c.set(1, shape, DType::Int64);
        },
    .eval = eval_max,
    .vjp = [](VjpCtx& c) { c.set(0, run_with(pool_put_op, c.attr<PoolAttrs>(), c.grad(), c.output(1))); },
    .save_output = {0, 1},
    .attr_bytes = sizeof(PoolAttrs),
    .describe = describe_attrs<PoolAttrs>,
};

// ---- avg_pool and its adjoint, which spreads each value over its window ----
template <class T> T share(const PoolAttrs& a, const Span& i, const Span& j, const Span& k) {
    auto inside = [](const Span& s) { return std::max<int64_t>(s.high - s.low, 0); };
    int64_t n = a.divisor     ? a.divisor
                : a.count_pad ? i.padded * j.padded * k.padded
                              : inside(i) * inside(j) * inside(k);
    return static_cast<T>(n);
}

const OpDef avg_pool_op = {
    .name = "avg_pool",
    .grad_name = "AvgPoolBackward0",
    .infer =
        [](InferCtx& c) {
            check_number(c);
            const PoolAttrs& a = c.attr<PoolAttrs>();
            c.set(0, with_axes(c.input(0), a.dims, a.w.out), c.input(0).dtype());
        },
    .eval =
        [](EvalCtx& c) {
            const PoolAttrs& a = c.attr<PoolAttrs>();
            Tensor x = contiguous_data(c.input(0));
            visit(x.dtype(), [&](auto zero) {
                using T = decltype(zero);
                using Sum = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;  // integers are cut off
                const T* in = x.data<T>();
                T* y = c.out().data<T>();
                int64_t size = a.w.in_size(), count = a.w.out_size();
                Spans spans(a, planes_of(x, a.dims));
                over_planes(a, planes_of(x, a.dims), [&](int64_t begin, int64_t end) {
                    each_window(a, spans, begin, end,
                                [&](int64_t plane, int64_t p, const Span& i, const Span& j, const Span& k) {
                                    Sum sum = window_sum<Sum>(a, in + plane * size, i, j, k);
                                    y[plane * count + p] = static_cast<T>(sum / share<Sum>(a, i, j, k));
                                });
                });
            });
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(avg_spread_op, c.attr<PoolAttrs>(), c.grad())); },
    .attr_bytes = sizeof(PoolAttrs),
    .describe = describe_attrs<PoolAttrs>,
};

const OpDef avg_spread_op = {
    .name = "avg_pool_spread",
    .grad_name = "AvgPoolSpreadBackward0",
    .infer = infer_put,
    .eval =
        [](EvalCtx& c) {
            const PoolAttrs& a = c.attr<PoolAttrs>();
            Tensor g = contiguous_data(c.input(0));
            visit_floating(g.dtype(), [&](auto zero) {
                using T = decltype(zero);
                const T* in = g.data<T>();
                T* x = c.out().data<T>();
                int64_t size = a.w.in_size(), count = a.w.out_size();
                Spans spans(a, planes_of(g, a.dims));
                over_planes(a, planes_of(g, a.dims), [&](int64_t begin, int64_t end) {
                    std::fill_n(x + begin * size, (end - begin) * size, T(0));
                    each_window(a, spans, begin, end,
                                [&](int64_t plane, int64_t p, const Span& i, const Span& j, const Span& k) {
                                    T each = in[plane * count + p] / share<T>(a, i, j, k);
                                    each_element(a, i, j, k, [&](int64_t at) { x[plane * size + at] += each; });
                                });
                });
            });
        },
    .vjp = [](VjpCtx& c) { c.set(0, run_with(avg_pool_op, c.attr<PoolAttrs>(), c.grad())); },
    .attr_bytes = sizeof(PoolAttrs),
    .describe = describe_attrs<PoolAttrs>,
};

}  // namespace

Pooled max_pool(const Tensor& x, const PoolAttrs& a) {
    PoolAttrs attrs = a;
    Tensor out[2];
    dispatch(max_pool_op, &x, 1, &attrs, out, 2);
    return {out[0], out[1]};
}
Tensor avg_pool(const Tensor& x, const PoolAttrs& a) {
    const bool whole = a.adaptive && a.w.out_size() == 1 && a.w.in_size() > 0;
    if (!whole || !is_floating(x.dtype())) return run_with(avg_pool_op, a, x);
    Dims planes;  // one window that holds everything is a mean
    for (int d = x.ndim() - a.dims; d < x.ndim(); ++d) planes.push(d);
    return mean(x, planes, true);
}
Tensor unpool(const Tensor& values, const Tensor& indices, const PoolAttrs& a) {
    return run_with(unpool_op, a, values, indices);
}

}  // namespace chainrule
