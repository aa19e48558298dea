#include "bind/operators.h"

#include "bind/arguments.h"
#include "bind/convert.h"
#include "ops/narrow.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

using BinaryFn = Tensor (*)(const Tensor&, const Tensor&);
using UnaryFn = Tensor (*)(const Tensor&);

// Either side may be the tensor; the other a tensor, a number or an array.
template <BinaryFn f> PyObject* binary(PyObject* a, PyObject* b) {
    return guarded([&]() -> PyObject* {
        Tensor x, y;
        if (!to_tensor(a, &x) || !to_tensor(b, &y)) Py_RETURN_NOTIMPLEMENTED;
        return wrap(f(x, y));
    });
}

// A matrix product takes no numbers.
PyObject* matrix_product(PyObject* a, PyObject* b) {
    auto fits = [](PyObject* o) { return is_tensor(o) || is_array(o); };
    if (!fits(a) || !fits(b)) Py_RETURN_NOTIMPLEMENTED;
    return binary<matmul>(a, b);
}

template <UnaryFn f> PyObject* unary(PyObject* a) {
    return guarded([&] { return wrap(f(tensor_of(a))); });
}

// Operators that are not hot go through the registry: the function's own call, with two tensor arguments.
PyObject* call_registered(const BoundFunction& f, const Tensor& x, const Tensor& y) {
    Args args;
    args.name = f.name.c_str();
    args.inplace = f.inplace;
    args.args.resize(f.signatures[0].params.size());
    const Signature& signature = f.signatures[0];
    for (size_t i = 2; i < signature.params.size(); ++i) args.args[i] = signature.params[i].default_value;
    const Tensor operands[] = {x, y};
    for (size_t i = 0; i < 2 && i < signature.params.size(); ++i) {
        args.args[i].kind = Arg::TensorArg;
        args.args[i].tensor = operands[i];
    }
    call(signature.call, args);
    return give_back(args);
}

template <const char* const& name> PyObject* binary_named(PyObject* a, PyObject* b) {
    return guarded([&]() -> PyObject* {
        static const BoundFunction& f = find_function(name);
        Tensor x, y;
        if (!to_tensor(a, &x) || !to_tensor(b, &y)) Py_RETURN_NOTIMPLEMENTED;
        return call_registered(f, x, y);
    });
}

template <const char* const& name> PyObject* inplace(PyObject* a, PyObject* b) {
    return guarded([&]() -> PyObject* {
        static const BoundFunction& f = find_function(name);
        Tensor y;
        if (!to_tensor(b, &y)) Py_RETURN_NOTIMPLEMENTED;
        return call_registered(f, tensor_of(a), y);
    });
}

template <BinaryFn f> PyObject* inplace_direct(PyObject* a, PyObject* b) {
    return guarded([&]() -> PyObject* {
        Tensor y;
        if (!to_tensor(b, &y)) Py_RETURN_NOTIMPLEMENTED;
        f(tensor_of(a), y);
        return Py_NewRef(a);
    });
}

PyObject* power(PyObject* a, PyObject* b, PyObject*) { return binary<pow>(a, b); }

constexpr const char* kFloorDivide = "floor_divide";
constexpr const char* kRemainder = "remainder";
constexpr const char* kAnd = "bitwise_and";
constexpr const char* kOr = "bitwise_or";
constexpr const char* kXor = "bitwise_xor";
constexpr const char* kShiftLeft = "bitwise_left_shift";
constexpr const char* kShiftRight = "bitwise_right_shift";
constexpr const char* kPow_ = "pow_";
constexpr const char* kFloorDivide_ = "floor_divide_";
constexpr const char* kRemainder_ = "remainder_";
constexpr const char* kAnd_ = "bitwise_and_";
constexpr const char* kOr_ = "bitwise_or_";
constexpr const char* kXor_ = "bitwise_xor_";
constexpr const char* kShiftLeft_ = "bitwise_left_shift_";
constexpr const char* kShiftRight_ = "bitwise_right_shift_";

PyObject* inplace_power(PyObject* a, PyObject* b, PyObject*) { return inplace<kPow_>(a, b); }

PyObject* invert(PyObject* a) {
    return guarded([&] {
        static const BoundFunction& f = find_function("bitwise_not");
        return call_registered(f, tensor_of(a), Tensor());
    });
}

PyObject* compare(PyObject* a, PyObject* b, int op) {
    return guarded([&]() -> PyObject* {
        if (b == Py_None || PyUnicode_Check(b)) Py_RETURN_NOTIMPLEMENTED;
        Tensor x = tensor_of(a), y;
        if (!to_tensor(b, &y)) Py_RETURN_NOTIMPLEMENTED;
        switch (op) {
            case Py_LT: return wrap(lt(x, y));
            case Py_LE: return wrap(le(x, y));
            case Py_EQ: return wrap(eq(x, y));
            case Py_NE: return wrap(ne(x, y));
            case Py_GT: return wrap(gt(x, y));
            default: return wrap(ge(x, y));
        }
    });
}

PyObject* positive(PyObject* a) { return Py_NewRef(a); }

int truth(PyObject* a) {
    Tensor t = tensor_of(a);
    if (t.numel() != 1) {
        PyErr_Format(PyExc_ValueError,
                     "bool(): the truth of a tensor of shape %s is ambiguous. Use any(), all() or numel().",
                     str(t.shape()).c_str());
        return -1;
    }
    PyObject* number = guarded([&] { return to_number(t); });
    if (!number) return -1;
    int result = PyObject_IsTrue(number);
    Py_DECREF(number);
    return result;
}

Tensor one_element(PyObject* a, const char* what) {
    Tensor t = tensor_of(a);
    check<ValueError>(t.numel() == 1, what, ": only a tensor of one element is a number, got shape ", t.shape());
    return t;
}

PyObject* as_float(PyObject* a) {
    return guarded(
        [&] { return PyNumber_Float(py::reinterpret_steal<py::object>(to_number(one_element(a, "float()"))).ptr()); });
}

PyObject* as_int(PyObject* a) {
    return guarded(
        [&] { return PyNumber_Long(py::reinterpret_steal<py::object>(to_number(one_element(a, "int()"))).ptr()); });
}

PyObject* as_index(PyObject* a) {
    return guarded([&] {
        Tensor t = one_element(a, "index");
        check<TypeError>(is_integral(t.dtype()), "index: only an integer tensor of one element can be an index, got ",
                         t.dtype());
        return PyNumber_Long(py::reinterpret_steal<py::object>(to_number(t)).ptr());
    });
}

template <class F> void* slot(F f) { return reinterpret_cast<void*>(f); }

}  // namespace

void add_operator_slots(std::vector<PyType_Slot>& slots) {
    const PyType_Slot ours[] = {
        {Py_nb_add, slot(binary<add>)},
        {Py_nb_subtract, slot(binary<sub>)},
        {Py_nb_multiply, slot(binary<mul>)},
        {Py_nb_true_divide, slot(binary<div>)},
        {Py_nb_floor_divide, slot(binary_named<kFloorDivide>)},
        {Py_nb_remainder, slot(binary_named<kRemainder>)},
        {Py_nb_matrix_multiply, slot(matrix_product)},
        {Py_nb_and, slot(binary_named<kAnd>)},
        {Py_nb_or, slot(binary_named<kOr>)},
        {Py_nb_xor, slot(binary_named<kXor>)},
        {Py_nb_lshift, slot(binary_named<kShiftLeft>)},
        {Py_nb_rshift, slot(binary_named<kShiftRight>)},
        {Py_nb_power, slot(power)},
        {Py_nb_negative, slot(unary<neg>)},
        {Py_nb_absolute, slot(unary<abs>)},
        {Py_nb_invert, slot(invert)},
        {Py_nb_positive, slot(positive)},
        {Py_nb_inplace_add, slot(inplace_direct<add_>)},
        {Py_nb_inplace_subtract, slot(inplace_direct<sub_>)},
        {Py_nb_inplace_multiply, slot(inplace_direct<mul_>)},
        {Py_nb_inplace_true_divide, slot(inplace_direct<div_>)},
        {Py_nb_inplace_floor_divide, slot(inplace<kFloorDivide_>)},
        {Py_nb_inplace_remainder, slot(inplace<kRemainder_>)},
        {Py_nb_inplace_and, slot(inplace<kAnd_>)},
        {Py_nb_inplace_or, slot(inplace<kOr_>)},
        {Py_nb_inplace_xor, slot(inplace<kXor_>)},
        {Py_nb_inplace_lshift, slot(inplace<kShiftLeft_>)},
        {Py_nb_inplace_rshift, slot(inplace<kShiftRight_>)},
        {Py_nb_inplace_power, slot(inplace_power)},
        {Py_nb_bool, slot(truth)},
        {Py_nb_float, slot(as_float)},
        {Py_nb_int, slot(as_int)},
        {Py_nb_index, slot(as_index)},
        {Py_tp_richcompare, slot(compare)},
    };
    slots.insert(slots.end(), std::begin(ours), std::end(ours));
}

}  // namespace chainrule
