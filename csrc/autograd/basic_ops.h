// The operations that dispatch and engine are made of themselves: sums of gradients, conversion, broadcasting and its
// adjoint, and the history of views.
#pragma once

#include "autograd/op_def.h"

namespace chainrule {

extern const OpDef add_op;   // attrs: none
extern const OpDef cast_op;  // attrs: CastAttrs
extern const OpDef clone_op;
extern const OpDef copy_op;                // in place: self, source
extern const OpDef expand_op;              // attrs: Dims
extern const OpDef sum_to_op;              // attrs: Dims
extern const OpDef as_strided_op;          // attrs: Geometry
extern const OpDef as_strided_embed_op;    // zeros with a part added; attrs: EmbedAttrs
extern const OpDef as_strided_scatter_op;  // input 0 with a part replaced by input 1; attrs: Geometry

struct CastAttrs {
    DType dtype;
    void visit(AttrVisitor& v) const { v("dtype", dtype); }
};
struct Geometry {
    Dims shape, strides;
    int64_t offset;  // from the base's first element
    void visit(AttrVisitor& v) const {
        v("shape", shape);
        v("strides", strides);
        v("offset", offset);
    }
};
struct EmbedAttrs {
    Geometry part;
    Dims shape;  // of the base
    Dims strides;
    void visit(AttrVisitor& v) const {
        part.visit(v);
        v("base_shape", shape);
        v("base_strides", strides);
    }
};

Tensor cast(const Tensor& t, DType dtype);          // t itself where nothing is to do
Tensor clone(const Tensor& t);                      // row-major copy with history
Tensor expand(const Tensor& t, const Dims& shape);  // t itself where nothing is to do
Tensor sum_to(const Tensor& t, const Dims& shape);  // the adjoint of expand
Tensor as_strided(const Tensor& t, const Dims& shape, const Dims& strides, int64_t offset);
Tensor zeros(const Dims& shape, DType dtype);

// A view whose base has changed in place gets its new node.
void refresh_view(const Tensor& view);
// The same for all inputs of an operation, before its own node is made: numbers must fall along every path.
void refresh_views(const Tensor* inputs, size_t n);
// self (maybe a view) was written by `node` as its output nr: moves its history on, and its base's.
void rebase_history(const Tensor& self, const Ref<NodeBase>& node, uint32_t nr = 0);
// RuntimeError where self may not be written in place now.
void check_inplace(const char* op, const Tensor& self, bool recording);

}  // namespace chainrule
