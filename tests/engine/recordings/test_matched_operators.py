"""Which of our operators a recorded call is, and which calls have settings that ours have not."""

from __future__ import annotations

from typing import Any

import pytest

from backprop_engine.arrays import Shape
from backprop_engine.recordings.aten import RecordedCall, match

ROW, TABLE, IMAGE = (3,), (2, 3), (1, 2, 4, 4)
ADAPTED = {"kernel_size": [2, 2], "stride": [], "padding": 0}
NORMALISED = {"normalized_shape": [3], "eps": 1e-5}
CONVOLVED = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "transposed": False, "groups": 1}


def matched(name: str, shapes: tuple[Shape, ...], result: Shape, settings: dict[str, Any]) -> str | None:
    """The name of our operator for a call."""
    found = match(RecordedCall(name, shapes, result, settings))
    return None if found is None else found.op.name


@pytest.mark.parametrize(
    ("name", "shapes", "result", "settings", "ours"),
    [
        ("add", (ROW, ROW), ROW, {}, "add"),
        ("mul", (ROW,), ROW, {"other": 2.5}, "mul"),
        ("pow", (ROW, ROW), ROW, {}, "pow"),
        ("pow", (ROW,), ROW, {"exponent": 2}, "square"),
        ("sum", (TABLE,), (2,), {"dim": [1]}, "sum"),
        ("sum", (TABLE,), (), {"dim": []}, "sum"),
        ("masked_fill", (ROW, ROW), ROW, {"value": 0.5}, "masked_fill"),
        ("masked_fill", (ROW, ROW, ()), ROW, {}, "masked_fill"),
        ("embedding", (TABLE, (4,)), (4, 3), {}, "embedding"),
        ("convolution", (IMAGE, (3, 2, 2, 2)), (1, 3, 3, 3), CONVOLVED, "conv2d"),
        ("convolution", ((1, 2, 4), (3, 2, 2)), (1, 3, 3), {**CONVOLVED, "stride": [1]}, "conv1d"),
        ("avg_pool2d", (IMAGE,), (1, 2, 2, 2), ADAPTED, "avg_pool2d"),
        ("gelu", (ROW,), ROW, {"approximate": "tanh"}, "gelu"),
        ("max_pool2d_with_indices", (IMAGE,), (1, 2, 2, 2), ADAPTED, "max_pool2d"),
        ("clamp", (ROW,), ROW, {"min": 0}, "clip"),
    ],
)
def test_a_call_is_our_operator(
    name: str, shapes: tuple[Shape, ...], result: Shape, settings: dict[str, Any], ours: str
) -> None:
    assert matched(name, shapes, result, settings) == ours


@pytest.mark.parametrize(
    ("name", "shapes", "result", "settings"),
    [
        ("add", (ROW, ROW), ROW, {"alpha": 2}),
        ("div", (ROW, ROW), ROW, {"rounding_mode": "floor"}),
        ("add", (ROW,), ROW, {"other": "inf"}),
        ("mul", (ROW,), ROW, {"other": [1]}),
        ("add", (ROW, ROW, ROW), ROW, {}),
        ("add", (ROW, ROW), TABLE, {}),
        ("add", (ROW, (2,)), ROW, {}),
        ("pow", (ROW,), ROW, {"exponent": "x"}),
        ("sum", (ROW,), (), {"dtype": "float64"}),
        ("_softmax", (ROW,), ROW, {"dim": 0, "half_to_float": True}),
        ("_softmax", (ROW,), ROW, {}),
        ("var", (ROW,), (), {"correction": 0.5}),
        ("mse_loss", (ROW, ROW, ROW), (), {}),
        ("native_layer_norm", (TABLE, ROW), TABLE, {**NORMALISED, "weight": None, "bias": 1}),
        ("convolution", ((4, 4), (3, 2, 2, 2)), (1, 3, 3, 3), CONVOLVED),
        ("avg_pool2d", (IMAGE,), (1, 2, 2, 2), {**ADAPTED, "divisor_override": 3}),
        ("embedding", (TABLE, (4,)), (4, 3), {"padding_idx": 0}),
        ("embedding", (TABLE, (4,)), (4, 3), {"scale_grad_by_freq": True}),
        ("clamp", (ROW, ROW), ROW, {"min": 0}),
        ("clamp", (ROW,), ROW, {"min": "inf"}),
        ("elu", (ROW,), ROW, {"scale": 2}),
        ("softplus", (ROW,), ROW, {"beta": 2}),
        ("softplus", (ROW,), ROW, {"beta": 1, "threshold": 0.1}),
        ("native_batch_norm", (TABLE, ROW), TABLE, {"weight": None, "training": True, "eps": 1e-5}),
        ("native_batch_norm", (TABLE, *[ROW] * 4), TABLE, {"weight": None, "training": False, "eps": 1e-5}),
        ("native_group_norm", (TABLE, ROW), TABLE, {"weight": None, "group": 3, "eps": 1e-5}),
        ("linalg_vector_norm", (ROW,), (), {"ord": "inf"}),
        ("linalg_vector_norm", (ROW,), (), {"ord": 0.5}),
        ("gelu", (ROW,), ROW, {"approximate": "somehow"}),
        ("gelu", (ROW,), ROW, {"approximate": []}),
        ("split", (ROW,), (2,), {"index": 0}),
        ("split", (ROW,), (0,), {"index": 0}),
        ("nobody", (ROW,), ROW, {}),
    ],
)  # fmt: skip
def test_a_call_with_other_settings_stays_recorded(
    name: str, shapes: tuple[Shape, ...], result: Shape, settings: dict[str, Any]
) -> None:
    assert matched(name, shapes, result, settings) is None
