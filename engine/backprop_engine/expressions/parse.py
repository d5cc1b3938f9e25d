"""Tokens -> a tree, with exactly Python's precedence and associativity.

    expression = both {"or" both}
    both       = truth {"and" truth}
    truth      = "not" truth | sum [comparison sum]
    sum        = term {("+" | "-") term}
    term       = operand {("*" | "·" | "/" | "@") operand}
    operand    = "-" operand | primary ["**" operand]
    primary    = (number | name | call | numbers | "(" expression ")") {"[" key {"," key} "]" | "." name}
    numbers    = "[" {["-"] number | numbers ","} "]"
    key        = index | [index] ":" [index] [":" [index]] | "[" {index ","} "]" | "None" | "..." | name
    call       = name "(" {expression ","} {name "=" (expression | constant) ","} ")"
    constant   = ["-"] number | text | "true" | "false" | "[" {constant ","} "]"

Brackets, calls, minus signs and `**` nest at most `MAX_DEPTH` deep. Chains of `+ - * / @` and of `[…]` and
`.name` are loops here and count as one level, whatever their length.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from backprop_engine.expressions.cursor import BOOLEANS, RESERVED, Cursor
from backprop_engine.expressions.hints import MODULES
from backprop_engine.expressions.tokens import ExprError, Token
from backprop_engine.expressions.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Constant,
    Expr,
    IndexList,
    IntegerIndex,
    KeyPart,
    Keyword,
    ListOf,
    Name,
    NewAxis,
    Number,
    QuotedText,
    Rest,
    Slice,
    SourceSpan,
    Subscript,
    Transpose,
    Unary,
    Value,
    normalised,
    walk,
)
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import shortened

__all__ = ["PRECEDENCE", "ExpressionParser", "number_value", "parse"]

MOST_NUMBERS: Final = 1024
"""How many numbers a list may hold that is an operand; each becomes a part of the graph."""
_COMPARISON, _SUM, _TERM = 1, 2, 3
PRECEDENCE: Final[dict[str, int]] = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _COMPARISON),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*·/@", _TERM),
}
"""How tightly each operator that associates to the left binds; the minus sign and `**` bind tighter."""


def parse(text: str) -> Expr:
    """The tree of `text`; raises `ExprError` at the first place where it stops being an expression."""
    return ExpressionParser(text).tree()


class ExpressionParser(Cursor):
    """The grammar, one method a rule; `tree` is the one to begin with."""

    __slots__ = ()

    def tree(self) -> Expr:
        """The tree of the whole text."""
        tree = self.condition()
        self.finish()
        return tree

    # Conditions

    def condition(self) -> Expr:
        """Any expression: truth values joined by `or`, each of them by `and`."""
        start = self.tokens[self.at].start
        left = self.truth()
        if self.tokens[self.at].kind != "name":  # no word joins it to another
            return left
        left = self.joined(start, left, "and", "logical_and", self.truth)
        return self.joined(start, left, "or", "logical_or", self.both)

    def both(self) -> Expr:
        """Truth values joined by `and`."""
        start = self.tokens[self.at].start
        return self.joined(start, self.truth(), "and", "logical_and", self.truth)

    def joined(self, start: int, left: Expr, word: str, op: str, part: Callable[[], Expr]) -> Expr:
        """`left`, which is at `start`, and parts that a word joins to it, as calls of an operator."""
        while self.at_word(word):
            at = self.tokens[self.at].span
            self.at += 1
            left = Call(op, (left, part()), (), at, self.since(start))
        return left

    def truth(self) -> Expr:
        """A comparison or what can stand for one, or its opposite."""
        token = self.tokens[self.at]
        if token.text != "not":
            return self.expression(_COMPARISON)
        self.at += 1
        below = self.nested(token, self.truth)
        return Call("logical_not", (below,), (), token.span, self.since(token.start))

    def at_word(self, word: str) -> bool:
        """Whether a word that joins conditions is here."""
        token = self.tokens[self.at]
        return token.kind == "name" and token.text == word

    # Operators

    def expression(self, level: int) -> Expr:
        """Operands joined by operators of `level` and tighter ones."""
        tokens = self.tokens
        start = tokens[self.at].start
        left = self.operand()
        while True:
            op = tokens[self.at]
            found = PRECEDENCE.get(op.kind, 0)
            if found < level:
                return left
            self.at += 1
            right = self.operand() if found == _TERM else self.expression(found + 1)
            left = Binary(op.kind, left, right, op.span, SourceSpan(start, tokens[self.at - 1].end))
            if found == _COMPARISON and PRECEDENCE.get(tokens[self.at].kind) == _COMPARISON:
                raise self.chained(left)

    def operand(self) -> Expr:
        """A primary with what binds to it: a power on its right, a minus on its left."""
        sign = self.tokens[self.at]
        if sign.kind == "-":
            self.at += 1
            below = self.nested(sign, self.operand)
            span = self.since(sign.start)
            return Number(-below.value, span) if isinstance(below, Number) else Unary("-", below, span)
        base = self.primary()
        power = self.tokens[self.at]
        if power.kind != "**":
            return base
        self.at += 1
        exponent = self.nested(power, self.operand)
        return Binary("**", base, exponent, power.span, self.since(sign.start))

    # Primaries

    def primary(self) -> Expr:
        """A number, a name, a call or a bracket, with the subscripts and paths that follow it."""
        tokens = self.tokens
        first = tokens[self.at]
        node: Expr
        if first.kind == "name" and first.text not in RESERVED:
            self.at += 1
            node = self.call(first) if tokens[self.at].kind == "(" else Name(first.text, first.span)
        elif first.kind == "number":
            self.at += 1
            node = Number(number_value(first), first.span)
        elif first.kind == "(":
            self.at += 1
            node = self.nested(first, lambda: self.closed(")", self.condition()))
        elif first.kind == "[":
            node = self.numbers()
        else:
            raise self.no_operand()
        while tokens[self.at].kind in ("[", ".", "("):
            node = self.postfix(node, first.start)
        return node

    def numbers(self) -> ListOf:
        """A list of numbers, or of lists that are alike: a vector, a matrix."""
        found = self.constant()
        assert isinstance(found, ListOf)
        entries = 0
        for part in walk(found):
            if isinstance(part, QuotedText | Boolean):
                raise ExprError(msg("a list used as an operand can contain only numbers"), part.span)
            if isinstance(part, ListOf) and len({_shape(item) for item in part.items}) != 1:
                if not part.items:
                    raise ExprError(msg("this list is empty"), part.span)
                hint = msg("a matrix is a list of rows of equal length: `{text}`", text="[[1, 0], [0, 1]]")
                raise ExprError(msg("the rows of a list differ in length"), part.span, hint)
            entries += isinstance(part, Number)
        if entries > MOST_NUMBERS:
            raise ExprError(
                msg("a list in an expression holds at most {most:,} numbers", most=MOST_NUMBERS),
                found.span,
                msg("put it under `constants`, and write its name here"),
            )
        return found

    def postfix(self, node: Expr, start: int) -> Expr:
        """`node` with the `[…]`, `.name` or `.T` that follows it."""
        mark = self.tokens[self.at]
        if mark.kind == "(":
            raise self.no_call(node, start)
        if isinstance(node, Number):
            raise ExprError(msg("a number has no axes and no parts"), mark.span)
        self.at += 1
        if mark.kind == "[":
            key = self.nested(mark, self.key)
            return self.subscript(node, key, SourceSpan(mark.start, self.tokens[self.at - 1].end), start)
        part = self.expect("name", msg("a name after the dot"))
        if part.text == "T":
            return Transpose(node, self.since(start))
        if part.text != "mT" and not _leads_into(node):
            message = msg(
                "only a name can be followed by a path, and nothing can follow `.T`: found `{text}`",
                text=f".{part.text}",
            )
            raise ExprError(message, SourceSpan(mark.start, part.end), self.as_function(start))
        return Attribute(node, part.text, part.span, self.since(start))

    def subscript(
        self, node: Expr, key: tuple[KeyPart | Name, ...], brackets: SourceSpan, start: int
    ) -> Expr:
        """`node` with a key: by a name in it, what `index_select` takes along the axis at which it is."""
        plain = tuple(part for part in key if not isinstance(part, Name))
        if len(plain) == len(key):
            return Subscript(node, plain, self.since(start))
        at = next(place for place, part in enumerate(key) if isinstance(part, Name))
        name, before, after = key[at], key[:at], key[at + 1 :]
        assert isinstance(name, Name)
        if not all(map(_is_whole, before + after)):
            hint = msg("put the rest in brackets of their own: `{text}`", text=f"x[{name.name}][0]")
            if any(isinstance(part, Name) for part in after):
                hint = msg("`gather(x, i, axis=1)` takes an entry of each row")
            raise ExprError(msg("only `:` can be combined with a tensor of indices"), brackets, hint)
        from_end = any(isinstance(part, Rest) for part in before)
        nowhere = SourceSpan(brackets.start, brackets.start)
        axis = Number(-1 - len(after) if from_end else len(before), nowhere)
        keywords = (Keyword("axis", axis, nowhere),)
        return Call("index_select", (node, name), keywords, brackets, self.since(start))

    def key(self) -> tuple[KeyPart | Name, ...]:
        """The parts of a subscript, through its closing bracket."""
        parts = self.items("]", self.key_part)
        if not parts:
            hint = msg("`x[0]` or `x[:, 1:]`")
            raise ExprError(msg("a subscript needs an index"), self.tokens[self.at - 1].span, hint)
        if sum(isinstance(part, Rest) for part in parts) > 1:
            raise ExprError(msg("`...` may occur only once in a subscript"), self.tokens[self.at - 1].span)
        return tuple(parts)

    def key_part(self) -> KeyPart | Name:
        """A whole number, a slice with up to three bounds, a list, `None`, `...`, or a name."""
        first_token = self.tokens[self.at]
        start = first_token.start
        match first_token:
            case Token(kind="..."):
                self.at += 1
                return Rest(first_token.span)
            case Token(kind="name", text="None"):
                self.at += 1
                return NewAxis(first_token.span)
            case Token(kind="["):
                self.at += 1
                items = self.nested(first_token, lambda: self.items("]", self.whole_item))
                return IndexList(tuple(items), self.since(start))
            case Token(kind="name") if first_token.text not in RESERVED:
                self.at += 1
                if self.tokens[self.at].kind in (",", "]"):
                    return Name(first_token.text, first_token.span)
                raise self.unexpected(msg("`,` or `]`"), self.no_index(first_token))
        bounds: list[int | None] = [self.whole()]
        while self.tokens[self.at].kind == ":" and len(bounds) < 3:
            self.at += 1
            bounds.append(self.whole())
        span = self.since(start)
        first = bounds[0]
        if len(bounds) > 1:
            if bounds[2:] == [0]:
                raise ExprError(msg("the step of a slice cannot be 0"), span)
            return Slice(first, bounds[1], bounds[2] if len(bounds) == 3 else None, span)
        if first is None:
            raise self.unexpected(msg("a whole number or `:`"))
        return IntegerIndex(first, span)

    def whole(self) -> int | None:
        """The whole number at this position, if there is one."""
        negative = self.tokens[self.at].kind == "-"
        token = self.tokens[self.at + negative]
        if token.kind != "number":
            if negative or token.kind == "name":
                self.at += negative
                hint = msg(
                    "a subscript can contain whole numbers, lists of whole numbers, `:`, `...` and `None`"
                )
                raise self.unexpected(msg("a whole number"), hint)
            return None
        value = number_value(token)
        if isinstance(value, float):
            raise ExprError(msg("this index is not a whole number"), token.span)
        self.at += negative + 1
        return -value if negative else value

    def no_index(self, first: Token) -> Hint:
        """The hint for an expression in a subscript: `x[np.newaxis]`, `x[x > 0]`, `x[i + 1]`."""
        if first.text in MODULES:
            return msg("write `{text}`", text="None")
        if PRECEDENCE.get(self.tokens[self.at].kind) == _COMPARISON:
            return msg(
                "a condition cannot select entries: shapes are fixed before anything is "
                "computed. `where(x > 0, x, 0)` keeps the shape"
            )
        return msg("an index must be a whole number, or the name of a constant that holds whole numbers")

    def whole_item(self) -> int:
        """A whole number in a list of indices."""
        found = self.whole()
        if found is None:
            raise self.unexpected(msg("a whole number"))
        return found

    # Calls

    def call(self, name: Token) -> Call:
        """The call of `name`; the position is at its opening bracket."""
        bracket = self.tokens[self.at]
        self.at += 1
        args: list[Expr] = []
        keywords: dict[str, Keyword] = {}
        self.nested(bracket, lambda: self.items(")", lambda: self.argument(args, keywords)))
        called, given = normalised(name.text), tuple(keywords.values())
        return Call(called, tuple(args), given, name.span, self.since(name.start))

    def argument(self, args: list[Expr], keywords: dict[str, Keyword]) -> None:
        """Put the next argument of a call where it belongs."""
        name = self.tokens[self.at]
        if name.kind == "name" and self.tokens[self.at + 1].kind == "=":
            if name.text in RESERVED:
                raise self.no_operand()
            called = normalised(name.text)
            if called in keywords:
                raise ExprError(msg("`{name}` is given twice", name=shortened(name.text, 40)), name.span)
            self.at += 2
            keywords[called] = Keyword(called, self.value(), name.span)
            return
        args.append(self.condition())
        if keywords:
            hint = msg("put it before `{name}=`, or write its name as well", name=next(iter(keywords)))
            message = msg("operands without a name come before named ones")
            raise ExprError(message, args[-1].span, hint)

    def value(self) -> Value:
        """What is after a keyword's `=`."""
        return self.constant() if self.at_constant() else self.condition()

    def at_constant(self) -> bool:
        """Whether a constant that is not an operand is here."""
        token = self.tokens[self.at]
        return token.kind in ("text", "[") or (token.kind == "name" and token.text in BOOLEANS)

    def constant(self) -> Constant:
        """Text, a truth value, a number or a list of those."""
        token = self.tokens[self.at]
        if token.kind == "[":
            self.at += 1
            items = self.nested(token, lambda: self.items("]", self.constant))
            return ListOf(tuple(items), self.since(token.start))
        if self.at_constant():
            self.at += 1
            if token.kind == "text":
                return QuotedText(token.text[1:-1], token.span)
            return Boolean(BOOLEANS[token.text], token.span)
        self.at += token.kind == "-"
        hint = msg("a list can contain numbers, text, `true`, `false` and lists")
        number = self.expect("number", msg("a number"), hint)
        value = number_value(number)
        return Number(-value if token.kind == "-" else value, self.since(token.start))


def number_value(token: Token) -> int | float:
    """The value of a number token."""
    text = token.text
    if not text.isdigit():
        value = float(text)
        if math.isinf(value):
            raise ExprError(msg("this number is too large for 64-bit floating point"), token.span)
        return value
    if text[0] == "0" and len(text) > 1:
        hint: Hint = msg("write `{text}`", text=text.lstrip("0") or "0") if len(text) < 40 else ""
        raise ExprError(msg("a whole number cannot start with 0"), token.span, hint)
    if len(text) > 308:
        raise ExprError(msg("this number is too large for 64-bit floating point"), token.span)
    return int(text)


def _shape(item: Constant) -> tuple[int, ...]:
    """The shape of a list whose items were checked before."""
    return (len(item.items), *_shape(item.items[0])) if isinstance(item, ListOf) and item.items else ()


def _is_whole(part: KeyPart | Name) -> bool:
    """Whether a part of a subscript takes an axis as it is."""
    return isinstance(part, Rest) or part == Slice(None, None, None, SourceSpan(0, 0))


def _leads_into(node: Expr) -> bool:
    """Whether a path can go on after `node`: a name, or a path already, with or without an index."""
    while isinstance(node, Subscript) and len(node.key) == 1 and isinstance(node.key[0], IntegerIndex):
        node = node.value
    return isinstance(node, Name | Attribute)
