// The logarithm of the gamma function beside Stirling's formula.
#pragma once

#include <cmath>

namespace chainrule {

// ln Gamma(a) = (a - 1/2) ln a - a + ln(2 pi) / 2 + stirling_rest(a), a > 0. From 20 on by the asymptotic series (Abramowitz and
// Stegun 6.1.41), whose next term is below the rounding there.
inline double stirling_rest(double a) {
    constexpr double kHalfLog2Pi = 0.91893853320467274178;
    if (a < 20) return std::lgamma(a) - ((a - 0.5) * std::log(a) - a + kHalfLog2Pi);
    double w = 1 / (a * a);
    return (1.0 / 12 - w * (1.0 / 360 - w * (1.0 / 1260 - w * (1.0 / 1680 - w / 1188)))) / a;
}

}  // namespace chainrule
