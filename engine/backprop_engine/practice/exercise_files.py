"""The file of an exercise: a scenario with a ``?`` for each figure and each answer, handed out and read back.

Every other section stays as its author wrote it. It is a scenario like any other: it can be opened and run
before it is filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from backprop_engine.arrays import shape_text
from backprop_engine.errors import Place, ScenarioError, UsageError
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.read.yaml_nodes import (
    BLANK,
    YamlMapping,
    YamlNode,
    YamlScalar,
    YamlSequence,
    is_blank,
)
from backprop_engine.scenario.sections.texts import LocalText
from backprop_engine.scenario.write.writer import to_yaml

__all__ = ["Exercise", "FigureKey", "exercise_text", "read_exercise"]

_ANSWERS: Final = ("expect", "ask", "notes")
"""The sections that give answers away."""


# Handing out


def exercise_text(scenario: Scenario, language: str = "en") -> str:
    """The file of a scenario without what its figures, answers and notes say; comments are in `language`.

    Raises `UsageError` where there is no figure to ask for.
    """
    figures = [*_blank_figures(scenario, language)]
    if not figures:
        raise UsageError(
            msg("{path}: this exercise has no blanks to fill in", path=scenario.path),
            msg("it needs figures under `expect`"),
        )
    asks = ["ask:", *_blank_asks(scenario)] if scenario.asks else []
    return "\n".join([_without_answers(scenario).rstrip(), "expect:", *figures, *asks]) + "\n"


def _without_answers(scenario: Scenario) -> str:
    """The text without the sections that give answers away; of a file in braces, as the program writes it."""
    text = scenario.text.text.replace("\r\n", "\n").replace("\r", "\n")
    if text[read(Source(scenario.path, text)).offset] == "{":
        text = to_yaml(scenario.text, scenario.graph, {})
    root = read(Source(scenario.path, text))
    assert isinstance(root, YamlMapping)  # it was loaded before
    sections = [_section_at(text, root, name) for name in _ANSWERS if name in root]
    for begin, end in sorted(sections, reverse=True):
        text = text[:begin] + text[end:]
    return text


def _section_at(text: str, root: YamlMapping, name: str) -> tuple[int, int]:
    """Where a section begins, and where the next one does."""
    begin = root.entries[name].key.offset
    starts = (entry.key.offset for entry in root)
    return begin, min((start for start in starts if start > begin), default=len(text))


def _blank_figures(scenario: Scenario, language: str) -> Iterator[str]:
    for block in scenario.expectations:
        if block.wrong:
            continue
        lines = [f"iteration: {block.iteration}"] if block.iteration else []
        for section, of in (("values", "value"), ("grads", "gradient")):
            asked = [figure for figure in block.asked if figure.of == of]
            lines += [f"{section}:"] if asked else []
            for figure in asked:
                shape = scenario.graph[figure.name].shape
                told = f"  # {_shape(shape_text(shape), language)}" if shape else ""
                lines.append(f"  {json.dumps(figure.name, ensure_ascii=False)}: {BLANK}{told}")
        yield from (f"  {'-' if number == 0 else ' '} {line}" for number, line in enumerate(lines))


def _shape(shape: str, language: str) -> str:
    return msg("shape ({shape})", shape=shape).in_language(language)


def _blank_asks(scenario: Scenario) -> Iterator[str]:
    for node in dict.fromkeys(ask.key.text for ask in scenario.asks):
        yield f"  {json.dumps(node, ensure_ascii=False)}:"
        for ask in scenario.asks:
            if ask.key.text == node:
                yield f"    - question: {_text(ask.question)}"
                yield f"      answer: {BLANK}"
                if ask.choices:
                    yield f"      choices: [{', '.join(map(_text, ask.choices))}]"
                if ask.hint:
                    yield f"      hint: {_text(ask.hint)}"


def _text(text: LocalText) -> str:
    return json.dumps(dict(text.by_language), ensure_ascii=False)


# Reading back


FigureKey: TypeAlias = tuple[int, str, str]
"""The block under `expect`, ``values`` or ``grads``, and the name."""


class Exercise(Struct, frozen=True, eq=False):
    """A returned file: its scenario, in which a figure is blank that cannot be used, and `unusable` says why.

    `asked` are the answers to questions, as they are in the file, by node and by their order there; None
    for a blank.
    """

    scenario: Scenario
    unusable: Mapping[FigureKey, Message]
    asked: Mapping[tuple[str, int], YamlNode | None]


def read_exercise(source: Source, **limits: int) -> Exercise:
    """The exercise in `source`; `ScenarioError` with what is wrong with the file beside its figures.

    Numbers between commas are a list, with and without brackets.
    """
    source = _with_brackets(source)
    text, root = source.text, _root(source)
    figures: dict[FigureKey, YamlNode] = {}
    asked: dict[tuple[str, int], YamlNode | None] = {}
    if isinstance(root, YamlMapping):
        figures = dict(_figures(root))
        asked = dict(_answers(root))
        text = _without_asks(text, root)
    unusable: dict[FigureKey, Message] = {}
    while True:
        try:
            usable = Source(source.path, _with_blanks(text, [figures[key] for key in unusable]))
            return Exercise(load_source(usable, **limits), unusable, asked)
        except ScenarioError as error:
            found = {_figure_at(diagnostic.place, figures): diagnostic for diagnostic in error.diagnostics}
            if None in found or not found.keys() - unusable.keys():
                raise
            unusable |= {key: found[key].message for key in found if key is not None}


def _root(source: Source) -> YamlNode | None:
    return read(source) if source.text.strip() else None


def _with_brackets(source: Source) -> Source:
    """The file with brackets around answers such as ``2, 2``."""
    root, text = _root(source), source.text
    if not isinstance(root, YamlMapping):
        return source
    answers = [*dict(_figures(root)).values(), *dict(_answers(root)).values()]
    bare = [node for node in answers if isinstance(node, YamlScalar) and _is_bare_list(node)]
    for node in sorted(bare, key=lambda node: -node.start):
        text = f"{text[: node.start]}[{text[node.start : node.end]}]{text[node.end :]}"
    return Source(source.path, text)


def _is_bare_list(node: YamlScalar) -> bool:
    return node.is_as_written and _BARE_LIST.fullmatch(node.text) is not None


_BARE_LIST: Final = re.compile(r"[-+]?[\d.][-+.\deE]*(?:\s*,\s*[-+]?[\d.][-+.\deE]*)+")


def _figures(root: YamlMapping) -> Iterator[tuple[FigureKey, YamlNode]]:
    section = root.get("expect")
    blocks = section.items if isinstance(section, YamlSequence) else [section]
    for number, block in enumerate(blocks):
        for part in ("values", "grads"):
            figures = block.get(part) if isinstance(block, YamlMapping) else None
            if isinstance(figures, YamlMapping):
                yield from (((number, part, name), entry.value) for name, entry in figures.entries.items())


def _figure_at(place: Place | None, figures: Mapping[FigureKey, YamlNode]) -> FigureKey | None:
    """The figure that a place in the file lies in, if any."""
    if place is None:
        return None
    for key, node in figures.items():
        text = node.source.text
        first, last = node.source.place(node.offset), node.source.place(_end(node, text) - 1)
        if (first.line, first.column) <= (place.line, place.column) <= (last.line, last.column):
            return key
    return None


def _end(node: YamlNode, text: str) -> int:
    """Where a number, a formula or a list of them ends."""
    if isinstance(node, YamlScalar):
        return max(node.end, node.offset + 1)
    inside = node.items if isinstance(node, YamlSequence) else []
    end = _end(inside[-1], text) if inside else node.offset + 1
    closing = text.find("]", end) + 1
    return closing if text[node.offset] == "[" and closing else end


def _with_blanks(text: str, nodes: Sequence[YamlNode]) -> str:
    """`text` with a blank in place of `nodes`; what is on other lines stays there."""
    for node in sorted(nodes, key=lambda node: -node.offset):
        end = _end(node, text)
        text = f"{text[: node.offset]}{BLANK}{chr(10) * text[node.offset : end].count(chr(10))}{text[end:]}"
    return text


def _answers(root: YamlMapping) -> Iterator[tuple[tuple[str, int], YamlNode | None]]:
    section = root.get("ask")
    for name, entry in section.entries.items() if isinstance(section, YamlMapping) else ():
        questions = entry.value.items if isinstance(entry.value, YamlSequence) else [entry.value]
        for number, question in enumerate(questions):
            answer = question.get("answer") if isinstance(question, YamlMapping) else None
            yield (name, number), None if is_blank(answer) else answer


def _without_asks(text: str, root: YamlMapping) -> str:
    """`text` with blank lines in place of the questions, so that all other sections keep theirs."""
    if "ask" not in root:
        return text
    begin, end = _section_at(text, root, "ask")
    return text[:begin] + "\n" * text[begin:end].count("\n") + text[end:]
