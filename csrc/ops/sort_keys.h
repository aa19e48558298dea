// Sorting by integers: each element becomes an unsigned key whose order is the element's, with NaN last, and carries its
// place. Places make all entries different, so that every algorithm gives the stable order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace chainrule {

// Unsigned integers in the order of T's values; NaN is the largest, -0 equals 0.
template <class T> auto order_key(T x) {
    if constexpr (std::is_floating_point_v<T>) {
        using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
        constexpr Bits sign = Bits{1} << (8 * sizeof(T) - 1);
        const T y = x + T(0);
        Bits bits;
        std::memcpy(&bits, &y, sizeof bits);
        bits = (bits & sign) != 0 ? ~bits : bits | sign;
        return x != x ? ~Bits{0} : bits;
    } else if constexpr (sizeof(T) == 8) {
        return static_cast<uint64_t>(x) ^ (uint64_t{1} << 63);
    } else if constexpr (std::is_same_v<T, int32_t>) {
        return static_cast<uint32_t>(x) ^ (uint32_t{1} << 31);
    } else {
        return static_cast<uint32_t>(x);
    }
}

// A key of 32 bits and a place in one word, for rows shorter than 2^32.
struct PackedEntry {
    uint64_t word;
    static constexpr int kFirstByte = 4, kLastByte = 8;
    PackedEntry() = default;
    PackedEntry(uint32_t key, int64_t at) : word(uint64_t{key} << 32 | static_cast<uint64_t>(at)) {}
    int64_t at() const { return static_cast<int64_t>(word & 0xffffffffu); }
    unsigned byte(int k) const { return static_cast<unsigned>(word >> (8 * k) & 0xff); }
    bool operator<(PackedEntry other) const { return word < other.word; }
};
struct WideEntry {
    uint64_t key;
    int64_t place;
    static constexpr int kFirstByte = 0, kLastByte = 8;
    WideEntry() = default;
    WideEntry(uint64_t k, int64_t at) : key(k), place(at) {}
    int64_t at() const { return place; }
    unsigned byte(int k) const { return static_cast<unsigned>(key >> (8 * k) & 0xff); }
    bool operator<(const WideEntry& other) const { return key != other.key ? key < other.key : place < other.place; }
};

template <class Entry, class T> void fill_entries(const T* row, int64_t n, bool descending, Entry* out) {
    using Key = decltype(order_key(T()));
    const Key turn = descending ? ~Key{0} : Key{0};
    for (int64_t i = 0; i < n; ++i) out[i] = Entry(static_cast<Key>(order_key(row[i]) ^ turn), i);
}

// Sorts n entries that lie in the order of their places; `scratch` has room for as many. Byte by byte from the lowest
// (H. H. Seward, Information sorting in the application of electronic digital computers, 1954); bytes in which all agree
// are passed over. Short rows by comparison.
template <class Entry> void sort_entries(Entry* entries, Entry* scratch, int64_t n) {
    constexpr int64_t kShort = 96;
    if (n < kShort) {
        std::sort(entries, entries + n);
        return;
    }
    constexpr int first = Entry::kFirstByte, last = Entry::kLastByte;
    int64_t counts[last - first][256] = {};
    for (int64_t i = 0; i < n; ++i)
        for (int k = first; k < last; ++k) ++counts[k - first][entries[i].byte(k)];
    Entry *from = entries, *to = scratch;
    for (int k = first; k < last; ++k) {
        int64_t* count = counts[k - first];
        if (count[from[0].byte(k)] == n) continue;
        int64_t at = 0;
        for (int b = 0; b < 256; ++b) {
            const int64_t here = count[b];
            count[b] = at;
            at += here;
        }
        for (int64_t i = 0; i < n; ++i) to[count[from[i].byte(k)]++] = from[i];
        std::swap(from, to);
    }
    if (from != entries) std::copy(from, from + n, entries);
}

// Calls f with an entry of the kind that rows of n elements of T need.
template <class T, class F> void visit_entry(int64_t n, F&& f) {
    if constexpr (sizeof(order_key(T())) == 4) {
        if (n < (int64_t{1} << 32)) return f(PackedEntry());
    }
    f(WideEntry());
}

}  // namespace chainrule
