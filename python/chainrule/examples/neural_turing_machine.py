"""Neural Turing machine: learns to use a memory, here to copy what it has heard.

    read:      r = sum over places i of w(i) M(i)
    write:     M(i) = M(i) * (1 - w(i) e) + w(i) a                           erase, then add
    address:   by content   w_c = softmax(beta cosine(k, M(i)))
               kept or not  w_g = g w_c + (1 - g) w_before
               moved        w~(i) = sum of w_g(i - j) s(j), j = -1, 0, 1
               sharpened    w = w~^gamma / sum of w~^gamma

An LSTM controls one head that reads and one that writes, by the numbers k, beta, g, s, gamma, e, a of each; every
formula is differentiable, so the addresses are learned. Unrolled over a sequence this is a deep graph of thousands of
nodes. After Graves, Wayne and Danihelka, "Neural Turing machines", arXiv:1410.5401, 2014. Trained on sequences of 1 to
6 vectors of 6 bits it copies such sequences without fault, and those of 12 vectors with about one bit in 200 wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.examples import _plot
from chainrule.examples._run import options, progress

functional = nn.functional


class Head(nn.Module):
    """Turns the controller's output into weights over the places of the memory."""

    def __init__(self, controller: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.parameters_of_address = nn.Linear(controller, width + 6)

    def forward(self, h: Tensor, memory: Tensor, before: Tensor) -> Tensor:
        """Weights [N, places] from h [N, controller], memory [N, places, width] and the weights of the step before."""
        key, beta, gate, shift, gamma = self.parameters_of_address(h).split([self.width, 1, 1, 3, 1], dim=1)
        similarity = functional.cosine_similarity(memory, cr.tanh(key).unsqueeze(1), dim=2)
        content = cr.softmax((1 + functional.softplus(beta)) * similarity, 1)
        gate, shift = cr.sigmoid(gate), cr.softmax(shift, 1)
        kept = gate * content + (1 - gate) * before
        moved = sum(shift[:, j + 1 : j + 2] * kept.roll(j, 1) for j in (-1, 0, 1))
        sharp = (moved + 1e-8) ** (1 + functional.softplus(gamma))
        return sharp / sharp.sum(1, keepdim=True)


class TuringMachine(nn.Module):
    def __init__(self, inputs: int, outputs: int, places: int, width: int, controller: int) -> None:
        super().__init__()
        self.places, self.width = places, width
        self.controller = nn.LSTMCell(inputs + width, controller)
        self.reader, self.writer = Head(controller, width), Head(controller, width)
        self.erase, self.add = nn.Linear(controller, width), nn.Linear(controller, width)
        self.out = nn.Linear(controller + width, outputs)

    def forward(self, sequence: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores [T, N, outputs] for a sequence [T, N, inputs], and the weights of both heads at each step."""
        count = sequence.shape[1]
        memory = cr.full((count, self.places, self.width), 1e-3)
        read_weights = write_weights = functional.one_hot(cr.zeros(count, dtype=cr.int64), self.places).float()
        read, state = cr.zeros(count, self.width), None
        outputs, addresses = [], []
        for x in sequence:
            state = self.controller(cr.cat([x, read], 1), state)
            h = state[0]
            write_weights = self.writer(h, memory, write_weights)
            w = write_weights.unsqueeze(2)
            memory = memory * (1 - w * cr.sigmoid(self.erase(h)).unsqueeze(1)) + w * cr.tanh(self.add(h)).unsqueeze(1)
            read_weights = self.reader(h, memory, read_weights)
            read = (read_weights.unsqueeze(2) * memory).sum(1)
            outputs.append(self.out(cr.cat([h, read], 1)))
            addresses.append(cr.stack([write_weights, read_weights]))
        return cr.stack(outputs), addresses


def copy_task(count: int, length: int, bits: int) -> tuple[Tensor, Tensor]:
    """Sequences [2 length + 1, count, bits + 1]: random bits, a mark in the last channel, silence; and the bits."""
    vectors = (cr.rand(length, count, bits) < 0.5).float()
    sequence = cr.zeros(2 * length + 1, count, bits + 1)
    sequence[:length, :, :bits] = vectors
    sequence[length, :, bits] = 1
    return sequence, vectors


def wrong_bits(model: TuringMachine, length: int, bits: int) -> float:
    sequence, vectors = copy_task(100, length, bits)
    with cr.no_grad():
        scores, _ = model(sequence)
    return ((scores[length + 1 :] > 0).float() != vectors).float().mean().item()


def draw(model: TuringMachine, losses: list[float], length: int, bits: int, path: str) -> None:
    """Training, one copy, and the places that the heads use: they walk along the memory and walk again."""
    sequence, _ = copy_task(1, length, bits)
    with cr.no_grad():
        scores, addresses = model(sequence)
    figure = _plot.new_figure(13, 6.5, f"Neural Turing machine copies {length} vectors of {bits} bits")
    panels = figure.subplot_mosaic("AB;AC;AD;AE", width_ratios=[1, 1.6], height_ratios=[1, 1, 1.6, 1.6])
    panels["A"].plot(losses, color=_plot.BLUE, lw=0.6)
    panels["A"].set(xlabel="training step", ylabel="cross-entropy a bit, nats", title="training", ylim=(0, 0.75))
    heads = cr.stack(addresses)[:, :, 0]  # [T, 2, places]
    for name, image, what, title in (
        ("B", sequence[:, 0], "bit", "heard (the last row is the mark)"),
        ("C", cr.sigmoid(scores[:, 0]), "bit", "said (after the mark it should say what it heard)"),
        ("D", heads[:, 0], "place", "where it writes"),
        ("E", heads[:, 1], "place", "where it reads"),
    ):
        panels[name].imshow(image.T.numpy(), cmap="Blues", aspect="auto", vmin=0, vmax=1)
        panels[name].axvline(length, color=_plot.ORANGE, lw=1)
        panels[name].set(yticks=[], ylabel=what, title=title)
    panels["E"].set_xlabel("time step")
    _plot.save(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    args = options(
        "neural_turing_machine",
        __doc__,
        argv,
        steps=(2500, "training steps"),
        batch_size=(16, "sequences in a step"),
        lr=(5e-3, "Adam's learning rate"),
        length=(6, "vectors in the longest training sequence"),
        bits=(6, "bits in a vector"),
    )
    model = TuringMachine(args.bits + 1, args.bits, places=16, width=10, controller=64)
    optimizer: Any = cr.optim.Adam(model.parameters(), lr=args.lr)
    losses = []
    for _ in (bar := progress(range(args.steps))):
        length = int(cr.randint(1, args.length + 1, (1,)))
        sequence, vectors = copy_task(args.batch_size, length, args.bits)
        scores, _ = model(sequence)
        loss = functional.binary_cross_entropy_with_logits(scores[length + 1 :], vectors)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        bar.set_postfix_str(f"loss {losses[-1]:.4f}", refresh=False)
    for n in (args.length, 2 * args.length):
        print(f"wrong bits in sequences of {n}: {wrong_bits(model, n, args.bits):.2%}")
    if args.plot:
        draw(model, losses, args.length, args.bits, args.plot)


if __name__ == "__main__":
    main()
