#include "ops/registry.h"

#include "ops/random.h"

namespace chainrule {
namespace {
std::vector<FunctionDef>& table() {
    static std::vector<FunctionDef>* t = new std::vector<FunctionDef>;
    return *t;
}
}  // namespace

Register::Register(FunctionDef def) { table().push_back(std::move(def)); }

const std::vector<FunctionDef>& registry() { return table(); }

Tensor Args::run_op(const OpDef& op, const Tensor* in, int n, void* attrs) {
    if (inplace) return dispatch_inplace(op, in, n, attrs);
    Tensor out;
    dispatch(op, in, n, attrs, &out);
    return out;
}

Generator& Args::generator(int i) const {
    return given(i) ? *static_cast<Generator*>(args[i].object) : default_generator();
}

}  // namespace chainrule
