"""What there is to say about a whole run: before it, what it computes; after it, what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backprop_engine.arrays import norm
from backprop_engine.explain.run_overview import run_overview
from backprop_engine.explain.run_summary import Tally, expected_figures, run_summary
from backprop_engine.scenario.loader import load_scenario
from scenes import scenario, trace, written


def test_a_graph_is_told_by_its_output_its_gradients_and_its_sums() -> None:
    overview = run_overview(scenario("rnn_cell").graph)
    assert (overview.output, overview.formula) == ("L", "mse(h, t)")
    assert overview.receivers == ("x", "h_prev", "W_xh", "W_hh", "b", "W_xg", "W_hg", "b_g")
    assert overview.shared == ("x", "h_prev")


@pytest.mark.parametrize(
    ("written_as", "shown"),
    [
        ("(a - 1) ** 2", "(a − 1)²"),
        ("sum(v * v) + 3 * a", "sum(v ⊙ v) + 3 · a"),
        ("mse(relu(W @ v), t)", "mse(relu(W @ v), t)"),
        ("a * a", "a · a"),
    ],
)
def test_what_a_graph_computes_is_told_in_the_names_of_its_file(
    tmp_path: Path, written_as: str, shown: str
) -> None:
    text = (
        "inputs: {a: 2, v: [1, 2]}\nconstants: {W: [[1, 2], [3, 4]], t: [0, 1]}\n"
        f"nodes:\n  L: {written_as}\n"
    )
    assert run_overview(written(tmp_path, text).graph).formula == shown


def test_what_gets_no_gradient_is_no_receiver(tmp_path: Path) -> None:
    text = "inputs: {x: 1, y: 2}\nconstants: {k: 3}\nnodes:\n  a: x * k\n  f: a + detach(y)\noutput: f\n"
    overview = run_overview(written(tmp_path, text).graph)
    assert overview.receivers == ("x",)
    assert overview.shared == ()


@pytest.mark.parametrize("stem", ["rnn_cell", "lstm", "xor", "iris_mlp", "add_multiply"])
def test_the_summary_has_every_leaf_and_its_checks_hold(stem: str) -> None:
    shown, run = run_summary(trace(stem)), trace(stem)
    assert [each.name for each in shown.gradients] == list(run_overview(run.graph).receivers)
    assert [each.size for each in shown.gradients] == [
        norm(run.gradient(each.name)) for each in shown.gradients
    ]
    assert all(0 <= each.share <= 1 for each in shown.gradients)
    assert shown.checks == Tally(len(shown.gradients), len(shown.gradients))
    assert run_summary(run) is shown


def test_a_larger_gradient_has_a_larger_share() -> None:
    gradients = sorted(run_summary(trace("vanishing_over_time")).gradients, key=lambda each: each.size)
    shares = [each.share for each in gradients]
    assert shares == sorted(shares)


def test_a_wrong_gradient_does_not_pass() -> None:
    run = trace("rnn_cell")
    place = run.graph.position("W_xg")
    gradients = list(run.gradients)
    wrong = np.array(gradients[place], dtype=float)
    wrong[0, 0] += 1e-3
    gradients[place] = wrong
    checks = run_summary(replace(run, gradients=tuple(gradients))).checks
    assert checks == Tally(7, 8)


def test_figures_are_counted_in_their_own_iteration() -> None:
    read = scenario("gradient_descent")
    run = read.run()
    blocks = {block.iteration: len(block.figures) for block in read.expectations}
    for iteration in range(run.iterations):
        wanted = blocks.get(iteration, 0)
        assert expected_figures(run.trace(iteration), read) == Tally(wanted, wanted)


def test_a_figure_that_does_not_come_out_is_counted(tmp_path: Path) -> None:
    text = "inputs: {x: 3}\nnodes: {f: x * x}\nexpect: {values: {f: 9}, grads: {x: 5}}\n"
    read = written(tmp_path, text)
    assert expected_figures(read.record(), read) == Tally(1, 2)


def test_after_a_forward_pass_alone_there_are_no_gradients() -> None:
    run = scenario("gradient_descent").run()
    shown = run_summary(run.trace(run.iterations - 1))
    assert (shown.gradients, shown.checks) == ((), None)


def test_too_much_work_is_not_done(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(
        "params: {w: {shape: [400, 400], init: ones}}\nnodes: {f: sum(w * w * w)}\n", encoding="utf-8"
    )
    shown = run_summary(load_scenario(path).record())
    assert shown.checks is None
    assert len(shown.gradients) == 1
