"""Watches: what a row of bars stands for, also before there is anything to show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backprop_engine.debugger import Watch, update
from backprop_tui.cells.lines import Role, line_text, line_width
from backprop_tui.panels.watches import watch_lines
from backprop_tui.view import View
from scenes import view


def watching(at: int, *texts: str, ascii: bool = False) -> View:
    shown = view("rnn_cell", at, ascii=ascii)
    session = shown.session
    for text in texts:
        session = update(session, Watch(text))
    return replace(shown, session=session)


def test_before_a_watch_has_a_value_its_bars_say_what_they_are_and_when_it_gets_one() -> None:
    *_, value, course = map(line_text, watch_lines(watching(3, "norm(grad(c))"), 60))
    assert value == "norm(grad(c)) = ◌"
    assert course.endswith("0.509  from step 16")
    assert course.lstrip().startswith("◌")
    *_, value, course = map(line_text, watch_lines(watching(16, "norm(grad(c))"), 60))
    assert value == "norm(grad(c)) = 0.508904"
    assert course.endswith("0.509")


def test_bars_that_differ_have_the_range_beside_them() -> None:
    shown = view("bptt", 60)
    shown = replace(shown, session=update(shown.session, Watch("grad(W_hh)")))
    *_, course = watch_lines(shown, 80)
    least, sign, most = line_text(course).split()[-3:]
    assert sign == "…"
    assert float(least) < float(most)


def test_what_is_ahead_is_dim() -> None:
    *_, course = watch_lines(watching(16, "L"), 60)
    roles = [span.role for span in course if span.text.strip()]
    assert roles[-2:] == [Role.DIM, Role.DIM]
    assert Role.ACTIVE_VALUE in roles


@pytest.mark.parametrize("width", [20, 40, 120])
@pytest.mark.parametrize("ascii", [False, True])
def test_no_line_is_wider_than_the_panel(width: int, ascii: bool) -> None:
    for at in (0, 16, 38):
        for line in watch_lines(watching(at, "norm(grad(c))", ascii=ascii), width)[2:]:
            assert line_width(line) <= width
