# pyright: reportMissingImports=false
"""A traced function, computed an equation at a time, with what JAX needs to run each of them backward.

Calls within calls (`jit`, `checkpoint`) are opened, the branch of a `cond` that is taken too, and a short
`scan` is unrolled. A function with a derivative of its own stays one equation, under its own name.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Literal
from msgspec import Struct

from backprop_engine.recordings.events import PlainValue

try:
    from jax._src import source_info_util
except ImportError:  # it is private to JAX: without it, equations have no source line
    source_info_util = None

__all__ = ["ArraySource", "JaxEquation", "TracedArray", "interpret"]

_OPENED: Final = frozenset(
    ("jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint", "custom_lin")
)
_INNER: Final = ("jaxpr", "call_jaxpr", "fun_jaxpr")
_OWN: Final = f" at {os.path.dirname(jax.__file__ or '')}{os.sep}"
"""Where functions of JAX's own are written."""
_LONGEST_SCAN: Final = 256
"""A longer `scan` stays one equation."""


class ArraySource(Struct, frozen=True):
    """Where an array comes from: an output of an equation, or a leaf, by number; neither for a constant."""

    equation: int | None = None
    output: int = 0
    leaf: int | None = None


CONSTANT: Final = ArraySource()
CodePlace: TypeAlias = tuple[str, int, str]
"""A file, a line in it, and the function that it is in."""


class TracedArray(Struct, frozen=True, eq=False):
    """An array, where it comes from, and whether a gradient flows to it."""

    array: Any
    source: ArraySource = CONSTANT
    active: bool = False


class JaxEquation(Struct, frozen=True, eq=False):
    """An operator that was applied at `line` of `file`, in `scope`.

    `pull` gives, for a gradient of each output, those of the operands in `active`; None where none are.
    """

    name: str
    scope: str
    file: str
    line: int
    function: str
    operands: tuple[TracedArray, ...]
    outputs: tuple[Any, ...]
    active: tuple[int, ...]
    pull: Callable[[Any], Any] | None
    settings: dict[str, PlainValue]


def interpret(
    jaxpr: Any, constants: Sequence[Any], leaves: Sequence[TracedArray]
) -> tuple[list[JaxEquation], list[TracedArray]]:
    """The equations in the order of computing, and the results."""
    run = _Interpreter()
    results = run.block(jaxpr, [TracedArray(one) for one in constants], leaves, "")
    return run.equations, results


class _Interpreter:
    def __init__(self) -> None:
        self.equations: list[JaxEquation] = []
        self._place: CodePlace | None = None

    def block(
        self, jaxpr: Any, constants: Sequence[TracedArray], arguments: Sequence[TracedArray], scope: str
    ) -> list[TracedArray]:
        """What a block of equations gives."""
        known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *arguments), strict=True))

        def read(variable: Any) -> TracedArray:
            return TracedArray(variable.val) if isinstance(variable, Literal) else known[variable]

        for equation in jaxpr.eqns:
            within = "/".join(filter(None, (scope, str(equation.source_info.name_stack))))
            results = self.equation(equation, [read(one) for one in equation.invars], within)
            known.update(zip(equation.outvars, results, strict=True))
        return [read(one) for one in jaxpr.outvars]

    def equation(self, equation: Any, operands: list[TracedArray], scope: str) -> list[TracedArray]:
        """What an equation gives; a call is opened."""
        name, params = equation.primitive.name, equation.params
        if name == "cond":
            index = int(operands[0].array)
            return self.opened(equation, params["branches"][index], operands[1:], scope)
        if name == "scan" and params["length"] <= _LONGEST_SCAN:
            return self.scan(equation, operands, scope)
        inner = next((params[key] for key in _INNER if key in params), None)
        if name in _OPENED and inner is not None:
            return self.opened(equation, inner, operands, scope)
        bind = _bound(equation)
        return self.apply(_called(name, inner), bind, operands, equation, scope, _settings(params))

    def opened(
        self, equation: Any, inner: Any, operands: Sequence[TracedArray], scope: str
    ) -> list[TracedArray]:
        """What a call gives, from its own equations; those of JAX's functions stand where it is called."""
        closed = inner if hasattr(inner, "consts") else ClosedJaxpr(inner, ())
        outer = self._place
        if outer is None and _OWN in _source(closed):
            self._place = _place(equation)
        results = self.block(closed.jaxpr, [TracedArray(one) for one in closed.consts], operands, scope)
        self._place = outer
        return results

    def scan(self, equation: Any, operands: Sequence[TracedArray], scope: str) -> list[TracedArray]:
        """A loop, one round after the other; each has a scope of its own."""
        params = equation.params
        length, count = params["length"], params["num_consts"] + params["num_carry"]
        constants, carry = operands[: params["num_consts"]], list(operands[params["num_consts"] : count])
        rounds: list[list[TracedArray]] = [[] for _ in range(length)]
        for t in reversed(range(length)) if params["reverse"] else range(length):
            within = "/".join(filter(None, (scope, f"scan[{t}]")))
            rows = [
                self.apply("slice", lambda xs, t=t: [xs[t]], [xs], equation, within, {"index": t})[0]
                for xs in operands[count:]
            ]
            results = self.opened(equation, params["jaxpr"], [*constants, *carry, *rows], within)
            carry, rounds[t] = results[: params["num_carry"]], results[params["num_carry"] :]
        stacks = [
            self.apply("stack", lambda *rows: [jnp.stack(rows)], list(rows), equation, scope, {})[0]
            for rows in zip(*rounds, strict=True)
        ]
        return [*carry, *stacks]

    def apply(
        self,
        name: str,
        function: Callable[..., Any],
        operands: Sequence[TracedArray],
        equation: Any,
        scope: str,
        settings: dict[str, PlainValue],
    ) -> list[TracedArray]:
        """Compute a function of arrays, and note how to run it backward."""
        active = tuple(number for number, one in enumerate(operands) if one.active and _is_inexact(one.array))
        arrays = [one.array for one in operands]

        def of_active(*given: Any) -> Any:
            whole = list(arrays)
            for number, value in zip(active, given, strict=True):
                whole[number] = value
            return function(*whole)

        pull = None
        if active and name != "stop_gradient":
            outputs, pull = jax.vjp(of_active, *(arrays[number] for number in active))
        else:
            outputs = function(*arrays)
        file, line, caller = self._place or _place(equation)
        number = len(self.equations)
        self.equations.append(
            JaxEquation(
                name, scope, file, line, caller, tuple(operands), tuple(outputs), active, pull, settings
            )
        )
        flows = pull is not None
        return [
            TracedArray(one, ArraySource(number, output), flows and _is_inexact(one))
            for output, one in enumerate(outputs)
        ]


def _bound(equation: Any) -> Callable[..., Any]:
    """The function that an equation applies; its results are in a list."""
    bound = equation.primitive.get_bind_params(equation.params)
    functions, params = bound if isinstance(bound, tuple) else ((), bound)

    def function(*arrays: Any) -> Any:
        results = equation.primitive.bind(*functions, *arrays, **params)
        return list(results) if equation.primitive.multiple_results else [results]

    return function


def _called(name: str, inner: Any) -> str:
    """What an operator is called: a function with a derivative of its own by its own name."""
    if not name.startswith("custom_") or inner is None:
        return name
    return _source(inner).partition(" at ")[0] or name


def _source(inner: Any) -> str:
    """The name of a function that was traced, and where it is written."""
    about = getattr(getattr(inner, "jaxpr", inner), "debug_info", None)
    return str(getattr(about, "func_src_info", None) or "")


def _place(equation: Any) -> CodePlace:
    """The innermost line of the user's own code: file, line and function."""
    if source_info_util is None:
        return "", 0, ""
    traceback = equation.source_info.traceback
    try:
        frame = source_info_util.user_frame(traceback)
    except (AttributeError, TypeError):  # older versions want the whole of it
        frame = source_info_util.user_frame(equation.source_info)
    if frame is None:
        return "", 0, ""
    return frame.file_name[-1_000:], int(frame.start_line), frame.function_name[-1_000:]


def _is_inexact(array: Any) -> bool:
    return bool(jnp.issubdtype(jnp.result_type(array), jnp.inexact))


def _settings(params: dict[str, Any]) -> dict[str, PlainValue]:
    """The parameters of an equation that are plain."""
    return {name: _plain(value) for name, value in params.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(one) and not isinstance(one, tuple | list) for one in value)
    return value is None or isinstance(value, bool | int | float | str)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value[:1_000] if isinstance(value, str) else value
