"""A recording is debugged as any other run: its graph, its iterations, its troubles, and changes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from backprop_engine.graph.paths import module_path
from backprop_engine.program import numpy_program
from backprop_engine.program.pytorch import pytorch_program
from backprop_engine.recordings.scenarios import load_recording
from backprop_tui.cli.main import run as run_command
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
    assert [str(node.place) for node in graph.nodes if node.op is not None] == [
        "train.py:9", "train.py:10", "train.py:11", "train.py:20"
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
    (edit,) = trace.edits
    assert (edit.node.name, edit.by_hook) == ("relu", True)
    session = update(Session(load_recording(tmp_path / "run").run()), StepBy(2))
    with pytest.raises(UsageError, match="a hook changed the gradient of relu"):
        update(session, Set("head.bias", np.zeros(2)))


def test_modules_are_groups_and_places_to_stop_at(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run")
    session = Session(load_recording(tmp_path / "run").run())
    session = finished(update(update(session, Break("module head")), Continue()))
    assert session.frame.node is session.graph["head"]
    with pytest.raises(UsageError, match="there is no group tail"):
        update(session, Break("module tail"))


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("blocks.1.attn", "blocks[1].attn"),
        ("0", "model[0]"),
        ("0.weight", "model[0].weight"),
        ("a b.c-d", "a_b.c-d"),
        ("x.y.12.3", "x.y[12][3]"),
        ("", ""),
    ],
)
def test_a_module_has_our_kind_of_path(path: str, ours: str) -> None:
    assert module_path(path) == ours


def test_what_the_doctor_finds_has_a_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "run")
    recorded_mlp(tmp_path / "run", spoilt=1)
    assert run_command(["doctor", "--json", folder]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    (arises,) = (finding for finding in found if finding["kind"] == "forward-nan")
    run = load_recording(folder).run()
    assert arises["position"] == run.length + 2
    assert run.trace(1).frame(2).node is run.graph["relu"]
    assert run_command(["doctor", folder]) == 1
    assert f"backprop-tui {folder}/ --at {arises['position']}\n" in capsys.readouterr().out


# What strangers write


def altered(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The recording with every event changed."""
    recorded_mlp(folder)
    index = folder / "index.jsonl"
    events = [json.loads(line) for line in index.read_text().splitlines()]
    for event in events:
        change(event)
    index.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    return folder


def _huge(event: dict[str, Any]) -> None:
    for tensor in event.get("outputs", ()):
        tensor["shape"] = [2**40, 2**40]
        tensor.pop("data", None)


def _foreign_root(event: dict[str, Any]) -> None:
    if event["event"] == "run":
        event["roots"] = [["nothing", 0]]


def _leaf_for_root(event: dict[str, Any]) -> None:
    if event["event"] == "run":
        event["roots"] = [["a1", 0]]


def _no_root(event: dict[str, Any]) -> None:
    if event["event"] == "run":
        event["roots"] = []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_huge, "index.jsonl:2: a tensor of this shape is too large"),
        (_foreign_root, "step 0: a backward pass starts at a root that was not computed"),
        (_leaf_for_root, "step 0: a backward pass starts at a root that was not computed"),
        (_no_root, "no backward pass was recorded"),
    ],
)
def test_a_recording_that_cannot_be_shown_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        load_recording(altered(tmp_path / "run", change))


def _later(event: dict[str, Any]) -> None:
    """The first operator is given what the last one made, besides."""
    if event.get("node") == "n0" and event["event"] == "op":
        event["inputs"].append({"id": 1, "node": "n5"})


def _other_shapes(event: dict[str, Any]) -> None:
    for tensor in event.get("contributions", ()):
        if tensor is not None:
            tensor["shape"], tensor["id"] = [7, 7], 500
            tensor.pop("data", None)


def _fewer_axes(event: dict[str, Any]) -> None:
    for tensor in event.get("contributions", ()):
        if tensor is not None:
            tensor["shape"], tensor["id"], tensor["data"] = [4], 500, [0, 64, 80]


def _no_operands(event: dict[str, Any]) -> None:
    if event["event"] == "op":
        event["inputs"], event["op"] = event["inputs"][:1], "aten.nll_loss_forward.default"


def _no_rows(event: dict[str, Any]) -> None:
    """The batch is empty."""
    for tensor in (*event.get("outputs", ()), *event.get("contributions", ()), *event.get("upstream", ())):
        if tensor is not None and tensor["shape"][:1] == [5]:
            tensor["shape"], tensor["data"] = [0, *tensor["shape"][1:]], [0, 0, 0]


def _other_settings(event: dict[str, Any]) -> None:
    if event["event"] == "op":
        event["settings"] = {"reduction": "twice", "dim": ["x"], "alpha": None}


def _unknown_operator(event: dict[str, Any]) -> None:
    if event.get("op") == "aten.relu.default":
        event["op"] = "aten.mystery.default"


def test_gradients_behind_an_operator_that_is_none_of_ours_are_checked(tmp_path: Path) -> None:
    run = load_recording(altered(tmp_path / "run", _unknown_operator)).run()
    found = {check.name: check.verdict for check in check_trace(run.trace(0))}
    known = {name for name, verdict in found.items() if verdict is Verdict.AGREES}
    assert known == {
        "head.weight", "head.bias", "mse → head", "head → mystery", "head → head.weight", "head → head.bias",
        "hidden → hidden.weight", "hidden → hidden.bias",
    }  # fmt: skip
    assert set(found.values()) == {Verdict.AGREES, Verdict.NOT_APPLICABLE}


def _strange_names(event: dict[str, Any]) -> None:
    if event["event"] == "op":
        event["module"], event["op"] = "\u001b[31m.7.\u202e", "aten.\u0007.x"


@pytest.mark.parametrize("arguments", [("run",), ("run", "--json"), ("export", "--to", "html")])
@pytest.mark.parametrize(
    "change",
    [_later, _other_shapes, _fewer_axes, _no_operands, _no_rows, _other_settings, _strange_names],
)
def test_a_recording_that_contradicts_itself_is_shown_as_far_as_it_goes(
    tmp_path: Path,
    change: Callable[[dict[str, Any]], object],
    arguments: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = altered(tmp_path / "run", change)
    command, *options = arguments
    assert run_command([command, str(folder), *options]) == 0
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert not set(told.out) & {"\u001b", "\u202e", "\u0007"}


def test_a_run_that_was_recorded_is_no_program_and_no_file(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run", cells=2)
    scenario = load_recording(tmp_path / "run")
    with pytest.raises(UsageError, match="is a recording, which has no scenario"):
        scenario.to_yaml()
    with pytest.raises(UsageError, match="is a recording: its numbers are those that were recorded"):
        scenario.with_leaf("hidden.bias", 0)
    for program in (numpy_program, pytorch_program):
        with pytest.raises(UsageError, match=r"the entries of hidden\.weight were not stored"):
            program(scenario.record())


def test_check_goes_through_every_gradient(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_mlp(tmp_path / "whole")
    recorded_mlp(tmp_path / "figures", cells=1)
    recorded_mlp(tmp_path / "hooked", hooked=True)
    folders = (str(tmp_path / name) for name in ("whole", "figures", "hooked"))
    assert run_command(["check", *folders]) == 0
    whole, figures, hooked, _ = capsys.readouterr().out.splitlines()
    assert whole.endswith("0 figures, 11 gradients (8 by complex step, 3 by finite difference)")
    assert figures.endswith("0 figures, 11 gradients that cannot be computed here")
    checked = "9 gradients (8 by complex step, 1 by finite difference)"
    assert hooked.endswith(f"{checked}, 2 gradients that cannot be computed here")
