// Reductions, scans, softmax, cross-entropy, bias with activation and optimizer steps of every table that this processor can
// run, against kernels/reference.h. A number as argument is the seed of the inputs: what is asserted holds for any.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/distance.h"
#include "kernels/reference.h"
#include "kernels_check.h"

using namespace chainrule;
using namespace chainrule::kernels;
using namespace chainrule::kernels::test;
namespace ref = chainrule::kernels::reference;

namespace {

std::mt19937 random_bits(7);
double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_bits); }

template <class T> std::vector<T> uniform_vector(size_t n, double low, double high) {
    std::vector<T> v(n);
    for (T& x : v) x = static_cast<T>(uniform(low, high));
    return v;
}

template <class T> bool near(T got, double want, double relative, double absolute = 0) {
    if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got);
    if (std::isinf(want) || std::isinf(got)) return static_cast<double>(got) == want;
    return std::fabs(got - want) <= std::numeric_limits<T>::epsilon() * (relative * std::fabs(want) + absolute);
}

// How many roundings n steps one after another come to, as a multiple of epsilon: they add up as a random walk does, whose
// deviation here is 0.3 sqrt(n).
double roundings(int64_t n) { return 4 + 2 * std::sqrt(static_cast<double>(n)); }

template <class T> std::string label(const Table& t, const char* what) {
    return std::string(t.isa) + " " + what + " " + dtype_name(DTypeOf<T>::value);
}

const int64_t kLengths[] = {1, 2, 3, 7, 10, 15, 16, 17, 31, 33, 63, 64, 65, 100, 511, 512, 513, 1000, 1600, 5000};

template <class T> void check_float_sums(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (int k = 0; k < static_cast<int>(Reduce::Count); ++k) {
        const Reduce op = static_cast<Reduce>(k);
        const bool is_bool = op == Reduce::Any || op == Reduce::All;
        for (const int64_t n : kLengths) {
            std::vector<T> x = uniform_vector<T>(static_cast<size_t>(3 * n + 1), op == Reduce::Prod ? 0.9 : -1,
                                                 op == Reduce::Prod ? 1.1 : 2);
            if (op == Reduce::Any) std::fill(x.begin(), x.end() - 1, T(0));
            auto run = [&](const T* in, int64_t stride) {
                T out{};
                uint8_t flag = 0;
                t.reduce_rows[k][type](in, is_bool ? static_cast<void*>(&flag) : &out, 1, n, 0, stride);
                return is_bool ? static_cast<T>(flag) : out;
            };
            const std::string what = label<T>(t, "reduce ") + std::to_string(k) + " n=" + std::to_string(n);
            std::vector<double> row(x.begin(), x.begin() + n);
            double size = 0;
            for (double v : row) size += std::fabs(v);
            const T plain = run(x.data(), 1);
            expect(near<T>(plain, static_cast<double>(ref::reduce(op, row)),
                           op == Reduce::Prod ? roundings(n) : roundings(n / 16), op == Reduce::Sum ? size : 0),
                   what);
            std::vector<T> moved(x.size() + 3);
            std::copy(x.begin(), x.begin() + n, moved.begin() + 3);
            expect(run(moved.data() + 3, 1) == plain, what + " unaligned");
            for (int64_t i = 0; i < n; ++i) moved[static_cast<size_t>(3 * i)] = x[static_cast<size_t>(i)];
            expect(run(moved.data(), 3) == plain, what + " strided");
            for (int64_t i = 0; i < n; ++i) moved[static_cast<size_t>(n - 1 - i)] = x[static_cast<size_t>(i)];
            expect(run(moved.data() + n - 1, -1) == plain, what + " backwards");
            if (n > 600) continue;
            for (int64_t i = 0; i < n; ++i) {
                const T keep = x[static_cast<size_t>(i)];
                x[static_cast<size_t>(i)] = std::numeric_limits<T>::quiet_NaN();
                const T got = run(x.data(), 1);
                const std::string where = what + " NaN at " + std::to_string(i);
                if (op == Reduce::SumNumbers) {
                    row[static_cast<size_t>(i)] = std::numeric_limits<double>::quiet_NaN();
                    expect(near<T>(got, static_cast<double>(ref::reduce(op, row)), roundings(n / 16), size), where);
                    row[static_cast<size_t>(i)] = static_cast<double>(keep);
                } else {
                    expect(is_bool ? got == T(1) : std::isnan(got), where);
                }
                if (op == Reduce::Max || op == Reduce::Min || op == Reduce::Any || op == Reduce::All) {
                    const bool zero = op == Reduce::All;
                    x[static_cast<size_t>(i)] = zero ? T(0) : op == Reduce::Min ? T(-9) : T(9);
                    expect(run(x.data(), 1) == (zero      ? T(0)
                                                : is_bool ? T(1)
                                                          : x[static_cast<size_t>(i)]),
                           what + " extreme at " + std::to_string(i));
                }
                x[static_cast<size_t>(i)] = keep;
            }
        }
    }
}

template <class T> void check_float_columns(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (int k = 0; k < static_cast<int>(Reduce::Count); ++k)
        for (const int64_t cols : {1, 2, 7, 10, 16, 33, 64, 100, 255, 256, 257, 600})
            for (const int64_t n : {1, 2, 7, 8, 9, 16, 33, 100}) {
                const Reduce op = static_cast<Reduce>(k);
                const int64_t ld = cols + 3;
                std::vector<T> x = uniform_vector<T>(static_cast<size_t>(n * ld), 0.5, 1.5);
                if (op == Reduce::Any || op == Reduce::All)
                    for (T& v : x) v = random_bits() % 8 == 0 ? T(op == Reduce::Any) : T(op == Reduce::All);
                x[static_cast<size_t>((n - 1) * ld + cols / 2)] = std::numeric_limits<T>::quiet_NaN();
                std::vector<T> out(static_cast<size_t>(cols) + 1, T(-77));
                std::vector<uint8_t> flags(static_cast<size_t>(cols) + 1, 7);
                const bool is_bool = op == Reduce::Any || op == Reduce::All;
                t.reduce_columns[k][type](x.data(), is_bool ? static_cast<void*>(flags.data()) : out.data(), n, cols,
                                          ld);
                bool ok = is_bool ? flags.back() == 7 : out.back() == T(-77);
                for (int64_t j = 0; j < cols; ++j) {
                    std::vector<double> column;
                    for (int64_t i = 0; i < n; ++i) column.push_back(x[static_cast<size_t>(i * ld + j)]);
                    const T got = is_bool ? static_cast<T>(flags[static_cast<size_t>(j)]) : out[static_cast<size_t>(j)];
                    ok &= near<T>(got, static_cast<double>(ref::reduce(op, column)), op == Reduce::Prod ? 40 : 8);
                }
                expect(ok, label<T>(t, "columns ") + std::to_string(k) + " " + std::to_string(n) + "x" +
                               std::to_string(cols));
            }
}

// Integers and bool: exact, whatever the order.
template <class T> void check_int_reductions(const Table& t, DType dtype) {
    const int type = static_cast<int>(dtype);
    for (int k = 0; k <= static_cast<int>(Reduce::All); ++k) {
        const Reduce op = static_cast<Reduce>(k);
        for (const int64_t n : kLengths) {
            std::vector<T> x(static_cast<size_t>(n) * 2);
            for (T& v : x)
                v = static_cast<T>(op == Reduce::Any ? 0
                                   : sizeof(T) == 1  ? 1 + random_bits() % (type == 0 ? 1 : 9)
                                                     : random_bits());
            const size_t odd = static_cast<size_t>(2 * (random_bits() % static_cast<unsigned>(n)));
            if (op == Reduce::Any || op == Reduce::All) x[odd] = static_cast<T>(op == Reduce::Any);
            uint64_t sum = 0, prod = 1;
            T high = x[0], low = x[0];
            bool any = false, all = true;
            for (int64_t i = 0; i < n; ++i) {
                const T v = x[static_cast<size_t>(2 * i)];
                sum += static_cast<uint64_t>(static_cast<int64_t>(v)),
                    prod *= static_cast<uint64_t>(static_cast<int64_t>(v));
                high = std::max(high, v), low = std::min(low, v);
                any |= v != 0, all &= v != 0;
            }
            int64_t out[1] = {0};
            t.reduce_rows[k][type](x.data(), out, 1, n, 0, 2);
            int64_t column[1] = {0};
            t.reduce_columns[k][type](x.data(), column, n, 1, 2);
            T typed;
            std::memcpy(&typed, out, sizeof typed);
            uint8_t flag;
            std::memcpy(&flag, out, 1);
            const bool ok = op == Reduce::Sum    ? out[0] == static_cast<int64_t>(sum)
                            : op == Reduce::Prod ? out[0] == static_cast<int64_t>(prod)
                            : op == Reduce::Max  ? typed == high
                            : op == Reduce::Min  ? typed == low
                                                 : flag == (op == Reduce::Any ? any : all);
            expect(ok && out[0] == column[0], label<T>(t, "reduce ") + std::to_string(k) + " n=" + std::to_string(n));
        }
        int64_t empty[1] = {-1};
        if (op == Reduce::Max || op == Reduce::Min) continue;
        t.reduce_rows[k][type](empty, empty, 1, 0, 0, 1);
        uint8_t flag;
        std::memcpy(&flag, empty, 1);
        expect(op == Reduce::Sum    ? empty[0] == 0
               : op == Reduce::Prod ? empty[0] == 1
                                    : flag == (op == Reduce::All),
               label<T>(t, "empty"));
    }
}

template <class T> void check_scans(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (const int64_t n : kLengths)
        for (const int64_t stride : {int64_t{1}, int64_t{2}, int64_t{-1}})
            for (int trial = 0; trial < 6; ++trial) {
                std::vector<T> x(static_cast<size_t>(2 * n));
                for (T& v : x) v = static_cast<T>(random_bits() % (trial == 0 ? 3 : 100));
                if constexpr (std::is_floating_point_v<T>)
                    if (trial >= 4)
                        x[random_bits() % x.size()] = std::numeric_limits<T>::quiet_NaN(),
                                          x[random_bits() % x.size()] = -std::numeric_limits<T>::infinity();
                const T* first = x.data() + (stride < 0 ? n - 1 : 0);
                int64_t high = 0, low = 0;
                for (int64_t i = 1; i < n; ++i) {
                    const T v = first[i * stride], h = first[high * stride], l = first[low * stride];
                    if (h == h && (v > h || v != v)) high = i;
                    if (l == l && (v < l || v != v)) low = i;
                }
                int64_t at = -1;
                T value{};
                t.argmax[type](first, &value, &at, 1, n, 0, stride);
                expect(at == high && std::memcmp(&value, first + high * stride, sizeof(T)) == 0,
                       label<T>(t, "argmax n=") + std::to_string(n) + " stride " + std::to_string(stride));
                t.argmin[type](first, nullptr, &at, 1, n, 0, stride);
                expect(at == low, label<T>(t, "argmin n=") + std::to_string(n));
                std::vector<T> sums(x.size());
                T* sum = sums.data() + (stride < 0 ? n - 1 : 0);
                t.cumsum[type](first, sum, n, stride, 1);
                double total = 0;
                bool ok = true;
                for (int64_t i = 0; i < n; ++i) {
                    total += static_cast<double>(first[i * stride]);
                    const T want = std::is_floating_point_v<T>
                                       ? static_cast<T>(total)
                                       : static_cast<T>(static_cast<uint64_t>(std::isfinite(total) ? total : 0));
                    ok &= sum[i * stride] == want || (want != want && sum[i * stride] != sum[i * stride]);
                }
                expect(ok, label<T>(t, "cumsum n=") + std::to_string(n));
            }
}

// Lines side by side give what each of them gives alone, to the bit.
template <class T> void check_scanned_columns(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (const int64_t n : {1, 2, 7, 40})
        for (const int64_t cols : {2, 4, 16, 37, 128, 150}) {
            std::vector<T> x(static_cast<size_t>(n * cols)), all(x.size()), alone(x.size());
            for (T& v : x) v = static_cast<T>(random_bits() % 9);
            if constexpr (std::is_floating_point_v<T>) x[x.size() / 2] = std::numeric_limits<T>::quiet_NaN();
            std::vector<int64_t> at(static_cast<size_t>(cols)), at_alone(at.size());
            bool same = true;
            for (const bool largest : {true, false}) {
                const kernels::ArgReduce find = (largest ? t.argmax : t.argmin)[type];
                std::vector<T> value(at.size()), value_alone(at.size());
                find(x.data(), value.data(), at.data(), cols, n, 1, cols);
                for (size_t c = 0; c < at.size(); ++c)
                    find(x.data() + c, value_alone.data() + c, at_alone.data() + c, 1, n, 0, cols);
                same &= at == at_alone && std::memcmp(value.data(), value_alone.data(), value.size() * sizeof(T)) == 0;
            }
            expect(same, label<T>(t, "argmax of columns ") + std::to_string(n) + "x" + std::to_string(cols));
            for (const kernels::Cumulate scan : {t.cumsum[type], t.cumprod[type]})
                for (const int64_t step : {cols, -cols}) {
                    const size_t first = step < 0 ? x.size() - static_cast<size_t>(cols) : 0;
                    scan(x.data() + first, all.data() + first, n, step, cols);
                    for (size_t c = 0; c < at.size(); ++c)
                        scan(x.data() + first + c, alone.data() + first + c, n, step, 1);
                    expect(std::memcmp(all.data(), alone.data(), all.size() * sizeof(T)) == 0,
                           label<T>(t, "scan of columns ") + std::to_string(n) + "x" + std::to_string(cols));
                }
        }
}

template <class T> void check_row_dots(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (const int64_t k : kLengths)
        for (const int64_t rows : {1, 3, 4, 9}) {
            const int64_t ld = k + 3;
            const std::vector<T> w = uniform_vector<T>(static_cast<size_t>(rows * ld), -1, 1),
                                 x = uniform_vector<T>(static_cast<size_t>(k), -1, 1),
                                 b = uniform_vector<T>(static_cast<size_t>(rows), -1, 1);
            std::vector<T> y(static_cast<size_t>(rows)), plain = y, alone = y;
            t.row_dots[type](w.data(), ld, x.data(), b.data(), y.data(), rows, k);
            t.row_dots[type](w.data(), ld, x.data(), nullptr, plain.data(), rows, k);
            bool ok = true;
            for (int64_t r = 0; r < rows; ++r) {
                const size_t at = static_cast<size_t>(r);
                t.row_dots[type](w.data() + r * ld, ld, x.data(), b.data() + r, &alone[at], 1, k);
                long double exact = 0;
                for (int64_t j = 0; j < k; ++j) exact += static_cast<long double>(w[size_t(r * ld + j)]) * x[size_t(j)];
                const double dot = static_cast<double>(exact);
                // Each of k additions rounds a sum that is a random walk itself: the deviation is up to 0.07 k.
                const double most = 4.0 + static_cast<double>(k) / 2;
                ok = ok && near(y[at], dot + b[at], 2, most) && near(plain[at], dot, 2, most) && y[at] == alone[at];
            }
            expect(ok, label<T>(t, "row_dots") + " " + std::to_string(rows) + "x" + std::to_string(k));
        }
}

template <class T> void check_columns(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (const int64_t rows : {1, 7, 8, 21})
        for (const int64_t n : {1, 15, 64, 300}) {
            const Columns at{rows, n, n + 2};
            const std::vector<T> x = uniform_vector<T>(static_cast<size_t>(rows * at.ld), -1, 2),
                                 g = uniform_vector<T>(x.size(), -1, 1);
            const size_t width = static_cast<size_t>(n);
            const std::vector<double> m = uniform_vector<double>(width, 0, 1), a = m,
                                      b = uniform_vector<double>(width, -1, 1);
            std::vector<double> sums(width), squares(width), sums_g(width), sums_gx(width);
            std::vector<T> y(x.size(), T(7)), dx = y;
            t.column_sums[type](x.data(), at, sums.data());
            t.column_squares[type](x.data(), at, m.data(), squares.data());
            t.column_products[type](g.data(), x.data(), at, m.data(), sums_g.data(), sums_gx.data());
            t.column_affine[type](x.data(), y.data(), at, m.data(), a.data(), b.data());
            t.column_grad[type](g.data(), x.data(), dx.data(), at, m.data(), a.data(), b.data(), m.data());
            bool ok = true;
            for (size_t j = 0; j < width; ++j) {
                double s = 0, q = 0, sg = 0, sgx = 0;
                for (int64_t r = 0; r < rows; ++r) {
                    const size_t i = static_cast<size_t>(r * at.ld) + j;
                    const double d = x[i] - m[j];
                    s += x[i], q += d * d, sg += g[i], sgx += g[i] * d;
                    ok = ok && near(y[i], d * a[j] + b[j], 0, 8) && near(dx[i], a[j] * g[i] + b[j] * d + m[j], 0, 8);
                }
                auto same = [&](double got, double want) {
                    return near(static_cast<T>(got), want, 0, 8.0 * double(rows));
                };
                ok = ok && same(sums[j], s) && same(squares[j], q) && same(sums_g[j], sg) && same(sums_gx[j], sgx);
            }
            for (int64_t r = 0; r + 1 < rows; ++r)  // what lies between the rows stays
                ok = ok && y[size_t(r * at.ld + n)] == T(7) && dx[size_t(r * at.ld + n + 1)] == T(7);
            expect(ok, label<T>(t, "columns") + " " + std::to_string(rows) + "x" + std::to_string(n));
        }
}

template <class T> void check_softmax(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    const T inf = std::numeric_limits<T>::infinity();
    for (const int64_t n : kLengths)
        for (const int64_t rows : {1, 3, 16, 21}) {
            const size_t size = static_cast<size_t>(rows * n);
            std::vector<T> x = uniform_vector<T>(size, -8, 8), y(size), z(size), g = uniform_vector<T>(size, -1, 1),
                           dy(size), dz(size);
            for (size_t i = 0; i < static_cast<size_t>(n); ++i) x[i] *= T(1000);  // large logits in the first row
            if (n > 1) x[size - 1] = -inf;
            t.softmax[type](x.data(), y.data(), rows, n);
            t.log_softmax[type](x.data(), z.data(), rows, n);
            t.softmax_grad[type](g.data(), y.data(), dy.data(), rows, n);
            t.log_softmax_grad[type](g.data(), z.data(), dz.data(), rows, n);
            bool ok = true, ok_log = true, ok_grad = true, ok_log_grad = true;
            for (int64_t r = 0; r < rows; ++r) {
                const size_t at = static_cast<size_t>(r * n);
                std::vector<double> row(x.begin() + r * n, x.begin() + (r + 1) * n);
                const std::vector<long double> nll = ref::minus_log_softmax(row);
                long double dot = 0, sum = 0;
                for (size_t c = 0; c < row.size(); ++c)
                    dot += static_cast<long double>(g[at + c]) * y[at + c], sum += g[at + c];
                const double many = roundings(n / 8);
                for (size_t c = 0; c < row.size(); ++c) {
                    const long double p = std::exp(static_cast<long double>(z[at + c]));
                    auto same = [](T got, long double want, double relative, double absolute) {
                        return near<T>(got, static_cast<double>(want), relative, absolute);
                    };
                    ok &= same(y[at + c], std::exp(-nll[c]), (r == 0 ? 500 : 40) + many, 1e-25);  // x - max is rounded
                    ok_log &= same(z[at + c], -nll[c], 4, many);
                    ok_grad &= same(dy[at + c], y[at + c] * (g[at + c] - dot), 8, (4 + many) * y[at + c]);
                    ok_log_grad &= same(dz[at + c], g[at + c] - p * sum, 8,
                                        16 + 4 * static_cast<double>(std::fabs(sum)) + static_cast<double>(n) / 16);
                }
            }
            const std::string shape = " " + std::to_string(rows) + "x" + std::to_string(n);
            expect(ok, label<T>(t, "softmax") + shape), expect(ok_log, label<T>(t, "log_softmax") + shape);
            expect(ok_grad, label<T>(t, "softmax_grad") + shape),
                expect(ok_log_grad, label<T>(t, "log_softmax_grad") + shape);
            for (const T fill : {-inf, inf, std::numeric_limits<T>::quiet_NaN()}) {
                std::fill(x.begin(), x.begin() + n, -inf);
                x[static_cast<size_t>(n - 1)] = fill;
                t.softmax[type](x.data(), x.data(), rows, n);  // in place
                bool nan = true;
                for (int64_t c = 0; c < n; ++c) nan &= std::isnan(x[static_cast<size_t>(c)]);
                expect(nan, label<T>(t, "softmax of inf or NaN") + shape);
            }
        }
}

template <class T> void check_cross_entropy(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (const int64_t n : kLengths)
        for (const int64_t rows : {1, 5, 16, 35})
            for (int variant = 0; variant < 5; ++variant) {
                const size_t size = static_cast<size_t>(rows * n);
                const double scale = variant == 1   ? 1e4
                                     : variant == 2 ? 30
                                                    : 4,
                             eps = variant >= 3 ? 0.2 : 0, g0 = 0.75;
                std::vector<T> x = uniform_vector<T>(size, -scale, scale),
                               w = uniform_vector<T>(static_cast<size_t>(n), 0.5, 2);
                std::vector<int64_t> labels;
                for (int64_t r = 0; r < rows; ++r)
                    labels.push_back(r % 7 == 3 ? -100
                                                : static_cast<int64_t>(random_bits() % static_cast<unsigned>(n)));
                const bool weighted = variant == 2 || variant == 4;
                std::vector<T> loss(static_cast<size_t>(rows)), lse(loss), grad(size),
                    g(loss.size(), static_cast<T>(g0));
                t.cross_entropy[type](x.data(), labels.data(), weighted ? w.data() : nullptr, loss.data(), lse.data(),
                                      rows, n, -100, eps);
                t.cross_entropy_grad[type](x.data(), labels.data(), weighted ? w.data() : nullptr, lse.data(), g.data(),
                                           variant % 2, 0.5, grad.data(), rows, n, -100, eps);
                bool ok = true, ok_grad = true;
                for (int64_t r = 0; r < rows; ++r) {
                    std::vector<double> row(x.begin() + r * n, x.begin() + (r + 1) * n),
                        weight(static_cast<size_t>(n), 1.0);
                    if (weighted) weight.assign(w.begin(), w.end());
                    const ref::LossRow want = ref::cross_entropy(row, labels[static_cast<size_t>(r)], weight, eps);
                    ok &= near<T>(loss[static_cast<size_t>(r)], want.loss,
                                  (variant == 1 || variant == 2 ? 100 : 6) + roundings(n / 8), 1e-6);
                    for (int64_t c = 0; c < n; ++c)
                        ok_grad &= near<T>(grad[static_cast<size_t>(r * n + c)],
                                           g0 * 0.5 * want.grad[static_cast<size_t>(c)], 20, 26 + roundings(n / 8));
                }
                const std::string what =
                    std::to_string(rows) + "x" + std::to_string(n) + " variant " + std::to_string(variant);
                expect(ok, label<T>(t, "cross_entropy ") + what),
                    expect(ok_grad, label<T>(t, "cross_entropy_grad ") + what);
            }
    const T x[3] = {5, -20, -20};
    const int64_t first = 0;
    T loss = 0, lse = 0;
    t.cross_entropy[type](x, &first, nullptr, &loss, &lse, 1, 3, -100, 0);
    expect(near<T>(loss, std::log1p(2 * std::exp(-25.0)), 4), label<T>(t, "cross_entropy of a sure answer"));
    const T inf = std::numeric_limits<T>::infinity();
    for (const int64_t n : {3, 40})
        for (const T special : {inf, -inf}) {
            std::vector<T> row(static_cast<size_t>(n), T(1));
            row[0] = special;
            for (const int64_t l : {0, 1}) {
                t.cross_entropy[type](row.data(), &l, nullptr, &loss, &lse, 1, n, -100, 0);
                const double want = special == inf ? ref::kNan
                                    : l == 0       ? ref::kInf
                                                   : std::log(static_cast<double>(n - 1));
                expect(near<T>(loss, want, 4), label<T>(t, "cross_entropy with inf"));
            }
        }
}

template <class T> void check_add_bias(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (const int64_t n : {1, 2, 10, 15, 16, 17, 32, 33, 64, 67, 300})
        for (const int64_t pad : {0, 3}) {
            const int64_t rows = 19, ld = n + pad;
            std::vector<T> x = uniform_vector<T>(static_cast<size_t>(rows * ld), -3, 3),
                           bias = uniform_vector<T>(static_cast<size_t>(n), -1, 1);
            std::vector<T> y = x;
            t.add_bias[type](y.data(), bias.data(), rows, n, ld);
            bool ok = true;
            for (int64_t i = 0; i < rows * ld; ++i) {
                const T was = x[static_cast<size_t>(i)];
                ok &= y[static_cast<size_t>(i)] == (i % ld < n ? was + bias[static_cast<size_t>(i % ld)] : was);
            }
            expect(ok, label<T>(t, "add_bias n=") + std::to_string(n));
        }
}

template <class T> void check_optimizers(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (int bits = 0; bits < 64; ++bits)
        for (const size_t n : {size_t{1}, size_t{7}, size_t{67}}) {
            std::vector<T> p = uniform_vector<T>(n, -1, 1), g = uniform_vector<T>(n, -1, 1),
                           m = uniform_vector<T>(n, -1, 1), v = uniform_vector<T>(n, 0, 1),
                           top = uniform_vector<T>(n, 0, 1);
            std::vector<ref::Slot> slots;
            for (size_t i = 0; i < n; ++i) slots.push_back({p[i], g[i], m[i], v[i], top[i]});
            auto close = [&](const char* what, bool sgd) {
                bool ok = true;
                for (size_t i = 0; i < n; ++i) {
                    ok &= near<T>(p[i], slots[i].p, 4, 4) && near<T>(m[i], slots[i].m, 4, 4);
                    if (!sgd) ok &= near<T>(v[i], slots[i].v, 4, 4) && near<T>(top[i], slots[i].top, 4, 4);
                }
                expect(ok, label<T>(t, what) + " flags " + std::to_string(bits));
            };
            const bool flag[6] = {(bits & 1) != 0, (bits & 2) != 0,  (bits & 4) != 0,
                                  (bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0};
            const SgdStep sgd{0.1, 0.9, flag[0] ? 0.3 : 0.0, flag[1] ? 0.01 : 0.0, flag[2], flag[3], flag[4]};
            for (ref::Slot& s : slots) ref::sgd(s, sgd, flag[5]);
            t.sgd[type](p.data(), g.data(), flag[5] ? m.data() : nullptr, static_cast<int64_t>(n), sgd);
            close("sgd", true);
            AdamStep adam{0.01 / (1 - 0.9),     0.9,     0.999,   1e-8,   0.01, flag[0] ? 0.1 : 0.0,
                          std::sqrt(1 - 0.999), flag[1], flag[2], flag[3]};
            for (ref::Slot& s : slots) ref::adam(s, adam);
            if (!flag[2])
                for (size_t i = 0; i < n; ++i) slots[i].top = top[i];
            t.adam[type](p.data(), g.data(), m.data(), v.data(), flag[2] ? top.data() : nullptr,
                         static_cast<int64_t>(n), adam);
            close("adam", false);
        }
}

void check_mean_of_many(const Table& t) {
    const int64_t n = int64_t{1} << 26;
    std::vector<float> x(static_cast<size_t>(n), 0.1f);
    float sum = 0;
    t.reduce_rows[0][static_cast<int>(DType::Float32)](x.data(), &sum, 1, n, 0, 1);
    expect(std::fabs(sum / static_cast<double>(n) / 0.1f - 1) < 1e-6, std::string(t.isa) + " mean of 2^26 floats");
    std::vector<float> columns(64);
    t.reduce_columns[0][static_cast<int>(DType::Float32)](x.data(), columns.data(), n / 64, 64, 64);
    expect(std::fabs(columns[5] / (static_cast<double>(n) / 64) / 0.1f - 1) < 1e-6,
           std::string(t.isa) + " mean down long columns");
}

// Sizes around that of a tile, rows further apart than they are long; what lies between them must stay.
template <class T> void check_transpose(const Table& t, DType dtype) {
    for (int64_t rows : {0, 1, 3, 4, 7, 8, 9, 16, 21})
        for (int64_t cols : {0, 1, 3, 4, 8, 15, 16, 17, 33}) {
            const int64_t ld_in = rows + 3, ld_out = cols + 2;
            std::vector<T> in(static_cast<size_t>(ld_in * cols)), out(static_cast<size_t>(ld_out * rows), T(7));
            for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<T>(100 + i);
            t.transpose[static_cast<int>(dtype)](in.data(), ld_in, out.data(), ld_out, rows, cols);
            bool good = true;
            for (int64_t r = 0; r < rows; ++r)
                for (int64_t c = 0; c < ld_out; ++c) {
                    T want = c < cols ? in[static_cast<size_t>(c * ld_in + r)] : T(7);
                    good = good && out[static_cast<size_t>(r * ld_out + c)] == want;
                }
            expect(good, label<T>(t, "transpose") + std::to_string(rows) + "x" + std::to_string(cols));
        }
}

// Whole numbers, so that any order of additions gives the same. Rows without entries, and columns around a register's.
template <class T> void check_sparse(const Table& t) {
    const std::vector<int64_t> starts = {0, 0, 3, 4, 4, 9}, columns = {2, 0, 2, 1, 3, 3, 0, 1, 2};
    const std::vector<int64_t> row_of = {1, 1, 1, 2, 4, 4, 4, 4, 4};
    const int64_t rows = 5, cols = 4, count = 9;
    const int at = static_cast<int>(DTypeOf<T>::value);
    for (int64_t n : {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 64, 67, 130}) {
        std::vector<T> values, dense(static_cast<size_t>(cols * n)), out(static_cast<size_t>(rows * n), T(7)), dots(9);
        for (int64_t e = 0; e < count; ++e) values.push_back(static_cast<T>(e - 4));
        for (size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<T>(i % 11) - T(5);
        std::vector<T> want(out.size()), other(out.size());
        for (size_t i = 0; i < other.size(); ++i) other[i] = static_cast<T>(i % 7) - T(3);
        t.sparse_rows[at](starts.data(), columns.data(), values.data(), dense.data(), out.data(), 0, rows, n);
        t.sampled_dots[at](row_of.data(), columns.data(), other.data(), dense.data(), dots.data(), count, n);
        bool good = true;
        for (int64_t e = 0; e < count; ++e) {
            T dot = 0;
            for (int64_t j = 0; j < n; ++j) {
                const T x = dense[static_cast<size_t>(columns[static_cast<size_t>(e)] * n + j)];
                const size_t to = static_cast<size_t>(row_of[static_cast<size_t>(e)] * n + j);
                want[to] += values[static_cast<size_t>(e)] * x;
                dot += other[to] * x;
            }
            good = good && dots[static_cast<size_t>(e)] == dot;
        }
        expect(good && out == want, label<T>(t, "sparse products of ") + std::to_string(n) + " columns");
    }
}

// Points around the sizes of registers and panels, some of them equal.
template <class T> void check_distances(const Table& t) {
    const int at = static_cast<int>(DTypeOf<T>::value);
    const DistanceTable& table = distance_kernels(t);
    constexpr int64_t columns = kDistanceBytes / static_cast<int64_t>(sizeof(T));
    for (int64_t n : {1, 3, 16, 31, 64, 65, 130})
        for (int64_t rows : {1, 2, 5})
            for (int64_t d : {1, 2, 3, 4, 7, 8, 33}) {
                const size_t cells = static_cast<size_t>(rows * n);
                const std::vector<T> points = uniform_vector<T>(static_cast<size_t>(n * d), -2, 2);
                std::vector<T> a = uniform_vector<T>(static_cast<size_t>(rows * d), -2, 2);
                std::copy(points.end() - d, points.end(), a.begin());
                const std::vector<T> w = uniform_vector<T>(cells, -1, 1);
                std::vector<T> panels(static_cast<size_t>((n + columns - 1) / columns * columns * d));
                for (int64_t j = 0; j < n; ++j)
                    for (int64_t k = 0; k < d; ++k)
                        panels[static_cast<size_t>((j / columns * d + k) * columns + j % columns)] =
                            points[static_cast<size_t>(j * d + k)];
                std::vector<T> y(cells), sums(a.size());
                table.distances[at](a.data(), panels.data(), y.data(), rows, n, d);
                table.sums[at](w.data(), a.data(), panels.data(), sums.data(), rows, n, d);
                std::vector<double> distances(cells), exact(a.size()), size(a.size());
                ref::distances(a.data(), points.data(), w.data(), distances.data(), exact.data(), size.data(), rows, n,
                               d);
                bool good = y[static_cast<size_t>(n - 1)] == T(0);
                for (size_t i = 0; i < cells; ++i)
                    good = good && near<T>(y[i], distances[i], 4 + static_cast<double>(d) / 4);
                for (size_t i = 0; i < a.size(); ++i) good = good && near<T>(sums[i], exact[i], 4, 8 * size[i]);
                expect(good, label<T>(t, "distances of ") + std::to_string(rows) + " and " + std::to_string(n) +
                                 " points of " + std::to_string(d));
            }
}

// softmax down columns against softmax along their rows.
template <class T> void check_softmax_columns(const Table& t) {
    const int type = static_cast<int>(DTypeOf<T>::value);
    for (const int64_t n : {1, 3, 32, 100})
        for (const int64_t cols : {16, 17, 64, 83}) {
            const size_t size = static_cast<size_t>(n * cols);
            const std::vector<T> x = uniform_vector<T>(size, -8, 8), g = uniform_vector<T>(size, -1, 1);
            std::vector<T> turned_x(size), turned_g(size), row(size), row_grad(size), column(size), column_grad(size);
            auto turned = [&](const std::vector<T>& from, std::vector<T>& to) {
                for (int64_t i = 0; i < n; ++i)
                    for (int64_t c = 0; c < cols; ++c)
                        to[static_cast<size_t>(c * n + i)] = from[static_cast<size_t>(i * cols + c)];
            };
            turned(x, turned_x), turned(g, turned_g);
            for (const bool log : {false, true}) {
                (log ? t.log_softmax : t.softmax)[type](turned_x.data(), row.data(), cols, n);
                (log ? t.log_softmax_grad : t.softmax_grad)[type](turned_g.data(), row.data(), row_grad.data(), cols,
                                                                  n);
                (log ? t.log_softmax_columns : t.softmax_columns)[type](x.data(), column.data(), n, cols, cols);
                (log ? t.log_softmax_columns_grad : t.softmax_columns_grad)[type](g.data(), column.data(),
                                                                                  column_grad.data(), n, cols, cols);
                std::vector<T> y(size), dy(size);
                turned(column, y), turned(column_grad, dy);
                bool ok = true;
                for (size_t i = 0; i < size; ++i)
                    ok &= near<T>(y[i], static_cast<double>(row[i]), 8, log ? 2 : 1e-25) &&
                          near<T>(dy[i], static_cast<double>(row_grad[i]), 16, 64);
                expect(ok, label<T>(t, log ? "log_softmax" : "softmax") + " of columns " + std::to_string(n) + "x" +
                               std::to_string(cols));
            }
        }
}

template <class T> void check_floats(const Table& t) {
    check_float_sums<T>(t), check_float_columns<T>(t), check_softmax<T>(t), check_softmax_columns<T>(t),
        check_cross_entropy<T>(t);
    check_add_bias<T>(t), check_optimizers<T>(t);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1) random_bits.seed(static_cast<unsigned>(std::stoul(argv[1])));
    const std::vector<const Table*> tables = usable_tables();
    for (const Table* t : tables) {
        const int before = failed;
        check_floats<float>(*t), check_floats<double>(*t);
        check_int_reductions<uint8_t>(*t, DType::Bool), check_int_reductions<uint8_t>(*t, DType::UInt8);
        check_int_reductions<int32_t>(*t, DType::Int32), check_int_reductions<int64_t>(*t, DType::Int64);
        check_scanned_columns<uint8_t>(*t), check_scanned_columns<int32_t>(*t), check_scanned_columns<int64_t>(*t);
        check_scanned_columns<float>(*t), check_scanned_columns<double>(*t);
        check_scans<uint8_t>(*t), check_scans<int32_t>(*t), check_scans<int64_t>(*t), check_scans<float>(*t),
            check_scans<double>(*t);
        check_transpose<int32_t>(*t, DType::Int32), check_transpose<float>(*t, DType::Float32);
        check_transpose<int64_t>(*t, DType::Int64), check_transpose<double>(*t, DType::Float64);
        check_mean_of_many(*t);
        std::printf("%s: %d failed\n", t->isa, failed - before);
    }
    for (const Table* t : tables) {
        check_row_dots<float>(*t), check_row_dots<double>(*t);
        check_columns<float>(*t), check_columns<double>(*t);
        check_sparse<float>(*t), check_sparse<double>(*t);
        check_distances<float>(*t), check_distances<double>(*t);
    }
    return report();
}
