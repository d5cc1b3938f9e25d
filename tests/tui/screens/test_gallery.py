"""The gallery: the bundled scenarios in their order, searched, and opened."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from backprop_engine.messages.message import msg
from backprop_engine.practice.score import Score
from backprop_engine.scenario.bundled import tracks
from backprop_engine.scenario.model import Scenario
from backprop_tui.app import DebuggerApp
from backprop_tui.cells.lines import line_text, line_width, plain
from backprop_tui.commands.table import COMMANDS
from backprop_tui.files.bundled import ScenarioEntry, Shelf, bundled, bundled_folder, heading, shelves
from backprop_tui.files.folders import scenario_folder
from backprop_tui.files.progress import note_practice
from backprop_tui.panels.scenarios import ScenarioList, matching, share_in_words, title_of_entry
from backprop_tui.screens.gallery import GalleryScreen
from backprop_tui.screens.help import HelpScreen
from backprop_tui.widgets.panel import Panel
from driving import NARROW, WIDE, debugger, notices, opened, seen, text_of
from programs import environment
from scenes import LANGUAGES, STEMS, scenario

SHELVES = shelves(bundled())
ENTRIES = [entry for shelf in SHELVES for entry in shelf.entries]
ORDER = [entry.stem for entry in ENTRIES]
SIZES = ((60, 20), (200, 60), (20, 8), (1, 1), (99, 30), (100, 30), WIDE)


def gallery(pilot: Pilot[None]) -> GalleryScreen:
    screen = pilot.app.screen
    assert isinstance(screen, GalleryScreen)
    return screen


def chosen(pilot: Pilot[None]) -> str:
    entry = gallery(pilot).entry
    return entry.stem if entry is not None else ""


def listed(pilot: Pilot[None]) -> list[str]:
    """The stems in the list."""
    return [entry.stem for entry in gallery(pilot).entries(gallery(pilot).shown)]


def library(folder: Path, index: str | None = None, *stems: str) -> dict[str, Path]:
    """A folder of scenarios with an index."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem in stems:
        (folder / f"{stem}.yaml").write_text(f"title: T {stem}\nnodes: {{}}\n", encoding="utf-8")
    if index is not None:
        (folder / "index.toml").write_text(index, encoding="utf-8")
    return {stem: folder / f"{stem}.yaml" for stem in stems}


# The index


def test_every_scenario_is_listed_exactly_once() -> None:
    for folder in {path.parent for path in bundled().values()}:
        index = tomllib.loads((folder / "index.toml").read_text(encoding="utf-8"))
        names = [one["name"] for one in index["scenario"]]
        assert sorted(names) == sorted(path.stem for path in folder.glob("*.yaml")), folder.name
    assert sorted(ORDER) == sorted(STEMS)


def test_every_folder_has_an_order_of_its_own_and_a_title_in_every_language() -> None:
    indices = [
        tomllib.loads(path.read_text(encoding="utf-8")) for path in bundled_folder().glob("*/index.toml")
    ]
    orders = [index["order"] for index in indices]
    assert len(set(orders)) == len(orders) == len(SHELVES)
    for shelf in SHELVES:
        assert all(shelf.title[language].strip() for language in LANGUAGES)


def test_every_scenario_has_a_level() -> None:
    assert [entry.stem for entry in ENTRIES if entry.level not in (1, 2, 3, 4)] == []


@pytest.mark.parametrize("stem", STEMS)
def test_a_title_is_read_without_the_graph(stem: str) -> None:
    whole: Scenario = scenario(stem)
    about = heading(bundled()[stem])
    assert (about.title, about.description, about.source) == (whole.title, whole.description, whole.source)
    assert set(LANGUAGES) <= set(about.title.by_language)
    assert set(LANGUAGES) <= set(about.description.by_language)


def test_shelves_and_entries_come_in_the_order_of_their_index(tmp_path: Path) -> None:
    second = (
        'order = 2\ntitle = {en = "Two"}\n[[scenario]]\nname = "b"\nlevel = 3\n[[scenario]]\nname = "a"\n'
    )
    there = {
        **library(tmp_path / "a_folder", second, "a", "b", "c"),
        **library(tmp_path / "z_folder", "order = 1\n", "z", "y"),
        **library(tmp_path / "no_index", None, "n"),
    }
    read = shelves(there)
    assert [(shelf.name, shelf.in_language("ko")) for shelf in read] == [
        ("z_folder", "z folder"),
        ("a_folder", "Two"),
        ("no_index", "no index"),
    ]
    assert [(entry.stem, entry.level) for entry in read[1].entries] == [("b", 3), ("a", 0), ("c", 0)]
    assert [entry.stem for entry in read[0].entries] == ["y", "z"]


@pytest.mark.parametrize("index", ["order = [", "order = 'first'\n", "title = 3\n", "\0", "scenario = 1\n"])
def test_an_index_that_is_broken_is_as_if_there_were_none(tmp_path: Path, index: str) -> None:
    (shelf,) = shelves(library(tmp_path / "shelf", index, "b", "a"))
    assert [entry.stem for entry in shelf.entries] == ["a", "b"]
    assert shelf.in_language("en") == "shelf"


def test_what_the_index_lists_and_the_folder_lacks_is_left_out(tmp_path: Path) -> None:
    (shelf,) = shelves(library(tmp_path / "shelf", '[[scenario]]\nname = "gone"\n', "a"))
    assert [entry.stem for entry in shelf.entries] == ["a"]


def test_opening_by_stem_reads_no_index() -> None:
    """What is imported and opened on the way to a run tells."""
    check = (
        "import sys; from backprop_tui.files.bundled import resolve; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "resolve('add_multiply'); assert not [one for one in opened if 'scenarios' in one], opened\n"
        "assert 'tomllib' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", check], env=environment(), check=False).returncode == 0


# The list


def drawn(shelves: tuple[Shelf, ...], chosen: int = 0, width: int = 30) -> list[str]:
    drawing = ScenarioList(shelves, chosen, "en", width, 4)
    return [line_text(drawing.row(y, 0, width)) for y in range(drawing.height)]


def test_the_list_has_titles_of_folders_and_levels(tmp_path: Path) -> None:
    index = (
        'title = {en = "First"}\n[[scenario]]\nname = "b"\nlevel = 3\n[[scenario]]\nname = "a"\nlevel = 1\n'
    )
    read = shelves({**library(tmp_path / "1", index, "a", "b"), **library(tmp_path / "2", None, "c")})
    assert drawn(read, 1) == [
        " First",
        "   T b                   ●●●",
        " ▶ T a                   ●",
        " 2",
        "   T c",
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("width", [1, 5, 10, 30, 78])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_is_wider_than_the_list(width: int, language: str) -> None:
    drawing = ScenarioList(SHELVES, 3, language, width, 4)
    assert max(line_width(drawing.row(y, 0, width)) for y in range(drawing.height)) <= width


def test_a_row_knows_its_scenario_and_the_chosen_one_its_row() -> None:
    numbers = []
    for number in range(len(ENTRIES)):
        drawing = ScenarioList(SHELVES, number, "en", 60, 4)
        assert drawing.focus is not None
        numbers.append(drawing.at_row(drawing.focus.y + drawing.focus.height - 1))
    assert numbers == list(range(len(ENTRIES)))
    drawing = ScenarioList(SHELVES, 0, "en", 60, 4)
    assert drawing.at_row(0) is None
    assert [drawing.at_row(row) for row in (-1, drawing.height, drawing.height + 5)] == [None] * 3
    assert drawing.height == len(ENTRIES) + len(SHELVES)
    assert drawing.row(drawing.height, 0, 60) == drawing.row(-1, 0, 60) == ()


async def test_only_what_is_in_view_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def watched(path: Path) -> object:
        read.append(path)
        return heading(path)

    monkeypatch.setattr("backprop_tui.panels.scenarios.heading", watched)
    async with opened(None, size=NARROW):
        pass
    assert 0 < len(set(read)) < 15


# On the screen


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_gallery_lists_every_scenario_by_its_title(language: str) -> None:
    async with opened(None, size=(200, 50), language=language) as pilot:
        rows = text_of(pilot.app.screen.query_one("#scenarios", Panel).drawing).splitlines()
        shown = seen(pilot)
    titles = [title_of_entry(entry, language) for entry in ENTRIES]
    assert [row[3:].rstrip(" ●") for row in rows if row[1:3] in ("▶ ", "  ")] == titles
    assert [row.strip() for row in rows if row[1:3] not in ("▶ ", "  ")] == [
        shelf.in_language(language) for shelf in SHELVES
    ]
    assert f"backprop-tui {ORDER[0]}" in shown
    assert f" ─ {len(ORDER)} ─" in shown


@pytest.mark.thorough
async def test_the_gallery_can_be_any_size() -> None:
    async with opened(None) as pilot:
        await pilot.press("down")
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert f"▶ {title_of_entry(ENTRIES[1], 'en')}" in seen(pilot)


@pytest.mark.parametrize("stem", [ORDER[0], ORDER[len(ORDER) // 2], ORDER[-1]])
async def test_a_scenario_opens_from_the_gallery(stem: str) -> None:
    async with opened(None) as pilot:
        gallery(pilot).chosen = ORDER.index(stem)
        for key in ("enter", "space", "s", "right"):
            await pilot.press(key)
            assert debugger(pilot).current.scenario.name == stem
            await pilot.press("escape")
            assert chosen(pilot) == stem


@pytest.mark.thorough
async def test_moving_in_the_gallery_stays_in_it() -> None:
    async with opened(None) as pilot:
        numbers = []
        for key in ("up", "down", "end", "down", "pageup", "home", "pagedown"):
            await pilot.press(key)
            numbers.append(gallery(pilot).chosen)
    last = len(ORDER) - 1
    assert numbers == [0, 1, last, last, last - 10, 0, 10]


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_chosen_one_is_in_view_and_described(size: tuple[int, int]) -> None:
    async with opened(None, size=size) as pilot:
        for _ in range(0, len(ORDER), 10):
            row = next(line for line in seen(pilot).splitlines() if "▶" in line)
            entry = gallery(pilot).entry
            assert entry is not None
            assert title_of_entry(entry, "en")[:20] in row
            assert f"level {entry.level} of 4" in seen(pilot)
            await pilot.press("pagedown")
        await pilot.press("home")
        await pilot.pause()
        assert SHELVES[0].in_language("en") in seen(pilot)


async def test_a_click_in_the_gallery_chooses_and_two_open() -> None:
    async with opened(None) as pilot:
        panel = pilot.app.screen.query_one("#scenarios", Panel)
        await pilot.click(panel, offset=(5, 1))
        assert chosen(pilot) == ORDER[0], "a folder's title is no scenario"
        await pilot.click(panel, offset=(5, 1 + 3))
        assert chosen(pilot) == ORDER[2]
        assert f"backprop-tui {ORDER[2]}" in seen(pilot)
        await pilot.click(panel, offset=(5, 1 + 3), times=2)
        assert debugger(pilot).current.scenario.name == ORDER[2]


async def test_a_click_in_a_scrolled_list() -> None:
    async with opened(None, size=NARROW) as pilot:
        await pilot.press("end")
        await pilot.pause()
        panel = pilot.app.screen.query_one("#scenarios", Panel)
        rows = seen(pilot).splitlines()
        row = next(number for number, line in enumerate(rows) if "▶" in line) - panel.region.y
        await pilot.click(panel, offset=(5, row - 2))
        assert chosen(pilot) == ORDER[-3]


@pytest.mark.thorough
async def test_a_long_description_scrolls() -> None:
    async with opened(None, size=(60, 14)) as pilot:
        about = pilot.app.screen.query_one("#about", Panel)
        await pilot.press("tab")
        assert pilot.app.focused is about
        await pilot.press("down", "down")
        assert about.scroll_offset.y == 2
        assert chosen(pilot) == ORDER[0]
        await pilot.press("enter")
        assert debugger(pilot).current.scenario.name == ORDER[0]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_its_help_says_what_it_is_before_all_keys(language: str) -> None:
    async with opened(None, size=WIDE, language=language) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, HelpScreen)
        shown = plain(screen.lines(400)).splitlines()
    assert shown[0] == msg(
        "This panel: {panel}", panel=next(row.label for row in COMMANDS if row.name == "gallery")
    ).in_language(language)
    assert shown[1].strip() == msg(
        "The bundled scenarios, by folder; more dots mean harder. ↑ ↓ choose one, Enter opens it, "
        "/ searches titles, names and folders, t starts the tour, T lists the tracks and your practice "
        "scores. The keys below work once a scenario is open."
    ).in_language(language)


async def test_the_gallery_has_help_and_is_left_with_q() -> None:
    async with opened(None) as pilot:
        await pilot.press("question_mark")
        assert "one step forward" in seen(pilot)
        await pilot.press("escape", "q")
        assert pilot.app.return_code == 0


@pytest.mark.thorough
async def test_what_is_not_listed_is_not_chosen_and_where_nothing_was_left_nothing_is_gone_back_to() -> None:
    async with opened(None) as pilot:
        first = chosen(pilot)
        gallery(pilot).choose("/nowhere/nothing.yaml")
        gallery(pilot).action_go_back()
        gallery(pilot).action_command("step")
        await pilot.pause()
        assert (chosen(pilot), pilot.app.screen.is_current) == (first, True)
        gallery(pilot).choose(str(bundled()["xor"]))
        assert chosen(pilot) == "xor"
        gallery(pilot).action_command("help")
        await pilot.pause()
        assert "one step forward" in seen(pilot)


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_debugger_opened_from_the_gallery_speaks_its_language(language: str) -> None:
    async with opened(None, language=language) as pilot:
        await pilot.press("enter")
        assert debugger(pilot).current.language == language


@pytest.mark.thorough
async def test_the_gallery_can_speak_another_language() -> None:
    async with opened(None) as pilot:
        await pilot.press("slash")
        gallery(pilot).speak("ko")
        await pilot.pause()
        for word in (
            "시나리오",
            "설명",
            "난이도",
            "제목, 이름, 폴더 이름의 일부",
            SHELVES[0].in_language("ko"),
        ):
            assert word in seen(pilot)


async def test_a_scenario_that_is_broken_is_told_and_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = library(tmp_path / "shelf", None, "broken", "other")
    monkeypatch.setattr("backprop_tui.screens.gallery.bundled", lambda: there)
    there["other"].write_text("title: [", encoding="utf-8")
    async with opened(None) as pilot:
        assert "▶ T broken" in seen(pilot)
        assert "  other" in seen(pilot), "its name, for its title cannot be read"
        for key in ("enter", "down", "enter"):
            await pilot.press(key)
            await pilot.pause()
        assert isinstance(pilot.app.screen, GalleryScreen)
        assert "error[" in seen(pilot)


@pytest.mark.thorough
async def test_a_title_that_was_edited_meanwhile_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = library(tmp_path / "shelf", None, "one")
    there["one"].write_text("title: Before\ninputs: {x: 1}\nnodes: {f: x * x}\n", encoding="utf-8")
    monkeypatch.setattr("backprop_tui.screens.gallery.bundled", lambda: there)
    async with opened(None) as pilot:
        await pilot.press("enter")
        there["one"].write_text("title: Afterwards\ninputs: {x: 1}\nnodes: {f: x * x}\n", encoding="utf-8")
        await pilot.press("escape")
        await pilot.pause()
        assert "▶ Afterwards" in seen(pilot)


# Searching


def stems(typed: str) -> list[str]:
    return [entry.stem for shelf in matching(SHELVES, typed) for entry in shelf.entries]


def test_a_search_looks_at_titles_names_and_folders() -> None:
    assert stems("add_multiply") == ["add_multiply"]
    assert stems("ADD, then") == ["add_multiply"]
    assert "apples" in stems("buying apples")
    assert "apples" in stems("사과 장보기")
    (attention,) = (shelf for shelf in SHELVES if shelf.name == "attention")
    assert {entry.stem for entry in attention.entries} <= set(stems("어텐션"))
    assert stems("한국어로 없는 말") == []
    assert stems("") == stems("  ") == ORDER
    assert stems("no such thing") == []


def test_every_word_must_occur_in_any_order() -> None:
    for entry in ENTRIES[::7]:
        words = title_of_entry(entry, "en").split()
        assert entry.stem in stems(" ".join(words[::-1]))
        assert entry.stem in stems(entry.stem)


async def test_typing_lists_what_fits_and_escape_lists_all() -> None:
    async with opened(None) as pilot:
        await pilot.press("slash", *"softmax")
        assert listed(pilot) == stems("softmax")
        assert f"{len(stems('softmax'))} of {len(ORDER)}" in seen(pilot)
        await pilot.press("down", "down")
        here = stems("softmax")[2]
        assert chosen(pilot) == here
        await pilot.press("escape")
        assert listed(pilot) == ORDER
        assert chosen(pilot) == here, "the chosen one stays chosen"
        assert not gallery(pilot).query_one(Input).display
        await pilot.press("up")
        assert chosen(pilot) == ORDER[ORDER.index(here) - 1]


async def test_keys_of_commands_can_be_typed() -> None:
    async with opened(None) as pilot:
        await pilot.press("slash", *"q?/s ")
        assert gallery(pilot).query_one(Input).value == "q?/s "
        assert listed(pilot) == []
        assert "no scenario matches" in seen(pilot)
        await pilot.press("enter", "down", "up", "end", "pagedown")
        assert isinstance(pilot.app.screen, GalleryScreen), "there is nothing to open"
        await pilot.press(*["backspace"] * 5)
        assert listed(pilot) == ORDER


async def test_what_was_found_opens_with_enter() -> None:
    async with opened(None, size=NARROW) as pilot:
        await pilot.press("slash", *"rnn_cell", "enter")
        assert debugger(pilot).current.scenario.name == "rnn_cell"
        await pilot.press("s", "escape")
        assert listed(pilot) == ["rnn_cell"], "the search is as it was left"
        await pilot.press("escape", "q")
        assert pilot.app.return_code == 0


@pytest.mark.thorough
async def test_the_search_keeps_the_chosen_one_if_it_fits() -> None:
    async with opened(None) as pilot:
        gallery(pilot).chosen = ORDER.index("rnn_cell")
        await pilot.press("slash", *"rnn")
        assert chosen(pilot) == "rnn_cell"
        await pilot.press(*["backspace"] * 3, *"apple")
        assert chosen(pilot) == stems("apple")[0]


def test_an_entry_without_a_level_has_no_dots(tmp_path: Path) -> None:
    path = library(tmp_path, None, "a")["a"]
    shelf = Shelf("s", {}, (ScenarioEntry("a", path),))
    assert drawn((shelf,)) == [" s", " ▶ T a"]


# Folders and pictures


@asynccontextmanager
async def gallery_of(
    folder: Path, size: tuple[int, int] = WIDE, *, still: bool = True, language: str = "en"
) -> AsyncIterator[Pilot[None]]:
    """The gallery of the scenarios in a folder."""
    app = DebuggerApp(None, folder=scenario_folder(folder), language=language, still=still)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield pilot


async def test_the_chosen_one_has_a_picture() -> None:
    async with opened(None, size=(140, 40), still=True) as pilot:
        gallery(pilot).chosen = ORDER.index("add_multiply")
        await pilot.pause()
        assert "-12" in seen(pilot)


@pytest.mark.thorough
async def test_a_picture_comes_after_a_moment_and_keys_are_heard_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened(None, size=(140, 40)) as pilot:
        monkeypatch.setattr("backprop_tui.screens.previews._DELAY", 3600.0)  # longer than any machine takes
        await pilot.press(*["down"] * 4)
        monkeypatch.undo()
        await pilot.press("down")
        assert chosen(pilot) == ORDER[5]
        entry = gallery(pilot).entry
        assert entry is not None
        for _ in range(200):
            await pilot.pause(0.02)
            if gallery(pilot).previews.known(entry.path) is not None:
                break
        else:
            raise AssertionError("no picture")
        known = [one for one in ENTRIES[1:5] if gallery(pilot).previews.known(one.path)]
        assert not known, "what was only passed has none"


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_folder_has_a_gallery_and_what_is_broken_there_its_mistake(
    tmp_path: Path, language: str
) -> None:
    library(tmp_path / "week", None, "empty")
    (tmp_path / "one.yaml").write_text("title: One\ninputs: {x: 1}\nnodes: {f: x * x}\n", encoding="utf-8")
    async with gallery_of(tmp_path, language=language) as pilot:
        shown = seen(pilot)
        assert f"{tmp_path.name} ─ backprop-tui" in shown
        assert "▶ One" in shown
        assert "week" in shown
        await pilot.press("down")
        await pilot.pause()
        (row,) = (line for line in seen(pilot).splitlines() if "▶ T empty" in line)
        assert "✗" in row
        assert "[no-nodes]" in seen(pilot)
        await pilot.press("up", "enter")
        assert debugger(pilot).current.scenario.name == "one"
        await pilot.press("escape")
        assert chosen(pilot) == "one"


async def test_a_key_says_once_that_what_is_broken_does_not_open(tmp_path: Path) -> None:
    library(tmp_path, None, "case")
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("enter", "enter", "s")
        await pilot.pause()
        assert notices(pilot) == ["case.yaml has mistakes: see About"]
        assert "[no-nodes]" in seen(pilot)


@pytest.mark.thorough
async def test_a_file_that_was_mended_is_no_longer_marked(tmp_path: Path) -> None:
    there = library(tmp_path, None, "case")["case"]
    async with gallery_of(tmp_path) as pilot:
        assert "✗" in seen(pilot)
        there.write_text("inputs: {x: 1}\nnodes: {f: x * x}\n", encoding="utf-8")
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert "✗" not in seen(pilot)


async def test_names_and_titles_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    odd = tmp_path / "o\x1b[31mdd"
    odd.mkdir()
    (odd / "a\x07.yaml").write_text('title: "x\\e[2Jy"\nnodes: {f: 1 + 1}\n', encoding="utf-8")
    (odd / "[bold]b.yaml").write_text("nodes: {f: 1 + 1}\n", encoding="utf-8")
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("down")
        shown = seen(pilot)
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "[bold]b" in shown


@pytest.mark.thorough
async def test_a_large_folder_is_searched_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        text = f"title: Number {number}\nnodes: {{f: 1 + 1}}\n"
        (tmp_path / f"s{number:03}.yaml").write_text(text, encoding="utf-8")
    read: list[Path] = []

    def watched(path: Path) -> object:
        read.append(path)
        return heading(path)

    monkeypatch.setattr("backprop_tui.panels.scenarios.heading", watched)
    async with gallery_of(tmp_path, NARROW) as pilot:
        await pilot.press("slash", *"number 299")
        assert listed(pilot) == ["s299"]
        assert len(set(read)) < 40, "only those in view are read"


@pytest.mark.thorough
async def test_a_folder_is_listed_again_when_one_comes_back(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("title: One\nnodes: {f: 1 + 1}\n", encoding="utf-8")
    async with gallery_of(tmp_path) as pilot:
        await pilot.press("enter")
        (tmp_path / "another.yaml").write_text("title: Another\nnodes: {f: 1 + 1}\n", encoding="utf-8")
        (tmp_path / "one.yaml").write_text("title: Edited\nnodes: {f: 1 + 1}\n", encoding="utf-8")
        await pilot.press("escape")
        await pilot.pause()
        assert listed(pilot) == ["another", "one"]
        assert "▶ Edited" in seen(pilot)


async def test_titles_of_a_folder_are_in_the_language_of_the_reader(tmp_path: Path) -> None:
    titles = 'title: {en: "Sum", ko: "덧셈"}\n', "title:\n  en: Product\n  ko: 곱셈\n"
    for name, title in zip("ab", titles, strict=True):
        (tmp_path / f"{name}.yaml").write_text(f"{title}nodes: {{f: 1 + 1}}\n", encoding="utf-8")
    async with gallery_of(tmp_path, language="ko") as pilot:
        assert "▶ 덧셈" in seen(pilot)
        assert "곱셈" in seen(pilot)


@pytest.mark.thorough
async def test_what_a_search_finds_has_a_picture() -> None:
    async with opened(None, size=(140, 40), still=True) as pilot:
        await pilot.press("slash", *"add, then")
        assert listed(pilot) == ["add_multiply"]
        entry = gallery(pilot).entry
        assert entry is not None
        assert gallery(pilot).previews.known(entry.path) is not None
        assert "-12" in seen(pilot)


# By track


async def test_tracks_are_listed_in_their_order_with_what_was_practised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    note_practice("one_node", Score((1.0, 0.5), {}), today=lambda: date(2026, 3, 1))
    async with opened(None, size=(120, 50)) as pilot:
        assert "75%" not in seen(pilot)
        await pilot.press("T")
        await pilot.pause()
        assert listed(pilot) == [name for track in tracks().values() for name in track.scenarios]
        assert chosen(pilot) == "one_node"
        shown = seen(pilot)
        assert f"Tracks ─ {len(listed(pilot))}" in shown
        assert "75%" in shown
        assert "practised on 2026-03-01: 75%" in shown
        assert "You can say what the upstream gradient" in shown
        await pilot.press("down", "down")
        await pilot.pause()
        assert "requires one_node" in seen(pilot)
        assert "not practised yet" in seen(pilot)
        await pilot.press("T")
        assert listed(pilot) == ORDER
        assert chosen(pilot) == "add_multiply"


async def test_on_a_track_its_next_scenario_follows() -> None:
    second = tracks()["cs231n"].scenarios
    async with opened(None, size=WIDE) as pilot:
        await pilot.press("T")
        gallery(pilot).chosen = len(tracks()["article"].scenarios)
        assert chosen(pilot) == second[0] == "add_multiply"
        await pilot.press("enter", "G")
        await pilot.pause()
        assert debugger(pilot).current.scenario.name == second[1]


@pytest.mark.thorough
@pytest.mark.parametrize(("stem", "after"), [("add_multiply", "multiply_gates"), ("lstm", "attention_head")])
async def test_opened_by_its_name_a_scenario_leads_where_it_says(stem: str, after: str) -> None:
    async with opened(stem, size=WIDE) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert debugger(pilot).current.scenario.name == after


async def test_a_folder_has_no_tracks(tmp_path: Path) -> None:
    library(tmp_path, None, "a", "b")
    app = DebuggerApp(None, folder=scenario_folder(tmp_path), still=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("T")
        await pilot.pause()
        assert "T tracks" not in seen(pilot)
        assert listed(pilot) == ["a", "b"]


@pytest.mark.parametrize("width", [1, 5, 10, 30, 78])
def test_no_line_with_a_share_is_wider_than_the_list(width: int) -> None:
    practised = {entry.path: share_in_words(1.0) for entry in ENTRIES}
    drawing = ScenarioList(SHELVES, 3, "en", width, 4, marks=practised)
    assert max(line_width(drawing.row(y, 0, width)) for y in range(drawing.height)) <= width
    if width == 78:
        assert {line_text(drawing.row(y, 0, width))[-4:] for y in range(1, 5)} == {"100%"}
