// The table of kernels: loops on pointers and sizes, no Tensor, no throw, no allocation. One table is built for each
// instruction set (kernels/isa/*.cpp, namespace kernels::CHAINRULE_ISA); `kernels()` gives the one chosen at load.
//
// Loops are one-dimensional and strided: ptr[0] is the output, ptr[1..] the inputs, strides count bytes and may be 0
// (a broadcast operand) or negative. Output and an input may be the same memory with the same stride (in place); any other
// overlap is the caller's to avoid. Results do not depend on how a caller cuts n into pieces, nor on alignment.
// param points to the operation's numbers (slopes, bounds), documented at the enumerator; may be null where there are none.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace chainrule::kernels {

using Loop = void (*)(char* const* ptr, const int64_t* stride, int64_t n, const double* param);

// out = f(x), same dtype. All dtypes where the maths makes sense (Copy, Neg, Abs, Sign, Square...), floats otherwise.
enum class Unary : uint8_t {
    Copy,
    Neg,
    Abs,
    Sign,
    Square,
    Sqrt,
    Rsqrt,
    Reciprocal,
    Exp,
    Exp2,
    Expm1,
    Log,
    Log1p,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Asinh,
    Acosh,
    Atanh,
    Erf,
    Erfc,
    Erfinv,
    Lgamma,
    Digamma,
    Sinc,
    Floor,
    Ceil,
    Round /* half to even */,
    Trunc,
    Frac,
    BitwiseNot,
    Sigmoid,
    LogSigmoid,
    Tanh,
    Relu,
    Silu,
    Mish,
    Gelu /* erf */,
    GeluTanh,
    GeluSigmoid /* x sigmoid(1.702 x) */,
    Softsign,
    HardSigmoid,
    HardSwish,
    Softplus,   // beta, threshold
    Elu,        // alpha, scale, input_scale: x > 0 ? scale x : scale alpha expm1(input_scale x)  (elu, selu, celu)
    LeakyRelu,  // slope
    Clamp,      // low, high (either may be +-inf); NaN stays NaN
    Softshrink,
    Hardshrink,  // lambda
    Threshold,   // threshold, value: x > threshold ? x : value (NaN stays NaN)
    AddScalar,   // a: x + a
    MulScalar,   // a: x * a
    PowScalar,   // exponent
    Logit,       // low, high: of x limited to them
    NanToNum,    // what stands for nan, inf and -inf
    Count
};

// out = f(a, b), same dtype. Integer division by zero gives 0, never a trap (the caller raises before where it must).
enum class Binary : uint8_t {
    Add,
    Sub,
    Mul,
    Div /* floats */,
    FloorDiv /* rounds down */,
    TruncDiv,
    Remainder /* sign of b */,
    Fmod,
    Pow,
    Maximum,
    Minimum /* NaN wins */,
    Fmax,
    Fmin /* NaN loses */,
    Atan2,
    Hypot,
    Xlogy,
    Copysign,
    Nextafter,
    Logaddexp,
    BceLogits,  // of a logit a and a target b: (1 - b) a + log(1 + e^-a)
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    AddScaled,  // alpha: a + alpha b
    Huber,      // delta, scale: scale c (d - c / 2), d = a - b and c = d limited to [-delta, delta]
    Prelu,      // a > 0 ? a : a b
    // First-order gradients of the unary operations: a is grad_output, b the saved value named here. Fused, one pass.
    ReluGrad /* output; NaN lets the gradient pass */,
    SigmoidGrad /* output */,
    TanhGrad /* output */,
    SqrtGrad /* output */,
    RsqrtGrad /* output */,
    ReciprocalGrad /* output */,
    AbsGrad /* input */,
    SquareGrad /* input: 2 g x */,
    LogGrad /* input: g / x */,
    Log1pGrad,
    SinGrad,
    CosGrad,
    ErfGrad,
    LogSigmoidGrad,
    SiluGrad,
    MishGrad,
    GeluGrad,
    GeluTanhGrad,
    GeluSigmoidGrad,
    SoftsignGrad,
    HardSigmoidGrad,
    HardSwishGrad /* inputs */,
    SoftplusGrad /* input; beta, threshold */,
    EluGrad /* input; alpha, scale, input_scale */,
    LeakyReluGrad /* input; slope */,
    ClampGrad /* input; low, high: g where low < x < high, else 0; NaN x lets g pass */,
    ShrinkGrad /* input; lambda: g where |x| > lambda */,
    ThresholdGrad /* input; threshold */,
    PowScalarGrad /* input; exponent e: g e x^(e-1), 0 where e == 0 */,
    TanGrad /* output */,
    AsinGrad,
    AcosGrad,
    AtanGrad,
    SinhGrad,
    CoshGrad,
    AsinhGrad,
    AcoshGrad,
    AtanhGrad,
    SincGrad,
    ErfcGrad /* inputs */,
    ErfinvGrad /* output */,
    Exp2Grad /* output */,
    Expm1Grad,
    Log2Grad,
    Log10Grad /* inputs */,
    LogitGrad /* input; low, high: 0 outside; NaN outside [0, 1] where they are infinite */,
    Count
};

// out (bool) = f(a, b)
enum class Compare : uint8_t { Eq, Ne, Lt, Le, Gt, Ge, LogicalAnd, LogicalOr, LogicalXor, Count };

// out (bool) = f(x)
enum class Predicate : uint8_t { LogicalNot, IsNan, IsInf, IsFinite, Signbit, Count };

// out = f(a, b, c), same dtype
enum class Ternary : uint8_t {
    Addcmul,    // value: a + value b c
    Addcdiv,    // value: a + value b / c
    Lerp,       // a + c (b - a), computed as PyTorch does (from the nearer end)
    Clamp,      // min(max(a, b), c), NaN stays NaN
    HuberGrad,  // delta, scale: a scale c, c = b - c limited to [-delta, delta]
    Count
};

// Reductions. Sums are cascaded (pairwise in fixed blocks): error grows with log n. NaN propagates through Max and Min.
// Sum and Prod of integers and bool accumulate into int64; Max and Min keep the dtype; Any and All give bool (nonzero test).
enum class Reduce : uint8_t {
    Sum,
    Prod,
    Max,
    Min,
    Any,
    All,
    SumAbs,
    SumSquares,
    SumNumbers /* of what is not NaN; these three of floats */,
    Count
};

// out[i] = reduce over j < n of in[i outer_stride + j stride], i < outer; strides in elements. n may be 0 for Sum, Prod, Any, All,
// SumAbs, SumSquares and SumNumbers (the identity).
using ReduceRows = void (*)(const void* in, void* out, int64_t outer, int64_t n, int64_t outer_stride, int64_t stride);
// out[j] = reduce over i < n of in[i row_stride + j], j < cols (contiguous along j; streams whole rows, cascaded over i).
using ReduceColumns = void (*)(const void* in, void* out, int64_t n, int64_t cols, int64_t row_stride);
// Index of the first extreme value and that value (NaN wins, the first one): per row as in ReduceRows. value may be null.
using ArgReduce = void (*)(const void* in, void* value, int64_t* index, int64_t outer, int64_t n, int64_t outer_stride,
                           int64_t stride);

// Cumulative along `cols` lines side by side: out[i stride + j] from in[0 + j] ... in[i stride + j], i < n; in elements.
using Cumulate = void (*)(const void* in, void* out, int64_t n, int64_t stride, int64_t cols);

// Rows are contiguous: row r of a (rows, n) matrix starts at r n.
using RowMap = void (*)(const void* in, void* out, int64_t rows, int64_t n);  // softmax, log_softmax
using RowMapGrad = void (*)(const void* grad, const void* output, void* out, int64_t rows,
                            int64_t n);  // their gradients
// The same down columns that lie side by side, n rows at a distance ld. At least as many columns as a vector of 64 bytes has
// elements; `out` is other memory than the inputs.
using ColumnMap = void (*)(const void* in, void* out, int64_t n, int64_t cols, int64_t ld);
using ColumnMapGrad = void (*)(const void* grad, const void* output, void* out, int64_t n, int64_t cols, int64_t ld);

// Cross-entropy with class indices. logits (rows, classes) contiguous; a row whose label equals ignore_index gives loss 0.
// loss[r] = w[label] ((1 - eps) (lse - x[label])) + eps / classes * sum_c w[c] (lse - x[c]); lse[r] is kept for backward.
// weight may be null (all 1). Labels are valid or ignore_index (the caller checked).
using CrossEntropy = void (*)(const void* logits, const int64_t* labels, const void* weight, void* loss, void* lse,
                              int64_t rows, int64_t classes, int64_t ignore_index, double label_smoothing);
// grad_logits[r][c] = grad_loss[r grad_stride] * d loss[r] / d x[r][c]; grad_stride 0 for one gradient shared by all rows.
// scale multiplies everything (1 / denominator of a mean).
using CrossEntropyGrad = void (*)(const void* logits, const int64_t* labels, const void* weight, const void* lse,
                                  const void* grad_loss, int64_t grad_stride, double scale, void* grad_logits,
                                  int64_t rows, int64_t classes, int64_t ignore_index, double label_smoothing);

// x[r][c] += bias[c]; rows contiguous with row stride `ld` (elements).
using AddBias = void (*)(void* x, const void* bias, int64_t rows, int64_t n, int64_t ld);

struct SgdStep {
    double lr, momentum, dampening, weight_decay;
    bool nesterov, maximize, first;  // first: the buffer is set to the gradient instead of decayed
};
struct AdamStep {
    double step_size;                                                   // lr / (1 - beta1^t)
    double beta1, beta2, eps, lr, weight_decay, bias_correction2_sqrt;  // sqrt(1 - beta2^t)
    bool decoupled, amsgrad, maximize;
};
// p, g and the state are contiguous, n elements. buffer null without momentum; max_v null without amsgrad. PyTorch's formulas.
using Sgd = void (*)(void* p, const void* g, void* buffer, int64_t n, const SgdStep& s);
using Adam = void (*)(void* p, const void* g, void* m, void* v, void* max_v, int64_t n, const AdamStep& s);

// One step of the other optimizers. d = maximize ? -g : g; weight decay goes into d, or shrinks p first where it is decoupled. `k` are
// the rule's own numbers, `state` its arrays of n elements (null: not kept).
enum class StepRule : uint8_t {
    RmsProp,   // square_avg, grad_avg (centered) or null, momentum_buffer or null; lr, alpha, eps, momentum
    Adagrad,   // sum; rate, eps
    Adadelta,  // square_avg, acc_delta; lr, rho, eps
    Adamax,    // exp_avg, exp_inf; beta1, beta2, eps, rate
    NAdam,     // exp_avg, exp_avg_sq; beta1, beta2, eps, 1 - beta2^t, rate of d, rate of exp_avg
    RAdam,     // exp_avg, exp_avg_sq; beta1, beta2, eps, rate, rectified (0: p -= rate exp_avg)
    Rprop,     // prev, step_size; eta minus, eta plus, least step, largest step
    Count
};
inline constexpr int kMaxStepStates = 3, kMaxStepNumbers = 6;
struct RuleStep {
    double weight_decay, shrink;
    bool maximize;
    double k[kMaxStepNumbers];
};
using OptimizerStep = void (*)(void* p, const void* g, void* const* state, int64_t n, const RuleStep& s);

// Normalisation of rows: y[r][c] = (x[r][c] - mean[r]) rstd[r] weight[c] + bias[c], rstd = 1 / sqrt(mean of (x - mean)^2 + eps).
// weight and bias may be null. mean null: no mean is taken off (RMS).
using NormRows = void (*)(const void* x, const void* weight, const void* bias, void* y, void* mean, void* rstd,
                          int64_t rows, int64_t n, double eps);
// Its gradients. dx may be null; dweight and dbias (null together) are added to.
using NormRowsGrad = void (*)(const void* grad, const void* x, const void* weight, const void* mean, const void* rstd,
                              void* dx, void* dweight, void* dbias, int64_t rows, int64_t n);
// Pieces of the normalisation of channels; a span is n elements of one channel, contiguous.
using SpanSum = double (*)(const void* x, int64_t n);
using SpanSquares = double (*)(const void* x, int64_t n, double shift);  // sum of (x - shift)^2
using SpanProducts = void (*)(const void* g, const void* x, int64_t n, double shift,
                              double* sums);  // of g, and of g (x - shift)
using SpanAffine = void (*)(const void* x, void* y, int64_t n, double shift, double scale,
                            double add);  // (x - shift) scale + add
// dx = a g + b (x - shift) + c
using SpanGrad = void (*)(const void* g, const void* x, void* dx, int64_t n, double shift, double a, double b,
                          double c);

// The same where channels lie side by side, as the columns of (rows, n) at a distance ld; one number for each column.
struct Columns {
    int64_t rows, n, ld;
};
using ColumnSums = void (*)(const void* x, const Columns& at, double* sums);
using ColumnSquares = void (*)(const void* x, const Columns& at, const double* shift, double* sums);
using ColumnProducts = void (*)(const void* g, const void* x, const Columns& at, const double* shift, double* sums_g,
                                double* sums_gx);
using ColumnAffine = void (*)(const void* x, void* y, const Columns& at, const double* shift, const double* scale,
                              const double* add);
using ColumnGrad = void (*)(const void* g, const void* x, void* dx, const Columns& at, const double* shift,
                            const double* a, const double* b, const double* c);

// y[i] = the dot product of row i of w, at a distance ld, and x, plus bias[i] (or null); k numbers each, all contiguous.
using RowDots = void (*)(const void* w, int64_t ld, const void* x, const void* bias, void* y, int64_t rows, int64_t k);

// A tile of a direct convolution: filters (at most kConvFilters) times vectors of neighbouring outputs.
//   y[f ldy + out_at[v] + i] = bias[f] + sum_t w[t kConvFilters + f] x[in_at[v] + taps[t] + i],  i < count
// x may be read up to a whole vector beyond; all positions count elements.
inline constexpr int kConvFilters = 8;
struct ConvTile {
    const void *x, *w, *bias;  // bias may be null
    void* y;
    const int64_t *taps, *in_at, *out_at;
    int64_t n_taps, ldy;
    int vectors, filters, count;
};
using ConvTiles = void (*)(const ConvTile& tile);

// One step of a recurrent layer over some sequences, `size` units each. Matrices have rows at a distance ld_* (elements), 0 for
// one row that serves all. W x lies in `gates`; W h has been added there, but for the GRU, where it is `hidden` (rows, 3 size).
// `bias` is the sum of both biases, (4 size) for the GRU: of r, of z, of n's two halves. `state` is the h before (GRU) or the c before
// (LSTM). What the gradient needs is left in `gates`: LSTM i f g o, GRU r z n and W_hn h + b_hn; nothing for Tanh and Relu, whose
// gates are the output.
enum class Recurrent : uint8_t { Tanh, Relu, Lstm, Gru, Count };
struct RecurrentStep {
    const void *hidden, *bias, *state;
    void *gates, *cell, *output;  // cell: the new c (LSTM)
    int64_t rows, size, ld_gates, ld_state, ld_cell, ld_output;
};
using RecurrentCell = void (*)(const RecurrentStep& step);

// Its gradients. dh = grad_output + carry_h. `gates` as above; for Tanh and Relu the output.
struct RecurrentGradStep {
    const void *gates, *state, *grad_output;
    const void* grad_gates;  // gradient of what was left in `gates`, and of the LSTM's c behind it, or null
    void* carry_h;           // GRU: becomes dh z, the part of the gradient of the h before that comes past W_hh
    void* carry_c;           // LSTM: gradient of c, becomes that of the c before
    void* grad_hidden;       // (rows, gates): gradient of W h + b
    void* grad_input;        // GRU: (rows, 3 size), gradient of W x + b; the others': the same as grad_hidden
    int64_t rows, size, ld_gates, ld_state, ld_grad_output, ld_grad_gates;
};
using RecurrentGrad = void (*)(const RecurrentGradStep& step);

// Numbers at equal distances, each with one rounding, so that all instruction sets give the same bits (a fused
// multiply-add, where need be the library's).
// points: out[i] = start + step (first + by i) in the dtype's own arithmetic.
// progression: blocks of 32 bytes, the first at place `first`: a block's first number is start + step k rounded, the others are
// counted from it; n counts blocks, `by` is not used.
using Progression = void (*)(void* out, double start, double step, int64_t first, int64_t by, int64_t n);

// out[r ld_out + c] = in[c ld_in + r], r < rows, c < cols. For elements of 4 and 8 bytes.
using Transpose = void (*)(const void* in, int64_t ld_in, void* out, int64_t ld_out, int64_t rows, int64_t cols);

// Products with a sparse matrix, whose rows [first, end) are meant: row r holds values[e] in column columns[e] for
// starts[r] <= e < starts[r + 1]. dense has rows of n.
//   out[r][j] = sum_e values[e] dense[columns[e]][j], in the order of e
using SparseRows = void (*)(const int64_t* starts, const int64_t* columns, const void* values, const void* dense,
                            void* out, int64_t first, int64_t end, int64_t n);
//   out[e] = sum_j a[rows[e]][j] b[columns[e]][j],  e < count
using SampledDots = void (*)(const int64_t* rows, const int64_t* columns, const void* a, const void* b, void* out,
                             int64_t count, int64_t n);

// Images (channels, height, width), a plane below 2^31 elements, read at places of a grid: two coordinates from -1 to 1 each, that
// of the width first. Between elements bilinear, or the nearest one.
enum class Outside : uint8_t { Zeros, Border, Reflection };
struct GridSample {
    const void* images;
    int64_t channels, height, width;
    int64_t out_plane;  // elements from one channel of the output to the next
    Outside outside;
    bool nearest, align;
};
using SampleGrid = void (*)(const GridSample& s, const void* grid, int64_t places, void* out);
// Adds to dx, writes dgrid (not for `nearest`); each may be null.
using SampleGridGrad = void (*)(const GridSample& s, const void* grid, int64_t places, const void* grad, void* dx,
                                void* dgrid);

struct Table {
    const char* isa;
    Loop unary[static_cast<int>(Unary::Count)][kNumDTypes];  // null where the dtype is not supported
    Loop binary[static_cast<int>(Binary::Count)][kNumDTypes];
    Loop compare[static_cast<int>(Compare::Count)][kNumDTypes];  // by the inputs' dtype
    Loop predicate[static_cast<int>(Predicate::Count)][kNumDTypes];
    Loop ternary[static_cast<int>(Ternary::Count)][kNumDTypes];
    Loop where[kNumDTypes];             // out = cond (bool) ? a : b
    Loop masked_mul[kNumDTypes];        // out = mask (bool) ? a : 0
    Loop cast[kNumDTypes][kNumDTypes];  // [from][to]; float to int truncates, to bool tests != 0
    Loop widen[kNarrowDTypes];   // a narrow type's elements in its wide partner, and back: floats rounded to nearest
    Loop narrow[kNarrowDTypes];  // (ties to even), integers wrapped
    ReduceRows reduce_rows[static_cast<int>(Reduce::Count)][kNumDTypes];
    ReduceColumns reduce_columns[static_cast<int>(Reduce::Count)][kNumDTypes];
    ArgReduce argmax[kNumDTypes], argmin[kNumDTypes];
    Cumulate cumsum[kNumDTypes], cumprod[kNumDTypes];     // same dtype in and out
    RowMap softmax[kNumDTypes], log_softmax[kNumDTypes];  // floats only from here on
    RowMapGrad softmax_grad[kNumDTypes], log_softmax_grad[kNumDTypes];
    ColumnMap softmax_columns[kNumDTypes], log_softmax_columns[kNumDTypes];
    ColumnMapGrad softmax_columns_grad[kNumDTypes], log_softmax_columns_grad[kNumDTypes];
    CrossEntropy cross_entropy[kNumDTypes];
    CrossEntropyGrad cross_entropy_grad[kNumDTypes];
    AddBias add_bias[kNumDTypes];
    Sgd sgd[kNumDTypes];
    Adam adam[kNumDTypes];
    OptimizerStep step_rule[static_cast<int>(StepRule::Count)][kNumDTypes];
    ConvTiles conv_tile[kNumDTypes];
    int conv_vector_bytes, conv_vectors;  // of a tile: size of a vector, and how many at most
    NormRows norm_rows[kNumDTypes];
    NormRowsGrad norm_rows_grad[kNumDTypes];
    SpanSum span_sum[kNumDTypes];
    SpanSquares span_squares[kNumDTypes];
    SpanProducts span_products[kNumDTypes];
    SpanAffine span_affine[kNumDTypes];
    SpanGrad span_grad[kNumDTypes];
    ColumnSums column_sums[kNumDTypes];
    ColumnSquares column_squares[kNumDTypes];
    ColumnProducts column_products[kNumDTypes];
    ColumnAffine column_affine[kNumDTypes];
    ColumnGrad column_grad[kNumDTypes];
    RowDots row_dots[kNumDTypes];
    RecurrentCell recurrent[static_cast<int>(Recurrent::Count)][kNumDTypes];
    RecurrentGrad recurrent_grad[static_cast<int>(Recurrent::Count)][kNumDTypes];
    Progression points[kNumDTypes], progression[kNumDTypes];
    Transpose transpose[kNumDTypes];
    SparseRows sparse_rows[kNumDTypes];
    SampledDots sampled_dots[kNumDTypes];
    SampleGrid sample_grid[kNumDTypes];
    SampleGridGrad sample_grid_grad[kNumDTypes];
};

// Chosen once, at the first call (core/cpu.h says how); a plain pointer load afterwards.
const Table& kernels();

}  // namespace chainrule::kernels
