"""torch.backends: switches that programs set, without effect, and questions that are answered no."""
