"""What is said of mistakes: the catalogue of every language has each sentence, and none that nobody says."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from collections.abc import Callable, Iterator
from functools import cache
from string import Formatter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.errors import ScenarioError, ShapeError, UsageError
from backprop_engine.messages.korean_particles import with_particle
from backprop_engine.messages.message import Message, enumerated, in_language, joined, msg
from backprop_engine.messages.translations import contextual, languages, translations
from backprop_engine.messages.words import Words
from rooms import WINGS, rooms

HANGUL = re.compile("[가-힣]")
CONSTRUCTORS = {
    *("UsageError", "ShapeError", "ExprError", "EvaluationError", "CallError", "SettingError", "Diagnostic"),
    *(
        "Failure",
        "LookupError",
        "code",
        "mistake",
        "unit_mistake",
        "expression_mistake",
        "wrong",
        "unexpected",
    ),
    *("as_mapping", "as_sequence", "as_text", "as_whole", "as_real", "as_flag", "only_keys", "no_axis"),
}
"""What makes an error, or a part of its message."""
FOUND_BY_PYTHON = "{problem}(at line {line}, column {column})"
"""Python says in English alone what is wrong; another language says what kind of thing it is."""
WORDLESS = re.compile(r"[^A-Za-z]*")


class Saying(NamedTuple):
    """A call of `msg`: where it stands, its template and context if they are literals, and its arguments."""

    where: str
    template: str | None
    context: str | None
    names: frozenset[str]


@cache
def _calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call in both wings, and where it stands."""
    return tuple(
        (f"{path.relative_to(wing)}:{call.lineno}", call)
        for wing in WINGS
        for path in sorted(wing.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
    )


@cache
def _sayings() -> tuple[Saying, ...]:
    found = []
    for where, call in _calls():
        if isinstance(call.func, ast.Name) and call.func.id == "msg":
            literals = [one.value if isinstance(one, ast.Constant) else None for one in call.args]
            template, context = (*literals, "")[:2]
            names = frozenset(keyword.arg or "**" for keyword in call.keywords)
            found.append(Saying(where, template, context, names))
    return tuple(found)


def _templates() -> dict[str, Saying]:
    return {
        contextual(one.template, one.context): one
        for one in _sayings()
        if one.template is not None and one.context is not None
    }


def _plain_texts() -> Iterator[tuple[str, str, str]]:
    """Every text that a call is given as it is: where, what is called, and what of the text is fixed."""
    for where, call in _calls():
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            parts = value.values if isinstance(value, ast.JoinedStr) else [value]
            fixed = [part.value for part in parts if isinstance(part, ast.Constant)]
            yield where, name, "".join(one for one in fixed if isinstance(one, str))


def _fields(template: str) -> set[str]:
    """The names of what is put in, without the particles."""
    fields = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
    return {field for field in fields if "/" not in field}


def _forms(template: str) -> set[tuple[str, str | None]]:
    """The same, each with how it is written: a thousand with a comma, a byte in hexadecimal."""
    return {(field, form) for _, field, form, _ in Formatter().parse(template) if field and "/" not in field}


def _given(template: str) -> set[str]:
    """The names of the arguments; operands are numbered, and their names come later."""
    return {field for field in _fields(template) if field not in ("0", "1", "2", "3")}


# The catalogue


def test_templates_are_literals_that_say_all_that_they_are_given() -> None:
    assert len(_sayings()) > 3
    assert [one.where for one in _sayings() if one.template is None or one.context is None] == []
    assert [one for one in _sayings() if one.template is not None and _given(one.template) != one.names] == []


def test_no_error_is_made_of_plain_text() -> None:
    """A mistake is said, so that it has other languages; the type checker holds this too."""
    assert [where for where, name, text in _plain_texts() if name in CONSTRUCTORS and " " in text] == []


@pytest.mark.parametrize("language", languages()[1:])
def test_nothing_is_missing_or_left_over(language: str) -> None:
    known = translations(language)
    assert sorted(_templates().keys() - known.keys()) == []
    assert sorted(known.keys() - _templates().keys()) == []


@pytest.mark.parametrize("language", languages()[1:])
def test_a_translation_takes_what_the_template_takes(language: str) -> None:
    known = translations(language)
    odd = [english for english, other in known.items() if _forms(english) != _forms(other)]
    assert [
        english for english in odd if not english.endswith("{problem}") and english != FOUND_BY_PYTHON
    ] == []


def test_what_brings_its_korean_along_has_templates_too() -> None:
    """So that another language knows it by its English, and says all that it is given."""
    calls = [
        (f"{path.name}:{call.lineno}", [*call.args, *(given.value for given in call.keywords)][:2], call)
        for wing in WINGS
        for path in sorted(wing.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Words"
        if path.name != "words.py"
    ]
    assert len(calls) > 100
    wrong = []
    for where, texts, call in calls:
        literals = [text.value for text in texts if isinstance(text, ast.Constant)]
        given = {keyword.arg for keyword in call.keywords} - {"en", "ko"}
        if len(literals) != 2 or not all(_fields(str(literal)) == given for literal in literals):
            wrong.append(where)
    assert wrong == []


def test_korean_is_written_in_hangul() -> None:
    known = translations("ko")
    odd = [english for english, korean in known.items() if not HANGUL.search(korean) and korean != ", "]
    assert [english for english in odd if not WORDLESS.fullmatch(_without_fields(english))] == []
    assert [english for english in known if HANGUL.search(english.replace("[한국어](keys.ko.md)", ""))] == []


def _without_fields(template: str) -> str:
    return "".join(literal for literal, *_ in Formatter().parse(template))


def test_a_template_is_translated_in_one_place() -> None:
    every = [english for _, room in rooms() for english in room]
    assert sorted({english for english in every if every.count(english) > 1}) == []


# A sentence in two languages


@pytest.fixture(scope="module")
def _known() -> Iterator[None]:
    """A catalogue of its own."""
    words = {
        "expected {what}, found {found}": "{what}{이/가} 있어야 하는데 {found}{이/가} 있습니다",
        "a list": "목록",
        "the number {number:,}": "숫자 {number:,}",
        " or ": " 또는 ",
        "{0} is {shape}: {hint}": "{0}{은/는} {shape}: {hint}",
        "{1} would fit": "{1}{을/를} 쓰면 맞습니다",
        "write `{{}}`": "`{{}}`{으로/로} 쓰십시오",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backprop_engine.messages.message.translations", lambda language: words)
        yield


@pytest.mark.usefixtures("_known")
def test_a_sentence_is_english_text_and_korean_when_asked() -> None:
    found = msg("the number {number:,}", number=12345)
    sentence = msg("expected {what}, found {found}", what=msg("a list"), found=found)
    assert sentence == "expected a list, found the number 12,345"
    assert hash(sentence) == hash(str(sentence))
    assert type(str(sentence)) is str
    assert sentence.in_language("en") == sentence
    assert sentence.in_language("ko") == "목록이 있어야 하는데 숫자 12,345가 있습니다"
    assert msg("write `{{}}`").in_language("ko") == "`{}`(으)로 쓰십시오"


@pytest.mark.usefixtures("_known")
@given(st.text(max_size=8))
def test_what_is_put_in_is_never_a_template(name: str) -> None:
    english = f"expected {name}{{x}}, found a list"
    sentence = msg("expected {what}, found {found}", what=name + "{x}", found=msg("a list"))
    assert sentence == english
    assert sentence.in_language("ko").startswith(name + "{x}")


@pytest.mark.usefixtures("_known")
def test_parts_in_a_row_are_each_in_their_language() -> None:
    parts = [msg("a list"), "b", "c"]
    assert enumerated(parts, msg(" or ")) == "a list, b or c"
    assert enumerated(parts, msg(" or ")).in_language("ko") == "목록, b 또는 c"
    assert joined(msg(" or "), parts).in_language("ko") == "목록 또는 b 또는 c"
    assert joined("; ", parts).in_language("ko") == "목록; b; c"
    assert [enumerated(parts[:count], msg(" or ")) for count in range(3)] == ["", "a list", "a list or b"]
    assert [joined(", ", parts[:count]) for count in range(3)] == ["", "a list", "a list, b"]


@pytest.mark.usefixtures("_known")
def test_names_of_operands_are_put_in_later() -> None:
    rule = msg("{0} is {shape}: {hint}", shape="2×3", hint=msg("{1} would fit"))
    assert rule == "{0} is 2×3: {1} would fit"
    assert rule.format("n", "W") == "n is 2×3: W would fit"
    assert rule.format("n", "W").in_language("ko") == "n은 2×3: W를 쓰면 맞습니다"
    both = joined("; ", [rule, "{1}"]).format("a{x}", "b")
    assert both == "a{x} is 2×3: b would fit; b"
    assert both.in_language("ko") == "a{x}는 2×3: b를 쓰면 맞습니다; b"
    assert msg("{0} is {shape}: {hint}", shape="{1}", hint="").format("m", "W") == "m is W: "


def test_what_is_declared_in_each_language_is_a_sentence_too() -> None:
    meaning = Words("the axis that is {cut}", "{cut}{을/를} 자르는 축", cut="x")
    assert meaning == "the axis that is x"
    assert meaning.in_language("ko") == "x를 자르는 축"
    assert joined("; ", [meaning, "{0}"]).format("a").in_language("ko") == "x를 자르는 축; a"


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_is_said_in_korean_too(again: Callable[[Message], Message]) -> None:
    rule = msg("{0} is {shape}: {hint}", shape="2×3", hint=joined(msg(" or "), [msg("a list"), "b"]))
    named = again(rule).format("n")
    assert (named, named.in_language("ko")) == ("n is 2×3: a list or b", "n은 2×3: 목록 또는 b")


@pytest.mark.usefixtures("_known")
def test_what_has_no_translation_stays_as_it_is() -> None:
    assert in_language("W", "ko") == "W"
    assert in_language(3, "ko") == "3"
    assert isinstance(msg("there is no such sentence"), Message)
    assert msg("there is no such sentence").in_language("ko") == "there is no such sentence"


def test_errors_are_said_in_korean_too() -> None:
    assert ShapeError("a", "b").in_language("ko") == "a (b)"
    assert UsageError("a").in_language("ko") == "a"
    assert ScenarioError([]).in_language("ko") == ""


# Particles


@pytest.mark.parametrize(
    ("text", "pair", "expected"),
    [
        ("값", "을/를", "값을"),
        ("노드", "을/를", "노드를"),
        ("목록", "으로/로", "목록으로"),
        ("열", "으로/로", "열로"),
        ("노드", "으로/로", "노드로"),
        ("값", "과/와", "값과"),
        ("`f`", "은/는", "`f`는"),
        ("`W`", "이/가", "`W`가"),
        ("`m`", "이/가", "`m`이"),
        ("`r`", "으로/로", "`r`로"),
        ("`n`", "으로/로", "`n`으로"),
        ("`W[1]`", "으로/로", "`W[1]`로"),
        ("scan", "을/를", "scan을"),
        ("string", "을/를", "string을"),
        ("scale", "을/를", "scale을"),
        ("value", "을/를", "value를"),
        ("`lr`", "은/는", "`lr`은"),
        ("1 GiB", "이/가", "1 GiB가"),
        ("`tt`", "이/가", "`tt`가"),
        ("`50%`", "이/가", "`50%`가"),
        ("`１２`", "이/가", "`１２`가"),
        ("learning rate", "을/를", "learning rate를"),
        ("layer", "은/는", "layer는"),
        ("output", "은/는", "output은(는)"),
        ("`weight`", "이/가", "`weight`가"),
        ("mask", "을/를", "mask를"),
        ("block", "을/를", "block을(를)"),
        ("()", "이어야/여야", "()여야"),
        ("output", "으로/로", "output(으)로"),
        ("x1", "을/를", "x1을"),
        ("x2", "을/를", "x2를"),
        ("(2, 3)", "이/가", "(2, 3)이"),
        ("σ", "은/는", "σ는"),
        ("∂L/∂f", "과/와", "∂L/∂f와"),
        ("∂L/∂W1", "은/는", "∂L/∂W1은"),
        ("∂y/∂w", "이/가", "∂y/∂w가"),
        ("x²", "은/는", "x²은"),
        ("e⁻ˣ", "을/를", "e⁻ˣ을"),
        ("1/4", "을/를", "1/4을"),
        ("1/√3", "으로/로", "1/√3로"),
        ("3/4", "이/가", "3/4이"),
        ("", "은/는", "은(는)"),
        ("`+`", "과/와", "`+`과(와)"),
    ],
)
def test_a_particle_follows_from_the_end_of_the_word(text: str, pair: str, expected: str) -> None:
    assert with_particle(text, pair) == expected


def test_digits_are_read_in_korean() -> None:
    read = "영일이삼사오육칠팔구"
    for pair in ("을/를", "으로/로", "이/가"):
        for digit, word in enumerate(read):
            particle = with_particle(word, pair).removeprefix(word)
            assert with_particle(str(digit), pair) == f"{digit}{particle}"
