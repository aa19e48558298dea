"""Sequences reversed by an encoder and a decoder with additive attention; teacher forcing, padding ignored."""

import random

import torch
from torch import nn, optim

torch.manual_seed(2)
random.seed(2)
PAD, START, SIZE = 0, 1, 8


class Encoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(SIZE, hidden)
        self.lstm = nn.LSTM(hidden, hidden)

    def forward(self, x):
        return self.lstm(self.embedding(x))


class Decoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(SIZE, hidden)
        self.score = nn.Linear(2 * hidden, hidden)
        self.v = nn.Parameter(torch.rand(hidden))
        self.cell = nn.LSTMCell(2 * hidden, hidden)
        self.out = nn.Linear(hidden, SIZE)

    def forward(self, token, state, memory, mask):
        query = state[0].unsqueeze(0).repeat(memory.size(0), 1, 1)
        energy = torch.tanh(self.score(torch.cat((query, memory), 2)))
        weights = (energy @ self.v).masked_fill(mask, float("-inf")).softmax(dim=0)
        context = torch.einsum("lb,lbh->bh", weights, memory)
        state = self.cell(torch.cat([self.embedding(token), context], dim=-1), state)
        return self.out(state[0]), state


def batch(n, longest=6):
    lengths = torch.randint(2, longest + 1, (n,))
    x = torch.randint(2, SIZE, (longest, n))
    x[torch.arange(longest)[:, None] >= lengths] = PAD
    y = torch.full_like(x, PAD)
    for i, length in enumerate(lengths.tolist()):
        y[:length, i] = x[:length, i].flip(0)
    return x, y


encoder, decoder = Encoder(16), Decoder(16)
optimizer = optim.RMSprop([{"params": encoder.parameters()}, {"params": decoder.parameters(), "lr": 2e-3}], lr=1e-3)
criterion = nn.CrossEntropyLoss(ignore_index=PAD)
for step in range(30):
    x, y = batch(12)
    memory, (h, c) = encoder(x)
    state, token, loss = (h[0], c[0]), torch.full((12,), START), 0
    for t in range(len(y)):
        logits, state = decoder(token, state, memory, x == PAD)
        if (y[t] != PAD).any():
            loss = loss + criterion(logits, y[t])
        token = y[t] if random.random() < 0.7 else logits.argmax(1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 4:
        print("%d %.5f" % (step, loss / len(y)))
