// The extension module chainrule._core.

#include <pybind11/pybind11.h>
#include <unistd.h>

#include "bind/arguments.h"
#include "bind/autograd.h"
#include "bind/convert.h"
#include "bind/function.h"
#include "bind/generator.h"
#include "bind/layer.h"
#include "bind/module_object.h"
#include "bind/program.h"
#include "bind/tensor_object.h"
#include "core/allocator.h"
#include "core/cpu.h"
#include "core/unlock.h"
#include "core/warn.h"
#include "kernels/tables.h"

namespace chainrule {

void bind_config(py::module_& m);
void bind_dlpack(py::module_& m);
void bind_errors(pybind11::module_& m);
void bind_optim(py::module_& m);
void bind_sparse_gradient();

namespace {

void* release_gil() { return PyGILState_Check() ? PyEval_SaveThread() : nullptr; }

// Note [Exit with threads at work]: an interpreter that ends stops a thread that asks for the GIL by unwinding it, which would
// pass destructors and end the process with an abort. Such a thread sleeps here until the process is gone.
void acquire_gil(void* state) {
    try {
        PyEval_RestoreThread(static_cast<PyThreadState*>(state));
    } catch (...) {
        for (;;) pause();
    }
}

py::dict memory_stats() {
    AllocatorStats s = allocator_stats();
    py::dict d;
    d["bytes_in_use"] = s.bytes_in_use;
    d["peak_bytes"] = s.peak_bytes;
    d["bytes_cached"] = s.bytes_cached;
    d["system_allocations"] = s.system_allocations;
    d["blocks_in_use"] = s.blocks_in_use;
    return d;
}

void bind_memory(py::module_& m) {
    m.def("memory_stats", &memory_stats, "Counters of the caching allocator.");
    m.def("empty_cache", &empty_cache, "Gives cached memory back to the system.");
    m.def("set_cache_limit", &set_cache_limit, py::arg("bytes"),
          "The most bytes that the allocator holds back for reuse.");
    m.def("reset_peak_memory", &reset_peak, "Starts the peak anew.");
}

}  // namespace
}  // namespace chainrule

PYBIND11_MODULE(_core, m) {
    using namespace chainrule;
    if (!cpu_error().empty()) throw py::import_error(cpu_error());
    if (!kernels::kernels_built())
        throw py::import_error("CHAINRULE_CPU: this build holds no kernels for the chosen instruction set.");
    m.doc() = "chainrule's compiled core: tensors, operations, and the backward walk.";
    host_lock = {release_gil, acquire_gil};
    warn_handler = [](const std::string& message) {
        if (PyErr_WarnEx(PyExc_UserWarning, message.c_str(), 1) < 0) throw py::error_already_set();
    };
    bind_errors(m);
    bind_config(m);
    bind_memory(m);
    make_tensor_type(m);
    bind_dtypes(m);
    bind_convert(m);
    bind_dlpack(m);
    bind_generator(m);
    bind_functions(m);
    bind_autograd(m);
    bind_function(m);
    bind_layers(m);
    bind_module_object(m);
    bind_grad_mode(m);
    bind_optim(m);
    bind_sparse_gradient();
    bind_program(m);
}
