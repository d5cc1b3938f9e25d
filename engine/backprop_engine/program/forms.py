"""What each operator computes, as an expression that NumPy can carry out.

Most of the table is NumPy's own, or is written as in the table; here stand those that are neither. A form is
an expression over the operands' names; `{axis}` and the like stand for settings.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final

from backprop_engine.arrays import Shape
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.ops import Op

__all__ = ["call_text", "forward_text", "setting_text"]

_FORMS: Final = {
    "square": "a ** 2",
    "reciprocal": "1 / a",
    "rsqrt": "1 / sqrt(a)",
    "hadamard": "a * b",
    "detach": "a",
    "relu": "maximum(a, 0)",
    "relu6": "clip(a, 0, 6)",
    "hard_tanh": "clip(a, -1, 1)",
    "leaky_relu": "where(a > 0, a, {negative_slope} * a)",
    "elu": "where(a > 0, a, {alpha} * expm1(a))",
    "selu": "1.0507009873554805 * where(a > 0, a, 1.6732632423543772 * expm1(a))",
    "sigmoid": "1 / (1 + exp(-a))",
    "softplus": "logaddexp(0, a)",
    "log_sigmoid": "-softplus(-a)",
    "silu": "a * sigmoid(a)",
    "mish": "a * tanh(softplus(a))",
    "dropout": "a * mask / (1 - {p})",
    "embedding": "take(weight, indices, axis=0)",
    "split": "split(a, {parts}, axis={axis})[{index}]",
    "flatten": "reshape(a, shape={result})",
    "pad": "pad(a, width={width}, constant_values={value})",
    "scaled_dot_product_attention": "attention_weights(q, k, causal={causal}) @ v",
}

_GELU: Final = {
    "none": "a * (1 + erf(a / sqrt(2))) / 2",
    "tanh": "a * (1 + tanh(sqrt(2 / pi) * (a + 0.044715 * a ** 3))) / 2",
}

_CELLS: Final = {
    "mse": "(a - target) ** 2",
    "mae": "abs(a - target)",
    "huber": "where(abs(a - target) <= {delta}, (a - target) ** 2 / 2, "
    "{delta} * (abs(a - target) - {delta} / 2))",
    "bce": "-(target * log(p) + (1 - target) * log1p(-p))",
    "bce_with_logits": "target * softplus(-a) + (1 - target) * softplus(a)",
    "hinge": "maximum({margin} - target * a, 0)",
    "kl_div": "where(target == 0, 0, target * (log(target) - log_p))",
}
"""Losses before they are reduced."""


def forward_text(graph: Graph, node: Node) -> str:
    """What a computed node is, over the operands' names of its operator."""
    op = node.op
    assert op is not None
    shapes = [graph.nodes[operand].shape for operand in node.operands]
    settings = {name: setting_text(value) for name, value in node.attributes.items()}
    if op.name in _CELLS:
        return _reduced(_CELLS[op.name].format(**settings), node.attributes["reduction"], shapes[0])
    match op.name:
        case "nll" | "softmax_with_loss":
            return _class_loss(op.name, shapes, node)
        case "clip":
            return _clip(node.attributes["min"], node.attributes["max"])
        case "gelu":
            return _GELU[node.attributes["approximate"]]
        case "linear":
            return "x @ weight.T" + " + bias" * (len(shapes) > 2)
    form = op.written or _FORMS.get(op.name)
    if form:
        return form.format(**settings, result=setting_text(node.shape))
    return call_text(op, node)


def call_text(op: Op, node: Node) -> str:
    """The operator by its name, with the settings that are not as they are by default."""
    given = [
        f"{one.name}={setting_text(node.attributes[one.name])}"
        for one in op.attributes
        if node.attributes[one.name] != one.default
    ]
    return f"{op.name}({', '.join([*op.names(len(node.operands)), *given])})"


def setting_text(value: Any) -> str:
    """A setting as an expression writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"[{', '.join(map(setting_text, value))}]" if isinstance(value, tuple) else str(value)


def _clip(least: float | None, most: float | None) -> str:
    """A bound that is left out is none."""
    if least is not None and most is not None:
        return f"clip(a, {least}, {most})"
    if least is not None:
        return f"maximum(a, {least})"
    return "a" if most is None else f"minimum(a, {most})"


def _reduced(cells: str, reduction: str, shape: Shape) -> str:
    if reduction == "none" or not shape:
        return cells
    if reduction == "batchmean":
        return f"sum({cells}) / {shape[0]}"
    return f"{reduction}({cells})"


def _class_loss(name: str, shapes: list[Shape], node: Node) -> str:
    """Minus the log-probability of the right class, or of the targets' classes by their shares."""
    (*batch, classes), settings = shapes[0], node.attributes
    by_index = len(shapes[1]) < len(shapes[0])
    target = f"one_hot(target, {classes})" if by_index else "target"
    smoothing, ignore = settings.get("label_smoothing", 0.0), settings["ignore_index"]
    if smoothing:
        target = f"({1 - smoothing} * {target} + {smoothing / classes})"
    log_p = "log_p" if name == "nll" else "log_softmax(a)"
    rows = f"-sum({target} * {log_p}, axis=-1)"
    if ignore is not None and by_index:
        rows = f"(target != {ignore}) * ({rows})"
        if settings["reduction"] == "mean":
            return f"sum({rows}) / sum(target != {ignore})"
    if settings["reduction"] == "mean" and prod(batch) == 1:
        return f"sum({rows})" if batch else rows
    return _reduced(rows, settings["reduction"], tuple(batch))
