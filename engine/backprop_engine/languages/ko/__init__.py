"""Korean: the template for each English template of the engine, from the files of the rooms."""

from __future__ import annotations

from backprop_engine.languages.ko import catalogue, debugger, errors, expr, ops, optim, run, scenario

__all__ = ["CATALOGUE", "ROOMS"]

ROOMS: tuple[dict[str, str], ...] = tuple(
    room.TEMPLATES for room in (catalogue, debugger, errors, expr, ops, optim, run, scenario)
)
"""The files of the rooms; a template that several rooms say stands in one of them."""

CATALOGUE: dict[str, str] = {english: korean for room in ROOMS for english, korean in room.items()}
