"""Numbers as people read them: short, honest, aligned."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.explain.numbers import column, number
from backprop_tui.cells.summaries import ABSENT, summary

FINITE = st.floats(-1e300, 1e300)
READABLE = st.floats(-9999, 9999).filter(lambda value: value == 0 or abs(value) >= 1e-3)
COLUMNS = st.lists(READABLE, min_size=1, max_size=12)
ANY_COLUMN = st.lists(st.floats() | READABLE | st.floats(-1, 1, width=16), max_size=12)


def significant(text: str) -> int:
    """How many digits of a number mean something."""
    mantissa = text.partition("e")[0].lstrip("-")
    digits = mantissa.replace(".", "").lstrip("0")
    return len(digits if "." in mantissa else digits.rstrip("0"))


def decimals(text: str) -> int:
    return len(text.partition(".")[2])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (-12.0, "-12"),
        (0.5, "0.5"),
        (-0.58980123, "-0.589801"),
        (1 / 3, "0.333333"),
        (100.0, "100"),
        (123456.0, "123456"),
        (123456.7, "123457"),
        (1234567.0, "1.2346e6"),
        (12345678.0, "1.2346e7"),
        (0.0001, "0.0001"),
        (0.00001, "1e-5"),
        (1.2e-7, "1.2e-7"),
        (1e300, "1e300"),
        (5e-324, "4.9407e-324"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
    ],
)
def test_one_number(value: float, text: str) -> None:
    assert number(value) == text
    assert number(np.float64(value) if not isinstance(value, bool | int) else np.asarray(value)) == text


@given(value=FINITE)
def test_a_number_has_six_digits_at_most(value: float) -> None:
    assert significant(number(value)) <= 6


@given(value=FINITE, digits=st.integers(2, 17))
def test_a_number_is_rounded_and_not_cut(value: float, digits: int) -> None:
    text = number(value, digits)
    shown = float(text)
    kept = min(digits, 5) if "e" in text else digits
    assert abs(shown - value) <= abs(value) * 0.5000001 * 10.0 ** (1 - kept)
    assert (shown == 0) == (value == 0)
    assert not shown or (shown < 0) == (value < 0)


@given(value=FINITE)
def test_a_number_has_nothing_superfluous(value: float) -> None:
    text = number(value)
    mantissa = text.partition("e")[0]
    assert "." not in mantissa or mantissa[-1] in "123456789"
    assert text not in ("-0", "")
    assert len(text) <= 13


@given(value=st.integers(-999_999, 999_999))
def test_a_whole_number_of_six_digits_is_exact(value: int) -> None:
    assert number(float(value)) == str(value)


def point(text: str) -> int:
    """Where the decimal point of a number stands, or would."""
    return re.match(r" *-?\d+", text).end()  # type: ignore[union-attr]


@given(values=ANY_COLUMN)
def test_a_column_has_its_points_under_each_other(values: list[float]) -> None:
    texts = column(values)
    assert len({len(text) for text in texts}) <= 1
    finite = [text for text, value in zip(texts, values, strict=True) if math.isfinite(value)]
    assert len({point(text) for text in finite}) <= 1
    assert len({text.find("e") for text in finite if float(text) != 0}) <= 1


@given(values=ANY_COLUMN, digits=st.integers(2, 6))
def test_a_column_is_rounded_and_not_cut(values: list[float], digits: int) -> None:
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    for value, text in zip(values, column(values, digits), strict=True):
        if not math.isfinite(value):
            assert text.strip() == number(value)
        elif "e" in text:
            kept = min(digits, 5)  # what is rounded may be larger than the largest number that is one
            exact = Decimal(value)
            assert abs(Decimal(text.strip()) - exact) <= Decimal("0.5000001") * abs(exact) / 10 ** (kept - 1)
        else:
            assert abs(float(text) - value) <= 0.5000001 * 10.0 ** (1 - digits) * largest
            assert abs(float(text) - value) <= 0.0500001 * abs(value)


@given(values=ANY_COLUMN)
def test_in_a_column_numbers_differ_that_differ_in_six_digits_of_the_largest(values: list[float]) -> None:
    texts = column(values)
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    for value, text in zip(values, texts, strict=True):
        for other, its_text in zip(values, texts, strict=True):
            if abs(value - other) > 1.0000001e-5 * largest:
                assert text != its_text


@given(middle=st.floats(0.1, 9000), steps=st.lists(st.integers(-9, 9), min_size=2, max_size=8))
def test_numbers_that_agree_in_three_digits_show_where_they_differ(middle: float, steps: list[int]) -> None:
    unit = 10.0 ** (math.floor(math.log10(middle)) - 4)
    values = [round(middle / unit) * unit + step * unit for step in steps]
    assert len(set(column(values))) == len(set(steps))


@given(values=COLUMNS)
def test_a_number_that_is_exact_has_no_zeros_at_its_end_and_a_rounded_one_every_digit(
    values: list[float],
) -> None:
    texts = [text.strip() for text in column(values)]
    if any("e" in text for text in texts):
        return
    most = max(map(decimals, texts))
    for value, text in zip(values, texts, strict=True):
        if float(text) == value:
            assert "." not in text or text[-1] != "0"
        elif abs(float(text) - value) > 1e-13 * abs(value):
            assert decimals(text) == most


@given(values=st.lists(READABLE, min_size=1, max_size=12))
def test_in_a_column_only_zero_looks_like_zero(values: list[float]) -> None:
    for value, text in zip(values, column(values), strict=True):
        assert (float(text) == 0) == (value == 0)
        assert not re.fullmatch(r" *-[0.]+ *", text)


@given(values=ANY_COLUMN)
def test_a_column_has_no_room_to_spare(values: list[float]) -> None:
    texts = column(values)
    assert any(not text.startswith(" ") for text in texts) or not texts
    assert any(not text.endswith(" ") for text in texts) or not texts


@given(values=st.lists(st.integers(-(10**12) + 1, 10**12 - 1), max_size=9))
def test_whole_numbers_are_written_out(values: list[int]) -> None:
    assert [int(text) for text in column(np.asarray(values, dtype=np.int64))] == values


@given(values=st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=9))
def test_single_precision_shows_no_digits_of_double(values: list[float]) -> None:
    singles = np.asarray(values, dtype=np.float32)
    written = [float(str(value)) for value in singles]
    assert column(singles) == column(written)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1.0, 0.5, 3.0], ["1  ", "0.5", "3  "]),
        ([1.0, 2.0], ["1", "2"]),
        ([-0.105, 0.42], ["-0.105", " 0.42 "]),
        ([1 / 3, 0.5], ["0.3333", "0.5   "]),
        ([0.1 + 0.2, 1 / 3], ["0.3   ", "0.3333"]),
        ([1 / 3, 100.0], ["  0.33", "100   "]),
        ([0.500001, 0.500002], ["0.500001", "0.500002"]),
        ([0.50000001, 0.50000002], ["0.5000", "0.5000"]),
        ([math.nan, 1.5], ["NaN", "1.5"]),
        ([math.inf, -2.0, 0.25], ["  inf", "-2   ", " 0.25"]),
        ([0.0, 0.0], ["0", "0"]),
        ([-0.0, 1.5], ["0  ", "1.5"]),
        ([1e-7, 1.0], ["1e-7", "1e0 "]),
        ([1.5e-7, 0.0, -1e12, math.nan], [" 1.5e-7", " 0     ", "-1.0e12", "    NaN"]),
        ([1.23, 0.00015], ["1.23   ", "0.00015"]),
        ([True, False], [" true", "false"]),
        ([7, -12], ["  7", "-12"]),
        ([10**15, 1], ["1e15", "1e0 "]),
        ([1234.5678, -1.25], ["1234.6", "  -1.3"]),
        ([], []),
    ],
)
def test_a_column(values: list[float], texts: list[str]) -> None:
    assert column(values) == texts


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (None, ABSENT),
        (np.float64(0.0), "0"),
        (np.float64(-12.0), "-12"),
        (np.asarray([1.0, 2.0]), "[1 2]"),
        (np.asarray([0.25, -3.0, 1.0]), "[0.25 -3 1]"),
        (np.ones(5), "[1 1 1 1 1]"),
        (np.ones(9), "(9) ‖3‖"),
        (np.asarray([-0.125, 2 / 3, 0.25]), "[-0.125 0.667 0.25]"),
        (np.asarray([-0.125, -2 / 3, -0.25]), "[-0.13 -0.67 -0.25]"),
        (np.asarray([-0.125, 2 / 3, -0.25, -0.75]), "(4) ‖1.04‖"),
        (np.ones((2, 3)), "(2×3) ‖2.45‖"),
        (np.asarray([True, True, False]), "[1 1 0]"),
        (np.arange(12) < 5, "(12) 5/12 true"),
        (np.asarray([[True, False, True]]), "(1×3) 2/3 true"),
        (np.asarray(True), "true"),
        (np.zeros((2, 2)), "(2×2) ‖0‖"),
        (np.asarray([[np.nan, 1.0]]), "(1×2) ‖NaN‖"),
        (np.zeros((0,)), "[]"),
    ],
)
def test_a_tensor_in_short(tensor: np.ndarray | None, text: str) -> None:
    assert summary(tensor, 20) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.8125, "0.813"), (0.1875, "0.188"), (-0.8125, "-0.813"), (12.25, "12.3")],
)
def test_a_half_is_rounded_away_from_zero(value: float, text: str) -> None:
    """As by hand; to the even digit 0.8125 would lose what 0.1875 gains."""
    assert number(value, 3) == text
    assert column([value, value], 3, exact=0) == [text, text]


@pytest.mark.parametrize(
    ("value", "digits", "room", "text"),
    [
        (999.999, 4, 40, "999.999"),
        (1234.56, 4, 40, "1234.56"),
        (0.500001, 4, 40, "0.500001"),
        (0.123456, 4, 40, "0.1235"),
        (1000.0, 4, 40, "1000"),
        (0.123456, 6, 7, "0.12346"),
        (-0.123456, 6, 5, "-0.12"),
        (999.999, 6, 5, "999.999"),
        (0.123456, 4, 0, "0.1235"),
    ],
)
def test_a_short_number_that_looks_exact_is(value: float, digits: int, room: int, text: str) -> None:
    assert summary(np.asarray(value), room, digits) == text


@given(values=st.lists(st.booleans(), max_size=99), room=st.integers(0, 40), shape=st.booleans())
def test_truth_values_have_no_norm(values: list[bool], room: int, shape: bool) -> None:
    text = summary(np.asarray(values, dtype=bool), room, shape=shape)
    told = f"{sum(values)}/{len(values)} true"
    assert text in (f"[{' '.join(str(int(value)) for value in values)}]", told, f"({len(values)}) {told}")


def test_absent_is_not_zero() -> None:
    assert summary(None) != summary(np.float64(0.0))
    assert summary(None, shape=False) == ABSENT == "◌"


@given(values=st.lists(FINITE, max_size=4), room=st.integers(0, 40))
def test_a_short_vector_is_shown_where_there_is_room(values: list[float], room: int) -> None:
    text = summary(np.asarray(values, dtype=np.float64), room)
    assert (text.startswith("[") and len(text) <= room) or "‖" in text
