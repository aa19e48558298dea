// Element types. The first six have kernels; their order is the order of promotion within a category (bool < integers < floats).
// The narrow ones behind them are stored as they are and computed in their wide partner (autograd/narrow.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule {

enum class DType : uint8_t { Bool, UInt8, Int32, Int64, Float32, Float64, Float16, BFloat16, Int8, Int16 };
inline constexpr int kNumDTypes = 6;  // with kernels: the width of their tables
inline constexpr int kAllDTypes = 10;
inline constexpr int kNarrowDTypes = kAllDTypes - kNumDTypes;

constexpr size_t item_size(DType t) {
    constexpr uint8_t sizes[kAllDTypes] = {1, 1, 4, 8, 4, 8, 2, 2, 1, 2};
    return sizes[static_cast<int>(t)];
}

constexpr const char* dtype_name(DType t) {
    constexpr const char* names[kAllDTypes] = {"bool",    "uint8",   "int32",    "int64", "float32",
                                               "float64", "float16", "bfloat16", "int8",  "int16"};
    return names[static_cast<int>(t)];
}

constexpr bool is_floating(DType t) { return t >= DType::Float32 && t <= DType::BFloat16; }

constexpr bool is_integral(DType t) { return !is_floating(t); }

constexpr bool is_signed(DType t) { return t > DType::UInt8; }

constexpr bool is_narrow(DType t) { return t >= DType::Float16; }

constexpr int narrow_index(DType t) { return static_cast<int>(t) - kNumDTypes; }

// The dtype in which a narrow one is computed; any other is its own.
constexpr DType wide(DType t) { return !is_narrow(t) ? t : is_floating(t) ? DType::Float32 : DType::Int32; }

// 0 bool, 1 integer, 2 floating: what a Python number or a 0-d tensor may lift a tensor to.
constexpr int category(DType t) { return t == DType::Bool ? 0 : is_floating(t) ? 2 : 1; }

// The smallest type that holds both (PyTorch's table: uint8 with int8 gives int16, float16 with bfloat16 float32, integers
// with a floating type that type).
constexpr DType promote(DType a, DType b) {
    if (a == b) return a;
    if (category(a) != category(b)) return category(a) > category(b) ? a : b;
    if (!is_narrow(a) && !is_narrow(b)) return a > b ? a : b;
    if (is_narrow(a) && is_narrow(b)) return is_floating(a) ? DType::Float32 : DType::Int16;
    DType narrow = is_narrow(a) ? a : b, other = is_narrow(a) ? b : a;
    return other != DType::UInt8 ? other : narrow == DType::Int8 ? DType::Int16 : narrow;
}

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
