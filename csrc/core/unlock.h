// Long kernels run without the host language's lock. The binding sets the two functions; a C++ program leaves them null.
#pragma once

#include <cstdint>

namespace chainrule {

struct HostLock {
    void* (*release)() = nullptr;
    void (*acquire)(void*) = nullptr;
};
extern HostLock host_lock;

// Work below this many elements is done sooner than the lock changes hands.
inline constexpr int64_t kUnlockWork = 1 << 16;

class Unlock {
  public:
    explicit Unlock(int64_t work) {
        if (work >= kUnlockWork && host_lock.release) state_ = host_lock.release();
    }
    ~Unlock() {
        if (state_) host_lock.acquire(state_);
    }
    Unlock(const Unlock&) = delete;
    Unlock& operator=(const Unlock&) = delete;

  private:
    void* state_ = nullptr;
};

}  // namespace chainrule
