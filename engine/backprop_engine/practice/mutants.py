"""The misconceptions, one row each: what it is called, what it computes, and what to say to a learner who has
it.

A row says in one line why the answer is wrong, and where on the screen the missing part is. What it
computes is in `wrong_rules`. Of two rows that give the same wrong answer everywhere, the first is named: the
specific ones are before the general ones.
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
        """Why its answer is wrong, and where the missing part is."""
        return self.why(Names.of(task))


OVERWRITTEN: Final = "overwritten"

MUTANTS: Final = (
    Mutant(
        "mean_forgotten",
        msg("1/n is forgotten"),
        lambda at: msg(
            "{node} is a mean, so each of its n terms counts for 1/n: the factor is in the formula for "
            "{local}, in the column “local”",
            node=at.node,
            local=at.local,
        ),
        use=wrong_rules.mean_forgotten,
    ),
    Mutant(
        "mean_twice",
        msg("1/n is counted twice"),
        lambda at: msg(
            "The mean's factor 1/n appears only once: if the mean comes later, {upstream} (in the column "
            "“upstream”) already includes it; otherwise {local} does",
            upstream=at.upstream,
            local=at.local,
        ),
        use=wrong_rules.mean_twice,
    ),
    Mutant(
        "diagonal_only",
        msg("only the diagonal of the Jacobian"),
        lambda at: msg(
            "Every entry of {node} depends on every entry of {operand}: the off-diagonal entries of "
            "{local}, in the column “local”, count too",
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
            "{upstream} passes wherever {operand} was positive in the forward pass, whatever the sign of "
            "the gradient: look at {operand} in the table of nodes",
            upstream=at.upstream,
            operand=at.operand,
        ),
        use=wrong_rules.mask_from_gradient,
    ),
    Mutant(
        "sum_forgotten",
        msg("the sum over the broadcast axes is forgotten"),
        lambda at: msg(
            "{operand} was broadcast, so every copy contributes: sum the product over the broadcast "
            "axes, down to the shape ({shape}) of {operand}",
            operand=at.operand,
            shape=at.shape,
        ),
        use=wrong_rules.sum_forgotten,
    ),
    Mutant(
        "wrong_axes",
        msg("the sum is over the wrong axes"),
        lambda at: msg(
            "Sum only over the axes along which {operand} was broadcast: the shape ({shape}) of "
            "{operand} in the table of nodes shows which axes remain",
            operand=at.operand,
            shape=at.shape,
        ),
        use=wrong_rules.wrong_axes,
    ),
    Mutant(
        OVERWRITTEN,
        msg("= instead of +="),
        lambda at: msg(
            "{operand} is used more than once, and each use contributes: add the part that has already "
            "arrived, in the table of nodes",
            operand=at.operand,
        ),
        sum=wrong_rules.overwritten,
    ),
    Mutant(
        "multiplied_for_added",
        msg("contributions multiplied instead of added"),
        lambda at: msg(
            "Factors along one path are multiplied, but contributions to {product} from different paths "
            "are added",
            product=at.product,
        ),
        sum=wrong_rules.multiplied,
    ),
    Mutant(
        "mean_for_sum",
        msg("a mean instead of a sum"),
        lambda at: msg(
            "Contributions to {product} are added up; the sum is not divided by their number",
            product=at.product,
        ),
        use=wrong_rules.mean_for_sum,
        sum=wrong_rules.mean_of_contributions,
    ),
    Mutant(
        "updated_weights",
        msg("the weights after the update"),
        lambda at: msg(
            "The backward pass uses the same {other} as the forward pass, from before the update: it is "
            "in the table of nodes at this step",
            other=at.other,
        ),
        use=wrong_rules.updated_weights,
    ),
    Mutant(
        "not_cleared",
        msg("the gradient was not cleared"),
        lambda at: msg(
            "{product} starts from zero in every iteration: whatever the previous iteration left in it "
            "does not count",
            product=at.product,
        ),
        use=wrong_rules.not_cleared,
        sum=wrong_rules.sum_not_cleared,
        change=wrong_rules.change_not_cleared,
    ),
    Mutant(
        "own_operand",
        msg("multiplied by the operand itself instead of the other one"),
        lambda at: msg(
            "{node} grows with {operand} at the rate {other}, so the factor is {other}, not {operand}: "
            "it is in the column “local”",
            node=at.node,
            operand=at.operand,
            other=at.other,
        ),
        use=wrong_rules.own_operand,
    ),
    Mutant(
        "gradient_for_weight",
        msg("multiplied by a gradient instead of a value"),
        lambda at: msg(
            "Multiply {upstream} by {other} itself, not by the gradient of {other}: the value is in the "
            "table of nodes, to the left of the gradient",
            upstream=at.upstream,
            other=at.other,
        ),
        use=wrong_rules.gradient_for_weight,
    ),
    Mutant(
        "wrong_value",
        msg("the derivative at the wrong value"),
        lambda at: msg(
            "{local} is a slope, taken at the point of the forward pass: its formula in the column "
            "“local” shows whether it uses {operand} or {node}",
            local=at.local,
            operand=at.operand,
            node=at.node,
        ),
        use=wrong_rules.wrong_value,
    ),
    Mutant(
        "dot_for_elementwise",
        msg("a dot product instead of an elementwise product"),
        lambda at: msg(
            "Each entry of {operand} affects only the corresponding entry of {node}: multiply {upstream} "
            "and {local} elementwise (⊙), without summing",
            operand=at.operand,
            node=at.node,
            upstream=at.upstream,
            local=at.local,
        ),
        use=wrong_rules.dot_for_elementwise,
    ),
    Mutant(
        "elementwise_for_dot",
        msg("an elementwise product instead of a matrix product"),
        lambda at: msg(
            "Each entry of {operand} affects several entries of {node}, and their shares are added up: "
            "use a matrix product, as in the rule in the column “local”",
            operand=at.operand,
            node=at.node,
        ),
        use=wrong_rules.elementwise_for_dot,
    ),
    Mutant(
        "upstream_forgotten",
        msg("the upstream gradient is forgotten"),
        lambda at: msg(
            "{local} alone tells how {node} changes, not how {loss} does: multiply it by {upstream}, in "
            "the column “upstream”",
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
            "{upstream} tells how {loss} changes with {node}, not with {operand}: multiply it by "
            "{local}, in the column “local”",
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
        msg("added instead of multiplied"),
        lambda at: msg(
            "Along a path, the chain rule multiplies: take {upstream} times {local}, from the columns "
            "“upstream” and “local”",
            upstream=at.upstream,
            local=at.local,
        ),
        use=wrong_rules.added,
    ),
    Mutant(
        "transposed",
        msg("it is transposed"),
        lambda at: msg(
            "{product} must have the shape ({shape}) of {operand}: the factors are in the wrong order, "
            "or a transpose is missing",
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
            "The size is right, but the sign is not: check the signs in the columns “upstream” and "
            "“local”; an update goes against the gradient",
        ),
        use=wrong_rules.negated,
        change=wrong_rules.ascended,
    ),
    Mutant(
        "rate_forgotten",
        msg("the learning rate is forgotten"),
        lambda at: msg(
            "{operand} moves by the learning rate times its gradient: the rate is in the update formula",
            operand=at.operand,
        ),
        change=wrong_rules.rate_forgotten,
    ),
    Mutant(
        "forward_order",
        msg("the order is that of the forward pass"),
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
            "The gradient of {operand} is complete, and passed on, only once every node that uses it has "
            "contributed",
            operand=at.operand,
        ),
    ),
    Mutant(
        "to_a_constant",
        msg("a gradient for a constant"),
        lambda at: msg(
            "Constants and literal numbers get no gradient: they are not meant to change",
        ),
    ),
    Mutant(
        "operand_left_out",
        msg("an operand is left out"),
        lambda at: msg(
            "{node} depends on all of its operands, so each of them receives a gradient from it",
            node=at.node,
        ),
    ),
)
"""Every misconception, the specific ones first."""
