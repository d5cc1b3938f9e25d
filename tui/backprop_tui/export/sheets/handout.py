"""A run as a worked example: its texts, its leaves, and each step with its formulas and what there is to say.

This is all that there is to print; Markdown and LaTeX are two ways to write it down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from backprop_engine.explain.common_facts import FactsKind
from backprop_engine.explain.facts import ClearFacts, StartFacts, StepFacts, step_facts
from backprop_engine.explain.symbols import mathematical, whole_formula
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.messages.message import Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.cells.lines import Line, line_text
from backprop_tui.cells.shapes import shape_label
from backprop_tui.cells.summaries import ABSENT, summary
from backprop_tui.export.formats import Exported
from backprop_tui.export.page.steps import told
from backprop_tui.export.sheets.formulas import name_tex, step_formulas, tensor_tex
from backprop_tui.render.one_line import kind_text
from backprop_tui.render.words import KIND_NAMES, batch_text, code

__all__ = ["Handout", "HandoutStep", "NodeRow", "Passage", "handout"]


class GivenLeaf(Struct, frozen=True):
    """A leaf: its kind in words, and in a formula what it is."""

    kind: str
    formula: str
    is_number: bool


class HandoutStep(Struct, frozen=True):
    """A step: its position, what kind of step it is, and what it is about, in a few signs."""

    position: int
    kind: str
    subject: str
    formulas: Sequence[str]
    """Each to be displayed."""
    note: str
    """What the author says about it; empty where there is nothing."""
    said: Sequence[str]
    """Whatever else there is to say, a paragraph each."""
    check: str
    code: Sequence[str]


class Passage(Struct, frozen=True):
    """Steps that follow each other and are of one kind, with a heading."""

    heading: str
    steps: Sequence[HandoutStep]


class NodeRow(Struct, frozen=True):
    """A node in the table at the end."""

    name: str
    definition: str
    shape: str
    value: str
    gradient: str


class Handout(Struct, frozen=True):
    """A worked example in one language."""

    title: str
    description: str
    source: str
    iteration: str
    """Which iteration of a training it is; empty where there is none."""
    language: str
    leaves: Sequence[GivenLeaf]
    passages: Sequence[Passage]
    nodes: Sequence[NodeRow]


_HEADINGS: Final[dict[FactsKind, Message]] = {
    "forward": msg("Forward pass"),
    "seed": msg("Backward pass"),
    "all-reduce": msg("All-reduce"),
    "update": msg("Update"),
}


def handout(exported: Exported) -> Handout:
    """The iteration that is shown, from its first step to its last."""
    scenario, trace, language = exported.scenario, exported.frame.trace, exported.language
    iteration = ""
    if trace.training is not None:
        told_of = msg("iteration {iteration} of {last}", iteration=trace.iteration, last=trace.training.steps)
        batch = batch_text(trace, trace.iteration)
        words = [told_of.in_language(language), *([batch.in_language(language)] if batch else [])]
        iteration = f"{trace.training.optimizer.name}, {'; '.join(words)}"
    frames = (trace.frame(position) for position in range(1, trace.schedule.last + 1))
    facts = [step_facts(frame, scenario.notes) for frame in frames]
    return Handout(
        clean(exported.title),
        clean(scenario.description.in_language(language)),
        clean(scenario.source),
        iteration,
        language,
        [_leaf(exported, leaf) for leaf in trace.graph.leaves],
        [*_passages(facts, language)],
        [_row(exported, node) for node in trace.graph.nodes if node.kind is not Kind.LITERAL],
    )


def _leaf(exported: Exported, leaf: Node) -> GivenLeaf:
    tensor = exported.frame.trace.values[leaf.position]
    kind = KIND_NAMES[leaf.kind].in_language(exported.language)
    return GivenLeaf(
        kind[:1].upper() + kind[1:], f"{name_tex(leaf.name)} = {tensor_tex(tensor)}", tensor.shape == ()
    )


def _passages(facts: Sequence[StepFacts], language: str) -> Iterator[Passage]:
    """The forward pass, the backward pass, and the update; what is the same at several steps is said once."""
    heading, steps, said = "", list[HandoutStep](), set[str]()
    for each in facts:
        if isinstance(each, StartFacts | ClearFacts):
            continue
        here = _HEADINGS[each.kind].in_language(language) if each.kind in _HEADINGS else heading
        if here != heading and steps:
            yield Passage(heading, steps)
            steps = []
        heading = here
        steps.append(_step(each, language, said))
    if steps:
        yield Passage(heading, steps)


def _step(facts: StepFacts, language: str, said: set[str]) -> HandoutStep:
    """A step; not what was `said` before, to which is added what is said here."""
    check, trouble, noted, others = told(facts, language)
    texts = [" ".join(map(_text, noted)).removeprefix("» "), *map(_text, (*trouble, *others))]
    note, *more = ("" if text in said else text for text in texts)
    said.update(texts)
    return HandoutStep(
        facts.trace.first_position + facts.frame.position,
        kind_text(facts, language),
        facts.subject,
        [*step_formulas(facts, language)],
        note,
        [text for text in more if text.strip()],
        " ".join(map(_text, check)),
        [*map(line_text, code(facts))],
    )


def _text(line: Line) -> str:
    return clean(line_text(line))


def _row(exported: Exported, node: Node) -> NodeRow:
    """A node as the run has it where it is."""
    frame = exported.frame
    kind = KIND_NAMES[node.kind].in_language(exported.language) if node.op is None else ""
    takes = frame.graph.gets_gradient(node.position)
    return NodeRow(
        node.name,
        kind or mathematical(whole_formula(frame.graph, node)),
        shape_label(node.shape),
        summary(frame.value(node), shape=False),
        summary(frame.gradient(node), shape=False)
        if takes
        else ("" if node.kind is Kind.CONSTANT else ABSENT),
    )
