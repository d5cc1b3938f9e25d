"""A worksheet, or its key, as a page to print: in Markdown, in LaTeX, or in HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import PurePath
from typing import Final

from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.summaries import summary
from backprop_tui.cells.tensors import number_rows
from backprop_tui.export.formats import Exported
from backprop_tui.export.sheets.formulas import is_written_out, number_tex, words_tex
from backprop_tui.export.sheets.latex import document
from backprop_tui.export.sheets.markdown import escaped
from backprop_tui.export.sheets.worksheet import Item, Quantity, Worksheet, value_tex, worksheet
from backprop_tui.export.tex import tex_text

__all__ = ["page"]

_LETTERS: Final = "abcdefghi"


def page(exported: Exported) -> str:
    """The worksheet in the form that the file's name asks for: ``.tex``, ``.html``, or else Markdown."""
    write = _WRITTEN.get(PurePath(exported.file).suffix.lower(), _markdown)
    return "\n".join(write(worksheet(exported), exported.key)).rstrip("\n") + "\n"


class _Words:
    """What every form says."""

    def __init__(self, sheet: Worksheet, key: bool) -> None:
        def say(words: Message) -> str:
            return words.in_language(sheet.language)

        self.title = f"{sheet.title} – {say(msg('Key'))}" if key else sheet.title
        self.name = f"{say(msg('Name'))}:"
        self.objective = (
            say(msg("Objective: {objective}", objective=sheet.objective)) if sheet.objective else ""
        )
        self.given, self.values = say(msg("Given")), say(msg("After the forward pass"))
        self.questions = say(msg("Questions"))
        self.digits = say(msg("Numbers to three significant digits."))
        self.because = say(msg("How: {why}", why="\n"))
        self.mistake = say(msg("{numbers}: {mistake}", numbers="\n", mistake="\r"))

    def how(self, why: str) -> str:
        """How one gets to an answer."""
        return self.because.replace("\n", why)

    def wrong(self, numbers: str, mistake: str) -> str:
        """What a mistake leads to."""
        return self.mistake.replace("\n", numbers).replace("\r", mistake)


# Markdown


def _markdown(sheet: Worksheet, key: bool) -> Iterator[str]:
    words = _Words(sheet, key)
    yield from (f"# {escaped(words.title)}", "")
    if not key:
        yield from (f"{escaped(words.name)} {_LINE}", "")
    for text in (sheet.description, words.objective):
        yield from (escaped(text), "") if text else ()
    for heading, quantities in ((words.given, sheet.given), (words.values, sheet.values)):
        yield from (f"## {escaped(heading)}", "")
        for formula in _formulas(quantities):
            yield from ("```math", formula, "```", "")
    yield from (f"## {escaped(words.questions)}", "", escaped(words.digits), "")
    for item in sheet.items:
        yield from (f"**{item.number}.** {escaped(item.text)}", "")
        for blank in item.blanks:
            filled = rf"\mathbf{{{_answer_tex(blank.answer)}}}" if key else _RULE
            yield from ("```math", f"{blank.tex} = {filled}" if blank.tex else filled, "```", "")
        for at, choice in enumerate(item.choices):
            chosen = "x" if key and at == item.right else " "
            yield f"- [{chosen}] ({_LETTERS[at]}) {escaped(choice)}"
        yield from [""] * bool(item.choices)
        if key:
            yield from (escaped(words.how(item.why)), "") if item.why else ()
            yield from (f"- {escaped(words.wrong(*mistake))}" for mistake in item.mistakes)
            yield from [""] * bool(item.mistakes)


_LINE: Final = r"\_" * 30
_RULE: Final = r"\underline{\hspace{4cm}}"


def _formulas(quantities: Sequence[Quantity]) -> Iterator[str]:
    """Numbers that follow each other a few in a line, every tensor by itself."""
    for is_number, group in groupby(quantities, key=lambda each: each.value.shape == ()):
        shown = [*map(value_tex, group)]
        most = _NUMBERS_IN_A_LINE if is_number else 1
        yield from (r" \qquad ".join(shown[at : at + most]) for at in range(0, len(shown), most))


_NUMBERS_IN_A_LINE: Final = 3


def _answer_tex(answer: str) -> str:
    return number_tex(answer) if _NUMBER.fullmatch(answer) else words_tex(answer)


_NUMBER: Final = re.compile(r"-?[\d.]+(?:e-?\d+)?")


# LaTeX


def _latex(sheet: Worksheet, key: bool) -> Iterator[str]:
    yield document(_latex_lines(sheet, key))


def _latex_lines(sheet: Worksheet, key: bool) -> Iterator[str]:
    words = _Words(sheet, key)
    yield rf"{{\LARGE\bfseries {tex_text(words.title)}\par}}"
    if not key:
        yield rf"\medskip {tex_text(words.name)} \rule{{7cm}}{{0.4pt}}\par"
    for text in (sheet.description, words.objective):
        yield from (r"\medskip", tex_text(text) + r"\par") if text else ()
    for heading, quantities in ((words.given, sheet.given), (words.values, sheet.values)):
        yield rf"\section{{{tex_text(heading)}}}"
        yield from (rf"\formula{{{formula}}}" for formula in _formulas(quantities))
    yield rf"\section{{{tex_text(words.questions)}}} {tex_text(words.digits)}\par"
    for item in sheet.items:
        yield r"\filbreak\medskip"
        yield rf"\textbf{{{item.number}.}} {tex_text(item.text)}\par"
        for blank in item.blanks:
            filled = rf"\mathbf{{{_answer_tex(blank.answer)}}}" if key else r"\rule{4cm}{0.4pt}"
            yield rf"\formula{{{blank.tex} = {filled}}}" if blank.tex else rf"\formula{{{filled}}}"
        for at, choice in enumerate(item.choices):
            box = r"\boxtimes" if key and at == item.right else r"\square"
            yield rf"\hspace*{{1em}}${box}$ ({_LETTERS[at]}) {tex_text(choice)}\par"
        if key:
            yield from [rf"{{\small {tex_text(words.how(item.why))}\par}}"] * bool(item.why)
            yield from (rf"{{\small\quad {tex_text(words.wrong(*each))}\par}}" for each in item.mistakes)


# HTML


def _html(sheet: Worksheet, key: bool) -> Iterator[str]:
    words = _Words(sheet, key)
    yield from (
        "<!DOCTYPE html>",
        f'<html lang="{escape(sheet.language)}">',
        "<head>",
        '<meta charset="utf-8">',
    )
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{escape(words.title)}</title>"
    yield from (f"<style>{_STYLE}</style>", "</head>", "<body>", f"<h1>{escape(words.title)}</h1>")
    if not key:
        yield f'<p>{escape(words.name)} <span class="blank"></span></p>'
    yield from (f"<p>{escape(text)}</p>" for text in (sheet.description, words.objective) if text)
    for heading, quantities in ((words.given, sheet.given), (words.values, sheet.values)):
        yield from (f"<h2>{escape(heading)}</h2>", "<div>")
        yield from map(_html_quantity, quantities)
        yield "</div>"
    yield from (f"<h2>{escape(words.questions)}</h2>", f"<p>{escape(words.digits)}</p>", "<ol>")
    for item in sheet.items:
        yield from _html_item(item, words, key)
    yield from ("</ol>", "</body>", "</html>")


_STYLE: Final = (
    "body{font:16px/1.5 serif;max-width:46em;margin:2em auto;padding:0 1em}"
    "li{margin:1em 0;break-inside:avoid}"
    ".q{display:inline-flex;align-items:center;margin:.3em 1.5em .3em 0}"
    "table{border-left:1px solid;border-right:1px solid;border-radius:4px;margin-left:.3em}"
    "td{padding:0 .4em;text-align:right}"
    ".blank{display:inline-block;min-width:9em;border-bottom:1px solid;height:1.2em}"
    ".choice{display:block}small{display:block;color:#444}"
)


def _html_quantity(each: Quantity) -> str:
    name = f"<i>{escape(each.name)}</i>&nbsp;= "
    if each.value.shape and is_written_out(each.value):
        rows = (
            "".join(f"<td>{escape(entry.strip())}</td>" for entry in row) for row in number_rows(each.value)
        )
        return f'<span class="q">{name}<table>{"".join(f"<tr>{row}</tr>" for row in rows)}</table></span>'
    return f'<span class="q">{name}{escape(summary(each.value))}</span>'


def _html_cell(entry: str) -> str:
    return f"<td>{escape(entry.strip())}</td>"


def _html_item(item: Item, words: _Words, key: bool) -> Iterator[str]:
    yield f"<li>{escape(item.text)}"
    for blank in item.blanks:
        filled = f"<b>{escape(blank.answer)}</b>" if key else '<span class="blank"></span>'
        name = f"{escape(blank.name)} = " if blank.name else ""
        yield f'<span class="choice">{name}{filled}</span>'
    for at, choice in enumerate(item.choices):
        box = "☒" if key and at == item.right else "☐"
        yield f'<span class="choice">{box} ({_LETTERS[at]}) {escape(choice)}</span>'
    if key:
        yield from [f"<small>{escape(words.how(item.why))}</small>"] * bool(item.why)
        yield from (f"<small>{escape(words.wrong(*each))}</small>" for each in item.mistakes)
    yield "</li>"


_WRITTEN: Final[Mapping[str, Callable[[Worksheet, bool], Iterator[str]]]] = {
    ".tex": _latex,
    ".html": _html,
    ".htm": _html,
}
"""By the ending of the file; any other is Markdown."""
