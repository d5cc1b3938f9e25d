"""Commands about breakpoints."""

from __future__ import annotations

from functools import partial
from typing import Final

from backprop_engine.debugger import (
    Break,
    Delete,
    Enable,
    Ignore,
)
from backprop_engine.messages.message import msg
from backprop_tui.commands.row import CommandRow

__all__ = ["BREAKPOINTS"]


BREAKPOINTS: Final = (
    CommandRow(
        "break",
        msg("break"),
        msg(
            "set a breakpoint on a node, `op NAME`, `group NAME`, `phase NAME`, a trouble such as `first "
            "nan`, or a condition; the key sets or removes one on the chosen node, or on this step's node"
        ),
        ("b",),
        "b",
        8,
        runs=Break,
        typed="break b bp",
        arguments="[PLACE] [if CONDITION]",
        completes="place",
        footer_in={"chosen": 4},
    ),
    CommandRow(
        "break_once",
        msg("break once"),
        msg("a breakpoint that is removed after it has stopped once"),
        runs=partial(Break, once=True),
        asks=True,
        typed="tbreak tb",
        arguments="[PLACE] [if CONDITION]",
        completes="place",
    ),
    CommandRow(
        "delete",
        msg("delete"),
        msg("remove a breakpoint by its number, or all of them"),
        runs=Delete,
        asks=True,
        typed="delete d clear bc",
        arguments="[NUMBER]",
        completes="breakpoint",
    ),
    CommandRow(
        "enable",
        msg("enable"),
        msg("switch a breakpoint on"),
        runs=Enable,
        asks=True,
        typed="enable be",
        arguments="NUMBER",
        completes="breakpoint",
    ),
    CommandRow(
        "disable",
        msg("disable"),
        msg("switch a breakpoint off"),
        runs=partial(Enable, on=False),
        asks=True,
        typed="disable bd",
        arguments="NUMBER",
        completes="breakpoint",
    ),
    CommandRow(
        "ignore",
        msg("ignore"),
        msg("skip the first few hits of a breakpoint in each iteration"),
        runs=Ignore,
        asks=True,
        typed="ignore",
        arguments="NUMBER COUNT",
        completes="breakpoint",
    ),
)
