"""Embeddings by triplet, contrastive and cosine losses; hard negatives by a matrix of distances."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(13)
centres = torch.randn(4, 6)
net = nn.Sequential(nn.Linear(6, 12), nn.PReLU(), nn.Linear(12, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.5)


def batch(n=24):
    y = torch.randint(4, (n,))
    return centres[y] + 0.4 * torch.randn(n, 6), y


for step in range(15):
    x, y = batch()
    e = F.normalize(net(x), p=2, dim=-1)
    distance = torch.cdist(e, e)
    same = y.unsqueeze(0) == y.unsqueeze(1)
    positive = (distance * same).max(dim=1)[1]
    negative = distance.masked_fill(same, float("inf")).argmin(dim=1)
    triplet = F.triplet_margin_loss(e, e[positive], e[negative], margin=0.3)
    pair = torch.roll(torch.arange(len(x)), 1)
    close = F.pairwise_distance(e, e[pair])
    equal = (y == y[pair]).float()
    contrastive = (equal * close.pow(2) + (1 - equal) * torch.clamp(0.5 - close, min=0.0).pow(2)).mean()
    cosine = F.cosine_embedding_loss(e, e[pair], 2 * equal - 1, margin=0.1)
    ranking = F.margin_ranking_loss(close[:8], close[8:16], torch.ones(8), margin=0.05)
    loss = triplet + contrastive + cosine + 0.1 * ranking
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, *(f"{v.item():.5f}" for v in (triplet, contrastive, cosine, ranking)))
similarity = F.cosine_similarity(e.unsqueeze(1), e.unsqueeze(0), dim=-1)
print(f"{similarity[same].mean():.4f} {similarity[~same].mean():.4f}")
