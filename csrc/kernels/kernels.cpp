// Chooses the table of kernels for this processor.
#include "kernels/kernels.h"

#include "core/cpu.h"
#include "kernels/tables.h"

namespace chainrule::kernels {
namespace {

const Table* choose() {
#if defined(__x86_64__) || defined(_M_X64)
    const Isa isa = chosen_isa();
    if (isa == Isa::V4) return &v4::table;
    return isa == Isa::V3 ? &v3::table : &v2::table;
#else
    return &base::table;
#endif
}

}  // namespace

const Table& kernels() {
    static const Table* const chosen = choose();
    return *chosen;
}

}  // namespace chainrule::kernels
