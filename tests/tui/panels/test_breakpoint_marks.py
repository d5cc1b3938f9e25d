"""Breakpoints are seen in the outline and on the timeline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_engine.debugger import Break, Enable, Fold, update
from backprop_engine.debugger.marks import breakpoint_positions
from backprop_tui.cells.lines import Role, Span, line_text
from backprop_tui.panels.outline import outline, row_in_outline
from backprop_tui.panels.timeline import position_at, timeline
from backprop_tui.view import View
from scenes import trace, view


def marked(stem: str, at: int, *texts: str, ascii: bool = False) -> View:
    shown = view(stem, at, ascii=ascii)
    session = shown.session
    for text in texts:
        session = update(session, Break(text))
    return replace(shown, session=session)


def ticks(shown: View, width: int, signs: str) -> list[int]:
    """The columns of the timeline with a sign of a breakpoint."""
    line = "".join(span.text for span in timeline(shown, width, 1).row(0, 0, width))
    return [column for column, sign in enumerate(line) if sign in signs]


@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell"])
@pytest.mark.parametrize("ascii", [False, True])
def test_the_timeline_has_a_tick_wherever_running_stops(stem: str, ascii: bool) -> None:
    name = trace(stem).graph.nodes[trace(stem).graph.output].name
    for at in range(trace(stem).schedule.last + 1):
        shown = marked(stem, at, name, ascii=ascii)
        wanted = breakpoint_positions(shown.session).tolist()
        found = [position_at(shown, 110, column) for column in ticks(shown, 110, "B&b" if ascii else "◆◈◇")]
        if not ascii:  # words have letters too
            assert found == wanted
        assert set(wanted) <= set(found)


def test_a_tick_says_whether_it_is_ahead() -> None:
    shown = marked("add_multiply", 2, "q", "phase backward")
    line = timeline(shown, 110, 1).row(0, 0, 110)
    assert Span("◆", Role.WARNING) in line
    assert Span("◇", Role.WARNING) in line
    off = replace(shown, session=update(update(shown.session, Enable(1, False)), Enable(2, False)))
    assert not ticks(off, 110, "◆◈◇")


def test_where_a_cell_stands_for_several_steps_a_tick_stands_for_any() -> None:
    shown = marked("lstm", 40, "L")
    columns = ticks(shown, 50, "◆◈◇")
    assert columns
    assert "━" in line_text(timeline(shown, 50, 1).row(0, 0, 50))


def test_the_outline_marks_nodes_and_what_they_are_folded_into() -> None:
    shown = marked("bptt", 0, "s[1].h")
    node = shown.graph.position("s[1].h")

    def first(one: View) -> Span:
        return outline(one, 70, 40).row(row_in_outline(one, node), 0, 70)[0]

    assert first(shown) == Span("●", Role.WARNING)
    assert first(replace(shown, session=update(shown.session, Enable(1, False)))) == Span("○", Role.DIM)
    folded = replace(shown, session=update(shown.session, Fold("s[1]")))
    assert row_in_outline(folded, node) != row_in_outline(shown, node)
    assert first(folded) == Span("●", Role.WARNING)
    drawing = outline(folded, 70, 40)
    rows = [drawing.row(y, 0, 70)[0] for y in range(drawing.height)]
    assert rows.count(Span("●", Role.WARNING)) == 1
    whole = replace(shown, session=update(shown.session, Fold("s")))
    assert first(whole) == Span("●", Role.WARNING)
    assert first(replace(shown, ascii=True)).text == "*"


def test_without_breakpoints_nothing_has_moved() -> None:
    shown = view("bptt", 0)
    assert outline(shown, 70, 40).row(0, 0, 70)[0].text == "  "
