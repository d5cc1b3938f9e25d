"""The equation of a step as data for the page: columns of names and numbers, and the signs between them.

A tensor of few numbers is all of them, a larger one a heatmap, as in the terminal.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from backprop_engine.explain.facts import StepFacts
from backprop_engine.explain.numbers import number
from backprop_engine.explain.statistics import facts as tensor_facts
from backprop_engine.messages.message import joined, msg
from backprop_tui.cells.heatmap import downsampled, levels
from backprop_tui.cells.shades import INFINITE, LEVELS, NAN
from backprop_tui.cells.tensors import matrix_of, number_rows
from backprop_tui.export.page.formula import css_class, formula, row_of
from backprop_tui.export.page.pool import Pool
from backprop_tui.render.equation.equation import equation_parts
from backprop_tui.render.equation.headings import tall_name
from backprop_tui.render.equation.terms import Sign, Term, with_brackets
from backprop_tui.render.formulas.equations import Equation, Style, numbered
from backprop_tui.render.formulas.steps import step_equations

__all__ = ["LEVEL_LETTERS", "columns", "formulas"]

_MOST_ROWS, _MOST_COLUMNS = 12, 10
"""As many numbers are written out."""
_HEAT_ROWS, _HEAT_COLUMNS = 32, 64
"""A heatmap of more is shown from afar: each of its cells is the largest of several numbers."""
LEVEL_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijk"
"""The levels of a heatmap from the least, ``S`` being zero."""
_MARKS: Final = {NAN: "?", INFINITE: "+", -INFINITE: "-"}


def columns(facts: StepFacts, language: str, pool: Pool) -> list[int]:
    """Two places: of what the columns, and the signs between them, show; and of the words in each column."""
    found = with_brackets([*equation_parts(facts, language)])
    shown = [_column(part, language, pool) for part in found]
    words = [pool.place(_words(part)) for part in found if isinstance(part, Term)]
    return [pool.place(shown), pool.place(words)]


def _column(part: Term | Sign, language: str, pool: Pool) -> int:
    """A sign is its two texts, between names and between numbers."""
    if isinstance(part, Sign):
        return pool.place([part.text, part.text if part.below is None else part.below])
    name = pool.element(formula(tall_name(part.name, part.role)))
    return pool.place([pool.letter(css_class(part.role)), name, pool.place(_numbers(part, language, pool))])


def _words(term: Term) -> list[str]:
    return [word for word in (term.word, term.shape, term.rule) if word]


def _numbers(term: Term, language: str, pool: Pool) -> Any:
    """A number, rows of numbers with tabs between them, a heatmap, or None where there is nothing to show."""
    tensor = term.tensor
    if tensor is None:
        return None
    if tensor.shape == ():
        text = number(tensor)
        return f"({text})" if term.factor and text.startswith("-") else text
    matrix = matrix_of(tensor, term.row)
    rows, across = matrix.shape
    if not matrix.size or (rows <= _MOST_ROWS and across <= _MOST_COLUMNS):
        return ["\t".join(row) for row in number_rows(tensor, row=term.row, fine=term.fine)]
    return _heatmap(term, matrix, language, pool)


def _heatmap(term: Term, matrix: Any, language: str, pool: Pool) -> list[int | str]:
    """The place of its rows, a letter for each number; what is said of it; and a sign where an upright vector
    is a row, to save room.
    """
    assert term.tensor is not None
    known = tensor_facts(term.tensor)
    largest = known.largest if term.scale is None else term.scale
    lies = matrix.shape[1] == 1
    shown = matrix.T if lies else matrix
    block = -(-shown.shape[0] // _HEAT_ROWS), -(-shown.shape[1] // _HEAT_COLUMNS)
    shown = shown if block == (1, 1) else downsampled(shown, *block)
    letters = ["".join(map(_letter, row)) for row in levels(shown, largest).tolist()]
    least, greatest = (number(np.float64(end or 0.0), 3) for end in (known.least, known.greatest))
    told = [msg("{least} to {greatest}", least=least, greatest=greatest)]
    if block != (1, 1):
        told.append(msg("each cell is the largest of {rows}×{columns}", rows=block[0], columns=block[1]))
    told += [msg("{count} NaN", count=known.nans)] * bool(known.nans)
    told += [msg("{count} infinite", count=known.infinities)] * bool(known.infinities)
    return [pool.place(letters), joined(", ", told).in_language(language), "ᵀ" if lies else ""]


def _letter(level: int) -> str:
    return _MARKS.get(level) or LEVEL_LETTERS[level + LEVELS]


def formulas(facts: StepFacts, language: str, pool: Pool) -> list[int]:
    """Two places: of the titles of the formulas that say what the columns do not, and of the formulas."""
    style = Style(numbers=facts.is_scalar)
    found = [one for one in step_equations(facts, language) if not one.in_columns]
    shown = [pool.place(_rows(equation, style, pool)) for equation in found]
    return [pool.place([equation.title for equation in found]), pool.place(shown)]


def _rows(equation: Equation, style: Style, pool: Pool) -> list[str | int] | list[list[int]]:
    """An empty text and a row of symbols; or columns of symbols, with what is below where anything is."""
    pairs = numbered(equation.columns(style))
    if not any(numbers for _, numbers in pairs):
        row: list[str | int] = ["", pool.element(row_of(symbols for symbols, _ in pairs))]
        return row
    return [[pool.element(formula(block)) for block in pair if block] for pair in pairs]
