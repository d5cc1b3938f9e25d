"""A frame in words and formulas: for every operator of the table, in both languages, at several sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.explain.facts import step_facts
from backprop_engine.explain.symbols import as_factor, mathematical
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph
from backprop_engine.graph.steps import Backward
from backprop_engine.messages.translations import languages
from backprop_engine.ops import Op, Sample
from backprop_engine.ops.attributes import key_text
from backprop_engine.scenario.sections.notes import Note
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Frame, Trace
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Line, Role, line_text, line_width, plain
from backprop_tui.cells.summaries import ABSENT
from backprop_tui.render.check_line import numeric_line
from backprop_tui.render.equation.equation import equation
from backprop_tui.render.equation.layout import laid_out
from backprop_tui.render.equation.terms import Part, Sign, Term
from backprop_tui.render.one_line import scalar_line
from backprop_tui.render.transcript import state, transcript
from backprop_tui.render.words import story
from effort import tried
from graphs import RandomRun, Sketch, each_sample, has_edges, runs, trace_of

SIZES = ((40, 8), (56, 16), (76, 7), (116, 24), (24, 10))


def frames(trace: Trace) -> Iterator[Frame]:
    return (trace.frame(position) for position in range(len(trace.steps) + 1))


def text(block: Block) -> str:
    return plain(block.lines)


def words(block: Block) -> list[str]:
    """The rows of a block, with one space where there are several."""
    return [" ".join(line_text(line).split()) for line in block.lines]


def multiply(x: float = -2.0, y: float = 5.0) -> Trace:
    """``q = x + y``, ``f = q * x``."""
    graph = Sketch().inputs(x=(), y=())(q="add x y", f="mul q x").build()
    return record(graph, Bindings.of(graph, {"x": x, "y": y}))


@each_sample()
def test_an_equation_fits(op: Op, sample: Sample) -> None:
    ways = tried([*product(SIZES, languages())], [(SIZES[0], "ko"), (SIZES[3], "en")])
    for frame, (size, language) in product(frames(trace_of(op, sample)), ways):
        block = equation(step_facts(frame), language, *size)
        assert block.width == max(map(line_width, block.lines), default=0) <= size[0], (frame.step, size)
        assert block.height <= size[1], (frame.step, size)
        assert bool(text(block).strip()) == (frame.step is not None)


@each_sample()
def test_every_step_has_a_story(op: Op, sample: Sample) -> None:
    for frame, language in product(frames(trace_of(op, sample)), languages()):
        notes = {
            position: (Note(LocalText({language: "a note"})),) for position in range(len(frame.graph.nodes))
        }
        told = [line_text(line) for line in story(step_facts(frame, notes), language)]
        assert told
        assert any(line.startswith("» a note") for line in told) == (frame.node is not None)
        key = key_text(sample.attributes.get("key", ()))
        bare = [line.replace(key, "") for line in told]
        assert [line for line in bare if not line.strip() or "{" in line or "None" in line] == []
        if isinstance(frame.step, Backward):
            edge = frame.step.edge
            shapes = tuple(frame.graph.nodes[each].shape for each in frame.graph.nodes[edge.node].operands)
            assert op.lesson_of(edge.argnum, shapes).in_language(language) in told
            assert numeric_line(step_facts(frame), language)
        else:
            assert numeric_line(step_facts(frame), language) == ()


@each_sample(has_edges)
def test_every_step_is_checked_and_agrees(op: Op, sample: Sample) -> None:
    for frame in frames(trace_of(op, sample)):
        for span in numeric_line(step_facts(frame), "en"):
            assert span.role is Role.GOOD
            assert span.text.startswith("numeric")


@each_sample()
def test_a_transcript_tells_every_step(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    for language in languages():
        lines = [line_text(line) for line in transcript(trace, language)]
        numbers = [int(line[:3]) for line in lines if re.match(r" *\d+  ", line[:6]) and line[:3].strip()]
        assert numbers == list(range(1, len(trace.steps) + 1))


@given(run=runs())
def test_the_state_lists_every_node_as_far_as_it_is_known(run: RandomRun) -> None:
    trace = record(*run)
    for frame in frames(trace):
        lines = [line_text(line) for line in state(step_facts(frame), "en")]
        table = lines[len(lines) - lines[::-1].index("") :]
        nodes = [node for node in run.graph.nodes if node.name]
        assert [line.split()[0] for line in table] == [node.name for node in nodes]
        for node, line in zip(nodes, table, strict=True):
            if frame.value(node) is None:
                assert ABSENT in line.split()


@given(run=runs(), language=st.sampled_from(languages()))
def test_any_graph_can_be_explained(run: RandomRun, language: str) -> None:
    for frame in frames(record(*run)):
        block = equation(step_facts(frame), language, 60, 12)
        assert block.width <= 60
        assert block.height <= 12
        assert story(step_facts(frame), language)
        assert step_facts(frame).subject or frame.step is None


# What it says


def test_the_numeric_check_names_what_is_not_finite() -> None:
    graph = Sketch().inputs(x=(2,), seen=(2,))(y="log x", z="where seen y x", L="sum z").build()
    trace = record(graph, Bindings.of(graph, {"x": np.array([4.0, 0.0]), "seen": np.array([1.0, 0.0])}))
    told = {
        (frame.graph.nodes[frame.step.edge.node].name, frame.step.edge.argnum): numeric_line(
            step_facts(frame), "en"
        )
        for frame in frames(trace)
        if isinstance(frame.step, Backward)
    }
    (operand,), (gradient,) = told["z", 1], told["y", 0]
    assert (operand.text, operand.role) == ("y is not finite: nothing to compare", Role.DIM)
    assert (gradient.text, gradient.role) == ("∂L/∂x is not finite: nothing to compare", Role.TROUBLE)


def test_the_equation_of_a_backward_step_between_scalars() -> None:
    block = equation(step_facts(multiply().frame(4)), "en", 60, 10)
    rows = words(block)
    assert rows[0] == "∂L/∂q = ∂L/∂f · ∂f/∂q"
    assert rows[1] == "product upstream local"
    assert rows[-1] == "-2 = 1 · (-2)"


def test_the_equation_of_an_accumulate_step() -> None:
    rows = words(equation(step_facts(multiply().frame(8)), "en", 60, 10))
    assert rows[0] == "∂L/∂x = so far + via q"
    assert rows[1] == "sum, 2 of 2 before contribution"
    assert rows[-1] == "1 = 3 + (-2)"


def test_the_equation_of_a_forward_step_and_of_the_seed() -> None:
    assert words(equation(step_facts(multiply().frame(1)), "en", 60, 10))[-1] == "3 = -2 + 5"
    assert words(equation(step_facts(multiply().frame(3)), "en", 60, 10))[0] == "∂L/∂f"


def test_a_transposed_factor_stands_where_the_product_has_it() -> None:
    graph = Sketch().inputs(W=(2, 3), X=(3, 2))(Y="matmul W X", L="sum Y").build()
    trace = record(graph, Bindings.of(graph, {"W": np.arange(6.0).reshape(2, 3), "X": np.eye(3)[:, :2]}))
    by_operand = {
        frame.edge.operand: words(equation(step_facts(frame), "en", 100, 20))[0]
        for frame in frames(trace)
        if isinstance(frame.step, Backward) and frame.edge is not None
    }
    assert by_operand[graph.position("W")] == "∂L/∂W = ∂L/∂Y @ Xᵀ"
    assert by_operand[graph.position("X")] == "∂L/∂X = Wᵀ @ ∂L/∂Y"


def chain_of(graph: Graph, operand: str) -> Line:
    """The chain rule in symbols, of the first step into `operand`."""
    leaves = {node.name: np.full(node.shape, 0.5) for node in graph.leaves}
    trace = record(graph, Bindings.of(graph, leaves))
    wanted = graph.position(operand)
    told = [
        story(step_facts(frame), "en")[1]
        for frame in frames(trace)
        if isinstance(frame.step, Backward) and frame.step.edge.operand == wanted
    ]
    return told[0]


@pytest.mark.parametrize(
    ("operand", "shown"),
    [
        ("W", "∂L/∂W = ∂L/∂Y @ Xᵀ"),
        ("X", "∂L/∂X = Wᵀ @ ∂L/∂Y"),
        ("A", "∂L/∂A = (∂L/∂B)ᵀ"),
        ("M", "∂L/∂M = outer(∂L/∂Mv, v)"),
        ("S", "∂L/∂S = P ⊙ (∂L/∂P − sum(∂L/∂P ⊙ P, axis=-1, keepdims=true))"),
        (
            "Q",
            "∂L/∂Q = (attention_weights(Q, K) ⊙ (∂L/∂Y @ Vᵀ − sum(∂L/∂Y ⊙ Y, axis=-1, keepdims=true)))"
            " @ K / sqrt(2)",
        ),
    ],
)
def test_one_sign_for_a_product_of_matrices_and_another_for_one_cell_by_cell(
    operand: str, shown: str
) -> None:
    for graph in (
        Sketch().inputs(W=(2, 3), X=(3, 2))(Y="matmul W X", L="sum Y").build(),
        Sketch().inputs(A=(2, 3))(B="transpose A", L="sum B").build(),
        Sketch().inputs(M=(2, 3), v=(3,))(Mv="matmul M v", L="sum Mv").build(),
        Sketch().inputs(S=(2, 2), T=(2, 2))(P="softmax S", PT="mul P T", L="sum PT").build(),
        Sketch()
        .inputs(Q=(2, 2), K=(2, 2), V=(2, 2))(Y="scaled_dot_product_attention Q K V", L="sum Y")
        .build(),
    ):
        if operand in graph:
            assert line_text(chain_of(graph, operand)) == shown


@pytest.mark.parametrize(
    ("node", "upstream", "local"),
    [
        ("matmul W X", "∂L/∂Y", "Xᵀ"),
        ("mul W X", "∂L/∂Y", "X"),
        ("mse W X", "∂L/∂Y", "2 / 4 · (W − X)"),
        ("softmax W", "∂L/∂Y∂L/∂Y", "YY"),
    ],
)
def test_upstream_and_local_have_their_colours_in_every_kind_of_step(
    node: str, upstream: str, local: str
) -> None:
    sketch = Sketch().inputs(W=(2, 2), X=(2, 2))(Y=node)
    graph = (sketch if node.startswith("mse") else sketch(YX="mul Y X", L="sum YX")).build()
    _, _, *behind = chain_of(graph, "W")
    assert "".join(span.text for span in behind if span.role is Role.GRADIENT) == upstream
    assert "".join(span.text for span in behind if span.role is Role.LOCAL) == local


def mean_of_squares(rows: int) -> Frame:
    """The step into ``h`` of ``L = mean((h - seen) ** 2)``, of one column."""
    graph = Sketch().inputs(h=(rows,), seen=(rows,))(L="mse h seen").build()
    values = np.arange(rows) + 0.25
    return record(graph, Bindings.of(graph, {"h": values, "seen": np.zeros(rows)})).frame(3)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("height", range(5, 14))
def test_numbers_are_written_wherever_they_fit_under_names_and_words(language: str, height: int) -> None:
    rows = words(equation(step_facts(mean_of_squares(height - 2)), language, 76, height))
    assert len(rows) == height
    assert not any("▀" in row or "…" in row for row in rows)
    assert rows[0] == f"∂L/∂h = ∂L/∂L · 2 / {height - 2} · (h − seen)"


def test_where_room_is_short_a_shape_stands_beside_its_word_and_then_nothing_between() -> None:
    frame = mean_of_squares(4)
    heads = [words(equation(step_facts(frame), "en", 76, height))[1:4] for height in (8, 7, 6)]
    assert heads[0] == ["product upstream local", "(4) (4)", ""]
    assert heads[1][:2] == heads[0][:2]
    assert heads[1][2].startswith("⎡")
    assert heads[2][0] == "product (4) upstream local (4)"
    assert heads[2][1].startswith("⎡")


def test_words_take_two_lines_where_they_are_wider_than_the_numbers() -> None:
    frame = multiply().frame(4)
    assert words(equation(step_facts(frame), "ko", 60, 12))[1] == "곱 업스트림 로컬 그래디언트"
    narrow = words(equation(step_facts(frame), "ko", 30, 12))
    assert narrow[:3] == ["∂L/∂q = ∂L/∂f · ∂f/∂q", "곱 업스트림 로컬", "그래디언트"]
    assert narrow[-1] == "-2 = 1 · (-2)"


def test_long_symbols_are_cut_only_where_they_do_not_fit() -> None:
    frame = mean_of_squares(2)
    assert "2 / 2 · (h − seen)" in words(equation(step_facts(frame), "en", 76, 12))[0]
    graph = Sketch().inputs(predicted=(2,), measured=(2,))(L="mse predicted measured").build()
    frame = record(graph, Bindings.of(graph, {"predicted": [1.0, 2.0], "measured": [0.0, 0.5]})).frame(3)
    assert words(equation(step_facts(frame), "en", 76, 12))[0].endswith("· 2 / 2 · (predicted − measured)")
    assert words(equation(step_facts(frame), "en", 56, 9))[0].endswith("· 2 / 2 · (predicted − …")
    assert words(equation(step_facts(frame), "en", 50, 9))[0].endswith("· 2 / 2 · (predicted − …")


def test_the_title_of_a_step() -> None:
    titles = [step_facts(frame).subject for frame in frames(multiply())]
    assert titles == ["", "q = x + y", "f = q · x", "∂L/∂f", "f → q", "f → x", "∑ x", "q → x", "∑ x", "q → y"]


def test_the_story_puts_numbers_in() -> None:
    told = plain(story(step_facts(multiply().frame(4)), "en"))
    assert "∂L/∂q = ∂L/∂f · x = 1 · (-2) = -2" in told
    assert "dq = df * x" in told
    assert "The backward pass is done" in plain(story(step_facts(multiply().frame(9)), "en"))
    assert "역전파가 끝났습니다" in plain(story(step_facts(multiply().frame(9)), "ko"))


def test_a_partial_sum_says_how_far_it_is() -> None:
    first, second = (plain(story(step_facts(multiply().frame(at)), "en")) for at in (6, 8))
    assert "contribution 1 of 2" in first
    assert "complete" not in first
    assert "contribution 2 of 2" in second
    assert "The gradient of x is complete." in second


@pytest.mark.parametrize(
    ("language", "turn"), [("en", "(contribution 1 of 2)"), ("ko", "(기여분 2개 중 첫 번째)")]
)
def test_behind_the_chain_rule_stands_in_words_which_contribution_it_is(language: str, turn: str) -> None:
    """A bare (1/2) there would be read as a factor."""
    trace = multiply()
    assert line_text(story(step_facts(trace.frame(5)), language)[1]).endswith(f"  {turn}")
    told = plain(transcript(trace, language))
    assert turn in told
    assert "1/2" not in told


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        ("relu a", "∂L/∂r = ∂L/∂y ⊙ where(r > 0, 1, 0)"),
        ("neg a", "∂L/∂r = ∂L/∂y ⊙ (-1)"),
        ("tanh a", "∂L/∂r = ∂L/∂y ⊙ (1 − y²)"),
        ("exp a", "∂L/∂r = ∂L/∂y ⊙ y"),
    ],
)
def test_a_factor_has_one_pair_of_brackets_at_most(node: str, shown: str) -> None:
    graph = Sketch().inputs(r=(3,), w=(3,))(y=node.replace(" a", " r"), z="mul y w", L="sum z").build()
    assert line_text(chain_of(graph, "r")) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("x ** 2", "x²"),
        ("2 * x ** (2 - 1)", "2 · x"),
        ("x ** -1", "x⁻¹"),
        ("a @ b.T", "a @ bᵀ"),
        ("x ** y", "x ** y"),
        ("1 - out * out", "1 − out · out"),
        ("exp(-a / 2)", "exp(−a / 2)"),
        ("-2 * (a - b[-1])", "-2 · (a − b[-1])"),
        ("clip(a, min=-1.0, max=-b)", "clip(a, min=-1.0, max=−b)"),
        ("a + 1e-05 - -2.5e-07", "a + 1e-05 − (-2.5e-07)"),
        ("g * -target", "g · (−target)"),
        ("eye(12) - ones(12) @ a.T", "eye(12) − ones(12) @ aᵀ"),
        ("g * -one_hot(t, sum(a)) / (b - 1)", "g · (−one_hot(t, sum(a))) / (b − 1)"),
    ],
)
def test_code_in_mathematical_dress(code: str, shown: str) -> None:
    assert mathematical(code) == shown


@pytest.mark.parametrize(("language", "local"), [("en", "1/4 for each entry"), ("ko", "원소마다 1/4")])
def test_a_mean_says_that_every_cell_gets_its_share(language: str, local: str) -> None:
    graph = Sketch().inputs(x=(4,))(m="mean x").build()
    trace = record(graph, Bindings.of(graph, {"x": [2.0, 4.0, 6.0, 8.0]}))
    shown = " ".join(words(equation(step_facts(trace.frame(3)), language, 76, 12)))
    assert "1 · 0.25" in shown
    assert local in shown.partition("0.25")[0], "above the numbers"
    assert f"∂m/∂x = {local}" in plain(story(step_facts(trace.frame(1)), language))


@pytest.mark.parametrize(
    ("symbols", "first", "behind"),
    [
        ("softmax − t", "(softmax − t)", "(softmax − t)"),
        ("(softmax − t) / 6", "(softmax − t) / 6", "(softmax − t) / 6"),
        ("−t", "−t", "(−t)"),
        ("-2 · (a − b)", "-2 · (a − b)", "(-2 · (a − b))"),
    ],
)
def test_a_factor_in_brackets_where_it_needs_them(symbols: str, first: str, behind: str) -> None:
    assert as_factor(symbols, first=True) == first
    assert as_factor(symbols, first=False) == behind


@each_sample()
def test_one_sign_for_a_minus_in_mathematics(op: Op, sample: Sample) -> None:
    for frame in frames(trace_of(op, sample)):
        told = [
            line_text(line)
            for line in story(step_facts(frame), "en")
            if line and line[0].role is not Role.CODE
        ]
        for line in [*told, *words(equation(step_facts(frame), "en", 116, 24))]:
            assert not re.search(r" - |(?<![\w\]).])-(?!inf)[a-zA-Zσ(]|[·⊙] [-−]\w", line), line


# Tensors


@pytest.mark.parametrize("width", [1, 20, 80])
def test_of_an_equation_only_what_could_be_seen_is_written(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Term] = []
    numbers = Term.numbers

    def counted(term: Term, share: int, height: int) -> Block:
        written.append(term)
        return numbers(term, share, height)

    monkeypatch.setattr(Term, "numbers", counted)
    term = Term("x", "", "", np.array(1.0), Role.VALUE)
    parts: list[Part] = [term, Sign("="), *[term, Sign("+")] * 3000, term]
    block = laid_out(parts, width, 10, tall=True)
    assert len(written) <= 12 * (width + 3)
    assert block.width == width, "it goes on at the right"
    assert line_text(block.lines[-1]).endswith("…")
    assert [line_text(line)[-1:] for line in block.lines if line_text(line).count("+") > 1] == ["…", "…"] * (
        width > 1
    )


def test_no_minus_stands_before_a_negative_number() -> None:
    graph = Sketch().inputs(x=())(y="neg x").build()
    trace = record(graph, Bindings.of(graph, {"x": -1.5}))
    shown = line_text(scalar_line(step_facts(trace.frame(1)), "en"))
    assert "y = −x = −(-1.5) = 1.5" in shown
