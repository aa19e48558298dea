#include "core/warn.h"

namespace chainrule {

void (*warn_handler)(const std::string& message) = nullptr;

}  // namespace chainrule
