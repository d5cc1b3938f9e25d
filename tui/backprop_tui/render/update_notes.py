"""What an update says of its gradient and its learning rate: clipping, and schedules."""

from __future__ import annotations

import numpy as np

from backprop_engine.explain.facts import UpdateFacts
from backprop_engine.explain.numbers import number
from backprop_engine.messages.message import Hint, Message, msg

__all__ = ["update_notes"]


def update_notes(facts: UpdateFacts) -> tuple[Message, ...]:
    """What clipping does at an update, and which learning rate it has, where that is not always the same."""
    return tuple(words for words in (_clipped(facts), _rate(facts)) if words)


def _clipped(facts: UpdateFacts) -> Hint:
    """What clipping does at this update."""
    clipping, clipped = facts.training.clipping, facts.clipped
    if clipping is None or clipped is None:
        return ""
    most, length = number(np.float64(clipping.most)), number(np.float64(clipped.norm))
    if clipping.kind == "clip_value":
        if not facts.is_clipped:
            return msg(
                "clip_value = {most}: no entry of this gradient is larger in absolute value.", most=most
            )
        entries = np.asarray(facts.gradient.tensor)
        return msg(
            "clip_value = {most}: {count} of {size} entries are larger in absolute value and are clipped "
            "to it.",
            most=most,
            count=int(np.count_nonzero(np.abs(entries) > clipping.most)),
            size=entries.size,
        )
    if not facts.is_clipped:
        return msg(
            "clip_norm = {most}: ‖g‖ = {length} over all parameters, not clipped.", most=most, length=length
        )
    return msg("Clipped from ‖g‖ = {length} to {most}, over all parameters.", most=most, length=length)


def _rate(facts: UpdateFacts) -> Hint:
    """The learning rate of this update, where a schedule gives it."""
    schedule = facts.training.schedule
    if schedule is None:
        return ""
    rate, update = number(np.float64(facts.settings["lr"])), facts.trace.iteration + 1
    of = facts.training.steps
    if facts.trace.iteration < schedule.warmup:
        return msg(
            "Warm-up: the learning rate of update {update} of {of} is {rate}.",
            update=update,
            of=of,
            rate=rate,
        )
    return msg(
        "{kind} schedule: the learning rate of update {update} of {of} is {rate}.",
        kind=schedule.kind.name,
        update=update,
        of=of,
        rate=rate,
    )
