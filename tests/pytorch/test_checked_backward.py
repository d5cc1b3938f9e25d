"""`record(..., check=True)` finds a backward that is not the derivative of its forward, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import checked_functions
import pytest
import torch
from checked_functions import RIGHT, WRONG
from plain_models import MODELS
from recorded_models import CASES
from torch import nn

from backprop_engine.recordings.events import BackwardCheck
from backprop_engine.recordings.findings import find
from backprop_engine.recordings.recording import Recording, open_recording
from backprop_tui.cli.main import run as run_command
from backprop_tui.torch import record

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it calls deprecated in itself


def checked(folder: Path, step: Callable[[Any], object], model: nn.Module) -> Recording:
    torch.manual_seed(0)
    with record(folder, model, check=True):
        step(model)
    return open_recording(folder)


def layer() -> nn.Module:
    torch.manual_seed(2)
    return nn.Linear(4, 4)


def checks(recording: Recording) -> list[BackwardCheck]:
    return [check for step in recording.steps for run in step.runs for check in run.checks]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_backward_is_named_where_it_is_written(name: str, tmp_path: Path) -> None:
    wrong = WRONG[name]
    recording = checked(tmp_path, wrong.step, layer())
    (finding,) = find(recording)
    lines = Path(checked_functions.__file__).read_text(encoding="utf-8").splitlines()
    assert finding.kind == "wrong-backward"
    assert lines[finding.line - 1].endswith("# here")
    assert wrong.said in finding.message
    bad = [check for check in checks(recording) if check.wrong]
    assert {check.name for check in bad} == {wrong.operand}
    assert all(check.error is not None and check.error > 0.05 for check in bad)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_backward_is_not_called_wrong(name: str, tmp_path: Path) -> None:
    recording = checked(tmp_path, RIGHT[name], layer())
    assert checks(recording)
    assert not [check for check in checks(recording) if check.wrong]


@pytest.mark.parametrize("name", [*CASES, *MODELS])
def test_a_correct_model_raises_no_alarm(name: str, tmp_path: Path) -> None:
    case = CASES.get(name) or MODELS[name]
    torch.manual_seed(0)
    recording = checked(tmp_path, case.step, case.model())
    compared = [check for check in checks(recording) if check.error is not None]
    assert len(compared) > 0
    assert not [check for check in compared if check.wrong]


@pytest.mark.parametrize("name", ["attention", "a Function with two outputs", "dropout"])
def test_checking_changes_no_gradient(name: str, tmp_path: Path) -> None:
    gradients = []
    for folder in (None, tmp_path):
        torch.manual_seed(0)
        model = CASES[name].model()
        torch.manual_seed(1)
        if folder is None:
            CASES[name].step(model)
        else:
            with record(folder, model, check=True):
                CASES[name].step(model)
        gradients.append([one.grad for one in model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


def test_what_cannot_be_run_again_is_said(tmp_path: Path) -> None:
    class Single(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            if x.dtype != torch.float32:
                raise TypeError("single precision only")
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    class Counts(torch.autograd.Function):
        calls = 0

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            Counts.calls += 1
            return x * Counts.calls

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    recording = checked(
        tmp_path, lambda model: Counts.apply(Single.apply(model(torch.ones(2, 4)))).sum().backward(), layer()
    )
    reasons = [check.reason for check in checks(recording) if check.reason]
    assert sorted(reasons) == [
        "TypeError: single precision only",
        "its forward gives something else the second time",
    ]
    assert find(recording) == []


def test_without_checking_nothing_is_compared(tmp_path: Path) -> None:
    with record(tmp_path, (model := layer())):
        WRONG["a mean for a sum"].step(model)
    recording = open_recording(tmp_path)
    assert checks(recording) == []
    assert find(recording) == []


def test_a_function_is_an_operator_with_operands(tmp_path: Path) -> None:
    recording = checked(tmp_path, WRONG["a mean for a sum"].step, layer())
    (call,) = [call for call in recording.steps[0].operators if call.op == "Layer"]
    shapes = [recording.steps[0].tensors[operand.id].shape for operand in call.inputs if operand is not None]
    assert shapes == [(5, 4), (3, 4), (3,)]
    assert [operand and operand.leaf for operand in call.inputs] == [None, "input 1", "input 2"]
    assert [output.shape for output in call.outputs] == [(5, 3)]


def test_the_doctor_says_how_much_was_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked(tmp_path, WRONG["a mean for a sum"].step, layer())
    assert run_command(["doctor", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "6 of 7 contributions agree with the forward of their operator; 0 were not compared" in told
    assert "wrong-backward: the gradient of b is off by 80 % of its size: it is 5 times too small" in told
