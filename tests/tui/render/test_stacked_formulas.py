"""Stacked formulas: every box is a rectangle that reads as the expression it was set from, in any width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine import load_scenario
from backprop_engine.derivatives.local_gradients import DenseLocal, MapLocal, ScalarLocal, local_gradient
from backprop_engine.evaluation.evaluate import evaluate
from backprop_engine.explain.facts import UpdateFacts, step_facts
from backprop_engine.expressions import Expr, parse, render
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.graph.steps import Backward
from backprop_engine.messages.translations import languages
from backprop_engine.ops import OPS, Op, Sample
from backprop_engine.optim import OPTIMIZERS
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run, Training
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block, fenced, fraction, row, text
from backprop_tui.cells.lines import Role, line_text, line_width, plain, wrap_line
from backprop_tui.cells.tensors import tensor_block
from backprop_tui.cells.text import in_ascii
from backprop_tui.files.bundled import bundled
from backprop_tui.render.equation.equation import equation
from backprop_tui.render.formulas.equations import Style, flow
from backprop_tui.render.formulas.naming import Naming
from backprop_tui.render.formulas.page import formula_block
from backprop_tui.render.formulas.steps import step_equations
from backprop_tui.render.formulas.trees import node_trees, rule_tree
from backprop_tui.render.formulas.typeset import Typesetter
from backprop_tui.render.words import code
from covering import SHOWN
from graphs import CASES, Sketch, each_sample, graph_of, trace_of
from scenes import crowded, positions, trace

BUNDLED = bundled()
STYLES = (Style(), Style(flat=True), Style(small=False), Style(flat=True, small=False))
WIDTHS = (20, 33, 47, 64, 100)
AXES = {"a": 0, "b": 0, "u": 1, "v": 1, "M": 2}


def set_in(style: Style, tree: Expr, axes: dict[str, int]) -> Block:
    return Typesetter(axes=axes, flat=style.flat, small=style.small).box(tree)


def assert_box_holds(box: Block, tree: Expr) -> None:
    """A rectangle with its baseline inside, which reads as `tree`."""
    assert {line_width(line) for line in box.lines} == {box.width}
    assert 0 <= box.baseline < box.height
    assert parse(box.reading) == tree, (box.reading, render(tree))


def trees_of(trace: Trace) -> Iterator[Expr]:
    """What is set of a single operator: the node, and for each operand what its gradient is made with."""
    node = trace.graph["out"]
    yield from node_trees(trace.graph, node)
    for edge in trace.graph.edges:
        local = local_gradient(trace, edge)
        if isinstance(local, MapLocal):
            yield rule_tree(trace.graph, node, local.rule)
            if local.factor is None:
                continue
        yield rule_tree(trace.graph, node, local.text)


@each_sample()
def test_every_operator_reads_as_its_texts(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    node = trace.graph["out"]
    shapes = [trace.graph.nodes[operand].shape for operand in node.operands]
    axes = dict(zip(op.names(len(shapes)), map(len, shapes), strict=True))
    axes |= {"g": len(node.shape), "out": len(node.shape)}
    for tree in trees_of(trace):
        written = parse(render(tree))  # settings are put in as text
        for style in STYLES:
            assert_box_holds(set_in(style, tree, axes), written)


@each_sample()
def test_every_operator_keeps_to_the_width(op: Op, sample: Sample) -> None:
    trace, width = (
        trace_of(op, sample),
        WIDTHS[[one is sample for one in op.samples].index(True) % len(WIDTHS)],
    )
    for position in range(1, len(trace.steps) + 1):
        for one in step_equations(step_facts(trace.frame(position)), "en"):
            fitted = one.fitted(width).block
            assert fitted.lines
            assert max(map(line_width, fitted.lines)) <= width


@pytest.mark.parametrize(
    "stem", ["rnn_cell", "softmax_classifier", "momentum", "causal_attention", "indexing"]
)
@pytest.mark.parametrize("language", languages())
def test_every_step_in_every_width(stem: str, language: str) -> None:
    trace = load_scenario(BUNDLED[stem]).record()
    for position in range(len(trace.steps) + 1):
        for width in (20, 60, 100):
            block = formula_block(step_facts(trace.frame(position)), language, width)
            assert all(line_width(line) <= width for line in block.lines)


# Random expressions


def _expressions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(("a", "b", "u", "v", "M", "2", "0.5", "-3", "M[0, 1:]", "M.T"))

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        signs = st.sampled_from(("+", "-", "*", "/", "@", "**"))
        binary = st.builds(lambda one, sign, other: f"({one}) {sign} ({other})", inner, signs, inner)
        name = st.sampled_from(("exp", "tanh", "sqrt", "sigmoid", "abs", "norm", "sum", "mean", "softmax"))
        unary = st.builds(lambda function, one: f"{function}({one})", name, inner)
        minus = st.builds(lambda one: f"-({one})", inner)
        along = st.builds(lambda one: f"sum({one}, axis=-1, keepdims=true)", inner)
        pairs = st.builds(lambda one, other: f"outer({one}, maximum({one}, {other}))", inner, inner)
        cases = st.builds(lambda one, other: f"where({one} >= {other}, {other}, 0)", st.just("a"), inner)
        return st.one_of(binary, binary, unary, minus, along, pairs, cases)

    return st.recursive(leaves, more, max_leaves=12)


@given(_expressions(), st.sampled_from(STYLES))
def test_any_expression(written: str, style: Style) -> None:
    tree = parse(written)
    box = set_in(style, tree, AXES)
    assert_box_holds(box, tree)
    if style.flat:
        assert box.height == 1


@given(_expressions())
def test_any_expression_in_ascii(written: str) -> None:
    box = set_in(Style(small=False), parse(written), dict.fromkeys(AXES, 0))
    assert all(in_ascii(line_text(line)).isascii() for line in box.lines)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_what_stands_side_by_side_shares_its_baseline(heights: list[int]) -> None:
    boxes = []
    for number, height in enumerate(heights):
        box = text(str(number))
        for _ in range(height - 1):
            box = fraction(box, text("x"))
        boxes.append(fenced(box))
    whole = row(*boxes)
    assert whole.baseline == max(box.baseline for box in boxes)
    assert whole.height == whole.baseline + max(box.height - box.baseline for box in boxes)
    assert {line_width(line) for line in whole.lines} == {whole.width}


# Pictures


PICTURES = {
    "1 / (1 + exp(-a))": """
   1
───────
1 + e⁻ᵃ""",
    "exp(u) / sum(exp(u))": """
eᵘ
───
∑eᵘ""",
    "-out / b": """
−out
────
 b""",
    "b * a ** (b - 1)": """
     b − 1
b · a""",
    "(u - mean(u)) / sqrt(var(u) + 1e-05) * v": """
   u − mean(u)
────────────────── ⊙ v
  ╭──────────────
 √│var(u) + 1e-05""",
    "where(a > 0, a, 0.01 * a)": """
⎧ a         if a > 0
⎨
⎩ 0.01 · a  else""",
    "(a / b) ** 2": """
⎛a⎞²
⎜─⎟
⎝b⎠""",
    "outer(u, v) - M.T @ u": "\nu ⊗ v − Mᵀ @ u",
    "sum(M * M, axis=0) / 2": """
∑ᵢ(M ⊙ M)
─────────
    2""",
    "a - (b - -3)": "\na − (b − (-3))",
    "a * (-b)": "\na · (−b)",
    "M * sum(u) - sum(u * v) + sum(v)": "\nM · (∑u) − ∑(u ⊙ v) + ∑v",
    "norm(u) + abs(a / b)": """
      │a│
‖u‖ + │─│
      │b│""",
}


@pytest.mark.parametrize("written", PICTURES)
def test_picture(written: str) -> None:
    box = Typesetter(axes=AXES).box(parse(written))
    assert "\n" + plain(box.lines) == PICTURES[written]


def picture(stem: str, position: int, width: int, language: str = "en") -> str:
    trace = load_scenario(BUNDLED[stem]).run().trace(0)
    return "\n" + plain(formula_block(step_facts(trace.frame(position)), language, width).lines)


STEPS: dict[tuple[str, int, int], str] = {
    ("add_multiply", 6, 60): """
the node       local gradient     chain rule
q = x  + y     ∂q                 ∂L   ∂L   ∂q
3 = -2 + 5     ── = 1             ── = ── · ──
               ∂x                 ∂x   ∂q   ∂x

                                  -4 = -4 · 1""",
    ("add_multiply", 3, 60): """
seed
∂L
── = 1
∂f""",
    ("add_multiply", 4, 60): """
the node           local gradient     chain rule
 f  = q ·  z       ∂f                 ∂L   ∂L    ∂f
-12 = 3 · (-4)     ── = z = -4        ── = ── ·  ──
                   ∂q                 ∂q   ∂f    ∂q

                                      -4 = 1  · (-4)""",
    ("rnn_cell", 28, 60): """
the node                        local gradient
    c     =     tanh(a)            ∂c
                                   ──    = 1 −     c²
⎡ 0.5098⎤ = tanh⎛⎡ 0.5625⎤⎞        ∂a
⎣-0.5964⎦       ⎝⎣-0.6875⎦⎠
                                ⎡0.7401⎤ = 1 − ⎡ 0.5098⎤²
                                ⎣0.6443⎦       ⎣-0.5964⎦

chain rule
   ∂L          ∂L          ∂c
   ──     =    ──     ⊙    ──
   ∂a          ∂c          ∂a

⎡-0.3344⎤ = ⎡-0.4518⎤ ⊙ ⎡0.7401⎤
⎣ 0.1509⎦   ⎣ 0.2342⎦   ⎣0.6443⎦""",
    ("rnn_cell", 27, 60): """
sum over the uses
   ∂L        ∂L    ∂k#1    ∂L    ∂a#1
   ──     = ──── · ──── + ──── · ────
   ∂x       ∂k#1    ∂x    ∂a#1    ∂x

⎡-0.0088⎤    ⎡-0.0088⎤
⎢-0.0841⎥ =  ⎢-0.0841⎥  +      ◌
⎣ 0.1342⎦    ⎣ 0.1342⎦""",
    ("momentum", 13, 60): """
sgd                         x  ← x  −  lr  · v
                    ∂L     9.7 ← 10 − 0.03 · 10
v  ← momentum · v + ──
                    ∂x

10 ←   0.7    · 0 + 10""",
    ("softmax_classifier", 8, 34): """
the node
XW = X @ W

local gradient
(∂XW/∂X)ᵀ : g ↦ g @ Wᵀ

chain rule
∂L   ∂L
── = ─── @ Wᵀ
∂X   ∂XW""",
    ("mazur_network", 19, 56): """
the node
net_o#1  =     W_o     @  out_h

⎡0.5059⎤ = ⎡0.4  0.45⎤ @ ⎡0.5933⎤
⎣0.6249⎦   ⎣0.5  0.55⎦   ⎣0.5969⎦

local gradient
(∂net_o#1/∂W_o)ᵀ : g ↦ g ⊗ out_h

chain rule
      ∂E_total         ∂E_total
      ────────       = ────────  @      out_hᵀ
        ∂W_o           ∂net_o#1

⎡ 0.08217   0.08267⎤ = ⎡ 0.1385⎤ @ [0.5933  0.5969]
⎣-0.02260  -0.02274⎦   ⎣-0.0381⎦""",
    ("softmax_twice", 5, 56): """
the node                           local gradient
                           eᵃ      ∂p
   p     =  softmax(a)  = ────     ── = diag(p) − p ⊗ p
                          ∑ᵢeᵃ     ∂a

⎡0.0179⎤          ⎛⎡1⎤⎞
⎢0.9756⎥ = softmax⎜⎢5⎥⎟
⎣0.0066⎦          ⎝⎣0⎦⎠

chain rule
    ∂L                   ⎛∂p⎞ᵀ                   ∂L
    ──     =             ⎜──⎟               @    ──
    ∂a                   ⎝∂a⎠                    ∂p

⎡-0.02364⎤   ⎡ 0.01755  -0.01743  -0.00012⎤   ⎡-0.7823⎤
⎢ 0.02578⎥ = ⎢-0.01743   0.02384  -0.00641⎥ @ ⎢ 0.5671⎥
⎣-0.00214⎦   ⎣-0.00012  -0.00641   0.00653⎦   ⎣ 0.2152⎦""",
    ("saturated_sigmoid", 6, 56): """
the node
   L     =    mse(a, t)     =    (a − t)²
0.964351 = mse(0.982014, 0) = (0.982014 − 0)²

local gradient                   chain rule
  ∂L                               ∂L      ∂L     ∂L
  ──    = 2 ·    (a − t)           ──    = ── ·   ──
  ∂a                               ∂a      ∂L     ∂a

1.96403 = 2 · (0.982014 − 0)     1.96403 = 1  · 1.96403""",
    ("double_where", 8, 56): """
the node
         ⎧ logs  if positive   ⎡1.386⎤
chosen = ⎨                   = ⎢0    ⎥
         ⎩ 0     else          ⎣0    ⎦

local gradient
∂chosen   ⎧ 1  if positive   ⎡1⎤
─────── = ⎨                = ⎢1⎥
 ∂logs    ⎩ 0  else          ⎣0⎦

chain rule
 ∂L       ∂L      ∂chosen
───── = ─────── ⊙ ───────
∂logs   ∂chosen    ∂logs

 ⎡1⎤      ⎡1⎤       ⎡1⎤
 ⎢1⎥  =   ⎢1⎥   ⊙   ⎢1⎥
 ⎣0⎦      ⎣1⎦       ⎣0⎦""",
    ("embedding_lookup", 3, 56): """
the node
     v      =        embedding(E, tokens)

                       ⎛⎡ 0.5    0     1  ⎤     ⎞
⎡ 1  -1  0⎤            ⎜⎢ 1     -1     0  ⎥  ⎡1⎤⎟
⎢-1   1  1⎥ = embedding⎜⎢ 0      0.5  -0.5⎥, ⎢3⎥⎟
⎣ 1  -1  0⎦            ⎜⎢-1      1     1  ⎥  ⎣1⎦⎟
                       ⎝⎣ 0.25   0     0.5⎦     ⎠

local gradient
(∂v/∂E)ᵀ : g ↦ add_at_rows(g, tokens, shape=[5, 3])

chain rule
∂L              ⎛∂L                      ⎞
── = add_at_rows⎜──, tokens, shape=[5, 3]⎟
∂E              ⎝∂v                      ⎠""",
    ("causal_attention", 5, 56): """
the node
           ⎛⎧ q @ kᵀ                       ⎞
           ⎜⎪ ──────  if tril(ones([4, 4]))⎟
y = softmax⎜⎨   √2                         ⎟ @ v
           ⎜⎪                              ⎟
           ⎝⎩ −inf    else                 ⎠

local gradient
(∂y/∂v)ᵀ : g ↦ attention_weights(q, k, causal=true)ᵀ @ g

chain rule
∂L                                           ∂L
── = attention_weights(q, k, causal=true)ᵀ @ ──
∂v                                           ∂y""",
    ("lstm", 85, 56): """
the node
s[2].a#2  =      W_hh      @  s[1].h

⎡ 0.1899⎤   ⎡ 0.5    0   ⎤
⎢ 0.1445⎥   ⎢ 0     -0.5 ⎥
⎢ 0.0950⎥   ⎢ 0.25   0   ⎥
⎢-0.0722⎥ = ⎢ 0      0.25⎥ @ ⎡ 0.3798⎤
⎢ 0.3344⎥   ⎢ 0.5   -0.5 ⎥   ⎣-0.2889⎦
⎢ 0.0454⎥   ⎢ 0.5    0.5 ⎥
⎢-0.1445⎥   ⎢ 0      0.5 ⎥
⎣-0.1899⎦   ⎣-0.5    0   ⎦

local gradient
(∂s[2].a#2/∂W_hh)ᵀ : g ↦ g ⊗ s[1].h

chain rule ─ contribution 1 of 3
         ∂L                  ∂L
        ─────          += ─────────  @      s[1].hᵀ
        ∂W_hh             ∂s[2].a#2

⎡ 0.009141  -0.006954⎤    ⎡ 0.02407⎤
⎢ 0.022563  -0.017164⎥    ⎢ 0.05940⎥
⎢-0.015493   0.011786⎥    ⎢-0.04079⎥
⎢-0.024207   0.018415⎥ += ⎢-0.06373⎥ @ [0.3798  -0.2889]
⎢-0.017999   0.013692⎥    ⎢-0.04739⎥
⎢ 0.032902  -0.025029⎥    ⎢ 0.08662⎥
⎢-0.041487   0.031560⎥    ⎢-0.10922⎥
⎣ 0.002804  -0.002133⎦    ⎣ 0.00738⎦""",
    ("multiclass_hinge", 11, 56): """
the node
   counted    =     short     ⊙  others

⎡0    2.9  0⎤   ⎡1    2.9  0⎤   ⎡0  1  1⎤
⎢0    0    0⎥ = ⎢0    1    0⎥ ⊙ ⎢1  0  1⎥
⎣6.3  6.6  0⎦   ⎣6.3  6.6  1⎦   ⎣1  1  0⎦

local gradient
∂counted            ⎡0  1  1⎤
──────── = others = ⎢1  0  1⎥
 ∂short             ⎣1  1  0⎦

chain rule
   ∂L          ∂L       ∂counted
 ──────   = ────────  ⊙ ────────
 ∂short     ∂counted     ∂short

⎡0  1  1⎤   ⎡1  1  1⎤   ⎡0  1  1⎤
⎢1  0  1⎥ = ⎢1  1  1⎥ ⊙ ⎢1  0  1⎥
⎣1  1  0⎦   ⎣1  1  1⎦   ⎣1  1  0⎦""",
    ("vanishing_over_time", 208, 56): """
the node
s[49].x = xs[49] = 1.00021

local gradient
(∂s[49].x/∂xs)ᵀ : g ↦ put(g, shape=[50], key="49")

chain rule ─ contribution 1 of 50
∂L        ⎛   ∂L                         ⎞
─── += put⎜────────, shape=[50], key="49"⎟
∂xs       ⎝∂s[49].x                      ⎠""",
}


@pytest.mark.parametrize(("stem", "position", "width"), STEPS)
def test_picture_of_a_step(stem: str, position: int, width: int) -> None:
    assert picture(stem, position, width) == STEPS[stem, position, width]


# Room


ROOM = (54, 22)
"""The panel's on a screen of 200 × 60."""


def height_of(stem: str, width: int, height: int | None) -> int:
    return formula_block(step_facts(trace(stem).frame(crowded(stem))), "en", width, height).height


@pytest.mark.parametrize("stem", SHOWN)
def test_nothing_is_cut_where_there_is_room(stem: str) -> None:
    code_ = sum(len(wrap_line(line, ROOM[0])) for line in code(step_facts(trace(stem).frame(crowded(stem)))))
    assert height_of(stem, ROOM[0], ROOM[1] - 1 - code_) < ROOM[1] - code_


def test_the_least_important_goes_first() -> None:
    frame = trace("xor").frame(crowded("xor"))
    whole = formula_block(step_facts(frame), "en", 56)
    telling = ("tanh⎜⎢", "1 − ⎢", "chain rule", "0.125    0.0625")
    kept = []
    for height in range(whole.height, 6, -1):
        block = formula_block(step_facts(frame), "en", 56, height)
        assert block.height <= height
        kept.append([one in plain(block.lines) for one in telling])
    assert kept[0] == [True] * 4
    assert kept == sorted(kept, reverse=True)
    assert all(one == sorted(one, reverse=True) for one in kept)
    assert len({tuple(one) for one in kept}) == 4
    assert plain(formula_block(step_facts(frame), "en", 56, 6).lines) == plain(
        whole.lines
    )  # one has to scroll anyway


@pytest.mark.parametrize(("room", "between"), [(26, " " * 5), (25, " " * 5), (24, " " * 3), (23, " " * 3)])
def test_equations_stand_closer_where_that_saves_rows(room: int, between: str) -> None:
    left, right = Block.text("a" * 10, Role.TEXT), Block.text("b" * 10, Role.TEXT)
    assert plain(flow([left, right], room).lines).strip() == f"{'a' * 10}{between}{'b' * 10}"
    assert flow([left, right], 22).height == 3


def test_the_chain_rule_of_a_matrix_product_has_numbers_where_there_is_room() -> None:
    below = plain(formula_block(step_facts(trace("matrix_product").frame(4)), "en", 54, 21, spare=2).lines)
    assert "⎢2  1  3  4⎥ = ⎢2  1⎥ @ ⎡1  0  0  2⎤" in below


def test_vectors_lie_down_where_they_are_too_high() -> None:
    frame = trace("concat_and_split").frame(crowded("concat_and_split"))
    assert "[1  2  3  4  5  6]ᵀ = concat" in plain(formula_block(step_facts(frame), "en", 76, 8).lines)


# Rows


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "layer_norm", "rms_norm"])
def test_a_jacobian_of_a_batch_names_its_row(name: str) -> None:
    seen = set()
    for op, sample in ((op, sample) for op, sample in CASES if op.name == name):
        trace_ = trace_of(op, sample)
        node, edge = trace_.graph["out"], trace_.graph.edges[0]
        if isinstance(local_gradient(trace_, edge), DenseLocal):
            axes = [*range(len(node.shape))]
            del axes[node.attributes["axis"]]
            row_ = "".join("ᵢⱼₖ"[axis] for axis in axes)
            _, local, *_ = step_equations(step_facts(trace_.frame(1)), "en")
            left = plain(local.columns(Style(flat=True))[0].symbols.lines)
            assert left == f"∂out{row_}/∂{trace_.graph.nodes[edge.operand].name}{row_}"
            seen.add(row_)
    assert {"", "ᵢ"} < seen


# Numbers


@pytest.mark.parametrize(
    ("stem", "position"), [("sigmoid_inside_out", 8), ("leaky_relu_rescue", 10), ("xor", 15)]
)
def test_factors_have_the_digits_of_the_chain_rule_panel(stem: str, position: int) -> None:
    frame = trace(stem).frame(position)
    *_, chain = step_equations(step_facts(frame), "en")
    above = plain(equation(step_facts(frame), "en", 100, 20).lines)
    assert _in_brackets(plain(chain.fitted(100).block.lines)) == _in_brackets(above)


def _in_brackets(picture: str) -> list[list[str]]:
    rows = [line for line in picture.splitlines() if set("⎡⎢⎣") & set(line)]
    return [re.findall(r"-?[\d.]+", line.replace("axis 0", "")) for line in rows]


def test_a_turned_vector_stands_in_brackets_under_an_exponent() -> None:
    frame = trace("rnn_cell").frame(28)
    assert "1 − ([0.5098  -0.5964]ᵀ)²" in plain(formula_block(step_facts(frame), "en", 54, 18).lines)


@pytest.mark.parametrize("stem", ["relu_layer", "softmax_twice", "xor", "batch_norm_by_hand"])
def test_numbers_of_a_call_stand_in_its_brackets(stem: str) -> None:
    steps = map(trace(stem).frame, positions(stem))
    lines = [
        line
        for frame in steps
        for line in plain(formula_block(step_facts(frame), "en", 200).lines).splitlines()
    ]
    assert any(re.search(r"[a-z][ᵢⱼ]?[⎛⎜]", line) for line in lines)
    assert not [line for line in lines if re.search(r"[a-z][ᵢⱼ]?[⎡⎢⎣]", line)]


# Colours


def test_a_factor_has_one_colour_above_and_below() -> None:
    for stem in ("mazur_network", "outer_product", "attention_head", "update_too_early"):
        edge = trace(stem).frame(crowded(stem)).step
        assert isinstance(edge, Backward)
        chain = list(step_equations(step_facts(trace(stem).frame(crowded(stem))), "en"))[-1]
        roles = [
            {span.role for line in column.symbols.lines for span in line if span.text.strip()}
            for column in chain.columns(Style())
            if not column.sign
        ]
        assert {Role.LOCAL} in roles
        assert {Role.GRADIENT} in roles
        assert all(len(one) == 1 for one in roles)


def _roles(box: Block) -> set[Any]:
    return {span.role for line in box.lines for span in line if span.text.strip()}


@pytest.mark.parametrize("stem", ["matrix_product", "softmax_classifier", "lstm", "xor"])
def test_a_factor_of_a_map_is_a_local_gradient(stem: str) -> None:
    found = 0
    for frame in map(trace(stem).frame, positions(stem)):
        if isinstance(frame.step, Backward):
            local = local_gradient(frame.trace, frame.step.edge)
            if isinstance(local, MapLocal) and local.factor is not None:
                _, equation_, _ = step_equations(step_facts(frame), "en")
                roles = _roles(equation_.columns(Style())[-1].symbols)
                assert {Role.LOCAL, Role.GRADIENT} <= roles
                assert Role.VALUE not in roles
                found += 1
    assert found


@pytest.mark.parametrize(
    ("stem", "position", "number"), [("vanishing_over_time", 453, "-0.61474"), ("softmax_classifier", 6, "1")]
)
def test_what_a_local_gradient_comes_to_has_its_colour(stem: str, position: int, number: str) -> None:
    _, local, _ = step_equations(step_facts(trace(stem).frame(position)), "en")
    last = local.columns(Style())[-1].symbols
    assert plain(last.lines).strip() == number
    assert _roles(last) == {Role.LOCAL}


def test_a_factor_that_begins_with_a_minus_stands_in_brackets() -> None:
    *_, chain = step_equations(step_facts(trace("kl_divergence").frame(9)), "en")
    assert plain(chain.columns(Style())[-1].symbols.lines) == "(−t)"


def test_vectors_lie_along_the_last_axis_of_the_matrices_they_meet() -> None:
    assert "[8  0]" in picture("batch_norm_by_hand", 1, 78)
    assert "− [8  0]" in picture("batch_norm_by_hand", 2, 78)
    assert "meanᵢ⎜⎢ 7  -0.1⎥⎟" in picture("batch_norm_by_hand", 1, 78)


def test_wide_letters_keep_their_columns() -> None:
    builder = GraphBuilder()
    weight, seen = builder.leaf("무게", Kind.PARAM, ()), builder.leaf("x", Kind.INPUT, ())
    builder.apply(OPS["div"], [weight, seen], "나눈 값")
    graph = builder.build("나눈 값")
    trace = record(graph, Bindings.of(graph, {"무게": 3.0, "x": -4.0}))
    found = "\n" + plain(formula_block(step_facts(trace.frame(1)), "ko", 60).lines)
    assert (
        found
        == """
노드               로컬 그래디언트     로컬 그래디언트
          무게     ∂나눈 값   1        ∂나눈 값   −나눈 값
나눈 값 = ────     ──────── = ─        ──────── = ────────
           x        ∂무게     x           ∂x         x

           3                  1                   −(-0.75)
 -0.75  =  ──       -0.25   = ──       -0.1875  = ────────
           -4                 -4                     -4"""
    )


def test_picture_in_korean() -> None:
    titles = [line for line in picture("add_multiply", 6, 60, "ko").split("\n") if "로컬" in line]
    assert titles == ["노드           로컬 그래디언트     연쇄법칙"]


# Updates


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_lines_of_an_update_end_with_the_new_parameter(name: str) -> None:
    builder = GraphBuilder()
    w, x = builder.leaf("w", Kind.PARAM, (3,)), builder.leaf("x", Kind.INPUT, (3,))
    builder.apply(OPS["dot"], [builder.apply(OPS["mul"], [w, w], "s"), x], "L")
    graph = builder.build("L")
    optimizer = OPTIMIZERS[name]
    given: dict[str, Any] = {"lr": 0.1, "weight_decay": 0.01}
    training = Training(optimizer, optimizer.settings_of(given), 3)
    run = Run(graph, Bindings.of(graph, {"w": [1.0, -0.5, 2.0], "x": [1.0, 2.0, -1.0]}), training)
    for iteration in range(3):
        trace = run.trace(iteration)
        update = step_facts(trace.frame(trace.schedule.completed + 1))
        assert isinstance(update, UpdateFacts)
        found = {target: value for target, _, _, value in update.lines}
        _, after = trace.remembered[0]
        for symbol, tensor in {"w": trace.updated[0], **after.memory}.items():
            assert np.allclose(found[symbol], tensor, rtol=1e-12, atol=0)
        last = trace.schedule.last - 1
        shown = plain(formula_block(step_facts(trace.frame(last)), "en", 100).lines)
        assert "←" in shown
        after = plain(tensor_block(trace.updated[0], Role.VALUE).lines).split("\n")
        assert all(row in shown for row in after)


# The chain rule with fractions at its head


@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell", "softmax_classifier", "layer_norm_directions"])
def test_a_tall_head_keeps_to_its_room_and_loses_nothing(stem: str) -> None:
    trace = load_scenario(BUNDLED[stem]).record()
    for position in range(1, len(trace.steps) + 1):
        frame = trace.frame(position)
        for width, height in ((40, 9), (44, 19), (100, 30)):
            low = equation(step_facts(frame), "en", width, height)
            tall = equation(step_facts(frame), "en", width, height, tall=True)
            assert tall.width <= width
            assert plain(tall.lines) == plain(low.lines) or low.height < tall.height <= height
            if plain(tall.lines) != plain(low.lines):
                assert "──" in plain(tall.lines)
                assert len(_digits(tall)) >= len(_digits(low))


def _digits(block: Block) -> list[str]:
    return sorted(re.findall(r"[\d.]+", plain(block.lines)))


def test_picture_of_a_tall_head() -> None:
    frame = load_scenario(BUNDLED["add_multiply"]).record().frame(4)
    found = plain(equation(step_facts(frame), "en", 40, 12, tall=True).lines)
    assert found.split("\n")[:3] == [
        "  ∂L         ∂L       ∂f",
        "  ──    =    ──    ·  ──",
        "  ∂q         ∂f       ∂q",
    ]


def test_of_many_operands_the_first_are_shown() -> None:
    builder = GraphBuilder()
    leaves = [builder.leaf(f"x{number}", Kind.INPUT, ()) for number in range(3000)]
    builder.apply(OPS["stack"], leaves, "y")
    graph = builder.build("y")
    numbers = {f"x{number}": float(number) for number in range(3000)}
    trace = record(graph, Bindings.of(graph, numbers, np.ones(3000)))
    found = plain(formula_block(step_facts(trace.frame(1)), "en", 60).lines)
    assert "stack(x0, x1, x2, …)" in found
    assert found.count("↦") == 6


def test_the_words_of_a_formula_are_in_the_language() -> None:
    graph = Sketch().inputs(x=(), y=())(f="where x x y").build()
    frame = record(graph, Bindings.of(graph, {"x": 2.0, "y": 3.0})).frame(1)
    assert "if x" in plain(formula_block(step_facts(frame), "en", 60).lines)
    korean = plain(formula_block(step_facts(frame), "ko", 60).lines)
    assert "x일 때" in korean
    assert "그 밖에" in korean
    assert "if " not in korean
    assert "else" not in korean


# Numbers under symbols


NOT_EVALUATED = {"max", "min", "prod", "transpose"}
"""Their rules speak of `at_largest` and the like, or transpose a number: no expression of a scenario."""


def _of_scalars(op: Op, sample: Sample) -> bool:
    return (
        op.name not in NOT_EVALUATED
        and all(np.shape(one) == () for one in sample.draw())
        and graph_of(op, sample)["out"].shape == ()
    )


def _value(tree: Expr) -> Any:
    """What numbers in an expression come to."""
    known = {"pi": np.float64(np.pi)}
    with np.errstate(all="ignore"):
        return evaluate(tree, known.__getitem__, known.__getitem__, np.dtype(np.float64))


@each_sample(_of_scalars)
def test_numbers_below_symbols_come_to_what_is_on_the_left(op: Op, sample: Sample) -> None:
    trace = trace_of(op, sample)
    graph, node = trace.graph, trace.graph["out"]
    naming = Naming(trace, node, "g")
    sides = [(node_trees(graph, node)[-1], trace.value("out"))]
    for edge in graph.edges:
        local = local_gradient(trace, edge)
        assert isinstance(local, ScalarLocal)
        sides.append((rule_tree(graph, node, local.text), local.value))
    for tree, wanted in sides:
        left = float(wanted)
        columns = naming.right(tree, Style())
        written = "".join((column.numbers or column.symbols).reading for column in columns)
        assert abs(float(_value(parse(written))) - left) <= 2e-3 * max(1.0, abs(left))
