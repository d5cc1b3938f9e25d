"""The equations of a step in the room that there is; where that is small, the least important goes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from backprop_engine.derived import derived
from backprop_engine.explain.facts import StepFacts
from backprop_tui.cells.blocks import Block, above
from backprop_tui.cells.lines import Role
from backprop_tui.cells.text import clip
from backprop_tui.render.formulas.equations import Equation, Fitted, Style, flow
from backprop_tui.render.formulas.steps import step_equations

__all__ = ["formula_block"]


class _Plan(NamedTuple):
    """What is kept where there are few rows: equations, and numbers, from some rank on."""

    equations: int = 0
    numbers: int = 0
    lying: bool = False


_PLANS: Final = (
    _Plan(),
    _Plan(lying=True),
    _Plan(numbers=1),
    _Plan(numbers=1, lying=True),
    _Plan(1, numbers=1),
    _Plan(1, numbers=1, lying=True),
    _Plan(1, numbers=2),
    _Plan(1, numbers=2, lying=True),
)
"""The chain rule goes first, which has a panel of its own, then the numbers of the local gradients."""


def formula_block(
    facts: StepFacts,
    language: str,
    width: int,
    height: int | None = None,
    *,
    spare: int = 0,
    small: bool = True,
    said: bool = False,
) -> Block:
    """The equations of the step in at most `width` cells; empty where there are none.

    Where they take more than `height` rows, the least important is left out. Where even the rest would not
    fit nothing is, as one has to scroll anyway. If they can, `spare` rows of the height stay free.
    `small` allows superscripts; without them every exponent is a raised box. Where the columns of the
    equation are beside it, what those have `said` is left out.
    """
    equations = [one for one in step_equations(facts, language) if not (said and one.in_columns)]
    if not equations:
        return Block.of([])

    pages = _Pages(equations, width, small=small)
    whole = pages.page(_PLANS[0])
    if height is None or whole.height <= height - spare:
        return whole
    plans = [plan for plan in _PLANS if not plan.lying or _all_are_vectors(facts)]
    tried = (
        page for rows in (height - spare, height) for page in map(pages.page, plans) if page.height <= rows
    )
    return next(tried, whole)


class _Pages:
    """The pages that equations can make, each made once."""

    def __init__(self, equations: Sequence[Equation], width: int, *, small: bool) -> None:
        self.equations, self.width, self.small = equations, width, small

    @derived()
    def fitted(self, at: int, numbers: bool, lying: bool) -> Fitted:
        equation, width = self.equations[at], self.width
        if numbers and not lying:
            return equation.fitted(width, Style(small=self.small))
        upright = self.fitted(at, True, False)
        if not upright.numbers:
            return upright
        found = equation.fitted(width, Style(numbers=numbers, lying=lying, small=self.small))
        loses = numbers and (not found.numbers or found.better > upright.better)
        return upright if loses else found

    @derived()
    def page(self, plan: _Plan) -> Block:
        ranks = (equation.rank for equation in self.equations)
        kept = [(at, rank) for at, rank in enumerate(ranks) if rank >= plan.equations]
        return flow([self._block(at, rank >= plan.numbers, plan.lying) for at, rank in kept], self.width)

    def _block(self, at: int, numbers: bool, lying: bool) -> Block:
        title = self.equations[at].title
        heading = [Block.text(clip(title, self.width), Role.DIM)] if title else []
        return above(*heading, self.fitted(at, numbers, lying).block, align="<")


def _all_are_vectors(facts: StepFacts) -> bool:
    """Whether no matrix is in the step, that a vector would be beside."""
    node, nodes = facts.frame.node, facts.graph.nodes
    return node is not None and all(
        len(each.shape) < 2 for each in (node, *(nodes[operand] for operand in node.operands))
    )
