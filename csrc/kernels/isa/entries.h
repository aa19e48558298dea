// Which operation exists for which element type, and the declarations from which table.cpp takes addresses. Each template
// is defined in the file of its family, which instantiates it by filling a table of its own with the same function.
#pragma once

#include "core/dtype.h"
#include "kernels/kernels.h"

namespace chainrule::kernels::CHAINRULE_ISA {

// The C++ type that a kernel works on.
template <DType t> struct TypeOf;
template <> struct TypeOf<DType::Bool> {
    using type = bool;
};
template <> struct TypeOf<DType::UInt8> {
    using type = uint8_t;
};
template <> struct TypeOf<DType::Int32> {
    using type = int32_t;
};
template <> struct TypeOf<DType::Int64> {
    using type = int64_t;
};
template <> struct TypeOf<DType::Float32> {
    using type = float;
};
template <> struct TypeOf<DType::Float64> {
    using type = double;
};

template <Unary op, class T> void unary(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <Binary op, class T> void binary(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <Binary op, class T> void gradient(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <Ternary op, class T> void ternary(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <Compare op, class T> void compare(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <Predicate op, class T>
void predicate(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <class T> void where(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <class T> void masked_mul(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <class From, class To> void cast(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <DType t> void widen(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <DType t> void narrow(char* const* ptr, const int64_t* stride, int64_t n, const double* param);
template <Reduce op, class T>
void reduce_rows(const void* in, void* out, int64_t outer, int64_t n, int64_t outer_stride, int64_t stride);
template <Reduce op, class T>
void reduce_columns(const void* in, void* out, int64_t n, int64_t cols, int64_t row_stride);
template <bool kMax, class T>
void arg_reduce(const void* in, void* value, int64_t* index, int64_t outer, int64_t n, int64_t outer_stride,
                int64_t stride);
template <bool kProd, class T> void cumulate(const void* in, void* out, int64_t n, int64_t stride, int64_t cols);
template <bool kLog, class T> void softmax(const void* in, void* out, int64_t rows, int64_t n);
template <bool kLog, class T>
void softmax_grad(const void* grad, const void* output, void* out, int64_t rows, int64_t n);
template <bool kLog, class T> void softmax_columns(const void* in, void* out, int64_t n, int64_t cols, int64_t ld);
template <bool kLog, class T>
void softmax_columns_grad(const void* grad, const void* output, void* out, int64_t n, int64_t cols, int64_t ld);
template <class T>
void cross_entropy(const void* logits, const int64_t* labels, const void* weight, void* loss, void* lse, int64_t rows,
                   int64_t classes, int64_t ignore_index, double label_smoothing);
template <class T>
void cross_entropy_grad(const void* logits, const int64_t* labels, const void* weight, const void* lse,
                        const void* grad_loss, int64_t grad_stride, double scale, void* grad_logits, int64_t rows,
                        int64_t classes, int64_t ignore_index, double label_smoothing);
template <class T> void add_bias(void* x, const void* bias, int64_t rows, int64_t n, int64_t ld);
template <class T> void conv_tile(const ConvTile& tile);
template <class T>
void transpose(const void* from, int64_t ld_in, void* to, int64_t ld_out, int64_t rows, int64_t cols);
template <class T> void points(void* to, double start, double step, int64_t first, int64_t by, int64_t n);
template <class T> void progression(void* to, double a, double s, int64_t first, int64_t, int64_t blocks);
template <class T> void sgd(void* p, const void* g, void* buffer, int64_t n, const SgdStep& s);
template <class T>
void norm_rows(const void* x, const void* weight, const void* bias, void* y, void* mean, void* rstd, int64_t rows,
               int64_t n, double eps);
template <class T>
void norm_rows_grad(const void* grad, const void* x, const void* weight, const void* mean, const void* rstd, void* dx,
                    void* dweight, void* dbias, int64_t rows, int64_t n);
template <class T> double span_sum(const void* x, int64_t n);
template <class T> double span_squares(const void* x, int64_t n, double shift);
template <class T> void span_products(const void* g, const void* x, int64_t n, double shift, double* sums);
template <class T> void span_affine(const void* x, void* y, int64_t n, double shift, double scale, double add);
template <class T>
void span_grad(const void* g, const void* x, void* dx, int64_t n, double shift, double a, double b, double c);
template <class T> void column_sums(const void* x, const Columns& at, double* sums);
template <class T> void column_squares(const void* x, const Columns& at, const double* shift, double* sums);
template <class T>
void column_products(const void* g, const void* x, const Columns& at, const double* shift, double* sums_g,
                     double* sums_gx);
template <class T>
void column_affine(const void* x, void* y, const Columns& at, const double* shift, const double* scale,
                   const double* add);
template <class T>
void column_grad(const void* g, const void* x, void* dx, const Columns& at, const double* shift, const double* a,
                 const double* b, const double* c);
template <class T>
void row_dots(const void* w, int64_t ld, const void* x, const void* bias, void* y, int64_t rows, int64_t k);
template <class T>
void sparse_rows(const int64_t* starts, const int64_t* columns, const void* values, const void* dense, void* out,
                 int64_t first, int64_t end, int64_t n);
template <class T>
void sampled_dots(const int64_t* rows, const int64_t* columns, const void* a, const void* b, void* out, int64_t count,
                  int64_t n);
template <class T> void sample_grid(const GridSample& s, const void* grid, int64_t places, void* out);
template <class T>
void sample_grid_grad(const GridSample& s, const void* grid, int64_t places, const void* grad, void* dx, void* dgrid);
template <StepRule rule, class T>
void step_rule(void* p, const void* g, void* const* state, int64_t n, const RuleStep& s);
template <Recurrent kind, class T> void recurrent(const RecurrentStep& step);
template <Recurrent kind, class T> void recurrent_grad(const RecurrentGradStep& step);
template <class T> void adam(void* p, const void* g, void* m, void* v, void* max_v, int64_t n, const AdamStep& s);

namespace {

// What lies in memory: bool is read as a byte, since a foreign buffer may hold other values than 0 and 1.
template <class T> struct MemoryOf {
    using type = T;
};
template <> struct MemoryOf<bool> {
    using type = uint8_t;
};
template <class T> using Memory = typename MemoryOf<T>::type;

// For what moves elements without a look at them: a type of the same size.
template <int kSize> struct BitsOf {
    using type = uint8_t;
};
template <> struct BitsOf<4> {
    using type = int32_t;
};
template <> struct BitsOf<8> {
    using type = int64_t;
};
template <class T> using Bits = typename BitsOf<sizeof(T)>::type;

template <class Op> constexpr bool one_of(Op op, auto... ops) { return ((op == ops) || ...); }

constexpr bool supports(Unary op, DType t) {
    using enum Unary;
    if (is_floating(t)) return op != BitwiseNot;
    if (t == DType::Bool) return one_of(op, Copy, BitwiseNot, Sign, Abs, Square);
    return one_of(op, Copy, Neg, Abs, Sign, Square, BitwiseNot, Relu, Clamp, Threshold, AddScalar, MulScalar, PowScalar,
                  Floor, Ceil, Round, Trunc, Frac);
}
template <class T> constexpr bool kIsBool = T(2) == T(1);
template <class T> constexpr bool kIsFloat = T(0.5) != T(0) && !kIsBool<T>;

constexpr bool is_gradient(Binary op) { return op >= Binary::ReluGrad; }
constexpr bool supports(Binary op, DType t) {
    using enum Binary;
    if (is_gradient(op)) return is_floating(t);
    if (is_floating(t)) return !one_of(op, BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight);
    if (t == DType::Bool) return one_of(op, Add, Mul, Maximum, Minimum, Fmax, Fmin, BitAnd, BitOr, BitXor);
    return !one_of(op, Div, Atan2, Hypot, Xlogy, Copysign, Nextafter, Logaddexp, BceLogits, Huber, Prelu);
}
constexpr bool supports(Ternary op, DType t) {
    using enum Ternary;
    if (is_floating(t)) return true;
    return t != DType::Bool && one_of(op, Addcmul, Clamp);  // Lerp, Addcdiv and HuberGrad are the floats'
}
constexpr bool supports(Compare, DType) { return true; }
constexpr bool supports(Predicate, DType) { return true; }
constexpr bool supports(StepRule, DType t) { return is_floating(t); }
constexpr bool supports(Recurrent, DType t) { return is_floating(t); }
constexpr bool supports(Reduce op, DType t) { return op < Reduce::SumAbs || is_floating(t); }

// out[op][t] = Entry<op, type of t>::get() where the pair is supported.
template <template <auto, class> class Entry, auto op, DType t, class Out> constexpr void fill_one(Out& out) {
    if constexpr (supports(op, t))
        out[static_cast<int>(op)][static_cast<int>(t)] = Entry<op, typename TypeOf<t>::type>::get();
}
template <template <auto, class> class Entry, auto op, class Out> constexpr void fill_types(Out& out) {
    fill_one<Entry, op, DType::Bool>(out);
    fill_one<Entry, op, DType::UInt8>(out);
    fill_one<Entry, op, DType::Int32>(out);
    fill_one<Entry, op, DType::Int64>(out);
    fill_one<Entry, op, DType::Float32>(out);
    fill_one<Entry, op, DType::Float64>(out);
}
template <template <auto, class> class Entry, class Op, int first, int last, class Out> constexpr void fill(Out& out) {
    if constexpr (first < last) {
        fill_types<Entry, static_cast<Op>(first)>(out);
        fill<Entry, Op, first + 1, last>(out);
    }
}
template <template <auto, class> class Entry, class Op, class Out> constexpr void fill_all(Out& out) {
    fill<Entry, Op, 0, static_cast<int>(Op::Count)>(out);
}

template <auto op, class T> struct UnaryEntry {
    static constexpr Loop get() { return unary<op, T>; }
};
template <auto op, class T> struct BinaryEntry {
    static constexpr Loop get() {
        if constexpr (is_gradient(op)) return gradient<op, T>;
        else return binary<op, T>;
    }
};
template <auto op, class T> struct TernaryEntry {
    static constexpr Loop get() { return ternary<op, T>; }
};
template <auto op, class T> struct CompareEntry {
    static constexpr Loop get() { return compare<op, Memory<T>>; }
};
template <auto op, class T> struct PredicateEntry {
    static constexpr Loop get() { return predicate<op, Memory<T>>; }
};
template <auto op, class T> struct ReduceRowsEntry {
    static constexpr ReduceRows get() { return reduce_rows<op, Memory<T>>; }
};
template <auto op, class T> struct ReduceColumnsEntry {
    static constexpr ReduceColumns get() { return reduce_columns<op, Memory<T>>; }
};

// out[t] = F<type of t>::get() for every type, or for the floats
template <template <class> class Entry, class Out> constexpr void fill_floats(Out& out) {
    out[static_cast<int>(DType::Float32)] = Entry<float>::get();
    out[static_cast<int>(DType::Float64)] = Entry<double>::get();
}
template <template <class> class Entry, class Out> constexpr void fill_each(Out& out) {
    out[static_cast<int>(DType::Bool)] = Entry<bool>::get();
    out[static_cast<int>(DType::UInt8)] = Entry<uint8_t>::get();
    out[static_cast<int>(DType::Int32)] = Entry<int32_t>::get();
    out[static_cast<int>(DType::Int64)] = Entry<int64_t>::get();
    fill_floats<Entry>(out);
}

template <class T> struct WhereEntry {
    static constexpr Loop get() { return where<Bits<T>>; }
};
template <class T> struct MaskedMulEntry {
    static constexpr Loop get() { return masked_mul<Bits<T>>; }
};
template <class From> struct CastFrom {
    template <class To> struct Entry {
        static constexpr Loop get() { return cast<From, To>; }
    };
};
template <DType t, class Out> constexpr void fill_narrow(Out& out) {
    out.widen[narrow_index(t)] = widen<t>;
    out.narrow[narrow_index(t)] = narrow<t>;
}
template <class Out> constexpr void fill_selection(Out& out) {
    fill_narrow<DType::Float16>(out);
    fill_narrow<DType::BFloat16>(out);
    fill_narrow<DType::Int8>(out);
    fill_narrow<DType::Int16>(out);
    fill_each<WhereEntry>(out.where);
    fill_each<MaskedMulEntry>(out.masked_mul);
    fill_each<CastFrom<bool>::Entry>(out.cast[static_cast<int>(DType::Bool)]);
    fill_each<CastFrom<uint8_t>::Entry>(out.cast[static_cast<int>(DType::UInt8)]);
    fill_each<CastFrom<int32_t>::Entry>(out.cast[static_cast<int>(DType::Int32)]);
    fill_each<CastFrom<int64_t>::Entry>(out.cast[static_cast<int>(DType::Int64)]);
    fill_each<CastFrom<float>::Entry>(out.cast[static_cast<int>(DType::Float32)]);
    fill_each<CastFrom<double>::Entry>(out.cast[static_cast<int>(DType::Float64)]);
}

template <bool kMax> struct ArgEntry {
    template <class T> struct Entry {
        static constexpr ArgReduce get() { return arg_reduce<kMax, Memory<T>>; }
    };
};
template <bool kProd> struct ScanEntry {
    template <class T> struct Entry {
        static constexpr Cumulate get() { return cumulate<kProd, T>; }
    };
};
template <class Out> constexpr void fill_scans(Out& out) {
    fill_each<ArgEntry<true>::Entry>(out.argmax);
    fill_each<ArgEntry<false>::Entry>(out.argmin);
    fill_each<ScanEntry<false>::Entry>(out.cumsum);
    fill_each<ScanEntry<true>::Entry>(out.cumprod);
}

template <bool kLog> struct SoftmaxEntry {
    template <class T> struct Entry {
        static constexpr RowMap get() { return softmax<kLog, T>; }
    };
    template <class T> struct Grad {
        static constexpr RowMapGrad get() { return softmax_grad<kLog, T>; }
    };
    template <class T> struct Columns {
        static constexpr ColumnMap get() { return softmax_columns<kLog, T>; }
    };
    template <class T> struct ColumnsGrad {
        static constexpr ColumnMapGrad get() { return softmax_columns_grad<kLog, T>; }
    };
};
template <class T> struct CrossEntropyEntry {
    static constexpr CrossEntropy get() { return cross_entropy<T>; }
};
template <class T> struct CrossEntropyGradEntry {
    static constexpr CrossEntropyGrad get() { return cross_entropy_grad<T>; }
};
template <class T> struct SgdEntry {
    static constexpr Sgd get() { return sgd<T>; }
};
template <class T> struct PointsEntry {
    static constexpr Progression get() { return points<T>; }
};
template <class T> struct ProgressionEntry {
    static constexpr Progression get() { return progression<T>; }
};
template <class T> struct ConvTileEntry {
    static constexpr ConvTiles get() { return conv_tile<T>; }
};
template <class T> struct AdamEntry {
    static constexpr Adam get() { return adam<T>; }
};
template <auto rule, class T> struct StepRuleEntry {
    static constexpr OptimizerStep get() { return step_rule<rule, T>; }
};
template <auto kind, class T> struct RecurrentEntry {
    static constexpr RecurrentCell get() { return recurrent<kind, T>; }
};
template <auto kind, class T> struct RecurrentGradEntry {
    static constexpr RecurrentGrad get() { return recurrent_grad<kind, T>; }
};
template <class T> struct NormRowsEntry {
    static constexpr NormRows get() { return norm_rows<T>; }
};
template <class T> struct NormRowsGradEntry {
    static constexpr NormRowsGrad get() { return norm_rows_grad<T>; }
};
template <class T> struct SpanSumEntry {
    static constexpr SpanSum get() { return span_sum<T>; }
};
template <class T> struct SpanSquaresEntry {
    static constexpr SpanSquares get() { return span_squares<T>; }
};
template <class T> struct SpanProductsEntry {
    static constexpr SpanProducts get() { return span_products<T>; }
};
template <class T> struct SpanAffineEntry {
    static constexpr SpanAffine get() { return span_affine<T>; }
};
template <class T> struct SpanGradEntry {
    static constexpr SpanGrad get() { return span_grad<T>; }
};
template <class T> struct ColumnSumsEntry {
    static constexpr ColumnSums get() { return column_sums<T>; }
};
template <class T> struct ColumnSquaresEntry {
    static constexpr ColumnSquares get() { return column_squares<T>; }
};
template <class T> struct ColumnProductsEntry {
    static constexpr ColumnProducts get() { return column_products<T>; }
};
template <class T> struct ColumnAffineEntry {
    static constexpr ColumnAffine get() { return column_affine<T>; }
};
template <class T> struct ColumnGradEntry {
    static constexpr ColumnGrad get() { return column_grad<T>; }
};
template <class T> struct AddBiasEntry {
    static constexpr AddBias get() { return add_bias<T>; }
};
template <class T> struct RowDotsEntry {
    static constexpr RowDots get() { return row_dots<T>; }
};
template <class T> struct SparseRowsEntry {
    static constexpr SparseRows get() { return sparse_rows<T>; }
};
template <class T> struct SampledDotsEntry {
    static constexpr SampledDots get() { return sampled_dots<T>; }
};
template <class Out> constexpr void fill_sparse(Out& out) {
    fill_floats<SparseRowsEntry>(out.sparse_rows);
    fill_floats<SampledDotsEntry>(out.sampled_dots);
}
template <class T> struct SampleGridEntry {
    static constexpr SampleGrid get() { return sample_grid<T>; }
};
template <class T> struct SampleGridGradEntry {
    static constexpr SampleGridGrad get() { return sample_grid_grad<T>; }
};
template <class Out> constexpr void fill_sample(Out& out) {
    fill_floats<SampleGridEntry>(out.sample_grid);
    fill_floats<SampleGridGradEntry>(out.sample_grid_grad);
}
template <class Out> constexpr void fill_rows(Out& out) {
    fill_floats<SoftmaxEntry<false>::Entry>(out.softmax);
    fill_floats<SoftmaxEntry<true>::Entry>(out.log_softmax);
    fill_floats<SoftmaxEntry<false>::Grad>(out.softmax_grad);
    fill_floats<SoftmaxEntry<true>::Grad>(out.log_softmax_grad);
    fill_floats<SoftmaxEntry<false>::Columns>(out.softmax_columns);
    fill_floats<SoftmaxEntry<true>::Columns>(out.log_softmax_columns);
    fill_floats<SoftmaxEntry<false>::ColumnsGrad>(out.softmax_columns_grad);
    fill_floats<SoftmaxEntry<true>::ColumnsGrad>(out.log_softmax_columns_grad);
    fill_floats<RowDotsEntry>(out.row_dots);
    fill_floats<AddBiasEntry>(out.add_bias);
}
template <class Out> constexpr void fill_cross_entropy(Out& out) {
    fill_floats<CrossEntropyEntry>(out.cross_entropy);
    fill_floats<CrossEntropyGradEntry>(out.cross_entropy_grad);
}
template <class Out> constexpr void fill_optimizers(Out& out) {
    fill_floats<SgdEntry>(out.sgd);
    fill_floats<AdamEntry>(out.adam);
}

// Sizes of a convolution's tile: as many accumulators as the registers hold.
#if defined(__AVX512F__)
constexpr int kConvBytes = 64, kConvVectors = 3;
#elif defined(__AVX__)
constexpr int kConvBytes = 32, kConvVectors = 1;
#else
constexpr int kConvBytes = 16, kConvVectors = 1;
#endif
template <class Out> constexpr void fill_progressions(Out& out) {
    fill_floats<PointsEntry>(out.points);
    fill_floats<ProgressionEntry>(out.progression);
}
template <class Out> constexpr void fill_transpose(Out& out) {
    auto& at = out.transpose;
    at[static_cast<int>(DType::Int32)] = at[static_cast<int>(DType::Float32)] = transpose<uint32_t>;
    at[static_cast<int>(DType::Int64)] = at[static_cast<int>(DType::Float64)] = transpose<uint64_t>;
}
template <class Out> constexpr void fill_conv(Out& out) {
    fill_floats<ConvTileEntry>(out.conv_tile);
    out.conv_vector_bytes = kConvBytes;
    out.conv_vectors = kConvVectors;
}

template <class Out> constexpr void fill_step_rules(Out& out) { fill_all<StepRuleEntry, StepRule>(out.step_rule); }
template <class Out> constexpr void fill_recurrent(Out& out) {
    fill_all<RecurrentEntry, Recurrent>(out.recurrent);
    fill_all<RecurrentGradEntry, Recurrent>(out.recurrent_grad);
}

template <class Out> constexpr void fill_normalize(Out& out) {
    fill_floats<NormRowsEntry>(out.norm_rows);
    fill_floats<NormRowsGradEntry>(out.norm_rows_grad);
    fill_floats<SpanSumEntry>(out.span_sum);
    fill_floats<SpanSquaresEntry>(out.span_squares);
    fill_floats<SpanProductsEntry>(out.span_products);
    fill_floats<SpanAffineEntry>(out.span_affine);
    fill_floats<SpanGradEntry>(out.span_grad);
    fill_floats<ColumnSumsEntry>(out.column_sums);
    fill_floats<ColumnSquaresEntry>(out.column_squares);
    fill_floats<ColumnProductsEntry>(out.column_products);
    fill_floats<ColumnAffineEntry>(out.column_affine);
    fill_floats<ColumnGradEntry>(out.column_grad);
}

// A family's own table, filled at compile time: its only use is to instantiate the family's kernels.
template <class F, int n> struct Keep {
    F at[n][kNumDTypes]{};
};

}  // namespace
}  // namespace chainrule::kernels::CHAINRULE_ISA
