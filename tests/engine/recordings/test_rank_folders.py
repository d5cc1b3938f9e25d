"""A run of several ranks is a folder of recordings, which are trusted as little as one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.recordings.events import (
    FORMAT,
    BackwardCall,
    EngineEnd,
    EngineStart,
    GraphNode,
    Manifest,
    OperatorCall,
    ReducedGradient,
    TensorEntry,
)
from backprop_engine.recordings.findings import find_in_ranks
from backprop_engine.recordings.ranks import leaf_gradients, open_ranks
from backprop_engine.recordings.writer import RecordingWriter


def rank(
    folder: Path,
    number: int,
    world: int = 2,
    *,
    steps: int = 2,
    weight: float = 1.0,
    size: float = 3.0,
    printed: bool = False,
) -> Path:
    """A recording of a parameter that is used in line 7, and whose gradient is put together; its loss may be
    `printed` after the last step."""
    writer = RecordingWriter(folder, Manifest(FORMAT, "torch", "2.13.0", number, world))
    for step in range(steps):
        writer.start(step)
        value = TensorEntry(0, (2,), "F32", 1.0 if step == 0 else weight)
        out = TensorEntry(1, (2,), "F32", 2.0)
        writer.event(OperatorCall("aten.mul.Tensor", "n1", None, "layer", "train.py", 7, "step", (), (out,)))
        writer.event(EngineStart((("n1", 0),), "train.py", 8))
        writer.event(GraphNode("n1", "MulBackward0", (("a1", 0),)))
        writer.event(GraphNode("a1", "AccumulateGrad", (), "w", value))
        gradient = TensorEntry(2, (2,), "F32", size)
        writer.event(BackwardCall("n1", (out,), (gradient,)))
        writer.event(BackwardCall("a1", (gradient,), ()))
        writer.event(ReducedGradient("w", TensorEntry(3, (2,), "F32", 2.5)))
        writer.event(EngineEnd())
    if printed:
        writer.start(steps)
        writer.event(OperatorCall("aten._local_scalar_dense.default", file="train.py", line=9))
    writer.close()
    return folder


def test_ranks_and_what_they_put_together(tmp_path: Path) -> None:
    for number in (1, 0):
        rank(tmp_path / f"rank-{number}", number, size=3.0 + number)
    ranks = open_ranks(tmp_path)
    assert (list(ranks.recordings), ranks.world, ranks.missing, ranks.numbers) == ([0, 1], 2, (), [0, 1])
    arrived = {number: leaf_gradients(step)["w"].norm for number, step in ranks.step(1).items()}
    assert arrived == {0: 3.0, 1: 4.0}
    ((leaf, reduced),) = ranks.reduced(1).items()
    assert leaf == "w"
    assert {number: (event.gradient.norm, event.first) for number, event in reduced.items()} == {
        0: (2.5, None),
        1: (2.5, None),
    }
    assert find_in_ranks(ranks) == []


def test_one_rank_is_a_run_of_its_own(tmp_path: Path) -> None:
    for number in range(2):
        rank(tmp_path / f"rank-{number}", number)
    for folder in (tmp_path / "rank-1", rank(tmp_path / "alone", 0, 1)):
        ranks = open_ranks(folder)
        assert ranks.world == len(ranks.recordings) == 1
        assert find_in_ranks(ranks) == []


def test_a_rank_without_a_recording_is_named(tmp_path: Path) -> None:
    rank(tmp_path / "rank-0", 0, 3)
    rank(tmp_path / "rank-2", 2, 3, steps=1)
    (tmp_path / "rank-1").symlink_to(rank(tmp_path / "elsewhere", 1, 3))
    ranks = open_ranks(tmp_path)
    assert ranks.missing == (1,)
    assert [(one.kind, one.ranks, str(one.message)) for one in find_in_ranks(ranks)] == [
        ("rank-stopped", (1,), "there is no recording of rank 1"),
        ("rank-stopped", (2,), "rank 2 ended after step 0, others after step 1"),
    ]


def test_a_loss_that_one_rank_prints_after_its_steps_is_no_step(tmp_path: Path) -> None:
    for number in range(2):
        rank(tmp_path / f"rank-{number}", number, printed=number == 0)
    ranks = open_ranks(tmp_path)
    assert (ranks.numbers, find_in_ranks(ranks)) == ([0, 1], [])


def test_figures_tell_which_rank_differs(tmp_path: Path) -> None:
    for number in range(3):
        rank(tmp_path / f"rank-{number}", number, 3, weight=1.5 if number == 1 else 1.0)
    (finding,) = find_in_ranks(open_ranks(tmp_path))
    assert (finding.kind, finding.step, finding.ranks, finding.node) == ("diverged", 1, (1,), "a1")
    assert "they had the same gradient in the previous step" in finding.message


def test_a_rank_with_a_far_larger_gradient_is_named(tmp_path: Path) -> None:
    for number in range(3):
        rank(tmp_path / f"rank-{number}", number, 3, size=5e3 if number == 2 else 3.0)
    (finding,) = find_in_ranks(open_ranks(tmp_path))
    assert (finding.kind, finding.step, finding.ranks, finding.line) == ("rank-outlier", 0, (2,), 8)
    assert "1.67e+03 times that of the others" in finding.message


def test_folders_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    rank(tmp_path / "mixed" / "rank-0", 0, 2)
    rank(tmp_path / "mixed" / "rank-1", 1, 3)
    with pytest.raises(UsageError, match="belongs to another run, of 3 ranks"):
        open_ranks(tmp_path / "mixed")
    rank(tmp_path / "renamed" / "rank-0", 1, 2)
    with pytest.raises(UsageError, match="this is the recording of rank 1 of 2"):
        open_ranks(tmp_path / "renamed")
    rank(tmp_path / "huge" / "rank-0", 0, 10**9)
    with pytest.raises(UsageError, match="rank 0 of 1000000000"):
        open_ranks(tmp_path / "huge")
    for nothing in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match="is not a recording"):
            open_ranks(nothing)
