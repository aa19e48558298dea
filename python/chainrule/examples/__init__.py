"""Programs to run and to read.

`python -m chainrule.examples` lists them.
"""
