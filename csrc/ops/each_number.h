// Operations that are computed number by number, by a function that has no vector form.
#pragma once

#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/reduce_rules.h"
#include "ops/visit.h"

namespace chainrule {

// Row-major data of the result's shape, to which the input broadcasts.
inline Tensor rows_like(const Tensor& t, const Tensor& out) {
    if (t.shape() == out.shape()) return contiguous_data(t);
    Tensor rows = empty(out.shape(), t.dtype());
    copy_data(rows, t);
    return rows;
}

// out[i] = f(x[i], y[i]) for elements of type T; x twice where there is one input.
template <class T, class F> void each_number_of(EvalCtx& c, const F& f) {
    Tensor x = rows_like(c.input(0), c.out()), y = c.n_inputs > 1 ? rows_like(c.input(1), c.out()) : x;
    Tensor rows = c.out().is_contiguous() ? c.out() : empty(c.out().shape(), c.out().dtype());
    const T *a = x.data<T>(), *b = y.data<T>();
    T* to = rows.data<T>();
    {
        Unlock unlock(rows.numel() * 50);
        parallel_for(rows.numel(), 1 << 8, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) to[i] = static_cast<T>(f(a[i], b[i]));
        });
    }
    if (!c.out().is_contiguous()) copy_data(c.out(), rows);
}

// The same for floating elements, f of doubles.
template <class F> void each_number(EvalCtx& c, const F& f) {
    visit_floating(c.out().dtype(), [&](auto zero) { each_number_of<decltype(zero)>(c, f); });
}

}  // namespace chainrule
