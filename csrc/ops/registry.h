// The registry: what the world outside sees of the operations. Each entry stands beside its OpDef; binding, docstrings, stubs
// and documentation are made from it.
#pragma once

#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/op_def.h"

namespace chainrule {

class Generator;

// One parsed argument.
struct Arg {
    enum Kind : uint8_t { None, TensorArg, Number, Ints, Dtype, Str, Tensors, Object } kind = None;
    uint8_t slot = 0;  // of Ints and Tensors
    Tensor tensor;
    Scalar number;
    std::string_view text;
    void* object = nullptr;  // Generator*, or the host's object for an argument of type `any`
    DType dtype = DType::Float32;
};

inline constexpr int kMaxArgs = 16;
inline constexpr int kMaxIntsArgs = 5;  // of type ints or size, in one signature

// The arguments of a call, in the order of the signature, and what it gives back.
class Args {
  public:
    // A fixed array of which only the first `size` elements are alive: a call pays for the arguments that it has.
    class List {
      public:
        List() {}
        ~List() { resize(0); }
        List(const List&) = delete;
        List& operator=(const List&) = delete;
        Arg& operator[](size_t i) { return items_[i]; }
        const Arg& operator[](size_t i) const { return items_[i]; }
        void resize(size_t n) {
            for (; size_ < n; ++size_) new (&items_[size_]) Arg;
            for (; size_ > n; --size_) items_[size_ - 1].~Arg();
        }
        size_t size() const { return size_; }

      private:
        size_t size_ = 0;
        union {
            Arg items_[kMaxArgs];
        };
    };

    const char* name = "";  // of the function, for messages
    bool inplace = false;   // called as name_: the result goes into argument 0
    List args;
    Dims ints_slots[kMaxIntsArgs];
    std::vector<Tensor> tensors_slots[2];

    bool given(int i) const { return args[static_cast<size_t>(i)].kind != Arg::None; }
    const Tensor& tensor(int i) const { return args[i].tensor; }  // undefined where None
    Scalar number(int i) const { return args[i].number; }
    int64_t integer(int i, int64_t otherwise = 0) const { return given(i) ? args[i].number.to_int() : otherwise; }
    double real(int i, double otherwise = 0) const { return given(i) ? args[i].number.to_double() : otherwise; }
    bool flag(int i, bool otherwise = false) const { return given(i) ? args[i].number.to_double() != 0 : otherwise; }
    const Dims& ints(int i) const { return ints_slots[args[i].slot]; }
    DType dtype(int i, DType otherwise) const { return given(i) ? args[i].dtype : otherwise; }
    std::string_view text(int i) const { return args[i].text; }
    const std::vector<Tensor>& tensors(int i) const { return tensors_slots[args[i].slot]; }
    Generator& generator(int i) const;  // the default one where None

    // Runs one operation, in place where the call asks for it.
    template <class... T> Tensor run(const OpDef& op, const T&... inputs) {
        const Tensor in[] = {inputs...};
        return run_op(op, in, sizeof...(T), nullptr);
    }
    template <class A, class... T> Tensor run_with(const OpDef& op, A attrs, const T&... inputs) {
        const Tensor in[] = {inputs...};
        return run_op(op, in, sizeof...(T), &attrs);
    }

    enum Result : uint8_t { Nothing, One, Tuple, List, Bool };
    Result result = Nothing;
    Tensor value;
    std::vector<Tensor> values;
    // Names of a tuple's parts, the type's first: {"max", "values", "indices", nullptr}.
    const char* const* fields = nullptr;
    bool truth = false;

    void ret(Tensor t) {
        result = One;
        value = std::move(t);
    }
    void ret_tuple(std::vector<Tensor> ts, const char* const* names = nullptr) {
        result = Tuple;
        values = std::move(ts);
        fields = names;
    }
    void ret_list(std::vector<Tensor> ts) {
        result = List;
        values = std::move(ts);
    }
    void ret_bool(bool b) {
        result = Bool;
        truth = b;
    }

  private:
    Tensor run_op(const OpDef& op, const Tensor* in, int n, void* attrs);
};

// A signature reads as in Python, with a type before each name:
//   "clamp(Tensor input, Number min=None, Number max=None)"
// Types: Tensor (also a number or an array where the function's form allows), Number, int, float, bool, ints (one or a sequence),
// list (the same, of any length; an int64 vector in Arg::tensor), sizes (ints of 0 or more, None read as -1), size (a sequence, or
// all remaining positional arguments), Dtype, str, Tensors (a sequence), VarTensors (the same, or tensors one by one), Indices (a
// sequence of tensors and None, which is left undefined), Generator, any.
// A default of None makes an argument optional; "*" begins keyword-only arguments. Several signatures are tried in their order.
struct Overload {
    const char* signature;
    void (*call)(Args&);
};

enum FunctionFlags : uint32_t {
    kMethod = 1,        // Tensor.name too, if the first argument is a tensor
    kFunction = 2,      // chainrule.name
    kNN = 4,            // chainrule.nn.functional.name
    kInplace = 8,       // name_ as a method (and function) too
    kInplaceOnly = 16,  // exists as name_ alone, a method
    kNoGradient = 32,   // not differentiable: the result carries no graph
    kExactOut = 64,     // out= must have the result's dtype: it is not converted
};

struct FunctionDef {
    const char* name;
    uint32_t flags;
    const char* doc;  // first line: what it computes; then formula, Args, Returns, Raises, Example, Source
    std::vector<Overload> overloads;
};

// Registers at static initialisation: `const Register exp_fn({"exp", kMethod | kFunction | kInplace, R"(...)", {{"exp(Tensor input)", ...}}});`
class Register {
  public:
    Register(FunctionDef def);
};

const std::vector<FunctionDef>& registry();

}  // namespace chainrule
