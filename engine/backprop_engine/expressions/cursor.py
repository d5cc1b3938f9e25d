"""A position in the tokens of an expression: moving on, and saying what is wrong there."""

from __future__ import annotations

from collections.abc import Callable
from keyword import kwlist
from typing import Final, TypeVar

from backprop_engine.expressions.hints import MODULES, WORDS
from backprop_engine.expressions.tokens import ExprError, Token, tokenize
from backprop_engine.expressions.tree import Attribute, Binary, Expr, SourceSpan, Transpose
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import shortened

__all__ = ["BOOLEANS", "MAX_DEPTH", "RESERVED", "Cursor"]

MAX_DEPTH: Final = 64

BOOLEANS: Final = {"true": True, "True": True, "false": False, "False": False}
RESERVED: Final = frozenset(kwlist) | BOOLEANS.keys()
"""Words that cannot be names."""

_CLOSING = {"(": ")", "[": "]"}

_T = TypeVar("_T")


class Cursor:
    """A position in the tokens of `text`, and the tokens that opened what surrounds it."""

    __slots__ = ("at", "open", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.open: list[Token] = []

    def nested(self, opening: Token, inside: Callable[[], _T]) -> _T:
        """What `inside` reads, one level deeper."""
        if len(self.open) >= MAX_DEPTH:
            message = msg("this is nested more than {depth} levels deep", depth=MAX_DEPTH)
            raise ExprError(message, opening.span, msg("give some of its parts nodes of their own"))
        self.open.append(opening)
        result = inside()
        self.open.pop()
        return result

    def items(self, closing: str, item: Callable[[], _T]) -> list[_T]:
        """Items between commas, through the closing bracket; a comma may follow the last."""
        found: list[_T] = []
        while self.tokens[self.at].kind != closing:
            found.append(item())
            if self.tokens[self.at].kind != ",":
                break
            self.at += 1
        return self.closed(closing, found)

    def closed(self, closing: str, result: _T) -> _T:
        """`result`, when the closing bracket is here."""
        if self.tokens[self.at].kind != closing:
            raise self.unexpected(msg("an operator or `{closing}`", closing=closing))
        self.at += 1
        return result

    def expect(self, kind: str, what: Message, hint: Hint = "") -> Token:
        """The token at this position, which must be of `kind`."""
        token = self.tokens[self.at]
        if token.kind != kind:
            raise self.unexpected(what, hint)
        self.at += 1
        return token

    def since(self, start: int) -> SourceSpan:
        """From `start` to the end of the last token read."""
        return SourceSpan(start, self.tokens[self.at - 1].end)

    def finish(self) -> None:
        """Complain about what is left."""
        token = self.tokens[self.at]
        if token.kind in (")", "]"):
            raise ExprError(msg("this `{bracket}` was never opened", bracket=token.text), token.span)
        if token.kind != "end":
            raise self.unexpected(msg("an operator or the end"))

    # Complaints

    def unexpected(self, expected: Message, hint: Hint = "") -> ExprError:
        """The error that another token is here, with the best hint there is."""
        token = self.tokens[self.at]
        if token.kind == "end":
            for opening in reversed(self.open):
                if opening.kind in _CLOSING:
                    add = msg("add `{text}`", text=_CLOSING[opening.kind])
                    message = msg("this `{bracket}` is never closed", bracket=opening.text)
                    return ExprError(message, opening.span, add)
            if self.at == 0:
                return ExprError(msg("the expression is empty"), token.span, hint)
            message = msg("the expression ends where {what} was expected", what=expected)
            return ExprError(message, token.span, hint)
        message = msg("expected {what}, found {found}", what=expected, found=token)
        before = self.tokens[self.at - 1] if self.at else token
        if token.kind == "=" and before.end == token.start and before.kind in ("+", "-", "*", "/", "@"):
            span = SourceSpan(before.start, token.end)
            hint = msg("a node has only one value: give the new value a node of its own")
            message = msg("`{symbol}` cannot be used in an expression", symbol=f"{before.kind}=")
            return ExprError(message, span, hint)
        if token.kind == "=":
            hint = hint or msg("compare with `==`; `name=` is for the arguments of a call")
        elif token.kind == "," and self.open and self.open[-1].kind == "(":
            hint = hint or msg("write a list in square brackets: `[…]`")
        elif self.in_call() and before.kind == "name" and token.kind == "number":
            hint = hint or msg("did you mean `{text}`?", text=f"{before.text}={token.text}")
        elif token.kind == "name" and token.text in WORDS:
            hint = WORDS[token.text]
        elif token.kind in ("name", "number", "(") and self.at > 0:
            hint = hint or _missing_operator(self.tokens[self.at - 1], token)
        return ExprError(message, token.span, hint)

    def in_call(self) -> bool:
        """Whether the token before this one is the first of an argument."""
        return bool(self.open) and self.at > 1 and self.tokens[self.at - 2].kind in ("(", ",")

    def no_operand(self) -> ExprError:
        """The error for a place where an operand is missing."""
        token = self.tokens[self.at]
        match token.kind:
            case "text":
                hint = msg("text can only be the value of an attribute: `name={text}`", text=token.text)
                return ExprError(msg("text is not an operand"), token.span, hint)
            case "+":
                hint = msg("leave out a plus sign before an operand")
                return ExprError(msg("expected an operand, found `+`"), token.span, hint)
            case "name" if token.text in BOOLEANS:
                hint = msg("write an attribute's value with its name: `keepdims=true`")
                return ExprError(msg("`{text}` is not an operand", text=token.text), token.span, hint)
            case "name":
                message = msg(
                    "`{name}` is a reserved Python keyword, so it cannot be a name",
                    name=shortened(token.text, 40),
                )
                return ExprError(message, token.span, WORDS.get(token.text, ""))
        return self.unexpected(msg("an operand"))

    def chained(self, first: Binary) -> ExprError:
        """The error of `a < b < c`."""
        second = self.tokens[self.at]
        left = self.text[first.span.start : first.span.end]
        middle = self.text[first.op_span.end : first.span.end].strip()
        both = f"({left}) * ({middle} {second.text} …)"
        hint: Hint = msg("compare two at a time: `{text}`", text=both) if len(left) < 60 else ""
        return ExprError(msg("comparisons do not chain"), second.span, hint)

    def no_call(self, node: Expr, start: int) -> ExprError:
        """The error of calling what is not an operator's name: `x.sum()`, `np.tanh(x)`, `x.T()`, `2(x)`."""
        bracket = self.tokens[self.at]
        if isinstance(node, Transpose):
            return ExprError(
                msg("`.T` is not a function"), bracket.span, msg("write `.T` without the brackets")
            )
        if isinstance(node, Attribute):
            before = self.text[start : node.name_span.start].rstrip(" .")
            root = before.partition(".")[0]
            hint = self.as_calls("" if root in MODULES else before, self.at - 1)
            message = msg("call operators by their plain names, without a prefix")
            return ExprError(message, SourceSpan(start, bracket.start), hint)
        return self.unexpected(msg("an operator"))

    def as_function(self, start: int) -> Hint:
        """The hint for a method called on something that is not a name: `(a + b).sum()`."""
        if self.tokens[self.at].kind != "(":
            return ""
        return self.as_calls(self.text[start : self.tokens[self.at - 2].start].strip(), self.at - 1)

    def as_calls(self, operand: str, at: int) -> Hint:
        """The hint that has the method whose name is token `at`, and those called on it, as calls around
        `operand`: `(a + b).abs().sum()` is `sum(abs(a + b))`.
        """
        tokens, operand = self.tokens, _unwrapped(operand)
        while tokens[at].kind == "name" and tokens[at + 1].kind == "(":
            end = self.matching_end(at + 1)
            inside = self.text[tokens[at + 1].end : end].strip()
            operands = ", ".join(part for part in (operand, inside) if part)
            operand = f"{tokens[at].text}({operands})"
            at = next(
                (place for place in range(at, len(tokens)) if tokens[place].start > end), len(tokens) - 1
            )
            if tokens[at].kind != ".":
                break
            at += 1
        return msg("write `{text}`", text=shortened(operand, 70))

    def matching_end(self, at: int) -> int:
        """Where the bracket that token `at` opens is closed, or the end of the text."""
        depth = 0
        for token in self.tokens[at:]:
            depth += (token.kind in ("(", "[")) - (token.kind in (")", "]"))
            if depth == 0:
                return token.start
        return len(self.text)


def _unwrapped(text: str) -> str:
    """`text` without the brackets that are around all of it."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if not depth:
            return text[1:-1].strip() if text[0] == "(" and place == len(text) - 1 else text
    return text


def _missing_operator(left: Token, right: Token) -> Hint:
    """The hint for two operands side by side."""
    if left.kind == "number" and left.end == right.start and right.kind == "name":
        try:
            return msg("write `{text}`", text=int(left.text + right.text, 0))  # 1_000, 0x1F
        except ValueError:
            pass
    shown = "(…)" if right.kind == "(" else right.text
    if left.end == right.start and left.kind == right.kind == "number":  # 1.5.2
        return ""
    if left.kind in ("number", "name") and len(left.text) + len(shown) < 60:
        return msg("did you mean `{text}`?", text=f"{left.text} * {shown}")
    return ""
