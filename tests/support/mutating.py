"""Damage to a scenario file, and what must come of it: it loads, or is refused with places."""

from __future__ import annotations

import tracemalloc
import unicodedata
import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, Final

from backprop_engine.errors import ScenarioError
from backprop_engine.messages.translations import languages
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from sameness import assert_same
from yaml_styles import Number

__all__ = ["MAX_MEMORY", "PIECES", "damaged", "damaged_bytes", "loaded", "misunderstood", "outcome"]

MAX_MEMORY: Final = 2**20
"""What the tensors of a run may take together."""
BOUND: Final = 48 * 2**20
"""What loading a small file may take, whatever stands in it."""

_OBEYED: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Categories of characters that a terminal obeys, or that nobody sees."""

NUMBERS: Final = ("0", "-1", "2.5", "1e308", ".nan", ".inf", "null", "true", "4096", "99999999999999999999")
PIECES: Final = (
    "[", "]", "{", "}", ": ", ", ", "\n", "\n  ", '"', "'", "#", " # ", "&a ", "*a", "!!str ", "!!int ",
    "- ", "? ", "1e999", ".inf", ".nan", "-1", "0", "1000000000", "9" * 30, "null", "true", "~", "0x",
    "1e-400", "4096", "grad(", ")", "(", "**", "@", "[:, 1:]", "[-1]", ".T", ".h", "<<: ", "<<", "f#1",
    "x > 0", "==", "=", "shape: ", "init: ", "[99999999, 99999999]", "[300000]", "arange", "eye", "seed: 1",
    "dtype: float16", "softmax_with_loss", "detach", "where", "einsum", "axis=[0, 0]", "key=0",
    "shape=[2, 2]", "parts=3", "file: table.csv", "file: ../table.csv", "file: nothing.npy", "rows: '::0'",
    "columns: [a, z]", "key: v", "cell: ", "scan: ", "over: ", "carry: ", "inputs: ", "outputs: ",
    "nodes: ", "cells: ", "expr: ", "op: ", "optimizer: adam", "steps: 99999999", "betas: [1, 2]",
    "iteration: 1", "digits: 3", "wrong: true", "note: ", "\t", "가", "e\u0301", "\x00", "\x1b", "\x85",
    "\u2028", "\u202e", "\ufeff", "\ud800", "\U0001f600", "---\n", "...\n",
)  # fmt: skip


def damaged(text: str, random: Random) -> str:
    """`text` with one thing done to it."""
    at = random.randrange(len(text) + 1)
    lines = text.splitlines(keepends=True) or [""]
    line, other = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(12):
        case 0:  # cut out
            return text[:at] + text[at + random.choice((1, 1, 2, 5, 20)) :]
        case 1 | 2:  # put in
            return text[:at] + _piece(text, random) + text[at:]
        case 3 | 4:  # put in place of some characters
            return text[:at] + _piece(text, random) + text[at + random.choice((1, 1, 3, 8)) :]
        case 5:  # a line is missing
            lines[line : line + 1] = []
        case 6:  # a line, and with it perhaps a key, stands twice
            lines.insert(other, lines[line])
        case 7:  # two lines change places
            lines[line], lines[other] = lines[other], lines[line]
        case 8:  # a line is indented differently
            lines[line] = " " * random.randrange(7) + lines[line].lstrip(" ")
        case 9:  # the file ends early
            return text[:at]
        case 10:  # a line has the words of another
            lines[line] = _indent(lines[line]) + lines[other].lstrip(" ")
        case 11:  # one word becomes another everywhere
            words = text.split()
            return text.replace(random.choice(words), _piece(text, random)) if words else text
    return "".join(lines)


def misunderstood(root: dict[str, Any], random: Random) -> dict[str, Any]:
    """A document with one value, key or entry changed: still YAML, but seldom a scenario."""
    root = deepcopy(root)
    places = list(_places(root))
    container, key = random.choice(places)
    other, its_key = random.choice(places)
    match random.randrange(5):
        case 0 if len(root) > 1:
            del container[key]
        case 1 | 2:  # what stands elsewhere stands here
            container[key] = deepcopy(other[its_key])
        case 3:
            value = container[key]
            container[key] = (
                damaged(value, random) if isinstance(value, str) else Number(random.choice(NUMBERS))
            )
        case 4 if isinstance(container, dict):  # another name
            name = damaged(key, random) if random.random() < 0.5 else str(its_key)
            entries = {name if one == key else one: value for one, value in container.items()}
            container.clear()
            container.update(entries)
    return root


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each entry of a document, as a container and a key or number in it."""
    if not isinstance(value, dict | list):
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        yield from _places(inner)


def _piece(text: str, random: Random) -> str:
    """Something to put in: a piece of the format, a word of the text, or a character."""
    character = chr(random.choice((random.randrange(128), random.randrange(0x3000))))
    return str(random.choice(random.choice((PIECES, PIECES, text.split() or PIECES, [character]))))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def damaged_bytes(data: bytes, random: Random) -> bytes:
    """`data` with a byte changed, put in or taken out."""
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice((b"", bytes([random.randrange(256)]))) + data[at + random.randrange(2) :]


def outcome(data: bytes, path: str | Path = "s.yaml") -> str:
    """What the file is refused with, nothing if it loads: then, written again, it is the same scenario."""
    try:
        scenario = loaded(data, path)
    except ScenarioError as error:
        _check_refusal(error)
        return str(error)
    text = scenario.to_yaml()
    again = loaded(text.encode("utf-8", "surrogatepass"), path)
    assert_same(again, scenario)
    assert again.to_yaml() == text
    return ""


def loaded(data: bytes, path: str | Path = "s.yaml") -> Scenario:
    """The scenario, loaded without a warning; while memory is traced, within bounds."""
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return load_source(Source.from_bytes(str(path), data), max_memory=MAX_MEMORY)
    finally:
        taken = tracemalloc.get_traced_memory()[1] - before
        assert taken < BOUND, f"{taken / 2**20:.0f} MiB"


def _check_refusal(error: ScenarioError) -> None:
    """Every mistake has a place and a sentence, and in no language a character that a terminal obeys."""
    assert 1 <= len(error.diagnostics) <= 20
    assert len(set(error.diagnostics)) == len(error.diagnostics)
    for one in error.diagnostics:
        assert one.place is not None
        assert one.place.line >= 1
        assert one.place.column >= 1
        assert one.message.strip()
        for language in languages():
            shown = one.in_language(language)
            obeyed = [sign for sign in shown if sign != "\n" and unicodedata.category(sign) in _OBEYED]
            assert not obeyed, repr(shown)
            assert shown.count("\n") == str(one).count("\n")
