"""The app in a real Chromium: seen, typed at and clicked on as a person would."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from chromium import Tab
from selenium.webdriver import Keys

import backprop_engine
import backprop_tui
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.text import cell_width
from backprop_tui.files.bundled import bundled
from backprop_tui.themes import DARK
from served import children, serving, wait_until_gone

TERMINAL = "xterm-helper-textarea"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without settings."""
    return tmp_path_factory.mktemp("settings")


@pytest.fixture(scope="module")
def address(settings: Path) -> Iterator[str]:
    """The address of a small scenario, in English."""
    with serving("add_multiply", settings=settings) as (_, address):
        yield address


def test_keys_work_at_once(tab: Tab, address: str) -> None:
    """Nothing is clicked: the terminal has the focus, and the app knows it."""
    tab.open(address)
    assert tab.driver.title == "Add, then multiply · backprop-tui"
    tab.wait_for("step 0 of 7")
    assert tab.focused == TERMINAL
    tab.press("s")
    tab.wait_for(r"FORWARD +step 1 of 7")
    tab.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    tab.wait_for(r"step 3 of 7")
    tab.press("S")
    tab.wait_for(r"step 2 of 7")
    tab.press(":", "g", "o", " ", "7", Keys.ENTER)
    tab.wait_for(r"step 7 of 7")


def test_keys_that_browsers_have_uses_for_belong_to_the_app(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.wait_for("step 0 of 7")
    tab.press("p", holding=Keys.CONTROL)
    tab.wait_for("Search")
    tab.press(Keys.ESCAPE)
    tab.wait(lambda: "Search" not in tab.text)
    tab.press(Keys.TAB, "?")
    tab.wait_for("one step forward")
    assert tab.focused == TERMINAL
    assert len(tab.driver.window_handles) == 1


def test_clicks_choose_and_inspect(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.wait_for("step 0 of 7")
    row, column = place(tab, "z -4")
    before = tab.look(row, column)
    tab.click(row, column)
    tab.wait(lambda: tab.look(row, column) != before)
    tab.press(Keys.ENTER)
    tab.wait_for("(?s)─ z ─.*z  input")
    tab.press(Keys.ESCAPE)
    tab.wait(lambda: "─ z ─" not in tab.text)
    row, column = place(tab, r"│   q     x \+ y")
    tab.click(row, column + 4, times=2)
    tab.wait_for(r"(?s)─ q ─.*q = x \+ y")


def test_what_is_copied_can_be_pasted_elsewhere(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.wait_for("step 0 of 7")
    allowed = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    tab.driver.execute_cdp_cmd("Browser.grantPermissions", allowed)
    tab.press("s")
    tab.wait_for("step 1 of 7")
    tab.press("y")
    read = "navigator.clipboard.readText().then(arguments[0], arguments[0])"
    tab.wait(lambda: "q = x + y" in str(tab.driver.execute_async_script(read)))


def place(tab: Tab, pattern: str) -> tuple[int, int]:
    """The row and column at which the terminal shows something; only one-cell characters stand before it."""
    for row, line in enumerate(tab.lines):
        found = re.search(pattern, line)
        if found:
            return row, found.start()
    raise AssertionError(tab.text)


def test_korean_keeps_its_columns(tab: Tab, settings: Path) -> None:
    """Every syllable takes two cells, and the frames stand where they stand without any."""
    with serving("add_multiply", "--lang", "ko", "--at", "5", settings=settings) as (_, address):
        tab.open(address)
        tab.wait_for("스텝 5/7")
        assert tab.driver.execute_script("return document.documentElement.lang") == "ko"
        rows = [tab.cells(row) for row in range(len(tab.lines))]
        syllables = [width for row in rows for text, width in row if re.match("[가-힣]", text)]
        assert len(syllables) > 50
        assert set(syllables) == {2}
        frames = {
            tuple(x for x, (text, _) in enumerate(row) if text in "╭╮│╰╯" and text) for row in rows[1:-1]
        }
        sides = {(places[0], places[-1]) for places in frames if places}
        assert sides == {(0, len(rows[0]) - 1)}
        tab.press("s")
        tab.wait_for("스텝 6/7")


def test_the_terminal_gives_every_character_the_cells_that_the_app_counts(tab: Tab, address: str) -> None:
    """Everything that our words, drawings and bundled scenarios are made of."""
    packages = [Path(package.__file__ or "").parent for package in (backprop_engine, backprop_tui)]
    sources = [path for package in packages for path in package.rglob("*.py")]
    sources += bundled().values()
    found = {character for path in sources for character in path.read_text("utf-8")}
    characters = sorted(one for one in found if not one.isascii() and one == clean(one))
    assert len(characters) > 800
    tab.open(address)
    tab.wait_for("step 0 of 7")
    widths = tab.widths(characters)
    wrong = [(one, f"{ord(one):x}", widths[one]) for one in characters if widths[one] != cell_width(one)]
    assert wrong == []


def test_what_is_seen_has_our_colours(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.wait_for("step 0 of 7")
    tab.press(*"sssss")
    tab.wait_for("step 5 of 7")
    seen = tab.colours()
    for colour in (DARK.background, DARK.success, DARK.error, DARK.primary, DARK.foreground):
        assert colour is not None
        assert seen.get(colour.lstrip("#"), 0) > 5, (
            colour,
            sorted(seen.items(), key=lambda one: -one[1])[:20],
        )
    assert seen[str(DARK.background).lstrip("#")] > 0.6 * sum(seen.values())


def test_a_session_ends_and_another_begins(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.wait_for("step 0 of 7")
    tab.press("s")
    tab.wait_for("step 1 of 7")
    tab.press("q")
    tab.wait(lambda: "-closed" in tab.classes)
    assert tab.said.split("\n")[0] == "This session has ended."
    assert tab.focused == "again"
    tab.press(Keys.ENTER)
    tab.wait(lambda: "-closed" not in tab.classes)
    tab.wait_for_terminal()
    tab.wait_for("step 0 of 7")
    assert tab.focused == TERMINAL


def test_a_window_of_another_size(tab: Tab, address: str) -> None:
    tab.open(address)
    tab.wait_for("step 0 of 7")
    tab.press("s", "s")
    tab.wait_for("step 2 of 7")
    wide = len(tab.lines[0])
    size = tab.driver.get_window_size()
    tab.driver.set_window_size(800, 600)
    try:
        tab.wait(lambda: len(tab.lines[0]) < wide * 0.7)
        tab.wait_for(r"step 2 of 7 *\n")
        tab.wait_for(r"q quit *$")
    finally:
        tab.driver.set_window_size(size["width"], size["height"])
    tab.wait(lambda: len(tab.lines[0]) == wide)


def test_one_page_too_many(tab: Tab, settings: Path) -> None:
    with serving("add_multiply", "--sessions", "1", settings=settings) as (_, address):
        tab.open(address)
        tab.wait_for("step 0 of 7")
        first = tab.driver.current_window_handle
        tab.driver.switch_to.new_window("tab")
        try:
            tab.driver.get(address)
            tab.wait(lambda: "-closed" in tab.classes)
            assert tab.said.startswith("The maximum number of pages (1) is open.")
        finally:
            tab.driver.close()
            tab.driver.switch_to.window(first)
        tab.driver.refresh()
        tab.wait_for_terminal()
        tab.wait_for("step 0 of 7")


def test_a_page_tells_what_is_wrong_with_its_scenario(tab: Tab, settings: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("inputs: {x: 1}\nnodes: {f: x * x}\n", "utf-8")
    with serving(str(file), settings=settings) as (_, address):
        file.write_text("inputs: {x: 1}\nnodes: {'<b>': x * x}\n", "utf-8")
        tab.driver.get(address)
        tab.wait(lambda: "-closed" in tab.classes)
        assert tab.said.startswith(f"The program could not start:\n\n{file}:2:9: error[")
        assert "<b>" in tab.said
        file.write_text("inputs: {x: 1}\nnodes: {f: x * x}\n", "utf-8")
        tab.press(Keys.ENTER)
        tab.wait(lambda: "-closed" not in tab.classes)
        tab.wait_for_terminal()
        tab.wait_for("step 0 of")


def test_a_page_tells_that_its_server_has_ended(tab: Tab, settings: Path) -> None:
    with serving("add_multiply", settings=settings) as (server, address):
        tab.open(address)
        tab.wait_for("step 0 of 7")
        (app,) = children(server.pid)
        server.send_signal(signal.SIGTERM)
        tab.wait(lambda: "-closed" in tab.classes)
        assert tab.said.startswith("The server no longer responds.")
    wait_until_gone(app)


class Elsewhere(BaseHTTPRequestHandler):
    """A page of someone else."""

    def do_GET(self) -> None:
        """Nothing but a page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>elsewhere</title><link rel=icon href='data:,'>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a page of another origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


KNOCK = """
const [address, done] = arguments, socket = new WebSocket(address);
socket.onopen = () => done("open");
socket.onclose = (event) => done(event.code);
"""


def test_a_page_from_elsewhere_gets_no_socket_and_no_frame(tab: Tab, elsewhere: str, settings: Path) -> None:
    with serving("add_multiply", settings=settings) as (server, address):
        root = address.partition("?")[0]
        socket = root.replace("http", "ws") + "ws"
        tab.driver.get(address)
        assert tab.driver.execute_async_script(KNOCK, socket) == "open"
        tab.driver.get(elsewhere)
        wait_for_no_children(tab, server.pid)
        assert tab.driver.execute_async_script(KNOCK, socket) == 1006
        framed = "const [at, done] = arguments, one = document.createElement('iframe'); one.src = at;"
        tab.driver.execute_async_script(framed + "one.onload = () => done(); document.body.append(one)", root)
        assert children(server.pid) == []
        assert [text for text in tab.complaints() if "403" in text]


def wait_for_no_children(tab: Tab, pid: int) -> None:
    tab.wait(lambda: children(pid) == [])


def test_nothing_is_asked_of_anyone_else(tab: Tab, address: str) -> None:
    """Everything that a session makes Chromium load, to the last file."""
    tab.open(address)
    tab.wait_for("step 0 of 7")
    tab.press("s", "q")
    tab.wait(lambda: "-closed" in tab.classes)
    root = address.partition("?")[0]
    asked = [re.sub(r"\?.*", "", one) for one in tab.requests() if not one.startswith("data:")]
    assert sorted(asked) == sorted(
        [
            root,  # with the token, and without it
            root,
            f"{root}static/css/xterm.css",
            f"{root}static/fonts/RobotoMono-VariableFont_wght.ttf",
            f"{root}static/js/textual.js",
            f"{root}page/page.css",
            f"{root}page/page.js",
            f"{root.replace('http', 'ws')}ws",
        ]
    )
