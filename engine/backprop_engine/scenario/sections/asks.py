"""The section `ask`: questions that the author asks in practice, each about a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Tensor, freeze
from backprop_engine.errors import Place, code
from backprop_engine.expressions import Name, walk
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import shortened
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.format import ASK, ASKED_BEFORE
from backprop_engine.scenario.leaves.numbers import read_numbers
from backprop_engine.scenario.lower.defined_names import DefinedNames
from backprop_engine.scenario.read.mistakes import (
    Mistakes,
    as_mapping,
    as_sequence,
    as_text,
    is_absent,
    mistake,
    only_keys,
    parsed,
)
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar, YamlSequence, is_blank
from backprop_engine.scenario.sections.expectations import Formula, check_formula, no_gradient
from backprop_engine.scenario.sections.texts import LocalText, local_text

__all__ = ["LEAST_CHOICES", "MOST_CHOICES", "Ask", "AskedBefore", "check_ask", "read_asks"]

ASK_FORM = code(
    "ask",
    msg("A question lacks its text, its answer or its node, or the answer is not among the choices."),
)
ASK_ANSWER = code(
    "ask-answer", msg("The answer to a question names something unknown, or its shapes do not fit together.")
)

AskedBefore: TypeAlias = Literal["forward", "backward"]

LEAST_CHOICES: Final = 2
MOST_CHOICES: Final = 9

_EXAMPLE: Final = msg("such as `{text}`", text="ask: {x: {question: What is ∂f/∂x?, answer: 2 * x}}")


class Ask(Struct, frozen=True, eq=False):
    """A question about the node called `node`, asked before the step that `when` says.

    `answer` is a formula, which the trace gives its value, or numbers, or the index of the right one of
    `choices`. `when` is `forward` for the step that computes the node, and `backward` for the one that
    completes its gradient.
    """

    node: str
    question: LocalText
    answer: Formula | Tensor | int
    choices: tuple[LocalText, ...]
    hint: LocalText
    when: AskedBefore | None
    key: YamlScalar
    at: YamlNode

    @property
    def place(self) -> Place:
        """Where the question is in the file."""
        return self.at.place


def read_asks(given: YamlNode, known: DefinedNames, mistakes: Mistakes) -> tuple[Ask, ...]:
    """The questions in the file's order; `known` are the names of leaves and nodes.

    Those whose answer is blank, as in an exercise, are left out: they cannot be graded. A mistake in one is
    collected, and the others are still read.
    """
    found: list[Ask] = []
    with mistakes.collected():
        for key, value in as_mapping(given, msg("a map from nodes to questions"), _EXAMPLE):
            if mistakes.gives_up():
                break
            with mistakes.collected():
                found += _asks(key, value, known, mistakes)
    return tuple(found)


def _asks(key: YamlScalar, value: YamlNode, known: DefinedNames, mistakes: Mistakes) -> Iterator[Ask]:
    """The questions about one node."""
    name = known.canonical(key.text)
    if name not in known:
        raise mistake(ASK_FORM, key, *known.undefined(name))
    if is_absent(value):
        return
    for item in value.items if isinstance(value, YamlSequence) else (value,):
        with mistakes.collected():
            section = as_mapping(item, msg("a map with `question` and `answer`"), _EXAMPLE)
            if not is_blank(section.get("answer")):
                yield _ask(name, key, section)


def _ask(name: str, key: YamlScalar, section: YamlMapping) -> Ask:
    only_keys(section, ASK.names, msg("a question"))
    for needed in (form.name for form in ASK.keys if form.needed):
        if is_absent(section.get(needed)):
            raise mistake(ASK_FORM, section, msg("the question has no `{key}`", key=needed), _EXAMPLE)
    choices = _choices(section.get("choices"))
    return Ask(
        node=name,
        question=local_text(section.get("question"), msg("a question")),
        answer=_answer(section.entries["answer"].value, choices),
        choices=choices,
        hint=local_text(section.get("hint"), msg("a hint")),
        when=_when(section.get("when")),
        key=key,
        at=section,
    )


def _choices(node: YamlNode | None) -> tuple[LocalText, ...]:
    """The answers to choose from; none if the answer is to be typed."""
    if node is None or is_absent(node):
        return ()
    items = as_sequence(
        node, msg("a list of answers"), msg("such as `{text}`", text="choices: [it grows, it stays]")
    )
    if not LEAST_CHOICES <= len(items) <= MOST_CHOICES:
        message = msg("a question has {least} to {most} choices", least=LEAST_CHOICES, most=MOST_CHOICES)
        raise mistake(ASK_FORM, items, message)
    choices: list[LocalText] = []
    for item in items:
        choice = local_text(item, msg("a choice"))
        if choice in choices or not any(choice.by_language.values()):
            raise mistake(ASK_FORM, item, msg("no two choices may have the same text"))
        choices.append(choice)
    return tuple(choices)


def _answer(node: YamlNode, choices: tuple[LocalText, ...]) -> Formula | Tensor | int:
    if choices:
        return _chosen(node, choices)
    if isinstance(node, YamlScalar) and isinstance(node.value, str):
        return Formula(parsed(node), node)
    return freeze(read_numbers(node, msg("the answer")).array(), np.dtype(np.float64))


def _chosen(node: YamlNode, choices: tuple[LocalText, ...]) -> int:
    """The index of the choice that is right; it may be given in any one of its languages."""
    answer = local_text(node, msg("the answer"))
    for index, choice in enumerate(choices):
        if choice == answer or (isinstance(node, YamlScalar) and str(answer) in choice.by_language.values()):
            return index
    shown = shortened(str(answer), 40)
    texts = [text for choice in choices for text in choice.by_language.values()]
    hint = did_you_mean(str(answer), texts) or msg("write it exactly as in `choices`")
    raise mistake(ASK_FORM, node, msg("`{answer}` is not one of the choices", answer=shown), hint)


def _when(node: YamlNode | None) -> AskedBefore | None:
    if node is None or is_absent(node):
        return None
    for phase in ("forward", "backward"):
        if as_text(node, msg("`forward` or `backward`")).text == phase:
            return phase
    hint = did_you_mean(as_text(node, "").text, ASKED_BEFORE)
    raise mistake(ASK_FORM, node, msg("`when` must be `forward` or `backward`"), hint)


def check_ask(ask: Ask, graph: Graph) -> Ask:
    """The question with its phase; `ScenarioError` if its node or its answer does not fit the graph."""
    if ask.node not in graph:  # only a numbered part can be missing now
        message = msg("`{unit}` has no part `{name}`", unit=ask.node.partition("#")[0], name=ask.node)
        raise mistake(ASK_FORM, ask.key, message)
    node = graph[ask.node]
    later = isinstance(ask.answer, Formula) and (
        check_formula(ask.answer, graph, ASK_ANSWER) or _uses_later(ask.answer, graph, node)
    )
    return structs.replace(ask, when=_phase(ask, graph, node, later))


def _uses_later(formula: Formula, graph: Graph, node: Node) -> bool:
    """Whether a formula uses values that do not exist before the step that computes `node`."""
    names = (part.name for part in walk(formula.tree) if isinstance(part, Name))
    return node.op is not None and any(
        graph[name].position >= node.position for name in names if name in graph
    )


def _phase(ask: Ask, graph: Graph, node: Node, later: bool) -> AskedBefore:
    """Which step it comes before: a leaf is never computed, and a constant has no gradient."""
    reason = no_gradient(graph, node)
    if node.is_leaf and ask.when == "forward":
        message = msg("`{name}` is a leaf: no step computes it", name=ask.node)
        raise mistake(ASK_FORM, ask.at, message, msg("write `{text}`", text="when: backward"))
    wanted = ask.when or ("backward" if node.is_leaf or later else "forward")
    if wanted == "backward" and reason:
        message = msg("`{name}` has no gradient: {reason}", name=ask.node, reason=reason)
        raise mistake(ASK_FORM, ask.key, message, msg("ask at a node that gets a gradient"))
    return wanted
