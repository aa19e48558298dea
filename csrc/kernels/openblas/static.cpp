// What a static OpenBLAS asks for beyond what is used of it.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// The one function of Fortran's runtime library that LAPACK's routines call where they were compiled from Fortran (to join
// two options into one key): with it here, no libgfortran is needed. Weak, so that the real one wins.
// target = a and b one after the other, cut off or filled up with blanks: gfortran's convention for a // b.
extern "C" [[gnu::weak]] void _gfortran_concat_string(size_t size, char* target, size_t size_a, const char* a,
                                                      size_t size_b, const char* b) {
    if (size_a > size) size_a = size;
    std::memcpy(target, a, size_a);
    if (size_b > size - size_a) size_b = size - size_a;
    std::memcpy(target + size_a, b, size_b);
    std::memset(target + size_a + size_b, ' ', size - size_a - size_b);
}

// Stands for what is in the library and never called: the kernels of complex numbers, two thirds of each family, and the
// routines that share work out among threads of OpenBLAS's own (they also want 12 KB in each thread, before it runs).
extern "C" void chainrule_not_in_this_build() {
    std::fputs("chainrule: OpenBLAS took complex numbers or several threads, and this build has code for neither.\n",
               stderr);
    std::abort();
}
#include "kernels/openblas_left_out.h"  // each name as an alias; openblas.cmake writes it
