"""`schema`: the JSON Schema of scenario files, for editors, and that of `run --json`, for programs."""

from __future__ import annotations

import argparse
import json
import sys

from backprop_engine.messages.message import msg
from backprop_engine.messages.translations import languages
from backprop_engine.run_schema import run_schema
from backprop_engine.scenario.schema import schema

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `schema`."""
    parser.add_argument(
        "--of",
        choices=("scenario", "run"),
        default="scenario",
        help=msg("scenario: a scenario file, for editors; run: what `run --json` prints"),
    )
    parser.add_argument("--lang", choices=languages(), default="en", help=msg("the language of explanations"))


def run(arguments: argparse.Namespace) -> int:
    """Print the schema; the same bytes on every run."""
    described = run_schema() if arguments.of == "run" else schema(arguments.lang)
    json.dump(described, sys.stdout, ensure_ascii=False, allow_nan=False, indent=2)
    sys.stdout.write("\n")
    return 0
