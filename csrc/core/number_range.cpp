#include "core/number_range.h"

#include <limits>

namespace chainrule {
namespace {

template <class T> bool fits(Scalar s) {
    using Limits = std::numeric_limits<T>;
    constexpr int64_t most = Limits::max(), least = Limits::is_signed ? Limits::min() : -most;
    if (!s.is_float()) return s.i >= least && s.i <= most;
    if constexpr (sizeof(T) == 8) return s.d >= -0x1p63 && s.d < 0x1p63;
    else return s.d >= static_cast<double>(Limits::min()) && s.d <= static_cast<double>(Limits::max());
}

bool fits(Scalar s, DType dtype) {
    switch (dtype) {
        case DType::UInt8: return fits<uint8_t>(s);
        case DType::Int8: return fits<int8_t>(s);
        case DType::Int16: return fits<int16_t>(s);
        case DType::Int32: return fits<int32_t>(s);
        case DType::Int64: return fits<int64_t>(s);
        default: return true;
    }
}

}  // namespace

void check_fits(const char* op, Scalar value, DType dtype) {
    if (fits(value, dtype)) [[likely]]
        return;
    constexpr const char* way_out = ". Choose a wider dtype, or convert a tensor with .to(), which wraps around.";
    if (value.is_float()) fail<ValueError>(op, ": the number must fit ", dtype, ", got ", value.d, way_out);
    fail<ValueError>(op, ": the number must fit ", dtype, ", got ", value.i, way_out);
}

void check_fits(const char* op, const Tensor& value, DType dtype) {
    if (!value->wrapped_number || value.dtype() == DType::Bool) return;
    if (value.dtype() == DType::Int64) check_fits(op, Scalar(*value.data<int64_t>()), dtype);
    else if (value.dtype() == DType::Float64) check_fits(op, Scalar(*value.data<double>()), dtype);
}

}  // namespace chainrule
