"""The words and signs of the screen in expressions that are typed, beside the names of nodes.

`dx` is the gradient of x, and `a_1` the part a#1, as the step's NumPy line has them; `∂L/∂x` and `dL/dx` are
the gradient of x, `∂h/∂a` a local gradient; `upstream`, `local`, `product`, `value` and `grad` are those of
the step, and so are the tensors that its operator names on the way, such as `dP` in attention. A node that is
called like any of them comes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from backprop_engine.arrays import Tensor, settle
from backprop_engine.debugger.conditions import SUBJECTS
from backprop_engine.derived import derived
from backprop_engine.explain.facts import UpdateFacts, step_facts
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.symbols import loss_name
from backprop_engine.expressions import derivative_parts
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import msg
from backprop_engine.ops import Linear
from backprop_engine.trace.trace import Frame

__all__ = [
    "FUNCTIONS",
    "STEP_WORDS",
    "NodeTensor",
    "as_expression",
    "check_word",
    "named_tensor",
    "of_step",
    "word_value",
]

STEP_WORDS: Final = SUBJECTS
"""The parts of a step, by their names in conditions."""
_MOST_CLASSES: Final = 10_000
_NAME: Final = r"[^\W\d][\w#]*(?:\[-?\d+\])?(?:\.[^\W\d][\w#]*(?:\[-?\d+\])?)*"
_CURLY: Final = re.compile(rf"∂({_NAME})\s*/\s*∂({_NAME})")
_PLAIN: Final = re.compile(rf"(?<![\w.#])d({_NAME})\s*/\s*d({_NAME})(?![\w.#(])")
_DIAGONAL: Final = re.compile(rf"\bdiagonal\((∂{_NAME}\s*/\s*∂{_NAME})\)")
_NUMPY: Final = re.compile(r"(?<![\w.])np\.(?=[a-z_0-9]+\()")


class NodeTensor(Struct, frozen=True):
    """The value of a node, or its gradient."""

    node: Node
    gradient: bool = False


@derived()
def _identifiers(graph: Graph) -> dict[str, NodeTensor]:
    """What the names in NumPy lines mean."""
    from backprop_engine.program.identifiers import identifiers  # no first screen waits for it

    known = identifiers(graph)
    nodes = [node for node in graph.nodes if node.kind is not Kind.LITERAL]
    return {known.values[node.position]: NodeTensor(node) for node in nodes} | {
        known.gradients[node.position]: NodeTensor(node, gradient=True) for node in nodes
    }


def named_tensor(name: str, graph: Graph) -> NodeTensor | None:
    """What `name` means as a whole: a node, ``dx``, ``∂L/∂x`` or a name of a NumPy line; None for others."""
    if name in graph:
        return NodeTensor(graph[name])
    ratio = _CURLY.fullmatch(name) or _PLAIN.fullmatch(name)
    if ratio is not None:
        of, to = ratio.groups()
        return NodeTensor(graph[to], gradient=True) if _is_loss(of, graph) and to in graph else None
    if name[:1] == "d" and name[1:] in graph:
        return NodeTensor(graph[name[1:]], gradient=True)
    return _identifiers(graph).get(name)


def _is_loss(name: str, graph: Graph) -> bool:
    return name == loss_name(graph)


def as_expression(text: str, graph: Graph) -> str:
    """`text` in the language of expressions: with ``∂L/∂x`` for ``dL/dx``, and without ``np.``; the local
    gradient of an elementwise operator is its diagonal.
    """
    text = _DIAGONAL.sub(r"\1", _NUMPY.sub("", text))
    return _PLAIN.sub(lambda found: _curly(found, graph), text)


def _curly(found: re.Match[str], graph: Graph) -> str:
    """``dL/dx`` as ``∂L/∂x``, unless nodes are called dL and dx."""
    of, to = found.groups()
    known = (of in graph or _is_loss(of, graph)) and to in graph
    return f"∂{of}/∂{to}" if known and f"d{of}" not in graph and f"d{to}" not in graph else found[0]


def word_value(name: str, frame: Frame) -> Tensor | None:
    """What `name` stands for at a frame; None if that is absent, `LookupError` if it means nothing."""
    if derivative := derivative_parts(name):
        of, to = (_in_place(part, frame) for part in derivative)
        return _derivative(of, to, frame)
    found = named_tensor(_in_place(name, frame), frame.graph)
    if found is not None:
        return frame.gradient(found.node) if found.gradient else frame.value(found.node)
    if name in STEP_WORDS:
        return of_step(name, frame)
    facts = step_facts(frame)
    if isinstance(facts, UpdateFacts) and name in (symbols := _of_update(facts)):
        return symbols[name]
    if name == "g" and frame.edge is not None:  # as the rules of operators have it
        return of_step("upstream", frame)
    if name in (worked := _on_the_way(frame)):
        return worked[name]
    raise LookupError(msg("`{name}` is not defined", name=name))


def _on_the_way(frame: Frame) -> dict[str, Tensor]:
    """The tensors that an operator names on the way to a local gradient, such as ``dP`` in attention."""
    edge = frame.edge
    if edge is None or not _named_parts(frame.graph):
        return {}
    from backprop_engine.explain.working import named_on_the_way

    return named_on_the_way(frame.trace, edge)


@derived()
def _named_parts(graph: Graph) -> frozenset[str]:
    """The names of all tensors on the way to a local gradient."""
    rules = (edge.rule for edge in graph.edges)
    return frozenset(part.name for rule in rules if isinstance(rule, Linear) for part in rule.parts)


def _in_place(name: str, frame: Frame) -> str:
    """The full name of the node called `name` within the cell instance that the step is in."""
    graph, node = frame.graph, frame.node
    if node is None or named_tensor(name, graph) is not None:
        return name
    sign, plain = ("d", name[1:]) if name.startswith("d") else ("", name)
    group = graph.group_of(node.position)
    while group is not None:
        for whole, prefix in ((f"{group.name}.{name}", ""), (f"{group.name}.{plain}", sign)):
            if whole in graph:
                return f"{prefix}{whole}"
        group = None if group.parent is None else graph.groups[group.parent]
    return name


def _of_update(facts: UpdateFacts) -> dict[str, Tensor]:
    """The optimiser's symbols, and what the line of NumPy calls them: ``v`` and ``v_W``."""
    from backprop_engine.program.identifiers import identifiers
    from backprop_engine.program.lines import counter

    symbols: dict[str, Tensor] = {}
    for line in facts.lines:
        symbols |= {**line.known, line.target: line.value}
    symbols |= {setting: settle(value, facts.graph.dtype) for setting, value in facts.settings.items()}
    own = identifiers(facts.graph).values[facts.node.position]
    symbols[counter(facts.graph)] = symbols["t"]
    plain = {name.replace("\u0302", "_hat"): value for name, value in symbols.items()}
    return symbols | plain | {f"{name}_{own}": value for name, value in plain.items()}


def of_step(word: str, frame: Frame) -> Tensor | None:
    """The part of the step at `frame` that a word of `STEP_WORDS` names; `LookupError` if there is none."""
    edge, node = frame.edge, frame.node
    if word in ("value", "grad") and node is not None:
        subject = frame.graph.nodes[edge.operand] if edge is not None and word == "grad" else node
        return frame.value(subject) if word == "value" else frame.gradient(subject)
    if edge is None:
        raise LookupError(msg("this step has no {word}: it passes no gradient on", word=word))
    match word:
        case "upstream":
            return frame.gradient(frame.graph.nodes[edge.node])
        case "local":
            return _local(edge, frame)
        case _:
            return frame.trace.contributions[edge.index]


def check_word(name: str, graph: Graph) -> None:
    """`LookupError` unless `name` means something at some step of `graph`."""
    if derivative := derivative_parts(name):
        _edges(*derivative, graph)
    elif named_tensor(name, graph) is None and name not in STEP_WORDS and name not in _named_parts(graph):
        raise LookupError(msg("`{name}` is not defined", name=name))


def _edges(of: str, to: str, graph: Graph) -> list[Edge]:
    """The edges of the local gradient ``∂of/∂to``; none where it is the gradient of `to`."""
    for name in (of, to):
        if name not in graph and not (name == of and _is_loss(of, graph)):
            raise LookupError(msg("`{name}` is not defined", name=name))
    if _is_loss(of, graph):
        return []
    here, operand = graph[of].position, graph[to].position
    edges = [edge for edge in graph.edges if (edge.node, edge.operand) == (here, operand)]
    if not edges:
        raise LookupError(
            msg("{to} is not an operand of {of}: `why {to}` shows the paths to it", of=of, to=to)
        )
    return edges


def _derivative(of: str, to: str, frame: Frame) -> Tensor | None:
    """``∂L/∂x``, the gradient of x, or ``∂h/∂a``, a local gradient."""
    graph = frame.graph
    edges = _edges(of, to, graph)
    if not edges:
        return frame.gradient(graph[to])
    known = frame.value(graph[of])
    return None if known is None else _local(frame.edge if frame.edge in edges else edges[0], frame)


def _one_hot(target: Tensor, classes: Tensor) -> Tensor:
    from backprop_engine.ops.classification import one_hot

    if classes.ndim or not float(classes).is_integer() or not 0 < classes <= _MOST_CLASSES:
        raise LookupError(
            msg("`one_hot` takes the number of classes: a whole number, at most {most}", most=_MOST_CLASSES)
        )
    return one_hot(target, int(classes))


FUNCTIONS: Final[Mapping[str, Callable[..., Tensor]]] = {"one_hot": _one_hot}
"""Functions that NumPy lines call and that are not operators."""


def _local(edge: Edge | None, frame: Frame) -> Tensor | None:
    """The local gradient as a tensor; of a linear map the factor that is beside the upstream gradient."""
    assert edge is not None
    local = LocalFacts(frame.trace, edge)
    tensor = local.factor.tensor if local.is_map else local.value
    if tensor is None:
        raise LookupError(msg("this local gradient is a rule, not a tensor: {rule}", rule=local.symbols))
    return tensor
