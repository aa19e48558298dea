// Several threads at once, as a C++ program may use them: each trains its own model; all walk graphs of one shared model.
// And the threads that a large operation takes for itself. Meant for ThreadSanitizer (-DCHAINRULE_SANITIZE=thread
// -DCHAINRULE_OPENMP=OFF: it does not know libgomp's barriers, so parallel_for then starts threads of its own).
#include <algorithm>
#include <thread>

#include "autograd/grad_mode.h"
#include "check.h"
#include "core/parallel.h"
#include "ops/optim.h"
#include "ops/random.h"

using namespace chainrule;
using namespace chainrule::test;

namespace {

constexpr int kThreads = 8;
#ifdef CHAINRULE_ATOMIC_REFCOUNT
constexpr bool kSeveralThreads = true;
#else
constexpr bool kSeveralThreads = false;  // counts are plain
#endif

template <class F> void in_threads(const F& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
    for (std::thread& t : threads) t.join();
}

struct Net {
    explicit Net(uint64_t seed) {
        Generator generator(seed);
        for (const Dims& shape : {Dims{16, 4}, Dims{16}, Dims{1, 16}, Dims{1}}) {
            Tensor p = empty(shape, DType::Float64);
            fill_uniform(generator, p.data<double>(), p.numel(), -0.5, 0.5);
            p->requires_grad = true;
            params.push_back(p);
        }
    }
    Tensor operator()(const Tensor& x) const {
        return linear(tanh(linear(x, params[0], params[1])), params[2], params[3]);
    }
    std::vector<Tensor> params;
};

Tensor batch(uint64_t seed) {
    Generator generator(seed);
    Tensor x = empty({8, 4}, DType::Float64);
    fill_normal(generator, x.data<double>(), x.numel());
    return x;
}

Tensor loss_of(const Net& net, const Tensor& x) { return mse_loss(net(x), sum(x, {1}, true)); }

double train(uint64_t seed) {
    Net net(seed);
    Tensor x = batch(seed);
    AdamState state;
    double last = 0;
    for (int step = 0; step < 50; ++step) {
        Tensor loss = loss_of(net, x);
        zero_grad(net.params);
        backward(loss);
        adam_step(net.params, state, {.lr = 0.01});
        last = values(loss)[0];
    }
    return last;
}

void test_own_models() {
    double alone = train(1), together[kThreads];
    in_threads([&](int i) { together[i] = train(1); });
    EXPECT(std::all_of(together, together + kThreads, [&](double loss) { return loss == alone; }));
}

// Every thread's graph ends in the same leaves: their gradients are the sums over all threads.
void test_shared_model() {
    Net net(1), serial(1);
    for (int i = 0; i < kThreads; ++i)
        for (int k = 0; k < 10; ++k) backward(loss_of(serial, batch(static_cast<uint64_t>(i))));
    in_threads([&](int i) {
        Tensor x = batch(static_cast<uint64_t>(i));
        for (int k = 0; k < 10; ++k) backward(loss_of(net, x));
    });
    for (size_t p = 0; p < net.params.size(); ++p)
        EXPECT_VALUES(grad_of(net.params[p]), values(grad_of(serial.params[p])));
}

void test_shared_model_other_walks() {
    Net net(2);
    add_hook(net.params[0], [](const Tensor& g) { return g * 1.0; });
    std::vector<std::vector<double>> found(kThreads), slopes(kThreads);
    bool recorded[kThreads] = {};
    in_threads([&](int i) {
        Tensor x = batch(7);
        for (int k = 0; k < 5; ++k) {
            found[i] = values(grad(loss_of(net, x), {net.params[0], net.params[3]})[0]);
            Tensor slope = grad(loss_of(net, x), {net.params[2]}, true)[0];
            slopes[i] = values(grad(sum(slope * slope), {net.params[0]})[0]);
            int64_t id = add_hook(net.params[1], [](const Tensor&) { return Tensor(); });
            backward(loss_of(net, x));
            remove_hook(accumulator(net.params[1]), id);
            GradMode off(false);
            recorded[i] = recorded[i] || loss_of(net, x).requires_grad();
        }
    });
    for (int i = 1; i < kThreads; ++i) EXPECT(found[i] == found[0] && slopes[i] == slopes[0] && !recorded[i]);
}

// Tensors made in one thread and dropped in another.
void test_handing_over() {
    Tensor x = leaf({1, 2, 3});
    std::vector<Tensor> made(kThreads);
    in_threads([&](int i) { made[i] = sum(exp(x * static_cast<double>(i))); });
    in_threads([&](int i) {
        Tensor y = std::move(made[(i + 1) % kThreads]);
        backward(y);
    });
    std::vector<double> want;
    for (double v : {1.0, 2.0, 3.0}) {
        double slope = 0;
        for (int i = 0; i < kThreads; ++i) slope += i * std::exp(i * v);
        want.push_back(slope);
    }
    EXPECT_VALUES(grad_of(x), want);
}

Tensor large(const Dims& shape, uint64_t seed = 1) {
    Generator generator(seed);
    Tensor x = empty(shape, DType::Float32);
    fill_normal(generator, x.data<float>(), x.numel());
    return x;
}

// The value and the gradient of an operation on several threads are those of one thread, to the bit.
template <class F> void expect_same_on_a_team(const Dims& shape, const F& operation) {
    std::vector<double> serial;
    for (int threads : {1, kThreads}) {
        set_num_threads(threads);
        Tensor x = large(shape);
        x->requires_grad = true;
        Tensor y = operation(x);
        backward(sum(y * y));
        std::vector<double> found = values(y), slopes = values(grad_of(x));
        found.insert(found.end(), slopes.begin(), slopes.end());
        if (threads == 1) serial = found;
        else EXPECT(found == serial);
    }
    set_num_threads(kThreads);
}

void test_teams() {
    const Dims matrix = {700, 500}, row = {1, 350000};
    expect_same_on_a_team(matrix, [](const Tensor& x) { return tanh(exp(x * 0.1) + x); });
    expect_same_on_a_team(matrix, [](const Tensor& x) { return matmul(x, transpose(x, 0, 1)); });
    expect_same_on_a_team(matrix, [](const Tensor& x) { return matmul(transpose(x, 0, 1), x); });
    expect_same_on_a_team({40, 60, 70}, [](const Tensor& x) { return matmul(x, transpose(x, 1, 2)); });
    expect_same_on_a_team(matrix, [](const Tensor& x) { return linear(x, large({300, 500}, 2), large({300}, 3)); });
    for (const Dims& shape : {matrix, row}) {
        for (const Dims& axes : {Dims{}, Dims{0}, Dims{1}}) {
            expect_same_on_a_team(shape, [&](const Tensor& x) { return sum(x, axes) + mean(x, axes); });
            expect_same_on_a_team(shape, [&](const Tensor& x) { return amax(x, axes); });
            expect_same_on_a_team(shape, [&](const Tensor& x) { return norm(x, 2, axes); });
        }
        for (int64_t axis : {0, 1}) {
            expect_same_on_a_team(shape, [&](const Tensor& x) { return cumsum(x, axis); });
            expect_same_on_a_team(shape, [&](const Tensor& x) { return sort_values(x, axis); });
        }
    }
    expect_same_on_a_team(matrix, [](const Tensor& x) { return contiguous(transpose(x, 0, 1)); });
    expect_same_on_a_team(matrix, [](const Tensor& x) { return x + slice(x, 0, 3, 4, 1); });
    expect_same_on_a_team(matrix, [](const Tensor& x) { return cat({x, flip(x, {0})}, 1); });
    const Tensor places =
        remainder(cast(abs(large(matrix, 4)) * 1e6, DType::Int64), full({}, int64_t{500}, DType::Int64));
    expect_same_on_a_team(matrix, [&](const Tensor& x) { return gather(x, 1, places); });
    expect_same_on_a_team(matrix, [&](const Tensor& x) { return scatter_add(x, 1, places, x); });
    expect_same_on_a_team(matrix, [&](const Tensor& x) { return index_select(x, 0, select(places, 1, 0)); });
}

// Threads of the program that each take a team, on tensors that they share.
void test_teams_beside_each_other() {
    set_num_threads(3);
    Tensor x = large({300, 400}), w = large({200, 400}, 2);
    w->requires_grad = true;
    Tensor want = grad(sum(tanh(linear(x, w, Tensor()))), {w})[0];
    std::vector<Tensor> slopes(kThreads);
    in_threads([&](int i) { slopes[i] = grad(sum(tanh(linear(x, w, Tensor()))), {w})[0]; });
    for (const Tensor& slope : slopes) EXPECT(values(slope) == values(want));
}

}  // namespace

int main() {
    run_test("teams", test_teams);
    if (!kSeveralThreads) {
        std::printf("several threads of the program: skipped, needs CHAINRULE_ATOMIC_REFCOUNT\n");
        return report();
    }
    run_test("own models", test_own_models);
    run_test("a shared model", test_shared_model);
    run_test("other walks", test_shared_model_other_walks);
    run_test("handing over", test_handing_over);
    run_test("teams beside each other", test_teams_beside_each_other);
    return report();
}
