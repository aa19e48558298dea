"""PyTorch's words for how a tensor lies in memory: accepted as arguments, where they say nothing here."""

from __future__ import annotations

from typing import Any


class NamedConstant:
    """A name that programs pass around."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> Any:
        return _constant, (self.name,)


class layout(NamedConstant):
    """How a tensor is kept: all elements (strided), or those that are not zero (sparse_coo, sparse_csr)."""


class memory_format(NamedConstant):
    """The order of a tensor's axes in memory: operations keep the one that they find."""


strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")


def _constant(name: str) -> Any:
    return globals()[name]


# The types of tensors that PyTorch had before dtypes.
OLD_NAMES = {
    "float32": "FloatTensor",
    "float64": "DoubleTensor",
    "int64": "LongTensor",
    "int32": "IntTensor",
    "uint8": "ByteTensor",
    "bool": "BoolTensor",
    "float16": "HalfTensor",
    "bfloat16": "BFloat16Tensor",
    "int8": "CharTensor",
    "int16": "ShortTensor",
}
