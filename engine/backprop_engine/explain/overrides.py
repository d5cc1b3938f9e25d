"""What an override changes in a run: which values and gradients replace computed ones."""

from __future__ import annotations

from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.derived import derived
from backprop_engine.trace.trace import GradientEdit, Trace, ValueEdit

__all__ = ["OverrideFacts", "changed_by_hook", "depends_on_override", "overrides_gradient", "overrides_value"]


class OverrideFacts(Struct, frozen=True, eq=False):
    """A tensor that was `given` in place of the one that the step `computed`, by hand or by a hook."""

    name: str
    given: Tensor
    computed: Tensor
    by_hook: bool = False


def overrides_value(trace: Trace, position: int) -> bool:
    """Whether another value replaces what the operator of a computed node gave."""
    return bool(trace.edits) and position in _overridden_values(trace)


def overrides_gradient(trace: Trace, position: int) -> bool:
    """Whether another gradient replaces the completed one of a node."""
    return bool(trace.edits) and position in _overridden_gradients(trace)


def changed_by_hook(trace: Trace, position: int) -> bool:
    """Whether it was a hook that changed the gradient of a node."""
    edits = (edit for edit in trace.edits if isinstance(edit, GradientEdit) and edit.by_hook)
    return any(trace.graph.position(edit.node) == position for edit in edits)


def depends_on_override(trace: Trace, position: int) -> bool:
    """Whether the gradient of a node is overridden, or came through a gradient or a value that is."""
    return bool(trace.edits) and position in _changed_gradients(trace)


@derived()
def _overridden_values(trace: Trace) -> frozenset[int]:
    nodes = [trace.graph[edit.node] for edit in trace.edits if isinstance(edit, ValueEdit)]
    return frozenset(node.position for node in nodes if node.op)


@derived()
def _overridden_gradients(trace: Trace) -> frozenset[int]:
    edits = (edit for edit in trace.edits if isinstance(edit, GradientEdit))
    return frozenset(trace.graph.position(edit.node) for edit in edits)


@derived()
def _changed_gradients(trace: Trace) -> frozenset[int]:
    changed, values = set(_overridden_gradients(trace)), _overridden_values(trace)
    for edge in trace.schedule.edges:
        if edge.node in changed or edge.node in values:
            changed.add(edge.operand)
    return frozenset(changed)
