"""What is proposed where operands do not fit: the product that was meant is legal, and missed nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as combinations

import numpy as np

from backprop_engine.arrays import Shape
from backprop_engine.ops import OPS
from backprop_engine.ops.shape_rules import clash, product

SHAPES: Sequence[Shape] = [sizes for count in range(4) for sizes in combinations((2, 3), repeat=count)]
SIMPLE = {
    "{0} @ {1}": lambda a, b: a @ b,
    "{0}.T @ {1}": lambda a, b: a.T @ b,
    "{0} @ {1}.T": lambda a, b: a @ b.T,
    "{1} @ {0}": lambda a, b: b @ a,
}
"""Products of two operands of at most two axes, the likeliest first."""


def _permuted(text: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    names = {"a": a, "b": b, "permute": lambda tensor, axes: tensor.transpose(axes)}
    return eval(text.format("a", "b"), {"__builtins__": {}}, names)  # type: ignore[no-any-return]


def _is_legal(text: str, a: np.ndarray, b: np.ndarray) -> bool:
    try:
        SIMPLE[text](a, b)
    except ValueError:
        return False
    return True


def test_a_product_that_is_proposed_is_legal_and_the_likeliest() -> None:
    for one, other in combinations(SHAPES, repeat=2):
        a, b, found = np.ones(one), np.ones(other), product(one, other)
        if len(one) < 3 and len(other) < 3:
            turned = [text for text in SIMPLE if ".T" not in text or len((one, other)["1}.T" in text]) == 2]
            assert found == next((text for text in turned if _is_legal(text, a, b)), ""), (one, other)
        elif found:
            assert _permuted(found, a, b).ndim > 1, (one, other)
    assert product((5, 2, 3), (5, 2, 3)) == "{0} @ permute({1}, axes=[0, 2, 1])"
    assert product((5, 2, 3), (5, 2, 4)) == "permute({0}, axes=[0, 2, 1]) @ {1}"
    assert product((5, 2, 3), (2,)) == "permute({0}, axes=[0, 2, 1]) @ {1}"
    assert product((5, 2, 3), (4, 3, 2)) == product((5, 2, 3), (5, 4, 4)) == ""


def test_shapes_clash_where_they_do_not_broadcast() -> None:
    sizes: list[Shape] = [(), (1,), (2,), (3,), (2, 1), (1, 3), (2, 3), (3, 2), (2, 1, 3), (4, 2, 3)]
    for shapes in combinations(sizes, repeat=3):
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            assert clash(*shapes)
        else:
            assert clash(*shapes) == ""
    said = clash((2, 3), (1,), (4, 1, 2)).format("p", "q", "r")
    assert said == "axis -1 has size 3 in p and 2 in r: the sizes must be equal, or one of them 1"


def test_what_a_matrix_product_teaches_depends_on_which_operand_is_a_vector() -> None:
    matmul = OPS["matmul"]

    def taught(*shapes: Shape) -> list[str]:
        return [matmul.lesson_of(argnum, shapes).in_language("en") for argnum in (0, 1)]

    matrices, dot = taught((2, 3), (3, 2)), taught((3,), (3,))
    after, before = taught((3,), (3, 2)), taught((2, 3), (3,))
    assert matrices == [matmul.lesson.in_language("en")] * 2 == taught((5, 2, 3), (3, 2))
    assert dot[0] == dot[1] == OPS["dot"].lesson.in_language("en")
    assert len({matrices[0], dot[0], *after, *before}) == 5
    assert after[0] == before[1]  # the vector, on either side
    assert "outer product of the vector and the upstream gradient" in after[1]
    assert "outer product of the upstream gradient and the vector" in before[0]
