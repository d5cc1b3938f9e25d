"""The equation of a step, laid out as the equation it is.

A backward step reads product = upstream · local; an elementwise local gradient is joined with ⊙, a matrix
product with the factor on its own side, transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from backprop_engine.derived import derived
from backprop_engine.explain.common_facts import NamedTensor
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ClearFacts,
    ForwardFacts,
    ReduceFacts,
    SeedFacts,
    StartFacts,
    StepFacts,
    UpdateFacts,
)
from backprop_engine.messages.message import msg
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.lines import Role
from backprop_tui.cells.tensors import is_multiplied
from backprop_tui.render.equation.layout import laid_out
from backprop_tui.render.equation.local_column import local_column
from backprop_tui.render.equation.terms import Part, Sign, Term, on_one_scale, showing
from backprop_tui.render.words import turn_text

__all__ = ["equation", "equation_parts", "has_heatmaps"]

_MOST_RANKS: Final = 4
"""How many ranks' gradients are shown beside what they became."""


def equation(facts: StepFacts, language: str, width: int, height: int, *, tall: bool = False) -> Block:
    """The equation of a step, in at most `width` × `height` cells; empty where it has none.

    Where it is to be `tall` and there is room, derivatives are fractions of three rows.
    """
    parts = equation_parts(facts, language)
    return laid_out(parts, width, height, tall=tall) if parts else Block.of([])


def has_heatmaps(facts: StepFacts, language: str, width: int, height: int) -> bool:
    """Whether some tensor of a step's equation is certainly a heatmap, before anything is laid out."""
    terms = (part for part in equation_parts(facts, language) if isinstance(part, Term))
    return any(term.is_picture(width, height) for term in terms)


@derived(limit=1)
def equation_parts(facts: StepFacts, language: str) -> Sequence[Part]:
    """The terms of a step's equation and the signs between them, what it comes to first; none without one."""
    parts: list[Part]
    match facts:
        case BackwardFacts():
            parts = _backward(facts, language)
        case AccumulateFacts():
            parts = _accumulate(facts, language)
        case SeedFacts(result=seed):
            parts = [_term(seed, msg("seed").in_language(language), Role.PRODUCT)]
        case ForwardFacts():
            parts = _forward(facts, language)
        case ReduceFacts():
            parts = _reduce(facts, language)
        case UpdateFacts():
            parts = _update(facts, language)
        case ClearFacts() | StartFacts():
            return []
    override, result = facts.override, parts[0]
    if override and isinstance(result, Term):  # what is there instead, before what was computed
        word = msg("overridden").in_language(language)
        given = showing(override.given, result.name, word, result.role, row=result.row)
        parts = [given, Sign("←"), *parts]
    return parts


def _term(quantity: NamedTensor, word: str, role: Role) -> Term:
    return showing(quantity.tensor, quantity.name, word, role, row=quantity.is_row)


def _forward(facts: ForwardFacts, language: str) -> list[Part]:
    right = (
        Sign(piece) if isinstance(piece, str) else _term(piece, "", Role.VALUE) for piece in facts.pieces
    )
    return [_term(facts.result, msg("value").in_language(language), Role.ACTIVE_VALUE), Sign("="), *right]


def _backward(facts: BackwardFacts, language: str) -> list[Part]:
    """The product, and the upstream and the local gradient in the order in which they are multiplied.

    Where the local gradient has no numbers to be shown, an arrow says that the product comes of the upstream.
    """
    product, upstream = facts.product, facts.upstream
    local = local_column(facts.local, language)
    word = turn_text(facts, language) or msg("product").in_language(language)
    left: list[Part] = [
        showing(product.tensor, product.name, word, Role.PRODUCT, local.sample, row=product.is_row),
        Sign("+=" if facts.turn else "=", below="=" if local.has_numbers and not local.is_part else "←"),
    ]
    if facts.summed_axes:
        axes = ", ".join(map(str, facts.summed_axes))
        left.append(Sign(f"∑ {msg('axis {axes}', axes=axes).in_language(language)}", below="∑"))
    flows_in = showing(
        upstream.tensor,
        upstream.name,
        msg("upstream").in_language(language),
        Role.GRADIENT,
        local.sample,
        row=local.upstream_is_row,
    )
    sign = Sign(local.sign, below=local.sign if local.has_numbers else "")
    parts = [*left, local.term, sign, flows_in] if local.comes_first else [*left, flows_in, sign, local.term]
    return [*map(_fine, parts)] if local.has_entries else parts


def _fine(part: Part) -> Part:
    """With enough digits for the reader to multiply each entry, where there are few."""
    few = isinstance(part, Term) and part.tensor is not None and is_multiplied(part.tensor)
    return structs.replace(part, fine=True) if few else part


def _accumulate(facts: AccumulateFacts, language: str) -> list[Part]:
    """The sum so far, what it was before, and the contribution; all on one scale, so that colours tell how
    much the contribution changes.
    """
    count, of = facts.turn
    arrived = msg("sum, {count} of {of}", count=count, of=of).in_language(language)
    so_far = msg("so far").in_language(language)
    result = facts.result if facts.is_last else structs.replace(facts.result, name=so_far)
    parts: list[Part] = [_term(result, arrived, Role.PRODUCT), Sign("=")]
    if facts.before is not None:
        before = structs.replace(facts.before, name=so_far)
        parts += [_term(before, msg("before").in_language(language), Role.GRADIENT), Sign("+")]
    contribution = facts.contribution
    name, word = (
        msg("via {node}", node=contribution.name).in_language(language),
        msg("contribution").in_language(language),
    )
    added = showing(contribution.tensor, name, word, Role.GRADIENT, row=contribution.is_row)
    return on_one_scale([*parts, added])


def _reduce(facts: ReduceFacts, language: str) -> list[Part]:
    """The gradient that the ranks go on with, and those of at most a few of them, this one among them; all on
    one scale, so that colours tell which is larger.
    """
    reduction = facts.reduction
    word = {
        "mean": msg("mean over ranks"), "sum": msg("sum over ranks"), None: msg("all-reduced")
    }[reduction.kind]  # fmt: skip
    ranks = [*reduction.contributions]
    shown = sorted({*ranks[: _MOST_RANKS - 1], reduction.rank}) if len(ranks) > _MOST_RANKS else ranks
    between = Sign("+" if reduction.kind else ",")
    terms: list[Part] = []
    for rank in shown:
        name = msg("rank {rank}", rank=rank).in_language(language)
        gradient = NamedTensor(name, reduction.contributions[rank])
        terms += [between, _term(gradient, msg("contribution").in_language(language), Role.GRADIENT)]
    terms = [*terms[1:], *([between, Sign("…")] if len(shown) < len(ranks) else [])]
    result = _term(facts.result, word.in_language(language), Role.PRODUCT)
    match reduction.kind:
        case "mean":
            return on_one_scale([result, Sign("="), Sign(f"1/{len(ranks)} · ("), *terms, Sign(")")])
        case "sum":
            return on_one_scale([result, Sign("="), *terms])
        case None:
            return on_one_scale([result, Sign("←"), *terms])


def _update(facts: UpdateFacts, language: str) -> list[Part]:
    """A parameter after its update, before it, and the gradient; as an equation where the rule is one."""
    after = _term(facts.after, msg("after").in_language(language), Role.ACTIVE_VALUE)
    before = _term(facts.before, msg("before", "update").in_language(language), Role.VALUE)
    gradient = _term(facts.gradient, msg("gradient").in_language(language), Role.GRADIENT)
    if facts.learning_rate is None:
        return [after, Sign("←"), before, Sign(","), gradient]
    rate = Term("lr", "", "", facts.learning_rate, Role.LOCAL)
    return [after, Sign("="), before, Sign("−"), rate, Sign("·"), gradient]
