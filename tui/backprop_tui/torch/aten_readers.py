# pyright: reportMissingImports=false
"""Readers of ATen operators that the declarations do not cover: other arguments, or several operators."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, TypeVar

import torch
from msgspec import Struct, structs

from backprop_engine.messages.message import msg
from backprop_tui.torch.aten import REDUCTIONS, AtenCall, AtenResult, derived, is_derived
from backprop_tui.torch.draft import ModuleCall, ProgramPlace, StepRef

__all__ = ["FLOAT32_CONSTANTS", "READERS", "LazyResult", "is_read", "read"]

Reader = Callable[[AtenCall], AtenResult]
_R = TypeVar("_R", bound=Reader)
READERS: Final[dict[str, Reader]] = {}
"""The readers, by the name of the ATen operator."""
FLOAT32_CONSTANTS: Final = frozenset(("hardsigmoid", "hardswish", "celu"))
"""Operators whose kernels have constants in float32, whatever they compute in."""
_END: Final = 2**62
"""A slice to the end of an axis ends above this."""


def read(call: AtenCall) -> AtenResult:
    """The result of a call; raises `UsageError` if no operator of ours computes it."""
    return READERS[call.name](call) if call.name in READERS else derived(call)


def is_read(name: str) -> bool:
    """Whether an ATen operator of this name can be translated."""
    return name in READERS or is_derived(name)


def _reads(*names: str) -> Callable[[_R], _R]:
    def register(reader: _R) -> _R:
        READERS.update(dict.fromkeys(names, reader))
        return reader

    return register


# What changes no number


@_reads(
    *("alias", "clone", "contiguous", "to", "_to_copy", "lift_fresh_copy", "lift_fresh", "type_as"),
    *("float", "double", "requires_grad", "positive", "resolve_conj", "resolve_neg"),
)
def _same(call: AtenCall) -> AtenResult:
    given = call.arguments.get("self", call.arguments.get("input"))
    assert given is not None
    return given


@_reads("detach", "detach_")
def _detach(call: AtenCall) -> AtenResult:
    return call.whole("detach", call["self"])


@_reads("dropout", "feature_dropout", "alpha_dropout", "native_dropout")
def _dropout(call: AtenCall) -> AtenResult:
    if call["p"] and call["train"]:
        raise _drawn_mask(call)
    return call["input"]


def _drawn_mask(call: AtenCall) -> Exception:
    return call.refuse(
        msg("its mask is drawn at random, so its gradients differ from run to run"),
        msg("call module.eval(), or set p=0"),
    )


# Arithmetic


@_reads("add", "sub", "rsub")
def _sum(call: AtenCall) -> AtenResult:
    first, second, alpha = call["self"], call["other"], call["alpha"]
    if alpha not in (None, 1):
        second = call.apply("mul", second, alpha)
    if call.name == "rsub":
        return call.whole("sub", second, first)
    return call.whole("sub" if call.name == "sub" else "add", first, second)


@_reads("div")
def _quotient(call: AtenCall) -> AtenResult:
    quotient = call.apply("div", call["self"], call["other"])
    match call["rounding_mode"]:
        case None:
            return quotient
        case "floor":
            return call.whole("floor", quotient)
    raise call.refuse(msg("{name}={value} is not supported", name="rounding_mode", value="trunc"))


@_reads("log2", "log10")
def _other_logarithm(call: AtenCall) -> AtenResult:
    return call.whole("div", call.apply("log", call["self"]), math.log(2 if call.name == "log2" else 10))


@_reads("exp2")
def _power_of_two(call: AtenCall) -> AtenResult:
    return call.whole("pow", 2.0, call["self"])


@_reads("addcmul", "addcdiv")
def _add_product(call: AtenCall) -> AtenResult:
    product = call.apply("mul" if call.name == "addcmul" else "div", call["tensor1"], call["tensor2"])
    if call["value"] != 1:
        product = call.apply("mul", call["value"], product)
    return call.whole("add", call["self"], product)


@_reads("lerp")
def _between(call: AtenCall) -> AtenResult:
    start, end = call["self"], call["end"]
    return call.whole("add", start, call.apply("mul", call["weight"], call.apply("sub", end, start)))


@_reads("hypot")
def _hypotenuse(call: AtenCall) -> AtenResult:
    squares = [call.apply("square", call[name]) for name in ("self", "other")]
    return call.whole("sqrt", call.apply("add", *squares))


@_reads("clamp_min", "clamp_max")
def _one_sided(call: AtenCall) -> AtenResult:
    side = call.name.removeprefix("clamp_")
    return call.whole("clip", call["self"], **{side: float(call[side])})


# Activations


@_reads("hardtanh")
def _hard_tanh(call: AtenCall) -> AtenResult:
    low, high = float(call["min_val"]), float(call["max_val"])
    named = {(-1.0, 1.0): "hard_tanh", (0.0, 6.0): "relu6"}.get((low, high))
    return call.whole(named, call["self"]) if named else call.whole("clip", call["self"], min=low, max=high)


@_reads("softplus")
def _softplus(call: AtenCall) -> AtenResult:
    beta = call["beta"]
    if beta == 1:
        return call.whole("softplus", call["self"])
    return call.whole("div", call.apply("softplus", call.apply("mul", call["self"], beta)), beta)


@_reads("threshold")
def _threshold(call: AtenCall) -> AtenResult:
    above = call.apply("greater", call["self"], call["threshold"])
    return call.whole("where", above, call["self"], call["value"])


@_reads("hardsigmoid", "hardswish")
def _hard_sigmoid(call: AtenCall) -> AtenResult:
    part = call.apply("div", call.apply("relu6", call.apply("add", call["self"], 3.0)), 6.0)
    return part if call.name == "hardsigmoid" else call.whole("mul", call["self"], part)


@_reads("celu")
def _celu(call: AtenCall) -> AtenResult:
    alpha = call["alpha"]
    if alpha == 1:
        return call.whole("elu", call["self"])
    return call.whole("mul", call.apply("elu", call.apply("div", call["self"], alpha)), alpha)


@_reads("elu")
def _elu(call: AtenCall) -> AtenResult:
    call.only(scale=1, input_scale=1)
    return call.whole("elu", call["self"], alpha=float(call["alpha"]))


@_reads("prelu", "_prelu_kernel")
def _prelu(call: AtenCall) -> AtenResult:
    x, weight = call["self"], call["weight"]
    shape = call.shape_of(x)
    if call.shape_of(weight) == (1,) or len(shape) < 2 or call.name == "_prelu_kernel":
        slopes = weight
    else:
        slopes = call.apply("reshape", weight, shape=(-1, *(1,) * (len(shape) - 2)))
    positive = call.apply("greater", x, 0.0)
    return call.whole("where", positive, x, call.apply("mul", slopes, x))


# Products


@_reads("mm", "bmm", "mv")
def _product(call: AtenCall) -> AtenResult:
    second = "vec" if call.name == "mv" else "mat2"
    return call.whole("matmul", call["self"], call[second])


@_reads("addmm", "baddbmm", "addmv")
def _add_matrices(call: AtenCall) -> AtenResult:
    vector = call.name == "addmv"
    factors = ("mat", "vec") if vector else ("mat1", "mat2") if call.name == "addmm" else ("batch1", "batch2")
    product: Any = call.apply("matmul", *(call[name] for name in factors))
    added = call["self"]
    if call["alpha"] != 1:
        product = call.apply("mul", product, call["alpha"])
    if call["beta"] != 1:
        added = call.apply("mul", added, call["beta"])
    return call.whole("add", product, added)


# Reductions


@_reads("max", "min")
def _extreme(call: AtenCall) -> AtenResult:
    if call.overload == "other":
        return call.whole("maximum" if call.name == "max" else "minimum", call["self"], call["other"])
    if call.overload != "dim":
        return call.whole(call.name, call["self"])
    where = {"axis": call["dim"], "keepdims": call["keepdim"]}
    return call.apply(call.name, call["self"], **where), LazyResult(
        call, f"arg{call.name}", [call["self"]], where
    )


class LazyResult(Struct, frozen=True, eq=False):
    """One of several results, which is computed only if it is used."""

    call: AtenCall
    op: str
    operands: Sequence[Any]
    settings: Mapping[str, Any]

    def made(self) -> StepRef:
        """The result, as a step of the draft."""
        return self.call.apply(self.op, *self.operands, **self.settings)


@_reads("var", "std")
def _spread(call: AtenCall) -> AtenResult:
    x = call["self"]
    if call.overload in ("default", "dim"):
        ddof = int(call["unbiased"])
    else:
        ddof = 1 if call["correction"] is None else int(call["correction"])
    return call.whole(call.name, x, axis=_axes(call["dim"]), keepdims=bool(call["keepdim"]), ddof=ddof)


@_reads("var_mean", "std_mean")
def _spread_and_mean(call: AtenCall) -> AtenResult:
    correction = call["unbiased"] if call["correction"] is None else call["correction"]
    ddof = 1 if correction is None else int(correction)
    where: dict[str, Any] = {"axis": _axes(call["dim"]), "keepdims": bool(call["keepdim"])}
    spread = call.apply(call.name.removesuffix("_mean"), call["self"], **where, ddof=ddof)
    return spread, call.apply("mean", call["self"], **where)


@_reads("prod")
def _prod(call: AtenCall) -> AtenResult:
    return call.whole("prod", call["self"], axis=call["dim"], keepdims=bool(call["keepdim"]))


@_reads("norm", "linalg_vector_norm", "frobenius_norm")
def _norm(call: AtenCall) -> AtenResult:
    order = call["p"] if call.name == "norm" else call["ord"]
    order = 2.0 if order is None else float(order)
    where = {"axis": _axes(call["dim"]), "keepdims": bool(call["keepdim"])}
    return call.whole("norm", call["self"], ord="inf" if order == math.inf else order, **where)


def _axes(dims: Any) -> Any:
    """The axes that are named, or all of them."""
    if not isinstance(dims, Sequence):
        return dims
    return None if not dims else dims[0] if len(dims) == 1 else tuple(dims)


# Shapes


@_reads("view", "reshape", "_unsafe_view", "unflatten", "view_as", "reshape_as", "_reshape_alias", "flatten")
def _reshape(call: AtenCall) -> AtenResult:
    x = call["self"]
    if call.shape == call.shape_of(x):
        return x
    if call.name == "flatten" and call["end_dim"] in (-1, len(call.shape_of(x)) - 1):
        return call.whole("flatten", x, start=call["start_dim"])
    return call.whole("reshape", x, shape=call.shape)


@_reads("expand", "expand_as", "broadcast_to")
def _expand(call: AtenCall) -> AtenResult:
    x = call["self"]
    return x if call.shape == call.shape_of(x) else call.whole("broadcast_to", x, shape=call.shape)


@_reads("broadcast_tensors")
def _broadcast(call: AtenCall) -> AtenResult:
    tensors = call["tensors"]
    shape = tuple(torch.broadcast_shapes(*map(call.shape_of, tensors)))
    same = [call.shape_of(one) == shape for one in tensors]
    pairs = zip(tensors, same, strict=True)
    return tuple(one if kept else call.apply("broadcast_to", one, shape=shape) for one, kept in pairs)


@_reads("t", "numpy_T", "mT", "adjoint", "matrix_H")
def _transposed(call: AtenCall) -> AtenResult:
    count = len(call.shape_of(call["self"]))
    if count == 2 or (call.name == "numpy_T" and count > 1):
        return call.whole("transpose", call["self"])
    return _permuted(call, {count - 2: count - 1, count - 1: count - 2}) if count > 2 else call["self"]


@_reads("transpose", "swapaxes", "swapdims")
def _swapped(call: AtenCall) -> AtenResult:
    count = len(call.shape_of(call["self"]))
    first, second = (axis % count for axis in list(call.arguments.values())[1:3])  # their names differ
    if first == second:
        return call["self"]
    if count == 2:
        return call.whole("transpose", call["self"])
    return _permuted(call, {first: second, second: first})


@_reads("movedim", "moveaxis")
def _moved(call: AtenCall) -> AtenResult:
    count = len(call.shape_of(call["self"]))
    pairs = (call[name] for name in ("source", "destination"))
    sources, targets = ([value] if isinstance(value, int) else value for value in pairs)
    order = [-1] * count
    for source, target in zip(sources, targets, strict=True):
        order[target % count] = source % count
    rest = iter([axis for axis in range(count) if axis not in order])
    return call.whole("permute", call["self"], axes=tuple(next(rest) if axis < 0 else axis for axis in order))


def _permuted(call: AtenCall, moved: Mapping[int, int]) -> StepRef:
    axes = range(len(call.shape_of(call["self"])))
    return call.whole("permute", call["self"], axes=tuple(moved.get(axis, axis) for axis in axes))


@_reads("squeeze")
def _squeeze(call: AtenCall) -> AtenResult:
    x = call["self"]
    shape = call.shape_of(x)
    if call.shape == shape:
        return x
    dims = range(len(shape)) if call["dim"] is None else call["dim"]
    named = [dims] if isinstance(dims, int) else dims
    axes = tuple(dim for dim in named if shape[dim] == 1)
    return call.whole("squeeze", x, axis=axes[0] if len(axes) == 1 else axes)


@_reads("unsqueeze")
def _unsqueeze(call: AtenCall) -> AtenResult:
    return call.whole("unsqueeze", call["self"], axis=call["dim"])


@_reads("select", "slice", "narrow")
def _slice(call: AtenCall) -> AtenResult:
    x, dim = call["self"], call["dim"]
    shape = call.shape_of(x)
    before = _all(dim % len(shape))
    if call.name == "select":
        return call.whole("index", x, key=(*before, call["index"]))
    if call.name == "narrow":
        start, stop, step = call["start"], call["start"] + call["length"], 1
    else:
        start, stop, step = call["start"], call["end"], call["step"]
    size = shape[dim]
    start, stop, step = slice(start, None if stop is None or stop > _END else stop, step).indices(size)
    if (start, stop, step) == (0, size, 1):
        return x
    return call.whole("index", x, key=(*before, _part(start, max(start, stop), step, size)))


def _part(start: int, stop: int, step: int, size: int) -> slice:
    """A slice without the parts that are the default."""
    return slice(start or None, None if stop == size else stop, None if step == 1 else step)


@_reads("chunk", "split", "split_with_sizes", "tensor_split", "unsafe_chunk", "unsafe_split")
def _pieces(call: AtenCall) -> AtenResult:
    x = call["self"]
    shape = call.shape_of(x)
    axis = call["dim"] % len(shape)
    how = next(value for name, value in call.arguments.items() if name not in ("self", "dim"))
    sizes = _sizes(call.name, shape[axis], how)
    if len(sizes) == 1:
        return (x,)
    if len(set(sizes)) == 1:
        parts = [{"parts": len(sizes), "index": number, "axis": axis} for number in range(len(sizes))]
        return tuple(LazyResult(call, "split", [x], settings) for settings in parts)
    edges = [0, *accumulate(sizes)]
    keys = [(*_all(axis), _part(start, stop, 1, shape[axis])) for start, stop in pairwise(edges)]
    return tuple(LazyResult(call, "index", [x], {"key": key}) for key in keys)


def _all(axes: int) -> tuple[slice, ...]:
    """What stands for the first axes in brackets."""
    return (slice(None),) * axes


def _sizes(name: str, size: int, given: Any) -> list[int]:
    """How long each piece is along its axis."""
    if "tensor_split" in name:
        if isinstance(given, int):
            return [size // given + (number < size % given) for number in range(given)]
        edges = [0, *(slice(edge).indices(size)[1] for edge in given), size]
        return [max(0, stop - start) for start, stop in pairwise(edges)]
    if not isinstance(given, int):
        return list(given)
    length = -(-size // given) if "chunk" in name else given
    return [min(length, size - start) for start in range(0, size, max(1, length))]


@_reads("unbind")
def _unbind(call: AtenCall) -> AtenResult:
    x, dim = call["self"], call["dim"]
    shape = call.shape_of(x)
    before = _all(dim % len(shape))
    return tuple(LazyResult(call, "index", [x], {"key": (*before, number)}) for number in range(shape[dim]))


@_reads("pad", "constant_pad_nd")
def _pad(call: AtenCall) -> AtenResult:
    if call["mode"] not in (None, "constant"):
        raise call.refuse(msg("{name}={value} is not supported", name="mode", value=call["mode"]))
    x, sides = call["self"], list(call["pad"])
    shape = call.shape_of(x)
    if not any(sides):
        return x
    if min(sides) < 0:
        raise call.refuse(msg("{name}={value} is not supported", name="pad", value=str(sides)))
    pairs = list(zip(sides[::2], sides[1::2], strict=True))
    width = ((0, 0),) * (len(shape) - len(pairs)) + tuple(reversed(pairs))
    return call.whole("pad", x, width=width, value=float(call["value"] or 0))


@_reads("repeat")
def _repeat(call: AtenCall) -> AtenResult:
    return call.whole("tile", call["self"], reps=tuple(call["repeats"]))


@_reads("diagonal")
def _diagonal(call: AtenCall) -> AtenResult:
    if len(call.shape_of(call["self"])) != 2:
        raise call.refuse(msg("only for a matrix"))
    call.only(dim1=0, dim2=1)
    return call.whole("diag", call["self"], diagonal=call["offset"])


@_reads("trace")
def _trace(call: AtenCall) -> AtenResult:
    return call.whole("sum", call.apply("diag", call["self"]))


# By index


@_reads("index")
def _index(call: AtenCall) -> AtenResult:
    x, indices = call["self"], call["indices"]
    if any(one is not None and not isinstance(one, torch.Tensor) for one in indices):
        raise call.refuse(msg("its {name} depends on an input or a parameter", name="indices"))
    if any(one is not None and (one.dtype == torch.bool or one.ndim != 1) for one in indices):
        raise call.refuse(
            msg("only lists of indices are supported here, no masks"),
            msg("torch.where(mask, x, 0) keeps the shape"),
        )
    given = [at for at, one in enumerate(indices) if one is not None]
    if len(given) == 1:
        return call.whole("index_select", x, indices[given[0]], axis=given[0])
    key = tuple(slice(None) if one is None else tuple(one.tolist()) for one in indices)
    return call.whole("index", x, key=key)


@_reads("index_select")
def _index_select(call: AtenCall) -> AtenResult:
    return call.whole("index_select", call["self"], call.constant("index"), axis=call["dim"])


@_reads("embedding")
def _embedding(call: AtenCall) -> AtenResult:
    indices, ignored = call.constant("indices"), call["padding_idx"]
    call.only(scale_grad_by_freq=False)
    if ignored != -1 and bool((indices == ignored).any()):
        raise call.refuse(
            msg("row {index} gets no gradient, because of padding_idx", index=ignored),
            msg("leave padding_idx out"),
        )
    return call.whole("embedding", call["weight"], indices)


@_reads("gather")
def _gather(call: AtenCall) -> AtenResult:
    return call.whole("gather", call["self"], call.constant("index"), axis=call["dim"])


@_reads("scatter", "scatter_add")
def _scatter(call: AtenCall) -> AtenResult:
    source, indices = call["value"] if call["src"] is None else call["src"], call.constant("index")
    call.only(reduce=None)
    return call.whole(call.name, call["self"], indices, source, axis=call["dim"])


@_reads("sort", "topk")
def _sorted(call: AtenCall) -> AtenResult:
    if call.name == "topk":
        where = {"k": call["k"], "axis": call["dim"], "largest": call["largest"]}
        return call.apply("topk", call["self"], **where), None
    where = {"axis": call["dim"], "descending": call["descending"]}
    return call.apply("sort", call["self"], **where), LazyResult(call, "argsort", [call["self"]], where)


@_reads("argsort")
def _argsort(call: AtenCall) -> AtenResult:
    return call.whole("argsort", call["self"], axis=call["dim"], descending=call["descending"])


# Normalisation and convolution


@_reads("layer_norm", "rms_norm")
def _layer_norm(call: AtenCall) -> AtenResult:
    operands = [call["input"], call["weight"], *([call["bias"]] if call.name == "layer_norm" else [])]
    while operands[-1] is None:
        operands.pop()
    eps = torch.finfo(torch.get_default_dtype()).eps if call["eps"] is None else call["eps"]
    return call.whole(call.name, *operands, axis=-len(call["normalized_shape"]), eps=float(eps))


@_reads("batch_norm", "instance_norm")
def _batch_norm(call: AtenCall) -> AtenResult:
    training = call["training"] if call.name == "batch_norm" else call["use_input_stats"]
    statistics = [call["running_mean"], call["running_var"]]
    affine = [one for one in (call["weight"], call["bias"]) if one is not None]
    if training and statistics[0] is not None:
        raise call.refuse(
            msg("it updates running statistics, which a scenario cannot do"),
            msg("call module.eval(), or make the layer with track_running_stats=False"),
        )
    if training:
        return call.whole(call.name, call["input"], *affine, eps=call["eps"])
    return call.whole("batch_norm_inference", call["input"], *statistics, *affine, eps=call["eps"])


@_reads("conv1d", "conv2d")
def _convolution(call: AtenCall) -> AtenResult:
    padding = call["padding"]
    if padding == "valid":
        call.arguments = {**call.arguments, "padding": [0]}
    elif padding == "same":
        sizes, dilation = call.shape_of(call["weight"])[2:], call["dilation"]
        spans = [step * (size - 1) for step, size in zip(_each(dilation, len(sizes)), sizes, strict=True)]
        if any(span % 2 for span in spans):
            raise call.refuse(msg("{name}={value} is not supported", name="padding", value="'same'"))
        call.arguments = {**call.arguments, "padding": [span // 2 for span in spans]}
    return derived(call)


@_reads("native_layer_norm", "native_group_norm")
def _native_layer_norm(call: AtenCall) -> AtenResult:
    affine = [one for one in (call["weight"], call["bias"]) if one is not None]
    if call.name == "native_group_norm":
        where: dict[str, Any] = {"num_groups": call["group"]}
    else:
        where = {"axis": -len(call["normalized_shape"])}
    op = call.name.removeprefix("native_")
    return call.apply(op, call["input"], *affine, **where, eps=call["eps"]), None, None


@_reads("_native_batch_norm_legit_no_training", "_native_batch_norm_legit")
def _native_batch_norm(call: AtenCall) -> AtenResult:
    affine = [one for one in (call["weight"], call["bias"]) if one is not None]
    if call["training"]:
        call.only(running_mean=None)
        return call.apply("batch_norm", call["input"], *affine, eps=call["eps"]), None, None
    operands = [call["input"], call["running_mean"], call["running_var"], *affine]
    return call.apply("batch_norm_inference", *operands, eps=call["eps"]), None, None


def _each(value: Any, count: int) -> Sequence[int]:
    return [value] * count if isinstance(value, int) else list(value) * (count // len(value))


@_reads("adaptive_max_pool1d", "adaptive_max_pool2d")
def _adaptive_max_pool(call: AtenCall) -> AtenResult:
    sizes = call["output_size"]
    size = sizes[0] if len(set(sizes)) == 1 else tuple(sizes)
    return call.apply(call.name, call["self"], output_size=size), None


@_reads("upsample_nearest1d", "upsample_nearest2d", "upsample_linear1d", "upsample_bilinear2d")
def _upsample(call: AtenCall) -> AtenResult:
    mode = call.name.removeprefix("upsample_").rstrip("12d")
    factors = call["scale_factors"] or None
    sizes = None if factors else tuple(call.shape or ())[2:]
    given = call["input"] if call["self"] is None else call["self"]
    where: dict[str, Any] = {"size": sizes} if sizes else {"scale_factor": tuple(map(float, factors or ()))}
    return call.whole("interpolate", given, mode=mode, align_corners=bool(call["align_corners"]), **where)


# Losses


@_reads("cross_entropy_loss", "nll_loss", "nll_loss_nd", "nll_loss2d")
def _cross_entropy(call: AtenCall) -> AtenResult:
    logits, target, weight = call["self"], call.constant("target"), call["weight"]
    count = len(call.shape_of(logits))
    if count > 2:  # our classes are on the last axis, PyTorch's on axis 1
        logits = call.apply("permute", logits, axes=(0, *range(2, count), 1))
        target = target.movedim(1, -1) if target.is_floating_point() else target
    ignored = None if call["ignore_index"] in (-100, None) else call["ignore_index"]
    where: dict[str, Any] = {"reduction": REDUCTIONS[call["reduction"]], "ignore_index": ignored}
    operands = [logits, target, *([] if weight is None else [weight])]
    if call.name != "cross_entropy_loss":
        return call.whole("nll", *operands, **where)
    return call.whole("softmax_with_loss", *operands, **where, label_smoothing=float(call["label_smoothing"]))


@_reads("kl_div")
def _kl_div(call: AtenCall) -> AtenResult:
    reduction = REDUCTIONS[call["reduction"]]
    target = call["target"]
    if call["log_target"]:
        target = call.apply("exp", target)
    return call.whole("kl_div", call["self"], target, reduction=reduction)


@_reads("binary_cross_entropy", "binary_cross_entropy_with_logits")
def _binary_cross_entropy(call: AtenCall) -> AtenResult:
    reduction = REDUCTIONS[call["reduction"]]
    operands = [call["self"], call["target"], *([] if call["pos_weight"] is None else [call["pos_weight"]])]
    op = "bce" if call.name == "binary_cross_entropy" else "bce_with_logits"
    if call["weight"] is None:
        return call.whole(op, *operands, reduction=reduction)
    weighted = call.apply("mul", call["weight"], call.apply(op, *operands, reduction="none"))
    return weighted if reduction == "none" else call.whole(reduction, weighted)


# Attention and cells


@_reads("scaled_dot_product_attention")
def _attention(call: AtenCall) -> AtenResult:
    call.only(dropout_p=0.0, enable_gqa=False)
    mask = call["attn_mask"]
    operands = [call["query"], call["key"], call["value"], *([] if mask is None else [mask])]
    additive = mask is not None and not (isinstance(mask, torch.Tensor) and mask.dtype == torch.bool)
    where = {"causal": call["is_causal"], "scale": call["scale"], "additive": additive}
    return call.whole("scaled_dot_product_attention", *operands, **where)


@_reads("lstm_cell")
def _lstm_cell(call: AtenCall) -> AtenResult:
    return _lstm_step(call, call["input"], call["hx"], _weights(call))


@_reads("gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
def _cell(call: AtenCall) -> AtenResult:
    return _STEPS[call.name.removesuffix("_cell")](call, call["input"], [call["hx"]], _weights(call))[0]


def _weights(call: AtenCall) -> list[Any]:
    return [call[name] for name in ("w_ih", "w_hh", "b_ih", "b_hh") if call[name] is not None]


def _lstm_step(call: AtenCall, x: Any, state: Sequence[Any], weights: Sequence[Any]) -> tuple[Any, ...]:
    origin, both = call.draft.origin, call.apply("lstm_cell", x, *state, *weights)
    results = []
    for number in (0, 1):
        call.draft.origin = structs.replace(origin, text="h, c = lstm_cell(x, h, c)", item=number)
        results.append(call.apply("index", both, key=(number,)))
    call.draft.origin = origin
    return tuple(results)


def _gru_step(call: AtenCall, x: Any, state: Sequence[Any], weights: Sequence[Any]) -> tuple[Any, ...]:
    return (call.apply("gru_cell", x, *state, *weights),)


def _rnn_step(activation: str) -> Callable[..., tuple[Any, ...]]:
    def step(call: AtenCall, x: Any, state: Sequence[Any], weights: Sequence[Any]) -> tuple[Any, ...]:
        from_input = call.apply("linear", x, weights[0], *weights[2:3])
        from_state = call.apply("linear", state[0], weights[1], *weights[3:4])
        return (call.apply(activation, call.apply("add", from_input, from_state)),)

    return step


_STEPS: Final[Mapping[str, Callable[..., tuple[Any, ...]]]] = {
    "lstm": _lstm_step,
    "gru": _gru_step,
    "rnn_tanh": _rnn_step("tanh"),
    "rnn_relu": _rnn_step("relu"),
}


@_reads("lstm", "gru", "rnn_tanh", "rnn_relu")
def _unrolled(call: AtenCall) -> AtenResult:
    """A recurrent layer, or a few on top of each other, step by step."""
    if call.overload != "input":
        raise call.refuse(msg("a packed sequence is not supported"))
    if call["train"] and call["dropout"]:
        raise _drawn_mask(call)
    call.only(bidirectional=False)
    step = _STEPS[call.name]
    starts = call["hx"] if call.name == "lstm" else [call["hx"]]
    axis = 1 if call["batch_first"] else 0
    length, layers = call.shape_of(call["input"])[axis], call["num_layers"]
    each, origin = len(call["params"]) // layers, call.draft.origin
    states: list[Any] = [None] * length
    ends: list[Sequence[Any]] = []
    for layer in range(layers):
        weights = call["params"][each * layer : each * (layer + 1)]
        state: Sequence[Any] = [_row(call, start, layer) for start in starts]
        for t in range(length):
            x = states[t] if layer else call.apply("index", call["input"], key=(*_all(axis), t))
            call.draft.origin = _within(origin, f"l{layer}_t{t}" if layers > 1 else f"t{t}")
            state = step(call, x, state, weights)
            states[t] = state[0]
            call.draft.origin = origin
        ends.append(state)
    last = [LazyResult(call, "stack", states_of, {"axis": 0}) for states_of in zip(*ends, strict=True)]
    return LazyResult(call, "stack", states, {"axis": axis}), *last


def _within(origin: ProgramPlace, name: str) -> ProgramPlace:
    """A step of a recurrent layer as if it were a module within it."""
    if not origin.modules:
        return origin
    layer = origin.modules[-1]
    cell = ModuleCall(f"{layer.key}.{name}", f"{layer.path}.{name}", f"{layer.kind}Step")
    return structs.replace(origin, modules=(*origin.modules, cell), text="")


def _row(call: AtenCall, start: Any, layer: int) -> Any:
    return start[layer] if isinstance(start, torch.Tensor) else call.apply("index", start, key=(layer,))
