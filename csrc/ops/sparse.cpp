// Products with sparse matrices. A matrix is given by its entries: values (nnz) and indices (2, nnz), the rows and the
// columns; entries at the same place add up. The Python class that holds them is chainrule.sparse's.

#include <algorithm>
#include <vector>

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/kernels.h"
#include "ops/index_core.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/sparse_products.h"
#include "ops/visit.h"

namespace chainrule {

extern const OpDef sparse_mm_op;
extern const OpDef sampled_mm_op;

namespace {

struct SparseAttrs {
    int64_t rows, columns;  // of the matrix
    bool transposed;        // indices[0] are the columns
    void visit(AttrVisitor& v) const {
        v("rows", rows);
        v("columns", columns);
        v("transposed", transposed);
    }
};
SparseAttrs flipped(const SparseAttrs& a) { return {a.columns, a.rows, !a.transposed}; }

const int64_t* rows_of(const SparseAttrs& a, const Tensor& indices) {
    return indices.data<int64_t>() + (a.transposed ? indices.size(1) : 0);
}
const int64_t* columns_of(const SparseAttrs& a, const Tensor& indices) {
    return indices.data<int64_t>() + (a.transposed ? 0 : indices.size(1));
}

// The entries row by row, in their own order within a row: as they lie, or else copied in that order (a counting sort).
template <class T> struct ByRows {
    std::vector<int64_t> starts, sorted_columns;
    std::vector<T> sorted_values;
    const int64_t* columns;
    const T* values;

    ByRows(const SparseAttrs& a, const Tensor& indices, const Tensor& given)
        : starts(static_cast<size_t>(a.rows) + 1), columns(columns_of(a, indices)), values(given.data<T>()) {
        const int64_t *row = rows_of(a, indices), nnz = given.numel();
        if (!in_order(row, nnz)) sort(row, nnz);
    }

  private:
    // Notes where each row begins; false where one comes too late.
    bool in_order(const int64_t* row, int64_t nnz) {
        int64_t at = 0, rows = static_cast<int64_t>(starts.size()) - 1;
        for (int64_t e = 0; e < nnz; ++e) {
            if (row[e] < at) return false;
            while (at < row[e]) starts[static_cast<size_t>(++at)] = e;
        }
        while (at < rows) starts[static_cast<size_t>(++at)] = nnz;
        return true;
    }
    void sort(const int64_t* row, int64_t nnz) {
        std::fill(starts.begin(), starts.end(), 0);
        for (int64_t e = 0; e < nnz; ++e) ++starts[static_cast<size_t>(row[e]) + 1];
        for (size_t r = 1; r < starts.size(); ++r) starts[r] += starts[r - 1];
        std::vector<int64_t> next(starts.begin(), starts.end() - 1);
        sorted_columns.resize(static_cast<size_t>(nnz));
        sorted_values.resize(static_cast<size_t>(nnz));
        for (int64_t e = 0; e < nnz; ++e) {
            size_t to = static_cast<size_t>(next[static_cast<size_t>(row[e])]++);
            sorted_columns[to] = columns[e];
            sorted_values[to] = values[e];
        }
        columns = sorted_columns.data();
        values = sorted_values.data();
    }
};

// Integers wrap.
template <class T>
void integer_rows(const ByRows<T>& m, const T* dense, T* out, int64_t first, int64_t end, int64_t n) {
    for (int64_t r = first; r < end; ++r) {
        T* y = out + r * n;
        std::fill(y, y + n, T(0));
        for (int64_t e = m.starts[static_cast<size_t>(r)]; e < m.starts[static_cast<size_t>(r) + 1]; ++e)
            for (int64_t j = 0; j < n; ++j)
                y[j] = static_cast<T>(static_cast<uint64_t>(y[j]) +
                                      static_cast<uint64_t>(m.values[e]) *
                                          static_cast<uint64_t>(dense[m.columns[e] * n + j]));
    }
}

// body(first row, end row), cut where the entries are even, at places that depend on the matrix alone.
template <class F> void each_rows(const std::vector<int64_t>& starts, int64_t n, const F& body) {
    // Row r begins at starts[r] + r: an empty row is work too.
    int64_t rows = static_cast<int64_t>(starts.size()) - 1, work = starts.back() + rows;
    auto row_at = [&](int64_t at) {
        int64_t low = 0, high = rows;
        while (low < high) {
            int64_t middle = (low + high) / 2;
            if (starts[static_cast<size_t>(middle)] + middle < at) low = middle + 1;
            else high = middle;
        }
        return low;
    };
    parallel_for(work, std::max<int64_t>(1, kGrain / std::max<int64_t>(n, 1)),
                 [&](int64_t begin, int64_t end) { body(row_at(begin), row_at(end)); });
}

void multiply_rows(const SparseAttrs& a, const Tensor& values, const Tensor& indices, const Tensor& dense,
                   const Tensor& out) {
    if (out.numel() == 0) return;
    int64_t n = dense.size(1);
    Unlock unlock(values.numel() * n + out.numel());
    visit(values.dtype(), [&](auto zero) {
        using T = decltype(zero);
        if constexpr (!std::is_same_v<T, bool>) {  // which the call refuses
            ByRows<T> m(a, indices, values);
            const T* x = dense.data<T>();
            T* y = out.data<T>();
            [[maybe_unused]] auto kernel = kernels::kernels().sparse_rows[static_cast<int>(values.dtype())];
            each_rows(m.starts, n, [&](int64_t first, int64_t end) {
                if constexpr (std::is_floating_point_v<T>)
                    kernel(m.starts.data(), m.columns, m.values, x, y, first, end, n);
                else integer_rows(m, x, y, first, end, n);
            });
        }
    });
}

void sample(const SparseAttrs& s, const Tensor& a, const Tensor& b, const Tensor& indices, const Tensor& out) {
    int64_t n = a.size(1), nnz = out.numel();
    Unlock unlock(nnz * std::max<int64_t>(n, 1));
    const int64_t *row = rows_of(s, indices), *column = columns_of(s, indices);
    int64_t item = static_cast<int64_t>(out.item_size());
    auto kernel = kernels::kernels().sampled_dots[static_cast<int>(out.dtype())];
    parallel_for(nnz, std::max<int64_t>(1, kGrain / std::max<int64_t>(n, 1)), [&](int64_t begin, int64_t end) {
        kernel(row + begin, column + begin, a.data(), b.data(), out.data() + begin * item, end - begin, n);
    });
}

// As operations they take contiguous tensors; these make them so.
Tensor run_mm(const SparseAttrs& a, const Tensor& values, const Tensor& indices, const Tensor& dense) {
    return run_with(sparse_mm_op, a, contiguous(values), indices, contiguous(dense));
}
Tensor run_sampled(const SparseAttrs& s, const Tensor& a, const Tensor& b, const Tensor& indices) {
    return run_with(sampled_mm_op, s, contiguous(a), contiguous(b), indices);
}

// The indices, checked against the sizes.
Tensor checked_places(const char* op, const Tensor& indices, int64_t rows, int64_t columns) {
    check<ValueError>(indices.ndim() == 2 && indices.size(0) == 2, op, ": indices must have shape (2, nnz), got ",
                      indices.shape(), ".");
    check<ValueError>(rows >= 0 && columns >= 0, op, ": sizes must not be negative, got (", rows, ", ", columns, ").");
    check<TypeError>(is_integral(indices.dtype()) && indices.dtype() != DType::Bool, op,
                     ": an index must be of an integer dtype, got ", indices.dtype(), ". Convert it with .long().");
    Tensor places = contiguous(cast(detach(indices), DType::Int64));
    checked_index(op, select(places, 0, 0), rows, 0, false);
    checked_index(op, select(places, 0, 1), columns, 1, false);
    return indices.dtype() == DType::Int64 && indices.is_contiguous() ? indices : places;
}

}  // namespace

Tensor sparse_product(const Tensor& values, const Tensor& places, int64_t rows, int64_t columns, bool transposed,
                      const Tensor& dense) {
    const SparseAttrs a{rows, columns, false};
    return run_mm(transposed ? flipped(a) : a, values, places, dense);
}
Tensor sampled_product(const Tensor& a, const Tensor& b, const Tensor& places) {
    return run_sampled({a.size(0), b.size(0), false}, a, b, places);
}

// ---- sparse_mm: sparse times dense, row by row (values, indices, dense) ----
const OpDef sparse_mm_op = {
    .name = "sparse_mm",
    .grad_name = "SparseAddmmBackward0",
    .infer = [](InferCtx& c) { c.set(0, {c.attr<SparseAttrs>().rows, c.input(2).size(1)}, c.input(0).dtype()); },
    .eval = [](EvalCtx& c) { multiply_rows(c.attr<SparseAttrs>(), c.input(0), c.input(1), c.input(2), c.out()); },
    .vjp =
        [](VjpCtx& c) {
            const SparseAttrs& a = c.attr<SparseAttrs>();
            if (c.wants(0)) c.set(0, run_sampled(a, c.grad(), c.input(2), c.input(1)));
            if (c.wants(2)) c.set(2, run_mm(flipped(a), c.input(0), c.input(1), c.grad()));
        },
    .save_input = {4, 5, 1},
    .attr_bytes = sizeof(SparseAttrs),
    .describe = describe_attrs<SparseAttrs>,
};
const Register sparse_mm_fn({"_sparse_mm",
                             kFunction,
                             R"(Product of a sparse matrix and a dense one.

    out[i][j] = sum over the entries e in row i of values[e] dense[column of e][j]
    d values[e] = sum_j grad[row of e][j] dense[column of e][j],  d dense = A^T grad

The entries of a row are added in their order, whatever the number of threads.

Args:
    values: (nnz,) tensor.
    indices: (2, nnz) integers, the rows and the columns.
    dense: (columns, n) tensor of the values' dtype.
    size: rows and columns of the sparse matrix.

Example:
    >>> import chainrule as cr
    >>> places = cr.tensor([[0, 1, 1], [1, 0, 1]])
    >>> cr._core._sparse_mm(cr.tensor([2., 3., 4.]), places, cr.tensor([[1.], [10.]]), (2, 2))
    tensor([[20.],
            [43.]])
)",
                             {{"_sparse_mm(Tensor values, Tensor indices, Tensor dense, ints size)", [](Args& a) {
                                   const char* op = "sparse.mm";
                                   const Tensor &values = a.tensor(0), &indices = a.tensor(1), &dense = a.tensor(2);
                                   const Dims& size = a.ints(3);
                                   check<ValueError>(size.n == 2 && dense.ndim() == 2, op,
                                                     ": two matrices are required, got sizes ", size, " and ",
                                                     dense.shape(), ".");
                                   check_same_dtype(op, values, dense);
                                   check<TypeError>(values.dtype() != DType::Bool, op,
                                                    ": a dtype of numbers is required, got bool.");
                                   check_inner(op, size[1], dense.size(0), size, dense.shape());
                                   Tensor places = checked_places(op, indices, size[0], size[1]);
                                   check<ValueError>(values.ndim() == 1 && values.numel() == places.size(1), op,
                                                     ": one value for each index is required, got values of shape ",
                                                     values.shape(), " and indices of shape ", indices.shape(), ".");
                                   a.ret(run_mm({size[0], size[1], false}, values, places, dense));
                               }}}});

// ---- sampled_mm: entries of a product of dense matrices, a and b transposed (a, b, indices) ----
const OpDef sampled_mm_op = {
    .name = "sampled_mm",
    .grad_name = "SparseSampledMmBackward0",
    .infer = [](InferCtx& c) { c.set(0, {c.input(2).size(1)}, c.input(0).dtype()); },
    .eval = [](EvalCtx& c) { sample(c.attr<SparseAttrs>(), c.input(0), c.input(1), c.input(2), c.out()); },
    .vjp =
        [](VjpCtx& c) {
            const SparseAttrs& s = c.attr<SparseAttrs>();
            if (c.wants(0)) c.set(0, run_mm(s, c.grad(), c.input(2), c.input(1)));
            if (c.wants(1)) c.set(1, run_mm(flipped(s), c.grad(), c.input(2), c.input(0)));
        },
    .save_input = {2, 1, 3},
    .attr_bytes = sizeof(SparseAttrs),
    .describe = describe_attrs<SparseAttrs>,
};
const Register sampled_mm_fn({"_sampled_mm",
                              kFunction,
                              R"(Some entries of the product of a matrix and a transposed one.

    out[e] = sum_j a[row of e][j] b[column of e][j]

Args:
    a, b: (rows, n) and (columns, n) floating tensors.
    indices: (2, nnz) integers, the rows and the columns.

Example:
    >>> import chainrule as cr
    >>> cr._core._sampled_mm(cr.tensor([[1., 2.]]), cr.tensor([[3., 4.], [5., 6.]]), cr.tensor([[0], [1]]))
    tensor([17.])
)",
                              {{"_sampled_mm(Tensor a, Tensor b, Tensor indices)", [](Args& args) {
                                    const char* op = "sparse.sampled_addmm";
                                    const Tensor &a = args.tensor(0), &b = args.tensor(1), &indices = args.tensor(2);
                                    check<ValueError>(a.ndim() == 2 && b.ndim() == 2 && a.size(1) == b.size(1), op,
                                                      ": matrices with as many columns are required, got shapes ",
                                                      a.shape(), " and ", b.shape(), ".");
                                    check_same_dtype(op, a, b);
                                    check<TypeError>(is_floating(a.dtype()), op,
                                                     ": floating tensors are required, got ", a.dtype(), ".");
                                    Tensor places = checked_places(op, indices, a.size(0), b.size(0));
                                    args.ret(run_sampled({a.size(0), b.size(0), false}, a, b, places));
                                }}}});

}  // namespace chainrule
