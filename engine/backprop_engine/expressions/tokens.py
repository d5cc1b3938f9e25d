"""Expression text -> tokens, and the error that points into the text."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from backprop_engine.expressions.hints import FOREIGN, look_alike
from backprop_engine.expressions.tree import SourceSpan
from backprop_engine.messages.message import Hint, Message, cleaned, msg
from backprop_engine.messages.plain_text import clean, shortened

__all__ = ["MAX_LENGTH", "TRANSPOSED", "ExprError", "Token", "derivative_parts", "tokenize"]

MAX_LENGTH: Final = 200_000
"""The longest expression, in code points: a flat chain of some 20,000 terms."""
TRANSPOSED: Final = "ᵀ"
"""The sign for `.T`; a letter of Unicode, which no name has in it."""


class ExprError(ValueError):
    """Text that is not an expression; `span` says where, and always lies inside the text.

    What it quotes of the text is harmless on a terminal.
    """

    message: Message
    hint: Hint

    def __init__(self, message: Message, span: SourceSpan, hint: Hint = "") -> None:
        self.message, self.span = cleaned(message), span
        self.hint = cleaned(hint)
        super().__init__(self.message)


class Token(Struct, frozen=True, gc=False):
    """A piece of the text. `kind` is `name`, `number`, `text`, `end`, or the symbol itself."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> SourceSpan:
        """Where the token is."""
        return SourceSpan(self.start, self.end)

    def __str__(self) -> str:
        return f"`{shortened(self.text, 40)}`"


# The groups, in order: 1 name, 2 number, 3 text, 4 symbol; nothing else is part of the language.
# A name's run takes every character outside ASCII but spaces; `_identifier` decides how many belong to it.
_TOKEN = re.compile(
    r"""\s*(?:
      ( (?!\d)[^\x00-/:-@\[-^`{-\x7f\s]+ )
    | ( (?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)? )
    | ( "[^"\\\n]*" | '[^'\\\n]*' )
    | ( \*\*(?!\*) | \.\.\. | [<>=!]=(?!=)
      | (?:\*(?!\*)|/(?!/)|<(?![<>])|>(?!>)|:(?!=)|=(?!=)|\.(?!\.)|[-+@()\[\],]) )
    )""",
    re.VERBOSE,
)
_FOREIGN = re.compile("|".join(map(re.escape, sorted(FOREIGN, key=len, reverse=True))))
_SIGNS: Final = {"−": "-", "⊙": "*", "·": "·"}
"""Signs that formulas are shown with, and what they mean; a `·` multiplies with a number."""
_RAISED: Final = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_WORD: Final = r"[^\W\dᵀ][^\Wᵀ⁰¹²³⁴⁵⁶⁷⁸⁹]*"
_PATH: Final = rf"{_WORD}(?:(?:\[-?[0-9]+\])?\.(?!m?T\b){_WORD})*"
_DERIVATIVE: Final = rf"∂\s*({_PATH})\s*/\s*∂\s*({_PATH})"
"""A derivative is one name, so that what it means is for those to say who know the graph.

Compiled where there is one: it takes milliseconds, for which no start waits.
"""
_KINDS = ("", "name", "number", "text")


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, with one of kind `end` after the last."""
    if len(text) > MAX_LENGTH:
        raise ExprError(
            msg("an expression has at most {count:,} characters", count=MAX_LENGTH), SourceSpan(0, len(text))
        )
    tokens: list[Token] = []
    ascii_only = text.isascii()
    match, at = _TOKEN.match, 0
    append = tokens.append
    while found := match(text, at):
        group = found.lastindex or 0
        piece, at = found[group], found.end()
        start = at - len(piece)
        if group == 1 and not ascii_only:
            piece = _identifier(piece)
            if not piece:
                at = _sign(text, start, tokens)
                continue
            at = start + len(piece)
        append(Token(_KINDS[group] if group < 4 else piece, piece, start, at))
    rest = text[at:].lstrip()
    if rest:
        raise _not_a_token(text, len(text) - len(rest))
    append(Token("end", "", at, at))
    return tokens


def derivative_parts(name: str) -> tuple[str, str] | None:
    """What is differentiated, and with respect to what, where `name` is ``∂L/∂x``; None for other names."""
    of, mark, to = name[1:].partition("/∂")
    return (of, to) if name[:1] == "∂" and mark else None


def _sign(text: str, start: int, tokens: list[Token]) -> int:
    """Add the tokens that a sign of formulas stands for, and give the position after it."""
    at = start
    while text[at : at + 1] in _RAISED:
        at += 1
    if raised := text[start:at].translate(_LOWERED):
        tokens.append(Token("**", "**", start, start))
        if raised[0] == "-":
            tokens.append(Token("-", "-", start, start + 1))
        if not raised.removeprefix("-").isdigit():
            raise _not_a_token(text, start)
        tokens.append(Token("number", raised.removeprefix("-"), start + raised.startswith("-"), at))
        return at
    if text[start] == "∂" and (derivative := re.compile(_DERIVATIVE).match(text, start)):
        name = "∂{}/∂{}".format(*derivative.groups())
        tokens.append(Token("name", name, start, derivative.end()))
        return derivative.end()
    if text[start] == TRANSPOSED:
        tokens += Token(".", TRANSPOSED, start, start + 1), Token("name", "T", start, start + 1)
        return start + 1
    if kind := _SIGNS.get(text[start]):
        tokens.append(Token(kind, text[start], start, start + 1))
        return start + 1
    raise _not_a_token(text, start)


def _identifier(run: str) -> str:
    """The longest beginning of `run` that Python takes as an identifier, up to a sign that transposes."""
    run = run.partition(TRANSPOSED)[0]
    if run.isidentifier():
        return run
    if not run[:1].isidentifier():
        return ""
    length = 1
    while ("a" + run[length]).isidentifier():
        length += 1
    return run[:length]


def _not_a_token(text: str, start: int) -> ExprError:
    if foreign := _FOREIGN.match(text, start):
        symbol = foreign[0]
        return ExprError(
            msg("`{symbol}` cannot be used in an expression", symbol=symbol),
            SourceSpan(start, foreign.end()),
            FOREIGN[symbol],
        )
    character = text[start]
    span = SourceSpan(start, start + 1)
    if character in "\"'":
        return _open_quote(text, start)
    message = msg(
        "the character `{character}` (U+{number}) cannot be used in an expression",
        character=clean(character),
        number=f"{ord(character):04X}",
    )
    return ExprError(message, span, look_alike(character))


def _open_quote(text: str, start: int) -> ExprError:
    quote = text[start]
    if start and (text[start - 1].isalnum() or text[start - 1] in "_)]"):
        hint = msg("a name cannot contain a prime: write `x_prime`, or `.T` for a transpose")
        return ExprError(
            msg("`{quote}` cannot be used in a name", quote=quote), SourceSpan(start, start + 1), hint
        )
    close = text.find(quote, start + 1)
    backslash = text.find("\\", start, close if close > 0 else len(text))
    if backslash >= 0:
        return ExprError(msg("quoted text cannot contain a backslash"), SourceSpan(backslash, backslash + 1))
    if close > 0:
        return ExprError(msg("quoted text must stay on one line"), SourceSpan(start, start + 1))
    hint = msg("close it with {quote}", quote=quote)
    return ExprError(msg("this quotation mark is never closed"), SourceSpan(start, start + 1), hint)
