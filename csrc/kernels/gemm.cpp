#include "kernels/gemm.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/check.h"
#include "core/parallel.h"
#include "kernels/blas.h"
#include "kernels/im2col.h"
#include "kernels/kernels.h"

namespace chainrule::kernels {
namespace {

int64_t item(DType t) { return static_cast<int64_t>(item_size(t)); }

// ---- one product on the calling thread ----

template <class T>
void blas_gemv(bool trans, int64_t rows, int64_t cols, T alpha, const T* a, int64_t lda, const T* x, int64_t incx,
               T beta, T* y, int64_t incy) {
    if constexpr (sizeof(T) == 4) sgemv(trans, rows, cols, alpha, a, lda, x, incx, beta, y, incy);
    else dgemv(trans, rows, cols, alpha, a, lda, x, incx, beta, y, incy);
}

template <class T> void scale(const Gemm& g, T* c) {
    for (int64_t i = 0; i < g.m; ++i) {
        T* row = c + i * g.ldc;
        if (g.beta == 0) std::memset(row, 0, static_cast<size_t>(g.n) * sizeof(T));
        else
            for (int64_t j = 0; j < g.n; ++j) row[j] *= static_cast<T>(g.beta);
    }
}

// Note [Small products with a transposed right side]
// Up to m n k = 10^6 OpenBLAS multiplies without packing, and reads a transposed right side along its columns: 20 to 60 %
// slower than a plain one (64x64x64 on AVX-512: 6.1 us against 4.5). Transposing it first pays from 16 rows on. Narrow
// results gain nothing.
constexpr int64_t kTransposedBytes = 32768;  // of stack

template <class T> bool transposes_right(const Gemm& g) {
    return g.trans_b && !g.trans_a && g.m >= 16 && g.n >= 16 && g.m * g.n * g.k <= 1000000 &&
           g.n * g.k * static_cast<int64_t>(sizeof(T)) <= kTransposedBytes;
}

template <class T>
void blas_gemm(bool trans_a, bool trans_b, const Gemm& g, const T* a, const T* b, int64_t ldb, T* c) {
    T alpha = static_cast<T>(g.alpha), beta = static_cast<T>(g.beta);
    if constexpr (sizeof(T) == 4) sgemm(trans_a, trans_b, g.m, g.n, g.k, alpha, a, g.lda, b, ldb, beta, c, g.ldc);
    else dgemm(trans_a, trans_b, g.m, g.n, g.k, alpha, a, g.lda, b, ldb, beta, c, g.ldc);
}

template <class T> void small_transposed(const Gemm& g, const T* a, const T* b, T* c) {
    alignas(64) T right[kTransposedBytes / sizeof(T)];
    kernels().transpose[static_cast<int>(g.dtype)](b, g.ldb, right, g.n, g.k, g.n);
    blas_gemm(false, false, g, a, right, g.n, c);
}

int64_t edge(int64_t size, int64_t i, int64_t parts) { return i == parts ? size : size * i / parts / 16 * 16; }

// Note [Products in tiles]
// OpenBLAS's kernels for small products neither pack the operands nor clear the result; with AVX-512 they reach 115 of a core's 116
// GFLOP/s where the operands lie near, its others 85 to 104. So larger products are put together from small ones: the right side
// is copied panel by panel (in its turned form where it is transposed: the small kernels want it plain), and rows of the left go
// by each panel. Tiles lie where the sizes say, so bits don't depend on who computes which.
constexpr int64_t kSmallProduct = 1000000;                                      // m n k that OpenBLAS takes for small
constexpr int64_t kTileRows = 32, kTileColBytes = 256, kTileDepthBytes = 1536;  // about
constexpr int64_t kSliceBytes = 4096;  // of depth: a panel stays in the second cache
constexpr int64_t kRowsForCopy = 48;   // that a plain panel is copied for
constexpr int64_t kNearBytes = 512 << 10, kNearLine = 2048;
constexpr int kPanelSlot = 3;

double flops_of(const Gemm& g) {
    return 2.0 * static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k);
}

bool takes_tiles(const Gemm& g) {
    return is_floating(g.dtype) && std::min({g.m, g.n, g.k}) >= 16 && flops_of(g) > 2.0 * kSmallProduct &&
           blas_has_small_kernels();
}

int64_t nearest_parts(int64_t size, int64_t each) { return std::max<int64_t>((size + each / 2) / each, 1); }

template <class T> struct Tiles {
    const Gemm& g;
    const T *a, *b;
    T* c;
    static constexpr int64_t kItem = sizeof(T), kSlice = kSliceBytes / kItem;
    int64_t rows = nearest_parts(g.m, kTileRows), cols = nearest_parts(g.n, kTileColBytes / kItem);

    // The deepest tile that is small for OpenBLAS, however wide and high the others are.
    int64_t depth() const {
        int64_t most = kSmallProduct / ((g.m / rows + 16) * (g.n / cols + 16)) / 16 * 16;
        return std::min(kTileDepthBytes / kItem, most);
    }

    // A plain right side that is read seldom or lies close together is left where it is.
    bool copies() const {
        if (g.trans_b) return true;
        return g.m >= kRowsForCopy && (g.ldb * kItem > kNearLine || g.k * g.ldb * kItem > kNearBytes);
    }

    // Rows k to k + depth of the right side, its columns as t says, plain.
    const T* panel(Gemm& t, int64_t k, int64_t depth, int64_t col) const {
        const T* from = b + (g.trans_b ? col * g.ldb + k : k * g.ldb + col);
        if (!copies()) return from;
        t.trans_b = false;
        t.ldb = (t.n + 15) / 16 * 16;  // rows that begin with a cache line
        T* copy = static_cast<T*>(thread_scratch(kPanelSlot, static_cast<size_t>(depth * t.ldb) * sizeof(T)));
        if (g.trans_b) kernels().transpose[static_cast<int>(g.dtype)](from, g.ldb, copy, t.ldb, depth, t.n);
        else
            for (int64_t i = 0; i < depth; ++i)
                std::memcpy(copy + i * t.ldb, from + i * g.ldb, static_cast<size_t>(t.n) * sizeof(T));
        return copy;
    }

    // One row of tiles beside one panel: `right` is the panel's part of this slice, t knows its columns.
    void tile_row(Gemm t, int64_t i, int64_t slice, const T* right, T* to) const {
        int64_t row = edge(g.m, i, rows), deep = std::min(kSlice, g.k - slice), parts = (deep + depth() - 1) / depth();
        t.m = edge(g.m, i + 1, rows) - row;
        for (int64_t p = 0; p < parts; ++p) {
            int64_t from = edge(deep, p, parts), k = slice + from;
            t.k = edge(deep, p + 1, parts) - from;
            t.beta = k == 0 ? g.beta : 1;
            blas_gemm(t.trans_a, false, t, a + (t.trans_a ? k * t.lda + row : row * t.lda + k), right + from * t.ldb,
                      t.ldb, to + row * t.ldc);
        }
    }

    // Rows of tiles first to last beside one panel.
    void run(int64_t column, int64_t first, int64_t last) const {
        int64_t col = edge(g.n, column, cols);
        for (int64_t slice = 0; slice < g.k; slice += kSlice) {
            Gemm t = g;
            t.n = edge(g.n, column + 1, cols) - col;
            const T* right = panel(t, slice, std::min(kSlice, g.k - slice), col);
            for (int64_t i = first; i < last; ++i) tile_row(t, i, slice, right, c + col);
        }
    }

    // Panels that are not copied all stay near: then it is the left side that is read once.
    void run_all() const {
        if (copies()) {
            for (int64_t j = 0; j < cols; ++j) run(j, 0, rows);
            return;
        }
        for (int64_t i = 0; i < rows; ++i)
            for (int64_t j = 0; j < cols; ++j) run(j, i, i + 1);
    }

    // Pieces are panels, or parts of them where there are few.
    void run_on_threads() const {
        int64_t threads = num_threads(), groups = 1;
        if (threads > 1) groups = std::clamp<int64_t>((2 * threads + cols - 1) / cols, 1, rows);
        parallel_for(cols * groups, 1, [&](int64_t begin, int64_t end) {
            for (int64_t u = begin; u < end; ++u) {
                int64_t group = u % groups;
                run(u / groups, rows * group / groups, rows * (group + 1) / groups);
            }
        });
    }
};

template <class T> void floating(const Gemm& g, const T* a, const T* b, T* c) {
    T alpha = static_cast<T>(g.alpha), beta = static_cast<T>(g.beta);
    if (g.k == 0) {
        scale(g, c);
        return;
    }
    // OpenBLAS takes four to ten times as long for a matrix with one row or column as for the vector that it is.
    if (g.m == 1) {
        int64_t inc = g.trans_a ? g.lda : 1;
        if (g.trans_b) blas_gemv(false, g.n, g.k, alpha, b, g.ldb, a, inc, beta, c, 1);
        else blas_gemv(true, g.k, g.n, alpha, b, g.ldb, a, inc, beta, c, 1);
        return;
    }
    if (g.n == 1) {
        int64_t inc = g.trans_b ? 1 : g.ldb;
        if (g.trans_a) blas_gemv(true, g.k, g.m, alpha, a, g.lda, b, inc, beta, c, g.ldc);
        else blas_gemv(false, g.m, g.k, alpha, a, g.lda, b, inc, beta, c, g.ldc);
        return;
    }
    if (takes_tiles(g)) Tiles<T>{g, a, b, c}.run_all();
    else if (transposes_right<T>(g)) small_transposed(g, a, b, c);
    else blas_gemm(g.trans_a, g.trans_b, g, a, b, g.ldb, c);
}

template <class T> void integral(const Gemm& g, const T* a, const T* b, T* c) {
    int64_t a_row = g.trans_a ? 1 : g.lda, a_col = g.trans_a ? g.lda : 1;
    int64_t b_row = g.trans_b ? 1 : g.ldb, b_col = g.trans_b ? g.ldb : 1;
    scale(g, c);
    T alpha = static_cast<T>(g.alpha);
    for (int64_t i = 0; i < g.m; ++i)
        for (int64_t p = 0; p < g.k; ++p) {
            T x = static_cast<T>(alpha * a[i * a_row + p * a_col]);
            const T* row = b + p * b_row;
            for (int64_t j = 0; j < g.n; ++j) c[i * g.ldc + j] = static_cast<T>(c[i * g.ldc + j] + x * row[j * b_col]);
        }
}

template <class T> const T* as(const void* p) { return static_cast<const T*>(p); }

void serial(const Gemm& g, const void* a, const void* b, void* c) {
    switch (g.dtype) {
        case DType::Float32: floating(g, as<float>(a), as<float>(b), static_cast<float*>(c)); break;
        case DType::Float64: floating(g, as<double>(a), as<double>(b), static_cast<double*>(c)); break;
        case DType::Int64: integral(g, as<int64_t>(a), as<int64_t>(b), static_cast<int64_t*>(c)); break;
        case DType::Int32: integral(g, as<int32_t>(a), as<int32_t>(b), static_cast<int32_t*>(c)); break;
        case DType::UInt8: integral(g, as<uint8_t>(a), as<uint8_t>(b), static_cast<uint8_t*>(c)); break;
        default: break;
    }
}

// ---- the grid ----

constexpr double kParallelFlops = 8e6;

struct Grid {
    int64_t rows = 1, cols = 1;
};

// The largest power of two of pieces, at most `wanted`, that leaves each at least `least` wide.
int64_t pieces(int64_t size, int64_t wanted, int64_t least) {
    int64_t p = 1;
    while (2 * p <= wanted && size / (2 * p) >= least) p *= 2;
    return p;
}

// Measured on AVX-512: cut into columns of 192 and more, then rows of 128 and more, a product on one thread loses under 3 %.
Grid grid(const Gemm& g) {
    double flops = flops_of(g);
    if (g.m == 1 || g.n == 1) {  // bound by memory: rows or columns of the matrix are independent
        if (flops < 1e6) return {};
        return g.m == 1 ? Grid{1, pieces(g.n, 16, 64)} : Grid{pieces(g.m, 16, 64), 1};
    }
    if (flops < kParallelFlops) return {};
    int64_t wanted = flops < 6e7 ? 2 : flops < 2e8 ? 4 : flops < 2e9 ? 8 : 16;
    // Each cut packs a side once more, for up to 20 % of the time: where bits allow it, no more than there are threads.
    if (blas_cuts_freely(g.dtype == DType::Float64))
        while (wanted > 1 && wanted / 2 >= num_threads()) wanted /= 2;
    if (wanted == 1) return {};
    Grid out;
    out.cols = pieces(g.n, wanted, 192);
    out.rows = pieces(g.m, wanted / out.cols, 128);
    if (out.cols * out.rows == 1) {
        out.cols = pieces(g.n, 2, 48);
        if (out.cols == 1) out.rows = pieces(g.m, 2, 48);
    }
    return out;
}

void block(const Gemm& g, Grid parts, int64_t i, int64_t j, const char* a, const char* b, char* c) {
    int64_t m0 = edge(g.m, i, parts.rows), n0 = edge(g.n, j, parts.cols), size = item(g.dtype);
    Gemm part = g;
    part.m = edge(g.m, i + 1, parts.rows) - m0;
    part.n = edge(g.n, j + 1, parts.cols) - n0;
    serial(part, a + (g.trans_a ? m0 : m0 * g.lda) * size, b + (g.trans_b ? n0 * g.ldb : n0) * size,
           c + (m0 * g.ldc + n0) * size);
}

}  // namespace

void gemm(const Gemm& g, const void* a, const void* b, void* c) {
    if (g.m == 0 || g.n == 0) return;
    if (flops_of(g) >= kParallelFlops && takes_tiles(g)) {
        if (g.dtype == DType::Float32)
            Tiles<float>{g, as<float>(a), as<float>(b), static_cast<float*>(c)}.run_on_threads();
        else Tiles<double>{g, as<double>(a), as<double>(b), static_cast<double*>(c)}.run_on_threads();
        return;
    }
    Grid parts = grid(g);
    int64_t count = parts.rows * parts.cols;
    if (count == 1) {
        serial(g, a, b, c);
        return;
    }
    parallel_for(count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p)
            block(g, parts, p / parts.cols, p % parts.cols, as<char>(a), as<char>(b), static_cast<char*>(c));
    });
}

void gemm_serial(const Gemm& g, const void* a, const void* b, void* c) {
    if (g.m != 0 && g.n != 0) serial(g, a, b, c);
}

void gemm_batched(const Gemm& g, int64_t count, const void* a, const void* b, void* c, BatchOffset offset,
                  const void* context) {
    if (g.m == 0 || g.n == 0) return;
    Grid parts = grid(g);
    auto at = [&](int64_t i, auto&& multiply) {
        BatchOffsets o = offset(context, i);
        multiply(as<char>(a) + o.a, as<char>(b) + o.b, static_cast<char*>(c) + o.c);
    };
    if (parts.rows * parts.cols > 1 || (flops_of(g) >= kParallelFlops && takes_tiles(g))) {
        for (int64_t i = 0; i < count; ++i) at(i, [&](const char* x, const char* y, char* z) { gemm(g, x, y, z); });
        return;
    }
    int64_t grain = static_cast<int64_t>(2e6 / (flops_of(g) + 1)) + 1;
    parallel_for(count, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) at(i, [&](const char* x, const char* y, char* z) { serial(g, x, y, z); });
    });
}

void dot(DType dtype, int64_t n, const void* x, int64_t incx, const void* y, int64_t incy, void* out) {
    constexpr int64_t kChunk = 1 << 14;
    int64_t chunks = (n + kChunk - 1) / kChunk;
    // A row times a column; with x strided it is the transposed column that has the stride.
    Gemm g{dtype, incx != 1, incy == 1, 1, 1, n, incx != 1 ? incx : n, incy == 1 ? n : incy, 1};
    if (g.lda < 1) g.lda = 1;
    if (g.ldb < 1) g.ldb = 1;
    if (chunks <= 1 || is_integral(dtype)) {
        serial(g, x, y, out);
        return;
    }
    int64_t size = item(dtype);
    std::unique_ptr<char, void (*)(void*)> parts(static_cast<char*>(std::malloc(static_cast<size_t>(chunks * size))),
                                                 std::free);
    if (!parts) fail<OutOfMemory>("dot: the system has no ", chunks * size, " bytes for partial results");
    parallel_for(chunks, 4, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            Gemm part = g;
            part.k = n - i * kChunk < kChunk ? n - i * kChunk : kChunk;
            if (incx == 1) part.lda = part.k;
            if (incy == 1) part.ldb = part.k;
            serial(part, as<char>(x) + i * kChunk * incx * size, as<char>(y) + i * kChunk * incy * size,
                   parts.get() + i * size);
        }
    });
    kernels().reduce_rows[static_cast<int>(Reduce::Sum)][static_cast<int>(dtype)](parts.get(), out, 1, chunks, 0, 1);
}

}  // namespace chainrule::kernels
