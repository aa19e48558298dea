// Warnings, where the host language has them.
#pragma once

#include <string>

namespace chainrule {

// Set by the binding; null: warnings are dropped. May throw (a warning turned into an error).
extern void (*warn_handler)(const std::string& message);

inline void warn(const std::string& message) {
    if (warn_handler) warn_handler(message);
}

}  // namespace chainrule
