"""Graph networks on two communities: sums over edges with index_add and scatter_add, attention over neighbours."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(9)
n = 30
labels = (torch.arange(n) >= n // 2).long()
probability = torch.where(labels[:, None] == labels[None, :], 0.3, 0.03)
adjacency = torch.bernoulli(probability).triu(1)
source, target = (adjacency + adjacency.t()).nonzero(as_tuple=True)
loops = torch.arange(n)
source, target = torch.cat([source, loops]), torch.cat([target, loops])
features = torch.randn(n, 5) + 0.5 * labels.unsqueeze(-1)


class GCNLayer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x):
        degree = torch.zeros(n).scatter_add_(0, target, torch.ones(len(target)))
        norm = degree.pow(-0.5)
        messages = (x @ self.weight)[source] * (norm[source] * norm[target]).unsqueeze(-1)
        return torch.zeros(n, messages.size(1)).index_add_(0, target, messages) + self.bias


class GATLayer(nn.Module):
    def __init__(self, inputs, outputs, heads=2):
        super().__init__()
        self.heads = heads
        self.linear = nn.Linear(inputs, heads * outputs, bias=False)
        self.a = nn.Parameter(torch.randn(2, heads, outputs) * 0.1)

    def forward(self, x):
        h = self.linear(x).view(n, self.heads, -1)
        left, right = (h * self.a[0]).sum(-1), (h * self.a[1]).sum(-1)
        e = F.leaky_relu(left[source] + right[target], 0.2)
        e = torch.exp(e - e.max())
        total = torch.zeros(n, self.heads).index_add(0, target, e)
        alpha = e / total.index_select(0, target)
        out = torch.zeros_like(h).scatter_add(
            0, target.view(-1, 1, 1).expand(-1, self.heads, h.size(2)), alpha.unsqueeze(-1) * h[source]
        )
        return out.mean(dim=1)


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.conv1, self.conv2 = kind(5, 8), kind(8, 2)

    def forward(self, x):
        x = F.dropout(F.elu(self.conv1(x)), p=0.2, training=self.training)
        return F.log_softmax(self.conv2(x), dim=1)


train = torch.randperm(n)[:10]
mask = torch.zeros(n, dtype=torch.bool)
mask[train] = True
for kind in (GCNLayer, GATLayer):
    net = Net(kind)
    optimizer = torch.optim.Adagrad(net.parameters(), lr=0.1)
    for epoch in range(20):
        optimizer.zero_grad()
        loss = F.nll_loss(net(features)[mask], labels[mask])
        loss.backward()
        optimizer.step()
        if epoch % 5 == 4:
            print(kind.__name__, epoch, f"{loss:.5f}")
    net.eval()
    print("accuracy", (net(features).max(1)[1][~mask] == labels[~mask]).float().mean().item())
