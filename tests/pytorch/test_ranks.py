"""Runs of two and of four processes under gloo: recorded by each rank, opened and diagnosed as one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ranked_training
import torch
from ranked_training import RUNS, Run

from backprop_engine.graph.steps import Forward, Seed
from backprop_engine.recordings.findings import find_in_ranks
from backprop_engine.recordings.passes import RecordedPasses
from backprop_engine.recordings.ranks import Ranks, leaf_gradients, open_ranks
from backprop_engine.recordings.scenarios import load_recording, place_of
from backprop_tui.cli.main import run as run_command
from effort import tried

HERE = Path(ranked_training.__file__)


def together(ranks: Ranks, name: str) -> None:
    """The mean of what the ranks contributed is what they have afterwards."""
    compared = 0
    for number in ranks.numbers:
        arrived = {rank: leaf_gradients(step) for rank, step in ranks.step(number).items()}
        for leaf, reduced in ranks.reduced(number).items():
            assert arrived.keys() == reduced.keys() == set(range(ranks.world))
            given = [entries(ranks, rank, gradients[leaf]) for rank, gradients in arrived.items()]
            results = [entries(ranks, rank, event.gradient) for rank, event in reduced.items()]
            first = [event.first for event in reduced.values()]
            if name == "FSDP2":
                starts = [sum(len(each) for each in results[:rank]) for rank in range(ranks.world)]
                assert first == starts
                whole = np.concatenate(results)
            else:
                assert set(first) == {None}
                assert all(np.array_equal(each, results[0]) for each in results)
                whole = results[0]
            expected = np.mean(given, axis=0)
            assert np.abs(whole - expected).max() <= 2e-6 * np.abs(expected).max()
            compared += 1
    assert compared == 3 * 16


def placed(ranks: Ranks) -> None:
    """The debugger goes to whatever is found on a rank; where a rank stopped there is nothing to see."""
    passes = RecordedPasses(ranks)
    for finding in find_in_ranks(ranks):
        rank = finding.ranks[0]
        place = place_of(passes, rank, finding)
        assert (place is None) == (finding.kind == "rank-stopped")
        if place is None:
            continue
        iteration, here = place.run.locate(place.position)
        assert (place.run.rank, place.run.moment(iteration).step) == (rank, finding.step)
        frame = place.run.trace(iteration).frame(here)
        if finding.kind == "input-nan":
            assert isinstance(frame.step, Forward)
            assert frame.node is not None
            assert any(np.isnan(frame.trace.values[operand]).any() for operand in frame.node.operands)
        elif finding.kind == "rank-outlier":
            assert isinstance(frame.step, Seed)


def shown(folder: Path, world: int) -> None:
    """The debugger has a step for each gradient that ranks put together, and says that it is their mean."""
    run = load_recording(folder).run()
    assert (run.origin.ranks, run.origin.passes) == (tuple(range(world)), 1)
    for rank in range(world):
        for iteration in range(run.iterations):
            reductions = run.on_rank(rank).trace(iteration).reduced
            assert len(reductions) == 16
            for one in reductions.values():
                assert (one.kind, len(one.contributions), one.rank) == ("mean", world, rank)


def entries(ranks: Ranks, rank: int, tensor: Any) -> Any:
    found = ranks.recordings[rank].entries(tensor)
    assert found is not None
    return found.astype(float)


def diagnosed(ranks: Ranks, run: Run) -> None:
    findings = find_in_ranks(ranks)
    if not run.kind:
        assert findings == []
        return
    (finding,) = findings
    assert finding.kind == run.kind
    if run.kind == "rank-stopped":
        assert finding.file == ""
    else:
        assert Path(finding.file) == HERE
        assert HERE.read_text(encoding="utf-8").splitlines()[finding.line - 1].endswith("# here")
    odd = {(1,)} if ranks.world > 2 or run.kind != "diverged" else {(0, 1)}
    assert run.ranks == "any" or finding.ranks in odd


@pytest.mark.parametrize("world", tried([2, 4], [2]))
def test_ranks_are_opened_as_one_run(world: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.multiprocessing.spawn(ranked_training.work, (world, str(tmp_path)), world)
    for name, run in RUNS.items():
        ranks = open_ranks(tmp_path / name)
        assert list(ranks.recordings) == list(range(world))
        if name in ("DDP", "FSDP2"):
            together(ranks, name)
            shown(tmp_path / name, world)
        diagnosed(ranks, run)
        placed(ranks)
    assert run_command(["doctor", str(tmp_path / "a bad batch")]) == 1
    told = capsys.readouterr().out
    assert f"{world} of {world} ranks" in told
    assert "step 1 · rank 1 · aten.lift_fresh.default" in told
    assert run_command(["doctor", str(tmp_path / "DDP"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ranks"] == list(range(world))
