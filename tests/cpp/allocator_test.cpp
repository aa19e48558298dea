// The caching allocator: size classes, alignment, reuse, statistics, the cache's bound, out of memory, and that a training
// loop in steady state calls the system for nothing.
#include <cstdint>
#include <cstring>
#include <set>

#include "check.h"
#include "core/allocator.h"
#include "ops/optim.h"

using namespace chainrule;
using namespace chainrule::test;

namespace {

// Under a sanitizer every block goes to the system.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCaches = false;
#else
constexpr bool kCaches = true;
#endif

int64_t rounded(size_t bytes) {
    int64_t before = allocator_stats().bytes_in_use;
    void* p = allocate(bytes);
    int64_t taken = allocator_stats().bytes_in_use - before;
    std::memset(p, 1, bytes);
    deallocate(p, bytes);
    EXPECT(allocator_stats().bytes_in_use == before);
    return taken;
}

void test_size_classes() {
    EXPECT(rounded(0) == 64 && rounded(1) == 64 && rounded(64) == 64 && rounded(65) == 128);
    EXPECT(rounded(1024) == 1024 && rounded(1025) == 1280 && rounded(1280) == 1280 && rounded(2048) == 2048);
    EXPECT(rounded((size_t{1} << 20) + 1) == (1 << 20) + (1 << 18));
    bool fits = true;
    for (size_t bytes = 1; bytes < (size_t{1} << 24); bytes += bytes / 7 + 1) {
        auto size = static_cast<size_t>(rounded(bytes));
        fits = fits && size >= bytes && size % 64 == 0 && (bytes < 256 || size <= bytes + bytes / 4 + 64);
    }
    EXPECT(fits);
}

// Blocks are aligned, disjoint and keep what is written to them.
void test_blocks() {
    struct Block {
        unsigned char* p;
        size_t bytes;
    };
    std::vector<Block> blocks;
    for (size_t i = 0; i < 3000; ++i) {
        size_t bytes = i % 97 == 0 ? 1 << 21 : (i * i * 37) % (i % 5 == 0 ? 100000 : 900) + 1;
        if (blocks.size() > 200) {
            Block old = blocks[i % blocks.size()];
            auto tag = static_cast<unsigned char>(old.bytes);
            EXPECT(old.p[0] == tag && old.p[old.bytes - 1] == tag && old.p[old.bytes / 2] == tag);
            deallocate(old.p, old.bytes);
            blocks[i % blocks.size()] = blocks.back();
            blocks.pop_back();
        }
        auto* p = static_cast<unsigned char*>(allocate(bytes));
        EXPECT(reinterpret_cast<uintptr_t>(p) % 64 == 0);
        std::memset(p, static_cast<int>(bytes & 0xff), bytes);
        blocks.push_back({p, bytes});
    }
    std::set<const void*> distinct;
    for (Block b : blocks) distinct.insert(b.p);
    EXPECT(distinct.size() == blocks.size());
    for (Block b : blocks) deallocate(b.p, b.bytes);
}

void test_reuse() {
    for (size_t bytes : {size_t{1}, size_t{500}, size_t{5000}, size_t{1} << 16, size_t{1} << 22}) {
        void* p = allocate(bytes);
        deallocate(p, bytes);
        int64_t calls = allocator_stats().system_allocations;
        void* again = allocate(bytes);
        EXPECT(!kCaches || (again == p && allocator_stats().system_allocations == calls));
        deallocate(again, bytes);
    }
}

void test_stats() {
    AllocatorStats before = allocator_stats();
    reset_peak();
    EXPECT(allocator_stats().peak_bytes == before.bytes_in_use);
    void* a = allocate(1 << 20);
    void* b = allocate(1 << 20);
    deallocate(a, 1 << 20);
    AllocatorStats s = allocator_stats();
    EXPECT(s.blocks_in_use == before.blocks_in_use + 1);
    EXPECT(s.bytes_in_use == before.bytes_in_use + (1 << 20));
    EXPECT(s.peak_bytes == before.bytes_in_use + 2 * (1 << 20));
    deallocate(b, 1 << 20);
    reset_peak();
    EXPECT(allocator_stats().peak_bytes == before.bytes_in_use);
    int64_t in_use = allocator_stats().bytes_in_use, blocks = allocator_stats().blocks_in_use;
    {
        Tensor t = vec({1, 2, 3}), view = slice(t, 0, 0, 2, 1), product = t * t;
    }
    EXPECT(allocator_stats().bytes_in_use == in_use && allocator_stats().blocks_in_use == blocks);
}

void test_cache_limit() {
    empty_cache();
    int64_t small = allocator_stats().bytes_cached;  // slabs stay
    set_cache_limit(small + (3 << 20));
    std::vector<void*> blocks;
    for (int i = 0; i < 8; ++i) blocks.push_back(allocate(1 << 20));
    for (void* p : blocks) deallocate(p, 1 << 20);
    EXPECT(allocator_stats().bytes_cached == small + (kCaches ? 3 << 20 : 0));
    empty_cache();
    EXPECT(allocator_stats().bytes_cached == small);
    set_cache_limit(0);
    deallocate(allocate(1 << 20), 1 << 20);
    EXPECT(allocator_stats().bytes_cached == small);
    set_cache_limit(int64_t{1} << 32);
}

void test_out_of_memory() {
    AllocatorStats before = allocator_stats();
    EXPECT_ERROR(OutOfMemory, "beyond any address space", allocate(SIZE_MAX));
    EXPECT_ERROR(OutOfMemory, "the system has no", allocate(size_t{1} << 50));
    EXPECT_ERROR(OutOfMemory, "float64 tensor of shape (1125899906842624,)", empty({int64_t{1} << 50}, DType::Float64));
    EXPECT_ERROR(OutOfMemory, "more bytes than", empty({int64_t{1} << 61}, DType::Float64));
    EXPECT_ERROR(ValueError, "more elements than", empty({int64_t{1} << 32, int64_t{1} << 32}, DType::Float32));
    EXPECT_ERROR(ValueError, "negative", empty({2, -1}, DType::Float32));
    AllocatorStats after = allocator_stats();
    EXPECT(after.bytes_in_use == before.bytes_in_use && after.blocks_in_use == before.blocks_in_use);
    EXPECT(empty({int64_t{1} << 40, 0}, DType::Float64).numel() == 0);
    EXPECT_VALUES(vec({1}) + vec({2}), {3});
}

void test_steady_state() {
    auto parameter = [](const Dims& shape) {
        Tensor p = full(shape, 0.01, DType::Float32);
        p->requires_grad = true;
        return p;
    };
    std::vector<Tensor> params = {parameter({128, 64}), parameter({128}), parameter({10, 128}), parameter({10})};
    Tensor x = full({32, 64}, 0.5, DType::Float32), target = full({32}, 3, DType::Int64);
    AdamState state;
    auto step = [&] {
        Tensor logits = linear(relu(linear(x, params[0], params[1])), params[2], params[3]);
        Tensor loss = cross_entropy(logits, target);
        zero_grad(params);
        backward(loss);
        adam_step(params, state, {});
    };
    for (int i = 0; i < 3; ++i) step();
    AllocatorStats before = allocator_stats();
    reset_peak();
    for (int i = 0; i < 20; ++i) step();
    AllocatorStats after = allocator_stats();
    EXPECT(!kCaches || after.system_allocations == before.system_allocations);
    EXPECT(after.bytes_in_use == before.bytes_in_use && after.bytes_cached == before.bytes_cached);
    int64_t peak = after.peak_bytes;
    reset_peak();
    for (int i = 0; i < 20; ++i) step();
    EXPECT(allocator_stats().peak_bytes == peak);
}

}  // namespace

int main() {
    run_test("size classes", test_size_classes);
    run_test("blocks", test_blocks);
    run_test("reuse", test_reuse);
    run_test("statistics", test_stats);
    run_test("cache limit", test_cache_limit);
    run_test("out of memory", test_out_of_memory);
    run_test("steady state", test_steady_state);
    return report();
}
