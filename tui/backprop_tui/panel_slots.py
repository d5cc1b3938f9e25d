"""Which panels there are, and where each stands; Tab and the digits go through them in this order."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from backprop_tui.texts import text

__all__ = ["FIRST_IN_FRONT", "PANEL_SLOTS", "PLOTS", "PanelSlot", "slot_named"]


class PanelSlot(Struct, frozen=True):
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


def _slot(name: str, titled: str, region: str, roomy: str = "") -> PanelSlot:
    return PanelSlot(name, region, roomy or region, titled)


PANEL_SLOTS: Final = (
    _slot("graph", "panel.graph", "graph"),
    _slot("chain", "panel.chain_rule", "equation"),
    _slot("nodes", "panel.nodes", "lists"),
    _slot("outline", "panel.outline", "lists", roomy="structure"),
    _slot("plots", "panel.plots", "lists", roomy="structure"),
    _slot("calls", "panel.calls", "lists", roomy="structure"),
    _slot("formula", "panel.formula", "words", roomy="structure"),
    _slot("why", "panel.why", "words"),
)
"""A region's panels follow each other, and regions stand as the screen's grid fills: by rows."""

PLOTS: Final = ("loss", "time", "gradients", "norms", "parameters", "plane")
"""The kinds of plots that the panel of that name goes through, by their names at the prompt."""


FIRST_IN_FRONT: Final = ("chain", "nodes", "why", "formula")
"""The panels that stand in front as long as nobody has brought others there."""


def slot_named(name: str) -> PanelSlot | None:
    """The panel called `name`, or of that number, if there is one."""
    for number, slot in enumerate(PANEL_SLOTS, 1):
        if name in (slot.name, str(number)):
            return slot
    return None
