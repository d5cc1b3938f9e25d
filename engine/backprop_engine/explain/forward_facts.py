"""The facts of a forward step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backprop_engine.arrays import Tensor
from backprop_engine.explain.common_facts import CommonFacts, NamedTensor, gives_row, is_row, meets_convention
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.overrides import OverrideFacts, overrides_value
from backprop_engine.explain.symbols import formula
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.messages.words import Words
from backprop_engine.trace.trace import arises

__all__ = ["ForwardFacts"]

_HOLE = "operand_"


@dataclass(frozen=True, eq=False)
class ForwardFacts(CommonFacts):
    """The value of a node is computed."""

    kind = "forward"
    node: Node

    @property
    def subject(self) -> str:
        """``q = x + y``."""
        return f"{self.node.name} = {self.symbols}"

    @property
    def symbols(self) -> str:
        """What the node is, with its operands' names: ``x + y``."""
        return formula(self.graph, self.node)

    def spelled(self, spell: Callable[[Node], str]) -> str:
        """What the node is, with each operand written as `spell` says."""
        return formula(self.graph, self.node, spell)

    @property
    def pieces(self) -> Iterator[str | NamedTensor]:
        """What the node is as a row of signs and tensors, each once and in order."""
        holes = self.spelled(lambda operand: operand.text if operand.kind is Kind.LITERAL else _HOLE)
        *signs, last = (sign.strip() for sign in holes.split(_HOLE))
        tensors = (operand for operand in self.operands if operand.kind is not Kind.LITERAL)
        for sign, operand in zip(signs, tensors, strict=False):
            if sign:
                yield sign
            yield NamedTensor(operand.name, self.trace.values[operand.position], is_row(self.node, operand))
        if last:
            yield last

    @property
    def operands(self) -> tuple[Node, ...]:
        """The operands, in order."""
        return tuple(self.graph.nodes[operand] for operand in self.node.operands)

    @property
    def involved(self) -> tuple[Node, ...]:
        """The node and its operands."""
        return self.node, *self.operands

    @property
    def result(self) -> NamedTensor:
        """What the operator gave, in its node's shape, also where another value takes its place."""
        position = self.node.position
        overridden = overrides_value(self.trace, position)
        tensor = self.trace.outs[position] if overridden else self.trace.values[position]
        return NamedTensor(self.node.name, tensor, gives_row(self.graph, self.node))

    @property
    def override(self) -> OverrideFacts | None:
        """The value that replaces the computed one."""
        position = self.node.position
        if not overrides_value(self.trace, position):
            return None
        return OverrideFacts(self.node.name, self.outcome, self.trace.outs[position])

    @property
    def outcome(self) -> Tensor:
        """The value that the run goes on with."""
        return self.trace.values[self.node.position]

    @property
    def locals(self) -> tuple[LocalFacts, ...]:
        """The local gradients that the backward pass will multiply with."""
        indices = self.trace.schedule.edges_of.get(self.node.position, range(0))
        return tuple(LocalFacts(self.trace, self.graph.edges[index]) for index in indices)

    @property
    def arises_here(self) -> bool:
        """Whether the value is the first that is not finite: none of the operands is so."""
        return arises(self.trace, self.node)

    @property
    def conventions(self) -> Words | None:
        """What the operator chose for points like this one, where that matters."""
        op = self.node.op
        return op.conventions if op and op.conventions and meets_convention(self.trace, self.node) else None

    @property
    def instance(self) -> str | None:
        """The instance of a cell that the node is in."""
        return self._instance_of(self.node.position)
