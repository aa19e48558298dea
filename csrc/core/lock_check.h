// Where a kernel has given the host's lock away, the thread that gave it may touch no handle and no memory of the allocator:
// counts and free lists are plain. Builds with CHAINRULE_CHECK_LOCK end the process where that happens.
#pragma once

#ifdef CHAINRULE_CHECK_LOCK
#include <cstdio>
#include <cstdlib>
#endif

namespace chainrule {

#ifdef CHAINRULE_CHECK_LOCK
inline thread_local bool lock_is_away = false;
inline void check_lock() {
    if (!lock_is_away) return;
    std::fputs("chainrule: a handle or the allocator is used inside an Unlock\n", stderr);
    std::abort();
}
#else
inline void check_lock() {}
#endif

}  // namespace chainrule
