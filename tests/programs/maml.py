"""Learning to learn sine waves: the outer loss is differentiated through two inner steps of gradient descent."""

import torch
import torch.nn.functional as F

torch.manual_seed(5)
shapes = [(16, 1), (16,), (16, 16), (16,), (1, 16), (1,)]
weights = [torch.randn(s) * (0.5 if len(s) > 1 else 0.0) for s in shapes]
weights = [w.requires_grad_() for w in weights]
meta = torch.optim.Adam(weights, lr=1e-2)


def forward(x, params):
    w1, b1, w2, b2, w3, b3 = params
    x = torch.tanh(F.linear(x, w1, b1))
    x = torch.sin(F.linear(x, w2, b2))
    return F.linear(x, w3, b3)


def task():
    amplitude, phase = torch.rand(1) * 2 + 0.5, torch.rand(1) * 3.14
    x = torch.rand(20, 1) * 6 - 3
    return x, amplitude * torch.sin(x + phase)


for step in range(15):
    outer = 0.0
    for _ in range(3):
        x, y = task()
        fast = list(weights)
        for _ in range(2):
            inner = F.mse_loss(forward(x[:10], fast), y[:10])
            grads = torch.autograd.grad(inner, fast, create_graph=True)
            fast = [w - 0.05 * g for w, g in zip(fast, grads)]
        outer = outer + F.mse_loss(forward(x[10:], fast), y[10:])
    meta.zero_grad()
    outer.backward()
    meta.step()
    norm = torch.stack([w.grad.norm() for w in weights]).norm()
    print(f"{step} {outer.item() / 3:.5f} {norm.item():.4f}")
# The inner step itself as a function with a Jacobian.
jacobian = torch.autograd.functional.jacobian(lambda b: forward(x[:2], [*weights[:5], b]).squeeze(), torch.zeros(1))
print(jacobian.tolist())
