// Run while the build is configured, and no part of the library: does this static OpenBLAS serve us? Prints its version or
// what it lacks. Eight threads multiply at once, and each product must have the bits of the same one made alone.
#include <cblas.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int kSize = 192, kThreads = 8, kRounds = 100;  // larger than what is multiplied without a shared buffer
constexpr size_t kCount = size_t{kSize} * kSize;

int refuse(const char* why) {
    std::printf("%s", why);
    return 1;
}

template <class T> std::vector<T> numbers(int step) {
    std::vector<T> out(kCount);
    for (size_t i = 0; i < kCount; ++i) out[i] = static_cast<T>(i * static_cast<size_t>(step) % 101) / 50 - 1;
    return out;
}

void multiply(const float* a, const float* b, float* c) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, kSize, kSize, kSize, 1, a, kSize, b, kSize, 0, c, kSize);
}

void multiply(const double* a, const double* b, double* c) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, kSize, kSize, kSize, 1, a, kSize, b, kSize, 0, c, kSize);
}

template <class T> bool threads_agree() {
    const std::vector<T> a = numbers<T>(37), b = numbers<T>(53);
    std::vector<T> alone(kCount);
    multiply(a.data(), b.data(), alone.data());
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&] {
            std::vector<T> c(kCount);
            for (int round = 0; round < kRounds; ++round) {
                multiply(a.data(), b.data(), c.data());
                if (std::memcmp(c.data(), alone.data(), kCount * sizeof(T)) != 0) ++wrong;
            }
        });
    for (std::thread& thread : threads) thread.join();
    return wrong == 0;
}

}  // namespace

int main() {
    const char* config = openblas_get_config();
    int major = 0, minor = 0, patch = 0;
    if (std::sscanf(config, "OpenBLAS %d.%d.%d", &major, &minor, &patch) != 3) return refuse("it states no version");
    if ((major * 1000 + minor) * 1000 + patch < 3021) return refuse("it is older than 0.3.21");
    if (std::strstr(config, "USE64BITINT")) return refuse("it counts in 64 bits");
    // Such a one takes as many threads as OpenMP has, whatever it is told, and its bits depend on them.
    if (std::strstr(config, "USE_OPENMP")) return refuse("it starts threads of OpenMP");
    if (!std::strstr(config, "DYNAMIC_ARCH")) return refuse("it was made for one processor");
    openblas_set_num_threads(1);
    if (!threads_agree<float>() || !threads_agree<double>()) return refuse("its products depend on other threads");
    std::printf("%d.%d.%d", major, minor, patch);
    return 0;
}
