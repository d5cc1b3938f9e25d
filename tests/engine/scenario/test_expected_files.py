"""Expectations from data files: what comes out, how far off the rest is, and what may not be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.verify import Failure, failures

NETWORK = """
constants: {X: [[1, 2, -1], [0.5, -1, 2]], t: [1, 0]}
params: {W: [[0.5, -0.25], [1, 0.75], [-0.5, 0.125]], b: [0.1, -0.2]}
nodes:
  y: X @ W + b
  L: softmax_with_loss(y, target=t)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the scenario's own gradients, as they are and spoilt."""
    (tmp_path / "s.yaml").write_text(NETWORK)
    trace = load_scenario(tmp_path / "s.yaml").record()
    right = trace.gradient("W")
    inner = tmp_path / "data"
    inner.mkdir()
    arrays: dict[str, Any] = {
        "fc1.weight": right,
        "sign": -right,
        "factor": 64 * right,
        "one": right + np.array([[0, 0], [0, 1e-3], [5e-2, 0]]),
        "turned": right.T,
        "nan": np.full_like(right, np.nan),
        "single": right.astype(np.float32),
        "y": trace.value("y"),
        "words": np.array(["a", "b"]),
    }
    np.savez(inner / "grads.npz", **arrays)
    np.save(inner / "w.npy", right)
    np.savetxt(inner / "w.csv", right, delimiter=",", fmt="%.17g")
    return tmp_path


def failed(folder: Path, expect: str) -> list[Failure]:
    (folder / "s.yaml").write_text(f"{NETWORK}expect: {expect}\n")
    scenario = load_scenario(folder / "s.yaml")
    (folder / "again.yaml").write_text(scenario.to_yaml())
    found = failures(scenario, scenario.run())
    again = load_scenario(folder / "again.yaml")
    assert [each.message for each in failures(again, again.run())] == [each.message for each in found]
    return found


@pytest.mark.parametrize(
    "expect",
    [
        "{grads: {W: {file: data/grads.npz, key: fc1.weight}}}",
        "{grads: {W: {file: data/w.npy}}}",
        "{grads: {W: {file: data/w.csv}}}",
        "{values: {y: {file: data/grads.npz, key: y}}}",
        "{rtol: 1.0e-6, grads: {W: {file: data/grads.npz, key: single}}}",
        "{wrong: true, grads: {W: {file: data/grads.npz, key: sign}}}",
    ],
)
def test_what_comes_out(folder: Path, expect: str) -> None:
    assert failed(folder, expect) == []


@pytest.mark.parametrize(
    ("key", "hint", "cosine"),
    [
        ("sign", "the sign is wrong", "cosine -1"),
        ("factor", "it is 0.015625 times the expected gradient everywhere: a constant factor", "cosine 1"),
        ("one", "", "the largest difference is 0.05 at [2, 0], the cosine 0.99"),
        ("nan", "", "the largest difference is inf at [0, 0]"),
    ],
)
def test_how_far_off(folder: Path, key: str, hint: str, cosine: str) -> None:
    (failure,) = failed(folder, f"{{grads: {{W: {{file: data/grads.npz, key: {key}}}}}}}")
    assert failure.name == "W"
    assert cosine in failure.message
    assert hint in str(failure.hint)
    assert failure.place.line == 7


def test_a_transpose_is_recognised(folder: Path) -> None:
    (failure,) = failed(folder, "{grads: {W: {file: data/grads.npz, key: turned}}}")
    assert "has shape 3×2, expected 2×3" in failure.message
    assert "transpose" in failure.hint


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        ("{file: data/grads.npz}", "key"),
        ("{file: data/grads.npz, key: fc1.bias}", "fc1.bias"),
        ("{file: data/none.npz, key: a}", "there is no file `data/none.npz`"),
        ("{file: ../w.npy}", "folder"),
        ("{file: /etc/passwd.npy}", "folder"),
        ("{file: data/w.pickle}", "does not have the extension of a data file"),
        ("{file: data/grads.npz, key: words}", "words"),
        ("{shape: [3, 2], init: zeros}", "expected"),
    ],
)
def test_refusals(folder: Path, figure: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        failed(folder, f"{{grads: {{W: {figure}}}}}")
    assert told in str(caught.value)
    assert all(found.place is not None and found.place.line == 7 for found in caught.value.diagnostics)


def test_figures_count_as_what_is_read(folder: Path) -> None:
    np.save(folder / "data" / "large.npy", np.zeros((1000, 1000)))
    (folder / "s.yaml").write_text(f"{NETWORK}expect: {{grads: {{W: {{file: data/large.npy}}}}}}\n")
    with pytest.raises(ScenarioError, match=r"at most .* are allowed"):
        load_scenario(folder / "s.yaml", max_memory=1_000_000)
