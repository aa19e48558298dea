#include "bind/generator.h"

#include "bind/convert.h"
#include "core/random.h"
#include "ops/random.h"

#include <cstring>
#include <memory>

namespace chainrule {
namespace {

Tensor state_of(const Generator& g) {
    std::vector<uint8_t> bytes = g.get_state();
    Tensor t = empty({static_cast<int64_t>(bytes.size())}, DType::UInt8);
    std::memcpy(t.data(), bytes.data(), bytes.size());
    return t;
}

void set_state(Generator& g, const Tensor& t) {
    check<TypeError>(t.dtype() == DType::UInt8, "set_state: a uint8 tensor from get_state() is required");
    check<ValueError>(t.is_contiguous(), "set_state: the state must be contiguous");
    const char* reason = g.set_state(t.data<uint8_t>(), static_cast<size_t>(t.numel()));
    if (reason) fail<ValueError>("set_state: ", reason);
}

uint64_t seed_of(py::object seed) {
    py::int_ i = py::reinterpret_steal<py::int_>(PyNumber_Index(seed.ptr()));
    if (!i) throw py::error_already_set();
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(i.ptr(), &overflow);
    if (!overflow) return static_cast<uint64_t>(value);
    unsigned long long wide = PyLong_AsUnsignedLongLong(i.ptr());
    if (PyErr_Occurred()) {
        PyErr_Clear();
        fail<ValueError>("manual_seed: the seed must lie in [-2**63, 2**64)");
    }
    return wide;
}

}  // namespace

Generator* generator_of(PyObject* o) {
    return py::isinstance<Generator>(o) ? py::cast<Generator*>(py::handle(o)) : nullptr;
}

void bind_generator(py::module_& m) {
    py::class_<Generator>(m, "Generator",
                          "A stream of random numbers: the same seed gives the same numbers as PyTorch's on the CPU.",
                          memory_checked())
        .def(
            "__init__",
            [](py::detail::value_and_holder& place, py::object device) {
                check_device(device.ptr());
                construct(place, std::make_unique<Generator>());
            },
            py::detail::is_new_style_constructor(), py::arg("device") = "cpu")
        .def(
            "manual_seed",
            [](py::object self, py::object seed) {
                self.cast<Generator&>().manual_seed(seed_of(seed));
                return self;
            },
            py::arg("seed"), "Starts the stream that belongs to this seed; returns the generator.")
        .def("initial_seed", &Generator::initial_seed, "The seed that the stream started from.")
        .def("seed", &Generator::seed, "Starts a stream from a seed of the operating system and returns it.")
        .def("get_state", &state_of, "The state as a uint8 tensor, in PyTorch's layout.")
        .def("set_state", &set_state, py::arg("state"), "Puts a state from get_state() back.")
        .def(py::pickle(&state_of,
                        [](const Tensor& state) {
                            auto g = std::make_unique<Generator>();
                            set_state(*g, state);
                            return g;
                        }))
        .def_property_readonly(
            "device", [](const Generator&) { return py::module_::import("chainrule._core").attr("device")("cpu"); });
    m.attr("default_generator") = py::cast(&default_generator(), py::return_value_policy::reference);
    m.def(
        "manual_seed",
        [m](py::object seed) -> py::object {
            default_generator().manual_seed(seed_of(seed));
            return m.attr("default_generator");
        },
        py::arg("seed"), "manual_seed(seed)\n\nStarts the default generator from a seed; returns it.");
    m.def("initial_seed", [] { return default_generator().initial_seed(); });
    m.def("seed", [] { return default_generator().seed(); });
    m.def("get_rng_state", [] { return state_of(default_generator()); });
    m.def("set_rng_state", [](const Tensor& t) { set_state(default_generator(), t); }, py::arg("new_state"));
}

}  // namespace chainrule
