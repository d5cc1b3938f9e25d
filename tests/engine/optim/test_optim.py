"""Optimisers: figures worked out by hand, formulas that say what is done, and what is refused."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop_engine
from backprop_engine.errors import BackpropError
from backprop_engine.expressions import Call, Name, parse, walk
from backprop_engine.messages.translations import languages
from backprop_engine.optim import OPTIMIZERS, Optimizer, OptimizerState, SettingError, optimizers
from backprop_engine.optim.definition import define
from graphs import assert_close, largest

each_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=list(OPTIMIZERS))

ON = {
    "lr": 0.1,
    "momentum": 0.5,
    "dampening": 0.25,
    "weight_decay": 0.125,
    "nesterov": True,
    "maximize": True,
    "lr_decay": 0.5,
    "initial_accumulator_value": 0.25,
    "eps": 0.01,
    "alpha": 0.75,
    "centered": True,
    "betas": [0.5, 0.75],
    "amsgrad": True,
}
"""For every setting there is a value that is on and is not the default."""


def _combinations(optimizer: Optimizer) -> Iterator[dict[str, Any]]:
    """Settings with everything else than the learning rate on, or as it is by default, in every way."""
    names = [setting.name for setting in optimizer.settings if setting.name != "lr"]
    for chosen in product((False, True), repeat=len(names)):
        given = {"lr": ON["lr"]} | {name: ON[name] for name, on in zip(names, chosen, strict=True) if on}
        if not optimizer.mistakes(given):
            yield given


def _walk(
    name: str, given: dict[str, Any], start: Any, gradients: list[Any]
) -> list[tuple[Any, OptimizerState]]:
    """The parameter and the state after each update."""
    optimizer = OPTIMIZERS[name]
    settings = optimizer.settings_of(given)
    parameter, state = start, optimizer.start(start, settings)
    reached = []
    for gradient in gradients:
        parameter, state = optimizer.update(parameter, gradient, state, settings)
        reached.append((parameter, state))
    return reached


# By hand. Roots come out even where they can: 3, 4, 12 gives 3, 5, 13, and so on.

BY_HAND = [
    ("sgd", {}, [2, -1, 3], [0.8, 0.9, 0.6]),
    ("sgd", {"maximize": True}, [2, -1, 3], [1.2, 1.1, 1.4]),
    ("sgd", {"weight_decay": 0.5}, [2, -1, 3], [0.75, 0.8125, 0.471875]),
    ("sgd", {"weight_decay": 0.5, "maximize": True}, [2, -1, 3], [1.15, 0.9925, 1.242875]),
    ("sgd", {"momentum": 0.5}, [2, -1, 3], [0.8, 0.8, 0.5]),
    ("sgd", {"momentum": 0.5, "dampening": 0.25}, [2, -1, 3], [0.8, 0.775, 0.5375]),
    ("sgd", {"momentum": 0.5, "nesterov": True}, [2, -1, 3], [0.7, 0.8, 0.35]),
    ("adagrad", {"eps": 0}, [3, 4, 12], [0.9, 0.82, 0.82 - 1.2 / 13]),
    ("adagrad", {"eps": 2}, [3, 4, 12], [0.94, 0.94 - 0.4 / 7, 0.94 - 0.4 / 7 - 1.2 / 15]),
    ("adagrad", {"eps": 0, "initial_accumulator_value": 16}, [3, 12], [0.94, 0.94 - 1.2 / 13]),
    ("adagrad", {"eps": 0, "lr_decay": 1}, [3, 4, 12], [0.9, 0.86, 0.86 - 0.4 / 13]),
    ("rmsprop", {"eps": 0, "alpha": 0.75}, [4, 2, -2], [0.8, 0.7, 0.8]),
    ("rmsprop", {"eps": 2, "alpha": 0.75}, [4, 2, -2], [0.9, 0.85, 0.9]),
    ("rmsprop", {"eps": 0, "alpha": 0.75, "momentum": 0.5}, [4, 2, -2], [0.8, 0.6, 0.6]),
    ("rmsprop", {"eps": 0, "alpha": 0.5, "centered": True}, [2, 1.5, 1.625], [0.8, 0.6, 0.6 - 2.6 / 9]),
    ("adam", {"eps": 0, "betas": [0.5, 0.75]}, [1, 2.5, -2], [0.9, 0.8, 0.8 + 0.1 / 7]),
    ("adam", {"eps": 1, "betas": [0.5, 0.75]}, [1, 2.5], [0.95, 0.95 - 0.2 / 3]),
    ("adam", {"eps": 0, "betas": [0.5, 0.75], "weight_decay": 0.5}, [0.5, 2.05], [0.9, 0.8]),
    ("adam", {"eps": 0, "betas": [0.5, 0.75], "amsgrad": True}, [1, 0], [0.9, 0.9 - sqrt(7) / 60]),
    ("adamw", {"eps": 0, "betas": [0.5, 0.75]}, [1, 2.5], [0.899, 0.899 * 0.999 - 0.1]),
    (
        "adamw", {"eps": 0, "betas": [0.5, 0.75], "weight_decay": 0.5},
        [1, 2.5, -2], [0.85, 0.7075, 0.672125 + 0.1 / 7],
    ),
    ("adamw", {"eps": 0, "weight_decay": 0, "maximize": True}, [1, 1, 1], [1.1, 1.2, 1.3]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "gradients", "wanted"), BY_HAND)
def test_figures_by_hand(
    name: str, given: dict[str, Any], gradients: list[float], wanted: list[float]
) -> None:
    """All start at 1 with the rate 0.1."""
    reached = _walk(name, {"lr": 0.1} | given, np.float64(1), [np.float64(one) for one in gradients])
    for (found, _), figure in zip(reached, wanted, strict=True):
        assert found == pytest.approx(figure, rel=4e-15, abs=0)


def test_downhill_on_a_parabola() -> None:
    """The textbook's first example: x² from 1 with the rate 0.1."""
    sgd = OPTIMIZERS["sgd"]
    settings = sgd.settings_of({"lr": 0.1})
    x = np.float64(1)
    state = sgd.start(x, settings)
    for wanted in (0.8, 0.64, 0.512):
        x, state = sgd.update(x, 2 * x, state, settings)
        assert x == pytest.approx(wanted, rel=4e-16, abs=0)
    assert state.step == 3


def test_what_is_remembered_by_hand() -> None:
    last = _walk(
        "adam", {"betas": [0.5, 0.75], "amsgrad": True}, np.float64(1), [np.float64(4), np.float64(1)]
    )
    (_, first), (_, second) = last
    assert (first.step, dict(first.memory)) == (1, {"m": 2, "v": 4, "u": 4})
    assert (second.step, dict(second.memory)) == (2, {"m": 1.5, "v": 3.25, "u": 4})


@each_optimizer
@pytest.mark.parametrize("on", [False, True])
def test_no_gradient_moves_nothing_but_decay(optimizer: Optimizer, on: bool) -> None:
    """A parameter that the output does not depend on has a gradient of zeros."""
    decay = 0.5 if on else 0.0
    settings = optimizer.settings_of({"lr": 0.1, "weight_decay": decay})
    parameter = np.array([1.0, 0.0, -2.0])
    found, state = optimizer.update(parameter, np.zeros(3), optimizer.start(parameter, settings), settings)
    assert state.step == 1
    assert np.array_equal(found, parameter) is not on
    assert found[1] == 0.0
    assert np.all(np.abs(found) <= np.abs(parameter))


# Formulas

NUMPY = {"sqrt": np.sqrt, "where": np.where, "maximum": np.maximum}


@each_optimizer
def test_formulas_say_what_is_done(optimizer: Optimizer) -> None:
    """Carried out line by line they lead to the same parameter, and the same memory."""
    random = np.random.default_rng(7)
    for given in _combinations(optimizer):
        settings = optimizer.settings_of(given)
        lines = [line.split(" = ") for line in optimizer.formulas(settings)]
        parameter = random.standard_normal(4)
        state = optimizer.start(parameter, settings)
        for step in range(1, 5):
            gradient = random.standard_normal(4)
            numbers = {one.name: one.value for one in optimizer.symbols(settings) if one.value is not None}
            names = numbers | dict(state.memory) | {"w": parameter, "g": gradient, "t": step}
            for target, text in lines:
                names[target] = eval(text, {"__builtins__": {}} | NUMPY, names)
            parameter, state = optimizer.update(parameter, gradient, state, settings)
            assert_close(parameter, names["w"], 1e-13)
            for symbol, tensor in state.memory.items():
                assert_close(tensor, names[symbol], 1e-13)


@each_optimizer
def test_formulas_are_expressions_over_symbols_that_are_explained(optimizer: Optimizer) -> None:
    for given in _combinations(optimizer):
        settings = optimizer.settings_of(given)
        known = {one.name for one in optimizer.symbols(settings)}
        found = set()
        for line in optimizer.formulas(settings):
            target, _, text = line.partition(" = ")
            parts = list(walk(parse(text)))
            assert {one.name for one in parts if isinstance(one, Call)} <= set(NUMPY)
            found |= {target} | {one.name for one in parts if isinstance(one, Name)}
        assert found == known


FORMULAS = [
    ("sgd", {}, "w = w - lr * g"),
    ("sgd", {"momentum": 0.9}, "v = momentum * v + g; w = w - lr * v"),
    (
        "sgd", {"momentum": 0.9, "dampening": 0.1},
        "v = where(t > 1, momentum * v + (1 - dampening) * g, g); w = w - lr * v",
    ),
    (
        "sgd", {"momentum": 0.9, "nesterov": True},
        "v = momentum * v + g; g = g + momentum * v; w = w - lr * g",
    ),
    ("sgd", {"weight_decay": 0.1, "maximize": True}, "g = -g; g = g + weight_decay * w; w = w - lr * g"),
    ("adagrad", {}, "s = s + g ** 2; w = w - lr * g / (sqrt(s) + ε)"),
    ("rmsprop", {}, "s = α * s + (1 - α) * g ** 2; d = sqrt(s) + ε; w = w - lr * g / d"),
    (
        "adam", {},
        "m = β1 * m + (1 - β1) * g; v = β2 * v + (1 - β2) * g ** 2; m̂ = m / (1 - β1 ** t); "
        "v̂ = v / (1 - β2 ** t); w = w - lr * m̂ / (sqrt(v̂) + ε)",
    ),
    (
        "adamw", {"amsgrad": True},
        "w = (1 - lr * weight_decay) * w; m = β1 * m + (1 - β1) * g; v = β2 * v + (1 - β2) * g ** 2; "
        "u = maximum(u, v); m̂ = m / (1 - β1 ** t); v̂ = u / (1 - β2 ** t); w = w - lr * m̂ / (sqrt(v̂) + ε)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "wanted"), FORMULAS)
def test_formulas_in_force(name: str, given: dict[str, Any], wanted: str) -> None:
    optimizer = OPTIMIZERS[name]
    assert "; ".join(optimizer.formulas(optimizer.settings_of(given))) == wanted


def test_symbols_have_their_numbers() -> None:
    adam = OPTIMIZERS["adam"]
    symbols = adam.symbols(adam.settings_of({"betas": [0.8, 0.9]}))
    assert {one.name: one.value for one in symbols if one.value is not None} == {
        "β1": 0.8, "β2": 0.9, "ε": 1e-8, "lr": 0.001,
    }  # fmt: skip
    assert next(one.meaning for one in symbols if one.name == "v̂") == "v, corrected for having started at 0"


# Tensors


def _tensors(dtype: str, shape: tuple[int, ...], count: int = 4) -> list[Any]:
    """Scalars, or arrays that own their memory and can be written to."""
    drawn = np.random.default_rng(11).standard_normal((count, *shape)).astype(dtype)
    return [one.copy() for one in drawn]


@each_optimizer
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 3)])
def test_type_and_shape_are_kept_and_nothing_can_be_written(
    optimizer: Optimizer, dtype: str, shape: tuple[int, ...]
) -> None:
    start, *gradients = _tensors(dtype, shape)
    for given in _combinations(optimizer):
        settings = optimizer.settings_of(given)
        begun = optimizer.start(start, settings)
        tensors = list(begun.memory.values())
        for parameter, state in _walk(optimizer.name, given, start, gradients):
            assert state.memory.keys() == begun.memory.keys()
            tensors += [parameter, *state.memory.values()]
        for tensor in tensors:
            assert (tensor.dtype, tensor.shape) == (dtype, shape)
            assert isinstance(tensor, np.ndarray if shape else np.generic)
            assert not tensor.flags.writeable


@each_optimizer
def test_what_is_given_is_left_alone(optimizer: Optimizer) -> None:
    for given in _combinations(optimizer):
        settings = optimizer.settings_of(given)
        parameter, gradient, second, _ = _tensors("float64", (2, 3))
        copies = [parameter.copy(), gradient.copy(), second.copy()]
        first = optimizer.update(parameter, gradient, optimizer.start(parameter, settings), settings)
        before = {symbol: tensor.tobytes() for symbol, tensor in first[1].memory.items()}
        again = optimizer.update(first[0], second, first[1], settings)
        for tensor, copy in zip((parameter, gradient, second), copies, strict=True):
            assert tensor.flags.writeable
            np.testing.assert_array_equal(tensor, copy)
            for made in (*first[1].memory.values(), *again[1].memory.values(), first[0], again[0]):
                assert not np.shares_memory(tensor, made)
        assert {symbol: tensor.tobytes() for symbol, tensor in first[1].memory.items()} == before
        assert (first[1].step, again[1].step) == (1, 2)


@each_optimizer
def test_a_state_cannot_be_changed(optimizer: Optimizer) -> None:
    settings = optimizer.settings_of({})
    begun = optimizer.start(np.float64(1), settings)
    _, updated = optimizer.update(np.float64(1), np.float64(1), begun, settings)
    for state in (begun, updated):
        with pytest.raises(AttributeError):
            state.step = 3  # type: ignore[misc]
        with pytest.raises(TypeError):
            state.memory["v"] = np.float64(1)  # type: ignore[index]


@each_optimizer
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_same_bytes_twice(optimizer: Optimizer, dtype: str) -> None:
    def run() -> list[bytes]:
        start, *gradients = _tensors(dtype, (3, 5), 6)
        return [
            tensor.tobytes()
            for given in _combinations(optimizer)
            for parameter, state in _walk(optimizer.name, given, start, gradients)
            for tensor in (parameter, *state.memory.values())
        ]

    assert run() == run()


@each_optimizer
def test_scalars_and_arrays_agree(optimizer: Optimizer) -> None:
    """Entries do not know of each other."""
    start, *gradients = _tensors("float64", (3,), 6)
    for given in _combinations(optimizer):
        whole = _walk(optimizer.name, given, start, gradients)
        for entry in range(3):
            single = _walk(optimizer.name, given, start[entry], [one[entry] for one in gradients])
            assert [found[entry] for found, _ in whole] == [found for found, _ in single]


@each_optimizer
@pytest.mark.parametrize(("dtype", "bound"), [("float32", 2e-6), ("float16", 8e-3)])
def test_narrow_types_stay_near(optimizer: Optimizer, dtype: str, bound: float) -> None:
    start, *gradients = _tensors(dtype, (4,), 6)
    for given in _combinations(optimizer):
        narrow = _walk(optimizer.name, given, start, gradients)
        wide = _walk(
            optimizer.name, given, start.astype("float64"), [one.astype("float64") for one in gradients]
        )
        for (found, _), (wanted, _) in zip(narrow, wide, strict=True):
            assert_close(found, wanted, bound, scale=largest(start))


def test_half_precision_is_rounded_once() -> None:
    """0.999 is 0.99902 in half precision; 0.001 · 400² fits into it, while 400² does not."""
    start, first = np.zeros(64, "float16"), np.linspace(1, 400, 64).astype("float16")
    (_, one), (_, two) = _walk("adam", {}, start, [first, start])
    wide = np.float32(0.001) * first.astype("float32") ** 2
    assert_close(one.memory["v"], wide, 5e-4)
    decayed = (one.memory["v"].astype("float32") * np.float32(0.999)).astype("float16")
    np.testing.assert_array_equal(two.memory["v"], decayed)
    assert np.any(decayed != one.memory["v"] * np.float16(0.999))


def test_half_precision_rounds_the_rate() -> None:
    """As PyTorch does: 0.1 is 0.09998 there."""
    start, gradient = _tensors("float16", (64,), 2)
    ((found, _),) = _walk("sgd", {"lr": 0.1}, start, [gradient])
    rates = {rate: np.float32(rate) * gradient.astype("float32") for rate in (0.1, np.float16(0.1))}
    fine, rounded = ((start.astype("float32") - step).astype("float16") for step in rates.values())
    np.testing.assert_array_equal(found, rounded)
    assert np.any(fine != rounded)


def test_a_mean_that_keeps_nothing_is_the_gradient() -> None:
    """From far away too: the way to it would be rounded."""
    for name, given in (("adam", {"betas": [0, 0.5]}), ("rmsprop", {"alpha": 0, "centered": True})):
        (_, state) = _walk(name, given, np.float64(1), [np.float64(1e17), np.float64(3)])[-1]
        assert state.memory["m"] == 3.0


@each_optimizer
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, 0.0, 6e4, 1e-7])
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_special_numbers_pass_without_a_warning(optimizer: Optimizer, special: float, dtype: str) -> None:
    for given in _combinations(optimizer):
        start, *gradients = np.full((4, 2), special, dtype)
        for parameter, _ in _walk(optimizer.name, given, start, gradients):
            assert parameter.dtype == dtype


WILD = dict.fromkeys(("lr", "momentum", "weight_decay", "eps", "alpha", "initial_accumulator_value"), 1e300)


@each_optimizer
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_settings_that_a_type_cannot_hold_pass_without_a_warning(optimizer: Optimizer, dtype: str) -> None:
    given = {one.name: WILD[one.name] for one in optimizer.settings if one.name in WILD}
    start, *gradients = _tensors(dtype, ())
    for parameter, _ in _walk(optimizer.name, given, start, gradients):
        assert parameter.dtype == dtype


# Settings


def test_the_table() -> None:
    assert list(OPTIMIZERS) == ["sgd", "adagrad", "rmsprop", "adam", "adamw"]
    assert all(name == optimizer.name for name, optimizer in OPTIMIZERS.items())
    assert repr(OPTIMIZERS["adam"]) == "<optimizer adam>"
    with pytest.raises(TypeError):
        OPTIMIZERS["more"] = OPTIMIZERS["sgd"]  # type: ignore[index]


PENALTY_DEFAULTS = {"weight_decay": 0, "maximize": False}
ADAM_DEFAULTS = {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "amsgrad": False, **PENALTY_DEFAULTS}
DEFAULTS = {
    "sgd": {"lr": 0.001, "momentum": 0, "dampening": 0, "nesterov": False, **PENALTY_DEFAULTS},
    "adagrad": {"lr": 0.01, "lr_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10, **PENALTY_DEFAULTS},
    "rmsprop": {
        "lr": 0.01, "alpha": 0.99, "eps": 1e-8, "momentum": 0, "centered": False, **PENALTY_DEFAULTS,
    },
    "adam": ADAM_DEFAULTS,
    "adamw": ADAM_DEFAULTS | {"weight_decay": 0.01},
}  # fmt: skip
"""As PyTorch documents them; tests/pytorch asks PyTorch itself."""


@each_optimizer
def test_defaults(optimizer: Optimizer) -> None:
    assert optimizer.settings_of({}) == DEFAULTS[optimizer.name]
    assert list(optimizer.settings_of({"maximize": True})) == [one.name for one in optimizer.settings]


@each_optimizer
def test_everything_is_said_in_every_language(optimizer: Optimizer) -> None:
    said = [optimizer.lesson, *(one.meaning for one in optimizer.settings)]
    for given in _combinations(optimizer):
        said += [one.meaning for one in optimizer.symbols(optimizer.settings_of(given))]
    for words in said:
        assert all(words.in_language(language).strip() for language in languages())
        assert any("가" <= letter <= "힣" for letter in words.in_language("ko"))
        assert words.isascii() or "β" in words


def test_defaults_are_filled_in_and_numbers_are_floats() -> None:
    settings = OPTIMIZERS["adam"].settings_of({"lr": 1, "betas": [0, np.float32(0.5)], "amsgrad": np.True_})
    assert settings == {
        "lr": 1.0, "betas": (0.0, 0.5), "eps": 1e-8, "weight_decay": 0.0, "amsgrad": True, "maximize": False,
    }  # fmt: skip
    assert [type(one) for one in settings.values()] == [float, tuple, float, float, bool, bool]
    assert [type(one) for one in settings["betas"]] == [float, float]


LR = "`lr` must be a number of at least 0, not "
BETAS = "`betas` must be a list of two numbers of at least 0 and less than 1, not "
REFUSED = [
    ("sgd", {"lr": -0.1}, "lr", LR + "-0.1", "to climb instead of descending, write `maximize: true`"),
    ("sgd", {"lr": "fast"}, "lr", LR + '"fast"', "the learning rate: how far one update goes"),
    ("sgd", {"lr": True}, "lr", LR + "true", "the learning rate"),
    ("sgd", {"lr": None}, "lr", LR + "nothing", "the learning rate"),
    ("sgd", {"lr": [0.1]}, "lr", LR + "[0.1]", "the learning rate"),
    ("sgd", {"lr": {"start": 1}}, "lr", LR + "a map", "the learning rate"),
    ("sgd", {"lr": float("nan")}, "lr", LR + "nan", "the learning rate"),
    ("sgd", {"lr": float("inf")}, "lr", LR + "inf", "the learning rate"),
    ("sgd", {"lr": 10**5000}, "lr", LR + "a number as large as this", "the learning rate"),
    ("sgd", {"lr": "\x1b[31m" + "x" * 99}, "lr", LR + '"␛[31m' + "x" * 34 + '…"', "the learning rate"),
    ("sgd", {"momentum": -1}, "momentum", "`momentum` must be a number of at least 0, not -1",
     "the fraction of"),
    ("sgd", {"dampening": "0"}, "dampening", '`dampening` must be a number, not "0"', "the fraction of each"),
    ("sgd", {"nesterov": 1}, "nesterov", "`nesterov` must be `true` or `false`, not 1",
     "whether to look ahead"),
    (
        "sgd", {"nesterov": True}, "nesterov",
        "`nesterov` needs a momentum above 0 and no dampening", "add `momentum: 0.9`",
    ),
    (
        "sgd", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov",
        "`nesterov` needs a momentum above 0 and no dampening", "leave `dampening` out",
    ),
    ("adagrad", {"eps": -1e-10}, "eps", "`eps` must be a number of at least 0, not -1e-10", "a small number"),
    ("adam", {"betas": [0.9, 1]}, "betas", BETAS + "[0.9, 1]", "the fractions of the running means"),
    ("adam", {"betas": [-0.1, 0.9]}, "betas", BETAS + "[-0.1, 0.9]", "the fractions"),
    ("adam", {"betas": [0.9]}, "betas", BETAS + "[0.9]", "the fractions"),
    ("adam", {"betas": [0.7, 0.8, 0.9]}, "betas", BETAS + "[0.7, 0.8, 0.9]", "the fractions"),
    ("adam", {"betas": 0.9}, "betas", BETAS + "0.9", "the fractions"),
    ("adam", {"betas": "ab"}, "betas", BETAS + '"ab"', "the fractions"),
    ("adam", {"betas": [0.9, [1], 3, 4, 5]}, "betas", BETAS + "[0.9, […], 3, 4, …]", "the fractions"),
    ("adam", {"betas": [0.9, "x"]}, "betas", BETAS + '[0.9, "x"]', "the fractions"),
    ("adam", {"momentum": 0.9}, "momentum", "`adam` has no setting `momentum`", "`adam` calls it `betas`"),
    ("adam", {"learning_rate": 1}, "learning_rate", "`adam` has no setting `learning_rate`", "calls it `lr`"),
    ("adam", {"fused": True}, "fused", "`adam` has no setting `fused`", "leave it out"),
    (
        "adagrad", {"beta1": 1}, "beta1", "`adagrad` has no setting `beta1`",
        "`adagrad` takes lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("optimizer", "given", "name", "message", "hint"), REFUSED, ids=[f"{one[0]}-{one[2]}" for one in REFUSED]
)
def test_refusals(optimizer: str, given: dict[str, Any], name: str, message: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        OPTIMIZERS[optimizer].settings_of(given)
    assert isinstance(caught.value, BackpropError)
    assert (caught.value.name, caught.value.message) == (name, message)
    assert hint in caught.value.hint


def test_all_mistakes_in_one_go() -> None:
    found = OPTIMIZERS["sgd"].mistakes({"nesterov": True, "lr": -1, "momentun": 0.9, "maximize": "yes"})
    assert [one.name for one in found] == ["lr", "momentun", "maximize"]
    assert found[1].known == ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")
    assert [one.name for one in OPTIMIZERS["sgd"].mistakes({"nesterov": True})] == ["nesterov"]
    assert OPTIMIZERS["sgd"].mistakes({"lr": 0, "momentum": 2, "dampening": -3}) == ()


def test_only_low_floors_are_loaded() -> None:
    program = "import backprop_engine.optim, sys; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(backprop_engine.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    ours = {one for one in run.stdout.split() if one.startswith("backprop_engine.")}
    below = {
        f"backprop_engine.{floor}"
        for floor in (
            "messages",
            "messages.message",
            "messages.plain_text",
            "messages.translations",
            "messages.words",
            "errors",
            "arrays",
        )
    }
    assert {one for one in ours if not one.startswith("backprop_engine.optim")} == below


def test_a_definition_reads_in_one_order() -> None:
    order = [name for name in inspect.signature(define).parameters if name != "name"]
    assert [name for name in Optimizer.__struct_fields__ if name != "name"] == order
    tree = ast.parse(Path(optimizers.__file__).read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "define"
    ]
    assert len(calls) == len(OPTIMIZERS)
    for call in calls:
        parts = [keyword.arg for keyword in call.keywords]
        assert None not in parts
        assert parts == sorted(parts, key=order.index)
