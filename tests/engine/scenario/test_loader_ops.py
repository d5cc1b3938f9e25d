"""Attributes, operands by index, and operands without number, as they are written in files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backprop_engine import ScenarioError
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source

LEAVES = """\
inputs: {x: [[1, 2, 3], [4, 5, 6]], v: [1, 2], c: {shape: [1, 2, 4, 4], init: arange}}
params: {k: {shape: [2, 1, 2, 2], init: ones}, w: {shape: [4, 2], init: arange}}
constants: {i: [[0, 2], [1, 1]], bad: [0, 4], half: [0.5]}
"""


def value(expression: str) -> Any:
    text = f"{LEAVES}nodes:\n  f: {expression}\noutput: f\nseed: 1\n"
    return load_source(Source.from_bytes("s.yaml", text.encode())).record().value("f")


def complaint(expression: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        value(expression)
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.message}; {diagnostic.hint}"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("max(x, axis=-1)", [3, 6]),
        ("sum(x, axis=[0, -1])", 21),
        ("{op: max, inputs: [x], axis: 0, keepdims: true}", [[4, 5, 6]]),
        ("var(v, ddof=1)", 0.5),
        ("reshape(x, shape=[3, -1])", [[1, 2], [3, 4], [5, 6]]),
        ("{op: reshape, inputs: [x], shape: [6]}", [1, 2, 3, 4, 5, 6]),
        ("permute(x, axes=[-1, 0])", [[1, 4], [2, 5], [3, 6]]),
        ("unsqueeze(v, axis=[0, -1])", [[[1], [2]]]),
        ("broadcast_to(v, shape=[2, 2])", [[1, 2], [1, 2]]),
        ("concat(v, v, x[0])", [1, 2, 1, 2, 1, 2, 3]),
        ("stack(v, 2 * v, axis=-1)", [[1, 2], [2, 4]]),
        ("concat(v)", [1, 2]),
        ("split(x, parts=3, index=-1, axis=1)", [[3], [6]]),
        ("pad(v, width=[[1, 2]], value=7)", [7, 1, 2, 7, 7]),
        ("tile(v, reps=[2])", [1, 2, 1, 2]),
        ("gather(x, i, axis=1)", [[1, 3], [5, 5]]),
        ("embedding(w, i)", [[[0, 1], [4, 5]], [[2, 3], [2, 3]]]),
        ("embedding(w, 3)", [6, 7]),
        ('einsum(x, x, subscripts="ij,kj->ik")', [[14, 32], [32, 77]]),
        ("linear(v, w)", [2, 8, 14, 20]),
        ("linear(v, w, w[:, 0])", [2, 10, 18, 26]),
        ("linear(x=v, weight=w, bias=w[:, 0])", [2, 10, 18, 26]),
        ("max_pool2d(c, kernel_size=[2, 4])", [[[[7], [15]], [[23], [31]]]]),
        ("avg_pool2d(c, kernel_size=4)", [[[[7.5]], [[23.5]]]]),
        ("conv2d(c, k, stride=[3, 2], padding=0, groups=2)[0, :, 0, 0]", [10, 74]),
    ],
)
def test_what_is_written_is_computed(expression: str, wanted: Any) -> None:
    np.testing.assert_array_equal(value(expression), wanted)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("max(x, axis=1.5)", "`axis` of `max` must be a whole number or a list of whole numbers, not 1.5"),
        ("max(x, axis=2)", "x is 2×3 and has no axis 2"),
        ("max(x, keepdims=1)", "`keepdims` of `max` must be `true` or `false`, not 1"),
        ("reshape(x, shape=6)", "`shape` of `reshape` must be a list of whole numbers, not 6"),
        ("reshape(x, shape=[2, 0.5])", "`shape` of `reshape` must be a list of whole numbers"),
        ("reshape(x, [3, 2])", "`reshape` takes 1 operand, but 2 were given"),
        ("reshape(x)", "`reshape` needs `shape`"),
        ("pad(v, width=[1, 1])", "`width` of `pad` must be a list of lists of whole numbers, not [1, 1]"),
        ("pad(v, width=[[1, 1, 1]])", "`width` of `pad` must be a list of lists of whole numbers"),
        ("einsum(x, x, subscripts=3)", "`subscripts` of `einsum` must be quoted text, not 3"),
        ("einsum(x, v, subscripts=\"ij,j->i\")", "the letter j has size 3 in x and 2 in v"),
        ("concat()", "`concat` takes 1 or more operands, but 0 were given"),
        ("concat(v, x)", "v is 2 and x is 2×3"),
        ("linear(v)", "`linear` takes 2 to 3 operands, but 1 was given"),
        ("linear(v, w, v, v)", "`linear` takes 2 to 3 operands, but 4 were given"),
        ("embedding(w, bad)", "the index 4 is out of range: there are 4 rows, counted from 0"),
        ("embedding(w, half)", "an index must be a whole number"),
        ("embedding(w, v)", "constant"),
        ("gather(x, i, axis=0)", "whose sizes may differ only along axis 0"),
        ("gather(w[:2], i, axis=1)", "the index 2 is out of range: there are 2 places along axis 1"),
        ("conv2d(c, k, stride=[1, 1, 1])", "`stride` of `conv2d` must be a whole number or a list of whole"),
        ("conv2d(c, k)", "c has 2 channels, but k takes 1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(expression: str, said: str) -> None:
    assert said in complaint(expression)
