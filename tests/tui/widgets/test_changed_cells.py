"""The cells of a row that changed are found, and few others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.text import cell_width
from backprop_tui.widgets.changed_cells import changed_cells

WIDTH = 40
SPANS = st.builds(Span, st.text("ab 가·", max_size=6), st.sampled_from(list(Role)[:3]))
LINES = st.lists(SPANS, max_size=6).map(tuple)


def cells(line: Line) -> list[tuple[str, object]]:
    """Every cell of a row; behind a wide character an empty one."""
    found: list[tuple[str, object]] = []
    for text, role in line:
        for character in text:
            found += [(character, role), *[("", role)] * (cell_width(character) - 1)]
    return (found + [(" ", Role.TEXT)] * WIDTH)[:WIDTH]


@given(LINES, LINES)
def test_outside_of_what_changed_all_is_as_before(before: Line, after: Line) -> None:
    changed = changed_cells(before, after, WIDTH)
    painted = {x for stretch in changed for x in stretch}
    assert painted <= set(range(WIDTH))
    assert [x for x in range(WIDTH) if cells(before)[x] != cells(after)[x] and x not in painted] == []
    assert [x for x in painted if cells(after)[x][0] == "" and x - 1 not in painted] == [], "half a character"


@given(LINES)
def test_where_nothing_changed_nothing_is_painted(line: Line) -> None:
    split = tuple(Span(character, role) for text, role in line for character in text)
    assert changed_cells(line, line, WIDTH) == changed_cells(line, split, WIDTH) == []


def test_stretches_far_from_each_other_stay_apart() -> None:
    before, after = "w = 0.5" + " " * 20 + "b = 1", "w = 0.7" + " " * 20 + "b = 2"
    assert changed_cells((Span(before),), (Span(after),), WIDTH) == [range(6, 32)]
    spans = [tuple(map(Span, (text[:7], text[7:27], text[27:]))) for text in (before, after)]
    assert changed_cells(spans[0], spans[1], WIDTH) == [range(6, 7), range(31, 32)]
    near = [tuple(map(Span, text)) for text in ("a b", "c d")]
    assert changed_cells(near[0], near[1], WIDTH) == [range(3)]
