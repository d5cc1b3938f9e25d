"""The problems of a recorded run: all `_DIAGNOSES`, applied to every step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import structs

from backprop_engine.recordings.diagnoses.between_ranks import diverged, outlier, stopped_early
from backprop_engine.recordings.diagnoses.flow import changed_by_hook, detached, left_over, stopped
from backprop_engine.recordings.diagnoses.mistakes import crossed_shapes, scaled_twice, wrong_backward
from backprop_engine.recordings.diagnoses.numbers import not_finite_backward, not_finite_forward
from backprop_engine.recordings.diagnoses.sizes import dead_relu, vanishing_or_exploding
from backprop_engine.recordings.finding import Case, Diagnosis, Finding
from backprop_engine.recordings.ranks import Ranks
from backprop_engine.recordings.recording import RecordedStep, Recording

__all__ = ["Finding", "find", "find_in_ranks"]

_DIAGNOSES: Final[tuple[Diagnosis, ...]] = (
    not_finite_forward,
    not_finite_backward,
    vanishing_or_exploding,
    dead_relu,
    detached,
    left_over,
    changed_by_hook,
    wrong_backward,
    crossed_shapes,
    scaled_twice,
    stopped,
)
_NOT_FINITE: Final = ("forward-nan", "forward-inf", "input-nan", "backward-nan", "backward-inf")
"""Findings of the backward pass may follow from the others; then they are not reported."""


def find(recording: Recording) -> list[Finding]:
    """The first finding of each kind in a recording, in the order of the steps.

    Wrong backwards are reported for each operator, since they are independent of each other.
    """
    found: dict[tuple[str, ...], Finding] = {}
    previous: RecordedStep | None = None
    for step in recording.steps:
        case = Case(recording, step, previous)
        for diagnosis in _DIAGNOSES:
            for finding in diagnosis(case):
                found.setdefault(_key(finding), finding)
        previous = step
    return sorted(_causes(found.values()), key=lambda finding: finding.step)


def find_in_ranks(ranks: Ranks) -> list[Finding]:
    """The findings on all ranks of a run, and those that compare ranks.

    A finding on several ranks is reported once. Values that are not finite are reported only for the step in
    which they first occur, since an all-reduce spreads them to all ranks.
    """
    if ranks.world == 1:
        return find(ranks.first)
    found: dict[tuple[str, ...], Finding] = {}
    for rank, recording in ranks.recordings.items():
        for one in find(recording):
            key = (one.kind, one.op, one.file, str(one.line))
            if key not in found or one.step < found[key].step:
                found[key] = structs.replace(one, ranks=(rank,))
            elif one.step == found[key].step:
                found[key] = structs.replace(found[key], ranks=(*found[key].ranks, rank))
    began = min((one.step for one in found.values() if one.kind in _NOT_FINITE), default=None)
    left = [one for one in found.values() if one.kind not in _NOT_FINITE or one.step == began]
    for diagnosis in (stopped_early, diverged, outlier):
        left += [one for one in diagnosis(ranks) if began is None or one.step <= began]
    return sorted(left, key=lambda one: one.step)


def _key(finding: Finding) -> tuple[str, ...]:
    if finding.kind != "wrong-backward":
        return (finding.kind,)
    return finding.kind, finding.op, finding.file, str(finding.line)


def _causes(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without those that follow from others, such as a NaN from an earlier one."""
    found = list(findings)
    forward = min((one.step for one in found if one.kind in _NOT_FINITE[:3]), default=None)
    first = min((one.step for one in found if one.kind in _NOT_FINITE), default=None)
    left = []
    for one in found:
        if one.kind.startswith("backward-") and forward is not None and one.step >= forward:
            continue
        if one.kind == "input-nan" and first is not None and one.step > first:
            continue
        left.append(one)
    return left
