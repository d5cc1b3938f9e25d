"""What is spelled in operators, and what is written in a way that has no spelling and stays as it is."""

from __future__ import annotations

import pytest

from backprop_engine.evaluation.spelled_out import spelled_out
from backprop_engine.expressions import parse, render


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("zeros([2, 3])", "broadcast_to(0, shape=[2, 3])"),
        ("ones(3)", "broadcast_to(1, shape=[3])"),
        ("ones(shape=[3])", "broadcast_to(1, shape=[3])"),
        ("eye(3)", "diag(broadcast_to(1, shape=[3]))"),
        ("expand_dims(a, 0)", "unsqueeze(a, axis=0)"),
        ("expand_dims(a, axis=0)", "unsqueeze(a, axis=0)"),
        ("one_hot(i, 3)", "one_hot(i, classes=3)"),
        ("[0, 1]", "stack(0, 1, axis=0)"),
    ],
)
def test_a_call_is_spelled_in_operators(text: str, spelled: str) -> None:
    assert render(spelled_out(parse(text))) == spelled


@pytest.mark.parametrize(
    "text",
    ["zeros(n)", "zeros(2.5)", "zeros(2, 3)", "eye(3, k=1)", "eye(n)", "expand_dims(a)", "one_hot(i, n)"],
)
def test_a_call_that_is_written_in_another_way_stays_as_it_is(text: str) -> None:
    assert render(spelled_out(parse(text))) == text
