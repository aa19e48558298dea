// A bounded caching allocator: 64-byte-aligned blocks in size classes, kept in free lists. In steady state a training step
// makes no call to the system. Small blocks (to 1 KiB, also graph nodes and tensor headers) come from slabs; large ones go
// back to the system by `empty_cache()` or when the cache is over its bound.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule {

struct AllocatorStats {
    int64_t bytes_in_use;        // handed out, rounded to size classes
    int64_t peak_bytes;          // highest bytes_in_use since the last reset
    int64_t bytes_cached;        // free, held back for reuse
    int64_t system_allocations;  // calls to the system so far
    int64_t blocks_in_use;
};

// The caller passes the same size to deallocate. Throws OutOfMemory.
void* allocate(size_t bytes);
void deallocate(void* p, size_t bytes) noexcept;

void empty_cache() noexcept;
void set_cache_limit(int64_t bytes) noexcept;
AllocatorStats allocator_stats() noexcept;
void reset_peak() noexcept;

}  // namespace chainrule
