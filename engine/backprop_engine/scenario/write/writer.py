"""A scenario -> the text of a file that loads to the same scenario, laid out as a careful author would.

How a scenario was declared is in its own text, so that is read again: sections come in the order of the
format's table and comments fall away; names, expressions, numbers and texts are the author's. A leaf whose
numbers were changed since is written as numbers, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from backprop_engine.arrays import Tensor
from backprop_engine.errors import ScenarioError, UsageError
from backprop_engine.expressions import MAX_LENGTH, normalised, parse, render
from backprop_engine.graph.graph import Graph
from backprop_engine.messages.message import Message, msg
from backprop_engine.scenario.format import ASK, CELL, NODE_FORMS, NOTE, SCENARIO, ValueKind
from backprop_engine.scenario.read.mistakes import is_absent
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import MAX_BYTES, Source
from backprop_engine.scenario.read.yaml_nodes import (
    BLANK,
    YamlMapping,
    YamlNode,
    YamlScalar,
    YamlSequence,
    is_blank,
)
from backprop_engine.scenario.read.yaml_scalars import resolve
from backprop_engine.scenario.write.emit import Document, Open, Spelled, emitted, flow_text, numbers, spelled

__all__ = ["checked", "to_yaml"]

# Which keys of a map come first, and which last; the others are between them as the author has them.
_Order = tuple[tuple[str, ...], tuple[str, ...]]
_LEAF: Final[_Order] = (("shape", "init", "file", "key"), ())
_UNIT: Final[_Order] = ((*NODE_FORMS, "over", "carry", "inputs"), ("note",))
_NOTE: Final[_Order] = (NOTE.names, ())
_TRAIN: Final[_Order] = (("optimizer",), ("steps",))
_ASK: Final[_Order] = (ASK.names, ())
_BLOCK: Final[_Order] = (("iteration", "wrong", "digits", "rtol", "atol"), ("values", "grads"))


def to_yaml(source: Source, graph: Graph, changed: Mapping[str, Tensor]) -> str:
    """The text of a file that loads to the scenario in `source`, but with the numbers of `changed` leaves.

    `graph` is the scenario's. The file belongs in the same folder if some leaves are read from files.
    Raises `UsageError` if it would be larger than a scenario file may be.
    """
    root = read(source)
    assert isinstance(root, YamlMapping)  # it was loaded before
    if _length(root) + 2 * sum(tensor.size for tensor in changed.values()) > MAX_BYTES:
        raise _too_large(msg("a scenario file can be at most {most} MiB", most=MAX_BYTES // 2**20))
    sections: dict[str, Document] = {}
    for key in SCENARIO.keys:
        node = root.get(key.name)
        if node is None or _is_empty(node, key.kind):
            continue
        section = _section(key.kind, node, graph, changed)
        if section is not None:
            sections[key.name] = section
    return checked(emitted(sections))


def checked(text: str) -> str:
    """`text`; `UsageError` if it is larger than a scenario file may be."""
    try:
        Source.from_bytes("", text.encode("utf-8", "surrogatepass"))
    except ScenarioError as error:
        raise _too_large(error.diagnostics[0].message) from None
    return text


def _too_large(limit: Message) -> UsageError:
    return UsageError(msg("the written scenario would be too large to load again: {limit}", limit=limit))


def _length(node: YamlNode) -> int:
    """How many characters the scalars under `node` have, with those that aliases repeat."""
    if isinstance(node, YamlScalar):
        return len(node.text)
    if isinstance(node, YamlSequence):
        return sum(map(_length, node))
    return sum(len(key.text) + _length(value) for key, value in node)


# Sections


def _is_empty(node: YamlNode, kind: ValueKind) -> bool:
    """Whether a section can be left out; numbers without an entry are numbers."""
    return is_absent(node) or (kind != "numbers" and not isinstance(node, YamlScalar) and not len(node))


def _section(kind: ValueKind, node: YamlNode, graph: Graph, changed: Mapping[str, Tensor]) -> Document | None:
    """The value of a key of the scenario; None if it is empty."""
    match kind, node:
        case "texts" | "text", _:
            return _texts(node)
        case "dtype", _:
            return None if graph.dtype.name == "float64" else _value(node)
        case "path", _:
            return None if _is_only_end(graph) else _value(node)
        case "leaves", YamlMapping():
            return _leaves(node, changed)
        case "nodes", YamlMapping():
            return _nodes(node)
        case "cells", YamlMapping():
            return Open({normalised(key.text): _cell(value) for key, value in node})
        case "expect", YamlSequence():
            blocks = [_block(block) for block in node]
            return blocks[0] if len(blocks) == 1 else Open(blocks)
        case "expect", _:
            return _block(node)
        case "train", YamlMapping():
            return {name: _value(value) for name, value in _in_order(node, _TRAIN) if not is_absent(value)}
        case "lines", YamlSequence():
            return _lines(node)
        case "notes", YamlMapping():
            return Open({key.text: _note(value) for key, value in node})
        case "asks", YamlMapping():
            return Open({key.text: _asks(value) for key, value in node})
    return _value(node)


def _is_only_end(graph: Graph) -> bool:
    """Whether the output is the one node that feeds no other, so that it need not be named."""
    used = {operand for node in graph.nodes for operand in node.operands}
    return [position for position in graph.order if position not in used] == [graph.output]


def _note(node: YamlNode) -> Document:
    """A note, or a list of them; one that is bound to some steps has its text under a key."""
    if isinstance(node, YamlSequence):
        return [_note(item) for item in node]
    if isinstance(node, YamlMapping) and "text" in node:
        values = {
            name: _texts(value) if name == "text" else _value(value) for name, value in _in_order(node, _NOTE)
        }
        return Open({name: values[name] for name in values})
    return _texts(node)


def _texts(node: YamlNode) -> Document:
    """A text for people, in one language or by language."""
    if isinstance(node, YamlMapping):
        return Open({key.text: _texts(value) for key, value in node})
    assert isinstance(node, YamlScalar)
    return _value(node) if node.value is None else node.text


def _lines(node: YamlSequence) -> Document:
    """Texts for the debugger's prompt: in brackets where that needs no quotes."""
    texts = [line.text for line in node if isinstance(line, YamlScalar)]
    is_plain = all(flow_text(text, in_flow=True) == text for text in texts)
    return texts if is_plain else Open(texts)


def _asks(node: YamlNode) -> Document:
    """The questions about one node."""
    if isinstance(node, YamlSequence):
        return Open([_asks(item) for item in node])
    if not isinstance(node, YamlMapping):
        return _value(node)
    chosen = not is_absent(node.get("choices"))
    return Open({name: _part_of_ask(name, value, chosen) for name, value in _in_order(node, _ASK)})


def _part_of_ask(name: str, value: YamlNode, chosen: bool) -> Document:
    """A text, choices, or an answer, which is a text where it is `chosen`, else an expression or numbers."""
    if isinstance(value, YamlSequence):
        return Open(list(map(_texts, value))) if name == "choices" else _value(value)
    if name == "answer" and not chosen:
        return _value(value, _tidy)
    return _value(value) if name == "when" else _texts(value)


def _leaves(node: YamlMapping, changed: Mapping[str, Tensor]) -> Document:
    """The leaves of one section: single numbers beside each other, others below each other."""
    leaves: dict[str, Document] = {}
    for key, value in node:
        name = normalised(key.text)
        if name in changed:
            leaves[name] = numbers(changed[name])
        elif isinstance(value, YamlMapping):
            leaves[name] = {name: _value(setting) for name, setting in _in_order(value, _LEAF)}
        else:
            leaves[name] = _value(value)
    return leaves if all(isinstance(leaf, Spelled) for leaf in leaves.values()) else Open(leaves)


def _nodes(node: YamlMapping) -> Document:
    return Open({normalised(key.text): _unit(value) for key, value in node})


def _unit(node: YamlNode) -> Document:
    """A node in the form that its author chose; `{expr: …}` alone is an expression."""
    if not isinstance(node, YamlMapping):
        return _value(node, _tidy)
    if list(node.entries) == ["expr"]:
        return _value(node.entries["expr"].value, _tidy)
    unit: dict[str, Document] = {}
    for name, value in _in_order(node, _UNIT):
        if name == "note":
            unit[name] = _note(value)
        else:
            unit[name] = _value(value, _tidy if name in ("expr", "inputs") else str)
    return unit


def _cell(node: YamlNode) -> Document:
    assert isinstance(node, YamlMapping)
    cell: dict[str, Document] = {}
    for name, value in _in_order(node, (CELL.names, ())):
        if not is_absent(value):
            cell[name] = (
                _nodes(value) if name == "nodes" and isinstance(value, YamlMapping) else _value(value)
            )
    return Open(cell)


def _block(node: YamlNode) -> Document:
    """A block of expectations; a section without figures is only where the other has none either."""
    assert isinstance(node, YamlMapping)
    block: dict[str, Document] = {}
    for name, value in _in_order(node, _BLOCK):
        if name not in _BLOCK[1]:
            block[name] = _value(value)
        elif isinstance(value, YamlMapping) and len(value):
            block[name] = {
                key.text: _value(figure, str if isinstance(figure, YamlMapping) else _tidy)
                for key, figure in value
            }
    if not block.keys() & set(_BLOCK[1]):
        block["values"] = {}
    return Open(block)


# Values


def _in_order(node: YamlMapping, order: _Order) -> Iterator[tuple[str, YamlNode]]:
    """The entries of a map, its first and its last keys in their places."""
    first, last = order
    between = (name for name in node.entries if name not in first and name not in last)
    for name in (*first, *between, *last):
        if name in node:
            yield name, node.entries[name].value


def _value(node: YamlNode, text: Callable[[str], str] = str) -> Document:
    """What is at `node` as it is, its texts as `text` gives them."""
    if isinstance(node, YamlSequence):
        return [_value(item, text) for item in node]
    if isinstance(node, YamlMapping):
        return {key.text: _value(value, text) for key, value in node}
    if is_blank(node):
        return Spelled(BLANK)
    return text(node.value) if isinstance(node.value, str) else _as_spelled(node)


def _as_spelled(node: YamlScalar) -> Spelled:
    """A number, a truth value or nothing, as its author spells it unless a tag is with it."""
    value = node.value
    if node.text and type(resolve(node.text)) is type(value):
        return Spelled(node.text)
    return spelled(value) if isinstance(value, int | float) else Spelled("null")


def _tidy(expression: str) -> str:
    """An expression as its author has it if that is one line with single spaces, else as `render` has it."""
    if expression == " ".join(expression.split()):
        return expression
    tidy = render(parse(expression))
    return tidy if len(tidy) <= MAX_LENGTH else expression
