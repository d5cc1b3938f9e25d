# pyright: reportMissingImports=false
"""The recorder for JAX: a function and its gradients, written as the events of a recording."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from backprop_engine.recordings.events import (
    FORMAT,
    BackwardCall,
    EngineEnd,
    EngineStart,
    GraphNode,
    Manifest,
    Operand,
    OperatorCall,
    TensorEntry,
)
from backprop_engine.recordings.writer import RecordingWriter
from backprop_tui.jax.arrays import ArrayStore
from backprop_tui.jax.interpreter import ArraySource, JaxEquation, TracedArray, interpret

__all__ = ["JaxTape", "record"]


class JaxTape:
    """A recording that is being made; `step` begins the next step of the training loop."""

    def __init__(
        self, writer: RecordingWriter, steps: range | None, cells: int | None, *, hold: bool
    ) -> None:
        self._writer, self._steps = writer, steps
        self._arrays = ArrayStore(writer, cells, hold=hold)
        self._waiting: list[Callable[[list[TensorEntry]], Any]] = []
        self._described: set[int] = set()
        self._step, self._count = 0, 0
        self._place = "", 0
        self._start()

    def value_and_grad(
        self, function: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
    ) -> Callable[..., Any]:
        """As `jax.value_and_grad`, and what is computed is recorded.

        Arrays are leaves of the recording; those of the arguments `argnums` get gradients. Numbers of Python
        in other arguments stay such.
        """
        plain = jax.value_and_grad(function, argnums, has_aux=has_aux)

        def recorded(*args: Any, **keywords: Any) -> Any:
            if not self._is_recording:
                return plain(*args, **keywords)
            caller = sys._getframe(1)
            self._place = caller.f_code.co_filename[-1_000:], caller.f_lineno
            return self._run(function, argnums, args, keywords, has_aux=has_aux)

        return recorded

    def step(self) -> None:
        """End this step; what follows belongs to the next one."""
        self.finish()
        self._step += 1
        self._start()

    @property
    def _is_recording(self) -> bool:
        return self._writer.failure is None and (self._steps is None or self._step in self._steps)

    def _start(self) -> None:
        if self._is_recording:
            self._writer.start(self._step)

    def finish(self) -> None:
        """Bring the step to the disk."""
        if not self._is_recording:
            return
        entries = self._arrays.finish()
        for event in self._waiting:
            self._writer.event(event(entries))
        self._waiting, self._described = [], set()
        self._writer.finish_step()

    # A run

    def _run(
        self,
        function: Callable[..., Any],
        argnums: int | Sequence[int],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        *,
        has_aux: bool,
    ) -> Any:
        wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        wanted = tuple(number % len(args) for number in wanted)
        leaves = _Leaves(function, args, keywords, wanted)
        traced, shapes = jax.make_jaxpr(leaves.call, return_shape=True)(*leaves.arrays)
        values = [
            TracedArray(array, ArraySource(leaf=number), active)
            for number, (array, active) in enumerate(zip(leaves.arrays, leaves.active, strict=True))
        ]
        equations, results = interpret(traced.jaxpr, traced.consts, values)
        outputs = jax.tree.unflatten(jax.tree.structure(shapes), [one.array for one in results])
        value = outputs[0] if has_aux else outputs
        if jnp.shape(value) or not jnp.issubdtype(jnp.result_type(value), jnp.floating):
            raise TypeError(f"gradients start from one real number, not from shape {jnp.shape(value)}")
        first = self._count
        self._count += len(equations)
        for number, equation in enumerate(equations):
            self._operator(first + number, equation, leaves, first)
        gradients = self._backward(equations, results[0], leaves, first)
        found = [
            jnp.zeros_like(array) if gradient is None else gradient
            for array, gradient, active in zip(leaves.arrays, gradients, leaves.active, strict=True)
            if active
        ]
        return outputs, leaves.gradients(found, single=isinstance(argnums, int))

    def _operator(self, number: int, equation: JaxEquation, leaves: _Leaves, first: int) -> None:
        node = f"n{number}" if equation.pull is not None else None
        inputs = [self._operand(one, leaves, first) for one in equation.operands]
        made = [self._arrays.add(one) for one in equation.outputs]
        self._described.update(made)

        def finish(entries: list[TensorEntry]) -> OperatorCall:
            operands = tuple(Operand(*one[:4], None if one[4] else entries[one[0]]) for one in inputs)
            outputs = tuple(entries[one] for one in made)
            place = equation.file, equation.line, equation.function
            return OperatorCall(
                equation.name, node, None, equation.scope, *place, operands, outputs, equation.settings
            )

        self._waiting.append(finish)

    def _operand(
        self, value: TracedArray, leaves: _Leaves, first: int
    ) -> tuple[int, str | None, int, str | None, bool]:
        """The operand's array, where it comes from, and whether an event has described it."""
        number = self._arrays.add(value.array)
        known = number in self._described
        self._described.add(number)
        source = value.source
        if source.leaf is not None:
            return number, None, 0, leaves.names[source.leaf], known
        if source.equation is None or not value.active:
            return number, None, 0, None, known
        return number, f"n{first + source.equation}", source.output, None, known

    # Backward

    def _backward(
        self, equations: Sequence[JaxEquation], root: TracedArray, leaves: _Leaves, first: int
    ) -> list[Any]:
        """Run the equations backward; gives the gradient of each leaf, None where none arrived."""
        gradients: list[Any] = [None] * len(leaves.arrays)
        if not root.active:
            return gradients
        arrived: dict[ArraySource, Any] = {root.source: jnp.ones_like(root.array)}
        calls: list[BackwardParts] = []
        needed = _needed(equations, root)
        for number in sorted(needed, reverse=True):
            equation = equations[number]
            upstream = [
                arrived.pop(ArraySource(number, output), None) for output in range(len(equation.outputs))
            ]
            if all(one is None for one in upstream):
                continue
            assert equation.pull is not None
            contributions = equation.pull(
                [_cotangent(one, out) for one, out in zip(upstream, equation.outputs, strict=True)]
            )
            whole: list[Any] = [None] * len(equation.operands)
            for operand, contribution in zip(equation.active, contributions, strict=True):
                whole[operand] = contribution
                source = equation.operands[operand].source
                before = arrived.get(source)
                arrived[source] = contribution if before is None else before + contribution
            calls.append((f"n{first + number}", upstream, whole))
        for leaf in range(len(gradients)):
            gradients[leaf] = arrived.get(ArraySource(leaf=leaf))
            if gradients[leaf] is not None:
                calls.append((f"a{leaf}", [gradients[leaf]], []))
        self._write_engine(equations, root, leaves, first, needed, calls)
        return gradients

    def _write_engine(
        self,
        equations: Sequence[JaxEquation],
        root: TracedArray,
        leaves: _Leaves,
        first: int,
        needed: set[int],
        calls: Sequence[BackwardParts],
    ) -> None:
        """The events of the backward pass: the graph, and what flowed through it."""

        def end(value: TracedArray) -> tuple[str, int] | None:
            if not value.active:
                return None
            if value.source.leaf is not None:
                return f"a{value.source.leaf}", 0
            return f"n{first + (value.source.equation or 0)}", value.source.output

        start = end(root)
        assert start is not None
        run = EngineStart((start,), *self._place)
        self._waiting.append(lambda _: run)
        for number in sorted(needed, reverse=True):
            following = tuple(map(end, equations[number].operands))
            self._waiting.append(_known(GraphNode(f"n{first + number}", equations[number].name, following)))
        for leaf, (array, active) in enumerate(zip(leaves.arrays, leaves.active, strict=True)):
            if active:
                self._waiting.append(self._leaf(leaf, leaves.names[leaf], self._arrays.add(array)))
        for name, upstream, contributions in calls:
            above = [None if one is None else self._arrays.add(one) for one in upstream]
            below = [None if one is None else self._arrays.add(one) for one in contributions]
            self._waiting.append(_backward_call(name, above, below))
        self._waiting.append(lambda _: EngineEnd())

    def _leaf(self, leaf: int, name: str, value: int) -> Callable[[list[TensorEntry]], GraphNode]:
        return lambda entries: GraphNode(f"a{leaf}", "leaf", (), name, entries[value])


BackwardParts = tuple[str, Sequence[Any], Sequence[Any]]
"""A node that ran, its upstream gradients and its contributions."""


def _known(node: GraphNode) -> Callable[[list[TensorEntry]], GraphNode]:
    """An event that waits for no figures."""
    return lambda _: node


def _backward_call(
    name: str, above: Sequence[int | None], below: Sequence[int | None]
) -> Callable[[list[TensorEntry]], BackwardCall]:
    def described(entries: list[TensorEntry]) -> BackwardCall:
        upstream, contributions = (
            tuple(None if number is None else entries[number] for number in numbers)
            for numbers in (above, below)
        )
        return BackwardCall(name, upstream, contributions)

    return described


def _needed(equations: Sequence[JaxEquation], root: TracedArray) -> set[int]:
    """The equations that a gradient may flow through."""
    needed: set[int] = set()
    waiting = [root]
    while waiting:
        value = waiting.pop()
        number = value.source.equation
        if number is not None and value.active and number not in needed:
            needed.add(number)
            waiting += equations[number].operands
    return needed


def _cotangent(gradient: Any, output: Any) -> Any:
    """The gradient of an output; zeros where none arrived, of the type that JAX wants for whole numbers."""
    if gradient is not None:
        return gradient
    if jnp.issubdtype(jnp.result_type(output), jnp.inexact):
        return jnp.zeros_like(output)
    return np.zeros(jnp.shape(output), jax.dtypes.float0)


class _Leaves:
    """The arrays among a function's arguments, with names, and whether each gets a gradient."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        wanted: Sequence[int],
    ) -> None:
        self.function, self.wanted = function, wanted
        self.names: list[str] = []
        self.arrays: list[Any] = []
        self.active: list[bool] = []
        found, self.structure = jax.tree.flatten((args, keywords))
        paths = jax.tree_util.tree_flatten_with_path((args, keywords))[0]
        self.whole: list[Any] = list(found)
        self.places: list[int] = []
        names = _argument_names(function, args)
        for place, ((kind, argument, *path), leaf) in enumerate(paths):
            is_wanted = kind.idx == 0 and argument.idx in wanted
            if not is_wanted and not isinstance(leaf, jax.Array | np.ndarray):
                continue
            array = jnp.asarray(leaf)
            if is_wanted and not jnp.issubdtype(array.dtype, jnp.floating):
                raise TypeError(f"{names[argument.idx]} has {array.dtype}: only real numbers have gradients")
            root = names[argument.idx] if kind.idx == 0 else str(argument.key)
            self.names.append("".join((root, *map(_step_name, path)))[:1_000])
            self.arrays.append(array)
            self.active.append(is_wanted)
            self.places.append(place)

    def call(self, *arrays: Any) -> Any:
        """The function, of these arrays in their places."""
        whole = list(self.whole)
        for place, array in zip(self.places, arrays, strict=True):
            whole[place] = array
        args, keywords = jax.tree.unflatten(self.structure, whole)
        return self.function(*args, **keywords)

    def gradients(self, found: Sequence[Any], *, single: bool) -> Any:
        """The gradients as the arguments are built."""
        args = jax.tree.unflatten(self.structure, self.whole)[0]
        given, results = iter(found), {}
        for number in sorted(self.wanted):
            results[number] = jax.tree.map(lambda _: next(given), args[number])
        return results[self.wanted[0]] if single else tuple(results[number] for number in self.wanted)


def _argument_names(function: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """What the function calls its arguments."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    single = [one.name for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return [single[number] if number < len(single) else f"argument {number}" for number in range(len(args))]


def _step_name(key: Any) -> str:
    """A step of the path to a leaf: ``.w`` or ``[0]``."""
    name = getattr(key, "key", getattr(key, "name", None))
    return f".{name}" if name is not None else f"[{getattr(key, 'idx', key)}]"


@contextmanager
def record(
    folder: str | os.PathLike[str],
    *,
    steps: range | None = None,
    cells: int | None = 65_536,
    max_bytes: int | None = None,
    hold: bool = True,
) -> Iterator[JaxTape]:
    """Record what `value_and_grad` of the tape computes within the block into `folder`.

    The options are those of `backprop_tui.torch.record`. Raises `FileExistsError` if the folder holds a
    recording.
    """
    manifest = Manifest(FORMAT, "jax", jax.__version__, cells=cells)
    writer = RecordingWriter(Path(folder), manifest, max_bytes)
    tape = JaxTape(writer, steps, cells, hold=hold)
    try:
        yield tape
    finally:
        tape.finish()
        writer.close()
