"""What a run of several is called, and each of its iterations."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_engine.messages.message import Message, msg
from backprop_engine.trace.run import Run

__all__ = ["iteration_text", "names_of_run", "tells_iteration"]


def iteration_text(run: Run, iteration: int, *, short: bool = False) -> Message:
    """Which iteration it is, and which is the last."""
    here, last = run.called(iteration), run.called(run.iterations - 1)
    if short:
        return msg("iteration {iteration}/{last}", iteration=here, last=last)
    return msg("iteration {iteration} of {last}", iteration=here, last=last)


def tells_iteration(run: Run) -> bool:
    """Whether there is another iteration, or the only one is of a later step of a recorded program."""
    return run.has_iterations or run.called(0) != "0"


def names_of_run(run: Run, *, short: bool = False) -> Iterator[Message]:
    """The rank that a run is of, and the backward pass, where there are several."""
    among = run.among
    if among.rank is not None:
        whole = msg("rank {rank} of {world}", rank=among.rank, world=among.world)
        yield msg("rank {rank}", rank=among.rank) if short else whole
    if among.passes > 1:
        whole = msg("pass {number} of {count}", number=among.number, count=among.passes)
        yield msg("pass {number}/{count}", number=among.number, count=among.passes) if short else whole
