"""Which panels there are, and where each stands; Tab and the digits go through them in this order."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from backprop_tui.texts import text

__all__ = ["FIRST_IN_FRONT", "PLACES", "PLOTS", "Place", "place_named"]


class Place(Struct, frozen=True):
    """A panel's name and the region that it shares with others, of which one is in front.

    On a `roomy` screen it may stand in another region. `titled` is the text that names it.
    """

    name: str
    region: str
    roomy: str
    titled: str

    def title(self, language: str) -> str:
        """What the panel is called."""
        return text(self.titled, language)


def _place(name: str, titled: str, region: str, roomy: str = "") -> Place:
    return Place(name, region, roomy or region, titled)


PLACES: Final = (
    _place("graph", "panel.graph", "graph"),
    _place("chain", "panel.chain_rule", "equation"),
    _place("nodes", "panel.nodes", "lists"),
    _place("outline", "panel.outline", "lists", roomy="structure"),
    _place("plots", "panel.plots", "lists", roomy="structure"),
    _place("calls", "panel.calls", "lists", roomy="structure"),
    _place("formula", "panel.formula", "words", roomy="structure"),
    _place("why", "panel.why", "words"),
)
"""A region's panels follow each other, and regions stand as the screen's grid fills: by rows."""

PLOTS: Final = ("loss", "time", "gradients", "norms", "parameters", "plane")
"""The kinds of plots that the panel of that name goes through, by their names at the prompt."""


FIRST_IN_FRONT: Final = ("chain", "nodes", "why", "formula")
"""The panels that stand in front as long as nobody has brought others there."""


def place_named(name: str) -> Place | None:
    """The panel called `name`, or of that number, if there is one."""
    for number, one in enumerate(PLACES, 1):
        if name in (one.name, str(number)):
            return one
    return None
