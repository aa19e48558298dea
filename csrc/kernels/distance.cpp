#include "kernels/distance.h"

#include "kernels/tables.h"

namespace chainrule::kernels {

#if defined(__x86_64__) || defined(_M_X64)
namespace v2 {
extern const DistanceTable distance_table;
}
namespace v3 {
extern const DistanceTable distance_table;
}
namespace v4 {
extern const DistanceTable distance_table;
}
#else
namespace base {
extern const DistanceTable distance_table;
}
#endif

const DistanceTable& distance_kernels([[maybe_unused]] const Table& table) {
#if defined(__x86_64__) || defined(_M_X64)
#if CHAINRULE_HAS_v4
    if (&table == &v4::table) return v4::distance_table;
#endif
#if CHAINRULE_HAS_v3
    if (&table == &v3::table) return v3::distance_table;
#endif
#if CHAINRULE_HAS_v2
    return v2::distance_table;
#elif CHAINRULE_HAS_v3
    return v3::distance_table;
#else
    return v4::distance_table;
#endif
#else
    return base::distance_table;
#endif
}

}  // namespace chainrule::kernels
