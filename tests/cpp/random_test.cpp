// The random stream against numbers of PyTorch 2.13 (seed 0 unless said otherwise), for every instruction set here.
#include "core/random.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <type_traits>
#include <vector>

namespace {

using chainrule::Generator;
using chainrule::Isa;

int passed = 0;
int failed = 0;

void check(bool ok, const char* what) {
    ok ? ++passed : ++failed;
    if (!ok) std::printf("FAILED: %s\n", what);
}

template <class T> bool starts_with(const std::vector<T>& got, std::initializer_list<std::type_identity_t<T>> want) {
    return got.size() >= want.size() && std::equal(want.begin(), want.end(), got.begin());
}

void test_words() {
    Generator gen(5489);  // the reference implementation's default seed: first and 10000th word
    check(gen.random32() == 3499211612u, "first word");
    std::vector<uint32_t> words(9999);
    gen.words(words.data(), 9999);
    check(words.back() == 4123659995u, "10000th word");
    Generator one(7), many(7);
    std::vector<uint32_t> expected(2000), got(2000);
    for (uint32_t& word : expected) word = one.random32();
    many.words(got.data(), 700);
    many.words(got.data() + 700, 1300);
    check(got == expected, "words one by one and in blocks");
    check(one.get_state() == many.get_state(), "state after both");
}

void test_uniform() {
    Generator gen(0);
    std::vector<float> f(1000);
    fill_uniform(gen, f.data(), 1000);
    check(starts_with(f, {0x1.fc2abp-2f, 0x1.89545ep-1f, 0x1.6a675p-4f, 0x1.0e66p-3f}), "rand");
    gen.manual_seed(0);
    std::vector<double> d(3);
    fill_uniform(gen, d.data(), 3, -1.0, 1.0);
    check(starts_with(d, {0x1.e15592f89545ep-1, 0x1.a99d7608733p-2, -0x1.4cbc245dad05p-4}),
          "uniform_(-1, 1) in double");
    fill_uniform(gen, f.data(), 1000, 1.0, 1.0 + 0x1p-23);
    check(*std::max_element(f.begin(), f.end()) == 1.0f, "the upper bound is never reached");
}

void test_normal() {
    Generator gen(0);
    std::vector<float> f(100);
    fill_normal(gen, f.data(), 100);
    check(starts_with(f, {-0x1.20370ap0f, -0x1.270114p0f, -0x1.0097acp-2f, -0x1.bc4abap-2f}), "randn(100)");
    check(f.back() == 0x1.dd0444p-3f, "the last of randn(100)");
    gen.manual_seed(0);
    fill_normal(gen, f.data(), 3, 0.5, 2.0);
    check(starts_with(f, {0x1.ca7eb8p1f, -0x1.63c504p-4f, -0x1.edc524p1f}), "normal_(0.5, 2) of three");
    const auto state = gen.get_state();
    Generator copy(1);
    check(copy.set_state(state.data(), state.size()) == nullptr, "set_state");
    check(copy.normal() == gen.normal(), "the second value of a pair travels with the state");
}

void test_integers() {
    Generator gen(0);
    std::vector<int64_t> v(5);
    fill_randint(gen, v.data(), 5, 0, 1000);
    check(starts_with(v, {44, 239, 933, 760, 963}), "randint(0, 1000)");
    gen.manual_seed(0);
    fill_randint(gen, v.data(), 5, -5, int64_t{1} << 40);
    check(starts_with(v, {741234585336, 506077272957, 291397093751, 841111833108, 41297352602}), "randint(-5, 2^40)");
    gen.manual_seed(0);
    fill_random(gen, v.data(), 2);
    check(starts_with(v, {900450186894289455, 3969543146641149120}), "random_()");
    gen.manual_seed(0);
    std::vector<int64_t> p(10);
    fill_randperm(gen, p.data(), 10);
    check(starts_with(p, {4, 1, 7, 5, 3, 9, 0, 8, 6, 2}), "randperm(10)");
    std::vector<int64_t> large(5000), sorted(5000);
    fill_randperm(gen, large.data(), 5000);
    std::sort(large.begin(), large.end());
    std::iota(sorted.begin(), sorted.end(), 0);
    check(large == sorted, "randperm is a permutation");
    int64_t low = 0, high = (int64_t{1} << 24) + 4;
    chainrule::randint_bounds<float>(low, high);
    check(low == 0 && high == (int64_t{1} << 24) + 2, "bounds that float cannot hold");
}

void test_bernoulli() {
    Generator gen(0);
    std::vector<int64_t> hits(10);
    fill_bernoulli(gen, hits.data(), 10, 0.3);
    check(starts_with(hits, {0, 0, 0, 0, 0, 0, 1, 0, 0, 1}), "bernoulli_(0.3)");
    fill_bernoulli(gen, hits.data(), 10, 0.0);
    check(std::accumulate(hits.begin(), hits.end(), int64_t{0}) == 0, "bernoulli_(0)");
    fill_bernoulli(gen, hits.data(), 10, 1.0);
    check(std::accumulate(hits.begin(), hits.end(), int64_t{0}) == 10, "bernoulli_(1)");
}

void test_multinomial() {
    Generator gen(0);
    const std::vector<float> weights{0.1f, 0.2f, 0.3f, 0.15f, 0.25f};
    std::vector<int64_t> out(5);
    check(!fill_multinomial(gen, out.data(), weights.data(), 1, 5, 5, false), "weights are accepted");
    check(starts_with(out, {2, 4, 1, 3, 0}), "multinomial without replacement");
    check(!fill_multinomial(gen, out.data(), weights.data(), 1, 5, 5, true), "weights are accepted");
    check(starts_with(out, {4, 1, 2, 2, 1}), "then with replacement");
    const auto before = gen.get_state();
    for (const std::vector<float>& bad : {std::vector<float>{1, -1}, {0, 0}, {1, 1e30f * 1e30f}, {1, 0.0f / 0.0f}}) {
        check(fill_multinomial(gen, out.data(), bad.data(), 1, 2, 1, true) != nullptr, "bad weights are refused");
    }
    check(gen.get_state() == before, "nothing was drawn for them");
}

void test_state() {
    Generator gen(123);
    check(gen.initial_seed() == 123, "initial_seed");
    std::vector<uint8_t> bad(Generator::kStateBytes);
    check(gen.set_state(bad.data(), bad.size()) != nullptr, "a state of zeros is refused");
    check(gen.set_state(bad.data(), 10) != nullptr, "a short state is refused");
    check(gen.seed() != gen.seed(), "seed() is not deterministic");
    for (int drawn : {0, 1, 623, 624, 625}) {
        gen.manual_seed(9);
        for (int i = 0; i < drawn; ++i) gen.random32();
        const auto state = gen.get_state();
        Generator other(0);
        other.set_state(state.data(), state.size());
        check(other.get_state() == state && other.random64() == gen.random64(), "state round trip");
    }
}

// One digest over all that the inner loops do.
uint64_t digest() {
    Generator gen(2);
    uint64_t sum = 0;
    const auto add = [&sum](const auto& values) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
        for (size_t i = 0; i < values.size() * sizeof values[0]; ++i) sum = (sum ^ bytes[i]) * 1099511628211u;
    };
    std::vector<float> f(4099);
    std::vector<double> d(4099);
    std::vector<uint8_t> b(4099);
    fill_uniform(gen, f.data(), 4099, -0.3, 0.7), add(f);
    fill_uniform(gen, d.data(), 4099, -0.3, 0.7), add(d);
    fill_normal(gen, f.data(), 4099, 0.3, 1.7), add(f);
    fill_bernoulli(gen, b.data(), 4099, 0.3), add(b);
    return sum;
}

void test_instruction_sets() {
    chainrule::set_random_isa(Isa::Base);
    const uint64_t want = digest();
    for (Isa isa : {Isa::V3, Isa::V4}) {
        chainrule::set_random_isa(isa);
        check(digest() == want, "the numbers do not depend on the instruction set");
    }
}

}  // namespace

int main() {
    test_words();
    test_uniform();
    test_normal();
    test_integers();
    test_bernoulli();
    test_multinomial();
    test_state();
    test_instruction_sets();
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
