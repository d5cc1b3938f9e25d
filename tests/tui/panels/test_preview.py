"""Pictures in the gallery: as near as they fit, bounded, and never an error whatever a file holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from backprop_tui.cells.lines import Line, Role, Span, line_text, line_width, plain
from backprop_tui.files.bundled import bundled
from backprop_tui.panels.preview import preview_of, with_preview
from covering import SHOWN

TEXT: list[Line] = [(Span("A title", Role.HEADING),), (Span("words " * 20),)]


def drawn(stem: str, width: int, height: int, *, ascii: bool = False) -> list[Line]:
    return with_preview(TEXT, preview_of(bundled()[stem]), "en", width, height, ascii=ascii)


def case(folder: Path, text: str) -> Path:
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_a_picture_is_no_wider_than_its_room(stem: str) -> None:
    for width, height in ((20, 5), (46, 20), (76, 9), (110, 50)):
        lines = drawn(stem, width, height)
        assert max(map(line_width, lines)) <= width
        assert "A title" in line_text(lines[0])


def test_the_finished_run_is_shown_as_near_as_it_fits() -> None:
    assert "-12" in plain(drawn("add_multiply", 110, 50)), "with all numbers"
    small = plain(drawn("add_multiply", 46, 12))
    assert "-12" not in small


def test_where_there_is_no_room_below_a_picture_stands_beside_the_words() -> None:
    lines = drawn("branch_and_merge", 76, 9)
    assert len(lines) <= 9
    assert any("words" in line_text(line) and len(line) > 2 for line in lines)


@pytest.mark.thorough
def test_in_ascii_too() -> None:
    from backprop_tui.cells.text import in_ascii

    assert in_ascii(plain(drawn("bptt", 110, 50, ascii=True))).isascii()


def test_a_broken_file_shows_its_mistakes(tmp_path: Path) -> None:
    path = case(tmp_path, "inputs: {x: 1}\nnodes: {f: x * yy}\n")
    preview = preview_of(path)
    assert preview.view is None
    shown = plain(with_preview(TEXT, preview, "en", 80, 30, ascii=False))
    assert "error[unknown-name]" in shown
    assert "^^" in shown
    assert "error" not in plain(with_preview(TEXT, preview, "ko", 80, 30, ascii=False)).splitlines()[4]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("inputs: {x: 1}\nnodes: {f: x * x}\n" + "# " * 200_000, "large file"),
        ("inputs: {x: {shape: [9000, 9000], init: zeros}}\nnodes: {f: sum(x)}\n", "large tensors"),
        ("inputs: {x: {shape: [900, 900], init: zeros}}\nnodes: {f: sum(x)}\n", "large tensors"),
        (
            "inputs: {x: 1}\nnodes:\n"
            + "".join(f"  h{at}: x * {at}\n" for at in range(200))
            + "output: h9\n",
            "nodes",
        ),
    ],
)
def test_what_would_take_long_has_no_picture_and_says_why(tmp_path: Path, text: str, why: str) -> None:
    preview = preview_of(case(tmp_path, text))
    assert preview.view is None
    assert preview.error is None, preview.error
    assert preview.why is not None
    assert why in preview.why.in_language("en")


def test_a_file_that_is_gone_is_no_trap(tmp_path: Path) -> None:
    assert preview_of(tmp_path / "gone.yaml").error is not None
    assert preview_of(tmp_path).error is not None
