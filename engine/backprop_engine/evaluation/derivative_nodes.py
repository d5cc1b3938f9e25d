"""`grad`, `vjp` and `jvp` as nodes of a graph: a backward or a forward pass, written out in operators.

What is added for one is in a group of its name: the gradient of `f` with respect to each node `h` on the
way from `f` to `x` as ``gx.dh``, the tangent of each on the way from `x` to `f` as ``gx.h_dot``. A pass that
has been written is gone on with: two gradients of one `f` share all that is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.derived import derived
from backprop_engine.errors import Placed
from backprop_engine.evaluation.derivative_operators import GRAD, JVP, DerivativeError
from backprop_engine.evaluation.drawn_rules import path_between, pushed, share
from backprop_engine.evaluation.sketches import Sketch
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import msg
from backprop_engine.ops import Op

__all__ = ["MAX_DERIVATIVE_NODES", "add_derivative"]

MAX_DERIVATIVE_NODES: Final = 20_000
"""The most nodes that all passes of a graph may come to."""
MAX_VISITED: Final = 5_000_000
"""How many nodes all passes of a graph may visit in total."""


class _Pass(Struct, eq=False):
    """A pass as far as it has been written: where the gradient or tangent of each node is, by position."""

    sketch: Sketch
    done: dict[int, int] = field(default_factory=dict)


class _Passes(Struct, eq=False):
    """The passes of a graph, and how many nodes they have come to."""

    by_kind: dict[tuple[str, int, int | None], _Pass] = field(default_factory=dict)
    added: int = 0
    visited: int = 0
    names: set[str] = field(default_factory=set)


@derived()
def _passes(builder: GraphBuilder) -> _Passes:
    return _Passes()


def add_derivative(
    builder: GraphBuilder, op: Op, operands: Sequence[int], name: str, *, text: str, place: Placed | None
) -> int:
    """Add the nodes of ``grad(f, x)``, ``vjp(f, x, v)`` or ``jvp(f, x, v)``, the last of them as `name`.

    The result has the shape of `x`, with `jvp` that of `f`; zeros where `f` does not depend on `x`. Raises
    `DerivativeError` where there is no such derivative, where an operator on the way cannot be written out,
    and where the passes of the graph come to too many nodes.
    """
    f, x = operands[:2]
    v = operands[2] if len(operands) > 2 else None
    _check(builder, op, builder.node(f), builder.node(x), None if v is None else builder.shape(v))
    return _Writing(builder, op, f, x, v, name, place).add(text)


def _check(builder: GraphBuilder, op: Op, f: Node, x: Node, v: Shape | None) -> None:
    """Refuse what has no derivative, and a `v` of another shape than what it stands for."""
    for node in (f, x):
        if node.op is not None and node.op.boolean:
            message = msg("`{name}` holds truth values, which have no derivative", name=_called(node))
            raise DerivativeError(message)
        if builder.holds_indices(node.position):
            raise DerivativeError(
                msg("`{name}` holds whole numbers, which have no derivative", name=_called(node))
            )
    if op is GRAD and f.shape:
        message = msg(
            "`grad` takes the gradient of a scalar, but `{name}` is {shape}",
            name=_called(f),
            shape=shape_text(f.shape),
        )
        raise DerivativeError(message, msg("sum its entries, or weight them with `vjp(f, x, v)`"))
    wanted, what = (x, "x") if op is JVP else (f, "f")
    if v is not None and v != wanted.shape:
        message = msg(
            "`v` has shape {found}, but `{name}` has shape {shape}: in `{op}`, `v` must have the same "
            "shape as `{what}`",
            found=shape_text(v), name=_called(wanted), shape=shape_text(wanted.shape), op=op.name, what=what,
        )  # fmt: skip
        raise DerivativeError(message)


def _called(node: Node) -> str:
    return node.text if "#" in node.name or not node.name else node.name


class _Writing:
    """One derivative that is being written into the graph."""

    def __init__(
        self, builder: GraphBuilder, op: Op, f: int, x: int, v: int | None, name: str, place: Placed | None
    ) -> None:
        self.builder, self.op, self.f, self.x, self.v = builder, op, f, x, v
        self.name, self.place = name, place
        base, mark, part = name.partition("#")
        self.group = f"{base}.{op.name}{part}" if mark else name
        self.passes = _passes(builder)
        kind, start = ("forward", x) if op is JVP else ("backward", f)
        fresh = _Pass(Sketch(builder.dtype.name))
        self.written = self.passes.by_kind.setdefault((kind, start, v), fresh)
        self.sketch = self.written.sketch

    def add(self, text: str) -> int:
        """Add the nodes; the position of the last."""
        self.builder.derives_from(self.f)
        self.builder.open_group(self.group, text)
        try:
            on_path = path_between(self.builder.node, self.x, self.f)
            self._count_visited(len(on_path))
            found = self._forward(on_path) if self.op is JVP else self._backward(on_path)
            wanted = self.builder.shape(self.f if self.op is JVP else self.x)
            found = self.sketch.spread(self.sketch.number(0) if found is None else found, wanted)
            return self._write(found, self.name, always=True)
        except RecursionError:
            raise DerivativeError(msg("the derivative's formula is nested too deeply")) from None
        finally:
            self.builder.close_group(least=2)

    def _backward(self, on_path: set[int]) -> int | None:
        """The gradient at `x`: each node's own is complete before it is handed on."""
        done, parts = self.written.done, dict[int, list[int]]()
        for at in sorted(on_path, reverse=True):
            if at == self.f:
                seed = self.sketch.number(1) if self.v is None else self._of(self.v)
                total: int | None = seed
            elif at in done:
                total = self._of(done[at])
            else:
                total = self._total(at, parts.pop(at, []))
            if at == self.x:
                return total
            if total is None:
                continue
            if at != self.f and at not in done:
                total = self._keep(at, total, f"d{self._short(at)}")
            node = self.builder.node(at)
            operands = [self._of(one) for one in node.operands]
            for argnum, operand in enumerate(node.operands):
                if operand not in on_path or operand in done:
                    continue
                part = share(self.sketch, node, argnum, total, self._of(at), operands)
                if part is not None:
                    parts.setdefault(operand, []).append(part)
        return None

    def _forward(self, on_path: set[int]) -> int | None:
        """The tangent of `f`: each node's own follows from those of its operands."""
        done = self.written.done
        assert self.v is not None
        tangents = {self.x: self._of(self.v)} if on_path else {}
        for at in sorted(on_path - {self.x}):
            if at in done:
                tangents[at] = self._of(done[at])
                continue
            node = self.builder.node(at)
            operands = [self._of(one) for one in node.operands]
            parts = [
                part
                for argnum, operand in enumerate(node.operands)
                if operand in tangents
                and (part := pushed(self.sketch, node, argnum, tangents[operand], self._of(at), operands))
                is not None
            ]
            total = self._total(at, parts)
            if total is not None:
                last = at == self.f
                tangents[at] = total if last else self._keep(at, total, f"{self._short(at)}_dot")
        return tangents.get(self.f)

    def _total(self, at: int, parts: Sequence[int]) -> int | None:
        """The sum of `parts` in the shape of the node at a position."""
        return self.sketch.spread(self.sketch.total(parts), self.builder.shape(at)) if parts else None

    def _keep(self, at: int, total: int, short: str) -> int:
        """Write what is complete for the node at a position; later derivatives find it there."""
        self.written.done[at] = self._write(total, self._free(f"{self.group}.{short}"))
        return self._of(self.written.done[at])

    def _write(self, wanted: int, name: str, *, always: bool = False) -> int:
        before = self.builder.size
        try:
            position = self.sketch.written(self.builder, wanted, name, self.place, always=always)
        finally:
            self.passes.added += self.builder.size - before
        if self.passes.added > MAX_DERIVATIVE_NODES:
            message = msg(
                "with this one, the derivatives have more than {most:,} nodes in total",
                most=MAX_DERIVATIVE_NODES,
            )
            raise DerivativeError(message, msg("`detach` stops a derivative from going further back"))
        return position

    def _of(self, position: int) -> int:
        return self.sketch.of(self.builder, position)

    def _short(self, at: int) -> str:
        """The name of a node as a part of another one: ``states_2_h`` for ``states[2].h``."""
        name = self.builder.node(at).name or "number"
        return "".join(
            letter if letter.isalnum() or letter == "_" else "_" for letter in name.replace("].", "_")
        )

    def _free(self, name: str) -> str:
        """A name that no node has yet."""
        found, number = name, 2
        while found in self.passes.names:
            found, number = f"{name}_{number}", number + 1
        self.passes.names.add(found)
        return found

    def _count_visited(self, count: int) -> None:
        self.passes.visited += count
        if self.passes.visited > MAX_VISITED:
            raise DerivativeError(
                msg("the passes of all derivatives go through more than {most:,} nodes", most=MAX_VISITED)
            )
