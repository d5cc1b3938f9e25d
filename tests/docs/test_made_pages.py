"""The pages of `docs/` that are made from tables are what the tables say now."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from backprop_engine.catalogue.conventions import every_convention
from backprop_engine.errors import CODES
from backprop_engine.ops import OPS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def build() -> Any:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = ("operators.md", "conventions.md", "errors.md", "keys.md", "numpy.md", "backprop-tui.1")
IN_KOREAN = tuple(re.sub(r"\.(?=\w+$)", ".ko.", name) for name in PAGES)
IN_BOTH = ("glossary.md",)
"""What is in both languages at once."""
LATIN = re.compile(r"(?:\b[A-Za-z]{3,}\b[ ,;]*){4}")
"""Four words in a row: a sentence that nobody has translated."""


def test_every_page_is_known(build: Any) -> None:
    assert sorted(build.PAGES) == sorted((*PAGES, *IN_KOREAN, *IN_BOTH))


@pytest.mark.parametrize("name", [*PAGES, *IN_KOREAN, *IN_BOTH])
def test_a_page_is_fresh(build: Any, name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == build.PAGES[name](), "run `python docs/build.py`"


@pytest.mark.parametrize("name", IN_KOREAN)
def test_a_korean_page_has_no_english_sentence(name: str) -> None:
    text = re.sub(r"<!--.*?-->|`[^`]*`|\{[^}]*\}|\]\([^)]*\)", "", (DOCS / name).read_text(encoding="utf-8"))
    assert LATIN.findall(text) == []


@pytest.mark.parametrize("name", ["operators.md", "operators.ko.md"])
def test_every_operator_has_a_place_to_be_linked_to(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    headings = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    links = re.findall(r"\]\(#(\w+)\)", text)
    assert sorted(headings) == sorted(links) == sorted(OPS)


@pytest.mark.parametrize("name", ["errors.md", "errors.ko.md"])
def test_every_error_code_has_a_place_to_be_linked_to(build: Any, name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    headings = re.findall(r"^### ([a-z-]+)$", text, re.MULTILINE)
    links = re.findall(r"\]\(#([a-z-]+)\)", text)
    build.errors("en")  # every file that declares one is loaded now
    assert sorted(headings) == sorted(links) == sorted(CODES)


@pytest.mark.parametrize("name", ["errors.md", "errors.ko.md"])
def test_the_example_of_an_error_is_about_it(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        assert set(re.findall(r"^\S+: (?:error|오류)\[([a-z-]+)\]", part, re.MULTILINE)) <= {
            part.split("\n")[0]
        }


@pytest.mark.parametrize("name", ["conventions.md", "conventions.ko.md"])
def test_every_kink_is_a_row(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert text.count("\n| `") == len(list(every_convention()))
