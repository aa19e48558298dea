// Normalisation of channels: batch, group and instance norm, one node that keeps its statistics.
//
// The input is seen as (N, C, L). A span is the L elements of one sample and channel; spans are gathered into groups, each
// with a mean and a variance: batch norm has a group for each channel, group norm one for each sample and C / groups channels.
// Batch norm of (N, C) goes by columns: there a span, of one channel, is a column of N elements.

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/parallel.h"
#include "core/unlock.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

struct ChannelNormAttrs {
    double eps;
    int64_t groups;  // of one sample; 0: batch norm
    bool fixed;      // mean and variance are given, not taken from the input
    bool weighted = false;
    void visit(AttrVisitor& v) const {
        v("eps", eps);
        v("groups", groups);
        v("fixed", fixed);
        v("weighted", weighted);
    }
};

struct Spans {
    int64_t samples, channels, length, groups;
    bool columns = false;
    Spans(const Dims& shape, int64_t per_sample)
        : samples(shape[0]), channels(shape[1]), length(1), groups(per_sample) {
        for (int d = 2; d < shape.n; ++d) length *= shape[d];
        if (groups > 0 || length > 1) return;
        columns = true;
        length = samples;
        samples = 1;
    }
    int64_t count() const { return samples * channels; }
    int64_t n_groups() const { return groups ? samples * groups : channels; }
    int64_t group_of(int64_t span) const { return groups ? span / (channels / groups) : span % channels; }
    double group_size() const { return static_cast<double>(count() * length) / static_cast<double>(n_groups()); }
    int64_t grain() const { return kGrain / (length + 1) + 1; }
    // Rows of a piece, where spans are columns. Each piece has sums of its own: at most 64 of them, and small beside the data.
    int64_t rows() const { return std::max({kGrain / (channels + 1) + 1, (length + 63) / 64, int64_t{32}}); }
};

// A tensor's kernels, and where its elements lie.
struct Data {
    const kernels::Table& table = kernels::kernels();
    int type;
    int64_t item;
    explicit Data(const Tensor& t) : type(static_cast<int>(t.dtype())), item(static_cast<int64_t>(t.item_size())) {}
};

// body(first element, number) for each span.
template <class F> void for_spans(const Spans& s, const F& body) {
    parallel_for(s.count(), s.grain(), [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) body(i * s.length, i);
    });
}
// body(first element, the columns' part of a piece of rows, the piece's number).
template <class F> void for_rows(const Spans& s, const F& body) {
    parallel_for(s.length, s.rows(), [&](int64_t from, int64_t to) {
        body(from * s.channels, kernels::Columns{to - from, s.channels, s.channels}, from / s.rows());
    });
}
// `kinds` sums of each column: body puts those of a piece where it is told; they are added in the order of the pieces.
template <class F> std::vector<double> column_sums(const Spans& s, int64_t kinds, const F& body) {
    int64_t pieces = (s.length + s.rows() - 1) / s.rows(), width = kinds * s.channels;
    std::vector<double> parts(size_t(pieces * width));
    for_rows(s, [&](int64_t at, const kernels::Columns& part, int64_t piece) {
        body(at, part, parts.data() + piece * width);
    });
    for (int64_t i = width; i < pieces * width; ++i) parts[size_t(i % width)] += parts[size_t(i)];
    parts.resize(size_t(width));
    return parts;
}

std::vector<double> as_doubles(const Tensor& t, int64_t n, double otherwise) {
    std::vector<double> out(size_t(n), otherwise);
    if (!t) return out;
    Tensor flat = contiguous_data(t);
    visit_floating(t.dtype(), [&](auto zero) {
        const auto* v = flat.data<decltype(zero)>();
        for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(v[i]);
    });
    return out;
}

void store_doubles(const Tensor& out, const double* values) {
    visit_floating(out.dtype(), [&](auto zero) {
        using T = decltype(zero);
        for (int64_t i = 0; i < out.numel(); ++i) out.data<T>()[i] = static_cast<T>(values[i]);
    });
}

void check_channels(const char* op, const char* name, const Tensor& p, const Tensor& x) {
    if (!p) return;
    check<ValueError>(p.shape() == Dims{x.size(1)}, op, ": ", name, " must have shape (", x.size(1),
                      ",), one value for each channel, got ", p.shape(), ".");
    check<TypeError>(p.dtype() == x.dtype(), op, ": input and ", name, " must have one dtype, got ", x.dtype(), " and ",
                     p.dtype(), ". Convert the input, e.g. with .to(chainrule.", p.dtype(), ").");
}

void infer_channels(InferCtx& c) {
    ChannelNormAttrs& a = c.attr<ChannelNormAttrs>();
    const Tensor& x = c.input(0);
    a.weighted = static_cast<bool>(c.input(1));
    const char* names[] = {"input", "weight", "bias", "running_mean", "running_var"};
    for (int i = 1; i < 5; ++i) check_channels(c.op.name, names[i], c.input(i), x);
    int64_t groups = Spans(x.shape(), a.groups).n_groups();
    c.set(0, x.shape(), x.dtype());
    c.set(1, {2, groups}, x.dtype());  // means, 1/std
    c.set(2, {groups}, x.dtype());     // variances
}

struct Moments {
    std::vector<double> mean, var;
};

std::vector<double> span_sums(const Tensor& x, const Spans& s) {
    Data d(x);
    const char* in = x.data();
    if (s.columns)
        return column_sums(s, 1, [&](int64_t at, const kernels::Columns& part, double* sums) {
            d.table.column_sums[d.type](in + at * d.item, part, sums);
        });
    std::vector<double> out(size_t(s.count()));
    for_spans(s, [&](int64_t at, int64_t i) { out[size_t(i)] = d.table.span_sum[d.type](in + at * d.item, s.length); });
    return out;
}

std::vector<double> span_squares(const Tensor& x, const Spans& s, const std::vector<double>& mean) {
    Data d(x);
    const char* in = x.data();
    if (s.columns)
        return column_sums(s, 1, [&](int64_t at, const kernels::Columns& part, double* sums) {
            d.table.column_squares[d.type](in + at * d.item, part, mean.data(), sums);
        });
    std::vector<double> out(size_t(s.count()));
    for_spans(s, [&](int64_t at, int64_t i) {
        out[size_t(i)] = d.table.span_squares[d.type](in + at * d.item, s.length, mean[size_t(s.group_of(i))]);
    });
    return out;
}

// The means of the groups, of numbers that belong to spans: added in their order, whatever threads made them.
std::vector<double> group_means(const std::vector<double>& spans, const Spans& s) {
    std::vector<double> out(size_t(s.n_groups()));
    for (int64_t i = 0; i < s.count(); ++i) out[size_t(s.group_of(i))] += spans[size_t(i)];
    for (double& v : out) v /= s.group_size();
    return out;
}

// Two passes: sums, then squares of deviations.
Moments moments_of(const Tensor& x, const Spans& s) {
    Moments m;
    m.mean = group_means(span_sums(x, s), s);
    m.var = group_means(span_squares(x, s, m.mean), s);
    return m;
}

// y = (x - mean) w / std + b
void affine(const Tensor& x, const Tensor& y, const Spans& s, const std::vector<double>& stats,
            const std::vector<double>& w, const std::vector<double>& b) {
    Data d(x);
    const char* in = x.data();
    char* out = y.data();
    auto scale = [&](int64_t i) { return w[size_t(i % s.channels)] * stats[size_t(s.n_groups() + s.group_of(i))]; };
    if (!s.columns)
        return for_spans(s, [&](int64_t at, int64_t i) {
            d.table.span_affine[d.type](in + at * d.item, out + at * d.item, s.length, stats[size_t(s.group_of(i))],
                                        scale(i), b[size_t(i % s.channels)]);
        });
    std::vector<double> scales(size_t(s.channels));
    for (int64_t i = 0; i < s.channels; ++i) scales[size_t(i)] = scale(i);
    for_rows(s, [&](int64_t at, const kernels::Columns& part, int64_t) {
        d.table.column_affine[d.type](in + at * d.item, out + at * d.item, part, stats.data(), scales.data(), b.data());
    });
}

void eval_channels(EvalCtx& c) {
    const ChannelNormAttrs& a = c.attr<ChannelNormAttrs>();
    if (c.out().numel() == 0) {
        for (int k = 1; k < 3; ++k) zero_data(c.out(k));
        return;
    }
    Tensor x = contiguous_data(c.input(0));
    Spans s(x.shape(), a.groups);
    std::vector<double> w = as_doubles(c.input(1), s.channels, 1), b = as_doubles(c.input(2), s.channels, 0);
    Moments m;
    if (a.fixed) m = {as_doubles(c.input(3), s.channels, 0), as_doubles(c.input(4), s.channels, 1)};
    Unlock unlock(x.numel());  // from here on there are only numbers
    if (!a.fixed) m = moments_of(x, s);
    std::vector<double> stats = m.mean;
    for (double v : m.var) stats.push_back(1 / std::sqrt(v + a.eps));
    store_doubles(c.out(1), stats.data());
    store_doubles(c.out(2), m.var.data());
    affine(x, c.out(), s, stats, w, b);
}

struct GradSums {
    std::vector<double> dw, db;  // for each channel
    std::vector<double> h, hz;   // for each group: the sums of h = dy w and of h z
};

// From the sums of dy and of dy (x - mean) of each span.
GradSums sums_of_grad(const Tensor& g, const Tensor& x, const Spans& s, const std::vector<double>& stats,
                      const std::vector<double>& w) {
    Data d(x);
    const char *grad = g.data(), *in = x.data();
    std::vector<double> sums;
    if (s.columns) {
        sums = column_sums(s, 2, [&](int64_t at, const kernels::Columns& part, double* to) {
            d.table.column_products[d.type](grad + at * d.item, in + at * d.item, part, stats.data(), to,
                                            to + s.channels);
        });
    } else {
        sums.resize(size_t(2 * s.count()));
        for_spans(s, [&](int64_t at, int64_t i) {
            double pair[2];
            d.table.span_products[d.type](grad + at * d.item, in + at * d.item, s.length, stats[size_t(s.group_of(i))],
                                          pair);
            sums[size_t(i)] = pair[0];
            sums[size_t(s.count() + i)] = pair[1];
        });
    }
    size_t channels = size_t(s.channels), groups = size_t(s.n_groups());
    GradSums out{std::vector<double>(channels), std::vector<double>(channels), std::vector<double>(groups),
                 std::vector<double>(groups)};
    for (int64_t i = 0; i < s.count(); ++i) {
        size_t channel = size_t(i % s.channels), group = size_t(s.group_of(i));
        double dy = sums[size_t(i)], dyz = sums[size_t(s.count() + i)] * stats[groups + group];
        out.db[channel] += dy;
        out.dw[channel] += dyz;
        out.h[group] += dy * w[channel];
        out.hz[group] += dyz * w[channel];
    }
    return out;
}

// dx = r (h - mean(h) - z mean(h z)), written as a dy + b (x - mean) + c; r h alone where the statistics were given.
void spans_grad(const Tensor& g, const Tensor& x, const Tensor& dx, const Spans& s, const std::vector<double>& stats,
                const std::vector<double>& w, const GradSums& sums, bool fixed) {
    Data d(x);
    const char *grad = g.data(), *in = x.data();
    char* out = dx.data();
    double share = 1 / s.group_size();
    struct Slopes {
        double a, b, c;
    };
    auto slopes = [&](int64_t i) -> Slopes {
        size_t group = size_t(s.group_of(i));
        double r = stats[size_t(s.n_groups()) + group], a = r * w[size_t(i % s.channels)];
        if (fixed) return {a, 0, 0};
        return {a, -r * r * sums.hz[group] * share, -r * sums.h[group] * share};
    };
    if (!s.columns)
        return for_spans(s, [&](int64_t at, int64_t i) {
            Slopes k = slopes(i);
            at *= d.item;
            d.table.span_grad[d.type](grad + at, in + at, out + at, s.length, stats[size_t(s.group_of(i))], k.a, k.b,
                                      k.c);
        });
    std::vector<double> a, b, c;
    for (int64_t i = 0; i < s.channels; ++i) {
        Slopes k = slopes(i);
        a.push_back(k.a), b.push_back(k.b), c.push_back(k.c);
    }
    for_rows(s, [&](int64_t at, const kernels::Columns& part, int64_t) {
        at *= d.item;
        d.table.column_grad[d.type](grad + at, in + at, out + at, part, stats.data(), a.data(), b.data(), c.data());
    });
}

void fused_channels_grad(VjpCtx& c) {
    const ChannelNormAttrs& a = c.attr<ChannelNormAttrs>();
    Tensor saved = c.input(0);
    if (saved.numel() == 0) {
        Dims channels{saved.size(1)};
        for (int k = 0; k < 3; ++k) c.set(k, zeros(k ? channels : saved.shape(), saved.dtype()));
        return;
    }
    Tensor x = contiguous_data(saved), g = contiguous_data(c.grad());
    Spans s(x.shape(), a.groups);
    std::vector<double> stats = as_doubles(c.output(1), 2 * s.n_groups(), 0);
    std::vector<double> w = as_doubles(a.weighted && c.wants(0) ? c.input(1) : Tensor(), s.channels, 1);
    Tensor dx = c.wants(0) ? empty(saved.shape(), saved.dtype()) : Tensor();
    GradSums sums;
    {
        Unlock unlock(x.numel());
        sums = sums_of_grad(g, x, s, stats, w);
        if (dx) spans_grad(g, x, dx, s, stats, w, sums, a.fixed);
    }
    if (dx) c.set(0, std::move(dx));
    for (int k = 1; k < 3; ++k) {
        if (!c.wants(k)) continue;
        Tensor d = empty({s.channels}, saved.dtype());
        store_doubles(d, (k == 1 ? sums.dw : sums.db).data());
        c.set(k, std::move(d));
    }
}

// The same in operations, so that it can be differentiated again. Statistics come from the input, or are constants.
void recorded_channels_grad(VjpCtx& c) {
    const ChannelNormAttrs& a = c.attr<ChannelNormAttrs>();
    Tensor saved = c.input(0), stats = detach(c.output(1));
    int64_t n = saved.size(0), channels = saved.size(1), per_sample = a.groups ? a.groups : channels;
    // (samples, groups, channels of a group, length); statistics over `axes`.
    Dims grouped{n, per_sample, channels / per_sample, 1}, axes = a.groups ? Dims{2, 3} : Dims{0, 2, 3};
    for (int d = 2; d < saved.ndim(); ++d) grouped[3] *= saved.size(d);
    Tensor x = reshape(saved, grouped), g = reshape(c.grad(), grouped);
    Tensor centred, rstd;
    if (a.fixed) {
        Dims column{1, channels, 1, 1};
        centred = x - reshape(select(stats, 0, 0), column);
        rstd = reshape(select(stats, 0, 1), column);
    } else {
        centred = x - mean(x, axes, true);
        rstd = rsqrt(mean(square(centred), axes, true) + a.eps);
    }
    Tensor z = centred * rstd;
    auto by_channel = [&](const Tensor& t) { return reshape(sum(t, {0, 3}), {channels}); };
    if (c.wants(2)) c.set(2, by_channel(g));
    if (c.wants(1)) c.set(1, by_channel(g * z));
    if (!c.wants(0)) return;
    Tensor w = a.weighted ? c.input(1) : Tensor(),
           h = w ? g * reshape(w, {1, per_sample, channels / per_sample, 1}) : g;
    Tensor dx = a.fixed ? h : h - mean(h, axes, true) - z * mean(h * z, axes, true);
    c.set(0, reshape(dx * rstd, saved.shape()));
}

void vjp_channels(VjpCtx& c) {
    if (c.create_graph()) recorded_channels_grad(c);
    else fused_channels_grad(c);
}

constexpr OpDef channel_norm_op(const char* name, const char* grad_name) {
    OpDef op = {
        .name = name, .grad_name = grad_name, .infer = infer_channels, .eval = eval_channels, .vjp = vjp_channels};
    op.save_input[0] = 7;
    op.save_input[1] = 1;
    op.save_output[1] = 7;
    op.attr_bytes = sizeof(ChannelNormAttrs);
    op.describe = describe_attrs<ChannelNormAttrs>;
    return op;
}

const OpDef batch_norm_op = channel_norm_op("batch_norm", "NativeBatchNormBackward0");
const OpDef group_norm_op = channel_norm_op("group_norm", "NativeGroupNormBackward0");
const OpDef instance_norm_op = channel_norm_op("instance_norm", "NativeInstanceNormBackward0");

void check_input(const char* op, const Tensor& x) {
    check<TypeError>(is_floating(x.dtype()), op, ": the input must be floating, got ", x.dtype(),
                     ". Convert it with .float().");
    check<ValueError>(x.ndim() >= 2, op, ": an input (N, C, ...) with a channel axis is required, got shape ",
                      x.shape(), ".");
}

// running = (1 - momentum) running + momentum new
void update(const Tensor& running, const Tensor& fresh, double momentum) {
    if (!running) return;
    GradMode off(false);
    Tensor target = detach(running);
    mul_(target, number(1 - momentum, target));
    add_(target, fresh * momentum);
}

struct Running {
    Tensor mean, var;
    double momentum;
};

Tensor normalised(const OpDef& op, const Tensor& x, const Tensor& w, const Tensor& b, const Running& running,
                  const ChannelNormAttrs& attrs) {
    const Tensor in[5] = {x, w, b, running.mean, running.var};
    Tensor out[3];
    ChannelNormAttrs a = attrs;
    dispatch(op, in, 5, &a, out, 3);
    if (attrs.fixed || x.numel() == 0 || (!running.mean && !running.var)) return out[0];
    GradMode off(false);
    Tensor means = select(detach(out[1]), 0, 0), vars = detach(out[2]);
    double n = Spans(x.shape(), attrs.groups).group_size();
    if (attrs.groups) {  // instance norm: the mean over the samples
        means = mean(reshape(means, {x.size(0), x.size(1)}), {0});
        vars = mean(reshape(vars, {x.size(0), x.size(1)}), {0});
    }
    update(running.mean, means, running.momentum);
    update(running.var, vars * (n / (n - 1)), running.momentum);
    return out[0];
}

int64_t values_per_group(const Tensor& x, bool instance) {
    int64_t n = instance ? 1 : x.size(0);
    for (int d = 2; d < x.ndim(); ++d) n *= x.size(d);
    return n;
}

void check_statistics(const char* op, const Tensor& x, bool from_input, bool instance, const Running& running) {
    check<ValueError>(from_input || (running.mean && running.var), op,
                      ": running_mean and running_var are required where the batch's statistics are not used.");
    check<ValueError>(!from_input || x.numel() == 0 || values_per_group(x, instance) > 1, op,
                      ": Expected more than 1 value per channel when training, got input size ", x.shape(), ".");
}

}  // namespace

// ---- batch_norm ----
const Register batch_norm_fn(
    {"batch_norm",
     kNN,
     R"(Batch normalisation: mean 0 and variance 1 for each channel, then times weight plus bias.

    z = (x - mean) / sqrt(var + eps),  y = z w + b,  mean and (biased) variance over all axes but axis 1
    dx = (h - mean(h) - z mean(h z)) / sqrt(var + eps)  with h = dy w,  dw = sum dy z,  db = sum dy
    running = (1 - momentum) running + momentum new,  new: the mean, the unbiased variance

Args:
    input: (N, C, ...) floating tensor.
    running_mean, running_var: (C,) tensors or None. Updated when training (an empty batch leaves them), used otherwise.
    weight, bias: (C,) tensors or None.
    training: take the statistics from the input.
    momentum: how far the running statistics move.
    eps: added to the variance.

Returns:
    Tensor of the input's shape.

Raises:
    ValueError: if the shapes don't fit, for one value per channel when training, without running statistics else.

Example:
    >>> F.batch_norm(chainrule.tensor([[1.], [3.]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])

Source: Ioffe and Szegedy, "Batch normalization", 2015.
)",
     {{"batch_norm(Tensor input, Tensor running_mean=None, Tensor running_var=None, Tensor weight=None, "
       "Tensor bias=None, bool training=False, float momentum=0.1, float eps=1e-05)",
       [](Args& a) {
           const Tensor& x = a.tensor(0);
           Running running{a.tensor(1), a.tensor(2), a.real(6)};
           bool training = a.flag(5);
           check_input(a.name, x);
           check_statistics(a.name, x, training, false, running);
           check<ValueError>(a.real(7) > 0, a.name, ": eps must be positive, got ", a.real(7), ".");
           a.ret(normalised(batch_norm_op, x, a.tensor(3), a.tensor(4), running, {a.real(7), 0, !training}));
       }}}});

// ---- group_norm ----
const Register group_norm_fn(
    {"group_norm",
     kFunction | kNN,
     R"(Group normalisation: mean 0 and variance 1 for each sample and group of channels, then times weight plus bias.

    z = (x - mean) / sqrt(var + eps),  y = z w + b
    dx = (h - mean(h) - z mean(h z)) / sqrt(var + eps)  with h = dy w,  dw = sum dy z,  db = sum dy

Args:
    input: (N, C, ...) floating tensor.
    num_groups: number of groups, a divisor of C.
    weight, bias: (C,) tensors or None.
    eps: added to the variance.

Returns:
    Tensor of the input's shape.

Example:
    >>> F.group_norm(chainrule.tensor([[1., 3., 0., 8.]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])

Source: Wu and He, "Group normalization", 2018.
)",
     {{"group_norm(Tensor input, int num_groups, Tensor weight=None, Tensor bias=None, float eps=1e-05)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           check_input(a.name, x);
           int64_t groups = a.integer(1);
           check<ValueError>(groups > 0 && x.size(1) % groups == 0,
                             "group_norm: num_groups must divide the number of channels, got ", groups, " groups and ",
                             x.size(1), " channels, input shape ", x.shape(), ".");
           check<ValueError>(x.numel() != groups, "group_norm: more than 1 value per group is required, got ", groups,
                             " groups for the input shape ", x.shape(), ".");
           a.ret(normalised(group_norm_op, x, a.tensor(2), a.tensor(3), {Tensor(), Tensor(), 0},
                            {a.real(4), groups, false}));
       }}}});

// ---- instance_norm ----
const Register instance_norm_fn(
    {"instance_norm",
     kNN,
     R"(Instance normalisation: mean 0 and variance 1 for each sample and channel, then times weight plus bias.

    z = (x - mean) / sqrt(var + eps),  y = z w + b,  mean and (biased) variance over all axes but the first two
    running = (1 - momentum) running + momentum new,  new: mean and unbiased variance, averaged over the samples

Args:
    input: (N, C, ...) floating tensor.
    running_mean, running_var: (C,) tensors or None. Updated with use_input_stats, used without.
    weight, bias: (C,) tensors or None.
    use_input_stats: take the statistics from the input.
    momentum: how far the running statistics move.
    eps: added to the variance.

Returns:
    Tensor of the input's shape.

Example:
    >>> F.instance_norm(chainrule.tensor([[[1., 3.], [0., 8.]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])

Source: Ulyanov et al., "Instance normalization", 2016.
)",
     {{"instance_norm(Tensor input, Tensor running_mean=None, Tensor running_var=None, Tensor weight=None, "
       "Tensor bias=None, bool use_input_stats=True, float momentum=0.1, float eps=1e-05)",
       [](Args& a) {
           const Tensor& x = a.tensor(0);
           Running running{a.tensor(1), a.tensor(2), a.real(6)};
           bool from_input = a.flag(5);
           check_input(a.name, x);
           check_statistics(a.name, x, from_input, true, running);
           a.ret(normalised(instance_norm_op, x, a.tensor(3), a.tensor(4), running,
                            {a.real(7), from_input ? x.size(1) : 0, !from_input}));
       }}}});

}  // namespace chainrule
