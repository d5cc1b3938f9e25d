"""What `run` says beside the numbers: title and description, each note at its step, each lesson once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backprop_engine.explain.facts import BackwardFacts, step_facts
from command_line import Commands, file
from covering import SHOWN
from scenes import scenario, trace

GUIDE = """
title: {en: A gate that swaps, ko: 바꾸어 곱하는 게이트}
description: Multiplication gives each operand the value of the other.
inputs: {x: 3, y: -4}
nodes:
  f: x * y
notes:
  f: {en: Look at both gradients., ko: 두 그래디언트를 보세요.}
  x: This one gets the value of y.
"""
TRAINED = """
inputs: {x: [1, 2, 3]}
params: {w: 0.5}
constants: {t: [2, 4, 6]}
nodes:
  y: w * x
  L: mse(y, target=t)
train: {optimizer: sgd, lr: 0.1, steps: 2}
notes:
  w: {text: The update., phase: update, iteration: 0}
  y: {text: The prediction., phase: forward}
  L:
    - {text: Before., iteration: 0}
    - {text: After., iteration: last}
    - Between.
"""


def printed(commands: Commands, *arguments: str) -> dict[int, str]:
    """What is printed under each step, in one line; under 0 what stands before the first one."""
    found: dict[int, list[str]] = {0: []}
    for line in commands("run", *arguments).out.splitlines():
        if step := re.match(r" *(\d+)  \S", line[:8]):
            found[int(step[1])] = []
        else:
            found[max(found)].append(line.strip())
    return {step: " ".join(" ".join(lines).split()) for step, lines in found.items()}


def test_the_note_on_a_leaf_stands_where_its_gradient_is_complete(commands: Commands, tmp_path: Path) -> None:
    said = printed(commands, file(tmp_path, GUIDE))
    assert "A gate that swaps Multiplication gives each operand the value of the other." in said[0]
    assert [step for step, text in said.items() if "» This one gets the value of y." in text] == [3]
    assert [step for step, text in said.items() if "» Look at both gradients." in text] == [4]
    korean = printed(commands, file(tmp_path, GUIDE), "--lang", "ko")
    assert "바꾸어 곱하는 게이트" in korean[0]
    assert "» 두 그래디언트를 보세요." in korean[4]


def test_the_note_on_a_sum_waits_for_its_last_contribution(commands: Commands) -> None:
    said = printed(commands, "branch_and_merge")
    assert [step for step, text in said.items() if "make 36." in text] == [10]


@pytest.mark.parametrize("stem", SHOWN)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_everything_is_said_once_and_nothing_is_left_out(
    commands: Commands, stem: str, language: str
) -> None:
    heading, *steps = printed(commands, stem, "--lang", language).values()
    before, whole = ("".join(text.split()) for text in (heading, "".join(steps)))
    shown, run = scenario(stem), trace(stem)
    texts = [shown.title, shown.description]
    assert [str(text) for text in texts if "".join(text.in_language(language).split()) not in before] == []
    facts = [step_facts(run.frame(at)) for at in range(run.schedule.last + 1)]
    lessons = {one.lesson.in_language(language) for one in facts if isinstance(one, BackwardFacts)}
    held = {"".join(lesson.split()) for lesson in lessons}
    contained = {one for one in held for other in held if one != other and one in other}
    assert {lesson: whole.count(lesson) for lesson in held - contained} == dict.fromkeys(held - contained, 1)
    for at, notes in shown.notes.items():
        for note in notes:
            if note.is_for(0, None) and run.graph.gets_gradient(at):
                words = "".join(note.text.in_language(language).split())
                assert whole.count("»" + words) == 1, run.graph.nodes[at].name


def test_the_steps_alone(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, GUIDE)
    whole, brief = (commands("run", path, *more).out.splitlines() for more in ((), ("--brief",)))
    assert brief == [line for line in whole if line in brief]
    assert [line[:8] for line in brief] == [
        *("      in", "      in", "  1  for", "  2  see", "  3  bac", "  4  bac"),
    ]
    assert commands("run", path, "--json", "--brief").out == commands("run", path, "--json").out


def test_a_note_may_be_for_an_iteration_or_a_phase(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, TRAINED)
    first, second, last = (printed(commands, path, "--iteration", str(at)) for at in range(3))

    def steps(said: dict[int, str]) -> dict[str, list[int]]:
        notes = ("The update.", "The prediction.", "Before.", "Between.", "After.")
        found = {
            note: [at - min(k for k in said if k) + 1 for at in said if f"» {note}" in said[at]]
            for note in notes
        }
        return {note: at for note, at in found.items() if at}

    assert steps(first) == {"The update.": [7], "The prediction.": [1], "Before.": [4]}
    assert steps(second) == {"The prediction.": [1], "Between.": [4]}
    assert steps(last) == {"The prediction.": [1], "After.": [2]}


def test_a_note_whose_numbers_no_longer_hold_says_so(commands: Commands, tmp_path: Path) -> None:
    quoting = GUIDE.replace("the value of y", "-4 from y1")
    path = file(tmp_path, quoting)
    marked = "» This one gets -4 from y1. (The numbers are those of the file, before the change.)"
    assert marked in printed(commands, path, "--set", "y=2")[3]
    assert "(The numbers" not in commands("run", path).out
    at = commands("run", path, "--at", "3", "--set", "y=2").out
    assert "(The numbers are those of the file" in at
    for asked in (("-x", "set y = 2; step 3"), ("-x", "step 3", "--set", "y=2")):
        assert "before the change.)" in commands("run", path, *asked).out
    assert "before the change.)" not in commands("run", path, "-x", "step 3").out
    assert "(The numbers" not in commands("run", file(tmp_path, GUIDE), "--set", "y=2").out


def test_what_a_gradient_means_in_numbers(commands: Commands) -> None:
    said = printed(commands, "add_multiply")
    assert said[5].endswith("Nudge z by 0.01: f moves by 0.03, as 0.01 · 3 predicts.")
    assert "Nudge" not in said[4]  # q is no leaf
    curved = printed(commands, "branch_and_merge")[10]
    assert curved.endswith("Nudge x by 0.01: f moves by 0.362; to first order 0.01 · 36 = 0.36.")
    korean = printed(commands, "add_multiply", "--lang", "ko")[5]
    assert korean.endswith("z를 0.01 늘리면 f는 0.03만큼 변합니다. 예측값 0.01 · 3과 같습니다.")


def test_shapes_and_additions(commands: Commands) -> None:
    said = printed(commands, "softmax_classifier")
    assert "Shapes: (6×4)ᵀ @ (6×3) = (4×3); no other product of the two has the shape of W." in said[9]
    lines = commands("run", "softmax_classifier").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("  6  "))
    assert lines[at : at + 2] == ["  6  backward  ∂L/∂XW = ∂L/∂logits", "      dXW = dlogits"]
