// Several threads at once, as a C++ program may use them: each trains its own model; all walk graphs of one shared model.
// Meant for ThreadSanitizer (-DCHAINRULE_SANITIZE=thread -DCHAINRULE_OPENMP=OFF: it does not know libgomp's barriers).
#include <algorithm>
#include <thread>

#include "autograd/grad_mode.h"
#include "check.h"
#include "ops/optim.h"
#include "ops/random.h"

using namespace chainrule;
using namespace chainrule::test;

namespace {

constexpr int kThreads = 8;

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

}  // namespace

int main() {
#ifdef CHAINRULE_ATOMIC_REFCOUNT
    run_test("own models", test_own_models);
    run_test("a shared model", test_shared_model);
    run_test("other walks", test_shared_model_other_walks);
    run_test("handing over", test_handing_over);
#else
    std::printf("skipped: needs CHAINRULE_ATOMIC_REFCOUNT\n");
#endif
    return report();
}
