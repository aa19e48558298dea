// matmul for any numbers of dimensions, and products added to something.

#include <cmath>

#include "autograd/elementwise.h"
#include "ops/forms.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

Dims leading(const Dims& shape, int drop) {
    Dims out = shape;
    out.n -= drop;
    return out;
}

Dims with(Dims shape, std::initializer_list<int64_t> more) {
    for (int64_t size : more) shape.push(size);
    return shape;
}

// Both have at least two dimensions; the axes before them broadcast.
Tensor batched(const Tensor& a, const Tensor& b) {
    Dims batch_a = leading(a.shape(), 2), batch_b = leading(b.shape(), 2), batch;
    check<ValueError>(broadcasts(batch_a, batch_b, &batch), "matmul: the axes before the last two must broadcast, got ",
                      a.shape(), " @ ", b.shape(), ".");
    Tensor x = expand(a, with(batch, {a.size(a.ndim() - 2), a.size(a.ndim() - 1)}));
    Tensor y = expand(b, with(batch, {b.size(b.ndim() - 2), b.size(b.ndim() - 1)}));
    return bmm(x, y);
}

// Rows of all matrices at once: one product instead of a batch.
Tensor folded(const Tensor& a, const Tensor& b) {
    int64_t k = a.size(a.ndim() - 1), rows = numel_of(leading(a.shape(), 1));
    Tensor flat = reshape(a, {rows, k});
    if (b.ndim() == 1) return reshape(mv(flat, b), leading(a.shape(), 1));
    return reshape(mm(flat, b), with(leading(a.shape(), 1), {b.size(1)}));
}

}  // namespace

// ---- matmul ----
Tensor matmul(const Tensor& a, const Tensor& b) {
    int na = a.ndim(), nb = b.ndim();
    if (na == 0 || nb == 0)
        fail<ValueError>("matmul: both operands must have at least 1 dimension, got ", a.shape(), " and ", b.shape(),
                         ". Use * for a number.");
    check_same_dtype("matmul", a, b);
    check_inner("matmul", a.size(na - 1), b.size(nb == 1 ? 0 : nb - 2), a.shape(), b.shape());
    if (na == 2 && nb == 2) return mm(a, b);
    if (na == 1 && nb == 1) return dot(a, b);
    if (na == 2 && nb == 1) return mv(a, b);
    if (na == 1 && nb == 2) return mv(b, a, true);
    if (nb <= 2) return folded(a, b);
    if (na == 1) return squeeze(batched(unsqueeze(a, 0), b), nb - 2);
    return batched(a, b);
}
const Register matmul_fn({"matmul",
                          kMethod | kFunction,
                          R"(Matrix product: vectors, matrices, and batches of matrices.

    C_ij = sum_k A_ik B_kj,  dA = dC B^T,  dB = A^T dC

1-D @ 1-D is the inner product, 2-D @ 2-D the product of matrices; a 1-D operand is a row on the left and a column on the right.
With more dimensions the last two are matrices and the others broadcast.

Args:
    input: tensor of 1 or more dimensions.
    other: tensor of the same dtype with a matching inner dimension.

Returns:
    Tensor of the broadcast leading axes and the matrices' outer sizes.

Raises:
    ValueError: if the inner dimensions differ or the leading axes don't broadcast.
    TypeError: if the dtypes differ.

Example:
    >>> chainrule.matmul(chainrule.tensor([[1., 2.], [3., 4.]]), chainrule.tensor([1., 1.]))
    tensor([3., 7.])
)",
                          {{"matmul(Tensor input, Tensor other)",
                            [](Args& a) { a.ret(matmul(a.tensor(0), a.tensor(1))); }}}});

// ---- addmm and its relatives: beta input + alpha (product) ----
namespace {

Tensor scaled(const Tensor& x, double factor) {
    return factor == 1 ? x : is_floating(x.dtype()) ? mul(x, factor) : mul(x, scalar_tensor(factor, x.dtype()));
}

// A factor of integer tensors is cut off to an integer, as in PyTorch.
double factor(const Args& a, int i, DType dtype) {
    double value = a.real(i, 1);
    return is_floating(dtype) ? value : std::trunc(value);
}

// With beta = 0 the input's values don't matter, not even NaN.
void add_product(Args& a, const Tensor& product) {
    double beta = factor(a, 3, product.dtype()), alpha = factor(a, 4, product.dtype());
    const Tensor& input = a.tensor(0);
    check<TypeError>(input.dtype() == product.dtype(), a.name, ": input and product must have one dtype, got ",
                     input.dtype(), " and ", product.dtype(), ".");
    Dims shape = broadcast_shapes(a.name, input.shape(), product.shape());
    check<ValueError>(shape == (a.inplace ? input.shape() : product.shape()) && shape == product.shape(), a.name,
                      ": the input must ", a.inplace ? "have" : "broadcast to", " the product's shape ",
                      product.shape(), ", got ", input.shape(), ".");
    finish(a, beta == 0 ? scaled(product, alpha) : scaled(input, beta) + scaled(product, alpha));
}

void need_ndim(const Args& a, int i, int ndim) {
    check<ValueError>(a.tensor(i).ndim() == ndim, a.name, ": argument ", i + 1, " must have ", ndim,
                      " dimensions, got shape ", a.tensor(i).shape(), ".");
}

void need(const Args& a, int first, int second) {
    need_ndim(a, 1, first);
    need_ndim(a, 2, second);
}

}  // namespace

const Register addmm_fn({"addmm",
                         kMethod | kFunction | kInplace,
                         R"(A product of matrices, added to a tensor.

    y = beta input + alpha (mat1 @ mat2)

Args:
    input: tensor that broadcasts to (m, n).
    mat1: (m, k) tensor.
    mat2: (k, n) tensor.
    beta, alpha: numbers.

Example:
    >>> chainrule.addmm(chainrule.ones(1), chainrule.ones(2, 3), chainrule.ones(3, 1))
    tensor([[4.],
            [4.]])
)",
                         {{"addmm(Tensor input, Tensor mat1, Tensor mat2, *, Number beta=1, Number alpha=1)",
                           [](Args& a) {
                               need(a, 2, 2);
                               add_product(a, mm(a.tensor(1), a.tensor(2)));
                           }}}});

const Register addmv_fn({"addmv",
                         kMethod | kFunction | kInplace,
                         R"(A product of matrix and vector, added to a tensor.

    y = beta input + alpha (mat @ vec)

Args:
    input: tensor that broadcasts to (m,).
    mat: (m, k) tensor.
    vec: (k,) tensor.
    beta, alpha: numbers.
)",
                         {{"addmv(Tensor input, Tensor mat, Tensor vec, *, Number beta=1, Number alpha=1)",
                           [](Args& a) {
                               need(a, 2, 1);
                               add_product(a, mv(a.tensor(1), a.tensor(2)));
                           }}}});

const Register addr_fn({"addr",
                        kMethod | kFunction | kInplace,
                        R"(An outer product, added to a tensor.

    y_ij = beta input_ij + alpha vec1_i vec2_j

Args:
    input: tensor that broadcasts to (m, n).
    vec1: (m,) tensor.
    vec2: (n,) tensor.
    beta, alpha: numbers.
)",
                        {{"addr(Tensor input, Tensor vec1, Tensor vec2, *, Number beta=1, Number alpha=1)",
                          [](Args& a) {
                              need(a, 1, 1);
                              add_product(a, outer(a.tensor(1), a.tensor(2)));
                          }}}});

const Register baddbmm_fn({"baddbmm",
                           kMethod | kFunction | kInplace,
                           R"(Products of two batches of matrices, added to a tensor.

    y_i = beta input_i + alpha (batch1_i @ batch2_i)

Args:
    input: tensor that broadcasts to (b, m, n).
    batch1: (b, m, k) tensor.
    batch2: (b, k, n) tensor.
    beta, alpha: numbers.
)",
                           {{"baddbmm(Tensor input, Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1)",
                             [](Args& a) {
                                 need(a, 3, 3);
                                 add_product(a, batched(a.tensor(1), a.tensor(2)));
                             }}}});

const Register addbmm_fn({"addbmm",
                          kMethod | kFunction | kInplace,
                          R"(Products of two batches of matrices, summed and added to a tensor.

    y = beta input + alpha sum_i (batch1_i @ batch2_i)

Args:
    input: tensor that broadcasts to (m, n).
    batch1: (b, m, k) tensor.
    batch2: (b, k, n) tensor.
    beta, alpha: numbers.
)",
                          {{"addbmm(Tensor input, Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1)",
                            [](Args& a) {
                                need(a, 3, 3);
                                Tensor products = batched(a.tensor(1), a.tensor(2));
                                add_product(a, cast(sum(products, {0}), products.dtype()));
                            }}}});

}  // namespace chainrule
