// The one function of Fortran's runtime library that LAPACK's routines call where they were compiled from Fortran (to join
// two options into one key): with it here, a static OpenBLAS needs no libgfortran. Weak, so that the real one wins.
#include <cstddef>
#include <cstring>

// target = a and b one after the other, cut off or filled up with blanks: gfortran's convention for a // b.
extern "C" [[gnu::weak]] void _gfortran_concat_string(size_t size, char* target, size_t size_a, const char* a,
                                                      size_t size_b, const char* b) {
    if (size_a > size) size_a = size;
    std::memcpy(target, a, size_a);
    if (size_b > size - size_a) size_b = size - size_a;
    std::memcpy(target + size_a, b, size_b);
    std::memset(target + size_a + size_b, ' ', size - size_a - size_b);
}
