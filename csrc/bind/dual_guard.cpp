// While a dual level of autograd.forward_ad is open, a recorder watches its thread: tangents come from the recorded graph, so a
// function of a dual tensor that runs under no_grad would lose its tangent. It raises instead.
#include <unordered_set>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/recorder.h"
#include "bind/autograd.h"
#include "bind/function.h"

namespace chainrule {
namespace {

class DualGuard final : public Recorder {
  public:
    ~DualGuard() override { stop(); }
    void start() {
        check<RuntimeError>(!recorder() || recorder() == this,
                            "forward_ad: no dual level can be opened while a tape records. Open it before the tape.");
        recorder() = this;
    }
    // A tape that was started meanwhile will come back to this guard, which does nothing then: it must outlive the tape.
    void stop() {
        duals_.clear();
        if (recorder() == this) recorder() = nullptr;
    }
    void add(const Tensor& dual) { duals_.push_back(gradient_edge(dual)); }

    void ran(const Operation& op) override {
        // Rules, and what a user's Function does in forward, are unrecorded rightly.
        if (grad_mode() || walk_store() || function_forwards() > 0) return;
        if (!op.op.vjp || !is_floating(op.outputs[0].dtype())) return;
        for (int i = 0; i < op.n_inputs; ++i)
            check<RuntimeError>(
                !op.inputs[i] || !depends_on_dual(op.inputs[i]), "forward_ad: ", op.op.name,
                " under no_grad() has an input with a tangent, which its result would lose: tangents come from the "
                "recorded graph. Leave no_grad() out inside the dual level, or detach() the input.");
    }
    void node_begins(Node*, const Ref<TensorImpl>*) override {}
    void gradient(Node*, int, const Tensor&) override {}
    void node_ends(Node*) override {}
    bool keeps_gradients() const override { return false; }

    bool depends_on_dual(const Tensor& t) const {
        if (!t.requires_grad()) return false;
        std::unordered_set<Node*> seen;
        std::vector<Node*> stack;
        auto visit = [&](const Ref<NodeBase>& ref) {
            if (ref && seen.insert(as_node(ref)).second) stack.push_back(as_node(ref));
        };
        visit(gradient_edge(t).node);
        while (!stack.empty()) {
            Node* node = stack.back();
            stack.pop_back();
            for (const Edge& dual : duals_)
                if (dual.node.get() == node) return true;
            for (uint32_t i = 0; i < node->n_inputs; ++i) visit(node->edges()[i].node);
        }
        return false;
    }

  private:
    std::vector<Edge> duals_;
};

}  // namespace

void bind_dual_guard(py::module_& m) {
    py::class_<DualGuard>(m, "DualGuard", "Watches a dual level of forward_ad.", memory_checked())
        .def(
            "__init__", [](py::detail::value_and_holder& place) { construct(place, std::make_unique<DualGuard>()); },
            py::detail::is_new_style_constructor())
        .def("start", &DualGuard::start)
        .def("stop", &DualGuard::stop)
        .def("add", &DualGuard::add, py::arg("dual"))
        .def("depends_on_dual", &DualGuard::depends_on_dual, py::arg("tensor"));
}

}  // namespace chainrule
