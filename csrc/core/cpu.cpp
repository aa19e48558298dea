#include "core/cpu.h"

#include <cstdlib>

namespace chainrule {
namespace {

struct CpuChoice {
    Isa isa;
    std::string error;
};

#if CHAINRULE_X86_LEVELS
constexpr Isa kLowest = Isa::V2;

// CHAINRULE_CPU_HAS makes the processor look like a lesser one, for tests of what happens there.
Isa pretended_isa() {
    const char* name = std::getenv("CHAINRULE_CPU_HAS");
    for (Isa isa : {Isa::V2, Isa::V3})
        if (name != nullptr && name == std::string(isa_name(isa))) return isa;
    return name != nullptr && name == std::string("none") ? Isa::Base : Isa::V4;
}
#else
constexpr Isa kLowest = Isa::Base;
#endif

CpuChoice choose() {
    const Isa best = detected_isa();
    if (best < kLowest)
        return {best, "chainrule: an x86-64-v2 processor (SSE4.2 and POPCNT) is required, got an older one."};
    const char* wish = std::getenv("CHAINRULE_CPU");
    if (wish == nullptr || *wish == '\0') return {best, ""};
    for (Isa isa : {kLowest, Isa::V3, Isa::V4}) {
        if (wish != std::string(isa_name(isa))) continue;
        if (isa <= best) return {isa, ""};
        return {best, std::string("CHAINRULE_CPU: an instruction set that this processor has is required, got '") +
                          wish + "'. The best one here is '" + isa_name(best) + "'."};
    }
    return {best, std::string("CHAINRULE_CPU: baseline, avx2 or avx512 is required, got '") + wish + "'."};
}

const CpuChoice& choice() {
    static const CpuChoice once = choose();
    return once;
}

}  // namespace

Isa detected_isa() {
#if CHAINRULE_X86_LEVELS
    __builtin_cpu_init();
    Isa most = pretended_isa();
    if (most >= Isa::V4 && __builtin_cpu_supports("x86-64-v4")) return Isa::V4;
    if (most >= Isa::V3 && __builtin_cpu_supports("x86-64-v3")) return Isa::V3;
    if (most >= Isa::V2 && __builtin_cpu_supports("x86-64-v2")) return Isa::V2;
#endif
    return Isa::Base;
}

Isa chosen_isa() { return choice().isa; }

const std::string& cpu_error() { return choice().error; }

const char* isa_name(Isa isa) {
    switch (isa) {
        case Isa::V4: return "avx512";
        case Isa::V3: return "avx2";
        default: return "baseline";
    }
}

}  // namespace chainrule
