"""Mixed precision: casts are operators of ours, changes go through them, and checks allow their rounding."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from plain_models import GPT, TOKENS
from torch import nn
from torch.nn import functional as f

from backprop_engine.arrays import settle
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_edge, check_trace
from backprop_engine.errors import UsageError
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.paths import module_path
from backprop_engine.program.whole import numpy_program
from backprop_engine.recordings.casts import cast_op
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace
from backprop_tui.torch import record

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it calls deprecated in itself
TYPES = [torch.bfloat16, torch.float16]
X = torch.linspace(-2, 2, 24).reshape(4, 6)


def _mixed(model: nn.Module, dtype: torch.dtype) -> Any:
    with torch.autocast("cpu", dtype):
        return f.cross_entropy(model(X), torch.tensor([1, 0, 2, 2]))


def _recorded(folder: Path, dtype: torch.dtype) -> tuple[nn.Module, Run, Trace]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.LayerNorm(5), nn.Linear(5, 3))
    with record(folder, model, cells=None):
        _mixed(model, dtype).backward()
    run = load_recording(folder).run()
    return model, run, run.trace(0)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_a_cast_rounds_as_pytorch_does(dtype: torch.dtype) -> None:
    random = torch.randn(4000, generator=torch.Generator().manual_seed(0))
    numbers = torch.cat(
        [
            random * 10.0 ** torch.linspace(-42, 38, 4000),
            torch.tensor(
                [0.0, -0.0, torch.inf, -torch.inf, torch.nan, 1.00390625, 1.01171875, 65519.9, 65520.0]
            ),
        ]
    )
    op = cast_op({torch.bfloat16: "BF16", torch.float16: "F16"}[dtype])
    np.testing.assert_array_equal(op.forward(numbers.numpy()), numbers.to(dtype).float().numpy())
    wide = numbers.double().numpy()
    assert op.forward(wide) is wide  # numeric checks are not rounded


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_casts_hand_the_gradient_back_to_the_bit(dtype: torch.dtype, tmp_path: Path) -> None:
    model, _, trace = _recorded(tmp_path / "run", dtype)
    ops = [node.op.name for node in trace.graph.nodes if node.op is not None]
    assert not any(node.op.recorded for node in trace.graph.nodes if node.op is not None)
    assert f"to_{str(dtype).removeprefix('torch.')}" in ops
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_array_equal(trace.gradient(module_path(name)), parameter.grad.numpy())


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_checks_allow_the_rounding_of_the_type(dtype: torch.dtype, tmp_path: Path) -> None:
    _, _, trace = _recorded(tmp_path / "run", dtype)
    with np.errstate(all="ignore"):
        checks = list(check_trace(trace))
    assert {check.verdict for check in checks} == {Verdict.AGREES}
    assert any(check.error > 1e-4 for check in checks)  # more than single precision is allowed


def test_a_wrong_gradient_in_a_narrow_type_is_found(tmp_path: Path) -> None:
    _, _, trace = _recorded(tmp_path / "run", torch.bfloat16)
    wrong = [1.5 * np.asarray(one) for one in trace.contributions]
    mistaken = replace(trace, contributions=wrong)
    with np.errstate(all="ignore"):
        verdicts = {check_edge(mistaken, edge).verdict for edge in trace.graph.edges}
    assert verdicts == {Verdict.DIFFERS}


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_a_change_goes_through_casts(dtype: torch.dtype, tmp_path: Path) -> None:
    model, run, trace = _recorded(tmp_path / "run", dtype)
    first = trace.graph["0.weight" if "0.weight" in trace.graph else module_path("0.weight")]
    value = np.array(trace.values[first.position])
    value[1, 2] += 0.5
    leaves = {**trace.bindings.leaves, first.position: settle(value, trace.graph.dtype)}
    changed = run.changed(Bindings(leaves, trace.bindings.seed), (), trace).trace(0)
    with torch.no_grad():
        model[0].weight[1, 2] += 0.5  # type: ignore[index, operator]
    model.zero_grad()
    loss = _mixed(model, dtype)
    loss.backward()
    close = {torch.bfloat16: 2e-2, torch.float16: 2e-3}[dtype]
    assert float(changed.values[changed.graph.output]) == pytest.approx(float(loss), rel=close)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        expected, found = parameter.grad.numpy(), changed.gradient(module_path(name))
        assert found is not None
        np.testing.assert_allclose(found, expected, rtol=0, atol=close * float(np.abs(expected).max()))
    cast = next(
        node for node in changed.graph.nodes if node.op is not None and first.position in node.operands
    )
    np.testing.assert_array_equal(
        changed.values[cast.position],
        model[0].weight.detach().to(dtype).float().numpy(),  # type: ignore[operator]
    )


def test_no_program_says_what_was_computed_in_a_narrow_type(tmp_path: Path) -> None:
    _, run, _ = _recorded(tmp_path / "run", torch.bfloat16)
    with pytest.raises(UsageError, match="this run cannot be written as a program"):
        numpy_program(run)


def test_a_gpt_in_mixed_precision_is_checked_throughout(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = GPT()
    with record(tmp_path / "run", model, cells=None), torch.autocast("cpu", torch.bfloat16):
        f.cross_entropy(model(TOKENS).flatten(0, 1), TOKENS.flatten()).backward()
    trace = load_recording(tmp_path / "run").run().trace(0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        checks = [check_edge(trace, edge, most=64, sample=4) for edge in trace.graph.edges]
    assert {check.verdict for check in checks} == {Verdict.AGREES}
