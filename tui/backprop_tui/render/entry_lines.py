"""How one entry of a tensor was made, in a line or two: in symbols, and with the numbers put in.

An entry of a gradient is a sum of products, and so may one of a computed value be; or it is a formula.
"""

from __future__ import annotations

from collections.abc import Sequence

from backprop_engine.derivatives.jacobian import EntryIndex, Origin, Origins
from backprop_engine.explain.entries import Reading, read_terms
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import derivative, formula, gradient_name, operand_text
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import msg
from backprop_engine.ops import Elementwise
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import Line, Role, Span, line_width
from backprop_tui.cells.text import cell_width

__all__ = ["entry_text", "origin_lines", "reading_lines"]

_LETTERS = "ijklmnpq"
_DIGITS = 4
_SHORTEST = 8
"""The cells that a term takes at least, with the sign before it: `` + 2 · 3``."""


def origin_lines(trace: Trace, origins: Origins, width: int = 80, language: str = "en") -> list[Line]:
    """How an entry of a contribution is made: the sum in symbols, and in numbers with as many of its terms as
    `width` has room for; where the operand was broadcast, which axes are summed::

        ∂L/∂W[1,2] = ∑ i  ∂L/∂Y[i,2] · ∂Y[i,2]/∂W[1,2]
                   = -1.2 · 0.5 + 0.4 · 2 = 0.2
    """
    graph = trace.graph
    node, operand = graph.nodes[origins.edge.node], graph.nodes[origins.edge.operand]
    place, letters = _pattern(origins)
    at = entry_text(origins.entry)
    left = f"{gradient_name(graph, operand)}{at}"
    sign = f"∑ {' '.join(letters)}  " if letters else ""
    symbols: Line = (
        Span(left, Role.GRADIENT),
        Span(f" = {sign}"),
        Span(f"{gradient_name(graph, node)}{place}", Role.GRADIENT),
        Span(" · "),
        Span(_local(node, operand, place, at), Role.LOCAL),
    )
    before: Line = (Span(" " * cell_width(left)), Span(" = "))
    room = width - line_width(before)
    rest = (origins.rest, origins.rest_sum)
    numbers = _sum_line(origins.terms, origins.value, room, language, rest=rest)
    return [symbols, (*before, *numbers), *_summed(origins, operand, language)]


def _summed(origins: Origins, operand: Node, language: str) -> list[Line]:
    """Which axes of the upstream gradient the operand does not have, so that the terms run along them."""
    axes = origins.edge.summed
    if not axes:
        return []
    named = ", ".join(map(str, axes))
    words = msg(
        "{operand} was broadcast over axis {axes}: the {count} terms along axis {axes} are added up.",
        operand=operand_text(operand),
        axes=named,
        count=origins.count,
    ).in_language(language)
    return [(Span(words, Role.DIM),)]


def _local(node: Node, operand: Node, place: str, at: str) -> str:
    """``∂Y[i,2]/∂W[1,2]``."""
    above, _, below = derivative(node, operand).partition("/")
    return f"{above}{place}/{below}{at}"


def _pattern(origins: Origins) -> tuple[str, list[str]]:
    """The upstream entries of all terms: an index where all have the same, else a letter; the letters."""
    if not origins.terms:
        return "", []
    first = origins.terms[0].entry
    names = [
        _letter(axis) if varies else str(index)
        for axis, (index, varies) in enumerate(zip(first, origins.varying, strict=True))
    ]
    return entry_text(names), [name for name, varies in zip(names, origins.varying, strict=True) if varies]


def _letter(axis: int) -> str:
    """The index along an axis; past the last letter they begin again, with a number."""
    again, at = divmod(axis, len(_LETTERS))
    return f"{_LETTERS[at]}{again or ''}"


def entry_text(indices: Sequence[object]) -> str:
    """``[1,i]``; nothing for the only entry of a scalar."""
    return f"[{','.join(map(str, indices))}]" if indices else ""


def _sum_line(
    terms: Sequence[Origin],
    value: float,
    room: int,
    language: str,
    roles: tuple[Role, Role] = (Role.GRADIENT, Role.LOCAL),
    rest: tuple[int, float] = (0, 0.0),
) -> Line:
    """A sum of products with as many of its `terms` as fit, and `value`, which it comes to.

    What is left out is counted and summed, together with the `rest` that is not among the terms.
    """
    if not terms:
        return (Span("0", roles[0]),)
    line: Line = ()
    for count in range(min(len(terms), max(1, room // _SHORTEST)), -1, -1):
        left_out = terms[count:]
        more = rest[0] + len(left_out), sum((term.product for term in left_out), rest[1])
        line = (*_written(terms[:count], more, language, roles), Span(" = "), _result(value, roles[0]))
        if line_width(line) <= room:
            break
    return line


def _result(value: float, role: Role) -> Span:
    return Span(number(value, _DIGITS), role)


def _written(
    terms: Sequence[Origin], more: tuple[int, float], language: str, roles: tuple[Role, Role]
) -> list[Span]:
    """Terms, and how many are left out."""
    spans: list[Span] = []
    for at, term in enumerate(terms):
        spans += [Span(" + ")] if at else []
        spans += [Span(_signed(term.upstream), roles[0]), Span(" · "), Span(_signed(term.factor), roles[1])]
    if more[0]:
        words = msg("… ({count} more: {sum})", count=more[0], sum=number(more[1], _DIGITS)).in_language(
            language
        )
        spans += [*([Span(" + ")] if spans else []), Span(words, Role.DIM)]
    return spans


def _signed(value: float) -> str:
    """A number as a factor: a negative one in brackets."""
    text = number(value, _DIGITS)
    return f"({text})" if text.startswith("-") else text


def reading_lines(
    trace: Trace, node: Node, entry: EntryIndex, found: tuple[Reading, ...], width: int, language: str
) -> list[Line]:
    """The formula of an entry with its numbers, or the sum that it is; nothing where it is neither."""
    if node.op is None or not found:
        return []
    if all(rule is None or isinstance(rule, Elementwise) for rule in node.rules):
        return _formula_lines(trace, node, entry, found, width)
    terms = read_terms(trace, node, entry, found)
    if not terms:
        return []
    left: Line = (Span(f"{node.name}{entry_text(entry)} = ", Role.VALUE),)
    value = float(trace.outs[node.position][entry])
    if len(terms) == 1 and terms[0].product == terms[0].upstream == value:  # handed on as it is
        return [(*left, *_handed_on(trace, node, found), _result(value, Role.VALUE))]
    room = width - line_width(left)
    return [(*left, *_sum_line(terms, value, room, language, (Role.VALUE, Role.VALUE)))]


def _handed_on(trace: Trace, node: Node, found: tuple[Reading, ...]) -> Line:
    """The one entry that was read, where its operand has a name: ``x[0,1] = ``."""
    reading = next(reading for reading in found if reading.entries)
    operand = trace.graph.nodes[node.operands[reading.argnum]]
    if not operand.name:
        return ()
    return (Span(f"{operand_text(operand)}{entry_text(reading.entries[0])} = ", Role.VALUE),)


def _formula_lines(
    trace: Trace, node: Node, entry: EntryIndex, found: tuple[Reading, ...], width: int
) -> list[Line]:
    """``h[1] = tanh(a[1]) = tanh(0.5) = 0.4621``."""
    graph = trace.graph
    known = {node.operands[reading.argnum]: reading for reading in found}
    if set(known) != set(node.operands):
        return []

    def symbol(operand: Node) -> str:
        entries = known[operand.position].entries
        return f"{operand_text(operand)}{entry_text(entries[0]) if operand.name else ''}"

    def value(operand: Node) -> str:
        text = number(trace.values[operand.position][known[operand.position].entries[0]], 4)
        return f"({text})" if text.startswith("-") and node.op is not None and node.op.written else text

    written = f"{node.name}{entry_text(entry)} = {formula(graph, node, symbol)}"
    numbers = f" = {formula(graph, node, value)} = {number(float(trace.outs[node.position][entry]), 4)}"
    line: Line = (Span(written, Role.VALUE), Span(numbers, Role.VALUE))
    return [line] if line_width(line) <= width else [line[:1], line[1:]]
