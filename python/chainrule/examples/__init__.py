"""Programs to run and to read.

python -m chainrule.examples.NAME, with NAME one of digits, two_layer, xor, feedback_alignment.
"""
