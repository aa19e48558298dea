// Linear algebra as C++ functions. All take batches: the last two axes are the matrices.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"

namespace chainrule {

Tensor einsum(const std::string& equation, const std::vector<Tensor>& operands);

struct Svd {
    Tensor u, s, vh;
};
struct Eigh {
    Tensor values, vectors;
};
struct Qr {
    Tensor q, r;
};
struct LeastSquares {
    Tensor solution, rank;
};
struct LogDet {
    Tensor sign, logabsdet;
};

Tensor inv(const Tensor& a);
Tensor solve(const Tensor& a, const Tensor& b);                                            // A X = B, matrices
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool unit = false);  // the same, A triangular
Tensor det(const Tensor& a);
LogDet slogdet(const Tensor& a);
Tensor cholesky(const Tensor& a);  // lower
Qr qr(const Tensor& a, bool complete = false);
Svd svd(const Tensor& a, bool full_matrices = false);
Tensor symmetric(const Tensor& lower);  // from the lower triangle
Tensor svdvals(const Tensor& a);
Tensor nuclear_norm(const char* op, const Tensor& x, const Dims& axes, bool keepdim);  // the sum of the singular values
Eigh eigh(const Tensor& a, bool upper = false);
Tensor pinv(const Tensor& a, double rtol, double atol);  // rtol < 0: max(m, n) eps

LeastSquares least_squares(const Tensor& a, const Tensor& b, double rcond);

// The packed matrices of lu_factor() and their row exchanges: pivots as int32 rows; ValueError where they do not fit the matrices.
Tensor checked_pivots(const char* op, const Tensor& lu, const Tensor& pivots);
// P with A = P L U, of lu's dtype.
Tensor permutation(const Tensor& lu, const Tensor& pivots);

// ValueError, TypeError where the last two axes are no (square) floating matrix.
void check_matrices(const char* op, const Tensor& a);
void check_square(const char* op, const Tensor& a);

}  // namespace chainrule
