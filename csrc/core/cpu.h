// Which instruction set the processor has, and which one the kernels are to use.
#pragma once

#include <string>

namespace chainrule {

// The levels that kernels are compiled for: x86-64-v2 (SSE4.2), v3 (AVX2 and FMA), v4 (AVX-512). Base is a processor
// below v2 or of another kind.
enum class Isa { Base, V2, V3, V4 };

// The best level that this processor and its operating system have.
Isa detected_isa();

// The level to use: the best one, or what the environment variable CHAINRULE_CPU says (baseline, avx2 or avx512). The
// variable is read once, at the first call. Where cpu_error() is not empty, the answer is the detected level.
Isa chosen_isa();

// Why the library cannot run here: an old processor, or a CHAINRULE_CPU that is unknown or asks for too much. Empty if
// all is well. The binding turns it into an ImportError.
const std::string& cpu_error();

// "baseline", "avx2" or "avx512", the words of CHAINRULE_CPU.
const char* isa_name(Isa isa);

}  // namespace chainrule
