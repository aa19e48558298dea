// PyTorch's CPU random stream: same seed, same numbers, same position afterwards (compared with PyTorch 2.13).
//
// Engine: mt19937 (Matsumoto and Nishimura, 1998). r32 is the next word, r64 takes two words, the first is the high
// one; u24 = (r32 mod 2^24) 2^-24 and u53 = (r64 mod 2^53) 2^-53 are uniform on [0, 1).
//
// Destinations are contiguous here, shapes are the caller's. What PyTorch does with other destinations (found by
// experiment):
//  - The elements are filled in the order of their addresses (outermost = largest stride), not of their indices.
//    Filling a contiguous buffer of numel() values and storing it in that order is the same. So a dense transposed
//    tensor takes the numbers as its storage lies, and rand_like or dropout of one, which keep its strides, do
//    likewise.
//  - normal_ on a destination that is not contiguous takes the scalar path whatever its size: fill_normal_scalar. So
//    randn_like of a transposed matrix has other numbers than randn of that shape.
//  - bernoulli(p) and bernoulli_(p) with a tensor p follow the address order of the output; p is read as its strides
//    say.
//  - multinomial without replacement draws in the address order of the weights, one number for each weight.
// Nothing is drawn for 0 elements.
//
// Arguments are trusted (the caller has raised before): the conditions stand at each function. Each function locks the
// generator while it draws, so that threads may share one.
//
// PyTorch has two numbers for some calls, by machine. On Intel processors a build with MKL may draw bernoulli_(p) from
// an engine of MKL (aten/src/ATen/native/cpu/DistributionKernels.cpp); here it is u53 < p, as it is on all others.
// Without AVX2 its normal_ of 16 or more floats differs in the last bits; here the numbers are those of AVX2 on every
// machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "core/cpu.h"

namespace chainrule {

class Generator {
  public:
    static constexpr uint64_t kDefaultSeed = 67280421310721;  // PyTorch's seed of a new Generator
    static constexpr int kWords = 624;
    static constexpr size_t kStateBytes = 5056;

    explicit Generator(uint64_t seed = kDefaultSeed) { manual_seed(seed); }
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    void manual_seed(uint64_t seed);  // the engine takes the low 32 bits, as in PyTorch
    uint64_t initial_seed() const { return initial_seed_; }
    uint64_t seed();  // reseeds with a number from the operating system and returns it

    // PyTorch's own layout, byte for byte: torch.get_rng_state() and this are interchangeable both ways.
    std::vector<uint8_t> get_state() const;
    // Null when the state was taken, otherwise the reason why it was not (the generator is then unchanged).
    const char* set_state(const uint8_t* bytes, size_t size);

    uint32_t random32();
    uint64_t random64();
    double uniform53();                    // u53
    double normal();                       // standard normal of the scalar path, with its cached second value
    void words(uint32_t* out, int64_t n);  // the next n words

    std::mutex& mutex() const { return mutex_; }  // the fill functions take it; hold it around direct draws

  private:
    void refill();

    uint32_t state_[kWords];
    int next_;    // words of the block already taken; kWords: the next draw needs a new block
    bool fresh_;  // seeded and nothing drawn: state_ is the seed's expansion, not a block of words
    uint64_t initial_seed_;
    std::optional<double> next_normal_;
    std::optional<float>
        next_float_normal_;  // PyTorch's CPU code never sets it; kept so that states survive a round trip
    mutable std::mutex mutex_;
};

Generator& default_generator();  // the one behind manual_seed(); until then its seed is from the operating system

// rand, uniform_: from + u (to - from), u24 for float, u53 for double. from <= to, to - from finite.
void fill_uniform(Generator& gen, float* out, int64_t n, double from = 0.0, double to = 1.0);
void fill_uniform(Generator& gen, double* out, int64_t n, double from = 0.0, double to = 1.0);

// randint, random_(low, high): low + r mod (high - low), r32 where high - low < 2^28 and r64 from there on. low < high.
// T: bool, uint8_t, int32_t, int64_t, float, double. For float and double call randint_bounds first.
template <class T> void fill_randint(Generator& gen, T* out, int64_t n, int64_t low, int64_t high);
// Moves bounds that a floating type cannot hold inwards, as PyTorch does, so that no value rounds up to `high`.
template <class T> void randint_bounds(int64_t& low, int64_t& high);
// random_(low, None): [low, the largest value of T]; [low, 2^24] for float, [low, 2^53] for double. For low = INT64_MIN
// all 64 bits are used (T: int64_t, float, double).
template <class T> void fill_randint_from(Generator& gen, T* out, int64_t n, int64_t low);
// random_(): [0, max] for integers (r64 for int64_t, else r32), [0, 2^24] for float (r32), [0, 2^53] for double (r64).
template <class T> void fill_random(Generator& gen, T* out, int64_t n);

// randperm: for i < n - 1, swap element i with element i + r32 mod (n - i). From n = 214748364 on another algorithm
// with r64. T: uint8_t, int32_t, int64_t, float, double (the caller sees that n fits).
template <class T> void fill_randperm(Generator& gen, T* out, int64_t n);

// randn, normal_: n >= 16 fills with u24 (double: u53), then Box-Muller on blocks of 16; a remainder redraws the last
// 16. n < 16 takes the scalar path: Box-Muller in double, whose second value waits in the generator. std >= 0.
void fill_normal(Generator& gen, float* out, int64_t n, double mean = 0.0, double std = 1.0);
void fill_normal(Generator& gen, double* out, int64_t n, double mean = 0.0, double std = 1.0);
// The scalar path for any n: what normal_ does on a destination that is not contiguous.
void fill_normal_scalar(Generator& gen, float* out, int64_t n, double mean = 0.0, double std = 1.0);
void fill_normal_scalar(Generator& gen, double* out, int64_t n, double mean = 0.0, double std = 1.0);
// normal(mean, std) with tensors: fill_normal(0, 1), then times std, then plus mean, each rounded. A number instead of
// the mean: a filled array gives the same. A number instead of std is different: fill_normal(0, std), then plus mean.
void fill_normal_each(Generator& gen, float* out, int64_t n, const float* mean, const float* std);
void fill_normal_each(Generator& gen, double* out, int64_t n, const double* mean, const double* std);

// bernoulli_(p), and the mask of dropout (with p = 1 - rate): u53 < p. 0 <= p <= 1. T: any of the six element types.
template <class T> void fill_bernoulli(Generator& gen, T* out, int64_t n, double p);
// bernoulli(probabilities): u24 < p[i] where p is float (one word each), u53 < p[i] where p is double.
template <class T> void fill_bernoulli_each(Generator& gen, T* out, int64_t n, const float* p);
template <class T> void fill_bernoulli_each(Generator& gen, T* out, int64_t n, const double* p);

// T: float, double. Computed in double from u53, then rounded.
template <class T>
void fill_exponential(Generator& gen, T* out, int64_t n, double lambda = 1.0);  // -log1p(-u) / lambda
template <class T> void fill_cauchy(Generator& gen, T* out, int64_t n, double median = 0.0, double sigma = 1.0);
template <class T> void fill_log_normal(Generator& gen, T* out, int64_t n, double mean = 1.0, double std = 2.0);
// ceil(log(u) / log1p(-p)), 0 < p < 1. T: uint8_t, int32_t, int64_t, float, double.
template <class T> void fill_geometric(Generator& gen, T* out, int64_t n, double p);

// poisson: out[i] ~ Poisson(rate[i]), rate >= 0. Hoermann, "The transformed rejection method" (1993), from rate 10 on,
// multiplication of uniforms below. T: float, double.
template <class T> void fill_poisson(Generator& gen, T* out, int64_t n, const T* rate);
// binomial: out[i] successes in count[i] trials of the given probability. Hoermann (1993), doi:10.1080/00949659308811496,
// where the mean is 10 or more, otherwise by waiting times. T: float, double.
template <class T> void fill_binomial(Generator& gen, T* out, int64_t n, const T* count, const T* probability);

// _standard_gamma: out[i] ~ Gamma(alpha[i], 1). Marsaglia and Tsang (2000), doi:10.1145/358407.358414. T: float,
// double.
template <class T> void fill_standard_gamma(Generator& gen, T* out, int64_t n, const T* alpha);

// multinomial: `samples` categories for each row of a contiguous (rows, categories) matrix of weights, out is (rows,
// samples). Null when done, otherwise what is wrong with the weights (nothing was drawn). samples >= 1; without
// replacement samples <= categories. With replacement, and more than one sample: the first category whose cumulated weight (in T, normalised) is
// at least u53. Without: the `samples` largest of weight / exponential_(1), largest first. T: float, double.
template <class T>
const char* fill_multinomial(Generator& gen, int64_t* out, const T* weights, int64_t rows, int64_t categories,
                             int64_t samples, bool replacement);

// For tests: the inner loops of another instruction set, where the processor has it. The numbers do not depend on it.
void set_random_isa(Isa isa);

}  // namespace chainrule
