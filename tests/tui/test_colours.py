"""The colours of the roles are told apart with every kind of sight, and the stronger the more they matter.

How far two colours are apart is CIEDE2000, of which 2 is just seen side by side, and 20 from afar. Dichromats
are simulated by the model of Machado, Oliveira and Fernandes (2009) at severity 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from coloraide import Color
from textual.theme import Theme

from backprop_engine.trace.trace import Phase
from backprop_tui.cells.lines import Role, Tint
from backprop_tui.cells.shades import FLOWS, Flow
from backprop_tui.panels.graph import graph_picture
from backprop_tui.scene.boxes import Density
from backprop_tui.themes import DARK, LIGHT, palette
from scenes import view

APART = 20
"""How far the roles are from each other that must never be mistaken."""
AROUND = 10
"""How far text beside them is, which differs in its place and its form too."""
FROM_FORWARD = 18
"""How far the size of a gradient is, whatever it is, from a value."""
SIGHTS = ("normal", "protan", "deutan", "tritan")
LETTERS = (Role.VALUE, Role.GRADIENT, Role.PRODUCT, Role.LOCAL)
PATCHES = (Role.TROUBLE, Role.SELECTED)
BESIDE = (Role.TEXT, Role.DIM, Role.NAME, Role.CODE, Role.GOOD, Role.WARNING)
each_theme = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
each_sight = pytest.mark.parametrize("sight", SIGHTS)


def seen(name: str, sight: str) -> Color:
    """A colour as it is seen."""
    colour = Color(name)
    return colour if sight == "normal" else colour.filter(sight, 1, method="machado").convert("srgb").clip()


def least(colours: Mapping[str, str], sight: str) -> tuple[float, str, str]:
    """How far the two are apart that are nearest to each other, and which they are."""
    looks = {role: seen(name, sight) for role, name in colours.items()}
    return min(
        (looks[one].delta_e(looks[other], method="2000"), one, other) for one, other in combinations(looks, 2)
    )


def colours(theme: Theme, roles: Iterable[Tint]) -> dict[str, str]:
    """The letters of each role or, where those are reversed, the patch that they stand on."""
    styles = palette(theme)
    return {str(role): styles[role].color.name for role in roles}  # type: ignore[union-attr]


def strength(theme: Theme, tint: Tint) -> float:
    """The contrast of WCAG 2 between letters and the ground where they are seen worst."""
    letters = Color(colours(theme, [tint])[str(tint)])
    return min(letters.contrast(ground, method="wcag21") for ground in (theme.background, theme.panel))


@each_theme
@each_sight
def test_the_roles_are_told_apart(theme: Theme, sight: str) -> None:
    found, one, other = least(colours(theme, (*LETTERS, *PATCHES)), sight)
    print(f"{theme.name}, {sight}: {found:.1f} between {one} and {other}")  # noqa: T201 - shown by -rP
    assert found >= APART, (one, other)


@pytest.mark.parametrize(
    "usual",
    [
        {"forward": "#56d364", "backward": "#ff7b72", "local": "#e3b341", "selection": "#58a6ff"},
        {"forward": "#116329", "backward": "#b3141d", "local": "#7d4e00", "selection": "#0550ae"},
    ],
    ids=["dark", "light"],
)
def test_green_red_and_amber_would_not_be(usual: dict[str, str]) -> None:
    """What looks well to those who see all colours is not enough."""
    assert least(usual, "normal")[0] >= APART
    assert all(least(usual, sight)[0] < APART / 2 for sight in ("protan", "deutan"))


def test_what_is_known_of_single_colours() -> None:
    assert least({"one": "#ff0000", "other": "#ff0000"}, "normal")[0] == 0
    assert least({"one": "#ffffff", "other": "#000000"}, "normal")[0] == pytest.approx(100)
    for sight in SIGHTS:
        assert seen("#808080", sight).delta_e("#808080", method="2000") < 1
    assert seen("#ff0000", "protan").luminance() < 0.6 * seen("#ff0000", "deutan").luminance()


@each_theme
@each_sight
def test_text_beside_them_is_no_value_and_no_gradient(theme: Theme, sight: str) -> None:
    for text in BESIDE:
        for role in LETTERS:
            assert least(colours(theme, (text, role)), sight)[0] >= AROUND, (text, role)


@each_theme
def test_the_product_is_the_strongest_of_all(theme: Theme) -> None:
    styles = palette(theme)
    assert styles[Role.PRODUCT].bold
    for role in Role:
        if not styles[role].reverse:
            assert strength(theme, Role.PRODUCT) >= strength(theme, role), role


@each_theme
@pytest.mark.parametrize(
    ("stem", "at"), [("rnn_cell", 7), ("rnn_cell", 19), ("vanishing_sigmoids", 16), ("lstm", 80)]
)
@pytest.mark.parametrize("density", ["full", "compact", "names", "dots"])
def test_in_a_graph_nothing_is_stronger_than_what_is_active(
    theme: Theme, stem: str, at: int, density: Density
) -> None:
    shown = replace(view(stem, at), density=density)
    drawing = graph_picture(shown)
    roles = {
        span.role
        for y in range(drawing.height)
        for span in drawing.row(y, 0, drawing.width)
        if span.text.strip()
    }
    active = Role.ACTIVE_VALUE if shown.frame.phase is Phase.FORWARD else Role.ACTIVE_GRADIENT
    assert active in roles
    for role in roles:
        assert strength(theme, role) <= strength(theme, active), role


@each_theme
@each_sight
def test_a_flow_is_never_taken_for_a_value(theme: Theme, sight: str) -> None:
    for level in range(FLOWS):
        assert least(colours(theme, (Role.VALUE, Flow(level))), sight)[0] >= FROM_FORWARD, level


@each_theme
def test_the_more_flows_the_stronger_it_is(theme: Theme) -> None:
    strengths = [strength(theme, Flow(level)) for level in range(FLOWS)]
    assert all(quiet < loud for quiet, loud in pairwise(strengths)), strengths
    assert strengths[0] > 2
    assert palette(theme)[Flow(FLOWS - 1)].color == palette(theme)[Role.GRADIENT].color
