"""Watches: the value of each at this position, and its history along the run as a row of bars."""

from __future__ import annotations

from math import isfinite

from backprop_engine.debugger.watches import history_of_watch, value_of_watch
from backprop_engine.errors import UsageError
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span, clip_line
from backprop_tui.cells.summaries import ABSENT, summary
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.view import View

__all__ = ["bars_of", "watch_lines"]

_BARS, _BARS_ASCII = "▁▂▃▄▅▆▇█", "_.-=+*#@"
_NOT_FINITE = "!"
_NOTHING_ASCII = " "
_NARROWEST, _WIDEST = 8, 60
_LABEL = 20
"""The cells beside the bars for the numbers that they stand for."""
_DIGITS = 3
_LONG = 1000
"""With more steps ahead, the step that gives a watch its value is not looked for."""


def watch_lines(view: View, width: int) -> list[Line]:
    """Each watch with its value, and its history below; empty without watches."""
    session = view.session
    if not session.watches or session.levels:
        return []
    lines: list[Line] = [(Span(""),), (Span(msg("watches").in_language(view.language), Role.DIM),)]
    room = max(_NARROWEST, min(_WIDEST, width - 4))
    for watch in session.watches:
        lines.append(_value(view, watch, width))
        try:
            lines.append(clip_line(_history(view, watch, room), width))
        except UsageError:
            continue  # the line above says so
    return lines


def _value(view: View, watch: str, width: int) -> Line:
    try:
        value = summary(value_of_watch(watch, view.frame), 40)
    except UsageError as error:
        return (Span(clip(error.in_language(view.language), width), Role.WARNING),)
    name = clip(watch, max(8, width - cell_width(value) - 4))
    return (Span(name, Role.NAME), Span(" = "), Span(value, Role.DIM if value == ABSENT else Role.VALUE))


def _history(view: View, watch: str, room: int) -> Line:
    """Bars over the positions of this iteration, what is ahead dimmed, and the numbers they stand for."""
    session = view.session
    last = session.trace.schedule.last
    count = max(1, min(room - _LABEL, last + 1))
    positions = [column * last // max(1, count - 1) for column in range(count)] if count > 1 else [0]
    here = min(range(count), key=lambda column: abs(positions[column] - session.here))
    numbers = history_of_watch(watch, session.trace, positions)
    bars = bars_of(numbers, ascii_only=view.ascii)
    label = _range(numbers)
    first = _arrival(view, watch) if numbers[here] is None else None
    if first is not None:
        label += f"  {msg('from step {position}', position=first).in_language(view.language)}"
    return (
        Span("  "),
        Span(bars[:here], Role.VALUE),
        Span(bars[here], Role.ACTIVE_VALUE),
        Span(bars[here + 1 :], Role.DIM),
        Span(f"  {label}", Role.DIM),
    )


def _arrival(view: View, watch: str) -> int | None:
    """The step ahead that gives a watch its value, where the run is not too long to look for it."""
    session = view.session
    ahead = range(session.here + 1, session.trace.schedule.last + 1)
    if len(ahead) > _LONG:
        return None
    numbers = history_of_watch(watch, session.trace, ahead)
    return next((at for at, known in zip(ahead, numbers, strict=True) if known is not None), None)


def _range(numbers: list[float | None]) -> str:
    """The least and the greatest of all numbers that are finite; one where they are the same."""
    finite = [value for value in numbers if value is not None and isfinite(value)]
    if not finite:
        return ""
    least, most = (number(end, _DIGITS) for end in (min(finite), max(finite)))
    return least if least == most else f"{least} … {most}"


def bars_of(numbers: list[float | None], *, ascii_only: bool = False) -> str:
    """A character for each number, higher for larger ones; a sign of its own for a missing one."""
    signs = _BARS_ASCII if ascii_only else _BARS
    finite = [value for value in numbers if value is not None and isfinite(value)]
    least, most = (min(finite), max(finite)) if finite else (0.0, 0.0)

    def sign(value: float | None) -> str:
        if value is None:
            return _NOTHING_ASCII if ascii_only else ABSENT
        if not isfinite(value):
            return _NOT_FINITE
        if most == least:
            return signs[len(signs) // 2]
        return signs[min(len(signs) - 1, int((value - least) / (most - least) * len(signs)))]

    return "".join(map(sign, numbers))
