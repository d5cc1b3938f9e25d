"""Plain values as YAML: each is read as it was, and no line is wider than it must be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backprop_engine.scenario.read import reader
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.read.yaml_nodes import plain
from backprop_engine.scenario.read.yaml_scalars import resolve
from backprop_engine.scenario.write.emit import (
    WIDTH,
    Document,
    Open,
    Spelled,
    emitted,
    numbers,
    plain_number,
    spelled,
)
from backprop_tui.cells.text import cell_width
from effort import examples
from sameness import bits

SIGNS = " \n\t:#-?,[]{}&*!|>'\"%@`\\~=<.0+_(y\r\0\x1b\x85\xa0\u2028\u3000\ufeff\ufffd\U0001f600가"
MISREAD = (
    ": ", " #", "- ", "---", "...", "<<", "null", "True", "0x1F", "1e999", "1:30", "2024-01-05", ".inf",
)  # fmt: skip
HARD = st.sampled_from((*SIGNS, *MISREAD))
WORDS = st.sampled_from(
    ["word", "a", "가나다라마바사", "\n", "\n\n", "hyphen-ated", "#x", "- y", "  z", "q:", "http://a.b/c"]
)
TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.lists(HARD, max_size=40).map("".join)
    | st.lists(WORDS, max_size=60).map(" ".join)
)  # fmt: skip
NUMBERS = st.sampled_from(["1", "-2.5", "1e-3", ".inf", "true", "null", "0x1F"]).map(Spelled)
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    TEXTS | NUMBERS,
    lambda inner: (
        st.lists(inner, max_size=12)
        | st.dictionaries(TEXTS, inner, max_size=5)
        | st.dictionaries(TEXTS, inner, max_size=5).map(Open)
        | st.lists(inner, max_size=5).map(Open)
    ),
    max_leaves=25,
)


def meaning(document: Document) -> Any:
    entries = document.entries if isinstance(document, Open) else document
    if isinstance(entries, Spelled):
        return resolve(entries.text)
    if isinstance(entries, dict):
        return {key: meaning(value) for key, value in entries.items()}
    return entries if isinstance(entries, str) else [meaning(item) for item in entries]


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
@settings(max_examples=examples(200))
@given(document=st.dictionaries(TEXTS, DOCUMENTS, min_size=1, max_size=5))
@example(document={"k" * 1100: "v", "? - #" * 300: ["- a", Spelled("1")]})
@example(document={"key": ["(", ")"], "...": {"---": "<<", "<<": ""}})
@example(document={"key": "one " * 40 + "end\n  further in"})
@example(document={"key": "one " * 40 + "end\n\n\n" + "two " * 40 + "end\n", "other": "tail \nof a line"})
def test_every_text_and_number_is_read_as_it_was(parser: str, document: dict[str, Any]) -> None:
    text = emitted(document)
    assert not any(line.endswith(" ") for line in text.split("\n"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "Parser", getattr(yaml, parser))
        found = plain(read(Source.from_bytes("s.yaml", text.encode())))
    assert found == meaning(document)
    assert isinstance(found, dict)
    assert list(found) == list(document)


@given(st.lists(st.from_regex(r"[a-z가-힣]{1,20}", fullmatch=True), min_size=1, max_size=80))
def test_prose_is_no_wider_than_a_line(words: list[str]) -> None:
    text = " ".join(words)
    assert max(map(cell_width, emitted({"notes": {"x": Open({"en": text})}}).split("\n"))) <= WIDTH


@given(st.floats(width=64))
def test_a_number_comes_back_bit_for_bit(value: float) -> None:
    for kind in (np.float64, np.float32, np.float16):
        with np.errstate(over="ignore"):
            number = kind(value)
        found = resolve(spelled(plain_number(number)).text)
        assert bits(np.asarray(kind(found))) == bits(np.asarray(number))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (np.float64(3), "3"), (np.float64(0.1), "0.1"), (np.float32(0.1), "0.1"), (np.float16(0.1), "0.1"),
        (np.float64(-0.0), "-0.0"), (np.float64(1e22), "1e+22"), (np.float64(-np.inf), "-.inf"),
        (np.float64(np.nan), ".nan"), (np.float32(16777216), "16777216"), (np.int64(7), "7"),
        (np.bool_(True), "1"), (np.float64(2**53), "9007199254740992.0"), (np.float64(5e-324), "5e-324"),
    ],
)  # fmt: skip
def test_a_number_is_as_short_as_it_can_be(number: Any, text: str) -> None:
    assert spelled(plain_number(number)).text == text


def test_a_tensor_without_cells_keeps_its_shape() -> None:
    assert numbers(np.zeros((0, 3))) == {"shape": [Spelled("0"), Spelled("3")], "init": "zeros"}
