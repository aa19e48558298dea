"""torch.distributed.elastic: what starts several processes, of which there is one."""
