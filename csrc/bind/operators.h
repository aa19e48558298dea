// Number slots: a + b, -a, a @ b, a < b, a += b.
#pragma once

#include <vector>

#include "bind/tensor_object.h"

namespace chainrule {

void add_operator_slots(std::vector<PyType_Slot>& slots);

}  // namespace chainrule
