"""Networks beyond MLPs, for PyTorch and chainrule. Each function gives (model, loss_of).

They are written with layers alone; where a library has not got a layer yet, AttributeError says so and the row is
shown as missing. Weights are the library's own initial ones: these rows are timed, not compared in value.
"""

import math

from workloads import INPUT, labels, uniform


def _images(torch, row):
    inputs = torch.tensor(uniform((row.batch, *row.sizes), INPUT, 1.7))
    return inputs, torch.tensor(labels(row.batch, 10))


def _classifier(torch, row, model):
    inputs, targets = _images(torch, row)
    criterion = torch.nn.CrossEntropyLoss()
    return model, lambda net: criterion(net(inputs), targets)


def lenet(torch, row):
    """LeNet-5 with ReLU and max pooling."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    return _classifier(torch, row, model)


def cnn(torch, row):
    """Three convolutions with batch normalisation and two poolings."""
    nn = torch.nn

    def block(n_in, n_out):
        return [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()]

    model = nn.Sequential(
        *block(3, 32), *block(32, 32), nn.MaxPool2d(2), *block(32, 64), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 8 * 8, 10),
    )  # fmt: skip
    return _classifier(torch, row, model)


def _sequence(torch, row):
    width, _, length = row.sizes
    inputs = torch.tensor(uniform((length, row.batch, width), INPUT, 1.7))
    return inputs, torch.tensor(labels(row.batch, 10))


def recurrent(torch, row):
    """A recurrent layer, and a classifier on its last output."""
    nn = torch.nn
    width, hidden, _ = row.sizes
    inputs, targets = _sequence(torch, row)
    criterion = nn.CrossEntropyLoss()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = getattr(nn, row.kind.upper())(width, hidden)
            self.head = nn.Linear(hidden, 10)

        def forward(self, x):
            outputs, _ = self.layer(x)
            return self.head(outputs[-1])

    return Net(), lambda net: criterion(net(inputs), targets)


def recurrent_cell(torch, row):
    """The same as a loop over a cell."""
    nn = torch.nn
    width, hidden, length = row.sizes
    inputs, targets = _sequence(torch, row)
    criterion = nn.CrossEntropyLoss()
    name = row.kind.removesuffix("_cell").upper() + "Cell"

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = getattr(nn, name)(width, hidden)
            self.head = nn.Linear(hidden, 10)

        def forward(self, x):
            h = torch.zeros(row.batch, hidden)
            if name != "LSTMCell":
                for t in range(length):
                    h = self.cell(x[t], h)
                return self.head(h)
            c = torch.zeros(row.batch, hidden)
            for t in range(length):
                h, c = self.cell(x[t], (h, c))
            return self.head(h)

    return Net(), lambda net: criterion(net(inputs), targets)


def transformer(torch, row):
    """A decoder with causal attention written out (no fused attention), pre-norm, GELU."""
    nn = torch.nn
    depth, width, heads, context, vocabulary = row.sizes
    functional = torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def attend(self, x, mask):
            batch, length, _ = x.shape
            parts = self.qkv(x).reshape(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            q, k, v = parts[0], parts[1], parts[2]
            scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(width // heads)) + mask
            mixed = torch.softmax(scores, -1) @ v
            return self.out(mixed.transpose(1, 2).reshape(batch, length, width))

        def forward(self, x, mask):
            x = x + self.attend(self.norm1(x), mask)
            return x + self.down(functional.gelu(self.up(self.norm2(x))))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.ModuleList([Block() for _ in range(depth)])
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

        def forward(self, tokens, places, mask):
            x = self.tokens(tokens) + self.places(places)
            for block in self.blocks:
                x = block(x, mask)
            return self.head(self.norm(x))

    tokens = torch.tensor(labels(row.batch * context, vocabulary).reshape(row.batch, context))
    targets = torch.tensor(labels(row.batch * context + 1, vocabulary)[1:])
    mask = torch.triu(torch.full((context, context), float("-inf")), 1)
    places = torch.arange(context)

    def loss_of(net):
        return functional.cross_entropy(net(tokens, places, mask).reshape(-1, vocabulary), targets)

    return Net(), loss_of


def vae(torch, row):
    """Variational autoencoder (Kingma and Welling 2014): one hidden layer each way, Bernoulli output."""
    nn = torch.nn
    pixels, hidden, latent = row.sizes
    functional = torch.nn.functional
    inputs = torch.tensor(abs(uniform((row.batch, pixels), INPUT)))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encode = nn.Linear(pixels, hidden)
            self.mean, self.log_variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
            self.expand, self.decode = nn.Linear(latent, hidden), nn.Linear(hidden, pixels)

        def forward(self, x):
            h = torch.relu(self.encode(x))
            mean, log_variance = self.mean(h), self.log_variance(h)
            z = mean + torch.randn(row.batch, latent) * torch.exp(0.5 * log_variance)
            logits = self.decode(torch.relu(self.expand(z)))
            fit = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
            return fit - 0.5 * (1 + log_variance - mean**2 - torch.exp(log_variance)).sum()

    return Net(), lambda net: net(inputs)


NETWORKS = {
    "lenet": lenet,
    "cnn": cnn,
    "lstm": recurrent,
    "gru": recurrent,
    "rnn": recurrent,
    "lstm_cell": recurrent_cell,
    "gru_cell": recurrent_cell,
    "rnn_cell": recurrent_cell,
    "transformer": transformer,
    "vae": vae,
}
