// Every entry of every table of kernels that this processor can run, against the naive ones of kernels/reference.h: at
// lengths 0 to 67, unaligned, strided, backwards, broadcast, in place. Values include NaN, inf, zeros and subnormals in every
// lane. An element's result must have the same bits wherever it lies.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/reference.h"
#include "kernels_check.h"

using namespace chainrule;
using namespace chainrule::kernels;
using namespace chainrule::kernels::test;
namespace ref = chainrule::kernels::reference;

namespace {

template <class T> bool same(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
        if (std::isnan(a) && std::isnan(b)) return true;
    return std::memcmp(&a, &b, sizeof(T)) == 0;
}

// Within `ulp` units in the last place of the wanted value, or within `slack` times T's precision.
template <class T> bool near(T got, double want, double ulp, double slack) {
    const T rounded = static_cast<T>(want);
    if (std::isnan(got) || std::isnan(rounded)) return std::isnan(got) && std::isnan(rounded);
    if (std::isinf(got) || std::isinf(rounded)) return got == rounded;
    int e;
    std::frexp(rounded, &e);
    const double unit =
        std::ldexp(1.0, std::max(e, std::numeric_limits<T>::min_exponent) - std::numeric_limits<T>::digits);
    return std::fabs(static_cast<double>(got) - want) <= ulp * unit + slack * std::numeric_limits<T>::epsilon();
}

template <class T> std::string show(T x) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", static_cast<double>(x));
    return text;
}

// --- values ----------------------------------------------------------------------------------------------------------
template <class T> std::vector<T> make_values(size_t n, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<T> v;
    if constexpr (std::is_floating_point_v<T>) {
        using L = std::numeric_limits<T>;
        v = {L::quiet_NaN(), L::infinity(), -L::infinity(), T(0),     T(-0.0), L::denorm_min(), -L::denorm_min(),
             L::min(),       L::max(),      -L::max(),      T(1),     T(-1),   T(0.5),          T(-0.5),
             T(2),           T(-2),         T(3),           T(-3),    T(6),    T(20.5),         T(88.8),
             T(-88),         T(-104.5),     T(1e-5),        T(-1e-5), T(1e6),  T(-3e7),         T(-1.5),
             T(7.25),        T(-1e-30)};
        std::uniform_real_distribution<double> uniform(-6, 6);
        while (v.size() < n) v.push_back(static_cast<T>(uniform(random)));
    } else if constexpr (std::is_same_v<T, bool>) {
        while (v.size() < n) v.push_back(random() % 2 == 0);
    } else {
        using L = std::numeric_limits<T>;
        v = {L::min(),           L::max(), T(0),  T(1), static_cast<T>(-1),          T(2),
             static_cast<T>(-2), T(63),    T(64), T(7), static_cast<T>(L::min() + 1)};
        while (v.size() < n) v.push_back(static_cast<T>(static_cast<int>(random() % 41) - 20));
    }
    v.resize(n);
    std::shuffle(v.begin(), v.end(), random);
    return v;
}

// --- loops -----------------------------------------------------------------------------------------------------------
// An operand laid out in memory of its own: `step` elements apart (may be negative or 0), `shift` elements off alignment.
struct Operand {
    std::vector<char> bytes;
    int64_t item, step, offset;
    char* base() { return bytes.data() + offset; }
    int64_t stride() const { return step * item; }
};
Operand lay_out(const void* values, int64_t item, int64_t n, int64_t step, int64_t shift) {
    Operand o{
        std::vector<char>(static_cast<size_t>(item * (72 * std::max<int64_t>(std::abs(step), 1) + 80) + 256), 0x5a),
        item, step, 0};
    o.offset = (64 - static_cast<int64_t>(reinterpret_cast<uintptr_t>(o.bytes.data()) % 64)) % 64;
    o.offset += (shift + (step < 0 ? 70 * -step : 0)) * item;
    for (int64_t i = 0; i < (step == 0 ? std::min<int64_t>(n, 1) : n); ++i)
        std::memcpy(o.base() + i * o.stride(), static_cast<const char*>(values) + i * item, static_cast<size_t>(item));
    return o;
}

struct Layout {
    int64_t out_step, out_shift, in_step[3], in_shift;
    bool in_place;
};
const Layout kLayouts[] = {{1, 0, {1, 1, 1}, 0, false},  {1, 1, {1, 1, 1}, 3, false},     {1, 0, {1, 1, 1}, 0, true},
                           {1, 0, {1, 0, 1}, 0, false},  {1, 0, {0, 1, 1}, 1, false},     {2, 0, {1, 1, 3}, 0, false},
                           {1, 0, {3, -1, 2}, 0, false}, {-1, 0, {-1, -1, -1}, 0, false}, {1, 0, {0, 0, 0}, 0, false},
                           {1, 1, {1, -2, 0}, 1, false}, {-2, 0, {-2, 1, 1}, 0, true}};

// Runs `loop` on the first n values in a layout and compares each element with single[k], the result of that element alone
// (found by `at`, as broadcasting changes which inputs meet).
template <class Out, class Run1>
void check_layout(const std::string& what, Loop loop, const double* param,
                  std::vector<std::pair<const void*, int64_t>> inputs, int64_t n, const Layout& l, Run1 alone) {
    std::vector<Operand> in;
    for (size_t k = 0; k < inputs.size(); ++k)
        in.push_back(lay_out(inputs[k].first, inputs[k].second, n, l.in_step[k], l.in_shift));
    const bool in_place = l.in_place && in[0].item == sizeof(Out) && l.in_step[0] == l.out_step;
    Operand out = in_place ? std::move(in[0]) : lay_out(nullptr, sizeof(Out), 0, l.out_step, l.out_shift);
    Operand before = out;
    char* ptr[4] = {out.base(), nullptr, nullptr, nullptr};
    int64_t stride[4] = {out.stride(), 0, 0, 0};
    for (size_t k = 0; k < in.size(); ++k) {
        const bool reuse = k == 0 && in_place;
        ptr[k + 1] = reuse ? out.base() : in[k].base();
        stride[k + 1] = reuse ? out.stride() : in[k].stride();
    }
    loop(ptr, stride, n, param);
    bool ok = true;
    int64_t bad = 0;
    for (int64_t i = 0; i < n; ++i) {
        Out got;
        std::memcpy(&got, out.base() + i * out.stride(), sizeof got);
        size_t at[3];
        for (size_t k = 0; k < 3; ++k) at[k] = l.in_step[k] == 0 ? 0 : static_cast<size_t>(i);
        if (!same<Out>(got, alone(at)) && ok) ok = false, bad = i;
        std::memcpy(out.base() + i * out.stride(), before.base() + i * before.stride(), sizeof got);
    }
    expect(ok, what + " n=" + std::to_string(n) + " element " + std::to_string(bad) + " layout " +
                   std::to_string(&l - kLayouts));
    expect(out.bytes == before.bytes,
           what + " n=" + std::to_string(n) + " writes outside, layout " + std::to_string(&l - kLayouts));
}

template <class Out> Out run_one(Loop loop, const double* param, std::vector<const void*> in) {
    Out out{};
    char* ptr[4] = {reinterpret_cast<char*>(&out), nullptr, nullptr, nullptr};
    const int64_t stride[4] = {0, 0, 0, 0};
    for (size_t k = 0; k < in.size(); ++k) ptr[k + 1] = static_cast<char*>(const_cast<void*>(in[k]));
    loop(ptr, stride, 1, param);
    return out;
}

const int64_t kLengths[] = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 67};

// Element by element against `want`, then every length and layout against the single results.
template <class Out, class In0, class In, class Judge>
void check_loop(const std::string& what, Loop loop, const double* param, int inputs, Judge good, unsigned seed = 1) {
    constexpr size_t kCount = 67;
    std::array<std::vector<In>, 3> raw = {make_values<In>(kCount, seed), make_values<In>(kCount, seed + 1),
                                          make_values<In>(kCount, seed + 2)};
    std::vector<In0> first = make_values<In0>(kCount, seed);
    std::vector<char> bools[3];  // std::vector<bool> has no data()
    auto data = [&](int k) -> const void* {
        auto plain = [&](auto& v, int slot) -> const void* {
            using V = typename std::decay_t<decltype(v)>::value_type;
            if constexpr (std::is_same_v<V, bool>) {
                bools[slot].assign(v.begin(), v.end());
                return bools[slot].data();
            } else {
                return v.data();
            }
        };
        return k == 0 ? plain(first, 0) : plain(raw[static_cast<size_t>(k)], k);
    };
    const void* base[3] = {data(0), data(1), data(2)};
    const int64_t item[3] = {sizeof(In0), sizeof(In), sizeof(In)};
    auto element = [&](int k, size_t i) {
        return static_cast<const void*>(static_cast<const char*>(base[k]) + static_cast<int64_t>(i) * item[k]);
    };
    auto alone = [&](const size_t* at) {
        std::vector<const void*> in;
        for (int k = 0; k < inputs; ++k) in.push_back(element(k, at[k]));
        return run_one<Out>(loop, param, in);
    };
    for (size_t i = 0; i < kCount; ++i)
        for (size_t shift = 0; shift < (inputs > 1 ? kCount : 1); shift += 5) {
            const size_t at[3] = {i, (i + shift) % kCount, (i + 2 * shift) % kCount};
            const Out got = alone(at);
            expect(good(got, first[at[0]], raw[1][at[1]], raw[2][at[2]]), what + "(" + show(first[at[0]]) + ", " +
                                                                              show(raw[1][at[1]]) + ", " +
                                                                              show(raw[2][at[2]]) + ") = " + show(got));
        }
    std::vector<std::pair<const void*, int64_t>> in;
    for (int k = 0; k < inputs; ++k) in.push_back({base[k], item[k]});
    for (const int64_t n : kLengths)
        for (const Layout& l : kLayouts) check_layout<Out>(what, loop, param, in, n, l, alone);
}

// How far a float result may be from the reference: `ulp` for the functions themselves; `slack`, absolute, where an
// operation's own terms are larger than its result. Compound operations are judged on inputs of ordinary size only.
struct Limit {
    double ulp, slack;
    bool compound;
};
bool ordinary(double x) { return std::isnan(x) || x == 0 || (std::fabs(x) < 1e3 && std::fabs(x) > 1e-9); }

template <class Op> bool any_of(Op op, std::initializer_list<Op> list) {
    return std::find(list.begin(), list.end(), op) != list.end();
}

Limit limit_of(Unary op, double x) {
    using enum Unary;
    const double size = std::isfinite(x) ? std::fabs(x) : 0;
    if (any_of(op, {Copy, Neg, Abs, Sign, Sqrt, Floor, Ceil, Round, Trunc, Frac, Relu, Clamp, Hardshrink, Threshold}))
        return {0.51, 0, false};
    if (any_of(op, {Square, Reciprocal, LeakyRelu, Softshrink, AddScalar, MulScalar})) return {1, 0, false};
    if (any_of(op, {Silu, Mish, LogSigmoid, Logit})) return {4, 0, true};
    if (op == Gelu) return {4, 2, true};  // the reference rounds x / sqrt(2)
    if (any_of(op, {GeluTanh, GeluSigmoid, HardSwish})) return {8, 2 * size, true};
    if (any_of(op, {HardSigmoid, Digamma, Lgamma})) return {8, 4, true};
    if (op == Sinc) return {4, 4, true};  // the reference loses its zeros
    if (any_of(op, {Softplus, Elu})) return {100, 2, true};
    return {op == Erfinv ? 4.0 : 2.0, 0, op == Sin || op == Cos || op == Tan};
}
Limit limit_of(Binary op, double a, double b) {
    using enum Binary;
    if (any_of(op, {Maximum, Minimum, Fmax, Fmin, Copysign, Nextafter, Fmod, ReluGrad, AbsGrad, ClampGrad, ShrinkGrad,
                    ThresholdGrad}))
        return {0, 0, false};
    if (any_of(op, {Add, Sub, Mul, Div, Hypot, Atan2, Pow, Prelu, LogGrad, LeakyReluGrad})) return {2, 0, false};
    const double size = (std::isfinite(a) ? std::fabs(a) : 0) * (op >= ReluGrad ? 4 : 1) +
                        (std::isfinite(b) && op < ReluGrad ? std::fabs(b) : 0);
    return {op >= ErfGrad || op == PowScalarGrad ? 200.0 : 4.0, size, true};
}

template <class T> void check_unary(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (int k = 0; k < static_cast<int>(Unary::Count); ++k) {
        const Unary op = static_cast<Unary>(k);
        const Loop loop = t.unary[k][type];
        if (loop == nullptr) continue;
        std::vector<std::array<double, 3>> params = {{0.5, 1.5, 2.0}, {1.0, 20.0, 1.0}, {-1.5, 0.75, 1.0}};
        if (op == Unary::Softshrink || op == Unary::Hardshrink) params.pop_back();
        if (op == Unary::Softplus) params = {{1, 20, 0}, {0.5, 10, 0}};
        if (op == Unary::PowScalar) params = {{0}, {1}, {2}, {3}, {0.5}, {-0.5}, {-1}, {-2}, {2.5}, {-3}, {1.0 / 3}};
        if (!std::is_floating_point_v<T>) params = {{3, 9}, {-2, 5}};
        if (!std::is_floating_point_v<T> && op == Unary::PowScalar) params = {{0}, {3}};
        if (std::is_same_v<T, uint8_t>) params = {{3, 9}};
        for (auto p : params) {
            if (std::is_same_v<T, float>) p[0] = static_cast<float>(p[0]);
            const std::string what =
                std::string(t.isa) + " unary " + std::to_string(k) + " " + dtype_name(DTypeOf<T>::value);
            check_loop<T, T, T>(what, loop, p.data(), 1, [&](T got, T x, T, T) {
                if constexpr (std::is_floating_point_v<T>) {
                    const Limit l = limit_of(op, x);
                    if (l.compound && !ordinary(x) && !std::isinf(x)) return true;
                    if (op == Unary::PowScalar && (p[0] == 0.5 || p[0] == -0.5) && (x == 0 || std::isinf(x)))
                        return true;  // as sqrt
                    return near<T>(got, ref::unary(op, x, p.data()), sizeof(T) == 8 ? 2 * l.ulp : l.ulp, l.slack);
                } else {
                    return got == ref::unary_int<T>(op, x, p.data());
                }
            });
        }
    }
}

template <class T> void check_binary(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (int k = 0; k < static_cast<int>(Binary::Count); ++k) {
        const Binary op = static_cast<Binary>(k);
        const Loop loop = t.binary[k][type];
        if (loop == nullptr) continue;
        std::vector<std::array<double, 3>> params = {{0.5, 1.5, 2.0}, {1.0, 20.0, 1.0}};
        if (op == Binary::ClampGrad) params = {{-1, 2}, {-ref::kInf, 2}, {-1, ref::kInf}};
        if (op == Binary::PowScalarGrad) params = {{0}, {1}, {2}, {3}, {0.5}, {-1}, {2.5}, {-3}};
        if (!std::is_floating_point_v<T>) params = {{3}};
        for (const auto& p : params) {
            const std::string what =
                std::string(t.isa) + " binary " + std::to_string(k) + " " + dtype_name(DTypeOf<T>::value);
            check_loop<T, T, T>(what, loop, p.data(), 2, [&](T got, T a, T b, T) {
                if constexpr (std::is_floating_point_v<T>) {
                    const Limit l = limit_of(op, a, b);
                    if (l.compound && !(ordinary(a) && ordinary(b))) return true;
                    if (op == Binary::PowScalarGrad && p[0] == 0.5 && b == 0) return true;  // as sqrt
                    // The slope alone overflows.
                    if (sizeof(T) == 4 && op == Binary::ErfinvGrad && b * b > 88) return true;
                    if (sizeof(T) == 4 && op == Binary::Expm1Grad && b > 88) return true;
                    return near<T>(got, ref::binary(op, a, b, p.data(), sizeof(T) == 4), l.ulp, l.slack);
                } else {
                    if (op == Binary::Pow && static_cast<int64_t>(b) > 200) return true;
                    return got == ref::binary_int<T>(op, a, b, p.data());
                }
            });
        }
    }
}

template <class T> void check_other_loops(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    const std::string tail = std::string(" ") + dtype_name(DTypeOf<T>::value);
    for (int k = 0; k < static_cast<int>(Compare::Count); ++k)
        check_loop<bool, T, T>(
            t.isa + std::string(" compare ") + std::to_string(k) + tail, t.compare[k][type], nullptr, 2,
            [&](bool got, T a, T b, T) { return got == ref::compare<T>(static_cast<Compare>(k), a, b); });
    for (int k = 0; k < static_cast<int>(Predicate::Count); ++k)
        check_loop<bool, T, T>(
            t.isa + std::string(" predicate ") + std::to_string(k) + tail, t.predicate[k][type], nullptr, 1,
            [&](bool got, T x, T, T) { return got == ref::predicate<T>(static_cast<Predicate>(k), x); });
    for (int k = 0; k < static_cast<int>(Ternary::Count); ++k) {
        const double p[2] = {2, 0.5};
        const Ternary op = static_cast<Ternary>(k);
        if (t.ternary[k][type] == nullptr) continue;
        check_loop<T, T, T>(
            t.isa + std::string(" ternary ") + std::to_string(k) + tail, t.ternary[k][type], p, 3,
            [&](T got, T a, T b, T c) {
                if constexpr (std::is_floating_point_v<T>) {
                    if (op != Ternary::Clamp && !(ordinary(a) && ordinary(b) && ordinary(c))) return true;
                    const double slack = op == Ternary::Clamp || std::isnan(a + b + c) ? 0
                                         : op == Ternary::HuberGrad
                                             ? std::fabs(a) * (std::fabs(b) + std::fabs(c))
                                             : std::fabs(a) + (2 + std::fabs(c)) * (std::fabs(b) + std::fabs(a));
                    return near<T>(got, ref::ternary(op, a, b, c, p), 4, slack);
                } else {
                    const uint64_t u =
                        static_cast<uint64_t>(a) + 2 * static_cast<uint64_t>(b) * static_cast<uint64_t>(c);
                    return got == (op == Ternary::Clamp ? std::min(std::max(a, b), c) : static_cast<T>(u));
                }
            });
    }
    check_loop<T, bool, T>(t.isa + std::string(" where") + tail, t.where[type], nullptr, 3,
                           [](T got, bool m, T a, T b) { return same<T>(got, m ? a : b); });
    check_loop<T, bool, T>(t.isa + std::string(" masked_mul") + tail, t.masked_mul[type], nullptr, 2,
                           [](T got, bool m, T a, T) { return same<T>(got, m ? a : T(0)); });
    auto check_cast = [&]<class To>(To) {
        check_loop<To, T, T>(t.isa + std::string(" cast to ") + dtype_name(DTypeOf<To>::value) + tail,
                             t.cast[type][static_cast<int>(DTypeOf<To>::value)], nullptr, 1,
                             [](To got, T x, T, T) { return same<To>(got, ref::cast<T, To>(x)); });
    };
    check_cast(bool());
    check_cast(uint8_t());
    check_cast(int32_t());
    check_cast(int64_t());
    check_cast(float());
    check_cast(double());
}

// Far arguments, where one element of a vector takes the slow way.
template <class T> void check_far(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    const int64_t stride[3] = {sizeof(T), sizeof(T), sizeof(T)};
    for (int lane = 0; lane < 20; ++lane) {
        std::vector<T> x(40, T(0.75)), y(40), b(40, T(0.3));
        x[static_cast<size_t>(lane)] = T(3e7);
        char* ptr[3] = {reinterpret_cast<char*>(y.data()), reinterpret_cast<char*>(x.data()),
                        reinterpret_cast<char*>(b.data())};
        for (const Unary op : {Unary::Sin, Unary::Cos, Unary::Tan}) {
            t.unary[static_cast<int>(op)][type](ptr, stride, 40, nullptr);
            bool ok = true;
            for (size_t i = 0; i < 40; ++i) ok &= near<T>(y[i], ref::unary(op, x[i], nullptr), 2, 0);
            expect(ok, t.isa + std::string(" sin, cos or tan of a large number in lane ") + std::to_string(lane));
        }
        x[static_cast<size_t>(lane)] = sizeof(T) == 4 ? T(3e7) : T(3e17);
        t.binary[static_cast<int>(Binary::Fmod)][type](ptr, stride, 40, nullptr);
        bool ok = true;
        for (size_t i = 0; i < 40; ++i) ok &= y[i] == std::fmod(x[i], b[i]);
        expect(ok, t.isa + std::string(" fmod with a large quotient in lane ") + std::to_string(lane));
    }
}

}  // namespace

int main() {
    const std::vector<const Table*> tables = usable_tables();
    for (const Table* t : tables) {
        const int before = failed;
        check_unary<bool>(*t), check_unary<uint8_t>(*t), check_unary<int32_t>(*t), check_unary<int64_t>(*t);
        check_unary<float>(*t), check_unary<double>(*t);
        check_binary<bool>(*t), check_binary<uint8_t>(*t), check_binary<int32_t>(*t), check_binary<int64_t>(*t);
        check_binary<float>(*t), check_binary<double>(*t);
        check_other_loops<bool>(*t), check_other_loops<uint8_t>(*t), check_other_loops<int32_t>(*t),
            check_other_loops<int64_t>(*t);
        check_other_loops<float>(*t), check_other_loops<double>(*t);
        check_far<float>(*t), check_far<double>(*t);
        std::printf("%s: %d failed\n", t->isa, failed - before);
    }
    return report();
}
