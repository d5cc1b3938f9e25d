"""Texts for people, and texts for the debugger's prompt; made harmless here, once."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from backprop_engine.errors import code
from backprop_engine.expressions import ExprError, parse
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.words import LANGUAGES
from backprop_engine.scenario.expressions import syntax_mistake
from backprop_engine.scenario.format import LANGUAGE
from backprop_engine.scenario.mistakes import Mistakes, as_sequence, as_text, described, is_absent, mistake
from backprop_engine.scenario.model import LocalText
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.nodes import Mapping, Node, Scalar

__all__ = ["Heading", "local_text", "read_heading"]

BAD_TEXT = code("bad-text", msg("What should be text for people is a list or a map of something else."))
BAD_LANGUAGE = code("bad-language", msg("A text's key is no language, such as `en` or `ko`."))


class Heading(Struct, frozen=True):
    """What a scenario says about itself, and what it asks of the debugger."""

    title: LocalText = field(default_factory=LocalText)
    description: LocalText = field(default_factory=LocalText)
    source: str = ""
    breakpoints: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()


def read_heading(root: Mapping, mistakes: Mistakes) -> Heading:
    """The texts of a scenario; what is wrong with one is taken up, and the others are read all the same."""
    parts: dict[str, Any] = {}
    with mistakes.collected():
        parts["title"] = local_text(root.get("title"), msg("a title"))
    with mistakes.collected():
        parts["description"] = local_text(root.get("description"), msg("a description"))
    with mistakes.collected():
        parts["source"] = plain_text(root.get("source"), msg("a source"))
    with mistakes.collected():
        parts["breakpoints"] = prompt_texts(root.get("breakpoints"), msg("a breakpoint"))
    with mistakes.collected():
        parts["watches"] = watch_expressions(root.get("watch"))
    return Heading(**parts)


def plain_text(node: Node | None, what: str) -> str:
    """The text at `node`, harmless; a number is taken as it is written."""
    if node is None or is_absent(node):
        return ""
    if not isinstance(node, Scalar):
        raise mistake(
            BAD_TEXT,
            node,
            msg("{what} is text, found {found}", what=what, found=described(node)),
            _as_text_hint(node),
        )
    return clean(node.text, newlines=True)


def local_text(node: Node | None, what: str) -> LocalText:
    """The text at `node`, in one language or in several."""
    if node is None or is_absent(node):
        return LocalText()
    if not isinstance(node, Mapping):
        return LocalText({"en": plain_text(node, what)})
    texts: dict[str, str] = {}
    for key, value in node:
        if not LANGUAGE.fullmatch(key.text):
            hint = msg(
                "a map gives a text by language: `{{en: …, ko: …}}`; a text with `: ` in it needs quotes"
            )
            near = did_you_mean(key.text, LANGUAGES)
            message = msg("`{name}` is no language", name=shortened(clean(key.text), 40))
            raise mistake(BAD_LANGUAGE, key, message, near or hint)
        texts[key.text] = plain_text(value, msg("{what} in `{language}`", what=what, language=key.text))
    return LocalText(texts)


def _as_text_hint(node: Node) -> Hint:
    return msg("put the text in double quotes") if node.source.text[node.offset] in "[{" else ""


def prompt_texts(node: Node | None, what: str) -> tuple[str, ...]:
    """A list of lines as typed at the debugger's prompt."""
    return tuple(clean(one.text) for one in _lines(node, what))


def watch_expressions(node: Node | None) -> tuple[str, ...]:
    """The watches, each of which must be an expression."""
    texts = []
    for scalar in _lines(node, msg("a watch")):
        try:
            parse(scalar.text)
        except ExprError as error:
            raise syntax_mistake(scalar, error) from None
        texts.append(clean(scalar.text))
    return tuple(texts)


def _lines(node: Node | None, what: str) -> list[Scalar]:
    if node is None or is_absent(node):
        return []
    hint = msg("write `[…]`, with quotes around each text")
    if isinstance(node, Scalar) and node.text.isidentifier():
        hint = msg("write `{text}`", text=f"[{node.text}]")
    items = as_sequence(node, msg("a list of text, each {what}", what=what), hint)
    return [as_text(one, msg("{what} as text", what=what), msg("put it in quotes")) for one in items]
