"""How far a long training is: said on a terminal, nowhere else, and wiped away."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from backprop_engine.debugger import Go, Session, update
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import verify
from backprop_engine.trace import run as runs
from backprop_tui.cli import output
from backprop_tui.cli.output import ProgressMeter
from command_line import Commands, file

TEXT = """
inputs: {x: [2, -1, 0.5]}
params: {w: [0.5, 1, -1], b: 0.25}
constants: {t: 3}
nodes:
  y: sum(tanh(w * x)) + b
  L: (y - t) ** 2
train: {optimizer: sgd, lr: 0.01, steps: 300}
"""


class Terminal(io.StringIO):
    """A stream that says that it is a terminal, and what a person sees in its last line."""

    def isatty(self) -> bool:
        return True

    @property
    def seen(self) -> list[str]:
        return [line.rstrip() for line in self.getvalue().split("\r")]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is said."""
    monkeypatch.setattr(output, "SILENT_SECONDS", 0)
    monkeypatch.setattr(output, "REFRESH_SECONDS", 0)


def session() -> Session:
    return Session(load_source(Source.from_bytes("case.yaml", TEXT.encode())).run())


@pytest.mark.usefixtures("eager")
def test_it_says_how_far_it_is_and_leaves_nothing() -> None:
    terminal = Terminal()
    start = session()
    there = ProgressMeter("en", terminal).finish(update(start, Go(start.run.start(300))))
    assert there.position == start.run.start(300)
    seen = terminal.seen
    assert "[############------------] iteration 150 of 299" in seen
    assert seen[-2:] == ["", ""]
    assert len(seen) > 250


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_way_is_told_up_to_its_end(language: str) -> None:
    for act in ("reach", "extend"):
        terminal = Terminal()
        run = session().run
        if act == "reach":
            ProgressMeter(language, terminal).reach(run, 300)
            assert run.missing(300) == 1
        else:
            ProgressMeter(language, terminal).extend(run)
            assert run.history.count == 301
        assert any("299" in line and "300" in line for line in terminal.seen)
        assert terminal.seen[-1] == ""


@pytest.mark.usefixtures("eager")
def test_nothing_is_said_to_a_pipe(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, TEXT)
    for arguments in ((), ("--json",), ("--iteration", "250"), ("-x", "end; it 20; c")):
        outcome = commands("run", path, *arguments)
        assert (outcome.code, outcome.err) == (0, ""), arguments
        assert "\r" not in outcome.out


def test_what_is_quick_says_nothing() -> None:
    terminal = Terminal()
    ProgressMeter("en", terminal).extend(session().run)
    assert terminal.getvalue() == ""


def test_each_iteration_is_computed_once(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[object] = []
    run_both = runs.run_both

    def counted(*arguments: object) -> object:
        recorded.append(arguments)
        return run_both(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "run_both", counted)
    data = json.loads(commands("run", file(tmp_path, TEXT), "--json").out)
    assert len(data["iterations"]) == 301
    assert len(recorded) == 300


@pytest.mark.thorough
def test_a_snapshot_is_of_the_end_of_a_long_way(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, TEXT)
    shown = {commands("snapshot", path, "--keys", "end v", "-o", "-").out for _ in range(3)}
    assert len(shown) == 1
    assert "iteration 300 of 300" in shown.pop()


@pytest.mark.usefixtures("eager")
def test_a_check_says_how_many_gradients_it_has_compared() -> None:
    terminal = Terminal()
    scenario = load_source(Source.from_bytes("case.yaml", TEXT.encode()))
    checks = verify(scenario, ProgressMeter("en", terminal).gradients).checks
    seen = terminal.seen
    assert all(
        any(line.endswith(f"gradient {at} of {len(checks)}") for line in seen) for at in range(1, len(checks))
    )
    assert seen[-2:] == ["", ""], "nothing is left of it"
