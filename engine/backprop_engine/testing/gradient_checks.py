"""Numeric checks of backward functions that people write: operators, and plain functions over arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, overload

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.gradient_check import GradientCheck, compare
from backprop_engine.derivatives.misconceptions import UPSTREAM
from backprop_engine.derivatives.numeric_check import check_trace, latest
from backprop_engine.errors import ShapeError, UsageError
from backprop_engine.explain.gradient_problems import problem_text
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind
from backprop_engine.messages.message import Message, joined, msg
from backprop_engine.ops import OPS, Op
from backprop_engine.trace.record import record

__all__ = ["GradientReport", "check_function", "check_operator"]

_SEED: Final = 0


class GradientReport(Struct, frozen=True, eq=False):
    """The result of numeric checks: true if all of them passed; printing it shows what is wrong.

    >>> from backprop_engine import check_operator
    >>> check_operator("tanh")
    <GradientReport tanh: 4 gradients agree with numeric ones>
    """

    name: str
    checks: tuple[GradientCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether no gradient differs, and each one is finite wherever the function is."""
        return all(check.verdict.good for check in self.checks)

    @property
    def bad(self) -> tuple[GradientCheck, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.verdict.good)

    def __bool__(self) -> bool:
        return self.passed

    def in_language(self, language: str) -> str:
        """What was found, in `language`."""
        return self._text().in_language(language)

    def _title(self) -> Message:
        if self.passed:
            return msg(
                "{name}: {count} gradients agree with numeric ones", name=self.name, count=len(self.checks)
            )
        return msg(
            "{name}: {bad} of {count} gradients differ",
            name=self.name,
            bad=len(self.bad),
            count=len(self.checks),
        )

    def _text(self) -> Message:
        return joined("\n  ", [self._title(), *(problem_text(check, in_file=False) for check in self.bad)])

    def __str__(self) -> str:
        return str(self._text())

    def __repr__(self) -> str:
        return f"<GradientReport {self._title()}>"


def check_operator(op: Op | str, operands: Sequence[Any] | None = None) -> GradientReport:
    """Check every rule of an operator numerically, on `operands` or on each of its samples.

    Raises `UsageError` for a name that no operator has, and for operands that it does not take.

    >>> from backprop_engine import check_operator
    >>> bool(check_operator("tanh"))
    True
    """
    if isinstance(op, str):
        if op not in OPS:
            raise UsageError(msg("there is no operator {name}", name=op))
        op = OPS[op]
    samples = (
        [(tuple(operands), {})]
        if operands is not None
        else [(one.draw(), one.attributes) for one in op.samples]
    )
    if not samples:
        raise UsageError(msg("`{op}` has no samples: give it operands to be tested on", op=op.name))
    checks = [check for given, attributes in samples for check in _checks_on(op, given, attributes)]
    return GradientReport(op.name, tuple(checks))


def _checks_on(op: Op, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Iterator[GradientCheck]:
    """The checks of each operand's gradient, for an upstream gradient of random numbers."""
    names = op.names(len(operands))
    shapes = [np.shape(operand) for operand in operands]
    whole = op.indices(*shapes) if op.indices is not None else ()
    builder = GraphBuilder()
    leaves = [
        builder.leaf(name, Kind.CONSTANT if number in whole or name in op.constants else Kind.INPUT, shape)
        for number, (name, shape) in enumerate(zip(names, shapes, strict=True))
    ]
    try:
        builder.apply(op, leaves, _free("out", names), attributes=attributes)
    except ShapeError as error:
        raise UsageError(error.message, error.hint) from None
    graph = builder.build()
    values = {name: np.asarray(operand) for name, operand in zip(names, operands, strict=True)}
    upstream = np.random.default_rng(_SEED).uniform(0.5, 1.5, graph.nodes[graph.output].shape)
    trace = record(graph, Bindings.of(graph, values, upstream))
    yield from (check for check in latest(list(check_trace(trace))) if check.name in names)


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


@overload
def check_function(
    forward: Any,
    vjp: Callable[..., Any] | None = None,
    args: Sequence[Any] = (),
    *,
    names: Sequence[str] = (),
) -> GradientReport: ...
@overload
def check_function(forward: Any, args: Any, /, *, names: Sequence[str] = ()) -> GradientReport: ...
def check_function(
    forward: Any, vjp: Any = None, args: Any = (), *, names: Sequence[str] = ()
) -> GradientReport:
    """Check a hand-written vector-Jacobian product against numeric derivatives of `forward` at `args`.

    `forward(*args)` gives an array; `vjp(g, *args)` gives the gradient of each argument for the upstream
    gradient `g`, as a tuple, or as an array where there is one argument; None for an argument that gets none.
    A `torch.autograd.Function` needs no `vjp`, and neither does a function of tensors that uses one: the
    backward of PyTorch's is checked, in double precision: ``check_function(Mine, [x, w])``.

    The report says which argument differs, in which entry and how far, and what mistake that looks like.
    One argument needs no list. Arguments are called `names`, or else as `forward` calls them. Raises
    `UsageError` where the gradients do not go with the arguments.

    >>> import numpy as np
    >>> from backprop_engine import check_function
    >>> report = check_function(np.sin, lambda g, x: g * np.cos(x), [np.array([0.5, 2.0])])
    >>> bool(report)
    True
    """
    if vjp is not None and not callable(vjp):
        vjp, args = None, vjp
    if not isinstance(args, list | tuple):
        args = [args]
    called, called_with = _name(forward), tuple(names) or _names(forward, len(args))
    if len(called_with) != len(args):
        raise UsageError(
            msg("there are {count} arguments but {names} names", count=len(args), names=len(called_with))
        )
    if vjp is None:
        forward, vjp, args = _of_torch(forward, args)
    values = [_numbers(name, argument) for name, argument in zip(called_with, args, strict=True)]
    out = _numbers(called, forward(*(value.copy()[()] for value in values)))
    upstream = np.random.default_rng(_SEED).uniform(0.5, 1.5, out.shape)
    given = vjp(upstream[()], *(value.copy()[()] for value in values))
    gradients = tuple(given) if isinstance(given, tuple | list) else (given,)
    if len(gradients) != len(values):
        raise UsageError(
            msg(
                "`vjp` returns {found} gradients for {count} arguments",
                found=len(gradients),
                count=len(values),
            )
        )
    checks = [
        _argument_check(forward, values, number, upstream, gradient, called_with)
        for number, gradient in enumerate(gradients)
    ]
    return GradientReport(called, tuple(checks))


def _name(function: Any) -> str:
    """What a function is called; the `apply` of a class as the class is."""
    owner = getattr(function, "__self__", None)
    named = owner if isinstance(owner, type) else function
    return getattr(named, "__name__", type(function).__name__)


def _names(function: Any, count: int) -> tuple[str, ...]:
    """What a function calls its first `count` arguments, else their numbers."""
    owner = getattr(function, "__self__", function)
    of_torch = isinstance(owner, type) and hasattr(owner, "backward") and hasattr(owner, "forward")
    try:
        given = [*inspect.signature(owner.forward if of_torch else function).parameters.values()]
    except (TypeError, ValueError):
        given = []
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = [each.name for each in given if each.kind in by_position]
    if of_torch and not _has_setup_context(owner):
        found = found[1:]  # the first is the context
    numbered = tuple(f"argument {number}" for number in range(1, count + 1))
    return tuple(found[:count]) if len(found) >= count else numbered


def _has_setup_context(function: Any) -> bool:
    """Whether the `forward` of a `torch.autograd.Function` takes no context."""
    import torch  # pyright: ignore[reportMissingImports]  # whoever gives such a function has it

    return function.setup_context is not torch.autograd.Function.setup_context


def _numbers(name: str, given: Any) -> Tensor:
    """An array of float64; raises `UsageError` for what has no numbers."""
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        kind = type(given).__name__
        raise UsageError(msg("{name}: {kind} is not an array of numbers", name=name, kind=kind)) from None


def _argument_check(
    forward: Callable[..., Any],
    values: Sequence[Tensor],
    number: int,
    upstream: Tensor,
    gradient: Any,
    names: Sequence[str],
) -> GradientCheck:
    value, name = values[number], names[number]
    found = np.zeros(value.shape) if gradient is None else _numbers(name, gradient)

    def projected(changed: Any) -> Any:
        given = [changed if at == number else other.copy()[()] for at, other in enumerate(values)]
        return np.sum(upstream * np.asarray(forward(*given)))

    factors = {**dict(zip(names, values, strict=True)), UPSTREAM: upstream}
    return compare(
        name, projected, value[()], found[()], analytic=False, factors=lambda: factors, sizes=upstream.shape,
        upstream=float(np.max(np.abs(upstream), initial=0.0)),
    )  # fmt: skip


def _of_torch(
    function: Any, args: Sequence[Any]
) -> tuple[Callable[..., Any], Callable[..., Any], Sequence[Any]]:
    """A `torch.autograd.Function`, or a function of tensors, as functions over arrays."""
    is_class = isinstance(function, type) and hasattr(function, "apply")
    owner = function if is_class else getattr(function, "__self__", None)
    if not hasattr(owner, "backward") and not any(hasattr(value, "detach") for value in args):
        raise UsageError(
            msg("give `vjp`, or a torch.autograd.Function"),
            msg("`vjp(g, *args)` returns the gradient of each argument"),
        )
    called = function.apply if is_class else function
    import torch  # pyright: ignore[reportMissingImports]  # whoever gives such a function has it

    def tensors(values: Sequence[Any], *, grad: bool) -> list[Any]:
        return [torch.tensor(np.asarray(value), dtype=torch.float64, requires_grad=grad) for value in values]

    def forward(*values: Any) -> Any:
        with torch.no_grad():
            return called(*tensors(values, grad=False)).numpy()

    def vjp(upstream: Any, *values: Any) -> Any:
        given = tensors(values, grad=True)
        out = called(*given)
        found = torch.autograd.grad(out, given, torch.as_tensor(np.asarray(upstream)), allow_unused=True)
        return tuple(None if each is None else each.numpy() for each in found)

    return (
        forward,
        vjp,
        [value.detach().cpu().numpy() if hasattr(value, "detach") else value for value in args],
    )
