"""The product of two vectors, and the layer that networks are made of."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.words import Words
from backprop_engine.ops.attributes import Attributes
from backprop_engine.ops.definition import MATRIX_SPEED, Family
from backprop_engine.ops.linear import DOT, INNER, matrix_product, rows
from backprop_engine.ops.notations import NumpyCall
from backprop_engine.ops.rules import ONE, Factor, Indices, Linear, Rules, here, same
from backprop_engine.ops.samples import Sample
from backprop_engine.ops.shape_rules import (
    FOR_A_SCALAR,
    axes,
    difference,
    for_matrices,
    named,
    product,
    repair,
)

define = Family("linear").define


def _dot_shape(a: Shape, b: Shape) -> Shape:
    if len(a) != 1 or a != b:
        raise ShapeError(
            msg("{operands}: dot takes two vectors of the same length", operands=named(a, b)), _dot_hint(a, b)
        )
    return ()


def _dot_hint(a: Shape, b: Shape) -> Hint:
    if not a or not b:
        return FOR_A_SCALAR
    better = product(a, b) if max(len(a), len(b)) > 1 else ""
    return for_matrices(better) or difference(a, b)


dot = define(
    "dot",
    sign="·",
    operands="a b",
    formula="sum(a * b)",
    numpy=NumpyCall("dot"),
    forward=np.matmul,
    shape=_dot_shape,
    rules=INNER,
    inside=(("products", "a * b"), ("out", "sum(products)")),
    lesson=DOT,
    conventions=Words("The dot product of empty vectors is 0.", "빈 벡터의 내적은 0입니다."),
    samples=(Sample(((3,), (3,))), Sample(((1,), (1,))), Sample(((0,), (0,)))),
)


def _linear_shape(x: Shape, weight: Shape, bias: Shape | None = None) -> Shape:
    if len(weight) != 2 or not x:
        raise ShapeError(
            msg(
                "{operands}: linear takes a vector or rows of vectors, and a matrix of shape out×in",
                operands=named(x, weight),
            ),
            msg("{1} has {axes}", axes=axes(weight)) if x else msg("{0} is a scalar"),
        )
    if x[-1] != weight[1]:
        raise ShapeError(
            msg(
                "{operands}: the last axis of {0} ({size}) must equal that of {1} ({other}), which is out×in",
                operands=named(x, weight),
                size=x[-1],
                other=weight[1],
            ),
            msg("for a weight of in×out write {0} @ {1}")
            if x[-1] == weight[0]
            else repair((x,), lambda x: _layer_fits(x, weight, bias))
            or msg("axis 1 of {1} must be {size}", size=x[-1]),
        )
    if bias is not None and bias != weight[:1]:
        raise ShapeError(
            msg(
                "{operands}: the bias must have shape {size}, one entry for each row of {1}",
                operands=named(weight, bias, first=1),
                size=weight[0],
            ),
            repair((bias,), weight[:1].__eq__, first=2),
        )
    return (*x[:-1], weight[0])


def _layer_fits(x: Shape, weight: Shape, bias: Shape | None) -> bool:
    return len(weight) == 2 and x[-1:] == weight[1:] and bias in (None, weight[:1])


def _forward(x: Any, weight: Any, bias: Any = None) -> Any:
    product = matrix_product(x, weight.T)
    if bias is None:
        return product
    return np.add(product, bias, out=product) if product.dtype == bias.dtype else product + bias


def _x_entries(i: Indices, j: Indices, out: Any, x: Any, weight: Any, *bias: Any) -> Any:
    return here(same(i[:-1], j[:-1]), weight[i[-1], j[-1]])


def _weight_entries(i: Indices, j: Indices, out: Any, x: Any, weight: Any, *bias: Any) -> Any:
    return here(i[-1] == j[0], x[(*i[:-1], j[1])])


def _over_rows(axes: int) -> str:
    """The sum over all batch axes of the outer products of gradients and rows."""
    batch = "abcdefgh"[:axes] if axes < 9 else ""
    return f'einsum(g, x, subscripts="{batch}o,{batch}i->oi")'


def _linear_rules(shapes: tuple[Shape, ...], attributes: Attributes) -> Rules:
    """The weight's rule adds up over every axis of x but the last; the bias is broadcast."""
    batch = tuple(range(len(shapes[0]) - 1))
    texts = {0: "outer(g, x)", 1: "g.T @ x"}
    to_x = Linear(
        "g @ weight",
        lambda g, out, x, weight, *bias: matrix_product(g, weight),
        Factor("weight", lambda out, x, weight, *bias: weight, upstream_as="column" if batch else "row"),
        entries=_x_entries,
    )
    to_weight = Linear(
        texts.get(len(batch), _over_rows(len(batch))),
        lambda g, out, x, weight, *bias: rows(g).T @ rows(x),
        None if batch else Factor("x.T", lambda out, x, weight, *bias: x[np.newaxis, :]),
        shown=Words("its input, summed over the rows", "배치에 걸쳐 더한 입력") if len(batch) > 1 else None,
        entries=_weight_entries,
    )
    return (to_x, to_weight, ONE)[: len(shapes)]


linear_layer = define(
    "linear",
    operands="x weight bias",
    formula="x @ weight.T + bias",
    exact=lambda shapes, attributes: "x @ weight.T" + " + bias" * (len(shapes) > 2),
    forward=_forward,
    shape=_linear_shape,
    work=lambda x, weight, *bias: prod(x) * weight[0] // MATRIX_SPEED,
    rules=_linear_rules,
    optional=1,
    inside=lambda shapes, attributes: (
        (("product", "x @ weight.T"), ("out", "product + bias"))
        if len(shapes) == 3
        else (("out", "x @ weight.T"),)
    ),
    lesson=Words(
        en="An affine layer: the input gets the upstream gradient times the weights, and the weights "
        "get it times the input.",
        ko="Affine 계층에서 입력은 흘러들어온 그래디언트에 가중치를 곱해 받고, 가중치는 입력을 곱해 "
        "받습니다.",
    ),
    lessons=(
        Words(
            en="An affine layer: the input gets the upstream gradient times the weights.",
            ko="Affine 계층에서 입력은 흘러들어온 그래디언트에 가중치를 곱한 그래디언트를 받습니다.",
        ),
        Words(
            en="An affine layer: a weight gets its output's gradient times its input, summed over all rows.",
            ko="Affine 계층에서 각 가중치는 자기 출력의 그래디언트에 자기 입력을 곱해 모든 행에서 더한 것을 "
            "받습니다.",
        ),
        Words(
            en="An affine layer: the bias is added to every row, so it gets the sum of their gradients.",
            ko="Affine 계층에서 편향은 모든 행에 더해지므로 각 행의 그래디언트를 모두 더해 받습니다.",
        ),
    ),
    conventions=Words(
        "As in PyTorch the weight has the shape out×in, and x is a vector, or rows along any number of axes.",
        "PyTorch처럼 가중치는 출력×입력이고, x는 벡터이거나 몇 축이든 행을 모은 것입니다.",
    ),
    samples=(
        Sample(((3,), (2, 3), (2,))),
        Sample(((3,), (2, 3))),
        Sample(((4, 3), (2, 3), (2,))),
        Sample(((4, 3), (2, 3))),
        Sample(((1, 1), (1, 1), (1,))),
        Sample(((2, 4, 3), (2, 3), (2,))),
        Sample(((0, 3), (2, 3), (2,))),
    ),
)
