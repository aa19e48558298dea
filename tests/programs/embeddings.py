"""Skip-grams with negative samples, bags of words, factorised ratings: embeddings and their gradients."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(18)
rng = np.random.RandomState(18)
text = rng.choice(12, size=300, p=np.arange(12, 0, -1) / 78.0)
pairs = torch.LongTensor([(text[i], text[i + d]) for i in range(2, 298) for d in (-2, -1, 1, 2)])
counts = torch.from_numpy(np.bincount(text, minlength=12)).float().pow(0.75)


class SkipGram(nn.Module):
    def __init__(self, words, size):
        super().__init__()
        self.u, self.v = nn.Embedding(words, size), nn.Embedding(words, size)
        self.u.weight.data.uniform_(-0.5 / size, 0.5 / size)
        self.v.weight.data.uniform_(-0, 0)

    def forward(self, centre, context, noise):
        u, v, n = self.u(centre), self.v(context), self.v(noise)
        positive = F.logsigmoid(torch.sum(u * v, dim=1))
        negative = F.logsigmoid(-torch.bmm(n, u.unsqueeze(2)).squeeze(2)).sum(1)
        return -(positive + negative).mean()


model = SkipGram(12, 5)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for step, index in enumerate(torch.randperm(len(pairs)).split(128)):
    batch = pairs[index]
    noise = torch.multinomial(counts, len(batch) * 3, replacement=True).view(-1, 3)
    loss = model(batch[:, 0], batch[:, 1], noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, f"{loss.item():.5f}")
normal = F.normalize(model.u.weight.detach())
print((normal @ normal.T).masked_fill(torch.eye(12).bool(), -1).max(1).values.mean().item() < 1, tuple(normal.T.shape))

bag = nn.EmbeddingBag(12, 4, mode="mean", padding_idx=0)
classifier = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=-1))
optimizer = torch.optim.SGD([*bag.parameters(), *classifier.parameters()], lr=0.5)
for step in range(5):
    words = torch.randint(1, 12, (40,))
    offsets = torch.arange(0, 40, 4)
    labels = words.view(10, 4).sum(1) % 3
    loss = nn.NLLLoss(weight=torch.tensor([1.0, 2.0, 0.5]))(classifier(bag(words, offsets)), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, f"{loss.item():.5f} {bag.weight.grad.abs().sum().item():.5f}")

users, items = nn.Embedding(6, 3, max_norm=1.0), nn.Embedding.from_pretrained(torch.randn(5, 3), freeze=False)
ratings = torch.rand(6, 5)
optimizer = torch.optim.Adagrad([{"params": users.parameters()}, {"params": items.parameters(), "lr": 0.05}], lr=0.1)
for step in range(6):
    who, what = torch.randint(6, (16,)), torch.randint(5, (16,))
    loss = F.huber_loss((users(who) * items(what)).sum(1), ratings[who, what], delta=0.3)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, f"{loss.item():.5f} {users.weight.norm(dim=1).max().item():.4f}")
