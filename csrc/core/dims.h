// Shapes, strides and axis lists: plain data, inline, no heap.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace chainrule {

inline constexpr int kMaxDims = 10;

struct Dims {
    int32_t n = 0;
    int64_t v[kMaxDims];

    // Four sizes are always there to copy: one or two wide moves instead of a loop. Beyond them only what is used.
    Dims() { v[0] = v[1] = v[2] = v[3] = 0; }
    Dims(std::initializer_list<int64_t> list) : Dims() {
        for (int64_t x : list) push(x);
    }
    Dims(const Dims& other) { *this = other; }
    Dims& operator=(const Dims& other) {
        n = other.n;
        for (int i = 0; i < 4; ++i) v[i] = other.v[i];
        for (int i = 4; i < n; ++i) v[i] = other.v[i];
        return *this;
    }

    int size() const { return n; }
    bool empty() const { return n == 0; }
    int64_t& operator[](int i) { return v[i]; }
    int64_t operator[](int i) const { return v[i]; }
    const int64_t* begin() const { return v; }
    const int64_t* end() const { return v + n; }
    int64_t back() const { return v[n - 1]; }
    void push(int64_t x);  // ValueError beyond kMaxDims
    void insert(int at, int64_t x);
    void erase(int at);
    bool operator==(const Dims& other) const {
        if (n != other.n) return false;
        for (int i = 0; i < n; ++i)
            if (v[i] != other.v[i]) return false;
        return true;
    }
};

// "(2, 3)", "(2,)", "()": Python's form of a tuple.
std::string str(const Dims& d);

// Number of elements; ValueError if a size is negative or the product overflows int64.
int64_t checked_numel(const char* op, const Dims& shape);
int64_t checked_sum(const char* op, int64_t a, int64_t b);  // of two lengths; ValueError where it overflows int64
int64_t numel_of(const Dims& shape);
Dims contiguous_strides(const Dims& shape);
bool is_contiguous(const Dims& shape, const Dims& strides);

}  // namespace chainrule
