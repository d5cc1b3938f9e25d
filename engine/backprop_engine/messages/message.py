"""Sentences of ours that are English text, and can be said in another language too.

Whatever a user is told of a mistake begins as ``msg("there is no node {name}", name=name)``. What that gives
is the English text, so that all that compares, joins or prints texts goes on as it does with any text; and it
remembers how it was made, so that ``.in_language("ko")`` gives the same in Korean::

    msg("expected {what}, found {found}", what=msg("a list"), found=msg("the number {number}", number=3))

- A template is always a literal, and is always formatted: a brace that is text is written twice.
- An argument that is such a sentence itself is put into the other language too; names, numbers and what is
  quoted from a file stay as they are. So does all that passes through an f-string or ``+`` on its way: put
  parts together as arguments, by `joined` or by `listed`.
- What a shape rule says leaves places for its operands' names, ``msg("{0} is {shape}", shape=shape)``, which
  ``.format(*names)`` fills in later, wherever they stand in it or in its arguments.
- The catalogue of a language gives a template for each English one, with the same arguments. A Korean one
  says ``{name}{을/를}`` where a particle follows: the form that the end of the text before it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from string import Formatter
from typing import Final, Literal, LiteralString, TypeAlias, overload

from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.words import Words

__all__ = [
    "Hint",
    "Message",
    "add_catalogues",
    "catalogue",
    "cleaned",
    "filled",
    "in_language",
    "joined",
    "listed",
    "msg",
    "spelled",
    "worded",
]

ENGLISH: Final = "en"
_PACKAGES = ["backprop_engine.messages.languages"]
_PLACES: Final = ("{0}", "{1}", "{2}", "{3}")


class Message(str):
    """An English text, and what it was made of: a template, and the arguments that were put into it."""

    __slots__ = ("_arguments", "_names", "_template")
    _template: str
    _arguments: Mapping[str, object]
    _names: Sequence[str]

    def in_language(self, language: str) -> str:
        """The sentence in `language`; in English where the catalogue does not know it."""
        template = catalogue(language).get(self._template) if language != ENGLISH else None
        if template is None:
            return str(self)
        return filled(template, self._arguments, language, self._names)

    def format(self, *names: str) -> Message:  # type: ignore[override]  # no other fields are left in it
        """The sentence with the names of operands in their places."""
        given = {key: _named(value, names) for key, value in self._arguments.items()}
        return _made(str.format(self, *names), self._template, names, given)

    def cleaned(self) -> Message:
        """The sentence with all that was put into it made harmless, as `clean` does it."""
        names = tuple(map(clean, self._names))
        given = {key: _harmless(value) for key, value in self._arguments.items()}
        return _made(clean(self), self._template, names, given)


class _Joined(Message):
    """Several texts in a row."""

    __slots__ = ("_parts", "_separators")
    _parts: tuple[str, ...]
    _separators: tuple[str, ...]

    def in_language(self, language: str) -> str:
        """The texts, and what stands between them, in `language`."""
        pairs = zip(self._separators, self._parts, strict=True)
        return "".join(in_language(text, language) for pair in pairs for text in pair)

    def format(self, *names: str) -> Message:  # type: ignore[override]
        """The texts, with the names of operands in their places."""
        return _in_a_row(tuple(part.format(*names) for part in self._parts), self._separators)

    def cleaned(self) -> Message:
        """The texts, made harmless."""
        return _in_a_row(tuple(map(cleaned, self._parts)), self._separators)


class _Worded(Message):
    """What is said in each language where it is declared."""

    __slots__ = ("_words",)
    _words: Words

    def in_language(self, language: str) -> str:
        """The sentence in `language`."""
        return self._words.in_language(language)

    def format(self, *names: str) -> Message:  # type: ignore[override]
        """The sentence itself: it has no places for names."""
        return self

    def cleaned(self) -> Message:
        """The sentence itself: nothing was put into it."""
        return self


class _Spelled(Message):
    """A sentence that is spelled in another way than it was said."""

    __slots__ = ("_spelling", "_text")
    _text: str
    _spelling: Callable[[str], str]

    def in_language(self, language: str) -> str:
        """The sentence in `language`, spelled so."""
        return self._spelling(in_language(self._text, language))

    def format(self, *names: str) -> Message:  # type: ignore[override]
        """The sentence with the names of operands in their places."""
        return spelled(self._text.format(*names), self._spelling)

    def cleaned(self) -> Message:
        """The sentence, made harmless."""
        return spelled(cleaned(self._text), self._spelling)


Hint: TypeAlias = Message | Literal[""]
"""A sentence, or nothing."""


def msg(template: LiteralString, /, **arguments: object) -> Message:
    """`template`, formatted with `arguments`, in English for now."""
    return _made(template.format(*_PLACES, **arguments), template, _PLACES, arguments)


def _made(english: str, template: str, names: Sequence[str], arguments: Mapping[str, object]) -> Message:
    text = Message(english)
    text._template, text._names, text._arguments = template, names, arguments
    return text


def worded(words: Words) -> Message:
    """What `words` say, as a sentence like the others; a catalogue does not know it."""
    text = _Worded(words.en)
    text._words = words
    return text


def spelled(text: str, spelling: Callable[[str], str]) -> Message:
    """`text`, a sentence or not, with what `spelling` makes of it in any language."""
    made = _Spelled(spelling(text))
    made._text, made._spelling = text, spelling
    return made


def joined(separator: str, parts: Iterable[str]) -> Message:
    """`parts` with `separator` between them, each of them in its language."""
    texts = tuple(parts)
    return _in_a_row(texts, ("", *(separator for _ in texts[1:]))[: len(texts)])


def listed(parts: Iterable[str], last: Message) -> Message:
    """`parts` with commas between them, and `last` before the last one: ``listed(names, msg(" or "))``."""
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


@overload
def cleaned(text: Message) -> Message: ...
@overload
def cleaned(text: Hint) -> Hint: ...
@overload
def cleaned(text: str) -> str: ...
def cleaned(text: str) -> str:
    """`text` with nothing in it that a terminal would obey, in any language."""
    if text.isascii() and text.isprintable():
        return text
    return text.cleaned() if isinstance(text, Message) else clean(text)


def in_language(value: object, language: str) -> str:
    """`value` in `language`, if it has words of its own there; else its text as it is."""
    saying = getattr(value, "in_language", None)
    return str(value) if saying is None else str(saying(language))


# Catalogues


def add_catalogues(package: str) -> None:
    """Let the modules of `package`, each named as its language, with a `CATALOGUE`, say more."""
    if package not in _PACKAGES:
        _PACKAGES.append(package)
        catalogue.cache_clear()


@lru_cache(maxsize=8)
def catalogue(language: str) -> Mapping[str, str]:
    """The templates of `language` by their English ones; loaded when the first sentence is said in it."""
    found: dict[str, str] = {}
    for package in _PACKAGES:
        found |= import_module(f"{package}.{language}").CATALOGUE
    return found


@lru_cache(maxsize=1024)
def _pieces(template: str) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
    return tuple(Formatter().parse(template))


def filled(template: str, arguments: Mapping[str, object], language: str, names: Sequence[str] = ()) -> str:
    """`template` with the arguments in `language`, and its particles chosen by what stands before them."""
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
