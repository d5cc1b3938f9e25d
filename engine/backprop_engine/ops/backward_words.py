"""What the formulas of backward passes call besides operators, so that each can be computed as it is.

Most are adjoints: ``conv2d_input(weight, g, shape=[2, 3, 8, 8])`` is what the gradient `g` of a convolution
brings back to its operand of that shape, as in `torch.nn.grad`. They compute with the very rules of the
operators they belong to. No gradient flows through them: a backward pass that is to be differentiated again
is written out by `grad`.

They are operators in all but this, and in that no table lists them; `WORDS` has them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import structs

from backprop_engine.arrays import Shape, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.expressions import ExprError, Subscript, key_of, parse
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops import attention_weights, cumulative, extrema, recurrent
from backprop_engine.ops.attributes import Attributes, IndexKey, OpAttribute, setting_text
from backprop_engine.ops.definition import OPS, Op
from backprop_engine.ops.reductions import AXIS, reduced_axes
from backprop_engine.ops.rules import Linear

__all__ = ["FAMILY", "WORDS"]

FAMILY: Final = "backward"
_LESSON: Final = Words(
    en="It is what a backward pass computes, and no gradient flows through it: `grad` writes out one that "
    "can be differentiated again.",
    ko="역전파가 계산하는 값이므로 그래디언트가 흐르지 않습니다. 다시 미분할 역전파는 `grad`가 펼쳐 씁니다.",
)
_SHAPE: Final = OpAttribute(
    "shape",
    tuple[int, ...],
    ...,
    Words("the shape of the operand that gets the gradient", "그래디언트를 받는 피연산자의 형상"),
    least=0,
    most=2**31,
)


def _word(
    name: str,
    operands: str,
    forward: Callable[..., Any],
    shape: Callable[..., Shape],
    attributes: tuple[OpAttribute, ...] = (),
    *,
    of: str,
    optional: int = 0,
    numpy: Callable[[tuple[Shape, ...], Attributes], str] | None = None,
    conflict: Callable[..., Hint] | None = None,
) -> Op:
    """The word `name`, which belongs to the operator `of`."""
    names = tuple(operands.split())
    return Op(
        name=name,
        family=FAMILY,
        sign=name,
        operands=names,
        formula=f"{name}({', '.join(names)})",
        numpy=numpy,
        helpers=OPS[of].helpers,
        forward=forward,
        shape=shape,
        rules=lambda shapes, _: (None,) * len(shapes),
        attributes=attributes,
        optional=optional,
        stops=names,
        conflict=conflict,
        analytic=False,
        lesson=_LESSON,
        samples=(),
    )


def _brought_back(op: Op, argnum: int, g: Any, operands: Sequence[Any], settings: Attributes) -> Any:
    """What the rule of an operand that is not elementwise makes of `g`."""
    rule = op.rules_for(tuple(map(np.shape, operands)), settings)[argnum]
    assert isinstance(rule, Linear)
    return rule.vjp(g, op.forward(*operands, **settings), *operands, **settings)


# Adjoints


def _adjoint(name: str, of: str, argnum: int, operands: str) -> Op:
    """What a rule of the operator `of` brings back to an operand, from `g` and the operands that it needs.

    The operand that gets the gradient is known by its shape alone, unless it is among `operands`.
    """
    op, names = OPS[of], tuple(operands.split())
    wanted = op.operands[argnum]
    sized = wanted not in names
    settings = ((_SHAPE,) if sized else ()) + op.attributes
    given = tuple(each for each in op.operands if each in names or each == wanted)

    def apart(attributes: Attributes) -> tuple[Shape, dict[str, Any]]:
        own = dict(attributes)
        return own.pop("shape", ()), own

    def shapes_of(shapes: Sequence[Shape], size: Shape) -> tuple[Shape, ...]:
        known = dict(zip(names, shapes, strict=True)) | ({wanted: size} if sized else {})
        return tuple(known[each] for each in given)

    def shape(*shapes: Shape, **attributes: Any) -> Shape:
        size, own = apart(attributes)
        operands = shapes_of(shapes, size)
        try:
            out = op.shape_for(operands, own)
        except ShapeError as error:
            written = [f"{{{names.index(each)}}}" if each in names else "shape" for each in given]
            raise ShapeError(
                msg("in `{op}`: {problem}", op=of, problem=error.message.format(*written)),
                error.hint and error.hint.format(*written),
            ) from None
        if out != shapes[names.index("g")]:
            raise ShapeError(
                msg(
                    "g has shape {shape}, but the gradient that flows into `{op}` must have the shape of "
                    "its result, {wanted}",
                    shape=shape_text(shapes[names.index("g")]),
                    op=of,
                    wanted=shape_text(out),
                )
            )
        return operands[given.index(wanted)]

    def forward(*values: Any, **attributes: Any) -> Any:
        size, own = apart(attributes)
        g = values[names.index("g")]
        known: dict[str, Any] = dict(zip(names, values, strict=True))
        if sized:
            known[wanted] = np.broadcast_to(np.asarray(g).dtype.type(0), size)
        operands = [known[each] for each in given]
        return _brought_back(op, argnum, g, operands, own)

    def numpy(shapes: tuple[Shape, ...], attributes: Attributes) -> str:
        size, own = apart(attributes)
        sizes = {wanted: setting_text(tuple(size))} if sized else {}
        if names[0] == "g":
            ordered = [*names, *sizes.values()]
        else:
            ordered = [*(sizes.get(each, each) for each in given), "g"]
        changed = [
            f"{each.name}={setting_text(own[each.name])}"
            for each in op.attributes
            if own[each.name] != each.default
        ]
        return f"{name}({', '.join([*ordered, *changed])})"

    def conflict(**attributes: Any) -> Hint:
        assert op.conflict is not None
        return op.conflict(**apart(attributes)[1])

    def refuse(*known: Any, **attributes: Any) -> Message | None:
        size, own = apart(attributes)
        found = dict(zip(names, known, strict=True)) | ({wanted: size} if sized else {})
        return op.refuse(*(found[each] for each in given), **own) if op.refuse is not None else None

    def indices(*shapes: Shape) -> tuple[int, ...]:
        return tuple(at for at, each in enumerate(names) if each in op.constants)

    refused = conflict if op.conflict else None
    word = _word(name, operands, forward, shape, settings, of=of, numpy=numpy, conflict=refused)
    if not op.constants:
        return word
    return structs.replace(
        word,
        constants=tuple(each for each in names if each in op.constants),
        refuse=refuse,
        indices=indices,
    )


def _of_windows() -> Iterator[Op]:
    for axes in (1, 2):
        conv = f"conv{axes}d"
        yield _adjoint(f"{conv}_input", conv, 0, "weight g")
        yield _adjoint(f"{conv}_weight", conv, 1, "x g")
        for pool in (f"avg_pool{axes}d", f"adaptive_avg_pool{axes}d"):
            yield _adjoint(f"{pool}_input", pool, 0, "g")
        for pool in (f"max_pool{axes}d", f"adaptive_max_pool{axes}d"):
            yield _adjoint(f"{pool}_input", pool, 0, "g x")


# Entries that go back to their places


_KEY: Final = OpAttribute(
    "key",
    str,
    ...,
    Words("where it goes, as in the brackets of an index", "들어갈 자리, 인덱스의 대괄호 안에 쓰는 대로"),
)


def _key(text: str) -> IndexKey | None:
    """What is in the brackets of an index, from its text; None if that is not a key."""
    try:
        tree = parse(f"a[{text}]")
    except ExprError:
        return None
    return key_of(tree) if isinstance(tree, Subscript) else None


def _put_shape(g: Shape, shape: Shape, key: str) -> Shape:
    read = _key(key)
    assert read is not None  # `conflict` has seen it
    out = OPS["index"].shape_for((shape,), {"key": read})
    if out != g:
        raise ShapeError(
            msg(
                "{0} is {shape}, but [{key}] takes {wanted}",
                shape=shape_text(g),
                key=key,
                wanted=shape_text(out),
            )
        )
    return shape


def _put(g: Any, shape: Shape, key: str) -> Any:
    return _brought_back(OPS["index"], 0, g, [np.broadcast_to(0.0, shape)], {"key": _key(key)})


def _no_key(shape: Any, key: Any) -> Hint:
    return (
        "" if not isinstance(key, str) or _key(key) is not None else msg("`{key}` is not an index", key=key)
    )


# Functions that rules are made of


def _checked_axis(*shapes: Shape, axis: Any = None) -> Shape:
    """The shape of the last operand, which has the `axis`."""
    if axis is not None:
        reduced_axes(shapes[-1], axis)
    if shapes[0] != shapes[-1]:
        raise ShapeError(msg("{0} and {1} must have the same shape"))
    return shapes[-1]


def _extreme(largest: bool) -> Callable[..., Any]:
    def shares(a: Any, axis: Any = None) -> Any:
        best = np.equal(a, (np.max if largest else np.min)(a, axis=axis, keepdims=True))
        return best / np.sum(best, axis=axis, keepdims=True)

    return shares


def _extreme_shape(a: Shape, axis: Any = None) -> Shape:
    extrema.largest_shape(a, axis, False)
    return a


def _others(a: Any, axis: Any = None) -> Any:
    op, settings = OPS["prod"], {"axis": axis, "keepdims": True}
    return _brought_back(op, 0, np.ones_like(op.forward(a, **settings)), [a], settings)


_LINE: Final = OpAttribute("axis", int, ..., Words("the axis of the products", "곱을 누적하는 축"))


def _cell(op: str, gates: bool) -> Op:
    """What reaches the gates of a recurrent cell, or goes past them, from the gradient of its result."""
    cell = OPS[op]
    backward = recurrent.BACKWARD[op]
    state = OpAttribute(
        "state",
        bool,
        False,
        Words("whether it is meant for what the state brought", "상태 쪽으로 가는 몫인지"),
    )

    def shape(g: Shape, *shapes: Shape, state: bool = False) -> Shape:
        out = cell.shape_for(shapes, {})
        if g != out:
            raise ShapeError(
                msg(
                    "{0} is {shape}, but the result of the cell is {wanted}",
                    shape=shape_text(g),
                    wanted=shape_text(out),
                )
            )
        rows = shapes[cell.operands.index("weight_ih")][0]
        return (*shapes[0][:-1], rows) if gates else shapes[1]

    def forward(g: Any, *operands: Any, state: bool = False) -> Any:
        back = backward(g, *operands)
        if not gates:
            return back.carried
        return back.state_side if state else back.input_side

    has_sides = gates and op == "gru_cell"
    name = f"{op}_{'gates' if gates else 'carry'}"
    return _word(
        name,
        f"g {' '.join(cell.operands)}",
        forward,
        shape,
        (state,) if has_sides else (),
        of=op,
        optional=cell.optional,
    )


_attention = OPS["scaled_dot_product_attention"]
_SETTINGS: Final = tuple(one for one in _attention.attributes if one.name != "heads")


def _weights_shape(q: Shape, k: Shape, mask: Shape | None = None, **settings: Any) -> Shape:
    masks = () if mask is None else (mask,)
    v = (*k[:-1], 1)
    _attention.shape(q, k, v, *masks, **settings, heads=1)
    wide = np.broadcast_shapes(q[:-2], k[:-2], *(each[:-2] for each in masks))
    return (*wide, q[-2], k[-2])


WORDS: Final[Mapping[str, Op]] = {
    op.name: op
    for op in (
        *_of_windows(),
        _adjoint("interpolate_input", "interpolate", 0, "g"),
        _adjoint("add_selected", "index_select", 0, "g indices"),
        _adjoint("add_at_rows", "embedding", 0, "g indices"),
        _adjoint("on_diagonal", "diag", 0, "g"),
        _word(
            "rotary_embedding_input",
            "g",
            lambda g, **given: _brought_back(OPS["rotary_embedding"], 0, g, [g], given),
            lambda g, **given: OPS["rotary_embedding"].shape_for((g,), given),
            OPS["rotary_embedding"].attributes,
            of="rotary_embedding",
        ),
        _word(
            "put",
            "g",
            _put,
            _put_shape,
            (_SHAPE, _KEY),
            of="index",
            conflict=_no_key,
        ),
        _word("at_largest", "a", _extreme(True), _extreme_shape, (AXIS,), of="max"),
        _word("at_smallest", "a", _extreme(False), _extreme_shape, (AXIS,), of="min"),
        _word("product_of_others", "a", _others, _checked_axis, (AXIS,), of="prod"),
        _word("product_before", "a", cumulative.product_before, _checked_axis, (_LINE,), of="cumprod"),
        _word("carried_back", "g a", cumulative.carried_back, _checked_axis, (_LINE,), of="cumprod"),
        _word(
            "attention_weights",
            "q k mask",
            attention_weights.attention_weights,
            _weights_shape,
            _SETTINGS,
            of="scaled_dot_product_attention",
            optional=1,
        ),
        *(_cell(op, gates) for op in ("lstm_cell", "gru_cell") for gates in (True, False)),
    )
}
"""By name."""
