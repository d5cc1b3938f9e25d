"""What was set when the app ends because of an error of its own is in files that open again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_tui.prompt.debug_file import kept_in, session_of
from backprop_tui.prompt.rescue import rescue
from backprop_tui.view import View
from scenes import scenario
from typist import Typist


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


def test_what_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    nowhere = tmp_path / "a file"
    nowhere.write_text("")
    assert rescue([left(scenario("rnn_cell"), "b op tanh")], nowhere) == []
