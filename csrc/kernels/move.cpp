#include "kernels/move.h"

#include <cstdint>
#include <cstring>

namespace chainrule::kernels {

void move_bytes(void* to, const void* from, size_t n) {
    constexpr size_t kPage = 4096, kShort = 1024, kPart = 512;
    const uintptr_t t = reinterpret_cast<uintptr_t>(to), f = reinterpret_cast<uintptr_t>(from);
    const size_t ahead = (t - f) % kPage;
    const bool overwrites = t < f && f < t + n;  // from the end, it would overwrite what it has not read
    if (n >= kShort && ahead > 0 && ahead < 16 && !overwrites)
        while (n > kPart) {
            n -= kPart;
            std::memmove(static_cast<char*>(to) + n, static_cast<const char*>(from) + n, kPart);
        }
    std::memmove(to, from, n);
}

}  // namespace chainrule::kernels
