// The graph and the engine: values of gradients, order, freed graphs, pruning, hooks, views and in-place changes, failed
// walks, and that nothing is left behind.
#include <pthread.h>

#include <functional>
#include <stdexcept>

#include "autograd/grad_mode.h"
#include "check.h"

using namespace chainrule;
using namespace chainrule::test;

namespace {

const BackwardOptions kRetain = {.retain_graph = true};
const BackwardOptions kCreate = {.retain_graph = true, .create_graph = true};

// --- values ----------------------------------------------------------------------------------------------------------
void test_diamond() {
    Tensor x = leaf({2, 3});
    Tensor y = x * x;
    backward(sum(exp(mul(y, 0.1)) * y));  // d/dx of e^(0.1 x^2) x^2 = 2x e^(0.1 x^2) (1 + 0.1 x^2)
    EXPECT_VALUES(grad_of(x), {4 * std::exp(0.4) * 1.4, 6 * std::exp(0.9) * 1.9});
}

void test_same_input_twice() {
    Tensor x = leaf({2, 3});
    backward(sum(x + x));
    EXPECT_VALUES(grad_of(x), {2, 2});
    backward(sum(x * x * x));
    EXPECT_VALUES(grad_of(x), {2 + 12, 2 + 27});
    EXPECT_VALUES(x, {2, 3});
}

void test_fan_out() {
    Tensor x = leaf({1, 2}), y = x * 3.0;
    Tensor total = sum(y);
    for (int i = 1; i < 100; ++i) total = total + sum(y * static_cast<double>(i % 2));
    backward(total);
    EXPECT_VALUES(grad_of(x), {153, 153});
}

// The gradient of a sum is one number seen many times; adding to it in place would be wrong.
void test_expanded_gradients_are_not_written() {
    Tensor x = leaf({1, 2, 3});
    backward(sum(x) + sum(x * x));
    EXPECT_VALUES(grad_of(x), {3, 5, 7});
    x->grad.reset();
    x->grad = expand(scalar_tensor(1.0, DType::Float64), {3}).ref();
    backward(sum(x * x));
    EXPECT_VALUES(grad_of(x), {3, 5, 7});
}

void test_given_gradient_is_not_changed() {
    Tensor x = leaf({1, 2}), seed = vec({10, 20});
    backward(x + x, {}, seed);
    EXPECT_VALUES(grad_of(x), {20, 40});
    x->grad.reset();
    backward(x * 1.0, {}, seed);
    backward(x * 1.0, {}, seed);
    EXPECT_VALUES(grad_of(x), {20, 40});
    EXPECT_VALUES(seed, {10, 20});
}

void test_broadcast() {
    Tensor row = leaf({1, 2, 3}), column = tensor_of<double>({2, 1}, {10, 20});
    column->requires_grad = true;
    backward(sum(row * column));
    EXPECT_VALUES(grad_of(row), {30, 30, 30});
    EXPECT_VALUES(grad_of(column), {6, 6});
    EXPECT(grad_of(column).shape() == Dims({2, 1}));
}

void test_matmul() {
    Tensor a = tensor_of<double>({2, 3}, {1, 2, 3, 4, 5, 6}), b = tensor_of<double>({3, 1}, {1, 0, -1});
    a->requires_grad = b->requires_grad = true;
    backward(sum(matmul(a, b)));
    EXPECT_VALUES(grad_of(a), {1, 0, -1, 1, 0, -1});
    EXPECT_VALUES(grad_of(b), {5, 7, 9});
}

void test_second_derivatives() {
    Tensor x = leaf({2, 3});
    Tensor first = grad(sum(x * x * x), {x}, true)[0];
    EXPECT_VALUES(first, {12, 27});
    Tensor second = grad(sum(first), {x}, true)[0];
    EXPECT_VALUES(second, {12, 18});
    EXPECT_VALUES(grad(sum(second), {x})[0], {6, 6});
    EXPECT(!x->grad);
    Tensor t = leaf({0.5});
    Tensor slope = grad(tanh(t), {t}, true)[0];
    double y = std::tanh(0.5);
    EXPECT_VALUES(grad(slope, {t})[0], {-2 * y * (1 - y * y)});
}

void test_no_grad() {
    Tensor x = leaf({1});
    {
        GradMode off(false);
        Tensor y = x * x;
        EXPECT(!y.requires_grad() && y.is_leaf());
    }
    EXPECT((x * x).requires_grad());
    EXPECT(!detach(x * x).requires_grad());
    EXPECT_ERROR(RuntimeError, "does not require a gradient", backward(vec({1})));
}

// --- what a walk frees and what it leaves ----------------------------------------------------------------------------
void test_freed_graph() {
    Tensor x = leaf({2}), y = x * x;
    backward(y, kRetain);
    backward(y);
    EXPECT_VALUES(grad_of(x), {8});
    EXPECT_ERROR(RuntimeError, "retain_graph", backward(y));
    EXPECT_VALUES(grad_of(x), {8});
}

void test_roots() {
    Tensor x = leaf({1, 2});
    EXPECT_ERROR(RuntimeError, "got shape (2,)", backward(x * x));
    EXPECT_ERROR(ValueError, "must have the tensor's shape (2,)", backward(x * x, {}, vec({1, 1, 1})));
    EXPECT(!x->grad);
    Tensor a = sum(x * x), b = sum(x);
    run_backward("backward", {a, b, a}, {}, {}, {});  // one root given twice counts twice
    EXPECT_VALUES(grad_of(x), {5, 9});
    Tensor single = leaf({1});
    backward(single);  // a leaf as root
    EXPECT_VALUES(grad_of(single), {1});
}

int64_t calls = 0;
Tensor count_call(const Tensor&) {
    ++calls;
    return {};
}

void test_pruning() {
    Tensor x = leaf({2}), w = leaf({3}), h = x * x, k = w * w;
    add_hook(k, count_call);
    add_hook(h, count_call);
    calls = 0;
    Tensor y = h * k;
    EXPECT_VALUES(grad(y, {x}, true)[0], {36});
    EXPECT(calls == 1);  // the branch to w was not walked
    EXPECT_VALUES(grad(y, {h}, true)[0], {9});
    EXPECT(calls == 2);  // x's part was not computed, h's hook saw its gradient
    std::vector<Tensor> both = grad(y, {w, h});
    EXPECT_VALUES(both[0], {24});
    EXPECT_VALUES(both[1], {9});
    EXPECT(!x->grad && !w->grad);
    Tensor other = leaf({1});
    EXPECT(!grad(x * w, {other})[0]);
    run_backward("backward", {x * w}, {}, {x}, {});
    EXPECT_VALUES(grad_of(x), {3});
    EXPECT(!w->grad);
}

Tensor throw_error(const Tensor&) { throw std::domain_error("from the hook"); }

// Leaves have no new gradient after a walk that failed, and the graph can be walked again.
void test_failed_walk() {
    Tensor x = leaf({2}), w = leaf({3});
    x->grad = vec({100}).ref();
    Tensor h = x * x, y = h * w;
    int64_t id = add_hook(h, throw_error);
    bool thrown = false;
    try {
        backward(y, kRetain);
    } catch (const std::domain_error& e) {
        thrown = std::string(e.what()) == "from the hook";
    }
    EXPECT(thrown);
    EXPECT_VALUES(grad_of(x), {100});
    EXPECT(!w->grad);
    EXPECT(grad_mode());
    remove_hook(grad_fn(h), id);
    backward(y);
    EXPECT_VALUES(grad_of(x), {112});
    EXPECT_VALUES(grad_of(w), {4});
}

void test_interrupt() {
    Tensor x = leaf({1}), y = x;
    for (int i = 0; i < 200; ++i) y = y + x;
    interrupt_check = [] { throw std::domain_error("stop"); };
    bool thrown = false;
    try {
        backward(y, kRetain);
    } catch (const std::domain_error&) {
        thrown = true;
    }
    interrupt_check = nullptr;
    EXPECT(thrown && !x->grad);
    backward(y);
    EXPECT_VALUES(grad_of(x), {201});
}

// --- hooks -----------------------------------------------------------------------------------------------------------
void test_hooks() {
    Tensor x = leaf({2}), h = x * 3.0;
    std::vector<double> seen;
    int64_t id = add_hook(h, [&seen](const Tensor& g) {
        seen.push_back(values(g)[0]);
        return g * 10.0;
    });
    add_hook(x, [&seen](const Tensor& g) {
        seen.push_back(values(g)[0]);
        return Tensor();
    });
    Tensor y = h * h;
    backward(y, kRetain);
    EXPECT(seen == std::vector<double>({12, 360}));  // once each, with the whole gradient
    EXPECT_VALUES(grad_of(x), {360});
    remove_hook(grad_fn(h), id);
    backward(y);
    EXPECT_VALUES(grad_of(x), {396});
    add_hook(x, [](const Tensor&) { return vec({1, 2}); });
    EXPECT_ERROR(ValueError, "shape (2,)", backward(x * x));
    EXPECT_ERROR(RuntimeError, "does not require a gradient", add_hook(vec({1}), count_call));
}

// A hook may call backward itself, also over the graph that is being walked.
void test_backward_inside_backward() {
    Tensor x = leaf({3}), h = x * x;
    int depth = 0;
    add_hook(h, [&](const Tensor&) {
        if (++depth > 1) return Tensor();
        GradMode on(true);  // a hook runs in the walk's mode
        Tensor other = leaf({5});
        backward(other * other);
        EXPECT_VALUES(grad_of(other), {10});
        EXPECT_VALUES(grad(h * 2.0, {x}, true)[0], {12});  // calls this hook again
        return Tensor();
    });
    backward(h);
    EXPECT_VALUES(grad_of(x), {6});
    EXPECT(depth == 2);
}

void test_retain_grad() {
    Tensor x = leaf({2}), h = x * x, y = h * h;
    retain_grad(h);
    backward(y, kRetain);
    EXPECT_VALUES(grad_of(h), {8});
    backward(y, kRetain);
    EXPECT_VALUES(grad_of(h), {16});
    h.reset();  // the tensor goes before the walk: nothing to keep
    backward(y);
    EXPECT_VALUES(grad_of(x), {96});
}

// --- saved values, views, in-place changes ---------------------------------------------------------------------------
void test_version_check() {
    Tensor x = leaf({1, 2}), h = x * 1.0, y = h * h;
    add_(h, vec({1, 1}));
    EXPECT_ERROR(RuntimeError, "modified in place", backward(sum(y)));
    EXPECT(!x->grad);
    Tensor k = x * 1.0, z = exp(k);  // exp saves its result, so a change of its input does no harm
    add_(k, vec({1, 1}));
    backward(sum(z));
    EXPECT_VALUES(grad_of(x), {std::exp(1.0), std::exp(2.0)});
    Tensor e = exp(x);
    mul_(e, vec({2, 2}));
    EXPECT_ERROR(RuntimeError, "modified in place", backward(sum(e)));
    Tensor q = x * 1.0;
    mul_(q, q);  // the gradient needs q as it was
    EXPECT_ERROR(RuntimeError, "modified in place", backward(sum(q)));
}

void test_inplace_history() {
    Tensor x = leaf({2, 3}), y = x * 1.0;
    mul_(y, x);
    mul_(y, vec({10, 10}));
    add_(y, y);
    EXPECT_VALUES(y, {80, 180});
    backward(sum(y));
    EXPECT_VALUES(grad_of(x), {80, 120});
    Tensor z = vec({0, 0, 0});
    copy_(slice(z, 0, 1, 3, 1), x * x);  // a tensor without history gets one through its view
    EXPECT(z.requires_grad());
    x->grad.reset();
    backward(sum(z * z));
    EXPECT_VALUES(grad_of(x), {32, 108});
}

void test_view_of_changed_base() {
    Tensor x = leaf({1, 2, 3}), base = x * 1.0;
    Tensor view = slice(base, 0, 0, 2, 1);
    mul_(base, vec({2, 3, 4}));  // the view sees new values and the new history
    EXPECT_VALUES(view, {2, 6});
    backward(sum(view), kRetain);
    EXPECT_VALUES(grad_of(x), {2, 3, 0});
    x->grad.reset();
    mul_(view, vec({10, 10}));  // and so does the base
    EXPECT_VALUES(base, {20, 60, 12});
    backward(sum(base));
    EXPECT_VALUES(grad_of(x), {20, 30, 4});
    EXPECT(!x.stale_view() && base.requires_grad());
}

void test_view_chain() {
    Tensor x = tensor_of<double>({2, 3}, {1, 2, 3, 4, 5, 6});
    x->requires_grad = true;
    Tensor y = x * 1.0;
    Tensor part = select(transpose(y, 0, 1), 0, 1);  // the middle column
    zero_(part);
    EXPECT_VALUES(y, {1, 0, 3, 4, 0, 6});
    backward(sum(y * y));
    EXPECT_VALUES(grad_of(x), {2, 0, 6, 8, 0, 12});
}

// A gradient to be retained belongs to the tensor as it is now, also after its history has moved on.
void test_retain_grad_moves() {
    Tensor x = leaf({1, 2, 3}), base = x * 1.0, view = slice(base, 0, 0, 2, 1);
    retain_grad(base);
    retain_grad(view);
    Tensor before = sum(base) + sum(view);
    mul_(view, vec({10, 10}));
    Tensor after = sum(base * 2.0) + sum(view * 3.0);
    backward(before + after);
    EXPECT_VALUES(grad_of(base), {5, 5, 2});
    EXPECT_VALUES(grad_of(view), {3, 3});
    EXPECT_VALUES(grad_of(x), {52, 52, 3});
}

// The tensors go while old nodes, which were to retain their gradients, live on.
void test_retaining_tensors_that_go() {
    Tensor x = leaf({1, 2, 3}), base = x * 1.0, view = slice(base, 0, 0, 2, 1), other = slice(base, 0, 1, 3, 1);
    retain_grad(base);
    retain_grad(view);
    Tensor y = sum(base) + sum(view);
    mul_(other, vec({10, 10}));
    EXPECT(grad_fn(view) != nullptr);
    for (Tensor* t : {&view, &other, &base}) t->reset();
    backward(y);
    EXPECT_VALUES(grad_of(x), {2, 2, 1});
}

// What set_(), resize_() and `.data =` do to a base: its views stay what they were.
void test_base_with_other_memory() {
    Tensor x = leaf({1, 2, 3, 4}), moved = x * 1.0, view = slice(moved, 0, 2, 4, 1), fresh = vec({7});
    moved->storage = fresh->storage;
    moved->data = fresh->data;
    set_geometry(moved.get(), {1}, {1});
    mul_(moved, vec({2}));
    EXPECT_VALUES(moved, {14});
    backward(sum(view * 3.0), kRetain);
    EXPECT_VALUES(grad_of(x), {0, 0, 3, 3});
    mul_(view, vec({2, 2}));
    backward(sum(view));
    EXPECT_VALUES(grad_of(x), {0, 0, 5, 5});

    Tensor shrunk = x * 1.0, part = slice(shrunk, 0, 2, 4, 1);
    set_geometry(shrunk.get(), {1}, {1});
    mul_(shrunk, slice(x, 0, 0, 1, 1));
    mul_(part, vec({10, 10}));
    backward(sum(part));
    EXPECT_VALUES(grad_of(x), {0, 0, 15, 15});

    Tensor w = leaf({1, 2, 3, 4}), y = sum(w * w);
    set_geometry(w.get(), {2}, {1});  // w.data = w.data[:2]; saved values keep their shape
    bool thrown = false;
    try {
        backward(y);
    } catch (const Error&) {
        thrown = true;
    }
    EXPECT(thrown || grad_of(w).numel() == 4);
}

// --- destruction -----------------------------------------------------------------------------------------------------
void run_on_small_stack(void (*work)()) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_t thread;
    auto entry = [](void* f) -> void* {
        reinterpret_cast<void (*)()>(f)();
        return nullptr;
    };
    bool started = pthread_create(&thread, &attributes, entry, reinterpret_cast<void*>(work)) == 0;
    if (started) pthread_join(thread, nullptr);
    EXPECT(started);
    pthread_attr_destroy(&attributes);
}

constexpr int kDepth = 1000000;

Tensor long_chain(const Tensor& x, int depth) {
    Tensor y = x;
    for (int i = 0; i < depth; ++i) y = y + x;
    return y;
}

void test_deep_graphs() {
    run_on_small_stack([] { long_chain(leaf({1}), kDepth); });  // dies unwalked
    run_on_small_stack([] {
        Tensor x = leaf({1}), y = long_chain(x, kDepth);
        EXPECT_VALUES(grad(y, {x}, true)[0], {kDepth + 1.0});
        backward(y);
        EXPECT_VALUES(grad_of(x), {kDepth + 1.0});
    });
    run_on_small_stack([] {  // nodes that die through the saved values of others
        Tensor y = leaf({0.5});
        for (int i = 0; i < kDepth / 10; ++i) y = y * y;
    });
    run_on_small_stack([] {  // a chain of views, changed in place
        Tensor x = leaf({1}), y = x * 1.0;
        for (int i = 0; i < kDepth / 10; ++i) add_(slice(y, 0, 0, 1, 1), x);
        backward(y);
        EXPECT_VALUES(grad_of(x), {kDepth / 10 + 1.0});
    });
}

// Gradients that carry a graph are freed by counting alone: run_test sees that all is gone.
void test_create_graph_makes_no_cycle() {
    Tensor x = leaf({2, 3}), w = leaf({1, 4});
    Tensor h = tanh(x * w), y = sum(h * exp(h));
    retain_grad(h);
    backward(y, kCreate);
    EXPECT(grad_of(x).requires_grad() && grad_of(h).requires_grad());
    backward(sum(grad_of(x) * grad_of(x)), kCreate);
    EXPECT(grad_of(w).requires_grad());
    sum(grad_of(w) * x);
}

void test_unwalked_pieces() {
    Tensor x = leaf({1, 2});
    Tensor kept = x * x;
    for (int i = 0; i < 10; ++i) exp(kept * x);  // thrown away
    int64_t before = live_nodes();
    {
        Tensor y = sum(exp(kept));
    }
    EXPECT(live_nodes() == before);
    Tensor y = sum(kept);
    x.reset();  // the leaf goes first
    backward(y);
    EXPECT(true);
}

}  // namespace

int main() {
    run_test("diamond", test_diamond);
    run_test("the same input twice", test_same_input_twice);
    run_test("fan-out", test_fan_out);
    run_test("expanded gradients", test_expanded_gradients_are_not_written);
    run_test("a given gradient", test_given_gradient_is_not_changed);
    run_test("broadcast", test_broadcast);
    run_test("matmul", test_matmul);
    run_test("second derivatives", test_second_derivatives);
    run_test("no_grad", test_no_grad);
    run_test("freed graph", test_freed_graph);
    run_test("roots", test_roots);
    run_test("pruning", test_pruning);
    run_test("failed walk", test_failed_walk);
    run_test("interrupt", test_interrupt);
    run_test("hooks", test_hooks);
    run_test("backward inside backward", test_backward_inside_backward);
    run_test("retain_grad", test_retain_grad);
    run_test("version check", test_version_check);
    run_test("in-place history", test_inplace_history);
    run_test("a view of a changed base", test_view_of_changed_base);
    run_test("view chain", test_view_chain);
    run_test("retain_grad moves", test_retain_grad_moves);
    run_test("retaining tensors that go", test_retaining_tensors_that_go);
    run_test("a base with other memory", test_base_with_other_memory);
    run_test("deep graphs", test_deep_graphs);
    run_test("create_graph", test_create_graph_makes_no_cycle);
    run_test("unwalked pieces", test_unwalked_pieces);
    return report();
}
