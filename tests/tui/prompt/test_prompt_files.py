"""Scripts of lines at the prompt, and files that it writes and reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_tui.cli.script import scripted
from backprop_tui.prompt.debug_file import ENDING, beside, kept_in, session_of
from scenes import written
from typist import EVERYTHING, Typist


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("s; n", ["s", "n"]),
        ("s\n\n  n  \n", ["s", "n"]),
        ("# all\ns # one\nn", ["s", "n"]),
        ("p f#1; p x # f#2", ["p f#1", "p x"]),
        ('p sum(x, axis=0); find "a;b"', ["p sum(x, axis=0)", 'find "a;b"']),
        ("set W = [[1; 2]; 3]; s", ["set W = [[1; 2]; 3]", "s"]),
        ("[; ]; s", ["[", "]", "s"]),
        ("{ 2; s", ["{ 2", "s"]),
        ("s;;; ;n", ["s", "n"]),
        ("", []),
        ("find 'a; s\nn", ["find 'a; s", "n"]),
    ],
)
def test_the_commands_of_a_script(text: str, commands: list[str]) -> None:
    assert [one.text for one in scripted(text)] == commands


def test_a_command_knows_its_line() -> None:
    assert [tuple(one) for one in scripted("s; n\n# no\nc")] == [(1, "s"), (1, "n"), (3, "c")]


def test_saving_and_reading_again(tmp_path: Path, everything: Scenario) -> None:
    typist = Typist(everything)
    shown = typist("b op tanh", "b L if norm(grad) > 1", "tb x", "watch W @ x", "disable 1", "save")
    path = tmp_path / f"case{ENDING}"
    assert shown.startswith(f"saved to {path} (breakpoints: 2, watches: 1)")
    assert "not saved: whether breakpoints are off" in shown
    assert kept_in(path) == (("op tanh", "L if norm(grad) > 1"), ("W @ x",))
    again = session_of(everything)
    assert [one.text for one in again.breakpoints] == ["op tanh", "L if norm(grad) > 1"]
    assert again.watches == ("W @ x",)
    assert all(one.enabled for one in again.breakpoints)
    typist("delete", "unwatch", "save")
    assert kept_in(path) == ((), ())


def test_the_saved_file_stands_in_place_of_the_scenarios_own_lists(tmp_path: Path) -> None:
    text = EVERYTHING + "breakpoints: [op tanh, two.h if norm(grad) > 1]\nwatch: [norm(W)]\n"
    read = written(tmp_path, text)
    assert [one.text for one in session_of(read).breakpoints] == ["op tanh", "two.h if norm(grad) > 1"]
    assert session_of(read).watches == ("norm(W)",)
    (tmp_path / "case.debug").write_text("breakpoints: [L]\n", "utf-8")
    assert [one.text for one in session_of(read).breakpoints] == ["L"]
    assert session_of(read).watches == ()


def test_what_cannot_be_set_is_told_and_left_out(tmp_path: Path) -> None:
    read = written(tmp_path, EVERYTHING + "breakpoints: [L, nothing, op nothing]\nwatch: [zz, x]\n")
    told: list[str] = []
    session = session_of(read, warn=told.append)
    assert [one.text for one in session.breakpoints] == ["L"]
    assert session.watches == ("x",)
    assert [one.split(":")[0] for one in told] == [
        "the breakpoint `nothing` was skipped",
        "the breakpoint `op nothing` was skipped",
        "the watch `zz` was skipped",
    ]


@pytest.mark.parametrize(
    "content", ["", "x: 1\n", "breakpoints: q\n", "[1, 2]\n", "\0", "breakpoints: [[1]]\n"]
)
def test_nothing_foreign_is_overwritten(tmp_path: Path, everything: Scenario, content: str) -> None:
    path = tmp_path / "case.debug"
    path.write_text(content, "utf-8")
    told: list[str] = []
    session_of(everything, warn=told.append)
    assert len(told) == 1
    assert "nothing was written" in Typist(everything).refused("save")
    assert path.read_text("utf-8") == content


def test_a_link_or_a_folder_is_not_written_to(tmp_path: Path, everything: Scenario) -> None:
    (tmp_path / "target").write_text("breakpoints: []\n", "utf-8")
    (tmp_path / "case.debug").symlink_to(tmp_path / "target")
    assert "is not a regular file" in Typist(everything).refused("save")
    (tmp_path / "folder.debug").mkdir()
    assert "is not a regular file" in Typist(everything).refused(f"save {tmp_path / 'folder.debug'}")
    assert "No such file" in Typist(everything).refused(f"save {tmp_path / 'no' / 'x.debug'}")
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "case.debug",
        "case.yaml",
        "folder.debug",
        "target",
    ]


def test_a_file_of_very_many_is_refused_as_a_whole(tmp_path: Path, everything: Scenario) -> None:
    path = tmp_path / f"case{ENDING}"
    lines = "".join(f"  - {at}\n" for at in range(1001))
    path.write_text(f"breakpoints: []\nwatch:\n{lines}")
    warned: list[str] = []
    assert session_of(everything, warn=warned.append).watches == ()
    assert warned == [f"{path}: a list for the debugger can have at most 1,000 texts"]


def test_loading_adds_what_is_not_set(tmp_path: Path, add: Typist) -> None:
    path = tmp_path / "mine.debug"
    path.write_text("breakpoints:\n  - q\n  - nothing\nwatch:\n  - 'x + y'\n", "utf-8")
    add("b q")
    shown = add(f"load {path}").splitlines()
    assert shown[0] == f"loaded from {path} (breakpoints: 0, watches: 1)"
    assert "the breakpoint `nothing` was skipped" in shown[1]
    assert [one.text for one in add.session.breakpoints] == ["q"]
    assert add.session.watches == ("x + y",)


ODD = [
    "- q",
    "q: 1",
    "#1",
    "'",
    '"',
    "[x]",
    "true",
    "null",
    "~",
    "1e3",
    "if x > 0",
    "a'b",
    "&a",
    "*b",
    "한글",
]


def test_odd_texts_read_back_as_they_are(tmp_path: Path) -> None:
    from backprop_tui.prompt.debug_file import Kept, keep

    kept = Kept(tuple(ODD), tuple(ODD[::-1]))
    keep(tmp_path / "odd.debug", kept)
    assert kept_in(tmp_path / "odd.debug") == kept
    assert [one.name for one in tmp_path.iterdir()] == ["odd.debug"]


def test_exporting_a_branch(tmp_path: Path, everything: Scenario) -> None:
    typist = Typist(everything)
    path = tmp_path / "new.yaml"
    typist("set W[0,1] = 0.1", "set b = [nan, 1e-300]", "set one.h = 0", "set grad(x) = 1")
    shown = typist(f"export {path}")
    assert shown.splitlines()[1].endswith("cannot express it: one.h, grad(x)")
    again = load_scenario(path)
    for name in ("W", "b", "x"):
        np.testing.assert_array_equal(
            again.bindings.leaves[again.graph.position(name)],
            typist.session.run.bindings.leaves[everything.graph.position(name)],
        )
    assert "already exists: nothing was written" in typist.refused(f"export {path}")
    assert "No such file" in typist.refused(f"export {tmp_path / 'no' / 'x.yaml'}")


def test_a_scenario_that_became_a_link_to_itself_has_a_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("inputs: {x: 1}\nnodes: {f: x * 2}\n", "utf-8")
    read = load_scenario(path)
    path.unlink()
    path.symlink_to(path.name)
    assert beside(read) == tmp_path / f"s{ENDING}"
    assert "saved to" in Typist(read)("b f", "save")
