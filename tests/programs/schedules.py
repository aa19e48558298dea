"""Learning rates of every kind in one run: chained schedules, groups edited by hand, plateaus."""

import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler

torch.manual_seed(12)
x = torch.randn(32, 5)
y = x @ torch.randn(5, 1) + 0.1 * torch.randn(32, 1)


def run(make_optimizer, make_scheduler, steps=10, metric=False):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 6), nn.Softplus(), nn.Linear(6, 1))
    groups = [{"params": net[0].parameters()}, {"params": net[2].parameters(), "lr": 0.02}]
    optimizer = make_optimizer(groups)
    scheduler = make_scheduler(optimizer)
    lines = []
    for _ in range(steps):
        loss = nn.MSELoss()(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step(loss.item()) if metric else scheduler.step()
        lines.append(f"{loss.item():.4f}/" + ",".join(f"{group['lr']:.5f}" for group in optimizer.param_groups))
    print(type(optimizer).__name__, type(scheduler).__name__, *lines[::3])


run(lambda g: optim.SGD(g, lr=0.05), lambda o: lr_scheduler.StepLR(o, 3, 0.5))
run(lambda g: optim.Adam(g, lr=0.05), lambda o: lr_scheduler.MultiStepLR(o, milestones=[2, 6], gamma=0.1))
run(lambda g: optim.RMSprop(g, lr=0.01, centered=True, momentum=0.5), lambda o: lr_scheduler.ExponentialLR(o, 0.9))
run(lambda g: optim.NAdam(g, lr=0.05), lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=7, eta_min=0.001))
run(lambda g: optim.RAdam(g, lr=0.05), lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2))
run(lambda g: optim.Adadelta(g, lr=1.0), lambda o: lr_scheduler.LambdaLR(o, [lambda e: 1 / (1 + e), lambda e: 0.9**e]))
run(lambda g: optim.Adagrad(g, lr=0.1, lr_decay=0.01), lambda o: lr_scheduler.MultiplicativeLR(o, lambda e: 0.8))
run(lambda g: optim.Adamax(g, lr=0.05), lambda o: lr_scheduler.PolynomialLR(o, total_iters=8, power=2.0))
run(
    lambda g: optim.SGD(g, lr=0.05, momentum=0.9),
    lambda o: lr_scheduler.CyclicLR(o, base_lr=0.001, max_lr=0.05, step_size_up=3, mode="triangular2"),
)
run(
    lambda g: optim.Rprop(g, lr=0.01),
    lambda o: lr_scheduler.SequentialLR(
        o,
        [lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=3), lr_scheduler.ConstantLR(o, 0.5, total_iters=4)],
        milestones=[4],
    ),
)
run(
    lambda g: optim.SGD(g, lr=0.3, weight_decay=0.01, maximize=False),
    lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="min", factor=0.3, patience=1, threshold=1e-2),
    metric=True,
    steps=16,
)


class InverseSquareRoot(lr_scheduler._LRScheduler):
    def __init__(self, optimizer, warmup, last_epoch=-1):
        self.warmup = warmup
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        step = self.last_epoch + 1
        return [base * min(step / self.warmup, (self.warmup / step) ** 0.5) for base in self.base_lrs]


run(lambda g: optim.AdamW(g, lr=0.1, weight_decay=0.1), lambda o: InverseSquareRoot(o, warmup=4))
