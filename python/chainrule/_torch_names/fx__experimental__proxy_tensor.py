"""torch.fx.experimental.proxy_tensor: how a tracer sees tensors. Nothing is traced."""


def get_proxy_mode() -> None:
    """None: nothing is traced."""
