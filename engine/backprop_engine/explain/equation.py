"""The equation of a step, laid out as the equation it is: names above, numbers below, each in its column.

A backward step reads product = upstream · local; an elementwise local gradient is joined with ⊙, a matrix
product with the factor on its own side, transposed. Where the columns are too many for the width, the numbers
of the right side and of the product stand one under the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct, structs

from backprop_engine.arrays import Tensor, settle, shape_text
from backprop_engine.explain.formulas.box import fenced, fraction, superscript, text
from backprop_engine.explain.lines import Block, Role, Span, above, beside, clip_line
from backprop_engine.explain.shades import Shade
from backprop_engine.explain.symbols import derivative, formula, gradient_name, rule_text
from backprop_engine.explain.tensors import tensor_block
from backprop_engine.explain.texts import say
from backprop_engine.frame import Frame
from backprop_engine.graph import Graph, Kind
from backprop_engine.local import DenseLocal, ElementwiseLocal, MapLocal, ScalarLocal, local_gradient
from backprop_engine.steps import Accumulate, Backward, Edge, Forward, Seed, Update
from backprop_engine.text import clip

__all__ = ["equation"]


class _Term(Struct, frozen=True):
    """One column of an equation: its name, what it is, a detail such as its shape, and its tensor."""

    name: str
    word: str
    detail: str
    tensor: Tensor | None
    role: Role
    row: bool = False
    text: str = ""
    """What stands in place of a tensor."""


class _Sign(Struct, frozen=True):
    """What stands between two columns, in the line of names and in the middle of the numbers."""

    text: str
    numbers: str = ""


_Part = _Term | _Sign
_UNLIMITED = 10_000
_NARROWEST = 8
_HOLE = "operand_"
LONGEST_SYMBOLS = 22
_OVER = "/∂"
_TALLER = 2
"""How many rows more a name takes as a fraction."""


def equation(frame: Frame, language: str, width: int, height: int, *, tall: bool = False) -> Block:
    """The equation of the step that led to `frame`, in at most `width` cells; nothing at the start.

    Where it is to be `tall` and there is room, derivatives are fractions of three rows.
    """
    parts: list[_Part]
    match frame.step:
        case Backward(edge=edge):
            parts = _backward(frame, edge, language)
        case Accumulate(edge=edge, count=count, of=of):
            parts = _accumulate(frame, edge, count, of, language)
        case Seed(node=node):
            gradient = frame.trace.gradients[node]
            name = gradient_name(frame.graph, frame.graph.nodes[node])
            parts = [_Term(name, say("seed", language), _shape(gradient), gradient, Role.GRADIENT)]
        case Forward(node=node):
            parts = _forward(frame, node, language)
        case Update(node=node):
            parts = _update(frame, node, language)
        case _:
            return Block.of([])
    block = _laid_out(parts, width, height, tall=False)
    fractions = any(_OVER in part.name for part in parts if isinstance(part, _Term))
    if tall and fractions and block.height + _TALLER < height:
        taller = _laid_out(parts, width, height, tall=True)
        return taller if taller.height <= height else block
    return block


def _shape(tensor: Tensor | None) -> str:
    """A tensor's shape; a scalar's goes without saying. ``[0]`` says that the first matrix stands for all."""
    if tensor is None or tensor.shape == ():
        return ""
    return shape_text(tensor.shape) + f" [{', '.join('0' * (tensor.ndim - 2))}]" * (tensor.ndim > 2)


def _forward(frame: Frame, position: int, language: str) -> list[_Part]:
    graph = frame.graph
    node = graph.nodes[position]
    assert node.op is not None
    value = frame.trace.values[position]
    result = _Term(node.name, say("value", language), _shape(value), value, Role.VALUE)
    written = formula(graph, node, lambda one: one.text if one.kind is Kind.LITERAL else _HOLE)
    pieces = written.split(_HOLE)
    tensors = (one for one in node.operands if graph.nodes[one].kind is not Kind.LITERAL)
    parts: list[_Part] = [result, _Sign("=")]
    for piece, operand in zip(pieces, tensors, strict=False):
        parts += [_Sign(piece.strip())] if piece.strip() else []
        operand_value = frame.trace.values[operand]
        name = graph.nodes[operand].name
        parts.append(_Term(name, "", _shape(operand_value), operand_value, Role.VALUE))
    return [*parts, *([_Sign(pieces[-1].strip())] if pieces[-1].strip() else [])]


def _update(frame: Frame, position: int, language: str) -> list[_Part]:
    """A parameter after its update, before it, and the gradient; as an equation where the rule is one."""
    trace, node = frame.trace, frame.graph.nodes[position]
    training = trace.training
    assert training is not None
    before, gradient = trace.values[position], trace.gradients[position]
    after = _Term(node.name, say("after", language), _shape(before), trace.updated[position], Role.VALUE)
    old = _Term(node.name, say("before update", language), _shape(before), before, Role.VALUE)
    name = gradient_name(frame.graph, node)
    slope = _Term(name, say("gradient", language), _shape(gradient), gradient, Role.GRADIENT)
    if training.optimizer.formulas(training.settings) == ("w = w - lr * g",):
        rate = settle(training.settings["lr"], np.dtype(np.float64))
        return [after, _Sign("="), old, _Sign("−"), _Term("lr", "", "", rate, Role.LOCAL), _Sign("·"), slope]
    return [after, _Sign("←"), old, _Sign(","), slope]


def _backward(frame: Frame, edge: Edge, language: str) -> list[_Part]:
    graph, trace = frame.graph, frame.trace
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    contribution = trace.contributions[edge.index]
    upstream_value = trace.gradients[edge.node]
    assert upstream_value is not None
    local = local_gradient(trace, edge)
    product = _Term(
        gradient_name(graph, operand),
        _product_word(frame, edge, language),
        _shape(contribution),
        contribution,
        Role.GRADIENT,
    )
    upstream = _Term(
        gradient_name(graph, node),
        say("upstream", language),
        _shape(upstream_value),
        upstream_value,
        Role.GRADIENT,
    )
    name = derivative(node, operand)
    word = say("local", language)
    left: list[_Part] = [product, _Sign("=")]
    if edge.summed:
        axes = ", ".join(map(str, edge.summed))
        left.append(_Sign(f"∑ {say('axis', language)} {axes}"))
    match local:
        case ScalarLocal():
            return [
                *left,
                upstream,
                _Sign("·"),
                _Term(name, word, _symbol(graph, edge, local.text), local.value, Role.LOCAL),
            ]
        case ElementwiseLocal():
            detail = _symbol(graph, edge, local.text)
            return [*left, upstream, _Sign("⊙"), _Term(name, word, detail, local.value, Role.LOCAL)]
        case DenseLocal():
            return [*left, _dense_term(local, name, word), _Sign("·"), upstream]
        case MapLocal():
            return [*left, *_map_terms(frame, edge, local, upstream, language)]


def _product_word(frame: Frame, edge: Edge, language: str) -> str:
    """What the left side is: the gradient, or one of several contributions to it."""
    if not edge.shared:
        return say("product", language)
    count, of = frame.trace.schedule.turn(edge)
    return say("product of several", language, count=count, of=of)


def _symbol(graph: Graph, edge: Edge, text: str) -> str:
    """The local gradient in symbols; where they are long, their beginning: the words tell them in full."""
    return clip(rule_text(graph, edge, text), LONGEST_SYMBOLS)


def _dense_term(local: DenseLocal, name: str, word: str) -> _Term:
    """Jᵀ, of the first sample where there is a batch."""
    shape = shape_text((*local.shape[:-2], local.shape[-1], local.shape[-2]))
    if local.value is None:
        return _Term(f"({name})ᵀ", word, shape, None, Role.LOCAL, text=local.text)
    turned: Any = np.swapaxes(local.value, -1, -2)
    return _Term(f"({name})ᵀ", word, shape, turned, Role.LOCAL)


def _map_terms(frame: Frame, edge: Edge, local: MapLocal, upstream: _Term, language: str) -> list[_Part]:
    """The upstream gradient and the rule's factor in the order of the product, or what the map does."""
    graph, word = frame.graph, say("local", language)
    if local.factor is None:
        name = derivative(graph.nodes[edge.node], graph.nodes[edge.operand])
        does = local.shown.in_language(language) if local.shown else rule_text(graph, edge, local.rule)
        return [upstream, _Sign("·"), _Term(name, word, "", None, Role.LOCAL, text=does)]
    upstream = structs.replace(upstream, row=local.upstream_as == "row")
    name = _symbol(graph, edge, local.text)
    factor = _Term(name, word, _shape(local.factor), local.factor, Role.LOCAL)
    sign = _Sign(local.sign)
    return [factor, sign, upstream] if local.before else [upstream, sign, factor]


def _accumulate(frame: Frame, edge: Edge, count: int, of: int, language: str) -> list[_Part]:
    graph, trace = frame.graph, frame.trace
    node, operand = graph.nodes[edge.node], graph.nodes[edge.operand]
    total = trace.arrived[edge.index]
    contribution = trace.contributions[edge.index]
    name = gradient_name(graph, operand)
    result = _Term(name, say("sum so far", language, count=count, of=of), _shape(total), total, Role.GRADIENT)
    new = _Term(
        say("through", language, node=node.name),
        say("contribution", language),
        _shape(contribution),
        contribution,
        Role.GRADIENT,
    )
    if count == 1:
        return [result, _Sign("="), new]
    uses = trace.schedule.uses_of[edge.operand]
    before = trace.arrived[uses[count - 2]]
    so_far = _Term(name, say("before", language), _shape(before), before, Role.GRADIENT)
    return [result, _Sign("="), so_far, _Sign("+"), new]


def _laid_out(parts: list[_Part], width: int, height: int, *, tall: bool) -> Block:
    """Side by side where that fits; else, if the height allows, the product under the rest; else cut."""
    room = max(1, height - len(_used_rows(parts)) - 1 - _TALLER * tall)
    if _could_fit(parts, width, height):
        whole = _row(parts, [_UNLIMITED] * len(parts), room, tall=tall)
        if whole.width <= width:
            return whole
        stacked = _stacked(parts, _UNLIMITED, _UNLIMITED, tall=tall)
        if stacked.width <= width and stacked.height <= height:
            return stacked
    cut = _row(parts, _shares(parts, width, room, tall=tall), room, tall=tall)
    if cut.width <= width:
        return cut
    free = height - 2 * (len(_used_rows(parts)) + _TALLER * tall) - 3
    small = _stacked(parts, width // 3, max(1, free // 2), tall=tall)
    return Block.of([clip_line(line, width) for line in small.lines[:height]])


def _could_fit(parts: list[_Part], width: int, height: int) -> bool:
    """Whether every tensor could be shown whole; nothing large is written out to be thrown away."""
    tensors = (part.tensor for part in parts if isinstance(part, _Term) and part.tensor is not None)
    return all(max(tensor.shape[-2:], default=1) <= max(width // 2, height) for tensor in tensors)


def _stacked(parts: list[_Part], share: int, height: int, *, tall: bool) -> Block:
    """The right side of the equation, and the left side under it."""
    right = _row([_Sign(" "), *parts[2:]], [share] * len(parts), height, tall=tall)
    result = parts[0]
    assert isinstance(result, _Term)
    head = [block for block in _head(result, ["name", "word", "detail"], tall=tall) if block.width]
    numbers = _numbers(result, share, height)
    left = beside(Block.text(" = ", Role.TEXT), above(*head), Block.text("  "), numbers)
    return above(right, Block.of([(Span(""),)]), left, align="<")


def _shares(parts: list[_Part], width: int, height: int, *, tall: bool) -> list[int]:
    """How wide each tensor may be where not all can be shown whole.

    Each has room for its name and a small picture; then as many as can be, the least demanding first, get
    what their numbers take, and heatmaps share what is left.
    """
    rows = _used_rows(parts)
    shares, more, pictures = [0] * len(parts), [0] * len(parts), []
    for place, part in enumerate(parts):
        if isinstance(part, _Sign):
            width -= len(f" {part.text} ")
            continue
        block = _numbers(part, width, height)
        shares[place] = max([_NARROWEST, *(head.width for head in _head(part, rows, tall=tall))])
        more[place] = max(0, block.width - shares[place])
        if any(isinstance(span.role, Shade) for line in block.lines for span in line):
            pictures.append(place)
    left = max(0, width - sum(shares))
    for place in sorted(set(range(len(parts))) - set(pictures), key=lambda place: (more[place], place)):
        if more[place] <= left:
            shares[place] += more[place]
            left -= more[place]
        else:
            pictures.append(place)
    for count, place in enumerate(sorted(pictures, key=lambda place: (more[place], place))):
        given = min(more[place], left // (len(pictures) - count))
        shares[place] += given
        left -= given
    return shares


def _row(parts: list[_Part], shares: list[int], height: int, *, tall: bool) -> Block:
    """Names, words, details and numbers in columns; a tensor gets at most its share of cells."""
    rows = _used_rows(parts)
    columns = []
    for part, share in zip(parts, shares, strict=False):
        if isinstance(part, _Sign):
            head = [Block.text(f" {part.text} ", Role.TEXT)] + [Block.text("") for _ in rows[1:]]
            head[0] = above(*_blank(1), head[0], *_blank(1)) if tall else head[0]
            columns.append((head, Block.text(f" {part.numbers or part.text} ", Role.TEXT)))
        else:
            columns.append((_head(part, rows, tall=tall), _numbers(part, share, height)))
    high = max(numbers.height for _, numbers in columns)
    return beside(*(_column(head, numbers, high) for head, numbers in columns))


def _used_rows(parts: list[_Part]) -> list[str]:
    """Which lines of a column's head any column uses: its name, its word, its detail."""
    terms = [part for part in parts if isinstance(part, _Term)]
    return ["name", *(row for row in ("word", "detail") if any(getattr(term, row) for term in terms))]


def _head(term: _Term, rows: list[str], *, tall: bool) -> list[Block]:
    roles = {"name": term.role, "word": Role.DIM, "detail": Role.DIM}
    head = [Block.text(getattr(term, row), roles[row]) for row in rows]
    return [_tall_name(term), *head[1:]] if tall else head


def _tall_name(term: _Term) -> Block:
    """The name in three rows: a derivative as a fraction, anything else in the middle."""
    written = term.name.removesuffix("ᵀ").strip("()") if term.name.endswith(")ᵀ") else term.name
    top, sign, bottom = written.partition(_OVER)
    if not sign:
        return above(*_blank(1), Block.text(term.name, term.role), *_blank(1))
    box = fraction(text(top, term.role), text(f"∂{bottom}", term.role), term.role)
    if written != term.name:
        box = superscript(fenced(box, role=term.role), "ᵀ")
    return box.block()


def _blank(count: int) -> list[Block]:
    return [Block.of([(Span(""),)])] * count


def _numbers(term: _Term, share: int, height: int) -> Block:
    if term.tensor is None:
        return Block.text(term.text or "", term.role)
    unsaid = term.detail != _shape(term.tensor)
    return tensor_block(term.tensor, term.role, max(8, share), height, row=term.row, shape=unsaid)


def _column(head: list[Block], numbers: Block, height: int) -> Block:
    """A column: its head, an empty line, and its numbers in the middle of `height`."""
    top = (height - numbers.height) // 2
    return above(*head, *_blank(1 + top), numbers, *_blank(height - numbers.height - top))
