"""LBFGS with closures, with and without line search, in float64; second derivatives by autograd.functional."""

import numpy as np
import torch
from torch.autograd.functional import hessian, hvp

torch.manual_seed(0)


def rosenbrock(v):
    return (100 * (v[1:] - v[:-1] ** 2) ** 2 + (1 - v[:-1]) ** 2).sum()


for options in ({"lr": 1, "line_search_fn": "strong_wolfe", "max_iter": 12}, {"lr": 0.001, "max_iter": 4}):
    x = torch.tensor([-1.2, 1.0, 0.5], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([x], history_size=5, **options)

    def closure(x=x, optimizer=optimizer):
        optimizer.zero_grad()
        loss = rosenbrock(x)
        loss.backward()
        return loss

    for step in range(4):
        print(step, f"{optimizer.step(closure):.6f}", np.round(x.detach().numpy(), 5).tolist())

# Logistic regression by the same, with an L2 penalty.
features = torch.randn(60, 4, dtype=torch.double)
labels = (features[:, 0] - 0.5 * features[:, 1] > 0).double()
weights = torch.zeros(4, dtype=torch.double, requires_grad=True)
bias = torch.zeros(1).double().requires_grad_()
optimizer = torch.optim.LBFGS([weights, bias], lr=0.5, max_iter=5)


def logistic():
    optimizer.zero_grad()
    logits = torch.mv(features, weights) + bias
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels) + 0.01 * weights.dot(weights)
    if loss.requires_grad:
        loss.backward()
    return loss


for step in range(5):
    print(step, "%.8f" % optimizer.step(logistic))
with torch.no_grad():
    print("%.8f" % logistic())

# Newton's method: the Hessian and a product with it.
point = torch.tensor([1.2, 1.3], dtype=torch.float64)
for step in range(4):
    point.requires_grad_(True)
    (gradient,) = torch.autograd.grad(rosenbrock(point), point)
    matrix = hessian(rosenbrock, point.detach())
    point = (point - torch.linalg.solve(matrix, gradient)).detach()
    print(step, [round(v, 6) for v in point.tolist()])
print([round(v, 4) for v in hvp(rosenbrock, point, torch.ones(2, dtype=torch.float64))[1].tolist()])
