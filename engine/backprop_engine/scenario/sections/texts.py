"""Texts for people, and texts for the debugger's prompt; made harmless here, once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct, field

from backprop_engine.errors import code
from backprop_engine.expressions import ExprError, parse
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.messages.translations import ENGLISH, languages, translations
from backprop_engine.scenario.bundled import is_bare_name
from backprop_engine.scenario.format import LANGUAGE
from backprop_engine.scenario.read.mistakes import (
    Mistakes,
    as_sequence,
    as_text,
    described,
    is_absent,
    mistake,
    syntax_mistake,
)
from backprop_engine.scenario.read.source import FILE_TOO_LARGE
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar, YamlSequence

__all__ = ["MAX_LINES", "LocalText", "ScenarioTexts", "local_text", "read_texts"]

MAX_LINES = 1000
"""How many breakpoints a scenario may have, and how many watches: each is looked at at every step."""

BAD_TEXT = code("bad-text", msg("A text for people is a list or a map of something else."))
SCENARIO_NAME = code(
    "scenario-name", msg("`requires` or `next` contains a path instead of a name, or the same name twice.")
)
BAD_LANGUAGE = code("bad-language", msg("A text has a key other than a language such as `en` or `ko`."))


class LocalText(Struct, frozen=True):
    """A text for people, by language; empty if the author gave none."""

    by_language: Mapping[str, str] = {}

    def in_language(self, language: str) -> str:
        """The text in `language` (`ko`, or `ko-KR`), else in English, else in the first language given.

        The files of a language may know a text that its author gave in English.
        """
        texts = self.by_language
        for wanted in (language, language.partition("-")[0]):
            if wanted in texts:
                return texts[wanted]
        text = texts[ENGLISH] if ENGLISH in texts else next(iter(texts.values()), "")
        return translations(language).get(text, text) if language != ENGLISH else text

    def __bool__(self) -> bool:
        return bool(self.by_language)

    def __str__(self) -> str:
        return self.in_language("en")


class ScenarioTexts(Struct, frozen=True):
    """What a scenario says about itself, and what it asks of the debugger."""

    title: LocalText = field(default_factory=LocalText)
    description: LocalText = field(default_factory=LocalText)
    source: str = ""
    objective: LocalText = field(default_factory=LocalText)
    requires: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    breakpoints: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()


def read_texts(root: YamlMapping, mistakes: Mistakes) -> ScenarioTexts:
    """The texts of a scenario; a mistake in one is collected, and the others are still read."""
    parts: dict[str, Any] = {}
    with mistakes.collected():
        parts["title"] = local_text(root.get("title"), msg("a title"))
    with mistakes.collected():
        parts["description"] = local_text(root.get("description"), msg("a description"))
    with mistakes.collected():
        parts["source"] = plain_text(root.get("source"), msg("a source"))
    with mistakes.collected():
        parts["objective"] = local_text(root.get("objective"), msg("an objective"))
    for key in ("requires", "next"):
        with mistakes.collected():
            parts[key] = scenario_names(root.get(key))
    with mistakes.collected():
        parts["breakpoints"] = prompt_texts(root.get("breakpoints"), msg("a breakpoint"))
    with mistakes.collected():
        parts["watches"] = watch_expressions(root.get("watch"))
    return ScenarioTexts(**parts)


def plain_text(node: YamlNode | None, what: str) -> str:
    """The text at `node`, harmless; a number is taken as it is written."""
    if node is None or is_absent(node):
        return ""
    if not isinstance(node, YamlScalar):
        raise mistake(
            BAD_TEXT,
            node,
            msg("{what} must be text, found {found}", what=what, found=described(node)),
            _as_text_hint(node),
        )
    return clean(node.text, newlines=True)


def local_text(node: YamlNode | None, what: str) -> LocalText:
    """The text at `node`, in one language or in several."""
    if node is None or is_absent(node):
        return LocalText()
    if not isinstance(node, YamlMapping):
        return LocalText({"en": plain_text(node, what)})
    texts: dict[str, str] = {}
    for key, value in node:
        if not LANGUAGE.fullmatch(key.text):
            hint = msg(
                "a map gives a text for each language: `{{en: …, ko: …}}`; a text that contains `: ` "
                "needs quotes"
            )
            near = did_you_mean(key.text, languages())
            message = msg("`{name}` is not a language", name=shortened(clean(key.text), 40))
            raise mistake(BAD_LANGUAGE, key, message, near or hint)
        texts[key.text] = plain_text(value, msg("{what} in `{language}`", what=what, language=key.text))
    return LocalText(texts)


def _as_text_hint(node: YamlNode) -> Hint:
    return msg("put the text in double quotes") if node.source.text[node.offset] in "[{" else ""


def scenario_names(node: YamlNode | None) -> tuple[str, ...]:
    """The names of scenarios; a single one need not be in a list.

    They are bundled, or in the folder of the file; whether they exist is checked when they are opened.
    """
    if node is None or is_absent(node):
        return ()
    names: dict[str, None] = {}
    for item in node.items if isinstance(node, YamlSequence) else (node,):
        name = clean(as_text(item, msg("the name of a scenario"), msg("put it in quotes")).text).strip()
        if not name or not is_bare_name(name):
            stem = PurePosixPath(name.replace("\\", "/")).stem
            message = msg("write the name of a scenario without a folder or an extension")
            raise mistake(SCENARIO_NAME, item, message, msg("write `{text}`", text=stem) if stem else "")
        if name in names:
            raise mistake(SCENARIO_NAME, item, msg("`{name}` occurs twice here", name=shortened(name, 40)))
        names[name] = None
    return tuple(names)


def prompt_texts(node: YamlNode | None, what: str) -> tuple[str, ...]:
    """A list of lines as typed at the debugger's prompt."""
    return tuple(clean(line.text) for line in _lines(node, what))


def watch_expressions(node: YamlNode | None) -> tuple[str, ...]:
    """The watches, each of which must be an expression."""
    texts = []
    for scalar in _lines(node, msg("a watch")):
        try:
            parse(scalar.text)
        except ExprError as error:
            raise syntax_mistake(scalar, error) from None
        texts.append(clean(scalar.text))
    return tuple(texts)


def _lines(node: YamlNode | None, what: str) -> list[YamlScalar]:
    if node is None or is_absent(node):
        return []
    hint = msg("write `[…]`, with quotes around each text")
    if isinstance(node, YamlScalar) and node.text.isidentifier():
        hint = msg("write `{text}`", text=f"[{node.text}]")
    items = as_sequence(node, msg("a list of text, each {what}", what=what), hint).items
    if len(items) > MAX_LINES:
        message = msg("a list for the debugger can have at most {most:,} texts", most=MAX_LINES)
        raise mistake(FILE_TOO_LARGE, items[MAX_LINES], message)
    return [as_text(item, msg("{what} as text", what=what), msg("put it in quotes")) for item in items]
