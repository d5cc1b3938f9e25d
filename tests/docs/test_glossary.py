"""The glossary has one word for each notion, and everything that the program says keeps to it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import backprop_engine
import backprop_tui
from backprop_engine.messages.translations import translations

ROOT = Path(__file__).parents[2]
GLOSSARY: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (ROOT / "docs" / "glossary.toml").read_text(encoding="utf-8")
)
TERMS, PHRASES = GLOSSARY["term"], GLOSSARY["phrase"]
NOT_SAID = {
    language: [word for entry in TERMS + PHRASES for word in entry.get(f"not_{language}", ())]
    for language in ("en", "ko")
}
PAIRED = [(term["en"], term["ko"]) for term in TERMS if term.get("paired")]
HANGUL = re.compile("[가-힣]")
QUOTED = re.compile(r"`[^`]*`|\{[^{}]*\}|\b\w+:(?= )")
"""What a text quotes, keys, and where something is put into it: not our words."""
MADE = ("operators", "errors", "keys", "conventions", "numpy", "glossary")


class Pair(NamedTuple):
    """What is said in English, and the same in Korean."""

    en: str
    ko: str


def _messages() -> Iterator[Pair]:
    """Every message, and what operators and optimisers bring along in both languages."""
    yield from (
        Pair(english.partition("\x04")[2] or english, ko) for english, ko in translations("ko").items()
    )
    for path in Path(backprop_engine.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for call in ast.walk(ast.parse(text)) if "Words(" in text else ():
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Words":
                given = [*call.args, *(keyword.value for keyword in call.keywords)][:2]
                texts = [one.value for one in given if isinstance(one, ast.Constant)]
                if len(texts) == 2:
                    yield Pair(str(texts[0]), str(texts[1]))


def _written() -> Iterator[tuple[str, str]]:
    """Every scenario and every page that is written by hand: its name, and its text in one line."""
    paths = [*(ROOT / "scenarios").rglob("*.yaml"), *(ROOT / "scenarios").rglob("*.toml"), ROOT / "README.md"]
    paths += [path for path in (ROOT / "docs").glob("*.md") if path.name.partition(".")[0] not in MADE]
    for path in paths:
        text = re.sub(r"```.*?```", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        yield path.name, " ".join(text.split())


@cache
def messages() -> tuple[Pair, ...]:
    return tuple(_messages())


@cache
def written() -> tuple[tuple[str, str], ...]:
    return tuple(_written())


def not_said(text: str, language: str) -> list[str]:
    """The words in `text` that the glossary rules out."""
    plain = QUOTED.sub(" ", text)
    after = "" if language == "ko" else r"(?!\w)"
    return [word for word in NOT_SAID[language] if re.search(rf"(?<![\w.]){re.escape(word)}{after}", plain)]


def unpaired(pair: Pair) -> list[str]:
    """The terms of the English text whose Korean word is not in the Korean one."""
    plain = QUOTED.sub(" ", pair.en)
    said = [(en, ko) for en, ko in PAIRED if re.search(rf"\b{en}(s|es)?\b", plain, re.IGNORECASE)]
    return [en for en, ko in said if re.sub(r" ?\(.*", "", ko) not in pair.ko]


def test_there_is_one_word_for_each_notion_in_both_languages() -> None:
    assert len(TERMS) >= 40
    for language in ("en", "ko"):
        words = [term[language] for term in TERMS]
        assert sorted(set(words)) == sorted(words)
    assert [term["en"] for term in TERMS if not HANGUL.search(term["ko"]) or not term["meaning"]] == []
    assert [term["en"] for term in TERMS] == sorted((term["en"] for term in TERMS), key=str.lower)


def test_no_message_uses_a_word_that_is_ruled_out() -> None:
    assert len(messages()) > 2_500
    assert [(pair.en, found) for pair in messages() if (found := not_said(pair.en, "en"))] == []
    assert [(pair.ko, found) for pair in messages() if (found := not_said(pair.ko, "ko"))] == []


@pytest.mark.thorough
def test_no_scenario_and_no_page_uses_a_word_that_is_ruled_out() -> None:
    assert len(written()) > 140
    told = [
        (name, not_said(text, "en") + (not_said(text, "ko") if not re.search(r"(?<!\.ko)\.md", name) else []))
        for name, text in written()
    ]
    assert [(name, found) for name, found in told if found] == []


def test_a_term_has_the_same_korean_word_everywhere() -> None:
    assert len(PAIRED) >= 15
    assert sum(bool(re.search("gradient", pair.en)) for pair in messages()) > 300
    assert [(pair, found) for pair in messages() if (found := unpaired(pair))] == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_word_that_is_ruled_out_would_be_found(language: str) -> None:
    assert len(NOT_SAID[language]) > 15
    for word in NOT_SAID[language]:
        assert word in not_said(f"x {word} y" if language == "en" else f"이 {word}는", language)
        assert not_said(f"`{word}`", language) == []


def test_each_paired_term_would_be_missed() -> None:
    for english, korean in PAIRED:
        assert unpaired(Pair(f"the {english}s of x", "다른 말")) == [english]
        assert unpaired(Pair(f"the {english} of x", korean)) == []


def test_what_the_program_says_is_all_there() -> None:
    """A rare word of each wing and of each kind of place."""
    english = "\n".join(pair.en for pair in messages())
    assert backprop_tui.__name__ == "backprop_tui"
    for text in (
        "zoom to fit",
        "is not the name of an initialiser",
        "an ordinary convolution of the upstream",
    ):
        assert text in english
    assert any("narrow_valley" in text for _, text in written())
