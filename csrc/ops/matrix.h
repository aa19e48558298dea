// What products of matrices share: operands as BLAS takes them, and checks.
#pragma once

#include "autograd/op_def.h"

namespace chainrule {

struct MatAttrs {
    bool transpose_a, transpose_b;
    bool a_by_columns, b_by_columns;  // how the operands lie in memory: their gradients lie likewise
    void visit(AttrVisitor& v) const {
        v("transpose_a", transpose_a);
        v("transpose_b", transpose_b);
        v("a_by_columns", a_by_columns);
        v("b_by_columns", b_by_columns);
    }
};

// Values only: c = beta c + op(a) op(b) over the last two axes; the axes before them are the same in all three. Transposed operands
// are taken as they lie; others that BLAS cannot read are copied. c is row-major.
void multiply(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b, const Tensor& c, double beta = 0);

// TypeError where the operands' dtypes differ.
void check_same_dtype(const char* op, const Tensor& a, const Tensor& b);
// ValueError where inner dimensions differ; the shapes are those of the operands as the user gave them.
void check_inner(const char* op, int64_t a_inner, int64_t b_inner, const Dims& a, const Dims& b);

// op(a) op(b) of tensors whose axes before the last two are the same.
Tensor bmm(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);

}  // namespace chainrule
