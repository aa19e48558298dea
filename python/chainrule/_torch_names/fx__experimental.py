"""torch.fx.experimental: parts of a tracer that is not here."""
