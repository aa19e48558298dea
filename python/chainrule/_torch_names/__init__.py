"""What PyTorch's modules have beside computing: devices, mixed precision, compilation, processes, versions.

Each module here, NAME.py, answers for torch.NAME under `python -m chainrule.as_torch`, with two underscores for a dot.
On a machine that computes with CPU cores only these names have nothing to do: they import, questions are answered
"no", requests that would be hints are ignored, and requests that cannot be met raise RuntimeError.
top.py answers for torch itself.
"""

VERSION = "2.13.0+chainrule"
