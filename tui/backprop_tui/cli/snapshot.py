"""`snapshot`: one frame of the screen, the same bytes on every run."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import msg
from backprop_engine.whole_files import write_whole
from backprop_tui.cli.arguments import add_shared, opened, position, size
from backprop_tui.headless.screens import drawn
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.themes import known_theme
from backprop_tui.view import View

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `snapshot`."""
    add_shared(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help=msg("a .svg or .txt file; - for text on standard output"),
    )
    parser.add_argument("--at", type=int, metavar="N", help=msg("at position N"))
    parser.add_argument(
        "--size",
        type=size,
        default=(120, 40),
        metavar="COLSxROWS",
        help=msg("the size of the screen (120x40)"),
    )
    parser.add_argument(
        "--keys", default="", help=msg("keys to press first, as Textual names them, separated by spaces")
    )
    parser.add_argument("--theme", default="", metavar="NAME", help=msg("a theme"))
    parser.add_argument(
        "--ascii", action="store_true", help=msg("no characters outside ASCII in the drawing")
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw the screen and write it."""
    output: str = arguments.output
    if output != "-" and not output.endswith((".svg", ".txt")):
        raise UsageError(msg("{path}: the name of a snapshot must end in .svg or .txt", path=output))
    if any(key.startswith("wait:") for key in arguments.keys.split()):
        raise UsageError(msg("--keys takes only keys, no waits: a snapshot has no clock"))
    scenario = opened(arguments)
    session = session_of(scenario)
    at = position(arguments.at, session.last)
    view = View(scenario, replace(session, position=at or 0), arguments.lang or "en", arguments.ascii)
    screen = asyncio.run(drawn(view, arguments.keys.split(), arguments.size, known_theme(arguments.theme)))
    picture = screen.svg if output.endswith(".svg") else screen.text
    if output == "-":
        sys.stdout.write(picture)
    else:
        try:
            write_whole(output, picture)
        except OSError as error:
            raise UsageError(msg("{path}: {problem}", path=output, problem=reason(error))) from None
    return 0
