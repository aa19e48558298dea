"""Tensor idioms of old and new programs: dtypes mixed, writes through views, masks, formats, Python values."""

import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(14)
x = torch.arange(12, dtype=torch.float32).reshape(3, 4)
i, b, d = torch.tensor([1, 2, 3]), torch.tensor([True, False, True]), torch.tensor([0.5], dtype=torch.float64)
print(
    (i + 0.5).dtype, (i / 2).dtype, (i // 2).tolist(), (b + i).tolist(), (x + d).dtype, (x + d[0]).dtype, (i * b).dtype
)
print((i > 1).sum().item(), (x[0] == 1).any(), i.float().mean(), torch.tensor([1, 2.5]).dtype, torch.tensor(3).dtype)
x[1, :2] += 10
x[:, -1].mul_(2)
x[x > 15] = -1
x[[0, 2], [1, 1]] = torch.tensor([7.0, 8.0])
x[..., 0], x.t()[2, 0] = 0.25, 0.5
print(x.tolist())
v = x.view(-1)[::3]
v.zero_()
print(
    x.sum().item(),
    v.is_contiguous(),
    x.stride(),
    x.t().stride(),
    v.storage_offset(),
    x.data_ptr() == x.view(12).data_ptr(),
)
w = torch.randn(4, 2, requires_grad=True)
y = (x @ w).relu() * 1
y[y < 0.1] = 0.05
y.mean().backward()
print(w.grad.tolist())
w.data -= 0.1 * w.grad.data
w.grad.data.zero_()
with torch.no_grad():
    w[0].fill_(1.0)
    w.clamp_(-1, 1)
out = torch.stack([w[:, 0] ** k for k in range(3)], dim=-1)
out.norm(dim=0, keepdim=True).prod().backward()
print(w.grad.abs().sum().item(), out.size(), out.size(-1), out.dim(), len(out), out.numel())
values, indices = torch.tensor([3.0, 1.0, 2.0]).sort(descending=True)
print(values.tolist(), indices, torch.topk(values, 2).indices.tolist(), *values.max(0), values.argmax().item())
print("%.3f %d %s" % (values[0], i[1], i), f"{values[1]:>8.2f}|{i[0]:03d}|{values.mean().item():.1e}", f"{d[0]:.2f}")
print(
    range(i[2])[1], [10, 20, 30][i[0]], bool(b[0]), float(d), int(i[1]), chr(i[2] + 64), np.array(i).tolist(), 2 ** i[1]
)
a, c = torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")
print(
    (a * 3 + c).tolist(), torch.where(b, 1.0, 0.0).tolist(), torch.nonzero(b).tolist(), F.one_hot(i, 4).sum(0).tolist()
)
print(
    torch.cat([i[None], i.unsqueeze(0)]).shape, torch.chunk(x, 2, dim=1)[1].shape, [t.shape[0] for t in x.split([1, 2])]
)
print(torch.einsum("ij,kj->ik", x, x).diagonal().tolist(), torch.tensordot(x, x, dims=([0, 1], [0, 1])).item())
e = x.clone().detach().double()
print(
    torch.allclose(e.float(), x),
    e.dtype,
    e.type(),
    x.type(torch.LongTensor).dtype,
    x.to(e).dtype,
    isinstance(x, torch.FloatTensor),
)
print(
    torch.tril(torch.ones(3, 3)).bool().logical_not().tolist(),
    torch.cumsum(i, 0).tolist(),
    i.flip(0).tolist(),
    i.roll(1).tolist(),
)
print(
    x.permute(1, 0).contiguous().view(2, -1).shape,
    x.expand(2, 3, 4).shape,
    x.repeat(2, 1).shape,
    x.squeeze().unsqueeze(-1).shape,
)
print(
    torch.bincount(torch.tensor([0, 1, 1, 3])).tolist(),
    torch.unique(torch.tensor([3, 1, 3]), return_counts=True),
    i.eq(2).tolist(),
)
print(
    torch.linspace(0, 1, 3).tolist(),
    torch.logspace(0, 2, 3).tolist(),
    torch.full((2,), 3),
    torch.full((2,), 3.0),
    torch.eye(2).tolist(),
)
print(
    torch.std(x, dim=1),
    x.var(unbiased=False).item(),
    x.median().item(),
    x.mean((0, 1)).item(),
    x.min(dim=0)[1].tolist(),
)
np_view = x.numpy()
np_view[0, 0] = 42
print(x[0, 0].item(), torch.from_numpy(np_view).is_leaf, np.exp(torch.zeros(2)).tolist(), np.asarray(x).shape)
s = torch.tensor(2.0, requires_grad=True)
t = s * 3
t.backward(retain_graph=True)
t.backward()
print(s.grad, t.requires_grad, t.detach().requires_grad, s.is_leaf, t.grad_fn is not None, s.grad.item() == 6)
for row in x[:2]:
    print(row.tolist()[:2], end=" ")
print(
    sum(torch.ones(3)), min(i), max(i).item(), sorted(torch.tensor([2, 1]).tolist()), 1 in i, list(map(float, values))
)
print(x, i, b, d, torch.tensor([]), torch.rand(2, 2) > 2, torch.tensor(1.5), torch.zeros(2, 0), sep="\n")
