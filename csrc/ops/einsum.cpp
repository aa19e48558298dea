// Sums of products named by labels (einsum), and tensordot.

#include <algorithm>
#include <string>
#include <vector>

#include "ops/linalg.h"
#include "ops/matrix.h"
#include "ops/ops.h"
#include "ops/registry.h"

namespace chainrule {
namespace {

using Labels =
    std::vector<int>;  // letters: A..Z 0..25, a..z 26..51; axes under an ellipsis: 52 and on, 52 the last axis

constexpr int kEllipsis = -1;
constexpr int kFirstHidden = 52;

struct Term {
    Tensor t;
    Labels labels;  // one for each axis
};

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }
int place_of(const Labels& labels, int label) {
    return static_cast<int>(std::find(labels.begin(), labels.end(), label) - labels.begin());
}
std::string name_of(int label) {
    if (label >= kFirstHidden) return "...";
    return std::string(1, static_cast<char>(label < 26 ? 'A' + label : 'a' + label - 26));
}

// "ij...k": labels with kEllipsis in them.
Labels parse_subscripts(const std::string& text, const std::string& equation) {
    Labels out;
    for (size_t i = 0; i < text.size(); ++i) {
        char ch = text[i];
        if (ch == ' ') continue;
        if (ch == '.') {
            check<ValueError>(text.compare(i, 3, "...") == 0 && !has(out, kEllipsis),
                              "einsum: an ellipsis is three dots, once in each operand, got '", equation, "'.");
            out.push_back(kEllipsis);
            i += 2;
            continue;
        }
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        check<ValueError>(letter, "einsum: subscripts are letters, got '", ch, "' in '", equation, "'.");
        out.push_back(ch >= 'a' ? ch - 'a' + 26 : ch - 'A');
    }
    return out;
}

// The ellipsis stands for the axes that the letters leave.
Labels with_hidden(const Labels& labels, int hidden) {
    Labels out;
    for (int label : labels) {
        if (label != kEllipsis) out.push_back(label);
        else
            for (int k = hidden; k-- > 0;) out.push_back(kFirstHidden + k);
    }
    return out;
}

struct Equation {
    std::vector<Labels> inputs;
    Labels output;
};

// Without an arrow: the hidden axes, then the letters that occur once, in alphabetical order (capitals first).
Labels implicit_output(const std::vector<Labels>& inputs, int most_hidden) {
    Labels out;
    for (int k = most_hidden; k-- > 0;) out.push_back(kFirstHidden + k);
    for (int label = 0; label < kFirstHidden; ++label) {
        int64_t times = 0;
        for (const Labels& in : inputs) times += std::count(in.begin(), in.end(), label);
        if (times == 1) out.push_back(label);
    }
    return out;
}

Equation parse(const std::string& equation, const std::vector<Tensor>& operands) {
    size_t arrow = equation.find("->");
    std::string left = equation.substr(0, arrow);
    std::vector<std::string> parts(1);
    for (char ch : left) {
        if (ch == ',') parts.emplace_back();
        else parts.back() += ch;
    }
    check<ValueError>(parts.size() == operands.size(), "einsum: '", equation, "' has ", parts.size(), " operands, got ",
                      operands.size(), ".");
    Equation out;
    int most_hidden = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
        Labels labels = parse_subscripts(parts[i], equation);
        int letters = static_cast<int>(labels.size()) - has(labels, kEllipsis), hidden = operands[i].ndim() - letters;
        check<ValueError>(has(labels, kEllipsis) ? hidden >= 0 : hidden == 0, "einsum: '", parts[i], "' has ", letters,
                          " subscripts, which do not fit operand ", i, " of shape ", operands[i].shape(), ".");
        most_hidden = std::max(most_hidden, hidden);
        out.inputs.push_back(with_hidden(labels, hidden));
    }
    if (arrow == std::string::npos) {
        out.output = implicit_output(out.inputs, most_hidden);
        return out;
    }
    out.output = with_hidden(parse_subscripts(equation.substr(arrow + 2), equation), most_hidden);
    for (int label : out.output) {
        bool known = label >= kFirstHidden;
        for (const Labels& in : out.inputs) known = known || has(in, label);
        check<ValueError>(known && std::count(out.output.begin(), out.output.end(), label) == 1,
                          "einsum: each subscript of the output must be one of an operand's and stand once, got '",
                          name_of(label), "' in '", equation, "'.");
    }
    return out;
}

// A label that stands twice in one operand takes the diagonal.
Term without_repeats(Term term) {
    for (size_t i = 0; i < term.labels.size(); ++i)
        for (size_t j = term.labels.size(); j-- > i + 1;) {
            if (term.labels[i] != term.labels[j]) continue;
            int label = term.labels[i];
            int64_t a = term.t.size(static_cast<int>(i)), b = term.t.size(static_cast<int>(j));
            check<ValueError>(a == b, "einsum: subscript '", name_of(label),
                              "' stands twice in one operand: both axes must have one size, got ", a, " and ", b, ".");
            term.t = diagonal(term.t, 0, static_cast<int64_t>(i), static_cast<int64_t>(j));
            term.labels.erase(term.labels.begin() + static_cast<int64_t>(j));
            term.labels.erase(term.labels.begin() + static_cast<int64_t>(i));
            term.labels.push_back(label);
            return without_repeats(std::move(term));
        }
    return term;
}

void check_sizes(const std::vector<Term>& terms, const std::string& equation) {
    int64_t sizes[kFirstHidden + kMaxDims];
    std::fill(std::begin(sizes), std::end(sizes), -1);
    for (const Term& term : terms)
        for (size_t i = 0; i < term.labels.size(); ++i) {
            int64_t n = term.t.size(static_cast<int>(i)), &known = sizes[term.labels[i]];
            check<ValueError>(known == -1 || known == n || known == 1 || n == 1, "einsum: subscript '",
                              name_of(term.labels[i]), "' must have one size in all operands, got ", known, " and ", n,
                              " in '", equation, "'.");
            if (known == -1 || known == 1) known = n;
        }
}

Term summed(Term term, const Labels& needed) {
    Dims axes;
    Labels left;
    for (size_t i = 0; i < term.labels.size(); ++i) {
        if (has(needed, term.labels[i])) left.push_back(term.labels[i]);
        else axes.push(static_cast<int64_t>(i));
    }
    if (axes.n) term = {sum(term.t, axes), left};
    return term;
}

// The axes brought into this order; labels that the term lacks become axes of size 1.
Tensor arranged(const Term& term, const Labels& order) {
    Dims axes;
    for (int label : order)
        if (has(term.labels, label)) axes.push(place_of(term.labels, label));
    Tensor t = permute(term.t, axes);
    for (size_t i = 0; i < order.size(); ++i)
        if (!has(term.labels, order[i])) t = unsqueeze(t, static_cast<int64_t>(i));
    return t;
}

// An axis of size 1 broadcasts against the other term's.
void drop_single(Term& term, const Term& other) {
    for (size_t i = term.labels.size(); i-- > 0;) {
        int label = term.labels[i];
        if (term.t.size(static_cast<int>(i)) != 1 || !has(other.labels, label)) continue;
        if (other.t.size(place_of(other.labels, label)) == 1) continue;
        term.t = squeeze(term.t, static_cast<int64_t>(i));
        term.labels.erase(term.labels.begin() + static_cast<int64_t>(i));
    }
}

struct Roles {
    Labels batch, left, right, inner;
};

Labels joined(const Labels& a, const Labels& b) {
    Labels out = a;
    out.insert(out.end(), b.begin(), b.end());
    return out;
}

// The product of two terms, summed over the labels that nothing else needs.
Term product_of(Term a, Term b, const Labels& needed) {
    drop_single(a, b);
    drop_single(b, a);
    a = summed(a, joined(needed, b.labels));
    b = summed(b, joined(needed, a.labels));
    Roles r;
    for (int label : a.labels)
        (!has(b.labels, label) ? r.left : has(needed, label) ? r.batch : r.inner).push_back(label);
    for (int label : b.labels)
        if (!has(a.labels, label)) r.right.push_back(label);
    Labels out = joined(r.batch, joined(r.left, r.right));
    if (r.inner.empty()) return {arranged(a, out) * arranged(b, out), out};
    if (r.left.empty() && r.right.empty()) {
        Labels all = joined(out, r.inner);
        return summed({arranged(a, all) * arranged(b, all), all}, out);
    }
    Tensor x = arranged(a, joined(r.batch, joined(r.left, r.inner)));
    Tensor y = arranged(b, joined(r.batch, joined(r.inner, r.right)));
    int n_batch = static_cast<int>(r.batch.size()), n_left = static_cast<int>(r.left.size());
    Dims shape;
    int64_t sizes[4] = {1, 1, 1, 1};  // batch, left, inner, right
    for (int d = 0; d < x.ndim(); ++d) {
        sizes[d < n_batch ? 0 : d < n_batch + n_left ? 1 : 2] *= x.size(d);
        if (d < n_batch + n_left) shape.push(x.size(d));
    }
    for (int d = n_batch + static_cast<int>(r.inner.size()); d < y.ndim(); ++d) {
        sizes[3] *= y.size(d);
        shape.push(y.size(d));
    }
    x = reshape(x, {sizes[0], sizes[1], sizes[2]});
    y = reshape(y, {sizes[0], sizes[2], sizes[3]});
    check_same_dtype("einsum", x, y);
    return {reshape(bmm(x, y), shape), out};
}

// How many multiplications the product of two terms takes.
double cost(const Term& a, const Term& b) {
    double n = 1;
    for (int64_t size : a.t.shape()) n *= static_cast<double>(size);
    for (size_t i = 0; i < b.labels.size(); ++i)
        if (!has(a.labels, b.labels[i])) n *= static_cast<double>(b.t.size(static_cast<int>(i)));
    return n;
}

}  // namespace

Tensor einsum(const std::string& equation, const std::vector<Tensor>& operands) {
    check<ValueError>(!operands.empty(), "einsum: at least one operand is required, got none.");
    Equation e = parse(equation, operands);
    std::vector<Term> terms;
    for (size_t i = 0; i < operands.size(); ++i) terms.push_back(without_repeats({operands[i], e.inputs[i]}));
    check_sizes(terms, equation);
    while (terms.size() > 1) {
        // The cheapest product first.
        size_t first = 0, second = 1;
        for (size_t i = 0; i < terms.size(); ++i)
            for (size_t j = i + 1; j < terms.size(); ++j)
                if (cost(terms[i], terms[j]) < cost(terms[first], terms[second])) first = i, second = j;
        Labels needed = e.output;
        for (size_t k = 0; k < terms.size(); ++k)
            if (k != first && k != second) needed = joined(needed, terms[k].labels);
        Term product = product_of(terms[first], terms[second], needed);
        terms.erase(terms.begin() + static_cast<int64_t>(second));
        terms[first] = std::move(product);
    }
    return arranged(summed(terms[0], e.output), e.output);
}

const Register einsum_fn({"einsum",
                          kFunction,
                          R"(Sum of products of elements, written with a letter for each axis.

    "ij,jk->ik":  C_ik = sum_j A_ij B_jk

Letters that are missing in the output are summed. A letter twice in one operand takes the diagonal. An ellipsis stands for
the other axes, which broadcast. Without "->" the output has the letters that occur once, in alphabetical order. Three and
more operands are multiplied in pairs, the cheapest pair first.

Args:
    equation: the subscripts of the operands, separated by commas, and those of the output.
    operands: tensors of one dtype.

Returns:
    Tensor with an axis for each letter of the output.

Raises:
    ValueError: if the equation doesn't fit the operands.

Example:
    >>> chainrule.einsum("ij,j->i", chainrule.tensor([[1., 2.], [3., 4.]]), chainrule.tensor([1., 10.]))
    tensor([21., 43.])
)",
                          {{"einsum(str equation, VarTensors operands)",
                            [](Args& a) { a.ret(einsum(std::string(a.text(0)), a.tensors(1))); }}}});

// ---- tensordot: a matrix product over several axes ----
namespace {

// Summed along an axis whose partner has size 1, which counts as that element repeated.
Tensor summed_axis(const Tensor& x, int axis) { return cast(sum(x, {axis}, true), x.dtype()); }

Tensor tensordot(Tensor a, Tensor b, const Dims& of_a, const Dims& of_b) {
    check<ValueError>(of_a.n == of_b.n, "tensordot: as many axes of both tensors are required, got ", of_a, " and ",
                      of_b, ".");
    Labels left, right;
    for (int d = 0; d < a.ndim(); ++d) left.push_back(d);
    for (int d = 0; d < b.ndim(); ++d) right.push_back(a.ndim() + d);
    Labels out = joined(left, right);
    check<IndexError>(of_a.n == 0 || (a.ndim() > 0 && b.ndim() > 0),
                      "tensordot: a tensor without axes has none to contract, got shapes ", a.shape(), " and ",
                      b.shape(), ".");
    uint32_t seen_a = 0, seen_b = 0;
    for (int i = 0; i < of_a.n; ++i) {
        int da = normalize_axis("tensordot", of_a[i], a.ndim()), db = normalize_axis("tensordot", of_b[i], b.ndim());
        check<ValueError>(!(seen_a >> da & 1) && !(seen_b >> db & 1),
                          "tensordot: each axis may be contracted once, got ", of_a, " and ", of_b, ".");
        seen_a |= 1u << da;
        seen_b |= 1u << db;
        if (a.size(da) == 1 && b.size(db) != 1) b = summed_axis(b, db);
        if (b.size(db) == 1 && a.size(da) != 1) a = summed_axis(a, da);
        check<ValueError>(a.size(da) == b.size(db), "tensordot: contracted axes must have one size, got ", a.shape(),
                          " and ", b.shape(), " (", a.size(da), " != ", b.size(db), ").");
        out.erase(std::remove(out.begin(), out.end(), da), out.end());
        out.erase(std::remove(out.begin(), out.end(), a.ndim() + db), out.end());
        right[static_cast<size_t>(db)] = da;
    }
    return arranged(product_of({a, left}, {b, right}, out), out);
}

}  // namespace

const Register tensordot_fn({"tensordot",
                             kFunction,
                             R"(Product of two tensors, summed over several axes of both.

    dims = 2:  C_ij.. = sum_kl A_i..kl B_kl..j

Args:
    a, b: tensors of one dtype.
    dims: how many of a's last axes meet b's first ones; or two lists, of a's axes and of b's. An axis of size 1 is stretched.

Returns:
    Tensor with a's other axes, then b's.

Example:
    >>> chainrule.tensordot(chainrule.ones(2, 3), chainrule.ones(3, 4), dims=1).shape
    chainrule.Size([2, 4])
)",
                             {{"tensordot(Tensor a, Tensor b, int dims=2)",
                               [](Args& a) {
                                   const Tensor &x = a.tensor(0), &y = a.tensor(1);
                                   int64_t n = a.integer(2);
                                   check<ValueError>(
                                       n >= 0 && n <= x.ndim() && n <= y.ndim(),
                                       "tensordot: dims must be between 0 and the tensors' dimensions, got ", n,
                                       " for shapes ", x.shape(), " and ", y.shape(), ".");
                                   Dims of_a, of_b;
                                   for (int64_t i = 0; i < n; ++i) {
                                       of_a.push(x.ndim() - n + i);
                                       of_b.push(i);
                                   }
                                   a.ret(tensordot(x, y, of_a, of_b));
                               }},
                              {"tensordot(Tensor a, Tensor b, ints dims_a, ints dims_b)",
                               [](Args& a) { a.ret(tensordot(a.tensor(0), a.tensor(1), a.ints(2), a.ints(3))); }}}});

}  // namespace chainrule
