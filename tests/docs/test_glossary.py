"""The glossary has a term for each notion, and nothing that the program says uses the words it rules out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import backprop_engine
import backprop_tui

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \|(?: ([^|]+?) \|)?$", re.MULTILINE)
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS, NOT_THESE = PAGE.split("## Not these")
HANGUL = re.compile("[가-힣]")


def rows(text: str) -> list[tuple[str, ...]]:
    return [row for row in TABLE.findall(text) if row[0] not in ("English", "not", "---")]


RULED_OUT = [re.sub(r" \(.*\)", "", row[0]) for row in rows(NOT_THESE)]


def spoken() -> list[tuple[Path, str]]:
    """Every line of Korean that the program, its scenarios and their titles have."""
    places = [
        *(path for wing in (backprop_engine, backprop_tui) for path in Path(wing.__file__).parent.rglob("*")),
        *(ROOT / "scenarios").rglob("*"),
    ]
    return [
        (path, line)
        for path in places
        if path.suffix in (".toml", ".yaml", ".py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if HANGUL.search(line)
    ]


SPOKEN = spoken()


def test_there_is_a_term_for_each_notion_in_both_languages() -> None:
    terms = rows(TERMS)
    assert len(terms) >= 40
    assert len({english for english, *_ in terms}) == len(terms)
    for english, korean, meaning in terms:
        assert HANGUL.search(korean), english
        assert meaning, english
    names = [english.lower() for english, *_ in terms]
    assert names == sorted(names)


@pytest.mark.parametrize("word", RULED_OUT)
def test_a_word_that_is_ruled_out_is_not_used(word: str) -> None:
    assert len(SPOKEN) > 2_000
    found = re.compile(rf"(?<![A-Za-z가-힣_.]){re.escape(word)}(?![A-Za-z_])")
    assert [(path.name, line) for path, line in SPOKEN if found.search(line)] == []


def test_the_terms_are_the_ones_in_use() -> None:
    """Most of them: some notions are spoken of in the docs alone."""
    text = "\n".join(line for _, line in SPOKEN)
    korean = [re.split(r"[,(]", row[1])[0] for row in rows(TERMS)]
    unused = [word for word in korean if word.removesuffix("하다") not in text]
    assert len(unused) <= 4, unused
