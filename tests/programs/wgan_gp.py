"""Wasserstein GAN with gradient penalty on a ring: gradients of gradients in every step."""

import math

import torch
import torch.nn as nn
from torch import autograd, optim

torch.manual_seed(3)
torch.set_default_dtype(torch.double)  # at the first steps Adam divides rounding errors by themselves
LAMBDA, CRITIC_STEPS = 10, 3


def mlp(inputs, outputs, hidden=24):
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.ReLU(True),
        nn.Linear(hidden, hidden),
        nn.LeakyReLU(0.1),
        nn.Linear(hidden, outputs),
    )


def ring(n):
    angle = torch.rand(n) * 2 * math.pi
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(n, 2)


def gradient_penalty(critic, real, fake):
    alpha = torch.rand(real.size(0), 1).expand(real.size())
    between = autograd.Variable(alpha * real + (1 - alpha) * fake, requires_grad=True)
    score = critic(between)
    gradients = autograd.grad(
        outputs=score,
        inputs=between,
        grad_outputs=torch.ones(score.size()),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


generator, critic = mlp(2, 2), mlp(2, 1)
optimizer_d = optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
optimizer_g = optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.9))
for step in range(10):
    for p in critic.parameters():
        p.requires_grad = True
    for _ in range(CRITIC_STEPS):
        real = ring(32)
        with torch.no_grad():
            noise = torch.randn(32, 2)
        fake = generator(noise).data
        critic.zero_grad()
        penalty = gradient_penalty(critic, real.data, fake)
        loss = critic(fake).mean() - critic(real).mean() + penalty
        loss.backward()
        optimizer_d.step()
    for p in critic.parameters():
        p.requires_grad = False
    generator.zero_grad()
    cost = -critic(generator(torch.randn(32, 2))).mean()
    cost.backward()
    optimizer_g.step()
    print(f"{step} critic {loss.item():.5f} penalty {penalty.item():.5f} generator {cost.item():.5f}")
torch.set_default_dtype(torch.float)
