"""`export`: a run in a form that other programs take."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import joined, msg
from backprop_tui.cli.arguments import add_shared, opened, position, size
from backprop_tui.export.formats import FORMATS, Exported

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `export`."""
    add_shared(parser)
    parser.add_argument(
        "--to",
        required=True,
        choices=sorted(FORMATS),
        metavar="FORMAT",
        help=joined(
            "; ", [msg("{name}: {what}", name=name, what=form.about) for name, form in FORMATS.items()]
        ),
    )
    parser.add_argument("--at", type=int, metavar="N", help=msg("at position N"))
    parser.add_argument(
        "--size",
        type=size,
        default=(120, 40),
        metavar="COLSxROWS",
        help=msg("the size of the screen (120x40)"),
    )
    parser.add_argument("--theme", default="", metavar="NAME", help=msg("a theme"))
    parser.add_argument(
        "-o", "--output", default="-", metavar="FILE", help=msg("the file to write; - for standard output")
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the run, as it stands at its end or at a position."""
    from backprop_tui.themes import known_theme  # help needs no Textual

    scenario = opened(arguments)
    iterations = scenario.run()
    form = FORMATS[arguments.to]
    at = position(arguments.at, iterations.last)
    if at is None:
        at = 0 if form.is_player else iterations.trace(0).schedule.completed
    iteration, here = iterations.locate(at)
    frame = iterations.trace(iteration).frame(here)
    theme = known_theme(arguments.theme)
    text = form.write(Exported(scenario, frame, arguments.lang or "en", arguments.size, theme))
    if arguments.output == "-":
        sys.stdout.write(text)
        return 0
    try:
        Path(arguments.output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(msg("{path}: {problem}", path=arguments.output, problem=reason(error))) from None
    return 0
