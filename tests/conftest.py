"""Fixtures of the suite. It runs on the installed package; nothing here touches the import path of chainrule.

PyTorch is the reference where it is installed. Without it those comparisons skip, and with CHAINRULE_REQUIRE_TORCH=1
they fail instead: so a run that promises them cannot pass without them.
"""

import gc
import importlib
import os

import hypothesis
import pytest

import chainrule as cr

# Nothing here depends on a clock: examples that come slowly are no fault on a busy machine.
CALM = {"deadline": None, "database": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("suite", derandomize=True, max_examples=60, **CALM)
hypothesis.settings.register_profile("nightly", max_examples=3000, **CALM)
hypothesis.settings.load_profile(os.environ.get("CHAINRULE_HYPOTHESIS", "suite"))


def pytest_collection_finish():
    freeze()


def freeze():
    """All that is there now stays to the end: collections, and many tests ask for one, needn't look at it again."""
    gc.collect()
    gc.freeze()


def pytest_report_header(config):
    return f"chainrule {cr.__version__} from {os.path.dirname(cr.__file__)}; reference: {reference_version()}"


def reference_version():
    try:
        return f"torch {importlib.import_module('torch').__version__}"
    except ImportError:
        return "none (PyTorch is not installed: its comparisons skip)"


@pytest.fixture(scope="session")
def torch():
    """PyTorch, the reference; skips the test where it is missing."""
    try:
        module = importlib.import_module("torch")
    except ImportError:
        if os.environ.get("CHAINRULE_REQUIRE_TORCH") == "1":
            pytest.fail("CHAINRULE_REQUIRE_TORCH=1, but PyTorch cannot be imported", pytrace=False)
        pytest.skip("PyTorch is not installed: no reference to compare with")
    module.set_num_threads(1)
    # Its own form also notes, with three stack traces, that devices which aren't there are to be seeded: 3 ms a call.
    module.manual_seed = lambda seed: module.default_generator.manual_seed(int(seed))
    freeze()
    return module


@pytest.fixture(autouse=True)
def same_start():
    """Every test starts from the same seed, with gradients on, and leaves them on."""
    cr.manual_seed(0)
    assert cr.is_grad_enabled()
    yield
    assert cr.is_grad_enabled(), "the test left grad mode switched off"
