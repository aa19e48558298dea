"""Names that packages built on PyTorch import, and what they answer. Runs under as_torch."""

import functorch
import torch
import torch.distributed.autograd
import torch.distributed.rpc
import torch.fx
from torch._dynamo import OptimizedModule
from torch.autograd.graph import Node, save_on_cpu
from torch.distributed import ProcessGroup, isend
from torch.distributed.elastic.multiprocessing.errors import record
from torch.distributions.binomial import Binomial
from torch.export import ExportedProgram
from torch.hub import get_dir, set_dir
from torch.jit.annotations import List
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.pixelshuffle import PixelShuffle
from torch.optim.optimizer import Optimizer, ParamsT, _use_grad_for_differentiable
from torch.overrides import TorchFunctionMode
from torch.profiler import ProfilerAction
from torch.storage import UntypedStorage
from torch.utils._pytree import register_pytree_node, tree_flatten, tree_map
from torch.utils.data import IterDataPipe, functional_datapipe
from torch.utils.data.dataloader import _BaseDataLoaderIter
from torch.utils.data.datapipes.iter import IterableWrapper


def refused(call, *args, error=RuntimeError):
    try:
        call(*args)
    except error as message:
        return str(message)
    raise AssertionError(f"{call} was not refused")


@torch.fx.wrap
def helper(x):
    return x + 1


@functional_datapipe("doubled")
class Doubled(IterDataPipe):
    def __init__(self, source):
        self.source = source

    def __iter__(self):
        return (2 * x for x in self.source)


class Plain(Optimizer):
    def __init__(self, params: ParamsT, lr: float = 0.1):
        super().__init__(params, {"lr": lr, "differentiable": False})

    @_use_grad_for_differentiable
    def step(self):
        assert not torch.is_grad_enabled()
        for group in self.param_groups:
            for p in group["params"]:
                p.add_(p.grad, alpha=-group["lr"])


class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b


register_pytree_node(Pair, lambda pair: ([pair.a, pair.b], None), lambda children, _: Pair(*children))
leaves, _ = tree_flatten({"x": Pair(1, [2, 3])})
assert leaves == [1, 2, 3]
assert tree_map(lambda x: x + 1, Pair(1, 2)).b == 3

assert issubclass(torch.nn.InstanceNorm1d, _InstanceNorm) and PixelShuffle is torch.nn.PixelShuffle
assert Binomial is torch.distributions.Binomial and List[int]
assert not isinstance(torch.nn.Linear(1, 1), (OptimizedModule, torch.fx.GraphModule, ExportedProgram))
assert "TorchFunctionMode" in refused(TorchFunctionMode().__enter__)
assert "traces no modules" in refused(torch.fx.symbolic_trace, torch.nn.Linear(1, 1))
assert "no torch.ops.mine.none" in refused(lambda: torch.ops.mine.none, error=AttributeError)
assert torch.ops.aten.relu.default(torch.tensor(-1.0)) == 0
assert ProfilerAction.NONE.value == 0 and UntypedStorage and _BaseDataLoaderIter
assert torch.finfo(torch.float8_e4m3fn).max == 448 and torch.finfo(torch.float32).bits == 32
assert isinstance(torch.finfo(torch.float64), torch.finfo)
assert torch.__config__.show()
assert list(IterableWrapper([1, 2, 3, 4]).doubled().filter(lambda x: x > 2).batch(2)) == [[4, 6], [8]]
set_dir("somewhere")
assert get_dir() == "somewhere"
assert torch.jit.fork(helper, 1).wait() == 2
assert torch.cuda.Stream | None

x = torch.ones(3, requires_grad=True)
with save_on_cpu():
    y = helper(x).exp()
assert isinstance(y.grad_fn, Node)
assert x._cdata == x._cdata != y._cdata and not x.is_inference()
assert [part.shape[0] for part in x.unsafe_split(2)] == [2, 1]
y.sum().backward()
Plain([x]).step()
assert float(x.detach()[0]) < 0.3

# Several processes are asked for, and are not there.
assert ProcessGroup and record(helper) is helper
assert not torch.distributed.rpc.is_available() and not torch.distributed.autograd.is_available()
assert "torch.distributed.isend" in refused(isend, x, 1)

# Lists of numbers, and other keywords than the methods have.
a, b = [torch.tensor([1.0, 2.0]), torch.tensor([3.0])], [torch.tensor([2.0, 2.0]), torch.tensor([4.0])]
torch._foreach_addcdiv_(a, b, b, [0.5, 2.0])
assert [t.tolist() for t in a] == [[1.5, 2.5], [5.0]]
assert [t.tolist() for t in torch._foreach_addcmul(a, b, b, torch.tensor([1.0, 0.0]))] == [[5.5, 6.5], [5.0]]
assert torch._foreach_norm(b, ord=1)[0] == 4
torch._foreach_maximum_(a, b)
assert [t.tolist() for t in a] == [[2.0, 2.5], [5.0]]

# functorch, the package beside torch.
net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).eval()
call, params, buffers = functorch.make_functional_with_buffers(net)
x = torch.ones(4, 2)
assert torch.equal(call(params, buffers, x), net(x)) and params[0] is not net[0].weight
assert "make_functional_with_buffers" in refused(functorch.make_functional, net)
call, params = functorch.make_functional(net[0])
(slope, _) = functorch.grad(lambda p: call(p, x).sum())(params)
assert slope.tolist() == [[4.0, 4.0]] * 3
_, frozen = functorch.make_functional(net[0], disable_autograd_tracking=True)
assert not frozen[0].requires_grad
call, params, buffers = functorch.combine_state_for_ensemble([net, net])
assert functorch.vmap(call, (0, 0, None))(params, buffers, x).shape == (2, 4, 3)
print("all names answered")
