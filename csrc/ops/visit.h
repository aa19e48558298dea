// Calls a generic lambda with a value of the C++ type that a dtype names: visit(t, [&](auto zero) { using T = decltype(zero); ... }).
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace chainrule {

// TypeError: code made for the dtypes with kernels was reached with a narrow one.
[[noreturn]] void fail_narrow(DType t);

template <class F> decltype(auto) visit(DType t, F&& f) {
    switch (t) {
        case DType::Bool: return f(bool{});
        case DType::UInt8: return f(uint8_t{});
        case DType::Int32: return f(int32_t{});
        case DType::Int64: return f(int64_t{});
        case DType::Float32: return f(float{});
        case DType::Float64: return f(double{});
        default: fail_narrow(t);
    }
}

template <class F> decltype(auto) visit_floating(DType t, F&& f) {
    if (is_narrow(t)) fail_narrow(t);
    return t == DType::Float32 ? f(float{}) : f(double{});
}

// For code that only moves elements: an unsigned type of that many bytes.
template <class F> decltype(auto) visit_bytes(DType t, F&& f) {
    switch (item_size(t)) {
        case 1: return f(uint8_t{});
        case 2: fail_narrow(t);
        case 4: return f(uint32_t{});
        default: return f(uint64_t{});
    }
}

}  // namespace chainrule
