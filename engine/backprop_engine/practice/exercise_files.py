"""An exercise to hand out: a scenario with a ``?`` for each figure and each answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

from backprop_engine.arrays import shape_text
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.yaml_nodes import YamlMapping
from backprop_engine.scenario.sections.asks import Ask
from backprop_engine.scenario.sections.texts import LocalText

__all__ = ["exercise_text"]

_ANSWERS = ("expect", "ask", "notes")
"""The sections that give answers away."""


def exercise_text(scenario: Scenario) -> str:
    """The file of a scenario without what its figures, answers and notes say.

    Raises `UsageError` where there is no figure to ask for.
    """
    figures = [*_figures(scenario)]
    if not figures:
        raise UsageError(
            msg("{path}: this exercise asks for nothing", path=scenario.path),
            msg("it needs figures under `expect`"),
        )
    asks = ["ask:", *_asks(scenario)] if scenario.asks else []
    return "\n".join([_without(scenario).rstrip(), "expect:", *figures, *asks]) + "\n"


def _without(scenario: Scenario) -> str:
    """The text without the sections that give answers away."""
    root, text = read(scenario.text), scenario.text.text
    assert isinstance(root, YamlMapping)  # it was loaded before
    starts = sorted(entry.key.offset for entry in root.entries.values())
    for name in sorted(_ANSWERS, key=lambda name: root.entries[name].key.offset if name in root else 0)[::-1]:
        if name in root:
            begin = root.entries[name].key.offset
            end = next((start for start in starts if start > begin), len(text))
            text = text[:begin] + text[end:]
    return text


def _figures(scenario: Scenario) -> Iterator[str]:
    for block in scenario.expectations:
        if block.wrong:
            continue
        lines = [f"iteration: {block.iteration}"] if block.iteration else []
        for section, of in (("values", "value"), ("grads", "gradient")):
            asked = [figure for figure in block.figures if figure.of == of]
            lines += [f"{section}:"] if asked else []
            for figure in asked:
                shape = scenario.graph[figure.name].shape
                told = f" # {shape_text(shape)}" if shape else ""
                lines.append(f"  {json.dumps(figure.name, ensure_ascii=False)}: ?{told}")
        yield from (f"  {'-' if number == 0 else ' '} {line}" for number, line in enumerate(lines))


def _asks(scenario: Scenario) -> Iterator[str]:
    for node in dict.fromkeys(ask.key.text for ask in scenario.asks):
        yield f"  {json.dumps(node, ensure_ascii=False)}:"
        for ask in scenario.asks:
            if ask.key.text == node:
                yield f"    - {_question(ask)}"


def _question(ask: Ask) -> str:
    parts = {"question": _text(ask.question), "answer": "?"}
    if ask.choices:
        parts["choices"] = f"[{', '.join(map(_text, ask.choices))}]"
    if ask.hint:
        parts["hint"] = _text(ask.hint)
    return "{" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}"


def _text(text: LocalText) -> str:
    return json.dumps(dict(text.by_language), ensure_ascii=False)
