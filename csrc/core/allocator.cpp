#include "core/allocator.h"

#include <sys/mman.h>

#include <bit>
#include <cstdlib>

#include "core/check.h"
#include "core/lock_check.h"
#include "core/refcount.h"

// Under a sanitizer every block is one of the system's, of just the size asked for: so it sees a use after free and an
// access past the end, which a cache and rounded sizes hide, and no lock puts in order what nothing else does.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHAINRULE_NO_CACHE 1
#endif

#if defined(CHAINRULE_ATOMIC_REFCOUNT) && !defined(CHAINRULE_NO_CACHE)
#define CHAINRULE_NEEDS_LOCK 1
#include <mutex>
#endif

namespace chainrule {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kSmallLimit = 1024;  // slab blocks up to here, in steps of 64 bytes
constexpr size_t kSlab = 64 * 1024;
constexpr size_t kMapLimit = 1024 * 1024;  // from here blocks are mapped, so that returning them really returns them
constexpr size_t kHugePage = 2 * 1024 * 1024;
constexpr int kSmallClasses = kSmallLimit / kAlign + 1;
constexpr int kClasses = kSmallClasses + 4 * 54;

struct FreeBlock {
    FreeBlock* next;
};

#ifdef CHAINRULE_NO_CACHE
using Count = Counter;
#else
using Count = int64_t;
#endif

// As AllocatorStats.
struct Counts {
    Count bytes_in_use{0}, peak_bytes{0}, bytes_cached{0}, system_allocations{0}, blocks_in_use{0};
};

struct State {
    FreeBlock* free[kClasses] = {};
    Counts stats;
    int64_t cache_limit = int64_t{1} << 32;
    char* slab = nullptr;
    size_t slab_left = 0;
#ifdef CHAINRULE_NEEDS_LOCK
    std::mutex mutex;
#endif
};

// Constant-initialised and trivially destroyed: tensors may outlive static destruction at interpreter exit.
constinit State g_state;

State& state() { return g_state; }

#ifdef CHAINRULE_NEEDS_LOCK
#define CHAINRULE_LOCK(s) std::lock_guard<std::mutex> lock((s).mutex)
#else
#define CHAINRULE_LOCK(s) (void)0
#endif

struct SizeClass {
    int index;
    size_t bytes;
};

// Four classes an octave beyond the small ones: at most 25 % of a block is unused.
SizeClass size_class(size_t bytes) {
    if (bytes <= kSmallLimit) {
        size_t k = bytes ? (bytes + kAlign - 1) / kAlign : 1;
        return {static_cast<int>(k), k * kAlign};
    }
    int octave = std::bit_width(bytes - 1) - 1;  // 2^octave < bytes <= 2^(octave+1)
    size_t step = size_t{1} << (octave - 2);
    size_t quarter = (bytes - (size_t{1} << octave) + step - 1) / step;  // 1..4
    return {kSmallClasses + (octave - 10) * 4 + static_cast<int>(quarter) - 1, (size_t{1} << octave) + quarter * step};
}

#ifdef CHAINRULE_NO_CACHE
void* system_allocate(size_t, size_t requested) {
    void* p = nullptr;
    return posix_memalign(&p, kAlign, requested ? requested : 1) == 0 ? p : nullptr;
}

void system_free(void* p, size_t) { std::free(p); }
#else
void* system_allocate(size_t bytes, size_t) {
    if (bytes < kMapLimit) return std::aligned_alloc(kAlign, bytes);
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
    if (bytes >= 2 * kHugePage) madvise(p, bytes, MADV_HUGEPAGE);
#endif
    return p;
}

void system_free(void* p, size_t bytes) {
    if (bytes < kMapLimit) std::free(p);
    else munmap(p, bytes);
}

void* from_slab(State& s, size_t bytes) {
    if (s.slab_left < bytes) {
        s.slab = static_cast<char*>(std::aligned_alloc(kAlign, kSlab));
        if (!s.slab) {
            s.slab_left = 0;
            return nullptr;
        }
        s.slab_left = kSlab;
        ++s.stats.system_allocations;
    }
    void* p = s.slab;
    s.slab += bytes;
    s.slab_left -= bytes;
    return p;
}
#endif

void release_large(State& s) {
    for (int i = kSmallClasses; i < kClasses; ++i) {
        size_t octave = static_cast<size_t>((i - kSmallClasses) / 4 + 10);
        size_t bytes = (size_t{1} << octave) + ((i - kSmallClasses) % 4 + 1) * (size_t{1} << (octave - 2));
        while (FreeBlock* b = s.free[i]) {
            s.free[i] = b->next;
            s.stats.bytes_cached -= static_cast<int64_t>(bytes);
            system_free(b, bytes);
        }
    }
}

}  // namespace

void* allocate(size_t requested) {
    check_lock();
    constexpr size_t kMost = size_t{1} << 62;
    if (requested > kMost) fail<OutOfMemory>("allocate: ", requested, " bytes are beyond any address space");
    State& s = state();
    SizeClass c = size_class(requested);
    CHAINRULE_LOCK(s);
    void* p = nullptr;
#ifndef CHAINRULE_NO_CACHE
    if (FreeBlock* b = s.free[c.index]) {
        s.free[c.index] = b->next;
        s.stats.bytes_cached -= static_cast<int64_t>(c.bytes);
        p = b;
    } else if (c.bytes <= kSmallLimit) {
        p = from_slab(s, c.bytes);
    }
#endif
    if (!p) {
        p = system_allocate(c.bytes, requested);
        if (!p) {
            release_large(s);
            p = system_allocate(c.bytes, requested);
        }
        if (!p) fail<OutOfMemory>("allocate: the system has no ", requested, " bytes");
        ++s.stats.system_allocations;
    }
    s.stats.bytes_in_use += static_cast<int64_t>(c.bytes);
    ++s.stats.blocks_in_use;
    if (s.stats.bytes_in_use > s.stats.peak_bytes) s.stats.peak_bytes = int64_t{s.stats.bytes_in_use};
    return p;
}

void deallocate(void* p, size_t requested) noexcept {
    check_lock();
    State& s = state();
    SizeClass c = size_class(requested);
    int64_t bytes = static_cast<int64_t>(c.bytes);
    CHAINRULE_LOCK(s);
    s.stats.bytes_in_use -= bytes;
    --s.stats.blocks_in_use;
#ifdef CHAINRULE_NO_CACHE
    system_free(p, c.bytes);
#else
    if (c.bytes > kSmallLimit && s.stats.bytes_cached + bytes > s.cache_limit) {
        system_free(p, c.bytes);
        return;
    }
    FreeBlock* b = static_cast<FreeBlock*>(p);
    b->next = s.free[c.index];
    s.free[c.index] = b;
    s.stats.bytes_cached += bytes;
#endif
}

void empty_cache() noexcept {
    State& s = state();
    CHAINRULE_LOCK(s);
    release_large(s);
}

void set_cache_limit(int64_t bytes) noexcept {
    State& s = state();
    CHAINRULE_LOCK(s);
    s.cache_limit = bytes;
}

AllocatorStats allocator_stats() noexcept {
    State& s = state();
    CHAINRULE_LOCK(s);
    const Counts& n = s.stats;
    return {n.bytes_in_use, n.peak_bytes, n.bytes_cached, n.system_allocations, n.blocks_in_use};
}

void reset_peak() noexcept {
    State& s = state();
    CHAINRULE_LOCK(s);
    s.stats.peak_bytes = int64_t{s.stats.bytes_in_use};
}

}  // namespace chainrule
