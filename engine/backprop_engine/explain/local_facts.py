"""The local gradient of an edge as facts: the one place that knows how each of its four forms is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.derivatives.local_gradients import (
    DenseLocal,
    ElementwiseLocal,
    LocalGradient,
    MapLocal,
    ScalarLocal,
    has_entries,
    local_gradient,
    working_axis,
)
from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.explain.symbols import as_factor, derivative, gradient_name, rule_text
from backprop_engine.graph.graph import Node
from backprop_engine.graph.steps import Edge
from backprop_engine.messages.words import Words
from backprop_engine.ops import Linear
from backprop_engine.ops.rules import Illustration
from backprop_engine.trace.trace import Trace

__all__ = ["LocalFactor", "LocalFacts", "SampleIndex"]

SampleIndex: TypeAlias = tuple[int | None, ...]
"""Where a vector or a matrix is in a larger tensor; None is for all along an axis."""


class LocalFactor(Struct, frozen=True, eq=False):
    """The local gradient as it is beside the upstream gradient in the chain rule.

    `written` says what it is called there: the ``derivative`` ∂q/∂x, its ``transpose``, a ``formula`` such as
    xᵀ, or the whole ``rule``, which has the upstream gradient in it and no tensor of its own. `name` is that
    in symbols, and `entries` are the symbols for its entries, or for the rule. `shape` is that of all of it,
    also where there is no `tensor`; `sample` says which part of a tensor with batch axes is worth showing.
    """

    written: Literal["derivative", "transpose", "formula", "rule"]
    name: str
    entries: str
    tensor: Tensor | None
    shape: Shape
    sign: Literal["·", "⊙", "@"]
    comes_first: bool = False
    upstream_is_row: bool = False
    sample: SampleIndex | None = None

    @property
    def sample_of_batch(self) -> SampleIndex | None:
        """`sample` as an index of its own tensor alone, in which the batch axes come first."""
        return None if self.sample is None else tuple(at for at in self.sample if at is not None)


@dataclass(frozen=True, eq=False)
class LocalFacts:
    """What to say about the local gradient of an edge."""

    trace: Trace
    edge: Edge

    @property
    def node(self) -> Node:
        """The node whose rule runs."""
        return self.trace.graph.nodes[self.edge.node]

    @property
    def operand(self) -> Node:
        """The operand that it is the derivative with respect to."""
        return self.trace.graph.nodes[self.edge.operand]

    @cached_property
    def gradient(self) -> LocalGradient:
        """The local gradient in its natural form."""
        return local_gradient(self.trace, self.edge)

    @property
    def form(self) -> str:
        """``scalar``, ``elementwise``, ``jacobian`` or ``map``."""
        return self.gradient.form

    @property
    def name(self) -> str:
        """``∂q/∂x``."""
        return derivative(self.node, self.operand)

    @property
    def is_map(self) -> bool:
        """Whether it is a linear map, which has a rule and shapes instead of a tensor."""
        return isinstance(self.gradient, MapLocal)

    @property
    def is_known(self) -> bool:
        """Whether it is known by more than its contribution to the operand."""
        return not isinstance(self.gradient, MapLocal) or self.gradient.is_known

    @property
    def value(self) -> Tensor | None:
        """The number, the diagonal in the output's shape, or the Jacobian of shape batch + (out, in).

        None for a linear map, and for a Jacobian that is too large to be computed whole.
        """
        return None if isinstance(self.gradient, MapLocal) else self.gradient.value

    @property
    def number(self) -> Tensor | None:
        """The value where both the node and its operand are scalars."""
        return self.gradient.value if isinstance(self.gradient, ScalarLocal) else None

    @property
    def diagonal(self) -> Tensor | None:
        """The diagonal of an elementwise operator's Jacobian, in the output's shape; None for any other."""
        return self.gradient.value if isinstance(self.gradient, ElementwiseLocal) else None

    @property
    def map_shapes(self) -> tuple[Shape, Shape, Shape | None]:
        """Of a linear map: the shapes of the upstream gradient, of the product, and of the factor, if any."""
        assert isinstance(self.gradient, MapLocal)
        return self.gradient.shapes

    @property
    def expression(self) -> str:
        """In the operator's own names; of a linear map the rule, with ``g`` for the upstream gradient."""
        return self.gradient.rule if isinstance(self.gradient, MapLocal) else self.gradient.text

    @property
    def factor_expression(self) -> str:
        """What is in the chain rule, in the operator's own names: of a linear map its factor, if any."""
        return (self.gradient.text if isinstance(self.gradient, MapLocal) else "") or self.expression

    @property
    def description(self) -> Words | None:
        """Of a linear map that no formula tells well: what it does, in words."""
        return self.gradient.shown if isinstance(self.gradient, MapLocal) else None

    @property
    def picture(self) -> tuple[Illustration, NamedTensor] | None:
        """Of a linear map that no formula tells well: the tensor that shows it, and how it is there."""
        rule = self.edge.rule
        if not isinstance(self.gradient, MapLocal) or self.gradient.picture is None:
            return None
        assert isinstance(rule, Linear)
        assert rule.picture is not None
        return rule.picture, NamedTensor(self._written(rule.picture.text), self.gradient.picture)

    @property
    def symbols(self) -> str:
        """The same in the graph's names; of a linear map the factor, or the rule where there is none."""
        match self.gradient:
            case MapLocal(text=text, rule=rule):
                return self._written(text or rule)
            case ScalarLocal(text=text) | ElementwiseLocal(text=text) | DenseLocal(text=text):
                return self._written(text)

    @property
    def multiplier(self) -> Tensor | None:
        """What each entry of the upstream gradient is multiplied with, where a number of its own is."""
        return self.gradient.value if isinstance(self.gradient, ScalarLocal | ElementwiseLocal) else None

    @property
    def is_outer_product(self) -> bool:
        """Whether it is a linear map that makes an outer product of the upstream gradient and its factor."""
        return isinstance(self.gradient, MapLocal) and self.gradient.rule.startswith("outer(")

    @property
    def has_entries(self) -> bool:
        """Whether a reader can follow how the product is made of the entries of tensors."""
        return has_entries(self.gradient)

    @property
    def batch_axes(self) -> tuple[int, ...]:
        """The output's axes along which Jacobians of a batch are stacked; none for any other form."""
        if not isinstance(self.gradient, DenseLocal):
            return ()
        along = working_axis(self.node)
        return tuple(axis for axis in range(len(self.node.shape)) if axis != along)

    @cached_property
    def factor(self) -> LocalFactor:
        """The local gradient as it is in the chain rule."""
        match self.gradient:
            case ScalarLocal(value=value):
                if self.edge.shared and self.name == gradient_name(self.trace.graph, self.operand):
                    name = as_factor(self.symbols, first=False)  # what it is called is the total already
                    return LocalFactor("formula", name, self.symbols, value, value.shape, "·")
                return LocalFactor("derivative", self.name, self.symbols, value, value.shape, "·")
            case ElementwiseLocal(value=value):
                return LocalFactor("derivative", self.name, self.symbols, value, value.shape, "⊙")
            case DenseLocal() as dense:
                return self._transposed(dense)
            case MapLocal(factor=None, rule=rule):
                return LocalFactor("rule", self.name, self._written(rule), None, (), "·")
            case MapLocal(factor=tensor, sign=sign, before=first, upstream_as=upstream_as):
                assert tensor is not None
                symbols = self.symbols
                return LocalFactor(
                    "formula",
                    as_factor(symbols, first=first),
                    symbols,
                    tensor,
                    tensor.shape,
                    "⊙" if sign == "⊙" else "@" if self.node.shape and tensor.ndim else "·",
                    first,
                    upstream_as == "row",
                )

    def _transposed(self, dense: DenseLocal) -> LocalFactor:
        """Jᵀ; of a batch, the sample to show is the first that a gradient reaches, or else the first."""
        shape = (*dense.shape[:-2], dense.shape[-1], dense.shape[-2])
        name = f"({self.name})ᵀ"
        if dense.value is None:
            return LocalFactor("transpose", name, self.symbols, None, shape, "@", comes_first=True)
        transposed: Any = np.swapaxes(dense.value, -1, -2)
        sample = self._sample(dense)
        return LocalFactor("transpose", name, self.symbols, transposed, shape, "@", True, sample=sample)

    def _sample(self, dense: DenseLocal) -> SampleIndex | None:
        batch = dense.shape[:-2]
        if not batch or 0 in batch:
            return None
        axis = working_axis(self.node)
        upstream = self.trace.gradients[self.edge.node]
        reached: Any = np.moveaxis(np.asarray(upstream), axis, -1).any(axis=-1)
        found: list[int | None] = [int(at) for at in np.unravel_index(int(reached.argmax()), batch)]
        return (*found[:axis], None, *found[axis:])

    def _written(self, text: str) -> str:
        return rule_text(self.trace.graph, self.edge, text)
