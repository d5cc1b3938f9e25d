"""Files that change while they are looked at: noticed, and loaded again in place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from backprop_engine.debugger import Break
from backprop_engine.errors import UsageError
from backprop_tui.export.screenshot import screen_svg
from backprop_tui.files.opening import Opening
from backprop_tui.files.watching import Watcher, data_files, stamp
from backprop_tui.panels.graph import density_shown
from driving import NARROW, WIDE, debugger, go, notices, opened, position, seen
from living import TEXT, live, overwritten, save, settled, words_of
from scenes import written

WITH_DATA = "inputs: {x: {file: data/x.csv}}\nnodes: {f: sum(x * x)}\n"


# Noticing


def renamed(path: Path, text: str) -> None:
    """Another file under its name, with the same times."""
    status = path.stat()
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)


@pytest.mark.parametrize("save", [overwritten, renamed])
def test_a_save_is_noticed_at_the_second_look(tmp_path: Path, save: Callable[[Path, str], None]) -> None:
    path = tmp_path / "a"
    path.write_text("one", encoding="utf-8")
    watcher = Watcher([str(path)])
    assert watcher.poll() == ()
    save(path, "two")
    assert [watcher.poll() for _ in range(3)] == [(), (str(path),), ()]


def test_a_file_that_keeps_changing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("", encoding="utf-8")
    watcher = Watcher([str(path)])
    looks = []
    for size in (1, 2, 3, 3, 3):
        if path.stat().st_size != size:
            overwritten(path, "x" * size)
        looks.append(watcher.poll())
    assert looks == [(), (), (), (str(path),), ()]


def test_a_change_that_is_undone_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one", encoding="utf-8")
    watcher = Watcher([str(path)])
    path.rename(tmp_path / "b")
    assert watcher.poll() == ()
    (tmp_path / "b").rename(path)
    assert [watcher.poll() for _ in range(3)] == [(), (), ()]


def test_a_file_can_vanish_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one", encoding="utf-8")
    watcher = Watcher([str(path)])
    path.unlink()
    assert [watcher.poll(), watcher.poll(), watcher.poll()] == [(), (str(path),), ()]
    path.write_text("one", encoding="utf-8")
    assert [watcher.poll(), watcher.poll(), watcher.poll()] == [(), (str(path),), ()]


def test_of_several_files_those_that_changed_are_told(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths[:2]:
        path.write_text("one", encoding="utf-8")
    watcher = Watcher(map(str, paths))
    overwritten(paths[1], "two")
    overwritten(paths[2], "new")
    assert watcher.poll(settled=True) == (str(paths[1]), str(paths[2]))
    watcher.watch([str(paths[0])])
    overwritten(paths[1], "three")
    assert watcher.paths == (str(paths[0]),)
    assert watcher.poll(settled=True) == ()


def test_what_changed_before_the_watch_began_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one", encoding="utf-8")
    before = stamp(str(path))
    overwritten(path, "two")
    assert Watcher([str(path)], {str(path): before}).poll(settled=True) == (str(path),)


@pytest.mark.parametrize("path", ["\0", "x" * 5000, "/nowhere/at/all"])
def test_a_path_that_is_none_is_as_one_that_is_not_there(path: str) -> None:
    assert stamp(path) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (TEXT, ()),
        (WITH_DATA, ("data/x.csv",)),
        (
            "inputs: {x: {file: a.npy}}\nparams: {w: {file: a.npy}}\nconstants: {t: {file: b.npz}}\n",
            ("a.npy", "b.npz"),
        ),
        ("title: a file\nnodes: [file]\n", ()),
        ("expect: {grads: {w: {file: g.npy}, x: [1]}, values: {f: {file: f.csv}}}\n", ("f.csv", "g.npy")),
        ("expect: [{grads: {w: {file: g.npy}}}, 3, {values: 4}]\n", ("g.npy",)),
        ("inputs: {x: {file: [a]}, y: {file: ''}, z: file}\n", ()),
        ("inputs: {x: {file: /etc/passwd}, y: {file: ../a.csv}, z: {file: 'a\\..\\b.csv'}}\n", ()),
        ("file: [", None),
    ],
)
def test_the_data_files_that_a_scenario_names(
    tmp_path: Path, text: str, named: tuple[str, ...] | None
) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    wanted = None if named is None else tuple(str(tmp_path / name) for name in named)
    assert data_files(str(path)) == wanted


def test_nobody_knows_the_data_files_of_a_scenario_that_is_gone(tmp_path: Path) -> None:
    assert data_files(str(tmp_path / "gone.yaml")) is None


# Opening a file again


def test_settings_stay_in_force(tmp_path: Path) -> None:
    path = Path(written(tmp_path, TEXT).path)
    opening = Opening.of(path, ("x=7",))
    assert opening.load().record().value("x") == 7
    overwritten(path, TEXT.replace("y: 3", "y: 4"))
    again = opening.load().record()
    assert (again.value("x"), again.value("y")) == (7, 4)


def test_a_setting_that_no_longer_fits_is_told(tmp_path: Path) -> None:
    path = Path(written(tmp_path, TEXT.replace("x", "z")).path)
    with pytest.raises(UsageError, match="--set x=7: there is no leaf x; the leaves are z, y"):
        Opening.of(path, ("x=7",)).load()


def test_the_limit_of_memory_stays_in_force(tmp_path: Path) -> None:
    path = Path(written(tmp_path, TEXT).path)
    overwritten(path, "inputs: {x: {shape: [1000], init: zeros}}\nnodes: {f: sum(x)}\n")
    Opening.of(path, max_memory=100_000).load()
    with pytest.raises(Exception, match="memory"):
        Opening.of(path, max_memory=1_000).load()


# On the screen


@pytest.fixture(autouse=True)
def looks_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clock: these tests say themselves when the files are looked at."""
    monkeypatch.setattr("backprop_tui.screens.file_follower.INTERVAL", 3600)


def names(pilot: Pilot[None]) -> list[str]:
    return [node.name for node in debugger(pilot).current.graph.nodes]


async def test_a_save_is_shown_in_place(tmp_path: Path) -> None:
    async with live(tmp_path, at=6) as (pilot, path):
        await save(
            pilot,
            path,
            TEXT.replace("Before", "Afterwards").replace("  f: q * x", "  k: y * y\n  f: q * k * x"),
        )
        shown = seen(pilot)
        assert shown.startswith(" ≡ Afterwards")
        assert names(pilot) == ["x", "y", "q", "k", "f#1", "f"]
        assert "case.yaml has changed and was reloaded" in words_of(pilot)
        for told in ("redefined: f", "new: k", "texts or expectations changed"):
            assert told in words_of(pilot)
        await pilot.press("end")
        assert position(pilot) == debugger(pilot).current.session.run.last


@pytest.mark.thorough
async def test_the_place_and_the_chosen_node_are_kept_by_name(tmp_path: Path) -> None:
    async with live(tmp_path, at=8) as (pilot, path):
        view = debugger(pilot).current
        assert view.frame.edge is not None
        was = (view.frame.edge.node, view.frame.edge.argnum)
        assert was == (view.graph.position("q"), 0)
        await pilot.press("tab", "tab", "down")
        chosen = view.graph.nodes[debugger(pilot).current.session.selection or 0].name
        await save(pilot, path, TEXT.replace("  q: x", "  a: x * 2\n  q: a"))
        view = debugger(pilot).current
        assert view.frame.edge is not None
        assert (view.frame.edge.node, view.frame.edge.argnum) == (view.graph.position("q"), 0)
        assert view.graph.nodes[view.session.selection or 0].name == chosen
        assert pilot.app.focused is debugger(pilot).panel("nodes"), "the focus stays"


@pytest.mark.thorough
@pytest.mark.parametrize("size", [WIDE, NARROW, (40, 12), (20, 6)])
async def test_a_broken_file_is_explained_below_the_running_session(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with live(tmp_path, at=5, size=size) as (pilot, path):
        await save(pilot, path, TEXT.replace("x + y", "x + yy"))
        assert debugger(pilot).follower.mistakes.is_open
        assert position(pilot) == 5
        if size in (WIDE, NARROW):
            words = words_of(pilot)
            assert "case.yaml: 1 to fix showing the last valid version" in words
            assert "error[unknown-name]: `yy` is not defined" in words
            assert "5 | q: x + yy" in words
            assert "hint: did you mean `y`?" in words
        await pilot.press("s", "s")
        assert position(pilot) == 7, "the session goes on"
        await save(pilot, path, TEXT)
        assert not debugger(pilot).follower.mistakes.is_open
        assert position(pilot) == 7


@pytest.mark.thorough
async def test_what_is_wrong_is_what_check_says(tmp_path: Path) -> None:
    broken = TEXT.replace("x + y", "x + yy").replace("q * x", "q *")
    async with live(tmp_path, size=(200, 60)) as (pilot, path):
        await save(pilot, path, broken)
        shown = [line.strip("│ ").rstrip() for line in seen(pilot).splitlines()]
        error = debugger(pilot).follower.mistakes.error
        assert error is not None
        assert {line.strip() for line in str(error).splitlines()} <= {line.strip() for line in shown}


@pytest.mark.thorough
async def test_escape_closes_the_mistakes_and_the_next_save_opens_them_again(tmp_path: Path) -> None:
    async with live(tmp_path, at=5) as (pilot, path):
        await pilot.press("tab", "tab", "down")
        await save(pilot, path, "nodes: {f: x}\n")
        await pilot.press("escape")
        assert not debugger(pilot).follower.mistakes.is_open
        assert debugger(pilot).current.session.selection is not None, "one thing at a time"
        await pilot.press("escape")
        assert debugger(pilot).current.session.selection is None
        await save(pilot, path, "nodes: {f: y}\n")
        assert debugger(pilot).follower.mistakes.is_open
        assert "`y` is not defined" in words_of(pilot)


async def test_many_mistakes_scroll(tmp_path: Path) -> None:
    wrong = "".join(f"  n{number}: missing{number}\n" for number in range(12))
    async with live(tmp_path, size=NARROW) as (pilot, path):
        await save(pilot, path, f"nodes:\n{wrong}")
        panel = debugger(pilot).panel("mistakes")
        assert "missing0" in seen(pilot)
        await pilot.press("shift+tab")
        assert pilot.app.focused is panel
        await pilot.press("down", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert panel.scroll_offset.y == panel.max_scroll_y > 0
        assert "missing11" in seen(pilot)
        await pilot.press("s")
        assert position(pilot) == 1
        await pilot.press("escape")
        assert pilot.app.focused is debugger(pilot).panel("graph")


@pytest.mark.thorough
async def test_tab_reaches_the_mistakes_only_while_they_are_shown(tmp_path: Path) -> None:
    async with live(tmp_path) as (pilot, path):
        visited = []
        for _ in range(4):
            await pilot.press("tab")
            visited.append(pilot.app.focused.id if pilot.app.focused else "")
        assert visited == ["step", "nodes", "graph", "step"]
        await save(pilot, path, "nodes: {f: x}\n")
        visited = []
        for _ in range(4):
            await pilot.press("tab")
            visited.append(pilot.app.focused.id if pilot.app.focused else "")
        assert visited == ["nodes", "mistakes", "graph", "step"]


async def test_a_file_that_vanishes_is_waited_for(tmp_path: Path) -> None:
    async with live(tmp_path, at=3) as (pilot, path):
        await save(pilot, path, None)
        assert "case.yaml has disappeared" in seen(pilot)
        await pilot.press("s")
        assert position(pilot) == 4
        await save(pilot, path, TEXT.replace("Before", "Back"))
        assert seen(pilot).startswith(" ≡ Back")
        assert not debugger(pilot).follower.mistakes.is_open
        assert position(pilot) == 4


async def test_settings_of_the_command_line_stay_in_force(tmp_path: Path) -> None:
    async with live(tmp_path, settings=("x=7",)) as (pilot, path):
        await save(pilot, path, TEXT.replace("y: 3", "y: 5"))
        trace = debugger(pilot).current.session.trace
        assert (trace.value("x"), trace.value("y")) == (7, 5)
        await save(pilot, path, TEXT.replace("x", "z"))
        assert "--set x=7: there is no leaf x" in seen(pilot)
        assert names(pilot)[0] == "x"


async def test_what_no_longer_fits_is_told(tmp_path: Path) -> None:
    async with live(tmp_path, at=2) as (pilot, path):
        for command in (Break("q"), Break("f")):
            debugger(pilot).do(command)
        await save(pilot, path, TEXT.replace("q", "p"))
        assert [one.text for one in debugger(pilot).current.session.breakpoints] == ["f"]
        assert any("Dropped, because it no longer fits the file: q." in notice for notice in notices(pilot))


async def test_breakpoints_and_watches_that_the_file_has_got_are_set(tmp_path: Path) -> None:
    async with live(tmp_path, f"{TEXT}breakpoints: [q]\n") as (pilot, path):
        debugger(pilot).do(Break("f"))
        await save(pilot, path, f"{TEXT}breakpoints: [q, op mul, nonsense]\nwatch: [q + 1]\n")
        session = debugger(pilot).current.session
        assert [one.text for one in session.breakpoints] == ["f", "op mul"], "q was let go of, or never set"
        assert session.watches == ("q + 1",)
        assert "the breakpoint `nonsense` was skipped" in words_of(pilot)


async def test_a_data_file_is_watched_too(tmp_path: Path) -> None:
    data = tmp_path / "data" / "x.csv"
    data.parent.mkdir()
    data.write_text("1\n2\n", encoding="utf-8")
    async with live(tmp_path, WITH_DATA) as (pilot, path):
        await save(pilot, data, "3\n4\n")
        assert debugger(pilot).current.session.trace.value("f") == 25
        await save(pilot, data, None)
        assert "data-not-found" in seen(pilot)
        await save(pilot, data, "0\n1\n")
        assert not debugger(pilot).follower.mistakes.is_open
        assert debugger(pilot).current.session.trace.value("f") == 1
        await save(pilot, path, WITH_DATA.replace("x.csv", "y.csv"))
        await save(pilot, data.with_name("y.csv"), "2\n2\n")
        assert debugger(pilot).current.session.trace.value("f") == 8, "one that was not there is watched for"


@pytest.mark.thorough
async def test_moving_on_while_it_is_loaded_is_not_undone(tmp_path: Path) -> None:
    async with live(tmp_path, at=2) as (pilot, path):
        overwritten(path, TEXT.replace("  q: x", "  a: x * 2\n  q: a"))
        debugger(pilot).follower.look(settled=True)
        await go(pilot, 4)
        await settled(pilot)
        assert debugger(pilot).current.frame.phase.value == "backward"
        node = debugger(pilot).current.frame.node
        assert node is not None
        assert node.name == "f"


@pytest.mark.thorough
async def test_a_reload_under_a_sheet(tmp_path: Path) -> None:
    async with live(tmp_path, at=2) as (pilot, path):
        screen = debugger(pilot)
        await pilot.press("question_mark")
        overwritten(path, TEXT.replace("Before", "Afterwards"))
        screen.follower.look(settled=True)
        await settled(pilot)
        overwritten(path, "nodes: {f: x}\n")
        screen.follower.look(settled=True)
        await settled(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert seen(pilot).startswith(" ≡ Afterwards")
        assert debugger(pilot).follower.mistakes.is_open


@pytest.mark.parametrize("hostile", ["[red]x[/red]", "[/]", "[@click=app.quit]y[/]", "[b"])
async def test_mistakes_are_no_markup(tmp_path: Path, hostile: str) -> None:
    folder = tmp_path / hostile.replace("/", "∕")
    folder.mkdir()
    async with live(folder, size=(160, 40)) as (pilot, path):
        await save(pilot, path, f"title: {{'{hostile}\\e[31m': 3}}\nnodes: {{f: \"'{hostile}'\"}}\n")
        shown = seen(pilot)
        assert f"{hostile}" in shown
        for text in (shown, screen_svg(pilot.app)):
            assert [one for one in text if one < " " and one != "\n"] == []
        await pilot.press("escape", "E")
        await pilot.pause()
        assert pilot.app.is_running


@pytest.mark.thorough
async def test_in_korean(tmp_path: Path) -> None:
    async with live(tmp_path, language="ko") as (pilot, path):
        await save(pilot, path, "nodes: {f: x}\n")
        assert "case.yaml: 고칠 곳 1" in seen(pilot)
        assert "오류[unknown-name]: `x`가 정의되어 있지 않습니다" in words_of(pilot)
        await save(pilot, path, TEXT)
        assert "다시 불러왔습니다" in seen(pilot)


async def test_the_mistakes_follow_the_language_of_the_app(tmp_path: Path) -> None:
    async with live(tmp_path, at=5) as (pilot, path):
        await save(pilot, path, TEXT.replace("x + y", "x + yy"))
        assert "error[unknown-name]: `yy` is not defined" in words_of(pilot)
        pilot.app.choose_language("ko")
        await pilot.pause()
        assert "오류[unknown-name]: `yy`가 정의되어 있지 않습니다" in words_of(pilot)
        assert "힌트: 혹시 `y`입니까?" in words_of(pilot)


@pytest.mark.thorough
async def test_without_a_file_nothing_is_watched() -> None:
    async with opened("add_multiply") as pilot:
        debugger(pilot).follower.look(settled=True)
        assert len(pilot.app.workers) == 0
        assert [timer for timer in debugger(pilot)._timers if timer._interval == 3600] == []


async def test_the_clock_looks_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_tui.screens.file_follower.INTERVAL", 0.01)
    async with live(tmp_path) as (pilot, path):
        overwritten(path, TEXT.replace("Before", "Afterwards"))
        for _ in range(1000):
            await pilot.pause(0.01)
            if seen(pilot).startswith(" ≡ Afterwards"):
                break
        assert seen(pilot).startswith(" ≡ Afterwards")


@pytest.mark.thorough
async def test_the_title_of_the_graph_knows_the_room_of_the_new_graph(tmp_path: Path) -> None:
    async with live(tmp_path, at=2, size=(100, 30)) as (pilot, path):
        edited = TEXT.replace("x + y", "x + y + y")
        assert edited != TEXT
        await save(pilot, path, edited)
        await pilot.pause()
        shown = debugger(pilot)
        assert density_shown(shown.current) == "full"
        assert str(shown.panel("graph").border_title) == "Graph"
