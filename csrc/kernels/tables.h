// The tables that were built, one for each instruction set. Only kernels(), the import and the tests look here.
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

// Whether this build has kernels for the chosen instruction set or a lower one; without them kernels() must not be called.
bool kernels_built();

}  // namespace chainrule::kernels
