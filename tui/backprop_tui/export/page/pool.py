"""Data that holds each item once: repetitions are replaced by the item's number in a pool, and an item
without repetitions is where it is used.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from backprop_tui.cells.lines import Line, Span
from backprop_tui.export.page.formula import Element, css_class

__all__ = ["Pool"]


class Pool:
    """Values, each once, by the numbers of their places."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.classes: dict[str, str] = {}
        """A letter for each class."""
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int:
        """The place of a value."""
        key = json.dumps(value)
        if key not in self._places:
            self._places[key] = len(self.values)
            self.values.append(value)
        return self._places[key]

    def letter(self, kind: str) -> str:
        """The letter for a class."""
        return self.classes.setdefault(kind, chr(ord("a") + len(self.classes)))

    def element(self, element: Element) -> int:
        """The place of an element of MathML: its name after a letter for its class, and its text or the
        places of what is in it; of a plain row those alone.
        """
        name, kind, *inside = element
        found = [one if isinstance(one, str) else self.element(one) for one in inside]
        return self.place(found if (name, kind) == ("mrow", "") else [self.letter(kind) + name, *found])

    def span(self, span: Span) -> int:
        """The place of a span: its text after a letter for its class."""
        return self.place(self.letter(css_class(span.role)) + span.text)

    def line(self, line: Line) -> int:
        """The place of a line, which has the places of its spans."""
        return self.place([self.span(span) for span in line if span.text])

    def sorted(self, used: Any) -> tuple[list[Any], Any]:
        """The values with those first that are in most places, and what was `used` of them with the numbers
        that they have then: short ones for most. A value that is in one place only is put there itself.
        """
        counts = Counter(place for value in (used, self.values) for place in _places(value))
        shared = [place for place in range(len(self.values)) if counts[place] > 1]
        order = sorted(shared, key=lambda place: (-counts[place], place))
        new = {place: number for number, place in enumerate(order)}

        def put(place: int) -> Any:
            return new[place] if place in new else _renamed(self.values[place], put)

        return [_renamed(self.values[place], put) for place in order], _renamed(used, put)


def _places(value: Any) -> Iterator[int]:
    """The places in a value: all numbers in it."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _places(one)


def _renamed(value: Any, new: Callable[[int], Any]) -> Any:
    """A value with something else for its places."""
    if isinstance(value, list):
        return [_renamed(one, new) for one in value]
    if isinstance(value, dict):
        return {name: _renamed(one, new) for name, one in value.items()}
    return new(value) if isinstance(value, int) and not isinstance(value, bool) else value
