"""The guides, in both languages: every example in them does what the page says.

A comment before a block says what it is: `<!-- NAME -->` is a file, which passes `check` if it is a
scenario, `filled:` an exercise that somebody returned, `broken:` one that cannot be loaded, `failing:` one
whose figures do not come out; the text that follows the last two is exactly what is said of them in the
language of the page. Commands in `sh` blocks are carried out in a folder with all the files of the page,
those after `exits: 1` with that exit code; what opens the app does all but open it. Programs in `python`
blocks are run there too, but those that `needs:` a library, which the tests with that library run. The text
that follows either, if one does, is what they print. After changing a message on purpose, write the texts
again and read the difference before keeping it:

    REWRITE_GOLDENS=1 pytest tests/docs/test_guide.py
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from jsonschema import Draft202012Validator

from backprop_engine import check_operator, undefine
from backprop_engine.scenario.format import INIT_NAMES, NODE_FORMS, SCENARIO
from backprop_engine.scenario.schema import schema
from backprop_tui.cli.main import SUBCOMMANDS, command_parser, run
from backprop_tui.cli.open import found

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "scenarios.md", "ko": DOCS / "scenarios.ko.md"}
"""The guide for authors."""
NAMES = ("scenarios", "computing", "teaching", "faq", "cookbook", "inside")
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


GUIDES = {page: blocks(DOCS / page) for name in NAMES for page in (f"{name}.md", f"{name}.ko.md")}
GUIDE = GUIDES["scenarios.md"]


def files(page: str) -> list[Block]:
    """The files of a page, as they should be, and those that somebody filled in."""
    return [block for block in GUIDES[page] if block.mark and block.role in ("", "filled")]


FILES = files("scenarios.md")
BLOCKS = [(page, block) for page, guide in GUIDES.items() for block in guide]
WRONG = [(page, block) for page, block in BLOCKS if block.role in ("broken", "failing")]
COMMANDS = [(page, block) for page, block in BLOCKS if block.kind == "sh"]
LIBRARIES = ("torch", "jax")
"""What `needs:` may name: `tests/pytorch` and `tests/jaxpr` run these programs."""
PROGRAMS = [
    (page, block)
    for page, block in BLOCKS
    if block.kind == "python" and block.role != "needs" and not page.startswith("scenarios")
]


def language_of(page: str) -> str:
    """The language that a page is in."""
    return "ko" if page.endswith(".ko.md") else "en"


def after(page: str, block: Block) -> str | None:
    """The text that follows a block, if one does."""
    guide = GUIDES[page]
    following = guide[guide.index(block) + 1 :]
    return following[0].text if following and following[0][:2] == ("text", "") else None


def _called(one: str | Block) -> str:
    return one if isinstance(one, str) else one.name or one.text.partition("\n")[0]


@pytest.fixture
def page() -> str:
    """The page that is tried, where a test does not try several."""
    return "scenarios.md"


@pytest.fixture
def folder(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page, and a user who has no settings."""
    for block in files(page):
        path = tmp_path / block.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(arguments)
    return code, *capsys.readouterr()


def compare(page: str, block: Block, found: str) -> None:
    """Whether the text after a block is what was found; with REWRITE_GOLDENS it is made so."""
    wanted = after(page, block)
    if os.environ.get("REWRITE_GOLDENS"):
        text = (DOCS / page).read_text("utf-8")
        before = f"{block.text}```\n```text\n"
        (DOCS / page).write_text(text.replace(f"{before}{wanted}```", f"{before}{found}```"), "utf-8")
    assert found == wanted


# The pages


def test_what_a_program_needs_is_there_in_some_test() -> None:
    assert {block.name for _, block in BLOCKS if block.role == "needs"} == set(LIBRARIES)


@pytest.mark.parametrize("name", [page.name for page in PAGES.values()])
def test_python_defines_an_operator_that_agrees(name: str) -> None:
    (block,) = [block for block in GUIDES[name] if block.kind == "python"]
    exec(block.text, {})  # the page's own text
    assert check_operator("own_sine")
    undefine("own_sine")


@pytest.mark.parametrize("guide", PAGES.values(), ids=PAGES)
def test_every_block_has_its_place(guide: Path) -> None:
    text = guide.read_text("utf-8")
    found = blocks(guide)
    assert text.count("```") == 2 * len(found)
    assert text.count("<!--") == len([one for one in found if one.mark])
    assert {one.kind for one in found} == {"yaml", "csv", "sh", "text", "python"}
    assert all(one.mark for one in found if one.kind in ("yaml", "csv"))
    assert {one.role for one in found} == {"", "broken", "failing"}
    names = [one.name for one in found if one.mark]
    assert len(names) == len(set(names))
    for one, following in zip(found, [*found[1:], Block("", "", "")], strict=True):
        assert following.kind == "text" or not one.role


@pytest.mark.parametrize("name", NAMES)
def test_both_pages_have_the_same_examples(name: str) -> None:
    given = [
        [one for one in GUIDES[page] if one.kind != "text" or one.mark]
        for page in (f"{name}.md", f"{name}.ko.md")
    ]
    english, korean = (
        [one._replace(text=one.text.replace(" --lang ko", "")) for one in one] for one in given
    )
    assert english == korean
    english, korean = ((DOCS / page).read_text("utf-8") for page in (f"{name}.md", f"{name}.ko.md"))
    assert headings(english) == headings(korean)
    assert re.findall(r"^\| `([^|]*)` \|", english, re.M) == re.findall(r"^\| `([^|]*)` \|", korean, re.M)


def headings(text: str) -> list[int]:
    """The level of each heading."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return [len(marks) for marks in re.findall(r"^(#+) ", outside, re.M)]


def test_it_begins_with_three_lines() -> None:
    assert GUIDE[0].text.count("\n") == 3


@pytest.mark.parametrize("guide", PAGES.values(), ids=PAGES)
def test_every_key_and_init_is_told(guide: Path) -> None:
    text = guide.read_text("utf-8")
    table = [row for row in text.splitlines() if row.startswith("| `")]
    told = [key for row in table for key in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert [key for key in SCENARIO.names if key not in told] == []
    for name in (*INIT_NAMES, *NODE_FORMS):
        assert re.search(rf"[`{{]{name}\b", text), name


@pytest.mark.parametrize("guide", PAGES.values(), ids=PAGES)
def test_every_link_leads_somewhere(guide: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", guide.read_text("utf-8"))
    assert links
    assert [link for link in links if not (DOCS / link).is_file()] == []


# The examples


@pytest.mark.parametrize("page", [page for page in GUIDES if any(one.kind == "yaml" for one in files(page))])
def test_every_file_passes(page: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [block.name for block in files(page) if block.kind == "yaml" and not block.role]
    code, out, err = said(capsys, "check", *names)
    assert (code, err) == (0, ""), out
    count = "1 file" if len(names) == 1 else f"{len(names)} files"
    assert out.splitlines()[-1] == f"{count}: {len(names)} passed"


@pytest.mark.parametrize("block", [one for one in FILES if one.kind == "yaml"], ids=lambda one: one.name)
def test_every_file_is_valid_under_the_schema(block: Block) -> None:
    # PyYAML reads numbers such as 1e-3 as text; ours and those of editors do not.
    document = yaml.safe_load(re.sub(r"\b1e-3\b", "1.0e-3", block.text))
    assert [error.message for error in Draft202012Validator(schema()).iter_errors(document)] == []


@pytest.mark.parametrize(("page", "block"), WRONG, ids=_called)
def test_what_is_wrong_is_told_so(
    folder: Path, capsys: pytest.CaptureFixture[str], page: str, block: Block
) -> None:
    (folder / block.name).write_text(block.text, "utf-8")
    code, out, err = said(capsys, "check", block.name, "--lang", language_of(page))
    assert code == {"broken": 2, "failing": 1}[block.role]
    compare(page, block, err if block.role == "broken" else out)


@pytest.mark.parametrize(("page", "block"), COMMANDS, ids=_called)
def test_a_command_does_what_is_shown(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    block: Block,
) -> None:
    expected = int(block.name) if block.role == "exits" else 0
    shown = ""
    for line in block.text.splitlines():
        command, read, written = redirected(line)
        name, *arguments = shlex.split(command, comments=True)
        assert name == "backprop-tui"
        if arguments[:1] == ["serve"] or not {*arguments} & {*SUBCOMMANDS}:
            opens(arguments)
            continue
        monkeypatch.setattr(sys, "stdin", StringIO((folder / read).read_text("utf-8") if read else ""))
        code, out, err = said(capsys, *arguments)
        assert code == expected, err
        assert not err or after(page, block) is not None, err
        if written:
            (folder / written).write_text(out, "utf-8")
        else:
            shown += err + out
    if after(page, block) is not None:
        compare(page, block, shown)


def redirected(line: str) -> tuple[str, str, str]:
    """A command without its redirections, the file that it reads, and the one that it writes."""
    found = re.fullmatch(r"(.*?)(?: < ([\w./]+))?(?: > ([\w./]+))?(?: +#.*)?", line)
    assert found is not None
    command, read, written = found.groups(default="")
    return command, read, written


def opens(arguments: list[str]) -> None:
    """The app would open with these arguments: they are known, and the scenario or the folder can be used."""
    name = "serve" if arguments[:1] == ["serve"] else ""
    parsed = command_parser(name, "en").parse_args(arguments[bool(name) :])
    start = found(parsed)
    assert start.view or start.folder or parsed.scenario is None


@pytest.mark.parametrize(("page", "block"), PROGRAMS, ids=_called)
def test_a_program_prints_what_is_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, page: str, block: Block
) -> None:
    opened: list[object] = []
    monkeypatch.setattr("backprop_tui.from_python.debug", opened.append)
    with redirect_stdout(StringIO()) as printed:
        exec(block.text, {})  # the page's own text
    assert printed.getvalue() or opened
    if after(page, block) is not None:
        compare(page, block, printed.getvalue())
