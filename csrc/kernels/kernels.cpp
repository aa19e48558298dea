// Chooses the table of kernels for this processor.
#include "kernels/kernels.h"

#include "core/cpu.h"
#include "kernels/tables.h"

namespace chainrule::kernels {
namespace {

// The best of the tables that were built (CHAINRULE_X86_ISAS in CMakeLists.txt), up to the chosen instruction set.
const Table* choose() {
#if defined(__x86_64__) || defined(_M_X64)
    const Isa isa = chosen_isa();
#if CHAINRULE_HAS_v4
    if (isa >= Isa::V4) return &v4::table;
#endif
#if CHAINRULE_HAS_v3
    if (isa >= Isa::V3) return &v3::table;
#endif
#if CHAINRULE_HAS_v2
    if (isa >= Isa::V2) return &v2::table;
#endif
    return nullptr;
#else
    return &base::table;
#endif
}

}  // namespace

bool kernels_built() { return choose() != nullptr; }

const Table& kernels() {
    static const Table* const chosen = choose();
    return *chosen;
}

}  // namespace chainrule::kernels
