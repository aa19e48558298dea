// The tables that were built, one for each instruction set. Only kernels() and the tests look here.
#pragma once

#include "kernels/kernels.h"

namespace chainrule::kernels {
#if defined(__x86_64__) || defined(_M_X64)
namespace v2 {
extern const Table table;
}
namespace v3 {
extern const Table table;
}
namespace v4 {
extern const Table table;
}
#else
namespace base {
extern const Table table;
}
#endif
}  // namespace chainrule::kernels
