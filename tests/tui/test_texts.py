"""Every word of ours: in both languages, with the same parts, and in use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest

import backprop_tui
import backprop_tui.render
from backprop_engine import load_scenario
from backprop_engine.messages.translations import languages
from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Linear, Op, Rule
from backprop_tui import texts as tui_texts
from backprop_tui.commands import COMMANDS
from backprop_tui.render import texts as explain_texts

SCENARIOS = Path(__file__).parents[2] / "scenarios"
HANGUL = re.compile("[가-힣]")
TABLES = [(explain_texts, "say", backprop_tui.render), (tui_texts, "text", backprop_tui)]
ENTRIES = [
    pytest.param(words, id=f"{module.__name__}-{key}")
    for module, _, _ in TABLES
    for key, words in module.TEXTS.items()
]


def parts(sentence: str) -> set[str | None]:
    """The names of the places that a sentence leaves open, but for particles, which only Korean has."""
    places = {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
    return {name for name in places if "/" not in name}


def trees(package: ModuleType, *, without: ModuleType) -> Iterator[ast.AST]:
    """Every file of a package but the table of texts itself."""
    for path in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
        if path != Path(str(without.__file__)):
            yield ast.parse(path.read_text(encoding="utf-8"))


def pattern(text: ast.expr) -> str | None:
    """What a string or an f-string can spell, as a regular expression; None for anything else."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return re.escape(text.value)
    if isinstance(text, ast.JoinedStr):
        pieces = (pattern(piece) if isinstance(piece, ast.Constant) else "[a-z_]+" for piece in text.values)
        return "".join(piece or "" for piece in pieces)
    return None


def asked(tree: ast.AST, function: str) -> Iterator[str]:
    """What the calls of `function` ask for, where they say it on the spot."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == function
            and node.args
        ):
            key = pattern(node.args[0])
            if key is not None:
                yield key


@pytest.mark.parametrize("words", ENTRIES)
def test_a_text_is_there_in_both_languages(words: Words) -> None:
    assert words.en.strip() == words.en != ""
    assert words.in_language("ko").strip() == words.in_language("ko") != ""
    assert not HANGUL.search(words.en)
    assert HANGUL.search(words.in_language("ko"))
    assert parts(words.en) == parts(words.in_language("ko"))


@pytest.mark.parametrize(
    ("count", "said"), [(1, "첫 번째"), (2, "두 번째"), (10, "열 번째"), (11, "11번째"), (21, "21번째")]
)
def test_small_numbers_are_counted_as_korean_counts(count: int, said: str) -> None:
    assert said in explain_texts.say("product of several", "ko", count=count, of=30)


@pytest.mark.parametrize(("module", "function", "package"), TABLES, ids=["render", "tui"])
def test_every_text_that_is_asked_for_exists(module: ModuleType, function: str, package: ModuleType) -> None:
    keys = [key for tree in trees(package, without=module) for key in asked(tree, function)]
    assert len(keys) > 10
    assert [key for key in keys if not any(re.fullmatch(key, known) for known in module.TEXTS)] == []


@pytest.mark.parametrize(("module", "function", "package"), TABLES, ids=["render", "tui"])
def test_every_text_is_used(module: ModuleType, function: str, package: ModuleType) -> None:
    """By a call, or as a string that a table of the source holds."""
    patterns: set[str] = set()
    strings: set[object] = set()
    for tree in trees(package, without=module):
        patterns |= set(asked(tree, function))
        strings |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    rest = module.TEXTS.keys() - strings
    assert {key for key in rest if not any(re.fullmatch(one, key) for one in patterns)} == set()


def test_every_command_has_a_name_and_a_help_and_no_other_has() -> None:
    wanted = {
        f"command.{command.name}{end}" for command in COMMANDS for end in ("", ".help") if not command.panel
    }
    assert {key for key in tui_texts.TEXTS if key.startswith("command.")} == wanted


@pytest.mark.parametrize("path", sorted(SCENARIOS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_an_author_writes_a_minus_sign_in_both_languages(path: Path) -> None:
    scenario = load_scenario(path)
    told = [one for one in (scenario.title, scenario.description, *scenario.notes.values()) if one]
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


@pytest.mark.parametrize("name", OPS)
def test_a_lesson_says_transposed_only_where_something_is(name: str) -> None:
    for rule, lesson in lessons(OPS[name]):
        if rule is not None and ("transposed" in lesson or "전치" in lesson.in_language("ko")):
            assert name in {"transpose", "permute"} or re.search(r"\.m?T", rule.text), rule.text


@pytest.mark.parametrize("name", OPS)
def test_what_a_map_does_is_said_in_both_languages(name: str) -> None:
    op = OPS[name]
    for sample in op.samples:
        attributes = {one.name: one.default for one in op.attributes} | dict(sample.attributes)
        shapes = tuple(operand.shape for operand in sample.draw())
        for rule in op.rules_for(shapes, attributes):
            if isinstance(rule, Linear) and rule.shown is not None:
                assert rule.shown
                assert (
                    HANGUL.search(rule.shown.in_language("ko")) or rule.shown.in_language("ko") == rule.shown
                ), "words, or a formula"
                assert not HANGUL.search(rule.shown)
