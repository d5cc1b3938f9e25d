"""Operators that people write as formulas: a forward formula, and the backward rules of their own.

A rule that is left out is derived from the forward formula. One that is given runs as it is written, right or
wrong: checks compare it with numeric derivatives, as they do with every operator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Shape, broadcast_axes, shape_text
from backprop_engine.errors import ShapeError
from backprop_engine.evaluation.compiled_formula import CompiledFormula, factor_of
from backprop_engine.expressions import render
from backprop_engine.messages.message import msg
from backprop_engine.messages.words import Words
from backprop_engine.ops import Elementwise, Factor, Linear, Op, Rule
from backprop_engine.ops.definition import Decomposition
from backprop_engine.ops.shape_rules import broadcasts

__all__ = ["GRADIENT_NAMES", "OWN", "composed_operator"]

OWN: Final = "own"
"""The family of operators that are not in the table."""
GRADIENT_NAMES: Final = ("g", "out")
"""What a backward rule calls the upstream gradient and the output; no operand has such a name."""

_DERIVED = Words(
    "The gradient follows from the operator's formula, by the chain rule.",
    "그래디언트는 연산의 식에서 연쇄법칙으로 구한 것입니다.",
)
_GIVEN = Words(
    "The gradient follows the author's own backward rule; the numeric check shows whether the rule is right.",
    "그래디언트는 작성자가 직접 쓴 역전파 규칙을 따릅니다. 규칙이 맞는지는 수치 검사가 알려 줍니다.",
)


ShapeCheck: TypeAlias = Callable[[tuple[Shape, ...], Shape], None]
"""Raises `ShapeError` for operands and an output of shapes that an operator does not take."""


_SHOWN = Words("derived from its formula", "식에서 얻은 선형 사상")


class _Definition(Struct, frozen=True, eq=False):
    """What is known of an operator before the shapes of its operands are."""

    name: str
    forward: CompiledFormula
    backward: Mapping[str, CompiledFormula | None]
    """The rules that are given; None where nothing is handed on."""
    refuse_shapes: ShapeCheck | None

    def shape(self, *shapes: Shape) -> Shape:
        """The output's shape; `ShapeError` where operands do not fit, or a rule gives another shape."""
        out = self.forward.shape(shapes)
        if self.refuse_shapes is not None:
            self.refuse_shapes(shapes, out)
        for name, rule in self.backward.items():
            if rule is not None:
                self._check(name, rule.shape([*shapes, out, out]), out, shapes)
        return out

    def _check(self, name: str, found: Shape, out: Shape, shapes: tuple[Shape, ...]) -> None:
        """Refuse a rule whose result is not a gradient of its operand."""
        argnum = self.forward.operands.index(name)
        wanted = shapes[argnum]
        if found == wanted or self._broadcast(argnum, found, out, shapes):
            return
        message = msg(
            "the backward rule of `{op}` for `{name}` gives shape {found}, but `{name}` has shape {wanted}",
            op=self.name,
            name=name,
            found=shape_text(found),
            wanted=shape_text(wanted),
        )
        turned = found == wanted[::-1] and len(found) > 1
        raise ShapeError(message, msg("its transpose would fit") if turned else "")

    def _broadcast(self, argnum: int, found: Shape, out: Shape, shapes: tuple[Shape, ...]) -> bool:
        """Whether `found` is the operand's shape once the axes that it was broadcast along are summed, or is
        broadcast to it.
        """
        wanted = shapes[argnum]
        try:
            together = np.broadcast_shapes(found, wanted)
        except ValueError:
            return False
        return together == wanted or (together == found and found == out)

    def rules(self, shapes: tuple[Shape, ...], attributes: Mapping[str, Any]) -> tuple[Rule | None, ...]:
        """A rule for each operand, or None where no gradient flows to it."""
        out = self.forward.shape(shapes)
        whole = self.forward.indices(shapes)
        constants = self.forward.constants()
        return tuple(
            None if argnum in whole or name in constants else self._rule(name, argnum, shapes, out)
            for argnum, name in enumerate(self.forward.operands)
        )

    def _rule(self, name: str, argnum: int, shapes: tuple[Shape, ...], out: Shape) -> Rule | None:
        if name not in self.backward:
            return self._derived(argnum, shapes)
        given = self.backward[name]
        # A rule without a formula is one that was forgotten: it gives nothing, and a check can say so.
        return _nothing(argnum) if given is None else self._given(given, argnum, shapes, out)

    def _given(self, rule: CompiledFormula, argnum: int, shapes: tuple[Shape, ...], out: Shape) -> Rule:
        """The rule that the author wrote; an elementwise one is known by its product with ``g``.

        So is one of an output that is a number: it multiplies the upstream gradient with a tensor.
        """
        factor, elementwise = None, self.forward.is_elementwise(argnum, shapes)
        if (elementwise or out == ()) and (tree := factor_of(rule.tree, "g")) is not None:
            text = render(tree)
            local = CompiledFormula(text, (*self.forward.operands, *GRADIENT_NAMES))
            shape = local.shape([*shapes, out, out])
            if elementwise and _fill(out, shape) and _fill(out, shapes[argnum]):
                return Elementwise(text, partial(_local, local))
            factor = Factor(text, partial(_local, local)) if shape == shapes[argnum] else None
        found = rule.shape([*shapes, out, out])
        summed = broadcast_axes(found, shapes[argnum]) if len(found) >= len(shapes[argnum]) else ()
        wanted = found if summed else shapes[argnum]
        operand = self.forward.operands[argnum]
        text = rule.text if found == wanted else f"broadcast_to({rule.text}, {operand}.shape)"
        return Linear(text, partial(_vjp, rule, wanted), factor, summed=summed)

    def _derived(self, argnum: int, shapes: tuple[Shape, ...]) -> Rule | None:
        """The rule that follows from the forward formula."""
        forward = self.forward
        if not forward.flows(argnum, shapes):
            return None
        if forward.is_elementwise(argnum, shapes):
            text = forward.derivative_text(argnum, shapes)
            return Elementwise(text, lambda out, *operands: forward.derivative(argnum, out, operands))
        text = forward.vjp_text(argnum, shapes)
        return Linear(text, lambda g, out, *operands: forward.vjp(argnum, g, operands), shown=_SHOWN)


def _nothing(argnum: int) -> Rule:
    """The rule that hands nothing on."""
    return Linear("0", lambda g, out, *operands: np.zeros(np.shape(operands[argnum])))


def _fill(out: Shape, shape: Shape) -> bool:
    """Whether `shape` is broadcast to `out`."""
    return broadcasts(shape, out) and np.broadcast_shapes(shape, out) == out


def _local(formula: CompiledFormula, out: Any, *operands: Any) -> Any:
    return formula.value([*operands, out, out])


def _vjp(formula: CompiledFormula, shape: Shape, g: Any, out: Any, *operands: Any) -> Any:
    return np.broadcast_to(formula.value([*operands, g, out]), shape)[()]


def composed_operator(
    name: str,
    forward: CompiledFormula,
    backward: Mapping[str, CompiledFormula | None],
    *,
    sign: str = "",
    lesson: Words | None = None,
    wrong: bool = False,
    refuse_shapes: ShapeCheck | None = None,
) -> Op:
    """The operator `name` that computes `forward`.

    `backward` has formulas over the operands, ``g`` and ``out``, by operand: what flows to it, in its shape
    or in the output's, if that is the operand's broadcast. None hands nothing on, a gradient of zeros; an
    operand that is not in it gets the gradient that follows from `forward`.
    """
    definition = _Definition(name, forward, backward, refuse_shapes)
    steps_inside: Decomposition | None = (("out", forward.text),) if forward.parts else None
    return Op(
        name=name,
        family=OWN,
        sign=sign or name,
        operands=forward.operands,
        formula=forward.text,
        helpers=_helpers([forward, *(rule for rule in backward.values() if rule is not None)]),
        forward=lambda *operands: forward.value(operands),
        shape=definition.shape,
        work=lambda *shapes: forward.work(shapes),
        backward_work=max((part.op.backward_work for part in forward.parts), default=1),
        rules=definition.rules,
        constants=forward.constants(),
        indices=(lambda *shapes: forward.indices(shapes)) if _has_indices(forward) else None,
        analytic=forward.analytic,
        boolean=forward.boolean,
        wrong=wrong,
        inside=steps_inside,
        rules_as_written={operand: rule.text if rule else "" for operand, rule in backward.items()},
        lesson=lesson or (_GIVEN if backward else _DERIVED),
        samples=(),
    )


def _helpers(formulas: Sequence[CompiledFormula]) -> dict[str, str]:
    """The helpers of all operators that formulas are made of: derived rules call them by their names."""
    ops = dict.fromkeys(part.op for formula in formulas for part in formula.parts)
    return {name: source for op in ops for name, source in op.helpers.items()}


def _has_indices(forward: CompiledFormula) -> bool:
    return any(part.op.indices is not None for part in forward.parts)
