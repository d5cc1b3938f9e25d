"""Sentences shown when a node is reached: from the section `notes`, and from the nodes themselves.

A note is a text, or a map with a `text` that binds it to an iteration, a phase, or both; a node may have
several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias, cast, get_args

from msgspec import Struct

from backprop_engine.errors import code
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.format import LANGUAGE, NOTE, PHASES
from backprop_engine.scenario.lower.defined_names import DefinedNames
from backprop_engine.scenario.nodes.cells import CellDefinition
from backprop_engine.scenario.nodes.definitions import NodeDefinition
from backprop_engine.scenario.read.mistakes import (
    Mistakes,
    as_int,
    as_mapping,
    as_text,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar, YamlSequence
from backprop_engine.scenario.sections.texts import LocalText, local_text

__all__ = [
    "BoundTo",
    "Note",
    "Notes",
    "by_position",
    "in_instances",
    "note_for",
    "notes_in_cells",
    "read_notes",
]

UNKNOWN_NOTE = code(
    "unknown-note", msg("A note is for a node that does not exist, or is the second one for the same node.")
)


NOTE_BINDING = code(
    "note-binding", msg("A note is bound to an iteration that the run does not have, or to an unknown phase.")
)

BoundTo: TypeAlias = Literal["forward", "backward", "update"]

_QUOTES_A_NUMBER: Final = re.compile(r"(?<![\w#\[])\d")
"""A number in a sentence; those in names such as W1, f#1 and h[0] quote nothing."""


class Note(Struct, frozen=True):
    """What the author says about a node, at every step about it or only at those of an iteration or a
    phase.
    """

    text: LocalText
    iteration: int | None = None
    phase: BoundTo | None = None

    def is_for(self, iteration: int, phase: BoundTo | None) -> bool:
        """Whether it is for steps of this iteration and phase; None stands for any phase."""
        return self.iteration in (None, iteration) and (phase is None or self.phase in (None, phase))

    @property
    def quotes_numbers(self) -> bool:
        """Whether it contains numbers, which hold only as long as those of the run are not changed."""
        return any(_QUOTES_A_NUMBER.search(text) for text in self.text.by_language.values())


Notes: TypeAlias = Mapping[int, tuple[Note, ...]]
"""The notes by the position of their node, in the order of the file."""


def note_for(notes: Notes, position: int, iteration: int, phase: BoundTo | None) -> Note | None:
    """The first note on a node that is for this iteration and phase, if there is one."""
    return next((note for note in notes.get(position, ()) if note.is_for(iteration, phase)), None)


class Keyed(NamedTuple):
    """The notes on a node, and the key that names it in the file."""

    key: YamlScalar
    notes: tuple[Note, ...]


def read_notes(
    given: YamlNode | None,
    definitions: Iterable[NodeDefinition],
    known: DefinedNames,
    mistakes: Mistakes,
    last: int | None,
) -> dict[str, Keyed]:
    """The notes by name; `known` are the names of leaves and nodes.

    `last` is the number of the last iteration, None if that is unknown. A mistake in one is collected.
    """
    notes: dict[str, Keyed] = {}
    for definition in definitions:
        if definition.note is not None:
            with mistakes.collected():
                notes[definition.name] = Keyed(definition.key, _notes(definition.note, last))
    if given is None or is_absent(given):
        return notes
    with mistakes.collected():
        hint = msg("such as `{text}`", text="notes: {f: Look here.}")
        for key, value in as_mapping(given, msg("a map from nodes to sentences"), hint):
            if mistakes.gives_up():
                break
            with mistakes.collected():
                name = _noted_name(key, notes, known)
                notes[name] = Keyed(key, _notes(value, last))
    return notes


def _notes(node: YamlNode, last: int | None) -> tuple[Note, ...]:
    """One note, or a list of them; none if there is no text."""
    found = (_note(item, last) for item in (node.items if isinstance(node, YamlSequence) else (node,)))
    return tuple(note for note in found if note.text)


def _note(node: YamlNode, last: int | None) -> Note:
    """A text, or a map that says which steps it is for."""
    if not isinstance(node, YamlMapping) or not any(map(_binds, node.entries)):
        return Note(local_text(node, msg("a note")))
    only_keys(node, NOTE.names, msg("a note"))
    example = msg("such as `{text}`", text="{text: Look here., iteration: last}")
    text = local_text(node.get("text"), msg("a note"))
    if not text:
        raise mistake(NOTE_BINDING, node, msg("this note has no `text`"), example)
    return Note(text, _iteration(node.get("iteration"), last), _phase(node.get("phase")))


def _binds(key: str) -> bool:
    """Whether a key is one of a bound note, or a misspelling of one, and no language."""
    return key in NOTE.names or bool(not LANGUAGE.fullmatch(key) and did_you_mean(key, NOTE.names))


def _iteration(node: YamlNode | None, last: int | None) -> int | None:
    """The iteration that a note is for: its number, or `last`."""
    if node is None or is_absent(node):
        return None
    if isinstance(node, YamlScalar) and node.value == "last":
        return last
    number = as_int(
        node,
        msg("the number of an iteration, or `last`"),
        msg("write `last` for the last one") if last else "",
    )
    if last is not None and not 0 <= number <= last:
        there = (
            msg("the iterations are 0 to {last}", last=last)
            if last
            else msg("without `train` there is only iteration 0")
        )
        raise mistake(NOTE_BINDING, node, there, msg("write `last` for the last one") if last else "")
    return number


def _phase(node: YamlNode | None) -> BoundTo | None:
    """The phase that a note is for."""
    if node is None or is_absent(node):
        return None
    name = as_text(node, msg("a phase"), msg("available: {names}", names=", ".join(PHASES)))
    if name.text not in get_args(BoundTo):
        hint = did_you_mean(name.text, PHASES) or msg("available: {names}", names=", ".join(PHASES))
        raise mistake(NOTE_BINDING, name, msg("there is no phase `{name}`", name=name.text), hint)
    return cast(BoundTo, name.text)


def _noted_name(key: YamlScalar, notes: Mapping[str, Keyed], known: DefinedNames) -> str:
    """The name of the node that a key is a note for."""
    name = known.canonical(key.text)
    if name in notes:
        raise mistake(
            UNKNOWN_NOTE, key, msg("`{name}` already has a note", name=name), msg("keep one of them")
        )
    if name not in known and not known.is_instance(name):
        message, hint = known.undefined(name)
        raise mistake(UNKNOWN_NOTE, key, message, "" if hint.startswith("call it") else hint)
    return name


def notes_in_cells(
    cells: Mapping[str, CellDefinition], mistakes: Mistakes, last: int | None
) -> dict[tuple[str, str], tuple[Note, ...]]:
    """The notes of nodes inside cells, by the cell's name and the node's."""
    notes: dict[tuple[str, str], tuple[Note, ...]] = {}
    for cell in cells.values():
        for name, definition in cell.definitions.items():
            if definition.note is not None:
                with mistakes.collected():
                    notes[cell.name, name] = _notes(definition.note, last)
    return notes


def in_instances(
    notes: Mapping[tuple[str, str], tuple[Note, ...]], graph: Graph
) -> dict[int, tuple[Note, ...]]:
    """The notes of nodes inside cells, by the position of the node in each instance."""
    placed: dict[int, tuple[Note, ...]] = {}
    for group in graph.groups if notes else ():
        for (cell, name), note in notes.items():
            if cell == group.cell:
                path = f"{group.name}.{name}"
                at = _ends(graph, path) or [graph.position(path)]
                placed |= dict.fromkeys(at, note)
    return placed


def _ends(graph: Graph, name: str) -> list[int]:
    """The last node of the instance called `name`, or of each instance of a scan called so."""
    return [group.stop - 1 for group in graph.groups if group.name == name or _is_item(group.name, name)]


def _is_item(name: str, scan: str) -> bool:
    """Whether `name` is an instance of `scan`."""
    return name.startswith(f"{scan}[") and "]" not in name[len(scan) + 1 : -1]


def by_position(notes: Mapping[str, Keyed], graph: Graph, mistakes: Mistakes) -> dict[int, tuple[Note, ...]]:
    """The notes by the position of their node."""
    placed: dict[int, tuple[Note, ...]] = {}
    for name, note in notes.items():
        if name in graph:
            placed[graph.position(name)] = note.notes
        elif ends := _ends(graph, name):  # shown where an instance is done
            placed |= dict.fromkeys(ends, note.notes)
        else:  # only a numbered part can be missing now
            message = msg("`{unit}` has no part `{name}`", unit=name.partition("#")[0], name=name)
            mistakes.add(mistake(UNKNOWN_NOTE, note.key, message).diagnostics)
    return placed
