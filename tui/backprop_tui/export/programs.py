"""A run as a program that computes it."""

from __future__ import annotations

from backprop_engine.program import numpy_program, pytorch_program
from backprop_tui.export.formats import Exported

__all__ = ["numpy", "pytorch"]


def numpy(exported: Exported) -> str:
    """A program in plain NumPy that computes the iteration that is shown, forward and backward."""
    return numpy_program(exported.frame.trace)


def pytorch(exported: Exported) -> str:
    """A program in PyTorch that computes the same, and compares each gradient with the run's."""
    return pytorch_program(exported.frame.trace)
