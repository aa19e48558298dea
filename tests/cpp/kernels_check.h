// What the tests of the kernels share: counted checks, and the tables that this processor can run.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "core/cpu.h"
#include "kernels/kernels.h"
#include "kernels/tables.h"

namespace chainrule::kernels::test {

inline int passed = 0, failed = 0;

inline void expect(bool ok, const std::string& what) {
    ok ? ++passed : ++failed;
    if (!ok && failed <= 40) std::printf("FAILED %s\n", what.c_str());
}

// The exit code of a test program.
inline int report() {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

// Those of the instruction sets that were built.
inline std::vector<const Table*> usable_tables() {
    std::vector<const Table*> tables;
    [[maybe_unused]] const Isa best = detected_isa();
#ifdef CHAINRULE_HAS_v2
    if (best >= Isa::V2) tables.push_back(&v2::table);
#endif
#ifdef CHAINRULE_HAS_v3
    if (best >= Isa::V3) tables.push_back(&v3::table);
#endif
#ifdef CHAINRULE_HAS_v4
    if (best >= Isa::V4) tables.push_back(&v4::table);
#endif
#if !defined(__x86_64__)
    tables.push_back(&base::table);
#endif
    expect(!tables.empty(), "this build has kernels for this processor");
    return tables;
}

}  // namespace chainrule::kernels::test
