"""A run as a NumPy program: the line of each step, and the whole program that a learner could write."""

from __future__ import annotations

from backprop_engine.program.lines import numpy_lines
from backprop_engine.program.pytorch import pytorch_program
from backprop_engine.program.whole import numpy_program

__all__ = ["numpy_lines", "numpy_program", "pytorch_program"]
