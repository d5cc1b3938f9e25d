"""Messages that bring their Korean along: what belongs to an operator or an optimiser stays with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backprop_engine.messages.message import Message

__all__ = ["Words"]


class Words(Message):
    """A message that is declared with its Korean; the files of any other language know it by its English.

    Both are templates, like those of `msg`: ``Words("1/{count} each", "각각 1/{count}", count=4)``.
    """

    __slots__ = ("_declared",)
    _declared: Mapping[str, str]

    def __new__(cls, en: str, ko: str, **arguments: object) -> Words:
        """The English text, and what else `in_language` needs."""
        text = super().__new__(cls, en.format(**arguments))
        text._template, text._context, text._names, text._arguments = en, "", (), arguments
        text._declared = {"ko": ko}
        return text

    @classmethod
    def verbatim(cls, by_language: Mapping[str, str]) -> Words:
        """What an author wrote in several languages, English among them, in which a brace is just a brace."""
        texts = {name: text.replace("{", "{{").replace("}", "}}") for name, text in by_language.items()}
        words = cls(texts["en"], texts["en"])
        words._declared = texts
        return words

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """What a copy is made of first; its slots follow."""
        return "", ""

    def _translation(self, language: str) -> str | None:
        return self._declared.get(language) or super()._translation(language)

    def _with(self, english: str, names: Sequence[str], arguments: Mapping[str, object]) -> Message:
        words = Words(self._template, self._template, **arguments)
        words._declared = self._declared
        return words
