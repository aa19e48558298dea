"""A convolutional variational autoencoder of stripes, with the divergence from torch.distributions and rsample."""

import torch
from torch import distributions, nn
from torch.nn import functional as F

torch.manual_seed(11)


class VAE(nn.Module):
    def __init__(self, latent=3):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1),
            nn.ELU(),
            nn.Conv2d(4, 8, 3, stride=2, padding=1),
            nn.GroupNorm(2, 8),
            nn.SiLU(),
            nn.Flatten(),
        )
        self.mu, self.log_var = nn.Linear(32, latent), nn.Linear(32, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, 32),
            nn.Unflatten(1, (8, 2, 2)),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(8, 4, 3, padding=1),
            nn.Mish(),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.Conv2d(4, 1, 3, padding=1),
        )

    def forward(self, x):
        h = self.encoder(x)
        q = distributions.Normal(self.mu(h), (0.5 * self.log_var(h)).exp())
        return self.decoder(q.rsample()), q


def stripes(n):
    x = torch.zeros(n, 1, 8, 8)
    for i, column in enumerate(torch.randint(0, 8, (n,)).tolist()):
        x[i, 0, :, column] = 1.0
    return x


model = VAE()
optimizer = torch.optim.Adamax(model.parameters(), lr=5e-3)
prior = distributions.Normal(torch.zeros(3), torch.ones(3))
for step in range(25):
    x = stripes(16)
    logits, q = model(x)
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    divergence = distributions.kl_divergence(q, prior).sum()
    loss = (reconstruction + divergence) / len(x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 4 == 0:
        print(f"{step} {loss:.4f} {divergence / len(x):.5f}")
with torch.no_grad():
    sample = torch.sigmoid(model.decoder(prior.sample((2,))))
    print(tuple(sample.shape), f"{sample.mean():.4f}")
