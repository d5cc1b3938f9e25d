"""Broken YAML in friendly words; above all, expressions and sentences that needed quotes.

The YAML parser's messages are about tokens and block mappings. What the author wrote is nearly always one of
a few things: a value that must be quoted, an indentation that fits nothing, an open bracket or quote, a tab.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import yaml

from backprop_engine.errors import ScenarioError, code
from backprop_engine.expressions import ExprError, parse
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.scenario.read.foreign_numbers import is_number, list_hint, number_hint, tensor_hint
from backprop_engine.scenario.read.layout_hints import MAPS, entry_hint
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlScalar

__all__ = ["cut_by_bracket", "cut_by_comma", "explained", "problem_of"]

YAML_QUOTES = code(
    "yaml-needs-quotes",
    msg("YAML takes characters of a text or an expression for its own syntax: quote the text."),
)
YAML_UNCLOSED = code("yaml-unclosed", msg("A quotation mark or bracket is never closed."))
YAML_NO_COLON = code("yaml-no-colon", msg("A line among `name: value` lines has no colon."))

CLOSING: Final = {"[": "]", "{": "}", "(": ")"}
LONG: Final = 80
_REACH = 1000
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
        hint = msg("write {text}", text=fit) if len(inside) <= LONG else msg("put the whole value in quotes")
    return source.error(YAML_QUOTES, message, at, hint, len(whole))


def _expression_hint(text: str) -> Hint:
    """For what is not an expression even in quotes: the expression that was meant, if that is clear."""
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


def cut_by_bracket(scalar: YamlScalar) -> ScenarioError:
    """The error for a plain scalar inside `{}` or `[]` that leaves a `(` open."""
    source = scalar.source
    whole = source.text[scalar.offset : item_end(source.text, scalar.offset)].rstrip()
    if whole.count("(") > whole.count(")"):
        message, hint = msg("a `(` in this text is not closed"), msg("close it, or quote the whole text")
        return source.error(YAML_UNCLOSED, message, scalar.offset, hint, len(scalar.text))
    return quoted(
        source, scalar.offset, whole, msg("inside `{{}}` and `[]`, a comma ends the value, even in a call")
    )


def cut_by_comma(parent: YamlMapping, key: YamlScalar, value: YamlScalar) -> ScenarioError | None:
    """The error for a key without a value inside `{}`, if it is the rest of a text after a comma."""
    source, text = key.source, key.source.text
    if ":" in text[key.end : value.start] or key.style:
        return None
    if ":" in key.text:
        name, _, rest = key.text.partition(":")
        hint: Hint = msg("write `{text}`", text=f"{name}: {rest}") if len(key.text) <= LONG else ""
        message = msg("a space is missing after the colon")
        return source.error(YAML_NO_COLON, message, key.offset, hint, len(key.text))
    if not parent.entries:
        return None
    before = next(reversed(parent.entries.values())).value
    if type(before) is not YamlScalar or before.style or before.start == before.end:
        return None
    end = key.end
    for part in re.finditer(r"\s*,([^,\n{}\[\]]*)", text[end : end + _REACH]):
        if part.start() + key.end != end or ":" in part[1]:
            break
        end += len(part[0])
    whole = text[before.offset : end].rstrip()
    return quoted(source, before.offset, whole, msg("inside `{{}}`, a comma ends the value"))


def comma_missing(text: str) -> int | None:
    """Where in `2 y`, which a `:` follows, the second name begins, if the first part is a value by itself."""
    found = re.fullmatch(r"(.*\S)\s+(\S+)", text, re.DOTALL)
    if found and (is_number(found[1]) or found[1][-1] in ")0123456789"):
        return found.start(2)
    return None


def rest_of_line(text: str, start: int) -> str:
    """The rest of the line, as far as it matters."""
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


YAML_SYNTAX = code("yaml-syntax", msg("The file is not valid YAML."))
YAML_INDENT = code("yaml-indentation", msg("The indentation of a line matches none of the lines above it."))
YAML_TAB = code("yaml-tab", msg("There is a tab where YAML allows only spaces."))
YAML_ESCAPE = code(
    "yaml-escape", msg("A backslash in double quotes starts an escape sequence that YAML does not know.")
)

_VALUE = re.compile(r"[ \t]*(?:-[ \t]+)*(?:[^\s:#][^:\n]*:[ \t]+)?")
_COMMENT = re.compile(r"\s+#.*")
_OPENERS = frozenset("\"'[{*&!|>@`%,")
_HAS_KEY = re.compile(r":(?:\s|$)|^\s*#")
_GLUED = re.compile(r"[ \t]*(?:-[ \t]+)*[^\s:#\"'%]+:(?=[\[{\w])")
_ONE_NAME = re.compile(r"[^\W\d]\w*\s*:(?:\s|$)")
_GOES_ON = re.compile(r"(?:[-+*/@<>=(,]|\*\*)\s*$")
_BREAK = re.compile(r"[\r\n]")
_BRACKET = re.compile(
    r"""(?:(?<=[\s,\[{])|^)(?:"(?:[^"\\]|\\.)*"|'[^']*')|(?:(?<=\s)|^)\#[^\r\n]*|[\[\]{}]""",
    re.MULTILINE | re.DOTALL,
)
"""A bracket, or a quoted text or a comment, in which brackets do not count."""
_DIRECTIVE = re.compile(r"^%[^\r\n]*", re.MULTILINE)
_ESCAPED = re.compile(r"\\(?:x[0-9a-fA-F]{0,2}|u[0-9a-fA-F]{0,4}|U[0-9a-fA-F]{0,8}|.?)", re.DOTALL)
_DIGITS = {"x": 2, "u": 4, "U": 8}
_LONGEST_KEY = 1024


class Problem(NamedTuple):
    """What the YAML parser complains of, and where; `opened` is where the node in question begins."""

    words: str
    at: int
    context: str
    opened: int | None


def problem_of(error: yaml.YAMLError) -> Problem:
    """What PyYAML says, in plain values."""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    at = mark.index if mark else getattr(error, "position", 0)
    words = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return Problem(words, at, getattr(error, "context", None) or "", opened.index if opened else None)


def explained(source: Source, problem: Problem, last: YamlScalar | None) -> ScenarioError:
    """The error to show for `problem`; `last` is the last scalar before it."""
    text = source.text
    at = min(problem.at, len(text))
    opened = at if problem.opened is None else min(problem.opened, len(text))
    words, context = problem.words, problem.context
    line = source.line_starts[source.place(at).line - 1]
    start = line + len(text[line:at]) - len(text[line:at].lstrip())
    begins_line = start == at

    if text[at : at + 1] == "\t" and ("token" in words or "tab" in words):
        return _tab(source, at, in_indentation=begins_line)
    if "quoted scalar" in context or "double-quoted" in context:
        if "end of stream" not in words and "document" not in words:
            return _escape(source, at)
        return source.error(YAML_UNCLOSED, msg("this quotation mark is never closed"), opened)
    if directive := _directive(source, line, at, words):
        return directive
    if "flow" in context:
        return _in_brackets(source, at, opened, last, words)
    if "could not find expected ':'" in words:
        return _no_colon(source, opened)
    if glued := _GLUED.match(text, line):
        return source.error(YAML_NO_COLON, msg("a space is missing after this colon"), glued.end() - 1)
    if text[at : at + 1] in ("]", "}"):
        return source.error(YAML_SYNTAX, msg("this `{bracket}` was never opened", bracket=text[at]), at)
    if not begins_line and (broken := _needs_quotes(source, line, at)):
        return broken
    if begins_line and ("not allowed" in words or "block" in context):
        hint = msg("names on the same level must start in the same column")
        return source.error(
            YAML_INDENT, msg("the indentation of this line matches none of the lines above"), at, hint
        )
    if "mapping values" in words:
        return _misplaced_value(source, at, start)
    if "document start" in words:
        return source.error(YAML_SYNTAX, msg("this comes after the end of the document"), at)
    if text[start : start + 1] in _OPENERS:
        return source.error(
            YAML_QUOTES, msg("a name that begins with `{sign}` needs quotes", sign=text[start]), start
        )
    return source.error(YAML_SYNTAX, msg("this is not valid YAML: {words}", words=words), at)


def _tab(source: Source, at: int, *, in_indentation: bool) -> ScenarioError:
    if in_indentation:
        return source.error(YAML_TAB, msg("there is a tab in the indentation"), at, msg("indent with spaces"))
    return source.error(YAML_TAB, msg("YAML does not allow a tab here"), at, msg("use a space instead"))


def _directive(source: Source, line: int, at: int, words: str) -> ScenarioError | None:
    """The mistake of a line that begins with `%`, if the parser stumbled over one."""
    text = source.text
    start = line if text[line : line + 1] == "%" else None
    if start is None and "document start" in words:
        start = max((found.start() for found in _DIRECTIVE.finditer(text, 0, at)), default=None)
    if start is None:
        return None
    width = len(rest_of_line(text, start).rstrip())
    message = msg("a line that begins with `%` is a directive for YAML itself")
    return source.error(YAML_SYNTAX, message, start, msg("remove it: scenarios need no directives"), width)


def _no_colon(source: Source, at: int) -> ScenarioError:
    """A line of its own that isn't `name: value`."""
    place = source.place(at)
    line = source.line(place.line)[place.column - 1 :].rstrip()
    above = source.line(place.line - 1) if place.line > 1 else ""
    hint = entry_hint(line)
    if not hint and line in MAPS:
        hint = msg("write `{text}`", text=f"{line}:")
    elif not hint and _GOES_ON.search(above):
        hint = msg("if it continues the line above, indent it further")
    message = msg("this line has no colon followed by a space")
    return source.error(YAML_NO_COLON, message, at, hint or msg("write `{text}`", text="name: value"))


def _misplaced_value(source: Source, at: int, start: int) -> ScenarioError:
    """A `name:` where the line above leaves no room for one."""
    if at - start > _LONGEST_KEY:
        return _long_key(source, start)
    above = _line_above(source, at)
    if above is not None:
        return _no_colon(source, above)
    hint = msg("a name with a value cannot have anything indented below it")
    message = msg("this line is indented as if it belonged to the line above")
    return source.error(YAML_INDENT, message, start, hint)


def _long_key(source: Source, at: int) -> ScenarioError:
    message = msg("in YAML, a name can have at most {most:,} characters", most=_LONGEST_KEY)
    return source.error(YAML_SYNTAX, message, at, msg("in a scenario, at most 64"))


def _in_brackets(source: Source, at: int, opened: int, last: YamlScalar | None, words: str) -> ScenarioError:
    """A mistake inside `{}` or `[]`: mostly an expression with brackets of its own, or one left open."""
    text = source.text
    sign = text[at : at + 1] or " "
    before = last if last is not None and last.start >= opened and not text[last.end : at].strip() else None
    is_one_line = before is not None and not _BREAK.search(text, before.offset, at)
    if before is not None and is_one_line and before.text and not before.style and sign in "[{:\"'":
        return _two_in_one(source, before, sign)
    if not text[at:].strip():  # the end of the file
        opened = _open_bracket(text)
    bracket = text[opened : opened + 1]
    closing = CLOSING.get(bracket, "]")
    if is_one_line and sign.strip():
        hint = msg("quote the whole value if it is an expression")
        return source.error(
            YAML_SYNTAX, msg("a comma or `{closing}` is missing before this", closing=closing), at, hint
        )
    if "node content" in words and sign in ",]}":
        return source.error(YAML_SYNTAX, msg("a value is missing before this `{sign}`", sign=sign), at)
    if bracket not in CLOSING:
        return source.error(YAML_UNCLOSED, msg("a value or a closing bracket is missing here"), at)
    hint = msg("add `{closing}`, or quote the whole value if it is an expression", closing=closing)
    return source.error(YAML_UNCLOSED, msg("this `{bracket}` is not closed", bracket=bracket), opened, hint)


def _open_bracket(text: str) -> int:
    """Where the innermost bracket is that is still open at the end of the text."""
    opened: list[int] = []
    for found in _BRACKET.finditer(text):
        if found[0] in ("[", "{"):
            opened.append(found.start())
        elif found[0] in ("]", "}") and opened:
            opened.pop()
    return opened[-1] if opened else len(text)


def _two_in_one(source: Source, before: YamlScalar, sign: str) -> ScenarioError:
    """A plain text that goes on with a `sign` which YAML takes for its own."""
    text = source.text
    if sign == ":" and len(before.text) > _LONGEST_KEY:
        return _long_key(source, before.offset)
    second = comma_missing(before.text) if sign == ":" else None
    if second is not None:
        name = before.text[second:]
        at = before.end - len(name)
        return source.error(
            YAML_SYNTAX, msg("a comma is missing before `{name}`", name=name), at, width=len(name)
        )
    whole = text[before.offset : item_end(text, before.offset)].rstrip()
    message = (
        msg("inside `{{}}` and `[]`, a text with `:` needs quotes, and commas separate entries")
        if sign == ":"
        else msg("inside `{{}}` and `[]`, a text with `{sign}` needs quotes", sign=sign)
    )
    return quoted(
        source,
        before.offset,
        whole,
        message,
    )


def _needs_quotes(source: Source, line: int, at: int) -> ScenarioError | None:
    """The mistake of the value in this line, if its beginning or a colon in it makes YAML misread it."""
    text = source.text
    found = _VALUE.match(text, line)
    start = found.end() if found else line
    whole = _COMMENT.sub("", rest_of_line(text, start)).rstrip()
    if not whole or start > at:
        return None
    sign = whole[0]
    if sign in _OPENERS or whole[:2] in ("- ", "? "):
        return quoted(
            source, start, whole, msg("a text that begins with `{sign}` must be quoted as a whole", sign=sign)
        )
    if start > line and text[at : at + 1] == ":":
        key = text[line:start].strip(" \t:-")
        if key in MAPS and _ONE_NAME.match(whole):
            message = msg("a name and its value are on the same line as `{section}`", section=key)
            hint = msg("put them on a line of their own below it, indented")
            return source.error(YAML_SYNTAX, message, start, hint, len(whole))
        return quoted(source, start, whole, msg("a text that contains a colon and a space needs quotes"))
    return None


def _escape(source: Source, at: int) -> ScenarioError:
    """A backslash in double quotes that begins no escape, or an incomplete one."""
    backslash = source.text.rfind("\\", 0, at + 2)
    at = backslash if backslash >= 0 else at
    found = _ESCAPED.match(source.text, at)
    shown = found[0] if found else source.text[at : at + 2]
    kind, digits = shown[1:2], shown[2:]
    hint = msg("use single quotes, where a backslash is a backslash")
    if kind not in _DIGITS:
        message = msg("`{text}` is not a valid escape in double quotes", text=shown)
    elif len(digits) < _DIGITS[kind]:
        message = msg(
            "in double quotes, `{text}` needs {count} hexadecimal digits",
            text=f"\\{kind}",
            count=_DIGITS[kind],
        )
    else:
        is_half = 0xD800 <= int(digits, 16) <= 0xDFFF
        message = (
            msg("`{text}` is only half of a character", text=shown)
            if is_half
            else msg("there is no character `{text}`", text=shown)
        )
        hint = msg("write the character itself")
    return source.error(YAML_ESCAPE, message, at, hint, len(shown))


def _line_above(source: Source, at: int) -> int | None:
    """Where the line above the one of `at` begins, if it is a text without a key."""
    number = source.place(at).line - 1
    line = source.line(number) if number else ""
    if not line.strip() or _HAS_KEY.search(line):
        return None
    return source.line_starts[number - 1] + len(line) - len(line.lstrip())
