"""The doctor names the line of each fault that was planted in networks as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_faults import PLANTED, at_fault, found

from backprop_engine.recordings.passes import RecordedPasses
from backprop_engine.recordings.ranks import open_ranks
from backprop_engine.recordings.scenarios import place_of

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it calls deprecated in itself


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named_at_its_line(name: str, tmp_path: Path) -> None:
    findings = found(PLANTED[name], tmp_path)
    named = [one for one in findings if at_fault(one.file, one.line)]
    assert PLANTED[name].kind in [one.kind for one in named]
    assert [one for one in findings if one not in named and one.step == named[0].step] == []
    passes = RecordedPasses(open_ranks(tmp_path))
    for one in named:
        place = place_of(passes, 0, one)
        assert place is not None
        iteration, here = place.run.locate(place.position)
        node = place.run.trace(iteration).frame(here).node
        assert node is not None
        assert place.run.moment(iteration).step == one.step
        if one.kind not in ("not-cleared", "wrong-backward"):  # of which the line is not that of an operator
            assert node.place is not None
            assert node.place.line == one.line


def test_faults_are_twelve() -> None:
    assert len(PLANTED) == 12
