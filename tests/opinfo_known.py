"""What test_opinfo.py knows: where this library differs from PyTorch on the database's samples, and why."""

UNINITIALISED = "the values are whatever the memory held"
DATABASE = "the database's own call is another function"

# Left out: there is nothing to compare.
OTHER = {
    "empty": UNINITIALISED,
    "empty_like": UNINITIALISED,
    "new_empty": UNINITIALISED,
    "rand_like": f"{DATABASE}: it calls randn_like",
}

TIES = "among equal elements PyTorch leaves the choice of the index open; here the first one is taken, as in NumPy"
FRACTION = "a fraction as beta or alpha of integer tensors is an error here; PyTorch cuts it off to 0"
SCALAR = "a tensor without axes has no axis to write along here"
INTEGERS = "floating-point tensors are required here; PyTorch computes on integers too"
SIGN = "the sign of an eigenvector is free"
EMPTY_SVD = "of a matrix without elements PyTorch's full factors are identities, here zeros"
NONE_SIZE = "None among the output sizes is not taken here: write the input's size"
CORRECTION = "correction=None is not taken here: leave it out"

# name -> reason
KNOWN = {
    "addbmm": FRACTION,
    "addmm": FRACTION,
    "addmv": FRACTION,
    "addr": FRACTION,
    "arange": "with dtype=int64 and fractions as bounds PyTorch cuts the bounds off before it counts",
    "baddbmm": FRACTION,
    "index_add": SCALAR,
    "index_copy": SCALAR,
    "index_fill": SCALAR,
    "kthvalue": TIES,
    "linalg.eigh": SIGN,
    "linalg.lstsq": "the rank is always given here; PyTorch gives none for its default driver",
    "linalg.lstsq.grad_oriented": "the residuals have no gradient here",
    "linalg.pinv.hermitian": "the sample is not symmetric: PyTorch reads one triangle of it, here both are read",
    "linalg.svd": EMPTY_SVD,
    "logcumsumexp": "with 1e4 among the inputs the float32 gradient loses digits in both, to a like extent",
    "mode": TIES,
    "nextafter": "no gradient here, as its derivative is a convention",
    "nn.functional.adaptive_avg_pool2d": NONE_SIZE,
    "nn.functional.adaptive_avg_pool3d": NONE_SIZE,
    "nn.functional.adaptive_max_pool2d": NONE_SIZE,
    "nn.functional.adaptive_max_pool3d": NONE_SIZE,
    "nn.functional.avg_pool1d": INTEGERS,
    "nn.functional.avg_pool2d": INTEGERS,
    "nn.functional.avg_pool3d": INTEGERS,
    "nn.functional.batch_norm": "an input of shape (0,) has no channel axis",
    "nn.functional.bilinear": INTEGERS,
    "nn.functional.conv1d": INTEGERS,
    "nn.functional.conv2d": INTEGERS,
    "nn.functional.conv3d": INTEGERS,
    "nn.functional.conv_transpose1d": INTEGERS,
    "nn.functional.conv_transpose2d": INTEGERS,
    "nn.functional.conv_transpose3d": INTEGERS,
    "nn.functional.feature_alpha_dropout.without_train": "fewer than 2 axes are an error here also when not training",
    "nn.functional.grid_sample": "there is no bicubic mode here",
    "nn.functional.hardsigmoid": "PyTorch's gradient has 1/6 in float32 precision",
    "nn.functional.layer_norm": "over one element the gradient is 0; PyTorch's is rounding error, times 1 / sqrt(eps)",
    "nn.functional.linear": INTEGERS,
    "nn.functional.local_response_norm": INTEGERS,
    "nn.functional.max_pool2d": INTEGERS,
    "nn.functional.max_pool3d": INTEGERS,
    "nn.functional.softsign": INTEGERS,
    "norm.nuc": "the nuclear norm stands in linalg.matrix_norm",
    "std": CORRECTION,
    "std_mean": CORRECTION,
    "svd": EMPTY_SVD,
    "tensor_split": "the places must be integers, not a tensor of them",
    "tensordot": "contracted axes must have one size here; PyTorch stretches a size of 1",
    "topk": TIES,
    "unique": "there is no dim here",
    "var": CORRECTION,
    "var_mean": CORRECTION,
}
