// The random generator that operations draw from where none is given.
#pragma once

#include "core/random.h"

namespace chainrule {

Generator& default_generator();

}  // namespace chainrule
