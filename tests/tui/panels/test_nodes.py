"""The table of nodes: numbers below each other, how large gradients are, and where breakpoints are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backprop_engine.debugger import Break, Enable, Set, update
from backprop_tui.cells.eighths import bar
from backprop_tui.cells.lines import Line, Role, Span, line_text
from backprop_tui.cells.shades import Flow
from backprop_tui.cells.shapes import shape_label
from backprop_tui.panels.nodes import node_at_row, nodes, row_of_node
from backprop_tui.view import View
from covering import SHOWN
from scenes import trace, view, view_of, written


def row_of(shown: View, name: str, width: int = 90) -> Line:
    return nodes(shown, width, 30).row(row_of_node(shown, shown.graph.position(name)), 0, width)


def size_of(shown: View, name: str, width: int = 90) -> Span:
    return row_of(shown, name, width)[-1]


def at_end(stem: str, *, ascii: bool = False) -> View:
    return view(stem, trace(stem).schedule.completed, ascii=ascii)


@pytest.mark.parametrize("width", [44, 60, 90])
def test_decimal_points_stand_below_each_other(width: int) -> None:
    shown = at_end("vanishing_sigmoids")
    heading = line_text(nodes(shown, width, 30).row(0, 0, width))
    rows = [line_text(row_of(shown, f"h{at}", width)) for at in range(1, 10)]
    for column in ("value", "gradient"):
        start = heading.index(column)
        assert len({row.index(".", start) for row in rows}) == 1
    assert line_text(row_of(shown, "h10", width))[heading.index("gradient")] == "1"


def test_a_norm_and_a_number_share_their_decimal_point() -> None:
    shown = at_end("xor")
    start = line_text(nodes(shown, 60, 30).row(0, 0, 60)).index("gradient")
    norm, number = (line_text(row_of(shown, name, 60))[start:] for name in ("a", "b2"))
    assert norm.startswith("‖")
    assert number.lstrip().startswith("0.")
    assert norm.index(".") == number.index(".")


def test_the_bars_of_vanishing_gradients_grow_shorter_and_quieter() -> None:
    shown = at_end("vanishing_sigmoids")
    sizes = [size_of(shown, f"h{at}") for at in range(10, 0, -1)]
    lengths = [len(size.text) for size in sizes]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == 8
    levels = [size.role.level for size in sizes if isinstance(size.role, Flow)]
    assert len(levels) == len(sizes)
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] < levels[0]


def test_bars_in_ascii_say_the_same() -> None:
    shown = at_end("vanishing_sigmoids", ascii=True)
    sizes = [size_of(shown, f"h{at}").text for at in range(1, 11)]
    assert all(size.isascii() for size in sizes)
    assert len(set(sizes)) >= 7


@pytest.mark.parametrize("ascii", [False, True])
def test_a_bar_is_never_longer_than_its_room_nor_nothing(ascii: bool) -> None:
    for hundredths in range(-20, 130):
        assert 1 <= len(bar(hundredths / 100, 8, ascii=ascii)) <= 8


def test_zero_what_is_not_there_and_what_is_not_finite_differ() -> None:
    shown = at_end("add_multiply")
    for gradient, size in (
        (0.0, Span("0", Role.DIM)),
        (np.nan, Span("NaN", Role.TROUBLE)),
        (-np.inf, Span("inf", Role.TROUBLE)),
    ):
        changed = replace(shown, session=update(shown.session, Set("q", np.asarray(gradient), gradient=True)))
        last = size_of(changed, "x")
        assert (last.text.strip(), last.role) == size
    assert not size_of(view("add_multiply", 2), "x").text.strip()


EQUAL_LAYERS = """
inputs: {xs: [0.5, -0.25, 0.75, 0.125], start: 0.5}
params: {scale: 1.25}
cells:
  perceptron:
    inputs: [x]
    nodes: {activation_first: scale * x, activation_second: tanh(activation_first)}
    outputs: [activation_second]
  block:
    inputs: [x, before]
    nodes:
      hidden: {cell: perceptron, inputs: {x: x}}
      residual_connection: before + hidden.activation_second
    outputs: [residual_connection]
nodes:
  blocks: {scan: block, over: {x: xs}, carry: {before: {init: start, next: residual_connection}}}
  L: blocks[-1].residual_connection * 2
"""


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [43, 46, 60])
def test_equal_layers_have_names_of_their_own(tmp_path: Path, width: int, language: str) -> None:
    shown = replace(view_of(written(tmp_path, EQUAL_LAYERS), 1), language=language)
    table = nodes(shown, width, 30)
    names = [line_text(table.row(y, 2, width)).split()[0] for y in range(1, table.height)]
    assert len(set(names)) == len(names)
    heading = line_text(table.row(0, 0, width))
    assert {"en": "gradient", "ko": "그래디언트"}[language] in heading
    assert {"en": "value", "ko": "값"}[language] in heading


def test_breakpoints_are_marked_at_their_nodes() -> None:
    shown = view("add_multiply", 2)
    plain = line_text(row_of(shown, "q"))
    session = update(update(shown.session, Break("q")), Break("f"))
    marked = replace(shown, session=update(session, Enable(2, False)))
    assert row_of(marked, "q")[0] == Span("●", Role.WARNING)
    assert row_of(marked, "f")[0] == Span("○", Role.DIM)
    assert row_of(marked, "x")[0].text == " "
    assert line_text(row_of(marked, "q"))[1:].split() == plain.split()
    assert row_of(replace(marked, ascii=True), "q")[0].text == "*"


@pytest.mark.parametrize("stem", SHOWN)
@pytest.mark.parametrize("width", [30, 44, 60, 90, 200])
def test_no_row_is_wider_than_the_table(stem: str, width: int) -> None:
    shown = at_end(stem)
    shown = replace(shown, session=update(shown.session, Break("phase backward")))
    table = nodes(shown, width, 30)
    for y in range(min(table.height, 60)):
        assert len(line_text(table.row(y, 0, 500))) <= max(width, 6)
    assert node_at_row(shown, 1) is not None


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", range(30, 100, 3))
def test_no_heading_is_cut(width: int, language: str) -> None:
    shown = replace(at_end("vanishing_sigmoids"), language=language)
    assert "…" not in line_text(nodes(shown, width, 30).row(0, 0, width))


def test_what_went_for_want_of_room_comes_back_where_a_wider_column_went_too() -> None:
    shown = at_end("rnn_cell")
    changed = replace(shown, session=update(shown.session, Set("x", np.asarray(3.0), entry=(0,))))
    heading = line_text(nodes(changed, 42, 30).row(0, 0, 42))
    assert "gradient" in heading
    assert "size" in heading


def columns_of(shown: View, name: str, width: int) -> list[str]:
    heading = line_text(nodes(shown, width, 30).row(0, 0, width))
    starts = [found.start() for found in re.finditer(r"(?:log )?\S+", heading)]
    row = line_text(row_of(shown, name, width))
    return [row[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_what_a_node_is_has_a_word_in_it_at_any_width(stem: str) -> None:
    shown = at_end(stem)
    computed = [node for node in shown.graph.nodes if node.op is not None]
    for width in range(36, 90, 6):
        if " is " in line_text(nodes(shown, width, 30).row(0, 0, width)):
            for node in computed:
                what = columns_of(shown, node.name, width)[1]
                assert re.search(r"[^\W_]", what), (width, what)


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_a_shape_is_there_whole_or_not_at_all(stem: str) -> None:
    shown = at_end(stem)
    for width in range(30, 90, 6):
        heading = line_text(nodes(shown, width, 30).row(0, 0, width)).split()
        assert not any(word.endswith("…") for word in heading[1:])
        if "shape" in heading:
            for node in shown.graph.nodes:
                if node.op is not None:
                    cell = columns_of(shown, node.name, width)[heading.index("shape")]
                    assert cell == shape_label(node.shape), (width, node.name)


def test_among_numbers_shapes_tell_nothing_and_go_first() -> None:
    assert columns_of(at_end("apples"), "apples", 44)[:3] == ["apples", "mul", "200"]


@pytest.mark.parametrize("stem", ["apples_and_oranges", "multiclass_hinge", "power_chain", "rnn_cell"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_names_of_usual_length_are_whole_beside_their_numbers(stem: str, language: str) -> None:
    shown = replace(at_end(stem), language=language)
    table = nodes(shown, 46, 30)
    for node in shown.graph.nodes:
        if node.name:
            row = line_text(table.row(row_of_node(shown, node.position), 0, 46))
            assert row.strip("▶◀▷◁ ").split()[0] == node.name


def test_columns_stand_close_only_for_the_sake_of_a_whole_name() -> None:
    apart, close = (line_text(row_of(at_end("rnn_cell"), "h_prev", width)) for width in (48, 44))
    assert "h_prev  (2)" in apart
    assert "h_prev (2)" in close
    assert "  " in line_text(row_of(at_end("gradient_penalty"), "on_between.score", 44)).strip("▶◀▷◁ ")


@pytest.mark.parametrize("width", [44, 60, 90])
def test_how_many_contributions_have_arrived_is_never_cut(tmp_path: Path, width: int) -> None:
    large = written(tmp_path, "inputs: {x: {shape: [300, 300], init: ones}}\nnodes: {f: sum(x * 3 + exp(x))}")
    frames = (large.run().trace(0).frame(at) for at in range(1, 14))
    half = next(frame for frame in frames if frame.arrived(frame.graph["x"]) == (1, 2))
    assert "∑ 1/2" in line_text(row_of(view_of(large, half.position), "x", width))


@pytest.mark.parametrize("width", [44, 50, 60, 90])
def test_the_kind_of_a_leaf_is_never_cut(width: int) -> None:
    heading = line_text(nodes(at_end("saturated_sigmoid"), width, 30).row(0, 0, width)).split()
    assert "is" in heading
    assert columns_of(at_end("saturated_sigmoid"), "w", width)[1] == "parameter"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_operator_keeps_its_name_where_the_columns_have_room(language: str) -> None:
    shown = replace(at_end("small_convnet"), language=language)
    table = nodes(shown, 69, 30)
    for name, op in (("p", "max_pool2d"), ("L", "softmax_with_loss")):
        assert f" {op} " in line_text(table.row(row_of_node(shown, shown.graph.position(name)), 0, 69))
