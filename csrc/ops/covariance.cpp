// Covariances and correlations.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/basic_ops.h"
#include "ops/forms.h"
#include "ops/ops.h"
#include "ops/reduce_rules.h"
#include "ops/registry.h"
#include "ops/visit.h"

namespace chainrule {
namespace {

Tensor variables(const char* op, const Tensor& x) {
    check<ValueError>(x.ndim() <= 2, op, ": at most 2 axes (variables, observations) are taken, got shape ", x.shape(),
                      ".");
    check<TypeError>(x.dtype() != DType::Bool, op, ": the input must hold numbers, got bool.");
    Tensor rows = x.ndim() == 2 ? x : reshape(x, {1, x.numel()});
    return is_floating(rows.dtype()) ? rows : cast(rows, default_dtype());
}

void check_weights(const char* what, const Tensor& w, int64_t n) {
    check<ValueError>(w.ndim() == 1 && w.numel() == n, "cov: ", what, " must have one number for each of ", n,
                      " observations, got shape ", w.shape(), ".");
    check<ValueError>(w.numel() == 0 || number_value(amin(detach(w))) >= 0, "cov: ", what, " must not be negative.");
}

// sum over observations of w (x_i - mean_i) (x_j - mean_j), over the sum of the weights less the correction.
Tensor covariance(const Tensor& input, double correction, const Tensor& repeats, const Tensor& importance) {
    Tensor x = variables("cov", input), w;
    int64_t n = x.size(1);
    if (repeats) {
        check<TypeError>(is_integral(repeats.dtype()), "cov: fweights must be integers, got ", repeats.dtype(), ".");
        check_weights("fweights", repeats, n);
        w = cast(repeats, x.dtype());
    }
    if (importance) {
        check<TypeError>(is_floating(importance.dtype()), "cov: aweights must be floating, got ", importance.dtype(),
                         ".");
        check_weights("aweights", importance, n);
        w = w ? w * cast(importance, x.dtype()) : cast(importance, x.dtype());
    }
    Tensor total = w ? sum(w, {}) : scalar_tensor(n, x.dtype());
    Tensor centre = w ? sum(x * w, {1}, true) / total : mean(x, {1}, true);
    Tensor freedom = total - correction;
    if (importance) freedom = total - sum(w * cast(importance, x.dtype()), {}) / total * correction;
    Tensor d = x - centre;
    Tensor product = matmul(d, transpose(w ? d * w : d, 0, 1));
    Tensor y = product / maximum(freedom, number(0, freedom));
    return y.numel() == 1 ? reshape(y, {}) : y;
}

}  // namespace

const Register cov_fn({"cov",
                       kFunction | kMethod,
                       R"(Covariances of variables (rows) over observations (columns).

    C_ij = sum_k w_k (x_ik - mean_i) (x_jk - mean_j) / (sum w - correction)

Args:
    input: (variables, observations) tensor; a vector is one variable.
    correction: 1 for unbiased estimates, 0 for the population's.
    fweights: how often each observation counts, integers.
    aweights: its importance; the divisor is then sum w - correction sum(w a) / sum w.

Returns:
    (variables, variables) tensor; of one variable a tensor without axes.

Example:
    >>> chainrule.cov(chainrule.tensor([[0., 2.], [4., 0.]]))
    tensor([[ 2., -4.],
            [-4.,  8.]])
)",
                       {{"cov(Tensor input, *, int correction=1, Tensor fweights=None, Tensor aweights=None)",
                         [](Args& a) { a.ret(covariance(a.tensor(0), a.real(1, 1), a.tensor(2), a.tensor(3))); }}}});
const Register corrcoef_fn({"corrcoef",
                            kFunction | kMethod,
                            R"(Correlation coefficients of variables (rows) over observations (columns).

    R_ij = C_ij / sqrt(C_ii C_jj), between -1 and 1;  C as cov()

Args:
    input: (variables, observations) tensor; a vector is one variable.

Example:
    >>> chainrule.corrcoef(chainrule.tensor([[0., 2.], [4., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
)",
                            {{"corrcoef(Tensor input)", [](Args& a) {
                                  Tensor c = covariance(a.tensor(0), 1, Tensor(), Tensor());
                                  if (c.ndim() == 0) return a.ret(c / c);
                                  Tensor deviation = sqrt(diagonal(c));
                                  a.ret(clamp(c / unsqueeze(deviation, 1) / unsqueeze(deviation, 0), -1, 1));
                              }}}});

}  // namespace chainrule
