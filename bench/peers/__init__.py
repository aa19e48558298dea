"""The contestants. Each module has `make_step(row, ...) -> callable`, `wait(result)` and `summary(result)`.

`make_step` raises `Unavailable` (or ImportError, AttributeError) for a row that the peer cannot run. Calling the step
does the whole of the measured work once; `wait` blocks until a result is there (JAX computes in the background);
`summary` reduces the result to one number for `--check`: the mean absolute value of the loss or gradient.
"""

import importlib
from dataclasses import dataclass, field


class Unavailable(Exception):
    """The peer has no way to run this row."""


@dataclass(frozen=True)
class Peer:
    name: str
    module: str  # in this folder
    imports: str  # the distribution that must be importable; "" for the floor, which is a program
    options: dict = field(default_factory=dict)
    about: str = ""


PEERS = {
    peer.name: peer
    for peer in [
        Peer("chainrule", "torchlike", "chainrule", {"library": "chainrule"}, "this library"),
        Peer("floor", "floor", "", {}, "straight-line C++ with serial OpenBLAS (bench/cpp/floor.cpp), one thread"),
        Peer("torch", "torchlike", "torch", {"library": "torch"}, "PyTorch, eager"),
        Peer("torch.compile", "torchlike", "torch", {"library": "torch", "compiled": True}, "PyTorch, compiled"),
        Peer("torch fused", "torchlike", "torch", {"library": "torch", "fused": True},
             "PyTorch, eager, with fused=True optimizers (only on request)"),
        Peer("jax", "jax_peer", "jax", {}, "JAX, the whole step jitted, with optax"),
        Peer("numpy", "numpy_peer", "numpy", {}, "gradients written by hand"),
        Peer("sklearn", "sklearn_peer", "sklearn", {}, "MLPClassifier.partial_fit, 32 steps a call"),
        Peer("autograd", "autograd_peer", "autograd", {}, "HIPS autograd on NumPy"),
        Peer("micrograd", "micrograd_peer", "micrograd", {}, "scalar engine, for the chain alone"),
    ]
}  # fmt: skip

ON_REQUEST = {"torch fused"}


def load(name):
    """The module of a peer."""
    return importlib.import_module(f"peers.{PEERS[name].module}")
