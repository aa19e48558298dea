// Errors. Form: "op: what is required, got what. Hint." The message is built only on failure.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "core/dims.h"
#include "core/dtype.h"

namespace chainrule {

// Each maps to the Python exception of its name.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct ValueError : Error {
    using Error::Error;
};
struct IndexError : Error {
    using Error::Error;
};
struct TypeError : Error {
    using Error::Error;
};
struct RuntimeError : Error {
    using Error::Error;
};
struct NotImplementedError : Error {
    using Error::Error;
};
struct LinAlgError : Error {
    using Error::Error;
};
struct OutOfMemory : Error {
    using Error::Error;
};

namespace detail {
inline void put(std::ostringstream& s, const Dims& d) { s << str(d); }
inline void put(std::ostringstream& s, DType d) { s << dtype_name(d); }
inline void put(std::ostringstream& s, bool b) { s << (b ? "True" : "False"); }
template <class T> void put(std::ostringstream& s, const T& x) { s << x; }
}  // namespace detail

template <class... Parts> std::string concat(const Parts&... parts) {
    std::ostringstream s;
    (detail::put(s, parts), ...);
    return s.str();
}

template <class E, class... Parts> [[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
    throw E(concat(parts...));
}

template <class E, class... Parts> inline void check(bool ok, const Parts&... parts) {
    if (!ok) [[unlikely]]
        fail<E>(parts...);
}

// Axis in [-ndim, ndim) to [0, ndim); a 0-d tensor takes 0 and -1, as in PyTorch. IndexError otherwise.
int normalize_axis(const char* op, int64_t axis, int ndim);

}  // namespace chainrule
