"""The worked example as a document of LaTeX, as a course would print it.

It needs what every distribution has, and, with Korean in it, `kotex`; pdfTeX sets both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from backprop_engine.messages.message import Message, msg
from backprop_tui.export.formats import Exported
from backprop_tui.export.sheets.handout import GivenLeaf, Handout, HandoutStep, NodeRow, handout
from backprop_tui.export.tex import is_hangul, tex_text
from backprop_tui.export.tikz import tikz_picture

__all__ = ["document", "latex", "leaf_lines"]

_MOST_DRAWN: Final = 60
"""A graph of more nodes is not legible on a page."""
_HEAD: Final = r"""\documentclass[11pt]{article}
\usepackage[a4paper, margin=22mm]{geometry}
\IfFileExists{lmodern.sty}{\usepackage[T1]{fontenc}\usepackage{lmodern}}{}
\usepackage{textcomp, amsmath, amssymb, graphicx, xcolor, booktabs, longtable, array, tikz}
KOREAN
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\setcounter{MaxMatrixCols}{20}
\setcounter{secnumdepth}{0}
\definecolor{value}{HTML}{1F6FB2}
\definecolor{gradient}{HTML}{B3441E}
\newsavebox{\formulabox}
% a formula by itself, not wider than the page
\newcommand{\formula}[1]{\par\medskip{\centering\sbox{\formulabox}{$\displaystyle #1$}%
  \ifdim\wd\formulabox>\linewidth\resizebox{\linewidth}{!}{\usebox{\formulabox}}\else\usebox{\formulabox}\fi\par}\medskip}
\newcommand{\step}[3]{\par\medskip\pagebreak[2]\textbf{#1\quad #2}\quad #3\nopagebreak\par\nopagebreak}
\newcommand{\note}[1]{\par{\color{value}\hangindent=1em\hangafter=0 #1\par}}
\newcommand{\code}[1]{\par{\raggedright\ttfamily\small #1\par}}
\begin{document}"""


def latex(exported: Exported) -> str:
    """The worked example, from the first step to the last."""
    page = handout(exported)
    return document(_lines(exported, page))


def document(lines: Iterator[str]) -> str:
    """Lines as a document, with Korean if one of them has any."""
    body = "\n".join(lines)
    korean = r"\usepackage{kotex}" if any(map(is_hangul, body)) else "%"
    return "\n".join([_HEAD.replace("KOREAN", korean), _encoded(body), r"\end{document}"]) + "\n"


def _encoded(body: str) -> str:
    """What is neither ASCII nor Korean is in words alone, where its number is told."""
    return "".join(
        character if character.isascii() or is_hangul(character) else tex_text(character)
        for character in body
    )


def _lines(exported: Exported, page: Handout) -> Iterator[str]:
    def say(words: Message) -> str:
        return tex_text(words.in_language(page.language))

    yield rf"{{\LARGE\bfseries {tex_text(page.title)}\par}}"
    for text in (page.description, page.iteration):
        yield from (r"\medskip", tex_text(text) + r"\par") if text else ()
    if page.source:
        source = say(msg("Source"))
        yield rf"{{\small\textit{{{source}:}} {_breakable(page.source)}\par}}"
    if len(exported.frame.graph.nodes) <= _MOST_DRAWN:
        yield from (_section(say(msg("Graph"))), _displayed(tikz_picture(exported)))
    yield from (_section(say(msg("Given"))), *leaf_lines(page.leaves))
    for passage in page.passages:
        yield _section(tex_text(passage.heading))
        for step in passage.steps:
            yield from _step(step)
    yield _section(say(msg("All nodes")))
    heads = (msg("name"), msg("is"), msg("shape"), msg("value"), msg("gradient"))
    yield from _table([say(head) for head in heads], page.nodes)


def _section(heading: str) -> str:
    return rf"\section{{{heading}}}"


def leaf_lines(leaves: Sequence[GivenLeaf]) -> Iterator[str]:
    """The leaves, by their kinds; numbers of one kind in one line."""
    for kind in dict.fromkeys(leaf.kind for leaf in leaves):
        these = [leaf for leaf in leaves if leaf.kind == kind]
        yield rf"\textbf{{{tex_text(kind)}}}"
        numbers = [leaf.formula for leaf in these if leaf.is_number]
        if numbers:
            yield _displayed(r" \qquad ".join(numbers))
        yield from (_displayed(leaf.formula) for leaf in these if not leaf.is_number)


def _displayed(formula: str) -> str:
    return rf"\formula{{{formula}}}"


def _step(step: HandoutStep) -> Iterator[str]:
    yield rf"\step{{{step.position}}}{{{tex_text(step.kind)}}}{{{tex_text(step.subject)}}}"
    yield from map(_displayed, step.formulas)
    if step.note:
        yield rf"\note{{{tex_text(step.note)}}}"
    yield from (rf"{tex_text(text)}\par" for text in step.said)
    yield from (rf"\code{{{_code(line)}}}" for line in step.code)
    if step.check:
        yield rf"{{\small\itshape {tex_text(step.check)}\par}}"


def _code(line: str) -> str:
    """A line of a program: quotes and hyphens stay what they are."""
    return tex_text(line).replace("'", r"\textquotesingle{}").replace("-", "{-}")


def _breakable(text: str) -> str:
    """Text with addresses in it, which may be broken after a slash."""
    return tex_text(text).replace("/", r"/\allowbreak{}")


def _table(heads: Sequence[str], rows: Sequence[NodeRow]) -> Iterator[str]:
    columns = (
        r">{\raggedright\arraybackslash}p{0.18\linewidth}>{\raggedright\arraybackslash}p{0.3\linewidth}"
        r"l>{\raggedright\arraybackslash}p{0.16\linewidth}>{\raggedright\arraybackslash}p{0.16\linewidth}"
    )
    yield rf"{{\small\begin{{longtable}}{{{columns}}}"
    yield r"\toprule " + " & ".join(heads) + r" \\ \midrule \endhead \bottomrule \endfoot"
    for row in rows:
        cells = (row.name, row.definition, row.shape, row.value, row.gradient)
        yield " & ".join(f"{{{tex_text(cell)}}}" for cell in cells) + r" \\"
    yield r"\end{longtable}}"
