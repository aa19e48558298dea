// Special functions of numbers: Bessel functions of an imaginary argument, the normal distribution's integrals, incomplete gamma
// functions, Hurwitz's zeta and polygamma functions. In double; for what lies outside of a function's domain NaN.
#pragma once

#include <cstdint>

namespace chainrule::special_math {

// I_n and e^-|x| I_n(x), up to this relative error beside that of rounding.
double bessel(int64_t n, double x, double precision);
double scaled_bessel(int64_t n, double x, double precision);
double erfcx(double x);  // e^(x^2) erfc(x)
double log_ndtr(double x);
double ndtri(double p);
double gammainc(double a, double x);   // P(a, x)
double gammaincc(double a, double x);  // 1 - P(a, x)
double gamma_density(double a, double x);
double zeta(double s, double q);
double polygamma(int64_t n, double x);

}  // namespace chainrule::special_math
