// Inner loops of the random stream. No include guard and no #include: random.cpp includes this file once for each
// instruction set, each time inside another namespace. Nothing but plain loops and compiler builtins may stand here (an
// inline function of the standard library would be compiled for AVX-512 and then shared with the whole program).
//
// Every product that is added to something is an explicit fma, so the numbers are the same for every instruction set
// and for every -ffp-contract setting.

constexpr int kWords = 624;  // words of Mersenne Twister state
constexpr int kShift = 397;  // distance of the recurrence

inline uint32_t twist(uint32_t word, uint32_t next, uint32_t far) {
    const uint32_t mixed = (word & 0x80000000u) | (next & 0x7fffffffu);
    return far ^ (mixed >> 1) ^ ((0u - (next & 1u)) & 0x9908b0dfu);
}

// The next 624 words, in place. Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998, section 2.
inline void next_words(uint32_t* state) {
#pragma GCC ivdep
    for (int i = 0; i < kWords - kShift; ++i) state[i] = twist(state[i], state[i + 1], state[i + kShift]);
    // Reads what was written 227 words earlier, so any vector of up to 227 words is safe.
#pragma GCC ivdep
    for (int i = kWords - kShift; i < kWords - 1; ++i) {
        state[i] = twist(state[i], state[i + 1], state[i + kShift - kWords]);
    }
    state[kWords - 1] = twist(state[kWords - 1], state[0], state[kShift - 1]);
}

inline void temper(const uint32_t* __restrict state, uint32_t* __restrict out, int n) {
    for (int i = 0; i < n; ++i) {
        uint32_t y = state[i];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        out[i] = y ^ (y >> 18);
    }
}

// Low 24 bits of a word times 2^-24, mapped to [from, to). Rounding may reach `to`: that becomes `from`.
inline void uniform_float(const uint32_t* __restrict words, float* __restrict out, int n, float from, float to) {
    const float width = to - from;
    for (int i = 0; i < n; ++i) {
        const float unit = static_cast<float>(static_cast<int32_t>(words[i] & 0xffffffu)) * 0x1p-24f;
        const float value = __builtin_fmaf(unit, width, from);
        out[i] = value == to ? from : value;
    }
}

// The 53-bit integer of two words, the first is the high one.
inline int64_t bits53(uint32_t high, uint32_t low) {
    return static_cast<int64_t>(((static_cast<uint64_t>(high) << 32) | low) & ((uint64_t{1} << 53) - 1));
}

inline void uniform_double(const uint32_t* __restrict words, double* __restrict out, int n, double from, double to) {
    const double width = to - from;
    for (int i = 0; i < n; ++i) {
        const double unit = static_cast<double>(bits53(words[2 * i], words[2 * i + 1])) * 0x1p-53;
        const double value = __builtin_fma(unit, width, from);
        out[i] = value == to ? from : value;
    }
}

// out[i] = 1 where the 53-bit integer lies below the threshold.
inline void below53(const uint32_t* __restrict words, uint8_t* __restrict out, int n, int64_t threshold) {
    for (int i = 0; i < n; ++i) out[i] = bits53(words[2 * i], words[2 * i + 1]) < threshold;
}

inline float bits_to_float(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint32_t float_to_bits(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}

// Natural logarithm for 0 < x, x normal. Method and coefficients: logf of the Cephes library (S. L. Moshier,
// www.netlib.org/cephes), evaluated with fused multiply-adds.
inline float log_positive(float x) {
    const uint32_t bits = float_to_bits(x);
    float e = static_cast<float>(static_cast<int32_t>(bits >> 23) - 126);
    const float m = bits_to_float((bits & 0x007fffffu) | 0x3f000000u);  // x = m 2^e, 0.5 <= m < 1
    const bool small = m < 0.707106781186547524f;
    const float f = small ? (m - 1.0f) + m : m - 1.0f;
    e = small ? e - 1.0f : e;
    const float z = f * f;
    float p = 7.0376836292e-2f;
    p = __builtin_fmaf(p, f, -1.1514610310e-1f);
    p = __builtin_fmaf(p, f, 1.1676998740e-1f);
    p = __builtin_fmaf(p, f, -1.2420140846e-1f);
    p = __builtin_fmaf(p, f, 1.4249322787e-1f);
    p = __builtin_fmaf(p, f, -1.6668057665e-1f);
    p = __builtin_fmaf(p, f, 2.0000714765e-1f);
    p = __builtin_fmaf(p, f, -2.4999993993e-1f);
    p = __builtin_fmaf(p, f, 3.3333331174e-1f);
    p = p * f;
    p = __builtin_fmaf(p, z, e * -2.12194440e-4f);
    p = __builtin_fmaf(z, -0.5f, p);
    return __builtin_fmaf(e, 0.693359375f, f + p);
}

// One pair of normal values from two uniform ones. Box-Muller (G. E. P. Box, M. E. Muller, Ann. Math. Stat. 29, 1958);
// sine and cosine: sinf and cosf of Cephes.
inline void normal_pairs(float* __restrict first, float* __restrict second, int n, float mean, float std) {
    for (int i = 0; i < n; ++i) {
        const float radius = __builtin_sqrtf(-2.0f * log_positive(1.0f - first[i]));
        const float angle = 6.283185307179586f * second[i];  // [0, 2 pi)
        const int32_t octant = (static_cast<int32_t>(angle * 1.27323954473516f) + 1) & ~1;
        const float j = static_cast<float>(octant);
        float x = __builtin_fmaf(j, -0.78515625f, angle);  // angle - j pi / 4, pi / 4 in three parts
        x = __builtin_fmaf(j, -2.4187564849853515625e-4f, x);
        x = __builtin_fmaf(j, -3.77489497744594108e-8f, x);
        const float z = x * x;
        float c = __builtin_fmaf(2.443315711809948e-5f, z, -1.388731625493765e-3f);
        c = __builtin_fmaf(c, z, 4.166664568298827e-2f);
        c = c * z;
        c = __builtin_fmaf(c, z, z * -0.5f) + 1.0f;
        float s = __builtin_fmaf(-1.9515295891e-4f, z, 8.3321608736e-3f);
        s = __builtin_fmaf(s, z, -1.6666654611e-1f);
        s = s * z;
        s = __builtin_fmaf(s, x, x);
        const bool swap = (octant & 2) != 0;
        const uint32_t sine_sign = (static_cast<uint32_t>(octant) & 4u) << 29;
        const uint32_t cosine_sign = (~(static_cast<uint32_t>(octant) - 2u) & 4u) << 29;
        const float sine = bits_to_float(float_to_bits(swap ? c : s) ^ sine_sign);
        const float cosine = bits_to_float(float_to_bits(swap ? s : c) ^ cosine_sign);
        first[i] = __builtin_fmaf(radius * cosine, std, mean);
        second[i] = __builtin_fmaf(radius * sine, std, mean);
    }
}

// Uniform values become normal ones, in place, in blocks of 16: of each the first 8 give the radii, the last 8 the
// angles. n is a multiple of 16. The halves are sorted apart first, so that normal_pairs has long loops.
inline void box_muller_float(float* data, int64_t n, float mean, float std) {
    constexpr int kBlocks = 32;
    constexpr int kHalf = 8;
    float first[kBlocks * kHalf], second[kBlocks * kHalf];
    for (int64_t start = 0; start < n; start += kBlocks * 2 * kHalf) {
        const int64_t rest = (n - start) / (2 * kHalf);
        const int blocks = rest < kBlocks ? static_cast<int>(rest) : kBlocks;
        for (int b = 0; b < blocks; ++b) {
            const float* block = data + start + 2 * kHalf * b;
            __builtin_memcpy(first + kHalf * b, block, kHalf * sizeof(float));
            __builtin_memcpy(second + kHalf * b, block + kHalf, kHalf * sizeof(float));
        }
        normal_pairs(first, second, blocks * kHalf, mean, std);
        for (int b = 0; b < blocks; ++b) {
            float* block = data + start + 2 * kHalf * b;
            __builtin_memcpy(block, first + kHalf * b, kHalf * sizeof(float));
            __builtin_memcpy(block + kHalf, second + kHalf * b, kHalf * sizeof(float));
        }
    }
}
