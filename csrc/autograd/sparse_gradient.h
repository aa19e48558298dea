// Gradients of which only some entries are kept.
//
// Note [Sparse gradients]: the gradient of a table of which a batch used few rows (embedding with sparse=True) is a tensor of the
// table's shape whose memory belongs to Entries: indices (sparse axes, n) and values (n, dense sizes); entries of the same place
// add up. Only the way to a leaf takes one (takes_sparse), so no gradient rule ever sees one; the engine, the optimizers'
// steps and the binding look for entries. Its own elements are one NaN, expanded and read-only: who forgets to look computes
// NaN, never a wrong number.
#pragma once

#include "autograd/op_def.h"

namespace chainrule {

struct Entries {
    Ref<TensorImpl> indices, values;
    void* python = nullptr;  // the Python object that shows them, counted: it may hold others by now
    double nan[1];
};

void release_entries(void* entries);

// Null for a tensor that has all its elements.
inline Entries* entries_of(const TensorImpl* t) {
    const Storage* s = t->storage.get();
    return s && s->release_external == release_entries ? static_cast<Entries*>(s->external) : nullptr;
}
inline Entries* entries_of(const Tensor& t) { return entries_of(t.get()); }

Tensor sparse_gradient(const Dims& shape, const Tensor& indices, const Tensor& values);

// The entries of a sparse gradient as they are now: a Python object that shows them may have changed them.
Entries& current_entries(const Tensor& sparse);
// Puts other entries in their place, also in that object.
void set_entries(const Tensor& sparse, const Tensor& indices, const Tensor& values);

// For a gradient rule: may the gradient of input i be a sparse one?
bool takes_sparse(const VjpCtx& c, int i);

// Set by the binding. read checks what it finds; release gives the object back.
struct EntriesHost {
    void (*read)(const Tensor& sparse);
    void (*write)(const Tensor& sparse);
    void (*release)(void* python);
};
extern EntriesHost entries_host;

// What the engine does with them, which is made of operations. At least one argument is sparse.
struct SparseRules {
    Tensor (*sum)(const Tensor& a, const Tensor& b);  // sparse where both are
    // What a leaf's .grad becomes: `held` (maybe undefined), changed in place unless recorded, or another tensor.
    Tensor (*accumulated)(const Tensor& held, const Tensor& grad, bool recorded);
};
extern const SparseRules* sparse_rules;

}  // namespace chainrule
