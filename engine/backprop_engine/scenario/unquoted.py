"""Texts and expressions that YAML misreads because they have no quotes: what to write instead."""

from __future__ import annotations

import re
from typing import Final

from backprop_engine.errors import ScenarioError, code
from backprop_engine.expressions import ExprError, parse
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.scenario.nodes import Mapping, Scalar
from backprop_engine.scenario.other_numbers import is_number, list_hint, number_hint, tensor_hint
from backprop_engine.scenario.source import Source

__all__ = [
    "CLOSING",
    "YAML_NO_COLON",
    "YAML_QUOTES",
    "YAML_UNCLOSED",
    "quoted",
    "split_by_bracket",
    "split_by_comma",
]

YAML_QUOTES = code(
    "yaml-needs-quotes", msg("YAML reads signs in a text or expression as its own: quote the text.")
)
YAML_UNCLOSED = code("yaml-unclosed", msg("A quotation mark or bracket is never closed."))
YAML_NO_COLON = code("yaml-no-colon", msg("A line between `name: value` lines has no colon."))

CLOSING: Final = {"[": "]", "{": "}", "(": ")"}
LONG: Final = 80
_REACH = 1000
_BREAK = re.compile(r"[\r\n]")
_BARS = re.compile(r"\|([^|]+)\|")
_QUOTED_NAME = re.compile(r"([`\"'])(\w+)\1")
_GROUP = re.compile(r"[\[{][^\]}]*[-+*/@]")
_TO_ROUND = str.maketrans("[]{}", "()()")


def quoted(source: Source, at: int, whole: str, message: Message) -> ScenarioError:
    """The error that answers with what to write in place of `whole`, mostly its quoted form."""
    inside = " ".join(whole.split())
    mark = inside[:1]
    if mark in ("'", '"') and inside.endswith(mark) and inside.count(mark) % 2:  # 'it's': quoted already
        inside = inside[1:-1]
    hint = number_hint(inside) or list_hint(inside) or tensor_hint(inside) or _expression_hint(inside)
    if not hint:
        escaped = "'" + inside.replace("'", "''") + "'"
        fit = escaped if '"' in inside or "\\" in inside else f'"{inside}"'
        hint = msg("write {text}", text=fit) if len(inside) <= LONG else msg("put all of the value in quotes")
    return source.error(YAML_QUOTES, message, at, hint, len(whole))


def _expression_hint(text: str) -> Hint:
    """For what would be no expression even in quotes: the expression that was meant, if that can be told."""
    if len(text) > LONG or _is_expression(text):
        return ""
    bars, names = _BARS.sub(r"abs(\1)", text), _QUOTED_NAME.sub(r"\2", text)
    for other in (bars, names, text.translate(_TO_ROUND) if _GROUP.match(text) else text):
        if other != text and _is_expression(other):
            return msg("did you mean `{text}`?", text=other)
    return ""


def _is_expression(text: str) -> bool:
    try:
        parse(text)
    except ExprError:
        return False
    return True


def split_by_bracket(scalar: Scalar) -> None:
    """Refuse a plain scalar inside `{}` or `[]` that opens a `(` and leaves it open: cut by a comma."""
    if scalar.text.count("(") <= scalar.text.count(")"):
        return
    source = scalar.source
    whole = source.text[scalar.offset : item_end(source.text, scalar.offset)].rstrip()
    if whole.count("(") > whole.count(")"):
        message, hint = msg("a `(` in this text is not closed"), msg("close it, or quote the whole text")
        raise source.error(YAML_UNCLOSED, message, scalar.offset, hint, len(scalar.text))
    raise quoted(
        source, scalar.offset, whole, msg("inside `{{}}` and `[]` a comma ends the value, even in a call")
    )


def split_by_comma(parent: Mapping, key: Scalar, value: Scalar) -> None:
    """Refuse the rest of a text behind a comma inside `{}`, which YAML takes for a key without a value."""
    source, text = key.source, key.source.text
    if ":" in text[key.end : value.start] or key.style:
        return
    if ":" in key.text:
        name, _, rest = key.text.partition(":")
        hint: Hint = msg("write `{text}`", text=f"{name}: {rest}") if len(key.text) <= LONG else ""
        message = msg("a space is missing behind the colon")
        raise source.error(YAML_NO_COLON, message, key.offset, hint, len(key.text))
    if not parent.entries:
        return
    before = next(reversed(parent.entries.values())).value
    if type(before) is not Scalar or before.style or before.start == before.end:
        return
    end = key.end
    for part in re.finditer(r"\s*,([^,\n{}\[\]]*)", text[end : end + _REACH]):
        if part.start() + key.end != end or ":" in part[1]:
            break
        end += len(part[0])
    whole = text[before.offset : end].rstrip()
    raise quoted(source, before.offset, whole, msg("inside `{{}}` a comma ends the value"))


def comma_missing(text: str) -> int | None:
    """Where in `2 y`, which a `:` follows, the second name begins, if the first part is a value by itself."""
    found = re.fullmatch(r"(.*\S)\s+(\S+)", text, re.DOTALL)
    if found and (is_number(found[1]) or found[1][-1] in ")0123456789"):
        return found.start(2)
    return None


def rest_of_line(text: str, start: int) -> str:
    """What follows in the line, as far as it is worth looking."""
    reach = text[start : start + _REACH]
    return reach[: found.start()] if (found := _BREAK.search(reach)) else reach


def item_end(text: str, start: int) -> int:
    """Where a value inside `{}` or `[]` was meant to end: at a comma or a bracket that is not its own."""
    expected: list[str] = []
    reach = text[start : start + _REACH]
    for at, sign in enumerate(reach, start):
        if sign in CLOSING:
            expected.append(CLOSING[sign])
        elif sign in ")]}":
            if not expected or expected.pop() != sign:
                return at
        elif sign in ",\r\n" and not expected:
            return at
    return start + len(reach)
