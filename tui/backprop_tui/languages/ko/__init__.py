"""Korean: the template for each English template of the terminal wing, from the files of the rooms."""

from __future__ import annotations

from backprop_tui.languages.ko import app, cli, prompt

__all__ = ["CATALOGUE", "ROOMS"]

ROOMS: tuple[dict[str, str], ...] = (app.TEMPLATES, cli.TEMPLATES, prompt.TEMPLATES)
"""The files of the rooms; a template that several rooms say stands in one of them."""

CATALOGUE: dict[str, str] = {english: korean for room in ROOMS for english, korean in room.items()}
