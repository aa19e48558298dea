"""FlopCounterMode: the floating-point operations of a run, forward and backward."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from .. import _core
from .._reports import multiply_adds
from ..nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

__all__ = ["FlopCounterMode"]

Counts = dict[str, dict[str, int]]


class FlopCounterMode:
    """A context that counts the operations of matrix products and convolutions: two for each multiply-add.

    Counted is what runs in this thread, a node's backward as one forward for each gradient of a factor that it gives.
    Tensors are kept until the next module begins or ends, or the backward pass is over.

    Args:
        mods: accepted; every module is counted under its class, a part under its path in the module that was called.
        depth: how deep get_table() goes into modules.
        display: print the table at the end.
        custom_mapping: by an operation's name, a function of its tape entry that gives its count instead.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.utils.flop_counter import FlopCounterMode
        >>> net = cr.nn.Sequential(cr.nn.Linear(4, 5), cr.nn.ReLU(), cr.nn.Linear(5, 2))
        >>> with FlopCounterMode(display=False) as counter:
        ...     net(cr.ones(3, 4)).sum().backward()
        >>> counter.get_total_flops()
        420
        >>> print(counter.get_table())
        module        operation  flops
        ------------------------------
        Global        linear       420
        Sequential    linear       420
        Sequential.0  linear       240
        Sequential.2  linear       180

    Source: PyTorch, torch.utils.flop_counter.FlopCounterMode. Operations are named as here, not as in aten.
    """

    def __init__(
        self,
        mods: Any = None,
        depth: int = 2,
        display: bool = True,
        custom_mapping: Mapping[str, Callable[[Any], int]] | None = None,
    ) -> None:
        self.depth, self.display = depth, display
        self._custom = dict(custom_mapping or {})
        self._tape = _core.Tape(entries=True, values=True)
        self._counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._stack: list[tuple[str, dict[Any, str]]] = []  # what runs: its name, and the paths in the outermost module
        self._forward: dict[Any, tuple[str, str, int]] = {}  # by node: scope, operation, count
        self._handles: list[Any] = []

    def __enter__(self) -> FlopCounterMode:
        self._counts.clear()
        self._handles = [
            register_module_forward_pre_hook(self._begins),
            register_module_forward_hook(self._ends, always_call=True),
        ]
        self._tape.scope = "Global"
        self._tape.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tape.stop()
        for handle in self._handles:
            handle.remove()
        self._count()
        self._forward.clear()
        self._stack.clear()
        if self.display and kind is None:
            print(self.get_table(self.depth))

    def _begins(self, module: Any, args: Any) -> None:
        self._count()
        root = type(module).__name__
        paths = self._stack[-1][1] if self._stack else {m: f"{root}.{p}" for p, m in module.named_modules() if p}
        name = paths.get(module, root)
        self._stack.append((name, paths))
        self._tape.scope = "\n".join(["Global", *dict.fromkeys(name for name, _ in self._stack)])

    def _ends(self, module: Any, args: Any, output: Any) -> None:
        self._count()
        if self._stack:
            self._stack.pop()
        self._tape.scope = "\n".join(["Global", *dict.fromkeys(name for name, _ in self._stack)])

    def _count(self) -> None:
        """Take what is on the tape."""
        entries = self._tape.entries
        self._tape.clear()
        inside = 0
        for entry in entries:
            if entry.kind == "begin" and entry.op != "accumulate":
                inside += 1
            elif entry.kind == "end":
                inside -= 1
            elif entry.kind == "gradient":
                self._gradient(entry)
            elif entry.kind == "operation" and not inside:
                flops = self._custom[entry.op](entry) if entry.op in self._custom else 2 * multiply_adds(entry)
                if flops:
                    self._add(entry.scope, entry.op, flops)
                    if entry.node is not None:
                        self._forward[entry.node] = entry.scope, entry.op, flops

    def _gradient(self, entry: Any) -> None:
        found = self._forward.get(entry.node)
        factor = entry.input < 2 or entry.op.endswith("_cell")
        if found is not None and factor:
            self._add(*found)

    def _add(self, scope: str, op: str, flops: int) -> None:
        for name in scope.split("\n"):
            self._counts[name][op] += flops

    def get_total_flops(self) -> int:
        """All that was counted."""
        self._count()
        return sum(self._counts["Global"].values())

    def get_flop_counts(self) -> Counts:
        """By module ("Global" for all), by operation."""
        self._count()
        return {name: dict(counts) for name, counts in self._counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """The counts as a table, modules no deeper than `depth`."""
        deepest = self.depth if depth is None else depth
        rows = [("module", "operation", "flops")]
        for name, counts in self.get_flop_counts().items():
            if name.count(".") < deepest:
                rows += [(name, op, f"{flops:,}") for op, flops in counts.items()]
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
