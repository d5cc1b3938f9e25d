"""A model of PyTorch becomes a scenario with autograd's gradients, or is refused where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exported_functions import OF_FLOAT32, OF_ONE, OF_TWO
from exported_models import MODELS, Model
from torch import nn
from torch.nn import functional

from backprop_engine import UsageError, load_scenario
from backprop_tui.cli.main import run as run_command
from backprop_tui.torch import from_torch
from effort import THOROUGH

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it calls deprecated in itself


def made(model: Model, dtype: torch.dtype) -> tuple[nn.Module, tuple[Any, ...], Any]:
    torch.manual_seed(3)
    module = model.make().to(dtype)
    return module, tuple(of_type(one, dtype) for one in model.args()), of_type(model.target, dtype)


def of_type(value: Any, dtype: torch.dtype) -> Any:
    return value.to(dtype) if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def spelt(path: str, module: nn.Module) -> str:
    """The name of a parameter in a scenario."""
    first = path.partition(".")[0]
    kind = type(module.get_submodule(first)).__name__.lower() if first.isdigit() else ""
    return kind + path.replace(".", "_")


TRIED = [(name, dtype) for dtype in (torch.float64, torch.float32) for name in MODELS]
OFTEN = [("perceptron", torch.float32), ("recurrent cell", torch.float64)]


@pytest.mark.parametrize(("name", "dtype"), TRIED if THOROUGH else OFTEN)
def test_gradients_of_a_model_are_autograds(name: str, dtype: torch.dtype, tmp_path: Path) -> None:
    model = MODELS[name]
    module, args, target = made(model, dtype)
    from_torch(module, args, tmp_path / "model.yaml", loss=model.loss, target=target)
    output = module(*args)
    loss = output if model.loss is None else model.loss(output, *([] if target is None else [target]))
    loss.backward()
    trace = load_scenario(tmp_path / "model.yaml").record()
    close = {"rtol": 1e-10, "atol": 1e-12} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-5}
    np.testing.assert_allclose(trace.values[trace.graph.output], loss.item(), rtol=close["rtol"])
    compared = dict(module.named_parameters())
    assert compared
    for path, parameter in compared.items():
        np.testing.assert_allclose(trace.gradient(spelt(path, module)), parameter.grad, **close)
    if dtype == torch.float64 and name != "pictures":  # whose derivatives take long
        assert run_command(["check", str(tmp_path / "model.yaml")]) == 0


class Functions(nn.Module):
    """Several functions at once, each of an input of its own."""

    def __init__(self, functions: list[Any], operands: int) -> None:
        super().__init__()
        self.functions, self.operands = functions, operands
        torch.manual_seed(5)
        size = len(functions) * operands
        self.x = nn.ParameterList(torch.randn(3, 4, dtype=torch.float64) for _ in range(size))

    def forward(self, scale: torch.Tensor) -> torch.Tensor:
        total = scale * 0
        for number, function in enumerate(self.functions):
            xs = self.x[self.operands * number : self.operands * (number + 1)]
            total = total + scale * (function(*xs) * 1.0).sum()
        return total


@pytest.mark.parametrize(("functions", "operands"), [(OF_ONE, 1), (OF_TWO, 2)])
def test_gradients_of_each_function_are_autograds(
    functions: dict[str, Any], operands: int, tmp_path: Path
) -> None:
    scale = torch.tensor(0.7, dtype=torch.float64)
    every = 1 if THOROUGH else 3
    chosen = list(functions)[::every]
    module = Functions([functions[name] for name in chosen], operands)
    from_torch(module, scale, tmp_path / "functions.yaml")
    module(scale).backward()
    trace = load_scenario(tmp_path / "functions.yaml").record()
    for number, parameter in enumerate(module.x):
        if parameter.grad is None or not parameter.grad.any():
            continue
        name = chosen[number // operands]
        close = 1e-7 if name in OF_FLOAT32 else 1e-10
        np.testing.assert_allclose(
            trace.gradient(f"x_{number}"), parameter.grad, rtol=close, atol=close, err_msg=name
        )


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        return 3 * gradient


class Calls(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def hooked(x: torch.Tensor) -> torch.Tensor:
    y = x.square()
    if y.requires_grad:
        y.register_hook(lambda gradient: 2 * gradient)
    return y.sum()


REFUSED = {
    "a function of one's own": (lambda x: Wrong.apply(x).sum(), "Wrong defines its own backward"),
    "a branch": (lambda x: x.sum() if x.sum() > 0 else x.mean(), "depends on the values of a tensor"),
    "a number of a tensor": (lambda x: x.sum() * float(x.max()), "depends on the values of a tensor"),
    "an operator": (
        lambda x: torch.linalg.det(x @ x.T),
        r"test_from_torch.py:\d+: no operator of a scenario",
    ),
    "dropout": (lambda x: functional.dropout(x).sum(), "drawn at random.*module.eval"),
    "a draw": (lambda x: (x * torch.rand_like(x)).sum(), "draws at random"),
    "a mask as an index": (lambda x: x[x > 0].sum(), "indices depends on an input"),
    "another type": (
        lambda x: (x.float() * 2).sum().double(),
        "float32, but others have float64",
    ),
    "several outputs": (lambda x: x * 2, r"the output is \(3, 4\).*give a loss"),
    "no gradient": (lambda x: torch.ones(3).sum(), "there is no gradient"),
    "a setting": (
        lambda x: functional.pad(x[None], (1, 1), mode="reflect").sum(),
        "mode=reflect is not supported",
    ),
    "a changed gradient": (
        hooked,
        "the gradient of x differs from autograd's by up to .*nothing was written",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_scenario_can_say_is_refused(what: str, tmp_path: Path) -> None:
    function, message = REFUSED[what]
    x = torch.arange(12, dtype=torch.float64).reshape(3, 4) - 4
    with pytest.raises(UsageError, match=message):
        from_torch(Calls(function), x, tmp_path / "model.yaml")
    assert list(tmp_path.iterdir()) == []


def test_running_statistics_are_refused_and_left_alone(tmp_path: Path) -> None:
    module = nn.Sequential(nn.BatchNorm1d(4)).double()
    before = {name: one.clone() for name, one in module.named_buffers()}
    x = torch.randn(3, 4, dtype=torch.float64)
    with pytest.raises(UsageError, match=r"0\.running_mean.*would change.*module\.eval"):
        from_torch(module, x, tmp_path / "model.yaml", loss=torch.sum)
    assert before.keys() == dict(module.named_buffers()).keys() != set()
    assert all(torch.equal(before[name], one) for name, one in module.named_buffers())


def test_large_models_and_half_precision_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"16,781,312 numbers; a scenario at most 10,000,000"):
        from_torch(nn.Linear(4096, 4096, bias=False), torch.zeros(1, 4096), tmp_path / "model.yaml")
    with pytest.raises(UsageError, match=r"torch.bfloat16: a scenario has one"):
        from_torch(
            nn.Linear(2, 1).bfloat16(), torch.zeros(1, 2, dtype=torch.bfloat16), tmp_path / "model.yaml"
        )


def test_a_function_is_no_module(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"takes a torch\.nn\.Module, not builtin_function"):
        from_torch(torch.sum, torch.zeros(2), tmp_path / "model.yaml")


def test_constants_and_nodes_are_called_what_the_program_calls_them(tmp_path: Path) -> None:
    module, args, _ = made(MODELS["language"], torch.float64)
    scenario = from_torch(module, args, tmp_path / "model.yaml")
    text = scenario.text.text
    assert text.count("  Block:\n") == text.count("  Sequential:\n") == 1
    assert "\n      scores: permute @ " in text
    assert "\n      q: split(qkv, parts=3, index=0, axis=2)" in text
    assert "\n  places: embedding(places_weight, arange)" in text
    assert "\n  head: linear(blocks_1.add_2, tokens_weight)" in text
    assert [group.name for group in scenario.graph.groups] == [
        "blocks_0",
        "blocks_0.mlp",
        "blocks_1",
        "blocks_1.mlp",
    ]


def test_a_file_is_not_replaced_unasked_and_large_tensors_stand_beside_it(tmp_path: Path) -> None:
    path, module = tmp_path / "model.yaml", nn.Linear(20, 1).double()
    x = torch.randn(1, 20, dtype=torch.float64)
    first = from_torch(module, x, path, inline=8)
    assert np.load(tmp_path / "model.npz")["weight"].shape == (1, 20)
    assert "key: weight" in path.read_text()
    assert "bias: [" in path.read_text()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        from_torch(module, x, path)
    again = from_torch(module, x, path, inline=8, overwrite=True)
    assert first.text.text == again.text.text
    assert module.weight.grad is None
