"""Which operands an operator's conventions matter for: the nearest that do, and the nearest that do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from asserting import asserts
from backprop_engine.ops import OPS

BELOW_20 = np.nextafter(20.0, 0.0)
BELOW_700 = np.nextafter(700.0, 0.0)
TINY = np.nextafter(1e-8, 0.0)
ROWS = [[1.0, 1.0], [1.0, 2.0]]
COLUMNS = [[1.0, 2.0], [1.0, 3.0]]

SATURATING = (
    *("log_sigmoid", "sigmoid", "softplus", "tanh", "atan", "bce_with_logits", "softmax_with_loss"),
    *("log_softmax", "softmax", "logsumexp"),
)
CASES: dict[str, tuple[tuple[tuple[Any, ...], dict[str, Any], bool], ...]] = {
    **dict.fromkeys(
        SATURATING,
        ((([0.0, 20.0],), {}, True), (([-20.0, 0.0],), {}, True), (([BELOW_20, -BELOW_20],), {}, False))
    ),
    **dict.fromkeys(
        ("exp", "cosh", "sinh"),
        ((([0.0, 700.0],), {}, True), (([-700.0],), {}, True), (([BELOW_700, -BELOW_700],), {}, False)),
    ),
    **dict.fromkeys(
        ("elu", "gelu", "sign", "cumprod", "prod"),
        ((([1.0, -0.0],), {}, True), (([5e-324, -5e-324],), {}, False), (([],), {}, False)),
    ),
    **dict.fromkeys(("expm1", "log1p"), ((([1.0, -TINY],), {}, True), (([1e-8, -1e-8],), {}, False))),
    **dict.fromkeys(("floor", "ceil"), ((([0.5, -2.0],), {}, True), (([0.5, -0.5, 1e-9],), {}, False))),
    "round": ((([1.0, -1.5],), {}, True), (([0.0, 1.0, 0.25, 0.75],), {}, False)),
    "pow": ((([1.0, 0.0], [2.0, 2.0]), {}, True), (([1.0, 2.0], [0.0, 0.0]), {}, False)),
    "mod": (
        (([1.0, 6.0], [3.0, 3.0]), {}, True),
        (([1.0, -1.0], [3.0, 3.0]), {}, True),
        (([1.0, 1.0], [3.0, -3.0]), {}, True),
        (([1.0, -1.0], [3.0, -3.0]), {}, False),
    ),
    "atan2": (
        (([1.0, 0.0], [1.0, -1.0]), {}, True),
        (([0.0], [0.0]), {}, True),
        (([0.0, 1.0], [1.0, -1.0]), {}, False),
    ),
    "huber": (
        (([0.0, 1.5], [0.0, 1.0]), {"delta": 0.5}, True),
        (([0.5], [1.0]), {"delta": 0.5}, True),
        (([1.25, 2.0], [1.0, 1.0]), {"delta": 0.5}, False),
    ),
    "smooth_l1": (
        (([0.0, 1.5], [0.0, 1.0]), {"beta": 0.5}, True),
        (([0.5], [1.0]), {"beta": 0.5}, True),
        (([1.25, 2.0], [1.0, 1.0]), {"beta": 0.5}, False),
    ),
    "layer_norm": (
        ((ROWS,), {"axis": -1}, True),
        ((COLUMNS,), {"axis": -1}, False),
        ((COLUMNS,), {"axis": 0}, False),
        (([[1.0, 1.0], [1.0, 1.0]],), {"axis": 0}, True),
    ),
    "sum": ((([],), {}, True), (([0.0],), {}, False)),
    "one_hot": (
        (([0, 3],), {"classes": 3}, True),
        (([-1, 0],), {"classes": 3}, True),
        (([0, 2],), {"classes": 3}, False),
    ),
    **dict.fromkeys(
        ("argmax", "argmin"),
        (
            (([[1.0, 2.0], [3.0, 1.0]],), {}, True),
            (([[1.0, 2.0], [3.0, 4.0]],), {}, False),
            ((ROWS,), {"axis": 1}, True),
            ((COLUMNS,), {"axis": 1}, False),
            ((COLUMNS,), {"axis": 0}, True),
        ),
    ),
    **dict.fromkeys(
        ("argsort", "sort", "topk"),
        (
            ((ROWS,), {"axis": -1}, True),
            ((COLUMNS,), {"axis": -1}, False),
            ((COLUMNS,), {"axis": 0}, True),
            (([3.0, 1.0, 3.0],), {"axis": 0}, True),
        ),
    ),
}  # fmt: skip


def test_an_operator_knows_where_its_conventions_matter() -> None:
    assert set(CASES) == {name for name, op in OPS.items() if op.meets is not None}
    for name, cases in CASES.items():
        op = OPS[name]
        assert op.meets is not None
        defaults = {one.name: one.default for one in op.attributes}
        for operands, attributes, meets in cases:
            with asserts(f"{name} of {operands} with {attributes}"):
                assert op.meets(*map(np.asarray, operands), **defaults | attributes) is meets
