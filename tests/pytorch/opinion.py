"""PyTorch's opinion: every operator once more in its terms, in float64, and graphs run through it.

Nothing here looks at a rule, a forward function or a shape rule of the engine. A definition is PyTorch's
own function wherever there is one, so that its derivative is PyTorch's own too.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import opinion_indices
import opinion_layers
import torch
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.graph import Graph, Kind

Definition: TypeAlias = Callable[..., Any]

ARITHMETIC: dict[str, Definition] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "neg": torch.neg,
    "pow": torch.pow,
    "square": torch.square,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "reciprocal": torch.reciprocal,
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "expm1": torch.expm1,
    "abs": torch.abs,
    "sign": torch.sign,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "atan2": torch.atan2,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "mod": torch.remainder,
    "erf": torch.erf,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "clip": torch.clamp,
    "where": lambda condition, a, b: torch.where(condition != 0, a, b),
    "identity": torch.clone,
    "detach": torch.detach,
}

COMPARISONS: dict[str, Definition] = {
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "equal": torch.eq,
    "not_equal": torch.ne,
}

ACTIVATIONS: dict[str, Definition] = {
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "hard_tanh": F.hardtanh,
    "relu6": F.relu6,
    # F.softplus is linear from its threshold of 20 on
    "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),
    "log_sigmoid": F.logsigmoid,
    "silu": F.silu,
    "mish": F.mish,
    "gelu": F.gelu,
}

LINEAR: dict[str, Definition] = {
    "hadamard": torch.mul,
    "dot": torch.dot,
    "outer": torch.outer,
    "matmul": torch.matmul,
    "linear": F.linear,
    "einsum": lambda *operands, subscripts: torch.einsum(subscripts, *operands),
}


def _axes(a: Any, axis: Any) -> tuple[int, ...]:
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis)
    return tuple(int(one) for one in axes)


def _over(function: Definition) -> Definition:
    """A reduction over several axes at once; with none, PyTorch would take all, so a scalar goes as it is."""
    return lambda a, axis, keepdims, **more: function(a, dim=_axes(a, axis), keepdim=keepdims, **more)


def _spread(function: Definition) -> Definition:
    """As `_over`; a scalar, which has no axes to name, goes with one axis."""

    def reduced(a: Any, axis: Any, keepdims: bool, ddof: int) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(var|std).*degrees of freedom", UserWarning)
            if a.ndim == 0:
                return function(a.reshape(1), dim=0, correction=ddof)
            return function(a, dim=_axes(a, axis), keepdim=keepdims, correction=ddof)

    return reduced


def _prod(a: Any, axis: Any, keepdims: bool) -> Any:
    """`torch.prod` takes one axis at a time."""
    if a.ndim == 0:
        return a.prod()
    for one in sorted((one % a.ndim for one in _axes(a, axis)), reverse=True):
        a = a.prod(dim=one, keepdim=keepdims)
    return a


def _norm(a: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
    return torch.linalg.vector_norm(a, float(ord), dim=_axes(a, axis), keepdim=keepdims)


REDUCTIONS: dict[str, Definition] = {
    "sum": _over(torch.sum),
    "mean": _over(torch.mean),
    "max": _over(torch.amax),
    "min": _over(torch.amin),
    "logsumexp": _over(torch.logsumexp),
    "norm": _norm,
    "var": _spread(torch.var),
    "std": _spread(torch.std),
    "prod": _prod,
    "cumsum": lambda a, axis: torch.cumsum(a, dim=axis),
    "cumprod": lambda a, axis: torch.cumprod(a, dim=axis),
}


def _indexed(a: Any, key: tuple[Any, ...]) -> Any:
    """By PyTorch's own brackets; axis by axis where a slice runs backwards, which its own cannot."""
    if all(not isinstance(one, slice) or (one.step or 1) > 0 for one in key):
        return a[tuple(list(one) if isinstance(one, tuple) else one for one in key)]
    axis = 0
    for one in key:
        if isinstance(one, slice):
            entries = list(range(*one.indices(a.shape[axis])))
            a = a.index_select(axis, torch.tensor(entries, dtype=torch.int64))
            axis += 1
        else:
            a = a.select(axis, one)
    return a


def _unsqueezed(a: Any, axis: Any) -> Any:
    axes = np.atleast_1d(axis)
    for one in sorted(int(each) % (a.ndim + len(axes)) for each in axes):
        a = a.unsqueeze(one)
    return a


def _padded(a: Any, width: Any, value: float) -> Any:
    return F.pad(a, [side for pair in reversed(width) for side in pair], value=value)


SHAPE: dict[str, Definition] = {
    "reshape": torch.reshape,
    "flatten": lambda a, start: torch.flatten(a, start_dim=start),
    "transpose": lambda a: a.permute(tuple(reversed(range(a.ndim)))),
    "permute": lambda a, axes: a.permute(axes),
    "squeeze": lambda a, axis: a.squeeze() if axis is None else a.squeeze(axis),
    "unsqueeze": _unsqueezed,
    "broadcast_to": lambda a, shape: a.broadcast_to(tuple(shape)),
    "concat": lambda *operands, axis: torch.cat(operands, dim=axis),
    "stack": lambda *operands, axis: torch.stack(operands, dim=axis),
    "split": lambda a, parts, index, axis: torch.tensor_split(a, parts, dim=axis)[index],
    "index": _indexed,
    "gather": lambda a, indices, axis: torch.gather(a, axis, indices % a.shape[axis]),
    "embedding": lambda weight, indices: F.embedding(indices, weight),
    "pad": _padded,
    "flip": lambda a, axis: torch.flip(a, _axes(a, axis)),
    "tile": lambda a, reps: torch.tile(a, tuple(reps)),
}


def _layer_norm(a: Any, weight: Any = None, bias: Any = None, *, axis: int, eps: float) -> Any:
    return F.layer_norm(a, a.shape[axis:], weight, bias, eps)


def _rms_norm(a: Any, weight: Any = None, *, axis: int, eps: float) -> Any:
    return F.rms_norm(a, a.shape[axis:], weight, eps)


def _batch_norm(a: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    return F.batch_norm(a, None, None, weight, bias, training=True, eps=eps)


NORMALISATION: dict[str, Definition] = {
    "softmax": lambda a, axis: torch.softmax(a, dim=axis),
    "log_softmax": lambda a, axis: torch.log_softmax(a, dim=axis),
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "batch_norm": _batch_norm,
    # F.dropout draws its own mask
    "dropout": lambda a, mask, p: torch.where(mask != 0, a / (1.0 - p), torch.zeros_like(a)),
}

CONVOLUTION: dict[str, Definition] = {
    "conv1d": F.conv1d,
    "conv2d": F.conv2d,
    "max_pool1d": F.max_pool1d,
    "max_pool2d": F.max_pool2d,
    "avg_pool1d": F.avg_pool1d,
    "avg_pool2d": F.avg_pool2d,
}


def _classes_second(a: Any) -> Any:
    """PyTorch's classification losses want the classes on axis 1; a single row has them on axis 0."""
    return a if a.ndim < 2 else a.movedim(-1, 1)


def _ignored(ignore_index: int | None) -> int:
    return -(2**31) if ignore_index is None else ignore_index


def _nll(log_p: Any, target: Any, weight: Any = None, *, reduction: str, ignore_index: int | None) -> Any:
    log_p = _classes_second(log_p)
    return F.nll_loss(log_p, target, weight, reduction=reduction, ignore_index=_ignored(ignore_index))


def _cross_entropy(
    a: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int | None,
    label_smoothing: float,
) -> Any:
    target = target if target.ndim < a.ndim else _classes_second(target)
    return F.cross_entropy(
        _classes_second(a),
        target,
        weight,
        reduction=reduction,
        ignore_index=_ignored(ignore_index),
        label_smoothing=label_smoothing,
    )


def _hinge(a: Any, target: Any, reduction: str, margin: float) -> Any:
    return F.margin_ranking_loss(a, torch.zeros_like(a), target, margin=margin, reduction=reduction)


CLAMP_IS_OPEN = bool(
    torch.autograd.functional.vjp(lambda a: a.clamp(max=1.0), torch.ones(()), torch.ones(()))[1]
)
"""Whether a gradient passes `torch.clamp` at the bounds themselves, as it does before PyTorch 2.14."""


def _clip_open_at_its_bounds(a: Any, min: float | None = None, max: float | None = None) -> Any:
    if CLAMP_IS_OPEN:
        return torch.clamp(a, min, max)
    clipped = torch.clamp(a, min, max).detach()
    return torch.where(clipped == a, a, clipped)


def _hinge_flat_at_its_margin(a: Any, target: Any, reduction: str, margin: float) -> Any:
    losses = F.relu(margin - target * a)
    return losses if reduction == "none" else getattr(losses, reduction)()


def _kl_div(log_p: Any, target: Any, reduction: str) -> Any:
    """The mean over entries of PyTorch's own ``none``; its ``mean`` warns that it will become another one."""
    if reduction == "mean":
        return F.kl_div(log_p, target, reduction="none").mean()
    return F.kl_div(log_p, target, reduction=reduction)


LOSSES: dict[str, Definition] = {
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": F.huber_loss,
    "smooth_l1": F.smooth_l1_loss,
    "bce": F.binary_cross_entropy,
    "bce_with_logits": lambda a, target, pos_weight=None, **more: F.binary_cross_entropy_with_logits(
        a, target, pos_weight=pos_weight, **more
    ),
    "hinge": _hinge,
    "kl_div": _kl_div,
    "nll": _nll,
    "softmax_with_loss": _cross_entropy,
}


def _attention(
    q: Any,
    k: Any,
    v: Any,
    mask: Any = None,
    *,
    causal: bool,
    scale: float | None,
    additive: bool,
    heads: int,
) -> Any:
    """PyTorch takes either a mask or `is_causal`, which then goes into the mask."""
    if heads > 1:
        q, k, v = (each.unflatten(-1, (heads, -1)).transpose(-3, -2) for each in (q, k, v))
        whole = _attention(q, k, v, mask, causal=causal, scale=scale, additive=additive, heads=1)
        return whole.transpose(-3, -2).flatten(-2)
    if mask is not None and not additive:
        mask = mask != 0
    if mask is not None and causal:
        earlier = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril()
        mask = mask.masked_fill(~earlier, -torch.inf) if additive else mask & earlier
        causal = False
    if mask is not None:
        mask = mask.broadcast_to((*mask.shape[:-2], q.shape[-2], k.shape[-2]))
    return F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, scale=scale)


ATTENTION: dict[str, Definition] = {
    "scaled_dot_product_attention": _attention,
}

OWN: dict[str, Definition] = {
    "binarise": torch.sign,
    "cubed": lambda a: a * a * a,
    "diagonal_softmax": lambda a: torch.softmax(a, -1),
    "forgetful_sigmoid": torch.sigmoid,
    "frozen_norm": lambda a: F.layer_norm(a, a.shape),
    "hand_matmul": torch.matmul,
    "log_cosh": lambda r: torch.log(torch.cosh(r)).mean(),
    "own_huber": lambda r: F.huber_loss(r, torch.zeros_like(r)),
    "own_mish": F.mish,
    "own_norm": lambda a, weight: F.rms_norm(a, a.shape, weight, 1e-5),
    "reverse": torch.clone,
    "squared_hinge": lambda s, y: (F.relu(1 - y * s) ** 2).mean(),
    "sum_for_mean": F.mse_loss,
    "swish": lambda a, beta: a * torch.sigmoid(beta * a),
    "transposed_matmul": torch.matmul,
}
"""What bundled scenarios define for themselves."""

DEFINITIONS: Mapping[str, Definition] = (
    ARITHMETIC | COMPARISONS | ACTIVATIONS | LINEAR | REDUCTIONS | SHAPE | NORMALISATION | CONVOLUTION
    | LOSSES | ATTENTION | opinion_indices.DEFINITIONS | opinion_layers.DEFINITIONS | OWN
)  # fmt: skip


def _pooled_with_shared_ties(
    axes: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Any:
    """Pooling by `amax`, which hands an equal share to every entry that has the maximum."""
    pooled = F.max_pool1d if axes == 1 else F.max_pool2d
    wanted = pooled(x, kernel_size, stride, padding, dilation, ceil_mode).shape[-axes:]
    settings = (kernel_size, kernel_size if stride is None else stride, padding, dilation)
    spread = (np.broadcast_to(one, axes).tolist() for one in settings)
    for axis, count, k, step, pad, d in zip(range(-axes, 0), wanted, *spread, strict=True):
        reach = d * (k - 1) + 1
        after = max(pad, (count - 1) * step + reach - x.shape[axis] - pad)
        x = F.pad(x.movedim(axis, -1), (pad, after), value=-torch.inf).unfold(-1, reach, step)
        x = x[..., ::d].amax(dim=-1).movedim(-1, axis)
    return x


OUR_CONVENTIONS: Mapping[str, Definition] = {
    **{f"max_pool{axes}d": partial(_pooled_with_shared_ties, axes) for axes in (1, 2)},
    "clip": _clip_open_at_its_bounds,
    "hinge": _hinge_flat_at_its_margin,
}
"""Definitions with the engine's convention where PyTorch's own function has another: `F.max_pool2d` hands a
tie's whole gradient to the first entry, and at its bounds clamp passes or stops a gradient, by version."""


class Opinion(NamedTuple):
    """PyTorch's values and gradients of a graph's nodes by position; None where no gradient flows."""

    values: list[Any]
    gradients: list[Any]


def tensor(value: Any) -> Any:
    """A tensor of its own memory: whole numbers as they are, all others in float64."""
    array = np.asarray(value)
    return torch.from_numpy(np.array(array, dtype=np.int64 if array.dtype.kind in "iu" else np.float64))


def apply(name: str, operands: list[Any], attributes: Mapping[str, Any], **more: Definition) -> Any:
    """An operator's output by its definition, or by the one in `more`; comparisons as 0 and 1."""
    out = (more.get(name) or DEFINITIONS[name])(*operands, **attributes)
    out = out.to(torch.float64) if out.dtype is torch.bool else out
    # some functions return their operand itself, whose gradient would then be that of both
    return out.clone() if any(out is operand for operand in operands) else out


def run(graph: Graph, bindings: Bindings, definitions: Mapping[str, Definition] | None = None) -> Opinion:
    """Forward and backward through `graph`, keeping every gradient."""
    compute = partial(apply, **(definitions or {}))
    values: list[Any] = []
    for node in graph.nodes:
        if node.op is not None:
            value = compute(node.op.name, [values[one] for one in node.operands], node.attributes)
            if value.requires_grad:
                value.retain_grad()
        else:
            given = bindings.leaves if node.position in bindings.leaves else graph.literals
            value = tensor(given[node.position])
            value.requires_grad_(node.kind in (Kind.INPUT, Kind.PARAM))
        values.append(value)
    output = values[graph.output]
    if output.requires_grad:
        output.backward(tensor(bindings.seed))
    gradients = [value.grad for value in values]
    return Opinion(
        [value.detach().numpy() for value in values],
        [None if gradient is None else gradient.numpy() for gradient in gradients],
    )
