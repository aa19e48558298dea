"""Names that packages built on PyTorch import, under as_torch; modules by PyTorch's names of files; torchvision.ops."""

import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from helpers import array, expect_error

import chainrule as cr
from chainrule.vision import ops


def test_names_answer():
    script = pathlib.Path(__file__).parent / "data" / "torch_names.py"
    run = subprocess.run([sys.executable, "-m", "chainrule.as_torch", str(script)], capture_output=True, text=True)
    assert run.stdout == "all names answered\n", run.stderr


@pytest.mark.parametrize(
    "name", ["distributions.binomial", "nn.modules.pixelshuffle", "nn.modules.fold", "optim._muon", "utils.data._utils"]
)
def test_modules_by_the_names_of_files(name):
    module = importlib.import_module(f"chainrule.{name}")
    known = {"Binomial", "PixelShuffle", "Fold", "Muon", "default_collate"} & set(vars(module))
    assert known
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"chainrule.{name}_none")


def test_frozen_batch_norm():
    cr.manual_seed(0)
    norm, frozen = cr.nn.BatchNorm2d(3), ops.FrozenBatchNorm2d(3)
    norm(cr.randn(4, 3, 5, 5) * 2 + 1)
    frozen.load_state_dict(norm.state_dict())
    x = cr.randn(2, 3, 4, 4)
    np.testing.assert_allclose(array(frozen(x)), array(norm.eval()(x)), atol=1e-6)
    assert not list(frozen.parameters())


def test_boxes():
    boxes = cr.tensor([[0.0, 0, 2, 2], [0, 0, 2, 1.9], [1, 1, 3, 3], [5, 5, 6, 6]])
    overlap = ops.box_iou(boxes, boxes)
    assert overlap.diagonal().tolist() == [1, 1, 1, 1]
    assert overlap[0, 2].item() == pytest.approx(1 / 7) and overlap[0, 3] == 0
    assert ops.nms(boxes, cr.tensor([0.5, 0.9, 0.3, 0.1]), 0.5).tolist() == [1, 2, 3]
    assert ops.nms(boxes[:0], cr.zeros(0), 0.5).shape == (0,)


def test_focal_loss_and_depth():
    x = cr.tensor([0.3, -1.2, 2.0], requires_grad=True)
    y = cr.tensor([1.0, 0.0, 0.0])
    plain = cr.nn.functional.binary_cross_entropy_with_logits(x, y)
    assert ops.sigmoid_focal_loss(x, y, -1, 0, "mean").item() == pytest.approx(plain.item())
    p = 1 / (1 + np.exp(-0.3))
    assert ops.sigmoid_focal_loss(x, y)[0].item() == pytest.approx(-0.25 * (1 - p) ** 2 * np.log(p), rel=1e-5)
    depth = ops.StochasticDepth(0.5, "row")
    values = set(depth(cr.ones(64, 2)).flatten().tolist())
    assert values == {0.0, 2.0}
    assert depth.eval()(x) is x
    expect_error(ValueError, "mode must be", ops.stochastic_depth, x, 0.5, "column")
    expect_error(ValueError, "reduction must be", ops.sigmoid_focal_loss, x, y, 0.25, 2, "all")
