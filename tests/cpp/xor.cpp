// Trains a 2-8-1 net on XOR from C++, without Python. Returns 0 if the net has learned it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "autograd/engine.h"
#include "ops/ops.h"
#include "ops/optim.h"
#include "ops/random.h"

using namespace chainrule;

Tensor matrix(const Dims& shape, const std::vector<float>& values) {
    Tensor t = empty(shape, DType::Float32);
    std::copy(values.begin(), values.end(), t.data<float>());
    return t;
}

Tensor parameter(const Dims& shape, double bound) {
    Tensor p = empty(shape, DType::Float32);
    fill_uniform(default_generator(), p.data<float>(), p.numel(), -bound, bound);
    p->requires_grad = true;
    return p;
}

int main() {
    default_generator().manual_seed(0);
    const Tensor inputs = matrix({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1}), targets = matrix({4, 1}, {0, 1, 1, 0});
    const std::vector<Tensor> params = {parameter({8, 2}, 0.7), parameter({8}, 0.7), parameter({1, 8}, 0.35),
                                        parameter({1}, 0.35)};
    const auto net = [&](const Tensor& x) {
        return linear(tanh(linear(x, params[0], params[1])), params[2], params[3]);
    };

    AdamState state;
    for (int step = 0; step <= 300; ++step) {
        Tensor loss = mse_loss(net(inputs), targets);
        zero_grad(params);
        run_backward("backward", {loss}, {}, {}, {});
        adam_step(params, state, {.lr = 0.05});
        if (step % 50 == 0) std::printf("step %3d  loss %.6f\n", step, static_cast<double>(*loss.data<float>()));
    }

    const Tensor outputs = net(inputs);
    bool learned = true;
    for (int i = 0; i < 4; ++i) {
        const float *x = inputs.data<float>() + 2 * i, y = outputs.data<float>()[i];
        std::printf("%.0f xor %.0f = %6.3f\n", static_cast<double>(x[0]), static_cast<double>(x[1]),
                    static_cast<double>(y));
        learned = learned && std::fabs(y - targets.data<float>()[i]) < 0.1f;
    }
    return learned ? 0 : 1;
}
