"""torch.backends.openmp."""


def is_available() -> bool:
    """True: the kernels use OpenMP."""
    return True
