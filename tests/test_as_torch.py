"""PyTorch programs, unchanged, under `python -m chainrule.as_torch`, beside PyTorch itself at the same seed."""

import re
import subprocess
import sys
import textwrap

import pytest
from extras import need
from helpers import PATIENCE

REGRESSION = """
    import torch
    import torch.nn as nn
    from torch.utils.data import DataLoader, TensorDataset
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x = torch.randn(100, 3)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3 + 0.01 * torch.randn(100, 1)
    loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True, num_workers=0, drop_last=True)
    model = nn.Linear(3, 1).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    for epoch in range(5):
        for a, b in loader:
            loss = nn.functional.mse_loss(model(a.to(device)), b.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        print("loss %.6f lr %.4f" % (loss.item(), optimizer.param_groups[0]["lr"]))
    print([round(v, 5) for v in model.weight.data.view(-1).tolist()])
"""

XOR = """
    import torch, torch.nn as nn, torch.nn.functional as F, torch.optim as optim
    import torch.backends.cudnn as cudnn
    cudnn.benchmark = True
    torch.backends.cudnn.deterministic = True
    torch.manual_seed(3)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(3)

    class Net(nn.Module):
        def __init__(self):
            super(Net, self).__init__()
            self.hidden = nn.Linear(2, 8)
            self.out = nn.Linear(8, 1)
        def forward(self, x):
            return torch.sigmoid(self.out(torch.tanh(self.hidden(x))))

    x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float32)
    y = torch.FloatTensor([[0], [1], [1], [0]])
    net = Net()
    optimizer = optim.Adam(net.parameters(), lr=0.05)
    for step in range(200):
        optimizer.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        if step % 40 == 39:
            print(f"{step}: {loss:.4f}")
    with torch.no_grad():
        print((net(x) > 0.5).long().squeeze().tolist(), net(x).size(), x.dtype)
"""

FUNCTION = """
    import torch
    from torch.autograd import Function, Variable
    from torch.autograd.function import once_differentiable
    torch.manual_seed(1)

    class Relu(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.clamp(min=0)
        @staticmethod
        def backward(ctx, g):
            x, = ctx.saved_tensors
            g = g.clone()
            g[x < 0] = 0
            return g

    x, y = torch.randn(16, 20), torch.randn(16, 4)
    w1, w2 = torch.randn(20, 12, requires_grad=True), torch.randn(12, 4, requires_grad=True)
    for step in range(60):
        loss = (Relu.apply(x.mm(w1)).mm(w2) - y).pow(2).sum()
        if step % 10 == 9:
            print(step, "%.4f" % loss.item())
        loss.backward()
        with torch.no_grad():
            w1 -= 1e-4 * w1.grad
            w2 -= 1e-4 * w2.grad
            w1.grad.zero_()
            w2.grad.zero_()
    p = torch.tensor(2.0, requires_grad=True)
    g, = torch.autograd.grad(p ** 3, p, create_graph=True)
    print(torch.autograd.grad(g, p)[0].item())
    from torch.autograd.gradcheck import gradcheck  # a module and a function have this name
    print(torch.autograd.gradcheck is gradcheck, gradcheck(torch.sin, [p.detach().double().requires_grad_()]))
"""

OLD = """
    import torch
    from torch.autograd import Variable
    torch.manual_seed(2)
    dtype = torch.FloatTensor
    x = Variable(torch.randn(32, 10).type(dtype), requires_grad=False)
    y = Variable(torch.randn(32, 5).type(dtype))
    w1 = Variable(torch.randn(10, 8).type(dtype), requires_grad=True)
    w2 = Variable(torch.Tensor(8, 5).normal_(0, 0.1), requires_grad=True)
    labels = torch.LongTensor([0, 2, 1])
    for step in range(40):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).mean()
        loss.backward()
        w1.data -= 0.05 * w1.grad.data
        w2.data.sub_(0.05 * w2.grad.data)
        w1.grad.data.zero_()
        w2.grad.data.zero_()
        if step % 10 == 9:
            print(step, "{:.5f}".format(loss.data.item()))
    scores = Variable(torch.zeros(3, 3))
    print(torch.nn.CrossEntropyLoss(size_average=False)(scores, Variable(labels)).item())
"""

INERT = """
    import os, sys
    import torch
    import torch.nn as nn
    import torch.distributed as dist
    import torch.multiprocessing as mp
    from contextlib import nullcontext
    from torch.cuda.amp import GradScaler, autocast
    from torch.nn.parallel import DistributedDataParallel as DDP
    from torch.nn.modules.linear import Linear
    from torch.utils.data.dataset import Dataset
    from torch.utils.data.sampler import Sampler
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    types = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    context = torch.amp.autocast(device_type="cpu", dtype=types["bfloat16"], enabled=False)
    scaler = GradScaler(enabled=False)
    assert not torch.cuda.is_available() and torch.cuda.device_count() == 0
    assert not torch.accelerator.is_available() and not torch.backends.mps.is_available()
    if torch.cuda.is_available():
        torch.cuda.set_device(0)
    model = nn.DataParallel(nn.Sequential(Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 3)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, betas=(0.9, 0.95))
    x, y = torch.rand(30, 4), torch.randint(0, 3, (30,))
    for step in range(20):
        with context:
            loss = nn.functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        if step % 5 == 4:
            print(step, f"{loss.item():.5f}")
    with torch.random.fork_rng():
        torch.rand(3)
    print(torch.rand(2).tolist(), [name for name, _ in model.named_parameters()])
    torch.testing.assert_close(torch.ones(2), torch.ones(2) + 1e-7)
    print(torch.__version__ >= "2.4", torch.version.cuda, torch.zeros(2, 3).shape, torch.float64)
"""

MODELS = """
    from collections import OrderedDict
    import copy
    import torch
    from torch import stack, ones, zeros
    from torch.nn import *
    from torch import nn
    from torch.nn import init
    from torch.nn.modules.utils import _pair
    from torch.nn.modules.loss import _Loss
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import CosineAnnealingLR, _LRScheduler
    from torch.utils.data import DataLoader, Dataset, random_split
    torch.manual_seed(4)

    class Squares(Dataset):
        def __len__(self):
            return 40
        def __getitem__(self, i):
            image = torch.zeros(1, 6, 6)
            image[0, i % 6, :] = 1 + i / 40
            return image, i % 6

    class Plain(Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, dict(lr=lr))
        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.add_(p.grad, alpha=-group["lr"])

    def weights(m):
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            init.xavier_uniform_(m.weight)
            init.zeros_(m.bias)

    net = Sequential(OrderedDict(
        conv=Conv2d(1, 4, kernel_size=_pair(3), padding=1), norm=nn.BatchNorm2d(4), act=LeakyReLU(0.1, inplace=True),
        pool=MaxPool2d(2), flat=Flatten(), drop=nn.Dropout(0.25), out=Linear(36, 6)))
    net.apply(weights)
    train, test = random_split(Squares(), [30, 10])
    optimizer = Plain(net.parameters(), lr=0.1)
    schedule = CosineAnnealingLR(optimizer, T_max=4)
    best = copy.deepcopy(net.state_dict())
    for epoch in range(4):
        net.train()
        for image, label in DataLoader(train, batch_size=8, shuffle=True):
            loss = CrossEntropyLoss()(net(image), label)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        print(epoch, "%.5f" % loss, "%.5f" % schedule.get_last_lr()[0])
    net.eval()
    with torch.inference_mode():
        print(sum((net(i).argmax(1) == y).sum().item() for i, y in DataLoader(test, batch_size=4)) / len(test))
    net.load_state_dict(best)
    print(list(net.state_dict())[:3], torch.arange(3).data.storage().tolist(), stack([ones(1), zeros(1)]).shape)
    from torch.distributed import nn as _
    from torch.fft import fftfreq, fftshift, ifft, ifftshift, rfftfreq
    print(torch.nn.__dict__["ReLU"](), "SGD" in torch.optim.__dict__, torch.arange(3).split(split_size=[1, 2]))
    print(fftfreq(5, 0.5), rfftfreq(4), fftshift(torch.arange(5)), ifftshift(torch.arange(6).view(2, 3), 1))
"""

PROGRAMS = {"models": MODELS, "regression": REGRESSION, "xor": XOR, "function": FUNCTION, "old": OLD, "inert": INERT}


def execute(*arguments, cwd):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=PATIENCE, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


def write(folder, name, text):
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return str(path)


def as_torch(*arguments, cwd):
    return execute("-m", "chainrule.as_torch", *arguments, cwd=cwd)


NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def assert_same_text(ours, theirs):
    """Equal words, and numbers equal to 1e-4: the sums of float32 products differ in order."""
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    assert [float(n) for n in NUMBER.findall(ours)] == pytest.approx(
        [float(n) for n in NUMBER.findall(theirs)], rel=1e-4, abs=2e-5
    )


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    return {name: write(folder, f"{name}.py", text) for name, text in PROGRAMS.items()}


@pytest.fixture(scope="module")
def printed_by_us(scripts, tmp_path_factory):
    """What each program prints, in a process of its own."""
    texts = {}
    for name, script in scripts.items():
        status, texts[name], errors = as_torch(script, cwd=tmp_path_factory.mktemp(name))
        assert status == 0 and texts[name], (name, errors)
    return texts


@pytest.fixture(scope="module")
def printed_by_pytorch(scripts, tmp_path_factory):
    """The same of PyTorch, in one process, as its import takes longer than they do; each sets its seed."""
    folder, end = tmp_path_factory.mktemp("pytorch"), "=== end\n"
    code = f"import runpy, sys\nfor p in sys.argv[1:]: runpy.run_path(p, run_name='__main__'), print({end!r}, end='')"
    status, text, errors = execute("-c", code, *scripts.values(), cwd=folder)
    assert status == 0, errors
    return dict(zip(scripts, text.split(end), strict=False))


@pytest.mark.parametrize("name", PROGRAMS)
def test_prints_what_pytorch_prints(name, torch, printed_by_us, printed_by_pytorch):
    assert_same_text(printed_by_us[name], printed_by_pytorch[name])


@pytest.mark.parametrize("name", PROGRAMS)
def test_runs_and_nothing_is_missing(name, scripts, printed_by_us, tmp_path):
    assert printed_by_us[name]
    assert as_torch("--check", scripts[name], cwd=tmp_path)[0] == 0


def test_the_script_sees_itself_as_python_would_show_it(tmp_path):
    text = """
        import pickle, sys, torch, beside
        class Net(torch.nn.Linear):
            pass
        assert __name__ == "__main__" and __file__ == sys.argv[0] and sys.modules["__main__"].Net is Net
        copy = pickle.loads(pickle.dumps(Net(2, 3)))
        print(type(copy).__name__, copy(torch.ones(1, 2)).shape, sys.argv[1:], beside.HERE)
        sys.exit(5)
    """
    (tmp_path / "folder").mkdir()
    script = write(tmp_path / "folder", "main.py", text)
    write(tmp_path / "folder", "beside.py", "HERE = 'beside'")
    status, out, errors = as_torch(script, "--check", "-x", "1", cwd=tmp_path)
    assert (status, out.strip()) == (5, "Net torch.Size([1, 3]) ['--check', '-x', '1'] beside"), errors


def test_a_missing_name_says_so_when_it_is_used(tmp_path):
    script = write(
        tmp_path,
        "missing.py",
        """
        import torch
        print("before")
        def use():
            return torch.nosuch(1)
        print(hasattr(torch.nn, "NoSuchLayer"))
        try:
            import torch.quantum
        except ImportError as error:
            print(error)
        use()
        """,
    )
    status, out, errors = as_torch(script, cwd=tmp_path)
    assert status == 1
    assert out.split("\n")[:3] == ["before", "False", "chainrule has no torch.quantum"]
    assert errors.rstrip().endswith("AttributeError: chainrule has no torch.nosuch")
    assert 'missing.py", line 5, in use' in errors and "line 11, in <module>" in errors
    assert "in run" not in errors  # none of our frames below the program's


def test_check_lists_missing_names_without_running(tmp_path):
    write(tmp_path, "near.py", "import torch as t\nf = lambda: t.nosuch3()\n")
    script = write(
        tmp_path,
        "listed.py",
        """
        import torch
        import torch.nn as nn
        import near
        from torch.nn import functional as F, NoSuchLayer
        from torch.optim import SGD
        layers = torch.nn
        absent = torch.nosuch5
        print("never printed")
        torch.backends.cudnn.invented = True
        def later():
            x = torch.relu(F.nosuch1(layers.nosuch2, torch.Tensor.nosuch4))
            return nn.Linear(2, 2).anything, SGD.step
        """,
    )
    status, out, errors = as_torch("--check", script, cwd=tmp_path)
    assert status == 1, errors
    names = re.findall(r"(\w+\.py):(\d+): chainrule has no (\S+)", out)
    assert sorted(names) == [
        ("listed.py", "12", "torch.Tensor.nosuch4"),
        ("listed.py", "12", "torch.nn.functional.nosuch1"),
        ("listed.py", "12", "torch.nn.nosuch2"),
        ("listed.py", "5", "torch.nn.NoSuchLayer"),
        ("listed.py", "8", "torch.nosuch5"),
        ("near.py", "2", "torch.nosuch3"),
    ]
    assert "never printed" not in out


def test_cuda_raises_and_says_so(tmp_path):
    script = write(
        tmp_path,
        "cuda.py",
        """
        import torch
        def message(call, *arguments):
            try:
                call(*arguments)
            except RuntimeError as error:
                print(error)
        message(torch.zeros(1).cuda)
        message(torch.nn.Linear(1, 1).cuda)
        message(torch.cuda.FloatTensor, 3)
        message(torch.cuda.set_device, 0)
        message(torch.zeros(1).to, torch.device("cuda"))
        message(torch.distributed.init_process_group, "gloo")
        """,
    )
    status, out, errors = as_torch(script, cwd=tmp_path)
    assert status == 0, errors
    lines = out.strip().split("\n")
    assert len(lines) == 6 and all("CPU" in line for line in lines), out


def test_spawn_and_distributed_sampler(tmp_path):
    script = write(
        tmp_path,
        "spawn.py",
        """
        import torch
        import torch.multiprocessing as mp
        from torch.utils.data.distributed import DistributedSampler
        def work(rank, value):
            raise SystemExit(rank == 1 and value)
        def square(queue, x):
            queue.put((torch.tensor(x) ** 2).item())
        if __name__ == "__main__":
            mp.set_start_method("spawn")
            parts = [list(DistributedSampler(range(10), 3, rank)) for rank in range(3)]
            print(sorted(set(sum(parts, []))), [len(part) for part in parts])
            mp.spawn(work, args=(0,), nprocs=2)
            try:
                mp.spawn(work, args=(3,), nprocs=2)
            except RuntimeError as error:
                print(error)
            queue = mp.Queue()
            process = mp.Process(target=square, args=(queue, 3))
            process.start()
            print(queue.get(timeout=600))
            process.join()
        """,
    )
    status, out, errors = as_torch(script, cwd=tmp_path)
    assert status == 0, errors
    lines = out.strip().split("\n")
    assert lines[0] == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9] [4, 4, 4]"
    assert lines[1].startswith("spawn: processes [1] ended")
    assert lines[2:] == ["9"]


def test_install_refuses_beside_pytorch(tmp_path, torch):
    status, _, errors = execute("-c", "import torch, chainrule.as_torch as a; a.install()", cwd=tmp_path)
    assert status == 1 and "torch must not be imported yet" in errors


def test_torchvision_is_answered(tmp_path):
    need("sklearn")
    script = write(
        tmp_path,
        "digits.py",
        """
        import torch, torchvision
        import torchvision.transforms as T
        from torchvision import datasets
        from torchvision.transforms import functional as TF
        from torchvision.utils import make_grid
        data = datasets.MNIST("data", train=False, download=True,
                              transform=T.Compose([T.Resize(14), T.ToTensor(), T.Normalize((0.1307,), (0.3081,))]))
        x, y = next(iter(torch.utils.data.DataLoader(data, batch_size=9)))
        print(tuple(x.shape), y.tolist(), tuple(make_grid(x, nrow=3).shape), type(x).__module__)
        """,
    )
    status, out, errors = as_torch("--digits", script, cwd=tmp_path)
    assert status == 0, errors
    assert out.startswith("(9, 1, 14, 14) [2, 3, 4, 5, 6, 7, 8, 9, 0] (3, 50, 50) chainrule")
    assert as_torch("--check", script, cwd=tmp_path)[0] == 0
    status, _, errors = as_torch(script, cwd=tmp_path)
    assert status == 1 and "data/MNIST/raw" in errors
    script = write(tmp_path, "models.py", "import torchvision\ntorchvision.models.swin_t()\n")
    status, out, _ = as_torch("--check", script, cwd=tmp_path)
    assert (status, out.split("has no ")[-1].strip()) == (1, "torchvision.models.swin_t")


def test_tensorboard_is_written(tmp_path):
    need("tensorboardX")
    script = write(
        tmp_path,
        "board.py",
        """
        import torch
        from torch.utils.tensorboard import SummaryWriter
        with SummaryWriter("runs") as writer:
            writer.add_scalar("loss", torch.tensor(1.5), 0)
            writer.add_scalars("both", {"a": torch.tensor(1.0), "b": 2.0}, 0)
            writer.add_histogram("weights", torch.randn(20), 0)
            writer.add_graph(torch.nn.Linear(1, 1), torch.ones(1, 1))
        """,
    )
    status, _, errors = as_torch(script, cwd=tmp_path)
    assert status == 0 and "no graph is written" in errors, errors
    assert list((tmp_path / "runs").glob("events*"))


def test_tensorboard_without_its_package(tmp_path):
    write(tmp_path, "tensorboardX.py", "raise ModuleNotFoundError('no', name='tensorboardX')")
    script = write(tmp_path, "board.py", "from torch.utils.tensorboard import SummaryWriter\nSummaryWriter()\n")
    assert as_torch("--check", script, cwd=tmp_path)[0] == 0
    status, _, errors = as_torch(script, cwd=tmp_path)
    assert status == 1 and "chainrule[tensorboard]" in errors


def test_lists_of_tensors_and_inert_names(tmp_path):
    script = write(
        tmp_path,
        "foreach.py",
        """
        import torch
        a, b = [torch.ones(2), torch.zeros(1)], [torch.full((2,), 3.0), torch.ones(1)]
        torch._foreach_add_(a, b, alpha=2.0)
        torch._foreach_mul_(a, 0.5)
        torch._foreach_lerp_(a, b, 0.5)
        print([t.tolist() for t in a + torch._foreach_neg(b)], hasattr(torch, "_foreach_nothing"))
        print([tuple(t.shape) for t in torch.nn.parallel.scatter(torch.ones(4), [0])], a[0].record_stream(None))
        with torch.serialization.safe_globals([set]):
            pass
        """,
    )
    status, out, errors = as_torch(script, cwd=tmp_path)
    assert status == 0, errors
    assert out == "[[3.25, 3.25], [1.0], [-3.0, -3.0], [-1.0]] False\n[(4,)] None\n"


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_train_a_shared_model(tmp_path, method):
    script = write(
        tmp_path,
        "hogwild.py",
        f"""
        import torch
        import torch.multiprocessing as mp
        def train(model, counter):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(50):
                optimizer.zero_grad()
                (model(torch.ones(1, 2)) - 3).pow(2).sum().backward()
                optimizer.step()
            counter += 1
        if __name__ == "__main__":
            mp.set_start_method("{method}")
            torch.manual_seed(0)
            model = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1).eval())
            counter = torch.zeros(3, dtype=torch.int64).share_memory_()[1:2]
            print(model.share_memory() is model, model[0].weight.is_shared(), torch.ones(1).is_shared())
            process = mp.Process(target=train, args=(model, counter))
            process.start()
            process.join()
            print(process.exitcode, counter.item(), f"{{model(torch.ones(1, 2)).item():.3f}}", model[0].weight.grad)
        """,
    )
    status, out, errors = as_torch(script, cwd=tmp_path)
    assert status == 0, errors
    assert out.splitlines() == ["True True False", "0 1 3.000 None"]
    assert not errors


def test_check_knows_what_a_name_means(tmp_path):
    script = write(
        tmp_path,
        "scopes.py",
        """
        from torch.utils import data
        from torch import nn as n
        import torchvision.transforms.transforms, torchvision.datasets.mnist, torch.utils.tensorboard.writer
        try:
            import torch
        except ImportError:
            torch = None
        def mean(data, size=n.nosuch1):
            return data.mean() + torch.nosuch2
        def other():
            data = [1]
            return data.count(1), (lambda n: n.value)(0)
        class Loader:
            data = 3
        x = data.nosuch3
        for data in range(3):
            data.bit_length()
        from torch.nosuch4 import *
        """,
    )
    status, out, errors = as_torch("--check", script, cwd=tmp_path)
    assert status == 1, errors
    names = re.findall(r":(\d+): chainrule has no (\S+)", out)
    assert names == [
        ("9", "torch.nn.nosuch1"),
        ("10", "torch.nosuch2"),
        ("16", "torch.utils.data.nosuch3"),
        ("19", "torch.nosuch4"),
    ]


def test_names_that_do_nothing(tmp_path):
    script = write(
        tmp_path,
        "nothing.py",
        """
        import torch
        from torch.profiler import ProfilerActivity, profile, record_function
        from torch.nn.attention import SDPBackend, sdpa_kernel
        with profile(activities=[ProfilerActivity.CPU], schedule=torch.profiler.schedule(wait=1)) as p:
            with record_function("step"), sdpa_kernel(SDPBackend.MATH):
                q = torch.ones(1, 1, 2, 4)
                print(torch.nn.functional.scaled_dot_product_attention(q, q, q).sum().item())
            p.step()
        print(p.key_averages().table(sort_by="cpu_time"), len(p.events()))
        for call in (torch.jit.load, torch.hub.load, torch.utils.model_zoo.load_url):
            try:
                call("x")
            except RuntimeError as error:
                print(error)
        """,
    )
    status, out, errors = as_torch(script, cwd=tmp_path)
    assert status == 0, errors
    lines = out.splitlines()
    assert lines[0] == "8.0" and lines[1].endswith("0") and len(lines) == 5
