"""One run of the backward engine as nodes in topological order, with the tensors recorded of each.

Operators that only serve others are folded into them (`folding`). Two runs whose plans have the same
`signature` are iterations of one graph.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Final

from backprop_engine.arrays import Shape
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.recordings.events import Operand, OperatorCall, TensorEntry
from backprop_engine.recordings.folding import folded
from backprop_engine.recordings.planned_nodes import PlannedEdge, PlannedKind, PlannedNode
from backprop_engine.recordings.recording import EngineRun, RecordedStep

__all__ = ["RunPlan", "plan_of"]

_UNNAMED: Final = "input "
"""The prefix of the names of leaves that are not parameters of the model."""


@dataclass(eq=False)
class RunPlan:
    """The nodes of a run: the leaves, then the computed nodes in topological order, the output last."""

    run: EngineRun
    leaves: list[PlannedNode]
    computed: list[PlannedNode]
    output: PlannedNode

    @property
    def nodes(self) -> list[PlannedNode]:
        """The leaves and the computed nodes, in order."""
        return [*self.leaves, *self.computed]

    @property
    def signature(self) -> tuple[Any, ...]:
        """A value that is equal for two plans if and only if they have the same graph."""
        at = {id(node): position for position, node in enumerate(self.nodes)}
        nodes = (
            (*node.signature, tuple(at[id(edge.source)] for edge in node.operands)) for node in self.nodes
        )
        return at[id(self.output)], *nodes


def plan_of(step: RecordedStep, run: EngineRun) -> RunPlan:
    """The plan of a run; `UsageError` for one without a root, or without a computed node."""
    return _Planner(step, run).plan()


class _Planner:
    def __init__(self, step: RecordedStep, run: EngineRun) -> None:
        self.step, self.run = step, run
        self.made: dict[tuple[str, int], TensorEntry] = {}
        """The tensor of each output of a node, as recorded by the operators that used it."""
        for call in step.operators:
            for given in call.inputs:
                if given is not None and given.node is not None:
                    self.made.setdefault((given.node, given.output), step.tensors[given.id])
        self.used: dict[str, set[int]] = {}
        for node in run.nodes.values():
            for edge in node.next:
                if edge is not None:
                    self.used.setdefault(edge[0], set()).add(edge[1])
        for name, output in run.roots:
            self.used.setdefault(name, set()).add(output)
        self.outputs: dict[tuple[str, int], PlannedNode] = {}
        self.leaves: list[PlannedNode] = []
        self.named: dict[str, PlannedNode] = {}
        self.constants: dict[int, PlannedNode] = {}
        self.computed: list[PlannedNode] = []

    def plan(self) -> RunPlan:
        if not self.run.roots:
            raise UsageError(msg("step {step}: a backward pass has no root", step=self.step.number))
        for name in self._order():
            node = self.run.nodes[name]
            if node.leaf is None:
                self._compute(name)
        output = self._output()
        computed = folded(self.computed, output)
        used = {id(edge.source) for node in computed for edge in node.operands}
        leaves = [leaf for leaf in self.leaves if id(leaf) in used]
        return RunPlan(self.run, leaves, computed, output)

    def _output(self) -> PlannedNode:
        """The node of the root, or a node that adds several roots."""
        roots = [
            (self.outputs[root], self._seed(root))
            for root in dict.fromkeys(self.run.roots)
            if root in self.outputs and self.outputs[root].kind not in ("leaf", "constant")
        ]
        if not roots:
            raise UsageError(
                msg(
                    "step {step}: a backward pass starts at a root that was not computed",
                    step=self.step.number,
                )
            )
        if len(roots) == 1:
            return roots[0][0]
        edges = [PlannedEdge(root, flows=True, contribution=seed) for root, seed in roots]
        if all(root.shape == () and seed is not None and seed.norm == 1.0 for root, seed in roots):
            total = edges[0]
            for edge in edges[1:]:
                made = PlannedNode("total", "add", (), operands=[total, edge])
                self.computed.append(made)
                total = PlannedEdge(made, flows=True, contribution=edge.contribution)
            return total.source
        made = PlannedNode("total", "roots", (), operands=edges)
        self.computed.append(made)
        return made

    def _seed(self, root: tuple[str, int]) -> TensorEntry | None:
        """The gradient that the engine starts from at a root; only its shape if others arrived there too."""
        name, output = root
        call = self.run.call_of.get(name)
        given = call.upstream[output] if call is not None and output < len(call.upstream) else None
        if given is None or not any(root in node.next for node in self.run.nodes.values()):
            return given
        return TensorEntry(given.id, given.shape, given.dtype)

    # Order

    def _order(self) -> Iterator[str]:
        """The names of the nodes in topological order; ties are in the order of their calls."""
        turn = {call.node: number for number, call in enumerate(self.step.operators) if call.node is not None}
        waiting = dict.fromkeys(self.run.nodes, 0)
        users: dict[str, list[str]] = {}
        for name, node in self.run.nodes.items():
            for source in {edge[0] for edge in node.next if edge is not None}:
                waiting[name] += 1
                users.setdefault(source, []).append(name)
        ready = [(turn.get(name, -1), name) for name, count in waiting.items() if not count]
        heapq.heapify(ready)
        while ready:
            _, name = heapq.heappop(ready)
            yield name
            for user in users.get(name, ()):
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, (turn.get(user, -1), user))

    # Nodes

    def _leaf(self, name: str) -> PlannedNode:
        """The leaf whose gradient a node accumulates."""
        node = self.run.nodes[name]
        called = node.leaf or name
        if called not in self.named:
            call, value = self.run.call_of.get(name), node.value
            gradient = call.upstream[0] if call is not None and call.upstream else None
            known = value or gradient
            shape = tuple(known.shape) if known is not None else ()
            known_as = clean(called)
            if known_as.startswith(_UNNAMED):  # these are counted through all steps
                known_as = f"{_UNNAMED}{sum(one.name.startswith(_UNNAMED) for one in self.leaves) + 1}"
            leaf = PlannedNode("leaf", known_as, shape, value, gradient)
            leaf.reduced = self.run.reduced.get(called)
            self.named[called] = leaf
            self.leaves.append(leaf)
        self.named[called].made += (name,)
        self.outputs[name, 0] = self.named[called]
        return self.named[called]

    def _constant(self, given: Operand) -> PlannedNode:
        """The node of a tensor that gets no gradient."""
        if given.id not in self.constants:
            entry = self.step.tensors[given.id]
            constant = PlannedNode("constant", "", tuple(entry.shape), entry)
            self.constants[given.id] = constant
            self.leaves.append(constant)
        return self.constants[given.id]

    def _source(self, name: str, output: int) -> PlannedNode:
        if (name, output) in self.outputs:
            return self.outputs[name, output]
        return self._leaf(name)

    def _compute(self, name: str) -> None:
        node, call = self.run.nodes[name], self.step.maker_of.get(name)
        operands = self._operands(name, call)
        op, settings = (_short(call.op), call.settings) if call is not None and call.op else ("", {})
        backward = clean(node.name).rpartition("::")[2]
        op = op or re.sub(r"Backward\d*$", "", backward) or backward
        outputs = sorted(self.used.get(name, {0}))
        entries = {output: self._entry(name, output, call) for output in outputs}
        gradients = self.run.call_of[name].upstream if name in self.run.call_of else ()

        def made(kind: PlannedKind, output: int) -> PlannedNode:
            gradient = gradients[output] if output < len(gradients) else None
            known = entries[output] or gradient
            shape = tuple(known.shape) if known is not None else self._handed.get((name, output), ())
            return PlannedNode(
                kind,
                clean(op),
                shape,
                entries[output],
                gradient,
                call=call,
                backward=backward,
                settings=settings,
            )

        if len(outputs) == 1:
            planned = made("computed", outputs[0])
            self.outputs[name, outputs[0]] = planned
        else:
            parts = [made("part", output) for output in outputs]
            size = sum(prod(part.shape) for part in parts)
            planned = PlannedNode(
                "tuple", clean(op), (size,), call=call, backward=backward, settings=settings, parts=parts
            )
        planned.operands, planned.made, planned.outputs = operands, (name,), tuple(outputs)
        self.computed.append(planned)
        for output, part in zip(outputs, planned.parts, strict=False):
            part.operands = [PlannedEdge(planned, part.gradient is not None, part.gradient)]
            self.outputs[name, output] = part
            self.computed.append(part)

    def _operands(self, name: str, call: OperatorCall | None) -> list[PlannedEdge]:
        """The operands of the call, in order, followed by other tensors that gradient flows to."""
        node, ran = self.run.nodes[name], self.run.call_of.get(name)
        waiting = [edge for edge in enumerate(node.next) if edge[1] is not None]

        def flowing(at: int) -> tuple[bool, TensorEntry | None]:
            given = ran.contributions[at] if ran is not None and at < len(ran.contributions) else None
            return given is not None, given

        operands = []
        for given in call.inputs if call is not None else ():
            if given is None:
                continue
            for place, (at, edge) in enumerate(waiting):
                assert edge is not None
                leaf = self.run.nodes[edge[0]].leaf
                if leaf == given.leaf if leaf is not None else edge == (given.node, given.output):
                    del waiting[place]
                    operands.append(PlannedEdge(self._source(*edge), *flowing(at)))
                    break
            else:
                known = self.outputs.get((given.node or "", given.output))
                operands.append(PlannedEdge(known or self._constant(given)))
        for at, edge in waiting:
            assert edge is not None
            operands.append(PlannedEdge(self._source(*edge), *flowing(at)))
        return operands

    def _entry(self, name: str, output: int, call: OperatorCall | None) -> TensorEntry | None:
        """The tensor of an output of a node, if it was recorded."""
        if call is not None and output < len(call.outputs):
            return call.outputs[output]
        return self.made.get((name, output))

    @cached_property
    def _handed(self) -> dict[tuple[str, int], Shape]:
        """The shape of the contributions to each output of a node."""
        shapes: dict[tuple[str, int], Shape] = {}
        for call in self.run.calls:
            for edge, given in zip(self.run.nodes[call.node].next, call.contributions, strict=False):
                if edge is not None and given is not None:
                    shapes[edge] = tuple(given.shape)
        return shapes


def _short(op: str) -> str:
    """``relu`` of ``aten.relu_.default``; a name of several words keeps the underscore it begins with."""
    parts = op.split(".")
    name = parts[1] if len(parts) > 2 else parts[0].rpartition("::")[2]
    return name.rstrip("_") or name
