"""The screen of a whole run, step by step: as a picture that moves, as a recording, as keys to press."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Final

from rich.color import ColorSystem
from rich.segment import Segment
from textual.strip import Strip

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.bundled import bundled
from backprop_engine.scenario.model import Scenario
from backprop_tui.export.formats import Exported
from backprop_tui.export.screenshot import film_svg
from backprop_tui.headless.screens import Film, filmed
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.view import View

__all__ = ["animation", "cast", "film", "tape"]

_SECONDS: Final = 1.2
"""How long a step is seen."""
_MOST_STEPS: Final = 400
"""In a longer run, not every step would be watched, and the file would be large."""
_NEXT: Final = "s"
"""The key that steps."""


def animation(exported: Exported) -> str:
    """One SVG that shows a step after the other, without a script."""
    shown = film(exported)
    return film_svg(shown.frames, shown.size[0], shown.foreground, shown.background, shown.title, _SECONDS)


def cast(exported: Exported) -> str:
    """A recording in asciicast v2, the format of asciinema."""
    shown = film(exported)
    columns, rows = shown.size
    header = {"version": 2, "width": columns, "height": rows, "title": exported.title}
    events = [
        [round(number * _SECONDS, 3), "o", _painted(frame, shown.frames[number - 1] if number else ())]
        for number, frame in enumerate(shown.frames)
    ]
    events.append([round(len(shown.frames) * _SECONDS, 3), "o", ""])
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [header, *events])


def tape(exported: Exported) -> str:
    """A script for VHS, which runs the program in a terminal and films it."""
    columns, rows = exported.size
    name = clean(exported.scenario.name).replace('"', "'")
    lines = [
        f'Output "{name}.gif"',
        f"Set Width {columns * 10 + 40}",
        f"Set Height {rows * 21 + 40}",
        "Set FontSize 16",
        "Set Padding 20",
        "Hide",
        *_typed(f"backprop-tui {_named(exported.scenario)} --lang {exported.language}"),
        "Enter",
        "Sleep 1.5s",
        "Show",
        f"Sleep {_SECONDS}s",
    ]
    for _ in range(_steps(exported)):
        lines += [*_typed(_NEXT), f"Sleep {_SECONDS}s"]
    return "\n".join(lines) + "\n"


def _named(scenario: Scenario) -> str:
    """A scenario as a shell's argument: a bundled one by its name, any other by its path."""
    path = scenario.path or scenario.name
    return scenario.name if bundled().get(scenario.name) == Path(path) else quote(clean(path))


def _typed(text: str) -> Iterator[str]:
    """Lines that type a text: strings of VHS have no escapes, but more than one kind of quotation marks."""
    for piece in re.findall(r'[^"]+|"+', text):
        mark = "'" if piece.startswith('"') else '"'
        yield f"Type {mark}{piece}{mark}"


def _steps(exported: Exported) -> int:
    """How many steps are filmed: those of the whole run."""
    last = session_of(exported.scenario).last
    if last > _MOST_STEPS:
        raise UsageError(
            msg(
                "a run of {count} steps is too long to film: the limit is {most}",
                count=last,
                most=_MOST_STEPS,
            )
        )
    return last


def film(exported: Exported) -> Film:
    """The screen before the first step, and after each; `UsageError` for a run that is too long."""
    view = View(exported.scenario, session_of(exported.scenario), exported.language)
    return asyncio.run(filmed(view, [_NEXT] * _steps(exported), exported.size, exported.theme))


def _painted(frame: Sequence[Strip], before: Sequence[Strip]) -> str:
    """What a terminal is sent for the rows of a frame that differ from those before it."""
    told = [] if before else ["\x1b[2J\x1b[?25l"]
    for y, row in enumerate(frame):
        if not before or row != before[y]:
            told.append(f"\x1b[{y + 1};1H\x1b[0m{''.join(map(_coloured, row))}")
    return "".join(told)


def _coloured(segment: Segment) -> str:
    text, style, control = segment
    if control:
        return ""
    return style.render(text, color_system=ColorSystem.TRUECOLOR) if style else text
