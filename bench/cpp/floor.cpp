// The floor: what each measured step costs as straight-line C++, with serial OpenBLAS, fused loops, no graph and no
// allocation once it runs. `floor --help` shows the command line.
//
// Build with -O3 -march=native -fopenmp-simd -fno-math-errno -fno-trapping-math (not -ffast-math: fast_exp rounds by
// adding a large number) and link with scipy-openblas32. bench/compare.py builds it by itself.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
void scipy_cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float* a, int lda,
                       const float* b, int ldb, float beta, float* c, int ldc);
void scipy_openblas_set_num_threads(int count);
}

namespace {

// ---- Arrays and data ------------------------------------------------------------------------------------------------

struct Free {
    void operator()(float* p) const { std::free(p); }
};
using Array = std::unique_ptr<float[], Free>;

Array make_array(size_t count) {
    size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    void* p = std::aligned_alloc(64, std::max<size_t>(bytes, 64));
    if (!p) throw std::bad_alloc();
    std::memset(p, 0, bytes);
    return Array(static_cast<float*>(p));
}

// The hash of bench/workloads.py: every peer starts from these numbers.
uint32_t hash(uint32_t index, uint32_t seed) {
    uint32_t x = (index + 1) * 2654435761u + seed * 0x9E3779B9u;
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    return x ^ (x >> 16);
}

constexpr uint32_t kInput = 1, kLabel = 2, kGradient = 3, kSecond = 4;

Array uniform(size_t count, uint32_t seed, float scale) {
    Array made = make_array(count);
    for (size_t i = 0; i < count; i++) {
        made[i] = (float(hash(uint32_t(i), seed) >> 8) * 0x1p-23f - 1.0f) * scale;
    }
    return made;
}

std::vector<int> make_labels(int count, int classes) {
    std::vector<int> made(count);
    for (int i = 0; i < count; i++) made[i] = int(hash(uint32_t(i), kLabel) % uint32_t(classes));
    return made;
}

double mean_abs(const float* x, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += std::fabs(x[i]);
    return sum / double(count);
}

// ---- Arithmetic -----------------------------------------------------------------------------------------------------

// c (m, n) = op(a) op(b), row-major; a is stored (k, m) if trans_a, b is stored (n, k) if trans_b.
void gemm(bool trans_a, bool trans_b, int m, int n, int k, const float* a, const float* b, float* c) {
    constexpr int kRowMajor = 101, kNo = 111, kYes = 112;
    scipy_cblas_sgemm(kRowMajor, trans_a ? kYes : kNo, trans_b ? kYes : kNo, m, n, k, 1.0f, a, trans_a ? m : k, b,
                      trans_b ? k : n, 0.0f, c, n);
}

// exp by range reduction to |r| <= ln(2)/2 and the Taylor series to r^7 (its remainder is below 1e-8).
inline float fast_exp(float x) {
    x = std::min(std::max(x, -87.0f), 88.0f);
    float shifted = x * 1.44269504f + 12582912.0f;  // the sum's low bits hold round(x / ln 2)
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * std::bit_cast<float>((std::bit_cast<uint32_t>(shifted) << 23) + 0x3F800000u);
}

inline float fast_sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }
inline float fast_tanh(float x) { return 1.0f - 2.0f / (fast_exp(2.0f * x) + 1.0f); }

// Phi(x), the normal distribution function, and exp(-x^2/2), which its derivative shares. Abramowitz and Stegun,
// Handbook of Mathematical Functions, 7.1.26: absolute error 1.5e-7.
inline float normal_cdf(float x, float& bell) {
    float z = std::fabs(x) * 0.70710678f;
    float t = 1.0f / (1.0f + 0.3275911f * z);
    bell = fast_exp(-z * z);
    float tail = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
    float erf = 1.0f - tail * bell;
    return 0.5f + 0.5f * std::copysign(erf, x);
}

// Each activation: the value from its input, and the gradient from output y and incoming gradient g.
struct Relu {
    static float forward(float x) { return x > 0 ? x : 0.0f; }
    static float backward(float y, float g) { return y > 0 ? g : 0.0f; }
};
struct Sigmoid {
    static float forward(float x) { return fast_sigmoid(x); }
    static float backward(float y, float g) { return g * y * (1.0f - y); }
};
struct Tanh {
    static float forward(float x) { return fast_tanh(x); }
    static float backward(float y, float g) { return g * (1.0f - y * y); }
};
struct Identity {
    static float forward(float x) { return x; }
    static float backward(float, float g) { return g; }
};

// y = act(y + bias), rows of `width`.
template <class Act> void bias_and_activation(float* __restrict y, const float* __restrict bias, int rows, int width) {
    for (int i = 0; i < rows; i++) {
        float* row = y + size_t(i) * width;
#pragma omp simd
        for (int j = 0; j < width; j++) row[j] = Act::forward(row[j] + bias[j]);
    }
}

// g = act'(y) * g, and bias_grad = the sum of its rows.
template <class Act>
void activation_and_bias_backward(const float* __restrict y, float* __restrict g, float* __restrict bias_grad, int rows,
                                  int width) {
    std::fill(bias_grad, bias_grad + width, 0.0f);
    for (int i = 0; i < rows; i++) {
        const float* out = y + size_t(i) * width;
        float* grad = g + size_t(i) * width;
#pragma omp simd
        for (int j = 0; j < width; j++) {
            grad[j] = Act::backward(out[j], grad[j]);
            bias_grad[j] += grad[j];
        }
    }
}

float row_max(const float* x, int count) {
    float top = x[0];
    if (count < 32) {  // too short to pay for combining lanes
        for (int j = 1; j < count; j++) top = std::max(top, x[j]);
        return top;
    }
#pragma omp simd reduction(max : top)
    for (int j = 0; j < count; j++) top = x[j] > top ? x[j] : top;
    return top;
}

// Mean softmax cross-entropy; grad = (softmax - one-hot) / rows. Two passes over each row of logits.
float cross_entropy(const float* __restrict logits, const int* labels, float* __restrict grad, int rows, int classes) {
    float loss = 0;
    for (int i = 0; i < rows; i++) {
        const float* x = logits + size_t(i) * classes;
        float* g = grad + size_t(i) * classes;
        float top = row_max(x, classes);
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < classes; j++) {
            g[j] = fast_exp(x[j] - top);
            sum += g[j];
        }
        float scale = 1.0f / (sum * float(rows));
#pragma omp simd
        for (int j = 0; j < classes; j++) g[j] *= scale;
        g[labels[i]] -= 1.0f / float(rows);
        loss += std::log(sum) + top - x[labels[i]];
    }
    return loss / float(rows);
}

// ---- Optimizers -----------------------------------------------------------------------------------------------------

struct Parameter {
    Array value, grad, m, v;
    size_t count;

    Parameter(size_t count, uint32_t seed, float scale)
        : value(uniform(count, seed, scale)),
          grad(make_array(count)),
          m(make_array(count)),
          v(make_array(count)),
          count(count) {}
};

void sgd(Parameter& p, float lr) {
    float* __restrict w = p.value.get();
    const float* __restrict g = p.grad.get();
#pragma omp simd
    for (size_t i = 0; i < p.count; i++) w[i] -= lr * g[i];
}

// Adam (Kingma and Ba 2015, algorithm 1) with beta 0.9 and 0.999, eps 1e-8.
void adam(Parameter& p, float lr, int step) {
    float correct_m = float(lr / (1.0 - std::pow(0.9, step)));
    float correct_v = float(1.0 / std::sqrt(1.0 - std::pow(0.999, step)));
    float* __restrict w = p.value.get();
    float* __restrict m = p.m.get();
    float* __restrict v = p.v.get();
    const float* __restrict g = p.grad.get();
#pragma omp simd
    for (size_t i = 0; i < p.count; i++) {
        m[i] += 0.1f * (g[i] - m[i]);
        v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
        w[i] -= correct_m * m[i] / (std::sqrt(v[i]) * correct_v + 1e-8f);
    }
}

// ---- Rows -----------------------------------------------------------------------------------------------------------

struct Row {
    virtual ~Row() = default;
    virtual void step() = 0;
    virtual double summary() const = 0;  // what --check prints: the loss, or the mean absolute value of a gradient
};

template <class Act> struct Mlp : Row {
    std::vector<int> sizes;
    int batch;
    bool use_adam;
    float lr;
    int steps = 0;
    float loss = 0;
    std::vector<Parameter> weights, biases;
    std::vector<Array> outputs, grads;  // outputs[0] is the input; grads[l] belongs to outputs[l]
    std::vector<int> labels;

    Mlp(std::vector<int> sizes_, int batch, bool use_adam, float lr)
        : sizes(std::move(sizes_)), batch(batch), use_adam(use_adam), lr(lr), labels(make_labels(batch, sizes.back())) {
        outputs.push_back(uniform(size_t(batch) * sizes[0], kInput, 1.7f));
        grads.push_back(make_array(1));
        for (size_t l = 0; l + 1 < sizes.size(); l++) {
            float bound = float(1.0 / std::sqrt(double(sizes[l])));
            weights.emplace_back(size_t(sizes[l]) * sizes[l + 1], 10 + 2 * l, bound);
            biases.emplace_back(sizes[l + 1], 11 + 2 * l, bound);
            outputs.push_back(make_array(size_t(batch) * sizes[l + 1]));
            grads.push_back(make_array(size_t(batch) * sizes[l + 1]));
        }
    }

    void forward() {
        int last = int(weights.size()) - 1;
        for (int l = 0; l <= last; l++) {
            float* y = outputs[l + 1].get();
            gemm(false, true, batch, sizes[l + 1], sizes[l], outputs[l].get(), weights[l].value.get(), y);
            if (l < last) {
                bias_and_activation<Act>(y, biases[l].value.get(), batch, sizes[l + 1]);
            } else {
                bias_and_activation<Identity>(y, biases[l].value.get(), batch, sizes[l + 1]);
            }
        }
    }

    // Gradients of layer l from grads[l + 1], and its update while they are in cache.
    void backward_layer(int l) {
        float* g = grads[l + 1].get();
        float* bias_grad = biases[l].grad.get();
        if (l + 1 < int(weights.size())) {
            activation_and_bias_backward<Act>(outputs[l + 1].get(), g, bias_grad, batch, sizes[l + 1]);
        } else {
            activation_and_bias_backward<Identity>(outputs[l + 1].get(), g, bias_grad, batch, sizes[l + 1]);
        }
        if (l > 0) gemm(false, false, batch, sizes[l], sizes[l + 1], g, weights[l].value.get(), grads[l].get());
        gemm(true, false, sizes[l + 1], sizes[l], batch, g, outputs[l].get(), weights[l].grad.get());
        update(weights[l]);
        update(biases[l]);
    }

    void update(Parameter& p) { use_adam ? adam(p, lr, steps) : sgd(p, lr); }

    void step() override {
        steps++;
        forward();
        loss = cross_entropy(outputs.back().get(), labels.data(), grads.back().get(), batch, sizes.back());
        for (int l = int(weights.size()) - 1; l >= 0; l--) backward_layer(l);
    }

    double summary() const override { return loss; }
};

template <class Act> struct Inference : Mlp<Act> {
    using Mlp<Act>::Mlp;
    void step() override { this->forward(); }
    double summary() const override { return mean_abs(this->outputs.back().get(), this->sizes.back()); }
};

// The two-layer network of the lectures: sigmoid, summed squared error, no biases, update by hand.
struct Lecture : Row {
    int batch, n_in, hidden, n_out;
    float lr, loss = 0;
    Parameter w1, w2;
    Array x, y, h, grad_h, out;

    Lecture(int batch, int n_in, int hidden, int n_out, float lr)
        : batch(batch),
          n_in(n_in),
          hidden(hidden),
          n_out(n_out),
          lr(lr),
          w1(size_t(n_in) * hidden, 10, float(1.0 / std::sqrt(double(n_in)))),
          w2(size_t(hidden) * n_out, 12, float(1.0 / std::sqrt(double(hidden)))),
          x(uniform(size_t(batch) * n_in, kInput, 1.7f)),
          y(uniform(size_t(batch) * n_out, kGradient, 1.7f)),
          h(make_array(size_t(batch) * hidden)),
          grad_h(make_array(size_t(batch) * hidden)),
          out(make_array(size_t(batch) * n_out)) {}

    // The loss of `out`, which becomes its own gradient, 2 (out - y).
    float squared_error() {
        float sum = 0;
        float* __restrict o = out.get();
        const float* __restrict target = y.get();
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < batch * n_out; i++) {
            float difference = o[i] - target[i];
            sum += difference * difference;
            o[i] = 2.0f * difference;
        }
        return sum;
    }

    void step() override {
        float* __restrict hv = h.get();
        float* __restrict gv = grad_h.get();
        gemm(false, false, batch, hidden, n_in, x.get(), w1.value.get(), hv);
#pragma omp simd
        for (int i = 0; i < batch * hidden; i++) hv[i] = Sigmoid::forward(hv[i]);
        gemm(false, false, batch, n_out, hidden, hv, w2.value.get(), out.get());
        loss = squared_error();
        gemm(false, true, batch, hidden, n_out, out.get(), w2.value.get(), gv);
        gemm(true, false, hidden, n_out, batch, hv, out.get(), w2.grad.get());
#pragma omp simd
        for (int i = 0; i < batch * hidden; i++) gv[i] = Sigmoid::backward(hv[i], gv[i]);
        gemm(true, false, n_in, hidden, batch, x.get(), gv, w1.grad.get());
        sgd(w1, lr);
        sgd(w2, lr);
    }

    double summary() const override { return loss; }
};

// Forward and backward of one function of one array: two loops.
struct Elementwise : Row {
    std::string name;
    size_t count;
    Array x, g, y, grad;

    Elementwise(const std::string& name, size_t count)
        : name(name),
          count(count),
          x(uniform(count, kInput, 3.0f)),
          g(uniform(count, kGradient, 1.0f)),
          y(make_array(count)),
          grad(make_array(count)) {}

    template <class Act> void run() {
        const float* __restrict in = x.get();
        const float* __restrict up = g.get();
        float* __restrict out = y.get();
        float* __restrict down = grad.get();
#pragma omp simd
        for (size_t i = 0; i < count; i++) out[i] = Act::forward(in[i]);
#pragma omp simd
        for (size_t i = 0; i < count; i++) down[i] = Act::backward(out[i], up[i]);
    }

    void run_gelu() {
        const float* __restrict in = x.get();
        const float* __restrict up = g.get();
        float* __restrict out = y.get();
        float* __restrict down = grad.get();
        float bell;
#pragma omp simd private(bell)
        for (size_t i = 0; i < count; i++) out[i] = in[i] * normal_cdf(in[i], bell);
#pragma omp simd private(bell)
        for (size_t i = 0; i < count; i++) {
            float cdf = normal_cdf(in[i], bell);
            down[i] = up[i] * (cdf + in[i] * 0.39894228f * bell);
        }
    }

    void step() override {
        if (name == "relu") run<Relu>();
        if (name == "sigmoid") run<Sigmoid>();
        if (name == "tanh") run<Tanh>();
        if (name == "gelu") run_gelu();
    }

    double summary() const override { return mean_abs(grad.get(), count); }
};

// c = a b with both gradients: three products.
struct Matmul : Row {
    int m, k, n;
    Array a, b, c, g, grad_a, grad_b;

    Matmul(int m, int k, int n)
        : m(m),
          k(k),
          n(n),
          a(uniform(size_t(m) * k, kInput, 1.0f)),
          b(uniform(size_t(k) * n, kSecond, 1.0f)),
          c(make_array(size_t(m) * n)),
          g(uniform(size_t(m) * n, kGradient, 1.0f)),
          grad_a(make_array(size_t(m) * k)),
          grad_b(make_array(size_t(k) * n)) {}

    void step() override {
        gemm(false, false, m, n, k, a.get(), b.get(), c.get());
        gemm(false, true, m, k, n, g.get(), b.get(), grad_a.get());
        gemm(true, false, k, n, m, a.get(), g.get(), grad_b.get());
    }

    double summary() const override { return mean_abs(grad_b.get(), size_t(k) * n); }
};

// One plain product, the measure for "GEMM within a few per cent of cblas".
struct Gemm : Matmul {
    using Matmul::Matmul;
    void step() override { gemm(false, false, m, n, k, a.get(), b.get(), c.get()); }
    double summary() const override { return mean_abs(c.get(), size_t(m) * n); }
};

struct CrossEntropy : Row {
    int rows, classes;
    Array logits, grad;
    std::vector<int> labels;

    CrossEntropy(int rows, int classes)
        : rows(rows),
          classes(classes),
          logits(uniform(size_t(rows) * classes, kInput, 3.0f)),
          grad(make_array(size_t(rows) * classes)),
          labels(make_labels(rows, classes)) {}

    void step() override { cross_entropy(logits.get(), labels.data(), grad.get(), rows, classes); }
    double summary() const override { return mean_abs(grad.get(), size_t(rows) * classes); }
};

// ---- Command line ---------------------------------------------------------------------------------------------------

const char* const kHelp =
    "usage: floor KIND ARGUMENTS... [--seconds S | --check STEPS | --serve]\n"
    "  mlp SIZES BATCH relu|tanh|sigmoid sgd|adam RATE   training step; SIZES as 64-128-10\n"
    "  inference SIZES BATCH relu|tanh|sigmoid           forward pass only\n"
    "  lecture SIZES BATCH RATE                          two layers, sigmoid, squared error, no biases\n"
    "  elementwise relu|sigmoid|tanh|gelu COUNT          forward and backward\n"
    "  matmul M K N                                      (M, K) @ (K, N) and both gradients\n"
    "  gemm M N K                                        one product alone\n"
    "  cross_entropy ROWS CLASSES                        forward and backward\n"
    "--seconds S    run for S seconds (1) and print the median microseconds a step as JSON\n"
    "--check STEPS  print, after each of so many steps, the loss (or the mean absolute gradient)\n"
    "--serve        read a number of steps from each line of input, run them, print the seconds they took,\n"
    "               by the clock and of the processor\n";

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::vector<int> parse_sizes(const std::string& text) {
    std::vector<int> sizes;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, '-');) sizes.push_back(std::stoi(part));
    return sizes;
}

template <template <class> class Net>
std::unique_ptr<Row> make_net(const std::string& activation, std::vector<int> sizes, int batch, bool adam, float lr) {
    if (activation == "relu") return std::make_unique<Net<Relu>>(sizes, batch, adam, lr);
    if (activation == "tanh") return std::make_unique<Net<Tanh>>(sizes, batch, adam, lr);
    if (activation == "sigmoid") return std::make_unique<Net<Sigmoid>>(sizes, batch, adam, lr);
    throw UsageError("floor: the activation must be relu, tanh or sigmoid, got " + activation);
}

std::unique_ptr<Row> make_row(const std::vector<std::string>& words) {
    auto text = [&](size_t i) {
        if (i >= words.size()) throw UsageError("floor: too few arguments");
        return words[i];
    };
    auto number = [&](size_t i) { return std::stoi(text(i)); };
    std::string kind = text(0);
    if (kind == "mlp") {
        return make_net<Mlp>(text(3), parse_sizes(text(1)), number(2), text(4) == "adam", std::stof(text(5)));
    }
    if (kind == "inference") return make_net<Inference>(text(3), parse_sizes(text(1)), number(2), false, 0.0f);
    if (kind == "lecture") {
        auto sizes = parse_sizes(text(1));
        return std::make_unique<Lecture>(number(2), sizes.at(0), sizes.at(1), sizes.at(2), std::stof(text(3)));
    }
    if (kind == "elementwise") return std::make_unique<Elementwise>(text(1), number(2));
    if (kind == "matmul") return std::make_unique<Matmul>(number(1), number(2), number(3));
    if (kind == "gemm") return std::make_unique<Gemm>(number(1), number(3), number(2));
    if (kind == "cross_entropy") return std::make_unique<CrossEntropy>(number(1), number(2));
    throw UsageError("floor: unknown kind " + kind);
}

struct Seconds {
    double wall, processor;
};

Seconds timed(Row& row, long steps) {
    auto start = std::chrono::steady_clock::now();
    std::clock_t used = std::clock();
    for (long i = 0; i < steps; i++) row.step();
    double processor = double(std::clock() - used) / CLOCKS_PER_SEC;
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), processor};
}

void print_median(Row& row, double seconds) {
    timed(row, 1);
    double one = timed(row, 1).wall;
    long steps = std::max(1L, std::min(100000L, long(seconds / 20 / std::max(one, 1e-9))));
    std::vector<double> blocks;
    for (double total = 0; total < seconds || blocks.size() < 3; total += blocks.back() * double(steps)) {
        blocks.push_back(timed(row, steps).wall / double(steps));
    }
    std::nth_element(blocks.begin(), blocks.begin() + blocks.size() / 2, blocks.end());
    std::printf("{\"median_us\": %.3f, \"blocks\": %zu, \"steps_a_block\": %ld}\n", blocks[blocks.size() / 2] * 1e6,
                blocks.size(), steps);
}

void print_check(Row& row, int steps) {
    std::printf("[");
    for (int i = 0; i < steps; i++) {
        row.step();
        std::printf("%s%.9g", i ? ", " : "", row.summary());
    }
    std::printf("]\n");
}

void serve(Row& row) {
    for (long steps = 0; std::scanf("%ld", &steps) == 1;) {
        Seconds seconds = timed(row, steps);
        std::printf("%.9f %.9f\n", seconds.wall, seconds.processor);
        std::fflush(stdout);
    }
}

int run(std::vector<std::string> words) {
    std::string mode = "--seconds", value = "1";
    for (size_t i = 1; i < words.size(); i++) {
        if (words[i].rfind("--", 0) != 0) continue;
        mode = words[i];
        if (i + 1 < words.size()) value = words[i + 1];
        words.resize(i);
    }
    auto row = make_row(words);
    if (mode == "--seconds") {
        print_median(*row, std::stod(value));
    } else if (mode == "--check") {
        print_check(*row, std::stoi(value));
    } else if (mode == "--serve") {
        serve(*row);
    } else {
        throw UsageError("floor: unknown option " + mode);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (words.empty() || words[0] == "--help" || words[0] == "-h") {
        std::printf("%s", kHelp);
        return words.empty() ? 2 : 0;
    }
    scipy_openblas_set_num_threads(1);
    try {
        return run(words);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n%s", error.what(), kHelp);
        return 2;
    }
}
