// Calls a generic lambda with a value of the C++ type that a dtype names: visit(t, [&](auto zero) { using T = decltype(zero); ... }).
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace chainrule {

template <class F> decltype(auto) visit(DType t, F&& f) {
    switch (t) {
        case DType::Bool: return f(bool{});
        case DType::UInt8: return f(uint8_t{});
        case DType::Int32: return f(int32_t{});
        case DType::Int64: return f(int64_t{});
        case DType::Float32: return f(float{});
        default: return f(double{});
    }
}

template <class F> decltype(auto) visit_floating(DType t, F&& f) {
    return t == DType::Float32 ? f(float{}) : f(double{});
}

// For code that only moves elements: an unsigned type of that many bytes.
template <class F> decltype(auto) visit_bytes(DType t, F&& f) {
    switch (item_size(t)) {
        case 1: return f(uint8_t{});
        case 4: return f(uint32_t{});
        default: return f(uint64_t{});
    }
}

}  // namespace chainrule
