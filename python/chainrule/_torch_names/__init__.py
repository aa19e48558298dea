"""What PyTorch's modules have and chainrule's have not, for programs that run under `python -m chainrule.as_torch`.

Each module here, NAME.py, answers for torch.NAME before chainrule.NAME does, with two underscores for a dot.
top.py answers for torch itself.
"""

VERSION = "2.13.0+chainrule"
