"""Real NVP on two arcs: masked couplings, log-determinants, samples through the inverse."""

import math

import torch
import torch.nn as nn
from torch.distributions import Independent, MultivariateNormal, Normal

torch.manual_seed(21)


class Coupling(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.scale = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(), nn.Linear(16, 2), nn.Tanh())
        self.shift = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(), nn.Linear(16, 2))

    def forward(self, x):
        kept = x * self.mask
        s, t = self.scale(kept) * (1 - self.mask), self.shift(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (x * s.exp() + t), s.sum(-1)

    def inverse(self, z):
        kept = z * self.mask
        s, t = self.scale(kept) * (1 - self.mask), self.shift(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (z - t) * (-s).exp()


class Flow(nn.Module):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior
        masks = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(2, 1)
        self.layers = nn.ModuleList(Coupling(mask) for mask in masks)

    def log_prob(self, x):
        log_det = x.new_zeros(x.shape[0])
        for layer in self.layers:
            x, ld = layer(x)
            log_det += ld
        return self.prior.log_prob(x) + log_det

    def sample(self, n):
        z = self.prior.sample((n,))
        for layer in reversed(self.layers):
            z = layer.inverse(z)
        return z


def arcs(n):
    angle = torch.rand(n) * math.pi
    side = torch.randint(0, 2, (n,)).float() * 2 - 1
    points = torch.stack((angle.cos() + 0.5 * side, side * angle.sin() - 0.25 * side), 1)
    return points + 0.05 * torch.randn_like(points)


for prior in (MultivariateNormal(torch.zeros(2), torch.eye(2)), Independent(Normal(torch.zeros(2), torch.ones(2)), 1)):
    flow = Flow(prior)
    optimizer = torch.optim.Adam(flow.parameters(), lr=3e-3, weight_decay=1e-5)
    for step in range(20):
        loss = -flow.log_prob(arcs(64)).mean()
        optimizer.zero_grad()
        loss.backward(retain_graph=False)
        optimizer.step()
        if step % 5 == 4:
            print(f"{step} {loss.item():.5f}")
    with torch.no_grad():
        x = flow.sample(5)
        print([[round(v, 3) for v in row] for row in x.tolist()])
