"""Graphs for Graphviz, Mermaid and TikZ: what they hold, and that the programs take them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from backprop_engine.graph.graph import Kind
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_tui.export.formats import FORMATS, Exported
from covering import SHOWN
from effort import tried
from hostile import hostile as hostile_scenarios
from needed_programs import needed
from scenes import STEMS, scenario

DIAGRAMS = ("dot", "mermaid", "tikz")
WIRE = {
    "dot": re.compile(r"^  n(\d+) -> n(\d+)", re.M),
    "mermaid": re.compile(r"^  n(\d+) --> n(\d+)$", re.M),
    "tikz": re.compile(r"^  \\draw\[.*\] \(n(\d+)\) -- \(n(\d+)\);$", re.M),
}
NODE = {
    "dot": re.compile(r'^  n(\d+) \[shape=.*, label="(.*)"\]$', re.M),
    "mermaid": re.compile(r'^  n(\d+)(?:\[|\(\[)"(.*)"(?:\]|\]\))$', re.M),
    "tikz": re.compile(r"^  \\node\[\w+\] \(n(\d+)\) at \(\S+\) \{(.*)\};$", re.M),
}


def written(what: Scenario, form: str, at: int | None = None, language: str = "en") -> str:
    trace = what.record()
    position = trace.schedule.completed if at is None else at
    return FORMATS[form].write(Exported(what, trace.frame(position), language))


@pytest.mark.parametrize("form", DIAGRAMS)
@pytest.mark.parametrize("stem", SHOWN)
def test_every_node_and_every_use_is_there(stem: str, form: str) -> None:
    graph = scenario(stem).graph
    text = written(scenario(stem), form)
    boxes = {int(number): label for number, label in NODE[form].findall(text)}
    wires = [(int(source), int(target)) for source, target in WIRE[form].findall(text)]
    uses = [(operand, node.position) for node in graph.nodes for operand in node.operands]
    left_out = {node.position for node in graph.nodes} - boxes.keys()
    assert {graph.nodes[position].kind for position in left_out} <= {Kind.LITERAL}
    assert wires == [use for use in uses if use[0] not in left_out]


def test_gradients_are_there_once_they_have_arrived() -> None:
    for form in DIAGRAMS:
        start, end = (written(scenario("add_multiply"), form, at) for at in (0, None))
        labels = dict(NODE[form].findall(end))
        assert "-4" in labels["0"]
        assert "-2" in dict(NODE[form].findall(start))["0"]
        assert "3" in labels["2"]
        assert "3" not in dict(NODE[form].findall(start))["2"]


HOSTILE = """\
title: '<&>"]]> %% \\input{x} #1; $'
inputs: {x_1: 2, 값: 3, α: 1.5}
nodes:
  out: x_1 * 값 + α ** 2
"""


def test_what_is_text_stays_text() -> None:
    hostile = load_source(Source.from_bytes("<test>", HOSTILE.encode()))
    assert '<&>\\"]]>' in written(hostile, "dot").splitlines()[1]
    assert "title: " + r'"＜＆＞\"]]＞ %% \\input{x} #1; $"' in written(hostile, "mermaid")
    tikz = written(hostile, "tikz")
    assert r"x\_1 = 2" in tikz
    assert r"\ensuremath{\alpha}" in tikz
    assert r"\usepackage{kotex}" in tikz


LABEL = r'\["(?:[\w .,\-=∂/‖⟨⟩·()]|#\d+;|<br>)+"\]'
MERMAID = re.compile(
    r'---\ntitle: "(?:[^"\\<>&\x00-\x1f]|\\[\\"n])*"\n---\nflowchart LR\n'
    rf"(?:  n\d+(?:{LABEL}|\({LABEL}\))\n)+"
    r"(?:  n\d+ --> n\d+\n)*(?:  linkStyle \d+ stroke:#[0-9a-f]{6},stroke-width:\d\.\d\dpx\n)*"
)
"""All that is written of Mermaid's language. Its own parser reads it in tests/browser."""


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_language_of_mermaid(language: str) -> None:
    for name, what in (*((stem, scenario(stem)) for stem in tried(STEMS, SHOWN)), *hostile_scenarios()):
        text = written(what, "mermaid", language=language)
        assert MERMAID.fullmatch(text), name
        nodes = {number for number, _ in NODE["mermaid"].findall(text)}
        wires = WIRE["mermaid"].findall(text)
        assert {number for wire in wires for number in wire} <= nodes, name
        styled = re.findall(r"linkStyle (\d+)", text)
        assert len(styled) == len(set(styled)), name
        assert all(int(number) < len(wires) for number in styled), name


@pytest.mark.parametrize("stem", tried(STEMS, SHOWN[:3]))
def test_graphviz_takes_it(stem: str) -> None:
    text = written(scenario(stem), "dot", language="ko")
    done = subprocess.run([needed("dot"), "-Tcanon"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


@pytest.mark.thorough
@pytest.mark.parametrize(
    "stem", ["add_multiply", "rnn_cell", "softmax_classifier", "lstm", "gradient_reversal", "hostile"]
)
def test_latex_takes_it(stem: str, tmp_path: Path) -> None:
    program = needed("pdflatex")
    what = load_source(Source.from_bytes("<test>", HOSTILE.encode())) if stem == "hostile" else scenario(stem)
    (tmp_path / "graph.tex").write_text(written(what, "tikz"), encoding="utf-8")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "graph.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-1500:]
    assert (tmp_path / "graph.pdf").stat().st_size > 1000
