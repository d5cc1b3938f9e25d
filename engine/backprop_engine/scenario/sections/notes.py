"""Sentences shown when a node is reached: from the section `notes`, and from the nodes themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from backprop_engine.errors import code
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import msg
from backprop_engine.scenario.lower.defined_names import DefinedNames
from backprop_engine.scenario.nodes.cells import CellDefinition
from backprop_engine.scenario.nodes.definitions import NodeDefinition
from backprop_engine.scenario.read.mistakes import Mistakes, as_mapping, is_absent, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode, YamlScalar
from backprop_engine.scenario.sections.texts import LocalText, local_text

__all__ = ["by_position", "in_instances", "notes_in_cells", "read_notes"]

UNKNOWN_NOTE = code(
    "unknown-note", msg("A note for a node that there is not, or a second one for the same node.")
)


class Note(NamedTuple):
    """A note and the key that names its node in the file."""

    key: YamlScalar
    text: LocalText


def read_notes(
    given: YamlNode | None, definitions: Iterable[NodeDefinition], known: DefinedNames, mistakes: Mistakes
) -> dict[str, Note]:
    """The notes by name; `known` are the names of leaves and nodes. A mistake in one is collected."""
    notes: dict[str, Note] = {}
    for definition in definitions:
        if definition.note is not None:
            with mistakes.collected():
                notes[definition.name] = Note(definition.key, local_text(definition.note, msg("a note")))
    if given is None or is_absent(given):
        return notes
    with mistakes.collected():
        hint = msg("such as `{text}`", text="notes: {f: Look here.}")
        for key, value in as_mapping(given, msg("a map from nodes to sentences"), hint):
            if mistakes.enough:
                break
            with mistakes.collected():
                name = _noted_name(key, notes, known)
                notes[name] = Note(key, local_text(value, msg("a note")))
    return notes


def _noted_name(key: YamlScalar, notes: Mapping[str, Note], known: DefinedNames) -> str:
    """The name of the node that a key is a note for."""
    name = known.canonical(key.text)
    if name in notes:
        raise mistake(
            UNKNOWN_NOTE, key, msg("`{name}` has a note already", name=name), msg("keep one of them")
        )
    if name not in known and not known.is_instance(name):
        message, hint = known.undefined(name)
        raise mistake(UNKNOWN_NOTE, key, message, "" if hint.startswith("call it") else hint)
    return name


def notes_in_cells(
    cells: Mapping[str, CellDefinition], mistakes: Mistakes
) -> dict[tuple[str, str], LocalText]:
    """The notes of nodes inside cells, by the cell's name and the node's."""
    notes: dict[tuple[str, str], LocalText] = {}
    for cell in cells.values():
        for name, definition in cell.definitions.items():
            if definition.note is not None:
                with mistakes.collected():
                    notes[cell.name, name] = local_text(definition.note, msg("a note"))
    return notes


def in_instances(notes: Mapping[tuple[str, str], LocalText], graph: Graph) -> dict[int, LocalText]:
    """The notes of nodes inside cells, by the position of the node in each instance."""
    placed: dict[int, LocalText] = {}
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


def by_position(notes: Mapping[str, Note], graph: Graph, mistakes: Mistakes) -> dict[int, LocalText]:
    """The notes by the position of their node."""
    placed: dict[int, LocalText] = {}
    for name, note in notes.items():
        if name in graph:
            placed[graph.position(name)] = note.text
        elif ends := _ends(graph, name):  # shown where an instance is done
            placed |= dict.fromkeys(ends, note.text)
        else:  # only a numbered part can be missing now
            message = msg("`{unit}` has no part `{name}`", unit=name.partition("#")[0], name=name)
            mistakes.add(mistake(UNKNOWN_NOTE, note.key, message).diagnostics)
    return placed
