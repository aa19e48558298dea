// Recurrent layers over a sequence against a loop over their cells: values, gradients, fused against recorded; at sizes on both sides
// of every change of method.
#include <string>

#include "check.h"
#include "ops/recurrent.h"

using namespace chainrule;
using namespace chainrule::test;

namespace {

constexpr Recurrent kKinds[] = {Recurrent::Tanh, Recurrent::Relu, Recurrent::Lstm, Recurrent::Gru};

// Numbers that look random, the same each time.
Tensor numbers(const Dims& shape, int seed, bool needs_gradient = true) {
    Tensor t = empty(shape, DType::Float64);
    for (int64_t i = 0; i < t.numel(); ++i)
        t.data<double>()[i] = 0.5 * std::sin(static_cast<double>(i * 12 + seed) * 1.7 + seed);
    t->requires_grad = needs_gradient;
    return t;
}

struct Net {
    Tensor x, h0, c0;
    RecurrentWeights w;
    std::vector<Tensor> leaves;

    Net(Recurrent kind, int64_t rows, int64_t batch, int64_t in, int64_t size) {
        int64_t gates = gate_count(kind) * size;
        x = numbers({rows, in}, 1);
        h0 = numbers({batch, size}, 2);
        if (kind == Recurrent::Lstm) c0 = numbers({batch, size}, 3);
        w = {numbers({gates, in}, 4), numbers({gates, size}, 5), numbers({gates}, 6), numbers({gates}, 7), Tensor()};
        leaves = {x, h0, w.w_ih, w.w_hh, w.b_ih, w.b_hh};
        if (c0) leaves.push_back(c0);
    }
};

// The h of all rows by one cell after the other; `sizes` rows at each step.
Tensor by_cells(Recurrent kind, const Net& net, const std::vector<int64_t>& sizes, bool reverse) {
    std::vector<Tensor> outputs(sizes.size());
    Tensor h, c;
    int64_t at = reverse ? net.x.size(0) : 0;
    for (size_t k = 0; k < sizes.size(); ++k) {
        size_t t = reverse ? sizes.size() - 1 - k : k;
        int64_t n = sizes[t], known = h ? std::min(h.size(0), n) : 0;
        if (reverse) at -= n;
        auto state = [&](const Tensor& before, const Tensor& initial) {
            if (!initial) return initial;
            if (!before || known == 0) return narrow(initial, 0, 0, n);
            Tensor kept = narrow(before, 0, 0, known);
            return known == n ? kept : cat({kept, narrow(initial, 0, known, n - known)});
        };
        RecurrentResult r = recurrent_cell(kind, narrow(net.x, 0, at, n), state(h, net.h0), state(c, net.c0), net.w);
        h = outputs[t] = r.h;
        c = r.c;
        if (!reverse) at += n;
    }
    return cat(outputs);
}

void expect_close(const Tensor& got, const Tensor& want, const std::string& what) {
    std::vector<double> a = values(got), b = values(want);
    bool ok = a.size() == b.size();
    for (size_t i = 0; ok && i < a.size(); ++i) ok = std::fabs(a[i] - b[i]) <= 1e-10 * (1 + std::fabs(b[i]));
    expect(ok, what, __LINE__);
}

void compare(Recurrent kind, const std::vector<int64_t>& sizes, int64_t in, int64_t size, bool packed, bool reverse) {
    int64_t rows = 0;
    for (int64_t n : sizes) rows += n;
    Net net(kind, rows, sizes[0], in, size);
    Tensor batch_sizes, x = net.x;
    if (packed) batch_sizes = tensor_of<int64_t>({static_cast<int64_t>(sizes.size())}, sizes);
    else x = reshape(net.x, {static_cast<int64_t>(sizes.size()), sizes[0], in});
    Tensor whole = recurrent_layer(kind, x, batch_sizes, net.h0, net.c0, net.w, reverse).h;
    Tensor flat = reshape(whole, {rows, size}), cells = by_cells(kind, net, sizes, reverse);
    std::string what = "kind " + std::to_string(static_cast<int>(kind)) + ", " + std::to_string(sizes[0]) + " x " +
                       std::to_string(size) + (packed ? ", packed" : "") + (reverse ? ", reverse" : "");
    expect_close(flat, cells, what + ": values");
    std::vector<Tensor> wanted = grad(sum(square(cells)), net.leaves);
    std::vector<Tensor> recorded = grad(sum(square(flat)), net.leaves, true);
    std::vector<Tensor> fused = grad(sum(square(flat)), net.leaves);
    for (size_t i = 0; i < wanted.size(); ++i) {
        expect_close(fused[i], wanted[i], what + ": gradient " + std::to_string(i));
        expect_close(recorded[i], wanted[i], what + ": recorded gradient " + std::to_string(i));
    }
}

void test_layers() {
    for (Recurrent kind : kKinds)
        for (bool reverse : {false, true}) {
            compare(kind, {2, 2, 2}, 3, 4, false, reverse);            // products by OpenBLAS
            compare(kind, {9, 9, 9, 9, 9}, 5, 16, false, reverse);     // by tiles
            compare(kind, {5, 5, 5, 4, 2, 1}, 5, 16, true, reverse);   // packed
            compare(kind, {17, 17, 17, 16, 3}, 3, 64, true, reverse);  // backward by tiles
            compare(kind, {1, 1, 1, 1}, 1, 8, true, reverse);
        }
    for (Recurrent kind : kKinds)
        compare(kind, {9, 9, 9, 9}, 7, 176, false, false);  // a matrix beyond the second cache
}

void test_errors() {
    Net net(Recurrent::Lstm, 4, 2, 3, 4);
    Tensor sizes = tensor_of<int64_t>({2}, {1, 3});
    EXPECT_ERROR(ValueError, "must not rise",
                 recurrent_layer(Recurrent::Lstm, net.x, sizes, Tensor(), Tensor(), net.w, false));
    net.w.w_hh = numbers({16, 5}, 1);
    EXPECT_ERROR(ValueError, "the hidden weight must have shape (16, 4)",
                 recurrent_cell(Recurrent::Lstm, net.x, Tensor(), Tensor(), net.w));
}

}  // namespace

int main() {
    run_test("layers", test_layers);
    run_test("errors", test_errors);
    return report();
}
