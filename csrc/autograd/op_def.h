// OpDef: what the library knows of one operation. Static data with plain function pointers.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/scalar.h"
#include "core/tensor.h"

namespace chainrule {

struct OpDef;
struct Node;
class Pass;

// Sees an operation's attributes one by one, with their names: for those who show a graph or write it down.
class AttrVisitor {
  public:
    virtual void number(const char* name, Scalar value) = 0;
    virtual void list(const char* name, const Dims& value) = 0;
    virtual void dtype(const char* name, DType value) = 0;

    // Attributes inside attributes are listed as if they stood outside.
    template <class T> void operator()(const char* name, const T& value) {
        if constexpr (std::is_same_v<T, DType>) dtype(name, value);
        else if constexpr (std::is_same_v<T, Dims>) list(name, value);
        else if constexpr (std::is_enum_v<T> || (std::is_integral_v<T> && !std::is_same_v<T, bool>))
            number(name, static_cast<int64_t>(value));
        else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, Scalar>) number(name, value);
        else value.visit(*this);
    }

  protected:
    ~AttrVisitor() = default;
};

template <class A> void describe_attrs(const void* attrs, AttrVisitor& v) { v("value", *static_cast<const A*>(attrs)); }

inline constexpr int kMaxOutputs = 4;
inline constexpr int kMaxAttrBytes = 512;
inline constexpr int kMaxSavedInputs = 8;  // an operation may have more inputs, which are not saved

struct OutSpec {
    DType dtype = DType::Float32;
    Dims shape;
    Dims strides;        // used where has_strides
    int64_t offset = 0;  // of a view: elements from input 0's first
    bool has_strides = false;
};

// Shape and dtype rule. Holds every check and runs before anything is allocated. May normalise the attributes.
struct InferCtx {
    const OpDef& op;
    const Tensor* inputs;
    int n_inputs;
    void* attrs;
    OutSpec out[kMaxOutputs];
    int n_outputs = 1;

    const Tensor& input(int i) const { return inputs[i]; }
    template <class A> A& attr() const { return *static_cast<A*>(attrs); }
    void set(int i, const Dims& shape, DType dtype) {
        out[i].shape = shape;
        out[i].dtype = dtype;
    }
    void set_view(const Dims& shape, const Dims& strides, int64_t offset) {
        set(0, shape, inputs[0].dtype());
        out[0].strides = strides;
        out[0].has_strides = true;
        out[0].offset = offset;
    }
};

// Writes into outputs that exist already; trusts its inputs; touches no handle (it may run without the GIL).
struct EvalCtx {
    const OpDef& op;
    const Tensor* inputs;
    int n_inputs;
    const Tensor* outputs;
    int n_outputs;
    const void* attrs;

    const Tensor& input(int i) const { return inputs[i]; }
    const Tensor& out(int i = 0) const { return outputs[i]; }
    template <class A> const A& attr() const { return *static_cast<const A*>(attrs); }
};

// The gradient rule sees one node: output gradients, saved values, and which input gradients are wanted.
class VjpCtx {
  public:
    VjpCtx(Node* node, Pass* pass, bool create_graph) : node_(node), pass_(pass), create_graph_(create_graph) {}

    bool create_graph() const { return create_graph_; }
    bool wants(int i) const;               // is the gradient of input i wanted?
    bool has_grad(int k = 0) const;        // did output k receive a gradient?
    const Tensor& grad(int k = 0) const;   // may be undefined where has_grad is false
    Tensor input(int i) const;             // saved input; version-checked
    Tensor output(int j = 0) const;        // saved output
    const Dims& input_shape(int i) const;  // of an input saved or kept by shape
    const Dims& input_strides(int i) const;
    DType input_dtype(int i) const;
    int n_inputs() const;
    template <class A> const A& attr() const { return *static_cast<const A*>(attr_data()); }
    const void* attr_data() const;
    const OpDef& op() const;
    Node* node() const { return node_; }

    void set(int i, Tensor grad);  // the gradient of input i; undefined means zero
    // Adds `grad` into the part of input i's gradient that (shape, strides, offset) selects; the engine owns the buffer,
    // so a loop over slices stays linear. Only where the gradient is not recorded.
    void add_into(int i, const Dims& shape, const Dims& strides, int64_t offset, const Tensor& grad);
    // The buffer of input i's gradient if the engine owns it exclusively (to accumulate inside a kernel), else undefined.
    Tensor owned_buffer(int i) const;

  private:
    Node* node_;
    Pass* pass_;
    bool create_graph_;
};

enum class Promotion : uint8_t {
    None,    // inputs are taken as they are
    Common,  // all inputs are converted to their common dtype
    Float,   // the same, and integers to the default floating dtype
};

struct OpDef {
    const char* name;       // "add"
    const char* grad_name;  // "AddBackward0", as PyTorch prints it
    void (*infer)(InferCtx&) = nullptr;
    void (*eval)(EvalCtx&) = nullptr;  // null: a view of input 0
    void (*vjp)(VjpCtx&) = nullptr;    // null: not differentiable, its outputs carry no graph
    uint32_t kernel = 0;               // index into the kernel table, for the shared elementwise forms
    uint32_t grad_kernel = 0;
    Promotion promotion = Promotion::None;
    bool broadcast = false;  // inputs are expanded to a common shape, gradients summed back by the graph
    bool elementwise =
        false;              // may run with output 0 in input 0's memory: element i needs no other (or input 0 is kept)
    bool variadic = false;  // any number of like inputs
    bool any_dtype =
        false;  // takes narrow dtypes as they are (views do so anyway): its evaluation only copies elements
    bool reads_narrow = false;  // its evaluation takes a narrow input 0 and gives the wide result; the rule is run wide
    // Saved for the gradient: bit k of save_input[i] says that the gradient of input k needs input i. 0: not saved.
    uint16_t save_input[kMaxSavedInputs] = {};
    uint16_t save_output[2] = {};
    uint8_t keep_shape = 0;  // bit i: input i's shape and dtype are kept without data (variadic: any bit, all inputs)
    uint16_t attr_bytes = 0;
    void (*describe)(const void*, AttrVisitor&) = nullptr;  // names the attributes; null: there are none to see
    void (*destroy_attrs)(void*) = nullptr;                 // only for nodes that own something (a user's Function)
    void (*release_attrs)(void*) = nullptr;                 // of those: drop what was saved
};

// Expands, checks and promotes as the OpDef says, infers, allocates, evaluates and, where a gradient may be asked for, records.
void dispatch(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs, Tensor* outputs, int n_outputs = 1);

// The dtype in which tensors and Python numbers meet.
DType common_dtype(const Tensor* inputs, int n,
                   DType widest = DType::Float64);  // of inputs computed in at most `widest`

// The in-place form: writes into self (which is inputs[0]) and moves self's history on. Returns self.
Tensor dispatch_inplace(const OpDef& op, const Tensor* inputs, int n_inputs, void* attrs);

template <class... T> Tensor run(const OpDef& op, const T&... inputs) {
    const Tensor in[] = {inputs...};
    Tensor out;
    dispatch(op, in, sizeof...(T), nullptr, &out);
    return out;
}

template <class A, class... T> Tensor run_with(const OpDef& op, A attrs, const T&... inputs) {
    // Attributes are plain data, kept inline in the node.
    static_assert(std::is_trivially_destructible_v<A> && sizeof(A) <= kMaxAttrBytes);
    const Tensor in[] = {inputs...};
    Tensor out;
    dispatch(op, in, sizeof...(T), &attrs, &out);
    return out;
}

}  // namespace chainrule
