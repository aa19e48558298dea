// Work on several threads. OpenMP is known to parallel.cpp alone.
#pragma once

#include <cstdint>
#include <string>

namespace chainrule {

// The largest number of threads that an operation may use, in every thread of the process. In rising order: the CPUs
// that the process may run on, cut to its cgroup's CPU quota; OMP_NUM_THREADS; CHAINRULE_NUM_THREADS (both read once);
// set_num_threads.
int num_threads();

// Throws std::invalid_argument unless 1 <= threads <= kMaxThreads.
void set_num_threads(int64_t threads);

// A failure to start a thread ends the process (libgomp gives no choice), hence a bound.
constexpr int kMaxThreads = 1024;

// Where the number came from, in words.
std::string thread_source();

// CPUs that a cgroup's quota allows, rounded up; 0 if there is no quota. The arguments name the file that lists the
// process's groups and the folder where the groups are mounted; the tests give their own.
int cgroup_cpu_quota(const std::string& membership = "/proc/self/cgroup", const std::string& mount = "/sys/fs/cgroup");

namespace detail {
using ChunkBody = void (*)(const void* body, int64_t begin, int64_t end);
void run_chunks(int64_t n, int64_t grain, ChunkBody call, const void* body);
}  // namespace detail

// So many simple steps (an element read, changed and written) are worth a piece of their own.
inline constexpr int64_t kGrain = 1 << 16;

// Calls body(begin, end) on the pieces [0, grain), [grain, 2 grain), ... of [0, n), each exactly once, on one or more
// threads, in no stated order. Where the pieces lie depends on n and grain alone, so that a result put together from
// them in their order is bitwise the same for any number of threads.
// Serial if n <= grain, if the limit is 1, inside another parallel region, and in a forked child.
//
// Where a body throws, pieces are left out, and the first exception is thrown again on the calling thread: it may ask for memory, but
// checks belong before the loop. It must not touch Python.
template <class F> inline void parallel_for(int64_t n, int64_t grain, const F& body) {
    if (n <= grain) {
        if (n > 0) body(int64_t{0}, n);
        return;
    }
    const auto call = [](const void* f, int64_t begin, int64_t end) { (*static_cast<const F*>(f))(begin, end); };
    detail::run_chunks(n, grain, call, &body);
}

}  // namespace chainrule
