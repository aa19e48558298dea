#include "autograd/elementwise.h"

#include <cstring>

#include "autograd/narrow.h"
#include "autograd/recorder.h"
#include "core/unlock.h"
#include "kernels/iterate.h"

namespace chainrule {

using kernels::Loop;

Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b) {
    if (a == b) return a;
    const Dims& longer = a.n >= b.n ? a : b;
    const Dims& shorter = a.n >= b.n ? b : a;
    Dims out = longer;
    int lead = longer.n - shorter.n;
    for (int i = 0; i < shorter.n; ++i) {
        int64_t x = longer[lead + i], y = shorter[i];
        if (x != y && x != 1 && y != 1)
            fail<ValueError>(op, ": shapes must broadcast, got ", a, " and ", b, " (", x, " != ", y, " at axis ",
                             lead + i - longer.n, ").");
        out[lead + i] = x == 1 ? y : x;
    }
    return out;
}

bool broadcasts(const Dims& a, const Dims& b, Dims* out) {
    *out = a.n >= b.n ? a : b;
    for (int i = 1; i <= a.n && i <= b.n; ++i) {
        int64_t x = a[a.n - i], y = b[b.n - i];
        if (x != y && x != 1 && y != 1) return false;
        (*out)[out->n - i] = x == 1 ? y : x;
    }
    return true;
}

namespace {

// Output in row-major order, or in the inputs' own where they all share another dense layout (a transposed operand stays one flat loop).
void keep_layout(InferCtx& c) {
    const Tensor& first = c.input(0);
    if (first.is_contiguous() || !(first.shape() == c.out[0].shape)) return;
    for (int i = 1; i < c.n_inputs; ++i) {
        if (c.input(i).numel() == 1) continue;
        if (!(c.input(i).shape() == first.shape()) || !(c.input(i).strides() == first.strides())) return;
    }
    int64_t reach = 0;
    for (int d = 0; d < first.ndim(); ++d) {
        if (first.stride(d) <= 0 && first.size(d) != 1) return;
        reach += first.stride(d) * (first.size(d) - 1);
    }
    if (reach + 1 != first.numel() || has_internal_overlap(first)) return;
    c.out[0].strides = first.strides();
    c.out[0].has_strides = true;
}

}  // namespace

void infer_elementwise(InferCtx& c) {
    const Tensor& a = c.input(0);
    c.out[0].dtype = a.dtype();
    c.out[0].shape = a.shape();
    for (int i = 1; i < c.n_inputs; ++i)
        c.out[0].shape = broadcast_shapes(c.op.name, c.out[0].shape, c.input(i).shape());
    if (!a.is_contiguous()) keep_layout(c);
}

void infer_floating(InferCtx& c) {
    check<TypeError>(is_floating(c.input(0).dtype()), c.op.name, ": the input must be floating, got ",
                     c.input(0).dtype(), ". Convert it with .float().");
    infer_elementwise(c);
}

void infer_bool(InferCtx& c) {
    infer_elementwise(c);
    c.out[0].dtype = DType::Bool;
}

namespace {

// The inputs stretched to the output's shape.
kernels::Operands operands_of(const Tensor& out, const Tensor* inputs, int n_inputs) {
    kernels::Operands o;
    o.n = n_inputs + 1;
    o.shape = out.shape();
    auto put = [&](int k, const Tensor& t) {
        int lead = out.ndim() - t.ndim();
        int64_t item = static_cast<int64_t>(t.item_size());
        o.ptr[k] = t.data();
        o.strides[k].n = out.ndim();
        for (int d = 0; d < out.ndim(); ++d)
            o.strides[k][d] = d < lead || (t.size(d - lead) == 1 && out.size(d) != 1) ? 0 : t.stride(d - lead) * item;
    };
    put(0, out);
    for (int i = 0; i < n_inputs; ++i) put(i + 1, inputs[i]);
    return o;
}

}  // namespace

void apply_loop(Loop loop, const Tensor& out, const Tensor* inputs, int n_inputs, const double* param) {
    char* ptr[kernels::kMaxOperands];
    int64_t stride[kernels::kMaxOperands];
    Unlock unlock(out.numel());
    ptr[0] = out.data();
    stride[0] = static_cast<int64_t>(out.item_size());
    bool flat = true;
    for (int i = 0; i < n_inputs; ++i) {
        const Tensor& t = inputs[i];
        ptr[i + 1] = t.data();
        if (t.numel() == 1) {
            stride[i + 1] = 0;
        } else {
            stride[i + 1] = static_cast<int64_t>(t.item_size());
            flat = flat && t.is_contiguous() && t.shape() == out.shape();
        }
    }
    if (flat && out.is_contiguous()) {
        kernels::iterate_flat(loop, n_inputs + 1, ptr, stride, out.numel(), param);
        return;
    }
    kernels::iterate(loop, operands_of(out, inputs, n_inputs), param);
}

namespace {

int index_of(DType t) { return static_cast<int>(t); }
const double* param_of(const EvalCtx& c) { return static_cast<const double*>(c.attrs); }

// A wide loop for narrow elements (autograd/narrow.h).
struct NarrowJob {
    Loop loop;
    const double* param;
    int n_inputs;
    int64_t wide_item;
    Loop widen, narrow;  // narrow is null where the result is not narrow
};

// Piece by piece: widened into the first cache, computed there, and rounded on the way out.
void run_narrow_job(char* const* ptr, const int64_t* stride, int64_t n, const double* job_data) {
    const NarrowJob& job = *static_cast<const NarrowJob*>(static_cast<const void*>(job_data));
    constexpr int64_t piece = 1024;
    alignas(64) char buffer[kernels::kMaxOperands][piece * 4];
    for (int64_t done = 0; done < n; done += piece) {
        const int64_t count = n - done < piece ? n - done : piece;
        char* at[kernels::kMaxOperands];
        int64_t step[kernels::kMaxOperands];
        for (int k = 0; k <= job.n_inputs; ++k) {
            const bool one = k > 0 && stride[k] == 0;
            at[k] = buffer[k];
            step[k] = one ? 0 : job.wide_item;
            if (k == 0 || (one && done > 0)) continue;
            char* const ways[2] = {buffer[k], ptr[k] + done * stride[k]};
            const int64_t steps[2] = {job.wide_item, stride[k]};
            job.widen(ways, steps, one ? 1 : count, nullptr);
        }
        char* to = ptr[0] + done * stride[0];
        if (!job.narrow) {
            at[0] = to;
            step[0] = stride[0];
        }
        job.loop(at, step, count, job.param);
        if (!job.narrow) continue;
        char* const ways[2] = {to, buffer[0]};
        const int64_t steps[2] = {stride[0], job.wide_item};
        job.narrow(ways, steps, count, nullptr);
    }
}

// The sign bits of narrow floats, turned or cleared: four at a time where they are neighbours.
template <bool kClear> void change_signs(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    constexpr uint64_t signs = 0x8000800080008000;
    auto changed = [](uint64_t x) { return kClear ? x & ~signs : x ^ signs; };
    int64_t i = 0;
    if (stride[0] == 2 && stride[1] == 2)
        for (; i + 4 <= n; i += 4) {
            uint64_t four;
            std::memcpy(&four, ptr[1] + 2 * i, sizeof four);
            four = changed(four);
            std::memcpy(ptr[0] + 2 * i, &four, sizeof four);
        }
    for (; i < n; ++i) {
        uint16_t one;
        std::memcpy(&one, ptr[1] + i * stride[1], sizeof one);
        one = static_cast<uint16_t>(changed(one));
        std::memcpy(ptr[0] + i * stride[0], &one, sizeof one);
    }
}

// The loop of a row that needs no wide elements, or null.
Loop loop_on_bits(const Loop* row, DType t) {
    if (t != DType::Float16 && t != DType::BFloat16) return nullptr;
    const auto& unary = kernels::kernels().unary;
    if (row == unary[static_cast<int>(kernels::Unary::Neg)]) return change_signs<false>;
    return row == unary[static_cast<int>(kernels::Unary::Abs)] ? change_signs<true> : nullptr;
}

void apply_narrow_row(const Loop* row, const Tensor& out, const Tensor* inputs, int n, const double* param) {
    const DType t = inputs[0].dtype();
    if (Loop loop = loop_on_bits(row, t)) return apply_loop(loop, out, inputs, n, param);
    const kernels::Table& k = kernels::kernels();
    const NarrowJob job{row[index_of(wide(t))],
                        param,
                        n,
                        static_cast<int64_t>(item_size(wide(t))),
                        k.widen[narrow_index(t)],
                        out.dtype() == t ? k.narrow[narrow_index(t)] : nullptr};
    apply_loop(run_narrow_job, out, inputs, n, static_cast<const double*>(static_cast<const void*>(&job)));
}

// Runs the loop of a row of the kernel table for the inputs' one dtype.
void apply_row(const Loop (&row)[kNumDTypes], const Tensor& out, const Tensor* inputs, int n, const double* param) {
    const DType t = inputs[0].dtype();
    if (is_narrow(t)) [[unlikely]]
        return apply_narrow_row(row, out, inputs, n, param);
    apply_loop(row[index_of(t)], out, inputs, n, param);
}

}  // namespace

bool is_loop(const OpDef& op) {
    return op.eval == eval_unary || op.eval == eval_binary || op.eval == eval_ternary || op.eval == eval_compare ||
           op.eval == eval_predicate;
}

void eval_unary(EvalCtx& c) { apply_row(kernels::kernels().unary[c.op.kernel], c.out(), c.inputs, 1, param_of(c)); }

void eval_binary(EvalCtx& c) { apply_row(kernels::kernels().binary[c.op.kernel], c.out(), c.inputs, 2, param_of(c)); }

void eval_ternary(EvalCtx& c) { apply_row(kernels::kernels().ternary[c.op.kernel], c.out(), c.inputs, 3, param_of(c)); }

void eval_compare(EvalCtx& c) { apply_row(kernels::kernels().compare[c.op.kernel], c.out(), c.inputs, 2, nullptr); }

void eval_predicate(EvalCtx& c) { apply_row(kernels::kernels().predicate[c.op.kernel], c.out(), c.inputs, 1, nullptr); }

bool fused_unary_grad(VjpCtx& c) {
    if (c.create_graph()) return false;
    const OpDef& op = c.op();
    Tensor saved = op.save_output[0] ? c.output(0) : c.input(0);
    const Tensor& g = c.grad();
    const Tensor in[2] = {g, saved};
    // A gradient that nobody else holds may be overwritten.
    bool mine = exclusively_owned(g) && g.is_contiguous();
    Tensor out = mine ? Tensor(g) : empty(g.shape(), g.dtype());
    apply_row(kernels::kernels().binary[op.grad_kernel], out, in, 2,
              op.attr_bytes ? static_cast<const double*>(c.attr_data()) : nullptr);
    c.set(0, out);
    return true;
}

bool plain_product_grads(VjpCtx& c) {
    const Tensor& g = c.grad();
    if (c.create_graph() || recorder() || !g.is_contiguous()) return false;
    Tensor factor[2];  // of each input's gradient
    for (int i = 0; i < 2; ++i) {
        if (c.wants(i)) factor[i] = c.input(1 - i);
        if (factor[i] && factor[i].dtype() != g.dtype()) return false;
    }
    for (int i = 0; i < 2; ++i) {
        if (!factor[i]) continue;
        const bool last = i == 1 || !factor[1];
        Tensor out = last && exclusively_owned(g) ? g : empty_strided(g.shape(), g.strides(), g.dtype());
        const Tensor in[2] = {g, factor[i]};
        apply_row(kernels::kernels().binary[static_cast<int>(kernels::Binary::Mul)], out, in, 2, nullptr);
        c.set(i, std::move(out));
    }
    return true;
}

namespace {

// Elements of two bytes are moved by no kernel.
void move_pairs(char* const* ptr, const int64_t* stride, int64_t n, const double*) {
    char *to = ptr[0], *from = ptr[1];
    if (stride[0] == 2 && stride[1] == 2) {
        std::memmove(to, from, static_cast<size_t>(n) * 2);
        return;
    }
    for (int64_t i = 0; i < n; ++i) std::memcpy(to + i * stride[0], from + i * stride[1], 2);
}

// The loop that copies and converts; null for a pair that goes through the wide partners.
Loop copy_loop(DType to, DType from) {
    const kernels::Table& k = kernels::kernels();
    if (to == from && is_narrow(to)) return to == DType::Int8 ? copy_loop(DType::UInt8, DType::UInt8) : move_pairs;
    if (is_narrow(from)) return wide(from) == to ? k.widen[narrow_index(from)] : nullptr;
    if (is_narrow(to)) return wide(to) == from ? k.narrow[narrow_index(to)] : nullptr;
    return k.cast[index_of(from)][index_of(to)];
}

}  // namespace

Tensor widened_data(const Tensor& t) {
    Tensor out = empty(t.shape(), wide(t.dtype()));
    copy_data(out, t);
    return out;
}

void copy_data(const Tensor& dst, const Tensor& src) {
    DType to = dst.dtype(), from = src.dtype();
    kernels::Transpose transpose = is_narrow(to) ? nullptr : kernels::kernels().transpose[index_of(to)];
    if (transpose && from == to && !src.is_contiguous() && dst.ndim() > 1) {
        Unlock unlock(dst.numel());
        kernels::Operands o = operands_of(dst, &src, 1);
        if (kernels::copy_transposed(transpose, o, static_cast<int64_t>(dst.item_size()))) return;
    }
    if (Loop loop = copy_loop(to, from)) return apply_loop(loop, dst, &src, 1, nullptr);
    if (is_narrow(from)) return copy_data(dst, widened_data(src));
    Tensor between = empty(src.shape(), wide(to));
    copy_data(between, src);
    copy_data(dst, between);
}

void add_data(const Tensor& dst, const Tensor& src) {
    if (is_narrow(dst.dtype())) {
        if (dst.numel() == 0) return;
        // Elements of dst that share memory add up, so the sum is made in a wide copy of all memory that dst spans.
        int64_t span = 1;
        for (int d = 0; d < dst.ndim(); ++d) span += (dst.size(d) - 1) * dst.stride(d);
        bool apart = dst.is_contiguous();
        Tensor memory = apart ? dst : alias(dst, {span}, {1}, 0), sum = widened_data(memory);
        add_data(apart ? sum : alias(sum, dst.shape(), dst.strides(), 0), widened_data(src));
        return copy_data(memory, sum);
    }
    const Tensor in[2] = {dst, src};
    apply_loop(kernels::kernels().binary[static_cast<int>(kernels::Binary::Add)][index_of(dst.dtype())], dst, in, 2,
               nullptr);
}

void zero_data(const Tensor& t) {
    if (t.is_contiguous()) {
        std::memset(t.data(), 0, static_cast<size_t>(t.numel()) * t.item_size());
        return;
    }
    copy_data(t, scalar_tensor(0, t.dtype()));
}

}  // namespace chainrule
