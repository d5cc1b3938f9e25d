"""What each misconception computes, from what a rule sees; `mutants` says why it is wrong.

A function gives every wrong answer that the misconception leads to, and none where it does not apply. Most
have the shape of the right answer; those of another shape are met only where a formula is typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TypeAlias

import numpy as np

from backprop_engine.arrays import Tensor
from backprop_engine.ops import Elementwise, Jacobian, Linear
from backprop_engine.practice.uses import Change, OperandUse, Sum, averages

__all__ = ["Answers", "OfChange", "OfSum", "OfUse"]

Answers: TypeAlias = Iterator[Tensor]
OfUse: TypeAlias = Callable[[OperandUse], Answers]
OfSum: TypeAlias = Callable[[Sum], Answers]
OfChange: TypeAlias = Callable[[Change], Answers]


# A factor that is missing, or another one


def upstream_forgotten(use: OperandUse) -> Answers:
    """The local gradient alone, as if what flows in were 1."""
    yield use.contribution(g=np.ones_like(use.g))


def local_forgotten(use: OperandUse) -> Answers:
    """What flows in, as it is."""
    if use.edge.summed and use.g.shape == use.node.shape:
        yield use.summed(use.g)
    elif use.g.shape == use.shape:
        yield use.g
    elif use.g.shape == ():
        yield use.everywhere(use.g)
    elif use.g.size == prod(use.shape):
        yield use.settled(use.g.reshape(use.shape))


def own_operand(use: OperandUse) -> Answers:
    """The operand itself in place of the one that it is multiplied by: g · a for ∂/∂a of a · b."""
    if use.own in use.mentioned:
        return
    for other in use.others:
        given = list(use.operands)
        given[other] = given[use.edge.argnum]
        if given[other].shape == use.operands[other].shape:
            yield use.contribution(operands=given)


def gradient_for_weight(use: OperandUse) -> Answers:
    """The gradient of the other operand in place of its value: dW2 for W2."""
    given = use.replaced(use.gradients)
    if given is not None:
        yield use.contribution(operands=given)


def updated_weights(use: OperandUse) -> Answers:
    """What the weights are after the update in place of what the forward pass used."""
    given = use.replaced(use.updated)
    if given is not None:
        yield use.contribution(operands=given)


def wrong_value(use: OperandUse) -> Answers:
    """The derivative at another value, 1 − a² for 1 − h², or a value in place of the derivative."""
    if not isinstance(use.edge.rule, Elementwise) or not use.varies or use.out.shape != use.shape:
        return
    operand = use.operands[use.edge.argnum]
    if "out" in use.mentioned:
        yield use.contribution(out=operand)
    elif use.own in use.mentioned:
        given = list(use.operands)
        given[use.edge.argnum] = use.out
        yield use.contribution(operands=given)
    else:
        return
    yield use.settled(use.g * operand)
    yield use.settled(use.g * use.out)


def mask_from_gradient(use: OperandUse) -> Answers:
    """What flows in is cut off where it is negative itself, not where the operand of ReLU was."""
    assert use.node.op is not None
    if use.node.op.tails == "dead" and isinstance(use.edge.rule, Elementwise):
        yield use.contribution(out=use.g, operands=(use.g, *use.operands[1:]))


# How factors are joined


def added(use: OperandUse) -> Answers:
    """Upstream plus local gradient."""
    factor = use.factor()
    if factor is None or not _entry_by_entry(use):
        return
    total = use.settled(use.g + factor)
    if total.shape == use.node.shape and isinstance(use.edge.rule, Elementwise):
        yield use.summed(total)
    elif total.shape == use.shape:
        yield total


def dot_for_elementwise(use: OperandUse) -> Answers:
    """Products are added up where each entry has its own: g @ b for g ⊙ b."""
    if not isinstance(use.edge.rule, Elementwise) or not use.others or use.edge.summed:
        return
    factor = use.factor()
    if factor is None or factor.shape != use.g.shape or not use.g.shape:
        return
    if use.g.ndim == 1:
        yield use.everywhere(np.dot(use.g, factor))
    elif use.g.ndim == 2 and use.g.shape[0] == use.g.shape[1]:
        yield use.settled(use.g @ factor)


def elementwise_for_dot(use: OperandUse) -> Answers:
    """EntryNumbers are multiplied with each other where a matrix product belongs: Wᵀ ⊙ g for Wᵀ @ g."""
    rule = use.edge.rule
    if not isinstance(rule, Linear) or rule.factor is None or _entry_by_entry(use):
        return
    factor = use.factor()
    if factor is None or not use.g.shape or not factor.shape:
        return
    for left in (factor, factor.T):
        try:
            found = use.settled(left * use.g)
        except ValueError:
            continue
        yield found
        if found.shape != use.shape and found.size == prod(use.shape):
            yield use.settled(found.reshape(use.shape))


def _entry_by_entry(use: OperandUse) -> bool:
    """Whether the rule multiplies each entry by one of the local gradient's, or a number by a tensor."""
    rule = use.edge.rule
    if isinstance(rule, Elementwise) or use.node.shape == ():
        return True
    return isinstance(rule, Linear) and rule.factor is not None and rule.factor.sign == "⊙"


def diagonal_only(use: OperandUse) -> Answers:
    """Each entry gets its own share alone, p (1 − p) g, as if the others did not depend on it."""
    if isinstance(use.edge.rule, Jacobian):
        settings = dict(use.node.attributes)
        with np.errstate(all="ignore"):
            matrix = use.edge.rule.matrix(use.out, *use.operands, **settings)
        axis = settings.get("axis", -1) % max(1, use.g.ndim)
        diagonal = np.diagonal(matrix, axis1=-2, axis2=-1)
        if diagonal.shape == np.moveaxis(use.g, axis, -1).shape:
            yield use.settled(use.g * np.moveaxis(diagonal, -1, axis))


# Sums, means and axes


def mean_forgotten(use: OperandUse) -> Answers:
    """The gradient of a sum where the operator takes a mean."""
    op, settings = use.node.op, dict(use.node.attributes)
    assert op is not None
    if settings.get("reduction") == "mean":
        settings["reduction"] = "sum"
        shapes = tuple(np.shape(operand) for operand in use.operands)
        rule = op.rules_for(shapes, settings)[use.edge.argnum]
        if isinstance(rule, Linear):
            with np.errstate(all="ignore"):
                yield use.settled(rule.vjp(use.g, use.out, *use.operands, **settings))
    elif op.name == "mean":
        count = prod(use.shape) // max(1, prod(use.node.shape))
        yield use.settled(use.contribution() * count)


def mean_twice(use: OperandUse) -> Answers:
    """1/n once more: in the mean itself, or where the examples of a batch are added up after it."""
    right = use.contribution()
    count = 1.0
    for whole in mean_forgotten(use):
        with np.errstate(all="ignore"):
            ratios = np.ravel(whole)[np.ravel(right) != 0] / np.ravel(right)[np.ravel(right) != 0]
        count = float(ratios[0]) if ratios.size else 1.0
    if count == 1.0 and averages(use.graph) and _adds_examples(use):
        count = float(use.g.shape[0])
    if count > 1.0:
        yield use.settled(right / count)


def _adds_examples(use: OperandUse) -> bool:
    """Whether the examples of a batch, along the first axis of what flows in, are added up."""
    return (
        use.g.ndim == 2
        and use.g.shape[0] > 1
        and not _entry_by_entry(use)
        and use.shape[:1] != use.g.shape[:1]
    )


def sum_forgotten(use: OperandUse) -> Answers:
    """What flows back to a broadcast operand is not added up: as it is, or its first part alone."""
    if use.edge.summed:
        product = use.product()
        yield product
        first = tuple(slice(0, 1) if axis in use.edge.summed else slice(None) for axis in range(product.ndim))
        if product.shape == use.node.shape:
            yield use.settled(product[first].reshape(use.shape))


def wrong_axes(use: OperandUse) -> Answers:
    """The sum over all axes, or over the other ones."""
    product = use.product()
    if not use.edge.summed or not use.shape or product.shape != use.node.shape:
        return
    if prod(use.shape) > 1:
        yield use.everywhere(product.sum())
    others = tuple(axis for axis in range(product.ndim) if axis not in use.edge.summed)
    found = product.sum(axis=others)
    yield use.settled(found.reshape(use.shape) if found.size == prod(use.shape) else found)


def mean_for_sum(use: OperandUse) -> Answers:
    """The mean over the axes that an operand was broadcast along, or over the examples of a batch."""
    if use.edge.summed:
        product = use.product()
        count = prod(use.node.shape) // max(1, prod(use.shape))
        if product.shape == use.node.shape and count > 1:
            yield use.settled(use.summed(product) / count)
    elif not averages(use.graph) and _adds_examples(use):
        yield use.settled(use.contribution() / use.g.shape[0])


def mean_of_contributions(total: Sum) -> Answers:
    """The mean of what arrived."""
    yield total.settled(total.right / len(total.contributions))


# The right numbers, elsewhere


def negated(use: OperandUse) -> Answers:
    """The other sign."""
    yield use.settled(-use.contribution())


def ascended(change: Change) -> Answers:
    """A step along the gradient, uphill."""
    yield change.updated(-change.gradient)


def transposed(use: OperandUse) -> Answers:
    """Rows as columns."""
    if len(use.shape) >= 2 and prod(use.shape) > 1:
        yield use.settled(np.swapaxes(use.contribution(), -1, -2))


# Sums over uses, and over passes


def overwritten(total: Sum) -> Answers:
    """The contribution that arrived last, alone."""
    yield total.contributions[-1]


def multiplied(total: Sum) -> Answers:
    """The product of what arrived."""
    before = total.settled(sum(total.contributions[:-1]))
    with np.errstate(all="ignore"):
        yield total.settled(before * total.contributions[-1])


def not_cleared(use: OperandUse) -> Answers:
    """What an earlier pass left is still in it."""
    if use.left is not None:
        yield use.settled(use.left + use.contribution())


def sum_not_cleared(total: Sum) -> Answers:
    """The same for a sum."""
    if total.left is not None:
        yield total.settled(total.left + total.right)


def change_not_cleared(change: Change) -> Answers:
    """An update from a gradient with that of the pass before in it."""
    if change.left is not None:
        yield change.updated(change.left + change.gradient)


def rate_forgotten(change: Change) -> Answers:
    """The whole gradient is taken off."""
    yield change.updated(rate=1.0)
