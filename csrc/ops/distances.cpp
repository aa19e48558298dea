// Distances between all pairs of points.

#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/distance.h"
#include "ops/forms.h"
#include "ops/linalg.h"
#include "ops/matrices.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

// The points (n, d) of one set as the kernels take them: side by side in panels, the last one filled up with zeros.
template <class T> void pack_points(const T* points, T* panels, int64_t n, int64_t d) {
    constexpr int64_t columns = kernels::kDistanceBytes / static_cast<int64_t>(sizeof(T));
    for (int64_t first = 0; first < n; first += columns, panels += d * columns)
        for (int64_t c = 0; c < columns; ++c)
            for (int64_t k = 0; k < d; ++k)
                panels[k * columns + c] = first + c < n ? points[(first + c) * d + k] : T(0);
}

Tensor packed(const Tensor& b) {
    const int64_t batch = b.size(0), n = b.size(1), d = b.size(2);
    const int64_t columns = kernels::kDistanceBytes / static_cast<int64_t>(b.item_size());
    const int64_t padded = (n + columns - 1) / columns * columns;
    Tensor panels = empty({batch, padded, d}, b.dtype());
    for (int64_t i = 0; i < batch; ++i) {
        if (b.dtype() == DType::Float32)
            pack_points(b.data<float>() + i * n * d, panels.data<float>() + i * padded * d, n, d);
        else pack_points(b.data<double>() + i * n * d, panels.data<double>() + i * padded * d, n, d);
    }
    return panels;
}

// work(set, first row, count of rows) for pieces of the rows of all sets; `cost` operations a row.
template <class F> void for_rows(int64_t sets, int64_t rows, int64_t cost, const F& work) {
    constexpr int64_t block = 32;
    const int64_t blocks = (rows + block - 1) / block;
    Unlock unlock(sets * rows * cost);
    parallel_for(sets * blocks, 1 + kGrain / (1 + block * cost), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const int64_t first = i % blocks * block;
            work(i / blocks, first, rows - first < block ? rows - first : block);
        }
    });
}

void eval_distances(EvalCtx& c) {
    Tensor a = contiguous_data(c.input(0)), panels = packed(contiguous_data(c.input(1)));
    const Tensor& out = c.out();
    const int64_t m = a.size(1), n = out.size(2), d = a.size(2), item = static_cast<int64_t>(a.item_size());
    const kernels::Distances kernel = kernels::distance_kernels().distances[static_cast<int>(a.dtype())];
    for_rows(a.size(0), m, n * d, [&](int64_t set, int64_t first, int64_t count) {
        const int64_t row = set * m + first;
        kernel(a.data() + row * d * item, panels.data() + set * panels.size(1) * d * item, out.data() + row * n * item,
               count, n, d);
    });
}

// sum_j w_ij (a_i - b_j)
Tensor weighted_differences(const Tensor& weights, const Tensor& of, const Tensor& from) {
    Tensor w = contiguous_data(weights), a = contiguous_data(of), panels = packed(contiguous_data(from));
    Tensor out = empty(a.shape(), a.dtype());
    const int64_t m = a.size(1), n = w.size(2), d = a.size(2), item = static_cast<int64_t>(a.item_size());
    const kernels::DistanceSums kernel = kernels::distance_kernels().sums[static_cast<int>(a.dtype())];
    for_rows(a.size(0), m, n * d, [&](int64_t set, int64_t first, int64_t count) {
        const int64_t row = set * m + first;
        kernel(w.data() + row * n * item, a.data() + row * d * item, panels.data() + set * panels.size(1) * d * item,
               out.data() + row * d * item, count, n, d);
    });
    return out;
}

// |a_i - b_j|, with da_i = sum_j g_ij (a_i - b_j) / |a_i - b_j|, where equal points count nothing
const OpDef distances_op = {
    .name = "cdist",
    .grad_name = "CdistBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor &a = c.input(0), &b = c.input(1);
            c.set(0, {a.size(0), a.size(1), b.size(1)}, a.dtype());
        },
    .eval = eval_distances,
    .vjp =
        [](VjpCtx& c) {
            Tensor a = c.input(0), b = c.input(1), y = c.output(), same = eq(detach(y), number(0, y));
            Tensor divisor = c.create_graph() ? where(same, scalar_tensor(1, y.dtype()), y) : y;
            Tensor weights = masked_out(same, c.grad() / divisor);
            if (c.create_graph()) {
                Tensor apart = unsqueeze(weights, -1) * (unsqueeze(a, -2) - unsqueeze(b, -3));
                if (c.wants(0)) c.set(0, sum(apart, {-2}));
                if (c.wants(1)) c.set(1, neg(sum(apart, {-3})));
                return;
            }
            if (c.wants(0)) c.set(0, weighted_differences(weights, a, b));
            if (c.wants(1)) c.set(1, weighted_differences(transpose(weights, -1, -2), b, a));
        },
    .promotion = Promotion::Common,
    .save_input = {3, 3},
    .save_output = {3},
};

Tensor cdist(const Tensor& a, const Tensor& b, double p) {
    check_matrices("cdist", a);
    check_matrices("cdist", b);
    check<ValueError>(cols_of(a) == cols_of(b), "cdist: the points must have as many coordinates, got shapes ",
                      a.shape(), " and ", b.shape(), " (", cols_of(a), " != ", cols_of(b), ").");
    check<ValueError>(p >= 0, "cdist: p must not be negative, got ", p, ".");
    if (p != 2 || a.numel() == 0 || b.numel() == 0 || !is_floating(a.dtype()) || !is_floating(b.dtype()))
        return norm(unsqueeze(a, -2) - unsqueeze(b, -3), p, {-1});
    const Dims sets = broadcast_shapes("cdist", batch_of(a), batch_of(b));
    auto points = [&](const Tensor& t) {
        return reshape(with_batch(t, sets), {numel_of(sets), rows_of(t), cols_of(t)});
    };
    Dims shape = sets;
    shape.push(rows_of(a));
    shape.push(rows_of(b));
    return reshape(run(distances_op, points(a), points(b)), shape);
}

}  // namespace

const Register cdist_fn({"cdist",
                         kFunction,
                         R"(Distances between all pairs of points of two sets.

    y_ij = |a_i - b_j|_p;  the gradient at distance 0 is 0

Args:
    x1: (..., m, d) floating tensor.
    x2: (..., n, d) tensor.
    p: order of the norm.
    compute_mode: accepted; distances are always computed from the differences.

Returns:
    (..., m, n) tensor.

Example:
    >>> chainrule.cdist(chainrule.zeros(1, 2), chainrule.tensor([[3., 4.]]))
    tensor([[5.]])
)",
                         {{"cdist(Tensor x1, Tensor x2, float p=2.0, str compute_mode=None)",
                           [](Args& a) { a.ret(cdist(a.tensor(0), a.tensor(1), a.real(2))); }}}});

}  // namespace chainrule
