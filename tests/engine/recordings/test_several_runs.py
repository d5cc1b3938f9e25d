"""Ranks, and backward passes with graphs of their own: each is reached, at the same step of the program."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from backprop_engine.arrays import is_stored
from backprop_engine.debugger import (
    Break,
    Continue,
    Go,
    Session,
    Set,
    StepBy,
    SwitchPass,
    SwitchRank,
    finished,
    update,
)
from backprop_engine.errors import UsageError
from backprop_engine.explain.explanation import explanation
from backprop_engine.explain.facts import ReduceFacts, step_facts
from backprop_engine.graph.graph import Kind
from backprop_engine.graph.steps import Reduce
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.run_schema import run_schema
from backprop_engine.trace.trace import Phase
from backprop_tui.cli.main import run as run_command
from recorded import STEPS, recorded_mlp, recorded_passes, recorded_ranks, recorded_roots

LEAVES = ("hidden.weight", "hidden.bias", "head.weight", "head.bias")


def opened(folder: Path) -> Session:
    return Session(load_recording(folder).run())


def test_each_gradient_that_ranks_put_together_is_a_step(tmp_path: Path) -> None:
    expected = recorded_ranks(tmp_path / "run", 3)
    session = opened(tmp_path / "run")
    schedule = session.run.schedule(0)
    assert session.run.length == schedule.completed + 4
    assert [type(step) for step in session.run.trace(0).steps[-4:]] == [Reduce] * 4
    session = update(session, Go(2 * session.run.length + schedule.completed))
    told = []
    for _ in LEAVES:
        session = update(session, StepBy())
        facts = step_facts(session.frame)
        assert isinstance(facts, ReduceFacts)
        told.append(facts.node.name)
        given = [gradients[facts.node.name] for gradients in expected]
        assert list(facts.reduction.contributions) == [0, 1, 2]
        for rank, tensor in facts.reduction.contributions.items():
            np.testing.assert_allclose(tensor, given[rank], rtol=1e-6)
        np.testing.assert_allclose(facts.outcome, np.mean(given, axis=0), rtol=1e-5, atol=1e-7)
        assert facts.reduction.kind == "mean"
        assert "The mean over 3 ranks" in explanation(session.frame)
        mean = np.mean(given, axis=0)
        far = np.linalg.norm(given[1] - mean) / np.linalg.norm(mean)
        assert facts.reduction.distance(1) == pytest.approx(far, rel=1e-5)
    assert sorted(told) == sorted(LEAVES)
    assert session.position == session.last
    assert session.frame.phase is Phase.END


def test_a_gradient_is_that_of_all_ranks_from_its_step_on(tmp_path: Path) -> None:
    expected = recorded_ranks(tmp_path / "run", steps=1)
    trace = load_recording(tmp_path / "run").run().trace(0)
    at = trace.schedule.reduce_positions[trace.graph.position("head.bias")]
    before, after = trace.frame(at - 1), trace.frame(at)
    np.testing.assert_allclose(before.gradient("head.bias"), expected[0]["head.bias"], rtol=1e-6)
    mean = np.mean([gradients["head.bias"] for gradients in expected], axis=0)
    np.testing.assert_allclose(after.gradient("head.bias"), mean, rtol=1e-6)
    assert (after.phase, after.node) in [(Phase.REDUCE, trace.graph["head.bias"]), (Phase.END, after.node)]


def test_the_same_place_on_another_rank(tmp_path: Path) -> None:
    expected = recorded_ranks(tmp_path / "run")
    session = update(update(opened(tmp_path / "run"), Break("head")), Go(2 * 16 + 3))
    assert (session.run.origin.rank, session.run.origin.ranks, session.run.origin.world) == (0, (0, 1), 2)
    other = update(session, SwitchRank())
    assert (other.run.origin.rank, other.position, other.run.graph) == (
        1,
        session.position,
        session.run.graph,
    )
    assert [known.text for known in other.breakpoints] == ["head"]
    for rank, here in enumerate((session, other)):
        np.testing.assert_allclose(
            here.run.trace(STEPS - 1).gradient("head.bias"), expected[rank]["head.bias"], rtol=1e-6
        )
    assert update(other, SwitchRank()).run is session.run
    assert update(other, SwitchRank(0)).run is session.run
    with pytest.raises(UsageError, match="there is no rank 2; available: 0, 1"):
        update(session, SwitchRank(2))


def test_a_rank_that_ended_early_is_at_its_last_step(tmp_path: Path) -> None:
    recorded_mlp(tmp_path / "run" / "rank-0", world=2)
    recorded_mlp(tmp_path / "run" / "rank-1", rank=1, world=2, steps=1)
    session = opened(tmp_path / "run")
    session = update(session, Go(session.last - 20))
    assert session.iteration == 1
    other = update(session, SwitchRank(1))
    assert (other.iteration, other.outer_here) == (0, session.outer_here)
    trace = session.run.trace(2)
    reduction = trace.reduced[trace.graph.position("head.bias")]
    assert list(reduction.contributions) == [0]
    assert reduction.kind is None


def test_the_folder_of_a_rank_opens_that_rank(tmp_path: Path) -> None:
    recorded_ranks(tmp_path / "run")
    assert opened(tmp_path / "run" / "rank-1").run.origin.rank == 1
    (tmp_path / "run" / "rank-0").rename(tmp_path / "elsewhere")
    alone = opened(tmp_path / "run" / "rank-1").run
    assert alone.trace(0).reduced[0].kind is None
    with pytest.raises(UsageError, match="this run has only one rank"):
        alone.on_rank()


def test_a_change_on_one_rank_changes_the_mean(tmp_path: Path) -> None:
    recorded_ranks(tmp_path / "run")
    session = update(opened(tmp_path / "run"), StepBy(2))
    changed = update(session, Set("head.bias", np.array([1.0, -1.0])))
    leaf = session.graph.position("head.bias")
    before, after = session.run.trace(0), changed.run.trace(0)
    moved = np.asarray(after.gradients[leaf]) - np.asarray(before.gradients[leaf])
    assert np.abs(moved).max() > 0.1
    both = np.asarray(after.reduced[leaf].result) - np.asarray(before.reduced[leaf].result)
    np.testing.assert_allclose(both, moved / 2, rtol=1e-4)
    there = update(changed, SwitchRank())
    assert there.branches.current == "baseline"
    assert there.notice is not None
    assert there.notice.message == "Your changes were not carried over."


def test_without_entries_ranks_are_compared_by_norms(tmp_path: Path) -> None:
    recorded_ranks(tmp_path / "run", cells=0)
    trace = load_recording(tmp_path / "run").run().trace(0)
    (first, *_) = trace.reduced.values()
    assert (first.kind, np.isnan(first.distance(0))) == (None, True)
    assert run_command(["run", str(tmp_path / "run")]) == 0


def test_ranks_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_ranks(tmp_path / "run")
    folder = str(tmp_path / "run")
    assert run_command(["run", folder, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    Draft202012Validator(run_schema()).validate(data)
    steps = [step for step in data["steps"] if step["kind"] == "all-reduce"]
    assert sorted(step["node"] for step in steps) == sorted(LEAVES)
    assert {step["operation"] for step in steps} == {"mean"}
    assert [*steps[0]["contributions"]] == ["0", "1"]
    for form in ("html", "latex", "markdown"):
        assert run_command(["export", folder, "--to", form]) == 0
        assert "rank 1" in capsys.readouterr().out
    assert "Recordings of 2 of 2 ranks were found." in load_recording(folder).description.in_language("en")
    commands = ["-x", "rank", "-x", "break phase reduce", "-x", "continue", "-x", "rank 5"]
    assert run_command(["run", folder, *commands]) == 2
    told = capsys.readouterr().out
    assert "iteration 0 of 2  rank 1 of 2" in told
    assert "mean over 2 ranks" in told
    assert "there is no rank 5; available: 0, 1" in told


@pytest.mark.parametrize("rows", [(0, 2), (2, 0), (0, 10**30)])
@pytest.mark.parametrize("shape", [[4, 3], [12], [2, 6], [0, 3], [1, 12, 1]])
def test_ranks_that_contradict_each_other_are_shown_as_far_as_it_goes(
    shape: list[int], rows: tuple[int, int], tmp_path: Path
) -> None:
    recorded_ranks(tmp_path / "run", steps=1)
    for rank, first in enumerate(rows):
        index = tmp_path / "run" / f"rank-{rank}" / "index.jsonl"
        events = [json.loads(line) for line in index.read_text().splitlines()]
        for event in events:
            if event["event"] == "reduced":
                event["gradient"] |= {
                    "shape": shape,
                    "data": [0, 0, 4 * int(np.prod(shape))],
                }  # of another tensor
                event["first"] = first
        index.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    run = load_recording(tmp_path / "run").run()
    for one in run.trace(0).reduced.values():
        assert one.kind is None
        assert one.rows is not None
    assert run_command(["run", str(tmp_path / "run")]) == 0


# Several backward passes


def test_iterations_are_called_as_the_steps_of_the_program(tmp_path: Path) -> None:
    recorded_passes(tmp_path / "run", range(900, 904))
    run = load_recording(tmp_path / "run").run()
    assert [run.iteration_label(iteration) for iteration in range(4)] == ["900", "901", "902", "903"]
    assert run.iteration_labelled("902") == 2
    with pytest.raises(UsageError, match="there is no iteration 2: iterations are numbered 900 to 903"):
        run.iteration_labelled("2")


def test_several_passes_of_a_step_have_turns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_passes(tmp_path / "run", range(7, 9), 3)
    run = load_recording(tmp_path / "run").run()
    assert [run.iteration_label(iteration) for iteration in range(6)] == [
        "7.1",
        "7.2",
        "7.3",
        "8.1",
        "8.2",
        "8.3",
    ]
    assert [run.iteration_labelled(name) for name in ("8", "8.1", "8.3")] == [3, 3, 5]
    for name in ("8.4", "9", "7.0"):
        with pytest.raises(UsageError, match="there is no iteration"):
            run.iteration_labelled(name)
    folder = str(tmp_path / "run")
    assert run_command(["run", folder, "-x", "iteration 8.2", "-x", "it +1", "-x", "it x"]) == 2
    told = capsys.readouterr().out
    assert "iteration 8.2 of 8.3" in told
    assert "iteration 8.3 of 8.3" in told
    assert "x is not a whole number" in told
    assert run_command(["run", folder, "--iteration", "8"]) == 0


def test_a_number_that_changes_from_step_to_step_is_a_constant(tmp_path: Path) -> None:
    recorded_passes(tmp_path / "run")
    run = load_recording(tmp_path / "run").run()
    assert run.iterations == 4
    assert run.graph["number"].kind is Kind.CONSTANT
    assert [float(run.trace(iteration).value("number")) for iteration in range(4)] == [1, 2, 3, 4]
    assert [float(loss) for loss in run.losses()] == pytest.approx([15, 7.5, 5, 3.75])


def test_a_number_that_stays_is_written_where_it_is_used(tmp_path: Path) -> None:
    recorded_passes(tmp_path / "run", range(1, 2), 2)
    graph = load_recording(tmp_path / "run").run().graph
    assert "number" not in graph
    assert [node.text for node in graph.nodes if node.kind is Kind.LITERAL] == ["2"]


def test_every_pass_is_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_passes(tmp_path / "run", range(2, 5), 2, penalty=True)
    session = opened(tmp_path / "run")
    assert (session.run.iterations, session.run.origin.passes) == (6, 2)
    session = update(session, Go(2 * session.run.length + 1))
    assert session.run.iteration_label(session.iteration) == "3.1"
    other = update(session, SwitchPass())
    assert [node.name for node in other.graph.nodes] == ["w", "exp"]
    assert (other.run.origin.pass_number, other.run.iteration_label(other.iteration)) == (2, "3")
    assert update(other, SwitchPass()).run is session.run
    with pytest.raises(UsageError, match="there is no pass 3"):
        update(other, SwitchPass(3))
    assert run_command(["run", str(tmp_path / "run"), "-x", "pass 2", "-x", "step"]) == 0
    told = capsys.readouterr().out
    assert "iteration 2 of 4  pass 2 of 2" in told
    assert "exp = exp(w)" in told


def test_a_breakpoint_is_found_in_another_pass(tmp_path: Path) -> None:
    recorded_passes(tmp_path / "run", penalty=True)
    session = update(opened(tmp_path / "run"), SwitchPass(2))
    session = finished(update(update(session, Break("exp")), Continue()))
    assert session.frame.node is session.graph["exp"]
    back = update(session, SwitchPass(1))
    assert back.breakpoints == ()
    assert back.notice is not None
    assert "exp" in back.notice.message


# Several roots of one pass


def test_roots_that_are_losses_are_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_roots(tmp_path / "run", (1.0, 1.0))
    run = load_recording(tmp_path / "run").run()
    assert run.iterations == 2  # though its input is another one in each step
    assert [node.name for node in run.graph.nodes] == ["input_1", "exp", "sin", "add"]
    assert run.graph.output == run.graph.position("add")
    trace = run.trace(1)
    assert float(trace.value("add")) == pytest.approx(np.exp(0.5) + np.sin(0.5))
    assert float(trace.gradient("input_1")) == pytest.approx(np.exp(0.5) + np.cos(0.5))
    assert run_command(["check", str(tmp_path / "run")]) == 0
    assert "5 gradients (5 by complex step)" in capsys.readouterr().out
    changed = update(Session(run, 1), Set("input_1", np.array(0.0)))
    assert float(changed.trace.value("add")) == 1.0


def test_a_root_that_another_is_computed_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_roots(tmp_path / "run", (1.0, 1.0, 1.0))
    trace = load_recording(tmp_path / "run").run().trace(0)
    inner = np.exp(0.5) * (1 + np.exp(np.exp(0.5)))
    assert float(trace.gradient("input_1")) == pytest.approx(inner + np.cos(0.5))
    assert run_command(["doctor", str(tmp_path / "run")]) == 0
    assert "no problem was found" in capsys.readouterr().out


def test_roots_with_gradients_of_their_own_are_what_was_recorded(tmp_path: Path) -> None:
    recorded_roots(tmp_path / "run", (2.0, 3.0))
    run = load_recording(tmp_path / "run").run()
    node = run.graph.nodes[run.graph.output]
    assert node.op is not None
    assert (node.name, node.op.recorded) == ("roots", True)
    trace = run.trace(0)
    assert not is_stored(trace.value("roots"))
    assert [float(trace.gradient(name)) for name in ("exp", "sin")] == [2.0, 3.0]


def test_a_single_pass_of_a_later_step_is_called_by_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded_passes(tmp_path / "run", range(940, 941))
    assert run_command(["run", str(tmp_path / "run"), "-x", "step"]) == 0
    assert "iteration 940 of 940" in capsys.readouterr().out


def test_places_on_the_axis_of_plots_are_steps(tmp_path: Path) -> None:
    recorded_passes(tmp_path / "run", range(7, 9), 2)
    run = load_recording(tmp_path / "run").run()
    assert run.places(np.arange(4)).tolist() == [7, 7.5, 8, 8.5]
    assert [run.at_place(place) for place in (0, 7.4, 8.1, 99)] == [0, 1, 2, 3]


def test_what_the_doctor_finds_in_another_pass_is_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded_passes(tmp_path / "run", penalty=True, spoilt=2)
    assert run_command(["doctor", "--json", str(tmp_path / "run")]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["kind"], found["step"], found["pass"]) == ("forward-nan", 2, 2)
    session = update(opened(tmp_path / "run"), SwitchPass(2))
    session = update(session, Go(found["position"]))
    assert (session.run.iteration_label(session.iteration), session.frame.node) == ("2", session.graph["exp"])
    assert run_command(["doctor", str(tmp_path / "run")]) == 1
    assert f"run/ --pass 2 --at {found['position']}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("steps", "turns", "described"),
    [
        (range(5, 6), 1, "Recorded with torch 2.13.0: 1 backward pass in step 5."),
        (range(5, 6), 2, "Recorded with torch 2.13.0: 2 backward passes in step 5."),
        (range(5, 8), 1, "Recorded with torch 2.13.0: 3 backward passes in steps 5 to 7."),
    ],
)
def test_the_description_counts_passes_and_steps(
    tmp_path: Path, steps: range, turns: int, described: str
) -> None:
    recorded_passes(tmp_path / "run", steps, turns)
    assert load_recording(tmp_path / "run").description.in_language("en") == described


@pytest.mark.parametrize(
    ("steps", "described"),
    [
        (range(2), "2 other passes have a different graph; `pass` shows them."),
        (range(1), "1 other pass has a different graph; `pass` shows it."),
    ],
)
def test_the_description_counts_passes_of_other_graphs(tmp_path: Path, steps: range, described: str) -> None:
    recorded_passes(tmp_path / "run", steps, 2, penalty=True)
    assert load_recording(tmp_path / "run").description.in_language("en").endswith(described)


@pytest.mark.parametrize(("count", "counted"), [(1, "1 step"), (2, "2 steps")])
def test_the_doctor_counts_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, counted: str
) -> None:
    recorded_mlp(tmp_path / "run", steps=count)
    run_command(["doctor", str(tmp_path / "run")])
    assert f"torch 2.13.0: {counted}, " in capsys.readouterr().out
