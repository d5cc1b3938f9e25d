"""Products of vectors and matrices."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape, broadcast_axes, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes
from backprop_engine.ops.definition import MATRIX_SPEED, Family
from backprop_engine.ops.notations import Notation
from backprop_engine.ops.rules import (
    Elementwise,
    Factor,
    Indices,
    Linear,
    broadcast_to_operand,
    first_operand,
    here,
    same,
    second_operand,
)
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import (
    FOR_A_SCALAR,
    broadcasts,
    clash,
    did_you_mean,
    for_matrices,
    named,
    product,
    repair,
    same_shape,
)

define = Family("linear").define


hadamard = define(
    "hadamard",
    sign="⊙",
    operands="a b",
    formula="hadamard(a, b)",
    notation=Notation("product", "⊙"),
    numpy="a * b",
    forward=np.multiply,
    shape=same_shape,
    rules=(Elementwise("b", second_operand), Elementwise("a", first_operand)),
    lesson=Words(
        en="The Hadamard product gives each operand the upstream gradient ⊙ the other operand.",
        ko="요소별 곱(Hadamard product) 노드는 흘러들어온 그래디언트에 다른 피연산자를 요소별로 곱해 "
        "보냅니다.",
    ),
    conventions=Words(
        "Both operands must have the same shape; `*` broadcasts.",
        "두 피연산자의 형상이 같아야 합니다. `*`는 브로드캐스트합니다.",
    ),
    samples=(Sample(((), ())), Sample(((3,), (3,))), Sample(((2, 3), (2, 3)))),
)


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    if not a or not b:
        raise ShapeError(msg("{operands}: @ takes vectors and matrices", operands=named(a, b)), FOR_A_SCALAR)
    inner = b[-1] if len(b) == 1 else b[-2]
    if a[-1] != inner:
        which = {1: msg("the only"), 2: msg("the first")}.get(len(b), msg("the second-to-last"))
        raise ShapeError(
            msg(
                "{operands}: the last axis of {0} ({size}) must equal {which} axis of {1} ({inner})",
                operands=named(a, b),
                size=a[-1],
                which=which,
                inner=inner,
            ),
            did_you_mean(product(a, b) or ("outer({0}, {1})" if len(a) == len(b) == 1 else "")),
        )
    if not broadcasts(a[:-2], b[:-2]):
        raise ShapeError(
            msg(
                "{operands}: the batch axes {first} and {second} do not broadcast",
                operands=named(a, b),
                first=shape_text(a[:-2]),
                second=shape_text(b[:-2]),
            ),
            clash((*a[:-2], 1, 1), (*b[:-2], 1, 1)),
        )
    batch = np.broadcast_shapes(a[:-2], b[:-2])
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    return (*batch, *rows, *columns)


def _matmul_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> tuple[Linear, Linear]:
    """The rules differ with the operands' ranks: a vector has no transpose."""
    a, b = shapes
    match len(a), len(b):
        case 1, 1:
            return INNER
        case 2, 1:
            return _MATRIX_VECTOR
        case 1, 2:
            return _VECTOR_MATRIX
        case 2, 2:
            return _MATRIX_MATRIX
        case _:
            return _batched(a, b)


def rows(a: Any) -> Any:
    """The rows of all batches in one matrix."""
    return a.reshape(prod(a.shape[:-1]), a.shape[-1])


def matrix_product(a: Any, b: Any) -> Any:
    """A @ b; where a batch meets a single matrix, all of its rows at once, which is faster."""
    if a.ndim < 3 or b.ndim != 2:
        return np.matmul(a, b)
    out = np.empty((*a.shape[:-1], b.shape[-1]), np.result_type(a, b))
    np.matmul(rows(a), b, out=rows(out))
    return out


def _row(vector: Any) -> Any:
    return vector[np.newaxis, :]


def _column(vector: Any) -> Any:
    return vector[:, np.newaxis]


def _apart(i: Indices, a: Any, b: Any) -> tuple[Indices, Any, Any]:
    """The batch, the row and the column of entries of a product; no row where `a` is a vector, nor a column
    where `b` is.
    """
    i, column = (i[:-1], i[-1]) if b.ndim > 1 else (i, None)
    i, row = (i[:-1], i[-1]) if a.ndim > 1 else (i, None)
    return i, row, column


def _left_entries(i: Indices, j: Indices, out: Any, a: Any, b: Any) -> Any:
    """∂out[row, column]/∂a[row, k] is b[k, column]."""
    batch, row, column = _apart(i, a, b)
    met = same(broadcast_to_operand(batch, a.shape[:-2]), j[:-2])
    met = met if row is None else met & (row == j[-2])
    cell = j[-1:] if column is None else (*broadcast_to_operand(batch, b.shape[:-2]), j[-1], column)
    return here(met, b[cell])


def _right_entries(i: Indices, j: Indices, out: Any, a: Any, b: Any) -> Any:
    """∂out[row, column]/∂b[k, column] is a[row, k]."""
    batch, row, column = _apart(i, a, b)
    met = same(broadcast_to_operand(batch, b.shape[:-2]), j[:-2])
    met, k = (met, j[-1]) if column is None else (met & (column == j[-1]), j[-2])
    cell = (k,) if row is None else (*broadcast_to_operand(batch, a.shape[:-2]), row, k)
    return here(met, a[cell])


def _both(
    left: Linear, right: Linear, summed: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
) -> tuple[Linear, Linear]:
    """The rules of both operands, with their entries and the axes that each was broadcast along."""
    return (
        Linear(left.text, left.vjp, left.factor, summed[0], entries=_left_entries),
        Linear(
            right.text,
            right.vjp,
            right.factor,
            summed[1],
            entries=_right_entries,
            collected=right.collected,
        ),
    )


INNER = _both(
    Linear("g * b", lambda g, out, a, b: g * b, Factor("b", lambda out, a, b: b)),
    Linear("g * a", lambda g, out, a, b: g * a, Factor("a", lambda out, a, b: a)),
)
_MATRIX_VECTOR = _both(
    Linear(
        "outer(g, b)",
        lambda g, out, a, b: np.outer(g, b),
        Factor("b.T", lambda out, a, b: _row(b)),
    ),
    Linear("a.T @ g", lambda g, out, a, b: a.T @ g, Factor("a.T", lambda out, a, b: a.T, before=True)),
)
_VECTOR_MATRIX = _both(
    Linear(
        "g @ b.T",
        lambda g, out, a, b: g @ b.T,
        Factor("b.T", lambda out, a, b: b.T, upstream_as="row"),
    ),
    Linear(
        "outer(a, g)",
        lambda g, out, a, b: np.outer(a, g),
        Factor("a.T", lambda out, a, b: _column(a), before=True, upstream_as="row"),
    ),
)
_MATRIX_MATRIX = _both(
    Linear("g @ b.T", lambda g, out, a, b: g @ b.T, Factor("b.T", lambda out, a, b: b.T)),
    Linear("a.T @ g", lambda g, out, a, b: a.T @ g, Factor("a.T", lambda out, a, b: a.T, before=True)),
)


def _batched(a: Shape, b: Shape) -> tuple[Linear, Linear]:
    """Stacks of matrices; a vector beside a stack counts as a matrix with one row or one column."""
    batch = np.broadcast_shapes(a[:-2], b[:-2])
    if len(a) == 1:
        left = Linear("expand_dims(g, -2) @ b.mT", lambda g, out, a, b: g[..., np.newaxis, :] @ b.mT)
        right = Linear(
            "expand_dims(a, -1) * expand_dims(g, -2)",
            lambda g, out, a, b: a[:, np.newaxis] * g[..., np.newaxis, :],
        )
        wide_a, wide_b = (*batch, 1, a[0]), b
    elif len(b) == 1:
        left = Linear("expand_dims(g, -1) * b", lambda g, out, a, b: g[..., np.newaxis] * b)
        right = Linear("a.mT @ expand_dims(g, -1)", lambda g, out, a, b: a.mT @ g[..., np.newaxis])
        wide_a, wide_b = a, (*batch, b[0], 1)
    else:
        left = Linear(
            "g @ b.mT", lambda g, out, a, b: matrix_product(g, b.mT), Factor("b.mT", lambda out, a, b: b.mT)
        )
        right = Linear(
            "a.mT @ g",
            lambda g, out, a, b: a.mT @ g,
            Factor("a.mT", lambda out, a, b: a.mT, before=True),
            collected=(lambda g, out, a, b: rows(a).T @ rows(g)) if len(b) == 2 else None,
        )
        wide_a, wide_b = (*batch, *a[-2:]), (*batch, *b[-2:])
    summed = _summed(wide_a, a, column=False), _summed(wide_b, b, column=len(b) == 1)
    return _both(left, right, summed)


def _summed(wide: Shape, narrow: Shape, *, column: bool) -> tuple[int, ...]:
    """The axes of a batched rule's result that its operand does not have."""
    if column:
        return (*range(len(wide) - 2), len(wide) - 1)
    if len(narrow) == 1:
        return tuple(range(len(wide) - 1))
    return broadcast_axes(wide, narrow)


DOT = Words(
    en="A dot product gives each vector the upstream gradient, a number, times the other vector.",
    ko="내적 노드는 각 벡터에, 흘러들어온 그래디언트에 다른 쪽 벡터를 곱해 흘려보냅니다.",
)
_MATRIX_BEFORE_VECTOR = Words(
    en="A matrix times a vector: its gradient is the outer product of the upstream gradient and the vector.",
    ko="벡터와 곱한 행렬의 그래디언트는 흘러들어온 그래디언트와 그 벡터의 외적(outer product)입니다.",
)
_MATRIX_AFTER_VECTOR = Words(
    en="A vector times a matrix: its gradient is the outer product of the vector and the upstream gradient.",
    ko="벡터에 곱한 행렬의 그래디언트는 그 벡터와 흘러들어온 그래디언트의 외적(outer product)입니다.",
)
_VECTOR_BESIDE_MATRIX = Words(
    en="A vector multiplied by a matrix: its gradient is the upstream gradient, multiplied by the "
    "transposed matrix.",
    ko="행렬과 곱한 벡터의 그래디언트는 흘러들어온 그래디언트에 전치한 행렬을 곱한 것입니다.",
)


def _matmul_lessons(shapes: tuple[Shape, ...]) -> tuple[Words, ...]:
    """Where a vector takes part, something else than the general sentence is true."""
    vectors = [len(shape) == 1 for shape in shapes]
    if all(vectors):
        return (DOT, DOT)
    if any(vectors):
        of_matrix = _MATRIX_AFTER_VECTOR if vectors[0] else _MATRIX_BEFORE_VECTOR
        return tuple(_VECTOR_BESIDE_MATRIX if vector else of_matrix for vector in vectors)
    return ()


matmul = define(
    "matmul",
    sign="@",
    operands="a b",
    formula="a @ b",
    written="a @ b",
    forward=matrix_product,
    shape=_matmul_shape,
    work=lambda a, b: prod(_matmul_shape(a, b)) * a[-1] // MATRIX_SPEED,
    rules=_matmul_rules,
    lesson=Words(
        en="A matrix product: each gradient has its operand's shape, so the other operand is transposed.",
        ko="행렬곱의 그래디언트는 피연산자와 형상이 같아야 하므로 다른 쪽을 전치해 곱합니다.",
    ),
    lessons=_matmul_lessons,
    conventions=Words(
        "A vector on the left is a row, one on the right a column; axes before the last two are batch axes.",
        "왼쪽의 벡터는 행, 오른쪽의 벡터는 열입니다. 마지막 두 축보다 앞의 축은 배치 축입니다.",
    ),
    samples=(
        Sample(((3,), (3,))),
        Sample(((2, 3), (3,))),
        Sample(((2,), (2, 3))),
        Sample(((2, 3), (3, 4))),
        Sample(((1, 1), (1, 1))),
        Sample(((2, 0), (0, 3))),
        Sample(((5, 2, 3), (5, 3, 4))),
        Sample(((5, 2, 3), (3, 4))),
        Sample(((2, 3), (5, 3, 4))),
        Sample(((1, 2, 3), (5, 3, 4))),
        Sample(((5, 2, 3), (3,))),
        Sample(((2,), (5, 2, 3))),
    ),
)


def _outer_shape(a: Shape, b: Shape) -> Shape:
    if len(a) != 1 or len(b) != 1:
        raise ShapeError(msg("{operands}: outer takes two vectors", operands=named(a, b)), _outer_hint(a, b))
    return (*a, *b)


def _outer_hint(a: Shape, b: Shape) -> Hint:
    if not a or not b:
        return FOR_A_SCALAR
    return repair((a, b), lambda a, b: len(a) == len(b) == 1) or for_matrices(product(a, b))


outer = define(
    "outer",
    sign="⊗",
    operands="a b",
    formula="outer(a, b)",
    notation=Notation("product", "⊗"),
    forward=np.multiply.outer,
    shape=_outer_shape,
    rules=(
        Linear(
            "g @ b",
            lambda g, out, a, b: g @ b,
            Factor("b", lambda out, a, b: b),
            entries=lambda i, j, out, a, b: here(i[0] == j[0], b[i[1]]),
        ),
        Linear(
            "a @ g",
            lambda g, out, a, b: a @ g,
            Factor("a", lambda out, a, b: a, before=True),
            entries=lambda i, j, out, a, b: here(i[1] == j[0], a[i[0]]),
        ),
    ),
    lesson=Words(
        en="An outer product: each vector gets the upstream gradient, a matrix, times the other vector.",
        ko="외적(outer product)에서 각 벡터는 흘러들어온 그래디언트(행렬)에 다른 벡터를 곱한 "
        "그래디언트를 받습니다.",
    ),
    lessons=(
        Words(
            en="An outer product: the first vector gets the upstream gradient, a matrix, times the "
            "second vector.",
            ko="외적(outer product)에서 첫째 벡터는 흘러들어온 그래디언트(행렬)에 둘째 벡터를 곱한 "
            "그래디언트를 받습니다.",
        ),
        Words(
            en="An outer product: the second vector gets the first vector times the upstream "
            "gradient, a matrix.",
            ko="외적(outer product)에서 둘째 벡터는 첫째 벡터에 흘러들어온 그래디언트(행렬)를 곱한 "
            "그래디언트를 받습니다.",
        ),
    ),
    samples=(Sample(((2,), (3,))), Sample(((1,), (1,)))),
)
