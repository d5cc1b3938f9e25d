"""What takes text or bytes from outside, each as a target: valid inputs, and what takes any input.

A target accepts an input or refuses it, with an error for people. Any other exception is a finding.
"""

from __future__ import annotations

import atexit
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Final, NamedTuple

from backprop_engine.errors import BackpropError
from backprop_engine.expressions import ExprError, parse, render
from backprop_engine.recordings.findings import find
from backprop_engine.recordings.folders import index_path, manifest_path, shard_path
from backprop_engine.recordings.recording import open_recording
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.cells.lines import plain
from backprop_tui.commands.table import COMMANDS
from backprop_tui.prompt.debug_file import kept_in
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.parse import parse as parse_line
from backprop_tui.queries import Export, Save
from backprop_tui.render.spoken import Spoken
from backprop_tui.render.transcript import transcript
from backprop_tui.settings import change_setting, read_settings
from mutating import damaged, damaged_bytes, outcome
from recorded import recorded_mlp
from typist import EVERYTHING, Typist

__all__ = ["TARGETS", "Target", "mutated", "refused"]

TESTS: Final = Path(__file__).parents[1]
CORPUS: Final = Path(__file__).parent / "corpus"
"""What once failed: a folder for each target."""
_LARGEST: Final = 6_000
"""Bytes of an input to begin with."""
REFUSALS: Final = (BackpropError, ExprError)


class Target(NamedTuple):
    """`take` raises one of `REFUSALS` for an input that cannot be used; `seeds` are inputs to begin with."""

    take: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]

    def corpus(self, name: str) -> list[Path]:
        """The inputs that once failed."""
        return sorted((CORPUS / name).glob("*"))


def refused(target: Target, data: bytes) -> bool:
    """Whether an input is refused; any other exception passes through."""
    try:
        target.take(data)
    except REFUSALS:
        return True
    return False


def mutated(seeds: list[bytes], random: Random) -> bytes:
    """One of `seeds` with a few things done to it: damage to its words, a byte, or the end of another."""
    data = random.choice(seeds)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        match random.randrange(8):
            case 0:
                data = damaged_bytes(data, random)
            case 1:
                other = random.choice(seeds)
                data = data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]
            case _:
                text = damaged(data.decode("utf-8", "surrogateescape"), random)
                data = _encoded(text)
    return data


def _encoded(text: str) -> bytes:
    """Bytes that are no text as they were, and half a character as bytes that are no text."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# Scenarios


@cache
def _scenarios() -> list[bytes]:
    folders = (TESTS.parent / "scenarios", TESTS / "bad_scenarios")
    files = [path for folder in folders for path in sorted(folder.rglob("*.yaml"))]
    texts = [path.read_bytes() for path in files if path.stat().st_size <= _LARGEST]
    return [EVERYTHING.encode(), *texts]


def _load(data: bytes) -> None:
    """Load a file, and write it again."""
    if outcome(data, TESTS / "bad_scenarios" / "fuzz.yaml"):
        raise BackpropError("refused")


def _run(data: bytes) -> None:
    """Load a file, compute it, and say every step."""
    scenario = load_source(Source.from_bytes("fuzz.yaml", data), max_memory=2**16, max_work=10**5)
    trace = scenario.record()
    if len(trace.steps) <= 200:
        plain(list(transcript(trace, "ko", words=Spoken(scenario.notes))))


# Expressions, and lines at the prompt

_FORMULA: Final = re.compile(r"^\s+\w+: \"?([^\"{}#\n]+[*+@/(][^\"{}#\n]*)\"?$", re.MULTILINE)


@cache
def _expressions() -> list[bytes]:
    found = {
        formula for data in _scenarios() for formula in _FORMULA.findall(data.decode("utf-8", "replace"))
    }
    return [text.encode() for text in sorted(found)]


def _expression(data: bytes) -> None:
    """What is read is written so that it is read as the same."""
    tree = parse(_text(data))
    written = render(tree)
    assert render(parse(written)) == written


@cache
def _typist() -> Typist:
    typist = Typist(load_source(Source.from_bytes("case.yaml", EVERYTHING.encode())), at=9)
    typist("break L", "watch sum(W)", "set b = [1, 2]")
    return typist


def _lines() -> list[bytes]:
    arguments = ("", "L", "W[0, 1]", "one.h", "4", "50%", "dL/dW", "W = [[1, 2], [3, 4]]", "b[0] = 2.5")
    more = ("sum(W) > 2", "op tanh if norm(grad) > 1", "main other", "group one", "grad(W)[0]", "nan")
    names = sorted({name for row in COMMANDS for name in row.prompt})
    lines = [f"{name} {argument}".encode() for name in names for argument in (*arguments, *more)]
    return lines + [b"print " + text for text in _expressions()]


def _line(data: bytes) -> None:
    """Carry a line out; what would write a file is only read."""
    typist, line = _typist(), _text(data)
    if line.strip() and isinstance(parse_line(line, typist.session).request, Save | Export):
        return
    done = execute(typist.session, line, typist.scenario, "ko")
    plain(done.lines)


# Files


@cache
def _folder() -> Path:
    folder = Path(mkdtemp(prefix="backprop-fuzz-"))
    atexit.register(rmtree, folder)
    recorded_mlp(folder / "recording", steps=1)
    return folder


def _parts(folder: Path) -> list[Path]:
    """The files of a small recording."""
    return [manifest_path(folder), index_path(folder), shard_path(folder, 0)]


def _recordings() -> list[bytes]:
    """Each file of a recording, after a byte that says which it is."""
    parts = _parts(_folder() / "recording")
    files = [bytes([number]) + part.read_bytes() for number, part in enumerate(parts)]
    return [*files, *files[:2], *files[1:2], *files[1:2]]


def _recording(data: bytes) -> None:
    """Read a recording of which one file is `data`, look for what is wrong with it, and show its steps."""
    folder = _folder() / "damaged"
    if not folder.exists():
        copytree(_folder() / "recording", folder)
    parts = _parts(folder)
    path = parts[data[0] % len(parts) if data else 0]
    before = path.read_bytes()
    path.write_bytes(data[1:])
    try:
        assert all(finding.message for finding in find(open_recording(folder)))
        trace = load_recording(folder).record()
        plain(list(transcript(trace, "en")))
    finally:
        path.write_bytes(before)


_SETTINGS: Final = (
    b'language = "ko"\ntheme = "backprop-light"\ntoured = "yes"\n[keys]\nstep = ["j", "F5"]\n',
    b'theme = "nord"\n[keys]\nback = "ctrl+b"\nplay = []\nzoom_in = ["+", "="]\n',
    b'keys = { step = "F5", help = ["?", "f1"] }\n',
)


def _settings(data: bytes) -> None:
    """Read settings, and change one: all else stays."""
    path = _folder() / "settings.toml"
    path.write_bytes(data)
    before = read_settings(path)
    change_setting(path, "theme", "nord")
    after = read_settings(path)
    assert (after.theme, after.language, after.keys) == ("nord", before.language, before.keys)


_SAVED: Final = (
    b"breakpoints:\n  - L\n  - op tanh if norm(grad) > 1\n  - 'group one'\nwatch:\n  - sum(W)\n",
    b"breakpoints: []\nwatch: [f, W[0]]\n",
)


def _saved(data: bytes) -> None:
    """Read breakpoints and watches that were saved."""
    path = _folder() / "case.debug"
    path.write_bytes(data)
    kept_in(path)


TARGETS: Final[dict[str, Target]] = {
    "loader": Target(_load, _scenarios),
    "run": Target(_run, _scenarios),
    "expression": Target(_expression, _expressions),
    "prompt": Target(_line, _lines),
    "recording": Target(_recording, _recordings),
    "settings": Target(_settings, lambda: list(_SETTINGS)),
    "saved": Target(_saved, lambda: list(_SAVED)),
}
