"""The worked example as Markdown of GitHub: formulas in mathematics, the graph as a diagram of Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from backprop_engine.messages.message import Message, msg
from backprop_tui.export.diagrams import mermaid
from backprop_tui.export.formats import Exported
from backprop_tui.export.sheets.handout import GivenLeaf, Handout, HandoutStep, handout

__all__ = ["escaped", "leaf_lines", "markdown", "table"]

_SPECIAL: Final = re.compile(r"[\\`*_{}\[\]<>~|#&]")
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_AT_START: Final = re.compile(r"^(\s*\d*)([-+=.)])", re.MULTILINE)
"""What begins a list, or underlines a heading."""
_MOST_DRAWN: Final = 120
"""A diagram of more nodes is not legible; GitHub draws none of more than 500 edges."""


def markdown(exported: Exported) -> str:
    """A handout as GitHub shows it; another reader of Markdown needs to know ``math`` and ``mermaid``."""
    page, language = handout(exported), exported.language
    return "\n".join(_lines(exported, page, language)).rstrip("\n") + "\n"


def _lines(exported: Exported, page: Handout, language: str) -> Iterator[str]:
    def say(words: Message) -> str:
        return escaped(words.in_language(language))

    yield from (f"# {escaped(page.title)}", "")
    for text in (page.description, page.iteration):
        yield from (escaped(text), "") if text else ()
    if page.source:
        yield from (f"*{say(msg('Source'))}:* {escaped(page.source)}", "")
    if len(exported.frame.graph.nodes) <= _MOST_DRAWN:
        yield from (f"## {say(msg('Graph'))}", "", "```mermaid", *_diagram(exported), "```", "")
    yield from (f"## {say(msg('Given'))}", "", *leaf_lines(page.leaves))
    for passage in page.passages:
        yield from (f"## {escaped(passage.heading)}", "")
        for step in passage.steps:
            yield from _step(step)
    yield from (f"## {say(msg('All nodes'))}", "")
    heads = (msg("name"), msg("is"), msg("shape"), msg("value"), msg("gradient"))
    rows = [(row.name, row.definition, row.shape, row.value, row.gradient) for row in page.nodes]
    yield from table([head.in_language(language) for head in heads], rows)


def _diagram(exported: Exported) -> Sequence[str]:
    """The diagram without its title, which the page has."""
    lines = mermaid(exported).rstrip("\n").split("\n")
    return lines[lines.index("---", 1) + 1 :]


def leaf_lines(leaves: Sequence[GivenLeaf]) -> Iterator[str]:
    """The leaves, by their kinds; numbers of one kind in one line."""
    for kind in dict.fromkeys(leaf.kind for leaf in leaves):
        these = [leaf for leaf in leaves if leaf.kind == kind]
        yield from (f"**{escaped(kind)}**", "")
        numbers = [leaf.formula for leaf in these if leaf.is_number]
        if numbers:
            yield from _displayed(r" \qquad ".join(numbers))
        for leaf in these:
            if not leaf.is_number:
                yield from _displayed(leaf.formula)


def _displayed(formula: str) -> tuple[str, ...]:
    """A formula by itself, in a fence, where no sign of it means anything to Markdown."""
    return "```math", formula, "```", ""


def _step(step: HandoutStep) -> Iterator[str]:
    subject = f" `{step.subject}`" if step.subject and "`" not in step.subject else ""
    yield from (f"### {step.position}. {escaped(step.kind)}{subject}", "")
    for formula in step.formulas:
        yield from _displayed(formula)
    if step.note:
        yield from (f"> {escaped(step.note)}", "")
    for text in step.said:
        yield from (escaped(text), "")
    if step.code:
        yield from ("```python", *step.code, "```", "")
    if step.check:
        yield from (f"*{escaped(step.check)}*", "")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; what is in a cell is text."""
    yield f"| {' | '.join(map(escaped, heads))} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(map(escaped, row))} |" for row in rows)
    yield ""


def escaped(text: str) -> str:
    """`text` that stays text in Markdown: no emphasis, link, list, formula or markup begins in it."""
    plain = _AT_START.sub(r"\1\\\2", _SPECIAL.sub(_escape, text))
    return plain.replace("$", "<span>$</span>")  # as GitHub wants it where formulas could begin


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    return _ENTITIES.get(sign, f"\\{sign}")
