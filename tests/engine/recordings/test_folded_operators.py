"""What a framework does for its own purposes is folded, and what a hook changed or others use is not."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from backprop_engine.arrays import Shape
from backprop_engine.recordings.aten import RecordedCall, match
from backprop_engine.recordings.events import OperatorCall, TensorEntry
from backprop_engine.recordings.folding import folded
from backprop_engine.recordings.planned_nodes import PlannedEdge, PlannedNode

_numbers = count()


def entry(shape: Shape, norm: float | None = 1.0, dtype: str = "F32") -> TensorEntry:
    return TensorEntry(next(_numbers), shape, dtype, norm)


def leaf(shape: Shape) -> PlannedNode:
    return PlannedNode("leaf", "weight", shape, entry(shape), entry(shape))


def node(name: str, shape: Shape, *sources: PlannedNode, dtype: str = "F32", **settings: Any) -> PlannedNode:
    """A node that hands all of its gradient on to each operand."""
    edges = [PlannedEdge(source, True, entry(source.shape)) for source in sources]
    call = OperatorCall(f"aten.{name}.default", module="head")
    return PlannedNode(
        "computed", name, shape, entry(shape, dtype=dtype), entry(shape), edges,
        call=call, settings=settings, made=(name,),
    )  # fmt: skip


def names(*nodes: PlannedNode) -> list[str]:
    """What is left of nodes, of which the last is the output."""
    return [one.name for one in folded(list(nodes), nodes[-1])]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("contiguous", {}),
        ("alias", {}),
        ("_to_copy", {"layout": "torch.strided"}),
        ("clone", {"memory_format": "torch.contiguous_format"}),
        ("view", {"size": [2, 3]}),
        ("expand", {"size": [2, 3]}),
        ("permute", {"dims": [0, 1]}),
    ],
)
def test_a_copy_is_left_out(name: str, settings: dict[str, Any]) -> None:
    x = node("exp", (2, 3), leaf((2, 3)))
    copy = node(name, (2, 3), x, **settings)
    end = node("tanh", (2, 3), copy)
    left = folded([x, copy, end], end)
    assert [one.name for one in left] == ["exp", "tanh"]
    assert end.operands[0].source is x
    assert x.made == ("exp", name)


def test_what_changes_something_is_kept() -> None:
    x = node("exp", (3, 3), leaf((3, 3)))
    assert names(x, node("clone", (3, 3), x), node("tanh", (3, 3), x)) == ["exp", "clone", "tanh"]
    assert names(x, node("t", (3, 3), x)) == ["exp", "t"]
    half = node("_to_copy", (3, 3), x, dtype="BF16")
    assert names(x, half, node("tanh", (3, 3), half)) == ["exp", "_to_copy", "tanh"]
    assert names(x, node("contiguous", (3, 3), x)) == ["exp", "contiguous"]  # the output


def test_a_copy_whose_gradient_a_hook_changed_is_kept() -> None:
    x = node("exp", (3,), leaf((3,)))
    copy = node("contiguous", (3,), x)
    copy.gradient = entry((3,), 2.0)
    assert names(x, copy, node("tanh", (3,), copy)) == ["exp", "contiguous", "tanh"]


def test_changes_of_shape_in_a_row_are_one() -> None:
    x = node("exp", (2, 3), leaf((2, 3)))
    first = node("unsqueeze", (2, 3, 1), x)
    second = node("view", (6, 1), first)
    end = node("squeeze", (6,), second)
    left = folded([x, first, second, end], end)
    assert [(one.name, one.shape) for one in left] == [("exp", (2, 3)), ("reshape", (6,))]
    assert set(end.made) == {"unsqueeze", "view", "squeeze"}
    there = node("view", (6,), x)
    back = node("view", (2, 3), there)
    assert names(x, there, back, node("tanh", (2, 3), back)) == ["exp", "tanh"]


def test_permutations_in_a_row_are_one() -> None:
    x = node("exp", (2, 3, 4), leaf((2, 3, 4)))
    first = node("transpose", (3, 2, 4), x, dim0=0, dim1=1)
    end = node("permute", (4, 3, 2), first, dims=[-1, 0, 1])
    left = folded([x, first, end], end)
    assert [(one.name, one.settings) for one in left] == [("exp", {}), ("permute", {"dims": [2, 1, 0]})]
    back = node("transpose", (2, 3, 4), node("transpose", (3, 2, 4), x, dim0=0, dim1=1), dim0=1, dim1=0)
    assert names(x, back.operands[0].source, back, node("tanh", (2, 3, 4), back)) == ["exp", "tanh"]


def test_a_change_of_shape_that_others_use_is_kept() -> None:
    x = node("exp", (2, 3), leaf((2, 3)))
    first = node("view", (6,), x)
    second = node("view", (3, 2), first)
    assert names(x, first, second, node("mul", (3, 2), first, second)) == ["exp", "view", "view", "mul"]


@pytest.mark.parametrize("dims", [[0, 0, 1], ["x", 1, 2], [0, 1], [0, 1, 5], None])
def test_settings_that_are_none_of_the_operator_fold_nothing(dims: Any) -> None:
    x = node("exp", (2, 3, 4), leaf((2, 3, 4)))
    first = node("permute", (2, 3, 4), x, dims=dims)
    assert names(x, first, node("transpose", (3, 2, 4), first, dim0=0, dim1=1)) == [
        "exp",
        "permute",
        "transpose",
    ]


def test_a_bias_that_is_added_to_a_product_is_its_third_operand() -> None:
    x, weight, bias = node("exp", (5, 2), leaf((5, 2))), leaf((3, 2)), leaf((3,))
    product = node("linear", (5, 3), x, weight)
    end = node("add", (5, 3), product, bias)
    left = folded([x, product, end], end)
    assert [one.name for one in left] == ["exp", "linear"]
    assert [edge.source for edge in end.operands] == [x, weight, bias]
    scaled = node("add", (5, 3), node("linear", (5, 3), x, weight), bias, alpha=2)
    assert names(x, scaled.operands[0].source, scaled) == ["exp", "linear", "add"]
    shared = node("linear", (5, 3), x, weight)
    more = node("add", (5, 3), shared, bias)
    assert names(x, shared, more, node("mul", (5, 3), shared, more)) == ["exp", "linear", "add", "mul"]


KERNEL = "_scaled_dot_product_flash_attention_for_cpu"


def attention(queries: PlannedNode, *, heads: int = 4, turned: tuple[int, int] = (1, 2)) -> list[PlannedNode]:
    """Attention with heads over three tensors, the first of which is given."""
    nodes, parts = [], []
    for whole in (queries, node("exp", (2, 5, 8), queries), node("tanh", (2, 5, 8), queries)):
        parted = node("view", (2, 5, heads, 8 // heads), whole)
        parts.append(node("transpose", (2, heads, 5, 8 // heads), parted, dim0=turned[0], dim1=turned[1]))
        nodes += [*([whole] if whole is not queries else []), parted, parts[-1]]
    mixed = node(KERNEL, (2, heads, 5, 8 // heads), *parts, is_causal=True)
    back = node("transpose", (2, 5, heads, 8 // heads), mixed, dim0=1, dim1=2)
    return [*nodes, mixed, back, node("view", (2, 5, 8), back)]


def test_what_brings_heads_in_their_places_is_part_of_the_attention() -> None:
    x = node("sin", (2, 5, 8), leaf((2, 5, 8)))
    nodes = attention(x)
    left = folded([x, *nodes], nodes[-1])
    assert [one.name for one in left] == ["sin", "exp", "tanh", KERNEL]
    assert left[-1] is nodes[-1]
    assert left[-1].settings == {"is_causal": True, "heads": 4}
    assert [edge.source for edge in left[-1].operands] == left[:3]
    assert len(left[-1].made) == 9
    again = RecordedCall(KERNEL, ((2, 5, 8),) * 3, (2, 5, 8), left[-1].settings)
    found = match(again)
    assert found is not None
    assert found.attributes["heads"] == 4


@pytest.mark.parametrize("shown", [1, 5, 8, 9, 10])
def test_heads_that_others_use_or_a_hook_changed_are_shown(shown: int) -> None:
    def one() -> list[PlannedNode]:
        x = node("sin", (2, 5, 8), leaf((2, 5, 8)))
        return [x, *attention(x)]

    used = one()
    other = node("sum", (), used[shown])
    assert KERNEL in names(*used, other, node("mul", (2, 5, 8), used[-1], other))
    assert "transpose" in names(*used, other, node("mul", (2, 5, 8), used[-1], other))
    hooked = one()
    hooked[shown].gradient = entry(hooked[shown].shape, 2.0)
    assert "transpose" in names(*hooked)


def test_axes_that_change_places_otherwise_are_shown() -> None:
    x = node("sin", (2, 5, 8), leaf((2, 5, 8)))
    nodes = attention(x, heads=5, turned=(0, 2))
    assert "transpose" in names(x, *nodes)


@pytest.mark.parametrize("training", [True, False])
def test_running_statistics_are_no_operands_in_training(training: bool) -> None:
    x = leaf((2, 3))
    scale, shift, mean, var = (leaf((3,)) for _ in range(4))
    norm = node("native_batch_norm", (2, 3), x, scale, shift, mean, var, training=training)
    for edge in norm.operands[3:]:
        edge.flows = False
    folded([norm], norm)
    assert [edge.source for edge in norm.operands] == [x, scale, shift, *([] if training else [mean, var])]
    plain = node("native_batch_norm", (2, 3), x, scale, shift, training=True, running_mean=None)
    folded([plain], plain)
    assert [edge.source for edge in plain.operands] == [x, scale, shift]
