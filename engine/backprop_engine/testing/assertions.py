"""Assertions of gradients: a function's agree with numeric ones, a module's with those of a scenario."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, Final, TypeAlias

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.derivatives.misconceptions import cosine, largest_gap, resemblance, shape_resemblance
from backprop_engine.errors import UsageError
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.loader import load_scenario
from backprop_engine.scenario.model import Scenario
from backprop_engine.testing.gradient_checks import GradientReport, check_function
from backprop_engine.trace.trace import Trace

__all__ = ["assert_gradients", "check_module"]

_ScenarioLike: TypeAlias = Scenario | str | PathLike[str]
_RTOL: Final = 1e-9
"""How far a gradient in float64 may be from the scenario's, relative to the largest entry."""


def assert_gradients(
    function: Any,
    vjp: Any = None,
    args: Any = (),
    *,
    names: Sequence[str] | Mapping[str, str] | None = None,
    scenario: _ScenarioLike | None = None,
    rtol: float = _RTOL,
) -> None:
    """Raise `AssertionError` unless all gradients are right; the message names the operand, entry and
    mistake.

    Without `scenario`, the gradients that `vjp` gives for `function` at `args` are compared with numeric
    ones, as `check_function` does; `names` are those of the arguments. With it, `function` is a
    `torch.nn.Module` whose gradients are compared with the scenario's, as `check_module` does; `names` maps
    names of the module to leaves of the scenario. Raises `UsageError` if the arguments do not fit together.

    >>> assert_gradients(np.sin, lambda g, x: g * np.cos(x), [np.array([0.5, 2.0])])
    """
    if scenario is not None:
        if vjp is not None or len(args):
            raise UsageError(msg("a scenario has its own numbers: leave out `vjp` and `args`"))
        if names is not None and not isinstance(names, Mapping):
            raise UsageError(msg("with a scenario, `names` maps names in the module to leaves"))
        report = check_module(function, scenario, names=names, rtol=rtol)
    else:
        report = check_function(function, vjp, args, names=tuple(names or ()))
    if not report:
        raise AssertionError(str(report))


def check_module(
    module: Any, scenario: _ScenarioLike, *, names: Mapping[str, str] | None = None, rtol: float = _RTOL
) -> GradientReport:
    """Compare what a `torch.nn.Module` computes, and every gradient, with a scenario, in float64.

    A parameter ``fc1.weight`` is the leaf ``fc1_weight``, an argument of `forward` the leaf of that name;
    `names` says where that is otherwise. They get the scenario's numbers in a copy of the module, which
    itself does not change. The backward pass begins with the scenario's seed. An entry may be off by `rtol`
    times the largest.

    Raises `UsageError` where a parameter or an argument has no leaf, or the leaf another shape.
    """
    import torch  # pyright: ignore[reportMissingImports]  # whoever has a module has it

    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    trace = loaded.record()
    module = copy.deepcopy(module).double()
    given = dict(names or {})
    leaves = {}
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            leaf = _leaf(name, given, trace, tuple(parameter.shape))
            parameter.copy_(torch.tensor(_numbers(trace, leaf)))
            leaves[name] = leaf, parameter
    arguments = []
    for name, argument in inspect.signature(module.forward).parameters.items():
        if argument.default is not inspect.Parameter.empty and given.get(name, name) not in trace.graph:
            continue
        leaf = _leaf(name, given, trace)
        numbers = torch.tensor(trace.value(leaf.name))
        if numbers.is_floating_point():
            numbers = numbers.double().requires_grad_(leaf.takes_gradient)
            leaves[name] = leaf, numbers
        arguments.append(numbers)
    module.zero_grad()
    out = module(*arguments)
    output = trace.graph.nodes[trace.graph.output]
    value = out.detach().numpy()
    checks = [_compared(output.name, value, _numbers(trace, output), rtol)]
    if value.shape == output.shape:
        if out.requires_grad:  # else no gradient flows, which is what the checks then say
            out.backward(torch.tensor(np.asarray(trace.gradient(output.name), dtype=np.float64)))
        checks += _gradients(leaves, trace, rtol)
    return GradientReport(type(module).__name__, tuple(checks))


def _leaf(name: str, names: Mapping[str, str], trace: Trace, shape: tuple[int, ...] | None = None) -> Node:
    """The leaf of the scenario that a parameter or an argument is."""
    wanted = names.get(name, name.replace(".", "_"))
    known = [leaf.name for leaf in trace.graph.leaves]
    if wanted not in known:
        problem = msg("the scenario has no leaf {leaf} for `{name}`", leaf=wanted, name=name)
        hint = did_you_mean(wanted, known) or msg(
            "specify the leaf with `names`: {{{example}}}", example=f'"{name}": "…"'
        )
        raise UsageError(problem, hint)
    leaf = trace.graph[wanted]
    if shape is not None and leaf.shape != shape:
        raise UsageError(
            msg(
                "`{name}` has shape {found}, but the leaf {leaf} has shape {expected}",
                name=name,
                found=list(shape),
                leaf=wanted,
                expected=list(leaf.shape),
            )
        )
    return leaf


def _numbers(trace: Trace, node: Node) -> Tensor:
    return np.asarray(trace.value(node.name), dtype=np.float64)


def _gradients(leaves: Mapping[str, tuple[Node, Any]], trace: Trace, rtol: float) -> Iterator[GradientCheck]:
    """The gradients of the module beside those of the scenario; one that is absent is 0."""
    output = trace.graph.nodes[trace.graph.output].name
    for name, (leaf, tensor) in leaves.items():
        if leaf.takes_gradient:
            expected = np.asarray(trace.gradient(leaf.name), dtype=np.float64)
            found = np.zeros(leaf.shape) if tensor.grad is None else tensor.grad.numpy()
            yield _compared(f"∂{output}/∂{name}", found, expected, rtol)


def _compared(name: str, found: Tensor, expected: Tensor, rtol: float) -> GradientCheck:
    """One tensor of the module beside the scenario's."""
    method, entries = "scenario", int(np.size(expected))
    if np.shape(found) != np.shape(expected):
        shapes = (np.shape(found), np.shape(expected))
        return GradientCheck(
            name,
            Verdict.DIFFERS,
            "shape",
            entries,
            0,
            np.inf,
            shapes=shapes,
            resembles=shape_resemblance(*shapes),
        )
    gap, entry = largest_gap(found, expected)
    error = gap / (float(np.max(np.abs(expected), initial=0.0)) or 1.0)
    ours, theirs = (float(tensor[entry]) if entries else 0.0 for tensor in (found, expected))
    good = error <= rtol
    verdict = Verdict.AGREES if good else Verdict.DIFFERS
    return GradientCheck(
        name, verdict, method, entries, entries, error, entry, ours, theirs,
        cosine=None if good else cosine(found, expected),
        resembles="" if good else resemblance(found, expected),
    )  # fmt: skip
