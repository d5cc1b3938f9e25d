"""What commands, scenarios and operators say: in both languages, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backprop_engine import load_scenario
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.translations import languages
from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Linear, Op, Rule
from backprop_tui.commands.table import COMMANDS

SCENARIOS = Path(__file__).parents[2] / "scenarios"
HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize(
    ("count", "said"), [(1, "첫 번째"), (2, "두 번째"), (10, "열 번째"), (11, "11번째"), (21, "21번째")]
)
def test_small_numbers_are_counted_as_korean_counts(count: int, said: str) -> None:
    assert said in msg("contribution {count} of {of}", count=count, of=30).in_language("ko")


def test_every_command_has_a_label_and_a_help() -> None:
    for row in COMMANDS:
        assert isinstance(row.label, Message)
        assert isinstance(row.help, Message)
        assert row.label.strip() == row.label != ""
        assert row.help.strip() == row.help != ""


@pytest.mark.parametrize("path", sorted(SCENARIOS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_an_author_writes_a_minus_sign_in_both_languages(path: Path) -> None:
    scenario = load_scenario(path)
    noted = [note.text for notes in scenario.notes.values() for note in notes]
    told = [one for one in (scenario.title, scenario.description, *noted) if one]
    found = [
        re.findall(r"(?<![\w)\]])-(?=[\w(])| - ", said)
        for words in told
        for said in map(words.in_language, languages())
    ]
    assert [one for one in found if one] == []


def lessons(op: Op) -> Iterator[tuple[Rule | None, Words]]:
    """What is said at a backward step, beside its rule, for every sample."""
    yield None, op.lesson
    for sample in op.samples:
        attributes = {one.name: one.default for one in op.attributes} | dict(sample.attributes)
        shapes = tuple(operand.shape for operand in sample.draw())
        for argnum, rule in enumerate(op.rules_for(shapes, attributes)):
            if rule is not None:
                yield rule, op.lesson_of(argnum, shapes)


@pytest.mark.parametrize("name", OPS)
def test_an_operator_has_lessons_in_both_languages(name: str) -> None:
    for _, lesson in lessons(OPS[name]):
        assert lesson.endswith(".")
        assert HANGUL.search(lesson.in_language("ko"))
        assert not HANGUL.search(lesson)


@pytest.mark.parametrize("name", OPS)
def test_a_lesson_speaks_of_no_letter_that_is_nowhere_on_the_screen(name: str) -> None:
    for _, lesson in lessons(OPS[name]):
        assert re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[σαᵀ‖√]", lesson.in_language("ko")) == []
        assert re.findall(r"(?<![A-Za-z'’])[b-zB-Z](?![A-Za-z])|[σαᵀ‖√]", lesson) == []


def says_transposed(lesson: Words) -> bool:
    return "transposed" in lesson or "전치" in lesson.in_language("ko")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, op in OPS.items()
        if any(says_transposed(lesson) for rule, lesson in lessons(op) if rule)
    ],
)
def test_a_lesson_says_transposed_only_where_something_is(name: str) -> None:
    for rule, lesson in lessons(OPS[name]):
        if rule is not None and says_transposed(lesson):
            assert name in {"transpose", "permute"} or re.search(r"\.m?T", rule.text), rule.text


def described(op: Op) -> Iterator[Words]:
    """What the linear maps of an operator are said to do, for every sample."""
    for sample in op.samples:
        attributes = {one.name: one.default for one in op.attributes} | dict(sample.attributes)
        shapes = tuple(operand.shape for operand in sample.draw())
        for rule in op.rules_for(shapes, attributes):
            if isinstance(rule, Linear) and rule.shown is not None:
                yield rule.shown


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if any(True for _ in described(op))])
def test_what_a_map_does_is_said_in_both_languages(name: str) -> None:
    for shown in described(OPS[name]):
        assert shown
        korean = shown.in_language("ko")
        assert HANGUL.search(korean) or korean == shown, "words, or a formula"
        assert not HANGUL.search(shown)
