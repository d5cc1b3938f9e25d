"""The bug lab: a graph in which one edge computes by a misconception, for a person to find.

Formulas, rules and local gradients stay as they are: only the contribution of the edge is wrong, as it would
be in code that says one thing and does another. Numeric checks see it, so they are not shown meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Final

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.numeric_check import check_edge, check_leaf
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Fault, Graph
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.practice.comparing import alike
from backprop_engine.practice.mutants import MUTANTS, OVERWRITTEN, Mutant
from backprop_engine.practice.uses import OperandUse, sum_at, use_at
from backprop_engine.scenario.model import Scenario
from backprop_engine.trace.trace import Trace

__all__ = [
    "Bug",
    "BugGrade",
    "bug_example",
    "bugs_of",
    "caught",
    "drawn_bug",
    "grade_bug",
    "named_bug",
    "with_bug",
]


class Bug(Struct, frozen=True, eq=False):
    """A bug: the edge that computes it, and the misconception that it computes by."""

    edge: Edge
    mutant: Mutant


class BugGrade(Struct, frozen=True):
    """What naming a bug is worth: half for the edge, half for the misconception."""

    edge: bool
    mutant: bool
    message: Message

    @property
    def credit(self) -> float:
        """0, 0.5 or 1."""
        return (self.edge + self.mutant) / 2

    @property
    def right(self) -> bool:
        """Whether both are right."""
        return self.edge and self.mutant


def bugs_of(trace: Trace) -> tuple[Bug, ...]:
    """Every bug that can be planted in a run, and shows in its numbers; no two at an edge look alike."""
    return tuple(bug for edge in trace.schedule.edges for bug in _bugs_at(trace, edge))


def _bugs_at(trace: Trace, edge: Edge) -> list[Bug]:
    """What can go wrong at an edge."""
    op = trace.graph.nodes[edge.node].op
    if op is not None and op.wrong:  # its rule is a mistake already
        return []
    use = _use(trace, edge)
    shown = [trace.contributions[edge.index]]
    if not np.all(np.isfinite(shown[0])):
        return []
    found = []
    for mutant in MUTANTS:
        wrong = _answer(mutant, use)
        if wrong is not None and not any(alike(wrong, other) for other in shown):
            shown.append(wrong)
            found.append(Bug(edge, mutant))
    if edge.shared and trace.schedule.turn(edge)[0] > 1:
        total = sum_at(trace, edge)
        if not alike(total.right, total.contributions[-1]):
            found.append(Bug(edge, _BY_NAME[OVERWRITTEN]))
    return found


_BY_NAME: Final = {mutant.name: mutant for mutant in MUTANTS}


def _use(trace: Trace, edge: Edge) -> OperandUse:
    """The use that an edge is; as if a pass over the same numbers had gone before, and was not cleared."""
    use = use_at(trace, edge)
    first = trace.schedule.turn(edge)[0] == 1
    return structs.replace(use, left=trace.gradients[edge.operand] if first else None)


def _answer(mutant: Mutant, use: OperandUse) -> Tensor | None:
    """The first wrong answer that fits the operand; None where there is none."""
    if mutant.use is None:
        return None
    fitting = (answer for answer in mutant.answers(use) if answer.shape == use.shape)
    right = use.contribution()
    return next((answer for answer in islice(fitting, _MOST_WAYS) if not alike(answer, right)), None)


_MOST_WAYS: Final = 8


def with_bug(scenario: Scenario, bug: Bug) -> Scenario:
    """The scenario with a bug in its graph; leaves and forward pass are what they were.

    It has no notes, which would quote the right numbers.

    Raises `UsageError` where the misconception does not apply to the edge, or does not show in its numbers.
    """
    trace = scenario.record()
    graph, edge, mutant = scenario.graph, bug.edge, bug.mutant
    if not any(one.mutant is mutant for one in _bugs_at(trace, edge)):
        raise UsageError(
            msg("this bug changes nothing at {edge}: {bug}", edge=graph.edge_name(edge), bug=mutant.title)
        )
    fault = Fault(overwrites=True)
    if mutant.use is not None and mutant.name != OVERWRITTEN:
        fault = Fault(partial(_faulty, mutant, _use(trace, edge)))
    faulty = replace(graph, faults={(edge.node, edge.argnum): fault})
    return replace(scenario, graph=faulty, notes={})


def _faulty(mutant: Mutant, use: OperandUse, g: Any, out: Any, *operands: Any) -> Tensor:
    """The contribution by a misconception; by the rule where it does not apply to these numbers."""
    now = structs.replace(use, g=use.settled(g), out=use.settled(out), operands=operands)
    wrong = _answer(mutant, now)
    return now.contribution() if wrong is None else wrong


def drawn_bug(scenario: Scenario, seed: int) -> Bug:
    """A bug for a seed, which a numeric check catches; every possible misconception is equally likely.

    Raises `UsageError` for a scenario in which none is.
    """
    found = list(bugs_of(scenario.record()))
    generator = np.random.default_rng(seed)
    for _ in range(_DRAWS):
        if not found:
            break
        mutants = list(dict.fromkeys(bug.mutant for bug in found))
        mutant = mutants[int(generator.integers(len(mutants)))]
        fitting = [bug for bug in found if bug.mutant is mutant]
        chosen = fitting[int(generator.integers(len(fitting)))]
        if caught(scenario, chosen):
            return chosen
        found.remove(chosen)
    raise UsageError(msg("no bug can be hidden in {scenario}", scenario=scenario.name))


_DRAWS: Final = 20


def caught(scenario: Scenario, bug: Bug) -> bool:
    """Whether numeric checks see a bug: of its edge, or of a leaf where a sum is at fault."""
    trace = with_bug(scenario, bug).record()
    if not check_edge(trace, bug.edge).verdict.good:
        return True
    leaves = (leaf for leaf in trace.graph.leaves if leaf.takes_gradient)
    return bug.mutant.name == OVERWRITTEN and any(not check_leaf(trace, leaf).verdict.good for leaf in leaves)


def named_bug(graph: Graph, text: str) -> tuple[str, Mutant]:
    """The edge and the misconception that a person names: ``q -> x, sign``.

    Raises `UsageError` for an edge or a misconception that does not exist.
    """
    written, comma, name = text.replace("→", "->").partition(",")
    node, arrow, operand = (part.strip() for part in written.partition("->"))
    if not (arrow and comma):
        raise UsageError(msg("write the edge and the mistake: {example}", example=bug_example(graph)))
    wanted = name.strip()
    mutants = [mutant for mutant in MUTANTS if mutant.plantable]
    if wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(mutants):
        mutant = mutants[int(wanted) - 1]
    else:
        found = [one for one in mutants if one.name == wanted]
        if not found:
            message = msg("there is no mistake called {name}", name=shortened(clean(wanted), 40))
            raise UsageError(message, msg("`list` shows all of them"))
        mutant = found[0]
    edge = f"{graph[node].name} → {graph[operand].name}"
    if edge not in {graph.edge_name(one) for one in graph.edges}:
        raise UsageError(msg("there is no edge {edge}", edge=edge))
    return edge, mutant


def bug_example(graph: Graph) -> str:
    """How a bug is named in this graph."""
    return f"{graph.edge_name(graph.edges[0]).replace('→', '->')}, sign"


def grade_bug(scenario: Scenario, bug: Bug, text: str) -> BugGrade:
    """Grade what a person says is wrong, an edge and a misconception: ``q -> x, upstream_forgotten``.

    A misconception counts as right if it leads to the same numbers. Raises `UsageError` where `text` names
    none.
    """
    edge, mutant = named_bug(scenario.graph, text)
    right = edge == scenario.graph.edge_name(bug.edge)
    same = mutant is bug.mutant or _same(scenario.record(), bug, mutant)
    sentences = [msg("The edge is right.") if right else msg("The edge is not {edge}.", edge=edge)]
    if right:
        sentences.append(
            msg("The mistake is right: {title}.", title=mutant.title)
            if same
            else msg("It is a different kind of mistake.")
        )
    return BugGrade(right, right and same, joined(" ", sentences))


def _same(trace: Trace, bug: Bug, mutant: Mutant) -> bool:
    """Whether another misconception gives the numbers of the bug; `trace` is the run without it."""
    left, right = (_answer(one, _use(trace, bug.edge)) for one in (bug.mutant, mutant))
    return left is not None and right is not None and alike(left, right)
