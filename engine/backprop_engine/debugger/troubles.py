"""Where in a run non-finite numbers arise."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from msgspec import Struct

from backprop_engine.arrays import is_finite, norm
from backprop_engine.debugger.anomalies import ARISING
from backprop_engine.derived import derived
from backprop_engine.graph.graph import Kind
from backprop_engine.trace.lazy_tensors import figures_at
from backprop_engine.trace.trace import Trace

__all__ = ["Trouble", "next_trouble", "troubles"]


class Trouble(Struct, frozen=True, order=True):
    """A step at which NaN or an infinity arises from numbers without it; 0 if it was given."""

    position: int
    is_nan: bool


@derived()
def troubles(trace: Trace) -> tuple[Trouble, ...]:
    """Every trouble of an iteration, in the order of its steps."""
    kinds = (("first infinity", False), ("first nan", True))
    arising = (Trouble(at, nan) for name, nan in kinds for at in ARISING[name](trace, None, 0.0))
    return tuple(sorted({*_given(trace), *arising}))


def _given(trace: Trace) -> Iterator[Trouble]:
    """Inputs and parameters that are not finite, and constants with NaN; their infinities may be meant, as in
    a mask of minus infinity.
    """
    for node in trace.graph.leaves:
        known = figures_at(trace.values, node.position)
        if known is not None:
            is_nan, is_bad = bool(known.nan), bool(known.nan or known.inf)
        else:
            value = trace.values[node.position]
            is_bad = not is_finite(value)
            is_nan = is_bad and isnan(norm(value))
        if is_nan or (is_bad and node.kind in (Kind.INPUT, Kind.PARAM)):
            yield Trouble(0, is_nan)


def next_trouble(trace: Trace, position: int) -> Trouble | None:
    """The first after a position, or after the last the first of all; None if every number is finite."""
    found = troubles(trace)
    return next((trouble for trouble in found if trouble.position > position), found[0] if found else None)
