"""The screen of a whole run, a picture for each step: as SVG, or as PNG with the extra `png`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_tui.cells.text import cell_width
from backprop_tui.export.formats import Exported
from backprop_tui.export.screenshot import svg
from backprop_tui.headless.films import film

__all__ = ["pngs", "svgs"]

_TEXT: Final = re.compile(r"<text ([^>]*)>([^<]*)<")
_WIDE: Final = "style=\"font-family:'Noto Sans Mono CJK KR','Noto Sans CJK KR',D2Coding,NanumGothicCoding\""
"""Fonts for what is two cells wide; resvg takes whatever font it finds first where nothing is said."""


def svgs(exported: Exported) -> Iterator[tuple[str, bytes]]:
    """For each position the name of a file, ``007.svg``, and what is in it."""
    shown = film(exported)
    digits = max(3, len(str(len(shown.frames) - 1)))
    for position, frame in enumerate(shown.frames):
        title = f"{shown.title} {position}/{len(shown.frames) - 1}"
        picture = svg(frame, shown.size[0], shown.foreground, shown.background, title)
        yield f"{position:0{digits}}.svg", picture.encode()


def pngs(exported: Exported) -> Iterator[tuple[str, bytes]]:
    """The same as PNG, as large as the SVG says."""
    if find_spec("resvg_py") is None:
        raise UsageError(msg("PNG export needs extra packages: pip install 'backprop-tui[png]'"))
    from resvg_py import svg_to_bytes

    for name, picture in svgs(exported):
        drawn = _TEXT.sub(_with_a_font, picture.decode())
        drawn = drawn.replace("<svg ", '<svg xml:space="preserve" ', 1)  # resvg has no white-space:pre
        yield name.removesuffix("svg") + "png", bytes(svg_to_bytes(svg_string=drawn))


def _with_a_font(found: re.Match[str]) -> str:
    is_wide = any(cell_width(character) == 2 for character in found[2])
    return f"<text {found[1]} {_WIDE}>{found[2]}<" if is_wide else found[0]
