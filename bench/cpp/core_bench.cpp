// Microbenchmarks of the core without Python: the ladder of an operation's overhead, the allocator, products against plain
// cblas, and loops against the memory's bandwidth. All on one thread.
//
//     core_bench --benchmark_filter='Add|Backward|Release|Node'
//
// Times are nanoseconds a call; rows "per node" report the time of one node as the counter `node`.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <vector>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "core/allocator.h"
#include "core/parallel.h"
#include "kernels/blas.h"
#include "kernels/kernels.h"
#include "ops/ops.h"
#include "ops/optim.h"
#include "plain/plain_loops.h"

extern "C" {
enum { kRowMajor = 101, kNoTrans = 111, kTrans = 112 };
void scipy_cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float* a, int lda,
                       const float* b, int ldb, float beta, float* c, int ldc);
void scipy_openblas_set_num_threads(int threads);
}

using namespace chainrule;
using benchmark::State;

namespace {

constexpr int kChain = 1000;

Tensor filled(const Dims& shape, double value = 0.5) { return full(shape, value, DType::Float32); }

Tensor parameter(const Dims& shape) {
    Tensor t = filled(shape);
    t->requires_grad = true;
    return t;
}

// For rows that measure a part of a turn.
double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void per_node(State& state) {
    state.counters["node"] =
        benchmark::Counter(kChain, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// --- the ladder ------------------------------------------------------------------------------------------------------
void Allocate(State& state) {
    auto bytes = static_cast<size_t>(state.range(0));
    for (auto _ : state) {
        void* const p = allocate(bytes);  // const: GCC may hand a changeable one back as another
        benchmark::DoNotOptimize(p);
        deallocate(p, bytes);
    }
}
BENCHMARK(Allocate)->Arg(64)->Arg(1000)->Arg(1 << 16)->Arg(1 << 22);

void EmptyTensor(State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(empty({1}, DType::Float32));
}
BENCHMARK(EmptyTensor);

void NodeCreate(State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Node::create(add_op, 2, 1, nullptr, 0));
}
BENCHMARK(NodeCreate);

void View(State& state) {
    Tensor x = filled({4, 4});
    for (auto _ : state) benchmark::DoNotOptimize(transpose(x, 0, 1));
}
BENCHMARK(View);

void AddInto(State& state) {
    Tensor a = filled({1}), b = filled({1}, 0);
    for (auto _ : state) add_(a, b);
}
BENCHMARK(AddInto);

void Add(State& state) {
    Tensor a = filled({1}), b = filled({1});
    for (auto _ : state) benchmark::DoNotOptimize(add(a, b));
}
BENCHMARK(Add);

void AddNumber(State& state) {
    Tensor a = filled({1});
    for (auto _ : state) benchmark::DoNotOptimize(add(a, 1.0));
}
BENCHMARK(AddNumber);

void AddBroadcast(State& state) {
    Tensor a = filled({4, 4}), b = filled({4});
    for (auto _ : state) benchmark::DoNotOptimize(add(a, b));
}
BENCHMARK(AddBroadcast);

void AddGraph(State& state) {
    Tensor a = parameter({1}), b = filled({1});
    for (auto _ : state) benchmark::DoNotOptimize(add(a, b));
}
BENCHMARK(AddGraph);

void MulGraph(State& state) {
    Tensor a = parameter({1}), b = parameter({1});
    for (auto _ : state) benchmark::DoNotOptimize(mul(a, b));
}
BENCHMARK(MulGraph);

void LinearGraph(State& state) {
    Tensor x = filled({1, 4}), w = parameter({4, 4}), b = parameter({4});
    for (auto _ : state) benchmark::DoNotOptimize(linear(x, w, b));
}
BENCHMARK(LinearGraph);

Tensor chain(const Tensor& x, const Tensor& b) {
    Tensor y = x;
    for (int i = 0; i < kChain; ++i) y = add(y, b);
    return y;
}

void RecordPerNode(State& state) {
    Tensor x = parameter({1}), b = filled({1});
    for (auto _ : state) {
        auto start = std::chrono::steady_clock::now();
        Tensor y = chain(x, b);
        state.SetIterationTime(seconds_since(start));
    }
    per_node(state);
}
BENCHMARK(RecordPerNode)->UseManualTime();

void BackwardPerNode(State& state) {
    Tensor x = parameter({1}), b = filled({1}), y = chain(x, b);
    for (auto _ : state) {
        x->grad.reset();
        run_backward("backward", {y}, {}, {}, {.retain_graph = true});
    }
    per_node(state);
}
BENCHMARK(BackwardPerNode);

// Each node saves its input and makes a new gradient.
void BackwardPerNodeMul(State& state) {
    Tensor x = parameter({1}), b = filled({1}, 1), y = x;
    for (int i = 0; i < kChain; ++i) y = mul(y, b);
    for (auto _ : state) {
        x->grad.reset();
        run_backward("backward", {y}, {}, {}, {.retain_graph = true});
    }
    per_node(state);
}
BENCHMARK(BackwardPerNodeMul);

void ReleasePerNode(State& state) {
    Tensor x = parameter({1}), b = filled({1});
    for (auto _ : state) {
        Tensor y = chain(x, b);
        auto start = std::chrono::steady_clock::now();
        y.reset();
        state.SetIterationTime(seconds_since(start));
    }
    per_node(state);
}
BENCHMARK(ReleasePerNode)->UseManualTime();

// --- products --------------------------------------------------------------------------------------------------------
// m, n, k, and whether A is transposed: C (m, n) = op(A) B.
void gemm_sizes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"m", "n", "k", "transA"});
    for (int64_t n : {16, 64, 256, 1024}) b->Args({n, n, n, 0});
    b->Args({32, 128, 64, 0})->Args({128, 512, 784, 0})->Args({512, 784, 128, 1});
}

void set_rate(State& state) {
    double flops = 2.0 * static_cast<double>(state.range(0)) * static_cast<double>(state.range(1)) *
                   static_cast<double>(state.range(2));
    state.counters["flop"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

void GemmPlainCblas(State& state) {
    int m = static_cast<int>(state.range(0)), n = static_cast<int>(state.range(1)),
        k = static_cast<int>(state.range(2));
    bool trans = state.range(3) != 0;
    Tensor a = filled({m, k}), b = filled({k, n}), c = filled({m, n});
    for (auto _ : state)
        scipy_cblas_sgemm(kRowMajor, trans ? kTrans : kNoTrans, kNoTrans, m, n, k, 1, a.data<float>(), trans ? m : k,
                          b.data<float>(), n, 0, c.data<float>(), n);
    set_rate(state);
}
BENCHMARK(GemmPlainCblas)->Apply(gemm_sizes);

void GemmOurs(State& state) {
    int64_t m = state.range(0), n = state.range(1), k = state.range(2);
    bool trans = state.range(3) != 0;
    Tensor a = trans ? filled({k, m}) : filled({m, k}), b = filled({k, n});
    for (auto _ : state) benchmark::DoNotOptimize(mm(a, b, trans, false));
    set_rate(state);
}
BENCHMARK(GemmOurs)->Apply(gemm_sizes);

// --- loops against bandwidth -----------------------------------------------------------------------------------------
// Elements: in the first, the second and the last cache, and in memory.
void loop_sizes(benchmark::internal::Benchmark* b) {
    b->ArgName("n")->Arg(1 << 10)->Arg(1 << 14)->Arg(1 << 18)->Arg(1 << 24);
}

void set_bytes(State& state, int64_t arrays) {
    state.SetBytesProcessed(state.iterations() * state.range(0) * arrays * static_cast<int64_t>(sizeof(float)));
}

void CopyMemcpy(State& state) {
    Tensor a = filled({state.range(0)}), b = filled({state.range(0)});
    for (auto _ : state) {
        std::memcpy(a.data(), b.data(), static_cast<size_t>(state.range(0)) * sizeof(float));
        benchmark::ClobberMemory();
    }
    set_bytes(state, 2);
}
BENCHMARK(CopyMemcpy)->Apply(loop_sizes);

template <class F> void elementwise(State& state, int64_t arrays, const F& operation) {
    Tensor a = filled({state.range(0)}), b = filled({state.range(0)});
    for (auto _ : state) benchmark::DoNotOptimize(operation(a, b));
    set_bytes(state, arrays);
}

void LoopAdd(State& state) {
    elementwise(state, 3, [](const Tensor& a, const Tensor& b) { return add(a, b); });
}
void LoopAddInto(State& state) {
    elementwise(state, 3, [](const Tensor& a, const Tensor& b) { return add_(a, b); });
}
void LoopRelu(State& state) {
    elementwise(state, 2, [](const Tensor& a, const Tensor&) { return relu(a); });
}
void LoopExp(State& state) {
    elementwise(state, 2, [](const Tensor& a, const Tensor&) { return exp(a); });
}
void LoopSigmoid(State& state) {
    elementwise(state, 2, [](const Tensor& a, const Tensor&) { return sigmoid(a); });
}
void LoopTanh(State& state) {
    elementwise(state, 2, [](const Tensor& a, const Tensor&) { return tanh(a); });
}
BENCHMARK(LoopAdd)->Apply(loop_sizes);
BENCHMARK(LoopAddInto)->Apply(loop_sizes);
BENCHMARK(LoopRelu)->Apply(loop_sizes);
BENCHMARK(LoopExp)->Apply(loop_sizes);
BENCHMARK(LoopSigmoid)->Apply(loop_sizes);
BENCHMARK(LoopTanh)->Apply(loop_sizes);

// The kernels beside straight loops on the same memory: how far they are from what the processor allows.
template <class F> void same_memory(State& state, const F& loop) {
    int64_t n = state.range(0);
    Tensor a = full({n}, 0.7, DType::Float32), b = filled({n}), out = filled({n});
    for (auto _ : state) {
        loop(a, b, out, n);
        benchmark::ClobberMemory();
    }
}
void Plain(State& state, plain::Loop loop) {
    same_memory(state, [&](const Tensor& a, const Tensor& b, const Tensor& out, int64_t n) {
        loop(a.data<float>(), b.data<float>(), out.data<float>(), n);
    });
}
void KernelLoop(State& state, kernels::Loop loop) {
    same_memory(state, [&](const Tensor& a, const Tensor& b, const Tensor& out, int64_t n) {
        char* const ptr[3] = {out.data(), a.data(), b.data()};
        const int64_t stride[3] = {4, 4, 4};
        loop(ptr, stride, n, nullptr);
    });
}
void Kernel(State& state, kernels::Binary op) {
    KernelLoop(state, kernels::kernels().binary[static_cast<int>(op)][static_cast<int>(DType::Float32)]);
}
void KernelRelu(State& state) {
    KernelLoop(state,
               kernels::kernels().unary[static_cast<int>(kernels::Unary::Relu)][static_cast<int>(DType::Float32)]);
}
BENCHMARK_CAPTURE(Plain, Add, plain::add)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Kernel, Add, kernels::Binary::Add)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Plain, Mul, plain::mul)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Kernel, Mul, kernels::Binary::Mul)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Plain, Relu, plain::relu)->Apply(loop_sizes);
BENCHMARK(KernelRelu)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Plain, ReluGrad, plain::relu_grad)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Kernel, ReluGrad, kernels::Binary::ReluGrad)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Plain, SquareGrad, plain::square_grad)->Apply(loop_sizes);
BENCHMARK_CAPTURE(Kernel, SquareGrad, kernels::Binary::SquareGrad)->Apply(loop_sizes);

// The bare kernels, in the second cache: what an operation and its gradient cost beyond dispatch.
void bare_loop(State& state, kernels::Loop loop, int64_t inputs) {
    Tensor a = full({4096}, 0.7, DType::Float32), b = filled({4096}), out = filled({4096});
    char* const ptr[3] = {out.data(), a.data(), b.data()};
    const int64_t stride[3] = {4, 4, 4};
    const double param[3] = {1, 20, 1};
    for (auto _ : state) {
        loop(ptr, stride, 4096, param);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * 4096);
    state.SetBytesProcessed(state.iterations() * 4096 * (inputs + 1) * static_cast<int64_t>(sizeof(float)));
}
void BareUnary(State& state, kernels::Unary op) {
    bare_loop(state, kernels::kernels().unary[static_cast<int>(op)][static_cast<int>(DType::Float32)], 1);
}
void BareGrad(State& state, kernels::Binary op) {
    bare_loop(state, kernels::kernels().binary[static_cast<int>(op)][static_cast<int>(DType::Float32)], 2);
}
#define BARE_UNARY(op) BENCHMARK_CAPTURE(BareUnary, op, kernels::Unary::op)
#define BARE_GRAD(op) BENCHMARK_CAPTURE(BareGrad, op, kernels::Binary::op)
BARE_UNARY(Exp);
BARE_UNARY(Log);
BARE_UNARY(Log10);
BARE_UNARY(Log1p);
BARE_UNARY(Sin);
BARE_UNARY(Tan);
BARE_UNARY(Asin);
BARE_UNARY(Atan);
BARE_UNARY(Sinh);
BARE_UNARY(Asinh);
BARE_UNARY(Erf);
BARE_UNARY(Erfc);
BARE_UNARY(Erfinv);
BARE_UNARY(Lgamma);
BARE_UNARY(Digamma);
BARE_UNARY(Sinc);
BARE_UNARY(Sigmoid);
BARE_UNARY(Tanh);
BARE_UNARY(Silu);
BARE_UNARY(Mish);
BARE_UNARY(Gelu);
BARE_UNARY(GeluTanh);
BARE_UNARY(Softplus);
BARE_UNARY(Logit);
BARE_GRAD(SigmoidGrad);
BARE_GRAD(TanhGrad);
BARE_GRAD(SiluGrad);
BARE_GRAD(MishGrad);
BARE_GRAD(GeluGrad);
BARE_GRAD(GeluTanhGrad);
BARE_GRAD(SoftplusGrad);

void SumAll(State& state) {
    elementwise(state, 1, [](const Tensor& a, const Tensor&) { return sum(a); });
}
BENCHMARK(SumAll)->Apply(loop_sizes);

// A matrix of rows of 1024, summed along one axis.
void sum_axis(State& state, int64_t axis) {
    Tensor x = view(filled({state.range(0)}), {state.range(0) / 1024, 1024});
    for (auto _ : state) benchmark::DoNotOptimize(sum(x, {axis}));
    set_bytes(state, 1);
}
void SumRows(State& state) { sum_axis(state, 1); }
void SumColumns(State& state) { sum_axis(state, 0); }
BENCHMARK(SumRows)->Apply(loop_sizes);
BENCHMARK(SumColumns)->Apply(loop_sizes);

void Transposed(State& state) {
    Tensor x = view(filled({state.range(0)}), {state.range(0) / 1024, 1024});
    for (auto _ : state) benchmark::DoNotOptimize(contiguous(transpose(x, 0, 1)));
    set_bytes(state, 2);
}
BENCHMARK(Transposed)->Apply(loop_sizes);

// Rows of 10 logits and back.
void CrossEntropy(State& state) {
    int64_t rows = state.range(0) / 10;
    Tensor x = parameter({rows, 10}), target = full({rows}, 3, DType::Int64);
    for (auto _ : state) {
        x->grad.reset();
        run_backward("backward", {cross_entropy(x, target)}, {}, {}, {});
    }
    set_bytes(state, 3);
}
BENCHMARK(CrossEntropy)->Apply(loop_sizes);

void AdamStepLoop(State& state) {
    std::vector<Tensor> params = {parameter({state.range(0)})};
    params[0]->grad = filled({state.range(0)}).ref();
    AdamState moments;
    for (auto _ : state) adam_step(params, moments, {});
    set_bytes(state, 7);
}
BENCHMARK(AdamStepLoop)->Apply(loop_sizes);

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    set_num_threads(1);
    scipy_openblas_set_num_threads(1);
    benchmark::AddCustomContext("openblas", kernels::blas_version() + " " + kernels::blas_kernel());
    benchmark::AddCustomContext("kernels", kernels::kernels().isa);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
