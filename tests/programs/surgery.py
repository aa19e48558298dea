"""State dicts cut and joined: transfer, frozen layers, averaged weights, checkpoints, copies, shared parameters."""

import copy
import io
from collections import OrderedDict

import torch
import torch.nn as nn

torch.manual_seed(10)


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                [
                    ("lin", nn.Linear(6, 8)),
                    ("norm", nn.BatchNorm1d(8)),
                    ("act", nn.Hardtanh()),
                ]
            )
        )
        self.extra = nn.ParameterList([nn.Parameter(torch.randn(8) * 0.1) for _ in range(2)])
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        x = self.features(x)
        for p in self.extra:
            x = x * (1 + p)
        return self.head(x)


def train(net, optimizer, steps, classes, ema=None):
    for _ in range(steps):
        x = torch.randn(20, 6)
        y = (x[:, :classes].argmax(1)).long()
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if ema is not None:
            with torch.no_grad():
                for kept, p in zip(ema.parameters(), net.parameters()):
                    kept.mul_(0.9).add_(p.data, alpha=0.1)
    print(f"loss {loss.item():.5f}")


old = Net(3)
train(old, torch.optim.Adam(old.parameters(), lr=0.02), 12, 3)
new = Net(2)
theirs = {k: v for k, v in old.state_dict().items() if not k.startswith("head")}
theirs["unknown.weight"] = torch.zeros(1)
result = new.load_state_dict(theirs, strict=False)
print(sorted(result.missing_keys), result.unexpected_keys)
for name, p in new.named_parameters():
    p.requires_grad_("head" in name or "norm" in name)
trainable = filter(lambda p: p.requires_grad, new.parameters())
optimizer = torch.optim.SGD(trainable, lr=0.1, momentum=0.9)
optimizer.add_param_group({"params": list(new.extra), "lr": 0.01})
for p in new.extra:
    p.requires_grad = True
before = new.features.lin.weight.clone()
ema = copy.deepcopy(new)
train(new, optimizer, 12, 2, ema)
print(torch.equal(before, new.features.lin.weight), f"{(ema.head.weight - new.head.weight).abs().sum().item():.5f}")

buffer = io.BytesIO()
torch.save({"model": new.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, buffer)
buffer.seek(0)
checkpoint = torch.load(buffer, map_location="cpu")
again = Net(2)
again.load_state_dict(checkpoint["model"])
second = torch.optim.SGD(again.parameters(), lr=0.5, momentum=0.9)
second = torch.optim.SGD([p for n, p in again.named_parameters() if "head" in n or "norm" in n], lr=0.5, momentum=0.9)
second.add_param_group({"params": list(again.extra)})
second.load_state_dict(checkpoint["optimizer"])
state = torch.get_rng_state()
train(new, optimizer, 3, 2)
torch.set_rng_state(state)
for name, p in again.named_parameters():
    p.requires_grad_("lin" not in name)
train(again, second, 3, 2)
print(checkpoint["epoch"], [g["lr"] for g in second.param_groups], new.features.norm.num_batches_tracked.item())

renamed = OrderedDict((k.replace("features.", "module.features.", 1), v) for k, v in new.state_dict().items())
restored = {k.removeprefix("module."): v for k, v in renamed.items()}
print(list(renamed)[:2], Net(2).load_state_dict(restored))
try:
    Net(3).load_state_dict(new.state_dict())
except RuntimeError as error:
    print("head.weight" in str(error))
first = next(iter(new.children()))
first.lin.weight = nn.Parameter(first.lin.weight[:, :3].clone())
new.features[2] = nn.Identity()
del new.extra
print(
    [(n, tuple(p.shape)) for n, p in new.named_parameters()],
    len(list(new.buffers())),
    [type(m).__name__ for m in new.modules()],
)
