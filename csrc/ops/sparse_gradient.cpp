#include "ops/sparse_gradient.h"

#include <algorithm>
#include <vector>

#include "autograd/basic_ops.h"
#include "autograd/grad_mode.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

Tensor indices_of(const Tensor& sparse) { return Tensor(current_entries(sparse).indices); }
Tensor values_of(const Tensor& sparse) { return Tensor(current_entries(sparse).values); }

// How many places the sparse axes have; fewer than 2^63, as the tensor that the gradient belongs to has them in memory.
int64_t count_places(const Tensor& sparse) {
    int64_t n = 1, axes = indices_of(sparse).size(0);
    for (int d = 0; d < axes; ++d) n *= sparse.size(d);
    return n;
}

// Both sparse. Sums over many backward passes do not grow beyond one entry a place.
Tensor joined(const Tensor& a, const Tensor& b) {
    Tensor ia = indices_of(a), ib = indices_of(b), va = values_of(a), vb = values_of(b);
    if (ia.size(0) != ib.size(0)) return dense_gradient(a) + dense_gradient(b);
    Tensor sum = sparse_gradient(a.shape(), cat({ia, ib}, 1), cat({va, vb}, 0));
    bool recorded = va.requires_grad() || vb.requires_grad();
    return !recorded && ia.size(1) + ib.size(1) > count_places(a) ? coalesced(sum) : sum;
}

Tensor sum_of(const Tensor& a, const Tensor& b) {
    if (entries_of(a) && entries_of(b)) return joined(a, b);
    const Tensor &dense = entries_of(a) ? b : a, &sparse = entries_of(a) ? a : b;
    return index_put_(clone(dense), places(sparse), values_of(sparse), true);
}

// The gradient as the leaf's own: nobody else writes into its memory.
Tensor owned(const Tensor& sparse) {
    const Entries& e = current_entries(sparse);
    Tensor values(e.values);
    bool ours = sparse->use_count() == 1 && !e.python && values->use_count() == 2 && !values->python &&
                values.is_contiguous() && values->storage->use_count() == 1 && !values->storage->read_only;
    return ours ? sparse : sparse_gradient(sparse.shape(), Tensor(e.indices), clone(values));
}

Tensor accumulated(const Tensor& held, const Tensor& grad, bool recorded) {
    if (!held) return recorded ? grad : owned(grad);
    if (recorded || (entries_of(held) && !entries_of(grad))) return sum_of(held, grad);
    if (!entries_of(held)) {
        if (held->storage->read_only || has_internal_overlap(held)) return sum_of(held, grad);
        add_entries(held, grad, 1);
        return held;
    }
    Tensor sum = joined(held, grad);
    if (!entries_of(sum)) return sum;
    const Entries& e = current_entries(sum);
    set_entries(held, Tensor(e.indices), Tensor(e.values));
    return held;
}

const SparseRules rules = {sum_of, accumulated};
[[maybe_unused]] const bool known = (sparse_rules = &rules, true);

}  // namespace

std::vector<Tensor> places(const Tensor& sparse) {
    std::vector<Tensor> out;
    Tensor indices = indices_of(sparse);
    for (int64_t d = 0; d < indices.size(0); ++d) out.push_back(select(indices, 0, d));
    return out;
}

Tensor dense_gradient(const Tensor& sparse) {
    return index_put_(zeros(sparse.shape(), sparse.dtype()), places(sparse), values_of(sparse), true);
}

void add_entries(const Tensor& dense, const Tensor& sparse, double factor) {
    GradMode off(false);
    Tensor values = detach(values_of(sparse));
    if (factor != 1) values = values * factor;
    index_put_(detach(dense), places(sparse), values, true);
}

Tensor coalesced(const Tensor& sparse) {
    GradMode off(false);
    Tensor indices = contiguous(indices_of(sparse)), values = detach(values_of(sparse));
    int64_t axes = indices.size(0), n = indices.size(1);
    const int64_t* at = indices.data<int64_t>();
    std::vector<int64_t> key(static_cast<size_t>(n));
    for (int64_t d = 0; d < axes; ++d) {
        const int64_t size = sparse.size(static_cast<int>(d)), *row = at + d * n;
        for (int64_t i = 0; i < n; ++i) {  // the program may have written into the indices
            check<IndexError>(row[i] >= 0 && row[i] < size, "grad: index ", row[i], " of a sparse gradient of shape ",
                              sparse.shape(), " is out of bounds for axis ", d, " with size ", size, ".");
            key[static_cast<size_t>(i)] = key[static_cast<size_t>(i)] * size + row[i];
        }
    }
    std::vector<int64_t> different = key;
    std::sort(different.begin(), different.end());
    different.erase(std::unique(different.begin(), different.end()), different.end());
    int64_t kept = static_cast<int64_t>(different.size());
    Tensor place = empty({n}, DType::Int64), once = empty({axes, kept}, DType::Int64);
    for (int64_t i = 0; i < n; ++i) {
        int64_t k =
            std::lower_bound(different.begin(), different.end(), key[static_cast<size_t>(i)]) - different.begin();
        place.data<int64_t>()[i] = k;
        for (int64_t d = 0; d < axes; ++d) once.data<int64_t>()[d * kept + k] = at[d * n + i];
    }
    Dims shape = values.shape();
    shape[0] = kept;
    return sparse_gradient(sparse.shape(), once, index_put_(zeros(shape, values.dtype()), {place}, values, true));
}

Tensor rows_gradient(const Dims& shape, const Tensor& rows, const Tensor& g, int64_t skip) {
    Tensor values = reshape(g, {rows.numel(), shape[1]});
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < rows.numel(); ++i)
        if (rows.data<int64_t>()[i] != skip) kept.push_back(i);
    Tensor where = empty({static_cast<int64_t>(kept.size())}, DType::Int64);
    std::copy(kept.begin(), kept.end(), where.data<int64_t>());
    bool all = where.numel() == rows.numel();
    // A copy of the indices: the program may write others into its own.
    Tensor at = all ? clone(reshape(rows, {-1})) : index_select(reshape(rows, {-1}), 0, where);
    return sparse_gradient(shape, reshape(at, {1, -1}), all ? values : index_select(values, 0, where));
}

}  // namespace chainrule
