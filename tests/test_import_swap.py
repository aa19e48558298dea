"""Programs written for PyTorch with nothing but their imports changed: torch becomes chainrule."""

import io
import json
import pathlib
import re
import runpy
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
import test_as_torch as programs
import test_names
from helpers import PATIENCE

HERE = pathlib.Path(__file__).parent


def swapped(text):
    """The text with every import of torch made one of chainrule, bound to the names that the program uses."""
    text = re.sub(r"\bimport torch\b(?![.\w])(?! as)", "import chainrule as torch", text)
    text = re.sub(r"\bimport torch\.([\w.]+)(?! as)(?=\s*(?:$|;))", r"import chainrule.\1", text, flags=re.M)
    text = re.sub(r"\bfrom torch\b", "from chainrule", text)
    return re.sub(r"([,\s])torch\.([\w.]+) as\b", r"\1chainrule.\2 as", text)


def test_swapped():
    before = "import torch, torch.nn as nn\nimport torch.optim as optim\nfrom torch.utils import data\ntorch.ones(2)\n"
    after = before.replace("torch.", "chainrule.").replace("import torch", "import chainrule as torch")
    assert swapped(before) == after.replace("chainrule.ones", "torch.ones")


def printed(path):
    out = io.StringIO()
    with redirect_stdout(out):
        runpy.run_path(str(path), run_name="__main__")
    return out.getvalue()


@pytest.mark.parametrize("name", sorted(set(programs.PROGRAMS) - {"inert"}))
def test_prints_what_it_prints_under_as_torch(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain = programs.write(tmp_path, f"{name}.py", programs.PROGRAMS[name])
    status, want, errors = programs.as_torch(plain, cwd=tmp_path)
    assert status == 0, errors
    got = printed(programs.write(tmp_path, f"{name}_swapped.py", swapped(programs.PROGRAMS[name])))
    assert re.sub(r"\btorch\.(?=Size|float|int|uint|bool)", "chainrule.", want) == re.sub(
        r"\btorch\.", "chainrule.", got
    )


def test_names_of_programs_exist():
    """What as_torch finds, chainrule itself has: but for PyTorch's inside and its one file for each class."""
    script = swapped((HERE / "data" / "existing_names.py").read_text())
    done = subprocess.run(
        [sys.executable, "-c", script, HERE / "data" / "names.json"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    here = {form: exists for _, form, _, exists in json.loads(done.stdout)}
    lost = [form for _, form, _, exists in test_names.forms() if exists and not here[form]]
    inside = ("._", "torch.distributions.", "nn.modules.pixelshuffle")
    assert not [form for form in lost if not any(part in form for part in inside)], lost


DEVICES = """
    import torch
    import torch.nn as nn
    import torch.backends.cudnn as cudnn
    import torch.multiprocessing as mp
    from torch.cuda.amp import GradScaler, autocast
    from torch.utils.checkpoint import checkpoint
    from torch.utils.data.distributed import DistributedSampler
    from torch.nn.parallel import DistributedDataParallel
    from torch.profiler import ProfilerActivity, profile

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if torch.backends.mps.is_available() or torch.accelerator.is_available():
        raise SystemExit("a device that is not there")
    torch.backends.cudnn.benchmark = cudnn.deterministic = True
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("high")
    torch.cuda.manual_seed_all(0)
    torch.random.manual_seed(0)
    model = nn.DataParallel(torch.compile(nn.Linear(3, 2))).to(device)
    scaler = GradScaler(enabled=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with torch.autocast(device_type=device.type, dtype=torch.bfloat16), profile(activities=[ProfilerActivity.CPU]):
        loss = checkpoint(model, torch.ones(4, 3), use_reentrant=False).pow(2).mean()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    with torch.autograd.profiler.record_function("step"):
        print(device, model.module.weight.is_cuda, torch.get_default_device(), torch.version.cuda)
    torch.testing.assert_close(loss, loss.clone())
"""


def test_devices_and_switches(tmp_path):
    script = programs.write(tmp_path, "devices.py", swapped(DEVICES))
    assert "import chainrule as torch" in pathlib.Path(script).read_text()
    assert printed(script) == "cpu False cpu None\n"
    assert programs.as_torch(programs.write(tmp_path, "plain.py", DEVICES), cwd=tmp_path)[1] == "cpu False cpu None\n"
