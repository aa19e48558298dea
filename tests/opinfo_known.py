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
    "nextafter": "no gradient here, as its derivative is a convention",
    "nn.functional.batch_norm": "an input of shape (0,) has no channel axis",
    "nn.functional.bilinear": INTEGERS,
    "nn.functional.feature_alpha_dropout.without_train": "fewer than 2 axes are an error here also when not training",
    "nn.functional.hardsigmoid": "PyTorch's gradient has 1/6 in float32 precision",
    "nn.functional.layer_norm": "over one element the gradient is 0; PyTorch's is the rounding error, times 1 / sqrt(eps)",
    "nn.functional.linear": INTEGERS,
    "nn.functional.softsign": INTEGERS,
    "norm.nuc": "the nuclear norm stands in linalg.matrix_norm",
    "std": CORRECTION,
    "std_mean": CORRECTION,
    "tensor_split": "the places must be integers, not a tensor of them",
    "topk": TIES,
    "unique": "there is no dim here",
    "var": CORRECTION,
    "var_mean": CORRECTION,
}
