// Long kernels run without the host language's lock. The binding sets the two functions; a C++ program leaves them null.
#pragma once

#include <cstdint>

#include "core/lock_check.h"

namespace chainrule {

struct HostLock {
    void* (*release)() = nullptr;
    void (*acquire)(void*) = nullptr;
};
extern HostLock host_lock;

// Work below this many elements is done sooner than the lock changes hands. Where the lock is checked, all work counts.
#ifdef CHAINRULE_CHECK_LOCK
inline constexpr int64_t kUnlockWork = 0;
#else
inline constexpr int64_t kUnlockWork = 1 << 16;
#endif

// While one lives, this thread keeps the lock: what it reads and writes back must not change in between.
class KeepLock {
  public:
    KeepLock() { ++count(); }
    ~KeepLock() { --count(); }
    KeepLock(const KeepLock&) = delete;
    KeepLock& operator=(const KeepLock&) = delete;

  private:
    friend class Unlock;
    static int& count() {
        static thread_local int kept = 0;
        return kept;
    }
};

class Unlock {
  public:
    explicit Unlock(int64_t work) {
        if (work < kUnlockWork || !host_lock.release || KeepLock::count() > 0) return;
        check_lock();
        state_ = host_lock.release();
        set_away(true);
    }
    ~Unlock() {
        if (!state_) return;
        set_away(false);
        host_lock.acquire(state_);
    }
    Unlock(const Unlock&) = delete;
    Unlock& operator=(const Unlock&) = delete;

  private:
    static void set_away([[maybe_unused]] bool away) {
#ifdef CHAINRULE_CHECK_LOCK
        lock_is_away = away;
#endif
    }
    void* state_ = nullptr;
};

}  // namespace chainrule
