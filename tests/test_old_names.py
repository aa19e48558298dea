"""docs/old_names.md: every layer of the old toolkits, and that what stands for it exists."""

import pathlib
import re

import pytest

import chainrule as cr

LINES = (pathlib.Path(__file__).parent.parent / "docs" / "old_names.md").read_text().splitlines()
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in LINES if line.startswith("| ")][2:]

# What the manuals of Torch7 (part) and Caffe, and THNN.h, list.
EXPECTED = {
    "Torch7": "LayerNormalization LeakyReLU Linear Log LogSigmoid LogSoftMax LookupTable MM MV MSECriterion "
    "MarginCriterion MarginRankingCriterion MaskedSelect Max Maxout Mean Min Mul MulConstant MultiCriterion Reshape "
    "Select Sequential Sigmoid SmoothL1Criterion SoftMarginCriterion SoftMax SoftMin SoftPlus SoftShrink SoftSign "
    "SparseLinear SpatialAdaptiveAveragePooling SpatialAdaptiveMaxPooling",
    "Caffe": "AbsVal Accuracy ArgMax BatchNorm BNLL Concat ContrastiveLoss Convolution Im2col LRN Pooling Power PReLU "
    "Reduction ReLU Reshape SigmoidCrossEntropyLoss Sigmoid Silence Slice TanH",
    "THNN": "AbsCriterion BCECriterion ClassNLLCriterion Col2Im ELU FeatureLPPooling GatedLinearUnit HardTanh Im2Col "
    "IndexLinear LeakyReLU LogSigmoid MSECriterion MultiLabelMarginCriterion MultiMarginCriterion RReLU Sigmoid "
    "SmoothL1Criterion SoftMarginCriterion SoftPlus SoftShrink SparseLinear Tanh TemporalConvolution "
    "SpatialConvolutionMM VolumetricConvolution SpatialDilatedConvolution SpatialFullConvolution "
    "SpatialAveragePooling TemporalMaxPooling SpatialFractionalMaxPooling SpatialAdaptiveMaxPooling "
    "SpatialMaxUnpooling SpatialReflectionPadding SpatialReplicationPadding SpatialUpSamplingNearest "
    "SpatialUpSamplingBilinear TemporalRowConvolution",
}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[1][:40]}" for row in ROWS])
def test_names_exist(row):
    names = re.findall(r"`([\w.]+)`", row[2])
    assert names or row[2].startswith(("nothing", "as "))
    for name in names:
        found = cr
        for part in name.split("."):
            found = getattr(found, part)
        assert callable(found)


def test_all_old_names_are_there():
    for toolkit, names in EXPECTED.items():
        listed = " ".join(row[1] for row in ROWS if row[0] == toolkit)
        assert not set(names.split()) - set(re.findall(r"\w+", listed))
