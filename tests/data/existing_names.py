"""Run by test_names.py under as_torch: prints which names of names.json exist, as JSON."""

import json
import pathlib
import sys

import torch

from chainrule._switches import AbsentDtype

# What "obj." and "Module." stand for.
OPTIMIZER = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
OWNERS = {
    "module methods": [torch.nn.Module()],
    "optimizer methods": [OPTIMIZER, torch.optim.lr_scheduler.StepLR(OPTIMIZER, 1)],
    "autograd API": [torch.autograd.function.FunctionCtx],
    "distributions": [torch.distributions.Normal(0.0, 1.0), torch.distributions.Categorical(torch.ones(2))],
}


def exists(group, form):
    try:
        owners = [torch]
        if form.startswith(("obj.", "Module.")):
            owners, form = OWNERS[group], form.partition(".")[2]
        return any(follow(owner, form.removeprefix("torch.").split(".")) for owner in owners)
    except ImportError:
        return False


def follow(value, parts):
    """Whether the parts lead to something that serves: some dtypes and transforms are there by name only."""
    for part in parts:
        if not hasattr(value, part):
            return False
        value = getattr(value, part)
    return not isinstance(value, AbsentDtype) and getattr(value, "__module__", None) != "torch.fft"


found = []
for group, names in json.loads(pathlib.Path(sys.argv[1]).read_text()).items():
    for name, uses in names.items():
        forms = {f"{place}.{name}": n for place, n in uses.items()} if isinstance(uses, dict) else {name: uses}
        found += [(group, form, n, exists(group, form)) for form, n in forms.items()]
json.dump(found, sys.stdout)
