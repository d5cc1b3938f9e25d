"""What is wrong with a gradient that a numeric check did not pass, in a sentence."""

from __future__ import annotations

from typing import Final

from backprop_engine.arrays import shape_text
from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import Message, joined, msg

__all__ = ["METHODS", "problem_text"]

METHODS: Final[dict[str, Message]] = {
    "complex step": msg("complex step"),
    "differences": msg("finite difference"),
    "output": msg("output"),
    "scenario": msg("the scenario"),
    "shape": msg("shape"),
}
"""The names of the methods that check gradients."""


def problem_text(check: GradientCheck, *, in_file: bool = True) -> Message:
    """What is wrong with a gradient: of a scenario, whose `expect` may allow it, or of a function."""
    name = f"{check.name}[{', '.join(map(str, check.entry))}]" if check.entry else check.name
    if check.shapes:
        found, expected = map(shape_text, check.shapes)
        problem = msg(
            "{name}: the gradient has shape {found}, but the value has shape {expected}",
            name=check.name,
            found=found,
            expected=expected,
        )
        return joined("; ", [problem, check.resembles]) if check.resembles else problem
    if not in_file and check.method == "output":
        return msg("{name}: the output is not finite, so nothing can be compared", name=check.name)
    if not in_file and check.verdict is Verdict.NOT_FINITE:
        return msg("{name}: the gradient is {found}", name=name, found=number(check.found))
    if check.method == "output":
        return msg(
            "{name}: the output is not finite, so nothing can be compared, and `expect` does not list it",
            name=check.name,
        )
    if check.verdict is Verdict.NOT_FINITE:
        return msg(
            "{name}: the gradient is {found}, but `expect` does not list it",
            name=name,
            found=number(check.found),
        )
    problem = msg(
        "{name}: the gradient is {found}, but {method} gives {expected} (off by {error} of the largest)",
        name=name,
        found=number(check.found, 12),
        method=METHODS[check.method],
        expected=number(check.expected, 12),
        error=number(check.error, 2),
    )
    known = [check.resembles] if check.resembles else []
    if check.cosine is not None and check.entries > 1:
        known.append(msg("cosine {cosine}", cosine=number(check.cosine, 4)))
    return joined("; ", [problem, *known])
