#include "ops/index_core.h"

#include <algorithm>
#include <cstring>

#include "autograd/basic_ops.h"
#include "autograd/elementwise.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "kernels/move.h"
#include "ops/ops.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

// Row-major coordinates of element i, for messages.
Dims coordinates(int64_t i, const Dims& shape) {
    Dims at = shape;
    for (int d = shape.n - 1; d >= 0; --d) {
        at[d] = i % shape[d];
        i /= shape[d];
    }
    return at;
}

// Offsets (in elements) of the positions of some axes in row-major order: a stride where the axes merge, otherwise a table.
struct Offsets {
    int64_t n = 1, stride = 0;
    std::vector<int64_t> table;

    void add_axis(int64_t size, int64_t step) {
        if (size == 1) return;
        if (table.empty() && (n == 1 || stride == size * step)) {
            n *= size;
            stride = step;
            return;
        }
        std::vector<int64_t> grown;
        grown.reserve(static_cast<size_t>(n * size));
        for (int64_t i = 0; i < n; ++i)
            for (int64_t j = 0; j < size; ++j) grown.push_back(at(i) + j * step);
        table = std::move(grown);
        n *= size;
    }
    int64_t at(int64_t i) const { return table.empty() ? i * stride : table[static_cast<size_t>(i)]; }
    bool is_run() const { return n == 1 || (table.empty() && stride == 1); }
};

// Where elements lie: result position (before, i, after) is element before + i + after of x and of the result.
struct Walk {
    Offsets x_before, x_after, r_before, r_index, r_after;
    std::vector<int64_t> x_table;  // offset of each linear position, where several axes are indexed
    const int64_t* positions;
    int64_t x_stride = 1, n_index, skip;

    Walk(const IndexAttrs& a, const Tensor& x, const Tensor& linear, const Tensor& result) {
        positions = linear.data<int64_t>();
        n_index = linear.numel();
        skip = a.skip;
        add_kept(a, x, linear.ndim(), result);
        for (int d = 0; d < linear.ndim(); ++d) r_index.add_axis(linear.size(d), result.stride(a.place + d));
        add_indexed(a, x);
    }

    int64_t x_offset(int64_t i) const {
        return x_table.empty() ? positions[i] * x_stride : x_table[static_cast<size_t>(i)];
    }

  private:
    void add_kept(const IndexAttrs& a, const Tensor& x, int index_ndim, const Tensor& result) {
        int kept = 0;
        for (int d = 0; d < x.ndim(); ++d) {
            if (a.axes >> d & 1) continue;
            bool before = kept < a.place;
            int64_t r_stride = result.stride(before ? kept : kept + index_ndim);
            (before ? x_before : x_after).add_axis(x.size(d), x.stride(d));
            (before ? r_before : r_after).add_axis(x.size(d), r_stride);
            ++kept;
        }
    }
    void add_indexed(const IndexAttrs& a, const Tensor& x) {
        Dims size, step;
        for (int d = 0; d < x.ndim(); ++d) {
            if (!(a.axes >> d & 1)) continue;
            if (size.n && step[size.n - 1] == x.size(d) * x.stride(d)) {
                size[size.n - 1] *= x.size(d);
                step[size.n - 1] = x.stride(d);
            } else {
                size.push(x.size(d));
                step.push(x.stride(d));
            }
        }
        if (size.n == 1) {
            x_stride = step[0];
            return;
        }
        x_table.resize(static_cast<size_t>(n_index));
        for (int64_t i = 0; i < n_index; ++i) {
            int64_t rest = positions[i], offset = 0;
            for (int d = size.n - 1; d >= 0; --d) {
                offset += rest % size[d] * step[d];
                rest /= size[d];
            }
            x_table[static_cast<size_t>(i)] = offset;
        }
    }
};

// Single elements at plain strides.
bool is_plain(const Walk& w) { return w.x_after.n == 1 && w.x_table.empty() && w.r_index.table.empty() && w.skip < 0; }

// Positions that follow each other: `length` from `position` on, the first of them number `first` of the index.
struct Run {
    int64_t first, position, length;
};
// The index as runs, where several rows share it and it consists of few: a padded axis, a sorted or shifted one. Empty otherwise.
std::vector<Run> runs_of(const Walk& w) {
    std::vector<Run> runs;
    if (!is_plain(w) || w.x_before.n < 4 || w.n_index < 16 || w.x_stride != 1 || w.r_index.stride != 1) return runs;
    const int64_t most = w.n_index / 8;
    for (int64_t i = 0; i < w.n_index; ++i) {
        if (i > 0 && w.positions[i] == w.positions[i - 1] + 1) {
            ++runs.back().length;
            continue;
        }
        if (static_cast<int64_t>(runs.size()) == most) return {};
        runs.push_back({i, w.positions[i], 1});
    }
    return runs;
}

template <class T> void read_walk(const Walk& w, const T* x, T* r) {
    bool run = w.x_after.is_run() && w.r_after.is_run();
    int64_t after = w.x_after.n;
    auto read_one = [&](int64_t i, const T* from, T* to) {
        if (w.positions[i] == w.skip) {
            for (int64_t j = 0; j < after; ++j) to[w.r_after.at(j)] = T(0);
        } else if (run) {
            kernels::move_bytes(to, from, static_cast<size_t>(after) * sizeof(T));
        } else {
            for (int64_t j = 0; j < after; ++j) to[w.r_after.at(j)] = from[w.x_after.at(j)];
        }
    };
    const bool plain = is_plain(w);
    const std::vector<Run> runs = runs_of(w);
    if (!runs.empty()) {
        parallel_for(w.x_before.n, kGrain / w.n_index + 1, [&](int64_t begin, int64_t end) {
            for (int64_t b = begin; b < end; ++b) {
                const T* from = x + w.x_before.at(b);
                T* to = r + w.r_before.at(b);
                for (const Run& part : runs) {
                    if (part.length == 1) to[part.first] = from[part.position];
                    else
                        kernels::move_bytes(to + part.first, from + part.position,
                                            static_cast<size_t>(part.length) * sizeof(T));
                }
            }
        });
        return;
    }
    auto read_some = [&](int64_t b, int64_t begin, int64_t end) {
        const T* from = x + w.x_before.at(b);
        T* to = r + w.r_before.at(b);
        if (plain)
            for (int64_t i = begin; i < end; ++i) to[i * w.r_index.stride] = from[w.positions[i] * w.x_stride];
        else
            for (int64_t i = begin; i < end; ++i) read_one(i, from + w.x_offset(i), to + w.r_index.at(i));
    };
    parallel_for(w.x_before.n * w.n_index, std::max<int64_t>(1, kGrain / std::max<int64_t>(after, 1)),
                 [&](int64_t begin, int64_t end) {
                     for (int64_t b = begin / w.n_index; begin < end; ++b) {
                         int64_t next = std::min(end, (b + 1) * w.n_index);
                         read_some(b, begin - b * w.n_index, next - b * w.n_index);
                         begin = next;
                     }
                 });
}

template <class T> void add_run(kernels::Loop add, T* to, const T* from, int64_t n) {
    char* const ptr[3] = {reinterpret_cast<char*>(to), reinterpret_cast<char*>(to),
                          reinterpret_cast<char*>(const_cast<T*>(from))};
    constexpr int64_t item = sizeof(T), stride[3] = {item, item, item};
    add(ptr, stride, n, nullptr);
}

struct Replace {
    template <class T> static void apply(T& to, T from) { to = from; }
};
struct Accumulate {
    template <class T> static void apply(T& to, T from) {
        if constexpr (std::is_same_v<T, bool>) to = to || from;
        else to = static_cast<T>(to + from);
    }
};

// Threads share the axes that are kept, never the index: each element of x is one thread's, which takes its values in order.
// `whole` writes a run of elements, where there is a kernel for it.
template <class Rule, class T> void write_walk(const Walk& w, T* x, const T* r, kernels::Loop whole = nullptr) {
    bool run = w.x_after.is_run() && w.r_after.is_run();
    const bool plain = is_plain(w);
    const std::vector<Run> runs = whole ? runs_of(w) : std::vector<Run>();
    auto rows = [&](int64_t b_begin, int64_t b_end, int64_t j_begin, int64_t j_end) {
        if (!runs.empty()) {
            for (int64_t b = b_begin; b < b_end; ++b)
                for (const Run& part : runs) {
                    T* to = x + w.x_before.at(b) + part.position;
                    const T* from = r + w.r_before.at(b) + part.first;
                    if (part.length == 1) Rule::apply(*to, *from);
                    else add_run(whole, to, from, part.length);
                }
            return;
        }
        if (plain) {
            const int64_t r_stride = w.r_index.stride, x_stride = w.x_stride, n = w.n_index;
            for (int64_t b = b_begin; b < b_end; ++b) {
                T* to = x + w.x_before.at(b);
                const T* from = r + w.r_before.at(b);
                for (int64_t i = 0; i < n; ++i) Rule::apply(to[w.positions[i] * x_stride], from[i * r_stride]);
            }
            return;
        }
        for (int64_t b = b_begin; b < b_end; ++b)
            for (int64_t i = 0; i < w.n_index; ++i) {
                if (w.positions[i] == w.skip) continue;
                T* to = x + w.x_before.at(b) + w.x_offset(i);
                const T* from = r + w.r_before.at(b) + w.r_index.at(i);
                if (run && whole && j_end - j_begin >= 8) add_run(whole, to + j_begin, from + j_begin, j_end - j_begin);
                else if (run)
                    for (int64_t j = j_begin; j < j_end; ++j) Rule::apply(to[j], from[j]);
                else
                    for (int64_t j = j_begin; j < j_end; ++j) Rule::apply(to[w.x_after.at(j)], from[w.r_after.at(j)]);
            }
    };
    int64_t before = w.x_before.n, after = w.x_after.n;
    int64_t work = std::max<int64_t>(w.n_index * after, 1);
    if (before > 1) {
        parallel_for(before, std::max<int64_t>(1, kGrain / work),
                     [&](int64_t begin, int64_t end) { rows(begin, end, 0, after); });
    } else {
        int64_t grain = work < kGrain ? after : std::max<int64_t>(16, after / num_threads() + 1);
        parallel_for(after, grain, [&](int64_t begin, int64_t end) { rows(0, 1, begin, end); });
    }
}

}  // namespace

void read_indexed(const IndexAttrs& a, const Tensor& x, const Tensor& linear, const Tensor& out) {
    if (out.numel() == 0) return;
    Walk walk(a, x, linear, out);
    Unlock unlock(out.numel());
    visit_bytes(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        read_walk(walk, x.data<T>(), out.data<T>());
    });
}

void write_indexed(const IndexAttrs& a, const Tensor& x, const Tensor& linear, const Tensor& value, bool accumulate) {
    if (value.numel() == 0) return;
    Walk walk(a, x, linear, value);
    Unlock unlock(value.numel());
    if (!accumulate) {
        visit_bytes(x.dtype(), [&](auto zero) {
            using T = decltype(zero);
            write_walk<Replace>(walk, x.data<T>(), value.data<T>());
        });
        return;
    }
    kernels::Loop add = kernels::kernels().binary[static_cast<int>(kernels::Binary::Add)][static_cast<int>(x.dtype())];
    visit(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        write_walk<Accumulate>(walk, x.data<T>(), value.data<T>(), add);
    });
}

namespace {
// Without the repetitions of an expanded tensor.
Tensor distinct(const Tensor& t) {
    if (t.is_contiguous()) return t;
    Dims shape = t.shape();
    for (int d = 0; d < shape.n; ++d)
        if (t.stride(d) == 0 && shape[d] > 1) shape[d] = 1;
    return alias(t, shape, t.strides(), 0);
}
}  // namespace

Tensor checked_index(const char* op, const Tensor& index, int64_t size, int axis, bool negative_allowed,
                     bool any_layout) {
    check<TypeError>(is_integral(index.dtype()) && index.dtype() != DType::Bool, op,
                     ": an index must be of an integer dtype, got ", index.dtype(), ". Convert it with .long().");
    Tensor flat = contiguous(cast(distinct(detach(index)), DType::Int64));
    const int64_t* v = flat.data<int64_t>();
    // A sign bit tells of a number out of bounds: sums and ors, which any processor does several at a time.
    int64_t n = flat.numel(), shift = negative_allowed ? size : 0, out = 0, negative = 0;
    for (int64_t i = 0; i < n; ++i) {
        int64_t x = v[i];
        out |= static_cast<int64_t>(static_cast<uint64_t>(x) + static_cast<uint64_t>(shift)) |
               static_cast<int64_t>(static_cast<uint64_t>(size - 1) - static_cast<uint64_t>(x));
        negative |= x;
    }
    if (out < 0 && n > 0) {
        int64_t i = 0;
        while (i < n && v[i] >= -shift && v[i] < size) ++i;
        if (i < n)
            fail<IndexError>(op, ": index ", v[i], " at position ", coordinates(i, flat.shape()),
                             " is out of bounds for axis ", axis, " with size ", size, ".");
    }
    // The caller's own tensor serves as it is; a version check then tells of later changes.
    if (negative >= 0 && index.dtype() == DType::Int64 && (any_layout || index.is_contiguous())) return index;
    // Copies are operations too, so that a recorder can tell where they come from.
    if (negative >= 0) return flat.shape() == index.shape() ? flat : contiguous(cast(detach(index), DType::Int64));
    Tensor wrapped = empty(index.shape(), DType::Int64);
    copy_data(wrapped, index);
    int64_t* w = wrapped.data<int64_t>();
    for (int64_t i = 0; i < wrapped.numel(); ++i) w[i] = w[i] < 0 ? w[i] + size : w[i];
    return wrapped;
}

Tensor true_positions(const Tensor& mask) {
    Tensor flat = contiguous(cast(detach(mask), DType::Bool));
    const bool* m = flat.data<bool>();
    int64_t n = flat.numel(), count = 0;
    for (int64_t i = 0; i < n; ++i) count += m[i];
    Tensor positions = empty({count}, DType::Int64);
    int64_t* p = positions.data<int64_t>();
    // Written each time, kept where the mask is True: no branch to guess.
    for (int64_t i = 0, k = 0; k < count; ++i) {
        p[k] = i;
        k += m[i];
    }
    return positions;
}

Dims indexed_shape(const IndexAttrs& a, const Dims& index) {
    Dims shape;
    int kept = 0;
    auto put_index = [&] {
        for (int64_t s : index) shape.push(s);
    };
    for (int d = 0; d < a.shape.n; ++d) {
        if (a.axes >> d & 1) continue;
        if (kept++ == a.place) put_index();
        shape.push(a.shape[d]);
    }
    if (kept <= a.place) put_index();
    return shape;
}

IndexPlan plan_axis(const char* op, const Tensor& x, int axis, const Tensor& index, bool negative_allowed) {
    IndexPlan plan;
    plan.attrs.axes = 1u << axis;
    plan.attrs.place = axis;
    plan.attrs.shape = x.shape();
    plan.linear = checked_index(op, index, x.size(axis), axis, negative_allowed);
    return plan;
}

namespace {

// One index tensor or mask: positions among `size`, which counts the axes it covers.
struct Entry {
    Tensor positions;
    int64_t size;
};

Entry mask_entry(const char* op, const Tensor& x, int axis, const Tensor& mask) {
    Entry e{Tensor(), 1};
    for (int d = 0; d < mask.ndim(); ++d) {
        bool fits = axis + d < x.ndim() && mask.size(d) == x.size(axis + d);
        check<IndexError>(fits, op, ": a mask must have the sizes of the axes that it indexes, got a mask of shape ",
                          mask.shape(), " at axis ", axis, " of shape ", x.shape(), ".");
        e.size *= mask.size(d);
    }
    e.positions = true_positions(mask);
    return e;
}

// ((i0 size1 + i1) size2 + i2)... over the broadcast index.
Tensor combined(const char* op, const std::vector<Entry>& entries) {
    if (entries.size() == 1) return entries[0].positions;
    Dims shape;
    for (const Entry& e : entries) {
        try {
            shape = broadcast_shapes(op, shape, e.positions.shape());
        } catch (const ValueError&) {
            fail<IndexError>(op, ": index tensors must broadcast together, got shapes ", shape, " and ",
                             e.positions.shape(), ".");
        }
    }
    Tensor linear = empty(shape, DType::Int64), part = empty(shape, DType::Int64);
    copy_data(linear, entries[0].positions);
    int64_t *l = linear.data<int64_t>(), *p = part.data<int64_t>();
    for (size_t k = 1; k < entries.size(); ++k) {
        copy_data(part, entries[k].positions);
        for (int64_t i = 0; i < linear.numel(); ++i) l[i] = l[i] * entries[k].size + p[i];
    }
    return linear;
}

}  // namespace

IndexPlan plan_index(const char* op, const Tensor& x, const std::vector<Tensor>& indices) {
    IndexPlan plan;
    plan.attrs.shape = x.shape();
    std::vector<Entry> entries;
    int first = -1, last = -1;
    for (int axis = 0; axis < static_cast<int>(indices.size()); ++axis) {
        const Tensor& index = indices[static_cast<size_t>(axis)];
        if (!index) continue;
        bool mask = index.dtype() == DType::Bool || index.dtype() == DType::UInt8;
        int covers = mask ? index.ndim() : 1;
        check<IndexError>(axis > last && axis + covers <= x.ndim(), op, ": too many indices for shape ", x.shape());
        if (mask) entries.push_back(mask_entry(op, x, axis, index));
        else entries.push_back({checked_index(op, index, x.size(axis), axis, true), x.size(axis)});
        if (first < 0) first = axis;
        last = axis + covers - 1;
        for (int d = axis; d <= last; ++d) plan.attrs.axes |= 1u << d;
    }
    check<IndexError>(!entries.empty(), op, ": at least one index tensor is needed");
    // The index's axes stand where the indexed ones did if those are neighbours, otherwise in front.
    uint32_t span = ((2u << last) - 1) & ~((1u << first) - 1);
    plan.attrs.place = plan.attrs.axes == span ? first : 0;
    plan.linear = combined(op, entries);
    return plan;
}

}  // namespace chainrule
