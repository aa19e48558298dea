"""torch.utils.data.datapipes: its module iter."""
