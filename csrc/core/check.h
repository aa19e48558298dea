// Errors. Form: "op: what is required, got what. Hint." The message is built only on failure.
#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>

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

// A piece of a message: what it was made from, put into words only where the message is (one function does it for all messages).
class MessagePart {
  public:
    MessagePart(bool x) : kind_(Kind::Bool), integer_(x) {}
    MessagePart(char x) : kind_(Kind::Char), integer_(x) {}
    template <std::signed_integral T> MessagePart(T x) : kind_(Kind::Integer), integer_(x) {}
    template <std::unsigned_integral T>
    MessagePart(T x) : kind_(Kind::Unsigned), integer_(static_cast<int64_t>(static_cast<uint64_t>(x))) {}
    MessagePart(double x) : kind_(Kind::Double), double_(x) {}
    MessagePart(const char* x) : kind_(Kind::Text), text_(x), size_(__builtin_strlen(x)) {}
    MessagePart(std::string_view x) : kind_(Kind::Text), text_(x.data()), size_(x.size()) {}
    MessagePart(const std::string& x) : kind_(Kind::Text), text_(x.data()), size_(x.size()) {}
    MessagePart(const Dims& x) : kind_(Kind::Shape), shape_(&x) {}
    MessagePart(DType x) : kind_(Kind::Type), type_(x) {}

    void append_to(std::ostream& stream) const;

  private:
    enum class Kind : uint8_t { Bool, Char, Integer, Unsigned, Double, Text, Shape, Type };
    Kind kind_;
    union {
        int64_t integer_;
        double double_;
        const char* text_;
        const Dims* shape_;
        DType type_;
    };
    size_t size_ = 0;  // of the text
};

std::string joined(const MessagePart* parts, size_t count);
template <class E> [[noreturn, gnu::cold, gnu::noinline]] void raise(const MessagePart* parts, size_t count) {
    throw E(joined(parts, count));
}

template <class... Parts> std::string concat(const Parts&... parts) {
    const MessagePart all[] = {MessagePart(parts)...};
    return joined(all, sizeof...(parts));
}

template <class E, class... Parts> [[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
    const MessagePart all[] = {MessagePart(parts)...};
    raise<E>(all, sizeof...(parts));
}

template <class E, class... Parts> inline void check(bool ok, const Parts&... parts) {
    if (!ok) [[unlikely]]
        fail<E>(parts...);
}

// Axis in [-ndim, ndim) to [0, ndim); a 0-d tensor takes 0 and -1, as in PyTorch. IndexError otherwise.
int normalize_axis(const char* op, int64_t axis, int ndim);

}  // namespace chainrule
