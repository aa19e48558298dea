// The shapes of elementwise loops. A plain loop is for operations of a few exact instructions (and for calls of libm): the
// compiler vectorises it and makes its own tail. A padded loop is for the functions of math.h: its body only ever runs over
// whole vectors, tails and strided operands pass through a small buffer, so each function is compiled once and every element
// goes through the same instructions wherever it lies.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <class T> CHAINRULE_INLINE T load_at(const char* p) {
    T v;
    __builtin_memcpy(&v, p, sizeof(T));
    return v;
}
template <class T> CHAINRULE_INLINE void store_at(char* p, T v) { __builtin_memcpy(p, &v, sizeof(T)); }

// --- plain loops -----------------------------------------------------------------------------------------------------
template <class Out, class In, class F>
CHAINRULE_INLINE void map1(char* const* ptr, const int64_t* stride, int64_t n, F f) {
    constexpr int64_t so = sizeof(Out), sa = sizeof(In);
    if (stride[0] == so && stride[1] == sa) {
        Out* out = reinterpret_cast<Out*>(ptr[0]);
        const In* a = reinterpret_cast<const In*>(ptr[1]);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
        return;
    }
    if (stride[0] == so && stride[1] == 0 && n > 1) {
        Out* out = reinterpret_cast<Out*>(ptr[0]);
        const Out value = f(load_at<In>(ptr[1]));
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = value;
        return;
    }
    char *out = ptr[0], *a = ptr[1];
    for (int64_t i = 0; i < n; ++i) store_at<Out>(out + i * stride[0], f(load_at<In>(a + i * stride[1])));
}

template <class Out, class In, class F>
CHAINRULE_INLINE void map2(char* const* ptr, const int64_t* stride, int64_t n, F f) {
    constexpr int64_t so = sizeof(Out), si = sizeof(In);
    Out* out = reinterpret_cast<Out*>(ptr[0]);
    const In* a = reinterpret_cast<const In*>(ptr[1]);
    const In* b = reinterpret_cast<const In*>(ptr[2]);
    if (stride[0] == so && stride[1] == si && stride[2] == si) {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
    } else if (stride[0] == so && stride[1] == si && stride[2] == 0 && n > 1) {
        const In value = b[0];
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], value);
    } else if (stride[0] == so && stride[1] == 0 && stride[2] == si && n > 1) {
        const In value = a[0];
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(value, b[i]);
    } else {
        for (int64_t i = 0; i < n; ++i) {
            In x = load_at<In>(ptr[1] + i * stride[1]), y = load_at<In>(ptr[2] + i * stride[2]);
            store_at<Out>(ptr[0] + i * stride[0], f(x, y));
        }
    }
}

// The first input may have a type of its own (a mask).
template <class Out, class A, class In, class F>
CHAINRULE_INLINE void map3(char* const* ptr, const int64_t* stride, int64_t n, F f) {
    constexpr int64_t so = sizeof(Out), sa = sizeof(A), si = sizeof(In);
    if (stride[0] == so && stride[1] == sa && stride[2] == si && stride[3] == si) {
        Out* out = reinterpret_cast<Out*>(ptr[0]);
        const A* a = reinterpret_cast<const A*>(ptr[1]);
        const In* b = reinterpret_cast<const In*>(ptr[2]);
        const In* c = reinterpret_cast<const In*>(ptr[3]);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i], c[i]);
        return;
    }
    // where(mask, x, number), where(mask, number, x) and where(mask, number, number)
    if (stride[0] == so && stride[1] == sa && stride[2] == 0 && stride[3] == si) {
        Out* out = reinterpret_cast<Out*>(ptr[0]);
        const A* a = reinterpret_cast<const A*>(ptr[1]);
        const In b = load_at<In>(ptr[2]);
        const In* c = reinterpret_cast<const In*>(ptr[3]);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b, c[i]);
        return;
    }
    if (stride[0] == so && stride[1] == sa && stride[2] == si && stride[3] == 0) {
        Out* out = reinterpret_cast<Out*>(ptr[0]);
        const A* a = reinterpret_cast<const A*>(ptr[1]);
        const In* b = reinterpret_cast<const In*>(ptr[2]);
        const In c = load_at<In>(ptr[3]);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i], c);
        return;
    }
    if (stride[0] == so && stride[1] == sa && stride[2] == 0 && stride[3] == 0) {
        Out* out = reinterpret_cast<Out*>(ptr[0]);
        const A* a = reinterpret_cast<const A*>(ptr[1]);
        const In b = load_at<In>(ptr[2]), c = load_at<In>(ptr[3]);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b, c);
        return;
    }
    for (int64_t i = 0; i < n; ++i) {
        A x = load_at<A>(ptr[1] + i * stride[1]);
        In y = load_at<In>(ptr[2] + i * stride[2]), z = load_at<In>(ptr[3] + i * stride[3]);
        store_at<Out>(ptr[0] + i * stride[0], f(x, y, z));
    }
}

// --- padded loops ----------------------------------------------------------------------------------------------------
template <class T> constexpr int64_t kLanes = 64 / sizeof(T);  // one vector of the widest set; other sets take several

// The body of a padded loop: contiguous operands, n a multiple of kLanes.
using Core = void (*)(char* const* ptr, int64_t n, const double* param);

constexpr int64_t kChunk = 256;

template <class T> CHAINRULE_INLINE void gather(T* to, const char* from, int64_t stride, int64_t n) {
    if (stride == static_cast<int64_t>(sizeof(T))) __builtin_memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
    else
        for (int64_t i = 0; i < n; ++i) to[i] = load_at<T>(from + i * stride);
}

// One chunk of any strides through buffers; the padding repeats the last element.
template <class T, int kIn>
[[gnu::noinline]] void run_chunk(Core core, char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    alignas(64) T buffer[kIn + 1][kChunk];
    const int64_t padded = (n + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
    char* p[kIn + 1];
    p[0] = reinterpret_cast<char*>(buffer[0]);
    for (int k = 1; k <= kIn; ++k) {
        gather(buffer[k], ptr[k], stride[k], n);
        for (int64_t i = n; i < padded; ++i) buffer[k][i] = buffer[k][n - 1];
        p[k] = reinterpret_cast<char*>(buffer[k]);
    }
    core(p, padded, param);
    for (int64_t i = 0; i < n; ++i) store_at<T>(ptr[0] + i * stride[0], buffer[0][i]);
}

// One element, broadcast over a vector: what a 0-d tensor needs.
template <class T, int kIn> CHAINRULE_INLINE void run_single(Core core, char* const* ptr, const double* param) {
    alignas(64) T buffer[kIn + 1][kLanes<T>];
    char* p[kIn + 1];
    p[0] = reinterpret_cast<char*>(buffer[0]);
#pragma GCC unroll 2
    for (int k = 1; k <= kIn; ++k) {
        const T x = load_at<T>(ptr[k]);
#pragma omp simd
        for (int64_t i = 0; i < kLanes<T>; ++i) buffer[k][i] = x;
        p[k] = reinterpret_cast<char*>(buffer[k]);
    }
    core(p, kLanes<T>, param);
    store_at<T>(ptr[0], buffer[0][0]);
}

template <class T, int kIn>
[[gnu::noinline, gnu::noclone]] void run_padded(Core core, char* const* ptr, const int64_t* stride, int64_t n,
                                                const double* param) {
    if (n == 1) return run_single<T, kIn>(core, ptr, param);
    bool contiguous = true;
    for (int k = 0; k <= kIn; ++k) contiguous &= stride[k] == static_cast<int64_t>(sizeof(T));
    int64_t done = contiguous ? n / kLanes<T> * kLanes<T> : 0;
    if (done > 0) core(ptr, done, param);
    while (done < n) {
        const int64_t m = n - done < kChunk ? n - done : kChunk;
        char* p[kIn + 1];
        for (int k = 0; k <= kIn; ++k) p[k] = ptr[k] + done * stride[k];
        run_chunk<T, kIn>(core, p, stride, m, param);
        done += m;
    }
}

template <class T, class F> CHAINRULE_INLINE void core1(char* const* ptr, int64_t n, F f) {
    T* out = reinterpret_cast<T*>(ptr[0]);
    const T* a = reinterpret_cast<const T*>(ptr[1]);
    n &= -kLanes<T>;  // tells the compiler that there is no tail
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
}
template <class T, class F> CHAINRULE_INLINE void core2(char* const* ptr, int64_t n, F f) {
    T* out = reinterpret_cast<T*>(ptr[0]);
    const T* a = reinterpret_cast<const T*>(ptr[1]);
    const T* b = reinterpret_cast<const T*>(ptr[2]);
    n &= -kLanes<T>;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
