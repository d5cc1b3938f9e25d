"""Numbers that are not finite stand out wherever they are."""

from __future__ import annotations

import pytest

from backprop_tui.cells.lines import Role, Span, line_text
from backprop_tui.cells.troubles import with_troubles


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("NaN", ["NaN"]),
        ("[1.39 0 -inf]", ["-inf"]),
        ("‖inf‖", ["inf"]),
        ("[NaN 1 NaN]", ["NaN", "NaN"]),
        ("3 Δinf", ["inf"]),
        ("[1 2 3]", []),
        ("∂L/∂info", []),
        ("infinity", []),
    ],
)
@pytest.mark.parametrize("role", [Role.VALUE, Role.GRADIENT, Role.LOCAL, Role.PRODUCT, Role.CHANGED_GRADIENT])
def test_only_the_number_itself_is_trouble(text: str, bad: list[str], role: Role) -> None:
    line = with_troubles((Span("x = ", Role.TEXT), Span(text, role)))
    assert [span.text for span in line if span.role is Role.TROUBLE] == bad
    assert line_text(line) == f"x = {text}"
    assert {span.role for span in line} <= {Role.TEXT, role, Role.TROUBLE}


def test_words_about_it_are_words() -> None:
    line = (Span("0 · inf becomes NaN", Role.TEXT),)
    assert with_troubles(line) == line
