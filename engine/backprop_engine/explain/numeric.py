"""The numeric check of a step in words."""

from __future__ import annotations

from backprop_engine.check import GradientCheck, Verdict, check_edge
from backprop_engine.explain.lines import Line, Role, Span
from backprop_engine.explain.numbers import number
from backprop_engine.explain.texts import say
from backprop_engine.frame import Frame
from backprop_engine.steps import Backward

__all__ = ["numeric_line"]


def numeric_line(frame: Frame, language: str) -> Line:
    """The numeric check of a backward step; nothing for other steps."""
    if not isinstance(frame.step, Backward):
        return ()
    check = check_edge(frame.trace, frame.step.edge)
    return (Span(_numeric_text(check, language), Role.GOOD if check.verdict.good else Role.WARNING),)


def _numeric_text(check: GradientCheck, language: str) -> str:
    match check.verdict:
        case Verdict.AGREES if check.sampled:
            return say("numeric sampled", language, checked=check.checked, cells=check.cells)
        case Verdict.AGREES if check.cells != 1:
            return say("numeric agrees all", language, cells=check.cells)
        case Verdict.AGREES:
            return say("numeric agrees", language, numeric=number(check.expected))
        case Verdict.KINK:
            return say("numeric kink", language)
        case Verdict.DIFFERS:
            return say("numeric differs", language, numeric=number(check.expected))
        case Verdict.NOT_FINITE:
            return say("numeric not finite", language)
        case Verdict.NOT_APPLICABLE:
            return say("numeric not applicable", language)
