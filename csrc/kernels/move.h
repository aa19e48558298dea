// Copies of bytes.
#pragma once

#include <cstddef>

namespace chainrule::kernels {

// As memmove. Where the target lies 1 to 15 bytes behind the source's place in a page of 4096, the string instruction that C
// libraries take for more than some 2000 bytes is ten times slower (Zen 4: loads wait for stores that seem to be theirs);
// such pieces are moved from their end, in parts that are loaded before they are stored.
void move_bytes(void* to, const void* from, size_t n);

}  // namespace chainrule::kernels
