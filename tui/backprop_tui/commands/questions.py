"""Commands that ask about the run: the prompt itself, searches, values, contributions, watches, lists."""

from __future__ import annotations

from typing import Final

from backprop_engine.debugger import (
    Unwatch,
    Watch,
)
from backprop_engine.messages.message import msg
from backprop_tui.commands.row import CommandRow
from backprop_tui.queries import (
    Find,
    Info,
    ListNodes,
    Print,
    Who,
    Why,
)

__all__ = ["QUESTIONS"]


QUESTIONS: Final = (
    CommandRow("prompt", msg("prompt"), msg("type a command", "command"), ("colon",), ":", 6),
    CommandRow(
        "find",
        msg("find"),
        msg(
            "find nodes by part of their name, or steps by `op NAME`, `group NAME`, a trouble, or `if "
            "CONDITION`"
        ),
        ("slash",),
        "/",
        runs=Find,
        asks=True,
        typed="find / search",
        arguments="TEXT | PLACE",
        completes="place",
    ),
    CommandRow(
        "print",
        msg("print"),
        msg("the value of a node, of `grad(NODE)`, or of any expression over them, at this position"),
        runs=Print,
        asks=True,
        typed="print p",
        arguments="EXPRESSION",
        completes="expression",
    ),
    CommandRow(
        "nodes",
        msg("all nodes"),
        msg("every node with its value and its gradient"),
        runs=ListNodes(),
        typed="nodes list l",
    ),
    CommandRow(
        "who",
        msg("who"),
        msg("what contributed to a gradient: every contribution, with its position"),
        runs=Who,
        typed="who",
        arguments="[NODE]",
        completes="node",
    ),
    CommandRow(
        "why",
        msg("why"),
        msg(
            "where a gradient comes from: the paths from the output, and the product of the local "
            "gradients along each"
        ),
        runs=Why,
        typed="why paths",
        arguments="[NODE]",
        completes="node",
    ),
    CommandRow(
        "watch",
        msg("watch"),
        msg("watch an expression over nodes and gradients"),
        runs=Watch,
        asks=True,
        typed="watch display",
        arguments="EXPRESSION",
        completes="expression",
    ),
    CommandRow(
        "unwatch",
        msg("unwatch"),
        msg("remove a watch by its number, or all of them"),
        runs=Unwatch,
        asks=True,
        typed="unwatch undisplay",
        arguments="[NUMBER]",
        completes="watch",
    ),
    CommandRow(
        "info",
        msg("info"),
        msg("list the breakpoints and their hit counts, the watches, the stack, the branches, or the groups"),
        runs=Info,
        asks=True,
        typed="info",
        arguments="b | w | stack | branches | groups",
        completes="topic",
    ),
    CommandRow(
        "stack",
        msg("stack"),
        msg("the call stack: the run, iteration, groups and operators around this step"),
        runs=Info("stack"),
        typed="backtrace bt where stack",
        former=("k",),
    ),
)
