// Element types: their order is the order of promotion within a category (bool < integers < floats).
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule {

enum class DType : uint8_t { Bool, UInt8, Int32, Int64, Float32, Float64 };
inline constexpr int kNumDTypes = 6;

constexpr size_t item_size(DType t) {
    constexpr size_t sizes[kNumDTypes] = {1, 1, 4, 8, 4, 8};
    return sizes[static_cast<int>(t)];
}

constexpr const char* dtype_name(DType t) {
    constexpr const char* names[kNumDTypes] = {"bool", "uint8", "int32", "int64", "float32", "float64"};
    return names[static_cast<int>(t)];
}

constexpr bool is_floating(DType t) { return t >= DType::Float32; }

constexpr bool is_integral(DType t) { return t < DType::Float32; }

// 0 bool, 1 integer, 2 floating: what a Python number or a 0-d tensor may lift a tensor to.
constexpr int category(DType t) { return t == DType::Bool ? 0 : is_floating(t) ? 2 : 1; }

// The smallest type that holds both (PyTorch's table restricted to our types: uint8 with int32 gives int32).
constexpr DType promote(DType a, DType b) { return a > b ? a : b; }

template <class T> struct DTypeOf;
template <> struct DTypeOf<bool> {
    static constexpr DType value = DType::Bool;
};
template <> struct DTypeOf<uint8_t> {
    static constexpr DType value = DType::UInt8;
};
template <> struct DTypeOf<int32_t> {
    static constexpr DType value = DType::Int32;
};
template <> struct DTypeOf<int64_t> {
    static constexpr DType value = DType::Int64;
};
template <> struct DTypeOf<float> {
    static constexpr DType value = DType::Float32;
};
template <> struct DTypeOf<double> {
    static constexpr DType value = DType::Float64;
};

}  // namespace chainrule
