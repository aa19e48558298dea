// How a narrow element type lies in memory, and its way to its wide partner and back. The formats are IEEE 754's binary16 and
// the upper half of binary32 (bfloat16). All without branches, so that loops over them are vectorised.
#pragma once

#include <bit>
#include <cstdint>

#include "core/dtype.h"

namespace chainrule {

// The functions are inlined everywhere: this file is part of kernels that are compiled for several instruction sets.
template <DType t> struct NarrowBits;

template <> struct NarrowBits<DType::Int8> {
    using Bits = int8_t;
    using Wide = int32_t;
    [[gnu::always_inline]] static int32_t widen(int8_t x) { return x; }
    [[gnu::always_inline]] static int8_t narrow(int32_t x) { return static_cast<int8_t>(x); }
};

template <> struct NarrowBits<DType::Int16> {
    using Bits = int16_t;
    using Wide = int32_t;
    [[gnu::always_inline]] static int32_t widen(int16_t x) { return x; }
    [[gnu::always_inline]] static int16_t narrow(int32_t x) { return static_cast<int16_t>(x); }
};

template <> struct NarrowBits<DType::BFloat16> {
    using Bits = uint16_t;
    using Wide = float;
    [[gnu::always_inline]] static float widen(uint16_t x) { return __builtin_bit_cast(float, uint32_t{x} << 16); }
    [[gnu::always_inline]] static uint16_t narrow(float x) {
        const uint32_t bits = __builtin_bit_cast(uint32_t, x);
        const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        return static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40
                                                                      : rounded);  // NaN stays NaN
    }
};

template <> struct NarrowBits<DType::Float16> {
    using Bits = uint16_t;
    using Wide = float;
    // Exponents have 5 bits here and 8 there, biased by 15 and 127.
    static constexpr uint32_t kShift = 13, kBias = (127 - 15) << 23;
    [[gnu::always_inline]] static float widen(uint16_t x) {
        const uint32_t magnitude = (uint32_t{x} & 0x7fff) << kShift, sign = (uint32_t{x} & 0x8000) << 16;
        const uint32_t exponent = magnitude & 0x0f800000;
        // 0 and below the smallest normal number: one exponent too many is put on and taken off as a float, exactly.
        constexpr uint32_t one_more = kBias + (1 << 23);
        const float small = __builtin_bit_cast(float, magnitude + one_more) - __builtin_bit_cast(float, one_more);
        const uint32_t large = magnitude + kBias + (exponent == 0x0f800000 ? kBias : 0);  // infinity and NaN: all ones
        return __builtin_bit_cast(float, sign | (exponent == 0 ? __builtin_bit_cast(uint32_t, small) : large));
    }
    [[gnu::always_inline]] static uint16_t narrow(float x) {
        const uint32_t bits = __builtin_bit_cast(uint32_t, x), magnitude = bits & 0x7fffffff,
                       sign = bits >> 16 & 0x8000;
        // Below the smallest normal number: the sum with 0.5 rounds at the last place of those.
        const float sum = __builtin_bit_cast(float, magnitude) + 0.5f;
        const uint32_t small = __builtin_bit_cast(uint32_t, sum) - 0x3f000000;
        const uint32_t normal =
            (magnitude - kBias + 0xfff + (magnitude >> kShift & 1)) >> kShift;  // may round up to infinity
        const uint32_t beyond = magnitude > 0x7f800000 ? 0x7e00 | (magnitude >> kShift & 0x3ff) : 0x7c00;
        return static_cast<uint16_t>(sign | (magnitude < 0x38800000   ? small
                                             : magnitude < 0x47800000 ? normal
                                                                      : beyond));
    }
};

}  // namespace chainrule
