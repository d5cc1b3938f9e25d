r"""Formulas of a step in the language that LaTeX, GitHub and MathJax share.

Outside ``\text{…}`` all of it is ASCII, and no macro is used that one of them lacks or refuses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from backprop_engine.arrays import Tensor
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
from backprop_engine.explain.numbers import number
from backprop_tui.cells.blocks import Block, text
from backprop_tui.cells.lines import Role
from backprop_tui.cells.summaries import summary
from backprop_tui.cells.tensors import matrix_of, number_rows
from backprop_tui.export.page.formula import Element, formula, row_of
from backprop_tui.export.tex import SPECIAL, command_of
from backprop_tui.render.equation.equation import equation_parts
from backprop_tui.render.equation.headings import tall_name
from backprop_tui.render.equation.terms import Part, Sign, Term, with_brackets
from backprop_tui.render.formulas.equations import Equation, Style, numbered
from backprop_tui.render.formulas.steps import step_equations

__all__ = [
    "definition_tex",
    "is_written_out",
    "name_tex",
    "number_tex",
    "step_formulas",
    "tensor_tex",
    "words_tex",
]

MOST_ROWS, MOST_COLUMNS = 12, 8
"""As many numbers of a tensor are printed; of a larger one its shape and its norm."""
_MOST_ACROSS: Final = 16
"""As many columns of numbers are beside each other in one line of an equation."""
_NUMBER: Final = re.compile(r"(-?[\d.]+)e(-?\d+)")
_END: Final = re.compile(r"[ᵀᵢⱼₖₗₘₙₐ-ₜ₀-₉]+$")
_PATH: Final = re.compile(r"\[[^\]]*\]|[^.\[\]]+|\.")
_HAT: Final = "\u0302"
_CALL: Final = re.compile(r"([-(]*)([^\W\d]\w*)\(")
_FENCES: Final = {"(": r"\left(", ")": r"\right)", "[": r"\left[", "]": r"\right]"}
_BARE: Final = " ,.:;=+-/()[]!?'<>"
"""Characters beside letters and digits that every reader of a formula takes as text."""


_ROW: Final = r" \\ "
"""What ends a row."""


def _environment(name: str, rows: Iterable[str], columns: str = "", row: str = _ROW) -> str:
    r"""Rows between ``\begin`` and ``\end``."""
    return rf"\begin{{{name}}}{columns} {row.join(rows)} \end{{{name}}}"


# Words, names and numbers


def words_tex(words: str) -> str:
    r"""Words in a formula; what would be a command in them is a sign between pieces of text."""
    found: list[str] = []
    plain = ""
    for character in words.replace("\u00a0", " "):
        if (character.isalnum() and not command_of(character)) or character in _BARE:
            plain += character
            continue
        found += [rf"\text{{{plain}}}"] * bool(plain)
        found.append(_sign(character))
        plain = ""
    return "".join([*found, *[rf"\text{{{plain}}}"] * bool(plain)])


def name_tex(name: str) -> str:
    r"""A name of a node: ``h_{\mathrm{prev}}`` for ``h_prev``, and each part of a path by itself."""
    end = _END.search(name)
    if end and end.start():
        return _name_with_end(name[: end.start()], end[0])
    return "".join(
        piece if piece == "." else _index(piece) if piece.startswith("[") else _word(piece)
        for piece in _PATH.findall(name)
    )


def _name_with_end(name: str, end: str) -> str:
    """A name that is transposed, or has letters for its axes."""
    letters = unicodedata.normalize("NFKC", end.replace("ᵀ", ""))
    below = f"_{{{letters}}}" if letters else ""
    above = r"^{\top}" if "ᵀ" in end else ""
    return f"{{{name_tex(name)}}}{below}{above}"


def _index(piece: str) -> str:
    return "[" + piece[1:-1].replace(" ", r"\,") + "]"


def _word(word: str) -> str:
    """A part of a name: of a letter and what follows a ``_`` that as an index."""
    letter, line, index = word.partition("_")
    if line and index and "_" not in index and index.isascii() and index.isalnum() and len(letter) == 1:
        below = index if index.isdigit() else rf"\mathrm{{{index}}}"
        return f"{_upright(letter)}_{{{below}}}"
    return _upright(word)


def _upright(word: str) -> str:
    """A word of several letters is as one thing, and is not a product of them."""
    if len(word) == 1:
        return command_of(word) or (word if word.isascii() and word.isalnum() else words_tex(word))
    if not word.isascii():
        return f"{{{words_tex(word)}}}"
    return rf"\mathit{{{_letters(word)}}}"


def _letters(word: str) -> str:
    return "".join(map(_sign_or_letter, word))


def _sign_or_letter(character: str) -> str:
    return character if character.isalnum() else _sign(character)


def _sign(character: str) -> str:
    """A sign of a formula."""
    if character in SPECIAL:
        return f"\\{character}"
    if character in "\\~^":
        return {"\\": r"\backslash ", "~": r"\sim ", "^": r"\wedge "}[character]
    if command := command_of(character):
        return f"{command} "
    if character == "−":
        return "-"
    if character.isascii():
        return character
    plain = unicodedata.normalize("NFKC", character)
    kind = unicodedata.decomposition(character).partition(" ")[0]
    if kind in ("<super>", "<sub>") and plain.isascii():
        return f"{'^' if kind == '<super>' else '_'}{{{plain}}}"
    return rf"\text{{{character}}}"


def number_tex(text: str) -> str:
    r"""A number: ``1.2 \times 10^{-7}`` for ``1.2e-7``."""
    if text in ("NaN", "true", "false"):
        return rf"\mathrm{{{text}}}"
    if text.lstrip("-") == "inf":
        return text.replace("inf", r"\infty")
    return _NUMBER.sub(r"\1 \\times 10^{\2}", text)


def is_written_out(tensor: Tensor, *, row: bool = False) -> bool:
    """Whether all numbers of a tensor are printed: there are few."""
    if tensor.shape == ():
        return True
    rows, columns = matrix_of(tensor, row).shape
    return tensor.ndim <= 2 and 0 < rows <= MOST_ROWS and 0 < columns <= MOST_COLUMNS


def tensor_tex(tensor: Tensor, *, row: bool = False, fine: bool = False, factor: bool = False) -> str:
    """A number, a matrix of few, or the shape and the norm of many; a negative `factor` is in brackets."""
    if tensor.shape == ():
        text = number(tensor)
        return rf"\left({number_tex(text)}\right)" if factor and text.startswith("-") else number_tex(text)
    if not is_written_out(tensor, row=row):
        return "".join(map(_of_summary, summary(tensor)))
    lines = (
        " & ".join(number_tex(entry.strip()) for entry in entries)
        for entries in number_rows(tensor, row=row, fine=fine)
    )
    return _environment("bmatrix", lines)


def _of_summary(character: str) -> str:
    return r"\ " if character == " " else _sign_or_letter(character)


# Trees


def tree_tex(element: Element) -> str:
    """An element of MathML, as `formula` makes it of a block."""
    name, kind, *inside = element
    match name:
        case "d":
            top, bottom = map(name_tex, inside)
            return rf"\frac{{\partial {top}}}{{\partial {bottom}}}"
        case "mn":
            return number_tex(inside[0])
        case "mi":
            return _function(inside[0]) if kind == "op" else name_tex(inside[0])
        case "mtext":
            return words_tex(inside[0])
        case "mo":
            return _operator(inside[0])
        case "mfrac":
            top, bottom = map(tree_tex, inside)
            return rf"\frac{{{top}}}{{{bottom}}}"
        case "msqrt":
            return rf"\sqrt{{{tree_tex(inside[0])}}}"
        case "msup":
            base, exponent = inside
            above = r"\top" if exponent == ["mi", exponent[1], "T"] else tree_tex(exponent)
            return f"{{{tree_tex(base)}}}^{{{above}}}"
        case "msub":
            base, index = map(tree_tex, inside)
            return f"{base.strip()}_{{{index}}}"
        case "mtable":
            rows = (" & ".join(tree_tex(cell[2]) for cell in row[2:]) for row in inside)
            return _environment("array", rows, "{ll}")
    return _row(inside)


def _row(elements: Sequence[Element]) -> str:
    """Elements in a row; brackets grow with what is in them where each has its other."""
    signs = [element[-1] if element[0] == "mo" else "" for element in elements]
    paired = signs.count("(") == signs.count(")") and signs.count("[") == signs.count("]")
    if signs[:1] == ["{"] and len(elements) == 2:  # cases, after a brace alone
        return rf"\left\{{ {tree_tex(elements[1])} \right."
    bars = [sign for sign in signs if sign in ("|", "‖")]
    if len(bars) == 2 and signs[0] == signs[-1] == bars[0]:
        bar = r"\vert" if bars[0] == "|" else r"\Vert"
        return rf"\left{bar} {_row(elements[1:-1])} \right{bar}"
    called = [*(_is_fenced(element) for element in elements[1:]), False]
    found: list[str] = []
    for element, sign, is_called in zip(elements, signs, called, strict=True):
        if sign == _HAT and found:
            found.append(rf"\hat{{{found.pop()}}}")
        elif paired and sign in _FENCES:
            found.append(_FENCES[sign])
        elif is_called and element[0] == "mi" and len(element[-1]) > 1:
            found.append(_function(element[-1]))
        else:
            found.append(tree_tex(element))
    return " ".join(found)


def _is_fenced(element: Element) -> bool:
    """Whether it is what a function is called with."""
    return element[0] == "mrow" and len(element) > 2 and element[2][0] == "mo" and element[2][-1] == "("


def _function(name: str) -> str:
    """The name of a function, which is upright, with letters for the axes that it goes along."""
    end = _END.search(name)
    stem = name[: end.start()] if end and end.start() else name
    below = f"_{{{unicodedata.normalize('NFKC', end[0])}}}" if end and end.start() else ""
    if command := command_of(stem) if len(stem) == 1 else "":
        return command + below
    if stem == "I":
        return f"I{below}"
    return rf"\mathrm{{{_letters(stem)}}}{below}"


def _operator(sign: str) -> str:
    """A sign between operands; the product of matrices is written as TeX does, side by side."""
    if sign == "@":
        return r"\,"
    if len(sign) > 1:
        signs = "".join(f"{{{_sign(each)}}}" for each in sign)
        return rf"\mathrel{{{signs}}}"
    if sign in "{}":
        return f"\\{sign}"
    return _sign(sign).strip() if sign.isascii() or command_of(sign) else _sign(sign)


# Equations


def step_formulas(facts: StepFacts, language: str) -> Iterator[str]:
    """The formulas of a step, each to be displayed, in the order in which they are written."""
    equations = [*step_equations(facts, language)]
    match facts:
        case ForwardFacts():
            yield _aligned(_forward(facts, equations[0], language))
        case BackwardFacts(local=local):
            if not local.is_map or not equations[1].in_columns:
                yield _in_a_row(equations[1], numbers=facts.is_scalar)
            yield _aligned(_lines(with_brackets([*equation_parts(facts, language)])))
        case SeedFacts(result=seed):
            yield f"{_named(seed.name)} = {tensor_tex(seed.tensor)}"
        case AccumulateFacts() | ReduceFacts():
            yield _aligned(_lines(with_brackets([*equation_parts(facts, language)])))
        case UpdateFacts(after=after):
            yield from (_in_a_row(equation, numbers=facts.is_scalar) for equation in equations)
            if not facts.is_scalar:
                yield f"{_named(after.name)} = {tensor_tex(after.tensor, row=after.is_row)}"
        case ClearFacts() | StartFacts():
            return


def definition_tex(facts: ForwardFacts, language: str) -> str:
    """What a node is, in symbols: ``q = x + y``."""
    left, right, *_ = _sides(next(step_equations(facts, language)), numbers=False)
    return f"{_symbols(left)} = {_symbols(right)}"


def _aligned(lines: Iterable[str]) -> str:
    """Lines with their first relations one under the other; a single line as it is."""
    first, *others = lines
    if not others:
        return first.replace("&", "", 1)
    return _environment("aligned", [first, *others], row=r" \\[4pt] ")


def _forward(facts: ForwardFacts, equation: Equation, language: str) -> Iterator[str]:
    """What a node is in symbols, in numbers, and what it comes to."""
    left, *sides = _sides(equation, numbers=facts.is_scalar)
    yield f"{_symbols(left)} &= {_symbols(sides[0])}"
    yield from (f"&= {_symbols(side)}" for side in sides[1:])
    result = tensor_tex(facts.result.tensor, row=facts.result.is_row)
    if facts.is_scalar:
        below = _numbers(sides[-1])
        yield from [f"&= {below}"] * (below not in ("", result))
        yield from [f"&= {result}"] * (bool(below) or _symbols(sides[-1]) != result)
        return
    right = with_brackets([*equation_parts(facts, language)])
    right = right[
        next(at for at, part in enumerate(right) if isinstance(part, Sign) and part.text == "=") + 1 :
    ]
    if _all_written_out(right):
        yield f"&= {' '.join(map(_part_in_numbers, right))}"
    yield f"&= {result}"


_Pair: TypeAlias = tuple[Block, Block | None]


def _sides(equation: Equation, *, numbers: bool) -> list[list[_Pair]]:
    """The columns of an equation on each side of its relations."""
    sides: list[list[_Pair]] = [[]]
    for pair in numbered(equation.columns(Style(numbers=numbers))):
        element = formula(pair[0])
        if element[0] == "mo" and element[-1] == "=":
            sides.append([])
        else:
            sides[-1].append(pair)
    return sides


def _symbols(side: Sequence[_Pair]) -> str:
    return tree_tex(row_of(block for block, _ in side))


def _numbers(side: Sequence[_Pair]) -> str:
    """What is below the columns of a side; nothing where something is missing."""
    below = [block for _, block in side if block is not None]
    return tree_tex(row_of(below)) if len(below) == len(side) else ""


def _in_a_row(equation: Equation, *, numbers: bool) -> str:
    """An equation, and after it the same in numbers."""
    left, *sides = _sides(equation, numbers=numbers)
    shown = [_symbols(side) for side in (left, *sides)]
    if sides and (below := _numbers(sides[-1])):
        shown += [text for text in (below, _numbers(left)) if text and text != shown[-1]]
    return " = ".join(text for at, text in enumerate(shown) if text != shown[at - 1] or not at)


def _lines(parts: Sequence[Part]) -> Iterator[str]:
    """Columns as an equation under their words, then in numbers, then what it comes to."""
    result, relation, *right = parts
    assert isinstance(result, Term)
    assert isinstance(relation, Sign)
    yield f"{_headed(result)} &{_operator(relation.text)} {' '.join(map(_part_in_words, right))}"
    total = "" if result.tensor is None else tensor_tex(result.tensor, row=result.row, fine=result.fine)
    if _all_written_out(right):
        numbers = " ".join(map(_part_in_numbers, right))
        if numbers != total:
            yield f"&{_operator(relation.text if relation.below is None else relation.below)} {numbers}"
    if total:
        yield f"&= {total}"


def _all_written_out(parts: Iterable[Part]) -> bool:
    """Whether all numbers of the columns can be in one line."""
    terms = [part for part in parts if isinstance(part, Term) and part.tensor is not None]
    tensors = [(term.tensor, term.row) for term in terms if term.tensor is not None]
    across = sum(matrix_of(tensor, row).shape[1] if tensor.shape else 1 for tensor, row in tensors)
    return (
        bool(tensors)
        and across <= _MOST_ACROSS
        and all(is_written_out(tensor, row=row) for tensor, row in tensors)
    )


def _part_in_words(part: Part) -> str:
    return _headed(part) if isinstance(part, Term) else _sign_tex(part.text)


def _part_in_numbers(part: Part) -> str:
    if isinstance(part, Sign):
        return _sign_tex(part.text if part.below is None else part.below)
    if part.tensor is None:
        return ""
    return tensor_tex(part.tensor, row=part.row, fine=part.fine, factor=part.factor)


def _headed(term: Term) -> str:
    """The name of a column over its word and its shape."""
    name = _named(term.name) if term.name else ""
    told = [words_tex(term.word)] * bool(term.word) + [_letters(term.shape)] * bool(term.shape)
    if term.rule and not term.rule.startswith("= "):
        told.append(words_tex(term.rule))
    if not told or not name:
        return name
    under = told[0] if len(told) == 1 else rf"\substack{{{_ROW.join(told)}}}"
    return rf"\underbrace{{{name}}}_{{{under}}}"


def _named(name: str) -> str:
    return tree_tex(formula(tall_name(name, Role.NAME)))


def _sign_tex(sign: str) -> str:
    """A sign between columns."""
    if all(unicodedata.decomposition(letter).startswith("<super>") for letter in sign):
        return "".join(map(_sign, sign))
    if sign.startswith("∑ "):
        return rf"\sum_{{{words_tex(sign[2:])}}}"
    if called := _CALL.fullmatch(sign):
        return f"{called[1]} {_function(called[2])} ("
    return tree_tex(formula(text(sign)))
