"""`run`: the whole run, as text and as data."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from backprop_tui.cli.main import run
from command_line import FAILING, Commands, file
from covering import SHOWN
from programs import environment, program
from scenes import STEMS, scenario, trace

SHAPES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "forward": {"node": str, "op": str, "operands": list, "value": object},
    "seed": {"node": str, "gradient": object},
    "backward": {
        "node": str,
        "operand": str,
        "argnum": int,
        "upstream": object,
        "local": dict,
        "product": object,
        "summed_axes": list,
    },
    "accumulate": {"node": str, "count": int, "of": int, "sum": object},
    "update": {"node": str, "before": object, "gradient": object, "after": object},
    "clear": {},
}
"""The keys of each kind of step beside `index` and `kind`."""
LOCALS = {"scalar": {"value"}, "elementwise": {"value"}, "jacobian": {"value"}, "map": {"rule", "shapes"}}


def data(commands: Commands, *arguments: str) -> dict[str, Any]:
    """What `run --json` prints."""
    outcome = commands("run", *arguments, "--json")
    assert outcome.code == 0
    assert outcome.out.count("\n") == 1

    def forbidden(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(outcome.out, parse_constant=forbidden)
    assert isinstance(found, dict)
    return found


def test_the_numbers_of_add_multiply(commands: Commands) -> None:
    run = data(commands, "add_multiply")
    assert run["scenario"] == "add_multiply"
    assert run["output"] == "f"
    assert run["loss"] == -12
    assert run["dtype"] == "float64"
    assert run["values"] == {"x": -2, "y": 5, "z": -4, "q": 3, "f": -12}
    assert run["grads"] == {"x": -4, "y": -4, "z": 3, "q": -4, "f": 1}
    assert run["warnings"] == []
    assert run["steps"] == [
        {"index": 1, "kind": "forward", "node": "q", "op": "add", "operands": ["x", "y"], "value": 3},
        {"index": 2, "kind": "forward", "node": "f", "op": "mul", "operands": ["q", "z"], "value": -12},
        {"index": 3, "kind": "seed", "node": "f", "gradient": 1},
        _backward(4, "f", "q", 0, upstream=1, local=-4, product=-4),
        _backward(5, "f", "z", 1, upstream=1, local=3, product=3),
        _backward(6, "q", "x", 0, upstream=-4, local=1, product=-4),
        _backward(7, "q", "y", 1, upstream=-4, local=1, product=-4),
    ]


def _backward(index: int, node: str, operand: str, argnum: int, **numbers: float) -> dict[str, Any]:
    return {
        "index": index,
        "kind": "backward",
        "node": node,
        "operand": operand,
        "argnum": argnum,
        "upstream": numbers["upstream"],
        "local": {"form": "scalar", "value": numbers["local"]},
        "product": numbers["product"],
        "summed_axes": [],
    }


def _of_update(stem: str, kind: str) -> list[str]:
    """What an update says besides, where the training has a schedule or clips."""
    training = trace(stem).training
    if training is None or kind not in ("update", "clear"):
        return []
    if kind == "clear":
        return ["running"] * bool(training.running)
    return ["rate"] * bool(training.schedule) + ["norm", "clipped"] * bool(training.clipping)


@pytest.mark.parametrize("stem", SHOWN)
def test_every_step_has_its_keys_and_no_others(commands: Commands, stem: str) -> None:
    run = data(commands, stem)
    keys = ["scenario", "output", "loss", "dtype", "values", "grads", "steps", "warnings"]
    trains = trace(stem).training is not None
    assert list(run) == [*keys, *(["iterations"] if trains else [])]
    assert [step["index"] for step in run["steps"]] == list(range(1, len(trace(stem).steps) + 1))
    for step in run["steps"]:
        shape = SHAPES[step["kind"]]
        where = {key: value for key, value in step.items() if key in ("group", "iteration")}
        assert list(step) == ["index", "kind", *shape, *_of_update(stem, step["kind"]), *where]
        assert where.get("iteration") == (0 if trains else None)
        for key, kind in shape.items():
            assert isinstance(step[key], kind)
        if step["kind"] == "backward":
            form = step["local"]["form"]
            assert set(step["local"]) == {"form"} | LOCALS[form]


@pytest.mark.thorough
def test_the_bundled_scenarios_show_every_kind_and_form(commands: Commands) -> None:
    steps = [step for stem in STEMS for step in data(commands, stem)["steps"]]
    assert {step["kind"] for step in steps} == set(SHAPES)
    forms = {step["local"]["form"] for step in steps if step["kind"] == "backward"}
    assert {"scalar", "elementwise", "map"} <= forms


def test_a_jacobian_is_given_whole(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, "inputs: {x: [0, 0]}\nnodes: {p: softmax(x)}\nseed: [1, 0]\n")
    step = data(commands, path)["steps"][-1]
    assert step["local"] == {"form": "jacobian", "value": [[0.25, -0.25], [-0.25, 0.25]]}
    assert step["product"] == [0.25, -0.25]


def test_a_jacobian_that_is_too_large_is_null(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, "inputs: {x: {shape: [65], init: zeros}}\nnodes: {p: softmax(x), f: sum(p)}\n")
    locals_ = [step["local"] for step in data(commands, path)["steps"] if step["kind"] == "backward"]
    assert locals_[-1] == {"form": "jacobian", "value": None}


def test_a_broadcast_operand_says_which_axes_are_summed(commands: Commands) -> None:
    summed = [
        (step["operand"], step["summed_axes"])
        for step in data(commands, "broadcast_bias")["steps"]
        if step["kind"] == "backward" and step["summed_axes"]
    ]
    assert summed == [("b", [0])]


def test_grads_leave_out_what_gets_none(commands: Commands, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        """
inputs: {x: 2, idle: [1, 2]}
constants: {c: 3}
nodes: {k: c * 2, f: x * k, side: x + 1}
output: f
""",
    )
    run = data(commands, path)
    assert run["grads"] == {"x": 6, "idle": [0, 0], "f": 1}
    assert set(run["values"]) == {"x", "idle", "c", "k", "f", "side"}
    assert [(warning["code"], warning["node"]) for warning in run["warnings"]] == [("unreached", "idle")]
    assert all(set(warning) == {"code", "message", "node"} for warning in run["warnings"])


def test_the_loss_of_an_output_with_a_shape_is_null(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, "inputs: {x: [1, 2]}\nnodes: {f: x * 2}\nseed: [1, 1]\n")
    assert data(commands, path)["loss"] is None


def test_what_json_has_no_number_for_is_text(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, "inputs: {x: [0, .inf, -.inf, .nan]}\nnodes: {f: x * 1}\nseed: [1, 1, 1, 1]\n")
    run = data(commands, path)
    assert run["values"]["f"] == [0, "Infinity", "-Infinity", "NaN"]
    assert run["steps"][0]["value"] == run["values"]["f"]


@pytest.mark.parametrize(
    ("at", "values", "grads"),
    [
        (0, "x y z", ""),
        (1, "x y z q", ""),
        (2, "x y z q f", ""),
        (3, "x y z q f", "f"),
        (5, "x y z q f", "z q f"),
        (7, "x y z q f", "x y z q f"),
    ],
)
def test_at_a_position_the_rest_is_absent(commands: Commands, at: int, values: str, grads: str) -> None:
    run = data(commands, "add_multiply", "--at", str(at))
    assert list(run["values"]) == values.split()
    assert list(run["grads"]) == grads.split()
    assert len(run["steps"]) == at
    assert run["loss"] == (-12 if at >= 2 else None)


def test_a_gradient_that_is_not_complete_is_what_has_arrived(commands: Commands) -> None:
    whole = data(commands, "value_used_twice")["grads"]["a"]
    assert data(commands, "value_used_twice", "--at", "6")["grads"]["a"] == 1
    assert "a" not in data(commands, "value_used_twice", "--at", "5")["grads"]
    assert whole == 7


def test_another_value_for_a_leaf(commands: Commands) -> None:
    run = data(commands, "add_multiply", "--set", "x=1", "--set", "z=2.5")
    assert run["values"] == {"x": 1, "y": 5, "z": 2.5, "q": 6, "f": 15}
    assert run["grads"] == {"x": 2.5, "y": 2.5, "z": 6, "q": 2.5, "f": 1}


@pytest.mark.parametrize("stem", SHOWN)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_text_tells_every_step(commands: Commands, stem: str, language: str) -> None:
    outcome = commands("run", stem, "--lang", language)
    numbers = [line.split()[0] for line in outcome.out.splitlines() if line[:3].strip().isdigit()]
    assert numbers == [str(step.index) for step in trace(stem).steps]
    assert outcome.code == 0
    codes = re.findall(r"(?:warning|경고)\[([a-z-]+)\]", outcome.err)
    assert codes == [warning.code for warning in trace(stem).warnings]
    assert [line for line in outcome.out.splitlines() if line != line.rstrip()] == []


def test_the_text_of_add_multiply(commands: Commands) -> None:
    lines = commands("run", "add_multiply", "--brief").out.splitlines()
    seed = lines.pop(5)
    assert lines == [
        "      input x = -2",
        "      input y = 5",
        "      input z = -4",
        "  1  forward  q = x + y = -2 + 5 = 3",
        "  2  forward  f = q · z = 3 · (-4) = -12",
        "  4  backward  ∂L/∂q = ∂L/∂f · z = 1 · (-4) = -4",
        "  5  backward  ∂L/∂z = ∂L/∂f · q = 1 · 3 = 3",
        "  6  backward  ∂L/∂x = ∂L/∂q · 1 = (-4) · 1 = -4",
        "  7  backward  ∂L/∂y = ∂L/∂q · 1 = (-4) · 1 = -4",
    ]
    assert seed.startswith("  3  seed  ")
    assert seed.endswith(" 1.")


def test_in_korean(commands: Commands) -> None:
    told = commands("run", "add_multiply", "--lang", "ko").out
    assert "  1  순전파  q = x + y = -2 + 5 = 3" in told
    assert "  6  역전파  ∂L/∂x = ∂L/∂q · 1 = (-4) · 1 = -4" in told
    at = commands("run", "add_multiply", "--at", "1", "--lang", "ko").out
    assert "덧셈의 로컬 그래디언트는 1이므로" in at


def test_the_locale_does_not_matter(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    english = commands("run", "add_multiply").out
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert commands("run", "add_multiply").out == english


def test_a_failed_expectation_is_a_warning(commands: Commands, tmp_path: Path) -> None:
    path = file(tmp_path, FAILING)
    outcome = commands("run", path)
    assert outcome.code == 0
    assert f"{path}:6:15: warning[expect-differs]: `f` is -10, expected -11" in outcome.err
    assert "warning" not in outcome.out


# In processes of their own


def test_a_closed_pipe_is_the_end_and_no_traceback() -> None:
    """Nobody reads any more when the first line is written."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = program("run", "rnn_cell", "--json", stdout=writer, stderr=-1, capture_output=False)
    finally:
        os.close(writer)
    assert run.returncode == 128 + 13
    assert run.stderr == b""


def test_standard_input_is_read(tmp_path: Path) -> None:
    run = program("run", "-", "--json", stdin=None, input=b"inputs: {x: 3}\nnodes: {f: x * x}\n")
    assert run.returncode == 0
    assert json.loads(run.stdout)["grads"]["x"] == 6


def test_output_is_utf_8_whatever_the_locale() -> None:
    locales = (
        {"LC_ALL": "C.UTF-8"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
    )
    runs = [program("run", "rnn_cell", "--lang", "ko", env=environment(**locale)) for locale in locales]
    assert [(run.returncode, run.stderr) for run in runs] == [(0, b"")] * len(locales)
    assert len({run.stdout for run in runs}) == 1
    assert "순전파" in runs[0].stdout.decode()


@pytest.mark.thorough
def test_bytes_depend_neither_on_hashes_nor_on_threads(tmp_path: Path) -> None:
    """A product this large comes out differently on several threads."""
    path = file(
        tmp_path,
        """
inputs: {x: {shape: [160, 300], init: normal, seed: 1}}
params: {W: {shape: [300, 160], init: normal, seed: 2}}
nodes: {y: x @ W, L: sum(y * y)}
""",
    )
    outputs = {
        program(
            "run",
            path,
            "--json",
            "--at",
            "4",
            env=environment(PYTHONHASHSEED=seed, OPENBLAS_NUM_THREADS=threads, OMP_NUM_THREADS=threads),
        ).stdout
        for seed, threads in (("0", "1"), ("1", "2"), ("2", "4"))
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 100_000


def test_standard_input_is_read_in_this_process(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"inputs: {x: 3}\nnodes: {f: x * x}\n")))
    assert json.loads(commands("run", "-", "--json").out)["grads"]["x"] == 6


def test_a_terminal_gets_colours_unless_it_wants_none(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = commands("run", "add_multiply").out
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    coloured = commands("run", "add_multiply").out
    assert "\x1b[3" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert commands("run", "add_multiply").out == plain


def test_where_one_iteration_ends_the_next_begins(commands: Commands) -> None:
    first = scenario("gradient_descent").run().start(1)
    shown = [
        json.loads(commands("run", "gradient_descent", "--json", "--at", str(first), *more).out)
        for more in ([], ["--iteration", "0"], ["--iteration", "1"])
    ]
    assert shown[0] == shown[1] != shown[2]
    assert commands.refused("run", "gradient_descent", "--at", str(first), "--iteration", "2").startswith(
        f"backprop-tui: position {first} is in iteration 0; iteration 2 covers "
    )


def test_without_a_standard_output_it_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["run", "add_multiply"]) == 0
    assert sys.stdout.name == os.devnull
    sys.stdout.close()
