// torch.add(x, y, out=z): a function's result written into a tensor that the caller gives.
#pragma once

#include "bind/arguments.h"

namespace chainrule {

// The place of out= among the keywords where it is not None; -1: there is none.
Py_ssize_t place_of_out(PyObject* kwnames, PyObject* const* values);

// Calls f without out=, whose place is given, and writes the result there. Returns what was given as out.
PyObject* call_into(const BoundFunction& f, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames,
                    Py_ssize_t place);

}  // namespace chainrule
