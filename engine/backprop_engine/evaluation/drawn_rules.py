"""Operators' rules as nodes: what flows back to an operand, and what an operand's tangent adds to the output.

Both come from the text of the rule. A rule that is linear in the upstream gradient is turned round for
tangents: the gradient with respect to ``g`` of what it gives, with the tangent flowing in. Where a text uses
a word that nothing here spells, the operator's decomposition is differentiated in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.evaluation.calls import CallError, bind, is_operand, named_arguments
from backprop_engine.evaluation.complete_texts import with_shapes
from backprop_engine.evaluation.composed_operators import OWN
from backprop_engine.evaluation.derivative_operators import DerivativeError
from backprop_engine.evaluation.rule_words import WORDS, with_computed_indices
from backprop_engine.evaluation.sketches import Sketch
from backprop_engine.evaluation.word_calls import UnknownWordError, WordCall
from backprop_engine.expressions import (
    Attribute,
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Subscript,
    Transpose,
    Unary,
    key_of,
    parse,
)
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import msg
from backprop_engine.ops import OPS, Elementwise, Linear

__all__ = ["NodeAt", "path_between", "pulled_back", "pushed", "share"]

NodeAt: TypeAlias = Callable[[int], Node]
"""The node at a position, of a graph or of a sketch."""

_UNWRITABLE: Final = (UnknownWordError, CallError, ShapeError)


# Backward


def share(
    sketch: Sketch, node: Node, argnum: int, upstream: int, out: int, operands: Sequence[int]
) -> int | None:
    """What flows from `node` to an operand when `upstream` flows into it; None where nothing does.

    All are nodes of the sketch, `out` is the one that stands for `node`. Raises `ShapeError` for an operator
    whose backward pass cannot be written out.
    """
    rule = node.rules[argnum]
    if rule is None:
        return None
    wanted = sketch.shape(operands[argnum])
    try:
        drawn = _by_text(sketch, node, argnum, upstream, out, operands)
        if drawn is None:
            return None
        if isinstance(rule, Linear) and rule.summed:
            return sketch.apply("reshape", sketch.sum(drawn, rule.summed), shape=wanted)
        return sketch.summed(drawn, wanted)
    except _UNWRITABLE:
        return _by_inside(sketch, node, argnum, upstream, operands)


def _by_text(
    sketch: Sketch, node: Node, argnum: int, upstream: int, out: int, operands: Sequence[int]
) -> int | None:
    rule = node.rules[argnum]
    assert node.op is not None
    assert rule is not None
    if node.op.family == OWN and rule.text.startswith(f"{node.op.name}_"):
        raise UnknownWordError  # a function in Python, which no formula says
    text = _guarded(node.op.name, argnum, rule.text)
    # What no gradient flows to is a constant for its derivatives too.
    along = zip(operands, node.rules, strict=True)
    names = _names(node, out, [one if each is not None else sketch.still(one) for one, each in along])
    if not isinstance(rule, Elementwise):
        names["g"] = upstream
        return _draw(sketch, node, text, names)
    local = _draw(sketch, node, text, names)
    return None if local == sketch.number(0) else sketch.apply("mul", upstream, local)


def _by_inside(sketch: Sketch, node: Node, argnum: int, upstream: int, operands: Sequence[int]) -> int | None:
    """The same by way of the operator's decomposition."""
    assert node.op is not None
    parts = node.op.inside_for(tuple(map(sketch.shape, operands)), node.attributes)
    if not parts:
        raise _unwritable(node)
    # Variables of its own, so that an operand given twice is distinguished.
    own = {name: sketch.free(sketch.shape(one)) for name, one in _names(node, 0, operands).items()}
    names = dict(own)
    try:
        for name, expression in parts:
            names[name] = _draw(sketch, node, expression, names)
        called = node.op.names(len(operands))[argnum]
        found = pulled_back(sketch, names["out"], names[called], upstream)
    except _UNWRITABLE:
        raise _unwritable(node) from None
    stands = dict(zip((own[name] for name in node.op.names(len(operands))), operands, strict=True))
    return None if found is None else sketch.substituted(found, stands)


def _unwritable(node: Node) -> ShapeError:
    assert node.op is not None
    message = msg("the gradient of `{op}` cannot be written out as nodes", op=node.op.name)
    return DerivativeError(message, msg("`{name}` is on the way", name=node.name) if node.name else "")


def pulled_back(sketch: Sketch, f: int, x: int, seed: int) -> int | None:
    """The gradient at `x` when `seed` flows into `f`, all in the sketch; None where nothing arrives."""
    on_path = path_between(sketch.node, x, f)
    adjoints = {f: seed}
    for at in sorted(on_path - {x}, reverse=True):
        node = sketch.node(at)
        for argnum, operand in enumerate(node.operands):
            if operand not in on_path or at not in adjoints:
                continue
            part = share(sketch, node, argnum, adjoints[at], at, node.operands)
            if part is not None:
                before = adjoints.get(operand)
                adjoints[operand] = part if before is None else sketch.apply("add", before, part)
    found = adjoints.get(x)
    return None if found is None else sketch.spread(found, sketch.shape(x))


def path_between(node_at: NodeAt, x: int, f: int) -> set[int]:
    """The positions on the ways along which gradient flows from `f` to `x`, both included; or none."""
    above: set[int] = set()
    waiting = [f]
    while waiting:
        at = waiting.pop()
        if at in above or at < x:
            continue
        above.add(at)
        node = node_at(at)
        waiting += (
            operand for operand, rule in zip(node.operands, node.rules, strict=True) if rule is not None
        )
    reached: set[int] = set()
    for at in sorted(above):
        node = node_at(at)
        along = zip(node.operands, node.rules, strict=True)
        if at == x or any(rule is not None and operand in reached for operand, rule in along):
            reached.add(at)
    return reached if f in reached else set()


# Forward


def pushed(
    sketch: Sketch, node: Node, argnum: int, tangent: int, out: int, operands: Sequence[int]
) -> int | None:
    """What an operand's `tangent` adds to that of `node`, before it is broadcast; None for nothing."""
    rule = node.rules[argnum]
    if rule is None:
        return None
    if isinstance(rule, Elementwise):
        try:
            return _by_text(sketch, node, argnum, tangent, out, operands)
        except _UNWRITABLE:
            pass
    upstream = sketch.free(node.shape)
    pulled = share(sketch, node, argnum, upstream, out, operands)
    return None if pulled is None else pulled_back(sketch, pulled, upstream, tangent)


# Texts


def _names(node: Node, out: int, operands: Sequence[int]) -> dict[str, int]:
    assert node.op is not None
    return {"out": out} | dict(zip(node.op.names(len(operands)), operands, strict=True))


def _draw(sketch: Sketch, node: Node, text: str, names: Mapping[str, int]) -> int:
    """The node that an operator's text gives."""
    shapes: dict[str, Shape] = {name: sketch.shape(position) for name, position in names.items()}

    def draw(tree: Expr) -> int:
        match tree:
            case Number():
                return sketch.number(tree.value)
            case Name() if tree.name in names:
                return names[tree.name]
            case Binary():
                return sketch.apply(OPS.by_symbol(tree.op), draw(tree.left), draw(tree.right))
            case Unary():
                return sketch.apply("neg", draw(tree.operand))
            case Transpose():
                return sketch.apply("transpose", draw(tree.value))
            case Subscript():
                return sketch.apply("index", draw(tree.value), key=key_of(tree))
            case Attribute(name="mT"):
                return sketch.swapped(draw(tree.value))
            case Name(name=name) if name in WORDS:
                bare = Call(name, (), (), tree.span, tree.span)
                return WORDS[name](WordCall(sketch, bare, draw, shapes, node))
            case Call() if tree.name in WORDS:
                return WORDS[tree.name](WordCall(sketch, tree, draw, shapes, node))
            case Call():
                return call(tree)
        raise UnknownWordError

    def call(tree: Call) -> int:
        op = OPS.called(tree.name)
        if op is None:
            raise UnknownWordError
        named = [draw(one.value) for one in tree.keywords if is_operand(tree, one)]  # type: ignore[arg-type]
        args = [(draw(arg), arg.span) for arg in tree.args]
        bound = bind(op, tree.name_span, args, named_arguments(tree, named))
        if op.constants and not all(
            sketch.is_leaf(one)
            for name, one in zip(op.names(len(bound.operands)), bound.operands, strict=True)
            if name in op.constants
        ):
            return with_computed_indices(sketch, op.name, bound.operands, bound.attributes)
        return sketch.apply(op, *bound.operands, **bound.attributes)

    return draw(with_shapes(parse(text), shapes))


# Where a rule divides 0 by 0, or takes its logarithm, its function chooses an answer, and its text says the
# formula that holds everywhere else. A guard keeps the formula from that point, on both ways through it, so
# that derivatives of it are finite as well.

_NORM: Final = (r"\bout\b", "where(out == 0, 1, out)")
_RADIUS: Final = (r"\(x \*\* 2 \+ y \*\* 2\)", "where(x ** 2 + y ** 2 == 0, 1, x ** 2 + y ** 2)")

_GUARDS: Final[Mapping[tuple[str, int], tuple[tuple[str, str], ...]]] = {
    ("norm", 0): (_NORM,),
    ("std", 0): (_NORM,),
    ("pow", 0): ((r"\ba\b", "where((a == 0) * (b == 0), 1, a)"),),
    ("pow", 1): ((r"\ba\b", "where((a == 0) * (b >= 0), 1, a)"),),
    ("atan2", 0): (_RADIUS,),
    ("atan2", 1): (_RADIUS,),
    ("bce", 0): (
        (r"/ \(1 - p\)", "/ where((p == 1) * (target == 1), 1, 1 - p)"),
        (r"/ p\b", "/ where((p == 0) * (target == 0), 1, p)"),
    ),
}
"""What is put in place of parts of a rule's text, by operator and operand."""


def _guarded(op: str, argnum: int, text: str) -> str:
    """The text of a rule as it is written out."""
    for part, guard in _GUARDS.get((op, argnum), ()):
        text = re.sub(part, guard, text)
    return text
