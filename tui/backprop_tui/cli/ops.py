"""`ops`: the catalogue of operators."""

from __future__ import annotations

import argparse
import json
import sys

from backprop_engine.catalogue.entries import data, find
from backprop_engine.evaluation.calls import signature
from backprop_engine.evaluation.derivative_operators import DERIVATIVES
from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_engine.ops import OPS
from backprop_tui.cells.lines import Span
from backprop_tui.cli.arguments import add_own_operators
from backprop_tui.cli.output import print_lines
from backprop_tui.render.operator_pages import page, table

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ops`."""
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help=msg(
            "an operator: its formula, its gradients, the shapes it accepts, its conventions, an example"
        ),
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help=msg("JSON: a list of objects, one for each operator, or only for NAME"),
    )
    add_own_operators(parser)
    parser.add_argument("--lang", choices=languages(), default="en", help=msg("the language of explanations"))


def run(arguments: argparse.Namespace) -> int:
    """Print the table, or the page of one operator or derivative."""
    if arguments.name in DERIVATIVES and not arguments.json:
        derivative = DERIVATIVES[arguments.name]
        said = derivative.lesson.in_language(arguments.lang)
        print_lines([(Span(signature(derivative)),), (), (Span(said),)])
        return 0
    chosen = [find(arguments.name)] if arguments.name is not None else list(OPS.values())
    if arguments.json:
        json.dump([data(op) for op in chosen], sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
    elif arguments.name is None:
        print_lines(table(arguments.lang))
    else:
        print_lines(page(chosen[0], arguments.lang))
    return 0
