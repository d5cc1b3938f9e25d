"""How a local gradient is worked out, in the numbers of the step: ``p − t``, then ``/ 6``.

The text of an operator's rule is an expression. Its names and calls stand for tensors of the run; between
them are its signs. What is shown was evaluated, and comes to the local gradient that the run multiplied by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, settle
from backprop_engine.derivatives.local_gradients import is_computable
from backprop_engine.derived import derived
from backprop_engine.evaluation.evaluate import EvaluationError, evaluate
from backprop_engine.explain.backward_facts import BackwardFacts
from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.explain.symbols import gradient_name, rule_text
from backprop_engine.expressions import Binary, Expr, Number, Unary, parse, render
from backprop_engine.graph.steps import Edge
from backprop_engine.ops import Linear
from backprop_engine.trace.trace import Trace

__all__ = ["Working", "named_on_the_way", "workings"]

WorkingPiece: TypeAlias = str | NamedTensor

_STRENGTH: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "**": 4}
_POWERS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MOST_ENTRIES: Final = 400
"""A larger tensor could not be read as numbers."""
_CLOSE: Final = 1e-9
"""How far what was evaluated may be from what the run used, as a part of the largest entry."""


class Working(Struct, frozen=True, eq=False):
    """A tensor, and what it is worked out from: signs and tensors in order.

    The local gradient has no name where it is called by its formula. `where` says what the names of tensors
    on the way stand for.
    """

    result: NamedTensor
    pieces: tuple[WorkingPiece, ...]
    where: tuple[tuple[str, str], ...] = ()


def workings(facts: BackwardFacts) -> tuple[Working, ...]:
    """The tensors that the operator names on the way, then the local gradient; none where it is plain."""
    return _workings(facts.trace, facts.edge)


def named_on_the_way(trace: Trace, edge: Edge) -> dict[str, Tensor]:
    """The tensors on the way that the operator gives a name, by that."""
    found = _Workings(trace, edge)
    if not found.computable:
        return {}
    for _ in found.on_the_way():
        pass
    return {name: found.values[name] for name in found.parts}


@derived(limit=16)
def _workings(trace: Trace, edge: Edge) -> tuple[Working, ...]:
    found = _Workings(trace, edge)
    if not found.computable:
        return ()
    return (*found.on_the_way(), *found.of_local())


class _Workings:
    """The working of one edge."""

    def __init__(self, trace: Trace, edge: Edge) -> None:
        self.trace, self.edge = trace, edge
        graph = trace.graph
        self.node = graph.nodes[edge.node]
        assert self.node.op is not None
        names = self.node.op.names(len(self.node.operands))
        self.operands = [trace.operand_values[position] for position in self.node.operands]
        self.values: dict[str, Tensor] = dict(zip(names, self.operands, strict=True))
        self.values["out"] = trace.outs[edge.node]
        self.parts: dict[str, str] = {}

    @property
    def computable(self) -> bool:
        """Whether there are numbers to work with: what was recorded elsewhere need not have any."""
        upstream = self.trace.gradients[self.edge.node]
        tensors = (*self.operands, self.values["out"], *([] if upstream is None else [upstream]))
        return is_computable(self.node, tensors)

    def on_the_way(self) -> Iterator[Working]:
        """What the rule names: each from those before it."""
        rule, graph = self.edge.rule, self.trace.graph
        upstream = self.trace.gradients[self.edge.node]
        if not isinstance(rule, Linear) or any(
            np.size(value) > _MOST_ENTRIES for value in self.values.values()
        ):
            return
        name = gradient_name(graph, self.node)
        for part in rule.parts:
            with np.errstate(all="ignore"):
                value = part.of(upstream, self.values["out"], *self.operands, **self.node.attributes)
            tensor, tree = settle(value, graph.dtype), parse(part.text)
            whole = self._value(tree) if self.parts else None
            if whole is not None and whole.shape == tensor.shape and _agree(whole, tensor):
                yield Working(
                    NamedTensor(part.name, tensor), tuple(self._pieces(tree)), (*self.parts.items(),)
                )
            self.values[part.name] = tensor
            self.parts[part.name] = rule_text(graph, self.edge, part.text, name)

    def of_local(self) -> Iterator[Working]:
        """The local gradient, where its text says how its entries are made."""
        from backprop_engine.explain.local_facts import LocalFacts

        local = LocalFacts(self.trace, self.edge)
        factor = local.factor
        if factor.tensor is None or factor.written not in ("derivative", "formula"):
            return
        if not 0 < factor.tensor.size <= _MOST_ENTRIES:
            return
        tree = parse(local.factor_expression)
        if not isinstance(tree, Binary | Unary) or "@" in local.factor_expression:
            return
        whole = self._value(tree)
        if whole is None or not _agree(whole, factor.tensor):
            return
        pieces = tuple(self._pieces(tree))
        tensors = [piece.tensor for piece in pieces if isinstance(piece, NamedTensor)]
        if tensors and any(tensor.shape or not factor.tensor.shape for tensor in tensors):
            name = factor.name if factor.written == "derivative" else ""
            yield Working(NamedTensor(name, factor.tensor), pieces)

    def _pieces(self, tree: Expr, around: int = 0) -> Iterator[WorkingPiece]:
        """A tree as signs and tensors; in brackets where the sign `around` it binds as strongly."""
        if isinstance(tree, Number):
            yield render(tree)
        elif isinstance(tree, Unary):
            yield "−"
            yield from self._pieces(tree.operand, _STRENGTH["*"])
        elif isinstance(tree, Binary) and tree.op == "**" and _is_raised(tree.right):
            yield from self._pieces(tree.left, _STRENGTH["**"])
            yield render(tree.right).translate(_POWERS)
        elif isinstance(tree, Binary) and tree.op in _STRENGTH and tree.op != "**":
            strength = _STRENGTH[tree.op]
            if strength < around:
                yield "("
            yield from self._pieces(tree.left, strength)
            yield self._sign(tree)
            yield from self._pieces(tree.right, strength + (tree.op in "-/"))
            if strength < around:
                yield ")"
        else:
            value = self._value(tree)
            text = render(tree)
            name = text if text in self.parts else rule_text(self.trace.graph, self.edge, text)
            yield name if value is None else NamedTensor(name, value)

    def _sign(self, tree: Binary) -> str:
        if tree.op != "*":
            return {"-": "−"}.get(tree.op, tree.op)
        sides = (self._value(tree.left), self._value(tree.right))
        return "⊙" if all(side is not None and side.shape for side in sides) else "·"

    def _value(self, tree: Expr) -> Tensor | None:
        """What a part of the text is; None where it is not in the language of expressions."""
        try:
            return evaluate(tree, self.values.__getitem__, _no_gradient, self.trace.graph.dtype)
        except (EvaluationError, LookupError):
            return None


def _is_raised(exponent: Expr) -> bool:
    """Whether an exponent is written as a superscript: a whole number from 0 up."""
    return isinstance(exponent, Number) and isinstance(exponent.value, int) and exponent.value >= 0


def _no_gradient(name: str) -> Tensor | None:
    raise LookupError(name)


def _agree(value: Tensor, used: Tensor) -> bool:
    """Whether what was evaluated is what the run used, broadcast to its shape."""
    if value.shape != used.shape and value.shape:
        return False
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(used), initial=0.0)
        return bool(np.all(np.abs(value - used) <= _CLOSE * largest)) and bool(np.isfinite(largest))
