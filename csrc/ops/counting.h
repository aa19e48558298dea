// How often integers of a small range occur.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace chainrule {

struct IntegerRange {
    int64_t low, high;
    // How many numbers it holds, or INT64_MAX where an int64 cannot say.
    int64_t size() const {
        const uint64_t more = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
        return more < static_cast<uint64_t>(INT64_MAX) ? static_cast<int64_t>(more) + 1 : INT64_MAX;
    }
};
// Of n > 0 numbers.
inline IntegerRange range_of(const int64_t* v, int64_t n) {
    IntegerRange r{v[0], v[0]};
    for (int64_t i = 1; i < n; ++i) {
        r.low = std::min(r.low, v[i]);
        r.high = std::max(r.high, v[i]);
    }
    return r;
}

// counts[v - low] += 1 for each v; all are in [low, low + size).
inline void count_integers(const int64_t* v, int64_t n, int64_t low, int64_t size, int64_t* counts) {
    int64_t i = 0;
    // Equal neighbours would wait for each other's sums: four tables, one for every fourth number.
    if (size <= 1 << 12 && n >= 4 * size) {
        std::vector<int64_t> more(static_cast<size_t>(3 * size));
        int64_t *b = more.data(), *c = b + size, *d = c + size;
        for (; i + 4 <= n; i += 4) {
            ++counts[v[i] - low];
            ++b[v[i + 1] - low];
            ++c[v[i + 2] - low];
            ++d[v[i + 3] - low];
        }
        for (int64_t k = 0; k < size; ++k) counts[k] += b[k] + c[k] + d[k];
    }
    for (; i < n; ++i) ++counts[v[i] - low];
}

}  // namespace chainrule
