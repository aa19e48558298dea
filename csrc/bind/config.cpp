// What chainrule.show_config() tells, and the number of threads.
#include <pybind11/pybind11.h>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/blas.h"

namespace py = pybind11;

namespace chainrule {
namespace {

#define CHAINRULE_TEXT(x) #x
#define CHAINRULE_EXPANDED(x) CHAINRULE_TEXT(x)

std::string compiler() {
#if defined(__clang__)
    return "Clang " __clang_version__;
#elif defined(__GNUC__)
    return "GCC " __VERSION__;
#else
    return "unknown";
#endif
}

py::dict build_info() {
    py::dict info;
    info["version"] = CHAINRULE_VERSION;
    info["compiler"] = compiler();
    info["pybind11"] = CHAINRULE_EXPANDED(PYBIND11_VERSION_MAJOR) "." CHAINRULE_EXPANDED(PYBIND11_VERSION_MINOR);
    info["cpu_detected"] = isa_name(detected_isa());
    info["cpu_used"] = isa_name(chosen_isa());
    info["threads"] = num_threads();
    info["threads_source"] = thread_source();
    info["blas"] = "OpenBLAS " + kernels::blas_version();
    info["blas_kernel"] = kernels::blas_kernel();
    info["blas_threads"] = kernels::blas_threads();
    info["openmp"] = CHAINRULE_OPENMP_BUILD != 0;
#if CHAINRULE_ATOMIC_REFCOUNT
    info["atomic_refcount"] = true;
#else
    info["atomic_refcount"] = false;
#endif
    info["sanitize"] = CHAINRULE_SANITIZE_BUILD;
    return info;
}

}  // namespace

void bind_config(py::module_& m) {
    m.def("build_info", &build_info, "Versions, instruction sets, threads and build options, as a dict.");
    m.def("get_num_threads", &num_threads, "get_num_threads() -> int\n\nThe most threads that one operation may use.");
    m.def("set_num_threads", &set_num_threads, py::arg("threads"),
          "set_num_threads(threads)\n\nSets the most threads that one operation may use, in every thread of the "
          "process.");
}

}  // namespace chainrule
