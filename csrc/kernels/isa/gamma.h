// log |Gamma| and its derivative, for float, computed in double: to 8 and beyond by the recurrence, there by Stirling's series,
// below 0 by reflection (Abramowitz and Stegun 6.1.15 to 6.1.17, 6.1.40 and 6.3.5 to 6.3.18).
#pragma once

#include "kernels/isa/trig.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// z, 1 - x below 0, and w = z or, below 8, z + 8. The product of z .. z + 7 goes by pairs: with t = z (z + 7) it is
// t (t + 6) (t + 10) (t + 12).
struct GammaParts {
    double z, w, t;
    bool near;  // z < 8
};
CHAINRULE_INLINE GammaParts gamma_parts(double x) {
    double z = x < 0.0 ? 1.0 - x : x;
    bool near = z < 8.0;
    return {z, near ? z + 8.0 : z, z * (z + 7.0), near};
}

CHAINRULE_INLINE float lgamma_(float x) {
    double v = x;
    auto [z, w, t, near] = gamma_parts(v);
    double r = 1.0 / w, r2 = r * r;
    double series = r * poly(r2, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188);
    double stirling = mul_add(w - 0.5, log_(w), 0.91893853320467274178 - w) + series;  // log(2 pi) / 2
    double product = near ? t * (t + 6.0) * ((t + 10.0) * (t + 12.0)) : 1.0;
    double sine = abs_(sin_pi(v - m_rint(v)));
    double rest = log_(v < 0.0 ? kPi * product / sine : product);
    float y = static_cast<float>(v < 0.0 ? rest - stirling : stirling - rest);
    y = (x == 1.0f) | (x == 2.0f) ? 0.0f : y;  // what is left of two large terms
    return abs_(x) == Fp<float>::kInf ? Fp<float>::kInf : y;
}

// At 0 the limit from the side of the sign, at negative integers NaN, as PyTorch has it.
CHAINRULE_INLINE float digamma_(float x) {
    double v = x;
    auto [z, w, t, near] = gamma_parts(v);
    double r = 1.0 / w, r2 = r * r;
    double series = r2 * poly(r2, 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760);
    double d1 = t * (t + 6.0), d2 = (t + 10.0) * (t + 12.0);
    double steps = (z + z + 7.0) * ((t + t + 6.0) * d2 + (t + t + 22.0) * d1) / (d1 * d2);
    double y = log_(w) - 0.5 * r - series - (near ? steps : 0.0);
    double d = v - m_rint(v), mirror = kPi * cos_pi(d) / sin_pi(d);
    float result = static_cast<float>(v < 0.0 ? y - mirror : y);
    result = (v < 0.0) & (d == 0.0) ? Fp<float>::kNan : result;
    result = x == Fp<float>::kInf ? x : result;
    return x == 0.0f ? copysign_(Fp<float>::kInf, -x) : result;
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
