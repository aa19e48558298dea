#include "kernels/lapack.h"

#include <cstddef>

#include "kernels/blas.h"
#include "kernels/openblas.h"

// Fortran's calling convention: everything by address, the lengths of strings at the end.
extern "C" {
void sgetrf_(const int* m, const int* n, float* a, const int* lda, int* pivots, int* info);
void dgetrf_(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
void sgetri_(const int* n, float* a, const int* lda, const int* pivots, float* work, const int* lwork, int* info);
void dgetri_(const int* n, double* a, const int* lda, const int* pivots, double* work, const int* lwork, int* info);
void sgetrs_(const char* trans, const int* n, const int* nrhs, const float* a, const int* lda, const int* pivots,
             float* b, const int* ldb, int* info, size_t);
void dgetrs_(const char* trans, const int* n, const int* nrhs, const double* a, const int* lda, const int* pivots,
             double* b, const int* ldb, int* info, size_t);
void spotrf_(const char* uplo, const int* n, float* a, const int* lda, int* info, size_t);
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info, size_t);
void sgeqrf_(const int* m, const int* n, float* a, const int* lda, float* tau, float* work, const int* lwork,
             int* info);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void sorgqr_(const int* m, const int* n, const int* k, float* a, const int* lda, const float* tau, float* work,
             const int* lwork, int* info);
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau, double* work,
             const int* lwork, int* info);
void sgesdd_(const char* job, const int* m, const int* n, float* a, const int* lda, float* s, float* u, const int* ldu,
             float* vt, const int* ldvt, float* work, const int* lwork, int* iwork, int* info, size_t);
void dgesdd_(const char* job, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
             const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info,
             size_t);
void ssyevd_(const char* job, const char* uplo, const int* n, float* a, const int* lda, float* w, float* work,
             const int* lwork, int* iwork, const int* liwork, int* info, size_t, size_t);
void dsyevd_(const char* job, const char* uplo, const int* n, double* a, const int* lda, double* w, double* work,
             const int* lwork, int* iwork, const int* liwork, int* info, size_t, size_t);
void sgelsy_(const int* m, const int* n, const int* nrhs, float* a, const int* lda, float* b, const int* ldb, int* jpvt,
             const float* rcond, int* rank, float* work, const int* lwork, int* info);
void dgelsy_(const int* m, const int* n, const int* nrhs, double* a, const int* lda, double* b, const int* ldb,
             int* jpvt, const double* rcond, int* rank, double* work, const int* lwork, int* info);
}

namespace chainrule::kernels {
namespace {

template <class T> struct Lapack;
template <> struct Lapack<float> {
    static constexpr auto getrf = sgetrf_;
    static constexpr auto getri = sgetri_;
    static constexpr auto getrs = sgetrs_;
    static constexpr auto potrf = spotrf_;
    static constexpr auto geqrf = sgeqrf_;
    static constexpr auto orgqr = sorgqr_;
    static constexpr auto gesdd = sgesdd_;
    static constexpr auto syevd = ssyevd_;
    static constexpr auto gelsy = sgelsy_;
    static constexpr auto trsm = cblas_strsm;
};
template <> struct Lapack<double> {
    static constexpr auto getrf = dgetrf_;
    static constexpr auto getri = dgetri_;
    static constexpr auto getrs = dgetrs_;
    static constexpr auto potrf = dpotrf_;
    static constexpr auto geqrf = dgeqrf_;
    static constexpr auto orgqr = dorgqr_;
    static constexpr auto gesdd = dgesdd_;
    static constexpr auto syevd = dsyevd_;
    static constexpr auto gelsy = dgelsy_;
    static constexpr auto trsm = cblas_dtrsm;
};

template <class T> Lapack<T> lapack() {
    blas_on_one_thread();
    return {};
}

int as_int(int64_t n) { return static_cast<int>(n); }
// The distance between columns, at least 1.
int distance(int64_t rows) { return rows > 1 ? as_int(rows) : 1; }

// Asks for the size of the workspace, then calls with one: call(work, size).
template <class T, class F> void with_workspace(const F& call) {
    T best = 1;
    call(&best, -1);
    int size = best > 1 ? static_cast<int>(best) : 1;
    std::vector<T> work(static_cast<size_t>(size));
    call(work.data(), size);
}

}  // namespace

template <class T> int lu(int64_t rows, int64_t columns, T* a, int* pivots) {
    int m = as_int(rows), n = as_int(columns), lda = distance(rows), info = 0;
    lapack<T>().getrf(&m, &n, a, &lda, pivots, &info);
    return info;
}

template <class T> int inverse_of_lu(int64_t size, T* a, const int* pivots) {
    int n = as_int(size), lda = distance(size), info = 0;
    with_workspace<T>([&](T* work, int lwork) { lapack<T>().getri(&n, a, &lda, pivots, work, &lwork, &info); });
    return info;
}

template <class T> int solve_lu(int64_t size, int64_t columns, const T* a, const int* pivots, T* b) {
    int n = as_int(size), nrhs = as_int(columns), lda = distance(size), info = 0;
    lapack<T>().getrs("N", &n, &nrhs, a, &lda, pivots, b, &lda, &info, 1);
    return info;
}

template <class T> int cholesky(int64_t size, T* a) {
    int n = as_int(size), lda = distance(size), info = 0;
    lapack<T>().potrf("L", &n, a, &lda, &info, 1);
    return info;
}

template <class T> int qr(int64_t rows, int64_t columns, T* a, T* tau) {
    int m = as_int(rows), n = as_int(columns), lda = distance(rows), info = 0;
    with_workspace<T>([&](T* work, int lwork) { lapack<T>().geqrf(&m, &n, a, &lda, tau, work, &lwork, &info); });
    return info;
}

template <class T> int q_of_reflectors(int64_t rows, int64_t columns, int64_t reflectors, T* a, const T* tau) {
    int m = as_int(rows), n = as_int(columns), k = as_int(reflectors), lda = distance(rows), info = 0;
    with_workspace<T>([&](T* work, int lwork) { lapack<T>().orgqr(&m, &n, &k, a, &lda, tau, work, &lwork, &info); });
    return info;
}

template <class T> int svd(bool full, int64_t rows, int64_t columns, T* a, T* s, T* u, T* vt) {
    int m = as_int(rows), n = as_int(columns), k = m < n ? m : n, lda = distance(rows), info = 0;
    int ldvt = distance(full ? n : k);
    std::vector<int> iwork(static_cast<size_t>(8 * k + 1));
    with_workspace<T>([&](T* work, int lwork) {
        lapack<T>().gesdd(full ? "A" : "S", &m, &n, a, &lda, s, u, &lda, vt, &ldvt, work, &lwork, iwork.data(), &info,
                          1);
    });
    return info;
}

template <class T> int eigh(bool upper, int64_t size, T* a, T* values) {
    int n = as_int(size), lda = distance(size), info = 0, liwork = 5 * n + 3;
    std::vector<int> iwork(static_cast<size_t>(liwork));
    with_workspace<T>([&](T* work, int lwork) {
        int asked = lwork < 0 ? -1 : liwork;
        lapack<T>().syevd("V", upper ? "U" : "L", &n, a, &lda, values, work, &lwork, iwork.data(), &asked, &info, 1, 1);
    });
    return info;
}

template <class T>
int least_squares(int64_t rows, int64_t columns, int64_t right, T* a, T* b, double rcond, int* rank) {
    int m = as_int(rows), n = as_int(columns), nrhs = as_int(right), info = 0;
    int lda = distance(rows), ldb = distance(rows > columns ? rows : columns);
    T limit = static_cast<T>(rcond);
    std::vector<int> order(static_cast<size_t>(n + 1));
    with_workspace<T>([&](T* work, int lwork) {
        lapack<T>().gelsy(&m, &n, &nrhs, a, &lda, b, &ldb, order.data(), &limit, rank, work, &lwork, &info);
    });
    return info;
}

template <class T> void solve_triangular(bool upper, bool unit, int64_t n, int64_t columns, const T* a, T* b) {
    lapack<T>().trsm(CblasRowMajor, CblasLeft, upper ? CblasUpper : CblasLower, CblasNoTrans,
                     unit ? CblasUnit : CblasNonUnit, as_int(n), as_int(columns), T(1), a, distance(n), b,
                     distance(columns));
}

template int lu(int64_t, int64_t, float*, int*);
template int inverse_of_lu(int64_t, float*, const int*);
template int solve_lu(int64_t, int64_t, const float*, const int*, float*);
template int cholesky(int64_t, float*);
template int qr(int64_t, int64_t, float*, float*);
template int q_of_reflectors(int64_t, int64_t, int64_t, float*, const float*);
template int svd(bool, int64_t, int64_t, float*, float*, float*, float*);
template int eigh(bool, int64_t, float*, float*);
template int least_squares(int64_t, int64_t, int64_t, float*, float*, double, int*);
template void solve_triangular(bool, bool, int64_t, int64_t, const float*, float*);
template int lu(int64_t, int64_t, double*, int*);
template int inverse_of_lu(int64_t, double*, const int*);
template int solve_lu(int64_t, int64_t, const double*, const int*, double*);
template int cholesky(int64_t, double*);
template int qr(int64_t, int64_t, double*, double*);
template int q_of_reflectors(int64_t, int64_t, int64_t, double*, const double*);
template int svd(bool, int64_t, int64_t, double*, double*, double*, double*);
template int eigh(bool, int64_t, double*, double*);
template int least_squares(int64_t, int64_t, int64_t, double*, double*, double, int*);
template void solve_triangular(bool, bool, int64_t, int64_t, const double*, double*);

}  // namespace chainrule::kernels
