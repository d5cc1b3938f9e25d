"""A recording is debugged as any other run: its graph, its iterations, its troubles, and changes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backprop_engine.arrays import is_stored, norm
from backprop_engine.debugger import Break, Continue, Session, Set, StepBy, update
from backprop_engine.debugger.time_travel import finished
from backprop_engine.debugger.troubles import troubles
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_trace
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Kind
from backprop_engine.recordings.scenarios import load_recording
from recorded import STEPS, recorded_mlp


def test_a_recorded_run_is_a_graph_of_our_operators(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run")
    scenario = load_recording(tmp_path / "run")
    graph = scenario.graph
    written = [(node.name, node.op.name) for node in graph.nodes if node.op is not None]
    assert written == [("hidden", "linear"), ("relu", "relu"), ("head", "linear"), ("mse", "mse")]
    kinds = {node.name: node.kind for node in graph.leaves}
    assert kinds == {
        "hidden.weight": Kind.PARAM, "hidden.bias": Kind.PARAM, "data": Kind.CONSTANT,
        "head.weight": Kind.PARAM, "head.bias": Kind.PARAM, "data_2": Kind.CONSTANT,
    }  # fmt: skip
    assert [str(node.place)[:11] for node in graph.nodes if node.op is not None] == [
        "train.py:9:", "train.py:10", "train.py:11", "train.py:20"
    ]  # fmt: skip
    assert scenario.title.in_language("en") == "MLP, recorded"


def test_each_backward_pass_is_an_iteration(tmp_path: Path) -> None:
    expected = recorded_mlp(tmp_path / "run")
    run = load_recording(tmp_path / "run").run()
    assert (run.iterations, run.last) == (STEPS, STEPS * run.length)
    losses = [float(loss) for loss in run.losses()]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == STEPS
    for name, gradient in expected.items():
        np.testing.assert_allclose(run.trace(STEPS - 1).gradient(name), gradient, rtol=1e-6)
    assert run.locate(run.length + 1) == (1, 1)
    while run.extend():
        pass
    np.testing.assert_allclose(run.history.losses, losses)
    column = [run.graph.nodes[at].name for at in run.history.parameters].index("head.bias")
    assert run.history.gradients[-1, column] == pytest.approx(np.linalg.norm(expected["head.bias"]))


def test_our_rules_agree_with_what_was_recorded(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run")
    checks = list(check_trace(load_recording(tmp_path / "run").run().trace(1)))
    assert len(checks) == 4 + 7
    assert {check.verdict for check in checks} == {Verdict.AGREES}


def test_figures_are_known_without_entries(tmp_path: Path) -> None:
    expected = recorded_mlp(tmp_path / "run", cells=2)
    trace = load_recording(tmp_path / "run").run().trace(STEPS - 1)
    gradient = trace.gradient("hidden.weight")
    assert not is_stored(gradient)
    assert norm(gradient) == pytest.approx(np.linalg.norm(expected["hidden.weight"]), rel=1e-6)
    assert is_stored(trace.gradient("head.bias"))
    checks = list(check_trace(trace))
    assert {check.verdict for check in checks} == {Verdict.NOT_APPLICABLE}
    assert troubles(trace) == ()


@pytest.mark.parametrize("cells", [1000, 1])
def test_the_first_nan_is_found_in_the_step_where_it_arises(tmp_path: Path, cells: int) -> None:
    recorded_mlp(tmp_path / "run", cells=cells, spoilt=1)
    session = Session(load_recording(tmp_path / "run").run())
    session = finished(update(update(session, Break("nan")), Continue()))
    assert (session.iteration, session.frame.step.node) == (1, session.graph.position("relu"))
    assert session.hit == (1,)
    (first, *_) = troubles(session.trace)
    assert (first.position, first.is_nan) == (session.here, True)


def test_a_change_is_computed_where_all_operators_are_ours(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run")
    session = Session(load_recording(tmp_path / "run").run())
    session = update(session, StepBy(session.run.length + 3))
    before = session.trace.gradient("hidden.weight")
    changed = update(session, Set("head.bias", np.array([1.0, -1.0])))
    assert (changed.iteration, changed.here) == (1, 3)
    assert norm(changed.trace.gradient("hidden.weight") - before) > 0.1
    assert changed.compared is session.trace
    for other in (0, 2):
        same = changed.run.trace(other).gradient("hidden.weight")
        np.testing.assert_array_equal(same, session.run.trace(other).gradient("hidden.weight"))
    assert {check.verdict for check in check_trace(changed.trace)} == {Verdict.AGREES}


def test_a_change_is_refused_where_entries_were_not_stored(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run", cells=4)
    session = Session(load_recording(tmp_path / "run").run(), 2)
    with pytest.raises(UsageError, match="hidden depends on this change, and the entries of hidden were not"):
        update(session, Set("hidden.bias", np.zeros(4)))


def test_a_gradient_that_a_hook_changed_is_what_the_run_went_on_with(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run", hooked=True)
    trace = load_recording(tmp_path / "run").run().trace(0)
    edge = next(edge for edge in trace.graph.edges if trace.graph.edge_name(edge) == "head → relu")
    np.testing.assert_allclose(trace.gradient("relu"), 2 * trace.contributions[edge.index], rtol=1e-6)
