// grid_sample as a product: places between elements of images become rows of a sparse matrix, whose entries are weights.

#include <algorithm>
#include <cmath>

#include "autograd/elementwise.h"
#include "autograd/recorder.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/kernels.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/sparse_products.h"
#include "ops/visit.h"

namespace chainrule {

extern const OpDef grid_taps_op;

namespace {

enum class Sampling { Bilinear, Nearest, Bicubic };
using kernels::Outside;

struct GridAttrs {
    Sampling mode;
    Outside outside;
    bool align;
    Dims size;   // of the images
    Dims order;  // how often the weights are differentiated by each coordinate, the last axis' first
    void visit(AttrVisitor& v) const {
        v("mode", mode);
        v("outside", outside);
        v("align", align);
        v("size", size);
        v("order", order);
    }
};

constexpr int taps_of(Sampling mode) { return mode == Sampling::Nearest ? 1 : mode == Sampling::Bilinear ? 2 : 4; }
int64_t taps_of(const GridAttrs& a) {
    int64_t taps = 1;
    for (int d = 0; d < a.size.n; ++d) taps *= taps_of(a.mode);
    return taps;
}

// std::floor is a call where the processor may lack an instruction for it.
template <class T> T floor_of(T x) {
    if (!(std::abs(x) < T(1 << 30))) return std::floor(x);
    const T cut = static_cast<T>(static_cast<int32_t>(x));
    return cut > x ? cut - 1 : cut;
}
// Half to even, as the addition of a number without digits behind the point rounds.
template <class T> T round_of(T x) {
    constexpr T large = sizeof(T) == 4 ? T(3 << 22) : T(int64_t{3} << 51);
    return std::abs(x) < T(1 << 22) ? (x + large) - large : std::nearbyint(x);
}

// x mirrored at both ends until it lies between them; the slope changes its sign with it.
template <class T> void reflect(T low, T high, T* x, T* slope) {
    const T span = high - low;
    if (span <= 0) {
        *x *= 0;
        *slope = 0;
        return;
    }
    T from = *x - low;
    *slope *= from < 0 ? T(-1) : T(1);
    from = std::abs(from);
    const T turns = floor_of(from / span), rest = from - turns * span;
    const bool back = std::fmod(turns, T(2)) != 0;
    *x = back ? high - rest : rest + low;
    if (back) *slope = -*slope;
}

// Brought into an axis of n elements, as the padding says. NaN stays.
template <class T> void bring_inside(const GridAttrs& a, int64_t n, T* x, T* slope) {
    if (a.outside == Outside::Zeros) return;
    const T last = static_cast<T>(n - 1);
    if (a.outside == Outside::Reflection) {
        if (a.align) reflect(T(0), last, x, slope);
        else reflect(T(-0.5), last + T(0.5), x, slope);
    }
    if (*x > 0 && *x < last) return;
    *slope = 0;
    *x = *x <= 0 ? 0 : *x >= last ? last : *x;
}

// The last element's number is rounded in T, so that it is integers that are compared.
template <class T> int64_t element(T place, int64_t n) {
    const int64_t i = place >= 0 && place <= static_cast<T>(n) ? static_cast<int64_t>(place) : -1;
    return i < n ? i : -1;
}

// Keys' kernel with a = -0.75, or its derivative of this order: at x up to 1, and from 1 to 2.
template <class T> T cubic_near(T x, int64_t order) {
    constexpr T a = T(-0.75);
    if (order == 0) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (order == 1) return (3 * (a + 2) * x - 2 * (a + 3)) * x;
    return order == 2 ? 6 * (a + 2) * x - 2 * (a + 3) : order == 3 ? 6 * (a + 2) : 0;
}
template <class T> T cubic_far(T x, int64_t order) {
    constexpr T a = T(-0.75);
    if (order == 0) return (((x - 5) * x + 8) * x - 4) * a;
    if (order == 1) return ((3 * x - 10) * x + 8) * a;
    return order == 2 ? (6 * x - 10) * a : order == 3 ? 6 * a : 0;
}

// Along one axis: the elements between which a coordinate lies (-1: none), and their weights or a derivative of those.
template <class T, Sampling mode> struct Along {
    static constexpr int kTaps = taps_of(mode);
    int64_t at[kTaps];
    T weight[kTaps];

    Along(const GridAttrs& a, int axis, T coordinate, int64_t order) {
        const int64_t n = a.size[axis];
        const T size = static_cast<T>(n);
        T slope = a.align ? (size - 1) / 2 : size / 2;
        T x = a.align ? (coordinate + 1) * slope : ((coordinate + 1) * size - 1) / 2;
        if constexpr (mode != Sampling::Bicubic) bring_inside(a, n, &x, &slope);  // there it is the elements that are
        if constexpr (mode == Sampling::Nearest) {
            at[0] = element(round_of(x), n);
            weight[0] = 1;
            return;
        }
        const T low = floor_of(x), part = x - low;
        if constexpr (mode == Sampling::Bilinear) {
            weight[1] = order == 0 ? part : order == 1 ? T(1) : T(0);
            weight[0] = order == 0 ? 1 - part : -weight[1];
            for (int k = 0; k < kTaps; ++k) at[k] = element(low + static_cast<T>(k), n);
        } else if constexpr (mode == Sampling::Bicubic) {
            const T sign = order % 2 ? T(-1) : T(1);
            weight[0] = cubic_far(part + 1, order);
            weight[1] = cubic_near(part, order);
            weight[2] = sign * cubic_near(1 - part, order);
            weight[3] = sign * cubic_far(2 - part, order);
            for (int k = 0; k < kTaps; ++k) {
                T place = low + static_cast<T>(k - 1), unused = 1;
                bring_inside(a, n, &place, &unused);
                at[k] = element(place, n);
            }
        }
        for (int64_t i = 0; i < order; ++i)
            for (T& w : weight) w *= slope;
    }
};

// All axes of a place. The weights are differentiated once more by coordinate `extra`.
template <class T, Sampling mode, int axes> struct Around {
    using Axis = Along<T, mode>;
    const GridAttrs& a;
    Axis y, x, z;  // z: of volumes

    Around(const GridAttrs& attrs, const T* coordinates, int extra = -1)
        : a(attrs),
          y(axis(coordinates, 1, extra)),
          x(axis(coordinates, 0, extra)),
          z(axis(coordinates, axes - 1, extra)) {}

    // The same, differentiated once more by a coordinate.
    Around slope(const T* coordinates, int extra) const {
        Around out = *this;
        (extra == 0 ? out.x : extra == 1 ? out.y : out.z) = axis(coordinates, extra, extra);
        return out;
    }

    // f(number of the tap, its weight, the element or -1)
    template <class F> void each(const F& f) const {
        const int64_t width = a.size[axes - 1], height = a.size[axes - 2];
        for (int i = 0; i < (axes == 3 ? Axis::kTaps : 1); ++i)
            for (int j = 0; j < Axis::kTaps; ++j) {
                const T w = axes == 3 ? z.weight[i] * y.weight[j] : y.weight[j];
                const int64_t row = axes == 3 ? z.at[i] * height + y.at[j] : y.at[j];
                const bool there = y.at[j] >= 0 && (axes == 2 || z.at[i] >= 0);
                for (int k = 0; k < Axis::kTaps; ++k)
                    f((i * Axis::kTaps + j) * Axis::kTaps + k, w * x.weight[k],
                      there && x.at[k] >= 0 ? row * width + x.at[k] : -1);
            }
    }

  private:
    Axis axis(const T* coordinates, int coordinate, int extra) const {
        return Axis(a, axes - 1 - coordinate, coordinates[coordinate], a.order[coordinate] + (coordinate == extra));
    }
};

// body(place's number, its coordinates) for all, on threads.
template <class T, class F> void each_place(const GridAttrs& a, const Tensor& grid, const F& body) {
    const int64_t axes = a.size.n, places = grid.numel() / axes, each = 16 * taps_of(a);
    Unlock unlock(places * each);
    parallel_for(places, (1 << 14) / each + 1, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) body(r, grid.data<T>() + r * axes);
    });
}

template <class T, Sampling mode, int axes>
void eval_taps(const GridAttrs& a, const Tensor& grid, T* weights, int64_t* rows) {
    const int64_t taps = taps_of(a), entries = grid.numel() / axes * taps, elements = numel_of(a.size);
    const int64_t places = entries / taps / std::max<int64_t>(grid.size(0), 1);
    int64_t* columns = rows + entries;
    each_place<T>(a, grid, [=, &a](int64_t r, const T* coordinates) {
        const int64_t first = r / places * (elements + 1);
        Around<T, mode, axes>(a, coordinates).each([&](int64_t t, T weight, int64_t at) {
            weights[r * taps + t] = weight;
            rows[r * taps + t] = r;
            columns[r * taps + t] = first + (at < 0 ? elements : at);
        });
    });
}

// The gradient of the coordinates, without a graph.
template <class T, Sampling mode, int axes> void slopes(const GridAttrs& a, const Tensor& grid, const T* grad, T* out) {
    const int64_t taps = taps_of(a);
    each_place<T>(a, grid, [=, &a](int64_t r, const T* coordinates) {
        for (int d = 0; d < axes; ++d) {
            T sum = 0;
            Around<T, mode, axes>(a, coordinates, d).each([&](int64_t t, T weight, int64_t) {
                sum += weight * grad[r * taps + t];
            });
            out[r * axes + d] = sum;
        }
    });
}

// run.template operator()<T, mode, axes>()
template <class F> void visit_kind(const GridAttrs& a, DType dtype, const F& run) {
    visit_floating(dtype, [&](auto zero) {
        using T = decltype(zero);
        using enum Sampling;
        const bool volumes = a.size.n == 3;
        if (a.mode == Bicubic) run.template operator()<T, Bicubic, 2>();
        else if (a.mode == Nearest && volumes) run.template operator()<T, Nearest, 3>();
        else if (a.mode == Nearest) run.template operator()<T, Nearest, 2>();
        else if (volumes) run.template operator()<T, Bilinear, 3>();
        else run.template operator()<T, Bilinear, 2>();
    });
}

GridAttrs attrs_of(const Dims& size, std::string_view mode, std::string_view outside, bool align) {
    GridAttrs a{};
    a.mode = mode == "bicubic" ? Sampling::Bicubic : mode == "nearest" ? Sampling::Nearest : Sampling::Bilinear;
    a.outside = outside == "border" ? Outside::Border : outside == "reflection" ? Outside::Reflection : Outside::Zeros;
    a.align = align;
    a.size = a.order = size;
    for (int64_t& n : a.order.v) n = 0;
    return a;
}

void run_taps(const GridAttrs& attrs, const Tensor& grid, Tensor* out) {
    GridAttrs a = attrs;
    dispatch(grid_taps_op, &grid, 1, &a, out, 2);
}

// The gradient of the coordinates from that of the weights, as operations.
Tensor slopes_with_graph(const GridAttrs& a, const Tensor& grid, const Tensor& grad_weights) {
    std::vector<Tensor> parts;
    for (int d = 0; d < a.size.n; ++d) {
        GridAttrs further = a;
        ++further.order[d];
        Tensor out[2];
        run_taps(further, grid, out);
        parts.push_back(sum(reshape(grad_weights * out[0], {grid.numel() / a.size.n, taps_of(a)}), {1}));
    }
    return reshape(stack(parts, 1), grid.shape());
}

void vjp_taps(VjpCtx& c) {
    const GridAttrs& a = c.attr<GridAttrs>();
    Tensor grid = c.input(0);
    if (a.mode == Sampling::Nearest) return c.set(0, zeros(grid.shape(), grid.dtype()));
    if (!c.create_graph()) {
        Tensor slope = empty(grid.shape(), grid.dtype()), places = contiguous_data(grid), g = contiguous_data(c.grad());
        visit_kind(a, grid.dtype(), [&]<class T, Sampling mode, int axes>() {
            slopes<T, mode, axes>(a, places, g.data<T>(), slope.data<T>());
        });
        return c.set(0, slope);
    }
    c.set(0, slopes_with_graph(a, grid, c.grad()));
}

}  // namespace

// ---- grid_taps: weights (entries), and the rows and columns (2, entries) where they stand ----
const OpDef grid_taps_op = {
    .name = "grid_taps",
    .grad_name = "GridTapsBackward0",
    .infer =
        [](InferCtx& c) {
            const GridAttrs& a = c.attr<GridAttrs>();
            const int64_t entries = c.input(0).numel() / a.size.n * taps_of(a);
            c.n_outputs = 2;
            c.set(0, {entries}, c.input(0).dtype());
            c.set(1, {2, entries}, DType::Int64);
        },
    .eval =
        [](EvalCtx& c) {
            const GridAttrs& a = c.attr<GridAttrs>();
            Tensor grid = contiguous_data(c.input(0));
            visit_kind(a, grid.dtype(), [&]<class T, Sampling mode, int axes>() {
                eval_taps<T, mode, axes>(a, grid, c.out(0).data<T>(), c.out(1).data<int64_t>());
            });
        },
    .vjp = vjp_taps,
    .save_input = {1},
    .attr_bytes = sizeof(GridAttrs),
    .describe = describe_attrs<GridAttrs>,
};
const Register grid_taps_fn(
    {"_grid_taps",
     kFunction,
     R"(The matrix by which grid_sample multiplies: a row for each place, a column for each element of the images.

Behind the elements of each image comes a column for what lies outside.

Args:
    grid: (N, ..., 2) or (N, ..., 3) floating tensor of coordinates from -1 to 1, that of the last axis first.
    size: of the images, two or three numbers.
    mode: "bilinear", "nearest" or "bicubic".
    padding_mode: "zeros", "border" or "reflection".
    align_corners: -1 and 1 are the centres of the outer elements, not their edges.

Returns:
    (weights, places): the entries, those of a place one behind the other, and (2, entries) their rows and columns.

Raises:
    ValueError: sizes that don't fit.

Example:
    >>> import chainrule as cr
    >>> weights, places = cr._core._grid_taps(cr.zeros(1, 1, 2), (1, 2), "bilinear", "zeros", True)
    >>> weights, places[1]
    (tensor([0.5000, 0.5000, 0.0000, 0.0000]), tensor([0, 1, 2, 2]))
)",
     {{"_grid_taps(Tensor grid, ints size, str mode, str padding_mode, bool align_corners)", [](Args& args) {
           const Tensor& grid = args.tensor(0);
           const Dims& size = args.ints(1);
           const std::string_view mode = args.text(2), outside = args.text(3);
           const bool fits = (size.n == 2 || (size.n == 3 && mode != "bicubic")) && grid.ndim() >= 2 &&
                             grid.size(grid.ndim() - 1) == size.n;
           check<ValueError>(fits && *std::min_element(size.begin(), size.end()) > 0, "grid_sample",
                             ": one coordinate for each axis of the images is required, got a grid of shape ",
                             grid.shape(), " and images of size ", size, ".");
           checked_numel("grid_sample", size);
           check<TypeError>(is_floating(grid.dtype()), "grid_sample: the grid must be floating, got ", grid.dtype(),
                            ".");
           const GridAttrs a = attrs_of(size, mode, outside, args.flag(4));
           Tensor out[2];
           run_taps(a, grid, out);
           args.ret_tuple({out[0], out[1]});
       }}}});

// ---- grid_sample of few channels: each place is read in all of them (x, grid); with a graph of the gradients, by the matrix ----
namespace {

// The taps of one place.
template <class T, Sampling mode, int axes> struct Taps {
    static constexpr int kTaps =
        axes == 3 ? taps_of(mode) * taps_of(mode) * taps_of(mode) : taps_of(mode) * taps_of(mode);
    int64_t at[kTaps];
    T weight[kTaps];
    explicit Taps(const Around<T, mode, axes>& around) {
        around.each([&](int64_t t, T w, int64_t element) {
            weight[t] = w;
            at[t] = element;
        });
    }
    T value(const T* plane, int t) const { return at[t] < 0 ? T(0) : plane[at[t]]; }
};

template <class T, Sampling mode, int axes>
void sample_places(const GridAttrs& a, const Tensor& x, const Tensor& grid, T* out) {
    const int64_t channels = x.size(1), elements = numel_of(a.size), places = grid.numel() / axes / grid.size(0);
    const T* from = x.data<T>();
    each_place<T>(a, grid, [=, &a](int64_t r, const T* coordinates) {
        const Taps<T, mode, axes> taps(Around<T, mode, axes>(a, coordinates));
        for (int64_t c = 0, plane = r / places * channels; c < channels; ++c, ++plane) {
            T sum = 0;
            for (int t = 0; t < taps.kTaps; ++t) sum += taps.weight[t] * taps.value(from + plane * elements, t);
            out[plane * places + r % places] = sum;
        }
    });
}

// Gradients of the images (dx, cleared before) and of the coordinates (dgrid), each unless null. Of a sample one thread sees to all places.
template <class T, Sampling mode, int axes>
void sample_slopes(const GridAttrs& a, const Tensor& x, const Tensor& grid, const T* grad, T* dx, T* dgrid) {
    const int64_t channels = x.size(1), elements = numel_of(a.size), places = grid.numel() / axes / grid.size(0);
    const T *from = x.data<T>(), *coordinates = grid.data<T>();
    Unlock unlock(grid.numel() * 64);
    parallel_for(grid.size(0), (1 << 10) / (places + 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin * places; r < end * places; ++r) {
            const Around<T, mode, axes> around(a, coordinates + r * axes);
            const Taps<T, mode, axes> taps(around);
            T dots[taps.kTaps] = {};
            for (int64_t c = 0, plane = r / places * channels; c < channels; ++c, ++plane) {
                const T g = grad[plane * places + r % places];
                for (int t = 0; t < taps.kTaps; ++t) {
                    dots[t] += g * taps.value(from + plane * elements, t);
                    if (dx && taps.at[t] >= 0) dx[plane * elements + taps.at[t]] += g * taps.weight[t];
                }
            }
            for (int d = 0; dgrid && d < axes; ++d) {
                T sum = 0;
                around.slope(coordinates + r * axes, d).each([&](int64_t t, T weight, int64_t) {
                    sum += weight * dots[t];
                });
                dgrid[r * axes + d] = sum;
            }
        }
    });
}

// Images between whose elements a kernel reads.
bool has_kernel(const GridAttrs& a) {
    return a.size.n == 2 && a.mode != Sampling::Bicubic && numel_of(a.size) < int64_t{1} << 31;
}
kernels::GridSample kernel_sample(const GridAttrs& a, const Tensor& x, int64_t places) {
    return {x.data(), x.size(1), a.size[0], a.size[1], places, a.outside, a.mode == Sampling::Nearest, a.align};
}

// f(sample, its first place, the place after its last) for all that places [begin, end) of all samples touch.
template <class F> void each_sample(int64_t begin, int64_t end, int64_t places, const F& f) {
    for (int64_t r = begin, next; r < end; r = next) {
        next = std::min(end, (r / places + 1) * places);
        f(r / places, r % places, next - r);
    }
}

void sample_by_kernel(const GridAttrs& a, const Tensor& x, const Tensor& grid, const Tensor& out) {
    const int64_t places = grid.numel() / 2 / grid.size(0), item = static_cast<int64_t>(x.item_size());
    const int64_t channels = x.size(1), plane = numel_of(a.size), each = 16 + 8 * channels;
    const auto run = kernels::kernels().sample_grid[static_cast<int>(x.dtype())];
    Unlock unlock(grid.numel() / 2 * each);
    parallel_for(grid.numel() / 2, (1 << 16) / each + 1, [&](int64_t begin, int64_t end) {
        kernels::GridSample s = kernel_sample(a, x, places);
        each_sample(begin, end, places, [&](int64_t image, int64_t first, int64_t count) {
            s.images = x.data() + image * channels * plane * item;
            char* to = out.data() + (image * channels * places + first) * item;
            run(s, grid.data() + (image * places + first) * 2 * item, count, to);
        });
    });
}

void slopes_by_kernel(const GridAttrs& a, const Tensor& x, const Tensor& grid, const Tensor& grad, const Tensor& dx,
                      const Tensor& dgrid) {
    const int64_t places = grid.numel() / 2 / grid.size(0), item = static_cast<int64_t>(x.item_size());
    const int64_t image = x.size(1) * numel_of(a.size) * item;  // bytes
    const auto run = kernels::kernels().sample_grid_grad[static_cast<int>(x.dtype())];
    Unlock unlock(grid.numel() * 16);
    parallel_for(grid.size(0), (1 << 12) / (places + 1) + 1, [&](int64_t begin, int64_t end) {
        kernels::GridSample s = kernel_sample(a, x, places);
        for (int64_t i = begin; i < end; ++i) {
            const int64_t at = i * places * 2 * item;
            s.images = x.data() + i * image;
            run(s, grid.data() + at, places, grad.data() + i * x.size(1) * places * item,
                dx ? dx.data() + i * image : nullptr, dgrid ? dgrid.data() + at : nullptr);
        }
    });
}

// Images as rows of channels, and one of zeros behind each.
Tensor rows_of_images(const Tensor& x) {
    Tensor flat = transpose(reshape(x, {x.size(0), x.size(1), x.numel() / (x.size(0) * x.size(1))}), 1, 2);
    Tensor rows = cat({flat, zeros({x.size(0), 1, x.size(1)}, x.dtype())}, 1);
    return reshape(rows, {rows.size(0) * rows.size(1), rows.size(2)});
}

void vjp_with_graph(VjpCtx& c) {
    const GridAttrs& a = c.attr<GridAttrs>();
    Tensor x = c.input(0), grid = c.input(1), taps[2];
    run_taps(a, grid, taps);
    const int64_t count = grid.numel() / a.size.n, images = x.size(0), channels = x.size(1),
                  elements = numel_of(a.size);
    Tensor g = transpose(reshape(c.grad(), {images, channels, count / images}), 1, 2);
    g = reshape(g, {count, channels});
    if (c.wants(0)) {
        Tensor rows = sparse_product(taps[0], taps[1], count, images * (elements + 1), true, g);
        rows = narrow(reshape(rows, {images, elements + 1, channels}), 1, 0, elements);
        c.set(0, reshape(transpose(rows, 1, 2), x.shape()));
    }
    if (!c.wants(1)) return;
    if (a.mode == Sampling::Nearest) return c.set(1, zeros(grid.shape(), grid.dtype()));
    Tensor weights_grad = sampled_product(g, rows_of_images(x), taps[1]);
    c.set(1, slopes_with_graph(a, grid, weights_grad));
}

void vjp_sample(VjpCtx& c) {
    if (c.create_graph() || recorder()) return vjp_with_graph(c);
    const GridAttrs& a = c.attr<GridAttrs>();
    Tensor x = contiguous_data(c.input(0)), grid = contiguous_data(c.input(1)), g = contiguous_data(c.grad());
    Tensor dx = c.wants(0) ? zeros(x.shape(), x.dtype()) : Tensor();
    Tensor dgrid = c.wants(1) ? zeros(grid.shape(), grid.dtype()) : Tensor();
    const Tensor slopes = a.mode == Sampling::Nearest ? Tensor() : dgrid;
    if (has_kernel(a)) slopes_by_kernel(a, x, grid, g, dx, slopes);
    else
        visit_kind(a, x.dtype(), [&]<class T, Sampling mode, int axes>() {
            T *to_x = dx ? dx.data<T>() : nullptr, *to_grid = slopes ? slopes.data<T>() : nullptr;
            sample_slopes<T, mode, axes>(a, x, grid, g.data<T>(), to_x, to_grid);
        });
    if (dx) c.set(0, dx);
    if (dgrid) c.set(1, dgrid);
}

const OpDef grid_sample_op = {
    .name = "grid_sample",
    .grad_name = "GridSamplerBackward0",
    .infer =
        [](InferCtx& c) {
            const Tensor &x = c.input(0), &grid = c.input(1);
            Dims shape = {x.size(0), x.size(1)};
            for (int d = 1; d + 1 < grid.ndim(); ++d) shape.push(grid.size(d));
            c.set(0, shape, x.dtype());
        },
    .eval =
        [](EvalCtx& c) {
            const GridAttrs& a = c.attr<GridAttrs>();
            Tensor x = contiguous_data(c.input(0)), grid = contiguous_data(c.input(1));
            if (has_kernel(a)) return sample_by_kernel(a, x, grid, c.out());
            visit_kind(a, x.dtype(), [&]<class T, Sampling mode, int axes>() {
                sample_places<T, mode, axes>(a, x, grid, c.out().data<T>());
            });
        },
    .vjp = vjp_sample,
    .save_input = {3, 3},
    .attr_bytes = sizeof(GridAttrs),
    .describe = describe_attrs<GridAttrs>,
};

}  // namespace
const Register grid_sample_fn(
    {"_grid_sample",
     kFunction,
     R"(grid_sample of images with few channels, in one pass.

Args:
    input: (N, C, H, W) or (N, C, D, H, W) floating tensor.
    grid: (N, ..., 2) or (N, ..., 3) coordinates of the same dtype from -1 to 1, that of the last axis first.
    mode, padding_mode, align_corners: as for grid_sample().

Example:
    >>> import chainrule as cr
    >>> cr._core._grid_sample(cr.tensor([[[[1.0, 2.0]]]]), cr.zeros(1, 1, 1, 2), "bilinear", "zeros", True)
    tensor([[[[1.5000]]]])
)",
     {{"_grid_sample(Tensor input, Tensor grid, str mode, str padding_mode, bool align_corners)", [](Args& args) {
           const Tensor &x = args.tensor(0), &grid = args.tensor(1);
           const int axes = x.ndim() - 2;
           const bool fits = (axes == 2 || (axes == 3 && args.text(2) != "bicubic")) && grid.ndim() == x.ndim() &&
                             grid.size(axes + 1) == axes && grid.size(0) == x.size(0) && x.numel() > 0;
           check<ValueError>(
               fits, "grid_sample: one coordinate for each axis of the images is required, got a grid of shape ",
               grid.shape(), " and images of shape ", x.shape(), ".");
           check<TypeError>(is_floating(x.dtype()) && x.dtype() == grid.dtype(),
                            "grid_sample: images and a grid of one floating dtype are required, got ", x.dtype(),
                            " and ", grid.dtype(), ".");
           Dims size;
           for (int d = 0; d < axes; ++d) size.push(x.size(2 + d));
           args.ret(run_with(grid_sample_op, attrs_of(size, args.text(2), args.text(3), args.flag(4)), x, grid));
       }}}});

}  // namespace chainrule
