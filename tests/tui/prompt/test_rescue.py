"""What was set when the app ends because of an error of its own is in files that open again."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from backprop_engine.debugger import Session
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_tui.prompt.debug_file import kept_in, session_of
from backprop_tui.prompt.rescue import rescue
from backprop_tui.view import View
from recorded import recorded_mlp
from scenes import scenario
from typist import EVERYTHING, Typist


def left(shown: Scenario, *lines: str) -> View:
    """A view in which these lines were typed."""
    typist = Typist(shown)
    typist(*lines)
    return View(shown, typist.session)


def test_a_branch_opens_again_with_its_breakpoints(tmp_path: Path, everything: Scenario) -> None:
    view = left(everything, "b op tanh", "tb x", "watch W @ x", "set x = [3, 4]", "set W[0, 1] = 7")
    own, *others = rescue([view], tmp_path / "elsewhere")
    assert own == tmp_path / "case-rescued.yaml"
    assert [path.name for path in others] == ["case-rescued-2.yaml"]
    for path, branch in ((own, view.session.branches.here), (others[0], view.session.branches.every["b1"])):
        again = load_scenario(path)
        for override in branch.overrides.values():
            given = again.bindings.given(again.graph[override.node].position)
            np.testing.assert_array_equal(given, override.tensor, strict=True)
        session = session_of(again)
        assert ([one.text for one in session.breakpoints], session.watches) == (["op tanh"], ("W @ x",))
    assert not (tmp_path / "elsewhere").exists()


def test_without_changes_there_are_breakpoints_alone(tmp_path: Path) -> None:
    view = left(scenario("rnn_cell"), "b op tanh")
    (path,) = rescue([view], tmp_path / "kept")
    assert path == tmp_path / "kept" / "rnn_cell-rescued.debug"
    assert kept_in(path) == (("op tanh",), ())


def test_where_nothing_was_set_nothing_is_written(tmp_path: Path, everything: Scenario) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert rescue([left(everything, "s", "set one.h = [1, 2]")], tmp_path / "kept") == []
    assert sorted(tmp_path.rglob("*")) == before


def test_no_file_takes_the_place_of_another(tmp_path: Path, everything: Scenario) -> None:
    view = left(everything, "b op tanh", "set x = [3, 4]")
    found = [rescue([view], tmp_path)[0].name for _ in range(3)]
    assert found == ["case-rescued.yaml", "case-rescued-2.yaml", "case-rescued-3.yaml"]
    alone = left(everything, "b op add")
    assert [path.name for path in rescue([alone], tmp_path)] == ["case-rescued-4.debug"]


def test_what_cannot_be_written_is_left_out_and_told(tmp_path: Path) -> None:
    nowhere = tmp_path / "a file"
    nowhere.write_text("")
    lost: list[Exception] = []
    changed = left(scenario("rnn_cell"), "b op tanh", "set x = 0")
    assert rescue([changed, left(scenario("rnn_cell"))], nowhere, lost.append) == []
    assert {type(error) for error in lost} == {FileExistsError}
    assert len(lost) == 2  # the branch, and then its breakpoint


def test_a_link_at_its_place_is_not_written_to(tmp_path: Path, everything: Scenario) -> None:
    for ending in (".debug", "-2.yaml"):
        (tmp_path / f"case-rescued{ending}").symlink_to("nowhere")
    (path,) = rescue([left(everything, "b op tanh", "set x = [3, 4]")], tmp_path / "elsewhere")
    assert path == tmp_path / "case-rescued-3.yaml"
    assert kept_in(path.with_suffix(".debug")) == (("op tanh",), ())
    assert not (tmp_path / "nowhere").exists()
    assert not (tmp_path / "case-rescued.yaml").exists()


def test_where_its_folder_takes_nothing_files_are_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    (folder / "case.yaml").write_text(EVERYTHING)
    view = left(load_scenario(folder / "case.yaml"), "b op tanh", "set x = [3, 4]")
    (folder / "case.yaml").unlink()
    folder.rmdir()
    (path,) = rescue([view], tmp_path / "kept")
    assert path == tmp_path / "kept" / "case-rescued.yaml"
    assert not folder.exists()


def test_where_a_branch_cannot_be_written_there_are_breakpoints(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "recording")
    recording = left(load_recording(tmp_path / "recording"), "b op relu", "set hidden.bias[0] = 7")
    assert recording.session.branches.here.overrides
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    (tmp_path / "case.yaml").write_text(
        "inputs: {x: {file: x.csv}}\nparams: {w: [1, 2]}\nnodes: {L: sum(x @ w)}\n"
    )
    without_data = left(load_scenario(tmp_path / "case.yaml"), "b op matmul", "set w = [3, 4]")
    (tmp_path / "x.csv").unlink()
    found = rescue([recording, without_data], tmp_path / "elsewhere")
    assert [path.name for path in found] == ["recording-rescued.debug", "case-rescued.debug"]
    assert [kept_in(path).breakpoints for path in found] == [("op relu",), ("op matmul",)]


@pytest.mark.parametrize("stem", ["x" * 240, "\U00020000" * 60])
def test_a_long_name_is_cut(tmp_path: Path, stem: str) -> None:
    (tmp_path / f"{stem}.yaml").write_text(EVERYTHING)
    view = left(load_scenario(tmp_path / f"{stem}.yaml"), "b op tanh", "set x = [3, 4]")
    found = [path.name for _ in range(12) for path in rescue([view], tmp_path / "elsewhere")]
    assert len(set(found)) == 12
    assert all(stem.startswith(name.partition("-rescued")[0]) for name in found)
    assert max(len(name.encode()) for name in found) < 143  # what an encrypted folder takes


def test_an_error_of_one_view_takes_nothing_of_another(tmp_path: Path, everything: Scenario) -> None:
    broken = View(everything, Session(everything.run(), watches=(cast(str, 7),)))
    found = rescue([broken, left(everything, "b op tanh")], tmp_path / "elsewhere")
    assert [path.name for path in found] == ["case-rescued.debug"]
