"""torch.distributed.elastic.multiprocessing: see its module errors."""
