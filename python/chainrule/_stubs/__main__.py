"""Prints the stub."""

from . import stub

print(stub(), end="")
