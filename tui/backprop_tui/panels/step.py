"""The panel about the step: its equation first, then what the node is, why, and the line of NumPy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, NamedTuple

from backprop_engine.derived import derived
from backprop_engine.explain.common_facts import FactsKind
from backprop_engine.explain.facts import (
    AccumulateFacts,
    BackwardFacts,
    ClearFacts,
    StartFacts,
    StepFacts,
    step_facts,
)
from backprop_engine.graph.graph import Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, line_text, line_width, plain, wrap_line, wrap_lines
from backprop_tui.cells.summaries import summary
from backprop_tui.panel_slots import PANEL_SLOTS
from backprop_tui.panels.run_pages import ending, is_at_end, is_at_start, opening
from backprop_tui.panels.watches import watch_lines
from backprop_tui.render.words import code, note, remarks, remarks_to_the_note, story, words
from backprop_tui.view import View

__all__ = ["chain_rule", "equation_title", "step", "step_title", "text_of"]

_NARROWEST: Final = 10
_TWO_COLUMNS: Final = 100
"""The cells from which formulas and words are side by side."""
_GAP: Final = 4
_LEAST: Final = 9
"""The rows that the equation is given at least, where the author's note leaves as many."""
_NARROWEST_NOTE: Final = 20
"""The fewest cells for words beside an equation."""
_LOW: Final = 12
"""With fewer rows, fractions need no blank row around them."""
_LEAST_FORMULA: Final = 3
"""The rows of the lowest formula with its title."""
_SHARE: Final = 3, 5
"""What heatmaps take at most where there is more to say."""
_TITLES: Final[dict[FactsKind, Message]] = {
    "forward": msg("Forward"),
    "seed": msg("Seed"),
    "backward": msg("Chain rule"),
    "accumulate": msg("Accumulate"),
    "all-reduce": msg("All-reduce"),
    "update": msg("Update"),
}
"""What is in the panel's border in place of its name."""
_TITLE: Final = next(slot.title for slot in PANEL_SLOTS if slot.name == "step")
_LETTERS: Final = re.compile(r"[A-Za-z]{2}")
"""What distinguishes abbreviations, such as ``sm+CE``."""
_PASTED: Final = 60
"""The cells of a tensor that is pasted elsewhere."""
_PAGE: Final = 78, 20
"""The columns and rows of an equation that is."""
_BLANK: Final[Line] = (Span(""),)


def step_title(view: View) -> str:
    """What kind of step it is, and what it is about; for the pages of a whole run, what those are."""
    if is_at_end(view):
        return msg("The end of the run").in_language(view.language)
    return equation_title(view)


def equation_title(view: View) -> str:
    """What kind of step it is, and what it is about; before the first one, what the run is about."""
    if is_at_start(view):
        return view.title
    facts = view.facts
    name = _TITLES.get(facts.kind, _TITLE).in_language(view.language)
    spelled = _spelled_out(facts.node) if isinstance(facts, BackwardFacts) else ""
    return " ─ ".join(part for part in (name, facts.subject, spelled) if part)


def _spelled_out(node: Node) -> str:
    """The name of an operator whose sign is an abbreviation; empty where the sign tells it."""
    op = node.op
    abbreviated = op is not None and op.name != op.sign and _LETTERS.search(op.sign) is not None
    return op.name if op is not None and abbreviated else ""


def step(view: View, width: int, height: int) -> Drawing:
    """The step's page; before the first step, what the run is, and after the last one, its results."""
    width = max(_NARROWEST, width)
    if is_at_start(view):
        return opening(view, width, height)
    return _with_the_ending(view, width, height) if is_at_end(view) else _page(view, width, height)


def _with_the_ending(view: View, width: int, height: int) -> Lines:
    """The results of the run, below the page of the last step; if both do not fit, the step is dropped
    first.
    """
    facts = view.facts
    came = ending(view, width)
    room = height - len(came.low) - 1
    above: list[Line] = []
    for further in (True, False) if room >= _LEAST else ():
        above = above if 0 < len(above) <= room else [*_page(view, width, room, further=further).lines]
    noted = wrap_lines(note(facts, view.language), width)
    if not 0 < len(above) <= room and room - len(noted) - 1 >= _LEAST and not isinstance(facts, ClearFacts):
        found = _with_its_check(facts, view.language, width, room - len(noted) - 1)
        above = [*found.lines, *([_BLANK] * bool(noted)), *noted]
    elif not 0 < len(above) <= room:
        above, left = noted, height - len(came.least)
        if left >= _LEAST and isinstance(facts, BackwardFacts | AccumulateFacts):
            page = _page(view, width, left, further=False).lines[:left]
            if not noted or noted[-1] in page:  # all that the author says has room
                return Lines.of([*page, *[_BLANK] * (left - len(page)), *came.least])
    between = [_BLANK] * (0 < len(above) <= room)
    below = came.drawn(height - len(above) - len(between))
    return Lines.of([*above, *between, *below.lines])


def _page(view: View, width: int, height: int, *, further: bool = True) -> Lines:
    """The equation with its check; below it what the node is, the words, and the line of NumPy.

    Formulas that do not fit above the words come last, and none where there is no room for any: the equation
    has the symbols too.
    """
    facts, small = view.facts, not view.ascii
    if watch_lines(view, width):
        return _composed(
            facts,
            view.language,
            width,
            height,
            lambda room: watch_lines(view, room),
            small=small,
            further=further,
        )
    noted = facts.note.in_language(view.language) if facts.note else ""
    return _kept_page(
        facts.trace,
        facts.frame.position,
        noted,
        view.language,
        width,
        height,
        small=small,
        further=further,
        awaited=view.awaits_check,
    )


@derived(limit=32)  # users step back to what they have just seen as often as forward
def _kept_page(
    trace: Trace,
    position: int,
    noted: str,
    language: str,
    width: int,
    height: int,
    *,
    small: bool,
    further: bool,
    awaited: bool,
) -> Lines:
    """The page of a step at which nothing is watched, with what the author says about it."""
    facts = step_facts(trace.frame(position), awaited=awaited)
    facts = replace(facts, note=LocalText({language: noted}) if noted else None)
    return _composed(facts, language, width, height, lambda room: [], small=small, further=further)


def _composed(
    facts: StepFacts,
    language: str,
    width: int,
    height: int,
    watched: Callable[[int], list[Line]],
    *,
    small: bool,
    further: bool,
) -> Lines:
    """The page of a step; `watched` gives what is watched in lines of a width.

    It goes `further` with what the step means in numbers.
    """
    said = [*remarks(facts, language, in_numbers=False), *code(facts)]
    wrapped = [wrap_line(line, width) for line in said]
    if isinstance(facts, StartFacts | ClearFacts):
        return Lines.of([*chain(*wrapped), *watched(width)])
    first = remarks_to_the_note(facts, language)  # `said` begins with it
    noted = sum(map(len, wrapped[: len(first)]))
    hero = _hero(facts, language, width, height, noted, sum(map(len, wrapped)) + len(watched(width)))
    if first and len(hero) + noted > height:
        tight = _close(Block.of(hero))
        if tight.height + noted <= height:
            hero = tight.lines
        elif beside := _beside_the_note(facts, language, width, height, first):
            del said[: len(first)], wrapped[: len(first)]
            hero, noted = beside, 0
        elif height >= _LEAST:
            hero = _with_its_check(facts, language, width, height - noted).lines
    meant, worked = _in_numbers(facts, language, width) if further else ([], [])
    said = [*said, *meant]
    told = [*chain(*wrapped), *wrap_lines(meant, width), *watched(width)]
    below = height - len(hero) - 1
    if worked and len(told) + len(worked) + 1 <= below:  # as a second line of the equation
        hero, below, worked = [*hero, _BLANK, *worked], below - len(worked) - 1, []
    between = [_BLANK] * (noted <= below)
    rows = height - len(hero) - len(between)
    if below - len(told) > _LEAST_FORMULA or width >= _TWO_COLUMNS:
        formulas = _formulas(facts, language, width, small=small)
        if width >= _TWO_COLUMNS and 0 < formulas.width <= width // 2:
            room = width - formulas.width - _GAP
            left = _uncut(formulas.lines, rows)
            told = _side_by_side(left, formulas.width, [*wrap_lines(said, room), *watched(room)])
        elif formulas.height:
            fits = formulas.height + 1 + len(told) <= below
            after = _uncut(formulas.lines, rows - len(told) - 1)
            told = [*formulas.lines, _BLANK, *told] if fits else [*told, _BLANK, *after]
    told = [*told, *([_BLANK, *worked] if worked else [])]
    margin = [_BLANK] * (len(told) < below)
    return Lines.of([*margin, *hero, *between, *told])


def _in_numbers(facts: StepFacts, language: str, width: int) -> tuple[list[Line], list[Line]]:
    """What the step means in numbers, in words; and how the local gradient is worked out, unless its formula
    below shows that in numbers already.
    """
    from backprop_tui.render.equation.working import working_lines  # not needed before the first step
    from backprop_tui.render.meaning import meaning

    return meaning(facts, language), working_lines(facts, language, width, written=False)


def chain_rule(view: View, width: int, height: int) -> Drawing:
    """The equation and its check alone, in the middle."""
    facts = view.facts
    if isinstance(facts, StartFacts | ClearFacts):
        return Lines.of(wrap_lines(words(facts, view.language), width))
    found = _with_its_check(facts, view.language, width - 2, height, False)
    margin = [_BLANK] * min(2, (max(0, height - len(found.lines)) + 1) // 2)
    return Lines.of([*margin, *((Span(" "), *line) for line in found.lines)])


def text_of(view: View) -> str:
    """The chosen node, else the step's equation and words, as text to be pasted elsewhere."""
    if view.session.selection is not None:
        node = view.graph.nodes[view.session.selection]
        gradient = summary(view.frame.gradient(node), _PASTED)
        return f"{node.name} = {summary(view.frame.value(node), _PASTED)}, gradient {gradient}"
    equation = chain_rule(view, _PAGE[0], _PAGE[1])
    rows = [equation.row(y, 0, _PAGE[0]) for y in range(equation.height)]
    return plain([*rows, *wrap_lines(story(view.facts, view.language), _PAGE[0])]).strip("\n")


def _hero(facts: StepFacts, language: str, width: int, height: int, noted: int, told: int) -> Sequence[Line]:
    """The equation and its check, as large as what is `told` below leaves; the author's note is in view.

    Numbers are written as large as they can be. Pictures get no more than their share, nor does an equation
    that goes on below the product. For a note no number becomes a picture where rows are few.
    """
    most = height - noted - 1
    shared = max(height * _SHARE[0] // _SHARE[1], height - told - 1, min(_LEAST, height - noted))
    from backprop_tui.render.equation.equation import has_heatmaps

    if has_heatmaps(facts, language, width, height):
        return _with_its_check(facts, language, width, shared).lines
    found = _with_its_check(facts, language, width, max(most, min(_LEAST, height - noted)))
    if found.is_picture and noted:
        alone = _with_its_check(facts, language, width, height)
        found = found if alone.is_picture else alone
    if (found.is_picture or (found.is_stacked and height >= _LOW)) and len(found.lines) > shared:
        found = _with_its_check(facts, language, width, shared)
    return found.lines


def _beside_the_note(
    facts: StepFacts, language: str, width: int, height: int, first: Sequence[Line]
) -> list[Line]:
    """The equation in all its numbers, with what is to be said `first` at its right; nothing where one of the
    two would not be seen whole.

    What is said of the local gradient is below the note where the equation has no room for it.
    """
    rule = _said_of_local(facts, language)
    local = _named_local(rule, language)
    unbroken = line_width(local) if rule.startswith("=") else 0  # words may go on in the next line
    for said, least in ((first, 0), ([*first, local], unbroken), (first, unbroken)):
        columns = (wrap_lines(said, cells) for cells in range(max(_NARROWEST_NOTE, least), width // 2))
        words = next((column for column in columns if len(column) <= height), None)
        left = width - _GAP - max(map(line_width, words)) if words else 0
        if not words or left < _NARROWEST:
            continue
        found = _with_its_check(facts, language, left, height)
        block = Block.of(found.lines)
        is_whole = block.height <= height and block.width <= left and not found.is_cut
        if is_whole and not found.is_picture and _says(block, rule) == (said is first):
            return _side_by_side(found.lines, left, words)
    return []


class _Checked(NamedTuple):
    """The rows of an equation and of its check, whether there is a heatmap among them, whether what the
    product is made of is below it, and whether anything in the equation is cut.
    """

    lines: Sequence[Line]
    is_picture: bool
    is_stacked: bool
    is_cut: bool


def _formulas(facts: StepFacts, language: str, width: int, *, small: bool) -> Block:
    from backprop_tui.render.formulas.page import formula_block  # before the first step nothing needs it

    return formula_block(facts, language, width, small=small, said=True)


def _with_its_check(facts: StepFacts, language: str, width: int, height: int, close: bool = True) -> _Checked:
    """Where fractions may be `close` to the border, a low panel has them too."""
    from backprop_tui.render.check_line import numeric_line, room_for_check
    from backprop_tui.render.equation.equation import equation

    line = numeric_line(facts, language)
    reserved = room_for_check(facts, language)
    check = _with_room(line, reserved, width) if line else []
    rule = _said_of_local(facts, language)
    rows = max(4, height - len(check))
    block = equation(facts, language, width, rows, tall=True)
    is_picture = any(leaf.is_picture for leaf in block.leaves())
    if close and rows < _LOW and not is_picture and not _has_fractions(block):
        ways = (equation(facts, language, width, rows + more, tall=True) for more in (2, 3))
        found = ((way if way.height <= rows else _close(way)) for way in ways)
        block = next((way for way in found if way.height <= rows and _has_fractions(way)), block)
    if rule and not _says(block, rule):  # its column has no room for that
        said = _named_local(rule, language)
        longer = (*line, Span("   "), *said)
        if max(line_width(line), line_width(reserved)) + line_width(longer) - line_width(line) <= width:
            check = [longer]
        elif line_width(said) <= width:
            lower = block if block.height < rows else _close(block)
            block, check = (lower, [said, *check]) if lower.height < rows else (block, check)
    lines = block.padded(width).lines
    between = [_BLANK] * bool(check and height > len(lines) + len(check))
    centred = [line for piece in check for line in Block.of([piece]).padded(width).lines]
    return _Checked([*lines, *between, *centred], is_picture, _is_stacked(lines), "…" in plain(lines))


def _with_room(line: Line, reserved: Line, width: int) -> list[Line]:
    """A line in as many rows as its longest form takes, `reserved`."""
    rows, most = wrap_lines([line], max(1, width)), -(-line_width(reserved) // max(1, width))
    return [*rows, *([_BLANK] * (most - len(rows)))]


def _said_of_local(facts: StepFacts, language: str) -> str:
    """What is said in words of a local gradient: that it is 1 everywhere, or what it does; else nothing."""
    from backprop_tui.render.equation.local_column import said_of_ones

    if not isinstance(facts, BackwardFacts):
        return ""
    does = facts.local.description
    return said_of_ones(facts.local, language) or (does.in_language(language) if does else "")


def _named_local(rule: str, language: str) -> Line:
    """What is said in words of the local gradient, after its name."""
    sign = " " if rule.startswith("=") else ": "
    return (Span(f"{msg('local').in_language(language)}{sign}{rule}", Role.DIM),)


def _says(block: Block, words: str) -> bool:
    """Whether an equation contains some words, in one line or more."""
    return not {*words.split()} - {*plain(block.lines).split()}


def _close(block: Block) -> Block:
    """An equation without the blank row above its numbers, if it has one."""
    blank = next((y for y, line in enumerate(block.lines) if not line_text(line).strip()), block.height)
    return Block.of([*block.lines[:blank], *block.lines[blank + 1 :]])


def _is_stacked(lines: Sequence[Line]) -> bool:
    """Whether the right side is below the product: a sign leads its rows."""
    return any(line_text(line).lstrip().startswith("=") for line in lines)


def _has_fractions(block: Block) -> bool:
    """Whether derivatives are fractions in it: their bars are in the second row of names."""
    return any("─" in text for line in block.lines[1:2] for text, _ in line)


def _uncut(formulas: Sequence[Line], rows: int) -> list[Line]:
    """With blank rows before the formula that would begin in the `rows` in view and end below them.

    Cut in two, the rest of a fraction reads as a different one: a raised exponent as the denominator.
    """
    blank = [not line_text(line).strip() for line in formulas]
    if not 0 < rows < len(formulas) or blank[rows - 1] or blank[rows]:
        return list(formulas)
    first = max((at + 1 for at in range(rows) if blank[at]), default=0)
    return [*formulas[:first], *([_BLANK] * (rows - first)), *formulas[first:]]


def _side_by_side(formulas: Sequence[Line], width: int, told: Sequence[Line]) -> list[Line]:
    """Formulas of at most `width` cells to the left of words."""
    left = Block.of(formulas)
    padding: Line = (Span(" " * (width + _GAP)),)
    lines: list[Line] = []
    for at in range(max(left.height, len(told))):
        before = (*left.lines[at], Span(" " * _GAP)) if at < left.height else padding
        lines.append((*before, *told[at]) if at < len(told) else before)
    return lines
