"""The mistakes in a scenario's file, as `check` reports them."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.errors import HINT, SEVERITIES, BackpropError, Diagnostic, ScenarioError
from backprop_engine.messages.message import in_language
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.drawing import Lines
from backprop_tui.cells.lines import Line, Role, Span, wrap_line

__all__ = ["mistakes"]


def mistakes(error: BackpropError, width: int, language: str) -> Lines:
    """Every mistake: words are wrapped to the width, and what is quoted of the file stays on its line."""
    if not isinstance(error, ScenarioError):
        return Lines.of(wrap_line((Span(clean(error.in_language(language)), Role.WARNING),), width))
    lines = [line for diagnostic in error.diagnostics for line in _mistake(diagnostic, width, language)]
    if error.others:
        lines += wrap_line((Span(in_language(error.others, language), Role.DIM),), width)
    return Lines.of(lines)


def _mistake(diagnostic: Diagnostic, width: int, language: str) -> Iterator[Line]:
    where = Span(f"{diagnostic.place}: " if diagnostic.place else "", Role.DIM)
    kind = Span(
        f"{in_language(SEVERITIES[diagnostic.severity], language)}[{diagnostic.code.name}]: ", Role.WARNING
    )
    yield from wrap_line((where, kind, Span(in_language(diagnostic.message, language))), width)
    for line in diagnostic.underlined():
        yield (Span(line, Role.WARNING if line.strip(" |^") == "" else Role.CODE),)
    if diagnostic.hint:
        lead = Span(f"{in_language(HINT, language)}: ", Role.DIM)
        hint = Span(in_language(diagnostic.hint, language), Role.NAME)
        for piece in wrap_line((lead, hint), max(1, width - 2)):
            yield (Span("  "), *piece)
