"""The outline: the structure as a tree, folded and unfolded, and the cursor in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from backprop_engine.debugger import Fold, Go, Session, update
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Kind
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import Role, line_text, line_width
from backprop_tui.panels.outline import group_at_row, node_in_row, outline, row_in_outline
from backprop_tui.panels.step_marks import step_marks
from backprop_tui.view import View
from covering import SHOWN
from driving import debugger, opened, seen
from scenes import LANGUAGES, STEMS, moments, run, scenario, trace, view, written

GROUPED = [stem for stem in STEMS if trace(stem).graph.groups]

TEXT = """
inputs: {xs: [1, -2, 3]}
params: {w: 0.5}
constants: {t: 1}
cells:
  inner: {inputs: [v], nodes: {s: tanh(v)}, outputs: [s]}
  outer:
    inputs: [x, h]
    nodes:
      a: w * x + h
      b: {cell: inner, inputs: {v: a}}
      h2: b.s * 2
    outputs: [h2]
nodes:
  q: w * 3
  all: {scan: outer, over: {x: xs}, carry: {h: {init: q, next: h2}}}
  L: mse(all[-1].h2, target=t)
"""
OPEN = """\
inputs (1)
  ○ xs
parameters (1)
  ◇ w
constants (1)
  □ t
  q
▾ all  3 × outer
  ▾ [0]  outer
      x
      a#1
      a
    ▾ b  inner
        s
      h2
  ▾ [1]  outer
      x
      a#1
      a
    ▾ b  inner
        s
      h2
  ▾ [2]  outer
      x
      a#1
      a
    ▾ b  inner
        s
      h2
  L"""
INNER_FOLDED = """\
  ▾ [1]  outer
      x
      a#1
      a
    ▸ b  inner
      h2"""


@pytest.fixture
def read(tmp_path: Path) -> Scenario:
    return written(tmp_path, TEXT)


def lines(shown: View, width: int = 80) -> list[str]:
    drawing = outline(shown, width, 10)
    return [line_text(drawing.row(y, 0, width)) for y in range(drawing.height)]


def labels(shown: View) -> str:
    """The tree without marks and numbers."""
    return "\n".join(line_text(line_of(shown, y)) for y in range(outline(shown, 30, 10).height))


def line_of(shown: View, y: int) -> tuple:  # type: ignore[type-arg]
    line = outline(shown, 30, 10).row(y, 0, 60)
    return line[1:]


def folded(read: Scenario, *groups: str) -> View:
    session = Session(read.run())
    for group in groups:
        session = update(session, Fold(group))
    return View(read, session)


def test_the_tree(read: Scenario) -> None:
    assert labels(folded(read)) == OPEN


def test_a_folded_group_is_one_row(read: Scenario) -> None:
    assert INNER_FOLDED in labels(folded(read, "all[1].b"))
    shown = folded(read, "all[1]")
    rows = labels(shown).splitlines()
    assert rows[15:17] == ["  ▸ [1]  outer", "  ▾ [2]  outer"]
    node = node_in_row(shown, 15)
    assert node is not None
    assert node.name == "all[1].h2"


def test_a_scan_is_folded_as_a_whole(read: Scenario) -> None:
    shown = folded(read, "all")
    assert shown.session.folded == ("all[0]", "all[1]", "all[2]")
    assert labels(shown).splitlines()[6:] == ["  q", "▸ all  3 × outer", "  L"]
    assert group_at_row(shown, 7) == "all"
    assert folded(read, "all", "all").session.folded == ()
    assert folded(read, "all[0]", "all").session.folded == ("all[0]", "all[1]", "all[2]")
    node = node_in_row(shown, 7)
    assert node is not None
    assert node.name == "all[2].h2"
    with pytest.raises(UsageError, match="no group none"):
        folded(read, "none")


@pytest.mark.parametrize("stem", SHOWN)
def test_every_node_has_a_row_and_every_row_its_node(stem: str) -> None:
    shown = view(stem)
    height = outline(shown, 60, 10).height
    found = [node.position for y in range(height) if (node := node_in_row(shown, y)) is not None]
    assert sorted(found) == [node.position for node in shown.graph.nodes if node.kind is not Kind.LITERAL]
    for y in range(height):
        node = node_in_row(shown, y)
        if node is not None:
            assert row_in_outline(shown, node.position) == y
    assert node_in_row(shown, -1) is node_in_row(shown, height) is None
    assert group_at_row(shown, -1) == group_at_row(shown, height) == ""


@pytest.mark.parametrize("stem", GROUPED)
def test_every_node_is_in_a_row_however_groups_are_folded(stem: str) -> None:
    session = Session(run(stem))
    for group in ("", *[one.name for one in session.run.graph.groups[::2]]):
        session = update(session, Fold(group))
        shown = View(scenario(stem), session)
        height = outline(shown, 60, 10).height
        for node in shown.graph.nodes:
            if node.kind is Kind.LITERAL:
                continue
            row = row_in_outline(shown, node.position)
            assert 0 <= row < height
            named = group_at_row(shown, row)
            inside = any(
                node.position in range(group.start, group.stop)
                for group in shown.graph.groups
                if group.name == named or group.name.startswith(f"{named}[")
            )
            assert node_in_row(shown, row) is node or inside


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1, 10, 24, 40, 60, 120])
def test_rows_are_as_wide_as_they_may_be(width: int, language: str) -> None:
    for stem in ("bptt", "stacked_cells", "softmax_classifier"):
        drawing = outline(view(stem, 5, language), width, 10)
        for y in range(drawing.height):
            assert line_width(drawing.row(y, 0, width)) <= width


@pytest.mark.thorough
@pytest.mark.parametrize("stem", GROUPED)
def test_the_row_of_the_step_is_marked_and_in_view(stem: str) -> None:
    for at in moments(stem).values():
        for session in (Session(run(stem), at), update(update(Session(run(stem)), Fold()), Go(at))):
            shown = View(scenario(stem), session)
            marked = [y for y, line in enumerate(lines(shown)) if line.startswith("▶")]
            operator, receiver, _ = step_marks(shown.frame).now
            assert marked == ([] if operator is None else [row_in_outline(shown, operator)])
            focus = outline(shown, 60, 10).focus
            assert (focus is None) == (receiver is None)
            if focus is not None and receiver is not None:
                assert row_in_outline(shown, receiver) in range(focus.y, focus.y + focus.height)


def test_numbers_are_those_of_the_position() -> None:
    rows = [line.split() for line in lines(view("bptt", 20))]
    assert ["h", "[0.635", "-0.848]", "◌"] in rows
    before = [line.split() for line in lines(view("bptt", 0))]
    assert ["h", "◌", "◌"] in before
    assert not any(line.endswith("◌") for line in lines(view("bptt", 83)) if line.split()[:1] == ["h"])


def test_in_ascii_the_tree_does_without_signs(read: Scenario) -> None:
    shown = View(read, update(Session(read.run()), Fold("all[1]")), ascii=True)
    rows = lines(shown)
    assert any(row.startswith("    + [1]  outer") for row in rows)
    assert any(row.startswith("    - [0]  outer") for row in rows)
    assert not set("▸▾▶○◇□") & set("".join(rows))


def test_what_is_in_view_costs_the_same_in_a_larger_graph(tmp_path: Path) -> None:
    """Once the tree is there, a screenful calls as many functions in a graph thirty times as large."""
    costs = []
    for length in (20, 600):
        long = TEXT.replace("[1, -2, 3]", str([1] * length)).replace("all[-1]", f"all[{length - 1}]")
        shown = View(written(tmp_path, long, f"of_{length}"), Session(written(tmp_path, long).run(), 30))

        def draw(shown: View = shown) -> None:
            drawing = outline(shown, 60, 20)
            for y in range(10, 30):
                drawing.row(y, 0, 60)

        draw()
        costs.append(_calls(draw))
    assert costs[1] < costs[0] * 1.1


def _calls(what: object) -> int:
    count = 0

    def one_more(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(one_more)
    try:
        what()  # type: ignore[operator]
    finally:
        sys.setprofile(None)
    return count


# In the app


def chosen(pilot: Pilot[None]) -> str | None:
    session = debugger(pilot).current.session
    return None if session.selection is None else session.graph.nodes[session.selection].name


@pytest.mark.thorough
async def test_the_arrows_go_from_node_to_node_over_headings(read: Scenario) -> None:
    async with opened(View(read, Session(read.run())), size=(120, 50)) as pilot:
        debugger(pilot).show_panel("outline")
        await pilot.pause()
        names = []
        for key in ("down", "down", "down", "down", "down", "down", "up"):
            await pilot.press(key)
            names.append(chosen(pilot))
        assert names == ["xs", "w", "t", "q", "all[0].x", "all[0].a#1", "all[0].x"]


async def test_z_folds_what_the_chosen_node_is_in(read: Scenario) -> None:
    async with opened(View(read, Session(read.run()))) as pilot:
        debugger(pilot).show_panel("outline")
        await pilot.press(*["down"] * 8)
        assert chosen(pilot) == "all[0].b.s"
        for wanted in (("all[0].b",), ()):
            await pilot.press("z")
            assert debugger(pilot).current.session.folded == wanted
        await pilot.press("down", "z")
        assert debugger(pilot).current.session.folded == ("all[0]",)


async def test_a_click_on_a_heading_folds_and_on_a_node_chooses(read: Scenario) -> None:
    async with opened(View(read, Session(read.run())), size=(120, 60)) as pilot:
        debugger(pilot).show_panel("outline")
        await pilot.pause()
        panel = debugger(pilot).panel("outline")
        await pilot.click("#outline", offset=(6, 1 + 8))
        await pilot.pause()
        assert debugger(pilot).current.session.folded == ("all[0]",)
        assert "▸ [0]  outer" in seen(pilot)
        await pilot.click("#outline", offset=(6, 1 + 6))
        assert chosen(pilot) == "q"
        assert panel.has_focus
        roles = {span.role for span in panel.drawing.row(6, 0, 40)}
        assert Role.SELECTED in roles
