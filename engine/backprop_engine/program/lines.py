"""The NumPy line of each step: what a program would say to do the same.

``W = …`` computes a value, ``dW = …`` a gradient that comes from one place, ``dW += …`` one that is a sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Shape, Tensor, is_stored, shape_text
from backprop_engine.errors import UsageError
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ClearFacts,
    ForwardFacts,
    ReduceFacts,
    SeedFacts,
    StartFacts,
    StepFacts,
    UpdateFacts,
)
from backprop_engine.expressions import Binary, Expr, Name, parse, render
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import msg
from backprop_engine.ops import Elementwise
from backprop_engine.ops.attributes import IndexKey, index_key, key_text
from backprop_engine.ops.definition import RECORDED
from backprop_engine.optim import Symbol
from backprop_engine.program.forms import forward_text, parsed, with_settings
from backprop_engine.program.identifiers import identifiers
from backprop_engine.program.spelling import numpy_code, numpy_tree
from backprop_engine.trace.trace import Trace

__all__ = [
    "backward_line",
    "clear_lines",
    "counter",
    "forward_code",
    "forward_line",
    "numpy_lines",
    "refuse_recorded",
    "tensor_line",
    "update_lines",
]

_WIDTH: Final = 88
_MOST_ENTRIES: Final = 24


def numpy_lines(facts: StepFacts, most: int = _MOST_ENTRIES) -> list[str]:
    """What a program says to do a step; nothing where there is nothing to do.

    A contribution is added by the line that computes it, so an accumulate step only tells how far the sum is.
    A seed of more than `most` entries is not written out, and no program says what was recorded elsewhere.
    """
    graph = facts.graph
    match facts:
        case ForwardFacts(node=node) | BackwardFacts(node=node) if _is_foreign(node):
            return []
        case ForwardFacts(node=node):
            return [forward_line(graph, node)]
        case SeedFacts(node=node):
            return _seed_lines(facts.trace, node.position, most)
        case BackwardFacts(edge=edge):
            return [backward_line(graph, edge)]
        case AccumulateFacts(edge=edge, turn=turn):
            return [f"{identifiers(graph).gradients[edge.operand]}  # {turn.number}/{turn.of}"]
        case UpdateFacts(node=node):
            return update_lines(graph, node.position, facts.formulas, facts.symbols)
        case ClearFacts():
            return [*running_lines(facts.trace), *clear_lines(graph)]
        case StartFacts() | ReduceFacts():
            return []


def _is_foreign(node: Node) -> bool:
    """Whether a node's operator occurs only in recordings."""
    return node.op is not None and node.op.family == RECORDED


def refuse_recorded(trace: Trace) -> None:
    """Refuse to write a program of what ran elsewhere, where that is more than our operators on numbers."""
    for node in trace.graph.nodes:
        if node.op is not None and _is_foreign(node):
            raise UsageError(
                msg(
                    "this run cannot be written as a program: {node} was recorded, and there is no "
                    "operator {op} here",
                    node=node.name,
                    op=node.op.name,
                )
            )
        if node.is_leaf and not is_stored(trace.values[node.position]):
            raise UsageError(
                msg(
                    "this run cannot be written as a program: the entries of {node} were not stored",
                    node=node.name,
                )
            )


def forward_line(graph: Graph, node: Node, result: str = "") -> str:
    """``q = x + y``"""
    names = identifiers(graph).values
    assert node.op is not None
    if (key := index_key(node.attributes)) is not None:
        code = f"{names[node.operands[0]]}[{key_text(key)}]"
    else:
        code = forward_code(graph, node, names)
    if node.op.boolean or node.op.counts:
        code = f"np.{graph.dtype.name}({code})"
    return f"{result or names[node.position]} = {code}"


def forward_code(graph: Graph, node: Node, names: Sequence[str]) -> str:
    """The NumPy expression that computes a node, unless it is an index; `names` are those of all nodes."""
    assert node.op is not None
    form = parsed(forward_text(graph, node))
    return numpy_code(node.op, form, _names(graph, node, names), _shapes(graph, node))


def backward_line(graph: Graph, edge: Edge, out: str = "") -> str:
    """``dx = dq * y``; `out` is what the operator gave, if it is not the node's value."""
    known = identifiers(graph)
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    upstream, target = known.gradients[edge.node], known.gradients[edge.operand]
    if (key := index_key(node.attributes)) is not None:
        return _added_at(target, key, upstream)
    names = _names(graph, node, known.values) | {"g": upstream, "out": out or known.values[edge.node]}
    shapes = _shapes(graph, node) | {"g": node.shape, "out": node.shape}
    assert node.op is not None
    tree = parsed(_product(edge))
    if node.op.attributes:
        tree = with_settings(node.op, node.op.names(len(node.operands)), node.attributes, tree)
    code = numpy_code(node.op, tree, names, shapes)
    if edge.summed:
        code = _summed(code, node, operand, edge)
    return f"{target} {'+=' if sums_up(graph, edge.operand) else '='} {code}"


def _added_at(target: str, key: IndexKey, upstream: str) -> str:
    """``dx[0] += dy``; where an entry may be chosen twice, what adds both."""
    if any(isinstance(part, tuple) for part in key):
        return f"np.add.at({target}, np.s_[{key_text(key)}], {upstream})"
    return f"{target}[{key_text(key)}] += {upstream}"


def _product(edge: Edge) -> str:
    """The rule over `g`: an elementwise derivative is multiplied with it."""
    text = edge.rule.text
    if not isinstance(edge.rule, Elementwise):
        return text
    return {"1": "g", "-1": "-g"}.get(text, f"g * ({text})")


def _summed(code: str, node: Node, operand: Node, edge: Edge) -> str:
    """`code` summed over the axes that the operand was broadcast along, in the operand's shape again.

    What a rule gives may have more axes than the node, as that of a mask for several heads does.
    """
    axes: Any = edge.summed[0] if len(edge.summed) == 1 else edge.summed
    ones = {axis for axis, size in enumerate(operand.shape) if size == 1}
    keeps = len(node.shape) == len(operand.shape) and ones.issuperset(edge.summed)
    summed = f"np.sum({code}, axis={axes}{', keepdims=True' * keeps})"
    left = len(node.shape) - len(edge.summed)
    return summed if keeps or left == len(operand.shape) else f"np.reshape({summed}, {operand.shape})"


def sums_up(graph: Graph, position: int) -> bool:
    """Whether a gradient is added up, and so begins at 0: it has several contributions, or one to a part."""
    if graph.uses[position] > 1:
        return True
    uses = graph.schedule.uses_of.get(position, [])
    return any(index_key(graph.nodes[graph.edges[use].node].attributes) is not None for use in uses)


def running_lines(trace: Trace) -> list[str]:
    """``mean = 0.9 * mean + 0.1 * m`` for the values that follow others from iteration to iteration."""
    names = identifiers(trace.graph).values
    lines = []
    for each in trace.training.running if trace.training else ():
        kept = f"{1.0 - each.momentum!r} * {names[each.leaf]}"
        lines.append(f"{names[each.leaf]} = {kept} + {each.momentum!r} * {names[each.node]}")
    return lines


def clear_lines(graph: Graph) -> list[str]:
    """``dW = db = 0.0`` for the gradients that are added up; those added to in parts need entries."""
    names = identifiers(graph).gradients
    added = [node for node in graph.nodes if sums_up(graph, node.position)]
    parts = {
        graph.edges[use].operand
        for node in added
        for use in graph.schedule.uses_of[node.position]
        if index_key(graph.nodes[graph.edges[use].node].attributes) is not None
    }
    dtype = "" if graph.dtype == np.float64 else f", dtype=np.{graph.dtype.name}"
    whole = [names[node.position] for node in added if node.position not in parts]
    return [
        *_chained(whole),
        *(
            f"{names[node.position]} = np.zeros({node.shape}{dtype})"
            for node in added
            if node.position in parts
        ),
    ]


def _chained(names: Iterable[str]) -> list[str]:
    """``da = db = 0.0``, in as many lines as it takes."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) < _WIDTH:
            lines[-1] += f"{name} = "
        else:
            lines.append(f"{name} = ")
    return [f"{line}0.0" for line in lines]


def _seed_lines(trace: Trace, position: int, most: int) -> list[str]:
    known, seed = identifiers(trace.graph), trace.gradients[position]
    assert seed is not None
    name = known.gradients[position]
    if seed.shape and np.all(seed == 1):
        return [f"{name} = np.ones_like({known.values[position]})"]
    if seed.size > most:
        return [f"{name} = {known.free('seed')}  # {shape_text(seed.shape)}"]
    return tensor_line(name, seed).split("\n")


def tensor_line(name: str, tensor: Tensor, scalar: str = "") -> str:
    """A tensor with its numbers under a name; a single number in the type `scalar`, or as it is."""
    kind = tensor.dtype.name
    if tensor.shape == ():
        number = _entry(tensor)
        return f"{name} = {f'np.{scalar}({number})' if scalar and tensor.dtype.kind == 'f' else number}"
    dtype = "" if kind == "float64" else f", dtype=np.{kind}"
    if not tensor.any():
        return f"{name} = np.zeros({tensor.shape}{dtype})"
    entries = np.array2string(
        tensor,
        separator=", ",
        prefix=f"{name} = np.array(",
        threshold=tensor.size + 1,
        max_line_width=_WIDTH,
        formatter={"all": _entry},
    )
    return f"{name} = np.array({entries}{'' if kind == 'int64' else dtype})"


def _entry(number: Any) -> str:
    """One number; those that are not finite by NumPy's names."""
    text = str(number)
    return text if np.isfinite(number) else text.replace("inf", "np.inf").replace("nan", "np.nan")


def _names(graph: Graph, node: Node, names: Sequence[str]) -> dict[str, str]:
    """The program's names for those of the operator's operands."""
    assert node.op is not None
    operands = (names[operand] for operand in node.operands)
    return dict(zip(node.op.names(len(node.operands)), operands, strict=True))


def _shapes(graph: Graph, node: Node) -> dict[str, Shape]:
    """The shapes of the operator's operands, by their names."""
    assert node.op is not None
    shapes = (graph.nodes[operand].shape for operand in node.operands)
    return dict(zip(node.op.names(len(node.operands)), shapes, strict=True))


# The update of a parameter as lines of NumPy: ``W -= 0.1 * dW``, or with what an optimiser remembers.

_HAT: Final = "\u0302"


def counter(graph: Graph) -> str:
    """What the number of an update is called."""
    return identifiers(graph).free("t")


def update_lines(
    graph: Graph,
    position: int,
    formulas: Iterable[str],
    symbols: Iterable[Symbol],
    shared: Mapping[str, str] | None = None,
) -> list[str]:
    """The lines that update the parameter at `position`; its gradient stays as it is.

    `symbols` are written as their numbers, unless the program has a name for them: those are `shared`.
    """
    known = identifiers(graph)
    parameter, gradient = known.values[position], known.gradients[position]
    names = {"w": parameter, "g": gradient, "t": counter(graph)}
    names |= {symbol.name: _symbol_text(symbol.value) for symbol in symbols if symbol.value is not None}
    names |= shared or {}
    lines = []
    for line in formulas:
        target, _, text = line.partition(" = ")
        tree = numpy_tree(parse(text))
        own = names["w"] if target == "w" else known.free(f"{_plain(target)}_{parameter}")
        for name in _unknown(text, names):
            names[name] = known.free(f"{_plain(name)}_{parameter}")
        lines.append(_assignment(own, tree, names))
        names[target] = own
    return lines


def _symbol_text(number: float) -> str:
    """A number of an update; NumPy's where it is not finite."""
    return repr(number) if np.isfinite(number) else f"np.{number}".replace("np.-", "-np.")


def _plain(symbol: str) -> str:
    """A symbol as an identifier: ``m_hat`` for an m with a hat."""
    return symbol.replace(_HAT, "_hat")


def _unknown(text: str, names: Mapping[str, str]) -> list[str]:
    """What is remembered from the update before."""
    found = re.findall(r"[^\W\d]\w*\u0302?(?!\w*\()", text)
    return [name for name in found if name not in names]


def _assignment(target: str, tree: Expr, names: Mapping[str, str]) -> str:
    """``w = w - x`` is ``w -= x``, and so with a sum."""
    match tree:
        case Binary(op="+" | "-" as op, left=Name() as left, right=right) if names.get(left.name) == target:
            if not (isinstance(right, Binary) and right.op in "+-"):
                return f"{target} {op}= {render(right, names)}"
    return f"{target} = {render(tree, names)}"
