// Threads: every element once, pieces that do not depend on the number of threads, nesting, fork, cgroup quotas.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/cpu.h"
#include "core/parallel.h"

using chainrule::parallel_for;
using chainrule::set_num_threads;

namespace {

void check(bool ok, const char* what) {
    if (ok) return;
    std::printf("failed: %s\n", what);
    std::exit(1);
}

using Pieces = std::set<std::pair<int64_t, int64_t>>;

Pieces pieces_of(int64_t n, int64_t grain) {
    Pieces pieces;
    std::mutex mutex;
    parallel_for(n, grain, [&](int64_t begin, int64_t end) {
        const std::lock_guard lock(mutex);
        pieces.emplace(begin, end);
    });
    return pieces;
}

void test_exceptions() {
    for (int threads : {1, 2, 8}) {
        set_num_threads(threads);
        for (int64_t at : {0, 7, 99}) {
            bool caught = false;
            try {
                parallel_for(100, 1, [&](int64_t begin, int64_t) {
                    if (begin >= at) throw std::runtime_error("here");
                });
            } catch (const std::runtime_error& error) {
                caught = std::string(error.what()) == "here";
            }
            check(caught, "an exception of a body comes out on the calling thread");
        }
        check(pieces_of(64, 8).size() == 8, "the next loop runs");
    }
}

void test_pieces() {
    check(pieces_of(0, 8).empty(), "nothing to do means no call");
    check(pieces_of(8, 8) == Pieces{{0, 8}}, "a small size is one piece");
    for (int64_t n : {9, 64, 1000, 1001}) {
        set_num_threads(1);
        const Pieces serial = pieces_of(n, 8);
        int64_t expected = 0;
        for (const auto& [begin, end] : serial) {
            check(begin == expected && end > begin && end - begin <= 8, "pieces lie end to end");
            expected = end;
        }
        check(expected == n, "pieces cover everything");
        for (int threads : {2, 3, 8}) {
            set_num_threads(threads);
            check(pieces_of(n, 8) == serial, "pieces do not depend on the number of threads");
        }
    }
}

void test_threads_used() {
    set_num_threads(2);
    std::set<std::thread::id> ids;
    std::mutex mutex;
    parallel_for(1000, 1, [&](int64_t, int64_t) {
        const std::lock_guard lock(mutex);
        ids.insert(std::this_thread::get_id());
    });
    const bool serial_build = chainrule::thread_source() == "built without OpenMP";
    check(ids.size() == (serial_build ? 1 : 2), "two threads take part");

    std::atomic<bool> stayed{true};
    parallel_for(8, 1, [&](int64_t, int64_t) {
        const auto outer = std::this_thread::get_id();
        parallel_for(100, 1, [&](int64_t, int64_t) {
            if (std::this_thread::get_id() != outer) stayed = false;
        });
    });
    check(stayed, "a nested loop stays on its thread");
}

void test_limit() {
    for (int64_t bad : {int64_t{0}, int64_t{-1}, int64_t{1} << 40}) {
        bool refused = false;
        try {
            set_num_threads(bad);
        } catch (const std::invalid_argument&) {
            refused = true;
        }
        check(refused, "a bad number of threads is refused");
    }
    set_num_threads(3);
    int seen = 0;
    std::thread([&] { seen = chainrule::num_threads(); }).join();
    check(seen == chainrule::num_threads(), "the limit holds in every thread");
}

void test_fork() {
    set_num_threads(2);
    pieces_of(1000, 1);  // starts the threads
    const pid_t child = fork();
    if (child == 0) {
        alarm(20);  // libgomp would wait for ever
        _exit(pieces_of(1000, 8).size() == 125 ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a forked child does the same work");
}

class Folder {
  public:
    Folder() : path_(std::filesystem::temp_directory_path() / ("chainrule-cgroup-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(path_);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        const auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        return file.string();
    }
    std::string str() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

void test_quota_v2() {
    const Folder folder;
    const std::string groups = folder.write("groups", "0::/a/b\n");
    check(chainrule::cgroup_cpu_quota(groups, folder.str()) == 0, "no file, no quota");
    folder.write("a/b/cpu.max", "max 100000\n");
    check(chainrule::cgroup_cpu_quota(groups, folder.str()) == 0, "max is no quota");
    folder.write("a/b/cpu.max", "250000 100000\n");
    check(chainrule::cgroup_cpu_quota(groups, folder.str()) == 3, "2.5 CPUs are rounded up to 3");
    folder.write("a/cpu.max", "50000 100000\n");
    check(chainrule::cgroup_cpu_quota(groups, folder.str()) == 1, "the tightest group above counts");
    check(chainrule::cgroup_cpu_quota(folder.write("groups", "garbage"), folder.str()) == 0, "garbage is no quota");
}

void test_quota_v1() {
    const Folder folder;
    const std::string groups = folder.write("groups", "4:memory:/m\n3:cpu,cpuacct:/job\n0::/\n");
    folder.write("cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    folder.write("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    check(chainrule::cgroup_cpu_quota(groups, folder.str()) == 0, "-1 is no quota");
    folder.write("cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
    folder.write("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    check(chainrule::cgroup_cpu_quota(groups, folder.str()) == 4, "a container sees its quota at the mount");
}

}  // namespace

int main() {
    test_limit();
    test_pieces();
    test_exceptions();
    test_threads_used();
    test_fork();
    test_quota_v2();
    test_quota_v1();
    check(chainrule::cpu_error().empty(), "this processor will do");
    std::puts("parallel: all is well");
}
