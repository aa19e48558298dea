// What the C++ tests of tensors and graphs share: counted checks, a runner that looks for leaks, short ways to make and
// read tensors.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "autograd/engine.h"
#include "autograd/node.h"
#include "ops/ops.h"

namespace chainrule::test {

inline int passed = 0, failed = 0;
inline const char* current_test = "";

inline void expect(bool ok, const std::string& what, int line) {
    ok ? ++passed : ++failed;
    if (!ok) std::printf("FAILED %s, line %d: %s\n", current_test, line, what.c_str());
}

#define EXPECT(condition) ::chainrule::test::expect((condition), #condition, __LINE__)
#define EXPECT_VALUES(tensor, ...) ::chainrule::test::expect_values((tensor), __VA_ARGS__, #tensor, __LINE__)
// The statement throws this error, and its message holds the text.
#define EXPECT_ERROR(type, text, statement)                                                        \
    do {                                                                                           \
        std::string got = "nothing was thrown";                                                    \
        bool ok = false;                                                                           \
        try {                                                                                      \
            statement;                                                                             \
        } catch (const ::chainrule::type& e) {                                                     \
            got = e.what();                                                                        \
            ok = got.find(text) != std::string::npos;                                              \
        } catch (const std::exception& e) {                                                        \
            got = std::string("another error: ") + e.what();                                       \
        }                                                                                          \
        ::chainrule::test::expect(ok, #type " with \"" text "\" expected, got: " + got, __LINE__); \
    } while (false)

// Runs one test; nodes and tensors that it made must be gone afterwards.
inline void run_test(const char* name, void (*test)()) {
    current_test = name;
    int64_t nodes = live_nodes(), tensors = live_tensors();
    try {
        test();
    } catch (const std::exception& e) {
        expect(false, std::string("unexpected error: ") + e.what(), 0);
    }
    expect(live_nodes() == nodes, std::to_string(live_nodes() - nodes) + " nodes leaked", 0);
    expect(live_tensors() == tensors, std::to_string(live_tensors() - tensors) + " tensors leaked", 0);
}

// The exit code of a test program.
inline int report() {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

template <class T> Tensor tensor_of(const Dims& shape, const std::vector<T>& values) {
    Tensor t = empty(shape, DTypeOf<T>::value);
    for (size_t i = 0; i < values.size(); ++i) t.data<T>()[i] = values[i];
    return t;
}

inline Tensor vec(const std::vector<double>& values) {
    return tensor_of<double>({static_cast<int64_t>(values.size())}, values);
}

// The same, a leaf that requires a gradient.
inline Tensor leaf(const std::vector<double>& values) {
    Tensor t = vec(values);
    t->requires_grad = true;
    return t;
}

inline std::vector<double> values(const Tensor& t) {
    Tensor flat = cast(contiguous(detach(t)), DType::Float64);
    return {flat.data<double>(), flat.data<double>() + flat.numel()};
}

inline Tensor grad_of(const Tensor& t) { return Tensor(t->grad); }

inline void expect_values(const Tensor& t, const std::vector<double>& want, const char* what, int line) {
    if (!t) return expect(false, std::string(what) + " is undefined", line);
    std::vector<double> got = values(t);
    bool ok = got.size() == want.size();
    for (size_t i = 0; ok && i < got.size(); ++i) ok = std::fabs(got[i] - want[i]) <= 1e-9 * (1 + std::fabs(want[i]));
    std::string text = std::string(what) + " is";
    for (double x : got) text += " " + std::to_string(x);
    expect(ok, text, line);
}

inline void backward(const Tensor& root, const BackwardOptions& options = {}, const Tensor& gradient = {}) {
    run_backward("backward", {root}, {gradient}, {}, options);
}

inline std::vector<Tensor> grad(const Tensor& root, const std::vector<Tensor>& inputs, bool create_graph = false) {
    BackwardOptions options;
    options.accumulate = false;
    options.create_graph = options.retain_graph = create_graph;
    return run_backward("grad", {root}, {}, inputs, options);
}

}  // namespace chainrule::test
