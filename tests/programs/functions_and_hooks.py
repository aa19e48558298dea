"""Functions of one's own (straight-through, with second derivatives), and hooks of every kind."""

import torch
import torch.nn as nn
from torch.autograd import Function, gradcheck
from torch.autograd.function import once_differentiable

torch.manual_seed(6)


class Sign(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (x.abs() <= 1).to(grad_output.dtype)


class Cube(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return scale * x**3

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        grad = None
        if ctx.needs_input_grad[0]:
            grad = grad_output * 3 * ctx.scale * x.pow(2)
        return grad, None


class Split(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        half = x.shape[0] // 2
        ctx.set_materialize_grads(False)
        return x[:half].clone(), x[half:].clone()

    @staticmethod
    def backward(ctx, first, second):
        half = ctx.shape[0] // 2
        grad = torch.zeros(ctx.shape)
        if first is not None:
            grad[:half] = first
        if second is not None:
            grad[half:] = second
        return grad


net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
seen = {}


def forward_hook(module, inputs, output):
    seen[module.__class__.__name__] = (tuple(inputs[0].shape), f"{output.detach().norm().item():.4f}")


def pre_hook(module, inputs):
    return (inputs[0] * 0.5,)


def backward_hook(module, grad_input, grad_output):
    seen["gradients"] = [None if g is None else f"{g.norm().item():.5f}" for g in (*grad_input, *grad_output)]


handles = [m.register_forward_hook(forward_hook) for m in net]
handles.append(net[2].register_forward_pre_hook(pre_hook))
handles.append(net[1].register_full_backward_hook(backward_hook))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(16, 4), torch.randn(16, 1)
clipped = net[0].weight.register_hook(lambda g: g.clamp(-0.05, 0.05))
for step in range(6):
    hidden = net[:2](x)
    hidden.retain_grad()
    loss = (net[2](Sign.apply(hidden) + hidden) - y).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, f"{loss.item():.5f} {hidden.grad.norm().item():.5f} {net[0].weight.grad.max().item():.5f}", seen)
for handle in handles:
    handle.remove()
clipped.remove()
seen.clear()
net(x)
print(seen)

t = torch.tensor([1.0, -2.0], requires_grad=True)
(g,) = torch.autograd.grad(Cube.apply(t, 2.0).sum(), t, create_graph=True)
(gg,) = torch.autograd.grad(g.sum(), t)
print(g.tolist(), gg.tolist())
print(gradcheck(lambda v: Cube.apply(v, 0.5), torch.randn(3, dtype=torch.double, requires_grad=True)))
a, b = Split.apply(torch.arange(4.0, requires_grad=True))
(a.sum() * 2).backward()
v = torch.ones(3, requires_grad=True)
v.register_hook(lambda g: g * 10)
(v * v).sum().backward()
print(a.tolist(), b.requires_grad, v.grad.tolist(), (v * 2).grad_fn.name(), v.is_leaf)
