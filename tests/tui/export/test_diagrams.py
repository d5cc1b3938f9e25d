"""Graphs for Graphviz, Mermaid and TikZ: what they hold, and that the programs take them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from backprop_engine.errors import UsageError
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

HARDEST = ("cliff", "exploding_over_time", "vanishing_over_time", "gru", "lstm", "gated_cell")
"""The largest graphs, and the longest wires."""
DIAGRAMS = ("dot", "mermaid", "tikz")
WIRE = {
    "dot": re.compile(r"^  ([nb]\d+) -> ([nb]\d+)", re.M),
    "mermaid": re.compile(r"^  n(\d+) --> n(\d+)$", re.M),
    "tikz": re.compile(r"^  \\draw\[.*\] \(n(\d+)\.east \|- .*\(n(\d+)\.west \|- \S+\);$", re.M),
}
NODE = {
    "dot": re.compile(r'^  n(\d+) \[shape=.*, label="(.*)"\]$', re.M),
    "mermaid": re.compile(r'^  n(\d+)(?:\[|\(\[)"(.*)"(?:\]|\]\))$', re.M),
    "tikz": re.compile(r"^  \\node\[[^]]+\] \(n(\d+)\) at \(\S+\) \{(.*)\};$", re.M),
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
    wires = wires_of(text, form)
    uses = [(operand, node.position) for node in graph.nodes for operand in node.operands]
    left_out = {node.position for node in graph.nodes} - boxes.keys()
    assert {graph.nodes[position].kind for position in left_out} <= {Kind.LITERAL}
    assert sorted(wires) == sorted(use for use in uses if use[0] not in left_out)


def wires_of(text: str, form: str) -> list[tuple[int, int]]:
    """The nodes at both ends of each wire; those that share a part branch off where Graphviz has a b."""
    found = WIRE[form].findall(text)
    if form != "dot":
        return [(int(source), int(target)) for source, target in found]
    fed_by = {target: source for source, target in found if target.startswith("b")}
    wires: list[tuple[int, int]] = []
    for source, target in found:
        if not target.startswith("b"):
            while source.startswith("b"):
                source = fed_by[source]
            wires.append((int(source[1:]), int(target[1:])))
    return wires


PAPER = re.compile(r"paperwidth=(\S+)cm, paperheight=(\S+)cm")


def paper(text: str) -> tuple[float, float]:
    """The longer and the shorter side, in centimetres."""
    shorter, longer = sorted(map(float, PAPER.findall(text)[0]))
    return longer, shorter


@pytest.mark.parametrize("stem", tried(STEMS, ("rnn_cell",)))
def test_a_picture_in_latex_fits_on_a_poster(stem: str) -> None:
    longer, shorter = paper(written(scenario(stem), "tikz"))
    assert longer <= 118.9
    assert shorter <= 84.1


def test_a_small_picture_in_latex_fits_on_a_page() -> None:
    longer, shorter = paper(written(scenario("xor"), "tikz"))
    assert longer <= 29.7
    assert shorter <= 21.0


def test_a_wire_that_goes_on_in_another_row_has_its_name_at_both_ends() -> None:
    text = written(scenario("xor"), "tikz")
    names = re.findall(r"\\node\[carried, (left|right)\] at \((\S+),(\S+)\) \{(.*)\};", text)
    ends = {
        side: [(float(y), name) for way, _, y, name in names if way == side] for side in ("left", "right")
    }
    assert [name for _, name in ends["left"]] == [name for _, name in ends["right"]] == ["h", "w2"]
    above, below = (max(y for y, _ in ends["right"]), min(y for y, _ in ends["left"]))
    assert above < below
    assert "carried, " not in written(scenario("add_multiply"), "tikz")


def generated(text: str) -> Scenario:
    return load_source(Source.from_bytes("<test>", text.encode()))


def test_a_picture_too_large_for_a_poster_is_made_smaller() -> None:
    uses = "".join(f"  y{at}: x + {at}\n" for at in range(70))
    together = ", ".join(f"y{at}" for at in range(70))
    many = generated(f"inputs: {{x: 2}}\nnodes:\n{uses}  f: sum(stack({together}))\n")
    text = written(many, "tikz")
    scale = re.findall(r"font=\\small, scale=(\S+)\}", text)
    assert [float(found) < 1.0 for found in scale] == [True]
    longer, shorter = paper(text)
    assert longer <= 118.9
    assert shorter <= 84.1
    assert "scale" not in written(scenario("xor"), "tikz")


LARGE = "".join(f"  a{at}: sin(a{at - 1})\n" for at in range(1, 495))
LARGE += "".join(f"  b{at}: b{at - 1} * a{494 - at}\n" for at in range(1, 495))


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["tikz", "html"])
def test_a_graph_of_long_wires_is_refused(form: str) -> None:
    large = generated(f"inputs: {{x: 1}}\nnodes:\n  a0: x * x\n  b0: a494 * x\n{LARGE}")
    with pytest.raises(
        UsageError, match="the graph cannot be drawn: too many wires cross most of it; `--to dot`"
    ):
        written(large, form, at=0)


def test_a_graph_that_no_paper_has_room_for_is_refused() -> None:
    large = generated(
        "inputs: {x: 1}\nnodes:\n  n0: x + x\n"
        + "".join(f"  n{at}: n{at - 1} + x\n" for at in range(1, 1001))
    )
    with pytest.raises(UsageError, match="the graph has 1002 nodes; a page shows at most 1000"):
        written(large, "tikz", at=0)


def test_wires_that_share_a_part_are_as_strong_there_as_the_strongest() -> None:
    uses = "".join(
        f"  y{at}: {at} * x\n  z{at}: y{at} + {'z' + str(at - 1) if at else 0}\n" for at in range(13)
    )
    many = generated(f"inputs: {{x: 2}}\nnodes:\n{uses}output: z12\n")
    edges = re.findall(
        r"^  ([nb]\d+) -> (b\d+) \[.*penwidth=(\S+), arrowhead=none\]$", written(many, "dot"), re.M
    )
    widths = [float(width) for *_, width in edges]
    assert len(widths) > 5
    assert widths == [max(widths)] * len(widths)
    assert "arrowhead=none" in written(many, "dot", at=0)
    assert "penwidth" not in written(many, "dot", at=0)


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
@pytest.mark.parametrize("stem", HARDEST)
def test_graphviz_draws_it(stem: str) -> None:
    text = written(scenario(stem), "dot")
    command = [needed("dot"), "-Tsvg"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert done.stdout.count(b'class="node"') >= len(NODE["dot"].findall(text))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "stem",
    [*HARDEST, "add_multiply", "rnn_cell", "softmax_classifier", "gradient_reversal", "hostile"],
)
def test_latex_takes_it(stem: str, tmp_path: Path) -> None:
    program = needed("pdflatex")
    what = load_source(Source.from_bytes("<test>", HOSTILE.encode())) if stem == "hostile" else scenario(stem)
    (tmp_path / "graph.tex").write_text(written(what, "tikz"), encoding="utf-8")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "graph.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-1500:]
    assert (tmp_path / "graph.pdf").stat().st_size > 1000
