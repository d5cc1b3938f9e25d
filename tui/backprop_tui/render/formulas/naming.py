"""What stands for the names in an operator's texts at one node: symbols, or the numbers of the run."""

from __future__ import annotations

from typing import NamedTuple

from backprop_engine.arrays import Tensor
from backprop_engine.explain.common_facts import is_row
from backprop_engine.explain.symbols import loss_name, operand_text
from backprop_engine.expressions import Expr, Name, walk
from backprop_engine.graph.graph import Node
from backprop_engine.ops.attributes import index_key, key_text
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.blocks import Block, fraction, text
from backprop_tui.cells.lines import Role
from backprop_tui.render.formulas.equations import Column, Style, is_written_out, lies_down, tensor_box
from backprop_tui.render.formulas.trees import shows_entries
from backprop_tui.render.formulas.typeset import ATOM, POWER, SIGN, TERM, Piece, Typesetter

__all__ = ["Naming", "gradient", "number_piece", "partial"]


def partial(top: str, bottom: str, role: Role, style: Style) -> Block:
    """``∂top`` over ``∂bottom``; on one row with a slash."""
    reading = f"∂{top}/∂{bottom}"
    if style.flat:
        return text(reading, role)
    return fraction(text(f"∂{top}", role), text(f"∂{bottom}", role), role).read(reading)


def gradient(trace: Trace, node: Node, style: Style, role: Role = Role.GRADIENT) -> Block:
    """The gradient of the output with respect to `node`."""
    return partial(loss_name(trace.graph), operand_text(node), role, style)


class _Meaning(NamedTuple):
    """A name's symbol, unless it is a gradient; its tensor, and whether that is a row."""

    symbol: str
    tensor: Tensor
    role: Role
    row: bool = False


class Naming:
    """The names that an operator's texts have at `node`: its operands', ``out``, and ``g``."""

    def __init__(
        self, trace: Trace, node: Node, upstream: str = "", *, row: str = "", language: str = "en"
    ) -> None:
        """`upstream` is what the gradient that flows in is called, if not ∂L/∂ of the node. The letters of a
        `row` follow the names of the node and of operands of its shape.
        """
        assert node.op is not None
        graph = trace.graph
        self.trace, self.node, self.language = trace, node, language
        self.known: dict[str, _Meaning] = {}
        for name, operand in zip(node.op.names(len(node.operands)), node.operands, strict=True):
            used = graph.nodes[operand]
            symbol = operand_text(used) + (row if used.shape == node.shape else "")
            self.known[name] = _Meaning(symbol, trace.values[operand], Role.VALUE, is_row(node, used))
        self.known["out"] = _Meaning(node.name + row, trace.outs[node.position], Role.VALUE)
        tensor = trace.gradients[node.position]
        if tensor is not None:
            self.known["g"] = _Meaning(upstream, tensor, Role.GRADIENT)
        self.axes = {name: meaning.tensor.ndim for name, meaning in self.known.items()}

    def symbols(self, style: Style) -> Typesetter:
        """Sets names as symbols."""

        def spell(name: str) -> Piece | None:
            if name == "key" and (key := index_key(self.node.attributes)) is not None:
                return Piece(text(f"[{key_text(key)}]"))
            if name not in self.known:
                return None
            meaning = self.known[name]
            if meaning.symbol:
                return Piece(text(meaning.symbol, meaning.role))
            return Piece(gradient(self.trace, self.node, style), TERM if style.flat else SIGN)

        return Typesetter(spell, self.axes, style.flat, style.small, self.language)

    def numbers(self, style: Style) -> Typesetter:
        """Sets names as what they are at this step."""

        def spell(name: str) -> Piece | None:
            meaning = self.known.get(name)
            return meaning and number_piece(meaning.tensor, meaning.role, style, upright=not meaning.row)

        return Typesetter(spell, self.axes, style.flat, style.small, self.language)

    def right(self, tree: Expr, style: Style) -> list[Column]:
        """A side of an equation, over its numbers if they can replace the names.

        What a sum or a product is made of has a column each, and so have the signs between.
        """
        symbols = self.symbols(style).parts(tree)
        if not self.shows(tree, style):
            return [Column(symbol) for symbol in symbols]
        pairs = zip(symbols, self.numbers(style).parts(tree), strict=True)
        return [
            Column(symbol, None if at % 2 else number, sign=at % 2 == 1)
            for at, (symbol, number) in enumerate(pairs)
        ]

    @property
    def has_tensors(self) -> bool:
        """Whether one of the operands has axes."""
        return any(self.axes[name] for name in self.known if name not in ("out", "g"))

    def varies(self, tree: Expr) -> bool:
        """Whether `tree` depends on any of the names."""
        return any(isinstance(part, Name) and part.name in self.known for part in walk(tree))

    def shows(self, tree: Expr, style: Style) -> bool:
        """Whether numbers can be in `tree` in place of all its names."""
        if not style.numbers:
            return False
        names = [part.name for part in walk(tree) if isinstance(part, Name)]
        tensors = [self.known[name].tensor for name in names if name in self.known]
        if not tensors or not all(is_written_out(tensor, style) for tensor in tensors):
            return False
        return all(tensor.shape == () for tensor in tensors) or shows_entries(tree, self.axes)


def number_piece(tensor: Tensor, role: Role, style: Style, *, upright: bool = True) -> Piece | None:
    """A tensor where a name stood; a negative number is in brackets where it is a factor, and so does a
    vector that lies down where it has an exponent.
    """
    box = tensor_box(tensor, role, style, upright=upright)
    if box is None:
        return None
    if tensor.shape:
        lying = upright and lies_down(tensor, style)
        return Piece(box, POWER if lying else ATOM)
    return Piece(box, SIGN if box.lines[0][0].text.startswith("-") else ATOM)
