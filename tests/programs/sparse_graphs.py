"""Sparse tensors as programs for graphs use them: an adjacency matrix, edges dropped, attention along the edges."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
N, CLASSES = 40, 3
labels = torch.arange(N) % CLASSES
pairs = torch.randint(0, N, (2, 400))
near = (labels[pairs[0]] == labels[pairs[1]]) | (torch.rand(400) < 0.15)
pairs = pairs[:, near]
pairs = torch.cat([pairs, pairs.flip(0), torch.arange(N).repeat(2, 1)], dim=1)
adjacency = torch.sparse.FloatTensor(pairs, torch.ones(pairs.size(1)), torch.Size([N, N])).coalesce()
degree = torch.sparse.sum(adjacency, dim=1).to_dense()
adjacency = torch.sparse_coo_tensor(
    adjacency.indices(), adjacency.values() / degree[adjacency.indices()[0]], adjacency.size()
).coalesce()
print(
    adjacency.is_sparse, adjacency.layout, tuple(adjacency.shape), adjacency._nnz(), isinstance(adjacency, torch.Tensor)
)
features = torch.randn(N, 6) + 0.5 * F.one_hot(labels, 6)


class Convolution(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * 0.3)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x, matrix):
        return torch.spmm(matrix, torch.mm(x, self.weight)) + self.bias


class EdgeProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, places, values, x):
        matrix = torch.sparse_coo_tensor(places, values, (N, N))
        ctx.save_for_backward(matrix, x)
        return matrix @ x

    @staticmethod
    def backward(ctx, grad):
        matrix, x = ctx.saved_tensors
        rows, columns = matrix._indices()
        return None, (grad[rows] * x[columns]).sum(1), matrix.t() @ grad


class Attention(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.score = nn.Parameter(torch.randn(2 * outputs) * 0.3)

    def forward(self, x, matrix):
        places, h = matrix.indices(), self.linear(x)
        strength = torch.exp(-F.leaky_relu(torch.cat([h[places[0]], h[places[1]]], 1) @ self.score, 0.2))
        total = EdgeProduct.apply(places, strength, torch.ones(N, 1))
        return EdgeProduct.apply(places, strength, h) / total


def dropped(matrix, keep):
    chosen = (torch.rand(matrix._nnz()) + keep).int().bool()
    places, values = matrix.indices()[:, chosen], matrix.values()[chosen] / keep
    return torch.sparse_coo_tensor(places, values, matrix.size())


for name, Layer in (("convolution", Convolution), ("attention", Attention)):
    first, second = Layer(6, 8), Layer(8, CLASSES)
    optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()], lr=0.02)
    for step in range(30):
        graph = dropped(adjacency, 0.8).coalesce()
        scores = second(torch.tanh(first(features, graph)), graph)
        loss = F.cross_entropy(scores[:20], labels[:20])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 9:
            print(f"{name} {step + 1} {loss.item():.4f}")
    print(name, (scores.argmax(1) == labels).sum().item() > 25)

weights = torch.randn(adjacency._nnz(), requires_grad=True)
learned = torch.sparse.softmax(torch.sparse_coo_tensor(adjacency.indices(), weights, (N, N)), dim=1)
torch.sparse.mm(learned, features).pow(2).mean().backward()
print(f"{weights.grad.norm().item():.6f} {torch.sparse.sum(learned).item():.4f}")
two_steps = torch.sparse.mm(adjacency, adjacency)
print(two_steps.is_sparse, f"{torch.sparse.sum(two_steps).item():.4f} {(two_steps.to_dense() > 0).sum().item()}")
