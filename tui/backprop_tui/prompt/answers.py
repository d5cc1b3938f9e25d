"""Answers to questions about a run: values, contributions, paths, differences, nudges."""

from __future__ import annotations

import re
from math import floor, log10
from typing import Final

import numpy as np

from backprop_engine.arrays import Tensor, same
from backprop_engine.debugger import Session, SwitchBranch, update
from backprop_engine.debugger.queries import (
    Difference,
    Nudge,
    Path,
    compare,
    contributions,
    first_difference,
    nudge,
    paths,
    search,
)
from backprop_engine.debugger.screen_words import STEP_WORDS
from backprop_engine.debugger.watches import value_of_watch
from backprop_engine.errors import UsageError
from backprop_engine.explain.facts import step_facts
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import formula, gradient_name, operand_text
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.translations import languages
from backprop_engine.trace.run import Run
from backprop_tui.cells.lines import Line, Role, Span, line_text
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import progress, summary
from backprop_tui.prompt.described import described_word
from backprop_tui.prompt.outcome import Context, Outcome, one_line, table, tensor_lines
from backprop_tui.prompt.values import TensorReference, check_entry, node_named, parse_target
from backprop_tui.queries import Compare, Expect, Find, ListNodes, NudgeLeaf, Print, Who, Why
from backprop_tui.render.differences import change
from backprop_tui.render.one_line import step_lines
from backprop_tui.render.words import KIND_NAMES

__all__ = [
    "compared",
    "differences",
    "expected",
    "found",
    "nodes",
    "nudged",
    "printed",
    "who",
    "why",
]

_MOST: Final = 20
_MOST_FACTORS: Final = 6
_MOST_STATIONS: Final = 20
_AT_A_GLANCE: Final = 8
_NAME: Final = re.compile(r"[^\W\d][\w.#/\[\]-]*")


def _more(count: int, language: str) -> list[Line]:
    """How many were left out, if any were."""
    if count <= 0:
        return []
    return [
        (Span("  "), Span(msg("… and {count} more", count=_counted(count)).in_language(language), Role.DIM))
    ]


def _counted(count: int) -> str:
    """A count in digits, or its order of magnitude if it has very many: paths double at every fork."""
    if count < 10**15:
        return str(count)
    power, mantissa = divmod(log10(count), 1)
    return f"{10**mantissa:.2f}e{int(power)}"


# Values


def printed(session: Session, query: Print, context: Context) -> list[Line]:
    """A node, a gradient, or an expression, at this position."""
    _, language, width = context
    word = _step_word(query.text, session.graph)
    if word:
        value = _evaluated(session, word)
        return tensor_lines(_name_of(word, session), value, _ROLES[word], language, width)
    target = _named(query.text, session.graph)
    if target is None:
        try:
            value = _evaluated(session, query.text)
        except UsageError:
            described = described_word(query.text, session, context)
            if not described:
                raise
            return described
        return tensor_lines(" ".join(query.text.split()), value, Role.VALUE, language, width)
    frame, node = session.frame, target.node
    if not target.gradient:
        return tensor_lines(node.name, frame.value(node), Role.VALUE, language, width)
    if not session.graph.gets_gradient(node.position):
        raise UsageError(msg("{name} gets no gradient", name=node.name))
    lines = tensor_lines(
        gradient_name(session.graph, node), frame.gradient(node), Role.GRADIENT, language, width
    )
    partial = progress(*frame.arrived(node))
    return [(*lines[0], Span(partial, Role.DIM)), *lines[1:]] if partial else lines


_ROLES: Final = {
    "value": Role.VALUE,
    "grad": Role.GRADIENT,
    "upstream": Role.GRADIENT,
    "local": Role.LOCAL,
    "product": Role.GRADIENT,
}
_LABELS: Final = {
    "value": (msg("value"),),
    "grad": (msg("gradient"),),
    "upstream": (msg("upstream"),),
    "local": (msg("local"), msg("local gradient")),
    "product": (msg("product"),),
}
"""The panels' names for the parts of a step."""


def _step_word(typed: str, graph: Graph) -> str:
    """The part of the step that `typed` is, by its label in any language; empty for anything else."""
    if typed in graph:
        return ""
    if typed in _LABELS:
        return typed
    called = (
        word
        for word, labels in _LABELS.items()
        if any(label.in_language(language) == typed for label in labels for language in languages())
    )
    return next(called, "")


def _name_of(word: str, session: Session) -> str:
    """What a part of the step is called in symbols: ``∂L/∂h`` for upstream."""
    graph, edge, node = session.graph, session.frame.edge, session.frame.node
    if edge is None or word == "value":
        return word if node is None else gradient_name(graph, node) if word == "grad" else node.name
    if word == "local":
        local = LocalFacts(session.trace, edge)
        return local.factor.name if local.is_map else local.name
    return gradient_name(graph, graph.nodes[edge.node if word == "upstream" else edge.operand])


def _named(typed: str, graph: Graph) -> TensorReference | None:
    """The node or the gradient that has this name; None for an expression."""
    try:
        target = parse_target(typed, graph)
    except UsageError:
        return None
    return target if target.entry is None else None


def _evaluated(session: Session, typed: str) -> Tensor | None:
    """The value of an expression at this position."""
    try:
        return value_of_watch(typed, session.frame)
    except UsageError:
        try:
            target = parse_target(typed, session.graph)  # names such as f#1 are in no expression
        except UsageError:
            if _NAME.fullmatch(typed) and typed not in STEP_WORDS:
                node_named(typed, session.graph)  # says which name is nearest
            target = None
        if target is None or target.entry is None:
            raise
    frame = session.frame
    check_entry(target)
    whole = frame.gradient(target.node) if target.gradient else frame.value(target.node)
    entry: Tensor | None = None if whole is None else whole[target.entry]
    return entry


def expected(session: Session, query: Expect, context: Context) -> Outcome:
    """Whether an expression is true in every entry, and the words for it."""
    value = _evaluated(session, query.text)
    holds = value is not None and bool(np.all(value))
    text = " ".join(query.text.split())
    if value is None:
        answer = msg("not yet known at this position: {text}", text=text)
    elif holds:
        answer = msg("as expected: {text}", text=text)
    else:
        answer = msg("not as expected: {text}", text=text)
    lines = [one_line(answer.in_language(context.language), Role.GOOD if holds else Role.WARNING)]
    if value is not None and not holds and (closer := _nearly(session, text)):
        lines.append((Span(f"  {closer.in_language(context.language)}", Role.DIM),))
    return Outcome(session, tuple(lines), failed=not holds)


def _nearly(session: Session, text: str) -> Message | None:
    """Where two sides are equal but for their last digits: what to write instead of ``==``."""
    left, equal, right = (part.strip() for part in text.partition("=="))
    if not equal or _COMPARED.search(left + right):
        return None
    sides = _evaluated(session, left), _evaluated(session, right)
    found, wanted = (None if side is None else np.asarray(side, np.float64) for side in sides)
    if found is None or wanted is None or not np.allclose(found, wanted, _NEARLY, _NEARLY * 1e-3):
        return None
    gap = float(np.linalg.norm(np.ravel(found - wanted)))
    size = "norm" if found.ndim or wanted.ndim else "abs"
    other = right if _ALONE.fullmatch(right) else f"({right})"
    within = f"{size}({left} - {other}) < {10.0 ** (floor(log10(gap)) + 1):g}"
    return msg("`==` compares every digit; this holds: `{text}`", text=within)


_COMPARED: Final = re.compile("[<>=!]|\\b(?:and|or|not)\\b")
_ALONE: Final = re.compile(r"[\w.]+|\[[^\[\]]*\]")
"""A name, a number or a list, which needs no brackets."""
_NEARLY: Final = 5e-3
"""Two numbers of three significant digits differ by no more, as a part of them, if they round to the same."""


def nodes(session: Session, query: ListNodes, context: Context) -> list[Line]:
    """Every node with its value and its gradient."""
    graph, frame, language = session.graph, session.frame, context.language
    rows = []
    for node in graph.nodes:
        if node.kind is Kind.LITERAL:
            continue
        gets = graph.gets_gradient(node.position)
        gradient = summary(frame.gradient(node), 40) + progress(*frame.arrived(node)) if gets else ""
        rows.append(
            (
                Span(node.name, Role.NAME),
                Span(_what(graph, node, language)),
                Span(summary(frame.value(node), 40), Role.VALUE),
                Span(gradient, Role.GRADIENT),
            )
        )
    return table(rows)


def _what(graph: Graph, node: Node, language: str) -> str:
    return f"= {formula(graph, node)}" if node.op is not None else KIND_NAMES[node.kind].in_language(language)


# Gradients


def who(session: Session, query: Who, context: Context) -> list[Line]:
    """Every contribution to the gradient of a node, and where it counts."""
    language = context.language
    graph, trace, node = session.graph, session.trace, session.graph.nodes[query.node]
    brought = contributions(trace, node)
    name = f"{gradient_name(graph, node)}{_subscript(query.entry)}"
    if not brought:
        if query.node == graph.output and not trace.schedule.forward_only:
            position = _outer(session, trace.schedule.seed)
            return [
                one_line(
                    msg(
                        "{name} is the output: its gradient is the seed, set at {position}",
                        name=node.name,
                        position=position,
                    ).in_language(language)
                )
            ]
        return [one_line(msg("{name} gets no gradient", name=node.name).in_language(language), Role.DIM)]
    rows = [
        (
            Span(
                msg("at {position}", position=_outer(session, contribution.position)).in_language(language),
                Role.HEADING,
            ),
            Span(f"{graph.nodes[contribution.edge.node].name} → {node.name}", Role.NAME),
            Span(summary(contribution.tensor[query.entry], 60), Role.GRADIENT),
        )
        for contribution in brought
    ]
    title = msg("{gradient} has one contribution", gradient=name)
    if len(brought) > 1:
        title = msg("{gradient} is the sum of {count} contributions", gradient=name, count=len(brought))
    head = one_line(title.in_language(language))
    return [head, *table(rows[:_MOST]), *_more(len(rows) - _MOST, language)]


def _outer(session: Session, position: int) -> int:
    """A position of the current trace, as it is counted there."""
    return position if session.levels else session.run.start(session.iteration) + position


def why(session: Session, query: Why, context: Context) -> list[Line]:
    """The paths from the output to a node, with the product of local gradients along each."""
    language = context.language
    graph, node = session.graph, session.graph.nodes[query.node]
    name = f"{node.name}{_subscript(query.entry)}"
    ways = paths(session.trace, node)
    if not ways.total:
        return [one_line(msg("{name} gets no gradient", name=node.name).in_language(language), Role.DIM)]
    output = graph.nodes[graph.output].name
    title = msg("one path from {output} to {name}", output=output, name=name)
    if ways.total != 1:
        title = msg(
            "{count} paths from {output} to {name}", count=_counted(ways.total), output=output, name=name
        )
    lines = [one_line(title.in_language(language))]
    shown = ways.paths[:_MOST]
    for way in shown:  # a path of its own line each, as it may be long
        lines += [
            (Span("  "), _stations(graph, way, language)),
            (Span("    "), _product(session, way, query.entry)),
        ]
    lines += _more(ways.total - len(shown), language)
    if ways.sum is not None and ways.total > 1:
        total = msg("their sum is {sum}", sum=summary(ways.sum[query.entry], 60)).in_language(language)
        lines.append((Span("  "), Span(total, Role.GRADIENT)))
    return lines


def _stations(graph: Graph, way: Path, language: str) -> Span:
    """The nodes along a path; of a long one those at both ends."""
    names = [operand_text(graph.nodes[position]) for position in way.nodes]
    if len(names) > _MOST_STATIONS:
        ends = _MOST_STATIONS // 2
        between = msg("… {count} nodes …", count=len(names) - 2 * ends).in_language(language)
        names = [*names[:ends], between, *names[-ends:]]
    return Span(" → ".join(names), Role.NAME)


def _subscript(entry: tuple[int, ...]) -> str:
    """``[0,1]``; nothing for all of a tensor."""
    return f"[{','.join(map(str, entry))}]" if entry else ""


def _product(session: Session, way: Path, entry: tuple[int, ...]) -> Span:
    """The local gradients along a path, multiplied."""
    product = summary(way.product[entry], 60)
    if way.product.shape != () or not 2 <= len(way.edges) <= _MOST_FACTORS:
        return Span(product, Role.LOCAL)
    numbers = (LocalFacts(session.trace, edge).number for edge in way.edges)
    factors = [number(local, 4) for local in numbers if local is not None]
    spelled = [
        f"({factor})" if factor.startswith("-") and at else factor for at, factor in enumerate(factors)
    ]
    return Span(f"{' · '.join(spelled)} = {product}", Role.LOCAL)


def nudged(session: Session, query: NudgeLeaf, context: Context) -> list[Line]:
    """A leaf moved a little both ways, and what its gradient predicts."""
    language = context.language
    found = nudge(session.run, session.iteration, query.name, query.entry, query.size)
    name, size = f"{query.name}{_subscript(query.entry)}", number(query.size)
    output = msg("output").in_language(language)
    predicted = msg("predicted").in_language(language)
    change = query.size * found.gradient
    rows = [
        (
            Span(f"{name} {sign} {size}", Role.NAME),
            Span(f"{output} {number(after, 8)}", Role.VALUE),
            Span(f"{predicted} {number(found.before + by, 8)}", Role.DIM),
        )
        for sign, after, by in (("+", found.plus, change), ("−", found.minus, -change))
    ]
    rows.insert(0, (Span(name, Role.NAME), Span(f"{output} {number(found.before, 8)}", Role.VALUE)))  # type: ignore[arg-type]
    slope = f"{msg('slope').in_language(language)} {number(found.slope, 8)}"
    gradient = f"{msg('gradient').in_language(language)} {number(found.gradient, 8)}"
    slopes = (Span("  "), Span(slope), Span("  "), Span(gradient, Role.GRADIENT))
    return [*table(rows), slopes, *_forward(found, language)]


def _forward(found: Nudge, language: str) -> list[Line]:
    """The nodes on the way that a nudge moves: as they are, and nudged both ways."""
    shown = found.forward[:_MOST]
    rows: list[tuple[Span, ...]] = [
        (
            Span(moved.node.name, Role.NAME),
            Span(summary(moved.before), Role.VALUE),
            *(
                Span(f"{sign} {summary(nudged)}{change(nudged, moved.before)}", Role.VALUE)
                for sign, nudged in (("+", moved.plus), ("−", moved.minus))
            ),
        )
        for moved in shown
    ]
    return [*table(rows), *_more(len(found.forward) - len(shown), language)]


# Searching


def found(session: Session, query: Find, context: Context) -> Outcome:
    """Nodes by a part of their name, or steps of this iteration; and the nodes that either are about."""
    language = context.language
    graph, trace = session.run.graph, session.outer_trace
    earlier = session.run.trace(session.iteration - 1) if session.iteration and not session.levels else None
    hit = search(graph, trace, query.text, earlier)
    rows: list[tuple[Span, ...]] = []
    for position in hit.nodes[:_MOST]:
        node = graph.nodes[position]
        rows.append(
            (
                Span(node.name, Role.NAME),
                Span(_what(graph, node, language)),
                Span(shape_label(node.shape), Role.DIM),
            )
        )
    for position in hit.positions[:_MOST]:
        at = msg("at {position}", position=session.run.start(session.iteration) + position).in_language(
            language
        )
        taken, result = step_lines(step_facts(trace.frame(position)), language)
        rows.append((Span(at, Role.HEADING), Span(line_text((*taken, Span("  "), *result)))))
    if not rows:
        return Outcome(session, (one_line(msg("nothing found").in_language(language), Role.DIM),))
    count = len(hit.positions)
    if session.run.has_iterations:
        title = (
            msg("{count} steps of this iteration", count=count)
            if count != 1
            else msg("one step of this iteration")
        )
    else:
        title = msg("{count} steps", count=count) if count != 1 else msg("one step")
    head = [one_line(title.in_language(language))] if count else []
    steps = (trace.frame(position).node for position in hit.positions)
    about = {node.position for node in steps if node is not None}
    lines = [*head, *table(rows), *_more(len(hit.nodes) + count - len(rows), language)]
    return Outcome(session, tuple(lines), found=(*hit.nodes, *sorted(about)))


# Branches


def _run_of_branch(session: Session, name: str) -> Run:
    """The run of a branch; `UsageError` if there is none of that name."""
    if name == session.branches.current:
        return session.run
    known = session.runs.get(name)
    return known if known is not None else update(session, SwitchBranch(name)).run


def compared(session: Session, query: Compare, context: Context) -> list[Line]:
    """What differs between two branches in this iteration."""
    first, second = (_run_of_branch(session, name) for name in (query.first, query.second))
    return differences(session, first, second, query.first, context.language, _MOST)


def differences(
    session: Session, run_before: Run, run_after: Run, name: str, language: str, most: int = _AT_A_GLANCE
) -> list[Line]:
    """What `run_after` has different from `run_before`, which is called `name`: where it begins, which nodes.

    The output, which comes last, is always among them.
    """
    before, after = run_before.trace(session.iteration), run_after.trace(session.iteration)
    first = first_difference(before, after)
    differing = compare(before, after)
    if first is None or not differing:
        return [one_line(msg("nothing differs from {name}", name=name).in_language(language), Role.DIM)]
    position = session.run.start(session.iteration) + first
    if first == 0:  # a leaf is another from the first iteration on
        position = 0
    title = msg("one node differs from {name}, from position {first} on", name=name, first=position)
    if len(differing) > 1:
        title = msg(
            "{count} nodes differ from {name}, from position {first} on",
            count=len(differing),
            name=name,
            first=position,
        )
    head = one_line(title.in_language(language))
    if len(differing) <= most:
        return [head, *table(_difference(before.graph, difference) for difference in differing)]
    outputs = [
        difference for difference in differing[most - 1 :] if difference.node.position == before.graph.output
    ]
    shown = [*differing[: most - len(outputs)], *outputs]
    rows = [_difference(before.graph, difference) for difference in shown]
    return [head, *table(rows), *_more(len(differing) - len(shown), language)]


def _difference(graph: Graph, difference: Difference) -> tuple[Span, ...]:
    value, gradient = _change(*difference.values), _change(*difference.gradients)
    name = gradient_name(graph, difference.node)
    return (
        Span(difference.node.name, Role.NAME),
        Span(value, Role.VALUE),
        Span(f"{name} {gradient}" if gradient else "", Role.GRADIENT),
    )


def _change(before: Tensor | None, after: Tensor | None) -> str:
    """Both, with an arrow between them; one alone where they are the same, nothing where there is neither."""
    if before is None and after is None:
        return ""
    if before is not None and after is not None and same(before, after):
        return summary(before, 30)
    by = change(after, before) if before is not None and before.shape else ""
    return f"{summary(before, 30)} → {summary(after, 30)}{by}"
