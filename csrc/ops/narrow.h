// Calls of registered functions on narrow tensors (autograd/narrow.h): a function as a whole runs on wide ones, and what it
// returns, or has written in place, is rounded once. Functions that only look at elements elsewhere, or copy them, take
// narrow tensors as they are.
#pragma once

#include "autograd/narrow.h"
#include "ops/registry.h"

namespace chainrule {

inline bool is_narrow_call(const Args& a) {
    for (size_t i = 0; i < a.args.size(); ++i) {
        const Arg& arg = a.args[i];
        if (arg.kind == Arg::TensorArg
                ? any_narrow(&arg.tensor, 1)
                : (arg.kind == Arg::Dtype && is_narrow(arg.dtype)) ||
                      (arg.kind == Arg::Tensors && any_narrow(a.tensors_slots[arg.slot].data(),
                                                              static_cast<int>(a.tensors_slots[arg.slot].size()))))
            return true;
    }
    return is_narrow(default_dtype());
}

void call_narrow(void (*call)(Args&), Args& a);

inline void call(void (*function)(Args&), Args& a) {
    if (is_narrow_call(a)) [[unlikely]]
        call_narrow(function, a);
    else function(a);
}

}  // namespace chainrule
