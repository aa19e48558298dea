// Storage, TensorImpl and the handle Tensor.
#pragma once

#include "core/check.h"
#include "core/dims.h"
#include "core/dtype.h"
#include "core/refcount.h"
#include "core/scalar.h"

namespace chainrule {

// A block of memory and the count of changes made to it through any view.
struct Storage : RefCounted {
    void* data = nullptr;
    size_t bytes = 0;
    uint32_t version = 0;
    bool read_only = false;
    void (*release_external)(void*) = nullptr;  // memory of someone else (a NumPy array): called instead of deallocate
    void* external = nullptr;

    static Ref<Storage> create(size_t bytes);  // little memory lies behind the storage itself, in one block
    static Ref<Storage> wrap(void* data, size_t bytes, void (*release)(void*), void* owner);
    static void destroy(Storage* s);
};

struct TensorImpl;

// What a tensor knows of the graph's nodes; the rest stands in autograd/node.h.
struct NodeBase : RefCounted {
    TensorImpl* owner = nullptr;  // for a leaf's accumulator: the leaf, not counted, null once it is gone
    static void destroy(NodeBase* node);
    // The tensor, whose gradient this node was to retain, goes away.
    static void forget(NodeBase* node, TensorImpl* tensor);
};

// Four cache lines: what every step touches in the first, sizes beyond four axes where they are rarely met.
struct TensorImpl : RefCounted {
    DType dtype = DType::Float32;
    bool requires_grad : 1 = false;   // set by the user, for leaves
    bool wrapped_number : 1 = false;  // came from a Python number: weak in promotion
    bool contiguous : 1 = true;
    bool no_grad_view : 1 = false;  // a view taken under no_grad of something that requires a gradient
    bool retains_grad : 1 = false;
    uint32_t output_nr = 0;
    uint32_t epoch =
        0;  // of a base: counts recorded in-place changes; of a view: its base's count when its node was made
    Ref<Storage> storage;
    char* data = nullptr;
    int64_t numel = 0;
    Ref<NodeBase> node;         // the operation that made it
    Ref<NodeBase> accumulator;  // of a leaf: where its gradient goes
    Ref<TensorImpl> grad;
    Ref<TensorImpl> base;    // of a view: the tensor that owns the memory's history
    void* python = nullptr;  // its Python object, not counted, where there is one
    Dims shape, strides;     // strides in elements

    static TensorImpl* create();
    static void destroy(TensorImpl* t);
};

class Tensor {
  public:
    Tensor() = default;
    explicit Tensor(TensorImpl* impl) : impl_(impl) {}
    explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}

    TensorImpl* get() const { return impl_.get(); }
    TensorImpl* operator->() const { return impl_.get(); }
    const Ref<TensorImpl>& ref() const { return impl_; }
    explicit operator bool() const { return static_cast<bool>(impl_); }
    bool is_same(const Tensor& other) const { return get() == other.get(); }
    void reset() { impl_.reset(); }

    DType dtype() const { return impl_->dtype; }
    int ndim() const { return impl_->shape.n; }
    int64_t numel() const { return impl_->numel; }
    const Dims& shape() const { return impl_->shape; }
    const Dims& strides() const { return impl_->strides; }
    int64_t size(int i) const { return impl_->shape.v[i]; }
    int64_t stride(int i) const { return impl_->strides.v[i]; }
    bool is_contiguous() const { return impl_->contiguous; }
    size_t item_size() const { return chainrule::item_size(impl_->dtype); }
    template <class T = char> T* data() const { return reinterpret_cast<T*>(impl_->data); }
    uint32_t version() const { return impl_->storage->version; }
    bool requires_grad() const {
        // A view whose base changed in place since has a new history, made when it is asked for. One taken under no_grad has none,
        // but what a user's Function gave it: asking for that is an error by then.
        if (stale_view() && !impl_->no_grad_view) return impl_->base->requires_grad || impl_->base->node;
        return impl_->requires_grad || impl_->node;
    }
    bool is_leaf() const { return stale_view() ? !requires_grad() : !impl_->node; }
    bool stale_view() const { return impl_->base && impl_->base->epoch != impl_->epoch; }

  private:
    Ref<TensorImpl> impl_;
};

// New memory, not filled. Strides as given or row-major. MemoryError with shape, dtype and bytes where there is none.
Tensor empty(const Dims& shape, DType dtype);
Tensor empty_strided(const Dims& shape, const Dims& strides, DType dtype);
// The same memory seen otherwise; offset in elements from t's first element. No history, no base.
Tensor alias(const Tensor& t, const Dims& shape, const Dims& strides, int64_t offset);
Tensor alias(const Tensor& t);
// A 0-d tensor of a number. wrapped: weak in promotion, as a Python number is.
Tensor scalar_tensor(Scalar value, DType dtype, bool wrapped = false);
// bool -> bool, int -> int64, float -> the default floating type.
DType dtype_of(Scalar value);
DType default_dtype();
void set_default_dtype(DType dtype);
// While one lives, this thread's default_dtype() is the wide partner of a narrow default.
class WideDefault {
  public:
    WideDefault();
    ~WideDefault();
    WideDefault(const WideDefault&) = delete;
    WideDefault& operator=(const WideDefault&) = delete;

  private:
    bool before_;
};

void set_geometry(TensorImpl* t, const Dims& shape, const Dims& strides);
// True if distinct indices may reach the same element (an expanded tensor).
bool has_internal_overlap(const Tensor& t);
// True if the two may share bytes (the same storage and meeting byte ranges).
bool may_overlap(const Tensor& a, const Tensor& b);
bool same_layout(const Tensor& a, const Tensor& b);
// True if the caller's handle is the only one, to the tensor and to its memory: it may be overwritten.
bool exclusively_owned(const Tensor& t);
void bump_version(const Tensor& t);
int64_t live_tensors();

}  // namespace chainrule
