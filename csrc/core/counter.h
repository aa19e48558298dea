// A count that several threads may change at once. It orders nothing: whoever hands an object to another thread does that.
// An order would cost nothing on most processors, but would hide races from ThreadSanitizer.
#pragma once

#include <atomic>
#include <cstdint>

namespace chainrule {

class RelaxedCounter {
  public:
    constexpr RelaxedCounter(int64_t n = 0) : n_(n) {}
    operator int64_t() const { return n_.load(std::memory_order_relaxed); }
    RelaxedCounter& operator=(int64_t n) {
        n_.store(n, std::memory_order_relaxed);
        return *this;
    }
    int64_t operator+=(int64_t k) { return n_.fetch_add(k, std::memory_order_relaxed) + k; }
    int64_t operator-=(int64_t k) { return *this += -k; }
    int64_t operator++() { return *this += 1; }
    int64_t operator--() { return *this -= 1; }
    int64_t operator++(int) { return (*this += 1) - 1; }

  private:
    std::atomic<int64_t> n_;
};

}  // namespace chainrule
