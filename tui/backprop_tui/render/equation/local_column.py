"""The local gradient as a column of the equation: its numbers wherever it has few enough, and never words.

One that is the same number everywhere is that number; of a number 1, it is said that the upstream gradient is
passed on unchanged. A linear map without a factor shows its Jacobian where both sides are vectors or numbers.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from msgspec import Struct

from backprop_engine.arrays import Tensor
from backprop_engine.derivatives.jacobian import window
from backprop_engine.explain.local_facts import LocalFacts, SampleIndex
from backprop_engine.explain.symbols import as_factor
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Role
from backprop_tui.cells.shapes import shape_label
from backprop_tui.render.equation.terms import DIAGONAL, Term, showing

__all__ = ["LocalColumn", "local_column", "said_of_ones"]

_MOST_ENTRIES = 400
"""A Jacobian of more entries is not shown."""


class LocalColumn(Struct, frozen=True, eq=False):
    """A column, and how the upstream gradient is beside it.

    `has_entries` says that the product is made of entries of both, and `sample` which part of tensors with
    batch axes is shown. What is shown `is_part` where the product comes of more than that.
    """

    term: Term
    sign: str
    comes_first: bool = False
    upstream_is_row: bool = False
    has_entries: bool = False
    sample: SampleIndex | None = None
    is_part: bool = False

    @property
    def has_numbers(self) -> bool:
        """Whether there are numbers in it."""
        return self.term.tensor is not None


def local_column(local: LocalFacts, language: str) -> LocalColumn:
    """The column of the local gradient."""
    factor, word = local.factor, msg("local").in_language(language)
    if factor.tensor is None:
        return _map_without_factor(local, word, language)
    if factor.written != "derivative":
        term = showing(factor.tensor, factor.name, word, Role.LOCAL, factor.sample_of_batch)
        sign, first, row = factor.sign, factor.comes_first, factor.upstream_is_row
        return LocalColumn(term, sign, first, row, local.has_entries, factor.sample)
    number = _same_everywhere(factor.tensor)
    if number is None and local.edge.summed:  # not the diagonal of a matrix: entries meet an operand again
        term = showing(factor.tensor, as_factor(factor.entries, first=False), word, Role.LOCAL)
        return LocalColumn(term, factor.sign, has_entries=local.has_entries)
    if number is None:
        name = f"{DIAGONAL}({factor.name})" if factor.tensor.ndim else factor.name
        term = showing(factor.tensor, name, word, Role.LOCAL, rule=f"= {factor.entries}")
        return LocalColumn(term, factor.sign, has_entries=local.has_entries)
    rule = said_of_ones(local, language) or f"= {factor.entries}"
    return LocalColumn(showing(number, factor.name, word, Role.LOCAL, rule=rule), "·")


def said_of_ones(local: LocalFacts, language: str) -> str:
    """What is said of a local gradient that is 1 everywhere; nothing of any other."""
    number = None if local.multiplier is None else _same_everywhere(local.multiplier)
    return msg("= 1: passed on unchanged").in_language(language) if number == 1 else ""


def _map_without_factor(local: LocalFacts, word: str, language: str) -> LocalColumn:
    """The column of what has no tensor of its own: its Jacobian, or its name and what it does."""
    factor, description = local.factor, local.description
    rule = description.in_language(language) if description else f"= {factor.entries}"
    out, operand = local.node.shape, local.operand.shape
    small = local.is_known and 0 < prod(out) * prod(operand) <= _MOST_ENTRIES
    if factor.written == "rule" and small and (out == () or len(out) == len(operand) == 1):
        jacobian: Any = window(local.trace, local.edge, range(prod(out)), range(prod(operand)))
        if out != ():
            term = showing(jacobian.T, f"({factor.name})ᵀ", word, Role.LOCAL, rule=rule)
            return LocalColumn(term, "@", comes_first=True, has_entries=True)
        number = _same_everywhere(jacobian)
        tensor = jacobian.reshape(operand) if number is None else number
        return LocalColumn(showing(tensor, factor.name, word, Role.LOCAL, rule=rule), "·")
    if local.picture is not None:
        picture, drawn = local.picture
        term = showing(drawn.tensor, drawn.name, word, Role.LOCAL, rule=rule)
        is_part = picture.adds_channels and not _is_one_plain_window(local, drawn.tensor)
        return LocalColumn(term, picture.sign, comes_first=picture.before, is_part=is_part)
    shape = shape_label(factor.shape) if factor.shape else ""
    if factor.written == "rule" and out != ():  # the adjoint, applied to the upstream gradient
        rule = rule if description else f"= g ↦ {factor.entries}"
        return LocalColumn(Term(f"({factor.name})ᵀ", word, shape, None, Role.LOCAL, rule=rule), "@", True)
    term = Term(factor.name, word, shape, None, Role.LOCAL, rule=rule)
    return LocalColumn(term, "·", comes_first=factor.comes_first)


def _is_one_plain_window(local: LocalFacts, drawn: Tensor) -> bool:
    """Whether a convolution has one channel, and neither a stride nor any other setting."""
    node = local.node
    shapes = (node.shape, local.operand.shape, drawn.shape)
    assert node.op is not None
    settings = all(node.attributes[each.name] == each.default for each in node.op.attributes)
    return settings and all(prod(shape[:-2]) == 1 for shape in shapes)


def _same_everywhere(tensor: Tensor) -> Tensor | None:
    """The number that all entries are, if they are the same."""
    entries: Any = np.ravel(tensor)
    if not entries.size or not (entries == entries[0]).all():
        return None
    first: Tensor = entries[0]
    return first
