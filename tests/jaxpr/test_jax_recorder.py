"""Recording a function of JAX gives JAX's own gradients, and what is recorded is what was computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backprop_engine.recordings.events import BackwardCall
from backprop_engine.recordings.findings import find
from backprop_engine.recordings.recording import EngineRun, Recording, open_recording
from backprop_tui.cli.main import run as run_command
from backprop_tui.jax import record

pytestmark = pytest.mark.filterwarnings("ignore")  # JAX's own, of what it calls deprecated in itself


class Case(NamedTuple):
    function: Callable[..., Any]
    args: tuple[Any, ...]
    argnums: int | tuple[int, ...] = 0


def numbers(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(len(shape)).standard_normal(shape), jnp.float32)


def attention(parameters: dict[str, Any], x: Any) -> Any:
    with jax.named_scope("attention"):
        q, k, v = jnp.split(x @ parameters["qkv"], 3, axis=-1)
        scores = q @ k.T / np.sqrt(k.shape[-1])
        weights = jax.nn.softmax(jnp.where(np.tril(np.ones(scores.shape, bool)), scores, -jnp.inf))
    with jax.named_scope("mlp"):
        return jnp.mean((jax.nn.gelu(weights @ v) @ parameters["out"]) ** 2)


def recurrent(w: Any, u: Any, xs: Any) -> Any:
    def cell(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(w @ h + u @ x)
        return h, h * 2

    last, states = jax.lax.scan(cell, jnp.zeros(3), xs)
    _, back = jax.lax.scan(cell, last, xs, reverse=True)
    return states.sum() + (back * states).sum()


@jax.custom_vjp
def doubled(x: Any) -> Any:
    return 2 * x


doubled.defvjp(lambda x: (doubled(x), None), lambda _, gradient: (3 * gradient,))


@jax.jit
def inner(x: Any) -> Any:
    return jax.nn.relu(x) + jax.lax.cond(x.sum() > 0, lambda one: one**2, lambda one: one**3, x)


def mixed(x: Any, index: Any, scale: float = 2.0) -> Any:
    y = inner(doubled(x)) + jax.lax.stop_gradient(x)
    y = jax.checkpoint(lambda one: jnp.sin(one) * scale)(y)
    return jax.nn.logsumexp(y[index] + jnp.sort(y)[0]) + jnp.max(y)


CASES = {
    "attention": Case(attention, ({"qkv": numbers(4, 12), "out": numbers(4, 2)}, numbers(5, 4)), (0, 1)),
    "recurrent": Case(recurrent, (numbers(3, 3), numbers(3, 2), numbers(4, 2)), (0, 1)),
    "mixed": Case(mixed, (numbers(6), jnp.array([3, 0, 3]))),
    "half precision": Case(
        lambda w, x: jnp.sum(jnp.tanh(x @ w).astype(jnp.float32)),
        (numbers(3, 2).astype(jnp.bfloat16), numbers(4, 3).astype(jnp.bfloat16)),
    ),
    "random numbers": Case(
        lambda x, key: (x * jax.random.bernoulli(key, 0.5, x.shape)).sum(), (numbers(5), jax.random.key(3))
    ),
}


def recorded(case: Case, folder: Path, **options: Any) -> tuple[Recording, Any]:
    with record(folder, **options) as tape:
        found = tape.value_and_grad(case.function, case.argnums)(*case.args)
    return open_recording(folder), found


def sums(recording: Recording, run: EngineRun) -> Iterator[tuple[BackwardCall, Any, Any]]:
    """Each gradient that contributions arrived at, and their sum."""
    arrived: dict[tuple[str, int], list[Any]] = {}
    for call in run.calls:
        for output, gradient in enumerate(call.upstream):
            contributions = arrived.pop((call.node, output), None)
            if gradient is not None and contributions:
                yield call, recording.entries(gradient).astype(float), sum(contributions)
        for edge, one in zip(run.nodes[call.node].next, call.contributions, strict=False):
            if edge is not None and one is not None:
                arrived.setdefault((edge[0], edge[1]), []).append(recording.entries(one).astype(float))


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_jax_and_contributions_add_up(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    recording, (value, gradients) = recorded(case, tmp_path / "run", cells=None)
    expected_value, expected = jax.value_and_grad(case.function, case.argnums)(*case.args)
    close = 1e-2 if name == "half precision" else 1e-5
    np.testing.assert_allclose(value, expected_value, rtol=close)
    assert jax.tree.structure(gradients) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(gradients), jax.tree.leaves(expected), strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_allclose(one.astype(float), other.astype(float), rtol=close, atol=close / 10)
    (step,) = recording.steps
    (run,) = step.runs
    compared = 0
    for call, gradient, total in sums(recording, run):
        compared += 1
        np.testing.assert_allclose(gradient, total, rtol=close, atol=1e-6, err_msg=call.node)
    assert compared > 3 or name == "random numbers"
    leaves = {node.leaf: call for call in run.calls if (node := run.nodes[call.node]).leaf is not None}
    flat = jax.tree.leaves(gradients)
    assert len(leaves) == len(flat)
    for (_, call), gradient in zip(sorted(leaves.items()), sorted_by_name(case, gradients), strict=True):
        np.testing.assert_array_equal(
            recording.entries(call.upstream[0]).astype(float), gradient.astype(float)
        )
    assert run_command(["doctor", str(tmp_path / "run")]) in (0, 1)


def sorted_by_name(case: Case, gradients: Any) -> list[Any]:
    """The gradients in the order of their leaves' names."""
    names = case.function.__code__.co_varnames
    each = gradients if isinstance(case.argnums, tuple) else (gradients,)
    wanted = case.argnums if isinstance(case.argnums, tuple) else (case.argnums,)
    found: dict[str, Any] = {}
    for number, one in zip(wanted, each, strict=True):
        if isinstance(one, dict):
            found |= {f"{names[number]}.{key}": value for key, value in one.items()}
        else:
            found[names[number]] = one
    return [found[name] for name in sorted(found)]


def test_every_equation_has_a_scope_a_line_and_a_name(tmp_path: Path) -> None:
    recording, _ = recorded(CASES["attention"], tmp_path / "run")
    calls = recording.steps[0].operators
    assert recording.manifest.framework == "jax"
    assert all(call.file == __file__ and call.line for call in calls if call.node is not None)
    scopes = [call.module for call in calls]
    assert set(scopes) == {"", "attention", "mlp"} or set(scopes) == {"attention", "mlp"}
    assert {"dot_general", "exp", "tanh"} <= {call.op for call in calls}
    (run,) = recording.steps[0].runs
    assert run.file == __file__
    leaves = {operand.leaf for call in calls for operand in call.inputs if operand is not None}
    assert leaves == {"parameters.qkv", "parameters.out", "x", None}


def test_a_function_with_a_derivative_of_its_own_is_one_node_under_its_name(tmp_path: Path) -> None:
    recording, _ = recorded(CASES["mixed"], tmp_path / "run")
    calls = recording.steps[0].operators
    (own,) = [call for call in calls if call.op == "doubled"]
    assert own.node is not None
    assert sum(call.op == "relu" for call in calls) == 1
    assert [call.op for call in calls if call.op == "cond"] == []
    (detached,) = [call for call in calls if call.op == "stop_gradient" and call.inputs[0].leaf == "x"]
    assert detached.node is None


def test_a_loop_is_recorded_round_by_round(tmp_path: Path) -> None:
    recording, _ = recorded(CASES["recurrent"], tmp_path / "run")
    calls = recording.steps[0].operators
    rounds = [call.module for call in calls if call.op == "tanh"]
    assert rounds == [f"scan[{t}]" for t in (0, 1, 2, 3, 3, 2, 1, 0)]
    assert sum(call.op == "stack" for call in calls) == 2


def test_the_first_nan_is_found_at_its_line(tmp_path: Path) -> None:
    def loss(w: Any, x: Any) -> Any:
        h = jnp.tanh(x @ w)
        with jax.named_scope("head"):
            bad = jnp.log(h - 2)  # the line that is to be found
        return bad.sum()

    with record(tmp_path / "run", cells=0) as tape:
        tape.value_and_grad(loss)(numbers(3, 2), numbers(4, 3))
        tape.step()
    (finding,) = [one for one in find(open_recording(tmp_path / "run")) if one.kind == "forward-nan"]
    line = Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1]
    assert line.endswith("# the line that is to be found")
    assert (finding.op, finding.module) == ("log", "head")
    (call,) = [one for one in open_recording(tmp_path / "run").steps[0].operators if one.op == "log"]
    assert call.outputs[0].data is not None  # a step in which something is not finite is stored whole
    assert run_command(["doctor", str(tmp_path / "run")]) == 1


def test_steps_that_are_not_recorded_are_computed_by_jax_alone(tmp_path: Path) -> None:
    with record(tmp_path / "run", steps=range(1, 2)) as tape:
        value_and_grad = tape.value_and_grad(lambda w, x: ((w * x).sum(), w + 1), has_aux=True)
        for _ in range(3):
            (value, aux), gradient = value_and_grad(numbers(3), numbers(3))
            tape.step()
    np.testing.assert_allclose(gradient, numbers(3), rtol=1e-6)
    np.testing.assert_allclose(aux, numbers(3) + 1, rtol=1e-6)
    np.testing.assert_allclose(value, (numbers(3) ** 2).sum(), rtol=1e-6)
    recording = open_recording(tmp_path / "run")
    assert [step.number for step in recording.steps] == [1]


def test_what_has_no_gradient_is_refused(tmp_path: Path) -> None:
    with record(tmp_path / "run") as tape:
        with pytest.raises(TypeError, match="one real number, not from shape"):
            tape.value_and_grad(lambda x: x * 2)(numbers(3))
        with pytest.raises(TypeError, match="x has int32: only real numbers"):
            tape.value_and_grad(lambda x: x.sum() * 1.0)(jnp.arange(3))
