"""Expressions by their form, so that a long file of lines that are alike is parsed in a moment.

`tanh(h1*w + x)` and `tanh(h2*w + y)` differ only in what is in three places. The *template* of such texts
is the tree of a sample, `tanh(a*a + a)`; its *slots* are those places. Splitting a text at its names and
numbers gives what fills the slots, and what is around them finds the template: a text of a known form costs
one regular expression and one look-up. Texts come in the order of others before them, so the first guess is
the form that came next last time. What a part of the template is in the text, `FilledTemplate` says.

Names of operands are slots; names of operators and keywords, steps of paths, quoted text, `true` and `false`
are none. Numbers are slots in a text without `=`: operands and subscripts, but no attributes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property, lru_cache
from itertools import accumulate, chain
from types import EllipsisType
from typing import Final

from msgspec import Struct

from backprop_engine.expressions.cursor import RESERVED
from backprop_engine.expressions.parse import ExpressionParser, number_value, parse
from backprop_engine.expressions.postfix import SPELLED_CALLS, PostfixOperator, TemplateSpan, in_postfix
from backprop_engine.expressions.tokens import TRANSPOSED, ExprError, Token
from backprop_engine.expressions.tree import (
    Attribute,
    Call,
    Expr,
    IndexList,
    IntegerIndex,
    KeyPart,
    ListOf,
    Name,
    NewAxis,
    Number,
    Rest,
    Slice,
    SourceSpan,
    Subscript,
    Value,
    path,
    walk,
)

__all__ = ["MAX_TEMPLATES", "FilledTemplate", "Template", "fill"]

MAX_TEMPLATES: Final = 256
_OFTEN: Final = 8
"""How often a guess has been right before it is made first: what matches a form takes long to make."""
LONGEST: Final = 500
"""The longest text, in code points, that shares its template: longer ones are rarely alike."""

# A run takes all that is not ASCII, as a token does, but for what transposes; whether it is a name is asked
# afterwards.
_RUN = rf"[^\x00-/:-@\[-^`{{-\x7f{TRANSPOSED}]"
_BEGINS = rf"(?<!{_RUN})(?<![.\"'])"
_NUMBER = r"(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][-+]?+[0-9]++)?+"
_ASCII_NAME = "[A-Za-z_][A-Za-z0-9_]*+"
_BOOLEAN = rf"(?:[tT]rue|[fF]alse)(?!{_RUN})"
_NAMES = re.compile(rf"{_BEGINS}(?![0-9]|{_BOOLEAN})({_RUN}++)(?!\s*+(?:\(|=(?!=)))")
_NAMES_AND_NUMBERS = re.compile(rf"{_BEGINS}((?![0-9]){_RUN}++(?!\s*+\()|{_NUMBER})")


def needs_spelling(part: Value) -> bool:
    """Whether a part of a tree is no operator over operands, but is spelled in operators."""
    if isinstance(part, Call):
        return part.name in SPELLED_CALLS
    return isinstance(part, ListOf) or (isinstance(part, Attribute) and part.name == "mT")


class Template(Struct, frozen=True, eq=False, dict=True):
    """Texts of one form: what is `around` their slots, and what is in each, a name or else a number.

    The tree is that of a sample, which has `a` in the slots for names, and `1` in those for numbers.
    """

    names: tuple[bool, ...]
    """For each slot, whether it is a name's."""
    around: tuple[str, ...]
    whole: tuple[int, ...] = ()
    """Which slots are in subscripts."""
    steps: tuple[int, ...] = ()
    """Which of those are the steps of slices."""
    operators: tuple[PostfixOperator, ...] | None = None
    """The operators of a plain expression; None for any other."""

    @cached_property
    def sample(self) -> str:
        """A text of this form."""
        slots = ("a" if is_name else "1" for is_name in self.names)
        return "".join(chain.from_iterable(zip(self.around, slots, strict=False))) + self.around[-1]

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """Where each slot is in the sample."""
        return tuple(end + slot for slot, end in enumerate(accumulate(map(len, self.around[:-1]))))

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Which slots are numbers'."""
        return tuple(slot for slot, is_name in enumerate(self.names) if not is_name)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What most texts of this form match, with their slots as groups."""
        slots = (f"({_ASCII_NAME if is_name else _NUMBER})" for is_name in self.names)
        around = map(re.escape, self.around)
        return re.compile(
            "".join(chain.from_iterable(zip(around, slots, strict=False))) + re.escape(self.around[-1])
        )

    @cached_property
    def tree(self) -> Expr:
        """The tree of the sample."""
        return parse(self.sample)

    def inside(self, span: SourceSpan) -> range:
        """The slots in a stretch of the sample; without one, the stretch is the same in every text."""
        return range(bisect_left(self.slots, span.start), bisect_left(self.slots, span.end))

    def stretch(self, span: SourceSpan) -> TemplateSpan:
        """A stretch of the sample, from the beginning of a part to the end of one."""
        first, stop = bisect_left(self.slots, span.start), bisect_left(self.slots, span.end)
        return span.start - first, first, span.end - stop, stop


class FilledTemplate(Struct, frozen=True, eq=False, gc=False):
    """A text as its template and what is written in the slots; `numbers` has the values of some, by slot."""

    text: str
    template: Template
    written: tuple[str, ...] = ()
    numbers: Mapping[int, int | float] = {}

    def name(self, part: Name) -> str:
        """The name that stands for `part` of the template."""
        inside = self.template.inside(part.span)
        return self.written[inside[0]] if inside else part.name

    def number(self, part: Number) -> int | float:
        """The number that stands for `part` of the template."""
        inside = self.template.inside(part.span)
        return part.value * self.numbers[inside[0]] if inside else part.value  # the sample's 1 has the sign

    def key(self, part: Subscript) -> tuple[int | slice | tuple[int, ...] | EllipsisType | None, ...]:
        """What is in the brackets of `part` of the template, as NumPy takes it; a list is a tuple."""
        return tuple(map(self._key_part, part.key))

    def path(self, part: Expr) -> tuple[str | int, ...] | None:
        """What stands for `part` of the template as a path; None where it is none, as in `path`."""
        return path(part, self.name, self._whole)

    def span(self, span: SourceSpan) -> SourceSpan:
        """Where a stretch of the sample, from the beginning of a part to the end of one, is in the text."""
        start, first, end, stop = self.template.stretch(span)
        lengths = self.lengths()
        return SourceSpan(start + lengths[first], end + lengths[stop])

    def lengths(self) -> list[int]:
        """How many characters are in the slots before each slot, and in all; the sample has one in each."""
        return [*accumulate(map(len, self.written), initial=0)]

    def _key_part(self, part: KeyPart) -> int | slice | tuple[int, ...] | EllipsisType | None:
        match part:
            case IntegerIndex():
                return self._whole(part)
            case IndexList():
                factors = map(self.numbers.__getitem__, self.template.inside(part.span))
                return tuple(value * int(next(factors, 1)) for value in part.values)
            case NewAxis():
                return None
            case Rest():
                return ...
            case _:
                return self._slice(part)

    def _whole(self, part: IntegerIndex) -> int:
        inside = self.template.inside(part.span)
        return part.value * int(self.numbers[inside[0]]) if inside else part.value

    def _slice(self, part: Slice) -> slice:
        bounds = part.start, part.stop, part.step
        factors = map(self.numbers.__getitem__, self.template.inside(part.span))
        return slice(*(bound if bound is None else bound * next(factors, 1) for bound in bounds))


def fill(text: str, *, shared: bool = True) -> FilledTemplate:
    """`text` as its template and what is in the slots; raises `ExprError` as `parse` does.

    What is not `shared` is a template of its own without slots, whose parts are the text's own: for messages
    that quote them.
    """
    if shared and len(text) <= LONGEST:
        template, written = _forms.find(text)
        if template is not None and RESERVED.isdisjoint(written):
            if all(template.names):
                return FilledTemplate(text, template, written)
            numbers = _numbers(template, written)
            if numbers is not None:
                return FilledTemplate(text, template, written, numbers)
    return alone(text, parse(text))


def alone(text: str, tree: Expr) -> FilledTemplate:
    """`text`, which has been parsed to `tree`, as a template of its own."""
    template = Template((), (text,))
    vars(template)["tree"] = tree
    return FilledTemplate(text, template)


def _numbers(template: Template, written: tuple[str, ...]) -> dict[int, int | float] | None:
    """The values of the numbers in slots; None where one is none, or not what its place takes."""
    try:
        numbers = {slot: _value(written[slot]) for slot in template.numbers}
    except ValueError:
        return None
    if not all(type(numbers[slot]) is int for slot in template.whole):
        return None
    return numbers if all(numbers[slot] for slot in template.steps) else None


class _Forms:
    """Finds the form of a text, trying first the form that followed the previous one last time."""

    def __init__(self) -> None:
        self.previous: Template | None = None
        self.next: dict[Template | None, tuple[Template, int]] = {}

    def find(self, text: str) -> tuple[Template | None, tuple[str, ...]]:
        """The template of `text`, if it has one, and what is written in its slots."""
        previous = self.previous
        guess, times = self.next.get(previous) or (None, 0)
        if guess is not None and times > _OFTEN and (found := guess.pattern.fullmatch(text)):
            self.previous = guess
            return guess, found.groups()
        parts = (_NAMES if "=" in text else _NAMES_AND_NUMBERS).split(text)
        written = tuple(parts[1::2])
        template = self.previous = _template(tuple(map(str.isidentifier, written)), tuple(parts[::2]))
        if template is not None:
            if len(self.next) == MAX_TEMPLATES:
                self.next.clear()
            self.next[previous] = (template, times + 1 if template is guess else 0)
        return template, written


_forms: Final = _Forms()


def _value(written: str) -> int | float:
    """The value of a number; `ValueError` for a run that is neither a number nor a name."""
    if not written.isascii():
        raise ValueError(written)
    return number_value(Token("number", written, 0, len(written)))


@lru_cache(maxsize=MAX_TEMPLATES)
def _template(names: tuple[bool, ...], around: tuple[str, ...]) -> Template | None:
    """The template with these texts `around` its slots, which are for names or else for numbers.

    None where such a text is not an expression, or not what it seems: `x . h`, `f(mode="a b")`.
    """
    operators = in_postfix(names, around)
    if operators is not None:
        return Template(names, around, (), (), operators)
    form = Template(names, around)
    slots = form.slots
    try:
        parser = ExpressionParser(form.sample)
        tree = parser.tree()
    except ExprError:
        return None
    parts = [*walk(tree)]
    if any(isinstance(part, Call) and part.name in SPELLED_CALLS for part in parts):
        return None  # their numbers are settings once they are spelled out
    at_slots = {start: slot for slot, start in enumerate(slots)}
    operands = [part.span.end - 1 for part in parts if isinstance(part, (Name, Number))]
    used = [at_slots[last] for last in operands if last in at_slots]
    keys = [key for part in parts if isinstance(part, Subscript) for key in part.key]
    whole = [slot for key in keys for slot in form.inside(key.span)]
    tokens = {token.start for token in parser.tokens if token.end == token.start + 1}
    if sorted(used + whole) != [*range(len(slots))] or not tokens.issuperset(slots):
        return None
    stepping = (form.inside(key.span) for key in keys if isinstance(key, Slice) and key.step is not None)
    steps = [inside[-1] for inside in stepping if inside]
    template = Template(names, around, tuple(whole), tuple(steps))
    vars(template)["tree"] = tree
    return template
