"""Korean: the template for each English template of the engine, from the files of the rooms."""

from __future__ import annotations

from backprop_engine.messages.languages.ko import (
    catalogue,
    codes,
    debugger,
    errors,
    expr,
    ops,
    optim,
    run,
    scenario_data,
    scenario_figures,
    scenario_files,
    scenario_leaves,
    scenario_nodes,
)

__all__ = ["CATALOGUE", "ROOMS"]

_SCENARIO = (scenario_files, scenario_leaves, scenario_data, scenario_nodes, scenario_figures)

ROOMS: tuple[dict[str, str], ...] = tuple(
    room.TEMPLATES for room in (codes, errors, expr, ops, run, optim, *_SCENARIO, debugger, catalogue)
)
"""The files of the rooms; a template that several rooms say stands in one of them."""

CATALOGUE: dict[str, str] = {english: korean for room in ROOMS for english, korean in room.items()}
