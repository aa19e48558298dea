// Decompositions by LAPACK (in OpenBLAS), on the calling thread. Matrices are stored by columns, without gaps. Each returns
// LAPACK's info: 0 is success, a positive number says where the matrix is singular or the iteration failed.
#pragma once

#include <cstdint>
#include <vector>

namespace chainrule::kernels {

// A = P L U in place.
template <class T> int lu(int64_t m, int64_t n, T* a, int* pivots);
template <class T> int inverse_of_lu(int64_t n, T* a, const int* pivots);
template <class T> int solve_lu(int64_t n, int64_t columns, const T* a, const int* pivots, T* b);
// The lower triangle becomes L with A = L L^T; the upper one is left.
template <class T> int cholesky(int64_t n, T* a);
// R in the upper triangle, the reflectors below it; then the first `columns` columns of Q in their place.
template <class T> int qr(int64_t m, int64_t n, T* a, T* tau);
template <class T> int q_of_reflectors(int64_t m, int64_t columns, int64_t reflectors, T* a, const T* tau);
// A = U S V^T; destroys a. full: U is m x m and V^T n x n, else m x k and k x n with k = min(m, n).
template <class T> int svd(bool full, int64_t m, int64_t n, T* a, T* s, T* u, T* vt);
// Eigenvectors in place of the symmetric matrix, of which one triangle is read; rising eigenvalues.
template <class T> int eigh(bool upper, int64_t n, T* a, T* values);
// Least squares; b has max(m, n) rows and ends as X in its first n. Destroys a.
template <class T> int least_squares(int64_t m, int64_t n, int64_t columns, T* a, T* b, double rcond, int* rank);
// X of A X = B in place of B; both stored by rows. A zero on the diagonal gives inf.
template <class T> void solve_triangular(bool upper, bool unit, int64_t n, int64_t columns, const T* a, T* b);

}  // namespace chainrule::kernels
