"""A small residual net on made-up pictures: batch norm, Kaiming's initial weights, OneCycleLR, label smoothing."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(
    1
)  # with 0 an input of a ReLU comes to 6e-7, less than float32's rounding there: its gradient is either's
torch.backends.cudnn.benchmark = True
device = "cuda" if torch.cuda.is_available() else "cpu"


class Block(nn.Module):
    expansion = 1

    def __init__(self, inplanes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or inplanes != planes:
            self.shortcut = nn.Sequential(nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class ResNet(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.layers = nn.ModuleList([Block(8, 8), Block(8, 16, 2), Block(16, 16)])
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers:
            x = layer(x)
        return self.fc(torch.flatten(self.pool(x), 1))


def pictures(n):
    y = torch.randint(0, 4, (n,))
    x = torch.randn(n, 3, 12, 12) * 0.5
    for i in range(n):
        x[i, :, (y[i] // 2) * 6 : (y[i] // 2) * 6 + 6, (y[i] % 2) * 6 : (y[i] % 2) * 6 + 6] += 1.0
    return x.to(device), y.to(device)


model = ResNet().to(device)
steps = 16
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=steps)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
for step in range(steps):
    model.train()
    x, y = pictures(16)
    loss = criterion(model(x), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(f"{step}: {loss.item():.4f} lr {scheduler.get_last_lr()[0]:.5f}")
model.eval()
with torch.no_grad():
    x, y = pictures(32)
    print("correct", (model(x).argmax(dim=1) == y).sum().item() > 20, sum(p.numel() for p in model.parameters()))
