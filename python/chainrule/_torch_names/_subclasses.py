"""torch._subclasses: tensors without memory, by which a compiler traces. There are none."""
