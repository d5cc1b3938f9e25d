"""How a local gradient is worked out, as equations of their own below that of the step."""

from __future__ import annotations

from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.explain.facts import BackwardFacts, StepFacts
from backprop_engine.explain.working import Working, workings
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span, plain, wrap_lines
from backprop_tui.render.equation.layout import laid_out
from backprop_tui.render.equation.terms import Part, Sign, Term, showing

__all__ = ["working_lines"]

_HIGHEST = 16
"""The rows that one may take: it is a help beside the equation, no second one."""


def working_lines(facts: StepFacts, language: str, width: int, *, written: bool = True) -> list[Line]:
    """Each equation in all its numbers, in at most `width` cells; nothing of one that does not fit so.

    Those of a derivative that is `written` out, such as ∂p/∂z, are left out where something else shows them.
    """
    if not isinstance(facts, BackwardFacts) or facts.is_scalar:
        return []
    lines: list[Line] = []
    for working in workings(facts):
        if not written and "∂" in working.result.name:
            continue
        block = laid_out(_parts(working, language), width, _HIGHEST, tall=False)
        is_whole = block.width <= width and "…" not in plain(block.lines)
        if is_whole and not any(leaf.is_picture for leaf in block.leaves()):
            lines += [*([(Span(""),)] if lines else []), *block.lines, *_where(working, language, width)]
    return lines


def _parts(working: Working, language: str) -> list[Part]:
    local = msg("local").in_language(language)
    result = working.result
    first = _term(result, local if "∂" in result.name else "")
    if not result.name:
        first = _term(NamedTensor(local, result.tensor), "")
    return [first, Sign("="), *_joined(working.pieces)]


def _where(working: Working, language: str, width: int) -> list[Line]:
    """What the names of tensors on the way stand for."""
    if not working.where:
        return []
    definitions = ", ".join(f"{name} = {text}" for name, text in working.where)
    words = msg("where {definitions}", definitions=definitions).in_language(language)
    return wrap_lines([(Span(words, Role.DIM),)], width)


def _joined(pieces: tuple[str | NamedTensor, ...]) -> list[Part]:
    """Signs between the tensors, those that follow each other as one."""
    parts: list[Part] = []
    for piece in pieces:
        last = parts[-1] if parts else None
        if isinstance(piece, NamedTensor):
            parts.append(_term(piece, ""))
        elif isinstance(last, Sign):
            parts[-1] = Sign(_beside(last.text, piece))
        else:
            parts.append(Sign(piece))
    return parts


def _beside(sign: str, following: str) -> str:
    close = sign.endswith("(") or following in (")",) or following[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹"
    return f"{sign}{following}" if close else f"{sign} {following}"


def _term(tensor: NamedTensor, word: str) -> Term:
    return showing(tensor.tensor, tensor.name, word, Role.LOCAL)
