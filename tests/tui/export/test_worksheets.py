"""Worksheets: the answers are on the key alone, every form has every question, and texts stay texts."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from test_handouts import assert_balanced, fences, hostile, parsed, shown

from backprop_engine.errors import UsageError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_tui.export.formats import FORMATS, Exported
from backprop_tui.export.sheets.worksheet import worksheet
from covering import COVERING
from needed_programs import needed
from scenes import scenario

FORMS = ("sheet.md", "sheet.tex", "sheet.html")


def exported(
    what: Scenario, file: str = "", language: str = "en", *, key: bool = False, seed: int | None = None
) -> Exported:
    trace = what.record()
    frame = trace.frame(trace.schedule.completed)
    return Exported(what, frame, language, file=file, key=key, seed=seed)


def written(what: Scenario, file: str, language: str = "en", *, key: bool = False) -> str:
    return FORMATS["worksheet"].write(exported(what, file, language, key=key))


class Text(HTMLParser):
    """The text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def text_of(page: str) -> str:
    parser = Text()
    parser.feed(page)
    return "".join(parser.found)


@pytest.mark.parametrize("stem", COVERING)
def test_every_form_has_every_question_and_blank(stem: str) -> None:
    what = scenario(stem)
    sheet = worksheet(exported(what, language="ko"))
    assert 0 < len(sheet.items) <= 10
    blanks = sum(len(item.blanks) for item in sheet.items)
    markdown, latex, html = (written(what, file, "ko") for file in FORMS)
    assert markdown.count(r"\underline{\hspace{4cm}}") == blanks
    assert latex.count(r"\rule{4cm}{0.4pt}") == blanks
    assert html.count('<span class="blank">') == blanks + 1
    for formula in fences(markdown, "math"):
        assert_balanced(formula.rstrip("\n"))
    inline = [shown(token) for token in parsed(markdown) if token.type == "inline"]
    for item in sheet.items:
        assert f"{item.number}. {item.text}" in inline
        assert item.text in text_of(html)
    html5lib.HTMLParser(strict=True).parse(html)


def test_answers_are_on_the_key_alone() -> None:
    what = scenario("add_multiply")
    answers = [blank.answer for item in worksheet(exported(what)).items for blank in item.blanks]
    assert answers == ["-4", "-4", "3", "-4", "-4"]  # the first is that of its own question
    for file in FORMS:
        sheet, key = (written(what, file, key=key) for key in (False, True))
        assert "forgotten" not in sheet
        assert "the upstream gradient is forgotten" in key
        questions = sheet.partition("Questions")[2]
        assert not re.search(r"(?<![\w.])-4(?!\w)", re.sub(r"<style>.*</style>", "", questions))
        assert len(re.findall(r"(?<![\w.])-4(?!\w)", key.partition("Questions")[2])) >= 3


def test_each_mistake_is_told_once() -> None:
    items = worksheet(exported(scenario("power_chain"))).items
    titles = [[title for _, title in item.mistakes] for item in items]
    assert any(titles)
    assert all(len(each) == len(set(each)) for each in titles)


def test_the_right_choice_is_marked_on_the_key_alone() -> None:
    what = scenario("softmax_classifier")
    (item, *_) = worksheet(exported(what)).items
    assert item.choices
    assert written(what, "a.md").count("- [x]") == 0
    marked = re.findall(r"^- \[x\] \((.)\)", written(what, "a.md", key=True), re.M)
    assert marked[0] == "abcdefghi"[item.right]
    assert written(what, "a.html").count("☒") == 0
    assert written(what, "a.tex").count("boxtimes") == 0


def test_a_seed_draws_the_numbers_of_a_sheet_and_of_its_key() -> None:
    what = scenario("add_multiply")
    one, again, other = (worksheet(exported(what, seed=seed)) for seed in (1, 1, 2))
    assert one.items == again.items
    assert one.items != other.items
    assert [float(each.value) for each in one.given] != [-2.0, 5.0, -4.0]


ASKED = """\
title: '<script>&"]]>'
inputs: {x_1: 3}
nodes: {y: x_1 ** 2}
objective: {en: To see <b>, ko: 보기}
ask:
  x_1:
    - {question: {en: 'How fast, <i>?', ko: 얼마나?}, answer: 2 * x_1, hint: {en: by $2x$, ko: 두 배}}
    - {question: What?, answer: power, choices: [sum & more, power]}
"""


def test_the_questions_of_the_author_come_first_and_are_texts() -> None:
    what = load_source(Source.from_bytes("<test>", ASKED.encode()))
    sheet = worksheet(exported(what))
    assert [item.text for item in sheet.items[:2]] == ["How fast, <i>?", "What?"]
    assert sheet.items[0].blanks[0].answer == "6"
    assert sheet.items[1].right == 1
    page = written(what, "a.html", key=True)
    assert "<script" not in page
    assert "<i>?" not in page
    assert '<script>&"]]> – Key' in text_of(page)
    assert worksheet(exported(what, language="ko")).items[0].text == "얼마나?"


def test_hostile_texts_stay_texts() -> None:
    for file in FORMS:
        assert "\x07" not in written(hostile(), file)
    assert written(hostile(), "sheet.tex").count(r"\end{document}") == 1
    html5lib.HTMLParser(strict=True).parse(written(hostile(), "a.html"))
    assert "<script>" not in written(hostile(), "a.html")


def test_a_run_without_a_backward_pass_has_no_questions() -> None:
    what = load_source(Source.from_bytes("<test>", b"constants: {x: 1}\nnodes: {y: x + 1}\n"))
    with pytest.raises(UsageError, match="no such question"):
        worksheet(exported(what))


@pytest.mark.thorough
@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("stem", ["hostile", "xor", "rnn_cell"])
def test_latex_takes_it(stem: str, key: bool, tmp_path: Path) -> None:
    program = needed("pdflatex")
    what = hostile() if stem == "hostile" else scenario(stem)
    (tmp_path / "page.tex").write_text(written(what, "a.tex", "ko", key=key), encoding="utf-8")
    command = [program, "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said[-1500:]
    assert "Missing character" not in said


SEVERAL = """\
inputs: {x: 3}
nodes: {y: 2 * x, f: y * y}
ask:
  x:
    - {question: 'Which way?', answer: up, choices: [down, up]}
    - {question: 'How much?', answer: 24}
    - {question: 'And now?', answer: 4 * y, hint: two factors}
"""


def test_drawn_numbers_are_for_the_questions_whose_answers_follow_them() -> None:
    model = load_source(Source.from_bytes("asked.yaml", SEVERAL.encode()))
    texts = [item.text for item in worksheet(exported(model)).items]
    assert texts[:3] == ["Which way?", "How much?", "And now?"]
    drawn = worksheet(exported(model, seed=4)).items
    assert drawn[0].text == "And now?"
    assert not {"Which way?", "How much?"} & {item.text for item in drawn}


def test_the_way_to_an_answer_is_a_sentence() -> None:
    model = load_source(Source.from_bytes("asked.yaml", SEVERAL.encode()))
    ways = [item.why for item in worksheet(exported(model)).items if item.why]
    assert "Two factors." in ways
    assert "It is ∂L/∂f times the local gradient y." in ways
    assert all(way[-1] in ".!?" for way in ways)
