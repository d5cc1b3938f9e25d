"""The pages of `docs/` that are made from tables are what the tables say now."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import backprop_engine
from backprop_engine.catalogue.conventions import every_convention
from backprop_engine.errors import CODES
from backprop_engine.messages.message import in_language
from backprop_engine.ops import OPS
from backprop_engine.scenario import format as file_format
from backprop_tui.cli.main import SUBCOMMANDS, command_parser

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def build() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        spec.loader.exec_module(module)
        yield module


PAGES = (
    *("operators.md", "conventions.md", "errors.md", "keys.md", "numpy.md", "backprop-tui.1"),
    *("format.md", "library.md", "command-line.md"),
)
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
    text = re.sub(r"^```py.*?^```", "", (DOCS / name).read_text(encoding="utf-8"), flags=re.M | re.S)
    text = re.sub(r"<!--.*?-->|`[^`]*`|\{[^}]*\}|\]\([^)]*\)", "", text)
    assert LATIN.findall(text) == []


@pytest.mark.parametrize("name", ["operators.md", "operators.ko.md"])
def test_every_operator_has_a_place_to_be_linked_to(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    headings = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    links = re.findall(r"\]\(#(\w+)\)", text)
    assert sorted(headings) == sorted(links) == sorted(OPS)


@pytest.mark.thorough
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


@pytest.mark.parametrize("name", ["library.md", "library.ko.md"])
def test_every_public_name_is_in_the_reference(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    told = re.findall(r"^### (\w+)\n`from ([\w.]+) import \1`$", text, re.MULTILINE)
    homes = {one: [home for called, home in told if called == one] for one, _ in told}
    assert [one for one in backprop_engine.__all__ if "backprop_engine" not in homes.get(one, ())] == []
    assert homes["debug"] == ["backprop_tui"]
    assert "backprop_tui.torch" in homes["record"]
    for called, home in told:
        if home not in ("backprop_tui.torch", "backprop_tui.jax"):
            assert hasattr(import_module(home), called)
    assert text.count(">>> from backprop_engine import") > len(backprop_engine.__all__) / 2


@pytest.mark.parametrize("name", ["format.md", "format.ko.md"])
def test_every_key_of_the_format_is_in_the_reference(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    language = "ko" if ".ko." in name else "en"
    forms = [one for one in vars(file_format).values() if isinstance(one, file_format.Form)]
    assert len(forms) > 10
    for form in forms:
        assert f"\n{in_language(form.meaning, language)}\n" in text
        for key in form.keys:
            row = f"| {'**' * key.needed}`{key.name}`{'**' * key.needed} | "
            assert row + in_language(key.meaning, language).replace("|", "\\|") in text


@pytest.mark.parametrize("name", ["command-line.md", "command-line.ko.md"])
def test_every_option_is_in_the_reference(name: str) -> None:
    parts = (DOCS / name).read_text(encoding="utf-8").split("\n## backprop-tui")
    assert len(parts) == len(SUBCOMMANDS) + 2
    for command, part in zip(("", *SUBCOMMANDS), parts[1:], strict=True):
        assert part.partition("\n")[0].strip() == command
        for action in command_parser(command, "en")._actions:
            for option in action.option_strings:
                assert re.search(rf"^\| `.*(?<![\w-]){option}(?![\w-])", part, re.MULTILINE), option
