"""Modules of PyTorch beside a scenario that computes the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from backprop_engine.errors import UsageError
from backprop_engine.testing.assertions import assert_gradients, check_module

torch = pytest.importorskip("torch")

SCENARIO = """\
inputs: {x: [[1, 2], [0.5, -1], [3, 0]]}
params:
  fc_weight: [[0.1, -0.2], [0.3, 0.4]]
  fc_bias: [0.5, -0.5]
constants: {t: [[1, 0], [0, 1], [1, 1]]}
nodes:
  y: linear(x, fc_weight, fc_bias)
  h: tanh(y)
  loss: mse(h, t)
"""


class Layer(torch.nn.Module):
    """An affine layer, tanh, and a mean squared error; `reduction` is where it can go wrong."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.fc = torch.nn.Linear(2, 2)
        self.reduction = reduction

    def forward(self, x, t):  # type: ignore[no-untyped-def]
        return torch.nn.functional.mse_loss(torch.tanh(self.fc(x)), t, reduction=self.reduction)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "layer.scenario.yaml"
    path.write_text(SCENARIO)
    return path


def test_a_right_module_passes_and_is_not_changed(scenario: Path) -> None:
    module = Layer()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert_gradients(module, scenario=scenario)
    report = check_module(module, scenario)
    assert [check.name for check in report.checks] == [
        "loss",
        "∂loss/∂fc.weight",
        "∂loss/∂fc.bias",
        "∂loss/∂x",
    ]
    assert all(torch.equal(module.state_dict()[name], value) for name, value in before.items())
    assert all(parameter.grad is None for parameter in module.parameters())


def test_a_sum_in_place_of_a_mean_is_named(scenario: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_gradients(Layer("sum"), scenario=scenario)
    told = str(caught.value)
    assert "Layer: 4 of 4 gradients differ" in told
    assert "but the scenario gives" in told
    assert "6" in told.splitlines()[2]


def test_a_detached_part_is_named(scenario: Path) -> None:
    class Detached(Layer):
        def forward(self, x, t):  # type: ignore[no-untyped-def]
            return torch.nn.functional.mse_loss(torch.tanh(self.fc(x).detach() + self.fc.bias * 0), t)

    report = check_module(Detached(), scenario)
    assert {check.name for check in report.bad} == {"∂loss/∂fc.weight", "∂loss/∂fc.bias", "∂loss/∂x"}
    assert "no gradient is passed on" in str(report)


def test_a_module_without_gradients_is_told_as_such(scenario: Path) -> None:
    class Cut(Layer):
        def forward(self, x, t):  # type: ignore[no-untyped-def]
            return super().forward(x, t).detach()

    report = check_module(Cut(), scenario)
    assert {check.name for check in report.bad} == {"∂loss/∂fc.weight", "∂loss/∂fc.bias", "∂loss/∂x"}
    assert "no gradient is passed on" in str(report)


def test_names_that_differ(scenario: Path) -> None:
    scenario.write_text(SCENARIO.replace("fc_weight", "W").replace("fc_bias", "b"))
    with pytest.raises(UsageError, match=r"no leaf fc_weight for `fc\.weight`"):
        check_module(Layer(), scenario)
    assert check_module(Layer(), scenario, names={"fc.weight": "W", "fc.bias": "b"})
    with pytest.raises(UsageError, match="has shape"):
        check_module(Layer(), scenario, names={"fc.weight": "b", "fc.bias": "W"})
