#include "core/tensor.h"

#include <cstring>
#include <new>

#include "core/allocator.h"
#include "core/narrow_bits.h"

namespace chainrule {
namespace {

DType g_default_dtype = DType::Float32;
thread_local bool computes_wide = false;
Counter g_live_tensors{0};

template <class T> T converted(Scalar s) { return s.is_float() ? static_cast<T>(s.d) : static_cast<T>(s.i); }
template <class T> void store(void* p, Scalar s) {
    T value = converted<T>(s);
    std::memcpy(p, &value, sizeof(T));
}
template <DType t> void store_narrow(void* p, Scalar s) {
    using Of = NarrowBits<t>;
    typename Of::Wide value =
        is_floating(t) ? converted<typename Of::Wide>(s) : static_cast<typename Of::Wide>(s.to_int());
    typename Of::Bits bits = Of::narrow(value);
    std::memcpy(p, &bits, sizeof bits);
}

}  // namespace

namespace {

constexpr size_t kHeader = 64;   // so that the elements behind it are aligned as others are
constexpr size_t kLittle = 512;  // bytes of elements that lie behind their storage
static_assert(sizeof(Storage) <= kHeader);

size_t block_size(size_t bytes) { return bytes <= kLittle ? kHeader + bytes : sizeof(Storage); }

}  // namespace

Ref<Storage> Storage::create(size_t bytes) {
    void* apart = bytes <= kLittle ? nullptr : allocate(bytes);
    char* block = static_cast<char*>(allocate(block_size(bytes)));
    Storage* s = new (block) Storage;
    s->data = apart ? apart : block + kHeader;
    s->bytes = bytes;
    return Ref<Storage>(s);
}

Ref<Storage> Storage::wrap(void* data, size_t bytes, void (*release)(void*), void* owner) {
    Storage* s = new (allocate(sizeof(Storage))) Storage;
    s->data = data;
    s->bytes = bytes;
    s->release_external = release;
    s->external = owner;
    return Ref<Storage>(s);
}

void Storage::destroy(Storage* s) {
    const size_t block = s->release_external ? sizeof(Storage) : block_size(s->bytes);
    if (s->release_external) s->release_external(s->external);
    else if (s->bytes > kLittle) deallocate(s->data, s->bytes);
    s->~Storage();
    deallocate(s, block);
}

TensorImpl* TensorImpl::create() {
    ++g_live_tensors;
    return new (allocate(sizeof(TensorImpl))) TensorImpl;
}

void TensorImpl::destroy(TensorImpl* t) {
    if (t->accumulator && t->accumulator->owner == t) t->accumulator->owner = nullptr;
    if (t->retains_grad && t->node) NodeBase::forget(t->node.get(), t);
    t->~TensorImpl();
    deallocate(t, sizeof(TensorImpl));
    --g_live_tensors;
}

int64_t live_tensors() { return g_live_tensors; }

void set_geometry(TensorImpl* t, const Dims& shape, const Dims& strides) {
    t->shape = shape;
    t->strides = strides;
    t->numel = checked_numel("view", shape);  // views of few elements may show any number of them
    t->contiguous = is_contiguous(shape, strides);
}

// Strides are not negative; they may leave holes.
Tensor empty_strided(const Dims& shape, const Dims& strides, DType dtype) {
    int64_t n = checked_numel("empty", shape);
    int64_t span = n, bytes;
    bool contiguous = is_contiguous(shape, strides);
    if (!contiguous && n > 0) {
        span = 1;
        for (int d = 0; d < shape.n; ++d) span += (shape[d] - 1) * strides[d];
    }
    if (__builtin_mul_overflow(span, static_cast<int64_t>(item_size(dtype)), &bytes))
        fail<OutOfMemory>("empty: a ", dtype, " tensor of shape ", shape, " has more bytes than an int64 can count");
    Tensor t(TensorImpl::create());
    t->dtype = dtype;
    try {
        t->storage = Storage::create(static_cast<size_t>(bytes));
    } catch (const OutOfMemory&) {
        fail<OutOfMemory>("empty: no memory for a ", dtype, " tensor of shape ", shape, " (", bytes, " bytes)");
    }
    t->data = static_cast<char*>(t->storage->data);
    t->shape = shape;
    t->strides = strides;
    t->numel = n;
    t->contiguous = contiguous;
    return t;
}

Tensor empty(const Dims& shape, DType dtype) { return empty_strided(shape, contiguous_strides(shape), dtype); }

Tensor alias(const Tensor& t, const Dims& shape, const Dims& strides, int64_t offset) {
    Tensor a(TensorImpl::create());
    a->dtype = t->dtype;
    a->storage = t->storage;
    a->data = t->data + offset * static_cast<int64_t>(item_size(t->dtype));
    set_geometry(a.get(), shape, strides);
    return a;
}

Tensor alias(const Tensor& t) {
    Tensor a(TensorImpl::create());
    a->dtype = t->dtype;
    a->storage = t->storage;
    a->data = t->data;
    a->shape = t->shape;
    a->strides = t->strides;
    a->numel = t->numel;
    a->contiguous = t->contiguous;
    a->wrapped_number = t->wrapped_number;
    return a;
}

Tensor scalar_tensor(Scalar value, DType dtype, bool wrapped) {
    Tensor t = empty({}, dtype);
    switch (dtype) {
        case DType::Bool: {
            bool b = value.is_float() ? value.d != 0 : value.i != 0;
            std::memcpy(t.data(), &b, 1);
            break;
        }
        case DType::UInt8: *t.data<uint8_t>() = static_cast<uint8_t>(value.to_int()); break;
        case DType::Int32: *t.data<int32_t>() = static_cast<int32_t>(value.to_int()); break;
        case DType::Int64: *t.data<int64_t>() = value.to_int(); break;
        case DType::Float32: store<float>(t.data(), value); break;
        case DType::Float64: store<double>(t.data(), value); break;
        case DType::Float16: store_narrow<DType::Float16>(t.data(), value); break;
        case DType::BFloat16: store_narrow<DType::BFloat16>(t.data(), value); break;
        case DType::Int8: store_narrow<DType::Int8>(t.data(), value); break;
        case DType::Int16: store_narrow<DType::Int16>(t.data(), value); break;
    }
    t->wrapped_number = wrapped;
    return t;
}

DType default_dtype() {
    DType t = g_default_dtype;
    return is_narrow(t) && computes_wide ? wide(t) : t;
}

WideDefault::WideDefault() : before_(computes_wide) { computes_wide = true; }
WideDefault::~WideDefault() { computes_wide = before_; }

void set_default_dtype(DType dtype) {
    check<TypeError>(is_floating(dtype), "set_default_dtype: the default must be a floating type, got ", dtype);
    g_default_dtype = dtype;
}

DType dtype_of(Scalar value) {
    if (value.kind == Scalar::Bool) return DType::Bool;
    return value.kind == Scalar::Int ? DType::Int64 : default_dtype();
}

bool has_internal_overlap(const Tensor& t) {
    if (t.is_contiguous()) return false;
    // Sort axes by stride: each must step over all that the smaller ones reach.
    Dims size = t.shape(), step = t.strides();
    for (int i = 0; i < step.n; ++i) step[i] = step[i] < 0 ? -step[i] : step[i];
    for (int i = 1; i < step.n; ++i)
        for (int j = i; j > 0 && step[j] < step[j - 1]; --j) {
            std::swap(step.v[j], step.v[j - 1]);
            std::swap(size.v[j], size.v[j - 1]);
        }
    int64_t reach = 0;
    for (int i = 0; i < step.n; ++i) {
        if (size[i] <= 1) continue;
        if (step[i] <= reach) return true;
        reach += step[i] * (size[i] - 1);
    }
    return false;
}

namespace {
struct Span {
    const char *begin, *end;
};
Span bytes_of(const Tensor& t) {
    int64_t low = 0, high = 0;
    for (int i = 0; i < t.ndim(); ++i) {
        int64_t d = t.stride(i) * (t.size(i) - 1);
        (d < 0 ? low : high) += d;
    }
    int64_t item = static_cast<int64_t>(t.item_size());
    return {t.data() + low * item, t.data() + (high + 1) * item};
}
}  // namespace

bool may_overlap(const Tensor& a, const Tensor& b) {
    if (!(a->storage == b->storage) || a.numel() == 0 || b.numel() == 0) return false;
    Span x = bytes_of(a), y = bytes_of(b);
    return x.begin < y.end && y.begin < x.end;
}

bool same_layout(const Tensor& a, const Tensor& b) {
    return a.data() == b.data() && a.dtype() == b.dtype() && a.shape() == b.shape() &&
           (a.strides() == b.strides() || (a.is_contiguous() && b.is_contiguous()));
}

bool exclusively_owned(const Tensor& t) {
    return t->use_count() == 1 && t->storage->use_count() == 1 && !t->storage->read_only && !t->python;
}

void bump_version(const Tensor& t) { ++t->storage->version; }

}  // namespace chainrule
