"""Numbers, positions and nodes as they are typed, read and written."""

from __future__ import annotations

import math
import re
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.debugger import Session
from backprop_engine.debugger.screen_words import named_tensor
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.ops import OPS
from backprop_tui.cells.text import clip

__all__ = [
    "NUDGE",
    "TensorReference",
    "assignment",
    "check_entry",
    "here",
    "node_named",
    "nudging",
    "parse_position",
    "parse_target",
    "parse_value",
    "quoted",
]

NUDGE: Final = "0.01"
"""The proposed size of a nudge."""
_MOST_DEPTH: Final = 32
_MOST_ENTRIES: Final = 12
"""How many entries of a value are written out to be changed."""
_NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_VALUE: Final = re.compile(rf"\s*(?:([\[\],])|({_NUMBER}|[+-]?\.?(?:nan|inf(?:inity)?)\b))", re.IGNORECASE)
_ENTRY: Final = re.compile(r"(.*)\[([-+\d,\s]*)\]", re.DOTALL)
_GRADIENT: Final = re.compile(r"grad\s*\((.*)\)(\[[-+\d,\s]*\])?", re.DOTALL)
_POSITION: Final = re.compile(r"\s*(\d{1,12})\s*(%?)\s*")


class TensorReference(NamedTuple):
    """A node's value or gradient, or one entry of it."""

    node: Node
    entry: tuple[int, ...] | None = None
    gradient: bool = False


def quoted(text: str, width: int = 60) -> str:
    """What was typed, cleaned and cut to `width` cells, for a message that quotes it."""
    return clip(clean(" ".join(text.split())), width)


def parse_position(typed: str, last: int) -> int | None:
    """A position 0…`last`: a number, or a percentage of the run; None for anything else."""
    match = _POSITION.fullmatch(typed)
    if match is None:
        return None
    number = int(match[1])
    if match[2]:
        return round(number * last / 100) if number <= 100 else None
    return number if number <= last else None


def parse_value(text: str) -> NDArray[np.float64]:
    """A number, or a nested list of numbers, `nan` and `inf` among them."""
    text = text.strip()
    stack: list[list[Any]] = [[]]
    at, begins = 0, True
    while at < len(text):
        found = _VALUE.match(text, at)
        if found is None:
            raise UsageError(
                msg(
                    "{text} is not a number: write 0.5, [1, 2], [[1, 2], [3, 4]], nan or inf",
                    text=quoted(text[at:]),
                )
            )
        at = found.end()
        sign, number = found.groups()
        expected = begins or sign in (",", "]")  # after an entry comes a comma, or the end of the list
        if not expected or (sign == "]" and len(stack) == 1) or (sign == "," and (begins or len(stack) == 1)):
            raise UsageError(
                msg("{text}: separate numbers by commas and put brackets around them", text=quoted(text))
            )
        if sign == "[":
            stack.append([])
            if len(stack) > _MOST_DEPTH:
                raise UsageError(msg("lists can nest at most {most} deep", most=_MOST_DEPTH))
        elif sign == "]":
            done = stack.pop()
            stack[-1].append(done)
        elif number:
            stack[-1].append(_number(number))
        begins = sign in ("[", ",")
    if len(stack) > 1 or begins or len(stack[0]) != 1:
        raise UsageError(
            msg(
                "{text}: a value is a single number or a single closed list",
                text=quoted(text) or msg("nothing"),
            )
        )
    try:
        return np.array(stack[0][0], dtype=np.float64)
    except ValueError:
        raise UsageError(msg("{text}: the rows differ in length or depth", text=quoted(text))) from None


def _number(text: str) -> float:
    """A number, or one of the words for non-finite ones."""
    number = float(text.replace(".nan", "nan").replace(".inf", "inf") if text[-1].isalpha() else text)
    if math.isinf(number) and text[-1].isdigit():
        raise UsageError(
            msg("{text} is too large a number", text=quoted(text)), msg("write inf for infinity")
        )
    return number


def parse_target(text: str, graph: Graph) -> TensorReference:
    """A node by its name or path, an entry of it such as `W[1,2]`, or its gradient as the screen calls it:
    `grad(W)`, `dW`, `∂L/∂W`.
    """
    text = text.strip()
    found = named_tensor(text, graph)
    if found is not None:
        return TensorReference(found.node, gradient=found.gradient)
    gradient = _GRADIENT.fullmatch(text)
    if gradient is not None:
        whole = _of_node(gradient[1].strip() + (gradient[2] or ""), graph)
        return whole._replace(gradient=True)
    return _of_node(text, graph)


def check_entry(target: TensorReference) -> None:
    """`UsageError` unless the node has the entry that is referred to."""
    shape, entry = target.node.shape, target.entry
    if entry is None:
        return
    if len(entry) > len(shape) or any(not -size <= at < size for at, size in zip(entry, shape, strict=False)):
        raise UsageError(
            msg(
                "{name} is {shape} and has no entry {entry}",
                name=target.node.name,
                shape=shape_text(shape),
                entry=list(entry),
            )
        )


def _of_node(text: str, graph: Graph) -> TensorReference:
    if text not in graph:
        entry = _ENTRY.fullmatch(text)
        found = None if entry is None else named_tensor(entry[1].strip(), graph)
        if entry is not None and found is not None:
            return TensorReference(found.node, _indices(entry[2], text), found.gradient)
    return TensorReference(node_named(text, graph))


def _indices(text: str, whole: str) -> tuple[int, ...]:
    pieces = [piece.strip() for piece in text.split(",")]
    if not all(re.fullmatch(r"[+-]?\d{1,9}", piece) for piece in pieces):
        raise UsageError(
            msg(
                "{text}: write an entry with whole numbers separated by commas, such as W[1,2]",
                text=quoted(whole),
            )
        )
    return tuple(map(int, pieces))


def node_named(name: str, graph: Graph) -> Node:
    """The node with a name or a path; `UsageError` with the nearest name if there is none."""
    if name in graph:
        return graph[name]
    names = [node.name for node in graph.nodes if node.kind is not Kind.LITERAL]
    hint = did_you_mean(name, (*names, *graph.aliases))
    if not hint and (name in graph.operators or name in OPS):
        hint = msg("`op {name}` is the operator", name=name)
    shown = quoted(name, 40)
    raise UsageError(
        msg("there is no node {name}", name=shown) if shown else msg("the name of a node cannot be empty"),
        hint,
    )


def here(session: Session) -> Node | None:
    """The current node, which is meant where none is named: the chosen one, else the step's own."""
    if session.selection is not None:
        return session.graph.nodes[session.selection]
    return session.frame.node


def assignment(session: Session) -> str:
    """``set W = [[1, 2], [3, 4]]`` for the current node; only the first entry where there are many."""
    node = here(session)
    if node is None or session.levels:
        return "set "
    value = session.outer_trace.values[node.position]
    if value.size > _MOST_ENTRIES:
        first = (0,) * value.ndim
        return f"set {node.name}[{','.join(map(str, first))}] = {_written(value[first])}"
    return f"set {node.name} = {_written(value)}"


def nudging(session: Session) -> str:
    """``nudge W[0, 1] 0.01``: the entry with the largest gradient of the chosen leaf, of the operand of the
    step, or else of the first leaf that gradient flows to.
    """
    graph, step, position = session.run.graph, session.frame.step, session.selection
    operand = step.edge.operand if isinstance(step, Backward | Accumulate) else None
    wanted = [] if session.levels else [at for at in (position, operand) if at is not None]
    receivers = [
        leaf.position for leaf in graph.leaves if leaf.takes_gradient and graph.active[leaf.position]
    ]
    at = next((at for at in (*wanted, *receivers) if at in receivers), None)
    if at is None:
        return "nudge "
    name, gradient = graph.nodes[at].name, session.outer_trace.gradients[at]
    largest = 0 if gradient is None or not gradient.size else int(np.argmax(np.abs(gradient)))
    entry = np.unravel_index(largest, graph.nodes[at].shape) if graph.nodes[at].shape else ()
    return f"nudge {name}{[*map(int, entry)] if entry else ''} {NUDGE}"


def _written(value: Tensor) -> str:
    """Numbers as they are typed, to the last digit."""

    def spelled(entry: Any) -> str:
        if isinstance(entry, list):
            return f"[{', '.join(map(spelled, entry))}]"
        number = float(entry)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    return spelled(value.tolist())
