"""The page to step through a run: that it is HTML, what it says, how large it is, and that it stays shut."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.explain.facts import BackwardFacts, step_facts
from backprop_engine.graph.graph import Kind
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_tui.cells.heatmap import levels
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.export.page.equation import LEVEL_LETTERS
from backprop_tui.render.one_line import kind_text, step_lines
from backprop_tui.scene.boxes import short_gradient, short_value
from covering import SHOWN
from effort import tried
from pages import Page, page_of, taken_apart, told_lines, written_page
from scenes import LANGUAGES, STEMS, run, scenario, trace

MATHML = {"mrow", "mi", "mn", "mo", "mtext", "mfrac", "msup", "msub", "msqrt", "mtable", "mtr", "mtd", "d"}
MOST_BYTES = 500_000
STEPPED = tried(SHOWN, SHOWN[:6])


def plain(line: object) -> str:
    return "".join(text for text, _ in line)  # type: ignore[attr-defined]


@pytest.mark.parametrize("stem", SHOWN)
def test_a_strict_parser_takes_it(stem: str) -> None:
    page = page_of(stem)
    assert [one.text for one in page.named("title")] == [scenario(stem).title.in_language("en")]
    assert len(page.named("h1")) == 1
    assert {one.get("lang") for one in page.named("html")} == {"en"}


@pytest.mark.parametrize("stem", STEPPED)
def test_it_says_what_the_terminal_says(stem: str) -> None:
    page = page_of(stem)
    for language in LANGUAGES:
        for position in range(trace(stem).schedule.last + 1):
            facts = step_facts(trace(stem).frame(position), scenario(stem).notes)
            kind, line, *_ = page.data["said"][language][position]
            assert page.at(kind) == kind_text(facts, language)
            first, second = step_lines(facts, language)
            assert page.line(line).split() == f"{plain(first[1:])}  {plain(second)}".split()
            lines = told_lines(facts, language)
            wanted = [text for one in lines if (text := plain(one))]
            assert sorted(set(page.told(position, language))) == sorted(set(wanted))


def shown_from(changes: list[list[object]], position: int) -> object:
    return next((what for at, what, *_ in reversed(changes) if at <= position), ABSENT)  # type: ignore[operator]


@pytest.mark.parametrize("stem", STEPPED)
def test_every_node_has_its_value_and_gradient_at_every_position(stem: str) -> None:
    page, graph = page_of(stem), trace(stem).graph
    nodes = [node for node in graph.nodes if node.kind is not Kind.LITERAL]
    shown = {name: others for name, *others in page.data["nodes"]}
    assert shown.keys() == {node.name for node in nodes}
    for position in range(trace(stem).schedule.last + 1):
        frame = trace(stem).frame(position)
        for node in nodes:
            *_, values, gradients = shown[node.name]
            assert shown_from(values, position) == short_value(frame.value(node))
            if gradients is None:
                assert not graph.gets_gradient(node.position)
            else:
                wanted = short_gradient(frame.gradient(node), frame.arrived(node))
                assert shown_from(gradients, position) == wanted


def test_what_a_step_runs_along_comes_from_its_operand() -> None:
    for stem in STEPPED:
        page, steps = page_of(stem), trace(stem).schedule
        for position in range(1, steps.last + 1):
            boxes, wires = page.data["active"][position]
            facts = step_facts(trace(stem).frame(position))
            if isinstance(facts, BackwardFacts):
                assert [page.data["nodes"][box][0] for box in boxes] == [
                    node.name for node in (facts.node, facts.operand)
                ]
                for wire in wires:
                    assert page.data["sources"][wire] == boxes[1]


def test_equations_have_their_numbers() -> None:
    page = page_of("add_multiply")
    assert page.equation(5) == "∂L/∂z = ∂L/∂f · ∂f/∂z\n3 = 1 · 3"
    assert page.equation(7) == "∂L/∂y = ∂L/∂q · ∂q/∂y\n-4 = -4 · 1"
    assert page.equation(2) == "f = q · z\n-12 = 3 · (-4)"
    cell = page_of("rnn_cell")
    assert '["-0.3344", " 0.1509"]' in cell.equation(30)
    assert "∂L/∂b" in cell.equation(30, "ko")


@pytest.mark.thorough
@pytest.mark.parametrize("stem", ["digits_mlp", "softmax_classifier", "vanishing_over_time"])
def test_a_tensor_is_all_of_its_numbers_or_a_heatmap(stem: str) -> None:
    page = page_of(stem)
    columns = [page.at(place) for said in page.data["said"]["en"] for place in page.at(said[2])]
    below = [page.at(shown[2]) for shown in columns if len(shown) == 3]
    tensors = [shown for shown in below if isinstance(shown, list) and shown]
    assert tensors
    for shown in tensors:
        if not isinstance(shown[0], str):
            rows = page.at(shown[0])
            assert {len(row) for row in rows} == {len(rows[0])}
            assert set("".join(rows)) <= {*LEVEL_LETTERS, "?", "+", "-"}
            assert len(rows) <= 32
            assert len(rows[0]) <= 64
        else:
            assert len(shown) <= 12
            assert len({row.count("\t") for row in shown}) == 1


def test_a_heatmap_has_a_letter_for_each_number() -> None:
    page = page_of("digits_mlp")
    places = page.at(page.data["said"]["en"][9][2])
    place, told, transposed = page.at(page.at(places[0])[2])
    product = trace("digits_mlp").gradients[trace("digits_mlp").graph.position("logits")]
    assert product is not None
    rows = page.at(place)
    assert (len(rows), len(rows[0])) == product.shape
    zero = len(LEVEL_LETTERS) // 2
    shown = [[LEVEL_LETTERS.index(letter) - zero for letter in row] for row in rows]
    assert shown == levels(product, float(abs(product).max())).tolist()
    assert (told, transposed) == (f"{product.min():.4f} to {product.max():.5f}", "")


@pytest.mark.parametrize("stem", STEPPED)
def test_formulas_are_mathml(stem: str) -> None:
    page = page_of(stem)
    found = set()
    for position in range(trace(stem).schedule.last + 1):
        for place in page.at(page.data["said"]["en"][position][5]):
            sign, *columns = page.at(place)
            for element in columns if sign == "" else [sign, *columns]:
                for one in [element] if sign == "" else element:
                    found |= set(page.elements(one))
                    assert page.math(one)
    assert "mi" in found <= MATHML
    assert "d" in found or stem not in ("add_multiply", "rnn_cell", "xor"), "a local gradient is a fraction"


def test_formulas_say_what_the_node_is() -> None:
    page = page_of("rnn_cell")
    texts = [page.math(element[1]) for element in formulas_of(page) if element[0] == ""]
    assert "c=tanh(a)" in texts
    assert any(text.startswith("∂c/∂a=1−") for text in texts)


def formulas_of(page: Page) -> list[list[Any]]:
    return [page.at(place) for said in page.data["said"]["en"] for place in page.at(said[5])]


# How large, and always the same

LARGEST = ("exploding_over_time", "vanishing_over_time", "gru", "lstm")


@pytest.mark.thorough
@pytest.mark.parametrize("stem", tried([one for one in STEMS if run(one).training is None], LARGEST))
def test_no_page_is_large(stem: str) -> None:
    assert len(written_page(scenario(stem)).encode()) <= MOST_BYTES


def test_one_larger_than_a_page_can_be_is_refused() -> None:
    lines = "".join(f"  n{at}: n{at - 1} + x\n" for at in range(1, 1100))
    text = f"inputs: {{x: 1}}\nnodes:\n  n0: x + x\n{lines}"
    large = load_source(Source.from_bytes("<test>", text.encode()))
    with pytest.raises(UsageError, match="the graph has 1101 nodes; a page shows at most 1000"):
        written_page(large)


@pytest.mark.thorough
def test_the_same_bytes_in_every_process() -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests/support')\n"
        "from pages import written_page\nfrom scenes import scenario\n"
        "from hashlib import sha256\nprint(sha256(written_page(scenario('rnn_cell')).encode()).hexdigest())"
    )
    here = hashlib.sha256(written_page(scenario("rnn_cell")).encode()).hexdigest()
    for seed, language in (("1", "C"), ("2", "ko_KR.UTF-8")):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "LANG": language,
            "TERM": "dumb",
            "COLUMNS": "40",
        }
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == here


def test_a_training_shows_the_iteration_that_was_asked_for() -> None:
    first = page_of("xor")
    later = taken_apart(written_page(scenario("xor"), iteration=2, at=3))
    assert first.data["first"] == 0
    assert later.data["first"] == run("xor").start(2)
    assert later.data["start"] == 3
    assert "2" in later.data["words"]["en"]["iteration"]
    assert first.data["nodes"] != later.data["nodes"]


# Shut to everything else

HOSTILE = """\
title: '</title><script>alert(1)</script> <&>"]]> --> \\u2028'
description: {en: '<img src=x onerror=alert(1)>', ko: '</script><b>진한</b>'}
source: 'javascript:alert(1)'
inputs: {x_1: 2, 값: 3}
nodes: {out: x_1 * 값}
notes: {out: '</script><script>alert(2)</script><!--'}
"""


def test_what_is_text_stays_text() -> None:
    hostile = load_source(Source.from_bytes("<test>", HOSTILE.encode()))
    html = written_page(hostile)
    page = taken_apart(html)
    assert len(page.named("script")) == 2
    assert page.named("img") == page.named("b") == page.named("a") == []
    assert page.named("title")[0].text == hostile.title.in_language("en")
    assert any("</script><script>alert(2)" in text for text in page.told(1))
    assert page.data["words"]["ko"]["description"] == "</script><b>진한</b>"
    assert html.count("</script") == 2
    assert "alert(1)</script" not in html


def test_nothing_in_it_asks_for_anything() -> None:
    html = written_page(scenario("add_multiply"))
    page = taken_apart(html)
    (policy,) = [one.get("content") for one in page.named("meta") if one.get("http-equiv")]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    style, script = page.named("style")[0].text, page.named("script")[1].text
    for name, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert [one.get("href") for one in page.named("link")] == ["data:,"]
    assert not re.search(r"url\((?!#head\))|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(|\ssrc=", html)
    assert not [one for one in page.document.iter() if {"style", "onclick", "onload"} & set(one.attrib)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_both_languages_whichever_it_begins_in(language: str) -> None:
    page = taken_apart(written_page(scenario("add_multiply"), language=language))
    assert page.named("html")[0].get("lang") == language
    assert list(page.data["words"]) == list(LANGUAGES)
    words = {one.get("data-word") for one in page.document.iter() if one.get("data-word")}
    labels = {one.get("data-label") for one in page.document.iter() if one.get("data-label")}
    for spoken in LANGUAGES:
        assert words | labels <= page.data["words"][spoken].keys()
    assert page.named("h1")[0].text == page.data["words"][language]["title"]
    assert re.search("[가-힣]", page.data["words"]["ko"]["steps"])


def test_it_is_worked_by_the_keys_of_the_debugger() -> None:
    moves = page_of("add_multiply").data["moves"]
    wanted = {
        "s": "step",
        "ArrowRight": "step",
        "S": "back",
        "ArrowLeft": "back",
        "Home": "start",
        "End": "end",
    }
    assert moves == wanted
