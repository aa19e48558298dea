"""A mixture density network twice: by logsumexp, and by torch.distributions."""

import torch
import torch.nn as nn
from torch import distributions as D

torch.manual_seed(8)


class MDN(nn.Module):
    def __init__(self, n_hidden, n_gaussians):
        super().__init__()
        self.z_h = nn.Sequential(nn.Linear(1, n_hidden), nn.Tanh())
        self.z_pi = nn.Linear(n_hidden, n_gaussians)
        self.z_mu = nn.Linear(n_hidden, n_gaussians)
        self.z_sigma = nn.Linear(n_hidden, n_gaussians)

    def forward(self, x):
        z_h = self.z_h(x)
        return torch.log_softmax(self.z_pi(z_h), -1), self.z_mu(z_h), torch.exp(self.z_sigma(z_h).clamp(-3, 3))


y = torch.linspace(-1, 1, 80).unsqueeze(1)
x = 0.7 * torch.sin(5 * y) + 0.3 * y + 0.05 * torch.randn(80, 1)
net = MDN(12, 4)
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
for step in range(40):
    log_pi, mu, sigma = net(x)
    component = -0.5 * ((y - mu) / sigma) ** 2 - sigma.log() - 0.9189385332046727
    loss = -torch.logsumexp(log_pi + component, dim=1).mean()
    mixture = D.MixtureSameFamily(D.Categorical(logits=log_pi), D.Normal(mu, sigma))
    other = -mixture.log_prob(y.squeeze(1)).mean()
    optimizer.zero_grad()
    (0.5 * loss + 0.5 * other).backward()
    optimizer.step()
    if step % 8 == 7:
        print(step, "%.5f %.5f" % (loss.item(), other.item()))
with torch.no_grad():
    log_pi, mu, sigma = net(x[:10])
    k = torch.multinomial(log_pi.exp(), 1).view(-1)
    drawn = torch.normal(mu, sigma)[range(10), k]
    print([round(v, 3) for v in drawn.tolist()], f"{mixture.mean.mean():.4f}")
