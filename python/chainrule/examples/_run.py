"""What every example does around its model: read options, seed, show progress, train by minibatches."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chainrule as cr
from chainrule import Tensor
from chainrule.examples._extras import need


def options(
    name: str, doc: str | None, argv: Sequence[str] | None, **defaults: tuple[int | float, str]
) -> argparse.Namespace:
    """Read the command line of an example, check it, import what it needs and seed the random numbers.

    `defaults` names the options: `epochs=(20, "passes over the training images")`. The default's type is the option's;
    every number must be positive. `--seed` and `--plot` come by themselves.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m chainrule.examples.{name}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for option, (default, text) in defaults.items():
        parser.add_argument(
            f"--{option.replace('_', '-')}", type=type(default), default=default, help=f"{text} (default: {default})"
        )
    parser.add_argument("--seed", type=int, default=0, help="seed of all random numbers (default: 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the result into this file (PNG, PDF or SVG)")
    args = parser.parse_args(argv)
    for option in defaults:
        if not getattr(args, option) > 0:
            parser.error(f"--{option.replace('_', '-')} must be positive, got {getattr(args, option)}")
    if args.plot and not Path(args.plot).absolute().parent.is_dir():
        parser.error(f"--plot: there is no folder {Path(args.plot).absolute().parent}")
    need("tqdm", *(["matplotlib"] if args.plot else []))
    cr.manual_seed(args.seed)
    return args


def progress(work: Iterable[Any], unit: str = "step") -> Any:
    """A tqdm bar around `work`."""
    (tqdm,) = need("tqdm")
    return tqdm.tqdm(work, unit=unit, dynamic_ncols=True)


def minibatches(data: Sequence[Tensor], size: int) -> Iterator[list[Tensor]]:
    """One pass over the rows of several tensors in a fresh random order, `size` rows at a time."""
    for rows in cr.randperm(len(data[0])).split(size):
        yield [tensor[rows] for tensor in data]


def step_count(data: Sequence[Tensor], args: argparse.Namespace) -> int:
    """How many minibatches `args.epochs` passes over the data have."""
    return args.epochs * -(-len(data[0]) // args.batch_size)


@dataclass
class History:
    """What training leaves for the report and the plot."""

    losses: list[float] = field(default_factory=list)  # one for each step
    scores: list[float] = field(default_factory=list)  # on held-out data, one for each epoch
    seconds: float = 0.0


def fit(
    loss_of: Callable[..., Tensor],
    data: Sequence[Tensor],
    optimizer: Any,
    *,
    epochs: int,
    batch_size: int,
    score: Callable[[], float],
    schedule: Any = None,
) -> History:
    """Minimise `loss_of(*minibatch)`; `score()` is asked after each epoch, `schedule` steps after each minibatch."""
    history = History()
    bar = progress(range(epochs), unit="epoch")
    for _ in bar:
        start = time.perf_counter()
        for batch in minibatches(data, batch_size):
            loss = loss_of(*batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()
            history.losses.append(loss.item())
        history.seconds += time.perf_counter() - start
        history.scores.append(score())
        bar.set_postfix_str(f"loss {history.losses[-1]:.4f}, held-out {history.scores[-1]:.4f}")
    return history


def fit_classifier(
    model: cr.nn.Module,
    train: Sequence[Tensor],
    test: Sequence[Tensor],
    optimizer: Any,
    loss: Callable[[Tensor, Tensor], Tensor] = cr.nn.functional.cross_entropy,
    **how: Any,
) -> History:
    """`fit` for `loss(model(*inputs), labels)`, scored by its accuracy on the test set."""
    return fit(
        lambda *batch: loss(model(*batch[:-1]), batch[-1]),
        train,
        optimizer,
        score=lambda: accuracy(model, test),
        **how,
    )


def accuracy(model: cr.nn.Module, data: Sequence[Tensor]) -> float:
    """Share of the rows that the model gives the right label; the last tensor holds the labels."""
    *inputs, labels = data
    training = model.training
    model.eval()
    with cr.no_grad():
        right = (model(*inputs).argmax(1) == labels).float().mean().item()
    model.train(training)
    return right
