#include "bind/arguments.h"

#include <structmember.h>

#include <cstring>
#include <map>

#include "bind/convert.h"
#include "bind/foreign.h"
#include "bind/generator.h"
#include "bind/out_argument.h"
#include "ops/narrow.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

std::string strip(std::string s) {
    size_t a = s.find_first_not_of(" \n"), b = s.find_last_not_of(" \n");
    return a == std::string::npos ? "" : s.substr(a, b - a + 1);
}

// Splits at commas outside brackets.
std::vector<std::string> split_params(const std::string& s) {
    std::vector<std::string> parts;
    int depth = 0;
    std::string part;
    for (char c : s) {
        if (c == '(' || c == '[') ++depth;
        if (c == ')' || c == ']') --depth;
        if (c == ',' && depth == 0) {
            parts.push_back(strip(part));
            part.clear();
        } else {
            part += c;
        }
    }
    if (!strip(part).empty()) parts.push_back(strip(part));
    return parts;
}

Param::Type type_named(const std::string& name, const char* signature) {
    static const std::map<std::string, Param::Type> types = {{"Tensor", Param::Tensor},
                                                             {"Number", Param::Number},
                                                             {"int", Param::Int},
                                                             {"float", Param::Float},
                                                             {"bool", Param::Bool},
                                                             {"ints", Param::Ints},
                                                             {"sizes", Param::Sizes},
                                                             {"list", Param::List},
                                                             {"size", Param::Size},
                                                             {"Dtype", Param::Dtype},
                                                             {"str", Param::Str},
                                                             {"Tensors", Param::Tensors},
                                                             {"VarTensors", Param::VarTensors},
                                                             {"Indices", Param::Indices},
                                                             {"Generator", Param::Generator},
                                                             {"any", Param::Any}};
    auto it = types.find(name);
    check<ValueError>(it != types.end(), "signature: unknown type ", name, " in ", signature);
    return it->second;
}

void parse_default(Param& p, const char* signature) {
    const std::string& d = p.default_text;
    Arg& a = p.default_value;
    p.has_default = true;
    if (d == "None") {
        p.optional = true;
        return;
    }
    if (d == "True" || d == "False") {
        a.kind = Arg::Number;
        a.number = Scalar(d == "True");
    } else if (d[0] == '\'' || d[0] == '"') {
        p.default_text = d.substr(1, d.size() - 2);
        a.kind = Arg::Str;
        a.text = p.default_text;
    } else if (d[0] == '(' || d[0] == '[') {
        a.kind = Arg::Ints;
        for (const std::string& x : split_params(d.substr(1, d.size() - 2))) p.default_ints.push(std::stoll(x));
    } else if (p.type == Param::Ints || p.type == Param::Size) {
        a.kind = Arg::Ints;
        p.default_ints.push(std::stoll(d));
    } else if (d == "inf" || d == "-inf" || d.find_first_of(".e") != std::string::npos) {
        a.kind = Arg::Number;
        a.number = Scalar(std::stod(d));
    } else {
        a.kind = Arg::Number;
        a.number = Scalar(static_cast<int64_t>(std::stoll(d)));
    }
    (void)signature;
}

Signature parse_signature(const Overload& o) {
    Signature s;
    s.text = o.signature;
    s.call = o.call;
    size_t open = s.text.find('('), close = s.text.rfind(')');
    bool keyword_only = false;
    for (const std::string& part : split_params(s.text.substr(open + 1, close - open - 1))) {
        if (part == "*") {
            keyword_only = true;
            continue;
        }
        Param p;
        size_t eq = part.find('=');
        std::string declared = strip(part.substr(0, eq));
        size_t space = declared.rfind(' ');
        p.type = type_named(strip(declared.substr(0, space)), o.signature);
        p.name = declared.substr(space + 1);
        p.keyword_only = keyword_only;
        if (eq != std::string::npos) {
            p.default_text = strip(part.substr(eq + 1));
            parse_default(p, o.signature);
        }
        p.interned = PyUnicode_InternFromString(p.name.c_str());
        s.params.push_back(std::move(p));
        if (!keyword_only) ++s.n_positional;
    }
    check<ValueError>(s.params.size() <= static_cast<size_t>(kMaxArgs), "signature: too many parameters in ",
                      o.signature);
    // Strings were moved: point the defaults at their final place.
    for (Param& p : s.params)
        if (p.default_value.kind == Arg::Str) p.default_value.text = p.default_text;
    return s;
}

// Marks the integers in whose place another signature has a tensor.
void mark_ambiguous(std::vector<Signature>& signatures) {
    for (Signature& s : signatures)
        for (size_t i = 0; i < s.params.size(); ++i)
            for (const Signature& other : signatures)
                if ((s.params[i].type == Param::Int || s.params[i].type == Param::Ints ||
                     s.params[i].type == Param::List) &&
                    i < other.params.size() && other.params[i].type == Param::Tensor)
                    s.params[i].refuses_tensors = true;
}

BoundFunction* make_bound(const FunctionDef& def, std::string name, bool inplace) {
    auto* f = new BoundFunction;
    f->name = std::move(name);
    f->def = &def;
    f->inplace = inplace;
    for (const Overload& o : def.overloads) f->signatures.push_back(parse_signature(o));
    for (Signature& s : f->signatures)
        for (Param& p : s.params)
            if (p.default_value.kind == Arg::Str) p.default_value.text = p.default_text;
    mark_ambiguous(f->signatures);
    return f;
}

// NumPy's spellings and PyTorch's two names for the first argument.
bool same_name(const std::string& param, const char* given, size_t n) {
    auto is = [&](const char* s) { return std::strlen(s) == n && std::memcmp(given, s, n) == 0; };
    if (param.size() == n && std::memcmp(param.data(), given, n) == 0) return true;
    if (param == "dim") return is("axis");
    if (param == "keepdim") return is("keepdims");
    if (param == "input") return is("self") || is("x") || is("a") || is("x1");
    if (param == "other") return is("x2");
    return false;
}

// An integer argument; True and False are none.
bool take_int(PyObject* o, int64_t* out) { return !PyBool_Check(o) && to_int(o, out); }

// Calls take(item) for an integer or for each item of a sequence; false: o is neither, or take() refuses an item.
template <class Take> bool take_each(PyObject* o, const Take& take) {
    if (PyLong_CheckExact(o) || !PySequence_Check(o)) return take(o);
    if (!PyTuple_Check(o) && !PyList_Check(o)) {
        if (is_tensor(o)) return impl_of(o)->shape.n == 0 && take(o);
        if (PyUnicode_Check(o)) return false;
    }
    py::object fast = py::reinterpret_steal<py::object>(PySequence_Fast(o, ""));
    if (!fast) {
        PyErr_Clear();
        return false;
    }
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.ptr()); ++i) {  // an __index__ may change the list
        py::object item = py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(fast.ptr(), i));
        if (!take(item.ptr())) return false;
    }
    return true;
}

bool take_ints(PyObject* o, Dims* out) {
    out->n = 0;
    return take_each(o, [out](PyObject* item) {
        int64_t x;
        if (!take_int(item, &x)) return false;
        out->push(x);
        return true;
    });
}

bool take_sizes(const char* op, const std::string& name, PyObject* o, Dims* out) {
    if (o == Py_None) return false;
    out->n = 0;
    return take_each(o, [&](PyObject* item) {
        int64_t x = 0;
        if (item != Py_None && !take_int(item, &x)) return false;
        check<ValueError>(x >= 0, op, ": ", name, " must be at least 0, or None to keep a size, got ", x, ".");
        out->push(item == Py_None ? -1 : x);
        return true;
    });
}

bool take_list(PyObject* o, Tensor* out) {
    std::vector<int64_t> numbers;
    const bool taken = take_each(o, [&](PyObject* item) {
        int64_t x;
        if (!take_int(item, &x)) return false;
        numbers.push_back(x);
        return true;
    });
    if (taken) *out = vector_of(numbers);
    return taken;
}

bool take_tensors(PyObject* o, std::vector<Tensor>* out, bool none) {
    if (is_tensor(o) && impl_of(o)->shape.n == 0) return false;
    if (is_tensor(o) || PyUnicode_Check(o)) {
        if (!is_tensor(o)) return false;
    } else if (!PySequence_Check(o) && !PyIter_Check(o)) {
        return false;
    }
    py::object fast = py::reinterpret_steal<py::object>(PySequence_Fast(o, ""));
    if (!fast) {
        PyErr_Clear();
        return false;
    }
    Py_ssize_t n = PySequence_Fast_GET_SIZE(fast.ptr());
    out->clear();
    out->reserve(static_cast<size_t>(n));
    for (Py_ssize_t i = 0; i < n; ++i) {
        PyObject* item = PySequence_Fast_GET_ITEM(fast.ptr(), i);
        if (none && item == Py_None) {
            out->emplace_back();
            continue;
        }
        if (!is_tensor(item)) return false;
        out->push_back(tensor_of(item));
    }
    return true;
}

bool take_bool(PyObject* o, Scalar* out) {
    if (PyBool_Check(o)) {
        *out = Scalar(o == Py_True);
        return true;
    }
    if (PyUnicode_Check(o) || (is_tensor(o) && impl_of(o)->numel != 1) || !to_scalar(o, out) || out->is_float())
        return false;
    *out = Scalar(out->to_int() != 0);
    return true;
}

bool take_text(PyObject* o, std::string_view* out) {
    if (!PyUnicode_Check(o)) return false;
    Py_ssize_t n;
    const char* s = PyUnicode_AsUTF8AndSize(o, &n);
    if (!s) throw py::error_already_set();
    *out = std::string_view(s, static_cast<size_t>(n));
    return true;
}

// How many of the places for integers and for lists of tensors are taken.
struct Used {
    int ints = 0, lists = 0;
};

// The next place; null if none is left.
Dims* next_ints(Arg& a, Args& all, Used& used) {
    if (used.ints >= kMaxIntsArgs) return nullptr;
    a.kind = Arg::Ints;
    a.slot = static_cast<uint8_t>(used.ints++);
    return &all.ints_slots[a.slot];
}
std::vector<Tensor>* next_list(Arg& a, Args& all, Used& used) {
    if (used.lists >= 2) return nullptr;
    a.kind = Arg::Tensors;
    a.slot = static_cast<uint8_t>(used.lists++);
    return &all.tensors_slots[a.slot];
}

// Converts one argument. False: it has another type (another signature may take it).
bool convert(const Param& p, PyObject* o, Arg& a, Args& all, Used& used) {
    if (o == Py_None && (p.optional || p.type == Param::Any)) {
        a.kind = Arg::None;
        return true;
    }
    if (p.refuses_tensors && is_tensor(o)) return false;
    switch (p.type) {
        case Param::Tensor:
            a.kind = Arg::TensorArg;
            if (!is_tensor(o)) return to_tensor(o, &a.tensor);
            a.tensor = tensor_of(o);
            return true;
        case Param::Number:
        case Param::Float: a.kind = Arg::Number; return to_scalar(o, &a.number);
        case Param::Int: {
            int64_t x;
            if (!take_int(o, &x)) return false;
            a.kind = Arg::Number;
            a.number = Scalar(x);
            return true;
        }
        case Param::Bool: a.kind = Arg::Number; return take_bool(o, &a.number);
        case Param::Ints:
        case Param::Size: {
            Dims* place = next_ints(a, all, used);
            return place && take_ints(o, place);
        }
        case Param::Sizes: {
            Dims* place = next_ints(a, all, used);
            return place && take_sizes(all.name, p.name, o, place);
        }
        case Param::List: a.kind = Arg::TensorArg; return take_list(o, &a.tensor);
        case Param::Dtype: a.kind = Arg::Dtype; return to_dtype(o, &a.dtype);
        case Param::Str: a.kind = Arg::Str; return take_text(o, &a.text);
        case Param::Tensors:
        case Param::VarTensors:
        case Param::Indices: {
            std::vector<Tensor>* place = next_list(a, all, used);
            return place && take_tensors(o, place, p.type == Param::Indices);
        }
        case Param::Generator:
            a.kind = Arg::Object;
            a.object = generator_of(o);
            return a.object != nullptr;
        case Param::Any:
            if (p.name == "device") check_device(o);
            a.kind = Arg::Object;
            a.object = o;
            return true;
    }
    return false;
}

PyObject* keyword(const Param& p, PyObject* const* values, PyObject* kwnames, Py_ssize_t n, uint32_t* used) {
    for (Py_ssize_t k = 0; k < n; ++k)
        if (PyTuple_GET_ITEM(kwnames, k) == p.interned) {
            *used |= 1u << k;
            return values[k];
        }
    for (Py_ssize_t k = 0; k < n; ++k) {
        std::string_view given = text_of(PyTuple_GET_ITEM(kwnames, k));
        if (same_name(p.name, given.data(), given.size())) {
            *used |= 1u << k;
            return values[k];
        }
    }
    return nullptr;
}

// Tensors given one by one: meshgrid(x, y).
bool take_spread_tensors(const Param& p, PyObject* const* args, Py_ssize_t* at, Py_ssize_t nargs, Arg& a, Args& all,
                         Used& used) {
    if (p.type != Param::VarTensors || !is_tensor(args[*at])) return false;
    std::vector<Tensor>* list = next_list(a, all, used);
    if (!list) return false;
    list->clear();
    while (*at < nargs && is_tensor(args[*at])) list->push_back(tensor_of(args[(*at)++]));
    return true;
}

// Trailing integers given one by one: x.view(2, 3).
bool take_spread_integers(const Param& p, PyObject* const* args, Py_ssize_t* at, Py_ssize_t nargs, Arg& a, Args& all,
                          Used& used) {
    int64_t x;
    if (p.type != Param::Size || nargs - *at < 2 || !take_int(args[*at], &x)) return false;
    Dims* d = next_ints(a, all, used);
    if (!d) return false;
    d->n = 0;
    for (; *at < nargs && take_int(args[*at], &x); ++*at) d->push(x);
    return true;
}

// False: the argument is needed.
bool take_default(const Param& p, Arg& a, Args& all, Used& used) {
    if (!p.has_default) return false;
    if (p.default_value.kind == Arg::Ints) {
        Dims* place = next_ints(a, all, used);
        if (!place) return false;
        *place = p.default_ints;
    } else if (p.default_value.kind != Arg::None) {
        a = p.default_value;
    }
    return true;
}

bool match(const Signature& s, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames, Args& out) {
    Py_ssize_t n_keywords = kwnames ? PyTuple_GET_SIZE(kwnames) : 0, at = 0;
    uint32_t keywords_used = 0;
    Used used;
    out.args.resize(0);
    out.args.resize(s.params.size());
    for (size_t i = 0; i < s.params.size(); ++i) {
        const Param& p = s.params[i];
        Arg& a = out.args[i];
        PyObject* o = nullptr;
        if (at < nargs && !p.keyword_only) {
            if (take_spread_integers(p, args, &at, nargs, a, out, used)) continue;
            if (take_spread_tensors(p, args, &at, nargs, a, out, used)) continue;
            o = args[at++];
        } else if (n_keywords) {
            o = keyword(p, args + nargs, kwnames, n_keywords, &keywords_used);
        }
        if (o ? !convert(p, o, a, out, used) : !take_default(p, a, out, used)) return false;
    }
    if (at < nargs) return false;
    return keywords_used == (n_keywords ? (uint32_t{1} << n_keywords) - 1 : 0u);
}

std::string describe(PyObject* o) {
    if (is_tensor(o)) {
        const TensorImpl* t = impl_of(o);
        return concat("Tensor(", t->shape, ", ", t->dtype, ")");
    }
    return Py_TYPE(o)->tp_name;
}

[[noreturn]] void no_signature_fits(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs,
                                    PyObject* kwnames) {
    std::string got, wanted;
    for (Py_ssize_t i = 0; i < nargs; ++i) got += (i ? ", " : "") + describe(args[i]);
    for (Py_ssize_t k = 0; kwnames && k < PyTuple_GET_SIZE(kwnames); ++k)
        got += (got.empty() ? "" : ", ") + std::string(text_of(PyTuple_GET_ITEM(kwnames, k))) + "=" +
               describe(args[nargs + k]);
    for (const Signature& s : f.signatures) wanted += (wanted.empty() ? "" : " or ") + s.text;
    fail<TypeError>(f.name, ": expected ", wanted, ", got (", got, ").");
}

}  // namespace

const std::vector<BoundFunction*>& bound_functions() {
    static const std::vector<BoundFunction*>* all = [] {
        auto* v = new std::vector<BoundFunction*>;
        for (const FunctionDef& def : registry()) {
            std::string name = def.name;
            if (def.flags & kInplaceOnly) {
                v->push_back(make_bound(def, name.back() == '_' ? name : name + "_", true));
                continue;
            }
            v->push_back(make_bound(def, name, false));
            if (def.flags & kInplace) v->push_back(make_bound(def, name + "_", true));
        }
        return v;
    }();
    return *all;
}

const BoundFunction& find_function(const char* name) {
    for (const BoundFunction* f : bound_functions())
        if (f->name == name) return *f;
    fail<RuntimeError>(name, ": no such function in the registry");
}

PyObject* call_function(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
    Args call;
    call.name = f.name.c_str();
    call.inplace = f.inplace;
    for (const Signature& s : f.signatures) {
        if (!match(s, args, nargs, kwnames, call)) continue;
        chainrule::call(s.call, call);
        return give_back(call);
    }
    Py_ssize_t place = f.inplace ? -1 : place_of_out(kwnames, args + nargs);
    if (place >= 0) return call_into(f, args, nargs, kwnames, place);
    if (PyObject* answer = ask_arguments(f.object, args, nargs, kwnames)) return answer;
    no_signature_fits(f, args, nargs, kwnames);
}

bool fits(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
    Args call;
    call.name = f.name.c_str();
    for (const Signature& s : f.signatures)
        if (match(s, args, nargs, kwnames, call)) return true;
    return false;
}

namespace {

PyObject* tuple_of(const std::vector<Tensor>& ts) {
    py::object t = py::reinterpret_steal<py::object>(given(PyTuple_New(static_cast<Py_ssize_t>(ts.size()))));
    for (size_t i = 0; i < ts.size(); ++i) PyTuple_SET_ITEM(t.ptr(), static_cast<Py_ssize_t>(i), wrap(ts[i]));
    return t.release().ptr();
}

std::string package = "chainrule";

// A line for each field, as PyTorch prints them.
PyObject* named_repr(PyObject* o) {
    return guarded([&] {
        std::string name = Py_TYPE(o)->tp_name, text = package + name.substr(name.find('.')) + "(";
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); ++i) {
            py::object value = py::reinterpret_steal<py::object>(given(PyObject_Repr(PyTuple_GET_ITEM(o, i))));
            text += concat(i ? ",\n" : "\n", Py_TYPE(o)->tp_members[i].name, "=", std::string(text_of(value.ptr())));
        }
        return given(PyUnicode_FromString((text + ")").c_str()));
    });
}

// Named tuples: a type for each list of fields, made at first use.
PyTypeObject* named_type(const char* const* fields) {
    static std::map<const char* const*, PyTypeObject*>* types = new std::map<const char* const*, PyTypeObject*>;
    auto it = types->find(fields);
    if (it != types->end()) return it->second;
    std::vector<PyStructSequence_Field> members;
    for (const char* const* f = fields + 1; *f; ++f) members.push_back({*f, nullptr});
    int n = static_cast<int>(members.size());
    members.push_back({nullptr, nullptr});
    std::string* name = new std::string("chainrule.return_types." + std::string(fields[0]));
    PyStructSequence_Desc desc = {name->c_str(), nullptr, members.data(), n};
    PyObject* type = given(reinterpret_cast<PyObject*>(PyStructSequence_NewType(&desc)));
    reinterpret_cast<PyTypeObject*>(type)->tp_repr = named_repr;
    return (*types)[fields] = reinterpret_cast<PyTypeObject*>(type);
}

PyObject* named_tuple(const std::vector<Tensor>& ts, const char* const* fields) {
    py::object t = py::reinterpret_steal<py::object>(given(PyStructSequence_New(named_type(fields))));
    for (size_t i = 0; i < ts.size(); ++i) PyStructSequence_SET_ITEM(t.ptr(), static_cast<Py_ssize_t>(i), wrap(ts[i]));
    return t.release().ptr();
}

}  // namespace

void set_package_name(const std::string& name) { package = name; }

PyObject* give_back(Args& args) {
    switch (args.result) {
        case Args::Nothing: Py_RETURN_NONE;
        case Args::One: return wrap(args.value);
        case Args::Tuple: return args.fields ? named_tuple(args.values, args.fields) : tuple_of(args.values);
        case Args::List: return tuple_of(args.values);
        case Args::Bool: return PyBool_FromLong(args.truth);
    }
    Py_RETURN_NONE;
}

}  // namespace chainrule
