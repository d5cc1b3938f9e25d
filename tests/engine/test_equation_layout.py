"""Where the columns of an equation have little room: what gives way first, so that numbers stay numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from graphs import Sketch, trace_of

from backprop_engine.bindings import Bindings
from backprop_engine.explain.blocks import Block
from backprop_engine.explain.equation import equation
from backprop_engine.explain.lines import plain
from backprop_engine.explain.shades import Shade
from backprop_engine.ops import OPS, Sample
from backprop_engine.recording import record
from backprop_engine.text import LANGUAGES
from backprop_engine.trace import Trace


def backward(op: str, sample: Sample, size: tuple[int, int], step: int = 3, *, tall: bool = False) -> Block:
    """The equation of a backward step of one operator on one sample."""
    return equation(trace_of(OPS[op], sample).frame(step), "en", *size, tall=tall)


def pictures(block: Block) -> list[str]:
    """The rows of all heatmaps in it, without their legends."""
    return [
        span.text
        for line in block.lines
        if any(set("⎡⎢⎣[") & set(span.text) for span in line)
        for span in line
        if isinstance(span.role, Shade)
    ]


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


def test_a_text_in_the_place_of_numbers_takes_several_lines() -> None:
    sample = Sample(((1, 6), (1, 1, 3)))
    full = plain(backward("conv1d", sample, (100, 12)).lines)
    close = plain(backward("conv1d", sample, (46, 16)).lines)
    assert "each weight, back to what it saw" in full
    assert [line.rstrip().endswith(("back to", "it saw")) for line in close.splitlines()].count(True) == 2
    assert "…" not in close


@pytest.mark.parametrize("width", [60, 76, 90])
def test_heatmaps_of_one_shape_are_of_one_size(width: int) -> None:
    shown = backward("gelu", Sample(((3, 8),)), (width, 20))
    rows = [re.findall(r"[⎡⎢⎣]([^⎤⎥⎦]+)[⎤⎥⎦]", line) for line in plain(shown.lines).splitlines()]
    sizes = {len(part) for row in rows for part in row}
    assert pictures(shown)
    assert len(sizes) == 1
    assert sizes.pop() % 8 == 0


@pytest.mark.parametrize("tall", [False, True])
def test_the_sign_before_the_product_stands_at_its_name(tall: bool) -> None:
    sample = Sample(((3, 3), (3, 3)))
    lines = plain(backward("matmul", sample, (46, 18), tall=tall).lines).splitlines()
    sign = next(line for line in lines if line.startswith(" = "))
    assert ("──" if tall else "∂") in sign


def used_twice(rows: int) -> Trace:
    """A matrix that two vectors are multiplied by."""
    shapes = {"W": (rows, 2), "h": (2,), "x": (2,)}
    graph = Sketch().inputs(**shapes)(a="matmul W h", b="matmul W x", c="mul a b", L="sum c").build()
    numbers = np.random.default_rng(0)
    return record(graph, Bindings.of(graph, {name: numbers.normal(size=shapes[name]) for name in shapes}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_runs_over_the_edge_where_the_product_is_one_of_several(language: str) -> None:
    trace = used_twice(10)
    for width in range(42, 60, 3):
        for height in range(9, 20, 2):
            shown = plain(equation(trace.frame(9), language, width, height, tall=True).lines).splitlines()
            assert len(shown) <= height
            assert not [line for line in shown if line.rstrip().endswith("…")], (width, height)


def test_words_in_two_lines_leave_room_for_heatmaps_side_by_side() -> None:
    shown = equation(used_twice(14).frame(9), "en", 40, 16)
    assert pictures(shown)
    assert "contribution 1 of 2" not in plain(shown.lines)
    assert not [line for line in plain(shown.lines).splitlines() if line.startswith(" = ")]


def test_a_long_name_that_is_cut_is_still_transposed() -> None:
    graph = Sketch().inputs(attention_to_everything=(3, 3), v=(3, 2))
    built = graph(y="matmul attention_to_everything v", L="sum y").build()
    numbers = {"attention_to_everything": np.eye(3), "v": np.ones((3, 2))}
    trace = record(built, Bindings.of(built, numbers))
    shown = plain(equation(trace.frame(6), "en", 44, 8).lines)
    assert "attention_to_everyth…ᵀ" in shown
