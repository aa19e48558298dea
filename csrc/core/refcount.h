// Intrusive reference counts. Every counted object begins with RefCounted, so that a handle is one pointer and a count
// change is one add. In the Python extension the GIL serialises all count changes (kernels that run without it touch no
// handles), so they are plain; a C++ program with threads is built with CHAINRULE_ATOMIC_REFCOUNT.
#pragma once

#include <cstdint>
#include <utility>

#include "core/lock_check.h"

#ifdef CHAINRULE_ATOMIC_REFCOUNT
#include "core/counter.h"
#endif

namespace chainrule {

#ifdef CHAINRULE_ATOMIC_REFCOUNT
using Counter = RelaxedCounter;
#else
using Counter = int64_t;
#endif

struct RefCounted {
#ifdef CHAINRULE_ATOMIC_REFCOUNT
    std::atomic<int32_t> refcount{0};
    void retain() { refcount.fetch_add(1, std::memory_order_relaxed); }
    bool drop() { return refcount.fetch_sub(1, std::memory_order_acq_rel) == 1; }
#else
    int32_t refcount = 0;
    void retain() {
        check_lock();
        ++refcount;
    }
    bool drop() {
        check_lock();
        return --refcount == 0;
    }
#endif
    int32_t use_count() const { return refcount; }
};

// T provides `static void destroy(T*)`, called when the last handle goes.
template <class T> class Ref {
  public:
    Ref() = default;
    Ref(std::nullptr_t) {}
    explicit Ref(T* p) : p_(p) {
        if (p_) p_->retain();
    }
    Ref(const Ref& other) : Ref(other.p_) {}
    Ref(Ref&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~Ref() { reset(); }

    void reset() {
        T* p = std::exchange(p_, nullptr);
        if (p && p->drop()) T::destroy(p);
    }
    T* get() const { return p_; }
    T* operator->() const { return p_; }
    T& operator*() const { return *p_; }
    explicit operator bool() const { return p_ != nullptr; }
    bool operator==(const Ref& other) const { return p_ == other.p_; }

    // For a handle that several threads may find empty and set at once: the first to publish wins, all get its object.
#ifdef CHAINRULE_ATOMIC_REFCOUNT
    T* load() const { return std::atomic_ref<T*>(const_cast<T*&>(p_)).load(std::memory_order_acquire); }
    T* publish(Ref fresh) {
        T* found = nullptr;
        if (std::atomic_ref<T*>(p_).compare_exchange_strong(found, fresh.p_)) return std::exchange(fresh.p_, nullptr);
        return found;
    }
#else
    T* load() const { return p_; }
    T* publish(Ref fresh) {
        if (!p_) std::swap(p_, fresh.p_);
        return p_;
    }
#endif

  private:
    T* p_ = nullptr;
};

}  // namespace chainrule
