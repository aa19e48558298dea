// Filling a tensor with random numbers in place. Numbers are PyTorch's at the same seed; core/random.h says how each is drawn.

#include <cmath>

#include "autograd/elementwise.h"
#include "autograd/grad_mode.h"
#include "ops/draw.h"
#include "ops/registry.h"
#include "ops/view_rules.h"

namespace chainrule {
namespace {

// Fills self, of any layout. Its old value has no part in the new one: if it has a history, a copy of the numbers takes its place.
template <class F> Tensor drawn_inplace(const char* name, const Tensor& self, F draw) {
    bool recording = grad_mode() && self.requires_grad();
    check_inplace(name, self, recording);
    Dims strides = dense_strides(self);
    if (!recording && strides == self.strides()) {
        draw(self);
        bump_version(self);
        return self;
    }
    const Tensor in[2] = {self, empty_strided(self.shape(), strides, self.dtype())};
    draw(in[1]);
    return dispatch_inplace(copy_op, in, 2, nullptr);
}
template <class F> Tensor fill_inplace(const char* name, const Tensor& self, F fill) {
    return drawn_inplace(name, self, [&](const Tensor& t) { fill_dense(t, fill); });
}

// The probabilities lie as the output does in memory: both dense in the order of x's strides.
Tensor in_address_order(const Tensor& x, const Dims& strides) {
    Tensor t = empty_strided(x.shape(), strides, x.dtype());
    copy_data(t, x);
    return t;
}

}  // namespace

// ---- in-place filling: gradients of the old values are 0 ----
const Register uniform_inplace_fn(
    {"uniform",
     kInplaceOnly,
     R"(Fills with uniform random numbers on [from, to).

Example:
    >>> x = chainrule.empty(3).uniform_(-1., 1.)
    >>> bool((x.abs() <= 1).all())
    True
)",
     {{"uniform_(Tensor input, float from=0.0, float to=1.0, *, Generator generator=None)", [](Args& a) {
           double from = a.real(1, 0.0), to = a.real(2, 1.0);
           check_floating("uniform_", a.tensor(0));
           check<ValueError>(from <= to && std::isfinite(to - from),
                             "uniform_: from must not exceed to and both be finite, got ", from, " and ", to);
           Generator& gen = a.generator(3);
           a.ret(drawn_inplace("uniform_", a.tensor(0), [&](const Tensor& t) { draw_uniform(gen, t, from, to); }));
       }}}});

const Register normal_inplace_fn({"normal",
                                  kInplaceOnly,
                                  R"(Fills with normal random numbers.

Example:
    >>> chainrule.empty(3).normal_(5., 0.)
    tensor([5., 5., 5.])
)",
                                  {{"normal_(Tensor input, float mean=0.0, float std=1.0, *, Generator generator=None)",
                                    [](Args& a) {
                                        double mean = a.real(1, 0.0), std = a.real(2, 1.0);
                                        check_floating("normal_", a.tensor(0));
                                        check<ValueError>(std >= 0, "normal_: std must be non-negative, got ", std);
                                        Generator& gen = a.generator(3);
                                        bool vector = a.tensor(0).is_contiguous();
                                        a.ret(drawn_inplace("normal_", a.tensor(0), [&](const Tensor& t) {
                                            draw_normal(gen, t, vector, mean, std);
                                        }));
                                    }}}});

const Register random_inplace_fn(
    {"random",
     kInplaceOnly,
     R"(Fills with random integers on [from, to), or on all of the dtype's range.

A floating tensor without bounds takes the integers that it holds exactly (2^24 in float32, 2^53 in float64, 2^11 in float16,
2^8 in bfloat16).

Example:
    >>> bool((chainrule.empty(100).random_(0, 2) < 2).all())
    True
)",
     {{"random_(Tensor input, *, Generator generator=None)",
       [](Args& a) {
           Generator& gen = a.generator(1);
           DType t = a.tensor(0).dtype();
           int64_t end = t == DType::Float16 ? 2049 : t == DType::BFloat16 ? 257 : t == DType::Int8 ? 128 : 1 << 15;
           if (is_narrow(t)) a.ret(fill_inplace("random_", a.tensor(0), integers(gen, 0, end)));
           else a.ret(fill_inplace("random_", a.tensor(0), [&](auto* out, int64_t n) { fill_random(gen, out, n); }));
       }},
      {"random_(Tensor input, int to, *, Generator generator=None)",
       [](Args& a) {
           check_bounds("random_", 0, a.integer(1), a.tensor(0).dtype());
           a.ret(fill_inplace("random_", a.tensor(0), integers(a.generator(2), 0, a.integer(1))));
       }},
      {"random_(Tensor input, int from, int to=None, *, Generator generator=None)", [](Args& a) {
           int64_t low = a.integer(1);
           Generator& gen = a.generator(3);
           if (a.given(2)) {
               check_bounds("random_", low, a.integer(2), a.tensor(0).dtype());
               return a.ret(fill_inplace("random_", a.tensor(0), integers(gen, low, a.integer(2))));
           }
           if (low != INT64_MAX) check_bounds("random_", low, low + 1, a.tensor(0).dtype());
           a.ret(fill_inplace("random_", a.tensor(0),
                              [&, low](auto* out, int64_t n) { fill_randint_from(gen, out, n, low); }));
       }}}});

const Register bernoulli_inplace_fn({"bernoulli",
                                     kInplaceOnly,
                                     R"(Fills with 1 at probability p, otherwise 0.

Example:
    >>> chainrule.empty(2).bernoulli_(1.)
    tensor([1., 1.])
)",
                                     {{"bernoulli_(Tensor input, float p=0.5, *, Generator generator=None)",
                                       [](Args& a) {
                                           double p = a.real(1, 0.5);
                                           check_probabilities("bernoulli_", &p, 1);
                                           Generator& gen = a.generator(2);
                                           a.ret(fill_inplace("bernoulli_", a.tensor(0), [&, p](auto* out, int64_t n) {
                                               fill_bernoulli(gen, out, n, p);
                                           }));
                                       }},
                                      {"bernoulli_(Tensor input, Tensor p, *, Generator generator=None)", [](Args& a) {
                                           const Tensor& x = a.tensor(0);
                                           check_floating("bernoulli_", a.tensor(1));
                                           Tensor given = cast(detach(a.tensor(1)), wide(a.tensor(1).dtype()));
                                           Tensor p = in_address_order(expand_to(given, x.shape()), dense_strides(x));
                                           Generator& gen = a.generator(2);
                                           visit_floating(p.dtype(), [&](auto zero) {
                                               using P = decltype(zero);
                                               check_probabilities("bernoulli_", p.data<P>(), p.numel());
                                               a.ret(fill_inplace("bernoulli_", x, [&](auto* out, int64_t n) {
                                                   fill_bernoulli_each(gen, out, n, p.data<P>());
                                               }));
                                           });
                                       }}}});

const Register exponential_inplace_fn(
    {"exponential",
     kInplaceOnly,
     R"(Fills with exponential random numbers of rate lambd.

    -log(1 - u) / lambd,  u uniform on [0, 1)

Example:
    >>> bool((chainrule.empty(9).exponential_() >= 0).all())
    True
)",
     {{"exponential_(Tensor input, float lambd=1.0, *, Generator generator=None)", [](Args& a) {
           double rate = a.real(1, 1.0);
           check_floating("exponential_", a.tensor(0));
           check<ValueError>(rate > 0, "exponential_: lambd must be positive, got ", rate);
           Generator& gen = a.generator(2);
           a.ret(fill_inplace("exponential_", a.tensor(0),
                              floats_only([&, rate](auto* out, int64_t n) { fill_exponential(gen, out, n, rate); })));
       }}}});

const Register geometric_inplace_fn(
    {"geometric",
     kInplaceOnly,
     R"(Fills with the number of trials up to the first success of probability p.

Example:
    >>> bool((chainrule.empty(9).geometric_(0.5) >= 1).all())
    True
)",
     {{"geometric_(Tensor input, float p, *, Generator generator=None)", [](Args& a) {
           double p = a.real(1);
           check<TypeError>(a.tensor(0).dtype() != DType::Bool, "geometric_: the tensor must hold numbers, got bool");
           check<ValueError>(p > 0 && p < 1, "geometric_: p must be in (0, 1), got ", p);
           Generator& gen = a.generator(2);
           a.ret(fill_inplace("geometric_", a.tensor(0),
                              numbers_only([&, p](auto* out, int64_t n) { fill_geometric(gen, out, n, p); })));
       }}}});

const Register cauchy_inplace_fn(
    {"cauchy",
     kInplaceOnly,
     R"(Fills with Cauchy random numbers.

Example:
    >>> chainrule.empty(2, 3).cauchy_().shape
    chainrule.Size([2, 3])
)",
     {{"cauchy_(Tensor input, float median=0.0, float sigma=1.0, *, Generator generator=None)", [](Args& a) {
           double median = a.real(1, 0.0), sigma = a.real(2, 1.0);
           check_floating("cauchy_", a.tensor(0));
           check<ValueError>(sigma > 0, "cauchy_: sigma must be positive, got ", sigma);
           Generator& gen = a.generator(3);
           a.ret(fill_inplace("cauchy_", a.tensor(0),
                              floats_only([&](auto* out, int64_t n) { fill_cauchy(gen, out, n, median, sigma); })));
       }}}});

const Register log_normal_inplace_fn(
    {"log_normal",
     kInplaceOnly,
     R"(Fills with exp of normal random numbers.

Example:
    >>> bool((chainrule.empty(9).log_normal_() > 0).all())
    True
)",
     {{"log_normal_(Tensor input, float mean=1.0, float std=2.0, *, Generator generator=None)", [](Args& a) {
           double mean = a.real(1, 1.0), std = a.real(2, 2.0);
           check_floating("log_normal_", a.tensor(0));
           check<ValueError>(std > 0, "log_normal_: std must be positive, got ", std);
           Generator& gen = a.generator(3);
           a.ret(fill_inplace("log_normal_", a.tensor(0),
                              floats_only([&](auto* out, int64_t n) { fill_log_normal(gen, out, n, mean, std); })));
       }}}});

}  // namespace chainrule
