// New random tensors. Numbers are PyTorch's at the same seed; core/random.h says how each is drawn.

#include <cmath>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "core/unlock.h"
#include "ops/draw.h"
#include "ops/ops.h"
#include "ops/registry.h"
#include "ops/view_rules.h"

namespace chainrule {
namespace {

#define CHAINRULE_OPTIONS \
    "*, Dtype dtype=None, any layout=None, any device=None, any pin_memory=None, bool requires_grad=False"
#define CHAINRULE_DRAWN                                                                                           \
    "*, Generator generator=None, Dtype dtype=None, any layout=None, any device=None, any pin_memory=None, bool " \
    "requires_grad=False"

constexpr int kRequiresGrad = 4;  // from the dtype's place

void check_gradient_flag(const Args& a, int at, DType dtype) {
    check<RuntimeError>(!a.flag(at + kRequiresGrad) || is_floating(dtype), a.name,
                        ": only floating tensors can require gradients, got ", dtype);
}

DType floating_dtype(const Args& a, int at, DType otherwise) {
    DType dtype = a.dtype(at, otherwise);
    check<TypeError>(is_floating(dtype), a.name, ": the dtype must be floating, got ", dtype);
    return dtype;
}

void ret_drawn(Args& a, int at, const Tensor& t) {
    t->requires_grad = a.flag(at + kRequiresGrad);
    a.ret(t);
}

Tensor empty_sized(const Args& a, const Dims& shape, DType dtype) {
    checked_numel(a.name, shape);
    return empty(shape, dtype);
}

Tensor uniform(Generator& gen, Tensor t) {
    draw_uniform(gen, t);
    return t;
}
Tensor normal(Generator& gen, Tensor t, bool dense_path = true) {
    draw_normal(gen, t, dense_path);
    return t;
}

float rounded(double x, DType dtype) {
    Tensor t = empty({}, dtype), back = empty({}, DType::Float32);
    copy_data(t, scalar_tensor(x, DType::Float32));
    copy_data(back, t);
    return *back.data<float>();
}

}  // namespace

void draw_uniform(Generator& gen, const Tensor& t, double from, double to) {
    fill_dense(t, floats_only([&](auto* out, int64_t n) { fill_uniform(gen, out, n, from, to); }));
    if (!is_narrow(t.dtype())) return;
    float begin = rounded(from, t.dtype()), end = rounded(to, t.dtype());
    Tensor drawn = empty_strided(t.shape(), t.strides(), DType::Float32);
    copy_data(drawn, t);
    float* x = drawn.data<float>();
    for (int64_t i = 0; i < t.numel(); ++i) x[i] = x[i] >= end ? begin : x[i];
    copy_data(t, drawn);
}

void draw_normal(Generator& gen, const Tensor& t, bool dense_path, double mean, double std) {
    bool narrow = is_narrow(t.dtype());
    fill_dense(t, floats_only([&, mean, std](auto* out, int64_t n) {
                   int64_t rest = n % 16;
                   if (!dense_path) return fill_normal_scalar(gen, out, n, mean, std);
                   if (!narrow || n < 16 || rest == 0) return fill_normal(gen, out, n, mean, std);
                   fill_normal(gen, out, n - rest, mean, std);
                   fill_normal(gen, out + n - 16, 16, mean, std);
               }));
}

void check_floating(const char* name, const Tensor& t) {
    check<TypeError>(is_floating(t.dtype()), name, ": the tensor must be floating, got ", t.dtype());
}

void check_bounds(const char* name, int64_t low, int64_t high, DType dtype) {
    check<ValueError>(low < high, name, ": low must be smaller than high, got ", low, " and ", high);
    int64_t least = 0, most = INT64_MAX;
    if (dtype == DType::Bool) most = 1;
    if (dtype == DType::UInt8) most = 255;
    if (dtype == DType::Int32) most = INT32_MAX;
    if (dtype == DType::Int32) least = INT32_MIN;
    if (dtype == DType::Int8) least = INT8_MIN, most = INT8_MAX;
    if (dtype == DType::Int16) least = INT16_MIN, most = INT16_MAX;
    if (dtype == DType::Int64 || is_floating(dtype)) least = INT64_MIN;
    check<ValueError>(low >= least && high - 1 <= most, name, ": the values [", low, ", ", high, ") don't fit ", dtype);
}

// ---- rand, randn and their *_like ----
const Register rand_fn({"rand",
                        kFunction,
                        R"(Uniform random numbers on [0, 1).

Args:
    size: the sizes, as numbers or one sequence.
    generator: the source of randomness; the default one unless given.

Example:
    >>> _ = chainrule.manual_seed(0)
    >>> chainrule.rand(2)
    tensor([0.4963, 0.7682])
)",
                        {{"rand(size size, " CHAINRULE_DRAWN ")", [](Args& a) {
                              ret_drawn(a, 2,
                                        uniform(a.generator(1),
                                                empty_sized(a, a.ints(0), floating_dtype(a, 2, default_dtype()))));
                          }}}});
const Register randn_fn({"randn",
                         kFunction,
                         R"(Random numbers of the standard normal distribution.

Example:
    >>> _ = chainrule.manual_seed(0)
    >>> chainrule.randn(2)
    tensor([ 1.5410, -0.2934])
)",
                         {{"randn(size size, " CHAINRULE_DRAWN ")", [](Args& a) {
                               ret_drawn(a, 2,
                                         normal(a.generator(1),
                                                empty_sized(a, a.ints(0), floating_dtype(a, 2, default_dtype()))));
                           }}}});
const Register rand_like_fn(
    {"rand_like",
     kFunction,
     R"(Uniform random numbers in the shape and dtype of a tensor.

Example:
    >>> chainrule.rand_like(chainrule.zeros(2, 3)).shape
    chainrule.Size([2, 3])
)",
     {{"rand_like(Tensor input, " CHAINRULE_OPTIONS ", any memory_format=None, Generator generator=None)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           ret_drawn(
               a, 1,
               uniform(a.generator(7), empty_strided(x.shape(), dense_strides(x), floating_dtype(a, 1, x.dtype()))));
       }}}});
const Register randn_like_fn({"randn_like",
                              kFunction,
                              R"(Standard normal random numbers in the shape and dtype of a tensor.

Example:
    >>> chainrule.randn_like(chainrule.zeros(2, 3)).shape
    chainrule.Size([2, 3])
)",
                              {{"randn_like(Tensor input, " CHAINRULE_OPTIONS
                                ", any memory_format=None, Generator generator=None)",
                                [](Args& a) {
                                    const Tensor& x = a.tensor(0);
                                    Tensor t =
                                        empty_strided(x.shape(), dense_strides(x), floating_dtype(a, 1, x.dtype()));
                                    ret_drawn(a, 1, normal(a.generator(7), t, t.is_contiguous()));
                                }}}});

// ---- randint, randperm ----
namespace {
void call_randint(Args& a, int64_t low, int64_t high, const Dims& size, int at) {
    DType dtype = a.dtype(at + 1, DType::Int64);
    check_gradient_flag(a, at + 1, dtype);
    check_bounds("randint", low, high, dtype);
    Tensor t = empty_sized(a, size, dtype);
    fill_dense(t, integers(a.generator(at), low, high));
    ret_drawn(a, at + 1, t);
}
}  // namespace
const Register randint_fn({"randint",
                           kFunction,
                           R"(Random integers on [low, high), each equally likely.

Args:
    low: the smallest value; 0 unless given.
    high: one above the largest.
    size: the sizes.

Raises:
    ValueError: low isn't below high.

Example:
    >>> chainrule.randint(0, 3, (100,)).max().item() < 3
    True
)",
                           {{"randint(int low, int high, ints size, " CHAINRULE_DRAWN ")",
                             [](Args& a) { call_randint(a, a.integer(0), a.integer(1), a.ints(2), 3); }},
                            {"randint(int high, ints size, " CHAINRULE_DRAWN ")",
                             [](Args& a) { call_randint(a, 0, a.integer(0), a.ints(1), 2); }}}});
namespace {
void call_randint_like(Args& a, int64_t low, int64_t high, int at) {
    const Tensor& x = a.tensor(0);
    DType dtype = a.dtype(at, x.dtype());
    check_gradient_flag(a, at, dtype);
    check_bounds("randint_like", low, high, dtype);
    Tensor t = empty_strided(x.shape(), dense_strides(x), dtype);
    fill_dense(t, integers(a.generator(at + 6), low, high));
    ret_drawn(a, at, t);
}
}  // namespace
const Register randint_like_fn({"randint_like",
                                kFunction,
                                R"(Random integers on [low, high) in the shape and dtype of a tensor.

Example:
    >>> chainrule.randint_like(chainrule.zeros(2), 5).shape
    chainrule.Size([2])
)",
                                {{"randint_like(Tensor input, int low, int high, " CHAINRULE_OPTIONS
                                  ", any memory_format=None, Generator generator=None)",
                                  [](Args& a) { call_randint_like(a, a.integer(1), a.integer(2), 3); }},
                                 {"randint_like(Tensor input, int high, " CHAINRULE_OPTIONS
                                  ", any memory_format=None, Generator generator=None)",
                                  [](Args& a) { call_randint_like(a, 0, a.integer(1), 2); }}}});

const Register randperm_fn({"randperm",
                            kFunction,
                            R"(The numbers 0 to n - 1 in random order.

Example:
    >>> sorted(chainrule.randperm(5).tolist())
    [0, 1, 2, 3, 4]
)",
                            {{"randperm(int n, " CHAINRULE_DRAWN ")", [](Args& a) {
                                  int64_t n = a.integer(0);
                                  DType dtype = a.dtype(2, DType::Int64);
                                  check_gradient_flag(a, 2, dtype);
                                  check<ValueError>(n >= 0, "randperm: n must be non-negative, got ", n);
                                  constexpr int64_t most[kAllDTypes] = {0,
                                                                        256,
                                                                        int64_t{1} << 31,
                                                                        INT64_MAX,
                                                                        int64_t{1} << 24,
                                                                        int64_t{1} << 53,
                                                                        int64_t{1} << 11,
                                                                        int64_t{1} << 8,
                                                                        128,
                                                                        1 << 15};
                                  check<ValueError>(n <= most[static_cast<int>(dtype)], "randperm: ", dtype,
                                                    " can't hold the numbers below ", n);
                                  Tensor t = empty_sized(a, {n}, dtype);
                                  Generator& gen = a.generator(1);
                                  fill_dense(t, numbers_only(
                                                    [&](auto* out, int64_t count) { fill_randperm(gen, out, count); }));
                                  ret_drawn(a, 2, t);
                              }}}});

// ---- normal: mean and std as numbers or tensors ----
namespace {

Tensor drawn_each(Generator& gen, const Tensor& mean, const Tensor& std) {
    DType dtype = promote(mean.dtype(), std.dtype());
    if (!is_floating(dtype)) dtype = default_dtype();
    Dims shape = broadcast_shapes("normal", mean.shape(), std.shape());
    Tensor m = empty(shape, dtype), s = empty(shape, dtype), out = empty(shape, dtype);
    copy_data(m, mean);
    copy_data(s, std);
    fill_dense(out, floats_only([&](auto* p, int64_t n) {
                   using T = std::remove_pointer_t<decltype(p)>;
                   fill_normal_each(gen, p, n, m.data<T>(), s.data<T>());
               }));
    return out;
}

void call_normal_tensors(Args& a) {
    Tensor mean = a.tensor(0), std = a.given(1) ? a.tensor(1) : scalar_tensor(1.0, DType::Float64, true);
    Generator& gen = a.generator(2);
    if (mean->wrapped_number) mean = cast(mean, is_floating(std.dtype()) ? std.dtype() : default_dtype());
    bool number = std->wrapped_number;
    if (number) std = cast(std, is_floating(mean.dtype()) ? mean.dtype() : default_dtype());
    GradMode off(false);
    Tensor flat = cast(contiguous(std), DType::Float64);
    const double* s = flat.data<double>();
    for (int64_t i = 0; i < flat.numel(); ++i)
        check<ValueError>(!(s[i] < 0), "normal: std must be non-negative, got ", s[i]);
    if (!number) return a.ret(drawn_each(gen, mean, std));
    // A number for std is taken into the drawing; the mean is added afterwards.
    Tensor out = empty(mean.shape(), is_floating(mean.dtype()) ? mean.dtype() : default_dtype());
    fill_dense(out, floats_only([&](auto* p, int64_t n) { fill_normal(gen, p, n, 0.0, s[0]); }));
    add_data(out, cast(mean, out.dtype()));
    a.ret(out);
}

}  // namespace
const Register normal_fn(
    {"normal",
     kFunction,
     R"(Normal random numbers.

Args:
    mean, std: numbers (then size is needed) or tensors that broadcast.
    size: the sizes.

Raises:
    ValueError: a negative std.

Example:
    >>> chainrule.normal(0., 1., size=(2, 3)).shape
    chainrule.Size([2, 3])
    >>> chainrule.normal(chainrule.zeros(4), 0.).sum()
    tensor(0.)
)",
     {{"normal(Number mean, Number std, ints size, " CHAINRULE_DRAWN ")",
       [](Args& a) {
           double mean = a.real(0), std = a.real(1);
           check<ValueError>(std >= 0, "normal: std must be non-negative, got ", std);
           Generator& gen = a.generator(3);
           Tensor t = empty_sized(a, a.ints(2), floating_dtype(a, 4, default_dtype()));
           fill_dense(t, floats_only([&](auto* p, int64_t n) { fill_normal(gen, p, n, mean, std); }));
           ret_drawn(a, 4, t);
       }},
      {"normal(Tensor mean, Tensor std=None, *, Generator generator=None)", call_normal_tensors}}});

// ---- bernoulli, multinomial, poisson: by the probabilities, weights or rates in a tensor ----
const Register bernoulli_fn({"bernoulli",
                             kMethod | kFunction | kNoGradient,
                             R"(1 with the probability that stands in the input, otherwise 0.

Args:
    input: probabilities.
    p: one probability for all elements instead.

Example:
    >>> chainrule.bernoulli(chainrule.tensor([0., 1.]))
    tensor([0., 1.])
)",
                             {{"bernoulli(Tensor input, float p=None, *, Generator generator=None)", [](Args& a) {
                                   const Tensor& x = a.tensor(0);
                                   Generator& gen = a.generator(2);
                                   Tensor out = empty(x.shape(), x.dtype());
                                   if (a.given(1)) {
                                       double p = a.real(1);
                                       check_probabilities("bernoulli", &p, 1);
                                       fill_dense(out, [&](auto* to, int64_t n) { fill_bernoulli(gen, to, n, p); });
                                       return a.ret(out);
                                   }
                                   check_floating("bernoulli", x);
                                   Tensor probabilities = contiguous(detach(x));
                                   visit_floating(x.dtype(), [&](auto zero) {
                                       using T = decltype(zero);
                                       check_probabilities("bernoulli", probabilities.data<T>(), x.numel());
                                       Unlock unlock(x.numel());
                                       if (x.numel())
                                           fill_bernoulli_each(gen, out.data<T>(), x.numel(), probabilities.data<T>());
                                   });
                                   a.ret(out);
                               }}}});

const Register multinomial_fn(
    {"multinomial",
     kMethod | kFunction | kNoGradient,
     R"(Draws categories by weight.

Args:
    input: weights (categories,) or (rows, categories): non-negative, finite, with a positive sum in each row.
    num_samples: how many to draw from each row.
    replacement: may a category be drawn again?

Returns:
    int64 tensor (num_samples,) or (rows, num_samples).

Raises:
    ValueError: weights that aren't as above, or more samples than categories without replacement.

Example:
    >>> chainrule.multinomial(chainrule.tensor([0., 1., 0.]), 2, replacement=True)
    tensor([1, 1])
)",
     {{"multinomial(Tensor input, int num_samples, bool replacement=False, *, Generator generator=None)", [](Args& a) {
           const Tensor& x = a.tensor(0);
           int64_t samples = a.integer(1), rows = x.ndim() == 2 ? x.size(0) : 1;
           check_floating("multinomial", x);
           check<ValueError>(x.ndim() == 1 || x.ndim() == 2,
                             "multinomial: weights must have shape (categories,) or (rows, categories), got ",
                             x.shape());
           int64_t categories = x.shape().back();
           check<ValueError>(samples > 0, "multinomial: num_samples must be positive, got ", samples);
           check<ValueError>(a.flag(2) || samples <= categories,
                             "multinomial: without replacement num_samples must be at most ", categories,
                             " (the number of categories), got ", samples);
           Tensor weights = contiguous(detach(x));
           Tensor out = empty(x.ndim() == 2 ? Dims{rows, samples} : Dims{samples}, DType::Int64);
           const char* wrong = nullptr;
           Generator& gen = a.generator(3);
           if (out.numel()) {
               Unlock unlock(x.numel());
               visit_floating(x.dtype(), [&](auto zero) {
                   wrong = fill_multinomial(gen, out.data<int64_t>(), weights.data<decltype(zero)>(), rows, categories,
                                            samples, a.flag(2));
               });
           }
           check<ValueError>(!wrong, "multinomial: ", wrong ? wrong : "");
           a.ret(out);
       }}}});

const Register poisson_fn({"poisson",
                           kFunction | kNoGradient,
                           R"(Poisson random numbers whose rates stand in the input.

Example:
    >>> chainrule.poisson(chainrule.zeros(3))
    tensor([0., 0., 0.])
)",
                           {{"poisson(Tensor input, Generator generator=None)", [](Args& a) {
                                 const Tensor& x = a.tensor(0);
                                 check_floating("poisson", x);
                                 Tensor rates = contiguous(detach(x)), out = empty(x.shape(), x.dtype());
                                 Generator& gen = a.generator(1);
                                 visit_floating(x.dtype(), [&](auto zero) {
                                     using T = decltype(zero);
                                     const T* r = rates.data<T>();
                                     for (int64_t i = 0; i < x.numel(); ++i)
                                         check<ValueError>(r[i] >= 0, "poisson: rates must be non-negative, got ",
                                                           r[i]);
                                     Unlock unlock(x.numel());
                                     if (x.numel()) fill_poisson(gen, out.data<T>(), x.numel(), r);
                                 });
                                 a.ret(out);
                             }}}});

const Register standard_gamma_fn({"_standard_gamma",
                                  kFunction | kNoGradient,
                                  R"(Gamma random numbers of rate 1 whose shape parameters stand in the input.

Example:
    >>> bool((chainrule._core._standard_gamma(chainrule.ones(3)) > 0).all())
    True
)",
                                  {{"_standard_gamma(Tensor input, Generator generator=None)", [](Args& a) {
                                        const Tensor& x = a.tensor(0);
                                        check_floating("_standard_gamma", x);
                                        Tensor alphas = contiguous(detach(x)), out = empty(x.shape(), x.dtype());
                                        Generator& gen = a.generator(1);
                                        visit_floating(x.dtype(), [&](auto zero) {
                                            using T = decltype(zero);
                                            const T* alpha = alphas.data<T>();
                                            for (int64_t i = 0; i < x.numel(); ++i)
                                                check<ValueError>(
                                                    alpha[i] >= 0,
                                                    "_standard_gamma: the input must not be negative, got ", alpha[i]);
                                            Unlock unlock(x.numel());
                                            if (x.numel()) fill_standard_gamma(gen, out.data<T>(), x.numel(), alpha);
                                        });
                                        a.ret(out);
                                    }}}});

const Register binomial_fn({"binomial",
                            kFunction | kNoGradient,
                            R"(Numbers of successes in count trials, each of probability prob.

Args:
    count: numbers of trials, a floating tensor.
    prob: probabilities, a tensor of the same dtype that broadcasts with count.

Raises:
    TypeError: dtypes that differ or are no floating ones.
    ValueError: a prob outside [0, 1], or a negative count.

Example:
    >>> chainrule.binomial(chainrule.tensor([5., 7.]), chainrule.tensor(1.))
    tensor([5., 7.])
)",
                            {{"binomial(Tensor count, Tensor prob, Generator generator=None)", [](Args& a) {
                                  const Tensor &n = a.tensor(0), &p = a.tensor(1);
                                  check_floating("binomial", n);
                                  check<TypeError>(n.dtype() == p.dtype(),
                                                   "binomial: count and prob must have one dtype, got ", n.dtype(),
                                                   " and ", p.dtype());
                                  Dims shape = broadcast_shapes("binomial", n.shape(), p.shape());
                                  Tensor counts = contiguous(expand_to(detach(n), shape));
                                  Tensor probabilities = contiguous(expand_to(detach(p), shape));
                                  Tensor out = empty(shape, n.dtype());
                                  Generator& gen = a.generator(2);
                                  visit_floating(n.dtype(), [&](auto zero) {
                                      using T = decltype(zero);
                                      check_probabilities("binomial", probabilities.data<T>(), out.numel());
                                      const T* count = counts.data<T>();
                                      for (int64_t i = 0; i < out.numel(); ++i)
                                          check<ValueError>(count[i] >= 0 && std::isfinite(count[i]),
                                                            "binomial: count must be finite and not negative, got ",
                                                            count[i]);
                                      Unlock unlock(out.numel());
                                      if (out.numel())
                                          fill_binomial(gen, out.data<T>(), out.numel(), count,
                                                        probabilities.data<T>());
                                  });
                                  a.ret(out);
                              }}}});

}  // namespace chainrule
