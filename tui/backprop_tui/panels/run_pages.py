"""The pages of a whole run: what it is, before its first step, and its results, after its last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from backprop_engine.debugger.branches import BASELINE
from backprop_engine.explain.numbers import number
from backprop_engine.explain.run_overview import run_overview
from backprop_engine.messages.message import Message, msg
from backprop_tui.cells.drawing import Lines
from backprop_tui.cells.eighths import bar
from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width, wrap_line, wrap_lines
from backprop_tui.cells.shades import flow
from backprop_tui.cells.summaries import summary
from backprop_tui.cells.text import cell_width, clip_name
from backprop_tui.panels.watches import bars_of
from backprop_tui.view import View

if TYPE_CHECKING:
    from backprop_engine.explain.run_summary import LeafGradient, Tally

__all__ = ["Ending", "about", "ending", "is_at_end", "is_at_start", "opening"]

_NARROWEST: Final = 20
_GAP: Final = 3
"""The columns between two columns of bars, or two keys."""
_BAR, _ROWS = 12, 4
"""The cells of the longest bar, and from how many rows of them there are more columns."""
_NAMES: Final = 8
"""If there are more names than this, an ellipsis stands for the rest."""
_BLANK: Final[Line] = (Span(""),)
_APART: Final = Span(" " * _GAP)


def is_at_start(view: View) -> bool:
    """Whether no step is taken yet."""
    return not view.session.position and not view.session.levels


def is_at_end(view: View) -> bool:
    """Whether no step is left."""
    session = view.session
    return session.position == session.last and not session.levels and bool(session.last)


# Before the first step


def opening(view: View, width: int, height: int) -> Lines:
    """What the run is, what to watch for, and the first keys.

    If there is not room for all of it, what the graph shows as well is dropped first, and what `about` shows
    last; the keys never are.
    """
    width = max(_NARROWEST, width)
    told = wrap_lines(_told(view), width)
    facts = _labelled([*_objective(view), *_passes(view)], view.language, width)
    watched = _watched(view, width)
    keys = wrap_lines(_first_keys(view, width), width)
    room = height - len(told) - len(keys)
    for shown in ([*facts, *watched], watched, watched[:1]):
        if len(shown) <= room:
            return Lines.of(_spaced([told, shown, keys], height))
    if room < 0:
        told = [*told[: max(0, height - len(keys) - 1)], (Span("…", Role.DIM),)]
    return Lines.of([*told, *keys])


def about(view: View, width: int) -> list[Line]:
    """The same to be read at any step: the title, what the author says of the file, and what it computes."""
    width = max(_NARROWEST, width)
    told = wrap_lines([(Span(view.title, Role.HEADING),), *_told(view)], width)
    facts = _labelled([*_objective(view), *_passes(view)], view.language, width)
    return _spaced([told, facts, _watched(view, width)])


def _told(view: View) -> list[Line]:
    """The author's own words, and the source."""
    scenario = view.scenario
    told = scenario.description.in_language(view.language)
    lines: list[Line] = [(Span(line),) for line in told.splitlines()]
    if scenario.source:
        lines.append((Span(scenario.source, Role.DIM),))
    return lines


_Rows: TypeAlias = list[tuple[Message, Line]]
"""Lines after a label each."""


def _objective(view: View) -> _Rows:
    """The objective that the author states."""
    objective = " ".join(view.scenario.objective.in_language(view.language).split())
    return [(msg("objective"), (Span(objective),))] if objective else []


def _passes(view: View) -> _Rows:
    """What the graph computes, and which gradients result."""
    overview = run_overview(view.session.run.graph)
    computed = (Span(overview.output, Role.NAME), Span(f" = {overview.formula}"))
    gradients = (Span(f"∂{overview.loss}/∂… ", Role.GRADIENT), *_names(overview.receivers))
    rows: _Rows = [(msg("forward"), computed), (msg("backward"), gradients)]
    training = view.scenario.training
    if training is not None:
        words = _trained(training.steps, training.optimizer.name).in_language(view.language)
        rows.append((msg("training"), (Span(words),)))
        if batches := view.scenario.bindings.batches:
            seen = msg("{size} of {count} examples at a time", size=batches.size, count=batches.count)
            rows.append((msg("batches"), (Span(seen.in_language(view.language)),)))
    return rows


def _trained(steps: int, optimizer: str) -> Message:
    return msg("{steps} iterations of {optimizer}", steps=steps, optimizer=optimizer)


def _watched(view: View, width: int) -> list[Line]:
    """Where there is something to see: sums, the author's notes, and the breakpoints of the file."""
    scenario, graph, language = view.scenario, view.session.run.graph, view.language
    rows: _Rows = []
    if shared := run_overview(graph).shared:
        more = msg("used more than once: the gradient is a sum").in_language(language)
        rows.append((msg("watch for"), (*_names(shared), Span(f"  {more}"))))
    if scenario.notes:
        noted = [graph.nodes[position].name for position in sorted(scenario.notes)]
        more = msg("noted by the author").in_language(language)
        rows.append((msg("watch for"), (*_names(noted), Span(f"  {more}"))))
    if scenario.breakpoints:
        more = msg("{key} runs there", key=view.key("continue")).in_language(language)
        stops = ", ".join(scenario.breakpoints)
        rows.append((msg("stops at"), (Span(stops, Role.NAME), Span(f"  {more}"))))
    return _labelled(rows, language, width)


def _names(names: Sequence[str]) -> Line:
    shown = ", ".join(names[:_NAMES])
    return (Span(shown + ", …" * (len(names) > _NAMES), Role.NAME),)


def _labelled(rows: _Rows, language: str, width: int) -> list[Line]:
    """Rows after labels in a column of their own; a label that is that of the row above is not repeated."""
    labels = [label.in_language(language) for label, _ in rows]
    room = max(map(cell_width, labels), default=0) + 2
    lines: list[Line] = []
    before = ""
    for label, (_, line) in zip(labels, rows, strict=True):
        shown = "" if label == before else label
        for piece in wrap_line(line, max(_NARROWEST // 2, width - room)):
            lines.append((Span(shown + " " * (room - cell_width(shown)), Role.DIM), *piece))
            shown = ""
        before = label
    return lines


def _first_keys(view: View, width: int) -> list[Line]:
    steps = [("step", msg("step")), ("over", msg("node")), ("end", msg("end"))]
    helps = [("help", msg("help")), ("tour", msg("tour")), ("about", msg("about"))]
    first, second = _keys(steps, view), _keys(helps, view)
    together = (*first, Span(" " * _GAP), *second)
    return [together] if line_width(together) <= width else [first, second]


def _keys(keys: Sequence[tuple[str, Message]], view: View) -> Line:
    spans: list[Span] = []
    for name, label in keys:
        spans += [
            Span(view.key(name), Role.KEY),
            Span(f" {label.in_language(view.language)}"),
            Span(" " * _GAP),
        ]
    return tuple(spans[:-1])


# After the last step


class Ending(NamedTuple):
    """The results of a run, and what to do next: in `parts`, where rows are few in `low` ones, and in the
    `least` beside a step that needs the others.
    """

    parts: Sequence[Sequence[Line]]
    low: Sequence[Line]
    least: Sequence[Line]

    def drawn(self, height: int) -> Lines:
        """The parts, or in fewer rows where there are few."""
        return Lines.of(_spaced(self.parts, height) if sum(map(len, self.parts)) <= height else self.low)


def ending(view: View, width: int) -> Ending:
    """The results of the run."""
    width = max(_NARROWEST, width)
    outcome, checks = wrap_lines(list(_outcome(view, width)), width), wrap_lines(_checks(view), width)
    tries, following_one = _keys(_TRIES, view), _following(view)
    rows: _Rows = [(msg("try"), tries)]
    if following_one:
        rows.append((msg("next"), following_one))
    parts = [[*outcome, *_bars(view, width)], checks, _labelled(rows, view.language, width)]
    fewer = (_keys(_TRIES[:count], view) for count in range(len(_TRIES), 0, -1))
    rows_of_keys = [(*keys, Span(" " * _GAP), *following_one) for keys in fewer]
    one_row = next(
        (row for row in rows_of_keys if line_width(row) <= width), clip_line(rows_of_keys[-1], width)
    )
    keys = [one_row] if one_row is rows_of_keys[0] else [tries, clip_line(following_one, width)]
    low = [*outcome, *_bars(view, width, small=True), *checks, one_row]
    return Ending(parts, low, [*_in_short(view, width), *keys])


_TRIES: Final = (
    ("set", msg("what if?")),
    ("break", msg("breakpoint")),
    ("plot", msg("plots")),
)


def _in_short(view: View, width: int) -> list[Line]:
    """The output, and whether the checks hold, in one line where that fits."""
    outcome = next(_outcome(view, width), ())
    told = [span for span in outcome if span.role is not Role.DIM and span != _APART]
    checks = _checks(view)
    return wrap_lines([(*told, _APART, *checks[0]) if checks else tuple(told)], width)


def _following(view: View) -> Line:
    """The key that opens the next scenario, and its title; nothing where there is none."""
    entry = view.next_scenario
    if entry is None:
        return ()
    from backprop_tui.panels.scenarios import title_of_entry  # the end of a run needs it, its start does not

    return (Span(view.key("next_scenario"), Role.KEY), Span(f" {title_of_entry(entry, view.language)}"))


def _outcome(view: View, width: int) -> Iterator[Line]:
    """The output; for a training run, the course of the loss."""
    session, overview = view.session, run_overview(view.session.run.graph)
    run, value = session.run, session.trace.values[view.session.run.graph.output]
    if not run.has_iterations:
        yield (
            Span(overview.output, Role.NAME),
            Span(" = "),
            Span(summary(value), Role.VALUE),
            _APART,
            Span(msg("norms of the gradients, log scale").in_language(view.language), Role.DIM),
        )
        return
    losses = run.history.losses
    if len(losses) < run.iterations or value.shape != ():
        return
    training = run.training
    words = (
        _trained(training.steps, training.optimizer.name)
        if training is not None
        else msg("{count} iterations", count=run.iterations)
    )
    first, last = float(losses[0]), float(losses[-1])
    yield (
        Span(overview.output, Role.NAME),
        Span(": "),
        Span(number(first, 4), Role.VALUE),
        Span(" → "),
        Span(number(last, 4), Role.ACTIVE_VALUE if isfinite(last) else Role.TROUBLE),
        Span(f"   {words.in_language(view.language)}", Role.DIM),
    )
    room = min(width, 60, len(losses))
    last_place = len(losses) - 1
    shown: list[float | None] = [
        float(losses[column * last_place // max(1, room - 1)]) for column in range(room)
    ]
    yield (Span(bars_of(shown, ascii_only=view.ascii), Role.VALUE),)


def _bars(view: View, width: int, *, small: bool = False) -> list[Line]:
    """A bar for the gradient of every leaf, in columns if there are many; all begin at the same size."""
    from backprop_engine.explain.run_summary import gradients_of_leaves  # nothing needs it until the end

    gradients = gradients_of_leaves(view.session.trace)
    if not gradients:
        return []
    named = min(max(cell_width(each.name) for each in gradients), width // 3)
    sizes = [number(each.size, 3) for each in gradients]
    digits = max(map(len, sizes))
    long = max(1, min(_BAR // 2 if small else _BAR, width - named - digits - 2))
    cells = named + 1 + long + 1 + digits
    most = (width + _GAP) // (cells + _GAP)
    columns = max(1, min(most, len(gradients) if small else -(-len(gradients) // _ROWS)))
    rows = -(-len(gradients) // columns)
    pieces = []
    for each, size in zip(gradients, sizes, strict=True):
        line = _bar(each, size, named, long, view)
        pieces.append((*line, Span(" " * (cells - line_width(line) + _GAP))))
    return [tuple(span for line in pieces[row::rows] for span in line)[:-1] for row in range(rows)]


def _bar(gradient: LeafGradient, size: str, named: int, long: int, view: View) -> Line:
    name = clip_name(gradient.name, named)
    good = isfinite(gradient.size)
    drawn = bar(gradient.share, long, ascii=view.ascii) if gradient.size and good else ""
    return (
        Span(name + " " * (named - cell_width(name) + 1), Role.NAME),
        Span(drawn, flow(gradient.share)),
        Span(" " * (long - len(drawn) + 1)),
        Span(size, Role.GRADIENT if good else Role.TROUBLE),
    )


def _checks(view: View) -> list[Line]:
    """How many numeric checks and expected figures hold."""
    session = view.session
    from backprop_engine.explain.run_summary import (
        blank_figures,
        expected_figures,
        is_long_summary,
        run_summary,
    )
    from backprop_engine.scenario.read.yaml_nodes import BLANK

    if view.awaits_check and is_long_summary(session.trace):
        from backprop_tui.render.check_line import awaited_line

        return [awaited_line(view.language)]
    counts: list[tuple[Message, Tally]] = []
    checks = run_summary(session.trace).checks
    if checks is not None:
        counts.append((msg("numeric checks"), checks))
    blank = 0
    if session.branches.current == BASELINE:
        figures = expected_figures(session.trace, view.scenario)
        blank = blank_figures(session.trace, view.scenario)
        if figures.of:
            counts.append((msg("expected figures"), figures))
    spans: list[Span] = []
    for label, count in counts:
        good = count.good == count.of
        words = msg(
            "{good} of {of} {what}", good=count.good, of=count.of, what=label.in_language(view.language)
        ).in_language(view.language)
        spans += [Span(f"{'✓' if good else '✗'} {words}", Role.GOOD if good else Role.TROUBLE), Span("   ")]
    if blank:
        left = msg("1 blank") if blank == 1 else msg("{count} blanks", count=blank)
        spans += [Span(f"{BLANK} {left.in_language(view.language)}", Role.DIM), Span("   ")]
    return [tuple(spans[:-1])] if spans else []


# Both


def _spaced(parts: Sequence[Sequence[Line]], height: int | None = None) -> list[Line]:
    """The parts below each other, with a blank line between them where all of that fits into `height`."""
    there = [part for part in parts if part]
    roomy = height is None or sum(map(len, there)) + len(there) - 1 <= height
    lines: list[Line] = []
    for part in there:
        lines += [_BLANK] * bool(lines and roomy) + list(part)
    return lines
