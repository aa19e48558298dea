// OpenBLAS's C interface. In the pip package scipy-openblas32 each name has a prefix.
#pragma once

#if CHAINRULE_SCIPY_OPENBLAS
#define openblas_get_config scipy_openblas_get_config
#define openblas_get_corename scipy_openblas_get_corename
#define openblas_get_num_threads scipy_openblas_get_num_threads
#define openblas_set_num_threads scipy_openblas_set_num_threads
#define cblas_dgemm scipy_cblas_dgemm
#define cblas_dgemv scipy_cblas_dgemv
#define cblas_dtrsm scipy_cblas_dtrsm
#define cblas_sgemm scipy_cblas_sgemm
#define cblas_sgemv scipy_cblas_sgemv
#define cblas_strsm scipy_cblas_strsm
#define dgelsy_ scipy_dgelsy_
#define dgeqrf_ scipy_dgeqrf_
#define dgesdd_ scipy_dgesdd_
#define dgetrf_ scipy_dgetrf_
#define dgetri_ scipy_dgetri_
#define dgetrs_ scipy_dgetrs_
#define dorgqr_ scipy_dorgqr_
#define dpotrf_ scipy_dpotrf_
#define dsyevd_ scipy_dsyevd_
#define sgelsy_ scipy_sgelsy_
#define sgeqrf_ scipy_sgeqrf_
#define sgesdd_ scipy_sgesdd_
#define sgetrf_ scipy_sgetrf_
#define sgetri_ scipy_sgetri_
#define sgetrs_ scipy_sgetrs_
#define sorgqr_ scipy_sorgqr_
#define spotrf_ scipy_spotrf_
#define ssyevd_ scipy_ssyevd_
#endif

#include <cblas.h>
