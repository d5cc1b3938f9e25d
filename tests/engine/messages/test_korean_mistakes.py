"""Every broken file told in Korean: no message and no hint stays in English, and a page of them to read.

`korean_mistakes.txt` holds what is shown for `SHOWN`. After changing a sentence on purpose, write it again
and read the difference:

    REWRITE_GOLDENS=1 pytest tests/engine/messages/test_korean_mistakes.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backprop_engine.errors import CODES, ScenarioError
from backprop_engine.messages.message import in_language
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source

CORPUS = Path(__file__).parents[2] / "bad_scenarios"
FILES = sorted(path.stem for path in CORPUS.glob("*.yaml") if path.stem != "expected")
PAGE = Path(__file__).with_name("korean_mistakes.txt")
SHOWN = (
    *("misspelt_section", "from_a_textbook", "numbers_in_other_words", "first_try_of_a_student", "operands"),
    *("attributes", "unfinished_expressions", "names", "duplicate_name", "cycles", "shapes_of_products"),
    *("matrix_not_turned", "target_among_inputs", "scan_shapes", "cell_forms", "data_cells", "data_paths"),
    *("expectations", "seed_missing", "output_ambiguous", "train_settings", "notes", "huge_node"),
    *("yaml_call_in_braces", "yaml_indentation", "yaml_tab", "yaml_unclosed", "file_latin1"),
)

HANGUL = re.compile("[가-힣]")
QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|\([^)]*\)")
"""What a sentence quotes of a file, and what it says of a character in the words of Unicode."""
ENGLISH = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")


@pytest.fixture(autouse=True)
def in_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of data files count from the scenario's folder, which a bare name has not."""
    monkeypatch.chdir(CORPUS)


def refused(name: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes(f"{name}.yaml", (CORPUS / f"{name}.yaml").read_bytes()))
    return caught.value


def sentences(error: ScenarioError) -> Iterator[str]:
    """The messages and hints in English, as they are made."""
    for one in error.diagnostics:
        yield from filter(None, (one.message, one.hint))


@pytest.mark.parametrize("name", FILES)
def test_no_sentence_stays_in_english(name: str) -> None:
    left = []
    for sentence in sentences(refused(name)):
        korean = in_language(sentence, "ko")
        if not HANGUL.search(korean) or ENGLISH.search(QUOTED.sub("", korean)):
            left.append(korean)
    assert left == []


@pytest.mark.parametrize("name", FILES)
def test_only_words_are_translated(name: str) -> None:
    """Codes, places and quoted lines are the same in both languages, and nothing that a terminal obeys."""
    error = refused(name)
    english, korean = str(error), error.in_language("ko")
    places = re.compile(rf"^{name}\.yaml:\d+:\d+: ", re.MULTILINE)
    codes = re.compile(r"(?:error|오류)(\[[a-z-]+\])")
    frames = re.compile(r"^ +\d* \| .*", re.MULTILINE)
    for part in (places, codes, frames):
        assert part.findall(english) == part.findall(korean)
    assert all(character.isprintable() or character == "\n" for character in korean)


def test_a_page_of_mistakes_stays_as_it_is() -> None:
    shown = "\n".join(f"{refused(name).in_language('ko')}\n" for name in SHOWN)
    if os.environ.get("REWRITE_GOLDENS"):
        PAGE.write_text(shown, encoding="utf-8")
    assert shown == PAGE.read_text(encoding="utf-8")


def test_every_kind_of_mistake_is_explained_in_korean() -> None:
    assert len(CODES) > 50
    assert [name for name, code in CODES.items() if not HANGUL.search(in_language(code.meaning, "ko"))] == []
