"""The driver of an app in a browser: it ends the app once no key can come any more."""

from __future__ import annotations

import pytest
from textual import messages
from textual.drivers.web_driver import WebDriver
from textual.message import Message

from backprop_tui.app import DebuggerApp
from backprop_tui.web.driver import BrowserDriver


@pytest.mark.parametrize("has_ended", [False, True])
async def test_when_there_are_no_more_keys_the_app_is_told_unless_it_ends(
    has_ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, posted = DebuggerApp(), list[Message]()
    monkeypatch.setattr(WebDriver, "run_input_thread", lambda driver: None)  # the page is gone
    monkeypatch.setattr(app, "post_message", posted.append)
    monkeypatch.setattr(
        "textual.drivers.web_driver.InputReader", lambda: None
    )  # standard input may be a file
    driver = BrowserDriver(app, size=(80, 24))
    if has_ended:
        driver.exit_event.set()
    driver.run_input_thread()
    assert [type(message) for message in posted] == ([] if has_ended else [messages.ExitApp])
