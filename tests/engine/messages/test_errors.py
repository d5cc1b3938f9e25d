"""Places, diagnostics, and how they read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine import errors
from backprop_engine.errors import (
    CODES,
    BackpropError,
    Code,
    Diagnostic,
    Place,
    ScenarioError,
    ShapeError,
    UsageError,
)
from backprop_tui.cells.text import cell_width

SHAPE = Code("test-shape", "shapes that do not fit")


def _lines(diagnostic: Diagnostic) -> list[str]:
    return str(diagnostic).split("\n")


def test_a_diagnostic_without_a_place_is_one_line() -> None:
    assert str(Diagnostic(SHAPE, "x is 2, W is 3×4")) == "error[test-shape]: x is 2, W is 3×4"


def test_a_diagnostic_quotes_its_line_with_carets_under_the_place() -> None:
    diagnostic = Diagnostic(
        SHAPE,
        "x is 2, W is 3×4",
        Place("net.yaml", 12, 6, 5),
        hint="did you mean W.T @ x?",
        quoted="  a: W @ x + b",
    )
    assert _lines(diagnostic) == [
        "net.yaml:12:6: error[test-shape]: x is 2, W is 3×4",
        "   12 |   a: W @ x + b",
        "      |      ^^^^^",
        "  hint: did you mean W.T @ x?",
    ]


def test_carets_stand_under_hangul() -> None:
    """Hangul takes two cells: before the place and under it."""
    diagnostic = Diagnostic(SHAPE, "m", Place("n.yaml", 3, 8, 3), quoted="  은닉층: 가중치 @ x")
    assert _lines(diagnostic)[1:] == [
        "    3 |   은닉층: 가중치 @ x",
        "      | " + " " * (2 + 3 * 2 + 2) + "^" * (3 * 2),
    ]


def test_a_warning_says_so() -> None:
    assert str(Diagnostic(SHAPE, "m", Place("n.yaml", 1, 2), severity="warning")) == (
        "n.yaml:1:2: warning[test-shape]: m"
    )


def test_a_place_at_the_end_of_a_line_has_one_caret() -> None:
    diagnostic = Diagnostic(SHAPE, "m", Place("n.yaml", 1, 6), quoted="a: x")
    assert _lines(diagnostic)[2].count("^") == 1


LETTERS = st.sampled_from("ab @가나σ")


@given(
    before=st.text(LETTERS, max_size=300),
    under=st.text(LETTERS, min_size=1, max_size=20),
    after=st.text(LETTERS, max_size=300),
)
def test_carets_stand_under_the_place_on_lines_of_any_length(before: str, under: str, after: str) -> None:
    place = Place("n.yaml", 7, len(before) + 1, len(under))
    _, quoted, carets = _lines(Diagnostic(SHAPE, "m", place, quoted=before + under + after))
    gutter = "    7 | "
    assert quoted.startswith(gutter)
    assert carets.startswith("      | ")
    start = len(carets.rstrip("^"))
    pointed, column = "", cell_width(gutter)
    for character in quoted.removeprefix(gutter):
        if start <= column < len(carets):
            pointed += character
        column += cell_width(character)
    assert pointed == under
    assert len(quoted) <= len(gutter) + 102
    shown = quoted.removeprefix(gutter)
    assert shown == before + under + after or "…" in (shown[0], shown[-1])


def test_a_code_is_declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "CODES", {})
    first = errors.code("twice", "a mistake")
    assert {"twice": first} == errors.CODES
    with pytest.raises(ValueError, match="twice is declared twice"):
        errors.code("twice", "another mistake")


def test_codes_are_kept_under_their_names() -> None:
    assert all(name == code.name and code.meaning for name, code in CODES.items())


def test_a_scenario_error_holds_every_mistake() -> None:
    error = ScenarioError(Diagnostic(SHAPE, message) for message in ("one", "two"))
    assert [diagnostic.message for diagnostic in error.diagnostics] == ["one", "two"]
    assert str(error) == "error[test-shape]: one\nerror[test-shape]: two"


def test_a_shape_error_gives_its_hint() -> None:
    assert str(ShapeError("p is 2", "try p.T")) == "p is 2 (try p.T)"
    assert str(ShapeError("p is 2")) == "p is 2"


@pytest.mark.parametrize("kind", [ScenarioError, ShapeError, UsageError])
def test_every_error_of_a_user_has_one_base(kind: type[Exception]) -> None:
    assert issubclass(kind, BackpropError)


def test_places_sort_by_file_line_and_column() -> None:
    places = [Place("b", 1, 1), Place("a", 2, 1), Place("a", 1, 9), Place("a", 1, 2)]
    assert sorted(places) == places[::-1]
    assert str(places[0]) == "b:1:1"
