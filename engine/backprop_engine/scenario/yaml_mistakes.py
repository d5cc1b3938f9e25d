"""Broken YAML in friendly words; above all, expressions and sentences that needed quotes.

What the YAML parser says is about tokens and block mappings. What the author wrote is nearly always one of a
few things: a value that must be quoted, an indentation that fits nothing, an open bracket or quote, a tab.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from backprop_engine.errors import ScenarioError, code
from backprop_engine.scenario.nodes import Mapping, Scalar
from backprop_engine.scenario.source import Source

__all__ = ["Problem", "explained", "split_by_bracket", "split_by_comma"]

YAML_SYNTAX = code("yaml-syntax", "The file is no valid YAML.")
YAML_QUOTES = code(
    "yaml-needs-quotes", "YAML reads signs in a text or expression as its own: quote the text."
)
YAML_INDENT = code("yaml-indentation", "A line's indentation fits none of the lines above it.")
YAML_TAB = code("yaml-tab", "A tab stands where YAML allows only spaces.")
YAML_UNCLOSED = code("yaml-unclosed", "A quotation mark or bracket is never closed.")
YAML_ESCAPE = code("yaml-escape", "A backslash in double quotes begins no escape that YAML knows.")
YAML_NO_COLON = code("yaml-no-colon", "A line between `name: value` lines has no colon.")

_VALUE = re.compile(r"[ \t]*(?:-[ \t]+)*(?:[^\s:#][^:\n]*:[ \t]+)?")
_COMMENT = re.compile(r"\s+#.*")
_CLOSING = {"[": "]", "{": "}", "(": ")"}
_OPENERS = frozenset("\"'[{*&!|>@`%,")
_HAS_KEY = re.compile(r":(?:\s|$)|^\s*#")
_GLUED = re.compile(r"[ \t]*(?:-[ \t]+)*[^\s:#\"'%]+:(?=[\[{\w])")
_BREAK = re.compile(r"[\r\n]")
_NO_COLON = "this line has no colon with a space"
_LONG = 80
_REACH = 1000


class Problem(NamedTuple):
    """What the YAML parser complains of, and where; `opened` is where the node in question begins."""

    words: str
    at: int
    context: str
    opened: int | None


def explained(source: Source, problem: Problem, last: Scalar | None) -> ScenarioError:
    """The error to show for `problem`; `last` is the last scalar before it."""
    text = source.text
    at = min(problem.at, len(text))
    opened = at if problem.opened is None else min(problem.opened, len(text))
    words, context = problem.words, problem.context
    line = source.line_starts[source.place(at).line - 1]
    begins_line = not text[line:at].strip()

    if text[at : at + 1] == "\t" and ("token" in words or "tab" in words):
        return source.error(YAML_TAB, "a tab stands in the indentation", at, "indent with spaces")
    if "quoted scalar" in context or "double-quoted" in context:
        if "end of stream" not in words and "document" not in words:
            return _escape(source, at)
        return source.error(YAML_UNCLOSED, "this quotation mark is never closed", opened)
    if "flow" in context:
        return _in_brackets(source, at, opened, last)
    if "could not find expected ':'" in words:
        return source.error(YAML_NO_COLON, _NO_COLON, opened, "write `name: value`")
    if glued := _GLUED.match(text, line):
        return source.error(YAML_NO_COLON, "a space is missing behind this colon", glued.end() - 1)
    if text[at : at + 1] in ("]", "}"):
        return source.error(YAML_SYNTAX, f"nothing opens this `{text[at]}`", at)
    if not begins_line and (broken := _needs_quotes(source, line, at)):
        return broken
    if begins_line and ("not allowed" in words or "block" in context):
        hint = "names of one level begin in one column"
        return source.error(YAML_INDENT, "this line's indentation fits none of the lines above", at, hint)
    if "mapping values" in words:
        above = _line_above(source, at)
        if above is not None:
            return source.error(YAML_NO_COLON, _NO_COLON, above, "write `name: value`")
        hint = "a name with a value has nothing indented below it"
        return source.error(YAML_INDENT, "this line is indented like a part of the line above", at, hint)
    if "document start" in words:
        return source.error(YAML_SYNTAX, "this stands behind the end of the document", at)
    start = line + len(text[line:at]) - len(text[line:at].lstrip())
    if text[start : start + 1] in _OPENERS:
        return source.error(YAML_QUOTES, f"a name that begins with `{text[start]}` needs quotes", start)
    return source.error(YAML_SYNTAX, f"this is no valid YAML: {words}", at)


def split_by_bracket(scalar: Scalar) -> None:
    """Refuse a plain scalar inside `{}` or `[]` that opens a `(` and leaves it open: cut by a comma."""
    if scalar.text.count("(") <= scalar.text.count(")"):
        return
    source = scalar.source
    whole = source.text[scalar.offset : _item_end(source.text, scalar.offset)].rstrip()
    if whole.count("(") > whole.count(")"):
        message, hint = "a `(` in this text is not closed", "close it, or quote the whole text"
        raise source.error(YAML_UNCLOSED, message, scalar.offset, hint, len(scalar.text))
    raise _quote(source, scalar.offset, whole, "inside `{}` and `[]` a comma ends the value, even in a call")


def split_by_comma(parent: Mapping, key: Scalar, value: Scalar) -> None:
    """Refuse the rest of a text behind a comma inside `{}`, which YAML takes for a key without a value."""
    source, text = key.source, key.source.text
    if ":" in text[key.end : value.start] or key.style:
        return
    if ":" in key.text:
        name, _, rest = key.text.partition(":")
        hint = f"write `{name}: {rest}`" if len(key.text) <= _LONG else ""
        message = "a space is missing behind the colon"
        raise source.error(YAML_NO_COLON, message, key.offset, hint, len(key.text))
    if not parent.entries:
        return
    before = next(reversed(parent.entries.values())).value
    if type(before) is not Scalar or before.style or before.start == before.end:
        return
    end = key.end
    for part in re.finditer(r"\s*,([^,\n{}\[\]]*)", text[end:]):
        if part.start() + key.end != end or ":" in part[1]:
            break
        end += len(part[0])
    whole = text[before.offset : end].rstrip()
    raise _quote(source, before.offset, whole, "inside `{}` a comma ends the value")


def _in_brackets(source: Source, at: int, opened: int, last: Scalar | None) -> ScenarioError:
    """A mistake inside `{}` or `[]`: mostly an expression with brackets of its own, or one left open."""
    text = source.text
    sign = text[at : at + 1] or " "
    before = last if last is not None and last.start >= opened and not text[last.end : at].strip() else None
    is_one_line = before is not None and not _BREAK.search(text, before.offset, at)
    if before is not None and is_one_line and before.text and not before.style and sign in "[{:\"'":
        whole = text[before.offset : _item_end(text, before.offset)].rstrip()
        also = ", and a comma parts entries" if sign == ":" else ""
        message = f"inside `{{}}` and `[]` a text with `{sign}` needs quotes{also}"
        return _quote(source, before.offset, whole, message)
    bracket = text[opened : opened + 1]
    closing = _CLOSING.get(bracket, "]")
    if is_one_line and sign.strip():
        hint = "quote the whole value if it is an expression"
        return source.error(YAML_SYNTAX, f"a comma or `{closing}` is missing before this", at, hint)
    if bracket not in _CLOSING:
        return source.error(YAML_UNCLOSED, "a value or a closing bracket is missing here", at)
    hint = f"add `{closing}`, or quote the whole value if it is an expression"
    return source.error(YAML_UNCLOSED, f"this `{bracket}` is not closed", opened, hint)


def _needs_quotes(source: Source, line: int, at: int) -> ScenarioError | None:
    """The mistake of the value in this line, if its beginning or a colon in it makes YAML misread it."""
    text = source.text
    found = _VALUE.match(text, line)
    start = found.end() if found else line
    whole = _COMMENT.sub("", _rest_of_line(text, start)).rstrip()
    if not whole or start > at or (whole[0] == "%" and start == line):
        return None
    sign = whole[0]
    if sign in _OPENERS or whole[:2] in ("- ", "? "):
        return _quote(source, start, whole, f"a text that begins with `{sign}` needs quotes, all of it")
    if start > line and text[at : at + 1] == ":":
        return _quote(source, start, whole, "a text with a colon and a space in it needs quotes")
    return None


def _quote(source: Source, at: int, whole: str, message: str) -> ScenarioError:
    """The error that answers with the quoted form of `whole`."""
    inside = " ".join(whole.split())
    mark = inside[:1]
    if mark in ("'", '"') and inside.endswith(mark) and inside.count(mark) % 2:  # 'it's': quoted already
        inside = inside[1:-1]
    escaped = "'" + inside.replace("'", "''") + "'"
    quoted = escaped if '"' in inside or "\\" in inside else f'"{inside}"'
    hint = f"write {quoted}" if len(inside) <= _LONG else "put all of the value in quotes"
    return source.error(YAML_QUOTES, message, at, hint, len(whole))


def _escape(source: Source, at: int) -> ScenarioError:
    """A backslash in double quotes that begins nothing."""
    backslash = source.text.rfind("\\", 0, at + 2)
    at = backslash if backslash >= 0 else at
    shown = source.text[at : at + 2]
    hint = "use single quotes, where a backslash is a backslash"
    return source.error(YAML_ESCAPE, f"`{shown}` is no escape of double-quoted text", at, hint, 2)


def _line_above(source: Source, at: int) -> int | None:
    """Where the line above the one of `at` begins, if it is a text without a key."""
    number = source.place(at).line - 1
    line = source.line(number) if number else ""
    if not line.strip() or _HAS_KEY.search(line):
        return None
    return source.line_starts[number - 1] + len(line) - len(line.lstrip())


def _rest_of_line(text: str, start: int) -> str:
    """What follows in the line, as far as it is worth looking."""
    reach = text[start : start + _REACH]
    return reach[: found.start()] if (found := _BREAK.search(reach)) else reach


def _item_end(text: str, start: int) -> int:
    """Where a value inside `{}` or `[]` was meant to end: at a comma or a bracket that is not its own."""
    expected: list[str] = []
    reach = text[start : start + _REACH]
    for at, sign in enumerate(reach, start):
        if sign in _CLOSING:
            expected.append(_CLOSING[sign])
        elif sign in ")]}":
            if not expected or expected.pop() != sign:
                return at
        elif sign in ",\r\n" and not expected:
            return at
    return start + len(reach)
