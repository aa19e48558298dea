"""Transformer: reads Python's manual letter by letter, then writes on.

    attention:  softmax(Q K^T / sqrt(d), only over places already read) V       Q, K, V = x W_q, x W_k, x W_v
    block:      x = x + attention(norm(x));   x = x + mlp(norm(x))

Each place asks (Q) all places before it what they have (K) and takes a mean of what they give (V), weighted by how well
the two match; several heads do so side by side. After Vaswani et al., "Attention is all you need", NeurIPS 2017, with
the norm before each sublayer as in GPT-2. The text is what `help("topics")` prints. About 2.0 bits a letter on held-out
text after 2,000 steps; letters at their mean frequency cost 4.7, a table of letter pairs 3.6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._data import python_manual
from chainrule.examples._run import options, progress


class Attention(nn.Module):
    """Causal self-attention by `heads` heads on x [N, T, width]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> list[Tensor]:
        """Q, K and V, each [N, heads, T, width / heads]."""
        parts = self.query_key_value(x).chunk(3, dim=-1)
        return [part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts]

    def weights(self, x: Tensor) -> Tensor:
        """The softmax of the formula [N, heads, T, T], for looking at."""
        q, k, _ = self.split(x)
        later = cr.ones(x.shape[1], x.shape[1]).triu(1) > 0
        return cr.softmax((q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(later, -cr.inf), -1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(x)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)  # weights(x) @ v, not stored
        return self.out(mixed.transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.attention = nn.LayerNorm(width), nn.LayerNorm(width), Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, letters: int, context: int, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.context = context
        self.letter, self.place = nn.Embedding(letters, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.scores = nn.LayerNorm(width), nn.Linear(width, letters)

    def embed(self, letters: Tensor) -> Tensor:
        return self.letter(letters) + self.place(cr.arange(letters.shape[1]))

    def forward(self, letters: Tensor) -> Tensor:
        """Scores [N, T, letters] of the next letter after each of the letters [N, T]."""
        return self.scores(self.norm(self.blocks(self.embed(letters))))

    def bits(self, windows: Tensor) -> Tensor:
        """Cross-entropy in bits a letter on windows [N, T + 1] of the text."""
        scores = self(windows[:, :-1])
        return nn.functional.cross_entropy(scores.flatten(0, 1), windows[:, 1:].flatten()) / math.log(2)

    def write(self, letters: list[int], count: int, temperature: float = 0.8) -> list[int]:
        with cr.no_grad():
            for _ in range(count):
                scores = self(cr.tensor([letters[-self.context :]]))[0, -1]
                letters = [*letters, int(cr.multinomial(cr.softmax(scores / temperature, 0), 1))]
        return letters


def draw(model: Transformer, alphabet: str, text: str, history: dict[int, tuple[float, float]], path: str) -> None:
    figure = _plot.new_figure(15, 6.5, "Transformer on Python's manual, letter by letter")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.7])
    axes = left.subplots()
    axes.plot(list(history), list(history.values()), marker="o", ms=3, label=["training", "held-out"])
    axes.set(xlabel="training step", ylabel="bits a letter")
    axes.legend()
    right.suptitle("attention of each layer (row) and head (column): from the letter at left to the letters below")
    x = model.embed(cr.tensor([[alphabet.index(letter) for letter in text]]))
    grid = right.subplots(len(model.blocks), model.blocks[0].attention.heads, squeeze=False)
    for row, block in zip(grid, model.blocks):
        with cr.no_grad():
            weights, x = block.attention.weights(block.norm1(x))[0], block(x)
        for cell, head in zip(row, weights):
            cell.imshow(head.numpy(), cmap="Blues", vmin=0)
            for set_ticks in (cell.set_xticks, cell.set_yticks):
                set_ticks(range(len(text)), text, fontsize=5, family="monospace")
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "transformer",
        __doc__,
        argv,
        steps=(2000, "training steps"),
        batch_size=(16, "windows of text in a step"),
        lr=(3e-3, "AdamW's greatest learning rate; it rises and falls once"),
        context=(64, "letters seen at once"),
        width=(64, "numbers for each letter"),
        heads=(4, "attention heads, a divisor of the width"),
        layers=(2, "blocks"),
    )
    text = python_manual()
    alphabet = "".join(sorted(set(text)))
    windows = cr.tensor([alphabet.index(letter) for letter in text]).unfold(0, args.context + 1, 1)  # a view, no copy
    train, test = windows[: len(windows) * 9 // 10], windows[len(windows) * 9 // 10 + args.context :: args.context]
    model = Transformer(len(alphabet), args.context, args.width, args.heads, args.layers)
    optimizer: Any = cr.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    schedule = cr.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=args.steps + 1)
    history = {}
    for step in (bar := progress(range(1, args.steps + 1))):
        loss = model.bits(train[cr.randint(len(train), (args.batch_size,))])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % max(args.steps // 20, 1) == 0 or step == args.steps:
            with cr.no_grad():
                history[step] = (loss.item(), model.bits(test[:200]).item())
            bar.set_postfix_str("bits a letter: training {:.3f}, held-out {:.3f}".format(*history[step]))
    print("".join(alphabet[code] for code in model.write([alphabet.index(letter) for letter in "\nThe "], 400)))
    print(f"\n{history[args.steps][1]:.3f} bits a letter on held-out text")
    if args.plot:
        draw(model, alphabet, text[2000:2032], history, args.plot)


if __name__ == "__main__":
    main()
