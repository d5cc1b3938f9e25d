"""The guide for authors, in both languages: every example in it does what the page says.

A comment before a block of YAML says what it is: `<!-- NAME -->` is a file that passes `check`, `broken:` one
that cannot be loaded, `failing:` one whose figures do not come out; the text that follows these is exactly
what is said of them in the language of the page. Commands in `sh` blocks are carried out in a folder with all
the files of the page; the text that follows, if one does, is what they print. After changing a message on
purpose, write the texts again and read the difference before keeping it:

    REWRITE_GOLDENS=1 pytest tests/docs/test_guide.py
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from jsonschema import Draft202012Validator

from backprop_engine import check_operator, undefine
from backprop_engine.scenario.format import INIT_NAMES, NODE_FORMS, SCENARIO
from backprop_engine.scenario.schema import schema
from backprop_tui.cli.main import run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "scenarios.md", "ko": DOCS / "scenarios.ko.md"}
_BLOCK = re.compile(r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """A block of a page: its kind, the comment before it, and what stands in it."""

    kind: str
    mark: str
    text: str

    @property
    def name(self) -> str:
        """The file that it is."""
        return self.mark.rpartition(": ")[2]

    @property
    def role(self) -> str:
        """`broken`, `failing`, or nothing for a file as it should be."""
        return self.mark.rpartition(": ")[0]


def blocks(page: Path) -> list[Block]:
    found = _BLOCK.finditer(page.read_text("utf-8"))
    return [Block(one["kind"], one["mark"] or "", one["text"]) for one in found]


GUIDES = {language: blocks(page) for language, page in PAGES.items()}
GUIDE = GUIDES["en"]
FILES = [block for block in GUIDE if block.mark and not block.role]
WRONG = [(language, block) for language, guide in GUIDES.items() for block in guide if block.role]
COMMANDS = [(language, block) for language, guide in GUIDES.items() for block in guide if block.kind == "sh"]


def after(language: str, block: Block) -> str | None:
    """The text that follows a block, if one does."""
    guide = GUIDES[language]
    following = guide[guide.index(block) + 1 :]
    return following[0].text if following and following[0].kind == "text" else None


def _called(one: str | Block) -> str:
    return one if isinstance(one, str) else one.name or one.text.splitlines()[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page."""
    for block in FILES:
        path = tmp_path / block.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(arguments)
    return code, *capsys.readouterr()


def compare(language: str, block: Block, found: str) -> None:
    """Whether the text after a block is what was found; with REWRITE_GOLDENS it is made so."""
    wanted = after(language, block)
    if os.environ.get("REWRITE_GOLDENS"):
        text = PAGES[language].read_text("utf-8")
        before = f"{block.text}```\n```text\n"
        PAGES[language].write_text(text.replace(f"{before}{wanted}```", f"{before}{found}```"), "utf-8")
    assert found == wanted


# The pages


@pytest.mark.parametrize("language", PAGES)
def test_python_defines_an_operator_that_agrees(language: str) -> None:
    (block,) = [block for block in GUIDES[language] if block.kind == "python"]
    exec(block.text, {})  # the page's own text
    assert check_operator("own_sine")
    undefine("own_sine")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_block_has_its_place(page: Path) -> None:
    text = page.read_text("utf-8")
    found = blocks(page)
    assert text.count("```") == 2 * len(found)
    assert text.count("<!--") == len([one for one in found if one.mark])
    assert {one.kind for one in found} == {"yaml", "csv", "sh", "text", "python"}
    assert all(one.mark for one in found if one.kind in ("yaml", "csv"))
    assert {one.role for one in found} == {"", "broken", "failing"}
    names = [one.name for one in found if one.mark]
    assert len(names) == len(set(names))
    for one, following in zip(found, [*found[1:], Block("", "", "")], strict=True):
        assert following.kind == "text" or not one.role


def test_both_pages_have_the_same_examples() -> None:
    given = [[one for one in guide if one.kind != "text"] for guide in GUIDES.values()]
    english, korean = (
        [one._replace(text=one.text.replace(" --lang ko", "")) for one in one] for one in given
    )
    assert english == korean
    english, korean = (page.read_text("utf-8") for page in PAGES.values())
    assert headings(english) == headings(korean)
    assert re.findall(r"^\| `([^|]*)` \|", english, re.M) == re.findall(r"^\| `([^|]*)` \|", korean, re.M)


def headings(text: str) -> list[int]:
    """The level of each heading."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return [len(marks) for marks in re.findall(r"^(#+) ", outside, re.M)]


def test_it_begins_with_three_lines() -> None:
    assert GUIDE[0].text.count("\n") == 3


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_key_and_init_is_told(page: Path) -> None:
    text = page.read_text("utf-8")
    table = [row for row in text.splitlines() if row.startswith("| `")]
    told = [key for row in table for key in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert [key for key in SCENARIO.names if key not in told] == []
    for name in (*INIT_NAMES, *NODE_FORMS):
        assert re.search(rf"[`{{]{name}\b", text), name


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8"))
    assert links
    assert [link for link in links if not (DOCS / link).is_file()] == []


# The examples


def test_every_file_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [block.name for block in FILES if block.kind == "yaml"]
    code, out, err = said(capsys, "check", *names)
    assert (code, err) == (0, ""), out
    assert out.splitlines()[-1] == f"{len(names)} files: {len(names)} passed"


@pytest.mark.parametrize("block", [one for one in FILES if one.kind == "yaml"], ids=lambda one: one.name)
def test_every_file_is_valid_under_the_schema(block: Block) -> None:
    # PyYAML reads numbers such as 1e-3 as text; ours and those of editors do not.
    document = yaml.safe_load(re.sub(r"\b1e-3\b", "1.0e-3", block.text))
    assert [error.message for error in Draft202012Validator(schema()).iter_errors(document)] == []


@pytest.mark.parametrize(("language", "block"), WRONG, ids=_called)
def test_what_is_wrong_is_told_so(
    folder: Path, capsys: pytest.CaptureFixture[str], language: str, block: Block
) -> None:
    (folder / block.name).write_text(block.text, "utf-8")
    code, out, err = said(capsys, "check", block.name, "--lang", language)
    assert code == {"broken": 2, "failing": 1}[block.role]
    compare(language, block, err if block.role == "broken" else out)


@pytest.mark.parametrize(("language", "block"), COMMANDS, ids=_called)
def test_a_command_does_what_is_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], language: str, block: Block
) -> None:
    shown = ""
    for line in block.text.splitlines():
        command, _, file = line.partition(" > ")
        name, *arguments = shlex.split(command)
        assert name == "backprop-tui"
        code, out, err = said(capsys, *arguments)
        assert (code, err) == (0, "")
        if file:
            (folder / file).write_text(out, "utf-8")
        shown += "" if file else out
    if after(language, block) is not None:
        compare(language, block, shown)
