"""PyTorch programs, unchanged, under `python -m chainrule.as_torch`, beside PyTorch itself at the same seed."""

import re
import subprocess
import sys
import textwrap

import pytest
from as_torch_programs import PROGRAMS
from extras import need
from helpers import PATIENCE


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


def test_modules_name_what_they_hold(tmp_path):
    script = write(
        tmp_path,
        "stars.py",
        """
        import torch
        from torch.optim.lr_scheduler import *
        from torch.utils import *
        from torch.jit._script import RecursiveScriptModule
        assert torch.torch is torch and LambdaLR is torch.optim.lr_scheduler.LambdaLR
        assert issubclass(RecursiveScriptModule, torch.ScriptModule)
        assert torch.autograd.forward_ad.unpack_dual(torch.ones(1)).tangent is None
        print(torch.optim.optimizer.register_optimizer_step_pre_hook.__name__)
        """,
    )
    status, out, errors = as_torch(script, cwd=tmp_path)
    assert (status, out, errors) == (0, "register_optimizer_step_pre_hook\n", "")
    assert as_torch("--check", script, cwd=tmp_path)[0] == 0


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
