"""What is on the screen right now, as text or as a picture. The one place that asks Textual's compositor."""

from __future__ import annotations

from textual.app import App
from textual.strip import Strip

from backprop_tui.picture import svg
from backprop_tui.themes import grounds

__all__ = ["screen_svg", "screen_text"]


def _strips(app: App[None]) -> list[Strip]:
    return app.screen._compositor.render_strips()


def screen_text(app: App[None]) -> str:
    """Every row of the screen, without spaces at its end."""
    return "\n".join(strip.text.rstrip() for strip in _strips(app)) + "\n"


def screen_svg(app: App[None]) -> str:
    """The screen as SVG, in the colours of its theme, without anything from elsewhere."""
    foreground, background = (colour.hex6.lower() for colour in grounds(app.current_theme))
    return svg(_strips(app), app.size.width, foreground, background, app.title)
