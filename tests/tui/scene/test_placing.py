"""How pictures are fitted into a room: what is out of the question is not laid out, and nothing else is."""

from __future__ import annotations

import pytest

from backprop_tui.layout.stages import finish
from backprop_tui.scene import placing
from backprop_tui.scene.boxes import DENSITIES
from backprop_tui.scene.folding import folded_graph
from backprop_tui.scene.scene import _draft
from covering import SHOWN
from scenes import trace

ROOMS = ((20, 6), (58, 12), (76, 15), (118, 22), (198, 40), (300, 100))


@pytest.mark.parametrize("stem", SHOWN)
def test_what_is_out_of_the_question_does_not_fit(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trace(stem)
    count = folded_graph(run.graph, ()).computed_count
    for density in DENSITIES:
        draft = _draft(run, None, (), density, 0, count)
        for room in ROOMS:
            found, can = finish(draft.fitted(room)), draft.can_fit(room)
            monkeypatch.setattr(placing.Draft, "can_fit", lambda *_: True)
            assert finish(draft.fitted(room)) == found
            assert can or not placing.fits(found, room)
            monkeypatch.undo()
