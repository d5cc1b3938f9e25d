"""A run as a text that computes it: a program, or a scenario with blanks."""

from __future__ import annotations

from backprop_engine.practice.exercise_files import exercise_text
from backprop_engine.program import numpy_program, pytorch_program
from backprop_tui.export.formats import Exported

__all__ = ["exercise", "numpy", "pytorch"]


def numpy(exported: Exported) -> str:
    """A program in plain NumPy that computes the iteration that is shown, forward and backward."""
    return numpy_program(exported.frame.trace)


def pytorch(exported: Exported) -> str:
    """A program in PyTorch that computes the same, and compares each gradient with the run's."""
    return pytorch_program(exported.frame.trace)


def exercise(exported: Exported) -> str:
    """The scenario with a ``?`` for each figure, for `check --exercise`."""
    return exercise_text(exported.scenario, exported.language)
