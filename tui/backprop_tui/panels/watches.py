"""Watches: the value of each at this position, and its history along the run as a row of bars."""

from __future__ import annotations

from math import isfinite

from backprop_engine.debugger.watches import history_of_watch, value_of_watch
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.summaries import summary
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.view import View

__all__ = ["bars_of", "watch_lines"]

_BARS, _BARS_ASCII = "▁▂▃▄▅▆▇█", "_.-=+*#@"
_NOT_FINITE = "!"
_NARROWEST, _WIDEST = 8, 60


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
            lines.append(_history(view, watch, room))
        except UsageError:
            continue  # the line above says so
    return lines


def _value(view: View, watch: str, width: int) -> Line:
    try:
        value = summary(value_of_watch(watch, view.frame), 40)
    except UsageError as error:
        return (Span(clip(error.in_language(view.language), width), Role.WARNING),)
    name = clip(watch, max(8, width - cell_width(value) - 4))
    return (Span(name, Role.NAME), Span(" = "), Span(value, Role.VALUE))


def _history(view: View, watch: str, room: int) -> Line:
    """Bars over the positions of this iteration; the current one is marked."""
    session = view.session
    last = session.trace.schedule.last
    count = min(room, last + 1)
    positions = [column * last // max(1, count - 1) for column in range(count)] if count > 1 else [0]
    here = min(range(count), key=lambda column: abs(positions[column] - session.here))
    bars = bars_of(history_of_watch(watch, session.trace, positions), ascii_only=view.ascii)
    return (
        Span("  "),
        Span(bars[:here], Role.DIM),
        Span(bars[here], Role.ACTIVE_VALUE),
        Span(bars[here + 1 :], Role.DIM),
    )


def bars_of(numbers: list[float | None], *, ascii_only: bool = False) -> str:
    """A character for each number, higher for larger ones; a blank for None."""
    signs = _BARS_ASCII if ascii_only else _BARS
    finite = [number for number in numbers if number is not None and isfinite(number)]
    least, most = (min(finite), max(finite)) if finite else (0.0, 0.0)

    def sign(number: float | None) -> str:
        if number is None:
            return " "
        if not isfinite(number):
            return _NOT_FINITE
        if most == least:
            return signs[len(signs) // 2]
        return signs[min(len(signs) - 1, int((number - least) / (most - least) * len(signs)))]

    return "".join(map(sign, numbers))
