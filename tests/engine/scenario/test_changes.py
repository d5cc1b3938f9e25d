"""What is different in a scenario that was read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from backprop_engine.scenario.changes import ScenarioChanges, changes_between
from scenes import STEMS, scenario, written

BEFORE = """title: A case
inputs: {x: 3, y: [1, 2]}
params: {w: 2}
nodes:
  a: (x + w) * w
  f: sum(a * y)
expect: {values: {a: 10}}
notes: {a: Twice.}
objective: Knows squares.
requires: [first]
next: third
ask: {a: {question: How many?, answer: 2 * w, hint: Count.}}
"""
SAME = ScenarioChanges((), (), (), (), training=False, texts=False)


def told(folder: Path, *swaps: tuple[str, str]) -> list[str]:
    text = BEFORE
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    changes = changes_between(written(folder, BEFORE, "before"), written(folder, text, "after"))
    return [str(change) for change in changes.told()]


@pytest.mark.parametrize("stem", STEMS[::9])
def test_nothing_is_different_in_the_same_file(stem: str) -> None:
    assert changes_between(scenario(stem), scenario(stem)) == SAME


@pytest.mark.parametrize(
    ("swap", "wanted"),
    [
        (("x: 3", "x: 5"), ["changed values: x"]),
        (("[1, 2]", "[1, 2, 3]"), ["changed values: y"]),
        (("(x + w)", "(x - w)"), ["redefined: a"]),
        (("(x + w) * w", "x * w"), ["redefined: a"]),
        (("sum(a * y)", "sum(a * y * 2)"), ["redefined: f"]),
        (("params: {w: 2}", "params: {w: 2, v: 1}"), ["new: v"]),
        (("  f: sum(a * y)", "  b: a * y\n  f: sum(b)"), ["redefined: f", "new: b"]),
        (("w: 2", "w: 4"), ["changed values: w"]),
        (("A case", "Another case"), ["texts or expectations changed"]),
        (("a: 10", "a: 11"), ["texts or expectations changed"]),
        (("Twice.", "Two times."), ["texts or expectations changed"]),
        (("Knows", "Loves"), ["texts or expectations changed"]),
        (("[first]", "[first, second]"), ["texts or expectations changed"]),
        (("next: third", "next: fourth"), ["texts or expectations changed"]),
        (("How many", "How much"), ["texts or expectations changed"]),
        (("answer: 2 * w", "answer: 3 * w"), ["texts or expectations changed"]),
        (("answer: 2 * w", "answer: 2  *  w"), []),
        (("hint: Count.", "when: backward"), ["texts or expectations changed"]),
        (("expect:", "train: {optimizer: sgd, lr: 0.1, steps: 2}\nexpect:"), ["training changed"]),
        (("# nothing", "# a comment"), []),
    ],
)
def test_what_is_different_is_told(tmp_path: Path, swap: tuple[str, str], wanted: list[str]) -> None:
    if swap[0] not in BEFORE:
        assert told(tmp_path, ("title:", f"{swap[1]}\ntitle:")) == wanted
    else:
        assert told(tmp_path, swap) == wanted


def test_what_is_gone_and_what_comes_in_its_place_are_both_told(tmp_path: Path) -> None:
    swaps = [("a: (", "c: ("), ("a * y", "c * y"), ("{a: 10}", "{c: 10}"), ("{a: T", "{c: T")]
    assert told(tmp_path, *swaps, ("ask: {a", "ask: {c")) == [
        "redefined: f",
        "new: c",
        "removed: a",
        "texts or expectations changed",
    ]


def test_of_many_names_some_are_told(tmp_path: Path) -> None:
    more = ", ".join(f"p{number}: {number}" for number in range(9))
    assert told(tmp_path, ("{w: 2}", f"{{w: 2, {more}}}")) == ["new: p0, p1, p2, p3, …"]
