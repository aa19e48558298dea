"""Layers for sequences, images and volumes beside PyTorch's; convolutions that take each way through the kernels."""

import numpy as np
import pytest
from helpers import array, close, same

import chainrule as cr
from chainrule import nn

SHAPES = {"1d": (2, 4, 9), "2d": (2, 4, 6, 6), "3d": (2, 4, 4, 4, 5)}
LAYERS = [
    ("Conv1d", (4, 6, 3), {"dilation": 2, "groups": 2}),
    ("Conv2d", (4, 3, 3), {"padding": "same", "padding_mode": "circular"}),
    ("Conv2d", (4, 3, 3), {"padding": 1, "padding_mode": "reflect"}),
    ("Conv2d", (4, 3, 3), {"padding": (1, 2), "padding_mode": "replicate", "bias": False}),
    ("Conv3d", (4, 3, (1, 2, 3)), {"padding": (0, 1, 2)}),
    ("ConvTranspose1d", (4, 3, 4), {}),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "output_padding": 1, "groups": 2, "bias": False}),
    ("ConvTranspose3d", (4, 3, 2), {"stride": 2}),
    ("MaxPool1d", (3, 2, 1), {"ceil_mode": True}),
    ("MaxPool2d", (2,), {}),
    ("MaxPool3d", (2,), {"stride": 1}),
    ("AvgPool1d", (2,), {}),
    ("AvgPool2d", (2,), {"divisor_override": 3}),
    ("AvgPool3d", (3, 2, 1), {"count_include_pad": False}),
    ("LPPool1d", (2, 3), {}),
    ("LPPool2d", (2, 3), {"stride": 2, "ceil_mode": True}),
    ("LPPool3d", (2, 2), {}),
    ("AdaptiveAvgPool1d", (3,), {}),
    ("AdaptiveAvgPool2d", ((None, 3),), {}),
    ("AdaptiveMaxPool1d", (3,), {}),
    ("AdaptiveMaxPool3d", ((2, None, 3),), {}),
    ("ZeroPad2d", (1,), {}),
    ("ConstantPad1d", ((1, 2), 3.5), {}),
    ("ReflectionPad2d", (1,), {}),
    ("ReplicationPad1d", (2,), {}),
    ("CircularPad3d", (1,), {}),
    ("Upsample", (), {"scale_factor": 2}),
    ("Upsample", (), {"size": (3, 4), "mode": "bilinear", "align_corners": True}),
    ("UpsamplingNearest2d", (7,), {}),
    ("UpsamplingBilinear2d", (), {"scale_factor": 2}),
    ("PixelShuffle", (2,), {}),
    ("PixelUnshuffle", (2,), {}),
    ("ChannelShuffle", (2,), {}),
    ("Unfold", (2,), {}),
    ("LocalResponseNorm", (2,), {}),
]


def gradients_of(lib, run, arrays):
    """Value of run and the gradients of its weighted sum."""
    leaves = [lib.tensor(values, requires_grad=True) for values in arrays]
    out = run(*leaves)
    weight = lib.tensor(np.random.default_rng(1).standard_normal(tuple(out.shape)).astype(arrays[0].dtype))
    return [out, *lib.autograd.grad(out, leaves, weight)]


@pytest.mark.parametrize(("name", "args", "options"), LAYERS)
def test_layer_equals_pytorch(name, args, options, torch):
    torch.manual_seed(3)
    cr.manual_seed(3)
    theirs, ours = getattr(torch.nn, name)(*args, **options), getattr(nn, name)(*args, **options)
    assert repr(ours) == repr(theirs)
    for (a, x), (b, y) in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert a == b
        same(x, y, a)
    data = np.random.default_rng(0).standard_normal(SHAPES.get(name[-2:], SHAPES["2d"])).astype("float32")
    for got, want in zip(gradients_of(cr, ours, [data]), gradients_of(torch, theirs, [data]), strict=True):
        close(got, want, "float32", 10)


def test_unpooling_takes_the_pooled_size(torch):
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 7))
    values, indices = nn.MaxPool2d(2, return_indices=True)(cr.tensor(x))
    back = nn.MaxUnpool2d(2)(values, indices, output_size=x.shape)
    theirs = torch.nn.MaxPool2d(2, return_indices=True)(torch.tensor(x))
    same(back, torch.nn.MaxUnpool2d(2)(*theirs, output_size=x.shape))


def test_transposed_layer_takes_an_output_size():
    layer = nn.ConvTranspose2d(2, 3, 3, stride=2)
    assert layer(cr.ones(1, 2, 5, 5), output_size=(12, 11)).shape == (1, 3, 12, 11)
    with pytest.raises(ValueError, match=r"output_size must be from 11 to 12 along axis 0, got 13"):
        layer(cr.ones(1, 2, 5, 5), output_size=(13, 11))


CONVOLUTIONS = [
    ((3, 16, 30, 30), (24, 16, 3, 3), {"padding": 1}),  # rows of vectors
    ((9, 8, 5, 5), (12, 8, 3, 3), {}),  # few windows: several samples in one product
    ((3, 8, 20, 21), (12, 4, 3, 3), {"stride": 2, "groups": 2}),
    ((2, 3, 40, 37), (7, 3, 5, 4), {"stride": (3, 2), "padding": 2, "dilation": (1, 2)}),
    ((4, 64, 64, 64), (8, 64, 3, 3), {"padding": 1}),  # strips
    ((33, 5, 8, 8), (9, 5, 3, 3), {"padding": 1}),  # short rows, joined; several samples
    ((2, 64, 80, 8), (8, 64, 3, 3), {"padding": 1}),  # the same in strips
    ((3, 4, 19, 7), (6, 4, 3, 2), {"stride": (2, 1), "dilation": (2, 1), "padding": (2, 0)}),
    ((2, 512, 4, 4), (16, 512, 3, 3), {"padding": 1}),  # blocks of channels
    ((2, 12, 16, 16), (12, 1, 3, 3), {"padding": 1, "groups": 12}),
    ((2, 32, 14, 14), (16, 32, 1, 1), {}),
    ((2, 3, 12, 12), (8, 3, 11, 11), {}),  # large kernels
    ((1, 128, 20, 17), (130, 128, 3, 3), {"padding": 1}),  # many channels: blocks of whole lines
    ((3, 128, 6, 7), (128, 128, 3, 3), {"padding": 1}),
    ((1, 128, 9, 38), (128, 128, 3, 3), {"stride": 2}),
    ((2, 20, 17, 19), (24, 20, 1, 1), {}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "kernel", "options"), CONVOLUTIONS)
def test_convolution_equals_pytorch(shape, kernel, options, dtype, torch):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape), rng.standard_normal(kernel), rng.standard_normal(kernel[0])]
    arrays = [values.astype(dtype) for values in arrays]
    got = gradients_of(cr, lambda *leaves: nn.functional.conv2d(*leaves, **options), arrays)
    want = gradients_of(torch, lambda *leaves: torch.nn.functional.conv2d(*leaves, **options), arrays)
    for a, b in zip(got, want, strict=True):
        scale = max(1.0, float(np.abs(array(b)).max()))
        close(array(a) / scale, array(b) / scale, dtype, 10)


@pytest.mark.parametrize(("shape", "kernel", "options"), CONVOLUTIONS)
def test_same_bits_for_any_number_of_threads(shape, kernel, options):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype("float32"), rng.standard_normal(kernel).astype("float32")]
    before, results = cr.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            cr.set_num_threads(threads)
            results.append(gradients_of(cr, lambda *leaves: nn.functional.conv2d(*leaves, **options), arrays))
    finally:
        cr.set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            same(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("outside", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(5, 7), (1, 4), (1, 1)])
def test_few_channels_are_sampled_like_many(size, mode, outside, align, dtype):
    # Few channels are read by a kernel, many by a product with a sparse matrix. 300 places: a block and a part of one.
    rng = np.random.default_rng(0)
    few, many = 2, 128
    places = rng.uniform(-1.7, 1.7, (2, 15, 20, 2)).astype(dtype)
    places[1, ::2, ::3] = rng.choice([np.nan, np.inf, -np.inf, 1e10, -1e30, 1, -1, 0], (8, 7, 2))
    image, g = (rng.standard_normal((2, few, *s)).astype(dtype) for s in (size, (15, 20)))

    def run(channels):
        x = cr.tensor(np.tile(image, (1, channels // few, 1, 1)), requires_grad=True)
        grid = cr.tensor(places, requires_grad=True)
        y = nn.functional.grid_sample(x, grid, mode, outside, align)
        only_few = np.concatenate([g, np.zeros((2, channels - few, 15, 20), dtype)], 1)
        dx, dgrid = cr.autograd.grad(y, [x, grid], cr.tensor(only_few))
        return y.detach().numpy()[:, :few], dx.numpy()[:, :few], dgrid.numpy()

    for ours, theirs in zip(run(few), run(many), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("outside", ["zeros", "border", "reflection"])
def test_nothing_is_read_behind_an_image_wider_than_its_dtype_counts(mode, outside):
    width = 2**24 + 4  # the last element, 2**24 + 3, is 2**24 + 4 in float32: there is none
    x = cr.ones(1, 1, 1, width, requires_grad=True)
    y = nn.functional.grid_sample(x, cr.tensor([[[[1.0, 0.0]]]]), mode, outside, True)
    assert y.item() == 0 and cr.autograd.grad(y, x)[0].sum().item() == 0  # PyTorch's too
