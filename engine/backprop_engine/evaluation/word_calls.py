"""A call of a word in the text of a rule, and what several words are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from backprop_engine.arrays import Shape
from backprop_engine.evaluation.sketches import Sketch
from backprop_engine.expressions import Attribute, Boolean, Call, Expr, ListOf, Name, Number, literal
from backprop_engine.graph.graph import Node

__all__ = ["UnknownWordError", "WordCall", "apart", "placed"]


class UnknownWordError(Exception):
    """A text that cannot be spelled in operators."""


class WordCall(NamedTuple):
    """A call of a word in the text of a rule of `node`; `draw` gives the nodes of its arguments."""

    sketch: Sketch
    call: Call
    draw: Callable[[Expr], int]
    shapes: Mapping[str, Shape]
    node: Node

    def operand(self, number: int) -> int:
        """An argument that is a tensor."""
        return self.draw(self.call.args[number])

    def shape(self, number: int) -> Shape:
        """An argument that is a shape: ``a.shape``, or the sizes themselves by the name `shape`."""
        if (sizes := self.setting("shape")) is not None:
            return tuple(map(int, sizes))
        match self.call.args[number]:
            case Attribute(value=Name(name=name), name="shape") if name in self.shapes:
                return self.shapes[name]
        raise UnknownWordError

    def number(self, number: int) -> int:
        """An argument that is a whole number."""
        match self.call.args[number]:
            case Number(value=int(value)):
                return value
        raise UnknownWordError

    def takes(self, count: int, *names: str) -> None:
        """Refuse a call with another number of arguments, or with other keywords than these."""
        keywords = [keyword.name for keyword in self.call.keywords]
        given = len(self.call.args) + keywords.count("shape")
        if given != count or not set(keywords) <= {"shape", *names}:
            raise UnknownWordError

    def setting(self, name: str, otherwise: Any = None) -> Any:
        """A keyword's value."""
        for keyword in self.call.keywords:
            if keyword.name == name and isinstance(keyword.value, Number | Boolean | ListOf):
                value = literal(keyword.value)
                return tuple(value) if isinstance(value, list) else value
        return otherwise


def placed(sketch: Sketch, g: int, shape: Shape, key: Sequence[int | slice]) -> int:
    """`g` where ``key`` takes it from a tensor of `shape`, and zeros elsewhere."""
    places = [_place(part, size) for part, size in zip(key, shape, strict=False)]
    places += [(0, 1, size) for size in shape[len(places) :]]
    counts = tuple(count for _, _, count in places)
    if 0 in counts or 0 in shape:
        return sketch.spread(sketch.number(0), shape)
    g = sketch.apply("reshape", g, shape=counts)
    turned = [axis for axis, (_, step, _) in enumerate(places) if step < 0]
    if turned:
        g = sketch.apply("flip", g, axis=turned[0] if len(turned) == 1 else tuple(turned))
    width = []
    for axis, ((start, step, count), size) in enumerate(zip(places, shape, strict=True)):
        first = start if step > 0 else start + step * (count - 1)
        g = apart(sketch, g, axis, abs(step))
        width.append((first, size - first - (count - 1) * abs(step) - 1))
    if any(one != (0, 0) for one in width):
        g = sketch.apply("pad", g, width=tuple(width))
    return g


def _place(part: int | slice, size: int) -> tuple[int, int, int]:
    """Where a part of a key begins, how far apart what it takes is, and how many that is."""
    if isinstance(part, int):
        return part % size, 1, 1
    start, stop, step = part.indices(size)
    return start, step, len(range(start, stop, step))


def apart(sketch: Sketch, g: int, axis: int, step: int) -> int:
    """`g` with ``step - 1`` zeros between its entries along an axis."""
    shape = sketch.shape(g)
    if step == 1 or shape[axis] < 2:
        return g
    before, count, after = shape[:axis], shape[axis], shape[axis + 1 :]
    g = sketch.apply("reshape", g, shape=(*before, count, 1, *after))
    width = tuple((0, step - 1 if one == axis + 1 else 0) for one in range(len(shape) + 1))
    g = sketch.apply("reshape", sketch.apply("pad", g, width=width), shape=(*before, count * step, *after))
    key = (*(slice(None),) * axis, slice(0, (count - 1) * step + 1))
    return sketch.apply("index", g, key=key)
