// dispatch: promotion, broadcasting, errors that leave everything as it was, and the rules of in-place changes.
#include <cstdint>

#include "autograd/grad_mode.h"
#include "check.h"
#include "core/allocator.h"

using namespace chainrule;
using namespace chainrule::test;

namespace {

constexpr DType kAll[] = {DType::Bool, DType::UInt8, DType::Int32, DType::Int64, DType::Float32, DType::Float64};

DType sum_type(const Tensor& a, const Tensor& b) { return add(a, b).dtype(); }

void test_promotion() {
    for (DType a : kAll)
        for (DType b : kAll) {
            Tensor x = full({2}, 1, a), y = full({2}, 1, b), y0 = full({}, 1, b);
            EXPECT(sum_type(x, y) == promote(a, b));
            EXPECT(sum_type(x, y) == sum_type(y, x));
            // A 0-d tensor counts only where its category is higher.
            EXPECT(sum_type(x, y0) == (category(b) > category(a) ? b : a));
            EXPECT(sum_type(full({}, 1, a), y0) == promote(a, b));
        }
    EXPECT(div(full({2}, 1, DType::Int32), full({2}, 2, DType::Int64)).dtype() == DType::Float32);
    EXPECT_VALUES(div(full({2}, 1, DType::Int32), full({2}, 2, DType::Int64)), {0.5, 0.5});
    EXPECT(exp(full({2}, 1, DType::Bool)).dtype() == DType::Float32);
    EXPECT(lt(full({2}, 1, DType::Int32), full({2}, 1.5, DType::Float64)).dtype() == DType::Bool);
}

// A Python number never widens a tensor within its category.
void test_numbers() {
    auto number_of = [](Scalar s) { return scalar_tensor(s, dtype_of(s), true); };
    for (DType a : kAll) {
        Tensor x = full({2}, 1, a), x0 = full({}, 1, a);
        for (const Tensor& t : {x, x0}) {
            EXPECT(sum_type(t, number_of(true)) == a);
            EXPECT(sum_type(t, number_of(2)) == (a == DType::Bool ? DType::Int64 : a));
            EXPECT(sum_type(t, number_of(0.5)) == (is_floating(a) ? a : DType::Float32));
        }
    }
    set_default_dtype(DType::Float64);
    EXPECT(sum_type(full({2}, 1, DType::Int64), number_of(0.5)) == DType::Float64);
    set_default_dtype(DType::Float32);
    EXPECT_ERROR(TypeError, "must be a floating type", set_default_dtype(DType::Int32));
}

void test_gradients_keep_their_dtype() {
    Tensor x = tensor_of<float>({2}, {1, 2}), y = leaf({3, 4});
    x->requires_grad = true;
    backward(sum(x * y));
    EXPECT(grad_of(x).dtype() == DType::Float32 && grad_of(y).dtype() == DType::Float64);
    EXPECT_VALUES(grad_of(x), {3, 4});
    EXPECT_VALUES(grad_of(y), {1, 2});
}

void test_broadcasting() {
    Tensor a = tensor_of<double>({2, 1}, {1, 2}), b = vec({10, 20, 30});
    EXPECT_VALUES(a + b, {11, 21, 31, 12, 22, 32});
    EXPECT((full({4, 1, 3}, 1, DType::Float32) + full({2, 1}, 1, DType::Float32)).shape() == Dims({4, 2, 3}));
    EXPECT((full({0, 1}, 1, DType::Float32) + full({3}, 1, DType::Float32)).shape() == Dims({0, 3}));
    EXPECT((full({}, 1, DType::Float32) + full({}, 1, DType::Float32)).ndim() == 0);
    EXPECT_VALUES(transpose(a + b, 0, 1) * a.data<double>()[1], {22, 24, 42, 44, 62, 64});
    EXPECT_ERROR(ValueError, "(2,)", vec({1, 2}) + vec({1, 2, 3}));
    EXPECT_ERROR(ValueError, "(0,)", vec({1, 2}) + vec({}));
}

// What an operation that fails must leave alone.
struct Snapshot {
    explicit Snapshot(const Tensor& t) : t(t), before(values(t)), version(t.version()), node(grad_fn(t)) {
        nodes = live_nodes();
        tensors = live_tensors();
        bytes = allocator_stats().bytes_in_use;
    }
    bool unchanged() const {
        return live_nodes() == nodes && live_tensors() == tensors && allocator_stats().bytes_in_use == bytes &&
               values(t) == before && t.version() == version && grad_fn(t) == node;
    }
    Tensor t;
    std::vector<double> before;
    uint32_t version;
    Node* node;
    int64_t nodes, tensors, bytes;
};

void test_errors_change_nothing() {
    Tensor x = leaf({1, 2}), y = x * 2.0, other = vec({1, 2, 3}), ints = full({2}, 1, DType::Int64);
    accumulator(x);
    Snapshot s(y), i(ints);
    EXPECT_ERROR(ValueError, "add", add(y, other));
    EXPECT_ERROR(ValueError, "add", add_(y, other));
    EXPECT_ERROR(ValueError, "does not fit in place", add_(slice(y, 0, 0, 1, 1), y));
    EXPECT_ERROR(TypeError, "cannot be stored in place", add_(ints, y));
    EXPECT_ERROR(TypeError, "cannot be stored in place", div_(ints, ints));
    EXPECT_ERROR(ValueError, "copy_", copy_(y, other));
    EXPECT_ERROR(ValueError, "matmul", matmul(y, other));
    EXPECT_ERROR(ValueError, "", reshape(y, {3}));
    EXPECT_ERROR(IndexError, "", sum(y, {1}));
    EXPECT_ERROR(IndexError, "", transpose(y, 0, 2));
    EXPECT_ERROR(ValueError, "", cat({y, full({1, 1}, 0, DType::Float64)}));
    EXPECT_ERROR(ValueError, "linear", linear(y, full({3, 3}, 0, DType::Float64), Tensor()));
    EXPECT_ERROR(TypeError, "linear", linear(y, full({3, 2}, 0, DType::Float32), Tensor()));
    EXPECT_ERROR(IndexError, "", index_select(y, 0, tensor_of<int64_t>({1}, {2})));
    EXPECT_ERROR(OutOfMemory, "",
                 matmul(expand(full({1, 1}, 1, DType::Float64), {int64_t{1} << 25, 1}),
                        expand(full({1, 1}, 1, DType::Float64), {1, int64_t{1} << 25})));
    EXPECT(s.unchanged() && i.unchanged());
    backward(sum(y));
    EXPECT_VALUES(grad_of(x), {2, 2});
}

void test_inplace_rules() {
    Tensor x = leaf({1, 2}), one = vec({1, 1});
    accumulator(x);
    Snapshot s(x);
    EXPECT_ERROR(RuntimeError, "leaf", add_(x, one));
    EXPECT_ERROR(RuntimeError, "leaf", add_(slice(x, 0, 0, 1, 1), vec({1})));
    EXPECT(s.unchanged());
    {
        GradMode off(false);
        add_(x, one);
        add_(slice(x, 0, 0, 1, 1), vec({1}));
    }
    EXPECT_VALUES(x, {3, 3});
    EXPECT(x.version() == 2 && x.is_leaf());
    Tensor wide = expand(vec({1}), {3});
    EXPECT_ERROR(RuntimeError, "more than once", add_(wide, vec({1, 2, 3})));
    EXPECT_VALUES(wide, {1, 1, 1});
    Tensor plain = vec({1, 2});
    add_(plain, x * 2.0);  // takes on the history of what is added
    EXPECT(plain.requires_grad());
    backward(sum(plain));
    EXPECT_VALUES(grad_of(x), {2, 2});
}

// self and another input in the same memory: the result is as if the inputs had been copied first.
void test_overlap() {
    Tensor t = vec({1, 2, 3, 4, 5});
    add_(slice(t, 0, 1, 5, 1), slice(t, 0, 0, 4, 1));
    EXPECT_VALUES(t, {1, 3, 5, 7, 9});
    copy_(slice(t, 0, 0, 4, 1), slice(t, 0, 1, 5, 1));
    EXPECT_VALUES(t, {3, 5, 7, 9, 9});
    Tensor m = tensor_of<double>({2, 2}, {1, 2, 3, 4});
    add_(m, transpose(m, 0, 1));
    EXPECT_VALUES(m, {2, 5, 5, 8});
    mul_(m, m);
    EXPECT_VALUES(m, {4, 25, 25, 64});
    sub_(m, select(m, 0, 0));
    EXPECT_VALUES(m, {0, 0, 21, 39});
    EXPECT(m.version() == 3);
}

void test_inplace_keeps_dtype() {
    Tensor f = tensor_of<float>({2}, {1, 2});
    mul_(f, vec({0.1, 0.1}));
    EXPECT(f.dtype() == DType::Float32);
    Tensor i = tensor_of<int32_t>({2}, {1, 2});
    add_(i, full({2}, 5, DType::Int64));
    EXPECT(i.dtype() == DType::Int32);
    EXPECT_VALUES(i, {6, 7});
}

void test_views_share_memory() {
    Tensor t = vec({1, 2, 3, 4, 5, 6}), m = view(t, {2, 3});
    add_(m, full({2, 3}, 1, DType::Float64));
    EXPECT_VALUES(t, {2, 3, 4, 5, 6, 7});
    EXPECT(t.version() == 1 && m.version() == 1 && slice(transpose(m, 0, 1), 0, 0, 3, 2).data() == t.data());
    EXPECT_ERROR(ValueError, "", view(transpose(m, 0, 1), {6}));
    EXPECT_VALUES(reshape(transpose(m, 0, 1), {6}), {2, 5, 3, 6, 4, 7});
}

}  // namespace

int main() {
    run_test("promotion", test_promotion);
    run_test("numbers", test_numbers);
    run_test("dtype of gradients", test_gradients_keep_their_dtype);
    run_test("broadcasting", test_broadcasting);
    run_test("errors change nothing", test_errors_change_nothing);
    run_test("in-place rules", test_inplace_rules);
    run_test("overlap", test_overlap);
    run_test("in-place dtype", test_inplace_keeps_dtype);
    run_test("views", test_views_share_memory);
    return report();
}
