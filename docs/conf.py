"""Sphinx: ``python -m sphinx -W -b html docs site`` builds the documentation of the installed package into site/."""

import sys
from pathlib import Path

import chainrule

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "chainrule"
author = "chainrule authors"
release = version = chainrule.__version__
extensions = ["myst_parser", "reference"]
exclude_patterns = ["_ext"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"chainrule {release}"
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
html_show_copyright = False  # LICENSE says it
