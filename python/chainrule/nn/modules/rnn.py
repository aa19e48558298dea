"""Recurrent layers: RNN, LSTM, GRU, and one step of each as a cell."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from ... import _core
from .. import init
from ..parameter import Parameter
from ..utils.rnn import PackedSequence
from .module import Module

Tensor = _core.Tensor
State = tuple[Any, ...]

# The functions that compute: a layer's call, packed or padded, and a cell's are one call into C++ each. An empty
# sequence for the state means zeros.
_LAYERS: dict[str, Callable[..., Any]] = {
    "RNN_TANH": _core.rnn_tanh,
    "RNN_RELU": _core.rnn_relu,
    "LSTM": _core.lstm,
    "GRU": _core.gru,
}
_CELLS: dict[str, Callable[..., Any]] = {
    "RNN_TANH": _core.rnn_tanh_cell,
    "RNN_RELU": _core.rnn_relu_cell,
    "LSTM": _core.lstm_cell,
    "GRU": _core.gru_cell,
}
_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


class RNNBase(Module):
    """What RNN, LSTM and GRU share. Use those.

    Initial values: all parameters from U(-k, k), k = 1 / sqrt(hidden_size).
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_options()
        self.dropout = float(dropout)
        self._flat_weights_names: list[str] = []
        for layer in range(num_layers):
            for direction in range(2 if bidirectional else 1):
                self._add_layer(layer, direction, device, dtype)
        self.reset_parameters()

    def _check_options(self) -> None:
        name = type(self).__name__
        if self.mode not in _LAYERS:
            raise ValueError(f"{name}: mode must be one of {', '.join(_LAYERS)}, got {self.mode!r}.")
        dropout = self.dropout
        if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout must be a number between 0 and 1, got {dropout!r}.")
        for option in ("bias", "batch_first"):
            if not isinstance(getattr(self, option), bool):
                raise TypeError(f"{name}: {option} must be a bool, got {getattr(self, option)!r}.")
        for option in ("input_size", "hidden_size", "num_layers"):
            value = getattr(self, option)
            if not isinstance(value, int):
                raise TypeError(f"{name}: {option} must be an int, got {value!r}.")
            if value <= 0:
                raise ValueError(f"{name}: {option} must be positive, got {value}.")
        if not 0 <= self.proj_size < self.hidden_size:
            raise ValueError(
                f"{name}: proj_size must be at least 0 and less than hidden_size, got {self.proj_size} with "
                f"hidden_size {self.hidden_size}."
            )
        if self.proj_size and self.mode != "LSTM":
            raise ValueError(f"{name}: proj_size is for LSTM only, got {self.proj_size}.")
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                f"{name}: dropout acts between layers, and num_layers=1 has none: dropout={dropout} does nothing.",
                stacklevel=4,
            )

    def _add_layer(self, layer: int, direction: int, device: Any, dtype: Any) -> None:
        out_size = self.proj_size or self.hidden_size
        in_size = self.input_size if layer == 0 else out_size * (2 if self.bidirectional else 1)
        gates = _GATES[self.mode] * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, in_size), "weight_hh": (gates, out_size)}
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            full_name = f"{name}_l{layer}{'_reverse' if direction else ''}"
            setattr(self, full_name, Parameter(_core.empty(shape, device=device, dtype=dtype)))
            self._flat_weights_names.append(full_name)

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: it arranges memory for cuDNN, which is not used here."""

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters, a list for each layer and direction."""
        names = self._flat_weights_names
        size = len(names) // (self.num_layers * (2 if self.bidirectional else 1))
        return [[getattr(self, name) for name in names[k : k + size]] for k in range(0, len(names), size)]

    @property
    def _flat_weights(self) -> list[Any]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.proj_size:
            parts.append(f"proj_size={self.proj_size}")
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        parts += [f"{name}={getattr(self, name)}" for name, value in defaults.items() if getattr(self, name) != value]
        return ", ".join(parts)

    # Computing

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Returns (output, last state). The class says their shapes."""
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: input must have 2 axes, or 3 with a batch, got shape {tuple(input.shape)}."
            )
        self._check_width(input)
        batched, batch_axis = input.dim() == 3, 0 if self.batch_first else 1
        if not batched:
            input = input.unsqueeze(batch_axis)
        if input.shape[1 - batch_axis] == 0:
            raise ValueError(f"{type(self).__name__}: at least one step is needed, got shape {tuple(input.shape)}.")
        state = self._initial_state(hx, input.shape[batch_axis], batched)
        output, *last = _LAYERS[self.mode](input, state, *self._options(), self.batch_first)
        if not batched:
            output, last = output.squeeze(batch_axis), [part.squeeze(1) for part in last]
        return output, tuple(last) if self.mode == "LSTM" else last[0]

    def _forward_packed(self, input: PackedSequence, hx: Any) -> tuple[Any, Any]:
        data, batch_sizes, order, inverse = input
        self._check_width(data)
        state = self._initial_state(hx, int(batch_sizes[0]), True)
        if order is not None:
            state = tuple(part.index_select(1, order) for part in state)
        output, *last = _LAYERS[self.mode](data, batch_sizes, state, *self._options())
        if inverse is not None:
            last = [part.index_select(1, inverse) for part in last]
        return PackedSequence(output, batch_sizes, order, inverse), tuple(last) if self.mode == "LSTM" else last[0]

    def _options(self) -> tuple[Any, ...]:
        return self._flat_weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional

    def _check_width(self, input: Any) -> None:
        if input.shape[-1] != self.input_size:
            raise ValueError(
                f"{type(self).__name__}: the last axis of input must be input_size {self.input_size}, got shape "
                f"{tuple(input.shape)}."
            )

    def _initial_state(self, hx: Any, batch: int, batched: bool) -> State:
        """(h,) or (h, c), each [layers * directions, N, size], checked; () where none was given."""
        if hx is None:
            return ()
        rows = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [self.proj_size or self.hidden_size] + ([self.hidden_size] if self.mode == "LSTM" else [])
        if self.mode != "LSTM":
            hx = (hx,)
        elif not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise TypeError(f"LSTM: the initial state must be a pair (h_0, c_0), got {type(hx).__name__}.")
        for name, part, size in zip(("h_0", "c_0"), hx, sizes):
            wanted = (rows, batch, size) if batched else (rows, size)
            if tuple(part.shape) != wanted:
                raise ValueError(
                    f"{type(self).__name__}: {name} must have shape {wanted}, got {tuple(part.shape)}. It is never "
                    f"batch-first."
                )
        return tuple(hx) if batched else tuple(part.unsqueeze(1) for part in hx)


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or relu for tanh; layers of it.

    Args:
        input_size, hidden_size: F and H.
        num_layers: each further layer reads the outputs of the one below.
        nonlinearity: "tanh" or "relu".
        bias: False leaves both b out.
        batch_first: input and output are [N, T, ...]. The state never is.
        dropout: in training, the probability of dropout on the output of each layer but the last.
        bidirectional: a second set of weights runs backward in time; the outputs are joined, D = 2.

    Shapes: input [T, N, F], [T, F] or a PackedSequence; h_0 and the last state [num_layers * D, N, H], zeros where
    h_0 is left out; output [T, N, D * H]. Parameters: weight_ih_l0 [H, F], weight_hh_l0 [H, H], bias_ih_l0,
    bias_hh_l0 [H], then _l1 and so on, each followed by its "_reverse".

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.RNN(3, 5, num_layers=2)
        >>> output, state = layer(cr.ones(7, 4, 3))
        >>> output.shape, state.shape
        (chainrule.Size([7, 4, 5]), chainrule.Size([2, 4, 5]))

    Source: Elman, "Finding structure in time", 1990. PyTorch, torch.nn.RNN.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
        options = (input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)
        super().__init__("RNN_" + nonlinearity.upper(), *options)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory: with i, f, o = sigmoid and g = tanh of W_i* x_t + b_i* + W_h* h_(t-1) + b_h*,
    c_t = f c_(t-1) + i g and h_t = o tanh(c_t); layers of it.

    Args:
        proj_size: P > 0 multiplies each h_t by weight_hr [P, H]; h then has size P.
        others: as RNN's.

    Shapes: input [T, N, F], [T, F] or a PackedSequence; state (h, c) with h [num_layers * D, N, P or H] and
    c [num_layers * D, N, H]; output [T, N, D * (P or H)]. Parameters as RNN's, with 4 H rows in the order i, f, g, o.

    Example:
        >>> import chainrule as cr
        >>> layer = cr.nn.LSTM(3, 5, batch_first=True, bidirectional=True)
        >>> output, (h, c) = layer(cr.ones(4, 7, 3))
        >>> output.shape, c.shape
        (chainrule.Size([4, 7, 10]), chainrule.Size([2, 4, 5]))

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; the projection: Sak et al., 2014.
    PyTorch, torch.nn.LSTM.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent unit: with r, z = sigmoid(W_i* x_t + b_i* + W_h* h_(t-1) + b_h*),
    n = tanh(W_in x_t + b_in + r (W_hn h_(t-1) + b_hn)) and h_t = (1 - z) n + z h_(t-1); layers of it.

    Args and shapes: as RNN's; the parameters have 3 H rows in the order r, z, n.

    Example:
        >>> import chainrule as cr
        >>> cr.nn.GRU(3, 5, dropout=0.1, num_layers=2)
        GRU(3, 5, num_layers=2, dropout=0.1)

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014. PyTorch, torch.nn.GRU.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("GRU: proj_size is for LSTM only.")
        super().__init__("GRU", *args, **kwargs)


# Cells


class RNNCellBase(Module):
    """What the three cells share: parameters, checks, the step."""

    weight_ih: Any
    weight_hh: Any
    bias_ih: Any
    bias_hh: Any

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(_core.empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(_core.empty((rows, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            vector = Parameter(_core.empty(rows, device=device, dtype=dtype)) if bias else None
            self.register_parameter(name, vector)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again: U(-k, k), k = 1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def _step(self, mode: str, input: Any, state: State) -> Any:
        """One step from input [N, F] or [F]; state () is zeros."""
        if input.dim() not in (1, 2) or input.shape[-1] != self.input_size:
            wanted = f"(N, {self.input_size}) or ({self.input_size},)"
            raise ValueError(f"{type(self).__name__}: input must have shape {wanted}, got {tuple(input.shape)}.")
        shape = (*input.shape[:-1], self.hidden_size)
        for part in state:
            if part.shape != shape:
                raise ValueError(f"{type(self).__name__}: the state must have shape {shape}, got {tuple(part.shape)}.")
        return _CELLS[mode](input, state, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


class RNNCell(RNNCellBase):
    """One step of RNN: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu for tanh.

    Shapes: input [N, F] or [F], h [N, H] or [H], zeros where left out. Returns h'.

    Source: PyTorch, torch.nn.RNNCell.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNNCell: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step("RNN_" + self.nonlinearity.upper(), input, () if hx is None else (hx,))


class LSTMCell(RNNCellBase):
    """One step of LSTM. Shapes: input [N, F] or [F], state (h, c) each [N, H] or [H]. Returns (h', c').

    Example:
        >>> import chainrule as cr
        >>> cell = cr.nn.LSTMCell(3, 5)
        >>> h, c = cell(cr.ones(4, 3))
        >>> h, c = cell(cr.ones(4, 3), (h, c))
        >>> h.shape
        chainrule.Size([4, 5])

    Source: PyTorch, torch.nn.LSTMCell.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        return self._step("LSTM", input, () if hx is None else tuple(hx))


class GRUCell(RNNCellBase):
    """One step of GRU. Shapes: input [N, F] or [F], h [N, H] or [H]. Returns h'.

    Source: PyTorch, torch.nn.GRUCell.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step("GRU", input, () if hx is None else (hx,))
