"""`export`: a run in a form that other programs take."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import joined, msg
from backprop_engine.whole_files import write_whole
from backprop_tui.cli.arguments import add_shared, opened, position, question_count, seed, size
from backprop_tui.export.formats import FORMATS, Exported, Format

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
        "-o",
        "--output",
        default="-",
        metavar="FILE",
        help=msg("the file to write; - for standard output; a folder for svg and png"),
    )
    parser.add_argument("--key", action="store_true", help=msg("worksheet: with the answers"))
    parser.add_argument(
        "--seed",
        type=seed,
        metavar="N",
        help=msg("worksheet: draw new numbers, the same ones for the same N"),
    )
    parser.add_argument(
        "--count", type=question_count, default=10, metavar="N", help=msg("how many questions (10)")
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the run, as it is at its end or at a position."""
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
    exported = Exported(
        scenario,
        frame,
        arguments.lang or "en",
        arguments.size,
        theme,
        file=arguments.output,
        key=arguments.key,
        seed=arguments.seed,
        count=arguments.count,
    )
    if form.is_folder:
        _write_folder(form, exported, arguments.to, arguments.output)
    elif arguments.output == "-":
        sys.stdout.write(form.write(exported))
    else:
        _write(Path(arguments.output), form.write(exported).encode())
    return 0


def _write_folder(form: Format, exported: Exported, name: str, output: str) -> None:
    if output == "-":
        raise UsageError(msg("{format} writes one file for each step: name a folder with -o", format=name))
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(msg("{path}: {problem}", path=output, problem=reason(error))) from None
    for file, content in form.files(exported):
        _write(folder / file, content)


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise UsageError(msg("{path}: {problem}", path=str(path), problem=reason(error))) from None
