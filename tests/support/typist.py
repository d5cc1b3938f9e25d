"""Who types lines at the prompt, without a screen."""

from __future__ import annotations

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.scenario.model import Scenario
from backprop_tui.cells.lines import plain
from backprop_tui.prompt.debug_file import session_of
from backprop_tui.prompt.execute import execute
from backprop_tui.prompt.outcome import Outcome

EVERYTHING = """
title: A little of everything
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
  L: softmax_with_loss(two.h, target=t)
train: {optimizer: sgd, lr: 0.5, steps: 3}
notes: {L: The loss.}
"""


class Typist:
    """Types lines into a debugger of its own."""

    def __init__(self, read: Scenario, at: int = 0, language: str = "en") -> None:
        self.scenario, self.language = read, language
        self.session = session_of(read, at)
        self.outcome = Outcome(self.session)

    def __call__(self, *lines: str) -> str:
        """What the last line shows."""
        for line in lines:
            self.outcome = execute(self.session, line, self.scenario, self.language)
            self.session = self.outcome.session
        return plain(self.outcome.lines)

    def refused(self, line: str) -> str:
        """What is said of a line that cannot be carried out; nothing is changed by it."""
        before = self.session
        with pytest.raises(UsageError) as error:
            self(line)
        assert self.session is before
        return str(error.value)
