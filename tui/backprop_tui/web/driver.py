"""How an app in a browser receives its keys and shows its screen: through the server that started it."""

from __future__ import annotations

from textual import events, messages
from textual.drivers.web_driver import WebDriver

from backprop_tui.textual_private import app_of

__all__ = ["BrowserDriver"]


class BrowserDriver(WebDriver):
    """Textual's driver for pages, with the focus from the start, and an end when the server is gone."""

    def start_application_mode(self) -> None:
        """Begin. The driver says that the page has no focus yet; ours takes it at once."""
        super().start_application_mode()
        app = app_of(self)
        app.call_later(app.post_message, events.AppFocus())

    def run_input_thread(self) -> None:
        """Read keys until the input ends; then the page is gone, and the app ends."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            app_of(self).post_message(messages.ExitApp())
