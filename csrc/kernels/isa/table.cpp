// The table of this instruction set. It is made at compile time: no code of this file runs before main.
#include "kernels/isa/entries.h"
#include "kernels/tables.h"

#define CHAINRULE_NAME_(isa) #isa
#define CHAINRULE_NAME(isa) CHAINRULE_NAME_(isa)

namespace chainrule::kernels::CHAINRULE_ISA {
namespace {

constexpr Table make() {
    Table t{};
    t.isa = CHAINRULE_NAME(CHAINRULE_ISA);
    fill_all<UnaryEntry, Unary>(t.unary);
    fill_all<BinaryEntry, Binary>(t.binary);
    fill_all<CompareEntry, Compare>(t.compare);
    fill_all<PredicateEntry, Predicate>(t.predicate);
    fill_all<TernaryEntry, Ternary>(t.ternary);
    fill_selection(t);
    fill_all<ReduceRowsEntry, Reduce>(t.reduce_rows);
    fill_all<ReduceColumnsEntry, Reduce>(t.reduce_columns);
    fill_scans(t);
    fill_rows(t);
    fill_cross_entropy(t);
    fill_optimizers(t);
    fill_step_rules(t);
    fill_conv(t);
    fill_normalize(t);
    fill_recurrent(t);
    fill_progressions(t);
    fill_transpose(t);
    fill_sparse(t);
    fill_sample(t);
    return t;
}

}  // namespace

constinit const Table table = make();

}  // namespace chainrule::kernels::CHAINRULE_ISA
