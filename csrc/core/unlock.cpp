#include "core/unlock.h"

namespace chainrule {

HostLock host_lock;

}  // namespace chainrule
