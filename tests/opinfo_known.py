"""What test_opinfo.py knows: on which of the database's samples this library differs from PyTorch, and why."""

UNINITIALISED = "the values are whatever the memory held"
DATABASE = "the database's own call is another function"

# Left out: there is nothing to compare.
OTHER = {
    "empty": UNINITIALISED,
    "empty_like": UNINITIALISED,
    "new_empty": UNINITIALISED,
    "empty_strided": UNINITIALISED,
    "new_empty_strided": UNINITIALISED,
    "as_strided.partial_views": "the sample is a view, and the memory around it does not come along",
    "rand_like": f"{DATABASE}: it calls randn_like",
    "to_sparse": "a sparse result, which test_sparse.py compares",
    **dict.fromkeys(
        ["fft.hfft", "fft.irfft", "fft.irfft2", "fft.irfftn"], "a name that refuses: there are no complex numbers"
    ),
}


def is_float32(sample):
    return str(sample.input.dtype) == "torch.float32"


# name -> (which samples, reason). Any other sample that differs fails the test.
KNOWN = {
    "cholesky_inverse": (
        lambda sample: sample.input.requires_grad,
        "PyTorch's gradient has both triangles, though one alone is read",
    ),
    "histogramdd": (
        lambda sample: isinstance(sample.args[0], list) and any((edges.diff() < 0).any() for edges in sample.args[0]),
        "bins that do not rise, which are an error here, as in NumPy",
    ),
    "logcumsumexp": (
        lambda sample: is_float32(sample) and float(sample.input.detach().abs().max()) >= 1e4,
        "with 1e4 among the inputs the float32 gradient loses digits in both, to a like extent",
    ),
    "matrix_exp": (
        lambda sample: is_float32(sample) and float(sample.input.detach().abs().max()) > 5,
        "an element that cancels to a thousandth of the largest keeps three digits, in both",
    ),
    "nn.functional.batch_norm": (
        lambda sample: sample.input.dim() == 1,
        "an input of shape (0,) has no channel axis, which is an error here",
    ),
    "nn.functional.ctc_loss": (
        lambda sample: sample.input.requires_grad,
        "PyTorch's gradient is that of the logits behind log_softmax; here it is that of log_probs",
    ),
    "nn.functional.layer_norm": (
        lambda sample: is_float32(sample) and sample.args[0] == (1,),
        "over one element the gradient is 0; PyTorch's is rounding error, times 1 / sqrt(eps)",
    ),
}

# Where PyTorch's own float64 result has fewer digits: name -> (relative tolerance, reason).
COARSE = {
    "nn.functional.hardsigmoid": (1e-7, "PyTorch's gradient has 1/6 in float32 precision"),
    "cov": (1e-6, "PyTorch adds float32 weights up in float32"),
}

# Among equal elements PyTorch leaves open which index it gives; here it is the first one, as in NumPy, of `mode` the
# last. Indices may differ where the elements at both are equal.
TIES = {"kthvalue": 1, "mode": 0, "topk": 1}  # name -> the place of dim among the further arguments

# One triangle of the argument is read, but PyTorch's gradient has both: called as the database's gradient checks do,
# with the other triangle cut off.
TRIANGULAR = ("cholesky_solve",)

# The sign of an eigenvector is free: compared as the database's own gradient checks do, by absolute value.
SIGN_FREE = ("linalg.eigh",)
