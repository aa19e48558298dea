#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#if CHAINRULE_OPENMP
#include <omp.h>
#elif defined(__SANITIZE_THREAD__)
#define CHAINRULE_OWN_TEAMS 1
#include <vector>
#endif
#ifdef __linux__
#include <sched.h>
#endif
#if __has_include(<pthread.h>)
#include <pthread.h>
#define CHAINRULE_HAS_FORK 1
#endif

namespace chainrule {
namespace {

#if CHAINRULE_OPENMP
constexpr bool kThreads = true;
const int openmp_default = omp_get_max_threads();
#elif CHAINRULE_OWN_TEAMS
constexpr bool kThreads = true;
#else
constexpr bool kThreads = false;
#endif

// ---- The default number ---------------------------------------------------------------------------------------------

struct Setting {
    int threads;
    std::string source;
};

int affinity_cpus() {
#ifdef __linux__
    // The kernel refuses a set smaller than its own, so grow until it fits.
    for (int cpus = 1024; cpus <= (1 << 20); cpus *= 2) {
        cpu_set_t* set = CPU_ALLOC(cpus);
        if (set == nullptr) break;
        const bool known = sched_getaffinity(0, CPU_ALLOC_SIZE(cpus), set) == 0;
        const int count = known ? CPU_COUNT_S(CPU_ALLOC_SIZE(cpus), set) : 0;
        CPU_FREE(set);
        if (count > 0) return count;
    }
#endif
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Reads "quota period" (both in microseconds); quota is "max" or -1 where there is no limit.
int quota_cpus(std::istream&& quota_file, std::istream&& period_file) {
    double quota = 0, period = 0;
    if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return 0;
    return static_cast<int>(std::min((quota + period - 1) / period, 1e6));
}

int quota_in(const std::string& folder, bool v2) {
    if (!v2) {
        return quota_cpus(std::ifstream(folder + "/cpu.cfs_quota_us"), std::ifstream(folder + "/cpu.cfs_period_us"));
    }
    std::ifstream file(folder + "/cpu.max");
    std::string quota, period;
    file >> quota >> period;
    return quota_cpus(std::istringstream(quota), std::istringstream(period));
}

int smaller_quota(int a, int b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

// The least quota of a group and all groups above it. Inside a container the path may be that of the host while the
// mount shows only the container's part; then the walk finds the quota at the mount itself.
int quota_on_path(const std::string& mount, std::string path, bool v2) {
    int least = 0;
    for (;;) {
        least = smaller_quota(least, quota_in(mount + path, v2));
        const size_t slash = path.rfind('/');
        if (slash == std::string::npos) return least;
        path.resize(slash);
    }
}

// A number of threads from the environment. OMP_NUM_THREADS may be a list for nested regions; its first entry counts.
// 0 if unset or not a positive whole number.
int threads_from(const char* variable) {
    const char* text = std::getenv(variable);
    if (text == nullptr) return 0;
    char* end = nullptr;
    const long long value = std::strtoll(text, &end, 10);
    while (*end == ' ') ++end;
    if (end == text || (*end != '\0' && *end != ',') || value < 1) return 0;
    return static_cast<int>(std::min<long long>(value, kMaxThreads));
}

std::string counted(int n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

Setting default_setting() {
    if (!kThreads) return {1, "built without OpenMP"};
    std::string ignored;
    for (const char* variable : {"CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS"}) {
        const int threads = threads_from(variable);
        if (threads > 0) return {threads, std::string("environment variable ") + variable + ignored};
        if (std::getenv(variable)) ignored += std::string("; ") + variable + " is no positive whole number";
    }
    const int cpus = affinity_cpus();
    const int quota = cgroup_cpu_quota();
    if (quota > 0 && quota < cpus) {
        return {std::min(quota, kMaxThreads), "CPU quota of the cgroup, " + counted(cpus, "CPU") + " usable" + ignored};
    }
    return {std::min(cpus, kMaxThreads), counted(cpus, "CPU") + " usable by this process" + ignored};
}

// ---- The limit ------------------------------------------------------------------------------------------------------

// What set_num_threads said; 0 if it has not spoken.
constinit std::atomic<int> user_limit{0};

// Made at first use, so that the library starts with no static initialiser.
const Setting& first_setting() {
    static const Setting setting = default_setting();
    return setting;
}

// ---- Fork -----------------------------------------------------------------------------------------------------------

#if CHAINRULE_OPENMP
// libgomp believes its threads alive in a forked child, and waits for them for ever. So a child of a process that has
// used them works alone.
constinit std::atomic<bool> forked_without_threads{false};

void watch_for_fork() {
#if CHAINRULE_HAS_FORK
    static std::once_flag once;
    std::call_once(once, [] {
        pthread_atfork(nullptr, nullptr, [] { forked_without_threads.store(true, std::memory_order_relaxed); });
    });
#endif
}

bool may_go_parallel() { return !forked_without_threads.load(std::memory_order_relaxed) && !omp_in_parallel(); }

template <class F> void run_team(int threads, const F& work) {
    watch_for_fork();
#pragma omp parallel num_threads(threads)
    work(omp_get_thread_num(), omp_get_num_threads());
}

#elif CHAINRULE_OWN_TEAMS
// ThreadSanitizer does not know libgomp's barriers. A build for it goes without OpenMP and starts threads for each loop.
thread_local bool in_team = false;

bool may_go_parallel() { return !in_team; }

template <class F> void run_team(int threads, const F& work) {
    const auto member = [&](int rank) {
        in_team = true;
        work(rank, threads);
        in_team = false;
    };
    std::vector<std::thread> others;
    for (int rank = 1; rank < threads; ++rank) others.emplace_back(member, rank);
    member(0);
    for (std::thread& t : others) t.join();
}
#endif

void run_range(int64_t first, int64_t last, int64_t n, int64_t grain, detail::ChunkBody call, const void* body) {
    for (int64_t chunk = first; chunk < last; ++chunk) {
        call(body, chunk * grain, std::min(n, (chunk + 1) * grain));
    }
}

// The first exception of any thread.
class FirstError {
  public:
    template <class F> void guard(const F& work) noexcept {
        try {
            work();
        } catch (...) {
            if (!taken_.exchange(true)) error_ = std::current_exception();
        }
    }
    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

  private:
    std::atomic<bool> taken_ = false;
    std::exception_ptr error_;
};

}  // namespace

int cgroup_cpu_quota(const std::string& membership, const std::string& mount) {
    // Lines are "id:controllers:path"; version 2 has id 0 and no controllers.
    std::ifstream file(membership);
    int least = 0;
    for (std::string line; std::getline(file, line);) {
        const size_t first = line.find(':');
        const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (controllers.empty()) {
            least = smaller_quota(least, quota_on_path(mount, path, true));
            least = smaller_quota(least, quota_on_path(mount + "/unified", path, true));
        } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
            least = smaller_quota(least, quota_on_path(mount + "/" + controllers, path, false));
            if (controllers != "cpu") least = smaller_quota(least, quota_on_path(mount + "/cpu", path, false));
        }
    }
    return least;
}

// OpenMP's own limit in this thread, if someone (threadpoolctl, omp_set_num_threads) has lowered it since we were loaded.
int openmp_limit() {
#if CHAINRULE_OPENMP
    const int now = omp_get_max_threads();
    if (now < openmp_default) return now;
#endif
    return kMaxThreads;
}

int num_threads() {
    const int limit = user_limit.load(std::memory_order_relaxed);
    return std::min(limit > 0 ? limit : first_setting().threads, openmp_limit());
}

void set_num_threads(int64_t threads) {
    if (threads < 1 || threads > kMaxThreads) {
        throw std::invalid_argument("set_num_threads: 1 to " + std::to_string(kMaxThreads) +
                                    " threads are required, got " + std::to_string(threads) + ".");
    }
    if (kThreads) user_limit.store(static_cast<int>(threads), std::memory_order_relaxed);
}

std::string thread_source() {
    if (user_limit.load(std::memory_order_relaxed) > 0) return "set_num_threads";
    return first_setting().source;
}

namespace detail {

// Each thread takes one contiguous share of the chunks, the same at every call, so that it meets its own data again.
void run_chunks(int64_t n, int64_t grain, ChunkBody call, const void* body) {
    grain = std::max<int64_t>(grain, 1);
    const int64_t chunks = (n - 1) / grain + 1;
#if CHAINRULE_OPENMP || CHAINRULE_OWN_TEAMS
    const int threads = static_cast<int>(std::min<int64_t>(num_threads(), chunks));
    if (threads > 1 && may_go_parallel()) {
        FirstError error;  // an exception may not leave a team
        run_team(threads, [&](int64_t rank, int64_t team) {
            error.guard([&] { run_range(chunks * rank / team, chunks * (rank + 1) / team, n, grain, call, body); });
        });
        return error.rethrow();
    }
#endif
    run_range(0, chunks, n, grain, call, body);
}

}  // namespace detail
}  // namespace chainrule
