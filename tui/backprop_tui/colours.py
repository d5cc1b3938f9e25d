"""The colours of each theme by what they are for, as many as a terminal has.

Forward, upstream, product, local, trouble and selection are distinguished with every kind of sight. Where red
and green look alike, or yellow and blue, it is by brightness: so the product is nearly white, on white nearly
black. Six colours of letters cannot be so far apart: trouble and selection are patches under letters. What
is around them is paler.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "DARK",
    "FEW_ON_DARK",
    "FEW_ON_LIGHT",
    "GREY_ON_DARK",
    "GREY_ON_LIGHT",
    "LIGHT",
    "OF_A_DARK_TERMINAL",
    "OF_A_LIGHT_TERMINAL",
    "Colours",
    "Patch",
]


class Patch(NamedTuple):
    """A background, and the letters on it."""

    ground: str
    letters: str


class Colours(NamedTuple):
    """A colour for each thing that is distinguished by it."""

    text: str
    aside: str
    name: str
    code: str
    forward: str
    upstream: str
    product: str
    local: str
    trouble: Patch
    selection: Patch
    found: Patch
    warning: str
    flow: tuple[str, str]
    """Hardly any of a gradient, and some of it; all of it is in the colour of upstream."""


DARK = Colours(
    text="#bac0cb",
    aside="#86898e",
    name="#658cac",
    code="#9c8758",
    forward="#13b187",
    upstream="#f94402",
    product="#ffecec",
    local="#af96fd",
    trouble=Patch("#d7ff42", "#0d1117"),
    selection=Patch("#3e67a0", "#ffffff"),
    found=Patch("#af96fd", "#0d1117"),
    warning="#f5c803",
    flow=("#6f5a56", "#b44f2c"),
)
LIGHT = Colours(
    text="#2f3338",
    aside="#696e7a",
    name="#547190",
    code="#726c4b",
    forward="#006257",
    upstream="#9f0004",
    product="#260409",
    local="#771eb3",
    trouble=Patch("#c37907", "#000000"),
    selection=Patch("#0a0046", "#ffffff"),
    found=Patch("#771eb3", "#ffffff"),
    warning="#9c600d",
    flow=("#c49086", "#d15214"),
)
GREY_ON_DARK = Colours(
    text="#b4b4b4",
    aside="#868686",
    name="#b4b4b4",
    code="#9a9a9a",
    forward="#c8c8c8",
    upstream="#c8c8c8",
    product="#ffffff",
    local="#c8c8c8",
    trouble=Patch("#ffffff", "#000000"),
    selection=Patch("#b0b0b0", "#000000"),
    found=Patch("#5a5a5a", "#ffffff"),
    warning="#ffffff",
    flow=("#6a6a6a", "#9a9a9a"),
)
"""For users who want no colours: the brighter, the more it matters."""
GREY_ON_LIGHT = Colours(
    text="#4a4a4a",
    aside="#6c6c6c",
    name="#4a4a4a",
    code="#606060",
    forward="#3a3a3a",
    upstream="#3a3a3a",
    product="#000000",
    local="#3a3a3a",
    trouble=Patch("#000000", "#ffffff"),
    selection=Patch("#505050", "#ffffff"),
    found=Patch("#b0b0b0", "#000000"),
    warning="#000000",
    flow=("#a0a0a0", "#707070"),
)
FEW_ON_DARK = Colours(
    text="#ffffff",
    aside="#aaaaaa",
    name="#55ffff",
    code="#55ffff",
    forward="#55ff55",
    upstream="#ff5555",
    product="#ffffff",
    local="#ff55ff",
    trouble=Patch("#ffff55", "#000000"),
    selection=Patch("#55ffff", "#000000"),
    found=Patch("#ff55ff", "#000000"),
    warning="#ffff55",
    flow=("#aa0000", "#aa0000"),
)
"""Exactly the colours that numbers of the sixteen stand for: others may be rounded to the background."""
FEW_ON_LIGHT = Colours(
    text="#000000",
    aside="#555555",
    name="#0000aa",
    code="#0000aa",
    forward="#00aa00",
    upstream="#aa0000",
    product="#000000",
    local="#aa00aa",
    trouble=Patch("#ffff55", "#000000"),
    selection=Patch("#0000aa", "#ffffff"),
    found=Patch("#aa00aa", "#ffffff"),
    warning="#aa0000",
    flow=("#ff5555", "#ff5555"),
)
OF_A_DARK_TERMINAL = Colours(
    text="default",
    aside="bright_black",
    name="bright_cyan",
    code="bright_cyan",
    forward="bright_green",
    upstream="bright_red",
    product="default",
    local="bright_magenta",
    trouble=Patch("bright_yellow", "black"),
    selection=Patch("bright_cyan", "black"),
    found=Patch("bright_magenta", "black"),
    warning="bright_yellow",
    flow=("red", "red"),
)
"""The sixteen by their numbers, whatever they are in the terminal, on its own background."""
OF_A_LIGHT_TERMINAL = Colours(
    text="default",
    aside="bright_black",
    name="blue",
    code="blue",
    forward="green",
    upstream="red",
    product="default",
    local="magenta",
    trouble=Patch("bright_yellow", "black"),
    selection=Patch("blue", "bright_white"),
    found=Patch("magenta", "bright_white"),
    warning="red",
    flow=("bright_red", "bright_red"),
)
