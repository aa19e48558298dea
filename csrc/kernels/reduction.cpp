#include "kernels/reduction.h"

#include <cstdlib>
#include <memory>

#include "core/check.h"
#include "core/parallel.h"

namespace chainrule::kernels {
namespace {

constexpr int64_t kChunk = 1 << 15;  // elements that one partial result covers

// Partial results of one reduction, on the stack while few.
class Partials {
  public:
    Partials(int64_t n, int64_t item) {
        size_t bytes = static_cast<size_t>(n * item);
        if (bytes <= sizeof(local_)) return;
        heap_.reset(static_cast<char*>(std::malloc(bytes)));
        if (!heap_) fail<OutOfMemory>("reduce: the system has no ", bytes, " bytes for partial results");
    }
    char* data() { return heap_ ? heap_.get() : local_; }

  private:
    struct Free {
        void operator()(char* p) const { std::free(p); }
    };
    alignas(64) char local_[4096];
    std::unique_ptr<char, Free> heap_;
};

// Narrow elements are widened piece by piece into the first cache and reduced there; a piece gives a partial result.
constexpr int64_t kPiece = 1 << 12, kPieceItem = 4;  // elements, and their size when wide

struct Plan {
    ReduceRows wide_rows;
    ReduceColumns wide_columns;
    ReduceRows combine;  // of partial results, which have the result's type
    ReduceColumns combine_columns;
    int64_t in_item, out_item;
    Loop widen;  // null where elements are not narrow

    void rows(const char* in, char* out, int64_t outer, int64_t n, int64_t outer_stride, int64_t stride) const {
        if (!widen || n == 0) return wide_rows(in, out, outer, n, outer_stride, stride);
        if (n > kPiece) {
            for (int64_t i = 0; i < outer; ++i)
                long_row(in + i * outer_stride * in_item, out + i * out_item, n, stride);
            return;
        }
        const int64_t most = kPiece / n;
        alignas(64) char wide[kPiece * kPieceItem];
        for (int64_t i = 0; i < outer; i += most) {
            const int64_t count = outer - i < most ? outer - i : most;
            widen_rows(in + i * outer_stride * in_item, wide, count, n, outer_stride, stride);
            wide_rows(wide, out + i * out_item, count, n, n, 1);
        }
    }
    void columns(const char* in, char* out, int64_t n, int64_t cols, int64_t row_stride) const {
        if (!widen) return wide_columns(in, out, n, cols, row_stride);
        constexpr int64_t most = 256;
        for (int64_t j = 0; j < cols; j += most)
            some_columns(in + j * in_item, out + j * out_item, n, cols - j < most ? cols - j : most, row_stride);
    }

  private:
    void widen_run(const char* in, char* wide, int64_t n, int64_t stride) const {
        char* const ways[2] = {wide, const_cast<char*>(in)};
        const int64_t steps[2] = {kPieceItem, stride * in_item};
        widen(ways, steps, n, nullptr);
    }
    void widen_rows(const char* in, char* wide, int64_t count, int64_t n, int64_t outer_stride, int64_t stride) const {
        if (outer_stride == n * stride) return widen_run(in, wide, count * n, stride);
        for (int64_t i = 0; i < count; ++i)
            widen_run(in + i * outer_stride * in_item, wide + i * n * kPieceItem, n, stride);
    }
    void long_row(const char* in, char* out, int64_t n, int64_t stride) const {
        const int64_t pieces = (n + kPiece - 1) / kPiece;
        Partials partial(pieces, out_item);
        alignas(64) char wide[kPiece * kPieceItem];
        for (int64_t k = 0; k < pieces; ++k) {
            const int64_t first = k * kPiece, count = n - first < kPiece ? n - first : kPiece;
            widen_run(in + first * stride * in_item, wide, count, stride);
            wide_rows(wide, partial.data() + k * out_item, 1, count, 0, 1);
        }
        combine(partial.data(), out, 1, pieces, 0, 1);
    }
    void some_columns(const char* in, char* out, int64_t n, int64_t cols, int64_t row_stride) const {
        const int64_t most = kPiece / cols, pieces = (n + most - 1) / most;
        Partials partial(pieces > 1 ? pieces * cols : 0, out_item);
        alignas(64) char wide[kPiece * kPieceItem];
        for (int64_t k = 0; k < pieces; ++k) {
            const int64_t first = k * most, count = n - first < most ? n - first : most;
            widen_rows(in + first * row_stride * in_item, wide, count, cols, row_stride, 1);
            wide_columns(wide, pieces > 1 ? partial.data() + k * cols * out_item : out, count, cols, cols);
        }
        if (pieces > 1) combine_columns(partial.data(), out, pieces, cols, cols);
    }
};

struct Axis {
    int64_t size, stride;
};

struct Axes {
    Axis v[kMaxDims];
    int n = 0;
    int64_t numel() const {
        int64_t p = 1;
        for (int i = 0; i < n; ++i) p *= v[i].size;
        return p;
    }
    // Neighbours that one stride walks become one axis.
    void push(Axis a) {
        if (a.size == 1) return;
        if (n > 0 && v[n - 1].stride == a.size * a.stride) {
            v[n - 1] = {v[n - 1].size * a.size, a.stride};
            return;
        }
        v[n++] = a;
    }
    int64_t offset(int64_t i) const {
        int64_t at = 0;
        for (int d = n - 1; d >= 0; --d) {
            at += i % v[d].size * v[d].stride;
            i /= v[d].size;
        }
        return at;
    }
};

// One long strided run to one value: fixed chunks, then their partial results.
void reduce_run(const Plan& p, const char* in, int64_t n, int64_t stride, char* out) {
    int64_t chunks = (n + kChunk - 1) / kChunk;
    if (chunks <= 1) {
        p.rows(in, out, 1, n, 0, stride);
        return;
    }
    Partials partial(chunks, p.out_item);
    char* parts = partial.data();
    parallel_for(chunks, 2, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; ++c) {
            int64_t first = c * kChunk, count = n - first < kChunk ? n - first : kChunk;
            p.rows(in + first * stride * p.in_item, parts + c * p.out_item, 1, count, 0, stride);
        }
    });
    p.combine(parts, out, 1, chunks, 0, 1);
}

// Reduced axes beyond one run: each outer position of them gives a partial result.
void reduce_runs(const Plan& p, const char* in, const Axes& reduced, char* out) {
    Axis inner = reduced.n ? reduced.v[reduced.n - 1] : Axis{1, 1};
    Axes outer = reduced;
    if (outer.n) --outer.n;
    int64_t count = outer.numel();
    if (count == 1) {
        reduce_run(p, in, inner.size, inner.stride, out);
        return;
    }
    Partials partial(count, p.out_item);
    char* parts = partial.data();
    if (outer.n == 1 && inner.size <= kChunk) {
        p.rows(in, parts, count, inner.size, outer.v[0].stride, inner.stride);
    } else {
        for (int64_t i = 0; i < count; ++i)
            reduce_run(p, in + outer.offset(i) * p.in_item, inner.size, inner.stride, parts + i * p.out_item);
    }
    reduce_run({p.combine, nullptr, p.combine, nullptr, p.out_item, p.out_item, nullptr}, parts, count, 1, out);
}

// Kept axes outside, one contiguous reduced axis inside.
void reduce_inner(const Plan& p, const char* in, const Axes& kept, const Axes& reduced, char* out) {
    int64_t outputs = kept.numel(), per_output = reduced.numel();
    if (outputs == 1) {
        reduce_runs(p, in, reduced, out);
        return;
    }
    bool one_row = reduced.n <= 1 && per_output <= kChunk;
    Axis run = reduced.n ? reduced.v[0] : Axis{1, 1};
    int64_t grain = per_output > 0 ? 2 * kChunk / per_output : 2 * kChunk;
    parallel_for(outputs, grain > 0 ? grain : 1, [&](int64_t begin, int64_t end) {
        if (one_row && kept.n == 1) {
            p.rows(in + begin * kept.v[0].stride * p.in_item, out + begin * p.out_item, end - begin, run.size,
                   kept.v[0].stride, run.stride);
            return;
        }
        for (int64_t i = begin; i < end; ++i)
            reduce_runs(p, in + kept.offset(i) * p.in_item, reduced, out + i * p.out_item);
    });
}

// One axis reduced, columns contiguous behind it: whole rows are streamed. Long columns are cut into fixed blocks of rows.
void reduce_one_column_block(const Plan& p, const char* in, int64_t n, int64_t row_stride, int64_t cols, char* out) {
    constexpr int64_t kRows = 4096;
    int64_t blocks = cols > 0 ? (n + kRows - 1) / kRows : 1;
    if (blocks <= 1 || n * cols <= kChunk) {
        constexpr int64_t kColumns = 1024;
        parallel_for(cols, n * cols <= kChunk ? cols : kColumns, [&](int64_t begin, int64_t end) {
            p.columns(in + begin * p.in_item, out + begin * p.out_item, n, end - begin, row_stride);
        });
        return;
    }
    Partials partial(blocks * cols, p.out_item);
    char* parts = partial.data();
    parallel_for(blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b) {
            int64_t first = b * kRows, count = n - first < kRows ? n - first : kRows;
            p.columns(in + first * row_stride * p.in_item, parts + b * cols * p.out_item, count, cols, row_stride);
        }
    });
    // Partial results lie column by column apart: reduce each with a stride.
    p.combine(parts, out, cols, blocks, 1, cols);
}

// Few columns without gaps: so many rows count as one that a vector is filled, then the parts of each column are joined.
constexpr int64_t kWide = 64;
bool is_narrow(int64_t n, int64_t row_stride, int64_t cols) {
    return row_stride == cols && cols <= kWide / 2 && n >= 4 * (kWide / cols);
}
void reduce_narrow_columns(const Plan& p, const char* in, int64_t n, int64_t cols, char* out) {
    const int64_t fold = kWide / cols, rows = n / fold, rest = n % fold, wide = fold * cols;
    Partials partial(wide + (rest > 0 ? cols : 0), p.out_item);
    char* parts = partial.data();
    reduce_one_column_block(p, in, rows, wide, wide, parts);
    if (rest > 0) p.columns(in + rows * wide * p.in_item, parts + wide * p.out_item, rest, cols, cols);
    p.combine_columns(parts, out, fold + (rest > 0 ? 1 : 0), cols, cols);
}

}  // namespace

DType reduced_dtype(Reduce kind, DType in) {
    if (kind == Reduce::Any || kind == Reduce::All) return DType::Bool;
    if ((kind == Reduce::Sum || kind == Reduce::Prod) && is_integral(in)) return DType::Int64;
    return wide(in);
}

void reduce(Reduce kind, DType dtype, const void* in, const Dims& shape, const Dims& strides, uint32_t axes,
            void* out) {
    const Table& t = kernels();
    int k = static_cast<int>(kind);
    DType result = reduced_dtype(kind, dtype);
    Reduce combine = kind >= Reduce::SumAbs ? Reduce::Sum : kind;
    const DType computed = wide(dtype);
    Plan p = {t.reduce_rows[k][static_cast<int>(computed)],
              t.reduce_columns[k][static_cast<int>(computed)],
              t.reduce_rows[static_cast<int>(combine)][static_cast<int>(result)],
              t.reduce_columns[static_cast<int>(combine)][static_cast<int>(result)],
              static_cast<int64_t>(item_size(dtype)),
              static_cast<int64_t>(item_size(result)),
              is_narrow(dtype) ? t.widen[narrow_index(dtype)] : nullptr};
    const char* src = static_cast<const char*>(in);
    char* dst = static_cast<char*>(out);
    int64_t outputs = 1;
    bool empty = false;
    for (int d = 0; d < shape.n; ++d) {
        if (axes >> d & 1) empty |= shape[d] == 0;
        else if (shape[d] == 0) return;  // no outputs
        else outputs *= shape[d];
    }
    if (empty) {  // outputs of empty sums
        for (int64_t i = 0; i < outputs; ++i) p.rows(src, dst + i * p.out_item, 1, 0, 0, 1);
        return;
    }
    Axes kept, reduced;
    for (int d = 0; d < shape.n; ++d) (axes >> d & 1 ? reduced : kept).push({shape[d], strides[d]});
    if (reduced.n == 0) reduced.v[reduced.n++] = {1, 0};  // only axes of size 1
    bool columns = reduced.n == 1 && kept.n >= 1 && kept.v[kept.n - 1].stride == 1 && reduced.v[0].stride != 1;
    if (!columns) {
        reduce_inner(p, src, kept, reduced, dst);
        return;
    }
    Axes outer = kept;
    --outer.n;
    int64_t cols = kept.v[kept.n - 1].size;
    const Axis rows = reduced.v[0];
    for (int64_t i = 0, n = outer.numel(); i < n; ++i) {
        const char* from = src + outer.offset(i) * p.in_item;
        char* to = dst + i * cols * p.out_item;
        if (is_narrow(rows.size, rows.stride, cols)) reduce_narrow_columns(p, from, rows.size, cols, to);
        else reduce_one_column_block(p, from, rows.size, rows.stride, cols, to);
    }
}

}  // namespace chainrule::kernels
