"""Messages: English texts of ours that can be said in another language too.

Whatever a user reads begins as ``msg("there is no node {name}", name=name)``. The result is the English
text, so that code which compares, joins or prints texts treats it as any other; and it remembers how it
was made, so that ``.in_language("ko")`` gives the same in Korean::

    msg("expected {what}, found {found}", what=msg("a list"), found=msg("the number {number}", number=3))

- A template is always a literal, and is always formatted: a brace that is text is written twice. Where
  one English text means two things, a context tells them apart: ``msg("seed", "timeline")``.
- An argument that is itself a message is translated too; names, numbers and what is quoted from a file
  stay as they are. So does whatever passes through an f-string or ``+`` on its way: put parts together as
  arguments, with `joined` or with `enumerated`.
- What a shape rule says leaves places for its operands' names, ``msg("{0} is {shape}", shape=shape)``,
  which ``.format(*names)`` fills in later, wherever they are in it or in its arguments.
- The files of a language (see `translations`) give a template for each English one, with the same
  arguments. A Korean one says ``{name}{을/를}`` where a particle follows: the form that fits the end of the
  text before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.translations import ENGLISH, contextual, translations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Literal, LiteralString, TypeAlias, TypeVar

    Text = TypeVar("Text", bound=str)

__all__ = ["Hint", "Message", "cleaned", "enumerated", "in_language", "joined", "msg", "rewritten"]

_PLACES: Final = ("{0}", "{1}", "{2}", "{3}")


class Message(str):
    """An English text, and what it was made of: a template, its context, and the arguments put into it."""

    __slots__ = ("_arguments", "_context", "_names", "_template")
    _template: str
    _context: str
    _arguments: Mapping[str, object]
    _names: Sequence[str]

    def in_language(self, language: str) -> str:
        """The message in `language`; in English where its files have no translation that can be used."""
        template = None if language == ENGLISH else self._translation(language)
        if template is None:
            return str(self)
        try:
            return _filled(template, self._arguments, language, self._names)
        except (IndexError, KeyError, ValueError, AttributeError):  # it asks for what is not given
            return str(self)

    def _translation(self, language: str) -> str | None:
        known = translations(language)
        found = known.get(contextual(self._template, self._context))
        return known.get(self._template) if found is None and self._context else found

    def format(self, *names: str) -> Message:  # type: ignore[override]  # no other fields are left in it
        """The message with the names of operands in their places."""
        given = {key: _named(value, names) for key, value in self._arguments.items()}
        return self._with(str.format(self, *names), names, given)

    def cleaned(self) -> Message:
        """The message with all that was put into it made harmless, as `clean` does it."""
        given = {key: _harmless(value) for key, value in self._arguments.items()}
        return self._with(clean(self), tuple(map(clean, self._names)), given)

    def _with(self, english: str, names: Sequence[str], arguments: Mapping[str, object]) -> Message:
        return _made(english, self._template, self._context, names, arguments)


class _Joined(Message):
    """Several texts in a row."""

    __slots__ = ("_parts", "_separators")
    _parts: tuple[str, ...]
    _separators: tuple[str, ...]

    def in_language(self, language: str) -> str:
        """The texts, and what is between them, in `language`."""
        pairs = zip(self._separators, self._parts, strict=True)
        return "".join(in_language(text, language) for pair in pairs for text in pair)

    def format(self, *names: str) -> Message:  # type: ignore[override]
        """The texts, with the names of operands in their places."""
        return _in_a_row(tuple(part.format(*names) for part in self._parts), self._separators)

    def cleaned(self) -> Message:
        """The texts, made harmless."""
        return _in_a_row(tuple(map(cleaned, self._parts)), self._separators)


class _Rewritten(Message):
    """A message that a function changes after it was translated."""

    __slots__ = ("_change", "_text")
    _text: str
    _change: Callable[[str], str]

    def in_language(self, language: str) -> str:
        """The message in `language`, and then changed."""
        return self._change(in_language(self._text, language))

    def format(self, *names: str) -> Message:  # type: ignore[override]
        """The message with the names of operands in their places."""
        return rewritten(self._text.format(*names), self._change)

    def cleaned(self) -> Message:
        """The message, made harmless."""
        return rewritten(cleaned(self._text), self._change)


Hint: TypeAlias = "Message | Literal['']"
"""A message, or nothing."""


def msg(template: LiteralString, context: LiteralString = "", /, **arguments: object) -> Message:
    """`template`, formatted with `arguments`, in English for now."""
    return _made(template.format(*_PLACES, **arguments), template, context, _PLACES, arguments)


def _made(
    english: str, template: str, context: str, names: Sequence[str], arguments: Mapping[str, object]
) -> Message:
    text = Message(english)
    text._template, text._context, text._names, text._arguments = template, context, names, arguments
    return text


def rewritten(text: str, change: Callable[[str], str]) -> Message:
    """`text`, a message or not, with what `change` makes of it in any language."""
    made = _Rewritten(change(text))
    made._text, made._change = text, change
    return made


def joined(separator: str, parts: Iterable[str]) -> Message:
    """`parts` with `separator` between them, each of them in its language."""
    texts = tuple(parts)
    return _in_a_row(texts, ("", *(separator for _ in texts[1:]))[: len(texts)])


def enumerated(parts: Iterable[str], last: Message) -> Message:
    """`parts` with commas between them, and `last` before the last: ``enumerated(names, msg(" or "))``."""
    texts = tuple(parts)
    return _in_a_row(texts, ("", *(", " for _ in texts[2:]), *(last for _ in texts[1:2]))[: len(texts)])


def _in_a_row(parts: tuple[str, ...], separators: tuple[str, ...]) -> Message:
    text = _Joined("".join(piece for pair in zip(separators, parts, strict=True) for piece in pair))
    text._parts, text._separators = parts, separators
    return text


def _named(value: object, names: Sequence[str]) -> object:
    return value.format(*names) if isinstance(value, str) else value


def _harmless(value: object) -> object:
    if isinstance(value, int | float):
        return value
    return cleaned(value if isinstance(value, str) else str(value))


def cleaned(text: Text) -> Text:
    """`text` with nothing in it that a terminal would obey, in any language."""
    if text.isascii() and text.isprintable():
        return text
    return text.cleaned() if isinstance(text, Message) else clean(text)  # type: ignore[return-value]


def in_language(value: object, language: str) -> str:
    """`value` in `language`, if it has words of its own there; else its text as it is."""
    saying = getattr(value, "in_language", None)
    return str(value) if saying is None else str(saying(language))


@lru_cache(maxsize=1024)
def _pieces(template: str) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
    from string import Formatter  # here, since English is not taken to pieces

    return tuple(Formatter().parse(template))


def _filled(template: str, arguments: Mapping[str, object], language: str, names: Sequence[str]) -> str:
    """`template` with the arguments in `language`, and its particles chosen by what is before them."""
    from backprop_engine.messages.korean_particles import with_particle  # here, since English has none

    text = ""
    for literal, field, form, conversion in _pieces(template):
        text += literal
        if field is None:
            continue
        if "/" in field:
            text = with_particle(text, field)
        elif field.isdigit():
            text += names[int(field)]
        elif form or conversion:
            value = arguments[field]
            text += format(repr(value) if conversion == "r" else value, form or "")
        else:
            text += in_language(arguments[field], language)
    return text
