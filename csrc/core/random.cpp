#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>

// The inner loops, once for each instruction set. They are vectorised only with the flags that CMakeLists.txt gives
// this file: -O3 -fno-math-errno -fno-trapping-math (the numbers do not depend on them).
namespace chainrule::random_base {
namespace {
#include "core/random_kernels.h"
}
}  // namespace chainrule::random_base
#if CHAINRULE_X86_LEVELS && defined(__GNUC__) && !defined(__clang__)
#define CHAINRULE_RANDOM_LEVELS 1
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
namespace chainrule::random_v3 {
namespace {
#include "core/random_kernels.h"
}
}  // namespace chainrule::random_v3
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
namespace chainrule::random_v4 {
namespace {
#include "core/random_kernels.h"
}
}  // namespace chainrule::random_v4
#pragma GCC pop_options
#endif

namespace chainrule {
namespace {

struct Kernels {
    Isa isa;
    void (*next_words)(uint32_t*);
    void (*temper)(const uint32_t*, uint32_t*, int);
    void (*uniform_float)(const uint32_t*, float*, int, float, float);
    void (*uniform_double)(const uint32_t*, double*, int, double, double);
    void (*below53)(const uint32_t*, uint8_t*, int, int64_t);
    void (*box_muller_float)(float*, int64_t, float, float);
};

#define CHAINRULE_RANDOM_KERNELS(isa, space) \
    {isa,                                    \
     space::next_words,                      \
     space::temper,                          \
     space::uniform_float,                   \
     space::uniform_double,                  \
     space::below53,                         \
     space::box_muller_float}

const Kernels kKernels[] = {
#ifdef CHAINRULE_RANDOM_LEVELS
    CHAINRULE_RANDOM_KERNELS(Isa::V4, random_v4),
    CHAINRULE_RANDOM_KERNELS(Isa::V3, random_v3),
#endif
    CHAINRULE_RANDOM_KERNELS(Isa::Base, random_base),
};

const Kernels* kernels_for(Isa isa) {
    const Kernels* kernels = kKernels;
    while (kernels->isa > isa) ++kernels;
    return kernels;
}

const Kernels*& chosen() {
    static const Kernels* kernels = kernels_for(chosen_isa());
    return kernels;
}

constexpr int kChunk = 1024;  // values handled at a time: words and results stay in the first cache

// Calls body(offset, count) for pieces of at most kChunk values.
template <class Body> void for_chunks(int64_t n, Body body) {
    for (int64_t start = 0; start < n; start += kChunk) {
        body(start, static_cast<int>(std::min<int64_t>(kChunk, n - start)));
    }
}

// out[i] = f(u53)
template <class T, class F> void map_uniform53(Generator& gen, T* out, int64_t n, F f) {
    std::lock_guard lock(gen.mutex());
    uint32_t words[2 * kChunk];
    double unit[kChunk];
    for_chunks(n, [&](int64_t start, int count) {
        gen.words(words, 2 * count);
        chosen()->uniform_double(words, unit, count, 0.0, 1.0);
        for (int i = 0; i < count; ++i) out[start + i] = static_cast<T>(f(unit[i]));
    });
}

// out[i] = f(r32)
template <class T, class F> void map_words32(Generator& gen, T* out, int64_t n, F f) {
    std::lock_guard lock(gen.mutex());
    uint32_t words[kChunk];
    for_chunks(n, [&](int64_t start, int count) {
        gen.words(words, count);
        for (int i = 0; i < count; ++i) out[start + i] = f(words[i]);
    });
}

// out[i] = f(r64)
template <class T, class F> void map_words64(Generator& gen, T* out, int64_t n, F f) {
    std::lock_guard lock(gen.mutex());
    uint32_t words[2 * kChunk];
    for_chunks(n, [&](int64_t start, int count) {
        gen.words(words, 2 * count);
        for (int i = 0; i < count; ++i)
            out[start + i] = f(static_cast<uint64_t>(words[2 * i]) << 32 | words[2 * i + 1]);
    });
}

// low + value, wrapping as two's complement, then converted.
template <class T> T shifted(uint64_t value, int64_t low) {
    return static_cast<T>(static_cast<int64_t>(value + static_cast<uint64_t>(low)));
}

// x mod d by two multiplications. D. Lemire, O. Kaser, N. Kurz, "Faster remainder by direct computation" (2019).
struct FastModulo {
    explicit FastModulo(uint32_t divisor) : d(divisor), inverse(UINT64_MAX / divisor + 1) {}
    uint32_t operator()(uint32_t x) const {
        __extension__ using Wide = unsigned __int128;
        return static_cast<uint32_t>((static_cast<Wide>(inverse * x) * d) >> 64);
    }
    uint32_t d;
    uint64_t inverse;
};

// range 0 stands for all 2^64 values: the word itself.
template <class T> void fill_range(Generator& gen, T* out, int64_t n, int64_t low, uint64_t range) {
    if (range == 0) {
        map_words64(gen, out, n, [](uint64_t word) { return static_cast<T>(static_cast<int64_t>(word)); });
    } else if (range >= uint64_t{1} << 28) {
        map_words64(gen, out, n, [low, range](uint64_t word) { return shifted<T>(word % range, low); });
    } else if (range == 1) {
        map_words32(gen, out, n, [low](uint32_t) { return shifted<T>(0, low); });
    } else {
        const FastModulo modulo(static_cast<uint32_t>(range));
        map_words32(gen, out, n, [low, modulo](uint32_t word) { return shifted<T>(modulo(word), low); });
    }
}

}  // namespace

void set_random_isa(Isa isa) { chosen() = kernels_for(std::min(isa, detected_isa())); }

// --- Generator -------------------------------------------------------------------------------------------------------

namespace {

// PyTorch's state: the fields of its older engine, then the cached normal of its float path.
struct StateLayout {
    uint64_t seed;
    int32_t left;  // 1 + words left in the block
    int32_t seeded;
    uint64_t next;
    uint64_t words[Generator::kWords];  // 32 bits used of each
    double normal_x;
    double normal;
    double normal_rho;
    int32_t normal_valid;
    int32_t padding;
    float float_normal;
    uint8_t float_normal_valid;
    uint8_t tail[3];
};
static_assert(sizeof(StateLayout) == Generator::kStateBytes);

uint64_t system_seed() {
    std::random_device device;
    const uint64_t high = device();
    return high << 32 | device();
}

}  // namespace

void Generator::manual_seed(uint64_t seed) {
    initial_seed_ = seed;
    state_[0] = static_cast<uint32_t>(seed);
    for (uint32_t i = 1; i < kWords; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
    next_ = kWords;
    fresh_ = true;
    next_normal_.reset();
    next_float_normal_.reset();
}

uint64_t Generator::seed() {
    manual_seed(system_seed());
    return initial_seed_;
}

void Generator::refill() {
    chosen()->next_words(state_);
    next_ = 0;
    fresh_ = false;
}

void Generator::words(uint32_t* out, int64_t n) {
    while (n > 0) {
        if (next_ == kWords) refill();
        const int count = static_cast<int>(std::min<int64_t>(n, kWords - next_));
        chosen()->temper(state_ + next_, out, count);
        next_ += count;
        out += count;
        n -= count;
    }
}

uint32_t Generator::random32() {
    if (next_ == kWords) refill();
    uint32_t word;
    random_base::temper(state_ + next_++, &word, 1);
    return word;
}

uint64_t Generator::random64() {
    const uint64_t high = random32();
    return high << 32 | random32();
}

double Generator::uniform53() { return static_cast<double>(random64() & ((uint64_t{1} << 53) - 1)) * 0x1p-53; }

double Generator::normal() {
    if (next_normal_) {
        const double value = *next_normal_;
        next_normal_.reset();
        return value;
    }
    const double u1 = uniform53();
    const double u2 = uniform53();
    const double radius = std::sqrt(-2.0 * std::log1p(-u2));
    const double angle = 2.0 * 3.14159265358979323846 * u1;
    next_normal_ = radius * std::sin(angle);
    return radius * std::cos(angle);
}

std::vector<uint8_t> Generator::get_state() const {
    StateLayout layout{};
    layout.seed = initial_seed_;
    layout.left = fresh_ ? 1 : 1 + kWords - next_;
    layout.seeded = 1;
    layout.next = fresh_ ? 0 : static_cast<uint64_t>(next_);
    std::copy(state_, state_ + kWords, layout.words);
    layout.normal = next_normal_.value_or(0.0);
    layout.normal_valid = next_normal_.has_value();
    layout.float_normal = next_float_normal_.value_or(0.0f);
    layout.float_normal_valid = next_float_normal_.has_value();
    std::vector<uint8_t> bytes(kStateBytes);
    std::memcpy(bytes.data(), &layout, kStateBytes);
    return bytes;
}

const char* Generator::set_state(const uint8_t* bytes, size_t size) {
    if (size != kStateBytes) return "the state must hold 5056 bytes";
    StateLayout layout;
    std::memcpy(&layout, bytes, kStateBytes);
    const bool fresh = layout.left == 1 && layout.next == 0;
    const bool inside =
        layout.next >= 1 && layout.next <= kWords && layout.left == 1 + kWords - static_cast<int>(layout.next);
    if (!layout.seeded || !(fresh || inside)) return "the state is not one of a mt19937 generator";
    initial_seed_ = layout.seed;
    for (int i = 0; i < kWords; ++i) state_[i] = static_cast<uint32_t>(layout.words[i]);
    next_ = fresh ? kWords : static_cast<int>(layout.next);
    fresh_ = fresh;
    next_normal_ = layout.normal_valid ? std::optional(layout.normal) : std::nullopt;
    next_float_normal_ = layout.float_normal_valid ? std::optional(layout.float_normal) : std::nullopt;
    return nullptr;
}

Generator& default_generator() {
    static Generator generator(system_seed());
    return generator;
}

// --- Uniform ---------------------------------------------------------------------------------------------------------

void fill_uniform(Generator& gen, float* out, int64_t n, double from, double to) {
    std::lock_guard lock(gen.mutex());
    uint32_t words[kChunk];
    for_chunks(n, [&](int64_t start, int count) {
        gen.words(words, count);
        chosen()->uniform_float(words, out + start, count, static_cast<float>(from), static_cast<float>(to));
    });
}

void fill_uniform(Generator& gen, double* out, int64_t n, double from, double to) {
    std::lock_guard lock(gen.mutex());
    uint32_t words[2 * kChunk];
    for_chunks(n, [&](int64_t start, int count) {
        gen.words(words, 2 * count);
        chosen()->uniform_double(words, out + start, count, from, to);
    });
}

template <class T> void fill_randint(Generator& gen, T* out, int64_t n, int64_t low, int64_t high) {
    fill_range(gen, out, n, low, static_cast<uint64_t>(high) - static_cast<uint64_t>(low));
}

template <class T> void randint_bounds(int64_t& low, int64_t& high) {
    if constexpr (std::is_floating_point_v<T>) {
        // The gap between neighbours of x: 2^(exponent - digits + 1).
        const auto gap = [](int64_t x) {
            const uint64_t magnitude = x < 0 ? 0 - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
            const int exponent = magnitude == 0 ? 0 : 63 - __builtin_clzll(magnitude);
            return int64_t{1} << std::max(0, exponent - std::numeric_limits<T>::digits + 1);
        };
        const auto rounded = [](int64_t x) {  // 2^63 is the one value that does not come back
            const T value = static_cast<T>(x);
            return value >= static_cast<T>(0x1p63) ? INT64_MAX : static_cast<int64_t>(value);
        };
        const int64_t above_low = rounded(low + 1);
        if (above_low < low) low = above_low + gap(low + 1);
        const int64_t below_high = rounded(high - 1);
        if (below_high >= high) high = below_high - gap(high - 1);
    }
}

template <class T> constexpr int64_t random_limit() {
    if constexpr (std::is_floating_point_v<T>) {
        return int64_t{1} << std::numeric_limits<T>::digits;
    } else {
        return static_cast<int64_t>(std::numeric_limits<T>::max());
    }
}

template <class T> void fill_randint_from(Generator& gen, T* out, int64_t n, int64_t low) {
    const int64_t last = low == INT64_MIN ? INT64_MAX : random_limit<T>();
    fill_range(gen, out, n, low, static_cast<uint64_t>(last) - static_cast<uint64_t>(low) + 1);
}

template <class T> void fill_random(Generator& gen, T* out, int64_t n) {
    constexpr uint64_t range = static_cast<uint64_t>(random_limit<T>()) + 1;
    if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, double>) {
        map_words64(gen, out, n, [](uint64_t word) { return static_cast<T>(word % range); });
    } else {
        map_words32(gen, out, n, [](uint32_t word) { return static_cast<T>(word % range); });
    }
}

// --- Permutation -----------------------------------------------------------------------------------------------------

namespace {

// Draws are turned into positions a chunk ahead, so that the swaps find their far element in the cache.
template <class T> void shuffle(Generator& gen, T* out, int64_t n) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(i);
    uint32_t words[kChunk];
    for_chunks(n - 1, [&](int64_t start, int count) {
        gen.words(words, count);
        T* base = out + start;
        for (int i = 0; i < count; ++i) {
            words[i] = static_cast<uint32_t>(i) + words[i] % static_cast<uint32_t>(n - start - i);
            __builtin_prefetch(base + words[i], 1);
        }
        for (int i = 0; i < count; ++i) std::swap(base[i], base[words[i]]);
    });
}

}  // namespace

template <class T> void fill_randperm(Generator& gen, T* out, int64_t n) {
    constexpr int64_t kLarge = std::numeric_limits<uint32_t>::max() / 20;
    std::lock_guard lock(gen.mutex());
    if (n < kLarge) return shuffle(gen, out, n);
    for (int64_t i = 0; i < n; ++i) {  // "inside-out" Fisher-Yates
        const int64_t other = static_cast<int64_t>(gen.random64() % static_cast<uint64_t>(i + 1));
        out[i] = static_cast<T>(i);
        out[i] = out[other];
        out[other] = static_cast<T>(i);
    }
}

// --- Normal ----------------------------------------------------------------------------------------------------------

namespace {

constexpr int64_t kNormalBlock = 16;

void box_muller(float* data, int64_t n, double mean, double std) {
    const int64_t whole = n - n % kNormalBlock;
    chosen()->box_muller_float(data, whole, static_cast<float>(mean), static_cast<float>(std));
}

void box_muller(double* data, int64_t n, double mean, double std) {
    for (int64_t block = 0; block + kNormalBlock <= n; block += kNormalBlock) {
        double* first = data + block;
        double* second = first + kNormalBlock / 2;
        for (int i = 0; i < kNormalBlock / 2; ++i) {
            const double radius = std::sqrt(-2.0 * std::log(1.0 - first[i]));
            const double angle = 2.0 * 3.14159265358979323846 * second[i];
            first[i] = std::fma(radius * std::cos(angle), std, mean);
            second[i] = std::fma(radius * std::sin(angle), std, mean);
        }
    }
}

template <class T> void normal_scalar(Generator& gen, T* out, int64_t n, double mean, double std) {
    std::lock_guard lock(gen.mutex());
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(std::fma(gen.normal(), std, mean));
}

template <class T> void normal_blocks(Generator& gen, T* out, int64_t n, double mean, double std) {
    if (n < kNormalBlock) return normal_scalar(gen, out, n, mean, std);
    fill_uniform(gen, out, n);
    box_muller(out, n, mean, std);
    if (n % kNormalBlock != 0) {
        T* last = out + n - kNormalBlock;
        fill_uniform(gen, last, kNormalBlock);
        box_muller(last, kNormalBlock, mean, std);
    }
}

// Compiled for the baseline: product and sum are rounded one after the other, as in two operations.
template <class T> void scale_and_shift(T* out, int64_t n, const T* mean, const T* std) {
    for (int64_t i = 0; i < n; ++i) out[i] *= std[i];
    for (int64_t i = 0; i < n; ++i) out[i] += mean[i];
}

}  // namespace

void fill_normal(Generator& gen, float* out, int64_t n, double mean, double std) {
    normal_blocks(gen, out, n, mean, std);
}
void fill_normal(Generator& gen, double* out, int64_t n, double mean, double std) {
    normal_blocks(gen, out, n, mean, std);
}

void fill_normal_scalar(Generator& gen, float* out, int64_t n, double mean, double std) {
    normal_scalar(gen, out, n, mean, std);
}
void fill_normal_scalar(Generator& gen, double* out, int64_t n, double mean, double std) {
    normal_scalar(gen, out, n, mean, std);
}

void fill_normal_each(Generator& gen, float* out, int64_t n, const float* mean, const float* std) {
    fill_normal(gen, out, n);
    scale_and_shift(out, n, mean, std);
}
void fill_normal_each(Generator& gen, double* out, int64_t n, const double* mean, const double* std) {
    fill_normal(gen, out, n);
    scale_and_shift(out, n, mean, std);
}

// --- Bernoulli -------------------------------------------------------------------------------------------------------

template <class T> void fill_bernoulli(Generator& gen, T* out, int64_t n, double p) {
    std::lock_guard lock(gen.mutex());
    // k 2^-53 < p  <=>  k < ceil(p 2^53); both scalings are exact.
    const int64_t threshold = static_cast<int64_t>(std::ceil(p * 0x1p53));
    uint32_t words[2 * kChunk];
    uint8_t hits[kChunk];
    for_chunks(n, [&](int64_t start, int count) {
        gen.words(words, 2 * count);
        chosen()->below53(words, hits, count, threshold);
        for (int i = 0; i < count; ++i) out[start + i] = static_cast<T>(hits[i]);
    });
}

template <class T> void fill_bernoulli_each(Generator& gen, T* out, int64_t n, const float* p) {
    std::lock_guard lock(gen.mutex());
    uint32_t words[kChunk];
    float unit[kChunk];
    for_chunks(n, [&](int64_t start, int count) {
        gen.words(words, count);
        chosen()->uniform_float(words, unit, count, 0.0f, 1.0f);
        for (int i = 0; i < count; ++i) out[start + i] = static_cast<T>(unit[i] < p[start + i]);
    });
}

template <class T> void fill_bernoulli_each(Generator& gen, T* out, int64_t n, const double* p) {
    int64_t i = 0;
    map_uniform53(gen, out, n, [&](double u) { return u < p[i++]; });
}

// --- Others ----------------------------------------------------------------------------------------------------------

template <class T> void fill_exponential(Generator& gen, T* out, int64_t n, double lambda) {
    const double scale = -1.0 / lambda;
    map_uniform53(gen, out, n, [scale](double u) { return scale * std::log1p(-u); });
}

template <class T> void fill_cauchy(Generator& gen, T* out, int64_t n, double median, double sigma) {
    map_uniform53(gen, out, n,
                  [=](double u) { return std::fma(sigma, std::tan(3.14159265358979323846 * (u - 0.5)), median); });
}

template <class T> void fill_log_normal(Generator& gen, T* out, int64_t n, double mean, double std) {
    std::lock_guard lock(gen.mutex());
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(std::exp(std::fma(gen.normal(), std, mean)));
}

template <class T> void fill_geometric(Generator& gen, T* out, int64_t n, double p) {
    const double scale = std::log1p(-p);
    map_uniform53(gen, out, n, [scale](double u) { return std::ceil(std::log(u) / scale); });
}

// --- Instantiations --------------------------------------------------------------------------------------------------

#define CHAINRULE_FOR_FLOATS(T)                                            \
    template void randint_bounds<T>(int64_t&, int64_t&);                   \
    template void fill_exponential<T>(Generator&, T*, int64_t, double);    \
    template void fill_cauchy<T>(Generator&, T*, int64_t, double, double); \
    template void fill_log_normal<T>(Generator&, T*, int64_t, double, double);

#define CHAINRULE_FOR_NUMBERS(T)                             \
    template void fill_randperm<T>(Generator&, T*, int64_t); \
    template void fill_geometric<T>(Generator&, T*, int64_t, double);

#define CHAINRULE_FOR_ALL(T)                                                     \
    template void fill_randint<T>(Generator&, T*, int64_t, int64_t, int64_t);    \
    template void fill_randint_from<T>(Generator&, T*, int64_t, int64_t);        \
    template void fill_random<T>(Generator&, T*, int64_t);                       \
    template void fill_bernoulli<T>(Generator&, T*, int64_t, double);            \
    template void fill_bernoulli_each<T>(Generator&, T*, int64_t, const float*); \
    template void fill_bernoulli_each<T>(Generator&, T*, int64_t, const double*);

CHAINRULE_FOR_FLOATS(float)
CHAINRULE_FOR_FLOATS(double)
CHAINRULE_FOR_NUMBERS(uint8_t)
CHAINRULE_FOR_NUMBERS(int32_t)
CHAINRULE_FOR_NUMBERS(int64_t)
CHAINRULE_FOR_NUMBERS(float)
CHAINRULE_FOR_NUMBERS(double)
CHAINRULE_FOR_ALL(bool)
CHAINRULE_FOR_ALL(uint8_t)
CHAINRULE_FOR_ALL(int32_t)
CHAINRULE_FOR_ALL(int64_t)
CHAINRULE_FOR_ALL(float)
CHAINRULE_FOR_ALL(double)

}  // namespace chainrule
