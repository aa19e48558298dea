"""The functions behind the layers: torch.nn.functional's names and arguments.

Most are the compiled operation itself; its docstring holds the formula. The others are written in operations.
"""

from __future__ import annotations

from .. import _core

Tensor = _core.Tensor
_nn = _core._nn

# The compiled operations themselves; tests/test_nn.py checks that none is left out.

alpha_dropout = _nn.alpha_dropout
batch_norm = _nn.batch_norm
bilinear = _nn.bilinear
binary_cross_entropy = _nn.binary_cross_entropy
binary_cross_entropy_with_logits = _nn.binary_cross_entropy_with_logits
celu = _nn.celu
celu_ = _nn.celu_
cosine_embedding_loss = _nn.cosine_embedding_loss
cosine_similarity = _nn.cosine_similarity
cross_entropy = _nn.cross_entropy
dropout = _nn.dropout
dropout1d = _nn.dropout1d
dropout2d = _nn.dropout2d
dropout3d = _nn.dropout3d
elu = _nn.elu
elu_ = _nn.elu_
embedding = _nn.embedding
feature_alpha_dropout = _nn.feature_alpha_dropout
gaussian_nll_loss = _nn.gaussian_nll_loss
gelu = _nn.gelu
glu = _nn.glu
group_norm = _nn.group_norm
hardshrink = _nn.hardshrink
hardsigmoid = _nn.hardsigmoid
hardsigmoid_ = _nn.hardsigmoid_
hardswish = _nn.hardswish
hardswish_ = _nn.hardswish_
hardtanh = _nn.hardtanh
hardtanh_ = _nn.hardtanh_
hinge_embedding_loss = _nn.hinge_embedding_loss
huber_loss = _nn.huber_loss
instance_norm = _nn.instance_norm
kl_div = _nn.kl_div
l1_loss = _nn.l1_loss
layer_norm = _nn.layer_norm
leaky_relu = _nn.leaky_relu
leaky_relu_ = _nn.leaky_relu_
linear = _nn.linear
log_softmax = _nn.log_softmax
logsigmoid = _nn.logsigmoid
margin_ranking_loss = _nn.margin_ranking_loss
maxout = _nn.maxout
mish = _nn.mish
mish_ = _nn.mish_
mse_loss = _nn.mse_loss
multi_margin_loss = _nn.multi_margin_loss
multilabel_margin_loss = _nn.multilabel_margin_loss
multilabel_soft_margin_loss = _nn.multilabel_soft_margin_loss
nll_loss = _nn.nll_loss
normalize = _nn.normalize
one_hot = _nn.one_hot
pad = _nn.pad
pairwise_distance = _nn.pairwise_distance
poisson_nll_loss = _nn.poisson_nll_loss
prelu = _nn.prelu
relu = _nn.relu
relu6 = _nn.relu6
relu6_ = _nn.relu6_
relu_ = _nn.relu_
rms_norm = _nn.rms_norm
selu = _nn.selu
selu_ = _nn.selu_
sigmoid = _nn.sigmoid
sigmoid_ = _nn.sigmoid_
silu = _nn.silu
silu_ = _nn.silu_
smooth_l1_loss = _nn.smooth_l1_loss
soft_margin_loss = _nn.soft_margin_loss
softmax = _nn.softmax
softmin = _nn.softmin
softplus = _nn.softplus
softshrink = _nn.softshrink
softsign = _nn.softsign
step = _nn.step
tanh = _nn.tanh
tanh_ = _nn.tanh_
tanhshrink = _nn.tanhshrink
threshold = _nn.threshold
threshold_ = _nn.threshold_
triplet_margin_loss = _nn.triplet_margin_loss


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """softmax((logits + Gumbel noise) / tau); hard gives one-hot values with the soft gradient.

    Source: Jang et al., "Categorical reparameterization with Gumbel-softmax", 2016.
    """
    noise = -_core.empty_like(logits).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = _core.zeros_like(logits).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
