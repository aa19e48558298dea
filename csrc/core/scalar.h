// A Python number: bool, int or float, weak in promotion.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace chainrule {

struct Scalar {
    enum Kind : uint8_t { Bool, Int, Float } kind;
    union {
        int64_t i;
        double d;
    };

    Scalar() : kind(Int), i(0) {}
    Scalar(bool b) : kind(Bool), i(b) {}
    Scalar(int x) : kind(Int), i(x) {}
    Scalar(int64_t x) : kind(Int), i(x) {}
    Scalar(double x) : kind(Float), d(x) {}

    bool is_float() const { return kind == Float; }
    double to_double() const { return kind == Float ? d : static_cast<double>(i); }
    int64_t to_int() const { return kind == Float ? static_cast<int64_t>(d) : i; }
    int category() const { return kind; }
};

}  // namespace chainrule
