"""What is wrong with a scenario's file, as `check` says it."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.errors import BackpropError, Diagnostic, ScenarioError
from backprop_engine.explain.lines import Line, Role, Span, wrap_line
from backprop_engine.text import clean
from backprop_tui.drawing import Lines

__all__ = ["mistakes"]


def mistakes(error: BackpropError, width: int) -> Lines:
    """Every mistake: words are wrapped to the width, and what is quoted of the file stays on its line."""
    if not isinstance(error, ScenarioError):
        return Lines.of(wrap_line((Span(clean(str(error)), Role.WARNING),), width))
    return Lines.of(line for one in error.diagnostics for line in _mistake(one, width))


def _mistake(one: Diagnostic, width: int) -> Iterator[Line]:
    where = Span(f"{one.place}: " if one.place else "", Role.DIM)
    kind = Span(f"{one.severity}[{one.code.name}]: ", Role.WARNING)
    yield from wrap_line((where, kind, Span(one.message)), width)
    quoted = str(one).split("\n")[1:]
    if one.hint:
        quoted.pop()
    for line in quoted:
        yield (Span(line, Role.WARNING if line.strip(" |^") == "" else Role.CODE),)
    if one.hint:
        for piece in wrap_line((Span("hint: ", Role.DIM), Span(one.hint, Role.NAME)), max(1, width - 2)):
            yield (Span("  "), *piece)
