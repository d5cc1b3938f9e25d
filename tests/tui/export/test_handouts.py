"""The worked example on paper: what is on it, that it stays text, and that Markdown and LaTeX take it."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from backprop_engine.explain.facts import step_facts
from backprop_engine.graph.steps import Clear
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_tui.export.formats import FORMATS, Exported
from backprop_tui.export.sheets.formulas import name_tex, number_tex, words_tex
from backprop_tui.export.sheets.markdown import escaped
from backprop_tui.export.tex import tex_text
from covering import COVERING
from needed_programs import needed
from scenes import STEMS, scenario

HOSTILE = r"""
title: '<&>"]]> %% \input{x} #1; $a$ _b_ `c` ~d~ | | ^'
description: "1. <script>alert(1)</script> *not* [a](b) \x07 \\end{document} $x$ ![i](j) \u202e"
inputs: {x_1: 2, h_prev: 3, 값: 3, α: 1.5, 損失_2: 4, d_model_2: 1}
nodes:
  out: x_1 * 값 + α ** 2 * h_prev + 損失_2 + d_model_2
notes:
  out: '- $\frac{1}{2}$ & <b>bold</b> ]]> #hash _under_ 한글 “quoted” – naïve ✓ 漢'
"""
TITLE = '<&>"]]> %% \\input{x} #1; $a$ _b_ `c` ~d~ | | ^'
NOTE = r"- $\frac{1}{2}$ & <b>bold</b> ]]> #hash _under_ 한글 “quoted” – naïve ✓ 漢"


def hostile() -> Scenario:
    return load_source(Source.from_bytes("<test>", HOSTILE.encode()))


def written(what: Scenario, form: str, language: str = "en") -> str:
    trace = what.record()
    return FORMATS[form].write(Exported(what, trace.frame(trace.schedule.completed), language))


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def fences(text: str, info: str) -> list[str]:
    return [token.content for token in parsed(text) if token.type == "fence" and token.info == info]


def shown(token: Token) -> str:
    """What a reader sees of an inline token."""
    spans = ("<span>", "</span>")
    children = token.children or []
    assert {child.content for child in children if child.type == "html_inline"} <= {*spans}
    return "".join(child.content for child in children if child.type != "html_inline")


def headings(text: str, tag: str) -> list[str]:
    return [
        shown(after)
        for before, after in pairwise(parsed(text))
        if before.type == "heading_open" and before.tag == tag
    ]


def assert_balanced(formula: str) -> None:
    """Braces, environments and growing brackets each have their other; outside of words all is ASCII."""
    depth = 0
    for sign in re.findall(r"\\.|[{}]", formula, re.DOTALL):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0, formula
    assert depth == 0, formula
    assert len(re.findall(r"\\left(?![a-z])", formula)) == len(re.findall(r"\\right(?![a-z])", formula)), (
        formula
    )
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", formula):
        opened.append(name) if kind == "begin" else None
        assert kind == "begin" or opened.pop() == name
    assert opened == []
    assert re.sub(r"\\text\{[^}]*\}", "", formula).isascii(), formula


@pytest.mark.parametrize("stem", COVERING)
def test_every_step_is_there_with_its_formulas(stem: str) -> None:
    what = scenario(stem)
    trace = what.record()
    steps = [
        position
        for position in range(1, trace.schedule.last + 1)
        if not isinstance(trace.frame(position).step, Clear)
    ]
    text = written(what, "markdown", "ko")
    numbers = [int(heading.partition(".")[0]) for heading in headings(text, "h3")]
    assert numbers == [trace.first_position + position for position in steps]
    formulas = fences(text, "math")
    assert len(formulas) >= len(steps)
    for formula in formulas:
        assert_balanced(formula.rstrip("\n"))
    page = written(what, "latex", "ko")
    assert [int(number) for number in re.findall(r"^\\step\{(\d+)\}", page, re.M)] == numbers
    assert all(
        rf"\formula{{{formula.rstrip(chr(10))}}}" in page
        for formula in formulas[:20]
        if r"\qquad" not in formula
    )


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_the_author_says_is_there_once(language: str) -> None:
    what = scenario("softmax_classifier")
    trace = what.record()
    text = written(what, "markdown", language)
    said = [shown(token) for token in parsed(text) if token.type == "inline"]
    assert what.title.in_language(language) == headings(text, "h1")[0]
    assert said.count(what.description.in_language(language)) == 1
    notes = [note.text.in_language(language) for bound in what.notes.values() for note in bound]
    assert [said.count(note) for note in notes] == [1] * len(notes)
    lessons = {
        facts.lesson.in_language(language)
        for position in range(1, trace.schedule.last + 1)
        if (facts := step_facts(trace.frame(position))).kind == "backward"
    }
    counts = [said.count(lesson) for lesson in lessons]
    assert max(counts) == 1
    assert counts.count(0) <= 1  # that a gradient is passed on goes without saying beside a note


def test_equations_of_numbers() -> None:
    formulas = "".join(fences(written(scenario("add_multiply"), "markdown"), "math"))
    assert r"x = -2 \qquad y = 5 \qquad z = -4" in formulas
    assert r"\begin{aligned} q &= x + y \\[4pt] &= -2 + 5 \\[4pt] &= 3 \end{aligned}" in formulas
    assert r"\frac{\partial L}{\partial f} = 1" in formulas
    assert r"\frac{\partial f}{\partial q} = z = -4" in formulas
    assert r"&= 1 \cdot \left(-4\right) \\[4pt] &= -4" in formulas


def test_equations_of_matrices() -> None:
    formulas = "".join(fences(written(scenario("matrix_product"), "markdown"), "math"))
    assert re.search(r"\\begin\{bmatrix\}[^\n]*\\end\{bmatrix\} \\, \\begin\{bmatrix\}", formulas)
    assert r"{W}^{\top}" in formulas


def test_the_graph_and_the_table_of_nodes() -> None:
    text = written(scenario("add_multiply"), "markdown")
    (diagram,) = fences(text, "mermaid")
    assert diagram.startswith("flowchart LR\n")
    rows = [shown(token) for token in parsed(text) if token.type == "inline" and token.level == 4]
    assert rows[-5:] == ["f", "q · z", "()", "-12", "1"]


def test_names_and_numbers_of_formulas() -> None:
    assert name_tex("h_prev") == r"h_{\mathrm{prev}}"
    assert name_tex("x_1") == "x_{1}"
    assert name_tex("logits") == r"\mathit{logits}"
    assert name_tex("d_model_2") == r"\mathit{d\_model\_2}"
    assert name_tex("α") == r"\alpha"
    assert name_tex("s[0].W_xhᵀ") == r"{s[0].W_{\mathrm{xh}}}^{\top}"
    assert name_tex("값") == r"\text{값}"
    assert name_tex("a#1") == r"\mathit{a\#1}"
    assert number_tex("-1.2e-7") == r"-1.2 \times 10^{-7}"
    assert number_tex("-inf") == r"-\infty"
    assert words_tex("through h_1") == r"\text{through h}\_\text{1}"
    assert words_tex("{x} \\y $") == r"\{\text{x}\}\text{ }\backslash \text{y }\$"


def test_hostile_texts_stay_texts_in_markdown() -> None:
    text = written(hostile(), "markdown")
    tokens = parsed(text)
    assert not any(token.type == "html_block" for token in tokens)
    assert not any(
        child.type in ("link_open", "image", "em_open")
        for token in tokens
        for child in token.children or []
        if "1." in token.content
    )
    assert headings(text, "h1") == [TITLE]
    said = [shown(token) for token in tokens if token.type == "inline"]
    assert NOTE in said
    assert r"1. <script>alert(1)</script> *not* [a](b) ␇ \end{document} $x$ ![i](j) \u202e" in said
    assert re.sub(r"</?span>", "", text).count("<") == sum(
        fence.count("<") for fence in fences(text, "mermaid")
    )
    assert "\x07" not in text
    for formula in fences(text, "math"):
        assert_balanced(formula.rstrip("\n"))


def test_hostile_texts_stay_texts_in_latex() -> None:
    text = written(hostile(), "latex")
    assert text.count(r"\end{document}") == 1
    assert r"\input" not in text
    assert tex_text(TITLE) in text
    assert r"\usepackage{kotex}" in text
    assert "[U+6F22]" in text
    body = text.partition(r"\begin{document}")[2]
    assert all(character.isascii() or "가" <= character <= "힣" for character in body)


@pytest.mark.parametrize(
    "text",
    ["- item", "1. one", "12) x", "+ y", "= z", "a_b_c *d* `e` [f](g) <h> &amp; $i$ ~~j~~ | k", "# no"],
)
def test_escaped_text_is_what_is_read(text: str) -> None:
    opened, inline, closed = parsed(escaped(text))
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    assert shown(inline) == text


def test_every_character_that_scenarios_write_is_known() -> None:
    for stem in STEMS:
        what = scenario(stem)
        notes = [note.text for bound in what.notes.values() for note in bound]
        told = [what.title, what.description, *notes]
        said = [what.source, *(text.in_language(language) for text in told for language in ("en", "ko"))]
        assert [text for text in said if "[U+" in tex_text(text)] == [], stem
    assert tex_text("m̂ ½ é 漢") == r"\ensuremath{\hat{m}} \ensuremath{\tfrac{1}{2}} \'{e} [U+6F22]"


COMPILED = ("rnn_cell", "softmax_classifier", "nan_from_log_zero", "digits_mlp", "weight_decay_in_adam")


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "stem",
    ["hostile", "rnn_cell", "softmax_classifier", "nan_from_log_zero", "digits_mlp", "weight_decay_in_adam"],
)
def test_latex_takes_it(stem: str, language: str, tmp_path: Path) -> None:
    program = needed("pdflatex")
    what = hostile() if stem == "hostile" else scenario(stem)
    (tmp_path / "page.tex").write_text(written(what, "latex", language), encoding="utf-8")
    command = [program, "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said[-1500:]
    assert "Missing character" not in said
