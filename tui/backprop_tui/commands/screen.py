"""Commands for what else the screen can do: other screens, the clipboard, the editor, leaving."""

from __future__ import annotations

from typing import Final

from backprop_engine.messages.message import msg
from backprop_tui.commands.row import CommandRow
from backprop_tui.queries import (
    Help,
    Quit,
)

__all__ = ["SCREEN"]


SCREEN: Final = (
    CommandRow(
        "transcript",
        msg("transcript"),
        msg("read the run as plain text from top to bottom, for screen readers; press again for the panels"),
        ("t",),
        "t",
        typed="transcript t",
    ),
    CommandRow(
        "inspect",
        msg("inspect"),
        msg("show everything about a node"),
        ("enter",),
        "Enter",
        6,
        typed="inspect",
    ),
    CommandRow(
        "copy",
        msg("copy"),
        msg("copy the selected text, otherwise the chosen node, otherwise the step"),
        ("y",),
        "y",
        12,
        typed="copy",
    ),
    CommandRow(
        "edit_file",
        msg("edit"),
        msg("open the file at the node in your editor (VISUAL or EDITOR); it is reloaded when you save"),
        ("E",),
        "E",
        13,
        typed="edit-file",
        idle=msg("back from the editor: nothing has changed here"),
    ),
    CommandRow(
        "help",
        msg("help"),
        msg("help on this panel, all keys and commands, and the signs"),
        ("question_mark", "f1"),
        "?",
        5,
        runs=Help,
        typed="help ? h",
        arguments="[COMMAND]",
        completes="command",
    ),
    CommandRow(
        "about",
        msg("about"),
        msg("what this file is about: its description, its source, and what it computes"),
        ("I",),
        "I",
        typed="about describe",
    ),
    CommandRow(
        "next_scenario",
        msg("next scenario"),
        msg("open the bundled scenario that follows this one in the gallery"),
        ("G",),
        "G",
        typed="next-scenario",
    ),
    CommandRow(
        "practice",
        msg("practice"),
        msg(
            "questions about the steps of this run: type your prediction, and learn which mistake led to "
            "a wrong one"
        ),
        ("Q",),
        "Q",
        typed="practice",
    ),
    CommandRow(
        "bug",
        msg("bug lab"),
        msg("find the edge that passes back a wrong contribution, and name the mistake"),
        typed="bug",
        arguments="[TEXT]",
    ),
    CommandRow("tour", msg("tour"), msg("a tour of two minutes"), typed="tour"),
    CommandRow(
        "palette",
        msg("commands"),
        msg("find a command by its name"),
        ("ctrl+p", "f2"),
        "Ctrl+P F2",
        typed="palette",
    ),
    CommandRow(
        "close",
        msg("close"),
        msg("stop a long task, close what is open, or clear the selection; otherwise to the gallery"),
        ("escape",),
        "Esc",
        typed="close",
        footer_in={"chosen": 4, "filled": 2, "inside": 0},
    ),
    CommandRow("gallery", msg("gallery"), msg("to the gallery of scenarios, from anywhere"), typed="gallery"),
    CommandRow(
        "quit", msg("quit"), msg("leave the debugger"), ("q",), "q", 1, runs=Quit(), typed="quit q exit"
    ),
)
