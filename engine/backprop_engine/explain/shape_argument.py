"""Why a factor is transposed: of a product of two matrices, the shapes say which way round they go."""

from __future__ import annotations

from itertools import product

from msgspec import Struct

from backprop_engine.arrays import Shape
from backprop_engine.explain.backward_facts import BackwardFacts
from backprop_engine.expressions import Binary, Expr, Name, Transpose, parse

__all__ = ["ProductSide", "ShapeArgument", "shape_argument"]


class ProductSide(Struct, frozen=True):
    """A matrix of a product: its own shape, and whether it is there transposed."""

    shape: Shape
    transposed: bool

    @property
    def turned(self) -> Shape:
        """The shape that it has in the product."""
        return self.shape[::-1] if self.transposed else self.shape


class ShapeArgument(Struct, frozen=True):
    """``(6×4)ᵀ @ (6×3)`` gives the operand's `shape`; `is_only`: no other product of the two does."""

    left: ProductSide
    right: ProductSide
    shape: Shape
    is_only: bool


def shape_argument(facts: BackwardFacts) -> ShapeArgument | None:
    """The argument for the rule of a matrix product; None for any other rule."""
    if "@" not in facts.edge.rule.text:
        return None
    tree, node = parse(facts.edge.rule.text), facts.node
    if not isinstance(tree, Binary) or tree.op != "@" or node.op is None:
        return None
    names = node.op.names(len(node.operands))
    shapes = {name: facts.graph.nodes[at].shape for name, at in zip(names, node.operands, strict=True)}
    left, right = (_factor(part, shapes | {"g": node.shape}) for part in (tree.left, tree.right))
    if left is None or right is None or facts.operand.shape != (left.turned[0], right.turned[1]):
        return None
    return ShapeArgument(left, right, facts.operand.shape, _is_only(left, right, facts.operand.shape))


def _factor(tree: Expr, shapes: dict[str, Shape]) -> ProductSide | None:
    """A name, or a name that is transposed, of a matrix."""
    inner = tree.value if isinstance(tree, Transpose) else tree
    if not isinstance(inner, Name) or len(shapes.get(inner.name, ())) != 2:
        return None
    return ProductSide(shapes[inner.name], isinstance(tree, Transpose))


def _is_only(left: ProductSide, right: ProductSide, shape: Shape) -> bool:
    fits = 0
    for first, second in ((left.shape, right.shape), (right.shape, left.shape)):
        for a, b in product((first, first[::-1]), (second, second[::-1])):
            fits += a[1] == b[0] and (a[0], b[1]) == shape
    return fits == 1
