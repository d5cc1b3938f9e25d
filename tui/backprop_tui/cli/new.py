"""`new`: a commented scenario to start from; an existing file is never overwritten."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from os.path import dirname, isdir, lexists
from string import Template
from typing import Final

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.translations import languages
from backprop_engine.whole_files import write_whole

__all__ = ["add_arguments", "run", "starter"]

_SCENARIO: Final = Template("""\
# $first
title: $title
description: $description

# $inputs
inputs:
  x: [1, 2]

# $params
#   W: {shape: [2, 3], init: xavier_uniform, seed: 7}
params:
  w: [0.5, -1]
  b: 2

# $constants
constants:
  t: 1

# $nodes
nodes:
  a: dot(w, x) + b
  h: relu(a)
  L: (h - t) ** 2

# $notes
notes:
  h: $note_h
  L: $note_L

# $expect
expect:
  values: {a: 0.5, h: 0.5, L: 0.25}
  grads: {w: [-1, -2], b: -1, x: [-0.5, 1]}

# $train
# train: {optimizer: sgd, lr: 0.1, steps: 20}
""")
"""The figures can be worked out by hand, and come out exactly. With `train` they are those of iteration 0."""

_WORDS: Final = {
    "first": msg("A computational graph with its numbers. Change anything, save, and check again."),
    "title": msg("My first scenario"),
    "description": msg("A neuron with a ReLU, and how far its output is from the target."),
    "inputs": msg("Data; inputs get gradients too."),
    "params": msg("What an optimiser would update: a number, a list, or a shape and how to fill it, such as"),
    "constants": msg("Values that get no gradient: targets, masks, indices."),
    "nodes": msg("Everything that is computed, in any order. `backprop-tui ops` lists the operators."),
    "notes": msg("Sentences shown at a node."),
    "note_h": msg("a is positive, so the gate is open and the gradient passes unchanged."),
    "note_L": msg("The gradient of the square is twice the distance to the target."),
    "expect": msg("The expected figures, which `check` compares. For rounded ones, add `digits: 2`."),
    "train": msg("To train, remove the `# ` from the next line."),
}

_NEXT: Final = {
    "": msg("step through it"),
    "run": msg("read the whole run"),
    "check": msg("compare what it expects, and check every gradient"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `new`."""
    parser.add_argument(
        "file", metavar="FILE", help=msg("the file to write, which must not exist yet; - for standard output")
    )
    parser.add_argument(
        "--lang",
        choices=languages(),
        default="en",
        help=msg("the language of the scenario and of the explanations"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the scenario and say what can be done with it."""
    text = starter(arguments.lang)
    if arguments.file == "-":
        sys.stdout.write(text)
        return 0
    _write(arguments.file, text)
    shown = clean(shlex.quote(_as_path(arguments.file)))
    language = "" if arguments.lang == "en" else f"--lang {arguments.lang}"
    commands = [" ".join(filter(None, ("backprop-tui", name, shown, language))) for name in _NEXT]
    width = max(map(len, commands))
    print(msg("Wrote {file}. Next:", file=clean(arguments.file)).in_language(arguments.lang))
    for command, what in zip(commands, _NEXT.values(), strict=True):
        print(f"  {command:<{width}}   {what.in_language(arguments.lang)}")
    return 0


def starter(language: str) -> str:
    """The scenario, with its comments and texts in `language`."""
    return _SCENARIO.substitute({name: words.in_language(language) for name, words in _WORDS.items()})


def _as_path(file: str) -> str:
    """`file`, so that the command line takes it for a path and not for a bundled scenario."""
    is_path = "/" in file or "\\" in file or file.endswith((".yaml", ".yml"))
    return file if is_path and not file.startswith("-") else f"./{file}"


def _write(file: str, text: str) -> None:
    """Write a new file; nothing is left of it if it cannot be written in full."""
    try:
        write_whole(file, text, new=True)
    except (OSError, ValueError) as error:
        raise UsageError(_refusal(file, error)) from None


def _refusal(file: str, error: OSError | ValueError) -> Message:
    """Why there is no new file at this path."""
    folder = dirname(file.rstrip("/")) or "."
    if isinstance(error, ValueError):
        return msg("{path}: this is not a valid file name", path=file)
    if isdir(file):
        inside = os.path.join(file, "my.yaml")
        return msg("{path} is a folder: name a file in it, such as {inside}", path=file, inside=inside)
    if lexists(file):
        return msg("{path} already exists and was left unchanged: choose another name", path=file)
    if not lexists(folder):
        return msg("there is no folder {folder}: create it first", folder=folder)
    return msg("{path}: {problem}", path=file or msg("a file without a name"), problem=reason(error))
