"""Convolutions of other kinds: dilated causal in one dimension, depthwise, in three dimensions; pools and pads."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(16)


class Causal(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.padding = 2 * dilation
        self.conv = nn.Conv1d(channels, 2 * channels, 3, dilation=dilation, padding=self.padding)
        self.residual = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        out = self.conv(x)[..., : -self.padding]
        filtered, gate = out.chunk(2, dim=1)
        return x + self.residual(torch.tanh(filtered) * torch.sigmoid(gate))


class Separable(nn.Sequential):
    def __init__(self, inputs, outputs):
        super().__init__(
            nn.Conv2d(inputs, inputs, 3, padding="same", groups=inputs, padding_mode="reflect"),
            nn.Conv2d(inputs, outputs, 1),
            nn.InstanceNorm2d(outputs, affine=True),
            nn.Hardswish(),
        )


wave = nn.Sequential(nn.Conv1d(1, 6, 1), *(Causal(6, 2**k) for k in range(3)), nn.AdaptiveMaxPool1d(4), nn.Flatten())
flat = nn.Sequential(
    Separable(2, 6),
    nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
    nn.ZeroPad2d((1, 0, 1, 0)),
    nn.Conv2d(6, 8, 3, stride=2, dilation=2, bias=False),
    nn.AvgPool2d(2, count_include_pad=False, padding=1),
    nn.LPPool2d(2, 2),
    nn.Flatten(),
)
solid = nn.Sequential(nn.Conv3d(1, 3, 2), nn.BatchNorm3d(3), nn.ReLU6(), nn.AdaptiveAvgPool3d(2), nn.Flatten())
shuffle = nn.Sequential(nn.Conv2d(2, 8, 3, padding=1), nn.PixelShuffle(2), nn.Dropout2d(0.3), nn.Conv2d(2, 1, 3, 2))
parts = nn.ModuleDict({"wave": wave, "flat": flat, "solid": solid})
inputs = {"wave": torch.randn(8, 1, 20), "flat": torch.randn(8, 2, 15, 14), "solid": torch.randn(8, 1, 4, 4, 5)}
width = sum(parts[k](v).shape[1] for k, v in inputs.items())
head = nn.Linear(width, 2)
target = torch.randn(8, 2)
optimizer = torch.optim.AdamW([*parts.parameters(), *head.parameters(), *shuffle.parameters()], lr=3e-3)
for step in range(8):
    joined = torch.cat([parts[k](v) for k, v in inputs.items()], dim=1)
    picture = shuffle(inputs["flat"])
    larger = F.interpolate(picture, size=(20, 20), mode="bicubic", align_corners=True)
    theta = torch.tensor([[0.9, 0.1, 0.0], [-0.1, 0.9, 0.1]]).expand(8, 2, 3)
    warped = F.grid_sample(larger, F.affine_grid(theta, larger.size(), align_corners=False), align_corners=False)
    loss = F.mse_loss(head(joined), target) + 0.1 * F.l1_loss(warped, torch.ones_like(warped))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, f"{loss.item():.5f}")
print(
    width,
    tuple(picture.shape),
    F.unfold(picture, 3, stride=2).shape[1:],
    F.pad(picture, (1, 1, 0, 2), "replicate").shape,
)
print(wave[0].weight.shape, flat[0][0].extra_repr(), parts["solid"])
