"""The misconceptions, a row each: what it is called, what it computes, and what to say to whoever has it.

A row says in one line why the answer is wrong, and where on the screen the missing part stands. What it
computes is in `wrong_rules`. Of two rows that give the same wrong answer everywhere, the first is named: the
specific ones stand before the general ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor, shape_text
from backprop_engine.explain.symbols import derivative, gradient_name, loss_name
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.practice import wrong_rules
from backprop_engine.practice.uses import Change, OperandUse, Sum, Task
from backprop_engine.practice.wrong_rules import OfChange, OfSum, OfUse

__all__ = ["MUTANTS", "Mutant", "Names"]


class Names(Struct, frozen=True):
    """What the parts of a step are called, for the sentence about a mistake.

    `upstream`, `local` and `product` are the three columns; `other` is the operand that `operand` is
    multiplied by, empty where there is none.
    """

    loss: str
    node: str
    operand: str
    upstream: str
    local: str
    product: str
    other: str
    shape: str

    @classmethod
    def of(cls, task: Task) -> Names:
        """The names of a step."""
        graph = task.graph
        if isinstance(task, Change):
            return cls.between(graph, task.node, task.node, "")
        node, operand = graph.nodes[task.edge.node], graph.nodes[task.edge.operand]
        other = ""
        if isinstance(task, OperandUse) and task.others:
            other = _called(graph.nodes[node.operands[task.others[0]]])
        return cls.between(graph, node, operand, other)

    @classmethod
    def between(cls, graph: Graph, node: Node, operand: Node, other: str = "") -> Names:
        """The names of a step from `node` to `operand`."""
        return cls(
            loss_name(graph),
            node.name,
            _called(operand),
            gradient_name(graph, node),
            derivative(node, operand),
            gradient_name(graph, operand),
            other,
            shape_text(operand.shape),
        )


def _called(node: Node) -> str:
    return node.name or node.text


Said: TypeAlias = Callable[[Names], Message]


class Mutant(Struct, frozen=True, eq=False):
    """A misconception: wrong answers to backward steps, to sums of contributions, and to updates.

    Those that are about the graph, not about numbers, have none: they are the choices of questions.
    """

    name: str
    title: Message
    why: Said
    use: OfUse | None = None
    sum: OfSum | None = None
    change: OfChange | None = None

    def __repr__(self) -> str:
        return f"<Mutant {self.name}>"

    def answers(self, task: Task) -> Iterator[Tensor]:
        """The wrong answers that it leads to at a step; none where it does not apply to the numbers."""
        found: list[Tensor] = []
        with np.errstate(all="ignore"), suppress(ValueError, IndexError, ZeroDivisionError):
            match task:
                case OperandUse() if self.use is not None:
                    found.extend(self.use(task))
                case Sum() if self.sum is not None:
                    found.extend(self.sum(task))
                case Change() if self.change is not None:
                    found.extend(self.change(task))
        yield from found

    @property
    def plantable(self) -> bool:
        """Whether an edge of a graph can compute by it."""
        return self.use is not None or self.name == OVERWRITTEN

    def message(self, task: Task) -> Message:
        """Why its answer is wrong, and where the missing part stands."""
        return self.why(Names.of(task))


OVERWRITTEN: Final = "overwritten"

MUTANTS: Final = (
    Mutant(
        "mean_forgotten",
        msg("1/n is forgotten"),
        lambda at: msg(
            "{node} is a mean, and each of its n parts counts 1/n: the factor stands in the formula of "
            "{local}, in the column “local”",
            node=at.node,
            local=at.local,
        ),
        use=wrong_rules.mean_forgotten,
    ),
    Mutant(
        "mean_twice",
        msg("1/n is there twice"),
        lambda at: msg(
            "The mean's 1/n is a factor once only: in {upstream}, in the column “upstream”, it is "
            "included if the mean comes later; otherwise it is in {local}",
            upstream=at.upstream,
            local=at.local,
        ),
        use=wrong_rules.mean_twice,
    ),
    Mutant(
        "diagonal_only",
        msg("only the diagonal of the Jacobian"),
        lambda at: msg(
            "Every entry of {node} depends on every entry of {operand}: the entries of {local} off the "
            "diagonal, in the column “local”, count as well",
            node=at.node,
            operand=at.operand,
            local=at.local,
        ),
        use=wrong_rules.diagonal_only,
    ),
    Mutant(
        "mask_from_gradient",
        msg("ReLU's mask is taken from the gradient"),
        lambda at: msg(
            "{upstream} passes where {operand} was positive in the forward pass, whatever its own sign: look "
            "at {operand} in the table of nodes",
            upstream=at.upstream,
            operand=at.operand,
        ),
        use=wrong_rules.mask_from_gradient,
    ),
    Mutant(
        "sum_forgotten",
        msg("the sum over the broadcast axes is forgotten"),
        lambda at: msg(
            "{operand} was broadcast, so every copy contributes: add up the product over the broadcast axes, "
            "until it has the shape ({shape}) of {operand}",
            operand=at.operand,
            shape=at.shape,
        ),
        use=wrong_rules.sum_forgotten,
    ),
    Mutant(
        "wrong_axes",
        msg("the sum is over the wrong axes"),
        lambda at: msg(
            "Add up only over the axes that {operand} was broadcast along: the shape ({shape}) of "
            "{operand} in the table of nodes says which axes stay",
            operand=at.operand,
            shape=at.shape,
        ),
        use=wrong_rules.wrong_axes,
    ),
    Mutant(
        OVERWRITTEN,
        msg("= in place of +="),
        lambda at: msg(
            "{operand} is used more than once, and each use contributes: add what has arrived before, in the "
            "table of nodes",
            operand=at.operand,
        ),
        sum=wrong_rules.overwritten,
    ),
    Mutant(
        "multiplied_for_added",
        msg("multiplied where contributions are added"),
        lambda at: msg(
            "Along a path factors are multiplied, but the contributions of several paths to {product} "
            "are added",
            product=at.product,
        ),
        sum=wrong_rules.multiplied,
    ),
    Mutant(
        "mean_for_sum",
        msg("a mean where a sum belongs"),
        lambda at: msg(
            "Contributions to {product} are added up, and not divided by their number",
            product=at.product,
        ),
        use=wrong_rules.mean_for_sum,
        sum=wrong_rules.mean_of_contributions,
    ),
    Mutant(
        "updated_weights",
        msg("the weights after the update"),
        lambda at: msg(
            "The backward pass uses {other} as the forward pass did, before the update: it stands in the "
            "table of nodes at this step",
            other=at.other,
        ),
        use=wrong_rules.updated_weights,
    ),
    Mutant(
        "not_cleared",
        msg("the gradient was not cleared"),
        lambda at: msg(
            "{product} starts from nothing in every iteration: what the iteration before left in it does not "
            "count",
            product=at.product,
        ),
        use=wrong_rules.not_cleared,
        sum=wrong_rules.sum_not_cleared,
        change=wrong_rules.change_not_cleared,
    ),
    Mutant(
        "own_operand",
        msg("the operand itself in place of the other one"),
        lambda at: msg(
            "{node} grows with {operand} at the rate {other}, so the factor is {other}, not {operand}: it "
            "stands in the column “local”",
            node=at.node,
            operand=at.operand,
            other=at.other,
        ),
        use=wrong_rules.own_operand,
    ),
    Mutant(
        "gradient_for_weight",
        msg("the gradient in place of the value"),
        lambda at: msg(
            "{upstream} is multiplied by {other} itself, not by the gradient of {other}: the value stands in "
            "the table of nodes, left of the gradient",
            upstream=at.upstream,
            other=at.other,
        ),
        use=wrong_rules.gradient_for_weight,
    ),
    Mutant(
        "wrong_value",
        msg("the derivative of the wrong value"),
        lambda at: msg(
            "The slope {local} is not a value, and is taken where the forward pass was: its formula in the "
            "column “local” says whether it uses {operand} or {node}",
            local=at.local,
            operand=at.operand,
            node=at.node,
        ),
        use=wrong_rules.wrong_value,
    ),
    Mutant(
        "dot_for_elementwise",
        msg("a dot product where entries are multiplied"),
        lambda at: msg(
            "Each entry of {operand} reaches its own entry of {node} alone: multiply {upstream} and {local} "
            "entry by entry, ⊙, and add up nothing",
            operand=at.operand,
            node=at.node,
            upstream=at.upstream,
            local=at.local,
        ),
        use=wrong_rules.dot_for_elementwise,
    ),
    Mutant(
        "elementwise_for_dot",
        msg("entries are multiplied where a matrix product belongs"),
        lambda at: msg(
            "Each entry of {operand} reaches several entries of {node}, whose shares are added up: it "
            "takes a matrix product, as the rule in the column “local” has it",
            operand=at.operand,
            node=at.node,
        ),
        use=wrong_rules.elementwise_for_dot,
    ),
    Mutant(
        "upstream_forgotten",
        msg("the upstream gradient is forgotten"),
        lambda at: msg(
            "{local} alone says how {node} changes, not {loss}: multiply it by {upstream}, in the column "
            "“upstream”",
            local=at.local,
            node=at.node,
            loss=at.loss,
            upstream=at.upstream,
        ),
        use=wrong_rules.upstream_forgotten,
    ),
    Mutant(
        "local_forgotten",
        msg("the local gradient is forgotten"),
        lambda at: msg(
            "{upstream} says how {loss} changes with {node}, not with {operand}: multiply it by {local}, in "
            "the column “local”",
            upstream=at.upstream,
            loss=at.loss,
            node=at.node,
            operand=at.operand,
            local=at.local,
        ),
        use=wrong_rules.local_forgotten,
    ),
    Mutant(
        "added_for_multiplied",
        msg("added where factors are multiplied"),
        lambda at: msg(
            "Along a path the chain rule multiplies: {upstream} times {local}, the columns “upstream” and "
            "“local”",
            upstream=at.upstream,
            local=at.local,
        ),
        use=wrong_rules.added,
    ),
    Mutant(
        "transposed",
        msg("it is transposed"),
        lambda at: msg(
            "{product} has the shape ({shape}) of {operand}, row for row: the factors stand in the other "
            "order, or a transpose is missing",
            product=at.product,
            shape=at.shape,
            operand=at.operand,
        ),
        use=wrong_rules.transposed,
    ),
    Mutant(
        "sign",
        msg("the sign is wrong"),
        lambda at: msg(
            "The size is right, the sign is not: compare the signs in the columns “upstream” and "
            "“local”, and go against the gradient in an update",
        ),
        use=wrong_rules.negated,
        change=wrong_rules.ascended,
    ),
    Mutant(
        "rate_forgotten",
        msg("the learning rate is forgotten"),
        lambda at: msg(
            "{operand} moves by the learning rate times its gradient: the rate stands in the line of the "
            "update",
            operand=at.operand,
        ),
        change=wrong_rules.rate_forgotten,
    ),
    Mutant(
        "forward_order",
        msg("the order of the forward pass"),
        lambda at: msg(
            "The backward pass starts at the output {node} and goes against the arrows, from results to "
            "operands",
            node=at.node,
        ),
    ),
    Mutant(
        "passed_on_early",
        msg("passed on before the gradient is complete"),
        lambda at: msg(
            "{operand} has to wait for the contributions of all nodes that use it before its gradient is "
            "complete and goes on",
            operand=at.operand,
        ),
    ),
    Mutant(
        "to_a_constant",
        msg("a gradient for a constant"),
        lambda at: msg(
            "No gradient is kept for constants and written numbers: nothing that could change depends on "
            "them",
        ),
    ),
    Mutant(
        "operand_left_out",
        msg("an operand is left out"),
        lambda at: msg(
            "{node} depends on each of its operands, and each of them gets a share of its gradient",
            node=at.node,
        ),
    ),
)
"""Every misconception, the specific ones first."""
