"""The catalogue as lines to read: the table of all operators, and the page of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from backprop_engine.catalogue.conventions import Convention
from backprop_engine.catalogue.entries import (
    decompositions,
    derivatives,
    fits,
    formula,
    how_written,
    kinks,
    shape_rule,
)
from backprop_engine.evaluation.attributes import shown_value, type_words
from backprop_engine.messages.message import in_language, msg
from backprop_engine.ops import OPS, Op, OpAttribute
from backprop_tui.cells.lines import Line, Role, Span, wrap_line
from backprop_tui.cells.text import pad
from backprop_tui.render.operator_example import equations, example

__all__ = ["FAMILIES", "by_family", "page", "table"]

WIDTH = 100
_INDENT = "  "
_SIGN, _NAME, _LABEL = 8, 16, 14
_MOST_FITS = 8
FAMILIES: Final = {
    "arithmetic": msg("arithmetic"),
    "comparisons": msg("comparisons"),
    "activations": msg("activations"),
    "linear": msg("linear"),
    "reductions": msg("reductions"),
    "shape": msg("shape"),
    "normalisation": msg("normalisation"),
    "convolution": msg("convolution"),
    "losses": msg("losses"),
    "recurrent": msg("recurrent networks"),
    "attention": msg("attention"),
    "own": msg("your own"),
}
"""The families of operators, in the order of the catalogue."""
_FORMS: Final = {
    "elementwise": msg("elementwise"),
    "jacobian": msg("Jacobian: Jᵀ · g"),
    "map": msg("linear map"),
}
"""The forms of local gradients."""


def by_family() -> dict[str, list[Op]]:
    """The operators of each family, in the order in which one learns them."""
    families: dict[str, list[Op]] = {family: [] for family in FAMILIES}
    for op in OPS.values():
        families.setdefault(op.family, []).append(op)
    return {family: ops for family, ops in families.items() if ops}


def table(language: str) -> Iterator[Line]:
    """Every operator by family: its sign, its name, how it is written, its formula, and its lesson."""
    for number, (family, ops) in enumerate(by_family().items()):
        if number:
            yield (Span(""),)
        yield (Span(FAMILIES[family].in_language(language), Role.HEADING),)
        for op in ops:
            yield (
                Span(_INDENT + pad(op.sign, _SIGN) + " ", Role.OP),
                Span(op.name.ljust(_NAME) + " ", Role.NAME),
                *_definition(op),
            )
            yield (Span(_INDENT + " " * (_SIGN + 1)), Span(op.lesson.in_language(language), Role.DIM))


def _definition(op: Op) -> Line:
    """How it is written, and its formula where that says more."""
    call, full = Span(how_written(op), Role.CODE), formula(op)
    return (call, Span(" = "), Span(full, Role.CODE)) if full else (call,)


def page(op: Op, language: str, width: int = WIDTH, *, numbers: bool = True) -> Iterator[Line]:
    """Everything about one operator; with `numbers` kinks and a worked example too."""
    yield (
        *([Span(f"{op.sign} ", Role.OP)] if op.sign != op.name else []),
        Span(op.name, Role.HEADING),
        Span(f"  {FAMILIES[op.family].in_language(language)}", Role.DIM),
    )
    yield from wrap_line((Span(op.lesson.in_language(language)),), width)
    yield (Span(""),)
    for label, lines in _sections(op, language, numbers=numbers):
        yield from _listed(label, lines, width)
    if numbers:
        yield (Span(""),)
        yield (Span(msg("A worked example:").in_language(language), Role.DIM),)
        yield from _example(op, language, width)


def _sections(op: Op, language: str, *, numbers: bool) -> Iterator[tuple[str, Iterable[Line]]]:
    """What the page lists, each with its label."""
    yield msg("written").in_language(language), (_definition(op), *_remarks(op, language))
    yield msg("settings").in_language(language), _attributes(op, language)
    yield msg("gradients").in_language(language), _derivatives(op, language)
    yield msg("shapes").in_language(language), _fits(op, language)
    yield (
        msg("conventions").in_language(language),
        [(Span(op.conventions.in_language(language)),)] if op.conventions else [],
    )
    yield (
        msg("decomposition").in_language(language),
        ((Span(f"{name} = "), Span(text, Role.CODE)) for name, text in decompositions(op)),
    )
    if numbers:
        yield msg("at kinks").in_language(language), (_kink(kink, language) for kink in kinks(op))


def _listed(label: str, lines: Iterable[Line], width: int) -> Iterator[Line]:
    """Lines after a label, which is before the first alone; what is too long goes on below."""
    for line in lines:
        for number, piece in enumerate(wrap_line(line, width - _LABEL - len(_INDENT))):
            yield (Span(pad(label, _LABEL), Role.DIM), Span(_INDENT * (number > 0)), *piece)
            label = ""


def _remarks(op: Op, language: str) -> Iterator[Line]:
    for operand in op.operands:
        if remark := _remark(op, operand, language):
            yield (Span(operand, Role.NAME), Span(f"  {remark}", Role.DIM))


def _remark(op: Op, operand: str, language: str) -> str:
    """What must be known about an operand before it is given."""
    position = op.operands.index(operand)
    remarks = [
        msg("any number of them") if op.variadic and position == len(op.operands) - 1 else "",
        msg("optional") if position >= len(op.operands) - op.optional else "",
        msg("a constant") if operand in op.constants else "",
    ]
    return ", ".join(in_language(remark, language) for remark in remarks if remark)


def _attributes(op: Op, language: str) -> Iterator[Line]:
    for attribute in op.attributes:
        given = (
            msg("required").in_language(language)
            if attribute.default is ...
            else f"= {shown_value(attribute.default)}"
        )
        yield (
            Span(attribute.name, Role.NAME),
            Span(f" {given}", Role.CODE),
            Span(f"  {attribute.meaning.in_language(language)}{_kind(attribute, language)}", Role.DIM),
        )


def _kind(attribute: OpAttribute, language: str) -> str:
    """The type of a setting and its limits in words; that of a key has none."""
    if attribute.type is tuple:
        return ""
    limits = f", {in_language(attribute.limits, language)}" if attribute.limits else ""
    return f" ({in_language(type_words(attribute.type), language)}{limits})"


def _derivatives(op: Op, language: str) -> Iterator[Line]:
    for derivative in derivatives(op):
        name = Span(f"d{derivative.operand} = ", Role.GRADIENT)
        if derivative.form == "none":
            yield (name, Span(msg("none: no gradient flows to it").in_language(language), Role.DIM))
            continue
        where = f"  {derivative.where}" if derivative.where else ""
        form = Span(f"  {_FORMS[derivative.form].in_language(language)}{where}", Role.DIM)
        yield (name, Span(derivative.product, Role.CODE), form)
        if derivative.form == "jacobian":
            yield (Span(_INDENT), Span("J = "), Span(derivative.local, Role.LOCAL))


def _fits(op: Op, language: str) -> Iterator[Line]:
    rule = shape_rule(op)
    if rule:
        yield (Span(rule.in_language(language)),)
    found = fits(op)
    for fit in found[:_MOST_FITS]:
        yield (Span(str(fit)),)


def _kink(kink: Convention, language: str) -> Line:
    return (
        Span(kink.call, Role.CODE),
        Span(" = "),
        Span(kink.value_text, Role.VALUE),
        Span("  "),
        Span(kink.gradient_text, Role.GRADIENT),
        Span(f"  {kink.kink.note.in_language(language)}", Role.DIM),
    )


def _example(op: Op, language: str, width: int) -> Iterator[Line]:
    for block in equations(example(op), language, width - len(_INDENT)):
        yield from ((Span(_INDENT), *line) for line in block.lines)
        yield (Span(""),)
