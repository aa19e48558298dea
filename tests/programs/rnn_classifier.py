"""Words of random length to one of three classes: embeddings, a packed bidirectional GRU, a collate function."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(1)


class Words(Dataset):
    def __init__(self, n):
        lengths = torch.randint(2, 9, (n,))
        self.words = [torch.randint(1, 12, (int(length),)) for length in lengths]
        self.labels = torch.tensor([int(word.sum()) % 3 for word in self.words])

    def __len__(self):
        return len(self.words)

    def __getitem__(self, i):
        return self.words[i], self.labels[i]


def collate(batch):
    words, labels = zip(*batch)
    lengths = torch.tensor([len(word) for word in words])
    return pad_sequence(words, batch_first=True), lengths, torch.stack(labels)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, 8, padding_idx=0)
        self.rnn = nn.GRU(8, 10, num_layers=2, batch_first=True, bidirectional=True, dropout=0.2)
        self.out = nn.Linear(40, 3)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.embed(x), lengths, batch_first=True, enforce_sorted=False)
        states, hidden = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True)
        mask = (x != 0).unsqueeze(-1)
        mean = (states * mask).sum(1) / lengths.unsqueeze(1)
        return self.out(torch.cat([mean, hidden[-2], hidden[-1]], dim=1))


data = Words(96)
net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(4):
    total = 0.0
    for x, lengths, y in DataLoader(data, batch_size=16, shuffle=True, collate_fn=collate):
        loss = F.cross_entropy(net(x, lengths), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total += loss.item() * len(y)
    print(f"epoch {epoch} loss {total / len(data):.5f}")
print(
    "padding gradient", net.embed.weight.grad[0].abs().sum().item(), [tuple(p.shape) for p in net.rnn.parameters()][:3]
)
