"""What is on the screen right now, as text or as a picture. The one place that asks Textual's compositor."""

from __future__ import annotations

import re

from textual.app import App

__all__ = ["screen_svg", "screen_text"]

_IDS = re.compile(r"terminal-\d+-")
_FONTS_FROM_THE_WEB = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def screen_text(app: App[None]) -> str:
    """Every row of the screen, without spaces at its end."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def screen_svg(app: App[None]) -> str:
    """The screen as SVG; its ids do not depend on its content, and it loads nothing from elsewhere."""
    picture = _IDS.sub("terminal-", app.export_screenshot(simplify=True))
    return _FONTS_FROM_THE_WEB.sub("", picture) + "\n"
