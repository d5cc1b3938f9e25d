"""Why a step is what it is: the sentences, formulas and checks that go with its equation."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from backprop_engine.arrays import Tensor, norm
from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.debugger.troubles import troubles
from backprop_engine.derived import derived
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
from backprop_engine.explain.local_facts import LocalFacts
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import chain_text, formula, mathematical, operand_text
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.trace.trace import Trace
from backprop_engine.trace.training import Running
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.summaries import summary

__all__ = [
    "KIND_NAMES",
    "batch_text",
    "code",
    "formulas",
    "note",
    "override_line",
    "passes_on",
    "remarks",
    "remarks_to_the_note",
    "sentences",
    "story",
    "summed_over_axes",
    "turn_text",
    "words",
]

_MOST_EXAMPLES = 8
"""Of a batch, the most examples that are named by their numbers."""
_MOST_CODE = 9
"""Lines of NumPy that are shown; clearing may take many."""
_MOST_RANKS = 8
"""The most ranks that are described one by one."""
_HANDS_ON = {"add", "identity"}
"""Operators that pass the upstream gradient on unchanged to an operand of their own shape."""
_JOINED = re.compile(r"( [·⊙@] )(.+)")
_SETTINGS = re.compile(r"(, \w+=(?:\[[^\]]*\]|[^,()]*))")
_NAMES = re.compile(r"((?:\d+e-\d+|\[[\d, :\[\]]*\]|[\w.#=])+)|([^\w.#=\[]+|\[)")


KIND_NAMES: Final = {
    Kind.INPUT: msg("input"),
    Kind.PARAM: msg("parameter"),
    Kind.CONSTANT: msg("constant"),
}
"""What the kinds of leaves are called."""


def story(facts: StepFacts, language: str) -> list[Line]:
    """The step in formulas with the numbers put in, and in words."""
    return [*formulas(facts, language), *words(facts, language)]


def words(facts: StepFacts, language: str) -> list[Line]:
    """The step in words.

    What the author says about this very node is before what holds for all like it.
    """
    return [*note(facts, language), *sentences(facts, language), *_done(facts, language)]


def remarks(facts: StepFacts, language: str, *, in_numbers: bool = True) -> list[Line]:
    """What there is to say beside the step's equation, its formulas and its code; trouble comes first.

    The equation says which contribution it is, and that a gradient is passed on unchanged: with the author's
    note, that is enough. What the step means `in_numbers` comes last.
    """
    said = [*_said(facts, language, beside=True)]
    trouble, why = ([line for topic, line in said if topic == wanted] for wanted in ("trouble", "why"))
    told = [*trouble, *note(facts, language), *_advice(facts, language), *why, *_done(facts, language)]
    return [*told, *_meaning(facts, language)] if in_numbers else told


def _meaning(facts: StepFacts, language: str) -> list[Line]:
    from backprop_tui.render.meaning import meaning  # nothing needs it before the first step

    return meaning(facts, language)


def remarks_to_the_note(facts: StepFacts, language: str) -> list[Line]:
    """Of what there is to say, the lines up to the author's note; none where there is no note."""
    noted = note(facts, language)
    said = _said(facts, language, beside=True) if noted else ()
    return [*(line for topic, line in said if topic == "trouble"), *noted]


def _advice(facts: StepFacts, language: str) -> list[Line]:
    """What people do about NaN or an infinity, at the step at which it arises."""
    here = [trouble for trouble in troubles(facts.trace) if trouble.position == facts.frame.position]
    if not here or isinstance(facts, StartFacts):
        return []
    name = "first nan" if any(trouble.is_nan for trouble in here) else "first infinity"
    return [(Span(ANOMALIES[name].advice.in_language(language)),)]


def _done(facts: StepFacts, language: str) -> list[Line]:
    """That the pass is done with this step, if it is."""
    if not facts.completes:
        return []
    done = msg("The backward pass is done: every gradient has arrived.")
    if facts.completes == "forward":
        done = msg("The last forward pass is done: no update follows, so there is no backward pass.")
    return [(Span(done.in_language(language), Role.GOOD),)]


def note(facts: StepFacts, language: str) -> list[Line]:
    """What the author says about the step, if anything."""
    said = facts.note.in_language(language) if facts.note else ""
    return [(Span("» ", Role.NAME), Span(said))] if said else []


def formulas(facts: StepFacts, language: str) -> list[Line]:
    """A computed node, or the chain rule of an edge, in symbols and numbers; nothing for other steps."""
    match facts:
        case ForwardFacts():
            return _node(facts)
        case BackwardFacts():
            return _chain_rule(facts, language)
        case SeedFacts() | AccumulateFacts() | ReduceFacts() | UpdateFacts() | ClearFacts() | StartFacts():
            return []


def sentences(facts: StepFacts, language: str) -> list[Line]:
    """What to say about a step, and what it is in NumPy."""
    return [line for _, line in _said(facts, language)]


class _Said(NamedTuple):
    """A line, and what it is for."""

    topic: Literal["why", "trouble", "code", "formula", "meaning"]
    line: Line


def _why(words: Message, language: str, role: Role = Role.TEXT) -> _Said:
    return _Said("why", (Span(words.in_language(language), role),))


def _said(facts: StepFacts, language: str, *, beside: bool = False) -> Iterator[_Said]:
    """All there is to say; not what the equation says, where it is `beside` that."""
    match facts:
        case ForwardFacts():
            yield from _forward(facts, language)
        case BackwardFacts():
            yield from _backward(facts, language, beside=beside)
        case SeedFacts():
            yield from _seed(facts, language)
        case AccumulateFacts():
            yield from _accumulate(facts, language, beside=beside)
        case ReduceFacts():
            yield from _reduce(facts, language)
        case UpdateFacts():
            yield from _update(facts, language)
        case ClearFacts():
            cleared = msg(
                "The parameters are updated. Values and gradients are cleared: they belong to the old "
                "parameters, and any gradient left over would be added to the next one."
            )
            yield _why(cleared, language)
            for each in facts.trace.training.running if facts.trace.training else ():
                yield _why(_moved(facts.trace.graph, each), language)
            if following := batch_text(facts.trace, facts.trace.iteration + 1):
                yield _why(msg("Next: {batch}.", batch=following), language)
            yield from _code(facts)
        case StartFacts():
            start = msg(
                "Nothing has been computed yet: only inputs, parameters and constants have values. The "
                "first step starts the forward pass."
            )
            yield _why(start, language)
            if first := batch_text(facts.trace, facts.trace.iteration):
                yield _why(msg("The first is {batch}.", batch=first), language)


def _moved(graph: Graph, running: Running) -> Message:
    """That a running value goes on."""
    name, node = graph.nodes[running.leaf].name, graph.nodes[running.node].name
    part = number(np.float64(running.momentum))
    return msg("{name} moves {part} of the way towards {node}.", name=name, part=part, node=node)


def batch_text(trace: Trace, iteration: int) -> Hint:
    """Which examples an iteration sees, where it sees a batch of them."""
    batches = trace.bindings.batches
    if batches is None:
        return ""
    rows = batches.rows(iteration)
    shown = ", ".join(map(str, rows[:_MOST_EXAMPLES])) + ", …" * (len(rows) > _MOST_EXAMPLES)
    epoch, batch = batches.epoch(iteration)
    return msg(
        "batch {batch} of {of} in epoch {epoch}, examples {examples} of {count}",
        batch=batch + 1,
        of=batches.per_epoch,
        epoch=epoch + 1,
        examples=shown,
        count=batches.count,
    )


def _code(facts: StepFacts) -> Iterator[_Said]:
    return (_Said("code", line) for line in code(facts))


def _overridden(facts: StepFacts, language: str) -> Iterator[_Said]:
    if line := override_line(facts, language):
        yield _Said("trouble", line)


@derived()
def code(facts: StepFacts) -> Sequence[Line]:
    """The step as lines of a NumPy program."""
    from backprop_engine.program import numpy_lines

    lines = [line for line in numpy_lines(facts) if line]
    shown = lines if len(lines) <= _MOST_CODE else [*lines[: _MOST_CODE - 1], "…"]
    return [(Span(line, Role.CODE),) for line in shown]


def override_line(facts: StepFacts, language: str) -> Line:
    """That what the step gives is overridden, by what, and in place of what; nothing where it is not."""
    override = facts.override
    if override is None:
        return ()
    given, computed = summary(override.given), summary(override.computed)
    words = (
        msg(
            "A hook changed {name}: {given} in place of {computed}.",
            name=override.name,
            given=given,
            computed=computed,
        )
        if override.by_hook
        else msg(
            "{name} is overridden: {given} in place of {computed}.",
            name=override.name,
            given=given,
            computed=computed,
        )
    )
    return (Span(words.in_language(language), Role.WARNING),)


def turn_text(facts: BackwardFacts | AccumulateFacts, language: str) -> str:
    """``contribution 1 of 2``; nothing where it is the only one."""
    turn = facts.turn
    return (
        msg("contribution {count} of {of}", count=turn.number, of=turn.of).in_language(language)
        if turn
        else ""
    )


# Forward


def _node(facts: ForwardFacts) -> list[Line]:
    """A computed node in symbols, and with the numbers put in."""
    name, symbols, values = facts.node.name, facts.symbols, facts.trace.values
    spelled: list[str] = []

    def spell(operand: Node) -> str:
        text = _short(values[operand.position], operand)
        spelled.append(text)
        return _in_parentheses(text) if len(spelled) > 1 else text

    numbers = facts.spelled(spell)
    result = Span(summary(facts.result.tensor), Role.VALUE)
    first: Line = (Span(name, Role.NAME), Span(f" = {symbols}"))
    if numbers == symbols:
        return [(*first, Span(" = "), result)]
    return [first, (Span(" " * len(name)), Span(f" = {numbers} = "), result)]


def _short(value: Tensor, operand: Node) -> str:
    """A scalar's number in a formula; a tensor stays a name."""
    return number(value, 4) if value.shape == () else operand_text(operand)


def _in_parentheses(written: str) -> str:
    """A number as a factor: a negative one in parentheses."""
    return f"({written})" if written.startswith("-") else written


def _forward(facts: ForwardFacts, language: str) -> Iterator[_Said]:
    yield from _code(facts)
    if facts.override is not None:
        yield from _overridden(facts, language)
    elif facts.arises_here:
        value = summary(facts.result.tensor)
        arises = msg(
            "{node} is {value}: this is where it arises, from finite operands.",
            node=facts.node.name,
            value=value,
        )
        yield _Said("trouble", (Span(arises.in_language(language), Role.WARNING),))
    if facts.conventions:
        yield _Said("why", (Span(facts.conventions.in_language(language), Role.DIM),))
    if facts.locals:
        yield _Said("formula", (Span(msg("local gradients").in_language(language), Role.DIM),))
    for local in facts.locals:
        text = _local_text(local, language)
        yield _Said("formula", (Span(f"  {local.name} = ", Role.LOCAL), Span(text, Role.LOCAL)))


def _local_text(local: LocalFacts, language: str) -> str:
    """The local gradient in symbols and, where it is a number, in numbers."""
    if local.description is not None:
        return local.description.in_language(language)
    if local.number is None:
        return local.symbols
    value = number(local.number)
    return value if local.symbols == value else f"{local.symbols} = {value}"


# Backward


def _seed(facts: SeedFacts, language: str) -> Iterator[_Said]:
    seed = facts.result.tensor
    if facts.names_loss:
        words = msg(
            "The forward pass is done. The backward pass starts at {output}, with {loss} = {output}: "
            "{gradient} = {seed}.",
            output=facts.node.name,
            loss=facts.loss,
            gradient=facts.result.name,
            seed=summary(seed),
        )
    elif seed.shape == ():
        words = msg(
            "The forward pass is done. The backward pass starts at {output}: {gradient} = {seed}.",
            output=facts.node.name,
            gradient=facts.result.name,
            seed=summary(seed),
        )
    else:
        words = msg(
            "The forward pass is done. The backward pass starts at {output} with the gradient given, as if "
            "a loss {loss} followed it.",
            output=facts.node.name,
            loss=facts.loss,
        )
    yield _why(words, language)
    yield from _code(facts)
    yield from _overridden(facts, language)


def _backward(facts: BackwardFacts, language: str, *, beside: bool) -> Iterator[_Said]:
    if not (beside and facts.note and _hands_on(facts)):
        yield _Said("why", (Span(facts.lesson.in_language(language)),))
    yield from _code(facts)
    yield from _overridden(facts, language)
    if facts.arises_here:
        arises = msg("This contribution is not finite: it arises here, from a finite upstream gradient.")
        yield _Said("trouble", (Span(arises.in_language(language), Role.WARNING),))
    if facts.conventions:
        yield _Said("why", (Span(facts.conventions.in_language(language), Role.DIM),))
    if facts.summed_axes:
        yield _Said("why", summed_over_axes(facts, language))
    if facts.turn:
        yield _Said("why", (Span(_shared(facts, language), Role.DIM),))
    yield from (_Said("meaning", line) for line in _meaning(facts, language) if not beside)


def summed_over_axes(facts: StepFacts, language: str) -> Line:
    """That the operand was broadcast, and its gradient is summed; nothing where it was not."""
    if not isinstance(facts, BackwardFacts) or not facts.summed_axes:
        return ()
    summed = msg(
        "{operand} was broadcast over axis {axes}, so its gradient is summed over axis {axes}.",
        operand=operand_text(facts.operand),
        axes=", ".join(map(str, facts.summed_axes)),
    )
    return (Span(summed.in_language(language)),)


def passes_on(facts: StepFacts) -> bool:
    """Whether a step passes the upstream gradient on unchanged, so that no equation says more than a line."""
    return isinstance(facts, BackwardFacts) and _hands_on(facts) and facts.override is None


def _hands_on(facts: BackwardFacts) -> bool:
    """Whether the operator's lesson is that the gradient is passed on unchanged, and nothing else."""
    op = facts.node.op
    return op is not None and op.name in _HANDS_ON and facts.operand.shape == facts.node.shape


def _shared(facts: BackwardFacts, language: str) -> str:
    """That the operand is used several times, and which operand it is where the node has it several times."""
    assert facts.turn is not None
    words = msg(
        "{operand} is used {of} times: this contribution is added in the next step.",
        operand=facts.operand.name,
        of=facts.turn.of,
    ).in_language(language)
    if facts.which_operand:
        which = msg("operand {number} of {node}", number=facts.which_operand, node=facts.node.name)
        words += f" ({which.in_language(language)})"
    return words


def _chain_rule(facts: BackwardFacts, language: str) -> list[Line]:
    """The node, and the chain rule of one of its edges; after it, which of several contributions it is."""
    named: Line = (Span(facts.node.name, Role.NAME), Span(f" = {formula(facts.graph, facts.node)}"))
    turn = turn_text(facts, language)
    after: Line = (Span(f"  ({turn})", Role.DIM),) if turn else ()
    return [named, (*_chain(facts, language), *after)]


def _chain(facts: BackwardFacts, language: str) -> Line:
    """The chain rule of an edge in symbols, and in numbers between scalars."""
    local, factor = facts.local, facts.local.factor
    upstream = Span(facts.upstream.name, Role.GRADIENT)
    left: Line = (Span(facts.product.name, Role.PRODUCT), Span(" = "))
    if facts.turn:  # a part of the gradient, which is not the whole
        via = msg("{gradient} via {node}", gradient=facts.product.name, node=facts.node.name)
        left = (Span(via.in_language(language), Role.PRODUCT), Span(": "))
    if local.multiplier is not None:
        symbols = Span(_in_brackets(local.symbols), Role.LOCAL)
        chain = (upstream, Span(f" {factor.sign} "), symbols)
        if local.number is not None:
            return (*left, *chain, *_in_numbers(facts, local.number))
        if not facts.summed_axes:
            return (*left, *chain)
    return (*left, *_coloured(chain_text(facts.graph, facts.edge, upstream.text), upstream.text))


def _in_numbers(facts: BackwardFacts, local: Tensor) -> Line:
    """The product of two numbers, and what it comes to."""
    return (
        Span(" = "),
        Span(_in_parentheses(number(facts.upstream.tensor)), Role.GRADIENT),
        Span(" · "),
        Span(_in_parentheses(number(local)), Role.LOCAL),
        Span(" = "),
        Span(number(facts.product.tensor), Role.PRODUCT),
    )


def _coloured(text: str, upstream: str) -> Iterator[Span]:
    """A rule: the upstream gradient, and what it is multiplied with, each in its colour."""
    before, *after = pieces = text.split(upstream)
    if len(pieces) == 2 and not before and (both := _JOINED.fullmatch(after[0])):
        yield from (Span(upstream, Role.GRADIENT), Span(both[1]), Span(both[2], Role.LOCAL))
        return
    for index, piece in enumerate(pieces):
        if index:
            yield Span(upstream, Role.GRADIENT)
        for at, part in enumerate(_SETTINGS.split(piece)):
            for name, sign in [("", part)] if at % 2 else _NAMES.findall(part):
                yield Span(name, Role.LOCAL) if name not in ("", "sum") else Span(name or sign)


def _in_brackets(symbols: str) -> str:
    """A factor in brackets where it has a sign of its own; a single call or name has none."""
    depth = 0
    if symbols.startswith(("-", "−")):
        return f"({symbols})"
    for sign in symbols:
        depth += (sign in "([") - (sign in ")]")
        if sign == " " and not depth:
            return f"({symbols})"
    return symbols


def _accumulate(facts: AccumulateFacts, language: str, *, beside: bool) -> Iterator[_Said]:
    operand, (count, of) = facts.operand.name, facts.turn
    if beside:
        used = msg("{operand} is used {of} times: its gradient is a sum.", operand=operand, of=of)
    else:
        used = msg(
            "{operand} is used {of} times: its gradient is a sum, and this is contribution {count} of {of}.",
            operand=operand,
            count=count,
            of=of,
        )
    yield _why(used, language)
    yield from _code(facts)
    yield from _overridden(facts, language)
    if facts.is_last:
        yield _why(msg("The gradient of {operand} is complete.", operand=operand), language, Role.GOOD)
    yield from (_Said("meaning", line) for line in _meaning(facts, language) if not beside)


# All-reduce


def _reduce(facts: ReduceFacts, language: str) -> Iterator[_Said]:
    """What the ranks made of their gradients, and how far each was from the mean."""
    reduction = facts.reduction
    count = len(reduction.contributions)
    match reduction.kind:
        case "mean":
            words = msg(
                "All-reduce: all {count} ranks continue with the mean of their gradients.", count=count
            )
        case "sum":
            words = msg(
                "All-reduce: all {count} ranks continue with the sum of their gradients.", count=count
            )
        case None:
            words = msg("All-reduce: the ranks combine their gradients.")
    yield _why(words, language)
    if reduction.rows is not None:
        part = msg("Rank {rank} keeps none of its rows.", rank=reduction.rank)
        if reduction.rows:
            first, last = reduction.rows[0], reduction.rows[-1]
            part = msg(
                "Rank {rank} keeps its rows {first} to {last}.", rank=reduction.rank, first=first, last=last
            )
        yield _why(part, language)
    distances = {rank: reduction.distance(rank) for rank in reduction.contributions}
    furthest = sorted(distances, key=lambda rank: -distances[rank])[: _MOST_RANKS - 1]
    shown = distances if count <= _MOST_RANKS else {*furthest, reduction.rank}
    for rank, distance in distances.items():
        if rank not in shown:
            continue
        size = number(np.float64(norm(reduction.contributions[rank])), 3)
        said = msg("rank {rank}: norm {size}", rank=rank, size=size)
        if math.isfinite(distance):
            away = f"{distance:.0%}".replace("%", " %")
            said = msg(
                "rank {rank}: norm {size}, differs from the mean by {away} of its norm",
                rank=rank,
                size=size,
                away=away,
            )
        yield _why(said, language, Role.TEXT if rank == reduction.rank else Role.DIM)


# Update


def _update(facts: UpdateFacts, language: str) -> Iterator[_Said]:
    """The rule that a parameter is updated by, and what its letters stand for."""
    from backprop_tui.render.update_notes import update_notes

    optimizer = facts.training.optimizer
    lesson = f"  {optimizer.name}: {optimizer.lesson.in_language(language)}"
    yield _Said("why", (Span(facts.node.name, Role.NAME), Span(lesson)))
    yield from (_why(words, language) for words in update_notes(facts))
    yield from _code(facts)
    yield from (_Said("formula", (Span(f"  {mathematical(line)}"),)) for line in facts.formulas)
    for symbol in facts.symbols:
        value = "" if symbol.value is None else f" = {number(np.float64(symbol.value))}"
        meaning = symbol.meaning.in_language(language)
        name = Span(f"  {symbol.name}{value}", Role.NAME)
        yield _Said("why", (name, Span(f"  {meaning}", Role.DIM)))
