"""What is on the screen right now, as text or as an SVG picture in which every cell keeps its place.

Each run of cells of one style is one element of a stated length, so that rows stay in line whatever font
draws them, and where Hangul is drawn from another font than the letters beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip

from backprop_tui.cells.text import cell_width
from backprop_tui.textual_private import rendered_strips
from backprop_tui.themes import grounds

__all__ = ["film_svg", "screen_svg", "screen_text", "svg", "text"]

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, BASELINE = 10, 20, 16.4, 15
"""In pixels; the baseline is measured from the top of a cell."""
FONTS: Final = "'DejaVu Sans Mono','Noto Sans Mono CJK KR',D2Coding,Menlo,Consolas,monospace"


class _CellStyle(NamedTuple):
    """The visible style: colours as ``#rrggbb``, the background empty if it is that of the screen."""

    letters: str
    ground: str
    bold: bool
    underline: bool


class _Run(NamedTuple):
    """Adjacent cells of one style in a row; `x` is in pixels."""

    x: int
    text: str
    look: _CellStyle


def svg(rows: Sequence[Iterable[Segment]], columns: int, foreground: str, background: str, title: str) -> str:
    """Rows of segments as a picture of `columns` columns; colours are written ``#rrggbb``."""
    width, height = columns * CELL_WIDTH, len(rows) * CELL_HEIGHT
    runs = [list(_runs(row, foreground, background)) for row in rows]
    looks = list(dict.fromkeys(run.look for row in runs for run in row if run.text.strip()))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>text{{font:{FONT_SIZE}px {FONTS};white-space:pre}}{_rules(looks)}</style>",
        f'<rect width="{width}" height="{height}" fill="{background}"/>',
    ]
    for y, row in enumerate(runs):
        lines += _drawn(row, y * CELL_HEIGHT, looks)
    return "\n".join([*lines, "</svg>"]) + "\n"


def film_svg(
    frames: Sequence[Sequence[Iterable[Segment]]],
    columns: int,
    foreground: str,
    background: str,
    title: str,
    seconds: float,
) -> str:
    """Frames of one size as one picture that shows each for some `seconds`, again and again.

    A row is drawn once for all the frames that it stays the same in, one after the other. Where motion is not
    wanted, the first frame is still.
    """
    height, width = max(map(len, frames)) * CELL_HEIGHT, columns * CELL_WIDTH
    runs = [[tuple(_runs(row, foreground, background)) for row in rows] for rows in frames]
    looks = list(dict.fromkeys(run.look for rows in runs for row in rows for run in row if run.text.strip()))
    stretches = list(_stretches(runs))
    rules = [f"text{{font:{FONT_SIZE}px {FONTS};white-space:pre}}{_rules(looks)}"]
    rules += [
        _seen_for(count, 100 * count / len(frames))
        for count in sorted({count for _, _, count, _ in stretches if count < len(frames)})
    ]
    rules.append("@media(prefers-reduced-motion){g{animation:none!important}g.first{visibility:visible}}")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{''.join(rules)}</style>",
        f'<rect width="{width}" height="{height}" fill="{background}"/>',
    ]
    whole = len(frames) * seconds
    for y, first, count, row in stretches:
        drawn = list(_drawn(row, y * CELL_HEIGHT, looks))
        if not drawn:
            continue
        if count < len(frames):
            begins = ' class="first"' if first == 0 else ""
            delay = first * seconds - whole
            style = f"visibility:hidden;animation:f{count} {whole:g}s step-end {delay:g}s infinite"
            drawn = [f'<g{begins} style="{style}">', *drawn, "</g>"]
        lines += drawn
    return "\n".join([*lines, "</svg>"]) + "\n"


def _seen_for(count: int, share: float) -> str:
    """The rule of what is seen for a number of frames, a share of the whole in percent."""
    return f"@keyframes f{count}{{0%{{visibility:visible}}{share:.4f}%{{visibility:hidden}}}}"


def _stretches(
    frames: Sequence[Sequence[tuple[_Run, ...]]],
) -> Iterator[tuple[int, int, int, tuple[_Run, ...]]]:
    """Each row with the first of the frames that it stays the same in, and their number."""
    for y in range(max(map(len, frames))):
        rows = [frame[y] if y < len(frame) else () for frame in frames]
        first = 0
        for row, group in groupby(rows):
            count = len(list(group))
            yield y, first, count, row
            first += count


def _rules(looks: Sequence[_CellStyle]) -> str:
    """The CSS rules of the classes of text, one for each style."""
    rules = []
    for number, look in enumerate(looks):
        bold = ";font-weight:bold" if look.bold else ""
        underline = ";text-decoration:underline" if look.underline else ""
        rules.append(f".s{number}{{fill:{look.letters}{bold}{underline}}}")
    return "".join(rules)


def _drawn(row: Sequence[_Run], y: int, looks: Sequence[_CellStyle]) -> Iterator[str]:
    """The elements of a row: backgrounds first, then text without the spaces around it."""
    for ground, group in groupby(row, key=lambda run: run.look.ground):
        runs = list(group)
        if ground:
            size = sum(cell_width(run.text) for run in runs) * CELL_WIDTH
            yield f'<rect x="{runs[0].x}" y="{y}" width="{size}" height="{CELL_HEIGHT}" fill="{ground}"/>'
    for x, text, look in row:
        shown = text.strip()
        if shown:
            left = x + (len(text) - len(text.lstrip())) * CELL_WIDTH
            size = cell_width(shown) * CELL_WIDTH
            place = f'class="s{looks.index(look)}" x="{left}" y="{y + BASELINE}" textLength="{size}"'
            yield f"<text {place}>{escape(shown)}</text>"


def _runs(row: Iterable[Segment], foreground: str, background: str) -> Iterator[_Run]:
    """The runs of a row; a run ends where the style or the width of characters changes."""
    cells = [
        (character, _look(style or Style.null(), foreground, background))
        for text, style, _ in row
        for character in text
        if cell_width(character)
    ]
    x = 0
    for (look, _), group in groupby(cells, key=lambda cell: (cell[1], cell_width(cell[0]))):
        text = "".join(character for character, _ in group)
        yield _Run(x, text, look)
        x += cell_width(text) * CELL_WIDTH


def _look(style: Style, foreground: str, background: str) -> _CellStyle:
    letters = style.color.get_truecolor().hex if style.color and not style.color.is_default else foreground
    ground = (
        style.bgcolor.get_truecolor().hex if style.bgcolor and not style.bgcolor.is_default else background
    )
    if style.reverse:
        letters, ground = ground, letters
    return _CellStyle(
        letters, "" if ground == background else ground, bool(style.bold), bool(style.underline)
    )


def text(rows: Sequence[Strip]) -> str:
    """Every row of a screen, without trailing spaces."""
    return "\n".join(strip.text.rstrip() for strip in rows) + "\n"


def screen_text(app: App[None]) -> str:
    """Every row of the screen, without trailing spaces."""
    return text(rendered_strips(app))


def screen_svg(app: App[None]) -> str:
    """The screen as SVG in the colours of its theme, without external resources."""
    foreground, background = (colour.hex6.lower() for colour in grounds(app.current_theme))
    return svg(rendered_strips(app), app.size.width, foreground, background, app.title)
