"""The texts that say which iteration, rank and backward pass is shown."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.messages.message import Message, msg
from backprop_engine.trace.run import Run

__all__ = ["iteration_text", "origin_texts", "shows_iteration"]


def iteration_text(run: Run, iteration: int, *, short: bool = False) -> Message:
    """The label of an iteration, and that of the last one."""
    here, last = run.iteration_label(iteration), run.iteration_label(run.iterations - 1)
    if short:
        return msg("iteration {iteration}/{last}", iteration=here, last=last)
    return msg("iteration {iteration} of {last}", iteration=here, last=last)


def shows_iteration(run: Run) -> bool:
    """Whether there is another iteration, or the only one is a later step of a recorded program."""
    return run.has_iterations or run.iteration_label(0) != "0"


def origin_texts(run: Run, *, short: bool = False) -> Iterator[Message]:
    """The rank and the backward pass that a run comes from, if there are several of them."""
    origin = run.origin
    if origin.rank is not None:
        whole = msg("rank {rank} of {world}", rank=origin.rank, world=origin.world)
        yield msg("rank {rank}", rank=origin.rank) if short else whole
    if origin.passes > 1:
        whole = msg("pass {number} of {count}", number=origin.pass_number, count=origin.passes)
        yield msg("pass {number}/{count}", number=origin.pass_number, count=origin.passes) if short else whole
