"""Where breakpoints are seen: their nodes, and the positions at which running stops."""

from __future__ import annotations

import pytest

from backprop_engine.debugger import Break, Continue, Enable, Go, Session, StepInto, update
from backprop_engine.debugger.marks import breakpoint_nodes, breakpoint_positions
from backprop_engine.debugger.time_travel import finished
from scenes import run


def session_with(stem: str, *texts: str) -> Session:
    session = Session(run(stem))
    for text in texts:
        session = update(session, Break(text))
    return session


def names(session: Session) -> dict[str, bool]:
    return {session.graph.nodes[node].name: on for node, on in breakpoint_nodes(session).items()}


def stops(session: Session) -> set[int]:
    """Where continuing from the start stops, again and again."""
    found, here = set(), update(session, Go(0))
    while True:
        here = finished(update(here, Continue()))
        if not here.hit or here.iteration:
            return found
        found.add(here.position)


def test_a_breakpoint_marks_its_node_or_all_of_its_operator_or_group() -> None:
    assert names(session_with("branch_and_merge", "f")) == {"f": True}
    session = session_with("vanishing_sigmoids", "op sigmoid")
    assert set(names(session)) == {f"h{number}" for number in range(1, 11)}
    session = session_with("bptt", "group s[1]")
    assert names(session)
    assert all(name.startswith("s[1]") for name in names(session))


def test_a_phase_and_a_trouble_mark_no_node() -> None:
    assert not names(session_with("branch_and_merge", "phase backward", "first nan", "if value > 3"))


def test_in_a_very_long_run_only_those_are_marked_that_structure_alone_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = session_with("branch_and_merge", "f", "f if value > -100", "first nan", "if value > -100")
    every = breakpoint_positions(session)
    monkeypatch.setattr("backprop_engine.debugger.marks._LONG", 1)
    few = breakpoint_positions(session)
    assert few.tolist() == breakpoint_positions(session_with("branch_and_merge", "f")).tolist()
    assert 0 < few.size < every.size


def test_a_node_is_enabled_where_one_of_its_breakpoints_is() -> None:
    session = update(session_with("branch_and_merge", "f"), Enable(1, False))
    assert names(session) == {"f": False}
    assert names(update(session, Break("f if value > 0"))) == {"f": True}
    assert not breakpoint_positions(session).size


@pytest.mark.parametrize(
    "texts", [("f",), ("op mul",), ("phase backward", "if value > 3"), ("zero gradient",)]
)
def test_the_positions_are_those_at_which_continuing_stops(texts: tuple[str, ...]) -> None:
    session = session_with("add_multiply", *texts)
    assert breakpoint_positions(session).tolist() == sorted(stops(session))


def test_a_change_of_sign_is_told_from_the_iteration_before() -> None:
    session = session_with("momentum", "sign change")
    assert not breakpoint_positions(session).size
    later = finished(update(session, Continue()))
    assert later.iteration > 0
    assert later.outer_here in breakpoint_positions(later)


def test_inside_a_composite_nothing_is_marked() -> None:
    session = session_with("softmax_classifier", "phase backward", "L")
    position = session.run.graph.position("L") - session.schedule.order.start + 1
    inside = update(update(session, Go(position)), StepInto())
    assert inside.levels
    assert not breakpoint_nodes(inside)
    assert not breakpoint_positions(inside).size
