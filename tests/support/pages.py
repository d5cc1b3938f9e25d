"""The page of `export --to html` taken apart again: its parts as a parser sees them, and the data in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from html5lib import HTMLParser, getTreeBuilder

from backprop_engine.explain.facts import StepFacts
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import Line
from backprop_tui.export.formats import FORMATS, Exported
from backprop_tui.export.page.steps import MOST_EXPLAINED
from backprop_tui.render.check_line import numeric_line
from backprop_tui.render.words import note, remarks, summed_over_axes
from scenes import scenario

__all__ = ["Page", "page_of", "parsed", "told_lines", "written_page"]

XHTML = "{http://www.w3.org/1999/xhtml}"


def written_page(what: Scenario, at: int = 0, language: str = "en", iteration: int = 0) -> str:
    """The page of a scenario, open at a position of an iteration."""
    trace = what.run().trace(iteration)
    return FORMATS["html"].write(Exported(what, trace.frame(at), language))


def parsed(html: str) -> Any:
    """The document, by a parser that takes no mistake."""
    return HTMLParser(getTreeBuilder("etree"), strict=True).parse(html)


class Page(NamedTuple):
    """A page: its elements, and its data."""

    document: Any
    data: dict[str, Any]

    def at(self, place: Any) -> Any:
        """What stands at a place of the pool, or what is there in its stead."""
        return self.data["pool"][place] if isinstance(place, int) else place

    def named(self, name: str) -> list[Any]:
        """All elements of a name."""
        return list(self.document.iter(f"{XHTML}{name}"))

    def line(self, place: Any) -> str:
        """A line as text."""
        return "".join(self.at(span)[1:] for span in self.at(place))

    def math(self, place: Any) -> str:
        """An element of MathML as text on one line."""
        head, *inside = self.at(place)
        if not isinstance(head, str):
            return "".join(map(self.math, self.at(place)))
        if head[1:] == "d":
            return "∂{}/∂{}".format(*inside)
        return "".join(one if isinstance(one, str) else self.math(one) for one in inside)

    def elements(self, place: Any) -> Iterator[str]:
        """The names of all elements of MathML in one."""
        head, *inside = self.at(place)
        yield head[1:] if isinstance(head, str) else "mrow"
        for one in inside if isinstance(head, str) else self.at(place):
            if not isinstance(one, str):
                yield from self.elements(one)

    def equation(self, position: int, language: str = "en") -> str:
        """The names and signs of a step's equation, and below them its numbers."""
        names, numbers = "", ""
        for place in self.at(self.data["said"][language][position][2]):
            shown = self.at(place)
            if len(shown) == 2:
                names, numbers = f"{names} {shown[0]} ", f"{numbers} {shown[1]} "
            else:
                below = self.at(shown[2])
                names += self.math(shown[1])
                numbers += below if isinstance(below, str) else json.dumps(below)
        return f"{names}\n{numbers}"

    def told(self, position: int, language: str = "en") -> list[str]:
        """The check of a step, what is wrong with it, its note and remarks."""
        return [
            self.line(line) for lines in self.at(self.data["said"][language][position][6]) for line in lines
        ]


def taken_apart(html: str) -> Page:
    """The page in a text."""
    document = parsed(html)
    found = [script for script in document.iter(f"{XHTML}script") if script.get("id") == "data"]
    return Page(document, json.loads(found[0].text))


@cache
def page_of(stem: str) -> Page:
    """The page of a bundled scenario."""
    return taken_apart(written_page(scenario(stem)))


def told_lines(facts: StepFacts, language: str) -> list[Line]:
    """What the terminal says of a step beside its equation, as far as a page of its graph says it too."""
    small = len(facts.trace.graph.nodes) <= MOST_EXPLAINED
    left_out = () if small else summed_over_axes(facts, language)
    others = [line for line in remarks(facts, language, in_numbers=small) if line != left_out]
    return [numeric_line(facts, language), *note(facts, language), *others]
