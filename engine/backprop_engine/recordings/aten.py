"""Matching calls of PyTorch's operators with those of the table.

Operators that only take tensors are matched by the declarations in `program/pytorch_calls.py`. For others, a
row says what a call of ``aten`` means: the operator of the table, its operands (an index among the call's
tensors, or a number), and its settings. A call that is covered by neither, or has settings that the operator
of the table lacks, is not matched. A test runs each row against PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite, nan
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec import Struct

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.ops import OPS
from backprop_engine.ops.definition import Op
from backprop_engine.ops.rules import Rules
from backprop_engine.program.pytorch_functions import functions

__all__ = ["Match", "RecordedCall", "match"]


class RecordedCall(NamedTuple):
    """A call of an operator: its name without namespace and overload, the shapes of its tensors and of its
    result, and its settings.
    """

    name: str
    shapes: tuple[Shape, ...]
    result: Shape
    settings: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        """A setting, or its default in PyTorch."""
        return self.settings.get(name, default)

    def number(self, name: str, default: float = 1.0) -> float | None:
        """A setting that is a number; None where it is something else."""
        value = self.settings.get(name, default)
        if isinstance(value, str):
            return {"inf": inf, "-inf": -inf, "nan": nan}.get(value)
        return float(value) if isinstance(value, int | float) else None


class _Meaning(Struct, frozen=True):
    """An operator of the table, its operands (an int is an index, a float a number), and its settings."""

    op: str
    operands: tuple[int | float, ...]
    settings: Mapping[str, Any] = {}


class Match(Struct, frozen=True, eq=False):
    """The operator of the table that matches a call, with its operands, attributes and rules."""

    op: Op
    operands: tuple[int | float, ...]
    attributes: Mapping[str, Any]
    rules: Rules


def match(call: RecordedCall) -> Match | None:
    """The operator of the table that computes what a call did, if there is one."""
    row = _TABLE.get(call.name) or _named_alike(call.name)
    try:
        meaning = row(call) if row is not None else None
    except (TypeError, ValueError, IndexError, KeyError):  # settings of a form that PyTorch never gives
        return None
    if meaning is None or not all(_is_there(one, call) for one in meaning.operands):
        return None
    op = OPS[meaning.op]
    attributes = {one.name: one.default for one in op.attributes} | dict(meaning.settings)
    if not op.takes(len(meaning.operands)):
        return None
    if not all(one.allows(attributes[one.name]) for one in op.attributes):
        return None
    shapes = tuple(call.shapes[one] if isinstance(one, int) else () for one in meaning.operands)
    try:
        if op.shape_for(shapes, attributes) != call.result:
            return None
        return Match(op, meaning.operands, attributes, op.rules_for(shapes, attributes))
    except ShapeError:
        return None


def _is_there(operand: int | float, call: RecordedCall) -> bool:
    """Whether an index is that of one of the call's tensors, or a number is finite."""
    return operand < len(call.shapes) if isinstance(operand, int) else isfinite(operand)


_Row: TypeAlias = Callable[[RecordedCall], _Meaning | None]


def _plain(op: str, count: int = 1) -> _Row:
    """The same operator under another name, with as many tensors and no settings."""

    def meaning(call: RecordedCall) -> _Meaning | None:
        fits = len(call.shapes) == count and not any(value is not None for value in call.settings.values())
        return _Meaning(op, tuple(range(count))) if fits else None

    return meaning


def _named_alike(name: str) -> _Row | None:
    """The operator that a function of PyTorch computes from its operands alone, if ATen calls it the same."""
    spelling = functions().get(name)
    if spelling is None or spelling.named:
        return None
    operands = OPS[spelling.op].operands
    alone = tuple(parameter.name for parameter in spelling.places) == tuple(operands)
    return _plain(spelling.op, len(operands)) if alone and not OPS[spelling.op].attributes else None


def _binary(op: str) -> _Row:
    """An operator of two operands, one of which may be a number; ``alpha`` must be 1."""

    def meaning(call: RecordedCall) -> _Meaning | None:
        if call.number("alpha") != 1 or call.get("rounding_mode") is not None:
            return None
        if len(call.shapes) == 2:
            return _Meaning(op, (0, 1))
        other = call.number("other", nan)
        if other is None or len(call.shapes) != 1:
            return None
        return _Meaning(op, (other, 0) if op == "rsub" else (0, other))

    return meaning


def _pow(call: RecordedCall) -> _Meaning | None:
    if len(call.shapes) == 2:
        return _Meaning("pow", (0, 1))
    exponent = call.number("exponent", nan)
    if exponent is None:
        return None
    return _Meaning("square", (0,)) if exponent == 2 else _Meaning("pow", (0, exponent))


def _linear(call: RecordedCall) -> _Meaning | None:
    """What a product with a transposed weight is folded into; its settings are those of ``addmm``."""
    if call.number("alpha") != 1 or call.number("beta") != 1:
        return None
    return _Meaning("linear", tuple(range(len(call.shapes))))


def _along(op: str) -> _Row:
    """An operator along one axis, such as a softmax."""

    def meaning(call: RecordedCall) -> _Meaning | None:
        if call.get("half_to_float", False):
            return None
        return _Meaning(op, (0,), {"axis": int(call.settings["dim"])})

    return meaning


def _reduction(op: str) -> _Row:
    """An operator that reduces axes; an empty list means all of them."""

    def meaning(call: RecordedCall) -> _Meaning | None:
        axis = call.get("dim")
        if call.get("dtype") is not None:
            return None
        axes = None if axis is None or axis == [] else tuple(axis) if isinstance(axis, list) else int(axis)
        keep = bool(call.get("keepdim", False))
        return _Meaning(op, (0,), {"axis": axes, "keepdims": keep})

    return meaning


def _extremum(op: str, of_two: str) -> _Row:
    """The largest or smallest entry along an axis, or of all; of two tensors, that of each pair."""

    def meaning(call: RecordedCall) -> _Meaning | None:
        return _binary(of_two)(call) if len(call.shapes) == 2 else _reduction(op)(call)

    return meaning


def _deviation(op: str) -> _Row:
    def meaning(call: RecordedCall) -> _Meaning | None:
        found = _reduction(op)(call)
        correction = call.get("correction", 1)
        if found is None or not isinstance(correction, int | float) or correction != int(correction):
            return None
        return _Meaning(op, (0,), {**found.settings, "ddof": int(correction)})

    return meaning


_REDUCTIONS: Final = ("none", "mean", "sum")


def _loss(op: str, **renamed: str) -> _Row:
    """A loss of two tensors; `renamed` maps PyTorch's names of settings to ours."""

    def meaning(call: RecordedCall) -> _Meaning | None:
        if len(call.shapes) != 2:
            return None
        settings: dict[str, Any] = {"reduction": _REDUCTIONS[int(call.get("reduction", 1))]}
        settings |= {ours: float(call.get(theirs, 1.0)) for theirs, ours in renamed.items()}
        return _Meaning(op, (0, 1), settings)

    return meaning


def _nll(call: RecordedCall) -> _Meaning | None:
    settings = {
        "reduction": _REDUCTIONS[int(call.get("reduction", 1))],
        "ignore_index": int(call.get("ignore_index", -100)),
    }
    return _Meaning("nll", tuple(range(len(call.shapes))), settings)


def _has_bias_alone(call: RecordedCall) -> bool:
    """Whether a normalisation has a bias but no weight; ours take the weight first."""
    return call.get("weight", ...) is None and call.get("bias", ...) is not None


def _layer_norm(call: RecordedCall) -> _Meaning | None:
    axes, eps = len(call.settings["normalized_shape"]), float(call.settings["eps"])
    if _has_bias_alone(call):
        return None
    return _Meaning("layer_norm", tuple(range(len(call.shapes))), {"axis": -axes, "eps": eps})


def _batch_norm(call: RecordedCall) -> _Meaning | None:
    """With the statistics of the batch, or with running ones, which PyTorch gives after the parameters; in
    training these are folded away.
    """
    settings = {"eps": float(call.settings["eps"])}
    if _has_bias_alone(call):
        return None
    if call.settings["training"]:
        return _Meaning("batch_norm", tuple(range(len(call.shapes))), settings)
    return _Meaning("batch_norm_inference", (0, 3, 4, 1, 2), settings) if len(call.shapes) == 5 else None


def _group_norm(call: RecordedCall) -> _Meaning | None:
    if _has_bias_alone(call):
        return None
    settings = {"num_groups": int(call.settings["group"]), "eps": float(call.settings["eps"])}
    return _Meaning("group_norm", tuple(range(len(call.shapes))), settings)


def _pair(value: Any) -> tuple[int, ...]:
    """A setting for two axes; PyTorch may give a single number for both."""
    return (int(value[0]), int(value[-1])) if isinstance(value, list) else (int(value), int(value))


def _convolution(call: RecordedCall) -> _Meaning | None:
    axes, transposed = len(call.shapes[0]) - 2, bool(call.settings["transposed"])
    if axes not in (1, 2):
        return None
    names = ("stride", "padding", "dilation", *["output_padding"] * transposed)

    def setting(name: str) -> Any:
        value = call.settings[name]
        return int(value[0]) if axes == 1 else _pair(value)

    settings = {name: setting(name) for name in names}
    operands = tuple(range(len(call.shapes)))
    op = f"conv_transpose{axes}d" if transposed else f"conv{axes}d"
    return _Meaning(op, operands, {**settings, "groups": int(call.settings["groups"])})


def _pool(op: str) -> _Row:
    def meaning(call: RecordedCall) -> _Meaning | None:
        if call.get("divisor_override") is not None:
            return None
        stride = call.get("stride")
        settings: dict[str, Any] = {
            "kernel_size": _pair(call.settings["kernel_size"]),
            "stride": None if stride in (None, []) else _pair(stride),
            "padding": _pair(call.get("padding", 0)),
            "ceil_mode": bool(call.get("ceil_mode", False)),
        }
        if op == "max_pool2d":
            settings["dilation"] = _pair(call.get("dilation", 1))
        else:
            settings["count_include_pad"] = bool(call.get("count_include_pad", True))
        return _Meaning(op, (0,), settings)

    return meaning


def _adaptive(call: RecordedCall) -> _Meaning:
    return _Meaning("adaptive_avg_pool2d", (0,), {"output_size": _pair(call.settings["output_size"])})


def _attention(call: RecordedCall) -> _Meaning | None:
    """Attention without dropout, by any of PyTorch's kernels; they add a mask to the scores. `heads` is ours
    alone: PyTorch gets the heads already split, and the operators that split and merge them are folded away.
    """
    if not 3 <= len(call.shapes) <= 4 or call.get("dropout_p", 0.0):
        return None
    scale = call.get("scale")
    settings = {
        "causal": bool(call.get("is_causal", False)),
        "scale": None if scale is None else float(scale),
        "additive": len(call.shapes) == 4,
        "heads": int(call.get("heads", 1)),
    }
    return _Meaning("scaled_dot_product_attention", tuple(range(len(call.shapes))), settings)


def _split(call: RecordedCall) -> _Meaning | None:
    """One of several equal parts; `index` is ours alone: PyTorch returns all parts at once."""
    axis = int(call.get("dim", 0)) % len(call.shapes[0])
    size, part = call.shapes[0][axis], call.result[axis]
    if not part or size % part:
        return None
    settings = {"parts": size // part, "index": int(call.settings["index"]), "axis": axis}
    return _Meaning("split", (0,), settings)


def _embedding(call: RecordedCall) -> _Meaning | None:
    if call.get("padding_idx", -1) not in (None, -1) or call.get("scale_grad_by_freq", False):
        return None
    return _Meaning("embedding", (0, 1))


def _reshape(call: RecordedCall) -> _Meaning:
    return _Meaning("reshape", (0,), {"shape": call.result})


def _expand(call: RecordedCall) -> _Meaning:
    return _Meaning("broadcast_to", (0,), {"shape": call.result})


def _permute(call: RecordedCall) -> _Meaning:
    axes = [int(axis) % len(call.shapes[0]) for axis in call.settings["dims"]]
    return _permuted(axes)


def _transpose(call: RecordedCall) -> _Meaning:
    axes = list(range(len(call.shapes[0])))
    first, second = int(call.settings["dim0"]) % len(axes), int(call.settings["dim1"]) % len(axes)
    axes[first], axes[second] = axes[second], axes[first]
    return _permuted(axes)


def _permuted(axes: list[int]) -> _Meaning:
    return _Meaning("transpose", (0,)) if axes == [1, 0] else _Meaning("permute", (0,), {"axes": tuple(axes)})


def _joining(op: str) -> _Row:
    def meaning(call: RecordedCall) -> _Meaning:
        axis = {"axis": int(call.get("dim", 0))}
        return _Meaning(op, tuple(range(len(call.shapes))), axis)

    return meaning


def _slice(call: RecordedCall) -> _Meaning:
    axis = int(call.get("dim", 0)) % len(call.shapes[0])
    start, end = call.get("start"), call.get("end")
    size, step = call.shapes[0][axis], int(call.get("step", 1))
    stop = None if end is None or end >= size else int(end)
    key = slice(None if not start else int(start), stop, None if step == 1 else step)
    return _Meaning("index", (0,), {"key": (*[slice(None)] * axis, key)})


def _select(call: RecordedCall) -> _Meaning:
    axis = int(call.settings["dim"]) % len(call.shapes[0])
    return _Meaning("index", (0,), {"key": (*[slice(None)] * axis, int(call.settings["index"]))})


def _masked_fill(call: RecordedCall) -> _Meaning | None:
    if len(call.shapes) == 3:
        return _Meaning("masked_fill", (0, 1, 2))
    value = call.number("value", nan)
    return None if value is None else _Meaning("masked_fill", (0, 1, value))


def _clamp(call: RecordedCall) -> _Meaning | None:
    bounds = {name: call.get(name) for name in ("min", "max")}
    if len(call.shapes) != 1 or any(isinstance(bound, str) for bound in bounds.values()):
        return None
    return _Meaning("clip", (0,), {name: None if v is None else float(v) for name, v in bounds.items()})


def _leaky(call: RecordedCall) -> _Meaning:
    return _Meaning("leaky_relu", (0,), {"negative_slope": float(call.get("negative_slope", 0.01))})


def _elu(call: RecordedCall) -> _Meaning | None:
    if call.number("scale") != 1 or call.number("input_scale") != 1:
        return None
    return _Meaning("elu", (0,), {"alpha": float(call.get("alpha", 1.0))})


def _gelu(call: RecordedCall) -> _Meaning | None:
    gate = call.get("approximate", "none")
    return _Meaning("gelu", (0,), {"approximate": gate}) if gate in ("none", "tanh") else None


def _softplus(call: RecordedCall) -> _Meaning | None:
    is_ours = call.number("beta") == 1 and call.number("threshold", 20.0) == 20
    return _Meaning("softplus", (0,)) if is_ours else None


def _norm(call: RecordedCall) -> _Meaning | None:
    found, order = _reduction("norm")(call), call.number("ord", 2.0)
    if found is None or order is None or not 1 <= order < inf:
        return None
    return _Meaning("norm", (0,), {**found.settings, "ord": order})


def _named(names: Sequence[str], row: Callable[[str], _Row]) -> dict[str, _Row]:
    return {name: row(name) for name in names}


_TABLE: Final[Mapping[str, _Row]] = {
    **_named(("add", "sub", "mul", "div", "maximum", "minimum", "atan2"), _binary),
    "pow": _pow,
    "linear": _linear,
    "mm": _plain("matmul", 2),
    "bmm": _plain("matmul", 2),
    "mv": _plain("matmul", 2),
    "dot": _plain("dot", 2),
    "t": _plain("transpose"),
    "transpose": _transpose,
    "permute": _permute,
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "squeeze", "unsqueeze"), _reshape),
    "expand": _expand,
    "slice": _slice,
    "select": _select,
    "cat": _joining("concat"),
    "stack": _joining("stack"),
    "clone": lambda call: _Meaning("identity", (0,)),
    "contiguous": lambda call: _Meaning("identity", (0,)),
    "masked_fill": _masked_fill,
    "clamp": _clamp,
    "embedding": _embedding,
    "_softmax": _along("softmax"),
    "_log_softmax": _along("log_softmax"),
    "logsumexp": _reduction("logsumexp"),
    "sum": _reduction("sum"),
    "mean": _reduction("mean"),
    "max": _extremum("max", "maximum"),
    "min": _extremum("min", "minimum"),
    "amax": _reduction("max"),
    "amin": _reduction("min"),
    "var": _deviation("var"),
    "std": _deviation("std"),
    "linalg_vector_norm": _norm,
    "gelu": _gelu,
    "leaky_relu": _leaky,
    "elu": _elu,
    "softplus": _softplus,
    "mse_loss": _loss("mse"),
    "binary_cross_entropy_with_logits": _loss("bce_with_logits"),
    "smooth_l1_loss": _loss("smooth_l1", beta="beta"),
    "huber_loss": _loss("huber", delta="delta"),
    "nll_loss_forward": _nll,
    "native_layer_norm": _layer_norm,
    "native_batch_norm": _batch_norm,
    "native_group_norm": _group_norm,
    **dict.fromkeys(
        (
            "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_flash_attention",
            "_scaled_dot_product_efficient_attention",
        ),
        _attention,
    ),
    "split": _split,
    "convolution": _convolution,
    "max_pool2d_with_indices": _pool("max_pool2d"),
    "avg_pool2d": _pool("avg_pool2d"),
    "_adaptive_avg_pool2d": _adaptive,
}
"""Calls of ``aten`` by their names, without an underscore at the end: those that have settings, or another
name than the function in `pytorch_calls`.
"""
