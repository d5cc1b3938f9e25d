"""The page of `export --to html` in a real Chromium: stepped through, listened to, switched, let alone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from chromium import Tab
from selenium.webdriver import Keys

from backprop_engine.explain.facts import step_facts
from backprop_tui.render.one_line import kind_text, step_lines
from covering import SHOWN
from pages import Page, taken_apart, told_lines, written_page
from scenes import scenario, trace

TWELVE = (
    *("add_multiply", "softmax_classifier", "rnn_cell", "nan_from_log_zero", "conv_3x3", "causal_attention"),
    *("digits_mlp", "lstm", "xor", "relu_three_ways", "shared_weights", "exploding_over_time"),
)
READ = """
const text = (id) => document.getElementById(id).textContent;
const all = (selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent);
return {
    heading: text("step-heading"), position: text("position"), live: text("live"), code: text("code"),
    told: all("#told p"), numbers: all("#equation .part:not(.sign) .numbers"), names: all("#equation .head"),
    here: all("#steps tr.here td"), slider: document.getElementById("slider").value, hash: location.hash,
    values: all("#nodes tbody td:nth-child(4)"), gradients: all("#nodes tbody td:nth-child(5)"),
    drawn: all("#graph .nodes g"), lang: document.documentElement.lang, title: document.title,
};
"""
LIGHT, DARK = "#ffffff", "#0d1117"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pages."""
    return tmp_path_factory.mktemp("pages")


class Player:
    """A page that is open."""

    def __init__(self, tab: Tab, stem: str, folder: Path, at: str = "", language: str = "en") -> None:
        self.tab, self.stem = tab, stem
        path = folder / f"{stem}.{language}.html"
        if not path.exists():
            path.write_text(written_page(scenario(stem), language=language), encoding="utf-8")
        self.html = path.read_text("utf-8")
        self.address = path.as_uri()
        tab.driver.get(f"{self.address}{at}")

    @property
    def page(self) -> Page:
        """What is in it."""
        return taken_apart(self.html)

    @property
    def seen(self) -> dict[str, Any]:
        """What it shows."""
        return dict(self.tab.driver.execute_script(READ))

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.tab.driver.find_element("css selector", selector).click()

    def dispute(self, position: int, language: str) -> list[object]:
        """Where what is shown differs from what the terminal says of a position."""
        facts = step_facts(trace(self.stem).frame(position), scenario(self.stem).notes)
        seen = self.seen
        lines = told_lines(facts, language)
        told = [text for line in lines if (text := "".join(span.text for span in line))]
        first, second = step_lines(facts, language)
        line = "".join(span.text for span in (*first[1:], *second)).replace(" ", "")
        kind = kind_text(facts, language)
        wanted = {
            "heading": " ─ ".join(filter(None, (kind, facts.subject))),
            "slider": str(position),
            "told": sorted(set(told)),
            "here": [str(position), kind, line],
        }
        found = {**seen, "told": sorted(set(seen["told"]))}
        found["here"] = [text.replace(" ", "") for text in seen["here"]]
        return [(name, found[name], value) for name, value in wanted.items() if found[name] != value]


@pytest.mark.parametrize("stem", TWELVE)
def test_forward_backward_and_to_a_step(tab: Tab, folder: Path, stem: str) -> None:
    player = Player(tab, stem, folder)
    last = trace(stem).schedule.last
    middle = trace(stem).schedule.seed + 1
    assert player.dispute(0, "en") == []
    for position in range(1, min(last, 12) + 1):
        tab.press("s" if position % 2 else Keys.ARROW_RIGHT)
        assert player.dispute(position, "en") == []
    tab.press("S", Keys.ARROW_LEFT)
    assert player.dispute(min(last, 12) - 2, "en") == []
    tab.press(Keys.END)
    assert player.dispute(last, "en") == []
    tab.press("s")
    assert player.dispute(last, "en") == []
    tab.press(Keys.HOME)
    assert player.dispute(0, "en") == []
    player.click(f"#steps tbody tr:nth-child({middle + 1}) button")
    assert player.dispute(middle, "en") == []
    player.click('[data-language="ko"]')
    assert player.dispute(middle, "ko") == []
    assert player.seen["lang"] == "ko"
    assert player.seen["title"] == scenario(stem).title.in_language("ko")
    assert requested(tab, player) == []


def requested(tab: Tab, player: Player) -> list[str]:
    """What was asked for beside the page itself."""
    entries = "return performance.getEntriesByType('resource').map((one) => one.name)"
    asked = [*tab.requests(), *tab.driver.execute_script(entries)]
    return [one for one in asked if one.partition("#")[0] != player.address and not one.startswith("data:")]


def test_buttons_the_slider_and_the_address(tab: Tab, folder: Path) -> None:
    player = Player(tab, "add_multiply", folder, "#5")
    assert player.dispute(5, "en") == []
    for name, position in (("step", 6), ("back", 5), ("end", 7), ("start", 0)):
        player.click(f'[data-move="{name}"]')
        assert player.dispute(position, "en") == []
    player.click("#slider")
    assert player.seen["hash"] == f"#{player.seen['slider']}"
    tab.press(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert player.dispute(2, "en") == []
    tab.driver.execute_script("location.hash = '#4'")
    tab.wait(lambda: player.seen["slider"] == "4")
    assert player.seen["values"] == ["-2", "5", "-4", "3", "-12"]
    assert player.seen["gradients"] == ["◌", "◌", "◌", "-4", "1"]
    assert [text for text in player.seen["drawn"] if "q" in text] == ["+q 3-4"]


def test_what_a_step_says_is_said_aloud(tab: Tab, folder: Path) -> None:
    player = Player(tab, "add_multiply", folder)
    assert player.seen["live"] == ""
    tab.press("s")
    assert player.seen["live"].startswith("step 1 of 7. forward. q = x + y = -2 + 5 = 3")
    player.click('[data-language="ko"]')
    tab.press("s")
    assert player.seen["live"].startswith("스텝 2/7. 순전파. f = q · z = 3 · (-4) = -12")


def test_keys_scroll_where_there_is_something_to_scroll(tab: Tab, folder: Path) -> None:
    player = Player(tab, "lstm", folder, "#80")
    tab.driver.execute_script("document.getElementById('graph').focus()")
    tab.press(Keys.ARROW_RIGHT, Keys.HOME)
    assert player.seen["slider"] == "80"
    tab.press("s")
    assert player.seen["slider"] == "81"
    tab.press("s", holding=Keys.ALT)
    assert player.seen["slider"] == "81"


GROUND = "return getComputedStyle(document.body).backgroundColor"
IN_VIEW = """
const frame = document.getElementById("graph").getBoundingClientRect();
return [...document.querySelectorAll("#graph g.active")].some((one) => {
    const {left, right, top, bottom} = one.getBoundingClientRect();
    return left >= frame.left && right <= frame.right && top >= frame.top && bottom <= frame.bottom;
});
"""


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*bytes.fromhex(colour[1:]))


def emulate(tab: Tab, scheme: str) -> None:
    """What the reader's system asks for."""
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    tab.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture
def window(tab: Tab) -> Iterator[Tab]:
    """A tab whose window and wishes are put back afterwards."""
    yield tab
    tab.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    tab.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def narrow(tab: Tab, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    tab.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def test_light_and_dark(window: Tab, folder: Path) -> None:
    for scheme, first, second in (("dark", DARK, LIGHT), ("light", LIGHT, DARK)):
        emulate(window, scheme)
        player = Player(window, "rnn_cell", folder, "#20")
        window.driver.refresh()
        assert window.driver.execute_script(GROUND) == rgb(first)
        player.click("#dark")
        assert window.driver.execute_script(GROUND) == rgb(second)


@pytest.mark.parametrize("stem", ["lstm", "exploding_over_time"])
def test_what_a_step_is_about_is_in_view(window: Tab, folder: Path, stem: str) -> None:
    emulate(window, "light")
    for position in (1, 30, 90, trace(stem).schedule.last):
        Player(window, stem, folder)
        window.driver.execute_script(f"location.hash = '#{position}'")
        assert window.driver.execute_script(IN_VIEW)


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("stem", TWELVE)
def test_nothing_is_wider_than_the_window(window: Tab, folder: Path, stem: str, width: int) -> None:
    narrow(window, width)
    emulate(window, "dark")
    for position in (0, trace(stem).schedule.seed + 1, trace(stem).schedule.last):
        Player(window, stem, folder)
        window.driver.execute_script(f"location.hash = '#{position}'")
        assert window.driver.execute_script("return document.documentElement.scrollWidth") <= width


def axe() -> str:
    """The checks of accessibility, from the package that brings them along."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None, "pip install -e '.[browser]'"
    return (Path(str(spec.origin)).parent / "axe.min.js").read_text("utf-8")


CHECK = """
const done = arguments[0];
const told = ({html, failureSummary}) => `${html} ${failureSummary}`;
axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
    done(violations.map(({id, impact, nodes}) => [id, impact, nodes.slice(0, 3).map(told)])));
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stem", TWELVE)
def test_axe_finds_nothing(window: Tab, folder: Path, stem: str, scheme: str) -> None:
    emulate(window, scheme)
    narrow(window, 400 if scheme == "dark" else 1280)
    player = Player(window, stem, folder, f"#{trace(stem).schedule.seed + 2}")
    window.driver.refresh()
    window.driver.execute_script(axe())
    assert window.driver.execute_async_script(CHECK) == []
    player.click('[data-language="ko"]')
    window.press(Keys.HOME)
    assert window.driver.execute_async_script(CHECK) == []


def test_it_begins_in_the_language_that_was_asked_for(tab: Tab, folder: Path) -> None:
    player = Player(tab, "add_multiply", folder, language="ko")
    assert player.dispute(0, "ko") == []
    player.click('[data-language="en"]')
    assert player.dispute(0, "en") == []
    assert set(TWELVE) & set(SHOWN)
