"""What a word on the screen means, and what a line could become."""

from __future__ import annotations

import pytest

from backprop_engine.debugger import Session
from backprop_tui.cells.lines import line_text
from backprop_tui.prompt.complete import Completion, complete
from backprop_tui.prompt.described import described_word
from backprop_tui.prompt.outcome import Context
from backprop_tui.prompt.values import NUDGE, nudging
from scenes import view, view_of, written


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("L", "L stands for the loss that follows f"),
        ("g", "in a rule, g stands for the upstream gradient"),
        ("q.shape", "q: ()"),
        ("np.mul", "mul(a, b) = a * b"),
        ("+", "add(a, b) = a + b"),
        ("nobody", ""),
    ],
)
def test_a_word_is_described_by_what_it_is(word: str, meaning: str) -> None:
    shown = view("add_multiply", 5)
    lines = described_word(word, shown.session, Context(shown.scenario, "en"))
    assert (line_text(lines[0]).strip() if lines else "") == meaning


@pytest.mark.parametrize(
    ("line", "start", "some", "common"),
    [
        ("b q if v", 7, ("value", "var("), "va"),
        ("b op ", 2, ("op add", "op mul"), "op "),
        ("frobnicate x", 12, (), ""),
        ("p zzz", 2, (), ""),
    ],
)
def test_a_line_is_completed_as_far_as_all_candidates_agree(
    line: str, start: int, some: tuple[str, ...], common: str
) -> None:
    found = complete(line, view("add_multiply").session)
    assert found == Completion(start, some)
    assert found.common == common


def test_without_a_leaf_that_gradient_flows_to_nothing_is_offered_to_nudge(tmp_path: object) -> None:
    assert nudging(view("add_multiply").session) == f"nudge x {NUDGE}"
    text = "constants: {c: 3}\nnodes: {f: 2 * c}\n"
    without: Session = view_of(written(tmp_path, text)).session  # type: ignore[arg-type]
    assert nudging(without) == "nudge "
