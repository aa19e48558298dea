// DLPack: memory shared with other libraries, both ways. The structures are those of the DLPack specification 1.0
// (dmlc.github.io/dlpack), the protocol is the Python array API standard's: __dlpack__, __dlpack_device__, from_dlpack.

#include "autograd/elementwise.h"
#include "bind/convert.h"
#include "ops/ops.h"

namespace chainrule {
namespace {

struct DLDevice {
    int32_t type, id;
};
struct DLDataType {
    uint8_t code, bits;
    uint16_t lanes;
};
struct DLTensor {
    void* data;
    DLDevice device;
    int32_t ndim;
    DLDataType dtype;
    int64_t* shape;
    int64_t* strides;  // in elements; null: row-major
    uint64_t byte_offset;
};
struct DLManaged {
    DLTensor tensor;
    void* context;
    void (*deleter)(DLManaged*);
};
struct DLManagedVersioned {
    uint32_t major, minor;
    void* context;
    void (*deleter)(DLManagedVersioned*);
    uint64_t flags;
    DLTensor tensor;
};

constexpr int32_t kCpu = 1;
constexpr uint8_t kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kBool = 6;
constexpr uint64_t kReadOnly = 1, kIsCopied = 2;

// The names of capsules, before and after someone has taken what is inside.
template <class M> struct Names;
template <> struct Names<DLManaged> {
    static constexpr const char *fresh = "dltensor", *used = "used_dltensor";
};
template <> struct Names<DLManagedVersioned> {
    static constexpr const char *fresh = "dltensor_versioned", *used = "used_dltensor_versioned";
};

[[noreturn]] void buffer_error(const std::string& message) { throw py::buffer_error(message); }

// ---- giving ----

// What a consumer holds until it calls the deleter.
template <class M> struct Shared {
    M managed;
    Ref<Storage> storage;
    Dims shape, strides;
};

// May be called in any thread, with the GIL or without it.
template <class M> void delete_shared(M* managed) {
    if (!Py_IsInitialized()) return;
    PyGILState_STATE state = PyGILState_Ensure();
    delete static_cast<Shared<M>*>(managed->context);
    PyGILState_Release(state);
}

template <class M> void destroy_capsule(PyObject* capsule) {
    if (!PyCapsule_IsValid(capsule, Names<M>::fresh)) return;  // taken: the consumer calls the deleter
    auto* managed = static_cast<M*>(PyCapsule_GetPointer(capsule, Names<M>::fresh));
    managed->deleter(managed);
}

DLDataType dl_type(DType t) {
    uint8_t code = t == DType::Bool       ? kBool
                   : t == DType::UInt8    ? kUInt
                   : t == DType::BFloat16 ? kBfloat
                   : is_floating(t)       ? kFloat
                                          : kInt;
    return {code, static_cast<uint8_t>(8 * item_size(t)), 1};
}

template <class M> py::object give(const Tensor& t, uint64_t flags) {
    auto* shared = new Shared<M>{{}, t->storage, t.shape(), t.strides()};
    M& managed = shared->managed;
    managed.tensor = {t.data(), {kCpu, 0}, t.ndim(), dl_type(t.dtype()), shared->shape.v, shared->strides.v, 0};
    managed.context = shared;
    managed.deleter = delete_shared<M>;
    if constexpr (std::is_same_v<M, DLManagedVersioned>) {
        managed.major = 1;
        managed.minor = 0;
        managed.flags = flags;
    }
    PyObject* capsule = PyCapsule_New(&managed, Names<M>::fresh, destroy_capsule<M>);
    if (!capsule) {
        delete shared;
        throw py::error_already_set();
    }
    return py::reinterpret_steal<py::object>(capsule);
}

py::object dlpack(const Tensor& self, py::object stream, py::object max_version, py::object dl_device,
                  py::object copy) {
    if (self.requires_grad())
        buffer_error("__dlpack__: a tensor that requires a gradient would lose it. Use .detach().");
    if (!stream.is_none()) throw py::value_error("__dlpack__: stream must be None on the CPU");
    if (!dl_device.is_none() && dl_device.cast<std::pair<int, int>>().first != kCpu)
        buffer_error("__dlpack__: the data is on the CPU and stays there, dl_device must be (1, 0)");
    bool versioned = !max_version.is_none() && max_version.cast<std::pair<int, int>>().first >= 1;
    bool copied = !copy.is_none() && copy.cast<bool>();
    Tensor t = self;
    if (copied) {
        t = empty(self.shape(), self.dtype());
        copy_data(t, self);
    }
    bool read_only = t->storage->read_only;
    if (versioned) return give<DLManagedVersioned>(t, (read_only ? kReadOnly : 0) | (copied ? kIsCopied : 0));
    if (read_only)
        buffer_error(
            "__dlpack__: the memory is read-only, which DLPack before version 1 cannot say. Ask for copy=True or "
            "max_version=(1, 0).");
    return give<DLManaged>(t, 0);
}

// ---- taking ----

DType taken_type(const DLTensor& d) {
    for (int i = 0; i < kAllDTypes; ++i) {
        DLDataType own = dl_type(static_cast<DType>(i));
        if (own.code == d.dtype.code && own.bits == d.dtype.bits && d.dtype.lanes == 1) return static_cast<DType>(i);
    }
    fail<TypeError>(
        "from_dlpack: elements of float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8 and bool are "
        "supported, got kind ",
        int{d.dtype.code}, " with ", int{d.dtype.bits}, " bits and ", d.dtype.lanes, " lanes");
}

// Where the elements lie: from the lowest address on, with strides that are not negative, and the axes to flip for that.
struct Layout {
    DType dtype;
    Dims shape, strides, flipped;
    char* data;
    size_t bytes = 0;
};

Layout layout_of(const DLTensor& d) {
    if (d.device.type != kCpu)
        buffer_error("from_dlpack: memory of the CPU is required, got device type " + std::to_string(d.device.type));
    Layout out{taken_type(d), {}, {}, {}, static_cast<char*>(d.data) + d.byte_offset};
    check<ValueError>(d.ndim >= 0 && d.ndim <= kMaxDims, "from_dlpack: at most ", kMaxDims,
                      " dimensions are supported, got ", d.ndim);
    int64_t item = static_cast<int64_t>(item_size(out.dtype)), span = item, numel = 1;
    for (int i = 0; i < d.ndim; ++i) out.shape.push(d.shape[i]), numel *= d.shape[i];
    out.strides = contiguous_strides(out.shape);
    for (int i = 0; d.strides && i < d.ndim; ++i) {
        int64_t size = d.shape[i], stride = size > 1 ? d.strides[i] : 1;
        if (numel && stride < 0) {
            out.data += (size - 1) * stride * item;
            stride = -stride;
            out.flipped.push(i);
        }
        out.strides.v[i] = stride;
    }
    for (int i = 0; i < d.ndim; ++i) span += (out.shape.v[i] - 1) * out.strides.v[i] * item;
    out.bytes = numel ? static_cast<size_t>(span) : 0;
    if (reinterpret_cast<uintptr_t>(out.data) % static_cast<size_t>(item))
        buffer_error("from_dlpack: the memory is not aligned to its elements");
    return out;
}

template <class M> void release_taken(void* context) {
    auto* managed = static_cast<M*>(context);
    if (managed->deleter && Py_IsInitialized()) managed->deleter(managed);
}

struct Taken {
    Tensor tensor;
    bool copied;
};

// The capsule stays as it was if anything is wrong: whoever made it frees it.
template <class M> Taken take(py::handle capsule) {
    auto* managed = static_cast<M*>(PyCapsule_GetPointer(capsule.ptr(), Names<M>::fresh));
    uint64_t flags = 0;
    if constexpr (std::is_same_v<M, DLManagedVersioned>) {
        if (managed->major != 1)
            buffer_error("from_dlpack: version 1 is required, got version " + std::to_string(managed->major));
        flags = managed->flags;
    }
    Layout layout = layout_of(managed->tensor);
    auto storage = Storage::wrap(layout.data, layout.bytes, release_taken<M>, managed);
    PyCapsule_SetName(capsule.ptr(), Names<M>::used);
    PyCapsule_SetDestructor(capsule.ptr(), nullptr);
    storage->read_only = flags & kReadOnly;
    Tensor t(TensorImpl::create());
    t->dtype = layout.dtype;
    t->storage = storage;
    t->data = layout.data;
    set_geometry(t.get(), layout.shape, layout.strides);
    if (layout.flipped.n) return {flip(t, layout.flipped), true};
    return {t, (flags & kIsCopied) != 0};
}

Taken take_any(py::handle capsule) {
    if (PyCapsule_IsValid(capsule.ptr(), Names<DLManagedVersioned>::fresh)) return take<DLManagedVersioned>(capsule);
    if (PyCapsule_IsValid(capsule.ptr(), Names<DLManaged>::fresh)) return take<DLManaged>(capsule);
    throw py::value_error(
        "from_dlpack: a capsule that nobody has used is required (a capsule serves once: ask for a new one)");
}

py::object ask(py::handle producer, py::object copy) {
    py::object method = producer.attr("__dlpack__");
    py::dict options;
    options["max_version"] = py::make_tuple(1, 0);
    if (!copy.is_none()) options["copy"] = copy;
    try {
        return method(**options);
    } catch (py::error_already_set& e) {
        if (!e.matches(PyExc_TypeError)) throw;
    }
    return method();  // a producer from before version 1
}

// What hinders the look-up otherwise, as a lack of memory, is raised.
bool has(const py::object& o, const char* name) {
    PyObject* found = PyObject_GetAttrString(o.ptr(), name);
    if (!found && !PyErr_ExceptionMatches(PyExc_AttributeError)) throw py::error_already_set();
    if (!found) PyErr_Clear();
    Py_XDECREF(found);
    return found != nullptr;
}

Tensor from_dlpack(py::object source, py::object device, py::object copy) {
    check_device(device.ptr());
    bool want_copy = !copy.is_none() && copy.cast<bool>(), never = !copy.is_none() && !want_copy;
    Taken taken;
    if (PyCapsule_CheckExact(source.ptr())) {
        taken = take_any(source);
    } else {
        check<TypeError>(has(source, "__dlpack__"),
                         "from_dlpack: an object with __dlpack__ or a capsule is required, got ",
                         Py_TYPE(source.ptr())->tp_name);
        if (has(source, "__dlpack_device__")) {
            auto [type, id] = source.attr("__dlpack_device__")().cast<std::pair<int, int>>();
            if (type != kCpu)
                buffer_error("from_dlpack: memory of the CPU is required, got device type " + std::to_string(type));
        }
        taken = take_any(ask(source, copy));
    }
    if (never && taken.copied) buffer_error("from_dlpack: this memory has to be copied, and copy=False was given");
    if (!want_copy || taken.copied) return taken.tensor;
    Tensor out = empty(taken.tensor.shape(), taken.tensor.dtype());
    copy_data(out, taken.tensor);
    return out;
}

}  // namespace

void bind_dlpack(py::module_& m) {
    py::handle type(reinterpret_cast<PyObject*>(tensor_type));
    auto method = [&](const char* name, auto f, const char* doc, const auto&... extra) {
        type.attr(name) = py::cpp_function(f, py::name(name), py::is_method(type), py::doc(doc), extra...);
    };
    method("__dlpack__", &dlpack, "A DLPack capsule that shares the memory.", py::kw_only(),
           py::arg("stream") = py::none(), py::arg("max_version") = py::none(), py::arg("dl_device") = py::none(),
           py::arg("copy") = py::none());
    method("__dlpack_device__", [](const Tensor&) { return py::make_tuple(kCpu, 0); }, "The CPU: (1, 0).");
    m.def(
        "from_dlpack", &from_dlpack, py::arg("ext_tensor"), py::kw_only(), py::arg("device") = py::none(),
        py::arg("copy") = py::none(),
        "from_dlpack(ext_tensor, *, device=None, copy=None)\n\nA tensor that shares memory with an array of another "
        "library.\n\nArgs:\n    ext_tensor: an object with __dlpack__, or a DLPack capsule.\n    device: \"cpu\" or "
        "None.\n    copy: True copies always; False raises where it can't share (negative strides); None copies only "
        "there.\n\nWrites by the other library are not seen by the checks of saved values. Memory that the other "
        "library calls read-only can't be written here either.\n\nRaises:\n    BufferError: memory that is not the "
        "CPU's, or that can't be shared.\n    TypeError: elements that have no dtype here.\n\nExample:\n    >>> import "
        "numpy\n    >>> chainrule.from_dlpack(numpy.arange(3.0))\n    tensor([0., 1., 2.], "
        "dtype=chainrule.float64)\n\nSource: DLPack 1.0; Python array API standard, from_dlpack.");
}

}  // namespace chainrule
