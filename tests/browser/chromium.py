"""A real Chromium without a window, and the terminal in its page."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.common.exceptions import TimeoutException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from served import PATIENCE

SWITCHES = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "window-size=1280,900",
)
FIND_TERMINAL = """function () {
    const found = this.filter((one) => Object.hasOwn(one, "fitAddon") && one.terminal.element.isConnected);
    window.terminalInTest = found[0].terminal;
    return found.length;
}"""
"""Among all objects of the page: the terminal's script keeps it to itself."""
READ_TERMINAL = """
const {buffer, cols, rows} = terminalInTest;
return Array.from({length: rows}, (_, row) => buffer.active.getLine(row).translateToString(false, 0, cols));
"""
READ_CELLS = """
const {buffer, cols} = terminalInTest, line = buffer.active.getLine(arguments[0]);
return Array.from({length: cols}, (_, x) => line.getCell(x)).map((one) => [one.getChars(), one.getWidth()]);
"""
MEASURE_CHARACTERS = """
const [characters, done] = arguments, widths = {};
const measure = (left) => {
    if (left.length === 0) return done(widths);
    const [character, ...others] = left;
    terminalInTest.write("\\x1b[Hx" + character, () => {
        widths[character] = terminalInTest.buffer.active.cursorX - 1;
        measure(others);
    });
};
measure(characters);
"""
READ_LOOK = """
const cell = terminalInTest.buffer.active.getLine(arguments[0]).getCell(arguments[1]);
return [cell.getFgColor(), cell.getBgColor(), cell.isInverse(), cell.isBold()];
"""
MEASURE_CELLS = """
const {left, top, width, height} = document.querySelector(".xterm-screen").getBoundingClientRect();
return [left, top, width / terminalInTest.cols, height / terminalInTest.rows];
"""
COUNT_COLOURS = """
const [picture, done] = arguments, image = new Image();
image.onload = () => {
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const counts = {}, {data} = canvas.getImageData(0, 0, image.width, image.height);
    for (let at = 0; at < data.length; at += 4) {
        const colour = [...data.slice(at, at + 3)].map((one) => one.toString(16).padStart(2, "0")).join("");
        counts[colour] = (counts[colour] ?? 0) + 1;
    }
    done(counts);
};
image.src = "data:image/png;base64," + picture;
"""


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Chromium with an empty profile, and a record of what goes over the network."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for switch in (*SWITCHES, f"user-data-dir={profile}"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.set_script_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()


class Tab:
    """What Chromium shows, and what a person does there."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Open our page, and wait for its terminal to show something."""
        self.driver.get(address)
        self.wait_for_terminal()

    def wait_for_terminal(self) -> None:
        """Until the page shows a terminal with something in it."""
        self.wait(lambda: "-first-byte" in self.classes)
        everything = self._cdp("Runtime.evaluate", expression="Object.prototype")["result"]["objectId"]
        objects = self._cdp("Runtime.queryObjects", prototypeObjectId=everything)["objects"]["objectId"]
        found = self._cdp(
            "Runtime.callFunctionOn", objectId=objects, functionDeclaration=FIND_TERMINAL, returnByValue=True
        )
        assert found["result"]["value"] == 1, found

    def _cdp(self, command: str, **parts: Any) -> dict[str, Any]:
        return self.driver.execute_cdp_cmd(command, parts)

    def wait(self, condition: Any) -> None:
        """Until `condition()` holds."""
        assert WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: condition())

    def wait_for(self, pattern: str) -> None:
        """Until the regular expression is found on the terminal."""
        try:
            self.wait(lambda: re.search(pattern, self.text))
        except TimeoutException:
            raise AssertionError(self.text) from None

    @property
    def lines(self) -> list[str]:
        """The terminal, a line a row."""
        return list(self.driver.execute_script(READ_TERMINAL))

    @property
    def text(self) -> str:
        """The terminal."""
        return "\n".join(self.lines)

    def cells(self, row: int) -> list[tuple[str, int]]:
        """What stands in each cell of a row, and how many it takes; 0 where a wide one goes on."""
        return [(text, width) for text, width in self.driver.execute_script(READ_CELLS, row)]

    def look(self, row: int, column: int) -> list[int]:
        """The colours of a cell, and whether they are exchanged or bold."""
        return list(self.driver.execute_script(READ_LOOK, row, column))

    @property
    def classes(self) -> list[str]:
        """What the page says of its state."""
        return str(self.driver.execute_script("return document.body.className")).split()

    @property
    def said(self) -> str:
        """What the page says beside the terminal."""
        return str(self.driver.execute_script("return document.getElementById('end').innerText"))

    @property
    def focused(self) -> str:
        """What has the focus."""
        script = "const {activeElement: one} = document; return one.id || one.className"
        return str(self.driver.execute_script(script))

    def press(self, *keys: str, holding: str = "") -> None:
        """Type, wherever the focus is."""
        actions = ActionChains(self.driver)
        if holding:
            actions.key_down(holding)
        actions.send_keys(*keys)
        if holding:
            actions.key_up(holding)
        actions.perform()

    def widths(self, characters: list[str]) -> dict[str, int]:
        """How many cells the terminal gives each character. Whatever it showed is written over."""
        return dict(self.driver.execute_async_script(MEASURE_CHARACTERS, characters))

    def click(self, row: int, column: int, times: int = 1) -> None:
        """Click in the middle of a cell."""
        left, top, width, height = self.driver.execute_script(MEASURE_CELLS)
        actions = ActionChains(self.driver)
        actions.w3c_actions.pointer_action.move_to_location(
            int(left + (column + 0.5) * width), int(top + (row + 0.5) * height)
        )
        for _ in range(times):
            actions.w3c_actions.pointer_action.click()
        actions.perform()

    def colours(self) -> dict[str, int]:
        """How many points of the window have each colour."""
        picture = base64.b64encode(self.driver.get_screenshot_as_png()).decode()
        return dict(self.driver.execute_async_script(COUNT_COLOURS, picture))

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last look."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                found.append(message["params"]["url"])
        return found

    def complaints(self) -> list[str]:
        """Errors in the browser's console since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
