// The error function and what is made of it: erfc, erfinv, gelu. All tails go through e^(-x^2) times a smooth factor, with
// the square in two parts, so that no digits are lost where the result is small.
#pragma once

#include "kernels/isa/libm.h"
#include "kernels/isa/math.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

// The smooth factors as s poly(t), s = 1 / (a + k), t = (a - k) s, which maps a >= 0 to [-1, 1). A small k spares the
// rounding of s, which counts k times at 0; its last digits make the first coefficient nearly exact.
template <class T> struct Tail;

template <> struct Tail<float> {
    static constexpr float kErfcK = 0x1.4d8p+0f, kErfcEnd = 10.15f;  // erfc is 0 from the end on
    static constexpr float kNormalK = 0x1.c6p+0f, kSlopeK = 4.0f, kNormalEnd = 14.5f;
    static constexpr float kRootHi = 0x1.80ead2p-1f, kRootLo = -0x1.a03fd4p-27f;  // of gelu', negated

    // e^(a^2) erfc(a), relative error 4.3e-9
    CHAINRULE_INLINE static float erfc(float t, float s) {
        return s * poly(t, 0x1.dc5f4ap-1f, -0x1.a762a0p-2f, -0x1.5f8ba0p-9f, 0x1.a46dfep-5f, 0x1.37069ep-7f,
                        -0x1.dc3bc6p-8f, -0x1.3d20dap-8f, -0x1.d48c6ap-12f, 0x1.1b9cf4p-10f, 0x1.9ec246p-11f,
                        0x1.713a0ap-14f, -0x1.c070acp-13f, -0x1.97ea22p-14f);
    }
    // e^(a^2 / 2) Phi(-a), relative error 9.6e-9
    CHAINRULE_INLINE static float normal(float t, float s) {
        return s * poly(t, 0x1.4d3978p-1f, -0x1.18c0f2p-2f, -0x1.dd4044p-7f, 0x1.1ab390p-5f, 0x1.3d8eb6p-7f,
                        -0x1.f72a74p-9f, -0x1.f0fba0p-9f, -0x1.ef2016p-11f, 0x1.2475c8p-11f, 0x1.7fe870p-11f,
                        0x1.b9ae74p-13f, -0x1.7412eap-13f, -0x1.bd0ad6p-14f);
    }
    // e^(a^2 / 2) gelu'(-a) / (root - a), relative error 1.7e-8
    CHAINRULE_INLINE static float gelu_slope(float t) {
        return poly(t, 0x1.d94de8p-2f, -0x1.a7630ap-4f, 0x1.ef4ef6p-5f, -0x1.cc1ae0p-6f, 0x1.37a220p-7f,
                    -0x1.d5adbap-10f, -0x1.724288p-13f, 0x1.827e74p-13f, 0x1.eb0eacp-17f);
    }
};

template <> struct Tail<double> {
    static constexpr double kErfcK = 0x1.d200000000000p+0, kErfcEnd = 27.35;
    static constexpr double kNormalK = 0x1.41cp+1, kSlopeK = 7.0, kNormalEnd = 38.75;
    static constexpr double kRootHi = 0x1.80ead197f00b4p-1, kRootLo = -0x1.13e74c58cada8p-56;

    // as above, relative errors 1.5e-17, 8.8e-18 and 2.9e-17
    CHAINRULE_INLINE static double erfc(double t, double s) {
        return s * poly(t, 0x1.0142d0862422fp+0, -0x1.433f8e9cd754bp-1, 0x1.aa4464588209bp-3, 0x1.99c3b5d8ef53ap-9,
                        -0x1.8adb2db7b7f5dp-6, -0x1.098146b59e61ep-12, 0x1.f80848ce3e55cp-9, 0x1.4f8bf05036a32p-11,
                        -0x1.40f37e68c1235p-11, -0x1.3ee328ca37716p-12, 0x1.3bec297ccd98bp-15, 0x1.68969335329e2p-14,
                        0x1.b8f82a723604ap-16, -0x1.5a7cdf14023a0p-17, -0x1.94fd1dcc43fd3p-17, -0x1.ca9fc615fd7a8p-19,
                        0x1.a5e48d874c873p-20, 0x1.0760575c08365p-19, 0x1.80215deb02d3fp-21, -0x1.05dabfb7f236cp-22,
                        -0x1.a6c94f135ed92p-22, -0x1.8b93c9c3ce7f5p-24, 0x1.2a921aa646fd2p-24, 0x1.d0cdf56406697p-27,
                        -0x1.3b0a45cbecf72p-27, 0x1.2a31b53ee8c90p-26, 0x1.2b6e66eebd8c0p-27, -0x1.8212e02ed4a5bp-28,
                        -0x1.945774de263aep-29);
    }
    CHAINRULE_INLINE static double normal(double t, double s) {
        return s * poly(t, 0x1.6a302bdde9facp-1, -0x1.be8b6173831f0p-2, 0x1.140e85cfb30dep-3, 0x1.05dff205c1c71p-7,
                        -0x1.0f24d97f8fcfap-6, -0x1.6532965367b80p-10, 0x1.52a21592075c8p-9, 0x1.719c948177bb5p-11,
                        -0x1.6c5967867bf09p-12, -0x1.0bc9d1ccafb6bp-12, -0x1.3ea58af76ff34p-17, 0x1.e5ed866df5327p-15,
                        0x1.cf7b0cd22b157p-16, -0x1.28b804d09ecb3p-19, -0x1.22f49a3b2efd1p-17, -0x1.0d697f278279ap-18,
                        0x1.f415336156f71p-23, 0x1.5235df46fb573p-20, 0x1.8c361355b94cap-21, 0x1.c770943009a53p-23,
                        -0x1.347506fce8915p-23, -0x1.57aad186ddf57p-22, -0x1.fbfd58a811b83p-24, 0x1.2f2c8d8842b3bp-23,
                        0x1.904335c9d445cp-24, -0x1.445a29671ce5fp-25, -0x1.0f6e32f344bdap-25, 0x1.73440a647ef84p-28,
                        0x1.4f22fc251a065p-28);
    }
    CHAINRULE_INLINE static double gelu_slope(double t) {
        return poly(t, 0x1.c082889ca7a70p-2, -0x1.1fe20c0f0c149p-4, 0x1.bf4d68489aeaap-5, -0x1.4511b7b683ca6p-5,
                    0x1.b80c5ddd4a3b9p-6, -0x1.13f687db403e2p-6, 0x1.3e9bf73fa60d7p-7, -0x1.4fb9dfbcb93bep-8,
                    0x1.3f151c9a202a1p-9, -0x1.0ccaf23b95024p-10, 0x1.8616dabbb8b0ap-12, -0x1.cdd7b452494fap-14,
                    0x1.844cf17d7c6d5p-16, -0x1.8c3a9f0bf536fp-20, -0x1.4f158f767606ep-20, 0x1.3502572de1bdcp-21,
                    -0x1.68cb1e40f24f7p-24, -0x1.dc0fe5e4e82f4p-26, 0x1.1c8dbb77c90f4p-26, -0x1.f68d327e185cfp-31,
                    -0x1.a8bd65df9dabdp-30);
    }
};

// e^(-c a^2) for c = 1 or 1/2
template <class T> CHAINRULE_INLINE ExpFactor<T> exp_minus_square(T a, T c) {
    T b = -c * a, h = a * b;
    return exp_factor(h, product_rest(a, b, h));
}

// Float: |x| < 1 by an odd polynomial, beyond by 1 - exp(polynomial for log erfc).
CHAINRULE_INLINE float erf_(float x) {
    float a = clamp_high(abs_(x), 4.0f), z = a * a;
    float small = poly(z, 0x1.06eba8p-3f, -0x1.812740p-2f, 0x1.ce2d50p-4f, -0x1.b7fe90p-6f, 0x1.542e0ep-8f,
                       -0x1.a50ae8p-11f, 0x1.4c339cp-14f);
    float log_erfc = poly(a, 0x1.763fb0p-13f, -0x1.212916p+0f, -0x1.444130p-1f, -0x1.bbaedep-4f, 0x1.9bfe0ap-6f,
                          -0x1.1204a2p-8f, 0x1.c9c27ep-12f, -0x1.64f2fep-16f);
    auto [n, r, scaled] = exp_split(log_erfc);
    float p = mul_add(r * r, Fp<float>::exp_poly(r), r) + 1.0f;
    float large = mul_add(-p, exp_scale<float>(scaled), 1.0f);
    return copysign_(a < 1.0f ? mul_add(a, small, a) : large, x);
}

// Double: the same with 7/8 as the border. erf(x) / x - 1, relative error of erf 1.1e-17, and log erfc in powers of a - 1, error
// of erf 6.7e-18.
CHAINRULE_INLINE double erf_near(double a) {
    double z = a * a;
    double p = poly(z, 0x1.06eba8214db69p-3, -0x1.812746b0379fep-2, 0x1.ce2f21a0436ddp-4, -0x1.b82ce312add3cp-6,
                    0x1.565bcd1284c30p-8, -0x1.c02db47d0d4d3p-11, 0x1.f9a32d6038e5bp-14, -0x1.f4d2233ec27ffp-17,
                    0x1.b9d86eaed42d6p-20, -0x1.5e792be9d0317p-23, 0x1.eabf0befb9af2p-27, -0x1.f02d583f2c998p-31);
    return mul_add(a, p, a);
}
CHAINRULE_INLINE double erf_(double x) {
    double a = clamp_high(abs_(x), 6.0);
    double log_erfc =
        poly(a - 1.0, -0x1.d97fbf27aa2a1p+0, -0x1.51c9b0006c23ep+1, -0x1.afabc11a28fc2p-1, -0x1.5477f09ca5b93p-5,
             0x1.48c9d40ce3f14p-7, -0x1.033f69b2fa140p-9, 0x1.f1b4bb0dc12fdp-13, 0x1.b8c043321fd8bp-16,
             -0x1.c7643c170fa0cp-16, 0x1.4195cff346f13p-17, -0x1.1091380279a4fp-19, 0x1.fa9cbb5a1a1fdp-24,
             0x1.e720127da16a4p-24, -0x1.fef4f5c7a601cp-25, 0x1.2bb2fd937815ep-26, -0x1.dd01bbf72a851p-29,
             0x1.ff3fe6e36e39ap-32, -0x1.4e690f448888dp-35, 0x1.9386276fdd75ep-40);
    auto [n, r, scaled] = exp_split(log_erfc);
    double p = mul_add(r * r, Fp<double>::exp_poly(r), r) + 1.0;
    double far = mul_add(-p, exp_scale<double>(scaled), 1.0);
    return copysign_(a < 0.875 ? erf_near(a) : far, x);
}

// e^(x^2)
template <class T> CHAINRULE_INLINE T exp_square(T x) {
    T h = x * x, y = exp_(h);
    return h < Fp<T>::kExpHigh ? mul_add(y, product_rest(x, x, h), y) : y;
}

template <class T> CHAINRULE_INLINE T erfc_(T x) {
    T a = abs_(x), s = T(1) / (a + Tail<T>::kErfcK), t = (a - Tail<T>::kErfcK) * s;
    ExpFactor<T> f = exp_minus_square(a, T(1));
    T u = Tail<T>::erfc(t, s);
    T y = a > Tail<T>::kErfcEnd ? T(0) : lifted(f, u) * kDrop<T>;
    return x < T(0) ? T(2) - y : y;
}
// g erf'(x) = g 2 / sqrt(pi) e^(-x^2)
template <class T> CHAINRULE_INLINE T erf_grad(T g, T x) {
    T y = g * lifted(exp_minus_square(x, T(1)), T(1.12837916709551257390)) * kDrop<T>;
    return abs_(x) > Tail<T>::kErfcEnd + T(0.35) ? g * T(0) : y;
}

// Float: x times a polynomial in w = -log(1 - x^2), or in sqrt(w) in the tails (M. Giles, Approximating the erfinv
// function, 2010).
CHAINRULE_INLINE float erfinv_center(float u) {
    return poly(u, 0x1.805c5ep+0f, 0x1.f91e80p-3f, -0x1.11cbf8p-8f, -0x1.485a7ap-10f, 0x1.cb0892p-13f, -0x1.53cd00p-18f,
                -0x1.f14818p-19f, 0x1.05c96ap-21f, 0x1.224eb2p-24f, -0x1.62af06p-27f, -0x1.8658dap-29f);
}
CHAINRULE_INLINE float erfinv_(float x) {
    float a = abs_(x), w = -log_((1.0f - a) * (1.0f + a)), v = __builtin_sqrtf(w) - 3.0f;
    float tail = poly(v, 0x1.6a9efcp+1f, 0x1.006dc2p+0f, 0x1.357848p-7f, -0x1.f44d98p-8f, 0x1.754642p-8f,
                      -0x1.d99a9ep-9f, 0x1.7f3e56p-10f, -0x1.ac4c12p-16f, -0x1.30d748p-12f, 0x1.894b98p-14f);
    float y = x * (w < 5.0f ? erfinv_center(w - 2.5f) : tail);
    return a == 1.0f ? copysign_(Fp<float>::kInf, x) : y;
}
// Double: so far in float, with tails that reach farther (relative error 2.4e-7), then a step of Halley's method, whose error is
// the cube, on erf, or from 0.78 on, on erfc, as 1 - |x| is exact.
CHAINRULE_INLINE double erfinv_(double x) {
    double a = abs_(x);
    float w = -log_(static_cast<float>((1.0 - a) * (1.0 + a))), v = __builtin_sqrtf(w) - 4.0f;
    float tail = poly(v, 0x1.eb7e04p+1f, 0x1.026dfep+0f, 0x1.49989cp-10f, -0x1.b7f13cp-11f, 0x1.2e9a94p-12f,
                      -0x1.9d2648p-14f, 0x1.bd7f5cp-16f, -0x1.16006fp-23f, -0x1.4adb42p-20f);
    bool center = w < 5.0f;
    float start = center ? erfinv_center(w - 2.5f) : tail;
    double y = (center ? a : 1.0) * static_cast<double>(start);
    double s = 1.0 / (y + Tail<double>::kErfcK), t = (y - Tail<double>::kErfcK) * s;
    ExpFactor<double> f = exp_minus_square(y, 1.0);
    double e = (f.q + 1.0) * exp_scale<double>(f.scaled), c = Tail<double>::erfc(t, s);
    double miss = a < 0.78 ? erf_near(y) - a : (1.0 - a) - e * c;
    y -= miss / mul_add(e, 1.12837916709551257390, y * miss);
    return copysign_(a == 1.0 ? Fp<double>::kInf : y, x);
}

// x Phi(x)
template <class T> CHAINRULE_INLINE T gelu_(T x) {
    T a = abs_(x), s = T(1) / (a + Tail<T>::kNormalK), t = (a - Tail<T>::kNormalK) * s;
    ExpFactor<T> f = exp_minus_square(a, T(0.5));
    T u = Tail<T>::normal(t, s);
    T y = a > Tail<T>::kNormalEnd ? T(0) : lifted(f, u);  // Phi(-a)
    // x (1 - y) as x / 2 + x (1 / 2 - y): the difference is exact where it matters.
    return x < T(0) ? x * y * kDrop<T> : mul_add(x, T(0.5) - y * kDrop<T>, T(0.5) * x);
}
// g (Phi(x) + x phi(x)); its root is taken out as a factor
template <class T> CHAINRULE_INLINE T gelu_grad(T g, T x) {
    T a = abs_(x), t = (a - Tail<T>::kSlopeK) / (a + Tail<T>::kSlopeK);
    ExpFactor<T> f = exp_minus_square(a, T(0.5));
    T u = ((Tail<T>::kRootHi - a) + Tail<T>::kRootLo) * Tail<T>::gelu_slope(t);
    T y = a > Tail<T>::kNormalEnd ? T(0) : lifted(f, u);  // gelu'(-a)
    return x < T(0) ? g * y * kDrop<T> : g * (T(1) - y * kDrop<T>);
}

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
