"""What the prompt answers to lines that ask for nothing that there is, in Korean: no sentence stays English,
and every sentence of its catalogue is heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backprop_engine.debugger import Break, RunTo, Select, Session, Set, SwitchBranch, update
from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.errors import UsageError
from backprop_engine.messages.translations import translations
from backprop_engine.scenario.model import Scenario
from backprop_tui.commands.table import COMMANDS
from backprop_tui.panels.bars import header
from backprop_tui.panels.beside import steps
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.info_tables import LISTS
from backprop_tui.view import View
from rooms import room
from scenes import written

TRAINED = """
inputs: {x: [1, -2]}
params: {W: [[1, 2], [3, 4]], b: [0, 1]}
constants: {t: 1}
cells:
  layer:
    inputs: [v]
    nodes: {a: W @ v + b, h: tanh(a)}
    outputs: [h]
nodes:
  one: {cell: layer, inputs: {v: x}}
  two: {cell: layer, inputs: {v: one.h}}
  over: two.h > 0
  L: softmax_with_loss(two.h, target=t) + sum(detach(over * b))
train: {optimizer: sgd, lr: 0.5, steps: 3}
"""
PLAIN = """
inputs: {x: 3, v: [1, 2, 3, 4, 5]}
constants: {c: 1}
nodes: {f: (x + 2) * sum(v) * c}
"""
SAVED = {
    "other.debug": "title: no saved file\n",
    "odd.debug": "breakpoints: [zzz]\nwatch: [zzz]\n",
}

BAD = (
    "b max(abs(product)) > 100",
    *(
        "(",
        "q" * 100_001,
        "zzz",
        "prnit x",
        "s1",
        "x",
        "x = 3",
        "e 1",
        "p upstream",
        "p one_hot(t)",
        "p one_hot(t, 0.5)",
        "p ∂two.a/∂x",
        "step x",
        "start now",
        "ignore 1",
    ),
    *("delete x", "undo", "redo", "branch nowhere", "name main!", "name b1", "name baseline"),
    *("compare a b c", "until", "until zzz", "until on", "until mul", "until t", "go", "go 9999"),
    *("go 200%", "go phase update", "go op tanhh", "go group three", "go group ona"),
    *("go phase upwards", "go tanh if", "go first", "go first thing", "go first infinitty", "go below"),
    *("go below x", "go zzz", "go one.hh", "go tanh", "break if foo > 1", "break if 1 > 0"),
    *("break if grad(1) > 0", "break if grad(over) > 0", "break if (", "break if tanhh(value) > 0"),
    *("break if tanh() > 0", "break x if", "break  op", "break first nan 3", "delete 7", "enable 7"),
    *("disable", "unwatch 9", "iteration 99", "iteration x", "reverse-iteration 9", "watch"),
    *("watch foo", "watch (", "watch x + W", "watch x @ [", "watch sum(x, axis=5)", "watch f#1 +"),
    *("print zzz", "print on", "print grad(over)", "print W[9,9]", "print W[x]", "print W @"),
    *("print x +", "set x", "set x =", "set zzz = 1", "set x = [1", "set x = 1e999"),
    *("set x = [[1], [2, 3]]", "set x = , 1", "set x = a", "set x[0] = [1, 2]", "set x[9] = 1"),
    *("set x = [1, 2, 3]", "set x[0.5] = 1", "set over = 1", "set grad(over) = 1", "set grad(t) = 1"),
    *(f"set x = {'[' * 40}", "set = 1", "set x = 1 2", "nudge", "nudge t", "nudge over"),
    *("nudge W[9,9]", "nudge W[0,0] 0", "nudge grad(x)", "fold zzz", "find", "find zzz", "info zzz"),
    *("info brakpoints", "save a\0b", "load nothing.debug", "load x.yaml", "export"),
    *("export case.yaml", "export nowhere/x.yaml", "save .", "save case.yaml", "help zzz"),
    *("expect zzz", "re", "nudge x", "set grad(W)[0,0] = 1", "set x[,] = 1", "load other.debug"),
    *("load odd.debug", "save", "set x = [5, 6]", "set v = [1, 2, 3, 4, 6]", "plots", "plot zzz"),
    *("beside zzz", "who t", "who over", "why t", "who zzz", "set grad() = 1"),
)
"""Lines that ask for nothing that there is, most of them; the others are answered."""

UNHEARD = {
    "The node, operator or group of a breakpoint does not exist.",
    "A watch is not an expression over the graph's nodes and gradients.",
    "It was there from the start: nothing before this step computed it.",
    "a breakpoint is a node, `op NAME`, `group NAME`, `phase NAME`, a kind of trouble, or `if …`",
    "search for part of a name, `op NAME`, `group NAME`, or `if …`",
    "this local gradient is a rule, not a tensor: {rule}",
    "there is no node number {number}: nodes are numbered 0 to {last}",
    "there is no room for another branch: the changes already hold too many numbers",
    "{path}: nothing was written, because it could not be loaded again: {problem}",
}
"""What only other doors lead to: files, the library, and more numbers than a test should hold."""

NAMES = re.compile("|".join(sorted(ANOMALIES, key=len, reverse=True)))
ENGLISH = re.compile(r"(?<![-\w])[A-Za-z]{2,} (?!if\b)[A-Za-z]{2,}(?![-\w])")
HANGUL = re.compile("[가-힣]")


@pytest.fixture
def heard() -> Iterator[set[str]]:
    """The templates that are said in Korean."""
    found: set[str] = set()

    class Heard(dict[str, str]):
        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            found.add(key)
            return super().get(key, default)

    known = Heard(translations("ko"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backprop_engine.messages.message.translations", lambda language: known)
        yield found


def sessions(folder: Path) -> Iterator[tuple[Scenario, Session]]:
    """Runs at several places: trained and not, with a branch and without, and at the last forward pass."""
    trained, untrained = written(folder, TRAINED), written(folder, PLAIN, "plain.yaml")
    start = session_of(trained)
    yield trained, start
    yield trained, update(start, Set("x", np.zeros(2)))
    yield trained, update(update(start, Break("L")), RunTo(start.run.graph.position("one.h")))
    yield replace(untrained, path="<stdin>"), session_of(untrained)
    yield untrained, update(session_of(untrained), Set("f", np.float64(1.0)))
    last = update(start, Select(None))
    yield trained, execute(last, "end", trained).session


def answers(folder: Path, lines: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Each line that is refused, and the refusal in both languages."""
    for scenario, session in sessions(folder):
        for line in lines:
            try:
                execute(session, line, scenario, "ko")
            except UsageError as error:
                yield line, str(error), error.in_language("ko")


def english_in(answer: str) -> list[str]:
    """Two words of English in a row, but for names and what is code."""
    return ENGLISH.findall(NAMES.sub("", re.sub(r"`[^`]*`", "", answer)))


def test_every_refusal_is_in_korean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: set[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in SAVED.items():
        Path(name).write_text(text, encoding="utf-8")
    refused = list(answers(tmp_path, BAD))
    assert [answer for answer in refused if not HANGUL.search(answer[2]) or english_in(answer[2])] == []
    assert all(not HANGUL.search(english) for _, english, _ in refused)
    rooms = room("prompt").keys() | room("debugger").keys()
    assert rooms - heard == UNHEARD


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.prompt], ids=lambda one: one.name)
def test_the_help_of_a_command_is_in_korean(tmp_path: Path, command: object) -> None:
    scenario, session = next(sessions(tmp_path))
    lines = execute(session, f"help {command.prompt[0]}", scenario, "ko").lines  # type: ignore[attr-defined]
    text = "\n".join("".join(span.text for span in line) for line in lines)
    assert HANGUL.search(text)
    assert english_in(text) == []


def test_a_change_is_told_in_korean_wherever_it_is_told(tmp_path: Path) -> None:
    scenario, start = next(sessions(tmp_path))
    session = update(start, Set("x", np.zeros(2)))
    view = View(scenario, session, "ko")
    baseline = View(scenario, update(session, SwitchBranch("baseline")), "ko")
    bar, pair = header(view, 160, 1), steps((baseline, view), 120, 20)
    drawn = [bar.row(0, 0, 160), *(pair.row(y, 0, 120) for y in range(20))]
    told = "\n".join("".join(span.text for span in line) for line in drawn)
    told += "\n".join("".join(span.text for span in line) for line in LISTS["branches"](session, "ko"))
    assert told.count("(첫 반복부터)") == 3
    assert "iteration on" not in told
