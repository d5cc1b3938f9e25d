"""Products, reductions, shapes and convolutions where they are special: ties, zeros, refusals, windows."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.ops import OPS, Linear, Sample
from graphs import applied, attributes_of, trace_of


def gradients(op: str, *operands: Any, upstream: Any = 1.0, **attributes: Any) -> list[Any]:
    """What each rule of `op` makes of `upstream`."""
    arrays = [np.asarray(one, dtype=np.float64)[()] for one in operands]
    given = attributes_of(OPS[op], Sample((), attributes))
    with np.errstate(all="ignore"):
        out = OPS[op].forward(*arrays, **given)
        rules = OPS[op].rules_for(tuple(one.shape for one in arrays), given)
        g = np.broadcast_to(upstream, np.shape(out))
        return [rule.vjp(g, out, *arrays, **given).tolist() for rule in rules if isinstance(rule, Linear)]


@pytest.mark.parametrize("op", ["max", "min"])
def test_ties_of_an_extreme_share_the_gradient(op: str) -> None:
    turn = 1.0 if op == "max" else -1.0
    assert gradients(op, [turn * 3, turn * 3, 0.0], upstream=6.0) == [[3.0, 3.0, 0.0]]
    rows = [[turn, turn], [0.0, turn]]
    assert gradients(op, rows, axis=1) == [[[0.5, 0.5], [0.0, 1.0]]]


@pytest.mark.parametrize("op", ["max", "min"])
def test_a_nan_is_the_extreme_of_its_line(op: str) -> None:
    first, second = gradients(op, [[np.nan, 1.0], [2.0, 2.0]], axis=1)[0]
    assert np.all(np.isnan(first))
    assert second == [0.5, 0.5]


def test_ties_of_a_pooling_window_share_the_gradient() -> None:
    x = [[[1.0, 1.0], [0.0, 1.0]]]
    assert gradients("max_pool2d", x, upstream=3.0, kernel_size=2) == [[[[1.0, 1.0], [0.0, 1.0]]]]


@pytest.mark.parametrize(
    ("op", "a", "wanted"),
    [
        ("norm", [0.0, 0.0], [0.0, 0.0]),
        ("norm", [3.0, 4.0], [0.6, 0.8]),
        ("std", [2.0, 2.0], [0.0, 0.0]),
        ("prod", [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
        ("prod", [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ("prod", [1e-200, 1e-200, 1e300], [1e100, 1e100, 0.0]),
        ("logsumexp", [1e4, 0.0], [1.0, 0.0]),
        ("logsumexp", [-1e4, -1e4], [0.5, 0.5]),
    ],
)
def test_kinks_and_extremes(op: str, a: list[float], wanted: list[float]) -> None:
    np.testing.assert_allclose(gradients(op, a)[0], wanted, rtol=1e-15)


def test_values_at_extremes() -> None:
    none = {"axis": None, "keepdims": False}
    with np.errstate(all="ignore"):
        assert OPS["logsumexp"].forward(np.array([1e4, 1e4]), **none) == 1e4 + np.log(2)
        assert OPS["logsumexp"].forward(np.array([-1e4]), **none) == -1e4
        assert OPS["logsumexp"].forward(np.array([-np.inf, -np.inf]), **none) == -np.inf
        assert OPS["logsumexp"].forward(np.zeros(0), **none) == -np.inf
        assert OPS["logsumexp"].forward(np.array([np.inf, 0.0]), **none) == np.inf
        assert np.isnan(OPS["var"].forward(np.array([1.0]), **none, ddof=1))
        assert OPS["prod"].forward(np.zeros(0), **none) == 1.0


def test_rows_and_entries_chosen_twice_add_up() -> None:
    weight, indices = np.ones((3, 2)), np.array([2, 0, 2])
    for op, attributes in (("embedding", {}), ("gather", {"axis": 0})):
        chosen = indices if op == "embedding" else np.stack([indices, indices], axis=1)
        trace = trace_of(OPS[op], Sample((weight, chosen), attributes))
        counts = trace.contributions[0] / 1.0
        seed = trace.bindings.seed
        np.testing.assert_array_equal(counts, [seed[1], [0.0, 0.0], seed[0] + seed[2]])


@pytest.mark.parametrize(
    ("op", "shapes", "attributes", "said"),
    [
        ("max", [(0,)], {}, "a is 0: a tensor without entries has no largest entry"),
        ("min", [(2, 0)], {"axis": -1}, "a is 2×0: a tensor without entries has no smallest entry"),
        ("max", [(2, 3)], {"axis": 2}, "a is 2×3 and has no axis 2"),
        ("var", [()], {"axis": 0}, "a is () and has no axis 0"),
        ("norm", [(2, 3)], {"axis": (0, -2)}, "axis [0, -2] lists an axis twice"),
        ("cumsum", [(3,)], {"axis": 1}, "a is 3 and has no axis 1"),
        ("dot", [(3,), (2,)], {}, "a is 3 and b is 2: dot takes two vectors of the same length"),
        ("dot", [(2, 2), (2, 2)], {}, "for matrices write a @ b"),
        ("linear", [(4, 3), (3, 2)], {}, "the last axis of x (3) must equal that of weight (2)"),
        ("linear", [(4, 3), (3, 2)], {}, "for a weight of in×out write x @ weight"),
        ("linear", [(3,), (2, 3), (3,)], {}, "the bias must have shape 2"),
        (
            "einsum",
            [(2, 3), (4, 5)],
            {"subscripts": "ij,jk->ik"},
            "the letter j has size 3 in a1 and 4 in a2",
        ),
        (
            "einsum",
            [(2,), (3, 4)],
            {"subscripts": "ij,jk->ik"},
            "a1 has shape 2, 1 axis, but 2 letters, ij",
        ),
        ("einsum", [(2, 2), (2,)], {"subscripts": "ij,i->jj"}, "the letter j occurs twice in the result jj"),
        ("einsum", [(2, 3)], {"subscripts": "ii"}, "the letter i has size 2 in a1 and 3 in a1"),
        (
            "einsum",
            [(2,), (2,)],
            {"subscripts": "i"},
            'a1 is 2 and a2 is 2: the number of operands in subscripts "i" is 1, not 2',
        ),
        ("einsum", [(2,), (2,)], {"subscripts": "...i,i->i"}, '"..." on one side only'),
        ("einsum", [(2,), (2,)], {"subscripts": "..i,i->i"}, "something that is not a letter"),
        (
            "einsum",
            [(2, 3), (3, 3)],
            {"subscripts": "...i,...i"},
            "the letter ... has size 2 in a1 and 3 in a2",
        ),
        ("einsum", [(2,), (2,)], {"subscripts": "i,{0}->i"}, "something that is not a letter"),
        (
            "einsum",
            [(2,), (2,)],
            {"subscripts": "i,j->k"},
            "the letter k of the result occurs in no operand",
        ),
        ("reshape", [(2, 3)], {"shape": (4, 2)}, "a is 2×3 and has 6 entries: shape [4, 2] needs 8"),
        ("reshape", [(2, 3)], {"shape": (4, -1)}, "needs a multiple of 4"),
        ("reshape", [(2, 3)], {"shape": (-1, -1)}, "only one size of shape [-1, -1] may be -1"),
        ("flatten", [(2, 3)], {"start": 2}, "a is 2×3 and has no axis 2"),
        ("permute", [(2, 3)], {"axes": (0,)}, "permute takes all its 2 axes in a new order, not [0]"),
        ("squeeze", [(2, 1)], {"axis": 0}, "axis 0 has size 2, and only axes of size 1 can be squeezed out"),
        ("unsqueeze", [(2,)], {"axis": 2}, "its new axes are from -2 to 1"),
        ("broadcast_to", [(3,)], {"shape": (3, 2)}, "a is 3 and does not broadcast to [3, 2]"),
        ("flip", [(3,)], {"axis": -2}, "a is 3 and has no axis -2"),
        ("pad", [(2, 3)], {"width": ((1, 1),)}, "width takes a pair for each of its 2 axes"),
        ("concat", [(2, 3), (2, 4)], {"axis": 0}, "a1 is 2×3 and a2 is 2×4: only their sizes along axis 0"),
        ("concat", [(), ()], {"axis": 0}, "a1 is () and has no axis 0"),
        (
            "stack",
            [(2,), (2,), (3,)],
            {"axis": 0},
            "a1 is 2 and a3 is 3: stack takes tensors of the same shape",
        ),
        ("stack", [(2,)], {"axis": 2}, "the result would have no axis 2"),
        ("split", [(5,)], {"parts": 2, "index": 0}, "axis 0 (5) cannot be split into 2 equal parts"),
        ("split", [(4,)], {"parts": 2, "index": 2}, "has no part 2"),
        ("gather", [(2, 3), (3, 2)], {"axis": 1}, "whose sizes may differ only along axis 1"),
        ("embedding", [(3,), (2,)], {}, "weight is 3: embedding takes a matrix"),
        ("conv2d", [(2, 4, 4), (1, 3, 2, 2)], {}, "x has 2 channels, but weight takes 3"),
        ("conv2d", [(4, 4), (1, 3, 2, 2)], {}, "conv2d takes channels×H×W"),
        (
            "conv1d",
            [(3, 4), (2, 1, 2)],
            {"groups": 2},
            "x has 3 channels, but weight takes 1 in each of 2 groups",
        ),
        ("conv1d", [(1, 2), (1, 1, 2)], {"dilation": 3}, "are smaller than the kernel's reach (4)"),
        ("conv1d", [(1, 2), (1, 1, 0)], {}, "x is 1×2: a kernel of 0 has no entries"),
        ("conv1d", [(1, 2), (2, 1, 2), (1,)], {}, "the bias must have shape 2"),
        ("max_pool2d", [(4, 4)], {"kernel_size": 2}, "x is 4×4: pooling takes channels×H×W"),
        ("avg_pool2d", [(1, 4, 4)], {"kernel_size": 2, "padding": 2}, "at most half of the window (2×2)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(op: str, shapes: Any, attributes: Any, said: str) -> None:
    with pytest.raises(ShapeError) as caught:
        applied(op, *shapes, **attributes)
    assert said in f"{caught.value.message}; {caught.value.hint}"


@pytest.mark.parametrize(
    ("shape", "start", "flat"),
    [((), 0, (1,)), ((), -1, (1,)), ((2, 3), -1, (2, 3)), ((2, 3, 4), 1, (2, 12))],
)
def test_what_is_flattened_from_an_axis_on(shape: Shape, start: int, flat: Shape) -> None:
    assert OPS["flatten"].shape_for((shape,), {"start": start}) == flat


def test_the_weight_of_a_layer_takes_up_to_eight_axes_of_batches() -> None:
    def text(axes: int) -> str:
        rule = OPS["linear"].rules_for(((1,) * axes + (3,), (2, 3)), {})[1]
        assert rule is not None
        return rule.text

    assert '"abcdefgho,abcdefghi->oi"' in text(8)
    assert '"abo,abi->oi"' in text(2)


def test_a_corner_of_a_large_jacobian_takes_kilobytes() -> None:
    a, b = np.ones((1000, 1000)), np.ones((1000, 1000))
    out = a @ b
    i = (np.arange(20)[:, np.newaxis], np.zeros((20, 1), dtype=int))
    j = (np.zeros(20, dtype=int), np.arange(20))
    rules = [(OPS["matmul"], {}, (a, b)), (OPS["max"], {"axis": 1, "keepdims": True}, (a,)),
             (OPS["var"], {"axis": 1, "keepdims": True, "ddof": 0}, (a,)),
             (OPS["prod"], {"axis": 1, "keepdims": True}, (a,))]  # fmt: skip
    for op, attributes, operands in rules:
        rule = op.rules_for(tuple(one.shape for one in operands), attributes)[0]
        assert isinstance(rule, Linear)
        assert rule.entries is not None
        tracemalloc.start()
        window = rule.entries(i, j, out, *operands, **attributes)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert np.broadcast_shapes(window.shape, (20, 20)) == (20, 20)
        assert peak < 1_500_000, (op, peak)
