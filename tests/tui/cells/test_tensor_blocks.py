"""Tensors as blocks: aligned numbers where they fit, else heatmaps, which cost what is shown of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backprop_engine.explain.facts import step_facts
from backprop_engine.explain.numbers import number
from backprop_engine.explain.statistics import facts
from backprop_engine.ops import OPS, Sample
from backprop_tui.cells import heatmap
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.heatmap import heat_lines, legend, levels
from backprop_tui.cells.lines import Role, line_text, line_width, plain
from backprop_tui.cells.shades import BLANK, INFINITE, LEVELS, NAN, Emphasis, Shade, Tone, character
from backprop_tui.cells.tensors import heat_block, slice_text, tensor_block
from backprop_tui.render.equation.equation import equation
from graphs import trace_of

SHAPES = st.one_of(st.tuples(st.integers(0, 9)), st.tuples(st.integers(0, 9), st.integers(0, 9)))
MATRICES = arrays(np.float64, SHAPES, elements=st.floats(-999, 999, width=16))
ANYTHING = arrays(
    np.float64, st.lists(st.integers(0, 7), max_size=4).map(tuple), elements=st.floats() | st.floats(-3, 3)
)
RANDOM = np.random.default_rng(0)


def text(block: Block) -> str:
    return plain(block.lines)


def shades(lines: Any) -> list[list[Shade]]:
    """Every cell of a heatmap, line by line."""
    return [[span.role for span in line if isinstance(span.role, Shade) for _ in span.text] for line in lines]


@given(tensor=MATRICES | ANYTHING, width=st.integers(13, 80), height=st.integers(2, 12), row=st.booleans())
def test_a_tensor_fits_into_its_block(tensor: np.ndarray, width: int, height: int, row: bool) -> None:
    block = tensor_block(tensor, Role.VALUE, width, height, row=row)
    assert block.width <= width
    assert block.height <= height
    assert len({line_width(line) for line in block.lines}) == 1
    tints = [span.role for line in block.lines for span in line]
    assert Role.VALUE in tints
    assert any(isinstance(tint, Shade) for tint in tints) or set(tints) == {Role.VALUE}


@given(tensor=MATRICES, width=st.integers(13, 80), height=st.integers(2, 12))
def test_without_heat_there_are_numbers(tensor: np.ndarray, width: int, height: int) -> None:
    block = tensor_block(tensor, Role.VALUE, width, height, heat=False)
    assert block.width <= width
    assert block.height <= height
    assert {span.role for line in block.lines for span in line} == {Role.VALUE}


@given(tensor=MATRICES)
def test_a_tensor_with_room_is_shown_whole(tensor: np.ndarray) -> None:
    block = tensor_block(tensor, Role.VALUE, 500, 50)
    found = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text(block))]
    assert len(found) == tensor.size
    largest = float(np.max(np.abs(tensor), initial=0.0))
    np.testing.assert_allclose(found, tensor.ravel(), rtol=0, atol=0.50001e-3 * largest)
    assert not {"…", "⋮"} & set(text(block))


@given(tensor=arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(1, 6)), elements=st.floats()))
def test_points_stand_under_each_other_in_each_column(tensor: np.ndarray) -> None:
    lines = text(tensor_block(tensor, Role.VALUE, 500, 50)).splitlines()
    columns: list[set[int]] = [set() for _ in tensor[0]]
    for line, row in zip(lines, tensor, strict=True):
        for places, match, value in zip(columns, re.finditer(r"[^\s⎡⎢⎣⎤⎥⎦]+", line), row, strict=True):
            if np.isfinite(value):
                digits = re.match(r"-?\d+", match[0])
                assert digits is not None
                places.add(match.start() + digits.end())
    assert all(len(places) <= 1 for places in columns)


def test_what_is_left_out_is_marked() -> None:
    tensor = np.arange(100.0).reshape(10, 10)
    block = tensor_block(tensor, Role.VALUE, 20, 4, heat=False)
    assert text(block) == "⎡ 0   1   2   3 …⎤\n⎢10  11  12  13 …⎥\n⎢20  21  22  23 …⎥\n⎣       …        ⎦"


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("height", [4, 5, 8, 9])
def test_a_heatmap_that_is_cut_shows_where_there_is_something(height: int, columns: int) -> None:
    for at in range(50):
        tensor = np.zeros((50, columns))
        tensor[at, -1] = 1.0
        block = tensor_block(tensor, Role.VALUE, 20, height)
        inside = [line for line in block.lines if line_text(line).strip()[0] in "⎡⎢⎣"]
        told = [any(tone.level for shade in row for tone in shade) for row in shades(inside)]
        assert told.count(True) == 1
        cut = [y for y, line in enumerate(inside) if "…" in line_text(line)]
        assert block.height <= height
        if columns == 1:
            assert cut
            assert set(cut) <= {0, len(inside) - 1}
        else:
            assert not cut
            assert re.search(r"^ *\d+×1 → max \|·\|", text(block), re.MULTILINE)


def test_a_heatmap_of_one_line_says_that_rows_are_left_out() -> None:
    assert text(tensor_block(np.ones((30, 3)), Role.VALUE, 20, 1)) == "[999⋮]"


def test_a_scale_stands_apart_from_a_vector_of_its_own_width() -> None:
    lines = text(heat_block(np.arange(20.0), Role.VALUE, 30, 14)).splitlines()
    assert [bool(line) for line in lines] == [True] * 10 + [False, True]


@pytest.mark.parametrize("size", [(40, 9), (12, 4)])
def test_a_heatmap_on_a_larger_scale_has_fainter_shades(size: tuple[int, int]) -> None:
    tensor = np.linspace(-1.0, 1.0, 280).reshape(14, 20)

    def strongest(scale: float | None) -> int:
        block = heat_block(tensor, Role.VALUE, *size, scale=scale)
        return max(abs(tone.level) for row in shades(block.lines) for shade in row for tone in shade)

    assert [strongest(scale) for scale in (None, 1.0, 2.0, 18.0)] == [18, 18, 9, 1]


@pytest.mark.parametrize("at", [0, 40, 79])
def test_a_vector_that_lies_down_shows_where_there_is_something(at: int) -> None:
    tensor = np.zeros(80)
    tensor[at] = 1.0
    row = text(heat_block(tensor, Role.VALUE, 30, 1, lying=True))
    assert row.count("9") == 1
    assert row.endswith("]ᵀ")
    assert row.count("…") == (2 if at == 40 else 1)


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (np.asarray([1.0, -2.5]), "⎡ 1  ⎤\n⎣-2.5⎦"),
        (np.asarray([[1.0, 2.0]]), "[1  2]"),
        (np.asarray([[[1.0, 2.0]], [[3.0, 4.0]]]), "[1  2]"),
        (np.asarray([[0.5, 1 / 3], [20.0, np.nan]]), "⎡ 0.5  0.33⎤\n⎣20     NaN⎦"),
        (np.asarray([[True, False]]), "[true  false]"),
        (np.asarray([3, 12]), "⎡ 3⎤\n⎣12⎦"),
        (np.float64(3.0), "3"),
        (np.zeros((0, 3)), "[ ]"),
        (np.asarray([7.0]), "[7]"),
    ],
)
def test_a_tensor(tensor: np.ndarray, shown: str) -> None:
    assert text(tensor_block(tensor, Role.VALUE)) == shown


def test_an_upstream_gradient_can_lie_down() -> None:
    assert text(tensor_block(np.asarray([1.0, 2.0]), Role.GRADIENT, row=True)) == "[1  2]"


@pytest.mark.parametrize(
    ("width", "first"), [(16, "⎡0.3333  0.6667⎤"), (14, "⎡0.333  0.667⎤"), (13, " ⎡55559999⎤")]
)
def test_fewer_digits_come_before_a_heatmap(width: int, first: str) -> None:
    tensor = np.asarray([[1 / 3, 2 / 3], [1 / 7, 1 / 9]])
    assert text(tensor_block(tensor, Role.VALUE, width)).splitlines()[0] == first


def test_a_heatmap_says_its_shape_and_its_range() -> None:
    tensor = np.outer([-1.0, -0.5, 0.0, 1.0], np.arange(9.0))
    assert text(tensor_block(tensor, Role.VALUE, 22, 9)) == "\n".join(
        [
            "⎡00aabbddeeffgghhii⎤",
            "⎢00aaaabbbbccddddee⎥",
            "⎢000000000000000000⎥",
            "⎣001122445566778899⎦",
            "       (4×9)",
            "-8 ihfecb 0 235689 8",
        ]
    )


def test_a_heatmap_of_more_axes_names_the_matrix_that_it_shows() -> None:
    assert "(2×3×9×9) [0, 0, :, :]" in text(tensor_block(np.ones((2, 3, 9, 9)), Role.VALUE, 26, 9))


class TestLevels:
    @given(tensor=arrays(np.float64, 12, elements=st.floats()))
    def test_they_follow_the_numbers(self, tensor: np.ndarray) -> None:
        found = levels(tensor, facts(tensor).largest).tolist()
        for value, level in zip(tensor.tolist(), found, strict=True):
            if np.isnan(value):
                assert level == NAN
            elif np.isinf(value):
                assert level == (INFINITE if value > 0 else -INFINITE)
            else:
                assert -LEVELS <= level <= LEVELS
                assert np.sign(level) == np.sign(value)
        finite = [(value, level) for value, level in zip(tensor, found, strict=True) if np.isfinite(value)]
        assert [level for _, level in sorted(finite)] == sorted(level for _, level in finite)

    def test_the_scale_ends_at_the_largest(self) -> None:
        assert levels(np.asarray([-3.0, 0.0, 1.5, 3.0, 1e-300]), 3.0).tolist() == [-18, 0, 9, 18, 1]

    def test_every_level_has_a_character_that_says_its_sign(self) -> None:
        both = {level: character(Shade(Tone(level), Tone(level))) for level in range(-LEVELS, LEVELS + 1)}
        assert "".join(dict.fromkeys(both.values())) == "ihgfedcba0123456789"

    @pytest.mark.parametrize(
        ("upper", "lower", "shown"),
        [
            (Tone(2), Tone(-18), "i"),
            (Tone(0), BLANK, "0"),
            (Tone(18), Tone(NAN), "?"),
            (Tone(-INFINITE), Tone(3), "<"),
            (Tone(INFINITE), Tone(3), ">"),
            (BLANK, BLANK, " "),
        ],
    )
    def test_a_cell_shows_what_matters_more(self, upper: Tone, lower: Tone, shown: str) -> None:
        assert character(Shade(upper, lower)) == shown


class TestHeatmaps:
    @given(
        tensor=arrays(np.float64, (9, 12), elements=st.floats()),
        top=st.integers(0, 3).map(lambda half: 2 * half),
        left=st.integers(0, 11),
        size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    )
    def test_a_window_is_the_whole_map_cropped(
        self, tensor: np.ndarray, top: int, left: int, size: tuple[int, int]
    ) -> None:
        largest = facts(tensor).largest
        rows, columns = min(2 * size[0], 9 - top), size[1]
        part = shades(heat_lines(tensor[top : top + rows, left : left + columns], largest))
        whole = shades(heat_lines(tensor, largest))
        cropped = [line[left : left + columns] for line in whole[top // 2 : top // 2 + -(-rows // 2)]]
        assert part == cropped

    @given(across=st.integers(1, 4), down=st.integers(1, 4), rows=st.integers(1, 5))
    def test_numbers_can_be_larger(self, across: int, down: int, rows: int) -> None:
        tensor = RANDOM.standard_normal((rows, 3))
        lines = heat_lines(tensor, 3.0, across, down)
        assert {line_width(line) for line in lines} == {3 * across}
        found = [half for line in shades(lines) for half in zip(*line, strict=True)]
        wanted = [[Tone(level) for level in row] for row in levels(tensor, 3.0).tolist()]
        kept = [half for half in found if set(half) != {BLANK}]
        assert [list(half[::across]) for half in kept[::down]] == wanted
        assert len(kept) == rows * down

    def test_an_odd_row_has_nothing_below(self) -> None:
        ((shade,),) = shades(heat_lines(np.ones((1, 1)), 1.0))
        assert shade == Shade(Tone(LEVELS), BLANK)

    def test_emphasis_goes_with_its_number(self) -> None:
        how = np.asarray([[Emphasis.CURSOR, Emphasis.NONE], [Emphasis.FADED, Emphasis.NONE]])
        places = np.vectorize(list(Emphasis).index)(how)
        (first, second) = shades(heat_lines(np.ones((2, 2)), 1.0, emphasis=places))[0]
        assert (first.upper.emphasis, first.lower.emphasis) == (Emphasis.CURSOR, Emphasis.FADED)
        assert (second.upper.emphasis, second.lower.emphasis) == (Emphasis.NONE, Emphasis.NONE)

    def test_a_matrix_with_more_entries_than_cells_is_seen_as_a_whole(self) -> None:
        tensor = np.zeros((90, 70))
        tensor[88, 69] = -2.0
        tensor[3, 5] = np.nan
        block = tensor_block(tensor, Role.VALUE, 40, 12)
        assert block.height <= 12
        assert block.width <= 40
        assert "5×2 → max |·|" in text(block)
        rows = shades([line for line in block.lines if line_text(line).strip()[0] in "⎡⎢⎣"])
        assert rows[-1][-1].upper.level == -LEVELS or rows[-1][-1].lower.level == -LEVELS
        assert rows[0][2].upper.level == NAN

    def test_a_block_looks_at_what_it_shows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A tensor a hundred times as wide and as high costs nothing more, once its range is known."""
        looked_at: list[int] = []
        real = heatmap.levels

        def counted(entries: Any, largest: float) -> Any:
            looked_at.append(np.size(entries))
            return real(entries, largest)

        monkeypatch.setattr(heatmap, "levels", counted)
        sums = []
        for size in (600, 6000):
            tensor = np.zeros((size, size))
            looked_at.clear()
            assert tensor_block(tensor, Role.VALUE, 40, 10).lines
            sums.append(sum(looked_at))
        assert sums[0] == sums[1] > 0


class TestLegends:
    @pytest.mark.parametrize(
        ("tensor", "width", "shown"),
        [
            ([-1.0, 0.5], 40, "-1 ihfecb 0 122345 0.5"),
            ([-1.0, 0.5], 14, "-1 ie 0 25 0.5"),
            ([-1.0, 0.5], 12, "-1 i 0 5 0.5"),
            ([-1.0, 0.5], 10, "-1…0.5"),
            ([-1.0, 0.5], 4, "±1"),
            ([-1.0, 0.5], 1, ""),
            ([-0.123, 0.456], 12, "-0.123…0.456"),
            ([-0.123, 0.456], 11, "-0.12…0.46"),
            ([1.0, 2.0], 40, "0 235689 2"),
            ([-2.0, -1.0], 40, "-2 ihfecb 0"),
            ([0.0, 0.0], 40, "0"),
            ([np.nan, np.inf, 1.0], 40, "0 235689 1  ? NaN 1  > inf 1"),
            ([np.nan], 40, "  ? NaN 1"),
        ],
    )
    def test_it_says_what_fits(self, tensor: list[float], width: int, shown: str) -> None:
        assert line_text(legend(facts(np.asarray(tensor)), width)) == shown

    @pytest.mark.parametrize(
        ("width", "shown"),
        [(40, "-1 edcbba 0 111222 0.5"), (14, "-1 eb 0 12 0.5"), (10, "-1…0.5")],
    )
    def test_its_shades_are_those_of_the_scale(self, width: int, shown: str) -> None:
        assert line_text(legend(facts(np.asarray([-1.0, 0.5])), width, 2.0)) == shown

    @given(tensor=arrays(np.float64, 6, elements=st.floats()), width=st.integers(0, 60))
    def test_it_ends_at_the_least_and_the_greatest(self, tensor: np.ndarray, width: int) -> None:
        known = facts(tensor)
        line = legend(known, width)
        assert line_width(line) <= width
        if width >= 40 and known.least is not None and known.greatest is not None:
            assert number(max(known.greatest, 0.0), 3) in line_text(line)
            assert number(min(known.least, 0.0), 3) in line_text(line)


def test_a_slice_is_named_as_numpy_does() -> None:
    assert slice_text((3, None, None, 0)) == "[3, :, :, 0]"


class TestInAnEquation:
    @staticmethod
    def _equation(width: int, shapes: tuple[tuple[int, int], ...]) -> Block:
        trace = trace_of(OPS["matmul"], Sample(shapes))
        return equation(step_facts(trace.frame(len(trace.steps))), "en", width, 14)

    def test_numbers_that_fit_stand_beside_heatmaps(self) -> None:
        shown = self._equation(46, ((6, 4), (4, 3)))
        assert shown.width <= 46
        numbers = re.findall(r"⎡-?\d\.\d+  ", text(shown))
        assert len(numbers) == 1
        assert any(shades(shown.lines))

    def test_heatmaps_share_what_is_left(self) -> None:
        shown = self._equation(90, ((30, 16), (16, 10)))
        found = re.findall(r"⎢([a-i1-9·]+)⎥", text(shown))
        assert {len(part) for part in found} == {10, 30}
        assert text(shown).count("16×30") == 1
