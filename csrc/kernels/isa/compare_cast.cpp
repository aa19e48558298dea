// Comparisons, predicates, selection by a mask, conversion between element types
#ifdef __F16C__
#include <immintrin.h>
#endif

#include "core/narrow_bits.h"
#include "kernels/isa/entries.h"
#include "kernels/isa/libm.h"
#include "kernels/isa/loops.h"
#include "kernels/move.h"

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

template <Compare op, class T> CHAINRULE_INLINE uint8_t apply(T a, T b) {
    using enum Compare;
    if constexpr (op == Eq) return a == b;
    else if constexpr (op == Ne) return a != b;
    else if constexpr (op == Lt) return a < b;
    else if constexpr (op == Le) return a <= b;
    else if constexpr (op == LogicalAnd) return (a != T(0)) & (b != T(0));
    else if constexpr (op == LogicalOr) return (a != T(0)) | (b != T(0));
    else return (a != T(0)) ^ (b != T(0));  // LogicalXor
}

template <Predicate op, class T> CHAINRULE_INLINE uint8_t apply(T x) {
    using enum Predicate;
    if constexpr (op == LogicalNot) return x == T(0);
    else if constexpr (!kIsFloat<T>) return op == IsFinite || (op == Signbit && x < T(0));
    else if constexpr (op == IsNan) return x != x;
    else if constexpr (op == IsInf) return abs_(x) == Fp<T>::kInf;
    else if constexpr (op == IsFinite) return abs_(x) < Fp<T>::kInf;
    else return bits_of(x) >> (8 * sizeof(T) - 1);  // Signbit
}

// Branch-free form of saturate (libm.h) for loops: bounds first, so that the conversion itself is always defined.
template <class To, class From> CHAINRULE_INLINE To to_integer(From x) {
    constexpr int bits = 8 * sizeof(To) - 1;  // signed only
    constexpr From limit = static_cast<From>(uint64_t{1} << bits);
    const bool high = x >= limit, low = x < -limit, inside = !high & !low & (x == x);
    const To y = static_cast<To>(inside ? x : From(0));
    constexpr To max = static_cast<To>((uint64_t{1} << bits) - 1), min = static_cast<To>(-max - 1);
    return high ? max : (low ? min : y);
}

template <class From, class To> CHAINRULE_INLINE Memory<To> convert(Memory<From> x) {
    if constexpr (kIsBool<To>) return x != Memory<From>(0);
    else if constexpr (kIsBool<From>) return static_cast<To>(x != 0);
    else if constexpr (!kIsFloat<From> || kIsFloat<To>) return static_cast<To>(x);
    else if constexpr (sizeof(To) == 1) return static_cast<To>(to_integer<int64_t>(x));  // wraps, as PyTorch does
    else return to_integer<To>(x);
}

}  // namespace

template <Compare op, class T>
[[gnu::noinline]] void compare(char* const* ptr, const int64_t* stride, int64_t n, const double* param) {
    using enum Compare;
    if constexpr (op == Gt || op == Ge) {  // a > b is b < a
        char* const turned[3] = {ptr[0], ptr[2], ptr[1]};
        const int64_t distance[3] = {stride[0], stride[2], stride[1]};
        compare<op == Gt ? Lt : Le, T>(turned, distance, n, param);
    } else {
        map2<uint8_t, T>(ptr, stride, n, [](T a, T b) { return apply<op, T>(a, b); });
    }
}

template <Predicate op, class T> void predicate(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    map1<uint8_t, T>(ptr, stride, n, [](T x) { return apply<op, T>(x); });
}

template <class T> void where(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    map3<T, uint8_t, T>(ptr, stride, n, [](uint8_t mask, T a, T b) { return mask != 0 ? a : b; });
}

template <class T> void masked_mul(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    const int64_t three[4] = {stride[0], stride[1], stride[2], stride[2]};
    char* const p[4] = {ptr[0], ptr[1], ptr[2], ptr[2]};
    map3<T, uint8_t, T>(p, three, n, [](uint8_t mask, T a, T) { return mask != 0 ? a : T(0); });
}

template <class From, class To> void cast(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    using In = Memory<From>;
    using Out = Memory<To>;
    // Rows that are only moved: beyond the caches the library's way, which need not read what it overwrites.
    if constexpr (is_same<From, To> && !kIsBool<To>) {
        if (stride[0] == sizeof(To) && stride[1] == sizeof(To)) {
            move_bytes(ptr[0], ptr[1], static_cast<size_t>(n) * sizeof(To));
            return;
        }
    }
    map1<Out, In>(ptr, stride, n, [](In x) { return convert<From, To>(x); });
}

#ifdef __F16C__
namespace {
// The processor's own conversion of float16 gives the same bits.
#ifdef __AVX512F__
constexpr int64_t kHalves = 16;
CHAINRULE_INLINE void widen_halves(const uint16_t* in, float* out) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
    _mm512_storeu_ps(out, _mm512_maskz_cvtph_ps(0xffff, x));
}
CHAINRULE_INLINE void narrow_halves(const float* in, uint16_t* out) {
    const __m256i x = _mm512_maskz_cvtps_ph(0xffff, _mm512_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), x);
}
#else
constexpr int64_t kHalves = 8;
CHAINRULE_INLINE void widen_halves(const uint16_t* in, float* out) {
    _mm256_storeu_ps(out, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))));
}
CHAINRULE_INLINE void narrow_halves(const float* in, uint16_t* out) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_cvtps_ph(_mm256_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT));
}
#endif
// How many elements it took.
template <class Out, class In, class F>
int64_t convert_halves(char* const* ptr, const int64_t* stride, int64_t n, const F& convert) {
    if (stride[0] != sizeof(Out) || stride[1] != sizeof(In)) return 0;
    int64_t i = 0;
    for (; i + kHalves <= n; i += kHalves)
        convert(reinterpret_cast<const In*>(ptr[1]) + i, reinterpret_cast<Out*>(ptr[0]) + i);
    return i;
}
}  // namespace

template <> void widen<DType::Float16>(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    const int64_t done =
        convert_halves<float, uint16_t>(ptr, stride, n, [](const uint16_t* in, float* out) { widen_halves(in, out); });
    char* const rest[2] = {ptr[0] + done * stride[0], ptr[1] + done * stride[1]};
    map1<float, uint16_t>(rest, stride, n - done, NarrowBits<DType::Float16>::widen);
}
template <> void narrow<DType::Float16>(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    const int64_t done =
        convert_halves<uint16_t, float>(ptr, stride, n, [](const float* in, uint16_t* out) { narrow_halves(in, out); });
    char* const rest[2] = {ptr[0] + done * stride[0], ptr[1] + done * stride[1]};
    map1<uint16_t, float>(rest, stride, n - done, NarrowBits<DType::Float16>::narrow);
}
#endif

template <DType t> void widen(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    using Of = NarrowBits<t>;
    map1<typename Of::Wide, typename Of::Bits>(ptr, stride, n, [](typename Of::Bits x) { return Of::widen(x); });
}

template <DType t> void narrow(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    using Of = NarrowBits<t>;
    map1<typename Of::Bits, typename Of::Wide>(ptr, stride, n, [](typename Of::Wide x) { return Of::narrow(x); });
}

namespace {
struct Kept {
    Keep<Loop, static_cast<int>(Compare::Count)> compare;
    Keep<Loop, static_cast<int>(Predicate::Count)> predicate;
    Loop where[kNumDTypes]{}, masked_mul[kNumDTypes]{}, cast[kNumDTypes][kNumDTypes]{};
    Loop widen[kNarrowDTypes]{}, narrow[kNarrowDTypes]{};
};
constexpr Kept make() {
    Kept keep;
    fill_all<CompareEntry, Compare>(keep.compare.at);
    fill_all<PredicateEntry, Predicate>(keep.predicate.at);
    fill_selection(keep);
    return keep;
}
[[gnu::used]] constexpr Kept kKeep = make();
}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
