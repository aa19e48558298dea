// Products of few rows with a matrix that stays the same from step to step: what recurrent layers are made of.
#pragma once

#include <algorithm>
#include <vector>

#include "core/parallel.h"
#include "core/tensor.h"
#include "kernels/kernels.h"

namespace chainrule {

// A row-major matrix of which a part is meant.
struct Part {
    char* data = nullptr;  // null: zeros
    int64_t ld = 0;
    int64_t item = 0;
    char* row(int64_t r) const { return data + r * ld * item; }
};

inline Part part(const Tensor& t, int64_t ld, int64_t column = 0) {
    int64_t item = static_cast<int64_t>(t.item_size());
    return {t.data() + column * item, ld, item};
}

// Products of a few rows with one matrix, step after step, by the tiles of direct convolution, whose sums stay in registers. OpenBLAS
// packs the matrix anew in each call: with 32 rows that costs it a quarter of the time, with 8 half.
class StepProduct {
  public:
    // Tiles pay with AVX-512 (where they are wide), for few rows and whole vectors.
    static bool suits(DType dtype, int64_t rows, int64_t least_rows, int64_t cols) {
        const kernels::Table& k = kernels::kernels();
        int64_t lanes = k.conv_vector_bytes / static_cast<int64_t>(item_size(dtype));
        return k.conv_vectors > 1 && rows >= least_rows && rows <= 128 && cols > 0 && cols % lanes == 0;
    }

    StepProduct() = default;
    // For a matrix (depth, cols) and up to `rows` rows.
    StepProduct(DType dtype, int64_t rows, int64_t depth, int64_t cols)
        : tile_(kernels::kernels().conv_tile[static_cast<int>(dtype)]),
          item_(static_cast<int64_t>(item_size(dtype))),
          lanes_(kernels::kernels().conv_vector_bytes / item_),
          width_(std::min<int64_t>(cols, kernels::kernels().conv_vectors * lanes_)),
          depth_(depth),
          cols_(cols),
          matrix_(empty({depth, cols}, dtype)),
          packed_(empty({(rows + kRows - 1) / kRows, depth, kRows}, dtype)) {
        for (int64_t width : {width_, last_width()})
            for (int64_t k = 0; k < depth; ++k) taps_.push_back(k * width);
        for (int v = 0; v < kMaxVectors; ++v) at_[v] = v * lanes_;
    }

    // Rows of the matrix from `at` on: m, or its transpose. It is kept in panels, as wide as a tile, one behind the other.
    void take(const Tensor& m, bool transposed, int64_t at) {
        if (item_ == 4) take_as<uint32_t>(m, transposed, at);
        else take_as<uint64_t>(m, transposed, at);
    }

    // c (rows, cols) = a times the matrix's first rows + a2 times those behind.
    void run(int64_t rows, const Part& a, int64_t depth, const Part& a2, int64_t depth2, char* c, int64_t ldc) {
        for (int64_t r = 0; r < rows; r += kRows) {
            char* to = packed_.data() + r * depth_ * item_;
            if (depth) pack(a, r, std::min(rows - r, kRows), depth, to);
            if (depth2) pack(a2, r, std::min(rows - r, kRows), depth2, to + depth * kRows * item_);
        }
        int64_t panels = (cols_ + width_ - 1) / width_, work = 2 * rows * (depth + depth2) * width_;
        if (depth_ * cols_ * item_ <=
            kNear) {  // the matrix stays in the second cache, so that the rows can be kept in the first
            for (int64_t r = 0; r < rows; r += kRows)
                for (int64_t p = 0; p < panels; ++p) panel(p, r, std::min(r + kRows, rows), depth + depth2, c, ldc);
            return;
        }
        parallel_for(panels, kParallelWork / (work + 1) + 1, [&](int64_t begin, int64_t end) {
            for (int64_t p = begin; p < end; ++p) panel(p, 0, rows, depth + depth2, c, ldc);
        });
    }

  private:
    static constexpr int kMaxVectors = 4;
    static constexpr int64_t kRows = kernels::kConvFilters, kParallelWork = 4 << 20, kNear = 512 << 10;

    int64_t last_width() const { return cols_ % width_ ? cols_ % width_ : width_; }

    void panel(int64_t p, int64_t from, int64_t to, int64_t depth, char* c, int64_t ldc) const {
        bool last = (p + 1) * width_ >= cols_;
        kernels::ConvTile t{};
        t.x = matrix_.data() + p * width_ * depth_ * item_;
        t.taps = taps_.data() + (last ? depth_ : 0);
        t.in_at = t.out_at = at_;
        t.n_taps = depth;
        t.ldy = ldc;
        t.vectors = static_cast<int>((last ? last_width() : width_) / lanes_);
        t.count = static_cast<int>(lanes_);
        for (int64_t r = from; r < to; r += kRows) {
            t.w = packed_.data() + r * depth_ * item_;
            t.y = c + (r * ldc + p * width_) * item_;
            t.filters = static_cast<int>(std::min(to - r, kRows));
            tile_(t);
        }
    }

    template <class T> void take_as(const Tensor& m, bool transposed, int64_t at) {
        constexpr int64_t block = 16;
        const T* from = m.data<T>();
        int64_t depth = m.size(transposed ? 1 : 0), ld = m.size(1);
        for (int64_t j0 = 0; j0 < cols_; j0 += width_) {
            int64_t width = std::min(width_, cols_ - j0);
            T* to = matrix_.data<T>() + j0 * depth_ + at * width;
            for (int64_t k0 = 0; k0 < depth; k0 += block)  // by blocks, so that both sides stay in cache
                for (int64_t j = 0; j < width; ++j)
                    for (int64_t k = k0; k < std::min(k0 + block, depth); ++k)
                        to[k * width + j] = transposed ? from[(j0 + j) * ld + k] : from[k * ld + j0 + j];
        }
    }

    // n rows side by side: element k of all, then element k + 1.
    void pack(const Part& a, int64_t from, int64_t n, int64_t depth, char* to) const {
        if (item_ == 4) pack_as<uint32_t>(a, from, n, depth, to);
        else pack_as<uint64_t>(a, from, n, depth, to);
    }
    template <class T> static void pack_as(const Part& a, int64_t from, int64_t n, int64_t depth, char* to) {
        T* out = reinterpret_cast<T*>(to);
        const T* rows[kRows];
        for (int64_t j = 0; j < kRows; ++j)  // missing rows are computed, not stored
            rows[j] = reinterpret_cast<const T*>(a.data) + (from + std::min(j, n - 1)) * a.ld;
        for (int64_t k = 0; k < depth; ++k)
            for (int64_t j = 0; j < kRows; ++j) *out++ = rows[j][k];
    }

    kernels::ConvTiles tile_ = nullptr;
    int64_t item_ = 0, lanes_ = 0, width_ = 0, depth_ = 0, cols_ = 0;
    std::vector<int64_t> taps_;  // of the panels, then of the last one, which may be narrower
    Tensor matrix_, packed_;
    int64_t at_[kMaxVectors] = {};
};

}  // namespace chainrule
