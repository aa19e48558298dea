"""Programs written for PyTorch, for test_as_torch.py and test_import_swap.py."""

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
