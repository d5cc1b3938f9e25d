"""The equation for a projector: large, in the direction of travel, and hidden where it is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backprop_engine.explain.facts import BackwardFacts, StepFacts, step_facts
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Role, line_text
from backprop_tui.render.big_digits import SCALES, big_text, is_written
from backprop_tui.render.stage_equation import stage_equation
from scenes import LANGUAGES, trace, written

SIZES = ((78, 9), (118, 17), (198, 30))


def facts_at(stem: str, position: int) -> StepFacts:
    return step_facts(trace(stem).frame(position))


def rows(block: Block) -> list[str]:
    return [line_text(line) for line in block.lines]


# Large signs


def test_digits_are_drawn_in_three_sizes() -> None:
    heights = [big_text("-0.5", scale, Role.VALUE).height for scale in SCALES]
    widths = [big_text("-0.5", scale, Role.VALUE).width for scale in SCALES]
    assert heights == [10, 5, 3]
    assert widths == [4 * 13, 2 * 13, 13]


def test_a_four_in_half_cells_and_in_whole_ones() -> None:
    assert rows(big_text("4", 1, Role.VALUE)) == ["█ █", "▀▀█", "  ▀"]
    assert rows(big_text("4", 2, Role.VALUE)) == ["██  ██", "██  ██", "██████", "    ██", "    ██"]
    assert rows(big_text("4", 1, Role.VALUE, ascii=True)) == [
        "##  ##",
        "##  ##",
        "######",
        "    ##",
        "    ##",
    ]


def test_all_digits_differ_in_every_size() -> None:
    for scale in SCALES:
        drawn = {tuple(rows(big_text(digit, scale, Role.VALUE))) for digit in "0123456789-.?"}
        assert len(drawn) == 13


def test_words_have_no_large_form() -> None:
    assert is_written("-1.5e-7")
    assert is_written("NaN")
    assert not is_written("tanh(")


# In the direction of travel


def names(stem: str, position: int) -> list[str]:
    """The names over a step's columns, from left to right."""
    return rows(stage_equation(facts_at(stem, position), "en", 118, 17))[0].split()


def test_forward_goes_from_left_to_right() -> None:
    assert names("add_multiply", 1) == ["x", "y", "q"]
    assert names("add_multiply", 2) == ["q", "z", "f"]


def test_backward_the_gradient_comes_from_the_right() -> None:
    assert names("add_multiply", 6) == ["∂L/∂x", "∂q/∂x", "∂L/∂q"]
    assert names("rnn_cell", 22)[::2] == ["∂L/∂W_hg", "∂L/∂k#2"]


@pytest.mark.parametrize("stem", ["rnn_cell", "softmax_classifier", "add_multiply", "xor"])
def test_upstream_stands_last_at_every_backward_step(stem: str) -> None:
    for position in range(1, trace(stem).schedule.completed + 1):
        facts = facts_at(stem, position)
        if not isinstance(facts, BackwardFacts):
            continue
        words = " ".join(rows(stage_equation(facts, "en", 198, 30)))
        assert words.index("product" if "product" in words else "contribution") < words.index("upstream")
        assert words.index("local") < words.index("upstream")


def test_factors_that_may_not_change_places_are_joined_by_arrows() -> None:
    words = " ".join(rows(stage_equation(facts_at("add_multiply", 6), "en", 40, 4)))
    assert [sign for sign in words if sign in "=·←"][:2] == ["=", "·"]
    words = "\n".join(rows(stage_equation(facts_at("softmax_classifier", 8), "en", 118, 17)))
    assert "=" not in words
    assert "·" not in words
    (named,) = (row for row in words.split("\n") if "Wᵀ" in row)
    assert named.split() == ["──", "←", "Wᵀ", "←", "───"]


# In any size


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "stem", ["rnn_cell", "softmax_classifier", "add_multiply", "gradient_descent", "xor"]
)
def test_every_step_fits(stem: str, size: tuple[int, int], language: str) -> None:
    shown = [
        stage_equation(facts_at(stem, position), language, *size)
        for position in range(1, trace(stem).schedule.completed + 1)
    ]
    assert all(block.height for block in shown)
    assert max(block.width for block in shown) <= size[0]
    assert max(block.height for block in shown) <= size[1]


def test_numbers_grow_with_the_room() -> None:
    heights = [stage_equation(facts_at("add_multiply", 6), "en", *size).height for size in SIZES]
    assert heights == [9, 14, 14]


def test_the_numbers_of_a_tensor_have_three_digits_and_equal_decimals() -> None:
    found = stage_equation(facts_at("rnn_cell", 19), "en", 118, 17)
    wanted = [rows(big_text(text, 1, Role.PRODUCT)) for text in ("-0.068", "-0.100")]
    drawn = rows(found)
    for number in wanted:
        assert any(
            all(part in row for part, row in zip(number, drawn[start:], strict=False)) for start in range(6)
        )


def stands_in(drawn: list[str], text: str) -> bool:
    """Whether a number in the smallest digits stands in what is drawn."""
    top, middle, bottom = rows(big_text(text, 1, Role.VALUE))
    return any(
        middle.strip() in drawn[row] and top in drawn[row - 1] and bottom in drawn[row + 1]
        for row in range(1, len(drawn) - 1)
    )


def test_what_is_rounded_ends_with_its_zeros_and_what_is_exact_does_not(tmp_path: Path) -> None:
    read = written(tmp_path, "inputs: {x: 0.50224}\nnodes:\n  y: 2 * x\n")
    drawn = rows(stage_equation(step_facts(read.record().frame(1)), "en", 60, 6))
    assert stands_in(drawn, "1.00")
    assert stands_in(drawn, "0.502")
    assert not stands_in(drawn, "2.00")


def test_zero_has_no_sign(tmp_path: Path) -> None:
    trace = written(
        tmp_path,
        "inputs: {x: [2, -3]}\nconstants: {w: [0.1, -0.8]}\nnodes:\n  h: relu(x)\n  L: dot(h, w)\n",
    ).record()
    (gate,) = (
        position
        for position in range(1, trace.schedule.completed + 1)
        if isinstance(facts := step_facts(trace.frame(position)), BackwardFacts) and facts.operand.name == "x"
    )
    drawn = rows(stage_equation(step_facts(trace.frame(gate)), "en", 60, 9))
    top, _, _ = rows(big_text("0.1", 1, Role.PRODUCT))
    assert any(f"┏{top.strip()}" in row for row in drawn), "-0.0 would make it wider"
    product = [row.partition("┃")[2].partition("┃")[0] for row in drawn if "┃" in row]
    assert [row.strip() for row in product[2:4]] == ["█▀█", "█ █"], "what is exactly zero has no decimals"
    assert all(row.startswith("█") for row in product[2:4]), "it stands under the digit before the point"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii", [False, True])
def test_truth_values_are_written(tmp_path: Path, size: tuple[int, int], ascii: bool) -> None:
    read = written(
        tmp_path,
        "inputs: {x: 2, v: [1, -1]}\nnodes:\n  m: x > 0\n  n: v > 0\n  y: where(n, v, x)\n"
        "  L: sum(where(m, y, 0))\n",
    )
    trace = read.record()
    for position in range(1, trace.schedule.completed + 1):
        assert stage_equation(step_facts(trace.frame(position)), "en", *size, ascii=ascii).height


@pytest.mark.parametrize("size", [(78, 14), (118, 17)])
def test_what_is_too_much_for_large_digits_has_as_few_of_them(size: tuple[int, int]) -> None:
    words = "\n".join(rows(stage_equation(facts_at("softmax_classifier", 8), "en", *size)))
    decimals = re.findall(r"\d+\.(\d+)", words)
    assert len(decimals) == 6 * 4 + 3 * 4 + 6 * 3
    assert {len(some) for some in decimals} == {2, 3}
    assert "-0.000" not in words


@pytest.mark.parametrize("function", ["relu", "tanh"])
def test_a_function_has_a_bracket_as_large_as_the_one_that_closes_it(tmp_path: Path, function: str) -> None:
    read = written(tmp_path, f"inputs: {{x: 5}}\nnodes: {{y: {function}(x)}}\n")
    drawn = rows(stage_equation(step_facts(read.record().frame(1)), "en", 40, 5))
    assert [row.split()[0] for row in drawn[1:4]] == ["▄▀", function, "▀"]
    assert [row[len(function) + 1] for row in drawn[1:4]] == ["▄", "█", " "]


# Hidden


@pytest.mark.parametrize("size", [*SIZES, (60, 5)])
@pytest.mark.parametrize(
    ("stem", "position"), [("add_multiply", 6), ("rnn_cell", 22), ("softmax_classifier", 8)]
)
def test_what_comes_of_a_step_can_be_hidden(stem: str, position: int, size: tuple[int, int]) -> None:
    facts = facts_at(stem, position)
    open_one, hidden = (stage_equation(facts, "en", *size, hidden=hide) for hide in (False, True))
    assert rows(open_one) != rows(hidden)
    products = [
        span.text.strip()
        for line in hidden.lines
        for span in line
        if span.role is Role.PRODUCT and any(sign in span.text for sign in "0123456789")
    ]
    assert products == []
