"""Names of gradients, and formulas with a graph's own names or numbers in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from functools import lru_cache

from backprop_engine.expressions import (
    Attribute,
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Unary,
    Value,
    parse,
    render,
    walk,
)
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import OPS
from backprop_engine.ops.attributes import index_key, key_text, setting_text

__all__ = [
    "SIZED",
    "SUBSCRIPTS",
    "as_factor",
    "chain_text",
    "derivative",
    "formula",
    "gradient_name",
    "loss_name",
    "mathematical",
    "operand_text",
    "rule_text",
    "sized",
    "whole_formula",
]

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SIZED = {"eye": "I", "ones": "ones"}
"""The unit matrix and the column of ones, which have their size as an index."""
_MINUS = re.compile(r"(?<= )-(?= )|(?<![^\s(,=])-(?=[^\s\d.])")
"""A minus between two operands, or before what is not a number."""
_NEGATED = re.compile(r"−(-(?:\d+(?:\.\d+)?(?:e-?\d+)?|inf)\b)")
"""A negative number right after a minus."""
_ARGUMENTS = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_NEGATIVE = re.compile(
    r"(?<=[·⊙/+−@] )([-−](?:\d+(?:\.\d+)?(?:e-?\d+)?|[^\W\d][\w.#⁻]*(?:\[[^\]]*\]|"
    + _ARGUMENTS
    + r")*))(?![\w.#(\[^])"
)
"""A negative number, symbol or call after another sign."""


def gradient_name(graph: Graph, node: Node) -> str:
    """``∂L/∂x``: the gradient of the loss with respect to x."""
    return f"∂{loss_name(graph)}/∂{operand_text(node)}"


def loss_name(graph: Graph) -> str:
    """What is differentiated: the output, if it is called like a loss, or else a loss ``L`` that it is, or
    that is assumed to follow it. So ∂L/∂q, a total derivative, and ∂f/∂q, a local one, are distinguished.

    Inside an operator it is what the whole run differentiates.
    """
    return graph.loss_name


def derivative(node: Node, operand: Node) -> str:
    """``∂q/∂x``: the local gradient of q with respect to its operand x."""
    return f"∂{node.name}/∂{operand_text(operand)}"


def operand_text(node: Node) -> str:
    """How a node is called where it is an operand: by its name, a literal by its number."""
    return node.name or node.text


def formula(graph: Graph, node: Node, spell: Callable[[Node], str] = operand_text) -> str:
    """What a computed node is: an operator over its operands, ``x + y``, each written as `spell` says."""
    op = node.op
    assert op is not None
    operands = [spell(graph.nodes[operand]) for operand in node.operands]
    if (key := index_key(node.attributes)) is not None:
        return f"{operands[0]}[{key_text(key)}]"
    if op.written:
        names = op.names(len(operands))
        pairs = zip(names, node.operands, strict=True)
        numbers = {name for name, operand in pairs if not graph.nodes[operand].shape}
        shown = dict(zip(names, operands, strict=True))
        return mathematical(_replaced(op.written, shown, lambda binary: _sign_in_file(binary, numbers)))
    settings = [
        f"{attribute.name}={setting_text(node.attributes[attribute.name])}"
        for attribute in op.attributes
        if node.attributes[attribute.name] != attribute.default
    ]
    return f"{op.name}({', '.join([*operands, *settings])})"


def whole_formula(graph: Graph, node: Node) -> str:
    """What a computed node is in the names of its file alone: ``(a − 1)²``, where `formula` has ``L#1²``.

    Of an expression that is longer than what a node keeps of it, and ends with ``…``, it is as in `formula`.
    """
    parts = [operand_text(graph.nodes[operand]) for operand in node.operands]
    is_whole = node.text and not node.text.endswith("…")
    if not is_whole or not any(part.startswith(f"{node.name}#") for part in parts):
        return formula(graph, node)
    numbers = {other.name for other in graph.nodes if not other.shape}
    return mathematical(_replaced(node.text, {}, lambda binary: _sign_in_file(binary, numbers)))


def rule_text(graph: Graph, edge: Edge, text: str, upstream: str = "g") -> str:
    """The text of a rule or a factor with the graph's names: ``g @ b.T`` becomes ``g @ xᵀ``.

    Between tensors ``*`` is ``⊙``, and ``·`` where a number is beside it.
    """
    node = graph.nodes[edge.node]
    assert node.op is not None
    operands = dict(zip(node.op.names(len(node.operands)), node.operands, strict=True))
    shown = {name: operand_text(graph.nodes[operand]) for name, operand in operands.items()}
    shown |= {"g": upstream, "out": operand_text(node)}
    numbers = {name for name, operand in operands.items() if graph.nodes[operand].shape == ()}
    if node.shape == ():
        numbers |= {"g", "out"}
    tree = sized(graph, node, _parsed(text))
    lying = len(node.shape) < 2  # along its only axis a sum is a number
    written = mathematical(_replaced(tree, shown, lambda binary: _sign(binary, numbers, along_axes=lying)))
    if lying:
        written = _sums(written)
    return written.replace(f"{upstream}ᵀ", f"({upstream})ᵀ") if upstream.startswith("∂") else written


def chain_text(graph: Graph, edge: Edge, upstream: str) -> str:
    """What an edge hands on, complete, in the graph's names: ``∂L/∂b`` is ``sum(∂L/∂logits, axis=0)``."""
    from backprop_engine.evaluation.complete_texts import gradient_text  # which a first screen does not need

    node = graph.nodes[edge.node]
    assert node.op is not None
    shapes = [graph.nodes[operand].shape for operand in node.operands]
    return rule_text(graph, edge, gradient_text(node.op, edge.argnum, shapes, node.attributes), upstream)


def sized(graph: Graph, node: Node, tree: Expr) -> Expr:
    """The text of a rule at `node` with shapes in numbers, and with the key of an index."""
    assert node.op is not None
    key = index_key(node.attributes)
    if key is None and not any(isinstance(part, Attribute) for part in walk(tree)):
        return tree
    from backprop_engine.evaluation.complete_texts import with_key, with_shapes  # which few steps need

    if key is not None:
        tree = with_key(tree, key_text(key))
    names = node.op.names(len(node.operands))
    return with_shapes(
        tree, {name: graph.nodes[at].shape for name, at in zip(names, node.operands, strict=True)}
    )


def as_factor(symbols: str, *, first: bool) -> str:
    """Symbols as a factor: in brackets if they are a sum, or begin with a minus and do not come `first`."""
    depth = 0
    brackets = not first and symbols.startswith(("-", "−"))
    for at, sign in enumerate(symbols):
        depth += (sign in "([") - (sign in ")]")
        brackets = brackets or (at > 0 and sign in "+−" and not depth)
    return f"({symbols})" if brackets else symbols


def _sign(binary: Binary, numbers: Set[str], *, along_axes: bool = False) -> str:
    """The sign of a product; `numbers` are the names of scalars, and with `along_axes` so are sums."""
    sides = (_is_number(side, numbers, along_axes) for side in (binary.left, binary.right))
    return "⊙" if binary.op == "*" and not any(sides) else binary.op


def _sign_in_file(binary: Binary, numbers: Set[str]) -> str:
    """The sign of an operator as files have it, but for products: ``@`` stays."""
    return binary.op if binary.op == "@" else _sign(binary, numbers)


def _is_number(tree: Value, numbers: Set[str], along_axes: bool) -> bool:
    match tree:
        case Number():
            return True
        case Name():
            return tree.name in numbers
        case Unary():
            return _is_number(tree.operand, numbers, along_axes)
        case Binary():
            return all(_is_number(side, numbers, along_axes) for side in (tree.left, tree.right))
        case Call():
            op = OPS.called(tree.name)
            if op is not None and op.reduces:
                return along_axes or not tree.keywords
            shaped = op is not None and op.family == "shape"  # `broadcast_to` of a number is a tensor
            return not shaped and all(_is_number(argument, numbers, along_axes) for argument in tree.args)
        case _:
            return False


def _sums(text: str) -> str:
    """Sums along the only axis: which it is, and that it stays, goes without saying."""
    return text.replace(", axis=-1, keepdims=true)", ")")


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Expr:
    return parse(text)


def _replaced(text: str | Expr, names: Mapping[str, str], sign: Callable[[Binary], str] | None = None) -> str:
    """`text` with other names. Numbers and sums get parentheses where they need them; names never do, not
    even one like ``f#1`` that no expression could hold: an identifier stands in for it meanwhile.
    """
    stand_ins = {f"stand_in_{i}_": new for i, new in enumerate(names.values()) if set("#[∂") & set(new)}
    known = {new: stand_in for stand_in, new in stand_ins.items()}
    tree = _parsed(text) if isinstance(text, str) else text
    written = render(tree, {name: known.get(new, new) for name, new in names.items()}, sign)
    return re.sub(r"stand_in_\d+_", lambda match: stand_ins[match[0]], written)


@lru_cache(maxsize=4096)
def mathematical(text: str) -> str:
    """Expression text in mathematical dress: powers raised, ``*`` as ``·``, ``.T`` as ``ᵀ``, ``-`` as ``−``.

    The sign of a negative number is a hyphen, here as in columns of numbers. No two signs are side by side.
    """
    text = re.sub(r"\((\d+) - 1\)", lambda match: str(int(match[1]) - 1), text)
    text = re.sub(r" \*\* 1(?![\d.])", "", text)
    text = re.sub(
        r" \*\* (?:\((-?\d+)\)|(-?\d+)(?![\d.]))",
        lambda match: (match[1] or match[2]).translate(_SUPERSCRIPTS),
        text,
    )
    text = text.replace(" * ", " · ").replace(".T", "ᵀ")
    if "-" not in text:
        return text
    return _NEGATED.sub(r"−(\1)", _NEGATIVE.sub(r"(\1)", _MINUS.sub("−", text)))
