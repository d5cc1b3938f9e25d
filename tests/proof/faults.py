"""Faults to plant in the source of the engine: where each kind fits, and the source with one of them in it.

A fault is one change of one expression in code that computes: forward functions, rules, and the recording of
a run. Texts, shape rules, refusals, decompositions, the entries of Jacobians and the arithmetic of positions
are left alone: no number that the `check` command compares depends on them, and they have tests of their own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["ENGINE", "FILES", "KINDS", "Fault", "faults_in"]

ENGINE = Path(__file__).parents[2] / "engine" / "backprop_engine"
_NO_RULES = (
    "__init__.py", "attributes.py", "definition.py", "rules.py", "samples.py", "shape_rules.py",
)  # fmt: skip
FILES = (
    *sorted(f"ops/{path.name}" for path in (ENGINE / "ops").glob("*.py") if path.name not in _NO_RULES),
    "trace/plans.py",
    "trace/record.py",
    "graph/graph.py",
    "arrays.py",
)
"""Every operator file, and what makes and holds a trace."""

KINDS = ("sign", "accumulation", "broadcast", "transpose", "scale", "axis")

_NOT_COMPUTING = re.compile(
    r"shape|text|inside|entries|sample|refuse|_entry$|lines_of|^windows$|letters|^settle|^freeze|_writable"
    r"|^after$"  # room beyond what any window sees changes no gradient
)
_NOT_COMPUTED = {
    "entries", "shape", "inside", "meets", "refuse", "indices", "samples", "conventions", "text", "formula",
    "sign", "lesson", "attributes", "shown", "operands", "constants", "matrix", "matrix_text", "factor", "of",
}  # fmt: skip
"""Keywords of a definition whose values no gradient depends on. `of` is a partial's only where positional."""
_NOT_CALLED = {"Sample", "OpAttribute", "Words", "ShapeError", "UsageError", "Factor"}


class Fault(NamedTuple):
    """One change of the source of `file`: from `start` to `end`, `before` becomes `after`."""

    file: str
    line: int
    kind: str
    start: int
    end: int
    before: str
    after: str

    def planted(self, source: str) -> str:
        """The source with the fault in it."""
        return source[: self.start] + self.after + source[self.end :]

    def __str__(self) -> str:
        shown = (" ".join(part.split()) for part in (self.before, self.after))
        return f"{self.file}:{self.line}  {self.kind}: {'  ->  '.join(shown)}"


def faults_in(file: str) -> list[Fault]:
    """Every fault that fits somewhere in the file."""
    source = (ENGINE / file).read_text(encoding="utf-8")
    assert "\t" not in source
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = source.splitlines()

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    found = []
    tree = ast.parse(source)
    returns = {
        statement
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and _gives_numbers(function.args)
        for statement in function.body
        if isinstance(statement, ast.Return)
    }
    for node in _computing(tree):
        for kind, changed in (*_changes(node), *(_scaled_return(node) if node in returns else ())):
            place: Any = node
            start = offset(place.lineno, place.col_offset)
            end = offset(place.end_lineno, place.end_col_offset)
            after = ast.unparse(ast.fix_missing_locations(changed))
            if isinstance(changed, ast.expr):
                after = f"({after})"
            elif isinstance(changed, ast.If):
                after = after.replace("\n    ", "\n" + " " * (place.col_offset + 4))
            found.append(Fault(file, place.lineno, kind, start, end, source[start:end], after))
    return found


def _computing(node: ast.AST, inside: bool = False) -> Iterator[ast.AST]:
    """The expressions and statements that compute."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name):
                if not _NOT_COMPUTING.search(name):
                    for statement in child.body:
                        yield from _computing_one(statement, inside=True)
            case _:
                yield from _computing_one(child, inside)


def _computing_one(node: ast.AST, inside: bool) -> Iterator[ast.AST]:
    match node:
        case ast.keyword(arg=name) if name in _NOT_COMPUTED:
            return
        case ast.Call(func=ast.Name(id=name)) if name in _NOT_CALLED:
            return
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return
        case ast.JoinedStr() | ast.AnnAssign(value=None) | ast.Raise() | ast.arguments() | ast.Assert():
            return
        case ast.Lambda():
            yield node
            yield from _computing_one(node.body, inside=True)
            return
        case ast.FunctionDef():
            yield from _computing(ast.Module([node], []), inside)
            return
    if inside:
        yield node
    yield from _computing(node, inside)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What can be put in the place of a node, and the kind of fault that it is."""
    match node:
        case ast.Lambda(args=arguments, body=body) if _gives_numbers(arguments):
            yield "scale", ast.Lambda(arguments, _scaled(body))
        case ast.UnaryOp(op=ast.USub(), operand=operand) if not isinstance(operand, ast.Constant):
            yield "sign", operand
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right) if not _is_text(node):
            other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield "sign", ast.BinOp(left, other, right)
            yield "accumulation", right
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield "transpose", ast.BinOp(right, ast.MatMult(), left)
            yield "scale", _scaled(node)
        case ast.AugAssign(target=target, op=ast.Add(), value=value):
            yield "accumulation", ast.Assign([target], value, lineno=node.lineno)
        case ast.Attribute(value=value, attr="T" | "mT"):
            yield "transpose", value
        case ast.Call(func=ast.Attribute(attr="swapaxes" | "moveaxis" | "transpose"), args=[value, *_]):
            yield "transpose", value
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np"), attr="sum"), args=[value], keywords=[_, *_]
        ):
            yield "broadcast", value
        case ast.Call(func=ast.Name(id="sum_axes"), args=[value, *_]):
            yield "broadcast", value
        case ast.keyword(arg="summed"):
            yield "broadcast", ast.keyword("summed", ast.Constant(()))
        case ast.If(test=ast.Name(id="summed"), body=body, orelse=[]):
            yield "broadcast", ast.If(ast.Constant(False), body, [])
        case ast.keyword(arg="axis", value=value):
            for shifted in _shifted(value):
                yield "axis", ast.keyword("axis", shifted)
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[ast.Constant(value=1)]):
            yield "accumulation", ast.Compare(left, [ast.Gt()], [ast.Constant(2)])


def _scaled_return(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Return) and node.value is not None and not _is_text(node.value):
        yield "scale", ast.Return(_scaled(node.value))


def _gives_numbers(arguments: ast.arguments) -> bool:
    names = [one.arg for one in arguments.args]
    return bool(names) and names[0] in ("g", "out", "a", "x", "p", "log_p", "weight", "losses")


def _is_text(node: ast.AST) -> bool:
    """Whether the sum is one of texts or of tuples."""
    return any(
        isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Constant) and isinstance(one.value, str))
        for one in ast.walk(node)
    ) or any(
        isinstance(side, ast.Tuple)
        for side in (node, *(getattr(node, name, None) for name in ("left", "right")))
    )


def _scaled(value: ast.expr) -> ast.expr:
    return ast.BinOp(value, ast.Mult(), ast.Constant(1.001))


def _shifted(value: ast.expr) -> Iterator[ast.expr]:
    """The axis beside the one that is named."""
    match value:
        case ast.Constant(value=int(axis)) if not isinstance(axis, bool):
            yield ast.Constant(axis + 1)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(axis))):
            yield ast.Constant(-axis - 1)
        case ast.Name(id="axis") | ast.Name(id="axes"):
            yield ast.Constant(0)
            yield ast.Constant(-1)
