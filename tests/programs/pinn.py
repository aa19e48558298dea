"""A differential equation, y'' = -y, solved by a network: second derivatives inside the loss, float64."""

import torch
import torch.nn as nn

torch.manual_seed(15)
torch.set_default_dtype(torch.float64)


class Sine(nn.Module):
    def forward(self, x):
        return torch.sin(x)


net = nn.Sequential(nn.Linear(1, 16), Sine(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
x = torch.linspace(0, 3, 24).view(-1, 1).requires_grad_(True)
start = torch.zeros(1, 1, requires_grad=True)
for step in range(40):
    y = net(x)
    dy = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)[0]
    ddy = torch.autograd.grad(dy.sum(), x, create_graph=True)[0]
    y0 = net(start)
    (dy0,) = torch.autograd.grad(y0, start, create_graph=True)
    loss = (ddy + y).square().mean() + y0.square().squeeze() + (dy0 - 1).pow(2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 8 == 7:
        print(step, f"{loss.item():.8f}")
print(f"{(net(x) - torch.sin(x)).abs().max().item():.6f}", net[0].weight.dtype)
torch.set_default_dtype(torch.float32)
