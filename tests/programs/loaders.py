"""Datasets, samplers and loaders as programs use them; the order is that of PyTorch at the same seed."""

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

torch.manual_seed(17)
np.random.seed(17)


class Numbers(Dataset):
    def __init__(self, n, transform=None):
        self.n, self.transform = n, transform

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        sample = {"x": np.array([i, i * i], dtype=np.float32), "y": i % 3, "name": f"n{i}"}
        return self.transform(sample) if self.transform else sample


class Stream(IterableDataset):
    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        yield from range(0 if info is None else info.id, 7, 1 if info is None else info.num_workers)


class EveryOther(Sampler):
    def __init__(self, data):
        self.data = data

    def __iter__(self):
        return iter(range(0, len(self.data), 2))

    def __len__(self):
        return (len(self.data) + 1) // 2


def scale(sample):
    return {**sample, "x": torch.from_numpy(sample["x"]) / 10}


data = Numbers(10, scale)
for batch in DataLoader(data, batch_size=4, shuffle=True):
    print(batch["x"].shape, batch["y"].tolist(), batch["name"], f"{batch['x'].sum().item():.4f}")
train, valid, rest = random_split(range(11), [6, 3, 2], generator=torch.Generator().manual_seed(42))
print(list(train), list(valid), list(rest), [len(part) for part in random_split(range(10), [0.5, 0.5])])
pairs = TensorDataset(torch.arange(12).float().view(6, 2), torch.arange(6))
print(
    [
        y.tolist()
        for _, y in DataLoader(pairs, batch_size=4, sampler=RandomSampler(pairs, replacement=True, num_samples=9))
    ]
)
print([y.tolist() for _, y in DataLoader(pairs, 2, sampler=SubsetRandomSampler([0, 2, 5]))])
print(list(WeightedRandomSampler([0.1, 0.9, 0.4, 0.0], 8, replacement=True)), torch.randperm(4).tolist())
print(
    [y.tolist() for _, y in DataLoader(pairs, batch_sampler=BatchSampler(SequentialSampler(pairs), 4, drop_last=True))]
)
both = ConcatDataset([pairs, Subset(pairs, [1, 3])]) + TensorDataset(torch.zeros(1, 2), torch.tensor([9]))
print(len(both), [int(y) for _, y in DataLoader(both, batch_size=None, sampler=EveryOther(both))])
for workers in (0, 2):
    loader = DataLoader(
        Numbers(9),
        batch_size=3,
        shuffle=True,
        num_workers=workers,
        drop_last=True,
        pin_memory=torch.cuda.is_available(),
    )
    print(workers, len(loader), [batch["y"].tolist() for batch in loader], torch.rand(1).item() < 1)
print(
    sorted(int(v) for v in DataLoader(Stream(), batch_size=None, num_workers=2)),
    list(DataLoader(Stream(), batch_size=3)),
)
generator = torch.Generator()
generator.manual_seed(3)
print([y.tolist() for _, y in DataLoader(pairs, 3, shuffle=True, generator=generator)], f"{torch.rand(1).item():.5f}")
nested = [(torch.ones(2), (1, 2.0)), (torch.zeros(2), (3, 4.0))]
x, (a, b) = torch.utils.data.default_collate(nested)
print(x.tolist(), a, b, next(iter(DataLoader(nested, batch_size=2, collate_fn=lambda batch: len(batch)))))
iterator = iter(DataLoader(pairs, batch_size=4))
print([len(next(iterator)[1]) for _ in range(2)], next(iterator, "end"))
