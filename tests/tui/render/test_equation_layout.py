"""Where the columns of an equation have little room: what gives way first, so that numbers stay numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest

import scenes
from backprop_engine.explain.facts import step_facts
from backprop_engine.graph.bindings import Bindings
from backprop_engine.messages.translations import languages
from backprop_engine.ops import OPS, Sample
from backprop_engine.trace.record import record
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import line_text, plain
from backprop_tui.cells.shades import Shade
from backprop_tui.cells.text import cell_width, clip_formula
from backprop_tui.render.equation.equation import equation, equation_parts
from backprop_tui.render.equation.terms import Term
from graphs import Sketch, graph_of, trace_of


def backward(op: str, sample: Sample, size: tuple[int, int], step: int = 3, *, tall: bool = False) -> Block:
    """The equation of a backward step of one operator on one sample."""
    return equation(step_facts(trace_of(OPS[op], sample).frame(step)), "en", *size, tall=tall)


def pictures(block: Block) -> list[str]:
    """The rows of all heatmaps in it, without their legends."""
    return [
        span.text
        for line in block.lines
        if any(set("⎡⎢⎣[") & set(span.text) for span in line)
        for span in line
        if isinstance(span.role, Shade)
    ]


def reached(op: str, sample: Sample, *at: tuple[int, ...]) -> Trace:
    """The run of one operator where gradients of 1/2, 1, 3/2 … arrive `at` some cells, and none elsewhere."""
    graph = graph_of(OPS[op], sample)
    seed = np.zeros(graph["out"].shape)
    for number, one in enumerate(at, 1):
        seed[one] = number / 2
    names = OPS[op].names(len(sample.operands))
    return record(graph, Bindings.of(graph, dict(zip(names, sample.draw(), strict=True)), seed))


def bracketed(block: Block) -> list[list[list[str]]]:
    """The rows of what stands in upright brackets, for each of those that stand side by side."""
    rows = [re.findall(r"[⎡⎢⎣]([^⎤⎥⎦]+)[⎤⎥⎦]", line) for line in plain(block.lines).splitlines()]
    return [[part.split() for part in parts] for parts in zip(*filter(None, rows), strict=True)]


def test_numbers_with_fewer_digits_come_before_heatmaps() -> None:
    sample = Sample(((3, 3), (3, 3)))
    found = [backward("matmul", sample, (width, 12)) for width in (90, 60, 46)]
    assert not any(map(pictures, found))
    digits = [max(map(len, re.findall(r"\d\.(\d+)", plain(block.lines)))) for block in found]
    assert digits == sorted(digits, reverse=True)
    assert digits[0] > digits[-1]


def test_a_vector_that_is_too_high_lies_down() -> None:
    shown = plain(backward("relu", Sample(((9,),)), (160, 8)).lines)
    assert shown.count("]ᵀ") == 3
    assert "⎡" not in shown


def test_what_a_map_does_is_said_above_in_full_or_not_at_all() -> None:
    sample = Sample(((1, 6), (1, 1, 3)))
    for width in range(40, 110, 6):
        lines = plain(backward("conv_transpose1d", sample, (width, 16)).lines).splitlines()
        numbers = next(at for at, line in enumerate(lines) if "←" in line)
        assert not re.search(r"convolution|weights", " ".join(lines[numbers:])), "words where numbers belong"
        above = " ".join(" ".join(lines[:numbers]).split())
        assert "…" not in above
        assert ("convolution" in above) == ("weights" in above)
    wide = plain(backward("conv_transpose1d", sample, (160, 16)).lines)
    assert "a convolution with the same weights" in wide


def test_a_map_with_a_picture_has_numbers_in_its_column() -> None:
    shown = plain(backward("conv1d", Sample(((1, 6), (1, 1, 3))), (120, 12)).lines)
    assert "∗" in shown
    assert "flip(weight)" in shown
    assert "←" not in shown
    several = plain(backward("conv1d", Sample(((2, 6), (3, 2, 3))), (120, 12)).lines)
    assert "←" in several, "of several channels, those shown alone do not make the product"
    strided = Sample(((1, 7), (1, 1, 3)), {"stride": 2})
    assert "←" in plain(backward("conv1d", strided, (120, 12)).lines)


@pytest.mark.parametrize("width", [60, 76, 90])
def test_heatmaps_of_one_shape_are_of_one_size(width: int) -> None:
    shown = backward("gelu", Sample(((3, 8),)), (width, 20))
    rows = [re.findall(r"[⎡⎢⎣]([^⎤⎥⎦]+)[⎤⎥⎦]", line) for line in plain(shown.lines).splitlines()]
    sizes = {len(part) for row in rows for part in row}
    assert pictures(shown)
    assert len(sizes) == 1
    assert sizes.pop() % 8 == 0


@pytest.mark.parametrize("tall", [False, True])
def test_where_the_rest_stands_under_the_product_a_sign_leads_it(tall: bool) -> None:
    sample = Sample(((3, 3), (3, 3)))
    lines = plain(backward("matmul", sample, (46, 18), tall=tall).lines).splitlines()
    rows = [line for line in lines if line.startswith("= ")]
    assert len(rows) == 2, "before the names and before the numbers"
    assert "∂L/∂out" in rows[0] or "──" in rows[0]
    assert "⎢" in rows[1]


def used_twice(rows: int) -> Trace:
    """A matrix that two vectors are multiplied by."""
    shapes = {"W": (rows, 2), "h": (2,), "x": (2,)}
    graph = Sketch().inputs(**shapes)(a="matmul W h", b="matmul W x", c="mul a b", L="sum c").build()
    numbers = np.random.default_rng(0)
    return record(graph, Bindings.of(graph, {name: numbers.normal(size=shapes[name]) for name in shapes}))


@pytest.mark.parametrize("language", languages())
def test_nothing_runs_over_the_edge_where_the_product_is_one_of_several(language: str) -> None:
    trace = used_twice(10)
    for width in range(42, 60, 3):
        for height in range(9, 20, 2):
            shown = plain(
                equation(step_facts(trace.frame(9)), language, width, height, tall=True).lines
            ).splitlines()
            assert len(shown) <= height
            assert not [line for line in shown if line.rstrip().endswith("…")], (width, height)


@pytest.mark.parametrize("size", [(60, 12), (36, 9)])
def test_the_shape_of_a_vector_is_in_brackets_as_no_number_is(size: tuple[int, int]) -> None:
    shown = plain(backward("relu", Sample(((3,),)), size).lines)
    assert shown.count("(3)") == 3
    assert "((" not in shown


def test_words_in_two_lines_leave_room_for_heatmaps_side_by_side() -> None:
    shown = equation(step_facts(used_twice(14).frame(9)), "en", 40, 16)
    assert pictures(shown)
    assert "contribution 1 of 2" not in plain(shown.lines)
    assert not [line for line in plain(shown.lines).splitlines() if line.startswith(" = ")]


def test_a_long_name_that_is_cut_is_still_transposed() -> None:
    graph = Sketch().inputs(attention_to_everything=(3, 3), v=(3, 2))
    built = graph(y="matmul attention_to_everything v", L="sum y").build()
    numbers = {"attention_to_everything": np.eye(3), "v": np.ones((3, 2))}
    trace = record(built, Bindings.of(built, numbers))
    shown = plain(equation(step_facts(trace.frame(6)), "en", 44, 8).lines)
    assert "attention_to_everythi…ᵀ" in shown


def assert_as_long_as_may_be(block: Block, symbols: str, width: int) -> None:
    """With what is left of the width, no more of the symbols could stand there."""
    (shown,) = re.findall(f"{re.escape(symbols[:6])}[^…\n]*…", plain(block.lines))
    assert block.width <= width
    assert shown == clip_formula(symbols, cell_width(shown) + width - block.width)


@pytest.mark.parametrize("language", languages())
def test_symbols_that_are_cut_take_what_room_there_is(language: str) -> None:
    frame = scenes.trace("huber_outlier").frame(7)
    whole = "clip(y2 − measured, min=-1.0, max=1.0) / 4"
    assert whole in plain(equation(step_facts(frame), language, 76, 6).lines)
    for width in range(48, 68):
        block = equation(step_facts(frame), language, width, 6)
        if "clip(y2 − measured, " in (shown := plain(block.lines)) and whole not in shown:
            assert_as_long_as_may_be(block, whole, width)
            assert re.search(r"clip\(y2 − measured, (min=-1.0, (max=1.0\) )?)?…", shown), (
                "no word is cut inside"
            )


@pytest.mark.parametrize("language", languages())
def test_a_rule_beside_its_word_takes_what_room_there_is(language: str) -> None:
    frame = scenes.trace("transformer_block").frame(scenes.crowded("transformer_block"))
    block = equation(step_facts(frame), language, 76, 8)
    parts = equation_parts(step_facts(frame), language)
    (rule,) = (part.rule for part in parts if isinstance(part, Term) and part.rule)
    assert_as_long_as_may_be(block, rule, 76)
    assert re.search(r"= \(1 \+ erf\(m#2 / (sqrt\(2\)\)\) )?…", plain(block.lines))


def rows_of(block: Block) -> list[tuple[int, ...]]:
    """In which rows stands what is in upright brackets, for each of those that stand side by side."""
    lines = plain(block.lines).splitlines()
    marked = [re.findall(r"[⎡⎢⎣][^⎤⎥⎦]+[⎤⎥⎦]", line) for line in lines]
    return [tuple(row for row, found in enumerate(marked) if len(found) > at) for at in range(3)]


@pytest.mark.parametrize("position", [2, 15])
def test_rows_of_numbers_and_of_a_heatmap_beside_them_stand_level(position: int) -> None:
    block = equation(step_facts(scenes.trace("iris_mlp").frame(position)), "en", 76, 28, tall=True)
    first, second, _ = rows_of(block)
    assert pictures(block)
    assert len(first) == 15
    assert first == second


def test_a_scale_stands_apart_where_all_rows_fit_into_a_line_less() -> None:
    shown = equation(step_facts(scenes.trace("transformer_block").frame(8)), "en", 76, 8, tall=True)
    *_, blank, scale = plain(shown.lines).splitlines()
    assert "-1.55…1.55" in scale
    assert not blank.strip()


class TestNumbersBeforeHeatmaps:
    @pytest.mark.parametrize("language", languages())
    def test_a_word_that_takes_room_from_numbers_goes(self, language: str) -> None:
        frame = scenes.trace("hello_rnn").frame(29)
        block = equation(step_facts(frame), language, 76, 6, tall=True)
        assert not pictures(block)
        assert plain(block.lines).count("(4×4)") == 2

    def test_shapes_stay_where_their_own_columns_have_room(self) -> None:
        shown = plain(
            equation(step_facts(scenes.trace("softmax_classifier").frame(6)), "ko", 76, 8, tall=True).lines
        )
        assert shown.count("(6×3)") == 2
        assert "로컬 그래디언트" in shown

    @pytest.mark.parametrize("language", languages())
    def test_beside_a_heatmap_a_row_of_two_numbers_stays_one(self, language: str) -> None:
        block = equation(step_facts(scenes.trace("lstm").frame(85)), language, 44, 17, tall=True)
        assert pictures(block)
        assert "[0.380  -0.289]" in plain(block.lines)

    def test_which_part_of_a_tensor_it_is_always_stands_there(self) -> None:
        block = equation(step_facts(scenes.trace("layer_norm_directions").frame(3)), "ko", 46, 17, tall=True)
        assert not pictures(block)
        assert plain(block.lines).count("[0]") == 3
        forward = plain(equation(step_facts(scenes.trace("small_convnet").frame(1)), "en", 76, 9).lines)
        assert "(1×6×6) [0]" in forward
        assert "(2×1×3×3) [0, 0]" in forward


class TestWhatIsShown:
    @pytest.mark.parametrize(("axis", "index"), [(-1, "[2]"), (0, "[:, 2]")])
    def test_one_sample_of_a_batch_of_jacobians_multiplies(self, axis: int, index: str) -> None:
        cells = [(2, 0), (2, 1)] if axis else [(0, 2), (1, 2)]
        block = equation(
            step_facts(reached("softmax", Sample(((3, 3),), {"axis": axis}), *cells).frame(3)), "en", 90, 12
        )
        product, jacobian, upstream = (np.asarray(one, float) for one in bracketed(block))
        np.testing.assert_allclose(jacobian @ upstream, product, atol=2e-4)
        assert upstream.any()
        assert len(re.findall(f"\\(3×3\\) {re.escape(index)}", plain(block.lines))) == 2
        assert "(3×3×3) [2]" in plain(block.lines)

    def test_a_batch_that_no_gradient_reaches_shows_its_first_sample(self) -> None:
        shown = equation(step_facts(reached("softmax", Sample(((3, 3),))).frame(3)), "en", 90, 12)
        assert len(re.findall(r"\(3×3\) \[0\]", plain(shown.lines))) == 2

    @pytest.mark.parametrize("height", [5, 8, 16])
    def test_a_vector_that_is_mostly_zero_says_so_in_numbers(self, height: int) -> None:
        trace = reached("relu", Sample(((50,),), low=0.1), (0,), (30,))
        shown = equation(step_facts(trace.frame(3)), "en", 160, height)
        told = ["0.5", "0", "…", "0", "1", "0", "…", "0"]
        if height < 12:
            assert plain(shown.lines).count(f"[{'  '.join(told)}]ᵀ") == 2
        else:
            assert [row[0] for row in bracketed(shown)[0]] == told

    def test_a_long_vector_lies_down_where_there_is_little_height(self) -> None:
        graph = graph_of(OPS["square"], Sample(((60,),)))
        trace = record(graph, Bindings.of(graph, {"a": np.linspace(-1, 1, 60)}, np.arange(60.0)))
        shown = plain(equation(step_facts(trace.frame(3)), "en", 210, 7).lines)
        assert len(re.findall(r"\[[^]]{60}\]ᵀ", shown)) == 3
        close = plain(equation(step_facts(trace.frame(3)), "en", 70, 7).lines)
        assert close.count("…]ᵀ") == 3

    def test_a_row_is_shown_as_a_row(self) -> None:
        trace = trace_of(OPS["add"], Sample(((2, 3), (3,))))
        shown = plain(equation(step_facts(trace.frame(len(trace.steps))), "en", 90, 12).lines)
        assert re.search(r"\[[-\d. ]+\] =", shown)

    def test_cells_of_an_elementwise_product_can_be_checked(self) -> None:
        graph = graph_of(OPS["exp"], Sample(((3,),)))
        trace = record(graph, Bindings.of(graph, {"a": [-2.0, 0.0, -3.0]}, np.full(3, 0.8438)))
        product, upstream, local = (
            np.asarray(one, float) for one in bracketed(equation(step_facts(trace.frame(3)), "en", 90, 12))
        )
        np.testing.assert_allclose(upstream * local, product, rtol=2e-3)
        np.testing.assert_allclose(local.ravel(), np.exp([-2.0, 0.0, -3.0]), rtol=5e-4)

    def test_a_heatmap_of_a_slice_has_the_scale_of_that_slice(self) -> None:
        numbers = np.stack([np.ones((9, 9)), np.full((9, 9), 50.0)])
        graph = graph_of(OPS["exp"], Sample(((2, 9, 9),)))
        trace = record(graph, Bindings.of(graph, {"a": np.zeros((2, 9, 9))}, numbers))
        shown = plain(equation(step_facts(trace.frame(3)), "en", 70, 12).lines)
        assert "(2×9×9) [0]" in shown
        assert "50" not in shown

    def test_every_column_comes_before_large_ones(self) -> None:
        trace = trace_of(OPS["matmul"], Sample(((30, 12), (12, 40))))
        shown = equation(step_facts(trace.frame(len(trace.steps))), "en", 122, 34)
        assert "…⎥" not in plain(shown.lines)


class TestHowItIsWritten:
    def test_a_sign_of_wide_letters_takes_the_cells_that_it_takes(self) -> None:
        """Otherwise a heatmap would be cut, and the product stand below instead."""
        block = equation(step_facts(scenes.trace("transformer_block").frame(27)), "ko", 94, 24)
        names = " ".join(line_text(block.lines[0]).split())
        assert names == "∂L/∂c1 = ∑ 0번 축 ∂L/∂m#2 · ∂m#2/∂c1"

    def test_a_negative_factor_is_in_brackets(self) -> None:
        trace = reached("mul", Sample((np.asarray(2.0), np.asarray(-3.0))), ())
        assert "-1.5 = 0.5 · (-3)" in re.sub(
            r" +", " ", plain(equation(step_facts(trace.frame(3)), "en", 60, 9).lines)
        )
        assert "-6 = 2 · (-3)" in re.sub(
            r" +", " ", plain(equation(step_facts(trace.frame(1)), "en", 60, 9).lines)
        )

    def test_a_shape_stands_among_shapes_and_a_rule_by_itself(self) -> None:
        lines = plain(backward("tanh", Sample(((4,),)), (60, 12)).lines).splitlines()
        assert lines[2].split() == ["(4)", "(4)", "(4)"]
        assert lines[3].strip() == "= 1 − out²"
        assert "local = 1 − out²" in plain(backward("tanh", Sample(((4,),)), (60, 8)).lines)

    @pytest.mark.parametrize("tall", [False, True])
    def test_signs_and_the_middle_of_the_numbers_stand_at_the_name_of_the_product(self, tall: bool) -> None:
        lines = plain(backward("matmul", Sample(((3, 3), (3, 3))), (46, 18), tall=tall).lines).splitlines()
        first = next(line for line in lines if " = " in line)
        assert re.fullmatch(r" *(∂L/∂a|──) += ⎢.*⎥ *", first)

    def test_only_words_that_are_too_wide_for_their_own_column_take_two_lines(self) -> None:
        graph = Sketch().inputs(x=(), y=())(q="add x y", f="mul q x").build()
        trace = record(graph, Bindings.of(graph, {"x": -2.0, "y": 5.0}))
        shown = equation(step_facts(trace.frame(4)), "ko", 30, 12)
        words = plain(shown.lines).splitlines()[1:3]
        assert [line.split() for line in words] == [["곱", "업스트림", "로컬"], ["그래디언트"]]


def test_side_by_side_comes_before_more_digits() -> None:
    facts = step_facts(scenes.trace("softmax_classifier").frame(5))
    wide, narrow = (plain(equation(facts, "en", width, 28, tall=True).lines) for width in (110, 76))
    assert "-0.024730" in wide
    assert "-0.0247 " in narrow
    assert all("=" not in line[:3] for line in narrow.splitlines()), "nothing stands under the product"


@pytest.mark.parametrize("stem", ["write_mish", "write_swish"])
def test_a_rule_in_two_lines_has_each_bracket_in_one_of_them(stem: str) -> None:
    facts = step_facts(scenes.trace(stem).frame(5))
    lines = plain(equation(facts, "en", 68, 20, tall=True).lines).split("\n")
    first = next(at for at, line in enumerate(lines) if "local =" in line)
    rows = lines[first : first + 2]
    assert rows[1].lstrip().startswith("⊙")
    assert all(row.count("(") == row.count(")") for row in rows)
