"""Every optimiser against PyTorch's, step for step: the parameter, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import Parameter, signature
from typing import Any

import numpy as np
import pytest
import torch

from backprop_engine.optim import OPTIMIZERS, Optimizer, OptimizerState, Setting, SettingError
from graphs import assert_close, largest

STEPS = 25

THEIRS: dict[str, Any] = {
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}

REMEMBERED = {
    "sgd": {"v": "momentum_buffer"},
    "adagrad": {"s": "sum"},
    "rmsprop": {"s": "square_avg", "m": "grad_avg", "v": "momentum_buffer"},
    "adam": {"m": "exp_avg", "v": "exp_avg_sq", "u": "max_exp_avg_sq"},
    "adamw": {"m": "exp_avg", "v": "exp_avg_sq", "u": "max_exp_avg_sq"},
}
"""What PyTorch calls what we remember."""

NO_RULE = {"foreach", "fused", "capturable", "differentiable"}
"""How an update is executed."""

GRID: dict[str, list[dict[str, Any]]] = {
    "sgd": [
        {},
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.2},
        {"lr": 0.1, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.1, "momentum": 0.5, "dampening": -1.0, "weight_decay": 0.1},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.05, "momentum": 1.0, "maximize": True},
        {"lr": 0.0, "momentum": 0.9},
    ],
    "adagrad": [
        {},
        {"lr": 0.5},
        {"lr": 0.5, "lr_decay": 0.1},
        {"lr": 0.5, "weight_decay": 0.3},
        {"lr": 0.5, "initial_accumulator_value": 0.7},
        {"lr": 0.5, "eps": 0.1, "maximize": True},
        {"lr": 0.5, "eps": 0.0, "lr_decay": 1.0, "weight_decay": 0.1, "initial_accumulator_value": 2.0},
    ],
    "rmsprop": [
        {},
        {"lr": 0.1, "alpha": 0.9},
        {"lr": 0.1, "alpha": 0.0, "eps": 0.1},
        {"lr": 0.1, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.1, "alpha": 0.4},
        {"lr": 0.1, "centered": True},
        {"lr": 0.1, "centered": True, "alpha": 0.4, "eps": 0.1},
        {"lr": 0.1, "centered": True, "momentum": 0.9, "weight_decay": 0.1, "maximize": True},
    ],
    "adam": [
        {},
        {"lr": 0.1},
        {"lr": 0.1, "betas": [0.5, 0.9]},
        {"lr": 0.1, "betas": [0.4, 0.3], "eps": 0.1},
        {"lr": 0.1, "betas": [0.0, 0.0], "eps": 0.1},
        {"lr": 0.1, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.1, "amsgrad": True},
        {"lr": 0.1, "amsgrad": True, "betas": [0.8, 0.5], "weight_decay": 0.1},
    ],
    "adamw": [
        {},
        {"lr": 0.1},
        {"lr": 0.1, "weight_decay": 0.0},
        {"lr": 0.1, "weight_decay": 0.5, "betas": [0.5, 0.9]},
        {"lr": 0.1, "betas": [0.4, 0.3], "eps": 0.1},
        {"lr": 0.1, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.1, "amsgrad": True},
        {"lr": 0.1, "amsgrad": True, "betas": [0.8, 0.5], "weight_decay": 0.1, "maximize": True},
    ],
}

SHAPES = [(), (5,), (4, 20)]

CASES = [
    pytest.param(name, given, shape, id=f"{name}-{number}-{'x'.join(map(str, shape)) or 'scalar'}")
    for name, grid in GRID.items()
    for number, given in enumerate(grid)
    for shape in SHAPES
]

each_case = pytest.mark.parametrize(("name", "given", "shape"), CASES)
each_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=list(OPTIMIZERS))


def _drawn(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Any:
    return np.asarray(random.standard_normal(shape)).astype(dtype)[()]


def _tensor(value: Any) -> torch.Tensor:
    return torch.tensor(np.array(value))


def _in_step(
    name: str, given: dict[str, Any], start: Any, gradients: list[Any]
) -> Iterator[tuple[Any, OptimizerState, Any, Any]]:
    """After each update: our parameter and state, and theirs."""
    optimizer = OPTIMIZERS[name]
    settings = optimizer.settings_of(given)
    ours, state = start, optimizer.start(start, settings)
    theirs = torch.nn.Parameter(_tensor(start))
    judge = _judge(name, given, theirs)
    for gradient in gradients:
        ours, state = optimizer.update(ours, gradient, state, settings)
        theirs.grad = _tensor(gradient)
        judge.step()
        yield ours, state, theirs.detach(), judge.state[theirs]


def _judge(name: str, given: dict[str, Any], parameter: Any) -> Any:
    """PyTorch's optimiser with the same settings, one tensor at a time."""
    theirs = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return THEIRS[name]([parameter], foreach=False, **theirs)


def _compare(name: str, given: dict[str, Any], start: Any, gradients: list[Any], bound: float) -> None:
    """No entry is off by more than `bound` times the largest magnitude that its tensor has had so far."""
    steps, scales = 0, {"w": largest(start)}
    for ours, state, theirs, remembered in _in_step(name, given, start, gradients):
        steps += 1
        assert state.step == int(remembered.get("step", steps)) == steps
        pairs = {
            symbol: (tensor, remembered[REMEMBERED[name][symbol]]) for symbol, tensor in state.memory.items()
        }
        for symbol, (found, wanted) in {"w": (ours, theirs), **pairs}.items():
            assert str(wanted.dtype) == f"torch.{found.dtype}"
            wanted = wanted.double().numpy()
            scales[symbol] = max(scales.get(symbol, 0.0), largest(wanted))
            assert_close(found.astype("float64"), wanted, bound, scale=scales[symbol])
        tensors = {key for key, value in remembered.items() if key != "step" and value is not None}
        assert tensors == {REMEMBERED[name][symbol] for symbol in state.memory}
    assert steps == len(gradients)


@each_case
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-13), ("float32", 1e-6)])
def test_step_for_step(
    name: str, given: dict[str, Any], shape: tuple[int, ...], dtype: str, bound: float
) -> None:
    random = np.random.default_rng(5)
    start, *gradients = [_drawn(random, shape, dtype) for _ in range(STEPS + 1)]
    _compare(name, given, start, gradients, bound)


@each_case
def test_half_precision(name: str, given: dict[str, Any], shape: tuple[int, ...]) -> None:
    """PyTorch rounds at other places in the last few entries of a tensor than in the rest."""
    random = np.random.default_rng(5)
    start, *gradients = [_drawn(random, shape, "float16") for _ in range(STEPS + 1)]
    _compare(name, given, start, gradients, 4e-3)


@each_case
def test_no_gradient_at_all(name: str, given: dict[str, Any], shape: tuple[int, ...]) -> None:
    """Zeros, for three updates in the middle of others too."""
    random = np.random.default_rng(6)
    start, *gradients = [_drawn(random, shape, "float64") for _ in range(7)]
    zeros = [np.zeros(shape)[()]] * 3
    _compare(name, given, start, [*gradients, *zeros, gradients[0]], 1e-13)
    _compare(name, given, start, zeros, 1e-13)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam", "adamw"])
def test_without_eps_a_gradient_of_zero_is_no_number(name: str) -> None:
    ((ours, _, theirs, _),) = _in_step(name, {"eps": 0.0}, np.ones(2), [np.zeros(2)])
    assert np.isnan(ours).all()
    assert torch.isnan(theirs).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_minimising_a_function_of_a_valley(name: str) -> None:
    """Gradients that depend on where one is: Rosenbrock's function, 200 updates, theirs by autograd."""
    settings = OPTIMIZERS[name].settings_of({"lr": 0.0005 if name == "sgd" else 0.02})
    point = np.array([-1.2, 1.0])
    state = OPTIMIZERS[name].start(point, settings)
    theirs = torch.nn.Parameter(_tensor(point))
    judge = _judge(name, {"lr": settings["lr"]}, theirs)
    for _ in range(200):
        x, y = point
        gradient = np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
        point, state = OPTIMIZERS[name].update(point, gradient, state, settings)
        judge.zero_grad()
        ((1 - theirs[0]) ** 2 + 100 * (theirs[1] - theirs[0] ** 2) ** 2).backward()
        judge.step()
        assert_close(point, theirs.detach().numpy(), 1e-10)


# Settings


@each_optimizer
def test_names_and_defaults(optimizer: Optimizer) -> None:
    wanted = {
        name: parameter.default
        for name, parameter in signature(THEIRS[optimizer.name].__init__).parameters.items()
        if name not in {"self", "params", *NO_RULE}
    }
    if optimizer.name == "adam":
        assert wanted.pop("decoupled_weight_decay", False) is False  # true is what makes it AdamW
    assert Parameter.empty not in wanted.values()
    assert {one.name: one.default for one in optimizer.settings} == wanted
    for one in optimizer.settings:
        assert (one.type is bool) is isinstance(wanted[one.name], bool)
        assert (one.type is float) is isinstance(wanted[one.name], int | float) or one.type is bool


NUMBERS = [-1e9, -1.0, -1e-300, -0.0, 0.0, 1e-300, 0.5, 1.0 - 1e-16, 1.0, 1.5, 1e9]

EACH_SETTING = [
    pytest.param(optimizer, setting, id=f"{optimizer.name}-{setting.name}")
    for optimizer in OPTIMIZERS.values()
    for setting in optimizer.settings
]


def _values(setting: Setting) -> list[Any]:
    if setting.type is bool:
        return [True, False]
    if setting.type is float:
        return NUMBERS
    return [[one, 0.5] for one in NUMBERS] + [[0.5, one] for one in NUMBERS]


def _accepts(name: str, given: dict[str, Any]) -> bool:
    try:
        _judge(name, given, torch.nn.Parameter(torch.zeros(2)))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("optimizer", "setting"), EACH_SETTING)
def test_ranges(optimizer: Optimizer, setting: Setting) -> None:
    verdicts = set()
    for value in _values(setting):
        given = {setting.name: value}
        theirs = _accepts(optimizer.name, given)
        verdicts.add(theirs)
        assert (not optimizer.mistakes(given)) is theirs, value
    assert True in verdicts


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("dampening", [0.0, 0.5, -0.5])
def test_what_nesterov_needs(momentum: float, dampening: float) -> None:
    given = {"momentum": momentum, "dampening": dampening, "nesterov": True}
    assert (not OPTIMIZERS["sgd"].mistakes(given)) is _accepts("sgd", given)


@each_optimizer
def test_numbers_that_are_not_finite_are_refused_here_only(optimizer: Optimizer) -> None:
    """PyTorch takes an infinite rate, and SGD even one that is not a number."""
    assert _accepts(optimizer.name, {"lr": np.inf})
    assert _accepts(optimizer.name, {"lr": np.nan}) is (optimizer.name == "sgd")
    for value in (np.inf, np.nan):
        with pytest.raises(SettingError, match="must be a number of at least 0"):
            optimizer.settings_of({"lr": value})
