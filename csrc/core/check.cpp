#include "core/check.h"

#include <sstream>

namespace chainrule {

void MessagePart::append_to(std::ostream& stream) const {
    switch (kind_) {
        case Kind::Bool: stream << (integer_ != 0 ? "True" : "False"); break;
        case Kind::Char: stream << static_cast<char>(integer_); break;
        case Kind::Integer: stream << integer_; break;
        case Kind::Unsigned: stream << static_cast<uint64_t>(integer_); break;
        case Kind::Double: stream << double_; break;
        case Kind::Text: stream << std::string_view(text_, size_); break;
        case Kind::Shape: stream << str(*shape_); break;
        case Kind::Type: stream << dtype_name(type_); break;
    }
}

std::string joined(const MessagePart* parts, size_t count) {
    std::ostringstream stream;
    for (size_t i = 0; i < count; ++i) parts[i].append_to(stream);
    return stream.str();
}

void Dims::push(int64_t x) {
    if (n >= kMaxDims) fail<ValueError>("shape: at most ", kMaxDims, " dimensions are supported");
    v[n++] = x;
}

void Dims::insert(int at, int64_t x) {
    push(x);
    for (int i = n - 1; i > at; --i) v[i] = v[i - 1];
    v[at] = x;
}

void Dims::erase(int at) {
    for (int i = at; i + 1 < n; ++i) v[i] = v[i + 1];
    --n;
}

std::string str(const Dims& d) {
    std::string s = "(";
    for (int i = 0; i < d.n; ++i) {
        if (i) s += ", ";
        s += std::to_string(d.v[i]);
    }
    return s + (d.n == 1 ? ",)" : ")");
}

int64_t checked_numel(const char* op, const Dims& shape) {
    int64_t n = 1;
    bool zero = false, overflow = false;
    for (int64_t d : shape) {
        if (d < 0) fail<ValueError>(op, ": sizes must not be negative, got shape ", shape);
        if (d == 0) zero = true;
        else if (__builtin_mul_overflow(n, d, &n)) overflow = true;
    }
    if (zero) return 0;
    if (overflow) fail<ValueError>(op, ": shape ", shape, " has more elements than an int64 can count");
    return n;
}

int64_t checked_sum(const char* op, int64_t a, int64_t b) {
    int64_t sum = 0;
    check<ValueError>(!__builtin_add_overflow(a, b, &sum), op, ": lengths ", a, " and ", b,
                      " together are more elements than an int64 can count");
    return sum;
}

int64_t numel_of(const Dims& shape) {
    int64_t n = 1;
    for (int64_t d : shape) __builtin_mul_overflow(n, d, &n);  // wraps only where a size of 0 follows
    return n;
}

Dims contiguous_strides(const Dims& shape) {
    Dims s;
    s.n = shape.n;
    int64_t step = 1;
    for (int i = shape.n - 1; i >= 0; --i) {
        s.v[i] = step;
        // Wraps for a shape that is too large: checked_numel() is yet to refuse it.
        __builtin_mul_overflow(step, shape.v[i] > 0 ? shape.v[i] : 1, &step);
    }
    return s;
}

bool is_contiguous(const Dims& shape, const Dims& strides) {
    int64_t step = 1;
    for (int64_t d : shape)
        if (d == 0) return true;
    for (int i = shape.n - 1; i >= 0; --i) {
        if (shape.v[i] != 1) {
            if (strides.v[i] != step) return false;
            __builtin_mul_overflow(step, shape.v[i], &step);
        }
    }
    return true;
}

int normalize_axis(const char* op, int64_t axis, int ndim) {
    int64_t n = ndim > 0 ? ndim : 1;
    if (axis < -n || axis >= n)
        fail<IndexError>(op, ": dim must be in [", -n, ", ", n - 1, "] for a tensor of ", ndim, " dimensions, got ",
                         axis);
    return static_cast<int>(axis < 0 ? axis + n : axis);
}

}  // namespace chainrule
